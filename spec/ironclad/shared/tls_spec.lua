-- A shared Redis behind rediss://. The suite redis-tls runs this with a hiredis that has TLS; with one that has none,
-- every such address is refused.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local redis = require "ironclad.shared.redis"
local redis_server = require "spec.support.redis"

local function connect(address, ca)
  local options = { instance = "demo", client_id = "x", client_secret = "SECRET-shared", as_user = "jane@example.com",
    shared = address }
  for name, value in pairs(ca or {}) do options[name] = value end
  return ironclad.connect(options)
end

if not pcall(connect, "rediss://localhost") then
  describe("rediss:// without TLS in the driver", function()
    it("is refused, and nothing is sent in the clear", function()
      local other = peer.start { connections = { { { "hang" } } } }
      local fine, message = pcall(connect, "rediss://:SECRET-password@127.0.0.1:" .. other:port())
      assert.is_false(fine)
      assert.truthy(tostring(message):find("shared: rediss:// needs TLS, which hiredis", 1, true), message)
      assert.equal(0, other:connections())
      other:stop()
    end)
  end)
  return
end

describe("a shared Redis over TLS", function()
  local folder, server
  local certificates = {}

  local function start(certificate, options)
    options = options or {}
    options.port, options.tls, options.password = true, certificates[certificate], "SECRET-redis"
    return redis_server.start(options)
  end

  setup(function()
    folder = peer.temporary_folder()
    certificates.good = peer.certificate(folder, "good")
    certificates.client = peer.certificate(folder, "client")
    certificates.unrelated = peer.certificate(folder, "unrelated")
    certificates.other_name = peer.certificate(folder, "other_name", { names = "DNS:other.example" })
    certificates.name_only = peer.certificate(folder, "name_only", { names = "DNS:localhost" })
    certificates.address_only = peer.certificate(folder, "address_only", { names = "IP:127.0.0.1" })
    certificates.expired = peer.certificate(folder, "expired", { expired = true })
    server = start "good"
  end)
  teardown(function()
    server:stop()
    peer.remove_folder(folder)
  end)

  local function by_name(address) return (address:gsub("127%.0%.0%.1", "localhost")) end

  local function answers(address, ca)
    assert.equal("PONG", redis.command(connect(address, ca), { "PING" }, 30))
  end

  local function refused(address, ca, ...)
    local value, err = redis.command(connect(address, ca), { "PING" }, 0.5)
    assert.is_nil(value)
    assert.equal("store", err.kind)
    for _, text in ipairs { ... } do assert.truthy(tostring(err):find(text, 1, true), tostring(err)) end
    assert.falsy(tostring(err):find("SECRET", 1, true))
  end

  local function trusting(name) return { ca_file = certificates[name].cert } end

  it("answers when ca_file vouches for its certificate, by its name and its address", function()
    answers(server.address, trusting "good")
    answers(by_name(server.address), trusting "good")
  end)

  it("answers when ca_path does", function()
    local path = folder .. "/trusted"
    peer.shell(("mkdir %s && cp %s %s && openssl rehash %s"):format(path, certificates.good.cert, path, path))
    answers(server.address, { ca_path = path })
  end)

  it("is refused when nobody vouches for its certificate, each connection by its own certificates", function()
    answers(server.address, trusting "good")
    refused(server.address, nil, "rediss://127.0.0.1:", "its certificate is not trusted (", "ca_file")
    refused(server.address, trusting "unrelated", "its certificate is not trusted (")
    answers(server.address, trusting "good")
  end)

  it("is refused when ca_file cannot be read any more", function()
    local path = folder .. "/gone.pem"
    peer.shell(("cp %s %s"):format(certificates.good.cert, path))
    local client = connect(server.address, { ca_file = path })
    os.remove(path)
    local _, err = redis.command(client, { "PING" }, 0.5)
    assert.truthy(tostring(err):find("could not be read from " .. path, 1, true), tostring(err))
  end)

  -- The server's certificate; whether it is addressed by its name; what the message says.
  for _, row in ipairs {
    { "other_name", false, "its certificate is for another name than 127.0.0.1" },
    { "other_name", true, "its certificate is for another name than localhost" },
    { "name_only", false, "its certificate is for another name than 127.0.0.1" },
    { "address_only", true, "its certificate is for another name than localhost" },
    { "expired", false, "its certificate has expired" },
  } do
    local certificate, named, text = row[1], row[2], row[3]
    it(("with the certificate %s is refused by its %s"):format(certificate, named and "name" or "address"), function()
      local other = start(certificate)
      local address = named and by_name(other.address) or other.address
      refused(address, trusting(certificate), named and "rediss://localhost:" or "rediss://127.0.0.1:", text)
      -- Neither the login nor anything else has come.
      assert.falsy(other:command("info commandstats"):find("cmdstat_hello", 1, true))
      assert.falsy(other:command("acl log"):find("username", 1, true))
      other:stop()
    end)
  end

  it("that offers nothing newer than TLS 1.1 is refused", function()
    local files = certificates.good
    local other = peer.start { tls = { cert = files.cert, key = files.key, max_version = "1.1" },
      connections = { { { "read" }, { "loop" } } } }
    refused("rediss://:SECRET-redis@127.0.0.1:" .. other:port(), trusting "good", "TLS: ")
    other:stop()
  end)

  it("that speaks no TLS is refused, in time, and gets nothing in the clear", function()
    local plain = redis_server.start { port = true }
    refused(plain.address:gsub("redis:", "rediss:"), trusting "good")
    plain:stop()
    local other = peer.start { connections = { { { "send", "-ERR unknown command\r\n" }, { "hang" } } } }
    refused("rediss://:SECRET-redis@127.0.0.1:" .. other:port(), trusting "good", "TLS: ")
    other:stop()
    refused("rediss://:SECRET-redis@127.0.0.1:" .. peer.refused_port(), trusting "good", "Connection refused")
  end)

  it("that ends the connection during the handshake is refused", function()
    local other = peer.start { connections = { { { "close" } }, { { "close" } }, { { "close" } } } }
    refused("rediss://:SECRET-redis@127.0.0.1:" .. other:port(), trusting "good", "cannot be reached: ")
    other:stop()
  end)

  it("that wants a certificate of the client gets the one of shared_client_cert", function()
    local files = certificates.client
    local strict = start("good", { lines = { "tls-auth-clients yes", "tls-ca-cert-file " .. files.cert } })
    local function as(certificate, key)
      return { ca_file = certificates.good.cert, shared_client_cert = certificate, shared_client_key = key }
    end
    peer.shell(("cd %s && cat client.key client.pem > both.pem && openssl ec -in client.key -aes128 -out locked.key "
      .. "-passout pass:words"):format(folder))
    answers(strict.address, as(files.cert, files.key))
    answers(strict.address, as(folder .. "/both.pem"))
    -- A client without it, or with another one, has a connection of its own. Redis says why it refuses, but ends the
    -- connection at once, so that this may not be read.
    refused(strict.address, trusting "good", "cannot be reached: ")
    refused(strict.address, as(certificates.unrelated.cert, certificates.unrelated.key), "cannot be reached: ")
    refused(strict.address, as(files.cert), "the client key cannot be used from " .. files.cert
      .. " (shared_client_key)")
    refused(strict.address, as(files.cert, certificates.unrelated.key), "the client key cannot be used from "
      .. certificates.unrelated.key)
    refused(strict.address, as(files.cert, folder .. "/locked.key"),
      "locked.key (shared_client_key): it has a password")
    refused(strict.address, as(files.key, files.key), "the client certificate cannot be read from " .. files.key
      .. " (shared_client_cert)")
    answers(strict.address, as(files.cert, files.key))
    strict:stop()
  end)

  it("that sends a reply which nobody asked for ends its connection, not the process", function()
    local files = certificates.good
    -- Two replies for the greeting and the PING, and one more when nothing is under way.
    local script = { { "repeat", "+OK\r\n", 2 }, { "gate" }, { "send", "+OK\r\n" }, { "hang" } }
    local other = peer.start { tls = { cert = files.cert, key = files.key }, connections = { script } }
    local client, lost = connect("rediss://127.0.0.1:" .. other:port(), trusting "good"), ironclad.stats().shared.lost
    assert.equal("OK", redis.command(client, { "PING" }, 30))
    other:release()
    peer.eventually(function()
      answers(server.address, trusting "good")
      return ironclad.stats().shared.lost > lost
    end)
    other:stop()
  end)

  it("with the wrong password is refused by Redis", function()
    refused(server.address:gsub("SECRET%-redis", "SECRET-other"), trusting "good", "WRONGPASS")
  end)

  it("moves large values", function()
    local client = connect(server.address, trusting "good")
    local large = ("0123456789abcdef"):rep(400000)
    for _ = 1, 3 do
      assert.equal("OK", redis.command(client, { "SET", "large", large }))
      assert.equal(large, redis.command(client, { "GET", "large" }))
    end
    redis.command(client, { "DEL", "large" })
  end)

  it("serves tasks that wait for each other", function()
    if _VERSION == "Lua 5.1" and not jit then return end
    local client = connect(server.address, trusting "good")
    local values = {}
    for i = 1, 50 do
      ironclad.spawn(function() values[i] = redis.command(client, { "ECHO", (tostring(i)):rep(5000) }) end)
    end
    ironclad.run()
    for i = 1, 50 do assert.equal((tostring(i)):rep(5000), values[i]) end
  end)

  it("was killed is reached again by itself", function()
    local other = start "good"
    local client = connect(other.address, trusting "good")
    assert.equal("PONG", redis.command(client, { "PING" }))
    other:kill()
    local value, err = redis.command(client, { "PING" }, 0.2)
    assert.is_nil(value)
    assert.equal("store", err.kind)
    other:run()
    assert.equal("PONG", redis.command(client, { "PING" }, 30))
    other:stop()
  end)

  it("is frozen delays a call no longer than its time", function()
    local other = start "good"
    local client = connect(other.address, trusting "good")
    assert.equal("PONG", redis.command(client, { "PING" }))
    other:signal "STOP"
    local value, err = redis.command(client, { "PING" }, 0.2)
    assert.is_nil(value)
    assert.truthy(tostring(err):find("did not answer in time", 1, true), tostring(err))
    other:signal "CONT"
    assert.equal("PONG", redis.command(client, { "PING" }, 30))
    other:stop()
  end)
end)
