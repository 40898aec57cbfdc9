--- Resources as tables: a workflow, record, webhook, entity, obligation, export, SCIM user or group is Ironclad's own
-- table with a metatable. There is one metatable for each client and kind; it holds the client and the methods. The
-- table itself has only Ironclad's fields, so that pairs and JSON encoders see nothing else. A field hides a method of
-- the same name. A field that Ironclad left out reads as nil. A workflow schema has no methods: it only prints.
--
--   resources.shape(client, entry, value)      gives the resources in an answer their metatable, and returns it
--   resources.shape_item(client, entry, item)  the same for one item of a page
--   resources.metatable_for(client, entry)     that metatable, or false when the answer has no resources
--   resources.make(client, kind, value)        makes a table a resource of a kind
--   resources.client_of(value)                 the client of a resource, and its kind's name; nil for any other value
--   resources.id_of(value)                     the id of a resource
--   resources.replace(resource, answer)        updates a resource in place, and returns it
--   resources.belongs(entry)                   the kind whose id is the first in the operation's path, or nil
--   resources.is_about(kind, path)             whether this kind's id is the first in an operation's path
--   resources.kinds                            name -> { name =, resource =, path =, id = the field of the id, shown =
--                                              the parts of its text, methods = { name = function }, modules = a list
--                                              of those that add methods to those of the catalog }

local core = require "ironclad.core"
local lazy = require "ironclad.base.lazy"
local screen = lazy "ironclad.base.screen"
local schema_text = lazy "ironclad.resources.schema_text"

local resources = {}

local function printable(value)
  local text = screen.clean(tostring(value))
  if #text <= 80 then return text end
  -- Cut before a character, not within one.
  return (text:sub(1, 80):gsub("[\192-\255][\128-\191]*$", "")) .. "…"
end

-- The parts of tostring(resource): functions that take the resource and return a text, or nil for nothing.
local function shown(value)
  local kind = type(value)
  return (kind == "string" or kind == "number") and value ~= "" and printable(value) or nil
end

local function first(...)
  local names = { ... }
  return function(resource)
    for _, name in ipairs(names) do
      local text = shown(rawget(resource, name))
      if text then return text end
    end
  end
end

local function quoted(name)
  return function(resource)
    local text = shown(rawget(resource, name))
    return text and '"' .. text .. '"'
  end
end

-- A field, unless it has one of the usual values.
local function unless(name, ...)
  local usual = {}
  for _, state in ipairs { ... } do usual[state] = true end
  return function(resource)
    local state = rawget(resource, name)
    return not usual[state] and shown(state) or nil
  end
end

-- The host of a URL. The rest of a webhook's address may hold a secret.
local function host_of(name)
  return function(resource)
    local url = rawget(resource, name)
    local authority = type(url) == "string" and url:match "^%a+://([^/?#]+)"
    return authority and shown((authority:gsub("^.*@", ""))) or nil
  end
end

local function activity(resource)
  local active = rawget(resource, "active")
  return active == false and "inactive" or nil
end

--- The functions above that other kinds use.
resources.texts = { first = first, quoted = quoted }

resources.kinds = {
  workflow = { resource = "workflows", id = "id", modules = { "workflow", "wait" },
    shown = { first("ironcladId", "id"), quoted "title", first "step", unless("status", "active", "completed") } },
  record = { resource = "records", id = "id", modules = { "record" },
    shown = { first("ironcladId", "id"), quoted "name", first "type" } },
  webhook = { resource = "webhooks", id = "id",
    shown = { first "id", host_of "targetURL", first "status" } },
  entity = { resource = "entities", id = "id", modules = { "record" },
    shown = { first("ironcladId", "id"), quoted "name", first "status" } },
  obligation = { resource = "obligations", id = "id", modules = { "record" },
    shown = { first("ironcladId", "id"), quoted "name" } },
  export = { resource = "exports", id = "jobId", modules = { "wait" },
    shown = { first "jobId", first "jobStatus" } },
  user = { resource = "scim.users", id = "id", modules = { "directory" },
    shown = { first "id", first "userName", activity } },
  group = { resource = "scim.groups", id = "id", modules = { "directory" },
    shown = { first "id", quoted "displayName" } },
}
--- Adds a kind: { resource =, id = field of its id, shown = parts of tostring, modules = as above }.
function resources.add_kind(name, kind)
  kind.name = name
  kind.methods = {}
  local _, _, _, path = core.operation_names(core.operation_number(kind.resource .. ":get"))
  kind.path = path
  resources.kinds[name] = kind
