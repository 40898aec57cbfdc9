-- Clients of Clickwrap: their options, which host gets what, the site, answers and errors.
local environment = require "spec.support.environment"
local http = require "spec.support.http"
local ironclad = require "ironclad"
local named = require "ironclad.connections.named"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local json = peer.json

after_each(scene.stop)

-- Two servers with those answers, as the hosts of a client -> the client, activity server, REST server.
local function play(activity, rest, options)
  local public, private = scene.answering(activity), scene.answering(rest)
  local settings = { activity_host = peer.url(public), rest_host = peer.url(private), api_token = scene.TOKEN,
    site_access_id = "SITE", max_retries = 0 }
  for name, value in pairs(options or {}) do settings[name] = value or nil end
  return ironclad.clickwrap(settings), public, private
end

local function sites(...)
  local list = {}
  for i, access_id in ipairs { ... } do list[i] = { id = i, access_id = access_id, name = "Site " .. i } end
  return json(ironclad.json.encode { data = ironclad.array(list), has_more = false, page = 1 })
end

describe("ironclad.clickwrap", function()
  local refused = {
    { "no environment", { site_access_id = "S" }, 'environment: missing; expected "production" or "demo"' },
    { "one host alone", { site_access_id = "S", rest_host = "localhost" }, "environment: missing" },
    { "another environment", { site_access_id = "S", environment = "prod" },
      'environment: expected "production" or "demo", got "prod"; did you mean "production"' },
    { "neither site nor token", { environment = "demo" }, "site_access_id: missing %(or give an `api_token`" },
    { "a misspelt option", { site_acess_id = "S" }, 'site_acess_id: unknown option; did you mean "site_access_id"%?' },
    { "an option of ironclad.connect", { client_id = "S" },
      "client_id: unknown option; it is an option of ironclad.connect" },
    { "a host with a path", { environment = "demo", api_token = "t", rest_host = "https://x.example/v1.1" },
      "rest_host: give the host only, without a path" },
    { "plain http elsewhere", { environment = "demo", api_token = "t", activity_host = "http://x.example" },
      "activity_host: plain http goes only to this machine" },
    { "an acting user", { environment = "demo", api_token = "t", as_user = "a@b.example" }, "as_user: unknown option" },
  }
  for _, case in ipairs(refused) do
    it("refuses " .. case[1], function()
      local fine, text = pcall(function() return (ironclad.clickwrap(case[2])) end)
      assert.is_false(fine)
      assert.matches("connection_spec.lua:%d+: ironclad.clickwrap: " .. case[3], text)
    end)
  end

  it("uses the hosts of its environment", function()
    for name, hosts in pairs {
      production = { "https://pactsafe.io", "https://api.pactsafe.com" },
      demo = { "https://demo.pactsafe.io", "https://api.demo.pactsafe.com" },
    } do
      local cw = ironclad.clickwrap { environment = name, site_access_id = "S", api_token = "t" }
      local function url(id, arguments) return cw:call(id, arguments, { dry_run = true }).url end
      assert.are.equal(hosts[1] .. "/published", (url("acceptance:get_published", { query = { gkey = "terms" } })
        :gsub("%?.*", "")))
      assert.are.equal(hosts[2] .. "/v1.1/groups", url "groups:list")
      assert.are.equal(hosts[2] .. "/status", url "service:status")
    end
  end)

  it("prints without its token", function()
    local cw = ironclad.clickwrap { environment = "demo", site_access_id = "S", api_token = scene.TOKEN }
    assert.are.equal("ironclad.clickwrap (https://demo.pactsafe.io, https://api.demo.pactsafe.com, site S)",
      tostring(cw))
  end)

  it("has no acting user", function()
    local cw = ironclad.clickwrap { environment = "demo", site_access_id = "S", api_token = "t" }
    local user = { as_user = "a@b.example" }
    for label, fn in pairs {
      ["with"] = function() cw:with(user) end,
      ["request"] = function() cw:request("GET", "/v1.1/x", user) end,
      ["sites:list"] = function() cw.sites:list(user) end,
      ["sites:each"] = function() cw.sites:each(user) end,
    } do
      assert.error_matches(fn, "^" .. label .. ": as_user: Clickwrap has no acting user")
    end
  end)

  it("knows the operations of Clickwrap alone, and the other client none of them", function()
    local cw = ironclad.clickwrap { environment = "demo", site_access_id = "S" }
    local clm = ironclad.connect { instance = "demo", token = "t", as_user = false }
    for text, fn in pairs {
      ["workflows:list: it is an operation of Ironclad's CLM; call it on a client of ironclad.connect"] =
        function() cw:call "workflows:list" end,
      ["groups:list: it is an operation of Clickwrap; call it on a client of ironclad.clickwrap"] =
        function() clm:call "groups:list" end,
      ['grups:list is not an operation; did you mean "groups:list"%?'] = function() cw:call "grups:list" end,
      ['the client has no signer; did you mean "signers"%?'] = function() return cw.signer end,
      ["the client has no signers$"] = function() return clm.signers end,
    } do
      local fine, message = pcall(fn)
      assert.is_false(fine)
      assert.matches(text, message)
    end
  end)
end)

