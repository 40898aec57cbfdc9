--- Methods of a workflow that are not operations:
--
--   workflow:pending_approvals(options)   the people who may approve now
--   workflow:records(options)             the records that it made
--   workflow:set(values, options)         changes attributes, given as plain values; ironclad.null removes one

local catalog = require "ironclad.calls.catalog"
local copy = require "ironclad.base.copy"
local core = require "ironclad.core"
local encode = require "ironclad.values.encode"
local mistake = require "ironclad.base.mistake"
local operation = require "ironclad.calls.operation"
local resources = require "ironclad.resources.resources"
local run = require "ironclad.calls.run"
local sorted_names = require("ironclad.base.names").sorted

local workflow = {}

local kind = resources.kinds.workflow

-- ipairs over a list of an answer; over nothing when the value is not a list.
local function items(list)
  return ipairs(type(list) == "table" and list or {})
end

-- The same over the tables in it.
local function tables(list)
  local found = {}
  for _, item in items(list) do
    if type(item) == "table" then found[#found + 1] = item end
  end
  return ipairs(found)
end

-- Joins approval groups, roles and their people. Groups that are not active are done, or wait for earlier groups.
local function pending_approvals(_, approvals)
  if type(approvals) ~= "table" then return approvals end
  local people, pending = {}, core.array {}
  for _, role in tables(approvals.roles) do
    if role.id ~= nil and type(role.assignees) == "table" then people[role.id] = role.assignees end
  end
  for _, group in tables(approvals.approvalGroups) do
    for _, reviewer in tables(group.status == "active" and group.reviewers) do
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

--- The approvals that are pending: who may approve now. Each can be given to update_approval as its roleId.
-- @return a list of { role =, displayName =, reviewerType =, order = (of its group), assignees = a list of { userId =,
--   userName =, email = } }; nil and an error; the response
kind.methods.pending_approvals = operation.bound(approvals_index, approvals_entry, "pending_approvals",
  pending_approvals)

-- The options without one of them, and the value of that one.
local function take(name, options)
  if type(options) ~= "table" or options[name] == nil then return options end
  return copy.with(options, name, nil), options[name]
end

local get_index, get_entry = catalog.find "workflows:get"
local record_index, record_entry = catalog.find "records:get"

-- Fetches the records of a workflow. A workflow without record ids is read again first.
local function fetch_records(client, label, resource, reading, options)
  local left = run.left(reading.deadline)
  local value, err, response
  if type(resource.recordIds) ~= "table" or resource.recordIds[1] == nil then
    value, err, response = operation.perform(client, label, get_index, get_entry, reading)
    if err then return nil, err, response end
    resources.replace(resource, value)
  end
  local list = core.array {}
  for i, id in items(resource.recordIds) do
    local arguments = operation.read(label, record_entry, id, nil, options)
    arguments.deadline = left()
    value, err, response = operation.perform(client, label, record_index, record_entry, arguments)
    if err then return nil, err, response end
    list[i] = value
  end
  return list, nil, response
end

--- The records that the workflow made, in its order. A workflow without record ids is read again first, in place.
-- @param options those of a call, for every call that this makes, with one deadline for all; not dry_run
-- @return a list; nil and an error; the last response
function kind.methods.records(resource, options)
  local label = "workflow:records"
  local client, id = operation.subject_of(label, kind, resource)
  local reading = operation.read(label, get_entry, id, nil, options)
  local rest, callback = take("callback", options)
  reading.callback = nil
  if reading.dry_run then mistake.raise(label, "dry_run: it makes several calls") end
  if callback then return run.aside(client, callback, fetch_records, client, label, resource, reading, rest) end
  return fetch_records(client, label, resource, reading, rest)
end

local function updates_of(label, fields, given)
  if type(given) ~= "table" or next(given) == nil then
    mistake.raise(label, "expected a table of attributes, got %s", type(given) == "table" and "an empty one"
      or mistake.type_of(given))
  end
  local updates, names = core.array {}, sorted_names(fields)
  for path, value in pairs(given) do
    if type(path) ~= "string" then
      mistake.raise(label, "expected names of attributes, got a %s", type(path))
    end
    -- A name that is not close to one of the schema's is sent; Ironclad decides about it.
    local nearest = fields[path] == nil and mistake.did_you_mean(path, names) or ""
    if nearest ~= "" then mistake.raise(label, "%s: the workflow has no such attribute%s", path, nearest) end
    local encoded, objection
    if value ~= core.null then
      encoded, objection = encode.workflow(fields[path], value)
      if encoded == nil then mistake.raise(label, "%s: %s", path, objection) end
    end
    updates[#updates + 1] = { path = path, value = encoded, action = value == core.null and "remove" or "set" }
  end
  table.sort(updates, function(a, b) return a.path < b.path end)
  return updates
end

local update_index, update_entry = catalog.find "workflows:update_attributes"

--- Changes attributes of a workflow that is in the step Review, and updates this table by Ironclad's answer. The types
-- are those of the workflow's `schema`.
-- @param given a table: name -> plain value; ironclad.null removes the attribute
-- @param options those of a call, and `comment`: a text that explains the change
-- @return the workflow; nil and an error; the response
function kind.methods.set(resource, given, options)
  local label = "workflow:set"
  local client, id = operation.subject_of(label, kind, resource)
  local fields = type(resource.schema) == "table" and resource.schema or {}
  local rest, comment = take("comment", options)
  local body = { updates = updates_of(label, fields, given), comment = comment }
  local arguments = operation.read(label, update_entry, id, body, rest)
  return operation.perform(client, label, update_index, update_entry, arguments,
    function(answer) return resources.replace(resource, answer) end)
end

return workflow
