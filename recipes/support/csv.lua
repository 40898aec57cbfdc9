-- Reading CSV (RFC 4180): fields in quotes may hold commas, line ends and doubled quotes.
local csv = {}

-- One field from `text` at `at` -> the field, where it ends, and what ends it ("" at the end of the text).
local function field(text, at)
  if text:sub(at, at) ~= '"' then
    local value, last = text:match("^([^,\r\n]*)()", at)
    return value, last
  end
  local parts = {}
  repeat
    local part, last = text:match('^"([^"]*)"()', at)
    if not part then error("metadata: a quote is not closed", 0) end
    parts[#parts + 1], at = part, last
  until text:sub(at, at) ~= '"'
  return table.concat(parts, '"'), at
end

-- The lines of a file after the first, as tables by the names in the first.
function csv.rows(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a":gsub("^\239\187\191", "")
  file:close()
  local at = 1
  local function line()
    local fields = {}
    repeat
      local value, last = field(text, at)
      fields[#fields + 1] = value
      at = last + 1
    until text:sub(last, last) ~= ","
    if text:sub(at - 1, at) == "\r\n" then at = at + 1 end
    return fields
  end
  local names = line()
  return function()
    while at <= #text do
      local fields, row = line(), {}
      for i, name in ipairs(names) do row[name] = fields[i] or "" end
      if #fields > 1 or fields[1] ~= "" then return row end
    end
  end
end

return csv
