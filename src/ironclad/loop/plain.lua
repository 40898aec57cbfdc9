--- Waiting in plain Lua, for the state's mailbox. A signal ends the wait early, so that Ctrl-C reaches
-- the script at once. Tasks continue while ironclad.run, client:map or task:wait waits, and when the script's own event
-- loop calls dispatch (ironclad.mailbox).

local core = require "ironclad.core"
local task = require "ironclad.loop.task"

local plain = { name = "plain" }

-- Failed tasks that were not waited for. They are in the Lua state, because the module's files may be loaded again.
local kept = core.kept()
kept.failures = kept.failures or {}
local failures = kept.failures

--- function() -> whether the user wants to cancel the call that is waited for; nil: errors of a signal's hook do that.
-- The command `ironclad` sets it.
plain.interrupted = nil

--- plain.wait outside a task. The thread may run the engine meanwhile, for a call that was started with `waits`.
-- @return "done": the call is done; "interrupted"
function plain.drive(call)
  if core.wait(call) then return "done" end
  task.collect()
  task.serve()
  if plain.interrupted and plain.interrupted() then return "interrupted" end
end

--- Returns when this call may have a notice. Notices of other calls of this Lua state end the wait, too.
function plain.wait(call, mine)
  if mine then return task.await(call, mine) end
  return plain.drive(call)
end

--- Why nothing can wait here, or nil.
function plain.objection() end

plain.current, plain.await_turn = task.current, task.await_turn

function plain.spawn(on_failure, fn, ...)
  return task.start(task.new(plain, on_failure), fn, ...)
end

local function turn_until(finished)
  task.collect()
  task.turn()
  while not finished() do
    if task.stuck() then error("ironclad: the tasks that have not ended wait for each other", 0) end
    if not task.any_ready() then core.wait() end
    task.collect()
    task.turn()
  end
end

--- Runs the tasks until finished() is true. When the script is interrupted, their calls are cancelled.
function plain.run_until(finished)
  local fine, problem = pcall(turn_until, finished)
  if fine then return end
  task.cancel_all()
  error(problem, 0)
end

function plain.await_any(list)
  if task.current() then return task.await_any(list) end
  plain.run_until(function()
    for _, other in ipairs(list) do
      if other.done then return true end
    end
  end)
end

function plain.join(other)
  while not other.done do plain.await_any { other } end
end

--- Waits until every task has ended.
function plain.finish_all()
  plain.run_until(function() return task.count() == 0 end)
end

function plain.failed(other) failures[#failures + 1] = other end

--- Takes the first failed task that was not waited for, and prints the failures of the others.
function plain.take_failure()
  local first = table.remove(failures, 1)
  if first and first.awaited then return plain.take_failure() end
  if first then plain.report() end
  return first
end

--- Prints the failures of tasks that were not waited for.
function plain.report()
  for i, other in ipairs(failures) do
    failures[i] = nil
    if not other.awaited then io.stderr:write("ironclad: a task failed: ", other.trace, "\n") end
  end
end

return plain
