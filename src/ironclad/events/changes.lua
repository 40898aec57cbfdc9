--- Triggers by polling: what is new or changed in a list since the last run, with nothing lost.
--
--   for record in client.records:changes { state = "changes.state" } do … end
--
-- and the same for client.workflows, client.entities and client.obligations. It takes the list's query parameters, the
-- options of a call, and:
--
--   state      a path, "shared" or "shared:NAME" (the shared Redis: one machine at a time looks for changes), or a
--              store (ironclad.events.change_store); required
--   since      where the first run begins: ISO 8601 text, an ironclad.date, or "now"; default: everything there is.
--              Later runs begin where the state says
--   overlap    seconds, 300 unless given: how late an item may become visible in the list after its lastUpdated
--   reconcile  true: at the end, reads all ids, and gives { id =, gone = true } for each that was there at the last run
--              and is not there now
--
-- An item counts as handled when the loop asks for the next one, or with changes:done(). Until then a crash, an error
-- or a break means that the next run gives it again. So only one task may take items: another one would end the item of
-- the first too early. Items come in the order of lastUpdated (workflows: of each page).
-- An item that changes again comes again.
--
-- changes:follow{ every = 60, on_error = function(err) } never ends: after the last change it sleeps, and looks again.
-- In nginx it ends with its worker, and waits while another worker follows with the same state.
-- changes:close() ends the loop, also from another task.
--
-- Like each…, it raises errors as text; `changes.error` is then the error as a table.

local change_ids = require "ironclad.events.change_ids"
local change_state = require "ironclad.events.change_state"
local change_store = require "ironclad.events.change_store"
local change_walk = require "ironclad.events.change_walk"
local copy = require "ironclad.base.copy"
local core = require "ironclad.core"
local catalog = require "ironclad.calls.catalog"
local Error = require "ironclad.base.error"
local iterator = require "ironclad.base.iterator"
local lazy = require "ironclad.base.lazy"
local loop = require "ironclad.loop"
local mistake = require "ironclad.base.mistake"
local moment = require "ironclad.base.moment"
local operation = require "ironclad.calls.operation"
local run = require "ironclad.calls.run"
local sorted_names = require("ironclad.base.names").sorted
local task = require "ironclad.loop.task"
local each = lazy "ironclad.resources.each"
local redis = lazy "ironclad.shared.redis"

local changes = {}

local OVERLAP, EVERY = 300, 60 -- seconds
local WORKER = 1 -- seconds between two checks whether nginx ends this worker, or another one has ended
local MACHINE = 20 -- seconds until a loop that waits for another machine asks whether it has gone

local own_names = { "state", "since", "overlap", "reconcile" }
local own_options = mistake.set(own_names)
-- What the iterator decides itself, and what to write instead.
local refused = {
  lastUpdated = "write since", sortField = "changes come in the order of lastUpdated",
  sortDirection = "changes come in the order of lastUpdated", page = "every page is read",
  limit = "leave the loop with break", to = "items come one by one", callback = "items come one by one",
  dry_run = "items come one by one",
}

local Changes = iterator.class("ironclad.changes", "changes have", { "close", "done", "error", "follow" },
  mistake.set { "error" })
Changes.in_turn = true

-- --- arguments

local function check_seconds(label, name, value, least)
  if type(value) ~= "number" or value ~= value or value < least or value > run.LONGEST then
    mistake.raise(label, "%s: expected a number of seconds from %g, got %s", name, least, mistake.value_of(value))
  end
  return value
end

-- `since` in milliseconds; "now"; 0 when it is not given.
local function read_since(label, since)
  if since == nil then return 0 end
  if since == "now" then return since end
  local class = type(since) == "table" and debug.getmetatable(since)
  local is_date = class and rawget(class, "kind") == "date"
  local time = moment.read(is_date and tostring(since) or since)
  if not time or since == "" then
    mistake.raise(label, 'since: expected ISO 8601, as "2026-01-31" or "2026-01-31T12:00:00Z", an ironclad.date '
      .. 'or "now", got %s', mistake.shown(since))
  end
  return time
