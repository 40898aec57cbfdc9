--- Values as people write them: "Counterparty Name", "31 Jan 2030", "USD 5,000", "yes".

local text = {}

-- "currentTurnParty" -> "Current turn party".
local function spaced(name)
  local words = name:gsub("[_%-]+", " "):gsub("(%l)(%u)", function(last, first) return last .. " " .. first:lower() end)
  return (words:gsub("^%l", string.upper))
end

local function is_text(value) return type(value) == "string" and value ~= "" end

local function remove_null(value, null)
  if type(value) ~= "table" then return end
  local count, kept = #value, 0
  for name, field in pairs(value) do
    if field == null then value[name] = nil else remove_null(field, null) end
  end
  for i = 1, count do
    local item = value[i]
    if item ~= nil then
      kept = kept + 1
      value[i] = nil
      value[kept] = item
    end
  end
end

--- Removes JSON's null from a value: a field that is null is missing, and a list is shorter.
-- @return the same table; nil for null
function text.without_null(value)
  local null = require("ironclad").null
  if value == null then return nil end
  remove_null(value, null)
  return value
end

--- The label of an attribute or property.
-- @param about its entry in the schema, or nil
function text.label(name, about)
  return type(about) == "table" and is_text(about.displayName) and about.displayName or spaced(name)
end

local months = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

-- A point in time. A day is Ironclad's midnight in UTC.
local function time_of(value)
  local fine, date = pcall(require("ironclad").date, value)
  if not fine then return value end
  local day = ("%d %s %04d"):format(date.day, months[date.month], date.year)
  if (date.hour or 0) == 0 and (date.minute or 0) == 0 then return day end
  return ("%s, %02d:%02d UTC"):format(day, date.hour, date.minute)
end

-- "715000" -> "715,000".
local function grouped(digits)
  local count
  repeat digits, count = digits:gsub("^(%-?%d+)(%d%d%d)", "%1,%2") until count == 0
  return digits
end

local function money_of(value)
  if value.amount == nil then return nil end
  local amount, currency = tonumber(value.amount), value.currency and value.currency .. " " or ""
  if not amount then return currency .. tostring(value.amount) end
  local whole, rest = (amount % 1 == 0 and "%.0f" or "%.2f"):format(amount):match "^(%-?%d+)(.*)$"
  return currency .. grouped(whole or "0") .. (rest or "")
end

local function duration_of(value)
  local fine, duration = pcall(require("ironclad").duration, value)
  if not fine then return type(value) == "string" and value or nil end
  local parts = {}
  for _, unit in ipairs { "years", "months", "weeks", "days" } do
    local count = duration[unit] or 0
    if count ~= 0 then parts[#parts + 1] = ("%.0f %s"):format(count, count == 1 and unit:sub(1, -2) or unit) end
  end
  return #parts > 0 and table.concat(parts, ", ") or "0 days"
end

local function address_of(value)
  if type(value) == "string" then return (value:gsub("%s*\n%s*", ", ")) end
  local fine, address = pcall(require("ironclad").address, value)
  return fine and tostring(address) or nil
end

local by_type = {
  date = function(value) return is_text(value) and time_of(value) end,
  monetaryAmount = function(value) return type(value) == "table" and money_of(value) end,
  duration = duration_of,
  address = address_of,
}
by_type.monetary_amount = by_type.monetaryAmount

-- Fields that name a table, the best first.
local naming = { "displayName", "readableId", "filename", "userName", "title", "name", "email" }

local value_of

-- A table of a type that `by_type` does not have: an amount, something with a name, or fields with labels.
local function table_of(value, about)
  if value.currency ~= nil and value.amount ~= nil then return money_of(value) end
  for _, name in ipairs(naming) do
    if is_text(value[name]) then return value[name] end
  end
  local schema, parts = type(about.schema) == "table" and about.schema or {}, {}
  for name, field in pairs(value) do
    local shown = value_of(field, schema[name])
    if shown then parts[#parts + 1] = ("%s: %s"):format(text.label(tostring(name), schema[name]), shown) end
  end
  table.sort(parts)
  return #parts > 0 and table.concat(parts, ", ") or nil
end

local function list_of(value, about)
  local parts = {}
  for _, item in ipairs(value) do
    local shown = value_of(item, about.elementType)
    if shown then parts[#parts + 1] = shown end
  end
  return #parts > 0 and table.concat(parts, "; ") or nil
end

local POINT_IN_TIME = "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d"

function value_of(value, about)
  about = type(about) == "table" and about or {}
  if value == nil or value == require("ironclad").null or value == "" then return nil end
  local shown = by_type[about.type] and by_type[about.type](value)
  if shown then return shown end
  if type(value) == "boolean" then return value and "yes" or "no" end
  if type(value) == "number" then return require("ironclad").json.encode(value) end
  if type(value) == "table" then return (#value > 0 and list_of or table_of)(value, about) end
  if type(value) == "string" and value:find(POINT_IN_TIME) then return time_of(value) end
  return tostring(value)
end

--- A value; nil for none (null, an empty text, list or table).
-- @param about its entry in the schema: `type`, `elementType`, `schema`; or nil
text.value = value_of

--- A point in time, in UTC; "?" for none.
function text.time(value) return is_text(value) and time_of(value) or "?" end

--- How many items of a list are shown.
function text.counted(shown, total)
  return shown < (total or 0) and ("%d of %d"):format(shown, total) or tostring(shown)
end

--- Text on one line.
function text.line(value) return (tostring(value):gsub("%s*[\r\n]+%s*", " "):gsub("%c", " ")) end

--- Lines of aligned columns, from rows of texts.
function text.columns(rows)
  local widths, lines = {}, {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do
      row[i] = text.line(cell)
      widths[i] = math.max(widths[i] or 0, vim.fn.strdisplaywidth(row[i]))
    end
  end
  for number, row in ipairs(rows) do
    local line = ""
    for i, cell in ipairs(row) do line = line .. "  " .. cell .. (" "):rep(widths[i] - vim.fn.strdisplaywidth(cell)) end
    lines[number] = line:gsub("%s+$", "")
  end
  return lines
end

--- The same, sorted by the first column.
function text.table(rows)
  table.sort(rows, function(a, b) return a[1] < b[1] end)
  return text.columns(rows)
end

return text
