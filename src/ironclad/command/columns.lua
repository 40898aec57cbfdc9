--- The columns that may be asked for (--columns, --csv=…). A name that no row can have is refused before anything is
-- sent.
--
-- The fields of an answer are those of Ironclad's documents. Workflows, records, entities and obligations also have
-- fields of the company's own, whose names are read for a column that is no documented field. A path is checked up to
-- its first dot. Of other answers, such as those of `ironclad api`, nothing is known: ironclad.command.output says at
-- the end which columns no row had.

local catalog = require "ironclad.calls.catalog"
local fail = require "ironclad.command.fail"
local manual = require "ironclad.manual"
local mistake = require "ironclad.base.mistake"
local names = require "ironclad.command.names"
local output = require "ironclad.command.output"

local columns = {}

-- The documented fields of answers that are no kind of resource: operation -> names.
local answers = {}
for labels, fields in pairs {
  ["oauth:company_info"] = "companyDisplayName companyId companyName entitlements",
  ["oauth:userinfo"] = "companyId companyName displayName email firstName id lastName scopes sub title username",
  ["scim.schemas:list scim.schemas:get"] = "attributes description id meta name",
  ["workflows:launch_async"] = "asyncJobId asyncJobStatusUrl",
  ["workflows:get_approvals"] = "approvalGroups roles title workflowId",
  ["workflows:list_approval_requests"] = "actorDetails actorId actorType aggregateDuration approvalType duration "
    .. "endTime role roleName startTime status",
  ["workflows:list_turn_history"] = "turnEndTime turnLocation turnNumber turnParty turnStartTime turnUserEmail "
    .. "turnUserId",
  ["workflows:get_sign_status workflows:send_signature_request workflows:schedule_signature_request "
    .. "workflows:update_scheduled_signature_request workflows:delete_scheduled_signature_request "
    .. "workflows:cancel_signature_request"] = "provider requireSignedDocumentUpload routing scheduledSend signers "
    .. "status",
  ["workflows:update_signer"] = "delegates email isWetSigned name roleName routingOrder status type userId",
  ["workflows:get_signers"] = "signers title workflowId",
  ["workflows:create_recipient_url workflows:create_embeddable_recipient_url"] = "url",
  ["workflows:upload_signed_document"] = "partiallySigned signed signers title workflowId",
  ["workflows:list_participants"] = "email userId",
  ["workflows:update_role_assignment"] = "assignee roleName",
  ["workflows:list_eligible_assignees"] = "displayName email userId",
  ["workflows:create_comment workflows:list_comments workflows:get_comment"] = "addedParticipants author "
    .. "commentMessage id isExternal mentionedUserDetails reactions repliedTo timestamp",
  ["workflows:get_documents workflows:update_signature_packet"] = "excludedFromSignaturePacketDocuments "
    .. "signaturePacketDocuments",
  ["workflows:list_emails workflows:get_email"] = "attachments author body cc emailOpenedTimestamps emailThreadId id "
    .. "recipients subject timestamp type",
  ["workflow_schemas:list workflow_schemas:get"] = "id name permissions schema",
  ["records:create_download_urls"] = "jobId status",
  ["records:get_download_urls"] = "failed jobId status succeeded",
  ["records:get_import_predictions"] = "recordId status",
  ["records:smart_import records:smart_import_into"] = "importId recordId remainingCredits",
  ["records:get_schema"] = "attachments links properties recordTypes",
  -- Those of a relationship type from companyId on are in live answers only.
  ["entities:list_relationship_types"] = "description displayName id name companyId kind typeHash properties",
  ["search:conversational"] = "records result",
} do
  for label in labels:gmatch "%S+" do
    answers[label] = {}
    for name in fields:gmatch "%S+" do table.insert(answers[label], name) end
  end
end
columns.answers = answers

