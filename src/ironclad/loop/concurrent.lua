--- Many calls at once: ironclad.spawn, ironclad.run, client:map, and the mailbox for the script's own event loop.

local core = require "ironclad.core"
local iterator = require "ironclad.base.iterator"
local mistake = require "ironclad.base.mistake"
local loop = require "ironclad.loop"
local run = require "ironclad.calls.run"
local task = require "ironclad.loop.task"

local concurrent = {}

local CONCURRENCY = 16

-- A function, from a function or from a value that can be called: coroutines take only functions.
local function check_function(label, fn)
  if type(fn) == "function" then return fn end
  local metatable = getmetatable(fn)
  if type(metatable) == "table" and metatable.__call then return function(...) return fn(...) end end
  mistake.raise(label, "expected a function, got %s", mistake.type_of(fn))
end

--- Starts fn(...) as a task. While a call of the task waits, other tasks run. The task runs at once until its first
-- call. It continues while ironclad.run, client:map or task:wait waits; in Neovim and nginx it continues by itself.
-- @return the task: task:wait() returns what fn returns, or raises its error; task:cancel() cancels the call that it
--   waits for
function concurrent.spawn(fn, ...)
  fn = check_function("ironclad.spawn", fn)
  if not task.yields_anywhere then
    mistake.raise("ironclad.spawn",
      "Lua 5.1 cannot wait inside a coroutine: use the option callback, or LuaJIT or Lua 5.4")
  end
  return loop.here().spawn(nil, fn, ...)
end

-- Waits for all tasks. Raises the error of the first failed task that was not waited for.
local function finish_all(host, ...)
  host.finish_all()
  local failed = host.take_failure()
  if failed then error(failed.failure, 0) end
  return ...
end

--- Waits until all tasks and callbacks have ended. With fn it first starts fn(...) as a task (in Lua 5.1, where calls
-- of fn block, it calls fn).
-- @return what fn returns. Raises its error, or that of a failed task that was not waited for.
function concurrent.run(fn, ...)
  local host = loop.here()
  if task.current() then mistake.raise("ironclad.run", "is for the main program; a task waits with task:wait()") end
  if fn == nil then return finish_all(host) end
  fn = check_function("ironclad.run", fn)
  if not task.yields_anywhere then return finish_all(host, fn(...)) end
  local main = host.spawn(nil, fn, ...)
  main.awaited = true
  host.finish_all()
  if not main.results then host.report() end
  return finish_all(host, main:wait())
end

local function is_list(source)
  local metatable = getmetatable(source)
  return type(source) == "table" and not (type(metatable) == "table" and metatable.__call)
end

-- A function that returns the next item and its index, from a list or an iterator.
local function items_of(source)
  local index = 0
  if is_list(source) then
    return function()
      index = index + 1
      return source[index], index
    end
  end
  return function()
    index = index + 1
    return source(), index
  end
end

-- Keeps the outcome of an item, and reports the progress.
local function keep(state, index, value, err)
  state.results[index], state.errors[index] = value, err
  state.done = state.done + 1
  if err ~= nil then state.failed = state.failed + 1 end
  local on_progress = state.options.on_progress
  if on_progress then on_progress(state.done, state.total, state.failed) end
end

-- Maps the items one after the other.
-- @return nothing; or { the error } that on_progress has raised
local function map_in_turn(next_item, fn, options, state)
  for item, index in next_item do
    local value, err = task.ask(fn, item, index)
    local kept, wrong = task.pcall(keep, state, index, value, err)
    if not kept then return { wrong } end
    if err ~= nil and options.stop_on_error then return end
  end
end

