--- Workflow schemas, from which templates are launched: finding one by its title, and printing one.
--
--   client.workflow_schemas:find("Mutual NDA", options)   -> the schema
--
-- client.workflows:launch{ template = "Mutual NDA" } finds it in the same way. The list of schemas is kept for a minute
-- by each client. resources.lua gives the schemas of every answer the metatable by which they print.

local catalog = require "ironclad.calls.catalog"
local Error = require "ironclad.base.error"
local mistake = require "ironclad.base.mistake"
local operation = require "ironclad.calls.operation"
local run = require "ironclad.calls.run"

local schema = {}

local KEPT = 60 -- seconds
local ID = "^%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x$"

local Schema = { __name = "ironclad.workflow_schema" }
schema.metatable = Schema

local function words_of(field)
  local words = { type(field.type) == "string" and field.type or "?" }
  if field.type == "array" and type(field.elementType) == "table" then
    words[1] = "array of " .. tostring(field.elementType.type)
  end
  if field.required == "always" then words[#words + 1] = "required" end
  local options = type(field.options) == "table" and field.options.values
  if type(options) == "table" and #options > 0 then
    local choices = {}
    for i, choice in ipairs(options) do choices[i] = tostring(choice) end
    words[#words + 1] = "one of " .. table.concat(choices, ", ")
  end
  return table.concat(words, ", ")
end

--- The title and the id, then a line for each field: name, label, type.
function Schema:__tostring()
  local lines = { ("workflow schema %s %q"):format(tostring(rawget(self, "id")), tostring(rawget(self, "name"))) }
  local fields = rawget(self, "schema")
  local names = {}
  for name, field in pairs(type(fields) == "table" and fields or {}) do
    if type(field) == "table" then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local label = fields[name].displayName
    lines[#lines + 1] = ("  %s%s: %s"):format(name, type(label) == "string" and (" (%s)"):format(label) or "",
      words_of(fields[name]))
  end
  return (table.concat(lines, "\n"):gsub("[%z\1-\9\11-\31\127]", "?"))
end

local list_index, list_entry = catalog.find "workflow_schemas:list"
local get_index, get_entry = catalog.find "workflow_schemas:get"

local function not_found(label, wanted, list)
  local titles = {}
  for _, item in ipairs(list) do
    if type(item) == "table" and type(item.name) == "string" then titles[#titles + 1] = item.name end
  end
  table.sort(titles)
  local shown = {}
  for i, title in ipairs(titles) do shown[i] = ("%q"):format(title) end
  return Error.new { kind = "not_found", operation = label, outcome = "not_done", retryable = false, attempts = 1,
    param = "template", message = ("there is no template %q%s; there %s"):format(wanted,
      mistake.did_you_mean(wanted, titles), #shown == 0 and "are none that this user may launch"
        or "are " .. table.concat(shown, ", ")) }
end

-- The schema of a list that a text names: by its id or its whole title; otherwise by its title in any case; otherwise
-- by the only title that contains the text.
local function pick(list, wanted)
  local lower, same, holding = wanted:lower(), nil, {}
  for _, item in ipairs(list) do
    local title = type(item) == "table" and type(item.name) == "string" and item.name or ""
    if type(item) == "table" and (item.id == wanted or title == wanted) then return item end
    if title:lower() == lower then same = same or item end
    if title:lower():find(lower, 1, true) then holding[#holding + 1] = item end
  end
  return same or (#holding == 1 and holding[1]) or nil
end

local function listed(client, label, options)
  local kept = rawget(client, "schemas")
  if kept and os.time() - kept.when < KEPT then return kept.list end
  local answer, err, response = operation.perform(client, label, list_index, list_entry,
    operation.read(label, list_entry, nil, nil, options))
  if err then return nil, err, response end
  local list = type(answer) == "table" and answer.list
  if type(list) ~= "table" then
    return nil, Error.new { kind = "protocol", message = "Ironclad answered no list of templates", operation = label,
      outcome = "not_done", retryable = false, attempts = 1 }, response
  end
  rawset(client, "schemas", { list = list, when = os.time() })
  return list, nil, response
end

--- Finds a template's schema.
-- @param wanted its title or its id
-- @param dry_run whether the first request is returned instead of being sent
-- @param limits timeout and deadline of the request; or nil
-- @return the schema; nil and an error (not_found names the titles that exist); the response, when one was needed
function schema.find(client, label, wanted, dry_run, limits)
  local options = { dry_run = dry_run }
  if type(wanted) == "string" and wanted:find(ID) then
    local arguments = operation.read(label, get_entry, wanted, nil, options)
    return operation.perform(client, label, get_index, get_entry, arguments)
  end
  if dry_run then
    local arguments = operation.read(label, list_entry, nil, nil, options)
    return operation.perform(client, label, list_index, list_entry, arguments)
  end
  local list, err, response = listed(client, label, limits)
  if not list then return nil, err, response end
  local found = pick(list, wanted)
  if not found then return nil, not_found(label, wanted, list), response end
  return found, nil, response
end

schema.methods = { workflow_schemas = {} }

local known = mistake.set { "callback", "dry_run" }

--- client.workflow_schemas:find(title or id, { callback =, dry_run = }) -> the schema; nil and an error. With
-- `dry_run` the first request.
function schema.methods.workflow_schemas.find(methods, wanted, options)
  local label = "workflow_schemas:find"
  local client = operation.client_of(label, { resource = "workflow_schemas", name = "find" }, methods)
  if type(wanted) ~= "string" or wanted == "" then
    mistake.raise(label, "expected a title or an id, got %s", wanted == "" and "an empty text"
      or mistake.type_of(wanted))
  end
  if options ~= nil then mistake.check_options(label, options, known) end
  local callback, dry_run = options and options.callback, options and options.dry_run
  if callback and not dry_run then return run.aside(client, callback, schema.find, client, label, wanted) end
  return schema.find(client, label, wanted, dry_run)
end

return schema
