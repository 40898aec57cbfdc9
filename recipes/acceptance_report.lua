-- Writes who accepted what between two days, as CSV:
--
--   lua acceptance_report.lua 2026-01-01 2026-02-01 > acceptances.csv
--
-- From the first day on and before the second, in UTC; without the second, up to now. One line for each contract of
-- each acceptance. The last line on stderr says how many lines were written. Without that line the file is not
-- complete.
--
-- The column `mode` is "test", "live", or empty where that is not known. An activity has no field for it. An acceptance
-- that clickwrap:accept has recorded has the mode in its custom data. For any other, the mode is known only when the
-- signer is of test mode: such a signer has accepted in test mode.
--
-- Reads its connection from IRONCLAD_CLICKWRAP_TOKEN and the other variables of ironclad.clickwrap.from_env.

local ironclad = require "ironclad"

local from, before = arg[1], arg[2] or "9999-12-31"
local function is_day(text) return text and text:find "^%d%d%d%d%-%d%d%-%d%d$" and (pcall(ironclad.date, text)) end
if not (is_day(from) and is_day(before) and from < before) then
  error("usage: lua acceptance_report.lua FROM [BEFORE], days as 2026-01-31, FROM the earlier one", 0)
end

local clickwrap, filter = ironclad.clickwrap.from_env(), ironclad.clickwrap.filter

-- The value of a field, or nil for JSON's null.
local function known(value)
  if value ~= ironclad.null then return value end
end

-- Each signer is looked up once. The mode of a deleted signer is unknown.
local tests = {}
local function is_of_test_mode(signer)
  if tests[signer] == nil then
    local found, err = clickwrap.signers:get(signer)
    if err and err.kind ~= "not_found" then error(err) end
    tests[signer] = found ~= nil and found.test_mode == true
  end
  return tests[signer]
end

local function mode(activity)
  local custom = known(activity.custom_data) or {}
  if known(custom.acceptance_key) then return tostring(custom.acceptance_test) == "true" and "test" or "live" end
  return known(activity.signer_id) and is_of_test_mode(activity.signer_id) and "test" or nil
end

-- The columns, and how they are found in an activity with its contract and version.
local columns = {
  { "time", function(activity) return activity.created_time end },
  { "signer", function(activity) return activity.signer_id end },
  { "contract", function(_, contract) return contract.id end },
  { "title", function(_, contract, version) return known(version.title) or contract.title end },
  { "version", function(_, _, version) return known(version.full_version_number) or version.id end },
  { "address", function(_, _, _, connection) return connection.remote_address end },
  { "browser", function(_, _, _, connection) return connection.user_agent end },
  { "activity", function(activity) return activity.id end },
  { "mode", mode },
}

-- What `expand` has put in the place of an id; without it, a table with the id.
local function expanded(value) return type(value) == "table" and value or { id = value } end

local names = {}
for i, column in ipairs(columns) do names[i] = column[1] end
local out = assert(ironclad.csv.writer(io.stdout, { columns = names }))

local activities = clickwrap.activity:each {
  filter = filter.And(filter.eq("event_type", "agreed"), filter.ge("created_time", from)), expand = "contract,version",
}
local read, written, bar = 0, 0, ironclad.progress "Reading activities" -- on a terminal only
for activity in activities do
  read = read + 1
  -- Times are ISO 8601 in UTC, so they compare as texts.
  if activity.created_time < before then
    local fields = {}
    local contract, version = expanded(activity.contract), expanded(activity.version)
    for i, column in ipairs(columns) do
      fields[i] = column[2](activity, contract, version, known(activity.connection_data) or {})
    end
    assert(out:write(fields))
    written = written + 1
  end
  bar(read, activities.count)
end
bar:finish()
assert(out:close())
io.stderr:write(("%d acceptances written\n"):format(written))
