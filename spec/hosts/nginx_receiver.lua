-- receiver:nginx(): workers that get real deliveries of the sandbox, share what they have seen, and an inbox.
local local_ironclad = require "spec.support.local_ironclad"
local nginx = require "spec.support.nginx"
local peer = require "spec.support.peer"

local must = local_ironclad.must

-- /plain handles before the answer, /kept in the inbox, and so does /two, with two consumers. An event's handler counts
-- it in the dictionary `counts`, and waits for a call; that of workflow_paused takes until `go` is set.
local SERVER = [[
  lua_shared_dict seen 1m;
  lua_shared_dict counts 1m;
  client_body_buffer_size 4k;
  lua_max_running_timers %timers;
  init_worker_by_lua_block {
    local client = require("ironclad").connect {
      instance = "%instance", client_id = "%id", client_secret = "%secret", as_user = "%email", rate_limit = false,
    }
    local counts = ngx.shared.counts
    local function count(event)
      counts:incr(event.name, 1, 0)
      local workflow, err = event:resource()
      if workflow then counts:incr("found", 1, 0) elseif err.kind ~= "not_found" then error(tostring(err)) end
    end
    local function wait(event)
      counts:set("pid", ngx.worker.pid())
      counts:incr("begun", 1, 0)
      repeat ngx.sleep(0.01) until counts:get "go" or counts:get("go" .. ngx.worker.pid())
      count(event)
    end
    local function fail() error("the database\nis down") end
    local function leave(event)
      count(event)
      ngx.exit(500)
    end
    local on = { ["*"] = count, workflow_paused = wait, workflow_cancelled = fail, workflow_resumed = leave }
    plain = client.webhooks:receiver { on = on, seen = "shared:seen" }
    kept = client.webhooks:receiver { on = on, seen = "shared:seen", inbox = "%folder/inbox", tries = 1 }
    two = client.webhooks:receiver { on = on, seen = "shared:seen", inbox = "%folder/two", consumers = 2 }
  }
  server {
    listen 127.0.0.1:%port;
    lua_check_client_abort on;
    location = /plain { content_by_lua_block { plain:nginx() } }
    location = /kept { content_by_lua_block { kept:nginx() } }
    location = /two { content_by_lua_block { two:nginx() } }
    location = /count { content_by_lua_block { ngx.print(ngx.shared.counts:get(ngx.var.arg_name) or 0) } }
    location = /put { content_by_lua_block { kept:inbox():put("id", '{"payload":{"event":"test"}}') } }
    location = /block { content_by_lua_block {
      ngx.timer.at(0, function() repeat ngx.sleep(0.01) until ngx.shared.counts:get "go" end)
    } }
    location = /go { content_by_lua_block { ngx.shared.counts:set("go" .. (ngx.var.arg_pid or ""), true) } }
  }
]]

-- Each request makes a receiver with an inbox.
local EACH = [[
  lua_shared_dict counts 1m;
  server {
    listen 127.0.0.1:%port;
    location = /kept {
      lua_code_cache %cache;
      content_by_lua_block {
        local client = require("ironclad").connect {
          instance = "%instance", client_id = "%id", client_secret = "%secret", as_user = "%email", rate_limit = false,
        }
        client.webhooks:receiver { inbox = "%folder/each", seen = "memory", on = {
          ["*"] = function(event) ngx.shared.counts:incr(event.name, 1, 0) end,
        } }:nginx()
      }
    }
    location = /count { content_by_lua_block { ngx.print(ngx.shared.counts:get(ngx.var.arg_name) or 0) } }
    location = /pending { content_by_lua_block { ngx.print(ngx.timer.pending_count()) } }
  }
]]

