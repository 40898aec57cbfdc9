--- client:describe(): what this company has: templates with their fields, record types, properties. It prints as text.

local Error = require "ironclad.base.error"
local mistake = require "ironclad.base.mistake"
local run = require "ironclad.calls.run"
local screen = require("ironclad.base.lazy") "ironclad.base.screen"
local sorted_names = require("ironclad.base.names").sorted

local describe = {}

local Description = { __name = "ironclad.description" }

-- "name (Label): type" for each entry of a map.
local function add_lines(lines, map)
  for _, name in ipairs(sorted_names(type(map) == "table" and map or {})) do
    local entry = type(map[name]) == "table" and map[name] or {}
    local label = type(entry.displayName) == "string" and (" (%s)"):format(entry.displayName) or ""
    lines[#lines + 1] = ("  %s%s%s"):format(name, label, type(entry.type) == "string" and ": " .. entry.type or "")
  end
end

function Description:__tostring()
  local lines = {}
  for _, template in ipairs(self.templates) do lines[#lines + 1] = tostring(template) end
  lines[#lines + 1] = "record types"
  add_lines(lines, self.record_types)
  lines[#lines + 1] = "properties of records"
  add_lines(lines, self.properties)
  return screen.clean(table.concat(lines, "\n"), true)
end

local function read(client)
  local answer, err, response = client.workflow_schemas:list()
  if err then return nil, err, response end
  local records, refusal, refused = client.records:get_schema()
  if refusal then return nil, refusal, refused end
  if type(answer) ~= "table" or type(answer.list) ~= "table" or type(records) ~= "table" then
    return nil, Error.new { kind = "protocol", message = "Ironclad answered no schemas", operation = "describe",
      outcome = "not_done", retryable = false, attempts = 1 }, response
  end
  return setmetatable({ templates = answer.list, record_types = records.recordTypes, properties = records.properties },
    Description), nil, refused or response
end

local known = mistake.set { "callback" }

--- What the company has. `print(client:describe())` shows all of it.
-- @param options callback: function(value, err)
-- @return { templates = a list of workflow schemas, record_types =, properties = maps by name }; nil and an error
function describe.describe(client, options)
  run.check_client("describe", client)
  if options ~= nil then mistake.check_options("describe", options, known) end
  if options and options.callback then return run.aside(client, options.callback, read, client) end
  return read(client)
end

return describe
