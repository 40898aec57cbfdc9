-- The sandbox's conversational search: what a question finds, and which requests are refused.
local local_ironclad = require "spec.support.local_ironclad"

local must, refused = local_ironclad.must, local_ironclad.refused

describe("conversational search", function()
  local sandbox, client

  setup(function()
    sandbox, client = local_ironclad.start()
    for _, one in ipairs(must(client.records:list { pageSize = 100 }).list) do must(client.records:delete(one.id)) end
    local function record(name, days)
      local date = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + days * 24 * 3600)
      must(client.records:create { type = "contract", name = name, properties = {
        expirationDate = { type = "date", value = date },
      } })
    end
    record("Warehouse on Elm Road", 10)
    record("Warehouse in Porto", 200)
    record("Cleaning", -10)
  end)
  teardown(function() sandbox:stop() end)

  local questions = {
    { "Show the contracts with the warehouse in PORTO", { "Warehouse in Porto", "Warehouse on Elm Road" } },
    { "what about elm?", { "Warehouse on Elm Road" } },
    { "Which contracts are there?", {} },
    { "Who sells xylophones", {} },
  }
  for _, case in ipairs(questions) do
    it("answers: " .. case[1], function()
      local answer = must(client.search:conversational { query = case[1] })
      local found = 0
      for id, record in pairs(answer.records) do
        found = found + 1
        assert.are.equal(sandbox.url .. "/records/" .. id, record.url)
        assert.is_truthy(answer.result:find(must(client.records:get(id)).ironcladId, 1, true))
      end
      assert.are.equal(#case[2], found)
      local from = 1
      for _, name in ipairs(case[2]) do
        from = assert(answer.result:find(name, from, true), answer.result)
      end
    end)
  end

  it("finds records by expiration", function()
    local soon = must(client.search:conversational { query = "Which contracts are expiring in the next 30 days?" })
    assert.is_truthy(soon.result:find("Elm Road", 1, true))
    assert.is_nil(soon.result:find("Porto", 1, true) or soon.result:find("Cleaning", 1, true))
    local later = must(client.search:conversational { query = "what expires within 365 days", modelTier = "powerful" })
    assert.is_truthy(later.result:find("Porto", 1, true))
  end)

  local wrong = {
    { { query = "  " }, { 400, "INVALID_PARAM", "query" } },
    { { query = "x" }, { 400, "INVALID_PARAM", "modelTier" }, { extra = { body = { modelTier = "slow" } } } },
    { { query = "x", userTimezone = "Berlin" }, { 400, "INVALID_PARAM", "userTimezone" } },
    { { query = "x", userTimezone = "Mars/Olympus" }, { 400, "INVALID_PARAM", "userTimezone" } },
    { { query = "x", userTimezone = "Europe/" }, { 400, "INVALID_PARAM", "userTimezone" } },
  }
  for i, case in ipairs(wrong) do
    it(("refuses a wrong %s (%d)"):format(case[2][3], i), function()
      refused(case[2], client.search:conversational(case[1], case[3]))
    end)
  end

  it("takes time zones of the IANA database", function()
    for _, zone in ipairs { "UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5" } do
      must(client.search:conversational { query = "x", userTimezone = zone })
    end
  end)

  it("needs all of its three scopes", function()
    local scopes = { "public.search.conversational", "public.records.readRecords", "public.workflows.readWorkflows" }
    for left_out = 1, 3 do
      local some = {}
      for i, scope in ipairs(scopes) do
        if i ~= left_out then some[#some + 1] = scope end
      end
      local limited = local_ironclad.connect(sandbox, { scopes = some })
      refused({ 403, "FORBIDDEN" }, limited.search:conversational { query = "x" })
    end
  end)
end)
