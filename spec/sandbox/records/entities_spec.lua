-- The sandbox's entities: making, finding, changing and deleting them, and their relationship types.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"

local must, refused = local_ironclad.must, local_ironclad.refused
local NOBODY = local_ironclad.NOBODY

local sandbox, client, entities

before_each(function()
  sandbox, client = local_ironclad.start()
  entities = client.entities
end)
after_each(function() sandbox:stop() end)

local function text(value) return { type = "string", value = value } end

local function create(changes, options)
  local body = { name = "Acme Ltd", properties = {} }
  for name, value in pairs(changes or {}) do body[name] = value end
  return entities:create(body, options)
end

local function names(options)
  local list = {}
  for i, entity in ipairs(must(entities:list(options)).list) do list[i] = entity.name end
  return list
end

local function type_id(key)
  for _, kind in ipairs(must(entities:list_relationship_types())) do
    if kind.name == key then return kind.id end
  end
end

describe("an entity", function()
  it("is made with what the service fills in, and found by either id", function()
    local entity, err, response = entities:create { name = "Acme Ltd" }
    must(entity, err)
    assert.are.equal(200, response.status)
    assert.is_truthy(entity.ironcladId:find "^ENTITY%-%d+$")
    assert.are.same({ "Acme Ltd", "ACTIVE" }, { entity.name, entity.status })
    assert.are.same({ entity_category = text "external", entity_businessType = text "company" }, entity.properties)
    assert.are.same({}, entity.namedTypeIds)
    assert.is_nil(entity.parentId)
    assert.are.same(entity, must(entities:get(entity.id)))
    assert.are.same(entity, must(entities:get(entity.ironcladId)))
  end)

  it("keeps all that is said of it", function()
    local properties = {
      entity_category = text "internal", entity_businessType = text "nonprofit", entity_externalID = text "7",
      entity_address = { type = "address", value = { lines = { "1 Road" }, country = "Chile" } },
      entity_pocEmail = { type = "email", value = "a@b.example" },
      entity_yearlySpend = { type = "monetary_amount", value = { currency = "EUR", amount = 5.5 } },
      entity_approvedSince = { type = "date", value = "2024-02-29T00:00:00.000Z" },
    }
    local parent = must(create())
    local entity = must(create {
      status = "INACTIVE", relationshipTypeKey = { "vendor" }, properties = properties,
      parent = { recordId = parent.ironcladId },
    })
    assert.are.same(properties, entity.properties)
    assert.are.same({ "INACTIVE", parent.id, { type_id "vendor" } },
      { entity.status, entity.parentId, entity.namedTypeIds })
  end)

  local wrong = {
    { { name = "" }, { 400, "INVALID_PARAM", "name" } },
    { {}, { 400, "INVALID_PARAM", "status" }, { extra = { body = { status = "active" } } } },
    { { relationshipTypeKey = { "friend" } }, { 400, "INVALID_PARAM", "relationshipTypeKey" } },
    { { relationshipTypeKey = { "vendor", "customer" } }, { 400, "INVALID_PARAM", "relationshipTypeKey" } },
    { { relationshipTypeKey = ironclad.array {} }, { 400, "INVALID_PARAM", "relationshipTypeKey" } },
    { { properties = { shoeSize = text "44" } }, { 400, "INVALID_PARAM", "properties.shoeSize" } },
    { { properties = { entity_pocEmail = { type = "email", value = "x" } } },
      { 400, "INVALID_PARAM", "properties.entity_pocEmail" } },
    { { properties = { entity_category = { type = "number", value = 1 } } },
      { 400, "INVALID_PARAM", "properties.entity_category" } },
    { {}, { 400, "MISSING_PARAM", "properties.entity_category" },
      { extra = { body = { properties = { entity_category = { value = "internal" } } } } } },
    { { parent = { recordId = NOBODY } }, { 400, "NOT_FOUND", "parent" } },
    { { parent = {} }, { 400, "MISSING_PARAM", "parent" } },
  }
  for i, case in ipairs(wrong) do
    it(("is refused with %s %s (%d)"):format(case[2][2], case[2][3], i), function()
      local before = must(entities:list()).count
      refused(case[2], create(case[1], case[3]))
      assert.are.equal(before, must(entities:list()).count)
    end)
  end

  it("changes in what is named and nothing else", function()
    local entity = must(create { relationshipTypeKey = { "customer" } })
    local changed = must(entities:update(entity.id, {
      name = "Acme Inc", addProperties = { entity_externalID = text "9" },
      removeProperties = { "entity_businessType", "never there" },
    }))
    assert.are.same({ entity_category = text "external", entity_externalID = text "9" }, changed.properties)
    assert.are.same({ "Acme Inc", "ACTIVE", entity.namedTypeIds },
      { changed.name, changed.status, changed.namedTypeIds })
    changed = must(entities:update(entity.ironcladId, { status = "INACTIVE", relationshipTypeKey = { "partner" } }))
    assert.are.same({ "INACTIVE", { type_id "partner" } }, { changed.status, changed.namedTypeIds })
    assert.are.same(changed, must(entities:get(entity.id)))
    refused({ 400, "INVALID_PARAM", "status" },
      entities:update(entity.id, { name = "New" }, { extra = { body = { status = "asleep" } } }))
    refused({ 400, "INVALID_PARAM", "removeProperties" }, entities:update(entity.id, { removeProperties = { 1 } }))
    assert.are.same(changed, must(entities:get(entity.id)))
  end)

  it("has a parent, and is above itself never", function()
    local parent, child = must(create()), must(create())
    assert.are.equal(parent.id, must(entities:update(child.id, { setParent = { recordId = parent.id } })).parentId)
    refused({ 400, "INVALID_PARAM", "setParent" },
      entities:update(parent.id, { setParent = { recordId = child.id } }))
    refused({ 400, "INVALID_PARAM", "removeParent" },
      entities:update(child.id, { setParent = { recordId = parent.id }, removeParent = true }))
    assert.is_nil(must(entities:update(child.id, { removeParent = true })).parentId)
    must(entities:update(child.id, { setParent = { recordId = parent.id } }))
    must(entities:delete(parent.id))
    assert.is_nil(must(entities:get(child.id)).parentId)
  end)

  it("ends with its deletion", function()
    local entity = must(create())
    assert.is_true(must(entities:delete(entity.ironcladId)))
    local calls = {
      { entities:get(entity.id) }, { entities:delete(entity.id) }, { entities:update(entity.id, { name = "x" }) },
    }
    for _, answer in ipairs(calls) do refused({ 404, "NOT_FOUND" }, answer[1], answer[2]) end
  end)

  it("is not for everybody to change", function()
    local tom = { as_user = "tom.becker@example.com" }
    refused({ 403, "FORBIDDEN" }, entities:create({ name = "x" }, tom))
    refused({ 403, "FORBIDDEN" }, entities:update("ENTITY-1", { name = "x" }, tom))
    refused({ 403, "FORBIDDEN" }, entities:delete("ENTITY-1", tom))
    must(entities:get("ENTITY-1", tom))
  end)
end)

