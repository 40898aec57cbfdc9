-- Entities, obligations and conversational search.
local ironclad = require "ironclad"

local NOBODY = "00000000-0000-4000-8000-000000000000"

local function text(value) return { type = "string", value = value } end

local function entities(t)
  local kind = t:ok("get-all-entity-relationship-types")[1]
  local function create(changes)
    local body = { name = "Acme Ltd", relationshipTypeKey = { kind.name }, properties = { entity_pocName = text "a" } }
    for name, value in pairs(changes or {}) do body[name] = value end
    return { body = body }
  end
  local parent = t:ok("create-an-entity", create())
  local child = t:ok("create-an-entity", create { parent = { recordId = parent.id }, status = "INACTIVE" })
  t:refused("create-an-entity", 400, create { name = "" })
  t:refused("create-an-entity", 400, create { relationshipTypeKey = { "no such type" } })
  t:refused("create-an-entity", 400, create { status = "asleep" })
  for _, query in ipairs {
    {}, { page = 1, pageSize = 1 }, { sortField = "name", sortDirection = "ASC" },
    { filter = "Contains([name], 'Acme')" },
  } do
    t:ok("list-all-entities", { query = query })
  end
  t:refused("list-all-entities", 400, { query = { filter = "Nope(" } })
  t:refused("list-all-entities", 400, { query = { sortField = "size" } })
  for _, id in ipairs { child.id, child.ironcladId } do t:ok("retrieve-an-entity", { path = { id } }) end
  for _, body in ipairs {
    { name = "Renamed", status = "ACTIVE", addProperties = {
      entity_pocName = text "b", entity_externalID = text "c",
    } },
    { removeProperties = { "entity_externalID" }, removeParent = true }, { setParent = { recordId = parent.id } },
  } do
    t:ok("update-an-entity", { path = { child.id }, body = body })
  end
  t:refused("update-an-entity", 400, { path = { child.id }, body = { status = "asleep" } })
  t:ok("delete-an-entity", { path = { child.id } })
  t:refused("retrieve-an-entity", 404, { path = { child.id } })
  t:refused("delete-an-entity", 404, { path = { NOBODY } })
end

local function obligations(t)
  t:ok("list-all-obligations", { query = { pageSize = 100 } })
  local parent = t:ok("list-all-records", { query = { pageSize = 1 } }).list[1]
  local function create(changes)
    local body = {
      name = "Pay", parentId = parent.id, obligationTypeKey = { "payment" },
      properties = { userFacingObligations_status = text "a" },
    }
    for name, value in pairs(changes or {}) do body[name] = value end
    return { body = body }
  end
  local made = t:ok("create-an-obligation", create())
  t:ok("create-an-obligation", create { properties = ironclad.json.decode "{}" })
  t:refused("create-an-obligation", 400, create { parentId = NOBODY })
  t:refused("create-an-obligation", 400, create { obligationTypeKey = { "no such type" } })
  for _, query in ipairs {
    {}, { page = 1, pageSize = 1 }, { sortField = "name", sortDirection = "ASC" },
    { filter = ("Equals([parentId], '%s')"):format(parent.id) },
  } do
    t:ok("list-all-obligations", { query = query })
  end
  t:refused("list-all-obligations", 400, { query = { filter = "Nope(" } })
  for _, id in ipairs { made.id, made.ironcladId } do t:ok("retrieve-an-obligation", { path = { id } }) end
  t:refused("retrieve-an-obligation", 404, { path = { NOBODY } })
  t:ok("update-an-obligation", { path = { made.id }, body = { name = "Paid", addProperties = {
    userFacingObligations_status = text "b",
  } } })
  t:ok("update-an-obligation", { path = { made.id }, body = { removeProperties = { "userFacingObligations_status" } } })
  t:refused("update-an-obligation", 400, { path = { made.id }, body = { obligationTypeKey = { "no such type" } } })
end

local function search(t)
  t:ok("run-conversational-search", { body = { query = "Which contracts are with Acme?" } })
  t:ok("run-conversational-search", { body = {
    query = "expiring", modelTier = "fast", userTimezone = "Europe/Berlin",
  } })
  t:refused("run-conversational-search", 400, { body = { query = "x", modelTier = "slow" } })
end

return function(t)
  t:play("entities", entities)
  t:play("obligations", obligations)
  t:play("search", search)
end
