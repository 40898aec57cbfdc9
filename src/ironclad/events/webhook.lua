--- ironclad.webhook: verifies requests of Ironclad's webhooks with a public key that the script has. A verifier
-- (ironclad.events.verifier) fetches the key itself.

local lazy = require "ironclad.base.lazy"
local mistake = require "ironclad.base.mistake"
local names = require "ironclad.base.names"
local request = require "ironclad.events.request"
local signature = require "ironclad.events.signature"

local webhook = {}

local function check_key(label, public_key)
  if type(public_key) ~= "string" then
    mistake.raise(label, "public_key: expected a key in PEM as a string, got %s", mistake.type_of(public_key))
  end
end

local function open(label, given, body, public_key, ...)
  mistake.check_surplus(label, ...)
  signature.check(label, given, body)
  check_key(label, public_key)
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

--- Verifies a request of Ironclad to the company's own signature provider (BYOSP). Unconfirmed: Ironclad's page on the
-- signature is known in part only, see ironclad.events.request. A request that is signed in another way is refused;
-- `signed_text` then says what is signed.
-- @param headers, public_key as for unwrap
-- @param raw_body the bytes of the body, "" when the request has none; at most 64 MiB
-- @param options
--   method, path  of the request. They are needed when the header names them
--   max_age       seconds (300) between the header's timestamp and now; false: any. A header without one has no age
--   signed_text   function(fields, raw_body) -> the text that is signed, made of the header's members and the body; or
--                 nil and a message: it is refused. What is not in this text is not signed
-- @return the members of the header; nil and an error of kind "signature" (a body that is too large: "too_large"),
--   whose `step` is the check that failed: "header", "algorithm", "key", "body", "request", "signature" or "age"
function webhook.verify_request(headers, raw_body, public_key, options, ...)
  local label = "ironclad.webhook.verify_request"
  mistake.check_surplus(label, ...)
  options = request.check(label, headers, raw_body, options)
  check_key(label, public_key)
  local key, err = signature.key(public_key)
  if not key then return nil, err end
  return request.open(headers, raw_body, options, key)
end

--- A webhook of Clickwrap (ironclad.clickwrap.webhook), whose events are not signed.
-- @param options token, clickwrap
-- @return an object with unwrap and receiver
function webhook.clickwrap(...) return lazy.load "ironclad.clickwrap.webhook"(...) end

return names.strict("ironclad.webhook", mistake.guard_all(mistake.need_dot(webhook, "ironclad.webhook")))
