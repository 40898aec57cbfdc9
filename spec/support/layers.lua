-- Which folders of the C sources may include which; the suite lint-layers runs it at the top of the repository.

-- Groups of folders that depend only downwards: each may include its own headers, those of the folders before it, and
-- those of the folders and the headers that the group uses.
local lua_helpers = { "lua/compat.h", "lua/metatable.h" } -- inline functions alone
local groups = {
  { root = "core", folders = { "base", "json", "events", "catalog", "shared", "http", "auth", "engine" }, uses = {} },
  { root = "sandbox", folders = { "base", "company", "filters", "http", "oauth", "webhooks", "records", "workflows",
                                  "directory", "exports", "clickwrap", "control", "fixtures", "service" },
    uses = { "core/base", "core/json", "core/catalog", "listener" } },
  { root = "", folders = { "core" }, uses = {} },
  { root = "", folders = { "loader" }, uses = {} },
  { root = "", folders = { "lua" }, uses = { "core" } },
  { root = "", folders = { "listener" }, uses = { "core/base", lua_helpers[1], lua_helpers[2] } },
  { root = "", folders = { "redis" }, uses = { "core/base", "core/shared", lua_helpers[1], lua_helpers[2] } },
  { root = "", folders = { "sandbox" },
    uses = { "core/base", "core/json", "core/catalog", "listener", lua_helpers[1], lua_helpers[2] } },
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

os.exit(failures == 0 and 0 or 1)
