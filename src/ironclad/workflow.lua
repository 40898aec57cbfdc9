--- What workflows can do beside their operations:
--
--   workflow:pending_approvals(options)   who may approve now
--   workflow:records(options)             the records that it made
--   workflow:set(values, options)         changes attributes, given as plain values; ironclad.null removes one

local catalog = require "ironclad.catalog"
local core = require "ironclad.core"
local encode = require "ironclad.encode"
local operation = require "ironclad.operation"
local resources = require "ironclad.resources"

local workflow = {}

local kind = resources.kinds.workflow

-- Lists of an answer, and nothing where there is none.
local function items(list)
  return ipairs(type(list) == "table" and list or {})
end

--- Joins approval groups, roles and their people. Groups that are not active wait for others, or are done.
local function pending_approvals(_, approvals)
  if type(approvals) ~= "table" then return approvals end
  local people, pending = {}, core.array {}
  for _, role in items(approvals.roles) do people[role.id] = role.assignees end
  for _, group in items(approvals.approvalGroups) do
    for _, reviewer in items(group.status == "active" and group.reviewers) do
      if reviewer.status == "pending" then
        pending[#pending + 1] = {
          role = reviewer.role, displayName = reviewer.displayName, reviewerType = reviewer.reviewerType,
          order = group.order, assignees = people[reviewer.role] or core.array {},
        }
      end
    end
  end
  return pending
end

local approvals_index, approvals_entry = catalog.find "workflows:get_approvals"

--- Who may approve now -> a list of { role =, displayName =, reviewerType =, order = (the group's), assignees = { {
-- userId =, userName =, email = } … } }; each passes as the roleId of update_approval.
kind.methods.pending_approvals = operation.bound(approvals_index, approvals_entry, "pending_approvals",
  pending_approvals)

local get_index, get_entry = catalog.find "workflows:get"
local record_index, record_entry = catalog.find "records:get"

-- One call of several, with the options of all.
local function fetch(client, label, index, entry, id, options)
  local arguments = operation.read(label, 3, entry, id, nil, options)
  local value, err, response = operation.perform(client, label, 3, index, entry, arguments)
  return value, err, response
end

--- The records that the workflow made, in its order. A workflow that names none is read again first, in place.
-- @param options of the calls; no callback, for there are several
-- @return a list; nil and an error
function kind.methods.records(resource, options)
  local label = "workflow:records"
  local client, id = operation.subject_of(label, 2, kind, resource)
  if type(options) == "table" and (options.callback or options.dry_run) then
    error(label .. ": it makes several calls, and takes neither callback nor dry_run", 2)
  end
  if type(resource.recordIds) ~= "table" or resource.recordIds[1] == nil then
    local answer, err, response = fetch(client, label, get_index, get_entry, id, options)
    if err then return nil, err, response end
    resources.replace(resource, answer)
  end
  local list = core.array {}
  for i, record_id in items(resource.recordIds) do
    local record, err, response = fetch(client, label, record_index, record_entry, record_id, options)
    if err then return nil, err, response end
    list[i] = record
  end
  return list
end

local function updates_of(label, level, fields, given)
  if type(given) ~= "table" or next(given) == nil then
    error(("%s: expected a table of attributes, got %s"):format(label, type(given) == "table" and "an empty one"
      or type(given)), level + 1)
  end
  local updates = core.array {}
  for path, value in pairs(given) do
    if type(path) ~= "string" then
      error(("%s: expected names of attributes, got a %s"):format(label, type(path)), level + 1)
    end
    local encoded, objection
    if value ~= core.null then
      encoded, objection = encode.workflow(fields[path], value)
      if encoded == nil then error(("%s: %s: %s"):format(label, path, objection), level + 1) end
    end
    updates[#updates + 1] = { path = path, value = encoded, action = value == core.null and "remove" or "set" }
  end
  table.sort(updates, function(a, b) return a.path < b.path end)
  return updates
end

-- The options of the call without `comment`, and that.
local function take_comment(options)
  if type(options) ~= "table" or options.comment == nil then return options end
  local rest = {}
  for name, value in pairs(options) do rest[name] = value end
  rest.comment = nil
  return rest, options.comment
end

local update_index, update_entry = catalog.find "workflows:update_attributes"

--- Changes attributes, while the workflow is in Review, and keeps what Ironclad answers in the same table. Types are
-- those of the workflow's own `schema`.
-- @param given name -> plain value; ironclad.null removes the attribute
-- @param options of the call, and `comment`: a text that explains the change
-- @return the workflow; nil and an error; the response
function kind.methods.set(resource, given, options)
  local label = "workflow:set"
  local client, id = operation.subject_of(label, 2, kind, resource)
  local fields = type(resource.schema) == "table" and resource.schema or {}
  local rest, comment = take_comment(options)
  local body = { updates = updates_of(label, 2, fields, given), comment = comment }
  local arguments = operation.read(label, 2, update_entry, id, body, rest)
  local value, err, response = operation.perform(client, label, 2, update_index, update_entry, arguments,
    function(answer) return resources.replace(resource, answer) end)
  return value, err, response
end

return workflow
