-- The sandbox's workflows: designs, launching, listing, approvals, comments, attributes, documents.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"

local NDA, CONSULTING, NOBODY = local_ironclad.NDA, local_ironclad.CONSULTING, local_ironclad.NOBODY
local must, refused, draft = local_ironclad.must, local_ironclad.refused, local_ironclad.draft

local sandbox, client

setup(function() sandbox, client = local_ironclad.start() end)
teardown(function() sandbox:stop() end)

local function launch(...) return local_ironclad.launch(client, ...) end
local function new_workflow(attributes) return must(launch(attributes)) end

describe("the company and its designs", function()
  it("can be requested", function()
    local company = must(client.oauth:company_info())
    assert.are.equal("Larkspur Instruments", company.companyDisplayName)
    assert.are.equal("boolean", company.entitlements.jurist.type)
    local list = must(client.workflow_schemas:list()).list
    assert.are.same({ "Mutual NDA", "Consulting Agreement" }, { list[1].name, list[2].name })
    local schema = must(client.workflow_schemas:get(NDA))
    assert.are.equal("always", schema.schema.counterpartyName.required)
    assert.are.equal("document", schema.schema.draft.elementType.type)
    assert.are.same({ "launch", "view" }, schema.permissions)
    schema = must(client.workflow_schemas:get(NDA, { as_user = "tom.becker@example.com" }))
    assert.are.same({ "view" }, schema.permissions)
  end)

  it("need the attribute's name in the form", function()
    refused({ 400, "MISSING_PARAM", "form" }, client:request("GET", "/public/api/v1/workflow-schemas"))
    refused({ 400, "INVALID_PARAM", "/?form" }, client.workflow_schemas:list { form = "other" })
    refused({ 400, "NOT_FOUND", "templateId" }, client.workflow_schemas:get "nope")
  end)
end)

