-- The sandbox's SCIM: users and groups created, found, changed and deleted, and the schemas of both.
local local_ironclad = require "spec.support.local_ironclad"

local must, refused = local_ironclad.must, local_ironclad.refused
local NOBODY = local_ironclad.NOBODY
local ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
local IRONCLAD = "urn:ietf:params:scim:schemas:extension:ironclad:2.0:User"

local sandbox, client, users, groups

before_each(function()
  sandbox, client = local_ironclad.start()
  users, groups = client.scim.users, client.scim.groups
end)
after_each(function() sandbox:stop() end)

local function create(changes, more)
  local body = { userName = "alex.doe@example.com", name = { givenName = "Alex", familyName = "Doe" } }
  for name, value in pairs(changes or {}) do body[name] = value end
  return users:create(body, { extra = { body = more } })
end

local function patch(user, ...) return users:update(user.id, { Operations = { ... } }) end
local function id_of(email) return must(users:list { filter = ('userName eq "%s"'):format(email) }).Resources[1].id end

describe("a SCIM user", function()
  it("is shown as documented", function()
    local user, err, response = create({
      title = "Vice President", password = "Correct-Horse-8-Battery",
      [ENTERPRISE] = { department = "Legal" }, [IRONCLAD] = { departmentHead = "jane.doe@example.com" },
    }, { externalId = "42", shoeSize = 44 })
    must(user, err)
    assert.are.equal(201, response.status)
    assert.are.same({ "urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE, IRONCLAD }, user.schemas)
    assert.are.same({ "alex.doe@example.com", "Vice President", "42", true },
      { user.userName, user.title, user.externalId, user.active })
    assert.are.same({ givenName = "Alex", familyName = "Doe" }, user.name)
    assert.are.same({ { value = "alex.doe@example.com", type = "work", primary = true } }, user.emails)
    assert.are.same({ department = "Legal" }, user[ENTERPRISE])
    assert.are.same({ departmentHead = "jane.doe@example.com", provider = "local", allowProviderConversion = false },
      user[IRONCLAD])
    assert.are.same({ "User", sandbox.url .. "/scim/v2/Users/" .. user.id },
      { user.meta.resourceType, user.meta.location })
    assert.is_nil(user.password)
    assert.are.same(user, must(users:get(user.id)))
  end)

  it("can act, approve and be invited like everyone else", function()
    local user = must(create())
    local me = must(client.oauth:userinfo { as_user = user.userName })
    assert.are.same({ user.id, "Alex Doe" }, { me.id, me.displayName })
    must(client.records:create({ type = "contract", name = "x", properties = {} }, { as_user = user.id }))
    local workflow = must(local_ironclad.launch(client, nil, { as_user = user.id }))
    assert.are.equal(user.id, workflow.creator.id)
  end)

  local wrong = {
    { { userName = "alex" }, { 400, "invalidValue" }, "Invalid value at userName: \"alex\"" },
    { { name = { givenName = 123 } }, { 400, "invalidValue" }, "Invalid value at name.givenName: 123" },
    { { title = { "x" } }, { 400, "invalidValue" }, "title" },
    { { active = false }, { 400, "invalidValue" }, "Invalid value at active: false" },
    { { password = "short" }, { 400, "invalidValue" }, "16 characters" },
    { { password = "no-upper-case-8-here" }, { 400, "invalidValue" }, "upper case" },
    { { schemas = { "urn:x" } }, { 400, "invalidValue" }, "Invalid value at schemas" },
    { { [ENTERPRISE] = { department = 1 } }, { 400, "invalidValue" }, ENTERPRISE .. ":department: 1" },
    { { [IRONCLAD] = { departmentHead = "x" } }, { 400, "invalidValue" }, "departmentHead" },
    { { userName = "JANE.doe@example.com" }, { 409, "uniqueness" }, "is taken" },
  }
  for i, case in ipairs(wrong) do
    it(("is refused with %s (%d)"):format(case[2][2], i), function()
      -- Some of these the client itself would refuse.
      local err = refused(case[2], create(nil, case[1]))
      assert.is_truthy(err.message:find(case[3], 1, true), err.message)
      assert.are.equal(5, must(users:list()).totalResults)
    end)
  end

  it("is replaced as a whole", function()
    local user = must(create({ title = "Clerk", [ENTERPRISE] = { department = "Legal" } }, { nickName = "Al" }))
    local replaced = must(users:replace(user.id, { userName = "a.doe@example.com", name = { familyName = "Dove" } }))
    assert.are.same({ user.id, "a.doe@example.com", "Dove", "" },
      { replaced.id, replaced.userName, replaced.name.familyName, replaced.name.givenName })
    assert.is_nil(replaced.title or replaced.nickName or replaced[ENTERPRISE])
    assert.are.equal("Dove", must(client.oauth:userinfo { as_user = user.id }).displayName)
    refused({ 409, "uniqueness" },
      users:replace(user.id, { userName = "li.wei@example.com", name = { givenName = "x" } }))
    refused({ 404 }, users:replace(NOBODY, { userName = "x@example.com", name = {} }))
  end)

  it("leaves out the excluded attributes", function()
    local user = must(create { title = "Clerk" })
    local excluded = "emails,NAME.familyname,title,id,nothing," .. ENTERPRISE
    local some = must(users:get(user.id, { excludedAttributes = excluded }))
    assert.is_nil(some.emails or some.title)
    assert.are.same({ givenName = "Alex" }, some.name)
    assert.are.equal(user.id, some.id)
    for _, each in ipairs(must(users:list { excludedAttributes = { "meta", "emails" } }).Resources) do
      assert.is_nil(each.meta or each.emails)
    end
  end)

  it("is for administrators to change", function()
    local tom = { as_user = "tom.becker@example.com" }
    refused({ 403 }, users:create({ userName = "x@example.com", name = {} }, tom))
    refused({ 403 }, users:delete(id_of "priya.nair@example.com", tom))
    refused({ 403 }, groups:create({ displayName = "x" }, tom))
    assert.are.equal(5, must(users:list({}, tom)).totalResults)
  end)
end)

describe("changing a SCIM user", function()
  local changes = {
    { "replace", "name.givenName", "Alexa", function(user) return user.name.givenName end, "Alexa" },
    { "Add", "title", "Counsel", function(user) return user.title end, "Counsel" },
    { "replace", "name", { familyName = "Roe" },
      function(user) return user.name.givenName .. user.name.familyName end, "AlexRoe" },
    { "replace", "userName", "roe@example.com", function(user) return user.emails[1].value end, "roe@example.com" },
    { "replace", 'emails[type eq "work"].value', "roe@example.com", function(user) return user.userName end,
      "roe@example.com" },
    { "replace", "emails", { value = "roe@example.com", type = "work" }, function(user) return user.userName end,
      "roe@example.com" },
    { "add", ENTERPRISE .. ":department", "Sales", function(user) return user[ENTERPRISE].department end, "Sales" },
    { "add", ENTERPRISE, { costCenter = "7" }, function(user) return user[ENTERPRISE].costCenter end, "7" },
    { "replace", "urn:ietf:params:scim:schemas:core:2.0:User:nickname", "Al", function(user) return user.nickName end,
      "Al" },
    { "add", ENTERPRISE .. ":manager.value", "x", function(user) return user[ENTERPRISE].manager.value end, "x" },
    { "replace", IRONCLAD .. ":allowProviderConversion", "True",
      function(user) return user[IRONCLAD].allowProviderConversion end, true },
    { "remove", "title", nil, function(user) return user.title end, nil },
    { "remove", "name.familyName", nil, function(user) return user.name.familyName end, "" },
    { "remove", ENTERPRISE, nil, function(user) return user[ENTERPRISE] end, nil },
  }
  for _, case in ipairs(changes) do
    it(("does %s %s"):format(case[1], case[2]), function()
      local user = must(create { title = "Clerk", [ENTERPRISE] = { department = "Legal" } })
      local changed = must(patch(user, { op = case[1], path = case[2], value = case[3] }))
      assert.are.equal(case[5], case[4](changed))
      assert.are.same(changed, must(users:get(user.id)))
    end)
  end

  local wrong = {
    { { op = "replace", path = "shoeSize", value = "44" }, "invalidPath",
      "No matching schema for attribute: shoeSize" },
    { { op = "replace", path = "name.nick", value = "x" }, "invalidPath", "name,nick" },
    { { op = "replace", path = "emails[type eq", value = "x" }, "invalidPath", "at the end" },
    { { op = "replace", path = "title[a eq \"b\"]", value = "x" }, "invalidPath", "title has no sub-attributes" },
    { { op = "replace", path = 'emails[type eq "home"].value', value = "x" }, "noTarget", "home" },
    { { op = "replace", value = { title = "x" } }, "noTarget", "path" },
    { { op = "replace", path = "id", value = "x" }, "mutability", "id" },
    { { op = "replace", path = IRONCLAD .. ":provider", value = "google" }, "mutability", "provider" },
    { { op = "remove", path = "userName" }, "mutability", "userName" },
    { { op = "replace", path = "title", value = 1 }, "invalidValue", "Invalid value at title: 1" },
    { { op = "replace", path = "title" }, "invalidValue", "Operations.value" },
    { { op = "add", path = 'emails[type eq "work"]', value = { { value = "x" } } }, "invalidValue", "emails" },
    { { op = "move", path = "title", value = "x" }, "invalidValue", "Invalid value at Operations.op: \"move\"" },
    { { op = "replace", path = "userName", value = "nobody" }, "invalidValue", "userName" },
    { { op = "add", path = "emails", value = { { value = "second@example.com" } } }, "invalidValue", "emails" },
  }
  for i, case in ipairs(wrong) do
    it(("is refused with %s and leaves all as it was (%d)"):format(case[2], i), function()
      local user = must(create())
      local err = refused({ 400, case[2] },
        patch(user, { op = "replace", path = "nickName", value = "changed first" }, case[1]))
      assert.is_truthy(err.message:find(case[3], 1, true), err.message)
      assert.are.same(user, must(users:get(user.id)))
    end)
  end

  it("needs the schema of a PATCH, operations and a user", function()
    local user = must(create())
    refused({ 400, "invalidValue" }, users:update(user.id, { schemas = { "urn:x" }, Operations = {} }))
    refused({ 400, "invalidValue" }, users:update(user.id, {}))
    refused({ 404 }, users:update(NOBODY, { Operations = { { op = "remove", path = "title" } } }))
    refused({ 409, "uniqueness" }, patch(user, { op = "replace", path = "userName", value = "li.wei@example.com" }))
  end)
end)

describe("deleting a SCIM user", function()
  it("passes what is in progress to the administrators, and keeps the history", function()
    local user = must(create())
    local open = must(local_ironclad.launch(client, nil, { as_user = user.id }))
    must(client.workflows:create_comment(open.id, { comment = "hello" }, { as_user = user.id }))
    must(groups:create { displayName = "Newcomers", members = { { value = user.id } } })
    assert.is_true(must(users:delete(user.id)))
    refused({ 404 }, users:get(user.id))
    refused({ 404 }, users:delete(user.id))
    assert.are.equal(5, must(users:list()).totalResults)
    local _, err = client.workflows:list({}, { as_user = user.userName })
    assert.are.same({ 400, "INVALID_PARAM" }, { err.status, err.code })
    assert.are.equal("jane.doe@example.com", must(client.workflows:get(open.id)).creator.email)
    local comments = must(client.workflows:list_comments(open.id)).list
    assert.are.equal(user.id, comments[#comments].author.userId)
    assert.are.equal(0, #must(groups:list { filter = 'displayName eq "newcomers"' }).Resources[1].members)
    must(create())
  end)

  it("passes roles to the next administrator, and ends the user's consents", function()
    local jane = id_of "jane.doe@example.com"
    must(users:delete(jane, { as_user = "li.wei@example.com" }))
    local workflow = must(local_ironclad.launch(client, nil, { as_user = "li.wei@example.com" }))
    for _, role in ipairs(workflow.roles) do
      for _, person in ipairs(role.assignees) do assert.are_not.equal(jane, person.userId) end
    end
    refused({ 400, "INVALID_PARAM", "x-as-user-email" }, client.workflows:get(workflow.id))
  end)

  it("happens when the user is set inactive", function()
    local user = must(create())
    assert.is_false(must(patch(user, { op = "replace", path = "active", value = "False" })).active)
    refused({ 404 }, users:get(user.id))
  end)
end)

describe("the list of SCIM users", function()
  it("counts from 1, and shows at most as many as asked for", function()
    local page = must(users:list())
    assert.are.same({ 5, 1, 25, 5 }, { page.totalResults, page.startIndex, page.itemsPerPage, #page.Resources })
    assert.are.same({ "urn:ietf:params:scim:api:messages:2.0:ListResponse" }, page.schemas)
    local cases = {
      { { startIndex = 2, count = 2 }, { 5, 2, 2, 2 } }, { { startIndex = 5, count = 2 }, { 5, 5, 2, 1 } },
      { { count = 0 }, { 5, 1, 0, 0 } }, { { startIndex = 6 }, { 5, 6, 25, 0 } },
      { { startIndex = 0, count = 5000 }, { 5, 1, 1000, 5 } }, { { startIndex = -3, count = -1 }, { 5, 1, 0, 0 } },
    }
    for _, case in ipairs(cases) do
      page = must(users:list(case[1]))
      assert.are.same(case[2], { page.totalResults, page.startIndex, page.itemsPerPage, #page.Resources })
    end
    assert.are.equal("omar.haddad@example.com", must(users:list { startIndex = 2, count = 1 }).Resources[1].userName)
  end)

  -- The first letters of the users that the filter selects: Jane, Omar, Li, Priya, Tom.
  local filters = {
    { 'userName eq "LI.wei@example.com"', "L" },
    { 'userName ne "li.wei@example.com"', "JOPT" },
    { 'name.familyName co "A"', "OP" },
    { 'userName sw "J" or userName sw "t"', "JT" },
    { 'userName ew "@example.com" and title co "counsel"', "JO" },
    { 'not (title co "counsel")', "LPT" },
    { 'title co "counsel" and userName sw "o" or name.givenName eq "Tom"', "OT" },
    { 'title co "counsel" and (userName sw "o" or name.givenName eq "Tom")', "O" },
    { 'emails[type eq "work" and value sw "priya"]', "P" },
    { 'emails[type eq "home"]', "" },
    { 'emails co "jane"', "J" },
    { 'emails.type eq "work"', "JOLPT" },
    { 'emails.primary eq true', "JOLPT" },
    { 'active eq true', "JOLPT" },
    { 'active eq false', "" },
    { 'nickName pr', "" },
    { 'nickName eq null', "JOLPT" },
    { 'title ne null', "JOLPT" },
    { 'nickName ne "x"', "JOLPT" },
    { 'name pr and NOT (nickName PR)', "JOLPT" },
    { ENTERPRISE .. ':department EQ "legal"', "JO" },
    { IRONCLAD .. ":departmentHead pr", "O" },
    { 'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "tom"', "T" },
    { 'schemas eq "' .. ENTERPRISE .. '"', "JOLPT" },
    { 'meta.created gt "2000-01-01T00:00:00Z"', "JOLPT" },
    { 'meta.lastModified lt "2000-01-01T00:00:00Z"', "" },
    { 'userName ge "omar" and userName lt "q"', "OP" },
    { 'userName gt "omar.haddad@example.com" and userName le "tom.becker@example.com"', "PT" },
    { 'meta.resourceType eq "user"', "" },
    { 'meta.resourceType eq "User"', "JOLPT" },
    { 'title eq "a \\"quoted\\" \\u0041"', "" },
  }
  for _, case in ipairs(filters) do
    it("selects by " .. case[1], function()
      local initials = {}
      local page = must(users:list { filter = case[1] })
      for i, user in ipairs(page.Resources) do initials[i] = user.name.givenName:sub(1, 1) end
      assert.are.equal(case[2], table.concat(initials))
      assert.are.equal(#case[2], page.totalResults)
    end)
  end

  local wrong = {
    { 'name.lastName eq "x"', "No matching schema for attribute: name,lastName" },
    { 'password eq "x"', "No matching schema for attribute: password" },
    { "userName", "Expected an operator at the end" },
    { 'userName equals "x"', "Expected an operator at: equals" },
    { "userName eq", "at the end" }, { "userName eq x", "at: x" }, { 'userName eq "x', 'at: "x' },
    { 'userName eq "x" userName pr', "at: userName pr" }, { '(userName pr', "Expected ')' at the end" },
    { 'not userName pr', "Expected '(' after not at: userName pr" },
    { 'emails[type eq "x"', "Expected ']' at the end" },
    { "userName eq 5", "Invalid comparison of attribute userName by eq" },
    { 'active gt true', "Invalid comparison of attribute active by gt" },
    { 'active eq "true"', "Invalid comparison" }, { 'name eq "x"', "Invalid comparison of attribute name" },
    { 'meta.created gt "yesterday"', "Invalid comparison" }, { 'userName[a eq "b"]', "has no sub-attributes" },
    { 'emails[emails[type pr]]', "No matching schema" }, { "", "Expected an attribute at the end" },
    { ("("):rep(60) .. "userName pr" .. (")"):rep(60), "nested too deep" },
    { 'userName eq "x" and', "an attribute at the end" },
  }
  for _, case in ipairs(wrong) do
    it("refuses the filter " .. case[1]:sub(1, 30), function()
      local err = refused({ 400, "invalidFilter" }, users:list { filter = case[1] })
      assert.is_truthy(err.message:find(case[2], 1, true), err.message)
    end)
  end
end)

describe("a SCIM group", function()
  it("is made, found, changed and deleted", function()
    local jane, tom = id_of "jane.doe@example.com", id_of "tom.becker@example.com"
    local group, err, response = groups:create { displayName = "Reviewers", members = { { value = jane } } }
    must(group, err)
    assert.are.equal(201, response.status)
    assert.are.same({ { type = "User", value = jane } }, group.members)
    assert.are.equal(sandbox.url .. "/scim/v2/Groups/" .. group.id, group.meta.location)
    assert.are.same(group, must(groups:get(group.id)))
    assert.are.equal(1, must(groups:list { filter = ('members.value eq "%s" and displayName sw "r"'):format(jane) })
      .totalResults)
    local replaced = must(groups:replace(group.id, { displayName = "Readers", members = { { value = tom } } }))
    assert.are.same({ group.id, "Readers", tom }, { replaced.id, replaced.displayName, replaced.members[1].value })
    assert.is_true(must(groups:delete(group.id)))
    refused({ 404 }, groups:get(group.id))
  end)

  it("adds and removes members, and nothing else", function()
    local jane, tom = id_of "jane.doe@example.com", id_of "tom.becker@example.com"
    local group = must(groups:create { displayName = "Reviewers" })
    local function change(...)
      local changed = must(groups:update(group.id, { Operations = { ... } }))
      local ids = {}
      for i, member in ipairs(changed.members) do ids[i] = member.value end
      return ids
    end
    local both = { { value = jane }, { value = tom } }
    assert.are.same({ jane, tom }, change({ op = "add", path = "members", value = both }))
    assert.are.same({ jane, tom }, change({ op = "add", path = "members", value = { { value = tom } } }))
    assert.are.same({ tom }, change({ op = "remove", path = "members", value = { { value = jane } } }))
    assert.are.same({ tom }, change({ op = "remove", path = ('members[value eq "%s"]'):format(jane) }))
    assert.are.same({}, change({ op = "remove", path = ('members[value eq "%s"]'):format(tom) }))
    assert.are.same({}, change({ op = "add", path = "members", value = both }, { op = "remove", path = "members" }))
    local cases = {
      { { op = "replace", path = "members", value = both }, { 400, "invalidValue" } },
      { { op = "add", path = "members", value = { { value = NOBODY } } }, { 400, "invalidValue" } },
      { { op = "add", path = "members", value = { { id = tom } } }, { 400, "invalidValue" } },
      { { op = "remove", path = "members", value = { { id = tom } } }, { 400, "invalidValue" } },
      { { op = "remove", path = "members", value = { id = tom } }, { 400, "invalidValue" } },
      { { op = "remove", path = "displayName" }, { 400, "mutability" } },
      { { op = "add", path = "displayName", value = "Legal" }, { 409, "uniqueness" } },
      { { op = "add", path = "title", value = "x" }, { 400, "invalidPath" } },
    }
    for _, case in ipairs(cases) do refused(case[2], groups:update(group.id, { Operations = { case[1] } })) end
    assert.are.same({}, must(groups:get(group.id)).members)
  end)

  it("makes its members eligible for the role of the same name", function()
    local tom = id_of "tom.becker@example.com"
    local workflow = must(local_ironclad.launch(client))
    local function eligible() return must(client.workflows:list_eligible_assignees(workflow.id, "Legal")).count end
    local before = eligible()
    refused({ 403, "FORBIDDEN" }, client.workflows:update_role_assignment(workflow.id, "Legal", { userId = tom }))
    local legal = must(groups:list { filter = 'displayName eq "Legal"' }).Resources[1]
    must(groups:update(legal.id, { Operations = { { op = "add", path = "members", value = { { value = tom } } } } }))
    assert.are.equal(before + 1, eligible())
    local assigned = must(client.workflows:update_role_assignment(workflow.id, "Legal", { userId = tom }))
    assert.are.equal("Tom Becker", assigned.assignee.displayName)
  end)

  it("is refused when it is not right", function()
    refused({ 409, "uniqueness" }, groups:create { displayName = "LEGAL" })
    refused({ 400, "invalidValue" }, groups:create { displayName = "" })
    refused({ 400, "invalidValue" }, groups:create { displayName = "x", members = { { value = "x" } } })
    local admins = must(groups:list { filter = 'displayName eq "admins"' }).Resources[1]
    refused({ 403 }, groups:delete(admins.id))
    for _, call in ipairs { "get", "delete" } do refused({ 404 }, groups[call](groups, NOBODY)) end
  end)
end)

describe("the SCIM schemas", function()
  it("are four, each found by its id", function()
    local page = must(client.scim.schemas:list())
    assert.are.same({ 4, 4 }, { page.totalResults, #page.Resources })
    for _, schema in ipairs(page.Resources) do
      assert.are.same(schema, must(client.scim.schemas:get(schema.id)))
      assert.are.equal(sandbox.url .. "/scim/v2/Schemas/" .. schema.id, schema.meta.location)
    end
    assert.are.same({ "User", "EnterpriseUser", "IroncladUser", "Group" },
      { page.Resources[1].name, page.Resources[2].name, page.Resources[3].name, page.Resources[4].name })
    refused({ 404 }, client.scim.schemas:get "urn:nothing")
  end)
end)
