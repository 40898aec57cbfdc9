--- Waiting in nginx's Lua module: a cosocket on the engine's unix socket (src/core/engine/socket.h), where the id of a
-- call is sent and a byte comes back when there is news of it. A request whose client goes away
-- (lua_check_client_abort on) closes the socket, and the engine then cancels its call, unless that may not be repeated
-- and has been sent.
--
-- Where nginx lets nobody wait, a call returns an error; in its init phases, and where there are no cosockets, it
-- blocks.

local core = require "ironclad.core"
local store = require "ironclad.connections.store"
local task = require "ironclad.loop.task"

local nginx = { name = "nginx" }

-- Waiting connections of a worker; more calls queue for one. Seconds that an idle one is kept.
local POOL, BACKLOG, KEPT = 256, 100000, 60
-- Seconds that a wait lasts at most before the call is asked again, and how much later than its deadline.
local LONGEST, GRACE = 3600, 5

local blocking = { init = true, init_worker = true }
local waiting = {
  rewrite = true, access = true, content = true, timer = true, ssl_cert = true, ssl_session_fetch = true,
  ssl_client_hello = true,
}

local refusal = "nginx cannot wait in its phase %s: make the call in rewrite, access, content or a timer, "
  .. "or give it a callback"

local function blocks() return ngx.socket == nil or blocking[ngx.get_phase()] end

local socket_dir -- of the first client that waits: a process has one socket

--- The option of that name: where the unix socket is.
function nginx.configure(folder) socket_dir = socket_dir or folder end

local function listen()
  return core.listen(socket_dir, os.getenv "TMPDIR" or "/tmp")
end

--- Why nothing can wait here, and the kind of error that it makes; or nil.
function nginx.objection()
  if blocks() then return nil end
  local phase = ngx.get_phase()
  if not waiting[phase] then
    return refusal:format(phase)
  end
  local path, problem = listen()
  if not path then return problem, "io" end
end

local collect

-- Questions of token stores are answered in a timer, so that a request that goes away cannot lose a token. The first
-- such timer looks for further ones, which may come when nobody waits any more: seconds that it stays for them, and
-- between two looks.
local STAY, LOOK = 1, 0.02
local watched = false
local last_question = 0

local function watch()
  while core.owes() or ngx.now() - last_question < STAY do
    ngx.sleep(LOOK)
    collect()
    ngx.update_time()
  end
end

local function answer(_, question)
  store.serve(question)
  if watched then return end
  watched = true
  local fine, problem = pcall(watch)
  watched = false
  if not fine then ngx.log(ngx.ERR, "ironclad: ", problem) end
end

function collect()
  task.collect()
  for question in task.question do
    last_question = ngx.now()
    if blocks() or not ngx.timer.at(0, answer, question) then store.serve(question) end
  end
end

local function ask(path, call, seconds)
  local socket = ngx.socket.tcp()
  socket:settimeouts(seconds * 1000, 10000, seconds * 1000)
  local fine, problem = socket:connect("unix:" .. path, { pool = path, pool_size = POOL, backlog = BACKLOG })
  if not fine then return nil, problem end
  -- It may have ended while this waited for a place in the pool.
  if not call:news() then
    fine, problem = socket:send(("%d\n"):format(call:id()))
    if fine then fine, problem = socket:receive(1) end
  end
  if fine then socket:setkeepalive(KEPT * 1000) else socket:close() end
  return fine, problem
end

local complained = 0

-- Without a connection (descriptors have run out, say) the call is looked at again and again.
local function doze(problem)
  if ngx.now() - complained > 60 then
    complained = ngx.now()
    ngx.log(ngx.WARN, "ironclad: waits without its socket: ", problem)
  end
  ngx.sleep(0.01)
end

-- Of a request (or timer): which task runs in a light thread, and the tasks that each has started and that have not
-- ended. It goes with the request: nginx gives the coroutines of one that has ended to others.
local THREADS = {} -- its key in ngx.ctx
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
  return not blocks() and waiting[ngx.get_phase()] and threads_here().running[coroutine.running()] or nil
end

--- Returns when there may be news of the call.
function nginx.wait(call)
  if blocks() then
    core.wait(call)
    return collect()
  end
  local mine = threads_here().running[coroutine.running()]
  local left = call:deadline()
  local path, problem = listen()
  local told
  if mine then mine.call = call end
  if path then told, problem = ask(path, call, left and math.min(left + GRACE, LONGEST) or LONGEST) end
  if not told and problem ~= "timeout" then doze(problem) end
  if mine then mine.call = nil end
  collect()
end

-- @param threads those of the request; nil where calls block
local function perform(threads, mine, fn, ...)
  local here = coroutine.running()
  if threads then threads.running[here] = mine end
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
  for bell in pairs(mine.bells) do bell:post() end
end

local function perform_later(_, ...) perform(threads_here(), ...) end

--- Runs fn(...) as a light thread of the request, which waits for it; in a timer of its own where there is no such
-- thing, and at once where calls block.
function nginx.spawn(on_failure, fn, ...)
  local mine = task.new(nginx, on_failure)
  mine.bells = {}
  mine.threads = setmetatable({ parent = coroutine.running() }, weak_values)
  if blocks() then
    perform(nil, mine, fn, ...)
  elseif waiting[ngx.get_phase()] then
    local threads, parent = threads_here(), mine.threads.parent
    threads.children[parent] = threads.children[parent] or {}
    threads.children[parent][mine] = true
    mine.threads.own = ngx.thread.spawn(perform, threads, mine, fn, ...)
  else
    local fine, problem = ngx.timer.at(0, perform_later, mine, fn, ...)
    if not fine then task.settle(mine, false, "nginx starts no timer: " .. problem) end
  end
  return mine
end

-- A light thread's remains stay with its parent until that waits for it.
local function bury(other)
  local threads = other.threads
  if not other.done or not threads.own or threads.parent ~= coroutine.running() then return end
  ngx.thread.wait(threads.own)
  threads.own = nil
end

function nginx.await_any(list)
  local phase = not blocks() and ngx.get_phase()
  if phase and not waiting[phase] then error(refusal:format(phase), 0) end -- a semaphore returns at once there
  local bell = require("ngx.semaphore").new()
  local ended = false
  for _, other in ipairs(list) do
    ended = ended or other.done
    other.bells[bell] = true
  end
  if not ended then bell:wait(LONGEST) end
  for _, other in ipairs(list) do
    other.bells[bell] = nil
    bury(other)
  end
end

function nginx.join(other)
  while not other.done do nginx.await_any { other } end
  bury(other)
end

--- Waits for the tasks that this light thread has started.
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
