--- The resources of Clickwrap as tables. Adds their kinds to those of ironclad.resources.resources. A group is the kind
-- clickwrap_group, because SCIM has groups too.

local resources = require "ironclad.resources.resources"
local resource_methods = require "ironclad.resources.resource_methods"

local first, quoted = resources.texts.first, resources.texts.quoted

local kinds = {
  site = { resource = "sites", id = "id", shown = { first "id", quoted "name" } },
  clickwrap_group = { resource = "groups", id = "id", shown = { first "id", first "key" } },
  contract = { resource = "contracts", id = "id", shown = { first "id", quoted "title" } },
  version = { resource = "versions", id = "id", shown = { first "id", first "full_version_number", first "status" } },
  signer = { resource = "signers", id = "signer_id", shown = { first "signer_id", quoted "name" } },
  activity = { resource = "activity", id = "id", shown = { first "id", first "event_type", first "signer_id" } },
  evidence = { resource = "evidence", id = "id", modules = { "wait" }, shown = { first "id", first "status" } },
  location = { resource = "locations", id = "id", shown = { first "id", first "key", first "status" } },
  request = { resource = "requests", id = "id", shown = { first "id", quoted "name" } },
}

for name, kind in pairs(kinds) do resources.add_kind(name, kind) end
for _, kind in pairs(kinds) do resource_methods.prepare(kind) end

return kinds
