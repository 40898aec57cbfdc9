-- Prints as CSV the contracts that expire within 90 days, or within the number of days given, the soonest first:
--
--   lua expiring_contracts.lua [days] > expiring.csv
--
-- Reads its connection from IRONCLAD_INSTANCE, IRONCLAD_CLIENT_ID, IRONCLAD_CLIENT_SECRET and IRONCLAD_AS_USER (and
-- IRONCLAD_CA_FILE, for your own certificate).

local ironclad = require "ironclad"
local filter = ironclad.filter

local days = tonumber(arg[1] or 90) or error("usage: lua expiring_contracts.lua [days]", 0)
local today, last = ironclad.date(os.time()), ironclad.date(os.time() + days * 24 * 3600)
local columns = { "ironcladId", "type", "name", "expirationDate", "counterpartyName" }

local client = ironclad.from_env { scopes = ironclad.scopes_for { "records:list" } }
local found = client.records:each {
  filter = filter.And(filter.GreaterThanOrEqual("expirationDate", today),
    filter.LessThanOrEqual("expirationDate", last)),
}
local rows, bar = {}, ironclad.progress "Reading contracts" -- on a terminal only
for record in found do
  rows[#rows + 1] = record:plain()
  bar(#rows, found.count)
end
bar:finish()
table.sort(rows, function(a, b) return a.expirationDate < b.expirationDate end)

local out = assert(ironclad.csv.writer(io.stdout, { columns = columns }))
for _, row in ipairs(rows) do assert(out:write(row)) end
assert(out:close())
