-- The subcommands beside the operations: login, connections, doctor, download, export, describe, run, sandbox and man.
local command = require "spec.support.command"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local sandbox, client, given, folder

setup(function()
  sandbox, given, client = command.start_sandbox()
  folder = peer.temporary_folder()
end)
teardown(function()
  sandbox:stop()
  peer.remove_folder(folder)
end)

local function good(words, environment, input)
  local out, err, status = command.run(words, environment or given, input)
  assert.equal(0, status, err .. out)
  return out, err
end

local function has(program) return select(2, peer.shell("command -v " .. program)) == 0 end

describe("ironclad login", function()
  local home, number = nil, 0

  before_each(function()
    number = number + 1
    home = { HOME = ("%s/home%d"):format(folder, number), XDG_STATE_HOME = ("%s/state%d"):format(folder, number),
      IRONCLAD_CONFIG = ("%s/home%d/config/connections.json"):format(folder, number) }
    peer.shell("mkdir -p " .. home.HOME .. " " .. home.XDG_STATE_HOME)
  end)

  local function facts() return ("--instance %s --ca-file %s --client-id %s"):format(sandbox.instance, sandbox.ca_file,
    sandbox.client_id) end

  it("makes a connection from options, with the secret from standard input", function()
    local out = good("login acme --service --secret-stdin --as jane.doe@example.com "
      .. "--scopes workflows:list,records.readRecords " .. facts(), home, sandbox.client_secret .. "\n")
    assert.matches("email\tjane.doe@example.com", out)
    assert.equal("600\n", (peer.shell("stat -c %a " .. home.IRONCLAD_CONFIG)))
    assert.matches("^IC%-", (good("workflows list --limit 1", home)))
    assert.matches("^acme\t", (good("connections", home)))
    -- A second one, without a check; then there is a choice.
    good("login other --no-check --service --secret-env SECRET --as omar.haddad@example.com " .. facts(), home)
    assert.matches("acme\t.-\t%*\n", (good("connections", home)))
    good("switch other", home)
    home.SECRET = sandbox.client_secret
    assert.matches("omar", (good("whoami", home)))
    assert.matches("jane", (good("whoami -c acme", home)))
    good("logout other --remove", home)
    assert.is_nil(good("connections", home):find "other")
    assert.matches("jane", (good("whoami", home)))
  end)

  it("refuses the path of a certificate that would mean another file", function()
    local words = "login bad --no-check --service --secret-env SECRET --instance na1 --client-id x --as a@b.c "
    local paths = { ["ca-file"] = "'~/ca.pem'", ["client-cert"] = "file:cert.pem", ["client-key"] = "/tmp/" }
    for option, path in pairs(paths) do
      local _, err, status = command.run(words .. ("--%s %s"):format(option, path), home)
      assert.equal(2, status)
      assert.matches("%-%-" .. option:gsub("%-", "%%-") .. ": ", err)
    end
  end)

  it("asks step by step on a terminal, and does not show the secret", function()
    local out, status = command.terminal("login --ca-file " .. sandbox.ca_file, home, 80, {
      { "Instance [1]:", "5\r" }, { "Its host", sandbox.instance .. "\r" }, { "A name for this", "acme\r" },
      { "Log in [1]:", "2\r" }, { "Client id", sandbox.client_id .. "\r" },
      { "Client secret (not shown)", sandbox.client_secret .. "\r" }, { "Act as which user", "jane.doe@example.com\r" },
      { "Scopes", "\r" },
    })
    assert.equal(0, status, out)
    assert.matches("Jane Doe <jane.doe@example.com>", out)
    assert.matches("; `ironclad whoami %-%-scopes` lists them%.", out)
    assert.is_nil(out:find(sandbox.client_secret, 1, true))
    assert.matches("^IC%-", (good("workflows list --limit 1", home)))
  end)

  it("logs a person in by an address that is pasted back", function()
    local state = home.XDG_STATE_HOME
    peer.write_file(folder .. "/consent.lua", ([[
      local out = io.open(arg[1], "rb"):read "*a":gsub("%%s+", "")
      local url = out:match "(https://%%S-/oauth/authorize%%S-state=%%x+)"
      io.write(url or "none")
    ]]))
    local login = ("login me --paste --secret-stdin --scopes workflows:list --redirect-uri http://localhost:8765/cb %s")
      :format(facts())
    -- The consent is given here, so the address is read from the output first.
    local fifo, out = folder .. "/fifo", folder .. "/out"
    peer.shell("mkfifo " .. fifo)
    local pipe = io.popen(("preload=; %s %s %s < %s > /dev/null 2> %s; echo $?"):format(command.environment(home),
      command.program(), login, fifo, out))
    local typed = assert(io.open(fifo, "wb"))
    typed:write(sandbox.client_secret, "\n")
    typed:flush()
    peer.until_succeeds("grep -q 'The address:' " .. out)
    local url = peer.read_file(out):match "(https://%S+)"
    typed:write(sandbox:consent { url = url, allow = true }, "\n")
    typed:close()
    assert.equal("0\n", pipe:read "*a")
    pipe:close()
    assert.matches("grant\tauthorization_code", (good("whoami", home)))
    assert.equal("600\n", (peer.shell("stat -c %a " .. state .. "/ironclad/tokens.json")))
  end)

  it("logs a person in with a browser", function()
    -- The browser is a program that agrees, and goes where it is sent then.
    local bin = home.HOME .. "/bin"
    peer.shell("mkdir " .. bin)
    peer.write_file(bin .. "/xdg-open", ([[
      #!/bin/sh
      preload=$LD_PRELOAD
      unset LD_PRELOAD
      exec curl -sS "$(%s run %s/agree.lua "$1")"]]):gsub("^%s+", ""):format(command.program(), bin))
    peer.write_file(bin .. "/agree.lua", [[
      local body = { url = arg[1], allow = true }
      print(ironclad.must(client:request("POST", "/_sandbox/consent", { body = body })).location)
    ]])
    peer.shell("chmod +x " .. bin .. "/xdg-open")
    local environment = command.of_sandbox(sandbox, home)
    environment.PATH = bin .. ":" .. os.getenv "PATH"
    local out, err, status = command.run("login me --web --secret-stdin --scopes workflows:list "
      .. "--redirect-uri http://localhost:0/callback " .. facts(), environment, sandbox.client_secret .. "\n")
    assert.equal(0, status, err)
    assert.matches("grant\tauthorization_code", out)
    assert.matches("^IC%-", (good("workflows list --limit 1", home)))
  end)

  local wrong = {
    { "login a b", "login takes one name" },
    { "login a --secret x", "%-%-secret: other users can see .-%-%-secret%-stdin" },
    { "login a", "%-%-instance is missing" },
    { "login a --instance na1", "%-%-client%-id is missing" },
    { "login a --instance na1 --client-id x", "the client secret is missing: give %-%-secret%-stdin" },
    { "login a --instance na1 --client-id x --secret-stdin", "standard input is empty" },
    { "login a --web --service", "give one of them" },
    { "login a --instance na1 --client-id x --secret-env S --as a@b.c --scopes records.readRecord",
      "there is no scope .-did you mean public.records.readRecords" },
    { "switch a", "there is no connection yet; `ironclad login NAME` makes one" },
  }
  for _, case in ipairs(wrong) do
    it("refuses: " .. case[1], function()
      local out, err, status = command.run(case[1], home)
      assert.equal(2, status, err .. out)
      assert.matches(case[2], err)
    end)
  end
end)

