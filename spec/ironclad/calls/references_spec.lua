-- Tables of records in bodies, where Ironclad wants an id or a reference.
local ironclad = require "ironclad"
local resources = require "ironclad.resources.resources"
local scene = require "spec.support.scene"

describe("a record's table in a body", function()
  after_each(scene.stop)

  local server, client, record, entity
  before_each(function()
    server, client = scene.play(scene.GOOD)
    record = resources.make(client, "record", { id = "r1", ironcladId = "IC-1", properties = {} })
    entity = resources.make(client, "entity", { id = "e1", ironcladId = "ENTITY-1" })
  end)

  local function body() return ironclad.json.decode(scene.last(server).body) end

  local link = { recordId = "r1" }
  local cases = { -- operationId, path, the body without what refers, field, what stands in it, what is sent
    { "create-a-record", {}, { type = "t", name = "n", properties = {} }, "links", "list",
      { link, { recordId = "x" } } },
    { "create-a-record", {}, { type = "t", name = "n", properties = {} }, "children", "list",
      { link, { recordId = "x" } } },
    { "create-a-record", {}, { type = "t", name = "n", properties = {} }, "parent", "one", link },
    { "replace-a-record", { "x" }, { type = "t", name = "n", properties = {} }, "parent", "one", link },
    { "update-record-metadata", { "x" }, {}, "setParent", "one", link },
    { "update-record-metadata", { "x" }, {}, "addLinks", "list", { link, { recordId = "x" } } },
    { "update-record-metadata", { "x" }, {}, "removeLinks", "list", { link, { recordId = "x" } } },
    { "update-record-metadata", { "x" }, {}, "addChildren", "list", { link, { recordId = "x" } } },
    { "update-record-metadata", { "x" }, {}, "removeChildren", "list", { link, { recordId = "x" } } },
    { "create-attachment-download-urls", {}, { type = "latestSignedCopy" }, "identifiers", "ids", { "r1", "IC-2" } },
    { "create-an-entity", {}, { name = "n" }, "parent", "entity", { recordId = "e1" } },
    { "update-an-entity", { "x" }, {}, "setParent", "entity", { recordId = "e1" } },
    { "create-an-obligation", {}, { name = "n", obligationTypeKey = { "k" } }, "parentId", "one", "r1" },
    { "launch-a-new-workflow", {}, { template = "t" }, "attributes", "attributes",
      { linked = "r1", name = "n", rows = { { a = 1 } } } },
    { "create-a-new-workflow-async", {}, { template = "t" }, "attributes", "attributes",
      { linked = "r1", name = "n", rows = { { a = 1 } } } },
  }
  for _, case in ipairs(cases) do
    local id, path, fields, name, form, expected = case[1], case[2], case[3], case[4], case[5], case[6]
    it(("is sent as what refers to it: %s of %s"):format(name, id), function()
      local given = { one = record, entity = entity, list = { record, { recordId = "x" } }, ids = { record, "IC-2" },
        attributes = { linked = record, name = "n", rows = { { a = 1 } } } }
      local all = { [name] = given[form] }
      for field, value in pairs(fields) do all[field] = value end
      scene.assert_good(client:call(id, { path = path, body = all }))
      assert.are.same(expected, body()[name])
      assert.are.equal(given[form], all[name])
      assert.are.equal("r1", record.id)
      assert.are.equal(record, given.list[1])
    end)
  end

  it("is no other resource", function()
    local workflow = resources.make(client, "workflow", { id = "w1" })
    for _, case in ipairs {
      { "records:update: addLinks[2]: expected a record, got a workflow",
        function() client.records:update("x", { addLinks = { record, workflow } }) end },
      { "records:update: setParent: expected a record, got a workflow",
        function() client.records:update("x", { setParent = workflow }) end },
      { "workflows:launch: attributes.parent: expected a record, got a workflow",
        function() client.workflows:launch { template = "t", attributes = { parent = workflow } } end },
    } do
      local fine, message = pcall(case[2])
      assert.is_false(fine)
      assert.is_truthy(message:find(case[1], 1, true), message)
      assert.is_truthy(message:find("references_spec.lua", 1, true), message)
    end
  end)

  it("is a template's id where a workflow schema's table stands", function()
    local schema = { id = "t1", name = "NDA", schema = {} }
    scene.assert_good(client.workflows:launch { template = schema, attributes = {} })
    assert.are.equal("t1", body().template)
  end)

  it("stays what it is elsewhere", function()
    scene.assert_good(client.workflows:update_signer("w", "Signer", { reason = "r", assigned = { a = record } }))
    assert.are.same({ id = "r1", ironcladId = "IC-1", properties = {} }, body().assigned.a)
  end)
end)

describe("in a query and for as_user", function()
  local client = ironclad.connect { instance = "na1", token = "a token of this spec", as_user = false }

  it("a table stands for its id", function()
    local dry = client.workflows:list { template = { id = "t1", name = "NDA" }, dry_run = true }
    assert.is_truthy(dry.url:find("template=t1", 1, true))
    dry = client.workflows:each { template = { id = "t2" }, dry_run = true }
    assert.is_truthy(dry.url:find("template=t2", 1, true))
    dry = client.records:get_import_predictions { recordId = { recordId = "r1", importId = "i1" }, dry_run = true }
    assert.is_truthy(dry.url:find("recordId=r1", 1, true))
    dry = client.workflows:list { as_user = { id = "u1", userName = "jane@example.com" }, dry_run = true }
    assert.are.equal("u1", dry.as_user)
  end)

  it("a table without one is refused", function()
    assert.has_error(function() client.workflows:list { template = { name = "NDA" } } end)
    assert.has_error(function() client.workflows:list { as_user = { userName = 1 } } end)
  end)
end)
