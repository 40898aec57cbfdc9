-- Rate limits that machines share through Redis. The machines are processes here.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local process = require "spec_process"
local shared_company = require "spec.support.shared_company"

local BUCKET = "workflows:read"

describe("rate limits shared through Redis", function()
  local server, sandbox, folder
  before_each(function()
    server, sandbox, folder = shared_company.start()
    sandbox:rate_limits { limits = { [BUCKET] = 12 } }
  end)
  after_each(shared_company.stop)

  local function connect(more)
    local options = { max_retries = 0 }
    for name, value in pairs(more or {}) do options[name] = value end
    return shared_company.connect(options)
  end

  -- How many lists succeed until one would have to wait longer than its deadline.
  local function calls_until_refused(client)
    local count = 0
    for _ = 1, 100 do
      local _, err = client.workflows:list({}, { deadline = 20 })
      if err then return count, err end
      count = count + 1
    end
    return count
  end

  local function answers()
    local good, refused = 0, 0
    for _, request in ipairs(sandbox:requests()) do
      if request.path == "/public/api/v1/workflows" then
        if request.status == 429 then refused = refused + 1 else good = good + 1 end
      end
    end
    return good, refused
  end

  it("are kept by all machines together, without a refusal", function()
    local client = connect()
    client.workflows:list() -- the answer tells the limit of this company
    for i = 1, 3 do
      assert.equal(0, process.fork_run(function()
        local count, err = calls_until_refused(connect())
        assert(err and err.kind == "rate_limited" and err.retry_after > 0, tostring(err))
        peer.write_file(folder .. "/" .. i, tostring(count))
      end))
    end
    local good, refused = answers()
    assert.equal(0, refused)
    assert.equal(12, good)
  end)

  it("are told to on_wait once, when a call waits", function()
    local waits = {}
    local client = connect { on_wait = function(event) waits[#waits + 1] = event end }
    client.workflows:list()
    local _, err = calls_until_refused(client)
    assert.equal("rate_limited", err.kind)
    assert.same({}, waits)
  end)

  -- Returns when Redis knows of a 429.
  local function closed()
    peer.eventually(function() return server:command "keys '*closed:*'" ~= "" end)
  end

  it("stop all machines after a 429 that one has seen", function()
    local first, second = connect(), connect { rate_limit = false }
    first.workflows:list()
    for _ = 1, 11 do second.workflows:list() end
    -- The limits were used up by someone who does not share them.
    local _, err = first.workflows:list({}, { deadline = 20 })
    assert.equal("rate_limited", err.kind)
    closed()
    local good = answers()
    assert.equal(0, process.fork_run(function()
      local _, other = connect().workflows:list({}, { deadline = 20 })
      assert(other and other.kind == "rate_limited", tostring(other))
    end))
    assert.equal(good, (answers()))
  end)

  it("are known to a machine whose first call it is, because another one was told", function()
    connect().workflows:list()
    for _ = 1, 11 do connect { rate_limit = false }.workflows:list() end
    local key = server:command "keys '*permits:workflows:read'"
    server:command(("del '%s'"):format(key))
    server:command(("hset '%s' %.0f 12"):format(key, (server:command "time":match "%d+" - 5) * 1000))
    assert.equal(0, process.fork_run(function()
      local _, err = connect().workflows:list({}, { deadline = 20 })
      assert(err and err.kind == "rate_limited" and err.retry_after > 40, tostring(err))
    end))
    assert.same({ 12, 0 }, { answers() })
  end)

  it("count a permit from when it was used, when that was late", function()
    local client = connect()
    sandbox:latency { seconds = 1.2 }
    ironclad.must(client.workflows:list())
    sandbox:latency { seconds = 0 }
    local function slots()
      local text = server:command("hgetall \"$(" .. server.client .. " keys '*permits:workflows:read')\"")
      local list = {}
      for slot, count in text:gmatch "(%d+)%s+(%-?%d+)" do
        if tonumber(count) > 0 then list[#list + 1] = { tonumber(slot), tonumber(count) } end
      end
      return list
    end
    local now = server:command "time":match "%d+" * 1000
    local slot = peer.eventually(function()
      local list = slots()
      return #list == 1 and list[1][2] == 1 and list[1][1]
    end)
    assert.truthy(slot >= now - 900, slot - now)
  end)

  it("are kept although other things are under their names", function()
    local client = connect()
    ironclad.must(client.workflows:list())
    local prefix = server:command "keys '*permits:workflows:read'":gsub("permits:.*", "")
    for _, name in ipairs { "permits:workflows:read", "permits:company", "waiting:workflows:read",
      "asked:workflows:read", "closed:workflows:read", "limit:workflows:read", "granted:workflows:read" } do
      server:command(("del '%s%s'"):format(prefix, name))
      server:command(("sadd '%s%s' x"):format(prefix, name))
    end
    assert.equal(0, process.fork_run(function()
      ironclad.must(connect().workflows:list())
      assert(ironclad.stats().shared.alone == 0)
    end))
    assert.equal("hash", server:command(("type '%spermits:workflows:read'"):format(prefix)))
  end)

  it("are not kept for a machine that has gone, nor refused to all, because the clock of Redis was set back", function()
    local client = connect()
    client.workflows:list()
    local asked = server:command "keys '*asked:workflows:read'"
    server:command(("hset '%s' gone %d000"):format(asked, server:command "time":match "%d+" + 3600))
    server:command(("set '%s' 1 px 3600000"):format(asked:gsub("asked:", "closed:")))
    assert.equal(11, (calls_until_refused(client)))
    assert.equal("0", server:command(("hexists '%s' gone"):format(asked)))
  end)

  it("are shared evenly with a slow machine, when permits become free in bursts", function()
    local rounds, burst = 3, 12
    sandbox:rate_limits(false) -- so that no answer tells a limit
    connect().workflows:list()
    local key = server:command "keys '*permits:workflows:read'"
    server:command(("set '%s' %d"):format(key:gsub("permits:", "limit:"), burst))
    local script = shared_company.write_machine({ max_retries = 0, deadline = 300 }, ([[
      local folder, name, pause = %q, arg[1], arg[2]
      local count = 0
      repeat
        local _, err = client.workflows:list()
        if not err then count = count + 1 end
        if pause ~= "0" then os.execute("sleep " .. pause) end
      until err or io.open(folder .. "/stop")
      local file = io.open(folder .. "/" .. name, "w")
      file:write(count) -- its result is no file on Lua 5.1
      file:close()
    ]]):format(folder))
    local command = peer.interpreter() .. " " .. script .. " "
    local machines = io.popen(command .. "fast 0 & " .. command .. "slow 0.05 & wait")
    for _ = 1, rounds do
      local before = #sandbox:requests()
      server:command(("del '%s'"):format(key))
      peer.eventually(function() return #sandbox:requests() >= before + burst end)
    end
    peer.write_file(folder .. "/stop", "")
    server:command(("del '%s'"):format(key))
    machines:close()
    local fast, slow = tonumber(peer.read_file(folder .. "/fast")), tonumber(peer.read_file(folder .. "/slow"))
    assert.truthy(fast <= slow * 2 and slow <= fast * 2, ("%d and %d"):format(fast, slow))
  end)

  it("are this machine's share while Redis is away, and shared again when it is back", function()
    local waits, lines = {}, {}
    local client = connect { rate_share = 0.5, log = function(text) lines[#lines + 1] = text end,
      on_wait = function(event) waits[#waits + 1] = event.reason end }
    client.workflows:list()
    assert.same({}, waits)
    server:kill()
    local count, err = calls_until_refused(client)
    assert.equal("rate_limited", err.kind)
    assert.equal(5, count) -- with the first one, half of the 12
    assert.same({ "shared" }, waits)
    assert.matches("continues without the shared Redis, which cannot be reached", table.concat(lines, "\n"))
    server:run()
    assert.truthy(ironclad.must(client.records:list { pageSize = 1 }))
  end)

  it("do not hold up calls for long while Redis is frozen", function()
    local client = connect()
    client.workflows:list()
    server:signal "STOP"
    local started = sandbox:advance { seconds = 0 } and os.time()
    for _ = 1, 5 do ironclad.must(client.workflows:list()) end
    assert.truthy(os.time() - started < 10)
    server:signal "CONT"
  end)

  it("give permits back that are not used, so that other machines have them", function()
    local client = connect()
    sandbox:rate_limits { limits = { ["records:read"] = 100 } }
    local function granted(name)
      local sum = 0
      local key = server:command(("keys '*%s:records:read'"):format(name or "permits"))
      for value in server:command("hvals " .. key):gmatch "%-?%d+" do
        sum = sum + tonumber(value)
      end
      return sum
    end
    -- On a slow machine the block's time may be over before it is looked at, or Redis may not answer in time.
    local block = 0
    for _ = 1, 10 do
      if block <= 1 then
        server:command "flushall"
        ironclad.must(client.records:list { pageSize = 1 })
        block = granted()
      end
    end
    assert.truthy(block > 1, block)
    peer.eventually(function() return granted() == 1, granted() end)
    assert.equal(1, granted "granted") -- what counts when machines share
  end)
end)
