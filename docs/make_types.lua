-- Makes library/ironclad.lua, the types of the module for the Lua language server (LuaCATS), from the tables of
-- operations, options and error kinds, and from ironclad.manual. `make reference` runs it; dofile returns the function.
local catalog = require "ironclad.calls.catalog"
local core = require "ironclad.core"
local each = require "ironclad.resources.each"
local manual = require "ironclad.manual"
local names_of = require("ironclad.base.names").sorted
local resource_methods = require "ironclad.resources.resource_methods"
local resources = require "ironclad.resources.resources"
local tables = require "ironclad.tables"
local words = require "ironclad.words"

-- "workflow_schemas" -> "WorkflowSchemas", "scim.users" -> "ScimUsers".
local function class_of(name)
  return (("." .. name):gsub("[._](%l)", function(letter) return letter:upper() end):gsub("[._]", ""))
end

local function kind_class(kind) return "ironclad." .. class_of(kind) end

-- The text of a comment on one line.
local function comment(text) return (text:gsub("%s+", " ")) end

-- ---- fields and options ----

local types = { string = "string", integer = "integer", number = "number", boolean = "boolean", object = "table",
  array = "any[]", file = "ironclad.File", comment = "string|table", any = "any" }

local function choices_of(list)
  local quoted = {}
  for i, choice in ipairs(list) do quoted[i] = ('"%s"'):format(choice) end
  return table.concat(quoted, "|")
end

local function type_of(field)
  local text = types[field.type]
  if field.choices then text = choices_of(field.choices) end
  if field.choices and field.type == "array" then text = ("(%s)[]"):format(text) end
  if field.list then text = field.choices and ("%s|(%s)[]|string"):format(text, text) or "string|string[]" end
  if field.refers then text = text .. "|table" end
  if field.name == "filter" then text = text .. "|ironclad.Filter" end
  return text
end

