--- What a change trigger remembers between two runs: the time before which everything has been handled, and the items
-- that were handled since then.
--
-- It is kept as lines of text. The first is a header, as JSON; each other line is one item: ["id",time,from]. A line is
-- added when an item has been handled. Now and then the whole text is replaced by a shorter one. A process that dies
-- while a line is added leaves a part of it, without its end of line; that item is then not handled yet.
--
-- The text is kept by a store: a table with the functions
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
-- A function fails by raising an error, or by returning nil (load: false) and a message. Times are whole milliseconds
-- since 1970, on Ironclad's clock.

local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"

local change_state = {}

local FORMAT, VERSION = "ironclad changes", 1
local GONE = -1 -- the time in the line of a deleted item
local FEWEST = 1000 -- lines that are added before the text is replaced

--- A store in a file that only this user can read, with the lock file PATH.lock.
-- @return the store; nil and a message
function change_state.file(path)
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
function change_state.objection(store)
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

local State = {}
State.__index = State

--- A state that has not been loaded.
-- @param list the list's name in the header: "records"
-- @param arguments text that says which of the list's items are wanted. A state of other items is refused
-- @param host where the list is, as "https://na1.ironcladapp.com". A state of another host is refused
function change_state.new(store, list, arguments, host)
  return setmetatable({
    store = store, name = store.name or "the state", list = list, arguments = arguments, host = host,
    from = false, seen = {}, count = 0, gone = {}, added = 0, locked = false, known = false,
  }, State)
end

-- Calls a function of the store. Raises what goes wrong as text.
local function ask(self, name, ...)
  local fine, result, problem = pcall(self.store[name], ...)
  if not fine then error(tostring(result), 0) end
  local failed = problem ~= nil and not result
  if failed then error(type(problem) == "table" and problem.kind and problem or tostring(problem), 0) end
  return result
end

--- Extends the lock of a store whose lock expires. Raises an error when the lock is lost.
function State:keep()
  if self.locked and self.store.keep then ask(self, "keep") end
end

local function clear(self)
  self.from, self.seen, self.count, self.gone, self.added = false, {}, 0, {}, 0
end

--- Locks and loads the state again. What is known now is used if the store has lost it.
function State:reset()
  if self.from then self.known = { from = self.from, seen = self.seen, count = self.count, gone = self.gone } end
  clear(self)
  self.locked = false
end

function State:unlock()
  if self.locked and self.store.unlock then pcall(self.store.unlock) end
  self.locked = false
end

local function refuse(self, why, ...)
  error(("%s is not the state of these changes: %s. Restore it, or move it away to start again"):format(self.name,
    why:format(...)), 0)
end

-- The arguments of a list, for a message.
local function said(arguments) return arguments == "" and "none" or tostring(arguments) end

local function read_header(self, line)
  local fine, header = pcall(core.json.decode, line)
  if not fine or type(header) ~= "table" or header.format ~= FORMAT then
    refuse(self, "its first line is not a header of such a file")
  end
  if header.version ~= VERSION then
    error(("%s was written by another version of this module (format %s, this one knows %d): update this one"):format(
      self.name, tostring(header.version), VERSION), 0)
  end
  if header.list ~= self.list then refuse(self, "it is about %s, not %s", tostring(header.list), self.list) end
  -- Another host has other items. All that are older than this state would be missed.
  if header.host ~= nil and header.host ~= self.host then
    refuse(self, "it is about %s, not %s", tostring(header.host), self.host)
  end
  if header.arguments ~= self.arguments then
    refuse(self, "it was made with other arguments (%s, now %s)", said(header.arguments), said(self.arguments))
  end
  if type(header.from) ~= "number" then refuse(self, "its header has no time") end
  return math.floor(header.from)
end

local function remember(self, id, time)
  if not self.seen[id] then self.count = self.count + 1 end
  self.seen[id] = time
end

local function read_line(self, line, number)
  local fine, entry = pcall(core.json.decode, line)
  if not fine or type(entry) ~= "table" or type(entry[1]) ~= "string" or type(entry[2]) ~= "number"
    or type(entry[3]) ~= "number" then
    refuse(self, "line %d is damaged", number)
  end
  if entry[2] == GONE then self.gone[entry[1]] = true else remember(self, entry[1], entry[2]) end
  self.from = math.max(self.from, math.floor(entry[3]))
end

