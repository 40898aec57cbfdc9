-- What a language server would say of a script by the types in library/: fields and methods that a type does not have,
-- options that a function does not take, missing and surplus arguments. It follows the types of local variables and of
-- what calls return; what it does not know it does not check. luacheck's parser reads the script.
local annotations = require "spec.support.annotations"
local peer = require "spec.support.peer"

-- Debian has luacheck for Lua 5.1; its files run on every Lua.
local function luacheck(name)
  local path = package.path
  package.path = path .. ";/usr/share/lua/5.1/?.lua"
  local module = require("luacheck." .. name)
  package.path = path
  return module
end

local classes = annotations.classes { peer.read_file "library/ironclad.lua",
  peer.read_file "library/ironclad/sandbox.lua" }

local modules = { ironclad = "ironclad", ["ironclad.sandbox"] = "ironclad.SandboxModule" }

local Check = {}
Check.__index = Check

function Check:report(node, message, ...)
  table.insert(self.problems, ("%d: %s"):format(node.line, message:format(...)))
end

-- ---- types ----

local function find_field(class, name)
  if class.fields[name] then return class.fields[name] end
  for _, parent in ipairs(class.parents) do
    local found = classes[parent] and find_field(classes[parent], name)
    if found then return found end
  end
end

-- The call of a class that is a function, too.
local function find_call(class)
  if class.call then return class.call end
  for _, parent in ipairs(class.parents) do
    local found = classes[parent] and find_call(classes[parent])
    if found then return found end
  end
end

-- The members of a union; of any other type itself.
local function members(of)
  if not of then return {} end
  return of.kind == "union" and of.members or { of }
end

local scalar = { string = true, integer = true, number = true, boolean = true, ["nil"] = true, ["true"] = true,
  ["false"] = true }

local function class_of(member) return member.kind == "name" and classes[member.name] or nil end

