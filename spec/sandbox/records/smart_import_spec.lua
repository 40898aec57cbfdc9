-- The sandbox's smart import: files become records, with predictions after a while.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"

local must, refused, NOBODY = local_ironclad.must, local_ironclad.refused, local_ironclad.NOBODY

local sandbox, client

before_each(function()
  sandbox, client = local_ironclad.start { clock = "2026-03-01T12:00:00Z", job_seconds = 20, import_credits = 5 }
end)
after_each(function() sandbox:stop() end)

local function pdf(...)
  local lines = {}
  for i, line in ipairs { ... } do lines[i] = "(" .. line .. ") Tj\n" end
  return "%PDF-1.4\n1 0 obj\nstream\nBT\n" .. table.concat(lines) .. "ET\nendstream\n"
end

local function import(filename, bytes, fields, id)
  local body = { attachment = ironclad.file { data = bytes or pdf "x", filename = filename } }
  for name, value in pairs(fields or {}) do body[name] = value end
  if id then return client.records:smart_import_into(id, body) end
  return client.records:smart_import(body)
end

local function status(query) return client.records:get_import_predictions(query) end

describe("a smart import", function()
  it("is pending, then predicts", function()
    local job = must(import("Master Agreement with Acme Labs (signed).pdf", pdf("This agreement of March 3, 2025",
      "ends on 2027-12-31 \\(midnight\\) and is worth USD 12,500.50.")))
    assert.are.equal(4, job.remainingCredits)
    local function record() return must(client.records:get(job.recordId)) end
    local before = record()
    assert.are.same({ "Master Agreement with Acme Labs (signed)", "imported", { type = "import_project",
      importId = job.importId } }, { before.name, before.type, before.source })
    assert.are.equal("Master Agreement with Acme Labs (signed).pdf", before.attachments.signedCopy.filename)
    assert.is_nil(next(before.properties))
    assert.are.same({ recordId = job.recordId, status = "pending" }, must(status { recordId = job.recordId }))
    sandbox:advance(19.9)
    assert.are.equal("pending", must(status { recordId = job.recordId }).status)
    sandbox:advance(0.1)
    assert.are.equal("ready", must(status { recordId = job.recordId }).status)
    assert.are.same({
      counterpartyName = { type = "string", value = "Acme Labs" },
      agreementDate = { type = "date", value = "2025-03-03" },
      expirationDate = { type = "date", value = "2027-12-31" },
      contractValue = { type = "monetary_amount", value = { currency = "USD", amount = 12500.5 } },
    }, record().properties)
    assert.are.equal(1, must(client.records:list { filter = "Equals([counterpartyName], 'Acme Labs')" }).count)
    assert.is_true(record().lastUpdated > before.lastUpdated)
  end)

  it("keeps properties that were set in the meantime", function()
    local job = must(import("Lease - Acme 2024-05-06.pdf"))
    local said = { counterpartyName = { type = "string", value = "B" } }
    must(client.records:update(job.recordId, { addProperties = said }))
    sandbox:advance(20)
    local properties = must(client.records:get(job.recordId)).properties
    assert.are.same({ "B", "2024-05-06" }, { properties.counterpartyName.value, properties.agreementDate.value })
  end)

  it("is errored when the file is not a PDF", function()
    local job = must(import("NDA with Acme.pdf", "hello"))
    sandbox:advance(20)
    assert.are.equal("errored", must(status { recordId = job.recordId }).status)
    assert.is_nil(next(must(client.records:get(job.recordId)).properties))
  end)

  it("adds more files to an import", function()
    local first = must(import "a.pdf")
    sandbox:advance(10)
    local second = must(import("b.docx", "x", { recordType = "contract" }, first.importId))
    assert.are.same({ first.importId, 3 }, { second.importId, second.remainingCredits })
    assert.are.equal("contract", must(client.records:get(second.recordId)).type)
    sandbox:advance(10)
    local function expect(...) assert.are.same({ ... }, must(status { importId = first.importId })) end
    local a = { recordId = first.recordId, status = "ready" }
    expect(a, { recordId = second.recordId, status = "pending" })
    sandbox:advance(10)
    expect(a, { recordId = second.recordId, status = "errored" })
    must(client.records:delete(second.recordId))
    expect(a)
  end)

  it("can create a record type", function()
    local job = must(import("a.pdf", nil, { newRecordTypeId = "oldOnes", newRecordTypeDisplayName = "Old ones" }))
    assert.are.equal("oldOnes", must(client.records:get(job.recordId)).type)
    assert.are.equal("Old ones", must(client.records:get_schema()).recordTypes.oldOnes.displayName)
    must(import("b.pdf", nil, { recordType = "oldOnes" }))
  end)

  it("costs one credit per file", function()
    for left = 4, 0, -1 do assert.are.equal(left, must(import "a.pdf").remainingCredits) end
    local err = refused({ 403, "FORBIDDEN" }, import "a.pdf")
    assert.is_truthy(err.message:find "No more AI Contract Credits available")
  end)

  local wrong = {
    { "a.exe", nil, { 400, "INVALID_PARAM", "metadata.filename" } },
    { "a", nil, { 400, "INVALID_PARAM", "metadata.filename" } },
    { "a.pdf", { recordType = "x" }, { 400, "INVALID_PARAM", "type" } },
    { "a.pdf", { newRecordTypeId = "x" }, { 400, "INVALID_PARAM", "newRecordTypeDisplayName" } },
    { "a.pdf", { newRecordTypeDisplayName = "x" }, { 400, "INVALID_PARAM", "newRecordTypeId" } },
    { "a.pdf", { newRecordTypeId = "contract", newRecordTypeDisplayName = "x" },
      { 400, "INVALID_PARAM", "newRecordTypeId" } },
    { "a.pdf", { recordType = "contract", newRecordTypeId = "x", newRecordTypeDisplayName = "x" },
      { 400, "INVALID_PARAM", "recordType" } },
  }
  for i, case in ipairs(wrong) do
    it(("is refused for its %s (%d)"):format(case[3][3], i), function()
      local before = must(client.records:list()).count
      refused(case[3], import(case[1], nil, case[2]))
      assert.are.equal(before, must(client.records:list()).count)
      assert.are.equal(4, must(import "a.pdf").remainingCredits)
    end)
  end

  it("is found by known ids only", function()
    refused({ 404, "NOT_FOUND" }, import("a.pdf", nil, {}, NOBODY))
    refused({ 404, "NOT_FOUND" }, status { recordId = NOBODY })
    refused({ 404, "NOT_FOUND" }, status { recordId = must(client.records:get "IC-8").id })
    refused({ 404, "NOT_FOUND" }, status { importId = NOBODY })
    refused({ 400, "INVALID_PARAM" }, status())
  end)

  it("needs a user who may edit records", function()
    refused({ 403, "FORBIDDEN" }, client.records:smart_import(
      { attachment = ironclad.file { data = pdf "x", filename = "a.pdf" } }, { as_user = "tom.becker@example.com" }))
  end)
end)

