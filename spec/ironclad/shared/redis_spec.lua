-- Commands and scripts for the shared Redis, and what happens when it cannot be reached.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local redis = require "ironclad.shared.redis"
local redis_server = require "spec.support.redis"

local function connect(address, more)
  local options = { instance = "demo", client_id = "x", client_secret = "SECRET-shared", as_user = "jane@example.com",
    shared = address }
  for name, value in pairs(more or {}) do options[name] = value end
  return ironclad.connect(options)
end

describe("the option shared", function()
  local wrong = {
    { "localhost:6379", "expected redis://" },
    { "http://localhost", "expected redis://" },
    { "redis://", "there is no host" },
    { "redis://:6379", "there is no host" },
    { "redis://host:0", "expected a port" },
    { "redis://host:65536", "expected a port" },
    { "redis://host:12x", "expected a port" },
    { "redis://[::1", "no closing bracket" },
    { "redis://host/x", "number of a database" },
    { "redis://host/-1", "number of a database" },
    { "redis://host?db=1", "no parameters" },
    { "redis://jane@host", "but no password" },
    { "redis://:@host", "password is empty" },
    { "redis://:%zz@host", "invalid percent escape" },
    { "redis://:%00@host", "invalid percent escape" },
    { "redis://a,b:1", "Sentinel and Redis Cluster are not supported" },
    { "redis-sentinel://host", "Sentinel and Redis Cluster are not supported" },
    { "redis+cluster://host", "Sentinel and Redis Cluster are not supported" },
    { "unix://socket", "absolute path" },
    { "unix:///socket?database=1", "only parameter" },
  }
  for _, case in ipairs(wrong) do
    it("refuses " .. case[1], function()
      local fine, message = pcall(connect, case[1])
      assert.is_false(fine)
      assert.truthy(tostring(message):find(case[2], 1, true), message)
    end)
  end

  it("never shows the password of the address", function()
    local fine, message = pcall(connect, "redis://jane:SECRET-password@host:port")
    assert.is_false(fine)
    assert.falsy(tostring(message):find("SECRET", 1, true))
  end)

  it("is needed for the options about it, which are checked", function()
    local file = "spec/ironclad/shared/redis_spec.lua"
    for _, case in ipairs {
      { nil, { shared_client_cert = file }, 'shared_client_cert: goes with shared = "rediss://' },
      { "redis://host", { shared_client_cert = file }, 'shared_client_cert: goes with shared = "rediss://' },
      { "redis://host", { shared_client_key = file }, "shared_client_key: goes with shared_client_cert" },
      { "rediss://host", { shared_client_cert = "/nonexistent" }, "shared_client_cert: " },
      { "rediss://host", { shared_client_cert = file, shared_client_key = "/nonexistent" }, "shared_client_key: " },
    } do
      local fine, message = pcall(connect, case[1], case[2])
      assert.is_false(fine)
      assert.truthy(tostring(message):find(case[3], 1, true), message)
    end
  end)

  it("is needed for shared_prefix, which holds no braces", function()
    local _, message = pcall(connect, nil, { shared_prefix = "us" })
    assert.truthy(tostring(message):find("shared_prefix: goes with shared", 1, true), message)
    _, message = pcall(connect, "redis://host", { shared_prefix = "a{b}" })
    assert.truthy(tostring(message):find("must not hold braces", 1, true), message)
  end)
end)

