--- The ways in which the command prints what Ironclad answered: --json, --jsonl, --csv, --table, and tab-separated
-- values in a pipe. Lists are printed item by item, so that memory stays flat.

local cells = require "ironclad.command.cells"
local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local mistake = require "ironclad.base.mistake"
local names_of = require("ironclad.base.names").sorted
local screen = require "ironclad.base.screen"
local terminal = require "ironclad.command.terminal"

local output = {}

--- The options that choose the form, for every subcommand that prints an answer.
output.flags = {
  { "json", text = "Print JSON" },
  { "jsonl", text = "Print one line of JSON for each item" },
  { "csv", value = "COLUMNS", optional = true, text = "Print CSV; the columns are separated by commas" },
  { "table", text = "Print a table, also in a pipe" },
  { "columns", value = "COLUMNS", text = "The columns of a table or of tab-separated values" },
}

local SAMPLE = 200 -- items that decide the widths of the columns
local GAP = 2      -- columns between two columns

local function split(text, option)
  local list = {}
  for name in text:gmatch "[^,]+" do list[#list + 1] = name:match "^%s*(.-)%s*$" end
  if #list == 0 then fail.usage("--%s: expected columns, as in --%s ironcladId,name, got %q", option, option, text) end
  return list
end

-- Two columns of one name could not be told apart when the CSV is read.
local function check_once(columns)
  local seen = {}
  for _, name in ipairs(columns) do
    if seen[name] then fail.usage("--csv: two columns are called %q", name) end
    seen[name] = true
  end
end

--- The form that the options ask for. Raises a failure for options that contradict each other.
-- @param options those of the command line; `lines`: each item is printed at once, so there is no table
-- @return "json", "jsonl", "csv", "table" or "tsv"; and the list of columns, or nil
function output.form(options)
  local chosen
  for _, name in ipairs { "json", "jsonl", "csv", "table" } do
    if options[name] then
      if chosen then fail.usage("--%s and --%s: give one of them", chosen, name) end
      chosen = name
    end
  end
  local of_csv = type(options.csv) == "string"
  if options.columns and of_csv then fail.usage "--columns and --csv=COLUMNS: give the columns once" end
  if options.columns and (options.json or options.jsonl) then
    fail.usage("--columns does not go with --%s, which prints every field", options.json and "json" or "jsonl")
  end
  local columns = options.columns and split(options.columns, "columns") or of_csv and split(options.csv, "csv") or nil
  if chosen == "csv" then check_once(columns or {}) end
  return chosen or (terminal.is "output" and not options.lines and "table" or "tsv"), columns
end

-- A text as a field of tab-separated values: on one line, without control characters.
local function tsv(text) return screen.clean(text) end

-- ---- columns that no row has ----

-- The names in an item that a column may be, added to a set.
local function add_names(set, item)
  if type(item) ~= "table" then return end
  for _, place in ipairs { item, rawget(item, "properties") or {}, rawget(item, "attributes") or {} } do
    for name in pairs(type(place) == "table" and place or {}) do set[tostring(name)] = true end
  end
end

-- The texts of an item's columns. Notes which of the columns that were asked for no row has had so far.
local function plain_cells(self, item)
  local list, missing = {}, self.missing
  for i, column in ipairs(self.columns) do
    local value = column == "value" and type(item) ~= "table" and item or cells.value(item, column)
    if value ~= nil and missing then missing[column] = nil end
    list[i] = cells.text(value)
  end
  self.count_of_rows = self.count_of_rows + 1
  if missing and next(missing) and self.count_of_rows <= SAMPLE then add_names(self.seen, item) end
  return list
end

-- Says which columns were empty because no row has them.
local function report_missing(self)
  if not self.missing or self.count_of_rows == 0 then return end
  for _, column in ipairs(self.columns) do
    if self.missing[column] then
      local meant = column:find(".", 1, true) and "" or mistake.did_you_mean(column, names_of(self.seen))
      terminal.warn("ironclad: no row has a column %q%s", column, meant)
      self.missing[column] = nil
    end
  end
end

-- ---- a table ----

-- Widths so that a line fits: narrow columns get what they need, and wide ones share what is left.
local function fit(widths, available)
  local total, count = 0, #widths
  for _, width in ipairs(widths) do total = total + width end
  available = available - GAP * (count - 1)
  if total <= available then return widths end
  local order, fitted = {}, {}
  for i in ipairs(widths) do order[i] = i end
  table.sort(order, function(a, b) return widths[a] < widths[b] or widths[a] == widths[b] and a < b end)
  for rank, i in ipairs(order) do
    local share = math.max(1, math.floor(available / (count - rank + 1)))
    fitted[i] = math.min(widths[i], share)
    available = available - fitted[i]
  end
  return fitted
end

local function print_row(row, widths, color)
  local parts = {}
  for i, text in ipairs(row) do
    local cell = screen.cut(text, widths[i])
    parts[i] = i < #row and screen.fill(cell, widths[i]) or cell
    if color then parts[i] = terminal.paint(parts[i], color) end
  end
  terminal.write((table.concat(parts, (" "):rep(GAP)):gsub("%s+$", "")), "\n")
end

local Table = {}
Table.__index = Table

local function table_row(self, item)
  local row = plain_cells(self, item)
  for i, text in ipairs(row) do row[i] = screen.clean(cells.for_people(text)) end
  return row
end

-- Decides the widths by the rows so far, and prints them.
local function settle(self)
  if self.widths then return end
  local widths, columns = {}, terminal.columns()
  -- On a very narrow terminal only the first columns of the table fit.
  local fitting = math.max(1, math.floor((columns + GAP) / (4 + GAP)))
  self.count = math.min(#self.columns, fitting)
  for i = 1, self.count do
    widths[i] = screen.width(self.columns[i])
    for _, row in ipairs(self.rows) do widths[i] = math.max(widths[i], screen.width(row[i])) end
  end
  self.widths = fit(widths, columns)
  local header = {}
  for i = 1, self.count do header[i] = screen.clean(self.columns[i]):upper() end
  print_row(header, self.widths, "bold")
  for _, row in ipairs(self.rows) do self:row(row) end
  self.rows = nil
end

function Table:row(row)
  local shown = {}
  for i = 1, self.count do shown[i] = row[i] end
  print_row(shown, self.widths)
end

function Table:item(item)
  self.columns = self.columns or cells.columns(self.kind, item)
  local row = table_row(self, item)
  if self.widths then return self:row(row) end
  self.rows[#self.rows + 1] = row
  if #self.rows >= SAMPLE then settle(self) end
end

function Table:finish()
  if self.columns and #(self.rows or {}) > 0 then settle(self) end
  report_missing(self)
end

-- ---- the other forms ----

local Tsv = {}
Tsv.__index = Tsv

function Tsv:item(item)
  self.columns = self.columns or cells.columns(self.kind, item)
  local row = plain_cells(self, item)
  for i, text in ipairs(row) do row[i] = tsv(text) end
  terminal.write(table.concat(row, "\t"), "\n")
end

function Tsv:finish() report_missing(self) end

local Jsonl = {}
Jsonl.__index = Jsonl

-- DEL is not escaped in JSON; a terminal must not get it either.
local function json_line(item) return (core.json.encode(item):gsub("\127", "\\u007f")) end

local function json_pretty(item, indent)
  local text = require("ironclad.values.pretty").encode(item, { pretty = true, sort = true }, indent)
  return (text:gsub("\127", "\\u007f"))
end

-- C1 control characters, which a terminal may execute, separators of lines and marks of direction, escaped as JSON
-- allows.
local function harmless(text)
  if not text:find "[\194\226]" then return text end
  return (text:gsub("\194([\128-\159])", function(byte) return ("\\u%04x"):format(byte:byte()) end)
    :gsub("\226(\128[\168-\174])", function(rest) return ("\\u20%02x"):format(rest:byte(2) - 0x80) end)
    :gsub("\226(\129[\166-\169])", function(rest) return ("\\u20%02x"):format(rest:byte(2) - 0x80 + 0x40) end))
end

function Jsonl:item(item) -- luacheck: no unused args
  terminal.write(harmless(json_line(item)), "\n")
end

function Jsonl:finish() end -- luacheck: no unused args

local Json = {}
Json.__index = Json

function Json:item(item)
  terminal.write(self.begun and ",\n  " or "[\n  ", harmless(json_pretty(item, "  ")))
  self.begun = true
end

function Json:finish() terminal.write(self.begun and "\n]\n" or "[]\n") end

local Csv = {}
Csv.__index = Csv

-- Whether it is a record, an entity or an obligation, with properties.
local function plain_of(item)
  if type(item) == "table" and type(rawget(item, "properties")) == "table" and item.plain then return item:plain() end
  return item
end

local function csv_writer(self, columns)
  local write = terminal.write
  if terminal.is "output" then write = function(text) terminal.write(screen.clean(text, true)) end end
  self.writer = require("ironclad.values.csv").writer(write, { columns = columns })
end

local function check_spool(done, message)
  if not done then fail.failed("cannot write a temporary file: %s", tostring(message)) end
  return done
end

function Csv:item(item)
  if self.columns then
    if not self.writer then csv_writer(self, self.columns) end
    return self.writer:write(plain_cells(self, item))
  end
  -- The columns are known only when all items are known. Until then the items are kept in a file.
  if not self.spool then
    self.spool, self.names, self.known = check_spool(io.tmpfile()), {}, {}
  end
  local row = {}
  for name, value in pairs(type(item) == "table" and plain_of(item) or { value = item }) do
    name = tostring(name)
    row[name] = cells.text(value)
    if not self.known[name] then
      self.known[name] = true
      self.names[#self.names + 1] = name
    end
  end
  check_spool(self.spool:write(core.json.encode(row), "\n"))
end

local early = { "ironcladId", "id", "type", "name", "title", "displayName", "status", "step" }

function Csv:finish()
  if not self.spool then
    if self.columns and not self.writer then csv_writer(self, self.columns) end
    return report_missing(self)
  end
  local rank = {}
  for i, name in ipairs(early) do rank[name] = i end
  table.sort(self.names, function(a, b)
    local left, right = rank[a] or #early + 1, rank[b] or #early + 1
    return left < right or left == right and a < b
  end)
  check_spool(self.spool:seek("set", 0)) -- this writes what is left of the items
  csv_writer(self, self.names)
  for line in self.spool:lines() do self.writer:write((core.json.decode(line))) end
  self.spool:close()
end

local forms = { json = Json, jsonl = Jsonl, csv = Csv, table = Table, tsv = Tsv }

--- A printer of items: printer:item(item) for each, then printer:finish(). With `holds`, items may be kept until then.
-- @param options those of the command line
-- @param kind the name of the items' kind, or nil
-- @param default columns when none are asked for, or nil
function output.items(options, kind, default)
  local form, columns = output.form(options)
  local missing
  for _, name in ipairs(columns or {}) do
    -- That a documented field is missing in all rows is not a mistake.
    if not (options.fields and options.fields[name]) then
      missing = missing or {}
      missing[name] = true
    end
  end
  return setmetatable({ columns = columns or (form ~= "csv" and default or nil), kind = kind, rows = {},
    missing = missing, seen = {}, count_of_rows = 0, holds = form == "table" or form == "csv" and not columns },
    forms[form])
end

-- ---- one value ----

-- Fields whose own fields are shown one by one.
local opened = { attributes = true, properties = true }

local function sorted_names(value)
  local names, order = {}, {}
  for i, name in ipairs(early) do order[name] = i end
  for name in pairs(value) do names[#names + 1] = tostring(name) end
  table.sort(names, function(a, b)
    local left, right = order[a] or #early + 1, order[b] or #early + 1
    return left < right or left == right and a < b
  end)
  return names
end

-- The lines of a value as { name, text }.
local function lines_of(value)
  local lines = {}
  for _, name in ipairs(sorted_names(value)) do
    local field = value[name]
    if opened[name] and type(field) == "table" and #field == 0 then
      for _, inner in ipairs(sorted_names(field)) do
        lines[#lines + 1] = { name .. "." .. inner, cells.text(field[inner]) }
      end
    else
      lines[#lines + 1] = { name, cells.text(field) }
    end
  end
  return lines
end

local hidden = { schema = true }

local function print_fields(value, form)
  local copy = {}
  for name, field in pairs(value) do
    if not hidden[name] then copy[name] = field end
  end
  local lines, width = lines_of(copy), 0
  for _, line in ipairs(lines) do width = math.max(width, screen.width(screen.clean(line[1]))) end
  local columns = terminal.columns()
  width = math.min(width, math.max(4, math.floor(columns / 2)))
  for _, line in ipairs(lines) do
    local name, text = screen.clean(line[1]), screen.clean(form == "table" and cells.for_people(line[2]) or line[2])
    if form == "tsv" then
      terminal.write(name, "\t", text, "\n")
    else
      terminal.write(terminal.paint(screen.fill(screen.cut(name, width), width), "dim"), "  ",
        screen.cut(text, math.max(1, columns - width - GAP)), "\n")
    end
  end
end

--- Prints one answer.
-- @param kind the name of its kind, or nil
function output.value(options, value, kind)
  local form, columns = output.form(options)
  if form == "json" then return terminal.write(harmless(json_pretty(value)), "\n") end
  if form == "jsonl" then return terminal.write(harmless(json_line(value)), "\n") end
  if type(value) ~= "table" then return terminal.write(tsv(cells.text(value)), "\n") end
  if #value > 0 then return output.list(options, value, kind) end
  if form == "csv" or columns then return output.list(options, { value }, kind) end
  print_fields(value, form)
end

--- Prints a list.
function output.list(options, list, kind, default)
  local printer = output.items(options, kind, default)
  for _, item in ipairs(list) do printer:item(item) end
  printer:finish()
end

return output
