-- The engine where calls get into each other's way: turns, budgets, tokens and deadlines that are shared, and Lua code
-- that runs while a call waits.
local core = require "ironclad.core"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local GOOD, READ = scene.GOOD, { "read" }
local WORKFLOW = "/public/api/v1/workflows/w1"

local folder, cert

setup(function()
  folder = peer.temporary_folder()
  cert = peer.certificate(folder, "elsewhere")
end)
teardown(function() peer.remove_folder(folder) end)
after_each(scene.stop)

local function start(client, method, arguments, path)
  return assert(core.start(client.connection, method or "GET", arguments or {}, path or WORKFLOW))
end

local finish = scene.finish

local function token(lifetime)
  return peer.json(('{"access_token":"fetched-token","expires_in":%s}'):format(lifetime))
end

describe("a deadline", function()
  it("that passes after a launch was sent leaves it in doubt: not to be repeated", function()
    scene.with_limit(function(seconds)
      local server = scene.serve { connections = { { READ, { "hang" } } } }
      local err = scene.assert_error("timeout", scene.launch(scene.connect(server), { deadline = seconds }))
      if #server:requests() == 0 then return false end
      assert.are.equal("unknown", err.outcome)
      assert.is_false(err.retryable)
      return true
    end)
  end)

  it("passes while a repeat waits for its turn, too", function()
    local unavailable = peer.json("{}", 503, { "Retry-After: 0", "Connection: close" })
    local server = scene.serve {
      connections = { { READ, { "gate" }, { "send", unavailable }, { "close" } }, { READ, { "hang" } } },
    }
    local client = scene.connect(server, { max_in_flight = 1, max_retries = 3 })
    local repeated = start(client, "GET", { deadline = 1 })
    server:await(1)
    local other = start(client, "GET", { deadline = false, timeout = 30, max_retries = 0 })
    server:release()
    scene.assert_error("timeout", finish(repeated))
    assert.is_false(other:done())
    other:cancel()
    scene.assert_error("cancelled", finish(other))
  end)
end)

describe("turns:", function()
  it("a call that waits for a token keeps none", function()
    local expired = peer.json('{"code":"UNAUTHORIZED","message":"token has expired"}', 401)
    local refused = peer.json('{"error":"unauthorized_client"}', 403)
    local server = scene.answering { token(600), expired, refused }
    local client = scene.connect_by_secret(server, { max_in_flight = 1 })
    local calls = {}
    for i = 1, 6 do
      calls[i] = start(client, "GET", { deadline = 20 })
    end
    for i = 1, 6 do
      scene.assert_error("auth", finish(calls[i]))
    end
  end)

  it("a client whose own limit is reached does not delay others of that host", function()
    local server = scene.serve { connections = { { READ, { "gate" }, { "send", GOOD }, { "loop" } } } }
    local wide = scene.connect(server, { max_in_flight = 2, rate_limit = false })
    local narrow = scene.connect(server, { max_in_flight = 1, rate_limit = false })
    local calls = { start(wide), start(wide) }
    server:await(2)
    calls[3], calls[4] = start(narrow), start(wide)
    server:release()
    server:await(3)
    for _ = 1, 3 do
      server:release()
    end
    for i = 1, 4 do
      scene.assert_good(finish(calls[i]))
    end
  end)
end)

describe("a token that expires on arrival", function()
  it("is used once by whoever asked for it", function()
    local server = scene.answering { token "0.00001", GOOD, token "0.00001", GOOD }
    local client = scene.connect_by_secret(server, { deadline = 20 })
    scene.assert_good(client.workflows:get "w1")
    scene.assert_good(client.workflows:get "w1")
    assert.are.same({ "POST /oauth/token", "GET " .. WORKFLOW, "POST /oauth/token", "GET " .. WORKFLOW },
      scene.targets(server))
  end)
end)

