--- The methods of resource tables: every operation whose path begins with a collection and an id, with the id filled
-- in; and refresh, for resources that can be read again.
--
-- A name that a table does not have reads as nil, because Ironclad leaves fields out. A name that is one or two letters
-- away from a method raises a mistake instead (workflow:pauze()), unless Ironclad has a field of that name.
-- rawget(table, name) never raises.

local each = require "ironclad.resources.each"
local mistake = require "ironclad.base.mistake"
local operation = require "ironclad.calls.operation"
local resources = require "ironclad.resources.resources"

local resource_methods = {}

-- Fields of Ironclad whose names are close to a method. spec/ironclad/resources/resources_spec.lua finds them in the
-- OpenAPI documents.
local fields = mistake.set { "delegates", "download", "downloadUrl", "list", "properties", "propertyKey", "recordId",
  "recordIds", "result", "updates" }

-- For a name that is neither a field nor a method: returns nil, or raises a mistake when it is close to a method.
local function missing(kind)
  local candidates -- listed at the first unknown name, when all methods have been added
  return mistake.guard(function(_, name)
    if type(name) ~= "string" or fields[name] or name:find "^__" then return nil end
    if not candidates then
      candidates = {}
      for method in pairs(kind.methods) do candidates[#candidates + 1] = method end
      table.sort(candidates)
    end
    local nearest = mistake.did_you_mean(name, candidates)
    if nearest ~= "" then mistake.raise(nil, '%s: no field or method "%s"%s', kind.name, name, nearest) end
  end)
end

for _, kind in pairs(resources.kinds) do setmetatable(kind.methods, { __index = missing(kind) }) end

--- Adds an operation of the catalog to the methods of the kind that it is about, if there is one.
function resource_methods.add(index, entry)
  local kind = resources.belongs(entry)
  if not kind then return end
  kind.methods[entry.name] = operation.bound(index, entry, entry.name)
  local iterator = each.name_of(entry)
  if iterator then kind.methods[iterator] = each.bound(index, entry) end
  if entry.name == "get" then
    --- Reads the resource again, in place. Takes what get takes, and returns the resource.
    kind.methods.refresh = operation.bound(index, entry, "refresh", resources.replace)
  end
end

return resource_methods
