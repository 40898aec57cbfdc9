-- ironclad.money, date, duration and address: what they take, how they print, compare and are sent.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"
local encode = require "ironclad.values.encode"
local values = require "ironclad.values.values"

local json = ironclad.json

-- Expects an error with the message and a position in this file.
local function mistaken(message, call, ...)
  local a, b, c = ...
  scene.assert_mistake(message, function() call(a, b, c) end)
end

describe("ironclad.money", function()
  local cases = { -- currency, amount, its text, its JSON
    { "USD", 5000, "USD 5000", '{"currency":"USD","amount":5000}' },
    { "EUR", 12.5, "EUR 12.50", '{"currency":"EUR","amount":12.5}' },
    { "EUR", "12.345", "EUR 12.345", '{"currency":"EUR","amount":12.345}' },
    { "JPY", 0, "JPY 0", '{"currency":"JPY","amount":0}' },
    { "USD", -3, "USD -3", '{"currency":"USD","amount":-3}' },
    { "USD", 1e12, "USD 1000000000000", '{"currency":"USD","amount":1000000000000}' },
  }
  for _, case in ipairs(cases) do
    it("is " .. case[3], function()
      local money = ironclad.money(case[1], case[2])
      assert.are.equal(case[3], tostring(money))
      assert.are.same(json.decode(case[4]), json.decode(json.encode(money)))
      assert.are.equal(case[1], money.currency)
      assert.are.equal(tonumber(case[2]), money.amount)
    end)
  end

  it("compares by currency and amount", function()
    assert.is_true(ironclad.money("USD", 5) == ironclad.money("USD", "5.0"))
    assert.is_false(ironclad.money("USD", 5) == ironclad.money("EUR", 5))
    assert.is_false(ironclad.money("USD", 5) == ironclad.money("USD", 6))
  end)

  it("refuses what is none", function()
    for _, currency in ipairs { "usd", "US", "USDX", "$", "", 5, true } do
      mistaken("ironclad.money: currency: expected three capital letters", ironclad.money, currency, 1)
    end
    for _, amount in ipairs { "5,000", "", "abc", "0x10", " 1", 0 / 0, math.huge, -math.huge, {}, true } do
      mistaken("ironclad.money: amount: expected a number", ironclad.money, "USD", amount)
    end
    mistaken("amount: expected a number, got nil", ironclad.money, "USD")
  end)

  it("keeps all digits of a text, or refuses it", function()
    for _, digits in ipairs { "1234567890123.45", "0.000001", "1000000000000000000", "0.30000000000000004", "07.1" } do
      assert.are.equal(tonumber(digits), ironclad.money("USD", digits).amount)
    end
    for _, digits in ipairs { "99999999999999999999.99", "12345678901234567.89", "9223372036854775809" } do
      mistaken(("ironclad.money: amount: %s has more digits than a number can hold"):format(digits), ironclad.money,
        "USD", digits)
    end
  end)
end)

describe("the number of a text", function()
  it("is a number, or keeps its digits", function()
    for _, text in ipairs { "0", "-5", "12.5", "0.30000000000000004", "007" } do
      local number = encode.number(text)
      assert.are.equal(tonumber(text), tonumber(json.encode(number)))
    end
    for _, text in ipairs { "9007199254740993", "18446744073709551616", "123456789012345678901234567890" } do
      assert.are.equal(text, json.encode(encode.number(text)))
    end
    for _, text in ipairs { "", "x", "nan", "inf", "0x10", " 5", "5 ", "5.", "+5", "1-2", "1,000", "1e3",
      "0.12345678901234567890" } do
      assert.is_falsy(encode.number(text), text)
    end
  end)
end)

