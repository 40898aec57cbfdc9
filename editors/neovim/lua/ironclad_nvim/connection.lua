--- The module ironclad, and the connections that the views use.

local connection = {}

-- The folder of the source tree, when this plugin is used from it: the module may have been built there.
local tree = debug.getinfo(1, "S").source:match "^@(.*)/editors/neovim/lua/"

local HOW = "build it with `make neovim`; :checkhealth ironclad says more"

--- The module: from 'runtimepath' or package.path and package.cpath, otherwise from build/luajit of the source tree.
-- Raises an error when there is none.
function connection.module()
  local fine, found = pcall(require, "ironclad")
  if fine then return found end
  local build = tree and tree .. "/build/luajit"
  if not build or vim.fn.filereadable(build .. "/ironclad/core.so") == 0 then
    error(("the module ironclad cannot be loaded: %s\n%s"):format(HOW, found), 0)
  end
  package.path = ("%s;%s/?.lua;%s/?/init.lua"):format(package.path, build, build)
  package.cpath = ("%s;%s/?.so"):format(package.cpath, build)
  return require "ironclad"
end

local chosen -- by :Ironclad connect

--- The name of the connection for new views: that of :Ironclad connect or g:ironclad_connection; otherwise the one that
-- the command `ironclad` uses. "" is the connection of the environment. Raises an error when there is none.
function connection.name()
  local name = chosen or vim.g.ironclad_connection
  if name then return name end
  connection.module()
  return require("ironclad.command.connection").source {} or ""
end

--- The names that can be chosen: "" for the environment's, then the named ones.
function connection.names()
  connection.module()
  local names = {}
  if (os.getenv "IRONCLAD_INSTANCE" or "") ~= "" then names[1] = "" end
  for _, entry in ipairs(require("ironclad.connections.named").list() or {}) do names[#names + 1] = entry.name end
  return names
end

--- The name of a connection in text for people.
function connection.title(name) return name == "" and "the environment's connection" or name end

local clients = {}

--- The client of a connection. Raises an error when it cannot be made.
function connection.client(name)
  if not clients[name] then
    local ironclad = connection.module()
    clients[name] = name == "" and ironclad.from_env() or ironclad.connect(name)
  end
  return clients[name]
end

--- Chooses the connection of new views.
function connection.choose(name)
  clients[name] = nil -- its options may have changed
  chosen = name
end

return connection
