--- Reads what has changed in a list since a time, page by page, without missing an item when the list changes
-- meanwhile.
--
-- Ironclad's lists differ (OpenAPI document of the public API):
--
--   records               sortField=lastUpdated, and lastUpdated: those updated since a time
--   entities, obligations sortField=lastUpdated
--   workflows             lastUpdated, and no order
--
-- An item that is updated moves to the end of a list that is sorted by lastUpdated. The items behind it then move up,
-- and the first of a page moves to the page before, which has been read already. So:
--
-- - With a time to begin at, only first pages are read: each begins at the time of the last item of the one before. A
--   single page is one state of the list, so nothing is missed.
-- - When that is impossible (more items of one millisecond than fit on a page; lists without a time to begin at), the
--   page before is read again after each page, and so on backwards until a page has nothing new and begins with an item
--   that was read before.
-- - A list without an order is read again until it has nothing new.

local copy = require "ironclad.base.copy"
local Error = require "ironclad.base.error"
local moment = require "ironclad.base.moment"
local resources = require "ironclad.resources.resources"
local run = require "ironclad.calls.run"

local change_walk = {}

local PAGE_SIZE = 100 -- the largest that Ironclad gives

-- Pages in a row that are empty or the same, before the list counts as broken.
local PATIENCE = 10

--- What each list offers.
change_walk.lists = {
  records = { since = true, sorted = true },
  workflows = { since = true, query = { status = { "active", "paused", "completed", "cancelled" } } },
  entities = { sorted = true },
  obligations = { sorted = true },
}

local Walk = {}
Walk.__index = Walk

