--- Waiting for jobs and workflows, in one call:
--
--   client.workflows:launch_and_wait(body, options)              -> the workflow
--   client.workflows:wait_launch(job, options)                   -> the workflow
--   client.exports:create_and_wait(body, options)                -> the export, ready for download
--   client.exports:wait(job, options)                            -> the same
--   client.records:create_download_urls_and_wait(body, options)  -> { succeeded =, failed = }
--   client.records:wait_download_urls(job, options)              -> the same
--   client.records:smart_import_and_wait(body, options)          -> { recordId =, status = "ready" }
--   client.records:wait_import(import, options)                  -> the same; by importId a list of them
--   client.workflows:wait(id, { step = "Complete", … })          -> the workflow, when it is at that step or past it;
--                                                                   or with `status`, when it has that status
--   workflow:wait(…), export:wait(…)                             -> the same table, updated
--
-- A job is its id, or the table that its start returned. Options:
--   timeout      seconds for the whole wait (an hour; a wait for a workflow has no limit). It ends with a last look
--   interval     seconds of the first pause (1). Each pause is half as long again as the one before, up to 30 seconds,
--                and shortened by up to half at random
--   on_progress  function(answer, seconds), called after each poll. An error that it raises ends the wait
--   callback     function(value, err, response): the wait continues in the background
--   as_user, headers, max_retries   as in any call; methods that start a job also take query, extra and deadline
--
-- A job that failed is an error of kind `job_failed` with Ironclad's code, message and param. `err.job` is the last
-- known state of the job or workflow. A workflow that has ended, and cannot come to the step or status, is an error of
-- kind `invalid_state`. After `timeout`, the job continues at Ironclad and can be waited for again. A poll that fails
-- with a retryable error is repeated, up to five times in a row.

local lazy = require "ironclad.base.lazy"
local catalog = require "ironclad.calls.catalog"
local copy = require "ironclad.base.copy"
local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local mistake = require "ironclad.base.mistake"
local operation = require "ironclad.calls.operation"
local resources = require "ironclad.resources.resources"
local run = require "ironclad.calls.run"

local wait = {}

local FIRST_PAUSE, GROWTH, LONGEST_PAUSE = 1, 1.5, 30 -- seconds, factor, seconds
local JOB_TIMEOUT = 3600 -- seconds
local PATIENCE = 5 -- polls in a row that may fail
local LAST_LOOK = 0.5 -- seconds that the last look has at least, beside the time that the look before it took

local function set(...) return mistake.set { ... } end

-- The steps of a workflow in their order.
local steps = { "Review", "Sign", "Archive", "Complete" }
local step_numbers = {}
for number, name in ipairs(steps) do step_numbers[name] = number end

-- The statuses of a workflow: the choices of the parameter that lists filter by.
local statuses
for _, parameter in ipairs(select(2, catalog.find "workflows:list").query) do
  if parameter.name == "status" then statuses = parameter.choices end
end
local is_status = mistake.set(statuses)

local own_options = { "timeout", "interval", "on_progress", "callback" }
local look_options = set("as_user", "headers", "max_retries")
local start_options = set("as_user", "headers", "max_retries", "query", "extra", "deadline")
local waiting_options = set("timeout", "interval", "on_progress", "as_user", "headers", "max_retries")
-- What each kind of method takes.
local of_waits = mistake.set(own_options, { "as_user", "headers", "max_retries" })
local of_starts = mistake.set(own_options, { "as_user", "headers", "max_retries", "query", "extra", "deadline" })
local of_workflows = mistake.set(own_options, { "as_user", "headers", "max_retries", "step", "status" })

-- Raises a mistake for an option that is not known, or of the wrong type.
local function check_wait_options(label, options, known)
  mistake.check_options(label, options, known)
  for _, name in ipairs { "timeout", "interval" } do
    local value = options[name]
    if value ~= nil and (type(value) ~= "number" or value ~= value or value <= 0) then
      mistake.raise(label, "%s: expected a number of seconds above 0, got %s", name, mistake.value_of(value))
    end
  end
  for _, name in ipairs { "on_progress", "callback" } do
    if options[name] ~= nil and type(options[name]) ~= "function" then
      mistake.raise(label, "%s: expected a function, got a %s", name, type(options[name]))
    end
  end
