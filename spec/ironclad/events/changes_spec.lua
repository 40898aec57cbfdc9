-- Triggers by polling: each change comes, in order, and none is lost when lists change while they are read.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"
local trial = require "spec.support.changes"

local must = local_ironclad.must
local RESOURCES = trial.RESOURCES
local path = trial.path
local memory = trial.memory
local collect = trial.collect
local ids_of = trial.ids_of
local all_of = trial.all_of
local fixtures = trial.fixtures
local start = trial.start
local touch = trial.touch

before_each(trial.set_up)
after_each(trial.tear_down)

describe("changes", function()
  for _, resource in ipairs(RESOURCES) do
    it("gives everything once, then what has changed: " .. resource, function()
      start()
      local options = { state = path() }
      local all, seen = all_of(resource), {}
      for item in trial.client[resource]:changes(options) do
        assert.is_nil(seen[item.id])
        seen[item.id] = item.lastUpdated
      end
      assert.are.same(all, seen)
      assert.are.same({}, collect(resource, options))
      trial.sandbox:advance(3600)
      local id = next(all)
      if resource == "workflows" then
        id = must(trial.client.workflows:list()).list[1].id
      end
      touch[resource](id)
      assert.are.same({ id }, ids_of(collect(resource, options)))
      trial.sandbox:advance(1)
      touch[resource](id)
      assert.are.same({ id }, ids_of(collect(resource, options)))
      assert.are.same({}, collect(resource, options))
    end)
  end

  it("gives resources with their methods, in the order of lastUpdated", function()
    start()
    local last
    for record in trial.client.records:changes { state = path(), pageSize = 5 } do
      assert.is_true(not last or last <= record.lastUpdated)
      last = record.lastUpdated
      assert.is_string(tostring(record:property "counterpartyName"))
    end
    for workflow in trial.client.workflows:changes { state = path "w" } do
      assert.is_truthy(tostring(workflow):find "^workflow")
    end
  end)

  it("gives workflows of every status", function()
    start()
    local statuses = {}
    for workflow in trial.client.workflows:changes { state = path() } do statuses[workflow.status] = true end
    assert.are.same({ active = true, completed = true, cancelled = true, paused = true }, statuses)
  end)

  it("begins at since: a text, a date or now", function()
    start()
    local all = collect("records", { state = memory() })
    local middle = all[math.floor(#all / 2)][2]
    local later = 0
    for _, entry in ipairs(all) do later = later + (entry[2] >= middle and 1 or 0) end
    assert.are.equal(later, #collect("records", { state = memory(), since = middle }))
    local day = ironclad.date(2026, 1, 1)
    local since_day = 0
    for _, entry in ipairs(all) do since_day = since_day + (entry[2] >= "2026-01-01" and 1 or 0) end
    assert.are.equal(since_day, #collect("records", { state = memory(), since = day }))
    local options = { state = path(), since = "now" }
    trial.sandbox:advance(1)
    assert.are.same({}, collect("records", options))
    trial.sandbox:advance(10)
    touch.records(all[1][1])
    assert.are.same({ all[1][1] }, ids_of(collect("records", options)))
  end)

  it("takes the list's own arguments", function()
    start()
    local found = collect("records", { state = path(), types = { "mutualNDA" } })
    assert.is_true(#found > 0)
    assert.are.equal(must(trial.client.records:list { types = { "mutualNDA" }, pageSize = 1 }).count, #found)
    local active = collect("workflows", { state = path "w", status = "active" })
    assert.are.equal(must(trial.client.workflows:list { pageSize = 1 }).count, #active)
  end)

  it("repeats the item in hand after break, but not after done", function()
    start()
    local options = { state = path() }
    local changes = trial.client.records:changes(options)
    local first = changes().id
    changes:close()
    changes = trial.client.records:changes(options)
    local second = changes().id
    changes:done()
    changes:close()
    assert.are.equal(first, second)
    changes = trial.client.records:changes(options)
    assert.are_not.equal(first, changes().id)
    changes:close()
  end)

  it("repeats the item in hand after an error in the loop", function()
    start()
    local options, given = { state = path() }, {}
    for try = 1, 2 do
      local changes = trial.client.records:changes(options)
      local fine = pcall(function()
        for record in changes do
          given[try] = record.id
          error "the loop fails"
        end
      end)
      changes:close()
      assert.is_false(fine)
    end
    assert.are.equal(given[1], given[2])
  end)

  it("works in a callback", function()
    start()
    local count, problem = 0, nil
    trial.client.records:list({ pageSize = 1 }, { callback = function()
      local fine, why = pcall(function()
        for _ in trial.client.records:changes { state = path(), pageSize = 5 } do count = count + 1 end
      end)
      problem = not fine and why
    end })
    ironclad.run()
    assert.is_false(problem)
    assert.are.equal(must(trial.client.records:list { pageSize = 1 }).count, count)
  end)

  it("asks for one page when nothing has changed", function()
    start()
    for _, resource in ipairs(RESOURCES) do
      collect(resource, { state = path(resource) })
      trial.sandbox:clear_requests()
      collect(resource, { state = path(resource) })
      assert.are.equal(1, #trial.sandbox:requests(), resource)
    end
  end)
end)

-- Numbers that look random, and are the same in every run.
local function generator(seed)
  return function(most)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return math.floor(seed / 65536) % most + 1
  end
end

describe("while the list changes", function()
  -- In each step of the loop some items change, a moment after another. At the end the last state of each item has
  -- come, and nothing has come twice.
  for _, resource in ipairs(RESOURCES) do
    for seed = 1, 3 do
      it(("nothing is missed and nothing comes twice: %s, %d"):format(resource, seed), function()
        start()
        local random, store, known = generator(seed * 7919), memory(), {}
        local all = all_of(resource)
        local ids = {}
        for id in pairs(all) do ids[#ids + 1] = id end
        table.sort(ids)
        if resource == "workflows" then ids = ids_of(collect("workflows", { state = memory(), status = "active" })) end
        local budget, given = 60, true
        while given do
          given = false
          for item in trial.client[resource]:changes { state = store, pageSize = 2 + seed % 2 } do
            local key = item.id .. item.lastUpdated
            assert.is_nil(known[key], "twice")
            known[key], given = true, true
            if budget > 0 then
              budget = budget - 1
              if random(3) > 1 then trial.sandbox:advance(0.001 * random(3)) end
              for _ = 1, random(3) do
                local id = ids[random(#ids)]
                trial.sandbox:advance(0.001) -- two changes of one item within a millisecond look the same
                touch[resource](id)
              end
            end
          end
        end
        for id, time in pairs(all_of(resource)) do assert.is_true(known[id .. time], "missed") end
      end)
    end
  end

  it("ten thousand items of one millisecond come once each, also while some of them change", function()
    local fast = _VERSION == "Lua 5.4" and not os.getenv "IRONCLAD_SPEC_SLOW"
    for resource, many in pairs { records = fast and 10000 or 500, entities = fast and 1000 or 300 } do
      start { fixtures = fixtures(resource, many) }
      local store, given, count = memory(), {}, 0
      local all = {}
      for id in pairs(all_of(resource)) do all[#all + 1] = id end
      assert.are.equal(many, #all)
      table.sort(all)
      for item in trial.client[resource]:changes { state = store } do
        local key = item.id .. item.lastUpdated
        assert.is_nil(given[key])
        given[key], count = true, count + 1
        if count % 500 == 1 and count <= many then
          trial.sandbox:advance(0.001)
          touch[resource](all[count])
        end
      end
      for id, time in pairs(all_of(resource)) do assert.is_true(given[id .. time], resource) end
      assert.are.same({}, collect(resource, { state = store }))
      trial.sandbox:stop()
      trial.sandbox = nil
    end
  end)

  it("a deleted record does not hide another", function()
    start { fixtures = fixtures("records", 30) }
    local all = ids_of(collect("records", { state = memory() }))
    local given = {}
    for record in trial.client.records:changes { state = path(), pageSize = 5 } do
      given[record.id] = true
      if record.id == all[4] or record.id == all[9] then must(trial.client.records:delete(record.id)) end
    end
    for _, id in ipairs(all) do assert.is_true(given[id]) end
  end)
end)

describe("the size of a page", function()
  it("may be a text of digits, also when the answer does not say it", function()
    local client = scene.connect(scene.answering {
      peer.json '{"list":[{"id":"a","lastUpdated":"2026-01-01T00:00:00Z"}]}' })
    local count = 0
    for _ in client.records:changes { state = memory(), pageSize = "5" } do count = count + 1 end
    assert.are.equal(1, count)
  end)
end)

describe("the ids of a reconciliation", function()
  it("may be any texts", function()
    local list = {}
    for i, id in ipairs { "a\nb", "\n", '"c"', "d", "e\0f", "\r" } do
      list[i] = { id = id, lastUpdated = "2026-01-01T00:00:00Z" }
    end
    local server = scene.answering { peer.json(ironclad.json.encode { list = list, count = #list }) }
    local client = scene.connect(server)
    local store = memory()
    store.ids = memory()
    local given = {}
    for run = 1, 2 do
      given[run] = 0
      for item in client.records:changes { state = store, reconcile = true } do
        assert.is_nil(item.gone)
        given[run] = given[run] + 1
      end
    end
    assert.are.same({ #list, 0 }, given)
    for _, request in ipairs(server:requests()) do
      assert.is_nil(request.target:find "/records/", request.target) -- none is taken for one that is missing
    end
  end)
end)

describe("what is remembered", function()
  it("is only the window of the overlap", function()
    start { fixtures = fixtures("records", 40) }
    local store = memory()
    local all = ids_of(collect("records", { state = store }))
    for _, id in ipairs(all) do
      trial.sandbox:advance(60)
      touch.records(id)
    end
    assert.are.equal(40, #collect("records", { state = store, pageSize = 10 }))
    local _, lines = store.text():gsub("\n", "")
    assert.is_true(lines <= 1 + 300 / 60 + 1, store.text())
    collect("records", { state = store, overlap = 0 })
    _, lines = store.text():gsub("\n", "")
    assert.are.equal(2, lines)
  end)

  it("finds an item that becomes visible late, within the overlap", function()
    local function page(...)
      local items = {}
      for i, entry in ipairs { ... } do items[i] = ('{"id":"%s","lastUpdated":"%s"}'):format(entry[1], entry[2]) end
      return peer.json(('{"page":0,"pageSize":100,"count":%d,"list":[%s]}'):format(#items, table.concat(items, ",")),
        200, { "Date: Sun, 01 Mar 2026 09:00:00 GMT" })
    end
    local early, late = { "a", "2026-03-01T08:59:00.000Z" }, { "b", "2026-03-01T08:59:58.000Z" }
    local server = scene.answering { page(late), page(early, late), page(early, late) }
    trial.client = scene.connect(server, { rate_limit = false })
    local store = memory()
    assert.are.same({ "b" }, ids_of(collect("records", { state = store })))
    assert.are.same({ "a" }, ids_of(collect("records", { state = store })))
    assert.are.same({}, collect("records", { state = store }))
  end)

  it("does not depend on a clock", function()
    -- The server's clock is a day ahead of the times of its items, or says nothing; later an item with an earlier time.
    for _, header in ipairs { "Date: Mon, 02 Mar 2026 09:00:00 GMT", "Date: Sat, 01 Jan 2000 00:00:00 GMT", "X: y" } do
      local function page(list)
        return peer.json(('{"page":0,"pageSize":100,"count":1,"list":[%s]}'):format(list), 200, { header })
      end
      local server = scene.answering {
        page '{"id":"a","lastUpdated":"2026-03-01T08:59:00.000Z"}',
        page '{"id":"b","lastUpdated":"2026-03-01T08:59:30.000Z"}',
        page '{"id":"b","lastUpdated":"2026-03-01T08:59:30.000Z"}',
      }
      trial.client = scene.connect(server, { rate_limit = false })
      local store = memory()
      assert.are.same({ "a" }, ids_of(collect("records", { state = store })))
      assert.are.same({ "b" }, ids_of(collect("records", { state = store })))
      assert.are.same({}, collect("records", { state = store }))
    end
  end)

  it("is not advanced by an item that is dated in the future", function()
    local function page(list)
      return peer.json(('{"page":0,"pageSize":100,"count":2,"list":[%s]}'):format(list), 200,
        { "Date: Sun, 01 Mar 2026 09:00:00 GMT" })
    end
    local future = '{"id":"f","lastUpdated":"2099-01-01T00:00:00.000Z"}'
    local server = scene.answering { page(future),
      page('{"id":"a","lastUpdated":"2026-03-01T09:00:01.000Z"},' .. future) }
    trial.client = scene.connect(server, { rate_limit = false })
    local store = memory()
    assert.are.same({ "f" }, ids_of(collect("records", { state = store })))
    assert.are.same({ "a" }, ids_of(collect("records", { state = store })))
  end)
end)

describe("answers that are not as promised", function()
  local cases = {
    ["a list that is not sorted"] = { '[{"id":"a","lastUpdated":"2026-03-01T09:00:00Z"},'
      .. '{"id":"b","lastUpdated":"2026-02-01T09:00:00Z"}]', "not sorted" },
    ["an item without lastUpdated"] = { '[{"id":"a"}]', "without an id or a lastUpdated" },
    ["an item without an id"] = { '[{"lastUpdated":"2026-03-01T09:00:00Z"}]', "without an id or a lastUpdated" },
    ["a wrong time"] = { '[{"id":"a","lastUpdated":"yesterday"}]', "without an id or a lastUpdated" },
    ["an item that is no table"] = { "[1]", "without an id or a lastUpdated" },
    ["no list"] = { "null", "without a list" },
  }
  for what, case in pairs(cases) do
    it("end the loop: " .. what, function()
      local server = scene.answering { peer.json('{"page":0,"pageSize":100,"count":2,"list":' .. case[1] .. "}") }
      trial.client = scene.connect(server, { rate_limit = false })
      local changes = trial.client.records:changes { state = path() }
      local fine, message = pcall(changes)
      assert.is_false(fine)
      assert.is_truthy(message:find(case[2], 1, true), message)
      assert.are.equal("protocol", changes.error.kind)
      assert.is_nil(changes())
    end)
  end

  for what, case in pairs {
    ["one page for ever"] = { "records", '[{"id":"a","lastUpdated":"2026-01-01T00:00:00Z"}]' },
    ["one page for ever, without an order"] = { "workflows", '[{"id":"a","lastUpdated":"2026-01-01T00:00:00Z"}]' },
    ["empty pages for ever"] = { "records", "[]" },
  } do
    it("end the loop: " .. what, function()
      local server = scene.answering { peer.json('{"page":0,"pageSize":100,"count":1e300,"list":' .. case[2] .. "}") }
      local changes = scene.connect(server, { rate_limit = false })[case[1]]:changes { state = trial.memory() }
      local fine, message = pcall(function() for _ in changes do end end) -- luacheck: ignore 542
      assert.is_false(fine)
      assert.is_truthy(message:find("the list says that there is more", 1, true), message)
      assert.are.equal("protocol", changes.error.kind)
      assert.is_true(#server:requests() < 40, #server:requests())
    end)
  end

  it("and a failed page is raised, and leaves the state as it was", function()
    start()
    local options = { state = path(), pageSize = 5 }
    local given, changes = 0, trial.client.records:changes(options)
    local fine, message = pcall(function()
      for _ in changes do
        given = given + 1
        if given == 3 then trial.sandbox:fail { status = 503 } end
      end
    end)
    assert.is_false(fine)
    assert.is_truthy(message:find("503", 1, true) or message:find "server", message)
    assert.are.equal("server", changes.error.kind)
    local rest = collect("records", options)
    assert.are.equal(must(trial.client.records:list { pageSize = 1 }).count, given + #rest)
  end)
end)

describe("wrong arguments", function()
  it("are refused with what was expected", function()
    start()
    local state = path()
    for message, options in pairs {
      ["records:changes: state: expected a path, or a table with the functions load and save, got nil"] = {},
      ["state: expected a path, or a table with the functions load and save, got an empty string"] = { state = "" },
      ["state: expected a path, or a table with the functions load and save, got a number"] = { state = 7 },
      ["state: expected a path, or a table with the functions load and save; has no save"] = {
        state = { load = print } },
      ["state: lock is a number, not a function"] = { state = { load = print, save = print, lock = 1 } },
      ["since: expected ISO 8601"] = { state = state, since = "yesterday" },
      ["got a number"] = { state = state, since = 1767225600 },
      ["got a boolean"] = { state = state, since = true },
      ["got a table"] = { state = state, since = {} },
      ['or "now", got a table'] = { state = state, since = setmetatable({}, { __metatable = "hidden" }) },
      ["overlap: expected a number of seconds from 0, got -1"] = { state = state, overlap = -1 },
      ["overlap: expected a number of seconds from 0, got a string"] = { state = state, overlap = "300" },
      ["reconcile: expected true or false, got a string"] = { state = state, reconcile = "yes" },
      ["reconcile: needs state.ids"] = { state = { load = print, save = print }, reconcile = true },
      ["lastUpdated: is not for changes; write since"] = { state = state, lastUpdated = "2026-01-01" },
      ["limit: is not for changes; leave the loop with break"] = { state = state, limit = 3 },
      ["sortField: is not for changes"] = { state = state, sortField = "name" },
      ["records:changes: statos: unknown query parameter or option"] = { state = state, statos = "x" },
      ['records:changes: sinse: unknown query parameter or option; did you mean "since"?'] = {
        state = state, sinse = "now" },
      ['records:changes: reconsile: unknown query parameter or option; did you mean "reconcile"?'] = {
        state = state, reconsile = true },
      ['dry_run: is not for changes'] = { state = state, dry_run = true },
      ["records:changes: pageSize: expected a whole number"] = { state = state, pageSize = "many" },
      ["records:changes: as_user: must not be empty"] = { state = state, as_user = "" },
      ["records:changes: timeout: expected a number"] = { state = state, timeout = 0 },
    } do
      local fine, why = pcall(trial.client.records.changes, trial.client.records, options)
      assert.is_false(fine, message)
      assert.is_truthy(tostring(why):find(message, 1, true), tostring(why))
    end
    local _, bare = pcall(trial.client.records.changes, trial.client.records)
    assert.is_truthy(bare:find("expected a table with state, got nil", 1, true))
    assert.is_nil(io.open(state, "rb"))
    local changes = trial.client.records:changes { state = state }
    assert.is_truthy(select(2, pcall(function() return changes.folow end)):find('did you mean "follow"', 1, true))
  end)

  it("that Ironclad refuses leave no state, which would be in the way of the right ones", function()
    start()
    for _, since in ipairs { false, "now", "2026-01-01" } do
      for _, wrong in ipairs { { filter = "Equals([x" }, { types = "nonsense" } } do
        wrong.state, wrong.since = path(), since or nil
        local changes = trial.client.records:changes(wrong)
        assert.is_false((pcall(changes)))
        assert.are.equal("invalid_request", changes.error.kind)
        assert.is_nil(io.open(path(), "rb"))
      end
    end
    local right = { state = path(), types = "mutualNDA" }
    assert.is_true(#collect("records", right) > 0)
    assert.are.same({}, collect("records", right))
  end)
end)
