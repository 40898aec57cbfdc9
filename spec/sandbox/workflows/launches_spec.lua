-- The sandbox's asynchronous launches, drafts by URL, e-mail, and formulas over the attributes of workflows.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"

local CONSULTING, NDA, NOBODY = local_ironclad.CONSULTING, local_ironclad.NDA, "000000000000000000000000"
local must, refused = local_ironclad.must, local_ironclad.refused
local URL = "https://files.example.com/drafts/nda%20v2.pdf?download=1"

local sandbox, client

setup(function()
  sandbox, client = local_ironclad.start { clock = "2026-03-02T09:00:00Z", job_seconds = 30 }
end)
teardown(function() sandbox:stop() end)

local function body(changes)
  local attributes = { counterpartyName = "Acme", draft = { { url = URL } } }
  for name, value in pairs(changes or {}) do attributes[name] = value end
  return { template = NDA, attributes = attributes }
end

-- What the status shows of a request: with the creator, where it has none.
local function with_creator(request)
  request.creator = { type = "id", id = must(client.oauth:userinfo()).id }
  return request
end

local function status_of(job) return must(client.workflows:get_launch_status(job.asyncJobId)) end

describe("an asynchronous launch", function()
  it("ends after job_seconds with a workflow", function()
    local before = must(client.workflows:list()).count
    local job = must(client.workflows:launch_async(body { contractValue = { currency = "EUR", amount = 3 } }))
    assert.are.equal(sandbox.url .. "/public/api/v1/workflows/async/" .. job.asyncJobId, job.asyncJobStatusUrl)
    sandbox:advance(29)
    local status = status_of(job)
    assert.are.equal("in_progress", status.status)
    assert.are.same(with_creator(body { contractValue = { currency = "EUR", amount = 3 } }), status.requestPayload)
    assert.is_nil(status.workflow)
    assert.are.equal(before, must(client.workflows:list()).count)
    sandbox:advance(1)
    status = status_of(job)
    assert.are.equal("success", status.status)
    assert.are.same(must(client.workflows:get(status.workflow.id)), status.workflow)
    assert.are.same({ "2026-03-02T09:00:30.000Z", "Review" }, { status.workflow.created, status.workflow.step })
    assert.are.equal(before + 1, must(client.workflows:list()).count)
    assert.are.equal(sandbox.url .. "/public/api/v1/workflows/" .. status.workflow.id, status.workflowUrls.apiUrl)
    assert.are.equal(sandbox.url .. "/workflows/" .. status.workflow.id, status.workflowUrls.browserUrl)
    local requests = must(client.workflows:list_approval_requests(status.workflow.id)).list
    assert.are.equal(status.workflow.created, requests[1].startTime)
  end)

  local wrong = {
    { "an attribute that is missing", function(b) b.attributes.counterpartyName = nil end, "MISSING_PARAM",
      "counterpartyName" },
    { "an unknown attribute", function(b) b.attributes.party = "x" end, "INVALID_PARAM", "party" },
    { "a document in no part", function(b) b.attributes.draft = { { file = "x" } } end, "INVALID_PARAM", "draft" },
  }
  for _, case in ipairs(wrong) do
    it("fails with " .. case[1], function()
      local request = body()
      case[2](request)
      local job = must(client:request("POST", "/public/api/v1/workflows/async", { body = request }))
      assert.are.equal("in_progress", status_of(job).status)
      sandbox:advance(30)
      local status = status_of(job)
      assert.are.same({ "failed", case[3], case[4] }, { status.status, status.error.code, status.error.param })
      assert.are.same(with_creator(request), status.requestPayload)
      assert.is_truthy(status.error.redirectUrl:find("/workflows/launch/" .. NDA, 1, true))
    end)
  end

  it("is refused at once without a template that is there, and fails for somebody who may not", function()
    refused({ 400, "MISSING_PARAM", "template" },
      client:request("POST", "/public/api/v1/workflows/async", { body = { attributes = {} } }))
    refused({ 400, "INVALID_PARAM", "template" }, client.workflows:launch_async { template = NOBODY, attributes = {} })
    local job = must(client.workflows:launch_async(body(), { as_user = "tom.becker@example.com" }))
    sandbox:advance(30)
    assert.are.equal("FORBIDDEN", status_of(job).error.code)
    refused({ 404, "NOT_FOUND", "asyncJobId" }, client.workflows:get_launch_status "jobIdnope")
  end)

  it("shows the current workflow", function()
    local job = must(client.workflows:launch_async(body()))
    sandbox:advance(30)
    local id = status_of(job).workflow.id
    sandbox:approve(id)
    must(client.workflows:send_signature_request(id))
    sandbox:sign { workflow = id, all = true }
    sandbox:advance(30)
    local workflow = status_of(job).workflow
    assert.are.same({ "Complete", "complete" }, { workflow.step, workflow.signatures.state })
  end)
end)

describe("a draft by URL", function()
  it("exists under its name, but nothing is fetched", function()
    local workflow = must(client.workflows:launch(body()))
    local draft = workflow.attributes.draft[1]
    assert.are.equal("nda%20v2.pdf", draft.filename)
    local bytes = must(client.workflows:download_document(workflow.id, draft.key))
    assert.is_truthy(bytes:find("https://files.example", 1, true))
  end)

  local wrong = { "https://files.example.com/", "ftp://files.example.com/a.pdf", "a.pdf", "https://x.example/a.exe" }
  for _, url in ipairs(wrong) do
    it("is refused as " .. url, function()
      refused({ 400, "INVALID_PARAM", "draft" }, client.workflows:launch(body { draft = { { url = url } } }))
    end)
  end
end)

