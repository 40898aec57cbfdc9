--- The known scopes (ironclad.scopes), and warnings about the scopes that a connection asks for.

local core = require "ironclad.core"

local scopes = {}

--- An array of { scope = name, label = what it permits, grants = { "authorization_code", "client_credentials" } }.
-- `grants` are the grants that may ask for the scope: a few are for the authorization code grant only.
scopes.known = core.scopes()

local by_name = {}
for _, entry in ipairs(scopes.known) do by_name[entry.scope] = entry end

local function permitted(entry, grant)
  for _, name in ipairs(entry.grants) do
    if name == grant then return true end
  end
  return false
end

local function warning(name, grant)
  local entry = by_name[name]
  if not entry then
    local nearest = core.scope_nearest(name)
    return ("scopes: %s is not a scope that this version knows%s; it is sent as it is"):format(name,
      nearest and (" (did you mean %s?)"):format(nearest) or "")
  elseif not permitted(entry, grant) then
    return ("scopes: Ironclad lists %s for the authorization code grant only; if it refuses one scope, it grants no "
      .. "token"):format(name)
  end
end

--- Warnings about the scopes that a connection asks for. The scopes are sent anyway.
-- @param asked the option `scopes`: an array, or a string with spaces; nil: none
-- @param grant "client_credentials" or "authorization_code"
-- @return array of texts, one for each scope that is unknown or not for that grant
function scopes.warnings(asked, grant)
  local texts = {}
  local list = type(asked) == "table" and table.concat(asked, " ") or asked or ""
  for name in list:gmatch "%S+" do texts[#texts + 1] = warning(name, grant) end
  return texts
end

return scopes
