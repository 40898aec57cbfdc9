-- The sandbox's signed download links: requested in bulk, made by a job, valid for a time, and served from an origin
-- that must not get a token.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"

local must, refused, NOBODY = local_ironclad.must, local_ironclad.refused, local_ironclad.NOBODY

local sandbox, client

setup(function() sandbox, client = local_ironclad.start { clock = "2026-03-01T12:00:00Z", job_seconds = 5 } end)
teardown(function() sandbox:stop() end)

local function ask(...)
  return client.records:create_download_urls { identifiers = { ... }, type = "latestSignedCopy" }
end

-- Starts a job, waits for it and returns it.
local function links_of(...)
  local job = must(ask(...))
  sandbox:advance(5)
  return must(client.records:get_download_urls(job.jobId))
end

-- GETs a link with these headers -> status, body, the whole answer.
local function fetch(url, headers)
  local port, target = url:match "^http://127%.0%.0%.1:(%d+)(/.*)$"
  return local_ironclad.raw({ port = tonumber(port) }, "GET " .. target, headers)
end

-- Seconds of the day.
local function seconds_of(time)
  local hours, minutes, seconds = time:match "T(%d+):(%d+):([%d.]+)Z$"
  return hours * 3600 + minutes * 60 + seconds
end

local function with_copy(bytes)
  local record = must(client.records:create { type = "contract", name = "Signed", properties = {} })
  must(client.records:upload_attachment(record.id, "signedCopy", {
    attachment = ironclad.file { data = bytes, filename = "x.pdf" }, metadata = { filename = "The copy.pdf" },
  }))
  return record
end

describe("download links", function()
  it("are made by a job", function()
    local record = with_copy "hello"
    local job = must(ask(record.ironcladId, record.id, NOBODY, "IC-9"))
    assert.are.same("processing", job.status)
    assert.are.same(job, must(client.records:get_download_urls(job.jobId)))
    sandbox:advance(4.9)
    assert.are.same(job, must(client.records:get_download_urls(job.jobId)))
    sandbox:advance(0.1)
    local done = must(client.records:get_download_urls(job.jobId))
    assert.are.same({ job.jobId, "complete", 2, 2 }, { done.jobId, done.status, #done.succeeded, #done.failed })
    local first = done.succeeded[1]
    assert.are.same({ record.ironcladId, record.ironcladId, record.id, "The copy.pdf", "signedCopy" },
      { first.identifier, first.ironcladId, first.recordId, first.filename, first.fileKey })
    assert.are.equal("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", first.fileHash)
    assert.are.equal(record.id, done.succeeded[2].identifier)
    assert.are.same({ identifier = NOBODY, errorCode = "RECORD_NOT_FOUND", errorMessage = "Record not found" },
      done.failed[1])
    assert.are.same({ "IC-9", "NO_ATTACHMENT_FOUND" }, { done.failed[2].ironcladId, done.failed[2].errorCode })
    assert.are.same(done, must(client.records:get_download_urls(job.jobId)))
  end)

  it("point to another origin, which needs no token", function()
    local bytes = ("\0\r\n%PDF"):rep(30000)
    local url = links_of(with_copy(bytes).id).succeeded[1].downloadUrl
    assert.is_nil(url:find(sandbox.url, 1, true))
    local status, body, answer = fetch(url)
    assert.are.same({ 200, true }, { status, body == bytes })
    assert.is_truthy(answer:find('Content-Disposition: attachment; filename="The copy.pdf"', 1, true))
    status, body = fetch(url, { "Authorization: Bearer x" })
    assert.are.same({ 400, "Authorization" }, { status, ironclad.json.decode(body).param })
  end)

  it("are valid for twenty minutes and for one file", function()
    local record = with_copy "bytes"
    local added = must(client.records:get(record.id)).lastUpdated
    local link = links_of(record.id).succeeded[1]
    local url = link.downloadUrl
    assert.are.equal(5 + 1200, seconds_of(link.expiration) - seconds_of(added))
    local last = url:sub(-1) == "0" and "1" or "0"
    for _, wrong in ipairs { url:sub(1, -2) .. last, url .. "0", (url:gsub("expires=%d", "expires=9")),
      (url:gsub("%?.*", "")), (url:gsub("/attachments/", "/attachment/")), (url:gsub("&signature=.*", "")) } do
      assert.are.equal(403, (fetch(wrong)), wrong)
    end
    sandbox:advance(1199)
    assert.are.equal(200, (fetch(url)))
    sandbox:advance(1)
    local status, body = fetch(url)
    assert.are.same({ 403, "expires" }, { status, ironclad.json.decode(body).param })
    must(client.records:delete_attachment(record.id, "signedCopy"))
    assert.are.equal("NO_ATTACHMENT_FOUND", links_of(record.id).failed[1].errorCode)
  end)

  it("end when the file is deleted", function()
    local record = with_copy "bytes"
    local url = links_of(record.id).succeeded[1].downloadUrl
    must(client.records:delete(record.id))
    assert.are.equal(404, (fetch(url)))
  end)

  it("point to the latest signed copy", function()
    local record = with_copy "first"
    must(client.records:upload_attachment(record.id, "signedCopy[1]", {
      attachment = ironclad.file { data = "second", filename = "x.pdf" }, metadata = { filename = "second.pdf" },
    }))
    must(client.records:upload_attachment(record.id, "exhibit", {
      attachment = ironclad.file { data = "x", filename = "x.pdf" }, metadata = { filename = "x.pdf" },
    }))
    local link = links_of(record.id).succeeded[1]
    assert.are.same({ "second.pdf", "signedCopy[1]" }, { link.filename, link.fileKey })
    local _, body = fetch(link.downloadUrl)
    assert.are.equal("second", body)
  end)

  it("refuse wrong requests", function()
    local many = {}
    for i = 1, 101 do many[i] = NOBODY end
    local wrong = {
      { "identifiers", many }, { "identifiers", ironclad.array {} }, { "identifiers", { 1 } },
      { "type", { NOBODY }, "signedCopy" }, { "identifiers", "IC-1" },
    }
    for _, case in ipairs(wrong) do
      refused({ 400, "INVALID_PARAM", case[1] }, client:request("POST",
        "/public/api/v1/records/attachments/download-urls",
        { body = { identifiers = case[2], type = case[3] or "latestSignedCopy" } }))
    end
    refused({ 404, "NOT_FOUND" }, client.records:get_download_urls(NOBODY))
  end)

  it("are the only paths of that origin", function()
    local origin = links_of("IC-1").succeeded[1].downloadUrl:match "^http://[^/]*"
    for _, target in ipairs { "/", "/oauth/token", "/public/api/v1/records" } do
      assert.are.equal(404, (fetch(origin .. target)))
    end
    local port = tonumber(origin:match "%d+$")
    assert.are.equal(404, (local_ironclad.raw({ port = port }, "POST /oauth/token", {}, "grant_type=x")))
  end)
end)
