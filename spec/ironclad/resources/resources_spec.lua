-- Resources as tables: which answers hold them, their methods, ids and texts.
local api_documents = require "spec.support.api_documents"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local resources = require "ironclad.resources.resources"
local scene = require "spec.support.scene"
local sorted_names = require("ironclad.base.names").sorted

require "ironclad.clickwrap.kinds"


local catalog = ironclad.operations()

---------------------------------------------------------------------------------------------------------------
-- A schema with all of these properties is that of the kind.
local marks = {
  workflow = { "template", "step", "roles" },
  record = { "ironcladId", "type", "attachments" },
  entity = { "ironcladId", "status", "namedTypeIds" },
  obligation = { "ironcladId", "namedTypeIds", "parentReadableId" },
  webhook = { "targetURL", "events" },
  export = { "jobId", "jobStatus" },
  user = { "userName", "emails" },
  group = { "displayName", "members" },
}

local follow = api_documents.follow

local function kind_of(schema)
  for kind, names in pairs(marks) do
    local all = schema.properties ~= nil
    for _, name in ipairs(names) do all = all and schema.properties[name] ~= nil end
    if all then return kind end
  end
end

-- Adds "kind place" for every resource in a schema: at the top, in a field, or in the items of a field.
local function find(document, schema, place, found)
  schema = follow(document, schema)
  for _, word in ipairs { "oneOf", "anyOf", "allOf" } do
    for _, shape in ipairs(schema[word] or {}) do find(document, shape, place, found) end
  end
  local kind = kind_of(schema)
  if kind then
    for name in pairs(schema.properties) do
      assert.is_nil(resources.kinds[kind].methods[name], ("a field hides %s:%s"):format(kind, name))
    end
    found[kind .. " " .. place] = true
  elseif schema.items then
    find(document, schema.items, place .. "[]", found)
  elseif place == "" then
    for name, property in pairs(schema.properties or {}) do find(document, property, name, found) end
  end
end

local function documented_places(document)
  local places = {}
  for operation in api_documents.operations(document) do
    local found, schema = {}, api_documents.answer(document, operation)
    if schema then find(document, schema, "", found) end
    places[operation.operationId] = sorted_names(found)
  end
  return places
end

describe("where resources stand in answers", function()
  for _, name in ipairs { "ironclad-public-api", "ironclad-scim-api" } do
    it("is what the document says, and no field hides a method: " .. name, function()
      local document = api_documents.read(name .. "-openapi")
      if not document then return pending("the documents are not at hand") end
      local places = documented_places(document)
      for _, entry in ipairs(catalog) do
        local content, given = entry.content, {}
        if content and content.kind then
          given[1] = ("%s %s%s"):format(content.kind, content.field or "", content.items and "[]" or "")
        end
        if places[entry.id] then assert.are.same(places[entry.id], given, entry.id) end
      end
    end)
  end

  it("is in JSON answers of the kind's own operations", function()
    local kinds = {}
    for _, entry in ipairs(catalog) do
      if entry.content then assert.are.equal("json", entry.answer, entry.id) end
      local kind = entry.content and entry.content.kind
      if kind then
        kinds[kind] = true
        -- In Clickwrap, a site lists its groups, contracts and signers.
        if entry.product == "clm" then assert.are.equal(resources.kinds[kind].resource, entry.resource, entry.id) end
      end
    end
    assert.are.same(sorted_names(resources.kinds), sorted_names(kinds))
  end)
end)

