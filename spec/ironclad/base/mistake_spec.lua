-- The position of a mistake: the script's line, whatever functions lie between.

local ironclad = require "ironclad"
local mistake = require "ironclad.base.mistake"
local peer = require "spec.support.peer"
local task = require "ironclad.loop.task"

local function client_with(options)
  local settings = { instance = "http://127.0.0.1:1", client_id = "mistaken", client_secret = "nobody knows 1ti7",
    as_user = "u" }
  for name, value in pairs(options or {}) do settings[name] = value end
  return ironclad.connect(settings)
end

-- The line of the caller.
local function here() return debug.getinfo(2, "l").currentline end

local function expect_at(line, text, message)
  assert.are.equal("string", type(message))
  local file, at, rest = message:match "^([^\n]-):(%d+): (.*)$"
  assert.is_truthy(file, message)
  assert.is_truthy(file:find("mistake_spec.lua", 1, true), message)
  assert.are.equal(line, tonumber(at))
  assert.is_truthy(rest:find(text, 1, true), message)
end

describe("a mistake names the script's line", function()
  local client
  local date = ironclad.date(2026, 1, 1)

  before_each(function() client = client_with() end)

  local calls = {
    { "a method of the catalog", function() client.records:get() end, "records:get: id: expected" },
    { "an unknown query parameter", function() client.records:list { type = "x" } end, "type" },
    { "an option", function() client.records:list({}, { time_out = 1 }) end, '"timeout"' },
    { "a call by id", function() client:call("list-all-recods") end, "list-all-records" },
    { "a raw request", function() client:request("GET", "x") end, "path" },
    { "a download", function() client:download("https://a.example/", { timeuot = 1 }) end, "timeout" },
    { "an iterator", function() client.records:each { limit = -1 } end, "limit" },
    { "a wait", function() client.workflows:wait("w", { stop = 1 }) end, 'did you mean "step"' },
    { "a start that waits", function() client.exports:create_and_wait({}, { x = 1 }) end, "x: unknown" },
    { "map", function() client:map({}, print, { concurency = 1 }) end, "concurrency" },
    { "a method without its colon", function() client.records.get("r") end, "colon" },
    { "a resource that is not there", function() return client.recods end, 'did you mean "records"' },
    { "a connection", function() ironclad.connect { timeuot = 1 } end, "timeout" },
    { "a value", function() ironclad.money("usd", 1) end, "ironclad.money: currency" },
    { "a comparison of dates", function() getmetatable(date).__lt(date, {}) end, "a date can only be compared" },
    { "a formula", function() ironclad.filter.Equals(1, 2) end, "ironclad.filter.Equals" },
    { "a SCIM filter", function() ironclad.scim_filter.Not(1) end, "scim_filter.Not" },
    { "a store", function() ironclad.store.file("") end, "ironclad.store.file" },
    { "spawn", function() ironclad.spawn(5) end, "ironclad.spawn: expected a function" },
    { "scopes_for", function() ironclad.scopes_for { "recods:get" } end, "records:get" },
    { "a login", function() ironclad.login { browser = 1 } end, "ironclad.login: browser" },
    { "a login's connection", function() ironclad.login { instance = "na1", socket_dir = 1 } end,
      "ironclad.login: socket_dir" },
  }
  for _, case in ipairs(calls) do
    it("of " .. case[1], function()
      local fine, message = pcall(case[2])
      assert.is_false(fine)
      expect_at(debug.getinfo(case[2], "S").linedefined, case[3], message)
    end)
  end

  it("that is in the script's own callback", function()
    local line
    local _, errors = client:map({ 1 }, function()
      line = here() + 1
      client.records:get()
    end)
    expect_at(line, "records:get: id", errors[1])
  end)

  it("in a task", function()
    if not task.yields_anywhere then return end
    local line
    local mine = ironclad.spawn(function()
      line = here() + 1
      client.records:get()
    end)
    local fine, message = pcall(function() mine:wait() end)
    assert.is_false(fine)
    expect_at(line, "records:get: id", message)
  end)

  it("in a coroutine of the script's own", function()
    local line
    local own = coroutine.create(function()
      line = here() + 1
      client.records:get()
    end)
    local _, message = coroutine.resume(own)
    expect_at(line, "records:get: id", message)
  end)

  -- From Lua 5.3 on, public functions are functions of C, and these leave the frame of a tail call on the stack.
  it("after a tail call: the line of that, or one further up", function()
    local own = here() + 1
    local function get() return client.records:get() end
    local line = here() + 1
    local fine, message = pcall(function() local _ = get() end)
    assert.is_false(fine)
    expect_at(tonumber(_VERSION:match "5%.%d") >= 5.3 and own or line, "records:get: id", message)
  end)

  it("that called it through a function of C", function()
    local guard = package.loaded["spec.support.no_secrets"] -- its pcall is a function of Lua
    local _, message = (guard and guard.unguarded_pcall or pcall)(client.records.get, client.records)
    expect_at(here() - 1, "records:get: id", message)
  end)

  it("unless there is none", function()
    local _, message = coroutine.resume(coroutine.create(client.records.get), client.records)
    assert.are.equal("records:get: id: ", message:sub(1, 17))
  end)
end)

