-- The deadline of a method that makes several requests is one for all of them.
local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local run = require "ironclad.calls.run"
local scene = require "spec.support.scene"

local json = ironclad.json
local SITES = peer.json '{"data":[{"id":7,"access_id":"SITE"}],"has_more":false}'
local MORE_SITES = peer.json '{"data":[{"id":8,"access_id":"OTHER"}],"has_more":true}'
local PUBLISHED = peer.json '{"282":"v282"}'
local MISSING = peer.json('{"error":{"message":"Not Found","status":404}}', 404)
local ACCEPTED, LAST = peer.json '{"282":true}', peer.json '{"282":"v282"}'
local GROUP = peer.json(json.encode { key = "terms", group = 6972, contracts = { 282 },
  contract_data = { ["282"] = { published_version = "v282", title = "T" } } })
local VERSION = peer.json '{"id":"v282","body":"<p>T</p>"}'

local function page(id, more)
  return peer.json(json.encode { data = { { id = id, contract = 282, version = "v282", created_time = "2026-01-01",
    custom_data = { acceptance_key = id } } }, has_more = more })
end

-- Each request takes four seconds of a clock that only this spec moves. -> the deadlines of the requests.
local monotonic, call = core.monotonic, run.call
local time, deadlines

local function stop_clock()
  time, deadlines = 100, {}
  core.monotonic = function() return time end
  run.call = function(client, label, index, arguments, ...)
    if not arguments.dry_run then
      deadlines[#deadlines + 1] = arguments.deadline == nil and "the connection's" or arguments.deadline
      time = time + 4
    end
    return call(client, label, index, arguments, ...)
  end
end

local function start_clock()
  core.monotonic, run.call = monotonic, call
  scene.stop()
end

local function play(answers) return scene.clickwrap(scene.answering(answers), { max_retries = 0 }) end

describe("one deadline", function()
  before_each(stop_clock)
  after_each(start_clock)

  for name, row in pairs {
    ["decline, which asks for the versions"] = { { PUBLISHED, MISSING, peer.json "{}" },
      function(cw, options) return cw:decline { signer = "jane", group = "terms", deadline = options.deadline } end },
    ["displayed, which falls back to /send"] = { { MISSING, peer.json "{}" },
      function(cw, options) return cw:displayed { versions = { "v282" }, deadline = options.deadline } end },
    ["update_signer"] = { { MISSING, peer.json "{}" },
      function(cw, options) return cw:update_signer("jane", { name = "Jane" }, options) end },
    ["history, of all pages"] = { { MORE_SITES, SITES, page("a", true), page("b", false) },
      function(cw, options) return cw:history("jane", options) end },
    ["accepted, of a group's id"] = { { PUBLISHED, ACCEPTED, LAST },
      function(cw, options) return cw:accepted("jane", 6972, options) end },
    ["terms"] = { { GROUP, VERSION, ACCEPTED, LAST },
      function(cw, options) return cw:terms("terms", { signer = "jane", deadline = options.deadline }) end },
  } do
    it("is that of all requests of " .. name, function()
      local answers, method = row[1], row[2]
      ironclad.must(method(play(answers), { deadline = 17 }))
      local expected = {}
      for i = 1, #answers do expected[i] = 17 - 4 * (i - 1) end
      assert.are.same(expected, deadlines)
      for given, told in pairs { [false] = false, none = "the connection's" } do
        deadlines, expected = {}, {}
        if given == "none" then given = nil end
        ironclad.must(method(play(answers), { deadline = given }))
        for i = 1, #answers do expected[i] = told end
        assert.are.same(expected, deadlines)
      end
      for _, wrong in ipairs { "5", 0, -1, 0 / 0, 1 / 0 } do
        scene.assert_mistake("deadline: expected a number of seconds from 0.001 to 31536000, or false for none, got",
          function() method(play {}, { deadline = wrong }) end)
      end
    end)
  end

  it("is that of a call and of the look-up of its site", function()
    local cw = scene.clickwrap(scene.answering { SITES, ACCEPTED }, { site_access_id = false, max_retries = 0 })
    ironclad.must(cw:call("get-the-latest-versions-signed", { query = { sig = "jane", gkey = "terms" } },
      { deadline = 17 }))
    assert.are.same({ 17, 13 }, deadlines)
  end)

  it("is that of an acceptance, the look-up of its site and all pages that are read back", function()
    local cw = play { SITES, page("x", true), page("key", false) }
    local order = { signer = "jane", versions = { "v282" }, key = "key", deadline = 20 }
    assert.is_true(ironclad.must(cw:accept(order)).found)
    assert.are.same({ 20, 16, 12 }, deadlines)
  end)

  it("is that of a workflow and all its records", function()
    local client = scene.connect(scene.answering {
      peer.json '{"id":"w1"}', peer.json '{"id":"w1","recordIds":["r1","r2"]}', peer.json '{"id":"r1"}',
      peer.json '{"id":"r2"}',
    })
    local workflow = ironclad.must(client.workflows:get "w1")
    deadlines = {}
    assert.are.equal(2, #ironclad.must(workflow:records { deadline = 17 }))
    assert.are.same({ 17, 13, 9 }, deadlines)
  end)

  it("is that of a launch by title", function()
    local client = scene.connect(scene.answering {
      peer.json '{"list":[{"id":"t1","name":"NDA","schema":{}}],"page":0,"pageSize":100,"count":1}', scene.GOOD,
    }, { as_user = "a@b.example" })
    ironclad.must(client.workflows:launch({ template = "NDA", attributes = {} }, { deadline = 17 }))
    assert.are.same({ 17, 13 }, deadlines)
  end)
end)

-- The requests of an acceptance of a group: the site, the versions, what is stored, the sending, what is stored.
describe("the deadline of an acceptance", function()
  before_each(stop_clock)
  after_each(start_clock)

  local NOTHING = peer.json '{"data":[],"has_more":false}'
  local answers = { SITES, PUBLISHED, NOTHING, peer.json "{}", page("key", false) }
  local SENDING = 4

  local function timeout(outcome)
    return nil, Error.new { kind = "timeout", message = "the deadline passed", outcome = outcome, retryable = true,
      attempts = 1 }
  end

  -- Runs accept; the time is over after the nth request, which is answered at the last moment, or not at all.
  local function accept(server, n, is_answered)
    local count = 0
    run.call = function(client, label, index, arguments, ...)
      if arguments.dry_run then return call(client, label, index, arguments, ...) end
      count = count + 1
      assert.is_true(arguments.deadline >= run.LEAST and arguments.deadline <= 20)
      if count == n then time = time + 20 end
      if count > n or (count == n and not is_answered) then
        return timeout(count == SENDING and "unknown" or "not_done")
      end
      return call(client, label, index, arguments, ...)
    end
    return scene.clickwrap(server, { max_retries = 0 }):accept { signer = "jane", group = "terms", key = "key",
      deadline = 20 }
  end

  for n, name in ipairs { "the site", "the versions", "what is stored", "the sending" } do
    for _, is_answered in ipairs { false, true } do
      it(("is over after %s, which is%s answered: nil and an error"):format(name, is_answered and "" or " not"),
        function()
          local server = scene.answering(answers)
          local err = scene.assert_error("timeout", accept(server, n, is_answered))
          assert.are.same({ "accept", "key", n < SENDING and "not_done" or "unknown" },
            { err.operation, err.key, err.outcome })
          local sent = 0
          for _, request in ipairs(server:requests()) do sent = sent + (request.method == "POST" and 1 or 0) end
          assert.are.equal(n == SENDING and is_answered and 1 or 0, sent)
        end)
    end
  end
end)