describe("e-mail", function()
  -- The first contract of the fixtures that has some.
  local function with_emails()
    for workflow in client.workflows:each() do
      local page = must(client.workflows:list_emails(workflow.id))
      if page.count > 0 then return workflow, page end
    end
  end

  it("is listed, with what went out and what came in", function()
    local workflow, page = with_emails()
    assert.are.same({ 0, 20, #page.list }, { page.page, page.pageSize, page.count })
    local out, came = page.list[1], page.list[2]
    assert.are.same({ "outboundEmail", "internalUser", "inboundEmail", "externalUser" },
      { out.type, out.author.type, came.type, came.author.type })
    assert.are.equal(out.recipients[1], out.emailOpenedTimestamps[1].email)
    local sent = out.attachments[1]
    local document = must(client.workflows:get_documents(workflow.id)).signaturePacketDocuments[1]
    assert.are.same({ document.key, document.download, document.filename, 1 },
      { sent.documentKey, sent.download, sent.filename, sent.documentVersion })
    assert.are.equal(1, #must(client.workflows:list_emails(workflow.id, { page = 1, pageSize = 1 })).list)
    local turns = must(client.workflows:list_turn_history(workflow.id)).list
    assert.are.same({ "counterparty", "internal" }, { turns[2].turnParty, turns[3].turnParty })
  end)

  it("is read and downloaded by its thread", function()
    local workflow, page = with_emails()
    local came = page.list[2]
    assert.are.same(came, must(client.workflows:get_email(workflow.id, came.emailThreadId)))
    assert.are.same(page.list[1], must(client.workflows:get_email(workflow.id, page.list[1].id)))
    local attachment = came.attachments[1]
    local id = attachment.download:match "^/public/api/v1/workflows/%x+/emails/%w+/attachments/(%w+)$"
    local bytes = must(client.workflows:download_email_attachment(workflow.id, came.emailThreadId, id))
    assert.is_truthy(bytes:find(attachment.filename, 1, true))
  end)

  it("is not found under other ids", function()
    local workflow, page = with_emails()
    local thread = page.list[2].emailThreadId
    local emails = client.workflows
    refused({ 404, "NOT_FOUND", "workflowId" }, emails:list_emails(workflow.ironcladId))
    refused({ 404, "NOT_FOUND", "workflowId" }, emails:get_email(NOBODY, thread))
    refused({ 404, "NOT_FOUND", "emailThreadId" }, emails:get_email(workflow.id, "nope"))
    refused({ 404, "NOT_FOUND", "emailThreadId" }, emails:download_email_attachment(workflow.id, "nope", "nope"))
    refused({ 404, "NOT_FOUND", "attachmentId" }, emails:download_email_attachment(workflow.id, thread, "nope"))
  end)
end)

describe("formulas over workflows", function()
  local only -- a part of the name that no other contract has

  setup(function()
    only = "Formula"
    must(client.workflows:launch(body {
      counterpartyName = only .. " One", contractValue = { currency = "EUR", amount = 100 }, numberOfPeople = 3,
      agreementDate = "2026-01-05",
    }))
    must(client.workflows:launch(body { counterpartyName = only .. " Two", mutual = false }))
    must(client.workflows:launch {
      template = CONSULTING,
      attributes = { counterpartyName = only .. " Three", scopeOfWork = "x", fee = { currency = "USD", amount = 1 },
        startDate = "2026-02-01" },
    })
  end)

  local cases = {
    { "", { "One", "Two", "Three" } },
    { ", Equals([mutual], false)", { "Two" } },
    { ", GreaterThan([contractValue], 99)", { "One" } },
    { ", LessThan([agreementDate], Date(2026, 1, 6))", { "One" } },
    { ", IsEmpty([numberOfPeople])", { "Two", "Three" } },
    { ", IsNotEmpty([draft])", { "One", "Two", "Three" } },
    { ", IsNotEmpty([supportingDocument])", {} },
    { ", Equals([scopeOfWork], 'x')", { "Three" } },
  }
  for _, case in ipairs(cases) do
    it("select by And(…" .. case[1] .. ")", function()
      local all = "Contains([counterpartyName], 'formula')"
      local formula = case[1] == "" and all or ("And(%s%s)"):format(all, case[1])
      local found = {}
      local page = must(client.workflows:list { filter = formula })
      for i, workflow in ipairs(page.list) do
        found[i] = workflow.attributes.counterpartyName:match(only .. " (.*)")
      end
      assert.are.same(case[2], found)
      assert.are.equal(#case[2], page.count)
    end)
  end

  it("are combined with the other conditions", function()
    local filter = ironclad.filter.Contains("counterpartyName", only)
    assert.are.equal(1, must(client.workflows:list { filter = filter, template = CONSULTING }).count)
    assert.are.equal(0, must(client.workflows:list { filter = filter, status = "paused" }).count)
    refused({ 400, "INVALID_PARAM", "/?filter" }, client.workflows:list { filter = "Equals([nobodysAttribute], 1)" })
    refused({ 400, "INVALID_PARAM", "/?filter" }, client.workflows:list { filter = "Equals(" })
  end)
end)
