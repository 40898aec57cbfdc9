--- Requests of Ironclad to the company's own signature provider (BYOSP): who signed them. Used by
-- ironclad.webhook.verify_request and verifier:verify_request.
--
-- The header X-Ironclad-Request-Signature is a JSON object with sorted keys, signed with the key of webhooks
-- (developer.ironcladapp.com/docs/byosp-request-signing). That much is known. UNCONFIRMED: the other names of its
-- members, and which text is signed. Two forms are accepted, by the members:
--
--   nonce, timestamp, signAlgorithm, encoding and signature alone: the text is timestamp, body and nonce, as for an
--   event of a webhook, which has its id instead of the timestamp. The body is empty or a JSON object
--
--   any other members too: the text is the header itself without `signature`, its keys sorted, as JSON.stringify writes
--   it. A member has the SHA-256 of the body, in hexadecimal digits or base64, unless the body is empty
--
-- In both forms the signature covers every byte of the body, and the signed text can be cut into its parts in one way
-- only. Neither text is one that Ironclad signs for a webhook. With the option `signed_text` the script itself gives
-- the text that is signed.

local core = require "ironclad.core"
local headers = require "ironclad.events.headers"
local mistake = require "ironclad.base.mistake"
local moment = require "ironclad.base.moment"
local pretty = require "ironclad.values.pretty"
local signature = require "ironclad.events.signature"

local request = {}

local HEADER = "x-ironclad-request-signature"
local MOST = 64 * 1024 * 1024 -- bytes of a body: Ironclad's documents allow 50 MB for a file
local MOST_HEADER = 8 * 1024 -- bytes
local AGE = 300 -- seconds
-- A larger number of a timestamp counts milliseconds. As seconds it would be the year 5138.
local LARGEST_SECOND = 1e11

local known = mistake.set { "method", "path", "signed_text", "max_age" }

--- Raises a mistake when the arguments of a verification are wrong.
-- @return the options
function request.check(label, given, body, options)
  signature.check(label, given, body)
  options = options or {}
  mistake.check_options(label, options, known)
  for name, kind in pairs { method = "string", path = "string", signed_text = "function" } do
    if options[name] ~= nil and type(options[name]) ~= kind then
      mistake.raise(label, "%s: expected a %s, got %s", name, kind, mistake.type_of(options[name]))
    end
  end
  local age = options.max_age
  if age ~= nil and age ~= false and (type(age) ~= "number" or age ~= age or age < 0) then
    mistake.raise(label, "max_age: expected a number of seconds or false, got %s", mistake.type_of(age))
  end
  return options
end

-- ---- the header

-- Digits or ISO 8601 text -> milliseconds, or nil. An event's id is neither, so no event of a webhook can be passed off
-- as a request.
local function time_of(value)
  local number = type(value) == "number" and value
    or type(value) == "string" and value:find "^%d+$" and tonumber(value)
  if number then return number > LARGEST_SECOND and number or number * 1000 end
  return type(value) == "string" and value ~= "" and moment.read(value) or nil
end

--- Reads the header of a request.
-- @return its text and its members; nil and an error
function request.parts(given)
  local text, missing = headers.one(given, HEADER)
  if not text then return nil, signature.refusal("header", missing) end
  if #text > MOST_HEADER then return nil, signature.refusal("header", "the header " .. HEADER .. " is too large") end
  local fields = core.json.decode(text)
  if type(fields) ~= "table" or fields[1] ~= nil then
    return nil, signature.refusal("header", "the header " .. HEADER .. " is not a JSON object")
  end
  return text, fields
end

-- ---- the first form

local first_form_fields = mistake.set { "nonce", "timestamp", "signAlgorithm", "encoding", "signature" }

local function is_first_form(fields)
  for name in pairs(fields) do
    if not first_form_fields[name] then return false end
  end
  return true
end

-- As text without the characters that a body begins or ends with; "" for nil.
local function token_of(value)
  if value == nil then return "" end
  local text = type(value) == "number" and ("%.0f"):format(value) or value
  return type(text) == "string" and not text:find '[^!-~]' and not text:find '["{}%[%]\\]' and text or nil
end

