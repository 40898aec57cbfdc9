--- `require "ironclad.sandbox"` returns the sandbox, a local Ironclad: see ironclad/sandbox/server.lua. The sandbox is
-- a separate rock, ironclad-sandbox. This file belongs to the rock ironclad, and says what to install when the sandbox
-- is missing.
local found, sandbox = pcall(require, "ironclad.sandbox.server")
if found then return sandbox end
-- Without this, a second require in Lua 5.1 would report a loop.
package.loaded["ironclad.sandbox"] = nil
if tostring(sandbox):find("module 'ironclad.sandbox.server' not found", 1, true) then
  error("ironclad.sandbox is not installed; it is a separate rock: luarocks install ironclad-sandbox", 0)
end
error(sandbox, 0)
