-- Waiting for jobs: their states, their ends, and the pauses between looks.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local run = require "ironclad.calls.run"
local scene = require "spec.support.scene"
local task = require "ironclad.loop.task"

local QUICK = 0.001 -- seconds of the first pause

after_each(scene.stop)

local function play(answers)
  local server = scene.answering(answers)
  return server, scene.connect(server, { as_user = "a@b.example", rate_limit = false })
end

local function json(...)
  local answers = {}
  for i, text in ipairs { ... } do answers[i] = peer.json(text) end
  return answers
end

local LAUNCH = { template = "t", attributes = { name = "Acme" } }
local URLS = { identifiers = { "IC-1" }, type = "latestSignedCopy" }
local REPORT = { exportType = "audit_log", startDate = "2026-01-01", endDate = "2026-02-01", exportFormat = "CSV" }

describe("a wait", function()
  local ends = {
    { "for a launch", function(c, o) return c.workflows:wait_launch("j1", o) end,
      json('{"status":"in_progress"}', '{"status":"in_progress"}', '{"status":"success","workflow":{"id":"w1"}}'),
      { "GET /public/api/v1/workflows/async/j1" }, function(value) return value.id == "w1" end },
    { "for a launch by its table", function(c, o) return c.workflows:wait_launch({ asyncJobId = "j2" }, o) end,
      json '{"status":"success","workflow":{"id":"w1"}}',
      { "GET /public/api/v1/workflows/async/j2" }, function(value) return value.id == "w1" end },
    { "for a launch of its own", function(c, o) return c.workflows:launch_and_wait(LAUNCH, o) end,
      json('{"asyncJobId":"j3","asyncJobStatusUrl":"https://elsewhere/"}', '{"status":"in_progress"}',
        '{"status":"success","workflow":{"id":"w1"}}'),
      { "POST /public/api/v1/workflows/async", "GET /public/api/v1/workflows/async/j3" },
      function(value) return value.id == "w1" end },
    { "for an export", function(c, o) return c.exports:wait("e1", o) end,
      json('{"jobId":"e1","jobStatus":"pending"}', '{"jobId":"e1","jobStatus":"running"}',
        '{"jobId":"e1","jobStatus":"done"}'),
      { "GET /public/api/v1/exports/e1" }, function(value) return value.jobId == "e1" end },
    { "for an export of its own", function(c, o) return c.exports:create_and_wait(REPORT, o) end,
      json('{"jobId":"e2","jobStatus":"pending"}', '{"jobId":"e2","jobStatus":"done"}'),
      { "POST /public/api/v1/exports", "GET /public/api/v1/exports/e2" },
      function(value) return value.jobStatus == "done" end },
    { "for download URLs", function(c, o) return c.records:create_download_urls_and_wait(URLS, o) end,
      json('{"jobId":"d1","status":"processing"}', '{"jobId":"d1","status":"processing"}',
        '{"jobId":"d1","status":"complete","succeeded":[],"failed":[{"identifier":"IC-1"}]}'),
      { "POST /public/api/v1/records/attachments/download-urls",
        "GET /public/api/v1/records/attachments/download-urls/d1" },
      function(value) return value.failed[1].identifier == "IC-1" end },
    { "for an import", function(c, o) return c.records:wait_import({ recordId = "r1", importId = "i1" }, o) end,
      json('{"recordId":"r1","status":"pending"}', '{"recordId":"r1","status":"ready"}'),
      { "GET /public/api/v1/records/smart-import?recordId=r1" }, function(value) return value.status == "ready" end },
    { "for all of an import", function(c, o) return c.records:wait_import({ importId = "i1" }, o) end,
      json('[{"recordId":"r1","status":"ready"},{"recordId":"r2","status":"pending"}]',
        '[{"recordId":"r1","status":"ready"},{"recordId":"r2","status":"errored"}]'),
      { "GET /public/api/v1/records/smart-import?importId=i1" },
      function(value) return value[2].status == "errored" end },
    { "for a step", function(c, o)
      o.step = "Sign"
      return c.workflows:wait({ id = "w1" }, o)
    end, json('{"id":"w1","step":"Review","status":"active"}', '{"id":"w1","step":"Sign","status":"active"}'),
      { "GET /public/api/v1/workflows/w1" }, function(value) return value.step == "Sign" end },
    { "for a step that is past", function(c, o)
      o.step = "Sign"
      return c.workflows:wait("w1", o)
    end, json '{"id":"w1","step":"Archive","status":"active"}',
      { "GET /public/api/v1/workflows/w1" }, function(value) return value.step == "Archive" end },
    { "for a status", function(c, o)
      o.status = "paused"
      return c.workflows:wait("w1", o)
    end, json('{"id":"w1","step":"Review","status":"active"}', '{"id":"w1","step":"Review","status":"paused"}'),
      { "GET /public/api/v1/workflows/w1" }, function(value) return value.status == "paused" end },
  }
  for _, row in ipairs(ends) do
    local name, start, answers, targets, fits = row[1], row[2], row[3], row[4], row[5]
    it(name .. " ends with its value", function()
      local server, client = play(answers)
      local value, err = start(client, { interval = QUICK })
      assert.is_nil(err)
      assert.is_true(fits(value))
      local seen = scene.targets(server)
      assert.are.equal(#answers, #seen)
      for i, target in ipairs(seen) do assert.are.equal(targets[math.min(i, #targets)], target) end
    end)
  end

  local failures = {
    { "a failed launch", function(c, o) return c.workflows:wait_launch("j", o) end,
      '{"status":"failed","error":{"code":"MISSING_PARAM","message":"missing required attribute","param":"name"}}',
      { kind = "job_failed", code = "MISSING_PARAM", param = "name", outcome = "not_done",
        operation = "workflows:wait_launch" }, "missing required attribute" },
    { "a failed export", function(c, o) return c.exports:wait("e", o) end, '{"jobId":"e","jobStatus":"failed"}',
      { kind = "job_failed" }, "could not finish" },
    { "a failed import", function(c, o) return c.records:wait_import("r", o) end,
      '{"recordId":"r","status":"errored"}', { kind = "job_failed" }, "could not finish" },
    { "an import of which nothing came", function(c, o) return c.records:wait_import({ importId = "i" }, o) end,
      '[{"recordId":"r","status":"errored"}]', { kind = "job_failed" }, "could not finish" },
    { "a state that nobody knows", function(c, o) return c.exports:wait("e", o) end,
      '{"jobId":"e","jobStatus":"paused"}', { kind = "protocol" }, "state 'paused'" },
    { "no state at all", function(c, o) return c.exports:wait("e", o) end, "{}", { kind = "protocol" },
      "no state 'jobStatus'" },
    { "a list for a job", function(c, o) return c.exports:wait("e", o) end, "[]", { kind = "protocol" },
      "not an object" },
    { "an answer that is null", function(c, o) return c.exports:wait("e", o) end, "null", { kind = "protocol" },
      "not an object" },
    { "a state that is a number", function(c, o) return c.workflows:wait_launch("j", o) end, '{"status":5}',
      { kind = "protocol" }, "no state 'status'" },
    { "a launch that came to nothing", function(c, o) return c.workflows:wait_launch("j", o) end,
      '{"status":"success","workflow":null}', { kind = "protocol", outcome = "unknown" }, "has no result" },
    { "a failure that is not an error", function(c, o) return c.exports:wait("e", o) end,
      '{"jobStatus":"failed","error":{"code":5,"message":{},"param":[]}}', { kind = "job_failed" }, "the job [" },
    { "a workflow that has no step", function(c, o)
      o.step = "Sign"
      return c.workflows:wait("w", o)
    end, "{}", { kind = "protocol" }, "not a workflow" },
    { "a workflow that has no status", function(c, o)
      o.status = "paused"
      return c.workflows:wait("w", o)
    end, '{"id":"w","step":"Review"}', { kind = "protocol" }, "not a workflow" },
    { "a start that names no job", function(c, o) return c.exports:create_and_wait(REPORT, o) end, "{}",
      { kind = "protocol", outcome = "unknown" }, "no jobId" },
    { "a cancelled workflow", function(c, o)
      o.step = "Complete"
      return c.workflows:wait("w", o)
    end, '{"id":"w","step":"Review","status":"cancelled"}', { kind = "invalid_state", code = "INVALID_STATE",
      outcome = "not_done" }, "the workflow cannot come to step Complete any more: it is cancelled, in step Review [" },
    { "a cancelled workflow without a step", function(c, o)
      o.step = "Complete"
      return c.workflows:wait("w", o)
    end, '{"id":"w","step":null,"status":"cancelled"}', { kind = "invalid_state" }, "it is cancelled, in step ? [" },
    { "a workflow that is completed, when another status is wanted", function(c, o)
      o.status = "cancelled"
      return c.workflows:wait("w", o)
    end, '{"id":"w","step":"Complete","status":"completed"}', { kind = "invalid_state", outcome = "not_done" },
      "cannot come to status cancelled any more: it is completed, in step Complete" },
  }
  for _, row in ipairs(failures) do
    local name, start, answer, expected, text = row[1], row[2], row[3], row[4], row[5]
    it("answers " .. name .. " as an error", function()
      local _, client = play { peer.json(answer) }
      local value, err = start(client, { interval = QUICK })
      assert.is_nil(value)
      for field, wanted in pairs(expected) do assert.are.equal(wanted, err[field]) end
      assert.is_truthy(tostring(err):find(text, 1, true), tostring(err))
      assert.is_not_nil(err.job)
      for _, field in ipairs { "code", "param" } do assert.are_not.equal("table", type(err[field])) end
    end)
  end

  it("is a method of the table that is waited for, too", function()
    local _, client = play(json('{"jobId":"e","jobStatus":"pending"}', '{"jobId":"e","jobStatus":"done"}',
      '{"id":"w","step":"Review"}', '{"id":"w","step":"Sign"}'))
    local export = client.exports:create(REPORT)
    assert.are.equal(export, (export:wait { interval = QUICK }))
    assert.are.equal("done", export.jobStatus)
    local workflow = client.workflows:get "w"
    assert.are.equal(workflow, (workflow:wait { step = "Sign", interval = QUICK }))
    assert.are.equal("Sign", workflow.step)
    assert.is_false((pcall(workflow.wait, export, { step = "Sign" })))
  end)

  it("ends when its time is up, and says that the job goes on", function()
    local running = peer.json '{"jobId":"e","jobStatus":"running"}'
    local server, client = play { running, running, peer.json("{}", 503, { "Retry-After: 600" }) }
    local value, err = client.exports:wait("e", { interval = QUICK, timeout = 30 })
    assert.is_nil(value)
    assert.are.equal("timeout", err.kind)
    assert.are.equal("unknown", err.outcome)
    assert.are.equal("running", err.job.jobStatus)
    assert.are.equal(1, err.attempts) -- the polls in a row that have failed
    assert.are.equal(3, #server:requests())
  end)

  it("ends when its time is up, and says that it does not know where the workflow is", function()
    local silent = scene.connect(scene.serve { connections = { { { "read" }, { "hang" } } } })
    assert.matches("did not come to status paused within 0.1 s: Ironclad has not said where it is %[timeout%]$",
      tostring(select(2, silent.workflows:wait("w", { status = "paused", timeout = 0.1 }))))
  end)

  it("ends when its time is up at a server that does not answer", function()
    local server = scene.serve { connections = { { { "read" }, { "hang" } } } }
    local value, err = scene.connect(server).exports:wait("e", { timeout = 0.2 })
    assert.is_nil(value)
    assert.are.equal("timeout", err.kind)
    assert.are.equal("e", err.job.jobId)
  end)

  it("takes a timeout or an interval of infinity", function()
    local _, client = play(json('{"jobStatus":"running"}', '{"jobStatus":"done"}'))
    assert.are.equal("done", client.exports:wait("e", { interval = QUICK, timeout = 1e300 }).jobStatus)
    assert.are.equal("done", client.exports:wait("e", { interval = QUICK, timeout = math.huge }).jobStatus)
    assert.are.equal("done", client.exports:wait("e", { interval = math.huge }).jobStatus)
  end)

  it("raises what its progress callback raises, and looks no more", function()
    local server, client = play { peer.json '{"jobStatus":"running"}' }
    local fine, problem = pcall(client.exports.wait, client.exports, "e",
      { interval = QUICK, on_progress = function() error("of the script", 0) end })
    assert.is_false(fine)
    assert.are.equal("of the script", problem)
    assert.are.equal(1, #server:requests())
  end)

  local calledback = {
    { "a wait", function(c, o) return c.exports:wait("e", o) end,
      json('{"jobStatus":"running"}', '{"jobId":"e","jobStatus":"done"}'), "done" },
    { "a job of its own", function(c, o) return c.exports:create_and_wait(REPORT, o) end,
      json('{"jobId":"e","jobStatus":"pending"}', '{"jobId":"e","jobStatus":"done"}'), "done" },
    { "a wait that fails", function(c, o) return c.exports:wait("e", o) end, json '{"jobStatus":"failed"}', nil },
  }
  for _, row in ipairs(calledback) do
    it("gives a callback what comes of " .. row[1], function()
      local _, client = play(row[3])
      local told = {}
      local waiting = row[2](client, { interval = QUICK, callback = function(...) told[#told + 1] = { ... } end })
      waiting:wait()
      assert.are.equal(1, #told)
      assert.are.equal(row[4], told[1][1] and told[1][1].jobStatus)
      assert.are.equal(not row[4] and "job_failed" or nil, told[1][2] and told[1][2].kind)
    end)
  end

  if task.yields_anywhere then
    it("that is cancelled says what for, and of which job", function()
      local _, client = play { peer.json '{"jobId":"e","jobStatus":"running"}' }
      local looked, told = false, nil
      local waiting = client.exports:wait("e", {
        interval = 60, on_progress = function() looked = true end, callback = function(_, err) told = err end,
      })
      ironclad.spawn(function()
        while not told do
          run.sleep(client, 0.005)
          if looked then waiting:cancel() end
        end
      end)
      ironclad.run()
      assert.are.equal("cancelled", told.kind)
      assert.are.equal("exports:wait", told.operation)
      assert.are.equal("running", told.job.jobStatus)
    end)
  end

  it("puts what came into the table first, and calls back then", function()
    local _, client = play(json('{"id":"w","step":"Review","status":"active"}', '{"id":"w","step":"Sign"}'))
    local workflow, told = client.workflows:get "w", nil
    workflow:wait { step = "Sign", callback = function(value) told = { value, value.step } end }:wait()
    assert.are.equal(workflow, told[1])
    assert.are.equal("Sign", told[2])
  end)

  it("ends when its time is up before the job has started", function()
    scene.with_limit(function(seconds)
      local server = scene.serve { connections = { { { "read" }, { "hang" } } } }
      local err = scene.assert_error("timeout", scene.connect(server).exports:create_and_wait(REPORT,
        { timeout = seconds }))
      if #server:requests() == 0 then return false end
      assert.are.equal("unknown", err.outcome)
      return true
    end)
  end)

  it("looks again after failures that may pass, and tells how far it is", function()
    local busy = peer.json("{}", 503, { "Retry-After: 0" })
    local server, client = play { busy, busy, peer.json '{"jobId":"e","jobStatus":"running"}', busy,
      peer.json '{"jobId":"e","jobStatus":"done"}' }
    local told = {}
    local value = client.exports:wait("e", { interval = QUICK,
      on_progress = function(answer, seconds) told[#told + 1] = answer.jobStatus .. type(seconds) end })
    assert.are.equal("done", value.jobStatus)
    assert.are.same({ "runningnumber", "donenumber" }, told)
    assert.are.equal(5, #server:requests())
  end)

  it("gives up after six failures in a row, and at once after one that stays", function()
    local server, client = play { peer.json("{}", 503, { "Retry-After: 0" }) }
    local value, err = client.exports:wait("e", { interval = QUICK })
    assert.is_nil(value)
    assert.are.equal("server", err.kind)
    assert.are.equal(6, #server:requests())
    local other, forbidden = play { peer.json('{"code":"FORBIDDEN","message":"no"}', 403) }
    assert.are.equal("permission", select(2, forbidden.exports:wait("e", { interval = QUICK })).kind)
    assert.are.equal(1, #other:requests())
  end)

  it("gives the job's looks the options of a call", function()
    local server, client = play(json('{"jobId":"e","jobStatus":"pending"}', '{"jobId":"e","jobStatus":"done"}'))
    assert.is_truthy(client.exports:create_and_wait(REPORT,
      { interval = QUICK, as_user = "x@example.com", headers = { ["X-One"] = "1" } }))
    for _, request in ipairs(server:requests()) do
      assert.are.equal("x@example.com", request.headers["x-as-user-email"])
      assert.are.equal("1", request.headers["x-one"])
    end
  end)

  it("does not start twice what may have been started", function()
    local server = scene.serve { connections = { { { "read" }, { "close" } }, { { "read" }, { "close" } } } }
    local value, err = scene.connect(server, { max_retries = 3 }).workflows:launch_and_wait(LAUNCH)
    assert.is_nil(value)
    assert.are.equal("unknown", err.outcome)
    assert.are.equal(1, #server:requests())
  end)

  local client = ironclad.connect { instance = "na1", token = scene.TOKEN, as_user = false }
  local mistakes = {
    { "a dot for the colon", function() client.exports.wait "e" end, "client.exports:wait" },
    { "no job", function() client.exports:wait() end, "exports:wait: expected the job" },
    { "a table that is not a job", function() client.exports:wait { id = "e" } end, "without jobId" },
    { "an unknown option", function() client.exports:wait("e", { timout = 1 }) end, 'did you mean "timeout"' },
    { "a timeout that is none", function() client.exports:wait("e", { timeout = 0 }) end, "timeout: expected" },
    { "an interval that is none", function() client.exports:wait("e", { interval = "1" }) end, "interval: expected" },
    { "a callback that is none", function() client.exports:wait("e", { on_progress = 1 }) end, "on_progress" },
    { "a body that lacks something", function() client.exports:create_and_wait {} end, "exports:create_and_wait" },
    { "a callback that is not a function", function() client.exports:wait("e", { callback = {} }) end, "got a table" },
    { "a start's callback that is none", function() client.exports:create_and_wait(REPORT, { callback = 1 }) end,
      "callback: expected a function" },
    { "no step", function() client.workflows:wait "w" end, "expected one of step and status, got neither" },
    { "a step and a status", function() client.workflows:wait("w", { step = "Sign", status = "completed" }) end,
      "expected one of step and status, got both" },
    { "a list of statuses", function() client.workflows:wait("w", { status = { "completed" } }) end,
      "status: expected one of active, paused, completed, cancelled, got a table" },
    { "a status that is none", function() client.workflows:wait("w", { status = "complete" }) end,
      'status: expected one of active, paused, completed, cancelled, got "complete"; did you mean "completed"?' },
    { "a step that is none", function() client.workflows:wait("w", { step = "Signed" }) end, 'did you mean "Sign"' },
  }
  for _, row in ipairs(mistakes) do
    it("throws for " .. row[1] .. ", at the caller's line", function()
      local fine, message = pcall(row[2])
      assert.is_false(fine)
      assert.is_truthy(message:find(row[3], 1, true), message)
      assert.is_truthy(message:find "^[^\n]*wait_spec.lua:%d+:", message)
    end)
  end
end)
