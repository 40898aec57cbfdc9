--- Clients, which ironclad.connect returns. A client holds a connection of the core, which has the secrets, and a table
-- for each resource.

local auth = require "ironclad.connections.auth"
local catalog = require "ironclad.calls.catalog"
local concurrent = require "ironclad.loop.concurrent"
local core = require "ironclad.core"
local each = require "ironclad.resources.each"
local hooks = require "ironclad.calls.hooks"
local loop = require "ironclad.loop"
local mistake = require "ironclad.base.mistake"
local named = require "ironclad.connections.named"
local names = require "ironclad.base.names"
local operation = require "ironclad.calls.operation"
local resource_methods = require "ironclad.resources.resource_methods"
local kinds = require("ironclad.resources.resources").kinds
local run = require "ironclad.calls.run"
local scopes = require "ironclad.connections.scopes"
local store = require "ironclad.connections.store"
local wait = require "ironclad.resources.wait"

local client = {}

local methods = {} -- resource -> name -> function

for index, entry in ipairs(catalog.entries) do
  if entry.name then
    methods[entry.resource] = methods[entry.resource] or {}
    methods[entry.resource][entry.name] = operation.method(index, entry)
    local iterator = each.name_of(entry)
    if iterator then methods[entry.resource][iterator] = each.method(index, entry) end
    resource_methods.add(index, entry)
  end
end
require "ironclad.resources.record"
require "ironclad.resources.workflow"
for resource, functions in pairs(wait.methods) do
  for name, method in pairs(functions) do methods[resource][name] = method end
end
for _, functions in pairs(methods) do mistake.guard_all_waiting(functions) end
for _, kind in pairs(kinds) do mistake.guard_all_waiting(kind.methods) end

local metatables = {}
for resource, functions in pairs(methods) do
  metatables[resource] = {
    __name = "ironclad.resource",
    __index = names.strict("client." .. resource, functions),
    __tostring = function() return "ironclad.resource (" .. resource .. ")" end,
  }
end

