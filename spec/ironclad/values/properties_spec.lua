-- Properties of records, entities and obligations, and attributes of workflows, from plain Lua values and back.
local api_documents = require "spec.support.api_documents"
local documented = require "spec.support.properties"
local encode = require "ironclad.values.encode"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local properties = require "ironclad.values.properties"
local resources = require "ironclad.resources.resources"
local scene = require "spec.support.scene"

local json = ironclad.json

local mistaken = scene.assert_mistake

local SCHEMA, body_of, record_of = documented.SCHEMA, documented.body_of, documented.record_of

describe("the documented types of properties", function()
  -- Adds a type to every property that must have one.
  local function find(document, node, found)
    if type(node) ~= "table" then return end
    if node["$ref"] then return find(document, document.components.schemas[node["$ref"]:match "[^/]+$"], found) end
    for name, property in pairs(node.properties or {}) do
      local inner = property.properties
      if inner and inner.value and inner.type and inner.type.enum then
        found[name] = inner.type.enum[1]
      else
        find(document, property, found)
      end
    end
    for _, word in ipairs { "allOf", "oneOf" } do
      for _, shape in ipairs(node[word] or {}) do find(document, shape, found) end
    end
  end

  it("are those of the contract actions", function()
    local document, found = api_documents.read "ironclad-public-api-openapi", {}
    if not document then return pending("the documents are not at hand") end
    find(document, document.components.schemas.ContractAction, found)
    assert.are.same(found, properties.documented)
  end)
end)

---------------------------------------------------------------------------------------------------------------
describe("a property", function()
  local other = resources.make({}, "record", { id = "r9", ironcladId = "IC-9" })
  local entity = resources.make({}, "entity", { id = "e9" })
  local money, date = ironclad.money("USD", 5), ironclad.date(2026, 1, 31)
  local address = ironclad.address { lines = { "a" }, locality = "b" }

  it("has the type of its value's shape", function()
    local cases = { -- given, type, value
      { "text", "string", "text" }, { "2026-01-31", "string", "2026-01-31" }, { 5, "number", 5 },
      { 1.5, "number", 1.5 }, { true, "boolean", true }, { false, "boolean", false },
      { money, "monetary_amount", { currency = "USD", amount = 5 } },
      { { currency = "EUR", amount = "7.5" }, "monetary_amount", { currency = "EUR", amount = 7.5 } },
      { date, "date", "2026-01-31T00:00:00Z" },
      { ironclad.duration { years = 1 }, "duration", "P1Y" },
      { address, "address", { lines = { "a" }, locality = "b" } },
      { { locality = "b" }, "address", { locality = "b" } },
      { { "a", "b" }, "array", { "a", "b" } }, { ironclad.array {}, "array", {} },
      { other, "reference", { recordId = "r9" } }, { entity, "reference", { recordId = "e9" } },
      { { recordId = "r8", subTypeId = "x" }, "reference", { recordId = "r8", subTypeId = "x" } },
      { { source = "manual", clauseText = "…" }, "clause", { source = "manual", clauseText = "…" } },
    }
    for _, case in ipairs(cases) do
      local property_type, value = encode.property(case[1])
      assert.are.equal(case[2], property_type)
      assert.are.same(case[3], value)
    end
  end)

  it("has no type when its value has no such shape", function()
    local cases = {
      { ironclad.null, "a JSON null cannot be the value of a property" },
      { {}, "an empty table may be a list or an object" },
      { print, "a function cannot be the value" }, { ironclad.file { data = "x" }, "a file cannot be a property" },
      { { a = 1 }, "a table cannot be the value" },
      { { 1, 2 }, "expected a list of texts" }, { { currency = "usd", amount = 1 }, "three capital letters" },
      { { lines = { 5 } }, "lines[1]: expected a text" },
      { resources.make({}, "workflow", { id = "w" }), "expected a record or its id" },
    }
    for _, case in ipairs(cases) do
      local property_type, objection = encode.property(case[1])
      assert.is_nil(property_type)
      assert.is_truthy(objection:find(case[2], 1, true), objection)
    end
  end)

  it("of a known type is made of every value that fits", function()
    local cases = { -- type, given, value
      { "string", "x", "x" }, { "number", 5, 5 }, { "boolean", false, false },
      { "email", "a@b.example", "a@b.example" },
      { "date", date, "2026-01-31T00:00:00Z" }, { "date", "2026-01-31", "2026-01-31T00:00:00Z" },
      { "date", "2018-05-08T00:00:00-07:00", "2018-05-08T07:00:00Z" },
      { "date", { year = 2026, month = 1, day = 31 }, "2026-01-31T00:00:00Z" },
      { "duration", "P1Y2M", "P1Y2M" }, { "duration", { months = 3 }, "P3M" },
      { "monetary_amount", money, { currency = "USD", amount = 5 } },
      { "monetary_amount", { currency = "USD", amount = 5 }, { currency = "USD", amount = 5 } },
      { "address", address, { lines = { "a" }, locality = "b" } },
      { "address", "1 Main St.\nBonn", { lines = { "1 Main St.", "Bonn" } } },
      { "array", { "x" }, { "x" } }, { "array", {}, {} }, { "reference", "IC-5", { recordId = "IC-5" } },
      { "reference", other, { recordId = "r9" } }, { "playbookClause", "Standard", "Standard" },
      { "clause", { source = "ai" }, { source = "ai" } },
    }
    for _, case in ipairs(cases) do assert.are.same(case[3], (encode.record(case[1], case[2]))) end
  end)

  it("of a known type refuses other values", function()
    local cases = {
      { "string", 5, "expected a text" }, { "string", date, "expected a text" }, { "number", "5", "expected a number" },
      { "number", "5e1", "expected a number" }, { "number", '"5"', "expected a number" },
      { "number", "x", "expected a number" },
      { "boolean", 0, "expected true or false" }, { "email", "jane", "expected an e-mail address" },
      { "date", "tomorrow", "expected a date" }, { "date", "2026-02-30", "there is no day 2026-02-30" },
      { "date", 20260131, "expected a date" }, { "date", money, "expected a date" },
      { "duration", "1 year", "expected a duration" }, { "duration", { year = 1 }, 'did you mean "years"?' },
      { "monetary_amount", 5000, "expected an amount of money: ironclad.money(currency, amount)" },
      { "address", 5, "expected an address" }, { "array", "x", "expected a list of texts" },
      { "array", { a = 1 }, "expected a list of texts" }, { "reference", {}, "expected a record or its id" },
      { "clause", "text", "expected a clause" }, { "playbookClause", {}, "expected a text" },
    }
    for _, case in ipairs(cases) do
      local value, objection = encode.record(case[1], case[2])
      assert.is_nil(value)
      assert.is_truthy(objection:find(case[3], 1, true), objection)
    end
  end)
end)

