-- What the live service answered, where Ironclad's documents say something else or nothing: each row is an answer, a
-- field in it, and what the field was. Recorded in July 2026 from one company by another connector's authors. Fields
-- that are a setting of that company are not here.
local ironclad = require "ironclad"
local witness = require "spec.support.witness"

local NDA, CONSULTING = "5f595f76c4fc9b3571413c3a", "600b296c3e15a234ab88f884"

-- What a field can be besides a value.
local ABSENT, EMPTY = "(absent)", "(empty)"
local function A(type_name) return { type_name = type_name } end

local LIVE = {
  { "sign-status", "routing", "sequential" },
  { "sign-status", "signers.1.routingOrder", 0 },
  { "sign-status", "signers.2.routingOrder", 1 },
  { "sign-status", "signers.1.delegates", ABSENT },
  { "send-signature-request", "signers.1.routingOrder", 0 },
  { "send-signature-request", "signers.1.delegates", ABSENT },
  { "signatures", "routing", "sequential" },
  { "signatures", "signers.1.routingOrder", 0 },
  { "signatures", "signers.2.routingOrder", 1 },
  { "signatures", "signers.1.delegates", ABSENT },

  { "workflow", "roles.3.displayName", "Company Signer" },
  { "workflow", "roles.3.id", A "string" },
  { "workflow", "roles.3.assignees.1.email", "jane.doe@example.com" },
  { "workflow", "roles.4.id", "owner" },
  { "workflow", "roles.4.displayName", "Workflow Owner" },
  { "workflow", "roles.4.assignees.1.email", "jane.doe@example.com" },
  { "eligible-assignees of Workflow Owner", "defaultAssignee.email", "jane.doe@example.com" },
  { "eligible-assignees of Workflow Owner", "list.1.userId", A "string" },
  { "owner of a workflow", "roleName", "Workflow Owner" },
  { "workflow of another owner", "roles.4.assignees.1.email", "omar.haddad@example.com" },
  { "workflow of another owner", "creator.email", "jane.doe@example.com" },

  { "workflow", "attributes.readableId", A "string" },
  { "workflow", "attributes.currentTurnParty", "not tracked" },
  { "workflow", "attributes.sentSignaturePacket", ABSENT },
  { "workflow", "attributes.reviewRollbacked", ABSENT },
  { "workflow that was sent", "attributes.currentTurnParty", "counterparty" },
  { "workflow that was sent", "attributes.sentSignaturePacket.1.key", A "string" },
  { "workflow that was sent", "attributes.sentSignaturePacket.1.versionNumber", 1 },
  { "workflow that was sent", "attributes.sentSignaturePacket.1.lastModified.author.type", "system" },
  { "workflow that was sent", "attributes.sentSignaturePacket.1.lastModified.author.displayName", "Ironclad" },
  { "workflow that was reverted", "attributes.reviewRollbacked", true },
  { "workflow that was reverted", "attributes.sentSignaturePacket.1.key", A "string" },

  { "workflow", "schema.signed.displayName", "Signed PDF" },
  { "workflow", "schema.signed.type", "document" },
  { "workflow", "schema.partiallySigned.displayName", "Partially Signed Signature Packet" },
  { "workflow", "schema.sentSignaturePacket.type", "array" },
  { "workflow", "schema.sentSignaturePacket.elementType.type", "document" },
  { "workflow", "schema.reviewRollbacked.type", "boolean" },
  { "workflow", "schema.reviewRollbacked.displayName", "Returned to Review Step?" },
  { "workflow", "schema.launchType.displayName", "Workflow Launch Type" },
  { "workflow", "schema.draft.readOnly", A "boolean" },
  { "workflow", "schema.draft.elementType.readOnly", A "boolean" },
  { "workflow", "schema.draft.propertyKey", ABSENT },
  { "workflow", "schema.supportingDocument.propertyKey", ABSENT },
  { "workflow", "schema.localParentRecord.propertyKey", ABSENT },
  { "workflow", "schema.localParentRecord.schema", EMPTY },
  { "workflow", "schema.counterpartyName.propertyKey", "counterpartyName" },
  { "consulting workflow", "schema.lineItems.readOnly", A "boolean" },
  { "consulting workflow", "schema.lineItems.propertyKey", "lineItems" },
  { "consulting workflow", "schema.lineItems.elementType.readOnly", A "boolean" },
  { "consulting workflow", "schema.lineItems.elementType.schema.hours.readOnly", A "boolean" },
  { "consulting workflow", "schema.lineItems.elementType.schema.hours.required", ABSENT },
  { "workflow", "recordIds", ABSENT },
  { "workflow", "creator.contactNumber", "" },
  { "workflow", "creator.department", "" },
  { "workflow", "creator.pronoun", "" },
  { "workflow", "creator.profilePhoto.readToken", A "string" },
  { "workflow", "creator.companyProfile", EMPTY },
  { "workflow", "creator.companyProfiles", EMPTY },
  { "workflow", "creator.lastUsageTrack", A "string" },

  { "workflow-schema", "schema.counterpartyName.options.freeTextAllowed", true },
  { "workflow-schema", "schema.counterpartyName.options.values", ABSENT },
  { "workflow-schema", "schema.paperSource.options.freeTextAllowed", false },
  { "workflow-schema", "schema.counterpartyEmail.options", ABSENT },
  { "workflow-schema", "schema.term.default.days", 0 },
  { "workflow-schema", "schema.term.default.months", 24 },
  { "workflow-schema", "schema.localParentRecord.schema.properties.type", "object" },
  { "workflow-schema", "schema.localParentRecord.schema.properties.displayName", "properties" },
  { "workflow-schema", "schema.localParentRecord.schema.properties.schema", EMPTY },
  { "consulting workflow-schema", "schema.lineItems.elementType.schema.description.options.freeTextAllowed", true },

  { "async status", "requestPayload.creator.type", "id" },
  { "async status", "requestPayload.creator.id", A "string" },
  { "approval-requests", "list.1.status", "Approved" },
  { "approval-requests", "list.1.durationSeconds", 60 },
  { "approval-requests", "list.1.netRequestDurationSeconds", 60 },
  { "comment", "isExternal", ABSENT },
  { "turn-history of an untracked workflow", "list", EMPTY },
  { "turn-history of an untracked workflow", "count", 0 },

  { "record made by the API", "contractStatus", ABSENT },
  { "record made by the API", "amendments", ABSENT },
  { "record made by the API", "childIds", EMPTY },
  { "record read again", "contractStatus", ABSENT },
  { "record read again", "amendments", ABSENT },
  { "action without contract data", "code", "NOT_FOUND" },
  { "action without contract data", "message", "no obligations found" },
  { "entity", "namedTypeIds", EMPTY },

  { "records/metadata", "properties.agreementDate.tags.1", "purpose:agreementDate" },
  { "records/metadata", "properties.agreementDate.isAiEnabled", true },
  { "records/metadata", "properties.agreementDate.hasCustomAiConfig", false },
  { "records/metadata", "properties.agreementDate.hasDefaultAiConfig", true },
  { "records/metadata", "properties.additionalNotes.tags", EMPTY },
  { "records/metadata", "properties.additionalNotes.version", 1 },
  { "records/metadata", "properties.additionalNotes.isAiEnabled", ABSENT },
  { "records/metadata", "repositoryId", "00000000-0000-0000-0000-000000000000" },
  { "records/metadata", "recordTypes.contract.description", ironclad.null },

  { "records/export of properties=name", "content-disposition",
    'attachment; filename="2026-03-02-records-export.xlsx"' },
}

