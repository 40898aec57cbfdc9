--- ironclad switch [NAME]: chooses the connection that is used when no other is named.

local connection = require "ironclad.command.connection"
local fail = require "ironclad.command.fail"
local mistake = require "ironclad.base.mistake"
local named = require "ironclad.connections.named"
local terminal = require "ironclad.command.terminal"

local switch = { flags = {},
  help = "Without NAME it asks. Where there is no terminal to ask at, it forgets the choice." }

local function names_of(list)
  local names = {}
  for i, entry in ipairs(list) do names[i] = entry.name end
  return names
end

function switch.run(words)
  if words[2] then fail.usage("switch takes one name, got %q too", words[2]) end
  local list, problem = named.list()
  if not list then fail.usage("%s", problem) end
  if not list[1] then fail.usage "there is no connection yet; `ironclad login NAME` makes one" end
  local name, names = words[1], names_of(list)
  if not name and terminal.is "input" then
    local choices = {}
    for i, known in ipairs(names) do choices[i] = { known, known } end
    name = terminal.choose("Which connection", choices)
  end
  if not name then
    connection.choose(nil)
    return terminal.say "no connection is chosen now"
  end
  local is_known = false
  local done, unchanged = named.change(function(connections)
    is_known = connections[name] ~= nil
    if is_known then connection.choose(name) end
  end)
  if not done then
    terminal.check_signal() -- it ends the wait for a lock
    fail.failed("%s", unchanged)
  end
  if not is_known then
    fail.usage("there is no connection %q%s; `ironclad connections` lists them", name,
      mistake.did_you_mean(name, names))
  end
  terminal.say("%s is used from now on", name)
end

return switch
