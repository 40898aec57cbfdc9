-- ironclad.webhook.clickwrap: which requests are believed, and what their events do.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local json = ironclad.json
local TOKEN = "typed into the web app"
local HEADERS = { ["Pactsafe-Webhook-Token"] = TOKEN }

-- An event of each documented kind, as Clickwrap posts it.
local function envelope(name, fields)
  local event = { type = "webhook", id = "64b0", event_type = name, description = "An event", site = 7,
    created_time = "2026-01-31T09:00:00.000Z" }
  for key, value in pairs(fields) do event[key] = value end
  return event
end
local EVENTS = {
  envelope("test_event", { user = 1 }),
  envelope("activity_agreed", { group = 6972, contract = 282, version = "v282", activity = "a1", signer_id = "jané d",
    custom_data = { acceptance_key = "order 1" } }),
  envelope("activity_displayed", { group = 6972, contract = 282, version = "v282", activity = "a2" }),
  envelope("version_published", { version = "v283", contract = 282, user = 1 }),
  envelope("group_published", { group = 6972,
    custom_data = { group_key = "terms", contracts = { 282 }, versions = { "v283" } } }),
  envelope("request_sent", { request = "r1", user = 1 }),
  envelope("request_signed", { request = "r1", signer = "s1" }),
  envelope("request_complete", { request = "r1" }),
  envelope("request_expired", { request = "r1" }),
}

