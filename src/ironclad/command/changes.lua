--- ironclad changes RESOURCE: what is new or changed since the last run, as lines of JSON; nothing is lost.

local columns = require "ironclad.command.columns"
local connection = require "ironclad.command.connection"
local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local mistake = require "ironclad.base.mistake"
local output = require "ironclad.command.output"
local terminal = require "ironclad.command.terminal"
local typed = require "ironclad.command.typed"

local changes = { flags = {
  { "state", value = "FILE", text = "Where the last run is remembered; required" },
  { "since", value = "TIME", empty = true,
    text = "Where the first run begins: a time, or now (default: everything there is)" },
  { "follow", text = "Go on: look again after each --every" },
  { "every", value = "SECONDS", kind = "seconds", least = 0.001, most = 365 * 24 * 3600,
    text = "With --follow: how often (default: 60)" },
  { "dry-run", refused = "the requests depend on what the file of --state remembers; `ironclad RESOURCE list "
    .. "--dry-run` shows that of a list" },
} }
for _, list in ipairs { connection.flags, output.flags } do
  for _, flag in ipairs(list) do changes.flags[#changes.flags + 1] = flag end
end

changes.help = [[
RESOURCE is records, workflows, entities or obligations. NAME=VALUE narrows the list. An item that was printed does not
come again, unless it changes again; after a kill, at most the last one does. --table, and --csv without columns, print
at the end: a run that is cut short before prints all its items again.

  ironclad changes records --state ~/records.state --follow | while read -r line; do …; done]]

local resources = { "records", "workflows", "entities", "obligations" }

local function arguments_of(resource, words, before, options)
  local _, entry = require("ironclad.calls.catalog").find(resource .. ":list")
  local given, seen = { state = options.state, since = options.since }, {}
  for i = 2, #words do
    local name, text, is_json = typed.split(words[i])
    if not name or i > before then fail.usage("expected NAME=VALUE, got %q", words[i]) end
    typed.once(seen, name)
    local field
    for _, parameter in ipairs(entry.query) do
      if parameter.name == name then field = parameter end
    end
    if not field then fail.usage("%s list has no argument %s", resource, name) end
    given[name] = typed.read(name, text, is_json, field)
  end
  return given
end

local function check_form(options)
  if options.every and not options.follow then fail.usage "--every goes with --follow" end
  if not (options.json or options.csv or options.table or options.columns) then options.jsonl = true end
  if not options.follow then return end
  if options.json or options.table or options.csv == true then
    fail.usage "--follow prints lines: --jsonl, --columns or --csv=COLUMNS"
  end
  options.lines = true
end

-- Writes what the printer still has. Only then the items of a state that is held are handled.
local function finish(printer, release)
  printer:finish()
  terminal.flush()
  if not release then return end
  local saved, why = pcall(release, true)
  if not saved then fail.failed("%s", tostring(why)) end
end

-- Prints the items. An item is handled when it has been written and flushed: when the next one is asked for, or at the
-- end where the printer keeps items until then.
local function print_all(found, printer)
  local release -- of a state that is held
  local fine, problem = pcall(function()
    for item in found do
      release = release or printer.holds and found.state:hold()
      printer:item(item)
      terminal.flush()
    end
  end)
  found:close()
  local err = found.error
  if fine or err and err.kind ~= "cancelled" then fine, problem = pcall(finish, printer, release) end
  if release then release(false) end
  if err and (fine or err.kind == "cancelled") then fail.unless(nil, err) end
  if fine then return end
  if core.terminal.caught() then fail.cancelled() end
  error(problem, 0)
end

function changes.run(words, options, before)
  local resource = words[1]
  if not mistake.set(resources)[resource or ""] then
    fail.usage("expected one of %s%s%s", table.concat(resources, ", "),
      resource and (", got %q"):format(resource) or "", resource and mistake.did_you_mean(resource, resources) or "")
  end
  if (options.state or "") == "" then fail.usage "--state FILE is missing: the last run is remembered there" end
  check_form(options)
  local given = arguments_of(resource, words, before, options)
  local client, kind = connection.open(options), resource:gsub("ies$", "y"):gsub("s$", "")
  columns.check_kind(options, kind, client)
  local fine, found = pcall(client[resource].changes, client[resource], given)
  if not fine then
    local text = tostring(found):gsub("^%a+:changes: ", ""):gsub("^s%a+: ", { ["since: "] = "--since: ",
      ["state: "] = "--state: " })
    fail.usage("%s", text)
  end
  if options.follow then
    found = found:follow { every = options.every, on_error = function(err)
      terminal.warn("ironclad: %s", tostring(err))
    end }
  end
  print_all(found, output.items(options, kind))
end

return changes
