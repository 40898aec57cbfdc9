-- The sandbox's authorization code grant: the consent page, codes, refresh tokens and their errors. Plain HTTP or
-- sandbox:consent takes the place of the browser.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"

local must, refused = local_ironclad.must, local_ironclad.refused
local CALLBACK = "http://localhost:8765/callback"
local READ, LAUNCH = "public.records.readRecords", "public.workflows.createWorkflows"
local OMAR, PRIYA = "omar.haddad@example.com", "priya.nair@example.com"

local sandbox, client

setup(function()
  sandbox, client = local_ironclad.start {
    redirect_uris = { "https://app.example.com/back?from=ironclad", "https://other.example.com/" },
  }
end)
teardown(function() sandbox:stop() end)

local function encoded(text)
  return (text:gsub("[^%w%-._~]", function(char) return ("%%%02X"):format(char:byte()) end))
end

-- The path and query of an authorize URL. `changes`: parameters to replace; false removes one.
local function target(changes)
  local parameters = {
    response_type = "code", client_id = sandbox.client_id, redirect_uri = CALLBACK, state = "the state",
  }
  for name, value in pairs(changes or {}) do parameters[name] = value or nil end
  local words = {}
  for name, value in pairs(parameters) do words[#words + 1] = name .. "=" .. encoded(value) end
  table.sort(words)
  return "/oauth/authorize?" .. table.concat(words, "&")
end

local function get(path) return local_ironclad.raw(sandbox, "GET " .. path) end

local function post(form)
  local words = {}
  for name, value in pairs(form) do words[#words + 1] = name .. "=" .. encoded(value) end
  return local_ironclad.raw(sandbox, "POST /oauth/authorize", { "Content-Type: application/x-www-form-urlencoded" },
    table.concat(words, "&"))
end

local function location(answer) return answer:match "\r\nLocation: ([^\r]*)\r\n" end

local function parameter(url, name) return url:match("[?&]" .. name .. "=([^&]*)") end

-- Gets a code by sandbox:consent.
local function code(changes, user)
  return parameter(assert(sandbox:consent { url = sandbox.url .. target(changes), user = user }), "code")
end

-- Calls the token endpoint; `changes` as above.
local function ask(grant_type, changes)
  local body = {
    grant_type = grant_type, client_id = sandbox.client_id, client_secret = sandbox.client_secret,
    redirect_uri = grant_type == "authorization_code" and CALLBACK or nil,
  }
  for name, value in pairs(changes or {}) do body[name] = value or nil end
  return client:request("POST", "/oauth/token", { body = body })
end

local function exchange(changes) return ask("authorization_code", changes) end
local function refresh(changes) return ask("refresh_token", changes) end

-- A client with a static token only.
local function with(token) return local_ironclad.connect(sandbox, { token = token, as_user = false }) end

describe("the consent page", function()
  it("shows the app, its scopes and the users", function()
    local status, page, answer = get(target { scope = READ .. " " .. LAUNCH })
    assert.equal(200, status)
    for _, text in ipairs { "Larkspur", "Sandbox App", CALLBACK, "Read Records: " .. READ, LAUNCH, OMAR, "Deny" } do
      assert.is_truthy(page:find(text, 1, true), text)
    end
    assert.matches("\r\nContent%-Type: text/html; charset=utf%-8\r\n", answer)
    assert.matches("\r\nContent%-Security%-Policy: default%-src 'none'", answer)
    assert.is_nil(page:find "[sS][rR][cC]=")
    assert.matches("asks for all scopes", select(2, get(target { scope = "" })))
  end)

  it("escapes all texts", function()
    local _, page = get(target { redirect_uri = 'http://localhost:1/"><script>&', state = "<state>" })
    assert.is_truthy(page:find("http://localhost:1/&quot;&gt;&lt;script&gt;&amp;", 1, true), page)
    assert.is_nil(page:find("<script", 1, true))
    assert.is_nil(page:find("state&gt;", 1, true))
  end)

  it("redirects with a code, once", function()
    local _, page = get(target())
    local nonce = page:match 'name="nonce" value="([%w-]+)"'
    assert.equal(400, (post { nonce = nonce, decision = "perhaps", user = OMAR }))
    assert.equal(400, (post { nonce = nonce, decision = "allow", user = "nobody@example.com" }))
    assert.equal(400, (post { nonce = nonce, decision = "allow" }))
    local status, _, answer = post { nonce = nonce, decision = "allow", user = OMAR }
    assert.equal(302, status)
    assert.matches("^http://localhost:8765/callback%?code=[%w-]+&state=the%%20state$", location(answer))
    local grant = must(exchange { code = parameter(location(answer), "code") })
    assert.equal(OMAR, must(with(grant.access_token).oauth:userinfo()).email)
    for _, wrong in ipairs { nonce, "", "0" } do
      status = post { nonce = wrong, decision = "allow", user = OMAR }
      assert.equal(400, status)
    end
  end)

  it("redirects with an error when the user denies", function()
    local _, page = get(target { redirect_uri = "https://app.example.com/back?from=ironclad" })
    local nonce = page:match 'name="nonce" value="([%w-]+)"'
    local status, _, answer = post { nonce = nonce, decision = "deny" }
    assert.equal(302, status)
    assert.equal("https://app.example.com/back?from=ironclad&error=access_denied&state=the%20state", location(answer))
    assert.equal(400, (post { nonce = nonce, decision = "allow", user = OMAR }))
  end)

  it("is not shown for an unknown scope", function()
    local status, _, answer = get(target { scope = READ .. " public.nothing", state = false })
    assert.equal(302, status)
    assert.equal(CALLBACK .. "?error=invalid_scope", location(answer))
  end)

  it("takes only its own form as the answer", function()
    assert.equal(400, (local_ironclad.raw(sandbox, "POST /oauth/authorize", {}, "{}")))
    assert.equal(400, (local_ironclad.raw(sandbox, "POST /oauth/authorize",
      { "Content-Type: application/x-www-form-urlencoded" }, "")))
    assert.equal(404, (local_ironclad.raw(sandbox, "PUT /oauth/authorize", {}, "")))
  end)

  local refusals = {
    { "no response_type", { response_type = false }, 400, "missing response_type" },
    { "another response_type", { response_type = "token" }, 400, "expected 'code'" },
    { "no client_id", { client_id = false }, 400, "missing client_id" },
    { "an empty client_id", { client_id = "" }, 400, "missing client_id" },
    { "a client_id that is none", { client_id = "me" }, 400, "Invalid value for client_id, expected type UUID" },
    { "an unknown client", { client_id = local_ironclad.NOBODY }, 403, "client not authorized" },
    { "no redirect_uri", { redirect_uri = false }, 400, "missing redirect uri" },
    { "an unregistered redirect_uri", { redirect_uri = "https://evil.example.com/" }, 400, "not registered" },
    { "part of a registered one", { redirect_uri = "https://other.example.com" }, 400, "not registered" },
    { "more than a registered one", { redirect_uri = "https://other.example.com/x" }, 400, "not registered" },
    { "this machine by https", { redirect_uri = "https://localhost:8765/" }, 400, "not registered" },
    { "a host that begins like this one", { redirect_uri = "http://localhost.example.com/" }, 400, "not registered" },
    { "a host behind a user", { redirect_uri = "http://localhost:1@example.com/" }, 400, "not registered" },
    { "a fragment", { redirect_uri = "http://localhost:1/#a" }, 400, "not registered" },
    { "a line end", { redirect_uri = "http://localhost:1/\r\nSet-Cookie: a=b" }, 400, "not registered" },
    { "an endless redirect_uri", { redirect_uri = "http://localhost:1/" .. ("a"):rep(2048) }, 400, "not registered" },
    { "an endless state", { state = ("a"):rep(2049) }, 400, "Invalid value for state" },
    { "a NUL", { state = "a\0b" }, 400, "cannot be read" },
  }
  for _, case in ipairs(refusals) do
    it("is refused without a redirect for " .. case[1], function()
      local status, text, answer = get(target(case[2]))
      assert.equal(case[3], status)
      assert.is_nil(location(answer))
      local body = ironclad.json.decode(text)
      assert.equal(case[3] == 403 and "unauthorized_client" or "invalid_request", body.error)
      assert.is_truthy(body.error_description:find(case[4], 1, true), text)
    end)
  end

  it("is refused for a parameter given twice, and for an app without that grant", function()
    local status, text = get(target() .. "&state=another")
    assert.equal(400, status)
    assert.matches("given twice", text)
    status, text = get(target { client_id = sandbox.other_client_id })
    assert.equal(403, status)
    assert.matches("client not authorized to use this oauth grant type", text)
    assert.equal(400, (get "/oauth/authorize"))
  end)

  for _, uri in ipairs { "http://localhost", "http://localhost:1/x?y=z", "http://127.0.0.1:65535/",
    "http://[::1]:80" } do
    it("allows the redirect URI " .. uri, function() assert.equal(200, (get(target { redirect_uri = uri }))) end)
  end
end)

describe("a code", function()
  it("is exchanged for a user's tokens", function()
    local grant = must(exchange { code = code({ scope = READ }, PRIYA) })
    assert.same({ "Bearer", 21600, READ }, { grant.token_type, grant.expires_in, grant.scope })
    assert.is_truthy(grant.refresh_token)
    local me = must(with(grant.access_token).oauth:userinfo())
    assert.same({ PRIYA, { READ } }, { me.email, me.scopes })
    assert.is_nil(must(exchange { code = code() }).scope)
  end)

  it("acts as its user, whatever user a request names", function()
    local grant = must(exchange { code = code(nil, PRIYA) })
    local mine = with(grant.access_token)
    sandbox:clear_requests()
    assert.equal(PRIYA, must(mine.oauth:userinfo { as_user = OMAR }).email)
    assert.equal(PRIYA, sandbox:requests()[1].as_user)
    must(mine.records:list())
    local _, err = mine.records:create { type = "mutualNDA", name = "not hers", properties = {} }
    assert.equal(403, err and err.status)
  end)

  it("can be sent in a form with Basic authentication", function()
    local body = "grant_type=authorization_code&code=" .. code() .. "&redirect_uri=" .. encoded(CALLBACK)
    local status, text = local_ironclad.raw(sandbox, "POST /oauth/token", {
      "Content-Type: application/x-www-form-urlencoded", "Authorization: Basic "
        .. "M2YyYjhjMWUtNmE0ZC00ZjBiLTljNTctMWQyZThhN2I2YzA1OnNhbmRib3gtc2VjcmV0LW5vdC1mb3ItcHJvZHVjdGlvbg==",
    }, body)
    assert.equal(200, status, text)
  end)

  it("is valid once; used again it revokes its tokens", function()
    local mine = code()
    local grant = must(exchange { code = mine })
    must(with(grant.access_token).oauth:userinfo())
    refused({ 403, "invalid_grant" }, exchange { code = mine })
    local err = refused({ 401, "UNAUTHORIZED" }, with(grant.access_token).oauth:userinfo())
    assert.matches("token has been revoked", err.message)
    refused({ 403, "invalid_grant" }, refresh { refresh_token = grant.refresh_token })
  end)

  it("is refused for another redirect_uri, client or code", function()
    local mine = code()
    local err = refused({ 403, "invalid_grant" }, exchange { code = mine, redirect_uri = CALLBACK .. "/" })
    assert.matches("redirect uri is invalid", err.message)
    refused({ 400, "invalid_request" }, exchange { code = mine, redirect_uri = false })
    refused({ 400, "invalid_request" }, exchange { code = false })
    refused({ 403, "invalid_grant" }, exchange { code = "0" })
    refused({ 401, "invalid_client" }, exchange {
      code = mine, client_id = sandbox.other_client_id, client_secret = sandbox.other_client_secret,
    })
    err = refused({ 403, "unauthorized_client" }, exchange {
      code = "0", client_id = sandbox.other_client_id, client_secret = sandbox.other_client_secret,
    })
    assert.matches("to use this oauth grant type", err.message)
    must(exchange { code = mine })
  end)

  it("expires", function()
    local other = local_ironclad.start { code_seconds = 1e-6 }
    local url = other:consent { url = other.url .. target() }
    local err = refused({ 403, "invalid_grant" }, local_ironclad.connect(other):request("POST", "/oauth/token", {
      body = {
        grant_type = "authorization_code", client_id = other.client_id, client_secret = other.client_secret,
        redirect_uri = CALLBACK, code = parameter(url, "code"),
      },
    }))
    assert.matches("authorization code has expired", err.message)
    other:stop()
  end)
end)

describe("a refresh token", function()
  it("gives a new pair of tokens, once", function()
    local first = must(exchange { code = code({ scope = READ .. " " .. LAUNCH }, OMAR) })
    local second = must(refresh { refresh_token = first.refresh_token })
    assert.are_not.equal(first.access_token, second.access_token)
    assert.are_not.equal(first.refresh_token, second.refresh_token)
    assert.same({ "Bearer", 21600, nil }, { second.token_type, second.expires_in, second.scope })
    local me = must(with(second.access_token).oauth:userinfo())
    assert.same({ OMAR, { READ, LAUNCH } }, { me.email, me.scopes })
    local err = refused({ 403, "invalid_grant" }, refresh { refresh_token = first.refresh_token })
    assert.matches("refresh token is invalid", err.message)
    must(refresh { refresh_token = second.refresh_token })
  end)

  it("can give fewer scopes, never more", function()
    local grant = must(exchange { code = code { scope = READ .. " " .. LAUNCH } })
    local narrow = must(refresh { refresh_token = grant.refresh_token, scope = READ })
    assert.equal(READ, narrow.scope)
    assert.same({ READ }, must(with(narrow.access_token).oauth:userinfo()).scopes)
    for _, scope in ipairs { "scim.users.readUsers", READ .. " public.nothing" } do
      refused({ 400, "invalid_scope" }, refresh { refresh_token = narrow.refresh_token, scope = scope })
    end
    local wide = must(refresh { refresh_token = narrow.refresh_token })
    assert.same({ READ, LAUNCH }, must(with(wide.access_token).oauth:userinfo()).scopes)
  end)

  it("is refused for another client, when missing, unknown or revoked", function()
    local grant = must(exchange { code = code() })
    refused({ 401, "invalid_client" }, refresh {
      refresh_token = grant.refresh_token, client_id = sandbox.other_client_id,
      client_secret = sandbox.other_client_secret,
    })
    refused({ 400, "invalid_request" }, refresh())
    refused({ 403, "invalid_grant" }, refresh { refresh_token = "0" })
    refused({ 403, "unauthorized_client" }, refresh { refresh_token = grant.refresh_token, client_secret = "no" })
    sandbox:revoke_refresh_tokens()
    refused({ 403, "invalid_grant" }, refresh { refresh_token = grant.refresh_token })
    must(with(grant.access_token).oauth:userinfo())
    sandbox:revoke_tokens()
    refused({ 401, "UNAUTHORIZED" }, with(grant.access_token).oauth:userinfo())
  end)
end)

describe("sandbox:consent", function()
  it("returns the URL of the redirect", function()
    local function answer(options)
      local url = options.url or sandbox.url .. target(options)
      return sandbox:consent { url = url, user = options.user, allow = options.allow }
    end
    assert.matches("^" .. CALLBACK .. "%?code=[%w-]+&state=the%%20state$", (answer {}))
    assert.equal(CALLBACK .. "?error=access_denied&state=the%20state", (answer { allow = false }))
    assert.equal(CALLBACK .. "?error=invalid_scope&state=the%20state", (answer { scope = "public.nothing" }))
    local wrong = {
      { { response_type = "token" }, "^invalid_request: " },
      { { client_id = local_ironclad.NOBODY }, "^unauthorized_client: " },
      { { user = "nobody@example.com" }, "no such user in this company: 'nobody@example.com'" },
      { { url = "https://na1.ironcladapp.com/oauth/authorize?" }, "no URL of " .. sandbox.url },
      { { url = sandbox.url .. "/oauth/token" }, "no URL of" },
      { { url = sandbox.url .. "0/oauth/authorize" }, "no URL of" },
      { { url = sandbox.url .. "/oauth/authorize" }, "missing response_type" },
    }
    for _, case in ipairs(wrong) do
      local none, message = answer(case[1])
      assert.is_nil(none)
      assert.matches(case[2], message)
    end
    local fine, message = pcall(sandbox.consent, sandbox, {})
    assert.is_false(fine)
    assert.matches("missing required parameter .url.", message)
  end)

  it("grants only scopes that the company has licensed", function()
    local other = local_ironclad.start { scopes = { READ } }
    assert.matches("code=", (other:consent { url = other.url .. target { scope = READ } }))
    assert.matches("error=invalid_scope", (other:consent { url = other.url .. target { scope = LAUNCH } }))
    assert.same({ READ }, must(local_ironclad.connect(other).oauth:userinfo()).scopes)
    other:stop()
  end)

  it("gives tokens that the client refreshes", function()
    local mine = local_ironclad.connect(sandbox, { grant = "authorization_code", scopes = { READ }, name = "renewing" })
    local url, state = mine:authorize_url { redirect_uri = CALLBACK }
    local callback = assert(sandbox:consent { url = url, user = OMAR })
    must(mine:exchange(callback, { state = state, redirect_uri = CALLBACK }))
    sandbox:expire_tokens()
    sandbox:clear_requests()
    assert.equal(OMAR, must(mine.oauth:userinfo()).email)
    local seen = {}
    for i, request in ipairs(sandbox:requests()) do seen[i] = request.status .. " " .. request.path end
    assert.same({ "401 /oauth/userinfo", "200 /oauth/token", "200 /oauth/userinfo" }, seen)
    sandbox:expire_tokens()
    sandbox:revoke_refresh_tokens()
    refused({ 403, "invalid_grant" }, mine.oauth:userinfo())
  end)

  it("keeps the newest of many consents", function()
    local url, last = sandbox.url .. target()
    for _ = 1, 10050 do last = sandbox:consent { url = url } end
    must(exchange { code = parameter(last, "code") })
  end)
end)
