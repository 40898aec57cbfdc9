-- JSON of another type than an operation's answer has: a protocol error, never a success.
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

after_each(scene.stop)

local NULL, TRUE, FIVE, TEXT, LIST, OBJECT, PAGE = "null", "true", "5", '"x"', "[]", "{}",
  '{"list":[],"count":0,"page":0,"pageSize":20}'

-- Each row: a name, the call, what it expects, and the answers that are no success.
local calls = {
  { "a resource", function(client) return client.workflows:get "w1" end, "an object",
    { NULL, TRUE, FIVE, TEXT, LIST } },
  { "a change of a resource", function(client) return client.records:update("r1", { name = "n" }) end, "an object",
    { NULL, TRUE, FIVE, TEXT, LIST } },
  { "a page", function(client) return client.workflows:list() end, "an object", { NULL, TRUE, FIVE, TEXT, LIST } },
  { "a list", function(client) return client.entities:list_relationship_types() end, "a list",
    { NULL, TRUE, FIVE, TEXT, OBJECT, PAGE } },
  { "anything else", function(client) return client.records:get_import_predictions { recordId = "r1" } end,
    "an object or a list", { NULL, TRUE, FIVE, TEXT } },
}

local pages = { '{"list":{"a":1}}', '{"list":true}', '{"list":"x"}', '{"list":[],"list":5}' }

describe("an answer of another type", function()
  for _, case in ipairs(calls) do
    local name, call, expected, answers = case[1], case[2], case[3], case[4]
    for _, text in ipairs(answers) do
      it(("is no success: %s for %s"):format(text, name), function()
        local client = scene.connect(scene.answering { peer.json(text) })
        local err = scene.assert_error("protocol", call(client))
        assert.are.equal(("the answer is not %s (status 200)"):format(expected), err.message)
      end)
    end
  end

  for _, text in ipairs(pages) do
    it("is no success as the list of a page: " .. text, function()
      local client = scene.connect(scene.answering { peer.json(text) })
      local err = scene.assert_error("protocol", client.workflows:list())
      assert.are.equal("the answer's list is not a list (status 200)", err.message)
    end)
  end

  it("is taken where any may come", function()
    local _, client = scene.play(peer.json(TRUE), peer.json '{"id":"a"}', peer.json(LIST), peer.json(NULL))
    assert.is_true(client.workflows:update_approval("w1", "r1", { status = "approved" }))
    assert.are.equal("a", client.workflows:update_approval("w1", "r1", { status = "approved" }).id)
    assert.are.same({}, setmetatable(client.records:get_import_predictions { importId = "i1" }, nil))
    assert.is_nil(select(2, client:request("GET", "/public/api/v1/anything")))
  end)

  for _, text in ipairs { PAGE, '{"list":null}', '{"list":{}}', OBJECT } do
    it("is an empty page: " .. text, function()
      local client = scene.connect(scene.answering { peer.json(text) })
      assert.is_nil(select(2, client.workflows:list()))
    end)
  end
end)

describe("an error about an answer", function()
  local ID = "X-Ironclad-RequestId: rid-77"
  local wrong = { -- a name, the answer, the status
    { "that is not JSON", peer.answer(200, { "Content-Type: application/json", ID }, "{"), 200 },
    { "that has no body", peer.answer(200, { ID }, ""), 200 },
    { "of another type", peer.answer(200, { "Content-Type: application/json", ID }, "5"), 200 },
    { "that is a page", peer.answer(200, { "Content-Type: text/html", ID }, "<html>"), 200 },
    { "that breaks off", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n" .. ID .. "\r\n\r\n{", nil },
  }
  for _, case in ipairs(wrong) do
    it("has its status and its id: " .. case[1], function()
      local server = scene.serve { connections = { { { "read" }, { "send", case[2] } } } }
      local value, err = scene.connect(server).workflows:get "w1"
      assert.is_nil(value)
      assert.are.equal(case[3], err.status)
      assert.are.equal("rid-77", err.request_id)
    end)
  end
end)
