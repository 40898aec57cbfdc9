-- A machine that is frozen, or dies, while it has the lock of a token. The machines are processes here, and the time of
-- a lock is ended by hand.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local redis_server = require "spec.support.redis"

local REDIRECT = "http://localhost:8765/callback"

describe("a person's token in the shared Redis", function()
  local server, sandbox, folder, client
  setup(function()
    server = redis_server.start()
    folder = peer.temporary_folder()
  end)
  teardown(function()
    peer.remove_folder(folder)
    server:stop()
  end)
  before_each(function()
    server:command "flushall"
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false })
    client = ironclad.connect { instance = sandbox.instance, client_id = sandbox.client_id,
      client_secret = sandbox.client_secret, grant = "authorization_code", shared = server.address, deadline = 20 }
    local url, state = client:authorize_url { redirect_uri = REDIRECT }
    ironclad.must(client:exchange(assert(sandbox:consent { url = url, allow = true }),
      { state = state, redirect_uri = REDIRECT }))
    peer.write_file(folder .. "/machine.lua", ([[
      package.path, package.cpath = %q, %q
      local ironclad = require "ironclad"
      local client = ironclad.connect { instance = %q, client_id = %q, client_secret = %q, deadline = 20,
        grant = "authorization_code", shared = %q }
      print(select(2, client:check()) or "fine")
    ]]):format(package.path, package.cpath, sandbox.instance, sandbox.client_id, sandbox.client_secret, server.address))
  end)
  after_each(function() sandbox:stop() end)

  local function refreshes()
    local good, refused = 0, 0
    for _, request in ipairs(sandbox:requests()) do
      if request.path == "/oauth/token" and request.status == 200 then good = good + 1 end
      if request.path == "/oauth/token" and request.status ~= 200 then refused = refused + 1 end
    end
    return good, refused
  end

  local function eventually(check)
    for _ = 1, 300 do
      if check() then return end
      peer.shell "sleep 0.02"
    end
    error "never"
  end

  local function key(name) return ("'%s'"):format(server:command("keys '*:" .. name .. ":*'")) end

  -- Another machine begins to refresh the token, and is stopped by `signal` when the service has got the request.
  local function machine_that_refreshes(signal)
    sandbox:expire_tokens()
    sandbox:latency { seconds = 1 }
    local pipe = io.popen(("echo $$; exec %s %s/machine.lua"):format(peer.interpreter(), folder))
    local machine = { pid = pipe:read "*l" }
    eventually(function() return server:command(("hget %s spent"):format(key "token")) ~= "" end)
    peer.shell "sleep 0.3" -- the request is under way: the answer comes after a second
    peer.shell(("kill -%s %s"):format(signal, machine.pid))
    sandbox:latency { seconds = 0 }
    eventually(function() return refreshes() == 2 end)
    server:command(("del %s"):format(key "lock")) -- its time is up
    function machine.finish()
      local said = pipe:read "*a"
      pipe:close()
      return said
    end
    return machine
  end

  it("is not lost when the machine that refreshes it is frozen, and its refresh token is sent once", function()
    local machine = machine_that_refreshes "STOP"
    local value, err = client.workflows:list({}, { deadline = 1.5 })
    assert.is_nil(value)
    assert.truthy(err.kind == "store" or err.kind == "timeout", tostring(err))
    assert.same({ 2, 0 }, { refreshes() })
    peer.shell("kill -CONT " .. machine.pid)
    assert.equal("fine\n", machine.finish())
    ironclad.must(client:check())
    assert.same({ 2, 0 }, { refreshes() })
    print "# shown: a machine frozen with the lock: 1 refresh, 0 refused, the token saved when it woke up"
  end)

  it("is tried again when the machine that refreshed it has died", function()
    local machine = machine_that_refreshes "KILL"
    machine.finish()
    server:command(("hset %s spent_at 1"):format(key "token")) -- long ago
    local value, err = client:check()
    -- The service has given a new refresh token, which died with the machine.
    assert.is_nil(value)
    assert.equal("auth", err.kind)
    assert.same({ 2, 1 }, { refreshes() })
  end)
end)
