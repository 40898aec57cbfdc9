--- An inbox on the disk: events that have been received, and are handled later. A folder has
--
--   new/NAME.json    events that wait to be handled
--   dead/NAME.json   events that have been given up: every try failed
--
-- NAME is made of the event's id, so that an event that comes twice is one file. A file is written beside its name,
-- synced (fsync) and renamed. The process that handles an event has a lock on its file, which ends with the process. So
-- several processes may share an inbox, and an event whose process was killed is handled again.
--
-- What has become of an event may not go onto the disk, because it is full or cannot be written to. Then this process
-- keeps the lock, and tries that again every AGAIN seconds: the event is not handled meanwhile.
--
-- The option `inbox` of a receiver is the path of such a folder, "shared" for an inbox in the shared Redis
-- (ironclad.shared.inbox), or a table with these functions. They fail by returning nil and a message, and may wait.
--
--   inbox:put(id, text)          keeps an event. Returns when it is safe. Putting it again changes nothing
--   inbox:take()                 the next event that is due, { id =, text =, tries =, received = }, which no other
--                                caller gets until done or fail; nil and the seconds until the next is due (nil:
--                                there is none); on failure nil, nil and a message
--   inbox:done(item)             it has been handled: removes it
--   inbox:fail(item, message)    it has not: "retry", or "dead" when it is given up
--   inbox:list()                 all events: { { id =, state = "waiting" or "dead", received =, tries =, next_try =,
--                                error =, event = }, … }, the oldest first
--   inbox:retry(id)              one of these is due now, with all tries again
--   inbox:remove(id)             it is removed

local core = require "ironclad.core"
local disk = require "ironclad.events.disk"
local check_calls = require "ironclad.events.inbox_calls"
local mistake = require "ironclad.base.mistake"
local screen = require "ironclad.base.screen"
local lazy = require "ironclad.base.lazy"
local redis = lazy "ironclad.shared.redis"

local inbox = {}

local TRIES = 10 -- until an event is given up
local PAUSE, LONGEST = 10, 3600 -- seconds before the second try; it doubles up to the longest
local AGAIN = 10 -- seconds until what has become of an event is written again
local UNSETTLED_MOST = 16 -- events that wait for that. Each has an open file; with so many, no other event is taken
local ENOENT = 2

local Folder = { __name = "ironclad.inbox" }
Folder.__index = Folder

function Folder:__tostring() return "ironclad.inbox (" .. self.path .. ")" end

local function name_of(id) return core.sha256(id):sub(1, 40) .. ".json" end

local function path_of(self, state, name) return self.path .. "/" .. state .. "/" .. name end

local types = { id = "string", text = "string", received = "number", tries = "number", next_try = "number" }

local function is_item(item)
  if type(item) ~= "table" then return false end
  for name, kind in pairs(types) do
    local value = item[name]
    if type(value) ~= kind then return false end
    if kind == "number" and (value ~= value or math.abs(value) == math.huge) then return false end
  end
  return true
end

-- The event of a file; nil when there is no file; false and a message when it is not one that `write` has written under
-- this name.
local function read(path)
  local file, problem, code = io.open(path, "rb")
  if not file and code == ENOENT then return nil end
  local text
  if file then
    text, problem = file:read "*a"
    file:close()
  end
  local item = text and core.json.decode(text)
  if is_item(item) and path:match "[^/]*$" == name_of(item.id) then return item end
  return false, ("%s is damaged: %s"):format(path, problem or "it does not hold the event that its name stands for")
end

-- Whether a file has a name that name_of makes. Others in the folder are not the inbox's.
local function is_own(name) return #name == 45 and name:find "^%x+%.json$" ~= nil end

local function write(self, state, item)
  return disk.write(path_of(self, state, name_of(item.id)), core.json.encode {
    id = item.id, text = item.text, received = item.received, tries = item.tries, next_try = item.next_try,
    error = item.error,
  })
end

-- What is kept of an event that waits: { name =, received =, next_try =, tries = }.
local function described_file(name, item)
  return { name = name, received = item.received, next_try = item.next_try, tries = item.tries }
end