---------------------------------------------------------------------------------------------------------------
-- For each kind: an answer and its text.
local samples = {
  workflow = { id = "5f595f76c4fc9b3571413c3b", ironcladId = "IC-12", title = "NDA with Acme", step = "Review",
    status = "active", text = 'workflow IC-12 "NDA with Acme" Review' },
  record = { id = "0e0c25d4", ironcladId = "IC-7", name = "NDA", type = "mutualNDA",
    text = 'record IC-7 "NDA" mutualNDA' },
  webhook = { id = "5f59", targetURL = "https://me:secret@hooks.example.com/in/secret?key=secret", status = "enabled",
    text = "webhook 5f59 hooks.example.com enabled" },
  entity = { id = "e1", ironcladId = "ENTITY-4", name = "Acme", status = "ACTIVE",
    text = 'entity ENTITY-4 "Acme" ACTIVE' },
  obligation = { id = "o1", ironcladId = "OB-1", name = "Pay", text = 'obligation OB-1 "Pay"' },
  export = { jobId = "j1", jobStatus = "running", text = "export j1 running" },
  user = { id = "u1", userName = "jane@example.com", active = false, text = "user u1 jane@example.com inactive" },
  group = { id = "g1", displayName = "Legal", text = 'group g1 "Legal"' },
  site = { id = 123, name = "Shop", text = 'site 123 "Shop"' },
  clickwrap_group = { id = 6972, key = "terms", text = "clickwrap_group 6972 terms" },
  contract = { id = 282, title = "Terms", text = 'contract 282 "Terms"' },
  version = { id = "5e8c", full_version_number = "1.1", status = "draft", text = "version 5e8c 1.1 draft" },
  signer = { signer_id = "jane@example.com", name = "Jane", text = 'signer jane@example.com "Jane"' },
  activity = { id = "55f8", event_type = "agreed", signer_id = "jane", text = "activity 55f8 agreed jane" },
  evidence = { id = "e1", status = "pending", text = "evidence e1 pending" },
  location = { id = "l1", key = "signup", status = "draft", text = "location l1 signup draft" },
  request = { id = "r1", name = "NDA", text = 'request r1 "NDA"' },
}

-- Of Clickwrap: the id of the sample as it stands in a path.
local function id_of(kind, sample)
  return tostring(sample[resources.kinds[kind].id]):gsub("@", "%%%%40")
end

