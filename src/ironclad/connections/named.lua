--- Connections that are described outside the script: by name in a file, or by environment variables. Nothing is read
-- until a script asks for it.
--
-- Of Clickwrap, an entry has the options of ironclad.clickwrap.
--
-- The file is $IRONCLAD_CONFIG, otherwise $XDG_CONFIG_HOME/ironclad/connections.json, otherwise
-- ~/.config/ironclad/connections.json. It is a JSON object with the options of ironclad.connect under each name.
--
--   {
--     "acme": {
--       "instance": "na1", "client_id": "…", "as_user": "jane.doe@example.com",
--       "client_secret": { "command": ["pass", "show", "ironclad/acme"] },
--       "scopes": ["public.workflows.readWorkflows"]
--     },
--     "acme demo": { "instance": "demo", "token": { "env": "ACME_DEMO_TOKEN" } }
--   }
--
-- A secret (client_secret, token, refresh_token, api_token, client_key_password, shared_key, and shared, which may hold
-- a password) is a string, { "env": "VARIABLE" }, or { "command": [word, …] }: a program that prints it, run without a
-- shell when the connection is opened. In the paths of certificates and keys, in store and socket_dir, "~/" is the home
-- folder, and a relative path starts at the folder of the file. A file that holds secrets must be readable by its owner
-- only. A file with any source of a secret must belong to this user (or to root), and must be writable by its owner
-- only, because a user who can change the file decides where the secret is sent.

local lazy = require "ironclad.base.lazy"
local copy = require "ironclad.base.copy"
local core = require "ironclad.core"
local job = lazy "ironclad.connections.job"
local mistake = require "ironclad.base.mistake"
local plain = require "ironclad.loop.plain"
local sorted_names = require("ironclad.base.names").sorted

local named = {}

local COMMAND_SECONDS = 30

local secrets = { client_secret = true, token = true, refresh_token = true, api_token = true,
  client_key_password = true, shared = true, shared_key = true }
local paths = { ca_file = true, ca_path = true, client_cert = true, client_key = true, store = true,
  socket_dir = true, shared_client_cert = true, shared_client_key = true }

local kinds_of_store = { memory = true, shared = true } -- which are no paths

--- The environment variables of each place (core.options): option -> variable.
named.variables = {
  connect = {
    instance = "IRONCLAD_INSTANCE",
    client_id = "IRONCLAD_CLIENT_ID",
    client_secret = "IRONCLAD_CLIENT_SECRET",
    scopes = "IRONCLAD_SCOPES",
    as_user = "IRONCLAD_AS_USER",
    token = "IRONCLAD_TOKEN",
    refresh_token = "IRONCLAD_REFRESH_TOKEN",
    ca_file = "IRONCLAD_CA_FILE",
    client_cert = "IRONCLAD_CLIENT_CERT",
    client_key = "IRONCLAD_CLIENT_KEY",
    client_key_password = "IRONCLAD_CLIENT_KEY_PASSWORD",
  },
  clickwrap = {
    site_access_id = "IRONCLAD_CLICKWRAP_SITE",
    api_token = "IRONCLAD_CLICKWRAP_TOKEN",
    environment = "IRONCLAD_CLICKWRAP_ENVIRONMENT",
    activity_host = "IRONCLAD_CLICKWRAP_ACTIVITY_HOST",
    rest_host = "IRONCLAD_CLICKWRAP_REST_HOST",
    ca_file = "IRONCLAD_CA_FILE",
    client_cert = "IRONCLAD_CLIENT_CERT",
    client_key = "IRONCLAD_CLIENT_KEY",
    client_key_password = "IRONCLAD_CLIENT_KEY_PASSWORD",
  },
}

-- The value of an environment variable. An empty one counts as not set, as in most programs.
local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

-- In nginx, the usual reason why a variable is not set.
local function not_passed_on(name)
  if not (ngx and ngx.get_phase) then return "" end
  return (" (nginx passes it on only with `env %s;` at the top of nginx.conf)"):format(name)
end

-- That a variable is not set.
local function unset(name, more) return name .. " is not set" .. (more or "") .. not_passed_on(name) end

