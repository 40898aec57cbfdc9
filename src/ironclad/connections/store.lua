--- Token stores: where the token of a connection is kept. The option `store` is "memory" (the default), a path, an
-- ironclad.store.file, or a table with these functions:
--
--   load(key)         returns the token, or nil when there is none
--   save(key, token)  stores the token; nil: deletes it
--   lock(key)         optional: returns when no other process has the lock
--   unlock(key)       optional
--
-- A token is { access_token =, refresh_token =, scope =, expires_at = Unix seconds }. A function fails by raising an
-- error, or by returning false (load: nil) and a message. It must not yield. In nginx it may use cosockets and
-- ngx.sleep.

local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local mistake = require "ironclad.base.mistake"

local store = {}

local File = { __name = "ironclad.store.file" }
File.__index = File

function File:__tostring() return "ironclad.store.file (" .. self.path .. ")" end

--- A store in a file that only this user can read. Any number of connections and processes may share it.
-- @param path the file. Its folder is created when it is missing
-- @return a value for the option `store`
function store.file(path, ...)
  mistake.check_surplus("ironclad.store.file", ...)
  if type(path) ~= "string" or path == "" then
    mistake.raise("ironclad.store.file", "expected a path, got %s",
      path == "" and "an empty string" or mistake.type_of(path))
  end
  return setmetatable({ path = path }, File)
end

-- Stores written in Lua, by the number that the engine has for them. A client has its store. From the question to lock
-- to the one to unlock the store is kept here, because its client may be collected meanwhile, and a new refresh token
-- may arrive. They are in the Lua state, because the module's files may be loaded again.
local kept = core.kept()
kept.stores = kept.stores or {
  known = setmetatable({}, { __mode = "v" }), -- number -> store
  numbers = setmetatable({}, { __mode = "k" }), -- store -> number
  last = 0,
  stores_of = setmetatable({}, { __mode = "kv" }), -- connection -> its store
  working = {}, -- "number key" -> the store
}
local stores = kept.stores
local known, numbers, stores_of, working = stores.known, stores.numbers, stores.stores_of, stores.working

-- A refresh token can be used once, and only this Lua state can save the next one. So a state that closes during a
-- refresh waits for it, for at most this many seconds. (os.exit does not wait unless it closes the state.)
local PATIENCE = 30

local function save_what_comes()
  local last_moment = core.monotonic() + PATIENCE
  while core.unsaved() and core.monotonic() < last_moment do
    core.wait()
    store.serve_all()
  end
end

--- The number of a store written in Lua.
function store.number_of(custom)
  if stores.last == 0 then core.guard(save_what_comes) end
  if not numbers[custom] then
    stores.last = stores.last + 1
    numbers[custom] = stores.last
    known[stores.last] = custom
  end
  return numbers[custom]
end

--- Why a table cannot be used as a store; or nil.
function store.objection(custom)
  for _, name in ipairs { "load", "save" } do
    if type(custom[name]) ~= "function" then
      return ("store: expected functions load and save, has no %s"):format(name)
    end
  end
  for _, name in ipairs { "lock", "unlock" } do
    if custom[name] ~= nil and type(custom[name]) ~= "function" then
      return ("store: %s is not a function"):format(name)
    end
  end
end

--- The path of a file store, or nil.
function store.path_of(value)
  return getmetatable(value) == File and value.path or nil
end

-- The store whose function runs now. It must not call its own client, which is waiting for it.
local asked
-- For nginx, where a store may wait while other coroutines run: the store that runs in each coroutine.
local asking = setmetatable({}, { __mode = "k" })

--- Records which store keeps the token of a connection.
function store.belongs(connection, custom)
  stores_of[connection] = custom
end

--- Whether a call on the connection would wait for itself, because the connection's own store makes it.
function store.waits_for_itself(connection)
  local here = coroutine.running()
  local running = ngx and here and asking[here] or not ngx and asked
  return running and stores_of[connection] == running
end

local function perform(question)
  local custom = known[question.store]
  if not custom then return { error = "its client does not exist any more" } end
  working[question.store .. " " .. question.key] = question.step ~= "unlock" and custom or nil
  local step = custom[question.step]
  if not step then return {} end
  -- The store runs in its own coroutine. If it yields, the coroutine that waits for a call is not suspended.
  local own = coroutine.create(step)
  local outer = asked
  asked, asking[own] = custom, custom
  local fine, value, message = coroutine.resume(own, question.key, question.token)
  asked = outer
  if fine and coroutine.status(own) ~= "dead" then return { error = "it yielded, and a token store must not yield" } end
  if not fine then return { error = Error.text_of(value) } end
  if question.step == "load" then
    if value == nil and message ~= nil then return { error = Error.text_of(message) } end
    return { token = value }
  end
  if value == false or (value == nil and message ~= nil) then
    return { error = Error.text_of(message or "it returned false without a message") }
  end
  return {}
end

--- Calls the store, and gives its answer to the engine, which checks it. An answer that JSON cannot hold becomes an
-- error.
function store.serve(ask)
  local answer = perform(ask:question())
  local fine, problem = pcall(ask.answer, ask, answer)
  if not fine then ask:answer { error = Error.text_of(problem) } end
end

--- Empties the mailbox and answers the questions in it.
function store.serve_all()
  repeat
    local id, question = core.take()
    if question then store.serve(question) end
  until not id
end

return store