-- The names of all resources. Of "scim.users" (client.scim.users), the outer name "scim" is in the list too.
local resources = {}
for resource in pairs(methods) do
  local outer = resource:match "^([%w_]+)%."
  resources[#resources + 1] = resource
  if outer then resources[#resources + 1] = outer end
end

local Client = { __name = "ironclad.client" }

local client_methods = {}

--- Calls an operation by its operationId or its Lua name.
-- @param id "launch-a-new-workflow" or "workflows:launch"
-- @param arguments { path = { id = … } or { … }, query =, body =, files =, to = }
-- @param options those of a call
-- @return value, err, response
function client_methods:call(id, arguments, options)
  run.check_client("call", self)
  local index, entry = catalog.find(id)
  if not index then mistake.raise(nil, "%s is no operation%s", tostring(id), catalog.suggestion(id)) end
  if arguments ~= nil and type(arguments) ~= "table" then
    mistake.raise(id, "arguments: expected a table, got %s", mistake.type_of(arguments))
  end
  return operation.call(self, index, entry, arguments, options)
end

--- Sends a request that the catalog does not know, to the connection's host.
-- @param method "GET", "POST", "PUT", "PATCH" or "DELETE"
-- @param path begins with "/" and is percent-encoded, as "/public/api/v1/obligations/types"
-- @param options query, body, files and those of a call
-- @return value (decoded JSON, otherwise the bytes), err, response
function client_methods:request(method, path, options)
  run.check_client("request", self)
  if options ~= nil and type(options) ~= "table" then
    mistake.raise("request", "options: expected a table, got %s", mistake.type_of(options))
  end
  return operation.request(self, method, path, options)
end

--- Fetches a file by a link, such as those of records:get_download_urls and exports. The link may be on any host; the
-- bearer and the actor are not sent. It must be https (plain http works for this machine, or with allow_http). An HTML
-- page or an error is never returned as the file.
-- @param url the link, or an item of get_download_urls' `succeeded`
-- @param options to, on_progress, timeout, deadline, max_retries, callback
-- @return the bytes, or with `to` what it returns; err, response
function client_methods:download(url, options)
  run.check_client("download", self)
  return operation.download(self, url, options)
end

for name, method in pairs(auth) do client_methods[name] = method end
client_methods.map = concurrent.map

Client.__index = names.strict("the client", mistake.guard_all_waiting(client_methods), resources)

--- The text of a client, without secrets.
function Client:__tostring()
  local about = core.describe(self.connection)
  return ("ironclad.client (%s%s)"):format(about.origin, about.client_id and ", client id " .. about.client_id or "")
end

-- The proxy from the environment variables that curl reads; none for this machine.
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

-- What is wrong with the option `scopes`, or nil.
local function scopes_objection(given)
  if type(given) == "string" and given:find "," then
    return "scopes: expected a list, or one text with spaces between the scopes"
  end
  if type(given) == "table" and #given == 0 and next(given) ~= nil then return "scopes: expected a list of strings" end
end

-- The options, with the environment's proxy added.
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

-- Replaces a file store in the options by its path, and removes a store written in Lua.
-- @return the options, the store written in Lua or nil, and what is wrong with it or nil
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

-- Writes warnings about the connection's scopes to its log.
local function warn_of_scopes(options, connection, watchers)
  if not watchers then return end
  local grant = core.describe(connection).grant
  for _, text in ipairs(scopes.warnings(options.scopes, grant)) do hooks.say(watchers, "warning", text) end
end

-- Makes a client.
-- @param explain function(message): adds the source of the option that the message is about; or nil
local function open_client(label, options, explain)
  local function refuse(objection) mistake.raise(label, explain and explain(objection) or objection) end
  local watchers, unheard = hooks.of(options)
  if unheard then refuse(unheard) end
  local objection = scopes_objection(options.scopes)
  if objection then refuse(objection) end
  local host, unknown = loop.choose(options.loop)
  if not host then refuse(unknown) end
  if options.socket_dir ~= nil and (type(options.socket_dir) ~= "string" or options.socket_dir == "") then
    refuse("socket_dir: expected the path of a folder, got " ..
      (options.socket_dir == "" and "an empty string" or mistake.type_of(options.socket_dir)))
  end
  if host.configure then host.configure(options.socket_dir) end
  local plain, custom, unfit = with_store(with_environment(options))
  if unfit then refuse(unfit) end
  local connection, wrong = core.connect(plain, custom and store.number_of(custom), hooks.watch(watchers))
  if not connection then refuse(wrong) end
  if custom then store.belongs(connection, custom) end
  warn_of_scopes(options, connection, watchers)
  local self = { connection = connection, token_store = custom, hooks = watchers, loop = host }
  for resource, metatable in pairs(metatables) do
    local place = self
    local outer = resource:match "^([%w_]+)%."
    if outer then
      place[outer] = rawget(place, outer) or names.strict("client." .. outer, {})
      place = place[outer]
    end
    place[resource:match "[%w_]+$"] = setmetatable({ client = self }, metatable)
  end
  return setmetatable(self, Client)
end

--- ironclad.connect, under another name in messages.
-- @param label the name
function client.open(label, options)
  if type(options) ~= "table" and type(options) ~= "string" then
    mistake.raise(label, "expected a table of options or the name of a connection, got %s", mistake.type_of(options))
  end
  local explain
  if type(options) == "string" or (options.name ~= nil and options.instance == nil) then
    options, explain = named.load(options)
    if not options then mistake.raise(label, explain) end
  end
  return open_client(label, options, explain)
end

--- Makes a client. It opens no connection: the first call fetches the token. Raises a mistake for a wrong or unknown
-- option.
-- @param options a table of options (docs/reference.md), or the name of a connection in the file of named connections
--   (connections/named.lua). A table with `name` and without `instance` is completed from that file
-- @return a client
function client.connect(options, ...)
  if (...) ~= nil and type(options) == "string" then
    mistake.raise("ironclad.connect", 'options stand in one table with the name: { name = "%s", … }', options)
  end
  mistake.check_surplus("ironclad.connect", ...)
  return client.open("ironclad.connect", options)
end

--- A client of the connection that the environment describes: IRONCLAD_INSTANCE, IRONCLAD_CLIENT_ID,
-- IRONCLAD_CLIENT_SECRET, IRONCLAD_SCOPES, IRONCLAD_AS_USER, IRONCLAD_TOKEN, IRONCLAD_REFRESH_TOKEN, IRONCLAD_CA_FILE.
-- @param options a table of options, which override the variables
-- @return a client
function client.from_env(options, ...)
  mistake.check_surplus("ironclad.from_env", ...)
  local found, explain = named.from_env(options)
  if not found then mistake.raise("ironclad.from_env", explain) end
  return open_client("ironclad.from_env", found, explain)
end

--- The scopes that operations need. Where Ironclad's documents name two scopes for an operation, both are in the list.
-- @param operations a list of Lua names ("workflows:launch") or operationIds
-- @return a list of scopes, each once
function client.scopes_for(operations, ...)
  mistake.check_surplus("ironclad.scopes_for", ...)
  if type(operations) ~= "table" then
    mistake.raise("ironclad.scopes_for", "expected a list of operations, got %s", mistake.type_of(operations))
  end
  local needed, seen = {}, {}
  for _, name in ipairs(operations) do
    local index, entry = catalog.find(name)
    if not index then
      mistake.raise("ironclad.scopes_for", "unknown operation %s%s", tostring(name), catalog.suggestion(name))
    end
    for _, scope in ipairs(entry.scopes) do
      if not seen[scope] then
        seen[scope] = true
        needed[#needed + 1] = scope
      end
    end
  end
  return needed
end

return client
