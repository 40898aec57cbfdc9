--- Journals of acceptances that were sent and have not been seen yet. An acceptance is written down before it is sent,
-- and deleted when it has been read back. A process that finds it in the journal reads back before sending it again.
--
-- A journal is a table with these methods:
--
--   claim(key, round)  writes down that the acceptance is about to be sent for the nth time -> true; false when
--                      another process has claimed this round, or the one before is not there any more; nil and a
--                      message when that cannot be written
--   last(key)          -> the last round and the Unix time of its claim; nil when there is none; nil, nil and a message
--                      when that cannot be read
--   done(key)          deletes all rounds. If it fails, the next call with the key reads back, and sends nothing
--
-- One of the script's own may also fail by raising an error, and may wait.
-- Three are here: in memory (one process), in a folder (all processes of a machine; it survives their end), and in one
-- of nginx's shared dictionaries (all workers; it survives a reload).

local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local mistake = require "ironclad.base.mistake"
local task = require "ironclad.loop.task"

local journal = {}

-- Seconds without a request about it after which an acceptance is deleted from memory.
local FORGOTTEN = 24 * 3600

local Memory = {}
Memory.__index = Memory

local function prune(entries, now)
  for key, entry in pairs(entries) do
    if math.abs(now - entry.time) > FORGOTTEN then entries[key] = nil end
  end
end

function Memory:claim(key, round)
  local entry, now = self.entries[key], os.time()
  if (entry and entry.round or 0) ~= round - 1 then return false end
  prune(self.entries, now)
  self.entries[key] = { round = round, time = now }
  return true
end

function Memory:last(key)
  local entry = self.entries[key]
  if entry then return entry.round, entry.time end
end

function Memory:done(key) self.entries[key] = nil end

--- A new journal in memory.
function journal.memory() return setmetatable({ entries = {} }, Memory) end

-- One file for each key. A claim appends a line "round time mark", and is won by the first line of its round: lines of
-- several processes do not mix (write(2) with O_APPEND), and a line that was cut off has no whole mark. The line and
-- the file's name are on the disk before anything is sent: a claim survives the machine's end.
local Folder = {}
Folder.__index = Folder

local MARK = 16 -- bytes, as twice as many hexadecimal digits

function Folder:path(key) return ("%s/%s.pending"):format(self.folder, core.sha256(key)) end

-- The claims of a key; nil and a message. Without a file there are no claims.
function Folder:lines(key)
  local file, message, code = io.open(self:path(key), "rb")
  if not file then return code == 2 and {} or nil, message end -- ENOENT: no such file
  local text, unreadable = file:read "*a"
  file:close()
  if not text then return nil, unreadable end
  local lines = {}
  for round, time, mark in text:gmatch "(%d+) (%d+) (%x+)\n" do
    if #mark == 2 * MARK then
      lines[#lines + 1] = { round = tonumber(round), time = tonumber(time), mark = mark }
    end
  end
  return lines
end

function Folder:claim(key, round)
  local mark = core.random_hex(MARK)
  -- The line break at the beginning ends a line that was cut off.
  local written, message = core.disk.append(self:path(key), ("\n%d %d %s\n"):format(round, os.time(), mark), true)
  if not written then return nil, message end
  local lines, unreadable = self:lines(key)
  if not lines then return nil, unreadable end
  local before, first = round == 1, nil
  for _, line in ipairs(lines) do
    before = before or line.round == round - 1
    if line.round == round then first = first or line.mark end
  end
  -- When the line is missing, another process has seen the acceptance and deleted the file meanwhile.
  return before and first == mark
end

function Folder:last(key)
  local lines, message = self:lines(key)
  if not lines then return nil, nil, message end
  local last
  for _, line in ipairs(lines) do
    if not last or line.round > last.round then last = line end
  end
  if last then return last.round, last.time end
end

function Folder:done(key) os.remove(self:path(key)) end

local Dictionary = {}
Dictionary.__index = Dictionary

local function entry_name(key, round) return ("acceptance\n%s\n%d"):format(key, round) end

function Dictionary:claim(key, round)
  local fine, message = self.dictionary:safe_add(entry_name(key, round), os.time(), FORGOTTEN)
  if fine then return round == 1 or self.dictionary:get(entry_name(key, round - 1)) ~= nil end
  if message == "exists" then return false end
  return nil, "the shared dictionary: " .. tostring(message)
end

function Dictionary:last(key)
  local round, time = 0, nil
  while true do
    local next_time = self.dictionary:get(entry_name(key, round + 1))
    if not next_time then break end
    round, time = round + 1, next_time
  end
  if time then return round, time end
end

function Dictionary:done(key)
  for round = self:last(key) or 0, 1, -1 do self.dictionary:delete(entry_name(key, round)) end
end

-- The script's own journal. What it raises must not hide what is known of an acceptance that has been sent.
local Own = {}
Own.__index = Own

function Own:claim(key, round)
  local fine, won, message = task.pcall(self.given.claim, self.given, key, round)
  if not fine then return nil, Error.text_of(won) end
  if won == nil and message == nil then message = "claim returned nothing" end
  return won, message
end

function Own:last(key)
  local fine, round, time, message = task.pcall(self.given.last, self.given, key)
  if not fine then return nil, nil, Error.text_of(round) end
  if round == nil then return nil, nil, message end
  if type(round) == "number" and type(time) == "number" then return round, time end
  return nil, nil, "last returned no round and time"
end

function Own:done(key) task.pcall(self.given.done, self.given, key) end

--- The journal of the argument `journal`.
-- @param given the path of a folder that exists, a shared dictionary (ngx.shared.NAME), or a table with the methods
--   above
function journal.of(label, given)
  if type(given) == "string" and given ~= "" then
    local folder, wrong = core.disk.absolute(given, true)
    if not folder then mistake.raise(label, "journal: %s", wrong) end
    return setmetatable({ folder = folder }, Folder)
  end
  if type(given) == "table" then
    if type(given.safe_add) == "function" then return setmetatable({ dictionary = given }, Dictionary) end
    for _, name in ipairs { "claim", "last", "done" } do
      if type(given[name]) ~= "function" then
        mistake.raise(label, "journal: expected the methods claim, last and done; it has no %s", name)
      end
    end
    return setmetatable({ given = given }, Own)
  end
  mistake.raise(label, "journal: expected the path of a folder, a shared dictionary or a journal, got %s",
    given == "" and "an empty string" or mistake.type_of(given))
end

return journal
