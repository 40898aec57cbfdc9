-- Makes docs/reference.md and the made parts of README.md: from the tables of operations, options and error kinds, and
-- from the methods that the module has. `make reference` runs it; dofile returns the functions that make both. It fails
-- for a method that it has no words for.
local catalog = require "ironclad.calls.catalog"
local changes = require "ironclad.events.changes"
local core = require "ironclad.core"
local events = require "ironclad.events.methods"
local directory = require "ironclad.resources.directory"
local each = require "ironclad.resources.each"
local ironclad = require "ironclad"
local manual = require "ironclad.manual"
local resource_methods = require "ironclad.resources.resource_methods"
local resources = require "ironclad.resources.resources"
local schema = require "ironclad.resources.schema"
local tables = require "ironclad.tables"
local sorted_names = require("ironclad.base.names").sorted
local wait = require "ironclad.resources.wait"
local words = require "ironclad.words"

local helpers, functions = manual.helpers, manual.functions

-- Required ones in bold.
local function fields_of(list)
  local texts = {}
  for i, field in ipairs(list) do
    texts[i] = field.required and not field.fill and "**" .. field.name .. "**" or field.name
  end
  return table.concat(texts, ", ")
end

local function arguments_of(entry)
  local query, body = fields_of(entry.query), fields_of(entry.fields)
  if entry.body == "none" then return query end
  return query == "" and body or body .. "; query: " .. query
end