local function add_field(lines, name, optional, kind, text)
  if not name:find "^[%a_][%w_]*$" then name = ("[%q]"):format(name) end
  lines[#lines + 1] = ("---@field %s%s %s %s"):format(name, optional and "?" or "", kind, comment(text))
end

local function add_fields(lines, list)
  for _, field in ipairs(list) do
    local text = words.field(field.name)
    if field.default then text = ("%s (default: %s)"):format(text, field.default) end
    add_field(lines, field.name, not field.required or field.fill, type_of(field), text)
  end
end

local function option_type(option)
  local kinds = { text = "string", text_or_false = "string|false", scopes = "string|string[]", boolean = "boolean",
    number = "number", number_or_false = "number|false", whole = "integer" }
  if option.choices then
    local list = {}
    for choice in option.choices:gmatch "%S+" do list[#list + 1] = choice end
    return choices_of(list)
  end
  if kinds[option.type] then return kinds[option.type] .. (option.name == "store" and "|ironclad.Store|table" or "") end
  local takes = { ["a function"] = "function", ["a table"] = "table", text = "string",
    ["text or a function"] = "string|fun(chunk: string)", ["true or false"] = "boolean" }
  return takes[option.takes] or "any"
end

local function add_options(lines, class, place)
  lines[#lines + 1] = "\n---@class " .. class
  for _, option in ipairs(core.option_table()) do
    if option[place] then
      local text = option.text
      if option.unit then text = ("%s (%s)"):format(text, option.unit) end
      if option.unit and option.type ~= "boolean" then text = ("%s (default: %.14g)"):format(text, option.preset) end
      if option.type == "boolean" then text = ("%s (default: %s)"):format(text, tostring(option.preset ~= 0)) end
      if option.fallback then text = ("%s (default: %s)"):format(text, option.fallback) end
      add_field(lines, option.name, true, option_type(option), text)
    end
  end
end

-- ---- operations ----

local function arguments_class(entry)
  return ("ironclad.%s.%s"):format(class_of(entry.resource), class_of(entry.name))
end

-- What a call answers.
local function answer_of(entry)
  if entry.answer == "bytes" or entry.answer == "text" then return "string" end
  if entry.answer == "nothing" then return "true" end
  local content = entry.content
  if not content then return "any" end
  local kind = content.kind and kind_class(content.kind) or "table"
  if content.items then
    if not content.field then return kind .. "[]" end
    return ("{ %s: %s[], count?: integer, page?: integer, pageSize?: integer }"):format(content.field, kind)
  end
  return content.field and ("{ %s: %s }"):format(content.field, kind) or kind
end

local function query_class(entry)
  return #entry.query > 0 and arguments_class(entry) .. ".Query" or "ironclad.CallOptions"
end

-- The classes of an operation's arguments, and of those of its iterator.
local function add_argument_classes(lines, entry)
  if #entry.fields > 0 then
    lines[#lines + 1] = "\n---@class " .. arguments_class(entry) .. ".Body"
    add_fields(lines, entry.fields)
  end
  if #entry.query > 0 then
    lines[#lines + 1] = ("\n---@class %s.Query%s"):format(arguments_class(entry),
      entry.body == "none" and ": ironclad.CallOptions" or "")
    add_fields(lines, entry.query)
  end
  if each.name_of(entry) then
    lines[#lines + 1] = ("\n---@class %s.Each: %s"):format(arguments_class(entry), query_class(entry))
    add_field(lines, "limit", true, "integer", "How many items at most (default: all)")
  end
end

-- One method: its comment, parameters and results.
local function add_method(lines, owner, name, text, parameters, returned)
  lines[#lines + 1] = "\n---" .. comment(text)
  local given = {}
  for _, parameter in ipairs(parameters) do
    given[#given + 1] = parameter[1]
    lines[#lines + 1] = ("---@param %s%s %s"):format(parameter[1], parameter.optional and "?" or "", parameter[2])
  end
  for _, result in ipairs(returned) do lines[#lines + 1] = "---@return " .. result end
  lines[#lines + 1] = ("function %s:%s(%s) end"):format(owner, name, table.concat(given, ", "))
end

local function parameters_of(entry, first)
  local list = {}
  for i = first, #entry.path_parameters do list[#list + 1] = { entry.path_parameters[i], "string|table" } end
  if entry.body ~= "none" then
    local required = false
    for _, field in ipairs(entry.fields) do required = required or field.required and not field.fill end
    list[#list + 1] = { "body", #entry.fields > 0 and arguments_class(entry) .. ".Body" or "table",
      optional = not required }
  else
    list[#list + 1] = { "arguments", query_class(entry), optional = true }
  end
  list[#list + 1] = { "options", "ironclad.CallOptions", optional = true }
  return list
end

local FAILS = { "ironclad.Error? err", "ironclad.Response? response" }

local function add_operation(lines, owner, entry, first)
  local parameters = parameters_of(entry, first)
  add_method(lines, owner, entry.name, words.operation(entry), parameters,
    { answer_of(entry) .. "? value", FAILS[1], FAILS[2] })
  local iterator = each.name_of(entry)
  if iterator then
    local kind = entry.content.kind and kind_class(entry.content.kind) or "table"
    local text = ("%s Iterates over %s."):format(words.operation(entry), words.iterated(entry))
    for _, parameter in ipairs(parameters) do
      if parameter[1] == "arguments" then parameter[2] = arguments_class(entry) .. ".Each" end
    end
    add_method(lines, owner, iterator, text, parameters, { ("ironclad.Iterator|fun(): %s"):format(kind) })
  end
end

-- ---- the methods that are not operations ----

-- The type of a parameter that has this name.
local by_name = { options = "ironclad.CallOptions", id = "string|table", job = "string|table", import = "string|table",
  body = "table", values = "table<string, any>", name = "string", title = "string", email = "string",
  arguments = "table", users = "table|string", text = "string" }

-- What a helper answers, before an error and the response.
local returned = { ensure = "ironclad.Webhook",
  launch_and_wait = "ironclad.Workflow", wait_launch = "ironclad.Workflow",
  ["workflows:wait"] = "ironclad.Workflow", ["workflow:wait"] = "ironclad.Workflow",
  ["exports:create_and_wait"] = "ironclad.Export", ["exports:wait"] = "ironclad.Export",
  ["export:wait"] = "ironclad.Export", pending_approvals = "ironclad.PendingApproval[]",
  records = "ironclad.Record[]", find = "ironclad.WorkflowSchema", find_by_email = "ironclad.User",
  deactivate = "ironclad.User", add_members = "ironclad.Group", remove_members = "ironclad.Group" }

-- What the helpers return that make no call.
local alone = { receiver = "ironclad.Receiver", verifier = "ironclad.Verifier", property = "any",
  plain = "table<string, string|number|boolean>" }

-- The class of the body or the arguments of a method that starts a job and waits: that of the operation that starts it.
local function started_class(label, name)
  local start = label:match "^(.*)_and_wait$"
  local entry = start and (select(2, catalog.find(start .. "_async")) or select(2, catalog.find(start)))
  local list = entry and (name == "body" and entry.fields or entry.query) or {}
  return #list > 0 and arguments_class(entry) .. (name == "body" and ".Body" or ".Query") or nil
end

-- The class of the options of `changes`: its own, and the arguments of the list.
local function changes_class(resource) return ("ironclad.%s.ChangesOptions"):format(class_of(resource)) end

local function type_of_parameter(label, name)
  if name == "options" then
    local resource = label:match "^(.*):changes$"
    local taken = tables.about("of", label)[1]
    return resource and changes_class(resource) or taken and "ironclad." .. taken[1] or by_name.options
  end
  return started_class(label, name) or by_name[name] or "any"
end

local function results_of(label, name, kind)
  if name == "changes" then
    local content = select(2, catalog.find(label:gsub(":.*", ":list"))).content
    return { ("ironclad.Changes|fun(): %s|ironclad.Gone"):format(kind_class(content.kind)) }
  end
  if alone[name] then return { alone[name] } end
  local own = (name == "refresh" or name == "set") and kind_class(kind)
  local result = returned[label] or returned[name] or own or "any"
  local third = tables.about("from", label)[1]
  return { result .. "? value", FAILS[1], name == "ensure" and ("ironclad.%s? did"):format(third[1]) or FAILS[2] }
end

-- Helpers whose options are required.
local required = {}
for _, entry in ipairs(tables) do
  for _, field in ipairs(entry.fields) do
    if field[3]:find "^Required" then
      for _, label in ipairs(entry.of or {}) do required[label] = true end
    end
  end
end
required["webhooks:receiver"], required["workflows:wait"], required["workflow:wait"] = true, true, true

-- @param label the helper's label in ironclad.manual
local function add_helper(lines, owner, name, label, kind)
  local entry = manual.helpers[label] or manual.helpers["*:" .. name]
  if not entry then error(("src/ironclad/manual.lua has no words for %s"):format(label), 0) end
  local parameters = {}
  for given in (entry[1]:gsub("%b{}", "options")):gmatch "[%w_]+" do
    local optional = (given == "options" or given == "arguments") and not required[label]
    parameters[#parameters + 1] = { given, type_of_parameter(label, given), optional = optional }
  end
  add_method(lines, owner, name, entry[2], parameters, results_of(label, name, kind))
end

-- ---- the parts of the file ----

-- Where the made part begins: what the catalog and the manual do not say.
local function head(name)
  local file = assert(io.open(("docs/%s.txt"):format(name), "rb"))
  local text = file:read "*a"
  file:close()
  return (text:gsub("\n$", ""))
end

local function add_error(lines)
  local kinds = {}
  for _, kind in ipairs(core.error_kinds()) do
    kinds[#kinds + 1] = ("---| %q # %s"):format(kind.name, comment(kind.meaning))
  end
  lines[#lines + 1] = "\n---@alias ironclad.ErrorKind\n" .. table.concat(kinds, "\n")
  lines[#lines + 1] = "\n---@class ironclad.Error"
  local always = { kind = true, message = true, outcome = true, retryable = true, attempts = true }
  for _, field in ipairs(manual.error_fields) do
    add_field(lines, field[1], not always[field[1]], field[2], field[3])
  end
  lines[#lines + 1] = "\n---@class ironclad.HookEvent"
  for _, field in ipairs(manual.hooks) do add_field(lines, field[1], true, field[2], field[3]) end
end

-- The resource tables, with their fields and methods.
local function add_kinds(lines)
  require "ironclad.clickwrap.kinds"
  for _, name in ipairs(names_of(resources.kinds)) do
    local kind = resources.kinds[name]
    lines[#lines + 1] = "\n---@class " .. kind_class(name)
    for _, field in ipairs(manual.fields[name] or {}) do
      add_field(lines, field[1], field[1] ~= kind.id, field[2], field[3])
    end
    local owner = "K_" .. name
    lines[#lines + 1] = ("local %s = {}"):format(owner)
    local seen = {}
    for number in catalog.names() do
      local entry = catalog.entry(number)
      if entry.name and resources.belongs(entry) == kind and not seen[entry.name] then
        seen[entry.name] = true
        if each.name_of(entry) then seen[each.name_of(entry)] = true end
        add_operation(lines, owner, entry, 2)
      end
    end
    for _, method in ipairs(names_of(resource_methods.all(kind))) do
      if not seen[method] and method:find "^%l" then add_helper(lines, owner, method, name .. ":" .. method, name) end
    end
  end
end

-- The tables that functions take and return.
local function add_tables(lines)
  for _, entry in ipairs(tables) do
    local like = entry.like and ": ironclad." .. entry.like or ""
    lines[#lines + 1] = ("\n---@class ironclad.%s%s"):format(entry[1], like)
    for _, field in ipairs(entry.fields) do
      add_field(lines, field[1], entry.of and not field[3]:find "^Required", field[2], field[3])
    end
  end
end

local function helpers_of(resource)
  local list = {}
  for label in pairs(manual.helpers) do
    local owner, name = label:match "^(.*):(.*)$"
    if owner == resource then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

-- The tables client.<resource>, and the client.
local function add_resources(lines, product, client)
  local seen, order, outer = {}, {}, {}
  for number, _, resource, name, _, owner in catalog.names() do
    if name and owner == product then
      if not seen[resource] then
        seen[resource] = {}
        order[#order + 1] = resource
      end
      table.insert(seen[resource], number)
    end
  end
  for _, resource in ipairs(order) do
    for _, number in ipairs(seen[resource]) do add_argument_classes(lines, catalog.entry(number)) end
    local class = "ironclad.Of." .. class_of(resource)
    local owner = "R_" .. resource:gsub("%.", "_")
    lines[#lines + 1] = ("\n---@class %s\nlocal %s = {}"):format(class, owner)
    for _, number in ipairs(seen[resource]) do add_operation(lines, owner, catalog.entry(number), 1) end
    local helpers = helpers_of(resource)
    for _, name in ipairs(helpers) do
      if name == "changes" then
        lines[#lines + 1] = ("\n---@class %s: ironclad.ChangesOptions, ironclad.%s.List.Query"):format(
          changes_class(resource), class_of(resource))
      end
    end
    for _, name in ipairs(helpers) do add_helper(lines, owner, name, resource .. ":" .. name) end
  end
  lines[#lines + 1] = "\n---@class " .. client
  for _, resource in ipairs(order) do
    local place, inner = resource:match "^(%w+)%.(%w+)$"
    if place then
      outer[place] = outer[place] or {}
      table.insert(outer[place], ("%s: ironclad.Of.%s"):format(inner, class_of(resource)))
    else
      lines[#lines + 1] = ("---@field %s ironclad.Of.%s"):format(resource, class_of(resource))
    end
  end
  for _, place in ipairs(names_of(outer)) do
    lines[#lines + 1] = ("---@field %s { %s }"):format(place, table.concat(outer[place], ", "))
  end
end

-- Splits "name: type, name: type" at commas that are in no brackets.
local function split(text)
  local list, depth, start = {}, 0, 1
  for i = 1, #text do
    local letter = text:sub(i, i)
    if letter:find "[{(<]" then
      depth = depth + 1
    elseif letter:find "[})>]" then
      depth = depth - 1
    elseif letter == "," and depth == 0 then
      list[#list + 1] = text:sub(start, i - 1):match "^%s*(.-)%s*$"
      start = i + 1
    end
  end
  local last = text:sub(start):match "^%s*(.-)%s*$"
  if last ~= "" then list[#list + 1] = last end
  return list
end

local owners = { client = "ironclad.Client", cw = "ironclad.ClickwrapClient", writer = "ironclad.CsvWriter",
  bar = "ironclad.Progress", receiver = "ironclad.Receiver", verifier = "ironclad.Verifier", event = "ironclad.Event",
  changes = "ironclad.Changes", inbox = "ironclad.Inbox", clickwrap_webhook = "ironclad.ClickwrapWebhook",
  task = "ironclad.Task", mailbox = "ironclad.Mailbox", iterator = "ironclad.Iterator" }

local function add_call(lines, call, signature, text)
  local given, results = signature:match "^(.-)%s*%->%s*(.*)$"
  lines[#lines + 1] = "\n---" .. comment(text)
  if signature:find "%f[%w]T%f[%W]" then lines[#lines + 1] = "---@generic T" end
  local parameters = {}
  for _, part in ipairs(split(given or signature)) do
    local name, kind = part:match "^([%w_.]+%??):%s*(.*)$"
    parameters[#parameters + 1] = name:gsub("%?$", "")
    lines[#lines + 1] = ("---@param %s %s"):format(name, kind)
  end
  for _, kind in ipairs(split(results or "")) do lines[#lines + 1] = "---@return " .. kind end
  lines[#lines + 1] = ("function %s(%s) end"):format(call, table.concat(parameters, ", "))
end

local function add_sections(lines)
  for _, owner in ipairs(names_of(owners)) do
    -- The class again: what is defined on the variable belongs to it.
    lines[#lines + 1] = ("\n---@class %s\nlocal %s = {}"):format(owners[owner], owner)
  end
  for _, part in ipairs { "json", "csv", "store", "clickwrap", "webhook" } do
    lines[#lines + 1] = ("\nironclad.%s = {}"):format(part)
  end
  for _, section in ipairs(manual.sections) do
    for _, call in ipairs(section.calls) do
      -- ironclad.clickwrap is a table that can be called: its class has the call.
      if call[1] ~= "ironclad.clickwrap" then add_call(lines, call[1], call[2], call[3]) end
    end
  end
end

local results = { money = "ironclad.Money", date = "ironclad.Date", duration = "ironclad.Duration",
  address = "ironclad.Address" }

local function add_functions(lines)
  for _, prefix in ipairs(names_of(manual.functions)) do
    if prefix:find "^ironclad%.[%w_]+$" then lines[#lines + 1] = ("\n%s = {}"):format(prefix) end
    if prefix:find "^ironclad%.%w+%." then lines[#lines + 1] = ("\n%s = {}"):format(prefix) end
    for _, name in ipairs(names_of(manual.functions[prefix])) do
      local entry = manual.functions[prefix][name]
      lines[#lines + 1] = "\n---" .. comment(entry[2])
      local given = {}
      -- "[date,] count, unit": the first may be left out.
      local optional, rest = entry[1]:match "^%[(%w+),%] (.*)$"
      local result = results[name] or "ironclad.Filter"
      if optional then
        lines[#lines + 1] = ("---@overload fun(%s: any): %s"):format(rest:gsub(",", ": any,"), result)
      end
      for word in (optional and optional .. ", " .. rest or entry[1]):gmatch "[^%s,]+" do
        local again = given[#given] == word
        local parameter = not again and word:find "^[%w_]+$" and word or "..."
        if given[#given] ~= "..." then
          given[#given + 1] = parameter
          lines[#lines + 1] = ("---@param %s any"):format(parameter)
        end
      end
      lines[#lines + 1] = "---@return " .. result
      lines[#lines + 1] = ("function %s.%s(%s) end"):format(prefix, name, table.concat(given, ", "))
    end
  end
end

local function make()
  local values = {}
  for _, value in ipairs(manual.values) do add_field(values, value[1], false, value[2], value[3]) end
  local lines = { (head("types_head"):gsub("@VALUES@", function() return table.concat(values, "\n") end)) }
  add_error(lines)
  add_options(lines, "ironclad.ConnectOptions", "connect")
  add_options(lines, "ironclad.ClickwrapOptions", "clickwrap")
  add_options(lines, "ironclad.CallOptions", "call")
  add_tables(lines)
  add_kinds(lines)
  add_resources(lines, "clm", "ironclad.Client")
  add_resources(lines, "clickwrap", "ironclad.ClickwrapClient")
  add_sections(lines)
  add_functions(lines)
  lines[#lines + 1] = "\nreturn ironclad"
  return table.concat(lines, "\n") .. "\n"
end

-- A control of the sandbox: a method that takes one table, or the first of its parameters alone.
local function add_control(lines, action)
  local fields, kinds = {}, { list = "string[]", object = "table", any = "any" }
  local first = "nil"
  for name, kind, rest in action.parameters:gmatch "([%w_]+) %((%l+)(,?[^)]*)%)" do
    kind = kinds[kind] or kind
    fields[#fields + 1] = ("%s%s: %s"):format(name, rest ~= "" and "?" or "", kind)
    if name == action.first then first = kind end
  end
  local signature = #fields > 0 and ("given?: { %s }|%s -> any"):format(table.concat(fields, ", "), first) or "-> any"
  add_call(lines, "sandbox:" .. action.name, signature, action.help)
end

local function make_sandbox()
  local lines = { head "types_sandbox_head" }
  for _, option in ipairs(manual.sandbox_options) do add_field(lines, option[1], true, option[2], option[3]) end
  for _, call in ipairs(manual.sandbox) do
    add_call(lines, (call[1]:gsub("^ironclad%.sandbox", "module")), call[2], call[3])
  end
  for _, action in ipairs(require("ironclad.sandbox.core").actions()) do add_control(lines, action) end
  lines[#lines + 1] = "\nreturn module"
  return table.concat(lines, "\n") .. "\n"
end

-- Path -> the function that makes it.
local files = { ["library/ironclad.lua"] = make, ["library/ironclad/sandbox.lua"] = make_sandbox }

if arg and arg[0] and arg[0]:find "make_types%.lua$" then
  for path, make_file in pairs(files) do
    local file = assert(io.open(path, "wb"))
    assert(file:write(make_file()))
    assert(file:close())
  end
end
return { files = files }
