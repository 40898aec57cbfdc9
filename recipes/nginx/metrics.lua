-- The page /metrics for Prometheus: ironclad.stats() of every worker. Each worker keeps its numbers in the shared
-- dictionary `metrics`, because the page is answered by one of them.

local ironclad = require "ironclad"

local EVERY, FORGOTTEN = 5, 60 -- seconds: how often a worker writes; after which one that has ended is left out

local dictionary = ngx.shared.metrics

local HELP = {
  calls = "Calls that have been started.",
  failed = "Calls that have ended with an error.",
  requests = "Requests that were sent, for tokens too.",
  retries = "Requests that were sent again.",
  tokens = "Tokens that were fetched or renewed.",
  in_flight = "Requests under way.",
  pending = "Calls that are not done.",
}
local ORDER = { "calls", "failed", "requests", "retries", "tokens", "in_flight", "pending" }
local GAUGES = { in_flight = true, pending = true }

local function write(premature)
  if not premature then dictionary:set(ngx.worker.id(), ironclad.json.encode(ironclad.stats()), FORGOTTEN) end
end

-- The numbers of all workers: a list of { worker =, stats = }, in order.
local function all()
  local list = {}
  for _, worker in ipairs(dictionary:get_keys(0)) do
    local text = dictionary:get(worker)
    if text then list[#list + 1] = { worker = worker, stats = ironclad.must(ironclad.json.decode(text)) } end
  end
  table.sort(list, function(a, b) return a.worker < b.worker end)
  return list
end

local function say_head(name, kind, help)
  ngx.say("# HELP ", name, " ", help)
  ngx.say("# TYPE ", name, " ", kind)
end

local function say_waits(list, name, help, value_of)
  say_head(name, "counter", help)
  for _, entry in ipairs(list) do
    for bucket, waits in pairs(entry.stats.waits) do
      for reason, value in pairs(value_of(waits)) do
        local labels = reason == "" and "" or (',reason="%s"'):format(reason)
        ngx.say(('%s{worker="%s",bucket="%s"%s} %s'):format(name, entry.worker, bucket, labels, value))
      end
    end
  end
end

local metrics = {}

--- Called in init_worker.
function metrics.start() ngx.timer.every(EVERY, write) end

--- The page.
function metrics.page()
  write()
  local list = all()
  ngx.header["Content-Type"] = "text/plain; version=0.0.4"
  for _, field in ipairs(ORDER) do
    local name = "ironclad_" .. field .. (GAUGES[field] and "" or "_total")
    say_head(name, GAUGES[field] and "gauge" or "counter", HELP[field])
    for _, entry in ipairs(list) do
      ngx.say(('%s{worker="%s"} %s'):format(name, entry.worker, entry.stats[field]))
    end
  end
  say_waits(list, "ironclad_waits_total", "How often calls waited.", function(waits)
    return { budget = waits.budget, in_flight = waits.in_flight, retry_after = waits.retry_after }
  end)
  say_waits(list, "ironclad_wait_seconds_total", "How long calls waited.", function(waits)
    return { [""] = waits.seconds }
  end)
end

return metrics
