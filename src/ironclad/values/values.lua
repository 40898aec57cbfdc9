--- Amounts of money, dates, durations and addresses, which Ironclad writes in special forms. The same value can be an
-- attribute of a workflow, a property of a record or a query parameter; each place gets its own form of it (a
-- workflow's address is one text, a record's an object). Values are checked when they are made, print as text, and
-- compare by content.
--
--   values.number(text)         a number from decimal digits
--   values.kind(value)          "money", "date", "duration" or "address"; nil for anything else
--   values.property(value)      as a record's property: its type, and the value as JSON has it

local calendar = require "ironclad.base.calendar"
local copy = require "ironclad.base.copy"
local core = require "ironclad.core"
local decimal = require "ironclad.base.decimal"
local mistake = require "ironclad.base.mistake"

-- Constructors for the module's own use, values.make.date(…) and so on: they return nil and a message for wrong input.
-- The public ones (values.date) raise the message as a mistake.
local values = { make = {} }

local make = values.make

-- @param count how many arguments it takes
local function add_constructor(name, count)
  values[name] = function(...)
    mistake.check_surplus("ironclad." .. name, select(count + 1, ...))
    local value, objection = make[name](...)
    if value == nil then mistake.raise("ironclad." .. name, objection) end
    return value
  end
end

local function is_whole(value)
  return type(value) == "number" and value % 1 == 0
end

-- A finite number: neither infinity nor NaN.
local function is_finite(value)
  return type(value) == "number" and value == value and value ~= math.huge and value ~= -math.huge
end

--- An __eq for tables of one metatable. Lua 5.3 and later ask it also about other tables.
-- @param compare function(a, b) -> whether they are equal
function values.equal_by(compare)
  return function(a, b) return getmetatable(a) == getmetatable(b) and compare(a, b) end
end

---------------------------------------------------------------------------------------------------------------
local Money = { __name = "ironclad.money", kind = "money" }

function Money.__tostring(money)
  local amount = money.amount
  if not is_finite(amount) then return ("%s %s"):format(tostring(money.currency), tostring(amount)) end
  local text = (is_whole(amount) and "%.0f" or "%.2f"):format(amount)
  -- The host may have set a locale with another decimal point.
  text = text:gsub("[^%d%-]+", ".")
  if decimal(text) ~= amount then text = core.json.encode(amount) end
  return tostring(money.currency) .. " " .. text
end

Money.__eq = values.equal_by(function(a, b) return a.currency == b.currency and a.amount == b.amount end)

-- The digits of a decimal number without the zeros at its ends.
local function digits_of(text) return (text:gsub("[%-%.]", ""):gsub("^0+", ""):gsub("0+$", "")) end

-- Whether a number is what its digits say. Any 15 digits are kept by a number.
local function keeps_digits(number, text)
  local digits = digits_of(text)
  return #digits <= 15 or digits == digits_of(core.json.encode(number))
end

--- The number that a text says in decimal digits, as "-12.5"; nil for any other text, and for digits that Lua's numbers
-- cannot hold.
function values.number(text)
  local number = (text:find "^%-?%d+$" or text:find "^%-?%d*%.%d+$") and decimal(text)
  return is_finite(number) and keeps_digits(number, text) and number or nil
end

--- An amount of money. Fields: currency, amount.
-- @param currency ISO 4217, as "USD"
-- @param amount a number, or its digits as text
function make.money(currency, amount)
  if type(currency) ~= "string" or not currency:find "^%u%u%u$" then
    return nil, "currency: expected three capital letters, as \"USD\", got "
      .. (type(currency) == "string" and '"' .. currency .. '"' or type(currency))
  end
  local number = type(amount) == "string" and amount:find "^%-?%d+%.?%d*$" and decimal(amount) or amount
  if not is_finite(number) then
    return nil, "amount: expected a number, got " .. (type(amount) == "string" and '"' .. amount .. '"'
      or type(amount) == "number" and tostring(amount) or type(amount))
  end
  if type(amount) == "string" and not keeps_digits(number, amount) then
    return nil, ("amount: %s has more digits than a number can hold"):format(amount)
  end
  return setmetatable({ currency = currency, amount = number }, Money)
