--- Finding a workflow schema by its title. Each client keeps the list of schemas for a minute, for each acting user:
-- not everyone may launch every template.

local catalog = require "ironclad.calls.catalog"
local Error = require "ironclad.base.error"
local mistake = require "ironclad.base.mistake"
local resources = require "ironclad.resources.resources"
local run = require "ironclad.calls.run"

local KEPT = 60 -- seconds; the clock may be set back meanwhile
local ID = "^%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x$"

local list_index, list_entry = catalog.find "workflow_schemas:list"
local get_index, get_entry = catalog.find "workflow_schemas:get"

-- Performs an operation without a body. The templates of a launch are looked up by the operation that launches, so this
-- is below operation.perform.
local function ask(client, label, index, entry, path, options)
  local arguments = { path = path, dry_run = options.dry_run, as_user = options.as_user, timeout = options.timeout,
    deadline = options.deadline }
  local value, err, response = run.call(client, label, index, arguments)
  if err == nil and not arguments.dry_run then value = resources.shape(client, entry, value) end
  return value, err, response
end

local function not_found(label, wanted, list)
  local titles = {}
  for _, item in ipairs(list) do
    if type(item) == "table" and type(item.name) == "string" then titles[#titles + 1] = item.name end
  end
  table.sort(titles)
  local shown = {}
  for i, title in ipairs(titles) do shown[i] = ("%q"):format(title) end
  return Error.new { kind = "not_found", operation = label, outcome = "not_done", retryable = false, attempts = 1,
    param = "template", message = ("there is no template %q%s; there %s"):format(wanted,
      mistake.did_you_mean(wanted, titles), #shown == 0 and "are none that this user may launch"
        or "are " .. table.concat(shown, ", ")) }
end

-- The schema of a list that a text names: by its id or its whole title; otherwise by its title in any case; otherwise
-- by the only title that contains the text.
local function pick(list, wanted)
  local lower, same, holding = wanted:lower(), nil, {}
  for _, item in ipairs(list) do
    local title = type(item) == "table" and type(item.name) == "string" and item.name or ""
    if type(item) == "table" and (item.id == wanted or title == wanted) then return item end
    if title:lower() == lower then same = same or item end
    if title:lower():find(lower, 1, true) then holding[#holding + 1] = item end
  end
  return same or (#holding == 1 and holding[1]) or nil
end

-- Keeps a list of schemas, and drops those that are too old.
local function keep(client, user, list)
  local now, kept = os.time(), {}
  for other, about in pairs(rawget(client, "schemas") or {}) do
    if math.abs(now - about.when) < KEPT then kept[other] = about end
  end
  kept[user] = { list = list, when = now }
  rawset(client, "schemas", kept)
end

local function listed(client, label, options)
  local user = options.as_user
  if user == nil then user = "" end -- the client's own
  local kept = (rawget(client, "schemas") or {})[user]
  if kept and math.abs(os.time() - kept.when) < KEPT then return kept.list end
  local answer, err, response = ask(client, label, list_index, list_entry, {}, options)
  if err then return nil, err, response end
  local list = type(answer) == "table" and answer.list
  if type(list) ~= "table" then
    return nil, Error.new { kind = "protocol", message = "Ironclad answered no list of templates", operation = label,
      outcome = "not_done", retryable = false, attempts = 1 }, response
  end
  keep(client, user, list)
  return list, nil, response
end

--- Finds a template's schema.
-- @param wanted its title or its id
-- @param options those of the call for this request: as_user, timeout, deadline, dry_run (returns the first request)
-- @return the schema; nil and an error (not_found names the titles that exist); the response, when one was needed
local function find(client, label, wanted, options)
  if type(wanted) == "string" and wanted:find(ID) then
    return ask(client, label, get_index, get_entry, { wanted }, options)
  end
  if options.dry_run then return ask(client, label, list_index, list_entry, {}, options) end
  local list, err, response = listed(client, label, options)
  if not list then return nil, err, response end
  local found = pick(list, wanted)
  if not found then return nil, not_found(label, wanted, list), response end
  return found, nil, response
end

return { find = find }
