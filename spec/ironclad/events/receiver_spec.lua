-- Receivers: what is handled, how often, what is answered, and what is remembered. The sandbox signs the events.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"

local must = local_ironclad.must

local sandbox, client, webhook, folder

setup(function()
  sandbox, client = local_ironclad.start { clock = "2026-03-01T09:00:00Z", deliver_to = "none" }
  for old in client.webhooks:each() do must(client.webhooks:delete(old.id)) end
  webhook = must(client.webhooks:create { events = { "*" }, targetURL = "https://hooks.example/events" })
end)
before_each(function()
  folder = peer.temporary_folder()
  sandbox:clear_deliveries()
  sandbox:clear_requests()
  sandbox:clear_faults()
end)
after_each(function()
  sandbox:latency(0)
  peer.remove_folder(folder)
end)
teardown(function() sandbox:stop() end)

local function id_of(headers) return headers["X-Ironclad-Webhook-Event-Id"] end

-- A delivery of a new event -> its headers and body.
local function send(name, changes)
  sandbox:clear_deliveries()
  local event = { event = name or "workflow_launched", payload = { workflowID = "w1" }, webhook = webhook.id }
  for key, value in pairs(changes or {}) do event[key] = value end
  sandbox:send_event(event)
  local delivery = sandbox:deliveries()[1]
  return delivery.headers, delivery.body
end