end
add_constructor("money", 2)

---------------------------------------------------------------------------------------------------------------
local Date = { __name = "ironclad.date", kind = "date" }

-- The day so many days after 1970-01-01.
local function from_days(days)
  local year = 1970 + math.floor(days / 365.2425)
  while calendar.days(year, 1, 1) > days do year = year - 1 end
  while calendar.days(year + 1, 1, 1) <= days do year = year + 1 end
  local day, month = days - calendar.days(year, 1, 1) + 1, 1
  while day > calendar.days_in(year, month) do day, month = day - calendar.days_in(year, month), month + 1 end
  return year, month, day
end

local function seconds_of(date)
  if getmetatable(date) ~= Date then mistake.raise("ironclad.date", "a date can only be compared with a date") end
  return calendar.days(date.year, date.month, date.day) * 86400 + (date.hour or 0) * 3600 + (date.minute or 0) * 60
    + (date.second or 0)
end

local function day_text(date)
  return ("%04d-%02d-%02d"):format(date.year, date.month, date.day)
end

local LAST = 59999 -- milliseconds of a minute

-- "12:00:00", with milliseconds when there are any. The milliseconds are truncated: rounding would make 59.9996 the
-- second 60. What is added is for numbers such as 1.001, which are a little less than what they say.
local function time_text(date)
  local milliseconds = math.min(math.floor((date.second or 0) * 1000 + 1e-6), LAST)
  local text = ("%02d:%02d:%02.0f"):format(date.hour or 0, date.minute or 0, math.floor(milliseconds / 1000))
  return milliseconds % 1000 == 0 and text or ("%s.%03.0f"):format(text, milliseconds % 1000)
end

function Date.__tostring(date)
  return date.hour and ("%sT%sZ"):format(day_text(date), time_text(date)) or day_text(date)
end

-- Ironclad's dates are points in time: a day is sent as its start in UTC.
function Date.__as_text(date)
  return ("%sT%sZ"):format(day_text(date), time_text(date))
end

Date.__eq = values.equal_by(function(a, b)
  return seconds_of(a) == seconds_of(b) and (a.hour == nil) == (b.hour == nil)
end)
Date.__lt = mistake.guard(function(a, b) return seconds_of(a) < seconds_of(b) end)
Date.__le = mistake.guard(function(a, b) return seconds_of(a) <= seconds_of(b) end)

-- What is wrong with a day; or nil.
local function objection_to_day(year, month, day)
  for i, name in ipairs { "year", "month", "day" } do
    local value = ({ year, month, day })[i]
    if not is_whole(value) then
      return ("%s: expected a whole number, got %s"):format(name, type(value) == "number" and value or type(value))
    end
  end
  if year < 1 or year > 9999 then return ("year: expected 1 to 9999, got %.0f"):format(year) end
  if month < 1 or month > 12 or day < 1 or day > calendar.days_in(year, month) then
    return ("there is no day %04.0f-%02.0f-%02.0f"):format(year, month, day)
  end
end

-- A whole number as an integer, in Luas that have integers: it prints without ".0".
local function whole(value)
  return math.floor(value)
end

local function new_date(year, month, day)
  return setmetatable({ year = whole(year), month = whole(month), day = whole(day) }, Date)
end

-- The point in time, in UTC, of a local time that is `offset` minutes ahead of it.
local function moment(date, hour, minute, second, offset)
  local seconds = calendar.days(date.year, date.month, date.day) * 86400 + hour * 3600 + (minute - offset) * 60
  local days = math.floor(seconds / 86400)
  local year, month, day = from_days(days)
  if year < 1 or year > 9999 then return nil end
  local rest = seconds - days * 86400
  local result = new_date(year, month, day)
  result.hour, result.minute, result.second = whole(rest / 3600), whole(rest % 3600 / 60), second
  return result
end

