-- Takes a contract from review to a signed copy on disk: lua sign_and_archive.lua IC-12 [folder]
-- Approves what the user may approve, waits for the other reviewers, sends the signature request, waits until all have
-- signed, and saves the signed copies of the contract's records. It may be stopped and run again at any time.
-- Reads its connection from the environment, as launch_nda.lua does. IRONCLAD_WAIT is the longest wait for a step, in
-- seconds.

local ironclad = require "ironclad"
local must = ironclad.must
local id, folder = arg[1] or error("usage: lua sign_and_archive.lua IC-12 [folder]", 0), arg[2] or "."

local client = ironclad.from_env { scopes = ironclad.scopes_for { "workflows:get", "workflows:get_approvals",
  "workflows:update_approval", "workflows:get_sign_status", "workflows:send_signature_request", "records:get",
  "records:download_attachment" } }
local me = must(client.oauth:userinfo())

local function approve_mine(workflow)
  for _, approval in ipairs(workflow.step == "Review" and must(workflow:pending_approvals()) or {}) do
    for _, person in ipairs(approval.assignees) do
      if person.userId == me.id then
        must(workflow:update_approval(approval.role, { status = "approved" }))
        print("approved as " .. approval.displayName)
      end
    end
  end
end

local workflow = must(client.workflows:get(id))
local function wait(step)
  must(workflow:wait { step = step, timeout = tonumber(os.getenv "IRONCLAD_WAIT"), on_progress = approve_mine })
  print(workflow)
end
wait "Sign"
if workflow.step == "Sign" and must(workflow:get_sign_status()).status == "not_sent" then
  must(workflow:send_signature_request())
end
wait "Complete"
for _, record in ipairs(must(workflow:records())) do
  print(must(record:download_attachment("signedCopy", { to = ("%s/%s.pdf"):format(folder, record.ironcladId) })))
end