end

local function pick(options, members)
  local chosen = {}
  for name, value in pairs(options) do
    if members[name] then chosen[name] = value end
  end
  return chosen
end

local function wait_error(label, kind, message, fields)
  local err = { kind = kind, message = message, operation = label, outcome = "not_done", retryable = false,
    attempts = 1 }
  for name, value in pairs(fields or {}) do err[name] = value end
  return Error.new(err)
end

-- The pause before the next poll, shortened at random by up to half, so that many waiting scripts do not poll at the
-- same moment.
local function with_jitter(pause)
  return pause * (0.5 + tonumber(core.random_hex(4), 16) / 2 ^ 33)
end

-- Polls until what is waited for has come. The pause before the end of the time is shortened, so that there is a last
-- look just before it.
-- @param waited { look = function(options) -> answer, err, response; judge = function(answer) -> whether the wait has
--   ended, value, err; late = function(seconds, last) -> message and outcome when the time is up, `last` as below }
-- @param job the error's field `job` when no poll has succeeded; otherwise that is the last answer
-- @param timeout seconds from `began` on (core.monotonic), or nil
local function poll(client, label, waited, job, options, timeout, began)
  local pause, failures, last = options.interval or FIRST_PAUSE, 0, job
  local bound = timeout or math.huge
  local reserve = math.min(LAST_LOOK, bound / 10) -- seconds before the end at which the last look begins
  local least = reserve
  local function elapsed() return core.monotonic() - began end
  local function too_late()
    local message, outcome = waited.late(timeout, last)
    return nil, wait_error(label, "timeout", message, { outcome = outcome, job = last,
      attempts = math.max(1, failures) })
  end
  while true do
    local asked, before = pick(options, look_options), elapsed()
    asked.deadline = timeout and math.min(math.max(run.LEAST, timeout - before), run.LONGEST) or nil
    local answer, err, response = waited.look(asked)
    local after = elapsed()
    local demanded = run.pause_after(err, 0) -- by Ironclad
    local is_last = before + reserve + run.LEAST >= bound or after + demanded >= bound
    if err then
      failures = failures + 1
      if err.kind == "timeout" and after + run.LEAST >= bound then return too_late() end
      if not err.retryable or failures > PATIENCE then
        err.job = last
        return nil, err, response
      end
    else
      failures, last = 0, answer
      if options.on_progress then options.on_progress(answer, after) end
      local ended, value, problem = waited.judge(answer)
      if problem then problem.job = answer end
      if ended then return value, problem, response end
    end
    reserve = least + after - before
    local left = bound - elapsed()
    if is_last or left <= 0 then return too_late() end
    local rested, cancelled = run.sleep(client,
      math.max(demanded, math.min(with_jitter(pause), left - reserve, run.LONGEST)))
    if not rested then
      cancelled.operation, cancelled.job = label, last
      return nil, cancelled
    end
    pause = math.min(pause * GROWTH, math.max(LONGEST_PAUSE, pause))
  end
end

-- poll; with the option `callback` in the background.
-- @return value, err, response; with a callback a task
local function poll_or_spawn(client, label, waited, job, options, timeout, began)
  began = began or core.monotonic()
  if options.callback then
    return run.aside(client, options.callback, poll, client, label, waited, job, options, timeout, began)
  end
  return poll(client, label, waited, job, options, timeout, began)
end

-- The state of a job, from an answer: "running", "done" or "failed"; nil and a message when it has none.
local function state_of(job, answer)
  local state = type(answer) == "table" and answer[job.state]
  if type(state) ~= "string" then
    return nil, ("%s's answer has no state '%s'"):format(job.who, job.state)
  end
  for _, name in ipairs { "running", "done", "failed" } do
    for _, word in ipairs(job[name]) do
      if word == state then return name end
    end
  end
  return nil, ("this version does not know the state '%s'"):format(state)
end