describe("the traceback of an uncaught mistake begins at the script's line", function()
  local setting = [[
local ironclad = require "ironclad"
local client = ironclad.connect { instance = "http://127.0.0.1:1", token = "a.b", as_user = "u" }
local resources = require "ironclad.resources.resources"
local record = resources.make(client, "record", { id = "r" })
local _ = client, record
]]
  local scripts = {
    { "a method of the catalog", "client.records:get()" },
    { "a method of a resource", "record:set(1)" },
    { "a misspelt method of a resource", "_ = record.delte" },
    { "a resource that is not there", "_ = client.recods" },
    { "a method that is not there", "client.records:gett()" },
    { "a call by id", 'client:call("list-all-recods")' },
    { "a connection", "ironclad.connect { timeuot = 1 }" },
    { "a formula", "ironclad.filter.Equals(1, 2)" },
    { "a formula that is not there", "ironclad.filter.Equal(1, 2)" },
    { "a SCIM filter", "ironclad.scim_filter.Not(1)" },
    { "a value", 'ironclad.money("usd", 1)' },
    { "a comparison of dates", "_ = ironclad.date(2026, 1, 1) < 1" },
    { "a store", 'ironclad.store.file("")' },
    { "scopes_for", 'ironclad.scopes_for { "recods:get" }' },
    { "a login", "ironclad.login { browser = 1 }" },
    { "an iterator", "client.records:each { limit = -1 }" },
    { "an iterator's field", "_ = client.records:each({ limit = 0 }).length" },
    { "an iterator that fails", "for _ in client.records:each({}, { max_retries = 0 }) do end" },
    { "a wait", 'client.workflows:wait("w", { stop = 1 })' },
    { "map", "client:map({}, print, { concurency = 1 })" },
    { "spawn", "ironclad.spawn(5)" },
    { "an error in a task", "ironclad.spawn(function() error 'mine' end):wait()" },
    { "must", 'ironclad.must(nil, "no")' },
    { "json.encode", "ironclad.json.encode(print)" },
    { "json.decode", "ironclad.json.decode(1)" },
    { "sha256", "ironclad.sha256(1)" },
    { "the start of a sandbox", 'require("ironclad.sandbox").start { prt = 1 }' },
    { "a sandbox's control", 'require("ironclad.sandbox").start { tls = false }:fail { staus = 1 }' },
    { "a sandbox's control that is not there", 'require("ironclad.sandbox").start { tls = false }:fale()' },
  }
  -- In PUC Lua 5.1 a method that may wait is a function of Lua, with the module's name for a file.
  local of_a_method = task.yields_anywhere and "^$" or "^%s*ironclad:4: in function"
  for _, script in ipairs(scripts) do
    it("in " .. script[1], function()
      local output, status = peer.lua(setting .. script[2] .. "\nprint 'not raised'")
      assert.are.equal(1, status, output)
      local trace = output:match "\nstack traceback:\n(.*)"
      assert.is_truthy(trace, output)
      for frame in trace:gmatch "[^\n]+" do
        if not frame:find "^%s*%[C%]:" and not frame:find "^%s*%(%.*tail call" and not frame:find(of_a_method) then
          assert.is_truthy(frame:find "^%s*stdin:7:", output)
          break
        end
      end
    end)
  end
end)

describe("errors of the script's callbacks", function()
  it("pass as they are", function()
    local client = client_with()
    local problem = setmetatable({}, { __tostring = function() return "mine" end })
    local _, errors = client:map({ 1 }, function() error(problem) end)
    assert.are.equal(problem, errors[1])
  end)
end)

describe("a name that is not known", function()
  local known = mistake.set({ "limit", "page" }, { "filter" })

  it("comes with the nearest right one", function()
    assert.are.equal('limt: unknown option; did you mean "limit"?', mistake.unknown({ limt = 1, page = 2 }, known))
    assert.are.equal("1: unknown field", mistake.unknown({ "limit" }, known, "field"))
    assert.is_nil(mistake.unknown({ page = 1 }, known))
  end)

  it("is always the same one of several", function()
    assert.are.equal("a: unknown option", mistake.unknown({ zzzzzz = 1, a = 1, qqqqqq = 1 }, known))
  end)
end)
