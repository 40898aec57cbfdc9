-- The examples of docs/acceptance.md run as they stand, and print what they say; so does its line for a shell.
local guide = require "spec.support.guide"
local peer = require "spec.support.peer"
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

  local function variables()
    local about = sandbox:clickwrap_settings()
    return {
      IRONCLAD_CLICKWRAP_SITE = about.site_access_id, IRONCLAD_CLICKWRAP_TOKEN = about.api_token,
      IRONCLAD_CLICKWRAP_ACTIVITY_HOST = about.url, IRONCLAD_CLICKWRAP_REST_HOST = about.url,
    }
  end

  guide.examples(it, "docs/acceptance.md", {
    "^Terms of Service\t%x+\nPrivacy Policy\t%x+\n%d%d%d%d%-%S+\t%x+\n$",
    "^true\ttrue\n$",
    "^open\n$",
    "^version_published\n200\treceived\n",
    "Cookies\tIC%-%d+\tCookies accepted by joe\n",
  }, { environment = function() return guide.environment(sandbox, variables()) end })

  it("has a line for the shell that writes a report", function()
    local folder = peer.temporary_folder()
    finally(function() peer.remove_folder(folder) end)
    local lines = { "ln -s $PWD/recipes " .. folder, "cd " .. folder, "lua() { LD_PRELOAD=$preload "
      .. require("spec_process").interpreter() .. ' "$@"; }' }
    for name, value in pairs(variables()) do lines[#lines + 1] = ("export %s=%s"):format(name, peer.quoted(value)) end
    lines[#lines + 1] = guide.texts("docs/acceptance.md", "sh")[1]
    local output, status = peer.shell("(set -e\n" .. table.concat(lines, "\n") .. ")")
    assert.equal(0, status, output)
    assert.matches("acceptances written\n$", output)
    assert.matches("^time,signer,", peer.read_file(folder .. "/acceptances.csv"))
  end)
end)
