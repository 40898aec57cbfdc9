-- HTTP/2, by way of an nginx in front of the sandbox, which does not speak it.
local ironclad = require "ironclad"
local core = require "ironclad.core"
local h2 = require "spec.support.h2"
local peer = require "spec.support.peer"

if not h2.program() then
  pending "HTTP/2: nginx is not installed"
  return
end

describe("HTTP/2", function()
  local sandbox, proxy, folder

  setup(function()
    folder = peer.temporary_folder()
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false })
    proxy = h2.start(sandbox.url)
  end)
  teardown(function()
    if proxy then proxy.stop() end
    sandbox:stop()
    peer.remove_folder(folder)
  end)

  local function connect(options)
    local settings = { instance = proxy.url, ca_file = proxy.ca_file, http_version = "2" }
    for name, value in pairs(options or {}) do
      settings[name] = value
    end
    return sandbox:connect(settings)
  end

  local function must(value, err, response)
    assert.is_nil(err)
    return value, response
  end

  local function version(...)
    local _, response = must(...)
    return response.http_version
  end

  it("is used for calls", function()
    local client = connect()
    for _ = 1, 3 do
      local page, response = must(client.workflows:list())
      assert.is_table(page.list)
      assert.are.equal("2", response.http_version)
      assert.are.equal(200, response.status)
    end
  end)

  it("carries bodies and errors", function()
    local client = connect()
    local record, response = must(client.records:create {
      type = "mutualNDA", name = ("\195\169"):rep(50000), properties = {},
    })
    assert.are.equal("2", response.http_version)
    local again = must(client.records:get(record))
    assert.are.equal(record.name, again.name)
    local value, err, refused = client.workflows:get "0123456789abcdef01234567"
    assert.is_nil(value)
    assert.are.equal("not_found", err.kind)
    assert.are.equal("2", refused.http_version)
  end)

  it("carries many calls at once", function()
    local client = connect()
    local calls = {}
    for i = 1, 40 do
      calls[i] = assert(core.start(client.connection, "GET", {}, "/public/api/v1/workflows?pageSize=" .. i))
    end
    for i = 1, 40 do
      while not calls[i]:done() do
        core.wait()
        while core.take() do end
      end
      local page, err, response = calls[i]:result()
      assert.is_nil(err)
      assert.are.equal(i, page.pageSize)
      assert.are.equal("2", response.http_version)
    end
  end)

  it("is not used for files", function()
    local client = connect()
    local nda = peer.read_file "recipes/nda.docx"
    local workflow, launched = must(client.workflows:launch {
      template = must(client.workflow_schemas:list()).list[1].id,
      attributes = { counterpartyName = "Acme", draft = { ironclad.file "recipes/nda.docx" } },
    })
    assert.are.equal("1.1", launched.http_version)
    local key = must(client.workflows:get_documents(workflow)).signaturePacketDocuments[1].key
    local bytes, downloaded = must(client.workflows:download_document(workflow, key))
    assert.are.equal("1.1", downloaded.http_version)
    assert.is_true(bytes == nda)
    local path = folder .. "/nda.docx"
    assert.are.equal("1.1", version(client.workflows:download_document(workflow, key, { to = path })))
    assert.is_true(peer.read_file(path) == nda)
    assert.are.equal("2", version(client.workflows:get(workflow)))
  end)

  it("is not used by calls in turn, unless they ask for it", function()
    local fresh = h2.start(sandbox.url, "add_header X-Requests $connection_requests always;")
    local client = sandbox:connect { instance = fresh.url, ca_file = fresh.ca_file }
    local versions, counts = {}, {}
    for i = 1, 3 do
      local _, response = must(client.workflows:list())
      versions[i], counts[i] = response.http_version, response.headers["x-requests"]
    end
    fresh.stop()
    assert.are.same({ "1.1", "1.1", "1.1" }, versions)
    assert.are.same({ "2", "3", "4" }, counts) -- the first request of the connection has fetched the token
  end)

  it("can be switched off", function()
    assert.are.equal("1.1", version(connect({ http_version = "1.1" }).workflows:list()))
  end)
end)
