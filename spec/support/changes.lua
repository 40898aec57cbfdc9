-- What the specs of changes share: a sandbox and its client, stores, and what a loop gives.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local must = local_ironclad.must

local changes = {}

changes.RESOURCES = { "records", "workflows", "entities", "obligations" }

-- changes.folder, changes.sandbox and changes.client are those of the test under way.

-- Starts the test's sandbox.
function changes.start(options)
  local settings = { clock = "2026-03-01T09:00:00Z" } -- its clock moves only on request
  for name, value in pairs(options or {}) do settings[name] = value end
  changes.sandbox, changes.client = local_ironclad.start(settings)
end

-- For before_each and after_each.
function changes.set_up() changes.folder = peer.temporary_folder() end

function changes.tear_down()
  if changes.sandbox then changes.sandbox:stop() end
  changes.sandbox, changes.client = nil, nil
  scene.stop()
  peer.remove_folder(changes.folder)
end

function changes.path(name) return changes.folder .. "/" .. (name or "state") end

-- A store in memory: much faster than the disk. `text()` is what it keeps.
function changes.memory()
  local text
  local saves, appends = 0, 0
  return {
    load = function() return text end,
    save = function(new)
      text, saves = new, saves + 1
      return true
    end,
    append = function(line)
      text, appends = text .. line, appends + 1
      return true
    end,
    text = function() return text end,
    counts = function() return saves, appends end,
  }
end

function changes.with(options, more)
  local all = {}
  for name, value in pairs(options) do all[name] = value end
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

-- Runs a loop to its end -> what came, as a list of { id, lastUpdated }.
function changes.collect(resource, options)
  local list = {}
  for item in changes.client[resource]:changes(options) do list[#list + 1] = { item.id, item.lastUpdated } end
  return list
end

function changes.ids_of(list)
  local ids = {}
  for i, entry in ipairs(list) do ids[i] = entry[1] end
  return ids
end

-- Every item of a list as it is now: id -> lastUpdated.
function changes.all_of(resource)
  local all = {}
  local arguments = resource == "workflows" and { status = { "active", "paused", "completed", "cancelled" } } or {}
  for item in changes.client[resource]:each(arguments) do all[item.id] = item.lastUpdated end
  return all
end

-- Changes one item.
changes.touch = {
  records = function(id)
    must(changes.client.records:update(id, { addProperties = { counterpartyName = "Changed" } }))
  end,
  workflows = function(id) must(changes.client.workflows:create_comment(id, { comment = "changed" })) end,
  entities = function(id) must(changes.client.entities:update(id, { name = "Changed" })) end,
  obligations = function(id) must(changes.client.obligations:update(id, { name = "Changed" })) end,
}

-- Fixtures with `count` records, entities or obligations, all of the same time.
function changes.fixtures(resource, count)
  local company = ironclad.json.decode(require("ironclad.sandbox").fixtures())
  local model = company[resource][1]
  if resource == "records" then
    model = { type = "mutualNDA", name = "A record", updatedDaysAgo = 60, properties = ironclad.json.decode "{}" }
  end
  company[resource] = {}
  for i = 1, count do company[resource][i] = model end
  if resource ~= "obligations" then company.obligations = nil end
  if resource == "records" then
    company.contracts, company.workflows = nil, nil
  end
  local file = changes.path "fixtures.json"
  peer.write_file(file, ironclad.json.encode(company))
  return file
end

return changes
