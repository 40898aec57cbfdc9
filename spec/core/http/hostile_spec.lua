-- Servers that break the rules: the error has the right kind, and the client can be used afterwards.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local GOOD, READ = scene.GOOD, { "read" }
local MEBIBYTE = 1024 * 1024

-- The header of an answer without its empty line. The arguments are whole lines.
local function head(...) return table.concat({ "HTTP/1.1 200 OK", "Content-Type: application/json", ... }, "\r\n") end
local function sized(length) return head("Content-Length: " .. ("%d"):format(length)) .. "\r\n\r\n" end
local CHUNKED = head "Transfer-Encoding: chunked" .. "\r\n\r\n"

-- `tail`: bytes behind the end of the compressed ones.
local function gzipped(command, tail)
  local pipe = assert(io.popen(command .. " | gzip -9", "r"))
  local bytes = pipe:read "*a"
  pipe:close()
  return peer.answer(200, { "Content-Type: application/json", "Content-Encoding: gzip" }, bytes .. (tail or ""))
end

after_each(scene.stop)

---------------------------------------------------------------------------------------------------------------
-- Each row: a name; the kind of error, or false where a value is expected; the script of the first connection; options.
-- `limit` is the option of the first call that ends it. Later connections behave well, and so does the first one if it
-- can still be used.

