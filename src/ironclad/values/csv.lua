--- CSV (RFC 4180), read and written row by row.
--
--   for row, line in ironclad.csv.rows("deals.csv") do print(row.counterparty) end
--
--   local out = ironclad.csv.writer("contracts.csv", { columns = { "ironcladId", "name" } })
--   out:write { ironcladId = "IC-1", name = "An NDA" }
--   out:close()

local core = require "ironclad.core"
local decimal = require "ironclad.base.decimal"
local mistake = require "ironclad.base.mistake"

local csv = {}

local CHUNK = 65536 -- bytes read at a time
local BOM = "\239\187\191"
local separators = { ",", ";", "\t", "|" }

-- ---- reading ----

-- Whether a value is an open file, or something of another library that can be read or written like one.
local function is_file(value)
  local metatable = debug.getmetatable(value)
  return type(value) == "userdata" and type(metatable) == "table" and metatable.__index ~= nil
end

local function fail_at_line(source, line, message)
  error(("%s, line %d: %s"):format(source.name, line, message), 0)
end

-- The same for text that cannot be read further.
local function fail(source, message)
  source.close()
  source.text, source.at = "", 1
  fail_at_line(source, source.line, message)
end

-- A source of text: fill() makes `text` longer, and returns false at the end.
local function source_of(given)
  local file, message
  if type(given) == "string" then
    file, message = io.open(given, "rb")
    if not file then mistake.raise("ironclad.csv.rows", message) end
  else
    file = given
  end
  local self = { text = "", at = 1, line = 1, name = type(given) == "string" and given or "CSV" }
  function self.fill()
    -- As much as there is already: what is left of a line is read once more.
    local more, problem
    if file then more, problem = file:read(math.max(CHUNK, #self.text - self.at + 1)) end
    if problem then fail(self, "cannot be read: " .. tostring(problem)) end
    if not more then
      self.close()
      return false
    end
    self.text, self.at = self.text:sub(self.at) .. more, 1
    return true
  end
  function self.close()
    if file and type(given) == "string" then file:close() end
    file = nil
  end
  return self
end

-- The most frequent separator in a line, outside quotes.
local function separator_of(line)
  local best, most = ",", 0
  line = line:gsub('"[^"]*"', "")
  for _, separator in ipairs(separators) do
    local _, count = line:gsub(separator == "|" and "%|" or separator, "")
    if count > most then best, most = separator, count end
  end
  return best
end

-- A field in quotes at `at` -> its text, and where it ends; nil when the text ends within it.
local function quoted_field(text, at)
  local parts, start = {}, at + 1
  while true do
    local quote = text:find('"', start, true)
    if not quote or quote == #text then return nil, quote and parts, quote and text:sub(start, quote - 1) end
    parts[#parts + 1] = text:sub(start, quote - 1)
    if text:sub(quote + 1, quote + 1) ~= '"' then return table.concat(parts), quote + 1 end
    parts[#parts + 1] = '"'
    start = quote + 2
  end
end

-- A field at `at` -> its text, and where it ends; nil: more text is needed (`whole`: there is none).
local function field_at(source, at, whole)
  local text = source.text
  if text:sub(at, at) ~= '"' then
    local last = text:find(source.after_field, at)
    -- A "\r" at the end of the text may be the first half of a line end.
    if not whole and (not last or last == #text) then return nil end
    last = last or #text + 1
    return text:sub(at, last - 1), last
  end
  local value, last, rest = quoted_field(text, at)
  if not value and whole and last then return table.concat(last) .. rest, #text + 1 end
  if not value and whole then fail(source, "a quote is not closed") end
  if not value or (not whole and last >= #text) then return nil end
  if last <= #text and not text:find("^" .. source.after_field, last) then
    fail(source, "text after a closing quote")
  end
  return value, last
end

-- The fields of the next line, or nil when more text is needed.
local function parse_line(source, separator, whole)
  local fields, at, text = {}, source.at, source.text
  while true do
    local value, last = field_at(source, at, whole)
    if not value then return nil end
    fields[#fields + 1] = value
    if text:sub(last, last) ~= separator then
      local after = text:match("^\r?\n?()", last)
      if not whole and after > #text and text:sub(last, last) == "\r" then return nil end
      source.at = after
      return fields
    end
    at = last + 1
  end
end

-- The fields of the next line, its number, and whether nothing is on it; nil at the end.
local function next_line(source, separator)
  local whole = false
  while true do
    if source.at > #source.text then
      if not source.fill() then return nil end
    else
      local began, before = source.at, source.text
      local fields = parse_line(source, separator, whole)
      if fields then
        local line = source.line
        source.line = line + select(2, before:sub(began, source.at - 1):gsub("\n", ""))
        return fields, line, before:find("^[\r\n]", began) ~= nil
      end
      if not source.fill() then whole = true end
    end
  end
end

-- A name that two columns have, so that one would hide the other; or nil.
local function name_given_twice(names)
  local known = {}
  for _, name in ipairs(names) do
    if known[name] and name ~= "" then return name end
    known[name] = true
  end
end

local function check_columns(label, columns)
  if type(columns) ~= "table" then
    mistake.raise(label, "columns: expected a list of names, got %s", mistake.type_of(columns))
  end
  local fault = mistake.list_fault(columns)
  if fault then mistake.raise(label, "columns: expected a list of names: %s", fault) end
  for i, name in ipairs(columns) do
    if type(name) ~= "string" then
      mistake.raise(label, "columns: %d: expected a name, got %s", i, mistake.type_of(name))
    end
  end
  local twice = name_given_twice(columns)
  if twice then mistake.raise(label, "columns: two are called %q", twice) end
end

-- The names in the first line.
local function read_names(source, separator)
  local names = next_line(source, separator) or {}
  local twice = name_given_twice(names)
  if twice then
    source.line = 1
    fail(source, ("two columns are called %q"):format(twice))
  end
  return names
end

-- The separator in the options, or nil.
local function checked_separator(label, options)
  local separator = options.separator
  if separator == nil then return nil end
  if type(separator) ~= "string" then
    mistake.raise(label, "separator: expected one character, got %s", mistake.type_of(separator))
  end
  if #separator ~= 1 or separator:find '[%z"\r\n]' then
    -- In Lua 5.1, string.format would end the message at a NUL.
    mistake.raise(label, 'separator: expected one character that is no quote or line end, got "' .. separator .. '"')
  end
  return separator
end

local row_options = mistake.set { "separator", "columns" }

--- The rows of a file, as tables by the names in its first line. The separator is the most frequent of comma,
-- semicolon, tab and bar in that line. A byte order mark is skipped. Only a part of the file is in memory.
-- @param given a path, or an open file
-- @param options { separator =, columns = a list of names, for a file without a line of names }
-- @return an iterator -> the row, the number of its line; and the list of names. It raises an error, with the number of
--   the line, for text that is not CSV. After a line with too many fields it can be called again for the next line;
--   after another error it is at its end
function csv.rows(given, options)
  local label = "ironclad.csv.rows"
  if type(given) ~= "string" and not is_file(given) then
    mistake.raise(label, "expected a path or an open file, got %s", mistake.type_of(given))
  end
  options = options == nil and {} or options
  mistake.check_options(label, options, row_options)
  if options.columns ~= nil then check_columns(label, options.columns) end
  local separator = checked_separator(label, options)
  local source = source_of(given)
  source.fill()
  if source.text:sub(1, 3) == BOM then source.at = 4 end
  if source.text:find "^\255\254" or source.text:find "^\254\255" then
    fail(source, "the text is UTF-16; save it as CSV in UTF-8")
  end
  separator = separator or separator_of(source.text:sub(source.at):match "^[^\r\n]*")
  source.after_field = "[" .. separator:gsub("%p", "%%%0") .. "\r\n]"
  local names = options.columns or read_names(source, separator)
  local function next_row()
    while true do
      local fields, line, is_blank = next_line(source, separator)
      if not fields then return nil end
      if #fields > #names then
        fail_at_line(source, line, ("%d fields, but %d names in the first line"):format(#fields, #names))
      end
      if not is_blank then
        local row = {}
        for i, name in ipairs(names) do row[name] = fields[i] or "" end
        return row, line
      end
    end
  end
  return mistake.guard(next_row), names
end

-- ---- writing ----

-- A spreadsheet runs a cell that begins with one of these as a formula. Numbers may begin with a sign.
local function protected(text)
  if text:find "^[=+%-@\t\r]" and not decimal(text) then return "'" .. text end
  return text
end

-- A value as text. A number has the digits that read back as the same number.
-- @param what the end of the label in messages
local function text_of(label, what, value)
  local kind = type(value)
  if kind == "string" then return value end
  if value == nil or value == core.null then return "" end
  if kind == "number" and value == value and math.abs(value) ~= math.huge then return core.json.encode(value) end
  local metatable = debug.getmetatable(value)
  if kind ~= "number" and kind ~= "boolean" and not (type(metatable) == "table" and metatable.__tostring) then
    mistake.raise(label, "%sexpected a text, number, boolean or a value such as ironclad.date, got %s", what,
      mistake.type_of(value))
  end
  return tostring(value)
end

local function field_of(text, separator, formulas)
  if not formulas then text = protected(text) end
  if text:find('["\r\n]') or text:find(separator, 1, true) or text:find "^%s" or text:find "%s$" then
    return '"' .. text:gsub('"', '""') .. '"'
  end
  return text
end

local function check_options(label, options, known)
  mistake.check_options(label, options, known)
  for _, name in ipairs { "formulas", "bom", "header" } do
    if options[name] ~= nil and type(options[name]) ~= "boolean" then
      mistake.raise(label, "%s: expected true or false, got %s", name, mistake.type_of(options[name]))
    end
  end
end

local field_options = mistake.set { "separator", "formulas" }

--- A value as a field of CSV. nil and JSON null are an empty field.
-- @param value a text, number or boolean, or what has a text of its own, such as ironclad.date
-- @param options { separator = ",", formulas = whether a text that begins like a formula is left as it is (false) }
function csv.field(value, options)
  local label = "ironclad.csv.field"
  options = options == nil and {} or options
  check_options(label, options, field_options)
  local separator = checked_separator(label, options) or ","
  return field_of(text_of(label, "", value), separator, options.formulas)
end

local Writer = { __name = "ironclad.csv.writer" }
Writer.__index = Writer

local function write_line(self, values, count)
  local fields = {}
  for i = 1, count do
    local text = text_of("ironclad.csv.writer", ("write: %s: "):format(self.columns[i]), values[i])
    fields[i] = field_of(text, self.separator, self.formulas)
  end
  local line = table.concat(fields, self.separator)
  if line == "" then line = '""' end -- a blank line is no row
  local done, message = self.put(line .. "\r\n")
  if not done then return nil, message end
  return self
end

--- Writes a row: a table by the names of the columns, or a list of values.
-- @return the writer; nil and a message when it cannot be written
function Writer:write(row)
  if type(row) ~= "table" then
    mistake.raise("ironclad.csv.writer", "write: expected a row, got %s", mistake.type_of(row))
  end
  if self.closed then mistake.raise("ironclad.csv.writer", "write: the writer is closed") end
  local values = {}
  for i, name in ipairs(self.columns) do
    values[i] = row[name]
    if values[i] == nil then values[i] = row[i] end
  end
  return write_line(self, values, #self.columns)
end

--- Ends the file. Calling it again does nothing.
-- @return true; nil and a message when it could not be written
function Writer:close()
  if self.closed then return true end
  self.closed = true
  local done, message = self.finish()
  if not done then return nil, message end
  return true
end

local writer_options = mistake.set { "columns", "separator", "bom", "formulas", "header" }

--- Writes CSV: lines end with CR LF, and a field is quoted where it must be. A text that a spreadsheet would run as a
-- formula gets an apostrophe before it.
-- @param target a path, an open file, or a function that is called with text
-- @param options
--   columns    a list of the names; required
--   separator  ","
--   bom        whether the file begins with a byte order mark, which some spreadsheets need for UTF-8 (false)
--   formulas   whether texts that begin like formulas are left as they are (false)
--   header     whether the first line has the names (true)
-- @return a writer: writer:write(row), writer:close(); nil and a message when the file cannot be opened
function csv.writer(target, options)
  local label = "ironclad.csv.writer"
  if type(target) ~= "string" and type(target) ~= "function" and not is_file(target) then
    mistake.raise(label, "expected a path, an open file or a function, got %s", mistake.type_of(target))
  end
  check_options(label, options, writer_options)
  check_columns(label, options.columns)
  local self = setmetatable({ columns = options.columns, separator = checked_separator(label, options) or ",",
    formulas = options.formulas }, Writer)
  if type(target) == "function" then
    self.put = function(text)
      target(text)
      return true
    end
    self.finish = function() return true end
  else
    local file, message = target, nil
    if type(target) == "string" then file, message = io.open(target, "wb") end
    if not file then return nil, message end
    self.put = function(text) return file:write(text) end
    self.finish = function() return file[type(target) == "string" and "close" or "flush"](file) end
  end
  local done, message = true, nil
  if options.bom then done, message = self.put(BOM) end
  if done and options.header ~= false then done, message = write_line(self, options.columns, #options.columns) end
  if not done then return nil, message end
  return self
end

mistake.need_object(Writer, Writer, "writer", { "write", "close" })
mistake.guard_all(Writer)
return require("ironclad.base.names").strict("ironclad.csv",
  mistake.guard_all(mistake.need_dot(csv, "ironclad.csv")))
