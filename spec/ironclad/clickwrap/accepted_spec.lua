-- cw:accepted against a scripted Clickwrap: what it says, what it keeps, and that it never guesses.
local cache = require "ironclad.clickwrap.cache"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local ALL, SOME = peer.json '{"282":true,"1241":true}', peer.json '{"282":true,"1241":false}'
local LAST = peer.json '{"282":"v282","1241":null}'

local function play(...)
  local server = scene.answering { ... }
  return ironclad.clickwrap { site_access_id = "the-site", activity_host = peer.url(server),
    rest_host = peer.url(server), max_retries = 0 }, server
end

local function asked(server) return #server:requests() end

-- "GET /path?query" for each request, the parameters in order.
local function targets(server)
  local list = {}
  for i, target in ipairs(scene.targets(server)) do
    local path, query = target:match "^([^?]*)%??(.*)$"
    local parameters = {}
    for parameter in query:gmatch "[^&]+" do parameters[#parameters + 1] = parameter end
    table.sort(parameters)
    list[i] = path .. "?" .. table.concat(parameters, "&")
  end
  return list
end

describe("accepted", function()
  after_each(scene.stop)

  it("says what is missing, and what was accepted last", function()
    local cw, server = play(SOME, LAST)
    assert.are.same({ accepted = false, missing = { "1241" }, versions = { ["282"] = "v282" } },
      (ironclad.must(cw:accepted("jane doe", "terms"))))
    assert.are.same({ "GET /latest?gkey=terms&sid=the-site&sig=jane%20doe",
      "GET /retrieve?cid=282%2C1241&sid=the-site&sig=jane%20doe" }, targets(server))
  end)

  it("asks by contracts for a group that is named by its id", function()
    local cw, server = play(peer.json '{"282":"v","1241":"w"}', ALL, LAST)
    assert.is_true(ironclad.must(cw:accepted("jane", 6972)).accepted)
    assert.are.same({ "GET /published?gid=6972&sid=the-site", "GET /latest?cid=282%2C1241&sid=the-site&sig=jane" },
      { targets(server)[1], targets(server)[2] })
  end)

  it("is nil and an error when it does not hear of each contract of a group that is named by its id", function()
    local cw = play(peer.json '{"282":"v","1241":"w"}', peer.json '{"282":true}', LAST)
    local err = scene.assert_error("protocol", cw:accepted("jane", 6972))
    assert.is_truthy(tostring(err):find("did not say whether contract 1241 is accepted", 1, true))
  end)

  for name, row in pairs {
    ["an unknown group"] = { peer.json "{}", "not_found" },
    ["a list"] = { peer.json "[]", "not_found" },
    ["a text"] = { peer.json '"yes"', "protocol" },
    ["a table of something else"] = { peer.json '{"ok":true}', "protocol" },
    ["a wrapped text"] = { peer.json '{"data":true}', "protocol" },
    ["a contract without an id"] = { peer.json '{"282":true,"":true}', "protocol" },
    ["something else than true and false"] = { peer.json '{"282":"yes"}', "protocol" },
    ["an image"] = { peer.answer(200, { "Content-Type: image/gif" }, "GIF89a"), "protocol" },
    ["a page for people"] = { peer.answer(200, { "Content-Type: text/html" }, "<h1>Hello</h1>"), "protocol" },
    ["a server's failure"] = { peer.json("{}", 500), "server" },
    ["too many requests"] = { peer.answer(429, { "Retry-After: 400" }, ""), "rate_limited" },
  } do
    it("is nil and an error after " .. name, function()
      local cw = play(row[1])
      scene.assert_error(row[2], cw:accepted("jane", "terms", { cache = 60 }))
      local value, err = cw:accepted("jane", "terms", { cache = 60, deadline = 0.1 })
      assert.is_nil(value)
      assert.is_table(err)
    end)
  end

  it("is nil and an error when nobody answers", function()
    local cw = ironclad.clickwrap { site_access_id = "s", activity_host = "http://127.0.0.1:" .. peer.refused_port(),
      rest_host = "http://127.0.0.1:" .. peer.refused_port(), max_retries = 0 }
    scene.assert_error("network", cw:accepted("jane", "terms", { cache = 60 }))
  end)

  it("asks each time unless it is told for how long the answer counts", function()
    local cw, server = play(ALL, LAST, ALL, LAST)
    cw:accepted("jane", "terms")
    cw:accepted("jane", "terms")
    assert.are.equal(4, asked(server))
  end)

  it("keeps only that everything is accepted", function()
    local cw, server = play(SOME, LAST, ALL, LAST)
    local options = { cache = 60 }
    assert.is_false(ironclad.must(cw:accepted("jane", "terms", options)).accepted)
    assert.is_true(ironclad.must(cw:accepted("jane", "terms", options)).accepted)
    assert.is_true(ironclad.must(cw:accepted("jane", "terms", options)).accepted)
    assert.are.equal(4, asked(server))
  end)

  it("keeps the answer for that signer, that group and that mode alone", function()
    local cw, server = play(ALL, LAST, ALL, LAST, ALL, LAST, ALL, LAST)
    cw:accepted("jane", "terms", { cache = 60 })
    cw:accepted("joe", "terms", { cache = 60 })
    cw:accepted("jane", "orders", { cache = 60 })
    cw:accepted("jane", "terms", { cache = 60, test = true })
    assert.are.equal(8, asked(server))
  end)

  for name, row in pairs {
    ["of the signer"] = { { signer = "jane" }, 4 }, ["of the group"] = { { group = "terms" }, 4 },
    ["of both"] = { { signer = "jane", group = "terms" }, 4 }, ["of everybody"] = { nil, 4 },
    ["of another signer: nothing"] = { { signer = "joe" }, 2 },
    ["of another group: nothing"] = { { group = "orders" }, 2 },
  } do
    it("is forgotten by forget, " .. name, function()
      local cw, server = play(ALL, LAST, ALL, LAST)
      cw:accepted("jane", "terms", { cache = 60 })
      assert.is_true(cw:forget(row[1]))
      cw:accepted("jane", "terms", { cache = 60 })
      assert.are.equal(row[2], asked(server))
    end)
  end

  it("is kept for all connections with one store", function()
    local store = cache.memory()
    local one, server = play(ALL, LAST)
    one:cache_in(store):accepted("jane", "terms", { cache = 60 })
    local two, other = play(SOME, LAST)
    assert.is_true(ironclad.must(two:cache_in(store):accepted("jane", "terms", { cache = 60 })).accepted)
    assert.are.same({ 2, 0 }, { asked(server), asked(other) })
  end)

  it("calls back", function()
    local cw = play(ALL, LAST)
    local state
    cw:accepted("jane", "terms", { callback = function(value) state = value end })
    ironclad.run()
    assert.is_true(state.accepted)
  end)

  for message, call in pairs {
    ["accepted: signer: expected the id of a person, got nil"] = function(cw) cw:accepted() end,
    ["accepted: group: expected the key of a group or its id, got nil"] = function(cw) cw:accepted "jane" end,
    ["accepted: cache: expected a number of seconds, got -1"] =
      function(cw) cw:accepted("jane", "terms", { cache = -1 }) end,
    ['accepted: cach: unknown option; did you mean "cache"?'] =
      function(cw) cw:accepted("jane", "terms", { cach = 1 }) end,
    ["accepted: test: expected a boolean, got a string"] =
      function(cw) cw:accepted("jane", "terms", { test = "x" }) end,
    ["accepted: timeout: expected a number from 0.001 to 86400, got a string"] =
      function(cw) cw:accepted("jane", "terms", { timeout = "x" }) end,
    ["accepted: callback: expected a function, got a number"] =
      function(cw) cw:accepted("jane", "terms", { callback = 1 }) end,
    ["forget: singer: unknown argument; did you mean \"signer\"?"] = function(cw) cw:forget { singer = "x" } end,
    ["cache_in: expected a shared dictionary"] = function(cw) cw:cache_in {} end,
    ["accepted: call it with a colon"] = function(cw) cw.accepted("jane", "terms") end,
  } do
    it("raises a mistake: " .. message, function()
      local cw = ironclad.clickwrap { site_access_id = "s", environment = "demo" }
      local fine, raised = pcall(function() call(cw) end)
      assert.is_false(fine)
      assert.is_truthy(raised:find(message, 1, true), raised)
      assert.matches("accepted_spec%.lua:%d+: ", raised)
    end)
  end
end)
