--- Running a call: the core starts it, the host's loop waits for it, and its sink gets the chunks of the answer.

local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local lazy = require "ironclad.base.lazy"
local folder = lazy "ironclad.calls.folder"
local hooks = lazy "ironclad.calls.hooks"
local mistake = require "ironclad.base.mistake"
local store = lazy "ironclad.connections.store"
local task = require "ironclad.loop.task"

-- Passes the chunks that have arrived to the sink. Returns whether there were any.
local function feed_sink(call, sink)
  local chunk = call:chunk()
  if not chunk then return false end
  repeat
    sink(chunk)
    chunk = call:chunk()
  until not chunk
  return true
end

-- Takes the results of pcall. After an error (an interrupted wait or hook, a failing sink) the call is cancelled.
local function cancel_unless(call, fine, ...)
  if fine then return ... end
  call:cancel()
  error((...), 0)
end

-- A task waits without pcall, because Lua 5.1 cannot yield inside pcall.
local function wait_once(loop, call, mine, shares)
  if mine then return loop.wait(call, mine) end
  return cancel_unless(call, pcall(loop.wait, call, nil, shares))
end

-- Waits for the end of a call.
local function wait_until_done(pending)
  local loop, call, sink = pending.client.loop, pending.call, pending.sink
  if pending.drives and not sink then
    local how = cancel_unless(call, pcall(loop.drive, call))
    if how == "done" then return end
    if how == "interrupted" then call:cancel() end
  end
  local mine = task.current()
  repeat
    -- done() is read before the sink is fed, so that the last chunks are passed on too. A sink may make calls itself,
    -- and waiting for those also takes this call's notices. So after the sink was fed, the loop checks again before it
    -- waits.
    local done = call:done()
    local fed = sink and cancel_unless(call, task.pcall(feed_sink, call, sink))
    if pending.watched then cancel_unless(call, hooks.tell(call, pending.client, pending.on_progress)) end
    if not done and not fed and wait_once(loop, call, mine, sink ~= nil) == "interrupted" then call:cancel() end
  until done
end

local run = {}

--- Whether a value is a client.
-- @param product "clm" or "clickwrap": of this product; nil: of any
function run.is_client(value, product)
  local class = type(value) == "table" and rawget(value, "connection") ~= nil and getmetatable(value)
  local own = type(class) == "table" and rawget(class, "product")
  return own ~= nil and own ~= false and (product == nil or own == product)
end

--- Raises a mistake when a method of the client was called with a dot.
function run.check_client(name, client)
  if not run.is_client(client) then
    mistake.raise(name, "call it with a colon: client:%s(…)", name)
  end
end

-- Calls a function of the core that starts a call. Raises a mistake when its arguments are wrong.
local function start_in_core(label, ...)
  local fine, call, objection = pcall(...)
  if not fine then mistake.raise(label, tostring(call)) end
  if not call then mistake.raise(label, objection) end
  return call
end

-- A pending call that has failed already, with nothing sent.
local function failed_call(client, label, message, kind)
  return { client = client, failure = Error.new { kind = kind, message = message, operation = label,
    outcome = "not_done", retryable = false, attempts = 0 } }
end

-- A pending call that has failed: nothing can be started, or with `waits` this host cannot wait. Otherwise nil.
local function refused_call(client, label, waits)
  local message, kind = core.objection()
  if message then return failed_call(client, label, message, kind) end
  if not waits then return nil end
  message, kind = client.loop.objection()
  return message and failed_call(client, label, message, kind or "cancelled")
end

--- Starts a call. The caller must finish it (run.finish) or cancel it (run.cancel).
-- @param client the client whose connection and hooks it uses
-- @param label the operation's name in messages
-- @param operation, arguments, path as core.start takes them
-- @param waits run.finish follows at once
-- @return a pending call: { client =, call =, sink =, on_progress =, watched = whether hooks are called, drives =
--   whether the thread may run the engine while it waits }, or { client =, failure = } where it cannot be started or
--   waited for. With arguments.dry_run: nil and the request that would be sent
function run.start(client, label, operation, arguments, path, waits)
  local connection = client.connection
  if rawget(client, "token_store") and store.waits_for_itself(connection) then
    mistake.raise(label, "a token store must not call the client whose token it keeps")
  end
  local refused = refused_call(client, label, not arguments.callback and not arguments.dry_run)
  if refused then return refused end
  local defaults = rawget(client, "defaults")
  if defaults then
    for name, value in pairs(defaults) do
      if arguments[name] == nil then arguments[name] = value end
    end
  end
  local to, place = arguments.to, nil
  if type(to) == "string" and to:sub(-1) == "/" then
    place = folder.place(to, arguments.path)
    arguments.to = place.temporary
  end
  local watched = rawget(client, "hooks") or arguments.on_progress
  waits = waits and not watched and client.loop.drive and not task.current()
  local call = start_in_core(label, core.start, connection, operation, arguments, path, waits)
  arguments.to = to
  if arguments.dry_run then return nil, call:request() end
  return {
    client = client, call = call, on_progress = arguments.on_progress, place = place, watched = watched,
    drives = waits, sink = type(to) == "function" and to or nil,
  }