describe("a failure", function()
  it("names Clickwrap", function()
    local refused = json('{"error":{"message":"no","status":404,"name":"E","code":"c"}}', 404)
    local cw = play({ refused, json '{"error":"no"}' }, { refused, refused, json '{"x":1}', json "{}" })
    for _, case in ipairs {
      { "Clickwrap answered 404", function() return cw.acceptance:get_published { gkey = "terms" } end },
      { "Clickwrap answered with an error: no", function() return cw.acceptance:get_published { gkey = "terms" } end },
      { "Clickwrap answered 404", function() return cw.groups:get(1) end },
      { "Clickwrap answered 404", function() return cw:request("GET", "/v1.1/anything") end },
    } do
      local value, err = case[2]()
      assert.is_nil(value)
      assert.matches(case[1], err.message)
    end
    assert.matches("Clickwrap answered page 1 without a list", select(2, pcall(cw.contracts:each())))
    assert.matches("Clickwrap's answer has no state", select(2, cw.evidence:wait "1").message)
  end)

  it("of an argument names it too", function()
    local cw = play({}, {})
    assert.matches("Clickwrap requires", select(2, pcall(cw.acceptance.get_published, cw.acceptance, {})))
  end)
end)

describe("the API token", function()
  it("goes to the REST host only, and not with what needs none", function()
    local cw, public, private = play({ json "{}" }, { json "{}" })
    ironclad.must(cw.acceptance:get_published { gkey = "terms" })
    ironclad.must(cw.acceptance:send { sig = "jane", et = "agreed" })
    ironclad.must(cw:request("GET", "/anything"))
    ironclad.must(cw.service:status())
    ironclad.must(cw.groups:get(1))
    ironclad.must(cw:request("GET", "/v1.1/anything"))
    for _, request in ipairs(public:requests()) do assert.is_nil(request.headers.authorization) end
    local got = {}
    for i, request in ipairs(private:requests()) do got[i] = request.headers.authorization or "none" end
    assert.are.same({ "none", "Bearer " .. scene.TOKEN, "Bearer " .. scene.TOKEN }, got)
    assert.are.equal(3, #public:requests())
  end)

  it("does not follow a redirect from one host to the other", function()
    local cw, public, private = play({ json "{}" }, {})
    local server = scene.answering { peer.answer(302, { "Location: " .. peer.url(public) .. "/v1.1/sites" }) }
    local moved = ironclad.clickwrap { activity_host = peer.url(public), rest_host = peer.url(server),
      api_token = scene.TOKEN, site_access_id = "S", max_retries = 0 }
    scene.assert_error("protocol", moved.sites:list())
    assert.are.equal(0, #public:requests())
    assert.are.equal(0, #private:requests())
    assert.is_not_nil(cw)
  end)

  it("is missed before anything is sent", function()
    local cw, _, private = play({ json "{}" }, { json "{}" }, { api_token = false })
    local err = scene.assert_error("auth", cw.groups:list())
    assert.are.equal("not_done", err.outcome)
    assert.matches("api_token", err.message)
    ironclad.must(cw.service:status())
    assert.are.equal(1, #private:requests())
  end)

  it("is in no error, even where the service repeats it", function()
    local cw = play({}, { json(('{"error":{"message":"bad token %s","status":401,"name":"E","code":"c"}}'):format(
      scene.TOKEN), 401) })
    local err = scene.assert_error("auth", cw.groups:list())
    assert.is_nil(tostring(err):find(scene.TOKEN, 1, true))
  end)
end)

describe("the site", function()
  it("is looked up once with the token", function()
    local cw, public, private = play({ json '{"1":"v"}' }, { sites "FOUND" }, { site_access_id = false })
    for _ = 1, 2 do ironclad.must(cw.acceptance:get_published { gkey = "terms" }) end
    ironclad.must(cw.acceptance:send { sig = "jane", et = "agreed", sid = "GIVEN" })
    local targets = scene.targets(public)
    for i = 1, 2 do assert.matches("^GET /published%?.*sid=FOUND", targets[i]) end
    assert.are.equal("POST /send", targets[3])
    assert.are.equal("GIVEN", ironclad.json.decode(scene.last(public).body).sid)
    assert.are.equal(1, #private:requests())
    assert.are.equal(1, ironclad.must(cw:site()).id)
    assert.are.equal("site 1 \"Site 1\"", tostring(cw:site()))
  end)

  it("is looked up in the background for a callback", function()
    local cw, public = play({ json '{"1":"v"}' }, { sites "FOUND" }, { site_access_id = false })
    local got
    ironclad.run(function()
      cw.acceptance:get_published({ gkey = "terms" }, { callback = function(value) got = value end })
    end)
    assert.are.same({ ["1"] = "v" }, got)
    assert.are.equal(1, #public:requests())
  end)

  it("is the one with the id that was given", function()
    local cw = play({}, { sites("A", "SITE", "C") })
    assert.are.equal(2, ironclad.must(cw:site()).id)
    assert.are.equal("SITE", ironclad.must(cw:check()).site_access_id)
  end)

  it("must be one", function()
    for _, case in ipairs {
      { { sites("A", "B") }, false,
        "the token sees 2 sites; give the site_access_id of one: Site 1 %(A%), Site 2 %(B%)" },
      { { sites() }, false, "the token sees no site" },
      { { sites("A") }, "SITE", "the token sees no site with the access id SITE; it sees Site 1 %(A%)" },
    } do
      local cw = play({}, case[1], { site_access_id = case[2] })
      assert.matches(case[3], scene.assert_error("invalid_state", cw:site()).message)
    end
  end)

  it("needs an id and an access id, and may be on a page that comes again and again", function()
    for _, site in ipairs { "null", "{}", '{"id":7}', '{"id":7,"access_id":null}', '{"id":null,"access_id":"A"}' } do
      local cw = play({}, { json('{"data":[' .. site .. "]}") }, { site_access_id = false })
      scene.assert_error("protocol", cw:site())
    end
    local cw, _, private = play({}, { json '{"data":[{"id":7,"access_id":"A"}],"has_more":true}' },
      { site_access_id = false })
    assert.are.equal(7, ironclad.must(cw:site()).id)
    assert.are.equal(2, #private:requests())
  end)

  it("is not looked up for a dry run", function()
    local cw, _, private = play({}, { sites "FOUND" }, { site_access_id = false })
    local fine, text = pcall(cw.acceptance.get_published, cw.acceptance, { gkey = "terms", dry_run = true })
    assert.is_false(fine)
    assert.matches("sid: missing", text)
    assert.are.equal(0, #private:requests())
  end)

  it("shows its failure", function()
    local cw, public = play({ json "{}" }, { json('{"error":{"message":"no","status":401}}', 401) },
      { site_access_id = false })
    scene.assert_error("auth", cw.acceptance:get_published { gkey = "terms" })
    assert.are.equal(0, #public:requests())
  end)
end)

describe("an answer", function()
  it("is unwrapped where `data` is its only field, once", function()
    for text, expected in pairs {
      ['{"data":{"id":1}}'] = { id = 1 }, ['{"id":1}'] = { id = 1 },
      ['{"data":{"data":{"id":1}}}'] = { data = { id = 1 } },
      ['{"data":{"id":1},"status":"success"}'] = { data = { id = 1 }, status = "success" },
      ['{"data":"text"}'] = { data = "text" },
    } do
      local cw = play({}, { json(text) })
      assert.are.same(expected, ironclad.must(cw.evidence:get "e1"))
    end
  end)

  it("of a list keeps its data, whose items have their methods", function()
    local cw = play({}, { json '{"data":[{"id":1,"key":"terms"}]}' })
    local list = ironclad.must(cw.groups:list())
    assert.are.equal("clickwrap_group 1 terms", tostring(list.data[1]))
  end)

  it("of sites:upsert_signers has one form", function()
    local cw = play({}, { json '[{"signer_id":"jane"}]', json '{"data":[{"signer_id":"jane"}],"count":1}' })
    for _ = 1, 2 do
      local answer = ironclad.must(cw.sites:upsert_signers(1, { signers = { { signer_id = "jane" } } }))
      assert.are.equal("jane", answer.data[1].signer_id)
    end
  end)

  it("that is an error with status 200 is returned as one", function()
    -- The links of an export that has failed in part are not all of the evidence.
    for _, text in ipairs { '{"error":"the files are gone"}',
      '{"presignedUrls":["https://files.example/1"],"error":"the files are gone"}' } do
      local cw = play({}, { json(text) })
      local err = scene.assert_error("invalid_state", cw.evidence:get_urls "e1")
      assert.matches("the files are gone", err.message)
      assert.are.equal("not_done", err.outcome)
    end
    local cw = play({}, { json '{"presignedUrls":["https://files.example/1"],"error":""}' })
    assert.are.same({ "https://files.example/1" }, ironclad.must(cw.evidence:get_urls "e1").presignedUrls)
  end)

  it("with an error that is null is none", function()
    local cw = play({}, { json '{"error":null}' })
    local value, err = cw.contracts:get(5)
    assert.are.same({ ironclad.null, nil }, { value.error, err })
  end)

  it("that is an image is no acceptance", function()
    local cw = play({ peer.answer(200, { "Content-Type: image/gif" }, "GIF89a") }, {})
    local err = scene.assert_error("protocol", cw.acceptance:send { sig = "jane", et = "agreed" })
    assert.are.equal("unknown", err.outcome)
  end)

  it("with an error has its fields", function()
    local cw = play({ json('{"error":{"message":"sid is wrong","status":400,"name":"E","code":"x1"}}', 400) }, {})
    local err = scene.assert_error("invalid_request", cw.acceptance:get_published { gkey = "terms" })
    assert.are.equal("x1", err.code)
    assert.matches("sid is wrong", err.message)
  end)
end)

describe("what is sent", function()
  it("encodes signers in paths, queries, forms and bodies", function()
    local odd = 'a/b c@d?é#"'
    local cw, public, private = play({ json "{}" }, { json "{}" })
    ironclad.must(cw.signers:get(odd))
    assert.are.equal("GET /v1.1/signers/id:a%2Fb%20c%40d%3F%C3%A9%23%22", scene.targets(private)[1])
    ironclad.must(cw.acceptance:get_latest { sig = odd, gkey = "terms" })
    ironclad.must(cw.acceptance:get_latest_by_form { sig = odd, gkey = "terms", tm = true })
    ironclad.must(cw.acceptance:send { sig = odd, et = "agreed", cus = { note = ("x"):rep(10000) } })
    local requests = public:requests()
    assert.matches("sig=a%%2Fb%%20c%%40d%%3F%%C3%%A9%%23%%22", requests[1].target)
    assert.are.equal("application/x-www-form-urlencoded", requests[2].headers["content-type"])
    assert.matches("sig=a%%2Fb%%20c%%40d%%3F%%C3%%A9%%23%%22", requests[2].body)
    local body = ironclad.json.decode(requests[3].body)
    assert.are.equal(odd, body.sig)
    assert.is_true(body.server_side)
    assert.are.equal(10000, #body.cus.note)
  end)

  it("needs one of the fields of which one is needed", function()
    local cw = play({}, {})
    for _, fn in ipairs {
      function() cw.acceptance:get_published {} end,
      function() cw.acceptance:get_latest { sig = "jane" } end,
      function() cw.acceptance:get_latest_by_form { sig = "jane" } end,
    } do
      local fine, text = pcall(fn)
      assert.is_false(fine)
      assert.matches("gkey: missing; Clickwrap requires one of gkey, cid", text)
    end
  end)

  it("once is not sent again, by any method", function()
    local broken = { connections = { { { "read" }, { "close" } } } }
    for _, call in ipairs {
      function(cw) return cw.acceptance:send_by_query { sig = "jane", et = "agreed" } end,
      function(cw) return cw.acceptance:send { sig = "jane", et = "agreed" } end,
      function(cw) return cw:request("GET", "/send?sid=S&sig=jane&et=agreed") end,
    } do
      local server = scene.serve(broken)
      local cw = scene.clickwrap(server)
      local err = scene.assert_error("network", call(cw))
      assert.are.equal("unknown", err.outcome)
      assert.are.equal(1, err.attempts)
    end
  end)

  it("again is what reads, by any method", function()
    local server = scene.serve { answers = { json '{"1":true}' },
      connections = { { { "read" }, { "close" } }, { { "read" }, { "answer" } } } }
    local cw = scene.clickwrap(server)
    assert.are.same({ ["1"] = true }, ironclad.must(cw.acceptance:get_latest_by_form { sig = "jane", gkey = "terms" }))
  end)
end)

describe("each", function()
  local function page(fields, from, to)
    local list = {}
    for i = from, to do list[#list + 1] = { id = i } end
    fields.data = ironclad.array(list)
    return json(ironclad.json.encode(fields))
  end

  local function ids(cw, arguments)
    local list = {}
    for item in cw.groups:each(arguments or {}) do list[#list + 1] = item.id end
    return table.concat(list, " ")
  end

  it("walks by has_more, from page 1", function()
    local cw, _, private = play({}, { page({ has_more = true, page = 1, per_page = 2, total_count = 3 }, 1, 2),
      page({ has_more = false, page = 2, per_page = 2, total_count = 3 }, 3, 3) })
    assert.are.equal("1 2 3", ids(cw, { per_page = 2, filter = ironclad.clickwrap.filter.eq("key", "terms") }))
    for i, target in ipairs(scene.targets(private)) do
      assert.matches("^GET /v1.1/groups%?", target)
      for _, part in ipairs { "page=" .. i, "per_page=2", "filter=key%3D%3Dterms" } do
        assert.is_truthy(target:find(part, 1, true), target)
      end
    end
  end)

  it("believes has_more on a short page", function()
    local cw = play({}, { page({ has_more = true }, 1, 1), page({ has_more = true }, 2, 2),
      page({ has_more = false }, 3, 3) })
    assert.are.equal("1 2 3", ids(cw))
  end)

  it("of a list with nothing but data ends at an empty page, or at one that it has seen", function()
    assert.are.equal("1 2 3", ids((play({}, { page({}, 1, 2), page({}, 3, 3), page({}, 4, 3) }))))
    assert.are.equal("1 2", ids((play({}, { page({}, 1, 2) }))))
  end)

  it("does not believe a total below what has been read", function()
    for _, total in ipairs { -1, 0, 1 } do
      local cw = play({}, { page({ total_count = total }, 1, 2), page({ total_count = total }, 3, 3), page({}, 4, 3) })
      assert.are.equal("1 2 3", ids(cw), total)
    end
    assert.are.equal("1 2 3", ids((play({}, { page({ total_count = 3 }, 1, 2), page({ total_count = 3 }, 3, 3) }))))
  end)

  it("gives an item once that moved to a later page", function()
    local cw = play({}, { page({ has_more = true }, 1, 3), page({ has_more = false }, 3, 5) })
    assert.are.equal("1 2 3 4 5", ids(cw))
  end)
end)

describe("limits", function()
  local sandbox_module = require "ironclad.sandbox"
  local sandbox

  before_each(function() sandbox = assert(sandbox_module.start { tls = false, clock = "2026-01-31T09:00:00Z" }) end)
  after_each(function() sandbox:stop() end)

  -- How many of 40 calls succeed; the others must have been held back.
  local function count(call)
    for i = 1, 40 do
      local _, err = call { deadline = 20 }
      if err then
        assert.are.equal("rate_limited", err.kind, tostring(err))
        assert.are.equal(0, err.attempts)
        assert.is_true(err.retry_after > 0)
        return i - 1
      end
    end
    return 40
  end

  it("are kept, each in its own window, and never reached", function()
    -- A hundredth of 2,000 a minute, less one, and a two-thousandth of 10,000 in 5 minutes.
    sandbox:clickwrap_settings { limits = { ["clickwrap:rest"] = 20, ["clickwrap:activity"] = 100 } }
    local cw = sandbox:clickwrap { rate_share = 0.01, max_retries = 0 }
    assert.are.equal(19, count(function(options) return cw.groups:list({}, options) end))
    assert.are.equal(40, count(function(options) return cw.acceptance:get_published({ gkey = "terms" }, options) end))
    assert.are.equal(1, count(function(options) return cw.service:status(options) end))
    assert.are.equal(0, sandbox:clickwrap_settings().refused)
    local again = sandbox:clickwrap { rate_share = 0.01, max_retries = 0 } -- the same token: the same window
    assert.are.equal(0, count(function(options) return again.groups:list({}, options) end))
  end)

  it("of the service are heard", function()
    sandbox:clickwrap_settings { limits = { ["clickwrap:rest"] = 2 } }
    local cw = sandbox:clickwrap { rate_limit = false, max_retries = 0 }
    for _ = 1, 2 do ironclad.must(cw.groups:list()) end
    local err = scene.assert_error("rate_limited", cw.groups:list())
    assert.are.equal(60, err.retry_after)
    assert.are.equal("not_done", err.outcome)
    -- The client would wait for a minute; another one does not know of it.
    sandbox:advance(60)
    local answer = http.send(tonumber(sandbox.clickwrap_url:match "%d+$"), http.request("GET", "/v1.1/groups",
      { "Authorization: Bearer " .. sandbox:clickwrap_settings().api_token }, ""))
    assert.are.equal(200, answer.status)
    assert.are.equal(1, sandbox:clickwrap_settings().refused)
  end)
end)

describe("named connections and the environment", function()
  before_each(environment.begin)
  after_each(environment.finish)

  it("know Clickwrap", function()
    environment.configure [[{"terms":{"environment":"demo","site_access_id":"S","api_token":{"env":"THE_TOKEN"}}}]]
    environment.variables.THE_TOKEN = "t"
    assert.matches("demo.pactsafe.io, https://api.demo.pactsafe.com, site S", tostring(ironclad.clickwrap "terms"))
    assert.matches("site OTHER", tostring(ironclad.clickwrap { name = "terms", site_access_id = "OTHER" }))
    local fine, text = pcall(ironclad.connect, "terms")
    assert.is_false(fine)
    assert.matches('connection "terms" in .*: api_token: unknown option; it is an option of ironclad.clickwrap', text)
  end)

  it("keep the token private", function()
    environment.configure [[{"terms":{"environment":"demo","api_token":"literal"}}]]
    peer.shell("chmod 644 " .. peer.quoted(environment.variables.IRONCLAD_CONFIG))
    local options, text = named.load("terms", "clickwrap")
    assert.is_nil(options)
    assert.matches("other users can read or change it", text)
  end)

  it("give a client from variables", function()
    environment.variables.IRONCLAD_CLICKWRAP_SITE, environment.variables.IRONCLAD_CLICKWRAP_TOKEN = "S", "t"
    environment.variables.IRONCLAD_CLICKWRAP_ENVIRONMENT = "demo"
    assert.matches("demo.pactsafe.io.*site S", tostring(ironclad.clickwrap.from_env()))
    environment.variables.IRONCLAD_CLICKWRAP_ENVIRONMENT = "test"
    local fine, text = pcall(ironclad.clickwrap.from_env)
    assert.is_false(fine)
    assert.matches('IRONCLAD_CLICKWRAP_ENVIRONMENT: environment: expected "production" or "demo"', text)
  end)
end)