local function job_failed(job, label, answer)
  local said = {}
  for name, value in pairs(type(answer.error) == "table" and answer.error or {}) do
    if type(value) == "string" then said[name] = value end
  end
  return wait_error(label, "job_failed", ("%s could not finish the job%s%s"):format(
    job.who, said.code and ": " .. said.code or "", said.message and ": " .. said.message or ""),
    { code = said.code, param = said.param })
end

-- A function that judges an answer or a list of them. A list is done when none is running, and failed when all are.
local function judge_of(job, label)
  return function(answer)
    local list = type(answer) == "table" and answer[1] ~= nil and answer or { answer }
    local counts = { running = 0, done = 0, failed = 0 }
    for _, one in ipairs(list) do
      local state, odd = state_of(job, one)
      if not state then return true, nil, wait_error(label, "protocol", odd) end
      counts[state] = counts[state] + 1
    end
    if counts.running > 0 then return false end
    if counts.done == 0 then return true, nil, job_failed(job, label, list[1]) end
    if not job.result then return true, answer end
    local value = answer[job.result]
    if type(value) == "table" then return true, value end
    return true, nil, wait_error(label, "protocol", job.who .. " has finished the job, but its answer has no result",
      { outcome = "unknown" })
  end
end

-- The id of a job, and the field that has it.
local function id_of(job, label, given)
  for _, field in ipairs(job.ids) do
    local id = type(given) == "table" and given[field]
    if type(id) == "string" and id ~= "" then return id, field end
  end
  if type(given) ~= "string" or given == "" then
    mistake.raise(label, "expected the job that was started, or its id; got %s",
      type(given) == "table" and "a table without " .. table.concat(job.ids, " or ") or type(given))
  end
  return given, job.ids[1]
end

-- A function that does an operation of the catalog.
local function operation_named(name)
  local index, entry = catalog.find(name)
  return function(client, label, ...)
    return operation.invoke(client, label, index, entry, nil, nil, ...)
  end
end

local function late_of(job)
  return function(seconds)
    return ("the job was not finished within %g s. It continues at %s, and can be waited for again (err.job)")
      :format(seconds, job.who), "unknown"
  end
end

-- Waits for a job.
-- @param given the job, or its id
-- @param began when its time began, if it was not now (core.monotonic)
local function wait_job(client, job, label, given, options, began)
  check_wait_options(label, options or {}, of_waits)
  options = options or {}
  local id, field = id_of(job, label, given)
  local function look(asked)
    if job.in_query then return job.look(client, label, { [field] = id }, asked) end
    return job.look(client, label, id, asked)
  end
  local waited = { look = look, judge = judge_of(job, label), late = late_of(job) }
  return poll_or_spawn(client, label, waited, { [field] = id }, options, options.timeout or JOB_TIMEOUT, began)
end

-- Starts a job and waits for it. The start counts as part of `timeout`.
local function start_job(client, job, label, body, options)
  local asked, timeout, began = pick(options, start_options), options.timeout, core.monotonic()
  local bound = asked.deadline or run.LONGEST
  if timeout and type(bound) == "number" then asked.deadline = math.max(run.LEAST, math.min(timeout, bound)) end
  local started, err, response = job.start(client, label, body, asked)
  if err then
    if timeout and err.kind == "timeout" and core.monotonic() - began + run.LEAST >= timeout then
      err.message = ("the start of the job was not answered within %g s"):format(timeout)
    end
    return nil, err, response
  end
  if type(started) ~= "table" or type(started[job.ids[1]]) ~= "string" then
    return nil, wait_error(label, "protocol", ("%s answered no %s"):format(job.who, job.ids[1]),
      { outcome = "unknown", job = started }), response
  end
  return wait_job(client, job, label, started[job.ids[1]], pick(options, waiting_options), began)
end

local look_at_workflow = operation_named "workflows:get"

local function has_text(answer, field)
  return type(answer) == "table" and type(answer[field]) == "string"
end

-- Where a workflow is, for messages.
local function whereabouts(workflow)
  if type(workflow) ~= "table" then return "Ironclad has not said where it is" end
  return ("it is %s, in step %s"):format(has_text(workflow, "status") and workflow.status or "?",
    has_text(workflow, "step") and workflow.step or "?")
