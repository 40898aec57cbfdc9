-- Every kind of event of Clickwrap: the sandbox emits it when that happens, by POST and by GET, and
-- ironclad.webhook.clickwrap receives it.
local http = require "spec.support.http"
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"

local must = local_ironclad.must
local TOKEN = "typed into the web app"

local sandbox, cw

before_each(function()
  sandbox = local_ironclad.start { clock = "2026-01-31T09:00:00Z", seed = 7 }
  cw = sandbox:clickwrap { rate_limit = false, max_retries = 0 }
end)
after_each(function() sandbox:stop() end)

-- What happens -> { the events that it causes, in this order }.
local happenings = {
  { events = { "test_event" }, run = function(about) sandbox:clickwrap_test_webhook(about.integration) end },
  { events = { "activity_agreed", "activity_agreed" }, run = function(about)
    must(cw:accept { signer = about.signer, group = "terms", custom = { plan = "pro" }, key = "order 1" })
  end },
  { events = { "activity_disagreed", "activity_disagreed" }, run = function(about)
    must(cw:decline { signer = about.signer, group = "terms" })
  end },
  { events = { "activity_displayed", "activity_displayed" }, run = function()
    must(cw:displayed { group = "terms" })
  end },
  { events = { "activity_visited", "activity_visited" }, run = function() must(cw:visited { group = "terms" }) end },
  { events = { "activity_sent", "activity_sent" }, run = function(about)
    must(cw:sent { signer = about.signer, group = "terms" })
  end },
  { events = { "activity_updated" }, run = function(about) must(cw:update_signer(about.signer, { title = "Ms" })) end },
  { events = { "version_published" }, run = function(about)
    local contract = must(cw.contracts:get(about.contract))
    must(contract:create_version { title = contract.title, body = "<p>New</p>", is_major_version = true })
    must(contract:publish_latest_version())
  end },
  { events = { "group_published" }, run = function() must(must(cw.groups:list()).data[1]:publish()) end },
  { events = { "request_sent" }, run = function(about)
    about.request = must(cw.sites:create_request(must(cw:site()), { name = "NDA", contracts = { about.contract },
      signers = { { signer_id = about.signer }, { signer_id = "joe" } } }))
    must(about.request:send())
  end },
  { events = { "activity_agreed", "request_signed" }, run = function(about)
    sandbox:clickwrap_sign { request = about.request.id, signer = about.signer }
  end },
  { events = { "activity_agreed", "request_signed", "request_complete" }, run = function(about)
    sandbox:clickwrap_sign { request = about.request.id, signer = "joe" }
  end },
  { events = { "request_sent" }, run = function(about)
    about.late = must(cw.sites:create_request(must(cw:site()), { signers = { { signer_id = about.signer } } }))
    must(about.late:send())
  end },
  { events = { "request_expired" }, run = function()
    sandbox:advance(31 * 24 * 3600)
    sandbox:clickwrap_settings()
  end },
}

