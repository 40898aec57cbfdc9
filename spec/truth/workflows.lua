-- Workflows before signing: designs, launch, lists, attributes, approvals, comments, documents, people.
local ironclad = require "ironclad"

local NDA = "5f595f76c4fc9b3571413c3a"
local AUDITOR = "tom.becker@example.com" -- may do nothing
local DRAFT = { name = "draft", filename = "nda.pdf", content_type = "application/pdf", data = "%PDF-1.4\n%%EOF\n" }

local function launch_parts(attributes)
  local all = { counterpartyName = "Acme", draft = { { file = "draft" } } }
  for name, value in pairs(attributes or {}) do all[name] = value end
  return { { name = "data", data = ironclad.json.encode { template = NDA, attributes = all } }, DRAFT }
end

-- A new workflow in Review.
local function launch(t, attributes) return t:ok("launch-a-new-workflow", { parts = launch_parts(attributes) }) end

local function designs(t)
  t:ok("list-all-workflow-schemas", { query = { form = "launch" } })
  t:refused("list-all-workflow-schemas", 400)
  t:ok("retrieve-a-workflow-schema", { path = { NDA }, query = { form = "launch" } })
  t:refused("retrieve-a-workflow-schema", 400, { path = { "nope" }, query = { form = "launch" } })
end

local function launching(t)
  local workflow = launch(t, {
    contractValue = { currency = "EUR", amount = 12.5 }, localParentRecord = "IC-8", term = "P2Y", mutual = true,
    agreementDate = "2026-02-01", counterpartyAddress = "1 Main St.\nTown", numberOfPeople = 3,
    counterpartyEmail = "a@b.example",
  })
  for _, id in ipairs { workflow.id, workflow.ironcladId } do
    t:ok("retrieve-a-workflow", { path = { id } })
    t:ok("retrieve-a-workflow", { path = { id }, query = { hydrateEntities = "true" } })
  end
  t:refused("retrieve-a-workflow", 400, { path = { "IC-99999" } }, "NOT_FOUND")
  for _, attributes in ipairs { { counterparty = "x" }, { mutual = "yes" }, { localParentRecord = "IC-99999" },
    { draft = { { file = "other" } } }, { counterpartyName = ironclad.null } } do
    t:refused("launch-a-new-workflow", 400, { parts = launch_parts(attributes) })
  end
  t:refused("launch-a-new-workflow", 400, { body = { template = "x", attributes = {} } })
  t:refused("launch-a-new-workflow", 400, { parts = { DRAFT } })
  t:refused("launch-a-new-workflow", 403, { parts = launch_parts(), as_user = AUDITOR })
end

local function launching_async(t)
  local body = {
    template = "600b296c3e15a234ab88f884",
    attributes = {
      counterpartyName = "Boba", scopeOfWork = "x", fee = { currency = "USD", amount = 1 }, startDate = "2026-02-01",
    },
  }
  local job = t:ok("create-a-new-workflow-async", { body = body })
  local status = { path = { job.asyncJobId } }
  t:ok("retrieve-asynchronous-workflow-status", status)
  t:pass_time(600)
  local answer = t:ok("retrieve-asynchronous-workflow-status", status)
  assert(answer.status ~= "in_progress", "the launch never ends")
  t:refused("retrieve-asynchronous-workflow-status", 404, { path = { "nope" } })
  t:refused("create-a-new-workflow-async", 400, { body = { template = "x", attributes = {} } })
  body.attributes.scopeOfWork = nil
  job = t:ok("create-a-new-workflow-async", { body = body })
  t:pass_time(600)
  answer = t:ok("retrieve-asynchronous-workflow-status", { path = { job.asyncJobId } })
  assert(answer.status == "failed", "the launch does not fail")
end

local function lists(t)
  for _, query in ipairs {
    {}, { pageSize = 1 }, { page = 1000 }, { pageSize = 100, status = "active,paused,completed,cancelled" },
    { status = "completed", hydrateEntities = "true" }, { template = NDA }, { lastUpdated = "2020-01-01T00:00:00Z" },
    { filter = "Equals([counterpartyName], 'Acme')" }, { someThing = "unknown" },
  } do
    t:ok("list-all-workflows", { query = query })
  end
  for _, query in ipairs { { status = "done" }, { pageSize = 101 }, { filter = "Equals(" }, { lastUpdated = "x" } } do
    t:refused("list-all-workflows", 400, { query = query })
  end
