-- Makes the last section of editors/neovim/doc/ironclad.txt, Neovim's help, from ironclad.topics. `make reference` runs
-- it; dofile returns the function.
local core = require "ironclad.core"
local manual = require "ironclad.manual"
local names_of = require("ironclad.base.names").sorted
local resources = require "ironclad.resources.resources"
local tables = require "ironclad.tables"
local topics = require "ironclad.topics"

local PATH = "editors/neovim/doc/ironclad.txt"
local BEGIN = "*ironclad-reference*\n\n" -- what the section begins with
local END = "vim:tw=78:ts=8:ft=help:norl:\n"
local WIDTH = 78

-- Adds the words in lines of at most WIDTH columns, each after the indent.
local function wrap(lines, indent, words)
  local line = indent
  for word in words:gmatch "%S+" do
    if #line > #indent and #line + 1 + #word > WIDTH then
      lines[#lines + 1] = line
      line = indent
    end
    line = line .. (#line > #indent and " " or "") .. word
  end
  lines[#lines + 1] = line
end

-- In help, a bar or a star would begin a link or a tag.
local function plain(text) return (text:gsub("|", "/"):gsub("%*", "")) end

-- A tag at the right; below it what the topic is called and what it does, or all that is said about it.
local function add_topic(lines, tag, name, all)
  local said = topics.about(name)
  lines[#lines + 1] = ("%" .. WIDTH .. "s"):format("*" .. tag .. "*")
  wrap(lines, "", plain(said[1]))
  for i = 2, all and #said or 2 do wrap(lines, "    ", plain(said[i])) end
  lines[#lines + 1] = ""
end

local function add_heading(lines, title)
  lines[#lines + 1] = title .. " ~"
  lines[#lines + 1] = ""
end

local function tag_of(name)
  return name:find "^ironclad%." and name .. "()" or "ironclad-" .. name
end

local function add_functions(lines)
  for _, section in ipairs(manual.sections) do
    add_heading(lines, section.title)
    for _, call in ipairs(section.calls) do add_topic(lines, tag_of(call[1]), call[1]) end
  end
  add_heading(lines, "Values and filters")
  for _, part in ipairs(names_of(manual.functions)) do
    for _, name in ipairs(names_of(manual.functions[part])) do
      add_topic(lines, tag_of(part .. "." .. name), part .. "." .. name)
    end
  end
end

-- The operations and helpers: "records:list". The operations of a resource's table are those of the resource.
local function add_methods(lines)
  local known = {}
  for _, section in ipairs(manual.sections) do
    for _, call in ipairs(section.calls) do known[call[1]] = true end
  end
  local resource
  for _, name in ipairs(topics.names()) do
    local owner = not known[name] and name:match "^([%a_.]+):"
    if resources.kinds[owner] and not manual.helpers[name] then owner = nil end
    if owner then
      if owner ~= resource then add_heading(lines, owner) end
      resource = owner
      add_topic(lines, "ironclad-" .. name, name)
    end
  end
end

local function add_tables(lines)
  add_heading(lines, "Tables that functions take and return")
  for _, entry in ipairs(tables) do add_topic(lines, "ironclad." .. entry[1], "ironclad." .. entry[1], true) end
end

local function add_words(lines)
  add_heading(lines, "Options")
  local options = {}
  for _, option in ipairs(core.option_table()) do options[option.name] = true end
  for _, name in ipairs(names_of(options)) do add_topic(lines, "ironclad-option-" .. name, name, true) end
  add_heading(lines, "Kinds of errors")
  for _, kind in ipairs(core.error_kinds()) do
    add_topic(lines, "ironclad-error-" .. kind.name, "error:" .. kind.name, true)
  end
end

--- The help with today's reference in its last section.
local function make(text)
  local lines = {}
  wrap(lines, "", "`:Ironclad help NAME` says more: the arguments of an operation with their types, the scopes that it "
    .. "needs. Tags begin with `ironclad`: |ironclad.connect()|, |ironclad-records:list|, |ironclad-option-deadline|, "
    .. "|ironclad-error-rate_limited|. The rest of this section is made by `make reference`.")
  lines[#lines + 1] = ""
  add_functions(lines)
  add_methods(lines)
  add_tables(lines)
  add_words(lines)
  local _, head = text:find(BEGIN, 1, true)
  return text:sub(1, head) .. table.concat(lines, "\n") .. "\n" .. END
end

local function read()
  local file = assert(io.open(PATH, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

if arg and arg[0] and arg[0]:find "make_help%.lua$" then
  local text = make(read())
  local file = assert(io.open(PATH, "wb"))
  assert(file:write(text))
  assert(file:close())
end
return { help = function() return make(read()) end, path = PATH }
