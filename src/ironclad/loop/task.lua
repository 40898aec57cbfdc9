--- Tasks: coroutines that ironclad.spawn or the option `callback` started. A task yields while its call is under way.
-- The module never yields other coroutines, because their owner would not expect it.
--
-- A task that waits is stored under the id of its call until the call has ended. The host's loop collects notices from
-- the mailbox (task.collect) and then resumes the tasks that have one (task.turn).

local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local lazy = require "ironclad.base.lazy"
local mistake = require "ironclad.base.mistake"
local store = lazy "ironclad.connections.store"

local unpack = rawget(table, "unpack") or rawget(_G, "unpack")
local is_yieldable = rawget(coroutine, "isyieldable") -- not in Lua 5.1

local task = {}

local Task = { __name = "ironclad.task" }
Task.__index = Task

-- Kept in the Lua state: when the module's files are loaded again, the tasks that wait continue.
local kept = core.kept()
kept.tasks = kept.tasks or {
  by_coroutine = setmetatable({}, { __mode = "k" }),
  waiting = {}, -- id of a call -> the task that waits for it
  -- The tasks that are ready: a list linked by their field `behind`. `woken` is the number of those that did not become
  -- ready by yielding themselves.
  ready = { first = nil, last = nil, woken = 0 },
  questions = {}, -- to token stores written in Lua, not answered yet
  alive = 0, -- tasks that have not ended
  generation = core.generation(),
}
local all = kept.tasks
local by_coroutine, waiting, ready, questions = all.by_coroutine, all.waiting, all.ready, all.questions

--- Called when a task becomes ready. A host with its own loop replaces this function, and arranges that task.turn is
-- called.
function task.on_ready() end

local NO_MEMORY = "not enough memory" -- Lua's own message

local function pack(...) return { n = select("#", ...), ... } end

-- Puts a task at the end of the ready list. This allocates nothing, so that no task is lost when memory runs out.
local function add_ready(mine)
  mine.awake, mine.behind = true, false
  if ready.last then ready.last.behind = mine else ready.first = mine end
  ready.last = mine
  task.on_ready()
end

-- Makes a task ready that has waited.
local function wake(mine)
  if mine.done or mine.awake then return end
  mine.woken, ready.woken = true, ready.woken + 1
  add_ready(mine)
end

local function take_ready()
  local mine = ready.first
  if mine.woken then mine.woken, ready.woken = false, ready.woken - 1 end
  ready.first = mine.behind or nil
  if not ready.first then ready.last = nil end
  mine.awake, mine.behind = false, false
  return mine
end

--- A task, not running yet.
-- @param loop the host's loop (ironclad.loop)
-- @param on_failure function(error), called when the task fails and is not waited for; returns whether it has handled
--   the error. Otherwise loop.failed(task) is called.
function task.new(loop, on_failure)
  return setmetatable({
    loop = loop, on_failure = on_failure, done = false, awake = false, woken = false, behind = false,
    parked = false, waiters = {},
    counted = true, results = false, failure = false, trace = false, -- present from the start: setting them later
    -- allocates nothing
  }, Task)
end

-- Frees what was held by a task that has filled the memory, so that the other tasks can continue. LuaJIT does not
-- collect by itself when memory runs out. In Lua 5.3, what a dead coroutine's open upvalues hold is freed only by the
-- second collection.
local function collect()
  pcall(collectgarbage)
  pcall(collectgarbage)
end

--- Records how a task has ended, from pcall's results. Memory may have run out, so what allocates nothing comes first.
function task.settle(mine, fine, ...)
  mine.done = true
  if not fine then mine.failure = (...) end
  for waiter in pairs(mine.waiters) do wake(waiter) end
  if fine then
    local packed, results = pcall(pack, ...)
    if packed then mine.results = results else mine.failure = results end
  end
  if mine.failure == NO_MEMORY then
    mine.trace = mine.trace or NO_MEMORY -- the coroutine was dropped
    collect()
  end
  if not mine.results and mine.coroutine then
    local text = Error.text_of(mine.failure)
    local traced, trace = pcall(debug.traceback, mine.coroutine, text)
    mine.trace = traced and trace or text
  end
  mine.coroutine = nil -- its stack may hold what filled the memory
  if mine.results or mine.awaited or next(mine.waiters) then return end
  if not (mine.on_failure and mine.on_failure(mine.failure)) then mine.loop.failed(mine) end
end

-- Handles the results of coroutine.resume.
local function resumed(mine, fine, ...)
  if not fine and (...) == NO_MEMORY then
    -- Its stack holds what filled the memory, and even a call may need memory.
    if mine.coroutine then by_coroutine[mine.coroutine] = nil end
    mine.coroutine = nil
  elseif coroutine.status(mine.coroutine) ~= "dead" then
    -- It yielded by itself: it continues at the next turn.
    if not mine.parked and not mine.done and not mine.awake then add_ready(mine) end
    return
  else
    by_coroutine[mine.coroutine] = nil -- Lua 5.1 never collects a weak key that its value refers to
  end
  if mine.counted then all.alive = all.alive - 1 end
  mine.counted = false -- this may be called again, when memory ran out below
  task.settle(mine, fine, ...)
end

local function resume(mine, ...) resumed(mine, coroutine.resume(mine.coroutine, ...)) end

