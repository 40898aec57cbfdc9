-- Checks the annotations of the types in library/ without the language server: their syntax, the classes that they
-- refer to, and that they fit the function below them. What they may say: https://luals.github.io/wiki/annotations
local annotations = {}

local BUILT_IN = {
  any = true, boolean = true, ["file*"] = true, ["function"] = true, integer = true, lightuserdata = true,
  ["nil"] = true, number = true, string = true, table = true, thread = true, ["true"] = true, ["false"] = true,
  unknown = true, userdata = true,
}

-- A reader has the `rest` of a line, and the `names` of the types that it has read.
local function skip(reader, pattern)
  local found, last = reader.rest:match("^%s*(" .. pattern .. ")()")
  if found then reader.rest = reader.rest:sub(last) end
  return found
end

local function expect(reader, pattern, name)
  return skip(reader, pattern) or error({ ("%s expected at %q"):format(name, reader.rest) }, 0)
end

local read_type

-- `close` ends the list; `item` reads one of it.
local function read_list(reader, close, item)
  if skip(reader, close) then return end
  repeat item(reader) until not skip(reader, ",")
  expect(reader, close, close)
end

local function read_member(reader)
  if skip(reader, "%[") then
    read_type(reader)
    expect(reader, "%]", "]")
  else
    expect(reader, "[%a_][%w_]*", "a name")
  end
  skip(reader, "%?")
  expect(reader, ":", ":")
  read_type(reader)
end

local function read_parameter(reader)
  if not skip(reader, "%.%.%.") then expect(reader, "[%a_][%w_]*", "a parameter") end
  skip(reader, "%?")
  if skip(reader, ":") then read_type(reader) end
end

local function read_function(reader)
  read_list(reader, "%)", read_parameter)
  if skip(reader, ":") then
    repeat read_type(reader) until not skip(reader, ",")
  end
end

local function read_simple_type(reader)
  if skip(reader, '"[^"]*"') or skip(reader, "%-?%d+") then
    return
  elseif skip(reader, "{") then
    read_list(reader, "}", read_member)
  elseif skip(reader, "%(") then
    read_type(reader)
    expect(reader, "%)", ")")
  elseif skip(reader, "fun%(") then
    read_function(reader)
  else
    local name = skip(reader, "file%*") or expect(reader, "[%a_][%w_.]*", "a type")
    reader.names[#reader.names + 1] = name
    if skip(reader, "<") then read_list(reader, ">", read_type) end
  end
end

function read_type(reader)
  repeat
    read_simple_type(reader)
    repeat until not (skip(reader, "%[%]") or skip(reader, "%?"))
  until not skip(reader, "|")
end

-- What follows a type: nothing, a text after a space, or a comment after "#".
local function read_text(reader)
  if reader.rest == "" or reader.rest:find "^ %S" then return end
  error({ ("a text expected at %q"):format(reader.rest) }, 0)
end

local function add(list, name, what)
  if list[name] then error({ what .. " " .. name .. " stands there twice" }, 0) end
  list[name] = true
end

local tags = {}

function tags.meta(reader) expect(reader, "[%w_.]+", "a module") end

function tags.class(reader, state)
  local name = expect(reader, "[%a_][%w_.]*", "a class")
  state.classes[name] = state.classes[name] or {}
  state.fields = state.classes[name]
  if skip(reader, ":") then
    repeat read_type(reader) until not skip(reader, ",")
  end
  read_text(reader)
end

function tags.field(reader, state)
  if not state.fields then error({ "a field without a class" }, 0) end
  local name = skip(reader, "%[")
  if name then
    read_type(reader)
    expect(reader, "%]", "]")
  else
    add(state.fields, expect(reader, "[%a_][%w_]*", "a field"), "the field")
  end
  skip(reader, "%?")
  read_type(reader)
  read_text(reader)
end

function tags.alias(reader, state)
  add(state.classes, expect(reader, "[%a_][%w_.]*", "an alias"), "the alias")
  if reader.rest ~= "" then read_type(reader) end
end

function tags.generic(reader, state) state.generics[expect(reader, "[%a_][%w_]*", "a name")] = true end

function tags.param(reader, state)
  local name = skip(reader, "%.%.%.") or expect(reader, "[%a_][%w_]*", "a parameter")
  add(state.is_parameter, name, "the parameter")
  state.parameters[#state.parameters + 1] = name
  skip(reader, "%?")
  read_type(reader)
  read_text(reader)
end

tags["return"] = function(reader)
  read_type(reader)
  if not skip(reader, "#") and reader.rest ~= "" then
    expect(reader, "[%a_][%w_]*%f[^%w_]", "the name of what is returned")
    read_text(reader)
  end
end

function tags.overload(reader)
  expect(reader, "fun%(", "a function")
  read_function(reader)
end

tags["|"] = function(reader)
  read_type(reader)
  if not skip(reader, "#") then read_text(reader) end
end

-- The annotations above a function, and its own parameters.
local function check_function(state, line)
  local written = {}
  for name in line:match("%((.-)%)"):gmatch "[%w_.]+" do written[#written + 1] = name end
  local annotated, has = table.concat(state.parameters, ", "), table.concat(written, ", ")
  if annotated ~= has then error({ ("the parameters are %q, those of the function %q"):format(annotated, has) }, 0) end
  add(state.functions, line:match "^function ([%w_.:]+)", "the function")
end

local function clear_function(state) state.parameters, state.is_parameter, state.generics = {}, {}, {} end

local function check_line(state, line, used)
  local tag, rest = line:match "^%-%-%-@?([%l|]+)(.*)$"
  if line:sub(1, 3) == "---" and (line:sub(4, 4) == "@" or line:sub(4, 4) == "|") then
    if not tags[tag] then error({ "the tag is unknown" }, 0) end
    local reader = { rest = rest, names = {} }
    tags[tag](reader, state)
    for _, name in ipairs(reader.names) do
      if not state.generics[name] then used[#used + 1] = name end
    end
  elseif line:find "^function " then
    check_function(state, line)
    clear_function(state)
  elseif not line:find "^%-%-%-" then
    if state.parameters[1] then error({ "parameters without a function" }, 0) end
    clear_function(state)
    state.fields = nil
  end
end

-- What is wrong with the annotations of these texts, which may refer to each other: a list of "line N: message" for all
-- of them together, in their order.
function annotations.mistakes(texts)
  local state, mistakes, references, number = { classes = {}, functions = {} }, {}, {}, 0
  clear_function(state)
  for _, text in ipairs(texts) do
    for line in text:gmatch "([^\n]*)\n" do
      number = number + 1
      local used = {}
      local ok, message = pcall(check_line, state, line, used)
      if not ok then mistakes[#mistakes + 1] = ("line %d: %s: %s"):format(number, message[1] or message, line) end
      for _, name in ipairs(used) do references[#references + 1] = { name = name, number = number } end
    end
  end
  for _, reference in ipairs(references) do
    if not BUILT_IN[reference.name] and not state.classes[reference.name] then
      mistakes[#mistakes + 1] = ("line %d: there is no class %s"):format(reference.number, reference.name)
    end
  end
  return mistakes
end

return annotations
