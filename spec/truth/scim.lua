-- SCIM: users, groups and their schemas.
local NOBODY = "00000000-0000-4000-8000-000000000000"
local USER = "urn:ietf:params:scim:schemas:core:2.0:User"
local GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
local PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
local ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

local function user(changes)
  local body = { schemas = { USER }, userName = "new@example.com", name = { givenName = "New", familyName = "One" } }
  for name, value in pairs(changes or {}) do body[name] = value end
  return { body = body }
end

local function patch(id, ...) return { path = { id }, body = { schemas = { PATCH }, Operations = { ... } } } end

local function lists(t, id, filters)
  for _, query in ipairs { {}, { startIndex = 2, count = 1 }, { count = 0 }, { count = 1000 }, { startIndex = 900 } } do
    t:ok(id, { query = query })
  end
  for _, filter in ipairs(filters) do t:ok(id, { query = { filter = filter } }) end
  t:ok(id, { query = { excludedAttributes = "members,name" } })
  t:refused(id, 400, { query = { filter = "nope" } })
  t:refused(id, 400, { query = { filter = "noSuchAttribute eq \"x\"" } })
end

local function users(t)
  local made = t:ok("create-a-user", user { [ENTERPRISE] = { department = "Sales" }, active = true })
  t:refused("create-a-user", 409, user())
  t:refused("create-a-user", 400, user { userName = 1 })
  lists(t, "retrieve-all-users", {
    "userName eq \"new@example.com\"", "name.givenName co \"e\" and active eq true", "not (userName sw \"x\")",
  })
  t:ok("retrieve-a-user", { path = { made.id } })
  t:ok("retrieve-a-user", { path = { made.id }, query = { excludedAttributes = "emails" } })
  t:ok("update-user-data", patch(made.id, { op = "replace", path = "name.givenName", value = "Newer" }))
  t:ok("update-user-data", patch(made.id, { op = "add", path = ENTERPRISE .. ":department", value = "Legal" }))
  t:refused("update-user-data", 400, patch(made.id, { op = "dance", path = "name.givenName", value = "x" }))
  local whole = user { userName = "newest@example.com" }
  whole.path = { made.id }
  t:ok("replace-a-user", whole)
  t:refused("replace-a-user", 400, { path = { made.id }, body = { schemas = { USER }, userName = "x", name = "x" } })
  t:ok("delete-a-user", { path = { made.id } })
  for _, id in ipairs { "retrieve-a-user", "delete-a-user" } do t:refused(id, 404, { path = { made.id } }) end
end

local function groups(t)
  local someone = t:ok("retrieve-all-users").Resources[1].id
  local function group(changes)
    local body = { schemas = { GROUP }, displayName = "Sales", members = { { value = someone } } }
    for name, value in pairs(changes or {}) do body[name] = value end
    return { body = body }
  end
  local made = t:ok("create-a-group", group())
  t:refused("create-a-group", 409, group())
  t:refused("create-a-group", 400, group { displayName = "Other", members = { { value = NOBODY } } })
  lists(t, "retrieve-all-groups", { "displayName eq \"Sales\"", "displayName pr" })
  t:ok("retrieve-a-group", { path = { made.id } })
  t:ok("update-group-membership", patch(made.id, { op = "remove", path = "members", value = { { value = someone } } }))
  t:ok("update-group-membership", patch(made.id, { op = "add", path = "members", value = { { value = someone } } }))
  t:refused("update-group-membership", 400, patch(made.id, { op = "replace", path = "members", value = {} }))
  local whole = group { displayName = "Selling" }
  whole.path = { made.id }
  t:ok("replace-a-group", whole)
  t:ok("delete-a-group", { path = { made.id } })
  for _, id in ipairs { "retrieve-a-group", "delete-a-group" } do t:refused(id, 404, { path = { made.id } }) end
end

local function schemas(t)
  for _, schema in ipairs(t:ok("list-all-schemas").Resources) do
    t:ok("retrieve-a-schema", { path = { schema.id } })
  end
  t:refused("retrieve-a-schema", 404, { path = { "urn:nope" } })
end

return function(t)
  t:play("scim: users", users)
  t:play("scim: groups", groups)
  t:play("scim: schemas", schemas)
end
