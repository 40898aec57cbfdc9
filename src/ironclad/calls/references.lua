--- Tables of records (and of entities) in bodies, where Ironclad wants what refers to one: an id, or { recordId = … };
-- and those of workflow schemas, where it wants a template; in queries, too.

local catalog = require "ironclad.calls.catalog"
local mistake = require "ironclad.base.mistake"
local encode = require "ironclad.values.encode"
local resources = require "ironclad.resources.resources"

local references = {}

local function to_id(given) return encode.record_id(given) end

local function to_link(given)
  local id = encode.record_id(given)
  return id and { recordId = id }
end

-- Schemas are plain tables: any that has an id will do.
local function to_template(given)
  return type(given.id) == "string" and given.id or given
end

-- The fields that refer: what becomes of a table in them, or of each in a list or a table of named values.
local forms = {
  records = {
    parent = { one = to_link }, setParent = { one = to_link },
    links = { each = to_link }, addLinks = { each = to_link }, removeLinks = { each = to_link },
    children = { each = to_link }, addChildren = { each = to_link }, removeChildren = { each = to_link },
    identifiers = { each = to_id },
  },
  entities = { parent = { one = to_link }, setParent = { one = to_link } },
  obligations = { parentId = { one = to_id } },
  workflows = { attributes = { each = to_id }, template = { plain = to_template } },
}

-- By operationId: the fields of its body that refer.
local referring = {}
for _, entry in ipairs(catalog.entries) do
  for _, field in ipairs(entry.fields) do
    if forms[entry.resource] and forms[entry.resource][field.name] then
      referring[entry.id] = referring[entry.id] or {}
      table.insert(referring[entry.id], field.name)
    end
  end
end

local function referred(label, name, convert, given)
  if not resources.client_of(given) then return given end
  local reference = convert(given)
  if not reference then
    local _, kind = resources.client_of(given)
    mistake.raise(label, "%s: expected a record, got a %s", name, kind)
  end
  return reference
end

-- The same table when there is nothing to change in it.
local function each_referred(label, name, convert, given)
  local changed = given
  for key, value in pairs(given) do
    local place = type(key) == "number" and ("%s[%d]"):format(name, key) or ("%s.%s"):format(name, tostring(key))
    local reference = referred(label, place, convert, value)
    if reference ~= value then changed = encode.with(changed, key, reference) end
  end
  return changed
end

--- Makes the tables of records in the body of a call what refers to them.
function references.prepare(label, entry, arguments)
  for _, name in ipairs(type(arguments.body) == "table" and referring[entry.id] or {}) do
    local given, form = arguments.body[name], forms[entry.resource][name]
    if type(given) == "table" then
      local result
      if form.plain then
        result = form.plain(given)
      elseif form.one then
        result = referred(label, name, form.one, given)
      else
        result = each_referred(label, name, form.each, given)
      end
      if result ~= given then arguments.body = encode.with(arguments.body, name, result) end
    end
  end
end

-- Query parameters that refer, and what becomes of a table in them.
local queried = { template = to_template, recordId = to_id }

--- Makes the tables in a query ids, where ids are wanted.
-- @return the query, the same when there is nothing to change in it
function references.in_query(query)
  local changed = query
  for name, convert in pairs(type(query) == "table" and queried or {}) do
    if type(query[name]) == "table" then changed = encode.with(changed, name, convert(query[name]) or query[name]) end
  end
  return changed
end

return references
