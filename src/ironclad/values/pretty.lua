--- JSON for people and for comparing: json.encode(value, { pretty = true, sort = true }).

local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"

local pretty = {}

local DEPTH = 512 -- as deep as json.decode reads

local list_metatable = getmetatable(core.array {})

-- Whether a table is written as a list: as core.json.encode decides it.
local function is_list(value)
  if getmetatable(value) == list_metatable then return true end
  local count = #value
  if count == 0 then return false end
  local keys = 0
  for _ in pairs(value) do keys = keys + 1 end
  return keys == count
end

-- Whether core.json.encode has to write the value: anything but a table, and a table with __as_text or __as_number.
local function is_plain(value)
  if type(value) ~= "table" then return true end
  local metatable = getmetatable(value)
  return type(metatable) == "table" and (metatable.__as_text or metatable.__as_number) ~= nil
end

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do
    if type(key) ~= "string" then return nil end -- core.json.encode says what is wrong with it
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function write_value(out, value, style, indent, depth)
  local keys = not is_plain(value) and not is_list(value) and sorted_keys(value)
  if is_plain(value) or next(value) == nil or (not keys and not is_list(value)) then
    out[#out + 1] = core.json.encode(value)
    return
  end
  if depth > DEPTH then mistake.raise("ironclad.json.encode", "nested deeper than %d tables", DEPTH) end
  local inner = style.pretty and indent .. "  " or ""
  out[#out + 1] = keys and "{" or "["
  for i = 1, keys and #keys or #value do
    if i > 1 then out[#out + 1] = "," end
    if style.pretty then out[#out + 1] = "\n" .. inner end
    if keys then out[#out + 1] = core.json.encode(keys[i]) .. (style.pretty and ": " or ":") end
    local item = value
    if keys then item = item[keys[i]] else item = item[i] end
    write_value(out, item, style, inner, depth + 1)
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