end

-- The store in the shared Redis that a text names; nil: it names a file.
local function shared_state(label, client, state, resource, arguments)
  local name = state == "shared" and resource .. ":" .. core.sha256(arguments):sub(1, 16) or state:match "^shared:(.+)$"
  if not name then return nil end
  redis.check(label, "state", client)
  return lazy.load("ironclad.shared.state").open(client, name)
end

local function read_state(label, state)
  if type(state) == "string" and state ~= "" then
    local store, problem = change_store.file(state)
    if not store then mistake.raise(label, "state: %s", problem) end
    return store
  end
  if type(state) ~= "table" then
    mistake.raise(label, "state: expected a path, or a table with the functions load and save, got %s",
      state == "" and "an empty string" or mistake.type_of(state))
  end
  local objection = change_store.objection(state)
  if objection then mistake.raise(label, objection) end
  return state
end

-- Where the ids of the last reconciliation are kept.
local function read_ids(label, state, store)
  if store.waits then return lazy.load("ironclad.shared.state").open(store.client, store.id .. ":ids") end
  if type(state) == "string" then return read_state(label, state .. ".ids") end
  local ids = state.ids
  local objection = type(ids) ~= "table" and "expected a table in state.ids, got " .. mistake.value_of(ids)
    or change_store.objection(ids)
  if objection then mistake.raise(label, "reconcile: needs state.ids, a store for ids: %s", objection) end
  return ids
end

