-- Methods of workflows beside their operations: pending approvals, records, changing attributes.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local resources = require "ironclad.resources.resources"
local scene = require "spec.support.scene"

local json, must = ironclad.json, ironclad.must

local mistaken = scene.assert_mistake

local function workflow_of(client, fields)
  local workflow = { id = "w1", ironcladId = "IC-1" }
  for name, value in pairs(fields or {}) do workflow[name] = value end
  return resources.make(client, "workflow", workflow)
end

describe("workflow:pending_approvals", function()
  after_each(scene.stop)

  it("joins the active groups, their roles and their people", function()
    local server, client = scene.play(peer.json [[{
      "workflowId": "w1", "approvalGroups": [
        {"order": 1, "status": "approved", "reviewers": [
          {"role": "legal", "displayName": "Legal", "reviewerType": "role", "status": "approved"}]},
        {"order": 2, "status": "active", "reviewers": [
          {"role": "finance", "displayName": "Finance", "reviewerType": "role", "status": "pending"},
          {"role": "tax", "displayName": "Tax", "reviewerType": "role", "status": "approved"},
          {"role": "nobody", "displayName": "Nobody", "reviewerType": "role", "status": "pending"}]},
        {"order": 3, "status": "pending", "reviewers": [
          {"role": "board", "displayName": "Board", "reviewerType": "role", "status": "pending"}]}],
      "roles": [
        {"id": "finance", "displayName": "Finance", "assignees": [
          {"userId": "u1", "userName": "Li Wei", "email": "li.wei@example.com"}]},
        {"id": "board", "displayName": "Board", "assignees": []}]
    }]], peer.json "true")
    local workflow = workflow_of(client)
    local pending, err, response = workflow:pending_approvals { timeout = 20 }
    assert.is_nil(err)
    assert.are.equal(200, response.status)
    assert.are.same({
      { role = "finance", displayName = "Finance", reviewerType = "role", order = 2,
        assignees = { { userId = "u1", userName = "Li Wei", email = "li.wei@example.com" } } },
      { role = "nobody", displayName = "Nobody", reviewerType = "role", order = 2, assignees = {} },
    }, pending)
    must(workflow:update_approval(pending[1], { status = "approved" }))
    assert.are.equal("PATCH /public/api/v1/workflows/w1/approvals/finance", scene.targets(server)[2])
  end)

  it("answers an empty list when nobody may", function()
    local _, client = scene.play(peer.json "{}", peer.json '{"approvalGroups":null,"roles":[]}',
      peer.json '{"approvalGroups":[{"status":"active"}],"roles":[]}',
      peer.json '{"approvalGroups":[null,5,{"status":"active","reviewers":[null,"x"]}],"roles":[null,{},true]}')
    for _ = 1, 4 do assert.are.equal("[]", json.encode(must(workflow_of(client):pending_approvals()))) end
  end)

  it("passes on what goes wrong", function()
    local _, client = scene.play(peer.json('{"code":"FORBIDDEN"}', 403))
    scene.assert_error("permission", workflow_of(client):pending_approvals())
  end)
end)

