-- Adds the records that are new or changed since its last run to a CSV file; made for cron:
--
--   */10 * * * * cd /srv/contracts && lua record_changes.lua changes.csv
--
-- The first run adds the records of the last 30 days. What has been handled is kept in FILE.state. When this script is
-- killed, the next run continues where it stopped; a line may then occur twice, with the same id and lastUpdated. With
-- a second argument, "gone", it also adds a line for each record that has been deleted.
--
-- Reads its connection from IRONCLAD_INSTANCE, IRONCLAD_CLIENT_ID, IRONCLAD_CLIENT_SECRET and IRONCLAD_AS_USER (and
-- IRONCLAD_CA_FILE, for your own certificate).

local ironclad = require "ironclad"

local path = arg[1] or error("usage: lua record_changes.lua FILE.csv [gone]", 0)
local columns = { "id", "ironcladId", "lastUpdated", "type", "name", "counterpartyName" }

local client = ironclad.from_env { scopes = ironclad.scopes_for { "records:list", "records:get" } }
local file = assert(io.open(path, "a"))
local out = assert(ironclad.csv.writer(file, { columns = columns, header = false }))
local count, bar = 0, ironclad.progress "Reading changes" -- on a terminal only

for record in client.records:changes {
  state = path .. ".state",
  since = ironclad.date(os.time() - 30 * 24 * 3600),
  reconcile = arg[2] == "gone",
} do
  local row = record.gone and { id = record.id, lastUpdated = "gone" } or record:plain()
  assert(out:write(row))
  assert(file:flush()) -- it is in the file before it counts as handled
  count = count + 1
  bar(count)
end
bar:finish()

file:close()
print(count .. " changes")
