-- The authorization code grant in two halves: authorize_url, and the exchange of the code.
local ironclad = require "ironclad"
local grant = require "spec.support.grant"
local scene = require "spec.support.scene"

local GOOD = scene.GOOD

after_each(scene.stop)

describe("authorize_url", function()
  local client = ironclad.connect {
    instance = "https://ironclad.example.com", client_id = "id", client_secret = grant.SECRET,
    grant = "authorization_code",
    scopes = { "public.records.readRecords" },
  }

  it("is where to send a browser, with a state of 128 random bits", function()
    local url, state = client:authorize_url { redirect_uri = "http://localhost:8765/callback?a=b" }
    assert.matches("^https://ironclad.example.com/oauth/authorize%?", url)
    assert.matches("response_type=code", url)
    assert.matches("client_id=id", url)
    assert.matches("redirect_uri=http%3A%2F%2Flocalhost%3A8765%2Fcallback%3Fa%3Db", url, 1, true)
    assert.matches("scope=public.records.readRecords%20scim.users.readUsers", url, 1, true)
    assert.matches("^%x+$", state)
    assert.equal(32, #state)
    assert.matches("state=" .. state, url)
    local _, other = client:authorize_url { redirect_uri = "x:" }
    assert.are_not.equal(state, other)
    grant.assert_no_secret(url)
  end)

  it("leaves the default scope out when told so", function()
    local plain = ironclad.connect {
      instance = "na1", client_id = "id", client_secret = grant.SECRET, grant = "authorization_code",
      default_scope = false,
    }
    local url = plain:authorize_url { redirect_uri = "x:", scopes = { "a" } }
    assert.matches("scope=a&", url .. "&")
  end)

  it("takes a state and scopes", function()
    local url, state = client:authorize_url { redirect_uri = "http://localhost:1/", state = "mine", scopes = { "a",
      "b" } }
    assert.equal("mine", state)
    assert.matches("scope=a%20b%20scim.users.readUsers", url, 1, true)
  end)

  local mistakes = {
    { "no redirect_uri", function() client:authorize_url {} end, "authorize_url: redirect_uri: missing" },
    { "an option misspelt", function() client:authorize_url { redirect_url = "x" } end,
      'did you mean "redirect_uri"%?' },
    { "an empty state", function() client:authorize_url { redirect_uri = "x:", state = "" } end,
      "state: must not be empty" },
    { "scopes that are none", function() client:authorize_url { redirect_uri = "x:", scopes = { "a b" } } end,
      "scopes%[1%]: expected a scope" },
    { "scopes of which one is missing", function()
      client:authorize_url { redirect_uri = "x:", scopes = { "a", [3] = "b" } }
    end, "scopes: expected a list of scopes: %[2%] is missing" },
    { "a dot for the colon", function() client.authorize_url { redirect_uri = "x:" } end, "call it with a colon" },
    { "the other grant", function()
      ironclad.connect { instance = "na1", client_id = "i", client_secret = "s", as_user = false }
        :authorize_url { redirect_uri = "x" }
    end, 'connect with grant = "authorization_code"' },
  }
  for _, case in ipairs(mistakes) do
    it("refuses " .. case[1], function()
      local fine, message = pcall(case[2])
      assert.is_false(fine)
      assert.matches(case[3], message)
      assert.matches("authorize_spec.lua:%d+: ", message)
    end)
  end
end)

describe("exchange", function()
  local REDIRECT = "http://localhost:8765/callback"

  it("trades the code of a callback", function()
    local server = scene.answering { grant.pair("access-1", "refresh-1"), GOOD }
    local client = grant.connect(server)
    assert.is_true((client:exchange(REDIRECT .. "?code=c%20de&state=s", { state = "s", redirect_uri = REDIRECT })))
    assert.same({
      grant_type = "authorization_code", code = "c de", redirect_uri = REDIRECT, client_id = "id",
        client_secret = grant.SECRET,
    }, grant.received(server)[1])
    scene.assert_good(client.workflows:get "w1")
    assert.same({ "Bearer access-1" }, grant.bearers(server))
  end)

  it("trades the code of a bare query, and checks its state", function()
    local server = scene.answering { grant.pair("access-1", "refresh-1") }
    local client = grant.connect(server)
    local _, err = client:exchange("code=evil&state=other", { state = "s", redirect_uri = REDIRECT })
    assert.equal("state", err.code)
    assert.is_true((client:exchange("code=a%2Fb&state=s", { state = "s", redirect_uri = REDIRECT })))
    assert.equal("a/b", grant.received(server)[1].code)
  end)

  it("takes an empty state for none, and none for a bare code", function()
    local client = grant.connect(scene.answering { GOOD })
    local fine, message = pcall(client.exchange, client, REDIRECT .. "?code=c", { state = "", redirect_uri = REDIRECT })
    assert.is_false(fine)
    assert.matches("state: missing", message)
    fine, message = pcall(client.exchange, client, "code/with/slashes", { state = "s", redirect_uri = REDIRECT })
    assert.is_false(fine)
    assert.matches("state: give it together with the callback's URL", message)
  end)

  it("trades a bare code", function()
    local server = scene.answering { grant.pair("access-1", "refresh-1"), GOOD }
    local client = grant.connect(server)
    assert.is_true((client:exchange("thecode", { redirect_uri = REDIRECT })))
    assert.equal("thecode", grant.received(server)[1].code)
  end)

  local refusals = {
    { "another state", "?code=c&state=other", "state", "does not answer this login" },
    { "no state", "?code=c", "state", "does not answer this login" },
    { "a refusal", "?error=access_denied&error_description=no+thanks&state=s", "access_denied",
      "no thanks.*the person declined" },
    { "a scope that is not licensed", "?error=invalid_scope&state=s", "invalid_scope", "default_scope = false" },
    { "a code twice", "?code=good&state=s&code=evil", nil, "has the parameter code twice" },
    { "a code twice and another state", "?code=a&code=b&state=other", "state", "does not answer this login" },
    { "a code twice and no state", "?code=a&code=b", "state", "does not answer this login" },
    { "a state twice", "?code=good&state=s&state=other", "state", "does not answer this login" },
    { "neither code nor error", "?state=s", nil, "neither a code nor an error" },
  }
  for _, case in ipairs(refusals) do
    it("refuses a callback with " .. case[1], function()
      local server = scene.answering { grant.pair("access-1", "refresh-1") }
      local value, err = grant.connect(server):exchange(REDIRECT .. case[2], { state = "s", redirect_uri = REDIRECT })
      assert.is_nil(value)
      assert.equal(case[3], err.code)
      assert.matches(case[4], err.message)
      assert.equal(0, #server:requests())
    end)
  end

  it("passes on what the token endpoint refuses", function()
    local server = scene.answering { grant.refused "invalid_grant" }
    local _, err = grant.connect(server):exchange("used", { redirect_uri = REDIRECT })
    assert.equal("auth", err.kind)
    assert.equal("invalid_grant", err.code)
  end)

  it("spends no code when the token could not be kept", function()
    local server = scene.answering { grant.pair("access-1", "refresh-1") }
    local client = grant.connect(server, { store = "/proc/nowhere/tokens.json" })
    local _, err = client:exchange("thecode", { redirect_uri = REDIRECT })
    assert.equal("store", err.kind)
    assert.equal(0, #server:requests())
  end)

  it("wants the state of a callback, and the redirect URI", function()
    local client = grant.connect(scene.answering { GOOD })
    local _, message = pcall(client.exchange, client, REDIRECT .. "?code=c&state=s", { redirect_uri = REDIRECT })
    assert.matches("state: missing", message)
    _, message = pcall(client.exchange, client, "code")
    assert.matches("redirect_uri: missing", message)
  end)
end)
