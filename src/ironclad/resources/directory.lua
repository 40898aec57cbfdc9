--- Methods of SCIM's users and groups that are not operations:
--
--   client.scim.users:find_by_email(email)   the user with that user name, or nil
--   user:deactivate()                        the user may no longer log in
--   group:add_members(users)                 users, their tables or ids
--   group:remove_members(users)

local lazy = require "ironclad.base.lazy"
local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"
local operation = require "ironclad.calls.operation"
local catalog = require "ironclad.calls.catalog"
local resources = require "ironclad.resources.resources"
local run = require "ironclad.calls.run"

local directory = { methods = { ["scim.users"] = {} } }

local PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

local function patch(...) return { schemas = core.array { PATCH }, Operations = core.array { ... } } end

local list_index, list_entry = catalog.find "scim.users:list"

local function look_for(client, label, email, options)
  local filter = lazy.load("ironclad.values.scim_filter").eq("userName", email)
  local arguments = operation.read(label, list_entry, nil, { filter = filter }, options)
  arguments.callback = nil
  local answer, err, response = operation.perform(client, label, list_index, list_entry, arguments)
  if err then return nil, err, response end
  if arguments.dry_run then return answer, nil, response end
  return type(answer) == "table" and type(answer.Resources) == "table" and answer.Resources[1] or nil, nil, response
end

--- The user with an e-mail address, which is the user name at Ironclad.
-- @param options those of a call
-- @return the user (with dry_run the request); nil when there is none; nil and an error
directory.methods["scim.users"].find_by_email = function(methods, email, options)
  local label = "scim.users:find_by_email"
  local client = operation.client_of(label, { resource = "scim.users", name = "find_by_email" }, methods)
  if type(email) ~= "string" or not email:find "@" then
    mistake.raise(label, "expected an e-mail address, got %s", type(email) == "string" and ("%q"):format(email)
      or mistake.type_of(email))
  end
  local callback = options and options.callback
  if callback and not options.dry_run then
    return run.aside(client, callback, look_for, client, label, email, options)
  end
  return look_for(client, label, email, options)
end

local user = resources.kinds.user

--- Removes the user's right to log in. They keep their workflows, and steps that wait for them continue to wait. Assign
-- those steps to someone else first.
-- @param options those of a call
-- @return the user; nil and an error; the response
function user.methods.deactivate(resource, options)
  local label = "user:deactivate"
  local client, id = operation.subject_of(label, user, resource)
  local index, entry = catalog.find "scim.users:update"
  local arguments = operation.read(label, entry, id, patch { op = "replace", path = "active", value = false }, options)
  return operation.perform(client, label, index, entry, arguments,
    function(answer) return resources.replace(resource, answer) end)
end

local group = resources.kinds.group

-- The ids of users that are given as one or as a list, as tables or as ids.
local function ids_of(label, given)
  local client = resources.client_of(given)
  if client or type(given) ~= "table" then given = { given } end
  local fault = mistake.list_fault(given)
  if fault then mistake.raise(label, "expected a list of users or ids: %s", fault) end
  local ids = {}
  for i, one in ipairs(given) do
    local id = type(one) == "table" and (one.id or one.value) or one
    if type(id) ~= "string" or id == "" then
      mistake.raise(label, "[%d]: expected a user or its id, got %s", i, mistake.type_of(one))
    end
    ids[i] = id
  end
  if #ids == 0 then mistake.raise(label, "expected a list of users or ids, got an empty one") end
  return ids
end

local function add(name, operations_for)
  local label = "group:" .. name
  group.methods[name] = function(resource, users, options)
    local client, id = operation.subject_of(label, group, resource)
    local index, entry = catalog.find "scim.groups:update"
    local arguments = operation.read(label, entry, id, patch(operations_for(ids_of(label, users))), options)
    return operation.perform(client, label, index, entry, arguments,
      function(answer) return resources.replace(resource, answer) end)
  end
end

--- Adds members to a group.
-- @param users a user or a list of users: their tables or ids
-- @param options those of a call
-- @return the group; nil and an error; the response
add("add_members", function(ids)
  local members = core.array {}
  for i, id in ipairs(ids) do members[i] = { value = id } end
  return { op = "add", path = "members", value = members }
end)

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

--- Removes members from a group. The same arguments and results.
add("remove_members", function(ids)
  local operations = {}
  for i, id in ipairs(ids) do
    operations[i] = { op = "remove", path = ('members[value eq "%s"]'):format((id:gsub('[\\"]', "\\%0"))) }
  end
  return unpack(operations)
end)

return directory
