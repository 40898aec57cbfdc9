-- The sandbox under broken, slow, greedy or many clients: each gets an answer or is dropped, and the others
-- are served meanwhile.
local http = require "spec.support.http"
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local plain_socket = require "plain_socket"

local RECORDS, WORKFLOWS = "/public/api/v1/records", "/public/api/v1/workflows"

local sandbox, client, actor

setup(function()
  sandbox, client = local_ironclad.start { max_body = 1000000 }
  actor = local_ironclad.actor(sandbox)
end)
teardown(function() sandbox:stop() end)

-- Whether others are still served.
after_each(function() local_ironclad.must(client.oauth:userinfo()) end)

-- The bytes of a request with the given headers.
local function bytes(line, headers, body)
  local lines = { line .. " HTTP/1.1", "Host: localhost", actor[1], actor[2] }
  for _, header in ipairs(headers) do lines[#lines + 1] = header end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

local function send(line, headers, body)
  local all = { actor[1], actor[2] }
  for _, header in ipairs(headers or {}) do all[#all + 1] = header end
  local method, target = line:match "^(%S+) (.*)$"
  return assert(http.send(sandbox.port, http.request(method, target, all, body)))
end

-- Sends bytes and ends the sending side -> the answer, or nil when the connection was closed without one.
local function tell(request)
  local socket = assert(plain_socket.connect(sandbox.port))
  socket:send(request)
  socket:finish()
  local answer, _, fault = socket:receive()
  socket:close()
  assert.are_not.equal("timeout", fault)
  return http.parse(answer)
end

describe("bytes that are not HTTP", function()
  local post = "POST " .. RECORDS
  local cases = {
    ["no text"] = "\0\1\2\3\255\r\n\r\n",
    ["another protocol"] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ["a target without end"] = "GET /" .. ("a"):rep(300000) .. " HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ["a header without end"] = "GET / HTTP/1.1\r\nHost: localhost\r\nX: " .. ("a"):rep(300000) .. "\r\n\r\n",
    ["headers without end"] = "GET / HTTP/1.1\r\nHost: localhost\r\n" .. ("X: y\r\n"):rep(10000) .. "\r\n",
    ["a length below nothing"] = { post, { "Content-Length: -1" }, "{}" },
    ["a length that is no number"] = { post, { "Content-Length: many" }, "{}" },
    ["a length beyond every number"] = { post, { "Content-Length: 99999999999999999999999" }, "{}" },
    ["less than it said"] = { post, { "Content-Length: 100" }, "{}" },
    ["a chunk that is none"] = { post, { "Transfer-Encoding: chunked" }, "zz\r\n{}\r\n0\r\n\r\n" },
    ["a chunk beyond every number"] = { post, { "Transfer-Encoding: chunked" }, ("F"):rep(18) .. "\r\n{}\r\n" },
    ["a chunk that ends early"] = { post, { "Transfer-Encoding: chunked" }, "20\r\n{}" },
  }
  for name, request in pairs(cases) do
    it("is refused: " .. name, function()
      if type(request) == "table" then request = bytes(request[1], request[2], request[3]) end
      local answer = tell(request)
      assert.is_true(answer == nil or answer.status >= 400)
    end)
  end
end)

describe("a body", function()
  local function nested(open, close, depth) return '{"properties":' .. open:rep(depth) .. close:rep(depth) .. "}" end

  for name, body in pairs {
    ["of arrays in arrays"] = nested("[", "]", 100000),
    ["of objects in objects"] = '{"properties":' .. ('{"a":'):rep(100000) .. "1" .. ("}"):rep(100001),
    ["of many values"] = '{"properties":[' .. ("1,"):rep(400000) .. "1]}",
    ["with a number beyond every number"] = '{"type":"contract","name":"x","properties":{"seats":{"value":1e999}}}',
    ["that is a text"] = '"' .. ("x"):rep(900000) .. '"',
    ["that ends early"] = '{"type":"contract","name":"x","properties":{',
  } do
    it(name .. " is refused", function()
      local answer = send("POST " .. RECORDS, { "Content-Type: application/json" }, body)
      assert.are.equal(400, answer.status)
      assert.is_string(ironclad.json.decode(answer.body).code)
    end)
  end

  -- `count` chunks of 64 KiB.
  local function pieces(count)
    local piece = ("10000\r\n%s\r\n"):format(("x"):rep(65536))
    return tell(bytes("POST " .. RECORDS, { "Transfer-Encoding: chunked", "Connection: close" },
      piece:rep(count) .. "0\r\n\r\n"))
  end

  it("that is too large is read to a limit and refused", function()
    assert.are.equal(413, pieces(20).status)
    assert.is_nil(pieces(200))
  end)
end)

describe("a form", function()
  local function part(header, data) return "--edge\r\n" .. header .. "\r\n\r\n" .. data .. "\r\n" end
  local disposition = "Content-Disposition: form-data; name="
  local noise = {}
  for i = 0, 255 do noise[#noise + 1] = string.char(i) end
  noise = table.concat(noise):rep(1000)

  for name, body in pairs {
    ["of noise"] = noise,
    ["with noise for a part"] = part(disposition .. '"data"', noise) .. "--edge--\r\n",
    ["with noise for a name"] = part(disposition .. '"' .. noise:sub(1, 200) .. '"', "x") .. "--edge--\r\n",
    ["with thousands of parts"] = part(disposition .. '"x"', "y"):rep(10000) .. "--edge--\r\n",
    ["with a header without end"] = part("X: " .. ("y"):rep(500000), "x") .. "--edge--\r\n",
    ["that ends in a part"] = part(disposition .. '"data"', "{}"):sub(1, -4),
    ["that never begins"] = ("--edg\r\n"):rep(10000),
  } do
    it(name .. " is refused", function()
      local answer = send("POST " .. WORKFLOWS, { "Content-Type: multipart/form-data; boundary=edge" }, body)
      assert.are.equal(400, answer.status)
      assert.is_string(ironclad.json.decode(answer.body).code)
    end)
  end

  it("with a filename that is not UTF-8 is answered with one that is", function()
    local data = ('{"template":"%s","attributes":{"counterpartyName":"x","draft":[{"file":"draft"}]}}'):format(
      local_ironclad.NDA)
    local body, header = http.multipart {
      { name = "data", data = data }, { name = "draft", filename = "na\239me\255.pdf", data = "%PDF-" },
    }
    local answer = send("POST " .. WORKFLOWS, { header }, body)
    assert.are.equal(200, answer.status)
    assert.is_truthy(answer.body:find("na\239\191\189me\239\191\189.pdf", 1, true))
    assert.is_nil(answer.body:find "\255")
  end)

  it("with noise for a file keeps it", function()
    local workflow = local_ironclad.must(local_ironclad.launch(client, {
      draft = local_ironclad.draft(noise, "../../a \"name\";.pdf"),
    }))
    local document = workflow.attributes.draft[1]
    assert.are.equal(noise, local_ironclad.must(client.workflows:download_document(workflow, document.key)))
  end)
end)

describe("queries and paths", function()
  local long = ("x"):rep(50000)
  for _, case in ipairs {
    { WORKFLOWS .. "?page=99999999999999999999", 400 }, { WORKFLOWS .. "?page=-1", 400 },
    { WORKFLOWS .. "?page=9999999&pageSize=100", 200 }, { WORKFLOWS .. "?pageSize=0", 400 },
    { WORKFLOWS .. "?&&&=&=x&%&%zz=%zz&page=0", 200 }, { WORKFLOWS .. "?status=%00", 400 },
    { RECORDS .. "?filter=" .. ("("):rep(50000), 400 }, { RECORDS .. "?filter=" .. ("And("):rep(20000), 400 },
    { RECORDS .. "?filter=%FF%FE", 400 }, { RECORDS .. "?filter=Equals([" .. long .. "],1)", 400 },
    { RECORDS .. "?types=" .. ("contract,"):rep(5000) .. "contract", 200 }, { RECORDS .. "/%00", 404 },
    { RECORDS .. "/" .. long, 400 }, { RECORDS .. "/%2E%2E%2F", 400 }, { RECORDS .. "/..", 400 },
  } do
    it(case[1]:sub(1, 60) .. " get an answer", function()
      assert.are.equal(case[2], send("GET " .. case[1]).status)
    end)
  end
end)

describe("an error that quotes the request", function()
  it("is valid text, whatever the request was", function()
    local name = ("\226\130\172"):rep(100)
    for _, answer in ipairs {
      send("GET /scim/v2/Groups?filter=%FF%FE"), send("GET " .. RECORDS .. "?filter=%FF"),
      send("GET " .. RECORDS .. "?types=%E2%82"), send("GET /scim/v2/Users/%FF"),
      send("POST " .. RECORDS, { "Content-Type: application/json" },
        ('{"type":"contract","name":"x","properties":{"%s":{"value":1}}}'):format(name)),
    } do
      assert.is_true(answer.status >= 400)
      assert.is_nil(answer.body:find "[\254\255]")
      -- The module's decoder replaces an invalid character by U+FFFD.
      local decoded = ironclad.json.decode(answer.body)
      for _, text in pairs(decoded) do
        assert.is_nil(type(text) == "string" and text:find("\239\191\189", 1, true) or nil)
      end
    end
  end)
end)

describe("connections", function()
  -- The sandbox accepts a thousand connections at once.
  it("that break off in a request make way for others", function()
    for _, request in ipairs {
      bytes("POST " .. RECORDS, { "Content-Length: 100" }, "{}"), "GET /oauth/userinfo HTTP/1.1\r\nHo",
    } do
      for _ = 1, 800 do
        local socket = assert(plain_socket.connect(sandbox.port))
        socket:send(request)
        socket:close()
      end
    end
  end)

  it("that are slow delay no others", function()
    local slow = {}
    for i = 1, 100 do
      slow[i] = assert(plain_socket.connect(sandbox.port))
      slow[i]:send("GET /oauth/userinfo HTTP/1.1\r\nHost: localhost\r\n" .. actor[1] .. "\r\n")
    end
    for _, piece in ipairs { actor[2], "\r\nConnection: cl", "ose\r\n\r", "\n" } do
      local_ironclad.must(client.oauth:userinfo())
      for _, socket in ipairs(slow) do socket:send(piece) end
    end
    for _, socket in ipairs(slow) do
      assert.are.equal(200, http.parse((socket:receive())).status)
      socket:close()
    end
  end)

  it("that send many requests at once get the answers in order", function()
    local socket = assert(plain_socket.connect(sandbox.port))
    for i = 1, 200 do
      local last = i == 200 and { "Connection: close" } or {}
      socket:send(bytes("GET " .. RECORDS .. "?pageSize=1&page=" .. i, last, ""))
    end
    local answers, page = (socket:receive()), 0
    for number in answers:gmatch '{"page":(%d+),' do
      page = page + 1
      assert.are.equal(page, tonumber(number))
    end
    assert.are.equal(200, page)
    socket:close()
  end)

  it("that close while they are answered do no harm", function()
    for _ = 1, 50 do
      local socket = assert(plain_socket.connect(sandbox.port))
      socket:send(bytes("GET " .. RECORDS, {}, ""):rep(50))
      socket:receive(10, 100)
      socket:close(true)
    end
  end)

  it("of a hundred clients at once are told apart", function()
    local sockets, ids = {}, {}
    local before = local_ironclad.must(client.records:list()).count
    for i = 1, 100 do
      local body = ('{"type":"contract","name":"Client %d","properties":{}}'):format(i)
      sockets[i] = assert(plain_socket.connect(sandbox.port))
      sockets[i]:send(bytes("POST " .. RECORDS, { "Content-Length: " .. #body, "Connection: close" }, body))
      if i % 10 == 0 then -- meanwhile it is read and changed from here
        assert.is_true(#sandbox:requests() > 0)
        assert.is_truthy(sandbox:info():find "records: %d")
        sandbox:advance(1)
      end
    end
    for i, socket in ipairs(sockets) do
      local record = ironclad.json.decode(http.parse((socket:receive())).body)
      assert.are.equal("Client " .. i, record.name)
      assert.is_nil(ids[record.id])
      ids[record.id] = true
      socket:close()
    end
    assert.are.equal(before + 100, local_ironclad.must(client.records:list()).count)
  end)
end)
