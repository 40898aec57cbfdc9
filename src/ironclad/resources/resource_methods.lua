--- The methods of resource tables: every operation whose path begins with a collection and an id, the id bound, and
-- refresh for what can be read again.
--
-- A name that a table does not have reads as nil, because Ironclad leaves fields out. A name that is one or two letters
-- away from a method raises a mistake instead (workflow:pauze()), unless Ironclad has a field of that name.
-- rawget(table, name) never raises.

local each = require "ironclad.resources.each"
local mistake = require "ironclad.base.mistake"
local operation = require "ironclad.calls.operation"
local resources = require "ironclad.resources.resources"

local resource_methods = {}

-- Names near to a method that Ironclad has for fields: spec/ironclad/resources/resources_spec.lua looks for them in the
-- OpenAPI documents.
local fields = mistake.set { "delegates", "download", "downloadUrl", "list", "properties", "propertyKey", "recordId",
  "recordIds", "result", "updates" }

-- Answers nil for a name that a kind's tables have neither as a field nor as a method, or raises a mistake.
local function missing(kind)
  local candidates -- listed at the first miss: all methods have been added by then
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
    --- Reads the resource again, in place; takes what get takes and answers the resource.
    kind.methods.refresh = operation.bound(index, entry, "refresh", resources.replace)
  end
end

return resource_methods
