--- ironclad RESOURCE OPERATION [ID…] [NAME=VALUE…]: every operation of the catalog. ironclad.command.helper runs the
-- other methods of resources.

local columns = require "ironclad.command.columns"
local connection = require "ironclad.command.connection"
local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local flags = require "ironclad.command.flags"
local names = require "ironclad.command.names"
local operation_flags = require "ironclad.command.operation_flags"
local output = require "ironclad.command.output"
local request = require "ironclad.command.request"
local target = require "ironclad.command.target"
local terminal = require "ironclad.command.terminal"
local typed = require "ironclad.command.typed"
local values = require("ironclad.base.lazy") "ironclad.values.values"

local operation = {}

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local DEFAULT_LIMIT = 30 -- items of a list, unless --limit or --all says otherwise

-- ---- lists ----

local days_of = { days = 1, weeks = 7, months = 30, years = 365 }

local function expiring_filter(text)
  local days = 0
  for unit, count in pairs(typed.length(text:find "^%d+$" and text .. "d" or text) or {}) do
    days = days + count * days_of[unit]
  end
  local ironclad = require "ironclad"
  local last = days > 0 and values.make.date(os.time() + days * 86400.0)
  if not last then
    fail.usage("--expiring: expected a time, as 90d or 6m, that ends by the year 9999, got %q", text)
  end
  local filter = ironclad.filter
  return filter.And(filter.GreaterThanOrEqual("expirationDate", ironclad.date(os.time())),
    filter.LessThanOrEqual("expirationDate", last))
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

-- Prints the items of an iterator. Returns how many; nil and the error when there is not even the first page.
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
  if not iterator.error then error(problem, 0) end
  if given == 0 then return nil, iterator.error end
  printer:finish()
  fail.unless(nil, iterator.error)
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
  if options.all or entry.paging == "none" then limit = options.limit end
  local methods = request.methods(client, entry.resource)
  local each = "each" .. entry.name:match "^list(.*)$"
  arguments.query.limit = limit
  local function iterate(path, call)
    local words = { unpack(path) }
    words[#path + 1], words[#path + 2] = arguments.query, call
    return methods[each](methods, unpack(words, 1, #path + 2))
  end
  if options["dry-run"] then return request.print(iterate(arguments.path, { dry_run = true })) end
  local printer = output.items(options, entry.content.kind, default)
  local iterator = iterate(arguments.path)
  local given, err = each_item(iterator, printer)
  if err then
    local path, unfound = request.path_with_id(client, entry, arguments.path, err)
    fail.unless(path, not path and (unfound or err) or nil)
    iterator = iterate(path)
    given, err = each_item(iterator, printer)
    fail.unless(given, err)
  end
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
  local path, err = request.send(client, entry, arguments, call)
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

local function run_entry(open, entry, words, before, options)
  local arguments = request.read(entry, words, before, options)
  if not options["dry-run"] then target.check(options.output) end
  local client = open(options)
  columns.check_entry(options, entry, client)
  request.type(client, entry, arguments)
  if operation_flags.is_list(entry) then return print_list(client, entry, arguments, options) end
  if options["dry-run"] then return request.print(request.send(client, entry, arguments, { dry_run = true })) end
  if entry.answer == "bytes" then return print_bytes(entry, arguments, client, options) end
  local value, err = request.send(client, entry, arguments, {})
  fail.unless(value, err)
  if entry.method ~= "GET" then terminal.note_change() end
  print_answer(entry, arguments, value, options)
end

--- Runs an operation.
-- @param resource its name in the catalog
-- @param words what follows the resource on the command line
-- @param opener function(options) -> the client; nil: a client of Ironclad
function operation.run(resource, words, opener)
  local open = opener or connection.open
  local number, entry, helper = names.operation(resource, words[1])
  local rest = {}
  for i = 2, #words do rest[#rest + 1] = words[i] end
  local known = operation_flags.of(entry or names.takes(helper), helper)
  known[#known + 1] = { "help", short = "h", hidden = true }
  local options, given, before = flags.parse(rest, known)
  if options.help then return require("ironclad.command.help").operation(resource, words[1]) end
  output.form(options)
  if number then return run_entry(open, entry, given, before, options) end
  require("ironclad.command.helper").run(open, helper, given, before, options)
end

return operation
