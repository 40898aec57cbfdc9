-- docs/reference.md, and its summary in README.md, are what docs/make_reference.lua makes.
local peer = require "spec.support.peer"

describe("the reference", function()
  local made = dofile "docs/make_reference.lua"

  it("is what `make reference` makes of the catalog and the methods", function()
    assert.are.equal(made.reference(), peer.read_file "docs/reference.md", "run `make reference`")
  end)

  it("has its summary in the README", function()
    local readme = peer.read_file "README.md"
    assert.are.equal(made.with_summary(readme), readme, "run `make reference`")
    assert.is_truthy(readme:find("wait_download_urls", 1, true))
  end)
end)
