-- Tokens, consent, and the identity of a token.
local REDIRECT = "http://localhost:8765/callback"

local function authorize(t, changes)
  local query = {
    response_type = "code", client_id = t.sandbox.client_id, redirect_uri = REDIRECT, state = "abc",
    scope = "public.records.readRecords",
  }
  for name, value in pairs(changes or {}) do query[name] = value or nil end
  return { token = false, as_user = false, query = query }
end

local function token(t, body)
  local all = { client_id = t.sandbox.client_id, client_secret = t.sandbox.client_secret }
  for name, value in pairs(body) do all[name] = value end
  return { token = false, as_user = false, body = all }
end

local function who(t)
  t:ok "oauth-userinfo"
  t:ok "oauth-company-info"
end

local function client_credentials(t)
  local grant = token(t, { grant_type = "client_credentials", scope = "public.records.readRecords" })
  t:ok("oauth-token", grant)
  t:refused("oauth-token", 400, token(t, { grant_type = "client_credentials", scope = "no.such.scope" }))
  t:refused("oauth-token", 403, token(t, { grant_type = "client_credentials", client_secret = "wrong" }))
  t:refused("oauth-token", 400, token(t, { grant_type = "password" }))
  t:refused("oauth-token", 400, token(t, { grant_type = false }))
end

local function authorization_code(t)
  local asked = authorize(t)
  t:send("oauth-authorize", asked)
  local url = ("%s/oauth/authorize?response_type=code&client_id=%s&redirect_uri=%s&state=abc"):format(t.sandbox.url,
    t.sandbox.client_id, "http%3A%2F%2Flocalhost%3A8765%2Fcallback")
  local code = assert(t.sandbox:consent { url = url }):match "code=([^&]+)"
  local grant = { grant_type = "authorization_code", code = code, redirect_uri = REDIRECT }
  local first = t:ok("oauth-token", token(t, grant))
  local renewal = { grant_type = "refresh_token", refresh_token = first.refresh_token }
  local second = t:ok("oauth-token", token(t, renewal))
  t:refused("oauth-token", 403, token(t, renewal))
  t:ok("oauth-userinfo", { token = second.access_token, as_user = false })
  t:refused("oauth-token", 403, token(t, grant))
end

local function refused_consent(t)
  t:send("oauth-authorize", authorize(t, { scope = "no.such.scope" }))
  t:refused("oauth-authorize", 400, authorize(t, { response_type = false }))
  t:refused("oauth-authorize", 400, authorize(t, { client_id = "wrong" }))
  t:refused("oauth-authorize", 400, authorize(t, { redirect_uri = "http://elsewhere.example/" }))
  t:refused("oauth-authorize", 403, authorize(t, { client_id = t.sandbox.other_client_id }))
end

return function(t)
  t:play("oauth: who", who)
  t:play("oauth: client credentials", client_credentials)
  t:play("oauth: authorization code", authorization_code)
  t:play("oauth: refused consent", refused_consent)
end
