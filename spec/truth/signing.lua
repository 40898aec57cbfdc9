-- Signatures: the packet, signers, sending, scheduling, links for recipients, signed copies.
local ironclad = require "ironclad"

local NDA = "5f595f76c4fc9b3571413c3a"
local PDF = "%PDF-1.4\n%%EOF\n"

local function launch(t)
  local data = { template = NDA, attributes = { counterpartyName = "Acme", draft = { { file = "draft" } } } }
  return t:ok("launch-a-new-workflow", { parts = {
    { name = "data", data = ironclad.json.encode(data) },
    { name = "draft", filename = "nda.pdf", content_type = "application/pdf", data = PDF },
  } }).id
end

-- Makes a workflow in Sign -> its id and the role names of its signers.
local function approved(t)
  local id = launch(t)
  for _, role in ipairs { "legal", "finance" } do
    t:ok("update-workflow-approval", { path = { id, role }, body = {
      status = "approved", user = { type = "email", email = t.sandbox.as_user },
    } })
  end
  local names = {}
  for i, signer in ipairs(t:ok("get-sign-status", { path = { id } }).signers) do names[i] = signer.roleName end
  return id, names
end

local function packet(t)
  local id = launch(t)
  local workflow = t:ok("retrieve-a-workflow", { path = { id } })
  local function keys(list) return { path = { id }, body = { signaturePacketDocumentKeys = list } } end
  t:ok("update-workflow-signature-packet", keys { workflow.attributes.draft[1].key })
  t:refused("update-workflow-signature-packet", 400, keys { "nope" })
  t:refused("update-workflow-signature-packet", 404, {
    path = { "IC-99999" }, body = { signaturePacketDocumentKeys = ironclad.array { "x" } },
  })
  t:refused("get-sign-status", 400, { path = { id } }, "INVALID_STATE")
  t:refused("send-signature-request", 400, { path = { id } }, "INVALID_STATE")
  t:send("list-all-workflow-signers", { path = { id } })
end

local function sending(t)
  local id, names = approved(t)
  t:ok("list-all-workflow-signers", { path = { id } })
  t:refused("remind-signer", 400, { path = { id, names[1] } })
  t:ok("send-signature-request", { path = { id } })
  t:refused("send-signature-request", 400, { path = { id } })
  t:ok("get-sign-status", { path = { id } })
  t:ok("list-all-workflow-signers", { path = { id } })
  t:pass_time(3700)
  t:ok("remind-signer", { path = { id, names[1] } })
  t:refused("remind-signer", 429, { path = { id, names[1] } })
  t:ok("retrieve-a-workflow", { path = { id } })
  t:refused("cancel-signature-request", 400, { path = { id }, body = {} })
  t:ok("cancel-signature-request", { path = { id }, body = { reason = "why" } })
  t:refused("cancel-signature-request", 400, { path = { id }, body = { reason = "why" } })
end

local function scheduling(t)
  local id = approved(t)
  local function at(body) return { path = { id }, body = body } end
  t:refused("update-scheduled-signature-request", 400, at { notifyAt = "2031-01-01T00:00:00Z" })
  t:refused("schedule-send-signature-request", 400, at { notifyAt = "tomorrow" })
  t:refused("schedule-send-signature-request", 400, at {
    notifyAt = "2031-01-01T00:00:00Z", reminder = { daysBefore = 8 },
  })
  t:ok("schedule-send-signature-request", at { notifyAt = "2031-01-10T00:00:00Z", reminder = { daysBefore = 2 } })
  t:ok("get-sign-status", { path = { id } })
  t:ok("update-scheduled-signature-request", at { notifyAt = "2031-02-01T00:00:00Z" })
  t:ok("update-scheduled-signature-request", at { reminder = ironclad.null })
  t:ok("delete-scheduled-signature-request", { path = { id } })
  t:refused("delete-scheduled-signature-request", 400, { path = { id } })
end

local function signers(t)
  local id, names = approved(t)
  local function assigned(name, to) return { path = { id, name }, body = { reason = "why", assigned = to } } end
  t:ok("update-signer", assigned(names[1], { type = "external", email = "new@example.org", name = "New Signer" }))
  t:refused("update-signer", 404, assigned("No Such Role", { type = "external", email = "a@b.example", name = "A" }))
  local user = t:ok("oauth-userinfo").id
  t:send("update-signer", assigned(names[#names], { type = "internal", userId = user }))
  t:ok("delete-signer", { path = { id, names[1] } })
  t:refused("delete-signer", 404, { path = { id, "No Such Role" } })
  t:ok("get-sign-status", { path = { id } })
end

local function recipients(t)
  local id, names = approved(t)
  local function signer(changes)
    local body = { type = "signer", roleName = names[1] }
    for name, value in pairs(changes or {}) do body[name] = value end
    return { path = { id }, body = body }
  end
  t:refused("create-recipient-url", 400, signer())
  t:ok("send-signature-request", { path = { id } })
  t:ok("create-recipient-url", signer())
  t:refused("create-recipient-url", 400, signer { type = "guest" })
  t:ok("create-embeddable-recipient-url", signer { frameAncestor = "https://app.example.com" })
  t:refused("create-embeddable-recipient-url", 400, signer { frameAncestor = "https://*.example.com" })
end

local function uploading(t)
  local function upload(id, metadata, part)
    return { path = { id }, parts = {
      { name = part or "attachment", filename = "signed.pdf", content_type = "application/pdf", data = PDF },
      metadata and { name = "metadata", data = ironclad.json.encode(metadata) },
    } }
  end
  local id, names = approved(t)
  t:refused("workflow-upload-signed-document", 400, upload(id, nil, "other"))
  t:ok("workflow-upload-signed-document", upload(id, { signerRoleNames = { names[1] } }))
  t:ok("get-sign-status", { path = { id } })
  t:ok("workflow-upload-signed-document", upload(id))
  local done = t:ok("retrieve-a-workflow", { path = { id } })
  assert(done.step ~= "Sign", "still to be signed")
  t:ok("retrieve-workflow-documents", { path = { id } })
  for _, record in ipairs(done.recordIds or {}) do t:ok("retrieve-a-record", { path = { record } }) end
  t:refused("workflow-upload-signed-document", 404, upload "nope")
  t:pass_time(60)
  t:refused("update-workflow-role-assignment", 422, {
    path = { id, "Legal" }, body = { userId = done.roles[1].assignees[1].userId },
  })
  t:refused("list-all-workflow-signers", 400, { path = { "nope" } })
end

return function(t)
  for _, scene in ipairs {
    { "packet", packet }, { "sending", sending }, { "scheduling", scheduling }, { "signers", signers },
    { "recipients", recipients }, { "uploading", uploading },
  } do
    t:play("signing: " .. scene[1], scene[2])
  end
end
