-- The examples of docs/events.md run as they stand.
local peer = require "spec.support.peer"

-- What each prints, as patterns.
local printed = {
  "listening at .-launched: workflow IC%-%d+ \"Mutual NDA with Acme\" Review\n",
  "200\treceived\n\nfailed: event .-the database is down\nfailed: .-\tdead\t2\t.-the database is down",
  "created\tnil\nunchanged\tnil\nenabled\tit was disabled at [^\n]+\n$",
  "workflow_completed\t[^\n]+\nnil\tsignature\tsignature\n$",
}

describe("docs/events.md", function()
  local number = 0
  for example in peer.read_file("docs/events.md"):gmatch "```lua\n(.-)```" do
    number = number + 1
    local wanted = printed[number]
    it("has an example that runs: " .. number, function()
      local output, status = peer.lua(example)
      assert.equal(0, status, output)
      assert.matches(wanted, output)
    end)
  end

  it("has examples", function() assert.equal(#printed, number) end)
end)
