-- Reading CSV (RFC 4180): fields in quotes may hold separators, line ends and doubled quotes. The separator is a comma,
-- a semicolon or a tab, whichever is most frequent in the first line.
local csv = {}

local function separator_of(text)
  local first, best, most = text:gsub('"[^"]*"', ""):match "^[^\r\n]*", ",", 0
  for _, separator in ipairs { ",", ";", "\t" } do
    local _, count = first:gsub(separator, "")
    if count > most then best, most = separator, count end
  end
  return best
end

-- A field of `text` at `at` -> the field, and where it ends.
local function field(text, at, separator)
  if text:sub(at, at) ~= '"' then return text:match("^([^" .. separator .. "\r\n]*)()", at) end
  local parts = {}
  repeat
    local part, last = text:match('^"([^"]*)"()', at)
    if not part then error("a quote is not closed", 0) end
    parts[#parts + 1], at = part, last
  until text:sub(at, at) ~= '"'
  if not text:find("^[" .. separator .. "\r\n]", at) and at <= #text then error("text after a closing quote", 0) end
  return table.concat(parts, '"'), at
end

-- A line of `text` at `at` -> its fields, and where the next line begins.
local function line(text, at, separator)
  local fields = {}
  while true do
    local value, last = field(text, at, separator)
    fields[#fields + 1] = value
    if text:sub(last, last) ~= separator then return fields, last + #text:match("^\r?\n?", last) end
    at = last + 1
  end
end

-- The rows of a file after its first line, as tables by the names in the first line. Returns an iterator -> the table,
-- and the number of the line in which it begins; and the names. Raises an error, with the line number, for text that is
-- not CSV.
function csv.rows(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a":gsub("^\239\187\191", "")
  file:close()
  local at, number, separator = 1, 1, separator_of(text)
  local function next_line()
    local fine, fields, after = pcall(line, text, at, separator)
    if not fine then error(("%s, line %d: %s"):format(path, number, fields), 0) end
    local began = number
    number = number + select(2, text:sub(at, after - 1):gsub("\n", ""))
    at = after
    return fields, began
  end
  local names = next_line()
  return function()
    while at <= #text do
      local fields, began = next_line()
      if #fields > #names then
        error(("%s, line %d: %d fields, and %d names in the first line"):format(path, began, #fields, #names), 0)
      end
      local row = {}
      for i, name in ipairs(names) do row[name] = fields[i] or "" end
      if #fields > 1 or fields[1] ~= "" then return row, began end
    end
  end, names
end

return csv
