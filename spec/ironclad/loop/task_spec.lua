-- Tasks that cannot go on: they end with an error.

local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"
local task = require "ironclad.loop.task"

local it_spawns = task.yields_anywhere and it or pending
-- A sanitizer needs more addresses than a limit leaves.
local sanitized = (os.getenv "LD_PRELOAD" or "") ~= ""

describe("a task", function()
  after_each(scene.stop)

  it_spawns("that waits for itself gets an error", function()
    local mine
    mine = ironclad.spawn(function()
      coroutine.yield()
      return pcall(function() mine:wait() end)
    end)
    local fine, message = mine:wait()
    assert.is_false(fine)
    assert.matches("task_spec.lua:%d+: task:wait: the task would wait for itself", message)
  end)

  it_spawns("that waits for one that waits for it gets an error", function()
    local first, second
    first = ironclad.spawn(function()
      coroutine.yield()
      return second:wait()
    end)
    second = ironclad.spawn(function()
      coroutine.yield()
      return first:wait()
    end)
    local fine, message = pcall(function() first:wait() end)
    assert.is_false(fine)
    assert.matches("task:wait: the task would wait for itself", message)
    assert.is_false((pcall(function() second:wait() end)))
  end)

  it_spawns("that can never go on ends ironclad.run with an error", function()
    local output, status = peer.lua([[
      local ironclad = require "ironclad"
      local client = ironclad.connect { instance = ..., token = "t", as_user = false, max_retries = 0 }
      local outer
      outer = ironclad.spawn(function()
        coroutine.yield()
        client:map({ 1 }, function() outer:wait() end)
      end)
      print(select(2, pcall(ironclad.run)))
    ]], { seconds = 20 }, peer.url(scene.answering { scene.GOOD }))
    assert.are.equal(0, status, output)
    assert.matches("wait for each other", output)
  end)

  local it_limits = sanitized and pending or it_spawns
  it_limits("in which memory runs out ends, and the others go on", function()
    local output, status = peer.lua([[
      local ironclad = require "ironclad"
      local client = ironclad.connect { instance = ..., token = "t", as_user = false, max_retries = 0 }
      local answered
      local greedy = ironclad.spawn(function()
        repeat client.workflows:get "w" until answered
        local all, i = nil, 0
        local function add(size)
          i = i + 1
          all = { all, ("x"):rep(size) .. i }
        end
        for _, size in ipairs { 1e6, 1e4 } do
          while pcall(add, size) do end
        end
        while true do add(50) end
      end)
      -- It has its answer before the memory is full: the engine's own memory may stay scarce afterwards.
      local modest = ironclad.spawn(function()
        answered = client.workflows:get("w").id
        coroutine.yield()
        return answered
      end)
      local fine, problem = pcall(ironclad.run)
      pcall(ironclad.run)
      print(fine, tostring(problem):find("memory", 1, true) ~= nil,
        select(2, pcall(modest.wait, modest)) == "w1", pcall(greedy.wait, greedy))
    ]], { seconds = 60, before = "ulimit -v 400000" }, peer.url(scene.answering { scene.GOOD }))
    assert.are.equal(0, status, output)
    assert.matches("false\ttrue\ttrue\tfalse\t[^\n]*memory\n$", output)
  end)
end)
