-- The examples of docs/shared.md run as they stand.
local guide = require "spec.support.guide"
local ironclad = require "ironclad"
local redis = require "ironclad.shared.redis"
local redis_server = require "spec.support.redis"
local shared_seen = require "ironclad.shared.seen"

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

  it("has the rights of a user, which are enough for all, and not for other keys", function()
    local rights = guide.blocks("docs/shared.md")
    for _, block in ipairs(rights) do
      if block.language == "redis" then rights = block.text end
    end
    server:command((rights:gsub("%S+", "'%0'"):gsub("PASSWORD", "SECRET-p")))
    local address = server.address:gsub("unix://", "unix://ironclad:SECRET-p@")
    local client = sandbox:connect { shared = address }
    ironclad.must(client.workflows:list { pageSize = 1 })
    local receiver = client.webhooks:receiver { inbox = "shared", company = false, on = { ["*"] = error } }
    for _, id in ipairs { "a", "b" } do assert(receiver:inbox():put(id, "{}")) end
    assert.equal(2, (receiver:work()))
    assert.equal(2, #assert(receiver:inbox():list()))
    assert.is_true(receiver:inbox():retry "a")
    assert.is_true(receiver:inbox():remove "b")
    receiver.on["*"] = function() end
    assert.equal(1, (receiver:work()))
    local seen = shared_seen.open(client)
    assert.equal("new", seen:claim "c")
    assert.is_true(seen:done "c")
    assert.is_truthy(client.records:changes { state = "shared" }())
    ironclad.must(client:logout())
    assert.equal("", server:command "acl log")
    local _, err = redis.command(client, { "GET", "other" })
    assert.is_truthy(tostring(err):find("NOPERM", 1, true), tostring(err))
  end)
end)
