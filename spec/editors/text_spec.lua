-- The Neovim plugin shows values as people write them.
local ironclad = require "ironclad"

local text = dofile "editors/neovim/lua/ironclad_nvim/text.lua"

describe("a value in Neovim", function()
  local NONE = {}
  for _, row in ipairs {
    { "a text", "Acme", nil, "Acme" },
    { "an empty text", "", nil, NONE },
    { "null", ironclad.null, nil, NONE },
    { "true", true, { type = "boolean" }, "yes" },
    { "false", false, { type = "boolean" }, "no" },
    { "a number", 5000, { type = "number" }, "5000" },
    { "a number with many digits", 1234567890123.45, { type = "number" }, "1234567890123.45" },
    { "a day", "2030-01-31T00:00:00.000Z", { type = "date" }, "31 Jan 2030" },
    { "a day without a time", "2030-01-31", { type = "date" }, "31 Jan 2030" },
    { "a point in time", "2030-01-31T12:05:09.000Z", { type = "date" }, "31 Jan 2030, 12:05 UTC" },
    { "a point in time in another zone", "2030-01-31T01:00:00+02:00", nil, "30 Jan 2030, 23:00 UTC" },
    { "a date that is none", "soon", { type = "date" }, "soon" },
    { "money of a workflow", { currency = "USD", amount = 1234567 }, { type = "monetaryAmount" }, "USD 1,234,567" },
    { "money of a record", { currency = "EUR", amount = -999.5 }, { type = "monetary_amount" }, "EUR -999.50" },
    { "money as text", { currency = "USD", amount = "5000.25" }, { type = "monetaryAmount" }, "USD 5,000.25" },
    { "money without a currency", { amount = 5000 }, { type = "monetaryAmount" }, "5,000" },
    { "money without an amount", { currency = "USD" }, { type = "monetaryAmount" }, "Currency: USD" },
    { "money that is none", { currency = "USD", amount = "much" }, { type = "monetaryAmount" }, "USD much" },
    { "a length of time", "P1Y2M", { type = "duration" }, "1 year, 2 months" },
    { "no time", "P0D", { type = "duration" }, "0 days" },
    { "a length with fields", { years = 2 }, { type = "duration" }, "2 years" },
    { "an address of a workflow", "1 Main Street\nSpringfield", { type = "address" }, "1 Main Street, Springfield" },
    { "an address of a record", { lines = { "1 Main Street" }, locality = "Springfield" }, { type = "address" },
      "1 Main Street, Springfield" },
    { "a document", { { filename = "nda.pdf", key = "x" } }, { type = "array", elementType = { type = "document" } },
      "nda.pdf" },
    { "a linked record", { recordId = "b19c", readableId = "IC-3" }, { type = "parentRecord" }, "IC-3" },
    { "a person", { displayName = "Jane Doe", email = "jane@example.com" }, nil, "Jane Doe" },
    { "rows", { { item = "Desk", price = { currency = "USD", amount = 300 } } },
      { type = "array", elementType = { type = "object", schema = { item = { displayName = "Item" } } } },
      "Item: Desk, Price: USD 300" },
    { "an empty list", {}, { type = "array" }, NONE },
  } do
    it("is readable: " .. row[1], function()
      local expected = row[4]
      if expected == NONE then expected = nil end
      assert.equal(expected, text.value(row[2], row[3]))
    end)
  end

  it("has the label of its schema, or words made of its name", function()
    assert.equal("Value of the Deal", text.label("contractValue", { displayName = "Value of the Deal" }))
    assert.equal("Current turn party", text.label("currentTurnParty", nil))
    assert.equal("Paper source", text.label("paper_source", { displayName = "" }))
  end)

  it("is missing when it is null, at any depth", function()
    local null = ironclad.null
    for _, row in ipairs {
      { { a = null, b = { c = null, d = 1 } }, { b = { d = 1 } } },
      { { null, 1, null, { null, 2 }, null }, { 1, { 2 } } },
      { { list = { { a = null }, null, { a = 1 } } }, { list = { {}, { a = 1 } } } },
      { null, nil }, { 7, 7 }, { {}, {} },
    } do
      assert.same(row[2], text.without_null(row[1]))
    end
  end)

  it("stays on its line, without control characters", function()
    assert.equal("one two [31m", text.line "one\r\n  two\27[31m")
  end)
end)