describe("ironclad.date", function()
  local cases = { -- arguments, its text, what is sent
    { { 2026, 1, 31 }, "2026-01-31", "2026-01-31T00:00:00Z" },
    { { 2024, 2, 29 }, "2024-02-29", "2024-02-29T00:00:00Z" },
    { { 2000, 2, 29 }, "2000-02-29", "2000-02-29T00:00:00Z" },
    { { 1, 1, 1 }, "0001-01-01", "0001-01-01T00:00:00Z" },
    { { 9999, 12, 31 }, "9999-12-31", "9999-12-31T00:00:00Z" },
    { { { year = 2026, month = 3, day = 9, hour = 23 } }, "2026-03-09", "2026-03-09T00:00:00Z" },
    { { os.time { year = 2026, month = 7, day = 1, hour = 0 } }, "2026-07-01", "2026-07-01T00:00:00Z" },
    { { os.time { year = 2026, month = 7, day = 1, hour = 23, min = 59 } }, "2026-07-01", "2026-07-01T00:00:00Z" },
    { { "2026-01-31" }, "2026-01-31", "2026-01-31T00:00:00Z" },
    { { "2026-01-31T12:34:56Z" }, "2026-01-31T12:34:56Z", "2026-01-31T12:34:56Z" },
    { { "2026-01-31T12:34Z" }, "2026-01-31T12:34:00Z", "2026-01-31T12:34:00Z" },
    { { "2026-01-31 12:34:56" }, "2026-01-31T12:34:56Z", "2026-01-31T12:34:56Z" },
    { { "2026-01-31T12:34:56.789Z" }, "2026-01-31T12:34:56.789Z", "2026-01-31T12:34:56.789Z" },
    { { "2018-05-08T00:00:00-07:00" }, "2018-05-08T07:00:00Z", "2018-05-08T07:00:00Z" },
    { { "2026-01-01T00:30:00+01:00" }, "2025-12-31T23:30:00Z", "2025-12-31T23:30:00Z" },
    { { "2026-12-31T23:30:00-0130" }, "2027-01-01T01:00:00Z", "2027-01-01T01:00:00Z" },
    { { "2026-01-31T12:00:59.9996Z" }, "2026-01-31T12:00:59.999Z", "2026-01-31T12:00:59.999Z" },
    { { "2024-02-28T23:59:59-01:00" }, "2024-02-29T00:59:59Z", "2024-02-29T00:59:59Z" },
  }
  for _, case in ipairs(cases) do
    it("takes " .. json.encode(case[1]) .. " for " .. case[2], function()
      local date = ironclad.date(case[1][1], case[1][2], case[1][3])
      assert.are.equal(case[2], tostring(date))
      assert.are.equal('"' .. case[3] .. '"', json.encode(date))
    end)
  end

  it("takes the day of a Lua time in the local time zone", function()
    local now = os.time()
    assert.are.equal(os.date("%Y-%m-%d", now), tostring(ironclad.date(now)))
    assert.are.equal(os.date("%Y-%m-%d", now), tostring(ironclad.date(os.date("*t", now))))
  end)

  it("can be read", function()
    local day = ironclad.date "2026-01-31"
    assert.are.same({ 2026, 1, 31, nil }, { day.year, day.month, day.day, day.hour })
    local point = ironclad.date "2026-01-31T12:34:56Z"
    assert.are.same({ 31, 12, 34, 56 }, { point.day, point.hour, point.minute, point.second })
  end)

  it("is copied with its time", function()
    for _, text in ipairs { "2026-01-31", "2026-01-31T00:00:00Z", "2026-01-31T12:34:56.789Z" } do
      local date = ironclad.date(text)
      local copy = ironclad.date(date)
      assert.are.equal(text, tostring(copy))
      assert.are.equal(date, copy)
      assert.is_false(rawequal(date, copy))
    end
    local wrong = ironclad.date(2026, 1, 31)
    wrong.day = 32
    mistaken("there is no day 2026-01-32", ironclad.date, wrong)
  end)

  it("compares", function()
    assert.is_true(ironclad.date(2026, 1, 31) == ironclad.date "2026-01-31")
    assert.is_false(ironclad.date(2026, 1, 31) == ironclad.date "2026-01-31T00:00:00Z")
    local ordered = { "1969-12-31", "1970-01-01", "1999-12-31T23:59:59Z", "2000-01-01", "2000-01-01T00:00:00.5Z",
      "2024-02-29", "2024-03-01", "2026-01-01T00:00:00+01:00", "2026-01-01" }
    for i = 1, #ordered do
      for j = 1, #ordered do
        local a, b = ironclad.date(ordered[i]), ironclad.date(ordered[j])
        assert.are.equal(i < j, a < b, ordered[i] .. " < " .. ordered[j])
        assert.are.equal(i <= j, a <= b, ordered[i] .. " <= " .. ordered[j])
        assert.are.equal(i == j, a == b)
      end
    end
    assert.is_false((pcall(function() return ironclad.date(2026, 1, 31) < ironclad.money("USD", 1) end)))
  end)

  it("never comes to a sixtieth second", function()
    for digits = 1, 20 do
      local point = ironclad.date("2026-01-31T12:00:59." .. ("9"):rep(digits) .. "Z")
      local milliseconds = ("999"):sub(1, digits) .. ("0"):rep(3 - digits)
      assert.are.equal("2026-01-31T12:00:59." .. milliseconds .. "Z", tostring(point))
      assert.are.equal('"' .. tostring(point) .. '"', json.encode(point))
    end
  end)

  it("refuses days that do not exist", function()
    for _, day in ipairs { { 2026, 2, 30 }, { 2025, 2, 29 }, { 1900, 2, 29 }, { 2026, 4, 31 }, { 2026, 13, 1 },
      { 2026, 0, 1 }, { 2026, 1, 0 }, { 2026, 1, -1 }, { 2026, 1, 32 } } do
      mistaken(("ironclad.date: there is no day %04d-"):format(day[1]), ironclad.date, day[1], day[2], day[3])
    end
    mistaken("year: expected 1 to 9999, got 0", ironclad.date, 0, 1, 1)
    mistaken("year: expected 1 to 9999, got 10000", ironclad.date, 10000, 1, 1)
    mistaken("there is no day 2026-02-30", ironclad.date, "2026-02-30")
    mistaken("there is no day 2026-02-30", ironclad.date, "2026-02-30T00:00:00Z")
    mistaken("beyond the years 1 to 9999", ironclad.date, "9999-12-31T23:00:00-02:00")
  end)

  it("refuses what is none", function()
    mistaken("expected year, month and day, a Lua time, a table or ISO 8601 text, got a boolean", ironclad.date, true)
    mistaken("year: expected a whole number, got nil", ironclad.date)
    mistaken("day: expected a whole number, got nil", ironclad.date, 2026, 1)
    mistaken("month: expected a whole number, got 1.5", ironclad.date, 2026, 1.5, 1)
    mistaken("day: expected a whole number, got string", ironclad.date, 2026, 1, "1")
    mistaken("year: expected a whole number, got nil", ironclad.date, {})
    mistaken("2026: a year alone is not a date", ironclad.date, 2026)
    for _, time in ipairs { 0 / 0, math.huge, -math.huge, 1e300 } do
      mistaken("is not a time", ironclad.date, time)
    end
    for _, text in ipairs { "", "today", "31.01.2026", "2026-1-31", "20260131", "x2026-01-31" } do
      mistaken('expected ISO 8601, as "2026-01-31"', ironclad.date, text)
    end
    for _, rest in ipairs { "x", "T", "T12", "T24:00:00Z", "T12:60Z", "T12:00:60Z", "T12:00:00X", "T12:00:00+1",
      "T12:00:00+24:00", "T12:00:00+01:60", "T12:00:00Z ", "12:00Z" } do
      mistaken("expected a time of day", ironclad.date, "2026-01-31" .. rest)
    end
  end)
end)

