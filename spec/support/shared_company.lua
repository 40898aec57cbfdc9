-- A company of the sandbox whose machines share a Redis: what the specs of the option `shared` have in common.
local host = require "spec.support.host"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local redis_server = require "spec.support.redis"

local shared_company = {}

local server, sandbox, folder

-- Starts a Redis and a sandbox without TLS -> both, and a temporary folder.
-- @param options as those of redis.start
function shared_company.start(options)
  server = redis_server.start(options)
  sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false })
  folder = peer.temporary_folder()
  return server, sandbox, folder
end

-- Ends what was started last.
function shared_company.stop()
  sandbox:stop()
  server:stop()
  peer.remove_folder(folder)
end

-- The options with which a machine connects. `more` overrides them.
function shared_company.options(more)
  local options = { shared = server.address }
  for name, value in pairs(more or {}) do options[name] = value end
  return sandbox:options(options)
end

function shared_company.connect(more) return ironclad.connect(shared_company.options(more)) end

-- Writes the Lua source that a machine runs as a process of its own -> the path. The source can use `ironclad`, and
-- `client`, which is connected with these options.
function shared_company.write_machine(more, source)
  local path = folder .. "/machine.lua"
  peer.write_file(path, host.paths() .. ('local ironclad = require "ironclad"\nlocal client = ironclad.connect(%s)\n')
    :format(host.quoted(shared_company.options(more))) .. source)
  return path
end

return shared_company
