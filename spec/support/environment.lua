-- A table in the place of the environment variables, for the specs of named connections.
local peer = require "spec.support.peer"

local environment = {}

local getenv = os.getenv

-- os.getenv reads the table `values` until environment.restore -> the table.
function environment.replace(values)
  rawset(os, "getenv", function(name) return values[name] end)
  return values
end

function environment.restore() rawset(os, "getenv", getenv) end

-- Writes a file with these permissions, by default those of a file of secrets.
function environment.write(path, text, mode)
  peer.write_file(path, text)
  peer.shell(("chmod %s %s"):format(mode or "600", peer.quoted(path)))
end

return environment
