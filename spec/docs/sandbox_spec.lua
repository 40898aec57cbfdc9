-- The examples of docs/sandbox.md run as they stand.
local peer = require "spec.support.peer"

describe("docs/sandbox.md", function()
  local number = 0
  for example in peer.read_file("docs/sandbox.md"):gmatch "```lua\n(.-)```" do
    number = number + 1
    it("has an example that runs: " .. number, function()
      local output, status = peer.lua(example)
      assert.equal(0, status, output)
      assert.matches("pending\t1\t[^\n]+\n1\n2\n$", output)
    end)
  end

  it("has an example", function() assert.equal(1, number) end)
end)
