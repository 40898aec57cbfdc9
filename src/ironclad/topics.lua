--- Everything of the module that has a name, and what it is, for people: operations, methods, functions, options and
-- error kinds.

local catalog = require "ironclad.calls.catalog"
local core = require "ironclad.core"
local each = require "ironclad.resources.each"
local lazy = require "ironclad.base.lazy"
local manual = require "ironclad.manual"
local names = require "ironclad.base.names"
local resources = require "ironclad.resources.resources"
local tables = require "ironclad.tables"
local words = require "ironclad.words"

local topics = {}

local function add_fields(lines, title, list)
  if #list == 0 then return end
  lines[#lines + 1] = title
  for _, field in ipairs(list) do
    lines[#lines + 1] = ("  %s (%s): %s"):format(field.name, words.facts(field), words.field(field.name))
  end
end

-- An operation: its call, arguments, scopes.
-- @param name of the method: that of the operation or of its iterator; nil when it has none
local function operation_lines(entry, name)
  local given = {}
  for _, parameter in ipairs(entry.path_parameters) do given[#given + 1] = parameter end
  given[#given + 1] = entry.body ~= "none" and "body" or #entry.query > 0 and "arguments" or nil
  local prefix = entry.product == "clickwrap" and "cw" or "client"
  local call = name and ("%s.%s:%s(%s)"):format(prefix, entry.resource, name, table.concat(given, ", "))
    or ("%s:call(%q)"):format(prefix, entry.id)
  local iterates = name and name ~= entry.name and (" Iterates over %s."):format(words.iterated(entry)) or ""
  local lines = { call, "  " .. words.operation(entry) .. iterates }
  add_fields(lines, "body", entry.fields)
  add_fields(lines, entry.body == "none" and "arguments" or "query", entry.query)
  if iterates ~= "" then
    if #entry.query == 0 then lines[#lines + 1] = "arguments" end
    lines[#lines + 1] = "  limit (integer): How many items at most"
  end
  if #entry.scopes > 0 then
    lines[#lines + 1] = "needs " .. table.concat(entry.scopes, entry.scopes_any and " or " or ", ")
  end
  lines[#lines + 1] = entry.method .. " " .. entry.path
  if entry.repeatable then lines[#lines + 1] = "is retried" else lines[#lines + 1] = "is sent once" end
  return lines
end

local function option_lines(option)
  local where = {}
  for _, place in ipairs { "connect", "clickwrap", "call" } do
    if option[place] then where[#where + 1] = place == "call" and "calls" or "ironclad." .. place end
  end
  local last = table.remove(where)
  local places = #where > 0 and table.concat(where, ", ") .. " and " .. last or last
  local lines = { ("%s, an option of %s"):format(option.name, places), "  " .. option.text }
  if option.takes then lines[#lines + 1] = "  takes " .. option.takes end
  if option.choices then lines[#lines + 1] = "  one of " .. option.choices:gsub(" ", ", ") end
  if option.unit then
    lines[#lines + 1] = ("  %s, %.14g to %.14g; default %.14g"):format(option.unit, option.smallest, option.largest,
      option.preset)
  elseif option.fallback then
    lines[#lines + 1] = "  default: " .. option.fallback
  end
  return lines
end

-- Everything that has a name: name -> function() -> lines. An option may have the same name as an error kind, so the
-- names of error kinds begin with ERROR here.
local all
local ERROR = "error:"

-- Words as a sentence.
local function sentence(text)
  text = text:gsub("^%l", string.upper):gsub("%[[^%]]+%]%(([%w_]+%.md)[^)]*%)", "docs/%1")
  return text:find "[.:]$" and text or text .. "."
end

-- How a script writes a method of a resource: "records:changes" -> "client.records:changes".
local function as_called(label)
  local owner, name = label:match "^(.*):(.*)$"
  for _, _, resource, method, _, product in catalog.names() do
    if method and resource == owner then
      return ("%s.%s:%s"):format(product == "clickwrap" and "cw" or "client", owner, name)
    end
  end
  return label
end

-- The fields of a table that a function takes or returns. Those that an option of ironclad.connect or of a call has are
-- not repeated.
local function add_table(lines, entry)
  for _, field in ipairs(entry.fields) do
    lines[#lines + 1] = ("  %s (%s): %s"):format(field[1], field[2], field[3])
  end
  if not entry.like then return end
  if tables[entry.like] then return add_table(lines, tables[entry.like]) end
  lines[#lines + 1] = entry.like == "CallOptions" and "  and the options of a call" or "  and those of ironclad.connect"
end

local titles = { of = "takes", from = "returns" }

-- The lines about a method or function, with the tables that it takes and returns.
local function with_tables(label, lines)
  for _, role in ipairs { "of", "from" } do
    for _, entry in ipairs(tables.about(role, label)) do
      lines[#lines + 1] = ("%s ironclad.%s"):format(titles[role], entry[1])
      add_table(lines, entry)
    end
  end
  return lines
end

-- A function that returns the lines about a method or function of ironclad.manual: { arguments, what it does }.
local function helper_lines(label, entry)
  return function()
    return with_tables(label, { ("%s(%s)"):format(as_called(label), entry[1]), "  " .. sentence(entry[2]) })
  end
end

local function add(name, lines_of) all[name] = all[name] or lines_of end

-- "records:changes and workflows:changes".
local function names_of_calls(labels)
  local called = {}
  for i, label in ipairs(labels) do called[i] = as_called(label) end
  local last = table.remove(called)
  return #called > 0 and table.concat(called, ", ") .. " and " .. last or last
end

local function add_tables()
  for _, entry in ipairs(tables) do
    add("ironclad." .. entry[1], function()
      local labels, verb = entry.of or entry.from, entry.of and "take" or "return"
      local lines = { "ironclad." .. entry[1],
        ("  A table that %s %s%s."):format(names_of_calls(labels), verb, #labels == 1 and "s" or "") }
      add_table(lines, entry)
      return lines
    end)
  end
end

-- The methods of resource tables: operations with the id filled in.
local function add_kinds()
  lazy.load "ironclad.clickwrap.kinds"
  for number, _, _, name in catalog.names() do
    local entry = name and catalog.entry(number)
    local kind = entry and resources.belongs(entry)
    local function add_bound(method)
      add(kind.name .. ":" .. method, function()
        local lines = operation_lines(entry, method)
        lines[1] = lines[1]:gsub("^[^:]*:([%w_]+)%(" .. entry.path_parameters[1] .. ",? ?", kind.name .. ":%1(")
        return lines
      end)
    end
    if kind then
      add_bound(name)
      local refresh = kind.name .. ":refresh"
      if name == "get" then add(refresh, helper_lines(refresh, manual.helpers["*:refresh"])) end
      if each.name_of(entry) then add_bound(each.name_of(entry)) end
    end
  end
  for label, entry in pairs(manual.helpers) do
    if not label:find "^%*" then add(label, helper_lines(label, entry)) end
  end
end

local function add_calls(calls)
  for _, entry in ipairs(calls) do
    add(entry[1], function()
      local given = entry[2]:match "^(.-)%s*%->" or entry[2]
      return with_tables(entry[1], { ("%s(%s)"):format(entry[1], given), "  " .. sentence(entry[3]) })
    end)
  end
end

-- The sandbox is a separate rock, which describes its controls.
local function add_sandbox()
  add_calls(manual.sandbox)
  local found, sandbox = pcall(require, "ironclad.sandbox.core")
  for _, action in ipairs(found and sandbox.actions() or {}) do
    add("sandbox:" .. action.name, function()
      local given = action.parameters == "" and "()" or " { " .. action.parameters .. " }"
      return { "sandbox:" .. action.name .. given, "  " .. action.help:gsub("\n", " ") }
    end)
  end
end

local function add_functions()
  for prefix, list in pairs(manual.functions) do
    for name, entry in pairs(list) do
      local label = prefix .. "." .. name
      add(label, helper_lines(label, entry))
    end
  end
  for _, section in ipairs(manual.sections) do add_calls(section.calls) end
  for _, value in ipairs(manual.values) do
    add("ironclad." .. value[1], function() return { "ironclad." .. value[1], "  " .. value[3] } end)
  end
  add_sandbox()
end

local function load()
  if all then return end
  all = {}
  for number, id, resource, name in catalog.names() do
    local function add_operation(label, method)
      add(label, function() return operation_lines(catalog.entry(number), method) end)
    end
    if name then
      add_operation(resource .. ":" .. name, name)
      if name:find "^list" then add_operation(resource .. ":each" .. name:sub(5), "each" .. name:sub(5)) end
    end
    add_operation(id, name)
  end
  add_kinds()
  add_functions()
  add_tables()
  for _, option in ipairs(core.option_table()) do
    add(option.name, function() return option_lines(option) end)
  end
  for _, kind in ipairs(core.error_kinds()) do
    add(ERROR .. kind.name, function()
      return { ('error kind "%s"'):format(kind.name), "  " .. kind.meaning .. ".", "  " .. kind.advice .. "." }
    end)
  end
end

--- All names, sorted.
function topics.names()
  load()
  local known = {}
  for name in pairs(all) do known[name:find(ERROR, 1, true) == 1 and name:sub(#ERROR + 1) or name] = true end
  return names.sorted(known)
end

--- What one of the names is; that of an error kind is given with "error:" before it.
-- @return a list of lines: what it is called, what it does, then the rest
function topics.about(name)
  load()
  return all[name]()
end

-- A name without the client. The guides call a client of Clickwrap `cw` or `clickwrap`.
local function without_client(name)
  if name == "clickwrap" then return "cw" end
  return (name:gsub("^client[.:]", ""):gsub("^cw%.", ""):gsub("^clickwrap%.", ""):gsub("^clickwrap:", "cw:"))
end

-- What a name may refer to: itself, a part of the module or of a client.
local function meanings(name)
  local plain = without_client(name)
  return { name, plain, ERROR .. name, "ironclad." .. name, "client:" .. plain }
end

-- A line for each name that begins with one of the prefixes.
local function members(prefixes)
  local lines = {}
  for _, name in ipairs(topics.names()) do
    for _, prefix in ipairs(prefixes) do
      if all[name] and name:sub(1, #prefix) == prefix then
        lines[#lines + 1] = ("  %s: %s"):format(name, (all[name]()[2]:gsub("^%s+", "")))
        break
      end
    end
  end
  return lines
end

--- What a name means: all that it may refer to, the members of a resource or of a part of the module, and the fields of
-- a resource's table.
-- @return a list of lines; nil when nothing has the name
function topics.lines(name)
  load()
  local lines, seen = {}, {}
  for _, meaning in ipairs(meanings(name)) do
    if all[meaning] and not seen[meaning] then
      seen[meaning] = true
      if #lines > 0 then lines[#lines + 1] = "" end
      for _, line in ipairs(all[meaning]()) do lines[#lines + 1] = line end
    end
  end
  local listed = members { without_client(name) .. ":", name .. ".", "ironclad." .. name .. "." }
  if #lines > 0 and #listed > 0 then lines[#lines + 1] = "" end
  for _, line in ipairs(listed) do lines[#lines + 1] = line end
  local fields = manual.fields[name]
  if fields then
    lines[#lines + 1] = ""
    lines[#lines + 1] = "fields"
    add_table(lines, { fields = fields })
  end
  return #lines > 0 and lines or nil
end

return topics
