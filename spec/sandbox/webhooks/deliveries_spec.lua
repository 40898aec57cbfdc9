-- The sandbox posts events to webhooks: requests as they arrive, retries by its clock, and the controls that make
-- deliveries late, repeated, out of order or forged. Tests that start other programs have the tag #shell:
-- ThreadSanitizer does not run them.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"

local must, launch = local_ironclad.must, local_ironclad.launch
local OK, ERROR = peer.answer(200), peer.answer(500)

local sandbox, client, servers, shared, shared_client

-- A key pair takes long to make, so tests without options share a sandbox. Its time passes on request.
local function start(options)
  if options then
    sandbox, client = local_ironclad.start(options)
  else
    if not shared then shared, shared_client = local_ironclad.start { clock = "2026-03-01T09:00:00Z" } end
    sandbox, client = shared, shared_client
  end
  for webhook in client.webhooks:each() do must(client.webhooks:delete(webhook.id)) end
end

before_each(function() servers = {} end)
after_each(function()
  if sandbox == shared then
    sandbox:clear_deliveries()
    sandbox:release_deliveries()
    sandbox:duplicate_deliveries(1)
    sandbox:delay_deliveries(0)
    sandbox:deliveries_at_once(1)
    for _, server in ipairs(servers) do server:stop() end
    sandbox:settle_deliveries() -- of what was being sent
  else
    sandbox:stop()
    for _, server in ipairs(servers) do server:stop() end
  end
end)
teardown(function() shared:stop() end)

local function now() return sandbox:clock().now end

local function serve(options)
  local server = peer.start(options)
  servers[#servers + 1] = server
  return server
end

-- A receiver that gives the nth request the nth answer, and later ones the last.
local function receiver(answers, tls)
  return serve { answers = answers, tls = tls, connections = { { { "read" }, { "answer" } } } }
end

local function listen(server, changes)
  local body = { events = { "*" }, targetURL = peer.url(server) .. "/hook" }
  for name, value in pairs(changes or {}) do body[name] = value end
  return must(client.webhooks:create(body))
end

local function settle() return assert(sandbox:settle_deliveries()) end

local function events_of(server)
  local list = {}
  for i, request in ipairs(server:requests()) do list[i] = ironclad.json.decode(request.body).payload.event end
  return list
end

local function ids_of(server)
  local list = {}
  for i, request in ipairs(server:requests()) do list[i] = request.headers["x-ironclad-webhook-event-id"] end
  return list
end

local function states()
  local list = {}
  for i, delivery in ipairs(sandbox:deliveries()) do list[i] = delivery.state end
  return list
end

-- Sends events a, b and c -> their ids.
local function send_three()
  for _, name in ipairs { "a", "b", "c" } do sandbox:send_event(name) end
  local ids = {}
  for i, delivery in ipairs(sandbox:deliveries()) do ids[i] = delivery.id end
  return ids
end

-- Whether OpenSSL's own program verifies the request's signature with the company's present key.
local function verifies(request, body)
  local signed = ironclad.json.decode(request.headers["x-ironclad-webhook-verification"])
  local folder = peer.temporary_folder()
  peer.write_file(folder .. "/key.pem", must(client.webhooks:get_verification_key()))
  peer.write_file(folder .. "/text",
    request.headers["x-ironclad-webhook-event-id"] .. (body or request.body) .. signed.nonce)
  local decode = "true"
  if signed.encoding == "hex" then
    peer.write_file(folder .. "/signature",
      (signed.signature:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end)))
  else
    peer.write_file(folder .. "/signature.txt", signed.signature)
    decode = "openssl base64 -d -A -in signature.txt -out signature"
  end
  local said = peer.shell(("cd %s && %s && openssl dgst -%s -verify key.pem -signature signature text"):format(
    peer.quoted(folder), decode, (signed.signAlgorithm:lower():gsub("rsa%-", ""))))
  peer.remove_folder(folder)
  return said:find("Verified OK", 1, true) ~= nil
end

