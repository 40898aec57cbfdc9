-- Triggers by polling: each change comes, in order, and none is lost when lists change while they are read.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local must = local_ironclad.must

local RESOURCES = { "records", "workflows", "entities", "obligations" }

local folder, sandbox, client

local function start(options)
  local settings = { clock = "2026-03-01T09:00:00Z" } -- time passes on request
  for name, value in pairs(options or {}) do settings[name] = value end
  sandbox, client = local_ironclad.start(settings)
end

before_each(function() folder = peer.temporary_folder() end)
after_each(function()
  if sandbox then sandbox:stop() end
  sandbox = nil
  scene.stop()
  peer.remove_folder(folder)
end)

local function path(name) return folder .. "/" .. (name or "state") end

-- A store in memory: much faster than the disk. `text()` is what it keeps.
local function memory()
  local text
  local saves, appends = 0, 0
  return {
    load = function() return text end,
    save = function(new)
      text, saves = new, saves + 1
      return true
    end,
    append = function(line)
      text, appends = text .. line, appends + 1
      return true
    end,
    text = function() return text end,
    counts = function() return saves, appends end,
  }
end

local function with(options, more)
  local all = {}
  for name, value in pairs(options) do all[name] = value end
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

-- Runs a loop to its end -> what came, as a list of { id, lastUpdated }.
local function collect(resource, options)
  local list = {}
  for item in client[resource]:changes(options) do list[#list + 1] = { item.id, item.lastUpdated } end
  return list
end

local function ids_of(list)
  local ids = {}
  for i, entry in ipairs(list) do ids[i] = entry[1] end
  return ids
end

-- Every item of a list as it is now: id -> lastUpdated.
local function all_of(resource)
  local all = {}
  local arguments = resource == "workflows" and { status = { "active", "paused", "completed", "cancelled" } } or {}
  for item in client[resource]:each(arguments) do all[item.id] = item.lastUpdated end
  return all
end

-- Changes one item.
local touch = {
  records = function(id) must(client.records:update(id, { addProperties = { counterpartyName = "Changed" } })) end,
  workflows = function(id) must(client.workflows:create_comment(id, { comment = "changed" })) end,
  entities = function(id) must(client.entities:update(id, { name = "Changed" })) end,
  obligations = function(id) must(client.obligations:update(id, { name = "Changed" })) end,
}

-- Fixtures with so many records, entities or obligations of one time.
local function fixtures(resource, count)
  local company = ironclad.json.decode(require("ironclad.sandbox").fixtures())
  local model = company[resource][1]
  if resource == "records" then
    model = { type = "mutualNDA", name = "A record", updatedDaysAgo = 60, properties = ironclad.json.decode "{}" }
  end
  company[resource] = {}
  for i = 1, count do company[resource][i] = model end
  if resource ~= "obligations" then company.obligations = nil end
  if resource == "records" then
    company.contracts, company.workflows = nil, nil
  end
  local file = path "fixtures.json"
  peer.write_file(file, ironclad.json.encode(company))
  return file
end

describe("changes", function()
  for _, resource in ipairs(RESOURCES) do
    it("gives everything once, then what has changed: " .. resource, function()
      start()
      local options = { state = path() }
      local all, seen = all_of(resource), {}
      for item in client[resource]:changes(options) do
        assert.is_nil(seen[item.id])
        seen[item.id] = item.lastUpdated
      end
      assert.are.same(all, seen)
      assert.are.same({}, collect(resource, options))
      sandbox:advance(3600)
      local id = next(all)
      if resource == "workflows" then
        id = must(client.workflows:list()).list[1].id
      end
      touch[resource](id)
      assert.are.same({ id }, ids_of(collect(resource, options)))
      sandbox:advance(1)
      touch[resource](id)
      assert.are.same({ id }, ids_of(collect(resource, options)))
      assert.are.same({}, collect(resource, options))
    end)
  end

  it("gives resources with their methods, in the order of lastUpdated", function()
    start()
    local last
    for record in client.records:changes { state = path(), pageSize = 5 } do
      assert.is_true(not last or last <= record.lastUpdated)
      last = record.lastUpdated
      assert.is_string(tostring(record:property "counterpartyName"))
    end
    for workflow in client.workflows:changes { state = path "w" } do
      assert.is_truthy(tostring(workflow):find "^workflow")
    end
  end)

  it("gives workflows of every status", function()
    start()
    local statuses = {}
    for workflow in client.workflows:changes { state = path() } do statuses[workflow.status] = true end
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
    sandbox:advance(1)
    assert.are.same({}, collect("records", options))
    sandbox:advance(10)
    touch.records(all[1][1])
    assert.are.same({ all[1][1] }, ids_of(collect("records", options)))
  end)

  it("takes the list's own arguments", function()
    start()
    local found = collect("records", { state = path(), types = { "mutualNDA" } })
    assert.is_true(#found > 0)
    assert.are.equal(must(client.records:list { types = { "mutualNDA" }, pageSize = 1 }).count, #found)
    local active = collect("workflows", { state = path "w", status = "active" })
    assert.are.equal(must(client.workflows:list { pageSize = 1 }).count, #active)
  end)

  it("repeats the item in hand after break, but not after done", function()
    start()
    local options = { state = path() }
    local changes = client.records:changes(options)
    local first = changes().id
    changes:close()
    changes = client.records:changes(options)
    local second = changes().id
    changes:done()
    changes:close()
    assert.are.equal(first, second)
    changes = client.records:changes(options)
    assert.are_not.equal(first, changes().id)
    changes:close()
  end)

  it("repeats the item in hand after an error in the loop", function()
    start()
    local options, given = { state = path() }, {}
    for try = 1, 2 do
      local changes = client.records:changes(options)
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
    client.records:list({ pageSize = 1 }, { callback = function()
      local fine, why = pcall(function()
        for _ in client.records:changes { state = path(), pageSize = 5 } do count = count + 1 end
      end)
      problem = not fine and why
    end })
    ironclad.run()
    assert.is_false(problem)
    assert.are.equal(must(client.records:list { pageSize = 1 }).count, count)
  end)

  it("asks for one page when nothing has changed", function()
    start()
    for _, resource in ipairs(RESOURCES) do
      collect(resource, { state = path(resource) })
      sandbox:clear_requests()
      collect(resource, { state = path(resource) })
      assert.are.equal(1, #sandbox:requests(), resource)
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
          for item in client[resource]:changes { state = store, pageSize = 2 + seed % 2 } do
            local key = item.id .. item.lastUpdated
            assert.is_nil(known[key], "twice")
            known[key], given = true, true
            if budget > 0 then
              budget = budget - 1
              if random(3) > 1 then sandbox:advance(0.001 * random(3)) end
              for _ = 1, random(3) do
                local id = ids[random(#ids)]
                sandbox:advance(0.001) -- two changes of one item within a millisecond look the same
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
      for item in client[resource]:changes { state = store } do
        local key = item.id .. item.lastUpdated
        assert.is_nil(given[key])
        given[key], count = true, count + 1
        if count % 500 == 1 and count <= many then
          sandbox:advance(0.001)
          touch[resource](all[count])
        end
      end
      for id, time in pairs(all_of(resource)) do assert.is_true(given[id .. time], resource) end
      assert.are.same({}, collect(resource, { state = store }))
      sandbox:stop()
      sandbox = nil
    end
  end)

  it("a deleted record does not hide another", function()
    start { fixtures = fixtures("records", 30) }
    local all = ids_of(collect("records", { state = memory() }))
    local given = {}
    for record in client.records:changes { state = path(), pageSize = 5 } do
      given[record.id] = true
      if record.id == all[4] or record.id == all[9] then must(client.records:delete(record.id)) end
    end
    for _, id in ipairs(all) do assert.is_true(given[id]) end
  end)
end)

describe("what is remembered", function()
  it("is only the window of the overlap", function()
    start { fixtures = fixtures("records", 40) }
    local store = memory()
    local all = ids_of(collect("records", { state = store }))
    for _, id in ipairs(all) do
      sandbox:advance(60)
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
    client = scene.connect(server, { rate_limit = false })
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
      client = scene.connect(server, { rate_limit = false })
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
    client = scene.connect(server, { rate_limit = false })
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
      client = scene.connect(server, { rate_limit = false })
      local changes = client.records:changes { state = path() }
      local fine, message = pcall(changes)
      assert.is_false(fine)
      assert.is_truthy(message:find(case[2], 1, true), message)
      assert.are.equal("protocol", changes.error.kind)
      assert.is_nil(changes())
    end)
  end

  it("and a failed page is raised, and leaves the state as it was", function()
    start()
    local options = { state = path(), pageSize = 5 }
    local given, changes = 0, client.records:changes(options)
    local fine, message = pcall(function()
      for _ in changes do
        given = given + 1
        if given == 3 then sandbox:fail { status = 503 } end
      end
    end)
    assert.is_false(fine)
    assert.is_truthy(message:find("503", 1, true) or message:find "server", message)
    assert.are.equal("server", changes.error.kind)
    local rest = collect("records", options)
    assert.are.equal(must(client.records:list { pageSize = 1 }).count, given + #rest)
  end)
end)

describe("the state", function()
  local function state_of_one_run()
    start()
    collect("records", { state = path() })
    return peer.read_file(path())
  end

  local function refused(text, message, options)
    peer.write_file(path(), text)
    peer.shell("chmod 600 " .. peer.quoted(path()))
    local changes = client.records:changes(with({ state = path() }, options))
    local fine, why = pcall(changes)
    assert.is_false(fine, "not refused")
    assert.is_truthy(why:find(message, 1, true), why)
    assert.is_truthy(why:find(path(), 1, true), why)
    assert.are.equal("store", changes.error.kind)
    assert.are.equal(text, peer.read_file(path()))
  end

  it("is refused when it is broken, and not replaced", function()
    local good = state_of_one_run()
    local header = good:match "^[^\n]*\n"
    refused("", "it is empty")
    refused("{}\n", "its first line is not a header")
    refused("some text", "its first line is not a header")
    refused("\0\1\2\n", "its first line is not a header")
    refused('{"format":"ironclad inbox","version":1}\n', "its first line is not a header")
    refused((header:gsub('"version":1', '"version":2')), "another version of this module")
    refused((header:gsub("records", "entities")), "it is about entities, not records")
    refused((header:gsub('"from":%-?%d+', '"from":"x"')), "its header has no time")
    for _, line in ipairs { "x", "[]", '["a"]', '["a","b",1]', "[1,2,3]", '["a",1]', "" } do
      refused(header .. line .. "\n", "line 2 is damaged")
    end
    refused(good, "it was made with other arguments", { types = { "mutualNDA" } })
  end)

  it("may end in a part of a line", function()
    start { fixtures = fixtures("records", 3) }
    local all = ids_of(collect("records", { state = memory() }))
    local header = '{"format":"ironclad changes","version":1,"list":"records","arguments":"","from":0}\n'
    local times = all_of "records"
    local time = ironclad.date(times[all[1]])
    assert.is_truthy(time)
    local whole = ('["%s",%d,0]\n'):format(all[1], require("ironclad.base.moment").read(times[all[1]]))
    for length = 0, #whole do
      peer.write_file(path(), header .. whole:sub(1, length))
      peer.shell("chmod 600 " .. peer.quoted(path()))
      local given = ids_of(collect("records", { state = path() }))
      assert.are.equal(length == #whole and 2 or 3, #given, length)
    end
  end)

  it("belongs to one loop at a time", function()
    start()
    local first = client.records:changes { state = path() }
    first()
    local second = client.records:changes { state = path() }
    local fine, why = pcall(second)
    assert.is_false(fine)
    assert.is_truthy(why:find("in use", 1, true), why)
    local _, status = peer.lua(([[
      local ironclad = require "ironclad"
      local client = ironclad.connect { instance = %q, token = "x", as_user = false }
      local fine, why = pcall(client.records:changes { state = %q })
      assert(not fine and why:find("in use", 1, true), why)
    ]]):format(sandbox.url, path()))
    assert.are.equal(0, status)
    first:close()
    assert.is_true(#collect("records", { state = path() }) > 0)
  end)

  it("is released when an iterator is forgotten", function()
    start()
    client.records:changes { state = path() }()
    collectgarbage()
    collectgarbage()
    assert.is_true(#collect("records", { state = path() }) > 0)
  end)

  it("can be a table of functions, whose failures are errors", function()
    start()
    for _, name in ipairs { "load", "save", "append", "lock" } do
      local store = memory()
      store.lock, store.unlock = function() return true end, function() end
      store[name] = function() return false, "the disk is full" end
      if name == "lock" then store.lock = function() error "the disk is full" end end
      local changes = client.records:changes { state = store }
      local fine, why = pcall(function() for _ in changes do end end)
      assert.is_false(fine, name)
      assert.is_truthy(why:find("the disk is full", 1, true), name .. ": " .. tostring(why))
      assert.are.equal("store", changes.error.kind)
    end
  end)

  it("fails when the disk is full, and only the item in hand comes again", function()
    start { fixtures = fixtures("records", 60) }
    local source = ([[
      local ironclad = require "ironclad"
      local client = ironclad.connect { instance = %q, client_id = %q, client_secret = %q, as_user = %q }
      local out = assert(io.open(%q, "a"))
      local changes = client.records:changes { state = %q }
      local fine, why = pcall(function()
        for record in changes do
          io.write(record.id, "\n")
        end
      end)
      io.write(fine and "done\n" or changes.error.kind .. " " .. why .. "\n")
    ]]):format(sandbox.url, sandbox.client_id, sandbox.client_secret, sandbox.as_user, path "out", path())
    -- Files of at most 4 blocks; without the signal, a write beyond fails.
    local limited = { before = "trap '' XFSZ; ulimit -f 4" }
    local given, total = {}, 0
    local function run(options)
      local output = peer.lua(source, options)
      for id in output:gmatch "(%x+%-[%x-]+)\n" do
        given[id], total = (given[id] or 0) + 1, total + 1
      end
      return output
    end
    local output = run(limited)
    assert.is_truthy(output:find "store ", output)
    assert.is_truthy(output:find("ulimit -f", 1, true), output)
    assert.is_truthy(run {}:find "done")
    local count = 0
    for _ in pairs(given) do count = count + 1 end
    assert.are.same({ 60, 61 }, { count, total })
  end)
end)

describe("killed at every step", function()
  -- The child kills itself at the nth step: before an item is handled, after, before a line is added to the state or
  -- the state is replaced, and after. It is then run again, until it ends by itself.
  local CHILD = [[
    local settings, at = dofile((...)), tonumber((select(2, ...)))
    local ironclad = require "ironclad"
    local change_state = require "ironclad.events.change_state"
    local client = ironclad.connect(settings.connect)
    local steps = 0
    local function step()
      steps = steps + 1
      if steps == at then
        io.stdout:flush()
        os.execute("kill -9 $PPID")
        while true do end
      end
    end
    local store = change_state.file(settings.state)
    for _, name in ipairs { "save", "append" } do
      local original = store[name]
      store[name] = function(text)
        step()
        local done, why = original(text)
        step()
        return done, why
      end
    end
    settings.arguments.state, settings.arguments.pageSize = store, 2
    for item in client[settings.resource]:changes(settings.arguments) do
      step()
      io.write(item.id, "\n")
      io.stdout:flush()
      step()
    end
    io.write("steps ", steps, "\n")
  ]]

  for resource, arguments in pairs { records = "{}", workflows = '{ status = { "paused", "cancelled" } }' } do
    it("loses nothing, and repeats only the item in hand: " .. resource, function()
      start(resource == "records" and { fixtures = fixtures("records", 5) } or nil)
      local settings = path "settings.lua"
      peer.write_file(settings, ("return { resource = %q, arguments = %s, state = %q, connect = { instance = %q, "
        .. "client_id = %q, client_secret = %q, as_user = %q } }"):format(resource, arguments, path(), sandbox.url,
        sandbox.client_id, sandbox.client_secret, sandbox.as_user))
      local all, wanted = {}, 0
      for _, entry in ipairs(collect(resource,
        with({ state = memory() }, resource == "workflows" and { status = { "paused", "cancelled" } } or {}))) do
        all[entry[1]], wanted = true, wanted + 1
      end
      local function run(at) return (peer.lua(CHILD, {}, settings, at)) end
      local function count_of(output, given)
        for id in output:gmatch "([%x-]+)\n" do
          if all[id] then given[id] = (given[id] or 0) + 1 end
        end
      end
      local steps = tonumber(run(-1):match "steps (%d+)")
      local lost, twice, more = 0, 0, 0
      for at = 1, steps do
        os.remove(path())
        local given = {}
        local first = run(at)
        assert.is_nil(first:find "steps", "not killed")
        local last
        for id in first:gmatch "([%x-]+)\n" do last = all[id] and id or last end
        count_of(first, given)
        count_of(run(-1), given)
        for id in pairs(all) do
          local times = given[id] or 0
          if times == 0 then lost = lost + 1 end
          if times > 1 then twice = twice + 1 end
          if times > 2 or (times == 2 and id ~= last) then more = more + 1 end
        end
      end
      assert.are.same({ 0, 0 }, { lost, more })
      assert.are.equal(2 * wanted, twice) -- killed when an item was done, and when it was about to be recorded
    end)
  end
end)

describe("follow", function()
  it("goes on until it is closed, from another task", function()
    if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then return end
    start()
    sandbox:advance(1)
    local changes = client.records:changes { state = path(), since = "now" }:follow { every = 0.01 }
    local id = must(client.records:list { pageSize = 1 }).list[1].id
    local given = {}
    local follower = ironclad.spawn(function()
      for record in changes do
        given[#given + 1] = record.id
        if #given < 3 then
          sandbox:advance(1)
          touch.records(id)
        else
          changes:done()
          ironclad.spawn(function() changes:close() end)
        end
      end
      return "ended"
    end)
    ironclad.spawn(function()
      sandbox:advance(1)
      touch.records(id)
    end)
    assert.are.equal("ended", follower:wait())
    assert.are.same({ id, id, id }, given)
    assert.are.same({}, collect("records", { state = path() }))
  end)

  it("ends its sleep when it is closed", function()
    if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then return end
    start()
    sandbox:advance(1)
    local changes = client.records:changes { state = path(), since = "now" }:follow { every = 86400 }
    local follower = ironclad.spawn(function()
      for _ in changes do error "there is none" end
      return "ended"
    end)
    ironclad.spawn(function()
      while changes.pending == false do must(client:check()) end
      changes:close()
    end)
    assert.are.equal("ended", follower:wait())
  end)

  it("goes on after a failure that may pass, and not after another", function()
    start()
    local problems, given = {}, 0
    local changes = client.records:changes { state = path(), pageSize = 5 }
      :follow { every = 0.01, on_error = function(err) problems[#problems + 1] = err.kind end }
    sandbox:fail { status = 503, operation = "records:list", times = 2 }
    local total = 21
    local fine, why = pcall(function()
      for _ in changes do
        given = given + 1
        if given == total then sandbox:fail { status = 403, operation = "records:list" } end
      end
    end)
    assert.is_false(fine)
    assert.are.same({ "server", "server" }, problems)
    assert.are.equal("permission", changes.error.kind, why)
    assert.are.equal(total, given)
  end)

  it("refuses wrong options", function()
    start()
    local changes = client.records:changes { state = path() }
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
    must(client.records:delete(all[3]))
    must(client.records:delete(all[12]))
    local gone = {}
    for item in client.records:changes(options) do
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
    for i = 1, 3 do must(client.records:delete(all[i])) end
    local first
    local changes = client.records:changes(options)
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
    local entity = must(client.entities:list { pageSize = 1 }).list[1].id
    assert.is_string(entity)
    peer.write_file(path "state.ids", table.concat(all, "\n") .. "\n" .. "IC-1\n")
    peer.shell("chmod 600 " .. peer.quoted(path "state.ids"))
    local readable = must(client.records:get(all[1])).ironcladId
    peer.write_file(path "state.ids", readable .. "\n")
    assert.are.same({}, collect("records", options))
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
      ["overlap: expected a number of seconds from 0, got -1"] = { state = state, overlap = -1 },
      ["overlap: expected a number of seconds from 0, got a string"] = { state = state, overlap = "300" },
      ["reconcile: expected true or false, got a string"] = { state = state, reconcile = "yes" },
      ["reconcile: needs state.ids"] = { state = { load = print, save = print }, reconcile = true },
      ["lastUpdated: is not for changes; write since"] = { state = state, lastUpdated = "2026-01-01" },
      ["limit: is not for changes; leave the loop with break"] = { state = state, limit = 3 },
      ["sortField: is not for changes"] = { state = state, sortField = "name" },
    } do
      local fine, why = pcall(client.records.changes, client.records, options)
      assert.is_false(fine, message)
      assert.is_truthy(tostring(why):find(message, 1, true), tostring(why))
    end
    local _, bare = pcall(client.records.changes, client.records)
    assert.is_truthy(bare:find("expected a table with state, got nil", 1, true))
    local changes = client.records:changes { state = state }
    assert.is_truthy(select(2, pcall(function() return changes.folow end)):find('did you mean "follow"', 1, true))
  end)
end)
