-- ironclad listen: events of a sandbox are verified, shown and sent on; the webhook is there only meanwhile.
local command = require "spec.support.command"
local guide = require "spec.support.guide"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local sandbox, client, given, folder

setup(function()
  sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true })
  client = sandbox:connect { rate_limit = false }
  folder = peer.temporary_folder()
  given = command.of_sandbox(sandbox)
end)
before_each(function()
  for webhook in client.webhooks:each() do assert(client.webhooks:delete(webhook.id)) end
  sandbox:clear_deliveries()
end)
after_each(scene.stop)
teardown(function()
  sandbox:stop()
  peer.remove_folder(folder)
end)

-- Starts the command, which has 100 seconds -> a function that waits for its end -> output, messages, status.
local function start(words, after)
  local pipe = io.popen(("preload=$LD_PRELOAD; unset LD_PRELOAD; timeout 100 %s %s listen %s 2> %s/err %s; echo $?")
    :format(command.environment(given), command.program(), words, folder, after or ""))
  return function()
    local out, status = pipe:read("*a"):match "^(.-)(%d+)\n$"
    pipe:close()
    return out, peer.read_file(folder .. "/err"), tonumber(status)
  end
end

-- Waits until the command has registered its webhook -> the webhook.
local function registered()
  return peer.eventually(function()
    local webhook = client.webhooks:list().list[1]
    return webhook and webhook.status == "enabled" and webhook
  end)
end

local function count_webhooks() return #client.webhooks:list().list end

-- Triggers the event workflow_launched of a workflow by the command, once `listen` has registered its webhook.
-- -> a pipe, which has what went wrong
local function trigger_soon(workflow)
  return io.popen(("exec 2>&1; preload=; ironclad() { %s %s \"$@\"; }; %s; ironclad trigger workflow_launched %s")
    :format(command.environment(given), command.program(), peer.waiting "ironclad webhooks list | grep -q 127.0.0.1",
      peer.quoted("workflowID=" .. workflow)))
end