describe("a resource's table", function()
  after_each(scene.stop)

  local function operation_of(kind, name)
    for _, entry in ipairs(catalog) do
      if entry.resource == resources.kinds[kind].resource and entry.name == name then return entry end
    end
  end

  local function without_text(fields)
    local copy = {}
    for name, value in pairs(fields) do copy[name] = value end
    copy.text = nil
    return copy
  end

  -- The resource that a server answers to get.
  local function fetch(kind, fields, ...)
    local answer = without_text(fields)
    local server, client = scene.play(peer.json(ironclad.json.encode(answer)), ...)
    local get = operation_of(kind, "get")
    if get.product == "clickwrap" then client = scene.clickwrap(server) end
    local value = ironclad.must(client:call(get.id, { path = { "x" } }))
    return value, server, client
  end

  for kind, sample in pairs(samples) do
    describe("of a " .. kind, function()
      it("prints as a short text", function()
        assert.are.equal(sample.text, tostring(fetch(kind, sample)))
      end)

      it("prints whatever it holds", function()
        for _, odd in ipairs { ironclad.null, {}, true, 12, "", "a\nb\0", ("\195\164"):rep(100),
          "\194\15531m", "\226\128\174x" } do
          local fields = { id = "1", jobId = "1" }
          for name in pairs(sample) do
            if not fields[name] then fields[name] = odd end
          end
          local text = tostring(resources.make({}, kind, fields))
          assert.is_truthy(text:find("^" .. kind))
          assert.is_nil(text:find "%c")
          -- A control character of C1, and one that turns the text around.
          assert.is_nil(text:find "\194\155")
          assert.is_nil(text:find "\226\128\174")
        end
      end)

      it("has the operations on its id, and no other", function()
        local expected = {}
        for _, entry in ipairs(catalog) do
          local path = resources.kinds[kind].path
          if entry.name and (entry.path == path or entry.path:find(path .. "/", 1, true) == 1) then
            expected[entry.name] = true
          end
        end
        expected.refresh = true
        local methods = resources.kinds[kind].methods
        for name in pairs(expected) do assert.is_function(methods[name], name) end
        for _, entry in ipairs(catalog) do
          if entry.resource == resources.kinds[kind].resource and not expected[entry.name] then
            assert.is_nil(methods[entry.name], entry.name)
          end
        end
      end)

      it("binds its own id", function()
        local value, server = fetch(kind, sample, peer.json "{}")
        value:get()
        local id = id_of(kind, sample)
        assert.are.equal("GET " .. resources.kinds[kind].path:gsub("{[%w_]+}", id), scene.targets(server)[2])
      end)

      it("passes as an id", function()
        local value, server, client = fetch(kind, sample, peer.json "{}")
        client:call(operation_of(kind, "get").id, { path = { value } })
        assert.are.equal("GET " .. resources.kinds[kind].path:gsub("{[%w_]+}", (id_of(kind, sample))),
          scene.targets(server)[2])
      end)

      it("shows pairs and JSON Ironclad's fields alone", function()
        local value, expected = fetch(kind, sample), without_text(sample)
        local seen = {}
        for name, field in pairs(value) do seen[name] = field end
        assert.are.same(expected, seen)
        assert.are.same(expected, ironclad.json.decode(ironclad.json.encode(value)))
      end)

      it("answers nil for a field that is not there", function()
        assert.is_nil(fetch(kind, sample).noSuchField)
      end)
    end)
  end

  local function workflow(fields, ...)
    local all = { id = "w1", ironcladId = "IC-1", title = "T", step = "Review" }
    for name, value in pairs(fields or {}) do all[name] = value end
    return fetch("workflow", all, ...)
  end

  it("has fields that win over methods", function()
    local value, server = workflow({ pause = "a field" }, peer.answer(204))
    assert.are.equal("a field", value.pause)
    assert.is_function(value.resume)
    assert.is_true(ironclad.must(value:resume { comment = "go on" }))
    assert.are.equal("POST /public/api/v1/workflows/w1/resume", scene.targets(server)[2])
    assert.are.equal('{"comment":{"message":"go on"}}', scene.last(server).body)
  end)

  it("says in its text when it is paused or cancelled", function()
    assert.are.equal('workflow IC-1 "T" Review paused', tostring(workflow { status = "paused" }))
  end)

  it("shares its metatable with the others of its client, and with no other client", function()
    local list = peer.json '{"page":0,"list":[{"id":"a"},{"id":"b"}],"count":2}'
    local server, client = scene.play(list, list)
    local other = scene.connect(server)
    local first = client.workflows:list().list
    assert.are.equal(getmetatable(first[1]), getmetatable(first[2]))
    local second = other.workflows:list().list
    assert.are_not.equal(getmetatable(first[1]), getmetatable(second[1]))
    assert.are.equal(first[1].pause, second[1].pause)
    assert.are.equal(client, (resources.client_of(first[1])))
    assert.are.equal(other, (resources.client_of(second[1])))
  end)

  it("stands in the answer to a job, and not in one that has none yet", function()
    local _, client = scene.play(peer.json '{"status":"success","workflow":{"id":"w1"}}',
      peer.json '{"status":"in_progress"}')
    assert.are.equal("workflow w1", tostring(client.workflows:get_launch_status("j").workflow))
    assert.are.same({ status = "in_progress" }, (client.workflows:get_launch_status("j")))
  end)

  it("leaves items of another shape as they are", function()
    local _, client = scene.play(peer.json '{"list":[1,null,{"id":"w"}]}')
    local list = client.workflows:list().list
    assert.are.equal(1, list[1])
    assert.are.equal(ironclad.null, list[2])
    assert.are.equal("workflow w", tostring(list[3]))
  end)

  it("is read again in place by refresh", function()
    local value, server = workflow({ recordIds = {} }, peer.json '{"id":"w1","ironcladId":"IC-1","step":"Sign"}')
    local same, err, response = value:refresh { hydrateEntities = true }
    assert.is_nil(err)
    assert.are.equal(value, same)
    assert.are.equal(200, response.status)
    assert.are.same({ id = "w1", ironcladId = "IC-1", step = "Sign" }, value)
    assert.are.equal("GET /public/api/v1/workflows/w1?hydrateEntities=true", scene.targets(server)[2])
    assert.is_function(value.pause)
  end)

  it("stays as it is when refresh fails", function()
    local value = workflow({}, peer.json('{"code":"NOT_FOUND","message":"gone"}', 404))
    local same, err = value:refresh()
    assert.is_nil(same)
    assert.are.equal("not_found", err.kind)
    assert.are.equal("IC-1", value.ironcladId)
  end)

  it("keeps what it has when the answer is not all of it", function()
    local value = workflow({}, peer.json '{"step":"Sign"}', peer.json "true")
    assert.are.equal(value, (value:refresh()))
    assert.are.equal("workflow IC-1 \"T\" Sign", tostring(value))
    scene.assert_error("protocol", value:refresh())
    assert.are.equal("Sign", value.step)
  end)

  it("takes a dry run for what it is", function()
    local value = workflow()
    local request = value:refresh { dry_run = true }
    assert.are.equal("GET", request.method)
    assert.are.equal("Review", value.step)
  end)
end)

