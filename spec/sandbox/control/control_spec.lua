-- The sandbox's controls, which have the same names in Lua and over HTTP.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local sandbox_module = require "ironclad.sandbox"

local must, refused = local_ironclad.must, local_ironclad.refused

local sandbox, client

setup(function() sandbox, client = local_ironclad.start() end)
teardown(function() sandbox:stop() end)

-- Status and the answer's JSON.
local function ask(line, body, headers, server)
  local status, text = local_ironclad.raw(server or sandbox, line, headers, body and ironclad.json.encode(body))
  return status, text ~= "" and ironclad.json.decode(text) or nil
end

describe("controls from Lua", function()
  it("are named when one is misspelt", function()
    local fine, message = pcall(function() sandbox:advnce(3) end)
    assert.is_false(fine)
    assert.matches('control_spec.lua:%d+: the sandbox has no advnce; did you mean "advance"%?', message)
    assert.is_nil(rawget(sandbox, "advnce"))
  end)

  it("leave mistakes of a connection at the script's line", function()
    local fine, message = pcall(function() sandbox:connect { timeuot = 3 } end)
    assert.is_false(fine)
    assert.matches("control_spec.lua:%d+: ironclad.connect: timeuot", message)
  end)
end)

describe("controls over HTTP", function()
  it("are listed for programs and for people", function()
    local status, answer = ask "GET /_sandbox"
    assert.are.equal(200, status)
    local known = {}
    for _, action in ipairs(answer.list) do
      known[action.name] = action
      assert.is_function(sandbox[action.name], action.name)
      assert.is_truthy(action.help:find "%.$", action.name)
    end
    assert.are.equal("seconds (number)", known.advance.parameters)
    assert.are.equal("url (string), user (string, optional), allow (boolean, optional)", known.consent.parameters)
    local _, page = local_ironclad.raw(sandbox, "GET /_sandbox/", { "Accept: text/html,*/*" })
    assert.is_truthy(page:find("<b>expire_tokens</b>", 1, true))
  end)

  it("expire and revoke tokens of a client that is already connected", function()
    local texts = { expire_tokens = "token has expired", revoke_tokens = "token has been revoked" }
    for name, text in pairs(texts) do
      local _, grant = ask("POST /oauth/token", { grant_type = "client_credentials", client_id = sandbox.client_id,
        client_secret = sandbox.client_secret })
      local mine = local_ironclad.connect(sandbox, { token = grant.access_token })
      must(mine.oauth:userinfo())
      assert.are.equal(204, (ask("POST /_sandbox/" .. name)))
      local err = refused({ 401, "UNAUTHORIZED" }, mine.oauth:userinfo())
      assert.is_truthy(err.message:find(text, 1, true), err.message)
    end
    must(client.oauth:userinfo())
  end)

  it("list the requests, without those to the controls", function()
    sandbox:clear_requests()
    local _, none = ask "GET /_sandbox/requests"
    assert.are.same({ list = {} }, none)
    must(client.oauth:userinfo())
    local _, seen = ask "GET /_sandbox/requests"
    assert.are.same({ list = {
      { status = 200, method = "GET", path = "/oauth/userinfo", operation = "oauth-userinfo",
        as_user = "jane.doe@example.com" },
    } }, seen)
    assert.are.same(seen.list, sandbox:requests())
    assert.are.equal(204, (ask "POST /_sandbox/clear_requests"))
    assert.are.same({}, sandbox:requests())
  end)

  it("move the clock", function()
    local other = assert(sandbox_module.start { tls = false, clock = "2026-03-01T09:00:00Z" })
    assert.are.same({ now = "2026-03-01T09:00:00.000Z", runs = false }, other:clock())
    local status, answer = ask("POST /_sandbox/advance", { seconds = 60 }, nil, other)
    assert.are.same({ 200, "2026-03-01T09:01:00.000Z" }, { status, answer.now })
    assert.are.equal("2026-03-02T00:00:00.000Z", other:clock("2026-03-02").now)
    assert.has_error(function() other:clock "2026-03-01" end)
    assert.are.equal("2026-03-02T00:00:00.000Z", select(2, ask("GET /_sandbox/clock", nil, nil, other)).now)
    other:stop()
  end)

  local wrong = {
    { "POST /_sandbox/nothing", nil, 404, "there is no 'nothing'" },
    { "POST /_sandbox/advanse", nil, 404, "did you mean 'advance'" },
    { "GET /_sandbox/expire_tokens", nil, 404, "by POST" },
    { "PUT /_sandbox/advance", nil, 404, "by POST" },
    { "POST /_sandbox/advance", {}, 400, "missing required parameter 'seconds'" },
    { "POST /_sandbox/advance", { seconds = "1" }, 400, "'seconds': expected a number" },
    { "POST /_sandbox/advance", { seconds = -1 }, 400, "'seconds' must be 0 or more" },
    { "POST /_sandbox/advance", { second = 1 }, 400, "unknown parameter 'second'; did you mean 'seconds'" },
    { "POST /_sandbox/rate_limits", { ["records:read"] = 3 }, 400, "'records:read': rate_limits takes limits (any" },
    { "POST /_sandbox/faults", { all = true }, 400, "unknown parameter 'all': faults takes none" },
    { "POST /_sandbox/advance", ironclad.array {}, 400, "must be a JSON object" },
    { "POST /_sandbox/clock", { time = "noon" }, 400, "must be a time like" },
    { "POST /_sandboxes", nil, 404, "not found" },
  }
  for _, case in ipairs(wrong) do
    it(("refuse %s: %s"):format(case[1], case[4]), function()
      local status, answer = ask(case[1], case[2])
      assert.are.equal(case[3], status)
      assert.is_truthy(answer.message:find(case[4], 1, true), answer.message)
      assert.is_string(answer.code)
    end)
  end

  it("are for this machine only", function()
    local address = peer.shell("hostname -I 2>/dev/null"):match "^(%d+%.%d+%.%d+%.%d+)"
    if not address or address:find "^127%." then return pending "this machine has no other address" end
    local open = assert(sandbox_module.start { tls = false, host = "0.0.0.0" })
    local function status_of(path)
      local script = ([[exec 3<>/dev/tcp/%s/%d && printf 'POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n]]
        .. [[Content-Length: 0\r\n\r\n' >&3 && cat <&3]]):format(address, open.port, path)
      return peer.shell("bash -c " .. peer.quoted(script)):match "^HTTP/1.1 (%d+)"
    end
    assert.is_truthy(open:info():find("OPEN: other machines can reach it", 1, true))
    assert.are.equal("403", status_of "/_sandbox/expire_tokens")
    assert.are.equal("400", status_of "/oauth/token")
    open:stop()
  end)
end)

it("does not warn when only this machine can reach the sandbox", function()
  assert.is_nil(sandbox:info():find "OPEN")
end)

describe("controls from Lua", function()
  it("raise errors at the caller's line", function()
    local cases = {
      { function() sandbox:advance() end, "sandbox: advance: missing required parameter 'seconds'" },
      { function() sandbox:advance { second = 1 } end, "did you mean 'seconds'" },
      { function() sandbox:advance(print) end, "sandbox: advance: " },
      { function() sandbox:consent {} end, "missing required parameter 'url'" },
    }
    for _, case in ipairs(cases) do
      local ok, message = pcall(case[1])
      assert.is_false(ok)
      assert.is_truthy(message:find(case[2], 1, true), message)
      assert.is_truthy(message:find "control_spec", message)
    end
  end)
end)
