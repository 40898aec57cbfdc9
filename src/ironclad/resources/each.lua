--- Iterators over lists. Every operation `list…` has an `each…`, which returns the items of all pages one by one:
--
--   for record in client.records:each { types = "nda", limit = 50 } do … end
--
-- All arguments and options apply to every page. One page is fetched ahead, never more. Pages have the largest size
-- that Ironclad allows unless `pageSize` (SCIM: `count`) says otherwise. `page` (SCIM: `startIndex`) is the first page
-- to read. `limit` is the largest number of items to return. In Clickwrap, `per_page` is the page size, and pages are
-- counted from 1.
--
-- Lists change while they are read. An item that is read twice, because others were inserted before it, is returned
-- once: the iterator remembers at least the last 1,000 items. When items are deleted, later items move to pages that
-- were already read. The count of all items then falls. The iterator goes back by as many items as the count fell, but
-- not further than it remembers. It can miss items when the count does not show a deletion: in lists without a count
-- (webhooks), and when as many items were added as deleted between two pages.
--
-- Several tasks may take items from one iterator: each item goes to one of them. One fetches the next page, and the
-- others that need it wait.
--
-- The iterator raises errors as text, as io.lines does; `iterator.error` is then the error as a table. Leaving the loop
-- early cancels the request in flight: at once in Lua 5.4 or with iterator:close(), otherwise when the iterator is
-- collected.
--
-- How lists end (sources: Ironclad's public OpenAPI document; for SCIM, RFC 7644, 3.4.2.4): with `count` or
-- `totalResults`, when that many items were read; without them, at a page that is not full. A server may return smaller
-- pages than requested. A count below the number of items already read is ignored.

local catalog = require "ironclad.calls.catalog"
local copy = require "ironclad.base.copy"
local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local iterator = require "ironclad.base.iterator"
local mistake = require "ironclad.base.mistake"
local operation = require "ironclad.calls.operation"
local resources = require "ironclad.resources.resources"
local run = require "ironclad.calls.run"
local turn = require "ironclad.loop.turn"

local each = {}

-- How far back a repeated item is recognized: at least this many items, and this many pages.
local MEMORY, MEMORY_PAGES = 1000, 4
-- Pages in a row without a new item, and returns to earlier pages that find none, before the list counts as broken.
local PATIENCE, RETURNS = 10, 3

local PAGE_SIZE = 100 -- the largest that Ironclad gives; SCIM gives up to 1,000

local function number_of(value) return type(value) == "number" and value or nil end

-- What identifies an item; nil when it has nothing that does. Clickwrap's signers have no `id`.
local function id_of(item)
  if type(item) ~= "table" then return nil end
  local id = rawget(item, "id") or rawget(item, "jobId") or rawget(item, "signer_id")
  return (type(id) == "string" or type(id) == "number") and id or nil
end

-- The ids of the items that were read, at most self.memory in each of two tables. None is ever removed: Lua rehashes a
-- full table in which keys come and go every few items.
local function is_known(self, id) return id and (self.recent[id] or self.older[id]) end

--- The styles of paging (catalog: entry.paging). Each has
--   size    the query parameter of a page's size
--   start   the query parameter of the place to begin, and `first`, its value there
--   items(page, field) -> the list of a page, or nil; field is the catalog's: that of the list in a page
--   count   the field of a page with the number of all items
--   next(walk, page, items, asked) -> whether there is more; sets walk.at to the place of the next page
--   earlier(walk, page, by) -> the place of the page that has the item `by` items before this page
local styles = {}

-- The pages of Ironclad's own API. The page size in the answer overrides the requested one.
local function next_page(walk, page, items, asked)
  local count, told = number_of(page.count), number_of(page.pageSize)
  local size = told and told > 0 and told or asked
  walk.at = walk.at + 1
  if count and #items > 0 and count < walk.seen then count = nil end
  if count then
    return walk.seen < count and (#items > 0 or walk.at * size < count)
  elseif told then
    return #items >= size
  end
  return #items > 0
end

styles.count = {
  size = "pageSize", start = "page", first = 0,
  items = function(page, field) return page[field] end,
  next = next_page, count = "count",
  earlier = function(walk, page, by)
    local told = number_of(page.pageSize)
    local size = told and told > 0 and told or walk.size
    return math.floor((walk.at * size - by) / size)
  end,
}

styles.no_count = styles.count

styles.scim = {
  size = "count", start = "startIndex", first = 1,
  -- An empty list may be left out (RFC 7644, 3.4.2).
  items = function(page, field)
    local items = page[field]
    local missing = items == nil or items == core.null
    return missing and number_of(page.totalResults) == 0 and {} or items
  end,
  next = function(walk, page, items)
    local total = number_of(page.totalResults)
    walk.at = walk.at + #items
    return #items > 0 and (not total or walk.at <= total)
  end,
  count = "totalResults",
  earlier = function(walk, _, by) return walk.at - by end,
}

-- Clickwrap. Some of its lists have nothing but `data`: they end at a page that is empty or has nothing new.
styles.clickwrap = {
  size = "per_page", start = "page", first = 1,
  items = function(page, field) return page[field] end,
  next = function(walk, page, items)
    local total = number_of(page.total_count)
    walk.at = walk.at + 1
    if type(page.has_more) == "boolean" then return page.has_more end
    if #items == 0 then return false end
    if total and total >= walk.seen then return walk.seen < total end
    return not is_known(walk, id_of(items:first()))
  end,
  count = "total_count",
  earlier = function(walk, page, by)
    local told = number_of(page.per_page)
    local size = told and told > 0 and told or walk.size
    return math.floor(((walk.at - 1) * size - by) / size) + 1
  end,
}

-- One answer, which is the list or contains it.
styles.none = {
  items = function(page, field) return not field and page or page[field] end,
  next = function() return false end,
}

-- The list of a page has a length and the methods next, first and close: it is a userdata (src/lua/items.h). Its items
-- become tables one by one, so that those of a whole page are never there at once.
local NO_ITEMS = core.no_items()
local take = NO_ITEMS.next

local function is_list(items) return type(items) == "userdata" and items ~= core.null end

-- The fields that may be nil are named here. Fields that are read for every item are false instead, because __index is
-- slow.
local Iterator = iterator.class("ironclad.iterator", "an iterator has", { "close", "error" },
  mistake.set { "count", "error", "size", "told" })

-- The arguments for the page at self.at.
local function page_arguments(self)
  local arguments, style = copy.of(self.arguments), self.style
  if style.size then
    arguments.query = copy.of(arguments.query)
    arguments.query[style.start], arguments.query[style.size] = self.at, self.size
  end
  return arguments
end

local function fetch_page(self)
  self.pending = run.start(self.client, self.label, self.index, page_arguments(self))
end

-- Raises the error that has ended the iterator, once in each task.
local function raise_once(self)
  local here = coroutine.running() or "main"
  if self.told[here] then return end
  self.told[here] = true
  error(tostring(self.error), 0)
end

local function fail_walk(self, err)
  self:close()
  self.error, self.told = err, setmetatable({}, { __mode = "k" })
  raise_once(self)
end

local function fail_protocol(self, message)
  fail_walk(self, Error.new { kind = "protocol", message = message, operation = self.label, outcome = "not_done",
    retryable = false, attempts = 1 })
end

-- Sets the place of the next page, and how many items there are before it.
local function move_to(self, at)
  local style = self.style
  self.at, self.seen = at, (at - style.first) * (style == styles.scim and 1 or self.size)
end

-- When the count falls between two pages, items were deleted. Later items moved up, perhaps to a page that was already
-- read. That page is then read again.
-- @return whether the iterator goes back
local function go_back(self, page, items)
  local count, before = number_of(page[self.style.count or false]), self.count
  self.count = count and count >= #items and (count >= self.seen or before) and count or nil
  if not count or not before or count >= before or self.returns >= RETURNS then return false end
  -- Not further than repeated items are recognized.
  local by = math.min(before - count, self.memory - self.size)
  local at = math.max(self.begin, self.style.earlier(self, page, by))
  if at >= self.at then return false end
  self.returns, self.idle = self.returns + 1, 0
  move_to(self, at)
  return true
end

-- Waits for the page that was requested, and requests the next one.
local function turn_page(self)
  self.awaited, self.pending = self.pending, false
  local field = self.entry.content.field
  local page, err = run.finish(self.awaited, field or true)
  self.awaited = false
  if self.closed then return end -- by a hook or another task, while this one waited
  if err then fail_walk(self, err) end
  local items = (type(page) == "table" or not field) and self.style.items(page, field)
  -- An empty object, or in SCIM a list that was left out, is an empty list.
  if type(items) == "table" and next(items) == nil then items = NO_ITEMS end
  if not is_list(items) then
    fail_protocol(self, ("%s answered %swithout a list"):format(catalog.product_name(self.entry),
      self.at and ("page %s "):format(self.at) or ""))
  end
  self.items, self.seen = items, self.seen + #items
  self.more = go_back(self, page, items) or self.style.next(self, page, items, self.size)
  -- When this page reaches the limit, no other is fetched yet. Repeated items may make it necessary later.
  if self.more and self.most - self.given > #items then fetch_page(self) end
end

-- Whether an item is new. An item without an id counts as new.
local function is_new(self, item)
  local id, recent = id_of(item), self.recent
  if not id then return true end
  if is_known(self, id) then return false end
  if self.recent_count == self.memory then
    self.older, recent = recent, {}
    self.recent, self.recent_count = recent, 0
  end
  recent[id] = true
  self.recent_count = self.recent_count + 1
  return true
end

-- The next new item of the page at hand; nil: there is none.
local function item_at_hand(self)
  if self.given >= self.most then return nil end
  local items, metatable = self.items, self.metatable
  local item = take(items, metatable)
  while item ~= nil do
    if is_new(self, item) then
      self.given, self.returns = self.given + 1, 0
      return item
    end
    item = take(items, metatable)
  end
end

-- The next item of the pages that follow, or nil at the end.
local function item_of_next_page(self)
  self.idle = 0
  while true do
    if not self.pending then
      if not self.more then return nil end
      fetch_page(self)
    end
    self.idle = self.idle + 1
    if self.idle > PATIENCE then
      fail_protocol(self,
        ("%d pages in a row had no new item, although the list says that there are more"):format(PATIENCE))
    end
    turn_page(self)
    local item = item_at_hand(self)
    if item ~= nil then return item end
  end
end

-- What a closed iterator gives: nothing. A task that has not seen its error gets that, so that no loop takes a list
-- that broke off for a whole one.
local function at_end(self)
  if self.error then raise_once(self) end
  return nil
end

-- The next item, when it is this task's turn to fetch a page. Meanwhile another task may have fetched one, or may have
-- ended the iterator.
local function next_item(self)
  if self.closed then return at_end(self) end
  local item = item_at_hand(self)
  if item == nil and self.given < self.most then item = item_of_next_page(self) end
  if item == nil then Iterator.close(self) end
  return item
end

local function refuse_to_wait(self)
  if turn.is_mine(self) then
    mistake.raise(self.label, "its next page is on the way; a hook cannot take an item meanwhile")
  end
  mistake.raise(self.label, "another task waits for its next page; only a task can take an item meanwhile")
end

-- Most items are at hand.
Iterator.__call = mistake.guard_waiting(function(self)
  if self.closed then return at_end(self) end
  return turn.take(self.client.loop, self, next_item, refuse_to_wait)
end, item_at_hand)

--- Ends the iterator: cancels the requests in flight. No more items are returned.
function Iterator:close()
  self.items:close()
  self.closed, self.more, self.items = true, false, NO_ITEMS
  local pending, awaited = self.pending, self.awaited
  self.pending, self.awaited = false, false
  if pending then run.cancel(pending) end
  if awaited then run.cancel(awaited) end
end

function Iterator:__close() Iterator.close(self) end

mistake.need_object(Iterator, Iterator, "iterator", { "close" })
Iterator.close = mistake.guard(Iterator.close)

function Iterator:__tostring() return ("ironclad.iterator (%s)"):format(self.label) end

local function whole_number(label, name, value, least)
  if type(value) ~= "number" or value % 1 ~= 0 or value < least or value > 2 ^ 53 then
    mistake.raise(label, "%s: expected a whole number from %d, got %s", name, least, mistake.value_of(value))
  end
  return value
end

local own_names = { "limit" }

-- Removes `limit` from the tables after the path parameters. Returns it, and the arguments without it.
local function take_limit(label, entry, skipped, ...)
  local given, count, limit = { ... }, select("#", ...), nil
  for i = skipped + 1, count do
    if type(given[i]) == "table" then operation.check_own(label, entry, given[i], own_names) end
    if type(given[i]) == "table" and given[i].limit ~= nil then
      if limit then mistake.raise(label, "limit: given twice") end
      limit = whole_number(label, "limit", given[i].limit, 0)
      given[i] = copy.of(given[i])
      given[i].limit = nil
    end
  end
  return limit, given, count
end

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

--- The name of an operation's iterator, or nil when the operation is not a list.
function each.name_of(entry)
  local rest = entry.name and entry.content and entry.content.items and entry.name:match "^list(.*)$"
  return rest and "each" .. rest
end

-- Sets and checks the place of the first page and the page size.
local function begin_at(self, query)
  local style, label = self.style, self.label
  local begin, size = query[style.start], query[style.size]
  if begin == nil then begin = style.first end
  if size == nil then size = math.max(1, math.min(PAGE_SIZE, self.most)) end
  self.begin, self.size = whole_number(label, style.start, begin, 0), whole_number(label, style.size, size, 1)
  self.memory = math.max(MEMORY, MEMORY_PAGES * self.size)
  move_to(self, self.begin)
end

-- An iterator, or with `dry_run` the request for the first page.
-- @param first, … as operation.read takes them
local function iterate(client, label, index, entry, first, ...)
  local limit, given, count = take_limit(label, entry, #entry.path_parameters - (first and 1 or 0), ...)
  local arguments = operation.read(label, entry, first, unpack(given, 1, count))
  if arguments.query ~= nil and type(arguments.query) ~= "table" then
    mistake.raise(label, "query: expected a table, got %s", mistake.type_of(arguments.query))
  end
  for _, option in ipairs { "to", "callback" } do
    if arguments[option] ~= nil then
      mistake.raise(label, "%s: an iterator gives its items one by one", option)
    end
  end
  local self = iterator.new(Iterator, {
    client = client, index = index, entry = entry, label = label, style = styles[entry.paging],
    arguments = arguments, metatable = resources.metatable_for(client, entry), most = limit or math.huge, given = 0,
    seen = 0, items = NO_ITEMS, recent = {}, recent_count = 0, older = {}, memory = MEMORY, returns = 0, idle = 0,
    at = false, closed = false, more = false, pending = false, awaited = false, turn_of = false, waiting_here = false,
  })
  if self.style.size then begin_at(self, arguments.query or {}) end
  if arguments.dry_run then return (run.call(client, label, index, page_arguments(self))) end
  if limit ~= 0 then fetch_page(self) end
  return self, nil, nil, self
end

--- The iterator method of a list operation: function(client.<resource>, path parameters…, arguments, options) -> an
-- iterator for the generic `for`; with `dry_run` the request for the first page.
function each.method(index, entry)
  local label = entry.resource .. ":" .. each.name_of(entry)
  return function(resource, ...)
    local client = operation.client_of(label, { resource = entry.resource, name = each.name_of(entry) }, resource)
    return iterate(client, label, index, entry, nil, ...)
  end
end

--- The same as a method of a resource's table, the id bound.
function each.bound(index, entry)
  local kind = resources.belongs(entry)
  local label = kind.name .. ":" .. each.name_of(entry)
  return function(resource, ...)
    local client, id = operation.subject_of(label, kind, resource)
    return iterate(client, label, index, entry, id, ...)
  end
end

return each
