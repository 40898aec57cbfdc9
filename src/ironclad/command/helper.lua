--- The methods of resources that are not operations: ironclad RESOURCE HELPER … (ironclad.command.names lists them).
--
-- With --dry-run, a helper that changes something prints that request; it may read the schemas that the request needs.
-- Any other helper prints the first request that it would send.

local catalog = require "ironclad.calls.catalog"
local columns = require "ironclad.command.columns"
local fail = require "ironclad.command.fail"
local names = require "ironclad.command.names"
local output = require "ironclad.command.output"
local request = require "ironclad.command.request"
local resources = require "ironclad.resources.resources"
local terminal = require "ironclad.command.terminal"

local helper = {}

-- A message about wrong words, with the usage.
local function refuse(found, message, ...)
  fail.usage("%s %s: " .. message, names.words_to(found.resource), names.shown(found.name), ...)
end

-- The arguments of the operation that a helper takes those of. Messages have the helper's name.
local function read_arguments(found, words, before, options)
  local named = setmetatable({ name = found.name }, { __index = names.takes(found) })
  return request.read(named, words, before, options)
end

-- ---- waits ----

local function waiting_options(options)
  local bar = require("ironclad.base.progress")("Waiting")
  local call = { timeout = options.wait, interval = options.interval, step = options.step, status = options.status }
  call.on_progress = function(answer, seconds)
    local state = type(answer) == "table" and (answer.step or answer.status or answer.jobStatus)
    bar.label = "Waiting" .. (type(state) == "string" and " (" .. terminal.clean(state) .. ")" or "") .. ", seconds:"
    bar(math.floor(seconds))
  end
  return call, bar
end

-- The first request of a wait for a job or a workflow.
local function preview_wait(client, found, id)
  local label = found.job and found.job.status or found.first
  local _, entry = catalog.find(label)
  local in_path = #entry.path_parameters > 0
  request.preview(client, label, in_path and { id } or {}, not in_path and { [found.job.ids[1]] = id } or nil)
end

local function run_wait(open, found, words, before, options)
  local entry = names.takes(found)
  local arguments = entry and read_arguments(found, words, before, options)
  if not entry and #words ~= 1 then refuse(found, "expected %s", found.words) end
  if not found.job and not options.step and not options.status then
    refuse(found, "expected --step STEP or --status STATUS")
  end
  local client = open(options)
  if entry then request.type(client, entry, arguments) end
  if options["dry-run"] then
    if not entry then return preview_wait(client, found, words[1]) end
    return request.print(request.send(client, entry, arguments, { dry_run = true }))
  end
  local call, bar = waiting_options(options)
  if entry then call.query = request.filled(arguments.query) end
  local methods = request.methods(client, found.resource)
  local value, err = methods[found.name](methods, entry and arguments.body or words[1], call)
  bar:finish()
  fail.unless(value, err)
  if entry then terminal.note_change() end
  output.value(options, value)
end

-- ---- methods of a resource's table ----

-- Reads the resource, then calls its method without arguments.
local function run_reading(client, found, id, name, options)
  if options["dry-run"] then return request.preview(client, found.resource .. ":get", { id }) end
  local subject = fail.unless(request.methods(client, found.resource):get(id))
  if found.prints then
    local value = subject[found.name](subject, name)
    if value == nil then fail.failed("%s has no property %s", id, name) end
    return output.value(options, value)
  end
  local value, err = subject[found.name](subject)
  output.list(options, fail.unless(value, err), found.answers, found.columns)
end

-- The types of a resource's attributes or properties: name -> { type = }. They are in the workflow, or in the company's
-- record schema. Of entities and obligations only the properties that it already has are known.
-- @return them; and whether there are no others
local function types_of(client, kind, subject)
  if kind == "workflow" then return subject.schema, true end
  if kind == "record" then return fail.unless(client.records:get_schema()).properties, true end
  return subject.properties, false
end

local function run_setting(client, found, id, assignments, options)
  local subject = fail.unless(request.methods(client, found.resource):get(id))
  local carrier = { free = assignments, body = {} }
  local types, all = types_of(client, found.kind, subject)
  request.place(carrier, "values", type(types) == "table" and types or {}, all and id or nil)
  local dry_run = options["dry-run"]
  local value, err = subject:set(carrier.body.values, { dry_run = dry_run })
  if dry_run then return request.print(value, err) end
  fail.unless(value, err)
  terminal.note_change()
  output.value(options, value)
end

-- Changes a resource of which only the id is needed.
local function run_changing(client, found, id, texts, options)
  local subject = resources.make(client, found.kind, { [resources.kinds[found.kind].id] = id })
  local call = { dry_run = options["dry-run"] }
  local value, err = subject[found.name](subject, found.texts and texts or call, found.texts and call or nil)
  if call.dry_run then return request.print(value, err) end
  fail.unless(value, err)
  terminal.note_change()
  output.value(options, value)
end

-- Whether there are as many texts after the id as the helper takes.
local function has_texts(found, texts)
  if found.texts == "many" then return #texts > 0 end
  return #texts == (found.texts or 0)
end

local function run_bound(open, found, words, before, options)
  local ids, texts, assignments = request.split(words, before, 1)
  if #ids < 1 then refuse(found, "the id is missing: expected %s", found.words) end
  if found.sets then
    if #assignments == 0 or texts[1] then refuse(found, "expected NAME=VALUE") end
    return run_setting(open(options), found, ids[1], assignments, options)
  end
  if assignments[1] then refuse(found, "unexpected %s=…", assignments[1][1]) end
  if not has_texts(found, texts) then refuse(found, "expected %s", found.words) end
  if found.changes then return run_changing(open(options), found, ids[1], texts, options) end
  run_reading(open(options), found, ids[1], texts[1], options)
end

-- ---- methods of a resource ----

-- Looks for one item by a text.
local function run_finding(open, found, words, options)
  if #words ~= 1 then refuse(found, "expected %s", found.words) end
  local client, dry_run = open(options), options["dry-run"]
  local methods = request.methods(client, found.resource)
  local value, err = methods[found.name](methods, words[1], { dry_run = dry_run })
  if dry_run then return request.print(value, err) end
  fail.unless(value, err)
  if value == nil then fail.failed("%s %s: there is none for %q", names.shown(found.resource), names.shown(found.name),
    words[1]) end
  output.value(options, value)
end

-- Calls a method with the arguments of an operation.
local function run_plain(open, found, words, before, options)
  local arguments = read_arguments(found, words, before, options)
  local client = open(options)
  if options["dry-run"] then return request.preview(client, found.first, {}) end
  local methods = request.methods(client, found.resource)
  local value, err, about = methods[found.name](methods, arguments.body)
  fail.unless(value, err)
  if not about or about.action ~= "unchanged" then terminal.note_change() end
  if about and about.reason then terminal.say("%s: %s", about.action, about.reason)
  elseif about then terminal.say("%s", about.action) end
  output.value(options, value)
end

--- Runs a helper.
-- @param open function(options) -> the client
-- @param found one of names.helpers
-- @param words what follows its name on the command line; `before` of them were before "--"
function helper.run(open, found, words, before, options)
  local function checked(given)
    local client = open(given)
    columns.check_helper(given, found, client)
    return client
  end
  if found.waits then return run_wait(checked, found, words, before, options) end
  if found.kind then return run_bound(checked, found, words, before, options) end
  if found.finds then return run_finding(checked, found, words, options) end
  run_plain(checked, found, words, before, options)
end

return helper
