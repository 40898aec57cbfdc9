--- The days of the proleptic Gregorian calendar, and the offsets of ISO 8601.

local decimal = require "ironclad.base.decimal"

local calendar = {}

--- The number of days of a month.
function calendar.days_in(year, month)
  if month == 2 then return (year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)) and 29 or 28 end
  return (month == 4 or month == 6 or month == 9 or month == 11) and 30 or 31
end

--- The days from 1970-01-01 to a day. Years begin in March here, so that a leap day is the last day of its year.
function calendar.days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  local century = math.floor(year / 100)
  return 365 * year + math.floor(year / 4) - century + math.floor(century / 4) + math.floor((153 * month - 457) / 5)
    + day - 719469
end

--- The number of a second in digits, "59.999". Digits after those of nanoseconds are ignored, because with too many of
-- them a number is rounded to the next second.
function calendar.second(text) return decimal(text:sub(1, #"59.999999999")) end

--- The minutes of "Z", "", "+01:00" or "-0730"; nil for any other text.
function calendar.offset(text)
  if text == "" or text == "Z" or text == "z" then return 0 end
  local sign, hours, minutes = text:match "^([+-])(%d%d):?(%d%d)$"
  if not sign or tonumber(hours) > 23 or tonumber(minutes) > 59 then return nil end
  return (tonumber(hours) * 60 + tonumber(minutes)) * (sign == "-" and -1 or 1)
end

return calendar
