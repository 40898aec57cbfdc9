-- The key with which receivers verify events: when it is fetched, and how often.
local core = require "ironclad.core"
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local receivers = require "spec.support.receivers"

local must = local_ironclad.must
local listen, send = receivers.listen, receivers.send

local sandbox, client

setup(function() sandbox, client = receivers.start() end)
before_each(receivers.begin_test)
after_each(receivers.end_test)
teardown(receivers.stop)

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

  it("is fetched by the next one, at once, when the script was interrupted meanwhile", function()
    local verifier = client.webhooks:verifier()
    local get = verifier.key.get
    verifier.key.get = function() error("interrupted!", 0) end
    local headers, body = send()
    assert.are.same({ false, "interrupted!" }, { pcall(verifier.verify, verifier, headers, body) })
    verifier.key.get = get
    local now = core.monotonic()
    verifier.key.clock = function() -- it would wait for the other fetch for 40 seconds
      now = now + 1
      return now
    end
    assert(verifier:verify(headers, body))
    assert.are.equal(1, fetches())
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

  it("that was replaced and cannot be fetched lets events wait for it, not be refused", function()
    local verifier = client.webhooks:verifier()
    local receiver, noted, errors = listen { verifier = verifier }
    assert.are.equal(200, (receiver:handle(send())))
    sandbox:rotate_webhook_key()
    sandbox:fail { operation = "retrieve-webhook-verification-key", status = 500, times = 2 }
    verifier.key.fetched = verifier.key.fetched - 60
    local headers, body = send()
    for _ = 1, 2 do assert.are.equal(503, (receiver:handle(headers, body))) end
    assert.are.same({ { nil, "network" }, { nil, "network" } }, errors)
    local _, err = verifier:verify(headers, body)
    assert.is_true(err.retryable)
    assert.is_truthy(tostring(err):find("the key cannot be fetched again: ", 1, true), tostring(err))
    verifier.key.fetched = verifier.key.fetched - 60
    assert.are.equal(503, (receiver:handle(headers, body)))
    verifier.key.fetched = verifier.key.fetched - 60
    assert.are.equal(200, (receiver:handle(headers, body)))
    assert.are.equal(2, #noted)
    headers, body = send("workflow_launched", { forge = "key" })
    assert.are.equal(401, (receiver:handle(headers, body)))
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
