-- Ctrl-C in the middle: the command says whether something may have happened, and leaves nothing half-done.
local command = require "spec.support.command"
local peer = require "spec.support.peer"

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
end)
