-- A libcurl handle is used again for the next read of the same connection, bearer and actor. Nothing of one call
-- reaches the next: each order of two kinds of calls sends what the second sends alone.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

after_each(scene.stop)

-- What each kind of call gives, and the header fields, besides those of every read, that it sends.
local kinds = {
  read = function(client) return client.workflows:get "w1" end,
  query = function(client) return client.workflows:list { page = 2 } end,
  another_user = function(client) return client.workflows:get("w1", { as_user = "b@example.com" }) end,
  by_id = function(client) return client.workflows:get("w1", { as_user = "5f0375c4cdc1927a3c5edcd3" }) end,
  nobody = function(client) return client.workflows:get("w1", { as_user = false }) end,
  change = function(client) return client.workflows:create_comment("w1", { comment = "seen" }) end,
  deletion = function(client) return client.records:delete "r1" end,
  raw = function(client) return client:request("GET", "/workflows/w1", { headers = { ["X-Spec"] = "one" } }) end,
  limited = function(client) return client.workflows:get("w1", { timeout = 60 }) end,
  upload = function(client)
    return client.records:upload_attachment("r1", "exhibit", {
      attachment = ironclad.file { data = "bytes", filename = "a.pdf" },
    })
  end,
  download = function(client) return client.records:download_attachment("r1", "exhibit") end,
}

-- The head of a request as text; what differs each time (a form's boundary, X-Request-Id) left out.
local function described(request)
  local lines = {}
  for name, value in pairs(request.headers) do
    if name == "x-request-id" then value = "of its own" end
    lines[#lines + 1] = name .. ": " .. value:gsub("boundary=%S+", "boundary")
  end
  table.sort(lines)
  table.insert(lines, 1, request.method .. " " .. request.target)
  if request.body and not request.body:find "%-%-%-%-" then lines[#lines + 1] = request.body end
  return (table.concat(lines, "\n"):gsub("host: %S+", "host"):gsub("content%-length: %d%d%d+", "content-length"))
end

-- Does the calls in order with one client -> what was sent for each.
local function sent(...)
  local server = scene.answering { peer.json '{"id":"w1","list":[]}' }
  local client = scene.connect(server, { as_user = "a@example.com", rate_limit = false })
  for _, name in ipairs { ... } do kinds[name](client) end
  local texts = {}
  for i, request in ipairs(server:requests()) do texts[i] = described(request) end
  assert.are.equal(select("#", ...), #texts)
  return texts
end

local names = {}
for name in pairs(kinds) do names[#names + 1] = name end
table.sort(names)

local alone = {}
setup(function()
  for _, name in ipairs(names) do alone[name] = sent(name)[1] end
  scene.stop()
end)

for _, first in ipairs(names) do
  it("what follows " .. first .. " is sent as if it were the first", function()
    for _, second in ipairs(names) do
      local texts = sent(first, second, first)
      assert.are.equal(alone[first], texts[1])
      assert.are.equal(alone[second], texts[2])
      assert.are.equal(alone[first], texts[3])
    end
  end)
end

it("the limits of one call are not those of the next", function()
  scene.with_limit(function(seconds)
    local server = scene.serve { answers = { scene.GOOD }, connections = {
      { { "read" }, { "answer" }, { "read" }, { "hang" } },
      { { "read" }, { "answer" }, { "loop" } },
    } }
    local client = scene.connect(server)
    scene.assert_good(client.workflows:get "w1")
    scene.assert_error("timeout", client.workflows:get("w1", { timeout = seconds }))
    if #server:requests() == 1 then return false end
    scene.assert_good(client.workflows:get "w1")
    return true
  end)
end)

it("after an answer that was cut or is not JSON, the next ones are whole", function()
  local good = peer.json '{"id":"w1","title":"whole"}'
  scene.with_limit(function(seconds)
    local server = scene.answering {
      good, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"id\":", good,
      peer.json "{\"id\":", good, peer.json('{"code":"NOT_FOUND","message":"none"}', 404), good,
    }
    local client = scene.connect(server)
    for round = 1, 7 do
      -- The rest of the second answer never comes.
      local value, err, response = client.workflows:get("w1", round == 2 and { timeout = seconds } or nil)
      if #server:requests() < round then return false end
      if round % 2 == 1 then
        assert.is_nil(err)
        assert.are.equal("whole", value.title)
        assert.are.equal(200, response.status)
      else
        assert.is_nil(value)
      end
    end
    return true
  end)
end)

it("a client gets its own bearer, and a renewed token replaces the old one", function()
  local token = '{"access_token":"%s","token_type":"Bearer","expires_in":3600}'
  local server = scene.answering {
    peer.json(token:format "first-token-of-the-spec"), scene.GOOD, scene.GOOD,
    peer.json('{"code":"UNAUTHORIZED","message":"expired"}', 401),
    peer.json(token:format "second-token-of-the-spec"), scene.GOOD, scene.GOOD,
  }
  local client = scene.connect_by_secret(server)
  local other = scene.connect(server)
  for _ = 1, 3 do scene.assert_good(client.workflows:get "w1") end
  scene.assert_good(other.workflows:get "w1")
  scene.assert_good(client.workflows:get "w1")
  local bearers = {}
  for _, request in ipairs(server:requests()) do
    if request.method == "GET" then bearers[#bearers + 1] = request.headers.authorization end
  end
  assert.are.same({
    "Bearer first-token-of-the-spec", "Bearer first-token-of-the-spec", "Bearer first-token-of-the-spec",
    "Bearer second-token-of-the-spec", "Bearer " .. scene.TOKEN, "Bearer second-token-of-the-spec",
  }, bearers)
end)
