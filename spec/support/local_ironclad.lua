-- What the specs of the sandbox share: the sandbox itself, its clients, checks of answers, and requests that a client
-- would not send.
local assert = require "luassert"
local http = require "spec.support.http"
local ironclad = require "ironclad"
local no_secrets = require "spec.support.no_secrets"
local sandbox_module = require "ironclad.sandbox"

local local_ironclad = {
  NDA = "5f595f76c4fc9b3571413c3a",
  CONSULTING = "600b296c3e15a234ab88f884",
  NOBODY = "00000000-0000-4000-8000-000000000000",
}

-- Starts it without TLS -> the sandbox, and a client of it.
function local_ironclad.start(options)
  local settings = { tls = false }
  for name, value in pairs(options or {}) do settings[name] = value end
  local sandbox = assert(sandbox_module.start(settings))
  return sandbox, local_ironclad.connect(sandbox)
end

-- A client that retries nothing and has no rate limits.
function local_ironclad.connect(sandbox, options)
  local settings = { rate_limit = false, max_retries = 0 }
  for name, value in pairs(options or {}) do settings[name] = value end
  return sandbox:connect(settings)
end

-- The headers of a request by the sandbox's first user, with a token.
function local_ironclad.actor(sandbox)
  local answer = http.send(sandbox.port, http.request("POST", "/oauth/token", { "Content-Type: application/json" },
    ironclad.json.encode {
      grant_type = "client_credentials", client_id = sandbox.client_id, client_secret = sandbox.client_secret,
    }))
  local token = ironclad.json.decode(answer.body).access_token
  no_secrets.remember(token)
  return { "Authorization: Bearer " .. token, "x-as-user-email: " .. sandbox.as_user }
end

-- Logs a person in as a browser would, for a client with the authorization code grant.
function local_ironclad.log_in(sandbox, client)
  local redirect_uri = "http://localhost:8765/callback"
  local url, state = client:authorize_url { redirect_uri = redirect_uri }
  local callback = assert(sandbox:consent { url = url, allow = true })
  ironclad.must(client:exchange(callback, { state = state, redirect_uri = redirect_uri }))
end

-- The requests for a token -> how many were granted, and how many were not.
function local_ironclad.token_requests(sandbox)
  local good, refused = 0, 0
  for _, request in ipairs(sandbox:requests()) do
    if request.path == "/oauth/token" then
      if request.status == 200 then good = good + 1 else refused = refused + 1 end
    end
  end
  return good, refused
end

-- The value of a call that must succeed.
function local_ironclad.must(value, err)
  assert.is_nil(err and tostring(err))
  return value
end

-- Checks that a call was refused with { status, code, param } -> the error.
function local_ironclad.refused(expected, value, err)
  assert.is_nil(value)
  assert.is_table(err)
  assert.are.same(expected, { err.status, err.code, err.param }, tostring(err))
  return err
end

-- A document for a launch.
function local_ironclad.draft(bytes, name)
  return { ironclad.file { data = bytes or "%PDF-", filename = name or "nda.pdf" } }
end

-- Launches an NDA with these attributes and the required ones -> what the call returns.
function local_ironclad.launch(client, attributes, options)
  local all = { counterpartyName = "Acme", draft = local_ironclad.draft() }
  for name, value in pairs(attributes or {}) do all[name] = value end
  return client.workflows:launch({ template = local_ironclad.NDA, attributes = all }, options)
end

-- Approves for these roles -> the workflow.
function local_ironclad.approve(client, workflow, roles)
  for _, role in ipairs(roles) do
    local_ironclad.must(client.workflows:update_approval(workflow.id, role, { status = "approved" }))
  end
  return workflow
end

-- An NDA in the Sign step.
function local_ironclad.in_sign(client, attributes)
  local workflow = local_ironclad.must(local_ironclad.launch(client, attributes))
  return local_ironclad.approve(client, workflow, { "legal", "finance" })
end

-- An NDA whose packet has been sent to its signers.
function local_ironclad.sent(client, attributes)
  local workflow = local_ironclad.in_sign(client, attributes)
  local_ironclad.must(client.workflows:send_signature_request(workflow.id))
  return workflow
end

-- A consulting agreement in the Sign step: all sign at once, by another provider.
function local_ironclad.consulting(client)
  local workflow = local_ironclad.must(client.workflows:launch {
    template = local_ironclad.CONSULTING,
    attributes = {
      counterpartyName = "Boba Fett", scopeOfWork = "Logistics", fee = { currency = "USD", amount = 5 },
      startDate = "2026-04-01",
    },
  })
  return local_ironclad.approve(client, workflow, { "legal", "finance", "executive" })
end

-- { role = status } of a workflow's signers.
function local_ironclad.signatures(client, workflow)
  local found = {}
  for _, signer in ipairs(local_ironclad.must(client.workflows:get_signers(workflow.id)).signers) do
    found[signer.roleName] = signer.signatureStatus.status
  end
  return found
end

-- Sends a request byte for byte -> status, body, and all of the answer.
function local_ironclad.raw(sandbox, line, headers, body)
  local method, target = line:match "^(%S+) (.*)$"
  local answer = assert(http.send(sandbox.port, http.request(method, target, headers, body or "")))
  return answer.status, answer.body, answer.bytes
end

return local_ironclad
