-- The examples of a guide run exactly as they are written, each in its own process.
local assert = require "luassert"
local peer = require "spec.support.peer"

local guide = {}

-- Lua source that sets environment variables for what follows. `variables` is a table; or a sandbox, whose connection
-- they then describe as ironclad.from_env reads it, and `more` adds to them.
function guide.environment(variables, more)
  if variables.instance then
    variables = {
      IRONCLAD_INSTANCE = variables.instance, IRONCLAD_CLIENT_ID = variables.client_id,
      IRONCLAD_CLIENT_SECRET = variables.client_secret, IRONCLAD_AS_USER = variables.as_user,
      IRONCLAD_CA_FILE = variables.ca_file,
    }
  end
  local parts = {}
  for _, given in ipairs { variables, more or {} } do
    for name, value in pairs(given) do parts[#parts + 1] = ("%s = %q"):format(name, value) end
  end
  return ("local given = { %s }\nos.getenv = function(name) return given[name] end\n"):format(table.concat(parts, ", "))
end

--- The code blocks of a Markdown file: a list of { language =, text =, line = }. A block in a list is indented.
function guide.blocks(path)
  local blocks, block, number = {}, nil, 0
  for line in (peer.read_file(path) .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    local indent, language = line:match "^(%s*)```(%S*)%s*$"
    if not indent and block then
      block.lines[#block.lines + 1] = line:sub(#block.indent + 1)
    elseif block then
      block.text = table.concat(block.lines, "\n") .. "\n"
      blocks[#blocks + 1] = block
      block = nil
    elseif indent then
      block = { indent = indent, language = language, line = number, lines = {} }
    end
  end
  return blocks
end

--- The texts of a file's blocks in one language.
function guide.texts(path, language)
  local texts = {}
  for _, block in ipairs(guide.blocks(path)) do
    if block.language == language then texts[#texts + 1] = block.text end
  end
  return texts
end

-- Runs an example in a new process -> what it prints, and the status.
local function run_lua(example, options)
  local before = options.environment and options.environment() or ""
  return peer.lua(before .. example, options.folder and { before = "cd " .. peer.quoted(options.folder()) } or nil)
end

-- Declares a test for each example of the file, and one for the number of examples.
--   it       busted's, which only a spec file has
--   printed  what each prints, as patterns
--   options  language: of the examples ("lua"); environment: function() -> Lua source that is put before each example;
--            folder: function() -> the folder in which it runs; never: a text that none prints; runs_here:
--            function(example) -> whether this Lua can run it; run: function(example, number) -> what it prints, and
--            the status, for another host
function guide.examples(it, path, printed, options)
  options = options or {}
  local language = options.language or "lua"
  local texts = guide.texts(path, language)
  for number, example in ipairs(texts) do
    if not options.runs_here or options.runs_here(example) then
      it(("has an example in %s that runs: %d"):format(language, number), function()
        local output, status = (options.run or run_lua)(example, options.run and number or options)
        assert.equal(0, status, output)
        assert.matches(printed[number] or "^$", output)
        if options.never then assert.is_nil(output:find(options.never, 1, true), output) end
      end)
    end
  end
  it("has examples in " .. language, function() assert.equal(#printed, #texts) end)
end

return guide
