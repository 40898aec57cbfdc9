-- The sandbox's clock, which can stand still and move on request, and the seed that makes a run repeatable.
local local_ironclad = require "spec.support.local_ironclad"
local sandbox_module = require "ironclad.sandbox"

local must, refused = local_ironclad.must, local_ironclad.refused
local START = "2026-03-01T09:00:00.000Z"

local sandbox

local function start(options)
  sandbox = assert(sandbox_module.start(options))
  return sandbox:connect { max_retries = 0 }
end

after_each(function()
  if sandbox then sandbox:stop() end
  sandbox = nil
end)

describe("the sandbox's clock", function()
  local function comment(client)
    must(client.workflows:create_comment("IC-3", { comment = "when?" }))
    local list = must(client.workflows:list_comments("IC-3")).list
    local newest
    for _, one in ipairs(list) do
      if one.commentMessage == "when?" and (not newest or one.timestamp > newest) then newest = one.timestamp end
    end
    return newest
  end

  it("stands still where it was set, and moves by advance", function()
    local client = start { tls = false, clock = START }
    assert.are.equal(START, comment(client))
    sandbox:advance(90.5)
    assert.are.equal("2026-03-01T09:01:30.500Z", comment(client))
    sandbox:advance(0)
    assert.are.equal("2026-03-01T09:01:30.500Z", comment(client))
  end)

  it("moves by advance while it runs, too", function()
    local client = start { tls = false }
    local before = comment(client)
    sandbox:advance(366 * 24 * 3600)
    assert.is_true(tonumber(comment(client):sub(1, 4)) > tonumber(before:sub(1, 4)))
  end)

  it("expires tokens", function()
    local client = start { tls = false, clock = START, token_seconds = 60 }
    local _, grant = local_ironclad.raw(sandbox, "POST /oauth/token", {}, ('{"grant_type":"client_credentials",'
      .. '"client_id":"%s","client_secret":"%s"}'):format(sandbox.client_id, sandbox.client_secret))
    local mine = sandbox:connect { token = grant:match '"access_token":"([%w-]+)"', max_retries = 0 }
    sandbox:advance(59.9)
    must(mine.oauth:userinfo())
    sandbox:advance(0.1)
    refused({ 401, "UNAUTHORIZED" }, mine.oauth:userinfo())
    must(client.oauth:userinfo())
  end)

  it("only goes forward", function()
    start { tls = false }
    for _, wrong in ipairs { -1, 0 / 0, 1e10, "1" } do
      assert.has_error(function() sandbox:advance(wrong) end)
    end
  end)
end)

describe("a seed", function()
  -- All ids and secrets of a short run.
  local function life(options)
    local client = start(options)
    local record = must(client.records:create { type = "contract", name = "New", properties = {} })
    must(client.workflows:create_comment("IC-3", { comment = "who?" }))
    local seen = { record.id, must(client.workflows:get "IC-3").id }
    for _, one in ipairs(must(client.workflows:list_comments("IC-3")).list) do seen[#seen + 1] = one.id end
    local _, grant, answer = local_ironclad.raw(sandbox, "POST /oauth/token", {}, ('{"client_id":"%s",'
      .. '"grant_type":"client_credentials","client_secret":"%s"}'):format(sandbox.client_id, sandbox.client_secret))
    seen[#seen + 1] = grant
    seen[#seen + 1] = answer:match "x%-ironclad%-requestid: (%S+)"
    seen[#seen + 1] = answer:match "Date: ([^\r]+)"
    seen[#seen + 1] = must(client.webhooks:get_verification_key())
    sandbox:stop()
    return table.concat(seen, " ")
  end

  it("makes a run repeat exactly, together with the clock", function()
    local first = life { tls = false, clock = START, seed = 7 }
    assert.are.equal(first, life { tls = false, clock = START, seed = 7 })
    assert.are_not.equal(first, life { tls = false, clock = START, seed = 8 })
    assert.are_not.equal(life { tls = false, clock = START }, life { tls = false, clock = START })
  end)
end)
