-- Named connections, ironclad.from_env, and commands that print secrets. A table of the spec stands for the
-- environment.
local core = require "ironclad.core"
local environment = require "spec.support.environment"
local ironclad = require "ironclad"
local named = require "ironclad.connections.named"
local peer = require "spec.support.peer"

local SECRET = "s3cret-of-this-spec"

local write = environment.write

local folder, variables

before_each(function()
  folder = peer.temporary_folder()
  variables = environment.replace { HOME = folder .. "/home" }
end)

after_each(function()
  environment.restore()
  peer.remove_folder(folder)
end)

-- Writes the file of connections that IRONCLAD_CONFIG names -> its path.
local function configure(text, mode)
  local path = folder .. "/connections.json"
  variables.IRONCLAD_CONFIG = path
  write(path, text, mode)
  return path
end

-- A program without the libraries that are preloaded here (a sanitizer would look for leaks in it).
local function shell_words(script) return { "env", "-u", "LD_PRELOAD", "sh", "-c", script } end

local function json_of(connections) return ironclad.json.encode(connections) end

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
    variables.XDG_CONFIG_HOME = folder .. "/nowhere"
    configure(minimal)
    assert.equal("na1", named.load("acme").instance)
  end)

  it("is in $XDG_CONFIG_HOME, and in ~/.config without it", function()
    place(folder .. "/xdg/ironclad/connections.json")
    variables.XDG_CONFIG_HOME = folder .. "/xdg"
    assert.equal("na1", named.load("acme").instance)
    for _, value in ipairs { "", "relative" } do
      variables.XDG_CONFIG_HOME = value
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
    variables.IRONCLAD_CONFIG = folder
    assert_refused("cannot read " .. folder:gsub("%p", "%%%0") .. ": Is a directory", named.load "acme")
  end)

  local literal = json_of { other = { token = SECRET }, acme = { instance = "na1" } }
  local command = json_of { other = { token = { command = { "true" } } }, acme = { instance = "na1" } }
  local variable = json_of { other = { token = { env = "A_TOKEN" } }, acme = { instance = "na1" } }
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
    configure(json_of {
      b = { instance = "na1", token = { command = { "true" } } }, a = { instance = "na1", token = { env = "A_TOKEN" } },
    }, "600")
    local list = assert(named.list())
    assert.same({ "a", "b" }, { list[1].name, list[2].name })
    assert.is_falsy(list[1].command)
    assert.is_true(list[2].command)
  end)

  it("quotes an odd path in the command that mends it", function()
    variables.IRONCLAD_CONFIG = folder .. "/it's mine.json"
    write(variables.IRONCLAD_CONFIG, literal, "644")
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
    variables.IRONCLAD_CONFIG = folder .. "/nowhere"
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
  end)

  it("is overridden by options beside its name, and fetches no secret that is not needed", function()
    configure(json_of { acme = { instance = "na1", as_user = "a@b.example", timeout = 5,
      client_secret = { command = shell_words("echo ran > " .. folder .. "/ran") } } })
    local given = { name = "acme", client_secret = SECRET, as_user = false }
    local options = assert(named.load(given))
    assert.same({ name = "acme", instance = "na1", as_user = false, timeout = 5, client_secret = SECRET }, options)
    assert.same({ name = "acme", client_secret = SECRET, as_user = false }, given)
    assert.is_nil(io.open(folder .. "/ran"))
  end)

  it("has several secrets, each from where it says", function()
    variables.A_TOKEN = SECRET
    configure(json_of { acme = { token = { env = "A_TOKEN" }, refresh_token = "literal",
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
      variables.EMPTY = ""
      local path = configure('{"acme": {"instance": "na1", ' .. case[2] .. "}}")
      local options, message = named.load "acme"
      assert.is_nil(options)
      local expected = ('connection "acme" in %s: '):format(path)
      assert.equal(expected, message:sub(1, #expected))
      assert.is_truthy(message:find(case[3], 1, true), message)
    end)
  end

  it("is opened by ironclad.connect", function()
    configure(json_of { acme = { instance = "demo", client_id = "one", client_secret = SECRET, as_user = false },
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
    local path = configure(json_of { acme = { instance = "na1", token = SECRET, as_user = false, timeout = "soon",
      scopes = { "a b" } } })
    local place = ('connection "acme" in %s: '):format(path)
    assert.equal(place .. "scopes[1]: expected a scope", mistake_of { name = "acme", timeout = 5 })
    assert.equal(place .. "timeout: expected a number, got a string", mistake_of { name = "acme", scopes = { "a" } })
    assert.equal("timeout: expected a number, got true", mistake_of { name = "acme", scopes = { "a" }, timeout = true })
    assert.equal(path .. ' has no connection "acne" (it has: acme); did you mean "acme"?', mistake_of "acne")
    assert.equal("name: expected a string, got a number", mistake_of { name = 5 })
    configure(json_of { acme = { token = SECRET } })
    assert.equal(place .. "instance: missing", mistake_of("acme"):sub(1, #place + 17))
  end)

  it("is refused with several lines as a secret, whatever they are", function()
    configure(json_of { acme = { instance = "na1", as_user = false, token = SECRET .. "\nX-Evil: 1" } })
    assert.matches("token: must not hold control characters", mistake_of "acme")
  end)
end)

describe("a command for a secret", function()
  -- Runs the command in the file.
  local function load(words)
    configure(json_of { acme = { token = { command = words } } })
    local options, message = named.load "acme"
    if options then return options.token end
    return nil, (message:gsub("^connection .-: token: ", ""))
  end

  local printed = {
    { "as it is", "printf s3cret-of-this-spec", SECRET },
    { "without the line end", "echo s3cret-of-this-spec", SECRET },
    { "without a line end of two characters", "printf 's3cret-of-this-spec\\r\\n'", SECRET },
    { "with its spaces", "printf ' a b '", " a b " },
    { "as long as 64 KiB", "head -c 65536 /dev/zero | tr '\\000' x", ("x"):rep(65536) },
    { "that comes in pieces", "printf a; sleep 0.1; printf b", "ab" },
    { "after its output has been closed", "printf ab; exec >&-; sleep 0.1", "ab" },
  }
  for _, case in ipairs(printed) do
    it("gives what it prints " .. case[1], function()
      assert.equal(case[3], (assert(load(shell_words(case[2])))))
    end)
  end

  local failures = {
    { "fails", "echo s3cret-of-this-spec; exit 3", "env ended with status 3" },
    { "is killed", "echo s3cret-of-this-spec; kill -KILL $$", "env was ended by signal 9" },
    { "prints nothing", ":", "env printed nothing" },
    { "prints an empty line", "echo", "env printed nothing" },
    { "prints lines", "echo s3cret-of-this-spec; echo more", "env printed several lines; expected the secret alone" },
    { "prints too much", "head -c 65537 /dev/zero | tr '\\000' x; echo s3cret-of-this-spec",
      "env printed more than 64 KiB" },
    { "prints without end", "exec yes s3cret-of-this-spec", "env printed more than 64 KiB" },
  }
  for _, case in ipairs(failures) do
    it("is refused when it " .. case[1] .. ", without a word of its output", function()
      local token, message = load(shell_words(case[2]))
      assert.is_nil(token)
      assert.equal(case[3], message)
    end)
  end

  it("is refused when it is not there", function()
    local token, message = load { "no-such-program-of-ironclad" }
    assert.is_nil(token)
    -- Under valgrind a spawned process can report its failure only by its status.
    if message ~= "no-such-program-of-ironclad ended with status 127" then
      assert.equal("no-such-program-of-ironclad cannot be run: No such file or directory", message)
    end
  end)

  it("is run without a shell, its words as they are", function()
    assert.equal("$HOME `id` ; * 'x'", (assert(load { "env", "-u", "LD_PRELOAD", "printf", "%s %s", "$HOME `id` ;",
      "* 'x'" })))
  end)

  -- What a new process of this Lua prints; `before` is shell code to start it with.
  local function of_its_own(before, source)
    return (peer.shell(([[%s LD_PRELOAD="$preload" %s -e %s]]):format(before, peer.quoted(peer.interpreter()),
      peer.quoted(source))))
  end

  -- Lua source that runs these words (a Lua list) and prints the result.
  local function printing(words)
    return ([[
      local command = require("ironclad.core").command(30)
      assert(command:start(%s))
      local ended, output, message
      repeat ended, output, message = command:wait() until ended
      print(output or message)
    ]]):format(words)
  end

  it("finds nothing to read", function()
    local words = '{ "env", "-u", "LD_PRELOAD", "sh", "-c", "cat; echo end" }'
    assert.equal("end\n\n", of_its_own("echo typed | env", printing(words)))
  end)

  it("is ended by SIGPIPE as programs expect, though hosts ignore it", function()
    local words = '{ "env", "-u", "LD_PRELOAD", "sh", "-c", "kill -PIPE $$; echo alive" }'
    assert.equal("env was ended by signal 13\n", of_its_own("env --ignore-signal=PIPE", printing(words)))
  end)

  it("may leave a process behind, which is not waited for", function()
    local pid = folder .. "/pid"
    assert.equal(SECRET, (assert(load(shell_words("sleep 60 & echo $! > " .. pid .. "; echo s3cret-of-this-spec")))))
    peer.shell("kill $(cat " .. pid .. ")")
  end)

  local function started(words, seconds)
    local handle = core.command(seconds)
    assert(handle:start(words))
    return handle
  end

  -- Starts a program that sleeps, and waits until it does -> its handle, and whether it still runs.
  local function sleeper(prelude, seconds)
    local file = folder .. "/pid"
    local handle = started(shell_words(prelude .. "echo $$ > " .. file .. "; exec sleep 60"), seconds)
    peer.shell(("until [ -s %s ]; do sleep 0.01; done"):format(file))
    local pid = peer.read_file(file):match "%d+"
    return handle, function() return select(2, peer.shell("kill -0 " .. pid)) == 0 end
  end

  it("has a time limit", function()
    local handle, runs = sleeper("", 0.01)
    local ended, output, message
    repeat ended, output, message = handle:wait() until ended
    assert.is_nil(output)
    assert.equal("env did not end within 1 seconds", message)
    handle:close()
    assert.is_false(runs())
    handle:close()
    assert.is_false((pcall(handle.wait, handle)))
  end)

  it("may clean up when it is ended", function()
    local script = "trap 'echo > %s/right; exit' TERM; echo > %s/ready; while :; do sleep 0.01; done"
    local handle = started(shell_words(script:format(folder, folder)), 60)
    peer.shell(("until [ -e %s/ready ]; do sleep 0.01; done"):format(folder))
    handle:close()
    assert.is_truthy(io.open(folder .. "/right"))
  end)

  it("is ended with its handle, even when it ignores SIGTERM", function()
    local handle, runs = sleeper("trap '' TERM; ", 60)
    assert.is_true(runs())
    handle:close()
    assert.is_false(runs())
  end)

  it("is ended when its handle is forgotten", function()
    local handle, runs = sleeper("", 60)
    assert.is_false((handle:wait()))
    handle = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.is_false(runs())
  end)

  it("is not ended by a forked process that has a copy of its handle", function()
    local handle = sleeper("", 60)
    assert.equal(0, peer.fork_run(function() handle:close() end))
    assert.is_false((handle:wait()))
    handle:close()
  end)

  it("is ended by Ctrl-C, which reaches the script at once", function()
    local file = folder .. "/pid"
    local path = configure(json_of { acme = { token = { command = shell_words("echo $$ > " .. file
      .. "; exec sleep 60") } } })
    local id, ended = peer.start_lua([[
      local path, file = ...
      local getenv = os.getenv
      rawset(os, "getenv", function(name) return name == "IRONCLAD_CONFIG" and path or getenv(name) end)
      local fine, why = pcall(require("ironclad.connections.named").load, "acme")
      print(fine, why)
      io.stdout:flush()
      os.execute("kill -0 $(cat " .. file .. ") 2>&- && echo it runs || echo it has ended")
    ]], nil, path, file)
    peer.shell(("until [ -s %s ]; do sleep 0.01; done"):format(file))
    peer.shell("kill -INT " .. id)
    local output = ended()
    assert.matches("^false\t[^\n]*interrupted!\nit has ended\n", output)
  end)

  it("is ended wherever the script is interrupted", function()
    configure(json_of { acme = { token = { command = { "echo", "x" } } } })
    local steps, left = 0, ""
    local interrupted
    local function interrupt_after(count)
      debug.sethook(function()
        count = count - 1
        if count >= 0 then return end
        debug.sethook()
        interrupted = true
        error "interrupted!"
      end, "crl")
    end
    collectgarbage "stop" -- it would end the programs of forgotten handles
    repeat
      interrupted = false
      pcall(function()
        interrupt_after(steps)
        named.load "acme"
        debug.sethook()
      end)
      local children = assert(io.open "/proc/thread-self/children")
      left = left .. children:read "*a"
      children:close()
      steps = steps + 1
    until not interrupted
    collectgarbage "restart"
    assert.equal("", left)
    assert.is_true(steps > 50)
  end)

  it("is refused where the end of children is ignored", function()
    assert.matches("true cannot be run: this process ignores SIGCHLD", of_its_own(
      "env --ignore-signal=CHLD", [[print(select(2, require("ironclad.core").command(5):start { "true" }))]]))
  end)

  it("is refused inside nginx, before it is run", function()
    rawset(_G, "ngx", { get_phase = function() return "content" end })
    local token, message = load(shell_words("echo ran > " .. folder .. "/ran"))
    rawset(_G, "ngx", nil)
    assert.is_nil(token)
    assert.matches("cannot be run inside nginx", message)
    assert.is_nil(io.open(folder .. "/ran"))
  end)

  it("is a list of words", function()
    local handle = core.command(5)
    for _, words in ipairs { {}, { 1 }, { "a\0b" }, { "true", false } } do
      assert.is_false((pcall(handle.start, handle, words)))
    end
    assert(handle:start { "true" })
    assert.is_false((pcall(handle.start, handle, { "true" })))
    handle:close()
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
