-- A signer's history at a server that never ends.
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

after_each(scene.stop)

it("ends at a server that gives the same page of a signer's history for ever", function()
  local server = scene.answering {
    peer.json '{"data":[{"id":1,"access_id":"SITE"}],"has_more":false}',
    peer.json '{"data":[{"id":7,"event_type":"agreed"}],"has_more":true}',
  }
  scene.assert_error("protocol", scene.clickwrap(server, { max_retries = 0 }):history "a@b.example")
  assert.are.equal(3, #server:requests())
end)
