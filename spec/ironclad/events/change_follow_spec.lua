-- Changes that are followed, and what has gone.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local trial = require "spec.support.changes"

local must = local_ironclad.must
local path = trial.path
local collect = trial.collect
local ids_of = trial.ids_of
local fixtures = trial.fixtures
local start = trial.start
local touch = trial.touch

before_each(trial.set_up)
after_each(trial.tear_down)

describe("follow", function()
  it("goes on until it is closed, from another task", function()
    if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then return end
    start()
    trial.sandbox:advance(1)
    local changes = trial.client.records:changes { state = path(), since = "now" }:follow { every = 0.01 }
    local id = must(trial.client.records:list { pageSize = 1 }).list[1].id
    local given = {}
    local follower = ironclad.spawn(function()
      for record in changes do
        given[#given + 1] = record.id
        if #given < 3 then
          trial.sandbox:advance(1)
          touch.records(id)
        else
          changes:done()
          ironclad.spawn(function() changes:close() end)
        end
      end
      return "ended"
    end)
    ironclad.spawn(function()
      trial.sandbox:advance(1)
      touch.records(id)
    end)
    assert.are.equal("ended", follower:wait())
    assert.are.same({ id, id, id }, given)
    assert.are.same({}, collect("records", { state = path() }))
  end)

  it("ends its sleep when it is closed", function()
    if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then return end
    start()
    trial.sandbox:advance(1)
    local changes = trial.client.records:changes { state = path(), since = "now" }:follow { every = 86400 }
    local follower = ironclad.spawn(function()
      for _ in changes do error "there is none" end
      return "ended"
    end)
    ironclad.spawn(function()
      while changes.pending == false do must(trial.client:check()) end
      changes:close()
    end)
    assert.are.equal("ended", follower:wait())
  end)

  it("goes on after a failure that may pass, and not after another", function()
    start()
    local problems, given = {}, 0
    local changes = trial.client.records:changes { state = path(), pageSize = 5 }
      :follow { every = 0.01, on_error = function(err) problems[#problems + 1] = err.kind end }
    trial.sandbox:fail { status = 503, operation = "records:list", times = 2 }
    local total = 21
    local fine, why = pcall(function()
      for _ in changes do
        given = given + 1
        if given == total then trial.sandbox:fail { status = 403, operation = "records:list" } end
      end
    end)
    assert.is_false(fine)
    assert.are.same({ "server", "server" }, problems)
    assert.are.equal("permission", changes.error.kind, why)
    assert.are.equal(total, given)
  end)

  it("ends at Ctrl-C, which lua raises as an error, as cancelled", function()
    start()
    local store = trial.memory()
    local changes = trial.client.records:changes { state = {
      load = function() error("plain.lua:22: interrupted!", 0) end, save = store.save } }:follow()
    local fine, message = pcall(changes)
    assert.are.same({ false, "records:changes: interrupted [cancelled]", "cancelled" },
      { fine, message, changes.error.kind })
  end)

  it("refuses wrong options", function()
    start()
    local changes = trial.client.records:changes { state = path() }
    for message, options in pairs {
      ["every: expected a number of seconds from 0.001"] = { every = 0 },
      ["every: expected a number of seconds from 0.001, got a string"] = { every = "60" },
      ["on_error: expected a function, got a table"] = { on_error = {} },
      ['evry: unknown option; did you mean "every"?'] = { evry = 60 },
    } do
      local fine, why = pcall(changes.follow, changes, options)
      assert.is_false(fine)
      assert.is_truthy(tostring(why):find(message, 1, true), tostring(why))
    end
  end)
end)

describe("reconcile", function()
  it("gives the ids of what has gone, once", function()
    start { fixtures = fixtures("records", 12) }
    local options = { state = path(), reconcile = true, pageSize = 5 }
    local all = ids_of(collect("records", options))
    assert.are.equal(12, #all)
    must(trial.client.records:delete(all[3]))
    must(trial.client.records:delete(all[12]))
    local gone = {}
    for item in trial.client.records:changes(options) do
      assert.is_true(item.gone)
      gone[item.id] = (gone[item.id] or 0) + 1
    end
    assert.are.same({ [all[3]] = 1, [all[12]] = 1 }, gone)
    assert.are.same({}, collect("records", options))
  end)

  it("repeats only the one in hand after a break", function()
    start { fixtures = fixtures("records", 6) }
    local options = { state = path(), reconcile = true }
    local all = ids_of(collect("records", options))
    for i = 1, 3 do must(trial.client.records:delete(all[i])) end
    local first
    local changes = trial.client.records:changes(options)
    first = changes().id
    changes:done()
    changes:close()
    local rest = ids_of(collect("records", options))
    assert.are.equal(2, #rest)
    for _, id in ipairs(rest) do assert.are_not.equal(first, id) end
  end)

  it("does not believe the list alone", function()
    start { fixtures = fixtures("records", 6) }
    local options = { state = path(), reconcile = true }
    local all = ids_of(collect("records", options))
    -- An id that the list does not have, and that Ironclad knows.
    local entity = must(trial.client.entities:list { pageSize = 1 }).list[1].id
    assert.is_string(entity)
    peer.write_file(path "state.ids", table.concat(all, "\n") .. "\n" .. "IC-1\n")
    peer.shell("chmod 600 " .. peer.quoted(path "state.ids"))
    local readable = must(trial.client.records:get(all[1])).ironcladId
    peer.write_file(path "state.ids", readable .. "\n")
    assert.are.same({}, collect("records", options))
  end)
end)
