-- What is found by name instead of by id, and what a company has: templates by title, users by e-mail, client:describe;
-- clients that act as someone else; choices that are refused before anything is sent.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local must = ironclad.must
local sandbox, client

before_each(function() sandbox, client = local_ironclad.start() end)
after_each(function() sandbox:stop() end)

local function requests(operation)
  local count = 0
  for _, request in ipairs(sandbox:requests()) do
    if request.operation == operation then count = count + 1 end
  end
  return count
end

local draft = ironclad.file { data = "x", filename = "nda.docx" }

describe("a template", function()
  it("is found by its title, in other letters, by a part of it, and by its id", function()
    local schema = must(client.workflow_schemas:find "Mutual NDA")
    for _, wanted in ipairs { "mutual nda", "Mutual N", schema.id } do
      assert.equal(schema.id, must(client.workflow_schemas:find(wanted)).id)
    end
    assert.equal(1, requests "list-all-workflow-schemas")
  end)

  it("is looked up again when the clock was set back", function()
    must(client.workflow_schemas:find "Mutual NDA")
    local time = os.time
    finally(function() rawset(os, "time", time) end)
    rawset(os, "time", function(...) return ... and time(...) or time() - 3600 end)
    for _ = 1, 2 do must(client.workflow_schemas:find "Mutual NDA") end
    assert.equal(2, requests "list-all-workflow-schemas")
  end)

  it("that does not exist is answered with the titles that do", function()
    local found, err = client.workflow_schemas:find "Mutual NDB"
    assert.is_nil(found)
    assert.equal("not_found", err.kind)
    assert.matches('there is no template "Mutual NDB"; did you mean "Mutual NDA"%?; there are "Consulting', err.message)
  end)

  it("makes empty lists of the empty tables that it has as lists", function()
    local schema = must(client.workflow_schemas:find "Consulting Agreement")
    for _, template in ipairs { "Consulting Agreement", schema } do
      local attributes = { lineItems = {}, counterpartyName = "Acme" }
      local shown = must(client.workflows:launch({ template = template, attributes = attributes }, { dry_run = true }))
      if template == schema then assert.is_truthy(shown.body:find('"lineItems":[]', 1, true), shown.body) end
      local _, err = client.workflows:launch { template = template, attributes = attributes }
      assert.is_nil(err and err.message:find("expected array", 1, true))
      assert.is_nil(getmetatable(attributes.lineItems))
    end
  end)

  it("prints its fields", function()
    local text = tostring(must(client.workflow_schemas:find "Mutual NDA"))
    assert.matches('^workflow schema %x+ "Mutual NDA"\n', text)
    assert.matches("\n  counterpartyName %(Counterparty Name%): string, required\n", text)
    assert.matches("\n  draft %(Draft%): array of document, required", text)
  end)

  it("prints what is null as missing", function()
    local server = scene.answering { peer.json
      '{"id":null,"name":null,"schema":{"a":{"type":null},"b":{"type":"array","elementType":{"type":null}}}}' }
    finally(scene.stop)
    assert.equal('workflow schema ? "?"\n  a: ?\n  b: array of ?',
      tostring(must(scene.connect(server).workflow_schemas:get "x")))
  end)

  it("prints the same wherever it comes from", function()
    local found = must(client.workflow_schemas:find "Mutual NDA")
    local text = tostring(found)
    assert.equal(text, tostring(must(client.workflow_schemas:get(found.id))))
    assert.equal(text, tostring(must(client:call("retrieve-a-workflow-schema", { path = { found.id } }))))
    local told
    client.workflow_schemas:get(found.id, { callback = function(schema) told = schema end })
    ironclad.run()
    assert.equal(text, tostring(told))
    local listed, iterated = {}, {}
    for _, schema in ipairs(must(client.workflow_schemas:list()).list) do listed[schema.id] = tostring(schema) end
    for schema in client.workflow_schemas:each() do iterated[schema.id] = tostring(schema) end
    assert.equal(text, listed[found.id])
    assert.same(listed, iterated)
    for id, lines in pairs(listed) do assert.matches("^workflow schema " .. id .. ' ".-"\n  ', lines) end
  end)

  it("is launched by its title", function()
    local body = { template = "Mutual NDA", attributes = { counterpartyName = "Acme", draft = { draft } } }
    local workflow = must(client.workflows:launch(body))
    assert.equal(must(client.workflow_schemas:find "Mutual NDA").id, workflow.template)
    assert.equal("Acme", workflow.attributes.counterpartyName)
    assert.equal("Mutual NDA", body.template)
    assert.is_string(must(client.workflows:launch_async { template = "Mutual NDA", attributes = {} }).asyncJobId)
  end)

  it("is looked up by the user who launches it", function()
    local body = { template = "Mutual NDA", attributes = { counterpartyName = "Acme", draft = { draft } } }
    local function lookups()
      local list = {}
      for _, request in ipairs(sandbox:requests()) do
        if request.operation == "list-all-workflow-schemas" then list[#list + 1] = request.as_user end
      end
      return table.concat(list, " ")
    end
    for _ = 1, 2 do
      must(client.workflows:launch(body))
      must(client.workflows:launch(body, { as_user = "omar.haddad@example.com" }))
    end
    assert.equal("jane.doe@example.com omar.haddad@example.com", lookups())
  end)

  it("is launched by its title in the background", function()
    local told
    client.workflows:launch({ template = "Mutual NDA", attributes = { counterpartyName = "Acme", draft = { draft } } },
      { callback = function(workflow, err) told = workflow or err end })
    ironclad.run()
    assert.equal("Acme", told.attributes.counterpartyName)
  end)

  it("is not launched when the title is wrong, or an attribute is misspelt", function()
    local workflow, err = client.workflows:launch { template = "No such NDA", attributes = {} }
    assert.is_nil(workflow)
    assert.equal("not_found", err.kind)
    assert.error_matches(function()
      client.workflows:launch { template = "Mutual NDA", attributes = { counterpartName = "Acme" } }
    end, 'workflows:launch: attributes.counterpartName: .-did you mean "counterpartyName"')
    local schema = must(client.workflow_schemas:find "Mutual NDA")
    assert.error_matches(function()
      client.workflows:launch { template = schema, attributes = { counterpartName = "Acme" } }
    end, 'workflows:launch: attributes.counterpartName: .-did you mean "counterpartyName"')
    assert.equal(0, requests "launch-a-new-workflow")
  end)
end)

describe("client:describe", function()
  it("tells templates, record types and properties, and prints them", function()
    local company = must(client:describe())
    assert.equal("table", type(company.record_types.mutualNDA))
    assert.equal("date", company.properties.expirationDate.type)
    local text = tostring(company)
    assert.matches('workflow schema %x+ "Mutual NDA"', text)
    assert.matches("\n  mutualNDA %(Mutual NDA%)\n", text)
    assert.matches("\n  expirationDate.-: date\n", text)
  end)
end)

describe("client:with", function()
  it("acts as someone else on the same connection, and a call may still say otherwise", function()
    local omar = client:with { as_user = "omar.haddad@example.com" }
    assert.equal("omar.haddad@example.com", must(omar.oauth:userinfo()).email)
    assert.equal("jane.doe@example.com", must(client.oauth:userinfo()).email)
    assert.equal("li.wei@example.com", must(omar.oauth:userinfo { as_user = "li.wei@example.com" }).email)
    local both = omar:with { headers = { ["X-Extra"] = "1" } }
    local dry = both.workflows:list { dry_run = true }
    assert.equal("omar.haddad@example.com", dry.as_user)
    assert.equal("1", dry.headers["x-extra"])
    assert.equal(1, requests "oauth-token")
    for workflow in omar.workflows:each { limit = 1 } do
      assert.equal("omar.haddad@example.com", workflow:get({}, { dry_run = true }).as_user)
    end
  end)

  it("refuses other options", function()
    assert.error_matches(function() client:with { as_usr = "x" } end, 'did you mean "as_user"')
    assert.error_matches(function() client:with { instance = "na1" } end, "with: instance: unknown option")
  end)

  it("refuses values that no call takes, before any call", function()
    local omar = client:with { as_user = "omar.haddad@example.com" }
    for _, case in ipairs {
      { { as_user = { userId = "5f0e", email = "li.wei@example.com" } },
        "as_user: expected an e%-mail or id, a user's table, or false for none; got a table without id" },
      { { as_user = { id = 5 } }, "as_user: .- got a table without id" },
      { { as_user = { id = "" } }, "as_user: must not be empty" },
      { { as_user = 5 }, "as_user: expected a string" },
      { { timeout = -1 }, "timeout: expected a number from 0.001 to 86400" },
      { { deadline = "x" }, "deadline: expected a number" },
      { { max_retries = 1.5 }, "max_retries: expected a whole number" },
      { { headers = 5 }, "headers: expected a table" },
      { { headers = { ["X-A"] = {} } }, "headers.X%-A: expected a string" },
      { { headers = { Authorization = "x" } }, "headers.Authorization: is set by the module" },
    } do
      assert.error_matches(function() omar:with(case[1]) end, "^with: " .. case[2])
    end
    assert.error_matches(function() client.workflows:list { as_user = { userId = "5f0e" } } end,
      "workflows:list: as_user: .- got a table without id")
    assert.equal("5f0e", omar:with({ as_user = { id = "5f0e" } }).workflows:list({ dry_run = true }).as_user)
  end)
end)

describe("a choice", function()
  it("is refused before anything is sent, with the nearest right one", function()
    sandbox:clear_requests()
    for _, case in ipairs {
      { function() client.workflows:list { status = "activ" } end, 'status: .- got "activ"; did you mean "active"' },
      { function() client.workflows:list { status = { "active", "done" } } end, 'status: .-got "done"' },
      { function() client.workflows:list { status = "active,done" } end, 'status: .-got "done"' },
      { function() client.records:each { sortField = "nam" } end, 'records:each: sortField: .-did you mean "name"' },
      { function() client.workflows:update_approval("IC-2", "legal", { status = "aproved" }) end, '"approved"' },
      { function() client:call("list-all-records", { query = { sortDirection = "UP" } }) end, "one of ASC, DESC" },
      { function() client.workflows:wait("IC-2", { status = "complete" }) end, 'did you mean "completed"' },
      { function() client.workflows:list { status = "" } end, 'status: .- got ""' },
      { function() client.workflows:list { status = "," } end, 'status: .- got ""' },
      { function() client.workflows:list { status = "active," } end, 'status: .- got ""' },
      { function() client.workflows:list { status = true } end, "status: .- got true" },
      { function() client.workflows:list { status = { 5 } } end, "status: .- got 5" },
      { function() client.workflows:each { status = 5 } end, "status: .- got 5" },
      { function() client.records:list { sortField = 5 } end, "sortField: .- got 5" },
      { function() client.records:list { sortField = { "name" } } end, "sortField: .- got a table" },
      { function() client.workflows:update_approval("IC-2", "legal", { status = true }) end, "status: .- got true" },
      { function() client.workflows:update_approval("IC-2", "legal", { status = { "approved" } }) end, "got a table" },
      { function() client.webhooks:create { targetURL = "https://a.example/", events = { "workflow_launchd" } } end,
        'events: expected a known value, got "workflow_launchd"; did you mean "workflow_launched"' },
      { function() client.webhooks:create { targetURL = "https://a.example/", events = { "nothing" } } end,
        "events: expected one of %*, workflow_launched" },
      { function() client.webhooks:create { targetURL = "https://a.example/", events = "workflow_launched" } end,
        "events: expected a list, got a string" },
      { function() client.webhooks:update("w", { events = { "*", 5 } }) end, "events: .- got 5" },
      { function() client:call("update-a-webhook", { path = { "w" }, body = { events = { "lunch" } } }) end, "lunch" },
    } do
      assert.error_matches(case[1], case[2])
    end
    assert.equal(0, #sandbox:requests())
    assert.equal(400, select(2, client.workflows:list { extra = { query = { status = "new" } } }).status)
  end)
end)

describe("users and groups", function()
  it("are found, changed and deactivated", function()
    local user = must(client.scim.users:find_by_email "tom.becker@example.com")
    assert.equal("tom.becker@example.com", user.userName)
    assert.is_nil((client.scim.users:find_by_email "nobody@example.com"))
    local group = must(client.scim.groups:create { displayName = "Testers" })
    local function members()
      local ids = {}
      for i, member in ipairs(must(client.scim.groups:get(group.id)).members or {}) do ids[i] = member.value end
      return ids
    end
    local li = must(client.scim.users:find_by_email "li.wei@example.com")
    must(group:add_members(user))
    must(group:add_members { li.id })
    assert.equal(2, #members())
    must(group:remove_members { user, li })
    assert.same({}, members())
    assert.is_false(must(user:deactivate()).active)
    assert.error_matches(function() client.scim.users:find_by_email "tom" end, "expected an e%-mail address")
    assert.error_matches(function() group:add_members {} end, "expected a list of users or ids")
  end)
end)

describe("client:map", function()
  it("reports progress, and lists errors in the order of the items", function()
    local seen = {}
    local results, errors, list = client:map({ "IC-1", "IC-998", "IC-2", "IC-999" }, function(id)
      return client.workflows:get(id)
    end, { on_progress = function(done, total, failed) seen[#seen + 1] = { done, total, failed } end })
    assert.equal(4, #seen)
    assert.same({ 4, 4, 2 }, seen[4])
    assert.is_table(results[1])
    assert.same({ 2, 4 }, { list[1].index, list[2].index })
    assert.equal(errors[4], list[2].error)
  end)
end)

describe("an iterator", function()
  it("knows the count after the first page", function()
    local iterator = client.records:each { pageSize = 1 }
    assert.is_nil(iterator.count)
    assert.is_table(iterator())
    assert.equal(must(client.records:list { pageSize = 1 }).count, iterator.count)
    iterator:close()
  end)
end)

describe("scopes", function()
  it("are told for everything that can be called", function()
    local scopes = ironclad.scopes_for
    for called, operation in pairs {
      ["records:each"] = "records:list", ["workflows:wait"] = "workflows:get",
      ["workflow:set"] = "workflows:update_attributes",
      ["workflows:each_comments"] = "workflows:list_comments", ["exports:wait"] = "exports:get",
      ["record:refresh"] = "records:get", ["workflow:cancel"] = "workflows:cancel",
      ["workflow_schemas:find"] = "workflow_schemas:list", ["group:add_members"] = "scim.groups:update",
      ["users:list"] = "scim.users:list", ["users:find_by_email"] = "scim.users:list",
      ["groups:list"] = "scim.groups:list", ["client:describe"] = "describe", ["client:check"] = "check",
      ["retrieve-a-workflow"] = "workflows:get",
    } do
      assert.same(scopes { operation }, scopes { called }, called)
    end
    assert.same({ "public.workflows.createWorkflows" }, scopes { "workflows:launch_and_wait" })
    assert.error_matches(function() scopes { "records:eech" } end, 'unknown operation records:eech; did you mean')
  end)

  it("are told for every public method but those of the sandbox", function()
    for name in pairs(require("spec.support.public_names")()) do
      if name:find(":", 1, true) and not name:find "^sandbox:" then
        local fine, answer = pcall(ironclad.scopes_for, { name })
        if name == "client:call" or name == "client:request" then
          assert.matches("ironclad.scopes_for: " .. name .. " needs the scopes of the operations that it is given",
            answer)
        else
          assert.is_true(fine, answer)
          local bare = name:match "^client:(.*)$"
          if bare then assert.same(answer, ironclad.scopes_for { bare }) end
        end
      end
    end
    for _, wrong in ipairs { "client:descibe", "iterator:clos", "workflow:lanch", "event:resorce", "cw:acept", "mapp",
      "users:find_by_mail", "sites:each_contract", 3 } do
      assert.error_matches(function() ironclad.scopes_for { wrong } end, "unknown operation " .. wrong)
    end
  end)

  it("are none where no operation needs one, and those of an event's resource are told apart", function()
    local scopes = ironclad.scopes_for
    for _, name in ipairs { "webhooks:receiver", "client:map", "map", "client:download", "iterator:close",
      "cw:accept", "contracts:list", "site:list_contracts" } do
      assert.same({}, scopes { name }, name)
    end
    assert.same(scopes { "workflows:get", "records:get", "obligations:get" }, scopes { "event:resource" })
  end)

  it("that do not exist are named when Ironclad refuses them", function()
    local _, err = sandbox:connect { scopes = { "workflows.readWorkflow", "records.readRecords" } }:check()
    assert.equal("auth", err.kind)
    assert.matches("; workflows.readWorkflow is not known: did you mean public.workflows.readWorkflows%?",
      err.message)
    assert.equal(1, select(2, err.message:gsub("did you mean", "")))
  end)

  it("are taken with and without public.", function()
    local asked = sandbox:connect { scopes = { "workflows.readWorkflows", "public.records.readRecords" } }
    assert.is_table(must(asked.workflows:list { pageSize = 1 }))
    assert.is_table(must(asked.records:list { pageSize = 1 }))
  end)
end)

describe("a download into a folder", function()
  it("gets the server's name, made safe, and replaces nothing", function()
    local folder = peer.temporary_folder()
    local record = must(client.records:get "IC-22")
    local name = record.attachments.signedCopy.filename
    local first = must(record:download_attachment("signedCopy", { to = folder .. "/" }))
    assert.equal(folder .. "/" .. name, first)
    local second = must(record:download_attachment("signedCopy", { to = folder .. "/" }))
    assert.equal(folder .. "/" .. name:gsub("%.pdf$", " (2).pdf"), second)
    assert.equal(peer.read_file(first), peer.read_file(second))
    -- Ironclad's answer has no name for a workflow's document.
    local document = must(client.workflows:get_documents "IC-1").signaturePacketDocuments[1]
    assert.equal(folder .. "/" .. document.key,
      must(client.workflows:download_document("IC-1", document.key, nil, { to = folder .. "/" })))
    local failed, err = client.workflows:download_document("IC-1", "nope", nil, { to = folder .. "/" })
    assert.is_nil(failed)
    assert.equal(400, err.status)
    assert.equal("", (peer.shell("ls -A " .. folder .. " | grep part")))
    peer.remove_folder(folder)
  end)

  it("never leaves the folder", function()
    local safe = require("ironclad.calls.folder").safe_name
    for given, expected in pairs {
      ["../../etc/passwd"] = "passwd", ["..\\x.pdf"] = "x.pdf", ["a\0b\n.pdf"] = "a_b_.pdf", [".hidden"] = "hidden",
      ["a. "] = "a", ["x:y.pdf"] = "x_y.pdf",
    } do
      assert.equal(expected, safe(given))
    end
    assert.is_nil(safe "..")
    assert.is_nil(safe "/")
    assert.is_true(#safe(("ü"):rep(300) .. ".pdf") <= 200)
    assert.matches("%.pdf$", safe(("ü"):rep(300) .. ".pdf"))
  end)
end)
