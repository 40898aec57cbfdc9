-- ironclad clickwrap: the terms and acceptances of a sandbox's Clickwrap, from the command.
local command = require "spec.support.command"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

local sandbox, clickwrap, given

setup(function()
  sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true })
  clickwrap = sandbox:clickwrap()
  local about = sandbox:clickwrap_settings()
  given = { IRONCLAD_CLICKWRAP_SITE = about.site_access_id, IRONCLAD_CLICKWRAP_TOKEN = about.api_token,
    IRONCLAD_CLICKWRAP_ACTIVITY_HOST = about.url, IRONCLAD_CLICKWRAP_REST_HOST = about.url,
    IRONCLAD_CA_FILE = sandbox.ca_file }
end)
teardown(function() sandbox:stop() end)

local function good(words)
  local out, err, status = command.run("clickwrap " .. words, given)
  assert.equal(0, status, err .. out)
  return out
end

describe("ironclad clickwrap", function()
  it("shows the terms of a group, and who has accepted them", function()
    assert.matches("contracts\tTerms of Service; Privacy Policy\n", (good "terms terms"))
    local out, err, status = command.run("clickwrap accepted jane@example.com terms", given)
    assert.same({ 1, "" }, { status, err })
    assert.matches("accepted\tfalse\n", out)
    assert.equal("", (good "history jane@example.com"))

    assert(clickwrap:accept { signer = "jane@example.com", group = "terms" })
    assert.matches("accepted\ttrue\n", (good "accepted jane@example.com terms"))
    local history = assert(ironclad.json.decode((good "history jane@example.com --json")))
    assert.is_true(#history >= 1)
    assert.equal("jane@example.com\n", (good "signers list --columns signer_id"))
  end)

  it("has every operation of the REST API", function()
    assert.equal("terms\tTerms\nnewsletter\tNewsletter\n", (good "groups list --columns key,name"))
    local list = assert(ironclad.json.decode((good "contracts list --json")))
    assert.matches("title\t" .. list[1].title .. "\n", (good("contracts get " .. list[1].id)))
    assert.equal(#list, select(2, good("contracts list --all --csv id,title"):gsub("\n", "")) - 1)
    assert.matches("^GET https://127%.0%.0%.1:%d+/v1%.1/contracts", (good "contracts list --dry-run"))
    assert.matches("^GET https://127%.0%.0%.1:%d+/[^\n]*e1[^\n]*\n$", (good "evidence wait e1 --dry-run"))
  end)

  it("takes options before its words", function()
    local folder = peer.temporary_folder()
    local path = folder .. "/connections.json"
    peer.write_file(path, ironclad.json.encode { foo = { site_access_id = given.IRONCLAD_CLICKWRAP_SITE,
      api_token = given.IRONCLAD_CLICKWRAP_TOKEN, activity_host = given.IRONCLAD_CLICKWRAP_ACTIVITY_HOST,
      rest_host = given.IRONCLAD_CLICKWRAP_REST_HOST, ca_file = given.IRONCLAD_CA_FILE } })
    peer.shell("chmod 600 " .. path)
    for _, words in ipairs { "-c foo clickwrap groups list --columns key", "clickwrap -c foo groups list --columns key",
      "clickwrap --columns key groups list --connection=foo" } do
      local out, err, status = command.run(words, { IRONCLAD_CONFIG = path })
      assert.same({ 0, "terms\nnewsletter\n" }, { status, out }, err)
    end
    local out, err, status = command.run("-c foo clickwrap terms terms", { IRONCLAD_CONFIG = path })
    assert.equal(0, status, err)
    assert.matches("contracts\tTerms of Service", out)
    peer.remove_folder(folder)
  end)

  it("explains itself", function()
    assert.matches("ironclad clickwrap accepted SIGNER GROUP", (good "--help"))
    assert.matches("^ironclad clickwrap contracts OPERATION", (good "contracts"))
    assert.matches("Usage\n  ironclad clickwrap contracts list ", (good "contracts list --help"))
    assert.equal((good "contracts list --help"), (command.run("help clickwrap contracts list", given)))
  end)

  for words, case in pairs {
    ["contrcts list"] = { 2, 'no resource "contrcts"; did you mean contracts' },
    ["contracts lst"] = { 2, 'did you mean list%?; `ironclad clickwrap contracts` lists them' },
    ["accepted jane"] = { 2, "expected SIGNER GROUP" },
    ["terms"] = { 2, "expected GROUP" },
    ["terms nothing"] = { 1, "not_found" },
    ["contracts get 999999"] = { 1, "not_found" },
    ["contracts get"] = { 2, "" },
  } do
    it("refuses: " .. words, function()
      local out, err, status = command.run("clickwrap " .. words, given)
      assert.same({ case[1], "" }, { status, out }, err)
      assert.matches("^ironclad: [^\n]*" .. case[2] .. "[^\n]*\n$", err)
    end)
  end

  it("wants a connection", function()
    local _, err, status = command.run("clickwrap groups list", { IRONCLAD_CLICKWRAP_SITE = "" })
    assert.equal(4, status)
    assert.matches("set IRONCLAD_CLICKWRAP_ENVIRONMENT", err)
  end)

  it("works in the shell of `ironclad sandbox`", function()
    local words = "sandbox -- " .. command.program() .. " clickwrap groups list --columns key"
    local out, err, status = command.run(words, {})
    assert.equal(0, status, err)
    assert.equal("terms\nnewsletter\n", out)
  end)
end)
