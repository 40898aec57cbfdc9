-- The examples of docs/acceptance.md run as they stand, and print what they say.
local peer = require "spec.support.peer"

describe("docs/acceptance.md", function()
  local sandbox
  setup(function() sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false }) end)
  teardown(function() sandbox:stop() end)

  -- What each example prints, as a pattern.
  local printed = {
    "^Terms of Service\t%x+\nPrivacy Policy\t%x+\n%d%d%d%d%-%S+\t%x+\n$",
    "^true\ttrue\n$",
    "^open\n$",
    "^version_published\n200\treceived\n",
    "^$",
  }

  local number = 0
  for example in peer.read_file("docs/acceptance.md"):gmatch "```lua\n(.-)```" do
    number = number + 1
    local expected = printed[number]
    it("has an example that runs: " .. number, function()
      local about = sandbox:clickwrap_settings()
      local variables = ("local given = { IRONCLAD_INSTANCE = %q, IRONCLAD_CLIENT_ID = %q, "
        .. "IRONCLAD_CLIENT_SECRET = %q, IRONCLAD_AS_USER = %q, IRONCLAD_CLICKWRAP_SITE = %q, "
        .. "IRONCLAD_CLICKWRAP_TOKEN = %q, IRONCLAD_CLICKWRAP_ACTIVITY_HOST = %q, IRONCLAD_CLICKWRAP_REST_HOST = %q }\n"
        .. "os.getenv = function(name) return given[name] end\n")
        :format(sandbox.instance, sandbox.client_id, sandbox.client_secret, sandbox.as_user, about.site_access_id,
          about.api_token, about.url, about.url)
      local output, status = peer.lua(variables .. example)
      assert.equal(0, status, output)
      assert.matches(expected, output)
    end)
  end

  it("has examples", function() assert.equal(#printed, number) end)
end)
