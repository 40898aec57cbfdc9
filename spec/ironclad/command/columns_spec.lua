-- Columns that are asked for: a name that no row can have is refused before anything is sent.
local api_documents = require "spec.support.api_documents"
local catalog = require "ironclad.calls.catalog"
local columns = require "ironclad.command.columns"
local command = require "spec.support.command"
local names = require "ironclad.command.names"

local sandbox, client, given

setup(function()
  sandbox, given, client = command.start_sandbox()
end)
teardown(function() sandbox:stop() end)

-- Nothing was sent but what reads a token or a schema.
local function assert_nothing_sent(words)
  for _, request in ipairs(sandbox:requests()) do
    local schema = request.path:find "schema" or request.path:find "records/metadata$"
    assert.is_truthy(request.path == "/oauth/token" or request.method == "GET" and schema, words .. request.path)
  end
end

-- Runs lists of words: each is refused for its column. -> the messages
local function assert_refused(list)
  sandbox:clear_requests()
  local messages = {}
  for i, result in ipairs(command.run_all(list, given)) do
    local words = table.concat(list[i], " ")
    assert.same({ 2, "" }, { result.status, result.out }, words .. result.err)
    assert.matches("^ironclad: [^\n]*column[^\n]*\n$", result.err, words)
    messages[i] = result.err
    assert_nothing_sent(words)
  end
  return messages
end

describe("an unknown column", function()
  -- Every operation and helper of Ironclad: { words =, known = whether it is known what it answers, prints = … }.
  local function each()
    local list = {}
    for _, resource in ipairs(names.resources) do
      for _, word in ipairs(names.operation_words(resource)) do
        local _, entry, helper = names.operation(resource, word)
        local label = resource .. ":" .. word:gsub("%-", "_")
        local known = helper and not helper.prints or entry and (entry.answer ~= "json" or columns.answers[label]
          or entry.content and entry.content.kind)
        list[#list + 1] = { label = label, known = known, prints = helper and helper.prints,
          words = command.words(names.words_to(resource), word, command.arguments_of(entry, helper)) }
      end
    end
    return list
  end

  it("is refused by every operation and helper whose answer is documented", function()
    local list, unknown = {}, {}
    for _, operation in ipairs(each()) do
      -- The properties of entities and obligations are in no schema, so only what looks like a field is refused.
      local column = operation.label:find "^entities" and "nam" or operation.label:find "^obligations" and "nam"
        or "nosuch"
      if operation.known then
        list[#list + 1] = command.words(operation.words, "--columns", column)
        list[#list + 1] = command.words(operation.words, "--csv=id," .. column)
      elseif not operation.prints then
        unknown[#unknown + 1] = operation.label
      end
    end
    assert.is_true(#list > 150)
    assert_refused(list)
    assert.same({ "workflows:update_approval", "records:upload_attachment", "records:run_action" }, unknown)
  end)

  it("is refused by every other subcommand, with the nearest right name", function()
    local list = { "whoami --columns emial", "connections --columns nmae", "scopes --columns lable",
      "describe --columns nmae", "describe x --columns nmae", "changes records --state /nowhere/x --columns nmae",
      "changes workflows --state /nowhere/x --csv=titel", "records list --columns counterpartyNam",
      "workflows list --columns title,counterpartyNam", "records list --columns propertys.x" }
    for i, words in ipairs(list) do list[i] = command.words(words) end
    local right = { "email", "name", "label", "name", "name", "name", "title", "counterpartyName", "counterpartyName",
      "properties" }
    for i, message in ipairs(assert_refused(list)) do
      assert.matches(('did you mean "%s"'):format(right[i]), message)
    end
  end)

  it("changes nothing", function()
    local before = client.records:list { pageSize = 1 }.count
    for _, words in ipairs { "--columns nosuch", "--json --csv", "--csv=id --columns id", "--json --columns id" } do
      local out, err, status = command.run("records create type=nda name=x " .. words, given)
      assert.same({ 2, "" }, { status, out }, err)
    end
    assert.equal(before, client.records:list { pageSize = 1 }.count)
  end)

  it("of an answer of which nothing is known is named afterwards", function()
    assert.equal('ironclad: no row has a column "xyzzy"\nironclad: no row has a column "properties.x"\n',
      (select(2, command.run("entities list --columns name,xyzzy,properties.x", given))))
    assert.equal('ironclad: no row has a column "titel"; did you mean "title"?\n',
      (select(2, command.run("api /workflows/IC-2 --columns titel,id", given))))
  end)

  it("after --csv without a comma is explained", function()
    assert.matches("one column is %-%-csv=NAME", (select(2, command.run("records list --csv name", given))))
  end)
end)

it("a documented field, an attribute, a property and a path are columns, also of no rows", function()
  for _, webhook in ipairs(client.webhooks:list().list) do assert(client.webhooks:delete(webhook.id)) end
  for _, words in ipairs { "records list --all --columns counterpartyName,properties.counterpartyName.value",
    "workflows list --columns approvals.state,counterpartyName,attributes.counterpartyName,recordIds",
    "webhooks list --columns tags", "users list --columns name.givenName,userName", "whoami --columns email",
    "workflows pending-approvals IC-2 --columns order", "workflows list-comments IC-2 --columns author.email",
    "scopes --columns scope" } do
    local _, err, status = command.run(words, given)
    assert.equal(0, status, err)
    assert.equal("", err, words)
  end
end)

describe("the fields of answers", function()
  local follow = api_documents.follow

  local function properties(document, schema)
    local found = {}
    api_documents.each_property(document, schema, function(name, property) found[name] = property end)
    return found
  end

  -- The schema of what the command prints of an operation's answer: of one item of a list.
  local function printed(document, operation, entry)
    local schema = follow(document, api_documents.answer(document, operation))
    local field = entry.content and entry.content.field
    if field then schema = follow(document, properties(document, schema)[field]) end
    return schema.type == "array" and schema.items or schema
  end

  -- What live answers have beside the documents.
  local beyond = { ["entities:list_relationship_types"] = { "companyId", "kind", "properties", "typeHash" } }

  -- Compares the columns of an operation with its document -> whether it has columns.
  local function compare(document, operation)
    local _, entry = catalog.find(operation.operationId)
    local label = entry and entry.name and entry.resource .. ":" .. entry.name
    if not columns.answers[label] then return false end
    local found, known = {}, {}
    for name in pairs(properties(document, printed(document, operation, entry))) do found[name] = true end
    for _, name in ipairs(beyond[label] or {}) do found[name] = true end
    for _, name in ipairs(columns.answers[label]) do known[name] = true end
    assert.same(found, known, label)
    return true
  end

  it("are those of Ironclad's documents", function()
    local compared, count = 0, 0
    for _, name in ipairs { "public", "scim", "oauth-20" } do
      local document = api_documents.read("ironclad-" .. name .. "-api-openapi")
      if not document then return pending("no OpenAPI documents in " .. api_documents.folder) end
      for operation in api_documents.operations(document) do
        if compare(document, operation) then compared = compared + 1 end
      end
    end
    for _ in pairs(columns.answers) do count = count + 1 end
    assert.equal(count, compared)
  end)
end)
