--- Clients, which ironclad.connect returns. A client holds a connection of the core, which has the secrets, and a table
-- for each resource.

local catalog = require "ironclad.calls.catalog"
local core = require "ironclad.core"
local lazy = require "ironclad.base.lazy"
local loop = require "ironclad.loop"
local mistake = require "ironclad.base.mistake"
local names = require "ironclad.base.names"
local operation = require "ironclad.calls.operation"
local run = require "ironclad.calls.run"
require "ironclad.resources.resource_methods"

local copy = lazy "ironclad.base.copy"
local each = lazy "ironclad.resources.each"
local hooks = lazy "ironclad.calls.hooks"
local named = lazy "ironclad.connections.named"
local scopes = lazy "ironclad.connections.scopes"
local store = lazy "ironclad.connections.store"

local client = {}

-- Methods of client.<resource> are made at their first use, as those of resource tables are.

-- Modules with methods that are not operations, by the resource.
local beside = {
  workflow_schemas = "ironclad.resources.schema", ["scim.users"] = "ironclad.resources.directory",
  webhooks = "ironclad.events.methods",
}
for _, resource in ipairs { "records", "workflows", "entities", "obligations" } do
  beside[resource] = "ironclad.events.changes"
end

-- The method of that name, or nil.
local function make_method(resource, name)
  local number, entry = catalog.find(resource .. ":" .. name)
  if number then return operation.method(number, entry) end
  local list = name:match "^each(.*)$"
  if list then
    number, entry = catalog.find(resource .. ":list" .. list)
    if number and each.name_of(entry) == name then return each.method(number, entry) end
  end
  -- The methods that wait have "wait" in their names.
  local waiting = name:find("wait", 1, true) and lazy.load("ironclad.resources.wait").methods[resource]
  if waiting and waiting[name] then return waiting[name] end
  return beside[resource] and lazy.load(beside[resource]).methods[resource][name]
end

