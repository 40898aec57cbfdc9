--- Workflow schemas, from which templates are launched: finding one by its title.
--
--   client.workflow_schemas:find("Mutual NDA", options)   -> the schema
--
-- `find` also takes a part of a title that only one title contains. client.workflows:launch{ template = "Mutual NDA" }
-- does not.

local mistake = require "ironclad.base.mistake"
local operation = require "ironclad.calls.operation"
local run = require "ironclad.calls.run"
local schema_find = require "ironclad.resources.schema_find"

local schema = {}

schema.methods = { workflow_schemas = {} }

local known = mistake.set { "callback", "dry_run" }

--- client.workflow_schemas:find(title or id, { callback =, dry_run = }) -> the schema; nil and an error. With
-- `dry_run` the first request.
function schema.methods.workflow_schemas.find(methods, wanted, options)
  local label = "workflow_schemas:find"
  local client = operation.client_of(label, { resource = "workflow_schemas", name = "find" }, methods)
  if type(wanted) ~= "string" or wanted == "" then
    mistake.raise(label, "expected a title or an id, got %s", wanted == "" and "an empty text"
      or mistake.type_of(wanted))
  end
  if options ~= nil then mistake.check_options(label, options, known) end
  for name in pairs(options and known or {}) do operation.check_type(label, name, options[name]) end
  local callback, asked = options and options.callback, { dry_run = options and options.dry_run }
  if callback and not asked.dry_run then
    return run.aside(client, callback, schema_find.find, client, label, wanted, asked)
  end
  return schema_find.find(client, label, wanted, asked)
end

return schema