--- A walk over what has changed.
-- @param source { client =, label =, index =, entry = (the list's operation), arguments = (from operation.read),
--   list = (of change_walk.lists) }
-- @param from milliseconds: older items are not wanted
-- @param is_new function(id, time) -> whether the item is wanted
-- @return the walk: `clock` is Ironclad's time at its first answer, or nil; `newest` the newest time that was seen
function change_walk.new(source, from, is_new)
  return setmetatable({
    source = source, start = from, from = from, is_new = is_new, page = 0, first = 0, found = 0, newest = from,
    ends = false, same = 0, met = {}, met_before = {},
    -- The script may give it as a text of digits.
    size = tonumber(source.arguments.query and source.arguments.query.pageSize or PAGE_SIZE),
  }, Walk)
end

local function fail(self, kind, message)
  error(Error.new { kind = kind, message = message, operation = self.source.label, outcome = "not_done",
    retryable = false, attempts = 1 }, 0)
end

-- Asks for a page. Raises the error table of a failure.
-- @param more query parameters
-- @return the items, whether there is more behind them, and the answer
local function fetch(self, page, size, more)
  local source = self.source
  local arguments = copy.of(source.arguments)
  arguments.query = copy.of(arguments.query)
  arguments.query.page, arguments.query.pageSize = page, size
  for name, value in pairs(more) do arguments.query[name] = value end
  source.pending = run.start(source.client, source.label, source.index, arguments)
  local answer, err, response = run.finish(source.pending)
  source.pending = nil
  if err then error(err, 0) end
  local items = type(answer) == "table" and answer[source.entry.content.field]
  if type(items) ~= "table" then fail(self, "protocol", "Ironclad answered a page without a list") end
  self.clock = self.clock or moment.read_http(response and response.headers and response.headers.date)
  local count, told = answer.count, answer.pageSize
  local real = type(told) == "number" and told > 0 and told or size
  local left = type(count) == "number" and (page + 1) * real < count or type(count) ~= "number" and #items >= real
  return items, left, answer
end

local function time_of(self, item)
  local time = type(item) == "table" and type(item.id) == "string" and moment.read(item.lastUpdated)
  if not time then fail(self, "protocol", "Ironclad answered an item without an id or a lastUpdated") end
  return time
end

-- Adds what is new among the items to the batch.
-- @return how many there were, and the time of the last item
local function gather(self, items, batch)
  local added, last = 0, nil
  for _, item in ipairs(items) do
    local time = time_of(self, item)
    if last and time < last and self.source.list.sorted and not batch.falling then
      fail(self, "protocol", "Ironclad has not sorted the list by lastUpdated")
    end
    last, self.newest = time, math.max(self.newest, time)
    if time >= self.start and self.is_new(item.id, time) and batch.times[item.id] ~= time then
      batch.times[item.id] = time
      added = added + 1
      batch.list[#batch.list + 1] = { id = item.id, time = time, place = #batch.list,
        value = resources.shape_item(self.source.client, self.source.entry, item) }
    end
  end
  self.found = self.found + added
  return added, last
end

-- Fails when page after page says that there is more, but has nothing new.
local function check_progress(self, items, left)
  local ends = items[1] and items[1].id .. " " .. items[#items].id or ""
  self.same = left and ends == self.ends and self.same + 1 or 0
  self.ends = ends
  if self.same < PATIENCE then return end
  fail(self, "protocol", ("%d pages in a row had nothing else, and the list says that there is more"):format(PATIENCE))
end

local function by_time(a, b)
  if a.time ~= b.time then return a.time < b.time end
  return a.place < b.place
end

-- The batch in the order of lastUpdated. An item that was updated between two pages is in it twice: the last counts.
local function sorted(batch)
  local list = {}
  for _, change in ipairs(batch.list) do
    if batch.times[change.id] == change.time then list[#list + 1] = change end
  end
  table.sort(list, by_time)
  return list
end

local ASCENDING = { sortField = "lastUpdated", sortDirection = "ASC" }
local DESCENDING = { sortField = "lastUpdated", sortDirection = "DESC" }

local function query_of(self)
  local list = self.source.list
  local query = copy.of(list.sorted and ASCENDING or nil)
  -- A millisecond earlier: the document does not say whether items of that very time are in the list.
  if list.since and self.from > 0 then query.lastUpdated = moment.write(self.from - 1) end
  return query
end

-- Whether everything before the first of these items has been read, or is too old to be wanted.
local function is_known(self, items)
  local first = items[1]
  if not first then return false end
  local time = time_of(self, first)
  return time < self.start or self.met[first.id] == time or self.met_before[first.id] == time
end

-- Notes the items of a page that was read for the first time. Those of two pages are kept.
local function meet(self, items)
  self.met, self.met_before = {}, self.met
  for _, item in ipairs(items) do self.met[item.id] = time_of(self, item) end
end

-- Reads the pages before this one again, backwards, until one has nothing new and begins with an item that is known:
-- items have moved there since those pages were read. Before the first page that was read, an item may have moved that
-- no page has shown yet.
-- @param items those of this page
-- @param left whether the list says that there is more behind them. Empty pages before more are a mistake of the list
local function look_back(self, items, left, batch)
  local query, page = query_of(self), self.page
  if page == self.first and is_known(self, items) then return end
  while page > 0 do
    page = page - 1
    local earlier = fetch(self, page, self.size, query)
    local is_empty = not items[1] and not earlier[1]
    if gather(self, earlier, batch) == 0 and (is_known(self, earlier) or (is_empty and left)) then return end
  end
end

-- A list that is sorted: the page at self.page, with what has moved to the pages before it.
local function next_sorted(self)
  local batch = { list = {}, times = {} }
  local items, left = fetch(self, self.page, self.size, query_of(self))
  local _, last = gather(self, items, batch)
  check_progress(self, items, left)
  look_back(self, items, left, batch)
  meet(self, items)
  if not left then
    self.over = true
  elseif self.source.list.since and last and last > self.from then
    self.from, self.page = last, 0
  else
    self.page = self.page + 1
  end
  return sorted(batch)
end

-- The index of the first item that is not older than self.start, by halving.
local function find_start(self, count)
  local low, high = 0, count
  while low < high do
    local middle = math.floor((low + high) / 2)
    local items = fetch(self, middle, 1, ASCENDING)
    if not items[1] or time_of(self, items[1]) >= self.start then high = middle else low = middle + 1 end
  end
  return low
end

-- A list without a time to begin at. When its newest page has all that is wanted, that one is enough. Otherwise finds
-- the page to begin with, which has an older item.
-- @return the changes of the newest page, or nil
local function begin_sorted(self)
  local batch = { list = {}, times = {}, falling = true }
  local items, left, answer = fetch(self, 0, self.size, DESCENDING)
  local _, oldest = gather(self, items, batch)
  if not left or (oldest and oldest < self.start) then
    self.over = true
    return sorted(batch)
  end
  local count = type(answer.count) == "number" and answer.count or 0
  local page = self.start > 0 and math.floor(find_start(self, count) / self.size) or 0
  while page > 0 do
    page = page - 1
    items = fetch(self, page, self.size, ASCENDING)
    if items[1] and time_of(self, items[1]) < self.start then break end
  end
  self.page, self.first, self.found = page, page, 0
end

-- A list without an order: page after page, and again from the first one when there was more than one and something
-- new.
local function next_unsorted(self)
  local batch = { list = {}, times = {} }
  local items, left = fetch(self, self.page, self.size, query_of(self))
  gather(self, items, batch)
  check_progress(self, items, left)
  if left then
    self.page = self.page + 1
  elseif self.page > 0 and self.found > 0 then
    self.page, self.found = 0, 0
  else
    self.over = true
  end
  return sorted(batch)
end

--- The next changes, in the order of their lastUpdated: a list of { id =, time =, value = (the item) }, which may be
-- empty; nil at the end. Raises the error table of a failure.
function Walk:next()
  if self.over then return nil end
  local list = self.source.list
  if not list.sorted then return next_unsorted(self) end
  if not list.since and not self.begun then
    self.begun = true
    local changes = begin_sorted(self)
    if changes then return changes end
  end
  return next_sorted(self)
end

--- Whether everything older than a change has been given when the change is given.
function Walk:is_in_order() return self.source.list.sorted end

return change_walk