end

local function attributes(t)
  local id = launch(t, { term = "P2Y" }).id
  local function update(updates) return { path = { id }, body = { updates = updates, comment = "why" } } end
  t:ok("update-workflow-metadata", update { { action = "set", path = "counterpartyName", value = "New" } })
  t:ok("update-workflow-metadata", update { { action = "remove", path = "term" } })
  t:refused("update-workflow-metadata", 400, update { { action = "set", path = "counterpartyName", value = "New" } })
  t:refused("update-workflow-metadata", 400, update { { action = "set", path = "nope", value = "New" } })
  t:refused("update-workflow-metadata", 400, update { { action = "add", path = "term", value = "P1Y" } })
end

local function approvals(t)
  local id = launch(t).id
  local function approve(role, status)
    return { path = { id, role }, body = { status = status, user = { type = "email", email = t.sandbox.as_user } } }
  end
  t:ok("list-all-workflow-approvals", { path = { id } })
  t:refused("update-workflow-approval", 400, approve("nope", "approved"))
  local elsewhere = approve("legal", "approved")
  elsewhere.path[1] = "IC-99999"
  t:refused("update-workflow-approval", 400, elsewhere, "NOT_FOUND")
  t:refused("update-workflow-approval", 400, approve("finance", "approved"))
  t:ok("update-workflow-approval", approve("legal", "approved"))
  t:ok("update-workflow-approval", approve("finance", "approved"))
  t:refused("update-workflow-approval", 400, approve("finance", "pending"))
  t:ok("list-all-workflow-approvals", { path = { id } })
end

-- The scene of a list of a workflow.
local function workflow_list(operation)
  return function(t)
    local id = launch(t).id
    t:ok(operation, { path = { id } })
    t:refused(operation, 404, { path = { "IC-99999" } })
  end
end

local function comments(t)
  local id = launch(t).id
  local function comment(body) return { path = { id }, body = body } end
  local first = t:ok("create-a-comment-on-a-workflow", comment { comment = "for <@li.wei@example.com>" })
  local reply = t:ok("create-a-comment-on-a-workflow", comment {
    comment = "<@tom.becker@example.com>", addUsersToWorkflow = true, repliedToActivityFeedMessageId = first.id,
  })
  t:refused("create-a-comment-on-a-workflow", 400, comment { comment = "" })
  t:refused("create-a-comment-on-a-workflow", 400, comment { comment = "<@no@example.com>" })
  t:ok("list-all-comments-in-a-workflow", { path = { id } })
  t:ok("list-all-comments-in-a-workflow", { path = { id }, query = { page = 1, pageSize = 1 } })
  for _, made in ipairs { first, reply } do t:ok("list-a-comment-from-a-workflow", { path = { id, made.id } }) end
  t:refused("list-a-comment-from-a-workflow", 404, { path = { id, "nope" } })
end

local function deprecated_comment(t)
  local id = launch(t).id
  local function comment(text)
    return { path = { id }, body = { comment = text, creator = { type = "email", email = t.sandbox.as_user } } }
  end
  t:ok("deprecated-create-a-comment-on-a-workflow", comment "the old way")
  t:refused("deprecated-create-a-comment-on-a-workflow", 400, comment "")
end

