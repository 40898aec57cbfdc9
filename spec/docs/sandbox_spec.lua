-- The examples of docs/sandbox.md run as they stand.
local peer = require "spec.support.peer"

describe("docs/sandbox.md", function()
  local number = 0
  local expected = { "POST\t/oauth/token\t200\n.*GET\t/public/api/v1/workflows\t503\n", "pending\t1\t[^\n]+\n1\n2\n$" }
  for example in peer.read_file("docs/sandbox.md"):gmatch "```lua\n(.-)```" do
    number = number + 1
    local wanted = expected[number]
    it("has an example that runs: " .. number, function()
      local output, status = peer.lua(example)
      assert.equal(0, status, output)
      assert.matches(wanted, output)
    end)
  end

  it("has examples", function() assert.equal(#expected, number) end)
end)
