--- The names of resources and operations on the command line: those of the catalog, with hyphens or underscores, and a
-- few short ones.

local catalog = require "ironclad.calls.catalog"
local core = require "ironclad.core"
local fail = require "ironclad.command.fail"

local names = {}

local aliases = {
  workflow = "workflows", templates = "workflow_schemas", template = "workflow_schemas", record = "records",
  contracts = "records", webhook = "webhooks", entity = "entities", obligation = "obligations",
  users = "scim.users", groups = "scim.groups", user = "scim.users", group = "scim.groups",
}

-- Methods of a resource that are not operations: how they are called. `words` are the arguments in the usage.
names.helpers = {
  workflows = {
    wait = { words = "ID", waits = true, text = "waits until a workflow has reached a --step or has a --status" },
    pending_approvals = { words = "ID", bound = true, text = "lists who may approve now" },
    records = { words = "ID", bound = true, text = "lists the records that a workflow has made" },
    set = { words = "ID NAME=VALUE…", bound = true, sets = true, text = "changes attributes of a workflow" },
  },
}
for resource, kind in pairs { records = "a record", entities = "an entity", obligations = "an obligation" } do
  names.helpers[resource] = {
    set = { words = "ID NAME=VALUE…", bound = true, sets = true, text = "changes properties of " .. kind },
    plain = { words = "ID", bound = true, text = "prints all values of " .. kind .. " as one flat row" },
    property = { words = "ID NAME", bound = true, text = "prints the value of one property" },
  }
end
for _, job in ipairs(core.jobs()) do
  local _, status = catalog.find(job.status)
  local helpers = names.helpers[status.resource] or {}
  names.helpers[status.resource] = helpers
  helpers[job.wait] = { words = "JOB", job = job, waits = true, text = "waits for a job that was started" }
  if job.both then
    helpers[job.both] = { starts = job.start, job = job, waits = true,
      text = ("%s, and waits until it is done"):format((select(2, catalog.find(job.start))).name:gsub("_", " ")) }
  end
end

local products = { clm = {}, clickwrap = {} } -- the names of their resources, in the catalog's order
local known, product_of = {}, {} -- resource -> numbers and names of its operations; resource -> its product
for number, _, resource, name, _, product in catalog.names() do
  if name then
    if not known[resource] then
      known[resource], product_of[resource] = {}, product
      table.insert(products[product], resource)
    end
    table.insert(known[resource], { number, name })
  end
end

--- The resources of Ironclad in the catalog's order; and those of Clickwrap (`ironclad clickwrap RESOURCE …`).
names.resources, names.clickwrap = products.clm, products.clickwrap

--- The entries of a resource's operations, in the catalog's order.
function names.operations(resource)
  local list = {}
  for i, operation in ipairs(known[resource]) do list[i] = catalog.entry(operation[1]) end
  return list
end

--- How a name is written on the command line.
function names.shown(name) return (name:gsub("_", "-")) end

--- The words of the command line that lead to a resource: "workflows", "clickwrap contracts".
function names.words_to(resource)
  return (product_of[resource] == "clickwrap" and "clickwrap " or "") .. names.shown(resource)
end

local function normal(word) return (word:gsub("%-", "_")) end

--- The resource that words begin with.
-- @param product "clm" unless given, or "clickwrap"
-- @return its name, and how many words it took; nil
function names.resource(words, product)
  local word = normal(words[1] or "")
  if product == "clickwrap" then return product_of[word] == product and word or nil, 1 end
  word = aliases[word] or word
  if product_of[word] == "clm" then return word, 1 end
  if word == "scim" and known["scim." .. normal(words[2] or "")] then return "scim." .. normal(words[2]), 2 end
end

--- All words that name a resource, for completion and suggestions.
function names.resource_words()
  local list = {}
  for _, resource in ipairs(names.resources) do list[#list + 1] = names.shown(resource) end
  list[#list + 1], list[#list + 2], list[#list + 3] = "templates", "users", "groups"
  return list
end

--- All operations and helpers of a resource as they are written.
function names.operation_words(resource)
  local list = {}
  for _, operation in ipairs(known[resource]) do list[#list + 1] = names.shown(operation[2]) end
  local helpers = {}
  for name in pairs(names.helpers[resource] or {}) do helpers[#helpers + 1] = names.shown(name) end
  table.sort(helpers)
  for _, name in ipairs(helpers) do list[#list + 1] = name end
  return list
end

local synonyms = { show = "get", view = "get", ls = "list", find = "list", search = "list", create = "launch",
  start = "launch", new = "create", add = "create", edit = "update", rm = "delete", remove = "delete",
  comment = "create_comment", approve = "update_approval", download = "download_document" }

--- An operation or a helper of a resource.
-- @return its number and entry, or nil and nil; and the helper or nil
function names.operation(resource, word)
  local name = normal(word)
  local label = resource .. ":" .. name
  local number, entry = catalog.find(label)
  local helper = (names.helpers[resource] or {})[name]
  if entry or helper then return number, entry, helper end
  local meant = synonyms[name]
  if meant and not catalog.find(resource .. ":" .. meant) then meant = nil end
  meant = meant and names.shown(meant) or core.nearest(names.shown(name), names.operation_words(resource))
  fail.usage("%s has no operation %q%s; `ironclad %s` lists them", names.shown(resource), word, fail.meant(meant),
    names.words_to(resource))
end

return names
