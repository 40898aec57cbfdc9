-- docs/reference.md is what docs/make_reference.lua makes.
local peer = require "spec.support.peer"

describe("the reference", function()
  it("is what `make reference` makes of the catalog and the methods", function()
    local make = dofile "docs/make_reference.lua"
    assert.are.equal(make(), peer.read_file "docs/reference.md", "run `make reference`")
  end)
end)