describe("the list of entities", function()
  it("goes by name or time, both ways, in pages", function()
    local rising = names { sortDirection = "ASC" }
    assert.are.equal("Alder Metrology Ltd", rising[1])
    local falling = names()
    for i, name in ipairs(rising) do assert.are.equal(name, falling[#rising + 1 - i]) end
    assert.are.equal("Quillfeather GmbH", names({ sortField = "lastUpdated" })[1])
    assert.are.equal("Tamarack Properties LLC", names({ sortField = "lastUpdated", sortDirection = "ASC" })[1])
    local page = must(entities:list { page = 1, pageSize = 4, sortDirection = "ASC" })
    assert.are.same({ 1, 4, 6, 2, rising[5] }, { page.page, page.pageSize, page.count, #page.list, page.list[1].name })
    assert.are.same({}, names { page = 99 })
  end)

  local filters = {
    { "Contains([name], 'northwind')", 2 }, { "Equals([entity_externalID], 'CRM-1042')", 1 },
    { "Equals([readableId], 'ENTITY-3')", 1 }, { "Equals([status], 'INACTIVE')", 1 },
    { "GreaterThan([entity_yearlySpend], 100000)", 1 }, { "IsEmpty([entity_pocEmail])", 4 },
    { "And(Equals([status], 'ACTIVE'), IsNotEmpty([entity_vendorID]))", 2 }, { "IsNotEmpty([parentId])", 1 },
  }
  for _, case in ipairs(filters) do
    it("selects by " .. case[1], function()
      local page = must(entities:list { filter = case[1] })
      assert.are.same({ case[2], case[2] }, { page.count, #page.list })
    end)
  end

  it("refuses what it cannot do", function()
    for _, filter in ipairs { "Equals([nothing], 1)", "Equals([name]", "" } do
      refused({ 400, "INVALID_PARAM", "/?filter" }, entities:list { filter = filter })
    end
    refused({ 400, "INVALID_PARAM", "/?sortField" }, entities:list { extra = { query = { sortField = "status" } } })
    refused({ 400, "INVALID_PARAM", "/?pageSize" }, entities:list { pageSize = 101 })
  end)
end)

describe("relationship types", function()
  it("are a bare list with all their properties", function()
    local kinds = must(entities:list_relationship_types())
    local company = must(client.oauth:company_info()).companyId
    assert.are.same({ "customer", "vendor", "partner" }, { kinds[1].name, kinds[2].name, kinds[3].name })
    for _, kind in ipairs(kinds) do
      assert.are.same({ company, "object", "Buffer", 32 },
        { kind.companyId, kind.kind, kind.typeHash.type, #kind.typeHash.data })
      local category = kind.properties.entity_category
      assert.are.same({ "entity_category", "string", true, kind.id },
        { category.key, category.type.typeName, category.required, category.namedTypeId })
    end
    assert.are.equal("monetary_amount", kinds[2].properties.entity_yearlySpend.erasedType)
    assert.are_not.equal(kinds[1].properties.entity_category.id, kinds[2].properties.entity_category.id)
  end)
end)
