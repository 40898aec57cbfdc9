--- ironclad help: what the subcommands, resources and operations take.

local core = require "ironclad.core"
local commands = require "ironclad.command.commands"
local fail = require "ironclad.command.fail"
local flags = require "ironclad.command.flags"
local screen = require "ironclad.base.screen"
local terminal = require "ironclad.command.terminal"

local help = { flags = {} }

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

-- Prints { left, right } pairs in two columns; the right one is wrapped.
local function pairs_of_columns(list, most)
  local width, columns = 0, math.min(terminal.columns(), 100)
  for _, pair in ipairs(list) do width = math.max(width, screen.width(pair[1])) end
  width = math.min(width, most or 34)
  for _, pair in ipairs(list) do
    -- On a narrow terminal the right one is below the left one.
    local narrow = columns < width + 24
    local line = "  " .. (narrow and pair[1] or screen.fill(pair[1], width))
    local indent = (" "):rep(narrow and 4 or width + 4)
    if narrow then
      line = line .. "\n" .. indent
    else
      line = line .. (screen.width(pair[1]) > width and "\n" .. indent or "  ")
    end
    local room, used = math.max(16, columns - #indent), 0
    for word in (pair[2] or ""):gmatch "%S+" do
      if used > 0 and used + 1 + screen.width(word) > room then
        line, used = line .. "\n" .. indent, 0
      elseif used > 0 then
        line, used = line .. " ", used + 1
      end
      line, used = line .. word, used + screen.width(word)
    end
    terminal.write((line:gsub("%s+$", "")), "\n")
  end
end

local function heading(text) terminal.write("\n", terminal.paint(text, "bold"), "\n") end

--- The resources and what is done with them, for the overview.
local function resource_lines(resources)
  local names, list = require "ironclad.command.names", {}
  for _, resource in ipairs(resources) do
    local words = names.operation_words(resource)
    list[#list + 1] = { names.shown(resource), table.concat(words, ", ", 1, math.min(#words, 6))
      .. (#words > 6 and ", …" or "") }
  end
  return list
end

--- The overview.
function help.overview()
  terminal.write "Work with Ironclad's contracts from a terminal.\n"
  heading "Usage"
  terminal.write("  ironclad COMMAND [ARGUMENT…] [OPTION…]\n", "  ironclad RESOURCE OPERATION [ID…] [NAME=VALUE…]\n")
  local group
  local list = {}
  for _, command in ipairs(commands) do
    if command.group ~= group then
      if group then pairs_of_columns(list) end
      heading(command.group)
      group, list = command.group, {}
    end
    list[#list + 1] = { command.name .. (command.arguments ~= "" and " " .. command.arguments or ""), command.text }
  end
  pairs_of_columns(list)
  heading "Resources"
  pairs_of_columns(resource_lines(require("ironclad.command.names").resources))
  heading "Examples"
  terminal.write([[
  ironclad login acme
  ironclad workflows list status=completed
  ironclad records list --expiring 90d --csv ironcladId,name,counterpartyName
  ironclad workflows launch "Mutual NDA" counterpartyName=Acme draft=@nda.docx
  ironclad workflows wait IC-12 --step Complete
]])
  heading "More"
  pairs_of_columns {
    { "ironclad COMMAND --help", "what a command takes" },
    { "ironclad RESOURCE", "the operations of a resource" },
    { "ironclad RESOURCE OPERATION --help", "the arguments of an operation" },
  }
end

--- The help of a subcommand.
function help.command(command)
  local module = require("ironclad.command." .. command.name)
  terminal.write(command.text, ".\n")
  heading "Usage"
  terminal.write("  ironclad ", command.name, command.arguments ~= "" and " " .. command.arguments or "",
    #module.flags > 0 and " [OPTION…]" or "", "\n")
  local list = flags.describe(module.flags)
  if #list > 0 then
    heading "Options"
    pairs_of_columns(list)
  end
  if module.help then terminal.write("\n", module.help, "\n") end
  if command.name == "clickwrap" then
    heading "Resources"
    pairs_of_columns(resource_lines(require("ironclad.command.names").clickwrap))
  end
end

--- The operations of a resource.
function help.resource(resource)
  local names = require "ironclad.command.names"
  local words = require "ironclad.words"
  terminal.write("ironclad ", names.words_to(resource), " OPERATION [ID…] [NAME=VALUE…] [OPTION…]\n")
  heading "Operations"
  local list = {}
  for _, entry in ipairs(names.operations(resource)) do
    local ids = {}
    for i, name in ipairs(entry.path_parameters) do ids[i] = " " .. name:upper() end
    list[#list + 1] = { names.shown(entry.name) .. table.concat(ids), words.operation(entry) }
  end
  local helpers = {}
  for name, helper in pairs(names.helpers[resource] or {}) do
    helpers[#helpers + 1] = { names.shown(name) .. " " .. (helper.words or "[NAME=VALUE…]"), helper.text }
  end
  table.sort(helpers, function(a, b) return a[1] < b[1] end)
  for _, helper in ipairs(helpers) do list[#list + 1] = helper end
  pairs_of_columns(list, 44)
end

local function field_lines(list)
  local words, lines = require "ironclad.words", {}
  for _, field in ipairs(list) do
    lines[#lines + 1] = { field.name .. "=", ("%s (%s)"):format(words.field(field.name), words.facts(field)) }
  end
  return lines
end

--- The help of an operation.
function help.operation(resource, word)
  local names, words = require "ironclad.command.names", require "ironclad.words"
  local _, entry, helper = names.operation(resource, word)
  local described = entry or names.takes(helper)
  local usage = { "ironclad", names.words_to(resource), word }
  for _, name in ipairs(described and described.path_parameters or {}) do usage[#usage + 1] = name:upper() end
  if helper and helper.words then usage[#usage + 1] = helper.words end
  if described and (#described.query > 0 or #described.fields > 0) then usage[#usage + 1] = "[NAME=VALUE…]" end
  terminal.write(entry and words.operation(entry) or helper.text, "\n")
  heading "Usage"
  terminal.write("  ", table.concat(usage, " "), " [OPTION…]\n")
  for _, part in ipairs(described and { { "Body", described.fields }, { "Arguments", described.query } } or {}) do
    if #part[2] > 0 then
      heading(part[1])
      pairs_of_columns(field_lines(part[2]), 30)
    end
  end
  heading "Options"
  pairs_of_columns(flags.describe(require("ironclad.command.operation_flags").of(described, helper)))
  if entry and #entry.scopes > 0 then
    heading "Needs"
    terminal.write("  ", table.concat(entry.scopes, entry.scopes_any and " or " or ", "), "\n")
  end
end

function help.run(words)
  if #words == 0 then return help.overview() end
  local names = require "ironclad.command.names"
  local product
  if words[1] == "clickwrap" and words[2] then words, product = { unpack(words, 2) }, "clickwrap" end
  local owner, operation = names.parts(words[1])
  if owner then words = { owner, operation } end
  for _, command in ipairs(product and {} or commands) do
    if command.name == words[1] then return help.command(command) end
  end
  local resource, taken = names.resource(words, product)
  if not resource then
    local candidates = product and { unpack(names.clickwrap) } or names.resource_words()
    for _, command in ipairs(product and {} or commands) do candidates[#candidates + 1] = command.name end
    fail.usage("there is no command %q%s; `ironclad help%s` lists them", words[1],
      fail.meant(core.nearest(words[1], candidates)), product and " clickwrap" or "")
  end
  if words[taken + 1] then return help.operation(resource, words[taken + 1]) end
  help.resource(resource)
end

return help
