--- Filters of Clickwrap's lists, built from Lua values:
--
--   filter.And(filter.eq("event_type", "agreed"), filter.ge("created_time", ironclad.date(2026, 10, 14)))
--     -> event_type==agreed and created_time>=2026-10-14T00:00:00Z
--
-- A filter is passed as the query parameter `filter`; tostring gives its text. Clickwrap's guides show ==, >= and
-- `and`; the other comparisons are by analogy. A value with other characters than letters, digits and @ . _ : + - is
-- put in double quotes, so that it cannot change the expression. The guides do not say how quotes are read. Every
-- function raises a mistake for an argument that does not fit.

local core = require "ironclad.core"
local filter_parts = require "ironclad.values.filter_parts"
local mistake = require "ironclad.base.mistake"
local names = require "ironclad.base.names"
local values = require "ironclad.values.values"

local filter = {}

local Filter = filter_parts.text_type "ironclad.clickwrap.filter"

local function refuse(name, message, ...)
  mistake.raise("ironclad.clickwrap.filter." .. name, message, ...)
end

local function new(text) return setmetatable({ text = text }, Filter) end

local function field(name, given)
  if type(given) ~= "string" then refuse(name, "expected the name of a field, got %s", mistake.type_of(given)) end
  if not given:find "^[%a_][%w_.]*$" then refuse(name, '"%s" is not the name of a field', (given:gsub("%c", "?"))) end
  return given
end

-- Words that a grammar of filters may have, in any case: as values they are quoted.
local words = mistake.set { "and", "or", "not", "in", "null" }

local function value_text(name, value)
  if values.kind(value) == "date" then return getmetatable(value).__as_text(value) end
  local kind = type(value)
  if kind == "boolean" or (kind == "number" and value == value and math.abs(value) ~= math.huge) then
    return core.json.encode(value)
  end
  if kind ~= "string" then
    refuse(name, "expected a text, number, boolean or date, got %s", values.kind(value) or mistake.type_of(value))
  end
  if value:find "%c" then refuse(name, "the text holds a control character") end
  if not pcall(core.json.encode, value) then refuse(name, "the text is not UTF-8") end
  if value:find "^[%w@._:+-]+$" and not words[value:lower()] then return value end
  return '"' .. value:gsub('["\\]', "\\%0") .. '"'
end

for name, sign in pairs { eq = "==", ne = "!=", gt = ">", ge = ">=", lt = "<", le = "<=" } do
  --- Compares a field with a value: filter.eq("event_type", "agreed").
  -- @return a filter
  filter[name] = function(given, value, ...)
    mistake.check_surplus("ironclad.clickwrap.filter." .. name, ...)
    return new(field(name, given) .. sign .. value_text(name, value))
  end
end

--- Joins filters: filter.And(filter, …), or a list of them.
-- @return a filter
function filter.And(...)
  local texts = {}
  local _, count = filter_parts.list(function(given, i)
    if getmetatable(given) ~= Filter then
      refuse("And", "%s: expected a filter (ironclad.clickwrap.filter.eq(…) and the like), got %s", i,
        mistake.type_of(given))
    end
    texts[i] = given.text
  end, ...)
  if count == 0 then refuse("And", "expected filters") end
  return new(table.concat(texts, " and "))
end

return names.strict("ironclad.clickwrap.filter",
  mistake.guard_all(mistake.need_dot(filter, "ironclad.clickwrap.filter")))
