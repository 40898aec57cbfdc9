--- An inbox that machines share: `inbox = "shared"` keeps events in the shared Redis. The functions are those of
-- ironclad.events.inbox.
--
--   inbox:events    a stream with one consumer group: the events that wait to be handled. An entry stays until it is
--                   done; Redis knows which consumer has it, and since when
--   inbox:items     a hash: id -> its entry as JSON { text, received, tries, next_try, error, entry }
--   inbox:later     a sorted set: id -> when it is due again, after a try that failed
--   inbox:dead      a stream of the ids that have been given up, trimmed to DEAD_MOST
--
-- An entry whose consumer has not finished it within LEASE is taken by another one. The number of its deliveries
-- distinguishes the two, when the first one reports later that it has failed. Scripts use Redis's clock.
--
-- Every item is in `events`, `later` or `dead`. When it is in none of them, because one of these keys was deleted or
-- replaced by something else, it is put back. The items themselves are never deleted by force.

local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"
local redis = require "ironclad.shared.redis"

local inbox = {}

local TRIES = 10 -- until an event is given up
local PAUSE, LONGEST = 10, 3600 -- seconds before the second try; it doubles up to the longest
local LEASE = 300 -- seconds
local DEAD_MOST, DEAD_AGE = 10000, 90 * 24 * 3600 -- events that were given up: how many, and for how many seconds

local KEYS = { "inbox:events", "inbox:items", "inbox:later", "inbox:dead" }

local HEAD = [[
if redis.replicate_commands then redis.replicate_commands() end
local events, items, later, dead = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local time = redis.call('time')
local now = time[1] + time[2] / 1000000
local function load(id)
  local text = redis.call('hget', items, id)
  return text and cjson.decode(text)
end
local function save(id, item) redis.call('hset', items, id, cjson.encode(item)) end
local function enqueue(id, item)
  item.entry = redis.call('xadd', events, '*', 'id', id)
  save(id, item)
end
local function forget_entry(item)
  if item.entry then
    redis.call('xack', events, 'ironclad', item.entry)
    redis.call('xdel', events, item.entry)
    item.entry = nil
  end
end
local function group() redis.pcall('xgroup', 'create', events, 'ironclad', '0', 'mkstream') end
local function is_in(stream, entry) return entry and #redis.call('xrange', stream, entry, entry) > 0 end
local function deliveries(entry)
  local pending = redis.call('xpending', events, 'ironclad', entry, entry, 1)[1]
  return pending and pending[4] or 0
end
for key, kind in pairs { [events] = 'stream', [later] = 'zset', [dead] = 'stream' } do
  local found = redis.call('type', key).ok
  if found ~= kind and found ~= 'none' then redis.call('del', key) end
end
if redis.call('hlen', items) > redis.call('xlen', events) + redis.call('zcard', later) + redis.call('xlen', dead) then
  group()
  local all = redis.call('hgetall', items)
  for i = 1, #all, 2 do
    local id, item = all[i], cjson.decode(all[i + 1])
    if item.dead then
      if not is_in(dead, item.dead) then
        item.dead = redis.call('xadd', dead, '*', 'id', id)
        save(id, item)
      end
    elseif not is_in(events, item.entry) and not redis.call('zscore', later, id) then
      enqueue(id, item)
    end
  end
end
]]

-- Arguments: id, text.
local PUT = HEAD .. [[
if redis.call('hexists', items, ARGV[1]) == 1 then return 0 end
group()
enqueue(ARGV[1], { text = ARGV[2], received = now, tries = 0, next_try = now })
return 1
]]

-- Arguments: consumer, lease in milliseconds. Returns { id, item, milliseconds, deliveries }: an event, or the time
-- until one may be due (-1: none waits). Consumers that have been idle for an hour are removed once there are many.
local TAKE = HEAD .. [[
group()
for _, id in ipairs(redis.call('zrangebyscore', later, '-inf', now, 'limit', 0, 100)) do
  local item = load(id)
  redis.call('zrem', later, id)
  if item then enqueue(id, item) end
end
local function given(entries)
  for _, entry in ipairs(entries or {}) do
    local id = entry[2] and entry[2][2]
    local item = id and load(id)
    if item and item.entry == entry[1] then return { id, cjson.encode(item), 0, deliveries(entry[1]) } end
    redis.call('xack', events, 'ironclad', entry[1])
    redis.call('xdel', events, entry[1])
  end
end
local lease = tonumber(ARGV[2])
local soonest = -1
for _, pending in ipairs(redis.call('xpending', events, 'ironclad', '-', '+', 100)) do
  if pending[3] >= lease then
    local found = given(redis.call('xclaim', events, 'ironclad', ARGV[1], lease, pending[1]))
    if found then return found end
  else
    local left = lease - pending[3]
    if soonest < 0 or left < soonest then soonest = left end
  end
end
repeat
  local read = redis.call('xreadgroup', 'group', 'ironclad', ARGV[1], 'count', 1, 'streams', events, '>')
  local found = read and given(read[1][2])
  if found then return found end
until not read
local next_one = redis.call('zrange', later, 0, 0, 'withscores')[2]
if next_one then
  local left = math.max(1, math.ceil((tonumber(next_one) - now) * 1000))
  if soonest < 0 or left < soonest then soonest = left end
end
local function named(flat)
  local fields = {}
  for i = 1, #flat, 2 do
    local name = flat[i]
    fields[name] = flat[i + 1]
  end
  return fields
end
if named(redis.call('xinfo', 'groups', events)[1]).consumers > 100 then
  for _, flat in ipairs(redis.call('xinfo', 'consumers', events, 'ironclad')) do
    local consumer = named(flat)
    if consumer.pending == 0 and consumer.idle > 3600000 then
      redis.call('xgroup', 'delconsumer', events, 'ironclad', consumer.name)
    end
  end
end
return { '', '', soonest, 0 }
]]