describe("ironclad doctor", function()
  it("finds everything well", function()
    local out = good "doctor"
    for _, what in ipairs { "libcurl", "instance https", "acts as Jane Doe", "the clock agrees", "rate limit" } do
      assert.matches("ok    [^\n]*" .. what, out)
    end
    assert.is_nil(out:find("\nbad", 1, true), out)
  end)

  it("names what is wrong, and what to do", function()
    for _, case in ipairs {
      { { IRONCLAD_CLIENT_SECRET = "another secret" }, 4, "bad .-\n +Check `instance`, `client_id`" },
      { { IRONCLAD_CA_FILE = "/etc/ssl/certs/ca-certificates.crt" }, 1, "bad .-\n +Check `ca_file`" },
      { { IRONCLAD_INSTANCE = "https://127.0.0.1:1" }, 1, "bad .-\n +Check `instance`" },
      { { IRONCLAD_INSTANCE = "" }, 4, "bad   no connection" },
    } do
      local out, err, status = command.run("doctor --deadline 60", command.of_sandbox(sandbox, case[1]))
      assert.equal(case[2], status, out .. err)
      assert.matches(case[3], out)
    end
  end)
end)

describe("ironclad download", function()
  it("puts documents and attachments into a folder, under Ironclad's names", function()
    local to = folder .. "/got"
    local out = good("download IC-1 --to " .. to)
    assert.matches("^" .. to:gsub("%p", "%%%0") .. "/Mutual NDA", out)
    out = good("download --signed --to " .. to .. " -", nil, "IC-22\n")
    assert.equal(to .. "/Vantage Semiconductors (signed).pdf\n", out)
    assert.matches("^%%PDF", peer.read_file(to .. "/Vantage Semiconductors (signed).pdf"))
    assert.equal(1, select(3, command.run("download IC-999 --to " .. to, given)))
  end)

  for what, row in pairs {
    workflow = { "IC-1", [[{"signaturePacketDocuments":[null,{"key":null},{"key":"k","filename":null}],]]
      .. [["excludedFromSignaturePacketDocuments":null}]] },
    record = { "--records IC-1", [[{"id":"r1","attachments":{"a":null,"k":{"filename":null}}}]] },
  } do
    it("takes null for missing: the files of a " .. what, function()
      local answers = { peer.json(row[2]), peer.answer(200, { "Content-Type: application/pdf" }, "%PDF-1"),
        peer.answer(200, { "Content-Type: application/pdf" }, "%PDF-1") }
      finally(scene.stop)
      local to, server = folder .. "/null " .. what, scene.answering(answers)
      local out, err, status = command.run(("download %s --to '%s'"):format(row[1], to), {
        IRONCLAD_INSTANCE = peer.url(server), IRONCLAD_TOKEN = scene.TOKEN, IRONCLAD_AS_USER = "a@b.example" })
      assert.are.same({ 0, "" }, { status, err })
      assert.equal(to .. "/k\n", out)
    end)
  end

  it("writes a document to a pipe", function()
    local document = client.workflows:get_documents("IC-1").signaturePacketDocuments[1]
    local out = good("workflows download-document IC-1 " .. document.key)
    assert.equal(assert(client.workflows:download_document("IC-1", document.key)), out)
  end)
end)

