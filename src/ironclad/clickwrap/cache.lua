--- The cache of cw:accepted. It holds only that a signer has accepted all contracts of a group. When terms are still to
-- be accepted, Clickwrap is asked each time.
--
-- The entries of a signer are one value of a store: a table in memory, or one of nginx's shared dictionaries. Each
-- entry has the marks of the site and of its group at the time when Clickwrap was asked. To forget a group, its mark is
-- replaced, so that its entries no longer count. A mark that is missing, because the store was full, is replaced too:
-- the entries are then useless, and Clickwrap is asked again. A signer that is forgotten has a mark among the entries,
-- so that an answer is not kept for which Clickwrap was asked before that.

local core = require "ironclad.core"

local cache = {}

-- A store in memory with the functions of a shared dictionary that are used here. When the younger half is full, it
-- becomes the older half, and the values of the previous older half that were not used since are dropped.
local HALF = 5000 -- values

local Memory = {}
Memory.__index = Memory

function Memory:get(name)
  local entry = self.young[name] or self.old[name]
  if not entry or (entry.ends and os.time() >= entry.ends) then return nil end
  if not self.young[name] then self:put(name, entry) end
  return entry.value
end

function Memory:put(name, entry)
  if not self.young[name] then
    if self.count >= self.half then self.young, self.old, self.count = {}, self.young, 0 end
    self.count = self.count + 1
  end
  self.young[name] = entry
end

function Memory:set(name, value, seconds)
  self:put(name, { value = value, ends = seconds and os.time() + seconds })
  return true
end

function Memory:add(name, value)
  if self:get(name) ~= nil then return false, "exists" end
  return self:set(name, value)
end

function Memory:delete(name)
  if self.young[name] then self.count = self.count - 1 end
  self.young[name], self.old[name] = nil, nil
end

--- A new store in memory.
-- @param half it holds at most twice as many values; default: HALF
function cache.memory(half)
  return setmetatable({ young = {}, old = {}, count = 0, half = half or HALF }, Memory)
end

--- What is wrong with a store, or nil.
function cache.objection(store)
  for _, name in ipairs { "get", "set", "add", "delete" } do
    if type(store) ~= "table" or type(store[name]) ~= "function" then
      return "expected a shared dictionary (ngx.shared.NAME), or a table with get, set, add and delete, got "
        .. (type(store) == "table" and "a table without " .. name or "a " .. type(store))
    end
  end
end

local Cache = {}
Cache.__index = Cache

-- The name of a signer's mark among the entries, and the seconds for which it stays there: longer than an answer takes.
local MARK, KEPT = "", 24 * 3600

--- A cache.
-- @param store a shared dictionary or cache.memory()
-- @param prefix separates the sites that share the store
function cache.new(store, prefix) return setmetatable({ store = store, prefix = prefix .. "\n" }, Cache) end

function Cache:mark(name)
  local key = self.prefix .. "mark\n" .. name
  local mark = self.store:get(key)
  if mark == nil then
    self.store:add(key, core.random_hex(8))
    mark = self.store:get(key)
  end
  return mark
end

-- Both marks as one text; nil when the store cannot hold them.
local function marks(self, group)
  local of_site, of_group = self:mark "site", self:mark("group\n" .. group)
  return of_site and of_group and of_site .. of_group
end

local function entries_of(self, signer)
  local text = self.store:get(self.prefix .. "signer\n" .. signer)
  return text and core.json.decode(text) or {}
end

-- A signer's mark; "" when there is none.
local function mark_of(entries) return entries[MARK] and entries[MARK].marks or "" end

--- Looks up a signer's entry for a group.
-- @return what put was given, or nil; and what put needs
function Cache:get(signer, group)
  local now, entries = marks(self, group), entries_of(self, signer)
  local entry, before = entries[group], now and { marks = now, signer = mark_of(entries) }
  if entry and now and entry.marks == now and os.time() < entry.ends then return entry.value, before end
  return nil, before
end

--- Stores an entry.
-- @param before what get returned before Clickwrap was asked
-- @param seconds how long it counts
function Cache:put(signer, group, value, before, seconds)
  local entries, time, longest = entries_of(self, signer), os.time(), 0
  if not before or mark_of(entries) ~= before.signer then return end
  entries[group] = { value = value, marks = before.marks, ends = time + seconds }
  for name, entry in pairs(entries) do
    if entry.ends <= time then entries[name] = nil end
    longest = math.max(longest, entry.ends - time)
  end
  self.store:set(self.prefix .. "signer\n" .. signer, core.json.encode(entries), longest)
end

-- Replaces a value, or deletes it when the store has no room.
local function replace(self, name, value, seconds)
  if not self.store:set(self.prefix .. name, value, seconds) then self.store:delete(self.prefix .. name) end
end

--- Forgets a signer, a group, a signer's entry for a group, or with neither everything.
function Cache:forget(signer, group)
  if signer then
    local entries = group and entries_of(self, signer) or {}
    if group then entries[group] = nil end
    entries[MARK] = { marks = core.random_hex(8), ends = os.time() + KEPT }
    replace(self, "signer\n" .. signer, core.json.encode(entries), KEPT)
  else
    replace(self, "mark\n" .. (group and "group\n" .. group or "site"), core.random_hex(8))
  end
end

return cache
