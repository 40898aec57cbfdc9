-- The shared list in plain Lua.
local host = require "spec.support.host"
local peer = require "spec.support.peer"

describe("plain Lua", function()
  local scene = host.scene()
  local text = peer.lua('io.write(require("spec.hosts.shared").run(dofile(... .. "/settings.lua")))', {}, scene.folder)
  scene.stop()
  for _, result in ipairs(host.results(text)) do
    it(result.name, function() assert.is_true(result.ok, result.text) end)
  end
end)