describe("what another host answers to a redirected download", function()
  for _, row in ipairs {
    { "429", "rate_limited", peer.answer(429, { "Retry-After: 60" }) },
    { "no more calls left", "not_found",
      peer.answer(404, { "X-RateLimit-Limit: 1", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 60" }) },
    { "401", "auth", peer.answer(401) },
  } do
    it("is not about Ironclad: " .. row[1], function()
      local elsewhere = scene.serve {
        tls = cert, answers = { row[3] }, connections = { { READ, { "answer" }, { "loop" } } },
      }
      local moved = peer.answer(302, { "Location: " .. peer.url(elsewhere, "https") .. "/file?signature=1" })
      local home = scene.answering { token(600), moved, GOOD }
      local client = scene.connect_by_secret(home, { ca_file = cert.cert, max_retries = 0 })
      scene.assert_error(row[2], client.workflows:download_document("id", "k"))
      assert.are.equal(1, #elsewhere:requests())
      -- At once and with the same token.
      assert.is_truthy(client.workflows:download_document("id", "other", { deadline = 20 }))
      assert.are.equal(3, #home:requests())
    end)
  end
end)

describe("a launch's files", function()
  for _, value in ipairs { "not a file", 1, { data = "x" } } do
    it("must be files: refused is a " .. type(value), function()
      local client = scene.connect(scene.answering { GOOD })
      local fine, message = pcall(function()
        client:call("launch-a-new-workflow", {
          body = { template = "t", attributes = {} }, files = { draft = value },
        }, { dry_run = true })
      end)
      assert.is_false(fine)
      assert.is_truthy(tostring(message):find("draft: expected ironclad.file", 1, true), message)
    end)
  end
end)

describe("a proxy", function()
  local PASSWORD = "S3CRET pw"

  local function settings(proxy)
    return {
      instance = "http://127.0.0.1:9", token = scene.TOKEN, as_user = false, max_retries = 0,
      proxy = proxy:format "user:S3CRET%20pw@",
    }
  end

  for _, proxy in ipairs { "foo://%s127.0.0.1:1", "http://%s127.0.0.1:99999", "http://%s[::x]:1", "://%s" } do
    it("is refused when connecting: " .. proxy:format "", function()
      local fine, message = pcall(ironclad.connect, settings(proxy))
      assert.is_false(fine)
      assert.is_truthy(tostring(message):find("proxy: expected", 1, true), message)
      assert.is_nil(tostring(message):find("S3CRET", 1, true))
    end)
  end

  it("is told its user and password", function()
    local server = scene.answering { GOOD }
    scene.assert_good(ironclad.connect(settings("http://%s127.0.0.1:" .. server:port())).workflows:get "w1")
    local given = server:requests()[1].headers["proxy-authorization"]
    assert.are.equal("user:" .. PASSWORD, peer.shell("echo " .. given:match "^Basic (.*)" .. " | base64 -d", true))
  end)
end)

describe("Lua code that runs by itself", function()
  it("may make calls while another call waits", function()
    -- Byte by byte: the outer call is waited for before it has ended.
    local server = scene.serve { connections = { { { "read" }, { "drip", GOOD, 1 }, { "read" }, { "send", GOOD } } } }
    local output, status = peer.lua([[
      local core = require "ironclad.core"
      local client = require("ironclad").connect {
        instance = ..., token = "t", as_user = false, max_in_flight = 1, rate_limit = false,
      }
      -- As a debug hook or a finaliser would, between the look at a call and the wait for it. With one call in
      -- flight, the end of the inner one comes after the outer one's, and both are in the mailbox that it reads.
      local wait = core.wait
      function core.wait(...)
        core.wait = wait
        assert(client.workflows:get "inner")
        return wait(...)
      end
      assert(client.workflows:get "outer")
      print(core.wait == wait)
    ]], { seconds = 60 }, peer.url(server))
    assert.are.equal("true\n", output)
    assert.are.equal(0, status)
    assert.are.equal(2, #server:requests())
  end)

  for _, row in ipairs {
    { "tostring", "tostring(client)" },
    { "a call", "client.workflows:get 'w1'" },
    { "a started call", "core.start(client.connection, 'GET', {}, '/x')" },
  } do
    it("may use a client when the state closes: " .. row[1], function()
      local output, status = peer.lua([[
        local ironclad = require "ironclad"
        local core = require "ironclad.core"
        local client
        local function finalise()
          local fine, problem = pcall(function() return ]] .. row[2] .. [[ end)
          print(fine, (tostring(problem):gsub("^.*this", "this")))
        end
        -- Made before the client, so it is finalised after it.
        if newproxy then
          finaliser = newproxy(true)
          getmetatable(finaliser).__gc = finalise
        else
          finaliser = setmetatable({}, { __gc = finalise })
        end
        client = ironclad.connect { instance = "http://127.0.0.1:1", token = "t", as_user = false }
      ]])
      assert.are.equal(0, status, output)
      assert.is_truthy(output:find "^false\tthis .* clos", output)
    end)
  end
end)
