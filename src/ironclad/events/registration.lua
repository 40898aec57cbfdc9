--- Registration of webhooks: client.webhooks:ensure{ targetURL =, events = } leaves a webhook that is as it should be,
-- so that a program can run it at every start.

local ironclad_source = require "ironclad.events.ironclad_source"
local mistake = require "ironclad.base.mistake"
local resources = require "ironclad.resources.resources"
local task = require "ironclad.loop.task"

local registration = {}

local LABEL = "webhooks:ensure"
local PATH = "/public/api/v1/webhooks"

local known = mistake.set { "targetURL", "events", "strict" }

-- -> the names as a set, and as a list in which each is once
local function check_events(events, strict)
  if type(events) ~= "table" or #events == 0 then
    mistake.raise(LABEL, "events: expected a list of event names, got %s",
      type(events) == "table" and "an empty table" or mistake.type_of(events))
  end
  local given, list = {}, {}
  local fault = mistake.list_fault(events)
  if fault then mistake.raise(LABEL, "events: expected a list: %s", fault) end
  for _, name in ipairs(events) do
    if type(name) ~= "string" then
      mistake.raise(LABEL, "events: expected names, got %s", mistake.type_of(name))
    end
    if not given[name] then list[#list + 1] = name end
    given[name] = true
  end
  local objection = strict ~= false and mistake.unknown(given, ironclad_source.names(), "event")
  if objection then mistake.raise(LABEL, "events: %s (strict = false sends any name)", objection) end
  return given, list
end

local function check(options)
  mistake.check_options(LABEL, options, known)
  local url = options.targetURL
  if type(url) ~= "string" or not url:find "^https?://[^/]" then
    mistake.raise(LABEL, "targetURL: expected an https URL, got %s", mistake.shown(url))
  end
  return check_events(options.events, options.strict)
end

-- A URL in the form that is the same for all its spellings (RFC 3986, 6.2): scheme and host in lower case, no default
-- port, a path, no fragment.
local function normal(url)
  local scheme, authority, rest = url:gsub("#.*", ""):match "^(%a+)://([^/?]*)(.*)$"
  if not scheme then return url end
  local user, host = authority:match "^(.*@)([^@]*)$"
  scheme, host = scheme:lower(), (host or authority):lower()
  host = host:gsub(scheme == "https" and ":443$" or ":80$", ""):gsub(":$", "")
  return ("%s://%s%s%s%s"):format(scheme, user or "", host, rest:find "^/" and "" or "/", rest)
end

-- Ironclad keeps one webhook for each URL. Another spelling is the same place, which would get each event once more.
local function find(iterator, url)
  local other
  for webhook in iterator do
    local target = type(webhook) == "table" and webhook.targetURL or nil
    if target and target == url then return webhook end
    if not other and type(target) == "string" and normal(target) == normal(url) then other = webhook end
  end
  return other
end

-- As find; nil and the error when the list could not be read.
local function look(client, url)
  local iterator = client.webhooks:each()
  local listed, webhook = task.pcall(find, iterator, url)
  if listed then return webhook end
  return nil, iterator.error or webhook
end

local function same_events(webhook, given)
  local has = mistake.set(type(webhook.events) == "table" and webhook.events or {})
  for name in pairs(has) do
    if not given[name] then return false end
  end
  for name in pairs(given) do
    if not has[name] then return false end
  end
  return true
end

-- Names that the catalog does not have are sent too, because Ironclad may have new events.
local function send(client, method, path, body)
  local webhook, err = client:request(method, path, { body = body })
  if not webhook then
    err.operation = LABEL
    return nil, err
  end
  return resources.make(client, "webhook", webhook)
end

-- Why a webhook is not enabled, for people.
local function reason_of(webhook)
  if webhook.status == "enabled" then return nil end
  if webhook.status == "disabledBySystem" then
    return ("Ironclad disabled it at %s, after %s deliveries in a row had failed since %s"):format(
      tostring(webhook.statusLastUpdatedAt or "an unknown time"), tostring(webhook.consecutiveFailureCount or "many"),
      tostring(webhook.firstConsecutiveFailure or "an unknown time"))
  end
  return ("it was %s at %s by %s"):format(tostring(webhook.status),
    tostring(webhook.statusLastUpdatedAt or "an unknown time"), tostring(webhook.statusLastUpdatedBy or "somebody"))
end

local function update(client, webhook, given, list)
  local about = { action = "unchanged", reason = reason_of(webhook) }
  local body = {}
  if not same_events(webhook, given) then body.events, about.action = list, "updated" end
  if about.reason then body.status, about.action = "enabled", "enabled" end
  if not next(body) then return webhook, nil, about end
  local changed, err = send(client, "PATCH", PATH .. "/" .. webhook.id, body)
  if not changed then return nil, err end
  return changed, nil, about
end

-- Whether Ironclad may have said that the URL is registered already. It spells the parameter "tagetURL".
local function is_taken(err)
  return err.status == 400 and (err.param == "tagetURL" or err.param == "targetURL")
end

--- Makes sure that a webhook is registered and enabled: client.webhooks:ensure{ … }.
-- @param client its client. It needs the scopes of webhooks:list, create and update
-- @param options
--   targetURL  where events are sent: https
--   events     a list of event names; { "*" } for all
--   strict     false: names that the module does not know are sent too
-- @return the webhook; nil and an error; and a table: action is "created", "updated" (it had other events), "enabled"
--   (it had been disabled: reason says by whom and when) or "unchanged"
function registration.ensure(client, options)
  local given, list = check(options)
  local webhook, err = look(client, options.targetURL)
  if err then return nil, err end
  if webhook then return update(client, webhook, given, list) end
  webhook, err = send(client, "POST", PATH, { targetURL = options.targetURL, events = list })
  if webhook then return webhook, nil, { action = "created" } end
  if not is_taken(err) then return nil, err end
  -- Another process has registered it meanwhile.
  local other = look(client, options.targetURL)
  if other then return update(client, other, given, list) end
  return nil, err
end

return registration
