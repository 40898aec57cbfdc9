-- receiver:work{ consumers = }: several events of an inbox at once.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local redis_server = require "spec.support.redis"
local run = require "ironclad.calls.run"

local has_tasks = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

local function text_of(n) return ('{"payload":{"event":"workflow_completed","workflowID":"%d"}}'):format(n) end

local function describe_inbox(name, start)
  describe("consumers of an inbox " .. name, function()
    local inbox, shared, stop
    setup(function() inbox, shared, stop = start() end)
    teardown(function() stop() end)

    -- A receiver with `count` events in its inbox -> the receiver, what happened. Its handler waits until `at_once`
    -- events (default 1) are in hand, or ten seconds.
    local function receiver_with(count, more, at_once)
      local happened = { order = {}, now = 0, most = 0 }
      local client = ironclad.connect { instance = "demo", client_id = "x", client_secret = "SECRET-x", as_user = false,
        shared = shared }
      local receiver
      local options = { inbox = inbox, pause = 0.01, on = { workflow_completed = function(event)
        happened.now = happened.now + 1
        happened.most = math.max(happened.most, happened.now)
        local rounds = 0
        repeat
          assert(run.sleep(client, 0.02))
          rounds = rounds + 1
        until happened.most >= (has_tasks and at_once or 1) or rounds == 500
        happened.now = happened.now - 1
        table.insert(happened.order, tonumber(event.payload.workflowID))
        if #happened.order == happened.stop_after then receiver:stop() end
      end } }
      for key, value in pairs(more or {}) do options[key] = value end
      receiver = client.webhooks:receiver(options)
      for n = 1, count do assert(receiver:inbox():put("id" .. n, text_of(n))) end
      return receiver, happened
    end

    local function assert_each_once(count, happened)
      table.sort(happened.order)
      local wanted = {}
      for n = 1, count do wanted[n] = n end
      assert.same(wanted, happened.order)
    end

    it("handle several events at once, and each once", function()
      local receiver, happened = receiver_with(9, {}, 3)
      assert.same({ 9, nil }, { receiver:work { consumers = 3 } })
      assert_each_once(9, happened)
      assert.equal(has_tasks and 3 or 1, happened.most)
      assert.same({}, receiver:inbox():list())
    end)

    it("handle `limit` events at most", function()
      local receiver, happened = receiver_with(5, { consumers = 2 }, 2)
      assert.same({ 3, 0 }, { receiver:work { limit = 3 } })
      assert.equal(has_tasks and 2 or 1, happened.most)
      assert.same({ 2, nil }, { receiver:work() })
      assert_each_once(5, happened)
    end)

    it("say when the next event is due as it is when all have ended", function()
      if not has_tasks then return end
      local receiver = receiver_with(2, { consumers = 2, on = { workflow_completed = function(event)
        if event.payload.workflowID == "2" then assert(run.sleep(ironclad.connect { instance = "demo", client_id = "x",
          client_secret = "SECRET-x", as_user = false }, 0.2)) end
      end } })
      assert.same({ 2, nil }, { receiver:work() })
    end)

    it("run in a task, beside others", function()
      if not has_tasks then return end
      local receiver, happened = receiver_with(4)
      local before
      ironclad.run(function()
        local other = ironclad.spawn(function() before = #happened.order end)
        assert(receiver:work { consumers = 4 } == 4)
        other:wait()
      end)
      assert.equal(0, before)
      assert_each_once(4, happened)
    end)

    it("follow until they are stopped", function()
      local receiver, happened = receiver_with(5)
      happened.stop_after = 5
      assert.equal(5, (receiver:work { consumers = 2, follow = true }))
      assert_each_once(5, happened)
    end)

    it("try a failed event again", function()
      local tries = 0
      local receiver
      receiver = receiver_with(3, { on = { ["*"] = function(event)
        if event.payload.workflowID ~= "2" then return end
        tries = tries + 1
        if tries < 3 then error "not yet" end
        receiver:stop()
      end } })
      receiver:work { consumers = 2, follow = true }
      assert.equal(3, tries)
      assert.same({}, receiver:inbox():list())
    end)
  end)
end

describe_inbox("in a folder", function()
  local folder = peer.temporary_folder()
  return folder .. "/inbox", nil, function() peer.remove_folder(folder) end
end)

describe_inbox("that machines share", function()
  local server = redis_server.start()
  return "shared", server.address, function() server:stop() end
end)

describe("receiver:work refuses", function()
  local folder = peer.temporary_folder()
  teardown(function() peer.remove_folder(folder) end)
  local wrong = {
    { { consumers = 0 }, "consumers: expected a whole number from 1, got 0" },
    { { consumers = 1.5 }, "consumers: expected a whole number from 1, got 1.5" },
    { { limit = "3" }, "limit: expected a whole number from 1, got a string" },
    { { limit = 1, follow = true }, "limit: does not go with follow" },
    { { consumer = 2 }, 'did you mean "consumers"?' },
  }
  for _, case in ipairs(wrong) do
    it(case[2], function()
      local client = ironclad.connect { instance = "demo", client_id = "x", client_secret = "SECRET-x",
        as_user = false }
      local receiver = client.webhooks:receiver { inbox = folder, on = { ["*"] = print } }
      local fine, message = pcall(receiver.work, receiver, case[1])
      assert.is_false(fine)
      assert.truthy(tostring(message):find(case[2], 1, true), message)
    end)
  end
end)
