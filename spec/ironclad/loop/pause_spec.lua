-- Sleeping by the engine's timer, which every wait for a job uses.
local core = require "ironclad.core"
local run = require "ironclad.calls.run"
local scene = require "spec.support.scene"

local finish = scene.finish

after_each(scene.stop)

describe("a pause", function()
  local server, client

  before_each(function()
    server = scene.serve { connections = { { { "hang" } } } }
    -- None of this applies to a pause: it needs no token, has no deadline and is not repeated.
    client = scene.connect_by_secret(server, { deadline = 0.001 })
  end)

  local function pause(seconds) return core.internal(client.connection, "pause", seconds) end

  it("ends with true when its time has passed, and sends nothing", function()
    local value, err, response = finish(pause(0.05))
    assert.is_nil(err)
    assert.is_true(value)
    assert.is_true(response.seconds >= 0.05)
    assert.are.equal(0, response.attempts)
    assert.are.equal(0, #server:requests())
  end)

  it("is waited for as a call is", function()
    assert.is_true(run.sleep(client, 0.01))
  end)

  it("of 0 seconds or less ends at once", function()
    for _, seconds in ipairs { 0, -1, -math.huge } do
      local value, _, response = finish(pause(seconds))
      assert.is_true(value)
      assert.is_true(response.seconds < 30)
    end
  end)

  it("is cancelled", function()
    local call = pause(3600)
    call:cancel()
    local err = scene.assert_error("cancelled", finish(call))
    assert.are.equal("pause", err.operation)
    assert.are.equal("not_done", err.outcome)
  end)

  it("ends with its state", function()
    pause(3600) -- dropped: nothing waits for it
    collectgarbage()
    assert.is_true(finish(pause(0)))
  end)

  it("of no number of seconds is a mistake", function()
    for _, seconds in ipairs { 0 / 0, math.huge, "soon", false } do
      assert.has_error(function() pause(seconds) end)
    end
    assert.has_error(function() pause(nil) end)
  end)

  it("lets the shorter one end first", function()
    local long, short = pause(3600), pause(0.01)
    assert.is_true(finish(short))
    assert.is_false(long:done())
    long:cancel()
    finish(long)
  end)
end)