-- Waits until all workers have ended.
-- @param workers a set of tasks: task -> true. More may be added meanwhile
-- @return nothing; or { the failure } of a worker that was out of memory between two items
local function await_workers(host, workers)
  local problem
  while true do
    local list = {}
    for worker in pairs(workers) do
      if not worker.done then
        list[#list + 1] = worker
      else
        workers[worker] = nil
        if not worker.results then problem = problem or { worker.failure } end
      end
    end
    if #list == 0 then return problem end
    host.await_any(list)
  end
end

-- Maps the items with workers: tasks that each take the next item when they are done with one. So the work for an item
-- does not depend on how many others are under way. Taking an item may wait, as when an iterator fetches a page. Then
-- the other workers that want one end, and the one that gets it starts new ones.
-- @return nothing; or { the error } that the source or on_progress has raised
local function map_at_once(host, next_item, fn, options, state)
  local most, alive = state.most, 0
  local going, taking, starting, problem = true, false, false, nil
  local workers = {} -- task -> true

  local function take()
    taking = true
    local fine, item, index = pcall(next_item)
    taking = false
    if fine and item ~= nil then return item, index end
    going = false
    if not fine then problem = { item } end
  end

  local work

  local function start_workers()
    if starting then return end -- the worker that starts others is below on the stack
    starting = true
    while going and not taking and alive < most do
      alive = alive + 1
      local worker = host.spawn(nil, work)
      worker.awaited = true
      workers[worker] = true
    end
    starting = false
  end

  function work()
    while going and not taking do
      local item, index = take()
      if item == nil then break end
      start_workers()
      local value, err = task.ask(fn, item, index)
      local kept, wrong = pcall(keep, state, index, value, err)
      if not kept then problem, going = problem or { wrong }, false end
      if err ~= nil and options.stop_on_error then going = false end
    end
    alive = alive - 1
  end

  start_workers()
  local failed = await_workers(host, workers)
  return problem or failed
end

-- The errors in the order of their items: a list of { index =, error = }.
local function in_order(errors)
  local list = {}
  for index, err in pairs(errors) do list[#list + 1] = { index = index, error = err } end
  table.sort(list, function(a, b) return a.index < b.index end)
  return list
end

local map_options = mistake.set { "concurrency", "stop_on_error", "callback", "on_progress" }

-- How many items may be handled at once.
local function concurrency_of(source, options)
  local most = options.concurrency
  if not iterator.is_in_turn(source) then return most or CONCURRENCY end
  if most and most > 1 then
    mistake.raise("map", "concurrency: must be 1 for changes: taking an item means that the last one has been handled")
  end
  return 1
end

local function check_map_options(options)
  mistake.check_options("map", options, map_options)
  local most = options.concurrency
  if most ~= nil and (type(most) ~= "number" or most < 1 or most % 1 ~= 0) then
    mistake.raise("map", "concurrency: expected a whole number from 1, got %s", mistake.value_of(most))
  end
  if options.callback ~= nil then check_function("map: callback", options.callback) end
  if options.on_progress ~= nil then check_function("map: on_progress", options.on_progress) end
end

--- Calls fn(item, index) for every item, several at once: client:map. An error does not stop the others.
-- @param source a list, or an iterator that returns one item at a time, such as client.records:each{…}
-- @param fn returns a value, or nil and an error; an error that it raises counts as returned. A second value after
--   something true is no error, so that fn may return what string.gsub returns
-- @param options
--   concurrency: how many run at once (16). In Lua 5.1 and for changes it is always one.
--   stop_on_error: start no further item after the first error (false)
--   on_progress: function(done, total, failed), called after each item; `total` is nil for an iterator. An error that
--     it raises ends the map
--   callback: function(results, errors, list); map returns a task at once
-- @return results and errors, two tables by the item's index; and the errors as a list of { index =, error = }, in the
--   order of the items. Raises an error where the host cannot wait.
function concurrent.map(client, source, fn, options)
  run.check_client("map", client)
  if type(source) ~= "table" then check_function("map: a list or an iterator", source) end
  local fault = is_list(source) and mistake.list_fault(source)
  if fault then mistake.raise("map", "expected a list or an iterator: %s", fault) end
  check_function("map", fn)
  options = options or {}
  check_map_options(options)
  local most = concurrency_of(source, options)
  local function whole()
    local state = { results = {}, errors = {}, done = 0, failed = 0, options = options, most = most,
      total = is_list(source) and #source or nil }
    local problem
    if task.yields_anywhere then
      problem = map_at_once(client.loop, items_of(source), fn, options, state)
    else
      problem = map_in_turn(items_of(source), fn, options, state)
    end
    -- An iterator that was not read to its end may be fetching a page.
    if iterator.is(source) or (type(source) == "table" and not is_list(source) and source.close) then source:close() end
    if problem then error(problem[1], 0) end
    return state.results, state.errors, in_order(state.errors)
  end
  if options.callback then return run.aside(client, options.callback, whole) end
  local objection, kind = client.loop.objection()
  if objection and not kind then mistake.raise("map", objection) end
  if not task.yields_anywhere then return whole() end
  local all = client.loop.spawn(nil, whole)
  return all:wait()
end

local Mailbox = { __name = "ironclad.mailbox" }
Mailbox.__index = Mailbox

--- The descriptor to poll. It stays the same until the process forks.
function Mailbox.pollfd() return core.descriptor() end

--- What to poll it for: "r".
function Mailbox.events() return "r" end

--- Seconds after which dispatch must be called in any case: 0 while a task is ready, otherwise nil.
function Mailbox.timeout() return task.any_ready() and 0 or nil end

--- Resumes the tasks that are ready, and those that these make ready, because nothing makes the descriptor readable for
-- them. A task that yields by itself continues at the next call. Call this when the descriptor is readable, and
-- when `timeout` says so. Failures are printed to stderr.
-- @return the number of tasks and callbacks that have not ended
function Mailbox.dispatch()
  task.collect()
  repeat task.turn() until not task.any_woken()
  loop.here().report()
  return task.count()
end

--- The mailbox of this Lua state, for the script's own event loop. Its methods are pollfd, events and timeout, which
-- cqueues calls, and dispatch.
function concurrent.mailbox() return setmetatable({}, Mailbox) end

return concurrent
