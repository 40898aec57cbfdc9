-- One machine at a time looks for changes, and another one goes on when it dies. The machines are processes here.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local process = require "spec_process"
local redis = require "ironclad.shared.redis"
local run = require "ironclad.calls.run"
local shared_company = require "spec.support.shared_company"
local shared_state = require "ironclad.shared.state"

describe("state = \"shared\"", function()
  local server, folder
  before_each(function()
    local _
    server, _, folder = shared_company.start()
  end)
  after_each(shared_company.stop)

  local connect = shared_company.connect

  it("is kept for all machines", function()
    local function count(options)
      local number = 0
      for _ in connect().records:changes(options) do number = number + 1 end
      return number
    end
    local all = count { state = "shared" }
    assert.truthy(all > 0)
    assert.equal(0, process.fork_run(function() return count { state = "shared" } end))
    assert.equal(all, count { state = "shared:other" })
  end)

  it("is used by one machine at a time", function()
    local first, second = connect().records:changes { state = "shared:one" }, connect()
    first()
    local fine, message = pcall(function()
      for _ in second.records:changes { state = "shared:one" } do error "twice" end
    end)
    assert.is_false(fine)
    assert.truthy(tostring(message):find("in use by another machine", 1, true), message)
    first:close()
    assert.is_truthy(second.records:changes { state = "shared:one" }())
  end)

  it("is kept up whenever the lock is taken, also when another machine had it since", function()
    local store, holds, hold = shared_state.open(connect(), "again"), {}, redis.hold
    redis.hold = function(...)
      holds[#holds + 1] = hold(...)
      return holds[#holds]
    end
    local fine, message = pcall(function()
      assert.is_true(store.lock())
      holds[1].call:cancel() -- as when a check has found another machine's lock
      assert.is_true(store.lock())
      store.unlock()
    end)
    redis.hold = hold
    assert(fine, message)
    assert.equal(2, #holds)
  end)

  it("is handed over when a machine dies, and the item in hand comes again", function()
    process.fork_run(function()
      for record in connect().records:changes { state = "shared:dying" } do
        local log = assert(io.open(folder .. "/log", "a"))
        log:write(record.id, "\n")
        log:close()
        local _, lines = peer.read_file(folder .. "/log"):gsub("\n", "\n")
        if lines == 3 then peer.shell "kill -KILL $PPID" end
      end
    end)
    server:command("del \"$(" .. server.client .. " keys '*state-lock:dying')\"") -- its time is up
    local seen = {}
    for id in peer.read_file(folder .. "/log"):gmatch "[^\n]+" do seen[id] = 1 end
    local twice, all = 0, 3
    for record in connect().records:changes { state = "shared:dying" } do
      if seen[record.id] then twice = twice + 1 else all = all + 1 end
    end
    assert.equal(1, twice)
    local total = 0
    for _ in connect().records:each() do total = total + 1 end
    assert.equal(total, all)
  end)

  it("has one machine that follows, and another one goes on without a gap when it is killed", function()
    local mine = connect()
    local follow = shared_company.write_machine({ rate_limit = false }, ([[
      print "ready"
      io.stdout:flush() -- LuaJIT and 5.1 do not by themselves
      for record in client.records:changes { state = "shared:followed" }:follow { every = 0.1 } do
        local log = assert(io.open(%q, "a"))
        log:write(arg[1], " ", record.id, "\n")
        log:close()
      end
    ]]):format(folder .. "/log"))
    local function log_of(machine)
      local seen, count = {}, 0
      for name, id in peer.read_file(folder .. "/log"):gmatch "(%S+) (%S+)\n" do
        if not machine or name == machine then
          if not seen[id] then count = count + 1 end
          seen[id] = (seen[id] or 0) + 1
        end
      end
      return count, seen
    end
    local function until_seen(machine, count)
      peer.eventually(function()
        local seen = log_of(machine)
        return seen >= count, ("%s has %d of %d"):format(machine or "the log", seen, count)
      end)
    end
    peer.write_file(folder .. "/log", "")
    local pipes, pids = {}, {}
    local function machine(name)
      pipes[name] = io.popen(("echo $$; exec %s %s %s"):format(peer.interpreter(), follow, name))
      pids[name] = pipes[name]:read "*l"
      pipes[name]:read "*l"
    end
    local function add(name)
      ironclad.must(mine.records:create { type = "mutualNDA", name = name, properties = {} })
    end
    local total = 0
    for _ in mine.records:each() do total = total + 1 end
    machine "one"
    until_seen("one", total)
    machine "two"
    add "while both follow"
    until_seen("one", total + 1)
    peer.shell("kill -KILL " .. pids.one)
    add "while nobody follows"
    assert.equal(0, (log_of "two"))
    server:command("del \"$(" .. server.client .. " keys '*state-lock:followed')\"") -- its time is up
    until_seen("two", 1)
    add "afterwards"
    until_seen(nil, total + 3)
    peer.shell("kill -KILL " .. pids.two)
    for _, pipe in pairs(pipes) do pipe:close() end
    local _, seen = log_of()
    local twice = 0
    for _, times in pairs(seen) do
      if times > 1 then twice = twice + 1 end
    end
    assert.truthy(twice <= 1, twice) -- what the first one had in hand
    print(("# shown: the machine that follows killed: %d changes, none missing, %d handed out twice"):format(total + 3,
      twice))
  end)

  it("is saved again by the machine that has it when Redis was emptied", function()
    local client = connect()
    local all, times = 0, {}
    for _ in client.records:each() do all = all + 1 end
    for record in client.records:changes { state = "shared:lost" } do
      times[record.id] = (times[record.id] or 0) + 1
      server:command "flushall"
    end
    local count = 0
    for _, number in pairs(times) do
      assert.equal(1, number)
      count = count + 1
    end
    assert.equal(all, count)
    for _ in connect().records:changes { state = "shared:lost" } do error "once more" end
  end)

  it("is kept by the machine that has it, and its lock, too, while it does something else", function()
    local one, other = shared_state.open(connect(), "kept"), shared_state.open(connect(), "kept")
    assert.is_true(one.lock())
    assert.truthy(one.save "a\n")
    server:command "flushall"
    peer.eventually(function() return server:command "keys '*state-lock:kept'" ~= "" end)
    assert.is_false(other.lock())
    assert.equal("gone", one.append "b\n")
    assert.truthy(one.save "a\nb\n")
    assert.equal("a\nb\n", other.peek())
    one.unlock()
    assert.is_true(other.lock())
    other.unlock()
  end)

  it("is known to a machine that waits, which begins there when Redis and the other machine are lost", function()
    local mine = connect()
    local follow = shared_company.write_machine({ rate_limit = false }, ([[
      local name = arg[1]
      local function note(text)
        local log = assert(io.open(%q, "a"))
        log:write(name, " ", text, "\n")
        log:close()
      end
      local shared_state = require "ironclad.shared.state"
      local open = shared_state.open
      function shared_state.open(...)
        local store = open(...)
        local peek = store.peek
        function store.peek()
          note "waits"
          return peek()
        end
        return store
      end
      local changes = client.records:changes { state = "shared:waits", since = "now", overlap = 0 }
      for record in changes:follow { every = 0.05, on_error = function() note "failed" end } do note(record.id) end
    ]]):format(folder .. "/log"))
    peer.write_file(folder .. "/log", "")
    local function said(text)
      peer.eventually(function() return peer.read_file(folder .. "/log"):find(text, 1, true) end)
    end
    local function add(name)
      return ironclad.must(mine.records:create { type = "mutualNDA", name = name, properties = {} }).id
    end
    local function machine(name)
      local pipe = io.popen(("echo $$; exec %s %s %s 2>&1"):format(peer.interpreter(), follow, name))
      return pipe, pipe:read "*l"
    end
    local first, first_id = machine "one"
    peer.eventually(function() return server:command "keys '*state:waits'" ~= "" end)
    local early = add "early"
    said("one " .. early)
    local second, second_id = machine "two"
    said "two waits\ntwo waits" -- and does not call on_error
    peer.shell("kill -KILL " .. first_id)
    local between = add "between"
    server:command "flushall"
    said("two " .. between)
    peer.shell("kill -KILL " .. second_id)
    first:close()
    second:close()
  end)

  it("is lost to another machine that took over, which a step finds out", function()
    local one, other = shared_state.open(connect(), "taken"), shared_state.open(connect(), "taken")
    assert.is_true(one.lock())
    assert.is_false(other.lock())
    assert.truthy(one.save "a\n")
    server:command("del \"$(" .. server.client .. " keys '*state-lock:taken')\"")
    assert.is_true(other.lock())
    for _, step in ipairs { "save", "append", "keep", "load" } do
      local done, err = one[step] "b\n"
      assert.is_falsy(done)
      assert.truthy(err.retryable and tostring(err):find("taken over by another machine", 1, true), tostring(err))
    end
    assert.equal("a\n", other.load())
  end)

  it("is not touched when its key holds something else, and its lock is taken all the same", function()
    local one = shared_state.open(connect(), "odd")
    assert.is_true(one.lock())
    assert.truthy(one.save "a\n")
    one.unlock()
    local key = server:command "keys '*state:odd'"
    server:command(("rpush '%s' x"):format((key:gsub("state:odd", "state-lock:odd"))))
    assert.is_true(one.lock())
    assert.equal("a\n", one.load())
    server:command(("del '%s'"):format(key))
    server:command(("rpush '%s' x"):format(key))
    local text, err = one.load()
    assert.is_false(text)
    assert.truthy(tostring(err):find("WRONGTYPE", 1, true), tostring(err))
    assert.equal("list", server:command(("type '%s'"):format(key)))
  end)

  it("is asked for often by a machine that waits, also when it looks for changes once a day", function()
    local internal, pauses, client = run.internal, {}, connect()
    local key = redis.prefix(client) .. "state-lock:daily"
    finally(function() run.internal = internal end)
    function run.internal(given, what, seconds)
      pauses[#pauses + 1] = seconds
      if #pauses == 3 then server:command(("del '%s'"):format(key)) end
      return internal(given, what, 0.001)
    end
    server:command(("set '%s' other"):format(key))
    assert.is_truthy(client.records:changes { state = "shared:daily" }:follow { every = 86400 }())
    assert.same({ 20, 20, 20 }, pauses)
  end)

  describe("with reconcile", function()
    local client, options, all

    local function locked(name, by)
      local prefix = redis.prefix(client)
      return server:command(by and ("set '%sstate-lock:%s' %s"):format(prefix, name, by)
        or ("get '%sstate-lock:%s'"):format(prefix, name))
    end

    local function unlock(name) server:command(("del '%sstate-lock:%s'"):format(redis.prefix(client), name)) end

    -- A list of which one item has gone since the last reconciliation.
    before_each(function()
      client, options, all = connect(), { state = "shared:gone", reconcile = true }, {}
      for record in client.records:changes(options) do all[#all + 1] = record.id end
      ironclad.must(client.records:delete(all[1]))
    end)

    -- Follows until one item has come `times` times. on_given is called for each.
    local function follow(times, on_given)
      local given, problems = {}, {}
      local changes = client.records:changes(options):follow { every = 0.01, on_error = function(err)
        problems[#problems + 1] = err.retryable and err.message or "for good: " .. tostring(err)
        if err.message:find("in use", 1, true) then unlock "gone:ids" end
      end }
      for item in changes do
        given[#given + 1] = item.gone and item.id
        if #given < times then on_given() else changes:close() end
      end
      return given, problems
    end

    it("waits while another machine has the ids", function()
      locked("gone:ids", "other")
      local given, problems = follow(1)
      assert.same({ { all[1] }, 1 }, { given, #problems })
      assert.truthy(problems[1]:find("is in use by another process", 1, true), problems[1])
    end)

    it("lets go of the ids when another machine has taken over", function()
      local open, looks, while_waiting = shared_state.open, 0, nil
      finally(function() shared_state.open = open end)
      function shared_state.open(...)
        local store = open(...)
        local peek = store.peek
        function store.peek()
          looks = looks + 1
          if looks == 2 then
            while_waiting = locked "gone:ids"
            unlock "gone"
          end
          return peek()
        end
        return store
      end
      local given = follow(2, function()
        assert.truthy(#locked "gone:ids" > 0)
        locked("gone", "other")
      end)
      assert.same({ all[1], all[1] }, given)
      assert.equal("", while_waiting)
    end)
  end)

  it("needs the option shared", function()
    local client = ironclad.connect { instance = "demo", client_id = "x", client_secret = "SECRET-x", as_user = false }
    local fine, message = pcall(function() return client.records:changes { state = "shared" } end)
    assert.is_false(fine)
    assert.truthy(tostring(message):find('state: "shared" needs a client with the option shared', 1, true), message)
  end)
end)
