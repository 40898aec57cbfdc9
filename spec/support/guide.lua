-- The Lua examples of a guide run as they stand, each in a process of its own.
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

-- Declares a test for each example of the file, and one that there are as many as expected.
--   it       busted's, which only a spec file has
--   printed  what each prints, as patterns
--   options  environment: function() -> Lua source that is put before each example; folder: function() -> the folder in
--            which it runs; never: a text that none prints; runs_here: function(example) -> whether this Lua can run it
function guide.examples(it, path, printed, options)
  options = options or {}
  local number = 0
  for example in peer.read_file(path):gmatch "```lua\n(.-)```" do
    number = number + 1
    local wanted = printed[number]
    if not options.runs_here or options.runs_here(example) then
      it("has an example that runs: " .. number, function()
        local before = options.environment and options.environment() or ""
        local output, status = peer.lua(before .. example,
          options.folder and { before = "cd " .. peer.quoted(options.folder()) } or nil)
        assert.equal(0, status, output)
        assert.matches(wanted, output)
        if options.never then assert.is_nil(output:find(options.never, 1, true), output) end
      end)
    end
  end
  local found = number
  it("has examples", function() assert.equal(#printed, found) end)
end

return guide
