-- Named connections and ironclad.from_env. A table stands for the environment.
local environment = require "spec.support.environment"
local ironclad = require "ironclad"
local named = require "ironclad.connections.named"
local peer = require "spec.support.peer"

local SECRET = "s3cret-of-this-spec"

local configure, shell_words, write = environment.configure, environment.shell_words, environment.write

local folder

before_each(function() folder = environment.begin() end)
after_each(environment.finish)

local function assert_refused(pattern, options, message)
  assert.is_nil(options)
  assert.matches(pattern, message)
  assert.is_nil(message:find(SECRET, 1, true), message)
end

describe("the file of connections", function()
  local minimal = '{"acme":{"instance":"na1"}}'

  local function place(path)
    peer.shell("mkdir -p " .. peer.quoted(path:match "^(.*)/"))
    write(path, minimal)
  end

  it("is $IRONCLAD_CONFIG before all others", function()
    environment.variables.XDG_CONFIG_HOME = folder .. "/nowhere"
    configure(minimal)
    assert.equal("na1", named.load("acme").instance)
  end)

  it("is in $XDG_CONFIG_HOME, and in ~/.config without it", function()
    place(folder .. "/xdg/ironclad/connections.json")
    environment.variables.XDG_CONFIG_HOME = folder .. "/xdg"
    assert.equal("na1", named.load("acme").instance)
    for _, value in ipairs { "", "relative" } do
      environment.variables.XDG_CONFIG_HOME = value
      local _, message = named.load "acme"
      assert.matches("/home/%.config/ironclad/connections%.json: No such file", message)
    end
    place(folder .. "/home/.config/ironclad/connections.json")
    assert.equal("na1", named.load("acme").instance)
  end)

  it("is nowhere without any of them", function()
    environment.replace {}
    assert_refused("none of IRONCLAD_CONFIG, XDG_CONFIG_HOME and HOME", named.load "acme")
  end)

  local broken = {
    { "empty", "", "invalid JSON: .* at byte 1 %(line 1, column 1%)" },
    { "not JSON", '{"acme":\n  {"instance" "na1"}}', "invalid JSON: expected ':' at byte 24 %(line 2, column 15%)" },
    { "broken in a secret", '{"acme":{"client_secret":' .. SECRET .. "}}", "expected a value at byte 26" },
    { "a list", '[{"instance":"na1"}]', "expected an object with the options of each connection" },
    { "a string", '"acme"', "expected an object with the options of each connection" },
    { "null", "null", "expected an object with the options of each connection" },
    { "without that name", '{"beta":{},"acne":{}}', 'has no connection "acme" %(it has: acne, beta%); '
      .. 'did you mean "acne"%?' },
    { "without any name", "{}", 'has no connection "acme" %(it has none%)' },
    { "with a string under the name", '{"acme":"na1"}', 'connection "acme" in .*: expected an object with options' },
    { "with a list under the name", '{"acme":["na1"]}', 'connection "acme" in .*: expected an object with options' },
    { "too large", (" "):rep(2 ^ 20 + 1), "larger than 1 MiB" },
  }
  for _, case in ipairs(broken) do
    it("is refused by name when it is " .. case[1], function()
      local path = configure(case[2])
      local options, message = named.load "acme"
      assert_refused(case[3], options, message)
      assert.is_truthy(message:find(path, 1, true), message)
    end)
  end

  it("is refused by name when it is a folder", function()
    environment.variables.IRONCLAD_CONFIG = folder
    assert_refused("cannot read " .. folder:gsub("%p", "%%%0") .. ": Is a directory", named.load "acme")
  end)

  local literal = { other = { token = SECRET }, acme = { instance = "na1" } }
  local command = { other = { token = { command = { "true" } } }, acme = { instance = "na1" } }
  local variable = { other = { token = { env = "A_TOKEN" } }, acme = { instance = "na1" } }
  local modes = {
    { "a secret in it, for its owner alone", literal, "600" },
    { "a secret in it, and read-only", literal, "400" },
    { "a secret in it, that its group can read", literal, "640", "chmod 600 " },
    { "a secret in it, that all can read", literal, "604", "chmod 600 " },
    { "a secret in it, that its group can write", literal, "620", "chmod 600 " },
    { "a command in it, that all can read", command, "644" },
    { "a command in it, that its group can write", command, "664", "chmod go%-w " },
    { "a command in it, that all can write", command, "602", "chmod go%-w " },
    { "a variable's name in it, that all can read", variable, "644" },
    { "a variable's name in it, that its group can write", variable, "664", "chmod go%-w " },
    { "a variable's name in it, that all can write", variable, "602", "chmod go%-w " },
    { "no source of a secret, that all can write", minimal, "666" },
  }
  for _, case in ipairs(modes) do
    it((case[4] and "is refused" or "is taken") .. " with " .. case[1], function()
      local path = configure(case[2], case[3])
      local options, message = named.load "acme"
      if not case[4] then return assert.equal("na1", options and options.instance, message) end
      assert_refused(case[4] .. path:gsub("%p", "%%%0") .. "$", options, message)
    end)
  end

  it("is listed by name, with a mark at those whose secrets come from a command", function()
    configure({
      b = { instance = "na1", token = { command = { "true" } } }, a = { instance = "na1", token = { env = "A_TOKEN" } },
    }, "600")
    local list = assert(named.list())
    assert.same({ "a", "b" }, { list[1].name, list[2].name })
    assert.is_falsy(list[1].command)
    assert.is_true(list[2].command)
  end)

  it("quotes an odd path in the command that mends it", function()
    environment.variables.IRONCLAD_CONFIG = folder .. "/it's mine.json"
    write(environment.variables.IRONCLAD_CONFIG, literal, "644")
    local _, message = named.load "acme"
    peer.shell(message:match "chmod .*$")
    assert.equal("na1", named.load("acme").instance)
  end)

  if peer.shell "id -u" == "0" then
    it("is refused with any source of a secret in it when it belongs to another user", function()
      for _, text in ipairs { command, variable, literal } do
        local path = configure(text, "600")
        peer.shell("chown 12345 " .. path)
        assert_refused("belongs to another user", named.load "acme")
        write(path, minimal)
        assert.equal("na1", named.load("acme").instance)
      end
    end)
  end

  it("is not read unless it is asked for", function()
    environment.variables.IRONCLAD_CONFIG = folder .. "/nowhere"
    local client = ironclad.connect { instance = "na1", token = SECRET, as_user = false }
    assert.matches("na1%.ironcladapp%.com", tostring(client))
  end)
end)

