-- The command `ironclad`: with pipes and in a pseudo-terminal, against the sandbox.
local command = require "spec.support.command"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

describe("the command ironclad", function()
  local sandbox, client, given

  setup(function()
    sandbox, given, client = command.start_sandbox()
  end)
  teardown(function() sandbox:stop() end)

  local function run(words, input, more)
    local environment = more and command.of_sandbox(sandbox, more) or given
    return command.run(words, environment, input)
  end

  local function good(words, input, more)
    local out, err, status = run(words, input, more)
    assert.equal(0, status, err .. out)
    return out, err
  end

  it("lists as tab-separated values in a pipe", function()
    local out = good "workflows list status=completed --limit 2"
    local lines = 0
    for line in out:gmatch "([^\n]*)\n" do
      lines = lines + 1
      assert.matches("^IC%-%d+\t[^\t]+\t%a+\tcompleted\t[%d-]+T", line)
    end
    assert.equal(2, lines)
  end)

  it("lists as a table that fits the terminal", function()
    for _, columns in ipairs { 20, 40, 80, 200 } do
      local out, status = command.terminal("workflows list --limit 5", given, columns)
      assert.equal(0, status, out)
      local lines = 0
      for line in (out:gsub("\27%[[%d;]*m", "")):gmatch "([^\n]*)\n" do
        lines = lines + 1
        local width = require("ironclad.base.screen").width(line)
        if line:find "^IC" then assert.is_true(width <= columns, line) end
      end
      assert.is_true(lines >= 6, out)
    end
  end)

  it("takes readable ids in every list of a workflow", function()
    local names, list = require "ironclad.command.names", {}
    for _, entry in ipairs(names.operations "workflows") do
      if entry.name:find "^list_" and #entry.path_parameters == 1 then
        for _, id in ipairs { "IC-2", client.workflows:get("IC-2").id, "IC-99999" } do
          list[#list + 1] = { "workflows", names.shown(entry.name), id }
        end
      end
    end
    assert.is_true(#list >= 9)
    local results = command.run_all(list, given)
    for i = 1, #list, 3 do
      local readable, plain, none = results[i], results[i + 1], results[i + 2]
      assert.same({ 0, plain.out }, { readable.status, readable.out }, list[i][2] .. ": " .. readable.err)
      assert.same({ 1, "" }, { none.status, none.out }, none.err)
      assert.matches("not_found", none.err)
    end
  end)

  it("takes the options of an operation before it", function()
    assert.equal("IC-2\n", (good "--columns ironcladId --limit 1 workflows list"))
    assert.equal("ironcladId\r\nIC-2\r\n", (good "--csv ironcladId, --limit 1 workflows list"))
    assert.matches("^%[", (good "--json workflows list"))
  end)

  it("prints JSON that is sorted, lines of JSON, and CSV", function()
    local list = ironclad.json.decode((good "records list --limit 3 --json"))
    assert.equal(3, #list)
    local count = 0
    for line in (good "records list --limit 3 --jsonl"):gmatch "[^\n]+" do
      assert.equal(list[count + 1].id, ironclad.json.decode(line).id)
      count = count + 1
    end
    assert.equal(3, count)
    local out = good "records list --limit 1 --csv ironcladId,name,counterpartyName"
    assert.matches("^ironcladId,name,counterpartyName\r\nIC%-%d+,[^,]+,[^,]+\r\n$", out)
    assert.matches("^ironcladId,id,type,name,", (good "records list --limit 2 --csv"))
  end)

  it("walks over all pages, and says on a terminal when it does not", function()
    local _, lines = good("records list --all"):gsub("\n", "")
    assert.equal(client.records:list { pageSize = 1 }.count, lines)
    local out = command.terminal("records list --limit 2", given)
    assert.matches("2 of %d+; %-%-all prints all", out)
  end)

  it("launches a template by its title, with attributes of the schema's types", function()
    local out = good('workflows launch "Mutual NDA" counterpartyName=Acme draft=@recipes/nda.docx '
      .. '"contractValue=USD 5,000" agreementDate=2026-01-31 "term=2 years" mutual=no numberOfPeople=3 --json')
    local workflow = assert(client.workflows:get(ironclad.json.decode(out).id))
    assert.equal("Acme", workflow.attributes.counterpartyName)
    assert.equal(5000, workflow.attributes.contractValue.amount)
    assert.is_false(workflow.attributes.mutual)
    assert.equal(3, workflow.attributes.numberOfPeople)
    assert.equal("P2Y", workflow.attributes.term)
    assert.equal("nda.docx", workflow.attributes.draft[1].filename)
    good(("workflows create-comment %s 'looks good = yes'"):format(workflow.ironcladId))
    assert.equal("looks good = yes", client.workflows:list_comments(workflow.id).list[1].commentMessage)
    good(("workflows set %s 'counterpartyName=Acme Corporation'"):format(workflow.ironcladId))
    assert.equal("Acme Corporation", client.workflows:get(workflow.id).attributes.counterpartyName)
    assert.matches("legal", (good(("workflows pending-approvals %s"):format(workflow.ironcladId))))
    -- Ironclad takes only the internal id here.
    good(("workflows cancel %s 'not needed'"):format(workflow.ironcladId))
    assert.equal("cancelled", client.workflows:get(workflow.id).status)
  end)

  it("sends all digits of a number", function()
    for _, digits in ipairs { "9007199254740993", "9007199254740995" } do
      good("records set IC-22 seats=" .. digits)
      local seats = client.records:get("IC-22"):property "seats"
      assert.equal(digits, type(seats) == "string" and seats or ironclad.json.encode(seats))
    end
    good "records set IC-22 seats:=null"
  end)

  it("makes and changes a record with properties of the company's types", function()
    local out = good("records create type=mutualNDA 'name=An NDA' counterpartyName=Acme expirationDate=2030-01-31 "
      .. "'contractValue=5000 EUR' --json")
    local record = assert(client.records:get(ironclad.json.decode(out).id))
    assert.equal("date", record.properties.expirationDate.type)
    assert.equal("EUR", record:property("contractValue").currency)
    good(("records set %s 'contractValue:={\"currency\":\"USD\",\"amount\":1}' counterpartyName=Bee"):format(record.id))
    assert.equal("Bee", client.records:get(record.id):property "counterpartyName")
    assert.equal("Bee\n", (good(("records property %s counterpartyName"):format(record.id))))
    good(("records delete %s"):format(record.id))
  end)

  it("reads a body from a file and from standard input", function()
    local body = '{"type":"mutualNDA","name":"By body","properties":{}}'
    local out = good("records create --body @- --json", body)
    assert.equal("By body", ironclad.json.decode(out).name)
    out = good("api POST /records --body @-", body)
    assert.equal("By body", ironclad.json.decode(out).name)
    out = good("records create type=mutualNDA name=@- --json", "By input")
    assert.equal("By input", ironclad.json.decode(out).name)
  end)

  it("prints a request instead of sending it", function()
    sandbox:clear_requests()
    local out = good "records create type=nda name=X --dry-run"
    assert.matches("^POST https://.-/public/api/v1/records\n", out)
    assert.matches('"name": "X"', out)
    for _, request in ipairs(sandbox:requests()) do assert.not_equal("create-a-record", request.operation) end
  end)

  it("sends any request", function()
    local out = good "api GET /workflows status=completed pageSize=1"
    assert.equal(1, ironclad.json.decode(out).pageSize)
    assert.matches('"displayName": "Jane Doe"', (good "api GET /oauth/userinfo"))
  end)

  it("shows who it is, as another user too", function()
    assert.matches("email\tjane.doe@example.com\n", (good "whoami"))
    assert.matches("email\tomar.haddad@example.com\n", (good "whoami --as omar.haddad@example.com"))
    assert.matches("\npublic%.workflows", (good "whoami --scopes --json"):gsub('[%s"]+', "\n"))
  end)

  -- Each wrong use: one line on standard error, that names the right one; status 2.
  local wrong = {
    { "workflow lst", 'did you mean list%?' },
    { "workfows list", "did you mean workflows%?" },
    { "whoam", "did you mean whoami%?" },
    { "workflows list stats=active", 'did you mean "status"' },
    { "workflows list status=activ", 'expected one of active, paused, completed, cancelled, got activ;' },
    { "workflows list pageSize=many", 'pageSize: expected a whole number, got "many"' },
    { "workflows list pageSize=12345678901234567890", "pageSize: expected a whole number, got" },
    { "records set IC-22 seats=nan", 'seats: expected a number, as 12.5, got "nan"' },
    { "workflows list --jsn", "did you mean %-%-json%?" },
    { "workflows list --json --csv", "give one of them" },
    { "workflows list --csv=id,title,id", '--csv: two columns are called "id"' },
    { "workflows list --csv --columns id,id", '--csv: two columns are called "id"' },
    { "workflows list --limit", "%-%-limit needs a value" },
    { "workflows list --limit=few", 'expected a whole number from 1, got "few"' },
    { "workflows list --all --limit 3", "give one of them" },
    { "records create type=a name=@- counterpartyName=@-", "counterpartyName: @%- was given for name already" },
    { "records create type=a name=@- 'properties:=@-'", "properties: @%- was given for name already" },
    { "records create --body @- name=@-", "name: @%- was given for %-%-body already", "{}" },
    { "records smart-import attachment=@-", "a document needs the name of a file; standard input has none" },
    { "workflows launch 'Mutual NDA' counterpartyName=A draft=@-", "draft: a document needs the name of a file" },
    { "workflows get", "id is missing" },
    { "workflows get IC-1 IC-2", 'unexpected "IC%-2"' },
    { "workflows cancel IC-1", "comment is missing" },
    { "workflows wait IC-1", "expected %-%-step STEP or %-%-status STATUS" },
    { "workflows wait IC-1 --step Reviw", 'did you mean "Review"' },
    { "workflows launch 'Mutual NDA' counterpartNam=A draft=@recipes/nda.docx", 'did you mean "counterpartyName"' },
    { "workflows launch 'Mutual NDA' counterpartyName=A", "also needs draft=@FILE" },
    { "workflows launch 'Mutual NDA' counterpartyName=A draft=@nowhere.docx", "cannot read nowhere.docx" },
    { "workflows launch 'Mutual NDA' counterpartyName=A draft=@recipes/nda.docx contractValue=much",
      "contractValue: expected an amount" },
    { "records create type=a name=b parent=x", "expected JSON, or parent.NAME=value" },
    { "records create --body {", "%-%-body: invalid JSON" },
    { "records list --expiring soon", "expected a time, as 90d or 6m" },
    { "api FETCH /workflows", "expected METHOD PATH" },
    { "api GET workflows", "the path begins with /" },
    { "api GET", "the path is missing" },
    { "scopes workflows:launh", 'did you mean "workflows:launch"' },
    { "help wrkflows", "there is no command" },
    { "-c nobody workflows list", "cannot read /nowhere/connections.json" },
  }
  for _, case in ipairs(wrong) do
    it("refuses: " .. case[1], function()
      local out, err, status = run(case[1], case[3])
      assert.equal(2, status, err .. out)
      assert.equal("", out)
      assert.matches("^ironclad: [^\n]*" .. case[2] .. "[^\n]*\n$", err)
      assert.is_nil(err:find("%.lua:%d"), err)
    end)
  end

  it("exits 1 when Ironclad refuses, and 4 without a login", function()
    local out, err, status = run "workflows get IC-999"
    assert.equal(1, status)
    assert.equal("", out)
    assert.matches("^ironclad: workflows:get: Ironclad answered 400 NOT_FOUND[^\n]*\n$", err)
    err, status = select(2, run("workflows list", nil, { IRONCLAD_CLIENT_SECRET = "another secret" }))
    assert.equal(4, status, err)
    err, status = select(2, command.run("workflows list", { IRONCLAD_CONFIG = "/nowhere/connections.json" }))
    assert.equal(4, status, err)
    assert.matches("run `ironclad login`", err)
  end)

  it("suggests the titles that exist", function()
    local _, err, status = run "workflows launch 'Mutual ND' counterpartyName=A"
    assert.equal(0, status == 2 and 0 or 1, err)
    _, err, status = run "workflows launch Lease x=1"
    assert.equal(1, status)
    assert.matches('there is no template "Lease".-there are .-"Mutual NDA"', err)
  end)

  it("never passes escape sequences of the data to a terminal", function()
    -- Sequences of C0 and C1, marks of direction, and separators of lines.
    local evil = "A\27]0;title\7\27[31mred\194\155\226\128\174\226\129\166x\226\128\168y\226\128\169\194\133"
    local record = client.records:create { type = "mutualNDA", name = evil, properties = { counterpartyName = evil } }
    for _, words in ipairs { "records list --limit 100", "records list --limit 100 --json", "records get " .. record.id,
      "records get --json " .. record.id, "records list --limit 100 --jsonl",
      "records list --limit 100 --csv name,counterpartyName", "records property " .. record.id .. " counterpartyName",
      "api GET /records/" .. record.id, "records list --limit 100 --csv" } do
      local out, status = command.terminal(words, given, 300)
      assert.equal(0, status, out)
      assert.matches("A", out)
      local rest = out:gsub("\27%[[%d;]*m", ""):gsub("\r\27%[K", "")
      assert.is_nil(rest:find "[%z\1-\8\11-\31\127]", words)
      assert.is_nil(rest:find("\194[\128-\159]"), words)
      assert.is_nil(rest:find "\226\128[\168-\174]", words)
      assert.is_nil(rest:find "\226\129[\166-\169]", words)
      assert.is_nil(out:find("\27%[31m"), words)
    end
    client.records:delete(record.id)
  end)

  it("colours headings on a terminal only, and not with NO_COLOR", function()
    assert.matches("\27%[1m", (command.terminal("workflows list --limit 1", given)))
    local plain = command.of_sandbox(sandbox, { NO_COLOR = "1" })
    assert.is_nil(command.terminal("workflows list --limit 1", plain):find "\27")
    assert.is_nil(good("workflows list --limit 1"):find "\27")
    assert.matches("\27%[1m", (good("workflows list --limit 1 --table", nil, { CLICOLOR_FORCE = "1" })))
  end)

  it("ends quietly when the pipe is closed early", function()
    for _, trap in ipairs { "", "trap '' PIPE; " } do
      local line = trap .. "($ironclad records list --all; echo status $? >&2) | head -1 > /dev/null"
      local out, status = command.shell(line, given)
      assert.equal(0, status)
      assert.equal("status 0\n", out)
    end
  end)

  it("says that the output could not be written", function()
    local out = command.shell("$ironclad records list > /dev/full; echo status $?", given)
    assert.matches("^ironclad: cannot write the output: [^\n]*\nstatus 1\n$", out)
  end)

  -- What the sandbox logs when it has received a request, before it answers.
  local function with_log(fn)
    local folder = peer.temporary_folder()
    local log = folder .. "/log"
    peer.write_file(log, "")
    local other = assert(require("ironclad.sandbox").start { port = 0, tls = true, log = log })
    fn(other, log)
    other:stop()
    peer.remove_folder(folder)
  end

  it("says after Ctrl-C what may have happened, with status 2", function()
    with_log(function(other, log)
      other:fail { how = "delay", seconds = 60, operation = "workflows:create_comment", done = true }
      local out, status = command.terminal("workflows create-comment IC-2 hello", command.of_sandbox(other), 80,
        { { file = log, "/comments", "\3" } })
      assert.equal(2, status)
      assert.matches("cancelled. The request was sent, so it may have been carried out", out)
      other:fail { how = "delay", seconds = 60, operation = "workflows:get" }
      out, status = command.terminal("workflows get IC-3", command.of_sandbox(other), 80,
        { { file = log, "/workflows/IC-3", "\3" } })
      assert.equal(2, status)
      assert.matches("cancelled. Nothing was changed", out)
      out, status = command.terminal("workflows wait IC-2 --step Complete", command.of_sandbox(other), 80,
        { { "Waiting (Review)", "\3" } })
      assert.equal(2, status)
      assert.matches("cancelled", out)
    end)
  end)

  it("has help for itself, resources, operations and commands", function()
    assert.matches("ironclad RESOURCE OPERATION", (good "help"))
    assert.matches("create%-comment ID", (good "workflows"))
    assert.matches("template=.-%(string;%s+required%)", (good "workflows launch --help"))
    assert.matches("%-%-secret%-stdin", (good "login --help"))
    assert.matches("^ironclad %d", (good "--version"))
    for _, entry in ipairs(require "ironclad.command.commands") do
      local out = good("help " .. entry.name)
      assert.matches("^" .. entry.text:sub(1, 10), out)
    end
  end)
end)
