--- One record: ironclad://CONNECTION/record/ID.

local files = require "ironclad_nvim.files"
local text = require "ironclad_nvim.text"
local view = require "ironclad_nvim.view"

local record = {}

-- The company's schema of records, once for each client. A user who may not read it gets the names of the properties.
local schemas = setmetatable({}, { __mode = "k" })

local function schema_of(client)
  if not schemas[client] then
    schemas[client] = text.without_null((client.records:get_schema())) or {}
  end
  return schemas[client]
end

local function entry(map, name) return type(map) == "table" and map[name] or nil end

function record.read(self)
  local found = view.must(self.client.records:get(self.argument))
  local schema = schema_of(self.client)
  self.subject = found
  local lines = { text.line(("%s  %s"):format(found.ironcladId or found.id or self.argument, found.name or "")) }
  local kind = entry(schema.recordTypes, found.type)
  lines[2] = "  " .. text.line(text.label(found.type or "", kind))
  local status = type(found.contractStatus) == "table" and found.contractStatus.message
  if type(status) == "string" and status ~= "" then lines[3] = "  " .. text.line(status) end
  local rows = {}
  for name, property in pairs(found.properties or {}) do
    local shown = type(property) == "table" and text.value(property.value, property)
    if shown then rows[#rows + 1] = { text.label(name, entry(schema.properties, name)), shown } end
  end
  vim.list_extend(lines, { "", "Properties" })
  vim.list_extend(lines, text.table(rows))
  local attached = {}
  for key, attachment in pairs(found.attachments or {}) do
    attached[#attached + 1] = { text.label(key, entry(schema.attachments, key)), entry(attachment, "filename") or key }
  end
  if #attached > 0 then
    vim.list_extend(lines, { "", "Attachments" })
    vim.list_extend(lines, text.table(attached))
  end
  return lines
end

local function download(self)
  local list = {}
  for key, attachment in pairs(self.subject and self.subject.attachments or {}) do
    list[#list + 1] = { filename = entry(attachment, "filename") or key, key = key }
  end
  table.sort(list, function(a, b) return a.filename < b.filename end)
  files.choose(list, function(chosen, path)
    return view.must(self.subject:download_attachment(chosen.key, { to = path }))
  end)
end

record.actions = { download = { "download an attachment", download } }

return record
