-- The verification of events that Node's crypto module has signed: what is accepted, and that nothing else is.
local ironclad = require "ironclad"
local signer = require "spec.support.signer"

local webhook = ironclad.webhook

local ID, NONCE = "0b8a2f5e-7d0c-4c0e-9b1f-3f6f0c1d2e3a", "f3c1d94cbe5a4f0e"
local BODY = '{"companyID":"5f0","payload":{"event":"workflow_launched","templateID":"5f5","workflowID":"64a"},'
  .. '"timestamp":"2026-03-01T09:00:00.000Z","webhookID":"61c"}'

local function case(changes)
  local made = { id = ID, nonce = NONCE, body = BODY }
  for name, value in pairs(changes or {}) do made[name] = value end
  return made
end

local cases = {
  plain = case(),
  hex = case { encoding = "hex" },
  sha384 = case { algorithm = "sha384" },
  sha512 = case { algorithm = "sha512" },
  spelled = case { algorithm = "sha256", named = "RSA-SHA256" },
  spelled_long = case { algorithm = "sha512", named = "rsa-SHA512" },
  capitals = case { named = "SHA256" },
  large_key = case { key = "rsa3072" },
  small_key = case { key = "rsa1024" },
  other = case { key = "other" },
  weak = case { algorithm = "sha1" },
  md5 = case { algorithm = "md5" },
  no_nonce = case { nonce = "" },
  braces = case { id = 'abc{"a":1}' },
  list = case { body = "[1,2]" },
  number = case { body = "12" },
  broken = case { body = '{"a":' },
  shapeless = case { body = '{"hello":"world"}' },
  big = case { body = '{"a":"' .. ("x"):rep(1024 * 1024 - 8) .. '"}' },
  too_big = case { body = '{"a":"' .. ("x"):rep(1024 * 1024 - 7) .. '"}' },
  latin = case { body = '{"a":"M\252ller"}' },
}
local keys

