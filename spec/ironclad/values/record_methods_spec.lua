-- The methods of records, entities and obligations that change or read their properties: set, property and plain.
local documented = require "spec.support.properties"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local resources = require "ironclad.resources.resources"
local scene = require "spec.support.scene"

local json = ironclad.json

local mistaken = scene.assert_mistake

local SCHEMA, body_of, record_of = documented.SCHEMA, documented.body_of, documented.record_of

describe("record:set", function()
  after_each(scene.stop)

  it("tells a callback, and keeps the answer", function()
    local _, client = scene.play(SCHEMA, peer.json '{"id":"r1","name":"New"}')
    local record, told = record_of(client, {}), nil
    record:set({ term = "P1Y" }, { callback = function(...) told = { ... } end })
    ironclad.run()
    assert.are.equal(record, told[1])
    assert.are.equal("New", record.name)
  end)

  it("sends what is added and removed, and keeps the answer in the same table", function()
    local server, client = scene.play(peer.json '{"id":"r1","ironcladId":"IC-1","properties":{"a":{"value":1}}}')
    local record = record_of(client, { term = { type = "duration", value = "P1Y" }, due = { type = "date" },
      old = { type = "string" }, value = { type = "monetary_amount" } })
    local same, err, response = record:set({ term = "P2Y", due = "2026-01-31", seats = 5, old = ironclad.null,
      gone = ironclad.null }, { query = { addressAsObject = true } })
    assert.is_nil(err)
    assert.are.equal(record, same)
    assert.are.equal(200, response.status)
    assert.are.same({ ["a"] = { value = 1 } }, record.properties)
    assert.are.same({ "PATCH /public/api/v1/records/r1?addressAsObject=true" }, scene.targets(server))
    assert.are.same({
      addProperties = { term = { type = "duration", value = "P2Y" }, seats = { type = "number", value = 5 },
        due = { type = "date", value = "2026-01-31T00:00:00Z" } },
      removeProperties = { "gone", "old" },
    }, body_of(server))
  end)

  it("leaves the table when it is refused", function()
    local _, client = scene.play(peer.json('{"code":"INVALID_PARAM","message":"no"}', 400))
    local record = record_of(client, { a = { type = "number", value = 1 } })
    local same, err = record:set { a = 2 }
    assert.is_nil(same)
    assert.are.equal("invalid_request", err.kind)
    assert.are.equal(1, record:property "a")
  end)

  it("leaves out the list that is empty", function()
    local server, client = scene.play(peer.json '{"id":"r1"}')
    record_of(client, {}):set { a = 1 }
    assert.is_nil(body_of(server).removeProperties)
    record_of(client, {}):set { a = ironclad.null }
    assert.are.same({ removeProperties = { "a" } }, body_of(server))
  end)

  it("is there for entities and obligations", function()
    local server, client = scene.play(peer.json '{"id":"x"}')
    ironclad.must(resources.make(client, "entity", { id = "e1" }):set { tier = "gold" })
    ironclad.must(resources.make(client, "obligation", { id = "o1" }):set { tier = ironclad.null })
    assert.are.same({ "PATCH /public/api/v1/entities/e1", "PATCH /public/api/v1/obligations/o1" },
      scene.targets(server))
  end)

  it("refuses what it cannot send", function()
    local _, client = scene.play(SCHEMA)
    local record = record_of(client, { value = { type = "monetary_amount" } })
    mistaken("record:set: expected a table of properties, got nil", function() record:set() end)
    mistaken("record:set: expected a table of properties, got an empty one", function() record:set {} end)
    mistaken("record:set: expected names of properties, got a number", function() record:set { "x" } end)
    mistaken("record:set: addProperties.value: expected an amount of money", function() record:set { value = 5 } end)
    mistaken("record:set: call it with a colon", function() record.set { value = 5 } end)
    mistaken("record:set: tmeout: unknown option", function() record:set({ a = 1 }, { tmeout = 1 }) end)
  end)
end)

describe("record:property and record:plain", function()
  local record = record_of({}, json.decode [[{
    "counterpartyName": {"type": "string", "value": "Acme"},
    "seats": {"type": "number", "value": 12},
    "renews": {"type": "boolean", "value": false},
    "agreementDate": {"type": "date", "value": "2026-01-31T00:00:00.000Z"},
    "term": {"type": "duration", "value": "P1Y"},
    "contractValue": {"type": "monetary_amount", "value": {"currency": "USD", "amount": 5000.5}},
    "where": {"type": "address", "value": {"lines": ["1 Main St."], "locality": "Bonn"}},
    "there": {"type": "address", "value": "1 Main St.\nBonn"},
    "tags": {"type": "array", "value": ["a", "b"]},
    "vendor": {"type": "reference", "value": {"recordId": "r9", "namedTypeIds": ["x"]}},
    "law": {"type": "clause", "value": {"source": "ai", "clauseText": "The law of …"}},
    "newer": {"type": "geoPoint", "value": {"lat": 1}},
    "broken": {"type": "monetary_amount", "value": {"currency": "dollars"}},
    "none": {"type": "string", "value": null},
    "name": {"type": "string", "value": "a property's"},
    "odd": 5
  }]])
  record.name, record.type, record.contractStatus, record.childIds = "The NDA", "nda", { status = "active" }, { "x" }

  it("give plain values", function()
    assert.are.equal("Acme", record:property "counterpartyName")
    assert.are.equal(12, record:property "seats")
    assert.is_false(record:property "renews")
    assert.are.equal("2026-01-31T00:00:00.000Z", record:property "agreementDate")
    assert.are.equal("USD 5000.50", tostring(record:property "contractValue"))
    assert.are.equal(ironclad.money("USD", 5000.5), record:property "contractValue")
    assert.are.equal("1 Main St., Bonn", tostring(record:property "where"))
    assert.are.same({ "a", "b" }, record:property "tags")
    assert.are.same({ currency = "dollars" }, record:property "broken")
    assert.is_nil(record:property "none")
    assert.is_nil(record:property "missing")
    assert.is_nil(record:property "odd")
    assert.is_nil(resources.make({}, "record", { id = "r" }):property "x")
  end)

  it("give a flat row", function()
    assert.are.same({
      id = "r1", ironcladId = "IC-1", name = "The NDA", type = "nda", contractStatus = "active",
      counterpartyName = "Acme", seats = 12, renews = false, agreementDate = "2026-01-31T00:00:00.000Z", term = "P1Y",
      contractValue = 5000.5, contractValue_currency = "USD", where = "1 Main St., Bonn", there = "1 Main St., Bonn",
      tags = "a; b", vendor = "r9", law = "The law of …", newer = '{"lat":1}', broken = '{"currency":"dollars"}',
      property_name = "a property's",
    }, record:plain())
    assert.are.same({ id = "e" }, resources.make({}, "entity", { id = "e", properties = ironclad.null }):plain())
  end)

  it("leave the record as it is", function()
    local before = json.encode(record)
    record:plain()
    record:property "contractValue"
    assert.are.equal(before, json.encode(record))
    assert.is_nil(getmetatable(record.properties.contractValue.value))
  end)

  it("are called with a colon", function()
    mistaken("record:property: call it with a colon: record:property(…)", function() record.property "x" end)
    mistaken("record:plain: call it with a colon", function() record.plain {} end)
  end)
end)
