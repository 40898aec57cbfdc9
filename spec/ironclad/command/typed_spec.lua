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
