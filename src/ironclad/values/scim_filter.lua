--- SCIM filters (RFC 7644, section 3.4.2.2), built from Lua values:
--
--   scim.And(scim.sw("userName", "jane"), scim.eq("active", true))   -> userName sw "jane" and active eq true
--   scim.any("emails", scim.eq("type", "work"))                      -> emails[type eq "work"]
--
-- A filter is passed as the query parameter `filter` of SCIM's lists; tostring gives its text. Every function raises a
-- mistake for an argument that the grammar does not allow.

local core = require "ironclad.core"
local filter_parts = require "ironclad.values.filter_parts"
local mistake = require "ironclad.base.mistake"
local names = require "ironclad.base.names"
local values = require "ironclad.values.values"

local scim_filter = {}

-- { text =, joined = "and", "or" or nil }: a joined filter needs parentheses inside another one.
local Filter = filter_parts.text_type "ironclad.scim_filter"

local function refuse(name, message, ...)
  mistake.raise("ironclad.scim_filter." .. name, message, ...)
end

local function new(text, joined)
  return setmetatable({ text = text, joined = joined }, Filter)
end

-- [schema URN ":"] name ["." name]
local function attribute(name, given)
  if type(given) ~= "string" then refuse(name, "expected the name of an attribute, got %s", type(given)) end
  local path = given:match "^[Uu][Rr][Nn]:[%w:._-]+:([^:]+)$" or given
  if not path:find "^[%a$][%w_$-]*$" and not path:find "^[%a$][%w_$-]*%.[%a$][%w_$-]*$" then
    refuse(name, '"%s" is not the name of an attribute', (given:gsub("%c", "?")))
  end
  return given
end

local function value_text(name, allowed, value)
  if values.kind(value) == "date" then value = getmetatable(value).__as_text(value) end
  local kind = value == core.null and "null" or type(value)
  if kind == "number" and (value ~= value or value == math.huge or value == -math.huge) then kind = "no number" end
  if not allowed[kind] then refuse(name, "expected %s, got %s", allowed.words, values.kind(value) or kind) end
  if kind == "string" and value:find("\0", 1, true) then refuse(name, "the text holds a NUL character") end
  local fine, text = pcall(core.json.encode, value)
  if not fine then refuse(name, "%s", text) end
  return text
end

local any = { string = true, number = true, boolean = true, null = true,
  words = "a text, number, boolean, date or ironclad.null" }
local text_only = { string = true, words = "a text" }
local ordered = { string = true, number = true, words = "a text, number or date" }

local comparisons = { eq = any, ne = any, co = text_only, sw = text_only, ew = text_only,
  gt = ordered, ge = ordered, lt = ordered, le = ordered }
for name, allowed in pairs(comparisons) do
  --- Compares an attribute with a value: scim_filter.eq("userName", "jane").
  -- @return a filter
  scim_filter[name] = function(given, value, ...)
    mistake.check_surplus("ironclad.scim_filter." .. name, ...)
    return new(("%s %s %s"):format(attribute(name, given), name, value_text(name, allowed, value)))
  end
end

--- Whether the attribute has a value.
-- @return a filter
function scim_filter.pr(given)
  return new(attribute("pr", given) .. " pr")
end

local function check_filter(name, given, i)
  if getmetatable(given) ~= Filter then
    refuse(name, "%sexpected a filter (ironclad.scim_filter.eq(…) and the like), got %s",
      i and i .. ": " or "", type(given))
  end
  return given
end

for name, word in pairs { And = "and", Or = "or" } do
  --- Joins filters: scim_filter.And(filter, …), or a list of them. One filter alone is returned as it is.
  -- @return a filter
  scim_filter[name] = function(...)
    local texts = {}
    local list, count = filter_parts.list(function(given, i)
      local part = check_filter(name, given, i)
      texts[i] = part.joined and part.joined ~= word and "(" .. part.text .. ")" or part.text
    end, ...)
    if count == 0 then refuse(name, "expected filters") end
    return count == 1 and list[1] or new(table.concat(texts, " " .. word .. " "), word)
  end
end

--- Negates a filter.
-- @return a filter
function scim_filter.Not(given)
  return new(("not (%s)"):format(check_filter("Not", given).text))
end

--- Whether the filter holds for one of the values of an attribute that has many: any("emails", eq("type", "work")).
-- @return a filter
function scim_filter.any(given, inner)
  return new(("%s[%s]"):format(attribute("any", given), check_filter("any", inner).text))
end

return names.strict("ironclad.scim_filter", mistake.guard_all(mistake.need_dot(scim_filter, "ironclad.scim_filter")))
