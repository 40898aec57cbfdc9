--- Waiting in nginx's Lua module, with a cosocket on the engine's unix socket (src/core/engine/socket.h). The id of a
-- call is sent to the socket, and a byte comes back when the call has a notice. When the client of a request
-- disconnects (lua_check_client_abort on), nginx closes the socket. The engine then cancels the call, unless it has
-- been sent and must not be repeated.
--
-- In phases where nginx cannot wait, a call returns an error. In the init phases, which have no cosockets, it blocks.

local core = require "ironclad.core"
local store = require "ironclad.connections.store"
local stores = require "ironclad.loop.nginx_stores"
local task = require "ironclad.loop.task"
local timers = require "ironclad.loop.nginx_timers"

local nginx = { name = "nginx" }

-- For each worker: how many cosockets wait at once, how many more calls queue for one, and how many seconds an idle one
-- is kept.
local POOL, BACKLOG, KEPT = 256, 100000, 60
-- Seconds: the longest wait before the call is checked again, and how long after the call's deadline a wait ends.
local LONGEST, GRACE = 3600, 5

local blocking = { init = true, init_worker = true }
local waiting = {
  rewrite = true, access = true, content = true, timer = true, ssl_cert = true, ssl_session_fetch = true,
  ssl_client_hello = true,
}

local wrong_phase = "nginx cannot wait in its phase %s: make the call in rewrite, access, content or a timer, "
  .. "or give it a callback"
local in_c_function = "nginx cannot wait inside a C function, such as table.sort or string.gsub, that has called back: "
  .. "make the call outside of it, or give it a callback"

local function blocks() return ngx.socket == nil or blocking[ngx.get_phase()] end

--- Whether something can wait here: in this phase, and not inside a C function.
function nginx.can_wait() return waiting[ngx.get_phase()] and core.yieldable() or false end

-- Why nothing can wait here where calls do not block; or nil.
local function refusal()
  local phase = ngx.get_phase()
  if not waiting[phase] then return wrong_phase:format(phase) end
  if not core.yieldable() then return in_c_function end
end

local socket_dir -- of the first client: a process has one socket

--- Sets the option socket_dir: the folder of the unix socket.
function nginx.configure(folder) socket_dir = socket_dir or folder end

local function listen()
  return core.listen(socket_dir, os.getenv "TMPDIR" or "/tmp")
end

--- Why nothing can wait here, and the kind of error; or nil.
function nginx.objection()
  if blocks() then return nil end
  local refused = refusal()
  if refused then return refused end
  local path, problem = listen()
  if not path then return problem, "io" end
end

local collect

function collect(deadline)
  task.collect()
  for question in task.question do
    if blocks() then store.serve(question) else stores.ask(question, deadline, collect) end
  end
end

-- A request may end while a sink waits, for example for a slow client. Then the call must end too: it would wait for
-- its sink. So a call with a sink has a cosocket to its end: nginx closes it with the request, and the engine cancels
-- the call. These cosockets are not of the pool, where slow clients would hold up other calls. Call -> cosocket
local held = setmetatable({}, { __mode = "k" })

local function connect(path, seconds, sink)
  local socket = ngx.socket.tcp()
  socket:settimeouts(seconds * 1000, 10000, seconds * 1000)
  local fine, problem = socket:connect("unix:" .. path, sink and { pool = path .. " sink" }
    or { pool = path, pool_size = POOL, backlog = BACKLOG })
  return fine and socket, problem
end

local function ask(path, call, seconds, sink)
  local socket, fine, problem = held[call], true, nil
  if not socket then socket, problem = connect(path, seconds, sink) end
  if not socket then return nil, problem end
  -- The call may have ended while connect waited for a free cosocket.
  if sink or not call:news() then
    fine, problem = socket:send(("%d%s\n"):format(call:id(), sink and "+" or ""))
    if fine then fine, problem = socket:receive(1) end
  end
  held[call] = fine and sink and not call:done() and socket or nil
  if not fine then socket:close() elseif not held[call] then socket:setkeepalive(KEPT * 1000) end
  return fine, problem
end

local complained = 0

-- Without a cosocket (for example, when no descriptors are left), the call is polled.
local function doze(problem)
  if ngx.now() - complained > 60 then
    complained = ngx.now()
    ngx.log(ngx.WARN, "ironclad: polls, because its socket cannot be used: ", problem)
  end
  ngx.sleep(0.01)
end

-- Kept in ngx.ctx, for each request or timer: the task that runs in each light thread, and the tasks that each light
-- thread has started and that have not ended. nginx reuses the coroutines of a finished request for other requests.
local THREADS = {} -- the key
local weak_values = { __mode = "v" }

local function threads_here()
  local context = ngx.ctx
  local found = context[THREADS]
  if not found then
    found = { running = {}, children = {} }
    rawset(context, THREADS, found)
  end
  return found
