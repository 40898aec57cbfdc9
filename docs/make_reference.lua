-- Makes docs/reference.md and the made parts of README.md: from the tables of operations, options and error kinds, and
-- from the methods that the module has. `make reference` runs it; dofile returns the functions that make both. It fails
-- for a method that it has no words for.
local catalog = require "ironclad.calls.catalog"
local changes = require "ironclad.events.changes"
local core = require "ironclad.core"
local directory = require "ironclad.resources.directory"
local each = require "ironclad.resources.each"
local ironclad = require "ironclad"
local resource_methods = require "ironclad.resources.resource_methods"
local resources = require "ironclad.resources.resources"
local schema = require "ironclad.resources.schema"
local wait = require "ironclad.resources.wait"

-- Methods that are not operations: their arguments, and what they do. The key is the label of the method; "*" is every
-- kind of resource.
local helpers = {
  ["*:refresh"] = { "arguments", "reads the resource again into the same table, and returns it" },
  ["workflows:launch_and_wait"] = { "body, options", "launches and waits for the workflow" },
  ["workflows:wait_launch"] = { "job, options", "waits for the workflow of `launch_async`" },
  ["workflow_schemas:find"] = { "title, options",
    "the template with that title or id; an error names those that exist" },
  ["scim.users:find_by_email"] = { "email, options", "the user with that e-mail address, or nil" },
  ["user:deactivate"] = { "options", "takes the right to log in; workflows of the user go on waiting for them" },
  ["group:add_members"] = { "users, options", "adds users, given as tables or ids" },
  ["group:remove_members"] = { "users, options", "removes users" },
  ["records:changes"] = { "{ state =, since =, … }",
    "iterates over what is new or changed since the last run: [changes](changes.md)" },
  ["workflows:changes"] = { "{ state =, since =, … }",
    "iterates over what is new or changed, in every status: [changes](changes.md)" },
  ["entities:changes"] = { "{ state =, since =, … }",
    "iterates over what is new or changed since the last run: [changes](changes.md)" },
  ["obligations:changes"] = { "{ state =, since =, … }",
    "iterates over what is new or changed since the last run: [changes](changes.md)" },
  ["workflows:wait"] = { "id, { step =, status = }", "waits until the workflow has reached a step or has a status" },
  ["exports:create_and_wait"] = { "body, options", "starts an export and waits until it can be downloaded" },
  ["exports:wait"] = { "job, options", "waits until it can be downloaded" },
  ["records:create_download_urls_and_wait"] = { "body, options", "asks for download links and waits for them" },
  ["records:wait_download_urls"] = { "job, options", "waits for the links of `create_download_urls`" },
  ["records:smart_import_and_wait"] = { "body, options", "imports a document and waits for its predictions" },
  ["records:wait_import"] = { "import, options", "waits for the predictions of `smart_import`" },
  ["activity:export_csv_and_wait"] = { "arguments, options", "starts a CSV export and waits for its links" },
  ["activity:wait_csv_export"] = { "job, options", "waits for the links of `export_csv`" },
  ["evidence:create_and_wait"] = { "body, options", "starts an export and waits until it is finished" },
  ["evidence:wait"] = { "job, options", "waits until it is finished; at a resource's table, it is then up to date" },
  ["workflow:wait"] = { "{ step =, status = }",
    "waits until this workflow has reached a step or has a status; its table is then up to date" },
  ["export:wait"] = { "options", "waits until this export can be downloaded" },
  ["workflow:pending_approvals"] = { "options",
    "who may approve now: a list of `{ role, displayName, order, assignees }`" },
  ["workflow:records"] = { "options", "the records that the workflow has made" },
  ["workflow:set"] = { "values, { comment = }",
    "changes attributes, given as plain values; `ironclad.null` removes an attribute" },
  ["record:set"] = { "values, options",
    "changes properties, given as plain values; `ironclad.null` removes a property" },
  ["record:property"] = { "name", "the plain value of a property" },
  ["record:plain"] = { "", "all values as one flat table, such as a row of a database" },
}
for _, kind in ipairs { "entity", "obligation" } do
  for _, name in ipairs { "set", "property", "plain" } do
    helpers[kind .. ":" .. name] = helpers["record:" .. name]
  end
end

