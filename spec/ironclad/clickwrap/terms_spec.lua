-- cw:terms, and what else is recorded of signers, against a scripted Clickwrap.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local json = ironclad.json
local GROUP = peer.json(json.encode {
  key = "terms", group = 6972, contracts = { 282, 1241 }, versions = { "v282", "v1241" }, render_id = "r1",
  acceptance_language = "I agree to {{contracts}}.", contract_html = "<p>Terms</p>",
  legal_center_url = "https://vault.example/legal.html",
  contract_data = { ["282"] = { published_version = "v282", title = "Terms <of> use", key = "use" },
    ["1241"] = { published_version = "v1241", title = "Privacy", key = "privacy", change_summary = "New" } },
})
local SITES = peer.json '{"data":[{"id":7,"access_id":"the-site"}],"has_more":false,"page":1}'
local MISSING = peer.json('{"error":{"message":"Not Found","status":404}}', 404)

local function version(id, body) return peer.json(json.encode { id = id, title = "T", body = body }) end

local function play(token, ...)
  local server = scene.answering { ... }
  return ironclad.clickwrap { site_access_id = "the-site", api_token = token, activity_host = peer.url(server),
    rest_host = peer.url(server), max_retries = 0 }, server
end

describe("terms", function()
  after_each(scene.stop)

  it("are what is to be shown now, with their texts", function()
    local cw, server = play(scene.TOKEN, GROUP, version("v282", "&lt;h1&gt;A &amp;amp; B&lt;/h1&gt;"),
      version("v1241", "<p>&lt;3</p>"))
    local terms = ironclad.must(cw:terms "terms")
    assert.are.same({
      key = "terms", group = 6972, render_id = "r1", versions = { ["282"] = "v282", ["1241"] = "v1241" },
      acceptance_language = "I agree to {{contracts}}.", html = "<p>Terms</p>",
      legal_center_url = "https://vault.example/legal.html",
      contracts = {
        { id = "282", version = "v282", title = "Terms <of> use", key = "use", html = "<h1>A &amp; B</h1>" },
        { id = "1241", version = "v1241", title = "Privacy", key = "privacy", change_summary = "New",
          html = "<p>&lt;3</p>" },
      },
    }, terms)
    local targets = scene.targets(server)
    assert.matches("^GET /load/json%?", targets[1])
    assert.are.same({ "GET /v1.1/versions/v282", "GET /v1.1/versions/v1241" }, { targets[2], targets[3] })
  end)

  it("have no field for which Clickwrap answers null", function()
    local about = { published_version = "v282", title = ironclad.null, key = ironclad.null,
      change_summary = ironclad.null }
    local cw, server = play(nil, peer.json(json.encode { key = "terms", group = 6972, contracts = { 282 },
      contract_data = { ["282"] = about }, acceptance_language = ironclad.null, contract_html = ironclad.null,
      render_id = ironclad.null, legal_center_url = ironclad.null }), peer.json "{}", peer.json '{"282":"v282"}')
    local terms = ironclad.must(cw:terms "terms")
    assert.are.same({ key = "terms", group = 6972, versions = { ["282"] = "v282" },
      contracts = { { id = "282", version = "v282" } } }, terms)
    assert.is_true(cw:displayed { terms = terms })
    assert.are.equal(2, #server:requests())
  end)

  it("need no token without their texts", function()
    local cw, server = play(nil, GROUP)
    assert.is_nil(ironclad.must(cw:terms "terms").contracts[1].html)
    assert.are.equal(1, #server:requests())
  end)

  it("say whether a signer has to accept, and which contracts", function()
    local cw = play(nil, GROUP, peer.json '{"282":true,"1241":false}', peer.json "{}")
    local terms = ironclad.must(cw:terms("terms", { signer = "jane" }))
    assert.are.same({ true, { "1241" }, false, true },
      { terms.required, terms.missing, terms.contracts[1].required, terms.contracts[2].required })
  end)

  it("with render data are rendered, whatever is in the data", function()
    local data = { name = '<script>alert("x")</script> & co' }
    local cw, server = play(scene.TOKEN, GROUP, version("v282", "<p>rendered</p>"), version("v1241", "<p>too</p>"))
    local terms = ironclad.must(cw:terms("terms", { render_data = data }))
    assert.are.same({ "<p>rendered</p>", "<p>too</p>" }, { terms.contracts[1].html, terms.contracts[2].html })
    assert.are.equal("POST /load/json", scene.targets(server)[1])
    assert.are.same({ sid = "the-site", gkey = "terms", rnd = data, et = "load", _srv = true },
      (json.decode(server:requests()[1].body)))
    assert.are.same({ render_data = data }, (json.decode(server:requests()[2].body)))
  end)

  it("with render data are loaded again when a version is published meanwhile: each has its own text", function()
    local newer = peer.json((GROUP:match "\r\n\r\n(.*)$":gsub("v1241", "v9")))
    local cw = play(scene.TOKEN, GROUP, version("v282", "<p>a</p>"), version("v9", "<p>newer</p>"), newer,
      version("v282", "<p>a</p>"), version("v9", "<p>newer</p>"))
    local terms = ironclad.must(cw:terms("terms", { render_data = { name = "Acme" } }))
    assert.are.same({ ["282"] = "v282", ["1241"] = "v9" }, terms.versions)
    assert.are.same({ "<p>a</p>", "<p>newer</p>" }, { terms.contracts[1].html, terms.contracts[2].html })
  end)

  it("with render data are nil and an error when a version is published each time", function()
    local cw, server = play(scene.TOKEN, GROUP, version("v9", "<p>newer</p>"), GROUP, version("v9", "<p>newer</p>"),
      GROUP, version("v9", "<p>newer</p>"), GROUP, version("v282", "<p>a</p>"))
    scene.assert_error("invalid_state", cw:terms("terms", { render_data = { name = "Acme" } }))
    assert.are.equal(6, #server:requests())
  end)

  for name, row in pairs {
    ["an unknown group"] = { MISSING, "not_found" }, ["a group without contracts"] =
      { peer.json '{"contracts":[],"contract_data":{}}', "not_found" },
    ["no group"] = { peer.json "{}", "protocol" }, ["contracts without versions"] =
      { peer.json '{"contracts":[1],"contract_data":{"1":{}}}', "protocol" },
    ["a contract whose id is no whole number"] = { peer.json '{"contracts":[0.5],"contract_data":{}}', "protocol" },
    ["a contract with an id beyond all numbers"] = { peer.json '{"contracts":[1e300],"contract_data":{}}', "protocol" },
    ["a version without an id"] =
      { peer.json '{"contracts":[1],"contract_data":{"1":{"published_version":""}}}', "protocol" },
    ["an image"] = { peer.answer(200, { "Content-Type: image/gif" }, "GIF89a"), "protocol" },
  } do
    it("are nil and an error after " .. name, function()
      local cw = play(nil, row[1])
      scene.assert_error(row[2], cw:terms "terms")
    end)
  end

  it("are what accept takes", function()
    local cw, server = play(nil, GROUP, peer.json "{}", peer.json "{}", peer.json '{"282":"v282","1241":"v1241"}')
    ironclad.must(cw:accept { signer = "jane", terms = ironclad.must(cw:terms "terms") })
    local body = json.decode(server:requests()[3].body)
    assert.are.same({ "terms", "r1", "v282,v1241", "282,1241" }, { body.gkey, body.rdid, body.vid, body.cid })
  end)
end)

describe("signers", function()
  after_each(scene.stop)

  for method, event in pairs {
    decline = "disagreed", displayed = "displayed", visited = "visited", sent = "sent",
  } do
    it("are recorded by " .. method .. ", with a fallback to /send", function()
      local cw, server = play(nil, MISSING, peer.json "{}")
      assert.is_true(cw[method](cw, { signer = "jane", versions = { ["282"] = "v282" } }))
      assert.are.same({ "POST /send/sync", "POST /send" }, scene.targets(server))
      assert.are.same({ sid = "the-site", sig = "jane", et = event, vid = "v282", cid = "282", server_side = true },
        (json.decode(server:requests()[2].body)))
    end)
  end

  it("may be nobody when terms are displayed or visited, and not when they are declined or sent", function()
    local cw = play(nil, peer.json "{}")
    assert.is_true(cw:displayed { versions = { "v282" } })
    assert.is_true(cw:visited { versions = { "v282" } })
    assert.is_false(pcall(cw.decline, cw, { versions = { "v282" } }))
    assert.is_false(pcall(cw.sent, cw, { versions = { "v282" } }))
  end)

  it("are not recorded twice after an unknown outcome", function()
    local server = scene.serve { connections = { { { "read" } }, { { "read" } } } }
    local cw = ironclad.clickwrap { site_access_id = "s", activity_host = peer.url(server),
      rest_host = peer.url(server) }
    local value, err = cw:decline { signer = "jane", versions = { "v282" } }
    scene.assert_error("network", value, err)
    assert.are.equal("unknown", err.outcome)
    assert.are.equal(1, #server:requests())
  end)

  it("are changed by update_signer", function()
    local cw, server = play(nil, peer.json "{}")
    assert.is_true(cw:update_signer("jane", { name = "Jane Doe", plan = "pro" }))
    assert.are.same({ sid = "the-site", sig = "jane", et = "updated", server_side = true,
      cus = { name = "Jane Doe", plan = "pro" } }, (json.decode(server:requests()[1].body)))
  end)

  it("have a history, of all pages", function()
    local cw, server = play(scene.TOKEN, SITES,
      peer.json '{"data":[{"id":"a1","event_type":"agreed"},{"id":"a2","event_type":"agreed"}],"has_more":true}',
      -- The second has moved to this page.
      peer.json '{"data":[{"id":"a2","event_type":"agreed"},{"id":"a3","event_type":"agreed"}],"has_more":false}')
    local list = ironclad.must(cw:history("jané", { event = "agreed", since = "2026-01-31", expand = "version" }))
    assert.are.same({ 3, "a1", "a2", "a3" }, { #list, list[1].id, list[2].id, list[3].id })
    local target = scene.targets(server)[3]
    assert.are.equal("GET /v1.1/sites/7/signers/id:jan%C3%A9/activity", target:match "^[^?]*")
    for _, parameter in ipairs { "expand=version", "page=2", "per_page=100",
      "filter=event_type%3D%3Dagreed%20and%20created_time%3E%3D2026-01-31" } do
      assert.is_truthy(target:find(parameter, 1, true), target)
    end
    assert.are.equal(1, #ironclad.must(cw:history("jané", { limit = 1 })))
  end)

  it("have a history since a date, of any event", function()
    for filter, options in pairs {
      ["created_time%3E%3D2026-01-01"] = { since = ironclad.date(2026, 1, 1) },
      ["created_time%3E%3D2026-01-01T11%3A00%3A00Z"] = { since = ironclad.date "2026-01-01T12:00:00+01:00" },
      ["event_type%3D%3Dupdated"] = { event = "updated" },
      ["event_type%3D%3Dcounter_signed"] = { event = "counter_signed" },
    } do
      local cw, server = play(scene.TOKEN, SITES, peer.json '{"data":[],"has_more":false}')
      ironclad.must(cw:history("jane", options))
      assert.are.equal(filter, scene.last(server).target:match "filter=([^&]*)")
    end
  end)

  for message, call in pairs {
    ["history: event: expected the name of an event"] = function(cw) cw:history("x", { event = "a or b" }) end,
    ['history: event: expected the name of an event, such as "agreed", got "agree"; did you mean "agreed"?'] =
      function(cw) cw:history("x", { event = "agree" }) end,
    ['got "dissagreed"; did you mean "disagreed"?'] = function(cw) cw:history("x", { event = "dissagreed" }) end,
    ['history: since: expected a day or a time in ISO 8601, or an ironclad.date, got "today"'] =
      function(cw) cw:history("x", { since = "today" }) end,
    ["history: since: expected a day or a time in ISO 8601, or an ironclad.date, got a table"] =
      function(cw) cw:history("x", { since = {} }) end,
    ['or an ironclad.date, got "2026-01-01 and a==b"'] =
      function(cw) cw:history("x", { since = "2026-01-01 and a==b" }) end,
    ["update_signer: changes: expected a table of fields, got a list"] =
      function(cw) cw:update_signer("x", { "Jane" }) end,
    ["history: limit: expected a whole number above 0, got 0"] = function(cw) cw:history("x", { limit = 0 }) end,
    ["update_signer: changes: expected a table of fields, got nil"] = function(cw) cw:update_signer "x" end,
    ["terms: group: expected the key of a group, got a number"] = function(cw) cw:terms(6972) end,
    ["terms: render_data: expected a table of fields, got a string"] =
      function(cw) cw:terms("terms", { render_data = "x" }) end,
    ["terms: render_data.C: a value of type function cannot be written as JSON"] =
      function(cw) cw:terms("terms", { render_data = { C = print } }) end,
    ["terms: group: the text holds invalid UTF-8 at byte 1"] =
      function(cw) cw:terms("\255", { render_data = { C = 1 } }) end,
    ["terms: test: expected a boolean, got a string"] = function(cw) cw:terms("terms", { test = "x" }) end,
    ["terms: texts: expected a boolean, got a string"] = function(cw) cw:terms("terms", { texts = "x" }) end,
    ["terms: max_retries: expected a whole number from 0 to 100, got a string"] =
      function(cw) cw:terms("terms", { max_retries = "x" }) end,
    ["history: headers: expected a table, got a number"] = function(cw) cw:history("x", { headers = 5 }) end,
    ['history: expand: expected a text such as "contract,version" or a list, got a number'] =
      function(cw) cw:history("x", { expand = 5 }) end,
    ["displayed: group: missing; expected group, versions or terms"] = function(cw) cw:displayed {} end,
  } do
    it("raise a mistake: " .. message, function()
      local cw = ironclad.clickwrap { site_access_id = "s", api_token = scene.TOKEN, environment = "demo" }
      local fine, raised = pcall(function() call(cw) end)
      assert.is_false(fine)
      assert.is_truthy(raised:find(message, 1, true), raised)
      assert.matches("terms_spec%.lua:%d+: ", raised)
    end)
  end
end)
