-- What `ironclad doctor` says about the shared Redis of a connection.
local command = require "spec.support.command"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local redis_server = require "spec.support.redis"

describe("ironclad doctor, of a connection with a shared Redis,", function()
  local sandbox, folder
  setup(function()
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false })
    folder = peer.temporary_folder()
  end)
  teardown(function()
    sandbox:stop()
    peer.remove_folder(folder)
  end)

  local function doctor(address)
    local path = folder .. "/connections.json"
    peer.write_file(path, ironclad.json.encode { main = { instance = sandbox.instance, client_id = sandbox.client_id,
      client_secret = sandbox.client_secret, as_user = sandbox.as_user, shared = address } })
    peer.shell("chmod 600 " .. path)
    local out, err, status = command.run("doctor -c main --deadline 10", { IRONCLAD_CONFIG = path })
    assert.falsy((out .. err):find("SECRET", 1, true), out .. err)
    return out .. err, status
  end

  it("says that it works, and how it should be set up", function()
    local server = redis_server.start { lines = { "appendonly yes", "maxmemory-policy noeviction" } }
    local out, status = doctor(server.address)
    assert.equal(0, status, out)
    assert.matches("ok    the shared Redis, version %d+%.%d+%.%d+, answers in %d+%.%d ms\n", out)
    assert.falsy(out:find("disk", 1, true) or out:find("memory is full", 1, true), out)
    server:command "config set appendonly no"
    server:command "config set maxmemory-policy allkeys-lru"
    out, status = doctor(server.address)
    assert.equal(0, status, out)
    assert.matches("note  the shared Redis may drop keys .-%(maxmemory%-policy allkeys%-lru%)\n +Set maxmemory%-policy "
      .. "noeviction", out)
    assert.matches("note  the shared Redis does not write every change to its disk\n +Set appendonly yes", out)
    server:stop()
  end)

  it("names what is wrong with it, and what to do", function()
    local server = redis_server.start { password = "SECRET-right" }
    for address, wanted in pairs {
      ["unix://" .. server.folder .. "/redis.sock"] = "NOAUTH.-\n +Give its user and password",
      ["unix://:SECRET-wrong@" .. server.folder .. "/redis.sock"] = "WRONGPASS.-\n +Correct the user",
      ["redis://127.0.0.1:" .. peer.refused_port()] = "cannot be reached.-\n +Start Redis",
    } do
      local out, status = doctor(address)
      assert.equal(1, status, out)
      assert.matches("bad   .-" .. wanted, out)
      assert.matches("ok    acts as Jane Doe", out)
    end
    server:stop()
  end)
end)