-- An event as a query: what is no table, each value as text.
local function query_of(event)
  local pairs_of = {}
  for name, value in pairs(event) do
    if type(value) ~= "table" then
      local text = tostring(value):gsub("[^%w]", function(byte) return ("%%%02X"):format(byte:byte()) end)
      pairs_of[#pairs_of + 1] = name .. "=" .. text
    end
  end
  return table.concat(pairs_of, "&")
end

local function hook(options)
  options = options or {}
  if options.token == nil then options.token = TOKEN end
  return ironclad.webhook.clickwrap(options)
end

local function fields_of(event)
  local fields = {}
  for name, value in pairs(event) do fields[name] = value end
  return fields
end

describe("a webhook of Clickwrap", function()
  for _, given in ipairs(EVENTS) do
    it("brings " .. given.event_type .. " by POST and by GET", function()
      local event = ironclad.must(hook():unwrap(HEADERS, json.encode(given)))
      assert.are.same(given, fields_of(event))
      assert.are.same({ given.event_type, "64b0" }, { event.name, event.id })
      event = ironclad.must(hook():unwrap(HEADERS, "", { method = "GET", query = query_of(given) }))
      for name, value in pairs(given) do
        if type(value) ~= "table" then assert.are.equal(tostring(value), event[name]) end
      end
      assert.are.equal(given.event_type, event.name)
    end)
  end

  it("reads a query with nested fields", function()
    local event = ironclad.must(hook():unwrap(HEADERS, "", { method = "GET",
      query = "event_type=activity_agreed&contract%5Bid%5D=282&contract[title]=A+B&signer_id=a%2Bb%26c&empty=&flag" }))
    assert.are.same({ event_type = "activity_agreed", contract = { id = "282", title = "A B" }, signer_id = "a+b&c",
      empty = "", flag = "" }, fields_of(event))
  end)

  it("takes headers in any case, and as a list", function()
    local body = json.encode(EVENTS[1])
    assert.is_table(hook():unwrap({ ["pactsafe-webhook-token"] = TOKEN }, body))
    assert.is_table(hook():unwrap({ { "PACTSAFE-WEBHOOK-TOKEN", TOKEN } }, body))
  end)

  for name, headers in pairs {
    ["another token"] = { ["Pactsafe-Webhook-Token"] = "guessed" }, ["no token"] = {},
    ["an empty token"] = { ["Pactsafe-Webhook-Token"] = "" },
    ["a token that is longer"] = { ["Pactsafe-Webhook-Token"] = TOKEN .. "x" },
    ["two tokens"] = { { "Pactsafe-Webhook-Token", TOKEN }, { "Pactsafe-Webhook-Token", "guessed" } },
  } do
    it("does not believe a request with " .. name, function()
      local value, err = hook():unwrap(headers, json.encode(EVENTS[1]))
      scene.assert_error("signature", value, err)
      assert.is_nil(tostring(err):find(TOKEN, 1, true))
      local receiver = hook():receiver { on = { ["*"] = function() error "was called" end } }
      assert.are.equal(401, (receiver:handle(headers, json.encode(EVENTS[1]))))
    end)
  end

  it("may have no token, when the script says so", function()
    assert.is_table(hook { token = false }:unwrap({}, json.encode(EVENTS[1])))
  end)

  for name, row in pairs {
    ["no JSON"] = { "{", "invalid_request" }, ["a list"] = { "[1]", "invalid_request" },
    ["a number"] = { "7", "invalid_request" }, ["null"] = { "null", "invalid_request" },
    ["no event_type"] = { "{}", "invalid_request" }, ["another event_type"] = { '{"event_type":1}', "invalid_request" },
    ["nothing"] = { "", "invalid_request" },
    ["more than 1 MiB"] = { ('{"event_type":"x","text":"%s"}'):format(("x"):rep(1024 * 1024)), "too_large" },
    ["no query"] = { "", "invalid_request", { method = "GET" } },
    ["a query that is too large"] = { "", "too_large", { method = "GET", query = ("x"):rep(70000) } },
    ["too many parameters"] = { "", "too_large", { method = "GET", query = ("a=1&"):rep(1001) } },
    ["a query that is not UTF-8"] = { "", "invalid_request", { method = "GET", query = "event_type=x&a=%FF" } },
  } do
    it("refuses " .. name, function()
      scene.assert_error(row[2], hook():unwrap(HEADERS, row[1], row[3]))
    end)
  end

  it("has a receiver that handles a repeated delivery once, and one that failed again", function()
    local names, fail = {}, true
    local receiver = hook():receiver {
      on = {
        activity_agreed = function(event) names[#names + 1] = event.signer_id end,
        ["*"] = function(event)
          names[#names + 1] = event.name
          if fail then error "not now" end
        end,
      },
    }
    local agreed, test = json.encode(EVENTS[2]), json.encode(envelope("test_event", { id = "64b1" }))
    assert.are.equal(200, (receiver:handle(HEADERS, agreed)))
    assert.are.equal(200, (receiver:handle(HEADERS, agreed)))
    assert.are.equal(500, (receiver:handle(HEADERS, test)))
    fail = false
    assert.are.equal(200, (receiver:handle(HEADERS, test)))
    assert.are.equal(200, (receiver:handle(HEADERS, test)))
    assert.are.same({ "jané d", "test_event", "test_event" }, names)
  end)

  it("tells events without an id by what they say", function()
    local count = 0
    local receiver = hook():receiver { on = { ["*"] = function() count = count + 1 end } }
    for _, body in ipairs { '{"event_type":"a"}', '{"event_type":"a"}', '{"event_type":"b"}' } do
      assert.are.equal(200, (receiver:handle(HEADERS, body)))
    end
    assert.are.equal(2, count)
  end)

  it("passes an event to the function of its event_type, whatever other fields it has", function()
    local handled = {}
    local receiver = hook():receiver { strict = false, on = {
      test_event = function() handled[#handled + 1] = "test" end,
      version_published = function() handled[#handled + 1] = "version" end,
    } }
    local body = '{"event_type":"test_event","name":"version_published","resource":1}'
    assert.are.equal(200, (receiver:handle(HEADERS, body)))
    assert.are.equal(200, (receiver:handle(HEADERS, "", { method = "GET",
      query = "event_type=version_published&name=test_event" })))
    assert.are.same({ "test", "version" }, handled)
    assert.matches("test_event$", tostring(hook():unwrap(HEADERS, body)))
    assert.are.equal("event a b c␛[0m", tostring(hook():unwrap(HEADERS, '{"id":"a\\nb","event_type":"c\\u001b[0m"}')))
  end)

  it("has events that fetch what they are about", function()
    local server = scene.answering { peer.json '{"id":"a1","event_type":"agreed"}', peer.json '{"id":"v283"}' }
    local cw = ironclad.clickwrap { site_access_id = "the-site", api_token = scene.TOKEN,
      activity_host = peer.url(server), rest_host = peer.url(server) }
    assert.are.equal("agreed", ironclad.must(ironclad.must(hook():unwrap(HEADERS, json.encode(EVENTS[2])))
      :resource(cw)).event_type)
    local published = ironclad.must(hook { clickwrap = cw }:unwrap(HEADERS, json.encode(EVENTS[4])))
    assert.are.equal("v283", ironclad.must(published:resource()).id)
    assert.are.same({ "GET /v1.1/activity/a1", "GET /v1.1/versions/v283" }, scene.targets(server))
    scene.assert_error("not_found", ironclad.must(hook():unwrap(HEADERS, json.encode(EVENTS[1]))):resource(cw))
    scene.stop()
  end)

  -- What an event says -> what its resource cannot be, whatever it says.
  local other = ironclad.connect { instance = "na1", token = scene.TOKEN, as_user = false }
  local cw = ironclad.clickwrap { site_access_id = "s", environment = "demo" }
  for name, row in pairs {
    ["nothing"] = { {}, cw }, ["a service that the client does not have"] = { { group = 1 }, other },
    ["a number that is too large"] = { { group = { id = 1e17 } }, cw }, ["half a number"] = { { group = 1.5 }, cw },
    ["a dot"] = { { contract = "." }, cw }, ["two dots"] = { { activity = ".." }, cw },
    ["a control character"] = { { version = "a\nb" }, cw }, ["null"] = { { request = ironclad.null }, cw },
    ["a payload with a number"] = { { payload = { workflowID = 2 ^ 60 } }, other },
    ["a payload with two dots"] = { { payload = { recordID = ".." } }, other },
  } do
    it("has no resource, and raises nothing, with an id that is " .. name, function()
      row[1].event_type = "x\r\n[error] all is lost\27[2J"
      local event = ironclad.must(hook():unwrap(HEADERS, json.encode(row[1])))
      local err = scene.assert_error("not_found", event:resource(row[2]))
      assert.is_nil(tostring(err):find "%c")
    end)
  end

  it("has an inbox, in which events keep their names", function()
    local folder, names = peer.temporary_folder(), {}
    local receiver = hook():receiver { inbox = folder,
      on = { ["*"] = function(event) names[#names + 1] = event.name end } }
    assert.are.equal(200, (receiver:handle(HEADERS, json.encode(EVENTS[2]))))
    assert.are.equal(200, (receiver:handle(HEADERS, "",
      { method = "GET", query = query_of(envelope("test_event", { id = "64b1" })) })))
    receiver:work()
    table.sort(names)
    assert.are.same({ "activity_agreed", "test_event" }, names)
    peer.remove_folder(folder)
  end)

  for message, call in pairs {
    ["token: expected the webhook's secret, or false for none, got nil"] =
      function() ironclad.webhook.clickwrap {} end,
    ["token: expected the webhook's secret, or false for none, got an empty string"] =
      function() ironclad.webhook.clickwrap { token = "" } end,
    ['tokn: unknown option; did you mean "token"?'] = function() ironclad.webhook.clickwrap { tokn = "x" } end,
    ["raw_body: expected the bytes of the body as a string, got nil"] = function() hook():unwrap({}) end,
    ["clickwrap: expected a client of ironclad.clickwrap, got a table"] =
      function() hook { clickwrap = { connection = 1 } } end,
    ["clickwrap: expected a client of ironclad.clickwrap, got a string"] = function() hook { clickwrap = "cw" } end,
    ["clickwrap: expected a client of ironclad.clickwrap, got one of ironclad.connect"] =
      function() hook { clickwrap = ironclad.connect { instance = "na1", token = scene.TOKEN, as_user = false } } end,
    ["event:resource: client: expected a client, got a table"] =
      function() ironclad.must(hook():unwrap(HEADERS, json.encode(EVENTS[2]))):resource {} end,
    ["event:resource: client: expected a client, got a string"] =
      function() ironclad.must(hook():unwrap(HEADERS, json.encode(EVENTS[2]))):resource "cw" end,
    ['activity_agree: unknown event; did you mean "activity_agreed"?'] =
      function() hook():receiver { on = { activity_agree = print } } end,
  } do
    it("raises a mistake: " .. message, function()
      local fine, raised = pcall(call)
      assert.is_false(fine)
      assert.is_truthy(raised:find(message, 1, true), raised)
      assert.matches("webhook_spec%.lua:%d+: ", raised)
    end)
  end
end)

describe("new terms that a webhook reports", function()
  local ALL, LAST = peer.json '{"282":true}', peer.json '{"282":"v282"}'
  after_each(scene.stop)

  -- The event -> the groups of which the cache has been dropped.
  for name, row in pairs {
    version_published = { EVENTS[4], { terms = true, orders = true } },
    group_published = { EVENTS[5], { terms = true } },
    ["group_published without a key"] =
      { envelope("group_published", { group = 6972 }), { terms = true, orders = true } },
    ["group_published, with the group's table"] =
      { envelope("group_published", { group = { id = 6972, key = "orders" } }), { orders = true } },
    ["group_published, with an id that is too large"] =
      { envelope("group_published", { group = 1e17, custom_data = { group_key = "terms" } }), { terms = true } },
    ["group_published, with an id that is none"] =
      { envelope("group_published", { group = -1.5, custom_data = { group_key = "terms" } }), { terms = true } },
    activity_agreed = { EVENTS[2], {} }, test_event = { EVENTS[1], {} },
  } do
    it("drop what is kept: " .. name, function()
      local server = scene.answering { ALL, LAST, ALL, LAST, ALL, LAST, ALL, LAST }
      local cw = ironclad.clickwrap { site_access_id = "the-site", activity_host = peer.url(server),
        rest_host = peer.url(server) }
      local function asks(group)
        local before = #server:requests()
        ironclad.must(cw:accepted("jane", group, { cache = 60 }))
        return #server:requests() > before or nil
      end
      asks "terms"
      asks "orders"
      local receiver = hook { clickwrap = cw }:receiver { on = { ["*"] = function() end } }
      assert.are.equal(200, (receiver:handle(HEADERS, json.encode(row[1]))))
      assert.are.same(row[2], { terms = asks "terms", orders = asks "orders" })
    end)
  end

  it("are answered 503 when the store of cw:accepted raises an error", function()
    local cw = ironclad.clickwrap { site_access_id = "s", environment = "demo" }
    local fail = function() error "the store is gone" end
    cw:cache_in { get = fail, set = fail, add = fail, delete = fail }
    local problems = {}
    local receiver = hook { clickwrap = cw }:receiver { on = { ["*"] = error },
      on_error = function(event, err) problems[#problems + 1] = { event, err } end }
    assert.are.equal(503, (receiver:handle(HEADERS, json.encode(EVENTS[4]))))
    assert.is_nil(problems[1][1])
    assert.matches("the store is gone", tostring(problems[1][2]))
  end)
end)
