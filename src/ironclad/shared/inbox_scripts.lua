--- The scripts of the shared inbox. Redis runs one at a time, so that each is one step for all machines. Each can be
-- run twice: a machine that has lost the reply runs it again. They use Redis's clock. Their keys are
--
--   inbox:events    a stream with one consumer group: the events that wait to be handled. An entry stays until it is
--                   done; Redis knows which consumer has it, and since when
--   inbox:items     a hash: id -> its entry as JSON { text, received, tries, next_try, error, entry, hold, dead, puts }
--   inbox:later     a sorted set: id -> when it is due again, after a try that failed, or when a hold ends
--   inbox:dead      a stream of the ids that have been given up, trimmed to DEAD_MOST
--   inbox:done      a sorted set: a token -> when its event was handled or given up, for a week, DONE_MOST at most
--
-- Each process that puts an event names that by a token; `puts` of the item has those of all, separated by spaces. An
-- event that is put again after it was handled has another token, and is another event for these scripts.
--
-- Every item is in `events`, `later` or `dead`. When it is in none of them, because one of these keys was deleted or
-- replaced by something else, it is put back, a little later: a consumer may have it in hand. The items themselves are
-- never deleted by force: one that is none is moved to the hash inbox:odd.

local scripts = {}

local DONE_MOST, DONE_AGE = 100000, 7 * 24 * 3600 -- marks of events that were handled: how many, and seconds

-- What the scripts have in common.
local TOOLS = ([[
if redis.replicate_commands then redis.replicate_commands() end
local events, items, later, dead, done = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local time = redis.call('time')
local now = time[1] + time[2] / 1000000
-- An item; nil: there is none. false: it is not one.
local function load(id)
  local text = redis.call('hget', items, id)
  if not text then return nil end
  local fine, item = pcall(cjson.decode, text)
  if not fine or type(item) ~= 'table' or type(item.text) ~= 'string' or type(item.puts) ~= 'string' then
    return false
  end
  item.tries, item.received = tonumber(item.tries) or 0, tonumber(item.received) or now
  return item
end
local function save(id, item) redis.call('hset', items, id, cjson.encode(item)) end
local function is_done(puts)
  for token in string.gmatch(puts, '%%S+') do
    if redis.call('zscore', done, token) then return true end
  end
end
local function mark_done(puts)
  for token in string.gmatch(puts, '%%S+') do redis.call('zadd', done, now, token) end
  redis.call('zremrangebyscore', done, '-inf', now - %d)
  redis.call('zremrangebyrank', done, 0, -%d)
end
local function is_same(puts, other)
  for token in string.gmatch(puts, '%%S+') do
    if string.find(other, token, 1, true) then return true end
  end
end
local function enqueue(id, item)
  item.entry, item.hold = redis.call('xadd', events, '*', 'id', id), nil
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
local function pending(entry)
  local list = entry and redis.pcall('xpending', events, 'ironclad', entry, entry, 1)
  return list and list[1]
end
local function hold_of(consumer, entry, deliveries) return consumer .. ' ' .. entry .. ' ' .. deliveries end
-- The hold of the consumer that has the event in hand; nil: none has. With pending's milliseconds since it was noted.
local function holder(id, item)
  if item.hold then
    local due = tonumber(redis.call('zscore', later, id) or 0)
    return due > now and item.hold or nil
  end
  local found = pending(item.entry)
  if found then return hold_of(found[2], item.entry, found[4]), found[3] end
end
]]):format(DONE_AGE, DONE_MOST + 1)

