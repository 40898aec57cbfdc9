-- A process without free descriptors: its calls are errors that say so, and work again afterwards.
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

after_each(scene.stop)

it("a process that is started inherits no descriptor", function()
  local output, status = peer.lua([[
    local sandbox = require("ironclad.sandbox").start { port = 0 }
    local function inherited()
      local pipe = io.popen "ls /proc/self/fd | tr '\\n' ' '"
      local text = pipe:read "*a"
      pipe:close()
      return text
    end
    local before = inherited()
    local client, clickwrap = sandbox:connect(), sandbox:clickwrap()
    assert(client.workflows:list())
    assert(clickwrap:terms "terms")
    local record = assert(client.records:get "IC-22")
    assert(record:download_attachment "signedCopy")
    print(before == inherited(), before, inherited())
    sandbox:stop()
  ]])
  assert.are.equal(0, status, output)
  assert.is_truthy(output:find "^true", output)
end)

it("idle connections take at most an eighth of the descriptors, with and without TLS", function()
  local folder = peer.temporary_folder()
  local files = peer.certificate(folder, "server")
  local script = { { { "read" }, { "drip", scene.GOOD, 5 }, { "loop" } } }
  local plain, encrypted = scene.serve { connections = script }, scene.serve { connections = script, tls = files }
  local output, status = peer.lua([[
    local ironclad = require "ironclad"
    local plain, encrypted, ca_file = ...
    local own = string.format("/proc/%d/fd", io.open("/proc/self/stat"):read "*n")
    local function sockets() return tonumber(io.popen("ls -l " .. own .. " | grep -c socket:"):read "*n") end
    local clients = {}
    for i, url in ipairs { plain, encrypted } do
      clients[i] = ironclad.connect { instance = url, token = "t", as_user = false, rate_limit = false,
        max_in_flight = 64, http_version = "1.1", ca_file = ca_file }
    end
    local good = 0
    for _ = 1, 64 do
      for _, client in ipairs(clients) do
        client.workflows:get("w1", { callback = function(workflow) good = good + (workflow and 1 or 0) end })
      end
    end
    ironclad.run()
    print(good, sockets())
  ]], { before = "ulimit -n 512" }, peer.url(plain), peer.url(encrypted, "https"), files.cert)
  peer.remove_folder(folder)
  assert.are.equal(0, status, output)
  local good, sockets = output:match "(%d+)%s+(%d+)"
  assert.are.equal("128", good, output)
  assert.is_true(tonumber(sockets) <= 512 / 8 + 4, output) -- libcurl's own, too
end)

-- libcurl ends connections in the background since 8.9, and over TLS it waits for what the server says about it.
it("a connection that is not kept is closed, though no call follows", function()
  local folder = peer.temporary_folder()
  local files = peer.certificate(folder, "server")
  local server = scene.serve {
    answers = { peer.json('{"id":"w1"}', 200, { "Connection: close" }) }, tls = files,
    connections = { { { "read" }, { "answer" }, { "hang" } } },
  }
  local output, status = peer.lua([[
    local ironclad = require "ironclad"
    local peer = require "spec.support.peer"
    local url, ca_file, port = ...
    -- The ends of this process's connections that are not closed here: ESTABLISHED, FIN_WAIT and CLOSE_WAIT.
    local open = ("awk '$3 ~ /:%04X$/ && $4 ~ /0[1458]/' /proc/net/tcp | wc -l"):format(port)
    local client = ironclad.connect { instance = url, token = "t", as_user = false, ca_file = ca_file }
    for _ = 1, 3 do assert(client.workflows:get "w1") end
    peer.eventually(function() return tonumber((peer.shell(open))) == 0, (peer.shell(open)) end)
    print "closed"
  ]], nil, peer.url(server, "https"), files.cert, server:port())
  peer.remove_folder(folder)
  assert.are.equal(0, status, output)
  assert.are.equal("closed", output:match "%S+")
end)

it("a call without a free descriptor says what is missing", function()
  local first, second = scene.answering { scene.GOOD }, scene.answering { scene.GOOD }
  local output, status = peer.lua([[
    local scene = require "spec.support.scene"
    local ironclad = require "ironclad"
    local function connect(url)
      return ironclad.connect { instance = url, token = "t", as_user = false, max_retries = 0 }
    end
    local first, second = ...
    assert(connect(first).workflows:get "w1")
    local client = connect(second)
    local held = {}
    while true do
      local one = io.open "/dev/null"
      if not one then break end
      held[#held + 1] = one
    end
    local _, err = client.workflows:get "w1"
    print(err.kind, err.outcome, err.retryable, err.message)
    for _, one in ipairs(held) do one:close() end
    print(client.workflows:get("w1").id)
  ]], { before = "ulimit -n 64" }, peer.url(first), peer.url(second))
  assert.are.equal(0, status, output)
  assert.are.equal("network\tnot_done\ttrue\tcannot open a socket: Too many open files\nw1\n", output)
end)

it("the first call of a process is an error as long as descriptors are missing, however few are left", function()
  local server = scene.answering { scene.GOOD }
  local output, status = peer.lua([[
    local ironclad = require "ironclad"
    -- These are files here. The installed module needs no descriptor for them.
    require "ironclad.connections.auth"
    require "ironclad.loop.concurrent"
    local client = ironclad.connect { instance = ..., token = "t", as_user = false, max_retries = 0 }
    local held = {}
    while true do
      local one = io.open "/dev/null"
      if not one then break end
      held[#held + 1] = one
    end
    for _ = 1, 20 do
      local workflow, err = client.workflows:get "w1"
      if workflow then return print("done", workflow.id) end
      assert(err.kind == "io" or err.kind == "network", tostring(err))
      assert(err.outcome == "not_done" and err.operation == "workflows:get", tostring(err))
      assert(tostring(err):find("workflows:get: ", 1, true), tostring(err))
      assert(select(2, client:check()).outcome == "not_done")
      local told
      client.workflows:get("w1", { callback = function(_, failure) told = failure end })
      ironclad.run()
      assert(told.outcome == "not_done")
      table.remove(held):close()
    end
  ]], { before = "ulimit -n 64", seconds = 60 }, peer.url(server))
  assert.are.equal(0, status, output)
  assert.are.equal("done\tw1\n", output)
end)
