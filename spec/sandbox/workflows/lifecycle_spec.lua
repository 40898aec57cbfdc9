-- The states of the sandbox's workflows: pause, resume, cancel, revert; and their effect on the turns, the
-- approval requests, the participants and the comments.
local local_ironclad = require "spec.support.local_ironclad"

local NOBODY = "000000000000000000000000"
local must, refused = local_ironclad.must, local_ironclad.refused

local sandbox, client

setup(function() sandbox, client = local_ironclad.start { clock = "2026-03-02T09:00:00Z" } end)
teardown(function() sandbox:stop() end)

local function new_workflow(attributes) return must(local_ironclad.launch(client, attributes)) end

local function approve(workflow, roles)
  for _, role in ipairs(roles) do must(client.workflows:update_approval(workflow.id, role, { status = "approved" })) end
end

-- A new workflow in that state.
local reach = {
  Review = new_workflow,
  paused = function()
    local workflow = new_workflow()
    must(client.workflows:pause(workflow.id, { comment = "wait" }))
    return workflow
  end,
  cancelled = function()
    local workflow = new_workflow()
    must(client.workflows:cancel(workflow.id, { comment = "enough" }))
    return workflow
  end,
  Sign = function()
    local workflow = new_workflow()
    approve(workflow, { "legal", "finance" })
    return workflow
  end,
}

local moves = {
  pause = function(id) return client.workflows:pause(id, { comment = "move" }) end,
  resume = function(id) return client.workflows:resume(id, { comment = "move" }) end,
  cancel = function(id) return client.workflows:cancel(id, { comment = "move" }) end,
  revert = function(id) return client.workflows:revert_to_review(id) end,
}

local function state_of(id)
  local workflow = must(client.workflows:get(id))
  return { workflow.step, workflow.status }
end

