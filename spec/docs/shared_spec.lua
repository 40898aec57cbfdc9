-- The examples of docs/shared.md run as they stand.
local peer = require "spec.support.peer"
local redis_server = require "spec.support.redis"

describe("docs/shared.md", function()
  local sandbox, server
  setup(function()
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true })
    server = redis_server.start()
  end)
  teardown(function()
    sandbox:stop()
    server:stop()
  end)

  local number = 0
  local expected = { "^%d+ workflows, read within the limits", "^0\tnil" }
  for example in peer.read_file("docs/shared.md"):gmatch "```lua\n(.-)```" do
    number = number + 1
    local wanted = expected[number]
    it("has an example that runs: " .. number, function()
      local variables = ("local given = { IRONCLAD_INSTANCE = %q, IRONCLAD_CLIENT_ID = %q, "
        .. "IRONCLAD_CLIENT_SECRET = %q, IRONCLAD_AS_USER = %q, IRONCLAD_CA_FILE = %q, REDIS_URL = %q }\n"
        .. "os.getenv = function(name) return given[name] end\n"):format(sandbox.instance, sandbox.client_id,
          sandbox.client_secret, sandbox.as_user, sandbox.ca_file, server.address)
      local output, status = peer.lua(variables .. example)
      assert.equal(0, status, output)
      assert.matches(wanted, output)
    end)
  end

  it("has examples", function() assert.equal(#expected, number) end)
end)
