--- ironclad describe [TEMPLATE]: the templates and record types of the company, and their fields.

local columns = require "ironclad.command.columns"
local connection = require "ironclad.command.connection"
local fail = require "ironclad.command.fail"
local output = require "ironclad.command.output"
local request = require "ironclad.command.request"
local terminal = require "ironclad.command.terminal"

local describe = { flags = {} }
for _, list in ipairs { connection.flags, output.flags, request.flags } do
  for _, flag in ipairs(list) do describe.flags[#describe.flags + 1] = flag end
end

describe.help = [[
TEMPLATE is the title or the id of a template. Without it, all templates are listed, the types of records, and the
properties that records have.]]

local function fields_of(map)
  local list = {}
  for name, field in pairs(type(map) == "table" and map or {}) do
    if type(field) == "table" then
      local kind = field.type
      if kind == "array" and type(field.elementType) == "table" then
        kind = "array of " .. tostring(field.elementType.type)
      end
      local options = type(field.options) == "table" and type(field.options.values) == "table" and field.options.values
      list[#list + 1] = { name = name, label = field.displayName, type = kind,
        required = field.required == "always" and "required" or "", choices = options or {} }
    end
  end
  table.sort(list, function(a, b)
    if a.required ~= b.required then return a.required > b.required end
    return a.name < b.name
  end)
  return list
end

local of_fields = { "name", "type", "required", "label", "choices" }

--- The columns that it may print.
describe.columns = { "id", "name", "type", "required", "label", "choices" }

function describe.run(words, options)
  if words[2] then fail.usage("describe takes one template, got %q too", words[2]) end
  columns.check(options, words[1] and of_fields or describe.columns)
  local client = connection.open(options)
  if options["dry-run"] then
    if not words[1] then return request.preview(client, "workflow_schemas:list", {}) end
    return request.print(client.workflow_schemas:find(words[1], { dry_run = true }))
  end
  if words[1] then
    local schema = fail.unless(client.workflow_schemas:find(words[1]))
    if options.json then return output.value(options, schema) end
    return output.list(options, fields_of(schema.schema), nil, of_fields)
  end
  local company = fail.unless(client:describe())
  if options.json then return output.value(options, company) end
  if output.form(options) ~= "table" then
    return output.list(options, company.templates, nil, { "id", "name" })
  end
  terminal.write(terminal.paint("Templates", "bold"), "\n")
  output.list(options, company.templates, nil, { "name", "id" })
  terminal.write("\n", terminal.paint("Record types", "bold"), "\n")
  output.list(options, fields_of(company.record_types), nil, { "name", "label" })
  terminal.write("\n", terminal.paint("Properties of records", "bold"), "\n")
  output.list(options, fields_of(company.properties), nil, { "name", "type", "label" })
  terminal.say "`ironclad describe TEMPLATE` shows the fields of a template"
end

return describe
