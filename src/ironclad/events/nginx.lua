--- A receiver in nginx: content_by_lua_block { receiver:nginx() }. Bodies of more than client_max_body_size (nginx's
-- default: 1 MiB) are refused by nginx itself.

-- luacheck: globals ngx

local core = require "ironclad.core"

local nginx = {}

local MOST = 1024 * 1024 -- bytes of a body
local LOOK = 1 -- seconds between two ticks: checks of the inbox, which another worker may have filled
local EVENTS = 100 -- that a timer handles before another one continues, so that nginx can free its memory
local MISSED = 5 -- ticks without a sign of life, after which a consumer has ended

-- The body of the request; nil and the status of the answer.
local function read_body()
  local length = tonumber(ngx.var.http_content_length)
  if length and length > MOST then return nil, 413 end
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if body then return body end
  -- nginx has put a body that is larger than client_body_buffer_size into a file.
  local path = ngx.req.get_body_file()
  if not path then return "" end
  local file = io.open(path, "rb")
  if not file then return nil, 503 end
  local problem
  body, problem = file:read(MOST + 1)
  file:close()
  if problem then return nil, 503 end
  return body or ""
end

local function ignore() end

--- Takes the request that nginx is serving, and answers it.
function nginx.serve(receiver)
  -- With lua_check_client_abort on, a client that goes away would end the handler in the middle.
  ngx.on_abort(ignore)
  local body, status = read_body()
  local text = ""
  if body then
    status, text = receiver:handle(ngx.req.get_headers(0), body,
      { method = ngx.req.get_method(), query = ngx.var.args })
  end
  ngx.status = status
  ngx.header.content_type = "text/plain"
  ngx.print(text)
end

-- ---- the inbox, in timers ----
--
-- A consumer is a timer that handles what is due, one event after the other. A receiver has a slot for each consumer
-- that it may have in this worker: false, or the state of the one that works: { left =, item = the event in hand,
-- missed = how many ticks it has not shown a sign of life }. A handler may end the whole timer, by ngx.exit. Then the
-- tick finds that the signs have stopped, and what the consumer had in hand has failed.

-- A receiver of an init_worker phase is kept, others only as long as something else has them: with lua_code_cache off
-- there is one for each request, in a Lua state of its own, which must end.
local receivers = setmetatable({}, { __mode = "k" }) -- receiver -> { slots =, awaits =, work =, recover = }
local kept = {} -- luacheck: ignore 241

local function show_life(state)
  while true do
    state.missed = 0
    ngx.sleep(LOOK)
  end
end

local function free_slot(about)
  for i, state in ipairs(about.slots) do
    if not state then return i end
  end
end

local look

local function consume(premature, receiver)
  local about = receivers[receiver]
  local slot = not premature and free_slot(about)
  if not slot then return end
  local state = { left = EVENTS, missed = 0 }
  about.slots[slot] = state
  local life = ngx.thread.spawn(show_life, state)
  local fine, count, soon = pcall(about.work, receiver, state)
  ngx.thread.kill(life)
  about.slots[slot] = false
  if not fine then return ngx.log(ngx.ERR, "ironclad: the inbox: ", count) end
  -- One timer is enough for the next event that is due.
  if state.left == 0 then soon = 0 end
  if soon and soon < LOOK and not about.awaits then
    about.awaits = ngx.timer.at(math.max(0.01, soon), look, receiver)
  end
end

function look(_, receiver)
  local about = receivers[receiver]
  about.awaits = false
  for _ = 1, receiver.consumers do ngx.timer.at(0, consume, receiver) end
end

local function recover_dead(receiver, about)
  for i, state in ipairs(about.slots) do
    if state then state.missed = state.missed + 1 end
    if state and state.missed > MISSED then
      about.slots[i] = false
      about.recover(receiver, state)
    end
  end
end

local repeats, ticked = false, 0 -- whether a timer that repeats was started; when the last tick was

local function tick_all()
  ticked = core.monotonic()
  local list = {}
  for receiver in pairs(receivers) do list[#list + 1] = receiver end
  for _, receiver in ipairs(list) do look(nil, receiver) end
  for _, receiver in ipairs(list) do
    local fine, problem = pcall(recover_dead, receiver, receivers[receiver])
    if not fine then ngx.log(ngx.ERR, "ironclad: the inbox: ", problem) end
  end
end

local chain = 0 -- the number of the last chain

-- A chain of timers, as long as there are receivers.
local function tick(premature, mine)
  if premature or repeats or mine ~= chain then return end
  collectgarbage("step", 1000) -- in a state that does nothing else, nothing would ever be collected
  if next(receivers) == nil then return end
  ngx.timer.at(LOOK, tick, mine)
  tick_all()
end

-- Arranges that each second the receivers are looked after. nginx drops a timer when too many are running
-- (lua_max_running_timers) or pending. Of one that repeats, it drops only one run. A chain that was dropped begins
-- again with the next request.
local function look_after_them()
  if repeats or core.monotonic() - ticked < 3 * LOOK then return end
  ticked = core.monotonic()
  local started, problem
  if ngx.get_phase() == "init_worker" then
    started, problem = ngx.timer.every(LOOK, tick_all)
    repeats = started ~= nil
  else
    chain = chain + 1
    started, problem = ngx.timer.at(LOOK, tick, chain)
  end
  if not started then ngx.log(ngx.ERR, "ironclad: the inbox cannot be worked on: ", problem) end
end

--- Arranges that the inbox of a receiver is worked on, in timers of this worker.
-- @param work function(receiver, state) -> count, soon: handles at most state.left events, with state.item in hand
-- @param recover function(receiver, state): the consumer with this state has ended in the middle
function nginx.work_in_background(receiver, work, recover)
  local slots = {}
  for i = 1, receiver.consumers do slots[i] = false end
  receivers[receiver] = { slots = slots, awaits = false, work = work, recover = recover }
  if ngx.get_phase() == "init_worker" then kept[receiver] = true end
  look_after_them()
  ngx.timer.at(0, look, receiver)
  -- An event that has just arrived is handled at once, unless all consumers are busy.
  function receiver.on_kept()
    look_after_them()
    ngx.timer.at(0, consume, receiver)
  end
end

return nginx
