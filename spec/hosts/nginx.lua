-- The shared list in nginx, and what is nginx's own.
local host = require "spec.support.host"
local nginx = require "spec.support.nginx"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local READ, GOOD = { "read" }, scene.GOOD

local world = host.scene()

-- %settings is the file with the options of ironclad.connect; each worker makes its client at its first request.
local SERVER = [[
  lua_shared_dict ironclad 1m;
  lua_max_running_timers %timers;
  lua_socket_log_errors off;
  init_by_lua_block {
    ironclad = require "ironclad"
    settings = dofile "%settings"
    function client()
      one = one or ironclad.connect(settings.connection)
      return one
    end
    function list() return client().workflows:list { pageSize = 1 } end
  }
  server {
    listen 127.0.0.1:%port backlog=4096;
    lua_check_client_abort on;
    location /ping { content_by_lua_block { ngx.say "pong" } }
    location /shared { content_by_lua_block { ngx.print(require("spec.hosts.shared").run(settings)) } }
    location /timer { content_by_lua_block {
      local text
      ngx.timer.at(0, function() text = require("spec.hosts.shared").run(settings) end)
      repeat ngx.sleep(0.01) until text
      ngx.print(text)
    } }
    location /get { content_by_lua_block {
      local value, err = client().workflows:get "w1"
      ngx.say(value and value.id or err.kind .. " " .. tostring(err))
    } }
    location /count { content_by_lua_block { ngx.say(#list().list) } }
    location /rewrite { rewrite_by_lua_block { ngx.say(#list().list) ngx.exit(200) } }
    location /access { access_by_lua_block { ngx.say(#list().list) ngx.exit(200) } }
    location /filter {
      content_by_lua_block { ngx.say "body" }
      header_filter_by_lua_block {
        local value, err = list()
        ngx.header["X-Answer"] = tostring(value) .. " " .. err.kind .. " " .. err.outcome
      }
    }
    location /later {
      content_by_lua_block {
        if told then ngx.say(told) else ngx.say "not yet" end
      }
      log_by_lua_block {
        client().workflows:list({ pageSize = 1 }, { callback = function(page) told = #page.list end })
      }
    }
    %locations
  }
]]

local servers = {}

-- nginx with a connection of its own -> the server.
local function start(settings, options)
  options = options or {}
  local file = peer.temporary_folder() .. "/settings.lua"
  peer.write_file(file, "return { connection = " .. host.quoted(settings) .. " }")
  local values = { settings = file, locations = options.locations or "",
    timers = tostring(options.timers or 256) }
  local server = nginx.start {
    lua = true, http = SERVER, values = values, workers = options.workers, connections = options.connections,
    main = options.main, environment = options.environment,
  }
  server.file = file
  servers[#servers + 1] = server
  return server
end

local function stop_all()
  for _, server in ipairs(servers) do
    server.stop()
    peer.remove_folder((server.file:gsub("/[^/]*$", "")))
  end
  servers = {}
  scene.stop()
end

-- To a scripted server.
local function start_before(upstream, options)
  local settings = {
    instance = peer.url(upstream), token = "t", as_user = false, max_retries = 0, rate_limit = false,
    max_in_flight = 1000,
  }
  for name, value in pairs(options and options.connection or {}) do settings[name] = value end
  return start(settings, options)
end

local function sockets_of(folder) return peer.shell("ls -A " .. peer.quoted(folder) .. " 2>/dev/null | wc -l") end

local hosts_server = nginx.start {
  lua = true, http = SERVER, values = { settings = world.folder .. "/settings.lua", locations = "", timers = "256" },
  connections = 512,
}
teardown(function()
  hosts_server.stop()
  world.stop()
end)

for _, where in ipairs { "/shared", "/timer" } do
  describe("nginx, " .. where, function()
    for _, result in ipairs(host.results((nginx.get(hosts_server, where)))) do
      it(result.name, function() assert.is_true(result.ok, result.text) end)
    end
  end)
end

describe("nginx's own", function()
  after_each(stop_all)

  for _, where in ipairs { "/rewrite", "/access", "/count" } do
    it("phases that may wait: " .. where, function()
      assert.are.equal("1\n", (nginx.get(hosts_server, where)))
    end)
  end

  it("phases that may not wait get an error, or a callback", function()
    assert.matches("X%-Answer: nil cancelled not_done\r\n", (nginx.get(hosts_server, "/filter", "-i")))
    nginx.get(hosts_server, "/later")
    peer.eventually(function() return nginx.get(hosts_server, "/later") == "1\n" end)
  end)

  it("phases that may not wait have more callbacks than nginx runs timers", function()
    local server = start_before(scene.answering { GOOD }, { locations = [[
      location /many {
        content_by_lua_block { ngx.say "body" }
        log_by_lua_block {
          local run = require "ironclad.calls.run"
          -- Each waits until all have begun.
          for _ = 1, 10 do
            ironclad.spawn(function()
              begun = (begun or 0) + 1
              while begun < 100 do run.sleep(client(), 0.01) end
              ended = (ended or 0) + 1
            end)
          end
        }
      }
      location /ended { content_by_lua_block { ngx.say(ended or 0) } }
    ]], timers = 20 })
    for _ = 1, 10 do nginx.get(server, "/many") end
    peer.eventually(function() return nginx.get(server, "/ended") == "100\n" end)
  end)

  it("phases that may not wait do not wait for tasks, either", function()
    local server = start_before(scene.answering { GOOD }, { locations = [[
      location /tasks {
        content_by_lua_block { ngx.say "body" }
        header_filter_by_lua_block {
          local function get() return client().workflows:get "w1" end
          local task = ironclad.spawn(get)
          ngx.header["X-Wait"] = select(2, pcall(task.wait, task))
          ngx.header["X-Map"] = select(2, pcall(client().map, client(), { 1 }, get))
        }
      }
    ]] })
    local answer = nginx.get(server, "/tasks", "-i")
    assert.matches("X%-Wait: nginx cannot wait in its phase header_filter", answer)
    assert.matches("X%-Map: [^\n]*map: nginx cannot wait in its phase header_filter", answer)
    assert.are.equal("w1\n", (nginx.get(server, "/get")))
  end)

  it("calls inside a C function are refused before they are sent, or have a callback", function()
    local upstream = scene.answering { GOOD }
    local server = start_before(upstream, { locations = [[
      location /inside { content_by_lua_block {
        local errors, sorted, space = {}, { 1, 2 }, " "
        local function get(options) return client().workflows:get("w1", options) end
        local function keep(_, err) errors[#errors + 1] = err.outcome .. " " .. tostring(err) end
        table.sort(sorted, function(a, b)
          if #errors == 0 then keep(client().workflows:launch { template = "t", attributes = {} }) end
          return a > b
        end)
        space:gsub(" ", function() keep(get()) end)
        space:gsub(" ", function() keep(nil, { outcome = select(2, pcall(client().map, client(), { 1 }, get)) }) end)
        local value
        space:gsub(" ", function() get { callback = function(answer) value = answer.id end } end)
        repeat ngx.sleep(0.001) until value
        ngx.say(table.concat(errors, "\n"), "\n", value)
      } }
    ]] })
    local why = ".-nginx cannot wait inside a C function, such as table.sort or string.gsub.-\n"
    assert.matches("^not_done workflows:launch" .. why .. "not_done workflows:get" .. why .. "[^\n]*map: " .. why
      .. "w1\n", (nginx.get(server, "/inside")))
    assert.are.same({ "GET /public/api/v1/workflows/w1" }, scene.targets(upstream))
  end)

  it("request that ends leaves its tasks to no other", function()
    local server = start_before(scene.answering { GOOD }, { locations = [[
      location /leave {
        content_by_lua_block {
          local run = require "ironclad.calls.run"
          for _ = 1, 5 do ironclad.spawn(run.sleep, client(), 3600) end
          ngx.exit(200)
        }
      }
      location /run {
        content_by_lua_block {
          local value
          ironclad.spawn(function() value = client().workflows:get "w1" end)
          ironclad.run()
          ngx.say(value.id)
        }
      }
    ]] })
    for _ = 1, 3 do
      nginx.get(server, "/leave")
      for _ = 1, 3 do assert.are.equal("w1\n", (nginx.get(server, "/run", "-m 20"))) end
    end
  end)

  it("request that ends ends the wait of others for its tasks", function()
    local upstream = scene.serve { connections = { { READ, { "hang" } } } }
    local server = start_before(upstream, { locations = [[
      location /start { content_by_lua_block {
        shared = ironclad.spawn(function() return client().workflows:get "w1" end)
        ngx.sleep(3600)
      } }
      location /wait { content_by_lua_block {
        ngx.say(tostring(select(2, pcall(shared.wait, shared))))
      } }
    ]] })
    local starting = nginx.start_get(server, "/start")
    upstream:await(1)
    local waiting = nginx.start_get(server, "/wait")
    assert.are.equal("", starting.leave())
    assert.are.equal("nginx has ended the request or timer that the task was started in\n", waiting.body())
  end)

  it("worker waits for many calls at once, and loses none in a storm", function()
    local upstream = scene.answering { GOOD }
    local server = start_before(upstream, { connections = 8192 })
    local output = peer.shell(("ulimit -n 8192; curl -sS -m 60 --no-keepalive -Z --parallel-max 300 "
      .. "'http://127.0.0.1:%d/get?[1-1500]'"):format(server.port))
    assert.are.equal(1500, select(2, output:gsub("w1\n", "")))
  end)

  it("request may start 5,000 calls at once", function()
    local server = start_before(scene.answering { GOOD }, { locations = [[
      location /many { content_by_lua_block {
        local good = 0
        for _ = 1, 5000 do
          ironclad.spawn(function()
            local value = client().workflows:get "w1"
            good = good + (value and 1 or 0)
          end)
        end
        ironclad.run()
        ngx.say(good)
      } }
    ]] })
    assert.are.equal("5000\n", (nginx.get(server, "/many")))
  end)

  it("worker that ends leaves no file", function()
    local folder = peer.temporary_folder()
    local server = start_before(scene.answering { GOOD }, {
      connection = { socket_dir = folder .. "/own" }, workers = 2,
    })
    assert.are.equal("w1\n", (nginx.get(server, "/get")))
    assert.matches("^1%s", sockets_of(folder .. "/own"))
    server.signal "QUIT"
    peer.eventually(function() return sockets_of(folder .. "/own"):match "^0%s" end)
    peer.remove_folder(folder)
  end)

  it("reload lets calls in flight end", function()
    local upstream = scene.serve { connections = { { READ, { "gate" }, { "send", GOOD } },
      { READ, { "send", GOOD } } } }
    local server = start_before(upstream)
    local first = nginx.start_get(server, "/get")
    upstream:await(1)
    server.signal "HUP"
    peer.eventually(function() return #server.workers():gsub("%S", "") >= 2 end)
    assert.are.equal("w1\n", (nginx.get(server, "/get")))
    upstream:release()
    assert.are.equal("w1\n", first.body())
  end)

  it("client that goes away cancels its call", function()
    local upstream = scene.serve { connections = { { READ, { "hang" } }, { READ, { "send", GOOD } } } }
    local server = start_before(upstream, { connection = { max_in_flight = 1 } })
    local first = nginx.start_get(server, "/get")
    upstream:await(1)
    assert.are.equal("", first.leave())
    -- Its in-flight permit is free again.
    assert.are.equal("w1\n", (nginx.get(server, "/get")))
  end)

  it("client that goes away leaves a launch that was sent to finish", function()
    local upstream = scene.serve { connections = { { READ, { "gate" }, { "send", GOOD } },
      { READ, { "send", GOOD } } } }
    local server = start_before(upstream, {
      connection = { max_in_flight = 1 },
      locations = [[
        location /launch { content_by_lua_block {
          client().workflows:launch { template = "t", attributes = {} }
        } }
        location /collect { content_by_lua_block { collectgarbage() collectgarbage() ngx.say "done" } }
        location /numbers { content_by_lua_block {
          local numbers = ironclad.stats()
          ngx.print(numbers.in_flight, " of ", numbers.pending)
        } }
      ]],
    })
    local launching = nginx.start_get(server, "/launch")
    upstream:await(1)
    assert.are.equal("", launching.leave())
    assert.are.equal("done\n", (nginx.get(server, "/collect")))
    local function await_numbers(wanted)
      peer.eventually(function()
        local numbers = nginx.get(server, "/numbers")
        return numbers == wanted, numbers
      end)
    end
    -- It still has the only in-flight permit.
    local waiting = nginx.start_get(server, "/get")
    await_numbers "1 of 2"
    assert.are.equal("", waiting.leave())
    await_numbers "1 of 1"
    upstream:release()
    assert.are.equal("w1\n", (nginx.get(server, "/get")))
    assert.are.same({ "POST /public/api/v1/workflows", "GET /public/api/v1/workflows/w1" }, scene.targets(upstream))
  end)

  it("client that goes away while a sink waits cancels its call", function()
    local part = "HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 1000\r\n\r\nthe beginning"
    local upstream = scene.serve { connections = { { READ, { "send", part }, { "hang" } },
      { READ, { "send", GOOD } } } }
    local server = start_before(upstream, {
      connection = { max_in_flight = 1 },
      locations = [[
        location /slow { content_by_lua_block {
          collectgarbage "stop" -- which would end the call, too, later
          client().workflows:download_document("w1", "key", { to = function(chunk)
            began = chunk
            ngx.sleep(3600)
          end })
        } }
        location /began { content_by_lua_block { ngx.say(began or "nothing") } }
        location /pending { content_by_lua_block { ngx.say(ironclad.stats().pending) } }
      ]],
    })
    local slow = nginx.start_get(server, "/slow")
    peer.eventually(function() return nginx.get(server, "/began") == "the beginning\n" end)
    assert.are.equal("", slow.leave())
    -- Otherwise it ends when no byte has come for 30 seconds.
    peer.eventually(function() return nginx.get(server, "/pending") == "0\n" end)
    assert.are.equal("w1\n", (nginx.get(server, "/get")))
  end)

  it("worker keeps no connection for each call with a sink", function()
    local body = ("x"):rep(100000)
    local file = ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#body, body)
    local server = start_before(scene.answering { file }, { locations = [[
      location /file { content_by_lua_block {
        local length = 0
        local done, err = client().workflows:download_document("w1", "key", { to = function(chunk)
          length = length + #chunk
          ngx.sleep(0.001)
        end })
        ngx.say(done and length or tostring(err))
      } }
    ]] })
    local output = peer.shell(("curl -sS -m 60 -Z --parallel-max 30 'http://127.0.0.1:%d/file?[1-300]'"):format(
      server.port))
    assert.are.equal(300, select(2, output:gsub("100000\n", "")))
    local open = tonumber((peer.shell(("ls /proc/%d/fd | wc -l"):format(server.workers()))))
    assert.is_true(open < 300, open)
  end)

  it("deadline ends a wait", function()
    local upstream = scene.serve { connections = { { READ, { "hang" } } } }
    local server = start_before(upstream, { connection = { deadline = 0.3 } })
    assert.matches("^timeout ", (nginx.get(server, "/get")))
  end)

  it("socket may lose its file: the next calls find another", function()
    local folder = peer.temporary_folder()
    local upstream = scene.serve { connections = { { READ, { "gate" }, { "send", GOOD }, READ, { "send", GOOD },
      { "loop" } } } }
    local server = start_before(upstream, { connection = { socket_dir = folder } })
    local first = nginx.start_get(server, "/get")
    upstream:await(1)
    peer.shell("rm " .. folder .. "/*")
    upstream:release()
    assert.are.equal("w1\n", first.body())
    assert.are.equal("w1\n", (nginx.get(server, "/get")))
    assert.matches("^1%s", sockets_of(folder))
    peer.remove_folder(folder)
  end)

  it("socket of a worker that was killed is cleared away", function()
    local folder = peer.temporary_folder()
    local server = start_before(scene.answering { GOOD }, { connection = { socket_dir = folder } })
    assert.are.equal("w1\n", (nginx.get(server, "/get")))
    peer.shell("kill -KILL " .. server.workers())
    peer.eventually(function() return nginx.get(server, "/get") == "w1\n" end)
    assert.matches("^1%s", sockets_of(folder))
    peer.remove_folder(folder)
  end)

  it("call returns when connections have run out", function()
    local upstream = scene.answering { GOOD }
    local server = start_before(upstream, { connections = 16 })
    local output = peer.shell(("curl -sS -m 60 -Z --parallel-max 9 'http://127.0.0.1:%d/get?[1-40]'"):format(
      server.port))
    -- nginx itself refuses some clients; every client that it accepts is answered.
    local good, refused = select(2, output:gsub("w1\n", "")), select(2, output:gsub("curl: %(%d+%)", ""))
    assert.is_true(good > 0)
    assert.are.equal(40, good + refused, output)
  end)

  it("call returns when descriptors have run out", function()
    local upstream = scene.answering { GOOD }
    -- nginx accepts nobody while clients that it keeps alive hold the last descriptors, so it keeps none.
    local server = start_before(upstream, { main = "worker_rlimit_nofile 40;", locations = "keepalive_timeout 0;" })
    local output = peer.shell(("curl -sS -m 30 -Z --parallel-max 12 'http://127.0.0.1:%d/get?[1-60]'"):format(
      server.port))
    assert.is_nil(output:find("curl: (28)", 1, true), output)
    assert.is_true(select(2, output:gsub("w1\n", "")) > 0)
    peer.eventually(function() return nginx.get(server, "/get") == "w1\n" end)
  end)

  for _, row in ipairs {
    { "is too long", function(folder) return folder .. "/" .. ("x"):rep(60) end, "socket_dir: .* the limit is" },
    { "is far too long", function(folder) return folder .. "/" .. ("x"):rep(200) end, "socket_dir: .* the limit is" },
    { "is not a folder", function(folder)
      peer.write_file(folder .. "/file", "")
      return folder .. "/file"
    end, "socket_dir: .* is not a folder" },
    { "cannot be made", function(folder) return folder .. "/missing/folder" end, "socket_dir: cannot make" },
    { "is open to others", function(folder)
      peer.shell("mkdir -m 755 " .. folder .. "/open")
      return folder .. "/open"
    end, "socket_dir: others can enter .*: chmod 700 " },
  } do
    it("socket_dir that " .. row[1] .. " is an error that says so", function()
      local folder = peer.temporary_folder()
      local server = start_before(scene.answering { GOOD }, { connection = { socket_dir = row[2](folder) } })
      assert.matches("^io workflows:get: " .. row[3], (nginx.get(server, "/get")))
      peer.remove_folder(folder)
    end)
  end

  it("init phases block", function()
    local upstream = scene.answering { GOOD }
    local server = start_before(upstream, { locations = "location /early { content_by_lua_block { ngx.say(early) } }",
      main = "" })
    server.stop()
    table.remove(servers)
    peer.remove_folder((server.file:gsub("/[^/]*$", "")))
    assert.are.equal(0, #upstream:requests())
    local early = nginx.start { lua = true, values = { url = peer.url(upstream) }, http = [[
      init_by_lua_block {
        local ironclad = require "ironclad"
        client = ironclad.connect { instance = "%url", token = "t", as_user = false, rate_limit = false }
        early = client.workflows:get("w1").id
      }
      init_worker_by_lua_block { early = early .. client.workflows:get("w1").id }
      server {
        listen 127.0.0.1:%port;
        location / { content_by_lua_block { ngx.say(early .. client.workflows:get("w1").id) } }
      }
    ]] }
    assert.are.equal("w1w1w1\n", (nginx.get(early, "/")))
    early.stop()
  end)

  it("states of one request each have their answers (lua_code_cache off)", function()
    local upstream = scene.answering { GOOD }
    local server = nginx.start { lua = true, values = { url = peer.url(upstream) }, http = [[
      lua_code_cache off;
      server {
        listen 127.0.0.1:%port;
        location / { content_by_lua_block {
          local ironclad = require "ironclad"
          local client = ironclad.connect { instance = "%url", token = "t", as_user = false, rate_limit = false }
          local task = ironclad.spawn(function() return client.workflows:get("w1").id end)
          client.workflows:get("w1", { callback = print })
          ngx.say(client.workflows:get("w1").id, task:wait())
        } }
      }
    ]] }
    local output = peer.shell(("curl -sS -m 60 -Z --parallel-max 9 'http://127.0.0.1:%d/?[1-30]'"):format(server.port))
    assert.are.equal(30, select(2, output:gsub("w1w1\n", "")), output)
    assert.is_nil(server.error_log():find "%[alert%]")
    server.stop()
  end)

  it("workers share one token in a dictionary", function()
    local server = nginx.start { lua = true, workers = 4, values = { settings = world.folder .. "/settings.lua" },
      http = [[
        lua_shared_dict tokens 1m;
        init_worker_by_lua_block {
          ironclad = require "ironclad"
          local options = dofile("%settings").connection
          options.store = ironclad.store.shared_dict "tokens"
          client = ironclad.connect(options)
          ngx.timer.at(0, function() client.workflows:list {} end)
        }
        server {
          listen 127.0.0.1:%port reuseport;
          location / { content_by_lua_block { ngx.say(#ironclad.must(client.workflows:list { pageSize = 1 }).list) } }
        }
      ]] }
    local function count()
      local found = 0
      for _, request in ipairs(world.sandbox:requests()) do
        if request.path:find("/oauth/token", 1, true) then found = found + 1 end
      end
      return found
    end
    local before = count()
    local output = peer.shell(("curl -sS -m 60 --no-keepalive -Z --parallel-max 40 "
      .. "'http://127.0.0.1:%d/?[1-80]'"):format(server.port))
    assert.are.equal(80, select(2, output:gsub("1\n", "")), output)
    assert.are.equal(1, count() - before)
    server.stop()
  end)

  it("worker that was killed leaves its lock to the next", function()
    local server = start_before(scene.answering { GOOD }, { locations = [[
      location /store { content_by_lua_block {
        local store = ironclad.store.shared_dict "ironclad"
        ngx.say(store == ironclad.store.shared_dict "ironclad")
      } }
      location /lock { content_by_lua_block {
        local started = ngx.now()
        ngx.say(ironclad.store.shared_dict("ironclad").lock "key")
        ngx.update_time()
        took = ngx.now() - started
      } }
      location /took { content_by_lua_block { ngx.say(took < 20) } }
    ]] })
    assert.are.equal("true\n", (nginx.get(server, "/store")))
    assert.are.equal("true\n", (nginx.get(server, "/lock")))
    peer.shell("kill -KILL " .. server.workers())
    peer.eventually(function() return nginx.get(server, "/lock") == "true\n" end)
    assert.are.equal("true\n", (nginx.get(server, "/took")))
  end)

  it("dictionary that is not there is named", function()
    local server = start_before(scene.answering { GOOD }, {
      locations = [[
        location /dictionary { content_by_lua_block {
          ngx.say(select(2, pcall(ironclad.store.shared_dict, "tokens")))
        } }
      ]],
    })
    assert.matches("no dictionary \"tokens\": add `lua_shared_dict tokens 1m;`", (nginx.get(server, "/dictionary")))
  end)

  it("phases may wait: a certificate that is chosen", function()
    local folder = peer.temporary_folder()
    local files = peer.certificate(folder, "site")
    local server = nginx.start {
      lua = true, values = { settings = world.folder .. "/settings.lua", cert = files.cert, key = files.key },
      http = [[
        init_worker_by_lua_block { client = require("ironclad").connect(dofile("%settings").connection) }
        server {
          listen 127.0.0.1:%port ssl;
          ssl_certificate %cert;
          ssl_certificate_key %key;
          ssl_certificate_by_lua_block { seen = #client.workflows:list({ pageSize = 1 }).list }
          location / { content_by_lua_block { ngx.say(seen) } }
        }
      ]],
    }
    assert.are.equal("1\n", (peer.shell(("curl -sS -m 60 --cacert %s https://127.0.0.1:%d/"):format(files.cert,
      server.port))))
    server.stop()
    peer.remove_folder(folder)
  end)

  it("client that goes away loses no rotated token", function()
    local renewed = peer.json '{"access_token":"a2","refresh_token":"r2","expires_in":600}'
    local upstream = scene.serve { connections = { { READ, { "gate" }, { "send", renewed } } } }
    local server = start_before(upstream, { locations = [[
      location /personal { content_by_lua_block {
        store = {
          load = function()
            ngx.sleep(0.001)
            return { access_token = "a1", refresh_token = "r1", expires_at = 1 }
          end,
          save = function(_, token) saved = token end,
        }
        local options = { client_id = "id", client_secret = "a secret", as_user = false, store = store,
          grant = "authorization_code", instance = settings.connection.instance }
        ironclad.connect(options).workflows:get "w1"
      } }
      location /saved { content_by_lua_block {
        collectgarbage()
        ngx.say(saved and saved.refresh_token or "nothing")
      } }
    ]] })
    local first = nginx.start_get(server, "/personal")
    upstream:await(1)
    assert.are.equal("", first.leave())
    assert.are.equal("nothing\n", (nginx.get(server, "/saved")))
    upstream:release()
    peer.eventually(function() return nginx.get(server, "/saved") == "r2\n" end)
  end)
end)
