-- What the tables declare has an effect: every option is read, and every kind of error is reported, somewhere in src.
local core = require "ironclad.core"
local peer = require "spec.support.peer"

describe("src", function()
  local source

  setup(function()
    local texts = {}
    for path in peer.shell("find src -name '*.c' -o -name '*.lua'"):gmatch "[^\n]+" do
      texts[#texts + 1] = peer.read_file(path)
    end
    source = table.concat(texts, "\n")
  end)

  local function has(before, word) return source:find(before .. word .. "%f[^%w_]") ~= nil end

  it("reads every option", function()
    for _, option in ipairs(core.option_table()) do
      assert.is_true(has("[.\"']", option.name) or has("%->", option.name), option.name)
    end
  end)

  it("reports every kind of error", function()
    local count = 0
    for constant, name in peer.read_file("src/core/base/error_kinds.def"):gmatch '\nKIND%(([%u_]+),%s*"([%l_]+)"' do
      count = count + 1
      assert.is_true(has("IC_ERR_", constant) or has('"', name), name)
    end
    assert.is_true(count >= #core.error_kinds())
  end)
end)
