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

  describe("names why it cannot be written to:", function()
    local server
    local GUIDE = peer.read_file "docs/shared.md"
    local RIGHTS = assert(GUIDE:match "\nACL SETUSER ironclad on >PASSWORD ([^\n]*)\n")

    setup(function() server = redis_server.start() end)
    teardown(function() server:stop() end)

    local function as(rights)
      server:command(("acl setuser ironclad reset on '>SECRET-p' %s"):format(rights:gsub("~%S+", "'%0'")))
      return (server.address:gsub("unix://", "unix://ironclad:SECRET-p@"))
    end

    local function is_bad(address, wanted)
      local out, status = doctor(address)
      assert.equal(1, status, out)
      assert.matches("bad   .-" .. wanted, out)
      assert.equal("", server:command "keys '*doctor*'")
    end

    it("not at all, for a user with the rights of the guide", function()
      local out, status = doctor(as(RIGHTS))
      assert.equal(0, status, out)
      assert.matches("ok    the shared Redis, version", out)
      assert.equal("", server:command "keys '*doctor*'")
    end)

    for what, rights in pairs {
      ["it may run no scripts"] = RIGHTS .. " -eval -evalsha",
      ["it may not change streams"] = RIGHTS .. " -@stream",
      ["its keys are others"] = RIGHTS:gsub("~%S+", "~other:*"),
      ["it may not ask for INFO"] = RIGHTS .. " -info",
    } do
      it("a user: " .. what, function() is_bad(as(rights), "Give the user the rights that docs/shared.md names") end)
    end

    it("its memory is full", function()
      server:command "config set maxmemory-policy noeviction"
      server:command "config set maxmemory 1"
      finally(function() server:command "config set maxmemory 0" end)
      is_bad(server.address, "OOM.-\n +Its memory is full: raise maxmemory")
    end)

    it("it is a replica", function()
      server:command(("replicaof 127.0.0.1 %d"):format(peer.refused_port()))
      finally(function() server:command "replicaof no one" end)
      is_bad(server.address, "READONLY.-\n +It is a replica")
    end)
  end)
end)
