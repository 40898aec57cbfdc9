-- Tokens of persons: the authorization code grant in two halves, refreshing with rotation, and the stores.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local GOOD = scene.GOOD
local SECRET = "a secret of the auth specs"
local folder

setup(function() folder = peer.temporary_folder() end)
teardown(function() peer.remove_folder(folder) end)
after_each(scene.stop)

local function pair(access, refresh, more)
  return peer.json(('{"access_token":"%s"%s,"token_type":"Bearer","expires_in":21600%s}'):format(access,
    refresh and (',"refresh_token":"' .. refresh .. '"') or "", more or ""))
end

local function refused(code) return peer.json(('{"error":"%s","error_description":"because"}'):format(code), 403) end

local EXPIRED = peer.json('{"code":"UNAUTHORIZED","message":"token has expired"}', 401)

local function connect(server, changes)
  local options = {
    instance = peer.url(server), client_id = "id", client_secret = SECRET, grant = "authorization_code",
    rate_limit = false, max_retries = 0,
  }
  for name, value in pairs(changes or {}) do options[name] = value end
  return ironclad.connect(options)
end

-- What went to the token endpoint, decoded, in order.
local function grants(server)
  local list = {}
  for _, request in ipairs(server:requests()) do
    if request.target == "/oauth/token" then list[#list + 1] = ironclad.json.decode(request.body) end
  end
  return list
end

local function bearers(server)
  local list = {}
  for _, request in ipairs(server:requests()) do
    if request.target ~= "/oauth/token" then list[#list + 1] = request.headers.authorization end
  end
  return list
end

local function assert_no_secret(...)
  for i = 1, select("#", ...) do
    local text = tostring((select(i, ...)))
    for _, secret in ipairs { SECRET, "access%-%d", "refresh%-%d" } do assert.is_nil(text:find(secret), text) end
  end
end

describe("a refresh token", function()
  it("is traded for a pair, whose refresh token is used the next time", function()
    local server = scene.answering {
      pair("access-1", "refresh-1"), GOOD, EXPIRED, pair("access-2", "refresh-2"), GOOD, EXPIRED, pair("access-3",
        nil), GOOD,
      EXPIRED, pair("access-4", "refresh-4"), GOOD,
    }
    local client = connect(server, { refresh_token = "refresh-0" })
    for _ = 1, 5 do scene.assert_good(client.workflows:get "w1") end
    local sent = grants(server)
    assert.same({ grant_type = "refresh_token", refresh_token = "refresh-0", client_id = "id",
      client_secret = SECRET }, sent[1])
    assert.equal("refresh-1", sent[2].refresh_token)
    assert.equal("refresh-2", sent[3].refresh_token)
    assert.equal("refresh-2", sent[4].refresh_token) -- none came with the third answer: the old one stays good
    assert.same({
      "Bearer access-1", "Bearer access-1", "Bearer access-2", "Bearer access-2", "Bearer access-3", "Bearer access-3",
      "Bearer access-4", "Bearer access-4",
    }, bearers(server))
  end)

  it("that is spent says to log in again", function()
    local server = scene.answering { refused "invalid_grant" }
    local value, err = connect(server, { refresh_token = "refresh-0" }).workflows:get "w1"
    assert.is_nil(value)
    assert.equal("auth", err.kind)
    assert.equal("invalid_grant", err.code)
    assert.matches("log in again", err.message)
    assert_no_secret(err, err.message)
  end)

  it("is nobody's yet", function()
    local server = scene.answering { GOOD }
    local _, err = connect(server).workflows:get "w1"
    assert.equal("auth", err.kind)
    assert.matches("nobody has logged in yet", err.message)
    assert.equal(0, #server:requests())
  end)

  local bad = {
    { "HTML", peer.answer(200, { "Content-Type: text/html" }, "<html>") },
    { "nothing", peer.answer(200, {}, "") },
    { "10 MB", peer.answer(200, { "Content-Type: application/json" }, (" "):rep(10000000) .. "{}") },
    { "no access token", peer.json "{}" },
    { "a server error", peer.json("{}", 500) },
  }
  for _, case in ipairs(bad) do
    it("survives an answer that is " .. case[1], function()
      local server = scene.answering { case[2], pair("access-1", "refresh-1"), GOOD }
      local client = connect(server, { refresh_token = "refresh-0" })
      local _, err = client.workflows:get "w1"
      assert.is_table(err)
      assert_no_secret(err)
      scene.assert_good(client.workflows:get "w1")
      assert.equal("refresh-0", grants(server)[2].refresh_token)
    end)
  end

  for _, lifetime in ipairs { '"soon"', "0", "-5", "{}" } do
    it("keeps its successor when the lifetime beside it is " .. lifetime, function()
      local server = scene.answering {
        peer.json('{"access_token":"access-1","refresh_token":"refresh-1","expires_in":' .. lifetime .. "}"),
        pair("access-2", "refresh-2"), GOOD,
      }
      local client = connect(server, { refresh_token = "refresh-0" })
      local _, err = client.workflows:get "w1"
      assert.equal("protocol", err.kind)
      scene.assert_good(client.workflows:get "w1")
      assert.equal("refresh-1", grants(server)[2].refresh_token)
    end)
  end

  it("is sent once, whatever breaks", function()
    local server = scene.serve { connections = { { { "read" }, { "close" } } } }
    local client = connect(server, { refresh_token = "refresh-0", max_retries = 3 })
    local _, err = client.workflows:get "w1"
    assert.equal("network", err.kind)
    assert.equal(1, #server:requests())
  end)
end)

describe("authorize_url", function()
  local client = ironclad.connect {
    instance = "https://ironclad.example.com", client_id = "id", client_secret = SECRET, grant = "authorization_code",
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
    assert_no_secret(url)
  end)

  it("leaves the default scope out when told so", function()
    local plain = ironclad.connect {
      instance = "na1", client_id = "id", client_secret = SECRET, grant = "authorization_code", default_scope = false,
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
      assert.matches("auth_spec.lua:%d+: ", message)
    end)
  end
end)

describe("exchange", function()
  local REDIRECT = "http://localhost:8765/callback"

  it("trades the code of a callback", function()
    local server = scene.answering { pair("access-1", "refresh-1"), GOOD }
    local client = connect(server)
    assert.is_true((client:exchange(REDIRECT .. "?code=c%20de&state=s", { state = "s", redirect_uri = REDIRECT })))
    assert.same({
      grant_type = "authorization_code", code = "c de", redirect_uri = REDIRECT, client_id = "id",
        client_secret = SECRET,
    }, grants(server)[1])
    scene.assert_good(client.workflows:get "w1")
    assert.same({ "Bearer access-1" }, bearers(server))
  end)

  it("trades the code of a bare query, and checks its state", function()
    local server = scene.answering { pair("access-1", "refresh-1") }
    local client = connect(server)
    local _, err = client:exchange("code=evil&state=other", { state = "s", redirect_uri = REDIRECT })
    assert.equal("state", err.code)
    assert.is_true((client:exchange("code=a%2Fb&state=s", { state = "s", redirect_uri = REDIRECT })))
    assert.equal("a/b", grants(server)[1].code)
  end)

  it("takes an empty state for none, and none for a bare code", function()
    local client = connect(scene.answering { GOOD })
    local fine, message = pcall(client.exchange, client, REDIRECT .. "?code=c", { state = "", redirect_uri = REDIRECT })
    assert.is_false(fine)
    assert.matches("state: missing", message)
    fine, message = pcall(client.exchange, client, "code/with/slashes", { state = "s", redirect_uri = REDIRECT })
    assert.is_false(fine)
    assert.matches("state: goes with the callback's URL", message)
  end)

  it("trades a bare code", function()
    local server = scene.answering { pair("access-1", "refresh-1"), GOOD }
    local client = connect(server)
    assert.is_true((client:exchange("thecode", { redirect_uri = REDIRECT })))
    assert.equal("thecode", grants(server)[1].code)
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
      local server = scene.answering { pair("access-1", "refresh-1") }
      local value, err = connect(server):exchange(REDIRECT .. case[2], { state = "s", redirect_uri = REDIRECT })
      assert.is_nil(value)
      assert.equal(case[3], err.code)
      assert.matches(case[4], err.message)
      assert.equal(0, #server:requests())
    end)
  end

  it("passes on what the token endpoint refuses", function()
    local server = scene.answering { refused "invalid_grant" }
    local _, err = connect(server):exchange("used", { redirect_uri = REDIRECT })
    assert.equal("auth", err.kind)
    assert.equal("invalid_grant", err.code)
  end)

  it("spends no code when the token could not be kept", function()
    local server = scene.answering { pair("access-1", "refresh-1") }
    local client = connect(server, { store = "/proc/nowhere/tokens.json" })
    local _, err = client:exchange("thecode", { redirect_uri = REDIRECT })
    assert.equal("store", err.kind)
    assert.equal(0, #server:requests())
  end)

  it("wants the state of a callback, and the redirect URI", function()
    local client = connect(scene.answering { GOOD })
    local _, message = pcall(client.exchange, client, REDIRECT .. "?code=c&state=s", { redirect_uri = REDIRECT })
    assert.matches("state: missing", message)
    _, message = pcall(client.exchange, client, "code")
    assert.matches("redirect_uri: missing", message)
  end)
end)

describe("a file store", function()
  local function path(name) return folder .. "/" .. name .. "/tokens.json" end

  it("keeps the pair, for this user's eyes only, and the next client goes on with it", function()
    local server = scene.answering { pair("access-1", "refresh-1"), GOOD, GOOD, EXPIRED, pair("access-2",
      "refresh-2"), GOOD }
    local file = path "kept"
    scene.assert_good(connect(server, { refresh_token = "refresh-0", store = ironclad.store.file(file), name = "a" })
      .workflows:get "w1")
    local kept = peer.read_file(file)
    assert.matches("refresh%-1", kept)
    assert.equal("600 700\n", (peer.shell("stat -c %a " .. file .. " $(dirname " .. file .. ") | tr '\\n' ' '; echo")
      :gsub(" \n", "\n")))
    -- Another process, with the refresh token of the same configuration, which is spent by now.
    local output, status = peer.lua([[
      local url, secret, file = ...
      local client = require("ironclad").connect {
        instance = url, client_id = "id", client_secret = secret, refresh_token = "refresh-0", store = file,
          name = "a",
      }
      assert(client.workflows:get("w1").id == "w1")
      assert(client.workflows:get("w1").id == "w1")
    ]], {}, peer.url(server), SECRET, file)
    assert.equal(0, status, output)
    assert.same({ "refresh-0", "refresh-1" }, { grants(server)[1].refresh_token, grants(server)[2].refresh_token })
    assert.matches("refresh%-2", peer.read_file(file))
  end)

  it("is refused when others can read it, and names the command that mends it", function()
    local server = scene.answering { pair("access-1", "refresh-1") }
    local file = path "open"
    peer.shell("mkdir -p -m 700 $(dirname " .. file .. "); echo '{}' > " .. file .. "; chmod 644 " .. file)
    local _, err = connect(server, { refresh_token = "refresh-0", store = file }).workflows:get "w1"
    assert.equal("store", err.kind)
    assert.matches("chmod 600 ", err.message)
    assert.equal(0, #server:requests())
  end)

  it("is written when it has 0 bytes", function()
    local server = scene.answering { pair("access-1", "refresh-1"), GOOD }
    local file = path "zero"
    peer.shell("mkdir -p -m 700 $(dirname " .. file .. "); : > " .. file .. "; chmod 600 " .. file)
    scene.assert_good(connect(server, { refresh_token = "refresh-0", store = file }).workflows:get "w1")
    assert.matches("refresh%-1", peer.read_file(file))
  end)

  for _, text in ipairs { "{", '{"version":1,"tok', "[]", "not ours", '{"version":99,"tokens":{}}' } do
    it("is never replaced when it is not one: " .. text, function()
      local server = scene.answering { pair("access-1", "refresh-1") }
      local file = path("foreign" .. #text)
      peer.shell("mkdir -p -m 700 $(dirname " .. file .. ")")
      peer.write_file(file, text)
      peer.shell("chmod 600 " .. file)
      local _, err = connect(server, { refresh_token = "refresh-0", store = file }).workflows:get "w1"
      assert.equal("store", err.kind)
      assert.is_truthy(err.message:find(file, 1, true), err.message)
      assert.equal(text, peer.read_file(file))
      assert.equal(0, #server:requests())
    end)
  end

  it("lets one process refresh while the others wait for what it saved", function()
    local file = path "shared"
    local server = scene.answering { pair("access-1", "refresh-1"), GOOD }
    local script = [[
      local url, secret, file = ...
      local client = require("ironclad").connect {
        instance = url, client_id = "id", client_secret = secret, refresh_token = "refresh-0", store = file,
      }
      assert(client.workflows:get("w1").id == "w1")
    ]]
    local path_of_script = folder .. "/refresh.lua"
    peer.write_file(path_of_script, ("package.path, package.cpath = %q, %q\n"):format(package.path,
      package.cpath) .. script)
    local one = ("LD_PRELOAD=$preload %s %s %s %s %s & ")
      :format(require("spec_process").interpreter(), path_of_script, peer.url(server), peer.quoted(SECRET), file)
    local output, status = peer.shell("for i in 1 2 3 4 5 6; do " .. one .. " pids=\"$pids $!\"; done; "
      .. "for p in $pids; do wait $p || exit 1; done")
    assert.equal(0, status, output)
    assert.equal(1, #grants(server))
    assert.equal(6, #bearers(server))
  end)
end)

describe("a refresh that is under way", function()
  -- Answers a refresh over some two hundred milliseconds.
  local function slow()
    return scene.serve { connections = { { { "read" }, { "drip", pair("access-1", "refresh-1"), 2 }, { "loop" } } } }
  end

  for _, limit in ipairs { "deadline", "timeout" } do
    it("is heard out whatever the connection's " .. limit, function()
      local file = folder .. "/limit/" .. limit .. ".json"
      local client = connect(slow(), { refresh_token = "refresh-0", store = file, [limit] = 0.05 })
      -- This call ends early; the next finds what the refresh has brought, once that has been heard out.
      client.workflows:get "w1"
      local found
      repeat
        client.workflows:get("w1", { [limit] = 5 })
        found = io.open(file) and peer.read_file(file) or ""
      until found ~= ""
      assert.matches("refresh%-1", found)
    end)
  end

  it("is heard out and saved when the script ends", function()
    local file, server = folder .. "/exit/tokens.json", slow()
    local output, status = peer.lua([[
      local url, secret, file = ...
      local client = require("ironclad").connect {
        instance = url, client_id = "id", client_secret = secret, refresh_token = "refresh-0", store = file,
      }
      require("ironclad.core").start(client.connection, "GET", {}, "/x")
      local from = os.clock()
      repeat until os.clock() - from > 0.1
      os.exit(3)
    ]], {}, peer.url(server), SECRET, file)
    assert.equal(3, status, output)
    -- Either it had not been sent yet, or its successor is kept.
    if #server:requests() > 0 then assert.matches("refresh%-1", peer.read_file(file)) end
  end)
end)

describe("a refresh for a store written in Lua", function()
  it("is kept when the script ends before it", function()
    local file = folder .. "/kept-by-lua"
    local server = scene.serve { connections = { { { "read" }, { "drip", pair("access-1", "refresh-1"), 2 },
      { "loop" } } } }
    local output, status = peer.lua([[
      local url, secret, file = ...
      local client = require("ironclad").connect {
        instance = url, client_id = "id", client_secret = secret, refresh_token = "refresh-0", deadline = 0.1,
        store = {
          load = function() end,
          save = function(_, token)
            local out = io.open(file, "w")
            out:write(token.refresh_token)
            out:close()
          end,
        },
      }
      local _, err = client.workflows:get "w1"
      print(err.kind)
    ]], {}, peer.url(server), SECRET, file)
    assert.equal(0, status, output)
    assert.equal("timeout\n", output)
    assert.equal("refresh-1", peer.read_file(file))
  end)
end)

describe("two people of one app", function()
  it("never share a token, named or not", function()
    local server = scene.answering {
      pair("access-1", "refresh-1"), GOOD, pair("access-2", "refresh-2"), GOOD, GOOD,
      pair("access-3", "refresh-3"), pair("access-4", "refresh-4"), GOOD, GOOD,
    }
    local alice, bob = connect(server, { refresh_token = "alice-0-0" }), connect(server,
      { refresh_token = "bob-0-0-0" })
    scene.assert_good(alice.workflows:get "w1")
    scene.assert_good(bob.workflows:get "w1")
    scene.assert_good(alice.workflows:get "w1")
    assert.same({ "Bearer access-1", "Bearer access-2", "Bearer access-1" }, bearers(server))
    local carol, dave = connect(server), connect(server)
    ironclad.must(carol:exchange("c", { redirect_uri = "x:" }))
    ironclad.must(dave:exchange("d", { redirect_uri = "x:" }))
    scene.assert_good(carol.workflows:get "w1")
    scene.assert_good(dave.workflows:get "w1")
    assert.equal("Bearer access-3", bearers(server)[4])
    assert.equal("Bearer access-4", bearers(server)[5])
  end)
end)

describe("logout", function()
  it("elsewhere is not undone, and a failed one takes nobody's login away", function()
    local kept, fault = {}, nil
    local custom = {
      load = function(key) return kept[key] end,
      save = function(key, token)
        if fault then error(fault) end
        kept[key] = token
      end,
    }
    local server = scene.answering { pair("access-1", "refresh-1"), GOOD, EXPIRED, GOOD }
    local client = connect(server, { store = custom, name = "one" })
    ironclad.must(client:exchange("c", { redirect_uri = "x:" }))
    scene.assert_good(client.workflows:get "w1")
    local key = next(kept)
    fault = "sealed"
    local _, err = client:logout()
    assert.equal("store", err.kind)
    fault = nil
    kept[key] = { access_token = "access-9", refresh_token = "refresh-9", expires_at = os.time() + 3600 }
    client.workflows:get "w1"
    assert.equal("refresh-9", kept[key].refresh_token)
    kept[key] = nil -- another process logs out
    _, err = client.workflows:get "w1"
    if err then assert.matches("nobody has logged in", err.message) end
    assert.is_nil(kept[key])
  end)
end)

describe("a store written in Lua", function()
  local function keeper(kept)
    local log = {}
    local custom = {
      load = function(key)
        log[#log + 1] = "load"
        return kept[key]
      end,
      save = function(key, token)
        log[#log + 1] = "save"
        if kept.fault then error(kept.fault) end
        kept[key] = token
      end,
      lock = function() log[#log + 1] = "lock" end,
      unlock = function() log[#log + 1] = "unlock" end,
    }
    return custom, log
  end

  it("is asked before and told after, under its lock", function()
    local kept = {}
    local custom, log = keeper(kept)
    local server = scene.answering { pair("access-1", "refresh-1"), GOOD }
    local client = connect(server, { refresh_token = "refresh-0", store = custom, name = "mine" })
    scene.assert_good(client.workflows:get "w1")
    assert.equal("lock load save unlock", table.concat(log, " "))
    local key, token = next(kept)
    assert.matches("mine", key)
    assert.is_nil(key:find(SECRET, 1, true))
    assert.equal("access-1", token.access_token)
    assert.equal("refresh-1", token.refresh_token)
    assert.is_true(token.expires_at > os.time())
  end)

  it("may have the token already", function()
    local kept = setmetatable({}, { __index = function()
      return { access_token = "access-7", refresh_token = "refresh-7", expires_at = os.time() + 3600 }
    end })
    local custom = keeper(kept)
    local server = scene.answering { GOOD }
    scene.assert_good(connect(server, { store = custom }).workflows:get "w1")
    assert.same({ "Bearer access-7" }, bearers(server))
  end)

  it("may have a token that is refused, or of a time that has passed by some clock", function()
    for _, expires_at in ipairs { os.time() + 1e9, os.time() - 1e9, 0 } do
      local kept = {}
      local custom = keeper(kept)
      custom.load = function() return kept.mine or { access_token = "access-7", refresh_token = "refresh-7",
        expires_at = expires_at } end
      local first = expires_at >= os.time() and EXPIRED or expires_at == 0 and EXPIRED or pair("access-8", "refresh-8")
      local server = scene.answering { first, pair("access-8", "refresh-8"), GOOD }
      if first ~= EXPIRED then server = scene.answering { first, GOOD } end
      scene.assert_good(connect(server, { store = custom }).workflows:get "w1")
      assert.equal("refresh-7", grants(server)[1].refresh_token)
      assert.equal(1, #grants(server))
    end
  end)

  it("that cannot save stops the calls, not the token: it is saved the next time", function()
    local kept = { fault = "the vault is sealed" }
    local custom = keeper(kept)
    local server = scene.answering { pair("access-1", "refresh-1"), GOOD }
    local client = connect(server, { refresh_token = "refresh-0", store = custom })
    local _, err = client.workflows:get "w1"
    assert.equal("store", err.kind)
    assert.matches("failed to save.*the vault is sealed", err.message)
    assert.equal(0, #bearers(server))
    kept.fault = nil
    scene.assert_good(client.workflows:get "w1")
    assert.equal(1, #grants(server))
    local _, token = next(kept)
    assert.equal("refresh-1", token.refresh_token)
  end)

  local failures = {
    { "an error", function() error "broken" end, "broken" },
    { "nil and a message", function() return nil, "no such key" end, "no such key" },
    { "a text", function() return "token" end, "" },
    { "a function", function() return print end, "" },
  }
  for _, case in ipairs(failures) do
    it("that answers a load with " .. case[1] .. " fails the call", function()
      local server = scene.answering { GOOD }
      local _, err = connect(server, { refresh_token = "refresh-0", store = { load = case[2], save = function() end } })
        .workflows:get "w1"
      assert.equal("store", err.kind)
      assert.matches(case[3], err.message)
      assert.equal(0, #server:requests())
    end)
  end

  it("that yields is an error, not a call that waits for ever", function()
    if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then return end -- it cannot yield there at all
    local server = scene.answering { GOOD }
    local client = connect(server, { refresh_token = "refresh-0", store = {
      load = function() coroutine.yield "mine" end, save = function() end,
    } })
    local own = coroutine.wrap(function() return client.workflows:get "w1" end)
    local value, err = own()
    assert.is_nil(value)
    assert.equal("store", err.kind)
    assert.matches("it yielded", err.message)
  end)

  it("that calls its own client is an error, not a call that waits for itself", function()
    local server = scene.answering { GOOD }
    local client
    client = connect(server, { refresh_token = "refresh-0", store = {
      load = function() return client.workflows:get "w1" end, save = function() end,
    } })
    local _, err = client.workflows:get "w1"
    assert.equal("store", err.kind)
    assert.matches("a token store must not call the client whose token it keeps", err.message)
  end)

  it("may fail with what cannot be printed", function()
    local server = scene.answering { GOOD }
    local odd = setmetatable({}, { __tostring = function() error "boo" end })
    local client = connect(server, { refresh_token = "refresh-0", store = {
      load = function() error(odd) end, save = function() end,
    } })
    local _, err = client.workflows:get "w1"
    assert.matches("cannot be printed", err.message)
  end)

  it("may make calls itself", function()
    local other = scene.answering { peer.json '{"id":"vault"}' }
    local vault = ironclad.connect { instance = peer.url(other), token = "t" }
    local server = scene.answering { pair("access-1", "refresh-1"), GOOD }
    local custom = keeper {}
    custom.lock = function() assert(vault.workflows:get("x").id == "vault") end
    scene.assert_good(connect(server, { refresh_token = "refresh-0", store = custom }).workflows:get "w1")
  end)

  it("needs load and save", function()
    local server = scene.answering { GOOD }
    local fine, message = pcall(connect, server, { store = { load = print } })
    assert.is_false(fine)
    assert.matches("store: expected functions load and save, has no save", message)
    fine, message = pcall(connect, server, { store = 5 })
    assert.is_false(fine)
    assert.matches("store: expected", message)
  end)
end)

describe("a refusal for want of a scope", function()
  it("names those that the token lacks", function()
    local server = scene.answering {
      pair("access-1", "refresh-1", ',"scope":"public.records.readRecords"'), peer.json('{"code":"FORBIDDEN"}', 403),
    }
    local client = connect(server, { refresh_token = "refresh-0" })
    local _, err = client.workflows:get "w1"
    assert.equal("permission", err.kind)
    assert.matches("needs the scope public.workflows.readWorkflows", err.message)
    assert.matches("the token lacks public.workflows.readWorkflows", err.message)
    _, err = client.records:get "r1"
    assert.is_nil(err.message:find("lacks", 1, true))
  end)

  it("of a grant lists what was asked for", function()
    local server = scene.answering { peer.json('{"error":"invalid_scope"}', 400) }
    local client = ironclad.connect {
      instance = peer.url(server), client_id = "id", client_secret = SECRET, as_user = false,
        scopes = { "public.search.conversational" },
    }
    local _, err = client.workflows:get "w1"
    assert.matches("one scope that the app or the company lacks fails them all", err.message)
    assert.matches("default_scope = false", err.message)
    assert.matches("asked for: public.search.conversational scim.users.readUsers", err.message)
  end)
end)

describe("check and logout", function()
  it("say who the token is, and forget it", function()
    local server = scene.answering {
      pair("access-1", "refresh-1", ',"scope":"a b"'), peer.json '{"email":"jane@example.com","scopes":["a","b"]}',
      peer.json '{"companyName":"Larkspur"}',
    }
    local kept = {}
    local client = connect(server, { refresh_token = "refresh-0", store = {
      load = function(key) return kept[key] end,
      save = function(key, token) kept[key] = token end,
    } })
    local about = ironclad.must(client:check())
    assert.equal("jane@example.com", about.user.email)
    assert.equal("Larkspur", about.company.companyName)
    assert.same({ "a", "b" }, about.scopes)
    assert.is_true(about.expires_in > 20000 and about.expires_in <= 21600)
    assert.is_truthy(next(kept))
    assert.is_true((client:logout()))
    assert.is_nil(next(kept))
  end)

  it("answer what says nothing of that as an error", function()
    for _, text in ipairs { "null", "5", '"jane"' } do
      local client = scene.connect(scene.answering { peer.json(text) })
      scene.assert_error("protocol", client:check())
    end
  end)

  it("know of a static token only who it is", function()
    local server = scene.answering { peer.json '{"email":"jane@example.com","scopes":[]}', peer.json "{}" }
    local client = ironclad.connect { instance = peer.url(server), token = "t" }
    assert.is_nil(ironclad.must(client:check()).expires_in)
    assert.is_true((client:logout()))
  end)
end)
