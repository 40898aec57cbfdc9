-- Files in the sandbox: stored byte for byte, on disk when they are large, and refused beyond the limit.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"

local must = local_ironclad.must
local KIBIBYTE, MEBIBYTE = 1024, 1024 * 1024

local sandbox, client

setup(function() sandbox, client = local_ironclad.start { max_body = 4 * MEBIBYTE } end)
teardown(function() sandbox:stop() end)

local noise = {}
for state = 1, 4093 do noise[state] = string.char(state * state % 251) end
noise = table.concat(noise)

-- Bytes in which a wrong offset or piece shows: each block of about 4 KiB begins with its number and the length.
local function bytes_of(length)
  local blocks = {}
  for i = 1, math.ceil(length / #noise) do blocks[i] = ("%08x%08x"):format(i, length) .. noise end
  return table.concat(blocks):sub(1, length)
end

describe("a file in the sandbox", function()
  local id

  setup(function() id = must(client.workflows:get "IC-2").id end)

  local function upload(bytes, key)
    return client.workflows:upload_document(id, "draft", {
      attachment = ironclad.file { data = bytes, filename = "a.pdf" },
      metadata = { comment = { message = "new" }, key = key },
    })
  end

  -- Returns the new document's key.
  local function send(bytes)
    must(upload(bytes))
    local list = must(client.workflows:get_documents(id)).signaturePacketDocuments
    return list[#list].key
  end

  for _, length in ipairs { 1, 64 * KIBIBYTE, 64 * KIBIBYTE + 1, 128 * KIBIBYTE, 200001, 3 * MEBIBYTE + 5 } do
    it(("comes back as it went, at %d bytes"):format(length), function()
      local bytes = bytes_of(length)
      local key = send(bytes)
      assert.is_true(bytes == must(client.workflows:download_document(id, key)))
    end)
  end

  it("stays the same while others are added and removed", function()
    local first, second = bytes_of(300000), bytes_of(500000)
    local one, two = send(first), send(second)
    must(upload(bytes_of(100000), one))
    local three = send(bytes_of(400001))
    assert.is_true(second == must(client.workflows:download_document(id, two)))
    assert.is_true(bytes_of(100000) == must(client.workflows:download_document(id, one)))
    assert.is_true(bytes_of(400001) == must(client.workflows:download_document(id, three)))
  end)

  it("is refused beyond max_body", function()
    local _, err = upload(bytes_of(4 * MEBIBYTE + 1))
    assert.are.equal("too_large", err.kind, tostring(err))
    assert.are.equal(413, err.status)
    must(client.oauth:userinfo())
  end)
end)

-- A chunked body, which may be longer than the server reads.
local function send_pieces(mebibytes)
  local script = ([[
    exec 3<>/dev/tcp/127.0.0.1/%d
    printf 'POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n' >&3
    printf 'Transfer-Encoding: chunked\r\n\r\n' >&3
    piece=$(head -c 65535 /dev/zero | tr '\0' x)
    for ((i = 0; i < %d; i++)); do printf 'FFFF\r\n%%s\r\n' "$piece" >&3 || exit 0; done 2>/dev/null
    printf '0\r\n\r\n' >&3
    cat <&3
  ]]):format(sandbox.port, mebibytes * 16 + 1)
  return peer.shell("bash -c " .. peer.quoted(script) .. " 2>/dev/null")
end

describe("a body that never ends", function()
  it("is answered when it ends soon after the limit", function()
    local answer = send_pieces(4)
    assert.are.equal("413", answer:match "^HTTP/1.1 (%d+)", answer:sub(1, 100))
    assert.is_truthy(answer:find('"message":"the request\'s body is larger than', 1, true))
  end)

  it("is not read without limit", function()
    sandbox:clear_requests()
    assert.are.equal("", send_pieces(40))
    local seen = sandbox:requests()
    assert.are.same({ 1, 413 }, { #seen, seen[1].status })
    must(client.oauth:userinfo())
  end)
end)

describe("memory", function()
  it("stays flat during the upload and download of a large file", function()
    local folder = peer.temporary_folder()
    local output = peer.lua([[
      local folder = ...
      local ironclad = require "ironclad"
      local function peak()
        for line in io.lines "/proc/self/status" do
          local kib = line:match "^VmHWM:%s*(%d+)"
          if kib then return tonumber(kib) end
        end
      end
      assert(os.execute("truncate -s 200M " .. folder .. "/big.pdf"))
      local sandbox = assert(require("ironclad.sandbox").start { tls = false, max_body = 210 * 1024 * 1024 })
      local client = sandbox:connect { max_retries = 0 }
      local id = assert(client.workflows:get "IC-2").id
      local function turn(file)
        assert(client.workflows:upload_document(id, "draft", {
          attachment = file, metadata = { comment = { message = "new" } } }))
        local list = assert(client.workflows:get_documents(id)).signaturePacketDocuments
        assert(client.workflows:download_document(id, list[#list].key, { to = folder .. "/back.pdf" }))
      end
      turn(ironclad.file { data = "x", filename = "a.pdf" })
      local before = peak()
      turn(ironclad.file(folder .. "/big.pdf"))
      print(peak() - before < 60 * 1024, peak() - before)
      print(io.open(folder .. "/back.pdf"):seek "end")
    ]], nil, folder)
    peer.remove_folder(folder)
    assert.is_truthy(output:find "^true\t%d+\n209715200\n", output)
  end)
end)