-- Arguments: id, entry.
local DONE = HEAD .. [[
local item = load(ARGV[1])
if item and item.entry == ARGV[2] then
  forget_entry(item)
  redis.call('hdel', items, ARGV[1])
end
return 1
]]

-- Arguments: id, entry, message, tries at most, pause and longest pause in seconds, dead letters at most, their age in
-- seconds, deliveries when it was taken. Returns 'retry' or 'dead'.
local FAIL = HEAD .. [[
local item = load(ARGV[1])
if not item or item.entry ~= ARGV[2] or deliveries(ARGV[2]) ~= tonumber(ARGV[9]) then return 'retry' end
forget_entry(item)
item.tries, item.error = item.tries + 1, ARGV[3]
if item.tries < tonumber(ARGV[4]) then
  item.next_try = now + math.min(tonumber(ARGV[5]) * 2 ^ (item.tries - 1), tonumber(ARGV[6]))
  save(ARGV[1], item)
  redis.call('zadd', later, item.next_try, ARGV[1])
  return 'retry'
end
item.dead = redis.call('xadd', dead, '*', 'id', ARGV[1])
save(ARGV[1], item)
local oldest = (now - tonumber(ARGV[8])) * 1000
while true do
  local first = redis.call('xrange', dead, '-', '+', 'count', 1)[1]
  if not first then break end
  local age = tonumber(string.match(first[1], '^%d+'))
  if redis.call('xlen', dead) <= tonumber(ARGV[7]) and age >= oldest then break end
  redis.call('xdel', dead, first[1])
  redis.call('hdel', items, first[2][2])
end
return 'dead'
]]

-- Arguments: id, 'retry' or 'remove'. Returns 0: there is no such event, or a consumer has it.
local CHANGE = HEAD .. [[
local item = load(ARGV[1])
if not item then return 0 end
for _, pending in ipairs(item.entry and redis.call('xpending', events, 'ironclad', item.entry, item.entry, 1) or {}) do
  return 0
end
forget_entry(item)
redis.call('zrem', later, ARGV[1])
if item.dead then redis.call('xdel', dead, item.dead) end
item.dead = nil
if ARGV[2] == 'remove' then
  redis.call('hdel', items, ARGV[1])
else
  group()
  item.tries, item.error, item.next_try = 0, nil, now
  enqueue(ARGV[1], item)
end
return 1
]]

local Inbox = { __name = "ironclad.inbox.redis" }
Inbox.__index = Inbox

function Inbox.__tostring() return "ironclad.inbox (shared)" end

local function ask(self, script, arguments) return redis.script(self.client, script, KEYS, arguments) end

function Inbox:put(id, text)
  local kept, err = ask(self, PUT, { id, text })
  return kept and true or nil, err
end

function Inbox:take()
  local answer, err = ask(self, TAKE, { self.consumer, math.floor(self.lease * 1000) })
  if not answer then return nil, self.pause, err end
  if answer[1] == "" then return nil, answer[3] >= 0 and answer[3] / 1000 or nil end
  local item = core.json.decode(answer[2])
  return { id = answer[1], text = item.text, tries = item.tries, received = item.received, entry = item.entry,
    deliveries = answer[4] }
end

function Inbox:done(item)
  local done, err = ask(self, DONE, { item.id, item.entry })
  return done and true or nil, err
end

function Inbox:fail(item, message)
  return ask(self, FAIL, { item.id, item.entry, tostring(message), self.tries, self.pause, LONGEST, DEAD_MOST,
    DEAD_AGE, item.deliveries })
end

function Inbox:list()
  local flat, err = redis.command(self.client, { "HGETALL", redis.prefix(self.client) .. "inbox:items" })
  if not flat then return nil, err end
  local all = {}
  for i = 1, #flat, 2 do
    local item = core.json.decode(flat[i + 1])
    all[#all + 1] = { id = flat[i], state = item.dead and "dead" or "waiting", received = item.received,
      tries = item.tries, error = item.error, next_try = not item.dead and item.next_try or nil,
      event = core.json.decode(item.text) }
  end
  table.sort(all, function(a, b)
    if a.received ~= b.received then return a.received < b.received end
    return a.id < b.id
  end)
  return all
end

local function change(self, id, what)
  local changed, err = ask(self, CHANGE, { id, what })
  if changed == 0 then return nil, "the inbox has no event " .. id .. " that waits" end
  return changed and true or nil, err
end

function Inbox:retry(id) return change(self, id, "retry") end

function Inbox:remove(id) return change(self, id, "remove") end

mistake.guard_all(Inbox)

--- @param client a client with the option `shared`
-- @param options tries (10), pause (10 seconds) and lease (300 seconds: how long one event may take)
function inbox.open(client, options)
  return setmetatable({ client = client, consumer = core.random_hex(16), tries = options.tries or TRIES,
    pause = options.pause or PAUSE, lease = options.lease or LEASE }, Inbox)
end

return inbox
