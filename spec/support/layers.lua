-- What may depend on what; the suite lint-layers runs it at the top of the repository.
--
-- 1. Folders of the C sources depend only downwards: `groups` says which may include which.
-- 2. Files depend on each other in one direction: there is no circle, neither in C nor in Lua. In C, X.c and X.h are
--    one file. It depends on each file whose header it includes, and on each whose functions it uses, wherever these
--    are declared. In Lua, a module depends on those that it requires, at once or later, and on those that it names in
--    a table.

local c_source = require "spec.support.c_source"

-- Groups of folders that depend only downwards: each may include its own headers, those of the folders before it, and
-- those of the folders and the headers that the group uses.
local function with_lua_helpers(used) -- headers with inline functions alone
  for _, header in ipairs { "lua/compat.h", "lua/field.h", "lua/metatable.h" } do used[#used + 1] = header end
  return used
end
local groups = {
  { root = "core", folders = { "base", "json", "events", "catalog", "shared", "http", "auth", "engine" }, uses = {} },
  { root = "sandbox", folders = { "base", "company", "filters", "http", "oauth", "webhooks", "records", "workflows",
                                  "directory", "exports", "clickwrap", "control", "fixtures", "service" },
    uses = { "core/base", "core/json", "core/catalog", "listener" } },
  { root = "", folders = { "core" }, uses = {} },
  { root = "", folders = { "loader" }, uses = {} },
  { root = "", folders = { "lua" }, uses = { "core" } },
  { root = "", folders = { "listener" }, uses = with_lua_helpers { "core/base" } },
  { root = "", folders = { "redis" }, uses = with_lua_helpers { "core/base", "core/shared" } },
  { root = "", folders = { "sandbox" },
    uses = with_lua_helpers { "core/base", "core/json", "core/catalog", "listener" } },
  { root = "", folders = { "ironclad" }, uses = {} }, -- Lua
}

-- Folders that must not include Lua's headers.
local without_lua = { "core" }

local lua_headers = { ["lua.h"] = true, ["lauxlib.h"] = true, ["lualib.h"] = true, ["luajit.h"] = true }
local failures = 0

local function fail(path, line, text)
  failures = failures + 1
  print(("%s:%d: %s"):format(path, line, text))
end

-- Calls visit(path, line number, header, quoted) for each #include in the C files under src/FOLDER.
local function each_include(folder, visit)
  local files = assert(io.popen(("find 'src/%s' -name '*.[ch]' -o -name '*.def'"):format(folder)))
  for path in files:lines() do
    local number = 0
    for line in io.lines(path) do
      number = number + 1
      local opening, header = line:match '^%s*#%s*include%s*(["<])([^">]+)'
      if header then visit(path, number, header, opening == '"') end
    end
  end
  files:close()
end

local function lies_in(header, allowed)
  for _, name in ipairs(allowed) do
    if header == name or header:sub(1, #name + 1) == name .. "/" then return true end
  end
  return false
end

local function each_folder(root, visit)
  local folders = assert(io.popen(("find 'src/%s' -mindepth 1 -maxdepth 1 -type d"):format(root)))
  for path in folders:lines() do visit(path:match "[^/]+$") end
  folders:close()
end

local known = {} -- root -> the folders in it that a group has
for _, group in ipairs(groups) do
  known[group.root] = known[group.root] or {}
  for _, name in ipairs(group.folders) do known[group.root][name] = true end
end
for root, names in pairs(known) do
  each_folder(root, function(name)
    local path = root == "" and "src/" .. name or ("src/%s/%s"):format(root, name)
    if not names[name] then fail(path, 1, "no group has the folder") end
  end)
end

for _, group in ipairs(groups) do
  local allowed = {}
  for index, folder in ipairs(group.uses) do allowed[index] = folder end
  for _, name in ipairs(group.folders) do
    local folder = group.root == "" and name or group.root .. "/" .. name
    allowed[#allowed + 1] = folder
    each_include(folder, function(path, line, header, quoted)
      if quoted and not lies_in(header, allowed) then
        fail(path, line, ("includes %s; %s may include %s only"):format(header, folder, table.concat(allowed, ", ")))
      end
    end)
  end
end

for _, folder in ipairs(without_lua) do
  each_include(folder, function(path, line, header)
    if lua_headers[header] then fail(path, line, ("includes %s; %s does not know Lua"):format(header, folder)) end
  end)
end

-- ---- circles ----

-- What depends on what: file -> the file that it depends on -> { path, line, what it does }.
local needs = {}

local function need(from, to, path, line, how)
  if from == to then return end
  needs[from] = needs[from] or {}
  needs[from][to] = needs[from][to] or { path = path, line = line, how = how }
end

-- Without the extension, so that X.c and X.h are one.
local function file_of(path) return (path:gsub("%.[ch]$", "")) end

local sources, definers = {}, {} -- the paths of the C files; the name of a function -> the files that define it
for _, folder in ipairs { "core", "loader", "lua", "listener", "redis", "sandbox" } do
  each_include(folder, function(path, line, header, quoted)
    if quoted then
      need(file_of(path), file_of("src/" .. header), path, line, "includes " .. header)
    end
  end)
  local list = assert(io.popen(("find 'src/%s' -name '*.c' | LC_ALL=C sort"):format(folder)))
  for path in list:lines() do
    sources[#sources + 1] = path
    for _, item in ipairs(c_source.functions_of(path)) do
      if item.body and not item.private then
        definers[item.name] = definers[item.name] or {}
        table.insert(definers[item.name], file_of(path))
      end
    end
  end
  list:close()
end

-- A file may be one of several that define a function: one is compiled.
local function defines(path, name)
  for _, file in ipairs(definers[name]) do
    if file == file_of(path) then return true end
  end
end

for _, path in ipairs(sources) do
  local number = 0
  for line in c_source.code_of(path):gmatch "([^\n]*)\n" do
    number = number + 1
    for name in line:gmatch "%f[%w_]ic_[%w_]+" do
      for _, file in ipairs(definers[name] and not defines(path, name) and definers[name] or {}) do
        need(file_of(path), file, path, number, "uses " .. name)
      end
    end
  end
end

local modules = {} -- the name of a Lua module -> its path
local list = assert(io.popen "find src/ironclad -name '*.lua' | LC_ALL=C sort")
for path in list:lines() do
  modules[path:match "^src/(.*)%.lua$":gsub("/init$", ""):gsub("/", ".")] = path
end
list:close()
for _, path in pairs(modules) do
  local number = 0
  for line in io.lines(path) do
    number = number + 1
    local code = (" " .. line):gsub("%s%-%-.*", "")
    for name in code:gmatch "[\"'](ironclad[%w_.]*)[\"']" do
      -- "ironclad.clickwrap" may also be how messages call a function.
      local meant = name:find "%..*%." or code:find "require" or code:find "lazy"
      if meant and modules[name] then need(path, modules[name], path, number, "names " .. name) end
    end
  end
end

-- The shortest way from a file back to itself; nil: there is none.
local function circle_of(start)
  local before, waiting, at = {}, { start }, 1
  while waiting[at] do
    local targets = {}
    for to in pairs(needs[waiting[at]] or {}) do targets[#targets + 1] = to end
    table.sort(targets)
    for _, to in ipairs(targets) do
      if not before[to] then
        before[to] = waiting[at]
        waiting[#waiting + 1] = to
      end
    end
    if before[start] then break end
    at = at + 1
  end
  if not before[start] then return nil end
  local circle, file = { start }, before[start]
  while file ~= start do
    table.insert(circle, 2, file)
    file = before[file]
  end
  return circle
end

local starts, shown = {}, {}
for file in pairs(needs) do starts[#starts + 1] = file end
table.sort(starts)
for _, start in ipairs(starts) do
  local circle = not shown[start] and circle_of(start)
  for i, file in ipairs(circle or {}) do
    shown[file] = true
    local arrow = needs[file][circle[i + 1] or start]
    fail(arrow.path, arrow.line, ("%s, which depends on %s: a circle of %d files"):format(arrow.how, file, #circle))
  end
end

os.exit(failures == 0 and 0 or 1)
