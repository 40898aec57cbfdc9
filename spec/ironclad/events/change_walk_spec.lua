-- Changes of a list that changes between any two requests, while loops end at any item. The list is played here: no
-- server is as fast as this needs.
local ironclad = require "ironclad"
local moment = require "ironclad.base.moment"
local run = require "ironclad.calls.run"

local start, finish = run.start, run.finish
local client = ironclad.connect { instance = "https://x.example", token = "t", as_user = false }

-- Numbers that look random, and are the same in every run.
local function generator(seed)
  return function(most)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return math.floor(seed / 65536) % most + 1
  end
end

-- A list as Ironclad plays it. `meddle()` changes some items, and is called before each request.
local List = {}
List.__index = List

local function new_list(random, count)
  local self = setmetatable({ random = random, items = {}, count = 0, now = 1.7e12, changes = 400, requests = 0 }, List)
  for _ = 1, count do self:add() end
  return self
end

function List:touch(id)
  if self.random(3) == 1 then self.now = self.now + self.random(4) - 1 end -- often the same millisecond
  if self.random(50) == 1 then self.now = self.now + self.random(400000) end
  self.items[id] = self.now
end

function List:add()
  self.count = self.count + 1
  self:touch("i" .. self.count)
end

function List:meddle()
  for _ = 1, self.random(6) - 2 do
    if self.changes == 0 then return end
    self.changes = self.changes - 1
    local id = "i" .. self.random(math.max(1, self.count))
    local what = self.random(20)
    if what == 1 then self.items[id] = nil elseif what < 8 then self:add() elseif self.items[id] then self:touch(id) end
  end
end

function List:page(query)
  self.requests = self.requests + 1
  assert(self.requests < 5000, "too many requests")
  local since, ids, items = query.lastUpdated and moment.read(query.lastUpdated) or 0, {}, self.items
  for id, time in pairs(items) do
    if time > since then ids[#ids + 1] = id end
  end
  local falling = query.sortDirection == "DESC"
  table.sort(ids, function(a, b)
    if query.sortField and items[a] ~= items[b] then return (items[a] < items[b]) ~= falling end
    return a < b
  end)
  local size, list = query.pageSize, {}
  for i = query.page * size + 1, math.min(#ids, (query.page + 1) * size) do
    list[#list + 1] = { id = ids[i], lastUpdated = moment.write(items[ids[i]]) }
  end
  return { list = list, count = #ids, page = query.page, pageSize = size }
end

local function play(list)
  run.start = function(_, _, _, arguments)
    if arguments.dry_run then return end
    list:meddle()
    return { list:page(arguments.query) }
  end
  run.finish = function(pending)
    return pending[1], nil, { headers = { date = os.date("!%a, %d %b %Y %H:%M:%S GMT", math.floor(list.now / 1000)) } }
  end
end

local function memory()
  local text
  return { load = function() return text end, save = function(new) text = new return true end,
    append = function(line) text = text .. line return true end }
end

describe("changes of a list that changes between two requests", function()
  after_each(function() run.start, run.finish = start, finish end)

  for _, resource in ipairs { "records", "entities", "obligations", "workflows" } do
    it("miss none, and give only what was in hand twice: " .. resource, function()
      for seed = 1, 25 do
        local random = generator(seed * 7919)
        local list = new_list(random, random(60))
        play(list)
        local options = { state = memory(), pageSize = random(8) + 1, overlap = 300 * (random(2) - 1) }
        local given, in_hand = {}, {}
        local function loop(is_last)
          local changes = client[resource]:changes(options)
          for item in changes do
            local key = item.id .. " " .. item.lastUpdated
            assert(not given[key] or in_hand[key], "twice")
            given[key], in_hand[key] = true, nil
            list:meddle()
            local what = is_last and 0 or random(40)
            if what == 1 then in_hand[key] = true elseif what == 2 then changes:done() end
            if what == 1 or what == 2 then break end
          end
          changes:close()
        end
        for _ = 1, random(8) do
          loop()
          list.now = list.now + random(400000)
          list:meddle()
        end
        list.changes = 0
        loop(true)
        for id, time in pairs(list.items) do
          assert.is_true(given[id .. " " .. moment.write(time)], ("%s is missing, seed %d"):format(id, seed))
        end
      end
    end)
  end

  it("do not miss what has moved before the page that a look began with", function()
    -- Items 1 to 10 are old, 11 to 40 new. After the halving, items 1 to 9 change: those behind them move up.
    local list = new_list(generator(1), 0)
    for i = 1, 40 do list.items["i" .. i] = 1.7e12 + i end
    list.now, list.changes = 1.7e12 + 40, 0
    play(list)
    local options = { state = memory(), pageSize = 5, overlap = 0, since = moment.write(1.7e12 + 11) }
    local page = list.page
    local rising = false
    list.page = function(self, query)
      local answer = page(self, query)
      if query.pageSize == 5 and query.sortDirection == "ASC" and not rising then
        rising = true -- this was the page to begin with
        for i = 1, 9 do self.items["i" .. i] = 1.7e12 + 40 + i end
      end
      return answer
    end
    local given = {}
    for item in client.entities:changes(options) do given[item.id] = true end
    assert.is_true(rising)
    for i = 11, 40 do assert.is_true(given["i" .. i], i) end
  end)
end)
