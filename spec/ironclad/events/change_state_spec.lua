-- The state of changes: when it is refused, who may use it, and that nothing is lost when the process is killed.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local trial = require "spec.support.changes"

local path = trial.path
local memory = trial.memory
local with = trial.with
local collect = trial.collect
local ids_of = trial.ids_of
local all_of = trial.all_of
local fixtures = trial.fixtures
local start = trial.start

before_each(trial.set_up)
after_each(trial.tear_down)

describe("the state", function()
  local function state_of_one_run()
    start()
    collect("records", { state = path() })
    return peer.read_file(path())
  end

  local function refused(text, message, options)
    peer.write_file(path(), text)
    peer.shell("chmod 600 " .. peer.quoted(path()))
    local changes = trial.client.records:changes(with({ state = path() }, options))
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
    refused(good, "it was made with other arguments (none, now types=mutualNDA)", { types = { "mutualNDA" } })
    refused((good:gsub('"host":"[^"]*"', '"host":"https://na1.ironcladapp.com"')),
      "it is about https://na1.ironcladapp.com, not " .. trial.sandbox.url)
  end)

  it("is refused where a folder is", function()
    start()
    peer.shell(("mkdir %s %s"):format(peer.quoted(path "sub"), peer.quoted(path "other.ids")))
    for given, folder in pairs { sub = "sub", other = "other.ids" } do
      local fine, why = pcall(function()
        return trial.client.records:changes { state = path(given), reconcile = true }
      end)
      assert.is_false(fine)
      assert.is_truthy(tostring(why):find(('state: expected the path of a file, "%s" is a folder'):format(path(folder)),
        1, true), tostring(why))
    end
    assert.are.equal("other.ids\nsub\n", peer.shell("ls " .. peer.quoted(path ".")))
  end)

  it("may be one that does not name its host", function()
    local good = state_of_one_run()
    local old, count = good:gsub('"host":"[^"]*",?', "")
    assert.are.equal(1, count)
    peer.write_file(path(), (old:gsub(",}", "}")))
    peer.shell("chmod 600 " .. peer.quoted(path()))
    assert.are.same({}, collect("records", { state = path() }))
  end)

  -- Whole milliseconds are kept; %d of Lua 5.3 and later takes no others.
  it("has no part of a millisecond, whatever the overlap is", function()
    start { fixtures = fixtures("records", 5) }
    for _, overlap in ipairs { 1 / 3, 0.0005, 1e-9, 12345.6789, 2 ^ -1074 } do
      local store = memory()
      trial.client.records:changes { state = store, overlap = overlap }()
      assert.are.equal(5, #collect("records", { state = store, overlap = overlap }))
      assert.are.equal(0, #collect("records", { state = store, overlap = overlap }))
      assert.is_nil(store.text():find "%d%.%d+[,%]}]", store.text())
    end
  end)

  it("may have parts of milliseconds, as those of versions before this one", function()
    start { fixtures = fixtures("records", 5) }
    local store = memory()
    collect("records", { state = store })
    local lines = store.text():gsub('("from":%d+)', "%1.6667")
    store.save(lines)
    trial.sandbox:advance(1)
    local id = next(all_of "records")
    trial.touch.records(id)
    assert.are.same({ id }, ids_of(collect("records", { state = store })))
    assert.is_nil(store.text():find "%d%.%d+[,%]}]", store.text())
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
    local first = trial.client.records:changes { state = path() }
    first()
    local second = trial.client.records:changes { state = path() }
    local fine, why = pcall(second)
    assert.is_false(fine)
    assert.is_truthy(why:find("in use", 1, true), why)
    local _, status = peer.lua(([[
      local ironclad = require "ironclad"
      local client = ironclad.connect { instance = %q, token = "x", as_user = false }
      local fine, why = pcall(client.records:changes { state = %q })
      assert(not fine and why:find("in use", 1, true), why)
    ]]):format(trial.sandbox.url, path()))
    assert.are.equal(0, status)
    first:close()
    assert.is_true(#collect("records", { state = path() }) > 0)
  end)

  it("is released when an iterator is forgotten", function()
    start()
    trial.client.records:changes { state = path() }()
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
      local changes = trial.client.records:changes { state = store }
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
    ]]):format(trial.sandbox.url, trial.sandbox.client_id, trial.sandbox.client_secret, trial.sandbox.as_user,
      path "out", path())
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
    local change_store = require "ironclad.events.change_store"
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
    local store = change_store.file(settings.state)
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
        .. "client_id = %q, client_secret = %q, as_user = %q } }"):format(resource, arguments, path(),
          trial.sandbox.url,
        trial.sandbox.client_id, trial.sandbox.client_secret, trial.sandbox.as_user))
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
      print(("\n# shown: changes of %s killed at each of %d steps: %d changes, 0 lost, %d handled twice (the one in "
        .. "hand)"):format(resource, steps, steps * wanted, twice))
    end)
  end
end)
