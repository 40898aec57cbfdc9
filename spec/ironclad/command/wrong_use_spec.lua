-- Wrong uses: each is one line that says what is wrong and how it is right, status 2, and nothing is sent.
local command = require "spec.support.command"
local peer = require "spec.support.peer"

local sandbox, given, folder

setup(function()
  folder = peer.temporary_folder()
  sandbox, given = command.start_sandbox { HOME = folder }
end)
teardown(function()
  sandbox:stop()
  peer.remove_folder(folder)
end)

-- Words, which are split at spaces unless they are a list, and the message.
local wrong = {
  -- Arguments that are given twice, or are empty.
  { "workflows list status=active status=completed", "status is given twice; a list is status=a,b" },
  { "workflows list status=active status=active", "status is given twice" },
  { "records set IC-22 counterpartyName=a counterpartyName=b", "counterpartyName is given twice" },
  { "records create type=a name=b parent.id=1 parent:={}", "parent and its fields are given; give one of them" },
  { "records create type=a name=b parent:={} parent.id=1", "parent and its fields are given; give one of them" },
  { "api GET /workflows page=1 page=2", "page is given twice" },
  { "api POST /records a.b=1 a.b=2", "a.b is given twice" },
  { "trigger workflow_launched workflowID=a workflowID=b", "workflowID is given twice" },
  { "changes records --state x types=a types=b", "types is given twice" },
  { "workflows list status=", "status: the list is empty; leave it out, or give status=a,b" },
  { "workflows list pageSize=", 'pageSize: expected a whole number, got ""' },
  { "workflows list page=-1", "workflows list: page: expected a whole number" },
  { "records create type=a name=b parent:=", "parent: expected JSON, got nothing" },
  -- Files.
  { "records create type=a name=@missing", "name: cannot read missing: No such file" },
  { "records create type=a name=@", "name: the name of the file is missing after @; the text @ is @@" },
  { "records smart-import attachment=", "attachment: the name of a file is missing: attachment=@FILE" },
  { "records smart-import attachment=@", "attachment: the name of a file is missing: attachment=@FILE" },
  { "records create --body @-", "--body: expected JSON, @- is empty" },
  { "records create --body @missing", "--body: cannot read missing" },
  { "records create --body @", "--body: the name of the file is missing after @" },
  { "records create --body", "--body needs a value: --body @FILE" },
  { "records create --body 5", "--body: expected a JSON object or list" },
  { { "records", "create", "--body", "" }, "--body: expected JSON, got nothing" },
  -- Options.
  { "records list --limit 0", '--limit: expected a whole number from 1, got "0"' },
  { "records list --limit x", '--limit: expected a whole number from 1, got "x"' },
  { "records list --limit -3", '--limit: expected a whole number from 1, got "-3"' },
  { "records list --limit 1.5", '--limit: expected a whole number from 1, got "1.5"' },
  { "records list --limit=", '--limit: expected a whole number from 1, got ""' },
  { "records list -o x", "unknown option -o; a text or an id that begins with - goes after --" },
  { "workflows get -x", "unknown option -x; a text or an id that begins with - goes after --" },
  { "workflows create-comment IC-2 -hello", "unknown option -hello; a text or an id that begins with - goes after --" },
  { { "workflows", "create-comment", "IC-2", "--hello there" }, "unknown option --hello there; a text or an id" },
  { "workflows list --jsno=x", "unknown option --jsno; did you mean --json?" },
  { "workflows list --json=x", "--json takes no value" },
  { "workflows wait IC-2 --step Sgn", '--step: expected one of Review, Sign, Archive, Complete, got "Sgn"; '
    .. 'did you mean "Sign"?' },
  { "workflows wait IC-2 --status done", "--status: expected one of active, paused, completed, cancelled" },
  { "export audit_log --format xml", '--format: expected one of CSV, JSON, got "xml"' },
  { "export audit_log --from yesterday", '--from: expected a day, as 2026-01-31, got "yesterday"' },
  { "export audit_log -o /nowhere/x.csv", "--output: cannot write /nowhere/x.csv: No such file" },
  { "export records -o /dev/null", "--output: cannot write /dev/null: it is not a regular file" },
  { "records export -o /nowhere/", "--output: cannot write into /nowhere/: No such file or directory" },
  { "api POST /records -o /nowhere/x", "--output: cannot write /nowhere/x: No such file" },
  { "listen --port 99999", "--port: expected a whole number from 0 to 65535" },
  { "sandbox --port 99999 -- true", "--port: expected a whole number from 0 to 65535" },
  { "changes records", "--state FILE is missing" },
  { "changes records --state x --since yesterday", "--since: expected ISO 8601" },
  { "changes records --state x page=1", "page: is not for changes; every page is read" },
  { "changes records --state x --follow --every 0", '--every: expected a number of seconds from 0.001 to 31536000' },
  { "changes records --state x --follow --every 1e99", '--every: expected a number of seconds from 0.001 to 31536000' },
  { "workflows list --as=", "--as: expected an e-mail address or an id" },
  { "workflows list --timeout 0", '--timeout: expected a number of seconds from 0.001 to 86400, got "0"' },
  { "workflows list --timeout 1e99", '--timeout: expected a number of seconds from 0.001 to 86400, got "1e99"' },
  { "workflows wait IC-2 --step Sign --wait 0", '--wait: expected a number of seconds from 0.001, got "0"' },
  { "workflows wait IC-2 --step Sign --interval 0", '--interval: expected a number of seconds from 0.001, got "0"' },
  { "exports create-and-wait exportType=audit_log --wait 0", "--wait: expected a number of seconds from 0.001" },
  { "export audit_log --wait 0", "--wait: expected a number of seconds from 0.001" },
  { { "export", "audit_log", "-o", "" }, "--output needs a value: --output PATH" },
  { "export audit_log -o .", "--output: . is a folder; for a file in it, give ./" },
  { { "records", "export", "-o", "" }, "--output needs a value: --output PATH" },
  { { "api", "GET", "/records", "-o", "" }, "--output needs a value: --output PATH" },
  { { "records", "list", "--columns", "" }, "--columns needs a value: --columns COLUMNS" },
  { "records list --columns ,", '--columns: expected columns, as in --columns ironcladId,name, got ","' },
  { "records list --csv ,", '--csv: expected columns, as in --csv ironcladId,name, got ","' },
  { "records list --limit 99999999999999999999", "--limit: expected a whole number from 1, got" },
  { { "listen", "--host", "" }, "--host needs a value: --host ADDRESS" },
  { { "download", "" }, "expected an ID, got an empty one" },
  { { "download", "IC-1", "--to", "" }, "--to needs a value: --to FOLDER" },
  { "sandbox --job-seconds 9999999999 -- true", "--job-seconds must be a number from 0" },
  { "sandbox --clock x -- true", "--clock must be a time like" },
  { { "records", "create", "--body", '{"type":"x","name":"y","extr":1}' },
    "extr: unknown field (`ironclad api` sends fields that this module does not know)" },
  { "api GET /records --header Authorization:x", "--header Authorization: is set by the module" },
  { "api GET /records --header A:b --header A:c", "--header: A is given twice" },
  { "api GET /records --header a:b --header A:c", "--header: A is given twice" },
  { { "api", "GET", "/records x" }, "path: must be percent-encoded" },
  { "workflows list --deadline -1", "--deadline: expected a number of seconds" },
  { "-c acme", "the command is missing, as in `ironclad -c NAME workflows list`" },
  { "--connection", "the command is missing" },
  { "--limit 1", "the command is missing" },
  { "--state x changes records",
    'there is no command "x"; the options of a command go after it, as in `ironclad COMMAND --state`' },
  { "--jsn", "unknown option --jsn; `ironclad help` explains" },
  { "webhooks ensure https://a.example", "webhooks ensure: events is missing: events=" },
  { "exports create-and-wait exportTyp=x", "exports create-and-wait: unknown argument exportTyp; did you mean" },
  { "clickwrap sites get", "clickwrap sites get: site_id is missing: ironclad clickwrap sites get SITE_ID" },
  { "clickwrap evidence wait", "clickwrap evidence wait: expected" },
  { "webhooks create targetURL=https://a.example events=workflow_launched,workflow_lunched",
    'events: expected one of' },
  -- Words.
  { { "" }, 'there is no command ""' },
  { { "workflows", "" }, 'workflows has no operation ""' },
  { { "workflows", "get", "" }, "workflows get: id: must not be empty" },
  { { "records\n", "list" }, 'there is no command "records\\n"; did you mean records?' },
  { "workflows get --", "workflows get: id is missing" },
  { "help wrkflows", 'there is no command "wrkflows"; did you mean workflows?' },
  { "help clickwrap sits", 'there is no command "sits"; did you mean sites?' },
  { "scopes workflws", 'got "workflws"; did you mean workflows?' },
  -- Connections.
  { "-c nosuch workflows list", "`ironclad login NAME` makes one" },
  { "switch nosuch", "`ironclad login NAME` makes one" },
  { "logout nosuch", "`ironclad login NAME` makes one" },
}

