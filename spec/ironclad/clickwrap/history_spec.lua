-- A signer's history at a server with odd answers.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local SITES = peer.json '{"data":[{"id":1,"access_id":"SITE"}],"has_more":false}'

after_each(scene.stop)

it("ends at a server that gives the same page of a signer's history for ever", function()
  local server = scene.answering { SITES, peer.json '{"data":[{"id":7,"event_type":"agreed"}],"has_more":true}' }
  scene.assert_error("protocol", scene.clickwrap(server, { max_retries = 0 }):history "a@b.example")
  assert.are.equal(3, #server:requests())
end)

it("keeps what has no id in a signer's history", function()
  local server = scene.answering { SITES,
    peer.json '{"data":[{"id":null},{"id":null},{"id":5},{"id":5},{}],"has_more":false}' }
  assert.are.equal(4, #ironclad.must(scene.clickwrap(server):history "jane"))
end)
