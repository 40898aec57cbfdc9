-- The controls that make the sandbox's deliveries late, repeated, out of order or forged. Tests that start other
-- programs have the tag #shell: ThreadSanitizer does not run them.
local deliveries = require "spec.support.deliveries"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

local OK, ERROR = peer.answer(200), peer.answer(500)

local sandbox

local function start(options) sandbox = deliveries.start(options) end

before_each(deliveries.begin)
after_each(deliveries.finish)
teardown(deliveries.stop)

describe("the controls", function()
  local server
  local function begin(answers)
    start()
    server = deliveries.receiver(answers or { OK })
    return deliveries.listen(server)
  end

  it("hold deliveries and release them in order, in reverse, or in a given order", function()
    begin()
    sandbox:hold_deliveries()
    local ids = deliveries.send_three()
    assert.are.same({ 3, 0 }, { deliveries.settle().held, #server:requests() })
    assert.are.equal(2, sandbox:release_deliveries { ids = { ids[3], ids[1] } }.released)
    deliveries.settle()
    assert.are.same({ "c", "a" }, deliveries.events_of(server))
    sandbox:send_event "d"
    assert.are.equal(2, sandbox:release_deliveries { reverse = true }.released)
    sandbox:send_event "e"
    deliveries.settle()
    assert.are.same({ "c", "a", "d", "b", "e" }, deliveries.events_of(server))
    assert.has_error(function() sandbox:release_deliveries { ids = { "no-such-event" } } end)
  end)

  it("delay deliveries by the sandbox's clock", function()
    begin()
    sandbox:delay_deliveries(3600)
    deliveries.send_three()
    assert.are.same({ 3, 3600, 0 }, { deliveries.settle().pending, deliveries.settle().next_in, #server:requests() })
    sandbox:advance(3600)
    assert.are.equal(3, deliveries.settle().delivered)
    assert.are.same({ "a", "b", "c" }, deliveries.events_of(server))
  end)

  it("send deliveries twice, and again", function()
    begin()
    sandbox:duplicate_deliveries(2)
    sandbox:send_event "a"
    deliveries.settle()
    assert.are.same({ "a", "a" }, deliveries.events_of(server))
    sandbox:duplicate_deliveries(1)
    sandbox:redeliver { id = deliveries.ids_of(server)[1], times = 3 }
    deliveries.settle()
    local first = server:requests()[1]
    assert.are.equal(5, #server:requests())
    for _, request in ipairs(server:requests()) do assert.are.same(first.headers, request.headers) end
    assert.has_error(function() sandbox:redeliver "no-such-event" end)
  end)

  it("send deliveries at once", function()
    start()
    server = deliveries.serve { connections = { { { "read" }, { "gate" }, { "send", OK } } } }
    deliveries.listen(server)
    sandbox:send_event "a"
    server:await(1)
    sandbox:redeliver { id = sandbox:deliveries()[1].id, at_once = true }
    server:await(2)
    assert.are.equal(2, #server:requests()) -- the first is not answered yet
    sandbox:deliveries_at_once(5)
    deliveries.send_three()
    server:await(5)
    assert.are.equal(5, #server:requests())
    for _ = 1, 5 do server:release() end
    assert.are.equal(5, deliveries.settle().delivered)
  end)

  it("replace the key: what waits is signed with the new one #shell", function()
    begin { ERROR, OK }
    sandbox:send_event "a"
    deliveries.settle()
    assert.is_true(deliveries.verifies(server:requests()[1]))
    sandbox:rotate_webhook_key()
    sandbox:advance(48)
    deliveries.settle()
    assert.is_false(deliveries.verifies(server:requests()[1]))
    assert.is_true(deliveries.verifies(server:requests()[2]))
  end)

  it("forge deliveries #shell", function()
    local webhook = begin()
    for _, how in ipairs { "key", "signature", "body", "event_id", "nonce" } do
      local sent = sandbox:send_event { event = "workflow_launched", webhook = webhook, forge = how }
      deliveries.settle()
      local requests = server:requests()
      local request = requests[#requests]
      assert.are.equal(sent.id, request.headers["x-ironclad-webhook-event-id"])
      assert.is_false(deliveries.verifies(request), how)
      assert.are.equal("table", type(ironclad.json.decode(request.body)), how)
    end
    sandbox:send_event { event = "workflow_launched", webhook = webhook, forge = "unsigned" }
    deliveries.settle()
    assert.is_nil(server:requests()[6].headers["x-ironclad-webhook-verification"])
  end)

  it("send events of any shape #shell", function()
    local webhook = begin()
    local changed = {
      webhook = webhook, event = "workflow_documents_renamed", payload = { documentKeys = { "draft" } },
    }
    local function send(changes)
      local arguments = {}
      for name, value in pairs(changed) do arguments[name] = value end
      for name, value in pairs(changes) do arguments[name] = value end
      sandbox:send_event(arguments)
      deliveries.settle()
      local requests = server:requests()
      return requests[#requests]
    end
    local payload = ironclad.json.decode(send({}).body).payload
    assert.are.same({ documentKeys = { "draft" }, event = "workflow_documents_renamed" }, payload)
    for _, algorithm in ipairs { "sha384", "SHA512", "RSA-SHA256" } do
      for _, encoding in ipairs { "base64", "hex" } do
        local request = send { algorithm = algorithm, encoding = encoding }
        assert.is_true(deliveries.verifies(request), algorithm .. " " .. encoding)
        assert.are.equal(encoding,
          ironclad.json.decode(request.headers["x-ironclad-webhook-verification"]).encoding)
      end
    end
    local compact, pretty = send {}, send { pretty = true }
    assert.is_truthy(pretty.body:find "\n")
    assert.are.same(ironclad.json.decode(compact.body), ironclad.json.decode(pretty.body))
    assert.is_true(deliveries.verifies(pretty, (pretty.body:gsub("[\n\t ]", ""))))
    assert.are.equal("what?", send({ body = "what?" }).body)
    assert.are.equal("another id", send({ id = "another id" }).headers["x-ironclad-webhook-event-id"])
    assert.is_truthy(send({ companyID = "5f00" }).body:find('"companyID":"5f00"', 1, true))
  end)

  it("refuse what cannot be sent", function()
    local webhook = begin()
    for message, arguments in pairs {
      ["there is no webhook 'x'"] = { event = "a", webhook = "x" },
      ["needs a 'webhook'"] = { event = "a", forge = "key" },
      ["'id' must be text for a header"] = { event = "a", webhook = webhook, id = "a\r\nb: c" },
      ["'algorithm' must be"] = { event = "a", webhook = webhook, algorithm = "md5" },
      ["key, signature, body"] = { event = "a", webhook = webhook, forge = "everything" },
      ["did you mean 'payload'"] = { event = "a", payloads = {} },
    } do
      local done, why = pcall(sandbox.send_event, sandbox, arguments)
      assert.is_false(done)
      assert.is_truthy(tostring(why):find(message, 1, true), tostring(why))
    end
    assert.has_error(function() sandbox:duplicate_deliveries(0) end)
    assert.has_error(function() sandbox:deliveries_at_once(1.5) end)
    assert.has_error(function() sandbox:delay_deliveries(-1) end)
    assert.has_error(function() sandbox:settle_deliveries "soon" end)
  end)

  it("forget deliveries, also those that are being sent", function()
    start()
    server = deliveries.serve { connections = { { { "read" }, { "gate" }, { "send", OK } } } }
    deliveries.listen(server)
    deliveries.send_three()
    server:await(1)
    sandbox:clear_deliveries()
    assert.are.same({}, sandbox:deliveries())
    for _ = 1, 3 do server:release() end
    deliveries.settle()
    assert.are.equal(1, #server:requests())
  end)

  local slow_or_it = os.getenv "IRONCLAD_SPEC_SLOW" and pending or it
  slow_or_it("keep the outbox small", function()
    local webhook = begin()
    sandbox:hold_deliveries()
    for _ = 1, 10001 do sandbox:send_event { event = "a", webhook = webhook } end
    assert.are.same({ 10000, 1 }, { sandbox:delivery_status().held, sandbox:delivery_status().refused })
  end)
end)
