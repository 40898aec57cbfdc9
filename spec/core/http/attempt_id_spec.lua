-- X-Request-Id: an id of our own for each attempt, in hooks, errors, responses and the log.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local GOOD = scene.GOOD
local UUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-8%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

after_each(scene.stop)

-- What each request has sent as X-Request-Id.
local function sent(server)
  local list = {}
  for i, request in ipairs(server:requests()) do list[i] = request.headers["x-request-id"] or "none" end
  return list
end

describe("X-Request-Id", function()
  it("is another one for each attempt, and the hooks know each", function()
    local server = scene.answering { peer.json("{}", 503), GOOD }
    local requests, responses, retried = {}, {}, nil
    local client = scene.connect(server, {
      max_retries = 1,
      on_request = function(event) requests[#requests + 1] = event.attempt_id end,
      on_response = function(event) responses[#responses + 1] = event.attempt_id end,
      on_retry = function(event) retried = event.attempt_id end,
    })
    local value, err, response = client.workflows:get "w1"
    scene.assert_good(value, err)
    local ids = sent(server)
    assert.are.equal(2, #ids)
    assert.are_not.equal(ids[1], ids[2])
    for _, id in ipairs(ids) do assert.matches(UUID, id) end
    assert.are.same({ ids, ids }, { requests, responses })
    assert.are.same({ ids[1], ids[2] }, { retried, response.attempt_id })
  end)

  it("of the last attempt is in the error, beside Ironclad's own id", function()
    local failure = peer.json("{}", 500, { "x-ironclad-requestid: theirs" })
    local server = scene.answering { failure, failure }
    local err = scene.assert_error("server", scene.connect(server, { max_retries = 1 }).workflows:get "w1")
    assert.are.same({ sent(server)[#sent(server)], "theirs" }, { err.attempt_id, err.request_id })
  end)

  it("is in the error when no answer came", function()
    local server = scene.serve { connections = { { { "read" }, { "close" } } } }
    local err = scene.assert_error("network", scene.launch(scene.connect(server)))
    assert.are.same({ err.attempt_id }, sent(server))
  end)

  it("of a token's request is in the error of the call that needed it", function()
    local server = scene.answering { peer.json('{"error":"invalid_client"}', 401) }
    local err = scene.assert_error("auth", scene.connect_by_secret(server).workflows:get "w1")
    assert.are.same({ err.attempt_id }, sent(server))
  end)

  it("that the script gives is sent instead", function()
    local server = scene.answering { GOOD, peer.json("{}", 404) }
    local client = scene.connect(server):with { headers = { ["x-request-ID"] = "mine-7" } }
    scene.assert_good(client.workflows:get "w1")
    local err = scene.assert_error("not_found", client.workflows:get "w1")
    assert.are.same({ "mine-7", "mine-7" }, sent(server))
    assert.are.equal("mine-7", err.attempt_id)
  end)

  it("is sent to Clickwrap, too", function()
    local server = scene.answering { peer.json("{}", 404) }
    local err = scene.assert_error("not_found", scene.clickwrap(server).contracts:get "1")
    assert.are.same({ err.attempt_id }, sent(server))
    assert.matches(UUID, err.attempt_id)
  end)

  it("does not go to another host", function()
    local server = scene.answering { peer.answer(404) }
    local client = ironclad.connect { instance = "na1", token = scene.TOKEN, as_user = false }
    local _, err = client:download(peer.url(server) .. "/file", { to = function() end })
    assert.are.equal("not_found", err.kind)
    assert.are.same({ "none" }, sent(server))
    assert.is_nil(err.attempt_id)
  end)
end)