-- Lets everything happen while a receiver listens -> the events that it got, in order, and what they are about.
local function receive(method)
  local got, wanted, about = {}, {}, { signer = "jané d/1@example.com" }
  for _, happening in ipairs(happenings) do
    for _, name in ipairs(happening.events) do wanted[#wanted + 1] = name end
  end
  local stop
  local receiver = ironclad.webhook.clickwrap({ token = TOKEN, clickwrap = cw }):receiver {
    on = { ["*"] = function(event) got[#got + 1] = event end },
  }
  assert.is_true(receiver:serve {
    port = 0, log = false,
    on_listen = function(server)
      stop = server
      about.integration = sandbox:clickwrap_webhook { url = ("http://127.0.0.1:%d/"):format(server:port()),
        token = TOKEN, method = method }.id
      about.contract = must(cw.acceptance:load_json { gkey = "terms" }).contracts[1]
      for _, happening in ipairs(happenings) do happening.run(about) end
    end,
    on_request = function(status)
      assert.are.equal(200, status)
      if #got == #wanted then stop:stop() end
    end,
  })
  local names = {}
  for i, event in ipairs(got) do names[i] = event.name end
  assert.are.same(wanted, names)
  return got, about
end

local function first(events, name)
  for _, event in ipairs(events) do
    if event.name == name then return event end
  end
end

it("by POST, with everything that an event is about", function()
  local events, about = receive "POST"
  local agreed = first(events, "activity_agreed")
  assert.are.equal(about.signer, agreed.signer_id)
  assert.are.same({ plan = "pro", acceptance_key = "order 1" }, agreed.custom_data)
  assert.are.equal("terms", agreed.group.key)
  assert.are.equal(about.contract, agreed.contract.id)
  assert.are.equal(agreed.activity.id, must(agreed:resource()).id)
  assert.are.equal("2.0", first(events, "version_published").version.full_version_number)
  assert.are.equal("terms", first(events, "group_published").custom_data.group_key)
  assert.are.equal("jane.doe@example.com", first(events, "test_event").user.email)
  for _, name in ipairs { "request_sent", "request_signed", "request_complete" } do
    assert.are.equal(about.request.id, first(events, name).request.id)
  end
  assert.are.equal(about.signer, first(events, "request_signed").signer.signer_id)
  assert.are.equal("NDA", must(first(events, "request_complete"):resource()).name)
  assert.are.equal(about.late.id, first(events, "request_expired").request.id)
end)

it("by GET, with ids in the place of things", function()
  local events, about = receive "GET"
  local agreed = first(events, "activity_agreed")
  assert.are.equal(about.signer, agreed.signer_id)
  assert.is_nil(agreed.custom_data)
  assert.are.equal(("%d"):format(about.contract), agreed.contract)
  assert.are.equal(agreed.activity, must(agreed:resource()).id)
  assert.are.equal(about.signer, first(events, "request_signed").signer)
  assert.are.equal(about.request.id, first(events, "request_complete").request)
  assert.are.equal(about.late.id, first(events, "request_expired").request)
end)

it("an integration gets the kinds that it wants", function()
  sandbox:clickwrap_webhook { url = "http://127.0.0.1:9/", events = { "request_sent" } }
  local other = sandbox:clickwrap_webhook { url = "http://127.0.0.1:9/other", events = { "group_published" } }.id
  must(must(cw.sites:create_request(must(cw:site()), {})):send())
  sandbox:clickwrap_test_webhook(other)
  local seen = {}
  for i, delivery in ipairs(sandbox:deliveries()) do
    assert.are.same({ ["Content-Type"] = "application/json" }, delivery.headers)
    seen[i] = delivery.event .. " " .. delivery.url
  end
  table.sort(seen)
  assert.are.same({ "request_sent http://127.0.0.1:9/", "test_event http://127.0.0.1:9/other" }, seen)
end)

describe("a signature request", function()
  local function refused(message, call)
    local fine, problem = pcall(call)
    assert.is_false(fine)
    assert.is_truthy(problem:find(message, 1, true), problem)
  end

  it("is signed once by each signer, after it was sent and before its time is over", function()
    local contract = must(cw.acceptance:load_json { gkey = "terms" }).contracts[1]
    local request = must(cw.sites:create_request(must(cw:site()), { contracts = { contract },
      signers = { { signer_id = "jane" } } }))
    local function sign(signer, id)
      return function() sandbox:clickwrap_sign { request = id or request.id, signer = signer or "jane" } end
    end
    refused("not sent yet", sign())
    must(request:send())
    refused("has no such signer", sign "joe")
    refused("there is no request 'r1'", sign("jane", "r1"))
    sign()()
    refused("has signed already", sign())
    assert.are.equal(contract, must(cw:history "jane")[1].contract)
    local _, err = request:send()
    assert.are.equal(400, err.status)

    sandbox:clickwrap_settings { request_seconds = 60 }
    local late = must(cw.sites:create_request(must(cw:site()), { signers = { { signer_id = "jane" } } }))
    must(late:send())
    sandbox:advance(60)
    refused("or is over", sign("jane", late.id))
  end)

  it("needs no contract", function()
    local request = must(cw.sites:create_request(must(cw:site()), { signers = { { signer_id = "jane" } } }))
    must(request:send())
    sandbox:clickwrap_sign { request = request.id, signer = "jane" }
    assert.are.equal("not_found", select(2, cw.signers:get "jane").kind)
  end)
end)

it("there is no test event for a webhook that is not there", function()
  local fine, problem = pcall(sandbox.clickwrap_test_webhook, sandbox, "nope")
  assert.is_false(fine)
  assert.is_truthy(problem:find("there is no integration 'nope'", 1, true), problem)
end)

-- Values of types that the sandbox's own code does not expect, where any JSON may come.
for name, row in pairs {
  ["custom data that is a list"] = { 400, { cus = { 1, 2 } } },
  ["custom data that is a number"] = { 400, { cus = 7 } },
  ["custom data that is no JSON"] = { 400, { cus = "{" } },
  ["the sandbox's own names"] = { 200, { [".versions"] = { 1 }, [".group"] = "x", [".due"] = "x", [".test"] = "x" } },
} do
  it("an action with " .. name .. " is refused, or stored without it", function()
    local terms = must(cw.acceptance:load_json { gkey = "terms" })
    local body = { sid = sandbox:clickwrap_settings().site_access_id, sig = "jane", et = "agreed",
      vid = table.concat(terms.versions, ","), server_side = true }
    for field, value in pairs(row[2]) do body[field] = value end
    local answer = http.send(tonumber(sandbox.clickwrap_url:match "%d+$"), http.request("POST", "/send/sync",
      { "Content-Type: application/json" }, ironclad.json.encode(body)))
    assert.are.equal(row[1], answer.status)
    assert.are.equal(row[1] == 200 and 2 or 0, #must(cw.activity:list()).data)
  end)
end

it("a signer's attributes that are a list change nothing", function()
  local site = must(cw:site())
  local made = must(cw.sites:upsert_signers(site, { signers = { { signer_id = "jane", name = { 1 },
    additional_attributes = { 1 } }, { signer_id = "joe", notify = "yes" } } }))
  assert.are.equal("jane", made.data[1].signer_id)
  assert.is_nil(made.data[1].name)
  assert.is_true(made.data[2].notify)
end)
