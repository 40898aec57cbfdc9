-- What is done to Redis while machines work with it: killed and started again with and without its data, emptied, out
-- of memory. The machines are processes. Figures are printed.
local host = require "spec.support.host"
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local process = require "spec_process"
local shared_company = require "spec.support.shared_company"

local MACHINES, ROUNDS, DEADLINE = 3, 3, 20

describe("Machines whose shared Redis", function()
  local server, sandbox, folder

  local function options(more)
    local all = { deadline = DEADLINE }
    for name, value in pairs(more) do all[name] = value end
    return shared_company.options(all)
  end

  local function log_in()
    local client = ironclad.connect(options { grant = "authorization_code" })
    local_ironclad.log_in(sandbox, client)
    return client
  end

  local function start(persistent)
    server, sandbox, folder = shared_company.start { persistent = persistent }
  end
  after_each(shared_company.stop)

  -- Starts machines that call as a person and as a service until the file "end" is there. Each prints how many calls
  -- have succeeded and failed, the slowest (seconds), and the last error that is not of kind `store`. On a fast machine
  -- they reach the rate limit of the company, too.
  local function start_machines()
    local machine = shared_company.write_machine({ deadline = DEADLINE, max_retries = 0 }, ([[
      local core = require "ironclad.core"
      local person = ironclad.connect(%s)
      local clients = { person, client }
      local good, failed, slowest, other = 0, 0, 0, "none"
      while not io.open(%q) do
        for _, client in ipairs(clients) do
          local begin = core.wall_time()
          local _, err = client.workflows:list { pageSize = 1 }
          slowest = math.max(slowest, core.wall_time() - begin)
          if err then failed = failed + 1 else good = good + 1 end
          if err and err.kind ~= "store" and err.kind ~= "rate_limited" then other = tostring(err) end
        end
        os.execute "sleep 0.02"
      end
      print(good, failed, slowest, other)
    ]]):format(host.quoted(options { grant = "authorization_code", max_retries = 0 }), folder .. "/end"))
    local pipes = {}
    for i = 1, MACHINES do pipes[i] = io.popen(("%s %s"):format(peer.interpreter(), machine)) end
    return function()
      peer.write_file(folder .. "/end", "")
      local sum = { good = 0, failed = 0, slowest = 0, others = {} }
      for _, pipe in ipairs(pipes) do
        local good, failed, slowest, other = pipe:read "*a":match "^(%d+)%s+(%d+)%s+(%S+)%s+([^\n]*)"
        pipe:close()
        sum.good, sum.failed = sum.good + good, sum.failed + failed
        sum.slowest = math.max(sum.slowest, tonumber(slowest))
        if other ~= "none" then table.insert(sum.others, other) end
      end
      return sum
    end
  end

  -- Harms Redis several times while the machines work and their tokens end -> what they said.
  local function under_load(what, harm)
    local person = log_in()
    local finish = start_machines()
    for _ = 1, ROUNDS do
      sandbox:expire_tokens()
      peer.shell "sleep 0.15"
      harm()
      peer.shell "sleep 0.15"
    end
    -- A machine that starts finds the token, because one of the others has saved it again if need be.
    peer.eventually(function()
      return process.fork_run(function()
        return ironclad.connect(options { grant = "authorization_code" }):check() and 0 or 1
      end) == 0
    end)
    local sum = finish()
    local good, refused = local_ironclad.token_requests(sandbox)
    print(("# shown: Redis %s %d times under %d machines: %d calls, %d refused for want of it, the slowest %.1f s; "
      .. "%d tokens fetched or refreshed, %d refused"):format(what, ROUNDS, MACHINES, sum.good, sum.failed, sum.slowest,
      good, refused))
    assert.truthy(sum.good > 0)
    assert.truthy(sum.slowest < DEADLINE + 5, sum.slowest)
    -- No token was lost: the person need not log in again, here or on a new machine.
    sandbox:expire_tokens()
    ironclad.must(person:check())
    ironclad.must(ironclad.connect(options { grant = "authorization_code" }):check())
    return sum, refused
  end

  it("is killed and comes back with its data lose no token, and send none twice", function()
    start(true)
    local sum, refused = under_load("killed, with its data,", function()
      server:kill()
      server:run()
    end)
    assert.same({}, sum.others)
    assert.equal(0, refused)
  end)

  it("is killed and comes back without its data lose no token", function()
    start(false)
    under_load("killed, without its data,", function()
      server:kill()
      server:run()
    end)
  end)

  it("is emptied lose no token", function()
    start(false)
    under_load("emptied", function() server:command "flushall" end)
  end)

  it("has no memory go on with what they have, and lose no token", function()
    start(false)
    server:command "config set maxmemory-policy noeviction"
    local sum = under_load("out of memory", function()
      server:command "config set maxmemory 1"
      peer.shell "sleep 0.2"
      server:command "config set maxmemory 0"
    end)
    assert.same({}, sum.others)
  end)
end)