describe("ironclad.duration", function()
  local cases = { -- what is given, its text
    { { years = 1, months = 2 }, "P1Y2M" },
    { { years = 10, months = 3, weeks = 2, days = 1 }, "P10Y3M2W1D" },
    { { days = 0 }, "P0D" },
    { { years = 0, days = 30 }, "P30D" },
    { "P6Y", "P6Y" },
    { "P10Y3M2W1D", "P10Y3M2W1D" },
    { "P0D", "P0D" },
  }
  for _, case in ipairs(cases) do
    it("takes " .. json.encode(case[1]), function()
      local duration = ironclad.duration(case[1])
      assert.are.equal(case[2], tostring(duration))
      assert.are.equal('"' .. case[2] .. '"', json.encode(duration))
      assert.is_true(ironclad.duration(case[2]) == duration)
    end)
  end

  it("can be read, and compares", function()
    assert.are.equal(2, ironclad.duration({ years = 1, months = 2 }).months)
    assert.are.equal(2, ironclad.duration("P1Y2M").months)
    assert.is_false(ironclad.duration { years = 1 } == ironclad.duration { months = 12 })
  end)

  it("refuses what is none", function()
    mistaken('year: unknown unit; did you mean "years"?', ironclad.duration, { year = 1 })
    mistaken("1: unknown unit", ironclad.duration, { 1 })
    mistaken("expected one of years, months, weeks, days", ironclad.duration, {})
    mistaken("expected a table, as { years = 1, months = 2 }, got nil", ironclad.duration)
    mistaken("expected a table, as { years = 1, months = 2 }, got number", ironclad.duration, 12)
    for _, count in ipairs { -1, 1.5, 0 / 0, math.huge, "1", true } do
      mistaken("years: expected a whole number from 0 to 9007199254740991, got", ironclad.duration, { years = count })
    end
    for _, text in ipairs { "", "P", "1Y", "P1", "PT1H", "P1DT1H", "P-1Y", "P1.5Y", "P1M1Y", "p1y", "P1Y " } do
      mistaken("expected ISO 8601 in whole days", ironclad.duration, text)
    end
  end)

  it("keeps all digits, or refuses them", function()
    local most = 2 ^ 53 - 1
    assert.are.equal("P9007199254740991D", tostring(ironclad.duration "P9007199254740991D"))
    assert.are.equal("P9007199254740991D", tostring(ironclad.duration { days = most }))
    for _, text in ipairs { "P9007199254740992D", "P9007199254740993D", "P1Y99999999999999999999D" } do
      mistaken(('ironclad.duration: days: expected a whole number from 0 to 9007199254740991, got "%s"'):format(text),
        ironclad.duration, text)
    end
    mistaken("days: expected a whole number from 0 to 9007199254740991", ironclad.duration, { days = most + 1 })
  end)
end)

