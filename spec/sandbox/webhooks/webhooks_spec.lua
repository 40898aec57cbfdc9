-- The sandbox's webhooks: registering, finding, changing and deleting them, and the key of their signatures.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"

local must, refused = local_ironclad.must, local_ironclad.refused

local sandbox, client

before_each(function() sandbox, client = local_ironclad.start() end)
after_each(function() sandbox:stop() end)

local function create(changes, options)
  local body = { events = { "workflow_launched" }, targetURL = "https://example.com/hook" }
  for name, value in pairs(changes or {}) do body[name] = value end
  return client.webhooks:create(body, options)
end

local function targets(options)
  local list = {}
  for i, webhook in ipairs(must(client.webhooks:list(options)).list) do list[i] = webhook.targetURL end
  return list
end

describe("a webhook", function()
  it("is registered with what the service shows of it", function()
    local webhook, err, response = create { events = { "workflow_launched", "workflow_completed" } }
    must(webhook, err)
    assert.are.equal(200, response.status)
    assert.is_truthy(webhook.id:find "^%x+$" and #webhook.id == 24)
    assert.is_truthy(webhook.statusLastUpdatedAt:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$")
    assert.are.same({ "workflow_launched", "workflow_completed" }, webhook.events)
    assert.are.same({ "oauth", "clientCredentials" }, webhook.tags)
    assert.are.same({ "https://example.com/hook", "enabled", 0 },
      { webhook.targetURL, webhook.status, webhook.consecutiveFailureCount })
    assert.are.equal(must(client.oauth:userinfo()).id, webhook.statusLastUpdatedBy)
    assert.are.equal(must(client.oauth:company_info()).companyId, webhook.companyId)
    assert.are.same(webhook, must(client.webhooks:get(webhook.id)))
  end)

  local wrong = {
    { {}, { 400, "INVALID_PARAM", "events" }, { extra = { body = { events = { "workflow.launched" } } } } },
    { {}, { 400, "INVALID_PARAM", "events" }, { extra = { body = { events = { "workflow_launched", 1 } } } } },
    { { events = ironclad.array {} }, { 400, "INVALID_PARAM", "events" } },
    { { targetURL = "http://example.com/hook" }, { 400, "INVALID_PARAM", "targetURL" } },
    { { targetURL = "https:///hook" }, { 400, "INVALID_PARAM", "targetURL" } },
    { { targetURL = "https://exa mple.com" }, { 400, "INVALID_PARAM", "targetURL" } },
    { {}, { 400, "INVALID_PARAM", "status" }, { extra = { body = { status = "disabledBySystem" } } } },
  }
  for i, case in ipairs(wrong) do
    it(("is refused with %s (%d)"):format(case[2][3], i), function()
      refused(case[2], create(case[1], case[3]))
      local webhook = must(create())
      refused(case[2], client.webhooks:update(webhook.id, case[1], case[3]))
      assert.are.same(webhook, must(client.webhooks:get(webhook.id)))
    end)
  end

  it("names the events there are when one is wrong", function()
    local err = refused({ 400, "INVALID_PARAM", "events" }, create({}, { extra = { body = { events = { "x" } } } }))
    assert.is_truthy(err.message:find("*, workflow_launched", 1, true))
    assert.is_truthy(err.message:find("obligation_created", 1, true))
    must(create { events = { "*" } })
  end)

  it("has a unique target", function()
    local first = must(create())
    local err = refused({ 400, "INVALID_PARAM", "tagetURL" }, create { events = { "*" } })
    assert.is_truthy(err.message:find("workflow_launched and target https://example.com/hook", 1, true))
    local second = must(create { targetURL = "https://example.com/second" })
    refused({ 400, "INVALID_PARAM", "tagetURL" }, client.webhooks:update(second.id, { targetURL = first.targetURL }))
    must(client.webhooks:update(first.id, { targetURL = first.targetURL, status = "disabled" }))
    must(client.webhooks:delete(first.id))
    must(create())
  end)

  it("changes in what is named and nothing else", function()
    local webhook = must(create())
    local changed = must(client.webhooks:update(webhook.id, { events = { "*" } }))
    assert.are.same({ { "*" }, webhook.targetURL, "enabled", webhook.statusLastUpdatedAt },
      { changed.events, changed.targetURL, changed.status, changed.statusLastUpdatedAt })
    changed = must(client.webhooks:update(webhook.id, { targetURL = "https://a.example/", status = "disabled" }))
    assert.are.same({ "https://a.example/", "disabled" }, { changed.targetURL, changed.status })
    assert.are.same(changed, must(client.webhooks:get(webhook.id)))
  end)

  it("ends with its deletion", function()
    local webhook = must(create())
    assert.is_true(must(client.webhooks:delete(webhook.id)))
    refused({ 400, "NOT_FOUND" }, client.webhooks:get(webhook.id))
    refused({ 400, "NOT_FOUND" }, client.webhooks:update(webhook.id, { status = "enabled" }))
    refused({ 400, "NOT_FOUND" }, client.webhooks:delete(webhook.id))
  end)

  it("says by which grant it was registered", function()
    local person = local_ironclad.connect(sandbox, { grant = "authorization_code" })
    local there = { redirect_uri = "http://127.0.0.1/callback" }
    local url, state = person:authorize_url(there)
    must(person:exchange(assert(sandbox:consent { url = url }), { state = state, redirect_uri = there.redirect_uri }))
    local webhook = must(person.webhooks:create { events = { "*" }, targetURL = "https://example.com/person" })
    assert.are.same({ "oauth", "authorizationCode" }, webhook.tags)
  end)
end)

describe("the list of webhooks", function()
  it("is sorted by target, paged, without a count", function()
    local known = #targets { pageSize = 100 }
    for _, name in ipairs { "c", "a", "b" } do must(create { targetURL = "https://zz.example/" .. name }) end
    local page = must(client.webhooks:list { page = 1, pageSize = known + 2 })
    assert.are.same({ 1, known + 2, 1 }, { page.page, page.pageSize, #page.list })
    assert.is_nil(page.count)
    local all = targets { pageSize = 100 }
    assert.are.same({ "https://zz.example/a", "https://zz.example/b", "https://zz.example/c" },
      { all[known + 1], all[known + 2], all[known + 3] })
    assert.are.same({}, targets { page = 7, pageSize = 100 })
  end)
end)

describe("the verification key", function()
  it("is one RSA key in PEM for as long as the sandbox lives", function()
    local key, err, response = client.webhooks:get_verification_key()
    must(key, err)
    assert.are.equal("application/x-pem-file; charset=utf-8", response.headers["content-type"])
    local base64 = key:match "^%-%-%-%-%-BEGIN PUBLIC KEY%-%-%-%-%-\n(.*)\n%-%-%-%-%-END PUBLIC KEY%-%-%-%-%-\n$"
    assert.are.equal(392, #base64:gsub("\n", ""), "2048 bits as SPKI are 294 bytes")
    assert.are.equal(key, must(client.webhooks:get_verification_key()))
  end)
end)
