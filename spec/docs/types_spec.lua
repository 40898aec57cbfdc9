-- library/ironclad.lua has every public function, every method of the catalog and every option; ironclad.manual, which
-- it and the reference are made from, knows every public name. ironclad.help explains each.
local catalog = require "ironclad.calls.catalog"
local core = require "ironclad.core"
local ironclad = require "ironclad"
local manual = require "ironclad.manual"
local peer = require "spec.support.peer"
local resource_methods = require "ironclad.resources.resource_methods"
local resources = require "ironclad.resources.resources"

local text = peer.read_file "library/ironclad.lua"

-- The public functions of the module and of what it returns: "ironclad.connect", "client:map", …
local function public_names()
  local names = {}
  local function add(prefix, part)
    for name, value in pairs(part) do
      if type(name) == "string" and not name:find "^_" then
        if type(value) == "function" then
          names[prefix .. name] = true
        elseif type(value) == "table" and prefix == "ironclad." and name ~= "scopes" then
          add(prefix .. name .. ".", value)
        end
      end
    end
  end
  for _, name in ipairs { "filter", "scim_filter", "csv", "webhook", "progress", "clickwrap" } do
    local _ = ironclad[name] -- loads it
  end
  add("ironclad.", ironclad)
  local client = ironclad.connect { instance = "na1", token = "x" }
  for name in pairs { call = 1, request = 1, download = 1, map = 1, with = 1, describe = 1, check = 1,
    authorize_url = 1, exchange = 1, logout = 1 } do
    assert(type(client[name]) == "function")
    names["client:" .. name] = true
  end
  return names
end

local function is_documented(name)
  for _, section in ipairs(manual.sections) do
    for _, call in ipairs(section.calls) do
      if call[1] == name then return true end
    end
  end
  local prefix, last = name:match "^(.*)%.([^.]+)$"
  return prefix and manual.functions[prefix] and manual.functions[prefix][last] ~= nil
end

describe("the types for editors", function()
  it("are what `make reference` makes", function()
    local made = dofile "docs/make_types.lua"
    assert.is_true(made.types() == text, "library/ironclad.lua is out of date: run `make reference`")
  end)

  it("are Lua whose annotations are well formed", function()
    assert.is_truthy((loadstring or load)(text)) -- luacheck: ignore 113 143
    local known = { meta = 1, class = 1, field = 1, param = 1, ["return"] = 1, alias = 1, overload = 1, generic = 1 }
    local number = 0
    for line in text:gmatch "[^\n]*" do
      number = number + 1
      local tag, rest = line:match "^%-%-%-@(%l+)(.*)$"
      if tag then
        assert.is_truthy(known[tag], number .. ": " .. line)
        local _, opened = rest:gsub("[%[{(<]", "")
        local _, closed = rest:gsub("[%]})>]", "")
        if tag == "param" or tag == "return" then assert.equal(opened, closed, number .. ": " .. line) end
        if tag == "field" then assert.matches("^ [%[%a_][^ ]*%]?%?? [^ ]", rest, number .. ": " .. line) end
      end
    end
  end)

  it("name every class that they refer to", function()
    local classes = {}
    for name in text:gmatch "\n%-%-%-@class ([%w_.]+)" do classes[name] = true end
    for name in text:gmatch "\n%-%-%-@alias ([%w_.]+)" do classes[name] = true end
    for line in text:gmatch "%-%-%-@[^\n]*" do
      local kinds = line:match "^%-%-%-@param [^ ]+ ([^ ]+)" or line:match "^%-%-%-@return ([^ ]+)" or ""
      for name in kinds:gmatch "ironclad%.[%w_.]+" do assert.is_true(classes[name], name) end
    end
  end)

  it("have every option", function()
    for _, option in ipairs(core.option_table()) do
      assert.is_truthy(text:find("---@field " .. option.name .. "? ", 1, true), option.name)
    end
    for _, kind in ipairs(core.error_kinds()) do
      if kind.meaning then assert.is_truthy(text:find('---| "' .. kind.name .. '"', 1, true), kind.name) end
    end
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

  it("have every public function, and so has ironclad.manual", function()
    for name in pairs(public_names()) do
      assert.is_truthy(is_documented(name), name .. " is not in src/ironclad/manual.lua")
      assert.is_truthy(text:find("function " .. name .. "(", 1, true), name)
    end
  end)
end)

describe("ironclad.manual", function()
  it("has one sentence for each operation and argument", function()
    local words = require "ironclad.words"
    for _, entry in ipairs(catalog.entries) do
      if entry.product == "clm" then
        assert.is_true(words.has(entry), entry.id)
        for _, list in ipairs { entry.query, entry.fields } do
          for _, field in ipairs(list) do assert.is_true(words.has_field(field.name), field.name) end
        end
      end
    end
  end)

  it("names fields that the answers have", function()
    local sandbox = assert(require("ironclad.sandbox").start { port = 0 })
    local client = sandbox:connect()
    for kind, list in pairs { workflow = client.workflows:list { status = "completed" }, record = client.records:list(),
      webhook = client.webhooks:list(), entity = client.entities:list(), obligation = client.obligations:list(),
      user = client.scim.users:list(), group = client.scim.groups:list() } do
      local seen = {}
      for _, item in ipairs(list.list or list.Resources) do
        for name in pairs(item) do seen[name] = true end
        if kind == "workflow" then
          for name in pairs(client.workflows:get(item.id)) do seen[name] = true end
        end
      end
      local known = {}
      for _, field in ipairs(manual.fields[kind]) do known[field[1]] = true end
      local right = 0
      for name in pairs(known) do
        if seen[name] then right = right + 1 end
      end
      assert.is_true(right >= 3, kind)
    end
    sandbox:stop()
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
    assert.matches("reads the resource again", help "workflow:refresh")
    assert.matches("ironclad.help%(NAME%)", help())
  end)

  it("suggests the nearest name", function()
    assert.error_matches(function() help "recrds:list" end, 'did you mean "records:list"')
    assert.error_matches(function() help(3) end, "expected a name")
  end)
end)
