--- Modules that are loaded at their first use, so that a script does not pay for what it never calls.

local lazy = {}

--- require, for a module of ironclad that a function loads. When Ctrl-C interrupts this, Lua 5.1 and LuaJIT keep a mark
-- for each module that was being loaded, and would refuse to load it ever after ("loop or previous error").
function lazy.load(name)
  local fine, value = pcall(require, name)
  if fine then return value end
  for other, mark in pairs(package.loaded) do
    local whole = type(mark) == "table" or type(mark) == "function"
    if not whole and other:find "^ironclad%." then package.loaded[other] = nil end
  end
  error(value, 0)
end

--- lazy(name) -> a table that stands for the module. Reading a field loads the module. Only for a module that returns a
-- table whose fields never change.
local function of(_, name)
  return setmetatable({}, { __index = function(self, field)
    local value = lazy.load(name)[field]
    rawset(self, field, value)
    return value
  end })
end

return setmetatable(lazy, { __call = of })