describe("workflow:records", function()
  after_each(scene.stop)

  it("fetches them in order", function()
    local server, client = scene.play(peer.json '{"id":"r1"}', peer.json '{"id":"r2"}')
    local records = must(workflow_of(client, { recordIds = { "r1", "r2" } }):records { as_user = "x@b.example" })
    assert.are.equal("record r1 record r2", tostring(records[1]) .. " " .. tostring(records[2]))
    assert.are.same({ "GET /public/api/v1/records/r1", "GET /public/api/v1/records/r2" }, scene.targets(server))
    assert.are.equal("x@b.example", scene.last(server).headers["x-as-user-email"])
  end)

  it("reads the workflow again when it names none", function()
    local server, client = scene.play(peer.json '{"id":"w1","recordIds":["r1"],"step":"Complete"}',
      peer.json '{"id":"r1"}', peer.json '{"id":"w1"}')
    local workflow = workflow_of(client, { recordIds = {} })
    assert.are.equal(1, #must(workflow:records()))
    assert.are.equal("Complete", workflow.step)
    assert.are.equal("[]", json.encode(must(workflow_of(client):records())))
    assert.are.equal(3, #server:requests())
  end)

  it("stops at the first that fails", function()
    local server, client = scene.play(peer.json('{"code":"NOT_FOUND"}', 404))
    scene.assert_error("not_found", workflow_of(client, { recordIds = { "r1", "r2" } }):records())
    scene.assert_error("not_found", workflow_of(client):records())
    assert.are.equal(2, #server:requests())
  end)

  it("tells a callback", function()
    local _, client = scene.play(peer.json '{"id":"w1","recordIds":["r1"]}', peer.json '{"id":"r1"}')
    local told
    workflow_of(client):records { callback = function(...) told = { ... } end }
    ironclad.run()
    assert.are.equal("record r1", tostring(told[1][1]))
    assert.is_nil(told[2])
  end)

  it("takes only options that fit several calls", function()
    local workflow = workflow_of((select(2, scene.play(scene.GOOD))), { recordIds = { "r1" } })
    mistaken("workflow:records: dry_run: it makes several calls", function() workflow:records { dry_run = true } end)
    mistaken("workflow:records: callback: expected a function", function() workflow:records { callback = 5 } end)
    mistaken("workflow:records: tmeout: unknown option", function() workflow:records { tmeout = 1 } end)
    mistaken("workflow:records: call it with a colon", function() workflow.records() end)
  end)
end)

describe("workflow:set", function()
  after_each(scene.stop)

  local schema = { name = { type = "string" }, fee = { type = "monetaryAmount" }, start = { type = "date" },
    where = { type = "address" }, draft = { type = "array", elementType = { type = "document" } },
    rows = { type = "array", elementType = { type = "object", schema = { due = { type = "date" } } } },
    linked = { type = "linkedRecord" } }

  it("sends updates by the workflow's own schema, and keeps the answer in the same table", function()
    local server, client = scene.play(peer.json '{"id":"w1","ironcladId":"IC-1","title":"New"}')
    local workflow = workflow_of(client, { schema = schema })
    local same = must(workflow:set({
      name = "Acme", fee = { currency = "USD", amount = 5 }, start = "2026-01-31", where = ironclad.address {
        lines = { "1 Main St." }, country = "US" }, rows = { { due = ironclad.date(2026, 2, 1) } },
      linked = resources.make(client, "record", { id = "r1" }), gone = ironclad.null, other = 5,
    }, { comment = "as agreed", timeout = 20 }))
    assert.are.equal(workflow, same)
    assert.are.equal("New", workflow.title)
    assert.are.same({ "PATCH /public/api/v1/workflows/w1/attributes" }, scene.targets(server))
    assert.are.same({ comment = "as agreed", updates = {
      { action = "set", path = "fee", value = { currency = "USD", amount = 5 } },
      { action = "remove", path = "gone" },
      { action = "set", path = "linked", value = "r1" },
      { action = "set", path = "name", value = "Acme" },
      { action = "set", path = "other", value = 5 },
      { action = "set", path = "rows", value = { { due = "2026-02-01T00:00:00Z" } } },
      { action = "set", path = "start", value = "2026-01-31T00:00:00Z" },
      { action = "set", path = "where", value = "1 Main St.\nUS" },
    } }, json.decode(scene.last(server).body))
  end)

  it("leaves the table when it is refused, and the script's options", function()
    local _, client = scene.play(peer.json('{"code":"INVALID_STATE","message":"no"}', 400))
    local workflow, options = workflow_of(client), { comment = "x" }
    scene.assert_error("invalid_state", workflow:set({ a = 1 }, options))
    assert.are.equal("IC-1", workflow.ironcladId)
    assert.are.same({ comment = "x" }, options)
  end)

  it("refuses what it cannot send", function()
    local _, client = scene.play(scene.GOOD)
    local workflow = workflow_of(client, { schema = schema })
    mistaken("workflow:set: expected a table of attributes, got nil", function() workflow:set() end)
    mistaken("workflow:set: expected a table of attributes, got an empty one", function() workflow:set {} end)
    mistaken("workflow:set: expected names of attributes, got a number", function() workflow:set { "x" } end)
    mistaken("workflow:set: fee: expected an amount of money", function() workflow:set { fee = 5 } end)
    mistaken("workflow:set: draft: [1]: documents are changed by workflow:upload_document", function()
      workflow:set { draft = { ironclad.file { data = "x" } } }
    end)
    mistaken('workflow:set: strat: the workflow has no such attribute; did you mean "start"?', function()
      workflow:set { strat = ironclad.date(2026, 1, 31) }
    end)
    mistaken("workflow:set: start: expected a date", function() workflow:set { start = "soon" } end)
    mistaken("workflow:set: call it with a colon", function() workflow.set {} end)
    mistaken("workflow:set: tmeout: unknown option", function() workflow:set({ a = 1 }, { tmeout = 1 }) end)
  end)
end)

describe("resources in the sandbox", function()
  local sandbox, client
  lazy_setup(function() sandbox, client = local_ironclad.start() end)
  lazy_teardown(function() sandbox:stop() end)

  it("take a workflow through its approvals", function()
    local workflow = must(local_ironclad.launch(client, {
      contractValue = ironclad.money("EUR", 48000), counterpartyName = "Quill" }))
    must(workflow:set({ counterpartyName = "Quillfeather", contractValue = ironclad.money("EUR", 50000) },
      { comment = "raised" }))
    assert.are.equal("Quillfeather", workflow.attributes.counterpartyName)
    assert.are.equal(50000, workflow.attributes.contractValue.amount)
    must(workflow:set { contractValue = ironclad.null })
    assert.is_nil(workflow.attributes.contractValue)
    local rounds = 0
    repeat
      local pending = must(workflow:pending_approvals())
      for _, approval in ipairs(pending) do
        must(workflow:update_approval(approval, { status = "approved" }, { as_user = approval.assignees[1].email }))
      end
      rounds = rounds + 1
    until #pending == 0 or rounds > 9
    assert.are.equal(3, rounds)
    assert.are.equal("Sign", must(workflow:refresh()).step)
    assert.are.equal("workflow " .. workflow.ironcladId .. ' "' .. workflow.title .. '" Sign', tostring(workflow))
  end)

  it("keep every type of property", function()
    local record = must(client.records:create { type = "contract", name = "All", properties = {
      counterpartyName = "Acme", counterpartyEmail = "a@b.example", agreementDate = "2026-01-31", term = "P1Y2M",
      counterpartyAddress = ironclad.address { lines = { "1 Main St." }, locality = "Bonn" }, seats = 5,
      contractValue = ironclad.money("USD", 5000), autoRenews = false, tags = { "a", "b" },
      governingLaw = { source = "manual", clauseText = "Delaware" }, vendor = "IC-1",
    } })
    local same = must(client.records:get(record, { addressAsObject = true }))
    assert.are.equal(ironclad.money("USD", 5000), same:property "contractValue")
    assert.are.equal("1 Main St., Bonn", tostring(same:property "counterpartyAddress"))
    assert.are.equal("2026-01-31T00:00:00Z", same:property "agreementDate")
    assert.is_false(same:property "autoRenews")
    must(record:set { agreementDate = ironclad.null, term = ironclad.duration { years = 2 }, seats = 6,
      expirationDate = ironclad.date(2028, 1, 31), counterpartyEmail = "c@d.example" })
    assert.is_nil(record:property "agreementDate")
    assert.are.equal("P2Y", record:property "term")
    assert.are.equal(6, must(record:refresh()):property "seats")
    assert.are.equal("2028-01-31T00:00:00Z", record:plain().expirationDate)
  end)

  it("find the records of a workflow", function()
    local workflow = must(client.workflows:list { status = "completed" }).list[1]
    local records = must(workflow:records())
    assert.are.equal(#workflow.recordIds, #records)
    assert.are.equal("record", (tostring(records[1]):match "^%w+"))
  end)
end)
