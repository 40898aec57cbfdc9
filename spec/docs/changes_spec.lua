-- The examples of docs/changes.md run as they stand.
local peer = require "spec.support.peer"

describe("docs/changes.md", function()
  local sandbox, folder
  setup(function()
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true })
    folder = peer.temporary_folder()
  end)
  teardown(function()
    sandbox:stop()
    peer.remove_folder(folder)
  end)

  local number = 0
  local expected = { "record IC%-%d+", "workflow IC%-%d+ .* Complete", "^$" }
  for example in peer.read_file("docs/changes.md"):gmatch "```lua\n(.-)```" do
    number = number + 1
    local wanted = expected[number]
    local has_tasks = _VERSION ~= "Lua 5.1" or rawget(_G, "jit")
    if has_tasks or not example:find("ironclad.spawn", 1, true) then
      it("has an example that runs: " .. number, function()
        local variables = ("local given = { IRONCLAD_INSTANCE = %q, IRONCLAD_CLIENT_ID = %q, "
          .. "IRONCLAD_CLIENT_SECRET = %q, "
          .. "IRONCLAD_AS_USER = %q, IRONCLAD_CA_FILE = %q }\nos.getenv = function(name) return given[name] end\n")
          :format(sandbox.instance, sandbox.client_id, sandbox.client_secret, sandbox.as_user, sandbox.ca_file)
        local output, status = peer.lua(variables .. example, { before = "cd " .. peer.quoted(folder) })
        assert.equal(0, status, output)
        assert.matches(wanted, output)
      end)
    end
  end

  it("has examples", function() assert.equal(#expected, number) end)
end)
