--- The Redis that machines share (option `shared`): its driver, and commands and scripts for it. The engine sends them,
-- so that waiting for a reply blocks no other call.

local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local mistake = require "ironclad.base.mistake"
local run = require "ironclad.calls.run"

local redis = {}

-- Seconds that a reply may be waited for.
local PATIENCE = 10

local driver

--- Loads ironclad/redis.so once; raises a mistake when it is not installed.
-- @param label the function in messages
function redis.load(label)
  if driver then return end
  local found, module = pcall(require, "ironclad.redis")
  if not found then
    if not tostring(module):find("module 'ironclad.redis' not found", 1, true) then mistake.raise(label, module) end
    mistake.raise(label, "shared: this installation has no ironclad/redis.so; install hiredis and its headers " ..
      "(Debian: libhiredis-dev), then install ironclad again")
  end
  core.shared_driver(module)
  driver = module
end

-- Starts a command or a script (core.ask_shared).
local function start(client, words, seconds, ...)
  return run.shared(client, words, seconds or PATIENCE, ...)
end

-- Waits for its reply.
local function ask(...)
  local pending = start(...)
  local value, err = run.finish(pending)
  if err then return nil, err end
  return value
end

--- Sends a command.
-- @param words a list: the command and its arguments
-- @param seconds how long the reply may take; 10 by default
-- @return the reply: a string, a number, a list, or nil; or nil and an error of kind `store`. In a list, false stands
--   for nil
function redis.command(client, words, seconds)
  return ask(client, words, seconds)
end

-- The words of a script: its keys with the company's prefix, and its arguments.
local function words_of(client, keys, arguments)
  local words, prefix = {}, redis.prefix(client)
  for index, key in ipairs(keys) do words[index] = prefix .. key end
  for _, argument in ipairs(arguments or {}) do words[#words + 1] = argument end
  return words
end

--- Runs a script in Redis.
-- @param script its text
-- @param keys a list of its keys, without the company's prefix
-- @param arguments a list of strings and numbers; nil: none
-- @param terms nil; or how the engine keeps up in Redis what the script has told it, when it returns a number above 0.
--   A script checks that every so often, for many at once: it gets the words of each as arguments, and returns a list
--   with a number for each: 0 (it is over), 1 (it is there), 2 (it is lost: the first script is run again) or 3 (it is
--   there, and may be forgotten when there is no room). That ends with the process. The terms are
--     check       that script, with the same keys
--     words       a list of the words, as many for all
--     every       seconds between two checks (1)
--     patience    how many checks in a row must say that it is lost (1)
--     lasting     seconds after which it is over if it is there; nil: no limit
--     most, most_bytes  how many of them this process keeps, and their bytes
--     insists     true: it is kept up even when this function fails
--     refuses     true: when there is no room, this function fails; otherwise the oldest is forgotten
-- @return as redis.command
function redis.script(client, script, keys, arguments, seconds, terms)
  return ask(client, words_of(client, keys, arguments), seconds, script, #keys, terms)
end

--- Keeps something up in Redis while a handle exists: redis.script with terms, but the script is only run when the
-- check says that it is lost. Does not wait.
-- @return the handle: run.cancel(handle) ends it, and so does its collection
function redis.hold(client, script, keys, arguments, terms)
  terms.held = true
  return start(client, words_of(client, keys, arguments), nil, script, #keys, terms)
end

--- Raises a mistake when an option needs a shared Redis and the client has none.
function redis.check(label, option, client)
  if type(client) == "table" and rawget(client, "connection") and redis.prefix(client) then return end
  mistake.raise(label, '%s: "shared" needs a client with the option shared, the address of a Redis', option)
end

--- The prefix of the keys of the client's company.
function redis.prefix(client)
  return core.describe(client.connection).shared_prefix
end

--- An error of kind `store`, for an answer of Redis that is not what the script promises.
function redis.problem(message)
  return Error.new { kind = "store", message = message, outcome = "not_done", retryable = false, attempts = 0 }
end

return redis
