--- Operations as methods: client.<resource>:<name>(path parameters in order…, arguments, options), made from the
-- catalog. `arguments` is the body of an operation that has one, and the query of one that has none. `options` are
-- those of a call. An operation without a body also takes arguments and options in one table.

local core = require "ironclad.core"
local lazy = require "ironclad.base.lazy"
local mistake = require "ironclad.base.mistake"
local properties = lazy "ironclad.values.properties"
local references = lazy "ironclad.calls.references"
local answers = lazy "ironclad.clickwrap.answers"
local site = lazy "ironclad.clickwrap.site"
local resources = require "ironclad.resources.resources"
local run = require "ironclad.calls.run"
local templates = lazy "ironclad.calls.templates"

local operation = {}

-- The operation that reads the record schema: the types of properties are taken from its answer.
local SCHEMA = core.operation_number "records:get_schema"

local call_options, takes = core.options "call"
local is_option = mistake.set(call_options)
local is_connect_option = mistake.set(core.options "connect")

-- What an option takes, in the words of the core's catalog -> the type of its values. The core checks the others.
local type_of_words = { ["a table"] = "table", ["true or false"] = "boolean", ["a function"] = "function" }

local function hint_at_connect(name)
  return is_connect_option[name] and "; it is an option of ironclad.connect" or nil
end

--- Raises a mistake for an option that is not of its type.
function operation.check_type(label, name, value)
  local wanted = type_of_words[takes[name]]
  -- on_progress may also be a table that can be called, which the core checks.
  if wanted and name ~= "on_progress" and value ~= nil and type(value) ~= wanted then
    local got = mistake.type_of(value)
    if wanted == "boolean" then got = type(value) == "string" and ("%q"):format(value) or mistake.value_of(value) end
    mistake.raise(label, "%s: expected %s, got %s", name, takes[name], got)
  end
end

-- Raises a mistake for an unknown option.
local function check_options(label, options, entry)
  for _, parameter in ipairs(type(options) == "table" and entry and entry.query or {}) do
    local name = parameter.name
    if options[name] ~= nil and not is_option[name] then
      mistake.raise(label, "%s: is a query parameter, not an option; it belongs %s", name,
        entry.body == "none" and "in the table before the options" or "in { query = { " .. name .. " = … } }")
    end
  end
  mistake.check_options(label, options, is_option, nil, hint_at_connect)
end

-- The option as_user, from an e-mail, an id or a user's table.
-- @param about as for add_options
local function read_actor(label, value, about)
  if about and about.product == "clickwrap" then mistake.raise(label, "as_user: Clickwrap has no acting user") end
  if type(value) ~= "table" then return value end
  if type(value.id) ~= "string" then
    mistake.raise(label, "as_user: expected an e-mail or id, a user's table, or false for none; got a table without id")
  end
  return value.id
end

local function has_parameter(entry, name)
  for _, parameter in ipairs(entry.query) do
    if parameter.name == name then return true end
  end
  return false
end

--- Raises a mistake for an unknown name that is near to one of a method's own, which the core does not know.
-- @param given the arguments or options of a list
-- @param own a list of the method's own names
function operation.check_own(label, entry, given, own)
  for name in pairs(given) do
    local nearest = type(name) == "string" and core.nearest(name, own)
    if nearest and nearest ~= name and not is_option[name] and not is_connect_option[name]
      and not has_parameter(entry, name) then
      mistake.raise(label, "%s: unknown query parameter or option%s", name, mistake.meant(nearest))
    end
  end
end

--- Adds the options to the arguments for core.start.
-- @param about the operation's entry; without one the client's class, which has the product
local function add_options(label, arguments, options, about)
  check_options(label, options, about)
  for name, value in pairs(options) do
    operation.check_type(label, name, value)
    if name == "query" then
      if arguments.query then mistake.raise(label, "query: given twice") end
      arguments.query = value
    elseif name == "extra" then
      for part in pairs(value) do
        if part ~= "query" and part ~= "body" then
          mistake.raise(label, "extra.%s: expected query or body", tostring(part))
        end
      end
      arguments.extra_query, arguments.extra_body = value.query, value.body
    elseif name == "as_user" then
      arguments.as_user = read_actor(label, value, about)
    else
      arguments[name] = value
    end
  end
  return arguments
end

--- Reads the options that client:with keeps for later calls.
-- @return a table for run.start, which checks the other values
function operation.read_options(label, client, options)
  return add_options(label, {}, options, getmetatable(client))