it("is one line that says what is wrong and how it is right", function()
  local list = {}
  for i, case in ipairs(wrong) do list[i] = command.words(case[1]) end
  sandbox:clear_requests()
  for i, result in ipairs(command.run_all(list, given)) do
    local words = table.concat(list[i], " ")
    assert.same({ 2, "" }, { result.status, result.out }, words .. ": " .. result.err)
    assert.matches("^ironclad: [^\n]+\n$", result.err, words)
    assert.is_truthy(result.err:find(wrong[i][2], 1, true), words .. ": " .. result.err)
    assert.is_nil(result.err:find "%.lua:%d", result.err)
  end
  for _, request in ipairs(sandbox:requests()) do assert.equal("/oauth/token", request.path) end
end)

it("words after -- are no options", function()
  for words, comment in pairs { ["IC-2 -- --hello"] = "--hello", ["-- IC-2 a=b"] = "a=b", ["IC-2 -- -c"] = "-c" } do
    local out, err, status = command.run("workflows create-comment --columns commentMessage " .. words, given)
    assert.same({ 0, comment .. "\n" }, { status, out }, err)
  end
  assert.matches("^IC%-", (command.run("-- workflows list", given)))
end)

describe("where there is no", function()
  local function none(words, environment, expected, wanted)
    environment.HOME = environment.HOME or ""
    environment.XDG_CONFIG_HOME, environment.XDG_STATE_HOME = "", ""
    local out, err, status = command.run(words, environment)
    assert.same({ expected, "" }, { status, out }, err)
    assert.matches("^ironclad: [^\n]*" .. wanted, err)
  end

  it("HOME", function()
    none("workflows list", {}, 2, "none of IRONCLAD_CONFIG, XDG_CONFIG_HOME and HOME says where")
    none("connections", {}, 2, "none of IRONCLAD_CONFIG")
    -- Nothing is asked or read first, and no token is kept in /.local.
    none("login x --instance na1", {}, 2, "none of IRONCLAD_CONFIG")
    none("login x --instance na1", { IRONCLAD_CONFIG = folder .. "/c.json" }, 2, "neither XDG_STATE_HOME nor HOME says")
    local here = command.of_sandbox(sandbox, { HOME = "" })
    assert.matches("^IC%-", (command.run("workflows list", here)))
  end)

  it("HOME that can be written", function()
    none("login x --no-check --service --instance na1 --client-id x --secret-env S --as a@b.c", { HOME = "/proc/1" }, 1,
      "cannot make the folder /proc/1/.config/ironclad")
    local here = command.of_sandbox(sandbox, { HOME = "/proc/1" })
    assert.matches("^IC%-", (command.run("workflows list", here)))
  end)

  it("file, but a folder, as IRONCLAD_CONFIG", function()
    for _, words in ipairs { "workflows list", "connections", "switch x", "logout x" } do
      none(words, { IRONCLAD_CONFIG = folder }, 2, "cannot read " .. folder:gsub("%p", "%%%0") .. ": Is a directory")
    end
  end)
end)
