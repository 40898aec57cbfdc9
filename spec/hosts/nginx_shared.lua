-- Events that machines share through Redis, handled in nginx: timers of several workers are consumers of one inbox.
local ironclad = require "ironclad"
local nginx = require "spec.support.nginx"
local peer = require "spec.support.peer"
local redis_server = require "spec.support.redis"

local SERVER = [[
  lua_shared_dict tally 1m;
  lua_socket_log_errors off;
  init_worker_by_lua_block {
    local ironclad = require "ironclad"
    local client = ironclad.connect { instance = "%instance", client_id = "%id", client_secret = "%secret",
      as_user = "jane.doe@example.com", shared = "%shared" }
    local tally = ngx.shared.tally
    local now = 0
    receiver = client.webhooks:receiver {
      inbox = "shared", consumers = %consumers,
      on = { workflow_completed = function(event)
        now = now + 1
        if now > (tally:get "most" or 0) then tally:set("most", now) end
        ironclad.must(client.workflows:list { pageSize = 1 })
        ngx.sleep(0.02)
        now = now - 1
        tally:incr("workflow-" .. event.payload.workflowID, 1, 0)
        tally:incr("worker-" .. ngx.worker.id(), 1, 0)
        tally:incr("handled", 1, 0)
      end },
      on_error = function(_, err) ngx.log(ngx.ERR, "failed: ", tostring(err)) end,
    }
  }
  server {
    listen 127.0.0.1:%port;
    location /tally { content_by_lua_block { ngx.print(ngx.shared.tally:get(ngx.var.arg_key) or 0) } }
    location /put {
      content_by_lua_block {
        for n = 1, 40 do
          local text = ('{"payload":{"event":"workflow_completed","workflowID":"%d"}}'):format(n)
          assert(receiver:inbox():put("nginx" .. n, text))
        end
      }
    }
    location /work { content_by_lua_block { ngx.print((receiver:work { consumers = 3 })) } }
  }
]]

describe("The shared inbox in nginx", function()
  local redis, sandbox, client
  setup(function()
    redis = redis_server.start()
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false })
    client = ironclad.connect { instance = sandbox.instance, client_id = sandbox.client_id,
      client_secret = sandbox.client_secret, as_user = "jane.doe@example.com", shared = redis.address }
  end)
  teardown(function()
    sandbox:stop()
    redis:stop()
  end)
  -- The ids of each test are its own: an event that has been handled is not taken again.
  local test = 0
  before_each(function() test = test + 1 end)

  local function start(consumers)
    return nginx.start { lua = true, http = SERVER, workers = 2, values = { instance = sandbox.instance,
      id = sandbox.client_id, secret = sandbox.client_secret, shared = redis.address,
      consumers = tostring(consumers) } }
  end

  local function put(from, to)
    local box = client.webhooks:receiver { inbox = "shared", on = { ["*"] = print } }:inbox()
    for n = from, to do
      local text = ('{"payload":{"event":"workflow_completed","workflowID":"%d"}}'):format(n)
      assert(box:put(("id%d-%d"):format(test, n), text))
    end
    return box
  end

  local function tally(server, key) return tonumber((nginx.get(server, "/tally?key=" .. key))) end

  local function handled(server, count)
    peer.eventually(function()
      local sum = tally(server, "handled")
      return sum >= count, ("%d of %d handled\n%s"):format(sum, count, server.error_log())
    end)
  end

  it("is worked on by timers of every worker, several events at once, each once", function()
    local box = put(1, 30)
    local server = start(4)
    handled(server, 30)
    for n = 1, 30 do assert.equal(1, tally(server, "workflow-" .. n)) end
    assert.truthy(tally(server, "most") > 1 and tally(server, "most") <= 4, tally(server, "most"))
    peer.eventually(function() return #box:list() == 0 end) -- the last one is removed after its handler
    assert.falsy(server.error_log():find "failed: ")
    server.stop()
  end)

  it("is worked on in a request, too", function()
    local server = start(1)
    put(1, 6)
    local count = tonumber((nginx.get(server, "/work")))
    assert.truthy(count and count >= 0, server.error_log())
    handled(server, 6)
    server.stop()
  end)

  it("loses nothing when a worker is killed", function()
    local server = start(2)
    local box = put(1, 20)
    server.workers():gsub("%d+", function(id) peer.shell("kill -KILL " .. id) end, 1)
    -- What it had in hand is due after the lease, which is over here.
    peer.eventually(function()
      if #box:list() == 0 then return true end
      local key = redis:command "keys '*inbox:events'"
      redis:command(([[eval "for _, p in ipairs(redis.call('xpending', KEYS[1], 'ironclad', '-', '+', 100)) do ]]
        .. [[if p[3] > 2000 then redis.call('xclaim', KEYS[1], 'ironclad', p[2], 0, p[1], 'idle', 400000, ]]
        .. [['retrycount', p[4], 'justid') end end" 1 '%s']]):format(key))
    end)
    for n = 1, 20 do
      local times = tally(server, "workflow-" .. n)
      assert.truthy(times == 1 or times == 2, times)
    end
    server.stop()
  end)

  it("loses nothing when Redis is emptied", function()
    local server = start(1)
    nginx.get(server, "/put")
    redis:command "flushall"
    for n = 1, 40 do peer.eventually(function() return tally(server, "workflow-" .. n) > 0 end) end
    server.stop()
  end)
end)
