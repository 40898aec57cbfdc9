-- docs/reference.md and the made parts of README.md are what docs/make_reference.lua makes; the last section of the
-- help for Neovim is what docs/make_help.lua makes. They make them from the tables of operations, options and error
-- kinds, so all of these are documented.
local core = require "ironclad.core"
local peer = require "spec.support.peer"

describe("the reference", function()
  local made = dofile "docs/make_reference.lua"

  -- Texts of hundreds of lines: the first that differs says enough.
  local function assert_made(expected, path)
    local text, number = peer.read_file(path), 0
    if text == expected then return end
    local made_lines, lines = (expected .. "\n"):gmatch "(.-)\n", (text .. "\n"):gmatch "(.-)\n"
    repeat
      number = number + 1
      local made_line, line = made_lines(), lines()
    until made_line ~= line
    error(("%s is out of date at line %d: run `make reference`"):format(path, number))
  end

  it("is what `make reference` makes of the tables and the methods", function()
    assert_made(made.reference(), "docs/reference.md")
  end)

  it("is a section of the help for Neovim", function()
    local help = dofile "docs/make_help.lua"
    assert_made(help.help(), help.path)
  end)

  it("has its parts in other documents, and each part that says so is made", function()
    for path in peer.shell("grep -lF '<!-- made by' *.md docs/*.md"):gmatch "%S+" do
      assert.truthy(made.made_parts[path], path)
      assert_made(made.with_made_parts(path, peer.read_file(path)), path)
    end
    for path in pairs(made.made_parts) do assert_made(made.with_made_parts(path, peer.read_file(path)), path) end
  end)

  it("says what each option is for", function()
    for _, option in ipairs(core.option_table()) do
      assert.is_true(#option.text > 0, option.name)
      assert.is_nil(option.text:find "[|\n]", option.name)
      assert.is_true(option.connect or option.clickwrap or option.call, option.name)
    end
  end)

  it("says what each kind of error means, and what to do", function()
    for _, kind in ipairs(core.error_kinds()) do
      assert.is_true(#kind.meaning > 0 and #kind.advice > 0, kind.name)
      assert.is_nil((kind.meaning .. kind.advice):find "[|\n]", kind.name)
    end
  end)
end)
