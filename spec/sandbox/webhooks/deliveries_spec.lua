-- The sandbox posts events to webhooks: requests as they arrive, and retries by its clock. Tests that start other
-- programs have the tag #shell: ThreadSanitizer does not run them.
local deliveries = require "spec.support.deliveries"
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"

local must, launch = local_ironclad.must, local_ironclad.launch
local OK, ERROR = peer.answer(200), peer.answer(500)

local sandbox, client

local function start(options) sandbox, client = deliveries.start(options) end

before_each(deliveries.begin)
after_each(deliveries.finish)
teardown(deliveries.stop)

local function now() return sandbox:clock().now end

describe("an event", function()
  it("is posted to the target as Ironclad posts it #shell", function()
    start()
    local server = deliveries.receiver { OK }
    local webhook = deliveries.listen(server, { events = { "workflow_launched" } })
    local workflow = must(launch(client))
    local status = deliveries.settle()
    assert.are.same({ 1, 0, 0 }, { status.delivered, status.pending, status.failed })
    local requests = server:requests()
    assert.are.equal(1, #requests)
    local request = requests[1]
    assert.are.same({ "POST", "/hook", "application/json" },
      { request.method, request.target, request.headers["content-type"] })
    assert.are.equal(('{"companyID":"%s","payload":{"event":"workflow_launched","templateID":"%s","workflowID":"%s"},'
      .. '"timestamp":"%s","webhookID":"%s"}'):format(webhook.companyId, local_ironclad.NDA, workflow.id, now(),
      webhook.id), request.body)
    assert.is_true(deliveries.verifies(request))
    assert.is_false(deliveries.verifies(request, request.body .. " "))
    local delivery = sandbox:deliveries()[1]
    assert.are.same({ "delivered", 1, 200, delivery.id },
      { delivery.state, delivery.attempts, delivery.status, request.headers["x-ironclad-webhook-event-id"] })
  end)

  it("has the fields of the payloads that are known", function()
    start()
    local server = deliveries.receiver { OK }
    deliveries.listen(server)
    local workflow = must(launch(client))
    must(workflow:set { counterpartyName = "Other" })
    sandbox:approve { workflow = workflow, role = must(workflow:pending_approvals())[1].role }
    deliveries.settle()
    local approvals, updates = {}, {}
    for _, request in ipairs(server:requests()) do
      local payload = ironclad.json.decode(request.body).payload
      if payload.event == "workflow_approval_status_changed" then approvals[#approvals + 1] = request.body end
      if payload.event == "workflow_updated" then updates[#updates + 1] = payload end
    end
    assert.are.same({ { event = "workflow_updated", templateID = local_ironclad.NDA, workflowID = workflow.id } },
      updates)
    assert.are.equal(1, #approvals)
    assert.is_truthy(approvals[1]:find('"payload":{"approvalID":"[^"]+","approvalName":"[^"]+","event":'
      .. '"workflow_approval_status_changed","status":"approved","userEmail":"[^"]+@[^"]+","userID":"%x+",'
      .. '"workflowID":"%x+"}'))
  end)

  it("goes to an https target whose certificate is trusted #shell", function()
    local folder = peer.temporary_folder()
    local tls = peer.certificate(folder, "receiver")
    start { deliver_ca_file = tls.cert }
    local server = deliveries.receiver({ OK }, tls)
    deliveries.listen(server, { targetURL = peer.url(server, "https") })
    sandbox:send_event "workflow_launched"
    assert.are.equal(1, deliveries.settle().delivered)
    peer.remove_folder(folder)
  end)

  it("does not go to an https target whose certificate is not trusted #shell", function()
    start()
    local folder = peer.temporary_folder()
    local server = deliveries.receiver({ OK }, peer.certificate(folder, "receiver"))
    deliveries.listen(server, { targetURL = peer.url(server, "https") })
    sandbox:send_event "workflow_launched"
    assert.are.equal(1, deliveries.settle().pending)
    assert.is_truthy(sandbox:deliveries()[1].error:find "certificate")
    peer.remove_folder(folder)
  end)

  for _, target in ipairs { "https://hooks.example/", "https://127.0.0.1.example/", "https://10.0.0.1/",
    "https://localhost.example/", "https://user:127.0.0.1@hooks.example/", "https://127.0.0.1@hooks.example/",
    "https://[::2]/" } do
    it("is never sent to " .. target, function()
      start()
      must(client.webhooks:create { events = { "*" }, targetURL = target })
      sandbox:send_event "workflow_launched"
      local status = deliveries.settle()
      assert.are.same({ 1, 0 }, { status.not_sent, status.delivered })
      local_ironclad.refused({ 400, "INVALID_PARAM", "targetURL" },
        client.webhooks:create { events = { "*" }, targetURL = (target:gsub("^https", "http")) })
    end)
  end

  it("is not sent when the sandbox is told so", function()
    start { deliver_to = "none" }
    deliveries.listen(deliveries.receiver { OK })
    sandbox:send_event "workflow_launched"
    assert.are.equal(1, deliveries.settle().not_sent)
  end)

  it("is sent to targets of a known kind", function()
    start()
    local fine, why = pcall(require("ironclad.sandbox").start, { deliver_to = "everywhere" })
    assert.is_false(fine)
    assert.is_truthy(tostring(why):find("option 'deliver_to' must be local, any or none, not everywhere", 1, true), why)
  end)

  it("is not held up by a webhook that answers late", function()
    start()
    local slow = deliveries.serve { connections = { { { "read" }, { "gate" }, { "send", OK } } } }
    local quick = deliveries.receiver { OK }
    deliveries.listen(slow)
    deliveries.listen(quick)
    for _ = 1, 5 do sandbox:send_event "workflow_launched" end
    quick:await(5)
    assert.are.equal(5, #quick:requests())
    assert.is_false(sandbox:delivery_status().settled)
    local status, why = sandbox:settle_deliveries(0.01)
    assert.is_nil(status)
    assert.is_truthy(why:find("not settled after 0.01 seconds", 1, true))
    -- What else the process does meanwhile counts, too: here each pause takes 20 seconds.
    local core, run = require "ironclad.core", require "ironclad.calls.run"
    local monotonic, sleep, pauses = core.monotonic, run.sleep, 0
    finally(function() core.monotonic, run.sleep = monotonic, sleep end)
    core.monotonic = function() return 20 * pauses end
    run.sleep = function()
      pauses = pauses + 1
      return true
    end
    assert.is_nil((sandbox:settle_deliveries(30)))
    assert.are.equal(2, pauses)
    core.monotonic, run.sleep = monotonic, sleep
    for _ = 1, 5 do slow:release() end
    assert.are.equal(10, deliveries.settle().delivered)
  end)
end)

describe("a failed delivery", function()
  local failures = {
    ["a 500"] = { { "read" }, { "send", ERROR } },
    ["a 400"] = { { "read" }, { "send", peer.answer(400) } },
    ["a redirect"] = { { "read" }, { "send", peer.answer(302, { "Location: https://hooks.example/" }) } },
    ["a closed connection"] = { { "read" } },
    ["bytes that are no answer"] = { { "read" }, { "send", "what?\r\n\r\n" } },
  }
  for what, script in pairs(failures) do
    it("is one that gets " .. what, function()
      start()
      local webhook = deliveries.listen(deliveries.serve { connections = { script } })
      sandbox:send_event "workflow_launched"
      local status = deliveries.settle()
      assert.are.same({ 1, 48 }, { status.pending, status.next_in })
      webhook = must(client.webhooks:get(webhook.id))
      assert.are.same({ 1, now(), "enabled" },
        { webhook.consecutiveFailureCount, webhook.firstConsecutiveFailure, webhook.status })
    end)
  end

  it("is one that nobody listens for", function()
    start()
    must(client.webhooks:create { events = { "*" }, targetURL = "http://127.0.0.1:" .. peer.refused_port() })
    sandbox:send_event "workflow_launched"
    assert.are.equal(1, deliveries.settle().pending)
    assert.is_truthy(sandbox:deliveries()[1].error)
  end)

  it("is sent again with the same id and body, after pauses that double, 10 times within 13.6 hours", function()
    start()
    local server = deliveries.receiver { ERROR }
    local webhook = deliveries.listen(server)
    sandbox:send_event "workflow_launched"
    local waited, pauses = 0, {}
    local status = deliveries.settle()
    while status.next_in do
      pauses[#pauses + 1], waited = status.next_in, waited + status.next_in
      sandbox:advance(status.next_in - 0.5)
      deliveries.settle()
      assert.are.equal(#pauses, #server:requests())
      sandbox:advance(0.5)
      status = deliveries.settle()
    end
    assert.are.same({ 48, 96, 192, 384, 768, 1536, 3072, 6144, 12288, 24576 }, pauses)
    assert.are.equal("13.6", ("%.1f"):format(waited / 3600))
    assert.are.equal(1, status.failed)
    local first = server:requests()[1]
    for _, request in ipairs(server:requests()) do
      assert.are.same({ first.body, first.headers["x-ironclad-webhook-event-id"] },
        { request.body, request.headers["x-ironclad-webhook-event-id"] })
    end
    assert.are.equal(11, #server:requests())
    assert.are.equal(11, must(client.webhooks:get(webhook.id)).consecutiveFailureCount)
  end)

  it("does not hold up later ones, and a success ends the count of failures", function()
    start()
    local server = deliveries.receiver { ERROR, OK }
    local webhook = deliveries.listen(server)
    sandbox:send_event "a"
    deliveries.settle()
    assert.are.equal(1, must(client.webhooks:get(webhook.id)).consecutiveFailureCount)
    sandbox:send_event "b"
    deliveries.settle()
    webhook = must(client.webhooks:get(webhook.id))
    assert.are.same({ 0, nil }, { webhook.consecutiveFailureCount, webhook.firstConsecutiveFailure })
    sandbox:advance(48)
    assert.are.equal(2, deliveries.settle().delivered)
    assert.are.same({ "a", "b", "a" }, deliveries.events_of(server))
  end)

  it("disables the webhook at once after a 410", function()
    start()
    local webhook = deliveries.listen(deliveries.receiver { ERROR, peer.answer(410) })
    sandbox:send_event "a"
    deliveries.settle()
    sandbox:send_event "b"
    deliveries.settle()
    webhook = must(client.webhooks:get(webhook.id))
    assert.are.same({ "disabledBySystem", "system" }, { webhook.status, webhook.statusLastUpdatedBy })
    assert.are.same({ "dropped", "failed" }, deliveries.states())
    sandbox:send_event "c"
    assert.are.equal(2, #sandbox:deliveries())
  end)

  it("disables the webhook after 100 failures in a row within more than 7 days", function()
    start()
    local server = deliveries.receiver { ERROR }
    local webhook = deliveries.listen(server)
    local began = now()
    for _ = 1, 120 do sandbox:send_event "a" end
    deliveries.settle()
    webhook = must(client.webhooks:get(webhook.id))
    assert.are.same({ 120, "enabled" }, { webhook.consecutiveFailureCount, webhook.status })
    sandbox:advance(7 * 86400 - 1)
    deliveries.settle()
    assert.are.equal("enabled", must(client.webhooks:get(webhook.id)).status)
    sandbox:advance(100000)
    deliveries.settle()
    webhook = must(client.webhooks:get(webhook.id))
    assert.are.same({ "disabledBySystem", began }, { webhook.status, webhook.firstConsecutiveFailure })
    assert.are.equal(120, deliveries.settle().dropped + deliveries.settle().failed)
    webhook = must(client.webhooks:update(webhook.id, { status = "enabled" }))
    assert.are.same({ "enabled", 0 }, { webhook.status, webhook.consecutiveFailureCount })
  end)

  it("is not sent again when its webhook is disabled or deleted", function()
    start()
    local server, other = deliveries.receiver { ERROR }, deliveries.receiver { ERROR }
    local first, second = deliveries.listen(server), deliveries.listen(other)
    sandbox:send_event "a"
    deliveries.settle()
    must(client.webhooks:update(first.id, { status = "disabled" }))
    must(client.webhooks:delete(second.id))
    assert.are.same({ "dropped", "dropped" }, deliveries.states())
    sandbox:advance(48)
    deliveries.settle()
    assert.are.same({ 1, 1 }, { #server:requests(), #other:requests() })
  end)
end)

describe("a sandbox that stops", function()
  it("does not wait for a receiver that does not answer", function()
    start {}
    local server = deliveries.serve { connections = { { { "read" }, { "gate" } } } }
    deliveries.listen(server)
    deliveries.send_three()
    server:await(1)
    sandbox:stop()
    server:release()
  end)
end)
