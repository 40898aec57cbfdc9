--- ironclad logout [NAME]: forgets the token of a connection, and with --remove the connection itself.

local connection = require "ironclad.command.connection"
local fail = require "ironclad.command.fail"
local named = require "ironclad.connections.named"
local terminal = require "ironclad.command.terminal"

local logout = { flags = {
  { "connection", short = "c", value = "NAME", text = "The connection" },
  { "remove", text = "Remove the connection from the file, too" },
} }

logout.help = "Ironclad has no way to revoke a token: a copy of it works until it expires."

local function is_saved(name)
  for _, entry in ipairs(named.list() or {}) do
    if entry.name == name then return true end
  end
  return false
end

local function remove(name)
  local done, problem = named.change(function(connections)
    if connection.current() == name then connection.choose(nil) end
    connections[name] = nil
    return true
  end)
  if not done then
    terminal.check_signal() -- it ends the wait for a lock
    fail.failed("%s", problem)
  end
end

local function forget_token(options) fail.unless(connection.open(options):logout()) end

function logout.run(words, options)
  if words[2] then fail.usage("logout takes one name, got %q too", words[2]) end
  if words[1] then options.connection = words[1] end
  local name = connection.source(options)
  if options.remove and not name then
    fail.usage "--remove: the connection is that of the environment, which is in no file"
  end
  local fine, problem = pcall(forget_token, options)
  local cancelled = fail.is(problem) and problem.cancelled
  -- A connection that cannot be opened, because its secret or a file of it is gone, can still be removed.
  if not fine and (cancelled or not (options.remove and is_saved(name))) then error(problem, 0) end
  if options.remove then remove(name) end
  if not fine then
    return terminal.warn("ironclad: %s is removed, but its token could not be deleted: %s", name, tostring(problem))
  end
  terminal.say("%s: logged out%s", name or "the environment", options.remove and ", and removed" or "")
end

return logout
