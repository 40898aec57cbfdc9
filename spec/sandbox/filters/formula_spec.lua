-- The sandbox's filter formulas: which records each one finds, and which formulas are refused.
local local_ironclad = require "spec.support.local_ironclad"

local must = local_ironclad.must

local sandbox, client

local function day(text) return { type = "date", value = text } end
local function text(value) return { type = "string", value = value } end
local function number(value) return { type = "number", value = value } end
local function money(amount) return { type = "monetary_amount", value = { currency = "USD", amount = amount } } end
local function boolean(value) return { type = "boolean", value = value } end
local function list(...) return { type = "array", value = { ... } } end

-- The only records, named by a letter.
local records = {
  A = { counterpartyName = text "Acme Corp.", seats = number(10), agreementDate = day "2024-01-01",
    contractValue = money(999.5), autoRenews = boolean(true), tags = list("gold", "EU") },
  B = { counterpartyName = text "acme labs", seats = number(-2), agreementDate = day "2024-06-30T23:00:00-07:00",
    contractValue = money "1000", autoRenews = boolean(false), term = { type = "duration", value = "P1Y" } },
  C = { counterpartyName = text [[O'Hara "& Sons" ]], additionalNotes = text 'quote " and \\ "seats":{"value":10}',
    agreementDate = day "2999-12-31", tags = list "silver",
    counterpartyAddress = { type = "address", value = { lines = { "1 Main St." }, locality = "Springfield" } } },
  D = {},
}

setup(function()
  sandbox, client = local_ironclad.start()
  local page = must(client.records:list { pageSize = 100 })
  for _, record in ipairs(page.list) do must(client.records:delete(record.id)) end
  for name, properties in pairs(records) do
    must(client.records:create { type = "contract", name = name, properties = properties })
  end
end)
teardown(function() sandbox:stop() end)

-- The names of the records that a formula finds, in order: "AB".
local function found(formula)
  local names = {}
  local page = must(client.records:list { filter = formula, sortField = "name", sortDirection = "ASC" })
  for i, record in ipairs(page.list) do names[i] = record.name end
  return table.concat(names)
end

local finds = {
  ["Equals([counterpartyName], 'Acme Corp.')"] = "A",
  ["Equals([counterpartyName], 'acme corp.')"] = "",
  ["NotEqual([counterpartyName], 'Acme Corp.')"] = "BCD",
  ["Contains([counterpartyName], 'ACME')"] = "AB",
  [ [[Contains([counterpartyName], "O'Hara")]] ] = "C",
  [ [[Contains([counterpartyName], '"& sons"')]] ] = "C",
  ["IsEmpty([counterpartyName])"] = "D",
  ["IsNotEmpty([counterpartyName])"] = "ABC",
  ["IsEmpty([seats])"] = "CD",
  ["Equals([seats], 10)"] = "A",
  ["Equals([seats], '10')"] = "A",
  ["Equals([seats], -2.0)"] = "B",
  ["LessThan([seats], 10)"] = "B",
  ["LessThanOrEqual([seats], '10')"] = "AB",
  ["GreaterThan([seats], -2)"] = "A",
  ["GreaterThanOrEqual([seats], -2)"] = "AB",
  ["NotEqual([seats], 10)"] = "BCD",
  ["GreaterThanOrEqual([contractValue], '1000')"] = "B",
  ["LessThan([contractValue], 1000)"] = "A",
  ["Equals([autoRenews], true)"] = "A",
  ["Equals([autoRenews], 'false')"] = "B",
  ["NotEqual([autoRenews], true)"] = "BCD",
  ["Equals([agreementDate], Date(2024, 1, 1))"] = "A",
  ["Equals([agreementDate], Date(2024,07,1))"] = "B", -- the day in UTC
  ["GreaterThan([agreementDate], Date(2024, 1, 1))"] = "BC",
  ["LessThanOrEqual([agreementDate], Date(2024, 1, 1))"] = "A",
  ["GreaterThan([agreementDate], Today())"] = "C",
  ["LessThan([agreementDate], Today)"] = "AB",
  ["Equals([agreementDate], RelativeDate(Date(2023, 12, 25), 7, 'days'))"] = "A",
  ["Equals([agreementDate], RelativeDate(Date(2024, 1, 15), -2, 'weeks'))"] = "A",
  ["Equals([agreementDate], RelativeDate(Date(2023, 11, 1), 2, 'months'))"] = "A",
  ['Equals([agreementDate], RelativeDate(Date(2034, 1, 1), -10, "years"))'] = "A",
  ["Equals([agreementDate], RelativeDate(RelativeDate(Date(2024, 1, 31), 1, 'months'), -59, 'days'))"] = "A",
  ["GreaterThan([agreementDate], RelativeDate(Today(), 30, 'days'))"] = "C",
  ["Equals([tags], 'gold')"] = "A",
  ["Contains([tags], 'Silv')"] = "C",
  ["IsNotEmpty([term])"] = "B",
  ["Contains([term], 'p1')"] = "B",
  ["Contains([counterpartyAddress], 'springfield')"] = "C",
  ["Equals([name], 'D')"] = "D",
  ["Equals([readableId],'IC-1')"] = "",
  ["IsEmpty([lastUpdated])"] = "",
  ["GreaterThanOrEqual([lastUpdated], Today())"] = "ABCD",
  ["GreaterThan([lastUpdated], RelativeDate(Today(), 2, 'days'))"] = "",
  ["And(Contains([counterpartyName], 'acme'), Equals([autoRenews], true))"] = "A",
  ["Or(Equals([seats], 10), Equals([seats], '-2'), Equals([name], 'D'))"] = "ABD",
  ["And(Or(Equals([name],'A'),Equals([name],'B')),NotEqual([seats],10))"] = "B",
  ["(And(Contains([counterpartyName], 'acme'), Equals([name], 'B')))"] = "B",
  ["  And ( ( Equals ( [name] , 'A' ) ) , ((IsNotEmpty([seats]))) )  "] = "A",
  [("("):rep(31) .. "Equals([name], 'A')" .. (")"):rep(31)] = "A",
}

-- A formula, and a part of the error message.
local wrong = {
  [""] = "expected an operation",
  ["x"] = "unknown operation 'x'",
  ["Equal([name], 'A')"] = "did you mean 'Equals'",
  ["equals([name], 'A')"] = "did you mean 'Equals'",
  ["Equals(name, 'A')"] = "expected '%[' around the property's name",
  ["Equals([nmae], 'A')"] = "unknown property 'nmae'",
  ["Equals([type], 'contract')"] = "unknown property 'type'",
  ["Equals([name], 'A'"] = "expected '%)' at the end",
  ["Equals([name], 'A') x"] = "unexpected 'x' after the formula",
  ["Equals([name], 'A'))"] = "unexpected '%)' after the formula",
  ["(Equals([name], 'A')"] = "expected '%)' to close the parenthesis",
  ["Equals([name], 'A)"] = "the value is not closed by '",
  ["Equals([name, 'A')"] = "the property's name is not closed by %]",
  ["Equals([name], 'it's')"] = "expected '%)' at the end of the operation, not 's'",
  ["Equals([name], A)"] = "the value 'A' must stand in quotes",
  ["Equals([name])"] = "expected ',' between the property and the value",
  ["Equals([name], )"] = "expected a value",
  ["IsEmpty([name], 'A')"] = "expected '%)' at the end",
  ["And(Equals([name], 'A'))"] = "And takes two conditions or more",
  ["Or(Equals([name], 'A'))"] = "Or takes two conditions or more",
  ["And(Equals([name], 'A'), )"] = "expected an operation",
  ["Equals([seats], 'ten')"] = "%[seats%] is a number",
  ["Equals([autoRenews], 'yes')"] = "%[autoRenews%] is true or false",
  ["Equals([agreementDate], '2024-01-01')"] = "%[agreementDate%] is a date: compare it with Date%(y, m, d%)",
  ["Equals([name], Today())"] = "%[name%] is not a date",
  ["LessThan([name], 'A')"] = "LessThan does not work on %[name%], which is of type string",
  ["Equals([term], 'P1Y')"] = "Equals does not work on %[term%], which is of type duration",
  ["Equals([governingLaw], 'x')"] = "of type clause",
  ["GreaterThan([counterpartyAddress], 'x')"] = "of type address",
  ["NotEqual([vendor], 'x')"] = "of type reference",
  ["Contains([seats], '1')"] = "Contains does not work on %[seats%]",
  ["Contains([agreementDate], '2024')"] = "Contains does not work on",
  ["Equals([agreementDate], Date(2023, 2, 29))"] = "there is no day 2023%-02%-29",
  ["Equals([agreementDate], Date(2023, 13, 1))"] = "the month of Date must be a whole number from 1 to 12",
  ["Equals([agreementDate], Date(2023, 1))"] = "in Date%(year, month, day%)",
  ["Equals([agreementDate], Today(1))"] = "expected '%)' after 'Today%('",
  ["Equals([agreementDate], RelativeDate(7, 'days'))"] = "RelativeDate starts from Date",
  ["Equals([agreementDate], RelativeDate(Today(), 7))"] = "in RelativeDate%(date, count, unit%)",
  ["Equals([agreementDate], RelativeDate(Today(), 7, days))"] = "in quotes",
  ["Equals([agreementDate], RelativeDate(Today(), 7, 'fortnights'))"] = "moves by 'days'",
  ["Equals([agreementDate], RelativeDate(Today(), 9000, 'years'))"] = "within 0000%-9999",
  ["Equals([agreementDate], RelativeDate(Today(), 1.5, 'days'))"] = "must be a whole number",
  [("("):rep(32) .. "Equals([name], 'A')" .. (")"):rep(32)] = "nested too deeply",
  [("And("):rep(3000)] = "nested too deeply",
  ["Equals([agreementDate], " .. ("RelativeDate("):rep(3000)] = "nested too deeply",
}

describe("a filter formula", function()
  for formula, names in pairs(finds) do
    it(("finds %s by %s"):format(names == "" and "nothing" or names, formula), function()
      assert.are.equal(names, found(formula))
    end)
  end

  for formula, message in pairs(wrong) do
    it("is refused: " .. formula:sub(1, 80), function()
      local err = local_ironclad.refused({ 400, "INVALID_PARAM", "/?filter" }, client.records:list { filter = formula })
      assert.is_truthy(err.message:find("invalid filter formula: character %d+: "), err.message)
      assert.is_truthy(err.message:find(message), err.message)
    end)
  end

  it("combines with the other parameters, also in the count", function()
    local page = must(client.records:list { filter = "IsNotEmpty([counterpartyName])", pageSize = 2, page = 1 })
    assert.are.same({ 3, 1 }, { page.count, #page.list })
    assert.are.equal(0, must(client.records:list { filter = "IsNotEmpty([name])", types = "mutualNDA" }).count)
  end)
end)
