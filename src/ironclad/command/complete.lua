--- What may come next on a command line: `ironclad completion words -- WORD…` prints it for the shells' completions.
--
-- Everything comes from the tables that the command itself uses, so that nothing can be missing: subcommands, the
-- catalog's operations with their arguments and choices, and the options of each. Nothing is sent.

local columns = require "ironclad.command.columns"
local commands = require "ironclad.command.commands"
local connection = require "ironclad.command.connection"
local flags = require "ironclad.command.flags"
local mistake = require "ironclad.base.mistake"
local named = require "ironclad.connections.named"
local names = require "ironclad.command.names"

local complete = {}

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

-- ---- lists of candidates: { word, what it does } ----

local function add(list, word, text) list[#list + 1] = { word, text or "" } end

local function add_all(list, words)
  for _, word in ipairs(words) do add(list, word) end
end

local function add_options(list, known)
  for _, flag in ipairs(known) do
    if flags.shown(flag) then add(list, "--" .. flag[1], flag.text) end
  end
  add(list, "--help", "Explain")
end

local function add_connections(list)
  for _, entry in ipairs(named.list() or {}) do add(list, entry.name, entry.instance) end
end

local function add_resources(list, resources)
  for _, resource in ipairs(resources) do
    local shown = names.shown(resource)
    add(list, shown, "Operations on " .. shown)
  end
end

local function add_operations(list, resource)
  local words = require "ironclad.words"
  for _, word in ipairs(names.operation_words(resource)) do
    local _, entry, helper = names.operation(resource, word)
    add(list, word, entry and words.operation(entry) or helper.text)
  end
end

-- The choices of a value that begins with `head`. In a list, those that are missing after the last comma.
local function add_choices(list, head, current, choices, is_list)
  local given = current:sub(#head + 1)
  local before = is_list and given:match "^.*," or ""
  for _, choice in ipairs(choices) do
    if not ("," .. before):find("," .. choice .. ",", 1, true) then add(list, head .. before .. choice) end
  end
end

-- NAME= of fields of the catalog, with their choices, and NAME=@ for files.
local function add_fields(list, fields, current)
  local words = require "ironclad.words"
  for _, field in ipairs(fields) do
    local head = field.name .. "="
    if field.choices then
      add_choices(list, head, current:sub(1, #head) == head and current or head, field.choices, field.list)
    elseif not field.name:find "[:.]" then
      add(list, head, words.field(field.name))
    end
  end
end

-- ---- the value of an option ----

local paths = { FILE = true, PATH = true, FOLDER = true, ["@FILE"] = true }

-- Adds the values of an option. -> whether it is a file
local function add_values(list, flag, head, current, about)
  if flag.value == "COLUMNS" then
    add_choices(list, head, current, about.columns or {}, true)
  elseif flag[1] == "connection" then
    for _, entry in ipairs(named.list() or {}) do add(list, head .. entry.name, entry.instance) end
  elseif flag.choices then
    add_choices(list, head, current, flag.choices, flag.list)
  end
  return paths[flag.value] or false
end

-- ---- the words before the current one ----

-- Reads words with the options of a place.
-- @param last the index of the last word before the current one
-- @param stop whether the first word that is not an option ends them
-- @return the other words, the option whose value the current word is or nil, and whether the options have ended
local function scan(words, first, last, known, stop)
  local rest, i = {}, first
  while i <= last do
    local word = words[i]
    if word == "--" or (stop and not word:find "^%-.") then
      for j = word == "--" and i + 1 or i, last do rest[#rest + 1] = words[j] end
      return rest, nil, true
    end
    local name, inline = word:match "^%-%-([^=]+)(=?)"
    if not name then name, inline = word:match "^%-(%a)(.*)$" end
    local flag = name and flags.find(known, name)
    if flag and flag.value and not flag.optional and inline == "" then
      if i == last then return rest, flag end
      i = i + 1
    elseif not name then
      rest[#rest + 1] = word
    end
    i = i + 1
  end
  return rest
end

-- ---- places ----

-- The candidates where options and other words may come. `others(list, rest)` adds the other words, and returns whether
-- a file may come; `rest` are those before the current one.
local function at_place(words, first, known, about, others)
  local list, current = {}, words[#words]
  local rest, flag, ended = scan(words, first, #words - 1, known, about.stop)
  if flag then return list, add_values(list, flag, "", current, about) end
  if not ended then
    local name = current:match "^%-%-([^=]+)="
    flag = name and flags.find(known, name)
    if flag and flag.value then return list, add_values(list, flag, "--" .. name .. "=", current, about) end
    if current:find "^%-" then
      add_options(list, known)
      return list, false
    end
  end
  local files = others and others(list, rest) or false
  if #list == 0 and not files and not ended then add_options(list, known) end
  return list, files or current:find "^[^=]*=@" ~= nil
end

local function at_operation(words, first, resource, word)
  local fine, _, entry, helper = pcall(names.operation, resource, word)
  if not fine then return {}, false end
  local described = entry or names.takes(helper)
  local known = require("ironclad.command.operation_flags").of(described, helper)
  return at_place(words, first, known, { columns = columns.documented(entry, helper) }, function(list, rest)
    if not described or #rest < #described.path_parameters then return end
    add_fields(list, described.fields, words[#words])
    add_fields(list, described.query, words[#words])
  end)
end

-- The words after a resource that ends at `index`.
local function at_resource(words, index, resource)
  if index + 1 < #words then return at_operation(words, index + 2, resource, words[index + 1]) end
  local list = {}
  add_operations(list, resource)
  return list, false
end

local function add_first_words(list)
  for _, command in ipairs(commands) do add(list, command.name, command.text) end
  add_resources(list, names.resources)
  for _, word in ipairs(names.resource_words()) do
    local resource = names.resource { word }
    if names.shown(resource) ~= word then add(list, word, "Operations on " .. names.shown(resource)) end
  end
end

-- Resources and operations, as `help` takes them.
local function add_topics(list, rest, product)
  if product and #rest == 0 then return add_resources(list, names.clickwrap) end
  if #rest == 0 then return add_first_words(list) end
  if rest[1] == "clickwrap" and not product then return add_topics(list, { unpack(rest, 2) }, "clickwrap") end
  local resource, taken = names.resource(rest, product)
  if resource and #rest == taken then add_operations(list, resource) end
end

local function catalog_choices(label, field_name)
  for _, field in ipairs(select(2, require("ironclad.calls.catalog").find(label)).fields) do
    if field.name == field_name then return field.choices end
  end
  return {}
end

-- What follows a subcommand: name -> function(list, rest, current) that adds candidates, and returns whether a file may
-- come.
local arguments = {
  completion = function(list, rest) if #rest == 0 then add_all(list, { "bash", "zsh", "fish" }) end end,
  help = function(list, rest) add_topics(list, rest) end,
  logout = function(list, rest) if #rest == 0 then add_connections(list) end end,
  switch = function(list, rest) if #rest == 0 then add_connections(list) end end,
  api = function(list, rest)
    if #rest == 0 then add_all(list, { "GET", "POST", "PUT", "PATCH", "DELETE" }) end
  end,
  export = function(list, rest)
    if #rest > 0 then return end
    add(list, "records")
    add_all(list, catalog_choices("exports:create", "exportType"))
  end,
  changes = function(list, rest, current)
    if #rest == 0 then return add_all(list, { "records", "workflows", "entities", "obligations" }) end
    local _, entry = require("ironclad.calls.catalog").find(rest[1] .. ":list")
    if entry then add_fields(list, entry.query, current) end
  end,
  trigger = function(list, rest)
    if #rest == 0 then add_all(list, catalog_choices("webhooks:create", "events")) end
  end,
  scopes = function(list)
    for _, resource in ipairs(names.resources) do
      for _, entry in ipairs(names.operations(resource)) do add(list, resource .. ":" .. entry.name) end
    end
  end,
  run = function(_, rest) return #rest == 0 end,
  sandbox = function() return true end,
  man = function(_, rest) return #rest == 0 end,
}

local function at_clickwrap(words, index)
  local module = require "ironclad.command.clickwrap"
  local rest, flag = scan(words, index + 1, #words - 1, require("ironclad.command.operation_flags").all(), true)
  if flag then
    local list = {}
    return list, add_values(list, flag, "", words[#words], {})
  end
  index = #words - #rest - 1
  if index + 1 == #words then
    return at_place(words, index + 1, {}, {}, function(list)
      add_all(list, module.actions)
      add_resources(list, names.clickwrap)
    end)
  end
  local word = words[index + 1]
  local resource = names.resource({ word }, "clickwrap")
  if resource then return at_resource(words, index + 1, resource) end
  if not mistake.set(module.actions)[word] then return {}, false end
  return at_place(words, index + 2, module.flags, {})
end

local function at_command(words, index, command)
  if command.name == "clickwrap" then return at_clickwrap(words, index) end
  local module = require("ironclad.command." .. command.name)
  local others = arguments[command.name]
  return at_place(words, index + 1, module.flags, { stop = module.stop, columns = module.columns },
    others and function(list, rest) return others(list, rest, words[#words]) end)
end

--- The candidates for the last word.
-- @param words the words after the command's name, up to the one that is completed, which may be empty
-- @return a list of { word, what it does }, and whether names of files may come, too
function complete.candidates(words)
  local rest, flag = scan(words, 1, #words - 1, require("ironclad.command.operation_flags").all(), true)
  if flag then
    local list = {}
    return list, add_values(list, flag, "", words[#words], {})
  end
  local index = #words - #rest
  if #rest == 0 then
    return at_place(words, index, connection.flags, {}, add_first_words)
  end
  for _, command in ipairs(commands) do
    if command.name == rest[1] then return at_command(words, index, command) end
  end
  local resource, taken = names.resource(rest)
  if resource then return at_resource(words, index + taken - 1, resource) end
  if rest[1] == "scim" and #rest == 1 then return { { "users", "" }, { "groups", "" }, { "schemas", "" } }, false end
  return {}, false
end

return complete
