-- Requests of Ironclad to a signature provider: those that Node's crypto module has signed, and those of the sandbox.
-- The format is unconfirmed (src/ironclad/events/request.lua), so these tests fix what is believed, and above all what
-- is not.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local signer = require "spec.support.signer"

local verify = ironclad.webhook.verify_request
local NAME = "X-Ironclad-Request-Signature"
local BODY = '{"roleName":"Signer"}'
local MULTIPART = "--x\r\nContent-Disposition: form-data; name=body\r\n\r\n{}\r\n--x--\r\n\0\255"

local function now(seconds) return os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + (seconds or 0)) end

local function plain(changes)
  local members = { nonce = "f3c1d94c", timestamp = now(), signAlgorithm = "sha256", encoding = "base64" }
  for name, value in pairs(changes or {}) do members[name] = value or nil end
  return members
end

local function whole() return plain { method = "POST", path = "/sign/1/remind", version = 1 } end

local cases = {
  plain = { members = plain(), body = BODY },
  number = { members = plain { timestamp = os.time() }, body = BODY },
  milliseconds = { members = plain { timestamp = os.time() * 1000 }, body = BODY },
  digits = { members = plain { timestamp = tostring(os.time()) }, body = BODY },
  nonce_only = { members = plain { timestamp = false }, body = BODY },
  bare = { members = { nonce = "n" }, body = "{}" },
  empty = { members = plain(), body = "" },
  whole = { members = whole(), body = BODY, digest = "bodySha256" },
  base64 = { members = whole(), body = BODY, digest = "contentDigest", encoding = "base64" },
  late = { members = plain { timestamp = now(-600) }, body = BODY },
  early = { members = plain { timestamp = now(600) }, body = BODY },
  other = { members = plain(), body = BODY, key = "other" },
  undigested = { members = whole(), body = BODY, digest = "documentSha256" },
  status = { members = plain { method = "GET", path = "/sign/1/status" }, body = "", digest = "bodySha256" },
  small = { members = plain(), body = BODY, key = "rsa1024" },
  event = { members = plain { timestamp = "0b8a2f5e-7d0c-4c0e-9b1f-3f6f0c1d2e3a" }, body = BODY },
}
local ABOUT = { method = "POST", path = "/sign/1/remind" }
local keys

