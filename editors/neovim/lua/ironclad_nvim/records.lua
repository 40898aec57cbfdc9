--- The list of records: ironclad://CONNECTION/records/TYPE.

local lists = require "ironclad_nvim.lists"

local records = { opens = "record", starts_at = lists.FIRST }

function records.read(self)
  local wanted = self.argument ~= "" and self.argument or nil
  return lists.read(self, self.client.records, { types = wanted }, "Records" .. (wanted and ", " .. wanted or ""),
    function(record) return { record.ironcladId or record.id or "?", record.type or "", record.name or "" } end)
end

records.actions = lists.actions

return records
