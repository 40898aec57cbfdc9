-- Imports a folder of PDFs into records: lua bulk_import.lua folder
-- Its metadata.csv has a line of names, then a line for each record: externalId, file, type, name, and any properties.
-- It may be killed at any time and run again. What is about to be done is in journal.txt first; a record in doubt,
-- because the answer to its creation never came, is looked up by its property `externalId` before it is created again.

local ironclad = require "ironclad"
local must, folder = ironclad.must, arg[1] or error("usage: lua bulk_import.lua folder", 0)
local support = (arg[0]:match "^(.*/)" or "./") .. "support/"
local csv, journal = dofile(support .. "csv.lua"), dofile(support .. "journal.lua")(folder .. "/journal.txt")
local client = ironclad.from_env { scopes = ironclad.scopes_for { "records:list", "records:get", "records:create",
  "records:get_schema", "records:upload_attachment" } }

local function create(row)
  local properties, own = {}, { file = true, type = true, name = true }
  for name, value in pairs(row) do
    if not own[name] and value ~= "" then properties[name] = value end
  end
  journal:write(row.externalId, "creating")
  return must(client.records:create { type = row.type, name = row.name, properties = properties })
end

local function import(row, step, id)
  local doubtful = { filter = ironclad.filter.Equals("externalId", row.externalId), limit = 1 }
  local record = id and must(client.records:get(id)) or step and client.records:each(doubtful)() or create(row)
  journal:write(row.externalId, "created", record.id)
  if not (record.attachments and record.attachments.signedCopy) then
    must(record:upload_attachment("signedCopy", { attachment = ironclad.file(folder .. "/" .. row.file) }))
  end
  journal:write(row.externalId, "attached", record.id)
  return record.id
end

for row in csv.rows(folder .. "/metadata.csv") do
  local step, id = journal:last(row.externalId)
  print(row.externalId, step == "attached" and id or import(row, step, id))
end
