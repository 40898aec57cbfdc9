-- A spec file must leave nothing behind: no descriptor, thread, child process or temporary file. What it leaves is an
-- error of that file. Loaded by the helper no_secrets.lua.
local busted = require "busted"
local peer = require "spec.support.peer"
local resources = require "spec_resources"

local leftovers = {}

-- What the module keeps as long as the process lives: the engine's thread, the descriptor that wakes it (an eventfd, or
-- a pipe in the portable build) and libcurl's (two sockets, or an eventfd since 8.12), the pipe of this state's
-- mailbox, the socket for nginx; and TCP connections that have not been used since their server closed them. Everything
-- else was there before the first spec, or is left behind. ThreadSanitizer has its own thread, which starts with the
-- first other one.
local under_tsan = (os.getenv "LD_PRELOAD" or ""):find("libtsan", 1, true)
local KEPT = { thread = under_tsan and 2 or 1, ["connected unix"] = 2, pipe = 4, ["[eventfd]"] = 2,
  ["listening unix"] = 1, ["half-closed inet"] = math.huge }

-- How long a thread or a process may take to end, and the other side to notice that a connection is closed.
local PATIENCE = 30 -- seconds

local folder = resources.private_folder()
local temporary_names = 0

-- These files, too, must be in the folder that is checked.
-- luacheck: push ignore 122
function os.tmpname()
  temporary_names = temporary_names + 1
  local path = folder .. "/name-" .. temporary_names
  io.open(path, "wb"):close()
  return path
end
-- luacheck: pop

local function kind_of(text)
  return text:match "^(pipe):" or text:match "^anon_inode:(.*)" or text
end

-- -> {["descriptor 7: pipe"] = kind, …}
local function held()
  local list = {}
  for number, text in pairs(resources.descriptors()) do
    list[("descriptor %d: %s"):format(number, text)] = kind_of(text)
  end
  for id, name in pairs(resources.threads()) do list[("thread %d: %s"):format(id, name)] = "thread" end
  for id, name in pairs(resources.children()) do list[("process %d: %s"):format(id, name)] = "process" end
  return list
end

local known = held()

local function new_things()
  local counts, new = {}, {}
  local list = held()
  for text, kind in pairs(list) do
    if not known[text] then
      counts[kind] = (counts[kind] or 0) + 1
      new[#new + 1] = { text = text, kind = kind }
    end
  end
  local lines = {}
  for _, thing in ipairs(new) do
    if counts[thing.kind] > (KEPT[thing.kind] or 0) then lines[#lines + 1] = thing.text end
  end
  return lines, list
end

-- LuaJIT's compiled code may hold values that nothing else holds.
local function collect()
  if rawget(_G, "jit") then jit.flush() end
  collectgarbage()
  collectgarbage()
end

local function pause()
  local pipe = io.popen "sleep 0.05"
  pipe:close()
end

-- What is there now and was not before -> a list of texts. What is about to end gets `patience` seconds. A second call
-- does not report the same again.
function leftovers.find(patience)
  collect()
  local lines, list = new_things()
  local until_time = os.time() + (patience or PATIENCE)
  while #lines > 0 and os.time() < until_time do
    pause()
    collect()
    lines, list = new_things()
  end
  for text in pairs(list) do -- reported once
    if #lines > 0 then known[text] = true end
  end
  -- Under ThreadSanitizer no shell starts.
  for name in (peer.shell("ls -A " .. peer.quoted(folder)) or ""):gmatch "[^\n]+" do
    if not name:find "^nvim%." then lines[#lines + 1] = "file " .. name end -- Neovim 0.10 keeps one of its user
    os.execute("rm -rf " .. peer.quoted(folder .. "/" .. name))
  end
  table.sort(lines)
  return lines
end

local END_TREE = [[end_tree() {
    for child in $(cat /proc/$1/task/*/children 2>/dev/null); do end_tree $child; done
    kill -KILL $1 2>/dev/null
  }; ]]

-- Ends the child processes that were not there before the specs, and what they have started. A failed test may have
-- left a pipe to a process that never ends, and collecting the pipe would wait for it.
function leftovers.end_children()
  for id, name in pairs(resources.children()) do
    if not known[("process %d: %s"):format(id, name)] then peer.shell(END_TREE .. "end_tree " .. id) end
  end
end

local failed = false
for _, event in ipairs { "failure", "error" } do
  busted.subscribe({ event }, function()
    failed = true
    return nil, true
  end)
end

busted.subscribe({ "file", "end" }, function()
  if failed then leftovers.end_children() end
  failed = false
  local lines = leftovers.find()
  if #lines > 0 then error("left behind: " .. table.concat(lines, ", "), 0) end
  return nil, true
end)

busted.subscribe({ "suite", "end" }, function()
  os.execute("rm -rf " .. peer.quoted(folder))
  return nil, true
end)

package.loaded["spec.support.leftovers"] = leftovers

return leftovers
