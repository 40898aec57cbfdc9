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

-- Waits for the reply to what core.ask_shared has started.
local function ask(client, words, seconds, script, keys)
  local pending = run.shared(client, words, seconds or PATIENCE, script, keys)
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

--- Runs a script in Redis.
-- @param script its text
-- @param keys a list of its keys, without the company's prefix
-- @param arguments a list of strings and numbers; nil: none
-- @return as redis.command
function redis.script(client, script, keys, arguments, seconds)
  local words, prefix = {}, redis.prefix(client)
  for index, key in ipairs(keys) do words[index] = prefix .. key end
  for _, argument in ipairs(arguments or {}) do words[#words + 1] = argument end
  return ask(client, words, seconds, script, #keys)
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
