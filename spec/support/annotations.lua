-- Reads the annotations of the types in library/ as the language server does: checks their syntax, the classes that
-- they refer to, and that they fit the function below them, and makes a model of them (spec/support/script_types.lua).
-- What they may say: https://luals.github.io/wiki/annotations
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

-- A type is a table with its `kind`: "literal", "record" (fields, by name; open: it may have others), "function"
-- (results, a list), "list" (of), "union" (members), or "name" (name, arguments).
local read_type

-- `close` ends the list; `item` reads one of it.
local function read_list(reader, close, item)
  local list = {}
  if skip(reader, close) then return list end
  repeat list[#list + 1] = item(reader, list) until not skip(reader, ",")
  expect(reader, close, close)
  return list
end

local function read_record(reader)
  local record = { kind = "record", fields = {} }
  read_list(reader, "}", function()
    local name
    if skip(reader, "%[") then
      read_type(reader)
      expect(reader, "%]", "]")
      record.open = true
    else
      name = expect(reader, "[%a_][%w_]*", "a name")
    end
    skip(reader, "%?")
    expect(reader, ":", ":")
    local of = read_type(reader)
    if name then record.fields[name] = of end
    return of
  end)
  return record
end

local function read_parameter(reader)
  local name = skip(reader, "%.%.%.") or expect(reader, "[%a_][%w_]*", "a parameter")
  local optional = skip(reader, "%?") ~= nil
  return { name = name, optional = optional, of = skip(reader, ":") and read_type(reader) }
end

local function read_function(reader)
  local node = { kind = "function", parameters = read_list(reader, "%)", read_parameter), results = {} }
  if skip(reader, ":") then
    repeat node.results[#node.results + 1] = read_type(reader) until not skip(reader, ",")
  end
  return node
end

local function read_simple_type(reader)
  if skip(reader, '"[^"]*"') or skip(reader, "%-?%d+") then
    return { kind = "literal" }
  elseif skip(reader, "{") then
    return read_record(reader)
  elseif skip(reader, "%(") then
    local inner = read_type(reader)
    expect(reader, "%)", ")")
    return inner
  elseif skip(reader, "fun%(") then
    return read_function(reader)
  end
  local name = skip(reader, "file%*") or expect(reader, "[%a_][%w_.]*", "a type")
  reader.names[#reader.names + 1] = name
  return { kind = "name", name = name, arguments = skip(reader, "<") and read_list(reader, ">", read_type) or nil }
end

function read_type(reader)
  local members = {}
  repeat
    local member = read_simple_type(reader)
    while true do
      if skip(reader, "%[%]") then
        member = { kind = "list", of = member }
      elseif not skip(reader, "%?") then
        break
      end
    end
    members[#members + 1] = member
  until not skip(reader, "|")
  return members[2] and { kind = "union", members = members } or members[1]
end

-- What follows a type: nothing, or a text after a space.
local function read_text(reader)
  if reader.rest == "" or reader.rest:find "^ %S" then return end
  error({ ("a text expected at %q"):format(reader.rest) }, 0)
end

local function add(list, name, value, what)
  if list[name] then error({ what .. " " .. name .. " stands there twice" }, 0) end
  list[name] = value
end

local function class_of(state, name)
  state.classes[name] = state.classes[name] or { name = name, fields = {}, parents = {} }
  return state.classes[name]
end

local tags = {}

function tags.meta(reader) expect(reader, "[%w_.]+", "a module") end

function tags.class(reader, state)
  local name = expect(reader, "[%a_][%w_.]*", "a class")
  state.class, state.known[name] = class_of(state, name), true
  if skip(reader, ":") then
    repeat table.insert(state.class.parents, read_type(reader).name) until not skip(reader, ",")
  end
  read_text(reader)
end

function tags.field(reader, state)
  if not state.class then error({ "a field without a class" }, 0) end
  local name, text = nil, skip(reader, '%["[^"]*"%]')
  if not text and skip(reader, "%[") then
    read_type(reader)
    expect(reader, "%]", "]")
    state.class.open = true
  else
    name = text and text:sub(3, -3) or expect(reader, "[%a_][%w_]*", "a field")
  end
  skip(reader, "%?")
  local of = read_type(reader)
  if name then add(state.class.fields, name, of, "the field") end
  read_text(reader)
end

function tags.alias(reader, state)
  local name = expect(reader, "[%a_][%w_.]*", "an alias")
  add(state.known, name, true, "the alias")
  if reader.rest ~= "" then read_type(reader) end
end

function tags.generic(reader, state) state.generics[expect(reader, "[%a_][%w_]*", "a name")] = true end

function tags.param(reader, state)
  local name = skip(reader, "%.%.%.") or expect(reader, "[%a_][%w_]*", "a parameter")
  add(state.is_parameter, name, true, "the parameter")
  local optional = skip(reader, "%?") ~= nil
  table.insert(state.parameters, { name = name, optional = optional, of = read_type(reader) })
  read_text(reader)
end

tags["return"] = function(reader, state)
  table.insert(state.results, read_type(reader))
  if not skip(reader, "#") and reader.rest ~= "" then
    expect(reader, "[%a_][%w_]*%f[^%w_]", "the name of what is returned")
    read_text(reader)
  end
end

function tags.overload(reader, state)
  expect(reader, "fun%(", "a function")
  local overload = read_function(reader)
  if state.class then state.class.call = overload else table.insert(state.overloads, overload) end
end

tags["|"] = function(reader)
  read_type(reader)
  if not skip(reader, "#") then read_text(reader) end
end

local function clear_function(state)
  state.parameters, state.is_parameter, state.generics, state.results, state.overloads = {}, {}, {}, {}, {}
end

-- A function, with the annotations above it.
local function add_function(state, line)
  local written, annotated = {}, {}
  for name in line:match("%((.-)%)"):gmatch "[%w_.]+" do written[#written + 1] = name end
  for i, parameter in ipairs(state.parameters) do annotated[i] = parameter.name end
  local given, has = table.concat(annotated, ", "), table.concat(written, ", ")
  if given ~= has then error({ ("the parameters are %q, those of the function %q"):format(given, has) }, 0) end
  local owner, name = line:match "^function ([%w_.]*)[.:]([%w_]+)"
  if not owner then owner, name = "_G", line:match "^function ([%w_]+)" end
  add(class_of(state, state.owners[owner] or owner).fields, name, { kind = "function", parameters = state.parameters,
    results = state.results, generic = next(state.generics) ~= nil, overloads = state.overloads }, "the function")
end

-- "ironclad.csv = {}": a part of a module is a class of its own. A class that the field had is its parent.
local function add_part(state, whole)
  local owner, name = whole:match "^(.*)%.([%w_]+)$"
  local fields, part = class_of(state, state.owners[owner] or owner).fields, class_of(state, whole)
  if fields[name] then table.insert(part.parents, fields[name].name) end
  fields[name] = { kind = "name", name = whole }
end

local function read_line(state, line, used)
  local first = line:sub(1, 4)
  if first == "---@" or first == "---|" then
    local tag, rest = line:match "^%-%-%-@?([%l|]+)(.*)$"
    if not tags[tag] then error({ "the tag is unknown" }, 0) end
    local reader = { rest = rest, names = {} }
    tags[tag](reader, state)
    for _, name in ipairs(reader.names) do
      if not state.generics[name] then used[#used + 1] = name end
    end
  elseif line:find "^function " then
    add_function(state, line)
    clear_function(state)
  elseif not line:find "^%-%-%-" then
    if state.parameters[1] then error({ "parameters without a function" }, 0) end
    local variable = line:match "^local ([%w_]+) = {}"
    if variable and state.class then state.owners[variable] = state.class.name end
    if line:find "^[%w_]+%.[%w_.]+ = {}$" then add_part(state, line:match "^(%S+)") end
    clear_function(state)
    state.class = nil
  end
end

local function read(texts)
  local state, mistakes, references, number = { classes = {}, known = {}, owners = {} }, {}, {}, 0
  clear_function(state)
  for _, text in ipairs(texts) do
    for line in text:gmatch "([^\n]*)\n" do
      number = number + 1
      local used = {}
      local ok, message = pcall(read_line, state, line, used)
      if not ok then mistakes[#mistakes + 1] = ("line %d: %s: %s"):format(number, message[1] or message, line) end
      for _, name in ipairs(used) do references[#references + 1] = { name = name, number = number } end
    end
  end
  for _, reference in ipairs(references) do
    if not BUILT_IN[reference.name] and not state.known[reference.name] then
      mistakes[#mistakes + 1] = ("line %d: there is no class %s"):format(reference.number, reference.name)
    end
  end
  return state, mistakes
end

-- What is wrong with the annotations of these texts, which may refer to each other: a list of "line N: message" for all
-- of them together, in their order.
function annotations.mistakes(texts) return (select(2, read(texts))) end

-- The classes of these texts: name -> { name =, fields = name -> type, parents = names, call = a type, open = }. A
-- function is a type, too, with `parameters`, `generic` and `overloads`.
function annotations.classes(texts) return read(texts).classes end

return annotations
