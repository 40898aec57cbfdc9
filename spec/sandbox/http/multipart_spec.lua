-- The sandbox's reading of multipart bodies (RFC 7578): boundaries, names and filenames as clients really send them.
local http = require "spec.support.http"
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"

local sandbox, client, actor

setup(function()
  sandbox, client = local_ironclad.start()
  actor = local_ironclad.actor(sandbox)
end)
teardown(function() sandbox:stop() end)

local PDF = "%PDF-1.4\n(x) Tj\n"

-- Imports a file in a body as given -> the answer. The imported record is named after the filename.
local function send(content_type, body)
  return assert(http.send(sandbox.port, http.request("POST", "/public/api/v1/records/smart-import",
    { actor[1], actor[2], "Content-Type: " .. content_type }, body)))
end

local function name_of(answer)
  assert.are.equal(200, answer.status, answer.body)
  local id = ironclad.json.decode(answer.body).recordId
  return local_ironclad.must(client.records:get(id)).name
end

local function refused(answer)
  assert.are.equal(400, answer.status, answer.body)
  assert.are.equal("INVALID_PARAM", ironclad.json.decode(answer.body).code)
end

local function body(disposition, boundary, data)
  return ("--%s\r\n%s\r\n\r\n%s\r\n--%s--\r\n"):format(boundary or "edge", disposition, data or PDF, boundary or "edge")
end

local PLAIN = 'Content-Disposition: form-data; name="attachment"; filename="Plain.pdf"'