end

-- Path parameters -> the fields of Ironclad's answers that hold their values. Others are found under their own name or
-- "id".
local id_fields = {
  roleId = { "roleId", "role", "id" }, -- of a reviewer, or of a workflow's role
  roleName = { "roleName", "displayName" },
  signerRoleName = { "signerRoleName", "roleName" },
  signer_id = { "signer_id" }, -- of Clickwrap
  key = { "key" },
  attributeId = { "attributeId" },
}

-- Fields of other tables that refer to a resource, as in { recordId = … }. Webhooks spell them with "ID".
local referring = { workflow = { "workflowId", "workflowID" }, record = { "recordId", "recordID" } }

local function field_of(value, name, kind)
  for _, field in ipairs(id_fields[name] or { name, "id" }) do
    if value[field] ~= nil then return value[field] end
  end
  for _, field in ipairs(kind and referring[kind.name] or {}) do
    if value[field] ~= nil then return value[field] end
  end
end

--- The text of a path parameter, from a text, a number or a table that has the id.
-- @param i its number among the entry's path parameters
local function identifier(label, entry, i, value)
  if type(value) == "string" then return value end
  local name, given = entry.path_parameters[i], value == nil and "nil" or type(value)
  if type(value) == "table" then
    local _, kind = resources.client_of(value)
    local wanted = i == 1 and resources.belongs(entry)
    if kind and wanted and wanted.name ~= kind then
      mistake.raise(label, "%s: expected the id of a %s or its table, got a %s", name, wanted.name, kind)
    end
    value, given = field_of(value, name, wanted), "a table without one"
  end
  if type(value) == "number" and value % 1 == 0 and math.abs(value) <= 2 ^ 53 then value = ("%d"):format(value) end
  if type(value) ~= "string" then
    mistake.raise(label, "%s: expected an id or a table that has one, got %s", name, given)
  end
  return value
end

--- Splits one table into query and options.
local function split_arguments(entry, given)
  local known, query, options = {}, nil, {}
  for _, parameter in ipairs(entry.query) do known[parameter.name] = true end
  for name, value in pairs(given) do
    if not known[name] and (is_option[name] or type(value) == "function") then
      options[name] = value
    else
      query = query or {}
      query[name] = value
    end
  end
  return query, options
end

--- An operation's name in messages.
function operation.label(entry)
  return entry.name and entry.resource .. ":" .. entry.name or entry.id
end

-- The answer as it is returned. `finish` as for operation.perform.
local function shaped(client, label, index, entry, finish, value)
  if entry.product == "clickwrap" then
    local err
    value, err = answers.unwrapped(label, entry, value)
    if err then return nil, err end
  end
  if index == SCHEMA then properties.notice(client, value) end
  value = resources.shape(client, entry, value)
  if finish then return finish(value) end
  return value
end

-- Makes arguments ready to be sent. A Clickwrap site, a template's title and the types of properties may take requests.
-- @return true; false, an error and its response
local function prepare(client, label, entry, arguments, subject, needs_site, by_title)
  if entry.product == "clickwrap" then
    if needs_site then
      local found, err, response = site.find(client, arguments)
      if not found then return false, err, response end
    end
    site.add(client, entry, arguments)
  elseif type(arguments.body) == "table" then
    if type(arguments.body.template) == "table" then templates.apply_schema(label, entry, arguments) end
    local err = by_title and templates.prepare(client, label, arguments)
      or properties.prepare(client, label, entry, arguments, subject)
    if err then return false, err end
    references.prepare(label, entry, arguments)
  end
  return true
end

