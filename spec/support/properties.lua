-- What the specs of records' properties share: the metadata of a company's properties, and a record with some of them.
local json = require("ironclad").json
local peer = require "spec.support.peer"
local resources = require "ironclad.resources.resources"
local scene = require "spec.support.scene"

local properties = {}

-- The answer to the request for the metadata.
properties.SCHEMA = peer.json(json.encode { properties = {
  counterpartyName = { type = "string" }, agreementDate = { type = "date" }, term = { type = "duration" },
  email = { type = "email" }, vendor = { type = "reference" }, where = { type = "address" },
  seats = { type = "number" }, renews = { type = "boolean" },
  value = { type = "monetary_amount" }, tags = { type = "array" },
  law = { type = "clause" }, position = { type = "playbookClause" }, newer = { type = "geoPoint" }, odd = 5,
} })

-- A record of a client.
function properties.record_of(client, held)
  return resources.make(client, "record", { id = "r1", ironcladId = "IC-1", properties = held })
end

-- The body of the last request.
function properties.body_of(server) return json.decode(scene.last(server).body) end

return properties