-- The type of a field. `missing` is called with the names of the types when all of them are known and none has it.
local function field_of(of, name, missing)
  local names, found = {}, nil
  for _, member in ipairs(members(of)) do
    local class = class_of(member)
    if class then
      found, names[#names + 1] = found or find_field(class, name), class.name
    elseif member.kind == "record" and not member.open then
      found, names[#names + 1] = found or member.fields[name], "a table"
    elseif member.kind ~= "function" and (not scalar[member.name] or member.name == "string") then
      missing = nil
    end
  end
  if not found and missing and #names > 0 then missing(table.concat(names, " or ")) end
  return found
end

-- ---- expressions ----

local evaluate

function Check:one(node, scope)
  local types = evaluate[node.tag] and evaluate[node.tag](self, node, scope)
  return types and types[1]
end

-- The types of a list of expressions, the last of which may give several.
function Check:several(list, scope)
  local types = {}
  for i, node in ipairs(list) do
    local found = evaluate[node.tag] and evaluate[node.tag](self, node, scope) or {}
    types[i] = found[1]
    if i == #list then
      for j = 2, 4 do types[i + j - 1] = found[j] end
    end
  end
  return types
end

-- The names in a table that is given where a type is wanted, and in the tables in it.
function Check:table_as(node, wanted)
  local known = {}
  for _, member in ipairs(members(wanted)) do
    if class_of(member) or member.kind == "record" and not member.open then
      known[#known + 1] = member
    elseif not (member.kind == "literal" or member.kind == "function" or scalar[member.name]) then
      return
    end
  end
  if #known == 0 then return end
  for _, item in ipairs(node) do
    if item.tag == "Pair" and item[1].tag == "String" then
      local name, found = item[1][1], nil
      for _, member in ipairs(known) do found = found or field_of(member, name) end
      if not found then
        self:report(item[1], "unknown option `%s` of %s", name, known[1].name or "a table")
      elseif item[2].tag == "Table" then
        self:table_as(item[2], found)
      end
    end
  end
end

-- Whether the last argument may be several values.
local function is_open(given)
  local last = given[#given]
  return last and (last.tag == "Call" or last.tag == "Invoke" or last.tag == "Dots")
end

function Check:arguments(called, given, node)
  local parameters, least = called.parameters, 0
  for i, parameter in ipairs(parameters) do
    if not parameter.optional and parameter.name ~= "..." then least = i end
    if given[i] and given[i].tag == "Table" then self:table_as(given[i], parameter.of) end
  end
  if #given < least and not is_open(given) then
    self:report(node, "missing argument `%s`", parameters[#given + 1].name)
  end
  local last = parameters[#parameters]
  if #given > #parameters and not (last and last.name == "...") then
    self:report(node, "too many arguments: %d instead of %d", #given, #parameters)
  end
end

-- The types that a call returns.
function Check:call(of, given, node, scope)
  local types = self:several(given, scope)
  local called
  for _, member in ipairs(members(of)) do
    local class = class_of(member)
    called = called or member.kind == "function" and member or class and find_call(class)
  end
  if not called then return {} end
  for _, overload in ipairs(called.overloads or {}) do
    if #overload.parameters == #given then called = overload end
  end
  self:arguments(called, given, node)
  return called.generic and { types[1] } or called.results
end

evaluate = {}

function evaluate.Id(_, node, scope) return { scope[node[1]] or nil } end
function evaluate.Paren(self, node, scope) return { self:one(node[1], scope) } end

function evaluate.Index(self, node, scope)
  local of = self:one(node[1], scope)
  if node[2].tag == "String" then
    return { field_of(of, node[2][1], function(names)
      self:report(node[2], "undefined field `%s` of %s", node[2][1], names)
    end) }
  end
  self:one(node[2], scope)
  for _, member in ipairs(members(of)) do
    if member.kind == "list" then return { member.of } end
    if member.name == "table" and member.arguments then return { member.arguments[2] } end
  end
end

-- Functions of Lua whose results follow from their arguments.
local lua = {}

function lua.require(_, given)
  local name = given[1] and given[1].tag == "String" and modules[given[1][1]]
  return { name and { kind = "name", name = name } }
end

function lua.assert(self, given, scope) return { self:several(given, scope)[1] } end

function lua.ipairs(self, given, scope)
  for _, member in ipairs(members(self:several(given, scope)[1])) do
    if member.kind == "list" then
      return { { kind = "function", parameters = {}, results = { { kind = "name", name = "integer" }, member.of } } }
    end
  end
end

function evaluate.Call(self, node, scope)
  local given = {}
  for i = 2, #node do given[i - 1] = node[i] end
  local known = node[1].tag == "Id" and scope[node[1][1]] == nil and lua[node[1][1]]
  if known then return known(self, given, scope) or {} end
  return self:call(self:one(node[1], scope), given, node, scope)
end

function evaluate.Invoke(self, node, scope)
  local given = {}
  for i = 3, #node do given[i - 2] = node[i] end
  local of = field_of(self:one(node[1], scope), node[2][1], function(names)
    self:report(node[2], "undefined field `%s` of %s", node[2][1], names)
  end)
  return self:call(of, given, node, scope)
end

local function inner(scope) return setmetatable({}, { __index = scope }) end

-- A variable whose type is not known hides an outer one.
local function declare(scope, name, of) rawset(scope, name, of or false) end

function evaluate.Function(self, node, scope)
  local own = inner(scope)
  for _, parameter in ipairs(node[1]) do
    if parameter[1] then declare(own, parameter[1]) end
  end
  self:block(node[2], own)
end

function evaluate.Table(self, node, scope)
  for _, item in ipairs(node) do
    if item.tag == "Pair" then self:several({ item[1], item[2] }, scope) else self:several({ item }, scope) end
  end
end

function evaluate.Op(self, node, scope)
  local first, second = self:one(node[2], scope), node[3] and self:one(node[3], scope)
  if node[1] == "or" then return { first or second } end
  return { node[1] == "and" and second or nil }
end

-- ---- statements ----

local run = {}

function run.Local(self, node, scope)
  local types = self:several(node[2] or {}, scope)
  for i, variable in ipairs(node[1]) do declare(scope, variable[1], types[i]) end
end

function run.Localrec(self, node, scope)
  declare(scope, node[1][1][1])
  self:several(node[2], scope)
end

function run.Set(self, node, scope)
  local types = self:several(node[2], scope)
  for i, target in ipairs(node[1]) do
    if target.tag == "Id" then declare(scope, target[1], types[i]) else self:one(target[1], scope) end
  end
end

function run.Call(self, node, scope) self:one(node, scope) end
run.Invoke = run.Call
function run.Do(self, node, scope) self:block(node, inner(scope)) end
function run.Return(self, node, scope) self:several(node, scope) end

function run.While(self, node, scope)
  self:one(node[1], scope)
  self:block(node[2], inner(scope))
end

function run.Repeat(self, node, scope)
  local own = inner(scope)
  self:block(node[1], own)
  self:one(node[2], own)
end

function run.If(self, node, scope)
  for i = 1, #node, 2 do
    if node[i + 1] then self:one(node[i], scope) end
    self:block(node[i + 1] or node[i], inner(scope))
  end
end

function run.Fornum(self, node, scope)
  for i = 2, #node - 1 do self:one(node[i], scope) end
  local own = inner(scope)
  declare(own, node[1][1])
  self:block(node[#node], own)
end

function run.Forin(self, node, scope)
  local results = {}
  for _, member in ipairs(members(self:several(node[2], scope)[1])) do
    if member.kind == "function" then results = member.results end
  end
  local own = inner(scope)
  for i, variable in ipairs(node[1]) do declare(own, variable[1], results[i]) end
  self:block(node[3], own)
end

function Check:block(nodes, scope)
  for _, node in ipairs(nodes) do
    if run[node.tag] then run[node.tag](self, node, scope) end
  end
end

-- What is wrong with a script: a list of "LINE: message".
return function(script)
  local text = script:gsub("^#![^\n]*", "")
  local self = setmetatable({ problems = {} }, Check)
  self:block(luacheck("parser").parse(luacheck("decoder").decode(text)), {})
  return self.problems
end
