--- Waiting in plain Lua: on the descriptor of the state's mailbox. A signal ends the wait early, so that Ctrl-C reaches
-- the script at once.

local core = require "ironclad.core"

local plain = {}

--- Returns when some call of this Lua state may have news; whose it is, each call is asked itself.
function plain.wait()
  core.wait()
  while core.take() do end
end

return plain