local answers = {
  { "closes at once", "network", { { "close" } } },
  { "reads and closes", "network", { READ, { "close" } } },
  { "reads and resets", "network", { READ, { "reset" } } },
  { "resets in the middle of the head", "network", { READ, { "send", "HTTP/1.1 200 OK\r\nContent-" }, { "reset" } } },
  { "sends half an answer", "network", { READ, { "send", sized(100) .. '{"id":' }, { "close" } } },
  { "sends half an answer and resets", "network", { READ, { "send", sized(100) .. '{"id":' }, { "reset" } } },
  { "sends half a chunk", "network", { READ, { "send", CHUNKED .. "20\r\n{" }, { "close" } } },
  { "never sends the last chunk", "network", { READ, { "send", CHUNKED .. '2\r\n{}\r\n' }, { "close" } } },
  { "hangs before the answer", "timeout", { READ, { "hang" } }, limit = "timeout" },
  { "hangs in the middle of the head", "timeout", { READ, { "send", "HTTP/1.1 200 OK\r\n" }, { "hang" } },
    limit = "timeout" },
  { "hangs in the middle of the body", "timeout", { READ, { "send", sized(100) .. "{" }, { "hang" } },
    limit = "timeout" },
  { "never reads", "timeout", { { "gate" } }, limit = "timeout" },
  { "drips without end", "timeout", { READ, { "send", sized(1e6) }, { "drip", (" "):rep(1e4), 20 } },
    limit = "timeout" },
  { "passes the deadline", "timeout", { READ, { "hang" } }, limit = "deadline" },

  { "sends HTML with 200", "protocol",
    { READ, { "send", peer.answer(200, { "Content-Type: text/html" }, "<html><body>Welcome</body></html>") } } },
  { "sends invalid JSON", "protocol", { READ, { "send", peer.json '{"id":"w1"' } } },
  { "sends two values", "protocol", { READ, { "send", peer.json '{"id":"w1"}{}' } } },
  { "sends NaN", "protocol", { READ, { "send", peer.json '{"n":NaN}' } } },
  { "sends UTF-16", "protocol", { READ, { "send", peer.json "\255\254{\0}\0" } } },
  { "sends only blanks", "protocol", { READ, { "send", peer.json " \r\n " } } },
  { "sends no length and closes", false,
    { READ, { "send", head() .. '\r\n\r\n{"id":"w1"}' }, { "close" } } },
  { "sends JSON as something else", false,
    { READ, { "send", peer.answer(200, { "Content-Type: text/plain" }, '{"id":"w1"}') } } },
  { "sends JSON without a type", false, { READ, { "send", peer.answer(200, {}, '{"id":"w1"}') } } },
  { "sends JSON byte by byte", false, { READ, { "drip", GOOD, 0 } } },
  { "sends a hint before the answer", false,
    { READ, { "send", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" }, { "send", GOOD } } },

  { "sends 100 MB", "too_large", { READ, { "send", sized(100 * MEBIBYTE) }, { "repeat", " ", 100 * MEBIBYTE } },
    { max_body = MEBIBYTE } },
  { "sends 100 MB without saying so", "too_large",
    { READ, { "send", CHUNKED .. "6400000\r\n" }, { "repeat", " ", 100 * MEBIBYTE } }, { max_body = MEBIBYTE } },
  { "sends an error of 100 MB", "not_found",
    { READ, { "send", (sized(100 * MEBIBYTE):gsub("200 OK", "404 No")) }, { "repeat", " ", 100 * MEBIBYTE } },
    { max_body = MEBIBYTE } },
  { "nests 10,000 arrays", "too_large",
    { READ, { "send", peer.json(("["):rep(10000) .. ("]"):rep(10000)) } } },
  { "nests 10,000 arrays and stops", "too_large", { READ, { "send", peer.json(("["):rep(10000)) } } },
  { "nests 10,000 objects", "too_large",
    { READ, { "send", peer.json(('{"a":'):rep(10000) .. "1" .. ("}"):rep(10000)) } } },
  { "sends 16 MiB of [1,1,…", "too_large",
    { READ, { "send", sized(16 * MEBIBYTE + 3) .. "[" }, { "repeat", "1,", 8 * MEBIBYTE }, { "send", "1]" } } },

  { "speaks something else", "protocol", { READ, { "send", "220 mail.example.com ESMTP\r\n" }, { "close" } } },
  { "sends noise", "protocol", { READ, { "repeat", "\0\1\2\3\255\254\r\n\r\n", 1000 }, { "close" } } },
  { "invents a version", "protocol", { READ, { "send", "HTTP/7.3 200 OK\r\n\r\n" }, { "close" } } },
  { "invents a status", "protocol", { READ, { "send", "HTTP/1.1 2x0 OK\r\n\r\n" }, { "close" } } },
  { "sends headers without end", "protocol", { READ, { "send", head() }, { "repeat", "\r\nX-Filler: aaaa", 1e9 } } },
  { "sends a header line without end", "protocol", { READ, { "send", head "X-Filler: " }, { "repeat", "a", 1e9 } } },
  { "sends a status line without end", "protocol", { READ, { "send", "HTTP/1.1 200 " }, { "repeat", "a", 1e9 } } },
  { "sends interim answers without end", "protocol",
    { READ, { "repeat", "HTTP/1.1 103 Early Hints\r\nX-A: a\r\n\r\n", 1e9 } } },
  { "sends 100s without end", "protocol", { READ, { "repeat", "HTTP/1.1 100 Continue\r\n\r\n", 1e9 } } },
  { "switches protocols", "protocol",
    { READ, { "send", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\nxyz" },
      { "close" } } },
  { "gives a negative length", "protocol", { READ, { "send", head "Content-Length: -5" .. "\r\n\r\n" }, { "close" } } },
  { "gives a length that is no number", "protocol",
    { READ, { "send", head "Content-Length: many" .. "\r\n\r\n" }, { "close" } } },
  { "gives two lengths", "protocol",
    { READ, { "send", head("Content-Length: 400", "Content-Length: 4") .. "\r\n\r\ntrue" } } },
  { "gives two lengths in one", "protocol",
    { READ, { "send", head "Content-Length: 4, 400" .. "\r\n\r\ntrue" } } },
  { "gives the same length twice", false,
    { READ, { "send", head("Content-Length: 11", "Content-Length: 11, 11") .. '\r\n\r\n{"id":"w1"}' } } },
  -- libcurl reports both as a network failure.
  { "breaks the chunks", "network", { READ, { "send", CHUNKED .. "zz\r\n{}\r\n0\r\n\r\n" }, { "close" } } },
  { "sends a chunk of unbelievable size", "network",
    { READ, { "send", CHUNKED .. "ffffffffffffffffff\r\n{}" }, { "close" } } },
  { "calls garbage gzip", "protocol",
    { READ, { "send", peer.answer(200, { "Content-Encoding: gzip" }, "this is no gzip, and never was") } } },
  { "cuts gzip off", "protocol",
    { READ, { "send", peer.answer(200, { "Content-Encoding: gzip" }, "\31\139\8\0\0\0\0\0\0\3\171\86") } } },
  { "sends bytes behind gzip", "protocol", { READ, { "send", gzipped([[printf '{"id":"w1"}']], "more") } } },
  { "sends gzip", false, { READ, { "send", gzipped [[printf '{"id":"w1"}']] } } },
  { "sends a gzip bomb", "too_large", { READ, { "send", gzipped "head -c 104857600 /dev/zero" } },
    { max_body = MEBIBYTE } },

  { "redirects without a place", "protocol", { READ, { "send", peer.answer(302) } } },
  { "redirects to an empty place", "protocol", { READ, { "send", peer.answer(302, { "Location:" }) } } },
  { "redirects to nonsense", "protocol", { READ, { "send", peer.answer(302, { "Location: http://[::" }) } } },
  { "redirects to another scheme", "protocol",
    { READ, { "send", peer.answer(302, { "Location: file:///etc/passwd" }) } } },
  { "redirects to another port", "protocol",
    { READ, { "send", peer.answer(307, { "Location: http://127.0.0.1:1/" }) } } },
  { "redirects to another host", "protocol", { READ, { "send", peer.answer(301, { "Location: //localhost/" }) } } },
  { "names a proxy", "protocol", { READ, { "send", peer.answer(305, { "Location: /elsewhere" }) } } },
  { "says not modified, somewhere", "protocol",
    { READ, { "send", peer.answer(304, { "Location: /elsewhere" }) } } },
  { "says not modified", "protocol", { READ, { "send", peer.answer(304) } } },
}

describe("a server that", function()
  for _, row in ipairs(answers) do
    local name, kind, script, options = row[1], row[2], row[3], row[4]

    -- Makes the first call with a limit of so many seconds, if the row has one -> whether the server has seen it.
    local function test(seconds)
      local steps = {}
      for i, step in ipairs(script) do
        steps[i] = step
      end
      steps[#steps + 1] = READ
      steps[#steps + 1] = { "send", GOOD }
      local server = scene.serve { connections = { steps, { READ, { "send", GOOD } } } }
      local client = scene.connect(server, options)
      local first = row.limit and { [row.limit] = seconds } or nil
      if kind then
        scene.assert_error(kind, client.workflows:get("w1", first))
      else
        scene.assert_good(client.workflows:get "w1")
      end
      if first and server:connections() == 0 then return false end
      scene.assert_good(client.workflows:get "w1")
      return true
    end

    it(name, function() scene.with_limit(test) end)
  end

  it("answers with null or false gives that value to a raw request", function()
    local client = scene.connect(scene.answering { peer.json "null", peer.json "false" })
    assert.are.equal(ironclad.null, (client:request("GET", "/x")))
    local value, err = client:request("GET", "/x")
    assert.is_false(value)
    assert.is_nil(err)
  end)

  it("sends 100 MB does not make the process grow by that", function()
    local server = scene.serve {
      connections = {
        { READ, { "send", GOOD }, READ, { "send", sized(100 * MEBIBYTE) }, { "repeat", " ", 100 * MEBIBYTE } },
      },
    }
    local output = peer.lua([[
      local instance = ...
      local function peak()
        for line in io.lines "/proc/self/status" do
          local kib = line:match "^VmHWM:%s*(%d+)"
          if kib then return tonumber(kib) end
        end
      end
      local client = require("ironclad").connect { instance = instance, token = "t", as_user = false, max_retries = 0,
        max_body = 4 * 1024 * 1024 }
      assert(client.workflows:get "w1")
      local before = peak()
      local value, err = client.workflows:get "w1"
      print(value, err.kind, peak() - before < 50 * 1024)
    ]], nil, peer.url(server))
    assert.are.equal("nil\ttoo_large\ttrue\n", output)
  end)
end)

---------------------------------------------------------------------------------------------------------------

describe("redirects", function()
  local function to(place) return peer.answer(302, { "Location: " .. place }) end

  it("are followed for a read on the same host", function()
    local server = scene.answering { to "/elsewhere?a=b", to "further", GOOD }
    scene.assert_good(scene.connect(server).workflows:get "w1")
    assert.are.same({ "GET /public/api/v1/workflows/w1", "GET /elsewhere?a=b", "GET /further" }, scene.targets(server))
    assert.are.equal("Bearer " .. scene.TOKEN, server:requests()[3].headers.authorization)
  end)

  it("never lead to another host", function()
    local other = scene.answering { GOOD }
    local server = scene.answering { to(peer.url(other)) }
    local err = scene.assert_error("protocol", scene.connect(server).workflows:get "w1")
    assert.are.equal("not_done", err.outcome)
    assert.are.equal(0, other:connections())
  end)

  it("end when they lead to each other", function()
    local server = scene.answering { to "/public/api/v1/workflows/w1" }
    scene.assert_error("protocol", scene.connect(server).workflows:get "w1")
    assert.is_true(#server:requests() < 12)
  end)

  it("are not followed for a request with a body", function()
    local server = scene.answering { peer.answer(307, { "Location: /elsewhere" }), GOOD }
    scene.assert_error("protocol", scene.connect(server).workflows:launch { template = "t", attributes = {} })
    assert.are.equal(1, #server:requests())
  end)
end)

