--- ironclad.webhook: verifies requests of Ironclad's webhooks with a public key that the script has. A verifier
-- (ironclad.events.verifier) fetches the key itself.

local mistake = require "ironclad.base.mistake"
local signature = require "ironclad.events.signature"

local webhook = {}

local function open(label, given, body, public_key, ...)
  mistake.check_surplus(label, ...)
  signature.check(label, given, body)
  if type(public_key) ~= "string" then
    mistake.raise(label, "public_key: expected a key in PEM as a string, got %s", mistake.type_of(public_key))
  end
  local key, err = signature.key(public_key)
  if not key then return nil, err end
  return signature.open(given, body, key)
end

--- Verifies a request and returns the event that it brings.
-- @param headers the request's headers: a table of name -> value, ngx.req.get_headers(), or a list of { name, value }
-- @param raw_body the bytes of the body, at most 1 MiB
-- @param public_key the verification key in PEM (client.webhooks:get_verification_key())
-- @return the event (ironclad.events.event); nil and an error of kind "signature" (a body that is too large:
--   "too_large"), whose `step` is the check that failed: "id", "header", "algorithm", "key", "body" or "signature"
function webhook.unwrap(headers, raw_body, public_key, ...)
  local id, text = open("ironclad.webhook.unwrap", headers, raw_body, public_key, ...)
  if not id then return nil, text end
  return signature.event(id, text)
end

--- Verifies a request without parsing its event.
-- @param headers, raw_body, public_key as for unwrap
-- @return true; nil and an error
function webhook.verify(headers, raw_body, public_key, ...)
  local id, err = open("ironclad.webhook.verify", headers, raw_body, public_key, ...)
  if not id then return nil, err end
  return true
end

--- A webhook of Clickwrap (ironclad.clickwrap.webhook), whose events are not signed.
-- @param options token, clickwrap
-- @return an object with unwrap and receiver
function webhook.clickwrap(...) return require "ironclad.clickwrap.webhook"(...) end

return mistake.guard_all(webhook)