-- { from, move, step and status after, or the error's param }
local transitions = {
  { "Review", "pause", { "Review", "paused" } }, { "Review", "cancel", { "Review", "cancelled" } },
  { "Review", "resume" }, { "Review", "revert", param = "user" },
  { "paused", "resume", { "Review", "active" } }, { "paused", "cancel", { "Review", "cancelled" } },
  { "paused", "pause" }, { "paused", "revert", param = "user" },
  { "Sign", "revert", { "Review", "active" } }, { "Sign", "cancel", { "Sign", "cancelled" } },
  { "Sign", "pause" }, { "Sign", "resume" },
  { "cancelled", "pause" }, { "cancelled", "resume" }, { "cancelled", "cancel" },
  { "cancelled", "revert", param = "user" },
}

describe("a workflow's states", function()
  for _, case in ipairs(transitions) do
    local from, move, to = case[1], case[2], case[3]
    it(("%s, %s: %s"):format(from, move, to and table.concat(to, " ") or "refused"), function()
      local workflow = reach[from]()
      local before = state_of(workflow.id)
      if to then
        assert.is_true(must(moves[move](workflow.id)))
        assert.are.same(to, state_of(workflow.id))
      else
        refused({ 400, "INVALID_STATE", case.param }, moves[move](workflow.id))
        assert.are.same(before, state_of(workflow.id))
      end
    end)
  end

  it("need a comment, store it, and accept internal ids only", function()
    for _, move in ipairs { "pause", "resume", "cancel" } do
      local path = "/public/api/v1/workflows/%s/" .. move
      local workflow = move == "resume" and reach.paused() or new_workflow()
      local function try(comment)
        return client.workflows[move](client.workflows, workflow.id, { comment = comment })
      end
      refused({ 400, "MISSING_PARAM", "comment" }, client:request("POST", path:format(workflow.id), { body = {} }))
      refused({ 400, "INVALID_PARAM", "comment" }, try "")
      refused({ 400, "INVALID_PARAM", "comment" }, try "<@nobody@example.com>")
      refused({ 400, "INVALID_PARAM", "addUsersToWorkflow" }, try "<@tom.becker@example.com>")
      refused({ 400, "INVALID_PARAM", "addUsersToWorkflow" }, try { message = "x", addUsersToWorkflow = "yes" })
      refused({ 400, "NOT_FOUND", "workflowId" }, moves[move](workflow.ironcladId))
      refused({ 400, "NOT_FOUND", "workflowId" }, moves[move](NOBODY))
      must(try { message = "why: <@tom.becker@example.com>", addUsersToWorkflow = true })
      local comments = must(client.workflows:list_comments(workflow.id)).list
      assert.are.equal("why: <@tom.becker@example.com>", comments[#comments].commentMessage)
      local tom = must(client.workflows:list_participants(workflow.id, { email = "Tom.Becker@example.com" }))
      assert.are.equal(1, tom.count)
    end
  end)

  it("are listed, and ended ones do not change", function()
    local workflow = reach.cancelled()
    for _, listed in ipairs(must(client.workflows:list { pageSize = 100 }).list) do
      assert.are_not.equal(workflow.id, listed.id)
    end
    workflow = must(client.workflows:get(workflow.id))
    assert.are.same({ true, "not_applicable", "not_applicable" },
      { workflow.isCancelled, workflow.approvals.state, workflow.signatures.state })
    local updates = { { action = "set", path = "mutual", value = false } }
    refused({ 400, "INVALID_STATE", "attributes" },
      client.workflows:update_attributes(workflow.id, { updates = updates }))
    refused({ 400, "INVALID_STATE", "approval" },
      client.workflows:update_approval(workflow.id, "legal", { status = "approved" }))
  end)

  it("are reverted by participants only, under either id", function()
    local workflow = reach.Sign()
    assert.is_true(must(client.workflows:get(workflow.id)).isRevertibleToReview)
    refused({ 403, "FORBIDDEN", "user" },
      client.workflows:revert_to_review(workflow.id, {}, { as_user = "tom.becker@example.com" }))
    refused({ 404, "NOT_FOUND", "workflowId" }, client.workflows:revert_to_review(NOBODY))
    must(client.workflows:revert_to_review(workflow.ironcladId))
    local groups = must(client.workflows:get_approvals(workflow.id)).approvalGroups
    assert.are.same({ "active", "pending" }, { groups[1].status, groups[2].status })
    assert.are.equal("pending", groups[1].reviewers[1].status)
    approve(workflow, { "legal", "finance" })
    assert.are.same({ "Sign", "active" }, state_of(workflow.id))
  end)
end)

describe("approval requests", function()
  local function requests(workflow, arguments)
    return must(client.workflows:list_approval_requests(workflow.id, arguments)).list
  end

  local function states(list)
    local found = {}
    for _, request in ipairs(list) do found[#found + 1] = request.roleName .. " " .. request.status end
    table.sort(found)
    return found
  end

  it("begin with the launch, one for each approver of the first group", function()
    local workflow = new_workflow()
    local page = must(client.workflows:list_approval_requests(workflow.ironcladId, { pageSize = 1 }))
    assert.are.same({ 0, 1, 2, 1 }, { page.page, page.pageSize, page.count, #page.list })
    local first = page.list[1]
    assert.are.same({ "Pending", "legal", "Legal", "User", "Workflow", workflow.created },
      { first.status, first.role, first.roleName, first.actorType, first.approvalType, first.startTime })
    assert.are.same({}, { first.endTime, first.duration, first.aggregateDuration, first.actorDetails })
    assert.are.equal(1, #requests(workflow, { requestType = "role" }))
    refused({ 400, "INVALID_PARAM", "/?requestType" },
      client.workflows:list_approval_requests(workflow.id, { extra = { query = { requestType = "team" } } }))
    refused({ 404, "NOT_FOUND", "workflowId" }, client.workflows:list_approval_requests(NOBODY))
  end)

  it("end with an approval, and count what came before a pause", function()
    local workflow = new_workflow()
    sandbox:advance(10)
    must(client.workflows:pause(workflow.id, { comment = "wait" }))
    sandbox:advance(100)
    must(client.workflows:resume(workflow.id, { comment = "go on" }))
    sandbox:advance(5)
    approve(workflow, { "legal" })
    assert.are.same({ "Finance Pending", "Finance Pending", "Legal Approved", "Legal Approver Removed",
      "Legal Workflow Paused", "Legal Workflow Paused" }, states(requests(workflow)))
    local approved = requests(workflow, { requestType = "role", actorDetails = true })[2]
    assert.are.same({ "Approved", 5000, 15000, 5 },
      { approved.status, approved.duration, approved.aggregateDuration, approved.durationSeconds })
    assert.are.same({ userName = "Jane Doe", userEmail = "jane.doe@example.com" }, approved.actorDetails)
    assert.are.equal(approved.startTime, (workflow.created:gsub("09:..:..", "09:01:50")), "not counted from the launch")
  end)

  it("are cancelled with the workflow, reassigned with the role, repeated after a revert", function()
    assert.are.same({ "Legal Workflow Canceled", "Legal Workflow Canceled" }, states(requests(reach.cancelled())))
    local workflow = new_workflow()
    local omar = must(client.workflows:list_participants(workflow.id, { email = "omar.haddad@example.com" })).list[1]
    must(client.workflows:update_role_assignment(workflow.id, "Legal", { userId = omar.userId }))
    assert.are.same({ "Legal Approver Reassigned", "Legal Pending" }, states(requests(workflow)))
    workflow = reach.Sign()
    must(client.workflows:revert_to_review(workflow.id))
    assert.are.same({ "Finance Approved", "Finance Approver Removed", "Legal Approved", "Legal Approver Removed",
      "Legal Pending", "Legal Pending" }, states(requests(workflow)))
  end)

  it("describe the contracts of the fixtures", function()
    for _, workflow in ipairs(must(client.workflows:list { status = "completed", pageSize = 5 }).list) do
      for _, request in ipairs(requests(workflow)) do
        assert.are.equal("Approved", request.status)
        assert.is_true(request.duration >= 0)
      end
    end
  end)
end)

describe("turns", function()
  it("are not tracked before the counterparty has one", function()
    local page = must(client.workflows:list_turn_history(new_workflow().id))
    assert.are.same({ 0, 0 }, { page.count, #page.list })
  end)

  it("begin with the company's, from the launch on, and end with the workflow", function()
    local workflow = reach.Sign()
    must(client.workflows:send_signature_request(workflow.id))
    local sent = must(client.workflows:get(workflow.id))
    local page = must(client.workflows:list_turn_history(workflow.ironcladId))
    assert.are.same({ 0, 20, 2 }, { page.page, page.pageSize, page.count })
    assert.are.same({
      turnNumber = 1, turnParty = "internal", turnLocation = "launch", turnStartTime = workflow.created,
      turnEndTime = sent.lastUpdated, turnUserId = workflow.creator.id, turnUserEmail = "jane.doe@example.com",
    }, page.list[1])
    sandbox:advance(60)
    must(client.workflows:cancel(workflow.id, { comment = "no" }))
    local turns = must(client.workflows:list_turn_history(workflow.id)).list
    assert.are.same({ 3, "internal" }, { #turns, turns[3].turnParty })
    assert.are.equal(must(client.workflows:get(workflow.id)).lastUpdated, turns[3].turnEndTime)
    assert.are.same({}, must(client.workflows:list_turn_history(workflow.id, { page = 1 })).list)
    refused({ 404, "NOT_FOUND", "workflowId" }, client.workflows:list_turn_history(NOBODY))
  end)
end)

describe("people of a workflow", function()
  it("are participants by role, launch or comment", function()
    local workflow = new_workflow()
    local page = must(client.workflows:list_participants(workflow.ironcladId, { pageSize = 2 }))
    assert.are.same({ 0, 2, 3 }, { page.page, page.pageSize, page.count })
    must(client.workflows:create_comment(workflow.id, { comment = "hello" }, { as_user = "tom.becker@example.com" }))
    local all = must(client.workflows:list_participants(workflow.id)).list
    assert.are.equal("tom.becker@example.com", all[4].email)
    assert.are.equal(0, must(client.workflows:list_participants(workflow.id, { email = "x@example.com" })).count)
    refused({ 404, "NOT_FOUND", "workflowId" }, client.workflows:list_participants(NOBODY))
  end)

  it("may have a role when the design says so", function()
    local workflow = new_workflow()
    local eligible = must(client.workflows:list_eligible_assignees(workflow.ironcladId, "Legal"))
    assert.are.same({ 0, 20, 2 }, { eligible.page, eligible.pageSize, eligible.count })
    assert.are.equal("jane.doe@example.com", eligible.defaultAssignee.email)
    local omar = eligible.list[2]
    local done = must(client.workflows:update_role_assignment(workflow.ironcladId, "Legal", { userId = omar.userId }))
    assert.are.same({ roleName = "Legal", assignee = omar }, done)
    local role = must(client.workflows:get(workflow.id)).roles[1]
    assert.are.equal("Omar Haddad", role.assignees[1].userName)
    assert.are.equal(1, #role.assignees)
    assert.are.same(omar, must(client.workflows:list_eligible_assignees(workflow.id, "Legal")).defaultAssignee)
    refused({ 400, "INVALID_PARAM", "approval" },
      client.workflows:update_approval(workflow.id, "legal", { status = "approved" }))
    must(client.workflows:update_approval(workflow.id, "legal", { status = "approved" },
      { as_user = "omar.haddad@example.com" }))
  end)

  it("are otherwise refused a role", function()
    local workflow, ended = new_workflow(), reach.cancelled()
    local jane = workflow.creator.id
    local priya = must(client.workflows:list { pageSize = 1 }).list[1].creator
    assert.are.equal("priya.nair@example.com", priya.email)
    local cases = {
      { { 403, "FORBIDDEN" }, workflow.id, "Legal", priya.id }, { { 403, "FORBIDDEN" }, workflow.id, "Legal", NOBODY },
      { { 403, "FORBIDDEN" }, workflow.id, "Legal", "omar.haddad@example.com" },
      { { 404, "NOT_FOUND", "roleName" }, workflow.id, "legal", jane },
      { { 404, "NOT_FOUND", "workflowId" }, NOBODY, "Legal", jane },
      { { 422, "INVALID_STATE" }, ended.id, "Legal", jane },
    }
    for _, case in ipairs(cases) do
      refused(case[1], client.workflows:update_role_assignment(case[2], case[3], { userId = case[4] }))
    end
    refused({ 400, "MISSING_PARAM", "userId" },
      client:request("PATCH", "/public/api/v1/workflows/" .. workflow.id .. "/roles/Legal", { body = {} }))
    refused({ 404, "NOT_FOUND", "roleName" }, client.workflows:list_eligible_assignees(workflow.id, "Nobody"))
    refused({ 404, "NOT_FOUND", "workflowId" }, client.workflows:list_eligible_assignees(NOBODY, "Legal"))
  end)
end)

describe("the approve control", function()
  it("approves by role, in order, or for all", function()
    local workflow = new_workflow()
    local function try(arguments)
      local _, message = pcall(sandbox.approve, sandbox, arguments)
      return message
    end
    assert.is_truthy(try({ workflow = workflow, role = "finance" }):find "not the turn of 'finance'")
    assert.are.same({ step = "Review", roles = { "legal" } },
      sandbox:approve { workflow = workflow, role = "Legal", user = "omar.haddad@example.com" })
    local approved = must(client.workflows:list_approval_requests(workflow.id, { requestType = "role" })).list[1]
    assert.are.same({ "Approved", "Legal" }, { approved.status, approved.roleName })
    assert.is_truthy(try({ workflow = workflow, role = "legal" }):find "not the turn")
    local wrong = { workflow = workflow, role = "finance", user = "tom.becker@example.com" }
    assert.is_truthy(try(wrong):find "does not have the role")
    assert.is_truthy(try({ workflow = workflow, role = "nobody" }):find "no role")
    assert.is_truthy(try({ workflow = NOBODY }):find "no workflow")
    assert.are.same({ step = "Sign", roles = { "finance" } }, sandbox:approve(workflow.id))
    assert.is_truthy(try({ workflow = workflow }):find "in the Sign step")
    assert.are.same({ step = "Sign", roles = { "legal", "finance" } }, sandbox:approve { workflow = new_workflow().id })
  end)
end)

describe("the deprecated comment", function()
  it("does the same without an answer", function()
    local workflow = new_workflow()
    local path = { id = workflow.id }
    local id = "deprecated-create-a-comment-on-a-workflow"
    assert.is_true(must(client:call(id, { path = path, body = { comment = "old" } })))
    assert.are.equal("old", must(client.workflows:list_comments(workflow.id)).list[1].commentMessage)
    refused({ 400, "INVALID_PARAM", "comment" }, client:call(id, { path = path, body = { comment = "" } }))
    refused({ 400, "NOT_FOUND", "workflowId" }, client:call(id, { path = { id = NOBODY }, body = { comment = "x" } }))
  end)
end)
