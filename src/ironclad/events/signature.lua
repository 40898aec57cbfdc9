--- Verified webhook events: who signed a request, and the event that it brings. Used by ironclad.webhook, the verifier
-- and the receiver.

local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local event = require "ironclad.events.event"
local headers = require "ironclad.events.headers"
local mistake = require "ironclad.base.mistake"

local signature = {}

local ID, VERIFICATION = "x-ironclad-webhook-event-id", "x-ironclad-webhook-verification"

--- An error about the request.
-- @param step the check that failed
-- @param kind nil: "signature"
function signature.refusal(step, message, kind)
  return Error.new { kind = kind or "signature", message = message, step = step, outcome = "not_done",
    retryable = false, attempts = 0 }
end

local refusal = signature.refusal

-- The keys that were read last, by their PEM: reading one costs more than a verification.
local MOST_KEYS = 16
local keys, key_count = {}, 0

--- Reads a public key.
-- @param pem text
-- @return the key, for signature.open; nil and an error of kind "signature" with the step "key"
function signature.key(pem)
  local key = keys[pem]
  if key then return key end
  local message, kind
  key, message, kind = core.webhook_key(pem)
  if not key then return nil, refusal("key", message, kind) end
  if key_count == MOST_KEYS then keys, key_count = {}, 0 end
  keys[pem], key_count = key, key_count + 1
  return key
end

--- Raises a mistake when the arguments of a verification have wrong types.
function signature.check(label, given, body)
  headers.check(label, given)
  if type(body) ~= "string" then
    mistake.raise(label, "raw_body: expected the bytes of the body as a string, got %s", mistake.type_of(body))
  end
end

--- Reads the headers of a webhook's request.
-- @return the event's id and the verification header; nil and an error
function signature.parts(given)
  local id, missing = headers.one(given, ID)
  if not id then return nil, refusal("id", missing) end
  local verification
  verification, missing = headers.one(given, VERIFICATION)
  if not verification then return nil, refusal("header", missing) end
  return id, verification
end

--- Verifies a request of a webhook.
-- @param key what signature.key returned
-- @return the event's id, and the text of the event that was signed; nil and an error
function signature.open(given, body, key)
  local id, verification = signature.parts(given)
  if not id then return nil, verification end
  local text, message, kind, step = core.webhook_verify(key, id, verification, body)
  if not text then return nil, refusal(step, message, kind) end
  return id, text
end

--- The event of a request that was verified.
-- @param id, text what signature.open returned
-- @param client for event:resource(); or nil
-- @return the event; nil and an error
function signature.event(id, text, client)
  local envelope, message, kind = core.json.decode(text)
  if message ~= nil then return nil, refusal("body", message, kind == "memory" and kind or nil) end
  return event.new(envelope, id, client, text)
end

return signature
