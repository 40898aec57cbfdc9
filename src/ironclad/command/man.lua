--- ironclad man [FOLDER]: the manual pages, made from the table of subcommands and the catalog: ironclad(1) and a page
-- for each resource.

local commands = require "ironclad.command.commands"
local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local flags = require "ironclad.command.flags"
local sorted_names = require("ironclad.base.names").sorted
local terminal = require "ironclad.command.terminal"

local man = { flags = {} }

man.help = "Without FOLDER, ironclad(1) is printed, for `man -l -`. FOLDER gets all pages, for MANPATH/man1."

-- A text for roff, which would take a dot or an apostrophe at the beginning of a line, and a backslash, as commands.
local function roff(text)
  return (text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("\n([.'])", "\n\\&%1"):gsub("^([.'])", "\\&%1"))
end

local function header(name, text)
  return { ('.TH %s 1 "" "ironclad %s" "ironclad"'):format(name:upper(), core.version), ".SH NAME",
    ("%s \\- %s"):format(roff(name), roff(text)) }
end

local function add_item(lines, head, text)
  lines[#lines + 1] = ".TP"
  lines[#lines + 1] = "\\fB" .. roff(head) .. "\\fR"
  lines[#lines + 1] = roff(text)
end

local function add_options(lines, list)
  for _, pair in ipairs(flags.describe(list)) do add_item(lines, (pair[1]:gsub("^%s+", "")), pair[2]) end
end

local statuses = {
  { "0", "Done." }, { "1", "Ironclad refused it, or it failed." },
  { "2", "The command was used wrongly, or cancelled." }, { "4", "A login is needed." },
}

local variables = {
  { "IRONCLAD_INSTANCE, IRONCLAD_CLIENT_ID, IRONCLAD_CLIENT_SECRET, IRONCLAD_AS_USER, IRONCLAD_CA_FILE",
    "A connection, used unless -c names another." },
  { "IRONCLAD_CONFIG", "The file of named connections (~/.config/ironclad/connections.json)." },
  { "IRONCLAD_LOG", "debug, info or warning: lines about requests on standard error." },
  { "NO_COLOR, CLICOLOR_FORCE", "No colours; colours in a pipe, too." },
}

local function main_page()
  local lines = header("ironclad", "Ironclad's contracts from a terminal")
  local function add(...) for _, line in ipairs { ... } do lines[#lines + 1] = line end end
  add(".SH SYNOPSIS", "\\fBironclad\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR...]", ".br",
    "\\fBironclad\\fR \\fIRESOURCE OPERATION\\fR [\\fIID\\fR...] [\\fINAME\\fR=\\fIVALUE\\fR...]",
    ".SH DESCRIPTION",
    "Every operation of Ironclad's APIs is a command. On a terminal the answer is a table, and tab-separated values in",
    "a pipe. Values are typed by Ironclad's documents, a template's launch form or the company's record schema.",
    ".SH COMMANDS")
  for _, command in ipairs(commands) do
    add_item(lines, command.name .. (command.arguments ~= "" and " " .. command.arguments or ""), command.text .. ".")
    local module = require("ironclad.command." .. command.name)
    if #module.flags > 0 then
      add(".RS")
      add_options(lines, module.flags)
      add(".RE")
    end
  end
  add(".SH RESOURCES")
  local names = require "ironclad.command.names"
  for _, resource in ipairs(names.resources) do
    add_item(lines, names.shown(resource), table.concat(names.operation_words(resource), ", "))
  end
  add(".SH VALUES")
  for _, pair in ipairs {
    { "NAME=TEXT", "A value by the type of its field: text, number, true or false, a date, \"USD 5000\", a list a,b." },
    { "NAME=@FILE", "The content of a file (@-: of standard input), or a document to upload." },
    { "NAME:=JSON", "A value of any type; null removes one." }, { "NAME.SUB=TEXT", "A field of an object." },
  } do add_item(lines, pair[1], pair[2]) end
  add(".SH EXIT STATUS")
  for _, pair in ipairs(statuses) do add_item(lines, pair[1], pair[2]) end
  add(".SH ENVIRONMENT")
  for _, pair in ipairs(variables) do add_item(lines, pair[1], pair[2]) end
  return table.concat(lines, "\n") .. "\n"
end

local function field_text(field)
  local words = require "ironclad.words"
  return ("%s (%s)."):format(words.field(field.name), words.facts(field))
end

local function resource_page(resource)
  local names, words = require "ironclad.command.names", require "ironclad.words"
  local shown = names.shown(resource)
  local lines = header("ironclad-" .. shown, "operations on " .. shown)
  lines[#lines + 1] = ".SH OPERATIONS"
  for _, entry in ipairs(names.operations(resource)) do
    local head = { names.shown(entry.name) }
    for _, name in ipairs(entry.path_parameters) do head[#head + 1] = name:upper() end
    add_item(lines, table.concat(head, " "), words.operation(entry))
    local begun = #entry.fields + #entry.query > 0
    if begun then lines[#lines + 1] = ".RS" end
    for _, list in ipairs { entry.fields, entry.query } do
      for _, field in ipairs(list) do add_item(lines, field.name .. "=", field_text(field)) end
    end
    if begun then lines[#lines + 1] = ".RE" end
  end
  for _, name in ipairs(sorted_names(names.helpers[resource] or {})) do
    local helper = names.helpers[resource][name]
    add_item(lines, names.shown(name) .. " " .. (helper.words or "[NAME=VALUE...]"), helper.text)
  end
  lines[#lines + 1] = ".SH SEE ALSO\nironclad(1)"
  return table.concat(lines, "\n") .. "\n"
end

local function write(path, text)
  local file, message = io.open(path, "wb")
  if not file then fail.failed("%s", message) end
  local done, why = file:write(text)
  if done then done, why = file:close() end
  if not done then os.remove(path) end
  if not done then fail.failed("%s: %s", path, tostring(why)) end
end

function man.run(words)
  if words[2] then fail.usage("man takes one folder, got %q too", words[2]) end
  if not words[1] then return terminal.write(main_page()) end
  local folder = words[1]:gsub("/+$", "")
  local done, why = core.terminal.make_folder(folder)
  if not done then fail.failed("%s: %s", folder, why) end
  write(folder .. "/ironclad.1", main_page())
  local names = require "ironclad.command.names"
  for _, resource in ipairs(names.resources) do
    write(("%s/ironclad-%s.1"):format(folder, names.shown(resource)), resource_page(resource))
  end
  terminal.say("%d pages in %s", #names.resources + 1, folder)
end

return man
