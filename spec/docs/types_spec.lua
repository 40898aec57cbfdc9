-- The types in library/ have every public name, method and option; so have ironclad.manual, which the types and the
-- reference are made from, docs/reference.md and ironclad.help. The names are found by walking the module.
local annotations = require "spec.support.annotations"
local catalog = require "ironclad.calls.catalog"
local core = require "ironclad.core"
local ironclad = require "ironclad"
local manual = require "ironclad.manual"
local guide = require "spec.support.guide"
local language_server = require "spec.support.language_server"
local peer = require "spec.support.peer"
local problems_of = require "spec.support.script_types"
local public_names = require "spec.support.public_names"
local resource_methods = require "ironclad.resources.resource_methods"
local resources = require "ironclad.resources.resources"

local text = peer.read_file "library/ironclad.lua"
local sandbox_text = peer.read_file "library/ironclad/sandbox.lua"
local everything = text .. sandbox_text

describe("the types for editors", function()
  it("are what `make reference` makes", function()
    for path, make in pairs(dofile("docs/make_types.lua").files) do
      assert.is_true(make() == peer.read_file(path), path .. " is out of date: run `make reference`")
    end
  end)

  it("are Lua", function()
    for path in pairs(dofile("docs/make_types.lua").files) do assert.is_truthy(loadfile(path)) end
  end)

  it("have every option", function()
    for _, option in ipairs(core.option_table()) do
      assert.is_truthy(text:find("---@field " .. option.name .. "? ", 1, true), option.name)
    end
    for _, kind in ipairs(core.error_kinds()) do
      if kind.meaning then assert.is_truthy(text:find('---| "' .. kind.name .. '"', 1, true), kind.name) end
    end
  end)

  it("have every field of ironclad.info and ironclad.stats", function()
    local function check(class, value)
      local fields = text:match("\n%-%-%-@class ironclad%." .. class .. "\n(.-)\n%-%-%-@class")
      for name in pairs(value) do assert.matches("@field " .. name .. " ", fields, class .. "." .. name) end
    end
    local stats = ironclad.stats()
    check("Info", ironclad.info())
    check("Stats", stats)
    check("SharedStats", stats.shared)
    check("Waits", select(2, next(stats.waits)))
  end)

  it("have every operation and every method of resource tables", function()
    for _, entry in ipairs(catalog.entries) do
      if entry.name then
        local owner = "R_" .. entry.resource:gsub("%.", "_")
        assert.is_truthy(text:find(("function %s:%s("):format(owner, entry.name), 1, true), entry.id)
        for _, field in ipairs(entry.fields) do
          assert.is_truthy(text:find(field.name, 1, true), entry.id .. " " .. field.name)
        end
      end
    end
    for name, kind in pairs(resources.kinds) do
      for method in pairs(resource_methods.all(kind)) do
        assert.is_truthy(text:find(("function K_%s:%s("):format(name, method), 1, true), name .. ":" .. method)
      end
    end
  end)

  -- Where the types have a name, as "workflows:get": the method of client.workflows, or of a part of it.
  local function has_type(name)
    local owner, method = name:match "^(.-):(.*)$"
    local places = { "function " .. name .. "(", "---@field " .. name:gsub("^ironclad%.", "") .. " ",
      "\n" .. name .. " = {}", "function " .. name:gsub("^ironclad%.sandbox", "module") .. "(" }
    if owner then
      places[#places + 1] = ("function R_%s:%s("):format(owner:gsub("%.", "_"), method)
      places[#places + 1] = ("function K_%s:%s("):format(owner, method)
    end
    for _, place in ipairs(places) do
      if everything:find(place, 1, true) then return true end
    end
    return false
  end

  it("have every public name", function()
    local names = public_names()
    assert.is_true(names["ironclad.webhook.unwrap"] and names["client:map"] and names["workflow:cancel"]
      and names["scim.users:each"] and names["task:wait"] and names["sandbox:fail"])
    for name in pairs(names) do assert.is_true(has_type(name), name .. " has no type: run `make reference`; what is "
      .. "no operation also needs its words in manual.lua") end
  end)
end)

describe("the settings for the language server", function()
  local check = dofile "spec/support/addon.lua"

  it("are JSON, and name files that exist", function()
    for _, name in ipairs { ".luarc.json", "config.json" } do assert.is_true(check(".", name)) end
  end)

  it("are refused when one of that is not so", function()
    local folder = peer.temporary_folder()
    finally(function() peer.remove_folder(folder) end)
    local function wrong(settings, name)
      if settings then peer.write_file(folder .. "/" .. name, settings) end
      local _, message = check(folder, name)
      return message
    end
    assert.matches("config.json is missing", wrong(nil, "config.json"))
    assert.matches("is not a JSON object", wrong("{ name: 1 }", "config.json"))
    assert.matches("library/ironclad.lua has no types", wrong(peer.read_file "config.json", "config.json"))
    assert.matches("typos/ironclad.lua has no types", wrong('{"workspace.library": ["typos"]}', ".luarc.json"))
    peer.shell("cp -r library " .. folder)
    assert.is_nil(wrong(peer.read_file "config.json", "config.json"))
    assert.matches("no word recognises", wrong('{"name": "x", "words": ["other"], "settings": {}}', "config.json"))
    assert.matches("settings is missing", wrong('{"name": "x", "words": ["ironclad"]}', "config.json"))
  end)
end)

-- A program with the language server's report: `undefined-field` for each line with "lanch", beside other problems.
local STAND_IN = [[
#!/bin/sh
for option; do
  case $option in --check=*) checked=${option#*=} ;; --check_out_path=*) report=${option#*=} ;; esac
done
grep -q workspace.library "$checked/.luarc.json" || exit 1
lines=$(grep -n lanch "$checked/script.lua" | cut -d: -f1)
if [ -z "$lines" ]; then
  echo "Diagnosis completed, no problems found"
  ! %s || echo "[]" >"$report"
  exit 0
fi
{
  printf '{"file:///library/ironclad.lua": [{"code": "undefined-field", "message": "Undefined field `x`.",'
  printf '"range": {"start": {"line": 1}}}],'
  printf '"file://%%s/script.lua": [{"code": "unused-local", "message": "Unused",' "$checked"
  printf '"range": {"start": {"line": 1}}}'
  for line in $lines; do
    printf ', {"code": "undefined-field", "message": "Undefined field `lanch`.", "range": {"start": {"line": %%d}}}' \
      $((line - 1))
  done
  printf ']}'
} >"$report"
echo "Diagnosis completed, some problems found"
exit 1
]]

-- The scripts in a file: a document has several. One that does not load the module uses the variables of the first.
local function scripts_in(path)
  if path:find "%.lua$" then return { peer.read_file(path) } end
  local scripts = guide.texts(path, "lua")
  for i = 2, #scripts do
    if not scripts[i]:find "require" then scripts[i] = scripts[1] .. scripts[i] end
  end
  return scripts
end

-- "PATH" -> what the types cannot say: with `dry_run` a call returns the request.
local excepted = {
  ["docs/contracts.md"] = { "undefined field `method` of ironclad.Record", "undefined field `url` of ironclad.Record",
    "undefined field `body` of ironclad.Record" },
}

describe("the types, used on a script,", function()
  it("know every name of the recipes, the plugin and the documents", function()
    local count = 0
    for path in peer.shell("ls README.md docs/*.md recipes/*.lua recipes/nginx/*.lua; "
      .. "find editors -name '*.lua'"):gmatch "%S+" do
      local problems = {}
      for _, script in ipairs(scripts_in(path)) do
        count = count + 1
        for _, problem in ipairs(problems_of(script)) do problems[#problems + 1] = problem:gsub("^%d+: ", "") end
      end
      assert.same(excepted[path] or {}, problems, path)
    end
    assert.is_true(count > 60)
  end)

  it("do not know a misspelt one", function()
    local begin = 'local ironclad = require "ironclad"\nlocal client, must = ironclad.from_env(), ironclad.must\n'
    local cw = "local cw = ironclad.clickwrap.from_env()\n"
    for script, problem in pairs {
      ["ironclad.fille 'x'"] = "3: undefined field `fille` of ironclad",
      ["client:chek()"] = "3: undefined field `chek` of ironclad.Client",
      ["client.workflow:list()"] = "3: undefined field `workflow` of ironclad.Client",
      ["client.workflows:lanch { template = 'x', attributes = {} }"] =
        "3: undefined field `lanch` of ironclad.Of.Workflows",
      ["client.scim.users:lst()"] = "3: undefined field `lst` of ironclad.Of.ScimUsers",
      ["local w = client.workflows:get 'x'\nw:creat_comment {}"] =
        "4: undefined field `creat_comment` of ironclad.Workflow",
      ["print(must(client.workflows:list()).list[1].titel)"] = "3: undefined field `titel` of ironclad.Workflow",
      ["for r in client.records:each { limit = 5, type = 'x' } do print(r.nam) end"] =
        { "3: unknown option `type` of ironclad.Records.List.Each", "3: undefined field `nam` of ironclad.Record" },
      ["local _, err = client:check()\nif err then print(err.knd) end"] = "4: undefined field `knd` of ironclad.Error",
      ["ironclad.connect { instence = 'x' }"] = "3: unknown option `instence` of ironclad.ConnectOptions",
      ["client.webhooks:receiver { on = {}, sen = 'memory' }"] =
        "3: unknown option `sen` of ironclad.IroncladReceiverOptions",
      ["for r in client.records:changes { state = 'x', sinc = 'now' } do print(r) end"] =
        "3: unknown option `sinc` of ironclad.Records.ChangesOptions",
      [cw .. "print(must(cw:accept { signer = 's', group = 'g' }).tim)"] =
        "4: undefined field `tim` of ironclad.AcceptanceEvidence",
      [cw .. "cw:terms('g', { rendr_data = {} })"] = "4: unknown option `rendr_data` of ironclad.TermsOptions",
      ["ironclad.file()"] = "3: missing argument `given`",
      ["ironclad.sha256('x', 1)"] = "3: too many arguments: 2 instead of 1",
      ["local s = require('ironclad.sandbox').start()\ns:failed {}"] =
        "4: undefined field `failed` of ironclad.Sandbox",
      ["local client = other()\nclient:chek()"] = {}, -- another variable
    } do
      local expected = type(problem) == "table" and problem or { problem }
      assert.same(expected, problems_of(begin .. script), script)
    end
  end)
end)

describe("the annotations", function()
  -- What the language server finds in a recipe, and in the same recipe with a misspelt name.
  local function ask_language_server(path)
    local script = peer.read_file "recipes/launch_nda.lua"
    local misspelt, count = script:gsub("workflows:launch", "workflows:lanch")
    assert.is_true(count > 0)
    assert.same({}, language_server.unknown_names(script, path))
    local found = language_server.unknown_names(misspelt, path)
    assert.equal(count, #found)
    for _, message in ipairs(found) do assert.matches("^%d+: .*lanch", message) end
  end

  it("are well formed, and the language server understands them where it is on PATH", function()
    assert.same({}, annotations.mistakes { text, sandbox_text })
    if language_server.is_there() then ask_language_server() end
  end)

  it("are refused when one has a mistake", function()
    local function mistake(lines) return annotations.mistakes({ lines .. "\n" })[1] or "none" end
    local good = '---@class a: table\n---@field b? fun(c: a[], ...): integer, '
      .. '{ d?: "x"|2, [string]: table<string, a?> } Text\nlocal a = {}\n\n'
      .. "---@generic T\n---@param b T\n---@param ... a\n---@return (T|nil)[] value Text\n"
      .. "---@return any # Text\nfunction a.c(b, ...) end"
    assert.equal("none", mistake(good))
    for lines, expected in pairs {
      ["---@clas a"] = "line 1: the tag is unknown: ---@clas a",
      ["---@class a\n---@field b table<string"] = 'line 2: > expected at ""',
      ["---@class a\n---@field b fun(c: string"] = '%) expected at ""',
      ["---@class a\n---@field b { c string }"] = ': expected at " string }"',
      ["---@class a\n---@field b string|"] = 'a type expected at ""',
      ["---@class a\n---@field b string, c"] = 'a text expected at ", c"',
      ["---@class a\n---@field b string\n---@field b? string"] = "line 3: the field b stands there twice",
      ["---@field b string"] = "a field without a class",
      ["---@return b"] = "line 1: there is no class b",
      ["---@param b T\nfunction a(b) end"] = "there is no class T",
      ["---@param b string\nfunction a(c) end"] = 'the parameters are "b", those of the function "c"',
      ["function a(c) end"] = 'the parameters are "", those of the function "c"',
      ["---@param b string\n"] = "parameters without a function",
      ["---@param b string\n---@param b string"] = "the parameter b stands there twice",
      ["function a() end\nfunction a() end"] = "line 2: the function a stands there twice",
    } do assert.matches(expected, mistake(lines)) end
  end)

  it("are given to the language server, whose report is read", function()
    local folder = peer.temporary_folder()
    finally(function() peer.remove_folder(folder) end)
    assert.is_false(language_server.is_there(folder))
    local path = folder .. ":" .. os.getenv "PATH"
    -- What stands in for it has the options and the report of one that always writes it, or of one that does not.
    for _, always in ipairs { "true", "false" } do
      peer.write_file(folder .. "/lua-language-server", STAND_IN:format(always))
      peer.shell("chmod +x " .. folder .. "/lua-language-server")
      assert.is_true(language_server.is_there(path))
      ask_language_server(path)
    end
    peer.write_file(folder .. "/lua-language-server", "#!/bin/sh\necho cannot start; exit 1\n")
    assert.error_matches(function() ask_language_server(path) end, "the language server has failed: cannot start")
  end)
end)

describe("the reference", function()
  local reference = peer.read_file "docs/reference.md"

  -- The line about the methods that the tables of a kind have without their id.
  local function line_of(kind)
    return reference:match(("\nAn? %s's table has these methods[^\n]*"):format(kind)) or ""
  end

  local function has_entry(name)
    local owner, method = name:match "^(.-):(.*)$"
    for _, call in ipairs { name, "client." .. name, "cw." .. name } do
      for _, ends in ipairs { "(", "`", " {" } do
        if reference:find("`" .. call .. ends, 1, true) then return true end
      end
    end
    if not owner then return reference:find("`" .. name:gsub("^ironclad%.", "") .. "`", 1, true) ~= nil end
    if line_of(owner):find("`" .. method .. "`", 1, true) then return true end
    return method:find "^each" ~= nil and reference:find("`:" .. method .. "`", 1, true) ~= nil
  end

  it("has every public name", function()
    for name in pairs(public_names()) do
      -- Parts of the module: their functions are there.
      local is_part = reference:find("`" .. name .. ".", 1, true)
      assert.is_true(has_entry(name) or is_part ~= nil, name .. " is not in docs/reference.md")
    end
  end)
end)

describe("ironclad.manual", function()
  it("has words for each argument", function()
    local words = require "ironclad.words"
    for _, entry in ipairs(catalog.entries) do
      for _, list in ipairs { entry.query, entry.fields } do
        for _, field in ipairs(list) do assert.is_true(words.has_field(field.name), entry.id .. ": " .. field.name) end
      end
    end
  end)

  it("has the options of the sandbox, and no other", function()
    local known = {}
    for _, option in ipairs(manual.sandbox_options) do known[option[1]] = true end
    for name in peer.read_file("src/sandbox/lua_sandbox.c"):gmatch '{"([%l_]+)", %u+, ' do
      assert.is_true(known[name], name)
      known[name] = nil
    end
    assert.is_nil(next(known))
  end)
end)

describe("ironclad.help", function()
  local function help(name)
    local lines = {}
    ironclad.help(name, function(line) lines[#lines + 1] = line end)
    return table.concat(lines, "\n")
  end

  it("explains every public name, operation, option and error kind", function()
    for name in pairs(public_names()) do assert.is_true(#help(name) > #name, name) end
    for _, entry in ipairs(catalog.entries) do assert.matches("%l", help(entry.id)) end
    for _, option in ipairs(core.option_table()) do assert.is_true(#help(option.name) > #option.name) end
  end)

  it("shows the arguments of an operation, and the methods of a resource", function()
    assert.matches("^client.records:list%(arguments%)\n  Lists records.\n", help "records:list")
    assert.matches("sortField %(string; one of agreementDate, name, lastUpdated; default agreementDate%)",
      help "client.records:each")
    assert.matches("records:create: Makes a record", help "records")
    assert.matches("^workflow:refresh%(arguments%)\n  Reads the resource again", help "workflow:refresh")
    assert.matches("^client.records:changes%(.-docs/changes.md%.", help "records:changes")
    assert.matches("^client.workflows:each_comments%(id, arguments%)\n  Lists .- Iterates over all pages%.",
      help "workflows:each_comments")
    assert.matches("^workflow:cancel%(body%)", help "workflow:cancel")
    assert.matches("Unconfirmed: its path is a guess%.", help "publish-location")
    assert.matches("^cw:accept%(", help "clickwrap:accept")
    assert.matches("\ntakes ironclad.WorkOptions\n  limit %(integer%): ", help "receiver:work")
    assert.matches("^ironclad.WorkOptions\n  A table that receiver:work takes.\n  limit ", help "WorkOptions")
    assert.matches("record:plain: .-\nfields\n.*\n  ironcladId %(string%)", help "record")
    assert.matches("^cw.sites:get%(", help "clickwrap.sites:get")
    assert.matches("^deadline, an option of ironclad.connect, ironclad.clickwrap and calls\n", help "deadline")
    assert.matches("ironclad.help%(NAME%)", help())
  end)

  it("suggests the nearest name", function()
    assert.error_matches(function() help "recrds:list" end, 'did you mean "records:list"')
    assert.error_matches(function() help(3) end, "expected a name")
  end)
end)
