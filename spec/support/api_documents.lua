-- Ironclad's documents, which are not part of this repository: in the folder $IRONCLAD_API_DOCS, or
-- ../shared/ironclad-api. Specs that need them are pending where they are missing.
local ironclad = require "ironclad"

local api_documents = { folder = os.getenv "IRONCLAD_API_DOCS" or "../shared/ironclad-api" }

--- The text of a file, or nil.
function api_documents.text(name)
  local file = io.open(api_documents.folder .. "/" .. name, "rb")
  local text = file and file:read "*a"
  if file then file:close() end
  return text
end

--- A document as a table, or nil: "ironclad-public-api-openapi", "clickwrap-openapi", "scopes", …
function api_documents.read(name)
  local text = api_documents.text(name .. ".json")
  return text and assert(ironclad.json.decode(text))
end

--- What a node of a document stands for: the target of its $ref.
function api_documents.follow(document, node)
  while node["$ref"] do
    local target = document
    for step in node["$ref"]:gmatch "[^#/]+" do target = target[step] end
    node = target
  end
  return node
end

--- Calls visit(name, schema) for each property of a schema, those of its variants too.
function api_documents.each_property(document, schema, visit)
  schema = api_documents.follow(document, schema)
  for _, word in ipairs { "oneOf", "anyOf", "allOf" } do
    for _, variant in ipairs(schema[word] or {}) do api_documents.each_property(document, variant, visit) end
  end
  for name, property in pairs(schema.properties or {}) do visit(name, property) end
end

--- The schema of what an operation answers when it succeeds, or nil.
function api_documents.answer(document, operation)
  for status, response in pairs(operation.responses) do
    local content = api_documents.follow(document, response).content
    local json = status:find "^2" and content and content["application/json"]
    if json and json.schema then return json.schema end
  end
end

--- Iterates over the operations of an OpenAPI document.
function api_documents.operations(document)
  return coroutine.wrap(function()
    for _, path in pairs(document.paths) do
      for _, operation in pairs(path) do
        if type(operation) == "table" and operation.operationId then coroutine.yield(operation) end
      end
    end
  end)
end

return api_documents
