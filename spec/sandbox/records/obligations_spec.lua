-- The sandbox's obligations: making, finding and changing them, and the records that they belong to.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"

local must, refused = local_ironclad.must, local_ironclad.refused
local NOBODY = local_ironclad.NOBODY

local sandbox, client, obligations, record

before_each(function()
  sandbox, client = local_ironclad.start()
  obligations = client.obligations
  record = must(client.records:create { type = "contract", name = "Lease of a van", properties = {} })
end)
after_each(function() sandbox:stop() end)

local function create(changes)
  local body = { name = "Pay", parentId = record.id, obligationTypeKey = { "payment" }, properties = {} }
  for name, value in pairs(changes or {}) do body[name] = value end
  return obligations:create(body)
end

describe("an obligation", function()
  it("belongs to its record, and is found by either id", function()
    local due = { type = "date", value = "2027-01-31T00:00:00.000Z" }
    local made, err, response = create { properties = { userFacingObligations_dueDate = due } }
    must(made, err)
    assert.are.equal(201, response.status)
    assert.is_truthy(made.ironcladId:find "^OB%-%d+$")
    assert.are.same({ "Pay", record.ironcladId, record.name, 1 },
      { made.name, made.parentReadableId, made.parentRecordName, #made.namedTypeIds })
    assert.are.same({ userFacingObligations_dueDate = due }, made.properties)
    assert.are.same(made, must(obligations:get(made.id)))
    assert.are.same(made, must(obligations:get(made.ironcladId)))
    local below = must(create { parentId = made.id, name = "Ask for the bill" })
    assert.are.same({ made.ironcladId, made.name }, { below.parentReadableId, below.parentRecordName })
    assert.are.same({ made.id, below.id }, must(client.records:get(record.id)).childIds)
    assert.is_nil(must(client.records:get(record.id)).amendments)
  end)

  local wrong = {
    { { name = "" }, { 400, "INVALID_PARAM", "name" } },
    { { parentId = NOBODY }, { 400, "NOT_FOUND", "parentId" } },
    { { obligationTypeKey = { "x" } }, { 400, "INVALID_PARAM", "obligationTypeKey" } },
    { { obligationTypeKey = { "payment", "renewal" } }, { 400, "INVALID_PARAM", "obligationTypeKey" } },
    { { obligationTypeKey = ironclad.array {} }, { 400, "INVALID_PARAM", "obligationTypeKey" } },
    { { properties = { note = { type = "string", value = "x" } } }, { 400, "INVALID_PARAM", "properties.note" } },
    { { properties = { userFacingObligations_dueDate = { type = "date", value = "soon" } } },
      { 400, "INVALID_PARAM", "properties.userFacingObligations_dueDate" } },
  }
  for i, case in ipairs(wrong) do
    it(("is refused with %s %s (%d)"):format(case[2][2], case[2][3], i), function()
      refused(case[2], create(case[1]))
      assert.are.equal(0, #must(client.records:get(record.id)).childIds)
    end)
  end

  it("needs its properties, even when there are none", function()
    local body = { name = "Pay", parentId = record.id, obligationTypeKey = { "payment" } }
    refused({ 400, "MISSING_PARAM", "properties" },
      client:request("POST", "/public/api/v1/obligations", { body = body }))
    must(obligations:create(body)) -- filled in by the client
  end)

  it("changes in what is named and nothing else", function()
    local made = must(create())
    local status = { type = "string", value = "Done" }
    local added = { userFacingObligations_status = status }
    local changed = must(obligations:update(made.ironcladId, { addProperties = added }))
    assert.are.same({ "Pay", made.namedTypeIds }, { changed.name, changed.namedTypeIds })
    assert.are.same(added, changed.properties)
    changed = must(obligations:update(made.id, {
      name = "Paid", removeProperties = { "userFacingObligations_status" }, obligationTypeKey = { "renewal" },
    }))
    assert.are.equal("Paid", changed.name)
    assert.is_nil(next(changed.properties))
    assert.are_not.same(made.namedTypeIds, changed.namedTypeIds)
    refused({ 400, "INVALID_PARAM", "obligationTypeKey" }, obligations:update(made.id, { obligationTypeKey = { "x" } }))
    refused({ 404, "NOT_FOUND" }, obligations:update("OB-999", { name = "x" }))
    refused({ 404, "NOT_FOUND" }, obligations:get(NOBODY))
    refused({ 403, "FORBIDDEN" }, obligations:update(made.id, { name = "x" }, { as_user = "tom.becker@example.com" }))
    assert.are.same(changed, must(obligations:get(made.id)))
  end)

  it("goes with its record", function()
    local made = must(create())
    local below = must(create { parentId = made.id })
    local before = must(obligations:list()).count
    must(client.records:delete(record.id))
    assert.are.equal(before - 2, must(obligations:list()).count)
    refused({ 404, "NOT_FOUND" }, obligations:get(below.id))
  end)
end)

describe("the list of obligations", function()
  local function ids(options)
    local list = {}
    for i, item in ipairs(must(obligations:list(options)).list) do list[i] = item.id end
    return list
  end

  it("selects by record, type of property and text", function()
    local made = must(create { name = "Zebra" })
    local money = { type = "monetary_amount", value = { currency = "USD", amount = 9 } }
    local paid = must(create { name = "Aardvark", properties = { paymentAmount = money } })
    assert.are.same({ made.id, paid.id }, ids { filter = ("Equals([parentId], '%s')"):format(record.id) })
    assert.are.same({ paid.id, made.id },
      ids { filter = ("Equals([parentId],\"%s\")"):format(record.id), sortDirection = "ASC" })
    assert.are.same({ paid.id }, ids { filter = "LessThan([paymentAmount], 10)" })
    assert.are.same({ made.id }, ids { filter = "Contains([name], 'ZEB')" })
    assert.are.equal(1, #ids { filter = "Equals([userFacingObligations_assignee], 'li.wei@example.com')" })
    assert.are.equal(paid.id, ids({ sortField = "lastUpdated" })[1])
    local page = must(obligations:list { pageSize = 2, page = 2 })
    assert.are.same({ 2, 2, 5, 1 }, { page.page, page.pageSize, page.count, #page.list })
  end)

  it("fails as the service does on parents by any other name", function()
    for _, filter in ipairs {
      "Equals([parentId], 'IC-1')", "Equals([parentReadableId], 'IC-1')", "Equals([parent], 'x')",
      "And(IsNotEmpty([parentId]), Equals([parentId], ''))",
    } do
      refused({ 500, "SERVER_ERROR" }, obligations:list { filter = filter })
    end
    refused({ 400, "INVALID_PARAM", "/?filter" }, obligations:list { filter = "Equals([nothing], 'x')" })
    refused({ 400, "INVALID_PARAM", "/?filter" }, obligations:list { filter = "Equals([parentId" })
  end)
end)
