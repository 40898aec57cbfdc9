--- `name=value` of the command line as a value, typed by the catalog, by a template's schema or by the company's record
-- schema.
--
--   name=text        by the type of the field: text, a number, true or false, a date, "USD 5000", a list "a,b"
--   name=@file       the content of a file (- is standard input); where a document is wanted, the document itself
--   name:=json       JSON of any type; null removes a value
--   name.sub=value   a field of an object

local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local lazy = require "ironclad.base.lazy"
local mistake = require "ironclad.base.mistake"
local terminal = require "ironclad.command.terminal"

local encode = lazy "ironclad.values.encode"
local values = lazy "ironclad.values.values"

local typed = {}

--- Splits "name=value" and "name:=json". Returns the name, the text, and whether it is JSON; nil for any other word.
function typed.split(word)
  local name, json, text = word:match "^([%a_][%w_.%-]*)(:?)=(.*)$"
  if not name then return nil end
  return name, text, json == ":"
end

-- Opening and reading a named pipe waits for what writes into it.
local function open_file(name, path)
  local file, message = io.open(path, "rb")
  if file then return file end
  terminal.check_signal()
  fail.usage("%s: cannot read %s", name, message)
end

local function read_file(name, path)
  if path == "" then fail.usage("%s: the name of the file is missing after @; the text @ is @@", name) end
  if path == "-" then return terminal.read_for(name) end
  local file = open_file(name, path)
  local text, problem = file:read "*a"
  file:close()
  if not text then terminal.check_signal() end
  if not text then fail.usage("%s: cannot read %s: %s", name, path, tostring(problem)) end
  return text
end

-- "@file": its content; "@@text": the text "@text".
local function content(name, text)
  if text:sub(1, 2) == "@@" then return text:sub(2) end
  if text:sub(1, 1) == "@" then return read_file(name, text:sub(2)) end
  return text
end

local function json_of(name, text)
  local json = content(name, text)
  if not json:find "%S" then
    fail.usage("%s: expected JSON, %s", name, text:sub(1, 1) == "@" and text .. " is empty" or "got nothing")
  end
  local value, problem = encode.read(json)
  if problem then fail.usage("%s: %s", name, problem) end
  return value
end

local function refuse(name, expected, text) fail.usage("%s: expected %s, got %q", name, expected, text) end

local truths = { ["true"] = true, yes = true, ["1"] = true, ["false"] = false, no = false, ["0"] = false }

