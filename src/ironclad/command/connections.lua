--- ironclad connections: the named connections of the file.

local columns = require "ironclad.command.columns"
local connection = require "ironclad.command.connection"
local fail = require "ironclad.command.fail"
local named = require "ironclad.connections.named"
local output = require "ironclad.command.output"
local terminal = require "ironclad.command.terminal"

local connections = { flags = output.flags }

--- The columns that it may print.
connections.columns = { "name", "instance", "as_user", "grant", "current" }

function connections.run(words, options)
  if words[1] then fail.usage("connections takes no argument, got %q", words[1]) end
  columns.check(options, connections.columns)
  local list, problem = named.list()
  if not list then fail.usage("%s", problem) end
  local current = connection.current()
  local printer = output.items(options, nil, connections.columns)
  for _, entry in ipairs(list) do
    entry.current = entry.name == current and "*" or ""
    printer:item(entry)
  end
  printer:finish()
  if #list == 0 then terminal.say "none yet; `ironclad login NAME` makes one" end
  if os.getenv "IRONCLAD_INSTANCE" then
    terminal.say("IRONCLAD_INSTANCE is set: the environment is used unless -c NAME says otherwise")
  end
end

return connections
