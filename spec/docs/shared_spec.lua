-- The examples of docs/shared.md run as they stand.
local guide = require "spec.support.guide"
local redis_server = require "spec.support.redis"

describe("docs/shared.md", function()
  local sandbox, server
  setup(function()
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true })
    server = redis_server.start()
  end)
  teardown(function()
    sandbox:stop()
    server:stop()
  end)

  guide.examples(it, "docs/shared.md", { "^%d+ workflows, read within the limits", "^0\tnil" }, {
    environment = function() return guide.environment(sandbox, { REDIS_URL = server.address }) end,
  })
end)