-- The events that wait, the oldest first, as described_file has them. Only files that this process has not read yet
-- are read. self.news is about those that are damaged, each once.
local function waiting(self)
  local names, problem = core.disk.list(self.path .. "/new")
  if not names then return nil, problem end
  local index, list, damaged = {}, {}, {}
  for _, name in ipairs(names) do
    local about = self.index[name]
    if not about and is_own(name) then
      local item, wrong = read(path_of(self, "new", name))
      about = item and described_file(name, item) or nil
      damaged[name] = wrong
      if wrong and not self.damaged[name] then self.news = (self.news and self.news .. "; " or "") .. wrong end
    end
    index[name] = about
    list[#list + 1] = about
  end
  table.sort(list, function(a, b)
    if a.received ~= b.received then return a.received < b.received end
    return a.name < b.name
  end)
  self.index, self.damaged = index, damaged
  return list
end

-- Locks a file of new/ and reads it; nil when it was removed or another process has it.
local function lock(self, name)
  local path = path_of(self, "new", name)
  if self.taken[name] then return nil end
  local held = core.disk.lock(path)
  if not held then return nil end
  local item = read(path)
  if not item then
    held:release()
    return nil
  end
  item.lock, item.name = held, name
  self.taken[name] = true
  return item
end

local function unlock(self, item)
  self.taken[item.name] = nil
  item.lock:release()
end

-- JSON cannot hold a text with invalid UTF-8, which Ironclad would not send. It is kept in the form that decoding it
-- gave.
local function printable(text)
  return pcall(core.json.encode, text) and text or core.json.encode((core.json.decode(text)))
end

function Folder:put(id, text)
  local name = name_of(id)
  if read(path_of(self, "new", name)) or read(path_of(self, "dead", name)) then return true end
  local now = self.clock()
  self.last = math.max(now, self.last + 0.000001) -- no two are received at the same time
  return write(self, "new", { id = id, text = printable(text), received = self.last, tries = 0, next_try = now })
end

-- The pause before the next try, in seconds.
local function pause_of(self, tries) return tries > 0 and math.min(self.pause * 2 ^ (tries - 1), LONGEST) or 0 end

-- The seconds until an event is due. More than its pause says that the clock has been set back.
local function left(self, about, now)
  local seconds = about.next_try - now
  return seconds <= pause_of(self, about.tries) and math.max(0, seconds) or 0
end

-- The next of self.queue that is due; nil and the seconds until the next one.
local function next_due(self)
  local now, soonest = self.clock(), nil
  while self.queue[self.at] do
    local about = self.queue[self.at]
    self.at = self.at + 1
    local item = left(self, about, now) == 0 and lock(self, about.name)
    if item and left(self, item, now) == 0 then return item end
    if item then -- another process has tried it
      about.next_try, about.tries = item.next_try, item.tries
      unlock(self, item)
    end
    local seconds = left(self, about, now)
    if seconds > 0 then soonest = math.min(soonest or math.huge, seconds) end
  end
  return nil, soonest
end

-- Does the last step of an event, which writes what has become of it: step(self, item) -> true; nil and a message. An
-- event whose step has failed stays locked.
local function settle(self, item, step)
  local fine, problem = step(self, item)
  if not fine then
    self.unsettled[item.name] = { item = item, step = step, due = self.clock() + AGAIN }
    return nil, problem
  end
  self.unsettled[item.name] = nil
  unlock(self, item)
  return true
end

-- Does the steps again that have failed and are due -> how many are left, the seconds until the next is due, and why
-- one has failed now.
local function settle_again(self)
  local now, due = self.clock(), {}
  for _, entry in pairs(self.unsettled) do
    local seconds = entry.due - now
    if seconds <= 0 or seconds > AGAIN then due[#due + 1] = entry end -- more: the clock has been set back
  end
  local count, soonest, problem = 0, nil, nil
  for _, entry in ipairs(due) do
    entry.due = now + AGAIN -- other consumers leave it alone meanwhile
    local fine, why = settle(self, entry.item, entry.step)
    if not fine then problem = why end
  end
  for _, entry in pairs(self.unsettled) do
    count, soonest = count + 1, math.min(soonest or math.huge, math.max(0, entry.due - now))
  end
  return count, soonest, problem
end

-- The folder is listed again only when all that was in it has been taken.
function Folder:take()
  local unsettled, again, failed = settle_again(self)
  if unsettled >= UNSETTLED_MOST then return nil, again, failed end
  local item = next_due(self)
  if item then return item end
  local list, problem = waiting(self)
  if not list then return nil, nil, problem end
  self.queue, self.at = list, 1
  local next_item, soon = next_due(self)
  if next_item then return next_item end
  local news = self.news
  self.news = nil
  return nil, again and math.min(again, soon or again) or soon, news
end

local function drop(self, item)
  local removed, problem = disk.remove(path_of(self, "new", item.name))
  if removed then self.index[item.name] = nil end
  return removed, problem
end

local function give_up(self, item)
  local written, problem = write(self, "dead", item)
  if not written then return nil, problem end
  return drop(self, item)
end

local function keep(self, item)
  local written, problem = write(self, "new", item)
  if written then self.index[item.name] = described_file(item.name, item) end
  return written, problem
end

function Folder:done(item) return settle(self, item, drop) end

function Folder:fail(item, message)
  item.tries, item.error = item.tries + 1, screen.clean(message, true) -- JSON holds nothing but UTF-8
  local dead = item.tries >= self.tries
  item.next_try = self.clock() + pause_of(self, item.tries)
  local fine, problem = settle(self, item, dead and give_up or keep)
  if not fine then return nil, problem end
  return dead and "dead" or "retry"
end

local function described(item, state)
  return { id = item.id, state = state, received = item.received, tries = item.tries, error = item.error,
    next_try = state == "waiting" and item.next_try or nil, event = core.json.decode(item.text) }
end

function Folder:list()
  local all = {}
  for _, place in ipairs { { "new", "waiting" }, { "dead", "dead" } } do
    local names, problem = core.disk.list(self.path .. "/" .. place[1])
    if not names then return nil, problem end
    for _, name in ipairs(names) do
      local item, wrong
      if is_own(name) then item, wrong = read(path_of(self, place[1], name)) end
      if item then
        all[#all + 1] = described(item, place[2])
      elseif wrong then
        all[#all + 1] = { id = name:match "%x+", state = "dead", received = 0, tries = 0, error = wrong }
      end
    end
  end
  table.sort(all, function(a, b) return a.received < b.received end)
  return all
end

-- The path of a damaged file, and what is wrong with it. `id` is that of its event, or its name, as list() says.
local function damaged_file(self, id)
  for _, name in ipairs { name_of(id), id .. ".json" } do
    for _, state in ipairs { "dead", "new" } do
      local path = path_of(self, state, name)
      if is_own(name) then
        local _, wrong = read(path)
        if wrong then return path, wrong end
      end
    end
  end
end

-- What retry and remove return when there is no such event.
local function none(id) return nil, "the inbox has no event " .. id .. " that waits" end

function Folder:retry(id)
  local name = name_of(id)
  local dead = read(path_of(self, "dead", name))
  local item = dead or lock(self, name)
  if not item then
    local path, wrong = damaged_file(self, id)
    if path then return nil, wrong end
    return none(id)
  end
  item.tries, item.next_try, item.error = 0, self.clock(), nil
  local written, problem = write(self, "new", item)
  self.index[name] = nil
  if item.lock then unlock(self, item) end
  if not written or not dead then return written, problem end
  return disk.remove(path_of(self, "dead", name))
end

function Folder:remove(id)
  local name = name_of(id)
  local dead = read(path_of(self, "dead", name))
  local item = not dead and lock(self, name)
  if not dead and not item then
    local path = damaged_file(self, id)
    if path then return disk.remove(path) end
    return none(id)
  end
  local removed, problem = disk.remove(path_of(self, dead and "dead" or "new", name))
  if item then unlock(self, item) end
  self.index[name] = nil
  return removed, problem
end

check_calls(Folder)
mistake.guard_all_waiting(Folder)

local function folder_at(label, given, options)
  local path, wrong = core.disk.absolute(given, true)
  if not path then mistake.raise(label, "inbox: %s", wrong) end
  for _, state in ipairs { "new", "dead" } do
    local made, problem = core.disk.make_folder(path .. "/" .. state)
    if not made then mistake.raise(label, "inbox: %s", problem) end
  end
  return setmetatable({ path = path, index = {}, damaged = {}, queue = {}, at = 1, taken = {}, unsettled = {}, last = 0,
    tries = options.tries or TRIES, pause = options.pause or PAUSE, clock = core.wall_time }, Folder)
end

local functions = { "put", "take", "done", "fail", "list", "retry", "remove" }

--- The inbox for the option `inbox`. Raises a mistake when the option is wrong.
-- @param label of the mistake
-- @param given the option
-- @param client whose shared Redis is meant
-- @param options tries (10): how often an event is tried until it is given up; pause (10): seconds before the second
--   try
-- @return an object with the functions above
function inbox.open(label, given, options, client)
  if given == "shared" then
    redis.check(label, "inbox", client)
    return lazy.load("ironclad.shared.inbox").open(client, options)
  end
  if type(given) == "string" and given ~= "" then return folder_at(label, given, options) end
  if type(given) ~= "table" then
    mistake.raise(label, "inbox: expected the path of a folder or a table, got %s",
      given == "" and "an empty string" or mistake.type_of(given))
  end
  for _, name in ipairs(functions) do
    if type(given[name]) ~= "function" then mistake.raise(label, "inbox: expected functions, has no %s", name) end
  end
  return given
end

return inbox