-- A date from ISO 8601 text: a day or a point in time; nil and what is wrong.
local function parse_date(text)
  local year, month, day, rest = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$"
  if not year then return nil, ('expected ISO 8601, as "2026-01-31", got "%s"'):format(text) end
  local objection = objection_to_day(tonumber(year), tonumber(month), tonumber(day))
  if objection then return nil, objection end
  local date = new_date(tonumber(year), tonumber(month), tonumber(day))
  if rest == "" then return date end
  local hour, minute, after = rest:match "^[Tt ](%d%d):(%d%d)(.*)$"
  local second, zone = (after or ""):match "^:(%d%d%.?%d*)(.*)$"
  local offset = calendar.offset(zone or after or "?")
  second = second and calendar.second(second) or 0
  if not hour or not offset or tonumber(hour) > 23 or tonumber(minute) > 59 or second >= 60 then
    return nil, ('expected a time of day after the date, as "T12:00:00Z", got "%s"'):format(rest)
  end
  if second % 1 == 0 then second = whole(second) end
  local result = moment(date, tonumber(hour), tonumber(minute), second, offset)
  if not result then return nil, ('"%s" is beyond the years 1 to 9999 in UTC'):format(text) end
  return result
end

--- A day or a point in time. Fields: year, month, day; a point in time also has hour, minute, second, all in UTC.
-- @param year, month, day three numbers; or one of: a Lua time (os.time), which stands for its day in the local time
--   zone; a table as from os.date "*t", which stands for its day; ISO 8601 text, which is a day ("2026-01-31") or a
--   point in time ("2026-01-31T12:00:00+01:00"); a date, which is copied
function make.date(year, month, day)
  local given = year
  if month == nil and day == nil and given ~= nil then
    if type(given) == "string" then return parse_date(given) end
    if type(given) == "number" then
      if given > 0 and given < 10000 then return nil, tostring(given) .. ": a year alone is not a date" end
      local possible = is_finite(given) and math.abs(given) < 2 ^ 38 -- larger: beyond the year 9999
      if not possible then return nil, tostring(given) .. " is not a time" end
      given = os.date("*t", math.floor(given))
    end
    if type(given) ~= "table" then
      return nil, "expected year, month and day, a Lua time, a table or ISO 8601 text, got a " .. type(given)
    end
    year, month, day = given.year, given.month, given.day
  end
  local objection = objection_to_day(year, month, day)
  if objection then return nil, objection end
  local date = new_date(year, month, day)
  if getmetatable(given) == Date then date.hour, date.minute, date.second = given.hour, given.minute, given.second end
  return date
end
add_constructor("date", 3)

---------------------------------------------------------------------------------------------------------------
local Duration = { __name = "ironclad.duration", kind = "duration" }

local units = { "years", "months", "weeks", "days" }
local is_unit = mistake.set(units)
local letters = { years = "Y", months = "M", weeks = "W", days = "D" }

function Duration.__tostring(duration)
  local text = "P"
  for _, unit in ipairs(units) do
    if (duration[unit] or 0) ~= 0 then text = ("%s%.0f%s"):format(text, duration[unit], letters[unit]) end
  end
  return text == "P" and "P0D" or text
end

Duration.__as_text = Duration.__tostring

Duration.__eq = values.equal_by(function(a, b)
  for _, unit in ipairs(units) do
    if (a[unit] or 0) ~= (b[unit] or 0) then return false end
  end
  return true
end)

-- From here on, a number may stand for several whole ones.
local TOO_LARGE = 2 ^ 53

-- The fields of "P1Y2M"; nil for any other text, and for one with parts of a day.
local function parse_duration(text)
  local fields, rest = {}, text:match "^P(.+)$"
  for _, unit in ipairs(units) do
    local count, after = (rest or ""):match("^(%d+)" .. letters[unit] .. "(.*)$")
    if count then fields[unit], rest = tonumber(count), after end
  end
  return rest == "" and fields or nil
end

--- A length of time in calendar units. Fields: those that were given of years, months, weeks, days.
-- @param fields { years =, months =, weeks =, days = }, or ISO 8601 text, as "P1Y2M"
function make.duration(fields)
  local text = type(fields) == "string" and ('"%s"'):format(fields)
  if text then
    fields = parse_duration(fields)
    if not fields then return nil, ('expected ISO 8601 in whole days, as "P1Y2M", got %s'):format(text) end
  end
  if type(fields) ~= "table" then
    return nil, "expected a table, as { years = 1, months = 2 }, got " .. type(fields)
  end
  local objection = mistake.unknown(fields, is_unit, "unit")
  if objection then return nil, objection end
  local duration = {}
  for unit, count in pairs(fields) do
    if not is_whole(count) or count < 0 or count >= TOO_LARGE then
      return nil, ("%s: expected a whole number from 0 to 9007199254740991, got %s"):format(unit,
        text or (type(count) == "number" and tostring(count) or type(count)))
    end
    duration[unit] = whole(count)
  end
  if next(duration) == nil then return nil, "expected one of years, months, weeks, days" end
  return setmetatable(duration, Duration)