local function split_list(text)
  local list = core.array {}
  for item in text:gmatch "[^,]+" do list[#list + 1] = item:match "^%s*(.-)%s*$" end
  return list
end

local function looks_like_json(text) return text:find "^%s*[%[{]" ~= nil end

-- The digits of an amount, with a comma at each thousand or without; nil for any other text: "5.000,00" and "1,5" mean
-- different amounts in different countries.
local function amount_digits(text)
  if not text:find "," then return text:find "^%-?%d+%.?%d*$" and text:find "%d$" and text end
  local first, groups, fraction = text:match "^(%-?[1-9]%d?%d?)([%d,]+)(.*)$"
  local whole = first and groups:gsub(",%d%d%d", "") == ""
  if not whole or not (fraction == "" or fraction:find "^%.%d+$") then return nil end
  return first .. groups:gsub(",", "") .. fraction
end

local function amount_of(name, text)
  local currency, amount = text:match "^%s*(%a%a%a)%s*(%-?[%d.,]+)%s*$"
  if not currency then amount, currency = text:match "^%s*(%-?[%d.,]+)%s*(%a%a%a)%s*$" end
  local digits = currency and amount_digits(amount)
  if not digits then refuse(name, 'an amount, as "USD 5000", "USD 0.50" or "USD 1,234,567.89"', text) end
  local value, problem = values.make.money(currency:upper(), digits)
  if not value then fail.usage("%s: %s", name, problem) end
  return value
end

local units = {}
for _, unit in ipairs { "days", "weeks", "months", "years" } do
  for _, word in ipairs { unit, unit:sub(1, -2), unit:sub(1, 1) } do units[word] = unit end
end

--- A length of time in words: "2 years", "1y6m", "1 year, 6 months".
-- @return its counts by "years", "months", "weeks" and "days"; nil for any other text
function typed.length(text)
  local fields, given = {}, nil
  local rest = text:lower():gsub("(%d+)%s*(%a+)", function(count, word)
    local unit = units[word]
    if not unit or fields[unit] or not values.number(count) then return nil end
    fields[unit], given = values.number(count), true
    return ""
  end)
  return given and not rest:find "[^%s,]" and fields or nil
end

local function duration_of(name, text)
  local fields = text:find "^P" and text or typed.length(text)
  local value = fields and values.make.duration(fields)
  if not value then refuse(name, 'a length of time, as "2 years", "18 months", "1y6m" or "P1Y6M"', text) end
  return value
end

local function date_of(name, text)
  local value, problem = values.make.date(text)
  if not value then fail.usage("%s: %s", name, problem) end
  return value
end

local readers = {
  string = content,
  email = content,
  number = function(name, text)
    local number = encode.number(text)
    if number then return number end
    if text:find "^%-?%d*%.%d+$" then fail.usage("%s: %s has more digits than a number can hold", name, text) end
    refuse(name, "a number, as 12.5", text)
  end,
  integer = function(name, text)
    local number = values.number(text)
    if not number or number % 1 ~= 0 then refuse(name, "a whole number", text) end
    return number
  end,
  boolean = function(name, text)
    local value = truths[text:lower()]
    if value == nil then refuse(name, "true or false", text) end
    return value
  end,
  date = date_of,
  duration = duration_of,
  monetaryAmount = amount_of,
  monetary_amount = amount_of,
  address = content,
  file = function(name, text)
    local path = text:match "^@(.*)$" or text
    if path == "" then fail.usage("%s: the name of a file is missing: %s=@FILE", name, name) end
    -- Ironclad shows the name, and takes only some endings.
    if text == "@-" then fail.usage("%s: a document needs the name of a file; standard input has none", name) end
    open_file(name, path):close()
    return core.file(path)
  end,
  object = function(name, text)
    if looks_like_json(text) or text:sub(1, 1) == "@" then return json_of(name, text) end
    refuse(name, ('JSON, or %s.NAME=value'):format(name), text)
  end,
}
-- A value of an unknown type.
local function any(name, text)
  if looks_like_json(text) then return json_of(name, text) end
  return content(name, text)
end

readers.document = readers.file
-- As Ironclad's documents have a clause that a person wrote.
function readers.clause(name, text)
  local value = any(name, text)
  return type(value) == "string" and { source = "manual", clauseText = value } or value
end
readers.comment = readers.string

-- The choices of a field of the catalog, or those of a template's field that takes no other text.
local function choices_of(field)
  local options = type(field.options) == "table" and field.options
  if options and options.freeTextAllowed == false and type(options.values) == "table" then return options.values end
  return field.choices
end

local function check_choice(name, value, field)
  local choices = field and choices_of(field)
  if not choices or type(value) ~= "string" or mistake.set(choices)[value] then return end
  fail.usage("%s: expected one of %s, got %s%s", name, table.concat(choices, ", "), value,
    mistake.did_you_mean(value, choices))
end

--- Notes a name that was given, and refuses one that was given before, as a whole or in parts.
-- @param seen a table that is empty at first
function typed.once(seen, name)
  if seen[name] == "whole" then fail.usage("%s is given twice; a list is %s=a,b", name, name) end
  if seen[name] then fail.usage("%s and its fields are given; give one of them", name) end
  seen[name] = "whole"
  local parent = name:match "^(.*)%.[^.]*$"
  while parent do
    if seen[parent] == "whole" then fail.usage("%s and its fields are given; give one of them", parent) end
    seen[parent] = "parts"
    parent = parent:match "^(.*)%.[^.]*$"
  end
end

--- A text by the type of its field.
-- @param field { type =, list =, choices =, elementType = }: of the catalog, a workflow's schema, or a record's
function typed.value(name, text, field)
  if type(field) ~= "table" then field = nil end -- of a schema that is not as documented
  local kind = field and field.type
  if field and field.list then
    local list = split_list(text)
    if #list == 0 then fail.usage("%s: the list is empty; leave it out, or give %s=a,b", name, name) end
    for _, item in ipairs(list) do check_choice(name, item, field) end
    return list
  end
  if kind == "array" then
    if looks_like_json(text) then return json_of(name, text) end
    local element = field.elementType
    if element and readers[element.type] then
      local list = core.array {}
      for _, item in ipairs(element.type == "document" and { text } or split_list(text)) do
        list[#list + 1] = readers[element.type](name, item)
      end
      return list
    end
    local list = split_list(text)
    for _, item in ipairs(list) do check_choice(name, item, field) end
    return list
  end
  local value = (readers[kind] or any)(name, text)
  check_choice(name, value, field)
  return value
end

--- The same, where JSON may have been given.
function typed.read(name, text, is_json, field)
  if is_json then return json_of(name, text) end
  return typed.value(name, text, field)
end

-- Whether a value has fields or items: a table that does not stand for something else, such as a number.
local function has_fields(value) return type(value) == "table" and not (getmetatable(value) or {}).__as_number end

--- The object in a field of a table. It is made when it is missing.
-- @param name the field's name in the message that refuses another value: --body may have it
function typed.object(owner, field, name)
  if owner[field] == nil then owner[field] = {} end
  if not has_fields(owner[field]) then fail.usage("%s: is no object in --body, so it has no fields", name) end
  return owner[field]
end

--- Puts a value into a table by its path, "a.b.c".
function typed.put(into, path, value)
  local place = into
  for part, after in path:gmatch "([^.]+)%.()" do place = typed.object(place, part, path:sub(1, after - 2)) end
  place[path:match "[^.]*$"] = value
end

--- A body from --body: @file, @- or JSON text.
function typed.body(text)
  local value = json_of("--body", text)
  if not has_fields(value) then fail.usage "--body: expected a JSON object or list" end
  return value
end

return typed
