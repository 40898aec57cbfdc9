-- Changes and tasks: an item counts as handled when the next one is taken, so one task takes them all.
local ironclad = require "ironclad"
local scene = require "spec.support.scene"
local trial = require "spec.support.changes"

if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then return end -- it has no tasks

before_each(trial.set_up)
after_each(trial.tear_down)

local function changes() return trial.client.records:changes { state = trial.path() } end

-- The message of the error that fn(…) raises.
local function message_of(fn, ...)
  local fine, message = pcall(fn, ...)
  assert.is_false(fine)
  return message
end

describe("changes and tasks", function()
  it("refuse a task that takes an item while another has one", function()
    trial.start()
    local list, first, taken, message = changes(), nil, nil, nil
    ironclad.spawn(function()
      first = list().id
      repeat assert(trial.client.records:get(first)) until taken ~= nil -- the other task runs meanwhile
    end)
    local taker = ironclad.spawn(function()
      while not first do assert(trial.client.records:list { pageSize = 1 }) end
      taken, message = pcall(list)
    end)
    taker:wait()
    assert.is_false(taken)
    assert.is_truthy(message:find("the task that has the last item has not ended", 1, true), message)
    ironclad.run()
    list:close()
    assert.are.equal(first, changes()().id) -- the refused task has not ended it
  end)

  it("refuse a task that takes an item while another waits for one", function()
    local server = scene.serve { connections = { { { "read" }, { "hang" } } } }
    local list = scene.connect(server).records:changes { state = trial.path() }
    local first = ironclad.spawn(list)
    server:await(1)
    local message = message_of(list)
    assert.is_truthy(message:find("its next item is waited for already", 1, true), message)
    list:close()
    assert.is_nil((first:wait()))
  end)

  it("go to another task when the first has ended", function()
    trial.start()
    local list, ids = changes(), {}
    for _ = 1, 3 do
      ironclad.spawn(function() ids[#ids + 1] = list().id end):wait()
    end
    list:close()
    assert.are.equal(3, #ids)
    assert.are.equal(ids[3], changes()().id)
  end)

  -- A hook stands for another task: it runs while the loop waits. on_request closes while a request is under way,
  -- on_response when its answer has come.
  for _, hook in ipairs { "on_request", "on_response" } do
    it("end without an error, and lose nothing, when they are closed at any time: " .. hook, function()
      trial.start { fixtures = trial.fixtures("records", 5) }
      local seen, at, list = 0, 0, nil
      local client = trial.sandbox:connect { [hook] = function()
        seen = seen + 1
        if seen == at then list:close() end
      end }
      local function walk(name, closes_at, since)
        local given = {}
        seen, at = 0, closes_at
        list = client.records:changes { state = trial.path(name), reconcile = true, pageSize = 2, since = since }
        for item in list do
          assert.is_nil(item.gone)
          given[item.id] = true
        end
        assert.is_nil(list.error)
        return given
      end
      for _, since in ipairs { "2020-01-01", "now" } do
        walk("whole " .. since, 0, since)
        for closes_at = 1, seen do
          local name = ("%s %d"):format(since, closes_at)
          local given = walk(name, closes_at, since)
          for id in pairs(walk(name, 0, since)) do given[id] = true end
          local count = 0
          for _ in pairs(given) do count = count + 1 end
          assert.are.equal(since == "now" and 0 or 5, count, name)
        end
      end
    end)
  end

  it("are mapped one after the other", function()
    trial.start()
    local at_once, most = 0, 0
    local results = trial.client:map(changes(), function(record)
      at_once = at_once + 1
      most = math.max(most, at_once)
      assert(trial.client.records:get(record.id))
      at_once = at_once - 1
      return record.id
    end)
    assert.are.equal(1, most)
    local count = 0
    for _ in pairs(trial.all_of "records") do count = count + 1 end
    assert.are.equal(count, #results)
    scene.assert_mistake("map: concurrency: must be 1 for changes", function()
      trial.client:map(changes(), tostring, { concurrency = 2 })
    end)
  end)
end)
