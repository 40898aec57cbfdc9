-- Hooks, the log and on_progress: what they are called with, and that they change nothing.
local core = require "ironclad.core"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local run = require "ironclad.calls.run"
local scene = require "spec.support.scene"

-- PUC Lua 5.1 cannot yield where a call has to wait.
local has_tasks = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

local GOOD, READ = scene.GOOD, { "read" }
local SECRET = "a secret of the hooks' spec"

after_each(scene.stop)

-- Options with hooks that record their events: { name, event }.
local function listening(options)
  local told = {}
  for _, name in ipairs { "on_request", "on_response", "on_retry", "on_wait" } do
    options[name] = function(event, more)
      assert.is_nil(more)
      told[#told + 1] = { name, event }
    end
  end
  return told, options
end

local function names_of(told)
  local names = {}
  for i, entry in ipairs(told) do names[i] = entry[1] end
  return table.concat(names, " ")
end

local function with_id(status, id, body)
  return ("HTTP/1.1 %s\r\nContent-Type: application/json\r\nx-ironclad-requestid: %s\r\nContent-Length: %d\r\n\r\n%s")
    :format(status, id, #body, body)
end

describe("hooks", function()
  -- What is interrupted is the line to stderr, because that is not the hook's own code.
  it("are called for the next call, when an interrupt has come between two of them", function()
    local count, stderr = 0, io.stderr
    local server = scene.answering { GOOD }
    local client = scene.connect(server, { on_response = function()
      count = count + 1
      if count == 1 then error "failed" end
    end })
    io.stderr = { write = function() error("interrupted!", 0) end } -- luacheck: ignore 122
    local fine, problem = pcall(client.workflows.get, client.workflows, "IC-1")
    io.stderr = stderr -- luacheck: ignore 122
    assert.are.same({ false, "interrupted!" }, { fine, problem })
    scene.assert_good(client.workflows:get "IC-1")
    assert.are.equal(2, count)
  end)

  it("are called for an attempt and its answer", function()
    local server = scene.answering { with_id("200 OK", "request-1", '{"id":"w1"}') }
    local told, options = listening {}
    scene.assert_good(scene.connect(server, options).workflows:get("w1", { hydrateEntities = true }))
    assert.are.equal("on_request on_response", names_of(told))
    local request, response = told[1][2], told[2][2]
    assert.are.same({
      operation = "workflows:get", method = "GET", attempt = 1, attempt_id = response.attempt_id,
      url = peer.url(server) .. "/public/api/v1/workflows/w1?hydrateEntities=true",
    }, request)
    assert.are.equal(200, response.status)
    assert.are.equal("request-1", response.request_id)
    assert.are.equal(request.url, response.url)
    assert.is_nil(response.error)
    assert.is_true(response.seconds >= 0 and response.seconds < 60)
  end)

  it("are told why a call is sent again", function()
    local server = scene.answering { with_id("503 No", "request-1", "{}"), GOOD }
    local told, options = listening { max_retries = 1 }
    scene.assert_good(scene.connect(server, options).workflows:get "w1")
    assert.are.equal("on_request on_response on_retry on_request on_response", names_of(told))
    assert.are.equal(503, told[2][2].status)
    assert.are.equal(503, told[3][2].status)
    assert.is_true(told[3][2].seconds <= 0.5)
    assert.are.equal(2, told[4][2].attempt)
  end)

  it("are told of a failure by its kind", function()
    local server = scene.serve { connections = { { READ, { "close" } } } }
    local told, options = listening {}
    local err = scene.assert_error("network", scene.launch(scene.connect(server, options)))
    assert.are.equal("unknown", err.outcome)
    assert.are.equal("on_request on_response", names_of(told))
    assert.is_nil(told[2][2].status)
    assert.are.equal("network", told[2][2].error)
  end)

  it("are told of a wait that Ironclad asks for", function()
    local refusal = "HTTP/1.1 429 No\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"
    local server = scene.answering { refusal, GOOD }
    local told, options = listening { max_retries = 1 }
    scene.assert_good(scene.connect(server, options).workflows:get "w1")
    assert.are.equal("on_request on_response on_retry on_wait on_request on_response", names_of(told))
    local wait = told[4][2]
    assert.are.equal("retry_after", wait.reason)
    assert.are.equal("workflows:read", wait.bucket)
    assert.is_true(wait.seconds < 1)
  end)

  it("are told at once of a wait for the budget, which holds up its own bucket alone", function()
    local server = scene.answering { GOOD }
    local pending, wait
    local told, options = listening { rate_share = 0.0005, token = scene.TOKEN .. "-of-a-place" }
    local client = scene.connect(server, options)
    scene.assert_good(client.workflows:get "w1")
    local plain = options.on_wait
    client.hooks.on_wait = function(event)
      plain(event)
      wait = event
      scene.assert_good(client.records:get "w1")
      run.cancel(pending)
    end
    pending = run.start(client, "get", "GET", {}, "/public/api/v1/workflows/w2")
    scene.assert_error("cancelled", run.finish(pending))
    assert.are.equal("on_request on_response on_wait", names_of(told))
    assert.are.equal("budget", wait.reason)
    assert.are.equal("workflows:read", wait.bucket)
    assert.is_true(wait.seconds > 0 and wait.seconds <= 60)
  end)

  it("are told of no wait that would pass the deadline: the call ends at once", function()
    local server = scene.answering { GOOD }
    local told, options = listening { rate_share = 0.0001, token = scene.TOKEN .. "-of-another-place", deadline = 30 }
    local client = scene.connect(server, options)
    scene.assert_good(client.workflows:get "w1")
    local err = scene.assert_error("rate_limited", client.workflows:get "w1")
    assert.is_true(err.retry_after > 30 and err.retry_after <= 60)
    assert.are.equal("on_request on_response", names_of(told))
  end)

  it("are told of the token's fetch and of its renewal", function()
    local token = peer.json '{"access_token":"the-token-of-hooks","expires_in":3600}'
    local expired = peer.json('{"code":"UNAUTHORIZED","message":"token has expired"}', "401 No")
    local server = scene.answering { token, expired, token, GOOD }
    local told, options = listening { client_secret = SECRET }
    scene.assert_good(scene.connect_by_secret(server, options).workflows:get "w1")
    assert.are.equal("on_request on_response on_request on_response on_retry on_request on_response on_request "
      .. "on_response", names_of(told))
    assert.are.equal(peer.url(server) .. "/oauth/token", told[1][2].url)
    assert.are.equal(401, told[5][2].status)
    for _, entry in ipairs(told) do
      for _, value in pairs(entry[2]) do
        assert.is_nil(tostring(value):find("the-token-of-hooks", 1, true))
        assert.is_nil(tostring(value):find(SECRET, 1, true))
      end
    end
  end)

  it("see no secret that stands in a URL", function()
    local server = scene.answering { GOOD }
    local told, options = listening {}
    local client = scene.connect(server, options)
    client:request("GET", "/elsewhere?key=" .. scene.TOKEN:gsub("%-", "%%2d") .. "&as=" .. scene.TOKEN .. "&page=1")
    assert.are.equal(peer.url(server) .. "/elsewhere?key=***&as=***&page=1", told[1][2].url)
  end)

  it("do not see the query of an address that the service gave", function()
    local moved = "HTTP/1.1 302 Moved\r\nLocation: /elsewhere?signature=abc\r\nContent-Length: 0\r\n\r\n"
    local server = scene.answering { moved, GOOD }
    local told, options = listening {}
    scene.assert_good(scene.connect(server, options).workflows:get "w1")
    assert.are.equal("on_request on_response on_request on_response", names_of(told))
    assert.are.equal(peer.url(server) .. "/elsewhere?…", told[4][2].url)
  end)

  it("change nothing, whatever they do to what they are told", function()
    local server = scene.answering { with_id("503 No", "request-1", "{}"), GOOD }
    local said = {}
    local function bad(event)
      for name in pairs(event) do event[name] = nil end
      error(setmetatable({}, { __tostring = function() error "worse" end }))
    end
    local client = scene.connect(server, {
      on_request = bad, on_response = bad, on_retry = bad, max_retries = 1,
      log = function(text, level)
        if level == "warning" then said[#said + 1] = text end
        error "the log too"
      end,
    })
    scene.assert_good(client.workflows:get "w1")
    assert.are.equal(5, #said)
    assert.are.equal("on_request: an error that cannot be printed", said[1])
  end)

  it("may make calls, for which they are not called", function()
    local server = scene.answering { GOOD }
    local client
    local told = 0
    client = scene.connect(server, {
      on_response = function()
        told = told + 1
        scene.assert_good(client.workflows:get "w1")
      end,
    })
    scene.assert_good(client.workflows:get "w1")
    assert.are.equal(1, told)
    assert.are.equal(2, #server:requests())
  end)

  it("are told in the coroutine that waits for the call", function()
    local server = scene.answering { GOOD }
    local waits, tells
    local client = scene.connect(server, { on_response = function() tells = coroutine.running() end })
    if has_tasks then
      ironclad.spawn(function()
        waits = coroutine.running()
        scene.assert_good(client.workflows:get "w1")
      end)
      ironclad.run()
      assert.is_truthy(waits)
      assert.are.equal(waits, tells)
    end
    local called
    client.workflows:get("w1", { callback = function(value, err)
      called = true
      scene.assert_good(value, err)
      assert.are.equal(coroutine.running(), tells)
    end })
    ironclad.run()
    assert.is_true(called)
  end)

  it("are told how many events were dropped", function()
    local failures = {}
    for i = 1, 20 do failures[i] = "HTTP/1.1 429 No\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n" end
    failures[21] = GOOD
    local server = scene.answering(failures)
    local told, options = listening { max_retries = 30, rate_limit = false }
    local client = scene.connect(server, options)
    local pending = run.start(client, "get", "GET", {}, "/public/api/v1/workflows/w1")
    server:await(21)
    while not pending.call:done() do core.wait() end
    scene.assert_good(run.finish(pending))
    assert.are.equal(64, #told) -- of 20 × 4 + 2
    assert.are.equal(82 - 64, told[1][2].lost)
    for i = 2, 64 do assert.is_nil(told[i][2].lost) end
  end)

  it("must be functions", function()
    for _, name in ipairs { "on_request", "on_response", "on_retry", "on_wait", "log" } do
      assert.has_error(function()
        ironclad.connect { instance = "na1", token = "t", as_user = false, [name] = "print" }
      end, ("ironclad.connect: %s: expected a function, got a string"):format(name))
    end
  end)
end)

describe("the log", function()
  it("is given a line for each attempt, retry and wait", function()
    local refusal = "HTTP/1.1 429 No\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"
    local server = scene.answering { refusal, with_id("200 OK", "request-7", '{"id":"w1"}') }
    local said = {}
    local client = scene.connect(server, {
      max_retries = 1, log = function(text, level) said[#said + 1] = level .. " " .. text end,
    })
    scene.assert_good(client.workflows:get "w1")
    for i, pattern in ipairs {
      "^debug GET /public/api/v1/workflows/w1 429 in [%d.]+ m?s, attempt 1, id [%x-]+$",
      "^info workflows:get again in [%d.]+ m?s after 429$",
      "^info workflows:get waits [%d.]+ m?s, because Ironclad asked for it %(workflows:read%)$",
      "^debug GET /public/api/v1/workflows/w1 200 in [%d.]+ m?s, attempt 2, id [%x-]+, request request%-7$",
    } do
      assert.matches(pattern, said[i])
    end
    assert.are.equal(4, #said)
  end)

  local SCRIPT = [[
    local ironclad = require "ironclad"
    local peer = require "spec.support.peer"
    local server = peer.start {
      answers = { "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", peer.json '{"id":"w1"}' },
      connections = { { { "read" }, { "answer" }, { "loop" } } },
    }
    local fine, client = pcall(ironclad.connect, {
      instance = peer.url(server), token = "a static token", as_user = false, scopes = "of.no.use",
    })
    print(fine and client.workflows:get "w1".id or client)
    server:stop()
  ]]

  for _, row in ipairs {
    { "debug", { "scopes: of.no.use is not", " 503 in ", "again in ", " 200 in " } },
    { "info", { "scopes: of.no.use is not", "again in " } },
    { "warning", { "scopes: of.no.use is not" } },
    { "", {} },
  } do
    it("goes to stderr: IRONCLAD_LOG=" .. row[1], function()
      local output = peer.lua(SCRIPT, { environment = "IRONCLAD_LOG=" .. row[1] })
      local found = {}
      for line in output:gmatch "[^\n]+" do
        if line:find("ironclad: ", 1, true) == 1 then found[#found + 1] = line end
      end
      assert.matches("\nw1\n$", "\n" .. output)
      assert.are.equal(#row[2], #found, output)
      for i, text in ipairs(row[2]) do assert.is_truthy(found[i]:find(text, 1, true), found[i]) end
    end)
  end

  it("of an unknown level is a mistake", function()
    local output = peer.lua(SCRIPT, { environment = "IRONCLAD_LOG=all" })
    assert.is_truthy(output:find("ironclad.connect: IRONCLAD_LOG: expected debug, info or warning, got all", 1, true))
  end)
end)

describe("on_progress", function()
  local function answer_of(length, announced)
    return "HTTP/1.1 200 OK\r\n" .. (announced and "Content-Length: " .. length .. "\r\n" or "") .. "\r\n"
      .. ("x"):rep(length)
  end

  for _, announced in ipairs { true, false } do
    it("is told how far a download has come" .. (announced and "" or " of unknown length"), function()
      local server = scene.serve { connections = { { READ, { "send", answer_of(100000, announced) }, { "close" } } } }
      local told, last = 0, nil
      local bytes = assert(scene.connect(server).workflows:download_document("w1", "k1", {
        on_progress = function(done, total)
          told, last = told + 1, { done, total }
          assert.is_true(total == nil or done <= total)
        end,
      }))
      assert.are.equal(100000, #bytes)
      assert.is_true(told >= 1)
      assert.are.same({ 100000, 100000 }, last)
    end)
  end

  it("is told how far an upload has come", function()
    local server = scene.answering { peer.json '{"id":"w1"}' }
    local last
    scene.assert_good(scene.connect(server).workflows:launch({
      template = "t", attributes = { draft = ironclad.file { data = ("x"):rep(300000), filename = "a.pdf" } },
    }, { on_progress = function(done, total) last = { done, total } end }))
    assert.is_true(last[1] > 300000)
    assert.are.equal(last[1], last[2])
  end)

  it("is not called for an answer that is an error", function()
    local server = scene.answering { peer.json('{"code":"NOT_FOUND"}', "404 No") }
    local told = 0
    scene.assert_error("not_found", scene.connect(server).workflows:download_document("w1", "k1", {
      on_progress = function() told = told + 1 end,
    }))
    assert.are.equal(0, told)
  end)

  it("changes nothing by raising an error, which goes to the log", function()
    local server = scene.answering { answer_of(10, true) }
    local said = {}
    local client = scene.connect(server, {
      log = function(text, level) if level == "warning" then said[text] = true end end,
    })
    assert.are.equal(("x"):rep(10), (client.workflows:download_document("w1", "k1", {
      on_progress = function() error("no more", 0) end,
    })))
    assert.are.same({ ["on_progress: no more"] = true }, said)
  end)

  it("is reported on stderr, once, when it raises an error and there is no log", function()
    local output, status = peer.lua [[
      local scene = require "spec.support.scene"
      local client = scene.connect(scene.answering { scene.GOOD }, { on_response = function() error("lost?", 0) end })
      local function progress() error("no more", 0) end
      for _ = 1, 3 do assert(client.workflows:download_document("w1", "k1", { on_progress = progress })) end
      scene.stop()
    ]]
    assert.are.equal(0, status, output)
    local lines = {}
    for line in output:gmatch "[^\n]+" do lines[#lines + 1] = line end
    table.sort(lines)
    assert.are.same({ "ironclad: on_progress: no more", "ironclad: on_response: lost?" }, lines)
  end)

  it("is reported on stderr, once, when it is the log that raises an error", function()
    local output = peer.lua [[
      local scene = require "spec.support.scene"
      local client = scene.connect(scene.answering { scene.GOOD }, { log = function() error("no line", 0) end })
      for _ = 1, 3 do assert(client.workflows:get "w1") end
      scene.stop()
    ]]
    assert.are.equal("ironclad: log: no line\n", output)
  end)

  it("must be a function", function()
    local client = scene.connect(scene.answering { GOOD })
    assert.has_error(function() client.workflows:get("w1", { on_progress = true }) end,
      "workflows:get: on_progress: expected a function, got a boolean")
  end)
end)
