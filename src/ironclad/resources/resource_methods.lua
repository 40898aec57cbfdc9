--- The methods of resource tables: every operation whose path begins with a collection and an id, with the id filled
-- in; and refresh, for resources that can be read again.
--
-- A name that a table does not have reads as nil, because Ironclad leaves fields out. A name that is one or two letters
-- away from a method raises a mistake instead (workflow:pauze()), unless Ironclad has a field of that name.
-- rawget(table, name) never raises.

local catalog = require "ironclad.calls.catalog"
local lazy = require "ironclad.base.lazy"
local each = lazy "ironclad.resources.each"
local mistake = require "ironclad.base.mistake"
local operation = require "ironclad.calls.operation"
local resources = require "ironclad.resources.resources"

-- Fields of Ironclad whose names are close to a method. spec/ironclad/resources/resources_spec.lua finds them in the
-- OpenAPI documents.
local fields = mistake.set({ "delegates", "download", "downloadUrl", "list", "properties", "propertyKey", "recordId",
  "recordIds", "result", "updates" }, { -- of Clickwrap
  "active", "archived", "create", "deleted", "et", "public", "publish", "published", "published_version", "ref",
  "render", "res" })

-- The operations of a kind: name of the method -> number of the operation.
local function operations_of(kind)
  local numbers = {}
  for number, _, _, name, path in catalog.names() do
    if name and resources.is_about(kind, path) then numbers[name] = number end
  end
  return numbers
end

-- Makes the method of that name from the catalog, or returns nil.
local function make(numbers, name)
  local number = numbers[name]
  if number then return operation.bound(number, catalog.entry(number), name) end
  local list = name:match "^each(.*)$"
  number = list and numbers["list" .. list]
  if number and each.name_of(catalog.entry(number)) == name then return each.bound(number, catalog.entry(number)) end
  number = name == "refresh" and numbers.get
  --- Reads the resource again, in place. Takes what get takes, and returns the resource.
  if number then return operation.bound(number, catalog.entry(number), "refresh", resources.replace) end
end

-- The names of all methods, for suggestions.
local function names_of(kind, numbers)
  local list = {}
  for name in pairs(kind.methods) do list[#list + 1] = name end
  for name in pairs(numbers) do
    list[#list + 1] = name
    if name:find "^list" then list[#list + 1] = each.name_of(catalog.entry(numbers[name])) end
  end
  if numbers.get then list[#list + 1] = "refresh" end
  table.sort(list)
  return list
end

-- Methods are made at their first use. `__index` gets a name that has no method yet: it makes the method, or returns
-- nil, or raises a mistake when the name is close to a method.
local function metatable_of(kind)
  local numbers, candidates
  local function add(methods, name, method) rawset(methods, name, mistake.guard_waiting(method)) end
  local function load_kind()
    numbers = operations_of(kind)
    for _, module in ipairs(kind.modules or {}) do lazy.load("ironclad.resources." .. module) end
  end
  return {
    __newindex = add,
    __index = mistake.guard(function(methods, name)
      if type(name) ~= "string" or name:find "^__" then return nil end
      if not numbers then load_kind() end
      local method = rawget(methods, name)
      if not method then
        method = make(numbers, name)
        if method then add(methods, name, method) end
      end
      if method or fields[name] then return rawget(methods, name) end
      candidates = candidates or names_of(kind, numbers)
      local nearest = mistake.did_you_mean(name, candidates)
      if nearest ~= "" then mistake.raise(nil, '%s: no field or method "%s"%s', kind.name, name, nearest) end
    end),
  }
end

local resource_methods = {}

--- Gives a new kind its methods.
function resource_methods.prepare(kind)
  setmetatable(kind.methods, metatable_of(kind))
end

for _, kind in pairs(resources.kinds) do resource_methods.prepare(kind) end

--- All methods of a kind's tables, each made: name -> function.
function resource_methods.all(kind)
  local own = operations_of(kind)
  local _ = kind.methods.refresh -- loads the modules that add methods
  for _, name in ipairs(names_of(kind, own)) do _ = kind.methods[name] end
  return kind.methods
end

return resource_methods
