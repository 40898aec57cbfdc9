-- cw:accept against a scripted Clickwrap: what is sent, what is read back, and what is said when it is not there.
local core = require "ironclad.core"
local ironclad = require "ironclad"
local journals = require "ironclad.clickwrap.journal"
local peer = require "spec.support.peer"
local run = require "ironclad.calls.run"
local scene = require "spec.support.scene"

local json = ironclad.json
local SITES = peer.json '{"data":[{"id":7,"access_id":"the-site"}],"has_more":false,"page":1}'
local OK = peer.json "{}"
local MISSING = peer.json('{"error":{"message":"Not Found","status":404,"name":"NotFoundError"}}', 404)
local IMAGE = peer.answer(200, { "Content-Type: image/gif" }, "GIF89a\1\0\1\0\128\0\0\0\0\0\0\0\0;")
local PUBLISHED = peer.json '{"282":"v282","1241":"v1241"}'

-- The answer with activities: a list of { contract, key, changes = }.
local function activity(...)
  local data = {}
  for i, one in ipairs { ... } do
    data[i] = { id = "a" .. one[1], signer_id = "jane", event_type = "agreed", contract = one[1],
      version = one.version or "v" .. one[1], custom_data = { acceptance_key = one[2] },
      created_time = one.time or "2026-01-31T09:00:0" .. i .. ".000Z" }
  end
  return peer.json(json.encode { data = ironclad.array(data), has_more = false })
end
local NOTHING = activity()
local BOTH = activity({ 282, "order 1" }, { 1241, "order 1" })

local function connect(server, options)
  local settings = { site_access_id = "the-site", api_token = scene.TOKEN, activity_host = peer.url(server),
    rest_host = peer.url(server), max_retries = 0 }
  for name, value in pairs(options or {}) do settings[name] = value or nil end
  return ironclad.clickwrap(settings)
end

-- A server that answers one request after the other, over any number of connections, and a connection to it.
local function play(...)
  local server = scene.answering { ... }
  return connect(server), server
end

local function given(changes)
  local arguments = { signer = "jane", versions = { ["282"] = "v282", ["1241"] = "v1241" }, key = "order 1" }
  for name, value in pairs(changes or {}) do arguments[name] = value or nil end -- false: without
  return arguments
end

