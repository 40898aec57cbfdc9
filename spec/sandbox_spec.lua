-- The sandbox: a local Ironclad, met through the client, and through bytes where a client would not send them.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local sandbox_module = require "ironclad.sandbox"

local NDA = "5f595f76c4fc9b3571413c3a"
local CONSULTING = "600b296c3e15a234ab88f884"
local NOBODY = "00000000-0000-4000-8000-000000000000"

local sandbox, client

local function connect(options)
  local settings = { rate_limit = false, max_retries = 0 }
  for name, value in pairs(options or {}) do settings[name] = value end
  return sandbox:connect(settings)
end

setup(function()
  sandbox = assert(sandbox_module.start { tls = false })
  client = connect()
end)
teardown(function() sandbox:stop() end)

local function must(value, err)
  assert.is_nil(err and tostring(err))
  return value
end

-- What a refused call answers, held against { status, code, param }; the message is for people.
local function refused(expected, value, err)
  assert.is_nil(value)
  assert.is_table(err)
  assert.are.same(expected, { err.status, err.code, err.param }, tostring(err))
  return err
end

local function draft(bytes, name) return { ironclad.file { data = bytes or "%PDF-", filename = name or "nda.pdf" } } end

local function launch(attributes, options)
  local all = { counterpartyName = "Acme", draft = draft() }
  for name, value in pairs(attributes or {}) do all[name] = value end
  return client.workflows:launch({ template = NDA, attributes = all }, options)
end

local function new_workflow(attributes) return must(launch(attributes)) end

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

-- Sends bytes to the sandbox and answers everything that comes back.
local function raw(bytes)
  local folder = peer.temporary_folder()
  peer.write_file(folder .. "/request", bytes)
  local script = ("exec 3<>/dev/tcp/127.0.0.1/%d && cat %s/request >&3 && cat <&3"):format(sandbox.port, folder)
  local output = peer.shell("bash -c " .. peer.quoted(script))
  peer.remove_folder(folder)
  return output
end

