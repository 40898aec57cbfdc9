-- Designs of a company's own: the sandbox with a fixture file, and what is said of a wrong one.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local sandbox_module = require "ironclad.sandbox"

local must, refused, NDA = local_ironclad.must, local_ironclad.refused, local_ironclad.NDA

-- Starts it with the built-in company after `change` has been at it -> as sandbox.start.
local function start(change)
  local company = ironclad.json.decode(sandbox_module.fixtures())
  local design
  for _, template in ipairs(company.templates) do
    if template.id == NDA then design = template end
  end
  change(design, company)
  local folder = peer.temporary_folder()
  peer.write_file(folder .. "/company.json", ironclad.json.encode(company))
  local sandbox, message = sandbox_module.start {
    tls = false, fixtures = folder .. "/company.json", clock = "2026-03-02T09:00:00Z",
  }
  peer.remove_folder(folder)
  return sandbox, message
end

local function without_contracts(company)
  company.workflows, company.records, company.contracts, company.obligations = nil, nil, nil, nil
end

-- A client, and an NDA in the Sign step.
local function in_sign(sandbox)
  local client = local_ironclad.connect(sandbox)
  local workflow = must(local_ironclad.launch(client))
  if workflow.step == "Review" then sandbox:approve(workflow.id) end
  return client, workflow
end

describe("a design of one's own", function()
  it("of Adobe Sign: an update calls the packet back, a reminder goes to all, no links", function()
    local sandbox = assert(start(function(design)
      design.signing.provider, design.signing.routing = "Adobe Sign", "parallel"
    end))
    local client, workflow = in_sign(sandbox)
    must(client.workflows:send_signature_request(workflow.id))
    must(client.workflows:remind_signer(workflow.id, "Company Signer"))
    refused({ 429, "TOO_MANY_REQUESTS" }, client.workflows:remind_signer(workflow.id, "Counterparty Signer"))
    refused({ 400, "INVALID_STATE" },
      client.workflows:create_recipient_url(workflow.id, { type = "signer", roleName = "Company Signer" }))
    must(client.workflows:update_signer(workflow.id, "Counterparty Signer",
      { reason = "x", assigned = { type = "external", name = "N", email = "n@example.org" } }))
    local status = must(client.workflows:get_sign_status(workflow.id))
    assert.are.same({ "not_sent", "Adobe Sign", "pending" },
      { status.status, status.provider, status.signers[1].status })
    sandbox:stop()
  end)

  it("that nobody approves is to be signed at once; that nobody signs is uploaded", function()
    local sandbox = assert(start(function(design, company)
      design.approvalGroups, design.signing = ironclad.array {}, nil
      without_contracts(company)
    end))
    local client, workflow = in_sign(sandbox)
    assert.are.equal("Sign", workflow.step)
    local status = must(client.workflows:get_sign_status(workflow.id))
    assert.are.same({ "action_required", "None", true },
      { status.status, status.provider, status.requireSignedDocumentUpload })
    must(client.workflows:upload_signed_document(workflow.id,
      { attachment = ironclad.file { data = "x", filename = "signed.pdf" }, fully_signed = true }))
    sandbox:advance(60)
    workflow = must(client.workflows:get(workflow.id))
    assert.are.same({ "Complete", 0 }, { workflow.step, #workflow.recordIds })
    sandbox:stop()
  end)

  it("goes on when those who are left have signed on paper", function()
    local sandbox = assert(start(function() end))
    local client, workflow = in_sign(sandbox)
    must(client.workflows:upload_signed_document(workflow.id, {
      attachment = ironclad.file { data = "x", filename = "signed.pdf" },
      metadata = { signerRoleNames = { "Company Signer" } },
    }))
    must(client.workflows:delete_signer(workflow.id, "Counterparty Signer"))
    assert.are.equal("Archive", must(client.workflows:get(workflow.id)).step)
    sandbox:advance(60)
    local record = must(client.records:get(must(client.workflows:get(workflow.id)).recordIds[1]))
    assert.are.equal(workflow.ironcladId, record.ironcladId)
    sandbox:stop()
  end)

  it("may have contracts that are to be sent in some days", function()
    local sandbox = assert(start(function(_, company)
      without_contracts(company)
      company.workflows = ironclad.array { {
        template = NDA, creator = "jane.doe@example.com", step = "Sign", attributes = { counterpartyName = "Acme" },
        documents = { { attribute = "draft", filename = "a.pdf" } }, signing = { sendInDays = 2, reminderDays = 1 },
      } }
    end))
    local client = local_ironclad.connect(sandbox)
    local workflow = must(client.workflows:list()).list[1]
    assert.are.same({
      notifyAt = "2026-03-04T09:00:00.000Z", reminder = { daysBefore = 1, reminderDate = "2026-03-03T09:00:00.000Z" },
    }, must(client.workflows:get_sign_status(workflow.id)).scheduledSend)
    sandbox:advance(2 * 24 * 3600)
    assert.are.equal("sent", must(client.workflows:get_sign_status(workflow.id)).status)
    sandbox:stop()
  end)
end)

describe("a wrong fixture file", function()
  local function with_workflow(fields)
    return function(_, company)
      local workflow = { template = NDA, creator = "jane.doe@example.com", step = "Sign", attributes = {} }
      for name, value in pairs(fields) do workflow[name] = value end
      without_contracts(company)
      company.workflows = ironclad.array { workflow }
    end
  end

  local function email(fields) return with_workflow { emails = { fields } } end

  local wrong = {
    { "a provider", function(design) design.signing.provider = "Pen" end, "known provider" },
    { "routing", function(design) design.signing.routing = "random" end, "sequential or parallel" },
    { "the type of its records", function(design) design.signing.recordType = "nope" end, "known recordType" },
    { "a signer without a role", function(design) design.signing.signers[1].roleName = nil end, "needs a roleName" },
    { "a signer who is nobody", function(design) design.signing.signers[1].user = "x@example.com" end, "no user 'x" },
    { "signatures", with_workflow { signing = { signed = { "Nobody" } } }, "no signer 'Nobody'" },
    { "an e-mail without text", email { from = "jane.doe@example.com", subject = "x" }, "needs a subject and a body" },
    { "an e-mail from nowhere", email { from = { name = "N" }, subject = "x", body = "y" }, "needs name, email and" },
    { "an e-mail with a document that is not there",
      email { from = "jane.doe@example.com", subject = "x", body = "y", documents = { "a.pdf" } }, "does not have" },
    { "an e-mail with an attachment of no kind",
      email { from = { name = "N", email = "n@example.org", company = "C" }, subject = "x", body = "y",
        attachments = { "a.exe" } }, "needs a filename" },
  }
  for _, case in ipairs(wrong) do
    it("is named: " .. case[1], function()
      local sandbox, message = start(case[2])
      assert.is_nil(sandbox)
      assert.is_truthy(message:find(case[3], 1, true), message)
    end)
  end
end)
