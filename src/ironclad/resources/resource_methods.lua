--- The methods of resource tables: every operation whose path begins with a collection and an id, the id bound, and
-- refresh for what can be read again.

local each = require "ironclad.resources.each"
local operation = require "ironclad.calls.operation"
local resources = require "ironclad.resources.resources"

local resource_methods = {}

--- Adds an operation of the catalog to the methods of the kind that it is about, if there is one.
function resource_methods.add(index, entry)
  local kind = resources.belongs(entry)
  if not kind then return end
  kind.methods[entry.name] = operation.bound(index, entry, entry.name)
  local iterator = each.name_of(entry)
  if iterator then kind.methods[iterator] = each.bound(index, entry) end
  if entry.name == "get" then
    --- Reads the resource again, in place; takes what get takes and answers the resource.
    kind.methods.refresh = operation.bound(index, entry, "refresh", resources.replace)
  end
end

return resource_methods
