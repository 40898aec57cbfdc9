-- The page /metrics for Prometheus: ironclad.stats() of every worker. Each worker keeps its numbers in the shared
-- dictionary `metrics`, because the page is answered by one of them.

local ironclad = require "ironclad"

local EVERY, FORGOTTEN = 5, 60 -- seconds: how often a worker writes; after which one that has ended is left out

local dictionary = ngx.shared.metrics

-- The numbers of ironclad.stats(), and of its table `shared`: name, help; with true: a number of now, which can fall.
local NUMBERS = {
  { "calls", "Calls that have been started." },
  { "failed", "Calls that have ended with an error." },
  { "requests", "Requests that were sent, for tokens too." },
  { "retries", "Requests that were sent again." },
  { "tokens", "Tokens that were fetched or renewed." },
  { "in_flight", "Requests under way.", true },
  { "pending", "Calls that are not done.", true },
}
local OF_SHARED = {
  { "connected", "Connections to the shared Redis.", true },
  { "opened", "Connections to the shared Redis that were opened." },
  { "lost", "Connections to the shared Redis that were lost." },
  { "blocks", "Blocks of permits taken from the shared Redis." },
  { "permits", "Permits in these blocks." },
  { "returned", "Permits that were given back unused." },
  { "alone", "How often a limit was kept without the shared Redis." },
  { "locks", "Locks of tokens that were taken." },
  { "commands", "Commands for events and states." },
  { "kept", "Events that are kept until they are handled.", true },
  { "again", "Events and states that Redis had lost and was told again." },
}

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

local function say_numbers(list, prefix, numbers, values_of)
  for _, number in ipairs(numbers) do
    local field, help, is_gauge = number[1], number[2], number[3]
    local name = prefix .. field .. (is_gauge and "" or "_total")
    say_head(name, is_gauge and "gauge" or "counter", help)
    for _, entry in ipairs(list) do
      ngx.say(('%s{worker="%s"} %s'):format(name, entry.worker, values_of(entry.stats)[field]))
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
  say_numbers(list, "ironclad_", NUMBERS, function(stats) return stats end)
  say_numbers(list, "ironclad_shared_", OF_SHARED, function(stats) return stats.shared end)
  say_waits(list, "ironclad_waits_total", "How often calls waited.", function(waits)
    return { budget = waits.budget, in_flight = waits.in_flight, retry_after = waits.retry_after }
  end)
  say_waits(list, "ironclad_wait_seconds_total", "How long calls waited.", function(waits)
    return { [""] = waits.seconds }
  end)
end

return metrics
