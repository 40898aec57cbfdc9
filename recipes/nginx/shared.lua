-- The pages of shared.conf. For the module each worker is a separate machine: all that the workers share is in Redis.

local ironclad = require "ironclad"

local client = dofile(os.getenv "IRONCLAD_SITE" .. "/shared_client.lua")
local tally = ngx.shared.tally

-- Events are answered as soon as Redis has them. Timers of every worker handle them, two at once.
local receiver = client.webhooks:receiver {
  inbox = "shared", consumers = 2,
  on = { ["*"] = function(event)
    local workflow = ironclad.must(client.workflows:get(event.payload.workflowID))
    tally:incr("worker " .. ngx.worker.id(), 1, 0)
    tally:incr("all", 1, 0)
    tally:set("last", ("%s of %s"):format(event.name, workflow.title))
  end },
  on_error = function(event, err) ngx.log(ngx.ERR, tostring(event or "an event was refused"), ": ", tostring(err)) end,
}

-- One worker registers the webhook when nginx starts.
local function register(premature)
  if premature then return end
  local webhook, err, did = client.webhooks:ensure { targetURL = os.getenv "IRONCLAD_WEBHOOK_URL", events = { "*" } }
  ngx.log(ngx.NOTICE, "the webhook: ", webhook and did.action or tostring(err))
end
if ngx.worker.id() == 0 then ngx.timer.at(0, register) end

local site = {}

--- Takes an event of Ironclad's webhook.
function site.event() receiver:nginx() end

--- What the workers have handled, and how many workflows there are.
function site.page()
  local page, err = client.workflows:list { pageSize = 1 }
  ngx.say(page and ("%d active workflows"):format(page.count) or tostring(err))
  ngx.say(("%d events handled, the last one %s"):format(tally:get "all" or 0, tally:get "last" or "never"))
  for worker = 0, ngx.worker.count() - 1 do
    ngx.say(("  by worker %d: %d"):format(worker, tally:get("worker " .. worker) or 0))
  end
end

return site
