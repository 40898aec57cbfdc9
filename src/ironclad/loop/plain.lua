--- Waiting in plain Lua: on the descriptor of the state's mailbox. A signal ends the wait early, so that Ctrl-C reaches
-- the script at once.

local core = require "ironclad.core"
local store = require "ironclad.store"

local plain = {}

--- Returns when a call of this Lua state may have news, and when this one has; whose the news are, each call is asked
-- itself. Token stores written in Lua are served here.
function plain.wait(call)
  core.wait(call)
  store.serve_all()
end

return plain