setup(function()
  local list = {}
  for _, one in pairs(cases) do list[#list + 1] = one end
  keys = signer.sign_requests(list)
end)

local function check(one, changes, options)
  changes = changes or {}
  return verify({ [NAME:lower()] = changes.header or one.header }, changes.body or one.body,
    changes.key or keys[one.key or "rsa2048"], options or ABOUT)
end

local function assert_refused(step, value, err)
  assert.is_nil(value)
  assert.are.equal("signature", err.kind)
  assert.are.equal(step, err.step, tostring(err))
end

describe("a request that Ironclad signed", function()
  for _, name in ipairs { "plain", "number", "milliseconds", "digits", "nonce_only", "bare", "empty", "whole",
                          "base64" } do
    it("is believed: " .. name, function()
      local members = assert(check(cases[name]))
      assert.are.equal(cases[name].members.nonce, members.nonce)
    end)
  end

  it("is believed without a body, when its method and path were signed", function()
    assert(check(cases.status, nil, { method = "GET", path = "/sign/1/status" }))
  end)

  it("is believed when the script says what is signed", function()
    local told
    local function signed_text(members, body)
      told = { members.nonce, body }
      return members.timestamp .. body .. members.nonce
    end
    assert(check(cases.plain, nil, { signed_text = signed_text }))
    assert.are.same({ cases.plain.members.nonce, BODY }, told)
    assert_refused("signature", check(cases.plain, { body = "{}" }, { signed_text = signed_text }))
    assert_refused("request", check(cases.plain, nil, { signed_text = function() return nil, "no" end }))
    assert_refused("request", check(cases.plain, nil, { signed_text = function() return "" end }))
    assert.has_error(function() check(cases.plain, nil, { signed_text = function() error "x" end }) end)
  end)
end)

describe("a request is refused", function()
  it("when another key has signed it, or a short one", function()
    assert_refused("signature", check(cases.other, { key = keys.rsa2048 }))
    assert_refused("key", check(cases.small))
  end)

  it("when it is old, or from the future", function()
    assert_refused("age", check(cases.late))
    assert_refused("age", check(cases.early))
    assert(check(cases.late, nil, { max_age = 3600 }))
    assert(check(cases.late, nil, { max_age = false }))
    assert_refused("age", check(cases.nonce_only, nil, { max_age = 3600 }))
  end)

  it("when it is not this one that was signed", function()
    assert_refused("request", check(cases.whole, nil, { method = "POST", path = "/sign/2/remind" }))
    assert_refused("request", check(cases.whole, nil, { method = "GET", path = ABOUT.path }))
    assert_refused("request", check(cases.whole, nil, {}))
    assert_refused("body", check(cases.whole, { body = BODY .. " " }))
    assert_refused("body", check(cases.whole, { body = "" }))
    assert_refused("body", check(cases.undigested))
    assert_refused("signature", check(cases.plain, { body = BODY .. " " }))
    assert_refused("signature", check(cases.empty, { body = BODY }))
    assert_refused("signature", check(cases.plain, { body = "" }))
    assert_refused("body", check(cases.plain, { body = MULTIPART }))
  end)

  it("when a part of the body is passed off as nonce or timestamp, or the other way round", function()
    local header = cases.nonce_only.header
    local nonce = cases.nonce_only.members.nonce
    for cut = 1, #nonce do
      local moved = header:gsub(nonce, nonce:sub(cut + 1))
      assert.is_nil((check(cases.nonce_only, { body = BODY .. nonce:sub(1, cut), header = moved })))
    end
    for cut = 1, #BODY do
      local moved = header:gsub(nonce, (ironclad.json.encode(BODY:sub(-cut) .. nonce):sub(2, -2):gsub("%%", "%%%%")))
      assert.is_nil((check(cases.nonce_only, { body = BODY:sub(1, -cut - 1), header = moved })))
    end
    assert_refused("header", check(cases.event)) -- an event of a webhook, whose id stands where the timestamp does
  end)

  it("when its header is missing, twice or not what it must be", function()
    local good = cases.plain.header
    assert_refused("header", verify({}, BODY, keys.rsa2048))
    assert_refused("header", verify({ [NAME] = { good, good } }, BODY, keys.rsa2048))
    local many = {}
    for i = 1, 40 do many[i] = ('"a%d":1,'):format(i) end
    for _, bad in ipairs {
      "", "[]", "{}", "null", "1", '"x"', '["x"]', good .. "x", good:gsub("^{", '{"nonce":"x",'),
      (" "):rep(8193) .. good,
      good:gsub('"signature":"', '"signature":12,"x":"'), good:gsub("^{", "{" .. table.concat(many)),
      good:gsub('"nonce":"%x+"', '"nonce":[]'), good:gsub('"timestamp":"[^"]+"', '"timestamp":"soon"'),
    } do
      assert_refused("header", check(cases.plain, { header = bad }))
    end
    assert_refused("algorithm", check(cases.plain, { header = good:gsub("sha256", "sha1") }))
    assert_refused("algorithm", check(cases.plain, { header = good:gsub("base64", "latin1") }))
    assert_refused("signature", check(cases.plain, { header = good:gsub('("signature":"....)', "%1 ") }))
  end)

  it("when any bit of header or body is another", function()
    local tried, allowed = 0, 0
    local function each_flip(text, visit)
      for at = 1, #text do
        for bit = 0, 7 do
          local byte, weight = text:byte(at), 2 ^ bit
          local flipped = byte % (2 * weight) >= weight and byte - weight or byte + weight
          tried = tried + 1
          if visit(text:sub(1, at - 1) .. string.char(flipped) .. text:sub(at + 1)) then allowed = allowed + 1 end
        end
      end
    end
    for _, name in ipairs { "plain", "whole" } do
      local one = cases[name]
      each_flip(one.body, function(body) return check(one, { body = body }) end)
      each_flip(one.header, function(header) return check(one, { header = header }) end)
    end
    assert.are.equal(8 * (#cases.plain.header + #cases.whole.header + 2 * #BODY), tried)
    assert.are.equal(3, allowed) -- of the plain form, in which the name of the algorithm may have either case
    print(("\n# shown: requests to a signature provider: %d bits changed one by one, %d accepted: the case of sha256")
      :format(tried, allowed))
  end)

  it("when the body is larger than 64 MiB", function()
    local members, err = check(cases.plain, { body = ("x"):rep(64 * 1024 * 1024 + 1) })
    assert.is_nil(members)
    assert.are.equal("too_large", err.kind)
  end)

  it("when what a script passes is wrong: it raises a mistake", function()
    for message, given in pairs {
      ["headers: expected a table"] = { 1, "", "" }, ["raw_body: expected"] = { {}, nil, "" },
      ["public_key: expected"] = { {}, "", 1 }, ["max_age: expected"] = { {}, "", "", { max_age = -1 } },
      ["signed_text: expected a function, got a string"] = { {}, "", "", { signed_text = "x" } },
      ["method: expected a string"] = { {}, "", "", { method = 1 } },
      ['did you mean "max_age"'] = { {}, "", "", { max_ag = 1 } },
    } do
      local fine, problem = pcall(verify, given[1], given[2], given[3], given[4])
      assert.is_false(fine)
      assert.is_truthy(tostring(problem):find(message, 1, true), problem)
    end
  end)
end)

describe("requests of the sandbox", function()
  local sandbox, client, server
  setup(function()
    sandbox, client = local_ironclad.start()
    server = peer.start { answers = { peer.answer(200) }, connections = { { { "read" }, { "answer" } } } }
  end)
  teardown(function()
    sandbox:stop()
    server:stop()
  end)

  -- Sends one, and returns what arrived.
  local function call(arguments)
    local count = #server:requests()
    arguments.url = arguments.url or peer.url(server) .. "/sign/"
    local id = sandbox:call_provider(arguments).id
    assert(sandbox:settle_deliveries())
    return server:requests()[count + 1], id
  end

  local function open(verifier, request)
    return verifier:verify_request(request.headers, request.body, { method = request.method, path = request.target })
  end

  it("are verified, each of the five", function()
    local verifier = client.webhooks:verifier {}
    local lines = {}
    for _, operation in ipairs { "initiate", "status", "cancel", "remind", "document" } do
      local request = call { operation = operation, id = "id-1", roleName = "Legal" }
      assert(open(verifier, request))
      assert_refused("request", verifier:verify_request(request.headers, request.body, { method = request.method,
        path = "/sign/id-2/" .. operation }))
      lines[#lines + 1] = ("%s %s %s"):format(request.method, request.target, request.body:match "^[^\r]*")
    end
    assert.are.same({
      "POST /sign --ironclad-sandbox", "GET /sign/id-1/status ", "POST /sign/id-1/cancel {}",
      'POST /sign/id-1/remind {"roleName":"Legal"}', "GET /sign/id-1/document ",
    }, lines)
  end)

  it("are refused when they are forged", function()
    local verifier = client.webhooks:verifier {}
    local steps = { key = "signature", body = "body", path = "signature", unsigned = "header" }
    for forgery, step in pairs(steps) do
      assert_refused(step, open(verifier, (call { operation = "remind", forge = forgery })))
    end
  end)

  it("are verified with the key that is fetched once more when it was replaced", function()
    local verifier = client.webhooks:verifier {}
    assert(open(verifier, (call { operation = "status" })))
    sandbox:rotate_webhook_key()
    sandbox:clear_requests()
    verifier.key.fetched = verifier.key.fetched - 61 -- seconds: the first fetch was a while ago
    assert(open(verifier, (call { operation = "cancel" })))
    assert_refused("signature", open(verifier, (call { operation = "cancel", forge = "key" })))
    local fetches = 0
    for _, request in ipairs(sandbox:requests()) do
      if request.path:find "verification%-key" then fetches = fetches + 1 end
    end
    assert.are.equal(1, fetches)
  end)

  it("can be sent again, and are not sent again by themselves", function()
    local request, id = call { operation = "cancel" }
    sandbox:redeliver { id = id }
    assert(sandbox:settle_deliveries())
    local all = server:requests()
    assert.are.same(request.headers, all[#all].headers)
    sandbox:call_provider { url = "http://127.0.0.1:" .. peer.refused_port(), operation = "cancel" }
    assert.are.equal(1, assert(sandbox:settle_deliveries()).failed)
  end)

  it("go to no webhook, and to an address that can be one", function()
    local _, err = client.webhooks:get(sandbox:deliveries()[1].webhook)
    assert.are.equal("NOT_FOUND", err.code)
    for _, arguments in ipairs {
      { url = "x", operation = "cancel" }, { url = "http://provider.example/", operation = "cancel" },
      { url = "https://provider.example/?a", operation = "cancel" }, { url = "https://a.example", operation = "sign" },
      { url = "https://a.example", operation = "cancel", id = "../x" }, { url = "https://a.example" },
    } do
      assert.has_error(function() sandbox:call_provider(arguments) end)
    end
    sandbox:call_provider { url = "https://provider.example/", operation = "cancel" }
    local deliveries = sandbox:deliveries()
    assert.are.equal("not_sent", deliveries[#deliveries].state)
  end)
end)