-- Text that says which items are wanted, the same for the same arguments.
local function fingerprint(query)
  local parts = {}
  for _, name in ipairs(sorted_names(query)) do
    local value = query[name]
    if type(value) == "table" and value[1] ~= nil then
      local words = {}
      for i, word in ipairs(value) do words[i] = tostring(word) end
      table.sort(words)
      value = table.concat(words, ",")
    end
    if name ~= "pageSize" then parts[#parts + 1] = name .. "=" .. tostring(value) end
  end
  return table.concat(parts, "&")
end

-- Separates the options of `changes` from the others.
local function split(label, given)
  if type(given) ~= "table" then
    mistake.raise(label, "expected a table with state, got %s", mistake.type_of(given))
  end
  local own, rest = {}, {}
  for name, value in pairs(given) do
    if type(name) ~= "string" then
      mistake.raise(label, "expected names, as in { state = … }, got %s as a name", mistake.type_of(name))
    end
    if refused[name] then mistake.raise(label, "%s: is not for changes; %s", name, refused[name]) end
    if own_options[name] then own[name] = value else rest[name] = value end
  end
  if own.reconcile ~= nil and type(own.reconcile) ~= "boolean" then
    mistake.raise(label, "reconcile: expected true or false, got %s", mistake.type_of(own.reconcile))
  end
  return own, rest
end

-- Raises a mistake for arguments that cannot be sent: no state must be saved that only they fit.
local function check_request(client, label, index, arguments)
  local trial = copy.of(arguments)
  trial.query, trial.dry_run = copy.of(arguments.query), true
  run.start(client, label, index, trial)
end

local function new_changes(client, resource, label, given)
  local index, entry = catalog.find(resource .. ":list")
  local list = change_walk.lists[resource]
  local own, rest = split(label, given)
  operation.check_own(label, entry, rest, own_names)
  local arguments = operation.read(label, entry, nil, rest)
  arguments.query = arguments.query or {}
  for name, value in pairs(list.query or {}) do
    if arguments.query[name] == nil then arguments.query[name] = value end
  end
  check_request(client, label, index, arguments)
  local wanted, origin = fingerprint(arguments.query), core.describe(client.connection).origin
  local store = type(own.state) == "string" and shared_state(label, client, own.state, resource, wanted)
    or read_state(label, own.state)
  return iterator.new(Changes, {
    client = client, resource = resource, label = label, rest = rest,
    source = { client = client, label = label, index = index, entry = entry, arguments = arguments, list = list },
    state = change_state.new(store, resource, wanted, origin),
    since = read_since(label, own.since),
    overlap = math.ceil(check_seconds(label, "overlap", own.overlap or OVERLAP, 0) * 1000),
    ids = own.reconcile and change_ids.new(read_ids(label, own.state, store), resource, wanted, origin) or false,
    walk = false, queue = {}, position = 0, inhand = false, given = 0, saved_from = 0,
    loaded = false, first_run = false, closed = false, following = false, pending = false, missing = false,
    present = false, listing = false, busy = false, holder = false, -- the task that has the last item
  })
end

-- --- one look
--
-- Whatever waits may find the changes closed afterwards, by a hook or another task. Then the lock is gone, and nothing
-- more may be saved.

-- The time before which nothing new is expected in the list. It is never later than the newest item that was seen, so
-- it does not depend on any clock being right; Ironclad's time only guards against an item that is dated in the future.
local function horizon(self)
  local walk = self.walk
  return math.min(walk.clock or math.huge, walk.newest) - self.overlap
end

-- Records the current item as handled.
local function finish_item(self)
  local change = self.inhand
  if not change then return end
  self.inhand = false
  if change.gone then return self.state:handled_gone(change.id) end
  local from = self.walk:is_in_order() and math.min(change.time, horizon(self)) or self.state.from
  self.state:handled(change.id, change.time, from)
  self.given = self.given + 1
end

-- In nginx, workers may follow with one state: all but one wait. After a reload, an old one may still have it.
local function waits_for_worker() return rawget(_G, "ngx") ~= nil end

-- -> false while another machine or worker looks for changes, and when the changes are closed
local function begin(self)
  if not self.state:lock(self.following and waits_for_worker()) then
    if self.ids then self.ids:unlock() end -- the other one needs them
    if self.following then return false end
    error(Error.new { kind = "store", message = self.state.name .. " is in use by another machine",
      outcome = "not_done", retryable = true, attempts = 0 }, 0)
  end
  if self.closed then
    self.state:unlock() -- it was locked after that
    return false
  end
  local there = self.state:load()
  if self.closed then return false end
  if not there then
    self.state.from = self.since == "now" and 0 or self.since
    self.first_run = true
  end
  self.loaded = true
  return true
end

-- The first run: where it begins is saved before anything is handled, which also shows that it can be saved. Ironclad
-- has answered a request with these arguments by then: a state of arguments that it refuses would be in the way of the
-- right ones.
local function save_start(self)
  self.first_run = false
  self.state:save()
  self.saved_from = self.state.from
end

-- Makes the present, by Ironclad's clock, the beginning.
local function begin_now(self)
  local arguments = copy.of(self.source.arguments)
  arguments.query = copy.of(arguments.query)
  arguments.query.pageSize = 1
  self.pending = run.start(self.client, self.label, self.source.index, arguments)
  local answer, err, response = run.finish(self.pending)
  self.pending = false
  if self.closed then return end
  if not answer then error(err, 0) end
  local clock = moment.read_http(response.headers and response.headers.date)
  self.state.from = clock or os.time() * 1000
  save_start(self)
end

-- The same.
local function begin_look(self)
  if not self.loaded and not begin(self) then return false end
  self.state:keep()
  if self.first_run and self.since == "now" and not self.closed then begin_now(self) end
  if self.closed then return false end
  local state = self.state
  self.walk = change_walk.new(self.source, state.from, function(id, time) return state:is_new(id, time) end)
  self.queue, self.position, self.given = {}, 0, 0
  return true
end

-- Everything up to the horizon has been given.
local function end_look(self)
  local from = math.max(self.state.from, horizon(self))
  if from ~= self.state.from or self.given > 0 then
    local advanced = from - self.saved_from >= self.overlap
    self.state.from = from
    if self.given > 0 or advanced or not self.following then
      self.state:save()
      self.saved_from = from
    end
  end
  self.walk = false
end

-- --- deleted items

-- Adds the ids of a list to a set.
local function read_all(listing, present)
  for item in listing do present[item.id] = true end
end

-- Reads all ids, and sets self.missing to those that were there before and are not in the list. Nothing is set when the
-- changes are closed.
local function begin_reconciling(self)
  self.ids:lock()
  local known, present, missing = self.ids:load(), {}, {}
  local arguments = copy.of(self.rest)
  for name, value in pairs(self.source.list.query or {}) do
    if arguments[name] == nil then arguments[name] = value end
  end
  local resource = self.client[self.resource]
  self.listing = resource[each.name_of(self.source.entry)](resource, arguments)
  local listing = self.listing
  local listed, problem = task.pcall(read_all, listing, present)
  self.listing = false
  if self.closed then return end
  if not listed then error(listing.error or problem, 0) end
  for _, id in ipairs(known) do
    if not present[id] and not self.state.gone[id] then missing[#missing + 1] = id end
  end
  self.missing, self.present = missing, present
end

local function end_reconciling(self)
  self.ids:save(self.present)
  self.ids:unlock()
  self.state.gone, self.missing, self.present = {}, false, false
  self.state:save()
end

-- The next deleted item, or nil at the end. Ironclad is asked for each item, because a list may have left one out.
local function next_gone(self)
  if not self.missing then begin_reconciling(self) end
  while not self.closed do
    local id = table.remove(self.missing)
    if not id then break end
    local resource = self.client[self.resource]
    local _, err = resource:get(id)
    if self.closed then return nil end
    if err and err.kind ~= "not_found" and err.kind ~= "permission" then error(err, 0) end
    if err then
      self.inhand = { id = id, gone = true }
      return { id = id, gone = true }
    end
    self.present[id] = true
  end
  if not self.closed then end_reconciling(self) end
  return nil
end

-- --- the iterator

-- Whether the loop ends although it follows.
local function is_ending(self) return self.closed or self.following and loop.is_ending() end

-- Sleeps until the next look. It ends early when the iterator is closed or nginx ends its worker.
local function rest(self, seconds)
  local longest = self.state.store.keep_every or seconds
  if waits_for_worker() then longest = math.min(longest, WORKER) end
  while seconds > 0 and not is_ending(self) do
    local until_end = run.internal(self.client, "pause", math.min(seconds, longest))
    self.pending = until_end
    local rested, err = run.finish(until_end)
    self.pending = false
    if not rested and not self.closed then error(err, 0) end
    seconds = seconds - longest
    self.state:keep()
  end
end

-- Seconds until the lock of another process is tried again.
local function pause_for_lock(self)
  return math.min(self.following.every, self.state.store.waits and MACHINE or WORKER)
end

local function next_change(self)
  finish_item(self)
  while not is_ending(self) do
    local looks = self.walk or self.missing or begin_look(self)
    if self.missing then
      local gone = next_gone(self)
      if gone then return gone end
    elseif looks then
      if self.position < #self.queue then
        self.position = self.position + 1
        self.inhand = self.queue[self.position]
        return self.inhand.value
      end
      local batch = self.walk:next()
      if self.closed then return nil end
      if self.first_run then save_start(self) end
      if batch then
        self.queue, self.position = batch, 0
      else
        end_look(self)
        local gone = self.ids and next_gone(self)
        if gone then return gone end
      end
    end
    if not self.walk and not self.missing then
      if not self.following then return nil end
      rest(self, looks and self.following.every or pause_for_lock(self))
    end
  end
end

-- Any error as a table. Ctrl-C is an error that the program lua raises.
local function as_error(self, problem)
  if type(problem) == "table" and problem.kind then return problem end
  local kind, message = "store", tostring(problem)
  if message:find "interrupted!$" then kind, message = "cancelled", "interrupted" end
  return Error.new { kind = kind, message = message, operation = self.label, outcome = "not_done", retryable = false,
    attempts = 1 }
end

-- Whether a loop that follows continues after a failure: whether the failure may be temporary.
local function may_pass(self, err) return self.following and not self.closed and err.retryable end

-- Ends the loop with an error.
local function fail(self, err)
  self.error = err
  Changes.close(self)
  error(tostring(err), 0)
end

-- After a temporary failure: calls on_error, and sleeps.
local function recover(self, err)
  if self.following.on_error then self.following.on_error(err) end
  self.walk, self.missing, self.inhand = false, false, false
  if self.state.store.waits then
    self.state:reset()
    self.loaded = false
  end
  rest(self, run.pause_after(err, self.following.every))
end

local function check_task(self)
  local mine, holder = task.running(), self.holder
  if self.busy then
    mistake.raise(self.label, "its next item is waited for already; only one task can take its items")
  elseif self.inhand and holder and holder ~= mine and not holder.done then
    mistake.raise(self.label, "the task that has the last item has not ended; only one task can take the items, "
      .. "because asking for the next one means that the last one has been handled")
  end
end

local function take_item(self)
  local step, problem = next_change, nil
  while not self.closed do
    local fine, result = task.pcall(step, self, problem)
    if fine and step == next_change then
      if result ~= nil then return result end
      break
    elseif fine then
      step, problem = next_change, nil
    else
      local err = as_error(self, result)
      if self.closed and err.kind == "cancelled" then break end
      if step == recover or not may_pass(self, err) then fail(self, err) end
      step, problem = recover, err
    end
  end
  Changes.close(self)
  return nil
end

-- Takes the results of pcall.
local function taken(self, fine, ...)
  self.busy = false
  if not fine then error((...), 0) end
  return ...
end

Changes.__call = mistake.guard_waiting(function(self)
  check_task(self)
  self.busy, self.holder = true, task.running() or false
  return taken(self, task.pcall(take_item, self))
end)

--- Records that the last item has been handled, for a loop that ends here, with break or return.
function Changes:done()
  if self.closed then return end
  local fine, problem = pcall(finish_item, self)
  if fine then return end
  fail(self, as_error(self, problem))
end

--- Makes the loop run for ever: after the last change it sleeps, and looks again.
-- @param options every (seconds between two looks; default 60), on_error (function(err), called when a look fails with
--   a temporary error; the loop then continues)
-- @return the same changes
function Changes:follow(options)
  local label = self.label
  options = options == nil and {} or options
  mistake.check_options(label .. ":follow", options, { every = true, on_error = true })
  if options.on_error ~= nil and type(options.on_error) ~= "function" then
    mistake.raise(label .. ":follow", "on_error: expected a function, got %s", mistake.type_of(options.on_error))
  end
  self.following = { every = check_seconds(label .. ":follow", "every", options.every or EVERY, 0.001),
    on_error = options.on_error }
  return self
end

--- Ends the loop: cancels what it waits for, and releases the state. The last item is not recorded as handled.
function Changes:close()
  if self.closed then return end
  self.closed = true
  if self.pending then run.cancel(self.pending) end
  if self.source.pending then run.cancel(self.source.pending) end
  if self.listing then self.listing:close() end
  if self.ids then self.ids:unlock() end
  self.state:unlock()
end

function Changes:__close() Changes.close(self) end

function Changes:__tostring() return ("ironclad.changes (%s)"):format(self.label) end

mistake.need_object(Changes, Changes, "changes", { "done", "follow", "close" })
Changes.follow = mistake.guard(Changes.follow)
Changes.done, Changes.close = mistake.guard_waiting(Changes.done), mistake.guard_waiting(Changes.close)

--- Methods by resource and name.
changes.methods = {}
for resource in pairs(change_walk.lists) do
  local label = resource .. ":changes"
  changes.methods[resource] = { changes = function(methods, given, ...)
    mistake.check_surplus(label, ...)
    local client = operation.client_of(label, { resource = resource, name = "changes" }, methods)
    local walk = new_changes(client, resource, label, given)
    return walk, nil, nil, walk
  end }
end

return changes
