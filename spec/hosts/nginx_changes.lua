-- Loops that follow changes in timers of nginx's workers.
local local_ironclad = require "spec.support.local_ironclad"
local nginx = require "spec.support.nginx"
local peer = require "spec.support.peer"

local must = local_ironclad.must

-- Every worker follows with the same state. `counts` has how often each record came, and the worker that got the last.
local SERVER = [[
  lua_shared_dict counts 1m;
  init_worker_by_lua_block {
    local client = require("ironclad").connect {
      instance = "%instance", client_id = "%id", client_secret = "%secret", as_user = "%email", rate_limit = false,
    }
    local function follow()
      for record in client.records:changes { state = %state, types = { "mutualNDA" } }:follow { every = %every } do
        ngx.shared.counts:incr(record.id, 1, 0)
        ngx.shared.counts:set("pid", ngx.worker.pid())
      end
      ngx.log(ngx.NOTICE, "the loop has ended")
    end
    ngx.timer.at(0, follow)
  }
  server {
    listen 127.0.0.1:%port;
    location = /count { content_by_lua_block { ngx.print(ngx.shared.counts:get(ngx.var.arg_key) or 0) } }
  }
]]

describe("a loop that follows changes in nginx", function()
  local sandbox, client, folder, site

  local function start(workers, every)
    site = nginx.start { lua = true, workers = workers, http = SERVER, values = { instance = sandbox.url,
      id = sandbox.client_id, secret = sandbox.client_secret, email = sandbox.as_user, every = tostring(every),
      state = ("%q"):format(folder .. "/state") } }
  end

  before_each(function()
    sandbox, client = local_ironclad.start {}
    folder = peer.temporary_folder()
  end)
  after_each(function()
    site.stop()
    sandbox:stop()
    peer.remove_folder(folder)
  end)

  local function count(key) return tonumber((nginx.get(site, "/count?key=" .. key))) end

  local function create()
    return must(client.records:create { type = "mutualNDA", name = "An NDA", properties = {} }).id
  end

  local function await(id)
    peer.eventually(function() return count(id) > 0, site.error_log() end)
    assert.are.equal(1, count(id))
  end

  local function await_end(workers)
    peer.eventually(function()
      local now = site.workers()
      for id in workers:gmatch "%d+" do
        if now:find(id, 1, true) then return false, site.error_log() end
      end
      return true
    end)
  end

  it("ends with its worker, and those of the next workers continue", function()
    start(2, 0.05)
    await(create())
    for _ = 1, 2 do
      local before = site.workers()
      site.signal "HUP"
      await_end(before)
      await(create())
    end
    assert.is_nil(site.error_log():find "%[error%]")
  end)

  it("does not hold up its worker while it sleeps", function()
    start(1, 3600)
    local id = create()
    peer.eventually(function() return peer.shell("ls " .. folder):find "state\n" end)
    local before = site.workers()
    site.signal "HUP"
    await_end(before)
    assert.is_truthy(site.error_log():find("the loop has ended", 1, true))
    await(id)
  end)

  it("continues in another worker when its worker is killed", function()
    start(2, 0.05)
    await(create())
    peer.shell("kill -KILL " .. count "pid")
    await(create())
  end)
end)