describe("an event", function()
  it("is posted to the target as Ironclad posts it #shell", function()
    start()
    local server = receiver { OK }
    local webhook = listen(server, { events = { "workflow_launched" } })
    local workflow = must(launch(client))
    local status = settle()
    assert.are.same({ 1, 0, 0 }, { status.delivered, status.pending, status.failed })
    local requests = server:requests()
    assert.are.equal(1, #requests)
    local request = requests[1]
    assert.are.same({ "POST", "/hook", "application/json" },
      { request.method, request.target, request.headers["content-type"] })
    assert.are.equal(('{"companyID":"%s","payload":{"event":"workflow_launched","templateID":"%s","workflowID":"%s"},'
      .. '"timestamp":"%s","webhookID":"%s"}'):format(webhook.companyId, local_ironclad.NDA, workflow.id, now(),
      webhook.id), request.body)
    assert.is_true(verifies(request))
    assert.is_false(verifies(request, request.body .. " "))
    local delivery = sandbox:deliveries()[1]
    assert.are.same({ "delivered", 1, 200, delivery.id },
      { delivery.state, delivery.attempts, delivery.status, request.headers["x-ironclad-webhook-event-id"] })
  end)

  it("has the fields of the payloads that are known", function()
    start()
    local server = receiver { OK }
    listen(server)
    local workflow = must(launch(client))
    must(workflow:set { counterpartyName = "Other" })
    sandbox:approve { workflow = workflow, role = must(workflow:pending_approvals())[1].role }
    settle()
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
    local server = receiver({ OK }, tls)
    listen(server, { targetURL = peer.url(server, "https") })
    sandbox:send_event "workflow_launched"
    assert.are.equal(1, settle().delivered)
    peer.remove_folder(folder)
  end)

  it("does not go to an https target whose certificate is not trusted #shell", function()
    start()
    local folder = peer.temporary_folder()
    local server = receiver({ OK }, peer.certificate(folder, "receiver"))
    listen(server, { targetURL = peer.url(server, "https") })
    sandbox:send_event "workflow_launched"
    assert.are.equal(1, settle().pending)
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
      local status = settle()
      assert.are.same({ 1, 0 }, { status.not_sent, status.delivered })
      local_ironclad.refused({ 400, "INVALID_PARAM", "targetURL" },
        client.webhooks:create { events = { "*" }, targetURL = (target:gsub("^https", "http")) })
    end)
  end

  it("is not sent when the sandbox is told so", function()
    start { deliver_to = "none" }
    listen(receiver { OK })
    sandbox:send_event "workflow_launched"
    assert.are.equal(1, settle().not_sent)
  end)

  it("is sent to targets of a known kind", function()
    start()
    local fine, why = pcall(require("ironclad.sandbox").start, { deliver_to = "everywhere" })
    assert.is_false(fine)
    assert.is_truthy(tostring(why):find("option 'deliver_to' must be local, any or none, not everywhere", 1, true), why)
  end)

  it("is not held up by a webhook that answers late", function()
    start()
    local slow = serve { connections = { { { "read" }, { "gate" }, { "send", OK } } } }
    local quick = receiver { OK }
    listen(slow)
    listen(quick)
    for _ = 1, 5 do sandbox:send_event "workflow_launched" end
    quick:await(5)
    assert.are.equal(5, #quick:requests())
    assert.is_false(sandbox:delivery_status().settled)
    local status, why = sandbox:settle_deliveries(0.01)
    assert.is_nil(status)
    assert.is_truthy(why:find("not settled after 0.01 seconds", 1, true))
    for _ = 1, 5 do slow:release() end
    assert.are.equal(10, settle().delivered)
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
      local webhook = listen(serve { connections = { script } })
      sandbox:send_event "workflow_launched"
      local status = settle()
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
    assert.are.equal(1, settle().pending)
    assert.is_truthy(sandbox:deliveries()[1].error)
  end)

  it("is sent again with the same id and body, after pauses that double, 10 times within 13.6 hours", function()
    start()
    local server = receiver { ERROR }
    local webhook = listen(server)
    sandbox:send_event "workflow_launched"
    local waited, pauses = 0, {}
    local status = settle()
    while status.next_in do
      pauses[#pauses + 1], waited = status.next_in, waited + status.next_in
      sandbox:advance(status.next_in - 0.5)
      settle()
      assert.are.equal(#pauses, #server:requests())
      sandbox:advance(0.5)
      status = settle()
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
    local server = receiver { ERROR, OK }
    local webhook = listen(server)
    sandbox:send_event "a"
    settle()
    assert.are.equal(1, must(client.webhooks:get(webhook.id)).consecutiveFailureCount)
    sandbox:send_event "b"
    settle()
    webhook = must(client.webhooks:get(webhook.id))
    assert.are.same({ 0, nil }, { webhook.consecutiveFailureCount, webhook.firstConsecutiveFailure })
    sandbox:advance(48)
    assert.are.equal(2, settle().delivered)
    assert.are.same({ "a", "b", "a" }, events_of(server))
  end)

  it("disables the webhook at once after a 410", function()
    start()
    local webhook = listen(receiver { ERROR, peer.answer(410) })
    sandbox:send_event "a"
    settle()
    sandbox:send_event "b"
    settle()
    webhook = must(client.webhooks:get(webhook.id))
    assert.are.same({ "disabledBySystem", "system" }, { webhook.status, webhook.statusLastUpdatedBy })
    assert.are.same({ "dropped", "failed" }, states())
    sandbox:send_event "c"
    assert.are.equal(2, #sandbox:deliveries())
  end)

  it("disables the webhook after 100 failures in a row within more than 7 days", function()
    start()
    local server = receiver { ERROR }
    local webhook = listen(server)
    local began = now()
    for _ = 1, 120 do sandbox:send_event "a" end
    settle()
    webhook = must(client.webhooks:get(webhook.id))
    assert.are.same({ 120, "enabled" }, { webhook.consecutiveFailureCount, webhook.status })
    sandbox:advance(7 * 86400 - 1)
    settle()
    assert.are.equal("enabled", must(client.webhooks:get(webhook.id)).status)
    sandbox:advance(100000)
    settle()
    webhook = must(client.webhooks:get(webhook.id))
    assert.are.same({ "disabledBySystem", began }, { webhook.status, webhook.firstConsecutiveFailure })
    assert.are.equal(120, settle().dropped + settle().failed)
    webhook = must(client.webhooks:update(webhook.id, { status = "enabled" }))
    assert.are.same({ "enabled", 0 }, { webhook.status, webhook.consecutiveFailureCount })
  end)

  it("is not sent again when its webhook is disabled or deleted", function()
    start()
    local server, other = receiver { ERROR }, receiver { ERROR }
    local first, second = listen(server), listen(other)
    sandbox:send_event "a"
    settle()
    must(client.webhooks:update(first.id, { status = "disabled" }))
    must(client.webhooks:delete(second.id))
    assert.are.same({ "dropped", "dropped" }, states())
    sandbox:advance(48)
    settle()
    assert.are.same({ 1, 1 }, { #server:requests(), #other:requests() })
  end)
end)

describe("the controls", function()
  local server
  local function begin(answers)
    start()
    server = receiver(answers or { OK })
    return listen(server)
  end

  it("hold deliveries and release them in order, in reverse, or in a given order", function()
    begin()
    sandbox:hold_deliveries()
    local ids = send_three()
    assert.are.same({ 3, 0 }, { settle().held, #server:requests() })
    assert.are.equal(2, sandbox:release_deliveries { ids = { ids[3], ids[1] } }.released)
    settle()
    assert.are.same({ "c", "a" }, events_of(server))
    sandbox:send_event "d"
    assert.are.equal(2, sandbox:release_deliveries { reverse = true }.released)
    sandbox:send_event "e"
    settle()
    assert.are.same({ "c", "a", "d", "b", "e" }, events_of(server))
    assert.has_error(function() sandbox:release_deliveries { ids = { "no-such-event" } } end)
  end)

  it("delay deliveries by the sandbox's clock", function()
    begin()
    sandbox:delay_deliveries(3600)
    send_three()
    assert.are.same({ 3, 3600, 0 }, { settle().pending, settle().next_in, #server:requests() })
    sandbox:advance(3600)
    assert.are.equal(3, settle().delivered)
    assert.are.same({ "a", "b", "c" }, events_of(server))
  end)

  it("send deliveries twice, and again", function()
    begin()
    sandbox:duplicate_deliveries(2)
    sandbox:send_event "a"
    settle()
    assert.are.same({ "a", "a" }, events_of(server))
    sandbox:duplicate_deliveries(1)
    sandbox:redeliver { id = ids_of(server)[1], times = 3 }
    settle()
    local first = server:requests()[1]
    assert.are.equal(5, #server:requests())
    for _, request in ipairs(server:requests()) do assert.are.same(first.headers, request.headers) end
    assert.has_error(function() sandbox:redeliver "no-such-event" end)
  end)

  it("send deliveries at once", function()
    start()
    server = serve { connections = { { { "read" }, { "gate" }, { "send", OK } } } }
    listen(server)
    sandbox:send_event "a"
    server:await(1)
    sandbox:redeliver { id = sandbox:deliveries()[1].id, at_once = true }
    server:await(2)
    assert.are.equal(2, #server:requests()) -- the first is not answered yet
    sandbox:deliveries_at_once(5)
    send_three()
    server:await(5)
    assert.are.equal(5, #server:requests())
    for _ = 1, 5 do server:release() end
    assert.are.equal(5, settle().delivered)
  end)

  it("replace the key: what waits is signed with the new one #shell", function()
    begin { ERROR, OK }
    sandbox:send_event "a"
    settle()
    assert.is_true(verifies(server:requests()[1]))
    sandbox:rotate_webhook_key()
    sandbox:advance(48)
    settle()
    assert.is_false(verifies(server:requests()[1]))
    assert.is_true(verifies(server:requests()[2]))
  end)

  it("forge deliveries #shell", function()
    local webhook = begin()
    for _, how in ipairs { "key", "signature", "body", "event_id", "nonce" } do
      local sent = sandbox:send_event { event = "workflow_launched", webhook = webhook, forge = how }
      settle()
      local requests = server:requests()
      local request = requests[#requests]
      assert.are.equal(sent.id, request.headers["x-ironclad-webhook-event-id"])
      assert.is_false(verifies(request), how)
      assert.are.equal("table", type(ironclad.json.decode(request.body)), how)
    end
    sandbox:send_event { event = "workflow_launched", webhook = webhook, forge = "unsigned" }
    settle()
    assert.is_nil(server:requests()[6].headers["x-ironclad-webhook-verification"])
  end)

  it("send events of any shape #shell", function()
    local webhook = begin()
    local changed = {
      webhook = webhook, event = "workflow_documents_renamed", payload = { documentKeys = { "draft" } },
    }
    local function send(changes)
      local arguments = {}
      for name, value in pairs(changed) do arguments[name] = value end
      for name, value in pairs(changes) do arguments[name] = value end
      sandbox:send_event(arguments)
      settle()
      local requests = server:requests()
      return requests[#requests]
    end
    local payload = ironclad.json.decode(send({}).body).payload
    assert.are.same({ documentKeys = { "draft" }, event = "workflow_documents_renamed" }, payload)
    for _, algorithm in ipairs { "sha384", "SHA512", "RSA-SHA256" } do
      for _, encoding in ipairs { "base64", "hex" } do
        local request = send { algorithm = algorithm, encoding = encoding }
        assert.is_true(verifies(request), algorithm .. " " .. encoding)
        assert.are.equal(encoding,
          ironclad.json.decode(request.headers["x-ironclad-webhook-verification"]).encoding)
      end
    end
    local compact, pretty = send {}, send { pretty = true }
    assert.is_truthy(pretty.body:find "\n")
    assert.are.same(ironclad.json.decode(compact.body), ironclad.json.decode(pretty.body))
    assert.is_true(verifies(pretty, (pretty.body:gsub("[\n\t ]", ""))))
    assert.are.equal("what?", send({ body = "what?" }).body)
    assert.are.equal("another id", send({ id = "another id" }).headers["x-ironclad-webhook-event-id"])
    assert.is_truthy(send({ companyID = "5f00" }).body:find('"companyID":"5f00"', 1, true))
  end)

  it("refuse what cannot be sent", function()
    local webhook = begin()
    for message, arguments in pairs {
      ["there is no webhook 'x'"] = { event = "a", webhook = "x" },
      ["needs a 'webhook'"] = { event = "a", forge = "key" },
      ["'id' must be text for a header"] = { event = "a", webhook = webhook, id = "a\r\nb: c" },
      ["'algorithm' must be"] = { event = "a", webhook = webhook, algorithm = "md5" },
      ["key, signature, body"] = { event = "a", webhook = webhook, forge = "everything" },
      ["did you mean 'payload'"] = { event = "a", payloads = {} },
    } do
      local done, why = pcall(sandbox.send_event, sandbox, arguments)
      assert.is_false(done)
      assert.is_truthy(tostring(why):find(message, 1, true), tostring(why))
    end
    assert.has_error(function() sandbox:duplicate_deliveries(0) end)
    assert.has_error(function() sandbox:deliveries_at_once(1.5) end)
    assert.has_error(function() sandbox:delay_deliveries(-1) end)
    assert.has_error(function() sandbox:settle_deliveries "soon" end)
  end)

  it("forget deliveries, also those that are being sent", function()
    start()
    server = serve { connections = { { { "read" }, { "gate" }, { "send", OK } } } }
    listen(server)
    send_three()
    server:await(1)
    sandbox:clear_deliveries()
    assert.are.same({}, sandbox:deliveries())
    for _ = 1, 3 do server:release() end
    settle()
    assert.are.equal(1, #server:requests())
  end)

  local slow_or_it = os.getenv "IRONCLAD_SPEC_SLOW" and pending or it
  slow_or_it("keep the outbox small", function()
    local webhook = begin()
    sandbox:hold_deliveries()
    for _ = 1, 10001 do sandbox:send_event { event = "a", webhook = webhook } end
    assert.are.same({ 10000, 1 }, { sandbox:delivery_status().held, sandbox:delivery_status().refused })
  end)
end)

describe("a sandbox that stops", function()
  it("does not wait for a receiver that does not answer", function()
    start {}
    local server = serve { connections = { { { "read" }, { "gate" } } } }
    listen(server)
    send_three()
    server:await(1)
    sandbox:stop()
    server:release()
  end)
end)
