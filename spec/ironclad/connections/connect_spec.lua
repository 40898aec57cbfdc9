-- ironclad.connect: what it accepts and refuses, and what is sent to the token endpoint.
local environment = require "spec.support.environment"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local base = { instance = "https://ironclad.example.com", client_id = "id", client_secret = "a secret of a test",
  as_user = "a@b.example" }

local function options_with(changes)
  local options = {}
  for name, value in pairs(base) do options[name] = value end
  for name, value in pairs(changes) do
    if value == ironclad.null then options[name] = nil else options[name] = value end
  end
  return options
end

describe("ironclad.connect", function()
  local refused = {
    { "an unknown option", { instence = "x" }, 'instence: unknown option; did you mean "instance"%?' },
    { "an option of calls only", { to = "x" }, "to: unknown option" },
    { "no instance", { instance = ironclad.null }, "instance: missing" },
    { "no client_id", { client_id = ironclad.null }, "client_id: missing" },
    { "no client_secret", { client_secret = ironclad.null }, "client_secret: missing" },
    { "no as_user", { as_user = ironclad.null }, "as_user: missing" },
    { "both a token and credentials", { token = "t" }, "token: a static token goes without" },
    { "a text for a number", { timeout = "3" }, 'timeout: expected a number, got the string "3"' },
    { "a negative number", { timeout = -1 }, "timeout: expected a number from" },
    { "not a number", { timeout = 0 / 0 }, "timeout: expected a number from" },
    { "a fraction for a whole number", { max_retries = 1.5 }, "max_retries: expected a whole number" },
    { "a number for a text", { client_id = 5 }, "client_id: expected a string, got a number" },
    { "an actor without a name", { as_user = "" }, "as_user: must not be empty; false is for none" },
    { "a long text for a number", { timeout = "some secret" }, "timeout: expected a number, got a string" },
    { "true for an actor", { as_user = true }, "as_user: expected a string, or false for none" },
    { "a table for a text", { ca_file = {} }, "ca_file: expected a string, got a table" },
    { "an empty text", { client_id = "" }, "client_id: must not be empty" },
    { "a line end in the actor", { as_user = "a\r\nX-Evil: 1" }, "as_user: must not hold control characters" },
    { "an actor that is not UTF-8", { as_user = "caf\233" }, "as_user: must be UTF%-8" },
    { "a line end in the secret", { client_secret = "a\nb" }, "client_secret: must not hold control characters" },
    { "NUL in the secret", { client_secret = "a\0b" }, "client_secret: must not hold NUL" },
    { "an unknown token_auth", { token_auth = "digest" },
      'token_auth: expected "json", "form" or "basic", got "digest"' },
    { "an unknown HTTP version", { http_version = "3" }, 'http_version: expected "1.1" or "2", got "3"' },
    { "an unknown grant", { grant = "authorisation_code" }, 'did you mean "authorization_code"' },
    { "a long text for a choice", { grant = "perhaps a secret in the wrong place" },
      'grant: expected "client_credentials" or "authorization_code", got another text$' },
    { "a CA file that is not there", { ca_file = "/nowhere/ca.pem" }, "ca_file: cannot read /nowhere/ca.pem" },
    { "a scope with a space", { scopes = { "a b" } }, "scopes%[1%]: expected a scope, got a string with spaces" },
    { "an empty scope", { scopes = { "" } }, "scopes%[1%]: expected a scope, got an empty string" },
    { "a scope that is a number", { scopes = { 5 } }, "scopes%[1%]: expected a scope, got a number" },
    { "a store that is no path", { store = "~/tokens.json" }, "store: " },
    { "scopes with commas", { scopes = "a,b" }, "scopes: expected a list, or one text with spaces" },
    { "scopes by name", { scopes = { a = true } }, "scopes: expected a list of strings" },
    { "scopes of which one is missing", { scopes = { "workflows.readWorkflows", [3] = "b" } },
      "scopes: expected a list of strings: %[2%] is missing" },
    { "scopes and a name", { scopes = { "a", b = true } }, "scopes: expected a list of strings: it has the name b" },
    { "a CA file that is a folder", { ca_file = "/tmp" }, "ca_file: /tmp is a folder" },
    { "an unknown loop", { loop = "ngnix" },
      'loop: expected one of neovim, nginx, plain, got "ngnix"; did you mean "nginx"' },
    { "another host's loop", { loop = "nginx" }, 'loop: this process does not run in "nginx"' },
    { "a loop that is no name", { loop = true }, "loop: expected one of neovim, nginx, plain, got a boolean" },
    { "a socket's folder that is no path", { socket_dir = 1 },
      "socket_dir: expected the path of a folder, got a number" },
    { "a share beyond the whole", { rate_share = 2 }, "rate_share: expected a number from" },
    { "plain http to another machine", { instance = "http://ironclad.example.com" },
      "plain http goes only to this machine" },
    { "another scheme", { instance = "ftp://ironclad.example.com" }, "must be https" },
    { "user information", { instance = "https://me:pass@ironclad.example.com" }, "must not hold a user name" },
    { "a path", { instance = "https://ironclad.example.com/public" }, "give the host only" },
    { "a query", { instance = "https://ironclad.example.com/?a=b" }, "give the host only" },
    { "an unknown short name", { instance = "na2" }, 'did you mean "na1"%?' },
    { "nonsense", { instance = "https://" }, "instance: " },
  }
  for _, case in ipairs(refused) do
    it("refuses " .. case[1], function()
      local fine, message = pcall(ironclad.connect, options_with(case[2]))
      assert.is_false(fine)
      assert.matches(case[3], message)
      assert.is_nil(message:find("a secret of a test", 1, true))
    end)
  end

  local accepted = {
    { "na1", "https://na1.ironcladapp.com" },
    { "demo", "https://demo.ironcladapp.com" },
    { "na1.ironcladapp.com", "https://na1.ironcladapp.com" },
    { "https://ironclad.example.com:8443/", "https://ironclad.example.com:8443" },
    { "http://localhost:8080", "http://localhost:8080" },
    { "http://127.1.2.3", "http://127.1.2.3" },
    { "http://[::1]:80", "http://[::1]" },
    { "localhost:8443", "https://localhost:8443" },
  }
  for _, case in ipairs(accepted) do
    it("takes the instance " .. case[1], function()
      local client = ironclad.connect(options_with { instance = case[1] })
      assert.equal("ironclad.client (" .. case[2] .. ", client id id)", tostring(client))
    end)
  end

  it("throws at the caller's line", function()
    local _, message = pcall(function() ironclad.connect { instence = "x" } end)
    assert.matches("connect_spec.lua:%d+: ironclad.connect: instence", message)
  end)

  it("has no actor when as_user is false", function()
    assert.matches("ironclad.client", tostring(ironclad.connect(options_with { as_user = false })))
  end)

  it("permits plain http where it is asked to", function()
    local client = ironclad.connect(options_with { instance = "http://ironclad.example.com", allow_http = true })
    assert.matches("http://ironclad.example.com", tostring(client))
  end)
end)

