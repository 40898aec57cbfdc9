--- Modules that are loaded at their first use, so that a script does not pay for what it never calls.

--- lazy(name) -> a table that stands for the module. Reading a field loads the module. Only for a module that returns a
-- table whose fields never change.
local function lazy(name)
  return setmetatable({}, { __index = function(self, field)
    local value = require(name)[field]
    rawset(self, field, value)
    return value
  end })
end

return lazy
