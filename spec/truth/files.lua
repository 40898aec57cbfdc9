-- Files of records: attachments, download links, imports, actions, the export.
local ironclad = require "ironclad"

local NOBODY = "00000000-0000-4000-8000-000000000000"
local PDF = "%PDF-1.4\n%%EOF\n"

local function create(t)
  return t:ok("create-a-record", { body = { type = "contract", name = "A contract", properties = {
    agreementDate = { type = "date", value = "2026-01-20T00:00:00Z" },
  } } })
end

local function upload(id, key, metadata)
  return { path = { id, key }, parts = {
    { name = "attachment", filename = "nda.pdf", content_type = "application/pdf", data = PDF },
    metadata and { name = "metadata", data = ironclad.json.encode(metadata) },
  } }
end

local function attachments(t)
  local id = create(t).id
  t:refused("create-an-attachment-on-a-record", 400, upload(id, "signedCopy"))
  t:ok("create-an-attachment-on-a-record", upload(id, "signedCopy", { filename = "nda.pdf" }))
  t:refused("create-an-attachment-on-a-record", 400, upload(id, "signedCopy", { filename = "nda.pdf" }))
  t:refused("create-an-attachment-on-a-record", 400, upload(NOBODY, "signedCopy", { filename = "nda.pdf" }))
  local record = t:ok("retrieve-a-record", { path = { id } })
  assert(record.attachments.signedCopy, "no attachment is shown")
  local bytes = t:ok("retrieve-an-attachment-on-a-record", { path = { id, "signedCopy" } })
  assert(bytes == PDF, "other bytes")
  t:refused("retrieve-an-attachment-on-a-record", 400, { path = { id, "nope" } })
  t:ok("delete-an-attachment-on-a-record", { path = { id, "signedCopy" } })
  t:refused("delete-an-attachment-on-a-record", 404, { path = { id, "signedCopy" } })
end

local function links(t)
  local id = create(t).id
  t:ok("create-an-attachment-on-a-record", upload(id, "signedCopy", { filename = "nda.pdf" }))
  local bare = create(t).id
  local function ask(identifiers, kind)
    return { body = { identifiers = ironclad.array(identifiers), type = kind or "latestSignedCopy" } }
  end
  local job = t:ok("create-attachment-download-urls", ask { id, bare, NOBODY })
  t:refused("create-attachment-download-urls", 400, ask({ id }, "firstDraft"))
  local many = {}
  for i = 1, 101 do many[i] = id end
  t:refused("create-attachment-download-urls", 400, ask(many))
  t:ok("get-attachment-download-urls-status", { path = { job.jobId } })
  t:pass_time(600)
  local done = t:ok("get-attachment-download-urls-status", { path = { job.jobId } })
  assert(done.status == "complete" and #done.succeeded == 1 and #done.failed == 2, "not all is told")
  t:refused("get-attachment-download-urls-status", 404, { path = { NOBODY } })
end

local function importing(t)
  local function import(fields)
    local parts = { { name = "attachment", filename = "old.pdf", content_type = "application/pdf", data = PDF } }
    for name, value in pairs(fields or {}) do parts[#parts + 1] = { name = name, data = value } end
    return { parts = parts }
  end
  local first = t:ok("create-a-smart-import-record", import())
  local into = import { recordType = "contract" }
  into.path = { first.importId }
  t:ok("create-a-smart-import-record-to-import", into)
  t:ok("create-a-smart-import-record", import { newRecordTypeId = "oldOnes", newRecordTypeDisplayName = "Old ones" })
  t:send("create-a-smart-import-record", { parts = { { name = "other", data = "x" } } })
  t:ok("retrieve-import-predictions", { query = { recordId = first.recordId } })
  t:ok("retrieve-import-predictions", { query = { importId = first.importId } })
  t:pass_time(600)
  t:ok("retrieve-import-predictions", { query = { recordId = first.recordId } })
  t:ok("retrieve-import-predictions", { query = { importId = first.importId } })
  t:refused("retrieve-import-predictions", 404, { query = { recordId = NOBODY } })
  t:refused("retrieve-import-predictions", 400)
  t:ok("retrieve-a-record", { path = { first.recordId } })
end

local function actions(t)
  local id = create(t).id
  local function act(kind, properties) return { path = { id }, body = { type = kind, properties = properties } } end
  local function date(value) return { type = "date", value = value } end
  t:refused("run-an-action-on-a-record", 400, act("dance", {}))
  t:ok("run-an-action-on-a-record", act("activate", {
    agreementDate = date "2026-01-01T00:00:00Z", expirationDate = date "2030-01-01T00:00:00Z",
    standard_renewalType = { type = "string", value = "Auto-Renew" },
  }))
  t:ok("run-an-action-on-a-record", act("cancelAutoRenewal"))
  t:ok("run-an-action-on-a-record", act("terminate", {
    standard_terminatedDate = date "2026-05-01",
    standard_terminationEffectiveDate = date "2026-06-01T00:00:00Z",
  }))
  t:ok("retrieve-a-record", { path = { id } })
  t:refused("run-an-action-on-a-record", 404, { path = { NOBODY }, body = { type = "cancelAutoRenewal" } })
end

local function all(t)
  local bytes = t:ok "retrieve-xlsx-export-file-of-all-records"
  assert(bytes:sub(1, 2) == "PK", "no workbook")
  t:ok("retrieve-xlsx-export-file-of-all-records", { query = { types = "contract" } })
  t:refused("retrieve-xlsx-export-file-of-all-records", 400, { query = { filter = "Nope(" } })
end

return function(t)
  for _, scene in ipairs {
    { "attachments", attachments }, { "links", links }, { "importing", importing }, { "actions", actions },
    { "all", all },
  } do
    t:play("files: " .. scene[1], scene[2])
  end
end
