--- Receivers: client.webhooks:receiver{ … } takes the requests of a webhook. For each it
--
--   1. asks its source for the event: the source verifies the request and parses it (ironclad_source is Ironclad's)
--   2. claims the event's id (ironclad.events.seen), so that a repeated delivery is not handled again
--   3. asks `when`
--   4. handles the event, or puts it into the inbox (ironclad.events.inbox), from which receiver:work() handles it
--
-- An event is handled at least once. It is handled twice only when the process ends before it has noted that the event
-- is handled, or when `seen` has forgotten it.
--
-- A source is a table with the function open(self, headers, body, about) -> event; nil and an error. An event is a
-- table that event.new has made: it has an id and a name. An error's kind decides about the answer (statuses below).
-- With `names`, a set of event names, the names in `on` are checked.

local Error = require "ironclad.base.error"
local lazy = require "ironclad.base.lazy"
local core = require "ironclad.core"
local event_of = require "ironclad.events.event"
local headers_of = require "ironclad.events.headers"
local inbox = require "ironclad.events.inbox"
local loop = require "ironclad.loop"
local mistake = require "ironclad.base.mistake"
local seen = require "ironclad.events.seen"
local run = require "ironclad.calls.run"
local task = require "ironclad.loop.task"

local receiver = {}

local Receiver = { __name = "ironclad.receiver" }

-- The answers, by the kind of the source's error. Ironclad repeats a delivery that is not answered with 2xx, for some
-- hours. So a failure that may be temporary gets 503. (410 would disable the webhook at once, and is never answered.)
local statuses = { signature = 401, too_large = 413, permission = 403, invalid_request = 400 }
local LATER = 503

local LOOK = 1 -- seconds between two checks of the inbox, which another process may have filled

local answers = {
  [200] = "received\n", [400] = "not an event\n", [401] = "the signature is wrong\n", [403] = "not for this receiver\n",
  [413] = "the body is too large\n", [500] = "the event could not be handled\n", [503] = "try again later\n",
}

local function answer(status) return status, answers[status] end

-- Calls the hook on_error. An error that the hook raises is ignored. Without the hook, receiver:serve shows what went
-- wrong, and nginx's log has what went wrong with an event; not why requests are refused, as anyone can send them.
local function report(self, event, err)
  if self.on_error then
    task.pcall(self.on_error, event, err)
  elseif self.show then
    self.show(event, err)
  elseif event and rawget(_G, "ngx") then
    local text = ("ironclad: %s: %s"):format(tostring(event), Error.text_of(err))
    ngx.log(ngx.ERR, (text:gsub("%c", " ")))
  end
end

-- The handlers: that of the event's name, otherwise that of "*".
local function handler_of(self, event)
  local name = event_of.name(event)
  return name and self.on[name] or self.on["*"]
end

-- Handles an event -> true; nil and the error. A handler fails by raising an error, or by returning something and an
-- error, as calls do.
local function dispatch(self, event)
  local handler = handler_of(self, event)
  if not handler then return true end
  local _, err = task.ask(handler, event, self.client)
  if err ~= nil then return nil, err end
  return true
end

-- The event of an item of the inbox.
local function event_of_item(self, item)
  local envelope = core.json.decode(item.text)
  return event_of.new(type(envelope) == "table" and envelope or {}, item.id, self.client)
end

-- seen:done and seen:release. The event has been handled, or has not, whatever they say: a failure is only reported.
local function settle(self, event, step)
  local _, problem = task.ask(self.seen[step], self.seen, event_of.id(event))
  if problem ~= nil then report(self, event, problem) end
end

-- Handles a claimed event -> status.
local function handle_now(self, event)
  local handled, err = dispatch(self, event)
  settle(self, event, handled and "done" or "release")
  if handled then return 200 end
  report(self, event, err)
  return 500
end

-- Puts a claimed event into the inbox -> status.
local function keep(self, event, text)
  local kept, problem = task.ask(self.box.put, self.box, event_of.id(event), text)
  settle(self, event, kept and "done" or "release")
  if not kept then
    report(self, event, problem or "inbox: put failed")
    return LATER
  end
  if self.on_kept then self.on_kept() end
  return 200
end

-- What to do with a claimed event -> status.
local function accept(self, event, text)
  if self.when then
    local wanted, err = task.ask(self.when, event)
    if err ~= nil then
      settle(self, event, "release")
      report(self, event, err)
      return 500
    end
    if not wanted then
      settle(self, event, "done")
      return 200
    end
  end
  if self.box then return keep(self, event, text) end
  return handle_now(self, event)
end

-- accept; an event whose handling was interrupted is not claimed any more.
local function accept_or_release(self, event, text)
  local fine, status = task.pcall(accept, self, event, text)
  if fine then return status end
  settle(self, event, "release")
  error(status, 0)
end

local function receive(self, headers, body, about)
  local event, err = self.source:open(headers, body, about)
  if not event then
    report(self, nil, err)
    return statuses[err.kind] or LATER
  end
  local state, problem = task.ask(self.seen.claim, self.seen, event_of.id(event))
  if state == "new" then return accept_or_release(self, event, event_of.text(event)) end
  if state == "done" then return 200 end
  if state ~= "busy" then report(self, event, problem or "seen: claim failed") end
  return LATER
end

local methods = {}

--- Takes one request of a webhook.
-- @param headers the request's headers: a table of name -> value, ngx.req.get_headers(), or a list of { name, value }
-- @param body the bytes of the body
-- @param about more of the request, for a source that needs it: { method =, query = }; or nil
-- @return the HTTP status of the answer, and its body
function methods:handle(headers, body, about)
  local label = "receiver:handle"
  headers_of.check(label, headers)
  if type(body) ~= "string" then
    mistake.raise(label, "body: expected the bytes of the body as a string, got %s", mistake.type_of(body))
  end
  if about ~= nil and type(about) ~= "table" then
    mistake.raise(label, "about: expected a table, got %s", mistake.type_of(about))
  end
  return answer(receive(self, headers, body, about or {}))
end

-- An event of the inbox has not been handled.
local function fail(self, item, event, err)
  report(self, event, err)
  local state, problem = task.ask(self.box.fail, self.box, item, Error.text_of(err))
  if not state then report(self, event, problem or "inbox: fail failed") end
end

-- Handles one event of the inbox.
local function work_once(self, item)
  local event = event_of_item(self, item)
  local handled, err = dispatch(self, event)
  if handled then
    settle(self, event, "done") -- before the event is removed: a repeated delivery must find one of them
    local removed, problem = task.ask(self.box.done, self.box, item)
    if not removed then report(self, event, problem or "inbox: done failed") end
    return
  end
  fail(self, item, event, err)
end

-- What inbox:take has returned, checked, because a script may have its own inbox.
local function check_taken(item, soon, problem)
  if not item then
    if soon == nil or type(soon) == "number" then return nil, soon, problem end
    return nil, nil, problem == nil and soon or problem
  end
  if type(item) == "table" and type(item.id) == "string" and type(item.text) == "string" then return item end
  return nil, nil, "inbox: take must return a table with the texts id and text, got " .. mistake.type_of(item)
end

-- The next event of the inbox, as inbox:take returns it; nil, nil and what went wrong.
local function take(self)
  local fine, item, soon, problem = task.pcall(self.box.take, self.box)
  if fine then return check_taken(item, soon, problem) end
  return nil, nil, item == nil and "inbox: take raised nil" or item
end

-- Handles events until none is due. `state` is shared by the consumers: left, how many they may still take; count, how
-- many they have taken; soon, the seconds until the next is due, from the last check of the inbox: an earlier check may
-- have found an event that another consumer has handled since. state.item is what this consumer has taken last, until
-- it is known what has become of it.
local function consume(self, state)
  while state.left > 0 and not (state.leaves and loop.is_ending()) do
    state.left = state.left - 1
    local item, soon, problem = take(self)
    if problem ~= nil then report(self, nil, problem) end
    if not item then
      state.left, state.soon = state.left + 1, soon
      return
    end
    state.count, state.item = state.count + 1, item
    work_once(self, item)
    state.item = nil
  end
end

-- For nginx: handles at most `state.left` events, one after the other. When nginx ends this worker, it leaves the rest
-- to others. -> count, soon
local function work_in_turn(self, state)
  state.count, state.leaves = 0, true
  consume(self, state)
  return state.count, state.soon
end

-- For nginx: the consumer with this state has ended in the middle of an event.
local function recover(self, state)
  local item = state.item
  if not item then return end
  fail(self, item, event_of_item(self, item), "its handler has ended the timer in which it ran, as ngx.exit does")
end

-- One pass over the inbox, with several consumers as tasks. -> count, soon
local function work_through(self, limit, consumers)
  local state = { left = limit, count = 0 }
  if consumers == 1 or not task.yields_anywhere then
    consume(self, state)
  else
    local host, tasks = loop.here(), {}
    for i = 1, math.min(consumers, limit) do
      tasks[i] = host.spawn(nil, consume, self, state)
      tasks[i].awaited = true
    end
    for _, other in ipairs(tasks) do host.join(other) end
    for _, other in ipairs(tasks) do
      if not other.results then error(other.failure, 0) end
    end
  end
  return state.count, state.left > 0 and state.soon or state.left == 0 and 0 or nil
end

local function is_ending(self) return self.stopped or loop.is_ending() end

-- Looks again and again, until receiver:stop() is called or nginx ends its worker. -> count
local function work_on(self, consumers)
  local total = 0
  self.stopped = false
  while not is_ending(self) do
    local count, soon = work_through(self, 100 * consumers, consumers)
    total = total + count
    if not is_ending(self) and soon ~= 0 then
      local rested, err = run.sleep(self.client, math.min(soon or LOOK, LOOK))
      if not rested then error(err, 0) end
    end
  end
  return total
end

local function refuse(label, name, expected, value)
  mistake.raise(label, "%s: expected %s, got %s", name, expected,
    type(value) == "number" and tostring(value) or mistake.type_of(value))
end

local function check_whole(label, name, value)
  if value == nil or type(value) == "number" and value >= 1 and value % 1 == 0 then return end
  refuse(label, name, "a whole number from 1", value)
end

local work_options = mistake.set { "limit", "consumers", "follow" }

--- Handles the events of the inbox that are due. A handler that fails is tried again later: after 10 seconds, then
-- after pauses that double, up to an hour. After 10 tries the event goes to the dead letters (receiver:inbox()).
-- @param options
--   limit      how many events at most
--   consumers  how many events are handled at once, each in its own task (the receiver's option `consumers`, which
--              is 1). In Lua 5.1 it is always one
--   follow     true: runs until receiver:stop()
-- @return how many events it has handled or tried; the seconds until the next is due, or nil when none waits
function methods:work(options)
  local label = "receiver:work"
  if not self.box then mistake.raise(label, "this receiver has no inbox: it handles events at once") end
  options = options or {}
  mistake.check_options(label, options, work_options)
  check_whole(label, "limit", options.limit)
  check_whole(label, "consumers", options.consumers)
  if options.follow and options.limit then mistake.raise(label, "limit: does not go with follow") end
  if options.follow and not self.client then mistake.raise(label, "follow: the receiver has no client to wait with") end
  local consumers = options.consumers or self.consumers
  local objection, kind = loop.here().objection()
  if objection and consumers > 1 and not kind then mistake.raise(label, objection) end
  if options.follow then return work_on(self, consumers) end
  return work_through(self, options.limit or math.huge, consumers)
end

--- Ends receiver:work{ follow = true } when the current events have been handled.
function methods:stop() self.stopped = true end

--- The inbox, with list(), retry(id) and remove(id) (ironclad.events.inbox).
function methods:inbox()
  if not self.box then mistake.raise("receiver:inbox", "this receiver has no inbox: it handles events at once") end
  return self.box
end

--- Takes the request that nginx is serving: content_by_lua_block { receiver:nginx() }.
function methods:nginx()
  if not rawget(_G, "ngx") then mistake.raise("receiver:nginx", "this is not nginx; see receiver:serve") end
  return lazy.load("ironclad.events.nginx").serve(self)
end

--- Serves the webhook from this machine, for development.
-- @param options those of ironclad.events.serve
function methods:serve(options) return lazy.load("ironclad.events.serve").serve(self, options) end

mistake.need_object(methods, Receiver, "receiver", { "handle", "work", "stop", "inbox", "nginx", "serve" })
Receiver.__index = mistake.guard_all_waiting(methods)
function Receiver.__tostring() return "ironclad.receiver" end

local known = mistake.set { "on", "when", "seen", "inbox", "on_error", "tries", "pause", "strict", "consumers" }

local function check_function(label, name, value)
  if value ~= nil and type(value) ~= "function" then
    mistake.raise(label, "%s: expected a function, got %s", name, mistake.type_of(value))
  end
end

local function check_handlers(label, on, names, strict)
  if type(on) ~= "table" or next(on) == nil then
    mistake.raise(label, "on: expected a table of functions by the names of events, got %s",
      type(on) == "table" and "an empty table" or mistake.type_of(on))
  end
  for name, handler in pairs(on) do check_function(label, "on." .. tostring(name), handler) end
  local objection = names and strict ~= false and mistake.unknown(on, names, "event")
  if objection then mistake.raise(label, "on: %s (strict = false takes any name)", objection) end
end

-- The options of the inbox. They are refused where they would do nothing.
local function check_inbox_options(label, options)
  check_whole(label, "tries", options.tries)
  check_whole(label, "consumers", options.consumers)
  local pause = options.pause
  if pause ~= nil and not (type(pause) == "number" and pause >= 0 and pause < math.huge) then
    refuse(label, "pause", "a number of seconds from 0", pause)
  end
  for _, name in ipairs { "tries", "pause", "consumers" } do
    if options[name] ~= nil and options.inbox == nil then
      mistake.raise(label, "%s: is of an inbox, and this receiver has none; give inbox, too", name)
    elseif options[name] ~= nil and name ~= "consumers" and type(options.inbox) == "table" then
      mistake.raise(label, "%s: is of an inbox that the module keeps; this one is a table", name)
    end
  end
end

--- Makes a receiver.
-- @param label of mistakes
-- @param client for the handlers and event:resource()
-- @param source authenticates and parses requests; it may have the set `names`
-- @param options
--   on         name of an event -> function(event, client). "*" is for events that have no function here
--   when       function(event) -> whether it is wanted. Others are answered 200 and ignored
--   seen       where handled events are remembered (ironclad.events.seen); with an inbox folder the default is a file
--              in it
--   inbox      where events wait to be handled (ironclad.events.inbox); nil: they are handled before the answer
--   tries, pause  of the inbox
--   consumers  how many events of the inbox are handled at once (1)
--   on_error   function(event, err): a handler, `when`, `seen` or `inbox` has failed. The event is nil for a request
--              that was refused
--   strict     false: `on` may have any name
function receiver.new(label, client, source, options)
  mistake.check_options(label, options, known)
  check_handlers(label, options.on, source.names, options.strict)
  check_function(label, "when", options.when)
  check_function(label, "on_error", options.on_error)
  check_inbox_options(label, options)
  if options.inbox ~= nil and rawget(_G, "ngx") and ngx.get_phase() == "init" then
    mistake.raise(label, "inbox: nginx has no timers in init_by_lua; make the receiver in init_worker_by_lua_block")
  end
  local box = options.inbox ~= nil and inbox.open(label, options.inbox, options, client) or nil
  local remembered = options.seen
  if remembered == nil and options.inbox == "shared" then
    remembered = "shared"
  elseif remembered == nil and type(options.inbox) == "string" then
    remembered = "file:" .. options.inbox .. "/seen"
  end
  local self = setmetatable({ client = client, source = source, on = options.on, when = options.when,
    on_error = options.on_error, consumers = options.consumers or 1, box = box,
    seen = seen.open(label, remembered, client) }, Receiver)
  if box and rawget(_G, "ngx") then
    lazy.load("ironclad.events.nginx").work_in_background(self, work_in_turn, recover)
  end
  return self
end

return receiver
