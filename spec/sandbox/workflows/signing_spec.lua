-- The sandbox's Sign step: the packet and its signers, sent at once or later, withdrawn, signed elsewhere, and what
-- becomes of a contract that all have signed.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"

local CONSULTING, NDA, NOBODY = local_ironclad.CONSULTING, local_ironclad.NDA, "000000000000000000000000"
local COMPANY, COUNTERPARTY = "Company Signer", "Counterparty Signer"
local must, refused = local_ironclad.must, local_ironclad.refused
local approve, in_sign, sent = local_ironclad.approve, local_ironclad.in_sign, local_ironclad.sent
local consulting, signatures = local_ironclad.consulting, local_ironclad.signatures

local sandbox, client

setup(function()
  sandbox, client = local_ironclad.start { clock = "2026-03-02T09:00:00Z", job_seconds = 60 }
end)
teardown(function() sandbox:stop() end)

local function status_of(workflow) return must(client.workflows:get_sign_status(workflow.id)) end

local function last_turn(workflow)
  local turns = must(client.workflows:list_turn_history(workflow.id)).list
  return turns[#turns]
end

local function last_comment(workflow)
  local comments = must(client.workflows:list_comments(workflow.id)).list
  return comments[#comments] and comments[#comments].commentMessage
end

local function upload(workflow, options, data)
  local names = options and options.metadata and options.metadata.signerRoleNames
  local arguments = {
    attachment = ironclad.file { data = data or "%PDF-signed", filename = "signed.pdf" },
    fully_signed = not names or #names == 0,
  }
  for name, value in pairs(options or {}) do arguments[name] = value end
  return client:call("workflow-upload-signed-document", { path = { id = workflow.id }, body = arguments })
end

describe("the sign status", function()
  it("exists in the Sign step only, under either id", function()
    local workflow = must(local_ironclad.launch(client))
    local err = refused({ 400, "INVALID_STATE" }, client.workflows:get_sign_status(workflow.id))
    assert.is_truthy(err.message:find("currently at the Review step", 1, true))
    refused({ 400, "INVALID_STATE" }, client.workflows:get_signers(workflow.id))
    refused({ 404, "NOT_FOUND", "workflowId" }, client.workflows:get_sign_status(NOBODY))
    refused({ 400, "NOT_FOUND", "workflowId" }, client.workflows:get_signers(NOBODY))
    approve(client, workflow, { "legal", "finance" })
    assert.are.same(status_of(workflow), must(client.workflows:get_sign_status(workflow.ironcladId)))
  end)

  it("names the signers of the design, from the company and from the form", function()
    local workflow = in_sign(client, { counterpartyName = "Quill & Co", counterpartyEmail = "sign@quill.example" })
    local status = status_of(workflow)
    assert.are.same({ "not_sent", "sequential", "Ironclad Signature", false },
      { status.status, status.routing, status.provider, status.requireSignedDocumentUpload })
    assert.are.same({
      name = "Jane Doe", email = "jane.doe@example.com", roleName = COMPANY, status = "pending", type = "internal",
      userId = workflow.creator.id, isWetSigned = false, routingOrder = 0,
    }, status.signers[1])
    assert.are.same({
      name = "Quill & Co", email = "sign@quill.example", roleName = COUNTERPARTY, status = "pending",
      type = "external", isWetSigned = false, routingOrder = 1,
    }, status.signers[2])
    assert.are.equal("signer@acme.example", status_of(in_sign(client)).signers[2].email)
    assert.are.equal("parallel", status_of(consulting(client)).routing)
  end)

  it("needs signers", function()
    local workflow = in_sign(client)
    for _, role in ipairs { COMPANY, COUNTERPARTY } do must(client.workflows:delete_signer(workflow.id, role)) end
    assert.are.equal("action_required", status_of(workflow).status)
    refused({ 400, "INVALID_STATE" }, client.workflows:send_signature_request(workflow.id))
  end)
end)

describe("a signature request", function()
  it("goes to the signers in order, or to all at once", function()
    local workflow = in_sign(client)
    local status = must(client.workflows:send_signature_request(workflow.ironcladId))
    assert.are.equal("sent", status.status)
    assert.are.same({ [COMPANY] = "sent", [COUNTERPARTY] = "pending" }, signatures(client, workflow))
    assert.are.equal("counterparty", last_turn(workflow).turnParty)
    refused({ 400, "INVALID_STATE" }, client.workflows:send_signature_request(workflow.id))
    workflow = consulting(client)
    must(client.workflows:send_signature_request(workflow.id))
    assert.are.same({ Consultant = "sent", [COMPANY] = "sent" }, signatures(client, workflow))
  end)

  it("is cancelled for a reason", function()
    local workflow = in_sign(client)
    refused({ 400, "INVALID_STATE" }, client.workflows:cancel_signature_request(workflow.id, { reason = "early" }))
    must(client.workflows:send_signature_request(workflow.id))
    refused({ 400, "INVALID_PARAM", "reason" }, client.workflows:cancel_signature_request(workflow.id, { reason = "" }))
    refused({ 400, "MISSING_PARAM", "reason" }, client:request("POST",
      "/public/api/v1/workflows/" .. workflow.id .. "/sign-status/cancel-signature-request", { body = {} }))
    local status = must(client.workflows:cancel_signature_request(workflow.id, { reason = "wrong draft" }))
    assert.are.same({ "not_sent", "pending" }, { status.status, status.signers[1].status })
    assert.are.same({ "wrong draft", "internal" }, { last_comment(workflow), last_turn(workflow).turnParty })
    must(client.workflows:send_signature_request(workflow.id))
  end)

  it("ends with a revert and with the workflow", function()
    local workflow = sent(client)
    must(client.workflows:revert_to_review(workflow.id))
    refused({ 400, "INVALID_STATE" }, client.workflows:get_sign_status(workflow.id))
    assert.are.equal("internal", last_turn(workflow).turnParty)
    approve(client, workflow, { "legal", "finance" })
    assert.are.equal("not_sent", status_of(workflow).status)
    workflow = sent(client)
    must(client.workflows:cancel(workflow.id, { comment = "no" }))
    refused({ 400, "INVALID_STATE" }, client.workflows:cancel_signature_request(workflow.id, { reason = "x" }))
    assert.are.same({ [COMPANY] = "pending", [COUNTERPARTY] = "pending" }, signatures(client, workflow))
  end)

  -- Every operation of the step, with valid arguments.
  local external = { type = "external", name = "N", email = "n@example.org" }
  local calls = {
    send_signature_request = {}, cancel_signature_request = { { reason = "x" } },
    schedule_signature_request = { { notifyAt = "2030-01-01T00:00:00Z" } },
    update_scheduled_signature_request = { { notifyAt = "2030-01-01T00:00:00Z" } },
    delete_scheduled_signature_request = {}, update_signer = { COMPANY, { reason = "x", assigned = external } },
    delete_signer = { COMPANY }, remind_signer = { COMPANY },
    create_recipient_url = { { type = "signer", roleName = COMPANY } },
    create_embeddable_recipient_url = { { type = "signer", roleName = COMPANY, frameAncestor = "example.com" } },
  }
  for name, arguments in pairs(calls) do
    it("refuses " .. name .. " in another step, and where there is no workflow", function()
      local method = client.workflows[name]
      local unpack = table.unpack or unpack -- luacheck: ignore
      local workflow = must(local_ironclad.launch(client))
      local err = refused({ 400, "INVALID_STATE" }, method(client.workflows, workflow.id, unpack(arguments)))
      assert.is_truthy(err.message:find("Workflow must be on Sign Step.", 1, true))
      refused({ 404, "NOT_FOUND", "workflowId" }, method(client.workflows, NOBODY, unpack(arguments)))
    end)
  end
end)

describe("a scheduled signature request", function()
  local function schedule(workflow, arguments)
    return client.workflows:schedule_signature_request(workflow.id, arguments)
  end

  it("can be changed and deleted", function()
    local workflow = in_sign(client)
    local status = must(schedule(workflow, { notifyAt = "2027-01-10T12:00:00+02:00", reminder = { daysBefore = 3 } }))
    assert.are.same({ "not_sent", {
      notifyAt = "2027-01-10T10:00:00.000Z", reminder = { daysBefore = 3, reminderDate = "2027-01-07T10:00:00.000Z" },
    } }, { status.status, status.scheduledSend })
    refused({ 400, "INVALID_STATE" }, schedule(workflow, { notifyAt = "2027-02-01T00:00:00Z" }))
    local function update(arguments)
      return client.workflows:update_scheduled_signature_request(workflow.id, arguments)
    end
    refused({ 400, "MISSING_PARAM", "notifyAt" }, update {})
    assert.are.equal("2027-02-01T00:00:00.000Z", must(update { notifyAt = "2027-02-01" }).scheduledSend.notifyAt)
    assert.are.equal(7, must(update { reminder = { daysBefore = 7 } }).scheduledSend.reminder.daysBefore)
    assert.are.same({ notifyAt = "2027-02-01T00:00:00.000Z" }, must(update { reminder = ironclad.null }).scheduledSend)
    assert.is_nil(must(client.workflows:delete_scheduled_signature_request(workflow.id)).scheduledSend)
    refused({ 400, "INVALID_STATE" }, client.workflows:delete_scheduled_signature_request(workflow.id))
    refused({ 400, "INVALID_STATE" }, update { notifyAt = "2027-02-01" })
  end)

  it("is sent at its time", function()
    local workflow = in_sign(client)
    local tomorrow = "2026-03-31T09:00:00Z"
    must(schedule(workflow, { notifyAt = tomorrow }))
    sandbox:advance(24 * 3600)
    assert.are.equal("not_sent", status_of(workflow).status)
    sandbox:advance(28 * 24 * 3600)
    local status = status_of(workflow)
    assert.are.same({ "sent", "sent" }, { status.status, status.signers[1].status })
    assert.is_nil(status.scheduledSend)
    assert.are.equal("2026-03-31T09:00:00.000Z", last_turn(workflow).turnStartTime)
    assert.are.equal("2026-03-31T09:00:00.000Z", must(client.workflows:get(workflow.id)).lastUpdated)
    refused({ 400, "INVALID_STATE" }, schedule(workflow, { notifyAt = "2030-01-01" }))
  end)

  local wrong = {
    { "no time", { notifyAt = "soon" }, "notifyAt" },
    { "the past", { notifyAt = "2020-01-01T00:00:00Z" }, "notifyAt" },
    { "eight days", { notifyAt = "2030-01-01", reminder = { daysBefore = 8 } }, "reminder.daysBefore" },
    { "no days", { notifyAt = "2030-01-01", reminder = { daysBefore = 0 } }, "reminder.daysBefore" },
    { "half a day", { notifyAt = "2030-01-01", reminder = { daysBefore = 1.5 } }, "reminder.daysBefore" },
    { "a reminder of nothing", { notifyAt = "2030-01-01", reminder = { days = 1 } }, "reminder.daysBefore" },
  }
  for _, case in ipairs(wrong) do
    it("refuses " .. case[1], function()
      local workflow = in_sign(client)
      refused({ 400, "INVALID_PARAM", case[3] }, schedule(workflow, case[2]))
      assert.is_nil(status_of(workflow).scheduledSend)
    end)
  end
end)

describe("signers", function()
  local function update(workflow, role, assigned, reason)
    return client.workflows:update_signer(workflow.id, role, { reason = reason or "holidays", assigned = assigned })
  end

  it("are replaced, by people of the company or others", function()
    local workflow = sent(client)
    local omar = must(client.workflows:list_participants(workflow.id, { email = "omar.haddad@example.com" })).list[1]
    local signer = must(update(workflow, COMPANY, { type = "internal", userId = omar.userId }))
    assert.are.same({ "Omar Haddad", "omar.haddad@example.com", "internal", omar.userId, "sent" },
      { signer.name, signer.email, signer.type, signer.userId, signer.status })
    assert.are.equal("holidays", last_comment(workflow))
    signer = must(update(workflow, COUNTERPARTY, { type = "external", name = "Ann", email = "ann@acme.example" }))
    assert.are.same({ "Ann", "ann@acme.example", "external", "pending" },
      { signer.name, signer.email, signer.type, signer.status })
    assert.are.equal("sent", status_of(workflow).status)
  end)

  it("cannot be replaced by nobody", function()
    local workflow = in_sign(client)
    local wrong = {
      { { 400, "INVALID_PARAM", "assigned.type" }, COMPANY, { type = "robot" } },
      { { 400, "MISSING_PARAM", "assigned.userId" }, COMPANY, { type = "internal" } },
      { { 400, "INVALID_PARAM", "assigned.userId" }, COMPANY, { type = "internal", userId = NOBODY } },
      { { 400, "MISSING_PARAM", "assigned.email" }, COMPANY, { type = "external", name = "N" } },
      { { 400, "MISSING_PARAM", "assigned.name" }, COMPANY, { type = "external", email = "n@example.org" } },
      { { 400, "INVALID_PARAM", "assigned.email" }, COMPANY, { type = "external", name = "N", email = "n" } },
      { { 404, "NOT_FOUND", "signerRoleName" }, "Nobody", { type = "external", name = "N", email = "n@example.org" } },
    }
    for _, case in ipairs(wrong) do refused(case[1], update(workflow, case[2], case[3])) end
    refused({ 400, "INVALID_PARAM", "reason" },
      update(workflow, COMPANY, { type = "external", name = "N", email = "n@example.org" }, ""))
    assert.is_nil(last_comment(workflow))
    assert.are.equal("Jane Doe", status_of(workflow).signers[1].name)
    must(upload(workflow, { metadata = { signerRoleNames = { COMPANY } } }))
    refused({ 400, "INVALID_STATE" },
      update(workflow, COMPANY, { type = "external", name = "N", email = "n@example.org" }))
  end)

  it("are removed, which withdraws the packet", function()
    local workflow = sent(client)
    assert.is_true(must(client.workflows:delete_signer(workflow.id, COUNTERPARTY)))
    local status = status_of(workflow)
    assert.are.same({ "not_sent", 1, "pending" }, { status.status, #status.signers, status.signers[1].status })
    refused({ 404, "NOT_FOUND", "signerRoleName" }, client.workflows:delete_signer(workflow.id, COUNTERPARTY))
  end)

  it("are reminded once an hour, when it is their turn", function()
    local workflow = in_sign(client)
    refused({ 400, "INVALID_STATE" }, client.workflows:remind_signer(workflow.id, COMPANY))
    must(client.workflows:send_signature_request(workflow.id))
    assert.is_true(must(client.workflows:remind_signer(workflow.id, COMPANY)))
    refused({ 400, "INVALID_STATE" }, client.workflows:remind_signer(workflow.id, COUNTERPARTY))
    refused({ 404, "NOT_FOUND", "signerRoleName" }, client.workflows:remind_signer(workflow.id, "Nobody"))
    sandbox:advance(3599)
    refused({ 429, "TOO_MANY_REQUESTS" }, client.workflows:remind_signer(workflow.id, COMPANY))
    sandbox:advance(1)
    must(client.workflows:remind_signer(workflow.id, COMPANY))
  end)
end)

describe("the sign control", function()
  it("signs in order, and the contract becomes a record", function()
    local workflow = sent(client, { counterpartyName = "Zoë (Ltd)" })
    assert.has_error(function() sandbox:sign { workflow = workflow, role = COUNTERPARTY } end,
      "sandbox: sign: Counterparty Signer: it is not this signer's turn")
    assert.are.same({ step = "Sign", signers = { COMPANY } }, sandbox:sign { workflow = workflow.id, role = COMPANY })
    assert.are.same({ [COMPANY] = "signed", [COUNTERPARTY] = "sent" }, signatures(client, workflow))
    sandbox:sign { workflow = workflow.ironcladId, role = COUNTERPARTY, status = "viewed" }
    assert.are.equal("viewed", signatures(client, workflow)[COUNTERPARTY])
    assert.are.equal("Archive", sandbox:sign({ workflow = workflow, role = COUNTERPARTY }).step)
    assert.are.same({ "internal", "signed" }, { last_turn(workflow).turnParty, last_turn(workflow).turnLocation })
    sandbox:advance(60)
    local now = must(client.workflows:get(workflow.id))
    assert.are.same({ "Complete", "completed" }, { now.step, now.status })
    local signed = must(client.records:download_attachment(now.recordIds[1], "signedCopy"))
    assert.is_truthy(signed:find "^%%PDF")
    assert.is_truthy(signed:find("by Jane Doe, Zo? \\(Ltd\\)", 1, true))
  end)

  it("sign all at once", function()
    local workflow = sent(client)
    local done = sandbox:sign { workflow = workflow, all = true }
    assert.are.same({ step = "Archive", signers = { COMPANY, COUNTERPARTY } }, done)
    workflow = consulting(client)
    must(client.workflows:send_signature_request(workflow.id))
    assert.are.equal("Archive", sandbox:sign({ workflow = workflow, all = true }).step)
    sandbox:advance(60)
    local record = must(client.records:get(must(client.workflows:get(workflow.id)).recordIds[1]))
    assert.are.equal("consultingAgreement", record.type)
  end)

  it("do not always", function()
    local workflow = in_sign(client)
    local function try(arguments)
      for name, value in pairs { workflow = workflow.id } do arguments[name] = arguments[name] or value end
      local _, message = pcall(sandbox.sign, sandbox, arguments)
      return message
    end
    assert.is_truthy(try({ role = COMPANY }):find "not been sent")
    must(client.workflows:send_signature_request(workflow.id))
    assert.is_truthy(try({ role = "Nobody" }):find "no signer has the role 'Nobody'")
    assert.is_truthy(try({}):find "either role or all")
    assert.is_truthy(try({ role = COMPANY, all = true }):find "either role or all")
    assert.is_truthy(try({ role = COMPANY, status = "asleep" }):find "asleep")
    assert.is_truthy(try({ workflow = NOBODY, all = true }):find "no workflow")
    sandbox:sign { workflow = workflow, role = COMPANY, status = "declined" }
    assert.is_truthy(try({ all = true }):find "has declined")
    must(client.workflows:cancel_signature_request(workflow.id, { reason = "again" }))
    must(client.workflows:send_signature_request(workflow.id))
    sandbox:sign { workflow = workflow, all = true }
    assert.is_truthy(try({ all = true }):find "active in the Archive step, not active in Sign")
  end)
end)

describe("a signed document", function()
  it("without signers' names is signed by all", function()
    local workflow = in_sign(client, { contractValue = { currency = "EUR", amount = 7 }, localParentRecord = "IC-8" })
    local answer = must(upload(workflow))
    assert.are.same({ workflow.id, workflow.title, "signed.pdf" },
      { answer.workflowId, answer.title, answer.signed.filename })
    assert.is_nil(answer.signers)
    local now = must(client.workflows:get(workflow.id))
    assert.are.same({ "Archive", "active", "completed" }, { now.step, now.status, now.signatures.state })
    assert.is_nil(now.recordIds)
    sandbox:advance(60)
    now = must(client.workflows:get(workflow.id))
    assert.are.same({ "Complete", "completed", true, 1 }, { now.step, now.status, now.isComplete, #now.recordIds })
    local record = must(client.records:get(now.recordIds[1]))
    assert.are.same({ "mutualNDA", workflow.title, "workflow", workflow.id },
      { record.type, record.name, record.source.type, record.source.workflowId })
    assert.are.equal("Acme", record.properties.counterpartyName.value)
    assert.are.same({ currency = "EUR", amount = 7 }, record.properties.contractValue.value)
    assert.are.equal(must(client.records:get "IC-8").id, record.parentId)
    assert.are.equal("%PDF-signed", must(client.records:download_attachment(record.id, "signedCopy")))
    assert.are.equal("%PDF-signed", must(client.workflows:download_document(workflow.id, answer.signed.key)))
    assert.is_nil(last_turn(workflow))
    refused({ 422, "INVALID_STATE" },
      client.workflows:update_role_assignment(workflow.id, "Legal", { userId = workflow.creator.id }))
    refused({ 400, "INVALID_STATE" }, upload(workflow))
  end)

  it("is not requested from a user who has left", function()
    local user = must(client.scim.users:create {
      userName = "new.signer@example.com", name = { givenName = "New", familyName = "Signer" },
    })
    local workflow = sent(client)
    must(client.workflows:update_signer(workflow.id, COMPANY,
      { reason = "new", assigned = { type = "internal", userId = user.id } }))
    must(client.scim.users:delete(user.id))
    local signer = status_of(workflow).signers[1]
    assert.are.same({ "internal", "sent" }, { signer.type, signer.status })
    assert.are_not.equal(user.id, signer.userId)
  end)

  it("may lack some signatures", function()
    local workflow = sent(client)
    local answer = must(upload(workflow, { metadata = { signerRoleNames = { COMPANY } } }))
    assert.are.same({ "signed", "sent" },
      { answer.signers[1].signatureStatus.status, answer.signers[2].signatureStatus.status })
    assert.are.equal(1, answer.partiallySigned.versionNumber)
    local signer = status_of(workflow).signers[1]
    assert.are.same({ "signed", true, -1 }, { signer.status, signer.isWetSigned, signer.routingOrder })
    local documents = must(client.workflows:get_documents(workflow.id))
    assert.are.equal(answer.partiallySigned.key, documents.excludedFromSignaturePacketDocuments[1].key)
    local again = must(upload(workflow, { metadata = { signerRoleNames = { COUNTERPARTY } } }, "%PDF-both"))
    assert.are.same({ answer.partiallySigned.key, 2 }, { again.signed.key, again.signed.versionNumber })
    sandbox:advance(60)
    local record = must(client.workflows:get(workflow.id)).recordIds[1]
    assert.are.equal("%PDF-both", must(client.records:download_attachment(record, "signedCopy")))
  end)

  it("with an empty list of names is signed by all", function()
    local workflow = in_sign(client)
    assert.is_table(must(upload(workflow, { metadata = { signerRoleNames = ironclad.array {} } })).signed)
  end)

  it("is refused otherwise", function()
    local workflow = in_sign(client)
    refused({ 400, "INVALID_PARAM" }, upload(workflow, { metadata = { signerRoleNames = { "Nobody" } } }))
    refused({ 400, "INVALID_PARAM", "metadata" }, upload(workflow, { metadata = { signerRoleNames = "x" } }))
    refused({ 400, "INVALID_PARAM", "attachments" },
      upload(workflow, { attachment = ironclad.file { data = "x", filename = "x.exe" } }))
    refused({ 404, "NOT_FOUND", "workflowId" }, upload { id = workflow.ironcladId })
    refused({ 400, "INVALID_STATE" }, upload(must(local_ironclad.launch(client))))
    assert.are.equal("not_sent", status_of(workflow).status)
  end)
end)

describe("the signature packet", function()
  local function update(workflow, keys)
    return client.workflows:update_signature_packet(workflow.id, { signaturePacketDocumentKeys = ironclad.array(keys) })
  end

  -- An NDA in Review with two drafts and a supporting document -> the workflow, and their keys.
  local function with_documents()
    local draft = { local_ironclad.draft("a", "a.pdf")[1], local_ironclad.draft("b", "b.docx")[1] }
    local supporting = local_ironclad.draft()[1]
    local workflow = must(local_ironclad.launch(client, { draft = draft, supportingDocument = supporting }))
    local attributes = workflow.attributes
    return workflow, attributes.draft[1].key, attributes.draft[2].key, attributes.supportingDocument.key
  end

  local function keys_of(list)
    local keys = {}
    for i, document in ipairs(list) do keys[i] = document.key end
    return keys
  end

  it("can be reordered, with documents added and removed", function()
    local workflow, a, b, supporting = with_documents()
    local answer = must(update(workflow, { supporting, b }))
    assert.are.same({ supporting, b }, keys_of(answer.signaturePacketDocuments))
    assert.are.same({ a }, keys_of(answer.excludedFromSignaturePacketDocuments))
    assert.are.same(answer, must(client.workflows:get_documents(workflow.id)))
    assert.are.equal(a, must(client.workflows:get(workflow.id)).attributes.draft[1].key)
  end)

  it("is refused otherwise", function()
    local workflow, a = with_documents()
    for _, keys in ipairs { {}, { "nope" }, { a, a }, { 1 } } do
      refused({ 400, "INVALID_PARAM", "signaturePacketDocumentKeys" }, update(workflow, keys))
    end
    refused({ 404, "NOT_FOUND", "workflowId" }, update({ id = NOBODY }, { a }))
    refused({ 400, "INVALID_STATE" }, update(approve(client, workflow, { "legal", "finance" }), { a }))
  end)
end)

describe("the contracts of the fixtures", function()
  it("are in the steps that the fixtures say", function()
    local found
    for workflow in client.workflows:each { status = { "active", "completed" } } do
      local review = workflow.step == "Review"
      local _, err = client.workflows:get_signers(workflow.id)
      assert.are.equal(review, err ~= nil)
      if workflow.template == NDA and workflow.step == "Complete" then
        for _, state in pairs(signatures(client, workflow)) do assert.are.equal("signed", state) end
      elseif workflow.template == CONSULTING and workflow.step == "Sign" and not found then
        found = workflow.attributes.counterpartyName == "Boba Fett" and workflow
      end
    end
    assert.is_table(found)
  end)
end)
