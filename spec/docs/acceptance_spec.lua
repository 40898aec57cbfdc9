-- The examples of docs/acceptance.md run as they stand, and print what they say.
local guide = require "spec.support.guide"
local must = require("ironclad").must

describe("docs/acceptance.md", function()
  local sandbox
  setup(function()
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false })
    -- For the last example: an acceptance that appears as a record.
    local clickwrap = sandbox:clickwrap()
    local contract = must(clickwrap.sites:create_contract(must(clickwrap:site()), { title = "Cookies", body = "<p/>",
      is_major_version = true, clm_record_sync = { enabled = true, record_type = "orderForm" } }))
    local version = must(contract:publish_latest_version())
    must(clickwrap:accept { signer = "joe", versions = { version.id } })
  end)
  teardown(function() sandbox:stop() end)

  guide.examples(it, "docs/acceptance.md", {
    "^Terms of Service\t%x+\nPrivacy Policy\t%x+\n%d%d%d%d%-%S+\t%x+\n$",
    "^true\ttrue\n$",
    "^open\n$",
    "^version_published\n200\treceived\n",
    "Cookies\tIC%-%d+\tCookies accepted by joe\n",
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
