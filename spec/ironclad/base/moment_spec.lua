-- Points in time as text.
local moment = require "ironclad.base.moment"

describe("ISO 8601", function()
  for text, time in pairs {
    ["1970-01-01"] = 0, ["1970-01-01T00:00Z"] = 0, ["1970-01-01T00:00:00.250Z"] = 250, ["1970-01-01 00:00:01"] = 1000,
    ["1970-01-01T02:00:00+02:00"] = 0, ["1969-12-31T23:00:00-0100"] = 0, ["2024-02-29"] = 1709164800000,
    ["2000-02-29T23:59:60Z"] = 951868800000,
  } do
    it("is read: " .. text, function() assert.are.equal(time, moment.read(text)) end)
  end

  for _, text in ipairs { "", "today", "2026", "2026-1-1", "2026-00-01", "2026-13-01", "2026-01-00", "2026-01-32",
    "2026-02-29", "1900-02-29", "2026-04-31", "2026-01-01T24:00Z", "2026-01-01T10:60Z", "2026-01-01T10:00:61Z",
    "2026-01-01T10:00+24:00", "2026-01-01T10:00+01:60", "2026-01-01T10:00Zulu", "2026-01-01T10",
    "2026-01-01 and a==b" } do
    it("is not: " .. text, function() assert.is_nil(moment.read(text)) end)
  end
end)
