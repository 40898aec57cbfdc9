--- The other actions of signers, changes to a signer, and a signer's history.

local accepted = require "ironclad.clickwrap.accepted"
local action = require "ironclad.clickwrap.action"
local activities = require "ironclad.clickwrap.activities"
local mistake = require "ironclad.base.mistake"
local moment = require "ironclad.base.moment"
local send = require "ironclad.clickwrap.send"
local common = require "ironclad.clickwrap.common"
local values = require "ironclad.values.values"

local signers = {}

-- Method -> the action that it records, and whether the signer may be missing.
local actions = {
  decline = { event = "disagreed" },
  displayed = { event = "displayed", anonymous = true },
  visited = { event = "visited", anonymous = true },
  sent = { event = "sent" },
}

-- Sends an action that is not read back.
-- @return function() -> true, err, response
local function record(cw, label, given, about)
  local act = action.read(label, given, about.event, { "deadline", "callback" }, about.anonymous)
  local wanted = act.wanted
  if not wanted and act.group == nil then
    mistake.raise(label, "group: missing; expected group, versions or terms")
  end
  action.check_deadline(label, given.deadline)
  action.check(cw, label, act, given)
  return function()
    local requests = action.requests(given, given.deadline)
    if not wanted then
      local versions, err, response = common.published(cw, label, act.group, requests())
      if err then return nil, err, response end
      wanted = action.wanted(label, versions)
    end
    local _, err, response = send.recorded(cw, label, action.body(act, wanted), requests)
    if act.signer then accepted.forget_signer(cw, act.signer) end
    if err then return nil, err, response end
    return true, nil, response
  end
end

for name, about in pairs(actions) do
  --- Records that a person has declined terms, has seen them, has visited a page with them, or was sent them.
  -- @param given the fields of action.lua; displayed and visited need no signer
  -- @return function() -> true: Clickwrap has it. Where /send/sync is missing that is a receipt, and cw:history shows
  --   it later; nil and an error
  signers[name] = function(cw, given) return record(cw, name, given, about) end
end

--- Changes what Clickwrap knows of a signer. The custom data of an acceptance does that only for a new signer.
-- @param signer the person's id
-- @param changes fields of custom data. Clickwrap gives a meaning to name (or first_name and last_name), company_name,
--   title, email and mobile_number
-- @param options test, timeout, deadline, max_retries, headers, callback
-- @return function() -> true; nil and an error
function signers.update_signer(cw, signer, changes, options)
  local label = "update_signer"
  options = options == nil and {} or options
  mistake.check_options(label, options, mistake.set({ "test", "deadline", "callback" }, action.call_options))
  if type(changes) ~= "table" or next(changes) == nil or #changes > 0 then
    mistake.raise(label, "changes: expected a table of fields, got %s",
      type(changes) ~= "table" and mistake.type_of(changes) or #changes > 0 and "a list" or "an empty table")
  end
  local act = action.read(label, { signer = signer, custom = changes, test = options.test }, "updated")
  action.check_deadline(label, options.deadline)
  action.check(cw, label, act, options)
  return function()
    local _, err, response = send.recorded(cw, label, action.body(act), action.requests(options, options.deadline))
    if err then return nil, err, response end
    return true, nil, response
  end
end

local is_event = mistake.set(common.events)

-- Any text can be an event. One that is close to a documented event is a slip.
local function check_event(label, event)
  if event == nil or is_event[event] then return end
  local possible = type(event) == "string" and event:find "^[%w_]+$"
  local meant = possible and mistake.did_you_mean(event, common.events) or ""
  if possible and meant == "" then return end
  mistake.raise(label, 'event: expected the name of an event, such as "agreed", got %s%s',
    mistake.shown(event), meant)
end

local function check_since(label, since)
  if since == nil then return end
  local text = values.kind(since) == "date" and tostring(since) or since
  if type(text) == "string" and not text:find " " and moment.read(text) then return end
  mistake.raise(label, "since: expected a day or a time in ISO 8601, or an ironclad.date, got %s",
    mistake.shown(since))
end

local function check_history(cw, label, options)
  mistake.check_options(label, options, mistake.set({ "event", "since", "limit", "expand", "deadline", "callback" },
    action.call_options))
  action.check_deadline(label, options.deadline)
  check_event(label, options.event)
  check_since(label, options.since)
  local limit = options.limit
  if limit ~= nil and (type(limit) ~= "number" or limit < 1 or limit % 1 ~= 0) then
    mistake.raise(label, "limit: expected a whole number above 0, got %s", tostring(limit))
  end
  local expand = options.expand
  if expand ~= nil and type(expand) ~= "string" and (type(expand) ~= "table" or #expand == 0) then
    mistake.raise(label, 'expand: expected a text such as "contract,version" or a list, got %s',
      type(expand) == "table" and "an empty one" or mistake.type_of(expand))
  end
  action.check_call_options(cw, label, options)
end

local function history_filter(options)
  local conditions = {}
  if options.event then conditions[#conditions + 1] = "event_type==" .. options.event end
  if options.since then conditions[#conditions + 1] = "created_time>=" .. tostring(options.since) end
  return #conditions > 0 and table.concat(conditions, " and ") or nil
end

local function history(cw, label, signer, options)
  local requests = action.requests(options, options.deadline)
  local site, err, response = common.find(cw, label, requests())
  if err then return nil, err, response end
  local list, known, query = {}, {}, { filter = history_filter(options), expand = options.expand }
  local read
  read, err, response = activities.each(cw, label, site, signer, query, requests, function(activity)
    local id = type(activity) == "table" and common.text_of(activity.id)
    if id and known[id] then return false end
    if id then known[id] = true end
    list[#list + 1] = activity
    return #list == options.limit
  end)
  if not read then return nil, err, response end
  return list, nil, response
end

--- Everything that Clickwrap has stored of a signer. Needs an API token.
-- @param signer the person's id
-- @param options
--     event   only these events: "agreed", "disagreed", "displayed", …
--     since   only from this time on: ISO 8601, or an ironclad.date
--     limit   the most activities to return
--     expand  such as "contract,version": tables instead of ids
--     timeout, deadline, max_retries, headers, callback
-- @return function() -> list of activities in Clickwrap's order, with its field names; nil and an error
function signers.history(cw, signer, options)
  local label = "history"
  options = options == nil and {} or options
  check_history(cw, label, options)
  signer = action.signer(label, signer)
  return function() return history(cw, label, signer, options) end
end

return signers
