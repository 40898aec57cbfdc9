-- Launches an NDA with a document, comments on it, approves it, and checks that Ironclad's copy of the document is the
-- same.
--
-- Reads its connection from IRONCLAD_INSTANCE, IRONCLAD_CLIENT_ID, IRONCLAD_CLIENT_SECRET and IRONCLAD_AS_USER (and
-- IRONCLAD_CA_FILE, for your own certificate). `make demo` sets them for a sandbox. With those of a company it runs
-- against the real service:
--
--   lua launch_nda.lua [document.docx [name of the template]]

local ironclad = require "ironclad"
local must = ironclad.must

local here = arg[0]:match "^(.*/)" or "./"
local document = arg[1] or here .. "nda.docx"
local wanted = arg[2] or "NDA"

local function say(...) print(string.format(...)) end

-- The name of the attribute that takes the document, which differs between templates.
local function document_attribute(template)
  for name, attribute in pairs(template.schema) do
    if attribute.type == "array" and attribute.elementType.type == "document" then return name end
  end
  error(("the template %q takes no document"):format(template.name), 0)
end

local function launch_nda()
  local started = os.time()
  for _, name in ipairs { "IRONCLAD_INSTANCE", "IRONCLAD_CLIENT_ID", "IRONCLAD_CLIENT_SECRET", "IRONCLAD_AS_USER" } do
    if not os.getenv(name) then error(name .. " is not set", 0) end
  end
  local client = ironclad.connect {
    instance = os.getenv "IRONCLAD_INSTANCE",
    client_id = os.getenv "IRONCLAD_CLIENT_ID",
    client_secret = os.getenv "IRONCLAD_CLIENT_SECRET",
    as_user = os.getenv "IRONCLAD_AS_USER",
    ca_file = os.getenv "IRONCLAD_CA_FILE",
    scopes = ironclad.scopes_for {
      "workflow_schemas:list", "workflows:launch", "workflows:get", "workflows:list", "workflows:create_comment",
      "workflows:get_approvals", "workflows:update_approval", "workflows:get_documents", "workflows:download_document",
    },
  }

  local me = must(client.oauth:userinfo())
  say("Connected to %s as %s <%s>, %s.", os.getenv "IRONCLAD_INSTANCE", me.displayName, me.email, me.companyName)

  local template
  for _, schema in ipairs(must(client.workflow_schemas:list()).list) do
    if not template and schema.name:lower():find(wanted:lower(), 1, true) then template = schema end
  end
  if not template then error(("no template has %q in its name"):format(wanted), 0) end
  say("Template: %s (%s).", template.name, template.id)

  local digest = must(ironclad.sha256(ironclad.file(document)))
  local workflow = must(client.workflows:launch {
    template = template.id,
    attributes = {
      counterpartyName = "Acme Corporation",
      [document_attribute(template)] = { ironclad.file(document) },
    },
  })
  say("Launched %s %q, now in %s.", workflow.ironcladId, workflow.title, workflow.step)

  must(workflow:create_comment { comment = "Launched by a recipe." })
  say("Commented on it.")

  -- Groups may have to approve one after the other, so the pending approvals are read again after each round.
  local pending
  repeat
    pending = must(workflow:pending_approvals())
    for _, approval in ipairs(pending) do
      local assignee = approval.assignees[1]
      must(workflow:update_approval(approval, { status = "approved" }, { as_user = assignee and assignee.email }))
      say("Approved as %s%s.", approval.displayName, assignee and (" (%s)"):format(assignee.email) or "")
    end
  until #pending == 0
  must(workflow:refresh())
  say("Nobody is left to approve; %s is now in %s.", workflow.ironcladId, workflow.step)

  local documents = must(workflow:get_documents())
  local sent = documents.signaturePacketDocuments[1] or documents.excludedFromSignaturePacketDocuments[1]
  if not sent then error(("%s has no document"):format(workflow.ironcladId), 0) end
  local copy = os.tmpname()
  must(workflow:download_document(sent, { to = copy }))
  local received = must(ironclad.sha256(ironclad.file(copy)))
  os.remove(copy)
  if received ~= digest then error(("%s came back changed: %s, not %s"):format(sent.filename, received, digest), 0) end
  say("Downloaded %s: the same SHA-256 as what was uploaded, %s.", sent.filename, received)

  -- Only active workflows are listed unless `status` says otherwise. The clocks may differ by up to a minute.
  local since = os.date("!%Y-%m-%dT%H:%M:%SZ", started - 60)
  say("Launched by this recipe:")
  for item in client.workflows:each { template = template.id, lastUpdated = since } do
    if item.id == workflow.id then say("  %s %q, %s, %s", item.ironcladId, item.title, item.step, item.status) end
  end
end

local fine, problem = pcall(launch_nda)
if not fine then
  io.stderr:write("launch_nda: ", tostring(problem), "\n")
  os.exit(1, true)
end