describe("ironclad listen", function()
  it("sends each event on as it came, so that the application can verify it", function()
    local app = scene.answering { peer.answer(202) }
    local finish = start(("--json --limit 2 --forward-to 127.0.0.1:%d/hook?a=b"):format(app:port()))
    local webhook = registered()
    assert.are.same({ "*" }, webhook.events)
    sandbox:send_event { event = "workflow_launched", payload = { workflowID = "w1" } }
    sandbox:send_event { event = "workflow_paused", forge = "key", webhook = webhook.id }
    sandbox:send_event "workflow_completed"
    local out, messages, status = finish()
    assert.are.equal(0, status, messages)
    assert.matches("a request was refused: .-signature", messages)

    local lines, key = {}, assert(client.webhooks:get_verification_key())
    for line in out:gmatch "[^\n]+" do lines[#lines + 1] = assert(ironclad.json.decode(line)) end
    assert.are.equal(2, #lines)
    assert.are.equal(2, #app:requests())
    for i, request in ipairs(app:requests()) do
      assert.are.equal("POST /hook?a=b", request.method .. " " .. request.target)
      assert.is_nil(request.headers.authorization)
      assert.are.equal("application/json", request.headers["content-type"])
      local event = assert(ironclad.webhook.unwrap(request.headers, request.body, key))
      assert.are.same({ event.id, event.name, webhook.id, 202 },
        { lines[i].id, lines[i].payload.event, lines[i].webhookID, lines[i].forwarded.status })
    end
    assert.are.equal(0, count_webhooks())
  end)

  it("sends on what proxies have added", function()
    local hook, app = scene.answering { peer.answer(200) }, scene.answering { peer.answer(202) }
    local made = assert(client.webhooks:create { targetURL = peer.url(hook), events = { "*" } })
    sandbox:send_event "workflow_paused"
    sandbox:settle_deliveries()
    assert(client.webhooks:delete(made.id))
    local finish = start("--json --limit 1 --forward-to 127.0.0.1:" .. app:port())
    local webhook, sent = registered(), hook:requests()[1]
    peer.write_file(folder .. "/body", sent.body)
    local words = { "X-Trace: 1", "x-trace: 2", "X-As-User-Email: a@b.example" }
    for name, value in pairs(sent.headers) do
      if name:find "^x%-" or name == "content-type" then words[#words + 1] = name .. ": " .. value end
    end
    for i, header in ipairs(words) do words[i] = "-H " .. peer.quoted(header) end
    peer.shell(("curl -sS -m 30 %s --data-binary @%s/body %s"):format(table.concat(words, " "), folder,
      webhook.targetURL))
    local out, messages = finish()
    assert.are.equal("", messages)
    assert.are.equal(202, ironclad.json.decode(out).forwarded.status)
    assert.are.equal("1, 2", app:requests()[1].headers["x-trace"])
    assert.is_nil(app:requests()[1].headers["x-as-user-email"])
  end)

  it("shows lines on a terminal until Ctrl-C, and removes its webhook", function()
    local closed = peer.refused_port()
    local triggered = trigger_soon "w1"
    local out, status = command.terminal("listen --events workflow_launched --forward-to " .. closed, given, 100,
      { { "workflow w1", "\3" } })
    assert.are.equal("", triggered:read "*a")
    triggered:close()
    assert.are.equal(0, status, out)
    assert.matches("Listening at http://127%.0%.0%.1:%d+/\n", out)
    assert.matches("The webhook %x+ to http://127%.0%.0%.1:%d+/ is registered for now%.\n", out)
    assert.matches("\n%d%d:%d%d:%d%d  workflow_launched +workflow w1  [^\n]*%-> forward: ", out)
    assert.matches("The webhook %x+ was removed%.\n", out)
    assert.are.equal(0, count_webhooks())
  end)

  it("fits a terminal of 20 columns, and shows no escape of the payload", function()
    local triggered = trigger_soon "w\27[2J1"
    local out = command.terminal("listen --limit 1 --forward-to 1", given, 20)
    assert.are.equal("", triggered:read "*a")
    triggered:close()
    local line = out:match "\n(%d%d:%d%d:%d%d[^\n]*)"
    assert.is_true(#line:gsub("\27%[%d+m", ""):gsub("[\128-\191]", "") <= 20, line)
    assert.is_nil(out:find("\27[2J", 1, true))
  end)

  it("prints tab-separated values in a pipe, and ends quietly when it is closed", function()
    local finish = start("", "| head -n 1")
    registered()
    sandbox:send_event { event = "workflow_launched", payload = { workflowID = "w1" } }
    peer.eventually(function() -- `head` may close the pipe only after the next line has been written
      if count_webhooks() == 0 then return true end
      sandbox:settle_deliveries()
      sandbox:send_event { event = "workflow_launched", payload = { workflowID = "w2" } }
    end)
    local out, messages = finish()
    assert.matches("^%d[^\t\n]+Z\tworkflow_launched\tworkflow w1\t\n$", out)
    assert.are.equal("", messages)
  end)

  it("registers the URL that is given, for the events that are asked for", function()
    local port = peer.free_port()
    local url = ("http://127.0.0.1:%d/through/a/tunnel"):format(port)
    local words = ("--port %d --register %s --events workflow_completed,workflow_paused --limit 1 "):format(port, url)
    local finish = start(words .. "--keep")
    local webhook = registered()
    assert.are.same({ url, "workflow_completed", "workflow_paused" },
      { webhook.targetURL, webhook.events[1], webhook.events[2] })
    sandbox:send_event "workflow_paused"
    assert.matches("\tworkflow_paused\t", (finish()))
    assert.are.equal(1, count_webhooks()) -- --keep

    finish = start(words)
    peer.eventually(function()
      sandbox:send_event "workflow_paused"
      local list = sandbox:settle_deliveries() and sandbox:deliveries()
      return list and list[#list].state == "delivered"
    end)
    assert.matches("\tworkflow_paused\t", (finish()))
    assert.are.equal(1, count_webhooks()) -- it was there before
  end)

  it("works as docs/command.md shows it", function()
    local block
    for _, found in ipairs(guide.blocks "docs/command.md") do
      if found.language == "sh" then block = found.text end
    end
    local listening, triggering = block:match "^ironclad listen (.-) &\nironclad (trigger [^\n]+)\n$"
    local finish = start(listening .. " --limit 1")
    registered()
    assert.are.equal(0, select(3, command.run(triggering, given)))
    assert.matches("\tworkflow_launched\tworkflow 6b0ceb96f4408252d4953ac6\t", (finish()))
  end)

  for words, message in pairs {
    ["--events workflow_lunched"] = 'did you mean "workflow_launched"',
    ["--events ,"] = "%-%-events: expected names",
    ["--forward-to ftp://x"] = "%-%-forward%-to: expected a URL",
    ["--forward-to http://"] = "%-%-forward%-to: expected a URL",
    ["--forward-to 'http://a b/'"] = '%-%-forward%-to: "http://a b/" is not a URL such as',
    ["--forward-to 'a b'"] = '%-%-forward%-to: "http://a b" is not a URL such as',
    ["--forward-to http://user:pw@localhost:9/"] = "%-%-forward%-to: .- must not hold a user name or password",
    ["--forward-to 99999"] = "%-%-forward%-to: .- is not a URL such as",
    ["--forward-to http://app.example.test/"] = "must be https: plain http goes only to this machine\n$",
    ["--register x"] = '%-%-register: expected an https URL, got "x"\n$',
    ["--limit 0"] = "%-%-limit: expected a whole number from 1",
    ["--port x"] = "%-%-port: expected a whole number",
    ["--port 70000"] = "%-%-port: expected a whole number from 0 to 65535",
    ["workflow_launched"] = "%-%-events chooses the events",
    ["--forward 1"] = "did you mean %-%-forward%-to",
  } do
    it("refuses: " .. words, function()
      local out, err, status = command.run("listen " .. words, given)
      assert.are.equal(2, status, err .. out)
      assert.matches(message, err)
      assert.are.equal(0, count_webhooks())
    end)
  end

  it("says that its port is taken", function()
    local _, err, status = command.run("listen --port " .. sandbox.port, given)
    assert.are.equal(1, status)
    assert.matches("%-%-port chooses another port", err)
  end)
end)
