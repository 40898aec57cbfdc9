--- A field of an answer as one text, for a cell of a table or of CSV.

local core = require "ironclad.core"

local cells = {}

-- Fields that name a table in a few words, the best first.
local naming = { "displayName", "title", "name", "email", "filename", "recordId", "id", "value", "status", "state" }

local function scalar(value)
  local kind = type(value)
  return kind == "string" or kind == "number" or kind == "boolean"
end

local function text_of(value)
  if type(value) == "string" then return value end
  return core.json.encode(value)
end

local function words_of(value, depth)
  if value == nil or value == core.null then return "" end
  if scalar(value) then return text_of(value) end
  if type(value) ~= "table" then return tostring(value) end
  if value.currency ~= nil and value.amount ~= nil then
    return ("%s %s"):format(text_of(value.currency), text_of(value.amount))
  end
  if value.type ~= nil and value.value ~= nil and next(value, next(value, next(value))) == nil then
    return words_of(value.value, depth)
  end
  if #value > 0 and depth > 0 then
    local list = {}
    for i, item in ipairs(value) do list[i] = words_of(item, depth - 1) end
    return table.concat(list, "; ")
  end
  if next(value) == nil then return "" end
  for _, name in ipairs(naming) do
    if scalar(value[name]) then return text_of(value[name]) end
  end
  return core.json.encode(value)
end

--- The text of a value: lists with "; " between the items, an amount as "USD 5000", an object by its name, or as JSON.
function cells.text(value) return words_of(value, 2) end

-- Where a column is looked for when the item has no such field.
local places = { "properties", "attributes" }

local function step(value, name)
  if type(value) ~= "table" then return nil end
  local found = rawget(value, name)
  if found == nil and name:find "^%d+$" then found = rawget(value, tonumber(name)) end
  return found
end

local function follow(item, path)
  local value = step(item, path)
  if value ~= nil then return value end
  for name in path:gmatch "[^.]+" do
    item = step(item, name)
    if item == nil then return nil end
  end
  return item
end

--- The value of a column: a field, a path (`approvals.state`), or a property or an attribute by its name.
function cells.value(item, column)
  local value = follow(item, column)
  if value ~= nil then return value end
  for _, place in ipairs(places) do
    local inner = step(item, place)
    if inner ~= nil then value = follow(inner, column) end
    if value ~= nil then return value end
  end
end

--- The text of a column of an item.
function cells.column(item, column) return cells.text(cells.value(item, column)) end

local TIME = "^(%d%d%d%d%-%d%d%-%d%d)T(%d%d:%d%d):[%d.]+Z$"

--- A text as people read it on a terminal: a point in time without seconds, a day without its time.
function cells.for_people(text)
  local day, time = text:match(TIME)
  if not day then return text end
  return time == "00:00" and day or day .. " " .. time
end

-- The columns of each kind of resource.
local columns = {
  workflow = { "ironcladId", "title", "step", "status", "lastUpdated" },
  record = { "ironcladId", "type", "name", "lastUpdated" },
  webhook = { "id", "targetURL", "events", "status" },
  entity = { "ironcladId", "name", "status" },
  obligation = { "ironcladId", "name", "parentReadableId", "lastUpdated" },
  export = { "jobId", "jobStatus" },
  user = { "id", "userName", "title", "active" },
  group = { "id", "displayName" },
}

local first_names = { "ironcladId", "id", "title", "displayName", "name", "email", "type", "status", "state" }
local MOST = 6

--- The columns of a table of items.
-- @param kind the name of the resource's kind, or nil
-- @param item the first item
function cells.columns(kind, item)
  local list, seen = {}, {}
  local function add(name)
    if not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  for _, name in ipairs(columns[kind] or {}) do
    if type(item) ~= "table" or item[name] ~= nil or kind then add(name) end
  end
  if #list > 0 then return list end
  if type(item) ~= "table" then return { "value" } end
  for _, name in ipairs(first_names) do
    if scalar(item[name]) then add(name) end
  end
  local others = {}
  for name, value in pairs(item) do
    if scalar(value) and not seen[name] then others[#others + 1] = tostring(name) end
  end
  table.sort(others)
  for _, name in ipairs(others) do
    if #list < MOST then add(name) end
  end
  if #list == 0 then
    for name in pairs(item) do others[#others + 1] = tostring(name) end
    table.sort(others)
    for i = 1, math.min(#others, MOST) do add(others[i]) end
  end
  return list
end

return cells