describe("a list that is emptied", function()
  local _, client = scene.play(SCHEMA)
  local function sent_with(given)
    return client.records:update("IC-1", { addProperties = { tags = given } }, { dry_run = true }).body
  end

  it("is one, where its type is known", function()
    ironclad.must(client.records:get_schema())
    for _, given in ipairs { {}, ironclad.array {}, { type = "array", value = {} } } do
      assert.same({ tags = { type = "array", value = {} } }, json.decode(sent_with(given)).addProperties)
      assert.is_truthy(sent_with(given):find('"value":[]', 1, true))
    end
    assert.is_truthy(sent_with({ type = "clause", value = {} }):find('"value":{}', 1, true))
  end)
end)

describe("a number that Lua has no number for", function()
  local _, client = scene.play(SCHEMA)
  local beyond = { "18446744073709551616", "-9223372036854775809", "1e400" }
  if json.encode(json.decode "9007199254740993") ~= "9007199254740993" then beyond[4] = "9007199254740993" end

  it("goes back as it came, where its type is known", function()
    ironclad.must(client.records:get_schema())
    for _, digits in ipairs(beyond) do
      local value = json.decode(digits)
      assert.equal(digits, value)
      for _, given in ipairs { value, { type = "number", value = value } } do
        local body = client.records:update("IC-1", { addProperties = { seats = given } }, { dry_run = true }).body
        assert.is_truthy(body:find('"value":' .. digits, 1, true), body)
        assert.equal(digits, json.decode(body).addProperties.seats.value)
      end
      assert.equal("[" .. digits .. "]", json.encode { (encode.workflow({ type = "number" }, value)) })
    end
  end)

  it("goes back as the amount of an amount of money", function()
    ironclad.must(client.records:get_schema())
    for _, digits in ipairs(beyond) do
      local price = json.decode(('{"currency":"JPY","amount":%s}'):format(digits))
      for _, given in ipairs { price, { type = "monetary_amount", value = price } } do
        local body = client.records:update("IC-1", { addProperties = { price = given } }, { dry_run = true }).body
        assert.is_truthy(body:find('"amount":' .. digits, 1, true), body)
      end
      local sent = json.encode { (encode.workflow({ type = "monetaryAmount" }, price)) }
      assert.is_truthy(sent:find('"amount":' .. digits, 1, true), sent)
      assert.equal(digits, price.amount)
    end
    local _, objection = encode.workflow({ type = "monetaryAmount" }, { currency = "yen", amount = beyond[1] })
    assert.is_truthy(objection:find("currency: expected three capital letters", 1, true), objection)
  end)

  it("is a text where a text is wanted", function()
    local given = { addProperties = { counterpartyName = "1e400" } }
    local body = client.records:update("IC-1", given, { dry_run = true }).body
    assert.is_truthy(body:find('"value":"1e400"', 1, true), body)
  end)
end)

