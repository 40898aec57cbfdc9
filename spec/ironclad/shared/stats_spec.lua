-- ironclad.stats().shared: what a process has done with the shared Redis.
local ironclad = require "ironclad"
local redis = require "ironclad.shared.redis"
local redis_server = require "spec.support.redis"

describe("ironclad.stats().shared", function()
  local server, sandbox
  setup(function()
    server = redis_server.start()
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false })
  end)
  teardown(function()
    sandbox:stop()
    server:stop()
  end)

  it("counts connections, permits, locks and commands", function()
    local before = ironclad.stats().shared
    local function since(name) return ironclad.stats().shared[name] - before[name] end
    local client = ironclad.connect { instance = sandbox.instance, client_id = sandbox.client_id,
      client_secret = sandbox.client_secret, as_user = "jane.doe@example.com", shared = server.address }
    ironclad.must(client.workflows:list())
    assert.equal(1, since "opened")
    assert.equal(1, since "connected")
    assert.truthy(since "blocks" >= 1)
    assert.truthy(since "permits" >= 1)
    assert.equal(1, since "locks")
    assert.equal(0, since "commands")
    assert.equal("PONG", redis.command(client, { "PING" }))
    assert.equal(1, since "commands")
    assert.equal(0, since "lost")
    assert.equal(0, since "alone")
    server:kill()
    ironclad.must(client.records:list { pageSize = 1 })
    assert.equal(1, since "lost")
    assert.equal(0, since "connected")
    assert.equal(1, since "alone")
    server:run()
    assert.equal("PONG", redis.command(client, { "PING" }, 30))
    assert.equal(2, since "opened")
    assert.equal(1, since "connected")
  end)
end)
