--- The state of changes in the shared Redis: `state = "shared"`. It is a store for ironclad.events.change_state, whose
-- lock elects one machine. The lock lasts LEASE seconds, and every step extends it; a step of a machine that has lost
-- it changes nothing. Errors of this store may be temporary, so a loop that follows continues after them.

local core = require "ironclad.core"
local redis = require "ironclad.shared.redis"

local state = {}

local LEASE = 60 -- seconds

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
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('pexpire', KEYS[1], ARGV[2])
]]
local KEEP = MINE .. "return 1\n"
local LOAD = MINE .. "return { redis.call('get', KEYS[2]) or false }\n"
local SAVE = MINE .. "redis.call('set', KEYS[2], ARGV[3])\nreturn 1\n"
local APPEND = MINE .. "redis.call('append', KEYS[2], ARGV[3])\nreturn 1\n"
local UNLOCK = MINE .. "return redis.call('del', KEYS[1])\n"

local function passing(err)
  err.retryable = true
  return err
end

--- Makes a store.
-- @param client a client with the option `shared`
-- @param name separates it from other states of the company
-- @return a store with lock, unlock, load, save, append; also keep(), which extends the lock, and keep_every, the
--   seconds after which to call it. `waits` says that a loop that follows waits for another machine's lock
function state.open(client, name)
  local keys = { "state-lock:" .. name, "state:" .. name }
  local holder
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

  function store.lock()
    holder = holder or core.random_hex(16)
    local locked, err = redis.script(client, LOCK, keys, { holder, LEASE * 1000 })
    if locked == nil then return nil, passing(err) end
    return locked == 1
  end

  function store.unlock() ask(UNLOCK) end

  function store.load()
    local answer, err = ask(LOAD)
    if not answer then return false, err end
    return answer[1] or nil
  end

  function store.keep() return ask(KEEP) end
  function store.save(text) return ask(SAVE, text) end
  function store.append(text) return ask(APPEND, text) end
  return store
end

return state
