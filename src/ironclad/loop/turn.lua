--- Turns: what waits and must not be done by two tasks at once, such as fetching the next page of an iterator.
--
-- The owner is a table with the fields `turn_of` (false, or the coroutine that has the turn) and `waiting_here` (false,
-- or waiter -> the function that wakes it).

local task = require "ironclad.loop.task"

local turn = {}

-- Passes pcall's results on.
local function end_turn(owner, fine, ...)
  local waiters = owner.waiting_here
  owner.turn_of, owner.waiting_here = false, false
  for waiter, wake in pairs(waiters or {}) do wake(waiter) end
  if not fine then error((...), 0) end
  return ...
end

--- Calls fn(owner) when no one else has the turn.
-- @param loop the host's loop
-- @param refuse function(owner), called where nothing can wait for the turn: outside of tasks, and inside fn. It must
--   raise a mistake
-- @return what fn returns
function turn.take(loop, owner, fn, refuse)
  while owner.turn_of do
    owner.waiting_here = owner.waiting_here or {}
    if not loop.await_turn(owner) then refuse(owner) end
  end
  owner.turn_of = coroutine.running() or true
  return end_turn(owner, task.pcall(fn, owner))
end

--- Whether the code that calls this is inside fn.
function turn.is_mine(owner) return owner.turn_of == (coroutine.running() or true) end

return turn
