--- The catalog of operations, for the module's own use. An operation is found by its operationId or its Lua name.

local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"

local catalog = {
  --- All operations, as ironclad.operations() returns them.
  entries = core.operations(),
  --- What Ironclad does in the background (src/lua/operations.h, ic_lua_push_jobs).
  jobs = core.jobs(),
}

local numbers, ids, labels = {}, {}, {}
for number, entry in ipairs(catalog.entries) do
  numbers[entry.id] = number
  ids[#ids + 1] = entry.id
  if entry.name then
    local label = entry.resource .. ":" .. entry.name
    numbers[label] = number
    labels[#labels + 1] = label
  end
end

--- An operation by its operationId ("launch-a-new-workflow") or its Lua name ("workflows:launch").
-- @return its number in the core, and its entry; nil when there is none
function catalog.find(name)
  local number = numbers[name]
  return number, catalog.entries[number]
end

--- The end of the message about an unknown operation: '; did you mean "…"?', or an empty text.
function catalog.suggestion(name)
  local first, second = ids, labels
  if tostring(name):find(":", 1, true) then first, second = labels, ids end
  local text = mistake.did_you_mean(name, first)
  return text ~= "" and text or mistake.did_you_mean(name, second)
end

return catalog
