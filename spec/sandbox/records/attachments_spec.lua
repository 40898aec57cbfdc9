-- The sandbox's record attachments: upload, view, download, deletion.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"

local must, refused = local_ironclad.must, local_ironclad.refused

local sandbox, client

setup(function() sandbox, client = local_ironclad.start() end)
teardown(function() sandbox:stop() end)

local function new_record()
  return must(client.records:create { type = "contract", name = "With files", properties = {} })
end

local function parts(filename, bytes)
  return {
    attachment = ironclad.file { data = bytes or "%PDF-1.4 some bytes", filename = "sent.pdf" },
    metadata = { filename = filename },
  }
end

local function upload(id, key, filename, bytes)
  return client.records:upload_attachment(id, key, parts(filename or "NDA.pdf", bytes))
end

describe("an attachment", function()
  it("is shown in its record and downloads byte for byte", function()
    local record = new_record()
    local bytes = ("\0\1\2\r\n--x"):rep(20000)
    local changed = must(upload(record.ironcladId, "signedCopy", "NDA - Acme LLC.pdf", bytes))
    assert.are.same({ signedCopy = {
      filename = "NDA - Acme LLC.pdf", contentType = "application/pdf",
      href = sandbox.url .. "/public/api/v1/records/" .. record.id .. "/attachments/signedCopy",
    } }, changed.attachments)
    assert.is_true(changed.lastUpdated >= record.lastUpdated)
    assert.are.same(changed.attachments, must(client.records:get(record.id)).attachments)
    local got, err, response = client.records:download_attachment(record.id, "signedCopy")
    assert.are.equal(bytes, must(got, err))
    assert.are.equal('attachment; filename="NDA - Acme LLC.pdf"', response.headers["content-disposition"])
    assert.are.equal("application/pdf", response.headers["content-type"])
  end)

  it("may have any name", function()
    local record = new_record()
    must(upload(record.id, "signedCopy", 'Vertrag "Ü" 100%.PDF'))
    local _, _, response = client.records:download_attachment(record.id, "signedCopy")
    assert.are.equal([[attachment; filename="Vertrag ____ 100_.PDF"; ]] ..
      [[filename*=UTF-8''Vertrag%20%22%C3%9C%22%20100%25.PDF]], response.headers["content-disposition"])
  end)

  it("has a key of the record schema, or a number under it", function()
    local record = new_record()
    for _, key in ipairs { "signedCopy", "signedCopy[1]", "signedCopy[12]", "exhibit" } do
      must(upload(record.id, key, key .. ".docx", key))
    end
    for _, key in ipairs { "someKey", "signed", "signedCopy[]", "signedCopy[x]", "signedCopy[1", "exhibit[1]x" } do
      local err = refused({ 400, "INVALID_PARAM", "attachmentKey" }, upload(record.id, key))
      assert.is_truthy(err.message:find(("unknown record attachment key '%s'"):format(key), 1, true))
    end
    assert.are.equal("signedCopy[1]", must(client.records:download_attachment(record.id, "signedCopy[1]")))
    assert.is_truthy(must(client.records:get(record.id)).attachments["signedCopy[1]"].href:find "signedCopy%%5B1%%5D$")
  end)

  it("is deleted by itself or with its record", function()
    local record = new_record()
    must(upload(record.id, "signedCopy"))
    must(upload(record.id, "exhibit"))
    local err = refused({ 400, "INVALID_PARAM", "attachmentKey" }, upload(record.id, "signedCopy"))
    assert.is_truthy(err.message:find "record attachment key 'signedCopy' already exists for record")
    assert.is_true(must(client.records:delete_attachment(record.ironcladId, "signedCopy")))
    refused({ 400, "NOT_FOUND" }, client.records:download_attachment(record.id, "signedCopy"))
    refused({ 404, "NOT_FOUND" }, client.records:delete_attachment(record.id, "signedCopy"))
    assert.is_nil(must(client.records:get(record.id)).attachments.signedCopy)
    must(upload(record.id, "signedCopy", "again.pdf"))
    must(client.records:delete(record.id))
    refused({ 400, "NOT_FOUND" }, client.records:download_attachment(record.id, "exhibit"))
  end)

  it("is found by the record's internal id only", function()
    local made = must(client.records:get "IC-1")
    assert.is_truthy(must(client.records:download_attachment(made.id, "signedCopy")):find "^%%PDF%-1%.4")
    local err = refused({ 400, "NOT_FOUND" }, client.records:download_attachment("IC-1", "signedCopy"))
    assert.is_truthy(err.message:find "couldn't find a record matching the id IC%-1")
  end)

  local names = { "x.adoc", "x.CSV", "x.eml", "x.jpeg", "x.pptx", "x.tif", "x.xlsx", "a.b.xml" }
  for _, name in ipairs(names) do
    it("accepts the filename " .. name, function()
      assert.are.equal(name, must(upload(new_record().id, "exhibit", name)).attachments.exhibit.filename)
    end)
  end

  for _, name in ipairs { "NDA - Acme LLC", "x.exe", "x.", "pdf", "" } do
    it(("refuses the filename '%s'"):format(name), function()
      local record = new_record()
      local err = refused({ 400, "INVALID_PARAM", "metadata.filename" }, upload(record.id, "signedCopy", name))
      assert.is_truthy(err.message:find(("filename %q does not have an accepted extension"):format(name), 1, true))
      assert.is_nil(next(must(client.records:get(record.id)).attachments))
    end)
  end

  it("needs its metadata in a multipart body", function()
    local record = new_record()
    local path = ("POST /public/api/v1/records/%s/attachments/signedCopy"):format(record.id)
    local token = must(client:request("POST", "/oauth/token", { body = {
      grant_type = "client_credentials", client_id = sandbox.client_id, client_secret = sandbox.client_secret,
    } })).access_token
    local function send(body)
      local headers = { "Authorization: Bearer " .. token, "x-as-user-email: " .. sandbox.as_user,
        "Content-Type: multipart/form-data; boundary=between" }
      local status, answer = local_ironclad.raw(sandbox, path, headers, body)
      return status, ironclad.json.decode(answer)
    end
    local file = '--between\r\nContent-Disposition: form-data; name="attachment"; filename="x.pdf"\r\n\r\nbytes\r\n'
    local metadata = '--between\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n%s\r\n--between--\r\n'
    local wrong = {
      [file .. "--between--\r\n"] = { "metadata", "missing required form-data part 'metadata'" },
      [metadata:format '{"filename":"x.pdf"}'] = { "attachment", "missing required form-data part 'attachment'" },
      [file .. metadata:format "{"] = { "metadata.filename",
        "form-data part 'metadata' must be JSON with a 'filename'" },
      [file .. metadata:format '{"filename":1}'] = { "metadata.filename",
        "form-data part 'metadata' must be JSON with a 'filename'" },
    }
    for body, expected in pairs(wrong) do
      local status, answer = send(body)
      assert.are.same({ 400, "INVALID_PARAM", expected[1], expected[2] },
        { status, answer.code, answer.param, answer.message })
    end
    assert.are.equal(200, (send(file .. metadata:format '{"filename":"x.pdf"}')))
  end)

  it("needs a user who may edit records", function()
    local tom = { as_user = "tom.becker@example.com" }
    local made = must(client.records:get "IC-1")
    refused({ 403, "FORBIDDEN" }, client.records:upload_attachment("IC-1", "exhibit", parts "x.pdf", tom))
    refused({ 403, "FORBIDDEN" }, client.records:delete_attachment("IC-1", "signedCopy", {}, tom))
    must(client.records:download_attachment(made.id, "signedCopy", {}, tom))
    refused({ 404, "NOT_FOUND" }, client.records:delete_attachment(local_ironclad.NOBODY, "signedCopy"))
    refused({ 400, "NOT_FOUND" }, upload(local_ironclad.NOBODY, "signedCopy"))
  end)
end)
