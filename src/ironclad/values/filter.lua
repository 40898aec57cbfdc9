--- Ironclad's filter formulas, put together from Lua values:
--
--   filter.And(filter.Contains("counterpartyName", "Acme"), filter.LessThan("expirationDate", filter.Today()))
--     -> And(Contains([counterpartyName], 'Acme'), LessThan([expirationDate], Today()))
--
-- A formula stands where the query parameter `filter` is expected, and prints as its text. Source of the grammar:
-- reference/filter-query-param of the public documentation; it has no way to escape a quote.

local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"
local names = require "ironclad.base.names"
local values = require "ironclad.values.values"

local filter = {}

-- Both are { text = } and differ in where they may stand.
local Formula = { __name = "ironclad.filter" }
local Day = { __name = "ironclad.filter.date" }
for _, metatable in ipairs { Formula, Day } do
  metatable.__tostring = function(self) return self.text end
  metatable.__as_text = metatable.__tostring
  metatable.__eq = function(a, b) return a.text == b.text end
end

local function refuse(name, message, ...)
  mistake.raise("ironclad.filter." .. name, message, ...)
end

local function formula(text, ...)
  return setmetatable({ text = text:format(...) }, Formula)
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

-- In the quotes that it does not hold itself.
local function quoted(name, text)
  if not text:find("'", 1, true) then return "'" .. text .. "'" end
  if not text:find('"', 1, true) then return '"' .. text .. '"' end
  refuse(name, "a value with both kinds of quote has no place in a formula, which cannot escape one: %s",
    text)
end

local function day_of(value)
  if getmetatable(value) == Day then return value.text end
  if values.kind(value) == "date" then return ("Date(%d, %d, %d)"):format(value.year, value.month, value.day) end
end

-- What a comparison may be with: the types that its values may have, and how messages name them.
local any = { string = true, number = true, boolean = true, date = true, words = "a text, number, boolean or date" }
local text_only = { string = true, words = "a text" }
local ordered = { number = true, date = true, words = "a number or a date (ironclad.date, filter.Today)" }

local function value_text(name, allowed, value)
  local day = type(value) == "table" and day_of(value)
  local kind = day and "date" or type(value)
  if kind == "number" and (value ~= value or value == math.huge or value == -math.huge) then kind = "no number" end
  -- The service takes numbers in quotes too, as its own examples do.
  if allowed == ordered and kind == "string" and tonumber(value) then kind, value = "number", tonumber(value) end
  if not allowed[kind] then refuse(name, "expected %s, got %s", allowed.words, values.kind(value) or kind) end
  if kind == "date" then return day end
  if kind == "boolean" then return tostring(value) end
  return quoted(name, kind == "number" and core.json.encode(value) or value)
end

local comparisons = {
  Equals = any, NotEqual = any, Contains = text_only,
  LessThan = ordered, LessThanOrEqual = ordered, GreaterThan = ordered, GreaterThanOrEqual = ordered,
}
for name, allowed in pairs(comparisons) do
  --- filter.Equals(property, value) and the like.
  filter[name] = function(given, value)
    return formula("%s(%s, %s)", name, property(name, given), value_text(name, allowed, value))
  end
end

for _, name in ipairs { "IsEmpty", "IsNotEmpty" } do
  --- filter.IsEmpty(property), filter.IsNotEmpty(property).
  filter[name] = function(given)
    return formula("%s(%s)", name, property(name, given))
  end
end

for _, name in ipairs { "And", "Or" } do
  --- filter.And(formula, …), or a list of them; one alone is itself.
  filter[name] = function(...)
    local given, count = { ... }, select("#", ...)
    if count == 1 and type(given[1]) == "table" and getmetatable(given[1]) == nil then
      given = given[1]
      count = #given
    end
    local texts = {}
    for i = 1, count do
      if getmetatable(given[i]) ~= Formula then
        refuse(name, "%d: expected a formula (ironclad.filter.Equals(…) and the like), got %s", i, type(given[i]))
      end
      texts[i] = given[i].text
    end
    if count == 0 then refuse(name, "expected formulas") end
    return count == 1 and given[1] or formula("%s(%s)", name, table.concat(texts, ", "))
  end
end

--- A day: takes what ironclad.date takes.
function filter.Date(...)
  local date, objection = values.make.date(...)
  if not date then refuse("Date", objection) end
  return setmetatable({ text = day_of(date) }, Day)
end

--- The day that it is at Ironclad when the filter is applied.
function filter.Today()
  return setmetatable({ text = "Today()" }, Day)
end

local units = { days = true, weeks = true, months = true, years = true }

--- A day so many days, weeks, months or years after another (before it, when negative).
-- @param from a date or filter.Today(), the default: RelativeDate(30, "days") is 30 days from today
function filter.RelativeDate(from, count, unit)
  if type(from) == "number" and unit == nil then from, count, unit = filter.Today(), from, count end
  local day = type(from) == "table" and day_of(from)
  if not day then refuse("RelativeDate", "expected a date to start from, got %s", type(from)) end
  if type(count) ~= "number" or count % 1 ~= 0 then
    refuse("RelativeDate", "expected a whole number, got %s", type(count) == "number" and count or type(count))
  end
  if not units[unit] then
    refuse("RelativeDate", 'expected "days", "weeks", "months" or "years", got %s', tostring(unit))
  end
  return setmetatable({ text = ("RelativeDate(%s, %.0f, '%s')"):format(day, count, unit) }, Day)
end

return setmetatable(filter, { __index = names.strict("ironclad.filter", filter) })