-- … and those that are not checks. Their last argument is GRACE.
local HEAD = TOOLS .. [[
local grace = tonumber(ARGV[#ARGV])
local function is_in(stream, entry) return entry and #redis.call('xrange', stream, entry, entry) > 0 end
local odd = KEYS[6]
local kinds = { [events] = 'stream', [later] = 'zset', [dead] = 'stream', [done] = 'zset', [odd] = 'hash' }
for key, kind in pairs(kinds) do
  local found = redis.call('type', key).ok
  if found ~= kind and found ~= 'none' then redis.call('del', key) end
end
if redis.call('hlen', items) > redis.call('xlen', events) + redis.call('zcard', later) + redis.call('xlen', dead) then
  for _, id in ipairs(redis.call('hkeys', items)) do
    local item = load(id)
    if not item then
      redis.call('hset', odd, id, redis.call('hget', items, id))
      redis.call('hdel', items, id)
    elseif item.dead then
      if not is_in(dead, item.dead) then
        item.dead = redis.call('xadd', dead, '*', 'id', id)
        save(id, item)
      end
    elseif not is_in(events, item.entry) and not redis.call('zscore', later, id) then
      redis.call('zadd', later, now + grace, id)
    end
  end
end
]]

-- Arguments: id, text, token, grace. Returns 0 when what the token stands for has been handled already.
scripts.put = HEAD .. [[
if is_done(ARGV[3]) then return 0 end
local item = load(ARGV[1])
if item and not string.find(item.puts, ARGV[3], 1, true) then
  item.puts = item.puts .. ' ' .. ARGV[3]
  save(ARGV[1], item)
  if item.dead then mark_done(ARGV[3]) end
elseif not item then
  group()
  enqueue(ARGV[1], { text = ARGV[2], received = now, tries = 0, next_try = now, puts = ARGV[3] })
end
return 1
]]

-- Arguments: id, token; id, ….
scripts.check_put = TOOLS .. [[
local answers = {}
for i = 1, #ARGV, 2 do
  local there = redis.call('hexists', items, ARGV[i]) == 1
  answers[#answers + 1] = is_done(ARGV[i + 1]) and (there and 3 or 0) or there and 1 or 2
end
return answers
]]

-- Arguments: id, hold, lease in seconds, text, tries, received, puts, grace. A consumer has the event in hand.
scripts.restore = HEAD .. [[
if is_done(ARGV[7]) or redis.call('hexists', items, ARGV[1]) == 1 then return 1 end
save(ARGV[1], { text = ARGV[4], tries = tonumber(ARGV[5]), received = tonumber(ARGV[6]), next_try = now,
  hold = ARGV[2], puts = ARGV[7] })
redis.call('zadd', later, now + ARGV[3], ARGV[1])
return 1
]]

-- Arguments: id, hold, lease in seconds, puts; id, …. Extends the leases. An event that nobody has in hand although
-- this one says so was put again after a loss, or its lease has ended: it is taken back.
scripts.check_hold = TOOLS .. [[
local answers = {}
for i = 1, #ARGV, 4 do
  local id, hold, lease = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  local item = load(id)
  local answer = 1
  if not item then
    answer = is_done(ARGV[i + 3]) and 0 or 2
  else
    local other, idle = holder(id, item)
    if other and other ~= hold or item.dead then
      answer = 0
    elseif idle and idle > lease * 250 then
      redis.call('xclaim', events, 'ironclad', string.match(hold, '^%S+'), 0, item.entry, 'justid')
    elseif not idle then
      if item.hold ~= hold then
        forget_entry(item)
        item.hold = hold
        save(id, item)
      end
      if (tonumber(redis.call('zscore', later, id) or 0) - now) < lease * 0.75 then
        redis.call('zadd', later, now + lease, id)
      end
    end
  end
  answers[#answers + 1] = answer
end
return answers
]]

-- Arguments: consumer, lease in milliseconds, grace. Returns { id, item, milliseconds, hold }: an event, or the time
-- until one may be due (-1: none waits). Consumers that have been idle for an hour are removed once there are many.
scripts.take = HEAD .. [[
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
    if item and item.entry == entry[1] then
      return { id, cjson.encode(item), 0, hold_of(ARGV[1], entry[1], pending(entry[1])[4]) }
    end
    redis.call('xack', events, 'ironclad', entry[1])
    redis.call('xdel', events, entry[1])
  end
end
local lease = tonumber(ARGV[2])
local soonest = -1
for _, other in ipairs(redis.call('xpending', events, 'ironclad', '-', '+', 100)) do
  if other[3] >= lease then
    local found = given(redis.call('xclaim', events, 'ironclad', ARGV[1], lease, other[1]))
    if found then return found end
  else
    local left = lease - other[3]
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
return { '', '', soonest, '' }
]]

-- Arguments: id, hold, puts, grace. Returns 0 when another consumer has the event in hand.
scripts.done = HEAD .. [[
local item = load(ARGV[1])
if item and not is_same(item.puts, ARGV[3]) then item = nil end
local other = item and holder(ARGV[1], item)
if other and other ~= ARGV[2] then return 0 end
if item then
  forget_entry(item)
  redis.call('zrem', later, ARGV[1])
  if item.dead then redis.call('xdel', dead, item.dead) end
  redis.call('hdel', items, ARGV[1])
  mark_done(item.puts)
end
mark_done(ARGV[3])
return 1
]]

-- Arguments: the puts of events.
scripts.check_done = TOOLS .. [[
local answers = {}
for i, puts in ipairs(ARGV) do answers[i] = is_done(puts) and 1 or 2 end
return answers
]]

-- Arguments: id, hold, message, tries at most, pause and longest pause in seconds, dead letters at most, their age in
-- seconds; text, tries, time of receipt and puts, in case that Redis has lost the event; grace. Returns "retry" or
-- "dead".
scripts.fail = HEAD .. [[
local item = load(ARGV[1])
if item and holder(ARGV[1], item) ~= ARGV[2] or not item and is_done(ARGV[12]) then return 'retry' end
item = item or { text = ARGV[9], tries = tonumber(ARGV[10]), received = tonumber(ARGV[11]), puts = ARGV[12] }
forget_entry(item)
item.tries, item.error, item.hold = item.tries + 1, ARGV[3], nil
if item.tries < tonumber(ARGV[4]) then
  item.next_try = now + math.min(tonumber(ARGV[5]) * 2 ^ (item.tries - 1), tonumber(ARGV[6]))
  save(ARGV[1], item)
  redis.call('zadd', later, item.next_try, ARGV[1])
  return 'retry'
end
redis.call('zrem', later, ARGV[1])
item.dead = redis.call('xadd', dead, '*', 'id', ARGV[1])
save(ARGV[1], item)
mark_done(item.puts)
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

-- Arguments: id, 'retry' or 'remove', grace. Returns 0: there is no such event, or a consumer has it.
scripts.change = HEAD .. [[
local item = load(ARGV[1])
if not item or holder(ARGV[1], item) then return 0 end
forget_entry(item)
redis.call('zrem', later, ARGV[1])
if item.dead then redis.call('xdel', dead, item.dead) end
item.dead = nil
if ARGV[2] == 'remove' then
  redis.call('hdel', items, ARGV[1])
  mark_done(item.puts)
else
  for token in string.gmatch(item.puts, '%S+') do redis.call('zrem', done, token) end
  group()
  item.tries, item.error, item.next_try = 0, nil, now
  enqueue(ARGV[1], item)
end
return 1
]]

return scripts
