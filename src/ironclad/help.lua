--- ironclad.help(name): what an operation, a method, a function, an option or an error kind is, for a terminal or an
-- editor.

local mistake = require "ironclad.base.mistake"
local topics = require "ironclad.topics"

local OVERVIEW = {
  "ironclad.help(NAME) explains an operation (\"records:list\"), a resource (\"records\") or its table (\"record\"),",
  "a function (\"ironclad.connect\", \"client:map\"), an option (\"deadline\"), an error kind (\"rate_limited\")",
  "or a table that functions take or return (\"WorkOptions\").",
}

--- Prints what a name means.
-- @param name as "records:list", "records", "ironclad.connect", "client:map", "deadline" or "rate_limited"; nil: how
--   help is used
-- @param write function(line); default: print
return function(name, write)
  write = write or print
  local label = "ironclad.help"
  if name ~= nil and type(name) ~= "string" then
    mistake.raise(label, "expected a name, got %s", mistake.type_of(name))
  end
  if type(write) ~= "function" then
    mistake.raise(label, "write: expected a function, got %s", mistake.type_of(write))
  end
  local lines = name == nil and OVERVIEW or topics.lines(name)
  if not lines then
    mistake.raise(label, "there is nothing called %q%s", name, mistake.did_you_mean(name, topics.names()))
  end
  for _, line in ipairs(lines) do write(line) end
end
