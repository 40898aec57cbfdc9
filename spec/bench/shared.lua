-- make bench-shared: processes that share one company through a real Redis. It prints
--   * what a permit costs: CPU a call with Redis and without, in turns; and how many round trips a call takes
--   * refreshes: how many are sent when 200 are wanted at once by 20 processes
--   * the rate of 20 processes under one limit of 40 a minute, beside the ideal one, and how evenly they share it. For
--     this, the clocks of all (the processes, Redis and the sandbox) run SPEED times as fast (spec_clock)
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local redis_server = require "spec.support.redis"

local MINUTES, SPEED = tonumber(arg[1]) or 10, tonumber(arg[2]) or 5
local IS_FAST = os.getenv "SPEC_CLOCK_SPEED" ~= nil -- this process is the one for the rate
local PROCESSES = 20

local CLOCK = peer.built "spec_clock.so"

-- peer.shell clears LD_PRELOAD for what it starts.
local server = redis_server.start { preload = IS_FAST and CLOCK or nil }
local sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false })
local folder = peer.temporary_folder()

local PROLOGUE = ([[
package.path, package.cpath = %q, %q
local ironclad = require "ironclad"
local function connect(more)
  local options = { instance = %q, client_id = %q, client_secret = %q, deadline = false,
    as_user = "jane.doe@example.com" }
  for name, value in pairs(more) do options[name] = value end
  return ironclad.connect(options)
end
local SHARED, FOLDER = %q, %q
local NUMBER = tonumber(arg[1])
local function ready()
  io.open(FOLDER .. "/ready." .. NUMBER, "w"):close()
  while not io.open(FOLDER .. "/go") do os.execute "sleep 0.02" end
end
local function report(...)
  local file = assert(io.open(FOLDER .. "/" .. NUMBER, "w"))
  file:write(table.concat({ ... }, " "), "\n")
  file:close()
end
]]):format(package.path, package.cpath, sandbox.instance, sandbox.client_id, sandbox.client_secret, server.address,
  folder)

-- Runs the script in so many processes at once -> what each has reported. A script may call ready(), which returns when
-- all of them have called it.
local function run(count, script)
  os.remove(folder .. "/go")
  peer.write_file(folder .. "/script.lua", PROLOGUE .. script)
  local parts = {}
  for i = 1, count do
    parts[i] = ('%s %s %s/script.lua %d & processes="$processes $!"'):format(
      IS_FAST and "LD_PRELOAD=" .. CLOCK or "", peer.interpreter(), folder, i)
  end
  local go = ("while [ $(ls %s/ready.* 2>/dev/null | wc -l) -lt %d ]; do sleep 0.05; done; touch %s/go"):format(folder,
    count, folder)
  local output, status = peer.shell(("(%s) & go=$!\n%s\nwait %s; kill $go 2>/dev/null; rm -f %s/ready.*"):format(go,
    table.concat(parts, "\n"), "$processes", folder))
  assert(status == 0 and output == "", output)
  local reports = {}
  for i = 1, count do reports[i] = peer.read_file(folder .. "/" .. i):gsub("\n", "") end
  return reports
end

