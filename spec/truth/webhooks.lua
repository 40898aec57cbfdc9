-- Webhooks, and the key that verifies their signatures.
local function webhooks(t)
  local function create(url, events)
    return { body = { targetURL = url, events = events or { "workflow_launched" } } }
  end
  local made = t:ok("create-a-webhook", create "https://example.com/one")
  t:ok("create-a-webhook", create("https://example.com/two", { "*" }))
  t:refused("create-a-webhook", 400, create "https://example.com/one")
  t:refused("create-a-webhook", 400, create("https://example.com/three", { "no_such_event" }))
  t:refused("create-a-webhook", 400, create "http://example.com/plain")
  for _, query in ipairs { {}, { page = 1, pageSize = 1 }, { page = 9 } } do
    t:ok("list-all-webhooks", { query = query })
  end
  t:ok("retrieve-a-webhook", { path = { made.id } })
  for _, body in ipairs { { status = "disabled" }, { events = { "*" } }, { targetURL = "https://example.com/new" } } do
    t:ok("update-a-webhook", { path = { made.id }, body = body })
  end
  t:refused("update-a-webhook", 400, { path = { made.id }, body = { status = "sleeping" } })
  t:refused("update-a-webhook", 400, { path = { made.id }, body = { targetURL = "https://example.com/two" } })
  t:ok("delete-a-webhook", { path = { made.id } })
  t:refused("retrieve-a-webhook", 400, { path = { made.id } })
  t:refused("delete-a-webhook", 400, { path = { made.id } })
end

local function key(t)
  local pem = t:ok "retrieve-webhook-verification-key"
  assert(pem:find "^%-%-%-%-%-BEGIN PUBLIC KEY%-%-%-%-%-\n", "no PEM")
end

return function(t)
  t:play("webhooks", webhooks)
  t:play("the verification key", key)
end
