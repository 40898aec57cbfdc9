--- Converts plain Lua values to Ironclad's typed ones, by a type or by the shape of the value. Records and workflows
-- spell types differently (monetary_amount, monetaryAmount) and have some values in other forms.
--
--   encode.record(type, given)    -> the value of a record's property of that type; nil and what is wrong
--   encode.workflow(field, given) -> the value of a workflow's attribute, `field` its entry in the workflow's schema;
--                                    nil and what is wrong
--   encode.property(given)        -> the type of a record's property and its value, by shape; nil and what is wrong
--   encode.typed(type, value)     -> the value of a property that is given with its type
--   encode.number(text)           -> a number from a text of digits
--   encode.read(text)             -> the value of a JSON text, with every number as it is written
--   encode.record_id(given)       -> the id of a record or entity, its own or its table's; nil for anything else
--
-- Types: of records, RecordPropertyType in Ironclad's public OpenAPI document; of workflows, the attributes of a schema
-- there (retrieve-workflow-schema) and in live answers.

local copy = require "ironclad.base.copy"
local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"
local resources = require "ironclad.resources.resources"
local values = require "ironclad.values.values"

local encode = {}

local function expected(words, given)
  return nil, ("expected %s, got %s"):format(words, values.kind(given) or mistake.value_of(given))
end

local function is_list(value)
  return type(value) == "table" and values.kind(value) == nil and not resources.client_of(value)
    and (value[1] ~= nil or getmetatable(value) == getmetatable(core.array {}))
end

-- Accepts values of one Lua type.
local function of_type(lua_type, words)
  return function(given)
    if type(given) ~= lua_type then return expected(words, given) end
    return given
  end
end

-- Accepts a value of the module's own kind, or one that `make` can convert to it. `words` names it in messages.
local function made_by(kind, make, words)
  return function(given)
    if values.kind(given) == kind then return given end
    if values.kind(given) then return expected(words, given) end
    local made, objection = make(given)
    if made then return made end
    return nil, ("expected %s (%s)"):format(words, objection)
  end
end

local to_date = made_by("date", function(given)
  if type(given) ~= "string" and type(given) ~= "table" then return nil, "got a " .. type(given) end
  return values.make.date(given)
end, "a date: ironclad.date(…) or ISO 8601 text")

local to_duration = made_by("duration", values.make.duration,
  'a duration: ironclad.duration{…} or ISO 8601 text, as "P1Y"')

-- json.decode returns a number that Lua cannot hold as a string of its digits. Such a string is sent as a number again.
local Digits = { __as_number = function(number) return number.digits end }

--- The value of a JSON text; nil and what is wrong. A number that Lua cannot hold is sent as it is written, and is not
-- taken for a text.
function encode.read(text) return core.json.decode(text, Digits) end

-- A number that Lua cannot hold, from the text of its digits or as encode.read returns it; nil for anything else.
local function number_beyond(given)
  if getmetatable(given) == Digits then return given end
  local digits = type(given) == "string" and given:find "^%-?%d" and core.json.decode(given)
  return type(digits) == "string" and setmetatable({ digits = digits }, Digits) or nil
end

local to_money = made_by("money", function(given)
  if type(given) ~= "table" then return nil, "got a " .. type(given) end
  local beyond = number_beyond(given.amount)
  local money, objection = values.make.money(given.currency, beyond and 0 or given.amount)
  return money and beyond and { currency = given.currency, amount = beyond } or money, objection
end, "an amount of money: ironclad.money(currency, amount)")

local to_address = made_by("address", function(given)
  return values.make.address(type(given) == "string" and { lines = given } or given)
end, "an address: ironclad.address{…} or its lines as a text")

local function to_email(given)
  if type(given) ~= "string" or not given:find "^[^@%s]+@[^@%s]+$" then return expected("an e-mail address", given) end
  return given
end

local function to_texts(given)
  local list = core.array {}
  for i, text in ipairs(type(given) == "table" and given or {}) do
    if type(text) ~= "string" then
      return nil, ("expected a list of texts: [%d] is %s"):format(i, mistake.value_of(text))
    end
    list[i] = text
  end
  if type(given) ~= "table" then return expected("a list of texts", given) end
  local fault = mistake.list_fault(given)
  if fault then return nil, "expected a list of texts: " .. fault end
  return list
end

--- A number from a text of digits. Digits that Lua cannot hold are sent as they are written.
-- @return nil when the text is no number, or has a fraction that would lose digits
function encode.number(text)
  local number = values.number(text)
  if number then return number end
  local sign, digits = text:match "^(%-?)0*(%d+)$"
  return digits and encode.read(sign .. digits)
end

local function to_number(given)
  local number = type(given) == "number" and given or number_beyond(given)
  if not number then return expected("a number", given) end
  return number
end