local function documents(t)
  local id = launch(t).id
  local function upload(attribute, metadata)
    return { path = { id, attribute }, parts = {
      { name = "attachment", filename = "new.docx", data = "PK\3\4" },
      metadata and { name = "metadata", data = ironclad.json.encode(metadata) },
    } }
  end
  t:ok("create-a-workflow-document", upload("draft", { comment = { message = "better" } }))
  t:ok("create-a-workflow-document", upload("supportingDocument", { comment = { message = "more" } }))
  t:refused("create-a-workflow-document", 404, upload("counterpartyName", { comment = { message = "x" } }))
  t:refused("create-a-workflow-document", 400, { path = { id, "draft" }, parts = { { name = "other", data = "x" } } })
  local list = t:ok("retrieve-workflow-documents", { path = { id } })
  t:refused("retrieve-workflow-documents", 404, { path = { "IC-99999" } })
  local key
  for _, attribute in pairs(list) do
    if type(attribute) == "table" and attribute[1] then key = key or attribute[1].key end
  end
  local workflow = t:ok("retrieve-a-workflow", { path = { id } })
  key = key or workflow.attributes.draft[1].key
  local bytes = t:ok("retrieve-a-workflow-document", { path = { id, key } })
  assert(#bytes > 0, "an empty document")
  t:refused("retrieve-a-workflow-document", 400, { path = { id, "nope" } })
end

local function roles(t)
  local workflow = launch(t)
  local id = workflow.id
  local list = t:ok("list-workflow-role-eligible-assignees", { path = { id, "Legal" } })
  t:refused("list-workflow-role-eligible-assignees", 404, { path = { id, "No Such Role" } })
  local user = workflow.roles[2].assignees[1].userId
  assert(list, "no list")
  t:ok("update-workflow-role-assignment", { path = { id, "Legal" }, body = { userId = user } })
  t:refused("update-workflow-role-assignment", 400, { path = { id, "Legal" }, body = { userId = 1 } })
  t:refused("update-workflow-role-assignment", 404, { path = { "IC-99999", "Legal" }, body = { userId = user } })
end

local function pausing(t)
  local id = launch(t).id
  local said = { path = { id }, body = { comment = { message = "why" } } }
  t:refused("resume-a-workflow", 400, said)
  t:ok("pause-a-workflow", said)
  t:refused("pause-a-workflow", 400, said)
  t:ok("retrieve-a-workflow", { path = { id } })
  t:ok("resume-a-workflow", said)
  t:refused("pause-a-workflow", 400, { path = { id }, body = {} })
  t:ok("list-all-workflows", { query = { status = "paused" } })
end

local function cancelling(t)
  local id = launch(t).id
  local said = { path = { id }, body = { comment = { message = "why" } } }
  t:refused("cancel-a-workflow", 400, { path = { id }, body = {} })
  t:ok("cancel-a-workflow", said)
  t:ok("retrieve-a-workflow", { path = { id } })
  t:refused("cancel-a-workflow", 400, said)
  t:refused("pause-a-workflow", 400, said)
  t:ok("list-all-workflows", { query = { status = "cancelled" } })
end

local function reverting(t)
  local id = launch(t).id
  t:refused("revert-to-review", 400, { path = { id }, body = { comment = { message = "why" } } })
  for _, role in ipairs { "legal", "finance" } do
    t:ok("update-workflow-approval", { path = { id, role }, body = {
      status = "approved", user = { type = "email", email = t.sandbox.as_user },
    } })
  end
  t:ok("revert-to-review", { path = { id }, body = { comment = { message = "why" } } })
  t:ok("retrieve-a-workflow", { path = { id } })
  t:ok("turn-history", { path = { id } })
  t:ok("approval-requests", { path = { id } })
end

local function emails(t)
  local list = t:ok("list-all-workflows", { query = { status = "active,completed", pageSize = 100 } }).list
  t:refused("retrieve-email-threads-from-workflow", 404, { path = { "nope" } })
  for _, workflow in ipairs(list) do
    local threads = t:ok("retrieve-email-threads-from-workflow", { path = { workflow.id } }).list
    t:refused("retrieve-email-thread-from-workflow", 404, { path = { workflow.id, "nope" } })
    t:refused("retrieve-attachment-from-email-thread", 404, { path = { workflow.id, "nope", "nope" } })
    for _, thread in ipairs(threads) do
      t:ok("retrieve-email-thread-from-workflow", { path = { workflow.id, thread.emailThreadId or thread.id } })
      for _, attachment in ipairs(thread.emailThreadId and thread.attachments or {}) do
        t:ok("retrieve-attachment-from-email-thread",
          { path = { workflow.id, thread.emailThreadId, attachment.download:match "[^/]+$" } })
      end
    end
  end
end

return function(t)
  for _, scene in ipairs {
    { "designs", designs }, { "launching", launching }, { "launching async", launching_async }, { "lists", lists },
    { "attributes", attributes }, { "approvals", approvals },
    { "approval requests", workflow_list "approval-requests" }, { "turn history", workflow_list "turn-history" },
    { "comments", comments }, { "the deprecated comment", deprecated_comment }, { "documents", documents },
    { "participants", workflow_list "list-all-workflow-participants" }, { "roles", roles }, { "pausing", pausing },
    { "cancelling", cancelling }, { "reverting", reverting }, { "emails", emails },
  } do
    t:play("workflows: " .. scene[1], scene[2])
  end
end