-- The text between the parentheses of a call.
local function parameters_of(entry)
  local given = {}
  for _, name in ipairs(entry.path_parameters) do given[#given + 1] = name end
  if entry.body ~= "none" then
    given[#given + 1] = "body"
  elseif #entry.query > 0 then
    given[#given + 1] = "arguments"
  end
  return table.concat(given, ", ")
end

local function scopes_of(entry)
  local texts = {}
  for i, scope in ipairs(entry.scopes) do texts[i] = scope:gsub("^public%.", "") end
  return table.concat(texts, entry.scopes_any and " or " or ", ")
end

local function row(...)
  return "| " .. table.concat({ ... }, " | ") .. " |"
end

local function helper_of(label)
  local helper = helpers[label] or helpers[label:gsub("^[^:]*", "*")]
  if not helper then error(("src/ironclad/manual.lua has no words for %s"):format(label), 0) end
  return helper
end

-- The operations of a resource in the catalog's order, and the names of all methods that are made from them.
local function operations_of(resource)
  local list, made = {}, {}
  for _, entry in ipairs(catalog.entries) do
    if entry.resource == resource and entry.name then
      list[#list + 1], made[entry.name] = entry, true
      local iterator = each.name_of(entry)
      if iterator then made[iterator] = true end
    end
  end
  return list, made
end

-- What a field of a query or a body takes.
local function type_of(field)
  local name = field.list and "a list" or field.type
  if field.choices then
    return ("`%s`%s"):format(table.concat(field.choices, "`, `"), field.list and " (a list)" or "")
  end
  return field.refers and name .. ", or the table" or name
end

local function add_fields(lines, title, list)
  if #list == 0 then return end
  lines[#lines + 1] = ""
  lines[#lines + 1] = row(title, "Type", "Default", "")
  lines[#lines + 1] = row("---", "---", "---", "---")
  for _, field in ipairs(list) do
    local name = field.required and not field.fill and "**" .. field.name .. "**" or field.name
    lines[#lines + 1] = row(name, type_of(field), field.default and "`" .. field.default .. "`" or "",
      words.field(field.name))
  end
end

-- A section for each operation: what it does, its arguments, its scopes.
local function add_operations(lines, resource, list)
  for i, entry in ipairs(list) do
    local call = ("client.%s:%s(%s)"):format(resource, entry.name, parameters_of(entry))
    local iterator = each.name_of(entry)
    if i > 1 then lines[#lines + 1] = "" end
    lines[#lines + 1] = ("### `%s`\n"):format(call)
    local reference = "Ironclad's name: [%s](https://developer.ironcladapp.com/reference/%s)."
    lines[#lines + 1] = ("%s%s Scopes: %s. %s"):format(words.operation(entry),
      iterator and (" `:%s` iterates over %s."):format(iterator, words.iterated(entry)) or "", scopes_of(entry),
      reference:format(entry.id, entry.id))
    add_fields(lines, "Body", entry.fields)
    add_fields(lines, entry.body == "none" and "Argument" or "Query", entry.query)
  end
end

-- What says that an operation of Clickwrap exists (entry.source).
local confirmed_by = {
  document = "Ironclad's document", guide = "Ironclad's guides", sdk = "an SDK of Ironclad's",
  peer = "the shipped code of another client", navigation = "**nothing: unconfirmed**, its path is a guess",
}

local function add_clickwrap_operations(lines, resource, list)
  lines[#lines + 1] = row("Call", "Arguments", "Ironclad's name", "Confirmed by")
  lines[#lines + 1] = row("---", "---", "---", "---")
  for _, entry in ipairs(list) do
    local call = ("`cw.%s:%s(%s)`"):format(resource, entry.name, parameters_of(entry))
    local iterator = each.name_of(entry)
    if iterator then call = ("%s, `:%s`"):format(call, iterator) end
    lines[#lines + 1] = row(call, arguments_of(entry), "`" .. entry.id .. "`", confirmed_by[entry.source])
  end
end

-- The methods of client.<resource> that are not operations.
local function added_to(resource)
  local names = {}
  for _, methods in ipairs { wait.methods, schema.methods, directory.methods, changes.methods,
    events.methods } do
    for name in pairs(methods[resource] or {}) do names[name] = true end
  end
  return sorted_names(names)
end

local function add_helpers(lines, prefix, owner, names)
  if #names == 0 then return end
  lines[#lines + 1] = ""
  lines[#lines + 1] = row("Call", "")
  lines[#lines + 1] = row("---", "---")
  for _, name in ipairs(names) do
    local helper = helper_of(owner .. ":" .. name)
    lines[#lines + 1] = row(("`%s:%s(%s)`"):format(prefix, name, helper[1]), helper[2])
  end
end

local function add_kind(lines, kind, made)
  local bound, own = {}, {}
  for _, name in ipairs(sorted_names(resource_methods.all(kind))) do
    if made[name] then bound[#bound + 1] = "`" .. name .. "`" else own[#own + 1] = name end
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = ("%s %s's table has these methods without the `%s`: %s. It also has"):format(
    kind.name:find "^[aeio]" and "An" or "A", kind.name, kind.path:match "{([%w_]+)}$", table.concat(bound, ", "))
  add_helpers(lines, kind.name, kind.name, own)
  if not manual.fields[kind.name] then return end
  lines[#lines + 1] = ""
  lines[#lines + 1] = row("Field", "Type", "")
  lines[#lines + 1] = row("---", "---", "---")
  for _, field in ipairs(manual.fields[kind.name]) do
    lines[#lines + 1] = row("`" .. field[1] .. "`", (field[2]:gsub("|", " or ")), field[3])
  end
end

-- Calls with what they take and return, as in ironclad.manual.
local function add_calls(lines, calls)
  lines[#lines + 1] = row("Call", "Returns", "")
  lines[#lines + 1] = row("---", "---", "---")
  for _, call in ipairs(calls) do
    local given, returned = call[2]:match "^(.-)%s*%->%s*(.*)$"
    local names = {}
    local parameters = ", " .. (given or call[2]):gsub("%b{}", "table")
    for name in parameters:gmatch ", ([%w_.]+%??):" do names[#names + 1] = name end
    lines[#lines + 1] = row(("`%s(%s)`"):format(call[1], table.concat(names, ", ")),
      returned and "`" .. returned:gsub("|", " or ") .. "`" or "", call[3])
  end
end

-- What is not an operation, in sections.
local function add_sections(lines)
  for _, section in ipairs(manual.sections) do
    lines[#lines + 1] = ("\n## %s\n"):format(section.title)
    add_calls(lines, section.calls)
  end
end

local function add_facts(lines, title, text, facts)
  lines[#lines + 1] = ("\n%s\n\n%s\n"):format(title, text)
  lines[#lines + 1] = row("Field", "Type", "")
  lines[#lines + 1] = row("---", "---", "---")
  for _, fact in ipairs(facts) do
    lines[#lines + 1] = row("`" .. fact[1] .. "`", (fact[2]:gsub("|", " or ")), fact[3])
  end
end

-- The tables that functions take and return.
local function add_tables(lines)
  for _, entry in ipairs(tables) do
    local calls = {}
    for i, label in ipairs(entry.of or entry.from) do calls[i] = "`" .. label .. "`" end
    local text = ("%s %s."):format(entry.of and "Taken by" or "Returned by", table.concat(calls, ", "))
    local like = { ConnectOptions = "[the options of ironclad.connect](#options-of-ironcladconnect)",
      CallOptions = "[the options of a call](#options-of-a-call)" }
    if entry.like then
      text = ("%s It also has the fields of %s."):format(text, like[entry.like] or ("`ironclad.%s`"):format(entry.like))
    end
    add_facts(lines, "### ironclad." .. entry[1], text, entry.fields)
  end
end

local SANDBOX -- its text is below, with the others

-- The sandbox, and its controls, as the sandbox describes them.
local function add_sandbox(lines)
  lines[#lines + 1] = "\n## The sandbox\n"
  lines[#lines + 1] = SANDBOX
  add_calls(lines, manual.sandbox)
  add_facts(lines, "### Options of ironclad.sandbox.start", "All are optional.", manual.sandbox_options)
  lines[#lines + 1] = "\n### Controls\n"
  lines[#lines + 1] = "They do what a client of the API cannot do.\n"
  lines[#lines + 1] = row("Control", "")
  lines[#lines + 1] = row("---", "---")
  for _, action in ipairs(require("ironclad.sandbox.core").actions()) do
    local given = action.parameters == "" and "" or " { " .. action.parameters:gsub("%s*%b()", "") .. " }"
    lines[#lines + 1] = row(("`sandbox:%s%s`"):format(action.name, given == "" and "()" or given),
      (action.help:gsub("\n", " "):gsub("|", "or")))
  end
end

-- The functions of a part of the module. Of the module itself, those that `functions` has.
local function add_functions(lines, label, part)
  lines[#lines + 1] = ""
  lines[#lines + 1] = row("Call", "")
  lines[#lines + 1] = row("---", "---")
  for _, name in ipairs(sorted_names(part == ironclad and functions.ironclad or part)) do
    local entry = functions[label][name]
    if not entry then error(("src/ironclad/manual.lua has no words for %s.%s"):format(label, name), 0) end
    lines[#lines + 1] = row(("`%s.%s(%s)`"):format(label, name, entry[1]), entry[2])
  end
end

local function number(value)
  return value % 1 == 0 and ("%d"):format(value) or ("%.14g"):format(value)
end

-- What an option takes: a word for its type, then its choices, or its unit and range.
local types = {
  text = "text", text_or_false = "text, or false", scopes = "a list of scopes, or text", boolean = "true or false",
  number = "%s", number_or_false = "%s, or false", whole = "%s",
}

local function values_of(option)
  if option.takes then return option.takes end
  if option.choices then return (option.choices:gsub("%S+", '`"%0"`'):gsub("` `", "`, `")) end
  local range = option.unit and ("%s, %s to %s"):format(option.unit, number(option.smallest), number(option.largest))
  return (types[option.type]:format(range))
end

local function default_of(option)
  if option.type == "boolean" then return "`" .. tostring(option.preset ~= 0) .. "`" end
  if option.unit then return "`" .. number(option.preset) .. "`" end
  local choice = option.choices and (" " .. option.choices .. " "):find(" " .. option.fallback .. " ", 1, true)
  return choice and '`"' .. option.fallback .. '"`' or option.fallback or ""
end

-- @param place "connect", "clickwrap" or "call"
local function add_options(lines, place)
  lines[#lines + 1] = row("Option", "Value", "Default", "")
  lines[#lines + 1] = row("---", "---", "---", "---")
  for _, option in ipairs(core.option_table()) do
    if option[place] then
      local inherits = place == "call" and (option.connect or option.clickwrap)
      local default = inherits and "the connection's" or default_of(option)
      lines[#lines + 1] = row("`" .. option.name .. "`", values_of(option), default, option.text)
    end
  end
end

-- The kinds of errors, and what to do about each.
local function add_error_kinds(lines)
  lines[#lines + 1] = row("`kind`", "What has happened", "What to do")
  lines[#lines + 1] = row("---", "---", "---")
  for _, kind in ipairs(core.error_kinds()) do
    lines[#lines + 1] = row("`" .. kind.name .. "`", kind.meaning, kind.advice)
  end
end

local function kind_of(resource)
  require "ironclad.clickwrap.kinds"
  for _, kind in pairs(resources.kinds) do
    if kind.resource == resource then return kind end
  end
end

local INTRODUCTION = [[
# Reference

Made by `make reference` from the tables of operations, options and error kinds. Do not edit it.

Every call returns `value, err, response`. `arguments` is the query of an operation without a body, and `body` is the
JSON body. [The options of a call](#options-of-a-call) are one more table, or beside the arguments where there is no
body. Names in bold are required. Where an id is expected, a table that has it is accepted. The `each…` of a list is its
iterator over all pages: `for workflow in client.workflows:each { status = "active" } do … end`. It also takes `limit`:
how many items at most. Scopes are those of `ironclad.scopes` without their `public.`.]]

local ERRORS = [[
A call that fails returns `nil` and an error: a table that prints as one line. It has `kind`, `message`, `operation`,
`outcome` (`not_done`, or `unknown`: it may have happened, so look before you repeat it), `retryable`, `attempts`, and
where known `status`, `code`, `param`, `request_id` and `retry_after` (seconds).
]]

SANDBOX = [[
`require "ironclad.sandbox"` is a local Ironclad; [sandbox.md](sandbox.md) shows how it is used.
]]

local HOOKS = [[
`on_request`, `on_response`, `on_retry` and `on_wait` are called with one table. `log` is called with `text, level`.]]

local VALUES = [[
Values may be given in attributes, properties and queries. They are sent in the form that Ironclad requires there: money
is `monetaryAmount` in a workflow and `monetary_amount` in a record. Filters are the query parameter `filter`.]]

local CLICKWRAP = [[
`cw` is a client of `ironclad.clickwrap`. [docs/clickwrap.md](clickwrap.md) shows how it is used. `sid`, the site access
id, is the connection's where it is left out. Of the `acceptance` operations, the parameters have the short names of the
Activity API: `sig` is the signer's id, `gkey` a group's key, `cid` and `vid` the ids of contracts and versions in the
same order, separated by commas, `et` the event, `cus` custom data, `rnd` render data, `rdid` the render id, `tm` test
mode.
]]

-- A section for each resource of a product.
local function add_resources(lines, product, heading, prefix, add)
  local seen = {}
  for _, entry in ipairs(catalog.entries) do
    local resource = entry.resource
    if entry.product == product and resource and not seen[resource] then
      seen[resource] = true
      local list, made = operations_of(resource)
      lines[#lines + 1] = ("\n%s %s\n"):format(heading, resource)
      add(lines, resource, list)
      add_helpers(lines, prefix .. resource, resource, added_to(resource))
      local kind = kind_of(resource)
      if kind then add_kind(lines, kind, made) end
    end
  end
end

local function make()
  local lines = { INTRODUCTION }
  add_resources(lines, "clm", "##", "client.", add_operations)
  lines[#lines + 1] = "\n## Clickwrap\n\n" .. CLICKWRAP
  add_resources(lines, "clickwrap", "###", "cw.", add_clickwrap_operations)
  add_sections(lines)
  add_facts(lines, "## Fields of the module", "`ironclad` also has:", manual.values)
  lines[#lines + 1] = "\n## Values and filters\n\n" .. VALUES
  add_functions(lines, "ironclad", ironclad)
  add_functions(lines, "ironclad.filter", ironclad.filter)
  add_functions(lines, "ironclad.scim_filter", ironclad.scim_filter)
  add_functions(lines, "ironclad.clickwrap.filter", ironclad.clickwrap.filter)
  lines[#lines + 1] = "\n## Options of ironclad.connect\n"
  add_options(lines, "connect")
  lines[#lines + 1] = "\n## Options of ironclad.clickwrap\n"
  add_options(lines, "clickwrap")
  lines[#lines + 1] = "\n## Options of a call\n"
  add_options(lines, "call")
  lines[#lines + 1] = "\n## Errors\n\n" .. ERRORS
  add_error_kinds(lines)
  add_facts(lines, "### Fields of an error", "An error prints as one line.", manual.error_fields)
  add_facts(lines, "## Hooks", HOOKS, manual.hooks)
  lines[#lines + 1] = "\n## Tables that functions take and return"
  add_tables(lines)
  add_sandbox(lines)
  return table.concat(lines, "\n") .. "\n"
end

local function count_of_operations()
  return ("`ironclad.operations()` lists all %d operations with their parameters and scopes.\n"):format(
    #catalog.entries)
end

-- The kinds of errors in one sentence, wrapped at 120 columns.
local function list_of_kinds()
  local lines, line = {}, "The kinds are"
  local kinds = core.error_kinds()
  for i, kind in ipairs(kinds) do
    local word = ("`%s`%s"):format(kind.name, i < #kinds and "," or ".")
    if #line + 1 + #word > 120 then lines[#lines + 1], line = line, word else line = line .. " " .. word end
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n") .. "\n"
end

-- The made parts of documents, by document and name. Each is between "<!-- made by `make reference`: NAME -->" and
-- "<!-- end -->".
local made_parts = {
  ["README.md"] = { count = count_of_operations },
  ["docs/contracts.md"] = { kinds = list_of_kinds },
}

-- The text of a document, with its made parts as they must be today.
local function with_made_parts(path, text)
  local parts, seen = made_parts[path], {}
  local made = text:gsub("(<!%-%- made by `make reference`: (%l+) %-%->\n).-(<!%-%- end %-%->\n)",
    function(begins, name, ends)
      seen[name] = true
      return begins .. assert(parts[name], name)() .. ends
    end)
  for name in pairs(parts) do
    if not seen[name] then error(("%s has no part for %s"):format(path, name), 0) end
  end
  return made
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path .. ".new", "wb"))
  assert(file:write(text))
  assert(file:close())
  assert(os.rename(path .. ".new", path))
end

if arg and arg[0] and arg[0]:find "make_reference%.lua$" then
  write("docs/reference.md", make())
  for path in pairs(made_parts) do write(path, with_made_parts(path, read(path))) end
end
return { reference = make, made_parts = made_parts, with_made_parts = with_made_parts }
