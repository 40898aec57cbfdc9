-- Uploads: the other fields of a form, and files that cannot be sent.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local folder

setup(function() folder = peer.temporary_folder() end)
teardown(function() peer.remove_folder(folder) end)
after_each(scene.stop)

-- The parts of a form: { name =, filename =, type =, text = } in order.
local function parts_of(request)
  local boundary = request.headers["content-type"]:match("boundary=(.+)$"):gsub("%-", "%%-")
  local parts = {}
  local part = "\r\n(Content%-Disposition:.-)\r\n\r\n(.-)\r\n%-%-" .. boundary
  for head, text in request.body:gmatch(part) do
    parts[#parts + 1] = {
      name = head:match ' name="(.-)"', filename = head:match 'filename="(.-)"',
      type = head:match "Content%-Type: ([^\r]+)", text = text,
    }
  end
  return parts
end

-- A client of a server that answers every request well.
local function open()
  local server = scene.answering { scene.GOOD }
  return scene.connect(server), server
end

describe("an attachment of a record", function()
  it("is named by its file", function()
    peer.write_file(folder .. "/exhibit.pdf", "bytes")
    local client, server = open()
    ironclad.must(client.records:upload_attachment("w1", "exhibit", {
      attachment = ironclad.file(folder .. "/exhibit.pdf"),
    }))
    assert.are.same({
      { name = "metadata", text = '{"filename":"exhibit.pdf"}' },
      { name = "attachment", filename = "exhibit.pdf", type = "application/pdf", text = "bytes" },
    }, parts_of(scene.last(server)))
  end)

  it("is named by the caller, and keeps what else is said of it", function()
    local client, server = open()
    local file = ironclad.file { data = "bytes", filename = "a.pdf" }
    ironclad.must(client.records:upload_attachment("w1", "exhibit", {
      attachment = file, metadata = { filename = "b.pdf" },
    }))
    assert.are.equal('{"filename":"b.pdf"}', parts_of(scene.last(server))[1].text)
    ironclad.must(client.records:upload_attachment("w1", "exhibit", { attachment = file, metadata = { more = 1 } }))
    assert.are.same({ filename = "a.pdf", more = 1 },
      ironclad.json.decode(parts_of(scene.last(server))[1].text))
    ironclad.must(client:call("create-an-attachment-on-a-record", {
      path = { "w1", "exhibit" }, files = { attachment = file },
    }))
    assert.are.equal('{"filename":"a.pdf"}', parts_of(scene.last(server))[1].text)
  end)

  it("must be there", function()
    local client = open()
    assert.has_error(function() client.records:upload_attachment("w1", "exhibit", {}) end,
      "records:upload_attachment: attachment: missing in the body of records:upload_attachment, which requires it")
    assert.has_error(function() client.records:upload_attachment("w1", "exhibit", { attachment = "a.pdf" }) end,
      "records:upload_attachment: attachment: expected ironclad.file(…), got a string")
  end)
end)

