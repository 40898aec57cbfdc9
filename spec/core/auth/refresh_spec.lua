-- Refresh tokens: each is used once, is not lost by a broken answer, and belongs to one person.
local ironclad = require "ironclad"
local grant = require "spec.support.grant"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local GOOD = scene.GOOD

local folder

setup(function() folder = peer.temporary_folder() end)
teardown(function() peer.remove_folder(folder) end)
after_each(scene.stop)

describe("a refresh token", function()
  it("is traded for a pair, whose refresh token is used the next time", function()
    local server = scene.answering {
      grant.pair("access-1", "refresh-1"), GOOD, grant.EXPIRED, grant.pair("access-2", "refresh-2"), GOOD,
      grant.EXPIRED, grant.pair("access-3", nil), GOOD, grant.EXPIRED, grant.pair("access-4", "refresh-4"), GOOD,
    }
    local client = grant.connect(server, { refresh_token = "refresh-0" })
    for _ = 1, 5 do scene.assert_good(client.workflows:get "w1") end
    local sent = grant.received(server)
    assert.same({ grant_type = "refresh_token", refresh_token = "refresh-0", client_id = "id",
      client_secret = grant.SECRET }, sent[1])
    assert.equal("refresh-1", sent[2].refresh_token)
    assert.equal("refresh-2", sent[3].refresh_token)
    assert.equal("refresh-2", sent[4].refresh_token) -- none came with the third answer: the old one stays good
    assert.same({
      "Bearer access-1", "Bearer access-1", "Bearer access-2", "Bearer access-2", "Bearer access-3", "Bearer access-3",
      "Bearer access-4", "Bearer access-4",
    }, grant.bearers(server))
  end)

  it("that is spent says to log in again", function()
    local server = scene.answering { grant.refused "invalid_grant" }
    local value, err = grant.connect(server, { refresh_token = "refresh-0" }).workflows:get "w1"
    assert.is_nil(value)
    assert.equal("auth", err.kind)
    assert.equal("invalid_grant", err.code)
    assert.matches("log in again", err.message)
    grant.assert_no_secret(err, err.message)
  end)

  it("is nobody's yet", function()
    local server = scene.answering { GOOD }
    local _, err = grant.connect(server).workflows:get "w1"
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
      local server = scene.answering { case[2], grant.pair("access-1", "refresh-1"), GOOD }
      local client = grant.connect(server, { refresh_token = "refresh-0" })
      local _, err = client.workflows:get "w1"
      assert.is_table(err)
      grant.assert_no_secret(err)
      scene.assert_good(client.workflows:get "w1")
      assert.equal("refresh-0", grant.received(server)[2].refresh_token)
    end)
  end

  for _, lifetime in ipairs { '"soon"', "0", "-5", "{}" } do
    it("keeps its successor when the lifetime beside it is " .. lifetime, function()
      local server = scene.answering {
        peer.json('{"access_token":"access-1","refresh_token":"refresh-1","expires_in":' .. lifetime .. "}"),
        grant.pair("access-2", "refresh-2"), GOOD,
      }
      local client = grant.connect(server, { refresh_token = "refresh-0" })
      local _, err = client.workflows:get "w1"
      assert.equal("protocol", err.kind)
      scene.assert_good(client.workflows:get "w1")
      assert.equal("refresh-1", grant.received(server)[2].refresh_token)
    end)
  end

  it("is sent once, whatever breaks", function()
    local server = scene.serve { connections = { { { "read" }, { "close" } } } }
    local client = grant.connect(server, { refresh_token = "refresh-0", max_retries = 3 })
    local _, err = client.workflows:get "w1"
    assert.equal("network", err.kind)
    assert.equal(1, #server:requests())
  end)
end)

describe("a refresh that is under way", function()
  -- Answers a refresh over some two hundred milliseconds.
  local function slow()
    local pair = grant.pair("access-1", "refresh-1")
    return scene.serve { connections = { { { "read" }, { "drip", pair, 2 }, { "loop" } } } }
  end

  for _, limit in ipairs { "deadline", "timeout" } do
    it("ends whatever the connection's " .. limit, function()
      local file = folder .. "/limit/" .. limit .. ".json"
      local client = grant.connect(slow(), { refresh_token = "refresh-0", store = file, [limit] = 0.05 })
      -- This call ends early; the next one finds the new token, once the refresh has ended.
      client.workflows:get "w1"
      local found = peer.eventually(function()
        client.workflows:get("w1", { [limit] = 5 })
        local text = io.open(file) and peer.read_file(file)
        return text ~= "" and text
      end)
      assert.matches("refresh%-1", found)
    end)
  end

  it("ends and is saved when the script ends", function()
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
    ]], {}, peer.url(server), grant.SECRET, file)
    assert.equal(3, status, output)
    -- Either it had not been sent yet, or its successor is kept.
    if #server:requests() > 0 then assert.matches("refresh%-1", peer.read_file(file)) end
  end)
end)

describe("two people of one app", function()
  it("never share a token, named or not", function()
    local server = scene.answering {
      grant.pair("access-1", "refresh-1"), GOOD, grant.pair("access-2", "refresh-2"), GOOD, GOOD,
      grant.pair("access-3", "refresh-3"), grant.pair("access-4", "refresh-4"), GOOD, GOOD,
    }
    local alice, bob = grant.connect(server, { refresh_token = "alice-0-0" }), grant.connect(server,
      { refresh_token = "bob-0-0-0" })
    scene.assert_good(alice.workflows:get "w1")
    scene.assert_good(bob.workflows:get "w1")
    scene.assert_good(alice.workflows:get "w1")
    assert.same({ "Bearer access-1", "Bearer access-2", "Bearer access-1" }, grant.bearers(server))
    local carol, dave = grant.connect(server), grant.connect(server)
    ironclad.must(carol:exchange("c", { redirect_uri = "x:" }))
    ironclad.must(dave:exchange("d", { redirect_uri = "x:" }))
    scene.assert_good(carol.workflows:get "w1")
    scene.assert_good(dave.workflows:get "w1")
    assert.equal("Bearer access-3", grant.bearers(server)[4])
    assert.equal("Bearer access-4", grant.bearers(server)[5])
  end)
end)