describe("a named connection", function()
  it("has the options of the file, as they are", function()
    configure [[{"acme": {"instance": "na1", "client_id": "id", "client_secret": "s3cret-of-this-spec",
      "scopes": ["a.b", "c.d"], "default_scope": false, "as_user": false, "timeout": 2.5, "max_retries": 0}}]]
    assert.same({ name = "acme", instance = "na1", client_id = "id", client_secret = SECRET, scopes = { "a.b", "c.d" },
      default_scope = false, as_user = false, timeout = 2.5, max_retries = 0 }, (named.load "acme"))
  end)

  it("takes its paths from the folder of the file, and ~ as home", function()
    configure [[{"acme": {"ca_file": "ca.pem", "ca_path": "/etc/ssl", "store": "~/tokens.json"}}]]
    local options = assert(named.load "acme")
    assert.equal(folder .. "/ca.pem", options.ca_file)
    assert.equal("/etc/ssl", options.ca_path)
    assert.equal(folder .. "/home/tokens.json", options.store)
    configure [[{"acme": {"store": "shared", "shared_client_cert": "redis.pem", "shared_client_key": "~/redis.key"}}]]
    options = assert(named.load "acme")
    assert.equal("shared", options.store)
    assert.equal(folder .. "/redis.pem", options.shared_client_cert)
    assert.equal(folder .. "/home/redis.key", options.shared_client_key)
  end)

  it("takes the address of the shared Redis and its key from programs", function()
    configure { acme = { shared = { command = shell_words "echo redis://:pw@host" },
      shared_key = { command = shell_words "echo 00112233" } } }
    local options = assert(named.load "acme")
    assert.equal("redis://:pw@host", options.shared)
    assert.equal("00112233", options.shared_key)
  end)

  it("is overridden by options beside its name, and fetches no secret that is not needed", function()
    configure({ acme = { instance = "na1", as_user = "a@b.example", timeout = 5,
      client_secret = { command = shell_words("echo ran > " .. folder .. "/ran") } } })
    local given = { name = "acme", client_secret = SECRET, as_user = false }
    local options = assert(named.load(given))
    assert.same({ name = "acme", instance = "na1", as_user = false, timeout = 5, client_secret = SECRET }, options)
    assert.same({ name = "acme", client_secret = SECRET, as_user = false }, given)
    assert.is_nil(io.open(folder .. "/ran"))
  end)

  it("has several secrets, each from where it says", function()
    environment.variables.A_TOKEN = SECRET
    configure({ acme = { token = { env = "A_TOKEN" }, refresh_token = "literal",
      client_secret = { command = shell_words "printf 'from a program\\n'" } } })
    local options = assert(named.load "acme")
    assert.equal(SECRET, options.token)
    assert.equal("literal", options.refresh_token)
    assert.equal("from a program", options.client_secret)
  end)

  local SOURCES = 'expected a string, { "env": "VARIABLE" } or { "command": ["program", "argument"] }'
  local refused = {
    { "an unknown option", '"instence": "na1"', 'instence: unknown option; did you mean "instance"?' },
    { "an option of calls only", '"to": "x"', "to: unknown option" },
    { "a name", '"name": "x"', "name: unknown option" },
    { "null", '"timeout": null', "timeout: expected a string, a number, true, false or a list of strings, got null" },
    { "an object", '"as_user": {"env": "X"}', "as_user: expected a string, a number, true, false or a list of strings, "
      .. "got an object" },
    { "a list of numbers", '"scopes": [1]', "got another list" },
    { "an empty source", '"token": {}', "token: " .. SOURCES },
    { "another source", '"token": {"file": "x"}', "token: " .. SOURCES },
    { "two sources", '"token": {"env": "X", "command": ["true"]}', "token: " .. SOURCES },
    { "a number as a variable", '"token": {"env": 1}', "token: " .. SOURCES },
    { "a line as a command", '"token": {"command": "pass show ironclad"}', "token: " .. SOURCES },
    { "a command without words", '"token": {"command": []}', "token: " .. SOURCES },
    { "a command with a number", '"token": {"command": ["head", 1]}', "token: " .. SOURCES },
    { "an unset variable", '"token": {"env": "NOT_SET"}',
      "token: the environment variable NOT_SET is not set, or empty" },
    { "an empty variable", '"token": {"env": "EMPTY"}', "token: the environment variable EMPTY is not set, or empty" },
  }
  for _, case in ipairs(refused) do
    it("is refused with " .. case[1], function()
      environment.variables.EMPTY = ""
      local path = configure('{"acme": {"instance": "na1", ' .. case[2] .. "}}")
      local options, message = named.load "acme"
      assert.is_nil(options)
      local expected = ('connection "acme" in %s: '):format(path)
      assert.equal(expected, message:sub(1, #expected))
      assert.is_truthy(message:find(case[3], 1, true), message)
    end)
  end

  it("is opened by ironclad.connect", function()
    configure({ acme = { instance = "demo", client_id = "one", client_secret = SECRET, as_user = false },
      beta = { instance = "eu1", client_id = "two", client_secret = SECRET, as_user = false } })
    local acme, beta = ironclad.connect "acme", ironclad.connect { name = "beta", timeout = 5 }
    assert.matches("demo%.ironcladapp%.com, client id one", tostring(acme))
    assert.matches("eu1%.ironcladapp%.com, client id two", tostring(beta))
  end)

  local function mistake_of(options)
    local fine, message = pcall(function() ironclad.connect(options) end)
    assert.is_false(fine)
    assert.matches("^[^:]*named_spec%.lua:%d+: ironclad%.connect: ", message)
    assert.is_nil(message:find(SECRET, 1, true), message)
    return (message:gsub("^.-ironclad%.connect: ", ""))
  end

  it("throws a mistake in the file with the place, and one beside the name without", function()
    local path = configure({ acme = { instance = "na1", token = SECRET, as_user = false, timeout = "soon",
      scopes = { "a b" } } })
    local place = ('connection "acme" in %s: '):format(path)
    assert.equal(place .. "scopes[1]: expected a scope, got a string with spaces",
      mistake_of { name = "acme", timeout = 5 })
    assert.equal(place .. "timeout: expected a number, got a string", mistake_of { name = "acme", scopes = { "a" } })
    assert.equal("timeout: expected a number, got true", mistake_of { name = "acme", scopes = { "a" }, timeout = true })
    assert.equal(path .. ' has no connection "acne" (it has: acme); did you mean "acme"?', mistake_of "acne")
    assert.equal("name: expected a string, got a number", mistake_of { name = 5 })
    configure({ acme = { token = SECRET } })
    assert.equal(place .. "instance: missing", mistake_of("acme"):sub(1, #place + 17))
  end)

  it("is refused with several lines as a secret, whatever they are", function()
    configure({ acme = { instance = "na1", as_user = false, token = SECRET .. "\nX-Evil: 1" } })
    assert.matches("token: must not hold control characters", mistake_of "acme")
  end)
end)

describe("ironclad.from_env", function()
  it("reads the variables", function()
    environment.replace { IRONCLAD_INSTANCE = "demo", IRONCLAD_CLIENT_ID = "id", IRONCLAD_CLIENT_SECRET = SECRET,
      IRONCLAD_AS_USER = "a@b.example", IRONCLAD_SCOPES = " a.b  c.d\te.f ", IRONCLAD_TOKEN = "" }
    assert.same({ instance = "demo", client_id = "id", client_secret = SECRET, as_user = "a@b.example",
      scopes = { "a.b", "c.d", "e.f" } }, (named.from_env()))
    assert.equal("ironclad.client (https://demo.ironcladapp.com, client id id)", tostring(ironclad.from_env()))
    environment.replace { IRONCLAD_TOKEN = SECRET, IRONCLAD_REFRESH_TOKEN = "r", IRONCLAD_CA_FILE = "ca.pem" }
    assert.same({ token = SECRET, refresh_token = "r", ca_file = "ca.pem" }, (named.from_env()))
  end)

  it("is overridden by the options given", function()
    environment.replace { IRONCLAD_INSTANCE = "demo", IRONCLAD_TOKEN = SECRET, IRONCLAD_AS_USER = "a@b.example" }
    local given = { instance = "eu1", as_user = false, timeout = 3 }
    assert.same({ instance = "eu1", token = SECRET, as_user = false, timeout = 3 }, (named.from_env(given)))
    assert.same({ instance = "eu1", as_user = false, timeout = 3 }, given)
    assert.matches("eu1", tostring(ironclad.from_env(given)))
  end)

  local refused = {
    { "a missing variable", {}, nil, "IRONCLAD_INSTANCE is not set: instance: missing" },
    { "another missing variable", { IRONCLAD_INSTANCE = "na1" }, nil,
      "IRONCLAD_CLIENT_ID is not set: client_id: missing" },
    { "a wrong value", { IRONCLAD_INSTANCE = "na2", IRONCLAD_TOKEN = SECRET }, nil, "IRONCLAD_INSTANCE: instance: " },
    { "a line end in the secret", { IRONCLAD_INSTANCE = "na1", IRONCLAD_TOKEN = SECRET .. "\n" }, nil,
      "IRONCLAD_TOKEN: token: must not hold control characters" },
    { "a wrong option", { IRONCLAD_INSTANCE = "na1", IRONCLAD_TOKEN = SECRET }, { timeout = "x" },
      "timeout: expected a number, got a string" },
    { "an unknown option", { IRONCLAD_INSTANCE = "na1", IRONCLAD_TOKEN = SECRET }, { timeuot = 5 },
      "timeuot: unknown option" },
    { "a name", {}, { name = "acme" }, "name: a named connection is opened by ironclad.connect" },
    { "a string", {}, "acme", "expected a table of options, got a string" },
  }
  for _, case in ipairs(refused) do
    it("throws for " .. case[1] .. ", at the caller's line", function()
      environment.replace(case[2])
      local fine, message = pcall(function() ironclad.from_env(case[3]) end)
      assert.is_false(fine)
      assert.matches("^[^:]*named_spec%.lua:%d+: ironclad%.from_env: ", message)
      local expected = "ironclad.from_env: " .. case[4]
      assert.equal(expected, message:match "ironclad%.from_env: .*":sub(1, #expected))
      assert.is_nil(message:find(SECRET, 1, true), message)
    end)
  end
end)