-- The id of a record or an entity: from a text, its table, or a reference to it.
function encode.record_id(given)
  if type(given) == "string" then return given end
  local _, kind = resources.client_of(given)
  if kind and kind ~= "record" and kind ~= "entity" then return nil end
  local id = type(given) == "table" and (kind and resources.id_of(given) or given.recordId)
  return type(id) == "string" and id or nil
end

local function to_reference(given)
  local id = encode.record_id(given)
  if not id then return expected("a record or its id", given) end
  if type(given) == "table" and not resources.client_of(given) then return given end
  return { recordId = id }
end

local function to_clause(given)
  if type(given) ~= "table" or given.source == nil then
    return nil, 'expected a clause: { source = "manual", clauseText = … }'
  end
  return given
end

local to_text = of_type("string", "a text")
local to_boolean = of_type("boolean", "true or false")

local record_types = {
  string = to_text, number = to_number, boolean = to_boolean, email = to_email, array = to_texts, clause = to_clause,
  playbookClause = to_text, reference = to_reference, date = to_date, duration = to_duration,
  monetary_amount = to_money, address = to_address,
}

function encode.record(property_type, given)
  local value, objection = record_types[property_type](given)
  if value == nil then return nil, objection end
  if values.kind(value) then value = select(2, values.property(value)) end
  return value
end

--- The value of a property whose type is known: an empty table becomes a list, and a number that json.decode returned
-- as text becomes a number, where the type says so.
function encode.typed(property_type, value)
  if property_type == "number" then return number_beyond(value) or value end
  if type(value) ~= "table" then return value end
  if property_type == "array" and next(value) == nil then return core.array {} end
  local amount = property_type == "monetary_amount" and number_beyond(value.amount)
  return amount and copy.with(value, "amount", amount) or value
end

--- Whether it is a type of a record's property.
function encode.knows(property_type)
  return record_types[property_type] ~= nil
end

-- The type of a table, found by one of its fields.
local marks = { recordId = "reference", source = "clause", currency = "monetary_amount", amount = "monetary_amount",
  lines = "address", locality = "address", country = "address" }

local function shape_of(given)
  if values.kind(given) then return (values.property(given)) end
  if getmetatable(given) == Digits then return "number" end
  if type(given) ~= "table" then
    return (type(given) == "string" or type(given) == "number" or type(given) == "boolean") and type(given) or nil
  end
  if resources.client_of(given) then return "reference" end
  if is_list(given) then return "array" end
  for field, property_type in pairs(marks) do
    if given[field] ~= nil then return property_type end
  end
end

local File = getmetatable(core.file { data = "-" })

function encode.property(given)
  local property_type = shape_of(given)
  if getmetatable(given) == File then return nil, "a file cannot be a property: use record:upload_attachment(…)" end
  if not property_type and type(given) == "table" and next(given) == nil then
    return nil, "an empty table may be a list or an object; ironclad.array {} is an empty list"
  elseif not property_type then
    return nil, ("a %s cannot be the value of a property"):format(given == core.null and "JSON null" or type(given))
  end
  local value, objection = encode.record(property_type, given)
  if value == nil then return nil, objection end
  return property_type, value
end

local function to_record_id(given)
  local id = encode.record_id(given)
  if not id then return expected("a record or its id", given) end
  return id
end

local function to_document()
  return nil, "documents are changed by workflow:upload_document"
end

local workflow_types = {
  string = to_text, number = to_number, boolean = to_boolean, email = to_email, date = to_date,
  duration = to_duration, monetaryAmount = to_money, address = to_address, linkedRecord = to_record_id,
  parentRecord = to_record_id, childRecord = to_record_id, document = to_document,
}

function workflow_types.array(given, field)
  if not is_list(given) and not (type(given) == "table" and next(given) == nil) then
    return expected("a list", given)
  end
  local fault = mistake.list_fault(given)
  if fault then return nil, "expected a list: " .. fault end
  local list = core.array {}
  for i, item in ipairs(given) do
    local value, objection = encode.workflow(field.elementType, item)
    if value == nil then return nil, ("[%d]: %s"):format(i, objection) end
    list[i] = value
  end
  return list
end

function workflow_types.object(given, field)
  if type(given) ~= "table" or is_list(given) then return expected("a table of named values", given) end
  local object = {}
  for name, item in pairs(given) do
    local value, objection = encode.workflow(type(field.schema) == "table" and field.schema[name], item)
    if value == nil then return nil, ("%s: %s"):format(tostring(name), objection) end
    object[name] = value
  end
  return object
end

function encode.workflow(field, given)
  local encoder = type(field) == "table" and workflow_types[field.type]
  if encoder then return encoder(given, field) end
  -- A value of an unknown type is sent unchanged; a record is sent as its id.
  if resources.client_of(given) then return to_record_id(given) end
  return given
end

return encode
