--- A token store in one of nginx's shared dictionaries (lua_shared_dict), for all workers: one of them fetches a token
-- while the others wait, and then all use it. What is in the dictionary is lost when nginx stops. Use store.file for a
-- person's refresh token, which cannot be fetched again.

local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"

-- Seconds: the longest time that a lock is held, how long others wait for it, and the pause between two tries. A lock
-- outlasts a refresh (REFRESH_TIMEOUT in src/core/engine/token_work.c): a refresh token must not be sent twice.
local LOCKED, PATIENCE, PAUSE = 240, 90, 0.02

local Store = { __name = "ironclad.store.shared_dict" }
Store.__index = Store

function Store:__tostring() return "ironclad.store.shared_dict (" .. self.name .. ")" end

-- The C library, for poll(2) and kill(2).
local function c_library()
  local ffi = require "ffi"
  -- In a pcall, because ffi refuses to declare them twice, and this file may be loaded again.
  pcall(ffi.cdef, "int poll(void *, unsigned long, int); int kill(int, int);")
  return ffi
end

-- Where nginx does not allow waiting (its init phases) the worker sleeps.
local function pause()
  if pcall(ngx.sleep, PAUSE) then return end
  c_library().C.poll(nil, 0, PAUSE * 1000)
  ngx.update_time()
end

local ESRCH = 3

-- Whether the worker that holds a lock has ended. A lock's value is "<process id> <number>".
local function owner_is_dead(value)
  local pid = tonumber(value:match "^(%d+) ")
  if not pid or pid == ngx.worker.pid() then return false end
  local ffi = c_library()
  return ffi.C.kill(pid, 0) == -1 and ffi.errno() == ESRCH
end

-- Takes over the lock of a dead owner. Only one worker succeeds: the one that adds a key made of the lock's value.
local function take_over(dictionary, lock, mine)
  local value = dictionary:get(lock)
  if not value or not owner_is_dead(value) then return false end
  if not dictionary:safe_add(lock .. "\n" .. value, true, LOCKED) or dictionary:get(lock) ~= value then return false end
  return (dictionary:safe_set(lock, mine, LOCKED))
end

local last = 0

-- Adds the functions of a store (ironclad.connections.store) to `self`.
local function steps(self, dictionary)
  local owned = {}

  function self.load(key)
    local text = dictionary:get(key)
    if text == nil then return nil end
    local token, message = core.json.decode(text)
    return token, message
  end

  function self.save(key, token)
    if token == nil then
      dictionary:delete(key)
      return true
    end
    -- safe_set never evicts another entry, which may be a token.
    local fine, message = dictionary:safe_set(key, core.json.encode(token))
    if not fine then return false, ("lua_shared_dict %s: %s"):format(self.name, message) end
    return true
  end

  function self.lock(key)
    local until_when = ngx.now() + PATIENCE
    last = last + 1
    local lock, mine = key .. "\nlock", ("%d %d"):format(ngx.worker.pid(), last)
    repeat
      local fine, message = dictionary:safe_add(lock, mine, LOCKED)
      if fine or take_over(dictionary, lock, mine) then
        owned[key] = mine
        return true
      end
      if message ~= "exists" then return false, ("lua_shared_dict %s: %s"):format(self.name, message) end
      pause()
    until ngx.now() > until_when
    return false, ("another worker has kept the token locked for %d s"):format(PATIENCE)
  end

  -- This worker's lock may have expired. A lock that another worker has taken since then is kept.
  function self.unlock(key)
    if dictionary:get(key .. "\nlock") == owned[key] then dictionary:delete(key .. "\nlock") end
    owned[key] = nil
    return true
  end
end

-- One store for each name, because the engine keeps every store that it was given. They are in the Lua state, so that
-- they survive when this file is loaded again.
local kept = core.kept()
kept.shared_dicts = kept.shared_dicts or {}

--- The store in a shared dictionary, always the same for a name.
-- @param name as in the directive `lua_shared_dict name 1m;` of nginx's http block
return function(name, ...)
  mistake.check_surplus("ironclad.store.shared_dict", ...)
  if type(name) ~= "string" then
    mistake.raise("ironclad.store.shared_dict", "expected the name of a dictionary, got %s", mistake.type_of(name))
  end
  if kept.shared_dicts[name] then return kept.shared_dicts[name] end
  local dictionary = ngx and ngx.shared and ngx.shared[name]
  if not dictionary then
    mistake.raise("ironclad.store.shared_dict", ngx and
      ("there is no dictionary %q: add `lua_shared_dict %s 1m;` to nginx's http block"):format(name, name)
      or "is for nginx; elsewhere use ironclad.store.file")
  end
  local self = setmetatable({ name = name }, Store)
  steps(self, dictionary)
  kept.shared_dicts[name] = self
  return self
end