describe("ironclad.address", function()
  local cases = { -- what is given, its text, what a workflow is sent
    { { lines = { "123 Main St.", "Apt. 4" }, locality = "Los Angeles", region = "CA", postcode = "90001",
      country = "United States" }, "123 Main St., Apt. 4, Los Angeles, CA 90001, United States",
      "123 Main St.\nApt. 4\nLos Angeles, CA 90001\nUnited States" },
    { { lines = "1 Rue X\n2e étage", locality = "Paris" }, "1 Rue X, 2e étage, Paris", "1 Rue X\n2e étage\nParis" },
    { { locality = "Bonn", postcode = "53111" }, "Bonn, 53111", "Bonn, 53111" },
    { { region = "CA", country = "US" }, "CA, US", "CA\nUS" },
    { { postcode = "90001" }, "90001", "90001" },
  }
  for _, case in ipairs(cases) do
    it("is " .. case[2], function()
      local address = ironclad.address(case[1])
      assert.are.equal(case[2], tostring(address))
      assert.are.equal(case[3], json.decode(json.encode { address })[1])
      assert.is_true(address == ironclad.address(case[1]))
    end)
  end

  it("compares by its fields", function()
    assert.is_false(ironclad.address { lines = { "a" } } == ironclad.address { lines = { "b" } })
    assert.is_false(ironclad.address { locality = "a" } == ironclad.address { region = "a" })
  end)

  it("refuses what is none", function()
    mistaken("expected a table", ironclad.address, "1 Main St.")
    mistaken("it is empty", ironclad.address, {})
    mistaken("it is empty", ironclad.address, { lines = {} })
    mistaken('postcod: unknown field; did you mean "postcode"?', ironclad.address, { postcod = "1" })
    mistaken("locality: expected a text, got number", ironclad.address, { locality = 5 })
    mistaken("locality: must not hold line ends", ironclad.address, { locality = "a\nb" })
    mistaken("lines[2]: must not hold line ends", ironclad.address, { lines = { "a", "b\rc" } })
    mistaken("lines[1]: expected a text, got number", ironclad.address, { lines = { 5 } })
    mistaken("lines: expected a list of texts, got table", ironclad.address, { lines = { a = 1 } })
    mistaken("lines: expected a list of texts, got number", ironclad.address, { lines = 1 })
    mistaken("lines: expected up to 4, got 5", ironclad.address, { lines = { "1", "2", "3", "4", "5" } })
  end)
end)