-- Values and filters: what each function takes, and what it returns.
local comparison = { "property, value", "a formula; the value is a text, number, boolean or date" }
local ordered = { "property, value", "a formula; the value is a number or a date" }
local several = { "formula, formula, …", "a formula; also from one list" }
local functions = {
  ironclad = {
    money = { "currency, amount", 'such as `ironclad.money("USD", 5000)`; fields `currency`, `amount`' },
    date = { "…", "a day, from year, month and day, a Lua time, a table of `os.date`, or ISO 8601 text; text with a "
      .. "time is a point in time; fields `year`, `month`, `day`" },
    duration = { "fields", 'from `{ years =, months =, weeks =, days = }`, or from text such as `"P1Y2M"`' },
    address = { "fields", "from `{ lines = { … }, locality =, region =, postcode =, country = }`" },
  },
  ["ironclad.filter"] = {
    Equals = comparison, NotEqual = comparison, Contains = { "property, text", "a formula" },
    IsEmpty = { "property", "a formula" }, IsNotEmpty = { "property", "a formula" },
    LessThan = ordered, LessThanOrEqual = ordered, GreaterThan = ordered, GreaterThanOrEqual = ordered,
    And = several, Or = several, Date = { "year, month, day", "a day; takes what `ironclad.date` takes" },
    Today = { "", "the current day at Ironclad" },
    RelativeDate = { "date, count, unit",
      'the day that is `count` of `"days"`, `"weeks"`, `"months"` or `"years"` after a date, or after today' },
  },
  ["ironclad.clickwrap.filter"] = {
    eq = { "field, value", "equal" }, ne = { "field, value", "not equal" }, gt = { "field, value", "greater" },
    ge = { "field, value", "greater or equal" }, lt = { "field, value", "less" },
    le = { "field, value", "less or equal" },
    And = { "filter, filter, …", "all of the filters; also from one list" },
  },
  ["ironclad.scim_filter"] = {
    eq = { "attribute, value", "equal" }, ne = { "attribute, value", "not equal" },
    co = { "attribute, text", "contains" }, sw = { "attribute, text", "starts with" },
    ew = { "attribute, text", "ends with" }, gt = { "attribute, value", "greater" },
    ge = { "attribute, value", "greater or equal" }, lt = { "attribute, value", "less" },
    le = { "attribute, value", "less or equal" }, pr = { "attribute", "present" },
    any = { "attribute, filter", "the filter is true for one of the attribute's values" },
    And = { "filter, filter, …", "all of the filters; also from one list" },
    Or = { "filter, filter, …", "one of the filters; also from one list" },
    Not = { "filter", "the filter is false" },
  },
}

local function names_of(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names)
  return names
