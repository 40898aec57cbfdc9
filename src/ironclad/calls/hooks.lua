--- Hooks and the log: what the owner of a client hears of its calls, afterwards, in the coroutine that waits for the
-- call. They change nothing: whatever a hook raises goes to the log (without one, to stderr, once), and the call goes
-- on. No bearer, no header and no body is ever told, and a URL holds no secret.
--
-- Each hook is given one table: operation, method, url, attempt (from 1), and
--   on_request   nothing more: an attempt has been sent
--   on_response  status (nil without an answer), error (the kind of the failure, or nil), seconds (of this attempt),
--                request_id
--   on_retry     status or error (why), seconds (until it is sent again)
--   on_wait      reason ("budget", "turn" at the host, "retry_after"), bucket, seconds (nil: nobody knows)
-- and `lost`, when events just before it had to be dropped. A call that has to fetch a token tells of that too.
--
-- log(text, level) is given a line for each of them: "debug" for attempts, "info" for retries and waits, and "warning"
-- for what is wrong with scopes or a hook. The same goes to stderr as far as IRONCLAD_LOG says: debug, info or warning.

local Error = require "ironclad.base.error"
local task = require "ironclad.loop.task"

local hooks = {}

local names = { request = "on_request", response = "on_response", retry = "on_retry", wait = "on_wait" }
local level_of = { response = "debug", retry = "info", wait = "info" }
local ranks = { warning = 1, info = 2, debug = 3 }

--- The hooks among the options of a connection.
-- @return a table, or nil without any; or nil and what is wrong with one
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

--- Whether the engine is to note what happens to calls: a log of warnings alone needs none of it.
function hooks.watch(found)
  if not found then return false end
  for name in pairs(found) do
    if name ~= "rank" then return true end
  end
  return found.rank > ranks.warning
end

--- Gives a line to the log.
-- @param level "warning", "info" or "debug"
function hooks.say(found, level, text)
  if not found then return end
  if found.log then task.pcall(found.log, text, level) end
  if found.rank and ranks[level] <= found.rank then io.stderr:write("ironclad: ", text, "\n") end
end

local function seconds(number)
  if number >= 10 then return ("%.0f s"):format(number) end
  return number < 1 and ("%.0f ms"):format(number * 1000) or ("%.1f s"):format(number)
end

local waits = { budget = "the budget", turn = "a turn", retry_after = "what Ironclad asked for" }

local lines = {
  response = function(event)
    local path = event.url:match "^%a+://[^/]+(.*)" or event.url
    return ("%s %s %s in %s, attempt %d%s"):format(event.method, path, event.status or event.error,
      seconds(event.seconds), event.attempt, event.request_id and ", request " .. event.request_id or "")
  end,
  retry = function(event)
    return ("%s again in %s after %s"):format(event.operation, seconds(event.seconds), event.status or event.error)
  end,
  wait = function(event)
    return ("%s waits%s for %s%s"):format(event.operation, event.seconds and " " .. seconds(event.seconds) or "",
      waits[event.reason], event.bucket and event.reason ~= "turn" and (" (%s)"):format(event.bucket) or "")
  end,
}

-- Hooks whose failure stderr has heard of.
local complained = setmetatable({}, { __mode = "k" })

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

-- Coroutines in which a hook runs: the calls that it makes itself are not told, or it would never end.
local telling = setmetatable({}, { __mode = "k" })

--- Tells what has happened to a call since the last time, and how far its body has come.
-- @param call the core's
-- @param client whose hooks are told
-- @param on_progress the call's option: function(done, total), bytes
function hooks.tell(call, client, on_progress)
  local found = rawget(client, "hooks")
  local here = coroutine.running() or "main"
  if not (found or on_progress) or telling[here] then return end
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
  telling[here] = nil
end

return hooks
