--- ironclad run FILE.lua [ARGUMENT…]: a script that has the module as `ironclad`, and a client of the connection as
-- `client`, which is made when the script first uses it.

local connection = require "ironclad.command.connection"
local fail = require "ironclad.command.fail"
local terminal = require "ironclad.command.terminal"

local run = { stop = true, flags = {
  { "dry-run", refused = "a script sends what it wants to; `dry_run = true` is an option of its calls" },
} }
for _, flag in ipairs(connection.flags) do run.flags[#run.flags + 1] = flag end

run.help = [[
FILE - is standard input. The arguments are in `arg` and in `...`. Ctrl-C ends the script as it ends any Lua script.

  ironclad run expiring.lua 90]]

local function load_file(path)
  if path ~= "-" then return loadfile(path) end
  return (loadstring or load)(terminal.read "*a", "=stdin") -- luacheck: ignore 113 143
end

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

-- As print, which says nothing when the output cannot be written.
local function print_checked(...)
  local texts = {}
  for i = 1, select("#", ...) do texts[i] = tostring((select(i, ...))) end
  terminal.write(table.concat(texts, "\t"), "\n")
  terminal.flush()
end

function run.run(words, options)
  if not words[1] then fail.usage "expected a script, as in `ironclad run script.lua`" end
  local script, problem = load_file(words[1])
  if not script then fail.usage("%s", problem) end
  local given = { unpack(words, 2) }
  given[0] = words[1]
  rawset(_G, "arg", given)
  rawset(_G, "print", print_checked)
  local ironclad = require "ironclad"
  setmetatable(_G, { __index = function(globals, name)
    if name ~= "client" and name ~= "ironclad" then return nil end
    local value = ironclad
    if name == "client" then value = ironclad.connect((connection.options(options))) end
    rawset(globals, name, value)
    return value
  end })
  if terminal.is "output" then io.stdout:setvbuf "line" end -- as Lua itself has it
  local fine, failure = xpcall(function() script(unpack(given)) end, function(err)
    if fail.is(err) or type(err) == "table" and err.kind then return err end
    return tostring(err) .. debug.traceback("", 2):gsub("^\n", "\n"):gsub("\n[^\n]*/command/[^\n]*", "")
  end)
  if fine then
    terminal.flush()
    return fail.DONE
  end
  if fail.is(failure) then error(failure, 0) end
  fail.failed("%s", tostring(failure))
end

return run