describe("a receiver in nginx", function()
  local sandbox, client, folder, site, webhook

  local function start(workers, timers)
    site = nginx.start { lua = true, workers = workers, http = SERVER, values = { folder = folder, timers = timers,
      instance = sandbox.url, id = sandbox.client_id, secret = sandbox.client_secret, email = sandbox.as_user } }
  end

  before_each(function()
    sandbox, client = local_ironclad.start { clock = "2026-03-01T09:00:00Z" }
    for one in client.webhooks:each() do must(client.webhooks:delete(one.id)) end
    folder = peer.temporary_folder()
    start(2, "256")
  end)
  after_each(function()
    site.stop()
    sandbox:stop()
    peer.remove_folder(folder)
  end)

  local function listen(path)
    webhook = must(client.webhooks:ensure {
      targetURL = ("http://127.0.0.1:%d%s"):format(site.port, path), events = { "*" },
    })
  end

  -- The headers of a delivery, for curl.
  local function headers_of(delivery)
    local words = {}
    for name, value in pairs(delivery.headers) do words[#words + 1] = " -H " .. peer.quoted(name .. ": " .. value) end
    return table.concat(words)
  end

  local function count(name) return tonumber((nginx.get(site, "/count?name=" .. name))) end

  -- Waits until everything has been delivered; what was answered 503 is due again after its pause.
  local function deliver()
    for _ = 1, 12 do
      local status = assert(sandbox:settle_deliveries())
      if status.pending == 0 then return end
      sandbox:advance(status.next_in)
    end
    error "not delivered"
  end

  it("handles each event once, whichever workers its deliveries come to", function()
    listen "/plain"
    sandbox:deliveries_at_once(16)
    sandbox:duplicate_deliveries(4)
    local workflow = must(local_ironclad.launch(client))
    for i = 1, 10 do must(workflow:create_comment { comment = "comment " .. i }) end
    deliver()
    assert.are.equal(44, sandbox:delivery_status().delivered)
    assert.are.same({ 1, 10, 11 }, { count "workflow_launched", count "workflow_comment_added", count "found" })
  end)

  it("answers 503 while another worker handles the event, and then 200", function()
    listen "/plain"
    sandbox:send_event "workflow_paused"
    peer.eventually(function() return count "begun" == 1 end)
    local id = sandbox:deliveries()[1].id
    for _ = 1, 4 do sandbox:redeliver { id = id, at_once = true } end
    peer.eventually(function()
      local statuses = {}
      for _, delivery in ipairs(sandbox:deliveries()) do statuses[delivery.status or 0] = true end
      return statuses[503] and sandbox:delivery_status().sending == 1
    end)
    assert.are.equal(1, count "begun")
    nginx.get(site, "/go")
    deliver()
    assert.are.same({ 5, 1 }, { sandbox:delivery_status().delivered, count "workflow_paused" })
  end)

  it("handles an event to its end when its client goes away", function()
    listen "/plain"
    sandbox:hold_deliveries()
    sandbox:send_event "workflow_paused"
    local delivery = sandbox:deliveries()[1]
    peer.write_file(folder .. "/body", delivery.body)
    local sender = nginx.start_get(site, "/plain", "--data-binary @" .. peer.quoted(folder .. "/body")
      .. headers_of(delivery))
    peer.eventually(function() return count "begun" == 1 end)
    assert.are.equal("", sender.leave())
    assert.are.equal(0, count "workflow_paused")
    nginx.get(site, "/go")
    peer.eventually(function() return count "workflow_paused" == 1 end)
    sandbox:release_deliveries()
    deliver()
    assert.are.same({ 1, 1 }, { sandbox:delivery_status().delivered, count "workflow_paused" })
  end)

  it("handles what is in the inbox after the answer", function()
    listen "/kept"
    local workflow = must(local_ironclad.launch(client))
    for i = 1, 10 do must(workflow:create_comment { comment = "comment " .. i }) end
    deliver()
    peer.eventually(function() return count "found" == 11 end)
    assert.are.same({ 1, 10 }, { count "workflow_launched", count "workflow_comment_added" })
  end)

  for path, consumers in pairs { ["/kept"] = 1, ["/two"] = 2 } do
    it(("handles %d of an inbox at once in a worker"):format(consumers), function()
      site.stop()
      start(1, "256")
      listen(path)
      for _ = 1, 5 do sandbox:send_event "workflow_paused" end
      deliver()
      peer.eventually(function() return count "begun" == consumers end)
      nginx.get(site, "/put") -- which this worker also does, so the timers of the deliveries have run
      assert.are.equal(consumers, count "begun")
      nginx.get(site, "/go")
      peer.eventually(function() return count "workflow_paused" == 5 end)
    end)
  end

  it("handles the other events when a handler ends its timer", function()
    site.stop()
    start(1, "256")
    listen "/kept"
    sandbox:send_event "workflow_resumed"
    sandbox:send_event "workflow_launched"
    deliver()
    peer.eventually(function() return count "workflow_launched" == 1 end)
    assert.are.equal(1, count "workflow_resumed")
    assert.are.equal(1, select(2, peer.shell("ls " .. peer.quoted(folder) .. "/inbox/dead"):gsub("%.json", "")))
    assert.is_truthy(site.error_log():find "%[error%][^\n]*workflow_resumed: its handler has ended the timer")
  end)

  it("leaves the inbox to the next workers when nginx ends its own", function()
    site.stop()
    start(1, "256")
    listen "/kept"
    for _ = 1, 3 do sandbox:send_event "workflow_paused" end
    deliver()
    peer.eventually(function() return count "begun" == 1 end)
    local before = site.workers():match "%d+"
    site.signal "HUP"
    peer.eventually(function() return count "begun" == 2 end) -- one in each worker
    peer.eventually(function() return site.error_log():find("gracefully shutting down", 1, true) end)
    nginx.get(site, "/go?pid=" .. before)
    peer.eventually(function() return not site.workers():find(before, 1, true) end)
    assert.are.same({ 2, 1 }, { count "begun", count "workflow_paused" })
    nginx.get(site, "/go")
    peer.eventually(function() return count "workflow_paused" == 3 end)
  end)

  it("handles an event again whose worker was killed", function()
    listen "/kept"
    sandbox:send_event "workflow_paused"
    deliver()
    peer.eventually(function() return count "begun" == 1 end)
    peer.shell("kill -9 " .. count "pid")
    peer.eventually(function() return count "begun" == 2 end)
    nginx.get(site, "/go")
    peer.eventually(function() return count "workflow_paused" == 1 end)
    peer.eventually(function() return peer.shell("ls " .. peer.quoted(folder) .. "/inbox/new") == "" end)
  end)

  it("handles what is in the inbox when nginx had no timer left in between", function()
    site.stop()
    start(1, "1")
    nginx.get(site, "/block")
    peer.eventually(function() return site.error_log():find("lua_max_running_timers are not enough", 1, true) end)
    nginx.get(site, "/go")
    nginx.get(site, "/put")
    peer.eventually(function() return count "test" == 1 end)
  end)

  it("with an inbox is refused where nginx has no timers, before its folder is made", function()
    local fine, problem = pcall(nginx.start, { lua = true, folder = folder, http = [[
      init_by_lua_block {
        local client = require("ironclad").connect { instance = "https://127.0.0.1:1", token = "t", as_user = false }
        client.webhooks:receiver { inbox = "%folder/early", on = { ["*"] = function() end } }
      }
    ]] })
    assert.is_false(fine)
    assert.matches("receiver: inbox: nginx has no timers in init_by_lua; make the receiver in init_worker_by_", problem)
    assert.matches("No such file", (peer.shell("ls " .. peer.quoted(folder) .. "/early")))
  end)

  for cache, least in pairs { on = 2, off = 0 } do
    it("does not stay when it was made by a request: lua_code_cache " .. cache, function()
      site.stop()
      site = nginx.start { lua = true, workers = 1, http = EACH, values = { folder = folder, cache = cache,
        instance = sandbox.url, id = sandbox.client_id, secret = sandbox.client_secret, email = sandbox.as_user } }
      listen "/kept"
      for _ = 1, 20 do sandbox:send_event "workflow_launched" end
      deliver()
      peer.eventually(function() return count "workflow_launched" == 20 end)
      peer.eventually(function()
        local pending = tonumber((nginx.get(site, "/pending")))
        return pending <= least, pending
      end)
    end)
  end

  it("says in nginx's log why an event could not be handled, and not why a request was refused", function()
    listen "/plain"
    sandbox:send_event "workflow_cancelled"
    assert(sandbox:settle_deliveries())
    assert.are.equal(500, sandbox:deliveries()[1].status)
    peer.eventually(function()
      return site.error_log():find "%[error%][^\n]*ironclad: event %S+ workflow_cancelled: [^\n]*the database is down"
    end)
    sandbox:send_event { event = "workflow_updated", forge = "key", webhook = webhook }
    assert(sandbox:settle_deliveries())
    assert.is_nil(site.error_log():find("signature", 1, true))
  end)

  it("refuses what is forged or too large, and takes a body that nginx has put into a file", function()
    listen "/plain"
    local payload = { text = ("x"):rep(900 * 1024) }
    sandbox:send_event { event = "workflow_updated", payload = payload }
    deliver()
    assert.are.equal(1, count "workflow_updated")
    for _, forgery in ipairs { "key", "signature", "body", "event_id", "nonce", "unsigned" } do
      sandbox:send_event { event = "workflow_updated", payload = payload, forge = forgery, webhook = webhook }
    end
    sandbox:send_event { event = "workflow_updated", companyID = "another", webhook = webhook }
    assert(sandbox:settle_deliveries())
    local statuses = {}
    for i, delivery in ipairs(sandbox:deliveries()) do statuses[i] = delivery.status end
    assert.are.same({ 200, 401, 401, 401, 401, 401, 401, 403 }, statuses)
    assert.are.equal(1, count "workflow_updated")
    peer.shell(("head -c 2000000 /dev/zero > %s/large"):format(peer.quoted(folder)))
    local status = "-o /dev/null -w '%{http_code}' "
    local large = status .. "--data-binary @" .. peer.quoted(folder .. "/large") .. headers_of(sandbox:deliveries()[1])
    assert.are.equal("413", (nginx.get(site, "/plain", large)))
    assert.are.equal("413", (nginx.get(site, "/plain", large .. " -H 'Transfer-Encoding: chunked'")))
    assert.are.equal("401", (nginx.get(site, "/plain", status)))
  end)
end)
