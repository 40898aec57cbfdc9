-- The text of a field in a table, in CSV and in tab-separated values.
local cells = require "ironclad.command.cells"
local command = require "spec.support.command"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

describe("a cell", function()
  it("has false, wherever the field is", function()
    for _, item in ipairs { { renews = false }, { attributes = { renews = false } },
      { properties = { renews = false } }, { properties = { renews = { type = "boolean", value = false } } },
      { properties = {}, attributes = { renews = false } },
      { attributes = { renews = { { value = false, type = "x" } } } } } do
      assert.are.equal("false", cells.column(item, "renews"))
    end
    assert.are.equal("false", cells.column({ attributes = { term = { renews = false } } }, "term.renews"))
    assert.are.equal("", cells.column({ attributes = {} }, "renews"))
  end)

  it("has false in what the command prints, and is no missing column", function()
    local server = scene.answering {
      peer.json '{"list":[{"id":"t1","name":"T","schema":{"renews":{"type":"boolean"}}}]}',
      peer.json '{"count":1,"list":[{"id":"w1","ironcladId":"IC-1","attributes":{"renews":false}}]}',
    }
    local out, err, status = command.run("workflows list --csv=ironcladId,renews", {
      IRONCLAD_INSTANCE = peer.url(server), IRONCLAD_TOKEN = scene.TOKEN, IRONCLAD_AS_USER = "a@b.example" })
    scene.stop()
    assert.are.same({ "ironcladId,renews\r\nIC-1,false\r\n", "", 0 }, { out, err, status })
  end)
end)
