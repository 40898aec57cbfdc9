--- ironclad.scopes_for: the scopes that everything needs that a script can call. Which operations a call makes follows
-- from the catalog: those, their iterators, their jobs. What else a method calls is in the tables below.

local catalog = require "ironclad.calls.catalog"
local core = require "ironclad.core"
local manual = require "ironclad.manual"
local mistake = require "ironclad.base.mistake"
local names = require "ironclad.base.names"
local resources = require "ironclad.resources.resources"
require "ironclad.clickwrap.kinds"

local LABEL = "ironclad.scopes_for"

local SCHEMA = "records:get_schema"
-- What a method that is neither an operation, nor an iterator, nor a job calls: its label -> operations.
local called_by = {
  ["client:check"] = { "oauth:userinfo", "oauth:company_info" },
  ["client:describe"] = { "workflow_schemas:list", SCHEMA },
  -- `map` needs those of the function that it calls. `download` sends no token.
  ["client:map"] = {}, ["client:with"] = {}, ["client:download"] = {},
  ["client:authorize_url"] = {}, ["client:exchange"] = {}, ["client:logout"] = {},
  ["workflow_schemas:find"] = { "workflow_schemas:list", "workflow_schemas:get" },
  ["workflows:wait"] = { "workflows:get" }, ["workflows:pending_approvals"] = { "workflows:get_approvals" },
  ["workflows:records"] = { "workflows:get", "records:get" }, ["workflows:set"] = { "workflows:update_attributes" },
  ["records:set"] = { "records:update", SCHEMA }, ["records:property"] = {}, ["records:plain"] = {},
  ["entities:set"] = { "entities:update", SCHEMA }, ["entities:property"] = {}, ["entities:plain"] = {},
  ["obligations:set"] = { "obligations:update" }, ["obligations:property"] = {}, ["obligations:plain"] = {},
  ["records:changes"] = { "records:list", "records:get" },
  ["workflows:changes"] = { "workflows:list", "workflows:get" },
  ["entities:changes"] = { "entities:list", "entities:get" },
  ["obligations:changes"] = { "obligations:list", "obligations:get" },
  -- The key needs no scope. What the functions in `on` call is not known here: event:resource() has its own entry.
  ["webhooks:receiver"] = { "webhooks:get_verification_key", "oauth:userinfo" },
  ["webhooks:verifier"] = { "webhooks:get_verification_key" },
  ["webhooks:ensure"] = { "webhooks:list", "webhooks:create", "webhooks:update" },
  ["event:resource"] = { "workflows:get", "records:get", "obligations:get" },
  ["scim.users:find_by_email"] = { "scim.users:list" }, ["scim.users:deactivate"] = { "scim.users:update" },
  ["scim.groups:add_members"] = { "scim.groups:update" }, ["scim.groups:remove_members"] = { "scim.groups:update" },
}

-- What sends any operation that it is given.
local sends_any = { ["client:call"] = true, ["client:request"] = true }

-- Objects whose methods need no scopes of their own. The scopes of an iterator and of changes are those of the method
-- that has made them. Clickwrap has a token without scopes.
local without = mistake.set { "iterator", "changes", "receiver", "verifier", "inbox", "task", "mailbox", "writer",
  "bar", "cw", "clickwrap_webhook" }

-- Clickwrap has groups, too, but no scopes.
local short = { users = "scim.users", groups = "scim.groups" }

-- Whether the manual has a call.
local function is_in_manual(label)
  for _, section in ipairs(manual.sections) do
    for _, call in ipairs(section.calls) do
      if call[1] == label then return true end
    end
  end
  return false
end

-- The operation whose path begins with the id of a kind of table, as site:list_contracts.
local function bound_operation(kind, name)
  for _, id, _, operation, path in catalog.names() do
    if operation == name and resources.is_about(kind, path) then return id end
  end
end

-- The operation behind a method of a resource or of a kind of table.
local function operation_of(resource, kind, name)
  local label = resource .. ":" .. name
  return catalog.find(label) and label or kind and bound_operation(kind, name)
end

-- The operations that a method of a resource or of a kind of table calls; nil when there is no such method.
local function of_method(resource, kind, name)
  local operation = operation_of(resource, kind, name)
  if operation then return { operation } end
  local called = called_by[resource .. ":" .. name]
  if called then return called end
  local list = name:match "^each(.*)$"
  local read = list and "list" .. list or name == "refresh" and "get"
  operation = read and operation_of(resource, kind, read)
  if operation then return { operation } end
  for _, job in ipairs(core.jobs()) do
    local _, status = catalog.find(job.status)
    if status.resource == resource and job.wait == name then return { job.status } end
    if status.resource == resource and job.both == name then return { job.start, job.status } end
  end
end

-- The operations that a call makes: a list of operationIds and labels; nil when there is no such call.
local function operations_of(given)
  local owner, name = given:match "^([%w_.]+):([%w_]+)$"
  if not owner then
    if catalog.find(given) then return { given } end
    owner, name = "client", given
  end
  local label = owner .. ":" .. name
  if sends_any[label] then
    mistake.raise(LABEL, "%s needs the scopes of the operations that it is given: name these", label)
  end
  if called_by[label] then return called_by[label] end
  if without[owner] then return is_in_manual(label) and {} or nil end
  local kind = resources.kinds[owner]
  local resource = kind and kind.resource or short[owner] or owner
  return of_method(resource, kind, name) or (short[owner] and of_method(owner, nil, name))
end

-- The end of the message about an unknown call.
local function suggestion(name)
  local text = catalog.suggestion(name, "clm")
  if text ~= "" then return text end
  return mistake.did_you_mean(name, names.sorted(called_by))
end

--- The scopes that calls need. Where Ironclad's documents name two scopes for an operation, both are in the list.
-- @param operations a list of names of what is called: operations ("workflows:launch", also by operationId), methods
--   of resources and their tables ("records:each", "workflows:wait", "workflow:set", "users:list" for scim.users), of
--   clients ("client:check" or "check"), events and iterators. Raises an error for client:call and client:request,
--   because their scopes are those of what they are given.
-- @return a list of scopes, each once; empty when none is needed
return function(operations, ...)
  mistake.check_surplus(LABEL, ...)
  if type(operations) ~= "table" then
    mistake.raise(LABEL, "expected a list of operations, got %s", mistake.type_of(operations))
  end
  local fault = mistake.list_fault(operations)
  if fault then mistake.raise(LABEL, "expected a list of operations: %s", fault) end
  local needed, seen = {}, {}
  for _, given in ipairs(operations) do
    local name = tostring(given)
    local called = operations_of(name)
    if not called then mistake.raise(LABEL, "unknown operation %s%s", name, suggestion(name)) end
    for _, operation in ipairs(called) do
      for _, scope in ipairs(select(2, catalog.find(operation)).scopes) do
        if not seen[scope] then
          seen[scope] = true
          needed[#needed + 1] = scope
        end
      end
    end
  end
  return needed
end
