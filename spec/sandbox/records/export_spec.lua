-- The sandbox's export of records: a real workbook with the requested rows and columns.
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"

local must, refused = local_ironclad.must, local_ironclad.refused

local sandbox, client

setup(function()
  sandbox, client = local_ironclad.start { clock = "2026-03-01T06:00:00Z" }
  local page = must(client.records:list { pageSize = 100 })
  for _, record in ipairs(page.list) do must(client.records:delete(record.id)) end
  local properties = {
    agreementDate = { type = "date", value = "2024-06-30T23:00:00-07:00" },
    counterpartyName = { type = "string", value = 'Ü & <Söhne> "x"' },
    contractValue = { type = "monetary_amount", value = { currency = "EUR", amount = 48000.5 } },
    seats = { type = "number", value = -3 }, autoRenews = { type = "boolean", value = true },
    tags = { type = "array", value = { "gold", "EU" } }, term = { type = "duration", value = "P1Y" },
    governingLaw = { type = "clause", value = { source = "ai", clauseText = "The laws of Ohio." } },
    counterpartyAddress = { type = "address",
      value = { lines = { "1 Main St.", "Apt. 2" }, locality = "Springfield" } },
  }
  must(client.records:create { type = "contract", name = "One", properties = properties })
  must(client.records:create { type = "mutualNDA", name = ("x"):rep(40000), properties = {} })
end)
teardown(function() sandbox:stop() end)

local function unescaped(text)
  return (text:gsub("&lt;", "<"):gsub("&gt;", ">"):gsub("&quot;", '"'):gsub("&amp;", "&"))
end

-- The workbook's rows: tables from column letter to the cell's text.
local function rows_of(bytes)
  local folder = peer.temporary_folder()
  peer.write_file(folder .. "/book.xlsx", bytes)
  local sheet = peer.shell(("unzip -p %s/book.xlsx xl/worksheets/sheet1.xml"):format(folder))
  peer.remove_folder(folder)
  local rows = {}
  for row in sheet:gmatch "<row .-</row>" do
    local cells = {}
    for column, attributes, content in row:gmatch '<c r="(%u+)%d+"(.-)>(.-)</c>' do
      cells[column] = unescaped(content:match "<t[^>]*>(.*)</t>" or content:match "<v>(.*)</v>")
      if attributes:find 't="b"' then cells[column] = cells[column] == "1" and "true" or "false" end
    end
    rows[#rows + 1] = cells
  end
  return rows
end

local function export(query) return client.records:export(query) end

describe("the export of records", function()
  it("is a file with a name", function()
    local bytes, err, response = export()
    assert.are.equal("PK", must(bytes, err):sub(1, 2))
    assert.are.equal("application/octet-stream", response.headers["content-type"])
    assert.are.equal('attachment; filename="2026-03-01-records-export.xlsx"', response.headers["content-disposition"])
    assert.are.equal(bytes, must(export()))
  end)

  it("has a column for each property", function()
    local rows = rows_of(must(export { properties = "counterpartyName,agreementDate,contractValue,seats,autoRenews," ..
      "tags,term,governingLaw,counterpartyAddress,vendor" }))
    assert.are.same({ A = "Ironclad ID", B = "Name", C = "Type", D = "Last Updated", E = "Counterparty Name",
      F = "Agreement Date", G = "Contract Value", H = "Seats", I = "Renews by Itself", J = "Tags", K = "Term",
      L = "Governing Law", M = "Counterparty Address", N = "Vendor" }, rows[1])
    assert.are.equal(3, #rows)
    local row = rows[2]
    assert.are.same({ "One", "Contract", "46082.25" }, { row.B, row.C, row.D })
    assert.are.same({ 'Ü & <Söhne> "x"', "48000.5 EUR", "-3", "true", "gold, EU", "P1Y", "The laws of Ohio.",
      "1 Main St.\nApt. 2\nSpringfield" }, { row.E, row.G, row.H, row.I, row.J, row.K, row.L, row.M })
    assert.are.equal(45474.25, tonumber(row.F)) -- 2024-07-01T06:00:00Z, in days since 1899-12-30
    assert.are.same({ "Mutual NDA", 32767 }, { rows[3].C, #rows[3].B })
  end)

  it("has all visible properties by default", function()
    local visible = 0
    for _, property in pairs(must(client.records:get_schema()).properties) do
      if property.visible then visible = visible + 1 end
    end
    local columns = 0
    for _ in pairs(rows_of(must(export()))[1]) do columns = columns + 1 end
    assert.are.equal(4 + visible, columns)
  end)

  it("has the selected rows", function()
    assert.are.equal(2, #rows_of(must(export { types = "contract" })))
    assert.are.equal(1, #rows_of(must(export { types = "consultingAgreement" })))
    local filtered = must(export { extra = { query = { filter = "Equals([seats], -3)" } } })
    assert.are.equal(2, #rows_of(filtered))
  end)

  it("refuses unknown types and properties", function()
    refused({ 400, "INVALID_PARAM", "/?types" }, export { types = "contract,x" })
    refused({ 400, "INVALID_PARAM", "/?properties" }, export { properties = "seats,x" })
    refused({ 400, "INVALID_PARAM", "/?filter" }, export { extra = { query = { filter = "x" } } })
  end)
end)
