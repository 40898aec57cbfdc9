--- The ids of a list as they were at the last reconciliation of a change trigger: those that are missing at the next
-- one have gone. After the header comes a line for each id. The header has their count, so that a text of which a part
-- is missing is refused: the ids of that part would never be missed.

local change_store = require "ironclad.events.change_store"
local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local sorted_names = require("ironclad.base.names").sorted

local change_ids = {}

local ask, refuse = change_store.ask, change_store.refuse

local Ids = {}
Ids.__index = Ids

--- Ids that are not loaded.
-- @param store, list, arguments, host as those of a state (change_state.new)
function change_ids.new(store, list, arguments, host)
  return setmetatable({ store = store, name = store.name or "state.ids", what = "the ids", list = list,
    format = "ironclad change ids", arguments = arguments, host = host, last = false, locked = false }, Ids)
end

--- Takes the lock. Raises an error when another process has it, one that may pass when that is another machine.
function Ids:lock()
  if not self.store.lock then return end
  self.locked = ask(self, "lock") ~= false
  if self.locked then return end
  local message = self.name .. " is in use by another process"
  if not self.store.waits then error(message, 0) end
  error(Error.new { kind = "store", message = message, outcome = "not_done", retryable = true, attempts = 0 }, 0)
end

function Ids:unlock()
  if self.locked and self.store.unlock then pcall(self.store.unlock) end
  self.locked = false
end

-- An id as a line, and back. One that would not be one line is JSON.
local function line_of(id) return (id:find '^["{]' or id:find "[%z\1-\31]") and core.json.encode(id) or id end

local function id_of(line) return line:find '^"' and core.json.decode(line) or line end

local function read_text(self, text)
  local first, ids = text:match "^[^\n]*", {}
  local headed = first:find("{", 1, true) == 1
  local header = headed and change_store.read_header(self, first) -- a version before this one wrote none
  for line in text:sub(headed and #first + 1 or 1):gmatch "[^\n]+" do ids[#ids + 1] = id_of(line) end
  if header and (header.count ~= #ids or text:sub(-1) ~= "\n") then
    refuse(self, "it has %d ids, and its header says %s", #ids, tostring(header.count))
  end
  return ids
end

--- The ids of the last reconciliation: of this loop, if the store has lost them. Raises an error when they cannot be
-- read, are damaged or belong to something else.
-- @return a list
function Ids:load()
  local text = change_store.load(self) or self.last
  return text and read_text(self, text) or {}
end

--- Saves the ids of this reconciliation.
-- @param present a set
function Ids:save(present)
  local lines = sorted_names(present)
  local count = #lines
  for i, id in ipairs(lines) do lines[i] = line_of(id) .. "\n" end
  self.last = change_store.header(self, { count = count }) .. table.concat(lines)
  ask(self, "save", self.last)
end

return change_ids
