--- The texts that a change trigger keeps between two runs: its state (change_state), and the ids of the last
-- reconciliation (change_ids). Each begins with a header, a line of JSON that says what it belongs to.
--
-- A text is kept by a store: a table with the functions
--
--   load()         returns the text, or nil when there is none
--   save(text)     replaces it. When it returns, the text is safe
--   append(text)   optional: adds to its end, in the same way. Without it, save is called with the whole text, and so
--                  it is when append returns "gone": there was no text
--   lock()         optional: returns false when another process has the lock
--   unlock()       optional
--
-- A store whose lock expires has keep(), which extends the lock, and keep_every, the seconds after which keep is
-- called. With `waits`, a loop that follows waits for another process's lock. Such a store may lose the text: then what
-- this process knows is saved again, from its own work or from peek(), which returns the text although another process
-- has the lock.
--
-- A function fails by raising an error, or by returning nil (load: false) and a message.
--
-- The functions below take the owner of a text, which has
--
--   store, name            the store, and its name in messages
--   what                   what the text is: "the state"
--   format                 the name of its format in the header
--   list, arguments, host  what it belongs to

local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"

local change_store = {}

local VERSION = 1

--- A store in a file that only this user can read, with the lock file PATH.lock.
-- @return the store; nil and a message
function change_store.file(path)
  local file, problem = core.state_file(path)
  if not file then return nil, problem end
  return {
    name = path,
    lock = function() return file:lock() end,
    unlock = function() file:unlock() end,
    load = function()
      local text, why = file:read()
      if text == nil then return false, why end
      return text or nil
    end,
    save = function(text) return file:write(text) end,
    append = function(text) return file:append(text) end,
  }
end

--- What is wrong with a store that a script gives, or nil.
function change_store.objection(store)
  for _, name in ipairs { "load", "save" } do
    if type(store[name]) ~= "function" then
      return ("state: expected a path, or a table with the functions load and save; has no %s"):format(name)
    end
  end
  for _, name in ipairs { "append", "lock", "unlock" } do
    if store[name] ~= nil and type(store[name]) ~= "function" then
      return ("state: %s is %s, not a function"):format(name, mistake.type_of(store[name]))
    end
  end
end

--- Calls a function of the store. Raises what goes wrong as text, or as an error table with a kind.
function change_store.ask(owner, name, ...)
  local fine, result, problem = pcall(owner.store[name], ...)
  if not fine then error(tostring(result), 0) end
  local failed = problem ~= nil and not result
  if failed then error(type(problem) == "table" and problem.kind and problem or tostring(problem), 0) end
  return result
end

--- Raises why a text cannot be used.
function change_store.refuse(owner, why, ...)
  error(("%s is not %s of these changes: %s. Restore it, or move it away to start again"):format(owner.name,
    owner.what, why:format(...)), 0)
end

local refuse = change_store.refuse

--- The text of the store; nil when there is none.
function change_store.load(owner)
  local text = change_store.ask(owner, "load")
  if text == nil or type(text) == "string" and text ~= "" then return text end
  return refuse(owner, text == "" and "it is empty" or "load returned " .. mistake.type_of(text))
end

--- A header as a line.
-- @param more fields that it has in addition
function change_store.header(owner, more)
  local header = { format = owner.format, version = VERSION, list = owner.list, arguments = owner.arguments,
    host = owner.host }
  for name, value in pairs(more) do header[name] = value end
  return core.json.encode(header) .. "\n"
end

-- The arguments of a list, for a message.
local function said(arguments) return arguments == "" and "none" or tostring(arguments) end

--- Reads a header. Raises what is wrong with it.
-- @param line without its end
-- @return its fields
function change_store.read_header(owner, line)
  local fine, header = pcall(core.json.decode, line)
  if not fine or type(header) ~= "table" or header.format ~= owner.format then
    refuse(owner, "its first line is not a header of such a file")
  end
  if header.version ~= VERSION then
    error(("%s was written by another version of this module (format %s, this one knows %d): update this one"):format(
      owner.name, tostring(header.version), VERSION), 0)
  end
  if header.list ~= owner.list then refuse(owner, "it is about %s, not %s", tostring(header.list), owner.list) end
  -- Another host has other items. All that are older than this state would be missed.
  if header.host ~= nil and header.host ~= owner.host then
    refuse(owner, "it is about %s, not %s", tostring(header.host), owner.host)
  end
  if header.arguments ~= owner.arguments then
    refuse(owner, "it was made with other arguments (%s, now %s)", said(header.arguments), said(owner.arguments))
  end
  return header
end

return change_store
