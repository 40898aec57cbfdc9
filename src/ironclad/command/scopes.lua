--- ironclad scopes [OPERATION…]: the scopes that operations need; without operations, all that are known.

local columns = require "ironclad.command.columns"
local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local output = require "ironclad.command.output"

local scopes = { flags = output.flags }

scopes.help = [[
OPERATION is RESOURCE:NAME, as in workflows:launch, or `RESOURCE NAME`. The result can be given to
`ironclad login --scopes`.]]

--- The columns that it may print.
scopes.columns = { "scope", "label", "grants" }

--- A scope as Ironclad spells it: given with or without "public.".
function scopes.exact(word)
  local known = require("ironclad.connections.scopes").known
  for _, entry in ipairs(known) do
    if entry.scope == word or entry.scope == "public." .. word then return entry.scope end
  end
  local nearest = core.scope_nearest(word) or core.scope_nearest("public." .. word)
  fail.usage("there is no scope %q%s; `ironclad scopes` lists them", word, fail.meant(nearest))
end

-- "workflows:list", or the two words "workflows" and "list".
local function operations_of(words)
  local names, list, i = require "ironclad.command.names", {}, 1
  while words[i] do
    local resource, name = names.parts(words[i])
    if not resource then
      local found, taken = names.resource({ words[i], words[i + 1] })
      if not found then
        fail.usage("expected an operation, as workflows:list, got %q%s", words[i],
          fail.meant(core.nearest(words[i], names.resource_words())))
      end
      resource, name = found, words[i + taken]
      if not name then fail.usage("%s: which operation? As in `ironclad scopes %s:list`", words[i], words[i]) end
      i = i + taken
    end
    list[#list + 1] = (names.resource { resource, "" } or resource) .. ":" .. name:gsub("%-", "_")
    i = i + 1
  end
  return list
end

function scopes.run(words, options)
  columns.check(options, scopes.columns)
  local by_name = {}
  local known = require("ironclad.connections.scopes").known
  for _, entry in ipairs(known) do by_name[entry.scope] = entry end
  local list = {}
  if words[1] then
    for _, scope in ipairs(require("ironclad").scopes_for(operations_of(words))) do
      list[#list + 1] = by_name[scope] or { scope = scope, label = "" }
    end
  else
    list = known
  end
  output.list(options, list, nil, words[1] and { "scope", "label" } or scopes.columns)
end

return scopes
