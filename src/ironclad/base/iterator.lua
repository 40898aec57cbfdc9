--- What each… and changes return: a value that the generic `for` calls for the next item, and that has methods.
--
-- An iterator is not a list: ipairs(iterator) must raise an error instead of doing nothing, and pairs(iterator) instead
-- of giving its fields. In Lua 5.3 and later ipairs reads iterator[1], which raises a mistake, and pairs and # have
-- metamethods. ipairs and pairs of Lua 5.1 and LuaJIT read a table without metamethods, but raise an error for anything
-- that is not a table. So the iterator is a userdata there, which refers to the table.

local mistake = require "ironclad.base.mistake"

local iterator = {}

--- A class of iterators: a metatable with its methods, to which the caller adds __call, __tostring and methods.
-- @param name its __name
-- @param what what one is, for messages: "an iterator has"
-- @param methods the names that a script may use, for suggestions
-- @param may_be_nil a set of the fields that may be nil
function iterator.class(name, what, methods, may_be_nil)
  local class = { __name = name, is_iterator = true }

  class.__ipairs = mistake.guard(function(self)
    mistake.raise(self.label, "gives items one by one, as in `for item in %s … do`, without ipairs", self.label)
  end)

  for _, event in ipairs { "__pairs", "__len" } do
    class[event] = mistake.guard(function(self)
      mistake.raise(self.label, "gives items one by one, as in `for item in %s … do`, and is not a list", self.label)
    end)
  end

  class.__index = mistake.guard(function(self, key)
    local method = class[key]
    if method ~= nil or may_be_nil[key] then return method end
    if type(key) == "number" then
      class.__ipairs(self)
    elseif type(key) == "string" and not key:find "^__" then
      mistake.raise(self.label, '%s no "%s"%s', what, key, mistake.did_you_mean(key, methods))
    end
  end)

  return class
end

--- An iterator.
-- @param fields its fields: a table, which is taken over. `label` names the method that made it
function iterator.new(class, fields) return setmetatable(fields, class) end

if _VERSION == "Lua 5.1" then
  function iterator.new(class, fields)
    setmetatable(fields, class)
    local value = newproxy(true)
    local metatable = getmetatable(value)
    metatable.__name, metatable.is_iterator, metatable.class = class.__name, true, class
    metatable.__index, metatable.__newindex = fields, fields
    metatable.__call = function() return class.__call(fields) end
    metatable.__tostring = function() return class.__tostring(fields) end
    metatable.__len = function() return class.__len(fields) end
    metatable.__ipairs = function() return class.__ipairs(fields) end -- LuaJIT with the features of Lua 5.2
    metatable.__pairs = function() return class.__pairs(fields) end
    return value
  end
end

--- Whether a value is one of these iterators.
function iterator.is(value)
  local metatable = getmetatable(value)
  return type(metatable) == "table" and metatable.is_iterator == true
end

--- Whether only one task may take the items of an iterator: its class has the field `in_turn`.
function iterator.is_in_turn(value)
  return iterator.is(value) and (getmetatable(value).class or getmetatable(value)).in_turn == true
end

return iterator
