-- Work in nginx's timers when other timers leave none: token stores written in Lua, and callbacks of phases that cannot
-- wait.
local nginx = require "spec.support.nginx"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

-- A connection whose store logs its steps, and one timer, which /occupy holds until /free. /get?deadline=… answers with
-- the workflow, or the error; /steps with the steps; /exit makes the store end its timer.
local SERVER = [[
  lua_max_running_timers 1;
  lua_max_pending_timers %pending;
  init_by_lua_block {
    ironclad = require "ironclad"
    steps, occupied, exits, pause = {}, 0, false, 0
    local token
    local function step(name)
      return function()
        steps[#steps + 1] = name
        if exits then ngx.exit(200) end
        ngx.sleep(pause)
        return name == "load" and { access_token = "a", expires_at = 4e9 } or nil
      end
    end
    function connect()
      return ironclad.connect { instance = "%url", client_id = "id", client_secret = "a secret", as_user = false,
        rate_limit = false, max_retries = 0,
        store = { load = step "load", save = step "save", lock = step "lock", unlock = step "unlock" } }
    end
  }
  server {
    listen 127.0.0.1:%port;
    lua_check_client_abort on;
    location = /occupy { content_by_lua_block {
      ngx.timer.at(0, function()
        occupied = 1
        repeat ngx.sleep(0.01) until occupied == 0
      end)
      repeat ngx.sleep(0.001) until occupied == 1
    } }
    location = /free { content_by_lua_block { occupied = 0 } }
    location = /fill { content_by_lua_block { repeat until not ngx.timer.at(3600, function() end) } }
    location = /slow { content_by_lua_block { pause = 0.05 } }
    location = /exit { content_by_lua_block { exits = ngx.var.arg_on == "1" } }
    location = /collect { content_by_lua_block { collectgarbage() collectgarbage() } }
    location = /steps { content_by_lua_block { ngx.print(table.concat(steps, " ")) } }
    location = /get { content_by_lua_block {
      local value, err = connect().workflows:get("w1", { deadline = tonumber(ngx.var.arg_deadline) })
      ngx.say(value and value.id or err.kind .. " " .. tostring(err))
    } }
    location = /told { content_by_lua_block { ngx.print(told or "nothing") } }
    location = /later {
      return 204;
      log_by_lua_block {
        connect().workflows:get("w1", { callback = function(value, err)
          told = value and value.id or tostring(err)
        end })
      }
    }
  }
]]

describe("nginx without a timer", function()
  local server
  local function start(pending)
    server = nginx.start { lua = true, http = SERVER,
      values = { url = peer.url(scene.answering { scene.GOOD }), pending = tostring(pending or 1024) } }
  end
  after_each(function()
    server.stop()
    scene.stop()
  end)

  local function get(path) return (nginx.get(server, path)) end

  it("asks a token store when a timer becomes free", function()
    start()
    get "/occupy"
    local waiting = nginx.start_get(server, "/get?deadline=60")
    peer.eventually(function() return server.error_log():find("lua_max_running_timers are not enough", 1, true) end)
    assert.are.equal("", get "/steps")
    get "/free"
    assert.are.equal("w1\n", waiting.body())
    assert.are.equal("lock load unlock", get "/steps")
  end)

  it("returns an error that names the directive, and leaves the store alone", function()
    start()
    get "/occupy"
    assert.matches("^store workflows:get: the token store cannot lock: nginx ran no timer [^\n]*lua_max_running_timers",
      get "/get?deadline=1")
    assert.are.equal("", get "/steps")
    get "/free"
    assert.are.equal("w1\n", get "/get?deadline=60")
    assert.are.equal("lock load unlock", get "/steps")
  end)

  it("names the directive to every call that waits, whichever deadline is first, and whoever has gone", function()
    start()
    get "/occupy"
    local first = nginx.start_get(server, "/get?deadline=60")
    peer.eventually(function() return server.error_log():find("lua_max_running_timers are not enough", 1, true) end)
    local second = nginx.start_get(server, "/get?deadline=60")
    assert.matches("^timeout [^\n]*the deadline passed [^\n]*lua_max_running_timers", get "/get?deadline=0.2")
    assert.are.equal("", first.leave())
    assert.matches("^store [^\n]*lua_max_running_timers", second.body())
    assert.are.equal("", get "/steps")
  end)

  it("returns an error at once when no timer can be made", function()
    start(16)
    get "/fill"
    assert.matches("^store [^\n]*too many pending timers %(raise lua_max_pending_timers%)", get "/get?deadline=60")
    assert.are.equal("", get "/steps")
    assert.are.equal("204", (nginx.get(server, "/later", "-o /dev/null -w '%{http_code}'")))
    peer.eventually(function()
      local told = get "/told"
      return told:find("too many pending timers (raise lua_max_pending_timers) [cancelled, outcome un", 1, true), told
    end)
  end)

  it("calls a callback when a timer becomes free", function()
    start()
    get "/occupy"
    get "/later"
    peer.eventually(function()
      return select(2, server.error_log():gsub("lua_max_running_timers are not enough", "")) > 1
    end)
    assert.are.equal("nothing", get "/told")
    get "/free"
    peer.eventually(function()
      local told = get "/told"
      return told == "w1", told
    end)
    assert.are.equal("lock load unlock", get "/steps")
  end)

  it("ends what it does for a store although its request has gone", function()
    start()
    get "/slow"
    local going = nginx.start_get(server, "/get?deadline=60")
    peer.eventually(function() return get "/steps" == "lock" end)
    going.leave()
    peer.eventually(function() return get "/steps" == "lock load unlock" end)
    assert.are.equal("w1\n", get "/get?deadline=60")
  end)

  it("asks a store again that has ended its timer in the middle", function()
    start()
    get "/exit?on=1"
    local first = nginx.start_get(server, "/get?deadline=60")
    peer.eventually(function() return get "/steps" == "lock" end)
    get "/exit?on=0"
    peer.eventually(function()
      get "/collect"
      return get "/steps" == "lock unlock", get "/steps"
    end)
    assert.matches("^store [^\n]*failed to lock: it did not answer", first.body())
    assert.are.equal("w1\n", get "/get?deadline=60")
    assert.are.equal("lock unlock lock load unlock", get "/steps")
  end)

  it("ends its worker at once", function()
    start()
    assert.are.equal("w1\n", get "/get?deadline=60")
    local worker = server.workers()
    server.signal "HUP"
    peer.eventually(function() return not server.workers():find(worker, 1, true) end)
  end)
end)
