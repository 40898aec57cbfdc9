--- Clients: what ironclad.connect returns. A client holds a connection of the core, where its secrets stay, and a table
-- for each resource.

local auth = require "ironclad.auth"
local core = require "ironclad.core"
local operation = require "ironclad.operation"
local store = require "ironclad.store"

local client = {}

local catalog = core.operations()
local by_id, by_label, ids, labels = {}, {}, {}, {}
local methods = {} -- resource -> name -> function

for index, entry in ipairs(catalog) do
  by_id[entry.id] = index
  ids[#ids + 1] = entry.id
  if entry.name then
    local label = operation.label(entry)
    by_label[label] = index
    labels[#labels + 1] = label
    methods[entry.resource] = methods[entry.resource] or {}
    methods[entry.resource][entry.name] = operation.method(index, entry)
  end
end

local function names_of(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = tostring(name) end
  table.sort(names)
  return names
end

--- An __index that names the nearest right name instead of answering nil; `others` are names that the table has
-- itself.
local function strict(what, known, others)
  return function(_, name)
    if known[name] ~= nil then return known[name] end
    if type(name) ~= "string" or name:find "^__" then return nil end
    local names = names_of(known)
    for _, other in ipairs(others or {}) do names[#names + 1] = other end
    local nearest = core.nearest(name, names)
    error(("%s has no %s%s"):format(what, name, nearest and ('; did you mean "%s"?'):format(nearest) or ""), 2)
  end
end

local metatables = {}
for resource, functions in pairs(methods) do
  metatables[resource] = {
    __name = "ironclad.resource",
    __index = strict("client." .. resource, functions),
    __tostring = function() return "ironclad.resource (" .. resource .. ")" end,
  }
end

-- "scim.users" is client.scim.users: what stands under each outer name.
local inner, resources = {}, {}
for resource in pairs(methods) do
  local outer, rest = resource:match "^([%w_]+)%.(.+)$"
  resources[#resources + 1] = outer or resource
  if outer then
    inner[outer] = inner[outer] or {}
    table.insert(inner[outer], rest)
  end
end

local Client = { __name = "ironclad.client" }
local client_methods = {}

--- Calls an operation by its operationId (or its Lua name).
-- @param id "launch-a-new-workflow" or "workflows:launch"
-- @param arguments { path = { id = … } or { … }, query =, body =, files =, to = }
-- @param options of the call
-- @return value, err, response
function client_methods:call(id, arguments, options)
  local index = by_id[id] or by_label[id]
  if not index then
    local nearest = core.nearest(tostring(id), ids) or core.nearest(tostring(id), labels)
    error(("%s is no operation%s"):format(tostring(id), nearest and ('; did you mean "%s"?'):format(nearest) or ""),
      2)
  end
  if arguments ~= nil and type(arguments) ~= "table" then
    error(("%s: arguments: expected a table, got %s"):format(id, type(arguments)), 2)
  end
  local value, err, response = operation.call(self, index, catalog[index], arguments, options)
  return value, err, response
end

--- Sends what the catalog does not know, to the same host.
-- @param method "GET", "POST", "PUT", "PATCH" or "DELETE"
-- @param path begins with "/" and is percent-encoded, as "/public/api/v1/obligations/types"
-- @param options query, body, files and the options of a call
-- @return value (JSON as a value, anything else as a string), err, response
function client_methods:request(method, path, options)
  if options ~= nil and type(options) ~= "table" then
    error(("request: options: expected a table, got %s"):format(type(options)), 2)
  end
  local value, err, response = operation.request(self, method, path, options)
  return value, err, response
end

for name, method in pairs(auth) do client_methods[name] = method end

Client.__index = strict("the client", client_methods, resources)

--- Never shows a secret.
function Client:__tostring()
  local about = core.describe(self.connection)
  return ("ironclad.client (%s%s)"):format(about.origin, about.client_id and ", client id " .. about.client_id or "")
end

-- A proxy of the environment, as curl reads it; never for this machine itself.
local function proxy_of_environment(instance)
  local host = instance:gsub("^%a+://", "")
  for _, own in ipairs { "^127%.", "^localhost$", "^localhost[:/]", "^%[::1%]" } do
    if host:find(own) then return nil end
  end
  local function variable(name)
    local value = os.getenv(name)
    return value ~= "" and value or nil
  end
  if instance:find "^http://" then return variable "http_proxy" or variable "all_proxy" or variable "ALL_PROXY" end
  return variable "https_proxy" or variable "HTTPS_PROXY" or variable "all_proxy" or variable "ALL_PROXY"
end

-- What the scopes are joined from, before the core sees them.
local function check_scopes(scopes)
  if type(scopes) == "string" and scopes:find "," then
    error("ironclad.connect: scopes: expected a list, or one text with spaces between the scopes", 3)
  end
  if type(scopes) == "table" and #scopes == 0 and next(scopes) ~= nil then
    error("ironclad.connect: scopes: expected a list of strings", 3)
  end
end

local function with_environment(options)
  if options.proxy ~= nil or type(options.instance) ~= "string" then return options end
  local proxy = proxy_of_environment(options.instance)
  if not proxy then return options end
  local copy = {}
  for name, value in pairs(options) do copy[name] = value end
  copy.proxy = proxy
  copy.no_proxy = copy.no_proxy or os.getenv "no_proxy" or os.getenv "NO_PROXY"
  if copy.no_proxy == "" then copy.no_proxy = nil end
  return copy
end

-- Takes a store that is no path out of the options: a file store becomes its path, one written in Lua is returned
-- apart.
local function with_store(options)
  local given = options.store
  if given == nil or (type(given) == "string" and given ~= "memory") then return options end
  local copy = {}
  for name, value in pairs(options) do copy[name] = value end
  copy.store = nil
  if given == "memory" then return copy end
  if type(given) ~= "table" then
    return nil, nil, ('store: expected "memory", a path or a table with load and save, got a %s'):format(type(given))
  end
  copy.store = store.path_of(given)
  if copy.store then return copy end
  return copy, given, store.objection(given)
end

--- A client. Opens nothing: the first call fetches the token. Throws for a wrong or unknown option.
function client.connect(options)
  if type(options) ~= "table" then
    error(("ironclad.connect: expected a table of options, got %s"):format(type(options)), 2)
  end
  check_scopes(options.scopes)
  local plain, custom, objection = with_store(with_environment(options))
  if objection then error("ironclad.connect: " .. objection, 2) end
  local connection, mistake = core.connect(plain, custom and store.number_of(custom))
  if not connection then error("ironclad.connect: " .. mistake, 2) end

  local self = { connection = connection, token_store = custom }
  for resource, metatable in pairs(metatables) do
    local place = self
    local outer = resource:match "^([%w_]+)%."
    if outer then
      place[outer] = rawget(place, outer) or setmetatable({}, { __index = strict("client." .. outer, {},
        inner[outer]) })
      place = place[outer]
    end
    place[resource:match "[%w_]+$"] = setmetatable({ client = self }, metatable)
  end
  return setmetatable(self, Client)
end

--- The scopes that a list of operations needs, each once, in order of first need; for operations where either of two
-- may be the right one, both.
-- @param operations list of Lua names ("workflows:launch") or operationIds
function client.scopes_for(operations)
  if type(operations) ~= "table" then
    error(("ironclad.scopes_for: expected a list of operations, got %s"):format(type(operations)), 2)
  end
  local scopes, seen = {}, {}
  for _, name in ipairs(operations) do
    local index = by_label[name] or by_id[name]
    if not index then
      local nearest = core.nearest(tostring(name), labels) or core.nearest(tostring(name), ids)
      error(("ironclad.scopes_for: unknown operation %s%s"):format(tostring(name),
        nearest and ('; did you mean "%s"?'):format(nearest) or ""), 2)
    end
    for _, scope in ipairs(catalog[index].scopes) do
      if not seen[scope] then
        seen[scope] = true
        scopes[#scopes + 1] = scope
      end
    end
  end
  return scopes
end

return client