describe("ironclad export", function()
  it("makes a report and downloads it", function()
    assert.matches("^[^\n]-,[^\n]-\r?\n", (good "export workflow_activities --from 2026-01-01 --to 2027-01-01"))
    local path = folder .. "/records.xlsx"
    assert.equal(path .. "\n", (good("export records -o " .. path)))
    assert.matches("^PK", peer.read_file(path))
    assert.matches("did you mean \"audit_log\"", (select(2, command.run("export audit-log", given))))
    assert.matches("%-%-from does not go with records; it is for workflow_activities",
      (select(2, command.run("export records --from 2026-01-01", given))))
    assert.matches("%-%-types does not go with audit_log; it is for records",
      (select(2, command.run("export audit_log --types nda", given))))
    assert.matches("unexpected \"r.xlsx\"; %-%-output", (select(2, command.run("export records r.xlsx", given))))
  end)
end)

describe("ironclad describe", function()
  it("shows templates, and the fields of one", function()
    assert.matches("\tMutual NDA\n", (good "describe"))
    assert.matches("counterpartyName\tstring\trequired\t", (good "describe 'mutual nda'"))
    assert.matches("RECORD TYPES", (command.terminal("describe", given)):upper())
  end)
end)

describe("ironclad changes", function()
  it("prints what is new since the last run, once", function()
    local state = " --state " .. folder .. "/records.state"
    local _, count = good("changes records" .. state):gsub("\n", "")
    assert.equal(client.records:list { pageSize = 1 }.count, count)
    assert.equal("", (good("changes records" .. state)))
    assert(client.records:create { type = "mutualNDA", name = "A new one", properties = {} })
    assert.equal("A new one\n", (good("changes records --columns name" .. state)))
    for _, case in ipairs { { "changes recods" .. state, 'did you mean "records"' },
      { "changes records", "%-%-state FILE is missing" }, { "changes records x=1" .. state, "no argument x" },
      { "changes records --every 3" .. state, "goes with %-%-follow" } } do
      local _, err, status = command.run(case[1], given)
      assert.equal(2, status, err)
      assert.matches(case[2], err)
    end
  end)

  it("says what went wrong, which is not the login", function()
    local open = folder .. "/open"
    peer.shell(("mkdir %s; chmod 777 %s"):format(open, open))
    local out, err, status = command.run("changes records --state " .. open .. "/state", given)
    assert.equal("", out)
    assert.matches("other users can write to the folder of this file", err)
    assert.equal(1, status)
    sandbox:fail { status = 403, operation = "records:list" }
    out, err, status = command.run("changes records --state " .. folder .. "/refused.state", given)
    assert.equal("", out)
    assert.matches("records:list: Ironclad answered 403", err)
    assert.equal(1, status)
  end)
end)