describe("a value", function()
  after_each(scene.stop)

  it("is known by its kind, and as a record's property", function()
    local cases = {
      { ironclad.money("USD", 5), "money", "monetary_amount", { currency = "USD", amount = 5 } },
      { ironclad.date(2026, 1, 31), "date", "date", "2026-01-31T00:00:00Z" },
      { ironclad.duration { years = 1 }, "duration", "duration", "P1Y" },
      { ironclad.address { lines = { "a" }, country = "US" }, "address", "address",
        { lines = { "a" }, country = "US" } },
    }
    for _, case in ipairs(cases) do
      assert.are.equal(case[2], values.kind(case[1]))
      assert.are.same({ case[3], case[4] }, { values.property(case[1]) })
    end
    for _, other in ipairs { {}, "money", 1, true, ironclad.null, setmetatable({}, { kind = "money" }) } do
      assert.is_nil(values.kind(other))
    end
  end)

  it("stands in the attributes of a launch, in lists and objects too", function()
    local server, client = scene.play(scene.GOOD)
    ironclad.must(client.workflows:launch { template = "t", attributes = {
      fee = ironclad.money("USD", 5000), start = ironclad.date(2026, 1, 31), term = ironclad.duration { years = 1 },
      where = ironclad.address { lines = { "1 Main St." }, locality = "Bonn" },
      items = { { due = ironclad.date(2026, 2, 1), price = ironclad.money("EUR", 1.5) } },
    } })
    assert.are.same({ template = "t", attributes = {
      fee = { currency = "USD", amount = 5000 }, start = "2026-01-31T00:00:00Z", term = "P1Y",
      where = "1 Main St.\nBonn",
      items = { { due = "2026-02-01T00:00:00Z", price = { currency = "EUR", amount = 1.5 } } },
    } }, json.decode(scene.last(server).body))
  end)

  it("stands in a query", function()
    local server, client = scene.play(peer.json '{"list":[]}')
    ironclad.must(client.records:list { lastUpdated = ironclad.date "2026-01-31T12:00:00Z" })
    assert.are.equal("/public/api/v1/records?lastUpdated=2026-01-31T12%3A00%3A00Z", scene.last(server).target)
  end)
end)