describe("an attribute of a workflow", function()
  local record = resources.make({}, "record", { id = "r9" })
  it("is made of every value that fits its field", function()
    local rows = { type = "array", elementType = { type = "object", schema = { price = { type = "monetaryAmount" },
      due = { type = "date" } } } }
    local cases = {
      { { type = "string" }, "x", '"x"' }, { { type = "date" }, "2026-01-31", '"2026-01-31T00:00:00Z"' },
      { { type = "monetaryAmount" }, ironclad.money("USD", 5), '{"currency":"USD","amount":5}' },
      { { type = "address" }, { lines = { "a", "b" }, country = "US" }, '"a\\nb\\nUS"' },
      { { type = "address" }, "a\nb", '"a\\nb"' }, { { type = "duration" }, "P1Y", '"P1Y"' },
      { { type = "linkedRecord" }, record, '"r9"' }, { { type = "parentRecord" }, "IC-9", '"IC-9"' },
      { { type = "childRecord" }, { recordId = "r8", readableId = "IC-8" }, '"r8"' },
      { rows, { { price = ironclad.money("USD", 5), due = "2026-01-31" } },
        '[{"price":{"currency":"USD","amount":5},"due":"2026-01-31T00:00:00Z"}]' },
      { rows, {}, "[]" },
      { { type = "newer" }, { a = 1 }, '{"a":1}' }, { nil, ironclad.date(2026, 1, 31), '"2026-01-31T00:00:00Z"' },
      { nil, record, '"r9"' },
    }
    for i = 1, #cases do
      local case = cases[i]
      assert.are.same(json.decode(case[3]), json.decode(json.encode((encode.workflow(case[1], case[2])))))
    end
  end)

  it("refuses other values", function()
    local cases = {
      { { type = "number" }, "5", "expected a number" },
      { { type = "monetaryAmount" }, 5, "expected an amount of money" },
      { { type = "document" }, "x", "workflow:upload_document" }, { { type = "array" }, "x", "expected a list" },
      { { type = "array", elementType = { type = "document" } }, { "x" }, "[1]: documents are changed by" },
      { { type = "object", schema = { a = { type = "number" } } }, { a = "x" }, "a: expected a number" },
      { { type = "object" }, { "x" }, "expected a table of named values" },
      { { type = "linkedRecord" }, 5, "expected a record or its id" },
    }
    for _, case in ipairs(cases) do
      local value, objection = encode.workflow(case[1], case[2])
      assert.is_nil(value)
      assert.is_truthy(objection:find(case[3], 1, true), objection)
    end
  end)
end)

