--- What a receiver remembers of the events that it has handled, so that a repeated delivery is not handled again. The
-- option `seen` is
--
--   "memory"               of this process (the default)
--   "file:PATH" or a path  a file, which the processes of this machine may share
--   "shared"               the shared Redis, for all machines (option `shared` of the client)
--   "shared:NAME"          one of nginx's shared dictionaries (lua_shared_dict), for all workers
--   a table with three functions, which fail by raising an error or by returning nil and a message. They may wait.
--
--     seen:claim(id)    "new": the caller has the event now, and must call done or release
--                       "busy": another caller has it
--                       "done": it has been handled
--     seen:done(id)     the event has been handled. It is remembered for a week, or as long as there is room
--     seen:release(id)  the event has not been handled: the next claim is "new" again
--
-- A claim ends with its process, and after an hour in any case.

local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"
local lazy = require "ironclad.base.lazy"
local redis = lazy "ironclad.shared.redis"

local seen = {}

local WEEK = 7 * 24 * 3600 -- seconds; Ironclad repeats a delivery for about 14 hours, Clickwrap for 24
local CLAIM = 3600 -- seconds; a process that has not finished by then was killed
local MOST = 100000 -- events that are remembered

-- Claims of this process: { [id] = when }.
local Claims = {}
Claims.__index = Claims

function Claims.take(self, id)
  local now, since = core.monotonic(), self[id]
  if since and now - since < CLAIM then return false end
  self[id] = now
  return true
end

---- memory ----

local Memory = { __name = "ironclad.seen.memory" }
Memory.__index = Memory

function Memory:claim(id)
  if self.recent[id] or self.older[id] then return "done" end
  return self.claims:take(id) and "new" or "busy"
end

-- Two tables take turns, so that the oldest events are forgotten without a list of their order.
function Memory:done(id)
  self.claims[id] = nil
  if self.count >= MOST / 2 then self.older, self.recent, self.count = self.recent, {}, 0 end
  self.recent[id], self.count = true, self.count + 1
  return true
end

function Memory:release(id)
  self.claims[id] = nil
  return true
end

local function memory()
  return setmetatable({ claims = setmetatable({}, Claims), recent = {}, older = {}, count = 0 }, Memory)
end

---- a file ----

-- The file has a head, then a line "ID TIME" for each event that was handled. Beside it PATH.lock has the claims: locks
-- on numbers made of the ids, which the system drops when their process ends. When the file has grown long, it is
-- rewritten without old events, under another head. A line is added with a line break before it, which ends a line
-- that a full disk or a crash has cut.

local File = { __name = "ironclad.seen.file" }
File.__index = File

local WRITING = 2 ^ 52 -- a process locks this number while it writes the file
local HEAD, HEAD_PATTERN = "ironclad-seen 1 %s\n", "^ironclad%-seen 1 %x+$"
local ENOENT = 2

function File:__tostring() return "ironclad.seen.file (" .. self.path .. ")" end

-- The name of an event in the file: its id, or, when that would not be one word of a line, its digest. Clickwrap's ids
-- are any text.
local function word_of(id) return id:find "^[!-~]+$" and #id <= 200 and id or "sha256:" .. core.sha256(id) end

-- A number below WRITING. Ids with the same number would wait for each other.
local function number_of(id) return tonumber(core.sha256(id):sub(1, 12), 16) end

local function read_line(self, line)
  local id, time = line:match "^(%S+) (%d+)$"
  if not id then return end -- a line that was cut
  if not self.known[id] then self.count = self.count + 1 end
  self.known[id] = tonumber(time)
end

-- The first line of the file, and the file, open; false when there is no file or it is empty; nil and a message when it
-- cannot be read or is another file.
local function open_file(path)
  local file, problem, code = io.open(path, "rb")
  if not file and code == ENOENT then return false end
  if not file then return nil, problem end
  local head, unreadable = file:read "*l"
  if head and head:find(HEAD_PATTERN) then return head, file end
  file:close()
  if unreadable then return nil, ("%s: %s"):format(path, unreadable) end
  if not head then return false end
  return nil, path .. " is another file: it does not begin as a file of handled events does; choose another path"
end

-- Reads what has been added to the file since the last time -> true; nil and a message; "gone" when there is no file
-- any more, or an empty one: what is known stays.
local function refresh(self)
  local head, file = open_file(self.path)
  if head == nil then return nil, file end
  if not head then return "gone" end
  if head ~= self.head then self.head, self.known, self.count, self.place = head, {}, 0, #head + 1 end
  local size, text, problem = file:seek "end", nil, nil
  if size < self.place then self.place = #head + 1 end -- it was cut
  if size > self.place then
    file:seek("set", self.place)
    text, problem = file:read "*a"
  end
  file:close()
  if problem then return nil, ("%s: %s"):format(self.path, problem) end
  local whole = text and text:match "^.*\n" or ""
  for line in whole:gmatch "[^\n]+" do read_line(self, line) end
  self.place = self.place + #whole
  return true
end

