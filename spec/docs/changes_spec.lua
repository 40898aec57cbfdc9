-- The examples of docs/changes.md run as they stand.
local guide = require "spec.support.guide"
local peer = require "spec.support.peer"

describe("docs/changes.md", function()
  local sandbox, folder
  setup(function()
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true })
    folder = peer.temporary_folder()
  end)
  teardown(function()
    sandbox:stop()
    peer.remove_folder(folder)
  end)

  local has_tasks = _VERSION ~= "Lua 5.1" or rawget(_G, "jit")
  guide.examples(it, "docs/changes.md", { "record IC%-%d+", "workflow IC%-%d+ .* Complete", "^$" }, {
    environment = function() return guide.environment(sandbox) end,
    folder = function() return folder end,
    runs_here = function(example) return has_tasks or not example:find("ironclad.spawn", 1, true) end,
  })
end)
