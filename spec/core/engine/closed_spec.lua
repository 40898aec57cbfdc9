-- A kept connection that the server has closed while it was idle: over TLS its last bytes (close_notify) are still
-- there, and libcurl takes it for a good one. The next request goes over a new connection, and is sent once.
local faulty_proxy = require "spec_faulty_proxy"
local h2 = require "spec.support.h2"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local folder, files, proxy, stop_front, server

setup(function()
  folder = peer.temporary_folder()
  files = peer.certificate(folder, "proxy")
end)
teardown(function() peer.remove_folder(folder) end)
after_each(function()
  proxy:stop()
  if stop_front then stop_front() end
  scene.stop()
end)

local ways = {
  { name = "HTTP/1.1", scheme = "http", start = function() return { port = server:port() } end },
  {
    name = "HTTP/1.1 over TLS", scheme = "https",
    start = function() return { port = server:port(), cert = files.cert, key = files.key } end,
  },
  {
    name = "HTTP/2", scheme = "https", needs = h2.program, version = "2",
    start = function()
      local front = h2.start(peer.url(server))
      stop_front = front.stop
      return { port = tonumber(front.url:match ":(%d+)$"), tls = true, cert = files.cert, key = files.key, alpn = "h2" }
    end,
  },
}

local kinds = {
  { "a read", function(client) return client.workflows:get "w1" end },
  { "a change", function(client) return client.workflows:create_comment("w1", { comment = "seen" }) end },
  { "a launch", function(client) return client.workflows:launch { template = "nda", attributes = {} } end },
  { "a deletion", function(client) return client.records:delete "w1" end },
  { "an upload", function(client)
    return client.records:upload_attachment("w1", "exhibit", {
      attachment = ironclad.file { data = "bytes", filename = "a.pdf" },
    })
  end, file = true },
}

for _, way in ipairs(ways) do
  local describe_way = (way.needs == nil or way.needs()) and describe or pending
  describe_way("over " .. way.name .. ", on a connection that was closed while it was idle,", function()
    local client, seen

    -- `max_retries` is 0: nothing that was sent is sent again.
    before_each(function()
      server, stop_front, seen = scene.answering { scene.GOOD }, nil, {}
      proxy = faulty_proxy.start(way.start())
      client = ironclad.connect {
        instance = way.scheme .. "://127.0.0.1:" .. proxy:port(), token = scene.TOKEN, as_user = false, max_retries = 0,
        rate_limit = false, ca_file = files.cert, http_version = way.version,
        on_request = function(event) seen[#seen + 1] = event.attempt end,
      }
    end)

    for _, kind in ipairs(kinds) do
      local it_can = kind.file and way.version and pending or it -- files travel by HTTP/1.1
      it_can(kind[1] .. " is sent over another, as if it were the first", function()
        for _ = 1, 3 do
          assert.is_nil((select(2, kind[2](client))))
          proxy:drop()
          peer.shell "sleep 0.05" -- a read does not look at a connection that has just been used
        end
        local value, err, response = kind[2](client)
        assert.is_nil(err)
        assert.is_truthy(value)
        assert.are.equal(1, response.attempts)
        assert.are.equal(way.version or "1.1", response.http_version)
        assert.are.same({ 1, 1, 1, 1 }, seen)
        assert.are.equal(4, proxy:connections())
        assert.are.equal(4, #server:requests())
        assert.are.equal(response.attempt_id, server:requests()[4].headers["x-request-id"])
      end)
    end

    it("many calls at once are each sent once", function()
      assert.is_truthy((client.workflows:get "w1"))
      local ids = {}
      for i = 1, 16 do ids[i] = "w1" end
      for _ = 1, 2 do
        proxy:drop()
        peer.shell "sleep 0.05"
        local _, _, errors = client:map(ids, function(id) return client.workflows:get(id) end)
        assert.are.same({}, errors)
      end
      assert.are.equal(33, #server:requests())
    end)
  end)
end
