--- ironclad.help(name): what an operation, a method, a function, an option or an error kind is, for a terminal or an
-- editor.

local catalog = require "ironclad.calls.catalog"
local core = require "ironclad.core"
local manual = require "ironclad.manual"
local mistake = require "ironclad.base.mistake"
local words = require "ironclad.words"

local function facts_of(field)
  local facts = { field.list and "list" or field.type }
  if field.required and not field.fill then facts[#facts + 1] = "required" end
  if field.choices then facts[#facts + 1] = "one of " .. table.concat(field.choices, ", ") end
  if field.default then facts[#facts + 1] = "default " .. field.default end
  return table.concat(facts, "; ")
end

local function add_fields(lines, title, list)
  if #list == 0 then return end
  lines[#lines + 1] = title
  for _, field in ipairs(list) do
    lines[#lines + 1] = ("  %s (%s): %s"):format(field.name, facts_of(field), words.field(field.name))
  end
end

-- An operation: its call, arguments, scopes.
local function operation_lines(entry)
  local given = {}
  for _, name in ipairs(entry.path_parameters) do given[#given + 1] = name end
  given[#given + 1] = entry.body ~= "none" and "body" or #entry.query > 0 and "arguments" or nil
  local prefix = entry.product == "clickwrap" and "cw" or "client"
  local call = entry.name and ("%s.%s:%s(%s)"):format(prefix, entry.resource, entry.name, table.concat(given, ", "))
    or ("%s:call(%q)"):format(prefix, entry.id)
  local lines = { call, "  " .. words.operation(entry) }
  add_fields(lines, "body", entry.fields)
  add_fields(lines, entry.body == "none" and "arguments" or "query", entry.query)
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
    if option[place] then where[#where + 1] = place == "call" and "a call" or "ironclad." .. place end
  end
  local lines = { ("%s, an option of %s"):format(option.name, table.concat(where, " and ")), "  " .. option.text }
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

-- Everything that has a name: name -> function() -> lines.
local topics

local function add_topic(name, lines_of) topics[name] = topics[name] or lines_of end

local function load_topics()
  topics = {}
  for number, id, resource, name in catalog.names() do
    local function lines_of() return operation_lines(catalog.entry(number)) end
    if name then
      add_topic(resource .. ":" .. name, lines_of)
      if name:find "^list" then add_topic(resource .. ":each" .. name:sub(5), lines_of) end
    end
    add_topic(id, lines_of)
  end
  for label, entry in pairs(manual.helpers) do
    add_topic(label, function() return { ("%s(%s)"):format(label, entry[1]), "  " .. entry[2] } end)
  end
  for prefix, list in pairs(manual.functions) do
    for name, entry in pairs(list) do
      add_topic(prefix .. "." .. name, function()
        return { ("%s.%s(%s)"):format(prefix, name, entry[1]), "  " .. entry[2] }
      end)
    end
  end
  for _, section in ipairs(manual.sections) do
    for _, entry in ipairs(section.calls) do
      add_topic(entry[1], function()
        return { ("%s(%s)"):format(entry[1], (entry[2]:match "^(.-)%s*%->" or entry[2])), "  " .. entry[3] }
      end)
    end
  end
  for _, option in ipairs(core.option_table()) do
    add_topic(option.name, function() return option_lines(option) end)
  end
  for _, kind in ipairs(core.error_kinds()) do
    add_topic(kind.name, function()
      return { ('error kind "%s"'):format(kind.name), "  " .. kind.meaning .. ".", "  " .. kind.advice .. "." }
    end)
  end
end

-- The names that a name may mean: the name itself, or the only part of the module that ends with it.
local function find(name)
  if topics[name] then return name end
  for _, prefix in ipairs { "ironclad.", "client:", "*:" } do
    if topics[prefix .. name] then return prefix .. name end
  end
  local plain = name:gsub("^client%.", ""):gsub("^client:", "")
  if topics[plain] then return plain end
  local tail = name:match "^%l+(:[%w_]+)$"
  if tail and topics["*" .. tail] then return "*" .. tail end
end

-- The operations and methods of a resource.
local function resource_lines(resource)
  local lines = {}
  for name, lines_of in pairs(topics) do
    if name:sub(1, #resource + 1) == resource .. ":" then
      lines[#lines + 1] = ("  %s: %s"):format(name, (lines_of()[2]:gsub("^%s+", "")))
    end
  end
  table.sort(lines)
  return #lines > 0 and lines or nil
end

local OVERVIEW = {
  "ironclad.help(NAME) explains an operation (\"records:list\"), a resource (\"records\"), a function",
  "(\"ironclad.connect\", \"client:map\"), an option (\"deadline\") or an error kind (\"rate_limited\").",
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
  if not topics then load_topics() end
  local lines = OVERVIEW
  if name then
    local found = find(name)
    lines = found and topics[found]() or resource_lines((name:gsub("^client%.", "")))
    if not lines then
      local known = {}
      for topic in pairs(topics) do known[#known + 1] = topic end
      table.sort(known)
      mistake.raise(label, "there is nothing called %q%s", name, mistake.did_you_mean(name, known))
    end
  end
  for _, line in ipairs(lines) do write(line) end
end
