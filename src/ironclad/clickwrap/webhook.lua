--- Webhooks of Clickwrap: ironclad.webhook.clickwrap{ token = … }. They are set up in Clickwrap's web app (Settings,
-- Integrations) and come by POST, as JSON, or by GET, in the query. They are not signed: a request is accepted when it
-- has the secret that was typed into the web app, in the header Pactsafe-Webhook-Token.
--
-- Events have the fields that Clickwrap sends, such as event_type, contract, version, signer_id and custom_data. An
-- event by GET has texts only, and no custom data. `event.name` is its event_type:
--
--   activity_agreed and the other activity_…   a signer has agreed, declined, …: one event for each contract
--   version_published, group_published         new terms
--   request_sent, request_signed, request_complete, request_expired   of a signature request
--   test_event                                 from the web app
--
-- Source: Clickwrap's guides "Webhook events" and "Working with Ironclad webhooks".

local accepted = require "ironclad.clickwrap.accepted"
local action = require "ironclad.clickwrap.action"
local common = require "ironclad.clickwrap.common"
local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local event_of = require "ironclad.events.event"
local headers_of = require "ironclad.events.headers"
local mistake = require "ironclad.base.mistake"
local percent = require "ironclad.base.percent"
local receiver = require "ironclad.events.receiver"
local run = require "ironclad.calls.run"
local task = require "ironclad.loop.task"

-- The events that Clickwrap documents.
local NAMES = mistake.set { "test_event", "version_published", "group_published", "request_sent", "request_signed",
  "request_complete", "request_expired", "*" }
for _, name in ipairs(common.events) do NAMES["activity_" .. name] = true end

local TOKEN = "pactsafe-webhook-token"
local MOST, MOST_QUERY, MOST_PARAMETERS = 1024 * 1024, 64 * 1024, 1000 -- bytes, bytes, parameters

local function refusal(kind, step, message)
  return Error.new { kind = kind, step = step, message = message, outcome = "not_done", retryable = false,
    attempts = 0 }
end

-- Digests of the same length are compared, so that the time of the comparison reveals nothing about the token, not even
-- its length.
local function has_token(self, headers)
  if not self.token then return true end
  local given, missing = headers_of.one(headers, TOKEN)
  if not given then return nil, refusal("signature", "header", missing) end
  if core.same(core.sha256(given), core.sha256(self.token)) then return true end
  return nil, refusal("signature", "token", "the header " .. TOKEN .. " is not the webhook's token")
end

-- The parameters of a query as one table. "contract[id]=282" is { contract = { id = "282" } }.
local function parsed_query(query)
  local event, count = {}, 0
  for name, value in query:gmatch "([^&=]+)=?([^&]*)" do
    count = count + 1
    if count > MOST_PARAMETERS then return nil end
    name, value = percent.decode_form(name), percent.decode_form(value)
    local outer, inner = name:match "^([^%[%]]+)%[([^%[%]]+)%]$"
    if outer and (event[outer] == nil or type(event[outer]) == "table") then
      event[outer] = event[outer] or {}
      event[outer][inner] = value
    else
      event[name] = value
    end
  end
  return event
end

-- The envelope of a request, and its text; nil and an error.
local function read(body, about)
  local query = about.query
  if about.method == "GET" or (about.method == nil and body == "" and query) then
    if type(query) ~= "string" then return nil, refusal("invalid_request", "body", "the request has no query") end
    if #query > MOST_QUERY then return nil, refusal("too_large", "body", "the query is too large") end
    local event = parsed_query(query)
    if not event then return nil, refusal("too_large", "body", "the query has too many parameters") end
    local fine, text = pcall(core.json.encode, event)
    if not fine then return nil, refusal("invalid_request", "body", "the query is not UTF-8") end
    return event, text
  end
  if #body > MOST then return nil, refusal("too_large", "body", "the body is larger than 1 MiB") end
  local event, message, kind = core.json.decode(body)
  if message ~= nil then
    return nil, refusal(kind == "memory" and kind or "invalid_request", "body", "the body is not JSON: " .. message)
  end
  return event, body
end

-- What identifies an event: its id, or without one the event as it came, which is the same when it is repeated.
local function id_of(event, text)
  if type(event.id) == "string" and event.id ~= "" then return event.id end
  return "sha256:" .. core.sha256(text)
