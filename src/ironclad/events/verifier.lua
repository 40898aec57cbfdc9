--- Verifiers: client.webhooks:verifier{} fetches Ironclad's verification key when it first needs it, keeps it, and
-- fetches it again when a signature fails, because Ironclad may have replaced it.

local Error = require "ironclad.base.error"
local fetched = require "ironclad.events.fetched"
local mistake = require "ironclad.base.mistake"
local request = require "ironclad.events.request"
local run = require "ironclad.calls.run"
local signature = require "ironclad.events.signature"

local verifier = {}

local Verifier = { __name = "ironclad.verifier" }

local function unavailable(message)
  return Error.new { kind = "network", message = message, outcome = "not_done", retryable = true, attempts = 0 }
end

-- Calls check(key), and once more with the key that is fetched when the signature fails. While that fetch fails, nobody
-- knows whether the signature is wrong or the key was replaced.
-- @return what check returns; nil and an error
local function with_key(self, check)
  local key = self.key
  if not key.value then
    local renewed, err = key:renew(nil)
    if renewed == nil then return nil, err end
    if not key.value then
      return nil, unavailable("the verification key is not available: " .. tostring(key.failure or "not fetched"))
    end
  end
  local before = key.value
  local value, other = check(before)
  if value ~= nil or other.step ~= "signature" then return value, other end
  local renewed, err = key:renew(before)
  if renewed == nil then return nil, err end
  if not renewed and key.failure then
    return nil, unavailable("the signature is not of the key that is known, and the key cannot be fetched again: "
      .. tostring(key.failure))
  end
  if not renewed then return nil, other end
  return check(key.value)
end

local methods = {}

-- Requests without the headers of an event are refused before anything is fetched.
local function open(self, label, headers, raw_body)
  signature.check(label, headers, raw_body)
  local id, err = signature.parts(headers)
  if not id then return nil, err end
  return with_key(self, function(key) return signature.open(headers, raw_body, key) end)
end

--- Verifies a request of a webhook and returns its event. The event's client is the verifier's.
-- @param headers, raw_body as for ironclad.webhook.unwrap
-- @return the event; nil and an error: of kind "signature", or what kept the key from being fetched
function methods:unwrap(headers, raw_body)
  local id, text = open(self, "verifier:unwrap", headers, raw_body)
  if not id then return nil, text end
  return signature.event(id, text, self.client)
end

--- Verifies a request of a webhook.
-- @return true; nil and an error
function methods:verify(headers, raw_body)
  local id, err = open(self, "verifier:verify", headers, raw_body)
  if not id then return nil, err end
  return true
end

--- Verifies a request of Ironclad to the company's own signature provider (BYOSP); unconfirmed.
-- @param headers, raw_body, options as for ironclad.webhook.verify_request
-- @return the members of the header; nil and an error
function methods:verify_request(headers, raw_body, options)
  options = request.check("verifier:verify_request", headers, raw_body, options)
  local header, err = request.parts(headers)
  if not header then return nil, err end
  return with_key(self, function(key) return request.open(headers, raw_body, options, key) end)
end

mistake.need_object(methods, Verifier, "verifier", { "unwrap", "verify", "verify_request" })
Verifier.__index = mistake.guard_all_waiting(methods)
function Verifier.__tostring() return "ironclad.verifier" end

local known = mistake.set { "key" }

--- Makes a verifier: client.webhooks:verifier{ … }.
-- @param client its client; fetching the key needs no scope
-- @param options key: the key to begin with, in PEM; nil: it is fetched
function verifier.new(client, options)
  local label = "webhooks:verifier"
  run.check_client("webhooks:verifier", client)
  options = options or {}
  mistake.check_options(label, options, known)
  local key, err
  if options.key ~= nil then
    if type(options.key) ~= "string" then
      mistake.raise(label, "key: expected a key in PEM as a string, got %s", mistake.type_of(options.key))
    end
    key, err = signature.key(options.key)
    if not key then mistake.raise(label, "key: %s", err.message) end
  end
  local function fetch(limits)
    local pem, problem = client.webhooks:get_verification_key(limits)
    if not pem then return nil, problem end
    return signature.key(pem)
  end
  return setmetatable({ client = client, key = fetched.new(client, fetch, key) }, Verifier)
end

return verifier
