-- The catalog (src/core/catalog/operations/) against Ironclad's OpenAPI documents, by spec/fixtures/operations.json.
local ironclad = require "ironclad"
local make_operations = dofile "spec/fixtures/make_operations.lua"

local documents = require("spec.support.api_documents").folder

local function read_file(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then file:close() end
  return text
end

local fixture = read_file "spec/fixtures/operations.json"
local facts = ironclad.json.decode(fixture)
local catalog = ironclad.operations()
local by_id = {}
for _, operation in ipairs(catalog) do
  by_id[operation.id] = operation
end

local function map(list, change)
  local result = {}
  for i, value in ipairs(list or {}) do
    result[i] = change and change(value) or value
  end
  return result
end

local function sorted(list)
  local result = map(list)
  table.sort(result)
  return result
end

---------------------------------------------------------------------------------------------------------------
-- Where the catalog follows the service, not the document's word. Each function makes what the document says
-- into what holds; `field` is the top-level field of a body, `query` the parameter.

local function bytes(operation)
  operation.answer = "bytes"
end

local function defaults(group, values)
  return function(operation)
    for name, value in pairs(values) do
      operation[group][name].default = value
    end
  end
end

local function required(names, value)
  return function(operation)
    for _, name in ipairs(names) do
      operation.fields[name].required = value
    end
  end
end

local newer_events = {
  "workflow_deleted", "obligation_created", "obligation_status_changed", "obligation_due_date_changed",
  "obligation_assignee_changed", "obligation_updated", "obligations_extraction_completed",
}

local function with_newer_events(operation)
  for _, event in ipairs(newer_events) do
    table.insert(operation.fields.events.choices, event)
  end
end

-- Without server_side = true, the answer is an image.
local function with_answer_in_json(operation)
  operation.fields.server_side = { type = "boolean", required = true, default = "true" }
end

local differences = {
  -- Downloads are declared as JSON with an empty schema.
  ["retrieve-a-workflow-document"] = bytes,
  ["retrieve-attachment-from-email-thread"] = bytes,
  ["retrieve-an-attachment-on-a-record"] = bytes,
  ["retrieve-xlsx-export-file-of-all-records"] = bytes,
  ["export-job-download"] = bytes,
  -- Defaults that only the prose names.
  ["list-all-workflows"] = defaults("query", { status = "active" }),
  ["list-all-entities"] = defaults("query", { sortField = "name", sortDirection = "DESC" }),
  ["export"] = defaults("fields", { exportFormat = "CSV", signedUrlEnabled = "false" }),
  -- The document requires a `status` that it does not define; the service takes none.
  ["revert-to-review"] = function(operation)
    operation.fields.status = nil
  end,
  -- The document requires neither; the service refuses "missing required form-data part 'metadata'".
  ["create-an-attachment-on-a-record"] = required({ "attachment", "metadata" }, true),
  -- Required by the schema, but excluded beside the other two by the prose, and with a default.
  ["create-a-smart-import-record-to-import"] = required({ "recordType" }, nil),
  -- Ours, and not sent: without signers the service takes the document as signed by all, which must be said.
  ["workflow-upload-signed-document"] = function(operation)
    operation.fields.fully_signed = { type = "boolean" }
  end,
  -- Must be there even when it is empty.
  ["create-an-obligation"] = function(operation)
    operation.fields.properties.required = true
    operation.fields.properties.default = "{}"
  end,
  -- An example of the document has it, its schema does not.
  ["create-an-entity"] = function(operation)
    operation.fields.removeParent = { type = "boolean" }
  end,
  -- Events that are newer than the document.
  ["create-a-webhook"] = with_newer_events,
  ["update-a-webhook"] = with_newer_events,
  -- Clickwrap. The parameters of `send` stand in the query or in the body; `send_by_query` has those of the query.
  ["send-contracts-signedaccepted-by-signer"] = function(operation)
    operation.query = {}
    with_answer_in_json(operation)
  end,
  ["send-sync"] = with_answer_in_json,
  ["send-by-query"] = function(operation)
    operation.query.server_side = { type = "boolean", required = true, default = "true" }
  end,
  -- A signed document wants both, the guide each.
  ["retrieve-native-app-snapshot-parameters"] = function(operation)
    operation.query.sid.required = true
  end,
  -- A published version takes two fields alone, without the title.
  ["patch_contracts-contract-id-versions-version-number"] = required({ "title" }, nil),
  ["patch_versions-version-id"] = required({ "title" }, nil),
  -- The answer has pages, but the document has no parameters for them.
  ["get_extract-evidence"] = function(operation)
    operation.query = { page = { type = "integer" }, per_page = { type = "integer" } }
    operation.paging = "clickwrap"
  end,
  -- The security block says records, the prose says workflows.
  ["create-a-comment-on-a-workflow"] = function(operation)
    operation.scopes = { "public.records.createComments", "public.workflows.createComments" }
  end,
}

-- What is sent when the caller leaves it out: ours, no document's.
local fills = {
  "send-by-query server_side", "send-contracts-signedaccepted-by-signer server_side", "send-sync server_side",
  "create-a-group schemas", "create-a-user schemas", "create-an-obligation properties",
  "list-all-workflow-schemas form", "replace-a-group schemas", "replace-a-user schemas",
  "retrieve-a-workflow-schema form", "update-group-membership schemas", "update-user-data schemas",
}
table.sort(fills)

---------------------------------------------------------------------------------------------------------------
-- The documents' words and the catalog's, brought into one shape.

-- A file part is binary (upload-signed types it "object"); a comment is an object that requires its message.
local function document_type(field)
  if field.format == "binary" then return "file" end
  if field.comma_separated then return "string" end
  if field.type == "object" and field.requires and #field.requires == 1 and field.requires[1] == "message" then
    return "comment"
  end
  return field.type
end

local function document_fields(fields)
  local result = {}
  for name, field in pairs(fields or {}) do
    result[name] = {
      type = document_type(field),
      required = field.required or nil,
      list = field.comma_separated,
      default = field.default,
      choices = field.choices and map(field.choices),
    }
  end
  return result
end

local function document_body(body)
  if not body then return "none", {} end
  local json, form = body["application/json"], body["multipart/form-data"]
  local urlencoded = body["application/x-www-form-urlencoded"]
  return json and form and "launch" or json and "json" or form and "form" or "urlencoded",
    document_fields(json or form or urlencoded)
end

-- A 204 has no body, whatever is declared with it.
local function document_answer(answers)
  local kinds = { ["application/json"] = "json", ["text/plain"] = "text", [""] = "nothing",
    ["application/pdf"] = "bytes", ["text/html"] = "text", ["application/json,image/gif"] = "json" }
  local answer = "nothing"
  for status, content_type in pairs(answers) do
    if status ~= "204" then answer = kinds[content_type] end
  end
  return answer
end

local function document_paging(query, page_fields)
  if query.startIndex and query.count then return "scim" end
  if query.page and query.per_page then return "clickwrap" end
  if not (query.page and query.pageSize) then return "none" end
  return table.concat(page_fields, " "):find "count" and "count" or "no_count"
end

-- The field of an answer that has its list; a list that is the whole answer is not in the fixture.
local function document_list(page_fields)
  local fields = " " .. table.concat(page_fields, " ") .. " "
  return fields:find " list " and "list" or fields:find " Resources " and "Resources"
    or fields:find " data " and "data" or nil
end

local clickwrap_services = { ["pactsafe.io"] = "clickwrap_activity", ["api.pactsafe.com"] = "clickwrap_rest" }

local function document_service(fact)
  if not fact.host then return fact.path:match "^/(%w+)" end
  local beside = fact.host == "api.pactsafe.com" and not fact.path:find "^/v1%.1/"
  return beside and "clickwrap_service" or clickwrap_services[fact.host]
end

local sources = { nav = "navigation" }

local function from_document(fact)
  local body, fields = document_body(fact.body)
  local query = document_fields(fact.query)
  return {
    service = document_service(fact),
    source = sources[fact.source] or fact.source or "document",
    method = fact.method,
    path = fact.path,
    path_parameters = map(fact.path_parameters),
    query = query,
    body = body,
    fields = fields,
    answer = document_answer(fact.answers),
    paging = document_paging(query, fact.page_fields),
    list = document_list(fact.page_fields or {}),
    scopes = map(fact.scopes or fact.prose_scopes),
  }
end

local function catalog_fields(fields)
  local result = {}
  for _, field in ipairs(fields) do
    assert.is_nil(result[field.name])
    result[field.name] = {
      type = field.type,
      required = field.required,
      list = field.list,
      default = field.default,
      choices = field.choices,
    }
  end
  return result
end

local function from_catalog(operation)
  return {
    service = operation.service,
    source = operation.source,
    method = operation.method,
    path = operation.path,
    path_parameters = sorted(operation.path_parameters),
    query = catalog_fields(operation.query),
    body = operation.body,
    fields = catalog_fields(operation.fields),
    answer = operation.answer,
    paging = operation.paging,
    list = operation.content and operation.content.items and operation.content.field or nil,
    scopes = sorted(operation.scopes),
  }
end

---------------------------------------------------------------------------------------------------------------

describe("the catalog", function()
  it("has every operation of the documents, and no other", function()
    for id in pairs(facts) do
      assert.is_table(by_id[id], id .. " is missing in the catalog")
    end
    for _, operation in ipairs(catalog) do
      assert.is_table(facts[operation.id], operation.id
        .. " is in no document: make spec/fixtures/operations.json again, from newer documents")
    end
  end)

  it("has each once", function()
    local ids = {}
    for _, operation in ipairs(catalog) do
      assert.is_nil(ids[operation.id], operation.id)
      ids[operation.id] = true
    end
  end)

  for id, fact in pairs(facts) do
    it("says of " .. id .. " what its document says", function()
      local expected = from_document(fact)
      if differences[id] then differences[id](expected) end
      assert.same(expected, from_catalog(by_id[id]))
    end)
  end

  for id, difference in pairs(differences) do
    it("still differs from the document of " .. id, function()
      local said, holds = from_document(facts[id]), from_document(facts[id])
      difference(holds)
      assert.not_same(said, holds)
    end)
  end

  it("launches with the same fields as JSON and as multipart", function()
    local multipart = facts["launch-a-new-workflow"].body["multipart/form-data"]
    -- `attribute` is the document's slip; its own example and the JSON form have `attributes`.
    assert.same({ "attribute", "template" }, map(multipart.data.requires))
  end)

  it("fills in what the design says, and only that", function()
    local found = {}
    for _, operation in ipairs(catalog) do
      for _, list in ipairs { operation.query, operation.fields } do
        for _, field in ipairs(list) do
          if field.fill then
            found[#found + 1] = operation.id .. " " .. field.name
            assert.is_string(field.default)
          end
        end
      end
      for _, field in ipairs(operation.fields) do
        if field.fill then assert.is_not_nil(ironclad.json.decode(field.default)) end
      end
    end
    assert.same(fills, sorted(found))
  end)
end)

describe("an operation", function()
  it("has a name of its own in its resource, or is reached by call() only", function()
    local names, unnamed = {}, {}
    for _, operation in ipairs(catalog) do
      if operation.name then
        local name = operation.resource .. ":" .. operation.name
        assert.is_nil(names[name], name)
        names[name] = true
      else
        assert.is_nil(operation.resource)
        unnamed[#unnamed + 1] = operation.id
      end
    end
    assert.same({ "deprecated-create-a-comment-on-a-workflow", "oauth-authorize", "oauth-token" }, sorted(unnamed))
  end)

  it("with pages is named list…, and leaves its each… free", function()
    local names = {}
    for _, operation in ipairs(catalog) do
      if operation.name then names[operation.resource .. ":" .. operation.name] = true end
    end
    for _, operation in ipairs(catalog) do
      if operation.paging ~= "none" then
        assert.equal("list", operation.name:sub(1, 4))
        assert.is_nil(names[operation.resource .. ":" .. operation.name:gsub("^list", "each")])
      end
    end
  end)

  it("without a JSON body has no parameter that is called like an option of a call", function()
    local options = {
      query = true, as_user = true, timeout = true, deadline = true, max_retries = true, to = true,
      on_progress = true, limit = true, callback = true, headers = true, dry_run = true, extra = true,
    }
    for _, operation in ipairs(catalog) do
      if operation.body == "none" or operation.body == "form" then
        for _, list in ipairs { operation.query, operation.fields } do
          for _, field in ipairs(list) do
            assert.is_nil(options[field.name], operation.id .. " " .. field.name)
          end
        end
      end
    end
  end)

  it("may be repeated unless it is a POST or PATCH, or its method says too little of it", function()
    local repeatable = { GET = true, PUT = true, DELETE = true, POST = false, PATCH = false }
    local unlike = {} -- the others, and whether they may be
    for _, operation in ipairs(catalog) do
      if repeatable[operation.method] ~= operation.repeatable then unlike[operation.id] = operation.repeatable end
      local reads = operation.repeatable and (operation.method == "GET" or operation.method == "POST")
      assert.equal(reads or nil, operation.reads, operation.id)
    end
    assert.same({
      ["send-by-query"] = false, ["latest-by-form"] = true, ["retrieve-by-form"] = true, ["load-json-by-post"] = true,
      ["render-published-version"] = true,
    }, unlike)
  end)

  it("is unconfirmed when only the navigation of the reference names it", function()
    local unconfirmed = {}
    for _, operation in ipairs(catalog) do
      if operation.unconfirmed then unconfirmed[#unconfirmed + 1] = operation.id end
    end
    assert.same({ "archive-location", "clone-location", "delete-location", "publish-location" }, sorted(unconfirmed))
  end)

  it("of the Activity API takes the site access id of the connection", function()
    for _, operation in ipairs(catalog) do
      local sites = 0
      for _, list in ipairs { operation.query, operation.fields } do
        for _, field in ipairs(list) do
          if field.site then sites = sites + 1 end
        end
      end
      assert.equal(operation.service == "clickwrap_activity" and 1 or 0, sites, operation.id)
    end
  end)

  it("counts against the budget of its path and method", function()
    local buckets = {
      ["list-all-workflows"] = "workflows:read",
      ["launch-a-new-workflow"] = "workflows:write",
      ["get-sign-status"] = "workflows:read",
      ["update-signer"] = "workflows:sign-status",
      ["delete-signer"] = "workflows:write",
      ["create-recipient-url"] = "workflows:signatures",
      ["list-all-workflow-signers"] = "workflows:read",
      ["list-all-workflow-schemas"] = "other",
      ["retrieve-a-record"] = "records:read",
      ["delete-a-record"] = "records:write",
      ["create-a-webhook"] = "webhooks",
      ["replace-a-user"] = "scim:users",
      ["update-user-data"] = "scim:users:write",
      ["delete-a-group"] = "scim:groups",
      ["export"] = "other",
      ["oauth-token"] = "none",
      ["get_groups"] = "clickwrap:rest",
      ["get-the-latest-versions-signed"] = "clickwrap:activity",
      ["status"] = "clickwrap:service",
    }
    for id, bucket in pairs(buckets) do
      assert.equal(bucket, by_id[id].bucket, id)
    end
  end)

  it("needs all of its scopes, but for the comment that either opens", function()
    for _, operation in ipairs(catalog) do
      local either = operation.id == "create-a-comment-on-a-workflow" or nil
      assert.equal(either, operation.scopes_any, operation.id)
    end
    assert.equal(3, #by_id["run-conversational-search"].scopes)
  end)

  it("names its path parameters in the order of the path", function()
    local path = by_id["retrieve-attachment-from-email-thread"].path_parameters
    assert.same({ "id", "emailThreadId", "attachmentId" }, path)
    assert.same({}, by_id["list-all-workflows"].path_parameters)
  end)

  it("is the caller's own table", function()
    local first = ironclad.operations()
    first[1].id, first[1].query[1].name = "changed", "changed"
    assert.same(catalog, ironclad.operations())
  end)
end)

---------------------------------------------------------------------------------------------------------------
-- With the documents at hand, the fixture is what they say.

if read_file(documents .. "/ironclad-public-api-openapi.json") then
  describe("the fixture", function()
    it("is what make_operations.lua makes of the documents", function()
      assert.same(make_operations.facts(documents, ironclad.json.decode), facts)
    end)
  end)
end

local names = read_file(documents .. "/../operations.tsv")
if names then
  describe("operations.tsv", function()
    it("has operations of the catalog with its names, methods, paths and scopes", function()
      local without_method = {
        ["(deprecated: by call() only)"] = true, ["client:authorize_url"] = true, ["(the grants)"] = true,
      }
      local header = true
      for line in names:gmatch "[^\n]+" do
        local id, name, method, path, scopes = line:match "^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t?([^\t]*)$"
        if not header then
          local operation = assert(by_id[id], id)
          local has_method = not without_method[name]
          assert.same({ id, method, path, has_method and name or nil, scopes }, {
            operation.id,
            operation.method,
            operation.path,
            operation.name and operation.resource .. ":" .. operation.name,
            table.concat(operation.scopes, operation.scopes_any and "|" or " "),
          })
        end
        header = false
      end
    end)
  end)
end
