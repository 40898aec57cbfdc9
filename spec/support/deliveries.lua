-- What the specs of deliveries share: a sandbox, servers that receive what it posts, and what they received.
-- From before_each(deliveries.begin) to after_each(deliveries.finish), with teardown(deliveries.stop).
local json = require("ironclad").json
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"

local must = local_ironclad.must

local deliveries = {}

local sandbox, client, servers, shared, shared_client

-- The sandbox of a test, and its client. A key pair takes long to make, so tests without options share a sandbox. Its
-- clock moves only on request.
function deliveries.start(options)
  if options then
    sandbox, client = local_ironclad.start(options)
  else
    if not shared then shared, shared_client = local_ironclad.start { clock = "2026-03-01T09:00:00Z" } end
    sandbox, client = shared, shared_client
  end
  for webhook in client.webhooks:each() do must(client.webhooks:delete(webhook.id)) end
  return sandbox, client
end

function deliveries.begin() servers = {} end

function deliveries.finish()
  if sandbox == shared then
    sandbox:clear_deliveries()
    sandbox:release_deliveries()
    sandbox:duplicate_deliveries(1)
    sandbox:delay_deliveries(0)
    sandbox:deliveries_at_once(1)
    for _, server in ipairs(servers) do server:stop() end
    sandbox:settle_deliveries() -- of what was being sent
  else
    sandbox:stop()
    for _, server in ipairs(servers) do server:stop() end
  end
end

function deliveries.stop()
  shared:stop()
  shared = nil
end

function deliveries.serve(options)
  local server = peer.start(options)
  servers[#servers + 1] = server
  return server
end

-- A receiver that gives the nth request the nth answer, and later ones the last.
function deliveries.receiver(answers, tls)
  return deliveries.serve { answers = answers, tls = tls, connections = { { { "read" }, { "answer" } } } }
end

function deliveries.listen(server, changes)
  local body = { events = { "*" }, targetURL = peer.url(server) .. "/hook" }
  for name, value in pairs(changes or {}) do body[name] = value end
  return must(client.webhooks:create(body))
end

function deliveries.settle() return assert(sandbox:settle_deliveries()) end

function deliveries.events_of(server)
  local list = {}
  for i, request in ipairs(server:requests()) do list[i] = json.decode(request.body).payload.event end
  return list
end

function deliveries.ids_of(server)
  local list = {}
  for i, request in ipairs(server:requests()) do list[i] = request.headers["x-ironclad-webhook-event-id"] end
  return list
end

function deliveries.states()
  local list = {}
  for i, delivery in ipairs(sandbox:deliveries()) do list[i] = delivery.state end
  return list
end

-- Sends events a, b and c -> their ids.
function deliveries.send_three()
  for _, name in ipairs { "a", "b", "c" } do sandbox:send_event(name) end
  local ids = {}
  for i, delivery in ipairs(sandbox:deliveries()) do ids[i] = delivery.id end
  return ids
end

-- Whether OpenSSL's own program verifies the request's signature with the company's present key.
function deliveries.verifies(request, body)
  local signed = json.decode(request.headers["x-ironclad-webhook-verification"])
  local folder = peer.temporary_folder()
  peer.write_file(folder .. "/key.pem", must(client.webhooks:get_verification_key()))
  peer.write_file(folder .. "/text",
    request.headers["x-ironclad-webhook-event-id"] .. (body or request.body) .. signed.nonce)
  local decode = "true"
  if signed.encoding == "hex" then
    peer.write_file(folder .. "/signature",
      (signed.signature:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end)))
  else
    peer.write_file(folder .. "/signature.txt", signed.signature)
    decode = "openssl base64 -d -A -in signature.txt -out signature"
  end
  local said = peer.shell(("cd %s && %s && openssl dgst -%s -verify key.pem -signature signature text"):format(
    peer.quoted(folder), decode, (signed.signAlgorithm:lower():gsub("rsa%-", ""))))
  peer.remove_folder(folder)
  return said:find("Verified OK", 1, true) ~= nil
end

return deliveries