-- One process with two clients, which take turns, so that both see the same machine. os.clock counts both threads.
local COST = [[
local CALLS, ROUNDS = 50, 40
local clients = { connect { shared = SHARED }, connect {} }
local spent = { {}, {} }
for round = 0, ROUNDS do
  for i, client in ipairs(clients) do
    local begin = os.clock()
    for _ = 1, CALLS do ironclad.must(client.records:list { pageSize = 1 }) end
    if round > 0 then table.insert(spent[i], (os.clock() - begin) / CALLS * 1e6) end
  end
end
local function median(list)
  table.sort(list)
  return list[#list / 2]
end
report(median(spent[1]), median(spent[2]), CALLS * (ROUNDS + 1))
]]

local function permits()
  server:command "flushall"
  sandbox:rate_limits { limits = { ["records:read"] = 4500 } }
  server:command "config resetstat"
  local with, without, calls = run(1, COST)[1]:match "(%S+) (%S+) (%S+)"
  local scripts = server:command("info commandstats"):match "cmdstat_evalsha:calls=(%d+)"
  print(("permits    %.1f us of CPU a call with Redis, %.1f without: %.1f us more (medians; wanted: 30)"):format(
    with, without, with - without))
  print(("           %.3f round trips a call"):format(scripts / calls))
end

local function count_requests(path)
  local good, refused = 0, 0
  for _, request in ipairs(sandbox:requests()) do
    if request.path == path then
      if request.status == 200 then good = good + 1 else refused = refused + 1 end
    end
  end
  return good, refused
end

local function refreshes()
  local client = ironclad.connect { instance = sandbox.instance, client_id = sandbox.client_id,
    client_secret = sandbox.client_secret, grant = "authorization_code", shared = server.address }
  local redirect = "http://localhost:8765/callback"
  local url, state = client:authorize_url { redirect_uri = redirect }
  ironclad.must(client:exchange(assert(sandbox:consent { url = url, allow = true }),
    { state = state, redirect_uri = redirect }))
  sandbox:expire_tokens()
  local before = count_requests "/oauth/token"
  run(PROCESSES, [[
    local client = connect { shared = SHARED, grant = "authorization_code", rate_limit = false, as_user = nil }
    local done = 0
    for _ = 1, 10 do ironclad.spawn(function() ironclad.must(client.oauth:userinfo()); done = done + 1 end) end
    ironclad.run()
    report(done)
  ]])
  local good, refused = count_requests "/oauth/token"
  print(("refreshes  %d sent, %d refused, for 200 calls of %d processes with an expired token (wanted: 1)"):format(
    good - before, refused, PROCESSES))
end

local function rate()
  server:command "flushall"
  sandbox:rate_limits { limits = { ["workflows:write"] = 40 } }
  local workflow = ironclad.must(ironclad.connect { instance = sandbox.instance, client_id = sandbox.client_id,
    client_secret = sandbox.client_secret, as_user = "jane.doe@example.com" }.workflows:list {}).list[1]
  local reports = run(PROCESSES, ([[
    local client = connect { shared = SHARED }
    ironclad.must(client:check())
    ready()
    local stop, count = os.time() + %d, 0
    while os.time() < stop do
      local _, err = client.workflows:create_comment(%q, { comment = "hello" },
        { deadline = math.max(1, stop - os.time()) })
      if not err then count = count + 1 elseif err.kind ~= "rate_limited" then error(tostring(err)) end
    end
    report(count)
  ]]):format(MINUTES * 60, workflow.id))
  local sum, least, most = 0, math.huge, 0
  for _, text in ipairs(reports) do
    local count = tonumber(text)
    sum, least, most = sum + count, math.min(least, count), math.max(most, count)
  end
  local refused = 0
  for _, request in ipairs(sandbox:requests()) do
    if request.status == 429 then refused = refused + 1 end
  end
  print(("rate       %d calls of %d processes in %g minutes: %.1f %% of 40 a minute, %d refused; %d to %d a process")
    :format(sum, PROCESSES, MINUTES, sum / (40 * MINUTES) * 100, refused, least, most))
end

-- Runs this file again with clocks that are fast.
local function fast_rate()
  local output, status = peer.shell(("SPEC_CLOCK_SPEED=%d SPEC_CLOCK_SINCE=%d LD_PRELOAD=%s %s %s %g %d"):format(SPEED,
    os.time(), CLOCK, peer.interpreter(), arg[0], MINUTES, SPEED))
  assert(status == 0, output)
  io.write(output)
end

if IS_FAST then
  rate()
else
  permits()
  refreshes()
end
sandbox:stop()
server:stop()
peer.remove_folder(folder)
if not IS_FAST and MINUTES > 0 then fast_rate() end