---------------------------------------------------------------------------------------------------------------
describe("plain properties in a body", function()
  after_each(scene.stop)

  local function create(client, given, options)
    local value, err = client.records:create({ type = "nda", name = "N", properties = given }, options)
    return value, err
  end

  it("get their types from the record schema, which is asked for once", function()
    local server, client = scene.play(SCHEMA, scene.GOOD, scene.GOOD, scene.GOOD)
    local given = { counterpartyName = "Acme", agreementDate = "2026-01-31", vendor = "IC-5",
      where = "1 Main St.", term = "P1Y", email = "a@b.example", position = "Standard" }
    scene.assert_good(create(client, given))
    assert.are.same({ "GET /public/api/v1/records/metadata", "POST /public/api/v1/records" }, scene.targets(server))
    assert.are.same({
      counterpartyName = { type = "string", value = "Acme" },
      vendor = { type = "reference", value = { recordId = "IC-5" } },
      agreementDate = { type = "date", value = "2026-01-31T00:00:00Z" }, term = { type = "duration", value = "P1Y" },
      where = { type = "address", value = { lines = { "1 Main St." } } },
      email = { type = "email", value = "a@b.example" }, position = { type = "playbookClause", value = "Standard" },
    }, body_of(server).properties)
    assert.are.equal("2026-01-31", given.agreementDate)
    scene.assert_good(client.records:replace("r1", { type = "nda", name = "N", properties = { term = "P2Y" } }))
    assert.are.same({ term = { type = "duration", value = "P2Y" } }, body_of(server).properties)
    scene.assert_good(client.records:update("r1", { addProperties = { term = "P3Y", newer = "1,2" } }))
    assert.are.same({ term = { type = "duration", value = "P3Y" }, newer = { type = "geoPoint", value = "1,2" } },
      body_of(server).addProperties)
    assert.are.equal(4, #server:requests())
  end)

  it("are lists when they are empty tables and the schema says so", function()
    local server, client = scene.play(SCHEMA, scene.GOOD)
    scene.assert_good(client.records:update("r1", { addProperties = { tags = {} } }))
    assert.are.same({ "GET /public/api/v1/records/metadata", "PATCH /public/api/v1/records/r1" }, scene.targets(server))
    assert.is_truthy(scene.last(server).body:find('"value":[]', 1, true))
    assert.are.equal("array", body_of(server).addProperties.tags.type)
  end)

  it("need no schema when their shape says it all, or they are typed", function()
    local server, client = scene.play(scene.GOOD)
    scene.assert_good(create(client, { seats = 5, renews = true, value = ironclad.money("USD", 5), tags = { "a" },
      name = { type = "string", value = "x" }, due = { type = "date", value = ironclad.date(2026, 1, 31) },
      where = { type = "address", value = ironclad.address { country = "US" } } }))
    assert.are.equal(1, #server:requests())
    assert.are.same({
      seats = { type = "number", value = 5 }, renews = { type = "boolean", value = true },
      value = { type = "monetary_amount", value = { currency = "USD", amount = 5 } },
      tags = { type = "array", value = { "a" } }, name = { type = "string", value = "x" },
      due = { type = "date", value = "2026-01-31T00:00:00Z" }, where = { type = "address", value = { country = "US" } },
    }, body_of(server).properties)
  end)

  it("are sent as they are when this version does not know their type", function()
    local schema = peer.json(json.encode { properties = { flag = { type = "future" }, word = { type = "future" } } })
    local server, client = scene.play(schema, scene.GOOD)
    scene.assert_good(create(client, { flag = false, word = "x", full = { type = "future", value = false },
      zero = { type = "future", value = 0 } }))
    assert.are.same({ flag = { type = "future", value = false }, word = { type = "future", value = "x" },
      full = { type = "future", value = false }, zero = { type = "future", value = 0 } }, body_of(server).properties)
  end)

  it("use a schema that the script has fetched", function()
    local server, client = scene.play(SCHEMA, scene.GOOD)
    ironclad.must(client.records:get_schema())
    scene.assert_good(create(client, { term = "P1Y" }))
    assert.are.equal(2, #server:requests())
    assert.are.equal("duration", body_of(server).properties.term.type)
  end)

  it("are sent by their shape when the schema may not be read, which is asked once", function()
    local server, client = scene.play(peer.json('{"code":"FORBIDDEN"}', 403), scene.GOOD)
    scene.assert_good(create(client, { term = "P1Y" }))
    scene.assert_good(create(client, { term = "P1Y" }))
    assert.are.equal(3, #server:requests())
    assert.are.same({ term = { type = "string", value = "P1Y" } }, body_of(server).properties)
  end)

  it("are not sent while the schema cannot be read for now", function()
    local server, client = scene.play(peer.json("{}", 503), SCHEMA, scene.GOOD)
    local err = scene.assert_error("server", create(client, { term = "P1Y" }))
    assert.are.equal("not_done", err.outcome)
    assert.are.same({ "GET /public/api/v1/records/metadata" }, scene.targets(server))
    scene.assert_good(create(client, { term = "P1Y" }))
    assert.are.equal("duration", body_of(server).properties.term.type)
  end)

  it("ask for no schema in a dry run", function()
    local server, client = scene.play(scene.GOOD)
    local request = create(client, { term = "P1Y" }, { dry_run = true })
    assert.are.same({ term = { type = "string", value = "P1Y" } }, json.decode(request.body).properties)
    assert.are.equal(0, #server:requests())
  end)

  it("get their types in the background too", function()
    local server, client = scene.play(SCHEMA, scene.GOOD)
    local told
    create(client, { term = "P1Y" }, { callback = function(value, err) told = { value, err } end })
    ironclad.run()
    scene.assert_good(told[1], told[2])
    assert.are.equal("record w1", tostring(told[1]))
    assert.are.equal("duration", body_of(server).properties.term.type)
    told = nil
    client.records:update("r1", { addProperties = { term = "P2Y" } }, { callback = function(value) told = value end })
    ironclad.run()
    scene.assert_good(told)
    assert.are.equal(3, #server:requests())
  end)

  it("ask for one schema when many calls want it at once", function()
    local server, client = scene.play(SCHEMA, scene.GOOD)
    local results, errors = client:map({ 1, 2, 3, 4, 5, 6, 7, 8 }, function()
      return create(client, { term = "P1Y" })
    end)
    for i = 1, 8 do scene.assert_good(results[i], errors[i]) end
    assert.are.equal(9, #server:requests())
    for i = 2, 9 do assert.is_truthy(server:requests()[i].body:find('"duration"', 1, true)) end
  end)

  it("are asked for as the user of the call", function()
    local server, client = scene.play(SCHEMA, scene.GOOD)
    scene.assert_good(create(client, { term = "P1Y" }, { as_user = "other@b.example" }))
    for _, request in ipairs(server:requests()) do
      assert.are.equal("other@b.example", request.headers["x-as-user-email"])
    end
  end)

  it("stand in actions on a contract, whose types are documented", function()
    local server, client = scene.play(peer.json '{"type":"extend"}')
    ironclad.must(record_of(client):run_action { type = "extend", properties = { standard_renewalTermLength = "P1Y" } })
    assert.are.same({ type = "extend", properties = {
      standard_renewalTermLength = { type = "duration", value = "P1Y" } } }, body_of(server))
    ironclad.must(record_of(client):run_action { type = "cancelAutoRenewal" })
    assert.are.equal(2, #server:requests())
  end)

  it("stand in entities and obligations too, and by operationId", function()
    local server, client = scene.play(scene.GOOD)
    scene.assert_good(client.entities:create { name = "Acme", properties = { tier = "gold", seats = 5 } })
    assert.are.same({ tier = { type = "string", value = "gold" }, seats = { type = "number", value = 5 } },
      body_of(server).properties)
    scene.assert_good(client:call("update-an-obligation", { path = { "o1" }, body = { addProperties = {
      due = ironclad.date(2026, 1, 31) } } }))
    assert.are.same({ due = { type = "date", value = "2026-01-31T00:00:00Z" } }, body_of(server).addProperties)
    scene.assert_good(client.obligations:create { name = "Pay", obligationTypeKey = { "k" }, parentId = "r" })
    assert.are.same({}, body_of(server).properties)
  end)

  it("are refused by name when they cannot be", function()
    local _, client = scene.play(SCHEMA, scene.GOOD)
    mistaken("records:create: properties.agreementDate: expected a date", function()
      create(client, { agreementDate = "soon" })
    end)
    mistaken("records:create: properties.value: expected an amount of money", function()
      create(client, { value = "5000" })
    end)
    mistaken("properties.x: null: leave it out", function() create(client, { x = ironclad.null }) end)
    mistaken("records:update: addProperties.x: a function cannot be the value", function()
      client.records:update("r1", { addProperties = { x = print } })
    end)
    mistaken("records:create: properties.x: an empty table may be a list or an object", function()
      client:call("create-a-record", { body = { type = "t", name = "n", properties = { x = {} } } })
    end)
  end)

  it("leave other bodies as they are, to be refused", function()
    local _, client = scene.play(scene.GOOD)
    mistaken("records:create: properties: expected a table of properties, got a string", function()
      create(client, "x")
    end)
    mistaken("properties: missing", function() client.records:create { type = "t", name = "n" } end)
    mistaken("body: ", function() client:call("create-a-record", { body = "x" }) end)
  end)
end)
