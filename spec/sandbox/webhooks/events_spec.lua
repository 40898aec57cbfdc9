-- The sandbox's webhook events: which ones, their envelope, and signatures that OpenSSL verifies.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"

local must, launch = local_ironclad.must, local_ironclad.launch

local sandbox, client

before_each(function()
  sandbox, client = local_ironclad.start { clock = "2026-03-01T09:00:00Z" } -- time passes on request
  for webhook in client.webhooks:each() do must(client.webhooks:delete(webhook.id)) end
end)
after_each(function() sandbox:stop() end)

local function listen(events, changes)
  local body = { events = events, targetURL = "https://hooks.example/" .. table.concat(events, "-"):gsub("%*", "all") }
  for name, value in pairs(changes or {}) do body[name] = value end
  return must(client.webhooks:create(body))
end

local function told()
  local events = {}
  for i, delivery in ipairs(sandbox:deliveries()) do events[i] = delivery.event end
  sandbox:clear_deliveries()
  return events
end

-- Whether OpenSSL's own program verifies the signature of the text.
local function verifies(key, text, base64)
  local folder = peer.temporary_folder()
  peer.write_file(folder .. "/key.pem", key)
  peer.write_file(folder .. "/text", text)
  peer.write_file(folder .. "/signature.txt", base64)
  local command = "cd %s && openssl base64 -d -A -in signature.txt -out signature && "
    .. "openssl dgst -sha256 -verify key.pem -signature signature text"
  local said = peer.shell(command:format(peer.quoted(folder)) .. " 2>&1")
  peer.remove_folder(folder)
  return said:find("Verified OK", 1, true) ~= nil
end

describe("a delivery", function()
  it("is what Ironclad sends, signed with its key", function()
    local webhook = listen { "workflow_launched" }
    local workflow = must(launch(client))
    local list = sandbox:deliveries()
    assert.are.equal(1, #list)
    local delivery = list[1]
    assert.are.same({ webhook.targetURL, webhook.id, "workflow_launched" },
      { delivery.url, delivery.webhook, delivery.event })
    local body = ironclad.json.decode(delivery.body)
    assert.are.same({ event = "workflow_launched", templateID = local_ironclad.NDA, workflowID = workflow.id },
      body.payload)
    assert.are.same({ webhook.id, webhook.companyId }, { body.webhookID, body.companyID })
    local signed = ironclad.json.decode(delivery.headers["X-Ironclad-Webhook-Verification"])
    assert.are.same({ "sha256", "base64" }, { signed.signAlgorithm, signed.encoding })
    local key = must(client.webhooks:get_verification_key())
    local text = delivery.headers["X-Ironclad-Webhook-Event-Id"] .. delivery.body .. signed.nonce
    assert.is_true(verifies(key, text, signed.signature))
    assert.is_false(verifies(key, text:gsub("launched", "Launched"), signed.signature))
    assert.are.same(list, sandbox:deliveries())
  end)

  it("goes to enabled webhooks that want the event", function()
    local all, some = listen { "*" }, listen { "workflow_paused", "workflow_resumed" }
    listen({ "workflow_paused" }, { status = "disabled" })
    local workflow = must(launch(client))
    local comment = { comment = { message = "wait" } }
    must(client.workflows:pause(workflow.id, comment))
    must(client.webhooks:update(some.id, { status = "disabled" }))
    must(client.workflows:resume(workflow.id, comment))
    local seen = {}
    for i, delivery in ipairs(sandbox:deliveries()) do
      seen[i] = delivery.event .. (delivery.webhook == all.id and " to all" or " to some")
    end
    assert.are.same({
      "workflow_launched to all", "workflow_paused to all", "workflow_paused to some", "workflow_resumed to all",
    }, seen)
    must(client.webhooks:delete(all.id))
    must(client.webhooks:delete(some.id))
    assert.are.equal(4, #sandbox:deliveries())
  end)

  it("is not made for refused requests", function()
    listen { "*" }
    local _, err = client.workflows:pause(local_ironclad.NOBODY, { comment = { message = "x" } })
    assert.is_not_nil(err)
    assert.are.same({}, told())
  end)

  it("covers the whole life of a contract", function()
    listen { "*" }
    local workflow = must(launch(client))
    must(client.workflows:create_comment(workflow.id, { comment = "hello" }))
    assert.are.same({ "workflow_launched", "workflow_comment_added" }, told())
    sandbox:approve(workflow.id)
    assert.are.same({
      "workflow_approval_status_changed", "workflow_step_updated", "workflow_approval_status_changed",
    }, told())
    must(client.workflows:send_signature_request(workflow.id))
    sandbox:sign { workflow = workflow.id, role = "Company Signer", status = "viewed" }
    sandbox:sign { workflow = workflow.id, all = true }
    assert.are.same({
      "workflow_signature_packet_sent", "workflow_signature_packet_signer_first_viewed",
      "workflow_signature_packet_signer_viewed", "workflow_signature_packet_signatures_collected",
      "workflow_signature_packet_signatures_collected", "workflow_signature_packet_fully_signed",
      "workflow_step_updated",
    }, told())
    sandbox:advance(60)
    assert.are.same({ "workflow_step_updated", "workflow_completed" }, told())
  end)

  it("reports a scheduled packet when it is sent", function()
    local workflow = must(launch(client))
    sandbox:approve(workflow.id)
    must(client.workflows:schedule_signature_request(workflow.id, { notifyAt = "2100-01-01T00:00:00Z" }))
    listen { "*" }
    sandbox:clock "2100-01-02"
    assert.are.same({ "workflow_signature_packet_sent" }, told())
  end)

  it("tells of obligations and of contracts whose status changes", function()
    listen { "*" }
    local record = must(client.records:list { pageSize = 1, types = { "mutualNDA" } }).list[1]
    local known = must(client.obligations:list { pageSize = 1 }).list[1]
    local made = must(client.obligations:create {
      name = "Report", obligationTypeKey = { "reporting" }, parentId = record.id, properties = {},
    })
    must(made:set { userFacingObligations_status = "Closed" })
    must(client.obligations:update(known, { name = "Another name" }))
    local list = {}
    for i, delivery in ipairs(sandbox:deliveries()) do list[i] = ironclad.json.decode(delivery.body).payload end
    assert.are.same({
      { event = "obligation_created", obligationID = made.id },
      { event = "obligation_updated", obligationID = made.id },
      { event = "obligation_status_changed", obligationID = made.id },
      { event = "obligation_updated", obligationID = known.id },
    }, list)
    sandbox:clear_deliveries()
    local contract = must(client.records:create {
      type = "mutualNDA", name = "A contract", properties = {},
    })
    must(client.records:run_action(contract, {
      type = "activate", properties = { standard_renewalType = "Evergreen" },
    }))
    local delivery = sandbox:deliveries()[1]
    assert.are.same({ event = "record_contract_status_changed", recordID = contract.id },
      ironclad.json.decode(delivery.body).payload)
  end)
end)
