--- Ironclad Clickwrap (the former PactSafe): who accepted which legal terms.
--
--   local cw = ironclad.clickwrap { environment = "production", site_access_id = "…", api_token = "…" }

local client = require "ironclad.client"
local clickwrap_client = require "ironclad.clickwrap.client"
local filter = require "ironclad.clickwrap.filter"
local mistake = require "ironclad.base.mistake"
local names = require "ironclad.base.names"
local named = require "ironclad.connections.named"

local clickwrap = {
  --- Expressions for the query parameter `filter` of Clickwrap's lists.
  filter = filter,
}

--- A client of the connection that the environment describes: IRONCLAD_CLICKWRAP_SITE, IRONCLAD_CLICKWRAP_TOKEN,
-- IRONCLAD_CLICKWRAP_ENVIRONMENT, IRONCLAD_CLICKWRAP_ACTIVITY_HOST, IRONCLAD_CLICKWRAP_REST_HOST, IRONCLAD_CA_FILE,
-- IRONCLAD_CLIENT_CERT, IRONCLAD_CLIENT_KEY, IRONCLAD_CLIENT_KEY_PASSWORD.
-- @param options a table of options, which override the variables
-- @return a client
function clickwrap.from_env(options, ...)
  local label = "ironclad.clickwrap.from_env"
  mistake.check_surplus(label, ...)
  local found, explain = named.from_env(options, "clickwrap")
  if not found then mistake.raise(label, explain) end
  return client.make(clickwrap_client.class, label, found, explain)
end

mistake.guard_all(mistake.need_dot(clickwrap, "ironclad.clickwrap"))
names.strict("ironclad.clickwrap", clickwrap)

--- ironclad.clickwrap(options) makes a client of Clickwrap. It opens no connection. Raises a mistake for a wrong or
-- unknown option.
-- @param options a table of options (docs/reference.md), or the name of a connection in the file of named connections
-- @return a client
getmetatable(clickwrap).__call = mistake.guard(function(_, options, ...)
  if rawequal(options, package.loaded["ironclad.module"]) then mistake.raise_colon "ironclad.clickwrap" end
  client.check_arguments("ironclad.clickwrap", options, ...)
  return client.open_as(clickwrap_client.class, "ironclad.clickwrap", options)
end)

return clickwrap
