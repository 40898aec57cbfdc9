--- What a change trigger remembers between two runs: the time before which everything has been handled, and the items
-- that were handled since then.
--
-- It is kept as lines of text. The first is a header, as JSON; each other line is one item: ["id",time,from]. A line is
-- added when an item has been handled. Now and then the whole text is replaced by a shorter one. A process that dies
-- while a line is added leaves a part of it, without its end of line; that item is then not handled yet.
--
-- The text is kept by a store (change_store). Times are whole milliseconds since 1970, on Ironclad's clock.

local change_store = require "ironclad.events.change_store"
local core = require "ironclad.core"

local change_state = {}

local ask, refuse = change_store.ask, change_store.refuse

local GONE = -1 -- the time in the line of a deleted item
local FEWEST = 1000 -- lines that are added before the text is replaced

local State = {}
State.__index = State

--- A state that has not been loaded.
-- @param list the list's name in the header: "records"
-- @param arguments text that says which of the list's items are wanted. A state of other items is refused
-- @param host where the list is, as "https://na1.ironcladapp.com". A state of another host is refused
function change_state.new(store, list, arguments, host)
  return setmetatable({
    store = store, name = store.name or "the state", what = "the state", format = "ironclad changes",
    list = list, arguments = arguments, host = host,
    from = false, seen = {}, count = 0, gone = {}, added = 0, locked = false, known = false,
  }, State)
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

local function read_header(self, line)
  local header = change_store.read_header(self, line)
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
  local number, at = 0, 1
  while true do
    local stop = text:find("\n", at, true)
    if not stop then break end
    number = number + 1
    local line = text:sub(at, stop - 1)
    if number == 1 then self.from = read_header(self, line) else read_line(self, line, number) end
    at = stop + 1
  end
  if number == 0 then refuse(self, "its first line is not a header of such a file") end
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
  local text = change_store.load(self)
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
  local lines = { change_store.header(self, { from = self.from }) }
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