end

--- Starts an internal request (core.internal) on the client's connection: one about its token, or a pause.
-- @return a pending call
function run.internal(client, ...)
  local refused = refused_call(client, nil, true)
  if refused then return refused end
  return { client = client, call = core.internal(client.connection, ...), watched = rawget(client, "hooks") }
end

--- Starts a question to the shared Redis (core.ask_shared).
-- @return a pending call
function run.shared(client, ...)
  local refused = refused_call(client, nil, true)
  if refused then return refused end
  return { client = client, call = core.ask_shared(client.connection, ...) }
end

--- Waits for the end of a pending call. A script that is interrupted cancels it.
-- @param page nil; or for a page of a list the name of the field with its list, or true when the answer is the list.
--   The list is then a userdata whose items are made one by one (src/lua/items.h)
-- @return value, err, response
function run.finish(pending, page)
  if pending.failure then return nil, pending.failure end
  local call = pending.call
  wait_until_done(pending)
  local value, err, response = call:result(page)
  if err then return nil, Error.new(err), response end
  if pending.place then
    value, err = folder.finish(pending.place, response)
    return value, err, response
  end
  return value, nil, response
end

--- Cancels a pending call without waiting for it.
function run.cancel(pending)
  if pending.call then pending.call:cancel() end
end

-- The error value that ended a task, as an error for its callback.
local function error_for_callback(problem)
  return Error.new { kind = "cancelled", message = Error.text_of(problem), outcome = "unknown", retryable = false,
    attempts = 0 }
end

--- Runs fn(...) in the background and calls the callback with its results. When fn raises an error, the callback gets
-- nil and an error value.
-- @return the task (ironclad.spawn)
function run.aside(client, callback, fn, ...)
  local told = false
  local function tell(...)
    told = true
    callback(...)
  end
  local function on_failure(problem)
    if told then return false end
    told = true
    return (pcall(callback, nil, error_for_callback(problem)))
  end
  return client.loop.spawn(on_failure, function(...) tell(fn(...)) end, ...)
end

--- Starts a call and waits for its end: run.start and run.finish.
-- @return value, err, response; with arguments.dry_run the request that would be sent; with arguments.callback a task,
--   and the callback gets the results
function run.call(client, label, operation, arguments, path)
  local pending, request = run.start(client, label, operation, arguments, path, not arguments.callback)
  if not pending then return request end
  if arguments.callback then return run.aside(client, arguments.callback, run.finish, pending) end
  return run.finish(pending)
end

--- The smallest and the largest deadline of a request, in seconds.
run.LEAST, run.LONGEST = 0.001, 365 * 24 * 3600

--- The deadline of a method that makes several requests.
-- @param deadline seconds for all of them, from now on; false or nil
-- @return function() -> the deadline of the next request; false and nil as they were given
function run.left(deadline)
  local began = type(deadline) == "number" and core.monotonic()
  return function()
    local taken = began and core.monotonic() - began or 0
    return taken > run.LEAST and math.max(run.LEAST, deadline - taken) or deadline
  end
end

--- Sleeps without blocking the host. Less than 0 seconds is 0.
-- @return true; nil and an error when it was cancelled
function run.sleep(client, seconds)
  return run.finish(run.internal(client, "pause", seconds))
end

-- As long as Ironclad's rate limits look back.
local LONGEST_AFTER_FAILURE = 60 -- seconds

--- The pause before a failed step is tried again: what Ironclad asked for with the error, but at most a minute, so that
-- no single answer stops a loop for longer.
-- @param err the error, or nil
-- @param least seconds to wait in any case
function run.pause_after(err, least)
  return math.max(least, math.min(err and err.retry_after or 0, LONGEST_AFTER_FAILURE))
end

return run
