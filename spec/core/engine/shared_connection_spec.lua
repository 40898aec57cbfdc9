-- Which requests share a connection, by HTTP/2. A server ends such a connection after some requests, as nginx does
-- after keepalive_requests: by GOAWAY, while others are on their way. Every change is carried out once. Files travel
-- by HTTP/1.1 at the same time, and no other request is on their connections.
local h2 = require "spec.support.h2"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"
local task = require "ironclad.loop.task"

local it_spawns = task.yields_anywhere and it or pending
local front

-- `requests`: how many the front takes over one connection. An answer's X-Requests says how many it has had.
local function connect(server, requests, version)
  front = h2.start(peer.url(server),
    ("keepalive_requests %d; add_header X-Requests $connection_requests always;"):format(requests))
  return ironclad.connect {
    instance = front.url, token = scene.TOKEN, as_user = false, max_retries = 0, rate_limit = false,
    ca_file = front.ca_file, http_version = version,
  }
end

after_each(function()
  if front then front.stop() end
  front = nil
  scene.stop()
end)

local changes = {
  comment = function(client) return client.workflows:create_comment("w1", { comment = "seen" }) end,
  launch = scene.launch,
  deletion = function(client) return client.records:delete "w1" end,
}

local function get(client) return client.workflows:get "w1" end

-- A server whose first connection waits with its answer until it is released.
local function serve_gated()
  return scene.serve { answers = { scene.GOOD }, connections = {
    { { "read" }, { "gate" }, { "answer" } },
    { { "read" }, { "answer" }, { "loop" } },
  } }
end

-- Makes the calls, the first of which is the nth request of its connection.
local function check_calls(client, version, calls, n)
  for i, call in ipairs(calls) do
    local value, err, response = call(client)
    scene.assert_good(value, err)
    assert.are.same({ version, tostring(n + i - 1) }, { response.http_version, response.headers["x-requests"] })
  end
end

local describe_http2 = h2.program() and describe or pending

-- The ids of the changes that the server has seen, and how many came more than once.
local function arrived(server)
  local ids, count, twice = {}, 0, 0
  for _, request in ipairs(server:requests()) do
    local id = request.headers["x-request-id"]
    if request.method ~= "GET" then
      count = count + 1
      if ids[id] then twice = twice + 1 end
      ids[id] = true
    end
  end
  return count, twice
end

describe_http2("changes at once, while a server ends its HTTP/2 connections,", function()
  local items = {}
  for i = 1, 16 do items[i] = i end

  local function test_changes(name, change, requests, version)
    it(("are each carried out once: %s, %d a connection, %s"):format(name, requests, version or "both"), function()
      local server = scene.answering { scene.GOOD }
      local client = connect(server, requests, version)
      for _ = 1, 3 do
        assert.is_truthy(change(client))
        local _, _, errors = client:map(items, function() return change(client) end)
        assert.are.same({}, errors)
      end
      assert.are.same({ 51, 0 }, { arrived(server) })
    end)
  end

  for name, change in pairs(changes) do
    for _, requests in ipairs { 1, 3 } do
      test_changes(name, change, requests)
      test_changes(name, change, requests, "2")
    end
  end

  for _, version in ipairs { "both", "2" } do
    it("are each carried out once beside reads, " .. version, function()
      local server = scene.answering { scene.GOOD }
      local client = connect(server, 3, version ~= "both" and version or nil)
      local _, _, errors = client:map(items, function(item)
        if item % 4 == 1 then return client.workflows:get("w1", { max_retries = 20 }) end
        return changes.comment(client)
      end)
      assert.are.same({}, errors)
      assert.are.same({ 12, 0 }, { arrived(server) })
    end)
  end
end)

describe_http2("by default,", function()
  it("calls in turn go over one connection, by HTTP/1.1", function()
    local client = connect(scene.answering { scene.GOOD }, 1000)
    for n = 1, 12, 4 do check_calls(client, "1.1", { changes.comment, changes.launch, get, changes.deletion }, n) end
  end)

  it("pages that are fetched ahead go over the same connection", function()
    local server = scene.answering { peer.json '{"page":0,"pageSize":1,"count":3,"list":[{"id":"r1"}]}',
      peer.json '{"page":1,"pageSize":1,"count":3,"list":[{"id":"r2"}]}',
      peer.json '{"page":2,"pageSize":1,"count":3,"list":[{"id":"r3"}]}', scene.GOOD }
    local client = connect(server, 1000)
    local ids = {}
    for record in client.records:each { pageSize = 1 } do ids[#ids + 1] = record.id end
    assert.are.same({ "r1", "r2", "r3" }, ids)
    assert.are.equal("4", select(3, get(client)).headers["x-requests"])
  end)

  it_spawns("a read that meets another call shares a connection, by HTTP/2", function()
    local server = serve_gated()
    local client = connect(server, 1000)
    local first
    local getter = ironclad.spawn(function() first = { get(client) } end)
    server:await(1)
    check_calls(client, "2", { get, get, get }, 1)
    server:release()
    getter:wait()
    assert.are.same({ "1.1", "1" }, { first[3].http_version, first[3].headers["x-requests"] })
    assert.are.same("2", select(3, get(client)).headers["x-requests"]) -- the second one of the first connection
  end)
end)

describe_http2("with http_version = \"2\",", function()
  it("calls in turn go over one connection, by HTTP/2", function()
    local client = connect(scene.answering { scene.GOOD }, 1000, "2")
    check_calls(client, "2", { changes.comment, get, changes.launch, get, changes.deletion, get }, 1)
  end)
end)

local files = {
  download = function(client) return client.records:download_attachment("r1", "exhibit") end,
  upload = function(client)
    return client.records:upload_attachment("r1", "exhibit", {
      attachment = ironclad.file { data = "bytes", filename = "a.pdf" },
    })
  end,
}

describe_http2("while a file travels by HTTP/1.1,", function()
  for name, move in pairs(files) do
    it_spawns("no other request is on its connection: " .. name, function()
      local server = serve_gated()
      -- Each HTTP/2 connection ends after its request, so the one of the file is the oldest then.
      local client = connect(server, 1)
      local moved
      local mover = ironclad.spawn(function() moved = { move(client) } end)
      server:await(1)
      for _ = 1, 3 do
        local value, err, response = client.workflows:get("w1", { timeout = 20 })
        scene.assert_good(value, err)
        assert.are.equal("2", response.http_version)
        scene.assert_good(changes.comment(client))
      end
      assert.is_nil(moved)
      server:release()
      mover:wait()
      assert.is_truthy(moved[1])
    end)
  end
end)