describe("the sandbox's predictions", function()
  -- A filename, and the counterparty in it.
  local cases = {
    { "NDA with Acme.pdf", "Acme" }, { "Mutual NDA - Northwind Optics.pdf", "Northwind Optics" },
    { "Calibration Services, Alder Metrology.PDF", "Alder Metrology" }, { "Acme.pdf", "Acme" },
    { "2026 - NDA - Acme (countersigned).pdf", "Acme" }, { ".pdf", nil },
  }
  for _, case in ipairs(cases) do
    it("find the counterparty in: " .. case[1], function()
      local job = must(import(case[1]))
      sandbox:advance(20)
      local property = must(client.records:get(job.recordId)).properties.counterpartyName
      assert.are.equal(case[2], property and property.value)
    end)
  end

  -- The text of a file, and the value in it.
  local values = {
    { "for $1,000", "USD", 1000 }, { "EUR 48000", "EUR", 48000 }, { "GBP 0.50 each", "GBP", 0.5 },
    { "it costs $ and cents" }, { "USD", nil },
  }
  for _, case in ipairs(values) do
    it("find the value in: " .. case[1], function()
      local job = must(import("a.pdf", pdf(case[1])))
      sandbox:advance(20)
      local property = must(client.records:get(job.recordId)).properties.contractValue
      assert.are.same(case[2] and { currency = case[2], amount = case[3] }, property and property.value)
    end)
  end
end)
