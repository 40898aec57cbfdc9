--- Finds headers of a request, however a host gives them: a table of name -> value, ngx.req.get_headers(), or a list of
-- { name, value }. The case of names does not matter.

local mistake = require "ironclad.base.mistake"

local headers = {}

-- Adds the values of a header to `found`. nginx has a list of values for a header that came twice.
local function collect(found, value)
  if type(value) ~= "table" then
    found[#found + 1] = value
    return
  end
  for _, one in ipairs(value) do found[#found + 1] = one end
end

--- All values of a header.
-- @param given the headers of a request
-- @param wanted its name in lower case
-- @return a list
function headers.values(given, wanted)
  local found = {}
  for key, value in pairs(given) do
    if type(key) == "number" and type(value) == "table" then
      if type(value[1]) == "string" and value[1]:lower() == wanted then collect(found, value[2]) end
    elseif type(key) == "string" and key:lower() == wanted then
      collect(found, value)
    end
  end
  return found
end

--- The value of a header that must come once.
-- @return the value; nil and what is wrong
function headers.one(given, wanted)
  local found = headers.values(given, wanted)
  if #found == 0 then return nil, "the header " .. wanted .. " is missing" end
  if #found > 1 then return nil, "the header " .. wanted .. " comes more than once" end
  if type(found[1]) ~= "string" then return nil, "the header " .. wanted .. " is not a text" end
  return found[1]
end

--- Raises a mistake when `given` is not a table.
function headers.check(label, given)
  if type(given) ~= "table" then
    mistake.raise(label, "headers: expected a table, got %s", mistake.type_of(given))
  end
end

return headers
