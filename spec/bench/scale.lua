-- `make bench-scale`: the CPU time of a call, by the number of calls that are started at once and by the number of
-- clients that take turns. The calls are GETs of a workflow of 2 kB over TLS and HTTP/2. Each figure is the best of
-- three runs of 20,000 calls.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local site = require "spec.bench.site"

local CALLS, RUNS = 20000, 3

local folder = peer.temporary_folder()
local server = site.start { folder = folder, pages = 1 }

local function get_id(client)
  local workflow, err = client.workflows:get "w1"
  return workflow and workflow.id, err
end

-- `count` calls at once, until there were enough.
local function at_once(count)
  local client, list = ironclad.connect(server.options), {}
  for i = 1, count do list[i] = i end
  local function get() return get_id(client) end
  return function()
    for _ = 1, CALLS / count do assert(client:map(list, get, { concurrency = count })[count] == "w1") end
  end
end

local function in_turn(count)
  local clients = {}
  for i = 1, count do clients[i] = ironclad.connect(server.options) end
  return function()
    for i = 1, CALLS do assert(get_id(clients[(i - 1) % count + 1]) == "w1") end
  end
end

local function measure(what, counts, make)
  for _, count in ipairs(counts) do
    local calls, best = make(count), math.huge
    calls()
    for _ = 1, RUNS do
      collectgarbage()
      local began = os.clock()
      calls()
      best = math.min(best, (os.clock() - began) / CALLS * 1e6)
    end
    print(("%-16s %6d   %5.1f us of CPU a call"):format(what, count, best))
  end
end

local fine, problem = xpcall(function()
  measure("calls at once", { 1, 32, 500, 5000 }, at_once)
  measure("clients in turn", { 1, 100, 1000, 10000 }, in_turn)
end, debug.traceback)
server.stop()
peer.remove_folder(folder)
if not fine then error(problem, 0) end
