--- ironclad RESOURCE OPERATION [ID…] [NAME=VALUE…]: every operation of the catalog, and the other methods of resources.

local catalog = require "ironclad.calls.catalog"
local connection = require "ironclad.command.connection"
local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local flags = require "ironclad.command.flags"
local mistake = require "ironclad.base.mistake"
local names = require "ironclad.command.names"
local output = require "ironclad.command.output"
local terminal = require "ironclad.command.terminal"
local typed = require "ironclad.command.typed"

local operation = {}

local DEFAULT_LIMIT = 30 -- items of a list, unless --limit or --all says otherwise

local common = {
  { "body", value = "@FILE", text = "The JSON body, or its rest: @FILE, @- or JSON text" },
  { "dry-run", text = "Print the request instead of sending it" },
}
local of_lists = {
  { "all", text = "Walk over all pages" },
  { "limit", value = "N", kind = "count", text = "At most N items (default: 30)" },
}
local of_records = {
  { "expiring", value = "TIME", text = "Only those that expire within this time, as 90d or 6m" },
}
local of_files = {
  { "output", short = "o", value = "PATH", text = "Where the file goes: a path, a FOLDER/, or - for standard output" },
}
local of_waits = {
  { "step", value = "STEP", text = "Wait for this step: Review, Sign, Archive or Complete" },
  { "status", value = "STATUS", text = "Wait for this status" },
  { "wait", value = "SECONDS", kind = "seconds", text = "The longest time to wait" },
  { "interval", value = "SECONDS", kind = "seconds", text = "The first pause between two questions (default: 1)" },
}

