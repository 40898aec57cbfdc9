-- Events that Node's crypto module has signed (spec/support/signer.js), because Ironclad's service runs on Node.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

local signer = {}

local function run(input)
  local folder = peer.temporary_folder()
  peer.write_file(folder .. "/input", ironclad.json.encode(input))
  local output, status = peer.shell("node spec/support/signer.js < " .. peer.quoted(folder .. "/input"))
  peer.remove_folder(folder)
  assert(status == 0, output)
  return assert(ironclad.json.decode(output))
end

-- The headers of a delivery.
function signer.headers(id, verification)
  return {
    ["Content-Type"] = "application/json",
    ["X-Ironclad-Webhook-Event-Id"] = id,
    ["X-Ironclad-Webhook-Verification"] = type(verification) == "table" and ironclad.json.encode(verification)
      or verification,
  }
end

local privates = {} -- the keys so far, by name: making one takes Node a second

-- Signs the cases, a list of { id =, nonce =, body =, … } as signer.js takes them. Each gets `signature` and `headers`.
-- Returns the public keys so far by their names, and the private ones.
function signer.sign(cases, keys)
  local sent = {}
  for i, case in ipairs(cases) do
    local one = { id = case.id, nonce = case.nonce, body = case.body, algorithm = case.algorithm, key = case.key,
      encoding = case.encoding, parsed = case.parsed }
    if case.body:find "[\128-\255]" then
      one.hex, one.body = case.body:gsub(".", function(c) return ("%02x"):format(c:byte()) end), nil
    end
    sent[i] = one
  end
  local answer = run { cases = ironclad.array(sent), keys = ironclad.array(keys or {}), privates = privates }
  privates = answer.privates
  for i, case in ipairs(cases) do
    case.signature = answer.signatures[i]
    case.headers = signer.headers(case.id, { nonce = case.nonce, signature = case.signature,
      signAlgorithm = case.named or case.algorithm or "sha256", encoding = case.encoding or "base64" })
  end
  return answer.keys, answer.privates
end

-- Signs requests to a signature provider, a list of { members =, body =, digest =, … } as signer.js takes them. Each
-- gets `header`. Returns the public keys so far by their names.
function signer.sign_requests(list)
  local answer = run { requests = ironclad.array(list), privates = privates }
  privates = answer.privates
  for i, one in ipairs(list) do one.header = answer.headers[i] end
  return answer.keys
end

-- What Node prints for JSON.stringify(JSON.parse(text)) of each text.
function signer.print(texts) return run { print = ironclad.array(texts) }.printed end

return signer