describe("ironclad trigger", function()
  it("lets a sandbox send an event, and asks nobody else", function()
    assert.matches("{", (good "trigger workflow_launched workflowID=x --json"))
    assert.matches('did you mean "workflow_launched"', (select(2, command.run("trigger workflow_lunched", given))))
    local _, err, status = command.run("trigger workflow_launched", { IRONCLAD_INSTANCE = "na1", IRONCLAD_TOKEN = "x",
      IRONCLAD_AS_USER = "a@b.c" })
    assert.equal(2, status)
    assert.matches("trigger is for a sandbox", err)
  end)

  it("and `listen` take a host for this machine only by its whole name", function()
    for _, host in ipairs { "127.0.0.1.example.test", "localhost.example.test" } do
      local elsewhere = { IRONCLAD_INSTANCE = "https://" .. host, IRONCLAD_TOKEN = "x", IRONCLAD_AS_USER = "a@b.c" }
      local _, err = command.run("trigger workflow_launched", elsewhere)
      assert.matches("trigger is for a sandbox", err)
      _, err = command.run("listen --keep", elsewhere)
      assert.matches("%-%-keep goes with %-%-register", err)
    end
    local here = { IRONCLAD_INSTANCE = "https://[::1]:" .. peer.refused_port(), IRONCLAD_TOKEN = "x",
      IRONCLAD_AS_USER = "a@b.c" }
    assert.matches("%[network", (select(2, command.run("trigger workflow_launched", here))))
  end)
end)

describe("ironclad run", function()
  it("gives a script its client and its arguments", function()
    peer.write_file(folder .. "/s.lua", "print(client.workflows:get('IC-1'), arg[1], ..., ironclad._NAME)")
    assert.matches('^workflow IC%-1 .-\ta\ta\tironclad\n$', (good("run " .. folder .. "/s.lua a")))
    assert.equal("2\n", (good("run -", nil, "print(1 + 1)")))
  end)

  it("says where a script failed", function()
    peer.write_file(folder .. "/s.lua", "local x = nil\nprint(x.y)")
    local _, err, status = command.run("run " .. folder .. "/s.lua", given)
    assert.equal(1, status)
    assert.matches("s.lua:2: attempt to index", err)
    peer.write_file(folder .. "/s.lua", "print(")
    assert.equal(2, select(3, command.run("run " .. folder .. "/s.lua", given)))
  end)
end)