-- The requests that record something, as "POST /send".
local function sent(server)
  local list = {}
  for _, request in ipairs(server:requests()) do
    if request.method == "POST" then list[#list + 1] = request.method .. " " .. request.target end
  end
  return list
end

local function body_of(server)
  for _, request in ipairs(server:requests()) do
    if request.method == "POST" then return json.decode(request.body) end
  end
end

local function assert_unknown(server, kind, value, err)
  scene.assert_error(kind, value, err)
  assert.are.equal("unknown", err.outcome)
  assert.are.equal("order 1", err.key)
  assert.is_truthy(tostring(err):find('key = "order 1"', 1, true), tostring(err))
  assert.are.equal(1, #sent(server))
  return err
end

-- Pauses count and take no time.
local sleep = run.sleep
local function hurry() run.sleep = function() return true end end
local function rest()
  run.sleep = sleep
  scene.stop()
end

describe("accept", function()
  before_each(hurry)
  after_each(rest)

  it("sends once, on the server's side, and returns what was read back", function()
    local cw, server = play(SITES, NOTHING, OK, BOTH)
    local evidence = ironclad.must(cw:accept(given { custom = { plan = "pro" }, render_id = "r1", time = 0,
      connection = { remote_address = "203.0.113.7", user_agent = "Lynx" } }))
    assert.are.same({ "POST /send/sync" }, sent(server))
    assert.are.same({ sid = "the-site", sig = "jane", et = "agreed", server_side = true, vid = "v282,v1241",
      cid = "282,1241", cus = { plan = "pro", acceptance_key = "order 1" }, rdid = "r1", addr = "203.0.113.7",
      bua = "Lynx", ts = "1970-01-01T00:00:00Z" }, body_of(server))
    assert.are.same({ ["282"] = "v282", ["1241"] = "v1241" }, evidence.versions)
    assert.are.equal("2026-01-31T09:00:02.000Z", evidence.time)
    assert.are.same({ "a282", "a1241" }, { evidence.activities[1].id, evidence.activities[2].id })
    assert.are.same({ "jane", "order 1", false, "activity" },
      { evidence.signer, evidence.key, evidence.found, evidence.read_from })
  end)

  it("takes a date with a time for when it happened", function()
    local cw, server = play(SITES, NOTHING, OK, BOTH)
    ironclad.must(cw:accept(given { time = ironclad.date "2026-01-31T12:00:00+01:00" }))
    assert.are.equal("2026-01-31T11:00:00Z", body_of(server).ts)
  end)

  it("takes the versions that are published now, when it is given a group", function()
    local cw, server = play(SITES, PUBLISHED, NOTHING, OK, BOTH)
    local evidence = ironclad.must(cw:accept { signer = "jane", group = "terms", key = "order 1" })
    assert.are.equal("terms", evidence.group)
    local body = body_of(server)
    assert.are.same({ "terms", "v282,v1241", "282,1241" }, { body.gkey, body.vid, body.cid })
  end)

  it("falls back to /send where /send/sync is not found, and reads back until all is there", function()
    local cw, server = play(SITES, NOTHING, MISSING, OK, NOTHING, activity { 282, "order 1" }, BOTH)
    local evidence = ironclad.must(cw:accept(given()))
    assert.are.same({ "POST /send/sync", "POST /send" }, sent(server))
    assert.are.equal(2, #evidence.activities)
  end)

  it("keeps its evidence when the store of cw:accepted raises an error", function()
    local cw = play(SITES, NOTHING, OK, BOTH)
    cw:cache_in { get = error, set = error, add = error, delete = error }
    assert.are.equal(2, #ironclad.must(cw:accept(given())).activities)
    assert.is_true(cw:decline { signer = "jane", versions = { "v282" } })
  end)

  it("is not sent when it is stored already", function()
    local cw, server = play(SITES, BOTH)
    assert.is_true(ironclad.must(cw:accept(given())).found)
    assert.are.same({}, sent(server))
  end)

  it("sends only the contracts that are missing", function()
    local cw, server = play(SITES, activity { 282, "order 1" }, OK, BOTH)
    assert.are.equal(2, #ironclad.must(cw:accept(given())).activities)
    local body = body_of(server)
    assert.are.same({ "v1241", "1241" }, { body.vid, body.cid })
  end)

  it("of a group sends only the contracts that are missing, and takes others in the version that is stored", function()
    local cw, server = play(SITES, PUBLISHED, activity { 282, "order 1", version = "old" }, OK,
      activity({ 282, "order 1", version = "old" }, { 1241, "order 1" }))
    local evidence = ironclad.must(cw:accept { signer = "jane", group = "terms", key = "order 1" })
    assert.are.same({ ["282"] = "old", ["1241"] = "v1241" }, evidence.versions)
    local body = body_of(server)
    assert.are.same({ "v1241", "1241" }, { body.vid, body.cid })
  end)

  it("does not take another acceptance of the same versions for its own", function()
    local cw, server = play(SITES, activity({ 282, "order 0" }, { 1241 }), OK, BOTH)
    assert.is_false(ironclad.must(cw:accept(given())).found)
    assert.are.equal("v282,v1241", body_of(server).vid)
  end)

  it("does not take one in the other mode or of another event for its own", function()
    for name, row in pairs {
      ["test mode"] = { { custom_data = { acceptance_key = "order 1", acceptance_test = true } } },
      ["live mode"] = { {}, true },
      ["another event"] = { { event_type = "disagreed" } },
    } do
      local fields, test = row[1], row[2]
      local function listed(changes)
        local own = { id = "a1", signer_id = "jane", event_type = "agreed", contract = 282, version = "v282",
          custom_data = { acceptance_key = "order 1", acceptance_test = test } }
        for field, value in pairs(changes) do own[field] = value end
        return peer.json(json.encode { data = { own }, has_more = false })
      end
      if name == "live mode" then fields = { custom_data = { acceptance_key = "order 1" } } end
      local cw, server = play(SITES, listed(fields), OK, listed {})
      local evidence = ironclad.must(cw:accept { signer = "jane", versions = { ["282"] = "v282" }, key = "order 1",
        test = test })
      assert.are.same({ false, 1 }, { evidence.found, #sent(server) }, name)
      scene.stop()
    end
  end)

  it("takes its own without the event that was asked for, and with its mode as a text", function()
    local own = { contract = 282, version = "v282", custom_data = { acceptance_key = "order 1",
      acceptance_test = "true" } }
    local cw = play(SITES, peer.json(json.encode { data = { own }, has_more = false }))
    assert.is_true(ironclad.must(cw:accept(given { versions = { ["282"] = "v282" }, test = true })).found)
  end)

  for when, time in pairs { past = "1999-01-01T00:00:00.000Z", future = "2199-01-01T00:00:00.000Z" } do
    it("sees what Clickwrap's clock puts into the " .. when, function()
      local cw = play(SITES, NOTHING, OK, activity({ 282, "order 1", time = time }, { 1241, "order 1", time = time }))
      assert.are.equal(time, ironclad.must(cw:accept(given())).time)
    end)
  end

  -- What answers the sending -> the kind of the error when the acceptance is not there afterwards.
  for name, row in pairs {
    ["a receipt of what was not stored"] = { OK, "timeout" },
    ["an image"] = { IMAGE, "protocol" },
    ["a server's failure"] = { peer.json('{"error":{"message":"Oops","status":500}}', 500), "server" },
  } do
    it("is unknown after " .. name, function()
      local cw, server = play(SITES, NOTHING, row[1], NOTHING)
      local err = assert_unknown(server, row[2], cw:accept(given()))
      assert.are.same({ "282", "1241" }, err.missing)
      assert.are.same({}, err.seen.activities)
      assert.is_true(err.retryable)
    end)

    it("is made after " .. name .. ", when it can be read back", function()
      local cw, server = play(SITES, NOTHING, row[1], BOTH)
      assert.are.equal(2, #ironclad.must(cw:accept(given())).activities)
      assert.are.equal(1, #sent(server))
    end)
  end

  it("is looked for until just before the deadline", function()
    local cw = play(SITES, NOTHING, OK, NOTHING)
    local slept, random = 0, core.random_hex
    rawset(core, "random_hex", function() return "0000" end) -- the pauses are not shortened
    finally(function() rawset(core, "random_hex", random) end)
    run.sleep = function(_, seconds)
      slept = slept + seconds
      return true
    end
    local _, err = cw:accept(given { deadline = 21 }) -- the sum of the pauses would be 17.3
    assert.are.equal("unknown", err.outcome)
    assert.is_true(slept > 18 and slept < 21, tostring(slept))
  end)

  it("is unknown when a part is stored, and says which", function()
    local cw, server = play(SITES, NOTHING, OK, activity { 282, "order 1" })
    local err = assert_unknown(server, "timeout", cw:accept(given()))
    assert.are.same({ "1241" }, err.missing)
    assert.are.equal("a282", err.seen.activities[1].id)
  end)

  it("is unknown when it cannot be read back", function()
    local cw, server = play(SITES, NOTHING, OK, peer.json('{"error":{"message":"Forbidden","status":403}}', 403))
    scene.assert_error("permission", cw:accept(given()))
    assert.are.equal(1, #sent(server))
    local _, err = cw:accept(given())
    assert.are.equal("unknown", err.outcome)
    assert.are.equal(1, #sent(server))
  end)

  it("is not sent when reading back is not allowed", function()
    for _, status in ipairs { 401, 403 } do
      local cw, server = play(SITES, peer.json('{"error":{"message":"No","status":' .. status .. "}}", status))
      local value, err = cw:accept { signer = "jane", versions = { ["282"] = "v282" } }
      scene.assert_error(status == 401 and "auth" or "permission", value, err)
      assert.are.equal("not_done", err.outcome)
      assert.are.same({}, sent(server))
      scene.stop()
    end
  end)

  for name, status in pairs { ["a version that is not published"] = 400, ["what Clickwrap cannot use"] = 422 } do
    it("is refused with " .. name, function()
      local cw, server = play(SITES, NOTHING, peer.json(
        ('{"error":{"message":"Version v282 is not published","status":%d,"name":"BadRequestError"}}'):format(status),
        status))
      local err = scene.assert_error("invalid_request", cw:accept(given()))
      assert.are.equal("not_done", err.outcome)
      assert.is_truthy(tostring(err):find("Version v282 is not published", 1, true))
      assert.are.equal(1, #sent(server))
    end)
  end

  it("is refused for a group without contracts", function()
    local cw, server = play(SITES, OK)
    local err = scene.assert_error("not_found", cw:accept { signer = "jane", group = "trems" })
    assert.is_truthy(tostring(err):find("group trems has no published contracts", 1, true), tostring(err))
    assert.are.same({}, sent(server))
  end)

  it("after an unknown outcome is read back, and sent again only when it has not appeared", function()
    local cw, server = play(SITES, NOTHING, OK, NOTHING)
    assert_unknown(server, "timeout", cw:accept(given()))
    local err = assert_unknown(server, "timeout", cw:accept(given()))
    assert.is_truthy(tostring(err):find("sent again only when it is not seen for 60 s", 1, true), tostring(err))
    scene.stop()

    cw, server = play(SITES, NOTHING, OK, NOTHING)
    local journal = journals.memory()
    assert_unknown(server, "timeout", cw:accept(given { journal = journal }))
    cw, server = play(SITES, BOTH)
    assert.is_true(ironclad.must(cw:accept(given { journal = journal })).found)
    assert.are.same({}, sent(server))
  end)

  it("is one in the journal, in whatever order its versions are given", function()
    local keys = {}
    for i, versions in ipairs { { "v282", "v1241" }, { "v1241", "v282" }, { ["282"] = "v282", ["1241"] = "v1241" },
      { "v282", "v9" } } do
      local cw = play(SITES)
      local own = { last = function() end, done = function() end,
        claim = function(_, key)
          keys[i] = key
          return nil, "full"
        end }
      scene.assert_error("store", cw:accept(given { versions = versions, journal = own }))
    end
    assert.are.same({ keys[1], keys[1] }, { keys[2], keys[3] })
    assert.are_not.equal(keys[1], keys[4])
  end)

  it("is looked for by a journal of the script's own, whose times may have fractions", function()
    local cw, server = play(SITES, NOTHING)
    local own = { claim = function() return true end, done = function() end,
      last = function() return 1, os.time() - 2.75 end }
    local err = scene.assert_error("timeout", cw:accept(given { journal = own, deadline = 0.2 }))
    assert.are.equal("unknown", err.outcome)
    assert.is_nil(err.message:find "%.%d+ s ago", err.message)
    assert.are.same({}, sent(server))
  end)

  -- How long ago it was sent, by the journal -> how often it has been sent in the end.
  for age, count in pairs { [50] = 1, [70] = 2, [-1000] = 1 } do
    it(("is sent again when it has not appeared for `settle` seconds: %d s"):format(age), function()
      local cw, server = play(SITES, NOTHING, OK, NOTHING)
      local journal = journals.memory()
      assert_unknown(server, "timeout", cw:accept(given { journal = journal }))
      for _, entry in pairs(journal.entries) do entry.time = os.time() - age end
      local _, err = cw:accept(given { journal = journal, settle = 60 })
      assert.are.equal("unknown", err.outcome)
      assert.are.equal(count, #sent(server))
    end)
  end

  it("is sent again only when the seconds of the first one are over, which the clock counts as a whole", function()
    local cw, server = play(SITES, NOTHING)
    local journal, real_time, now = journals.memory(), os.time, 1000000000
    rawset(os, "time", function(...) return (...) and real_time(...) or now end)
    finally(function() rawset(os, "time", real_time) end)
    local own = { claim = function() error "it must not be claimed" end, done = function() end,
      last = function() return 1, now - 1 end } -- which may have been a moment ago
    local _, err = cw:accept(given { journal = own, settle = 0.9, deadline = 5 })
    assert.are.equal("unknown", err.outcome)

    local call, seconds = cw.call, nil
    rawset(cw, "call", function(self, name, arguments, options)
      if name == "send-sync" and not options.dry_run then seconds = options.deadline end
      return call(self, name, arguments, options)
    end)
    cw:accept(given { journal = journal, settle = 20, deadline = 600 })
    assert.is_true(seconds <= 20, tostring(seconds))
    assert.are.equal(1, #sent(server))
  end)

  it("is looked for from now on when the journal's time is in the future", function()
    local cw, server = play(SITES, NOTHING)
    local days = os.time() + 5 * 24 * 3600
    local own = { claim = function() error "it must not be claimed" end, done = function() end,
      last = function() return 1, days end }
    cw:accept(given { journal = own, deadline = 2 })
    local now = os.date("!%Y-%m-%d")
    local last = scene.last(server).target:match "created_time%%3E%%3D([%d-]+)"
    assert.is_true(last < now, last)
  end)

  it("is claimed again when its claim has become too old before it was sent: somebody else may have sent it", function()
    local cw, server = play(SITES, NOTHING, NOTHING, NOTHING, OK, BOTH)
    local journal, claims, real_time, later = journals.memory(), {}, os.time, 0
    rawset(os, "time", function(...) return real_time(...) + (... and 0 or later) end)
    finally(function() rawset(os, "time", real_time) end)
    local own = {
      claim = function(_, key, round)
        claims[#claims + 1] = round
        local won = journal:claim(key, round)
        if round == 1 then later = 61 end -- the machine sleeps
        return won
      end,
      last = function(_, key) return journal:last(key) end,
      done = function(_, key) return journal:done(key) end,
    }
    assert.is_false(ironclad.must(cw:accept(given { journal = own, settle = 60 })).found)
    assert.are.same({ 1, 2 }, claims)
    assert.are.equal(1, #sent(server))
    assert.are.same({}, journal.entries)
  end)

  it("is claimed again when the rate limits hold it back for longer than a claim counts", function()
    local limited = peer.json('{"error":{"message":"slow down"}}', 429, { "Retry-After: 2" })
    local cw, server = play(SITES, NOTHING, limited, NOTHING, OK, BOTH)
    local journal, claims = journals.memory(), {}
    local own = {
      claim = function(_, key, round)
        claims[#claims + 1] = round
        return journal:claim(key, round)
      end,
      last = function(_, key) return journal:last(key) end,
      done = function(_, key) return journal:done(key) end,
    }
    run.sleep = function(...)
      assert.are.same({}, journal.entries) -- others may send it
      return sleep(...) -- the engine keeps to the limits, too
    end
    local evidence = ironclad.must(cw:accept(given { journal = own, settle = 2, deadline = 600 }))
    assert.are.same({ { 1, 1 }, 2, 2 }, { claims, #sent(server), #evidence.activities })
    assert.are.same({}, journal.entries)
    scene.stop()

    -- Without the time for that it is an error.
    cw, server = play(SITES, NOTHING, (limited:gsub("Retry%-After: 2", "Retry-After: 90")))
    local err = scene.assert_error("rate_limited", cw:accept(given { journal = own, deadline = 60 }))
    assert.are.same({ "not_done", 1, {} }, { err.outcome, #sent(server), journal.entries })
    assert.is_true(err.retry_after > 60)
  end)

  it("with a random key names it in the error", function()
    local cw = play(SITES, NOTHING, OK, NOTHING)
    local _, err = cw:accept(given { key = false })
    assert.matches("^%x+$", err.key)
    assert.is_false(err.retryable)
  end)

  it("looks for it by Clickwrap's clock, which may differ from this machine's", function()
    local function dated(bytes) return (bytes:gsub("\r\n", "\r\nDate: Wed, 31 Jan 2024 09:00:00 GMT\r\n", 1)) end
    local cw, server = play(dated(SITES), dated(NOTHING), dated(OK), dated(BOTH))
    ironclad.must(cw:accept(given()))
    local _, last = server:requests()[3], server:requests()[4]
    assert.is_truthy(last.target:find("created_time%3E%3D2024-01-30", 1, true), last.target)
  end)

  it("looks for it from the time that was sent with it, which may be its time in Clickwrap", function()
    local cw, server = play(SITES, NOTHING, OK, BOTH)
    ironclad.must(cw:accept(given { time = "2026-01-31T12:00:00+14:00" }))
    local target = server:requests()[4].target
    assert.is_truthy(target:find("created_time%3E%3D2026-01-29", 1, true), target)
  end)

  it("is not sent when not all of the signer's activity can be read", function()
    local others = {}
    for i = 1, 100 do others[i] = { id = "a" .. i, contract = 282, version = "v282", custom_data = {} } end
    local endless = peer.json(json.encode { data = others, has_more = true })
    local cw, server = play(SITES, endless)
    local err = scene.assert_error("protocol", cw:accept(given()))
    assert.are.same({ "not_done", {} }, { err.outcome, sent(server) })
    assert.are.equal(3, #server:requests())
  end)

  it("reads no more of the activity than it needs", function()
    local last = json.decode(BOTH:match "\r\n\r\n(.*)$")
    last.has_more = true
    local cw, server = play(SITES, peer.json(json.encode(last)))
    assert.is_true(ironclad.must(cw:accept(given())).found)
    assert.are.equal(2, #server:requests())
  end)

  it("is not made, and leaves nothing, when nobody answers", function()
    local gone = "http://127.0.0.1:" .. peer.refused_port()
    local folder = peer.temporary_folder()
    local cw = ironclad.clickwrap { site_access_id = "s", activity_host = gone, rest_host = gone, max_retries = 0 }
    local err = scene.assert_error("network", cw:accept(given { journal = folder }))
    assert.are.same({ "not_done", "order 1" }, { err.outcome, err.key })
    assert.are.equal("", (peer.shell("ls -A " .. folder)))
    peer.remove_folder(folder)
  end)

  it("is not sent when it cannot be written down", function()
    local cw, server = play(SITES, NOTHING)
    local err = scene.assert_error("store", cw:accept(given { journal = "/nonexistent/folder" }))
    assert.are.equal("not_done", err.outcome)
    assert.is_truthy(tostring(err):find("/nonexistent/folder", 1, true))
    assert.are.same({}, sent(server))
  end)

  it("takes any signer id and custom data", function()
    local long = ("é"):rep(5120)
    for signer, path in pairs {
      ["jane doe"] = "jane%20doe", ["a/../b"] = "a%2F..%2Fb", ["jane@example.com"] = "jane%40example.com",
      ["Žofie 日本"] = "%C5%BDofie%20%E6%97%A5%E6%9C%AC", ["50%&?#"] = "50%25%26%3F%23", ["..."] = "...",
    } do
      local cw, server = play(SITES, NOTHING, OK, BOTH)
      ironclad.must(cw:accept(given { signer = signer, custom = { text = long, html = "<b>&amp;</b>" } }))
      local look = server:requests()[2].target:match "^[^?]+"
      assert.are.equal("/v1.1/sites/7/signers/id:" .. path .. "/activity", look)
      local body = body_of(server)
      assert.are.same({ signer, long, "<b>&amp;</b>" }, { body.sig, body.cus.text, body.cus.html })
      scene.stop()
    end
  end)
end)

describe("accept without an API token", function()
  before_each(hurry)
  after_each(rest)

  local function open(...)
    local server = scene.answering { ... }
    return connect(server, { api_token = false }), server
  end
  local NONE, LAST = peer.json '{"282":false,"1241":null}', peer.json '{"282":"v282","1241":"v1241"}'

  it("reads back which versions were accepted last", function()
    local cw, server = open(NONE, OK, peer.json '{"282":"v282","1241":true}', LAST)
    local evidence = ironclad.must(cw:accept(given()))
    assert.are.same({ "retrieve", {}, { ["282"] = "v282", ["1241"] = "v1241" } },
      { evidence.read_from, evidence.activities, evidence.versions })
    assert.is_nil(evidence.time)
    assert.are.same({ "POST /send/sync" }, sent(server))
  end)

  it("is not sent when these versions were accepted before", function()
    local cw, server = open(LAST)
    assert.is_true(ironclad.must(cw:accept(given())).found)
    assert.are.same({}, sent(server))
  end)

  it("is unknown when the versions do not appear", function()
    local cw, server = open(NONE, OK, NONE)
    assert_unknown(server, "timeout", cw:accept(given()))
  end)

  it("in test mode asks whether the latest is accepted", function()
    local cw, server = open(peer.json '{"282":false,"1241":false}', OK, peer.json '{"282":true,"1241":true}')
    local evidence = ironclad.must(cw:accept(given { test = true }))
    assert.are.same({ "latest", true }, { evidence.read_from, evidence.test })
    assert.matches("^GET /latest%?.*tm=true", scene.targets(server)[1])
  end)

  it("in test mode needs the contracts of the versions", function()
    local cw, server = open(NONE)
    for _, group in ipairs { false, "terms" } do
      scene.assert_mistake("accept: versions: expected { [contract id] = version id } for test mode without an API "
        .. "token, got a list", function()
          cw:accept { signer = "jane", group = group or nil, versions = { "v282" }, test = true }
        end)
    end
    assert.are.same({}, scene.targets(server))
  end)
end)

describe("a mistake of accept", function()
  local cw
  setup(function()
    cw = ironclad.clickwrap { site_access_id = "s", api_token = scene.TOKEN, environment = "demo" }
  end)

  for message, arguments in pairs {
    ["signer: expected the id of a person, got nil"] = {},
    ["signer: expected the id of a person, got an empty string"] = { signer = "" },
    ["signer: expected the id of a person, got a number"] = { signer = 1.5 },
    ["group: missing; expected group, versions or terms"] = { signer = "x" },
    ["group: expected the key of a group or its id, got an empty string"] = { signer = "x", group = "" },
    ["versions: expected at least one"] = { signer = "x", versions = {} },
    ['versions[1]: expected an id without commas and spaces, got "a,b"'] = { signer = "x", versions = { "a,b" } },
    ["versions: expected { [contract id] = version id } or a list of version ids, got both"] =
      { signer = "x", versions = { "a", ["282"] = "b" } },
    ["custom.text: the text holds invalid UTF-8 at byte 2"] =
      { signer = "x", group = "g", custom = { text = "a\255" } },
    ["custom.f: a value of type function cannot be written as JSON"] =
      { signer = "x", group = "g", custom = { f = print } },
    ["connection.user_agent: the text holds invalid UTF-8 at byte 1"] =
      { signer = "x", group = "g", connection = { user_agent = "\255" } },
    ["key: the text holds invalid UTF-8 at byte 1"] = { signer = "x", group = "g", key = "\255" },
    ["extra.server_side: is set by the method itself"] =
      { signer = "x", group = "g", extra = { server_side = false } },
    ["extra.site_id: is set by the method itself"] = { signer = "x", group = "g", extra = { site_id = "s" } },
    ["extra.et: is set by the method itself"] = { signer = "x", group = "g", extra = { et = "displayed" } },
    ["extra.tm: is given as test"] = { signer = "x", group = "g", extra = { tm = true } },
    ["extra.bua: is given as connection.user_agent"] = { signer = "x", group = "g", extra = { bua = "Lynx" } },
    ["extra.foo: unknown field"] = { signer = "x", group = "g", extra = { foo = 1 } },
    ["signer: must not hold control characters"] = { signer = "a\nb", group = "g" },
    ['signer: must not be "." or ".."'] = { signer = "..", group = "g" },
    ["signer: is not UTF-8"] = { signer = "\255", group = "g" },
    ["timeout: expected a number from 0.001 to 86400, got a string"] = { signer = "x", group = "g", timeout = "x" },
    ["custom.acceptance_test: is set by the argument `test`"] =
      { signer = "x", group = "g", custom = { acceptance_test = true } },
    ["custom.acceptance_key: is set by the argument `key`"] =
      { signer = "x", group = "g", custom = { acceptance_key = 1 } },
    ["custom: expected a table of fields, got a list"] = { signer = "x", group = "g", custom = { 1 } },
    ['sigenr: unknown argument; did you mean "signer"?'] = { sigenr = "x" },
    ['connection.remote_adress: unknown field of connection; did you mean "remote_address"?'] =
      { signer = "x", group = "g", connection = { remote_adress = "::1" } },
    ["connection.hostname: expected a text, got a boolean"] =
      { signer = "x", group = "g", connection = { hostname = true } },
    ["key: expected a text, got a number"] = { signer = "x", group = "g", key = 3 },
    ["settle: expected a number of seconds from 0.001 to 31536000, got -1"] =
      { signer = "x", group = "g", settle = -1 },
    ["deadline: expected a number of seconds from 0.001 to 31536000, got 0.0005"] =
      { signer = "x", group = "g", deadline = 0.0005 },
    ["time: expected ISO 8601 or Unix seconds, got \"today\""] = { signer = "x", group = "g", time = "today" },
    ["time: expected ISO 8601 or Unix seconds, got 1700000000000"] =
      { signer = "x", group = "g", time = 1700000000000 },
    ["time: expected ISO 8601 or Unix seconds, got -1"] = { signer = "x", group = "g", time = -1 },
    ["time: expected ISO 8601 or Unix seconds, got inf"] = { signer = "x", group = "g", time = 1 / 0 },
    ['time: expected ISO 8601 or Unix seconds, got "2026-01-31"'] = { signer = "x", group = "g", time = "2026-01-31" },
    ['time: expected ISO 8601 or Unix seconds, got "2026-02-01"'] =
      { signer = "x", group = "g", time = ironclad.date(2026, 2, 1) },
    ['time: expected ISO 8601 or Unix seconds, got "2026-02-29T10:00:00Z"'] =
      { signer = "x", group = "g", time = "2026-02-29T10:00:00Z" },
    ['time: expected ISO 8601 or Unix seconds, got "2026-01-31T10:00Z!"'] =
      { signer = "x", group = "g", time = "2026-01-31T10:00Z!" },
    ["versions: version a is given twice"] = { signer = "x", versions = { "a", "b", "a" } },
    ["versions: contract 282 is given twice"] = { signer = "x", versions = { [282] = "a", ["282"] = "b" } },
    ["versions[1]: expected an id without commas and spaces, got a number"] = { signer = "x", versions = { 1e300 } },
    ["group: expected the key of a group or its id, got a number"] = { signer = "x", group = 2 ^ 60 },
    ["key: must not hold control characters"] = { signer = "x", group = "g", key = "a\0b" },
    ["test: expected a boolean, got a string"] = { signer = "x", group = "g", test = "yes" },
    ["terms: expected what cw:terms returned, got a string"] = { signer = "x", terms = "g" },
    ["group: is in `terms` already"] = { signer = "x", group = "g", terms = { versions = { a = "b" } } },
  } do
    it("is raised: " .. message, function()
      local fine, raised = pcall(function() cw:accept(arguments) end)
      assert.is_false(fine)
      assert.is_truthy(raised:find("accept: " .. message, 1, true), raised)
      assert.matches("accept_spec%.lua:%d+: ", raised)
    end)
  end
end)
