-- The sandbox's Clickwrap: what is to be accepted, what was, and recording it.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"

local must = local_ironclad.must
local sandbox, cw

before_each(function()
  sandbox = local_ironclad.start { clock = "2026-01-31T09:00:00Z", seed = 7 }
  cw = sandbox:clickwrap { rate_limit = false, max_retries = 0 }
end)
after_each(function() sandbox:stop() end)

local function loaded(group) return must(cw.acceptance:load_json { gkey = group or "terms" }) end

local function send(fields, way)
  local body = { sig = "jane@example.com", et = "agreed", vid = table.concat(loaded().versions, ",") }
  for name, value in pairs(fields or {}) do body[name] = value or nil end
  return cw.acceptance[way or "send_sync"](cw.acceptance, body)
end

local function latest(signer, options)
  local query = { gkey = "terms", sig = signer or "jane@example.com" }
  for name, value in pairs(options or {}) do query[name] = value end
  local all, some = true, false
  for _, accepted in pairs(must(cw.acceptance:get_latest(query))) do
    all, some = all and accepted, some or accepted
  end
  return all and "all" or some and "some" or "none"
end

local function refused(status, value, err)
  assert.is_nil(value)
  assert.are.equal(status, err.status, tostring(err))
  return err
end

describe("a group", function()
  it("shows its contracts, their published versions and their text", function()
    local terms, published = loaded(), must(cw.acceptance:get_published { gkey = "terms" })
    assert.are.equal(2, #terms.contracts)
    for i, contract in ipairs(terms.contracts) do
      assert.are.equal(published[("%d"):format(contract)], terms.versions[i])
    end
    assert.matches("{{CompanyName}}", terms.contract_html)
    assert.is_string(terms.render_id)
  end)

  it("is rendered with data, which is escaped", function()
    local terms = must(cw.acceptance:render_json { gkey = "terms", rnd = { CompanyName = "<b>Acme</b>" } })
    assert.matches("sells to &lt;b&gt;Acme&lt;/b&gt; as seen", terms.contract_html)
  end)

  it("is HTML", function()
    assert.matches('<div id="ps%-group%-terms".*data%-vid=', must(cw.acceptance:load_html { gkey = "terms" }))
  end)

  it("must be there, and published", function()
    refused(404, cw.acceptance:get_published { gkey = "nope" })
    refused(404, cw.acceptance:load_json { gkey = "newsletter" })
    refused(400, sandbox:clickwrap({ site_access_id = "wrong" }).acceptance:get_published { gkey = "terms" })
  end)
end)

describe("/send", function()
  it("is a receipt: what it received is stored later", function()
    assert.are.same({}, must(send({}, "send")))
    assert.are.equal("none", latest())
    assert.are.equal(1, sandbox:clickwrap_settings().waiting)
    sandbox:advance(1)
    assert.are.equal("all", latest())
  end)

  it("answers an image unless it is told that a server asks", function()
    local body = { sig = "jane@example.com", et = "agreed", vid = table.concat(loaded().versions, ","),
      server_side = false }
    local err = refused(200, cw.acceptance:send(body))
    assert.are.equal("protocol", err.kind)
    assert.are.equal("unknown", err.outcome)
    sandbox:advance(1)
    assert.are.equal("all", latest())
  end)

  it("takes a query and a form as well", function()
    local vid = table.concat(loaded().versions, ",")
    must(cw.acceptance:send_by_query { sig = "q", et = "agreed", vid = vid, cus = '{"plan":"pro"}' })
    sandbox:advance(1)
    assert.are.equal("all", latest "q")
    local by_form = must(cw.acceptance:get_latest_by_form { sig = "q", gkey = "terms" })
    assert.is_true(by_form[("%d"):format(loaded().contracts[1])])
    assert.are.equal("pro", must(cw.signers:get "q").additional_attributes.plan)
  end)

  it("may lose what it accepted, and its synchronous form may be missing", function()
    sandbox:clickwrap_settings { lose = 1 }
    must(send())
    assert.are.equal("none", latest())
    must(send())
    assert.are.equal("all", latest())
    sandbox:clickwrap_settings { sync = false }
    refused(404, send())
  end)

  local wrong = {
    { "no version", 400, { vid = false } },
    { "no signer", 400, { sig = false } },
    { "an unknown version", 422, { vid = "000000000000000000000000" } },
    { "contracts of another number", 422, { cid = "283" } },
    { "a version of another contract", 422, function(terms)
      return { vid = terms.versions[1], cid = ("%d"):format(terms.contracts[2]) }
    end },
    { "an unknown group", 404, { gkey = "nope" } },
  }
  for _, case in ipairs(wrong) do
    it("refuses " .. case[1], function()
      refused(case[2], send(type(case[3]) == "function" and case[3](loaded()) or case[3]))
      assert.are.equal("none", latest())
    end)
  end

  it("refuses a draft", function()
    local draft = sandbox:clickwrap_edit { contract = "terms-of-service", title = "Next" }
    refused(422, send { vid = draft.id })
  end)

  it("can be away", function()
    local versions = loaded().versions
    sandbox:clickwrap_settings { away = true }
    local _, err = cw.acceptance:send_sync { sig = "jane@example.com", et = "agreed", vid = versions[1] }
    assert.are.equal("network", err.kind)
    assert.are.equal("unknown", err.outcome)
    sandbox:clickwrap_settings { away = false }
    assert.are.equal("none", latest())
  end)
end)

describe("acceptance", function()
  it("lasts over a minor version, and not over a major one", function()
    must(send())
    sandbox:clickwrap_publish { contract = "terms-of-service" }
    assert.are.equal("all", latest())
    local version = sandbox:clickwrap_publish { contract = "terms-of-service", major = true, title = "New terms" }
    assert.are.equal("2.0", version.full_version_number)
    assert.are.equal("some", latest())
    must(send())
    assert.are.equal("all", latest())
  end)

  it("of a group ends when a contract is added", function()
    must(send())
    sandbox:clickwrap_add_contract { group = "terms", key = "cookies", title = "Cookies" }
    assert.are.equal("some", latest())
  end)

  it("in test mode is another one", function()
    must(send { tm = true })
    assert.are.equal("none", latest())
    assert.are.equal("all", latest("jane@example.com", { tm = true }))
  end)

  it("names the version that was accepted", function()
    must(send())
    local first = loaded().versions[1]
    sandbox:clickwrap_publish { contract = "terms-of-service", major = true }
    local contract = ("%d"):format(loaded().contracts[1])
    assert.are.equal(first, must(cw.acceptance:retrieve { sig = "jane@example.com" })[contract])
    assert.is_false(must(cw.acceptance:retrieve { sig = "nobody", cid = contract })[contract])
  end)

  it("is one activity for each contract, with who, what and how", function()
    must(send { gkey = "terms", cus = { plan = "pro" }, addr = "203.0.113.7", bua = "curl/8" })
    local site = must(cw:site())
    local list = must(cw.sites:list_signer_activity(site, "jane@example.com", { expand = "contract" })).data
    assert.are.equal(2, #list)
    assert.are.equal("terms-of-service", list[1].contract.key)
    assert.are.equal("203.0.113.7", list[1].connection_data.remote_address)
    assert.are.same({ plan = "pro" }, list[1].custom_data)
    assert.are.equal("agreed", list[1].event_type)
    assert.matches("^%%PDF%-", must(list[1]:download_record()))
    assert.matches("^%%PDF%-", must(cw.activity:download_session_record(list[1].batch,
      { signer_id = "jane@example.com" })))
  end)
end)

it("the acceptance of a contract that is synced is a record of the CLM, except in test mode", function()
  local client = local_ironclad.connect(sandbox)
  local contract = must(cw.sites:create_contract(must(cw:site()), { title = "Cookies", body = "<p>Yes</p>",
    is_major_version = true, clm_record_sync = { enabled = true, record_type = "orderForm" } }))
  local version = must(contract:publish_latest_version())
  local before = must(client.records:list { types = "orderForm" }).count
  must(send { sig = "joe", vid = version.id, tm = true })
  must(send { sig = "joe", vid = version.id, et = "displayed" })
  must(send { sig = "joe" })
  assert.are.equal(before, must(client.records:list { types = "orderForm" }).count)
  must(send { sig = "jané", vid = version.id })
  local names = {}
  for record in client.records:each { types = "orderForm" } do names[record.name] = true end
  assert.is_true(names["Cookies accepted by jané"])
end)

describe("a signer", function()
  it("is made by the first event, and changed by et = updated alone", function()
    must(send { cus = { first_name = "Jane", last_name = "Doe", plan = "pro" } })
    assert.are.equal("Jane Doe", must(cw.signers:get "jane@example.com").name)
    must(send { cus = { first_name = "Joan" } })
    assert.are.equal("Jane Doe", must(cw.signers:get "jane@example.com").name)
    must(send { et = "updated", vid = false, cus = { first_name = "Joan", plan = "free" } })
    local signer = must(cw.signers:get "jane@example.com")
    assert.are.equal("Joan", signer.name)
    assert.are.equal("free", signer.additional_attributes.plan)
  end)

  it("may have any id", function()
    for _, id in ipairs { "a/b c", "é@x.example", "?#%&=+", 'quote"' } do
      must(send { sig = id })
      assert.are.equal("all", latest(id))
      assert.are.equal(id, must(cw.signers:get(id)).signer_id)
    end
  end)
end)

describe("faults of the sandbox", function()
  it("meet Clickwrap too", function()
    sandbox:fail { operation = "send-sync", how = "cut", times = 1 }
    local _, err = send()
    assert.are.equal("unknown", err.outcome)
    assert.are.equal("all", latest()) -- it was done, and only the answer was lost
  end)
end)

describe("events", function()
  it("are sent to integrations, with the token, and one for each contract", function()
    sandbox:clickwrap_webhook { url = "http://127.0.0.1:9/hook", token = "shared secret" }
    must(send { gkey = "terms" })
    sandbox:clickwrap_publish { contract = "terms-of-service" }
    sandbox:clickwrap_publish_group "terms"
    local names = {}
    for i, delivery in ipairs(sandbox:deliveries()) do names[i] = delivery.event end
    table.sort(names)
    assert.are.same({ "activity_agreed", "activity_agreed", "group_published", "version_published" }, names)
  end)
end)

describe("an integration", function()
  local function receive(settings)
    local hook = peer.start { answers = { peer.answer(200) },
      connections = { { { "read" }, { "answer" }, { "loop" } } } }
    finally(function() hook:stop() end)
    settings.url = peer.url(hook) .. "/hook?of=us"
    sandbox:clickwrap_webhook(settings)
    sandbox:clickwrap_publish { contract = "privacy-policy" }
    sandbox:settle_deliveries()
    return hook:requests()
  end

  it("gets JSON by POST, with its token and no signature", function()
    local requests = receive { token = "shared", events = { "version_published" } }
    assert.are.equal(1, #requests)
    assert.are.equal("POST /hook?of=us", requests[1].method .. " " .. requests[1].target)
    assert.are.equal("shared", requests[1].headers["pactsafe-webhook-token"])
    assert.is_nil(requests[1].headers["x-ironclad-webhook-verification"])
    local event = ironclad.json.decode(requests[1].body)
    assert.are.equal("version_published", event.event_type)
    assert.are.equal("privacy-policy", event.contract.key)
    assert.are.equal("1.1", event.version.full_version_number)
    assert.are.equal("webhook", event.type)
  end)

  it("gets a query by GET, and no token where there is none", function()
    local requests = receive { method = "GET", events = { "version_published", "group_published" } }
    assert.are.equal("GET", requests[1].method)
    assert.matches("^/hook%?of=us&.*event_type=version_published", requests[1].target)
    assert.is_nil(requests[1].headers["pactsafe-webhook-token"])
    assert.are.equal("", requests[1].body)
  end)

  it("is not a webhook of the CLM", function()
    receive { token = "shared" }
    local client = local_ironclad.connect(sandbox)
    for webhook in client.webhooks:each() do assert.is_nil(webhook.targetURL:find "hook%?of=us") end
  end)
end)

it("the errors of Clickwrap have its own shape", function()
  local _, err, response = cw:request("GET", "/v1.1/nothing", { query = {} })
  assert.are.equal("not_found", err.kind)
  assert.are.equal("not_found", err.code)
  assert.are.equal(404, response.status)
  local _, refusal = sandbox:clickwrap({ api_token = "wrong" }).groups:list()
  assert.are.equal("auth", refusal.kind)
end)
