-- Calls every operation of the sandbox in several states, with right and wrong requests, and validates each answer
-- against Ironclad's OpenAPI documents (in the folder $IRONCLAD_API_DOCS, or ../shared/ironclad-api). The requests are
-- in spec/truth/. The table below has the allowed differences, each with its reason.
local ironclad = require "ironclad"
local witness = require "spec.support.witness"

local documents = require("spec.support.api_documents").folder

-- The last of each is a section of FACTS.md, or LIVE.md, in the folder of the documents.
local differences = {
  { { "create-a-webhook", "create-an-entity" }, 200, "^status$", "created ones are answered with 200", "4, common" },
  { { "retrieve-a-workflow-document", "retrieve-an-attachment-on-a-record", "retrieve-attachment-from-email-thread",
    "retrieve-xlsx-export-file-of-all-records", "export-job-download" }, 200, "^content%-type$",
    "downloads are bytes, whatever is declared", "7.5" },
  { { "oauth-authorize" }, 200, "^status$", "the page of consent, where Ironclad sends to its own", "1" },
  { { "launch-a-new-workflow" }, 200, "^/schema/", "`schema` is that of a workflow, not the values of a launch", "7" },
  { { "create-a-record", "retrieve-a-record", "list-all-records", "update-record-metadata" }, 200,
    "/properties/counterpartyAddress$", "an address is a text unless `addressAsObject` is set", "4, records" },
  { { "update-workflow-approval" }, 400, "^/$", "what is not found is answered with 400, NOT_FOUND", "4, common" },
  { { "approval-requests" }, 200, "/durationSeconds$", "live answers have it", "4, workflows" },
  { { "create-a-webhook", "list-all-webhooks", "retrieve-a-webhook", "update-a-webhook" }, 200, "/tags$",
    "live answers have it", "3" },
  { { "launch-a-new-workflow", "update-workflow-metadata" }, 200, "^/creator/",
    "a workflow is shown as retrieve-a-workflow shows it", "7" },
  { { "retrieve-a-workflow", "list-all-workflows" }, 200, "/creator/", "live answers have more of it", "LIVE" },
  { { "list-all-workflow-signers", "workflow-upload-signed-document" }, 200, "/routing", "live answers have it",
    "LIVE" },
  { { "approval-requests" }, 200, "/netRequestDurationSeconds$", "live answers have it", "LIVE" },
  { { "list-all-workflow-schemas", "retrieve-a-workflow-schema" }, 200, "/options$",
    "fields without choices have options without values", "LIVE" },
  { { "list-all-records-metadata" }, 200, "^/recordTypes/%a+/description$", "live answers have it", "LIVE" },
  { { "list-all-records-metadata" }, 200, "^/properties/[%w_]+/%a+$", "live answers have tags, a version and AI flags",
    "LIVE" },
  { { "list-all-records-metadata" }, 200, "^/repositoryId$", "live answers have it", "LIVE" },
  { { "launch-a-new-workflow" }, 200, "^/approvals/url$", "the same", "7" },
  { { "retrieve-asynchronous-workflow-status" }, 200, "^/workflow/schema/", "`schema` is that of a workflow", "7" },
  { { "retrieve-asynchronous-workflow-status" }, 200, "^/workflow/creator/", "as retrieve-a-workflow shows it", "7" },
  { { "retrieve-asynchronous-workflow-status" }, 200, "^/workflow/approvals/url$", "the same", "7" },
  { { "get-all-entity-relationship-types" }, 200, "^/%d+/%a+$",
    "items also carry companyId, kind, typeHash and properties", "4, common" },
  { { "get_sites-site-id-signers-id-signer-id-activity" }, 200, "^/data/%d+/contract$",
    "`expand` puts the contract where its id stands", "5" },
  { { "get_sites-site-id-signers-id-signer-id-activity" }, 200, "^/data/%d+/version$", "the same of the version", "5" },
  { { "get_contracts-contract-id" }, 200, "^/latest_version$", "the same", "5" },
  { { "get_activity", "get_sites-site-id-signers-id-signer-id-activity" }, 200, "/event_type$",
    "any text is accepted as `et`", "5" },
  { { "list-all-signers", "list-all-signers-1" }, 200, "^/%l[%l_]+$", "they have pages as other lists have", "5" },
  { { "retrieve-webhook-verification-key" }, 200, "^content%-type$", "application/x-pem-file", "3, verification" },
}

