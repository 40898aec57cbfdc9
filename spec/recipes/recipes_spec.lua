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

describe("recipes/record_changes.lua", function()
  local function rows(...)
    local output = run("record_changes.lua", folder .. "/changes.csv", ...)
    local lines = {}
    for line in peer.read_file(folder .. "/changes.csv"):gmatch "(.-)\r\n" do lines[#lines + 1] = line end
    return tonumber(output:match "^(%d+) changes"), lines
  end

  it("adds what has changed since the last run, and what has gone", function()
    local recent = rows()
    assert.is_true(recent > 0)
    assert.are.equal(0, (rows()))
    local record = make_record('New, with "quotes"', { counterpartyName = "Acme" })
    local count, lines = rows "gone"
    assert.are.equal(1, count)
    assert.are.equal(recent + 1, #lines)
    assert.matches('^' .. record.id:gsub("%-", "%%-") .. ',IC%-%d+,[^,]+,mutualNDA,"New, with ""quotes""",Acme$',
      lines[#lines])
    ironclad.must(client.records:delete(record))
    count, lines = rows "gone"
    assert.are.same({ 1, record.id .. ",,gone,,," }, { count, lines[#lines] })
    assert.are.equal(0, (rows "gone"))
  end)
end)

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

  local function write_rows(lines)
    peer.write_file(folder .. "/1.pdf", "%PDF-1.4")
    peer.write_file(folder .. "/metadata.csv", table.concat(lines, "\r\n") .. "\r\n")
  end

  -- Runs it where rows cannot be imported -> what it said of them.
  local function fails()
    local output, status = peer.lua(source("bulk_import.lua", folder))
    assert.are.equal(1, status, output)
    return output
  end

  local function records_by_external_id()
    local found, count = {}, 0
    for record in client.records:each { types = "mutualNDA" } do
      local id = record:property "externalId"
      if id then
        assert.is_nil(found[id], id .. " twice")
        found[id], count = record, count + 1
      end
    end
    return found, count
  end

  it("imports the rows behind one that cannot be read, and nothing for an empty file", function()
    peer.write_file(folder .. "/empty.pdf", "")
    write_rows { "externalId,file,type,name", "E-1,1.pdf,mutualNDA,One,more", "E-2,empty.pdf,mutualNDA,Two",
      "E-3,1.pdf,mutualNDA,Three" }
    local output = fails()
    assert.matches("metadata.csv, line 2: 5 fields, but 4 names in the first line\n", output)
    assert.matches("line 3, E%-2: empty.pdf is empty\n", output)
    local found = records_by_external_id()
    assert.is_nil(found["E-1"])
    assert.is_nil(found["E-2"])
    assert.equal("Three", found["E-3"].name)
  end)

  it("does not begin anew when the journal cannot be opened", function()
    peer.shell(("ln -s loop %s/loop"):format(folder))
    assert.error_matches(function() dofile "recipes/support/journal.lua"(folder .. "/loop") end,
      "^" .. folder:gsub("%p", "%%%0") .. "/loop: Too many levels of symbolic links$")
  end)

  it("keeps an externalId with line ends in one line of the journal", function()
    local forged = "A-1\r\nattached\tnowhere\tB-1\t."
    write_rows { "externalId,file,type,name", ('"%s",1.pdf,mutualNDA,One'):format(forged), "B-1,1.pdf,mutualNDA,Two",
      '"""Q""",1.pdf,mutualNDA,Three' }
    local output = run("bulk_import.lua", folder)
    assert.are.equal(output, run("bulk_import.lua", folder))
    local found, count = records_by_external_id()
    assert.are.equal(3, count)
    assert.are.equal("One", found[forged].name)
    assert.are.equal("Two", found["B-1"].name)
    assert.are.equal("Three", found['"Q"'].name)
    assert.are.equal(3, select(2, output:gsub("\n", "")), output)
  end)

  it("reads numbers, money, booleans and dates by the record schema", function()
    write_rows { "externalId,file,type,name,seats,contractValue,autoRenews,agreementDate,counterpartyName",
      "T-1,1.pdf,mutualNDA,One,25,USD 5000.50,true,2026-01-31,12", "T-2,1.pdf,mutualNDA,Two,-0.5,EUR 7,False,,",
      "T-3,1.pdf,mutualNDA,Three,9007199254740995,,,," }
    run("bulk_import.lua", folder)
    local found = records_by_external_id()
    assert.are.same({ 25, "USD 5000.50", true, "12" }, { found["T-1"]:property "seats",
      tostring(found["T-1"]:property "contractValue"), found["T-1"]:property "autoRenews",
      found["T-1"]:property "counterpartyName" })
    assert.are.same({ -0.5, "EUR 7", false }, { found["T-2"]:property "seats",
      tostring(found["T-2"]:property "contractValue"), found["T-2"]:property "autoRenews" })
    assert.is_nil(found["T-2"]:property "agreementDate")
    assert.are.equal("9007199254740995", ironclad.json.encode(found["T-3"]:property "seats"):match "%d+")
  end)

  it("reads every type of the record schema, and keeps all digits of a number", function()
    local digits = "9007199254740993" -- 2^53 + 1
    write_rows { "externalId,file,type,name,seats,tags,governingLaw,term,counterpartyEmail,counterpartyAddress",
      "K-1,1.pdf,mutualNDA,One," .. digits .. ',red; green,The law of Oregon.,P1Y6M,a@b.example,"1 Main St\n97201"',
      'K-2,1.pdf,mutualNDA,Two,-007.50,"x,y ;",,,,' }
    run("bulk_import.lua", folder)
    local found = records_by_external_id()
    local one, two = found["K-1"], found["K-2"]
    assert.are.equal(digits, tostring(one:property "seats"))
    assert.are.equal("red|green", table.concat(one:property "tags", "|"))
    assert.are.equal("The law of Oregon.", one:property("governingLaw").clauseText)
    assert.are.same({ "P1Y6M", "a@b.example", "1 Main St\n97201" }, { one:property "term",
      one:property "counterpartyEmail", tostring(one:property "counterpartyAddress") })
    assert.are.same({ -7.5, "x,y", 1 }, { two:property "seats", two:property("tags")[1], #two:property "tags" })
  end)

  it("names the column, the text and what is expected", function()
    local cases = { { "seats", "1e3", "a number, as 12.5" }, { "seats", "0.12345678901234567", "a number" },
      { "seats", "1.", "a number" }, { "term", "2 years", "a length of time, as P1Y6M" },
      { "agreementDate", "31.1.2026", "a date, as 2026-01-31" }, { "counterpartyEmail", "x", "an e-mail address" },
      { "contractValue", "USD 5000.00.", "a currency and an amount" }, { "tags", " ; ", "a list, as red; green" },
      { "contractValue", "USD 99999999999999999999.99", "a currency and an amount" } }
    local lines, columns = {}, {}
    for i, case in ipairs(cases) do
      if not columns[case[1]] then
        columns[#columns + 1] = case[1]
        columns[case[1]] = #columns
      end
      lines[i] = ("M-%d,1.pdf,mutualNDA,One"):format(i) .. (","):rep(columns[case[1]]) .. case[2]
    end
    for i, line in ipairs(lines) do lines[i] = line .. (","):rep(#columns - columns[cases[i][1]]) end
    table.insert(lines, 1, "externalId,file,type,name," .. table.concat(columns, ","))
    write_rows(lines)
    local output = fails()
    for i, case in ipairs(cases) do
      local text = ("line %d, M-%d: %s: expected %s"):format(i + 1, i, case[1], case[3])
      assert.is_truthy(output:find(text, 1, true), text .. "\n" .. output)
      assert.is_truthy(output:find("got " .. case[2] .. "\n", 1, true), output)
    end
    assert.is_nil(output:find "ironclad%.%a+{", output)
    assert.are.equal(0, select(2, records_by_external_id()))
  end)

  it("imports the other rows when some cannot be, says why, and creates nothing for those", function()
    write_rows { "externalId,file,type,name,seats,contractValue,autoRenews", "R-1,missing.pdf,mutualNDA,One,,,",
      "R-2,1.pdf,mutualNDA,Two,x,,", "R-3,1.pdf,mutualNDA,Three,,5000,", "R-4,1.pdf,mutualNDA,Four,,,maybe",
      "R-5,1.pdf,noSuchType,Five,,,", "R-6,,mutualNDA,Six,,,", ",1.pdf,mutualNDA,Seven,,,",
      "R-8,1.pdf,mutualNDA,Eight,,,",
      "R-8,1.pdf,mutualNDA,Nine,,,", "R-9,pipe.pdf,mutualNDA,Ten,,," }
    peer.shell("mkfifo " .. folder .. "/pipe.pdf")
    local output = fails()
    for _, text in ipairs {
      "line 2, R%-1: .*missing%.pdf: No such file", "line 3, R%-2: seats: expected a number, as 12%.5, got x\n",
      "line 4, R%-3: contractValue: expected a currency and an amount, as USD 5000, got 5000\n",
      "line 5, R%-4: autoRenews: expected true or false, got maybe\n", "line 6, R%-5: .*noSuchType",
      "line 7, R%-6: no file\n", "line 8, : no externalId\n", "line 10, R%-8: line 9 has this externalId too\n",
      "line 11, R%-9: .*pipe%.pdf: it is not a regular file",
    } do
      assert.matches(text, output)
    end
    local found, count = records_by_external_id()
    assert.are.equal(1, count)
    assert.are.equal("Eight", found["R-8"].name)

    peer.write_file(folder .. "/missing.pdf", "%PDF-1.4")
    fails()
    found, count = records_by_external_id()
    assert.are.equal(2, count)
    assert.are.equal("One", found["R-1"].name)
  end)

  it("stops at a mistake that every row would meet", function()
    write_rows { "externalId,file,type,name", "S-1,1.pdf,mutualNDA,One", "S-2,1.pdf,mutualNDA,Two" }
    sandbox:fail { method = "POST", path = "/public/api/v1/records", status = 403, times = 2 }
    assert.are.equal(1, select(2, fails():gsub("line %d, S", "")))
  end)

  for name, separator in pairs { semicolons = ";", tabs = "\t" } do
    it("reads a file with " .. name, function()
      write_rows { (("externalId,file,type,name"):gsub(",", separator)),
        (('C-1,1.pdf,mutualNDA,"One; two"'):gsub(",", separator)) }
      run("bulk_import.lua", folder)
      assert.are.equal("One; two", records_by_external_id()["C-1"].name)
    end)
  end

  for mistake, lines in pairs {
    ["metadata.csv has no column externalId"] = { "id,file,type,name", "X,1.pdf,mutualNDA,One" },
    ["line 3: 5 fields, but 4 names"] = { "externalId,file,type,name", '"X\n1",1.pdf,mutualNDA,One,Two' },
    ["line 2: a quote is not closed"] = { "externalId,file,type,name", 'X,1.pdf,mutualNDA,"One' },
    ["line 2: text after a closing quote"] = { "externalId,file,type,name", 'X,1.pdf,mutualNDA,"One"two' },
  } do
    it("is told: " .. mistake, function()
      if mistake:find "^line 3" then table.insert(lines, 2, "W,1.pdf,mutualNDA,Zero") end
      write_rows(lines)
      assert.is_truthy(fails():find(mistake, 1, true))
    end)
  end

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