local function add_all(list, more)
  for _, flag in ipairs(more) do list[#list + 1] = flag end
end

local function is_list(entry) return entry and entry.content and entry.content.items and entry.name:find "^list" end

--- The options of an operation.
function operation.flags(entry, helper)
  local list = {}
  add_all(list, connection.flags)
  add_all(list, output.flags)
  if entry then add_all(list, common) end
  if is_list(entry) and not helper then add_all(list, of_lists) end
  if entry and entry.id == "list-all-records" then add_all(list, of_records) end
  if entry and entry.answer == "bytes" then add_all(list, of_files) end
  if helper and helper.waits then
    for _, flag in ipairs(of_waits) do
      if not (helper.job and (flag[1] == "step" or flag[1] == "status")) then list[#list + 1] = flag end
    end
  end
  return list
end

-- Makes the client: function(options). The command runs one operation, so this is set once.
local open_client = connection.open

-- ---- the words ----

-- The field of the body that takes the names that are not fields: attributes of a launch, properties of a record.
local function open_field(entry)
  for _, field in ipairs(entry.fields) do
    if field.properties or (field.name == "attributes" and field.type == "object") then return field.name end
  end
end

local function field_named(list, name)
  for _, field in ipairs(list) do
    if field.name == name then return field end
  end
end

local function unknown_argument(entry, name)
  local known = {}
  for _, list in ipairs { entry.fields, entry.query } do
    for _, field in ipairs(list) do known[#known + 1] = field.name end
  end
  fail.usage("%s %s: unknown argument %s%s%s", names.shown(entry.resource), names.shown(entry.name), name,
    mistake.did_you_mean(name, known),
    #known > 0 and "; it takes " .. table.concat(known, ", ") or "; it takes none")
end

-- Whether a word is NAME=VALUE. A word in the place of an id never is.
local function assignment(word, position, before)
  if position > before then return nil end
  return typed.split(word)
end

-- Splits the words into ids, other texts, and assignments { name, text, is_json }.
local function sort_words(words, before, count)
  local ids, texts, assignments = {}, {}, {}
  for position, word in ipairs(words) do
    local name, text, is_json = assignment(word, position, before)
    if name then
      assignments[#assignments + 1] = { name, text, is_json }
    elseif #ids < count then
      ids[#ids + 1] = word
    else
      texts[#texts + 1] = word
    end
  end
  return ids, texts, assignments
end

-- Puts the texts that follow the ids into the required fields that are texts, in order.
local function place_texts(entry, texts, arguments)
  local i = 1
  local list = entry.body == "none" and entry.query or entry.fields
  local into = entry.body == "none" and arguments.query or arguments.body
  for _, field in ipairs(list) do
    local text = field.type == "string" or field.type == "comment"
    if i <= #texts and field.required and text and into[field.name] == nil then
      into[field.name] = typed.value(field.name, texts[i], field)
      i = i + 1
    end
  end
  if texts[i] then
    fail.usage("%s %s: unexpected %q; `ironclad %s %s --help` says what it takes", names.shown(entry.resource),
      names.shown(entry.name), texts[i], names.shown(entry.resource), names.shown(entry.name))
  end
end

local function check_missing(entry, arguments)
  for _, list in ipairs { { entry.fields, arguments.body }, { entry.query, arguments.query } } do
    for _, field in ipairs(list[1]) do
      local open = field.name == open_field(entry)
      if field.required and not field.fill and not open and list[2][field.name] == nil then
        fail.usage("%s %s: %s is missing: %s=…", names.shown(entry.resource), names.shown(entry.name), field.name,
          field.name)
      end
    end
  end
end

-- Reads the words after the operation's name.
-- @return { path =, query =, body =, free = assignments whose type is in a schema }
local function read_arguments(entry, words, before, options)
  local ids, texts, assignments = sort_words(words, before, #entry.path_parameters)
  if #ids < #entry.path_parameters then
    fail.usage("%s %s: %s is missing: ironclad %s %s %s", names.shown(entry.resource), names.shown(entry.name),
      entry.path_parameters[#ids + 1], names.shown(entry.resource), names.shown(entry.name),
      table.concat(entry.path_parameters, " "):upper())
  end
  local arguments = { path = ids, query = {}, body = options.body and typed.body(options.body) or {}, free = {} }
  local open = open_field(entry)
  for _, given in ipairs(assignments) do
    local name, text, is_json = given[1], given[2], given[3]
    local first = name:match "^[^.]+"
    local field, query = field_named(entry.fields, first), field_named(entry.query, first)
    if field and field.name == open and name ~= first then
      arguments.free[#arguments.free + 1] = { name:match "^[^.]+%.(.+)$", text, is_json }
    elseif field then
      typed.put(arguments.body, name, typed.read(name, text, is_json, name == first and field or nil))
    elseif query then
      typed.put(arguments.query, name, typed.read(name, text, is_json, query))
    elseif open then
      arguments.free[#arguments.free + 1] = given
    else
      unknown_argument(entry, name)
    end
  end
  place_texts(entry, texts, arguments)
  check_missing(entry, arguments)
  return arguments
end

-- The assignments that belong to a schema's fields, added to the open field of the body.
-- @param types name -> { type = }; what names the fields, for messages
local function place_free(arguments, open, types, what)
  if #arguments.free == 0 then return end
  local into = arguments.body[open] or {}
  arguments.body[open] = into
  local known = {}
  for name in pairs(types) do known[#known + 1] = name end
  table.sort(known)
  for _, given in ipairs(arguments.free) do
    local name, text, is_json = given[1], given[2], given[3]
    local first = name:match "^[^.]+"
    local field = types[name] or types[first]
    if not field and #known > 0 then
      fail.usage("%s has no field %s%s%s", what, name, mistake.did_you_mean(name, known),
        #known <= 30 and "; it has " .. table.concat(known, ", ") or "")
    end
    typed.put(into, name, typed.read(name, text, is_json, (types[name] or name == first) and field or nil))
  end
end

-- The required fields of a template that were not given.
local function check_required(schema, attributes)
  local missing = {}
  for name, field in pairs(type(schema.schema) == "table" and schema.schema or {}) do
    local required = type(field) == "table" and field.required == "always" and field.default == nil
    if required and attributes[name] == nil then
      local document = field.type == "document" or field.type == "array" and field.elementType.type == "document"
      missing[#missing + 1] = name .. (document and "=@FILE" or "=…")
    end
  end
  if #missing == 0 then return end
  table.sort(missing)
  fail.usage("the template %q also needs %s; `ironclad describe %q` shows its fields", schema.name or schema.id,
    table.concat(missing, " "), schema.name or schema.id)
end

-- Gives attributes and properties their types.
local function type_free(client, entry, arguments)
  local open = open_field(entry)
  if entry.body == "launch" or (open == "attributes") then
    local schema = fail.unless(client.workflow_schemas:find(arguments.body.template))
    arguments.body.template = schema.id
    place_free(arguments, open, schema.schema or {}, ("the template %q"):format(schema.name or schema.id))
    arguments.body[open] = arguments.body[open] or {}
    if not arguments.query.useDefaultValues then check_required(schema, arguments.body[open]) end
  elseif #arguments.free > 0 then
    local schema = fail.unless(client.records:get_schema())
    place_free(arguments, open, type(schema.properties) == "table" and schema.properties or {}, "the record schema")
  elseif open and entry.id:find "^create" then
    arguments.body[open] = arguments.body[open] or {}
  end
end

-- ---- calls ----

-- Some operations refuse readable ids (IC-12). Then the workflow or record is read, which gives the id.
local function with_id(client, entry, path, call)
  local value, err, response = call(path)
  local readable = path[1] and path[1]:find "^IC%-%d+$"
  local resource = entry.path:match "/(workflows)/{" or entry.path:match "/(records)/{"
  if not err or err.kind ~= "not_found" or not readable or not resource or entry.name == "get" then
    return value, err, response
  end
  local found, unfound = client[resource]:get(path[1])
  if not found then return nil, unfound end
  local copy = { found.id }
  for i = 2, #path do copy[i] = path[i] end
  return call(copy)
end

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local function empty(map) return next(map) == nil and nil or map end

local function call_operation(client, entry, arguments, options)
  local is_body = entry.body ~= "none"
  options.query = is_body and empty(arguments.query) or nil
  local first = is_body and arguments.body or arguments.query
  return with_id(client, entry, arguments.path, function(path)
    local words = { unpack(path) }
    words[#words + 1], words[#words + 2] = first, options
    local methods = client
    for part in entry.resource:gmatch "[^.]+" do methods = methods[part] end
    return methods[entry.name](methods, unpack(words, 1, #path + 2))
  end)
end

local function print_request(request)
  terminal.write(request.method, " ", terminal.clean(request.url), "\n")
  if request.as_user then terminal.write("as ", terminal.clean(request.as_user), "\n") end
  if request.body then
    terminal.write(require("ironclad.values.pretty").encode((core.json.decode(request.body)),
      { pretty = true, sort = true }), "\n")
  end
  for _, field in ipairs(request.form or {}) do
    terminal.write(("%s: %s\n"):format(field.name, terminal.clean(field.text or field.path or field.filename or "")))
  end
end

-- ---- lists ----

local days_of = { d = 1, w = 7, m = 30, y = 365 }

local function expiring_filter(text)
  local count, unit = text:match "^(%d+)%s*(%a?)"
  local days = count and tonumber(count) * (days_of[unit ~= "" and unit or "d"] or 0)
  if not days or days == 0 then fail.usage("--expiring: expected a time, as 90d or 6m, got %q", text) end
  local ironclad = require "ironclad"
  local filter = ironclad.filter
  return filter.And(filter.GreaterThanOrEqual("expirationDate", ironclad.date(os.time())),
    filter.LessThanOrEqual("expirationDate", ironclad.date(os.time() + days * 86400)))
end

local function list_note(iterator, given, limit)
  if not limit or given < limit then return end
  local count = iterator.count
  if count and count > given then
    terminal.say("%d of %d; --all prints all, --limit N prints N", given, count)
  elseif not count then
    terminal.say("the first %d; --all prints all, --limit N prints N", given)
  end
end

local function each_item(iterator, printer)
  local given = 0
  local fine, problem = pcall(function()
    for item in iterator do
      printer:item(item)
      given = given + 1
    end
  end)
  if fine then return given end
  iterator:close()
  if iterator.error then
    printer:finish()
    fail.unless(nil, iterator.error)
  end
  error(problem, 0)
end

local function print_list(client, entry, arguments, options)
  local default
  if options.expiring then
    if arguments.query.filter then fail.usage "--expiring and filter=…: give one of them" end
    arguments.query.filter = expiring_filter(options.expiring)
    default = { "ironcladId", "type", "name", "expirationDate", "counterpartyName" }
  end
  if options.all and options.limit then fail.usage "--all and --limit: give one of them" end
  local limit = options.limit or DEFAULT_LIMIT
  local paged = arguments.query.page or arguments.query.pageSize
  if options.all or entry.paging == "none" or paged then limit = options.limit end
  local methods = client
  for part in entry.resource:gmatch "[^.]+" do methods = methods[part] end
  local words = { unpack(arguments.path) }
  arguments.query.limit = limit
  words[#words + 1] = arguments.query
  local iterator = methods["each" .. entry.name:match "^list(.*)$"](methods, unpack(words))
  local printer = output.items(options, entry.content.kind, default)
  local given = each_item(iterator, printer)
  printer:finish()
  if given == 0 then terminal.say "nothing found" end
  list_note(iterator, given, limit)
end

-- ---- files ----

local function print_bytes(entry, arguments, client, options)
  local to = options.output or (terminal.is "output" and "./" or "-")
  local bar = require("ironclad.base.progress")(names.shown(entry.name), { unit = "bytes" })
  local call = { on_progress = bar }
  call.to = to == "-" and terminal.write or to
  local path, err = call_operation(client, entry, arguments, call)
  bar:finish()
  fail.unless(path, err)
  if to ~= "-" then terminal.write(terminal.clean(path), "\n") end
end

-- ---- one operation ----

-- A call that has no answer to show still says that it is done.
local function print_answer(entry, arguments, value, options)
  if value == true or value == nil or value == core.null then
    local what = #arguments.path > 0 and " " .. table.concat(arguments.path, " ") or ""
    return terminal.say("done: %s %s%s", names.shown(entry.resource), names.shown(entry.name), what)
  end
  local content = entry.content
  if content and content.items then
    local list = content.field and value[content.field] or value
    return output.list(options, list, content.kind)
  end
  output.value(options, value, content and not content.field and content.kind or nil)
end

local function run_entry(entry, words, before, options)
  local arguments = read_arguments(entry, words, before, options)
  local client = open_client(options)
  if entry.body ~= "none" then type_free(client, entry, arguments) end
  if options["dry-run"] then
    local request = fail.unless(call_operation(client, entry, arguments, { dry_run = true }))
    return print_request(request)
  end
  if is_list(entry) then return print_list(client, entry, arguments, options) end
  if entry.answer == "bytes" then return print_bytes(entry, arguments, client, options) end
  local value, err = call_operation(client, entry, arguments, {})
  fail.unless(value, err)
  print_answer(entry, arguments, value, options)
end

-- ---- the methods that are not operations ----

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

local function run_wait(resource, name, helper, words, before, options)
  local entry = helper.starts and select(2, catalog.find(helper.starts))
  local arguments = entry and read_arguments(entry, words, before, options)
  if not entry and #words ~= 1 then
    fail.usage("%s %s: expected %s", names.shown(resource), names.shown(name), helper.words)
  end
  if not helper.job and not options.step and not options.status then
    fail.usage("%s %s: expected --step STEP or --status STATUS", names.shown(resource), names.shown(name))
  end
  local client = open_client(options)
  if entry then type_free(client, entry, arguments) end
  local call, bar = waiting_options(options)
  if entry then call.query = empty(arguments.query) end
  local methods = client[resource]
  local value, err = methods[name](methods, entry and arguments.body or words[1], call)
  bar:finish()
  fail.unless(value, err)
  output.value(options, value)
end

-- Reads the resource, then calls its method.
local function run_bound(resource, name, helper, words, before, options)
  local ids, texts, assignments = sort_words(words, before, 1)
  if #ids < 1 then fail.usage("%s %s: the id is missing", names.shown(resource), names.shown(name)) end
  if helper.sets and (#assignments == 0 or texts[1]) then
    fail.usage("%s %s: expected NAME=VALUE", names.shown(resource), names.shown(name))
  end
  if not helper.sets and assignments[1] then
    fail.usage("%s %s: unexpected %s=…", names.shown(resource), names.shown(name), assignments[1][1])
  end
  if name == "property" and #texts ~= 1 then fail.usage "property: expected ID NAME" end
  local client = open_client(options)
  local subject = fail.unless(client[resource]:get(ids[1]))
  if name == "property" or name == "plain" then
    local value = subject[name](subject, texts[1])
    if value == nil then fail.failed("%s has no property %s", ids[1], texts[1]) end
    return output.value(options, value)
  end
  local given
  if helper.sets then
    local carrier = { free = assignments, body = {} }
    local types = resource == "workflows" and subject.schema
      or fail.unless(client.records:get_schema()).properties
    place_free(carrier, "values", type(types) == "table" and types or {}, ids[1])
    given = carrier.body.values
  end
  local value, err = subject[name](subject, given)
  fail.unless(value, err)
  if name == "records" then return output.list(options, value, "record") end
  if name == "pending_approvals" then
    return output.list(options, value, nil, { "role", "displayName", "assignees" })
  end
  output.value(options, value)
end

--- Runs an operation.
-- @param resource its name in the catalog
-- @param words what follows the resource on the command line
-- @param opener function(options) -> the client; nil: a client of Ironclad
function operation.run(resource, words, opener)
  open_client = opener or connection.open
  local number, entry, helper = names.operation(resource, words[1])
  local rest = {}
  for i = 2, #words do rest[#rest + 1] = words[i] end
  local described = entry or helper.starts and select(2, catalog.find(helper.starts)) or nil
  local known = operation.flags(described, helper)
  known[#known + 1] = { "help", short = "h", hidden = true }
  local options, given, before = flags.parse(rest, known)
  if options.help then return require("ironclad.command.help").operation(resource, words[1]) end
  if number then return run_entry(entry, given, before, options) end
  local name = words[1]:gsub("%-", "_")
  if helper.bound then return run_bound(resource, name, helper, given, before, options) end
  return run_wait(resource, name, helper, given, before, options)
end

return operation
