-- Servers that ask who the client is: client_cert and client_key (mutual TLS).
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

describe("a client certificate", function()
  local folder, server_files, mine, other
  local PASSWORD = "the password of the key"

  setup(function()
    folder = peer.temporary_folder()
    server_files = peer.certificate(folder, "server")
    mine = peer.certificate(folder, "mine")
    other = peer.certificate(folder, "other")
    peer.shell(("cd %s && cat mine.pem mine.key > both.pem && openssl ec -in mine.key -aes256 -passout 'pass:%s' "
      .. "-out locked.key && echo nothing > empty.pem"):format(peer.quoted(folder), PASSWORD))
  end)
  teardown(function() peer.remove_folder(folder) end)
  after_each(scene.stop)

  -- A server that wants a certificate that mine vouches for.
  local function strict()
    return scene.answering({ scene.GOOD }, { cert = server_files.cert, key = server_files.key, clients = mine.cert })
  end

  local function showing(server, options)
    options.ca_file = server_files.cert
    return scene.connect(server, options, "https")
  end

  for name, options in pairs {
    ["and its key"] = function() return { client_cert = mine.cert, client_key = mine.key } end,
    ["with its key in the same file"] = function() return { client_cert = folder .. "/both.pem" } end,
    ["with an encrypted key"] = function()
      return { client_cert = mine.cert, client_key = folder .. "/locked.key", client_key_password = PASSWORD }
    end,
  } do
    it(name .. " opens the server", function()
      local server = strict()
      local client = showing(server, options())
      scene.assert_good(scene.launch(client))
      scene.assert_good(client.workflows:get "w1")
      assert.are.equal(2, #server:requests())
    end)
  end

  it("is sent to Clickwrap, too", function()
    local server = strict()
    local url = peer.url(server, "https")
    local client = ironclad.clickwrap { activity_host = url, rest_host = url, site_access_id = "SITE",
      api_token = scene.TOKEN, ca_file = server_files.cert, client_cert = mine.cert, client_key = mine.key }
    scene.assert_good(client:request("GET", "/v1.1/contracts/1"))
  end)

  -- What is shown; a text of the message.
  for name, row in pairs {
    ["none"] = { function() return {} end, "seems to want a client certificate: " },
    ["one that the server does not know"] = {
      function() return { client_cert = other.cert, client_key = other.key } end,
      "refuses the client certificate of /",
    },
  } do
    it("that the server refuses is an error of the handshake: " .. name, function()
      local server = strict()
      local err = scene.assert_error("tls", scene.launch(showing(server, row[1]())))
      assert.is_truthy(err.message:find(row[2], 1, true), err.message)
      assert.is_truthy(err.message:find("127.0.0.1:" .. server:port(), 1, true), err.message)
      assert.is_truthy(err.message:find("(options client_cert and client_key)", 1, true), err.message)
      assert.are.equal("not_done", err.outcome)
      assert.are.equal(1, err.attempts)
      assert.are.equal(0, #server:requests())
    end)
  end

  for name, row in pairs {
    ["without its key"] = { function() return { client_cert = mine.cert } end,
      "mine.pem: no private key in PEM format is there" },
    ["with another one's key"] = { function() return { client_cert = mine.cert, client_key = other.key } end,
      "other.key: the key is not that of the certificate in " },
    ["that is none"] = { function() return { client_cert = folder .. "/empty.pem", client_key = mine.key } end,
      "empty.pem: no certificate in PEM format is there" },
    ["with a key that needs a password"] = {
      function() return { client_cert = mine.cert, client_key = folder .. "/locked.key" } end,
      "locked.key: the key is encrypted; give client_key_password" },
    ["with a wrong password"] = {
      function()
        return { client_cert = mine.cert, client_key = folder .. "/locked.key", client_key_password = "other words" }
      end, "locked.key: client_key_password is not that of the key" },
  } do
    it(name .. " is an error that names the file", function()
      local server = strict()
      local err = scene.assert_error("tls", scene.launch(showing(server, row[1]())))
      assert.is_truthy(err.message:find("the client certificate cannot be used: ", 1, true), err.message)
      assert.is_truthy(err.message:find(row[2], 1, true), err.message)
      assert.is_nil(err.message:find("other words", 1, true))
      assert.are.equal("not_done", err.outcome)
      assert.are.equal(0, #server:requests())
    end)
  end

  it("that is not there, or goes with nothing, is refused when connecting", function()
    local function connect(options)
      options.instance, options.token = "na1", scene.TOKEN
      return function() ironclad.connect(options) end
    end
    scene.assert_mistake("client_cert: cannot read /no/such/file", connect { client_cert = "/no/such/file" })
    scene.assert_mistake("client_key: cannot read /no/such/key",
      connect { client_cert = mine.cert, client_key = "/no/such/key" })
    scene.assert_mistake("client_cert: " .. folder .. " is a folder", connect { client_cert = folder })
    scene.assert_mistake("client_key: goes with client_cert", connect { client_key = mine.key })
    scene.assert_mistake("client_key_password: goes with client_cert", connect { client_key_password = "x" })
  end)

  it("is not shown for a client without one, though the connection of another is open", function()
    local server = strict()
    scene.assert_good(showing(server, { client_cert = mine.cert, client_key = mine.key }).workflows:get "w1")
    scene.assert_error("tls", showing(server, {}).workflows:get "w1")
    assert.are.equal(1, #server:requests())
  end)

  it("is not shown to another host", function()
    local server, own = strict(), strict()
    local client = showing(own, { client_cert = mine.cert, client_key = mine.key })
    local _, err = client:download(peer.url(server, "https") .. "/file", { to = function() end })
    assert.are.equal("tls", err.kind)
    assert.is_truthy(err.message:find("seems to want a client certificate", 1, true), err.message)
  end)

  it("of a named connection stands beside its file", function()
    local server = strict()
    peer.write_file(folder .. "/connections.json", ([[{ "spec": { "instance": "%s", "token": "%s", "as_user": false,
      "ca_file": "server.pem", "client_cert": "mine.pem", "client_key": "locked.key",
      "client_key_password": { "command": ["echo", "%s"] } } }]]):format(peer.url(server, "https"), scene.TOKEN,
      PASSWORD))
    peer.shell("chmod 600 " .. folder .. "/connections.json")
    local output, status = peer.lua([[
      local workflow, err = require("ironclad").connect("spec").workflows:get "w1"
      print(workflow and workflow.id or err)
    ]], { environment = "IRONCLAD_CONFIG=" .. folder .. "/connections.json" })
    assert.are.same({ "w1\n", 0 }, { output, status })
  end)
end)
