-- What specs of the authorization code grant share: answers of the token endpoint, a client with that grant, and what
-- the server received.
local ironclad = require "ironclad"
local assert = require "luassert"
local peer = require "spec.support.peer"

local grant = { SECRET = "a secret of the auth specs" }

-- An answer with an access token and, unless `refresh` is nil, a refresh token. `more` is JSON for further members.
function grant.pair(access, refresh, more)
  return peer.json(('{"access_token":"%s"%s,"token_type":"Bearer","expires_in":21600%s}'):format(access,
    refresh and (',"refresh_token":"' .. refresh .. '"') or "", more or ""))
end

function grant.refused(code)
  return peer.json(('{"error":"%s","error_description":"because"}'):format(code), 403)
end

grant.EXPIRED = peer.json('{"code":"UNAUTHORIZED","message":"token has expired"}', 401)

function grant.connect(server, changes)
  local options = {
    instance = peer.url(server), client_id = "id", client_secret = grant.SECRET, grant = "authorization_code",
    rate_limit = false, max_retries = 0,
  }
  for name, value in pairs(changes or {}) do options[name] = value end
  return ironclad.connect(options)
end

-- What went to the token endpoint, decoded, in order.
function grant.received(server)
  local list = {}
  for _, request in ipairs(server:requests()) do
    if request.target == "/oauth/token" then list[#list + 1] = ironclad.json.decode(request.body) end
  end
  return list
end

-- The Authorization headers of all other requests, in order.
function grant.bearers(server)
  local list = {}
  for _, request in ipairs(server:requests()) do
    if request.target ~= "/oauth/token" then list[#list + 1] = request.headers.authorization end
  end
  return list
end

function grant.assert_no_secret(...)
  for i = 1, select("#", ...) do
    local text = tostring((select(i, ...)))
    for _, secret in ipairs { grant.SECRET, "access%-%d", "refresh%-%d" } do assert.is_nil(text:find(secret), text) end
  end
end

return grant
