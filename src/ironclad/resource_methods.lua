--- The methods of resource tables: every operation whose path begins with a collection and an id, the id bound, and
-- refresh for what can be read again.

local operation = require "ironclad.operation"
local resources = require "ironclad.resources"

local resource_methods = {}

--- Puts what Ironclad answered in the place of what the table held; the table stays the same for all who have it.
function resource_methods.replace(resource, answer)
  if type(answer) ~= "table" or answer == resource then return answer end
  for name in pairs(resource) do resource[name] = nil end
  for name, value in pairs(answer) do resource[name] = value end
  return resource
end

--- Adds an operation of the catalog to the methods of the kind that it is about, if there is one.
function resource_methods.add(index, entry)
  local kind = resources.belongs(entry)
  if not kind then return end
  kind.methods[entry.name] = operation.bound(index, entry, entry.name)
  if entry.name == "get" then
    --- Reads the resource again, in place; takes what get takes and answers the resource.
    kind.methods.refresh = operation.bound(index, entry, "refresh", resource_methods.replace)
  end
end

return resource_methods