---------------------------------------------------------------------------------------------------------------
describe("mistakes", function()
  after_each(scene.stop)
  local _, client, workflow, record

  before_each(function()
    _, client = scene.play(peer.json '{"id":"w1"}', peer.json '{"id":"r1"}')
    workflow, record = client.workflows:get "x", client.records:get "x"
  end)

  local mistaken = scene.assert_mistake

  it("are named at the caller's line", function()
    mistaken("workflow:pause: call it with a colon: workflow:pause(…)", function() workflow.pause { comment = "x" } end)
    mistaken("workflow:pause: call it with a colon", function() workflow.pause(record, { comment = "x" }) end)
    mistaken("workflow:pause: arguments: expected a table, got string", function() workflow:pause "x" end)
    mistaken("comment: missing in the body", function() workflow:pause {} end)
    mistaken("workflow:get: hydrate: unknown", function() workflow:get { hydrate = true } end)
    mistaken("workflow:get: too many arguments", function() workflow:get({}, {}, {}) end)
    mistaken("workflow:update_approval: roleId: expected an id or a table that has one, got nil",
      function() workflow:update_approval(nil, { status = "approved" }) end)
    mistaken("records:get: id: expected the id of a record or its table, got a workflow",
      function() client.records:get(workflow) end)
    mistaken("id: expected the id of a workflow or its table, got a record",
      function() client:call("retrieve-a-workflow", { path = { record } }) end)
    mistaken("the workflow has no id", function()
      workflow.id = nil
      workflow:get()
    end)
  end)
end)

describe("a name that a resource's table does not have", function()
  after_each(scene.stop)

  it("is a mistake when it is nearly a method's, and nil otherwise", function()
    local _, client = scene.play(peer.json '{"id":"w1"}')
    local workflow = client.workflows:get "x"
    for slip, method in pairs { pauze = "pause", cancle = "cancel", refersh = "refresh", recrods = "records" } do
      local fine, text = pcall(function() workflow[slip](workflow) end)
      assert.is_false(fine)
      assert.matches(('resources_spec.lua:%%d+: workflow: no field or method "%s"; did you mean "%s"?'):format(slip,
        method), text)
      assert.is_nil(rawget(workflow, slip))
    end
    for _, name in ipairs { "title", "step", "status", "anything", 1, true, "__len" } do
      assert.is_nil(workflow[name])
    end
  end)

  for _, name in ipairs { "ironclad-public-api", "ironclad-scim-api", "ironclad-oauth-20-api", "clickwrap" } do
    it("is nil wherever Ironclad has such a field: " .. name, function()
      local document = api_documents.read(name .. "-openapi")
      if not document then return pending("the documents are not at hand") end
      local function walk(node)
        for field in pairs(type(node.properties) == "table" and node.properties or {}) do
          for _, kind in pairs(resources.kinds) do
            local of_clickwrap = kind.path:find "^/v1" ~= nil
            if of_clickwrap == (name == "clickwrap") and not kind.methods[field] then
              assert.is_nil(kind.methods[field])
            end
          end
        end
        for _, inner in pairs(node) do
          if type(inner) == "table" then walk(inner) end
        end
      end
      walk(document)
    end)
  end
end)

