-- The ids of a reconciliation: when they are refused, and that a loop that follows goes on after failures that pass.
local Error = require "ironclad.base.error"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local trial = require "spec.support.changes"

local must = local_ironclad.must
local path = trial.path
local memory = trial.memory
local collect = trial.collect
local ids_of = trial.ids_of
local fixtures = trial.fixtures
local start = trial.start

before_each(trial.set_up)
after_each(trial.tear_down)

describe("the ids of a reconciliation", function()
  local function options() return { state = path(), reconcile = true } end

  local function write(text)
    peer.write_file(path "state.ids", text)
    peer.shell("chmod 600 " .. peer.quoted(path "state.ids"))
  end

  -- A run with these ids fails with the message, and leaves them as they are.
  local function refused(text, message)
    write(text)
    local changes = trial.client.records:changes(options())
    local fine, why = pcall(function()
      for item in changes do error("not refused: " .. tostring(item.id), 0) end
    end)
    assert.is_false(fine, "not refused")
    assert.is_truthy(why:find(message, 1, true), why)
    assert.is_truthy(why:find(path "state.ids", 1, true), why)
    assert.are.equal("store", changes.error.kind)
    assert.are.equal(text, peer.read_file(path "state.ids"))
  end

  it("are refused when they are damaged or of something else, and not replaced", function()
    start { fixtures = fixtures("records", 6) }
    collect("records", options())
    local good = peer.read_file(path "state.ids")
    local header = good:match "^[^\n]*\n"
    assert.is_truthy(header:find('"count":6', 1, true), header)
    refused("", "it is empty")
    refused(good:sub(1, #good / 2 + #header / 2), "its header says 6")
    refused(good:sub(1, -2), "its header says 6")
    refused(header, "it has 0 ids, and its header says 6")
    refused(good .. "IC-1\n", "it has 7 ids, and its header says 6")
    refused(header:sub(1, -10), "its first line is not a header")
    refused(peer.read_file(path()), "its first line is not a header")
    refused((good:gsub('"version":1', '"version":2')), "another version of this module")
    refused((good:gsub('"list":"records"', '"list":"entities"')), "it is about entities, not records")
    refused((good:gsub('"arguments":""', '"arguments":"types=x"')),
      "it was made with other arguments (types=x, now none)")
    refused((good:gsub('"host":"[^"]*"', '"host":"https://na1.ironcladapp.com"')),
      "it is about https://na1.ironcladapp.com, not " .. trial.sandbox.url)
    write(good)
    assert.are.same({}, collect("records", options()))
  end)

  it("may be of a version that wrote no header", function()
    start { fixtures = fixtures("records", 3) }
    local all = ids_of(collect("records", options()))
    must(trial.client.records:delete(all[2]))
    write(table.concat(all, "\n") .. "\n")
    assert.are.same({ all[2] }, ids_of(collect("records", options())))
    assert.is_truthy(peer.read_file(path "state.ids"):find('"count":2', 1, true))
  end)

  it("name the cause when they cannot be locked", function()
    start { fixtures = fixtures("records", 3) }
    local store = memory()
    store.ids = memory()
    store.ids.lock = function() return nil, "the lock's disk is full" end
    local fine, why = pcall(collect, "records", { state = store, reconcile = true })
    assert.is_false(fine)
    assert.is_truthy(why:find("the lock's disk is full", 1, true), why)
    store.ids.lock = function() return false end
    fine, why = pcall(collect, "records", { state = store, reconcile = true })
    assert.is_false(fine)
    assert.is_truthy(why:find("state.ids is in use by another process", 1, true), why)
  end)
end)

describe("follow with reconcile", function()
  -- Follows until there is `total` items, each in a list of its kind: what came, and the kinds of the failures.
  local function follow(store, total)
    local given, gone, problems = 0, {}, {}
    local changes = trial.client.records:changes { state = store, reconcile = true }
      :follow { every = 0.01, on_error = function(err) problems[#problems + 1] = err.kind end }
    local fine, why = pcall(function()
      for item in changes do
        if item.gone then gone[#gone + 1] = item.id else given = given + 1 end
        if given + #gone == total then changes:done() changes:close() end
      end
    end)
    return fine, why, given, gone, problems
  end

  it("goes on when Ironclad's list fails for a moment", function()
    start { fixtures = fixtures("records", 5) }
    local store = memory()
    store.ids = memory()
    local all = ids_of(collect("records", { state = store, reconcile = true }))
    must(trial.client.records:delete(all[3]))
    local load = store.ids.load
    store.ids.load = function() -- the changes have been read: the list comes next
      store.ids.load = load
      trial.sandbox:fail { status = 503, operation = "records:list", times = 3 }
      return load()
    end
    local fine, why, given, gone, problems = follow(store, 1)
    assert.is_true(fine, why)
    assert.are.same({ 0, { all[3] }, { "server", "server", "server" } }, { given, gone, problems })
  end)

  it("goes on when the store of the ids fails for a moment", function()
    start { fixtures = fixtures("records", 5) }
    local store = memory()
    store.ids = memory()
    local all = ids_of(collect("records", { state = store, reconcile = true }))
    must(trial.client.records:delete(all[4]))
    local save, more = store.ids.save, false
    function store.ids.save(text)
      if not more then -- one more item, so that the loop ends after this
        more = must(trial.client.records:create { type = "mutualNDA", name = "new", properties = {} }).id
      end
      return save(text)
    end
    for _, step in ipairs { "load", "save", "lock" } do
      local original = store.ids[step]
      store.ids[step] = function()
        store.ids[step] = original
        local err = Error.new { kind = "store", message = "away", outcome = "not_done", retryable = true, attempts = 0 }
        if step == "load" then return false, err end
        return nil, err
      end
    end
    local fine, why, given, gone, problems = follow(store, 2)
    assert.is_true(fine, why)
    assert.are.same({ 1, { all[4] }, { "store", "store", "store" } }, { given, gone, problems })
  end)
end)
