--- Points in time as milliseconds since 1970, UTC: as Ironclad writes them, and as HTTP does.

local calendar = require "ironclad.base.calendar"

local moment = {}

-- Whether there is such a day and such a time of day. The second 60 is a leap second.
local function exists(year, month, day, hour, minute, second)
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  return month >= 1 and month <= 12 and day >= 1 and day <= calendar.days_in(year, month)
    and tonumber(hour) < 24 and tonumber(minute) < 60 and second < 61
end

local function milliseconds(year, month, day, hour, minute, second)
  local days = calendar.days(tonumber(year), tonumber(month), tonumber(day))
  return ((days * 24 + tonumber(hour)) * 60 + tonumber(minute)) * 60000 + math.floor(second * 1000 + 0.5)
end

--- Reads ISO 8601 text: a day, or a point in time with or without an offset.
-- @return milliseconds, or nil for another text, and for a day or time that does not exist
function moment.read(text)
  if type(text) ~= "string" then return nil end
  local year, month, day, rest = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$"
  if not year then return nil end
  if rest == "" then return exists(year, month, day, 0, 0, 0) and milliseconds(year, month, day, 0, 0, 0) or nil end
  local hour, minute, after = rest:match "^[Tt ](%d%d):(%d%d)(.*)$"
  if not hour then return nil end
  local second, zone = after:match "^:(%d%d%.?%d*)(.*)$"
  local offset = calendar.offset(zone or after)
  second = second and calendar.second(second) or 0
  if not offset or not exists(year, month, day, hour, minute, second) then return nil end
  return milliseconds(year, month, day, hour, minute, second) - offset * 60000
end

local MONTHS = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11,
  Dec = 12 }

--- Reads the date of an HTTP header, "Thu, 17 Nov 2016 00:37:22 GMT" (RFC 9110, 5.6.7).
-- @return milliseconds, or nil
function moment.read_http(text)
  if type(text) ~= "string" then return nil end
  local day, month, year, hour, minute, second = text:match "^%a+, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$"
  if not day or not MONTHS[month] then return nil end
  return milliseconds(year, MONTHS[month], day, hour, minute, tonumber(second))
end

--- Writes milliseconds as Ironclad does: "2016-11-17T00:37:22.318Z".
function moment.write(time)
  return os.date("!%Y-%m-%dT%H:%M:%S", math.floor(time / 1000)) .. (".%03dZ"):format(time % 1000)
end

return moment
