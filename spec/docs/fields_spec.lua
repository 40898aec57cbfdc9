-- The fields of the tables that come back, as the reference and the types have them (manual.fields), against Ironclad's
-- OpenAPI documents and against the sandbox's answers.
local api_documents = require "spec.support.api_documents"
local catalog = require "ironclad.calls.catalog"
local local_ironclad = require "spec.support.local_ironclad"
local manual = require "ironclad.manual"
local names_of = require("ironclad.base.names").sorted

local follow, each_property = api_documents.follow, api_documents.each_property

-- "kind field" -> why the manual has a field that no document has.
local beyond_documents = { ["webhook tags"] = "live answers have it" }

-- "kind field" -> why its type is another one than in the documents.
local other_types = {
  ["entity status"] = "the bodies of requests have the choices",
  ["webhook consecutiveFailureCount"] = "a count is whole",
  ["activity event_type"] = "the parameters of activities have more events",
}

-- A property that two schemas have: with the choices of both.
local function merged(known, property)
  if not known or not known.enum then return property.enum and property or known or property end
  local choices, seen = {}, {}
  for _, list in ipairs { known.enum, property.enum or {} } do
    for _, choice in ipairs(list) do
      if not seen[choice] then choices[#choices + 1] = choice end
      seen[choice] = true
    end
  end
  return { type = known.type, enum = choices }
end

-- Adds the fields of the resource in an operation's answer to the set of its kind.
local function add_fields(document, entry, operation, found)
  local answer = api_documents.answer(document, operation)
  if not answer then return end
  local held = { answer }
  if entry.content.field then
    held = {}
    each_property(document, answer, function(name, property)
      if name == entry.content.field then held[#held + 1] = property end
    end)
  end
  found[entry.content.kind] = found[entry.content.kind] or {}
  local fields = found[entry.content.kind]
  local function add(name, property)
    property = follow(document, property)
    -- Clickwrap puts some answers into `data`, which only an export of evidence has itself.
    if name == "data" and entry.product == "clickwrap" and entry.content.kind ~= "evidence" then
      return each_property(document, property.items or property, add)
    end
    fields[name] = merged(fields[name], property)
  end
  for _, schema in ipairs(held) do
    schema = follow(document, schema)
    if entry.content.items and schema.items then schema = schema.items end
    each_property(document, schema, add)
  end
end

-- The fields in the documents: kind -> name -> its schema; nil when the documents are not there.
local function documented_fields()
  local found = {}
  for _, name in ipairs { "ironclad-public-api", "ironclad-scim-api", "clickwrap" } do
    local document = api_documents.read(name .. "-openapi")
    if not document then return nil end
    for operation in api_documents.operations(document) do
      local _, entry = catalog.find(operation.operationId)
      if entry and entry.content and entry.content.kind then add_fields(document, entry, operation, found) end
    end
  end
  return found
end

-- The fields that the manual has: kind -> name -> its type in LuaCATS.
local function known_fields()
  local known = {}
  for kind, list in pairs(manual.fields) do
    known[kind] = {}
    for _, field in ipairs(list) do known[kind][field[1]] = field[2] end
  end
  return known
end

-- "kind field" for each field of one that the other lacks.
local function missing(one, other)
  local list = {}
  for kind, fields in pairs(one) do
    for name in pairs(fields) do
      if not (other[kind] and other[kind][name]) then list[kind .. " " .. name] = true end
    end
  end
  return names_of(list)
end

-- Whether a type in LuaCATS is that of a schema. With `expand`, Clickwrap puts a table in the place of an id.
local function is_type_of(kind, schema)
  kind = kind:gsub("|table$", "")
  if schema.enum then
    for _, choice in ipairs(schema.enum) do
      if not kind:find(('"%s"'):format(choice), 1, true) then return false end
    end
    return select(2, kind:gsub('"', "")) == 2 * #schema.enum
  end
  if schema.type == "array" then return kind:find "%[%]$" ~= nil end
  if schema.type == "object" then return kind:find "^table" ~= nil and not kind:find "%[%]$" end
  return schema.type == nil or kind == schema.type
end

describe("the fields of the tables that come back", function()
  it("are those of the documents", function()
    local documented = documented_fields()
    if not documented then return pending("no documents in " .. api_documents.folder) end
    assert.same({}, missing(documented, known_fields()))
    assert.same(names_of(beyond_documents), missing(known_fields(), documented))
  end)

  it("have the types of the documents", function()
    local documented, wrong = documented_fields(), {}
    if not documented then return pending("no documents in " .. api_documents.folder) end
    for kind, fields in pairs(known_fields()) do
      for name, given in pairs(fields) do
        local schema = documented[kind][name]
        if schema and not is_type_of(given, schema) then wrong[kind .. " " .. name] = true end
      end
    end
    assert.same(names_of(other_types), names_of(wrong))
  end)

  it("have a text", function()
    for kind, list in pairs(manual.fields) do
      for _, field in ipairs(list) do assert.is_string(field[3], kind .. " " .. field[1]) end
    end
  end)

  it("have each column of the command's tables", function()
    local columns_of = require("ironclad.command.cells").columns
    for kind, fields in pairs(known_fields()) do
      for _, column in ipairs(columns_of(kind, {})) do assert.is_truthy(fields[column], kind .. " " .. column) end
    end
  end)

  it("have all that the sandbox answers", function()
    local sandbox, client = local_ironclad.start()
    finally(function() sandbox:stop() end)
    local found = {}
    local function add(kind, item)
      found[kind] = found[kind] or {}
      for name in pairs(item) do found[kind][name] = true end
    end
    local cw = sandbox:clickwrap()
    assert(cw:accept { signer = "jane", group = "terms" })
    for kind, resource in pairs { workflow = client.workflows, record = client.records, webhook = client.webhooks,
      entity = client.entities, obligation = client.obligations, user = client.scim.users,
      group = client.scim.groups, site = cw.sites, clickwrap_group = cw.groups, contract = cw.contracts,
      signer = cw.signers, activity = cw.activity } do
      for item in resource:each(kind == "workflow" and { status = { "active", "completed" } } or {}) do
        add(kind, item)
        add(kind, assert(resource:get(item)))
      end
      assert.is_table(found[kind], kind)
    end
    assert.same({}, missing(found, known_fields()))
  end)
end)
