--- The source of Ironclad's own events for a receiver: verifies the signature, and that the event is of the company.

local Error = require "ironclad.base.error"
local catalog = require "ironclad.calls.catalog"
local fetched = require "ironclad.events.fetched"
local mistake = require "ironclad.base.mistake"
local receiver = require "ironclad.events.receiver"
local run = require "ironclad.calls.run"
local verifier = require "ironclad.events.verifier"

local ironclad_source = {}

local Source = { __name = "ironclad.event_source" }
Source.__index = Source

--- The names of the events that can be registered: a set, with "*".
function ironclad_source.names()
  local _, entry = catalog.find "webhooks:create"
  for _, field in ipairs(entry.fields) do
    if field.name == "events" then return mistake.set(field.choices) end
  end
end

local function refusal(kind, message, retryable)
  return Error.new { kind = kind, message = message, outcome = "not_done", retryable = retryable or false,
    attempts = 0 }
end

-- The company that this receiver is for: the option `company`, otherwise that of the client's token.
local function company_of(self)
  if self.company ~= nil then return self.company end
  if not self.own.value then
    local renewed, err = self.own:renew(nil)
    if renewed == nil then return nil, err end
  end
  return self.own.value, self.own.failure
end

-- The fetch of the company of the client's token.
local function company_of_token(client)
  return function(limits)
    local user, err = client:request("GET", "/oauth/userinfo", limits)
    if not user then return nil, err end
    if type(user.companyId) == "string" and user.companyId ~= "" then return user.companyId end
    return nil, refusal("protocol", "Ironclad does not say of which company the token is; give the option company")
  end
end

-- Ironclad may sign the events of all companies with one key, and anyone's webhook can name this receiver's URL. So the
-- signature alone does not say that an event is of this company.
local function check_company(self, event)
  local company, err = company_of(self)
  if company == nil then
    return nil, refusal("network", "the company of the client is not known: " .. tostring(err or "not fetched"), true)
  end
  if company and event.companyID ~= company then
    return nil, refusal("permission", "the event is of another company: " .. tostring(event.companyID))
  end
  return true
end

function Source:open(headers, body)
  local event, err = self.verifier:unwrap(headers, body)
  if not event then return nil, err end
  local fine
  fine, err = check_company(self, event)
  if not fine then return nil, err end
  return event
end

local own = mistake.set { "verifier", "company" }

--- Makes a receiver of Ironclad's events: client.webhooks:receiver{ … }.
-- @param client its client
-- @param options those of receiver.new, and
--   verifier   what client.webhooks:verifier{…} returned; nil: a new one
--   company    the id of the company whose events are accepted; false: of any company. nil: that of the client's token
function ironclad_source.receiver(client, options)
  local label = "webhooks:receiver"
  run.check_client(label, client)
  if type(options) ~= "table" then
    mistake.raise(label, "expected a table of options, got %s", mistake.type_of(options))
  end
  local rest = {}
  for name, value in pairs(options) do
    if not own[name] then rest[name] = value end
  end
  local company = options.company
  if company ~= nil and company ~= false and type(company) ~= "string" then
    mistake.raise(label, "company: expected the id of a company or false, got %s", mistake.type_of(company))
  end
  local given = options.verifier
  if given ~= nil and (type(given) ~= "table" or type(given.unwrap) ~= "function") then
    mistake.raise(label, "verifier: expected what client.webhooks:verifier{} returned, got %s", mistake.type_of(given))
  end
  local source = setmetatable({ client = client, company = company,
    own = fetched.new(client, company_of_token(client)), names = ironclad_source.names(),
    verifier = given or verifier.new(client) }, Source)
  return receiver.new(label, client, source, rest)
end

return ironclad_source
