-- The documents for those who change the module, and the comments, name files and functions that there are.
local peer = require "spec.support.peer"

local folders = "src spec docs recipes editors library lua_ironclad.c"

-- Lua's header, and what the worked examples of CONTRIBUTING.md would add.
local examples = { ["lua.h"] = true, ["clauses.def"] = true, ["example.lua"] = true, ["company.lua"] = true,
  ic_clauses_list = true, ic_participants_count = true }

-- What comments name from elsewhere: an alert of TLS, an interface of libcurl, a header of the sanitizers, a function
-- of Lua 5.2, fields of the curl program and of the language server, a style of Clickwrap, and names that begin so.
local elsewhere = { close_notify = true, curl_multi = true, lua_absindex = true, time_total = true, check_format = true,
  check_out_path = true, lsan_interface = true, click_to_accept = true, ic_reply_ = true }

-- A text of a source in two parts: its comments, and the rest.
local function split_comments(path, text)
  local comments = {}
  local function take(comment)
    comments[#comments + 1] = comment
    return " "
  end
  if path:find "%.lua$" then
    text = text:gsub("%-%-%[%[.-%]%]", take):gsub("%-%-[^\n]*", take)
  else
    text = text:gsub("/%*.-%*/", take)
  end
  return table.concat(comments, "\n"), text
end

local function add_names(text, into, value)
  for name in text:gmatch "%f[%w_][%l%d]+_[%l%d_]+%f[^%w_]" do into[name] = value end
end

describe("documents", function()
  local files, source = {}, nil

  setup(function()
    for path in peer.shell("find " .. folders .. " -type f"):gmatch "[^\n]+" do files[path:match "[^/]+$"] = true end
    local texts = {}
    for path in peer.shell("find src lua_ironclad.c spec -name '*.[ch]'"):gmatch "[^\n]+" do
      texts[#texts + 1] = peer.read_file(path)
    end
    source = table.concat(texts, "\n")
  end)

  for _, document in ipairs { "docs/architecture.md", "CONTRIBUTING.md" } do
    it("name what is in the sources: " .. document, function()
      local text, count = peer.read_file(document), 0
      for name in text:gmatch "%f[%w_]%w[%w_]*%.%l+" do
        if name:find "%.c$" or name:find "%.h$" or name:find "%.lua$" or name:find "%.def$" then
          count = count + 1
          assert.is_true(files[name] or examples[name] or false, name)
        end
      end
      for name in text:gmatch "%f[%w_]ic_[%l%d_]+" do
        count = count + 1
        local begins = name:find "_$" -- as in `ic_reply_…`
        assert.is_truthy(source:find(name .. (begins and "" or "%f[^%w_]")) or examples[name], name)
      end
      assert.is_true(count > 20)
    end)
  end

  it("and comments name what is in the sources", function()
    local code, named, unknown = {}, {}, {}
    for path in peer.shell("find src spec docs lua_ironclad.c -type f"):gmatch "[^\n]+" do
      if path:find "%.[ch]$" or path:find "%.lua$" or path:find "%.def$" then
        local comments, rest = split_comments(path, peer.read_file(path))
        add_names(comments, named, path)
        add_names(rest, code, path)
      end
      add_names(path:gsub("[./]", " "), code, path)
    end
    add_names(peer.read_file "Makefile", code, "Makefile")
    for name, path in pairs(named) do
      if not code[name] and not elsewhere[name] then unknown[#unknown + 1] = path .. ": " .. name end
    end
    table.sort(unknown)
    assert.are.equal("", table.concat(unknown, "\n"))
    assert.is_true(next(named) ~= nil)
  end)
end)
