-- The works of the benchmark with this module: start|get|pages|many|slow|up|down OPTIONS COUNT IN_FLIGHT. OPTIONS is a
-- Lua file with the options of ironclad.connect; for up and down, COUNT is the file.
local ironclad = require "ironclad"

local work, options, count, in_flight = arg[1], dofile(arg[2]), tonumber(arg[3]), tonumber(arg[4])
if in_flight then options.max_in_flight = in_flight end

local client = ironclad.connect(options)

-- Reads the id and drops the rest, as the other programs do: map would keep whatever the function returns.
local function get_id(item)
  local workflow, err = client.workflows:get(item)
  return workflow and workflow.id, err
end

local function map(id)
  local list = {}
  for i = 1, count do list[i] = id end
  local results = client:map(list, get_id, { concurrency = in_flight })
  for i = 1, count do assert(results[i] == "w1") end
end

if work == "pages" then
  local records = 0
  for record in client.records:each { limit = count * 100 } do
    if record.properties.counterpartyName.value then records = records + 1 end
  end
  assert(records == count * 100)
elseif work == "many" or work == "slow" then
  map(work == "many" and "w1" or "slow")
elseif work == "up" then
  ironclad.must(client:request("POST", "/public/api/v1/records/r1/attachments/signedCopy",
    { files = { attachment = ironclad.file(arg[3]) } }))
elseif work == "down" then
  ironclad.must(client.records:download_attachment("r1", "signedCopy", { to = arg[3] }))
else
  for _ = 1, count do assert(client.workflows:get "w1") end
end