--- Performs an operation with arguments from operation.read. Gives plain properties in the body their types, and
-- resources in the answer their methods.
-- @param finish function(answer) -> the value to return; nil: the answer is returned
-- @param subject the resource's table whose method was called; or nil
-- @return value, err, response
function operation.perform(client, label, index, entry, arguments, finish, subject)
  local callback, has_body = arguments.callback, type(arguments.body) == "table"
  local clickwrap = entry.product == "clickwrap"
  local needs_site = clickwrap and site.must_look(client, entry, arguments)
  local left = arguments.deadline and run.left(arguments.deadline)
  local by_title = has_body and not clickwrap and not arguments.dry_run and templates.is_title(entry, arguments.body)
  if callback and (needs_site or by_title or (has_body and not clickwrap
    and properties.lack_schema(client, entry, arguments, subject))) then
    arguments.callback = nil -- two calls, one after the other in the background
    return run.aside(client, callback, operation.perform, client, label, index, entry, arguments, finish,
      subject)
  end
  local ready, unready, answer = prepare(client, label, entry, arguments, subject, needs_site, by_title)
  if not ready then return nil, unready, answer end
  if left then arguments.deadline = left() end -- it is also that of the requests before this one
  if callback then
    arguments.callback = function(value, err, ...)
      if err == nil then value, err = shaped(client, label, index, entry, finish, value) end
      return callback(value, err, ...)
    end
  end
  local value, err, response = run.call(client, label, index, arguments)
  if err == nil and not callback and not arguments.dry_run then
    value, err = shaped(client, label, index, entry, finish, value)
  end
  return value, err, response
end

local function has_table(query)
  if not query then return false end
  for _, value in pairs(type(query) == "table" and query or {}) do
    if type(value) == "table" then return true end
  end
  return false
end

