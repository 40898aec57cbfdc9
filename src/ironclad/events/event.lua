--- Events of webhooks. An event is the envelope that Ironclad sent, as it is:
--
--   companyID, webhookID, timestamp   texts
--   payload                           event (its name), and what belongs to it: templateID, workflowID, …
--
-- In addition to these fields, which pairs and JSON encoders see, an event has the following. A field of the same name
-- hides it, as in the tables of resources.
--
--   event.id          Ironclad's id of the event, from the header. A repeated delivery has the same id
--   event.name        payload.event; nil when the envelope has none
--   event:resource()  the workflow, record or obligation that it is about
--
-- An event of Clickwrap's (ironclad.clickwrap.webhook) has no payload: its name is its event_type, and it is about an
-- activity, a version, a contract, a group or a request.

local Error = require "ironclad.base.error"
local mistake = require "ironclad.base.mistake"
local run = require "ironclad.calls.run"
local screen = require("ironclad.base.lazy") "ironclad.base.screen"

local event = {}

local methods = {}

-- What an event can be about, the most specific first: the resource of the client, and the fields of the payload that
-- may hold its id. Ironclad writes workflowID; the other spellings are those of its REST API.
local subjects = {
  { resource = "obligations", fields = { "obligationID", "obligationId" } },
  { resource = "records", fields = { "recordID", "recordId" } },
  { resource = "workflows", fields = { "workflowID", "workflowId" } },
}

-- The same for Clickwrap, whose fields hold an id or a table with one.
local clickwrap_subjects = {
  { resource = "activity", fields = { "activity" } },
  { resource = "versions", fields = { "version" } },
  { resource = "contracts", fields = { "contract" } },
  { resource = "groups", fields = { "group" } },
  { resource = "requests", fields = { "request" } },
}

-- Whether a value can be an id in a path. What comes in an event must not make a call raise a mistake.
local function is_id(value)
  if type(value) == "number" then return value % 1 == 0 and math.abs(value) <= 2 ^ 53 end
  return type(value) == "string" and value ~= "" and value ~= "." and value ~= ".." and not value:find "[%z\1-\31\127]"
end

local function subject_in(place, known)
  for _, subject in ipairs(known) do
    for _, field in ipairs(subject.fields) do
      local id = rawget(place, field)
      if type(id) == "table" then id = id.id end
      if is_id(id) then return subject.resource, id end
    end
  end
end

-- The product of an event, as run.is_client takes it.
local function product_of(envelope) return type(rawget(envelope, "payload")) == "table" and "clm" or "clickwrap" end

local function subject_of(envelope)
  if product_of(envelope) == "clm" then return subject_in(rawget(envelope, "payload"), subjects) end
  return subject_in(envelope, clickwrap_subjects)
end

local function not_found(self, message)
  return nil, Error.new { kind = "not_found", outcome = "not_done", retryable = false, attempts = 0,
    message = ("the event %s %s"):format(event.name(self) or "without a name", message) }
end

--- Fetches the workflow, record or obligation that the event is about.
-- @param client the client to ask; not needed for an event of a receiver or verifier
-- @param options those of a call
-- @return what client.workflows:get and similar calls return: the resource; nil and an error. The error is of kind
--   "not_found" when the event names no resource, or one that this client does not have
function methods:resource(client, options)
  client = client or getmetatable(self).client
  if not client then
    mistake.raise("event:resource", "this event has no client: pass one, as in event:resource(client)")
  end
  if not run.is_client(client) then
    mistake.raise("event:resource", "client: expected a client, got %s", mistake.type_of(client))
  end
  local resource, id = subject_of(self)
  if not resource then return not_found(self, "has no id of anything that can be fetched") end
  if not run.is_client(client, product_of(self)) then
    return not_found(self, ("is about one of the %s, which are not of the client's service"):format(resource))
  end
  return client[resource]:get(id, options)
end

mistake.need_object(methods, methods, "event", { "resource" })
mistake.guard_all_waiting(methods)

local function to_text(self)
  return screen.clean(("event %s %s"):format(event.id(self), event.name(self) or "without a name"))
end

--- The id of an event, whatever fields its envelope has.
function event.id(self) return getmetatable(self).id end

--- The name of an event, whatever fields its envelope has; nil when it has none.
function event.name(self) return getmetatable(self).name end

--- The text that the event was parsed from.
function event.text(self) return getmetatable(self).text end

--- What an event is about.
-- @return the resource of the client ("workflows") and the id; nil when it names none
function event.subject(self) return subject_of(self) end

--- Makes an event of a decoded envelope.
-- @param id the id of the event
-- @param client for event:resource(); or nil
-- @param text what the envelope was parsed from
function event.new(envelope, id, client, text)
  local payload = envelope.payload
  local name = type(payload) == "table" and payload.event or envelope.event_type
  if type(name) ~= "string" then name = nil end
  local known = { id = id, name = name }
  return setmetatable(envelope, {
    __name = "ironclad.event", class = methods, __tostring = to_text,
    client = client, id = id, name = name, text = text,
    __index = function(_, key) return known[key] or methods[key] end,
  })
end

return event
