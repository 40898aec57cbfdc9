-- client.webhooks:ensure: a webhook that is as it should be, however often a program starts.
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local must = local_ironclad.must

local URL = "https://hooks.example/events"

describe("webhooks:ensure", function()
  local sandbox, client

  before_each(function()
    sandbox, client = local_ironclad.start { clock = "2026-03-01T09:00:00Z", deliver_to = "none" }
    for webhook in client.webhooks:each() do must(client.webhooks:delete(webhook.id)) end
  end)
  after_each(function() sandbox:stop() end)

  local function ensure(events, changes)
    local options = { targetURL = URL, events = events }
    for name, value in pairs(changes or {}) do options[name] = value end
    local webhook, err, about = client.webhooks:ensure(options)
    assert.is_nil(err and tostring(err))
    return webhook, about
  end

  it("creates, leaves and updates", function()
    must(client.webhooks:create { events = { "*" }, targetURL = "https://hooks.example/other" })
    local webhook, about = ensure { "workflow_launched" }
    assert.are.same({ action = "created" }, about)
    local again
    again, about = ensure { "workflow_launched" }
    assert.are.same({ webhook.id, "unchanged" }, { again.id, about.action })
    again, about = ensure { "workflow_completed", "workflow_launched" }
    assert.are.same({ webhook.id, "updated" }, { again.id, about.action })
    again, about = ensure { "workflow_launched", "workflow_completed" } -- their order does not matter
    assert.are.same({ webhook.id, "unchanged" }, { again.id, about.action })
    local count = 0
    for _ in client.webhooks:each() do count = count + 1 end
    assert.are.equal(2, count)
    assert.are.equal("enabled", must(again:refresh()).status)
  end)

  it("finds the webhook in another spelling of its URL, and does not take another URL for it", function()
    local function of(url)
      local webhook, about = ensure({ "*" }, { targetURL = url })
      return { webhook.targetURL, about.action }
    end
    for _, url in ipairs { "https://Hooks.example", "https://u@hooks.example:8443/a?b=1", "https://[::1]/" } do
      assert.are.same({ url, "created" }, of(url))
    end
    for url, other in pairs {
      ["https://hooks.example/"] = "https://Hooks.example", ["https://hooks.example:443"] = "https://Hooks.example",
      ["https://HOOKS.EXAMPLE/#a"] = "https://Hooks.example", ["https://[::1]:443"] = "https://[::1]/",
      ["https://u@HOOKS.example:8443/a?b=1"] = "https://u@hooks.example:8443/a?b=1",
    } do
      assert.are.same({ other, "unchanged" }, of(url))
    end
    for _, url in ipairs { "https://U@hooks.example:8443/a?b=1", "https://u@hooks.example:8443/A?b=1",
      "https://u@hooks.example/a?b=1", "https://u@hooks.example:8443/a/?b=1", "https://hooks.example/a" } do
      assert.are.same({ url, "created" }, of(url))
    end
  end)

  it("sends each name once, and compares them as sets", function()
    local webhook, about = ensure { "workflow_launched", "workflow_completed", "workflow_launched" }
    assert.are.same({ 2, "created" }, { #webhook.events, about.action })
    must(webhook:update { events = { "workflow_completed", "workflow_launched", "workflow_completed" } })
    assert.are.equal("unchanged", select(2, ensure { "workflow_launched", "workflow_completed" }).action)
    assert.are.equal("updated", select(2, ensure { "workflow_launched" }).action)
    scene.assert_mistake("events: expected a list: it has the name extra",
      function() ensure { "workflow_launched", extra = "workflow_completed" } end)
  end)

  it("enables a webhook that was disabled, and says why it was", function()
    local webhook = ensure { "*" }
    must(webhook:update { status = "disabled" })
    local again, about = ensure { "*" }
    assert.are.same({ webhook.id, "enabled", "enabled" }, { again.id, again.status, about.action })
    assert.matches("^it was disabled at 2026%-03%-01T09:00:00", about.reason)
    must(webhook:update { status = "disabled" })
    again, about = ensure { "workflow_launched" }
    assert.are.same({ "enabled", "enabled" }, { again.status, about.action })
    assert.are.same({ "workflow_launched" }, { again.events[1], again.events[2] })
  end)

  it("refuses names that are not events, and says which was meant", function()
    local function mistake(message, options)
      local fine, problem = pcall(client.webhooks.ensure, client.webhooks, options)
      assert.is_false(fine)
      assert.is_truthy(problem:find("webhooks:ensure: " .. message, 1, true), problem)
    end
    mistake('events: workflow_launch: unknown event; did you mean "workflow_launched"?',
      { targetURL = URL, events = { "workflow_launch" } })
    mistake("events: expected a list of event names, got an empty table", { targetURL = URL, events = {} })
    mistake("events: expected a list of event names, got nil", { targetURL = URL })
    mistake("events: expected names, got a number", { targetURL = URL, events = { 1 } })
    mistake('targetURL: expected an https URL, got "hooks.example"', { targetURL = "hooks.example", events = { "*" } })
    mistake("targetURL: expected an https URL, got nil", { events = { "*" } })
    mistake('targetUrl: unknown option; did you mean "targetURL"?', { targetUrl = URL, events = { "*" } })
    mistake("options: expected a table, got nil", nil)
  end)

  it("sends names that it does not know when it is told to", function()
    local webhook, err = client.webhooks:ensure { targetURL = URL, events = { "workflow_dreamt" }, strict = false }
    assert.is_nil(webhook)
    assert.are.same({ 400, "events" }, { err.status, err.param }) -- the sandbox knows no more names
  end)

  it("returns the error of a call", function()
    sandbox:fail { operation = "list-all-webhooks", status = 500, times = 1 }
    local webhook, err = client.webhooks:ensure { targetURL = URL, events = { "*" } }
    assert.is_nil(webhook)
    assert.are.equal("server", err.kind)
  end)
end)

describe("webhooks:ensure, when another process is faster", function()
  teardown(scene.stop)

  it("finds the webhook that was registered meanwhile", function()
    local own = ('{"id":"w1","events":["*"],"targetURL":%q,"status":"enabled"}'):format(URL)
    local server = scene.answering {
      peer.json '{"page":0,"pageSize":20,"list":[]}',
      peer.json('{"code":"INVALID_PARAM","message":"there is one","param":"tagetURL"}', 400),
      peer.json('{"page":0,"pageSize":20,"list":[' .. own .. ']}'),
    }
    local client = scene.connect(server, { rate_limit = false })
    local webhook, err, about = client.webhooks:ensure { targetURL = URL, events = { "*" } }
    assert.is_nil(err and tostring(err))
    assert.are.same({ "w1", "unchanged" }, { webhook.id, about.action })
  end)

  it("says why Ironclad disabled it", function()
    local server = scene.answering {
      peer.json(([[{"page":0,"pageSize":20,"list":[{"id":"w1","events":["*"],"targetURL":%q,"status":"disabledBySystem",
        "consecutiveFailureCount":123,"firstConsecutiveFailure":"2026-01-01T00:00:00.000Z",
        "statusLastUpdatedAt":"2026-01-09T00:00:00.000Z","statusLastUpdatedBy":"system"}]}]]):format(URL)),
      peer.json(('{"id":"w1","events":["*"],"targetURL":%q,"status":"enabled"}'):format(URL)),
    }
    local client = scene.connect(server, { rate_limit = false })
    local _, _, about = client.webhooks:ensure { targetURL = URL, events = { "*" } }
    assert.are.equal("Ironclad disabled it at 2026-01-09T00:00:00.000Z, after 123 deliveries in a row had failed since "
      .. "2026-01-01T00:00:00.000Z", about.reason)
    assert.are.equal('{"status":"enabled"}', scene.last(server).body)
  end)
end)