-- The values of a field, one by one: those of a list, and in the query those of a text with commas. null and what is no
-- list are left to the core.
local function values_of(field, value, part)
  if value == core.null and part == "body" then return {} end
  local is_list = field.list or field.type == "array"
  if is_list and type(value) == "table" then return value end
  if field.type == "array" then return {} end
  local items = { value }
  if field.list and type(value) == "string" then
    items = {}
    for item in (value .. ","):gmatch "([^,]*)," do items[#items + 1] = item end
  end
  return items
end

-- Raises a mistake for a value that is none of a field's choices. The core refuses items with a comma.
local function check_choice(label, field, value, part)
  for _, item in ipairs(values_of(field, value, part)) do
    local left = field.list and type(item) == "string" and item:find(",", 1, true)
    if not left and not field.is_choice[item] then mistake.refuse_choice(label, field.name, item, field.choices) end
  end
end

-- The fields of a list that have choices, with a set of them.
local function fields_with_choices(list)
  local found = {}
  for _, field in ipairs(list) do
    if field.choices then
      field.is_choice = mistake.set(field.choices)
      found[#found + 1] = field
    end
  end
  return found
end

-- Refuses values that are none of the choices of the catalog, before anything is sent. (`extra` passes any value.)
local function check_choices(label, entry, arguments)
  if not arguments.query and not arguments.body then return end
  if not entry.with_choices then
    entry.with_choices = { query = fields_with_choices(entry.query), body = fields_with_choices(entry.fields) }
  end
  for part, list in pairs(entry.with_choices) do
    local given = arguments[part]
    for i = 1, type(given) == "table" and #list or 0 do
      check_choice(label, list[i], given[list[i].name], part)
    end
  end
end

--- Reads the arguments of a method: (the remaining path parameters in order…, arguments, options).
-- @param first the first path parameter, when the method knows it
-- @return the arguments for run.start
function operation.read(label, entry, first, ...)
  local arguments = { path = { first } }
  local known, count = #arguments.path, #entry.path_parameters
  for i = known + 1, count do
    arguments.path[i] = identifier(label, entry, i, (select(i - known, ...)))
  end
  local given, options, surplus = select(count - known + 1, ...)
  if surplus ~= nil then mistake.raise(label, "too many arguments") end
  if given ~= nil and type(given) ~= "table" then
    mistake.raise(label, "arguments: expected a table, got %s", type(given))
  end
  if entry.body ~= "none" then
    arguments.body = given
  elseif given then
    local merged
    arguments.query, merged = split_arguments(entry, given)
    add_options(label, arguments, merged, entry)
  end
  if options ~= nil then add_options(label, arguments, options, entry) end
  if has_table(arguments.query) then arguments.query = references.in_query(entry, arguments.query) end
  check_choices(label, entry, arguments)
  return arguments
end

--- The client behind the client.<resource> on which a method was called.
function operation.client_of(label, entry, resource)
  local client = type(resource) == "table" and rawget(resource, "client")
  if not client then
    mistake.raise(label, "call it with a colon: client.%s:%s(…)", entry.resource, entry.name)
  end
  return client
end

--- The client and the id of the resource's table on which a method was called.
function operation.subject_of(label, kind, resource)
  local client, given = resources.client_of(resource)
  if given ~= kind.name then mistake.raise(label, "call it with a colon: %s(…)", label) end
  local id = resources.id_of(resource)
  if type(id) ~= "string" then mistake.raise(label, "the %s has no %s", kind.name, kind.id) end
  return client, id
end

--- operation.read and operation.perform.
-- @param finish as for operation.perform
-- @return value, err, response
function operation.invoke(client, label, index, entry, finish, first, ...)
  local arguments = operation.read(label, entry, first, ...)
  return operation.perform(client, label, index, entry, arguments, finish)
end

--- The method of an entry: function(client.<resource>, …) -> value, err, response.
function operation.method(index, entry)
  local label = operation.label(entry)
  return function(resource, ...)
    local client = operation.client_of(label, entry, resource)
    return operation.invoke(client, label, index, entry, nil, nil, ...)
  end
end

--- The method of a resource's table: function(resource, …), which takes the id from the table.
-- @param name the method's name
-- @param finish function(resource, answer) -> the value to return; nil: the answer is returned
function operation.bound(index, entry, name, finish)
  local kind = resources.belongs(entry)
  local label = kind.name .. ":" .. name
  return function(resource, ...)
    local client, id = operation.subject_of(label, kind, resource)
    local arguments = operation.read(label, entry, id, ...)
    return operation.perform(client, label, index, entry, arguments,
      finish and function(answer) return finish(resource, answer) end, resource)
  end
end

--- Performs an operation with arguments by name: client:call.
-- @param given { path =, query =, body =, files =, to = }; path is a list in order, or a table by name
-- @param options those of a call
-- @return value, err, response
function operation.call(client, index, entry, given, options)
  local label = operation.label(entry)
  local arguments = { path = {} }
  for name, value in pairs(given or {}) do
    if name == "path" then
      if type(value) ~= "table" then mistake.raise(label, "path: expected a table, got %s", type(value)) end
      for i, parameter in ipairs(entry.path_parameters) do
        local part = value[i]
        if part == nil then part = value[parameter] end
        arguments.path[i] = identifier(label, entry, i, part)
      end
      for part in pairs(value) do
        local known = type(part) == "number" and part >= 1 and part % 1 == 0 and part <= #entry.path_parameters
        for _, parameter in ipairs(entry.path_parameters) do known = known or part == parameter end
        if not known then mistake.raise(label, "path.%s: not a part of %s", tostring(part), entry.path) end
      end
    elseif name == "query" or name == "body" or name == "files" or name == "to" then
      arguments[name] = value
    else
      mistake.raise(label, "%s: expected path, query, body, files or to", tostring(name))
    end
  end
  if #entry.path_parameters > #arguments.path then
    mistake.raise(label, "path.%s: missing", entry.path_parameters[#arguments.path + 1])
  end
  if options ~= nil then add_options(label, arguments, options, entry) end
  check_choices(label, entry, arguments)
  return operation.perform(client, label, index, entry, arguments)
end

--- Sends a request that the catalog does not know, to the connection's host: client:request.
-- @param options { query =, body =, files =, … } and those of a call
-- @return value, err, response
function operation.request(client, method, path, options)
  local label = "request"
  if type(method) ~= "string" then mistake.raise(label, "method: expected a string, got %s", type(method)) end
  if type(path) ~= "string" then mistake.raise(label, "path: expected a string, got %s", type(path)) end
  local arguments, rest = {}, {}
  for name, value in pairs(options or {}) do
    if name == "body" or name == "files" then arguments[name] = value else rest[name] = value end
  end
  add_options(label, arguments, rest, getmetatable(client))
  return run.call(client, label, method, arguments, path)
end

-- The options of a call that apply to a download. A download does not use the connection's token or user.
local download_options = mistake.set { "to", "on_progress", "timeout", "deadline", "max_retries", "callback",
  "dry_run" }

--- Fetches a file from any host, without the bearer and the actor: client:download.
-- @param url the link, or a table with downloadUrl
-- @return value, err, response
function operation.download(client, url, options)
  local label = "download"
  local given = url
  if type(url) == "table" then url = url.downloadUrl end
  if type(url) ~= "string" then
    mistake.raise(label, "url: expected a string, or a table with downloadUrl, got %s",
      type(given) == "table" and "a table without one" or mistake.type_of(given))
  end
  local arguments = { url = url }
  if options ~= nil then
    mistake.check_options(label, options, download_options, "option of a download")
    add_options(label, arguments, options)
  end
  return run.call(client, label, "GET", arguments, url)
end

return operation
