--- Mistakes of the caller: wrong arguments and options. A mistake is raised as text that begins with the position of
-- the script's own line, not of the module's.
--
-- The position is looked up when the mistake is raised: the stack is searched from the top for the first function that
-- is not in one of the module's files. So a call without a mistake costs nothing, and no function counts stack levels.
--
-- Tracebacks begin at the script's line too. Every public function is guarded (mistake.guard): the guard catches an
-- error and raises it again, unchanged, when the module's frames are gone. A guarded function may call another one: the
-- outermost guard raises the error last. An error of a script's callback passes through the guards in the same way: its
-- message keeps the callback's line, but the traceback does not have the callback's frames.

local core = require "ironclad.core"

local mistake = {}

local MANY = 12 -- choices: with more, a message that has the nearest one does not list them

-- The prefix of the module's chunk names, such as "@/usr/share/lua/5.4/ironclad/". Nil when this chunk has another name
-- (for example, in stripped bytecode): mistakes then have no position.
local root = debug.getinfo(1, "S").source:match "^(@.*)base/mistake%.lua$"

-- The sandbox's files may be installed elsewhere, because it is a separate rock. The module's first file is never one
-- of the chunks that are linked into core.so (src/lua/chunks.h), whose names begin with "@ironclad/".
local function is_own(source)
  return source:sub(1, #root) == root or source == "=ironclad" or source:find "/ironclad/sandbox[/%w]*%.lua$" ~= nil
    or source:find "/ironclad/init%.lua$" ~= nil
end

--- The position of the script's line that called the module: "script.lua:12: ". C functions are skipped: for
-- pcall(client.records.get) it is the line with the pcall. An empty text when there is no such line, for example at the
-- start of a coroutine.
function mistake.position()
  local level = 2
  local caller = root and debug.getinfo(level, "Sl")
  while caller do
    -- A Lua function outside the module; not C, and not one of Lua 5.1's entries for tail calls.
    if caller.currentline >= 0 and not is_own(caller.source) then
      return ("%s:%d: "):format(caller.short_src, caller.currentline)
    end
    level = level + 1
    caller = debug.getinfo(level, "Sl")
  end
  return ""
end

--- A text on one line: control characters are escaped, which a terminal may execute. Names and values of a script
-- may come from a server.
function mistake.printable(text)
  if not text:find "[%z\1-\31\127\194]" then return text end
  return (text:gsub("[%z\1-\31\127]", function(byte) return ("\\u%04X"):format(byte:byte()) end)
    :gsub("\194([\128-\159])", function(byte) return ("\\u%04X"):format(byte:byte()) end))
end

--- Raises a mistake.
-- @param label names the function or method, as in "records:get"; nil: the message says it
-- @param message what is wrong; with further arguments a format for them (string.format)
function mistake.raise(label, message, ...)
  if select("#", ...) > 0 then message = message:format(...) end
  error(mistake.position() .. mistake.printable((label and label .. ": " or "") .. message), 0)
end

local pcall, error = pcall, error

local function pass(fine, ...)
  if fine then return ... end
  return error((...), 0)
end

--- Makes a public function, which does what fn does. Tracebacks of its errors have no frame of the module.
-- @param fn must not yield in PUC Lua 5.1; see mistake.guard_waiting
-- @param first nil, or a function of one argument that is called before fn. What it returns, unless nil, is the result.
--   It is not guarded, which saves time; so it must not raise a mistake, and it must not yield
function mistake.guard(fn, first)
  return core.boundary(fn, first)
end

-- first, and then fn unless that has a result: what mistake.guard makes, without a guard.
local function chain(fn, first)
  if not first then return fn end
  return function(argument)
    local result = first(argument)
    if result ~= nil then return result end
    return fn(argument)
  end
end

if rawget(_G, "jit") then
  -- LuaJIT cannot yield inside a C function other than its own pcall. A tail call of `error` leaves no frame in LuaJIT;
  -- in PUC Lua it does.
  function mistake.guard(fn, first)
    return chain(function(...) return pass(pcall(fn, ...)) end, first)
  end
end

local function guard_each(functions, guard)
  for name, fn in pairs(functions) do
    if type(fn) == "function" and debug.getinfo(fn, "S").what ~= "C" then functions[name] = guard(fn) end
  end
  return functions
end

--- Guards the functions in a table, in place. C functions need no guard.
-- @return the table
function mistake.guard_all(functions) return guard_each(functions, mistake.guard) end

--- mistake.guard for functions that may wait.
mistake.guard_waiting = mistake.guard

if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then
  -- No coroutine can yield inside a guard here, so that a function that a coroutine calls has none. The frame of this
  -- choice stays in tracebacks: it is compiled under the module's name, and then reads "ironclad:4: in function 'get'".
  local choose = assert(rawget(_G, "loadstring")([[
    local running, fn, guarded = ...
    return function(...)
      if running() then return fn(...) end
      return guarded(...)
    end]], "=ironclad"))
  function mistake.guard_waiting(fn, first)
    return choose(coroutine.running, chain(fn, first), mistake.guard(fn, first))
  end
end

--- mistake.guard_all for functions that may wait.
function mistake.guard_all_waiting(functions) return guard_each(functions, mistake.guard_waiting) end

-- Whether a value is an object of a class, also when it hides its metatable. An object with a metatable of its own has
-- the class in it: an event, and in Lua 5.1 an iterator.
local function is_one_of(class, value)
  local metatable = debug.getmetatable(value)
  return metatable == class or type(metatable) == "table" and rawget(metatable, "class") == class
end

--- Makes methods raise a mistake when they are called without their object: with a dot instead of the colon.
-- @param methods the table of the methods, which is changed
-- @param class the metatable of the objects, or the field `class` of their metatables
-- @param name what an object is called in messages: "receiver"
-- @param keys the names of the methods
function mistake.need_object(methods, class, name, keys)
  for _, key in ipairs(keys) do
    local method = methods[key]
    methods[key] = function(self, ...)
      if not is_one_of(class, self) then
        mistake.raise(name .. ":" .. key, "call it with a colon: %s:%s(…)", name, key)
      end
      return method(self, ...)
    end
  end
end

--- Makes functions raise a mistake when they are called with a colon: with their own table as the first argument.
-- Functions in C are left as they are.
-- @param functions the table, which is changed
-- @param name the table's name in messages: "ironclad.json"
-- @return the table
function mistake.need_dot(functions, name)
  for key, fn in pairs(functions) do
    if type(fn) == "function" and debug.getinfo(fn, "S").what ~= "C" then
      functions[key] = function(...)
        if rawequal((...), functions) then mistake.raise_colon(name .. "." .. key) end
        return fn(...)
      end
    end
  end
  return functions
end

--- Raises the mistake of a function that was called with a colon.
-- @param name the function's name with its dot
function mistake.raise_colon(name) mistake.raise(name, "call it with a dot: %s(…)", name) end

--- The end of a message about a wrong name: '; did you mean "x"?', or an empty text when no name is near.
-- @param candidates list of the right names
function mistake.did_you_mean(name, candidates)
  return mistake.meant(core.nearest(tostring(name), candidates))
end

--- The same for a name that has been found; nil: none is near.
function mistake.meant(nearest) return nearest and ('; did you mean "%s"?'):format(nearest) or "" end

--- Looks for unknown names in a table.
-- @param given the table
-- @param known set of the right names: name -> true
-- @param what the names are, in the message: "option" unless given
-- @param hint function(name) -> the end of the message about a wrong name, or nil for the nearest right name; or nil
-- @return what is wrong with the first such name, as in 'limt: unknown option; did you mean "limit"?'; or nil
function mistake.unknown(given, known, what, hint)
  local first
  for name in pairs(given) do
    local text = not known[name] and tostring(name)
    if text and (not first or text < first) then first = text end
  end
  if not first then return nil end
  local candidates = {}
  for name in pairs(known) do candidates[#candidates + 1] = name end
  table.sort(candidates)
  return ("%s: unknown %s%s"):format(first, what or "option",
    hint and hint(first) or mistake.did_you_mean(first, candidates))
end

--- Raises a mistake when `options` is not a table, or has an unknown option.
-- @param known set of the options: name -> true
-- @param what, hint as for mistake.unknown
function mistake.check_options(label, options, known, what, hint)
  if type(options) ~= "table" then
    mistake.raise(label, "options: expected a table, got %s", mistake.type_of(options))
  end
  local objection = mistake.unknown(options, known, what, hint)
  if objection then mistake.raise(label, objection) end
end

--- Raises a mistake for surplus arguments, which the function would ignore. Nil is allowed.
-- @param ... what it was given after its last argument
function mistake.check_surplus(label, ...)
  for i = 1, select("#", ...) do
    local surplus = select(i, ...)
    if surplus ~= nil then mistake.raise(label, "too many arguments: also got %s", mistake.type_of(surplus)) end
  end
end

--- What is wrong with a table as a list: an element that is missing, or a name; nil: nothing. ipairs would end there,
-- and ignore the rest. The `n` of table.pack is allowed.
function mistake.list_fault(list)
  local count, last = 0, 0
  for key, value in pairs(list) do
    if type(key) == "number" and key >= 1 and key % 1 == 0 then
      count, last = count + 1, math.max(last, key)
    elseif key ~= "n" or type(value) ~= "number" then
      return ("it has the name %s"):format(tostring(key))
    end
  end
  if last == count then return nil end
  local missing = 1
  while list[missing] ~= nil do missing = missing + 1 end
  return ("[%d] is missing"):format(missing)
end

--- The type of a value with its article, for messages: "a table", "nil".
function mistake.type_of(value)
  return value == nil and "nil" or "a " .. type(value)
end

--- A value for messages: a number or boolean itself. Of others the type, because a text may be a secret.
function mistake.value_of(value)
  local kind = type(value)
  return (kind == "number" or kind == "boolean") and tostring(value) or mistake.type_of(value)
end

--- A value that is not a secret, for messages: a text in quotes. Of others the type, because a text was expected.
function mistake.shown(value)
  return type(value) == "string" and ("%q"):format(value) or mistake.type_of(value)
end

--- Raises a mistake for a value that is none of a list of texts.
-- @param name of what has the value
function mistake.refuse_choice(label, name, value, choices)
  local text = type(value) == "string"
  local hint = text and mistake.did_you_mean(value, choices) or ""
  local many = hint ~= "" and #choices > MANY
  mistake.raise(label, "%s: expected %s, got %s%s", name,
    many and "a known value" or "one of " .. table.concat(choices, ", "),
    text and ("%q"):format(value) or mistake.value_of(value), hint)
end

--- A set of names, for mistake.unknown and mistake.check_options.
-- @param ... lists of names
-- @return name -> true
function mistake.set(...)
  local members = {}
  for _, list in ipairs { ... } do
    for _, name in ipairs(list) do members[name] = true end
  end
  return members
end

return mistake