setup(function()
  local list = {}
  for _, one in pairs(cases) do list[#list + 1] = one end
  keys = signer.sign(list, { "pss", "ec" })
end)

-- What unwrap says of a case, with another id, verification, body or key.
local function unwrap(one, changes)
  changes = changes or {}
  local headers = signer.headers(changes.id or one.id, changes.verification
    or one.headers["X-Ironclad-Webhook-Verification"])
  return webhook.unwrap(headers, changes.body or one.body, changes.key or keys[one.key or "rsa2048"])
end

local function assert_refused(step, event, err)
  assert.is_nil(event)
  assert.are.equal("signature", err.kind)
  assert.are.equal(step, err.step, tostring(err))
  return err
end

describe("an event that Ironclad signed", function()
  it("is returned as it was sent", function()
    local event = assert(unwrap(cases.plain))
    assert.are.equal("workflow_launched", event.payload.event)
    assert.are.same({ ID, "workflow_launched", "5f0", "61c", "2026-03-01T09:00:00.000Z" },
      { event.id, event.name, event.companyID, event.webhookID, event.timestamp })
    assert.are.equal("event " .. ID .. " workflow_launched", tostring(event))
    local fields = {}
    for name in pairs(event) do fields[#fields + 1] = name end
    table.sort(fields)
    assert.are.same({ "companyID", "payload", "timestamp", "webhookID" }, fields)
  end)

  for _, name in ipairs { "hex", "sha384", "sha512", "spelled", "spelled_long", "capitals", "large_key", "shapeless",
                          "big", "latin" } do
    it("is believed: " .. name, function()
      local one = cases[name]
      assert(unwrap(one))
      assert.is_true(webhook.verify(one.headers, one.body, keys[one.key or "rsa2048"]))
    end)
  end

  it("is found in headers of any form", function()
    local id, verification = "x-ironclad-webhook-event-id", "X-IRONCLAD-WEBHOOK-VERIFICATION"
    local value = cases.plain.headers["X-Ironclad-Webhook-Verification"]
    for _, headers in ipairs {
      { [id] = ID, [verification] = value },
      { { id, ID }, { verification, value }, { "Host", "example.com" } },
      setmetatable({ [id] = ID, ["x-ironclad-webhook-verification"] = value }, { __index = error }),
      { [id] = { ID }, [verification] = value },
    } do
      assert(webhook.unwrap(headers, BODY, keys.rsa2048))
    end
  end)
end)

describe("a request is refused", function()
  local function tampered(step, changes)
    return assert_refused(step, unwrap(cases.plain, changes))
  end

  it("when another key has signed it", function()
    tampered("signature", { key = keys.other })
    assert_refused("signature", unwrap(cases.other, { key = keys.rsa2048 }))
  end)

  it("when the algorithm is weak or unknown", function()
    for _, name in ipairs { "weak", "md5" } do assert_refused("algorithm", unwrap(cases[name])) end
    local names = { "", "sha", "sha256 ", "sha2567", "none", "HMAC-SHA256", "sha256\0", ("x"):rep(5000) }
    for _, algorithm in ipairs(names) do
      tampered("algorithm", { verification = ironclad.json.encode { nonce = NONCE, signAlgorithm = algorithm,
        signature = cases.plain.signature, encoding = "base64" } })
    end
  end)

  it("when the algorithm is another one than was signed with", function()
    tampered("signature", { verification = ironclad.json.encode { nonce = NONCE, signAlgorithm = "sha512",
      signature = cases.plain.signature, encoding = "base64" } })
  end)

  it("when the key is none that Ironclad would use", function()
    local pem = keys.rsa2048
    local middle = pem:match "KEY%-%-%-%-%-\n(.*)\n%-%-%-%-%-END"
    for _, key in ipairs {
      keys.pss, keys.ec, "", "junk", pem .. "x", "x" .. pem, pem .. pem, pem:gsub("PUBLIC", "PRIVATE"),
      pem:gsub("PUBLIC", "RSA PUBLIC"), pem:sub(1, -40), pem:gsub("\n", "\n!", 1), pem:gsub("%-\n", "-\nAAAA", 1),
      "-----BEGIN PUBLIC KEY-----\n" .. middle .. "AAAA\n-----END PUBLIC KEY-----",
      "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----", ("x"):rep(100000),
    } do
      tampered("key", { key = key })
    end
    local err = assert_refused("key", unwrap(cases.small_key))
    assert.are.equal("the public key has 1024 bits; from 2048 to 8192 are accepted", err.message)
    assert(unwrap(cases.plain, { key = "\n\t " .. pem:gsub("\n", "\r\n") .. "\n\n" }))
  end)

  it("when the id is missing, twice or not a plain text", function()
    local value = cases.plain.headers["X-Ironclad-Webhook-Verification"]
    local id, verification = "X-Ironclad-Webhook-Event-Id", "X-Ironclad-Webhook-Verification"
    for _, headers in ipairs {
      {}, { [verification] = value }, { [id] = { ID, ID }, [verification] = value },
      { [id] = ID, [id:lower()] = ID, [verification] = value }, { [id] = 12, [verification] = value },
      { { id, ID }, { id:upper(), ID }, { verification, value } }, { [id] = true, [verification] = value },
    } do
      assert_refused("id", webhook.unwrap(headers, BODY, keys.rsa2048))
    end
    for _, bad in ipairs { "", " ", ID .. " ", ID .. "\r\nX-Other: 1", ID .. "\0", '"', ID .. "{", "M\195\188ller" } do
      tampered("id", { id = bad })
    end
    assert_refused("id", unwrap(cases.braces))
  end)

  it("when the verification header is missing, twice or not what it must be", function()
    local id, verification = "X-Ironclad-Webhook-Event-Id", "X-Ironclad-Webhook-Verification"
    local good = cases.plain.headers[verification]
    assert_refused("header", webhook.unwrap({ [id] = ID }, BODY, keys.rsa2048))
    assert_refused("header", webhook.unwrap({ [id] = ID, [verification] = { good, good } }, BODY, keys.rsa2048))
    for _, bad in ipairs {
      "", "{}", "[]", "null", '"text"', "{", good .. "x", good:gsub("^{", '{"nonce":"x",'), ("["):rep(4000),
      good:gsub('"encoding"', '"signature":"x","encoding"'), good:gsub('"sha256"', "256"), (" "):rep(8193),
      '{"pad":"' .. ("x"):rep(8192) .. '",' .. good:sub(2), good:gsub('"nonce":"%x+"', '"nonce":null'),
      good:gsub('"nonce":"%x+"', '"nonce":""'), good:gsub('"nonce":"', '"nonce":" '),
    } do
      tampered("header", { verification = bad })
    end
    assert(unwrap(cases.plain, { verification = good:gsub("^{", '{"version":"2",') })) -- a member that is new
    assert_refused("header", unwrap(cases.no_nonce))
  end)

  it("when the signature is not in its encoding, or of another length", function()
    local good = cases.plain.signature
    local function with(signature, encoding)
      return { verification = ironclad.json.encode { nonce = NONCE, signAlgorithm = "sha256", signature = signature,
        encoding = encoding or "base64" } }
    end
    for _, bad in ipairs {
      "", "=", "====", good:sub(1, -2), good .. "=", good .. "\n", " " .. good, good:gsub("^(....)", "%1 "),
      good:gsub("=", ""), good:sub(1, 4), good .. good, ("A"):rep(344), ("A"):rep(4096), good:gsub("==$", "A="),
      good:gsub("[+/]", { ["+"] = "-", ["/"] = "_" }):sub(1, -3),
    } do
      tampered("signature", with(bad))
    end
    local hex = cases.hex.signature
    for _, bad in ipairs { hex:upper(), hex:sub(1, -2), hex .. "0", "0x" .. hex, hex:sub(1, -3) } do
      tampered("signature", with(bad, "hex"))
    end
    for _, encoding in ipairs { "", "Base64", "base64url", "latin1", "HEX", "utf8" } do
      tampered("algorithm", with(good, encoding))
    end
  end)

  it("when the body is not a JSON object, although it was signed", function()
    for _, name in ipairs { "list", "number", "broken" } do assert_refused("body", unwrap(cases[name])) end
    tampered("body", { body = "" })
  end)

  it("when the body is larger than 1 MiB, before anything is read", function()
    local event, err = unwrap(cases.too_big)
    assert.is_nil(event)
    assert.are.same({ "too_large", "body" }, { err.kind, err.step })
    event, err = unwrap(cases.plain, { body = ("x"):rep(100 * 1024 * 1024) })
    assert.is_nil(event)
    assert.are.equal("too_large", err.kind)
  end)

  it("when a part of the body is passed off as the id or the nonce", function()
    local from, to = BODY:find('{"event".-}')
    tampered("id", { id = ID .. BODY:sub(1, from - 1), body = BODY:sub(from, to),
      verification = ironclad.json.encode { nonce = BODY:sub(to + 1) .. NONCE, signAlgorithm = "sha256",
        signature = cases.plain.signature, encoding = "base64" } })
    tampered("header", { body = BODY:sub(1, -2), verification = ironclad.json.encode { nonce = "}" .. NONCE,
      signAlgorithm = "sha256", signature = cases.plain.signature, encoding = "base64" } })
  end)

  it("when a part of the nonce is passed off as the end of the body, or of the id as its beginning", function()
    local good = cases.plain.headers["X-Ironclad-Webhook-Verification"]
    local function verify(id, body, nonce)
      return webhook.verify(signer.headers(id, (good:gsub(NONCE, nonce))), body, keys.rsa2048)
    end
    assert.is_true(verify(ID, BODY, NONCE))
    for cut = 1, #NONCE - 1 do
      assert_refused("body", verify(ID, BODY .. NONCE:sub(1, cut), NONCE:sub(cut + 1)))
    end
    for cut = 1, #ID - 1 do assert_refused("body", verify(ID:sub(1, -cut - 1), ID:sub(-cut) .. BODY, NONCE)) end
  end)

  it("with a message that helps no forger", function()
    local err = tampered("signature", { id = ID:gsub("0", "1") })
    assert.are.equal("the signature is not that of this event [signature]", tostring(err))
    assert.is_false(err.retryable)
  end)
end)

-- All texts that differ from this one in one bit: each_flip(text, visit(changed)).
local function each_flip(text, visit)
  for at = 1, #text do
    local byte = text:byte(at)
    for bit = 0, 7 do
      local weight = 2 ^ bit
      local flipped = byte % (2 * weight) >= weight and byte - weight or byte + weight
      visit(text:sub(1, at - 1) .. string.char(flipped) .. text:sub(at + 1))
    end
  end
end

describe("every change of one bit is refused", function()
  -- The letters of the algorithm's name may have either case.
  local function same_but_for_case(a, b)
    return a:gsub('"signAlgorithm":"[^"]*"', string.lower) == b:gsub('"signAlgorithm":"[^"]*"', string.lower)
  end

  local tried, allowed = 0, 0
  local function check(one, changes)
    tried = tried + 1
    local event, err = unwrap(one, changes)
    if event then
      allowed = allowed + 1
      local good = one.headers["X-Ironclad-Webhook-Verification"]
      assert.is_true(changes.verification ~= nil and same_but_for_case(changes.verification, good))
    elseif err.kind ~= "signature" then
      error(err)
    end
  end

  it("in the id", function() each_flip(ID, function(id) check(cases.plain, { id = id }) end) end)
  it("in the body", function() each_flip(BODY, function(body) check(cases.plain, { body = body }) end) end)
  it("in the verification header, with nonce and signature", function()
    each_flip(cases.plain.headers["X-Ironclad-Webhook-Verification"], function(verification)
      check(cases.plain, { verification = verification })
    end)
  end)
  it("in the names of the headers", function()
    local steps = { ["X-Ironclad-Webhook-Event-Id"] = "id", ["X-Ironclad-Webhook-Verification"] = "header" }
    for name, step in pairs(steps) do
      each_flip(name, function(changed)
        if changed:lower() == name:lower() then return end -- the same name
        local headers = signer.headers(ID, cases.plain.headers["X-Ironclad-Webhook-Verification"])
        headers[changed], headers[name] = headers[name], nil
        assert_refused(step, webhook.unwrap(headers, BODY, keys.rsa2048))
      end)
    end
  end)
  it("in the key", function()
    local names = 0
    each_flip(keys.rsa2048, function(key)
      names = names + 1
      if names % 7 ~= 0 or key:gsub("%s", "") == keys.rsa2048:gsub("%s", "") then return end -- every seventh will do
      assert.is_nil((unwrap(cases.plain, { key = key })))
    end)
  end)
  it("and the exception is the case of the algorithm's name", function()
    assert.are.equal((#ID + #BODY + #cases.plain.headers["X-Ironclad-Webhook-Verification"]) * 8, tried)
    assert.are.equal(3, allowed) -- the letters of "sha256"
    print(("\n# shown: an event: %d bits changed one by one, %d accepted: the case of sha256"):format(tried, allowed))
  end)
end)

describe("what a script passes", function()
  local function mistake(message, ...)
    local fine, problem = pcall(...)
    assert.is_false(fine)
    assert.is_truthy(tostring(problem):find(message, 1, true), problem)
  end

  it("is checked", function()
    mistake("ironclad.webhook.unwrap: headers: expected a table, got a string", webhook.unwrap, "x", BODY, keys.rsa2048)
    mistake("ironclad.webhook.unwrap: raw_body: expected the bytes of the body as a string, got a table",
      webhook.unwrap, {}, {}, keys.rsa2048)
    mistake("ironclad.webhook.verify: public_key: expected a key in PEM as a string, got nil", webhook.verify, {}, BODY)
    mistake("too many arguments", webhook.verify, {}, BODY, keys.rsa2048, 1)
  end)

  it("has no client for event:resource, unless one is given", function()
    mistake("event:resource(client)", function() unwrap(cases.plain):resource() end)
  end)
end)

describe("JSON.stringify", function()
  -- A body with that value, as a middlebox might have rewritten it: the signature is that of JSON.stringify.
  local function bodies(values)
    local list = {}
    for i, value in ipairs(values) do
      list[i] = case { body = '{ "value" : ' .. value .. " }", parsed = true }
    end
    return list
  end

  local function assert_signed(values)
    local list = bodies(values)
    local own = signer.sign(list)
    for i, one in ipairs(list) do
      local event, err = webhook.unwrap(one.headers, one.body, own.rsa2048)
      assert.is_truthy(event, values[i] .. ": " .. tostring(err))
    end
  end

  it("gives the signed text of a body that was formatted anew", function()
    assert_signed {
      '{"b":1,"a":2,"10":3,"9":4,"01":5,"-1":6,"4294967294":7,"4294967295":8,"1.5":9,"":10}',
      '{"a":1,"b":2,"a":3}', '{"a":{"a":1},"a":{"b":1}}', '{"7":1,"7":2,"x":3,"x":{"y":[]}}',
      '{"__proto__":1,"constructor":2,"toString":3}', '[]', '{}', '[[],{},[{}]]', '"\\u00e9\\u20AC\\ud83d\\ude00"',
      '"\\ud83d"', '"\\ude00\\ud83d"', '"a\\ud800b\\udfffc"', '"\\ud83d\\ud83d\\ude00"', '{"\\ud800":1,"\\ud800":2}',
      '"\\u0000\\u0001\\u001F\\u007f\\u2028\\u2029"', '"\\b\\f\\n\\r\\t\\/\\"\\\\"', 'true', 'false', 'null', "-0",
      "0.0", "-0.0e5", "1.0", "1e3", "100e-2", "1E400", "-1e400", "123456789012345678901234567890", "9007199254740993",
      "0.30000000000000004", "0.1", "1e21", "1e-7", "123e-9", "1.5e300", "5e-324", "4e-324", "2.2250738585072014e-308",
      "1.7976931348623157e308", '"\195\169\226\130\172\240\159\152\128"', '{"\195\169":1}',
    }
  end)

  -- One number is printed by both, many at a time.
  local function assert_numbers(numbers)
    local text = "[" .. table.concat(numbers, " ,") .. "]"
    local one = case { body = '{ "value":' .. text .. "}", parsed = true }
    local own = signer.sign { one }
    local event, err = webhook.unwrap(one.headers, one.body, own.rsa2048)
    if event then return end
    local printed = signer.print(numbers)
    for i, number in ipairs(numbers) do
      local single = case { body = '{ "value":' .. number .. "}", parsed = true }
      own = signer.sign { single }
      assert.is_truthy(webhook.unwrap(single.headers, single.body, own.rsa2048),
        ("%s: Node prints %s"):format(number, printed[i]))
    end
    error(tostring(err))
  end

  it("prints numbers as Node does", function()
    local numbers = {}
    local function add(format, ...) numbers[#numbers + 1] = format:format(...) end
    for exponent = -1074, 1023 do add("%.17g", 2 ^ exponent) end -- the doubles above lie farther apart
    for exponent = -320, 308, 3 do
      for _, digits in ipairs { "1", "9", "1.5", "9.999999999999999", "1.2345678901234567" } do
        add("%se%d", digits, exponent)
      end
    end
    local state = 20261130
    local function random()
      state = (state * 16807) % 2147483647
      return state / 2147483647
    end
    for _ = 1, 1000 do add("%.17g", (random() - 0.5) * 10 ^ math.floor(random() * 40 - 20)) end
    for _ = 1, 300 do add("%.17g", random() * 2 ^ -math.floor(1000 + random() * 74)) end
    assert_numbers(numbers)
  end)

  it("of bytes that are not UTF-8 is that of the decoded text", function()
    local one = case { body = '{ "a":"M\252ller\237\160\128\240\159\152" }', parsed = true }
    local own = signer.sign { one }
    assert(webhook.unwrap(one.headers, one.body, own.rsa2048))
  end)

  it("is what is believed, not the body that was sent", function()
    local one = case { body = '{ "amount": 9007199254740993, "a": 1, "a": 2, "huge": 1e400 }', parsed = true }
    local own = signer.sign { one }
    local event = assert(webhook.unwrap(one.headers, one.body, own.rsa2048))
    assert.are.equal(9007199254740992, tonumber(event.amount))
    assert.are.same({ 2, ironclad.null }, { event.a, event.huge })
  end)
end)