describe("the boundary", function()
  for _, content_type in ipairs {
    "multipart/form-data; boundary=edge", "multipart/form-data;boundary=edge", "multipart/form-data; Boundary=edge",
    "Multipart/Form-Data; BOUNDARY=edge", 'multipart/form-data; boundary="edge"',
    "multipart/form-data; boundary=edge; charset=utf-8", "multipart/form-data; charset=utf-8; boundary=edge",
    'multipart/form-data;charset="a;boundary=b";boundary=edge', "multipart/form-data ; boundary = edge",
    'multipart/form-data; x=boundary; boundary="edge";y',
  } do
    it("is found in " .. content_type, function()
      assert.are.equal("Plain", name_of(send(content_type, body(PLAIN))))
    end)
  end

  for _, content_type in ipairs {
    "multipart/form-data", "multipart/form-data; boundary", "multipart/form-data; boundary=",
    'multipart/form-data; boundary="edge', "multipart/form-data; boundary=" .. ("x"):rep(71),
    "multipart/form-data; xboundary=edge",
  } do
    it("is not found in " .. content_type, function() refused(send(content_type, body(PLAIN))) end)
  end

  it("may have any of its characters", function()
    local boundary = "'()+_,-./:=? x"
    assert.are.equal("Plain", name_of(send(('multipart/form-data; boundary="%s"'):format(boundary),
      body(PLAIN, boundary))))
  end)

  local TYPE = "multipart/form-data; boundary=edge"

  it("may stand between a preamble and an epilogue, with white space behind it", function()
    assert.are.equal("Plain", name_of(send(TYPE, "a preamble\r\n--edges\r\n" ..
      body(PLAIN):gsub("^%-%-edge\r\n", "--edge \t \r\n") .. "an epilogue\r\n--edge\r\n")))
  end)

  it("is not what only begins like it", function()
    local data = PDF .. "\r\n--edges\r\n--edg\r\n\r\n--edge-\r\n-"
    local answer = send(TYPE, body(PLAIN, nil, data))
    local record = local_ironclad.must(client.records:get(ironclad.json.decode(answer.body).recordId))
    assert.are.equal(data, local_ironclad.must(client.records:download_attachment(record, "signedCopy")))
  end)

  it("may be cut anywhere by the network", function()
    local bytes = body(PLAIN .. "\r\nContent-Type: application/pdf", nil, PDF .. "\r\n--edge\r-")
    for i = 1, #bytes - 1 do
      local function chunk(text) return ("%x\r\n%s\r\n"):format(#text, text) end
      local request = table.concat({ "POST /public/api/v1/records/smart-import HTTP/1.1", "Host: localhost", actor[1],
        actor[2], "Content-Type: " .. TYPE, "Transfer-Encoding: chunked", "Connection: close" }, "\r\n") .. "\r\n\r\n"
      local answer = assert(http.send(sandbox.port, request .. chunk(bytes:sub(1, i)) .. chunk(bytes:sub(i + 1)) ..
        "0\r\n\r\n"))
      assert.are.equal(200, answer.status, "cut behind byte " .. i)
    end
  end)

  for _, wrong in ipairs {
    "", "--edge", "--edge\r\n", body(PLAIN):sub(1, -5), body(PLAIN, "ridge"), "--edge\r\n\r\n" .. PDF .. "\r\n--edge--",
    body "Content-Disposition: form-data", body 'Content-Disposition: attachment; name="attachment"',
    body "Content-Type: application/pdf", body('X: ' .. ("y"):rep(20000) .. "\r\n" .. PLAIN),
    body 'Content-Disposition: form-data; name="attachment',
  } do
    it("is wanted around " .. ironclad.json.encode(wrong):sub(1, 70), function() refused(send(TYPE, wrong)) end)
  end
end)

describe("a name", function()
  for disposition, name in pairs {
    ['form-data; name="attachment"; filename="A.pdf"'] = "A",
    ["form-data; name=attachment; filename=A.pdf"] = "A",
    ['form-data;name="attachment";filename="A.pdf"'] = "A",
    ['form-data; filename="A.pdf"; name="attachment"'] = "A",
    ['Form-Data; NAME="attachment"; FileName="A.pdf"'] = "A",
    ['form-data; name="attachment"; filename="a %22b%22.pdf"'] = 'a "b"',
    ['form-data; name="attachment"; filename="a \\"b\\" \\\\ c.pdf"'] = 'a "b" \\ c',
    ['form-data; name="attachment"; filename="C:\\dir\\a.pdf"'] = "C:\\dir\\a",
    ['form-data; name="attachment"; filename="100%25 %41; b=c.pdf"'] = "100%25 %41; b=c",
    ['form-data; name="attachment"; filename="\195\169.pdf"'] = "\195\169",
    ["form-data; name=attachment; filename*=UTF-8''%e2%82%ac%20b.pdf"] = "\226\130\172 b",
    ["form-data; name=attachment; filename*=iso-8859-1'en'%A3%20b.pdf"] = "\194\163 b",
    ["form-data; name=attachment; filename*=UTF-8''b.pdf; filename=\"A.pdf\""] = "A",
    ["form-data; name=attachment; filename=\"A.pdf\"; filename*=UTF-8''b.pdf"] = "A",
    ['form-data; name="attachment";\r\n filename="A.pdf"'] = "A",
  } do
    it("is read from " .. disposition:gsub("%c+", ""), function()
      assert.are.equal(name, name_of(send("multipart/form-data; boundary=edge",
        body("content-disposition: " .. disposition))))
    end)
  end

  for _, disposition in ipairs {
    "form-data; name=attachment; filename*=b.pdf", "form-data; name=attachment; filename*=UTF-8''%zz.pdf",
    "form-data; name=attachment; filename*=UTF-8''%00.pdf", "form-data; name=attachment; filename*=KOI8-R''b.pdf",
    "form-data; name*=UTF-8''attachment; filename=b.pdf",
  } do
    it("is not read from " .. disposition, function()
      refused(send("multipart/form-data; boundary=edge", body("Content-Disposition: " .. disposition)))
    end)
  end

  it("with %22 is found by its quote", function()
    local parts = ('--edge\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'):rep(1)
    local data = ironclad.json.encode { template = local_ironclad.NDA,
      attributes = { counterpartyName = "x", draft = { { file = 'the "draft"' } } } }
    local bytes = parts:format("data", data) ..
      '--edge\r\nContent-Disposition: form-data; name="the %22draft%22"; filename="d.pdf"\r\n\r\n' .. PDF ..
      "\r\n--edge--\r\n"
    local answer = assert(http.send(sandbox.port, http.request("POST", "/public/api/v1/workflows",
      { actor[1], actor[2], "Content-Type: multipart/form-data; boundary=edge" }, bytes)))
    assert.are.equal(200, answer.status, answer.body)
    assert.are.equal("d.pdf", ironclad.json.decode(answer.body).attributes.draft[1].filename)
  end)
end)