describe("the shared Redis", function()
  local server, client
  setup(function()
    server = redis_server.start { port = true, password = "SECRET-redis" }
    client = connect(server.address)
  end)
  teardown(function() server:stop() end)

  it("answers commands with strings, numbers, lists and nil", function()
    assert.equal("PONG", redis.command(client, { "PING" }))
    assert.equal("OK", redis.command(client, { "SET", "bytes", "1\0\r\n\xff" }))
    assert.equal("1\0\r\n\xff", redis.command(client, { "GET", "bytes" }))
    assert.is_nil(redis.command(client, { "GET", "none" }))
    assert.same({ false, "1\0\r\n\xff" }, redis.command(client, { "MGET", "none", "bytes" }))
    assert.equal(7, redis.command(client, { "INCRBY", "count", 7 }))
    assert.equal("", redis.command(client, { "GETRANGE", "none", 0, -1 }))
  end)

  it("runs scripts, by their digest from the second time", function()
    local script = "return { KEYS[1], ARGV[1], redis.call('incr', KEYS[1]), false, { 1, { 2 } } }"
    local key = redis.prefix(client) .. "runs"
    for run = 1, 3 do
      assert.same({ key, "x", run, false, { 1, { 2 } } }, redis.script(client, script, { "runs" }, { "x" }))
    end
    assert.equal("OK", redis.command(client, { "SCRIPT", "FLUSH" }))
    assert.same({ key, "y", 4, false, { 1, { 2 } } }, redis.script(client, script, { "runs" }, { "y" }))
    assert.matches("cmdstat_eval:calls=2,", server:command "info commandstats")
  end)

  it("has one hash tag for all keys of a company", function()
    local prefix = redis.prefix(client)
    assert.matches("^ironclad:{%x+}:$", prefix)
    assert.equal(prefix, redis.prefix(connect(server.address, { client_secret = "SECRET-other" })))
    assert.not_equal(prefix, redis.prefix(connect(server.address, { client_id = "y" })))
    assert.equal("us" .. prefix:sub(9), redis.prefix(connect(server.address, { shared_prefix = "us" })))
  end)

  it("makes an error value of what Redis refuses", function()
    local value, err = redis.command(client, { "INCR", "bytes" })
    assert.is_nil(value)
    assert.equal("store", err.kind)
    assert.truthy(tostring(err):find("not an integer", 1, true), tostring(err))
    assert.equal("not_done", err.outcome)
    assert.falsy(tostring(err):find("SECRET", 1, true))
    err = select(2, redis.script(client, "return nothing()", {}))
    assert.equal("store", err.kind)
    -- The link goes on.
    assert.equal("PONG", redis.command(client, { "PING" }))
  end)

  it("moves large values", function()
    local large = ("x"):rep(5000000)
    assert.equal("OK", redis.command(client, { "SET", "large", large }))
    assert.equal(large, redis.command(client, { "GET", "large" }))
    redis.command(client, { "DEL", "large" })
  end)

  it("serves tasks that wait for each other", function()
    if _VERSION == "Lua 5.1" and not jit then return end
    local values = {}
    for i = 1, 20 do ironclad.spawn(function() values[i] = redis.command(client, { "ECHO", tostring(i) }) end) end
    ironclad.run()
    for i = 1, 20 do assert.equal(tostring(i), values[i]) end
  end)
end)

describe("a shared Redis that", function()
  local function refused(address, text)
    local value, err = redis.command(connect(address), { "PING" }, 0.3)
    assert.is_nil(value)
    assert.equal("store", err.kind)
    assert.truthy(tostring(err):find(text, 1, true), tostring(err))
    assert.falsy(tostring(err):find("SECRET", 1, true))
    assert.equal("not_done", err.outcome)
  end

  it("is not there cannot be reached", function()
    refused("redis://127.0.0.1:" .. peer.refused_port(), "cannot be reached: Connection refused")
    refused("unix:///nonexistent/redis.sock", "cannot be reached: No such file or directory")
    refused("redis://nobody.invalid", "cannot be reached: ")
  end)

  it("wants a password, or another one, says so", function()
    local server = redis_server.start { password = "SECRET-right" }
    refused("unix://" .. server.folder .. "/redis.sock", "NOAUTH")
    refused("unix://:SECRET-wrong@" .. server.folder .. "/redis.sock", "WRONGPASS")
    server:stop()
  end)

  it("is a Cluster is refused by name", function()
    local server = redis_server.start { port = true, lines = { "cluster-enabled yes" } }
    refused(server.address, "Redis Cluster, which is not supported")
    server:stop()
  end)

  it("is no Redis is refused", function()
    local other = peer.start { connections = { { { "send", peer.answer(400, {}, "no") }, { "hang" } } } }
    refused("redis://127.0.0.1:" .. other:port(), "cannot be reached: ")
    other:stop()
  end)

  it("was killed is reached again by itself", function()
    local server = redis_server.start()
    local client = connect(server.address)
    assert.equal("PONG", redis.command(client, { "PING" }))
    server:kill()
    local value, err = redis.command(client, { "PING" }, 0.2)
    assert.is_nil(value)
    assert.equal("store", err.kind)
    server:run()
    assert.equal("PONG", redis.command(client, { "PING" }, 30))
    server:stop()
  end)

  it("is frozen delays a call no longer than its time", function()
    local server = redis_server.start()
    local client = connect(server.address)
    assert.equal("PONG", redis.command(client, { "PING" }))
    server:signal "STOP"
    local value, err = redis.command(client, { "SET", "carried", "out" }, 0.2)
    assert.is_nil(value)
    assert.truthy(tostring(err):find("did not answer in time", 1, true), tostring(err))
    assert.equal("unknown", err.outcome) -- Redis carries it out when it goes on
    server:signal "CONT"
    assert.equal("out", redis.command(client, { "GET", "carried" }, 30))
    server:stop()
  end)
end)