describe("ironclad sandbox", function()
  it("runs a command against a new sandbox, with its status", function()
    local out = good("sandbox --seed 7 -- " .. command.program() .. " whoami",
      { IRONCLAD_INSTANCE = "na1", IRONCLAD_TOKEN = "x" })
    assert.matches("email\tjane.doe@example.com", out)
    -- A shell finds the command, wherever it goes.
    assert.matches("connection\tthe environment\n", (good "sandbox -- sh -c 'cd /; ironclad whoami'"))
    assert.equal(7, select(3, command.run("sandbox -- sh -c 'exit 7'", given)))
    assert.equal(1, select(3, command.run("sandbox -- /nowhere/program", given)))
    assert.equal(2, select(3, command.run("sandbox --clock yesterday -- true", given)))
  end)

  it("passes on a signal that came before the command was started", function()
    peer.write_file(folder .. "/early.lua", [[
      local terminal = require("ironclad.core").terminal
      terminal.catch_signals()
      terminal.run({ "sh", "-c", "kill -TERM $PPID" }, {})
      print(terminal.caught())
      print(terminal.run({ "sleep", "100" }, {}))]])
    local out = peer.shell(command.environment() .. " " .. require("spec_process").interpreter() .. " " .. folder
      .. "/early.lua")
    assert.equal("15\n143\n", out)
  end)

  it("prints lines for a shell until it is interrupted", function()
    local out = command.shell(("$ironclad sandbox > %s/lines 2>/dev/null & %s; pkill -INT -P $! ; "
      .. "kill -INT $! 2>/dev/null; wait $!; grep -c ^export %s/lines"):format(folder,
      peer.waiting("grep -q ^unset " .. folder .. "/lines"), folder), given)
    assert.matches("9\n$", out)
  end)

  describe("leaves nothing of a company in the environment:", function()
    local whoami = "env | grep company.invalid; LD_PRELOAD=$preload " .. command.program() .. " whoami"

    -- Reads the lines of a sandbox, and asks it.
    local function reading(program)
      local lines = folder .. "/" .. program:match "[%w-]+$" .. ".lines"
      return ("%s > %s 2>&1 & %s; sed -En '/^(export|unset) /p' %s > %s.sh; . %s.sh; %s; kill $!; wait $!"):format(
        program, lines, peer.waiting("grep -q ^unset " .. lines), lines, lines, lines, whoami)
    end

    -- A sanitizer that is preloaded would check the shell's programs for leaks, too.
    local function with_sandbox()
      peer.write_file(folder .. "/ironclad-sandbox", '#!/bin/sh\nexec env LD_PRELOAD="$preload" '
        .. peer.quoted(peer.shell("command -v ironclad-sandbox"):match "[^\n]+") .. ' "$@"\n')
      return ("unset LD_PRELOAD; chmod +x %s/ironclad-sandbox; PATH=%s:$PATH recipes/support/with_sandbox.sh sh -c %s")
        :format(folder, folder, peer.quoted(whoami))
    end

    for name, line in pairs {
      ["ironclad sandbox -- COMMAND"] = command.program() .. " sandbox -- sh -c " .. peer.quoted(whoami),
      ["the lines of ironclad sandbox"] = function() return reading(command.program() .. " sandbox") end,
      ["the lines of ironclad-sandbox"] = function() return reading "ironclad-sandbox" end,
      ["with_sandbox.sh"] = with_sandbox,
    } do
      it(name, function()
        local words = {}
        for _, variable in ipairs { "TOKEN", "REFRESH_TOKEN", "SCOPES", "CLIENT_CERT", "CLIENT_KEY", "CONFIG", "STORE",
          "CLIENT_KEY_PASSWORD", "CLICKWRAP_ENVIRONMENT", "WEBHOOK_URL", "TERMS_GROUP", "TERMS_WEBHOOK_TOKEN",
          "REDIRECT_URI", "INSTANCE", "CLIENT_ID", "CLIENT_SECRET", "CA_FILE" } do
          words[#words + 1] = "IRONCLAD_" .. variable .. "=company.invalid"
        end
        local out = peer.shell(('export preload LD_PRELOAD="$preload" REDIS_URL=company.invalid %s; %s'):format(
          table.concat(words, " "), type(line) == "string" and line or line()))
        assert.matches("email\tjane.doe@example.com", out)
        assert.is_nil(out:find("company.invalid", 1, true), out)
      end)
    end
  end)
end)

describe("ironclad man", function()
  it("writes pages for the command and each resource", function()
    local pages = folder .. "/man"
    good("man " .. pages)
    local names = peer.shell("ls " .. pages)
    assert.matches("ironclad%-scim%.users%.1\n", names)
    assert.matches("ironclad%.1\n", names)
    local page = peer.read_file(pages .. "/ironclad-workflows.1")
    assert.matches("create\\%-comment ID", page)
    if not has "mandoc" then return pending "mandoc is not installed" end
    assert.equal("", (peer.shell(("mandoc -T lint -W warning %s/*.1 | grep -v 'missing date' || true"):format(pages))))
  end)
end)
