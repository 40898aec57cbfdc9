--- The names of resources and operations on the command line: those of the catalog, with hyphens or underscores, and a
-- few short ones.

local catalog = require "ironclad.calls.catalog"
local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local manual = require "ironclad.manual"
local resources = require "ironclad.resources.resources"

local names = {}

local aliases = {
  workflow = "workflows", templates = "workflow_schemas", template = "workflow_schemas", record = "records",
  contracts = "records", webhook = "webhooks", entity = "entities", obligation = "obligations",
  users = "scim.users", groups = "scim.groups", user = "scim.users", group = "scim.groups",
}

-- How the methods that are not operations are called; those of a job are added below. The key is the label in
-- ironclad.manual.
--   words     the arguments, in the usage; nil: those of `takes`
--   text      what it does; nil: what ironclad.manual says
--   finds     takes a text, and answers one item or none
--   takes     the operation whose arguments it takes
--   first     the operation that it sends first
--   waits     has the options of a wait
-- and of the methods of a resource's table, for which the first word is the id:
--   sets      takes NAME=VALUE…
--   changes   needs the id only; the resource is not read first
--   texts     how many texts follow the id (default: 0); "many": at least one
--   prints    sends nothing itself, and prints a value
--   answers            the kind of the list that it answers
--   columns, fields    the columns of that list, and all fields of its items
local calls = {
  ["workflows:wait"] = { words = "ID", waits = true, first = "workflows:get",
    text = "waits until a workflow has reached a --step or has a --status" },
  ["workflow_schemas:find"] = { words = "TITLE", finds = true },
  ["scim.users:find_by_email"] = { words = "EMAIL", finds = true, text = "the user with that e-mail address" },
  ["webhooks:ensure"] = { takes = "webhooks:create", first = "webhooks:list",
    text = "registers a webhook with these events and enables it, unless it is" },
  ["workflow:pending_approvals"] = { words = "ID", columns = { "role", "displayName", "assignees" },
    fields = { "role", "displayName", "order", "assignees" }, text = "lists who may approve now" },
  ["workflow:records"] = { words = "ID", answers = "record", text = "lists the records that a workflow has made" },
  ["workflow:set"] = { words = "ID NAME=VALUE…", sets = true, text = "changes attributes of a workflow" },
  ["user:deactivate"] = { words = "ID", changes = true },
  ["group:add_members"] = { words = "ID USER…", changes = true, texts = "many",
    text = "adds users, given as ids" },
  ["group:remove_members"] = { words = "ID USER…", changes = true, texts = "many",
    text = "removes users, given as ids" },
}
for kind, named in pairs { record = "a record", entity = "an entity", obligation = "an obligation" } do
  calls[kind .. ":set"] = { words = "ID NAME=VALUE…", sets = true, text = "changes properties of " .. named }
  calls[kind .. ":plain"] = { words = "ID", prints = true,
    text = "prints all values of " .. named .. " as one flat row" }
  calls[kind .. ":property"] = { words = "ID NAME", texts = 1, prints = true,
    text = "prints the value of one property" }
end
for _, job in ipairs(core.jobs()) do
  local _, status = catalog.find(job.status)
  calls[status.resource .. ":" .. job.wait] = { words = "JOB", job = job, waits = true,
    text = "waits for a job that was started" }
  if job.both then
    calls[status.resource .. ":" .. job.both] = { takes = job.start, job = job, waits = true,
      text = ("%s, and waits until it is done"):format((select(2, catalog.find(job.start))).name:gsub("_", " ")) }
  end
end

--- The methods that are no commands: their label in ironclad.manual -> what does the same in a terminal.
names.excepted = {
  ["*:refresh"] = "`ironclad RESOURCE get ID` reads a resource",
  ["workflow:wait"] = "`ironclad workflows wait ID` waits for a workflow",
  ["export:wait"] = "`ironclad exports wait JOB` waits for an export",
  ["webhooks:receiver"] = "`ironclad listen` receives events",
  ["webhooks:verifier"] = "`ironclad listen` verifies events",
}
for _, resource in ipairs { "records", "workflows", "entities", "obligations" } do
  names.excepted[resource .. ":changes"] = ("`ironclad changes %s` prints what is new"):format(resource)
end

--- The methods that are commands: resource -> name -> how it is called, as above, with `resource`, `name`, `text` and,
-- for a method of a resource's table, `kind`.
names.helpers = {}
for label, about in pairs(manual.helpers) do
  local owner, name = label:match "^(.*):(.*)$"
  local kind = resources.kinds[owner]
  local call = calls[label]
  if call and not names.excepted[label] then
    call.resource, call.name, call.kind = kind and kind.resource or owner, name, kind and owner
    call.text = ((call.text or about[2]):gsub("^%l", string.upper)) .. "."
    names.helpers[call.resource] = names.helpers[call.resource] or {}
    names.helpers[call.resource][name] = call
  end
end

--- The operation whose arguments a helper takes, or nil.
function names.takes(helper) return helper and helper.takes and select(2, catalog.find(helper.takes)) or nil end

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

--- Whether a resource is one of Clickwrap.
function names.is_clickwrap(resource) return product_of[resource] == "clickwrap" end

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
  return (names.is_clickwrap(resource) and "clickwrap " or "") .. names.shown(resource)
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

--- The words "RESOURCE", "NAME" of one that is "RESOURCE:NAME", which is how scripts name operations; nil for another.
function names.parts(word) return word:match "^(.-):(.+)$" end

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

-- What to use instead of a method that is no command, or nil.
local function excepted_for(resource, name)
  local list = name:match "^each(.*)$"
  if list and catalog.find(resource .. ":list" .. list) then
    return ("`ironclad %s %s --all` prints every item"):format(names.words_to(resource), names.shown("list" .. list))
  end
  local instead = names.excepted[resource .. ":" .. name] or names.excepted["*:" .. name]
  return instead and (instead:gsub("RESOURCE", (names.words_to(resource)))) or nil
end

--- An operation or a helper of a resource.
-- @return its number and entry, or nil and nil; and the helper or nil
function names.operation(resource, word)
  local name = normal(word)
  local label = resource .. ":" .. name
  local number, entry = catalog.find(label)
  local helper = (names.helpers[resource] or {})[name]
  if entry or helper then return number, entry, helper end
  local instead = excepted_for(resource, name)
  if instead then
    fail.usage("%s has no operation %q: %s", names.shown(resource), word, instead)
  end
  local meant = synonyms[name]
  if meant and not catalog.find(resource .. ":" .. meant) then meant = nil end
  meant = meant and names.shown(meant) or core.nearest(names.shown(name), names.operation_words(resource))
  fail.usage("%s has no operation %q%s; `ironclad %s` lists them", names.shown(resource), word, fail.meant(meant),
    names.words_to(resource))
end

return names