local function plain_text(fields, body)
  local nonce, stamp = token_of(fields.nonce), token_of(fields.timestamp)
  if not nonce or not stamp or (stamp ~= "" and not time_of(fields.timestamp)) then
    return nil, signature.refusal("header", "nonce or timestamp has the wrong form")
  end
  if body ~= "" and not body:find "^%s*{.*}%s*$" then
    return nil, signature.refusal("body", "the body is not a JSON object")
  end
  if stamp .. body .. nonce == "" then return nil, signature.refusal("header", "nothing is signed") end
  return { stamp, body, nonce }
end

-- ---- the second form

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- Hexadecimal digits as base64.
local function base64_of(hex)
  local out = {}
  for group in hex:gmatch "%x%x?%x?%x?%x?%x?" do
    local number = tonumber(group .. ("0"):rep(6 - #group), 16)
    for i = 3, 0, -1 do
      local digit = math.floor(number / 64 ^ i) % 64 + 1
      out[#out + 1] = 3 - i <= #group / 2 and DIGITS:sub(digit, digit) or "="
    end
  end
  return table.concat(out)
end

-- Names of members that have the digest of the body.
local function names_digest(name)
  name = name:lower()
  return name == "digest" or name == "sha256" or (name:find "body" or name:find "content" or name:find "payload")
    and (name:find "sha" or name:find "hash" or name:find "digest")
end

local function whole_text(fields)
  local signed = {}
  for name, value in pairs(fields) do
    if name ~= "signature" then signed[name] = value end
  end
  return { pretty.encode(signed, { sort = true }), "", "" }
end

-- Whether the members name this request. The signature has been verified.
local function check_whole(fields, body, options)
  local digest, covered = nil, body == ""
  for name, value in pairs(fields) do
    if names_digest(name) and type(value) == "string" and not (body == "" and value == "") then
      digest = digest or core.sha256(body)
      if value:lower() ~= digest and value ~= base64_of(digest) then
        return nil, signature.refusal("body", "the body is not the one that was signed")
      end
      covered = true
    end
  end
  if not covered then return nil, signature.refusal("body", "the header has no digest of the body") end
  for _, name in ipairs { "method", "path" } do
    local value = fields[name]
    if value ~= nil and value ~= options[name] then
      return nil, signature.refusal("request", options[name] and "the signature is that of another " .. name
        or ("the signature is for one %s: pass the option %s"):format(name, name))
    end
  end
  return true
end

-- ---- verification

-- The signed text as the script says it; nil and an error.
local function own_text(options, fields, body)
  local text, problem = options.signed_text(fields, body)
  if type(text) == "string" and text ~= "" then return { text, "", "" } end
  return nil, signature.refusal("request", problem and tostring(problem) or "signed_text gave no text")
end

local function check_age(fields, options)
  if options.max_age == false then return true end
  local time = time_of(fields.timestamp)
  if not time then
    if not options.max_age then return true end
    return nil, signature.refusal("age", "the request does not say when it was signed")
  end
  if math.abs(core.wall_time() - time / 1000) <= (options.max_age or AGE) then return true end
  return nil, signature.refusal("age", "the request was signed too long ago, or in the future")
end

--- Verifies a request.
-- @param given, body, options as request.check took them
-- @param key what signature.key returned
-- @return the members of the header; nil and an error
function request.open(given, body, options, key)
  local header, fields = request.parts(given)
  if not header then return nil, fields end
  if #body > MOST then return nil, signature.refusal("body", "the body is larger than 64 MiB", "too_large") end
  local texts, err
  if options.signed_text then
    texts, err = own_text(options, fields, body)
  elseif is_first_form(fields) then
    texts, err = plain_text(fields, body)
  else
    texts = whole_text(fields)
  end
  if not texts then return nil, err end
  local verified, message, kind, step = core.webhook_verify_request(key, header, texts[1], texts[2], texts[3])
  if not verified then return nil, signature.refusal(step, message, kind) end
  if not options.signed_text and not is_first_form(fields) then
    verified, err = check_whole(fields, body, options)
    if not verified then return nil, err end
  end
  verified, err = check_age(fields, options)
  if not verified then return nil, err end
  return fields
end

return request