describe("a connection by name", function()
  setup(function()
    environment.begin()
    environment.configure [[{"acme": {"instance": "eu1", "client_id": "acme-id",
      "client_secret": {"env": "ACME_SECRET"}, "as_user": "a@b.example"}}]]
    environment.variables.ACME_SECRET = "the secret of acme"
    environment.variables.IRONCLAD_INSTANCE = "demo"
    environment.variables.IRONCLAD_TOKEN = "the token of the environment"
  end)
  teardown(environment.finish)

  it("comes from the file of connections, and options beside the name win", function()
    assert.equal("ironclad.client (https://eu1.ironcladapp.com, client id acme-id)", tostring(ironclad.connect "acme"))
    assert.matches("client id other", tostring(ironclad.connect { name = "acme", client_id = "other" }))
  end)

  it("that is not there names those that are", function()
    local fine, message = pcall(function() ironclad.connect "acne" end)
    assert.is_false(fine)
    assert.matches('connect_spec.lua:%d+: ironclad.connect: .*connections.json has no connection "acne"', message)
    assert.matches('did you mean "acme"', message)
  end)

  it("is only a label when the instance is given with it", function()
    local options = options_with { name = "acne" }
    assert.matches("ironclad.example.com", tostring(ironclad.connect(options)))
  end)

  it("may come from the environment instead, but only when asked for", function()
    assert.equal("ironclad.client (https://demo.ironcladapp.com)", tostring(ironclad.from_env()))
    assert.matches("eu1", tostring(ironclad.from_env { instance = "eu1" }))
    assert.is_false((pcall(ironclad.connect, {})))
  end)
end)

