--- The methods of client.webhooks that are not operations:
--
--   client.webhooks:verifier{ … }   verifies requests with the key that it fetches (ironclad.events.verifier)
--   client.webhooks:receiver{ … }   takes the requests of a webhook (ironclad.events.receiver)
--   client.webhooks:ensure{ … }     registers a webhook unless it is registered (ironclad.events.registration)

local lazy = require "ironclad.base.lazy"
local mistake = require "ironclad.base.mistake"

local places = {
  verifier = { "ironclad.events.verifier", "new" },
  receiver = { "ironclad.events.ironclad_source", "receiver" },
  ensure = { "ironclad.events.registration", "ensure" },
}

local methods = {}
for name, place in pairs(places) do
  methods[name] = function(self, options, ...)
    local label = "webhooks:" .. name
    local client = type(self) == "table" and rawget(self, "client")
    if not client then mistake.raise(label, "call it with a colon: client.%s(…)", label) end
    mistake.check_surplus(label, ...)
    return lazy.load(place[1])[place[2]](client, options)
  end
end

return { methods = { webhooks = methods } }
