-- Many calls at once in plain Lua: spawn, run, map, callbacks, the mailbox; and failures while they run.
local core = require "ironclad.core"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local GOOD, READ = scene.GOOD, { "read" }

-- PUC Lua 5.1 cannot yield where a call has to wait.
local has_tasks = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil
local only_with_tasks = has_tasks and it or function() end

after_each(scene.stop)

-- A server that answers none of `count` requests before release_all.
local function meeting(count)
  local scripts = {}
  for i = 1, count do scripts[i] = { READ, { "gate" }, { "send", GOOD } } end
  return scene.serve { connections = scripts }
end

local function release_all(server)
  for _ = 1, #server:requests() do server:release() end
end

local function id_of(client)
  return function() return ironclad.must(client.workflows:get "w1").id end
end

describe("a task", function()
  only_with_tasks("waits beside others", function()
    local server = meeting(3)
    local get = id_of(scene.connect(server))
    local tasks = {}
    for i = 1, 3 do tasks[i] = ironclad.spawn(get) end
    server:await(3)
    assert.are.equal("ironclad.task (running)", tostring(tasks[1]))
    release_all(server)
    for i = 3, 1, -1 do assert.are.equal("w1", tasks[i]:wait()) end
    assert.are.equal("ironclad.task (done)", tostring(tasks[1]))
  end)

  only_with_tasks("is given arguments, and gives back what its function returns", function()
    local client = scene.connect(scene.answering { GOOD })
    local task = ironclad.spawn(function(a, b)
      client.workflows:get "w1"
      return a, nil, b
    end, 1, 2)
    assert.are.same({ 1, nil, 2 }, { task:wait() })
    assert.are.equal(3, select("#", task:wait()))
  end)

  only_with_tasks("waits for others", function()
    local get = id_of(scene.connect(scene.answering { GOOD }))
    assert.are.equal("w1w1", ironclad.run(function()
      local inner = ironclad.spawn(get)
      return inner:wait() .. inner:wait()
    end))
  end)

  only_with_tasks("hands its error to whoever waits for it", function()
    local get = id_of(scene.connect(scene.answering { GOOD }))
    local problem = { "any value" }
    local task = ironclad.spawn(function()
      get()
      error(problem)
    end)
    local fine, raised = pcall(task.wait, task)
    assert.is_false(fine)
    assert.are.equal(problem, raised)
    assert.are.equal("ironclad.task (failed)", tostring(task))
    ironclad.run()
  end)

  only_with_tasks("that fails alone fails the run, when the others have ended", function()
    local get = id_of(scene.connect(scene.answering { GOOD }))
    local ended
    ironclad.spawn(error, "as meant", 0)
    ironclad.spawn(function()
      get()
      get()
      ended = true
    end)
    assert.has_error(ironclad.run, "as meant")
    assert.is_true(ended)
    ironclad.run()
  end)

  only_with_tasks("may yield by itself: it goes on at the next turn", function()
    local count = 0
    assert.are.equal(3, ironclad.run(function()
      repeat
        count = count + 1
        coroutine.yield()
      until count == 3
      return count
    end))
  end)

  only_with_tasks("calls from a generator of its own, which gets no yield of ours", function()
    local get = id_of(scene.connect(scene.answering { GOOD }))
    assert.are.same({ "w1", "end" }, ironclad.run(function()
      local list = {}
      for id in coroutine.wrap(function()
        coroutine.yield(get())
        coroutine.yield "end"
      end) do
        list[#list + 1] = id
      end
      return list
    end))
  end)

  only_with_tasks("calls from where no coroutine can be yielded", function()
    local get = id_of(scene.connect(scene.answering { GOOD }))
    assert.are.equal("w1", ironclad.run(function()
      local id
      table.sort({ 1, 2 }, function(a, b)
        id = get()
        return a < b
      end)
      return id
    end))
  end)

  only_with_tasks("is cancelled while it waits", function()
    local server = scene.serve { connections = { { READ, { "hang" } } } }
    local client = scene.connect(server)
    local task = ironclad.spawn(function() return client.workflows:get "w1" end)
    server:await(1)
    task:cancel()
    scene.assert_error("cancelled", task:wait())
    task:cancel()
  end)

  only_with_tasks("feeds its sink, which may make calls", function()
    local bytes = ("x"):rep(3000000)
    local get = id_of(scene.connect(scene.answering { GOOD }))
    local client = scene.connect(scene.answering { peer.answer(200, {}, bytes) })
    local length = 0
    ironclad.run(function()
      ironclad.must(client.workflows:download_document("w1", "k", { to = function(chunk)
        length = length + #chunk
        get()
      end }))
    end)
    assert.are.equal(#bytes, length)
  end)

  only_with_tasks("whose sink fails hands that on", function()
    local client = scene.connect(scene.answering { peer.answer(200, {}, "bytes") })
    assert.has_error(function()
      ironclad.run(function()
        client.workflows:download_document("w1", "k", { to = function() error("as meant", 0) end })
      end)
    end, "as meant")
  end)

  only_with_tasks("runs to its end while the main program waits for another", function()
    local get = id_of(scene.connect(scene.answering { GOOD }))
    local first, second = ironclad.spawn(get), ironclad.spawn(get)
    assert.are.equal("w1", get())
    assert.are.equal("w1", second:wait())
    assert.are.equal("w1", first:wait())
  end)

  only_with_tasks("is collected when it has ended", function()
    local get = id_of(scene.connect(scene.answering { GOOD }))
    local held = setmetatable({}, { __mode = "v" })
    local function start()
      held[1] = {}
      ironclad.spawn(function(argument)
        get()
        return argument
      end, held[1])
    end
    start()
    ironclad.run()
    collectgarbage()
    collectgarbage()
    assert.is_nil(held[1])
  end)

  only_with_tasks("runs any value that can be called", function()
    local function add(_, a, b) return a + b end
    local callable = setmetatable({}, { __call = add })
    assert.are.equal(3, ironclad.spawn(callable, 1, 2):wait())
    assert.are.equal(3, ironclad.run(callable, 1, 2))
    local client = scene.connect(scene.answering { GOOD })
    local results = client:map({ 1 }, setmetatable({}, { __call = function(_, item) return item end }))
    assert.are.same({ 1 }, results)
  end)

  it("is refused where it cannot work", function()
    if has_tasks then
      assert.error_matches(function() ironclad.spawn "x" end, "ironclad.spawn: expected a function, got a string")
      assert.error_matches(function() ironclad.run(ironclad.run) end, "ironclad.run: is for the main program")
    else
      assert.error_matches(function() ironclad.spawn(print) end, "ironclad.spawn: Lua 5.1 cannot wait")
      assert.are.equal(5, ironclad.run(function() return 5 end))
    end
  end)
end)

describe("a callback", function()
  it("is told what the call would have returned", function()
    local server, told = meeting(2), {}
    local client = scene.connect(server)
    for i = 1, 2 do
      client.workflows:get("w1", { callback = function(value, err, response)
        told[i] = { value.id, err == nil, response.status }
      end })
    end
    server:await(2)
    assert.are.equal(0, #told)
    release_all(server)
    ironclad.run()
    assert.are.same({ { "w1", true, 200 }, { "w1", true, 200 } }, told)
  end)

  it("is told of an error", function()
    local client = scene.connect(scene.answering { peer.answer(404) })
    local value, err
    local task = client.workflows:get("w1", { callback = function(...) value, err = ... end })
    task:wait()
    scene.assert_error("not_found", value, err)
  end)

  it("can be cancelled", function()
    local server = scene.serve { connections = { { READ, { "hang" } } } }
    local err
    local task = scene.connect(server).workflows:get("w1", { callback = function(_, problem) err = problem end })
    server:await(1)
    task:cancel()
    ironclad.run()
    assert.are.equal("cancelled", err.kind)
  end)

  it("is told what a sink has raised", function()
    local client = scene.connect(scene.answering { peer.answer(200, {}, "bytes") })
    local err
    client.workflows:download_document("w1", "k", {
      to = function() error("as meant", 0) end, callback = function(_, problem) err = problem end,
    })
    ironclad.run()
    assert.are.equal("as meant", err.message)
  end)

  it("that fails is the run's error, and is called once", function()
    local client, count = scene.connect(scene.answering { GOOD }), 0
    client.workflows:get("w1", { callback = function()
      count = count + 1
      error("as meant", 0)
    end })
    assert.has_error(ironclad.run, "as meant")
    assert.are.equal(1, count)
  end)

  it("may make calls", function()
    local client = scene.connect(scene.answering { GOOD })
    local id
    client.workflows:get("w1", { callback = function() id = client.workflows:get("w1").id end })
    ironclad.run()
    assert.are.equal("w1", id)
  end)

  it("must be a function", function()
    local client = scene.connect(scene.answering { GOOD })
    assert.error_matches(function() client.workflows:get("w1", { callback = 1 }) end,
      "workflows:get: callback: expected a function, got a number")
  end)
end)

describe("client:map", function()
  only_with_tasks("has as many calls in flight as it is told, and no more", function()
    local server = meeting(3)
    local client = scene.connect(server)
    local get = id_of(client)
    local most, now = 0, 0
    local done
    client:map({ 1, 2, 3, 4, 5, 6, 7 }, function(item)
      now = now + 1
      most = math.max(most, now)
      local id = item <= 3 and get()
      now = now - 1
      return id
    end, { concurrency = 3, callback = function(results) done = results end })
    server:await(3)
    release_all(server)
    ironclad.run()
    assert.are.same({ "w1", "w1", "w1", false, false, false, false }, done)
    assert.are.equal(3, most)
  end)

  it("answers by index, and goes on after a failure", function()
    local client = scene.connect(scene.answering { GOOD })
    local results, errors = client:map({ "a", "b", "c", "d" }, function(item, index)
      client.workflows:get "w1"
      if item == "b" then return nil, "no " .. index end
      if item == "c" then error("never", 0) end
      return item .. index
    end)
    assert.are.same({ "a1", [4] = "d4" }, results)
    assert.are.same({ [2] = "no 2", [3] = "never" }, errors)
  end)

  it("takes a second value for an error only after nil or false", function()
    local client = scene.connect(scene.answering { GOOD })
    local returned = {
      gsub = function() return ("a-b"):gsub("-", "+") end,
      done = function() return true, "exit", 0 end,
      refused = function() return false, "no" end,
      raised = function() error(nil, 0) end,
      empty = function() return nil end,
    }
    local names = { "gsub", "done", "refused", "raised", "empty" }
    local results, errors = client:map(names, function(name) return returned[name]() end)
    assert.are.same({ "a+b", true, false }, results)
    assert.are.same({ [3] = "no", [4] = "nil was raised" }, errors)
  end)

  it("closes its iterator when on_progress raises an error", function()
    local client = scene.connect(scene.answering { GOOD })
    local closed, given = false, 0
    local source = setmetatable({ close = function() closed = true end }, { __call = function()
      given = given + 1
      return given
    end })
    assert.has_error(function()
      client:map(source, function(item) return item end, { on_progress = function() error("full", 0) end })
    end, "full")
    assert.is_true(closed)
  end)

  it("takes items from an iterator, which may make calls", function()
    local client = scene.connect(scene.answering { GOOD })
    local count = 0
    local function next_item()
      count = count + 1
      return count <= 40 and client.workflows:get("w1").id .. count or nil
    end
    local results = client:map(next_item, function(item) return item, client.workflows:get("w1") == nil or nil end)
    assert.are.equal(40, #results)
    assert.are.equal("w140", results[40])
  end)

  it("stops at the first error when it is told to", function()
    local client = scene.connect(scene.answering { GOOD })
    local begun = 0
    local results, errors = client:map({ 1, 2, 3, 4, 5, 6 }, function(item)
      begun = begun + 1
      client.workflows:get "w1"
      if item == 2 then return nil, "stop" end
      return item
    end, { concurrency = 1, stop_on_error = true })
    assert.are.same({ 1 }, results)
    assert.are.same({ [2] = "stop" }, errors)
    assert.are.equal(2, begun)
  end)

  it("raises the error of its iterator", function()
    local client = scene.connect(scene.answering { GOOD })
    assert.has_error(function() client:map(function() error("no more", 0) end, print) end, "no more")
  end)

  only_with_tasks("works inside a task", function()
    local client = scene.connect(scene.answering { GOOD })
    assert.are.same({ "w1", "w1" }, ironclad.run(function()
      return (client:map({ 1, 2 }, id_of(client)))
    end))
  end)

  for _, row in ipairs {
    { "a list", { 1, print }, "map: a list or an iterator: expected a function, got a number" },
    { "a function", { {}, 1 }, "map: expected a function, got a number" },
    { "a table of options", { {}, print, 1 }, "map: options: expected a table, got a number" },
    { "known options", { {}, print, { concurency = 1 } },
      'map: concurency: unknown option; did you mean "concurrency"' },
    { "a whole number", { {}, print, { concurrency = 1.5 } }, "map: concurrency: expected a whole number from 1" },
    { "a callback", { {}, print, { callback = 1 } }, "map: callback: expected a function, got a number" },
  } do
    it("wants " .. row[1], function()
      local client = scene.connect(scene.answering { GOOD })
      assert.error_matches(function() client:map(row[2][1], row[2][2], row[2][3]) end,
        row[3])
    end)
  end
end)

describe("the mailbox", function()
  it("serves an event loop of the script", function()
    local server = scene.answering { GOOD }
    local id
    scene.connect(server).workflows:get("w1", { callback = function(value) id = value.id end })
    local mailbox = ironclad.mailbox()
    assert.are.equal("number", type(mailbox:pollfd()))
    assert.are.equal("r", mailbox:events())
    assert.is_nil(mailbox:timeout())
    repeat core.wait() until mailbox:dispatch() == 0
    assert.are.equal("w1", id)
  end)

  if has_tasks then
    -- An event loop that only watches the descriptor would not call dispatch again.
    it("leaves no task ready that has waited for another", function()
      local client, mailbox, told = scene.connect(scene.answering { GOOD }), ironclad.mailbox(), {}
      local function get() return client.workflows:get("w1").id end
      ironclad.spawn(function()
        told[1] = ironclad.spawn(get):wait()
        told[2] = #client:map({ 1, 2, 3 }, get)
      end)
      repeat
        core.wait()
        local left = mailbox:dispatch()
        assert.is_nil(mailbox:timeout())
      until left == 0
      assert.are.same({ "w1", 3 }, told)
      local polite = ironclad.spawn(coroutine.yield)
      assert.are.equal(0, mailbox:timeout())
      assert.are.equal(0, mailbox:dispatch())
      assert.is_nil(polite:wait())
    end)
  end

  local has_cqueues = pcall(require, "cqueues")
  if has_cqueues and has_tasks then
    it("serves cqueues: recipes/cqueues.lua", function()
      local sandbox = require("ironclad.sandbox").start { port = 0, tls = true }
      local environment = ("IRONCLAD_INSTANCE=%s IRONCLAD_CLIENT_ID=%s IRONCLAD_CLIENT_SECRET=%s IRONCLAD_AS_USER=%s "
        .. "IRONCLAD_CA_FILE=%s"):format(sandbox.instance, sandbox.client_id, sandbox.client_secret, sandbox.as_user,
        sandbox.ca_file)
      local output, status = peer.shell(environment .. " " .. peer.quoted(peer.interpreter()) .. " recipes/cqueues.lua")
      sandbox:stop()
      assert.are.equal(0, status, output)
      assert.matches("active\t%d+", output)
      assert.matches("completed\t%d+", output)
    end)
  end
end)

describe("in the middle of many calls", function()
  -- The beginning of a script that runs elsewhere, with a server that never answers.
  local HANGING = [[
    local ironclad = require "ironclad"
    local client = ironclad.connect { instance = ..., token = "t", as_user = false, max_retries = 0,
      rate_limit = false, max_in_flight = 10000 }
    local function get(callback) return client.workflows:get("w1", { callback = callback }) end
  ]]

  it("a script ends", function()
    local server = scene.serve { connections = { { READ, { "hang" } } } }
    local output, status = peer.lua(HANGING .. "for _ = 1, 20 do get(print) end", {}, peer.url(server))
    assert.are.equal("", output)
    assert.are.equal(0, status)
  end)

  it("Ctrl-C ends a run, and cancels what it waited for", function()
    local server, folder = scene.serve { connections = { { READ, { "hang" } } } }, peer.temporary_folder()
    local id, ended = peer.start_lua(HANGING .. [[
      ironclad.run() -- loads what it needs, so that the signal meets the wait
      local kinds = {}
      for i = 1, 3 do get(function(_, err) kinds[i] = err.kind end) end
      local _, folder = ...
      print(pcall(function()
        io.open(folder .. "/runs", "w"):close()
        ironclad.run()
      end))
      ironclad.run()
      print(table.concat(kinds, " "))
    ]], nil, peer.url(server), folder)
    server:await(3)
    peer.eventually(function() return io.open(folder .. "/runs") end):close()
    peer.shell("kill -INT " .. id)
    local output, status = ended()
    peer.remove_folder(folder)
    assert.are.equal(0, status, output)
    assert.matches("^false\t[^\n]*interrupted!\ncancelled cancelled cancelled\n$", output)
  end)

  it("a fork leaves its tasks an error, and the parent its answers", function()
    local server, told = meeting(2), {}
    local client = scene.connect(server)
    for i = 1, 2 do
      client.workflows:get("w1", { callback = function(value, err) told[i] = value or err.message end })
    end
    server:await(2)
    local status = peer.fork_run(function()
      ironclad.run()
      for i = 1, 2 do assert(told[i]:find("before the process forked", 1, true), told[i]) end
      return 5
    end)
    release_all(server)
    ironclad.run()
    assert.are.equal(5, status)
    assert.are.same({ "w1", "w1" }, { told[1].id, told[2].id })
  end)

  it("a fork leaves iterators and tasks that are waited for an error", function()
    local server = scene.serve { answers = { peer.json '{"list":[{"id":"w1"}],"count":9,"page":0,"pageSize":1}' },
      connections = { { READ, { "answer" }, READ, { "hang" } }, { READ, { "hang" } } } }
    local client = scene.connect(server)
    local iterator = client.workflows:each { pageSize = 1 }
    iterator()
    local waiting = has_tasks
      and ironclad.spawn(function() return client.workflows:get "w1" end)
    server:await(waiting and 3 or 2)
    local status = peer.fork_run(function()
      local fine, problem = pcall(function() iterator() end)
      assert(not fine and problem:find "^workflows:list: this call was started before the process forked", problem)
      assert(iterator.error.kind == "cancelled", iterator.error.kind)
      if waiting then
        local value, err = waiting:wait()
        assert(value == nil and err.kind == "cancelled", tostring(err))
      end
      return 5
    end)
    assert.are.equal(5, status)
    iterator:close()
    if not waiting then return end
    waiting:cancel()
    waiting:wait()
  end)

  it("5,000 calls are started at once", function()
    local server = scene.answering { GOOD }
    local client = scene.connect(server, { rate_limit = false, deadline = false, timeout = 600 })
    local good = 0
    for _ = 1, 5000 do
      client.workflows:get("w1", { callback = function(value) good = good + (value and 1 or 0) end })
    end
    ironclad.run()
    assert.are.equal(5000, good)
    -- 32 are in flight. A few more connections are opened when one is not free yet.
    assert.is_true(server:connections() <= 100, server:connections() .. " connections")
  end)

  it("the engine's thread ends: calls that wait get an error, and the next call starts another", function()
    local folder = peer.temporary_folder()
    local output, status = peer.lua([[
      local ironclad = require "ironclad"
      local peer = require "spec.support.peer"
      local server = peer.start { answers = { peer.json '{"id":"w1"}' }, connections = {
        { { "read" }, { "hang" } }, { { "read" }, { "hang" } }, { { "read" }, { "answer" }, { "loop" } },
      } }
      local client = ironclad.connect { instance = peer.url(server), token = "t", as_user = false, max_retries = 0 }
      local told = {}
      local function tell(i) return { callback = function(_, err) told[i] = err end } end
      client.workflows:get("w1", tell(1))
      client.workflows:create_comment("w1", { comment = "x" }, tell(2))
      server:await(2)
      io.open(..., "w"):close()
      client.workflows:get("w1", tell(3))
      ironclad.run()
      for i = 1, 2 do print(told[i].kind, told[i].outcome, told[i].message) end
      -- The thread may have ended by itself before the third call, which a new one has then answered.
      print(told[3] == nil or told[3].message)
      print(client.workflows:get("w1").id)
    ]], { preload = peer.built "dying_engine.so", environment = "DYING_ENGINE=" .. folder .. "/switch", seconds = 60 },
      folder .. "/switch")
    peer.remove_folder(folder)
    assert.are.equal(0, status, output)
    assert.are.equal("io\tnot_done\tthe engine's thread has ended\nio\tunknown\tthe engine's thread has ended\n"
      .. "the engine's thread has ended\nw1\n", (output:gsub("\ntrue\n", "\nthe engine's thread has ended\n")))
  end)
end)
