-- The examples of docs/acceptance.md run as they stand, and print what they say.
local guide = require "spec.support.guide"

describe("docs/acceptance.md", function()
  local sandbox
  setup(function() sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false }) end)
  teardown(function() sandbox:stop() end)

  guide.examples(it, "docs/acceptance.md", {
    "^Terms of Service\t%x+\nPrivacy Policy\t%x+\n%d%d%d%d%-%S+\t%x+\n$",
    "^true\ttrue\n$",
    "^open\n$",
    "^version_published\n200\treceived\n",
    "^$",
  }, {
    environment = function()
      local about = sandbox:clickwrap_settings()
      return guide.environment(sandbox, {
        IRONCLAD_CLICKWRAP_SITE = about.site_access_id, IRONCLAD_CLICKWRAP_TOKEN = about.api_token,
        IRONCLAD_CLICKWRAP_ACTIVITY_HOST = about.url, IRONCLAD_CLICKWRAP_REST_HOST = about.url,
      })
    end,
  })
end)
