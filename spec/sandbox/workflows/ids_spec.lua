-- Which operations on a workflow accept its readable id (IC-12) besides the internal one, and how each says that there
-- is no such workflow: by its document's 404, or by 400 with the code NOT_FOUND where it declares no 404.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"

local NOBODY = "000000000000000000000000"
local must = local_ironclad.must

local sandbox, client, workflow

setup(function()
  sandbox, client = local_ironclad.start()
  workflow = must(local_ironclad.launch(client))
end)
teardown(function() sandbox:stop() end)

local ATTACHMENT = ironclad.file { data = "%PDF-", filename = "a.pdf" }
local EXTERNAL = { type = "external", name = "N", email = "n@example.org" }
local SIGNER = "Company Signer"

-- operationId -> { takes IC-12, status without a workflow, the path's other values, body }
local operations = {
  ["retrieve-a-workflow"] = { true, 400 },
  ["list-all-workflow-approvals"] = { true, 400 },
  ["approval-requests"] = { true, 404 },
  ["update-workflow-approval"] = { true, 400, { roleId = "nobody" }, { status = "approved" } },
  ["turn-history"] = { true, 404 },
  ["get-sign-status"] = { true, 404 },
  ["send-signature-request"] = { true, 404 },
  ["schedule-send-signature-request"] = { true, 404, {}, { notifyAt = "2100-01-01" } },
  ["update-scheduled-signature-request"] = { true, 404, {}, { notifyAt = "2100-01-01" } },
  ["delete-scheduled-signature-request"] = { true, 404 },
  ["cancel-signature-request"] = { true, 404, {}, { reason = "x" } },
  ["update-signer"] = { true, 404, { signerRoleName = SIGNER }, { reason = "x", assigned = EXTERNAL } },
  ["delete-signer"] = { true, 404, { signerRoleName = SIGNER } },
  ["remind-signer"] = { true, 404, { signerRoleName = SIGNER } },
  ["list-all-workflow-signers"] = { true, 400 },
  ["create-recipient-url"] = { true, 404, {}, { type = "signer", roleName = SIGNER } },
  ["create-embeddable-recipient-url"] = { true, 404, {},
    { type = "signer", roleName = SIGNER, frameAncestor = "example.com" } },
  ["workflow-upload-signed-document"] = { false, 404, {},
    { attachment = ATTACHMENT, metadata = { signerRoleNames = { SIGNER } } } },
  ["list-all-workflow-participants"] = { true, 404 },
  ["update-workflow-role-assignment"] = { true, 404, { roleName = "Legal" }, { userId = NOBODY } },
  ["list-workflow-role-eligible-assignees"] = { true, 404, { roleName = "Legal" } },
  ["revert-to-review"] = { true, 404, {}, {} },
  ["resume-a-workflow"] = { false, 400, {}, { comment = { message = "x" } } },
  ["pause-a-workflow"] = { false, 400, {}, { comment = { message = "<@nobody@example.com>" } } },
  ["cancel-a-workflow"] = { false, 400, {}, { comment = { message = "<@nobody@example.com>" } } },
  ["deprecated-create-a-comment-on-a-workflow"] = { true, 400, {}, { comment = "x" } },
  ["create-a-comment-on-a-workflow"] = { true, 400, {}, { comment = "x" } },
  ["list-all-comments-in-a-workflow"] = { true, 404 },
  ["list-a-comment-from-a-workflow"] = { false, 404, { commentId = "nope" } },
  ["update-workflow-metadata"] = { true, 404, {}, { updates = ironclad.array {} } },
  ["retrieve-workflow-documents"] = { true, 404 },
  ["update-workflow-signature-packet"] = { true, 404, {}, { signaturePacketDocumentKeys = ironclad.array {} } },
  ["create-a-workflow-document"] = { false, 404, { attributeId = "draft" },
    { attachment = ATTACHMENT, metadata = { comment = { message = "x" } } } },
  ["retrieve-a-workflow-document"] = { true, 400, { key = "nope" } },
  ["retrieve-email-threads-from-workflow"] = { false, 404 },
  ["retrieve-email-thread-from-workflow"] = { false, 404, { emailThreadId = "nope" } },
  ["retrieve-attachment-from-email-thread"] = { false, 404, { emailThreadId = "nope", attachmentId = "nope" } },
}

-- The status with that id, and whether the answer is that there is no such workflow.
local function ask(operation, id)
  local path = { id = id }
  for name, value in pairs(operations[operation][3] or {}) do path[name] = value end
  local _, err = client:call(operation, { path = path, body = operations[operation][4] })
  if not err then return 200, false end
  local absent = err.param == "workflowId" or err.message:find("Workflow does not exist", 1, true) ~= nil
  return err.status, absent
end

describe("the id of a workflow:", function()
  for operation, expected in pairs(operations) do
    it(operation, function()
      assert.are.same({ expected[2], true }, { ask(operation, NOBODY) })
      local _, absent = ask(operation, workflow.ironcladId)
      assert.are.equal(not expected[1], absent)
      _, absent = ask(operation, workflow.id)
      assert.is_false(absent)
    end)
  end

  it("covers every operation", function()
    for _, operation in ipairs(ironclad.operations()) do
      if operation.path:find("/workflows/{id}", 1, true) then
        assert.is_truthy(operations[operation.id], operation.id)
      end
    end
  end)
end)
