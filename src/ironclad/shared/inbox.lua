--- An inbox that machines share: `inbox = "shared"` keeps events in the shared Redis. The functions are those of
-- ironclad.events.inbox. Its scripts run in Redis (ironclad.shared.inbox_scripts).
--
-- An entry whose consumer has not finished it within LEASE is taken by another one. The engine extends the lease while
-- the handler runs. A consumer's hold names it, the entry and the number of its deliveries: so a consumer that was
-- frozen for longer is recognised when it reports what has become of the event. Scripts use Redis's clock.
--
-- Redis may lose its data. Then the processes know more than Redis:
--
--   * the process that has put an event keeps it until it is handled, and puts it again
--   * a process that has an event in hand notes that again. The event is then in inbox:later, with a hold
--   * a process that has handled an event notes that again, for a few seconds
--
-- The first waits a little longer than the others, so that no event is handled twice at once or once more. What is lost
-- with Redis's data is an event whose receiver has ended; and an event is handled once more when its handler's process
-- has ended since, or is away.

local core = require "ironclad.core"
local check_calls = require "ironclad.events.inbox_calls"
local mistake = require "ironclad.base.mistake"
local redis = require "ironclad.shared.redis"
local run = require "ironclad.calls.run"
local scripts = require "ironclad.shared.inbox_scripts"

local inbox = {}

local TRIES = 10 -- until an event is given up
local PAUSE, LONGEST = 10, 3600 -- seconds before the second try; it doubles up to the longest
local LEASE = 300 -- seconds
local DEAD_MOST, DEAD_AGE = 10000, 90 * 24 * 3600 -- events that were given up: how many, and for how many seconds

local CHECK = 1 -- seconds between two checks whether Redis still has what this process has told it
local PATIENCE = 5 -- checks in a row that must say that an event is lost
local MARKED = 15 -- checks for which a process remembers that it has handled an event
local MARKED_MOST = 1000
local KEPT, KEPT_BYTES = 50000, 64 * 1024 * 1024 -- events that a process keeps until they are handled

local PAGE = 100 -- events that are listed at once

local KEYS = { "inbox:events", "inbox:items", "inbox:later", "inbox:dead", "inbox:done", "inbox:odd" }

local Inbox = { __name = "ironclad.inbox.redis" }
Inbox.__index = Inbox

function Inbox.__tostring() return "ironclad.inbox (shared)" end

-- Runs a script with the argument that all have.
local function ask(self, script, arguments, terms)
  arguments[#arguments + 1] = self.check * PATIENCE
  return redis.script(self.client, script, KEYS, arguments, self.seconds, terms)
end

function Inbox:put(id, text)
  local token = core.random_hex(8)
  local kept, err = ask(self, scripts.put, { id, text, token }, { check = scripts.check_put, words = { id, token },
    every = self.check, patience = PATIENCE, most = self.most, most_bytes = self.most_bytes, refuses = true })
  return kept and true or nil, err
end

function Inbox:take()
  local answer, err = ask(self, scripts.take, { self.consumer, math.floor(self.lease * 1000) })
  if not answer then return nil, self.pause, err end
  if answer[1] == "" then return nil, answer[3] >= 0 and answer[3] / 1000 or nil end
  local item = core.json.decode(answer[2])
  local id, hold = answer[1], answer[4]
  local known = { id, hold, self.lease, item.text, item.tries, item.received, item.puts, self.check * PATIENCE }
  local held = redis.hold(self.client, scripts.restore, KEYS, known, { check = scripts.check_hold,
    words = { id, hold, self.lease, item.puts }, every = self.check })
  return { id = id, text = item.text, tries = item.tries, received = item.received, puts = item.puts,
    hold = hold, held = held }
end

function Inbox:done(item)
  run.cancel(item.held)
  local done, err = ask(self, scripts.done, { item.id, item.hold, item.puts }, { check = scripts.check_done,
    words = { item.puts }, every = self.check, lasting = self.check * MARKED, most = MARKED_MOST, insists = true })
  if done == 0 then return nil, "the lease of event " .. item.id .. " has ended, and another consumer has it" end
  return done and true or nil, err
end

function Inbox:fail(item, message)
  run.cancel(item.held)
  return ask(self, scripts.fail, { item.id, item.hold, tostring(message), self.tries, self.pause, LONGEST, DEAD_MOST,
    DEAD_AGE, item.text, item.tries, item.received, item.puts })
end

-- Calls fn(id, item) for each event, a page at a time.
local function for_each(self, fn)
  local cursor, seen = "0", {}
  repeat
    local page, err = redis.command(self.client, { "HSCAN", redis.prefix(self.client) .. "inbox:items", cursor,
      "COUNT", PAGE })
    if not page then return nil, err end
    cursor = page[1]
    for i = 1, #page[2], 2 do
      local id = page[2][i]
      local item = not seen[id] and core.json.decode(page[2][i + 1])
      if type(item) == "table" and type(item.text) == "string" then fn(id, item) end
      seen[id] = true
    end
  until cursor == "0"
  return true
end

function Inbox:list()
  local all = {}
  local listed, err = for_each(self, function(id, item)
    all[#all + 1] = { id = id, state = item.dead and "dead" or "waiting", received = item.received,
      tries = item.tries, error = item.error, next_try = not item.dead and item.next_try or nil,
      event = core.json.decode(item.text) }
  end)
  if not listed then return nil, err end
  table.sort(all, function(a, b)
    if a.received ~= b.received then return a.received < b.received end
    return a.id < b.id
  end)
  return all
end

local function change(self, id, what)
  local changed, err = ask(self, scripts.change, { id, what })
  if changed == 0 then return nil, "the inbox has no event " .. id .. " that waits" end
  return changed and true or nil, err
end

function Inbox:retry(id) return change(self, id, "retry") end

function Inbox:remove(id) return change(self, id, "remove") end

check_calls(Inbox)
mistake.guard_all(Inbox)

--- @param client a client with the option `shared`
-- @param options
--   tries       10
--   pause       10 seconds before the second try
--   lease       300 seconds, after which an event of a machine that has died is taken by another one
--   check       1 second between two checks of what Redis has
--   most, most_bytes  50,000 and 64 MiB: what this process keeps of events until they are handled. With more, put fails
--   seconds     10: how long a step may wait for Redis
function inbox.open(client, options)
  return setmetatable({ client = client, consumer = core.random_hex(16), tries = options.tries or TRIES,
    pause = options.pause or PAUSE, lease = options.lease or LEASE, check = options.check or CHECK,
    most = options.most or KEPT, most_bytes = options.most_bytes or KEPT_BYTES,
    seconds = options.seconds }, Inbox)
end

return inbox
