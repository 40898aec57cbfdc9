--- The request of an operation: its arguments from the words of the command line, their types, and how it is sent or
-- printed.

local catalog = require "ironclad.calls.catalog"
local fail = require "ironclad.command.fail"
local mistake = require "ironclad.base.mistake"
local names = require "ironclad.command.names"
local sorted_names = require("ironclad.base.names").sorted
local terminal = require "ironclad.command.terminal"
local typed = require "ironclad.command.typed"

local request = {}

--- The option of every subcommand that can print its request.
request.flags = { { "dry-run", text = "Print the request instead of sending it" } }

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
  fail.usage("%s %s: unknown argument %s%s%s", names.words_to(entry.resource), names.shown(entry.name), name,
    mistake.did_you_mean(name, known),
    #known > 0 and "; it takes " .. table.concat(known, ", ") or "; it takes none")
end

-- Whether a word is NAME=VALUE. A word where an id is expected never is.
local function assignment(word, position, before)
  if position > before then return nil end
  return typed.split(word)
end

--- Splits the words into ids, other texts, and assignments { name, text, is_json }.
-- @param before how many words may be assignments: those before "--"
-- @param count how many ids there are
function request.split(words, before, count)
  local ids, texts, assignments, seen = {}, {}, {}, {}
  for position, word in ipairs(words) do
    local name, text, is_json = assignment(word, position, before)
    if name then
      typed.once(seen, name)
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
local function place_texts(entry, texts, arguments, options)
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
    fail.usage("%s %s: unexpected %q; %s`ironclad %s %s --help` says what it takes", names.words_to(entry.resource),
      names.shown(entry.name), texts[i], options.csv == true and "one column is --csv=NAME; " or "",
      names.words_to(entry.resource), names.shown(entry.name))
  end
end

local function check_missing(entry, arguments)
  for _, list in ipairs { { entry.fields, arguments.body }, { entry.query, arguments.query } } do
    for _, field in ipairs(list[1]) do
      local open = field.name == open_field(entry)
      if field.required and not field.fill and not open and list[2][field.name] == nil then
        fail.usage("%s %s: %s is missing: %s=…", names.words_to(entry.resource), names.shown(entry.name), field.name,
          field.name)
      end
    end
  end
end

--- Reads the words after the operation's name.
-- @return { path =, query =, body =, free = assignments whose type is in a schema }
function request.read(entry, words, before, options)
  local ids, texts, assignments = request.split(words, before, #entry.path_parameters)
  if #ids < #entry.path_parameters then
    fail.usage("%s %s: %s is missing: ironclad %s %s %s", names.words_to(entry.resource), names.shown(entry.name),
      entry.path_parameters[#ids + 1], names.words_to(entry.resource), names.shown(entry.name),
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
  place_texts(entry, texts, arguments, options)
  check_missing(entry, arguments)
  return arguments
end

--- Adds the assignments that belong to a schema's fields to the open field of the body.
-- @param types name -> { type = }
-- @param what whose fields they are, for the message about another name; nil: other names are taken, too
function request.place(arguments, open, types, what)
  if #arguments.free == 0 then return end
  local into = typed.object(arguments.body, open, open)
  local known = sorted_names(types)
  for _, given in ipairs(arguments.free) do
    local name, text, is_json = given[1], given[2], given[3]
    local first = name:match "^[^.]+"
    local field = types[name] or types[first]
    if not field and what and #known > 0 then
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
      local element = field.type == "array" and field.elementType or field
      local document = type(element) == "table" and element.type == "document"
      missing[#missing + 1] = name .. (document and "=@FILE" or "=…")
    end
  end
  if #missing == 0 then return end
  table.sort(missing)
  fail.usage("the template %q also needs %s; `ironclad describe %q` shows its fields", schema.name or schema.id,
    table.concat(missing, " "), schema.name or schema.id)
end

--- Gives attributes and properties their types. It reads the template's schema or the company's record schema.
function request.type(client, entry, arguments)
  if entry.body == "none" then return end
  local open = open_field(entry)
  if entry.body == "launch" or (open == "attributes") then
    local schema = fail.unless(client.workflow_schemas:find(arguments.body.template))
    arguments.body.template = schema.id
    request.place(arguments, open, schema.schema or {}, ("the template %q"):format(schema.name or schema.id))
    local attributes = typed.object(arguments.body, open, open)
    if not arguments.query.useDefaultValues then check_required(schema, attributes) end
  elseif #arguments.free > 0 and entry.resource ~= "records" then
    -- Ironclad does not say which properties entities and obligations have.
    request.place(arguments, open, {})
  elseif #arguments.free > 0 then
    local schema = fail.unless(client.records:get_schema())
    request.place(arguments, open, type(schema.properties) == "table" and schema.properties or {}, "the record schema")
  elseif open and entry.id:find "^create" then
    arguments.body[open] = arguments.body[open] or {}
  end
end

-- ---- the call ----

--- Some operations refuse readable ids (IC-12). Then the workflow or record is read, which gives the id.
-- @param path the path parameters of a call that ended with `err`
-- @return the path parameters with the id; nil, and an error unless that call's own stands
function request.path_with_id(client, entry, path, err)
  local readable = path[1] and path[1]:find "^IC%-%d+$"
  local resource = entry.path:match "/(workflows)/{" or entry.path:match "/(records)/{"
  if not err or err.kind ~= "not_found" or not readable or not resource or entry.name == "get" then return nil end
  local found, unfound = client[resource]:get(path[1])
  if not found then return nil, unfound end
  local copy = { found.id }
  for i = 2, #path do copy[i] = path[i] end
  return copy
end

-- call(path), and again with the id where a readable one was refused.
local function with_id(client, entry, path, call)
  local value, err, response = call(path)
  local other, unfound = request.path_with_id(client, entry, path, err)
  if other then return call(other) end
  if unfound then return nil, unfound end
  return value, err, response
end

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

--- A map, or nil for an empty one.
function request.filled(map) return next(map) ~= nil and map or nil end

--- The methods of a resource of a client: client.workflows, client.scim.users.
function request.methods(client, resource)
  local methods = client
  for part in resource:gmatch "[^.]+" do methods = methods[part] end
  return methods
end

--- Sends an operation.
-- @param arguments those of request.read
-- @param options those of the call; `query` is set here
-- @return value, err, response
function request.send(client, entry, arguments, options)
  local is_body = entry.body ~= "none"
  options.query = is_body and request.filled(arguments.query) or nil
  local first = is_body and arguments.body or arguments.query
  return with_id(client, entry, arguments.path, function(path)
    local words = { unpack(path) }
    words[#words + 1], words[#words + 2] = first, options
    local methods = request.methods(client, entry.resource)
    return methods[entry.name](methods, unpack(words, 1, #path + 2))
  end)
end

--- Prints a request that a call with `dry_run` returned.
-- @param described that request; nil and the error of the call raise a failure
function request.print(described, err)
  fail.unless(described, err)
  terminal.write(described.method, " ", terminal.clean(described.url), "\n")
  if described.as_user then terminal.write("as ", terminal.clean(described.as_user), "\n") end
  if described.body then
    local value, problem = require("ironclad.values.encode").read(described.body)
    -- Other bodies than JSON are fields of a form.
    local text = problem and terminal.clean(described.body)
      or require("ironclad.values.pretty").encode(value, { pretty = true, sort = true })
    terminal.write(text, "\n")
  end
  for _, field in ipairs(described.form or {}) do
    terminal.write(("%s: %s\n"):format(field.name, terminal.clean(field.text or field.path or field.filename or "")))
  end
end

--- Prints the request of an operation instead of sending it.
-- @param label the operation's name, as "workflows:get"
-- @param ids the path parameters
-- @param query other arguments by name, or nil
function request.preview(client, label, ids, query)
  local _, entry = catalog.find(label)
  request.print(request.send(client, entry, { path = ids, query = query or {}, body = {} }, { dry_run = true }))
end

return request
