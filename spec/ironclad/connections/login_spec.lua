-- ironclad.login: the listener, the requests that it answers, and how the wait ends. The specs play the browser by
-- sending bytes to a socket; where it must be a program, it is a script named xdg-open.
local listeners = require "ironclad.listener"
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local plain_socket = require "plain_socket"

local must = local_ironclad.must
local LI = "li.wei@example.com"

local sandbox, folder

setup(function()
  sandbox = local_ironclad.start()
  folder = peer.temporary_folder()
end)
teardown(function()
  sandbox:stop()
  peer.remove_folder(folder)
end)

local function get(target) return "GET " .. target .. " HTTP/1.1\r\nHost: localhost\r\n\r\n" end

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

-- Sends requests to a port one after the other, in the background -> a function that returns whether all have been
-- answered, and a function that waits for that -> the statuses (nil without an answer), the answers.
local browsed = 0
local function browse(port, requests, address)
  browsed = browsed + 1
  local place, words = ("%s/browse-%d-"):format(folder, browsed), {}
  for i, bytes in ipairs(requests) do
    peer.write_file(place .. i, bytes)
    words[i] = ("( exec 3<>/dev/tcp/%s/%d && cat %s%d >&3; cat <&3 ) > %s%d.answer"):format(
      address or "127.0.0.1", port, place, i, place, i)
  end
  words[#words + 1] = "touch " .. place .. "end"
  local pipe = assert(io.popen("unset LD_PRELOAD; bash -c " .. peer.quoted(table.concat(words, "; ")) .. " 2>&1"))
  local function done() return exists(place .. "end") end
  return done, function()
    pipe:read "*a"
    pipe:close()
    local statuses, answers = {}, {}
    for i = 1, #requests do
      answers[i] = peer.read_file(place .. i .. ".answer")
      statuses[i] = tonumber(answers[i]:match "^HTTP/1.1 (%d+)")
    end
    return statuses, answers
  end
end

local function listen(options)
  local settings = { host = "localhost", port = 0, path = "/callback", seconds = 60 }
  for name, value in pairs(options or {}) do settings[name] = value end
  return listeners.listen_callback(settings)
end

local function wait(listener)
  local target
  repeat target = listener:wait() until target ~= false
  return target
end

-- Whether this process no longer listens on the port. Listening there again would prove nothing, because another
-- process may have taken the port: this looks into the kernel's table of sockets for those of this process.
local function assert_free(port)
  local pid = ("%d"):format(io.open("/proc/self/stat"):read "*n")
  local ours = peer.shell("ls -l /proc/" .. pid .. "/fd")
  for _, family in ipairs { "tcp", "tcp6" } do
    local file = io.open("/proc/self/net/" .. family)
    for line in file and file:lines() or function() end do
      local at, state, inode = line:match "^%s*%d+: %x+:(%x+) %S+ (%x+) %S+ %S+ %S+%s+%d+%s+%d+ (%d+)"
      if at and tonumber(at, 16) == port and state == "0A" then
        assert.is_nil(ours:find("socket:[" .. inode .. "]", 1, true), "still listening at port " .. port)
      end
    end
    if file then file:close() end
  end
end

-- Logs in with a browser that sends requests; play(url) -> the requests, the address.
local function login(play, changes, other)
  local collect, port
  local options = {
    grant = "authorization_code", redirect_uri = "http://localhost:0/callback", timeout = 60,
    browser = function(url)
      port = tonumber(url:match "localhost%%3A(%d+)" or url:match "%%3A(%d+)%%2Fcallback")
      collect = select(2, browse(port, play(url, port)))
    end,
  }
  for name, value in pairs(changes or {}) do options[name] = value end
  local client, err = ironclad.login((other or sandbox):options(options))
  local statuses, answers = collect()
  assert_free(port)
  return client, err, statuses, answers
end

-- The path and query that the sandbox redirects the browser to.
local function redirect(url, allow, other)
  local back = assert((other or sandbox):consent { url = url, user = LI, allow = allow })
  return (back:gsub("^http://[^/]+", ""))
end

describe("the listener of a login", function()
  it("is not kept from the browser by silent connections", function()
    local listener = assert(listen { host = "127.0.0.1", seconds = 20 })
    local sockets = {}
    for i = 1, 400 do
      sockets[i] = assert(plain_socket.connect(listener:port()))
      if i % 2 == 0 then sockets[i]:send "GET /" end
      assert.is_false(listener:wait())
    end
    local _, collect = browse(listener:port(), { get "/callback?code=1" })
    assert.equal("/callback?code=1", wait(listener))
    listener:answer(200, "Here", "you are")
    assert.same({ 200 }, (collect()))
    listener:close()
    for _, socket in ipairs(sockets) do socket:close() end
  end)

  it("holds the browser until there is an answer, and refuses others meanwhile", function()
    local listener = assert(listen())
    local port = listener:port()
    local first, collect_first = browse(port, { get "/callback?code=1&state=2" })
    assert.equal("/callback?code=1&state=2", wait(listener))
    local second, collect_second = browse(port, { get "/callback?code=3", get "/favicon.ico" })
    while not second() do assert.is_false(listener:wait()) end
    assert.is_false(first())
    listener:answer(200, "It <worked>", 'see "here" & there')
    local statuses, answers = collect_first()
    assert.same({ 200 }, statuses)
    assert.is_truthy(answers[1]:find("<h1>It &lt;worked&gt;</h1>", 1, true))
    assert.is_truthy(answers[1]:find("see &quot;here&quot; &amp; there", 1, true))
    assert.matches("\r\nContent%-Security%-Policy: default%-src 'none'", answers[1])
    assert.same({ 409, 404 }, (collect_second()))
    listener:answer(200, "to", "nobody")
    listener:close()
    listener:close()
    assert.is_false(pcall(listener.wait, listener))
    assert_free(port)
  end)

  it("gives a browser that was reloaded while it waited the same answer", function()
    local listener = assert(listen())
    local first, again, other = {}, {}, {}
    for i, list in ipairs { first, again, other } do
      list.socket = assert(plain_socket.connect(listener:port()))
      list.request = get(i == 3 and "/callback?code=2" or "/callback?code=1")
    end
    first.socket:send(first.request)
    assert.equal("/callback?code=1", wait(listener))
    -- The program logs in now, and serves nobody.
    first.socket:close()
    again.socket:send(again.request)
    other.socket:send(other.request)
    listener:answer(200, "You are logged in", "Close this window.")
    listener:close()
    local answer = again.socket:receive()
    assert.matches("^HTTP/1.1 200 ", answer)
    assert.matches("<h1>You are logged in</h1>", answer)
    assert.matches("^HTTP/1.1 503 ", (other.socket:receive()))
    again.socket:close()
    other.socket:close()
  end)

  it("goes on waiting after a refusal", function()
    local listener = assert(listen())
    local _, collect = browse(listener:port(), { get "/callback?a", get "/callback?b" })
    assert.equal("/callback?a", wait(listener))
    listener:answer(400, "No", "not this one")
    assert.equal("/callback?b", wait(listener))
    listener:answer(200, "Yes", "this one")
    assert.same({ 400, 200 }, (collect()))
    listener:close()
  end)

  local refusals = {
    { "another path", get "/callback/", 404 },
    { "a path that begins alike", get "/callbacks", 404 },
    { "the path of another spelling", get "/call%62ack", 404 },
    { "an absolute address", get "http://localhost/callback", 404 },
    { "another method", "POST /callback HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 405 },
    { "no method at all", "get /callback HTTP/1.1\r\nHost: localhost\r\n\r\n", 405 },
    { "HEAD", "HEAD /callback HTTP/1.1\r\nHost: localhost\r\n\r\n", 405 },
    { "a body", "GET /callback HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", 400 },
    { "an endless body", "GET /callback HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
    { "a target of 9 kB", get("/callback?" .. ("x"):rep(9000)), 414 },
    { "a target of 100 kB", get("/callback?" .. ("x"):rep(100000)), 414, true },
    { "headers of 100 kB", "GET /callback HTTP/1.1\r\nHost: a\r\nX: " .. ("x"):rep(100000) .. "\r\n\r\n", 431, true },
    { "bytes that are no HTTP", "\22\3\1\2\0\1\0\1\252\3\3\0\0\255\r\n\r\n", 400, true },
    { "no version", "GET /callback\r\n\r\n", 400, true },
    { "no Host", "GET /callback HTTP/1.1\r\n\r\n", 400, true },
  }
  for _, case in ipairs(refusals) do
    it("refuses " .. case[1], function()
      local listener = assert(listen())
      local _, collect = browse(listener:port(), { case[2], get "/callback?last" })
      assert.equal("/callback?last", wait(listener))
      listener:answer(200, "Yes", "this one")
      local statuses = collect()
      assert.equal(200, statuses[2])
      -- A peer that still sends may miss the answer when the connection is closed.
      if not (case[4] and statuses[1] == nil) then assert.equal(case[3], statuses[1]) end
      listener:close()
    end)
  end

  it("tells a browser that still waits that the login has ended", function()
    local listener = assert(listen())
    local _, collect = browse(listener:port(), { get "/callback" })
    assert.equal("/callback", wait(listener))
    listener:close()
    assert.same({ 503 }, (collect()))
  end)

  it("is closed when it is collected", function()
    local listener = assert(listen())
    local port = listener:port()
    assert.is_nil((listen { port = port }))
    listener = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert_free(port)
  end)

  it("stays the parent's after a fork", function()
    local listener = assert(listen())
    assert.equal(3, peer.fork_run(function()
      listener = nil
      collectgarbage()
      return 3
    end))
    local _, collect = browse(listener:port(), { get "/callback" })
    assert.equal("/callback", wait(listener))
    listener:answer(200, "Yes", "it works")
    assert.same({ 200 }, (collect()))
    listener:close()
  end)

  it("is at this machine only, at both of its addresses for localhost", function()
    assert.is_nil((listen { host = "no such host" }))
    local own = listen { host = "::1" }
    local hosts = { { "127.0.0.1", "127.0.0.1" }, { "localhost", "127.0.0.1" } }
    if own then
      hosts[3], hosts[4] = { "::1", "::1" }, { "localhost", "::1" }
      local none, message = listen { port = own:port() }
      assert.is_nil(none)
      assert.is_truthy(message:find("port " .. own:port(), 1, true), message)
      own:close()
    end
    for _, case in ipairs(hosts) do
      local listener = assert(listen { host = case[1] })
      local _, collect = browse(listener:port(), { get "/callback" }, case[2])
      assert.equal("/callback", wait(listener))
      listener:close()
      assert.same({ 503 }, (collect()))
    end
  end)
end)

describe("ironclad.login", function()
  it("logs the person in, whatever else comes", function()
    sandbox:clear_requests()
    local client, err, statuses, answers = login(function(url)
      local target = redirect(url)
      return {
        get "/", get(target:gsub("state=", "state=0")), get(target:gsub("&state=.*", "")), get "/callback",
        get "/callback?a=1&a=2", get "/callback?error=access_denied&state=0&state=0",
        "\22\3\1\2\0\1\255\r\n\r\n", "POST" .. get(target):sub(4),
        get(target .. ("&x=y"):rep(30000)), get(target),
      }
    end)
    assert.is_nil(err and tostring(err))
    -- The seventh and the ninth may get no answer: their connections are closed while they still send.
    assert.equal("404 400 400 400 400 400 405 200", table.concat({ statuses[1], statuses[2], statuses[3], statuses[4],
      statuses[5], statuses[6], statuses[8], statuses[10] }, " "))
    assert.matches("You are logged in", answers[10])
    local exchanges = {}
    for _, request in ipairs(sandbox:requests()) do
      if request.path == "/oauth/token" then exchanges[#exchanges + 1] = request.status end
    end
    assert.same({ 200 }, exchanges)
    assert.equal(LI, must(client:check()).user.email)
  end)

  it("keeps the token before it says so", function()
    local path = folder .. "/tokens/first.json"
    local client = login(function(url) return { get(redirect(url)) } end, { store = ironclad.store.file(path) })
    assert.equal(LI, must(client:check()).user.email)
    assert.matches("refresh_token", peer.read_file(path))
    local again = sandbox:connect { grant = "authorization_code", store = ironclad.store.file(path) }
    assert.equal(LI, must(again.oauth:userinfo()).email)
  end)

  it("says that the person declined", function()
    local client, err, statuses, answers = login(function(url) return { get(redirect(url, false)) } end)
    assert.is_nil(client)
    assert.same({ "auth", "access_denied" }, { err.kind, err.code })
    assert.same({ 400 }, statuses)
    assert.matches("You are not logged in", answers[1])
    assert.matches("declined", answers[1])
  end)

  it("says that a scope is refused", function()
    local other = local_ironclad.start { scopes = { "public.records.readRecords" } }
    local _, err = login(function(url) return { get(redirect(url, true, other)) } end,
      { scopes = { "public.workflows.readWorkflows" } }, other)
    assert.same({ "auth", "invalid_scope" }, { err.kind, err.code })
    other:stop()
  end)

  it("says that the code was not taken", function()
    local other = local_ironclad.start { code_seconds = 1e-6 }
    local function play(url) return { get(redirect(url, true, other)) } end
    local client, err, statuses, answers = login(play, {}, other)
    assert.is_nil(client)
    assert.same({ "auth", "invalid_grant" }, { err.kind, err.code })
    assert.same({ 400 }, statuses)
    assert.matches("authorization code has expired", answers[1])
    other:stop()
  end)

  it("gives up when nobody answers", function()
    local client, err, statuses = login(function() return { get "/elsewhere" } end, { timeout = 0.5 })
    assert.is_nil(client)
    assert.equal("timeout", err.kind)
    assert.matches("nobody has answered the login at http://localhost:%d+/callback within 0.5 seconds", err.message)
    assert.is_true(statuses[1] == 404 or statuses[1] == nil)
  end)

  it("names the port that is taken, and the redirect URI", function()
    local taken = assert(listen())
    local uri = ("http://localhost:%d/callback"):format(taken:port())
    local client, err = ironclad.login(sandbox:options { grant = "authorization_code", redirect_uri = uri })
    assert.is_nil(client)
    assert.equal("io", err.kind)
    assert.is_truthy(err.message:find("port " .. taken:port(), 1, true), err.message)
    assert.is_truthy(err.message:find(uri, 1, true), err.message)
    taken:close()
  end)

  for _, host in ipairs { "127.0.0.1", "[::1]" } do
    local plain = host:gsub("[%[%]]", "")
    local there = listen { host = plain }
    local describe_host = there and it or pending
    if there then there:close() end
    describe_host("listens at " .. host, function()
      local client = login(function(url) return { get(redirect(url)) }, plain end,
        { redirect_uri = "http://" .. host .. ":0/callback" })
      assert.equal(LI, must(client:check()).user.email)
    end)
  end

  it("leaves no port taken when the browser's function throws", function()
    local port
    local fine, message = pcall(ironclad.login, sandbox:options {
      grant = "authorization_code", redirect_uri = "http://localhost:0/callback",
      browser = function(url)
        port = tonumber(url:match "localhost%%3A(%d+)")
        error "no browser today"
      end,
    })
    assert.is_false(fine)
    assert.matches("no browser today", message)
    assert_free(port)
  end)

  local wrong = {
    { { redirect_uri = "https://localhost:8765/callback" }, "redirect_uri: expected http at localhost" },
    { { redirect_uri = "http://example.com:8765/callback" }, "redirect_uri: expected http at localhost" },
    { { redirect_uri = "http://localhost/callback" }, "redirect_uri: expected http at localhost" },
    { { redirect_uri = "http://localhost:65536/callback" }, "redirect_uri: expected http at localhost" },
    { { redirect_uri = "http://localhost:1@example.com/" }, "redirect_uri: expected http at localhost" },
    { { redirect_uri = "http://localhost:8765/callback?a=b" }, "redirect_uri: expected http at localhost" },
    { { redirect_uri = "http://localhost:8765/#a" }, "redirect_uri: expected http at localhost" },
    { { redirect_uri = "http://localhost:8765/a b" }, "redirect_uri: expected http at localhost" },
    { { redirect_uri = 8765 }, "redirect_uri: expected a string, got number" },
    { { browser = "firefox" }, "browser: expected true, false or a function, got a string" },
    { { timeout = 0 }, "timeout: expected a number of seconds" },
    { { timeout = "180" }, "timeout: expected a number of seconds" },
    { { grant = "client_credentials" }, 'a login needs grant = "authorization_code"' },
    { { token = "a static token" }, "and no static token" },
    { { client_secrets = "x" }, "ironclad.login: client_secrets: unknown option" },
    { { name = "no such connection", instance = false }, "ironclad.login: " },
  }
  for _, case in ipairs(wrong) do
    it("throws for " .. case[2], function()
      local options = sandbox:options(case[1])
      local fine, message = pcall(function() ironclad.login(options) end)
      assert.is_false(fine)
      assert.is_truthy(message:find(case[2], 1, true), message)
      assert.is_truthy(message:find("login_spec", 1, true), message)
    end)
  end

  it("throws for what is no table", function()
    assert.is_false(pcall(ironclad.login))
    assert.is_false(pcall(ironclad.login, 5))
  end)
end)

describe("ironclad.login in a program of its own", function()
  -- Lua source that makes `options` and loads what it needs.
  local function prelude()
    return ("local ironclad, listeners = require 'ironclad', require 'ironclad.listener'\n"
      .. "local options = { instance = %q, client_id = %q, client_secret = %q, grant = 'authorization_code',\n"
      .. "  redirect_uri = 'http://localhost:0/callback', timeout = 60 }\n")
      :format(sandbox.instance, sandbox.client_id, sandbox.client_secret)
  end

  it("prints the address when no browser may be opened", function()
    local output, status = peer.lua(prelude() .. [[
      options.browser, options.timeout = false, 0.01
      print(select(2, ironclad.login(options)).kind)
    ]])
    assert.equal(0, status, output)
    assert.is_truthy(output:find("open this address in a browser on this machine:\n  " .. sandbox.url
      .. "/oauth/authorize?", 1, true), output)
    assert.matches("timeout", output)
  end)

  -- The signal comes before the wait or during it. Both end the wait.
  for _, command in ipairs { "kill -INT $PPID", "sleep 0.3; kill -INT $PPID" } do
    it("frees the port at Ctrl-C: " .. command, function()
      local output, status = peer.lua(prelude() .. ([[
        local port, pipe
        options.browser = function(url)
          port = tonumber(url:match "localhost%%%%3A(%%d+)")
          pipe = io.popen %q
        end
        local fine, message = pcall(ironclad.login, options)
        assert(not fine and tostring(message):find "interrupted", message)
        assert(listeners.listen_callback { host = "localhost", port = port, path = "/", seconds = 1 }):close()
        if pipe then pipe:close() end
        os.exit(7)
      ]]):format(command))
      assert.equal(7, status, output)
    end)
  end
end)

describe("recipes/login.lua", function()
  -- A browser that consents as the person in $PERSON, by plain HTTP, and records its address.
  local BROWSER = [[
#!/bin/bash
echo "$1" >> "$NOTES"
visit() { # METHOD URL BODY
  local rest=${2#http://}; local host=${rest%%/*}
  exec 3<>"/dev/tcp/${host%:*}/${host##*:}"
  printf '%s /%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n' "$1" "${rest#*/}" >&3
  printf 'Content-Type: application/x-www-form-urlencoded\r\n' >&3
  if [ "$1" = POST ]; then printf 'Content-Length: %s\r\n' "${#3}" >&3; fi
  printf '\r\n%s' "$3" >&3
  cat <&3
}
nonce=$(visit GET "$1" | sed -n 's/.*name="nonce" value="\([^"]*\)".*/\1/p')
back=$(visit POST "${1%%\?*}" "decision=allow&user=$PERSON&nonce=$nonce" | tr -d '\r' | sed -n 's/^Location: //p')
visit GET "${back/localhost/127.0.0.1}" >> "$NOTES"
]]

  local function run(script, store)
    local programs = folder .. "/programs"
    peer.shell("mkdir -p " .. programs)
    peer.write_file(programs .. "/xdg-open", script)
    peer.shell("chmod +x " .. programs .. "/xdg-open")
    local words = { 'env LD_PRELOAD="$preload" PATH=' .. programs .. ':"$PATH"' }
    for name, value in pairs {
      IRONCLAD_INSTANCE = sandbox.url, IRONCLAD_CLIENT_ID = sandbox.client_id,
      IRONCLAD_CLIENT_SECRET = sandbox.client_secret, IRONCLAD_REDIRECT_URI = "http://localhost:0/callback",
      IRONCLAD_STORE = folder .. "/state/" .. store, PERSON = LI, NOTES = folder .. "/notes",
    } do
      words[#words + 1] = name .. "=" .. peer.quoted(value)
    end
    words[#words + 1] = peer.quoted(peer.interpreter()) .. " recipes/login.lua"
    return peer.shell(table.concat(words, " "))
  end

  it("opens the browser once", function()
    for _ = 1, 2 do
      local output, status = run(BROWSER, "tokens.json")
      assert.equal(0, status, output)
      assert.equal(("Logged in to %s as Li Wei <%s>, Larkspur Instruments LLC.\n"):format(sandbox.url, LI), output)
    end
    local notes = peer.read_file(folder .. "/notes")
    local _, opened = notes:gsub("/oauth/authorize", "")
    assert.equal(1, opened)
    assert.matches("You are logged in", notes)
    local mode = peer.shell("stat -c %a " .. folder .. "/state/tokens.json")
    assert.equal("600", (mode:gsub("%s", "")))
  end)

  it("prints the address when no browser can be opened", function()
    local failing = '#!/bin/sh\n(' .. 'sleep 0.1; "$0.real" "$1") >/dev/null 2>&1 &\nexit 3\n'
    peer.shell("mkdir -p " .. folder .. "/programs")
    peer.write_file(folder .. "/programs/xdg-open.real", BROWSER)
    peer.shell("chmod +x " .. folder .. "/programs/xdg-open.real")
    local output, status = run(failing, "other.json")
    assert.equal(0, status, output)
    assert.matches("open this address in a browser on this machine:\n  http", output)
    assert.matches("Logged in to", output)
  end)
end)
