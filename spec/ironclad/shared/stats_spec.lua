-- ironclad.stats().shared: what a process has done with the shared Redis.
local ironclad = require "ironclad"
local redis = require "ironclad.shared.redis"
local shared_company = require "spec.support.shared_company"

describe("ironclad.stats().shared", function()
  local server
  setup(function() server = shared_company.start() end)
  teardown(shared_company.stop)

  it("counts connections, permits, locks and commands", function()
    local before = ironclad.stats().shared
    local function since(name) return ironclad.stats().shared[name] - before[name] end
    local client = shared_company.connect()
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