-- A receiver that notes what it handles, and the errors that it reports.
local function listen(options)
  local noted, errors = {}, {}
  local settings = {
    on = { ["*"] = function(event) noted[#noted + 1] = event.name end },
    on_error = function(event, err)
      errors[#errors + 1] = { event and event.name, type(err) == "table" and err.kind or err }
    end,
  }
  for name, value in pairs(options or {}) do settings[name] = value end
  return client.webhooks:receiver(settings), noted, errors
end

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
      ["tries: expected a number from 1"] = { on = on, inbox = folder, tries = 0 },
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

describe("the verification key", function()
  local function fetches()
    local count = 0
    for _, request in ipairs(sandbox:requests()) do
      if request.operation == "retrieve-webhook-verification-key" then count = count + 1 end
    end
    return count
  end

  it("is fetched once, and again when Ironclad has replaced it", function()
    local verifier = client.webhooks:verifier()
    for _ = 1, 3 do assert(verifier:verify(send())) end
    assert.are.equal(1, fetches())
    sandbox:rotate_webhook_key()
    verifier.key.fetched = verifier.key.fetched - 60 -- a minute later
    assert(verifier:unwrap(send()))
    assert(verifier:unwrap(send()))
    assert.are.equal(2, fetches())
  end)

  it("is fetched once a minute at most, however many forgeries come", function()
    local verifier = client.webhooks:verifier()
    assert(verifier:verify(send()))
    local headers, body = send("workflow_launched", { forge = "key" })
    for minute = 1, 3 do
      verifier.key.fetched = verifier.key.fetched - 60
      for _ = 1, 100 do
        local fine, err = verifier:verify(headers, body)
        assert.are.same({ nil, "signature", "signature" }, { fine, err.kind, err.step })
      end
      assert.are.equal(1 + minute, fetches())
    end
    for _ = 1, 10 do assert(verifier:verify(send())) end -- the real ones pass meanwhile
    assert.are.equal(4, fetches())
  end)

  it("is not fetched for a request that is malformed", function()
    local verifier = client.webhooks:verifier()
    assert(verifier:verify(send()))
    verifier.key.fetched = verifier.key.fetched - 60
    for _ = 1, 10 do assert.is_nil((verifier:verify({ ["X-Ironclad-Webhook-Event-Id"] = "1" }, "{}"))) end
    assert.are.equal(1, fetches())
  end)

  it("is tried again soon when it cannot be fetched, and events wait for it", function()
    local receiver, noted, errors = listen()
    sandbox:fail { operation = "retrieve-webhook-verification-key", status = 500, times = 1 }
    local headers, body = send()
    assert.are.equal(503, (receiver:handle(headers, body)))
    assert.are.equal(503, (receiver:handle(headers, body)))
    assert.are.same({ { nil, "network" }, { nil, "network" } }, errors)
    assert.are.equal(1, fetches())
    local verifier = client.webhooks:verifier()
    receiver = listen { verifier = verifier }
    sandbox:fail { operation = "retrieve-webhook-verification-key", status = 500, times = 1 }
    assert.are.equal(503, (receiver:handle(headers, body)))
    verifier.key.fetched = verifier.key.fetched - 1
    assert.are.equal(200, (receiver:handle(headers, body)))
    assert.are.same({}, noted)
  end)

  it("is fetched once for all who wait", function()
    if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then return end -- no tasks there
    local verifier = client.webhooks:verifier()
    local headers, body = send()
    sandbox:latency(0.05)
    local results = {}
    ironclad.run(function()
      for i = 1, 20 do ironclad.spawn(function() results[i] = verifier:verify(headers, body) end) end
    end)
    for i = 1, 20 do assert.is_true(results[i]) end
    assert.are.equal(1, fetches())
  end)

  it("may be given", function()
    local key = must(client.webhooks:get_verification_key())
    local verifier = client.webhooks:verifier { key = key }
    sandbox:clear_requests()
    assert(verifier:verify(send()))
    assert.are.equal(0, fetches())
    local fine, problem = pcall(client.webhooks.verifier, client.webhooks, { key = "junk" })
    assert.is_false(fine)
    assert.is_truthy(problem:find("webhooks:verifier: key: the public key is not PEM", 1, true), problem)
  end)
end)

describe("what has been handled is remembered", function()
  it("in a file, by the next receiver and by another process", function()
    local path = folder .. "/seen"
    local receiver = listen { seen = "file:" .. path }
    local headers, body = send()
    local id = id_of(headers)
    assert.are.equal(200, (receiver:handle(headers, body)))
    local second, noted = listen { seen = path }
    assert.are.equal(200, (second:handle(headers, body)))
    assert.are.same({}, noted)
    local program = [[
      local seen = require("ironclad.events.seen").open("spec", "file:" .. (...))
      local _, id, new = ...
      print(seen:claim(id), seen:claim(new), seen:claim(new))
      seen:done(new)
    ]]
    assert.are.equal("done\tnew\tbusy\n", (peer.lua(program, {}, path, id, "another")))
    assert.are.equal("done", second.seen:claim "another")
  end)

  it("in a file, whatever characters an id has", function()
    local seen = require "ironclad.events.seen"
    local ids = { "a b", "a\nb 1\nb", "\n", "", " ", "é", "a\0b", ("x"):rep(100000), "word", "b" }
    local file = seen.open("spec", folder .. "/ids")
    for _, id in ipairs(ids) do
      assert.are.equal("new", file:claim(id), id)
      assert.are.equal("busy", file:claim(id), id)
      assert.is_true(file:done(id))
    end
    local code = ("local file = require 'ironclad.events.seen'.open('spec', %q)\n"
      .. "for _, id in ipairs(require 'ironclad'.json.decode(%q)) do io.write(file:claim(id), ' ') end\n"
      .. "io.write(file:claim 'b 1', ' ', file:claim '1')"):format(folder .. "/ids", ironclad.json.encode(ids))
    assert.are.equal(("done "):rep(#ids) .. "new new", (peer.lua(code)))
    assert.is_true(#peer.read_file(folder .. "/ids") < 2000)
  end)

  it("in a file, whose claims end with the process", function()
    local path = folder .. "/seen"
    local program = [[
      local seen = require("ironclad.events.seen").open("spec", "file:" .. (...))
      repeat until seen:claim "x" == "new"
      repeat until false
    ]]
    local other = require("ironclad.events.seen").open("spec", path)
    local process, ended = peer.start_lua(program, { seconds = 20 }, path)
    while other:claim "x" ~= "busy" do other:release "x" end
    peer.shell("kill -9 " .. process)
    ended()
    assert.are.equal("new", other:claim "x")
  end)

  it("in a file that grows no further than it must", function()
    local path = folder .. "/seen"
    local store = require("ironclad.events.seen").open("spec", path)
    local lines = { peer.read_file(path) }
    for i = 1, 100000 do lines[#lines + 1] = ("old-%d %d\n"):format(i, i % 2 == 0 and os.time() or 1) end
    peer.write_file(path, table.concat(lines) .. "cut") -- a crash has cut the last line
    assert.are.equal("done", store:claim "old-1")
    assert.are.equal("new", store:claim "x")
    assert(store:done "x")
    assert.are.equal("done", store:claim "x")
    assert.is_true(#peer.read_file(path) < 1200000)
    assert.are.equal("new", store:claim "y")
    assert.are.same({ "new", "done" }, { store:claim "old-1", store:claim "old-2" }) -- older than a week, and not
  end)

  it("in memory, for many events", function()
    local store = require("ironclad.events.seen").open("spec")
    for i = 1, 150000 do store:done(tostring(i)) end
    assert.are.same({ "new", "done", "done" }, { store:claim "1", store:claim "100001", store:claim "150000" })
  end)

  it("in a table of the script's", function()
    local told = {}
    local store = { answer = "new" }
    function store:claim(id) told[#told + 1] = "claim " .. id return self.answer end
    function store.done(_, id) told[#told + 1] = "done " .. id return true end
    function store.release(_, id) told[#told + 1] = "release " .. id return true end
    local headers, body = send()
    local id = id_of(headers)
    local receiver, noted = listen { seen = store }
    assert.are.equal(200, (receiver:handle(headers, body)))
    assert.are.same({ "claim " .. id, "done " .. id }, told)
    store.answer = "done"
    assert.are.equal(200, (receiver:handle(headers, body)))
    store.answer = "busy"
    assert.are.equal(503, (receiver:handle(headers, body)))
    store.answer = nil
    assert.are.equal(503, (receiver:handle(headers, body)))
    store.claim = function() error "broken" end
    assert.are.equal(503, (receiver:handle(headers, body)))
    assert.are.equal(1, #noted)
    store.claim, store.answer = nil, nil
    receiver = listen { seen = { claim = function() return "new" end, done = store.done, release = store.release },
      on = { ["*"] = error } }
    assert.are.equal(500, (receiver:handle(headers, body)))
    assert.are.equal("release " .. id, told[#told])
  end)

  it("in a table whose done and release return nothing, and fail by an error or by nil and a message", function()
    local answer
    local store = { claim = function() return "new" end, done = function() return answer() end,
      release = function() return answer() end }
    for give, told in pairs { [function() end] = {}, [function() return nil, "full" end] = { "full" },
      [function() error("broken", 0) end] = { "broken" } } do
      answer = give
      local receiver, noted, errors = listen { seen = store }
      assert.are.equal(200, (receiver:handle(send())))
      assert.are.same({ { "workflow_launched" }, #told }, { noted, #errors })
      assert.are.equal(told[1], (errors[1] or {})[2])
      receiver, noted, errors = listen { seen = store, on = { ["*"] = function() return nil, "no" end } }
      assert.are.equal(500, (receiver:handle(send())))
      assert.are.same({ {}, #told + 1 }, { noted, #errors })
    end
  end)
end)

describe("an inbox", function()
  local function keep(options)
    options.inbox = folder .. "/inbox"
    return listen(options)
  end

  it("keeps events until they are handled", function()
    local receiver, noted = keep {}
    local headers, body = send()
    for _ = 1, 2 do assert.are.equal(200, (receiver:handle(headers, body))) end
    assert.are.equal(200, (receiver:handle(send "workflow_paused")))
    assert.are.same({}, noted)
    local list = receiver:inbox():list()
    assert.are.same({ "waiting", "workflow_launched", 0 },
      { list[1].state, list[1].event.payload.event, list[1].tries })
    assert.are.same({ 2, nil }, { receiver:work() })
    assert.are.same({ "workflow_launched", "workflow_paused" }, noted) -- in the order in which they came
    assert.are.equal(200, (receiver:handle(headers, body)))
    assert.are.same({ 0, nil }, { receiver:work() })
    assert.are.same({}, receiver:inbox():list())
  end)

  it("tries again after pauses that grow, and then gives up", function()
    local receiver, _, errors = keep { on = { ["*"] = function() error "always" end }, tries = 4, pause = 10 }
    assert.are.equal(200, (receiver:handle(send())))
    local id = receiver:inbox():list()[1].id
    local now = receiver.box.clock()
    receiver.box.clock = function() return now end
    local pauses = {}
    for i = 1, 4 do
      local count, soon = receiver:work()
      assert.are.equal(1, count)
      pauses[i] = soon and math.floor(soon + 0.5) or "dead"
      now = now + (soon or 0) + 0.1
    end
    assert.are.same({ 10, 20, 40, "dead" }, pauses)
    assert.are.equal(4, #errors)
    local letter = receiver:inbox():list()[1]
    assert.are.same({ id, "dead", 4 }, { letter.id, letter.state, letter.tries })
    assert.matches("always", letter.error)
    assert.are.equal(0, (receiver:work()))
    -- It is tried again when somebody says so, and can be removed.
    assert(receiver:inbox():retry(id))
    assert.are.equal(1, (receiver:work()))
    assert.are.same({ "waiting", 1 }, { receiver:inbox():list()[1].state, receiver:inbox():list()[1].tries })
    assert(receiver:inbox():remove(id))
    assert.are.same({}, receiver:inbox():list())
    assert.is_nil((receiver:inbox():remove(id)))
    assert.is_nil((receiver:inbox():retry(id)))
  end)

  it("handles the others while one fails", function()
    local receiver, noted = keep { on = {
      workflow_paused = error, ["*"] = function() end,
    } }
    receiver:handle(send "workflow_paused")
    receiver:handle(send "workflow_resumed")
    assert.are.same({}, noted)
    assert.are.equal(2, (receiver:work()))
    assert.are.equal(1, #receiver:inbox():list())
  end)

  it("is shared by processes: each event is handled by one of them", function()
    local receiver = keep {}
    for _ = 1, 30 do receiver:handle(send()) end
    local program = [[
      local inbox = require("ironclad.events.inbox").open("spec", (...), {})
      local count = 0
      for item in function() return (inbox:take()) end do
        count = count + 1
        assert(inbox:done(item))
      end
      print(count)
    ]]
    local sums = {}
    for i = 1, 3 do sums[i] = { peer.start_lua(program, {}, folder .. "/inbox") } end
    local sum = 0
    for _, started in ipairs(sums) do sum = sum + tonumber((started[2]():match "%d+")) end
    assert.are.equal(30, sum)
  end)

  it("is read again in time when it holds many events", function()
    local inbox = require("ironclad.events.inbox").open("spec", folder .. "/many", {})
    for i = 1, 300 do assert(inbox:put(tostring(i), '{"a":1}')) end
    local order = {}
    for item in function() return (inbox:take()) end do
      order[#order + 1] = tonumber(item.id)
      assert(inbox:done(item))
    end
    for i = 1, 300 do assert.are.equal(i, order[i]) end
  end)

  it("answers 503 when an event cannot be kept", function()
    local receiver, _, errors = listen { inbox = {
      put = function() return nil, "the disk is full" end, take = error, done = error, fail = error, list = error,
      retry = error, remove = error,
    } }
    local headers, body = send()
    assert.are.equal(503, (receiver:handle(headers, body)))
    assert.are.equal(503, (receiver:handle(headers, body)))
    local full = { "workflow_launched", "the disk is full" }
    assert.are.same({ full, full }, errors)
  end)

  it("is this user's alone, and has no names that an event has chosen", function()
    local inbox = require("ironclad.events.inbox").open("spec", folder .. "/own", {})
    assert(inbox:put("../../etc/passwd", "{}"))
    assert.matches("^drwx%-%-%-%-%-%- ", peer.shell("ls -ld " .. folder .. "/own/new"))
    assert.matches("^%x+%.json\n$", peer.shell("ls " .. folder .. "/own/new"))
    assert.are.equal("../../etc/passwd", inbox:list()[1].id)
  end)

  it("overlooks files that are not events", function()
    local inbox = require("ironclad.events.inbox").open("spec", folder .. "/junk", {})
    local whole = '{"id":"x","text":"{}","received":1,"tries":0,"next_try":0}'
    local files = { ["a.json"] = "", ["b.json"] = "{", ["c.json"] = "[]", ["d.json"] = '{"id":1,"text":2}', e = "x",
      ["f.json"] = '{"id":"x","text":"{}"}', ["g.json"] = whole:gsub("1", '"1"'),
      ["h.json"] = whole:gsub("0}", "null}"), ["copy.json"] = whole }
    for name, bytes in pairs(files) do
      peer.write_file(folder .. "/junk/new/" .. name, bytes)
      peer.write_file(folder .. "/junk/dead/" .. name, bytes)
    end
    assert(inbox:put("own", "{}"))
    local list = inbox:list()
    assert.are.same({ 1, "own" }, { #list, list[1].id })
    local item = inbox:take()
    assert.are.equal("own", item.id)
    assert(inbox:done(item))
    assert.is_nil((inbox:take()))
  end)

  it("in a table reports what its functions raise, and goes on", function()
    local item = { id = "1", text = "{}", tries = 0, received = 0 }
    local given, broken = nil, true
    local receiver, noted, errors = listen { inbox = {
      put = function(_, _, text)
        if broken then error("full", 0) end
        given = text
        return true
      end,
      take = function()
        if broken then error("gone", 0) end
        local text = given
        given = nil
        return text and { id = item.id, text = text }
      end,
      done = function() return true end, fail = error, list = error, retry = error, remove = error,
    } }
    local headers, body = send()
    assert.are.equal(503, (receiver:handle(headers, body)))
    assert.are.equal(0, (receiver:work()))
    assert.are.same({ { "workflow_launched", "full" }, { nil, "gone" } }, errors)
    broken = false
    assert.are.equal(200, (receiver:handle(headers, body)))
    assert.are.equal(1, (receiver:work()))
    assert.are.same({ "workflow_launched" }, noted)
  end)
end)
