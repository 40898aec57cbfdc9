-- Imports a folder of PDFs into records: lua bulk_import.lua folder
-- Its metadata.csv has a line of names, then a line for each record: externalId, file, type, name, and any properties
-- of the company's record schema: a number as 12.5, an amount as USD 5000, a date as 2026-01-31, a length of time as
-- P1Y6M, a list as red; green, a clause as its text, a reference as the record's id. It may be killed at any time and
-- run again: each step is written to journal.txt before it is done. When the creation of a record got no answer, the
-- record is looked up by its property `externalId` before it is created again. A row that cannot be imported is
-- reported; the others are imported, and the exit status is 1. Correct the row, and run it again.

local ironclad = require "ironclad"
local folder = arg[1] or error("usage: lua bulk_import.lua folder", 0)
local support = (arg[0]:match "^(.*/)" or "./") .. "support/"
local journal = dofile(support .. "journal.lua")(folder .. "/journal.txt")
local client = ironclad.from_env { scopes = ironclad.scopes_for { "records:list", "records:get", "records:create",
  "records:get_schema", "records:upload_attachment" } }

-- These errors would be the same for every row.
local HOPELESS = { auth = true, permission = true, network = true, tls = true }
-- The digest of a file without bytes.
local EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
-- The columns that are not properties.
local OWN = { file = true, type = true, name = true }

-- Returns the value, or raises the error as a table, so that its kind is kept.
local function try(value, err)
  if err ~= nil then error(err, 0) end
  return value
end

-- The type of a property by the company's record schema, which is read when the first row needs it; or nil.
local schema
local function type_of(name)
  schema = schema or try(client.records:get_schema())
  return schema.properties[name] and schema.properties[name].type
end

-- The value that a function of the module makes of a text, or nil.
local function made(make, ...)
  local fine, value = pcall(make, ...)
  return fine and value or nil
end

-- How the text of a cell is read, by the type of its property, and what is expected there; the others are sent as they
-- are.
local readers = {
  -- json.decode returns a whole number that Lua cannot hold as the text of its digits, which is sent as a number again.
  number = { "a number, as 12.5", function(text)
    local sign, digits, fraction = text:match "^(%-?)0*(%d+)(%.?%d*)$"
    local exact = digits and (fraction == "" or #digits + #fraction <= 16)
    return exact and (ironclad.json.decode(sign .. digits .. fraction)) or nil
  end },
  boolean = { "true or false", function(text) return ({ ["true"] = true, ["false"] = false })[text:lower()] end },
  monetary_amount = { "a currency and an amount, as USD 5000", function(text)
    local currency, amount = text:match "^(%u%u%u) (%-?%d+%.?%d*)$"
    return currency and made(ironclad.money, currency, amount)
  end },
  date = { "a date, as 2026-01-31", function(text) return made(ironclad.date, text) end },
  duration = { "a length of time, as P1Y6M", function(text) return made(ironclad.duration, text) end },
  email = { "an e-mail address", function(text) return text:match "^[^@%s]+@[^@%s]+$" end },
  address = { "an address of up to 4 lines", function(text) return made(ironclad.address, { lines = text }) end },
  array = { "a list, as red; green", function(text)
    local list = ironclad.array {}
    for item in text:gmatch "[^;%s][^;]*" do list[#list + 1] = item:match "^(.-)%s*$" end
    return list[1] and list
  end },
  clause = { "a text", function(text) return { source = "manual", clauseText = text } end },
}

local function properties_of(row)
  local properties = {}
  for name, text in pairs(row) do
    if not OWN[name] and text ~= "" then
      local reader, value = readers[type_of(name) or false], text
      if reader then value = reader[2](text) end
      if value == nil then error(("%s: expected %s, got %s"):format(name, reader[1], text), 0) end
      properties[name] = value
    end
  end
  return properties
end

local function create(row)
  local body = { type = row.type, name = row.name, properties = properties_of(row) }
  journal:write(row.externalId, "creating")
  return try(client.records:create(body))
end

local function find(row)
  local same = ironclad.filter.Equals("externalId", row.externalId)
  return try(client.records:list { filter = same, pageSize = 1 }).list[1]
end

local function import(row)
  local step, id = journal:last(row.externalId)
  if step == "attached" then return id end
  if row.file == "" then error("no file", 0) end
  local path = folder .. "/" .. row.file
  -- Nothing is created without its file.
  if try(ironclad.sha256(ironclad.file(path))) == EMPTY then error(row.file .. " is empty", 0) end
  local record = id and try(client.records:get(id)) or step and find(row) or create(row)
  journal:write(row.externalId, "created", record.id)
  if not (record.attachments and record.attachments.signedCopy) then
    try(record:upload_attachment("signedCopy", { attachment = ironclad.file(path) }))
  end
  journal:write(row.externalId, "attached", record.id)
  return record.id
end

local rows, names = ironclad.csv.rows(folder .. "/metadata.csv")
local missing, first_lines, failed = { externalId = true, file = true, type = true, name = true }, {}, 0
for _, name in ipairs(names) do missing[name] = nil end
if next(missing) then error(("metadata.csv has no column %s"):format((next(missing))), 0) end

local bar, done = ironclad.progress "Importing", 0 -- on a terminal only
while true do
  local readable, row, line = pcall(rows)
  if readable and not row then break end
  local id = readable and row.externalId or ""
  local fine, result
  if not readable then
    result = row -- it says which line cannot be read
  elseif id == "" then
    result = "no externalId"
  elseif first_lines[id] then
    result = ("line %d has this externalId too"):format(first_lines[id])
  else
    first_lines[id] = line
    fine, result = pcall(import, row)
  end
  bar:finish() -- makes room for the line
  if fine then
    print(journal.on_one_line(id), result)
  else
    failed = failed + 1
    io.stderr:write(readable and ("line %d, %s: "):format(line, journal.on_one_line(id)) or "", tostring(result), "\n")
    if type(result) == "table" and HOPELESS[result.kind] then break end
  end
  done = done + 1
  bar(done, nil, failed)
end
bar:finish()
if failed > 0 then os.exit(1, true) end
