--- Templates by title: launch{ template = "Mutual NDA", … }. A text with a capital letter, a space or any other
-- character that no id has is a title. It must be a whole title, because a launch cannot be undone. The schema of the
-- template is then known, so the names of the attributes are checked against it before anything is launched.

local copy = require "ironclad.base.copy"
local encode = require "ironclad.values.encode"
local lazy = require "ironclad.base.lazy"
local mistake = require "ironclad.base.mistake"
local names = require "ironclad.base.names"

local schema_find = lazy "ironclad.resources.schema_find"

local templates = {}

-- Whether an entry launches from a template.
local launches = { ["launch-a-new-workflow"] = true, ["create-a-new-workflow-async"] = true }

--- Whether the body of a call names its template by a title.
function templates.is_title(entry, body)
  return launches[entry.id] and type(body.template) == "string" and body.template:find "[^%l%d_-]" ~= nil
end

-- Refuses attributes whose names are close to one of the schema's. Ironclad decides about the others.
local function check_names(label, fields, attributes)
  local known
  for _, name in ipairs(names.sorted(type(attributes) == "table" and attributes or {})) do
    if fields[name] == nil then
      known = known or names.sorted(fields)
      local nearest = mistake.did_you_mean(name, known)
      if nearest ~= "" then mistake.raise(label, "attributes.%s: the template has no such field%s", name, nearest) end
    end
  end
end

-- A copy of a body in which the empty tables of attributes that the schema has as lists are lists.
local function with_lists(fields, body)
  local attributes = body.attributes
  for name, field in pairs(type(attributes) == "table" and fields or {}) do
    local given = attributes[name]
    if type(field) == "table" and field.type == "array" and type(given) == "table" then
      attributes = copy.with(attributes, name, encode.typed("array", given))
    end
  end
  return copy.with(body, "attributes", attributes)
end

-- Checks the attributes against a schema.
-- @return the body to send
local function prepare_body(label, template, body)
  local fields = type(template.schema) == "table" and template.schema or {}
  check_names(label, fields, body.attributes)
  return with_lists(fields, body)
end

--- Prepares the attributes when the body's template is a schema, as client.workflow_schemas:find returns it.
function templates.apply_schema(label, entry, arguments)
  local template = launches[entry.id] and arguments.body.template
  if type(template) == "table" then arguments.body = prepare_body(label, template, arguments.body) end
end

--- Replaces the title by the template's id.
-- @return nil; or an error: no template or several have that title, or it could not be looked up
function templates.prepare(client, label, arguments)
  local found, err = schema_find.find(client, label, arguments.body.template,
    { as_user = arguments.as_user, timeout = arguments.timeout, deadline = arguments.deadline, whole = true })
  if not found then return err end
  arguments.body = copy.with(prepare_body(label, found, arguments.body), "template", found.id)
end

return templates