end

--- The task that is running, or nil.
function nginx.current()
  return not blocks() and nginx.can_wait() and threads_here().running[coroutine.running()] or nil
end

--- Returns when the call may have a notice.
function nginx.wait(call, _, sink)
  if blocks() then
    core.wait(call)
    return collect()
  end
  local mine = threads_here().running[coroutine.running()]
  local left = call:deadline()
  local path, problem = listen()
  local told
  if mine then mine.call = call end
  if path then told, problem = ask(path, call, left and math.min(left + GRACE, LONGEST) or LONGEST, sink) end
  if not told and problem ~= "timeout" then doze(problem) end
  if mine then mine.call = nil end
  collect(left)
end

-- Runs a task to its end.
-- @param threads what threads_here returns; nil where calls block
local function perform(threads, mine, fn, ...)
  local here = coroutine.running()
  if threads then
    threads.running[here] = mine
    mine.threads.home, mine.began = threads, true
  end
  local function handler(problem)
    mine.trace = debug.traceback(tostring(problem), 2)
    return problem
  end
  task.settle(mine, xpcall(fn, handler, ...))
  if threads then
    threads.running[here] = nil
    local siblings = threads.children[mine.threads.parent or false]
    if siblings then siblings[mine] = nil end
  end
  for wakeup in pairs(mine.wakeups) do wakeup:post() end
end

local function perform_here(...) perform(threads_here(), ...) end

--- Runs fn(...) as a task: in a light thread of the request, which waits for it. Where there are no light threads it
-- runs in a timer, and where calls block it runs at once.
function nginx.spawn(on_failure, fn, ...)
  local mine = task.new(nginx, on_failure)
  mine.wakeups, mine.began = {}, false
  mine.threads = setmetatable({ parent = coroutine.running() }, weak_values)
  if blocks() then
    perform(nil, mine, fn, ...)
  elseif nginx.can_wait() then -- ngx.thread.spawn yields, too
    local threads, parent = threads_here(), mine.threads.parent
    threads.children[parent] = threads.children[parent] or {}
    threads.children[parent][mine] = true
    mine.threads.own = ngx.thread.spawn(perform, threads, mine, fn, ...)
  else
    local fine, problem = timers.run(perform_here, mine, fn, ...)
    if not fine then task.settle(mine, false, problem) end
  end
  return mine
end

-- Frees a light thread that has ended. nginx keeps it until its parent has waited for it.
local function free_thread(other)
  local threads = other.threads
  if not other.done or not threads.own or threads.parent ~= coroutine.running() then return end
  ngx.thread.wait(threads.own)
  threads.own = nil
end

local function post(wakeup) wakeup:post() end

function nginx.await_turn(owner)
  if blocks() or not nginx.can_wait() or owner.turn_of == coroutine.running() then return false end
  local wakeup = require("ngx.semaphore").new()
  owner.waiting_here[wakeup] = post
  return wakeup:wait(LONGEST) == true
end

-- A task ends with its request or timer, and nginx tells nobody. But then nothing refers to `home`, which is in
-- ngx.ctx, any more. So what waits for tasks looks every second whether it was collected, and helps the collector on.
local ALIVE, last_look = 1, 0 -- seconds

local function bury_dead(list)
  if ngx.now() - last_look >= ALIVE then
    last_look = ngx.now()
    collectgarbage("step", 1000)
  end
  for _, other in ipairs(list) do
    if other.began and not other.done and not other.threads.home then
      task.settle(other, false, "nginx has ended the request or timer that the task was started in")
      for wakeup in pairs(other.wakeups) do wakeup:post() end
    end
  end
end

function nginx.await_any(list)
  local refused = not blocks() and refusal()
  if refused then error(refused, 0) end -- a semaphore would return at once
  local wakeup = require("ngx.semaphore").new()
  local ended = false
  for _, other in ipairs(list) do
    ended = ended or other.done
    other.wakeups[wakeup] = true
  end
  while not ended and not wakeup:wait(ALIVE) do bury_dead(list) end
  for _, other in ipairs(list) do
    other.wakeups[wakeup] = nil
    free_thread(other)
  end
end

function nginx.join(other)
  while not other.done do nginx.await_any { other } end
  free_thread(other)
end

--- Waits for the tasks that this light thread has started. (Other tasks end with their own requests.)
function nginx.finish_all()
  if blocks() then return end
  local mine = threads_here().children[coroutine.running()] or {}
  for other in pairs(mine) do nginx.join(other) end
end

function nginx.failed(other)
  ngx.log(ngx.ERR, "ironclad: a task failed: ", other.trace or tostring(other.failure))
end

function nginx.take_failure() end

function nginx.report() end

return nginx
