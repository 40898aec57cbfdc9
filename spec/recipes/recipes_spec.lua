-- The recipes run as they stand, against the sandbox, and do what they say.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local runner = require "ironclad.calls.run"

local sandbox, client, folder

before_each(function()
  sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true, job_seconds = 0 })
  client = sandbox:connect { rate_limit = false }
  folder = peer.temporary_folder()
end)
after_each(function()
  sandbox:stop()
  peer.remove_folder(folder)
end)

-- Lua source that runs a recipe in the sandbox's environment.
local function source(recipe, ...)
  local given = {
    IRONCLAD_INSTANCE = sandbox.url, IRONCLAD_CLIENT_ID = sandbox.client_id,
    IRONCLAD_CLIENT_SECRET = sandbox.client_secret, IRONCLAD_AS_USER = sandbox.as_user,
    IRONCLAD_CA_FILE = sandbox.ca_file, IRONCLAD_WAIT = "60",
  }
  local lines = { "local given = {}" }
  for name, value in pairs(given) do lines[#lines + 1] = ("given[%q] = %q"):format(name, value) end
  lines[#lines + 1] = "os.getenv = function(name) return given[name] end"
  lines[#lines + 1] = ("arg = { [0] = %q }"):format("recipes/" .. recipe)
  for i, argument in ipairs { ... } do lines[#lines + 1] = ("arg[%d] = %q"):format(i, argument) end
  lines[#lines + 1] = "dofile(arg[0])"
  return table.concat(lines, "\n")
end

local function run(...)
  local output, status = peer.lua(source(...))
  assert.are.equal(0, status, output)
  return output
end

local function make_record(name, properties)
  return ironclad.must(client.records:create { type = "mutualNDA", name = name, properties = properties })
end

describe("recipes/expiring_contracts.lua", function()
  local function in_days(days) return ironclad.date(os.time() + days * 24 * 3600) end

  it("lists what expires soon, as CSV, the soonest first", function()
    make_record('Late, with "quotes"', { expirationDate = in_days(29), counterpartyName = "Acme" })
    make_record("Soon", { expirationDate = in_days(2), counterpartyName = "Acme" })
    make_record("Later", { expirationDate = in_days(32), counterpartyName = "Acme" })
    make_record("Past", { expirationDate = in_days(-2), counterpartyName = "Acme" })
    local output = run("expiring_contracts.lua", "30")
    assert.matches("^ironcladId,type,name,expirationDate,counterpartyName\r\n", output)
    local soon = output:find(",mutualNDA,Soon,", 1, true)
    local late = output:find(',mutualNDA,"Late, with ""quotes""",', 1, true)
    assert.is_true(soon and late and soon < late, output)
    assert.is_nil(output:find("Later", 1, true))
    assert.is_nil(output:find("Past", 1, true))
    for line in output:gmatch "(.-)\r\n" do
      assert.matches("^[%w%-]+,%w+,.+,[%w%-:.]+,", line)
    end
  end)
end)

describe("recipes/bulk_import.lua", function()
  local ROWS = 3

  local function write_import()
    local lines = { "externalId,file,type,name,counterpartyName,agreementDate" }
    for i = 1, ROWS do
      lines[#lines + 1] = ('X-%d,%d.pdf,mutualNDA,"Import, no. %d","Acme ""%d""",2026-01-0%d'):format(i, i, i, i, i)
      peer.write_file(("%s/%d.pdf"):format(folder, i), "%PDF-1.4 number " .. i)
    end
    peer.write_file(folder .. "/metadata.csv", table.concat(lines, "\r\n") .. "\r\n")
  end

  -- Every item is a record, once, with its properties and its document.
  local function assert_imported()
    local found = {}
    for record in client.records:each { types = "mutualNDA" } do
      local id = record:property "externalId"
      if id then
        assert.is_nil(found[id], id .. " twice")
        found[id] = record
      end
    end
    for i = 1, ROWS do
      local record = assert(found["X-" .. i], "X-" .. i .. " is lost")
      assert.are.equal("Import, no. " .. i, record.name)
      assert.are.equal(('Acme "%d"'):format(i), record:property "counterpartyName")
      assert.are.equal("%PDF-1.4 number " .. i, ironclad.must(record:download_attachment "signedCopy"))
    end
  end

  it("imports each line once, however often it runs", function()
    write_import()
    local output = run("bulk_import.lua", folder)
    assert_imported()
    sandbox:clear_requests()
    assert.are.equal(output, run("bulk_import.lua", folder))
    for _, request in ipairs(sandbox:requests()) do assert.are.equal("/oauth/token", request.path) end
  end)

  -- Of a run: the token, the schema, and for each line a creation and an upload.
  for after = 1, 2 + 2 * ROWS do
    it("loses and repeats nothing when it is killed after request " .. after, function()
      write_import()
      sandbox:clear_requests()
      local process, ended = peer.start_lua(source("bulk_import.lua", folder))
      local patience = 5000
      while #sandbox:requests() < after and patience > 0 do
        runner.sleep(client, 0.002)
        patience = patience - 1
      end
      assert.is_true(patience > 0, "the recipe asked too little")
      peer.shell("kill -KILL " .. process)
      ended()
      run("bulk_import.lua", folder)
      assert_imported()
    end)
  end
end)

describe("recipes/sign_and_archive.lua", function()
  it("takes a contract from review to its signed copy", function()
    local workflow = ironclad.must(client.workflows:launch {
      template = "5f595f76c4fc9b3571413c3a",
      attributes = {
        counterpartyName = "Acme", draft = { ironclad.file { data = "%PDF-1.4", filename = "nda.pdf" } },
      },
    })
    local _, ended = peer.start_lua(source("sign_and_archive.lua", workflow.ironcladId, folder))
    ironclad.must(workflow:wait { step = "Sign", interval = 0.05, timeout = 60 })
    local patience = 3000
    while patience > 0 and ironclad.must(workflow:get_sign_status()).status == "not_sent" do
      patience = patience - 1
      runner.sleep(client, 0.02)
    end
    sandbox:sign { workflow = workflow.id, all = true }
    local output, status = ended()
    assert.are.equal(0, status, output)
    local path = output:match "(%S+%.pdf)\n"
    assert.matches("approved as Legal\n.*approved as Finance\n", output)
    assert.matches("^%%PDF", peer.read_file(path))
  end)
end)
