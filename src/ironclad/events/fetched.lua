--- A value that is fetched from Ironclad when it is first needed, and kept. One fetch serves all who wait for it, and
-- the next one is not sooner than a minute later. After a failure without any value, the pause is shorter: a second,
-- which doubles up to a minute.

local core = require "ironclad.core"
local run = require "ironclad.calls.run"
local task = require "ironclad.loop.task"

local fetched = {}

local PAUSE, FIRST_PAUSE = 60, 1 -- seconds
-- Seconds. A fetch that has not ended by then was killed with its request. Callers that wait for it check this often
-- whether it has ended.
local FETCH, LOOK = 40, 0.01

local Fetched = {}
Fetched.__index = Fetched

--- Makes a value.
-- @param client to wait with
-- @param get function(options of the call) -> the value; nil and an error
-- @param value what is known already; or nil
-- @return an object with `value`, and `failure`: the error of the last fetch
function fetched.new(client, get, value)
  return setmetatable({ client = client, get = get, value = value, clock = core.monotonic }, Fetched)
end

local function fetch(self)
  self.fetching = self.clock()
  local fine, value, err = task.pcall(self.get, { timeout = FETCH / 2, deadline = FETCH })
  self.fetching = nil
  if not fine then error(value, 0) end -- the script was interrupted: the next one may fetch at once
  self.fetched = self.clock()
  if value ~= nil then
    self.value, self.pause, self.failure = value, PAUSE, nil
  else
    self.pause = math.min(self.value ~= nil and PAUSE or (self.pause or FIRST_PAUSE / 2) * 2, PAUSE)
    self.failure = err
  end
end

local function is_being_fetched(self) return self.fetching and self.clock() - self.fetching < FETCH end

--- Fetches the value if that is allowed now, or waits for the fetch that is under way.
-- @return whether the value may have changed since `before`; nil and an error when it was cancelled
function Fetched:renew(before)
  if not is_being_fetched(self) then
    if not self.fetched or self.clock() - self.fetched >= self.pause then fetch(self) end
    return self.value ~= before
  end
  repeat
    local rested, err = run.sleep(self.client, LOOK)
    if not rested then return nil, err end
  until not is_being_fetched(self)
  return self.value ~= before
end

return fetched
