-- Requests that the sandbox refuses before anything else: from web pages of others, by other names, and too long ones;
-- and connections that say nothing.
local http = require "spec.support.http"
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local plain_socket = require "plain_socket"

-- Sends a request with exactly these headers -> the answer, and its JSON.
local function ask(sandbox, line, headers, body)
  local lines = { line .. " HTTP/1.1", "Connection: close", "Content-Length: " .. #(body or "") }
  for _, header in ipairs(headers) do lines[#lines + 1] = header end
  local answer = assert(http.send(sandbox.port, table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")))
  local is_json = (answer.headers["content-type"] or ""):find "json"
  return answer, is_json and ironclad.json.decode(answer.body) or nil
end

local function refused(status, sandbox, ...)
  local answer, value = ask(sandbox, ...)
  assert.are.equal(status, answer.status, answer.body)
  assert.are.equal(status == 403 and "FORBIDDEN" or "INVALID_PARAM", value.code)
  assert.is_string(value.message)
  return value
end

describe("a web page", function()
  local sandbox, client
  setup(function() sandbox, client = local_ironclad.start() end)
  teardown(function() sandbox:stop() end)

  local own = function() return "localhost:" .. sandbox.port end
  local ADVANCE, LOG, PAGE = "POST /_sandbox/advance", "POST /_sandbox/requests", "GET /_sandbox"
  local authorize = "GET /oauth/authorize?response_type=code&client_id=%s&redirect_uri=http://localhost:1/"

  it("of the sandbox itself may do everything", function()
    for _, host in ipairs { own(), "127.0.0.1:" .. sandbox.port, "[::1]:" .. sandbox.port, "LocalHost", "127.0.0.2" } do
      local headers = { "Host: " .. host, "Origin: http://" .. host, "Sec-Fetch-Site: same-origin" }
      assert.are.equal(200, (ask(sandbox, ADVANCE, headers, '{"seconds":1}')).status)
      table.remove(headers)
      assert.are.equal(200, (ask(sandbox, ADVANCE, headers, '{"seconds":1}')).status)
    end
    assert.are.equal(200, (ask(sandbox, ADVANCE, { "Host: " .. own() }, '{"seconds":1}')).status)
    assert.are.equal(200, (ask(sandbox, PAGE, { "Host: " .. own(), "Sec-Fetch-Site: none" })).status)
    -- A page without a referrer sends its own form so.
    assert.are.equal(200, (ask(sandbox, ADVANCE, { "Host: " .. own(), "Origin: null", "Sec-Fetch-Site: same-origin" },
      '{"seconds":1}')).status)
  end)

  for _, foreign in ipairs {
    { "Origin: https://evil.example" }, { "Origin: null" }, { "Origin: http://localhost:1" },
    { "Origin: http://localhost.evil.example" }, { "Sec-Fetch-Site: cross-site" }, { "Sec-Fetch-Site: same-site" },
    { "Origin: https://evil.example", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate" },
    { "Origin: https://evil.example", "Sec-Fetch-Site: none" },
  } do
    it("of others is refused: " .. table.concat(foreign, ", "), function()
      local headers = { "Host: " .. own() }
      for _, header in ipairs(foreign) do headers[#headers + 1] = header end
      for _, line in ipairs { ADVANCE, LOG, PAGE, "POST /oauth/authorize", "POST /oauth/token",
        "GET " .. "/public/api/v1/records", authorize:format(sandbox.client_id) } do
        assert.is_truthy(refused(403, sandbox, line, headers, "{}").message:find "web pages of others")
      end
    end)
  end

  it("of others may send the browser to the consent page, but not to the controls", function()
    local headers = { "Host: " .. own(), "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate" }
    assert.are.equal(200, (ask(sandbox, authorize:format(sandbox.client_id), headers)).status)
    refused(403, sandbox, PAGE, headers)
  end)

  for _, host in ipairs { "evil.example", "evil.example:8443", "localhost.evil.example", "127.0.0.1.evil.example",
    "10.0.0.1", "127.evil.example", "[fe80::1]", "", ":80", ("x"):rep(300) } do
    it("is refused that calls the sandbox '" .. host:sub(1, 40) .. "'", function()
      for _, line in ipairs { ADVANCE, PAGE, "POST /oauth/token", authorize:format(sandbox.client_id) } do
        assert.is_truthy(refused(403, sandbox, line, { "Host: " .. host }, "{}").message:find "is not called")
      end
    end)
  end

  after_each(function() local_ironclad.must(client.oauth:userinfo()) end)
end)

describe("a sandbox on all addresses", function()
  it("is called by any of them, and by the machine's name", function()
    local sandbox = local_ironclad.start { host = "0.0.0.0" }
    local name = peer.shell("hostname"):match "%S+"
    for _, host in ipairs { "10.0.0.1", "192.0.2.7:80", "[fe80::1]:80", "localhost", name } do
      assert.are.equal(200, (ask(sandbox, "GET /_sandbox", { "Host: " .. host })).status, host)
    end
    refused(403, sandbox, "GET /_sandbox", { "Host: evil.example" })
    sandbox:stop()
  end)
end)

describe("a request that is too long", function()
  local sandbox
  setup(function() sandbox = local_ironclad.start() end)
  teardown(function() sandbox:stop() end)

  it("is refused with an error of Ironclad's", function()
    for _, path in ipairs { "/public/api/v1/records", "/", "/_sandbox" } do
      refused(414, sandbox, "GET " .. path .. "?x=" .. ("a"):rep(100000), { "Host: localhost" })
      refused(431, sandbox, "GET " .. path, { "Host: localhost", "X: " .. ("a"):rep(70000) })
      refused(431, sandbox, "GET " .. path, { "Host: localhost", ("X: y\r\n"):rep(11000) .. "X: y" })
    end
    local answer, value = ask(sandbox, "GET /scim/v2/Users?x=" .. ("a"):rep(100000), { "Host: localhost" })
    assert.are.same({ 414, "414" }, { answer.status, value.status })
  end)

  it("may be long all the same", function()
    local answer = ask(sandbox, "GET /public/api/v1/records?x=" .. ("a"):rep(60000), { "Host: localhost" })
    assert.are.equal(401, answer.status)
  end)
end)

-- docs/sandbox.md, "HTTP".
-- libmicrohttpd 1.0 has its own answer to these: 400, a redirection, or none.
local REFUSED_BY_1_0 = { ["a space in the path"] = true, ["no Host"] = true, ["a header without a name"] = true,
  ["a NUL in a header"] = true, ["a NUL in the path"] = true }

describe("a request that libmicrohttpd", function()
  local sandbox
  setup(function() sandbox = local_ironclad.start() end)
  teardown(function() sandbox:stop() end)

  local host = "Host: localhost\r\n"
  local function send(bytes)
    local socket = assert(plain_socket.connect(sandbox.port))
    socket:send((bytes:gsub("HOST", host)) .. "\r\n")
    socket:finish()
    local answer = socket:receive()
    socket:close()
    return http.parse(answer)
  end

  for name, bytes in pairs {
    ["an unknown method"] = "BREW / HTTP/1.1\r\nHOST", ["CONNECT"] = "CONNECT a:1 HTTP/1.1\r\nHOST",
    ["OPTIONS *"] = "OPTIONS * HTTP/1.1\r\nHOST", ["TRACE"] = "TRACE / HTTP/1.1\r\nHOST",
    ["a whole URL"] = "GET http://localhost/ HTTP/1.1\r\nHOST", ["a space in the path"] = "GET /a b HTTP/1.1\r\nHOST",
    ["HTTP/1.0"] = "GET / HTTP/1.0\r\n", ["HTTP/1.2"] = "GET / HTTP/1.2\r\nHOST",
    ["no Host"] = "GET / HTTP/1.1\r\n", ["two Hosts"] = "GET / HTTP/1.1\r\nHOSTHOST",
    ["a header without a name"] = "GET / HTTP/1.1\r\nHOST: x\r\n",
    ["a NUL in a header"] = "GET / HTTP/1.1\r\nHOSTX: a\0b\r\n", ["a NUL in the path"] = "GET /a\0b HTTP/1.1\r\nHOST",
    ["a folded header"] = "GET / HTTP/1.1\r\nHOSTX: x\r\n y\r\n",
    ["an upgrade"] = "GET / HTTP/1.1\r\nHOSTConnection: Upgrade\r\nUpgrade: h2c\r\n",
    ["an expectation"] = "GET / HTTP/1.1\r\nHOSTExpect: magic\r\n",
  } do
    it("reads gets Ironclad's answer: " .. name, function()
      local answer = send(bytes)
      if REFUSED_BY_1_0[name] and not (answer and answer.status == 404) then return end
      assert.are.equal(404, assert(answer).status)
      assert.are.equal("NOT_FOUND", ironclad.json.decode(answer.body).code)
    end)
  end

  for name, case in pairs {
    ["no version"] = { 400, "GET /\r\nHOST" }, ["another protocol"] = { 400, "GET / HTPP/1.1\r\nHOST" },
    ["a header without a colon"] = { 400, "GET / HTTP/1.1\r\nHOSTFoo\r\n" },
    ["a length that is no number"] = { 400, "POST / HTTP/1.1\r\nHOSTContent-Length: many\r\n" },
    ["a malformed chunk"] = { 400, "POST / HTTP/1.1\r\nHOSTTransfer-Encoding: chunked\r\n\r\nzz\r\n" },
    ["a length of more than 64 bits"] = { 413, "POST / HTTP/1.1\r\nHOSTContent-Length: " .. ("9"):rep(23) .. "\r\n" },
    ["a chunk of more than 64 bits"] = { 413,
      "POST / HTTP/1.1\r\nHOSTTransfer-Encoding: chunked\r\n\r\n" .. ("F"):rep(18) .. "\r\n" },
    ["a path beyond its memory"] = { 414, "GET /" .. ("a"):rep(1100000) .. " HTTP/1.1\r\nHOST" },
    ["a header beyond its memory"] = { 431, "GET / HTTP/1.1\r\nHOSTX: " .. ("a"):rep(1100000) .. "\r\n" },
    ["HTTP/0.9"] = { 505, "GET / HTTP/0.9\r\nHOST" }, ["HTTP/2.0"] = { 505, "GET / HTTP/2.0\r\nHOST" },
  } do
    it("cannot read gets that library's page: " .. name, function()
      assert.are.equal(case[1], assert(send(case[2])).status)
    end)
  end
end)

describe("silent connections", function()
  it("never keep others out", function()
    -- 64 open files leave it 32 connections.
    local pid, ended, next_line = peer.start_lua([[
      local core = require "ironclad.sandbox.core"
      core.hold_signals()
      local sandbox = require("ironclad.sandbox").start { tls = false }
      print(sandbox.port)
      io.stdout:flush()
      core.wait()
      sandbox:stop()
    ]], { before = "ulimit -n 64" })
    local port = assert(tonumber((next_line())), "the sandbox did not start")
    local sockets = {}
    for i = 1, 200 do
      sockets[i] = assert(plain_socket.connect(port))
      if i % 2 == 0 then sockets[i]:send "GET /" end
      if i % 40 == 0 then
        local answer = assert(http.send(port, "GET /_sandbox HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
        assert.are.equal(200, answer.status)
      end
    end
    for _, socket in ipairs(sockets) do socket:close() end
    os.execute("kill " .. pid)
    local output, status = ended()
    assert.are.equal(0, status, output)
  end)
end)
