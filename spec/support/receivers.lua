-- Receivers that a spec hands the events of a sandbox to: what their specs have in common.
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"

local must = local_ironclad.must

local receivers = {}

local sandbox, client, webhook, folder

-- Starts a sandbox that delivers nothing by itself -> it, and a client of it.
function receivers.start()
  sandbox, client = local_ironclad.start { clock = "2026-03-01T09:00:00Z", deliver_to = "none" }
  for old in client.webhooks:each() do must(client.webhooks:delete(old.id)) end
  webhook = must(client.webhooks:create { events = { "*" }, targetURL = "https://hooks.example/events" })
  return sandbox, client
end

function receivers.stop() sandbox:stop() end

-- Begins a test -> a temporary folder, which is there until end_test().
function receivers.begin_test()
  folder = peer.temporary_folder()
  sandbox:clear_deliveries()
  sandbox:clear_requests()
  sandbox:clear_faults()
  return folder
end

function receivers.end_test()
  sandbox:latency(0)
  peer.remove_folder(folder)
end

-- A delivery of a new event -> its headers and body.
function receivers.send(name, changes)
  sandbox:clear_deliveries()
  local event = { event = name or "workflow_launched", payload = { workflowID = "w1" }, webhook = webhook.id }
  for key, value in pairs(changes or {}) do event[key] = value end
  sandbox:send_event(event)
  local delivery = sandbox:deliveries()[1]
  return delivery.headers, delivery.body
end

-- A receiver that notes what it handles, and the errors that it reports -> it, and both lists.
function receivers.listen(options)
  local noted, errors = {}, {}
  local settings = {
    on = { ["*"] = function(event) noted[#noted + 1] = event.name end },
    on_error = function(event, err)
      errors[#errors + 1] = { event and event.name, type(err) == "table" and err.kind or err }
    end,
  }
  for name, value in pairs(options or {}) do settings[name] = value end
  return client.webhooks:receiver(settings), noted, errors
end

return receivers
