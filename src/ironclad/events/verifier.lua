--- Verifiers: client.webhooks:verifier{} fetches Ironclad's verification key when it first needs it, keeps it, and
-- fetches it again when a signature fails, because Ironclad may have replaced it.

local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local mistake = require "ironclad.base.mistake"
local request = require "ironclad.events.request"
local run = require "ironclad.calls.run"
local signature = require "ironclad.events.signature"

local verifier = {}

local Verifier = { __name = "ironclad.verifier" }

-- Seconds. At most one fetch in this time, however many signatures fail; after a failed fetch, a shorter pause that
-- grows up to this time.
local PAUSE, FIRST_PAUSE = 60, 1
-- A fetch that has not ended by then was killed with its request. Callers that wait for it check this often whether it
-- has ended.
local FETCH, LOOK = 40, 0.01

local function unavailable(message)
  return Error.new { kind = "network", message = message, outcome = "not_done", retryable = true, attempts = 0 }
end

-- Fetches the key. Other callers wait until this has ended (wait_for_fetch).
local function fetch(self)
  self.fetching = self.clock()
  local pem, err = self.client.webhooks:get_verification_key { timeout = FETCH / 2, deadline = FETCH }
  local key
  if pem then key, err = signature.key(pem) end
  self.fetching, self.fetched = nil, self.clock()
  if key then
    self.key, self.pause, self.failure = key, PAUSE, nil
  else
    self.pause, self.failure = math.min(self.key and PAUSE or (self.pause or FIRST_PAUSE / 2) * 2, PAUSE), err
  end
end

local function wait_for_fetch(self)
  while self.fetching and self.clock() - self.fetching < FETCH do
    local rested, err = run.sleep(self.client, LOOK)
    if not rested then return nil, err end
  end
  return true
end

-- Fetches the key if that is allowed now, or waits for the fetch that is under way.
-- @return whether the key may have changed since `before`; nil and an error when it was cancelled
local function renew(self, before)
  if self.fetching and self.clock() - self.fetching < FETCH then
    local waited, err = wait_for_fetch(self)
    if not waited then return nil, err end
  elseif not self.fetched or self.clock() - self.fetched >= self.pause then
    fetch(self)
  end
  return self.key ~= before
end

-- Calls check(key), and once more with the key that is fetched when the signature fails.
-- @return what check returns; nil and an error
local function with_key(self, check)
  if not self.key then
    local renewed, err = renew(self, nil)
    if renewed == nil then return nil, err end
    if not self.key then
      return nil, unavailable("the verification key is not available: " .. tostring(self.failure or "not fetched"))
    end
  end
  local before = self.key
  local value, other = check(before)
  if value ~= nil or other.step ~= "signature" then return value, other end
  local renewed, err = renew(self, before)
  if renewed == nil then return nil, err end
  if not renewed then return nil, other end
  return check(self.key)
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
  local self = setmetatable({ client = client, clock = core.monotonic }, Verifier)
  if options.key ~= nil then
    if type(options.key) ~= "string" then
      mistake.raise(label, "key: expected a key in PEM as a string, got %s", mistake.type_of(options.key))
    end
    local key, err = signature.key(options.key)
    if not key then mistake.raise(label, "key: %s", err.message) end
    self.key = key
  end
  return self
end

return verifier
