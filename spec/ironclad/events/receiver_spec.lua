-- Receivers: what is handled, how often, and what is answered. The sandbox signs the events.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local receivers = require "spec.support.receivers"

local must = local_ironclad.must
local listen, send = receivers.listen, receivers.send

local sandbox, client, folder

setup(function() sandbox, client = receivers.start() end)
before_each(function() folder = receivers.begin_test() end)
after_each(receivers.end_test)
teardown(receivers.stop)

describe("a receiver", function()
  it("handles each event once, however often it comes", function()
    local receiver, noted = listen()
    local headers, body = send()
    for _ = 1, 3 do
      local status, text = receiver:handle(headers, body)
      assert.are.same({ 200, "received\n" }, { status, text })
    end
    assert.are.same({ "workflow_launched" }, noted)
    assert.are.equal(200, (receiver:handle(send "workflow_completed")))
    assert.are.same({ "workflow_launched", "workflow_completed" }, noted)
  end)

  it("passes the event to the function of its name, otherwise to that of *", function()
    local calls = {}
    local receiver = listen { on = {
      workflow_completed = function(event, of)
        calls[#calls + 1] = { "own", event.payload.workflowID, of == client }
      end,
      ["*"] = function(event) calls[#calls + 1] = { "other", event.name } end,
    } }
    receiver:handle(send "workflow_completed")
    receiver:handle(send "workflow_paused")
    assert.are.same({ { "own", "w1", true }, { "other", "workflow_paused" } }, calls)
    local silent = listen { on = { workflow_completed = error } }
    assert.are.equal(200, (silent:handle(send "workflow_paused")))
  end)

  it("answers 500 when a function fails, and handles the event when it comes again", function()
    local outcome
    local receiver, _, errors = listen { on = { ["*"] = function() return outcome() end } }
    local headers, body = send()
    function outcome() error "no" end
    assert.are.equal(500, (receiver:handle(headers, body)))
    function outcome() error() end
    assert.are.equal(500, (receiver:handle(headers, body)))
    function outcome() return client.workflows:get "IC-999" end
    assert.are.equal(500, (receiver:handle(headers, body)))
    assert.are.same({ "workflow_launched", "not_found" }, errors[3])
    assert.matches("receiver_spec.lua:%d+: no", errors[1][2])
    local count = 0
    function outcome() count = count + 1 end
    for _ = 1, 2 do assert.are.equal(200, (receiver:handle(headers, body))) end
    assert.are.equal(1, count)
  end)

  it("takes the second value after something true for no error: string.find and os.execute return one", function()
    for _, give in ipairs { function() return ("abc"):find "b" end, function() return true, "exit", 0 end,
      function() return pcall(string.upper, "a") end, function() return nil, nil, 3 end,
      function() return false end } do
      local receiver, _, errors = listen { on = { ["*"] = give } }
      assert.are.equal(200, (receiver:handle(send())))
      assert.are.same({}, errors)
    end
    for _, give in ipairs { function() return ("abc"):find "b" end, function() return pcall(string.upper, "a") end } do
      local receiver, noted, errors = listen { when = give }
      assert.are.equal(200, (receiver:handle(send())))
      assert.are.same({ { "workflow_launched" }, {} }, { noted, errors })
    end
    local fail = function() return nil, "no" end
    for _, options in ipairs { { on = { ["*"] = fail } }, { when = fail },
      { on = { ["*"] = function() return true, select(2, client.workflows:get "IC-999") end } } } do
      assert.are.equal(500, (listen(options):handle(send())))
    end
  end)

  it("survives a hook on_error that fails", function()
    local receiver = listen { on = { ["*"] = error }, on_error = error }
    assert.are.equal(500, (receiver:handle(send())))
  end)

  it("answers 503 while the same event is being handled", function()
    local headers, body = send()
    local receiver, inner
    receiver = listen { on = { ["*"] = function() inner = receiver:handle(headers, body) end } }
    assert.are.same({ 200, 503 }, { (receiver:handle(headers, body)), inner })
    assert.are.equal(200, (receiver:handle(headers, body)))
  end)

  it("ignores what `when` does not want", function()
    local wanted = false
    local receiver, noted = listen {
      when = function(event) return wanted and event.payload.workflowID == "w1" end,
    }
    local headers, body = send()
    assert.are.equal(200, (receiver:handle(headers, body)))
    wanted = true
    assert.are.equal(200, (receiver:handle(headers, body))) -- it stays ignored
    assert.are.same({}, noted)
    receiver:handle(send())
    assert.are.equal(1, #noted)
    local failing, none, errors = listen { when = function() error "no" end }
    assert.are.equal(500, (failing:handle(send())))
    assert.are.same({ 0, 1 }, { #none, #errors })
  end)

  it("refuses forgeries, and what is too large, and says which", function()
    local receiver, noted, errors = listen()
    local headers, body = send("workflow_launched", { forge = "key" })
    local status, text = receiver:handle(headers, body)
    assert.are.same({ 401, "the signature is wrong\n" }, { status, text })
    assert.are.equal(401, (receiver:handle({}, "")))
    headers, body = send()
    assert.are.equal(401, (receiver:handle(headers, (body:gsub("w1", "w2")))))
    assert.are.equal(413, (receiver:handle(headers, (" "):rep(1024 * 1024) .. body)))
    assert.are.same({}, noted)
    assert.are.same({ { nil, "signature" }, { nil, "signature" }, { nil, "signature" }, { nil, "too_large" } }, errors)
  end)

  it("refuses an event of another company", function()
    local headers, body = send()
    local receiver, noted, errors = listen { company = "another" }
    assert.are.equal(403, (receiver:handle(headers, body)))
    assert.are.same({ { nil, "permission" } }, errors)
    assert.are.same({}, noted)
    assert.are.equal(200, (listen { company = false }:handle(headers, body)))
  end)

  it("believes no event while it is not known of which company the token is", function()
    local headers, body = send()
    local receiver, noted, errors = listen()
    local answers, asked = { { { id = "u1" } }, { nil, "no answer" } }, 0
    rawset(client, "request", function()
      asked = asked + 1
      return answers[asked][1], answers[asked][2]
    end)
    for count = 1, #answers do
      for _ = 1, 2 do assert.are.equal(503, (receiver:handle(headers, body))) end
      assert.are.equal(count, asked) -- it is asked again after a pause
      receiver.source.own.fetched = receiver.source.own.fetched - 2
    end
    rawset(client, "request", nil)
    assert.are.same({ {}, 4, { nil, "network" } }, { noted, #errors, errors[4] })
    assert.are.equal(200, (receiver:handle(headers, body)))
    assert.are.same({ "workflow_launched" }, noted)
  end)

  it("asks once of which company the token is, for all events that wait", function()
    if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then return end -- no tasks there
    local receiver = listen { seen = { claim = function() return "new" end, done = function() end,
      release = function() end } }
    local headers, body = send()
    sandbox:latency(0.05)
    local statuses = {}
    ironclad.run(function()
      for i = 1, 20 do ironclad.spawn(function() statuses[i] = receiver:handle(headers, body) end) end
    end)
    for i = 1, 20 do assert.are.equal(200, statuses[i]) end
    local count = 0
    for _, request in ipairs(sandbox:requests()) do
      if request.path == "/oauth/userinfo" then count = count + 1 end
    end
    assert.are.equal(1, count)
  end)

  it("passes through events of any shape", function()
    local receiver = listen { on = { ["*"] = function() end, future_event = error }, strict = false }
    assert.are.equal(200, (receiver:handle(send("workflow_launched", { payload = { anything = { 1, "x" } } }))))
  end)

  it("gives the resource that an event is about", function()
    local resource
    local receiver = listen { on = { ["*"] = function(event) resource = must(event:resource()) end } }
    local workflow = must(local_ironclad.launch(client))
    local delivery = sandbox:deliveries()[1]
    assert.are.equal(200, (receiver:handle(delivery.headers, delivery.body)))
    assert.are.equal(workflow.id, resource.id)
    local record = must(client.records:create { type = "mutualNDA", name = "An NDA", properties = {} })
    receiver:handle(send("record_contract_status_changed", { payload = { recordID = record.id } }))
    assert.are.equal("An NDA", resource.name)
    local err
    receiver = listen { on = { ["*"] = function(event) err = select(2, event:resource()) end } }
    receiver:handle(send("workflow_launched", { payload = { other = 1 } }))
    assert.are.equal("not_found", err.kind)
  end)

  it("checks its options", function()
    local nothing = function() end
    local on = { ["*"] = nothing }
    for message, options in pairs {
      ['on: workflow_complete: unknown event; did you mean "workflow_completed"?'] = {
        on = { workflow_complete = nothing } },
      ["on: expected a table of functions by the names of events, got nil"] = {},
      ["on: expected a table of functions by the names of events, got an empty table"] = { on = {} },
      ["on.*: expected a function, got a number"] = { on = { ["*"] = 1 } },
      ['wen: unknown option; did you mean "when"?'] = { on = on, wen = nothing },
      ["when: expected a function, got a boolean"] = { on = on, when = true },
      ["seen: expected memory, file:PATH, shared, shared:NAME or a table, got \"redis\""] = { on = on, seen = "redis" },
      ["seen: expected functions claim, done and release, has no claim"] = { on = on, seen = {} },
      ["seen: a shared dictionary is for nginx; elsewhere give a file"] = { on = on, seen = "shared:x" },
      ["inbox: expected the path of a folder or a table, got a number"] = { on = on, inbox = 1 },
      ["inbox: cannot make /dev/null/x: Not a directory"] = { on = on, inbox = "/dev/null/x" },
      ["company: expected the id of a company or false, got a number"] = { on = on, company = 1 },
      ["verifier: expected what client.webhooks:verifier{} returned, got a table"] = { on = on, verifier = {} },
      ["tries: expected a whole number from 1, got 0"] = { on = on, inbox = folder, tries = 0 },
      ["tries: expected a whole number from 1, got 2.5"] = { on = on, inbox = folder, tries = 2.5 },
      ["tries: expected a whole number from 1, got a string"] = { on = on, inbox = folder, tries = "x" },
      ["pause: expected a number of seconds from 0, got -1"] = { on = on, inbox = folder, pause = -1 },
      ["pause: expected a number of seconds from 0, got a boolean"] = { on = on, inbox = folder, pause = true },
      ["consumers: expected a whole number from 1, got a string"] = { on = on, inbox = folder, consumers = "x" },
      ["tries: is of an inbox, and this receiver has none; give inbox, too"] = { on = on, tries = 3 },
      ["pause: is of an inbox, and this receiver has none; give inbox, too"] = { on = on, pause = 3 },
      ["consumers: is of an inbox, and this receiver has none; give inbox, too"] = { on = on, consumers = 3 },
      ["tries: is of an inbox that the module keeps; this one is a table"] = { on = on, tries = 3, inbox = {} },
    } do
      local fine, problem = pcall(client.webhooks.receiver, client.webhooks, options)
      assert.is_false(fine)
      assert.is_truthy(problem:find("webhooks:receiver: " .. message, 1, true), problem)
    end
    local receiver = listen()
    assert.is_truthy(select(2, pcall(receiver.work, receiver)):find("has no inbox", 1, true))
    assert.is_truthy(select(2, pcall(receiver.handle, receiver, {}, nil)):find("body: expected the bytes", 1, true))
    assert.is_truthy(select(2, pcall(client.webhooks.receiver, client, {})):find("with a colon", 1, true))
  end)
end)