describe("a table as a path parameter", function()
  after_each(scene.stop)

  -- The call, and where it must go.
  local cases = {
    { function(w) return w:update_approval({ role = "legal", id = "x" }, { status = "approved" }) end,
      "/approvals/legal" },
    { function(w) return w:update_approval({ id = "finance", displayName = "L" }, { status = "approved" }) end,
      "/approvals/finance" },
    { function(w) return w:list_eligible_assignees { id = "legal", displayName = "Legal Team" } end,
      "/roles/Legal%20Team/eligible-assignees" },
    { function(w) return w:remind_signer { roleName = "Counterparty Signer", email = "a@b.example" } end,
      "/sign-status/signers/Counterparty%20Signer/remind" },
    { function(w) return w:download_document { key = "k1", filename = "a.pdf" } end, "/document/k1/download" },
    { function(w) return w:get_comment { id = "c1" } end, "/comments/c1" },
    { function(w) return w:get_email { id = "e1" } end, "/emails/e1" },
  }
  it("may have any metatable", function()
    local server, client = scene.play(scene.GOOD)
    for _, metatable in ipairs { { kind = true }, { kind = "workflow" }, { kind = {} },
      { kind = { name = "workflow" } }, { __metatable = false }, {} } do
      scene.assert_good(client.records:get(setmetatable({ id = "r1" }, metatable)))
      scene.assert_good(client.records:create { type = "t", name = "n", properties = { a = 1 },
        parent = setmetatable({ recordId = "r1" }, metatable) })
    end
    assert.are.equal(12, #server:requests())
  end)

  it("may refer to another resource", function()
    local server, client = scene.play(peer.json '{"id":"r1"}')
    client.records:get { recordId = "r1", readableId = "IC-1" }
    client.workflows:get_approvals { workflowId = "w1", title = "T" }
    client.workflows:get { event = "workflow_launched", workflowID = "w2" }
    assert.are.same({ "GET /public/api/v1/records/r1", "GET /public/api/v1/workflows/w1/approvals",
      "GET /public/api/v1/workflows/w2" }, scene.targets(server))
    assert.is_false((pcall(client.webhooks.get, client.webhooks, { recordId = "r1" })))
  end)

  for _, case in ipairs(cases) do
    it("gives the field that is meant: " .. case[2], function()
      local server, client = scene.play(peer.json '{"id":"w1"}', peer.json "{}")
      case[1](client.workflows:get "x")
      assert.are.equal("/public/api/v1/workflows/w1" .. case[2], scene.last(server).target)
    end)
  end
end)

describe("a resource that is the first of its script", function()
  for _, kind in ipairs { "record", "entity", "obligation" } do
    it("has the methods that are no operations: " .. kind, function()
      local types = peer.new_state(([[
        local client = require("ironclad").connect { instance = "http://127.0.0.1:1", token = "t", as_user = false }
        local resource = require("ironclad.resources.resources").make(client, %q, { id = "1" })
        return type(resource.property) .. " " .. type(resource.plain) .. " " .. type(resource.set)
      ]]):format(kind))
      assert.are.equal("function function function", types)
    end)
  end
end)