local function raw_request(line, headers, body)
  local lines = { line .. " HTTP/1.1", "Host: sandbox", "Connection: close", "Content-Length: " .. #(body or "") }
  for _, header in ipairs(headers or {}) do lines[#lines + 1] = header end
  local answer = raw(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or ""))
  return tonumber(answer:match "^HTTP/1.1 (%d+)"), answer:match "\r\n\r\n(.*)$", answer
end

describe("starting a sandbox", function()
  local wrong = {
    { { prot = 1 }, "unknown option 'prot' %(did you mean 'port'%?%)" },
    { { token_second = 1 }, "did you mean 'token_seconds'" },
    { { something = 1 }, "unknown option 'something'$" },
    { { "port" }, "names of options are strings" },
    { { port = "8443" }, "'port' must be a number, not a string" },
    { { port = 65536 }, "'port' is out of range" },
    { { port = 0.5 }, "'port' is out of range" },
    { { token_seconds = 0 }, "'token_seconds' is out of range" },
    { { tls = "no" }, "'tls' must be a boolean, not a string" },
    { { host = "" }, "'host' is empty" },
    { { log = "a\0b" }, "'log' is empty or holds a NUL" },
  }
  for _, case in ipairs(wrong) do
    it("throws: " .. case[2], function()
      local ok, message = pcall(function() sandbox_module.start(case[1]) end)
      assert.is_false(ok)
      assert.is_truthy(message:find(case[2]), message)
      assert.is_truthy(message:find "sandbox_spec", "the message names the caller's line")
    end)
  end

  it("answers why it cannot listen", function()
    local none, message = sandbox_module.start { port = sandbox.port }
    assert.is_nil(none)
    assert.is_truthy(message:find("port " .. sandbox.port, 1, true), message)
    none, message = sandbox_module.start { log = "/nonexistent/log" }
    assert.is_nil(none)
    assert.is_truthy(message:find("/nonexistent/log", 1, true), message)
  end)

  it("serves with a certificate of its own, that is gone afterwards", function()
    local other = assert(sandbox_module.start())
    local file = other.ca_file
    assert.are.equal(("https://127.0.0.1:%d"):format(other.port), other.url)
    assert.are.equal(other.url, other.instance)
    local info = peer.shell("stat -c %a " .. peer.quoted(file))
    assert.are.equal("600", (info:gsub("%s", "")))
    assert.are.equal("jane.doe@example.com", must(other:connect().oauth:userinfo()).email)
    local by_name = "https://localhost:" .. other.port
    assert.are.equal("Jane", must(other:connect({ instance = by_name }).oauth:userinfo()).firstName)
    local _, err = other:connect({ ca_file = "/etc/ssl/certs/ca-certificates.crt" }).oauth:userinfo()
    assert.are.equal("tls", err.kind)
    other:stop()
    other:stop()
    assert.is_false(exists(file))
    assert.is_nil((other:connect { max_retries = 0 }.oauth:userinfo()))
  end)

  it("ends when it is collected, with its Lua state, and with the process", function()
    local other = assert(sandbox_module.start())
    local file, port = other.ca_file, other.port
    other = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.is_false(exists(file))
    local source = ("return assert(require('ironclad.sandbox').start{ port = %d }).ca_file"):format(port)
    assert.is_false(exists(peer.new_state(source)))
    local output, status = peer.lua [[
      print(assert(require("ironclad.sandbox").start()).ca_file)
      os.exit(5)
    ]]
    assert.are.equal(5, status)
    assert.is_false(exists((output:gsub("%s+$", ""))))
  end)

  it("stays the parent's after a fork", function()
    local other = assert(sandbox_module.start())
    local status = peer.fork_run(function()
      if pcall(other.requests, other) then return 1 end
      other:stop()
      other = nil
      collectgarbage()
      return assert(sandbox_module.start()):requests()[1] and 2 or 7
    end)
    assert.are.equal(7, status)
    assert.is_true(exists(other.ca_file))
    must(other:connect().oauth:userinfo())
    other:stop()
  end)

  it("says what it holds, and keeps a log", function()
    local folder = peer.temporary_folder()
    local other = assert(sandbox_module.start {
      tls = false, log = folder .. "/log", client_id = "my client", client_secret = "s%+&=é", token_seconds = 60,
    })
    for _, text in ipairs { other.url, "my client", "s%+&=é", "jane.doe@example.com", "Mutual NDA", NDA } do
      assert.is_truthy(other:info():find(text, 1, true), text)
    end
    for _, how in ipairs { "json", "form", "basic" } do
      must(other:connect({ token_auth = how }).oauth:userinfo())
    end
    other:stop()
    local log = peer.read_file(folder .. "/log")
    assert.is_truthy(log:find(" 200 GET /oauth/userinfo oauth-userinfo jane.doe@example.com\n", 1, true), log)
    peer.remove_folder(folder)
  end)

  it("remembers the requests", function()
    sandbox:clear_requests()
    must(client.workflows:list { pageSize = 1 })
    client:request("GET", "/nowhere?a=b", { as_user = false })
    assert.are.same({
      {
        method = "GET", path = "/public/api/v1/workflows?pageSize=1", status = 200, operation = "list-all-workflows",
        as_user = sandbox.as_user,
      },
      { method = "GET", path = "/nowhere?a=b", status = 404 },
    }, sandbox:requests())
    sandbox:clear_requests()
    assert.are.same({}, sandbox:requests())
  end)
end)

describe("tokens", function()
  local grant

  local function ask(changes)
    local body = { grant_type = "client_credentials", client_id = sandbox.client_id, client_secret = sandbox.client_secret }
    for name, value in pairs(changes or {}) do body[name] = value or nil end
    return client:request("POST", "/oauth/token", { body = body })
  end

  before_each(function() grant = must(ask()) end)

  it("live six hours, and name their scopes only when asked for some", function()
    assert.are.equal("Bearer", grant.token_type)
    assert.are.equal(21600, grant.expires_in)
    assert.is_nil(grant.scope)
    assert.are.equal("public.records.readRecords", must(ask { scope = "public.records.readRecords" }).scope)
  end)

  local refusals = {
    { { client_secret = "wrong" }, 403, "unauthorized_client" },
    { { client_id = NOBODY }, 403, "unauthorized_client" },
    { { client_id = "no uuid" }, 400, "invalid_request" },
    { { grant_type = "password" }, 400, "unsupported_grant_type" },
    { { grant_type = "" }, 400, "unsupported_grant_type" },
    { { client_secret = 5 }, 400, "invalid_request" },
    { { scope = "public.records.readRecords public.nothing" }, 400, "invalid_scope" },
  }
  for i, case in ipairs(refusals) do
    it(("are refused: %s (%d)"):format(case[3], i), function() refused({ case[2], case[3] }, ask(case[1])) end)
  end

  it("are refused for a form without a secret and for no form at all", function()
    local form = { "Content-Type: application/x-www-form-urlencoded" }
    assert.are.equal(400, (raw_request("POST /oauth/token", form, "grant_type=client_credentials&client_id=x")))
    assert.are.equal(400, (raw_request("POST /oauth/token", form)))
    assert.are.equal(400, (raw_request("POST /oauth/token", {}, "[")))
  end)

  it("are refused when unknown, expired or revoked", function()
    local mine = connect { token = grant.access_token }
    must(mine.oauth:userinfo())
    local texts = { { "expire_tokens", "token has expired" }, { "revoke_tokens", "token has been revoked" } }
    for _, case in ipairs(texts) do
      sandbox[case[1]](sandbox)
      local err = refused({ 401, "UNAUTHORIZED" }, mine.oauth:userinfo())
      assert.is_truthy(err.message:find(case[2], 1, true), err.message)
    end
    local err = refused({ 401, "UNAUTHORIZED" }, connect({ token = "unknown" }):request("GET", "/public/api/v1/no/such"))
    assert.is_truthy(err.message:find("invalid authentication token", 1, true), err.message)
  end)

  it("are renewed by the client", function()
    sandbox:expire_tokens()
    sandbox:clear_requests()
    must(client.oauth:company_info())
    local seen = {}
    for i, request in ipairs(sandbox:requests()) do seen[i] = request.status .. " " .. request.path end
    assert.are.same({ "401 /oauth/company-info", "200 /oauth/token", "200 /oauth/company-info" }, seen)
  end)

  it("carry scopes, of which an operation wants all, or either", function()
    local function with(...) return connect { scopes = { ... }, default_scope = false } end
    refused({ 403, "FORBIDDEN" }, with("public.records.readRecords").workflows:list())
    must(with("public.records.readRecords").records:list())
    for _, scope in ipairs { "public.records.createComments", "public.workflows.createComments" } do
      must(with(scope).workflows:create_comment("IC-3", { comment = scope }))
    end
    refused({ 403, "FORBIDDEN" }, with("public.search.conversational").search:conversational { query = "x" })
    assert.are.same({ "public.records.readRecords" }, must(with("public.records.readRecords").oauth:userinfo()).scopes)
  end)

  it("act as a user, whom each request names", function()
    refused({ 400, "MISSING_PARAM", "x-as-user-email" }, client.workflows:list { as_user = false })
    refused({ 400, "INVALID_PARAM", "x-as-user-email" }, client.workflows:list { as_user = "no@example.com" })
    refused({ 400, "INVALID_PARAM", "x-as-user-id" }, client.workflows:list { as_user = "5f0375c4cdc1927a3c5ed1ff" })
    local me = must(client.oauth:userinfo { as_user = "li.wei@example.com" })
    assert.are.equal("Li Wei", me.displayName)
    assert.are.equal(me.email, must(client.oauth:userinfo { as_user = me.id }).email)
  end)
end)

describe("requests that nobody answers", function()
  it("are 404, or 501 with the operation's name", function()
    refused({ 404, "NOT_FOUND" }, client:request("GET", "/public/api/v1/nothing"))
    refused({ 404, "NOT_FOUND" }, client:request("DELETE", "/public/api/v1/workflows"))
    refused({ 404, "NOT_FOUND" }, client:request("GET", "/elsewhere"))
    local err = refused({ 501, "NOT_IMPLEMENTED" }, client.webhooks:list())
    assert.is_truthy(err.message:find("list-all-webhooks", 1, true))
    local _, scim = client.scim.users:list()
    assert.are.equal(501, scim.status)
  end)

  it("carry a request id all the same", function()
    local _, err = client:request("GET", "/elsewhere")
    assert.is_truthy(err.request_id:find "^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$")
  end)

  it("are refused when the body is no JSON object", function()
    local _, grant = raw_request("POST /oauth/token", {}, ironclad.json.encode {
      grant_type = "client_credentials", client_id = sandbox.client_id, client_secret = sandbox.client_secret,
    })
    local headers = {
      "Authorization: Bearer " .. ironclad.json.decode(grant).access_token, "x-as-user-email: " .. sandbox.as_user,
    }
    local bodies = { "", "[]", "{", "null", '{"comment":', "\255", ("["):rep(10000), '{"a":' .. ("["):rep(600) }
    for _, body in ipairs(bodies) do
      local status, text = raw_request("POST /public/api/v1/workflows/IC-3/comments", headers, body)
      assert.are.equal(400, status)
      assert.is_truthy(text:find "_PARAM", text)
    end
    local multipart = { headers[1], headers[2], "Content-Type: multipart/form-data; boundary=edge" }
    local forms = {
      "", "--edge", "--edge\r\n\r\nx\r\n--edge--\r\n", ("\r\n"):rep(1000),
      '--edge\r\nContent-Disposition: form-data; name="data"\r\n\r\n[]\r\n--edge--\r\n',
      '--edge\r\nContent-Disposition: form-data; name="data"\r\n\r\n{}',
    }
    for _, form in ipairs(forms) do
      assert.are.equal(400, (raw_request("POST /public/api/v1/workflows", multipart, form)))
    end
    multipart[3] = "Content-Type: multipart/form-data"
    assert.are.equal(400, (raw_request("POST /public/api/v1/workflows", multipart, "--edge--")))
    must(client.oauth:userinfo())
  end)

  it("are refused when the body is too large", function()
    local other = assert(sandbox_module.start { tls = false, max_body = 1000 })
    local mine = other:connect { max_retries = 0 }
    local _, err = mine.workflows:create_comment("IC-3", { comment = ("x"):rep(1000) })
    assert.are.equal(413, err.status)
    must(mine.workflows:create_comment("IC-3", { comment = ("x"):rep(900) }))
    other:stop()
  end)
end)

describe("the company and its designs", function()
  it("can be asked for", function()
    local company = must(client.oauth:company_info())
    assert.are.equal("Larkspur Instruments", company.companyDisplayName)
    assert.are.equal("boolean", company.entitlements.jurist.type)
    local list = must(client.workflow_schemas:list()).list
    assert.are.same({ "Mutual NDA", "Consulting Agreement" }, { list[1].name, list[2].name })
    local schema = must(client.workflow_schemas:get(NDA))
    assert.are.equal("always", schema.schema.counterpartyName.required)
    assert.are.equal("document", schema.schema.draft.elementType.type)
    assert.are.same({ "launch", "view" }, schema.permissions)
    assert.are.same({ "view" }, must(client.workflow_schemas:get(NDA, { as_user = "tom.becker@example.com" })).permissions)
  end)

  it("want to know the form", function()
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

  it("takes JSON alone where no document is wanted, and an e-mail for a role", function()
    local workflow = must(client.workflows:launch({
      template = CONSULTING,
      attributes = {
        counterpartyName = "Boba", scopeOfWork = "x", fee = { currency = "USD", amount = 1 }, startDate = "2026-02-01",
        lineItems = { { description = "a", hours = 2 } }, executive = "li.wei@example.com",
      },
    }, { query = { useDefaultValues = true } }))
    assert.are.equal(1, workflow.attributes.consultants)
    assert.are.equal("li.wei@example.com", workflow.roles[3].assignees[1].email)
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

  it("refuses a file that is no contract, and a user who may not", function()
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
    assert.are.equal(1, must(client.workflows:list { status = "completed" }).count)
    assert.are.equal(3, must(client.workflows:list { status = { "completed", "cancelled", "paused" } }).count)
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
      refused({ 400, "INVALID_PARAM", "/?" .. case[2] }, client.workflows:list(case[1]))
    end)
  end

  it("ignores what it does not know, and never pretends to filter", function()
    local all = must(client.workflows:list()).count
    assert.are.equal(all, must(client.workflows:list { extra = { query = { limit = 1, sortField = "x" } } }).count)
    assert.are.equal(501, select(2, client.workflows:list { filter = "Equals([counterpartyName], 'Acme')" }).status)
  end)

  it("does not find what is not there", function()
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
    return client.workflows:update_approval(workflow, role, { status = status or "approved" }, { as_user = user })
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
  it("are kept in order, with whom they mention and what they answer", function()
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

  it("are refused when something in them is not there", function()
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
    local changed = must(update(workflow, set("counterpartyName", "Other"), { action = "remove", path = "numberOfPeople" }))
    assert.are.equal("Mutual NDA with Other", changed.title)
    assert.is_nil(changed.attributes.numberOfPeople)
    refused({ 400, "INVALID_PARAM", "attributes" }, update(workflow, set("mutual", false), set("nothing", 1)))
    assert.is_nil(must(client.workflows:get(workflow)).attributes.mutual)
  end)

  it("are refused as the document says", function()
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

  it("are refused with a bare text", function()
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
