-- What is sent again after a failure, and what never is.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local GOOD, READ = scene.GOOD, { "read" }
local MEBIBYTE = 1024 * 1024

after_each(scene.stop)

local function sized(length) return ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"):format(length) end

describe("a launch is seen once, its outcome unknown, by a server that reads it on a kept connection and", function()
  local endings = {
    { "closes", "network", { { "close" } } },
    { "resets", "network", { { "reset" } } },
    { "sends half an answer", "network", { { "send", sized(100) .. "{" }, { "close" } } },
    { "hangs", "timeout", { { "hang" } }, limited = true },
    { "answers what is no JSON", "protocol", { { "send", peer.json "<html>" } } },
    { "answers too much", "too_large", { { "send", sized(2 * MEBIBYTE) }, { "repeat", " ", 2 * MEBIBYTE } },
      { max_body = MEBIBYTE } },
    { "answers 500", "server", { { "send", peer.json("{}", 500) } } },
    { "answers 502", "server", { { "send", peer.json("{}", 502) } } },
    { "answers 503", "server", { { "send", peer.json("{}", 503, { "Retry-After: 0" }) } } },
    { "answers 504", "server", { { "send", peer.json("{}", 504) } } },
  }
  for _, row in ipairs(endings) do
    local name, kind, steps, options = row[1], row[2], row[3], row[4] or {}

    -- Makes the launch with a timeout of so many seconds, if the row needs one -> whether the server has seen it.
    local function test(seconds)
      local first = { READ, { "send", GOOD }, READ }
      for _, step in ipairs(steps) do
        first[#first + 1] = step
      end
      first[#first + 1], first[#first + 2] = READ, { "send", GOOD }
      local server = scene.serve { connections = { first, { READ, { "send", GOOD }, { "loop" } } } }
      options.max_retries = 3
      local client = scene.connect(server, options)
      scene.assert_good(client.workflows:get "w1")
      local err = scene.assert_error(kind, scene.launch(client, row.limited and { timeout = seconds } or nil))
      if row.limited and #server:requests() == 1 then return false end
      assert.are.equal("unknown", err.outcome)
      assert.is_falsy(err.retryable)
      assert.are.equal(1, err.attempts)
      scene.assert_good(client.workflows:get "w1")
      assert.are.same({
        "GET /public/api/v1/workflows/w1",
        "POST /public/api/v1/workflows",
        "GET /public/api/v1/workflows/w1",
      }, scene.targets(server))
      return true
    end

    it(name, function() scene.with_limit(test) end)
  end
end)

describe("after", function()
  local function failing(status, ...) return peer.json("{}", status, { ... }) end

  it("a refused connection, a launch has not been done", function()
    local client = ironclad.connect {
      instance = "http://127.0.0.1:" .. peer.refused_port(), token = scene.TOKEN, as_user = false, max_retries = 0,
    }
    local err = scene.assert_error("network", scene.launch(client))
    assert.are.equal("not_done", err.outcome)
    assert.is_true(err.retryable)
  end)

  it("503 with Retry-After, a read is repeated", function()
    local server = scene.answering { failing(503, "Retry-After: 0"), GOOD }
    local value, err, response = scene.connect(server, { max_retries = 3 }).workflows:get "w1"
    scene.assert_good(value, err)
    assert.are.equal(2, response.attempts)
    assert.are.equal(2, #server:requests())
  end)

  it("503 again and again, a read is given up", function()
    local server = scene.answering { failing(503, "Retry-After: 0") }
    local err = scene.assert_error("server", scene.connect(server, { max_retries = 2 }).workflows:get "w1")
    assert.are.equal(3, err.attempts)
    assert.is_true(err.retryable)
    assert.are.equal(3, #server:requests())
  end)

  it("500, nothing is repeated", function()
    local server = scene.answering { failing(500), GOOD }
    scene.assert_error("server", scene.connect(server, { max_retries = 3 }).workflows:get "w1")
    assert.are.equal(1, #server:requests())
  end)

  it("a broken connection, a read is repeated", function()
    local server = scene.serve { connections = { { READ, { "close" } }, { READ, { "send", GOOD } } } }
    scene.assert_good(scene.connect(server, { max_retries = 3 }).workflows:get "w1")
    assert.are.equal(2, #server:requests())
  end)

  it("a broken connection, a deletion whose repeat finds nothing has succeeded", function()
    local server = scene.serve {
      connections = { { READ, { "close" } }, { READ, { "send", peer.json('{"code":"NOT_FOUND"}', 404) } } },
    }
    local value, err = scene.connect(server, { max_retries = 3 }).records:delete "r1"
    assert.is_nil(err)
    assert.is_true(value)
    assert.are.equal(2, #server:requests())
  end)

  it("429, a launch is repeated: it was not begun", function()
    local server = scene.answering { failing(429, "Retry-After: 0"), GOOD }
    scene.assert_good(scene.launch(scene.connect(server, { max_retries = 3 })))
    assert.are.equal(2, #server:requests())
  end)

  for _, status in ipairs { 429, 503 } do
    it(("%d with a Retry-After beyond the deadline, the answer comes at once"):format(status), function()
      local server = scene.answering { failing(status, "Retry-After: 3600") }
      local client = scene.connect(server, { max_retries = 3, deadline = 30 })
      local err = scene.assert_error("rate_limited", client.workflows:get "w1")
      assert.is_true(err.retry_after >= 3600)
      assert.are.equal(status, err.status)
      assert.are.equal("not_done", err.outcome)
      assert.are.equal(1, #server:requests())
    end)
  end
end)

describe("a token", function()
  local function token(name)
    return peer.json(('{"access_token":"%s","token_type":"Bearer","expires_in":21600}'):format(name))
  end
  local REFUSED = peer.json('{"code":"UNAUTHORIZED","message":"token has expired"}', 401)

  it("is fetched once and kept", function()
    local server = scene.answering { token "first-token", GOOD }
    local client = scene.connect_by_secret(server)
    scene.assert_good(client.workflows:get "w1")
    scene.assert_good(scene.launch(client))
    assert.are.same({
      "POST /oauth/token", "GET /public/api/v1/workflows/w1", "POST /public/api/v1/workflows",
    }, scene.targets(server))
  end)

  it("that is refused is renewed once", function()
    local server = scene.answering { token "first-token", REFUSED, token "second-token", GOOD }
    scene.assert_good(scene.launch(scene.connect_by_secret(server)))
    assert.are.same({
      "POST /oauth/token", "POST /public/api/v1/workflows", "POST /oauth/token", "POST /public/api/v1/workflows",
    }, scene.targets(server))
    local requests = server:requests()
    assert.are.equal("Bearer first-token", requests[2].headers.authorization)
    assert.are.equal("Bearer second-token", requests[4].headers.authorization)
  end)

  it("that is refused twice is the caller's to know", function()
    local server = scene.answering { token "first-token", REFUSED, token "second-token", REFUSED, GOOD }
    local err = scene.assert_error("auth", scene.launch(scene.connect_by_secret(server)))
    assert.are.equal("not_done", err.outcome)
    assert.are.equal(4, #server:requests())
  end)

  it("that was given is not renewed", function()
    local server = scene.answering { REFUSED, GOOD }
    scene.assert_error("auth", scene.connect(server, { max_retries = 3 }).workflows:get "w1")
    assert.are.equal(1, #server:requests())
  end)

  for _, row in ipairs {
    { "which is no JSON", "protocol", peer.answer(200, {}, "<html>") },
    { "without a token", "protocol", peer.json "{}" },
    { "with a token that is no text", "protocol", peer.json '{"access_token":{}}' },
    { "with a token that has a line end", "protocol", peer.json '{"access_token":"a\\r\\nX: y"}' },
    { "of nothing", "protocol", peer.json "" },
    { "that refuses and echoes the secret", "auth",
      peer.json('{"error":"invalid_client","error_description":"no client has a secret"}', 401) },
  } do
    it("is not had from an answer " .. row[1] .. ": nothing else is sent", function()
      local server = scene.answering { row[3] }
      local err = scene.assert_error(row[2], scene.launch(scene.connect_by_secret(server, { max_retries = 0 })))
      assert.are.equal("not_done", err.outcome)
      assert.is_nil(tostring(err):find("a secret", 1, true))
      assert.are.same({ "POST /oauth/token" }, scene.targets(server))
    end)
  end
end)

-- libcurl would send each of these again by itself.
describe("on a kept connection that dies after the request was read,", function()
  local BASE = "/public/api/v1/"
  local NOT_FOUND = peer.json('{"code":"NOT_FOUND","message":"no such record"}', 404)
  local rows = {
    { "a read", "GET " .. BASE .. "records/r1", "not_done", function(client) return client.records:get "r1" end },
    { "a replacement", "PUT " .. BASE .. "things/t1", "unknown",
      function(client) return client:request("PUT", BASE .. "things/t1", { body = { id = "42" } }) end },
    { "a deletion", "DELETE " .. BASE .. "records/r1", "unknown",
      function(client) return client.records:delete "r1" end, NOT_FOUND },
  }

  local function serve(answer)
    return scene.serve {
      connections = { { READ, { "send", GOOD }, READ, { "close" } }, { READ, { "send", answer or GOOD }, { "loop" } } },
    }
  end

  for _, row in ipairs(rows) do
    local name, target, outcome, call, answer = row[1], row[2], row[3], row[4], row[5]

    it(name .. " is sent once with max_retries = 0", function()
      local server = serve(answer)
      local client = scene.connect(server, { max_retries = 0 })
      scene.assert_good(client.workflows:get "w1")
      local err = scene.assert_error("network", call(client))
      assert.are.equal(outcome, err.outcome)
      assert.are.equal(1, err.attempts)
      assert.are.same({ "GET " .. BASE .. "workflows/w1", target }, scene.targets(server))
    end)

    it(name .. " is repeated by the policy, which counts it", function()
      local server = serve(answer)
      local retries = {}
      local client = scene.connect(server, {
        max_retries = 3, on_retry = function(event) retries[#retries + 1] = event end,
      })
      scene.assert_good(client.workflows:get "w1")
      local value, err, response = call(client)
      assert.is_nil(err)
      assert.is_truthy(value)
      assert.are.equal(2, response.attempts)
      assert.are.equal(1, #retries)
      assert.are.equal("network", retries[1].error)
      assert.are.same({ "GET " .. BASE .. "workflows/w1", target, target }, scene.targets(server))
    end)
  end
end)

it("a host that has moved is found by the next attempt, and by the next call", function()
  local server = scene.answering { scene.GOOD }
  local output = peer.lua([[
    local client = require("ironclad").connect {
      instance = "http://a.moved.test:" .. ..., allow_http = true, token = "t", as_user = false, max_retries = 1,
    }
    for _ = 1, 2 do
      local value, err, response = client.workflows:create_comment("w1", { comment = "seen" })
      print(value and value.id or err, response and response.attempts)
    end
  ]], { preload = peer.built "stuck_resolver.so" }, server:port())
  assert.are.equal("w1\t2\nw1\t1\n", output)
  assert.are.equal(2, #server:requests())
end)
