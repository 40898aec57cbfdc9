--- Running a call: started by the core, waited for in the way of the host, its sink fed on the way.

local core = require "ironclad.core"
local Error = require "ironclad.error"
local hooks = require "ironclad.hooks"
local loop = require "ironclad.loop.plain"
local store = require "ironclad.store"

--- Whether there was anything to feed.
local function feed(call, sink)
  local chunk = call:chunk()
  if not chunk then return false end
  repeat
    sink(chunk)
    chunk = call:chunk()
  until not chunk
  return true
end

local function wait(pending)
  local call, sink = pending.call, pending.sink
  repeat
    -- Asked before the sink is fed: what came before the end is then fed too. A sink may make calls of its own, whose
    -- waiting takes this call's notices with it: after feeding, the call is asked again.
    local done = call:done()
    local fed = sink and feed(call, sink)
    hooks.tell(call, pending.client, pending.on_progress)
    if not done and not fed then loop.wait(call) end
  until done
end

local run = {}

--- Throws, at the line of a method's caller, when the method was called with a dot.
function run.check_client(name, client)
  if type(client) ~= "table" or rawget(client, "connection") == nil then
    error(("%s: call it with a colon: client:%s(…)"):format(name, name), 3)
  end
end

-- Calls a function of the core that makes a call; a mistake in its arguments is thrown at the caller's line.
local function begin(label, level, ...)
  local fine, call, mistake = pcall(...)
  if not fine then mistake = call end
  if not fine or not call then error(("%s: %s"):format(label, mistake), level + 2) end
  return call
end

--- Starts a call. Whoever starts one finishes or cancels it.
-- @param client whose connection and hooks it uses
-- @param label how messages name the operation
-- @param level of the caller's caller, for the position of a mistake
-- @param operation, arguments, path as core.start wants them
-- @return pending: { client =, call =, sink =, on_progress = }; with arguments.dry_run nil and the request that would
-- be sent
function run.start(client, label, level, operation, arguments, path)
  local connection = client.connection
  if store.waits_for_itself(connection) then
    error(label .. ": a token store must not call the client whose token it keeps", level + 1)
  end
  local call = begin(label, level, core.start, connection, operation, arguments, path)
  if arguments.dry_run then return nil, call:request() end
  return {
    client = client, call = call, on_progress = arguments.on_progress,
    sink = type(arguments.to) == "function" and arguments.to or nil,
  }
end

--- Starts one of the core's errands (core.errand) on the client's connection.
-- @return pending
function run.errand(client, ...)
  return { client = client, call = core.errand(client.connection, ...) }
end

--- Waits for the end of what was started, feeding its sink; a script that is interrupted cancels it.
-- @return value, err, response
function run.finish(pending)
  local call = pending.call
  local ended, why = pcall(wait, pending)
  if not ended then
    call:cancel()
    error(why, 0)
  end
  local value, err, response = call:result()
  return value, err and Error.new(err), response
end

--- Ends what was started and is not finished: it is not waited for, and its answer is nobody's.
function run.cancel(pending)
  pending.call:cancel()
end

--- Starts a call and waits for its end: run.start and run.finish.
-- @return value, err, response; with arguments.dry_run the request that would be sent
function run.call(client, label, level, operation, arguments, path)
  local pending, request = run.start(client, label, level + 1, operation, arguments, path)
  if not pending then return request end
  return run.finish(pending)
end

--- Lets time pass, in the way of the host; no time at all for less than 0.
-- @return true; nil and an error when it was cancelled
function run.sleep(client, seconds)
  return run.finish(run.errand(client, "pause", seconds))
end

return run
