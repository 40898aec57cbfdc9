--- Hooks and the log: functions, given as options of a connection, that are called with what happens to its calls.
--
-- They run in the coroutine that waits for the call, after the event. They cannot change the call. When a hook raises
-- an error, the error is written to the log, and the call continues. Without a log, and when the log itself raises it,
-- it is written to stderr, once for each hook. An event never holds a token, a header or a body, and its URL holds no
-- secret.
--
-- A hook is called with one table: operation, method, url, attempt (from 1), attempt_id (what the attempt sends as
-- X-Request-Id; nil when it goes to another host), and
--   on_request   nothing more: an attempt begins
--   on_response  status (nil without an answer), error (the kind of the failure, or nil), seconds (of this attempt),
--                request_id
--   on_retry     status or error (the reason), seconds (until it is sent again)
--   on_wait      reason: "budget" (the rate limit), "in_flight" (max_in_flight), "retry_after" (Ironclad asked for it)
--                or "shared" (the shared Redis cannot be reached, and this machine keeps to its rate_share; once);
--                bucket, seconds (nil when that is not known)
-- and `lost`, the number of events before it that were dropped. When a call has to fetch a token first, the request for
-- the token is reported too.
--
-- The log is called with a line for each event: log(text, level). The level is "debug" for attempts, "info" for retries
-- and waits, "warning" for problems with scopes and hooks and when SSLKEYLOGFILE is set. With the environment variable
-- IRONCLAD_LOG set to debug, info or warning, lines of that level and above are also written to stderr.

local Error = require "ironclad.base.error"
local task = require "ironclad.loop.task"

local hooks = {}

local names = { request = "on_request", response = "on_response", retry = "on_retry", wait = "on_wait" }
local level_of = { response = "debug", retry = "info", wait = "info" }
local ranks = { warning = 1, info = 2, debug = 3 }

--- Takes the hooks from the options of a connection.
-- @return a table of hooks, or nil when there are none; nil and a message when one is wrong
function hooks.of(options)
  local found, any = {}, false
  for _, name in ipairs { "on_request", "on_response", "on_retry", "on_wait", "log" } do
    local hook = options[name]
    if hook ~= nil and type(hook) ~= "function" then
      return nil, ("%s: expected a function, got a %s"):format(name, type(hook))
    end
    found[name] = hook
    any = any or hook ~= nil
  end
  local wanted = os.getenv "IRONCLAD_LOG"
  if wanted and wanted ~= "" then
    if not ranks[wanted] then return nil, ("IRONCLAD_LOG: expected debug, info or warning, got %s"):format(wanted) end
    found.rank, any = ranks[wanted], true
  end
  return any and found or nil
end

--- Whether the engine must record events. A log that takes only warnings does not need them.
function hooks.watch(found)
  if not found then return false end
  for name in pairs(found) do
    if name ~= "rank" then return true end
  end
  return found.rank > ranks.warning
end

-- Hooks whose error was written to stderr.
local complained = setmetatable({}, { __mode = "k" })

--- Writes a line to the log.
-- @param found the hooks of the connection, or nil
-- @param level "warning", "info" or "debug"
function hooks.say(found, level, text)
  if not found then return end
  local fine, problem = true, nil
  if found.log then fine, problem = task.pcall(found.log, text, level) end
  if not fine and not complained[found.log] then
    complained[found.log] = true
    io.stderr:write("ironclad: log: ", Error.text_of(problem), "\n")
  end
  if found.rank and ranks[level] <= found.rank then io.stderr:write("ironclad: ", text, "\n") end
end

local function duration(number)
  if number >= 10 then return ("%.0f s"):format(number) end
  return number < 1 and ("%.0f ms"):format(number * 1000) or ("%.1f s"):format(number)
end

local waits = {
  budget = "waits%s for the rate limit", in_flight = "waits%s for another request to end",
  retry_after = "waits%s, because Ironclad asked for it",
  shared = "continues%s without the shared Redis, which cannot be reached: this machine keeps to its rate_share",
}

local lines = {
  response = function(event)
    local path = event.url:match "^%a+://[^/]+(.*)" or event.url
    return ("%s %s %s in %s, attempt %d%s%s"):format(event.method, path, event.status or event.error,
      duration(event.seconds), event.attempt, event.attempt_id and ", id " .. event.attempt_id or "",
      event.request_id and ", request " .. event.request_id or "")
  end,
  retry = function(event)
    return ("%s again in %s after %s"):format(event.operation, duration(event.seconds), event.status or event.error)
  end,
  wait = function(event)
    return ("%s %s%s"):format(event.operation,
      waits[event.reason]:format(event.seconds and " " .. duration(event.seconds) or ""),
      event.bucket and event.reason ~= "in_flight" and (" (%s)"):format(event.bucket) or "")
  end,
}

local function call_hook(found, name, hook, ...)
  local fine, problem = task.pcall(hook, ...)
  if fine then return end
  local text = ("%s: %s"):format(name, Error.text_of(problem))
  if found and (found.log or found.rank) then return hooks.say(found, "warning", text) end
  if not complained[hook] then hooks.say({ rank = ranks.warning }, "warning", text) end
  complained[hook] = true
end

local function tell_event(found, event)
  if event.lost then hooks.say(found, "info", ("%s: %d events were dropped"):format(event.operation, event.lost)) end
  if level_of[event.kind] then hooks.say(found, level_of[event.kind], lines[event.kind](event)) end
  local name = names[event.kind]
  event.kind = nil
  if found[name] then call_hook(found, name, found[name], event) end
end

-- Coroutines in which a hook runs. Calls that it makes are not reported: that would never end.
local telling = setmetatable({}, { __mode = "k" })

local function tell_all(here, call, found, on_progress)
  telling[here] = true
  local event = found and call:event()
  while event do
    tell_event(found, event)
    event = call:event()
  end
  if on_progress then
    local done, total = call:progress()
    if done then call_hook(found, "on_progress", on_progress, done, total) end
  end
end

--- Calls the hooks for what has happened to a call since the last time, and on_progress.
-- @param call a call of the core
-- @param client the client whose hooks are called
-- @param on_progress the option of the call: function(done, total), in bytes; or nil
-- @return true; false and the error when the script is interrupted meanwhile
function hooks.tell(call, client, on_progress)
  local found = rawget(client, "hooks")
  local here = coroutine.running() or "main"
  if not (found or on_progress) or telling[here] then return true end
  local fine, problem = task.pcall(tell_all, here, call, found, on_progress)
  telling[here] = nil
  return fine, problem
end

return hooks