end

local methods = {}

-- New terms: what cw:accepted has kept no longer counts. A version does not say to which groups it belongs.
local function forget(self, event)
  if not self.clickwrap then return true end
  if event.event_type == "version_published" then return accepted.forget(self.clickwrap) end
  if event.event_type ~= "group_published" then return true end
  local custom, group = event.custom_data, event.group
  local key = type(custom) == "table" and custom.group_key or type(group) == "table" and group.key
  local id = tonumber(type(group) == "table" and group.id or group)
  if type(key) ~= "string" or key == "" then return accepted.forget(self.clickwrap) end
  if id and action.is_group_id(id) then accepted.forget(self.clickwrap, { group = id }) end
  return accepted.forget(self.clickwrap, { group = key })
end

-- The function of a source (ironclad.events.receiver).
function methods:open(headers, body, about)
  local fine, err = has_token(self, headers)
  if not fine then return nil, err end
  local event, text = read(body, about or {})
  if not event then return nil, text end
  if type(event) ~= "table" or type(event.event_type) ~= "string" then
    return nil, refusal("invalid_request", "body", "the request has no event_type")
  end
  fine, err = task.ask(forget, self, event)
  if not fine then return nil, getmetatable(err) == Error and err or refusal("store", nil, Error.text_of(err)) end
  return event_of.new(event, id_of(event, text), self.clickwrap, text)
end

local function check(label, headers, body, about)
  headers_of.check(label, headers)
  if type(body) ~= "string" then
    mistake.raise(label, "raw_body: expected the bytes of the body as a string, got %s", mistake.type_of(body))
  end
  if about ~= nil and type(about) ~= "table" then
    mistake.raise(label, "about: expected a table, got %s", mistake.type_of(about))
  end
end

--- Checks a request and returns its event.
-- @param headers the request's headers: a table of name -> value, ngx.req.get_headers(), or a list of { name, value }
-- @param raw_body the bytes of the body; "" for a request by GET
-- @param about { method =, query = the text after "?" }; only for requests by GET
-- @return the event (ironclad.events.event); nil and an error of kind "signature", "invalid_request" or "too_large"
function methods:unwrap(headers, raw_body, about)
  check("webhook:unwrap", headers, raw_body, about)
  return self:open(headers, raw_body, about)
end

--- Makes a receiver of these events (ironclad.events.receiver): repeated deliveries are handled once.
-- @param options on, when, seen, inbox, on_error and the others of client.webhooks:receiver. Handlers get the event and
--   the Clickwrap client, or nil
function methods:receiver(options)
  local label = "webhook:receiver"
  if type(options) ~= "table" then
    mistake.raise(label, "expected a table of options, got %s", mistake.type_of(options))
  end
  return receiver.new(label, self.clickwrap, self, options)
end

local Webhook = { __name = "ironclad.clickwrap_webhook", __index = methods }
mistake.need_object(methods, Webhook, "webhook", { "unwrap", "receiver" })
mistake.guard_all_waiting(methods)
function Webhook.__tostring() return "ironclad.clickwrap_webhook" end

local known = mistake.set { "token", "clickwrap" }

--- ironclad.webhook.clickwrap: a webhook of Clickwrap.
-- @param options
--   token      the secret that was typed into the web app. false: requests are not checked, so that anyone who knows
--              the URL can make up events
--   clickwrap  the client whose cache is dropped when new terms are published (cw:accepted); the handlers get it too
-- @return an object with unwrap and receiver
return function(options, ...)
  local label = "ironclad.webhook.clickwrap"
  mistake.check_surplus(label, ...)
  mistake.check_options(label, options, known)
  local token = options.token
  if token ~= false and (type(token) ~= "string" or token == "") then
    mistake.raise(label, "token: expected the webhook's secret, or false for none, got %s",
      token == "" and "an empty string" or mistake.type_of(token))
  end
  local cw = options.clickwrap
  if cw ~= nil and not run.is_client(cw, "clickwrap") then
    mistake.raise(label, "clickwrap: expected a client of ironclad.clickwrap, got %s",
      run.is_client(cw) and "one of ironclad.connect" or mistake.type_of(cw))
  end
  return setmetatable({ token = token or nil, clickwrap = cw, names = NAMES }, Webhook)
end
