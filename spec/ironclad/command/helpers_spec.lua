-- The methods of resources that are not operations, as commands: each is one, or says what to use instead.
local complete = require "ironclad.command.complete"
local command = require "spec.support.command"
local manual = require "ironclad.manual"
local names = require "ironclad.command.names"

local sandbox, client, given

setup(function()
  sandbox, given, client = command.start_sandbox()
end)
teardown(function() sandbox:stop() end)

local function good(words)
  local out, err, status = command.run(words, given)
  assert.equal(0, status, words .. ": " .. err .. out)
  return out
end

-- Every helper as { label =, words = what leads to it, found = its entry }.
local function each_helper()
  local list = {}
  for resource, helpers in pairs(names.helpers) do
    for name, found in pairs(helpers) do
      local owner = found.kind or resource
      list[#list + 1] = { label = owner .. ":" .. name, found = found,
        words = names.words_to(resource) .. " " .. names.shown(name) }
    end
  end
  table.sort(list, function(a, b) return a.label < b.label end)
  return list
end

describe("the helpers of ironclad.manual", function()
  it("are commands, or are excepted with what to use instead", function()
    local known = {}
    for _, helper in ipairs(each_helper()) do known[helper.label] = true end
    for label in pairs(manual.helpers) do
      assert.is_true((known[label] ~= nil) ~= (names.excepted[label] ~= nil), label)
    end
    for label, instead in pairs(names.excepted) do
      assert.is_not_nil(manual.helpers[label], label)
      assert.matches("^`ironclad ", instead)
    end
    for label in pairs(known) do assert.is_not_nil(manual.helpers[label], label) end
  end)

  it("are in the help and the completion", function()
    for _, helper in ipairs(each_helper()) do
      local name = names.shown(helper.found.name):gsub("%-", "%%-")
      local resource, word = helper.words:match "^(.*) (%S+)$"
      local offered = {}
      for _, one in ipairs((complete.candidates(command.words(resource, { "" })))) do offered[one[1]] = true end
      assert.is_true(offered[word], helper.words)
      assert.matches("\n  " .. name .. " ", (good("help " .. names.words_to(helper.found.resource))))
      assert.matches(("^%s"):format(helper.found.text:sub(1, 20):gsub("%p", "%%%0")), (good("help " .. helper.words)))
    end
  end)

  for words, case in pairs {
    ["workflows changes"] = "`ironclad changes workflows` prints what is new",
    ["records each"] = "`ironclad records list %-%-all` prints every item",
    ["workflows each-comments IC-1"] = "`ironclad workflows list%-comments %-%-all` prints every item",
    ["webhooks refresh x"] = "`ironclad webhooks get ID` reads a resource",
    ["webhooks receiver"] = "`ironclad listen` receives events",
    ["users deactivate"] = "the id is missing: expected ID",
    ["users deactivate a b"] = "expected ID",
    ["groups add-members g"] = "expected ID USER…",
    ["workflow-schemas find"] = "expected TITLE",
    ["users find-by-email jane"] = "expected an e%-mail address",
    ["webhooks ensure https://example.test/x"] = "events is missing",
  } do
    it("refuses: " .. words, function()
      local out, err, status = command.run(words, given)
      assert.same({ 2, "" }, { status, out }, err)
      assert.matches("^ironclad: [^\n]*" .. case .. "[^\n]*\n$", err)
    end)
  end

  it("find a template and a user", function()
    assert.equal("Mutual NDA\n", (good "workflow-schemas find 'Mutual NDA' --columns name"))
    assert.equal("jane.doe@example.com\n", (good "users find-by-email jane.doe@example.com --columns userName"))
    local out, err, status = command.run("users find-by-email nobody@example.com", given)
    assert.same({ 1, "" }, { status, out })
    assert.matches('there is none for "nobody@example.com"', err)
  end)

  it("change users and groups", function()
    local user = assert(client.scim.users:find_by_email "omar.haddad@example.com")
    local jane = assert(client.scim.users:find_by_email "jane.doe@example.com")
    local group = assert(client.scim.groups:create { displayName = "From a terminal" })
    local function members() return #(group:refresh().members or {}) end
    good(("groups add-members %s %s %s"):format(group.id, user.id, jane.id))
    assert.equal(2, members())
    good(("groups remove-members %s %s"):format(group.id, user.id))
    assert.equal(1, members())
    assert.equal("false\n", (good("users deactivate " .. user.id .. " --columns active")))
  end)

  it("leave a webhook as it should be", function()
    local before = #client.webhooks:list().list
    local words = "webhooks ensure targetURL=https://example.test/hook --columns events,status events="
    assert.equal("workflow_launched\tenabled\n", (good(words .. "workflow_launched")))
    assert.equal("workflow_launched; workflow_completed\tenabled\n",
      (good(words .. "workflow_launched,workflow_completed")))
    assert.equal(before + 1, #client.webhooks:list().list)
  end)
end)

describe("--dry-run of", function()
  -- What each helper is given, and what it prints first; no request that is printed is sent.
  local cases = {
    ["workflows:wait"] = { "IC-1 --step Complete", "GET https://[^\n]*/workflows/IC%-1\n" },
    ["workflows:wait_launch"] = { "j1", "GET https://[^\n]*j1[^\n]*\n" },
    ["workflows:launch_and_wait"] = { "'Mutual NDA' counterpartyName=A "
      .. "'draft:=[{\"url\":\"https://example.test/nda.docx\"}]'", "POST https://[^\n]*/workflows/async[^\n]*\n" },
    ["workflow_schemas:find"] = { "'Mutual NDA'", "GET https://[^\n]*/workflow%-schemas[^\n]*\n" },
    ["scim.users:find_by_email"] = { "a@b.example", "GET https://[^\n]*/Users%?filter=[^\n]*\n" },
    ["webhooks:ensure"] = { "https://example.test/x 'events=*'", "GET https://[^\n]*/webhooks\n" },
    ["user:deactivate"] = { "u1", "PATCH https://[^\n]*/Users/u1\n.*\"value\": false" },
    ["group:add_members"] = { "g1 u1", "PATCH https://[^\n]*/Groups/g1\n.*\"op\": \"add\"" },
    ["group:remove_members"] = { "g1 u1", "PATCH https://[^\n]*/Groups/g1\n.*\"op\": \"remove\"" },
    ["workflow:pending_approvals"] = { "IC-1", "GET https://[^\n]*/workflows/IC%-1\n" },
    ["workflow:records"] = { "IC-1", "GET https://[^\n]*/workflows/IC%-1\n" },
    ["workflow:set"] = { "IC-2 counterpartyName=A", "PATCH https://[^\n]*/workflows/[^\n]+/attributes\n" },
    ["exports:create_and_wait"] = { "exportType=audit_log", "POST https://[^\n]*/exports\n" },
    ["exports:wait"] = { "j1", "GET https://[^\n]*/exports/j1\n" },
    ["records:create_download_urls_and_wait"] = { "type=latestSignedCopy identifiers=IC-22", "POST https://[^\n]*\n" },
    ["records:wait_download_urls"] = { "j1", "GET https://[^\n]*j1[^\n]*\n" },
    ["records:smart_import_and_wait"] = { "attachment=@recipes/nda.docx",
      "POST https://[^\n]*/smart%-import[^\n]*\n" },
    ["records:wait_import"] = { "r1", "GET https://[^\n]*smart%-import%?recordId=r1\n" },
    ["record:set"] = { "IC-22 counterpartyName=A", "PATCH https://[^\n]*/records/[^\n]+\n.*counterpartyName" },
    -- Properties that it has keep their types; any other name is taken.
    ["entity:set"] = { "ENTITY-4 'entity_yearlySpend=USD 5' own=A", 'PATCH https://[^\n]*/entities/.*"monetary_amount"'
      .. '.*"own": {%s+"type": "string"' },
    ["obligation:set"] = { "OB-1 userFacingObligations_dueDate=2030-01-31",
      'PATCH https://[^\n]*/obligations/.*"date"' },
  }
  for _, kind in ipairs { "record", "entity", "obligation" } do
    cases[kind .. ":plain"] = { "x", "GET https://[^\n]*/x\n" }
    cases[kind .. ":property"] = { "x name", "GET https://[^\n]*/x\n" }
  end

  for _, helper in ipairs(each_helper()) do
    local case = cases[helper.label]
    if not helper.words:find "^clickwrap" then
      it(helper.label, function()
        assert.is_table(case, "there is no case")
        sandbox:clear_requests()
        local out = good(("%s %s --dry-run"):format(helper.words, case[1]))
        assert.matches("^" .. case[2], out)
        local method = out:match "^%u+"
        for _, request in ipairs(sandbox:requests()) do
          if request.path:find "/oauth/" == nil then assert.equal("GET", request.method) end
          if method == "GET" then assert.is_not_nil(request.path:find "/oauth/", request.path) end
        end
      end)
    end
  end

  it("entities and obligations take properties of any name", function()
    for words, property in pairs {
      ["obligations update OB-1 userFacingObligations_description=x"] = "userFacingObligations_description",
      ["entities update ENTITY-4 own=x"] = "own", ["entities create name=E own=x"] = "own",
    } do
      assert.matches(('"%s": {%%s+"type": "string",%%s+"value": "x"'):format(property), (good(words .. " --dry-run")))
    end
  end)

  it("a list has its filter and the size of its page", function()
    local out = good "records list --expiring 90d --limit 7 --dry-run"
    assert.matches("pageSize=7", out)
    assert.matches("expirationDate", out)
  end)
end)