end
add_constructor("duration", 1)

---------------------------------------------------------------------------------------------------------------
local Address = { __name = "ironclad.address", kind = "address" }

local address_fields = { "lines", "locality", "region", "postcode", "country" }
local is_address_field = mistake.set(address_fields)
local MAX_LINES = 4 -- of a record's address

local function join(left, separator, right)
  return left and right and left .. separator .. right or left or right
end

-- As on an envelope: a list of lines.
local function envelope(address)
  local lines = {}
  for _, line in ipairs(address.lines or {}) do lines[#lines + 1] = line end
  local area = join(address.region, " ", address.postcode)
  lines[#lines + 1] = join(address.locality, ", ", area)
  lines[#lines + 1] = address.country
  return lines
end

function Address.__tostring(address) return table.concat(envelope(address), ", ") end
function Address.__as_text(address) return table.concat(envelope(address), "\n") end

Address.__eq = values.equal_by(function(a, b)
  for _, field in ipairs(address_fields) do
    if field ~= "lines" and a[field] ~= b[field] then return false end
  end
  return table.concat(a.lines or {}, "\n") == table.concat(b.lines or {}, "\n")
end)

-- What is wrong with a line of an address, or nil.
local function objection_to_line(name, value)
  if type(value) ~= "string" then return ("%s: expected a text, got %s"):format(name, type(value)) end
  if value:find "%c" then return name .. ": must not hold line ends or other control characters" end
end

-- The lines of an address: a list; nil and what is wrong.
local function lines_of(given)
  if type(given) == "string" then
    local lines = {}
    for line in given:gmatch "[^\r\n]+" do lines[#lines + 1] = line end
    given = lines
  end
  if type(given) ~= "table" or (#given == 0 and next(given) ~= nil) then
    return nil, "lines: expected a list of texts, got " .. type(given)
  end
  local fault = mistake.list_fault(given)
  if fault then return nil, "lines: expected a list of texts: " .. fault end
  if #given > MAX_LINES then return nil, ("lines: expected up to %d, got %d"):format(MAX_LINES, #given) end
  local lines = core.array {}
  for i, line in ipairs(given) do
    local objection = objection_to_line(("lines[%d]"):format(i), line)
    if objection then return nil, objection end
    lines[i] = line
  end
  return lines
end

--- A postal address. Fields: those that were given of lines (a list), locality, region, postcode, country.
-- @param fields a table of texts; `lines` is a list of up to 4, or one text with line ends
function make.address(fields)
  if type(fields) ~= "table" then
    return nil, "expected a table, as { lines = { … }, locality = … }, got " .. type(fields)
  end
  local objection = mistake.unknown(fields, is_address_field, "field")
  if objection then return nil, objection end
  local address = {}
  for name, value in pairs(fields) do
    if name == "lines" then
      address.lines, objection = lines_of(value)
    else
      address[name], objection = value, objection_to_line(name, value)
    end
    if objection then return nil, objection end
  end
  if #envelope(address) == 0 then return nil, "it is empty" end
  return setmetatable(address, Address)
end
add_constructor("address", 1)

---------------------------------------------------------------------------------------------------------------
local record_types = { [Money] = "monetary_amount", [Date] = "date", [Duration] = "duration", [Address] = "address" }

function values.kind(value)
  local metatable = type(value) == "table" and getmetatable(value)
  return record_types[metatable] and metatable.kind or nil
end

function values.property(value)
  local metatable = getmetatable(value)
  if metatable == Date or metatable == Duration then return record_types[metatable], metatable.__as_text(value) end
  return record_types[metatable], copy.of(value)
end

return values
