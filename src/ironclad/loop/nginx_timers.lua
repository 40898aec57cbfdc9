--- Work that needs a timer of nginx: tasks of phases without light threads, and token stores.
--
-- Work waits in a queue for a timer, which runs it in a light thread. While few timers run, each piece of work has a
-- new one, so that one which ends its timer by ngx.exit ends no other. When many run, a timer takes more work.
--
-- nginx drops a timer that comes when lua_max_running_timers run, and tells only its log. So other timers follow, and
-- the first that nginx runs takes what waits.

local unpack = rawget(_G, "unpack") or table.unpack -- luacheck: ignore 143

local timers = {}

-- What to say about work that has waited for a timer.
timers.NONE = "nginx ran no timer for it: raise lua_max_running_timers, or worker_connections if nginx's log says so"

-- Work that waits: a list of { fn =, since =, n =, arguments… }.
local queue = {}

local FEW = 16 -- timers
local LATE = 0.2 -- seconds after which a timer that runs takes work that still waits
local newest -- the semaphore that wakes the newest timer that has work

-- Seconds after which another timer looks for work that waits. Of each at most one is pending. The long ones follow
-- only when timers run already: with lua_code_cache off, a pending timer keeps the Lua state of its request.
local DELAYS = { 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6 }
local SHORT = 1
local due = {} -- when that is

local function waited() return queue[1] and ngx.now() - queue[1].since or 0 end

local TOLD, told = 60, 0 -- seconds between two warnings

local function warn()
  local seconds = waited()
  if seconds < 1 or ngx.now() - told < TOLD then return end
  told = ngx.now()
  ngx.log(ngx.WARN, ("ironclad: work has waited %.1f s for a timer: raise lua_max_running_timers"):format(seconds))
end

local function run_queue()
  if not queue[1] then return end
  local wakeup, alive, ended = require("ngx.semaphore").new(), 0, {}
  local function work(start)
    local fine, problem = pcall(start.fn, unpack(start, 1, start.n))
    if not fine then ngx.log(ngx.ERR, "ironclad: ", problem) end
    alive = alive - 1
    ended[#ended + 1] = start
    wakeup:post()
  end
  while true do
    warn()
    local starts = queue
    queue = {}
    for _, start in ipairs(starts) do
      alive = alive + 1
      start.thread = ngx.thread.spawn(work, start)
    end
    local over = ended
    ended = {}
    for _, start in ipairs(over) do ngx.thread.wait(start.thread) end -- frees the light thread
    if not queue[1] and not ended[1] then
      if alive == 0 then return end
      newest = wakeup
      while not wakeup:wait(LATE) and waited() < LATE do end
    end
  end
end

-- Whether a timer that has work was told to look for more.
local function told_newest()
  if not newest or newest:count() >= 0 then return false end
  newest:post()
  return true
end

local function try_again_later()
  local now, busy = ngx.now(), ngx.timer.running_count() > 0
  for i, delay in ipairs(DELAYS) do
    if (busy or delay < SHORT) and now >= (due[i] or 0) and ngx.timer.at(delay, run_queue) then due[i] = now + delay end
  end
end

--- Runs fn(...) in a timer, soon or when nginx has one.
-- @return true; nil and why it will not run
function timers.run(fn, ...)
  queue[#queue + 1] = { fn = fn, since = ngx.now(), n = select("#", ...), ... }
  if ngx.timer.running_count() >= FEW and told_newest() then return true end
  local fine, problem = ngx.timer.at(0, run_queue)
  if not fine and not told_newest() then
    queue[#queue] = nil
    return nil, ("nginx cannot start a timer for it: %s (raise lua_max_pending_timers)"):format(problem)
  end
  try_again_later()
  return true
end

return timers
