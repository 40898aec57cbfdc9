-- Everything that the company starts with, in all states.
local function workflow(t, summary)
  local here = { path = { summary.id } }
  local shown = t:ok("retrieve-a-workflow", here)
  for _, id in ipairs {
    "list-all-workflow-approvals", "approval-requests", "turn-history", "list-all-workflow-participants",
    "retrieve-workflow-documents", "retrieve-email-threads-from-workflow",
  } do
    t:ok(id, here)
  end
  -- Before Sign, requests about signatures are refused.
  t:send("get-sign-status", here)
  t:send("list-all-workflow-signers", here)
  for _, comment in ipairs(t:ok("list-all-comments-in-a-workflow", here).list) do
    t:ok("list-a-comment-from-a-workflow", { path = { shown.id, comment.id } })
  end
  for _, value in pairs(shown.attributes) do
    local document = type(value) == "table" and (value[1] or value)
    if type(document) == "table" and document.download then
      t:ok("retrieve-a-workflow-document", { path = { shown.id, document.key } })
    end
  end
  for _, role in ipairs(shown.roles) do
    t:ok("list-workflow-role-eligible-assignees", { path = { shown.id, role.displayName } })
  end
end

local function workflows(t)
  local query = { pageSize = 100, status = "active,paused,completed,cancelled", hydrateEntities = "true" }
  for _, summary in ipairs(t:ok("list-all-workflows", { query = query }).list) do workflow(t, summary) end
end

local function records(t)
  for _, summary in ipairs(t:ok("list-all-records", { query = { pageSize = 100, addressAsObject = "true" } }).list) do
    local record = t:ok("retrieve-a-record", { path = { summary.id }, query = { addressAsObject = "true" } })
    for key in pairs(record.attachments) do
      t:ok("retrieve-an-attachment-on-a-record", { path = { record.id, key } })
    end
  end
end

local function all_of(t, list, get)
  for _, summary in ipairs(t:ok(list, { query = { pageSize = 100 } }).list) do t:ok(get, { path = { summary.id } }) end
end

local function people(t)
  for _, user in ipairs(t:ok "retrieve-all-users".Resources) do
    t:ok("retrieve-a-user", { path = { user.id } })
    t:ok("oauth-userinfo", { as_user = user.userName })
  end
  for _, group in ipairs(t:ok "retrieve-all-groups".Resources) do t:ok("retrieve-a-group", { path = { group.id } }) end
end

return function(t)
  t:play("the company's workflows", workflows)
  t:play("the company's records", records)
  t:play("the company's entities", function() all_of(t, "list-all-entities", "retrieve-an-entity") end)
  t:play("the company's obligations", function() all_of(t, "list-all-obligations", "retrieve-an-obligation") end)
  t:play("the company's people", people)
end
