-- The names and the order of the functions in the C sources. The suite lint-functions runs it at the top of the
-- repository. It relies on clang-format: a function starts in the first column and ends with a "}" there.
--
-- 1. A private (static) function carries its file's subject: its name begins with a word of the file's name, in the
--    plural or singular. token_work.c has token_…, comments.c has comment_….
-- 2. What other files call begins with ic_; luaopen_… is called by Lua.
-- 3. No two private functions of one shared object have the same name, so that a profile or a backtrace says where one
--    is.
-- 4. A private function is above its callers. It is declared ahead only when it calls itself through others.

local c_source = require "spec.support.c_source"

-- Files whose private functions begin otherwise, and why.
local other_subjects = {
  ["lua_ironclad.c"] = { "core" },                               -- it is the module ironclad.core
  ["src/core/engine/queues.c"] = { "host_queue", "rate_queue" }, -- its two kinds of queue
  ["src/sandbox/base/table.c"] = { "array", "index" },           -- its two containers
}

-- The sources of each shared object; the names of private functions are unique in each.
local objects = { "src/core src/lua lua_ironclad.c", "src/sandbox", "src/listener", "src/redis", "src/loader" }

local failures = 0
local used = {} -- "path subject" = true, of the subjects that functions begin with

local function fail(path, line, text, ...)
  failures = failures + 1
  print(("%s:%d: " .. text):format(path, line, ...))
end

-- The words that private functions of a file may begin with.
local function subjects_of(path)
  local subjects = {}
  for i, subject in ipairs(other_subjects[path] or {}) do subjects[i] = subject end
  for word in path:match("([^/]+)%.c$"):gmatch "[^_]+" do
    subjects[#subjects + 1] = word
    subjects[#subjects + 1] = word:match "^(.+)s$"
    subjects[#subjects + 1] = word:match "^(.+)es$"
    if word:match "ies$" then subjects[#subjects + 1] = word:sub(1, -4) .. "y" end
  end
  return subjects
end

local function check_name(path, subjects, item)
  if item.private then
    for _, subject in ipairs(subjects) do
      if item.name:sub(1, #subject + 1) == subject .. "_" then
        used[path .. " " .. subject] = true
        return
      end
    end
    fail(path, item.line, "%s does not begin with its file's subject (%s)", item.name,
      table.concat(subjects, "_, ") .. "_")
  elseif not item.name:match "^ic_" and not item.name:match "^luaopen_" then
    fail(path, item.line, "%s is not static and does not begin with ic_", item.name)
  end
end

-- Whether a function calls itself through others in its file. A function whose address is taken counts as called.
local function is_recursive(name, bodies)
  local seen, waiting = {}, { name }
  while #waiting > 0 do
    local caller = table.remove(waiting)
    for _, line in ipairs(bodies[caller]) do
      for word in line:gmatch "[%a_][%w_]*" do
        if word == name and caller ~= name then return true end
        if bodies[word] and not seen[word] then
          seen[word] = true
          waiting[#waiting + 1] = word
        end
      end
    end
  end
  return false
end

local function check_order(path, functions)
  local bodies = {}
  for _, item in ipairs(functions) do bodies[item.name] = bodies[item.name] or item.body end
  for _, item in ipairs(functions) do
    if item.private and not item.body and bodies[item.name] and not is_recursive(item.name, bodies) then
      fail(path, item.line, "%s is declared ahead and does not recurse: move it above its callers", item.name)
    end
  end
end

local files, checked = 0, 0
for _, object in ipairs(objects) do
  local where = {}
  local list = assert(io.popen(("find %s -name '*.c' | LC_ALL=C sort"):format(object)))
  for path in list:lines() do
    files = files + 1
    local functions, subjects = c_source.functions_of(path), subjects_of(path)
    for _, item in ipairs(functions) do
      if item.body then
        checked = checked + 1
        check_name(path, subjects, item)
        if item.private and (where[item.name] or path) ~= path then -- in one file they are alternatives of an #if
          fail(path, item.line, "%s is also the name of a private function in %s", item.name, where[item.name])
        end
        where[item.name] = where[item.name] or path
      end
    end
    check_order(path, functions)
  end
  list:close()
end

for path, subjects in pairs(other_subjects) do
  for _, subject in ipairs(subjects) do
    if not used[path .. " " .. subject] then fail(path, 1, "no function begins with %s_: other_subjects", subject) end
  end
end

print(("# %d functions in %d files"):format(checked, files))
os.exit(failures == 0 and checked > 0 and 0 or 1)