describe("the log hook", function()
  it("gets a warning for scopes that are unknown or not for this grant, which are still asked for", function()
    local said = {}
    ironclad.connect(options_with {
      scopes = { "public.records.readRecords", "public.workflow.readWorkflows", "public.search.conversational" },
      log = function(text) said[#said + 1] = text end,
    })
    assert.equal(2, #said)
    assert.matches("public.workflow.readWorkflows is not a scope.*did you mean public.workflows.readWorkflows", said[1])
    assert.matches("public.search.conversational for the authorization code grant only", said[2])
  end)

  it("must be a function, and cannot stop anything", function()
    local fine, message = pcall(ironclad.connect, options_with { log = "yes" })
    assert.is_false(fine)
    assert.matches("log: expected a function", message)
    ironclad.connect(options_with { scopes = { "x" }, log = function() error "no" end })
  end)
end)

describe("a client", function()
  local client = ironclad.connect(base)
  local misspelt = {
    { "a resource", function() return client.workflow end, 'the client has no workflow; did you mean "workflows"%?' },
    { "a method", function() return client.workflows.lunch end,
      'client.workflows has no lunch; did you mean "launch"%?' },
    { "an outer name", function() return client.scim.user end, 'client.scim has no user; did you mean "users"%?' },
    { "a nested resource", function() return client.scim.users.lst end, 'client.scim.users has no lst' },
    { "a resource that is within another", function() return client.users end, 'did you mean "scim.users"%?' },
    { "a resource of two", function() return client.schemas end, "there are scim.schemas, workflow_schemas" },
    { "a method by another's name", function() return client.records.retrieve end, 'did you mean "get"%?' },
    { "what launches are called elsewhere", function() return client.workflows.create end, 'did you mean "launch"%?' },
    { "a part of several names", function() return client.workflows.turn end,
      "there are each_turn_history, list_turn_history" },
    { "a formula", function() return ironclad.filter.Equal("a", "b") end,
      'filter has no Equal; did you mean "Equals"%?' },
    { "a SCIM filter", function() return ironclad.scim_filter.Or_ end, 'scim_filter has no Or_; did you mean "Or"%?' },
    { "an operation", function() return client:call "retreive-a-workflow" end,
      'did you mean "retrieve%-a%-workflow"%?' },
    { "an operation's Lua name", function() return client:call "workflows:gte" end, 'did you mean "workflows:get"%?' },
  }
  for _, case in ipairs(misspelt) do
    it("names the nearest right name of " .. case[1], function()
      local fine, message = pcall(case[2])
      assert.is_false(fine)
      assert.matches(case[3], message)
    end)
  end

  it("holds no secret that a script could print", function()
    local seen = {}
    local function walk(value)
      if type(value) == "string" then assert.is_nil(value:find("a secret of a test", 1, true)) end
      if type(value) ~= "table" or seen[value] then return end
      seen[value] = true
      for key, item in next, value do
        walk(key)
        walk(item)
      end
    end
    walk(client)
    assert.is_nil(tostring(client.connection):find("secret", 1, true))
  end)
end)

describe("the token request", function()
  local function ask(changes, answer)
    local server = scene.answering { answer or peer.json '{"access_token":"abc-123","expires_in":21600}',
      peer.json "{}" }
    changes.instance = peer.url(server)
    changes.rate_limit = false
    local client = ironclad.connect(options_with(changes))
    local value, err = client.oauth:userinfo()
    local requests = server:requests()
    server:stop()
    return requests, value, err
  end

  it("is JSON with the secret in the body", function()
    local requests = ask {}
    assert.equal("POST", requests[1].method)
    assert.equal("/oauth/token", requests[1].target)
    assert.equal("application/json", requests[1].headers["content-type"])
    assert.same({ grant_type = "client_credentials", client_id = "id", client_secret = "a secret of a test" },
      ironclad.json.decode(requests[1].body))
    assert.is_nil(requests[1].headers["x-as-user-email"])
    assert.is_nil(requests[1].headers.authorization)
    assert.equal("Bearer abc-123", requests[2].headers.authorization)
    assert.equal("a@b.example", requests[2].headers["x-as-user-email"])
  end)

  it("is a form when told so, odd bytes and all", function()
    local requests = ask { token_auth = "form", client_secret = "a&b=c%d +é\255" }
    assert.equal("application/x-www-form-urlencoded", requests[1].headers["content-type"])
    assert.equal("grant_type=client_credentials&client_id=id&client_secret=a%26b%3Dc%25d%20%2B%C3%A9%FF",
      requests[1].body)
  end)

  it("is Basic when told so", function()
    local requests = ask { token_auth = "basic" }
    assert.equal("Basic aWQ6YSBzZWNyZXQgb2YgYSB0ZXN0", requests[1].headers.authorization)
    assert.same({ grant_type = "client_credentials" }, ironclad.json.decode(requests[1].body))
  end)

  it("asks for the scopes and the one that Ironclad's own clients add", function()
    local requests = ask { scopes = { "public.records.readRecords" } }
    assert.equal("public.records.readRecords scim.users.readUsers", ironclad.json.decode(requests[1].body).scope)
    requests = ask { scopes = "a b", default_scope = false }
    assert.equal("a b", ironclad.json.decode(requests[1].body).scope)
    requests = ask { scopes = { "scim.users.readUsers", "a" } }
    assert.equal("scim.users.readUsers a", ironclad.json.decode(requests[1].body).scope)
  end)

  it("refuses a secret that JSON cannot carry", function()
    local fine, message = pcall(ironclad.connect, options_with { client_secret = "a\255b" })
    assert.is_false(fine)
    assert.matches("client_secret: is not UTF%-8", message)
  end)

  local failures = {
    { "wrong credentials", peer.json('{"error":"unauthorized_client","error_description":"no such client"}', 403),
      "auth",
      "no such client; check client_id, client_secret and instance" },
    { "a client id that is none", peer.json('{"error":"invalid_request","error_description":"client_id is no UUID"}',
      400), "auth", "client_id is no UUID; check client_id" },
    { "an unlicensed scope", peer.json('{"error":"invalid_scope"}', 400), "auth", "default_scope = false" },
    { "an answer without a token", peer.json "{}", "protocol", "without an access_token" },
    { "a token that is no text", peer.json '{"access_token":5}', "protocol", "without an access_token" },
    { "a token of blanks", peer.json '{"access_token":" "}', "protocol", "without an access_token" },
    { "a token with NUL", peer.json '{"access_token":"a\\u0000b"}', "protocol", "without an access_token" },
    { "a token that is not ASCII", peer.json '{"access_token":"t\\u00f6k"}', "protocol", "without an access_token" },
    { "an error with a good status", peer.json '{"error":"invalid_client"}', "protocol",
      "without an access_token: invalid_client" },
    { "a token of another type", peer.json '{"access_token":"a","token_type":"mac"}', "protocol",
      "not of type Bearer" },
    { "a token with a line end", peer.json '{"access_token":"a\\nb"}', "protocol", "without an access_token" },
    { "a lifetime that is none", peer.json '{"access_token":"a","expires_in":"soon"}', "protocol",
      "not a positive number" },
    { "a lifetime of nothing", peer.json '{"access_token":"a","expires_in":0}', "protocol", "not a positive number" },
    { "HTML", peer.answer(200, { "Content-Type: text/html" }, "<html>"), "protocol", "not JSON" },
    { "an echo of the secret", peer.json('{"error":"invalid_client","error_description":"bad: a secret of a test"}',
      401),
      "auth", "bad: %*%*%*" },
  }
  for _, case in ipairs(failures) do
    it("fails every call that waits for it: " .. case[1], function()
      local requests, value, err = ask({}, case[2])
      assert.is_nil(value)
      assert.equal(case[3], err.kind)
      assert.equal("not_done", err.outcome)
      assert.matches(case[4], err.message)
      assert.is_nil(tostring(err):find("a secret of a test", 1, true))
      assert.equal(1, #requests)
    end)
  end

  it("is made once for as long as the token lives, and takes a lifetime written as text", function()
    for _, lifetime in ipairs { '"3600"', "1e300", "null" } do
      local server = scene.answering { peer.json('{"access_token":"t","expires_in":' .. lifetime .. "}"),
        peer.json "{}" }
      local client = ironclad.connect(options_with { instance = peer.url(server) })
      for _ = 1, 3 do ironclad.must(client.oauth:userinfo()) end
      assert.equal(4, #server:requests())
      server:stop()
    end
  end)
end)

describe("a proxy", function()
  it("is used, and told nothing of the service's bearer when it refuses", function()
    local proxy = scene.answering { peer.json('{"code":"X","message":"through the proxy"}', 403) }
    local client = ironclad.connect { instance = "http://127.0.0.1:9", token = "t", proxy = peer.url(proxy),
      max_retries = 0 }
    local _, err = client.oauth:userinfo()
    assert.equal("permission", err.kind)
    assert.equal("http://127.0.0.1:9/oauth/userinfo", proxy:requests()[1].target)
    proxy:stop()
  end)

  it("is left out for the hosts of no_proxy", function()
    local server = scene.answering { peer.json '{"id":"w1"}' }
    local options = { instance = peer.url(server), token = "t", proxy = "http://127.0.0.1:1", max_retries = 0 }
    local _, err = ironclad.connect(options).workflows:get "w1"
    assert.equal("network", err.kind)
    assert.matches("through the proxy", err.message)
    options.no_proxy = "example.com,127.0.0.1"
    assert.equal("w1", ironclad.must(ironclad.connect(options).workflows:get "w1").id)
    server:stop()
  end)

  it("is not named where it was not used", function()
    local port = peer.free_port()
    local options = { instance = "http://127.0.0.1:" .. port, token = "t", proxy = "http://127.0.0.1:1",
      no_proxy = "127.0.0.1", max_retries = 0 }
    local _, err = ironclad.connect(options).workflows:get "w1"
    assert.equal("network", err.kind)
    assert.is_nil(err.message:find("proxy", 1, true))
  end)

  it("on another machine is not told what goes to this one in plain text", function()
    local server = scene.answering { peer.json '{"id":"w1"}' }
    local client = ironclad.connect { instance = peer.url(server), token = "t", proxy = "http://proxy.invalid:3128",
      max_retries = 0 }
    assert.equal("w1", ironclad.must(client.workflows:get "w1").id)
    server:stop()
  end)

  it("is read from the environment when connecting, but not for this machine", function()
    local output, status = peer.shell(([[
      https_proxy=http://127.0.0.1:1 http_proxy=http://127.0.0.1:1 timeout 60 env LD_PRELOAD="$preload" %s - <<'END'
      package.path, package.cpath = %q, %q
      local ironclad = require "ironclad"
      local function why(instance, more)
        local options = { instance = instance, token = "t", max_retries = 0, deadline = 20 }
        for name, value in pairs(more or {}) do options[name] = value end
        local _, err = ironclad.connect(options).oauth:userinfo()
        print(err.kind, err.message)
      end
      why "https://ironclad.example.test"
      why("https://127.0.0.1:9")
END]]):format(require("spec_process").interpreter(), package.path, package.cpath))
    assert.equal(0, status, output)
    local first, second = output:match "([^\n]*)\n([^\n]*)"
    assert.matches("^network.*127.0.0.1 port 1 ", first)
    assert.matches("^network.*127.0.0.1 port 9 ", second)
  end)
end)
