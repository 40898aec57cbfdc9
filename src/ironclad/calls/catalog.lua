--- The catalog of operations, for the module's own use. An operation is found by its operationId or its Lua name. An
-- entry becomes a table when it is first asked for, and stays the same table.
--
--   catalog.entries   all entries, as ironclad.operations() returns them
--   catalog.jobs      what Ironclad does in the background (src/lua/operations.h)

local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"

local made = {} -- number -> entry

local whole = {} -- the fields that have the whole catalog: name -> function() -> the value

local catalog = setmetatable({}, { __index = function(self, name)
  local value = whole[name] and whole[name]()
  rawset(self, name, value)
  return value
end })

--- The entry of a number in the core; nil when there is none.
function catalog.entry(number)
  local entry = made[number]
  if not entry then
    entry = core.operation(number)
    made[number] = entry
  end
  return entry
end

function whole.entries()
  local entries = {}
  repeat
    entries[#entries + 1] = catalog.entry(#entries + 1)
  until not core.operation_names(#entries + 1)
  return entries
end

whole.jobs = core.jobs

--- Goes through all operations without making their entries.
-- @return a function for the generic `for`: number, id, resource, name (nil for an operation that only client:call
--   reaches), path, product
function catalog.names()
  local number = 0
  return function()
    number = number + 1
    local id, resource, name, path, product = core.operation_names(number)
    if id then return number, id, resource, name, path, product end
  end
end

--- What messages call the product of an entry.
function catalog.product_name(entry) return entry.product == "clickwrap" and "Clickwrap" or "Ironclad" end

--- An operation by its operationId ("launch-a-new-workflow") or its Lua name ("workflows:launch").
-- @return its number in the core, and its entry; nil when there is none
function catalog.find(name)
  local number = core.operation_number(name)
  if number then return number, catalog.entry(number) end
end

--- The end of the message about an unknown operation: '; did you mean "…"?', or an empty text.
-- @param product the one whose operations may be meant
function catalog.suggestion(wanted, product)
  local ids, labels = {}, {}
  for _, id, resource, name, _, owner in catalog.names() do
    if owner == product then
      ids[#ids + 1] = id
      if name then labels[#labels + 1] = resource .. ":" .. name end
    end
  end
  local first, second = ids, labels
  if tostring(wanted):find(":", 1, true) then first, second = labels, ids end
  local text = mistake.did_you_mean(wanted, first)
  return text ~= "" and text or mistake.did_you_mean(wanted, second)
end

return catalog
