--- The connection that a subcommand uses: `-c NAME`; otherwise the environment (IRONCLAD_INSTANCE, …); otherwise the
-- one that `ironclad switch` has chosen; otherwise the only one of the file.

local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local named = require "ironclad.connections.named"
local terminal = require "ironclad.command.terminal"

local connection = {}

--- The options of every subcommand that uses a connection.
connection.flags = {
  { "connection", short = "c", value = "NAME", text = "The connection to use (`ironclad connections` lists them)" },
  { "as", value = "USER", empty = true, text = "E-mail or id of the user to act as" },
  { "timeout", value = "SECONDS", kind = "seconds", least = 0.001, most = 86400,
    text = "Time for one attempt (default: 60)" },
  { "deadline", value = "SECONDS", kind = "seconds", least = 0.001, most = 365 * 24 * 3600,
    text = "Time for a whole call with its retries (default: 300)" },
}

--- Those of Clickwrap, which knows no user to act as.
connection.clickwrap_flags = {
  { "connection", short = "c", value = "NAME", text = "The connection; otherwise IRONCLAD_CLICKWRAP_SITE and so on" },
}
for _, flag in ipairs(connection.flags) do
  if flag.kind == "seconds" then table.insert(connection.clickwrap_flags, flag) end
end

local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

-- The file with the name of the chosen connection, in the folder of the file of connections.
local function current_path()
  local path = named.path()
  return path and (path:gsub("%.json$", "")) .. ".current"
end

--- The name that `ironclad switch` has chosen, or nil.
function connection.current()
  local path = current_path()
  if not path then return nil end
  local text, problem, missing = core.read_config(path)
  if not text and not missing then fail.usage("cannot read %s: %s; `ironclad switch` writes it", path, problem) end
  return text and text:match "^([^\r\n]+)" or nil
end

local function write_current(path, text)
  local lock, message = core.terminal.lock_private(path)
  if not lock then return nil, message end
  local done, problem = lock:write(text)
  lock:release()
  return done, problem
end

--- Chooses a connection. nil: none.
function connection.choose(name)
  local path = current_path()
  local done, message
  if name then done, message = write_current(path, name .. "\n") else done, message = core.disk.remove(path) end
  if not done then
    terminal.check_signal() -- it ends the wait for a lock
    fail.failed("%s", message)
  end
end

local NOTHING = "no connection: run `ironclad login`, or set IRONCLAD_INSTANCE, IRONCLAD_CLIENT_ID, "
  .. "IRONCLAD_CLIENT_SECRET and IRONCLAD_AS_USER"

--- Where the connection comes from.
-- @return its name; or false: the environment
function connection.source(options)
  if options.connection then return options.connection end
  if variable "IRONCLAD_INSTANCE" then return false end
  local current = connection.current()
  if current then return current end
  local list, problem = named.list()
  if not list then fail.usage("%s", problem) end
  if #list == 0 then fail.login(NOTHING) end
  if #list > 1 then
    local names = {}
    for i, entry in ipairs(list) do names[i] = entry.name end
    fail.usage("there are %d connections (%s): choose one with -c NAME, or with `ironclad switch NAME`", #list,
      table.concat(names, ", "))
  end
  return list[1].name
end

-- A message about an option, without what only a script can do.
local function for_people(message)
  return (message:gsub("%(as_user = false goes without%)", "(--as USER)"))
end

--- The options for ironclad.connect.
-- @return the options; the name of their connection, or false; and a function that adds to a message about one where it
--   comes from
function connection.options(options)
  local name = connection.source(options)
  if options.as == "" then fail.usage "--as: expected an e-mail address or an id, got nothing" end
  local given = { name = name or nil, as_user = options.as, timeout = options.timeout, deadline = options.deadline }
  local found, explain, missing
  if name then found, explain, missing = named.load(given) else found, explain = named.from_env(given) end
  terminal.check_signal() -- it may have ended the command that prints the secret
  if not found then fail.usage("%s%s", explain, missing and "; `ironclad login NAME` makes one" or "") end
  if not name and not found.token and not found.refresh_token and not found.client_id then fail.login(NOTHING) end
  return found, name, function(message) return for_people(explain(message)) end
end

--- A client.
-- @return the client, and the name of its connection or false
function connection.open(options)
  local found, name, explain = connection.options(options)
  return require("ironclad.client").open(nil, found, explain), name
end

--- Whether a client's instance is on this machine, as only a sandbox is.
-- @return true or false; the origin of the instance
function connection.is_sandbox(client)
  local origin = core.describe(client.connection).origin
  local host = origin:gsub("^%a+://", ""):gsub(":%d+$", "")
  return host == "localhost" or host == "[::1]" or host:find "^127%.%d+%.%d+%.%d+$" ~= nil, origin
end

return connection
