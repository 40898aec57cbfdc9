--- Properties of records, entities and obligations: Ironclad's { type =, value = } and plain Lua values, in both
-- directions. Bodies may hold either. The type of a plain value comes from the first of these that has it: the same
-- property in the table whose method was called; the company's record schema; Ironclad's documents; the value's shape
-- (a text is a string, a table with `recordId` is a reference, and so on).
--
-- The record schema (records:get_schema) is fetched once for each client, when a body has a text whose type follows
-- from nothing else. It is then kept. It is not fetched for a dry run. When the token may not read it, it is not
-- fetched again.

local catalog = require "ironclad.calls.catalog"
local core = require "ironclad.core"
local copy = require "ironclad.base.copy"
local encode = require "ironclad.values.encode"
local mistake = require "ironclad.base.mistake"
local run = require "ironclad.calls.run"
local task = require "ironclad.loop.task"
local values = require "ironclad.values.values"

local properties = {}

-- The field of an operation's body that has properties, or nil.
local function field_of(entry)
  for _, field in ipairs(entry.fields) do
    if field.properties then return field.name end
  end
end

-- The types of Ironclad's own properties, by the contract actions of the public OpenAPI document.
local documented = {
  effectiveDate = "date", expirationDate = "date", otherRenewalType = "string",
  standard_initialTermLength = "duration", standard_renewalOptOutDate = "date",
  standard_renewalOptOutPeriod = "duration", standard_renewalTermLength = "duration",
  standard_renewalType = "string", standard_renewalsRemaining = "number", standard_supersededDate = "date",
  standard_supersedingRecordId = "string", standard_supersessionEffectiveDate = "date",
  standard_terminatedDate = "date", standard_terminatingRecordId = "string",
  standard_terminationEffectiveDate = "date", standard_terminationNoticePeriod = "duration",
  standard_undoObligationAction = "string",
}

local function is_full(given)
  return type(given) == "table" and values.kind(given) == nil and type(given.type) == "string" and given.value ~= nil
end

-- The types that a record schema or a resource's properties name: property -> type.
local function types_of(schema)
  local types, known = {}, type(schema) == "table" and schema.properties
  for name, property in pairs(type(known) == "table" and known or {}) do
    if type(property) == "table" and type(property.type) == "string" then types[name] = property.type end
  end
  return types
end

local schema_number = catalog.find "records:get_schema"

local function keep_types(client, schema)
  rawset(client, "property_types", types_of(schema))
end

--- Stores the types of a schema that a script has fetched.
function properties.notice(client, answer)
  keep_types(client, answer)
end

-- One property as { type =, value = }; nil and what is wrong.
local function full_property(property_type, given)
  if is_full(given) then
    local typed = not values.kind(given.value) and encode.typed(given.type, given.value)
    if typed ~= false then return typed == given.value and given or copy.with(given, "value", typed) end
    property_type, given = given.type, given.value
  end
  if given == core.null then return nil, "null: leave it out, or let set{…} remove it" end
  local value = given
  if not property_type then
    property_type, value = encode.property(given)
    if not property_type then return nil, value end
  elseif encode.knows(property_type) then
    local objection
    value, objection = encode.record(property_type, given)
    if value == nil then return nil, objection end
  end
  return { type = property_type, value = value }
end

-- The properties in the body of a call and the name of their field; nil for other calls.
local function given_in(entry, arguments)
  local field = field_of(entry)
  return field and type(arguments.body) == "table" and arguments.body[field], field
end

-- Whether only the type of a property says what a plain value is: a text may be a date, an empty table a list.
local function is_open(value)
  return type(value) == "string" or (type(value) == "table" and next(value) == nil and getmetatable(value) == nil)
end

--- Whether a call needs the record schema for the types of its properties, and the schema has not been fetched.
-- @param subject the table whose method was called, or nil
function properties.lack_schema(client, entry, arguments, subject)
  local given = given_in(entry, arguments)
  local known = arguments.dry_run or rawget(client, "property_types")
  if known or entry.resource ~= "records" or type(given) ~= "table" then return false end
  local types = types_of(subject)
  for name, value in pairs(given) do
    if is_open(value) and not types[name] and not documented[name] then return true end
  end
  return false
end

-- Kinds of errors that mean that this token may not read the schema. It is not fetched again after them.
local unreadable = { permission = true, not_found = true, invalid_request = true }

-- Fetches the schema for a call.
-- @return an error after which a later call may fetch it; otherwise nothing
local function ask_for_schema(client, label, arguments)
  local schema, err = run.call(client, label, schema_number,
    { path = {}, as_user = arguments.as_user, timeout = arguments.timeout, deadline = arguments.deadline })
  if err and not unreadable[err.kind] then return err end
  keep_types(client, schema)
end

-- The same, once for all tasks that need it at the same time.
local function fetch_schema(client, label, arguments)
  if not task.current() then return ask_for_schema(client, label, arguments) end
  local asking = rawget(client, "schema_task")
  if not asking or asking.done then
    asking = client.loop.spawn(nil, ask_for_schema, client, label, arguments)
    rawset(client, "schema_task", asking)
  end
  return (asking:wait())
end

--- Converts the properties in the body of a call to Ironclad's form. Does nothing for other calls. Raises a mistake
-- that names the property when its value cannot be one.
-- @return nothing; or the error of fetching the schema, because the types would be guesses without it
function properties.prepare(client, label, entry, arguments, subject)
  local given, field = given_in(entry, arguments)
  if not given then return end
  if type(given) ~= "table" then
    mistake.raise(label, "%s: expected a table of properties, got a %s", field, type(given))
  end
  if properties.lack_schema(client, entry, arguments, subject) then
    local err = fetch_schema(client, label, arguments)
    if err then return err end
  end
  local own, schema = types_of(subject), entry.resource == "records" and rawget(client, "property_types") or {}
  local encoded = {}
  for name, value in pairs(given) do
    local property, objection = full_property(own[name] or schema[name] or documented[name], value)
    if not property then mistake.raise(label, "%s.%s: %s", field, tostring(name), objection) end
    encoded[name] = property
  end
  arguments.body = copy.with(arguments.body, field, encoded)
end

--- The documented types, property -> type.
properties.documented = documented

--- The body of a PATCH from the plain values of set{…}. A value of ironclad.null removes the property.
function properties.changes(label, given)
  if type(given) ~= "table" or next(given) == nil then
    mistake.raise(label, "expected a table of properties, got %s", type(given) == "table" and "an empty one"
      or mistake.type_of(given))
  end
  local add, remove = {}, {}
  for name, value in pairs(given) do
    if type(name) ~= "string" then
      mistake.raise(label, "expected names of properties, got a %s", type(name))
    end
    if value == core.null then remove[#remove + 1] = name else add[name] = value end
  end
  table.sort(remove)
  return { addProperties = next(add) and add or nil, removeProperties = remove[1] and remove or nil }
end

--- The plain value of a property in an answer: amounts of money and addresses as the module's values (which print as
-- text), other values as they are; nil for none.
function properties.plain(property)
  if type(property) ~= "table" or property.value == core.null then return nil end
  local value = property.value
  if type(value) ~= "table" then return value end
  if property.type == "address" then return values.make.address(value) or value end
  if property.type == "monetary_amount" then return values.make.money(value.currency, value.amount) or value end
  return value
end

return properties