-- Rewrites the file with nothing older than a week, and at most half of the events that it may hold.
local function write_anew(self)
  local kept, oldest = {}, os.time() - WEEK
  for id, time in pairs(self.known) do
    if time >= oldest then kept[#kept + 1] = { id = id, time = time } end
  end
  table.sort(kept, function(a, b) return a.time > b.time end)
  local lines = { HEAD:format(core.random_hex(8)) }
  for i = math.min(#kept, MOST / 2), 1, -1 do lines[#lines + 1] = ("%s %.0f\n"):format(kept[i].id, kept[i].time) end
  return core.disk.write(self.path, table.concat(lines))
end

-- Reads what is new, and writes the file anew when it is gone, or has grown long.
local function prepare(self)
  local there, problem = refresh(self)
  if not there then return nil, problem end
  if there == "gone" or self.count >= MOST then return write_anew(self) end
  return true
end

-- Runs work() while no other process writes the file.
local function while_writing(self, work)
  if not self.locks:wait(WRITING) then return nil, "cannot lock " .. self.path .. ".lock" end
  local fine, result, problem = pcall(work)
  self.locks:drop(WRITING)
  if not fine then return nil, result end
  return result, problem
end

function File:claim(id)
  id = word_of(id)
  if self.known[id] then return "done" end
  if not self.claims:take(id) then return "busy" end
  local problem
  if self.locks:take(number_of(id)) then
    local fine, read, why = pcall(refresh, self)
    if fine and read and not self.known[id] then return "new" end
    problem = not fine and read or why -- memory may have run out
    self.locks:drop(number_of(id))
  end
  self.claims[id] = nil
  if problem then return nil, problem end
  return self.known[id] and "done" or "busy"
end

function File:done(id)
  id = word_of(id)
  if self.known[id] then return self:release(id) end
  local time = os.time()
  local written, problem = while_writing(self, function()
    local ready, why = prepare(self)
    if not ready then return nil, why end
    return core.disk.append(self.path, ("\n%s %d\n"):format(id, time))
  end)
  -- This process knows it also when it could not be written.
  if not self.known[id] then self.known[id], self.count = time, self.count + 1 end
  self:release(id)
  return written, problem
end

function File:release(id)
  id = word_of(id)
  self.claims[id] = nil
  self.locks:drop(number_of(id))
  return true
end

-- One object for each path, so that several receivers of this process share their claims.
local kept = core.kept()
kept.seen_files = kept.seen_files or setmetatable({}, { __mode = "v" })
local files = kept.seen_files

local function file_at(label, given)
  local path, wrong = core.disk.absolute(given)
  if not path then mistake.raise(label, "seen: %s", wrong) end
  if files[path] then return files[path] end
  local self = setmetatable({ path = path, claims = setmetatable({}, Claims), known = {}, count = 0, place = 0 }, File)
  local ready, problem = refresh(self) -- before anything is made beside another file
  if ready then self.locks, problem = core.disk.claims(path .. ".lock") end
  if self.locks then ready, problem = while_writing(self, function() return prepare(self) end) end
  if not ready or not self.locks then mistake.raise(label, "seen: %s", problem) end
  files[path] = self
  return self
end

---- a shared dictionary of nginx ----

local Shared = { __name = "ironclad.seen.shared" }
Shared.__index = Shared

local PREFIX, DONE = "seen:", "done"

function Shared:claim(id)
  local key, mine = PREFIX .. id, tostring(ngx.worker.pid())
  for _ = 1, 2 do
    local added, problem = self.dictionary:add(key, mine, CLAIM)
    if added then return "new" end
    if problem ~= "exists" then return nil, ("lua_shared_dict %s: %s"):format(self.name, problem) end
    local value = self.dictionary:get(key)
    if value == DONE then return "done" end
    if value and core.disk.alive(tonumber(value)) then return "busy" end
    if value then self.dictionary:delete(key) end -- its worker has ended
  end
  return "busy"
end

function Shared:done(id)
  local set, problem = self.dictionary:set(PREFIX .. id, DONE, WEEK)
  if not set then return nil, ("lua_shared_dict %s: %s"):format(self.name, problem) end
  return true
end

function Shared:release(id)
  self.dictionary:delete(PREFIX .. id)
  return true
end

local function shared(label, name)
  local dictionary = rawget(_G, "ngx") and ngx.shared and ngx.shared[name]
  if not dictionary then
    mistake.raise(label, rawget(_G, "ngx") and
      ("seen: there is no dictionary %q: add `lua_shared_dict %s 10m;` to nginx's http block"):format(name, name)
      or "seen: a shared dictionary is for nginx; elsewhere give a file")
  end
  return setmetatable({ dictionary = dictionary, name = name }, Shared)
end

---- the option ----

local functions = { "claim", "done", "release" }

local function check_table(label, given)
  for _, name in ipairs(functions) do
    if type(given[name]) ~= "function" then
      mistake.raise(label, "seen: expected functions claim, done and release, has no %s", name)
    end
  end
  return given
end

--- The object for the option `seen`. Raises a mistake when the option is wrong.
-- @param label of the mistake
-- @param given the option; nil: memory
-- @param client whose shared Redis is meant
-- @return an object with claim, done and release
function seen.open(label, given, client)
  if given == nil or given == "memory" then return memory() end
  if given == "shared" then
    redis.check(label, "seen", client)
    return lazy.load("ironclad.shared.seen").open(client)
  end
  if type(given) == "table" then return check_table(label, given) end
  if type(given) ~= "string" or given == "" then
    mistake.raise(label, "seen: expected memory, file:PATH, shared, shared:NAME or a table, got %s",
      given == "" and "an empty string" or mistake.type_of(given))
  end
  local kind, rest = given:match "^(%a+):(.+)$"
  if kind == "shared" then return shared(label, rest) end
  if kind == "file" then return file_at(label, rest) end
  if given:find("/", 1, true) then return file_at(label, given) end
  return mistake.raise(label, "seen: expected memory, file:PATH, shared, shared:NAME or a table, got %q", given)
end

return seen