local function step(mine, ...)
  local fine, problem = pcall(resume, mine, ...)
  if fine then return end
  -- Memory ran out between the end of the coroutine and its record.
  if not mine.done and (not mine.coroutine or coroutine.status(mine.coroutine) == "dead") then
    resumed(mine, false, problem)
  end
  error(problem, 0)
end

--- Starts a task: runs fn(...) until it waits for the first time.
function task.start(mine, fn, ...)
  mine.coroutine = coroutine.create(fn)
  by_coroutine[mine.coroutine] = mine
  all.alive = all.alive + 1
  step(mine, ...)
  return mine
end

--- The task that is running, when it can be yielded here; or nil.
function task.current()
  local mine = by_coroutine[coroutine.running() or false]
  -- It cannot yield inside a C function, for example in a comparison of table.sort.
  if mine and is_yieldable and not is_yieldable() then return nil end
  return mine and not mine.blocking and mine or nil
end

--- The task that is running, also where it cannot be yielded; or nil.
function task.running() return by_coroutine[coroutine.running() or false] end

local function park(mine)
  mine.parked = true
  coroutine.yield()
  mine.parked = false
end

--- Suspends `mine`, the current task, until the call may have a notice.
function task.await(call, mine)
  local id = call:id()
  if call:news() then return end
  waiting[id], mine.call = mine, call
  park(mine)
  waiting[id], mine.call = nil, nil
end

--- Suspends the current task until one of the tasks may have ended.
function task.await_any(list)
  local mine = task.current()
  for _, other in ipairs(list) do
    if other.done then return end
  end
  for _, other in ipairs(list) do other.waiters[mine] = true end
  park(mine)
end

--- Suspends the current task until it may be its turn at `owner` (ironclad.loop.turn).
-- @return whether something can wait here: only a task can, and not for itself
function task.await_turn(owner)
  local mine = task.current()
  if not mine or owner.turn_of == mine.coroutine then return false end
  owner.waiting_here[mine] = wake
  park(mine)
  return true
end

--- Empties the mailbox. Runs no code of the script.
-- @return whether task.turn has something to do
function task.collect()
  if all.generation ~= core.generation() then
    -- In a forked child, a task that waits for a call of the parent gets an error.
    all.generation = core.generation()
    for _, mine in pairs(waiting) do wake(mine) end
  end
  for id, question in core.take do
    if question then
      questions[#questions + 1] = question
    elseif waiting[id] then
      wake(waiting[id])
    end
  end
  return ready.first ~= nil or #questions > 0
end

--- Takes the next question to a token store, for store.serve; or nil.
function task.question()
  return table.remove(questions, 1)
end

--- Answers all questions to token stores.
function task.serve()
  for question in task.question do store.serve(question) end
end

--- Answers questions to token stores, and resumes the tasks that are ready.
function task.turn()
  task.serve()
  local last = ready.last
  local mine
  while ready.first and mine ~= last do
    mine = take_ready()
    step(mine)
  end
end

--- Whether a task is ready that has waited, and has not yielded by itself.
function task.any_woken() return ready.woken > 0 end

--- Whether a task is ready.
function task.any_ready() return ready.first ~= nil end

--- Whether all tasks are stuck: none is ready and none waits for a call.
function task.stuck() return all.alive > 0 and not ready.first and next(waiting) == nil end

--- The number of tasks that have started and not ended.
function task.count() return all.alive end

--- Cancels every call that a task waits for, when the loop is stopped early.
function task.cancel_all()
  for _, mine in pairs(waiting) do mine.call:cancel() end
end

--- pcall for a function of the script, which may make calls. In Lua 5.1 these calls block, because it cannot yield
-- inside pcall.
function task.pcall(fn, ...)
  local mine = by_coroutine[coroutine.running() or false]
  if not mine or task.yields_anywhere then return pcall(fn, ...) end
  local before = mine.blocking
  mine.blocking = true
  local results = pack(pcall(fn, ...))
  mine.blocking = before
  return unpack(results, 1, results.n)
end

--- Calls a function of the script, as task.pcall does. A second value after something true is no error, unless it is
-- one of this module's: string.gsub and os.execute return such values.
-- @return what it returned; nil and the error that it raised or returned
function task.ask(fn, ...)
  local fine, value, err = task.pcall(fn, ...)
  if not fine then return nil, value == nil and "nil was raised" or value end
  if value and getmetatable(err) ~= Error then return value end
  return value, err
end

--- Whether coroutines can yield inside pcall, iterators and metamethods: in all Luas except PUC Lua 5.1.
task.yields_anywhere = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

--- Waits until the task has ended.
-- @return what its function returned. Raises the error that ended it.
function Task:wait()
  local mine, other = self.loop.current(), self
  while mine and other do
    if other == mine then mistake.raise("task:wait", "the task would wait for itself") end
    other = other.joined
  end
  self.awaited = true
  if mine then mine.joined = self end
  self.loop.join(self)
  if mine then mine.joined = nil end
  if self.results then return unpack(self.results, 1, self.results.n) end
  error(self.failure, 0)
end

--- Cancels the call that the task waits for. The call then returns an error of kind "cancelled".
function Task:cancel()
  if self.call then self.call:cancel() end
end

mistake.need_object(Task, Task, "task", { "wait", "cancel" })
Task.wait, Task.cancel = mistake.guard_waiting(Task.wait), mistake.guard(Task.cancel)

function Task:__tostring()
  return ("ironclad.task (%s)"):format(not self.done and "running" or self.results and "done" or "failed")
end

return task
