--- Resources in bodies and queries. Where Ironclad expects an id or { recordId = … }, a script may give the table of a
-- record or an entity. Where Ironclad expects a template, a script may give the table of a workflow schema.

local copy = require "ironclad.base.copy"
local encode = require "ironclad.values.encode"
local mistake = require "ironclad.base.mistake"
local resources = require "ironclad.resources.resources"

local references = {}

local function to_id(given) return encode.record_id(given) end

local function to_link(given)
  local id = encode.record_id(given)
  return id and { recordId = id }
end

-- A schema is not a kind of resources.lua: any table with an id counts as one.
local function to_template(given)
  return type(given.id) == "string" and given.id or given
end

-- How a table in a field is converted, by the catalog's word for the reference. `type` is the type of a field with one
-- reference; a field of another type holds any number of them. A schema is never in a list, and a table that is none is
-- left as it is.
local forms = {
  record_link = { type = "object", convert = to_link },
  record_id = { type = "string", convert = to_id },
  schema_id = { type = "string", convert_if_one = to_template },
}

local function referred(label, name, convert, given)
  if not resources.client_of(given) then return given end
  local reference = convert(given)
  if not reference then
    local _, kind = resources.client_of(given)
    mistake.raise(label, "%s: expected a record, got a %s", name, kind)
  end
  return reference
end

-- Converts each of several references. Returns the same table when nothing changes.
local function each_referred(label, name, convert, given)
  local changed = given
  for key, value in pairs(given) do
    local place = (type(key) == "number" and "%s[%s]" or "%s.%s"):format(name, tostring(key))
    local reference = referred(label, place, convert, value)
    if reference ~= value then changed = copy.with(changed, key, reference) end
  end
  return changed
end

-- The value of one field with its tables converted.
local function prepared(label, field, given)
  local form = forms[field.refers]
  if form.convert_if_one then return form.convert_if_one(given) end
  local convert_in = field.type == form.type and referred or each_referred
  return convert_in(label, field.name, form.convert, given)
end

--- Converts the tables in the body of a call to references.
function references.prepare(label, entry, arguments)
  if type(arguments.body) ~= "table" then return end
  for _, field in ipairs(entry.fields) do
    local given = arguments.body[field.name]
    if field.refers and type(given) == "table" then
      local result = prepared(label, field, given)
      if result ~= given then arguments.body = copy.with(arguments.body, field.name, result) end
    end
  end
end

--- Replaces tables in a query by their ids, where ids are expected.
-- @return the query; the same table when nothing changes
function references.in_query(entry, query)
  local changed = query
  for _, field in ipairs(type(query) == "table" and entry.query or {}) do
    local given, form = query[field.name], forms[field.refers]
    if form and type(given) == "table" then
      changed = copy.with(changed, field.name, (form.convert_if_one or form.convert)(given) or given)
    end
  end
  return changed
end

return references
