--- Ironclad's filter formulas, built from Lua values:
--
--   filter.And(filter.Contains("counterpartyName", "Acme"), filter.LessThan("expirationDate", filter.Today()))
--     -> And(Contains([counterpartyName], 'Acme'), LessThan([expirationDate], Today()))
--
-- A formula is passed as the query parameter `filter`; tostring gives its text. Every function raises a mistake for an
-- argument that the grammar does not allow. Source: reference/filter-query-param of the public documentation. The
-- grammar cannot escape a quote, and its dates are days without a time.

local core = require "ironclad.core"
local filter_parts = require "ironclad.values.filter_parts"
local mistake = require "ironclad.base.mistake"
local names = require "ironclad.base.names"
local values = require "ironclad.values.values"

local filter = {}

-- Both are { text = }. A Day is a date inside a formula; a Formula is a condition.
local Formula = filter_parts.text_type "ironclad.filter"
local Day = filter_parts.text_type "ironclad.filter.date"

local function refuse(name, message, ...) mistake.raise("ironclad.filter." .. name, message, ...) end

-- The name is that of the function; the arguments are texts. They are not put in by string.format, which in PUC Lua 5.1
-- ends a text at a NUL.
local function formula(name, ...)
  return setmetatable({ text = name .. "(" .. table.concat({ ... }, ", ") .. ")" }, Formula)
end

local function property(name, given)
  if type(given) ~= "string" or given == "" then
    refuse(name, "expected the name of a property, got %s", given == "" and '""' or type(given))
  end
  if given:find "[%[%]%c]" then
    refuse(name, 'the name of a property must not hold [, ] or control characters: "%s"', (given:gsub("%c", "?")))
  end
  return "[" .. given .. "]"
end

-- A text in quotes, single or double, whichever the text does not contain.
local function quoted(name, text)
  if not text:find("'", 1, true) then return "'" .. text .. "'" end
  if not text:find('"', 1, true) then return '"' .. text .. '"' end
  refuse(name, "a formula cannot hold a value with both kinds of quote: %s", text)
end

-- The text of a day; nil when the value is not a day.
local function day_of(name, value)
  if getmetatable(value) == Day then return value.text end
  if values.kind(value) ~= "date" then return nil end
  -- The start of a day in UTC is what answers have for a day.
  if (value.hour or 0) ~= 0 or (value.minute or 0) ~= 0 or (value.second or 0) ~= 0 then
    refuse(name, "formulas have days without a time of day, got %s; the query parameter lastUpdated takes a time",
      tostring(value))
  end
  return ("Date(%d, %d, %d)"):format(value.year, value.month, value.day)
end

-- The types that a comparison accepts, and how messages name them.
local any = { string = true, number = true, boolean = true, date = true, words = "a text, number, boolean or date" }
local text_only = { string = true, words = "a text" }
local ordered = { number = true, date = true, words = "a number or a date (ironclad.date, filter.Today)" }

-- Whether a text is a number as JSON has it, of any size.
local function is_number_text(text)
  return text:find "^%-?%d[%d.eE+-]*$" and core.json.decode(text) ~= nil
end

local function value_text(name, allowed, value)
  local day = type(value) == "table" and day_of(name, value)
  local kind = day and "date" or type(value)
  if kind == "number" and (value ~= value or value == math.huge or value == -math.huge) then kind = "no number" end
  -- Ironclad accepts numbers in quotes, and its own examples have them.
  if not (allowed[kind] or allowed == ordered and kind == "string" and is_number_text(value)) then
    refuse(name, "expected %s, got %s", allowed.words,
      kind == "string" and ('"%s"'):format(value) or values.kind(value) or kind)
  end
  if kind == "date" then return day end
  if kind == "boolean" then return tostring(value) end
  return quoted(name, kind == "number" and core.json.encode(value) or value)
end

local comparisons = {
  Equals = any, NotEqual = any, Contains = text_only,
  LessThan = ordered, LessThanOrEqual = ordered, GreaterThan = ordered, GreaterThanOrEqual = ordered,
}
for name, allowed in pairs(comparisons) do
  --- Compares a property with a value: filter.Equals("name", "Acme").
  -- @param given the property's name
  -- @param value a text, number, boolean or day; Contains takes a text, LessThan and similar ones a number or a day
  -- @return a formula
  filter[name] = function(given, value, ...)
    mistake.check_surplus("ironclad.filter." .. name, ...)
    return formula(name, property(name, given), value_text(name, allowed, value))
  end
end

for _, name in ipairs { "IsEmpty", "IsNotEmpty" } do
  --- Whether a property has a value: filter.IsEmpty("term"), filter.IsNotEmpty("term").
  -- @return a formula
  filter[name] = function(given, ...)
    mistake.check_surplus("ironclad.filter." .. name, ...)
    return formula(name, property(name, given))
  end
end

for _, name in ipairs { "And", "Or" } do
  --- Joins formulas: filter.And(formula, …), or a list of them. One formula alone is returned as it is.
  -- @return a formula
  filter[name] = function(...)
    local texts = {}
    local list, count = filter_parts.list(function(given, i)
      if getmetatable(given) ~= Formula then
        refuse(name, "%s: expected a formula (ironclad.filter.Equals(…) and the like), got %s", i, type(given))
      end
      texts[i] = given.text
    end, ...)
    if count == 0 then refuse(name, "expected formulas") end
    return count == 1 and list[1] or formula(name, table.concat(texts, ", "))
  end
end

--- A day.
-- @param ... what ironclad.date takes
-- @return a day for comparisons
function filter.Date(...)
  mistake.check_surplus("ironclad.filter.Date", select(4, ...))
  local date, objection = values.make.date(...)
  if not date then refuse("Date", objection) end
  return setmetatable({ text = day_of("Date", date) }, Day)
end

--- Today, as Ironclad sees it when it applies the filter.
function filter.Today()
  return setmetatable({ text = "Today()" }, Day)
end

local units = { days = true, weeks = true, months = true, years = true }

--- A day before or after another.
-- @param from a date, a filter.Date or filter.Today(); nil or left out: today, so that RelativeDate(30, "days") is the
--   day 30 days from now
-- @param count a whole number; negative: before `from`
-- @param unit "days", "weeks", "months" or "years"
function filter.RelativeDate(from, count, unit)
  if type(from) == "number" and unit == nil then from, count, unit = nil, from, count end
  if from == nil then from = filter.Today() end
  local day = type(from) == "table" and day_of("RelativeDate", from)
  if not day then refuse("RelativeDate", "expected a date to start from, got a %s", type(from)) end
  if type(count) ~= "number" or count % 1 ~= 0 then
    refuse("RelativeDate", "expected a whole number, got %s", type(count) == "number" and count or type(count))
  end
  if not units[unit] then
    refuse("RelativeDate", 'expected "days", "weeks", "months" or "years", got %s', tostring(unit))
  end
  return setmetatable({ text = ("RelativeDate(%s, %.0f, '%s')"):format(day, count, unit) }, Day)
end

return names.strict("ironclad.filter", mistake.guard_all(mistake.need_dot(filter, "ironclad.filter")))