describe("a signed document", function()
  local file = ironclad.file { data = "bytes", filename = "signed.pdf" }

  local function upload(fields)
    local client, server = open()
    fields.attachment = file
    ironclad.must(client.workflows:upload_signed_document("w1", fields))
    return parts_of(scene.last(server))
  end

  it("goes up with the roles that have signed", function()
    assert.are.same({
      { name = "metadata", text = '{"signerRoleNames":["Counterparty"]}' },
      { name = "attachment", filename = "signed.pdf", type = "application/pdf", text = "bytes" },
    }, upload { metadata = { signerRoleNames = { "Counterparty" } } })
    assert.are.equal(2, #upload { metadata = { signerRoleNames = { "Us" } }, fully_signed = false })
  end)

  it("goes up without roles, when fully_signed says that all have signed", function()
    assert.are.same({ { name = "attachment", filename = "signed.pdf", type = "application/pdf", text = "bytes" } },
      upload { fully_signed = true })
  end)

  for name, row in pairs {
    ["neither roles nor that word"] = { {}, "metadata.signerRoleNames: missing; list the roles" },
    ["an empty list"] = { { metadata = { signerRoleNames = ironclad.array {} } },
      "fully_signed = true: without a list" },
    ["that word denied"] = { { fully_signed = false }, "metadata.signerRoleNames: missing" },
    ["both"] = { { fully_signed = true, metadata = { signerRoleNames = { "Us" } } },
      "fully_signed: cannot be combined with metadata.signerRoleNames" },
    ["a word that is none"] = { { fully_signed = "yes", metadata = { signerRoleNames = { "Us" } } },
      "fully_signed: expected true or false" },
    ["a misspelt word"] = { { fuly_signed = true, metadata = { signerRoleNames = { "Us" } } },
      'fuly_signed: unknown field; did you mean "fully_signed"?' },
  } do
    it("is not sent with " .. name, function()
      local fine, mistake = pcall(upload, row[1])
      assert.is_false(fine)
      assert.is_truthy(mistake:find("workflows:upload_signed_document: ", 1, true), mistake)
      assert.is_truthy(mistake:find(row[2], 1, true), mistake)
    end)
  end
end)

describe("a smart import", function()
  it("has its texts before its file", function()
    local client, server = open()
    ironclad.must(client.records:smart_import {
      attachment = ironclad.file { data = "bytes", filename = "a.docx" }, recordType = "mutualNDA",
    })
    assert.are.same({
      { name = "recordType", text = "mutualNDA" },
      { name = "attachment", filename = "a.docx", text = "bytes",
        type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
    }, parts_of(scene.last(server)))
  end)
end)

describe("a file", function()
  it("that is empty is refused before anything is sent", function()
    local client, server = open()
    peer.write_file(folder .. "/empty.pdf", "")
    local err = scene.assert_error("io", client.workflows:launch {
      template = "t", attributes = { draft = { ironclad.file(folder .. "/empty.pdf") } },
    })
    assert.are.equal("not_done", err.outcome)
    assert.are.equal("cannot read " .. folder .. "/empty.pdf: it is empty", err.message)
    assert.are.equal(0, #server:requests())
    assert.has_error(function() ironclad.file { data = "" } end, "file: data is empty")
  end)

  -- More bytes than the sockets hold: the server reads nothing before the file has changed.
  local SIZE = 32 * 1024 * 1024

  for name, change in pairs {
    grows = function(path)
      local file = assert(io.open(path, "ab"))
      file:write "more"
      file:close()
    end,
    shrinks = function(path) peer.shell("truncate -s 1000 " .. path) end,
    vanishes = function(path) peer.shell(": > " .. path .. "; rm " .. path) end,
    ["is written anew"] = function(path)
      peer.shell(("sleep 0.01; printf y | dd conv=notrunc of=%s 2>&1"):format(path))
    end,
  } do
    it("that " .. name .. " while it is sent ends the call, and never arrives whole", function()
      local server = scene.serve { connections = { { { "gate" }, { "read" }, { "send", scene.GOOD } } } }
      local path, changed = folder .. "/changing.pdf", false
      peer.shell(("truncate -s %d %s"):format(SIZE, path))
      local err = scene.assert_error("io", scene.connect(server).workflows:upload_document("w1", "draft", {
        attachment = ironclad.file(path), metadata = { comment = { message = "new" } },
      }, {
        on_progress = function(done)
          if changed or done == 0 then return end
          changed = true
          change(path)
          server:release()
        end,
      }))
      assert.are.equal(path .. " changed while it was sent", err.message)
      assert.are.equal("unknown", err.outcome)
      assert.is_false(err.retryable)
      assert.are.equal(0, #server:requests())
    end)
  end
end)

describe("memory", function()
  it("stays flat while a large file goes up and comes down", function()
    local file = assert(io.open("spec/bench/files.lua", "rb"))
    local program = file:read "*a"
    file:close()
    -- A sanitizer keeps freed memory for a while.
    local sanitizer = "ASAN_OPTIONS=" .. (os.getenv "ASAN_OPTIONS" or "") .. ":quarantine_size_mb=1"
    local output = peer.lua(program, { environment = sanitizer }, 64, require("spec_process").interpreter())
    local lines, most = 0, os.getenv "ASAN_OPTIONS" and 20 or 10 -- MiB; its red zones count too
    for memory in output:gmatch "64 MiB in +[%d.]+ s, +([%d.]+) MiB of memory above the start\n" do
      lines = lines + 1
      assert.is_true(tonumber(memory) < most, output)
    end
    assert.are.equal(3, lines, output)
  end)
end)