end

for name, kind in pairs(resources.kinds) do resources.add_kind(name, kind) end

local function to_text(resource)
  local kind = getmetatable(resource).kind
  local words = { kind.name }
  for _, word in ipairs(kind.shown) do words[#words + 1] = word(resource) end
  return table.concat(words, " ")
end

-- The metatable of a kind's tables, kept in the client.
local function metatable_of(client, kind)
  local metatables = rawget(client, "metatables")
  if not metatables then
    metatables = {}
    rawset(client, "metatables", metatables)
  end
  local metatable = metatables[kind]
  if not metatable then
    metatable = { __name = "ironclad." .. kind.name, __index = kind.methods, __tostring = to_text,
      client = client, kind = kind }
    metatables[kind] = metatable
  end
  return metatable
end

-- Lists have a metatable already, and are not resources.
local function make(metatable, value)
  if type(value) == "table" and getmetatable(value) == nil then setmetatable(value, metatable) end
  return value
end

function resources.make(client, kind, value)
  return make(metatable_of(client, resources.kinds[kind]), value)
end

function resources.metatable_for(client, entry)
  local kind = entry.content and entry.content.kind
  if kind then return metatable_of(client, resources.kinds[kind]) end
  return entry.resource == "workflow_schemas" and schema_text.metatable
end

function resources.shape_item(client, entry, item)
  local metatable = resources.metatable_for(client, entry)
  return metatable and make(metatable, item) or item
end

function resources.shape(client, entry, value)
  local metatable = resources.metatable_for(client, entry)
  if not metatable or type(value) ~= "table" then return value end
  local content, held = entry.content, value
  if not content then return make(metatable, value) end
  if content.field then held = value[content.field] end
  if content.items and type(held) == "table" then
    for _, item in ipairs(held) do make(metatable, item) end
  elseif not content.items then
    make(metatable, held)
  end
  return value
end

local function metatable_of_resource(value)
  local metatable = type(value) == "table" and getmetatable(value)
  local kind = type(metatable) == "table" and rawget(metatable, "kind")
  if type(kind) == "table" and resources.kinds[kind.name] == kind then return metatable end
end

function resources.client_of(value)
  local metatable = metatable_of_resource(value)
  if metatable then return metatable.client, metatable.kind.name end
end

-- The internal id. Some operations refuse Ironclad's readable ids (IC-12). Clickwrap has ids that are numbers.
function resources.id_of(value)
  local id = rawget(value, metatable_of_resource(value).kind.id)
  return type(id) == "number" and id % 1 == 0 and ("%d"):format(id) or id
end

-- The table stays the same, so that every reference to it sees the update. An answer without an id is only a part of
-- the resource: fields that it lacks are kept.
function resources.replace(resource, answer)
  if type(answer) ~= "table" or answer == resource then return answer end
  if rawget(answer, metatable_of_resource(resource).kind.id) ~= nil then
    for name in pairs(resource) do resource[name] = nil end
  end
  for name, value in pairs(answer) do resource[name] = value end
  return resource
end

function resources.belongs(entry)
  for _, kind in pairs(resources.kinds) do
    if resources.is_about(kind, entry.path) then return kind end
  end
end

function resources.is_about(kind, path)
  return (path .. "/"):find(kind.path .. "/", 1, true) == 1
end

return resources
