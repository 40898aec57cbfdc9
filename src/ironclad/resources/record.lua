--- Methods of records, entities and obligations that are not operations:
--
--   record:property(name)         the plain value of a property
--   record:plain()                one flat table of all fields and properties, such as a row of a database
--   record:set(values, options)   changes properties, given as plain values; ironclad.null removes one

local catalog = require "ironclad.calls.catalog"
local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"
local operation = require "ironclad.calls.operation"
local properties = require "ironclad.values.properties"
local resources = require "ironclad.resources.resources"
local values = require "ironclad.values.values"

local record = {}

local function check_colon(kind, name, resource)
  local label, _, given = kind.name .. ":" .. name, resources.client_of(resource)
  if given ~= kind.name then mistake.raise(label, "call it with a colon: %s(…)", label) end
end

local function property_of(resource, name)
  local all = rawget(resource, "properties")
  return type(all) == "table" and all[name] or nil
end

-- Fields that keep their names in a row. A property of such a name becomes "property_<name>".
local columns = { "id", "ironcladId", "type", "name", "status", "lastUpdated", "parentId", "parentLinkType",
  "parentReadableId", "parentRecordName", "contractStatus" }
local is_column = {}
for _, name in ipairs(columns) do is_column[name] = true end

local function is_scalar(value)
  local kind = type(value)
  return kind == "string" or kind == "number" or kind == "boolean"
end

-- A list of scalars as one text; nil for any other table.
local function joined(list)
  local texts = {}
  for i, item in ipairs(list) do
    if not is_scalar(item) then return nil end
    texts[i] = type(item) == "string" and item or core.json.encode(item)
  end
  return texts[1] and table.concat(texts, "; ")
end

-- A value as a scalar, and the currency of an amount of money.
local function scalar(value)
  if type(value) ~= "table" then return value end
  local kind = values.kind(value)
  if kind == "money" then return value.amount, value.currency end
  if kind then return tostring(value) end
  for _, field in ipairs { "recordId", "clauseText", "clauseType" } do
    if is_scalar(value[field]) then return value[field] end
  end
  return joined(value) or core.json.encode(value)
end

local function plain(resource)
  local row = {}
  for _, name in ipairs(columns) do
    local value = rawget(resource, name)
    if name == "contractStatus" and type(value) == "table" then value = value.status end
    if is_scalar(value) then row[name] = value end
  end
  local all = rawget(resource, "properties")
  for name, property in pairs(type(all) == "table" and all or {}) do
    property = type(property) == "table" and property or {}
    local value, currency = scalar(properties.plain(property))
    if property.type == "address" and type(value) == "string" then value = value:gsub("[\r\n]+", ", ") end
    local column = is_column[name] and "property_" .. name or name
    row[column] = value
    if currency then row[column .. "_currency"] = currency end
  end
  return row
end

local function add(kind_name, update)
  local kind = resources.kinds[kind_name]
  local index, entry = catalog.find(update)

  --- The plain value of a property: a text, number, boolean or table; ironclad.money and ironclad.address for amounts
  -- and addresses; nil when there is none.
  function kind.methods.property(resource, name)
    check_colon(kind, "property", resource)
    return properties.plain(property_of(resource, name))
  end

  --- One flat table of texts, numbers and booleans: the fields of `columns`, and each property under its name. An
  -- amount of money becomes its number, with the currency under <name>_currency. A list of scalars becomes one text
  -- with "; " between them, an address one line, a reference the id of its record, and a clause its text. Any other
  -- table becomes JSON text.
  function kind.methods.plain(resource)
    check_colon(kind, "plain", resource)
    return plain(resource)
  end

  --- Changes properties, and updates this table by Ironclad's answer.
  -- @param given a table: name -> plain value; ironclad.null removes the property
  -- @param options those of a call
  -- @return the resource; nil and an error; the response
  function kind.methods.set(resource, given, options)
    local label = kind.name .. ":set"
    local client, id = operation.subject_of(label, kind, resource)
    local body = properties.changes(label, given)
    local arguments = operation.read(label, entry, id, body, options)
    return operation.perform(client, label, index, entry, arguments,
      function(answer) return resources.replace(resource, answer) end, resource)
  end
end

add("record", "records:update")
add("entity", "entities:update")
add("obligation", "obligations:update")

return record
