-- Downloads whose answer is a redirect, a link or something else than the file: `to` gets the file or nothing.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local folder

setup(function() folder = peer.temporary_folder() end)
teardown(function() peer.remove_folder(folder) end)
after_each(scene.stop)

local BYTES = ("%PDF-1.7\0\r\n"):rep(30000)

-- The three ways to take a download. Each returns the bytes, or nil and an error, and checks that a failed one left
-- nothing.
local ways = {
  ["to a file"] = function(fetch)
    local path = folder .. "/download.bin"
    os.remove(path)
    local value, err = fetch { to = path }
    local left = peer.shell("ls -A " .. folder)
    if err then
      assert.are.equal("", left)
      return nil, err
    end
    assert.are.equal("download.bin\n", left)
    assert.are.equal(path, value)
    return peer.read_file(path)
  end,
  ["to a function"] = function(fetch)
    local pieces = {}
    local value, err = fetch { to = function(piece) pieces[#pieces + 1] = piece end }
    if err then
      -- Some bytes may have come before the connection broke.
      assert.is_truthy(#pieces == 0 or err.kind == "network" or err.message:find("another length", 1, true))
      return nil, err
    end
    assert.is_true(value)
    return table.concat(pieces)
  end,
  ["as a string"] = function(fetch)
    local value, err = fetch {}
    return value, err
  end,
}

local function export(server, options)
  local client = scene.connect(server, options or { as_user = "a@b.example" })
  return function(to) return client.exports:download("job-1", to) end
end

-- The beginning of a gzip stream: what is missing goes unnoticed by libcurl.
local GZIP = "\031\139\008\000\000\000\000\000\002\003S\013pq\211U\029%F\137Qb8\019"

local GZIP_CHUNK = ("%x\r\n"):format(#GZIP) .. GZIP .. "\r\n0\r\n\r\n"

local HTML = { "Content-Type: text/html; charset=utf-8" }
local JSON = { "Content-Type: application/json" }

-- Each row: a name, the answer, the kind of the error, a part of its message, or this one.
local refused = {
  { "a login page", peer.answer(200, HTML, "<!doctype html><title>Log in</title>"), "protocol", "HTML page" },
  { "an error with a good status", peer.answer(200, JSON, '{"code":"NOT_FOUND","message":"gone"}'), "not_found",
    "gone" },
  { "an export's error", peer.answer(200, JSON, '{"error":"the export has expired"}'), "protocol",
    "the export has expired" },
  { "an error page", peer.answer(503, HTML, "<h1>Busy</h1>"), "server", "503" },
  { "an error of the storage", peer.answer(403, { "Content-Type: application/xml" }, "<Error>Expired</Error>"),
    "permission", "403" },
  { "a link to nowhere", peer.answer(200, JSON, '{"url":"http://files.example/x"}'), "protocol", "not https" },
  { "a redirect to plain http", peer.answer(302, { "Location: http://files.example/x" }), "protocol", "not https" },
  { "a login page without a type", peer.answer(200, {}, "\r\n<!DOCTYPE HTML><title>Log in</title>"), "protocol",
    "HTML page" },
  { "an empty page", peer.answer(200, HTML, ""), "protocol", "HTML page" },
  { "a part of it", peer.answer(206, { "Content-Range: bytes 0-4/400" }, "%PDF-"), "protocol", "part of the file" },
  { "something for later", peer.answer(202, {}, "come again"), "protocol", "no file (yet)" },
  { "no content", "HTTP/1.1 204 No Content\r\n\r\n", "protocol", "no file (yet)" },
  { "less than an immense length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n%PDF-",
    "protocol", "announced another length" },
  { "compressed bytes", peer.answer(200, { "Content-Type: application/pdf", "Content-Encoding: gzip" }, "\31\139\8\0"),
    "protocol", "compressed" },
  { "compressed bytes whose header has two lines",
    "HTTP/1.1 200 OK\r\nContent-Encoding:\r\n gzip\r\nContent-Length: 4\r\n\r\n\31\139\8\0", "protocol", "compressed" },
  { "compressed bytes whose header has a blank before its colon",
    "HTTP/1.1 200 OK\r\nContent-Encoding : gzip\r\nContent-Length: 4\r\n\r\n\31\139\8\0", "protocol", "compressed" },
  -- libcurl 8 refuses them itself, and names the field.
  { "a part of a compressed transfer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n" .. GZIP, "protocol",
    "compressed", "Transfer-Encoding" },
  { "a part of a compressed transfer in chunks",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" .. GZIP_CHUNK, "protocol", "compressed",
    "Transfer-Encoding" },
  { "a part of a compressed transfer, said in two lines",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" .. GZIP_CHUNK, "protocol",
    "compressed", "Transfer-Encoding" },
  { "a login page in XHTML", peer.answer(200, { "Content-Type: application/xhtml+xml" }, "<?xml version='1.0'?>"),
    "protocol", "HTML page" },
  { "the page of a Location whose second line is lost",
    "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1\r\n /x\r\nContent-Length: 0\r\n\r\n", "protocol", "not a URL" },
  { "bytes that are compressed, whatever a second header says",
    peer.answer(200, { "Content-Type: application/pdf", "Content-Encoding: gzip", "Content-Encoding: identity" },
      "\31\139\8\0"), "protocol", "compressed" },
  { "as many bytes as the last of several lengths",
    "HTTP/1.1 200 OK\r\nContent-Length: 400000\r\nContent-Length: 5\r\n\r\n%PDF-", "protocol",
    "announced another length" },
  { "as many bytes as the first of several lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5, 400000\r\n\r\n%PDF-",
    "protocol", "announced another length" },
  { "what a length with something behind it says", "HTTP/1.1 200 OK\r\nContent-Length: 5 00\r\n\r\n%PDF-", "protocol",
    "announced another length" },
  { "what a proxy is said to have", peer.answer(305, { "Location: /elsewhere" }), "protocol", "names no new place" },
  { "half of it", "HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" .. BYTES, "network", "" },
  { "half of it in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n%PDF-\r\n", "network", "" },
}

-- Each row: a name, the answer, the file.
local taken = {
  { "bytes of no type", peer.answer(200, { "Content-Disposition: attachment" }, BYTES), BYTES },
  { "a page that is an attachment",
    peer.answer(200, { HTML[1], 'Content-Disposition: attachment; filename="a.html"' }, "<html>"), "<html>" },
  { "a small list in JSON", peer.answer(200, JSON, '[{"event":"launched"}]'), '[{"event":"launched"}]' },
  { "a small object in JSON", peer.answer(200, JSON, '{"events":[]}'), '{"events":[]}' },
  { "broken JSON", peer.answer(200, JSON, '{"events":'), '{"events":' },
  { "much JSON", peer.answer(200, JSON, "[" .. ("1,"):rep(100000) .. "1]"), "[" .. ("1,"):rep(100000) .. "1]" },
  { "many links in JSON", peer.answer(200, JSON, '{"a":"https://a.example","b":"https://b.example"}'),
    '{"a":"https://a.example","b":"https://b.example"}' },
  { "nothing", peer.answer(200, JSON, ""), "" },
  { "bytes whose length is said twice", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\nContent-Length:\t5\r\n\r\n%PDF-",
    "%PDF-" },
  { "less than what comes", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" .. BYTES, "%PDF-" },
}

for way, take in pairs(ways) do
  describe("a download " .. way, function()
    for _, row in ipairs(refused) do
      it("is never " .. row[1], function()
        local server = scene.serve { connections = { { { "read" }, { "send", row[2] }, { "close" } } } }
        local err = scene.assert_error(row[3], take(export(server)))
        assert.is_truthy(err.message:find(row[4], 1, true) or err.message:find(row[5] or row[4], 1, true), err.message)
      end)
    end

    for _, row in ipairs(taken) do
      it("is " .. row[1], function()
        local server = scene.serve { connections = { { { "read" }, { "send", row[2] }, { "close" } } } }
        local value, err = take(export(server))
        assert.is_nil(err)
        assert.is_true(value == row[3])
      end)
    end

    for name, lead in pairs {
      ["a redirect"] = function(url) return peer.answer(302, { "Location: " .. url }) end,
      ["a link in JSON"] = function(url)
        return peer.answer(200, JSON, ('{"jobId":"job-1","status":"done","signedUrl":"%s"}'):format(url))
      end,
      ["a link as JSON text"] = function(url) return peer.answer(200, JSON, ('"%s"'):format(url)) end,
    } do
      it("follows " .. name .. " to another host, without the bearer and the actor", function()
        local storage = scene.answering { peer.answer(200, {}, BYTES) }
        local home = scene.answering { lead(peer.url(storage) .. "/file?signature=abc") }
        assert.is_true(take(export(home)) == BYTES)
        assert.are.equal(1, #home:requests())
        assert.is_string(scene.last(home).headers.authorization)
        local request = scene.last(storage)
        assert.are.equal("/file?signature=abc", request.target)
        for _, header in ipairs { "authorization", "x-as-user-email", "x-as-user-id" } do
          assert.is_nil(request.headers[header])
        end
      end)

      it("follows " .. name .. " to a login page, which is not the file", function()
        local login = scene.answering { refused[1][2] }
        scene.assert_error("protocol", take(export(scene.answering { lead(peer.url(login) .. "/login") })))
      end)
    end
  end)
end

-- Only an export may be answered with a link; elsewhere the content of a document would choose what is fetched.
describe("a JSON document", function()
  local downloads = {
    ["of a workflow"] = function(client, to) return client.workflows:download_document("w1", "key", to) end,
    ["attached to a record"] = function(client, to) return client.records:download_attachment("r1", "key", to) end,
    ["at a link"] = function(client, to, server) return client:download(peer.url(server) .. "/a.json", to) end,
  }
  for name, download in pairs(downloads) do
    for way, take in pairs(ways) do
      it(("%s is the file, whatever link it holds, %s"):format(name, way), function()
        local other = scene.answering { peer.answer(200, {}, "not this") }
        for _, url in ipairs { peer.url(other) .. "/steal", "https://files.example/x" } do
          for _, body in ipairs { ('{"link":"%s"}'):format(url), ('"%s"'):format(url) } do
            local server = scene.answering { peer.answer(200, JSON, body) }
            local client = scene.connect(server)
            local value, err = take(function(to) return download(client, to, server) end)
            assert.is_nil(err)
            assert.are.equal(body, value)
            assert.are.equal(1, #server:requests())
          end
        end
        assert.are.equal(0, other:connections())
      end)
    end
  end
end)

describe("a download that says Content-Encoding: identity", function()
  it("is the file", function()
    local client = scene.connect(scene.answering { peer.answer(200, { "Content-Encoding: identity" }, BYTES) })
    assert.is_true(client.workflows:download_document("w1", "key") == BYTES)
  end)
end)

describe("a link", function()
  it("is fetched without the bearer, from any host", function()
    local storage = scene.answering { peer.answer(200, {}, BYTES) }
    local home = scene.serve { connections = { { { "hang" } } } }
    local client = scene.connect_by_secret(home, { as_user = "a@b.example" })
    assert.is_true(client:download(peer.url(storage) .. "/a?signature=1#part") == BYTES)
    local request = scene.last(storage)
    assert.are.equal("GET /a?signature=1", request.method .. " " .. request.target)
    for _, header in ipairs { "authorization", "x-as-user-email", "x-as-user-id" } do
      assert.is_nil(request.headers[header])
    end
    assert.are.equal(0, home:connections())
  end)

  it("goes to a file, is repeated and redirected, and reports its progress", function()
    local storage = scene.answering {
      peer.answer(503, {}, ""), peer.answer(302, { "Location: /b?signature=2" }), peer.answer(200, {}, BYTES),
    }
    local client, far = scene.connect(storage, { max_retries = 2 }), 0
    local path = folder .. "/link.bin"
    assert.are.equal(path, (client:download({ downloadUrl = peer.url(storage) .. "/a" }, {
      to = path, on_progress = function(done) far = done end,
    })))
    assert.is_true(peer.read_file(path) == BYTES)
    os.remove(path)
    assert.are.equal(#BYTES, far)
    assert.are.same({ "GET /a", "GET /a", "GET /b?signature=2" }, scene.targets(storage))
  end)

  for way, take in pairs(ways) do
    it("that has expired gives an error, " .. way, function()
      local storage = scene.answering { refused[5][2] }
      local client = scene.connect(storage)
      local err = scene.assert_error("permission", take(function(options)
        return client:download(peer.url(storage) .. "/a?signature=1", options)
      end))
      assert.are.equal("download", err.operation)
      assert.is_nil(tostring(err):find("signature", 1, true))
    end)
  end

  it("is shown to hooks without its query, which may be a key", function()
    local storage, url = scene.answering { peer.answer(200, {}, "x") }, nil
    local client = scene.connect(storage, { on_request = function(event) url = event.url end })
    client:download(peer.url(storage) .. "/a?signature=1")
    assert.are.equal(peer.url(storage) .. "/a?…", url)
  end)

  it("waits for an in-flight permit of its host", function()
    local storage = scene.serve { connections = { { { "read" }, { "gate" }, { "send", scene.GOOD }, { "loop" } } } }
    local turns = 0
    local client = scene.connect(storage, { max_in_flight = 1, on_wait = function(event)
      turns = turns + 1
      assert.are.equal("in_flight", event.reason)
      storage:release()
      storage:release()
    end })
    local run = require "ironclad.calls.run"
    local function start() return run.start(client, "download", "GET", { url = peer.url(storage) .. "/a" }) end
    local first = start()
    storage:await(1)
    local second = start()
    assert.is_truthy(run.finish(second))
    assert.is_truthy(run.finish(first))
    assert.are.equal(1, turns)
  end)

  for url, message in pairs {
    ["http://files.example/x"] = "url: must be https: plain http goes only to this machine",
    ["https://user:pw@files.example/x"] = "url: must not hold a user name or password",
    ["file:///etc/passwd"] = "url: ",
    ["ftp://files.example/x"] = "url: must be https",
    ["/public/api/v1/records"] = "url: is not a URL",
    ["https://files.example/\r\nx"] = "url: holds control characters",
    [""] = "url: is not a URL",
  } do
    it("is refused: " .. url:gsub("%c", "?"), function()
      local client = ironclad.connect { instance = "na1", token = "t", as_user = false }
      local fine, mistake = pcall(client.download, client, url)
      assert.is_false(fine)
      assert.is_truthy(mistake:find("download: " .. message, 1, true), mistake)
    end)
  end

  it("takes only the options of a download", function()
    local client = ironclad.connect { instance = "na1", token = "t", as_user = false }
    for options, message in pairs {
      [{ as_user = "x" }] = "download: as_user: unknown option of a download",
      [{ too = "x" }] = 'download: too: unknown option of a download; did you mean "to"?',
      [{ to = 1 }] = "download: to: expected a path or a function, got a number",
      [{ callback = 1 }] = "download: callback: expected a function, got a number",
    } do
      assert.has_error(function() client:download("https://files.example/x", options) end, message)
    end
    assert.has_error(function() client:download(1) end,
      "download: url: expected a string, or a table with downloadUrl, got a number")
  end)

  it("may fail at a server that is not Ironclad's", function()
    local server = scene.answering { peer.answer(404, {}, "") }
    local err = scene.assert_error("not_found", scene.connect(server):download(peer.url(server) .. "/x"))
    assert.are.equal("the server answered 404", err.message)
  end)
end)

describe("a path that is an open file of the process", function()
  it("is refused, and what has been written there stays", function()
    local server = scene.answering { peer.answer(200, {}, "bytes") }
    local path = folder .. "/output.txt"
    peer.lua([[
      local url = ...
      local client = require "ironclad".connect { instance = url, token = "t", as_user = false }
      print "before"
      for _, to in ipairs { "/dev/stdout", "/proc/self/fd/1" } do
        print(select(2, client.workflows:download_document("id", "key", { to = to })).message)
      end
    ]], { before = "exec >" .. path }, peer.url(server))
    assert.are.equal("before\ncannot write /dev/stdout: it is an open file of a process, and not a path\n" ..
      "cannot write /proc/self/fd/1: it is an open file of a process, and not a path\n", peer.read_file(path))
    os.remove(path)
  end)
end)

describe("a disk that is full", function()
  it("ends a download, and leaves no file", function()
    local server = scene.answering { peer.answer(200, {}, ("x"):rep(3000000)) }
    local path = folder .. "/full.bin"
    local output = peer.lua([[
      local url, path = ...
      local client = require "ironclad".connect { instance = url, token = "t", as_user = false }
      local value, err = client.workflows:download_document("id", "key", { to = path })
      print(value, err.kind, err.message)
    ]], { before = "ulimit -f 1000" }, peer.url(server), path)
    assert.are.equal(("nil\tio\tcannot write %s: File too large\n"):format(path), output)
    assert.are.equal("", (peer.shell("ls -A " .. folder)))
  end)
end)

-- A server that sends no Content-Type, and each byte on its own.
describe("an answer without a type that arrives byte by byte", function()
  local function dripping(body)
    return scene.serve { connections = { {
      { "read" }, { "send", ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"):format(#body) }, { "drip", body, 1 },
    } } }
  end
  for name, way in pairs(ways) do
    it("is not the file when it is an HTML page, " .. name, function()
      local value, err = way(export(dripping(" \n<!DOCTYPE html><title>Log in</title>" .. ("x"):rep(100))))
      assert.is_nil(value)
      assert.are.equal("protocol", err.kind)
    end)
    for _, body in ipairs { "%PDF", "<!doc", ("%PDF-1.7"):rep(20) } do
      it(("is the file when it is %d other bytes, %s"):format(#body, name), function()
        assert.are.equal(body, (way(export(dripping(body)))))
      end)
    end
  end
end)
