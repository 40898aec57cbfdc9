-- The loops that ask again after a failure wait as Ironclad asks, but one answer does not stop them for hours.
local peer = require "spec.support.peer"
local run = require "ironclad.calls.run"
local scene = require "spec.support.scene"

local LONG, DATE = "Retry-After: 400000000", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"
local REFUSED, BUSY = peer.json("{}", 503, { LONG }), peer.json("{}", 429, { DATE })

local folder, internal, pauses

setup(function() folder = peer.temporary_folder() end)
teardown(function() peer.remove_folder(folder) end)

-- Pauses take no time; their seconds are in `pauses`.
before_each(function()
  pauses, internal = {}, run.internal
  function run.internal(client, what, seconds, ...)
    if what ~= "pause" then return internal(client, what, seconds, ...) end
    pauses[#pauses + 1] = seconds
    return internal(client, what, 0, ...)
  end
end)
after_each(function()
  run.internal = internal
  scene.stop()
end)

local function connect(...)
  return scene.connect(scene.answering { ... }, { as_user = "a@b.example", rate_limit = false })
end

describe("after a Retry-After of years", function()
  it("a wait looks again within its time", function()
    local client = connect(REFUSED, BUSY, peer.json '{"jobId":"e","jobStatus":"done"}')
    assert.are.equal("done", client.exports:wait("e", { timeout = 600 }).jobStatus)
    assert.are.same({ 60, 60 }, pauses)
  end)

  it("changes are looked for again", function()
    local page = peer.json '{"list":[{"id":"r1","lastUpdated":"2026-01-01T00:00:00Z"}],"count":1}'
    local client = connect(REFUSED, BUSY, page)
    local problems = {}
    local changes = client.records:changes { state = folder .. "/state" }:follow {
      every = 1, on_error = function(err) problems[#problems + 1] = err.kind end,
    }
    assert.are.equal("r1", changes().id)
    changes:close()
    assert.are.same({ "server", "rate_limited" }, problems)
    assert.are.same({ 60, 60 }, pauses)
  end)
end)

it("a short Retry-After lengthens a pause, and never shortens it", function()
  assert.are.equal(7, run.pause_after({ retry_after = 7 }, 2))
  assert.are.equal(7, run.pause_after({ retry_after = 2 }, 7))
  assert.are.equal(7, run.pause_after({}, 7))
  assert.are.equal(7, run.pause_after(nil, 7))
  assert.are.equal(3600, run.pause_after({ retry_after = 1e30 }, 3600))
end)
