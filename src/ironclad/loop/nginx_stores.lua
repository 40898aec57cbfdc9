--- Token stores written in Lua, in nginx. A store may wait, and a request may end at any time: what a store did in it
-- would end in the middle. So stores are asked in timers.
--
-- The engine's questions about one token, from "lock" to "unlock", are a session, which has one timer. Between them the
-- session empties the mailbox, because a question may come when nothing waits for a call. No store is asked to lock
-- when nginx has no timer: then the lock fails, and the calls that wait for the token get an error.

local core = require "ironclad.core"
local store = require "ironclad.connections.store"
local timers = require "ironclad.loop.nginx_timers"

local stores = {}

-- Seconds in which a session must begin: this, or half of the deadline of the call that waits.
local PATIENCE = 5
-- Seconds between two checks of the mailbox; after which a session that did not check has ended in the middle, by
-- ngx.exit of a store; and for which a worker that ends waits for the next question, unless a token must be saved.
local LOOK, DEAD, STAY = 0.05, 2, 1

-- The store's number and the token's key -> { name =, questions = list, wakeup = semaphore, begun = whether the store
-- was asked, serving = whether it is asked now, looked = when the mailbox was last checked, served = when the last
-- question was answered }
local sessions = {}

-- -> whether it was the last question
local function answer(session, question)
  if not question:begin() then return false end -- too late
  local step = question:question().step
  session.begun, session.serving = true, true
  store.serve(question)
  session.serving, session.served = false, ngx.now()
  return step == "unlock"
end

local function may_leave(session)
  return ngx.worker.exiting() and not core.unsaved() and ngx.now() - session.served >= STAY
end

local function serve(session, collect)
  local over = false
  session.served = ngx.now()
  while not over and sessions[session.name] == session do
    local question = table.remove(session.questions, 1)
    if question then
      over = answer(session, question)
    else
      session.looked = ngx.now()
      session.wakeup:wait(LOOK)
      collect()
      over = not session.questions[1] and may_leave(session)
    end
  end
  if sessions[session.name] == session then sessions[session.name] = nil end
end

local function begin(name, question, locks, patience, collect)
  local now = ngx.now()
  local session = { name = name, questions = { question }, wakeup = require("ngx.semaphore").new(), begun = not locks,
    serving = false, looked = now, served = now }
  sessions[name] = session
  if locks then question:expect(patience, timers.NONE) end
  local fine, problem = timers.run(serve, session, collect)
  if not fine then question:answer { error = problem } end
end

--- Takes a question to a store.
-- @param deadline of the call that waits, in seconds; or nil
-- @param collect a function that empties the mailbox and passes its questions on
function stores.ask(question, deadline, collect)
  local about = question:question()
  local name = about.store .. " " .. about.key
  local session = sessions[name]
  if session and not session.begun and about.step ~= "lock" then
    -- The lock has failed for want of a timer, so there is nothing to unlock.
    sessions[name] = nil
    return question:answer {}
  end
  -- The engine asks about a token when it has the answer to its last question about it. A session that is serving has
  -- therefore ended in the middle.
  if session and session.begun and not session.serving and ngx.now() - session.looked < DEAD then
    session.questions[#session.questions + 1] = question
    return session.wakeup:post()
  end
  begin(name, question, about.step == "lock", math.min(PATIENCE, (deadline or math.huge) / 2), collect)
end

return stores
