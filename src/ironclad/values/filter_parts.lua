--- What the modules that build filters share: a type of values that are a text, and the parts of a joined filter.

local values = require "ironclad.values.values"

local filter_parts = {}

--- The metatable of values { text = }: tostring and a query give the text, and values with the same text are equal.
function filter_parts.text_type(name)
  local metatable = { __name = name }
  function metatable:__tostring() return self.text end
  metatable.__as_text = metatable.__tostring
  metatable.__eq = values.equal_by(function(a, b) return a.text == b.text end)
  return metatable
end

--- The filters that And or Or gets: its arguments, or one list of them.
-- @param check called as check(part, i) for each; raises a mistake for what is not a filter
-- @return the list, its length, which may be 0
function filter_parts.list(check, ...)
  local list, count = { ... }, select("#", ...)
  if count == 1 and type(list[1]) == "table" and getmetatable(list[1]) == nil then
    list, count = list[1], 0
    for key in pairs(list) do
      if type(key) == "number" and key >= 1 and key % 1 == 0 then
        count = math.max(count, key)
      elseif key ~= "n" then
        check(nil, tostring(key))
      end
    end
  end
  for i = 1, count do check(list[i], i) end
  return list, count
end

return filter_parts
