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

local function title_of(item)
  return type(item) == "table" and type(item.name) == "string" and item.name or nil
end

-- What titles are compared by: their case and outer blanks do not matter.
local function comparable(title) return title:lower():match "^%s*(.-)%s*$" end

-- The schemas that a text names in the best way that any is named: by the id; by the exact title; by the whole title in
-- other letters.
local function named(list, wanted)
  local by_id, exact, alike = {}, {}, {}
  for _, item in ipairs(list) do
    local title = title_of(item)
    if type(item) == "table" and item.id == wanted then by_id[#by_id + 1] = item end
    if title == wanted then exact[#exact + 1] = item end
    if title and comparable(title) == comparable(wanted) then alike[#alike + 1] = item end
  end
  return #by_id > 0 and by_id or #exact > 0 and exact or alike
end

-- The schemas whose titles contain a text.
local function holding(list, wanted)
  local found = {}
  for _, item in ipairs(list) do
    local title = title_of(item)
    if title and comparable(title):find(comparable(wanted), 1, true) then found[#found + 1] = item end
  end
  return found
end

local function refusal(label, kind, message)
  return Error.new { kind = kind, operation = label, outcome = "not_done", retryable = false, attempts = 1,
    param = "template", message = message }
end

local function quoted(list)
  local shown = {}
  for i, text in ipairs(list) do shown[i] = ("%q"):format(text) end
  table.sort(shown)
  return table.concat(shown, ", ")
end

local function not_found(label, wanted, list, parts)
  local titles = {}
  for _, item in ipairs(#parts > 0 and parts or list) do titles[#titles + 1] = title_of(item) end
  local which = #titles == 0 and "there are none that this user may launch"
    or (#parts > 0 and #parts < #list and "these titles contain it: " or "there are ") .. quoted(titles)
  return refusal(label, "not_found", ("there is no template %q%s; %s"):format(wanted,
    mistake.did_you_mean(wanted, titles), which))
end

local function ambiguous(label, wanted, found)
  local ids = {}
  for i, item in ipairs(found) do ids[i] = tostring(item.id) end
  return refusal(label, "invalid_request",
    ("%d templates have the title %q; give the id of one: %s"):format(#found, wanted, quoted(ids)))
end

-- The schema that a text names.
-- @param whole the text must be a whole title or an id; otherwise a part that only one title contains will do
local function pick(label, list, wanted, whole)
  local found = named(list, wanted)
  if #found > 1 then return nil, ambiguous(label, wanted, found) end
  if found[1] then return found[1] end
  local parts = holding(list, wanted)
  if not whole and #parts == 1 then return parts[1] end
  return nil, not_found(label, wanted, list, parts)
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
-- @param options those of the call for this request: as_user, timeout, deadline, dry_run (returns the first request);
--   whole: a part of a title is refused
-- @return the schema; nil and an error (not_found names the titles that exist); the response, when one was needed
local function find(client, label, wanted, options)
  if type(wanted) == "string" and wanted:find(ID) then
    return ask(client, label, get_index, get_entry, { wanted }, options)
  end
  if options.dry_run then return ask(client, label, list_index, list_entry, {}, options) end
  local list, err, response = listed(client, label, options)
  if not list then return nil, err, response end
  local found, refused = pick(label, list, wanted, options.whole)
  return found, refused, response
end

return { find = find }
