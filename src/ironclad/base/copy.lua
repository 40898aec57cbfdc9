--- Copies of tables. A table of the script's is never changed: what the module would change, it changes in a copy.

local copy = {}

--- A new table with the fields of another one, without its metatable; an empty one for nil.
function copy.of(given)
  local new = {}
  for name, value in pairs(given or {}) do new[name] = value end
  return new
end

--- A copy with one field changed.
-- @param value nil removes the field
function copy.with(given, name, value)
  local new = copy.of(given)
  new[name] = value
  return new
end

return copy
