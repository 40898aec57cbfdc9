-- ironclad.filter and ironclad.scim_filter: what they print and refuse, and that the sandbox understands it.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local filter, scim = ironclad.filter, ironclad.scim_filter

local function mistaken(message, call, a, b, c)
  scene.assert_mistake(message, function() call(a, b, c) end)
end

describe("ironclad.filter", function()
  local day = ironclad.date(2024, 1, 9)
  local cases = {
    { filter.Equals("counterpartyName", "Acme Corp."), "Equals([counterpartyName], 'Acme Corp.')" },
    { filter.NotEqual("a b", ""), "NotEqual([a b], '')" },
    { filter.Equals("name", "O'Neill"), [[Equals([name], "O'Neill")]] },
    { filter.Equals("name", 'the "Company"'), [[Equals([name], 'the "Company"')]] },
    { filter.Equals("autoRenews", true), "Equals([autoRenews], true)" },
    { filter.Equals("seats", 12), "Equals([seats], '12')" },
    { filter.Equals("agreementDate", day), "Equals([agreementDate], Date(2024, 1, 9))" },
    { filter.Contains("name", "50% (net) [a], b"), "Contains([name], '50% (net) [a], b')" },
    { filter.LessThan("amount", 0.1), "LessThan([amount], '0.1')" },
    { filter.LessThanOrEqual("amount", -5), "LessThanOrEqual([amount], '-5')" },
    { filter.GreaterThan("amount", 1e15), "GreaterThan([amount], '1000000000000000')" },
    { filter.GreaterThanOrEqual("amount", "1000"), "GreaterThanOrEqual([amount], '1000')" },
    { filter.LessThan("amount", "-12.50"), "LessThan([amount], '-12.50')" },
    { filter.GreaterThan("seats", "12345678901234567890"), "GreaterThan([seats], '12345678901234567890')" },
    { filter.LessThanOrEqual("seats", "9007199254740993"), "LessThanOrEqual([seats], '9007199254740993')" },
    { filter.LessThan("seats", "1e400"), "LessThan([seats], '1e400')" },
    { filter.Date "2024-02-29T00:00:00Z", "Date(2024, 2, 29)" },
    { filter.GreaterThan("d", filter.Date(2024, 12, 31)), "GreaterThan([d], Date(2024, 12, 31))" },
    { filter.GreaterThan("d", filter.Date "2024-02-29"), "GreaterThan([d], Date(2024, 2, 29))" },
    { filter.LessThan("d", filter.Today()), "LessThan([d], Today())" },
    { filter.LessThan("d", filter.RelativeDate(nil, 90, "days")), "LessThan([d], RelativeDate(Today(), 90, 'days'))" },
    { filter.LessThan("d", ironclad.date "2024-02-29T00:00:00Z"), "LessThan([d], Date(2024, 2, 29))" },
    { filter.LessThan("d", filter.RelativeDate(30, "days")), "LessThan([d], RelativeDate(Today(), 30, 'days'))" },
    { filter.LessThan("d", filter.RelativeDate(day, -2, "months")),
      "LessThan([d], RelativeDate(Date(2024, 1, 9), -2, 'months'))" },
    { filter.LessThan("d", filter.RelativeDate(filter.RelativeDate(1, "years"), 1, "weeks")),
      "LessThan([d], RelativeDate(RelativeDate(Today(), 1, 'years'), 1, 'weeks'))" },
    { filter.IsEmpty "term", "IsEmpty([term])" },
    { filter.IsNotEmpty "term", "IsNotEmpty([term])" },
    { filter.And(filter.IsEmpty "a", filter.Or(filter.IsEmpty "b", filter.IsEmpty "c"), filter.IsEmpty "d"),
      "And(IsEmpty([a]), Or(IsEmpty([b]), IsEmpty([c])), IsEmpty([d]))" },
    { filter.Or { filter.IsEmpty "a", filter.IsEmpty "b" }, "Or(IsEmpty([a]), IsEmpty([b]))" },
    { filter.And(filter.IsEmpty "a"), "IsEmpty([a])" },
    { filter.Or { filter.IsEmpty "a" }, "IsEmpty([a])" },
  }
  for _, case in ipairs(cases) do
    it("prints " .. case[2], function()
      assert.are.equal(case[2], tostring(case[1]))
    end)
  end

  it("has every function of the grammar", function()
    for name in ("Equals NotEqual Contains IsEmpty IsNotEmpty LessThan LessThanOrEqual GreaterThan GreaterThanOrEqual "
      .. "Date Today RelativeDate And Or"):gmatch "%w+" do
      assert.is_function(filter[name], name)
    end
  end)

  it("refuses names that brackets cannot hold", function()
    for _, name in ipairs { "a]", "[a", "a\nb", "a\0", "\127" } do
      mistaken("must not hold [, ] or control characters", filter.Equals, name, 1)
      mistaken("must not hold [, ] or control characters", filter.IsEmpty, name)
    end
    mistaken('ironclad.filter.IsEmpty: expected the name of a property, got ""', filter.IsEmpty, "")
    mistaken("ironclad.filter.Equals: expected the name of a property, got number", filter.Equals, 1, 1)
  end)

  it("refuses values that it cannot hold", function()
    mistaken("both kinds of quote", filter.Equals, "a", [[it's "quoted"]])
    mistaken("both kinds of quote", filter.Contains, "a", [['"]])
    mistaken("ironclad.filter.Equals: expected a text, number, boolean or date, got nil", filter.Equals, "a")
    mistaken("got table", filter.Equals, "a", {})
    mistaken("got table", filter.Equals, "a", filter.IsEmpty "b")
    mistaken("got money", filter.Equals, "a", ironclad.money("USD", 1))
    mistaken("got duration", filter.Equals, "a", ironclad.duration { days = 1 })
    mistaken("got userdata", filter.Equals, "a", ironclad.null)
    mistaken("got no number", filter.Equals, "a", 0 / 0)
    mistaken("expected a text, got number", filter.Contains, "a", 5)
    for _, text in ipairs { "2024-01-01", "nan", "inf", "0x10", "1,000", " 5", "" } do
      mistaken(('ironclad.filter.LessThan: expected a number or a date (ironclad.date, filter.Today), got "%s"')
        :format(text), filter.LessThan, "a", text)
    end
    mistaken("expected a number or a date", filter.GreaterThan, "a", true)
    mistaken("got no number", filter.GreaterThan, "a", math.huge)
  end)

  it("refuses what is no formula or day", function()
    mistaken("ironclad.filter.And: 2: expected a formula (ironclad.filter.Equals(…) and the like), got string",
      filter.And, filter.IsEmpty "a", "IsEmpty([b])")
    mistaken("1: expected a formula", filter.Or, filter.Today(), filter.IsEmpty "a")
    mistaken("expected formulas", function() filter.And() end)
    mistaken("expected formulas", function() filter.And {} end)
    mistaken("2: expected a formula", filter.And, filter.IsEmpty "a", nil, filter.IsEmpty "b")
    for key, message in pairs { [0] = "0: ", [-1] = "-1: ", [1.5] = "1.5: ", [3] = "2: ", b = "b: " } do
      local list = { filter.IsEmpty "a", [key] = filter.IsEmpty "b" }
      mistaken(message .. "expected a formula", function() filter.Or(list) end)
    end
    mistaken("ironclad.filter.Date: there is no day 2024-02-30", filter.Date, 2024, 2, 30)
    local time = ironclad.date "2026-01-31T19:00:00Z"
    for _, call in ipairs {
      function() filter.GreaterThan("lastUpdated", time) end, function() filter.Equals("lastUpdated", time) end,
      function() filter.Date "2026-01-31T19:00:00Z" end, function() filter.RelativeDate(time, 1, "days") end,
      function() filter.Date(time) end, function() filter.Equals("d", ironclad.date(time)) end,
    } do
      mistaken("formulas have days without a time of day, got 2026-01-31T19:00:00Z", call)
    end
    mistaken("expected a date to start from, got a string", filter.RelativeDate, "2024-01-01", 1, "days")
    mistaken("expected a whole number, got 1.5", filter.RelativeDate, filter.Today(), 1.5, "days")
    mistaken('expected "days", "weeks", "months" or "years", got day', filter.RelativeDate, filter.Today(), 1, "day")
    mistaken("got nil", filter.RelativeDate, filter.Today(), 1)
  end)

  it("keeps every byte of a text", function() -- string.format of PUC Lua 5.1 ends at a NUL
    assert.are.equal("And(Equals([a], 'b\0c'), Contains([d], '\0'))",
      tostring(filter.And(filter.Equals("a", "b\0c"), filter.Contains("d", "\0"))))
  end)

  it("stands as the filter of a list, and in a formula's text", function()
    local server, client = scene.play(peer.json '{"list":[]}')
    ironclad.must(client.records:list { filter = filter.Equals("name", "a&b=c +#") })
    assert.are.equal("/public/api/v1/records?filter=Equals%28%5Bname%5D%2C%20%27a%26b%3Dc%20%2B%23%27%29",
      scene.last(server).target)
    scene.stop()
  end)
end)

describe("a formula in the sandbox", function()
  local sandbox, client
  lazy_setup(function() sandbox, client = local_ironclad.start() end)
  lazy_teardown(function() sandbox:stop() end)

  local nasty = { "plain", "it's", 'say "so"', "Equals([name], 'x')", "a, b) or (c", "[name]", "50%", "a+b&c=d#e?f",
    "\\", "\\'", "ümläut €", "  spaces  ", "line\nend", "tab\t", "Date(2024, 1, 1)", "true", "12" }

  it("finds every text again, however nasty", function()
    for _, text in ipairs(nasty) do
      local record = local_ironclad.must(client.records:create { type = "contract", name = "Nasty",
        properties = { counterpartyName = { type = "string", value = text } } })
      local page = local_ironclad.must(client.records:list {
        filter = filter.And(filter.Equals("counterpartyName", text), filter.Contains("counterpartyName", text)) })
      assert.are.equal(1, page.count, text)
      assert.are.equal(record.id, page.list[1].id)
      local_ironclad.must(record:delete())
    end
  end)

  it("means what it says", function()
    local function names(formula)
      local list = {}
      for i, record in ipairs(local_ironclad.must(client.records:list { filter = formula, sortField = "name",
        sortDirection = "ASC" }).list) do list[i] = record.ironcladId end
      return table.concat(list, " ")
    end
    local function record(properties)
      return local_ironclad.must(client.records:create { type = "contract", name = "N", properties = properties })
    end
    local one = record { seats = { type = "number", value = 1 },
      agreementDate = { type = "date", value = "2024-01-31" } }
    local two = record { seats = { type = "number", value = 2 }, autoRenews = { type = "boolean", value = true } }
    local mine = filter.Equals("name", "N")
    local first, second = one.ironcladId, two.ironcladId
    local both = names(mine)
    assert.is_truthy(both == first .. " " .. second or both == second .. " " .. first)
    for formula, expected in pairs {
      [filter.Equals("seats", 1)] = first, [filter.NotEqual("seats", 1)] = second,
      [filter.LessThan("seats", 2)] = first, [filter.GreaterThanOrEqual("seats", 2)] = second,
      [filter.LessThanOrEqual("seats", 0.5)] = "", [filter.GreaterThan("seats", "1")] = second,
      [filter.Equals("autoRenews", true)] = second, [filter.IsEmpty "seats"] = "",
      [filter.IsNotEmpty "agreementDate"] = first,
      [filter.Equals("agreementDate", filter.Date(2024, 1, 31))] = first,
      [filter.LessThan("agreementDate", ironclad.date "2024-02-01")] = first,
      [filter.GreaterThan("agreementDate", filter.Today())] = "",
      [filter.LessThan("agreementDate", filter.RelativeDate(-1, "years"))] = first,
      [filter.Equals("agreementDate", filter.RelativeDate(filter.Date(2024, 1, 1), 30, "days"))] = first,
      [filter.Or(filter.Equals("seats", 2), filter.Equals("seats", 3))] = second,
    } do
      assert.are.equal(expected, names(filter.And(mine, formula)), tostring(formula))
    end
  end)
end)

describe("a SCIM filter in the sandbox", function()
  local sandbox, client
  lazy_setup(function() sandbox, client = local_ironclad.start() end)
  lazy_teardown(function() sandbox:stop() end)

  it("finds every text again, however nasty", function()
    local nasty = { "plain", [[O'Malley "X"\]], "a) or (b", '" or "" eq "', "\tTab\n", "ümläut €", "\1\31", "and not",
      "[type]", "/slash", "  spaces  " }
    for i, text in ipairs(nasty) do
      local user = local_ironclad.must(client.scim.users:create { userName = ("nasty%d@example.com"):format(i),
        name = { givenName = "Nasty", familyName = text }, title = text })
      for _, condition in ipairs { scim.eq("title", text), scim.sw("name.familyName", text), scim.co("title", text),
        scim.And(scim.ew("title", text), scim.Not(scim.ne("title", text))) } do
        local page = local_ironclad.must(client.scim.users:list { filter = scim.And(condition,
          scim.eq("userName", user.userName), scim.pr "title", scim.eq("active", true)) })
        assert.are.equal(1, page.totalResults, tostring(condition))
        assert.are.equal(user.id, page.Resources[1].id)
      end
    end
  end)

  it("means what it says", function()
    local all = local_ironclad.must(client.scim.users:list { count = 0 }).totalResults
    for condition, expected in pairs {
      [scim.pr "userName"] = all, [scim.Not(scim.pr "userName")] = 0,
      [scim.any("emails", scim.ew("value", "@nowhere.example"))] = 0,
      [scim.any("emails", scim.co("value", "@"))] = all,
      [scim.gt("meta.created", ironclad.date "2999-01-01")] = 0,
      [scim.Or(scim.pr "userName", scim.And(scim.pr "title", scim.Not(scim.pr "title")))] = all,
    } do
      local page = local_ironclad.must(client.scim.users:list { filter = condition, count = 0 })
      assert.are.equal(expected, page.totalResults, tostring(condition))
    end
  end)
end)

describe("ironclad.scim_filter", function()
  local cases = {
    { scim.eq("userName", "jane.doe@example.com"), [[userName eq "jane.doe@example.com"]] },
    { scim.ne("active", false), "active ne false" },
    { scim.eq("title", ironclad.null), "title eq null" },
    { scim.co("name.familyName", [[O'Malley "X"\]]), [[name.familyName co "O'Malley \"X\"\\"]] },
    { scim.sw("userName", "a\tb\1"), [[userName sw "a\tb\u0001"]] },
    { scim.ew("userName", "é/"), [[userName ew "é/"]] },
    { scim.gt("meta.lastModified", ironclad.date "2026-01-31T12:00:00Z"),
      [[meta.lastModified gt "2026-01-31T12:00:00Z"]] },
    { scim.ge("n", 5), "n ge 5" }, { scim.lt("n", 1.5), "n lt 1.5" }, { scim.le("n", "x"), [[n le "x"]] },
    { scim.pr "title", "title pr" },
    { scim.eq("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "x"),
      [[urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "x"]] },
    { scim.And(scim.pr "a", scim.Or(scim.pr "b", scim.pr "c"), scim.And(scim.pr "d", scim.pr "e")),
      "a pr and (b pr or c pr) and d pr and e pr" },
    { scim.Or { scim.And(scim.pr "a", scim.pr "b"), scim.pr "c" }, "(a pr and b pr) or c pr" },
    { scim.Not(scim.Or(scim.pr "a", scim.pr "b")), "not (a pr or b pr)" },
    { scim.And(scim.Not(scim.pr "a"), scim.pr "b"), "not (a pr) and b pr" },
    { scim.any("emails", scim.And(scim.eq("type", "work"), scim.co("value", "@example.com"))),
      [=[emails[type eq "work" and value co "@example.com"]]=] },
  }
  for _, case in ipairs(cases) do
    it("prints " .. case[2], function()
      assert.are.equal(case[2], tostring(case[1]))
    end)
  end

  it("refuses what has no place in it", function()
    for _, name in ipairs { "", "a b", "1a", "a..b", "a.b.c", "a[b]", "a eq", "a\n", "urn:x", "a\"" } do
      mistaken("is not the name of an attribute", scim.eq, name, 1)
    end
    mistaken("ironclad.scim_filter.eq: expected the name of an attribute, got nil", scim.eq)
    mistaken("expected a text, number, boolean, date or ironclad.null, got nil", scim.eq, "a")
    mistaken("got table", scim.eq, "a", {})
    mistaken("got no number", scim.eq, "a", 0 / 0)
    mistaken("NUL", scim.eq, "a", "x\0y")
    mistaken("expected a text, got number", scim.co, "a", 1)
    mistaken("expected a text, number or date, got boolean", scim.gt, "a", true)
    mistaken("ironclad.scim_filter.And: 2: expected a filter", scim.And, scim.pr "a", "b pr")
    mistaken("expected filters", function() scim.Or() end)
    mistaken("ironclad.scim_filter.Not: expected a filter", scim.Not, filter.IsEmpty "a")
    mistaken("ironclad.scim_filter.any: expected a filter", scim.any, "emails")
  end)

  it("stands as the filter of a list", function()
    local server, client = scene.play(peer.json '{"Resources":[]}')
    ironclad.must(client.scim.users:list { filter = scim.eq("userName", "a b") })
    assert.are.equal("/scim/v2/Users?filter=userName%20eq%20%22a%20b%22", scene.last(server).target)
    scene.stop()
  end)
end)
