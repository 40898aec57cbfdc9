-- The redis-server of a spec: it has its port for itself.
local peer = require "spec.support.peer"
local redis_server = require "spec.support.redis"

describe("A redis-server of a spec", function()
  it("gets another port when a program has the one that was chosen", function()
    local other, hold_port, asked = redis_server.start { port = true }, peer.hold_port, 0
    peer.hold_port = function()
      asked = asked + 1
      if asked == 1 then return tonumber(other.address:match "%d+$"), { release = function() end } end
      return hold_port()
    end
    local started, server = pcall(redis_server.start, { port = true })
    peer.hold_port = hold_port
    local address = other.address
    other:stop()
    assert.is_true(started, server)
    assert.not_equal(address, server.address)
    assert.equal("PONG", server:command "ping")
    assert.is_true(asked > 1)
    server:stop()
  end)

  it("is started again at its port", function()
    local server = redis_server.start { port = true }
    local address = server.address
    server:kill()
    server:run()
    assert.equal(address, server.address)
    assert.equal("PONG", server:command "ping")
    server:stop()
  end)
end)
