--- Running a call: started by the core, waited for in the way of the host, its sink fed on the way.

local core = require "ironclad.core"
local Error = require "ironclad.error"
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

local function wait(call, sink)
  repeat
    -- Asked before the sink is fed: what came before the end is then fed too. A sink may make calls of its own, whose
    -- waiting takes this call's notices with it: after feeding, the call is asked again.
    local done = call:done()
    local fed = sink and feed(call, sink)
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

--- Waits for a call's end, feeding its sink; a script that is interrupted cancels it.
-- @return value, err, response
function run.finish(call, sink)
  local ended, why = pcall(wait, call, sink)
  if not ended then
    call:cancel()
    error(why, 0)
  end
  local value, err, response = call:result()
  return value, err and Error.new(err), response
end

--- Starts a call and waits for its end.
-- @param label how messages name the operation
-- @param level of the caller's caller, for the position of a mistake
-- @param connection, operation, arguments, path as core.start wants them
-- @return value, err, response; with arguments.dry_run the request that would be sent
function run.call(label, level, connection, operation, arguments, path)
  if store.waits_for_itself(connection) then
    error(label .. ": a token store must not call the client whose token it keeps", level + 1)
  end
  local fine, call, mistake = pcall(core.start, connection, operation, arguments, path)
  if not fine then mistake = call end
  if not fine or not call then error(("%s: %s"):format(label, mistake), level + 1) end
  if arguments.dry_run then return call:request() end
  return run.finish(call, type(arguments.to) == "function" and arguments.to or nil)
end

return run