end

-- Waits until a workflow is at a step or past it, or has a status. Fails when the workflow has ended otherwise.
local function wait_workflow(client, _, label, id, options)
  options = options or {}
  check_wait_options(label, options, of_workflows)
  local step, status = options.step, options.status
  if (step == nil) == (status == nil) then
    mistake.raise(label, "expected one of step and status, got %s", step == nil and "neither" or "both")
  end
  if step ~= nil and not step_numbers[step] then mistake.refuse_choice(label, "step", step, steps) end
  if status ~= nil and not is_status[status] then mistake.refuse_choice(label, "status", status, statuses) end
  local function judge(workflow)
    if not has_text(workflow, "status") and not (step and has_text(workflow, "step")) then
      return true, nil, wait_error(label, "protocol", "Ironclad's answer is not a workflow")
    end
    local reached = step and (step_numbers[workflow.step] or 0) >= step_numbers[step]
    if reached or workflow.status == (status or "completed") then
      return true, workflow
    elseif workflow.status == "cancelled" or workflow.status == "completed" then
      return true, nil, wait_error(label, "invalid_state", ("the workflow cannot come to %s %s any more: %s"):format(
        step and "step" or "status", step or status, whereabouts(workflow)), { code = "INVALID_STATE" })
    end
    return false
  end
  local function late(seconds, last)
    return ("the workflow did not come to %s %s within %g s: %s"):format(step and "step" or "status", step or status,
      seconds, whereabouts(last)), "not_done"
  end
  local function look(asked) return look_at_workflow(client, label, id, asked) end
  return poll_or_spawn(client, label, { look = look, judge = judge, late = late }, id, options, options.timeout)
end

--- Methods by resource and name, to be added to those of the catalog.
wait.methods = {}

local function add_method(resource, name, method)
  wait.methods[resource] = wait.methods[resource] or {}
  wait.methods[resource][name] = method
end

-- The two methods of a job.
local function add_job(resource, job)
  local waiting, starting = { resource = resource, name = job.wait }, { resource = resource, name = job.both }
  add_method(resource, job.wait, function(methods, given, options)
    local label = operation.label(waiting)
    local client = operation.client_of(label, waiting, methods)
    return job.waiter(client, job, label, given, options)
  end)
  if not job.start then return end
  add_method(resource, job.both, function(methods, body, options)
    local label = operation.label(starting)
    local client = operation.client_of(label, starting, methods)
    options = options or {}
    check_wait_options(label, options, of_starts)
    if options.callback then
      return run.aside(client, options.callback, start_job, client, job, label, body, options)
    end
    return start_job(client, job, label, body, options)
  end)
end

-- The method `wait` of a resource's table, which is updated by the answer.
local function add_bound(kind, job)
  local label = kind.name .. ":wait"
  function kind.methods.wait(resource, options)
    local client, id = operation.subject_of(label, kind, resource)
    local callback = type(options) == "table" and options.callback
    local function finish(value, err, response)
      if err == nil then value = resources.replace(resource, value) end
      return value, err, response
    end
    if type(callback) == "function" then
      options = copy.with(options, "callback", function(...) return callback(finish(...)) end)
    end
    local value, err, response = job.waiter(client, job, label, id, options)
    if callback then return value end
    return finish(value, err, response)
  end
end

for _, job in ipairs(catalog.jobs) do
  local _, status = catalog.find(job.status)
  if status.product == "clickwrap" then lazy.load "ironclad.clickwrap.kinds" end
  job.who = catalog.product_name(status)
  job.in_query = #status.path_parameters == 0
  job.waiter, job.start, job.look = wait_job, operation_named(job.start), operation_named(job.status)
  add_job(status.resource, job)
  local content = status.content
  if content and content.kind and not content.field then add_bound(resources.kinds[content.kind], job) end
end
local people = { wait = "wait", waiter = wait_workflow }
add_job("workflows", people)
add_bound(resources.kinds.workflow, people)

return wait
