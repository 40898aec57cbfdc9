-- Nothing is sent to a server whose certificate does not verify.
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

describe("TLS", function()
  local folder
  local certificates = {}

  setup(function()
    folder = peer.temporary_folder()
    certificates.good = peer.certificate(folder, "good")
    certificates.unrelated = peer.certificate(folder, "unrelated")
    certificates.other_name = peer.certificate(folder, "other_name", { names = "DNS:other.example" })
    certificates.expired = peer.certificate(folder, "expired", { expired = true })
  end)
  teardown(function() peer.remove_folder(folder) end)
  after_each(scene.stop)

  local function answering(certificate, max_version)
    local files = certificates[certificate]
    return scene.answering({ scene.GOOD }, { cert = files.cert, key = files.key, max_version = max_version })
  end

  local function trusting(server, certificate)
    return scene.connect(server, { ca_file = certificate and certificates[certificate].cert }, "https")
  end

  -- A name; the server's certificate; the one that the client trusts; what the message says; the server's version.
  for _, row in ipairs {
    { "with a certificate nobody knows", "good", nil, "ca_file" },
    { "with a certificate that ca_file does not vouch for", "good", "unrelated", "ca_file" },
    { "with a certificate for another name", "other_name", "other_name", "name" },
    { "with a certificate that has expired", "expired", "expired", "expired" },
    { "of yesterday", "good", "good", "", "1.1" },
  } do
    local name, certificate, trusted, text, max_version = row[1], row[2], row[3], row[4], row[5]
    it(name .. " is refused before anything is sent", function()
      local server = answering(certificate, max_version)
      local err = scene.assert_error("tls", scene.launch(trusting(server, trusted)))
      assert.are.equal("not_done", err.outcome)
      assert.is_truthy(err.message:find(text, 1, true), err.message)
      assert.are.equal(0, #server:requests())
    end)
  end

  it("with a certificate that has expired names the host and the date", function()
    local server = answering "expired"
    local err = scene.assert_error("tls", trusting(server, "expired").workflows:get "w1")
    local ends = ("openssl x509 -in %s -noout -enddate | cut -d= -f2"):format(certificates.expired.cert)
    local date = peer.shell(("date -u -d \"$(%s)\" '+%%Y-%%m-%%d %%H:%%M:%%S UTC'"):format(ends)):gsub("%s+$", "")
    local whose = ("(127.0.0.1:%d: it expired on %s)"):format(server:port(), date)
    assert.is_truthy(err.message:find(whose, 1, true), err.message)
  end)

  it("with a certificate of ca_file is trusted, also by the next call", function()
    local server = answering "good"
    local client = trusting(server, "good")
    scene.assert_good(scene.launch(client))
    scene.assert_good(client.workflows:get "w1")
    assert.are.equal(2, #server:requests())
  end)

  it("with a certificate of ca_path is trusted, and no other", function()
    for _, row in ipairs { { "good", nil }, { "unrelated", "tls" } } do
      local path = folder .. "/path-of-" .. row[1]
      peer.shell(("mkdir %s && cp %s %s && openssl rehash %s"):format(path, certificates[row[1]].cert, path, path))
      local value, err = scene.connect(answering "good", { ca_path = path }, "https").workflows:get "w1"
      if row[2] then
        scene.assert_error(row[2], value, err)
        assert.is_truthy(err.message:find(path, 1, true), err.message)
      else
        scene.assert_good(value, err)
      end
    end
  end)

  it("with ca_file trusts no other certificates of the system", function()
    local bundle = folder .. "/bundle.pem"
    peer.shell(("cat %s > %s"):format(certificates.unrelated.cert, bundle))
    local client = scene.connect(answering "good", { ca_file = bundle }, "https")
    local err = scene.assert_error("tls", client.workflows:get "w1")
    assert.is_truthy(err.message:find(bundle, 1, true))
  end)

  it("that one client does not trust is refused though another does", function()
    local server = answering "good"
    scene.assert_good(trusting(server, "good").workflows:get "w1")
    scene.assert_error("tls", trusting(server, "unrelated").workflows:get "w1")
    assert.are.equal(1, #server:requests())
  end)

  it("is not what answered", function()
    local server = scene.serve { connections = { { { "send", "220 hello\r\n" }, { "hang" } } } }
    local err = scene.assert_error("tls", scene.launch(trusting(server, "good")))
    assert.are.equal("not_done", err.outcome)
  end)
end)