--- The names of all methods of a resource.
function client.method_names(resource)
  local list = {}
  for number, _, owner, name in catalog.names() do
    if name and owner == resource then
      list[#list + 1] = name
      if name:find "^list" then list[#list + 1] = each.name_of(catalog.entry(number)) end
    end
  end
  for name in pairs(lazy.load("ironclad.resources.wait").methods[resource] or {}) do list[#list + 1] = name end
  local others = beside[resource] and lazy.load(beside[resource]).methods[resource]
  for name in pairs(others or {}) do list[#list + 1] = name end
  return list
end

-- The options of a call that client:with takes.
local lasting = mistake.set { "as_user", "timeout", "deadline", "max_retries", "headers" }

-- What takes options, for messages, and their names.
local function takers()
  return {
    { "ironclad.connect", core.options "connect" }, { "ironclad.clickwrap", core.options "clickwrap" },
    { "client:with", names.sorted(lasting) }, { "a call", core.options "call" },
  }
end

--- Sets a name of a client, of a resource or of the module. A script may add functions, and replace what is there, as
-- tests do. Anything else would have no effect, and raises a mistake.
-- @param what what the table is called in messages
-- @param list its names, to which those of options are added
function client.assign(what, self, name, value, list)
  local known, places = mistake.set(list)[name], {}
  for _, taker in ipairs(known and {} or takers()) do
    if mistake.set(taker[2])[name] then places[#places + 1] = taker[1] end
    for _, option in ipairs(taker[2]) do list[#list + 1] = option end
  end
  if places[1] then
    mistake.raise(nil, "%s cannot be set on %s; give it to %s", name, what, table.concat(places, " or "))
  end
  if not known and type(value) ~= "function" then names.missing(what, name, list) end
  rawset(self, name, value)
end

local metatables = {} -- of client.<resource>, by the resource

local function metatable_of(resource)
  if metatables[resource] then return metatables[resource] end
  local label = "client." .. resource
  local metatable = {
    __name = "ironclad.resource",
    __index = setmetatable({}, { __index = mistake.guard(function(methods, name)
      local method = type(name) == "string" and make_method(resource, name)
      if not method then return names.missing(label, name, client.method_names(resource)) end
      method = mistake.guard_waiting(method)
      rawset(methods, name, method)
      return method
    end) }),
    __newindex = mistake.guard(function(self, name, value)
      client.assign(label, self, name, value, client.method_names(resource))
    end),
    __tostring = function() return "ironclad.resource (" .. resource .. ")" end,
  }
  metatables[resource] = metatable
  return metatable
end

-- The names of a product's resources: name -> "one", as of "records" and "scim.users"; "scim" -> "several".
local resources_of = {}

local function resources_in(product)
  local resources = resources_of[product] or core.resources(product)
  resources_of[product] = resources
  return resources
end

-- client.<name>, made at its first use; nil when it is not a resource. client.scim is a table of resources.
local function resource_of(self, resources, name)
  if resources[name] == "one" then return setmetatable({ client = self }, metatable_of(name)) end
  if not resources[name] then return nil end
  local several, start = {}, name .. "."
  for resource in pairs(resources) do
    if resource:sub(1, #start) == start then
      several[resource:sub(#start + 1)] = setmetatable({ client = self }, metatable_of(resource))
    end
  end
  return names.strict("client." .. name, several)
end

--- The methods of every client.
local shared = {}

--- Calls an operation by its operationId or its Lua name.
-- @param id "launch-a-new-workflow" or "workflows:launch"
-- @param arguments { path = { id = … } or { … }, query =, body =, files =, to = }
-- @param options those of a call
-- @return value, err, response
function shared:call(id, arguments, options)
  run.check_client("call", self)
  local index, entry = catalog.find(id)
  if not index then
    mistake.raise(nil, "%s is not an operation%s", tostring(id), catalog.suggestion(id, getmetatable(self).product))
  end
  if arguments ~= nil and type(arguments) ~= "table" then
    mistake.raise(id, "arguments: expected a table, got %s", mistake.type_of(arguments))
  end
  return operation.call(self, index, entry, arguments, options)
end

--- Sends a request that the catalog does not know, to the connection's host. Of Clickwrap's two hosts it is that of the
-- REST API when the path begins with "/v1.1/", otherwise that of the Activity API, which never gets the token.
-- @param method "GET", "POST", "PUT", "PATCH" or "DELETE"
-- @param path begins with "/" and is percent-encoded, as "/public/api/v1/obligations/types"
-- @param options query, body, files and those of a call
-- @return value (decoded JSON, otherwise the bytes), err, response
function shared:request(method, path, options)
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
function shared:download(url, options)
  run.check_client("download", self)
  return operation.download(self, url, options)
end

--- The same client with other options for its calls: client:with{ as_user = "omar@example.com" }. Both share the
-- connection: its token, its limits and its hooks. Raises a mistake for a value that no call takes.
-- @param options as_user, timeout, deadline, max_retries, headers. Those of a call still override them
-- @return a client
function shared:with(options)
  run.check_client("with", self)
  mistake.check_options("with", options, lasting)
  local defaults = {}
  for name, value in pairs(rawget(self, "defaults") or {}) do defaults[name] = value end
  for name, value in pairs(operation.read_options("with", self, options)) do defaults[name] = value end
  local other = setmetatable({ connection = self.connection, token_store = rawget(self, "token_store"),
    hooks = rawget(self, "hooks"), loop = self.loop, defaults = defaults }, getmetatable(self))
  run.start(other, "with", "GET", { dry_run = true }, "/") -- raises a mistake for a wrong value
  return other
end

--- Makes the metatable of a product's clients.
-- @param given
--   name: of the clients, in their text
--   product: that of the catalog's entries
--   place: whose options they take (core.options)
--   elsewhere: methods that other modules have: name -> the module
--   text: function(about) -> what the text of a client says of its connection (core.describe), without secrets
--   hosts: function(options) -> the hosts of a connection, as far as its options are texts
function client.class(given)
  local methods = {}
  local class = { __name = given.name, product = given.product, about = given, methods = methods }
  for name, method in pairs(shared) do methods[name] = method end
  for name, module in pairs(given.elsewhere) do
    methods[name] = function(...) return lazy.load(module)[name](...) end
  end
  methods.map = function(...) return lazy.load("ironclad.loop.concurrent").map(...) end
  mistake.guard_all_waiting(methods)

  local function members()
    local list = {}
    for known in pairs(methods) do list[#list + 1] = known end
    for known in pairs(resources_in(given.product)) do list[#list + 1] = known end
    return list
  end

  class.__index = mistake.guard(function(self, name)
    local method = methods[name]
    if method then return method end
    local resource = resource_of(self, resources_in(given.product), name)
    if resource then
      rawset(self, name, resource)
      return resource
    end
    return names.missing("the client", name, members())
  end)

  class.__newindex = mistake.guard(function(self, name, value)
    client.assign("the client", self, name, value, members())
  end)

  function class:__tostring()
    return ("%s (%s)"):format(given.name, given.text(core.describe(self.connection)))
  end
  return class
end

local AUTH = "ironclad.connections.auth"

local Client = client.class {
  name = "ironclad.client", product = "clm", place = "connect",
  elsewhere = { check = AUTH, authorize_url = AUTH, exchange = AUTH, logout = AUTH,
    describe = "ironclad.resources.describe" },
  text = function(about)
    return about.origin .. (about.client_id and ", client id " .. about.client_id or "")
  end,
  hosts = function(options) return { options.instance } end,
}

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
  local fault = type(given) == "table" and mistake.list_fault(given)
  return fault and "scopes: expected a list of strings: " .. fault or nil
end

-- The options, with each scope as Ironclad spells it: "workflows.readWorkflows" is "public.workflows.readWorkflows".
local function with_scopes(options)
  local given = options.scopes
  if given == nil or (type(given) ~= "table" and type(given) ~= "string") then return options end
  local list, changed = {}, false
  if type(given) == "table" then
    for i, scope in ipairs(given) do list[i] = scope end
  else
    for scope in given:gmatch "%S+" do list[#list + 1] = scope end
  end
  for i, scope in ipairs(list) do
    local exact = type(scope) == "string" and core.scope_exact("public." .. scope)
    if exact then list[i], changed = exact, true end
  end
  if not changed then return options end
  return copy.with(options, "scopes", type(given) == "table" and list or table.concat(list, " "))
end

-- The options, with the environment's proxy added.
local function with_environment(class, options)
  local proxy
  for _, host in ipairs(options.proxy == nil and class.about.hosts(options) or {}) do
    proxy = proxy or (type(host) == "string" and proxy_of_environment(host) or nil)
  end
  if not proxy then return options end
  local proxied = copy.with(options, "proxy", proxy)
  proxied.no_proxy = proxied.no_proxy or os.getenv "no_proxy" or os.getenv "NO_PROXY"
  if proxied.no_proxy == "" then proxied.no_proxy = nil end
  return proxied
end

-- Replaces a file store in the options by its path, and removes a store written in Lua.
-- @return the options, the store written in Lua or nil, and what is wrong with it or nil
local function with_store(class, options)
  local given = options.store
  local by_default = given == nil and options.shared ~= nil and options.token == nil and class.product == "clm"
  if by_default then given = "shared" end
  if given == nil or (not by_default and type(given) == "string" and given ~= "memory") then return options end
  if given == "memory" then return copy.with(options, "store", nil) end
  if given == "shared" then return copy.with(options, "store", given) end
  if type(given) ~= "table" then
    return nil, nil, ('store: expected "memory", a path or a table with load and save, got a %s'):format(type(given))
  end
  local path = store.path_of(given)
  local stored = copy.with(options, "store", path)
  if path then return stored end
  return stored, given, store.objection(given)
end

-- Writes warnings about the connection's scopes to its log, and one when its TLS keys are recorded.
local function warn(options, connection, watchers)
  if not watchers then return end
  local key_log = core.info().tls_key_log
  if key_log then
    hooks.say(watchers, "warning", "SSLKEYLOGFILE is set: libcurl writes the keys of TLS connections to " .. key_log)
  end
  local grant = core.describe(connection).grant
  for _, text in ipairs(scopes.warnings(options.scopes, grant)) do hooks.say(watchers, "warning", text) end
end

-- Whether there may be a hook or a log.
local function may_watch(options)
  return options.on_request ~= nil or options.on_response ~= nil or options.on_retry ~= nil or options.on_wait ~= nil
    or options.log ~= nil or os.getenv "IRONCLAD_LOG" ~= nil
end

--- Makes a client of a class.
-- @param explain function(message): adds the source of the option that the message is about; or nil
function client.make(class, label, options, explain)
  local function refuse(objection) mistake.raise(label, explain and explain(objection) or objection) end
  local watchers, unheard
  if may_watch(options) then watchers, unheard = hooks.of(options) end
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
  if options.shared ~= nil then lazy.load("ironclad.shared.redis").load(label) end
  local for_core, lua_store, unfit = with_store(class, with_environment(class, with_scopes(options)))
  if unfit then refuse(unfit) end
  local connection, wrong = core.connect(for_core, lua_store and store.number_of(lua_store),
    watchers and hooks.watch(watchers), class.product)
  if not connection then refuse(wrong) end
  if lua_store then store.belongs(connection, lua_store) end
  warn(options, connection, watchers)
  return setmetatable({ connection = connection, token_store = lua_store, hooks = watchers, loop = host }, class)
end

--- Makes a client of a class from a table of options or the name of a connection.
-- @param label the name of the caller in messages
-- @param explain as in client.make, for options that are complete
function client.open_as(class, label, options, explain)
  if type(options) ~= "table" and type(options) ~= "string" then
    mistake.raise(label, "expected a table of options or the name of a connection, got %s", mistake.type_of(options))
  end
  if type(options) == "string" or (options.name ~= nil and #class.about.hosts(options) == 0) then
    options, explain = named.load(options, class.about.place)
    if not options then mistake.raise(label, explain) end
  end
  return client.make(class, label, options, explain)
end

--- ironclad.connect, under another name in messages.
-- @param label the name
-- @param explain as in client.open_as
function client.open(label, options, explain) return client.open_as(Client, label, options, explain) end

--- Makes a client. It opens no connection: the first call fetches the token. Raises a mistake for a wrong or unknown
-- option.
-- @param options a table of options (docs/reference.md), or the name of a connection in the file of named connections
--   (connections/named.lua). A table with `name` and without `instance` is completed from that file
-- @return a client
function client.connect(options, ...)
  client.check_arguments("ironclad.connect", options, ...)
  return client.open("ironclad.connect", options)
end

--- Raises a mistake for arguments after the options.
function client.check_arguments(label, options, ...)
  if (...) ~= nil and type(options) == "string" then
    mistake.raise(label, 'options stand in one table with the name: { name = "%s", … }', options)
  end
  mistake.check_surplus(label, ...)
end

--- A client of the connection that the environment describes: IRONCLAD_INSTANCE, IRONCLAD_CLIENT_ID,
-- IRONCLAD_CLIENT_SECRET, IRONCLAD_SCOPES, IRONCLAD_AS_USER, IRONCLAD_TOKEN, IRONCLAD_REFRESH_TOKEN, IRONCLAD_CA_FILE,
-- IRONCLAD_CLIENT_CERT, IRONCLAD_CLIENT_KEY, IRONCLAD_CLIENT_KEY_PASSWORD.
-- @param options a table of options, which override the variables
-- @return a client
function client.from_env(options, ...)
  mistake.check_surplus("ironclad.from_env", ...)
  local found, explain = named.from_env(options)
  if not found then mistake.raise("ironclad.from_env", explain) end
  return client.make(Client, "ironclad.from_env", found, explain)
end

return client