end

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
  local words = {}
  for _, name in ipairs(entry.path_parameters) do words[#words + 1] = name end
  if entry.body ~= "none" then
    words[#words + 1] = "body"
  elseif #entry.query > 0 then
    words[#words + 1] = "arguments"
  end
  return table.concat(words, ", ")
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
  local words = helpers[label] or helpers[label:gsub("^[^:]*", "*")]
  if not words then error(("docs/make_reference.lua has no words for %s"):format(label), 0) end
  return words
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

local function add_operations(lines, resource, list)
  lines[#lines + 1] = row("Call", "Arguments", "Scopes", "Ironclad's name")
  lines[#lines + 1] = row("---", "---", "---", "---")
  for _, entry in ipairs(list) do
    local call = ("`client.%s:%s(%s)`"):format(resource, entry.name, parameters_of(entry))
    local iterator = each.name_of(entry)
    if iterator then call = ("%s, `:%s`"):format(call, iterator) end
    lines[#lines + 1] = row(call, arguments_of(entry), scopes_of(entry),
      ("[%s](https://developer.ironcladapp.com/reference/%s)"):format(entry.id, entry.id))
  end
end

-- The methods of client.<resource> that are no operations.
local function added_to(resource)
  local names = {}
  for _, methods in ipairs { wait.methods, schema.methods, directory.methods, changes.methods } do
    for name in pairs(methods[resource] or {}) do names[name] = true end
  end
  return names_of(names)
end

local function add_helpers(lines, prefix, owner, names)
  if #names == 0 then return end
  lines[#lines + 1] = ""
  lines[#lines + 1] = row("Call", "")
  lines[#lines + 1] = row("---", "---")
  for _, name in ipairs(names) do
    local words = helper_of(owner .. ":" .. name)
    lines[#lines + 1] = row(("`%s:%s(%s)`"):format(prefix, name, words[1]), words[2])
  end
end

local function add_kind(lines, kind, made)
  local bound, own = {}, {}
  for _, name in ipairs(names_of(resource_methods.all(kind))) do
    if made[name] then bound[#bound + 1] = "`" .. name .. "`" else own[#own + 1] = name end
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = ("%s %s's table has these methods without the `%s`: %s. It also has"):format(
    kind.name:find "^[aeio]" and "An" or "A", kind.name, kind.path:match "{([%w_]+)}$", table.concat(bound, ", "))
  add_helpers(lines, kind.name, kind.name, own)
end

-- The functions of a part of the module. Of the module itself, those that `functions` has.
local function add_functions(lines, label, part)
  lines[#lines + 1] = ""
  lines[#lines + 1] = row("Call", "")
  lines[#lines + 1] = row("---", "---")
  for _, name in ipairs(names_of(part == ironclad and functions.ironclad or part)) do
    local words = functions[label][name]
    if not words then error(("docs/make_reference.lua has no words for %s.%s"):format(label, name), 0) end
    lines[#lines + 1] = row(("`%s.%s(%s)`"):format(label, name, words[1]), words[2])
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
iterator over all pages: `for workflow in client.workflows:each { status = "active" } do … end`. Scopes are those of
`ironclad.scopes` without their `public.`.]]

local ERRORS = [[
A call that fails returns `nil` and an error: a table that prints as one line. It has `kind`, `message`, `operation`,
`outcome` (`not_done`, or `unknown`: it may have happened, so look before you repeat it), `retryable`, `attempts`, and
where known `status`, `code`, `param`, `request_id` and `retry_after` (seconds).
]]

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
  return table.concat(lines, "\n") .. "\n"
end

-- Methods by resource, for the README: those of the catalog in its order, then `+` and what the module adds.
local function summary()
  local lines, seen = { row("`client.…`", "Methods"), row("---", "---") }, {}
  for _, entry in ipairs(catalog.entries) do
    local resource = entry.resource
    if entry.product == "clm" and resource and not seen[resource] then
      seen[resource] = true
      local names, list, made = {}, operations_of(resource)
      for _, one in ipairs(list) do names[#names + 1] = one.name end
      local text = table.concat(names, ", ")
      local added = added_to(resource)
      if #added > 0 then text = text .. "; + " .. table.concat(added, ", ") end
      local kind, own = kind_of(resource), {}
      for _, name in ipairs(kind and names_of(resource_methods.all(kind)) or {}) do
        if not made[name] then own[#own + 1] = name end
      end
      if kind then text = ("%s; its tables: + %s"):format(text, table.concat(own, ", ")) end
      lines[#lines + 1] = row("`" .. resource .. "`", text)
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

-- A paragraph in lines of at most 120 bytes.
local function filled(text)
  local lines, line = {}, ""
  for word in text:gmatch "%S+" do
    if #line + #word >= 120 then
      lines[#lines + 1], line = line, word
    else
      line = line == "" and word or line .. " " .. word
    end
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n") .. "\n"
end

-- The kinds of errors as one list, and the number of operations, for the README.
local function list_of_kinds()
  local names = {}
  for i, kind in ipairs(core.error_kinds()) do names[i] = "`" .. kind.name .. "`" end
  return filled("The kinds are " .. table.concat(names, ", ") .. ".")
end

-- The options of one place as a list, for the README.
local function list_of_options(begins, place)
  local names = {}
  for _, option in ipairs(core.option_table()) do
    if option[place] then names[#names + 1] = "`" .. option.name .. "`" end
  end
  return filled(begins .. table.concat(names, ", ") .. ".")
end

local function list_of_connect_options() return list_of_options("`ironclad.connect` takes ", "connect") end

local function list_of_call_options() return list_of_options("The options of a call are ", "call") end

local function count_of_operations()
  return ("`ironclad.operations()` lists all %d operations with their parameters and scopes.\n"):format(
    #catalog.entries)
end

-- The made parts of the README, by name. Each is between "<!-- made by `make reference`: NAME -->" and "<!-- end -->".
local made_parts = {
  methods = summary, kinds = list_of_kinds, count = count_of_operations, connect = list_of_connect_options,
  call = list_of_call_options,
}

-- A README with today's text in its made parts.
local function with_made_parts(readme)
  local seen = {}
  local made = readme:gsub("(<!%-%- made by `make reference`: (%l+) %-%->\n).-(<!%-%- end %-%->\n)",
    function(begins, name, ends)
      seen[name] = true
      return begins .. assert(made_parts[name], name)() .. ends
    end)
  for name in pairs(made_parts) do
    if not seen[name] then error(("README.md has no part for %s"):format(name), 0) end
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
  write("README.md", with_made_parts(read "README.md"))
end
return { reference = make, with_made_parts = with_made_parts }
