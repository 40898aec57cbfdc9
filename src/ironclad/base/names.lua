--- Names: tables that raise a mistake for an unknown one, with the name that was probably meant; and sorted lists.

local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"

local names = {}

-- Names that other clients and people use -> the name here.
local synonyms = {
  retrieve = "get", fetch = "get", find = "get", read = "get", all = "each", iter = "each", iterate = "each",
  pages = "each", create = "launch", start = "launch", new = "create", add = "create", edit = "update",
  modify = "update", remove = "delete", destroy = "delete", templates = "workflow_schemas", contracts = "records",
  approve = "update_approval", comment = "create_comment", add_comment = "create_comment",
}

local MOST = 6 -- names listed in one message

local function names_of(known)
  local list = {}
  for name in pairs(known) do list[#list + 1] = tostring(name) end
  return list
end

-- The end of the message about an unknown name: the name that was probably meant, or names that contain it; or an empty
-- text.
local function suggestion(name, list)
  local holding, meant = {}, nil
  for _, one in ipairs(list) do
    if one == synonyms[name] then meant = one end
    if one:lower():find(name:lower(), 1, true) then holding[#holding + 1] = one end
  end
  meant = meant or core.nearest(name, #holding > 0 and holding or list)
  if meant or #holding == 1 then return mistake.meant(meant or holding[1]) end
  return holding[1] and "; there are " .. table.concat(holding, ", ", 1, math.min(#holding, MOST)) or ""
end

--- The names in a map, sorted: its keys that are text.
function names.sorted(map)
  local list = {}
  for name in pairs(map) do
    if type(name) == "string" then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

--- Raises a mistake for an unknown name. Names that are not text, or begin with "__", read as nil.
-- @param what what the table is called in messages
-- @param list the right names
function names.missing(what, name, list)
  if type(name) ~= "string" or name:find "^__" then return nil end
  table.sort(list)
  mistake.raise(nil, "%s has no %s%s", what, name, suggestion(name, list))
end

--- Makes a table raise a mistake for an unknown name.
-- @param what what the table is called in messages
-- @param known the table. It may be the __index of other tables
-- @param optional set of fields that may be missing: name -> true
-- @return the table
function names.strict(what, known, optional)
  return setmetatable(known, { __index = mistake.guard(function(_, name)
    if optional and optional[name] then return nil end
    return names.missing(what, name, names_of(known))
  end) })
end

return names
