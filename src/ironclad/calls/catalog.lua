--- The catalog of operations for the module's own use: made once, found by any of an operation's names.

local core = require "ironclad.core"

local catalog = {
  --- All operations, as ironclad.operations() answers them.
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
-- @return its number, which the core knows it by, and its entry; nil for none
function catalog.find(name)
  local number = numbers[name]
  return number, catalog.entries[number]
end

--- What to say of a name that is none: '; did you mean "…"?', or nothing.
function catalog.suggestion(name)
  local text = tostring(name)
  local nearest = core.nearest(text, text:find(":", 1, true) and labels or ids) or
    core.nearest(text, text:find(":", 1, true) and ids or labels)
  return nearest and ('; did you mean "%s"?'):format(nearest) or ""
end

return catalog
