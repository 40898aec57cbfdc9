-- Ctrl-C in the middle: the command says whether something may have happened, and leaves nothing half-done.
local command = require "spec.support.command"
local core = require "ironclad.core"
local peer = require "spec.support.peer"
local terminal = require "ironclad.command.terminal"
local typed = require "ironclad.command.typed"

local sandbox, client, given, folder

setup(function()
  folder = peer.temporary_folder()
  peer.write_file(folder .. "/log", "")
  sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true, log = folder .. "/log" })
  client = sandbox:connect { rate_limit = false }
  given = command.of_sandbox(sandbox)
end)
teardown(function()
  sandbox:stop()
  sandbox, client = nil, nil -- closes the log
  peer.remove_folder(folder)
end)

-- Runs the command, and interrupts it when the log of the sandbox has a text -> output, messages, status.
-- @param signal its name (INT)
local function interrupted(words, text, signal)
  peer.write_file(folder .. "/log", "")
  peer.shell(([[%s %s %s > %s/out 2> %s/err < /dev/null & until grep -q -e %s %s/log; do kill -0 $! || break
    sleep 0.02; done; kill -%s $!; wait $!; echo $? > %s/status]]):format(
    -- A shell without job control lets what it starts in the background ignore SIGQUIT.
    "set -m; export preload;" .. command.environment(given):gsub("^env", "env --default-signal=QUIT"),
    command.program(), words, folder, folder, peer.quoted(text), folder, signal or "INT", folder))
  return peer.read_file(folder .. "/out"), peer.read_file(folder .. "/err"),
    tonumber(peer.read_file(folder .. "/status"))
end

local MAYBE = "ironclad: cancelled. The request was sent, so it may have been carried out: look before you repeat it\n"
local NOTHING = "ironclad: cancelled. Nothing was changed by the request that was running\n"

describe("Ctrl-C in", function()
  after_each(function() sandbox:clear_faults() end)

  for _, case in ipairs {
    { "workflows launch 'Mutual NDA' counterpartyName=A 'draft:=[{\"url\":\"https://example.test/a.docx\"}]'",
      "workflows:launch", "POST /public/api/v1/workflows ", MAYBE },
    { "records create type=mutualNDA name=x", "records:create", "POST /public/api/v1/records ", MAYBE },
    { "export audit_log", "exports:create", "POST /public/api/v1/exports ", MAYBE },
    { "workflows wait IC-2 --step Complete", "workflows:get", "GET /public/api/v1/workflows/IC-2 ", NOTHING },
    { "download IC-1 --to %s/documents", "workflows:download_document", "/document/", NOTHING },
    { "changes records --state %s/state", "records:list", "GET /public/api/v1/records", NOTHING },
    { "records list --all --csv", "records:list", "GET /public/api/v1/records", NOTHING },
  } do
    it(case[1]:match "^%S+ ?%l*", function()
      sandbox:fail { how = "delay", seconds = 60, operation = case[2], done = true }
      local out, err, status = interrupted(case[1]:format(folder), case[3])
      assert.same({ 2, case[4], "" }, { status, err, out })
      assert.equal("", (peer.shell(("ls -A %s/documents 2>/dev/null"):format(folder))))
    end)
  end

  it("and each other signal that can be caught", function()
    for signal, number in pairs { HUP = 1, QUIT = 3, TERM = 15 } do
      sandbox:fail { how = "delay", seconds = 60, operation = "workflows:get", done = true }
      assert.same({ "", NOTHING, 128 + number },
        { interrupted("workflows wait IC-2 --step Complete", "GET /public/api/v1/workflows/IC-2 ", signal) })
      sandbox:clear_faults()
    end
  end)

  it("a prompt, where no request was running", function()
    local out, status = command.terminal("login", {}, 80, { { "Instance [1]:", "\3" } })
    assert.equal(2, status)
    assert.matches("\nironclad: cancelled\n$", out)
  end)

  it("listen while it registers, which may have a webhook then", function()
    sandbox:fail { how = "delay", seconds = 60, operation = "webhooks:create", done = true }
    local out, err, status = interrupted("listen", "POST /public/api/v1/webhooks ")
    assert.same({ 2, MAYBE, "" }, { status, err, out })
  end)

  it("changes that are followed, which go on where they ended", function()
    local words = "changes records --columns ironcladId --state " .. folder .. "/followed"
    local out, err, status = interrupted(words .. " --follow --every 60", "GET /public/api/v1/records")
    -- It may have been printing.
    assert.is_true(status == 2 and (err == NOTHING or err == "ironclad: cancelled\n"), err)
    local rest = command.run(words, given)
    local seen, count = {}, 0
    for id in (out .. rest):gmatch "[^\n]+" do
      if not seen[id] then count = count + 1 end
      seen[id] = true
    end
    assert.equal(client.records:list { pageSize = 1 }.count, count)
  end)

  -- The program that prints a secret goes on: it was not in the foreground, or catches the signal.
  it("the program that prints a secret", function()
    local config = { IRONCLAD_CONFIG = folder .. "/connections.json", IRONCLAD_INSTANCE = "", HOME = folder }
    local secret = { command = { "sh", "-c", "trap '' INT; kill -INT $PPID; sleep 60 & wait" } }
    peer.write_file(config.IRONCLAD_CONFIG, core.json.encode { a = { instance = sandbox.instance, client_id = "a",
      as_user = "me", client_secret = secret }, terms = { site_access_id = "a", api_token = secret } })
    peer.shell("chmod 600 " .. config.IRONCLAD_CONFIG)
    local login = "login b --service --instance na1 --client-id a --as me --secret-command " .. peer.quoted(
      ("sh -c '%s'"):format "kill -INT $PPID; sleep 60 & wait")
    for _, words in ipairs { "-c a whoami", "-c a doctor", "-c a logout", "clickwrap -c terms groups list", login } do
      local _, err, status = command.run(words, command.of_sandbox(sandbox, config))
      assert.same({ 2, "ironclad: cancelled\n" }, { status, err }, words)
    end
    assert.is_nil(peer.read_file(config.IRONCLAD_CONFIG):find('"b"', 1, true))
  end)

  -- The shell cannot write into the pipe before the command has opened it. A signal that comes just before the command
  -- reads does not end the read, and the next one does.
  it("reading a named pipe", function()
    peer.shell(([[cd %s; mkfifo pipe; %s %s records create type=mutualNDA name=@pipe > out 2>&1 & exec 3> %s/pipe
      for signal in INT TERM HUP; do
        kill -$signal $!; tries=0
        while grep -q '^State:.[^Z]' /proc/$!/status && [ $tries -lt 100 ]; do sleep 0.05; tries=$((tries + 1)); done
      done; kill -KILL $!; wait $!; echo $? > status]]):format(folder,
      "set -m; export preload;" .. command.environment(given), command.program(), folder))
    assert.equal("ironclad: cancelled\n", peer.read_file(folder .. "/out"))
    assert.is_truthy(({ [2] = true, [143] = true, [129] = true })[tonumber(peer.read_file(folder .. "/status"))])
  end)

  it("doctor, which is no finding", function()
    for _, operation in ipairs { "oauth:userinfo", "workflows:list" } do
      sandbox:fail { how = "delay", seconds = 60, operation = operation }
      local path = operation == "workflows:list" and "GET /public/api/v1/workflows" or "GET /oauth/userinfo"
      local out, err, status = interrupted("doctor", path)
      assert.same({ 2, NOTHING }, { status, err })
      assert.is_nil(out:find("cancelled", 1, true))
      sandbox:clear_faults()
    end
  end)
end)

