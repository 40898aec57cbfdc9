--- What receivers on several machines have handled: `seen = "shared"` keeps it in the shared Redis. The functions are
-- those of ironclad.events.seen.
--
-- A claim is a key whose value is the name of its holder. It expires after LEASE: an event whose machine has died is
-- then handled by another one. It also ends then in this process, where a coroutine can be stopped in the middle. A
-- handled event is remembered for a week.
--
-- When Redis does not answer, it may still have done what it was told. This process remembers that step: it claims the
-- event under the same name of a holder then, and knows that it has handled an event although Redis may not.

local core = require "ironclad.core"
local redis = require "ironclad.shared.redis"
local task = require "ironclad.loop.task"

local seen = {}

local LEASE = 600 -- seconds; a holder that has not finished by then has died
local UNSURE_MOST = 10000 -- events of which this process remembers that
local WEEK = 7 * 24 * 3600 -- seconds; Ironclad repeats a delivery for about 14 hours, Clickwrap for 24

-- Key: the event. Arguments: holder, milliseconds. Something else under this name is removed.
local CLAIM = [[
local kind = redis.call('type', KEYS[1]).ok
if kind ~= 'string' and kind ~= 'none' then redis.call('del', KEYS[1]) end
local value = redis.call('get', KEYS[1])
if value == 'done' then return 'done' end
if value and value ~= ARGV[1] then return 'busy' end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 'new'
]]

-- Key: the event. Arguments: holder, milliseconds that it is remembered; 0: it is forgotten. A claim that another
-- holder has now is left unchanged, but a handled event is remembered in any case.
local SETTLE = [[
local value, time = redis.call('get', KEYS[1]), tonumber(ARGV[2])
if time > 0 then redis.call('set', KEYS[1], 'done', 'PX', time)
elseif value == ARGV[1] then redis.call('del', KEYS[1]) end
return 1
]]

local Seen = { __name = "ironclad.seen.redis" }
Seen.__index = Seen

local function key_of(id) return "seen:" .. core.sha256(id):sub(1, 40) end

-- Remembers a step without an answer, { holder =, handled = }, or forgets it (nil). Two tables take turns, so that the
-- oldest are forgotten without a list of their order.
local function set_unsure(self, id, step)
  if self.older[id] then
    self.older[id] = step
    return
  end
  if step and not self.unsure[id] then
    if self.count >= UNSURE_MOST / 2 then self.older, self.unsure, self.count = self.unsure, {}, 0 end
    self.count = self.count + 1
  end
  self.unsure[id] = step
end

local function settle(self, id, holder, seconds)
  local settled, err = redis.script(self.client, SETTLE, { key_of(id) }, { holder or "", seconds * 1000 })
  set_unsure(self, id, not settled and { holder = holder, handled = seconds > 0 } or nil)
  return settled and true or nil, err
end

function Seen:claim(id)
  local now, mine = core.monotonic(), self.claims[id]
  if mine and now < mine.ends then return "busy" end
  local unsure = self.unsure[id] or self.older[id]
  if unsure and unsure.handled then
    settle(self, id, unsure.holder, WEEK)
    return "done"
  end
  local holder = mine and mine.holder or unsure and unsure.holder or core.random_hex(16)
  self.claims[id] = { holder = holder, ends = now + LEASE }
  local fine, state, err = task.pcall(redis.script, self.client, CLAIM, { key_of(id) }, { holder, LEASE * 1000 })
  local answered = fine and state
  if state ~= "new" then self.claims[id] = nil end
  set_unsure(self, id, not answered and { holder = holder } or nil)
  if not fine then error(state, 0) end -- the script was interrupted
  return state, err
end

local function end_claim(self, id, seconds)
  local mine = self.claims[id]
  self.claims[id] = nil
  return settle(self, id, mine and mine.holder, seconds)
end

function Seen:done(id) return end_claim(self, id, WEEK) end

function Seen:release(id) return end_claim(self, id, 0) end

--- @param client a client with the option `shared`
function seen.open(client)
  return setmetatable({ client = client, claims = {}, unsure = {}, older = {}, count = 0 }, Seen)
end

return seen
