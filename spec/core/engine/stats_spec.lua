-- ironclad.stats(): what the engine counts for the whole process.
local core = require "ironclad.core"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local GOOD = scene.GOOD

after_each(scene.stop)

-- What has been counted while `work` ran: the difference of every number.
local function counted(work)
  local function minus(after, before)
    local difference = {}
    for name, value in pairs(after) do
      difference[name] = type(value) == "table" and minus(value, before[name]) or value - before[name]
    end
    return difference
  end
  local before = ironclad.stats()
  work()
  return minus(ironclad.stats(), before)
end

describe("ironclad.stats counts", function()
  it("calls, requests, retries and failures", function()
    local server = scene.answering { peer.json("{}", 502), GOOD, peer.json("{}", 404) }
    local client = scene.connect(server, { max_retries = 1 })
    local seen = counted(function()
      scene.assert_good(client.workflows:get "w1")
      scene.assert_error("not_found", client.workflows:get "w2")
    end)
    assert.are.same({ 2, 1, 3, 1, 0 }, { seen.calls, seen.failed, seen.requests, seen.retries, seen.tokens })
  end)

  it("tokens, the first and the renewed", function()
    local token = peer.json '{"access_token":"first","token_type":"Bearer","expires_in":3600}'
    local again = peer.json '{"access_token":"again","token_type":"Bearer","expires_in":3600}'
    local server = scene.answering { token, GOOD, peer.json("{}", 401), again, GOOD }
    local client = scene.connect_by_secret(server)
    local seen = counted(function()
      scene.assert_good(client.workflows:get "w1")
      scene.assert_good(client.workflows:get "w1")
    end)
    assert.are.same({ 2, 5, 1, 2 }, { seen.calls, seen.requests, seen.retries, seen.tokens })
  end)

  it("waits by bucket, with their seconds", function()
    local pause = peer.json("{}", 429, { "Retry-After: 1" })
    local server = scene.answering { pause, GOOD }
    local client = scene.connect(server, { max_retries = 1, rate_limit = false })
    local waits = counted(function() scene.assert_good(client.workflows:get "w1") end).waits["workflows:read"]
    assert.are.same({ 0, 0, 1 }, { waits.budget, waits.in_flight, waits.retry_after })
    assert.is_true(waits.seconds >= 0.9 and waits.seconds < 60)
  end)

  it("what is in flight and what waits for its turn", function()
    local server = scene.serve { connections = { { { "read" }, { "gate" }, { "send", GOOD }, { "loop" } } } }
    local client = scene.connect(server, { max_in_flight = 1 })
    local function start() return core.start(client.connection, "GET", {}, "/public/api/v1/workflows/w1") end
    local seen = counted(function()
      local first = start()
      server:await(1)
      local second = start()
      peer.eventually(function() return ironclad.stats().pending == 2 end)
      assert.are.equal(1, ironclad.stats().in_flight)
      server:release()
      server:release()
      scene.assert_good(scene.finish(first))
      scene.assert_good(scene.finish(second))
    end)
    assert.are.equal(1, seen.waits["workflows:read"].in_flight)
    assert.are.same({ 0, 0 }, { seen.in_flight, seen.pending })
  end)

  it("from zero in a forked child", function()
    local client = scene.connect(scene.answering { GOOD })
    scene.assert_good(client.workflows:get "w1")
    local before = ironclad.stats()
    assert.is_true(before.calls > 0 and before.requests > 0)
    local status = peer.fork_run(function()
      local now = ironclad.stats()
      return now.calls + now.requests + now.pending
    end)
    assert.are.equal(0, status)
  end)
end)