describe("a signal that interrupts", function()
  local caught, lock = core.terminal.caught, core.terminal.lock_private
  local stdin, open, stdout = io.stdin, io.open, io.stdout

  before_each(function() core.terminal.caught = function() return 2 end end)
  after_each(function()
    core.terminal.caught, core.terminal.lock_private = caught, lock
    io.stdin, io.open, io.stdout = stdin, open, stdout -- luacheck: ignore 122
    terminal.hold_descriptors() -- forgets what standard input was read for
  end)

  local function interrupted_call() return nil, "Interrupted system call", 4 end

  local function assert_cancelled(fn, ...)
    local fine, problem = pcall(fn, ...)
    assert.same({ false, true }, { fine, problem.cancelled })
  end

  it("a read of standard input", function()
    io.stdin = { read = interrupted_call } -- luacheck: ignore 122
    assert_cancelled(typed.body, "@-")
    assert_cancelled(terminal.read, "*l", "--secret-stdin")
    assert_cancelled(require("ironclad.command.download").run, { "-" }, { ["dry-run"] = true, connection = "a" })
  end)

  it("the opening or the reading of a file", function()
    io.open = interrupted_call -- luacheck: ignore 122
    assert_cancelled(typed.body, "@x")
    assert_cancelled(typed.value, "draft", "@x", { type = "file" })
    io.open = function() return { read = interrupted_call, close = function() end } end -- luacheck: ignore 122
    assert_cancelled(typed.body, "@x")
  end)

  it("a write", function()
    io.stdout = { write = interrupted_call, flush = interrupted_call } -- luacheck: ignore 122
    assert_cancelled(terminal.write, "x")
    assert_cancelled(terminal.flush)
  end)

  it("the wait for a lock", function()
    core.terminal.lock_private = function() return nil, "another process is writing x" end
    assert_cancelled(require("ironclad.command.connection").choose, "a")
  end)
end)