local function launch(t, template, attributes)
  local data = { template = template, attributes = attributes }
  return t:ok("launch-a-new-workflow", { parts = {
    { name = "data", data = ironclad.json.encode(data) },
    { name = "draft", filename = "draft.pdf", content_type = "application/pdf", data = "%PDF-1.4\n" },
  } }).id
end

local function ask_workflows(t, answers)
  local id = launch(t, NDA, { counterpartyName = "Acme", draft = { { file = "draft" } } })
  local path = { path = { id } }
  answers["workflow"] = t:ok("retrieve-a-workflow", path)
  answers["turn-history of an untracked workflow"] = t:ok("turn-history", path)
  answers["comment"] = t:ok("create-a-comment-on-a-workflow", { path = { id }, body = { comment = "Hello" } })
  local role = { path = { id, "Workflow Owner" } }
  local eligible = t:ok("list-workflow-role-eligible-assignees", role)
  answers["eligible-assignees of Workflow Owner"] = eligible
  for _, user in ipairs(eligible.list) do
    if user.email == "omar.haddad@example.com" then role.body = { userId = user.userId } end
  end
  answers["owner of a workflow"] = t:ok("update-workflow-role-assignment", role)
  answers["workflow of another owner"] = t:ok("retrieve-a-workflow", path)
  t:pass_time(60)
  for _, name in ipairs { "legal", "finance" } do
    t:ok("update-workflow-approval", { path = { id, name }, body = { status = "approved",
      user = { type = "email", email = t.sandbox.as_user } } })
  end
  answers["approval-requests"] = t:ok("approval-requests", path)
  answers["sign-status"] = t:ok("get-sign-status", path)
  answers["signatures"] = t:ok("list-all-workflow-signers", path)
  answers["send-signature-request"] = t:ok("send-signature-request", path)
  answers["workflow that was sent"] = t:ok("retrieve-a-workflow", path)
  t:ok("revert-to-review", { path = { id }, body = { comment = { message = "Again" } } })
  answers["workflow that was reverted"] = t:ok("retrieve-a-workflow", path)

  answers["consulting workflow"] = t:ok("retrieve-a-workflow", { path = { launch(t, CONSULTING, {
    counterpartyName = "Acme", scopeOfWork = "x", fee = { currency = "USD", amount = 1 }, startDate = "2026-03-02",
  }) } })
  local form = { form = "launch" }
  answers["workflow-schema"] = t:ok("retrieve-a-workflow-schema", { path = { NDA }, query = form })
  answers["consulting workflow-schema"] = t:ok("retrieve-a-workflow-schema", { path = { CONSULTING }, query = form })
  local job = t:ok("create-a-new-workflow-async", { body = { template = NDA, attributes = {
    counterpartyName = "Acme", draft = { { url = "https://example.com/draft.pdf" } },
  } } })
  answers["async status"] = t:ok("retrieve-asynchronous-workflow-status", { path = { job.asyncJobId } })
