-- The documents for those who change the module name files and functions that there are.
local peer = require "spec.support.peer"

local folders = "src spec docs recipes editors library lua_ironclad.c"

-- Lua's header, and what the worked examples of CONTRIBUTING.md would add.
local examples = { ["lua.h"] = true, ["clauses.def"] = true, ["example.lua"] = true, ["company.lua"] = true,
  ic_clauses_list = true, ic_participants_count = true }

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
end)
