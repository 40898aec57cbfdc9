-- Events that machines share through Redis: what has been handled, and an inbox. The machines are processes here.
local ironclad = require "ironclad"
local core = require "ironclad.core"
local peer = require "spec.support.peer"
local redis = require "ironclad.shared.redis"
local process = require "spec_process"
local shared_inboxes = require "spec.support.shared_inboxes"
local shared_seen = require "ironclad.shared.seen"

local connect, key, open, text_of = shared_inboxes.connect, shared_inboxes.key, shared_inboxes.open,
  shared_inboxes.text_of

local server

local function next_test()
  shared_inboxes.next_test()
  server:command "flushall"
end

-- The consumer has died, for the engine of this process.
local function die(item) item.held.call:cancel() end

describe("seen = \"shared\"", function()
  setup(function() server = shared_inboxes.start() end)
  teardown(shared_inboxes.stop)
  before_each(next_test)

  it("gives an event to one machine at a time, and remembers what has been handled", function()
    local one, other = shared_seen.open(connect()), shared_seen.open(connect())
    assert.equal("new", one:claim "a")
    assert.equal("busy", one:claim "a")
    assert.equal("busy", other:claim "a")
    assert.equal("new", other:claim "b")
    assert.is_true(one:release "a")
    assert.equal("new", other:claim "a")
    assert.is_true(other:done "a")
    assert.equal("done", one:claim "a")
    assert.equal("done", other:claim "a")
    assert.truthy(tonumber((server:command("ttl \"$(" .. server.client .. " keys '*seen*' | head -n 1)\""))) > 0)
  end)

  it("does not give away a claim that has passed on", function()
    local one, other = shared_seen.open(connect()), shared_seen.open(connect())
    assert.equal("new", one:claim "a")
    server:command "flushall"
    assert.equal("new", other:claim "a")
    assert.is_true(one:release "a")
    assert.equal("busy", one:claim "a")
    assert.is_true(one:done "a")
    assert.equal("done", other.claims.a and shared_seen.open(connect()):claim "a")
  end)

  it("removes something else under the name of a claim", function()
    local one = shared_seen.open(connect())
    assert.equal("new", one:claim "a")
    local claim = server:command "keys '*seen*'"
    server:command(("del '%s'"):format(claim))
    server:command(("rpush '%s' x"):format(claim))
    assert.equal("new", shared_seen.open(connect()):claim "a")
  end)

  it("fails with an error when Redis is away, and claims nothing", function()
    local one = shared_seen.open(connect())
    server:kill()
    local state, err = one:claim "a"
    assert.is_nil(state)
    assert.equal("store", err.kind)
    server:run()
    assert.equal("new", one:claim "a")
  end)

  -- Runs step() while Redis does what it is told, and its answers are lost.
  local function without_answers(step)
    local script = redis.script
    redis.script = function(...)
      script(...)
      return nil, redis.problem "no answer"
    end
    local fine, state, err = pcall(step)
    redis.script = script
    assert(fine, state)
    assert.same({ nil, "store" }, { state, err.kind })
  end

  it("gives its own claim, whose answer was lost, to this process", function()
    local one, other = shared_seen.open(connect()), shared_seen.open(connect())
    without_answers(function() return one:claim "a" end)
    assert.equal("busy", other:claim "a")
    assert.equal("new", one:claim "a")
    assert.equal("busy", one:claim "a")
    without_answers(function() return one:release "a" end)
    assert.equal("new", other:claim "a")
  end)

  it("knows in this process what became of an event, when Redis was not told", function()
    local one, other, script = shared_seen.open(connect()), shared_seen.open(connect()), redis.script
    for step, wanted in pairs { done = { "done", "done" }, release = { "new", "busy" } } do
      assert.equal("new", one:claim(step))
      redis.script = function() return nil, redis.problem "away" end
      local settled = one[step](one, step)
      redis.script = script
      assert.is_nil(settled)
      assert.equal("busy", other:claim(step))
      assert.same(wanted, { one:claim(step), other:claim(step) })
    end
  end)

  it("claims an event again ten minutes after its handler was stopped in the middle", function()
    local one, other, monotonic, later = shared_seen.open(connect()), shared_seen.open(connect()), core.monotonic, 0
    finally(function() core.monotonic = monotonic end)
    core.monotonic = function() return monotonic() + later end
    assert.equal("new", one:claim "a")
    later = 590
    assert.equal("busy", one:claim "a")
    later = 601
    assert.same({ "busy", "new", "busy" }, { other:claim "a", one:claim "a", one:claim "a" })
    later = 1300
    server:command "flushall" -- the claim has expired, and another machine has the event now
    assert.same({ "new", "busy" }, { other:claim "a", one:claim "a" })
  end)

  it("claims an event again after an interrupt", function()
    local one, script = shared_seen.open(connect()), redis.script
    redis.script = function(...)
      script(...)
      error("interrupted!", 0)
    end
    local fine, problem = pcall(one.claim, one, "a")
    redis.script = script
    assert.same({ false, "interrupted!" }, { fine, problem })
    assert.same({ "new", "busy" }, { one:claim "a", shared_seen.open(connect()):claim "a" })
  end)

  it("remembers some of that", function()
    local one, script = shared_seen.open(connect()), redis.script
    redis.script = function() return nil, redis.problem "away" end
    for i = 1, 15000 do one:done(tostring(i)) end
    local count = 0
    for i = 15000, 1, -1 do count = count + (one:claim(tostring(i)) == "done" and 1 or 0) end
    redis.script = script
    assert.equal(10000, count)
  end)

  it("needs the option shared", function()
    local client = ironclad.connect { instance = "demo", client_id = "x", client_secret = "SECRET-x", as_user = false }
    for option, given in pairs { seen = { seen = "shared" }, inbox = { inbox = "shared" } } do
      given.on = { ["*"] = function() end }
      local fine, message = pcall(function() return client.webhooks:receiver(given) end)
      assert.is_false(fine)
      local wanted = option .. ': "shared" needs a client with the option shared'
      assert.truthy(tostring(message):find(wanted, 1, true), message)
    end
  end)
end)

