-- Every public name of the module, found by walking what the module returns: its fields, its parts, its clients with
-- their resources, and each object that a script gets.
local catalog = require "ironclad.calls.catalog"
local clients = require "ironclad.client"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local resource_methods = require "ironclad.resources.resource_methods"
local resources = require "ironclad.resources.resources"
local task = require "ironclad.loop.task"

-- Methods of objects that scripts do not use.
local internal = {
  -- A receiver calls these. A script's own inbox or source has them: docs/events.md.
  ["inbox:put"] = true, ["inbox:take"] = true, ["inbox:done"] = true, ["inbox:fail"] = true,
  ["clickwrap_webhook:open"] = true,
}

-- The methods that an object offers: functions in its metatable, and in what that refers to for missing fields.
local function add_methods(names, owner, object)
  local metatable = getmetatable(object)
  if type(metatable) ~= "table" then return end
  local inner = rawget(metatable, "__index")
  for _, place in pairs { metatable, rawget(metatable, "methods") or {}, type(inner) == "table" and inner or {} } do
    for name, value in next, place do
      local known = type(name) == "string" and type(value) == "function" and not name:find "^_"
      if known and not internal[owner .. ":" .. name] then names[owner .. ":" .. name] = true end
    end
  end
  if type(inner) == "table" and inner ~= metatable then add_methods(names, owner, inner) end
end

-- The fields of the module and of its parts, which are loaded at their first use.
local function add_module(names, prefix, part)
  local metatable = getmetatable(part)
  local next_field, state = next, part
  if type(metatable) == "table" and metatable.__pairs then next_field, state = metatable.__pairs(part) end
  for name, value in next_field, state do
    if type(name) == "string" and not name:find "^_" then
      local callable = type(value) == "table" and (getmetatable(value) or {}).__call
      local plain = type(value) == "table" and not callable and not name:find "filter$" and name ~= "scopes"
      if not plain then names[prefix .. "." .. name] = true end
      if plain or callable then add_module(names, prefix .. "." .. name, value) end
    end
  end
end

-- The methods of client.<resource>, and of the tables that come back.
local function add_resources(names)
  local seen = {}
  for _, _, resource, method in catalog.names() do
    if method and not seen[resource] then
      seen[resource] = true
      for _, name in ipairs(clients.method_names(resource)) do names[resource .. ":" .. name] = true end
    end
  end
  require "ironclad.clickwrap.kinds"
  for kind, about in pairs(resources.kinds) do
    for name in pairs(resource_methods.all(about)) do
      if name:find "^%l" then names[kind .. ":" .. name] = true end
    end
  end
end

-- An object of each other kind that a script may get.
local function add_objects(names)
  local folder = peer.temporary_folder()
  local sandbox = assert(require("ironclad.sandbox").start { port = 0 })
  local client, cw = sandbox:connect(), sandbox:clickwrap()
  local receiver = client.webhooks:receiver { on = { ["*"] = print }, inbox = folder }
  local objects = {
    client = client, cw = cw, sandbox = sandbox, receiver = receiver, inbox = receiver:inbox(),
    verifier = client.webhooks:verifier {}, iterator = client.workflows:each(),
    changes = client.records:changes { state = folder .. "/state" },
    event = require("ironclad.events.event").new({ payload = { event = "workflow_launched" } }, "id", client),
    task = task.yields_anywhere and ironclad.spawn(function() end), -- Lua 5.1 has no tasks.
    mailbox = ironclad.mailbox(), bar = ironclad.progress "x",
    writer = assert(ironclad.csv.writer(function() end, { columns = { "a" } })),
    clickwrap_webhook = ironclad.webhook.clickwrap { token = "a token of some length" },
  }
  for owner, object in pairs(objects) do add_methods(names, owner, object) end
  ironclad.run()
  names["ironclad.sandbox.start"], names["ironclad.sandbox.fixtures"] = true, true
  sandbox:stop()
  peer.remove_folder(folder)
end

-- A set: "ironclad.connect", "client:map", "records:list", "workflow:refresh", "task:wait", …
return function()
  local names = {}
  add_module(names, "ironclad", ironclad)
  add_resources(names)
  add_objects(names)
  return names
end
