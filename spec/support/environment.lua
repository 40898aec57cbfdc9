-- For the specs of named connections: a table in the place of the environment variables, a temporary folder, and the
-- file of connections in it. From before_each(environment.begin) to after_each(environment.finish).
local json = require("ironclad").json
local peer = require "spec.support.peer"

local environment = {}

local getenv = os.getenv

-- os.getenv reads the table `values` until environment.finish.
function environment.replace(values)
  environment.variables = values
  rawset(os, "getenv", function(name) return values[name] end)
end

-- The environment has only HOME, a folder that does not exist -> the temporary folder.
function environment.begin()
  environment.folder = peer.temporary_folder()
  environment.replace { HOME = environment.folder .. "/home" }
  return environment.folder
end

function environment.finish()
  rawset(os, "getenv", getenv)
  peer.remove_folder(environment.folder)
end

-- Writes a file (its text, or a table as JSON) with these permissions, by default those of a file of secrets.
function environment.write(path, content, mode)
  peer.write_file(path, type(content) == "table" and json.encode(content) or content)
  peer.shell(("chmod %s %s"):format(mode or "600", peer.quoted(path)))
end

-- Writes the file of connections that IRONCLAD_CONFIG names -> its path.
function environment.configure(connections, mode)
  local path = environment.folder .. "/connections.json"
  environment.variables.IRONCLAD_CONFIG = path
  environment.write(path, connections, mode)
  return path
end

-- The words of a command: a shell without the libraries that are preloaded here (a sanitizer would check it for leaks).
function environment.shell_words(script) return { "env", "-u", "LD_PRELOAD", "sh", "-c", script } end

return environment