-- The names of a workflow's attributes, from the launch forms of all templates; those of a record's properties, from
-- the company's record schema. They return nil and the error when these cannot be read.
local own_names = {
  workflow = function(client)
    local page, err = client.workflow_schemas:list()
    if not page then return nil, err end
    local known = {}
    for _, schema in ipairs(type(page.list) == "table" and page.list or {}) do
      local fields = type(schema) == "table" and schema.schema
      for name in pairs(type(fields) == "table" and fields or {}) do known[tostring(name)] = true end
    end
    return known
  end,
  record = function(client)
    local schema, err = client.records:get_schema()
    if not schema then return nil, err end
    return type(schema.properties) == "table" and schema.properties or {}
  end,
  -- Ironclad does not say which properties these have.
  entity = function() return nil end,
  obligation = function() return nil end,
}

-- The operation that answers what a helper answers.
local function answering(helper)
  local label = helper.job and helper.job.status or helper.takes or helper.first or helper.resource .. ":list"
  return select(2, catalog.find(label))
end

local function fields_of(kind)
  if not manual.fields[kind] then return nil end
  local list = {}
  for i, field in ipairs(manual.fields[kind]) do list[i] = field[1] end
  return list
end

--- The documented fields of what an operation or a helper answers, or nil.
-- @param entry the operation; nil: a helper
-- @param helper one of ironclad.command.names.helpers
function columns.documented(entry, helper)
  if entry then
    local kind = entry.content and entry.content.kind
    return answers[entry.resource .. ":" .. entry.name] or kind and fields_of(kind)
  end
  if helper.prints then return nil end
  if helper.fields then return helper.fields end
  local kind = helper.answers or helper.kind
  if kind then return fields_of(kind) end
  return columns.documented(answering(helper))
end

-- The columns of a list that are not in a set of names.
local function unknown_in(list, known)
  local unknown = {}
  for _, name in ipairs(list) do
    if not known[name] and not known[name:match "^[^.]*"] then unknown[#unknown + 1] = name end
  end
  return unknown
end

local MOST = 20 -- names listed in one message

local function refuse(name, known)
  local meant = mistake.did_you_mean(name:match "^[^.]*", known)
  if meant == "" then
    meant = #known <= MOST and "; there are " .. table.concat(known, ", ") or "; --json prints everything there is"
  end
  fail.usage("there is no column %q%s", name, meant)
end

--- Refuses a column that rows with these fields do not have.
-- @param options those of the command line; `fields` becomes the set of the fields
-- @param known the names of the fields
function columns.check(options, known)
  local _, list = output.form(options)
  options.fields = mistake.set(known)
  local unknown = unknown_in(list or {}, options.fields)
  if unknown[1] then refuse(unknown[1], known) end
end

--- The same for a kind of resource.
-- @param client what reads the names of the company's own fields
function columns.check_kind(options, kind, client)
  local known = fields_of(kind)
  if not known then return end
  if not own_names[kind] then return columns.check(options, known) end
  local _, list = output.form(options)
  options.fields = mistake.set(known)
  local unknown = unknown_in(list or {}, options.fields)
  if #unknown == 0 or options["dry-run"] then return end
  local own, err = own_names[kind](client)
  if err and err.kind == "cancelled" then fail.cancelled(err) end
  for name in pairs(own or {}) do known[#known + 1] = tostring(name) end
  table.sort(known)
  for _, name in ipairs(unknown_in(unknown, mistake.set(known))) do
    -- Where the own fields are not known, only what looks like a documented field is refused.
    if own or mistake.did_you_mean(name:match "^[^.]*", known) ~= "" then refuse(name, known) end
  end
end

--- The same for the answer of an operation.
function columns.check_entry(options, entry, client)
  if entry.answer ~= "json" and (options.columns or type(options.csv) == "string") then
    fail.usage("%s %s has no answer with columns", names.shown(entry.resource), names.shown(entry.name))
  end
  local kind = entry.content and entry.content.kind
  local known = columns.documented(entry)
  if kind and not answers[entry.resource .. ":" .. entry.name] then return columns.check_kind(options, kind, client) end
  if known then columns.check(options, known) end
end

--- The same for the answer of a helper (ironclad.command.names).
function columns.check_helper(options, helper, client)
  if helper.prints then return end
  if helper.fields then return columns.check(options, helper.fields) end
  local kind = helper.answers or helper.kind
  if kind then return columns.check_kind(options, kind, client) end
  columns.check_entry(options, answering(helper), client)
end

return columns