local scenes = {
  "oauth", "company", "workflows", "signing", "records", "files", "exports", "entities", "webhooks", "scim",
  "strangers", "clickwrap",
}

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

local function contains(list, wanted)
  for _, item in ipairs(list) do
    if item == wanted then return true end
  end
  return false
end

local function allowed(problem)
  for _, difference in ipairs(differences) do
    if contains(difference[1], problem.operation) and difference[2] == problem.status
      and problem.place:find(difference[3]) then
      difference.used = difference.used or {}
      difference.used[problem.operation] = true
      return true
    end
  end
  return false
end

if not exists(documents .. "/ironclad-public-api-openapi.json") then
  describe("the truth of the sandbox", function()
    pending("needs Ironclad's OpenAPI documents in " .. documents)
  end)
  return
end

describe("the truth of the sandbox:", function()
  local by_operation = {} -- { problems = {text, …}, statuses = {[status] = how many} }

  local function of(id)
    by_operation[id] = by_operation[id] or { problems = {}, statuses = {} }
    return by_operation[id]
  end

  local function note(id, text) table.insert(of(id).problems, text) end

  setup(function()
    local client = witness.start()
    for _, name in ipairs(scenes) do client:play(name, dofile("spec/truth/" .. name .. ".lua")) end
    client:stop()
    for _, answer in ipairs(client.exchanges) do
      local statuses = of(answer.operation).statuses
      statuses[answer.status] = (statuses[answer.status] or 0) + 1
    end
    for _, fault in ipairs(client.faults) do note(fault.operation or "the scenes", fault.text) end
    for _, problem in ipairs(client:validate(documents)) do
      if not allowed(problem) then
        note(problem.operation, ("%d, %s %s (%s)"):format(problem.status, problem.place, problem.text,
          problem.target))
      end
    end
  end)

  -- IRONCLAD_FIGURES=1 prints how many answers were validated, by the API.
  teardown(function()
    if not os.getenv "IRONCLAD_FIGURES" then return end
    local answers, operations = {}, {}
    for _, operation in ipairs(ironclad.operations()) do
      local product = operation.product
      operations[product] = (operations[product] or 0) + 1
      for _, times in pairs(of(operation.id).statuses) do answers[product] = (answers[product] or 0) + times end
    end
    for product, number in pairs(operations) do
      print(("%s: %d answers of %d operations validated"):format(product, answers[product], number))
    end
  end)

  local function count(statuses, least, most)
    local sum = 0
    for status, times in pairs(statuses) do
      if status >= least and status <= most then sum = sum + times end
    end
    return sum
  end

  it("all scenes run to their end", function()
    assert.are.equal("", table.concat(of("the scenes").problems, "\n"))
  end)

  for _, operation in ipairs(ironclad.operations()) do
    it(operation.id, function()
      local seen = of(operation.id)
      assert.is_nil(seen.statuses[501], "answers 501")
      assert.are.equal("", table.concat(seen.problems, "\n"))
      assert.is_true(count(seen.statuses, 200, 399) > 0, "never succeeds")
      assert.is_true(count(seen.statuses, 400, 599) > 0, "is never refused")
    end)
  end

  it("every allowed difference occurs", function()
    for _, difference in ipairs(differences) do
      for _, id in ipairs(difference[1]) do
        assert.is_truthy(difference.used and difference.used[id],
          ("%s never differs: %s"):format(id, difference[4]))
      end
    end
  end)
end)