describe("inbox = \"shared\"", function()
  setup(function() server = shared_inboxes.start { persistent = true } end)
  teardown(shared_inboxes.stop)
  before_each(next_test)

  it("gives each event to one consumer, the oldest first", function()
    local box, other = open(), open()
    for n = 1, 5 do assert.is_true(box:put("id" .. n, text_of(n))) end
    assert.is_true(other:put("id1", text_of(1)))
    local ids = {}
    for _, consumer in ipairs { box, other, box, other, box } do
      local item = consumer:take()
      ids[#ids + 1] = item.id
      assert.equal(text_of(item.id:match "%d"), item.text)
      assert.is_true(consumer:done(item))
    end
    assert.same({ "id1", "id2", "id3", "id4", "id5" }, ids)
    assert.same({ n = 2 }, { n = select("#", box:take()) })
    assert.same({}, box:list())
  end)

  -- Takes the next event, which may be due a moment later: within a second, or within `most`.
  local function take_soon(box, most)
    return peer.eventually(function()
      local item, soon = box:take()
      assert.truthy(item or soon and soon <= (most or 1), soon)
      return item
    end)
  end

  it("tries again after pauses that grow, and gives up", function()
    local box = open { tries = 3, pause = 0.01 }
    box:put("a", text_of(1))
    for try = 1, 3 do
      local item = take_soon(box)
      assert.equal(try - 1, item.tries)
      assert.equal(try < 3 and "retry" or "dead", box:fail(item, "no " .. try))
    end
    local list = box:list()
    assert.equal(1, #list)
    assert.same({ "a", "dead", 3, "no 3" }, { list[1].id, list[1].state, list[1].tries, list[1].error })
    assert.equal("workflow_completed", list[1].event.event)
    assert.is_nil((box:take()))
    assert.is_true(box:retry "a")
    local item = box:take()
    assert.same({ "a", 0 }, { item.id, item.tries })
    local changed, problem = box:remove "a"
    assert.is_nil(changed)
    assert.matches("no event a that waits", problem)
    box:fail(item, "again")
    assert.is_true(box:remove "a")
    assert.same({}, box:list())
  end)

  it("keeps the text of any error", function()
    local box = open { tries = 2, pause = 0 }
    for i, text in ipairs { "K\252ndigung", "\255\0\n" } do
      box:put("id" .. i, text_of(i))
      for try = 1, 2 do assert.equal(try == 1 and "retry" or "dead", box:fail(take_soon(box), text)) end
      local letter = box:list()[i]
      assert.same({ "dead", 2 }, { letter.state, letter.tries })
      assert.is_string(ironclad.json.encode(letter.error))
    end
  end)

  it("gives the events of a consumer that has died to another one", function()
    assert.equal(0, process.fork_run(function()
      local box = open { lease = 0.2 }
      box:put("a", text_of(1))
      assert(box:take().id == "a")
      os.exit(0) -- with the event in hand
    end))
    local box = open { lease = 0.2 }
    local item = take_soon(box, 0.2)
    assert.equal("a", item.id)
    assert.is_true(box:done(item))
  end)

  it("is not told of a failure by a consumer that another one has taken the event from", function()
    local slow, other = open { lease = 0.2, pause = 0 }, open { lease = 60 }
    slow:put("a", text_of(1))
    local first = slow:take()
    peer.shell "sleep 0.2"
    local second = take_soon(open { lease = 0.2 })
    assert.equal("a", second.id)
    assert.equal("retry", slow:fail(first, "late"))
    assert.is_nil((other:take()))
    assert.equal(0, slow:list()[1].tries)
    assert.is_true(other:done(second))
    assert.same({}, slow:list())
  end)

  it("keeps its events when other keys of it are deleted, or hold something else", function()
    for _, harm in ipairs { "del %s", "del %s && CLIENT set %s text", "del %s && CLIENT rpush %s x" } do
      next_test()
      local box = open { tries = 1, lease = 0.1, check = 0.01 }
      for n = 1, 4 do box:put("id" .. n, text_of(n)) end
      local later = open { pause = 0.05, tries = 2, check = 0.01 }
      later:fail(later:take(), "later")
      box:fail(box:take(), "dead")
      die(box:take())
      for _, name in ipairs { "events", "later", "dead" } do
        server:command((harm:gsub("CLIENT", server.client):gsub("%%s", function() return key(name) end)))
      end
      local ids = {}
      for _ = 1, 3 do
        local item = take_soon(box)
        ids[#ids + 1] = item.id
        assert.is_true(box:done(item))
      end
      table.sort(ids)
      assert.same({ "id1", "id3", "id4" }, ids)
      assert.is_nil((box:take()))
      assert.same({ "id2", "dead" }, { box:list()[1].id, box:list()[1].state })
      assert.is_true(box:remove "id2")
      assert.same({}, box:list())
    end
  end)

  it("goes on with many consumers that have gone", function()
    local box = open()
    box:put("a", text_of(1))
    assert.is_true(box:done(box:take()))
    server:command(("eval \"for i = 1, 120 do redis.call('xgroup', 'createconsumer', KEYS[1], 'ironclad', i) end\" 1 "
      .. "%s"):format(key "events"))
    assert.is_nil((box:take()))
    box:put("b", text_of(2))
    assert.equal("b", box:take().id)
  end)

  it("loses nothing when its processes and Redis are killed", function()
    local folder = peer.temporary_folder()
    local EVENTS, KILLS = 60, 6
    local box = open()
    for n = 1, EVENTS do assert.is_true(box:put("id" .. n, text_of(n))) end
    -- Writes each event down, and then reports it as done. After `most` events it kills itself with one in hand.
    local function work(most)
      local mine = open { lease = 0.3 }
      local item, soon = mine:take()
      while item or soon do
        if item then
          local log = assert(io.open(folder .. "/handled", "a"))
          log:write(item.id, "\n")
          log:close()
          most = most - 1
          if most == 0 then peer.shell "kill -KILL $PPID" end
          assert(mine:done(item))
        else
          peer.shell(("sleep %.3f"):format(soon))
        end
        item, soon = mine:take()
      end
    end
    for round = 1, KILLS do
      assert.equal(128 + 9, process.fork_run(function() work(8) end))
      if round % 2 == 0 then
        server:kill()
        server:run()
      end
    end
    assert.equal(0, process.fork_run(function() work(math.huge) end))
    local times, handled, twice = {}, 0, 0
    for id in peer.read_file(folder .. "/handled"):gmatch "[^\n]+" do times[id] = (times[id] or 0) + 1 end
    for _, count in pairs(times) do
      handled = handled + 1
      if count > 1 then twice = twice + 1 end
    end
    assert.equal(EVENTS, handled)
    assert.truthy(twice <= KILLS, twice)
    assert.same({}, box:list())
    peer.remove_folder(folder)
  end)
end)
