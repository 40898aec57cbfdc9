-- Commands that print the secrets of named connections. A table stands for the environment.
local core = require "ironclad.core"
local environment = require "spec.support.environment"
local named = require "ironclad.connections.named"
local peer = require "spec.support.peer"

local SECRET = "s3cret-of-this-spec"

local configure, shell_words = environment.configure, environment.shell_words

local folder

before_each(function() folder = environment.begin() end)
after_each(environment.finish)

describe("a command for a secret", function()
  -- Runs the command in the file.
  local function load(words)
    configure({ acme = { token = { command = words } } })
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
    peer.until_succeeds("[ -s " .. file .. " ]")
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
    peer.until_succeeds("[ -e " .. folder .. "/ready ]")
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
    local path = configure({ acme = { token = { command = shell_words("echo $$ > " .. file
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
    peer.until_succeeds("[ -s " .. file .. " ]")
    peer.shell("kill -INT " .. id)
    local output = ended()
    assert.matches("^false\t[^\n]*interrupted!\nit has ended\n", output)
  end)

  it("is ended wherever the script is interrupted", function()
    configure({ acme = { token = { command = { "echo", "x" } } } })
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
