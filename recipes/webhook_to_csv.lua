-- Adds a line to a CSV file for each event of a webhook:
--
--   lua webhook_to_csv.lua events.csv 8080
--
-- It listens on this machine, registers the webhook unless it is registered, and runs until it is interrupted. Ironclad
-- delivers to https only: put a web server with a certificate in front of it, and its URL into IRONCLAD_WEBHOOK_URL.
-- The sandbox also delivers to the port itself. Events that have arrived are kept in FILE.inbox until their line is in
-- the file; when this script is killed, the next run continues where it stopped.
--
-- Reads its connection from IRONCLAD_INSTANCE, IRONCLAD_CLIENT_ID, IRONCLAD_CLIENT_SECRET and IRONCLAD_AS_USER (and
-- IRONCLAD_CA_FILE, for your own certificate).

local ironclad = require "ironclad"

local path, port = arg[1], tonumber(arg[2] or 8080)
if not path or not port then error("usage: lua webhook_to_csv.lua FILE.csv [PORT]", 0) end

local client = ironclad.from_env {
  scopes = ironclad.scopes_for { "webhooks:list", "webhooks:create", "webhooks:update", "workflows:get" },
}
local file = assert(io.open(path, "a"))
local columns = { "time", "event", "workflow", "title", "id" }
local out = assert(ironclad.csv.writer(file, { columns = columns, header = false }))

-- The title of the event's workflow, which may have been deleted since. Other errors are raised: the event is then
-- tried again later.
local function title_of(event)
  local resource, err = event:resource()
  if err and err.kind ~= "not_found" then error(tostring(err), 0) end
  return resource and (resource.title or resource.name) or ""
end

local receiver = client.webhooks:receiver {
  inbox = path .. ".inbox",
  on = {
    ["*"] = function(event)
      local payload = type(event.payload) == "table" and event.payload or {}
      assert(out:write { tostring(event.timestamp), tostring(event.name), tostring(payload.workflowID), title_of(event),
        event.id })
      assert(file:flush()) -- it is in the file before it counts as handled
    end,
  },
  on_error = function(event, err) io.stderr:write(tostring(event or "refused"), ": ", tostring(err), "\n") end,
}

local served, problem = receiver:serve {
  port = port,
  on_listen = function(server)
    local url = os.getenv "IRONCLAD_WEBHOOK_URL" or ("http://127.0.0.1:%d/"):format(server:port())
    local webhook, err, did = client.webhooks:ensure { targetURL = url, events = { "*" } }
    if not webhook then error(tostring(err), 0) end
    print(("webhook %s: %s%s"):format(webhook.id, did.action, did.reason and ": " .. did.reason or ""))
  end,
}
if not served then error(tostring(problem), 0) end
