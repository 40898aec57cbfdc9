-- ironclad.scopes: the table agrees with the documents and the catalog; warnings about the scopes of a connection.
local api_documents = require "spec.support.api_documents"
local ironclad = require "ironclad"
local scopes = require "ironclad.connections.scopes"

local known = {}
for _, entry in ipairs(ironclad.scopes) do known[entry.scope] = entry end

describe("ironclad.scopes", function()
  it("lists each scope once, with a label and the grants that may ask for it", function()
    local count = 0
    for _ in pairs(known) do count = count + 1 end
    assert.equal(#ironclad.scopes, count)
    assert.same({ scope = "public.workflows.readWorkflows", label = "Read Workflows",
      grants = { "authorization_code", "client_credentials" } }, known["public.workflows.readWorkflows"])
    assert.same({ "authorization_code" }, known["public.search.conversational"].grants)
  end)

  it("has every scope of the catalog", function()
    for _, operation in ipairs(ironclad.operations()) do
      for _, scope in ipairs(operation.scopes) do
        assert.is_table(known[scope], operation.id .. ": " .. scope)
      end
    end
  end)

  local facts = api_documents.read "scopes"
  if facts then
    it("equals the documents' list", function()
      local names = { authorizationCode = "authorization_code", clientCredentials = "client_credentials" }
      local count = 0
      for _, group in ipairs { "public", "public_newer_than_openapi_snapshot", "scim" } do
        for _, fact in ipairs(facts[group]) do
          count = count + 1
          local entry = known[fact.scope]
          assert.is_table(entry, fact.scope)
          if fact.label then assert.equal(fact.label, entry.label) end
          local grants, flows = {}, fact.flows or { "authorizationCode", "clientCredentials" }
          for i, flow in ipairs(flows) do grants[i] = names[flow] end
          assert.same(grants, entry.grants, fact.scope)
        end
      end
      assert.equal(count, #ironclad.scopes)
    end)
  end
end)

describe("a warning about a scope", function()
  local cases = {
    { "none", nil, "client_credentials", {} },
    { "known ones", { "public.workflows.readWorkflows", "scim.users.readUsers" }, "client_credentials", {} },
    { "a misspelt one", { "public.records.applyContractActions" }, "client_credentials",
      { "applyContractActions is not a scope that this version knows %(did you mean "
        .. "public%.records%.applyContractAction%?%); it is sent as it is" } },
    { "one without its beginning", "workflows.readWorkflows", "client_credentials",
      { "did you mean public%.workflows%.readWorkflows%?" } },
    { "a new one", "public.robots.readRobots", "client_credentials", { "knows; it is sent as it is" } },
    { "one of the other grant", "public.workflows.readSignStatus", "client_credentials",
      { "readSignStatus for the authorization code grant only" } },
    { "the same for that grant", "public.workflows.readSignStatus", "authorization_code", {} },
    { "several in a string", "x.y scim.users.readUsers  z.z", "authorization_code", { "x.y is not", "z.z is not" } },
  }
  for _, case in ipairs(cases) do
    it("for " .. case[1], function()
      local texts = scopes.warnings(case[2], case[3])
      assert.equal(#case[4], #texts)
      for i, text in ipairs(texts) do
        assert.matches(case[4][i], text)
        assert.matches("^scopes: ", text)
      end
    end)
  end
end)
