--- JSON for people and for comparing: json.encode(value, { pretty = true, sort = true }).

local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"

local pretty = {}

local DEPTH = 512 -- as deep as json.decode reads

local list_metatable, file_metatable = getmetatable(core.array {}), getmetatable(core.file { data = "-" })

-- As core.json.encode reads them, tables are read without their metamethods.
local metatable_of, raw_next = debug.getmetatable, next

-- Whether core.json.encode has to write the value: anything but a table, a file, and a table with __as_text or
-- __as_number.
local function is_plain(value)
  if type(value) ~= "table" then return true end
  local metatable = metatable_of(value)
  return metatable ~= nil and metatable ~= list_metatable and (metatable == file_metatable
    or type(rawget(metatable, "__as_text")) == "function" or type(rawget(metatable, "__as_number")) == "function")
end

-- The number of items of a list; nil for any other table.
local function length_of(value)
  local count, last = 0, 0
  for key in raw_next, value do
    if type(key) ~= "number" or key < 1 or key % 1 ~= 0 then return nil end
    count, last = count + 1, math.max(last, key)
  end
  return count == last and count or nil
end

local function sorted_keys(value)
  local keys = {}
  for key in raw_next, value do
    if type(key) ~= "string" then return nil end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function write_value(out, value, style, indent, depth)
  local length, keys
  if not is_plain(value) and raw_next(value) ~= nil then
    length = length_of(value)
    keys = not length and metatable_of(value) ~= list_metatable and sorted_keys(value)
  end
  if not length and not keys then
    out[#out + 1] = core.json.encode(value) -- or it says what is wrong with the table
    return
  end
  if depth > DEPTH then mistake.raise("ironclad.json.encode", "nested deeper than %d tables", DEPTH) end
  local inner = style.pretty and indent .. "  " or ""
  out[#out + 1] = keys and "{" or "["
  for i = 1, length or #keys do
    if i > 1 then out[#out + 1] = "," end
    if style.pretty then out[#out + 1] = "\n" .. inner end
    if keys then out[#out + 1] = core.json.encode(keys[i]) .. (style.pretty and ": " or ":") end
    write_value(out, rawget(value, keys and keys[i] or i), style, inner, depth + 1)
  end
  if style.pretty then out[#out + 1] = "\n" .. indent end
  out[#out + 1] = keys and "}" or "]"
end

--- The JSON text of a value. The keys of objects are sorted.
-- @param style { pretty = with line ends and two spaces for each level, sort = true }
-- @param indent what each line after the first begins with (an empty text)
function pretty.encode(value, style, indent)
  local out = {}
  write_value(out, value, style, indent or "", 1)
  return table.concat(out)
end

local known = mistake.set { "pretty", "sort" }

--- ironclad.json.encode with options.
function pretty.public(value, style, ...)
  local label = "ironclad.json.encode"
  mistake.check_surplus(label, ...)
  mistake.check_options(label, style, known)
  for name, given in pairs(style) do
    if type(given) ~= "boolean" then
      mistake.raise(label, "%s: expected true or false, got %s", name, mistake.type_of(given))
    end
  end
  local fine, text = pcall(pretty.encode, value, style)
  if fine then return text end
  -- Says where in the value the mistake is.
  local other, place = pcall(core.json.encode, value)
  if not other then mistake.raise(nil, place) end
  error(text, 0)
end

return pretty