end

local function ask_records(t, answers)
  local record = t:ok("create-a-record", { body = { type = "contract", name = "A", properties = {
    additionalNotes = { type = "string", value = "x" },
  } } })
  answers["record made by the API"] = record
  answers["record read again"] = t:ok("retrieve-a-record", { path = { record.id } })
  answers["action without contract data"] = t:refused("run-an-action-on-a-record", 404,
    { path = { record.id }, body = { type = "cancelAutoRenewal" } })
  answers["entity"] = t:ok("retrieve-an-entity", { path = { t:ok("create-an-entity", { body = { name = "A" } }).id } })
  answers["records/metadata"] = t:ok "list-all-records-metadata"
  local _, answer = t:ok("retrieve-xlsx-export-file-of-all-records", { query = { properties = "name" } })
  answers["records/export of properties=name"] = answer.headers
end

local function find(value, path)
  for name in path:gmatch "[^.]+" do
    if type(value) ~= "table" then return nil end
    value = value[tonumber(name) or name]
  end
  return value
end

describe("live answers:", function()
  local answers, t = {}

  setup(function()
    t = witness.start { clock = "2026-03-02T09:00:00Z" }
    t:play("workflows", function() ask_workflows(t, answers) end)
    t:play("records", function() ask_records(t, answers) end)
    t:stop()
  end)

  it("all calls succeed", function()
    local texts = {}
    for i, fault in ipairs(t.faults) do texts[i] = fault.text end
    assert.are.equal("", table.concat(texts, "\n"))
  end)

  for _, row in ipairs(LIVE) do
    it(row[1] .. ": " .. row[2], function()
      assert.is_table(answers[row[1]])
      local value, expected = find(answers[row[1]], row[2]), row[3]
      if expected == ABSENT then
        assert.is_nil(value)
      elseif expected == EMPTY then
        assert.are.same({}, value)
      elseif type(expected) == "table" and expected.type_name then
        assert.are.equal(expected.type_name, type(value))
      else
        assert.are.equal(expected, value)
      end
    end)
  end
end)
