-- A machine that is frozen, or dies, while it has the lock of a token. The machines are processes here, and the time of
-- a lock is ended by hand.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local shared_company = require "spec.support.shared_company"

describe("a person's token in the shared Redis", function()
  local server, sandbox, client, machine_path
  before_each(function()
    server, sandbox = shared_company.start()
    local options = { grant = "authorization_code", deadline = 20 }
    client = shared_company.connect(options)
    local_ironclad.log_in(sandbox, client)
    machine_path = shared_company.write_machine(options, 'print(select(2, client:check()) or "fine")')
  end)
  after_each(shared_company.stop)

  local function refreshes() return local_ironclad.token_requests(sandbox) end

  local function key(name) return ("'%s'"):format(server:command("keys '*:" .. name .. ":*'")) end

  -- Another machine begins to refresh the token, and is stopped by `signal` when the service has got the request.
  local function machine_that_refreshes(signal)
    sandbox:expire_tokens()
    -- Far longer than the machine needs to be stopped. A frozen one gets the answer when it goes on.
    sandbox:fail { path = "/oauth/token", how = "delay", seconds = signal == "KILL" and 60 or 6, done = true }
    local pipe = io.popen(("echo $$; exec %s %s"):format(peer.interpreter(), machine_path))
    local machine = { pid = pipe:read "*l" }
    peer.eventually(function() return refreshes() == 2 end)
    peer.shell(("kill -%s %s"):format(signal, machine.pid))
    assert.not_equal("", server:command(("hget %s spent"):format(key "token")))
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

  it("is not locked for longer because Redis's clock was set back", function()
    machine_that_refreshes("KILL").finish()
    local ahead = os.time() * 1000 + 3600000
    server:command(("hset %s spent_at %d"):format(key "token", ahead))
    -- The machine that has died may have spent the token now.
    peer.eventually(function()
      assert.is_nil((client.workflows:list({}, { deadline = 0.5 })))
      return tonumber(server:command(("hget %s spent_at"):format(key "token"))) < ahead - 3000000
    end)
    assert.same({ 2, 0 }, { refreshes() })
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
