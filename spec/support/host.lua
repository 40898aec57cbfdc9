-- A host in another process, and the sandbox over TLS that it talks to.
local assert = require "luassert"
local peer = require "spec.support.peer"

local host = {}

-- A value as Lua source.
function host.quoted(value)
  if type(value) == "table" then
    local parts = {}
    for name, inner in pairs(value) do parts[#parts + 1] = ("[%q] = %s"):format(name, host.quoted(inner)) end
    return "{ " .. table.concat(parts, ", ") .. " }"
  end
  return type(value) == "string" and ("%q"):format(value) or tostring(value)
end

-- A sandbox, and a folder with settings.lua for spec/hosts/shared.lua -> { sandbox =, folder =, stop = function }.
function host.scene(options)
  local sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true })
  local folder = peer.temporary_folder()
  local connection = sandbox:options { rate_limit = false }
  for name, value in pairs(options or {}) do connection[name] = value end
  local settings = {
    connection = connection, folder = folder, as_user = sandbox.as_user, ca_file = sandbox.ca_file,
  }
  peer.write_file(folder .. "/settings.lua", "return " .. host.quoted(settings) .. "\n")
  return {
    sandbox = sandbox,
    folder = folder,
    stop = function()
      sandbox:stop()
      peer.remove_folder(folder)
    end,
  }
end

-- Lua source that puts this process's modules on the paths of another Lua.
function host.paths() return ("package.path, package.cpath = %q, %q\n"):format(package.path, package.cpath) end

-- What a host has printed of the shared list -> a list of { name =, ok =, text = }; the last one says whether the list
-- was run to its end.
function host.results(text)
  local results, last = {}, nil
  for line in text:gmatch "[^\n]*" do
    local state, name = line:match "^(n?o?t? ?ok) %d+ %- (.*)"
    if state then
      last = { name = name, ok = state == "ok", text = line }
      results[#results + 1] = last
    elseif last then
      last.text = last.text .. "\n" .. line
    end
  end
  results[#results + 1] = {
    name = "the list comes to its end", ok = tonumber(text:match "1%.%.(%d+)%s*$") == #results, text = text,
  }
  return results
end

return host
