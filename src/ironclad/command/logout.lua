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

function logout.run(words, options)
  if words[2] then fail.usage("logout takes one name, got %q too", words[2]) end
  if words[1] then options.connection = words[1] end
  local client, name = connection.open(options)
  fail.unless(client:logout())
  if options.remove then
    if not name then fail.usage "--remove: the connection is that of the environment, which is in no file" end
    local done, problem = named.save(name, nil)
    if not done then fail.failed("%s", problem) end
    if connection.current() == name then connection.choose(nil) end
  end
  terminal.say("%s: logged out%s", name or "the environment", options.remove and ", and removed" or "")
end

return logout
