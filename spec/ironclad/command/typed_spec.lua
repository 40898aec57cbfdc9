-- What name=value and options make of numbers, amounts and times. A word that could mean something else is refused.
local command = require "spec.support.command"

local sandbox, given

setup(function() sandbox, given = command.start_sandbox() end)
teardown(function() sandbox:stop() end)

local HUGE = "12345678901234567890123"

-- Runs the command once for each case: its last words, and what it prints. An error repeats the text that was given.
local function check(words, cases)
  local list = {}
  for i, case in ipairs(cases) do list[i] = command.words(words, { case[1] }, "--dry-run") end
  for i, result in ipairs(command.run_all(list, given)) do
    local word, wanted, refused = cases[i][1], cases[i][2], cases[i].refused
    local printed = (refused and result.err or result.out):gsub("\n%s*", "")
    assert.equal(refused and 2 or 0, result.status, word .. ": " .. result.err)
    assert.is_truthy(printed:find(wanted, 1, true), word .. ": " .. printed)
    if refused then assert.is_truthy(printed:find(('got %q'):format(refused), 1, true), printed) end
  end
end

local function value(text) return '"value": ' .. text end

it("an amount has a point before the fraction, and commas at thousands only", function()
  local cases, wanted = {}, 'contractValue: expected an amount, as "USD 5000", "USD 0.50" or "USD 1,234,567.89", '
  for text, amount in pairs { ["USD 5000"] = "5000", ["5000 usd"] = "5000", ["USD0.50"] = "0.5", ["USD -1.5"] = "-1.5",
    ["USD 5,000"] = "5000", ["USD 1,234,567.89"] = "1234567.89", ["USD -12,345"] = "-12345" } do
    cases[#cases + 1] = { "contractValue=" .. text, value('{"amount": ' .. amount .. ',"currency": "USD"') }
  end
  for _, text in ipairs { "USD 5.000,00", "USD 1,5", "EUR 5,00", "USD 1.234,56", "USD 1,2,3", "USD 1234,567",
    "USD 0,123", "USD 1,234,56", "USD 1,234.", "USD 5.", "USD .5", "USD ,123", "USD 1,234.5.6", "USD 1.2,345", "USD",
    "5000", "USD 1e3", "USD --1" } do
    cases[#cases + 1] = { "contractValue=" .. text, wanted, refused = text }
  end
  check("records create type=mutualNDA name=x", cases)
end)

it("a length of time has known units, each once", function()
  local cases = {}
  for text, term in pairs { ["2 years"] = "P2Y", ["18 Months"] = "P18M", ["1y6m"] = "P1Y6M", ["1 year, 6 months"] =
    "P1Y6M", ["3 weeks"] = "P3W", ["1w 2d"] = "P1W2D", ["1 day"] = "P1D", P1Y2M = "P1Y2M" } do
    cases[#cases + 1] = { "term=" .. text, value('"' .. term .. '"') }
  end
  for _, text in ipairs { "2 minutes", "2 mondays", "3 decades", "2 yesterdays", "1 year 2 years", "1y 1 year", "2",
    "years", "1.5 years", "-1 year", "1 year and", "99999999999999999999 days", "P99999999999999999999D", "P1H", "" } do
    cases[#cases + 1] = { "term=" .. text, "term: expected a length of time, as ", refused = text }
  end
  check("records create type=mutualNDA name=x", cases)
end)

it("a number keeps its digits", function()
  local cases = {}
  for text, number in pairs { ["5"] = "5", ["-12.5"] = "-12.5", [".5"] = "0.5", ["007"] = "7", [HUGE] = HUGE,
    ["-" .. HUGE] = "-" .. HUGE, ["00" .. HUGE] = HUGE, ["9007199254740993"] = "9007199254740993",
    ["12345678901234567890"] = "12345678901234567890" } do
    cases[#cases + 1] = { "seats=" .. text, value(number .. "}") }
  end
  for _, text in ipairs { "0x10", "1e3", " 5 ", "nan", "inf", "1.", "1,000", "" } do
    cases[#cases + 1] = { "seats=" .. text, "seats: expected a number, as 12.5, ", refused = text }
  end
  cases[#cases + 1] = { "seats:=" .. HUGE, value(HUGE .. "}") }
  check("records create type=mutualNDA name=x", cases)
  local _, err, status = command.run("records create type=mutualNDA name=x seats=0.12345678901234567890", given)
  assert.equal(2, status)
  assert.matches("seats: 0.12345678901234567890 has more digits than a number can hold\n", err)
end)

it("a clause is its text, or JSON", function()
  check("records create type=mutualNDA name=x", {
    { "governingLaw=The law of Oregon.", value '{"clauseText": "The law of Oregon.","source": "manual"}' },
    { 'governingLaw={"source":"ai"}', value '{"source": "ai"}' },
  })
end)

it("a request has the numbers of its words and its body, and the texts that look like them", function()
  check("api POST /records", {
    { "a:=" .. HUGE, '{"a": ' .. HUGE .. "}" }, { "a=" .. HUGE, '{"a": "' .. HUGE .. '"}' },
    { "a.b:=[" .. HUGE .. "]", '{"a": {"b": [' .. HUGE .. "]}}" },
    { ('--body={"a":%s,"b":"%s"}'):format(HUGE, HUGE), ('{"a": %s,"b": "%s"}'):format(HUGE, HUGE) },
  })
  check("api GET /records", { { "a:=" .. HUGE, "?a=" .. HUGE } })
  check("records create", { { ('--body={"type":"a","name":"b","properties":{"c":%s}}'):format(HUGE),
    '{"type": "number","value": ' .. HUGE } })
  local out = command.run('workflows launch "Mutual NDA" counterpartyName=x draft=@recipes/nda.docx --dry-run '
    .. "numberOfPeople=" .. HUGE, given)
  assert.is_truthy(out:find('"numberOfPeople":' .. HUGE, 1, true), out)
end)

it("--expiring is a time with known units that ends in a year of four digits", function()
  local cases, last = {}, os.date("!*t", os.time() + 90 * 86400)
  for _, text in ipairs { "90", "90d", "90 days" } do
    cases[#cases + 1] = { "--expiring=" .. text, ("Date%%28%d%%2C%%20%d"):format(last.year, last.month) }
  end
  for text, days in pairs { ["2 weeks"] = 14, ["1y6m"] = 545, ["6m"] = 180 } do
    last = os.date("!*t", os.time() + days * 86400)
    cases[#cases + 1] = { "--expiring=" .. text, ("Date%%28%d%%2C%%20%d"):format(last.year, last.month) }
  end
  for _, text in ipairs { "1.5y", "2minutes", "999999999d", "99999999999999999999999d", "9223372036854775807d", "0d",
    "", "y", "1y1y", "0x10", "-1d", "90 d x" } do
    cases[#cases + 1] = { "--expiring=" .. text, refused = text,
      "--expiring: expected a time, as 90d or 6m, that ends by the year 9999" }
  end
  check("records list", cases)
end)

it("an option's number is written in digits", function()
  check("records list", { { "--timeout=.5", "/records?" }, { "--limit=012", "pageSize=12" } })
  for option, wanted in pairs {
    limit = "a whole number from 1", timeout = "a number of seconds from 0.001 to 86400" } do
    local cases = {}
    for _, text in ipairs { "0x10", "1e3", " 5 ", "nan", "inf", "-inf", "99999999999999999999999" } do
      if option == "limit" or not text:find "^9" then
        cases[#cases + 1] = { ("--%s=%s"):format(option, text), ("--%s: expected %s, "):format(option, wanted),
          refused = text }
      end
    end
    check("records list", cases)
  end
end)

it("a day is one of the calendar", function()
  local _, err, status = command.run("export audit_log --from 2026-02-31", given)
  assert.equal(2, status)
  assert.matches('%-%-from: expected a day, as 2026%-01%-31, got "2026%-02%-31"\n', err)
end)

it("a field goes into an object of --body, and replaces nothing else", function()
  local list = {}
  for _, words in ipairs { [[records create --body {"properties":5} type=a name=b counterpartyName=x]],
    [[records create --body {"properties":null} type=a name=b counterpartyName=x]],
    [[records create --body {"properties":false} type=a name=b counterpartyName=x]],
    [[workflows launch --body {"template":"nda","attributes":5} counterpartyName=x]],
    [[workflows launch --body {"template":"nda","attributes":null}]], [[api POST /records --body {"a":5} a.b=1]],
    [[api POST /records --body {"a":{"b":null}} a.b.c=1]], ("api POST /records --body {\"a\":%s} a.b=1"):format(HUGE),
    ("api POST /records --body %s a=1"):format(HUGE), "records create --body " .. HUGE } do
    list[#list + 1] = command.words(words, {}, "--dry-run")
  end
  for i, result in ipairs(command.run_all(list, given)) do
    assert.equal(2, result.status, table.concat(list[i], " ") .. result.err .. result.out)
    local is_whole = i > #list - 2
    local wanted = is_whole and "%-%-body: expected a JSON object or list" or ": is no object in %-%-body, so it has"
    assert.matches(wanted, result.err)
  end
  check("api POST /records", { { '--body={"a":{"b":1}}', '"b": 1' } })
end)
