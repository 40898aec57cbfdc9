-- docs/reference.md and the made parts of README.md are what docs/make_reference.lua makes. It makes them from the
-- tables of operations, options and error kinds, so all of these are documented.
local core = require "ironclad.core"
local peer = require "spec.support.peer"

describe("the reference", function()
  local made = dofile "docs/make_reference.lua"

  it("is what `make reference` makes of the catalog and the methods", function()
    assert.are.equal(made.reference(), peer.read_file "docs/reference.md", "run `make reference`")
  end)

  it("has its parts in the README", function()
    local readme = peer.read_file "README.md"
    assert.are.equal(made.with_made_parts(readme), readme, "run `make reference`")
    assert.is_truthy(readme:find("wait_download_urls", 1, true))
  end)

  it("says what each option is for", function()
    for _, option in ipairs(core.option_table()) do
      assert.is_true(#option.text > 0, option.name)
      assert.is_nil(option.text:find "[|\n]", option.name)
      assert.is_true(option.connect or option.call, option.name)
    end
  end)

  it("says what each kind of error means, and what to do", function()
    for _, kind in ipairs(core.error_kinds()) do
      assert.is_true(#kind.meaning > 0 and #kind.advice > 0, kind.name)
      assert.is_nil((kind.meaning .. kind.advice):find "[|\n]", kind.name)
    end
  end)
end)
