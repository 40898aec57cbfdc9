--- The state of changes in the shared Redis: `state = "shared"`. It is a store for ironclad.events.change_store, whose
-- lock elects one machine. The lock lasts LEASE seconds; every step extends it, and the engine does while the loop is
-- busy. A step of a machine that has lost it changes nothing. Errors of this store may be temporary, so a loop that
-- follows continues after them.
--
-- When neither the lock nor the state is there, Redis has lost its data: the machine that had the lock takes it again,
-- and saves the state that it knows.

local core = require "ironclad.core"
local redis = require "ironclad.shared.redis"
local run = require "ironclad.calls.run"

local state = {}

local LEASE = 60 -- seconds
local CHECK = 1 -- seconds between two checks whether Redis still has the lock

-- Keys: lock, state. Arguments: holder, milliseconds, then what the step needs. Each returns 0 when another machine has
-- the lock. Something else under the name of the lock is removed; the state never is.
local LOCK = [[
local kind = redis.call('type', KEYS[1]).ok
if kind ~= 'string' and kind ~= 'none' then redis.call('del', KEYS[1]) end
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
]]
local MINE = [[
local holder = redis.call('get', KEYS[1])
if not holder and redis.call('exists', KEYS[2]) == 0 then holder = ARGV[1] end
if holder ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
]]
local KEEP = MINE .. "return 1\n"
local LOAD = MINE .. "return { redis.call('get', KEYS[2]) or false }\n"
local SAVE = MINE .. "redis.call('set', KEYS[2], ARGV[3])\nreturn 1\n"
-- 2: there is no state to which something could be added.
local APPEND = MINE .. [[
if redis.call('exists', KEYS[2]) == 0 then return 2 end
redis.call('append', KEYS[2], ARGV[3])
return 1
]]
local UNLOCK = MINE .. "return redis.call('del', KEYS[1])\n"
-- A check (redis.hold). Arguments: holder, milliseconds. It has one item.
local CHECK_LOCK = [[
local holder = redis.call('get', KEYS[1])
if not holder and redis.call('exists', KEYS[2]) == 0 then return { 2 } end
if holder ~= ARGV[1] then return { 0 } end
redis.call('pexpire', KEYS[1], ARGV[2])
return { 1 }
]]

local function passing(err)
  err.retryable = true
  return err
end

--- Makes a store.
-- @param client a client with the option `shared`
-- @param name separates it from other states of the company
-- @return a store with lock, unlock, load, save, append; also keep(), which extends the lock, and keep_every, the
--   seconds after which to call it. `waits` says that a loop that follows waits for another machine's lock; peek()
--   returns that machine's state
function state.open(client, name)
  local keys = { "state-lock:" .. name, "state:" .. name }
  local holder, held
  local store = { name = "the state " .. name .. " in the shared Redis", waits = true, client = client, id = name,
    keep_every = LEASE / 3 }

  local function ask(script, text)
    local answer, err = redis.script(client, script, keys, { holder or "", LEASE * 1000, text })
    if answer == nil then return nil, passing(err) end
    if answer == 0 then
      return nil, passing(redis.problem(store.name .. " was taken over by another machine"))
    end
    return answer
  end

  local function let_go()
    if held then run.cancel(held) end
    held = nil
  end

  function store.lock()
    holder = holder or core.random_hex(16)
    local locked, err = redis.script(client, LOCK, keys, { holder, LEASE * 1000 })
    if locked == nil then return nil, passing(err) end
    if locked == 1 then
      let_go() -- it has ended if another machine had the lock since
      held = redis.hold(client, KEEP, keys, { holder, LEASE * 1000 }, { check = CHECK_LOCK,
        words = { holder, LEASE * 1000 }, every = CHECK })
    end
    return locked == 1
  end

  function store.unlock()
    let_go()
    ask(UNLOCK)
  end

  function store.peek()
    let_go()
    local text, err = redis.command(client, { "GET", redis.prefix(client) .. keys[2] })
    if err then return false, passing(err) end
    return text
  end

  function store.load()
    local answer, err = ask(LOAD)
    if not answer then return false, err end
    return answer[1] or nil
  end

  function store.keep() return ask(KEEP) end
  function store.save(text) return ask(SAVE, text) end
  function store.append(text)
    local answer, err = ask(APPEND, text)
    if answer == 2 then return "gone" end
    return answer, err
  end

  return store
end

return state
