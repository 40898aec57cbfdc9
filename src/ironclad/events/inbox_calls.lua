--- The calls that a script makes of an inbox, wherever the inbox is kept: inbox_calls(class) makes its public methods
-- raise a mistake without their object and for an id that is no text.

local mistake = require "ironclad.base.mistake"

return function(class)
  for _, name in ipairs { "retry", "remove" } do
    local method = class[name]
    class[name] = function(self, id)
      if type(id) ~= "string" then
        mistake.raise("inbox:" .. name, "id: expected the id of an event, got %s", mistake.type_of(id))
      end
      return method(self, id)
    end
  end
  mistake.need_object(class, class, "inbox", { "list", "retry", "remove" })
end
