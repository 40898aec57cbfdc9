-- Calls in flight while something ends: the call, its Lua state, the process; or while a name server sleeps.
local core = require "ironclad.core"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local GOOD, READ = scene.GOOD, { "read" }
local WORKFLOW = "/public/api/v1/workflows/w1"

after_each(scene.stop)

local function start(client, method, arguments)
  return assert(core.start(client.connection, method or "GET", arguments or {}, WORKFLOW))
end

local finish = scene.finish

-- The beginning of a script that runs elsewhere: a server that never answers, and calls to it, read there.
local IN_FLIGHT = [[
  local ironclad = require "ironclad"
  local core = require "ironclad.core"
  local peer = require "spec.support.peer"
  local server = peer.start { connections = { { { "read" }, { "hang" } } } }
  local calls = {}
  local function start(count)
    local client = ironclad.connect { instance = peer.url(server), token = "t", as_user = false }
    for i = 1, count do
      calls[i] = assert(core.start(client.connection, i % 2 == 0 and "GET" or "POST", {}, "/public/api/v1/workflows"))
    end
    server:await(count)
  end
]]

describe("a call in flight", function()
  for _, row in ipairs { { "GET", "not_done" }, { "POST", "unknown" } } do
    it("is cancelled: " .. row[1], function()
      local server = scene.serve { connections = { { READ, { "hang" } }, { READ, { "send", GOOD } } } }
      local client = scene.connect(server)
      local call = start(client, row[1])
      server:await(1)
      call:cancel()
      call:cancel()
      local value, err = finish(call)
      scene.assert_error("cancelled", value, err)
      assert.are.equal(row[2], err.outcome)
      assert.are.equal(1, #server:requests())
      scene.assert_good(client.workflows:get "w1")
    end)
  end

  it("is cancelled while it waits for a token: it is never sent", function()
    local server = scene.serve { connections = { { READ, { "gate" }, { "close" } } } }
    local call = start(scene.connect_by_secret(server, { max_retries = 0 }), "POST")
    server:await(1)
    call:cancel()
    local err = scene.assert_error("cancelled", finish(call))
    assert.are.equal("not_done", err.outcome)
    assert.are.same({ "POST /oauth/token" }, scene.targets(server))
  end)

  it("is cancelled too late: its value is there", function()
    local server = scene.answering { GOOD }
    local call = start(scene.connect(server))
    while not call:done() do
      core.wait()
    end
    call:cancel()
    scene.assert_good(call:result())
  end)

  it("holds up no other", function()
    local hanging = scene.serve { connections = { { READ, { "hang" } } } }
    local server = scene.answering { GOOD }
    local call = start(scene.connect(hanging))
    hanging:await(1)
    scene.assert_good(scene.connect(server).workflows:get "w1")
    assert.is_false(call:done())
    call:cancel()
    scene.assert_error("cancelled", finish(call))
  end)

  it("leaves its TCP connection to later calls, however many there were at once", function()
    local script = { READ, { "gate" }, { "send", GOOD }, { "loop" } }
    local server = scene.serve { connections = { script, script, script, script, script, script, script, script } }
    local client, sent = scene.connect(server), 0
    for _, count in ipairs { 8, 1, 8 } do
      local calls = {}
      for i = 1, count do calls[i] = start(client) end
      sent = sent + count
      server:await(sent)
      for _ = 1, count do server:release() end
      for _, call in ipairs(calls) do scene.assert_good(finish(call)) end
    end
    assert.are.equal(8, server:connections())
  end)

  it("may be one of many, which wait for one token", function()
    local server = scene.answering { peer.json '{"access_token":"t","expires_in":600}', GOOD }
    local client = scene.connect_by_secret(server, { max_in_flight = 4 })
    local calls = {}
    for i = 1, 50 do
      calls[i] = start(client)
    end
    for i = 1, 50 do
      scene.assert_good(finish(calls[i]))
    end
    local targets = scene.targets(server)
    assert.are.equal(51, #targets)
    assert.are.equal("POST /oauth/token", targets[1])
    assert.are.equal("GET " .. WORKFLOW, targets[2])
    assert.is_true(server:connections() <= 5)
  end)

  it("is forgotten: nothing happens", function()
    local server = scene.serve { connections = { { READ, { "hang" } }, { READ, { "send", GOOD } } } }
    local client = scene.connect(server)
    start(client)
    server:await(1)
    collectgarbage()
    collectgarbage()
    scene.assert_good(client.workflows:get "w1")
  end)

  it("ends with its Lua state, and does not harm another's", function()
    local server = scene.serve { connections = { { READ, { "gate" }, { "send", GOOD } } } }
    local call = start(scene.connect(server))
    server:await(1)
    assert.are.equal("in flight", peer.new_state(IN_FLIGHT .. [[
      start(4)
      return "in flight"
    ]]))
    server:release()
    scene.assert_good(finish(call))
  end)
end)

describe("a process ends with calls in flight:", function()
  for _, row in ipairs {
    { "at the end of its script", "", 0 },
    { "by an error", "error('as meant', 0)", 1 },
    { "by os.exit", "os.exit(7)", 7 },
    { "by os.exit that closes the state", "os.exit(7, true)", 7 },
    { "by os.exit in a coroutine", "coroutine.wrap(function() os.exit(7) end)()", 7 },
    { "while they are cancelled", "for _, call in ipairs(calls) do call:cancel() end os.exit(7)", 7 },
    { "while they are forgotten", "calls = nil collectgarbage() os.exit(7)", 7 },
  } do
    it(row[1], function()
      local output, status = peer.lua(IN_FLIGHT .. "start(4)\n" .. row[2])
      assert.are.equal(row[3], status, output)
    end)
  end

  it("without a call ever made", function()
    local output, status = peer.lua 'require("ironclad").connect { instance = "na1", token = "t", as_user = false }'
    assert.are.equal(0, status, output)
  end)

  it("by Ctrl-C, which a call that blocks lets through", function()
    local server = scene.serve { connections = { { READ, { "hang" } } } }
    local id, ended = peer.start_lua([[
      local client = require("ironclad").connect { instance = ..., token = "t", as_user = false }
      client.workflows:get "w1"
    ]], nil, peer.url(server))
    server:await(1)
    peer.shell("kill -INT " .. id)
    local output, status = ended()
    assert.is_truthy(output:find("interrupted!", 1, true), output)
    assert.are.equal(1, status)
  end)
end)

describe("a process that forks with a call in flight:", function()
  local server, other, call

  before_each(function()
    server = scene.serve { connections = { { READ, { "gate" }, { "send", GOOD } } } }
    other = scene.answering { GOOD }
    call = start(scene.connect(server))
    server:await(1)
  end)

  -- Whatever the child does, the call goes on in the parent.
  local function in_child(fn)
    local status = peer.fork_run(fn)
    server:release()
    scene.assert_good(finish(call))
    assert.are.equal(1, #server:requests())
    return status
  end

  it("the child ends", function()
    assert.are.equal(5, in_child(function() return 5 end))
  end)

  it("the child exits", function()
    assert.are.equal(5, in_child(function() os.exit(5) end))
  end)

  it("the child gets an error for the call", function()
    assert.are.equal(5, in_child(function()
      assert(call:done() and call:news() and core.wait(call))
      assert(call:chunk() == nil and call:event() == nil and call:progress() == nil)
      local value, err, response = call:result()
      assert(value == nil and response == nil)
      assert(err.kind == "cancelled" and err.outcome == "unknown" and err.operation == "request")
      assert(err.message == "this call was started before the process forked")
      assert(err.retry_after == nil and err.retryable == false)
      call:cancel()
      return 5
    end))
  end)

  it("the child forgets the call", function()
    assert.are.equal(5, in_child(function()
      call = nil
      collectgarbage()
      collectgarbage()
      return 5
    end))
  end)

  it("the child makes calls of its own, and exits", function()
    local client = scene.connect(other)
    local hanging = scene.serve { connections = { { READ, { "hang" } } } }
    assert.are.equal(5, in_child(function()
      assert(client.workflows:get("w1").id == "w1")
      assert(finish(start(client)).id == "w1")
      start(scene.connect(hanging))
      os.exit(5)
    end))
    assert.are.equal(2, #other:requests())
  end)

  it("the child's child makes calls too", function()
    local client = scene.connect(other)
    assert.are.equal(5, in_child(function()
      assert(client.workflows:get("w1").id == "w1")
      return peer.fork_run(function()
        assert(client.workflows:get("w1").id == "w1")
        return 5
      end)
    end))
  end)
end)

describe("the engine's thread", function()
  it("takes no signal: they are the host's", function()
    local output, status = peer.lua([[
      local url = ...
      local client = require("ironclad").connect { instance = url, token = "t", as_user = false }
      client.workflows:get("w1", { callback = assert }) -- a call that is waited for at once starts no thread
      require("ironclad").run()
      -- The signals that each thread blocks, read when nothing is being started any more.
      local own = string.format("/proc/%d/task/", io.open("/proc/self/stat"):read "*n")
      local list = io.popen("ls " .. own)
      local threads = list:read "*a"
      list:close()
      for thread in threads:gmatch "%d+" do
        local status = io.open(own .. thread .. "/status")
        if status then print(status:read("*a"):match "SigBlk:%s+(%x+)") end
      end
    ]], {}, peer.url(scene.answering { GOOD }))
    assert.are.equal(0, status, output)
    -- All but SIGKILL and SIGSTOP, and the two that the C library keeps for itself.
    assert.matches("fffffffe7ffbfeff\n", output)
    assert.matches("0000000000000000\n", output)
  end)
end)

describe("a name server that never answers", function()
  local STUCK = [[
    local url = ...
    local ironclad = require "ironclad"
    local core = require "ironclad.core"
    local stuck = ironclad.connect { instance = "https://a.stuck.test", token = "t", as_user = false, max_retries = 0 }
    local client = ironclad.connect { instance = url, token = "t", as_user = false, max_retries = 0 }
    local calls = {}
    for i = 1, 3 do
      calls[i] = assert(core.start(stuck.connection, "GET", {}, "/public/api/v1/workflows/w1"))
    end
  ]]

  -- The library sleeps for a minute; what waits for it is killed before.
  local function run(source)
    local server = scene.answering { GOOD }
    return peer.lua(STUCK .. source, { seconds = 50, preload = peer.built "stuck_resolver.so" }, peer.url(server))
  end

  it("holds up no other call", function()
    local output, status = run [[
      for _ = 1, 5 do
        assert(client.workflows:get "w1")
      end
      print(calls[1]:done())
      os.exit(7)
    ]]
    assert.are.equal("false\n", output)
    assert.are.equal(7, status)
  end)

  it("does not stop a timeout", function()
    local output, status = run [[
      local value, err = stuck.workflows:get("w1", { timeout = 0.3 })
      print(value, err.kind, err.outcome)
    ]]
    assert.are.equal("nil\ttimeout\tnot_done\n", output)
    assert.are.equal(0, status)
  end)

  it("does not stop a cancellation", function()
    local output, status = run [[
      for _, call in ipairs(calls) do
        call:cancel()
        while not call:done() do
          core.wait()
          while core.take() do end
        end
        local value, err = call:result()
        print(value, err.kind)
      end
      assert(client.workflows:get "w1")
    ]]
    assert.are.equal(("nil\tcancelled\n"):rep(3), output)
    assert.are.equal(0, status)
  end)

  for _, row in ipairs {
    { "the end of a script", "", 0 },
    { "os.exit", "os.exit(7)", 7 },
    { "an error", "error('as meant', 0)", 1 },
  } do
    it("does not stop " .. row[1], function()
      local output, status = run(row[2])
      assert.are.equal(row[3], status, output)
    end)
  end
end)
