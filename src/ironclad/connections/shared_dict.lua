--- A token store in one of nginx's shared dictionaries (lua_shared_dict), for all workers: one of them fetches a token
-- while the others wait, and then use what it has saved. What is in the dictionary is lost when nginx stops: for a
-- person's refresh token, which nobody can fetch again, use store.file.

local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"

-- Seconds that a lock outlives a worker that crashed with it, at most, and that others wait for one; between two tries.
local LOCKED, PATIENCE, PAUSE = 120, 90, 0.02

local Store = { __name = "ironclad.store.shared_dict" }
Store.__index = Store

function Store:__tostring() return "ironclad.store.shared_dict (" .. self.name .. ")" end

-- Where nginx lets nobody wait (its init phases) the worker sleeps.
local function pause()
  if pcall(ngx.sleep, PAUSE) then return end
  local ffi = require "ffi"
  pcall(ffi.cdef, "int poll(void *, unsigned long, int);")
  ffi.C.poll(nil, 0, PAUSE * 1000)
  ngx.update_time()
end

local last = 0

-- Each step is a function(key, …), as ironclad.store asks for it; `self` is what they close over.
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
    -- Never at the expense of another entry, which might be a token too.
    local fine, message = dictionary:safe_set(key, core.json.encode(token))
    if not fine then return false, ("lua_shared_dict %s: %s"):format(self.name, message) end
    return true
  end

  function self.lock(key)
    local until_when = ngx.now() + PATIENCE
    last = last + 1
    local mine = ("%d %d"):format(ngx.worker.pid(), last)
    repeat
      local fine, message = dictionary:safe_add(key .. "\nlock", mine, LOCKED)
      if fine then
        owned[key] = mine
        return true
      end
      if message ~= "exists" then return false, ("lua_shared_dict %s: %s"):format(self.name, message) end
      pause()
    until ngx.now() > until_when
    return false, ("another worker has kept the token locked for %d s"):format(PATIENCE)
  end

  -- Another's, when this one's has expired, stays.
  function self.unlock(key)
    if dictionary:get(key .. "\nlock") == owned[key] then dictionary:delete(key .. "\nlock") end
    owned[key] = nil
    return true
  end
end

--- A store in the dictionary of that name.
-- @param name as in the directive `lua_shared_dict name 1m;` of nginx's http block
return function(name)
  if type(name) ~= "string" then
    mistake.raise("ironclad.store.shared_dict", "expected the name of a dictionary, got %s", mistake.type_of(name))
  end
  local dictionary = ngx and ngx.shared and ngx.shared[name]
  if not dictionary then
    mistake.raise("ironclad.store.shared_dict", ngx and
      ("there is no dictionary %q: add `lua_shared_dict %s 1m;` to nginx's http block"):format(name, name)
      or "is for nginx; elsewhere use ironclad.store.file")
  end
  local self = setmetatable({ name = name }, Store)
  steps(self, dictionary)
  return self
end
