-- Adds the records that are new or changed since its last run to a CSV file; made for cron:
--
--   */10 * * * * cd /srv/contracts && lua record_changes.lua changes.csv
--
-- The first run adds the records of the last 30 days. What has been handled is kept in FILE.state. When this script is
-- killed, the next run goes on where it was; a line may then be there twice, with the same id and lastUpdated. With a
-- second argument, "gone", it also adds a line for each record that has been deleted.
--
-- Reads its connection from IRONCLAD_INSTANCE, IRONCLAD_CLIENT_ID, IRONCLAD_CLIENT_SECRET and IRONCLAD_AS_USER (and
-- IRONCLAD_CA_FILE, for a certificate of your own).

local ironclad = require "ironclad"

local path = arg[1] or error("usage: lua record_changes.lua FILE.csv [gone]", 0)
local columns = { "id", "ironcladId", "lastUpdated", "type", "name", "counterpartyName" }

-- A line of CSV (RFC 4180); a field is quoted where it must be.
local function csv(row)
  local fields = {}
  for i, name in ipairs(columns) do
    local text = tostring(row[name] == nil and "" or row[name])
    fields[i] = text:find '[",\r\n]' and '"' .. text:gsub('"', '""') .. '"' or text
  end
  return table.concat(fields, ",") .. "\r\n"
end

local client = ironclad.from_env { scopes = ironclad.scopes_for { "records:list", "records:get" } }
local file = assert(io.open(path, "a"))
local count = 0

for record in client.records:changes {
  state = path .. ".state",
  since = ironclad.date(os.time() - 30 * 24 * 3600),
  reconcile = arg[2] == "gone",
} do
  local row = record.gone and { id = record.id, lastUpdated = "gone" } or record:plain()
  assert(file:write(csv(row)))
  assert(file:flush()) -- it is in the file before it counts as handled
  count = count + 1
end

file:close()
print(count .. " changes")