describe("launching", function()
  it("makes a workflow that can be found again", function()
    local workflow = new_workflow { contractValue = { currency = "EUR", amount = 12.5 }, localParentRecord = "IC-8" }
    assert.is_truthy(workflow.id:find("^" .. ("%x"):rep(24) .. "$"))
    assert.are.equal("Mutual NDA with Acme", workflow.title)
    assert.are.same({ "Review", "active", NDA }, { workflow.step, workflow.status, workflow.template })
    assert.are.same({ "in_progress", "not_started" }, { workflow.approvals.state, workflow.signatures.state })
    assert.are.equal("IC-8", workflow.attributes.localParentRecord.readableId)
    assert.are.equal(12.5, workflow.attributes.contractValue.amount)
    assert.are.equal("jane.doe@example.com", workflow.creator.email)
    assert.are.same(workflow, must(client.workflows:get(workflow.id)))
    assert.are.same(workflow, must(client.workflows:get(workflow.ironcladId)))
  end)

  it("accepts plain JSON when no document is needed, and an e-mail address for a role", function()
    local workflow = must(client.workflows:launch({
      template = CONSULTING,
      attributes = {
        counterpartyName = "Boba", scopeOfWork = "x", fee = { currency = "USD", amount = 1 }, startDate = "2026-02-01",
        lineItems = { { description = "a", hours = 2 } }, executive = "li.wei@example.com",
      },
    }, { query = { useDefaultValues = true } }))
    assert.are.equal(1, workflow.attributes.consultants)
    assert.are.equal("li.wei@example.com", workflow.roles[3].assignees[1].email)
    local own = workflow.attributes.draft[1]
    assert.are.equal("Consulting Agreement with Boba.pdf", own.filename, "paper of the design's own")
  end)

  it("knows the entities that it names", function()
    local entity = must(client.entities:list { pageSize = 1 }).list[1]
    local attributes = {
      counterpartyName = "B", scopeOfWork = "x", fee = { currency = "USD", amount = 1 }, startDate = "2026-02-01",
      vendor = { recordId = entity.ironcladId },
    }
    local workflow = must(client.workflows:launch { template = CONSULTING, attributes = attributes })
    assert.are.same({ recordId = entity.id }, workflow.attributes.vendor)
    local hydrated = must(client.workflows:get(workflow.id, { hydrateEntities = true })).attributes.vendor
    assert.are.same({ entity.id, entity.ironcladId, entity.properties },
      { hydrated.recordId, hydrated.readableId, hydrated.attributes })
    local list = must(client.workflows:list { hydrateEntities = true, pageSize = 100 }).list
    assert.are.equal(entity.ironcladId, list[#list].attributes.vendor.readableId)
    attributes.vendor = { recordId = NOBODY }
    refused({ 400, "INVALID_PARAM", "vendor" },
      client.workflows:launch { template = CONSULTING, attributes = attributes })
  end)

  local wrong = {
    { "no such template", { template = "x" }, { 400, "INVALID_PARAM", "template" } },
    { "no name", { attributes = { counterpartyName = ironclad.null } }, { 400, "MISSING_PARAM", "counterpartyName" } },
    { "no draft", { attributes = { draft = ironclad.null } }, { 400, "MISSING_PARAM", "draft" } },
    { "an unknown attribute", { attributes = { counterparty = "x" } }, { 400, "INVALID_PARAM", "counterparty" } },
    { "a wrong type", { attributes = { mutual = "yes" } }, { 400, "INVALID_PARAM", "mutual" } },
    { "no option", { attributes = { paperSource = "Paper" } }, { 400, "INVALID_PARAM", "paperSource" } },
    { "no date", { attributes = { agreementDate = "2026-02-30" } }, { 400, "INVALID_PARAM", "agreementDate" } },
    { "no duration", { attributes = { term = "2 years" } }, { 400, "INVALID_PARAM", "term" } },
    { "no record", { attributes = { localParentRecord = NOBODY } }, { 400, "INVALID_PARAM", "localParentRecord" } },
    { "no user", { attributes = { legal = "no@example.com" } }, { 400, "INVALID_PARAM", "legal" } },
    { "a text as draft", { attributes = { draft = "x" } }, { 400, "INVALID_PARAM", "draft" } },
    { "a part that is missing", { attributes = { draft = { { file = "x" } } } }, { 400, "INVALID_PARAM", "draft" } },
    { "a url", { attributes = { draft = { { url = "http://x.example" } } } }, { 400, "INVALID_PARAM", "draft" } },
  }
  for _, case in ipairs(wrong) do
    it("refuses " .. case[1], function()
      local attributes = { counterpartyName = "Acme", draft = draft() }
      for name, value in pairs(case[2].attributes or {}) do attributes[name] = value end
      local body = { template = case[2].template or NDA, attributes = attributes }
      local before = must(client.workflows:list()).count
      refused(case[3], client.workflows:launch(body))
      assert.are.equal(before, must(client.workflows:list()).count)
    end)
  end

  it("refuses a file that is not a contract, and a user without the right", function()
    refused({ 400, "INVALID_PARAM", "draft" }, launch { draft = draft("x", "nda.exe") })
    refused({ 403, "FORBIDDEN" }, launch({}, { as_user = "tom.becker@example.com" }))
  end)
end)

describe("listing workflows", function()
  it("shows active ones, a page at a time, with the total", function()
    local first = must(client.workflows:list { pageSize = 2 })
    assert.are.same({ 0, 2, 2 }, { first.page, first.pageSize, #first.list })
    local seen, pages = {}, math.ceil(first.count / 2)
    for page = 0, pages do
      for _, workflow in ipairs(must(client.workflows:list { page = page, pageSize = 2 }).list) do
        assert.are.equal("active", workflow.status)
        assert.is_nil(seen[workflow.id])
        seen[workflow.id] = true
        seen[#seen + 1] = workflow.id
      end
    end
    assert.are.equal(first.count, #seen)
  end)

  it("by status, template and time", function()
    assert.are.equal(5, must(client.workflows:list { status = "completed" }).count)
    assert.are.equal(9, must(client.workflows:list { status = { "completed", "cancelled", "paused" } }).count)
    assert.are.equal(0, must(client.workflows:list { template = "none" }).count)
    local newest = new_workflow()
    local since = must(client.workflows:list { lastUpdated = newest.lastUpdated }).list
    assert.are.equal(newest.id, since[#since].id)
    assert.are.equal(0, must(client.workflows:list { lastUpdated = "2100-01-01" }).count)
  end)

  local wrong = {
    { { page = -1 }, "page" }, { { page = 100000001 }, "page" }, { { pageSize = 0 }, "pageSize" },
    { { pageSize = 101 }, "pageSize" }, { { status = "open" }, "status" }, { { status = "active,open" }, "status" },
    { { lastUpdated = "yesterday" }, "lastUpdated" },
  }
  for _, case in ipairs(wrong) do
    it("refuses a wrong " .. case[2] .. ": " .. tostring(case[1][case[2]]), function()
      refused({ 400, "INVALID_PARAM", "/?" .. case[2] }, client.workflows:list { extra = { query = case[1] } })
    end)
  end

  it("ignores what it does not know", function()
    local all = must(client.workflows:list()).count
    assert.are.equal(all, must(client.workflows:list { extra = { query = { limit = 1, sortField = "x" } } }).count)
  end)

  it("answers 404 for an unknown id", function()
    refused({ 400, "NOT_FOUND", "workflowId" }, client.workflows:get "nope")
    refused({ 400, "NOT_FOUND", "workflowId" }, client.workflows:get "a/b?c%00")
  end)
end)

describe("approvals", function()
  local function states(workflow)
    local list = {}
    for i, group in ipairs(must(client.workflows:get_approvals(workflow)).approvalGroups) do list[i] = group.status end
    return table.concat(list, " ")
  end
  local function approve(workflow, role, user, status)
    return client.workflows:update_approval(workflow, role, { status = "approved" },
      { as_user = user, extra = status and { body = { status = status } } })
  end

  it("go from group to group, and at last to the Sign step", function()
    local workflow = new_workflow()
    assert.are.equal("active pending", states(workflow))
    refused({ 400, "INVALID_STATE", "approval" }, approve(workflow, "finance"))
    assert.is_true(must(approve(workflow, "legal", "omar.haddad@example.com")))
    assert.are.equal("approved active", states(workflow))
    refused({ 400, "INVALID_STATE", "approval" }, approve(workflow, "legal", nil, "pending"))
    assert.is_true(must(approve(workflow, "finance", nil, "pending")))
    assert.is_true(must(approve(workflow, "finance")))
    assert.are.equal("approved approved", states(workflow))
    local now = must(client.workflows:get(workflow))
    assert.are.same({ "Sign", "completed" }, { now.step, now.approvals.state })
    assert.is_true(now.isRevertibleToReview)
    refused({ 400, "INVALID_STATE", "approval" }, approve(workflow, "finance"))
  end)

  it("wait for all of a group", function()
    local workflow = must(client.workflows:launch {
      template = CONSULTING,
      attributes = {
        counterpartyName = "B", scopeOfWork = "x", fee = { currency = "USD", amount = "1" }, startDate = "2026-02-01",
      },
    })
    must(approve(workflow, "finance"))
    assert.are.equal("active pending", states(workflow))
    must(approve(workflow, "legal"))
    assert.are.equal("approved active", states(workflow))
  end)

  it("are for those who are assigned", function()
    local workflow = new_workflow()
    refused({ 400, "INVALID_PARAM", "approval" }, approve(workflow, "legal", "priya.nair@example.com"))
    refused({ 400, "INVALID_PARAM", "approval" }, approve(workflow, "nobody"))
    refused({ 400, "INVALID_PARAM", "status" }, approve(workflow, "legal", nil, "rejected"))
    refused({ 400, "NOT_FOUND", "workflowId" }, approve("nope", "legal"))
    assert.are.equal("active pending", states(workflow))
  end)
end)

describe("comments", function()
  it("are listed in order, with mentions and replies", function()
    local workflow = new_workflow()
    local first = must(client.workflows:create_comment(workflow, { comment = "for <@li.wei@example.com>" }))
    assert.are.same({ "Li Wei", "internalUser" }, { first.mentionedUserDetails[1].displayName, first.author.type })
    local second = must(client.workflows:create_comment(workflow, {
      comment = "<@tom.becker@example.com>", addUsersToWorkflow = true, repliedToActivityFeedMessageId = first.id,
    }, { as_user = "omar.haddad@example.com" }))
    assert.are.same({ "Tom Becker" }, { second.addedParticipants[1], second.addedParticipants[2] })
    assert.are.equal(first.id, second.repliedTo.item)
    assert.are.same(first, must(client.workflows:get_comment(workflow, first.id)))
    local page = must(client.workflows:list_comments(workflow, { page = 1, pageSize = 1 }))
    assert.are.same({ 2, 1 }, { page.count, #page.list })
    assert.are.same(second, page.list[1])
  end)

  it("are refused when they name something that does not exist", function()
    local workflow = new_workflow()
    local function comment(body) return client.workflows:create_comment(workflow, body) end
    refused({ 400, "INVALID_PARAM", "addUsersToWorkflow" }, comment { comment = "<@tom.becker@example.com>" })
    refused({ 400, "INVALID_PARAM", "comment" }, comment { comment = "<@no@example.com>" })
    refused({ 400, "INVALID_PARAM", "comment" }, comment { comment = "" })
    refused({ 400, "NOT_FOUND", "repliedToActivityFeedMessageId" },
      comment { comment = "x", repliedToActivityFeedMessageId = "x" })
    refused({ 404, "NOT_FOUND", "commentId" }, client.workflows:get_comment(workflow, "x"))
    refused({ 404, "NOT_FOUND", "workflowId" }, client.workflows:list_comments "nope")
    refused({ 404, "NOT_FOUND", "workflowId" }, client.workflows:get_comment(workflow.ironcladId, "x"))
    assert.are.equal(0, must(client.workflows:list_comments(workflow)).count)
  end)
end)

describe("attributes", function()
  local function update(workflow, ...)
    return client.workflows:update_attributes(workflow, { updates = ironclad.array { ... } })
  end
  local function set(path, value) return { action = "set", path = path, value = value } end

  it("are set and removed, all or none", function()
    local workflow = new_workflow { numberOfPeople = 3 }
    local gone = { action = "remove", path = "numberOfPeople" }
    local changed = must(update(workflow, set("counterpartyName", "Other"), gone))
    assert.are.equal("Mutual NDA with Other", changed.title)
    assert.is_nil(changed.attributes.numberOfPeople)
    refused({ 400, "INVALID_PARAM", "attributes" }, update(workflow, set("mutual", false), set("nothing", 1)))
    assert.is_nil(must(client.workflows:get(workflow)).attributes.mutual)
  end)

  it("are refused as documented", function()
    local workflow = new_workflow()
    local cases = {
      { {}, "No information changed" },
      { set("counterpartyName", "Acme"), "No information changed" },
      { set("counterpartyName", 1), "form validation failed" },
      { { action = "remove", path = "counterpartyName" }, "form validation failed" },
      { set("draft", ironclad.array {}), "draft" },
      { set("nothing", 1), "non%-existent attribute%(s%) specified: nothing" },
    }
    for _, case in ipairs(cases) do
      local err = refused({ 400, "INVALID_PARAM", "attributes" }, update(workflow, case[1].action and case[1]))
      assert.is_truthy(err.message:find(case[2]), err.message)
    end
    local consulting = must(client.workflows:list { template = CONSULTING }).list[1]
    refused({ 400, "INVALID_STATE", "attributes" }, update(consulting, set("scopeOfWork", "y")))
    refused({ 404, "NOT_FOUND", "workflowId" }, update("nope", set("mutual", true)))
  end)
end)

describe("documents", function()
  local any = {}
  for i = 0, 255 do any[i + 1] = string.char(i) end
  local bytes = table.concat(any) .. "\r\n--" .. ("\0\r\n-"):rep(50000) .. "\r\n----"

  it("come back byte for byte, without a name or type", function()
    local workflow = new_workflow { draft = draft(bytes, 'a "strange" näme.docx') }
    local shown = workflow.attributes.draft[1]
    local got, _, response = client.workflows:download_document(workflow, shown.key)
    assert.is_true(got == bytes)
    assert.is_nil(response.headers["content-type"])
    assert.are.equal("attachment", response.headers["content-disposition"])
    assert.is_true(must(client:request("GET", shown.download)) == bytes)
    refused({ 400, "NOT_FOUND", "key" }, client.workflows:download_document(workflow, "nope"))
  end)

  local function upload(workflow, attribute, metadata, name)
    return client.workflows:upload_document(workflow, attribute, {
      attachment = ironclad.file { data = bytes, filename = name or "new.docx" }, metadata = metadata,
    })
  end

  it("are added, and versions of drafts", function()
    local workflow = new_workflow()
    local key = workflow.attributes.draft[1].key
    local metadata = { comment = { message = "a better one" } }
    must(upload(workflow, "draft", metadata))
    must(upload(workflow, "supportingDocument", metadata))
    must(upload(workflow, "draft", { comment = { message = "v2" }, key = key }, "v2.docx"))
    local all = must(client.workflows:get_documents(workflow))
    assert.are.equal(2, #all.signaturePacketDocuments)
    local first, outside = all.signaturePacketDocuments[1], all.excludedFromSignaturePacketDocuments[1]
    assert.are.same({ key, 2, "v2.docx" }, { first.key, first.versionNumber, first.filename })
    assert.are.same({ "new.docx", 1 }, { outside.filename, outside.versionNumber })
    assert.is_true(must(client.workflows:download_document(workflow.ironcladId, key)) == bytes)
    assert.are.equal(outside.key, must(client.workflows:get(workflow)).attributes.supportingDocument.key)
    assert.are.equal(3, must(client.workflows:list_comments(workflow)).count)
  end)

  it("come with a comment that mentions users and adds them", function()
    local workflow = new_workflow()
    local function try(comment) return upload(workflow, "draft", { comment = comment }) end
    local tom = "for <@tom.becker@example.com>"
    refused({ 400, "INVALID_PARAM", "addUsersToWorkflow" }, try { message = tom })
    refused({ 400, "INVALID_PARAM", "addUsersToWorkflow" }, try { message = tom, addUsersToWorkflow = "yes" })
    refused({ 400, "INVALID_PARAM", "comment" }, try { message = "for <@nobody@example.com>" })
    assert.are.equal(1, #must(client.workflows:get_documents(workflow)).signaturePacketDocuments)
    must(try { message = tom, addUsersToWorkflow = true })
    local comments = must(client.workflows:list_comments(workflow))
    assert.are.equal(1, comments.count)
    assert.are.same({ "Tom Becker" }, comments.list[1].addedParticipants)
    assert.are.equal("Tom Becker", comments.list[1].mentionedUserDetails[1].displayName)
    assert.are.equal(1, must(client.workflows:list_participants(workflow, { email = "tom.becker@example.com" })).count)
  end)

  it("are refused with a bare JSON string", function()
    local workflow = new_workflow()
    local metadata = { comment = { message = "x" } }
    local cases = {
      { 404, "Workflow does not exists", upload(workflow.ironcladId, "draft", metadata) },
      { 404, "Document does not exists", upload(workflow, "counterpartyName", metadata) },
      { 404, "Document does not exists", upload(workflow, "draft", { comment = { message = "x" }, key = "nope" }) },
      { 400, "comment.message", upload(workflow, "draft", { comment = {} }) },
      { 400, ".pdf, .doc or .docx", upload(workflow, "draft", metadata, "x.txt") },
    }
    for _, case in ipairs(cases) do
      local err = case[4]
      assert.are.equal(case[1], err.status)
      assert.is_truthy(err.message:find(case[2], 1, true), err.message)
    end
    assert.are.equal(1, #must(client.workflows:get_documents(workflow)).signaturePacketDocuments)
  end)
end)
