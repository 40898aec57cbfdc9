-- Records: create, get, update, delete.
local NOBODY = "00000000-0000-4000-8000-000000000000"
local AUDITOR = "tom.becker@example.com" -- may do nothing

local function create(t, properties, changes)
  local body = { type = "contract", name = "A contract", properties = properties or {} }
  for name, value in pairs(changes or {}) do body[name] = value end
  return t:ok("create-a-record", { body = body })
end

local PROPERTIES = {
  agreementDate = { type = "date", value = "2026-01-20" },
  counterpartyName = { type = "string", value = "Acme" },
  counterpartyEmail = { type = "email", value = "a@b.example" },
  contractValue = { type = "monetary_amount", value = { currency = "EUR", amount = "0.5" } },
  counterpartyAddress = { type = "address", value = {
    lines = { "123 Main St." }, locality = "Los Angeles", region = "CA", postcode = "90001",
  } },
  term = { type = "duration", value = "P1Y2M" },
  seats = { type = "number", value = 3 },
  autoRenews = { type = "boolean", value = false },
  tags = { type = "array", value = { "a", "b" } },
  governingLaw = { type = "clause", value = { source = "manual", clauseText = "The law of Oregon." } },
  vendor = { type = "reference", value = { recordId = NOBODY } },
}

local function making(t)
  local parent = create(t)
  local record = create(t, PROPERTIES, {
    links = { { recordId = parent.id } }, parent = { recordId = parent.id, parentLinkType = "amendment" },
  })
  for _, id in ipairs { record.id, record.ironcladId, parent.id } do
    t:ok("retrieve-a-record", { path = { id } })
    t:ok("retrieve-a-record", { path = { id }, query = { addressAsObject = "true", hydrateEntities = "true" } })
  end
  for _, changes in ipairs {
    { type = "x" }, { properties = { x = { value = 1 } } }, { properties = { seats = { value = "1" } } },
    { parent = { recordId = NOBODY } }, { name = "" },
  } do
    local body = { type = "contract", name = "A contract", properties = {} }
    for name, value in pairs(changes) do body[name] = value end
    t:refused("create-a-record", 400, { body = body })
  end
  t:refused("create-a-record", 403, { body = { type = "contract", name = "x", properties = {} }, as_user = AUDITOR })
  t:refused("retrieve-a-record", 400, { path = { "IC-99999" } }, "NOT_FOUND")
end

local function amending(t)
  local parent = create(t, PROPERTIES)
  create(t, { seats = { type = "number", value = 9 } }, {
    parent = { recordId = parent.id, parentLinkType = "amendment" },
    propertiesToAmend = { seats = { amendmentType = "replace" } },
  })
  local amended = t:ok("retrieve-a-record", { path = { parent.id } })
  assert(amended.properties.seats.originalValue == 3, "nothing is amended")
end

local function lists(t)
  for _, query in ipairs {
    {}, { pageSize = 1 }, { page = 1000, pageSize = 100 }, { types = "contract" }, { addressAsObject = "true" },
    { sortField = "name", sortDirection = "ASC" }, { sortField = "lastUpdated" }, { hydrateEntities = "true" },
    { lastUpdated = "2020-01-01T00:00:00Z" }, { filter = "Contains([counterpartyName], 'a')" },
    { filter = "And(GreaterThan([agreementDate], Date(2020, 1, 1)), IsNotEmpty([counterpartyName]))" },
  } do
    t:ok("list-all-records", { query = query })
  end
  for _, query in ipairs { { sortField = "size" }, { sortDirection = "UP" }, { filter = "Nope([x])" } } do
    t:refused("list-all-records", 400, { query = query })
  end
  t:ok "list-all-records-metadata"
end

local function changing(t)
  local record = create(t, PROPERTIES)
  local other = create(t)
  for _, body in ipairs {
    { name = "Renamed", addProperties = { seats = { type = "number", value = 4 } }, removeProperties = { "term" } },
    { addLinks = { { recordId = other.id } } }, { setParent = { recordId = other.id, parentLinkType = "amendment" } },
    { removeParent = true }, { removeLinks = { { recordId = other.id } } },
  } do
    t:ok("update-record-metadata", { path = { record.id }, body = body })
  end
  local wrong = { addProperties = { seats = { value = "x" } } }
  t:refused("update-record-metadata", 400, { path = { record.id }, body = wrong })
  t:refused("update-record-metadata", 403, { path = { record.id }, body = { name = "x" }, as_user = AUDITOR })
  t:send("update-record-metadata", { path = { NOBODY }, body = { name = "x" } })
  local whole = { type = "contract", name = "Replaced", properties = { seats = { type = "number", value = 1 } } }
  t:ok("replace-a-record", { path = { record.id }, body = whole })
  t:refused("replace-a-record", 400, { path = { NOBODY }, body = whole })
  whole.parent = { recordId = other.id, parentLinkType = "amendment" }
  t:ok("replace-a-record", { path = { record.id }, body = whole })
  whole.type = "x"
  t:refused("replace-a-record", 400, { path = { record.id }, body = whole })
end

local function deleting(t)
  local record = create(t)
  t:refused("delete-a-record", 403, { path = { record.id }, as_user = AUDITOR })
  t:ok("delete-a-record", { path = { record.id } })
  t:refused("delete-a-record", 400, { path = { record.id } })
  t:refused("retrieve-a-record", 400, { path = { record.id } })
end

return function(t)
  for _, scene in ipairs {
    { "making", making }, { "amending", amending }, { "lists", lists }, { "changing", changing },
    { "deleting", deleting },
  } do
    t:play("records: " .. scene[1], scene[2])
  end
end
