-- The sandbox's records: create, get, list, update, replace, delete.
local local_ironclad = require "spec.support.local_ironclad"

local NOBODY = local_ironclad.NOBODY
local must, refused = local_ironclad.must, local_ironclad.refused

local sandbox, client

setup(function() sandbox, client = local_ironclad.start() end)
teardown(function() sandbox:stop() end)

local function create(changes)
  local body = { type = "contract", name = "A contract", properties = {} }
  for name, value in pairs(changes or {}) do body[name] = value end
  return client.records:create(body)
end

-- The same without the client's conversion of values.
local function send(changes)
  local body = { type = "contract", name = "A contract", properties = {} }
  for name, value in pairs(changes) do body[name] = value end
  return client:request("POST", "/public/api/v1/records", { body = body })
end

local function names(options)
  local list = {}
  for i, record in ipairs(must(client.records:list(options)).list) do list[i] = record.name end
  return list
end

describe("a record", function()
  it("is found by both of its ids", function()
    local record = must(create { properties = { seats = { type = "number", value = 3 } } })
    assert.is_truthy(record.id:find "^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$")
    assert.is_truthy(record.ironcladId:find "^IC%-%d+$")
    assert.are.same({ type = "number", value = 3 }, record.properties.seats)
    assert.are.same({ 0, 0 }, { #record.links, #record.childIds })
    assert.is_nil(record.contractStatus or record.amendments)
    assert.are.same(record, must(client.records:get(record.id)))
    assert.are.same(record, must(client.records:get(record.ironcladId)))
  end)

  it("has a status from its dates, and its source", function()
    local function status(expires)
      local dates = {
        agreementDate = { type = "date", value = "2020-01-01" }, expirationDate = { type = "date", value = expires },
      }
      return must(create { properties = dates }).contractStatus.status
    end
    assert.are.equal("active", status "2999-12-31T00:00:00Z")
    assert.are.equal("inactive", status "2021-01-01T00:00:00-07:00")
    local made = must(client.records:get "IC-1")
    assert.are.equal("workflow", made.source.type)
    assert.are.same({ made.id }, must(client.workflows:get(made.source.workflowId)).recordIds)
  end)

  it("shows an address in the requested form", function()
    local address = { lines = { "123 Main St." }, locality = "Los Angeles", region = "CA", postcode = "90001" }
    local properties = { counterpartyAddress = { type = "address", value = address } }
    local record = must(create { properties = properties })
    assert.are.equal("123 Main St.\nLos Angeles, CA 90001", record.properties.counterpartyAddress.value)
    local whole = must(client.records:get(record.id, { addressAsObject = true }))
    assert.are.same(address, whole.properties.counterpartyAddress.value)
    properties.counterpartyAddress.value = "somewhere"
    record = must(create { properties = properties })
    assert.are.equal("somewhere", record.properties.counterpartyAddress.value)
    whole = must(client.records:get(record.id, { addressAsObject = true }))
    assert.are.equal("somewhere", whole.properties.counterpartyAddress.value.raw)
  end)

  it("shows its entities in the requested form", function()
    local entity = must(client.entities:list()).list[1]
    local vendor = { type = "reference", value = { recordId = entity.id } }
    local record = must(create { properties = { vendor = vendor, seats = { type = "number", value = 1 } } })
    assert.are.same(vendor, record.properties.vendor)
    local value = must(client.records:get(record.id, { hydrateEntities = true })).properties.vendor.value
    assert.are.same({ entity.id, entity.ironcladId }, { value.recordId, value.readableId })
    assert.are.same(entity.properties, value.attributes)
    local listed = must(client.records:list { hydrateEntities = true, filter = ("Equals([readableId], '%s')")
      :format(record.ironcladId) }).list[1]
    assert.are.same(value, listed.properties.vendor.value)
  end)

  it("keeps every kind of property", function()
    local properties = {
      agreementDate = { type = "date", value = "2026-01-20T09:30:00-07:00" },
      counterpartyName = { type = "string", value = 'Ünï "code" \n' },
      counterpartyEmail = { type = "email", value = "a@b.example" },
      contractValue = { type = "monetary_amount", value = { currency = "EUR", amount = 0.5 } },
      term = { type = "duration", value = "P1Y2M10DT2H" },
      seats = { type = "number", value = -1 },
      autoRenews = { type = "boolean", value = false },
      tags = { type = "array", value = { "a", "b" } },
      vendor = { type = "reference", value = { recordId = "x" } },
      governingLaw = { type = "clause", value = { source = "manual", clauseText = "x" } },
    }
    local record = must(create { properties = properties })
    assert.are.same(properties, must(client.records:get(record.id)).properties)
    local schema = must(client.records:get_schema())
    for name, property in pairs(properties) do assert.are.equal(schema.properties[name].type, property.type) end
    assert.are.equal("Contract", schema.recordTypes.contract.displayName)
  end)

  it("shows a date with its time, and an amount as a number", function()
    local function with(name, value) return send { properties = { [name] = { value = value } } } end
    for given, expected in pairs {
      ["2026-01-20"] = "2026-01-20T00:00:00.000Z", ["2026-01-20T09:30:00"] = "2026-01-20T09:30:00.000Z",
      ["2026-01-20T09:30:00Z"] = "2026-01-20T09:30:00Z", ["2026-01-20T09:30:00+01:00"] = "2026-01-20T09:30:00+01:00",
    } do
      assert.are.equal(expected, must(with("agreementDate", given)).properties.agreementDate.value)
    end
    local record = must(with("contractValue", { currency = "EUR", amount = "12.5" }))
    assert.are.equal(12.5, record.properties.contractValue.value.amount)
    refused({ 400, "INVALID_PARAM", "properties.contractValue" },
      with("contractValue", { currency = "EUR", amount = "much" }))
  end)

  local wrong = {
    { { type = "x" }, { 400, "INVALID_PARAM", "type" } },
    { { name = "" }, { 400, "INVALID_PARAM", "name" } },
    { { properties = { x = { value = 1 } } }, { 400, "INVALID_PARAM", "properties.x" } },
    { { properties = { seats = { type = "string", value = "1" } } }, { 400, "INVALID_PARAM", "properties.seats" } },
    { { properties = { seats = { value = "1" } } }, { 400, "INVALID_PARAM", "properties.seats" } },
    { { properties = { seats = { type = 1, value = 1 } } }, { 400, "INVALID_PARAM", "properties.seats" } },
    { { properties = { seats = {} } }, { 400, "MISSING_PARAM", "properties.seats" } },
    { { properties = { seats = 1 } }, { 400, "MISSING_PARAM", "properties.seats" } },
    { { properties = { term = { value = "P" } } }, { 400, "INVALID_PARAM", "properties.term" } },
    { { properties = { agreementDate = { value = "2026-13-01" } } },
      { 400, "INVALID_PARAM", "properties.agreementDate" } },
    { { properties = { tags = { value = { 5 } } } }, { 400, "INVALID_PARAM", "properties.tags" } },
    { { parent = { recordId = NOBODY } }, { 400, "NOT_FOUND", "parent" } },
    { { parent = { recordId = "IC-1", parentLinkType = "x" } }, { 400, "INVALID_PARAM", "parent" } },
    { { links = { {} } }, { 400, "MISSING_PARAM", "links" } },
    { { properties = { governingLaw = { value = { clauseText = "x" } } } },
      { 400, "INVALID_PARAM", "properties.governingLaw" } },
    { { propertiesToAmend = { seats = { amendmentType = "replace" } } },
      { 400, "INVALID_PARAM", "propertiesToAmend" } },
    { { parent = { recordId = "IC-1" }, propertiesToAmend = { seats = { amendmentType = "replace" } } },
      { 400, "INVALID_PARAM", "propertiesToAmend" } },
    { { parent = { recordId = "IC-1", parentLinkType = "amendment" },
      propertiesToAmend = { seats = { amendmentType = "add" } } }, { 400, "INVALID_PARAM", "propertiesToAmend" } },
    { { parent = { recordId = "IC-1", parentLinkType = "amendment" },
      propertiesToAmend = { x = { amendmentType = "replace" } } }, { 400, "INVALID_PARAM", "propertiesToAmend" } },
  }
  for i, case in ipairs(wrong) do
    it(("is refused with %s %s (%d)"):format(case[2][2], case[2][3], i), function()
      local before = must(client.records:list()).count
      refused(case[2], send(case[1]))
      assert.are.equal(before, must(client.records:list()).count)
    end)
  end

  it("needs a user who may edit records", function()
    local tom = { as_user = "tom.becker@example.com" }
    local function body() return { type = "contract", name = "x", properties = {} } end
    refused({ 403, "FORBIDDEN" }, client.records:create(body(), tom))
    refused({ 403, "FORBIDDEN" }, client.records:replace("IC-8", body(), tom))
    refused({ 403, "FORBIDDEN" }, client.records:update("IC-8", { name = "x" }, tom))
    refused({ 403, "FORBIDDEN" }, client.records:delete("IC-8", tom))
    must(client.records:get("IC-8", tom))
  end)
end)

describe("changing a record", function()
  local function text(value) return { type = "string", value = value } end

  it("changes only the given fields", function()
    local record = must(create { properties = { counterpartyName = text "A", additionalNotes = text "B" } })
    local changed = must(client.records:update(record.id, {
      name = "Renamed", addProperties = { counterpartyName = text "C", seats = { type = "number", value = 1 } },
      removeProperties = { "additionalNotes", "never there" },
    }))
    assert.are.same({ counterpartyName = text "C", seats = { type = "number", value = 1 } }, changed.properties)
    assert.are.same({ "Renamed", "contract" }, { changed.name, changed.type })
    assert.is_true(changed.lastUpdated >= record.lastUpdated)
    assert.are.same(changed, must(client.records:get(record.id)))
  end)

  it("is applied completely or not at all", function()
    local record = must(create())
    refused({ 400, "INVALID_PARAM", "addProperties.seats" },
      client.records:update(record.id, { name = "New", addProperties = { seats = { type = "string", value = "x" } } }))
    refused({ 400, "MISSING_PARAM", "addProperties.seats" }, client:request("PATCH",
      "/public/api/v1/records/" .. record.id, { body = { name = "New", addProperties = { seats = { value = 1 } } } }))
    refused({ 400, "NOT_FOUND", "addLinks" },
      client.records:update(record.id, { name = "New", addLinks = { { recordId = NOBODY } } }))
    refused({ 400, "INVALID_PARAM", "unknown" }, client:request("PATCH", "/public/api/v1/records/" .. record.id,
      { body = { name = "New", unknown = 1 } }))
    assert.are.same(record, must(client.records:get(record.id)))
  end)

  it("links records", function()
    local one, two, three = must(create()), must(create()), must(create())
    local linked = must(client.records:update(one.id, {
      addLinks = { { recordId = two.id }, { recordId = three.ironcladId }, { recordId = two.id } },
    }))
    assert.are.same({ { recordId = two.id }, { recordId = three.id } }, linked.links)
    must(client.records:delete(three.id))
    assert.are.same({ { recordId = two.id } }, must(client.records:get(one.id)).links)
    linked = must(client.records:update(one.id, { removeLinks = { { recordId = two.id } } }))
    assert.are.equal(0, #linked.links)
  end)

  it("sets parents and children, without cycles", function()
    local parent = must(create())
    local child = must(create { parent = { recordId = parent.ironcladId, parentLinkType = "amendment" } })
    assert.are.same({ parent.id, "amendment" }, { child.parentId, child.parentLinkType })
    local above = must(client.records:get(parent.id))
    assert.are.same({ child.id, child.id }, { above.childIds[1], above.amendments[1] })
    refused({ 400, "INVALID_PARAM", "parent" },
      client.records:update(parent.id, { setParent = { recordId = child.id } }))
    refused({ 400, "INVALID_PARAM", "children" },
      client.records:update(child.id, { addChildren = { { recordId = parent.id } } }))
    refused({ 400, "INVALID_PARAM", "children" },
      client.records:update(child.id, { addChildren = { { recordId = child.id } } }))
    assert.is_nil(must(client.records:update(child.id, { removeParent = true })).parentId)
    must(client.records:update(parent.id, { addChildren = { { recordId = child.id } } }))
    assert.are.equal(parent.id, must(client.records:get(child.id)).parentId)
    must(client.records:delete(parent.id))
    assert.is_nil(must(client.records:get(child.id)).parentId)
  end)

  it("amends its parent", function()
    local function number(value) return { type = "number", value = value } end
    local replace = { amendmentType = "replace" }
    local parent = must(create { properties = { seats = number(10), counterpartyName = text "A" } })
    local function amendment(properties)
      return must(create { properties = properties, parent = { recordId = parent.id, parentLinkType = "amendment" },
        propertiesToAmend = { seats = replace, additionalNotes = replace, tags = replace } })
    end
    local function read() return must(client.records:get(parent.id)).properties end
    local first = amendment { seats = number(20), counterpartyName = text "B", additionalNotes = text "more" }
    assert.are.same({ seats = { type = "number", value = 20, originalValue = 10 }, counterpartyName = text "A",
      additionalNotes = text "more" }, read())
    local second = amendment { seats = number(30) }
    assert.are.same({ type = "number", value = 30, originalValue = 10 }, read().seats)
    assert.are.same({ parent.name }, names { filter = "Equals([seats], 30)", lastUpdated = parent.lastUpdated,
      types = "contract", sortDirection = "ASC", sortField = "lastUpdated", pageSize = 1 })
    must(client.records:update(second.id, { removePropertiesToAmend = { "seats" } }))
    assert.are.equal(20, read().seats.value)
    must(client.records:update(second.id, { addPropertiesToAmend = { seats = replace } }))
    assert.are.equal(30, read().seats.value)
    must(client.records:update(second.id, { removeParent = true }))
    assert.are.equal(20, read().seats.value)
    must(client.records:delete(first.id))
    assert.are.same({ seats = number(10), counterpartyName = text "A" }, read())
    refused({ 400, "INVALID_PARAM", "addPropertiesToAmend" },
      client.records:update(second.id, { addPropertiesToAmend = { seats = replace } }))
  end)

  it("replaces all properties", function()
    local record = must(create { properties = { counterpartyName = text "A" } })
    local replaced = must(client.records:replace(record.id, {
      type = "mutualNDA", name = "Replaced", properties = { additionalNotes = text "B" },
    }))
    assert.are.same({ additionalNotes = text "B" }, replaced.properties)
    assert.are.same({ "mutualNDA", "Replaced", record.id }, { replaced.type, replaced.name, replaced.id })
    refused({ 400, "MISSING_PARAM", "properties" }, client:request("PUT", "/public/api/v1/records/" .. record.id,
      { body = { type = "mutualNDA", name = "x" } }))
  end)

  it("can delete it", function()
    local record = must(create())
    assert.is_true(must(client.records:delete(record.id)))
    local calls = {
      { client.records:get(record.id) }, { client.records:delete(record.ironcladId) },
      { client.records:update(record.id, { name = "x" }) },
    }
    for _, answer in ipairs(calls) do refused({ 400, "NOT_FOUND" }, answer[1], answer[2]) end
    must(client.records:delete "IC-1")
    assert.is_nil(must(client.workflows:get "IC-1").recordIds)
  end)
end)

describe("listing records", function()
  local other, mine

  setup(function()
    other = assert(require("ironclad.sandbox").start { tls = false })
    mine = local_ironclad.connect(other)
    client, mine = mine, client
  end)
  teardown(function()
    client = mine
    other:stop()
  end)

  it("sorts by three fields, in both directions", function()
    local function all(query)
      query.pageSize = 100
      return must(client.records:list(query)).list
    end
    local function agreed(record) return (record.properties.agreementDate or { value = "" }).value end
    local keys = { agreementDate = agreed, name = function(record) return record.name end,
      lastUpdated = function(record) return record.lastUpdated end }
    for field, key in pairs(keys) do
      local falling, rising = all { sortField = field }, all { sortField = field, sortDirection = "ASC" }
      for i, record in ipairs(falling) do
        assert.are.equal(record.id, rising[#falling + 1 - i].id)
        if i > 1 then assert.is_true(key(falling[i - 1]) >= key(record), field) end
      end
    end
    assert.are.equal(names()[1], all({ sortField = "agreementDate" })[1].name)
    must(client.records:update("IC-9", { addProperties = { agreementDate = { type = "date", value = "2999-06-01" } } }))
    assert.are.equal("Office Lease, Tamarack Properties", names()[1])
    assert.are.equal("Office Lease, Tamarack Properties", names({ sortField = "lastUpdated" })[1])
  end)

  it("selects by type and time, with the total of all pages", function()
    local function count(types) return must(client.records:list { types = types }).count end
    local contracts = count "contract"
    assert.is_true(contracts > 0 and count "mutualNDA" > 0)
    assert.are.equal(contracts + count "mutualNDA", count "contract,mutualNDA")
    local all = count()
    local record = must(create())
    local function since(time) return must(client.records:list { lastUpdated = time, types = "contract" }).count end
    assert.are.same({ contracts + 1, 0 }, { since "2000-01-01T00:00:00Z", since "2999-01-01T00:00:00Z" })
    assert.is_true(since(record.lastUpdated) >= 1)
    local page = must(client.records:list { page = 1, pageSize = 2 })
    assert.are.same({ 1, 2, all + 1, 2 }, { page.page, page.pageSize, page.count, #page.list })
    assert.are.equal(0, #must(client.records:list { page = 100000000, pageSize = 100 }).list)
  end)

  it("refuses wrong parameters", function()
    refused({ 400, "INVALID_PARAM", "/?sortField" }, client.records:list { extra = { query = { sortField = "type" } } })
    refused({ 400, "INVALID_PARAM", "/?sortDirection" },
      client.records:list { extra = { query = { sortDirection = "asc" } } })
    refused({ 400, "INVALID_PARAM", "/?types" }, client.records:list { types = "contract,x" })
    refused({ 400, "INVALID_PARAM", "/?addressAsObject" },
      client.records:list { extra = { query = { addressAsObject = "yes" } } })
    refused({ 400, "INVALID_PARAM", "/?filter" }, client.records:list { filter = "Equals([seats], 1" })
  end)
end)