-- Forgets items that are older than `from`: they are not looked at again.
local function forget_old(self)
  local kept, count = {}, 0
  for id, time in pairs(self.seen) do
    if time >= self.from then kept[id], count = time, count + 1 end
  end
  self.seen, self.count = kept, count
end

local function read_text(self, text)
  if type(text) ~= "string" then refuse(self, "load returned %s", mistake.type_of(text)) end
  local number, at = 0, 1
  while true do
    local stop = text:find("\n", at, true)
    if not stop then break end
    number = number + 1
    local line = text:sub(at, stop - 1)
    if number == 1 then self.from = read_header(self, line) else read_line(self, line, number) end
    at = stop + 1
  end
  if number == 0 then refuse(self, text == "" and "it is empty" or "its first line is not a header of such a file") end
  self.torn = at <= #text -- the last line has no end
  forget_old(self)
end

-- Remembers the state of the process that has the lock.
local function peek(self)
  local text = ask(self, "peek")
  if not text then return end
  read_text(self, text)
  self:reset()
end

--- Takes the lock. Raises a text when another process has it, unless `waits` is true.
-- @return true; false when another process has it. If that is another machine, what it has saved is known now
function State:lock(waits)
  if not self.store.lock or self.locked then return true end
  if ask(self, "lock") == false then
    if self.store.waits then
      peek(self)
      return false
    end
    if waits then return false end
    error(("%s is in use: another process, or another loop of this one, looks for changes with it. "
      .. "Wait for its end, or give each a state of its own"):format(self.name), 0)
  end
  self.locked = true
  return true
end

-- Uses what was known before a reset: the store may have lost its text, or have an older one. -> whether that was more
local function add_known(self, lost)
  local known, more = self.known, lost
  self.known = false
  if not self.from or self.from < known.from then self.from, more = known.from, true end
  for id, time in pairs(known.seen) do
    if time >= self.from and (not self.seen[id] or self.seen[id] < time) then
      remember(self, id, time)
      more = true
    end
  end
  if lost then self.gone = known.gone end
  return more
end

--- Loads the state. Raises a text when it cannot be read, is damaged or belongs to something else.
-- @return whether there was one
function State:load()
  local text = ask(self, "load")
  if text ~= nil then read_text(self, text) end
  if text == nil and not self.known then return false end
  if self.known and add_known(self, text == nil) then self:save() end
  return true
end

local function line_of(id, time, from)
  if id:find "[^%w_-]" then id = core.json.encode(id) else id = '"' .. id .. '"' end
  return ("[%s,%.0f,%.0f]\n"):format(id, time, from)
end

--- Saves the whole state, as short as it can be.
function State:save()
  forget_old(self)
  local lines = { core.json.encode { format = FORMAT, version = VERSION, list = self.list, arguments = self.arguments,
    host = self.host, from = self.from } .. "\n" }
  for id, time in pairs(self.seen) do lines[#lines + 1] = line_of(id, time, self.from) end
  for id in pairs(self.gone) do lines[#lines + 1] = line_of(id, GONE, self.from) end
  ask(self, "save", table.concat(lines))
  self.added, self.torn = 0, false
end

-- Adds one line, or replaces the text when many lines were added.
local function add(self, id, time)
  self.added = self.added + 1
  if not self.store.append or self.torn or self.added > math.max(FEWEST, self.count) then return self:save() end
  if ask(self, "append", line_of(id, time, self.from)) == "gone" then self:save() end
end

--- From now on the store keeps what it has, and its lock: for a caller that writes its items to where they belong only
-- at the end.
-- @return function(handled), which ends this; with `handled` what was recorded meanwhile is saved
function State:hold()
  local store = self.store
  local function nothing() return true end
  self.store = setmetatable({ save = nothing, append = nothing, unlock = nothing }, { __index = store })
  return function(handled)
    self.store = store
    local fine, problem = pcall(function() return handled and self:save() end)
    if store.unlock then pcall(store.unlock) end
    if not fine then error(problem, 0) end
  end
end

--- Records that an item has been handled.
-- @param from the time before which everything has been, too
function State:handled(id, time, from)
  remember(self, id, time)
  self.from = math.max(self.from, from)
  add(self, id, time)
end

--- Records that the script has been given the deletion of an item.
function State:handled_gone(id)
  self.gone[id] = true
  add(self, id, GONE)
end

--- Whether this item is not older than what is remembered, and has not been handled since it changed.
function State:is_new(id, time) return time >= self.from and self.seen[id] ~= time end

return change_state
