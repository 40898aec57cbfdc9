--- `require "ironclad.sandbox"` returns the sandbox, a local Ironclad: see ironclad/sandbox/server.lua.
return require "ironclad.sandbox.server"
