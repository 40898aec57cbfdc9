-- receiver:serve: a receiver that listens on this machine, and gets real deliveries of the sandbox.
local http = require "spec.support.http"
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"

local must = local_ironclad.must

local sandbox, client

setup(function() sandbox, client = local_ironclad.start { clock = "2026-03-01T09:00:00Z" } end)
before_each(function()
  for webhook in client.webhooks:each() do must(client.webhooks:delete(webhook.id)) end
  sandbox:clear_deliveries()
end)
teardown(function() sandbox:stop() end)

-- Registers a webhook at the server -> the webhook.
local function register(server)
  local url = ("http://127.0.0.1:%d/hook"):format(server:port())
  return must(client.webhooks:create { events = { "*" }, targetURL = url })
end

-- Serves `count` requests, after begin(server) -> the statuses of the answers, and the lines of the log.
local function serve(receiver, count, begin, options)
  local statuses, lines, stop = {}, {}, nil
  local settings = {
    port = 0,
    log = function(line) lines[#lines + 1] = line end,
    on_listen = function(server)
      stop = server
      begin(server)
    end,
    on_request = function(status)
      statuses[#statuses + 1] = status
      if #statuses == count then stop:stop() end
    end,
  }
  for name, value in pairs(options or {}) do settings[name] = value end
  assert.is_true(receiver:serve(settings))
  return statuses, lines
end

describe("receiver:serve", function()
  it("handles what the sandbox delivers, and shows it", function()
    local noted = {}
    local receiver = client.webhooks:receiver { on = { ["*"] = function(event) noted[#noted + 1] = event.name end } }
    local statuses, lines = serve(receiver, 3, function(server)
      register(server)
      local payload = { workflowID = "w1", templateID = "t\27[2J\194\155" }
      sandbox:send_event { event = "workflow_launched", payload = payload }
      sandbox:send_event "workflow_completed"
      sandbox:send_event { event = "workflow_paused", forge = "key", webhook = client.webhooks:list().list[1].id }
    end)
    table.sort(noted)
    assert.are.same({ "workflow_completed", "workflow_launched" }, noted)
    table.sort(statuses)
    assert.are.same({ 200, 200, 401 }, statuses)
    local text = table.concat(lines, "\n")
    assert.matches("^listening at http://127%.0%.0%.1:%d+/\n", text)
    assert.matches("\n%d%d:%d%d:%d%d POST /hook 200 workflow_launched "
      .. "templateID=t\226\144\155%[2J\239\191\189 workflowID=w1\n", text)
    assert.matches("POST /hook 401 workflow_paused", text)
  end)

  it("shows what went wrong, unless there is a hook on_error for that", function()
    local function begin(server)
      register(server)
      sandbox:send_event "workflow_completed"
      sandbox:send_event { event = "workflow_paused", forge = "key", webhook = client.webhooks:list().list[1].id }
    end
    local on = { ["*"] = function() error("no\27[2J", 0) end }
    local receiver = client.webhooks:receiver { on = on }
    local _, lines = serve(receiver, 2, begin)
    local text = table.concat(lines, "\n")
    assert.matches("\nevent %S+ workflow_completed: no\226\144\155%[2J\n", text)
    assert.matches("\nrefused: the signature is not Ironclad's %[signature%]\n", text)
    sandbox:clear_deliveries()
    for webhook in client.webhooks:each() do must(client.webhooks:delete(webhook.id)) end
    local told = {}
    receiver = client.webhooks:receiver { on = on, on_error = function(_, err) told[#told + 1] = tostring(err) end }
    _, lines = serve(receiver, 2, begin)
    assert.are.same({ 2, 3 }, { #told, #lines })
  end)

  it("writes an IPv6 address in brackets", function()
    local url, lines
    local served, err = client.webhooks:receiver({ on = { ["*"] = print } }):serve { host = "::1", port = 0,
      log = function(line) lines = (lines or "") .. line end, on_listen = function(server)
        url = server:url()
        server:stop()
      end }
    if err then return assert.equal("io", err.kind) end -- this machine has no IPv6
    assert.is_true(served)
    assert.matches("^http://%[::1%]:%d+/$", url)
    assert.equal("listening at " .. url, lines)
  end)

  it("handles the events of an inbox after the answer", function()
    local folder = peer.temporary_folder()
    local order = {}
    local receiver = client.webhooks:receiver {
      inbox = folder, on = { ["*"] = function(event) order[#order + 1] = event.name end },
    }
    local stop
    assert.is_true(receiver:serve {
      port = 0, log = false,
      on_listen = function(server)
        stop = server
        register(server)
        sandbox:send_event "workflow_launched"
      end,
      on_request = function(status)
        order[#order + 1] = status
        receiver.on.workflow_launched = function() order[#order + 1] = "handled" stop:stop() end
      end,
    })
    assert.are.same({ 200, "handled" }, order)
    receiver = nil -- luacheck: ignore
    peer.remove_folder(folder)
  end)

  it("lets other tasks run", function()
    if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then return end -- no tasks there
    local receiver = client.webhooks:receiver { on = { ["*"] = function() end } }
    ironclad.run(function()
      local server
      local serving = ironclad.spawn(function()
        return receiver:serve { port = 0, log = false, on_listen = function(it) server = it end }
      end)
      register(server)
      sandbox:send_event "workflow_launched"
      assert.is_truthy(sandbox:settle_deliveries())
      assert.are.same({ "delivered", 200 }, { sandbox:deliveries()[1].state, sandbox:deliveries()[1].status })
      server:stop()
      assert.is_true(serving:wait())
    end)
  end)

  -- Starts a server in another process, which ends with its first good answer -> port, the function that ends it.
  local function start()
    local program = ([[
      local client = require("ironclad").connect { instance = %q, token = "t", as_user = false }
      local receiver = client.webhooks:receiver { on = { ["*"] = function() end }, company = false }
      receiver:serve { port = 0, log = function(line) io.write(line, "\n") io.flush() end }
    ]]):format(sandbox.url)
    local folder = peer.temporary_folder()
    local process, ended = peer.start_lua(program:gsub("io%.write%(line", ("io.output(%q) io.write(line"):format(folder
      .. "/log")), { seconds = 60 })
    local port = peer.eventually(function()
      local file = io.open(folder .. "/log")
      local found = file and file:read("*a"):match ":(%d+)/\n"
      if file then file:close() end
      return found
    end)
    return tonumber(port), function()
      peer.shell("kill -9 " .. process)
      ended()
      peer.remove_folder(folder)
    end
  end

  it("refuses what is too large, and survives broken requests", function()
    local port, finish = start()
    local function send(bytes) return http.send(port, bytes) end
    local folder = peer.temporary_folder()
    peer.write_file(folder .. "/big", ("x"):rep(1024 * 1024 + 1))
    assert.are.equal("413", (peer.shell(("curl -sS -m 30 -o /dev/null -w '%%{http_code}' --data-binary @%s/big "
      .. "http://127.0.0.1:%d/"):format(folder, port))))
    peer.remove_folder(folder)
    assert.are.equal(414, send(http.request("POST", "/" .. ("x"):rep(9000), {}, "{}")).status)
    assert.are.equal(401, send(http.request("GET", "/", {}, "")).status)
        assert.are.equal(401, send(http.request("POST", "/a?b=c", {}, "{}")).status)
    send "nonsense\r\n\r\n"
    assert.are.equal(401, send(http.request("POST", "/", {}, "{}")).status)
    finish()
  end)

  it("says why it cannot listen", function()
    local receiver = client.webhooks:receiver { on = { ["*"] = function() end } }
    local fine, err = receiver:serve { port = sandbox.port, log = false }
    assert.are.same({ nil, "io" }, { fine, err.kind })
    fine, err = receiver:serve { host = "no such host", log = false }
    assert.are.same({ nil, "io" }, { fine, err.kind })
    for message, options in pairs {
      ["port: expected a number from 0 to 65535, got 70000"] = { port = 70000 },
      ["host: expected an address of this machine, got a number"] = { host = 1 },
      ["log: expected a function or false, got a boolean"] = { log = true },
      ["on_listen: expected a function, got a number"] = { on_listen = 1 },
      ['prt: unknown option; did you mean "port"?'] = { prt = 1 },
    } do
      local good, problem = pcall(receiver.serve, receiver, options)
      assert.is_false(good)
      assert.is_truthy(problem:find("receiver:serve: " .. message, 1, true), problem)
    end
  end)

  it("ends with the error of a hook, and frees the port", function()
    local receiver = client.webhooks:receiver { on = { ["*"] = function() end } }
    local port
    local fine, problem = pcall(receiver.serve, receiver, { port = 0, log = false, on_listen = function(server)
      port = server:port()
      error("stop", 0)
    end })
    assert.are.same({ false, "stop" }, { fine, problem })
    assert.is_true(receiver:serve { port = port, log = false, on_listen = function(server) server:stop() end })
  end)
end)
