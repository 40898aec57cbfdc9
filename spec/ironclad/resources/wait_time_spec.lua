-- The time of waits for jobs and workflows, by a clock that only this spec moves.
local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local ironclad = require "ironclad"
local run = require "ironclad.calls.run"

local RUNNING = { jobId = "e", jobStatus = "running", id = "w", step = "Review", status = "active", asyncJobId = "j" }

local client = ironclad.connect { instance = "na1", token = "t", as_user = false }
local kept = { monotonic = core.monotonic, random_hex = core.random_hex, call = run.call, sleep = run.sleep }
local time, looks -- looks: the times at which requests began
local next_answer -- function(number of the request) -> the seconds that it takes, and an error or nil

local function failure(kind, fields)
  local err = { kind = kind, message = kind, outcome = "not_done", retryable = true, attempts = 1 }
  for name, value in pairs(fields or {}) do err[name] = value end
  return Error.new(err)
end

before_each(function()
  time, looks = 100, {}
  core.monotonic = function() return time end
  core.random_hex = function() return "80000000" end -- each pause is three quarters of what it may be
  run.sleep = function(_, seconds)
    assert(seconds >= 0)
    time = time + seconds
    return true
  end
  run.call = function(_, _, _, arguments)
    looks[#looks + 1] = time - 100
    local seconds, err = next_answer(#looks)
    if arguments.deadline and seconds > arguments.deadline then
      time = time + arguments.deadline
      return nil, failure "timeout"
    end
    time = time + seconds
    if err then return nil, err end
    local answer = {}
    for name, value in pairs(RUNNING) do answer[name] = value end
    return answer, nil, { seconds = seconds }
  end
end)

after_each(function()
  core.monotonic, core.random_hex, run.call, run.sleep = kept.monotonic, kept.random_hex, kept.call, kept.sleep
end)

local function takes(seconds) return function() return seconds end end
local function round(list)
  for i, value in ipairs(list) do list[i] = math.floor(value * 1000 + 0.5) / 1000 end
  return list
end

-- An export is waited for. -> the error, which says the timeout that was given; when the wait ended
local function wait(options)
  local value, err = client.exports:wait("e", options)
  assert.is_nil(value)
  assert.are.equal("timeout", err.kind, tostring(err))
  assert.is_truthy(err.message:find(("was not finished within %g s"):format(options.timeout), 1, true), err.message)
  return err, round({ time - 100 })[1]
end

describe("the time of a wait", function()
  for _, case in ipairs {
    -- name, options, seconds of each look, when the looks begin, when the wait ends
    { "that is shorter than the pause has a last look", { timeout = 2, interval = 5 }, 0, { 0, 1.8 }, 1.8 },
    { "has a last look when the next pause would pass the end", { timeout = 12, interval = 10 }, 0, { 0, 7.5, 11.5 },
      11.5 },
    { "leaves the last look as long as the one before took", { timeout = 12, interval = 10 }, 1, { 0, 8.5, 10.5 },
      11.5 },
    { "ends at its end, when looks are slow", { timeout = 12 }, 5, { 0, 5.75, 10.75 }, 12 },
    { "ends at its end, when there is no answer", { timeout = 12 }, 1000, { 0 }, 12 },
    { "may be tiny", { timeout = 1e-9 }, 0, { 0 }, 0 },
  } do
    it(case[1], function()
      next_answer = takes(case[3])
      local _, ended = wait(case[2])
      assert.are.same(case[4], round(looks))
      assert.are.equal(case[5], ended)
    end)
  end

  for _, case in ipairs {
    -- seconds of on_progress, when the looks begin, what on_progress is told, when the wait ends
    { 3, { 0, 3.375 }, { 0, 3.375 }, 6.375 },
    { 5, { 0 }, { 0 }, 5 },
  } do
    it(("counts the %d seconds of on_progress"):format(case[1]), function()
      next_answer = takes(0)
      local told = {}
      local _, ended = wait { timeout = 4, interval = 0.5, on_progress = function(_, seconds)
        told[#told + 1], time = seconds, time + case[1]
      end }
      assert.are.same(case[2], round(looks))
      assert.are.same(case[3], round(told))
      assert.are.equal(case[4], ended)
    end)
  end

  it("counts what other tasks took while it slept", function()
    next_answer = takes(0)
    local sleep = run.sleep
    run.sleep = function(...)
      time = time + 5
      return sleep(...)
    end
    local _, ended = wait { timeout = 4, interval = 1 }
    assert.are.equal(5.75, ended)
  end)

  for _, case in ipairs {
    { "is passed by the pause that Ironclad asks for, and ends at once", 20, { 0, 3 }, 3 },
    { "keeps to the pause that Ironclad asks for", 8.75, { 0, 3, 11.75 }, 11.75 },
  } do
    it(case[1], function()
      next_answer = function(number)
        return 0, number == 2 and failure("rate_limited", { retry_after = case[2] }) or nil
      end
      local _, ended = wait { timeout = 12, interval = 4 }
      assert.are.same(case[3], round(looks))
      assert.are.equal(case[4], ended)
    end)
  end

  it("counts the start of the job", function()
    next_answer = takes(3)
    local _, err = client.exports:create_and_wait({}, { timeout = 6 })
    assert.matches("the job was not finished within 6 s", err.message)
    assert.are.same({ { 0, 3 }, 106 }, { looks, time })
    looks, time = {}, 100
    _, err = client.exports:create_and_wait({}, { timeout = 2.5 })
    assert.matches("the start of the job was not answered within 2.5 s", err.message)
    assert.are.equal(102.5, time)
  end)

  it("has a last look at a workflow, and says where it is", function()
    next_answer = takes(0.25)
    local value, err = client.workflows:wait("w", { step = "Sign", timeout = 60 })
    assert.is_nil(value)
    assert.are.same({ "timeout", "not_done", "Review" }, { err.kind, err.outcome, err.job.step })
    assert.are.equal("workflows:wait: the workflow did not come to step Sign within 60 s: it is active, in step Review "
      .. "[timeout]", tostring(err))
    assert.are.equal(59.25, round(looks)[#looks])
  end)
end)
