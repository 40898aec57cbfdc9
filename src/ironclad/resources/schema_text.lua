--- How a workflow schema prints. resources.lua gives the schemas of every answer this metatable.

local screen = require("ironclad.base.lazy") "ironclad.base.screen"
local sorted_names = require("ironclad.base.names").sorted

local Schema = { __name = "ironclad.workflow_schema" }

-- A text of an answer, which may be null.
local function text(value) return type(value) == "string" and value or "?" end

local function words_of(field)
  local words = { text(field.type) }
  if field.type == "array" and type(field.elementType) == "table" then
    words[1] = "array of " .. text(field.elementType.type)
  end
  if field.required == "always" then words[#words + 1] = "required" end
  local options = type(field.options) == "table" and field.options.values
  if type(options) == "table" and #options > 0 then
    local choices = {}
    for i, choice in ipairs(options) do choices[i] = tostring(choice) end
    words[#words + 1] = "one of " .. table.concat(choices, ", ")
  end
  return table.concat(words, ", ")
end

--- The title and the id, then a line for each field: name, label, type.
function Schema:__tostring()
  local lines = { ("workflow schema %s %q"):format(text(rawget(self, "id")), text(rawget(self, "name"))) }
  local fields = rawget(self, "schema")
  for _, name in ipairs(sorted_names(type(fields) == "table" and fields or {})) do
    local field = fields[name]
    if type(field) == "table" then
      local label = type(field.displayName) == "string" and (" (%s)"):format(field.displayName) or ""
      lines[#lines + 1] = ("  %s%s: %s"):format(name, label, words_of(field))
    end
  end
  return screen.clean(table.concat(lines, "\n"), true)
end

return { metatable = Schema }
