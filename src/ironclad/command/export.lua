--- ironclad export TYPE: a report of Ironclad's, made, waited for and downloaded.

local catalog = require "ironclad.calls.catalog"
local connection = require "ironclad.command.connection"
local fail = require "ironclad.command.fail"
local mistake = require "ironclad.base.mistake"
local request = require "ironclad.command.request"
local target = require "ironclad.command.target"
local terminal = require "ironclad.command.terminal"

local export = { flags = {
  { "from", value = "DAY", kind = "day", text = "The first day, as 2026-01-01" },
  { "to", value = "DAY", kind = "day", text = "The last day" },
  { "format", value = "FORMAT", choices = { "CSV", "JSON" }, text = "CSV or JSON (default: CSV)" },
  { "output", short = "o", value = "PATH", text = "Where it goes (default: standard output)" },
  { "wait", value = "SECONDS", kind = "seconds", least = 0.001, text = "The longest time to wait (default: an hour)" },
  { "types", value = "TYPES", text = "For records: their types, separated by commas" },
} }
for _, list in ipairs { connection.flags, request.flags } do
  for _, flag in ipairs(list) do export.flags[#export.flags + 1] = flag end
end

export.help = [[
TYPE is records (a spreadsheet of all records), workflow_activities or audit_log.

  ironclad export workflow_activities --from 2026-01-01 --to 2026-12-31 -o activities.csv
  ironclad export records -o records.xlsx]]

-- The reports, from the catalog.
local function types()
  local list = { "records" }
  for _, field in ipairs(select(2, catalog.find "exports:create").fields) do
    for _, choice in ipairs(field.name == "exportType" and field.choices or {}) do list[#list + 1] = choice end
  end
  return list
end

local function destination(options)
  if options.output and options.output ~= "-" then return options.output end
  if terminal.is "output" then return nil end
  return terminal.write
end

local function save(options, bar, fetch)
  local to = destination(options)
  local path, err = fetch { to = to, on_progress = bar }
  bar:finish()
  fail.unless(path, err)
  if type(to) == "string" then terminal.write(terminal.clean(path), "\n") end
  if to == nil then terminal.write(terminal.clean(path, true)) end
end

-- Which options belong to which reports; other reports would silently ignore them.
local for_records = { "types" }
local for_others = { "from", "to", "format", "wait" }

local function check_options(kind, options)
  for _, name in ipairs(kind == "records" and for_others or for_records) do
    if options[name] then
      fail.usage("--%s does not go with %s; it is for %s", name, kind,
        kind == "records" and "workflow_activities and audit_log" or "records")
    end
  end
end

function export.run(words, options)
  local known = types()
  local kind = words[1]
  if words[2] then fail.usage("unexpected %q; --output PATH says where the report goes", words[2]) end
  if not kind or not mistake.set(known)[kind] then
    fail.usage("expected one of %s%s%s", table.concat(known, ", "), kind and (", got %q"):format(kind) or "",
      kind and mistake.did_you_mean(kind, known) or "")
  end
  check_options(kind, options)
  if not options["dry-run"] then target.check(options.output) end
  local progress = require "ironclad.base.progress"
  local dry_run = options["dry-run"]
  if kind == "records" then
    if dry_run then
      return request.print(connection.open(options).records:export({ types = options.types }, { dry_run = true }))
    end
    if not destination(options) then
      fail.usage "a spreadsheet cannot be shown on a terminal: give --output FILE.xlsx"
    end
    local client = connection.open(options)
    return save(options, progress("Downloading", { unit = "bytes" }), function(call)
      return client.records:export({ types = options.types }, call)
    end)
  end
  local client = connection.open(options)
  local body = { exportType = kind, exportFormat = options.format or "CSV",
    startDate = options.from, endDate = options.to }
  if dry_run then return request.print(client.exports:create(body, { dry_run = true })) end
  local bar = progress "Waiting for the report, seconds:"
  local made, err = client.exports:create_and_wait(body, { timeout = options.wait,
    on_progress = function(_, seconds) bar(math.floor(seconds)) end })
  bar:finish()
  fail.unless(made, err)
  save(options, progress("Downloading", { unit = "bytes" }), function(call) return made:download(nil, call) end)
end

return export