local function words_of(text)
  local words = {}
  for word in text:gmatch "%S+" do words[#words + 1] = word end
  return words
end

local function quoted_for_shell(path)
  if path:find "^[%w/._-]+$" then return path end
  return "'" .. path:gsub("'", "'\\''") .. "'"
end

-- Whether a table is a JSON array: no names, no holes.
local function is_list(value)
  if type(value) ~= "table" then return false end
  local count = 0
  for _ in pairs(value) do count = count + 1 end
  return count == #value
end

local function list_of_texts(value)
  if not is_list(value) or #value == 0 then return false end
  for _, item in ipairs(value) do
    if type(item) ~= "string" then return false end
  end
  return true
end

-- ---- the file ----

local function config_path()
  local path = variable "IRONCLAD_CONFIG"
  if path then return path end
  local folder, home = variable "XDG_CONFIG_HOME", variable "HOME"
  -- A relative XDG_CONFIG_HOME is invalid and must be ignored (XDG Base Directory Specification).
  if not folder or folder:sub(1, 1) ~= "/" then folder = home and home .. "/.config" end
  if not folder then
    return nil, "none of IRONCLAD_CONFIG, XDG_CONFIG_HOME and HOME says where connections.json is"
      .. not_passed_on "IRONCLAD_CONFIG"
  end
  return folder .. "/ironclad/connections.json"
end

-- Adds the line and column to "… at byte 71", and removes the character found there, which may belong to a secret.
local function syntax_error(text, message)
  message = message:gsub(", found .- at byte", " at byte")
  local byte = tonumber(message:match "at byte (%d+)")
  if not byte then return message end
  local before = text:sub(1, byte - 1)
  local _, lines = before:gsub("\n", "")
  return ("%s (line %d, column %d)"):format(message, lines + 1, #before:match "[^\n]*$" + 1)
end

-- What the connections of a file contain: `literal` secrets, a `command` to run, any `source` of a secret.
local function contents_of(connections)
  local has = {}
  for _, entry in pairs(connections) do
    for name in pairs(type(entry) == "table" and secrets or {}) do
      local secret = entry[name]
      if name == "shared" and type(secret) == "string" and not secret:find("@", 1, true) then secret = nil end
      has.literal = has.literal or type(secret) == "string"
      has.command = has.command or type(secret) == "table" and secret.command ~= nil
      has.source = has.source or type(secret) == "string" or type(secret) == "table"
    end
  end
  return has
end

-- Whether any of the permission bits is set. (Lua 5.1 has no bit operators.)
local function permits(mode, bits)
  for _, bit in ipairs(bits) do
    if math.floor(mode / bit) % 2 == 1 then return true end
  end
  return false
end

local READ_BY_OTHERS = { 32, 4 }  -- 0040, 0004
local WRITE_BY_OTHERS = { 16, 2 } -- 0020, 0002

-- Why a file must not be used, or nil. A user who can change the file decides where a secret is sent, whatever its
-- source.
local function objection_to_file(path, connections, facts)
  local has = contents_of(connections)
  local writable = permits(facts.mode, WRITE_BY_OTHERS)
  if has.literal and (writable or permits(facts.mode, READ_BY_OTHERS)) then
    return ("it holds a secret, and other users can read or change it: chmod 600 %s"):format(quoted_for_shell(path))
  end
  local what = has.command and "it names a command to run" or "it says where a secret is sent"
  if has.source and writable then
    return ("%s, and other users can change it: chmod go-w %s"):format(what, quoted_for_shell(path))
  elseif has.source and facts.foreign then
    return what .. ", and belongs to another user"
  end
end

-- Whether a value is a JSON object. The empty one differs from the empty list by its metatable only.
local function is_object(value)
  return type(value) == "table" and #value == 0 and getmetatable(value) ~= getmetatable(core.array {})
end

-- The connections of a file; nil, a message, and whether there is no such file.
local function read_connections(path)
  local text, facts, missing = core.read_config(path)
  if not text then
    return nil, ("cannot read %s: %s (named connections are kept there; IRONCLAD_CONFIG names another file)"):format(
      path, facts), missing
  end
  local connections, problem = core.json.decode(text)
  if problem then return nil, ("%s: %s"):format(path, syntax_error(text, problem)) end
  if not is_object(connections) then
    return nil, ("%s: expected an object with the options of each connection under its name"):format(path)
  end
  problem = objection_to_file(path, connections, facts)
  if problem then return nil, ("%s: %s"):format(path, problem) end
  return connections
end

-- ---- an entry ----

local function run_to_end(command, words)
  local started, problem = command:start(words)
  if not started then return nil, problem end
  while true do
    local ended, output, message = command:wait()
    if ended then return output, message end
    if plain.interrupted and plain.interrupted() then return nil, words[1] .. " was interrupted" end
  end
end

-- What a program prints; nil and a message. The message never quotes the output.
local function run_command(words)
  if job.usable() then return job.run(words, COMMAND_SECONDS) end
  local command = core.command(COMMAND_SECONDS)
  -- Ctrl-C raises its error in this pcall. The program must not continue to run then.
  local fine, output, message = pcall(run_to_end, command, words)
  command:close()
  if not fine then error(output, 0) end
  return output, message
end

-- The same without the line end.
local function output_of(words)
  if ngx and ngx.get_phase then
    return nil, 'a command cannot be run inside nginx, which takes the exit status of every child; use { "env": … }'
  end
  local output, message = run_command(words)
  if not output then return nil, message end
  output = output:gsub("\r?\n$", "")
  if output == "" then return nil, words[1] .. " printed nothing" end
  if output:find "[\r\n]" then return nil, words[1] .. " printed several lines; expected the secret alone" end
  return output
end

-- The secret behind { env = } or { command = }; nil and a message.
local function secret_of(source)
  local kind = next(source)
  if kind == "env" and next(source, kind) == nil and type(source.env) == "string" then
    local value = variable(source.env)
    if not value then return nil, "the environment variable " .. unset(source.env, ", or empty") end
    return value
  elseif kind == "command" and next(source, kind) == nil and list_of_texts(source.command) then
    return output_of(source.command)
  end
  return nil, 'expected a string, { "env": "VARIABLE" } or { "command": ["program", "argument"] }'
end

local function absolute(path, folder)
  local home = variable "HOME"
  if path:sub(1, 2) == "~/" and home then return home .. path:sub(2) end
  return path:sub(1, 1) == "/" and path or folder .. path
end

-- The value of an option as ironclad.connect takes it; nil and a message.
local function value_of(name, value, folder)
  if secrets[name] and type(value) == "table" then return secret_of(value) end
  local is_path = paths[name] and type(value) == "string" and value ~= ""
  if is_path and not (name == "store" and kinds_of_store[value]) then return absolute(value, folder) end
  if type(value) == "string" or type(value) == "number" or type(value) == "boolean" or list_of_texts(value) then
    return value
  end
  return nil, ("expected a string, a number, true, false or a list of strings, got %s"):format(
    value == core.null and "null" or is_list(value) and "another list" or "an object")
end

-- What an entry may have: every option of that place except `name`.
local function entry_options(place)
  local known = mistake.set(core.options(place))
  known.name = nil
  return known
end

-- The hint for an option that is not of this place: it may be of the other one.
local function hint_at(place)
  local other = place == "connect" and "clickwrap" or "connect"
  local known = entry_options(other)
  return function(name)
    return known[name] and ("; it is an option of ironclad.%s"):format(other)
      or mistake.did_you_mean(name, core.options(place))
  end
end

--- The options of an entry.
-- @param given options that override those of the entry. A secret that is overridden is not fetched
-- @param folder where relative paths start
-- @return a table of options; nil and a message that begins with the name of the option
function named.resolve(entry, given, folder)
  local options = copy.of(given)
  for _, name in ipairs(sorted_names(entry)) do
    if given[name] == nil then
      local value, problem = value_of(name, entry[name], folder)
      if problem then return nil, name .. ": " .. problem end
      options[name] = value
    end
  end
  return options
end

-- A function that adds to a message where the option comes from. The message begins with the option ("scopes[1]: …").
-- For an option that the caller did not give, place(option) says where it is or should be.
local function explainer(given, place)
  return function(message)
    local name = message:match "^([%w_]+)[:%[]"
    local where = name and given[name] == nil and place(name)
    return where and where .. ": " .. message or message
  end
end

--- The path of the file; nil and a message.
named.path = config_path

-- The connections of the file; an empty table when there is no file; nil and a message.
local function connections_or_none(path)
  local connections, problem, missing = read_connections(path)
  if missing then return {} end
  return connections, problem
end

local function change_locked(lock, path, change)
  local connections, problem = connections_or_none(path)
  if not connections then return nil, problem end
  if not change(connections) then return true end
  return lock:write(lazy.load("ironclad.values.pretty").encode(connections, { pretty = true }) .. "\n")
end

--- Changes the file, which is made when it is missing. No other process changes it meanwhile.
-- @param change function(connections): changes the table of entries; returns whether it is to be written
-- @return true; nil and a message
function named.change(change)
  local path, unplaced = config_path()
  if not path then return nil, unplaced end
  local lock, locked = core.terminal.lock_private(path)
  if not lock then return nil, locked end
  local fine, done, problem = pcall(change_locked, lock, path, change)
  lock:release()
  if not fine then error(done, 0) end
  return done, problem
end

--- The connections of the file, sorted by name. Without a file there are none.
-- @return a list of { name =, command = whether a command prints one of its secrets, instance =, as_user =, grant = };
--   nil and a message
function named.list()
  local path, message = config_path()
  if not path then return nil, message end
  local connections, problem = connections_or_none(path)
  if not connections then return nil, problem end
  local list = {}
  for _, name in ipairs(sorted_names(connections)) do
    local has = contents_of { connections[name] }
    local entry = type(connections[name]) == "table" and connections[name] or {}
    list[#list + 1] = { name = name, command = has.command, instance = entry.instance, as_user = entry.as_user,
      grant = entry.token and "token" or entry.refresh_token and "authorization_code" or entry.grant
        or "client_credentials" }
  end
  return list
end

--- The options of a named connection.
-- @param place "connect" or "clickwrap"
-- @param given its name, or a table of options with `name`; the other options override those of the file
-- @return a table of options with `name`, for ironclad.connect; and a function that adds to a message (one that begins
--   with the name of an option) where that option comes from. Nil, a message, and whether there is no such connection
--   when it cannot be read
function named.load(given, place)
  if type(given) ~= "table" then given = { name = given } end
  local name = given.name
  if type(name) ~= "string" then return nil, "name: expected a string, got a " .. type(name) end
  local path, unplaced = config_path()
  if not path then return nil, unplaced end
  local connections, unread, missing = read_connections(path)
  if not connections then return nil, unread, missing end

  local entry = connections[name]
  if entry == nil then
    local names = sorted_names(connections)
    return nil, ('%s has no connection "%s" (%s)%s'):format(path, name,
      names[1] and "it has: " .. table.concat(names, ", ") or "it has none", mistake.did_you_mean(name, names)), true
  end
  local where = ('connection "%s" in %s'):format(name, path)
  if not is_object(entry) then return nil, where .. ": expected an object with options" end
  place = place or "connect"
  local options, problem = nil, mistake.unknown(entry, entry_options(place), nil, hint_at(place))
  if not problem then options, problem = named.resolve(entry, given, path:match "^.*/" or "") end
  if not options then return nil, where .. ": " .. problem end
  return options, explainer(given, function() return where end)
end

--- The options that environment variables hold: IRONCLAD_INSTANCE, IRONCLAD_CLIENT_ID, IRONCLAD_CLIENT_SECRET,
-- IRONCLAD_SCOPES (separated by spaces), IRONCLAD_AS_USER, IRONCLAD_TOKEN, IRONCLAD_REFRESH_TOKEN.
-- For ironclad.clickwrap: IRONCLAD_CLICKWRAP_SITE, IRONCLAD_CLICKWRAP_TOKEN, IRONCLAD_CLICKWRAP_ENVIRONMENT,
-- IRONCLAD_CLICKWRAP_ACTIVITY_HOST, IRONCLAD_CLICKWRAP_REST_HOST.
-- For both: IRONCLAD_CA_FILE, IRONCLAD_CLIENT_CERT, IRONCLAD_CLIENT_KEY, IRONCLAD_CLIENT_KEY_PASSWORD.
-- @param given options that override them
-- @param place "connect" or "clickwrap"
-- @return as named.load; the function names the environment variable
function named.from_env(given, place)
  given = given or {}
  local variables = named.variables[place or "connect"]
  if type(given) ~= "table" then return nil, "expected a table of options, got a " .. type(given) end
  if given.name ~= nil then return nil, "name: a named connection is opened by ironclad." .. (place or "connect") end
  local options = {}
  for option, name in pairs(variables) do options[option] = variable(name) end
  if options.scopes then options.scopes = words_of(options.scopes) end
  for option, value in pairs(given) do options[option] = value end
  return options, explainer(given, function(option)
    local name = variables[option]
    return name and (variable(name) and name or unset(name))
  end)
end

return named