describe("a value that is compared with another kind", function()
  -- Lua 5.3 and later ask __eq also about tables that do not have it.
  it("is not equal, and raises nothing", function()
    local server, client = scene.play(scene.GOOD)
    local strict = setmetatable({}, { __index = function() error "read" end })
    local given = { ironclad.date(2026, 1, 31), ironclad.money("USD", 1), ironclad.duration "P1Y",
      ironclad.address { lines = "a" }, ironclad.filter.IsEmpty "a", ironclad.scim_filter.pr "a",
      ironclad.clickwrap.filter.eq("a", 1) }
    local count = #given
    for _, other in ipairs { {}, strict, client, server, { year = 2026, month = 1, day = 31 }, { years = 1 },
      { currency = "USD", amount = 1 }, { lines = "a" }, { text = "a pr" }, { text = "IsEmpty([a])" } } do
      given[#given + 1] = other
    end
    for i = 1, count do
      for j, other in ipairs(given) do
        assert.are.equal(i == j, given[i] == other, i .. " " .. j)
        assert.are.equal(i == j, other == given[i], i .. " " .. j)
      end
    end
    scene.stop()
  end)
end)

describe("a table with __as_text", function()
  -- The names of members are remembered by their place in memory. A state of its own, because a full collection takes
  -- long in one that has run many specs.
  it("may change the tables that are being written", function()
    assert.are.equal("300", peer.new_state [[
      local json = require("ironclad").json
      local list = { { {} } }
      for i = 1, 300 do
        list[i + 1] = { {} }
        list[i][2] = setmetatable({}, { __as_text = function()
          for name in pairs(list[i][1]) do list[i][1][name] = nil end
          collectgarbage()
          list[i + 1][1][("name %03d"):format(i)] = true
          return "x"
        end })
      end
      local decoded, good = assert(json.decode(json.encode(list))), 0
      for i = 1, 300 do
        local name, value = next(decoded[i + 1][1])
        if name == ("name %03d"):format(i) and value == true then good = good + 1 end
      end
      return tostring(good)
    ]])
  end)

  it("is that text in JSON", function()
    local text = setmetatable({ 1, 2, a = 3 }, { __as_text = function(value) return "a is " .. value.a end })
    assert.are.equal('{"x":["a is 3"]}', json.encode { x = { text } })
  end)

  it("is refused when it gives none", function()
    for _, other in ipairs { {}, true, 5 } do
      local fine, err = pcall(json.encode, { x = setmetatable({}, { __as_text = function() return other end }) })
      assert.is_false(fine)
      assert.is_truthy(err:find("x: __as_text gave a " .. type(other) .. ", not a text", 1, true), err)
    end
    assert.is_false((pcall(json.encode, setmetatable({}, { __as_text = function() return "a\255b" end }))))
  end)

  it("is a number when it has __as_number", function()
    local function number(text) return setmetatable({}, { __as_number = function() return text end }) end
    for _, text in ipairs { "0", "-1", "18446744073709551616", "1e400", "0.10" } do
      assert.are.equal('{"x":[' .. text .. "]}", json.encode { x = { number(text) } })
    end
    for _, other in ipairs { "", "x", '"5"', "1 ", " 1", "1,2", "01", "[1]", "true", 5, {} } do
      local fine, err = pcall(json.encode, { x = number(other) })
      assert.is_false(fine)
      assert.is_truthy(err:find("x: __as_number gave a " .. type(other) .. ", not a number's digits", 1, true), err)
    end
  end)

  it("raises what the function raises", function()
    local fine, err = pcall(json.encode, { setmetatable({}, { __as_text = function() error({}, 0) end }) })
    assert.is_false(fine)
    assert.is_table(err)
  end)
end)

describe("a host's locale", function()
  local folder

  setup(function() folder = peer.temporary_folder() end)
  teardown(function() peer.remove_folder(folder) end)

  -- A locale with a decimal comma. localedef exits with 1 because it warns about what is left out.
  local function make_locale()
    peer.write_file(folder .. "/map", "<code_set_name> UTF-8\n<mb_cur_max> 1\n<mb_cur_min> 1\n<escape_char> /\n"
      .. "<comment_char> %\nCHARMAP\n<U0000>..<U007F> /x00 x\nEND CHARMAP\n")
    peer.write_file(folder .. "/source",
      'LC_NUMERIC\ndecimal_point "<U002C>"\nthousands_sep ""\ngrouping -1\nEND LC_NUMERIC\n')
    local _, status = peer.shell("cd " .. folder .. " && localedef -c -f ./map -i ./source ./comma")
    return status
  end

  it("changes nothing in what is sent", function()
    local status = make_locale()
    if status == 127 then return pending "no localedef here" end
    assert.is_true(status <= 1)
    local output = peer.lua([[
      local ironclad = require "ironclad"
      assert(os.setlocale("comma", "numeric"))
      local point = ironclad.date "2026-01-31T12:00:01.5Z"
      print(ironclad.filter.LessThan("amount", 3 / 2))
      print(ironclad.scim_filter.gt("amount", 3 / 2))
      print(ironclad.money("EUR", -25 / 2), ironclad.money("EUR", 1 / 8))
      print(point, ironclad.money("EUR", "12.50"), ironclad.csv.field "-1.5", ironclad.csv.field "-1,5")
      print(string.format("%d", require("ironclad.base.moment").read "2026-01-31T12:00:01.318Z"))
    ]], { environment = "LOCPATH=" .. folder })
    assert.are.equal("LessThan([amount], '1.5')\namount gt 1.5\nEUR -12.50\tEUR 0.125\n"
      .. "2026-01-31T12:00:01.500Z\tEUR 12.50\t"
      .. "-1.5\t\"'-1,5\"\n1769860801318\n",
      output)
  end)
end)
