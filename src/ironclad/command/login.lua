--- ironclad login [NAME]: makes a named connection, step by step or from options, and checks it.
--
-- The secret is typed without echo, read from standard input, or left to a command or a variable. It is never an
-- argument, which other users could see in the list of processes. It is kept in the file of connections, of mode 0600,
-- unless a command prints it.

local connection = require "ironclad.command.connection"
local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local mistake = require "ironclad.base.mistake"
local named = require "ironclad.connections.named"
local shell_words = require "ironclad.command.shell_words"
local terminal = require "ironclad.command.terminal"

local login = {}

login.flags = {
  { "instance", value = "HOST", text = "Ironclad's host, or na1, eu1, demo, preview" },
  { "client-id", value = "ID", text = "The client id of the app" },
  { "web", text = "Log in as a person, with a browser (authorization code)" },
  { "paste", text = "The same without a browser here: open the address elsewhere, and paste the one it leads to" },
  { "service", text = "Log in as a service (client credentials)" },
  { "secret-stdin", text = "Read the client secret from standard input" },
  { "secret-command", value = "COMMAND", text = "A command that prints the client secret, as \"pass show ironclad\"" },
  { "secret-env", value = "VARIABLE", text = "The environment variable that holds the client secret" },
  { "as", value = "USER", text = "E-mail or id of the user to act as (service)" },
  { "scopes", value = "SCOPES", empty = true,
    text = "The scopes, separated by commas or spaces; or operations, as workflows:list" },
  { "redirect-uri", value = "URI", text = "The redirect URI of the app (default: http://localhost:8765/callback)" },
  { "ca-file", value = "FILE", text = "Certificates to trust" },
  { "client-cert", value = "FILE", text = "The client certificate, where the server asks for one (PEM)" },
  { "client-key", value = "FILE", text = "Its private key (default: in the same file)" },
  { "no-check", text = "Do not check the connection" },
  { "dry-run", refused = "what login sends depends on what is answered; --no-check sends nothing as a service" },
}
for _, name in ipairs { "secret", "client-secret", "password", "token" } do
  table.insert(login.flags, { name, refused = "other users can see the arguments of a process: give the secret with "
    .. "--secret-stdin, --secret-command or --secret-env" })
end

login.help = [[
Create the app first: in Ironclad, Company settings, API, Create new app. What the options do not say is asked. The
connection is kept in ~/.config/ironclad/connections.json, or in the file that IRONCLAD_CONFIG names.]]

local DEFAULT_URI = "http://localhost:8765/callback"

local instances = {
  { "na1", "na1   https://na1.ironcladapp.com" }, { "eu1", "eu1   https://eu1.ironcladapp.com" },
  { "demo", "demo  https://demo.ironcladapp.com" }, { "preview", "preview" }, { "other", "another host" },
}

local function interactive() return terminal.is "input" and terminal.is "messages" end

-- The answer to a question, or a message about the option that would answer it.
local function ask(question, option, default)
  if interactive() then return terminal.ask(question, default) end
  if default then return default end
  fail.usage("--%s is missing, and there is no terminal to ask at", option)
end

-- Scopes as Ironclad spells them: given with or without "public.", or as operations.
local function scopes_of(text)
  local list, seen = {}, {}
  local function add(scope)
    if not seen[scope] then
      seen[scope] = true
      list[#list + 1] = scope
    end
  end
  for word in text:gmatch "[^%s,]+" do
    if word:find(":", 1, true) then
      for _, scope in ipairs(require("ironclad").scopes_for { word }) do add(scope) end
    else
      add(require("ironclad.command.scopes").exact(word))
    end
  end
  return #list > 0 and core.array(list) or nil
end

local function instance_of(options)
  if options.instance then return options.instance end
  if not interactive() then fail.usage "--instance is missing, and there is no terminal to ask at" end
  io.stderr:write "Which Ironclad?\n"
  local chosen = terminal.choose("Instance", instances)
  return chosen == "other" and terminal.ask "Its host, as na1.ironcladapp.com" or chosen
end

local function grant_of(options)
  if options.web or options.paste then return "authorization_code" end
  if options.service or not interactive() then return "client_credentials" end
  io.stderr:write "How do you log in?\n"
  return terminal.choose("Log in", {
    { "authorization_code", "as yourself, with a browser" },
    { "client_credentials", "as a service, which acts as a user that you name" },
  })
end

local function command_of(text)
  local words, wrong = shell_words(text)
  if not words then fail.usage("--secret-command: %s: %s", wrong, text) end
  if words[1] == "" then fail.usage("--secret-command: expected a command, got %s", text) end
  return core.array(words)
end

local function variable_of(name)
  if name:find "^[%a_][%w_]*$" then return name end
  fail.usage("--secret-env: expected the name of an environment variable, as IRONCLAD_CLIENT_SECRET, got %q", name)
end

-- The secret as the file has it.
local function secret_of(options)
  if options["secret-command"] then return { command = command_of(options["secret-command"]) } end
  if options["secret-env"] then return { env = variable_of(options["secret-env"]) } end
  if options["secret-stdin"] then
    local line = terminal.read("*l", "--secret-stdin")
    line = line and line:match "^%s*(.-)%s*$"
    if not line or line == "" then fail.usage "--secret-stdin: standard input is empty" end
    return line
  end
  if not interactive() then
    fail.usage "the client secret is missing: give --secret-stdin, --secret-command or --secret-env"
  end
  return terminal.ask_hidden "Client secret"
end

local function name_of(words, instance)
  local name = words[1]
  if not name then
    name = instance:gsub("^%a+://", ""):gsub("[:/].*$", ""):gsub("%.ironcladapp%.com$", "")
    name = ask("A name for this connection", "NAME", name)
  end
  if name:find "%c" or name == "" then fail.usage "NAME: expected a text without control characters" end
  return name
end

-- The path that an option gives, as it is written to the file of connections.
local function path_of(options, name)
  if not options[name] then return nil end
  local path, wrong = core.disk.absolute(options[name])
  return path or fail.usage("--%s: %s", name, wrong)
end

-- An environment variable that is an absolute path, or nil.
local function variable(name)
  local value = os.getenv(name)
  return value and value:find "^/" and value or nil
end

-- Where the command keeps tokens, so that it need not fetch one for each call.
local function token_file()
  local state, home = variable "XDG_STATE_HOME", variable "HOME"
  if not (state or home) then fail.usage "neither XDG_STATE_HOME nor HOME says where tokens.json is" end
  return (state or home .. "/.local/state") .. "/ironclad/tokens.json"
end

-- The entry of the file, from options and answers.
local function entry_of(options, instance, store)
  local entry = { instance = instance, grant = grant_of(options) }
  entry.client_id = options["client-id"] or ask("Client id", "client-id")
  entry.client_secret = secret_of(options)
  local personal = entry.grant == "authorization_code"
  if not personal then
    entry.as_user = options.as or ask("Act as which user (e-mail)", "as")
    entry.grant = nil
  end
  local scopes = options.scopes
  if not scopes and interactive() then
    scopes = terminal.ask("Scopes, or operations as workflows:list (empty: those of the app)", "")
  end
  entry.scopes = scopes and scopes_of(scopes)
  entry.ca_file, entry.client_cert = path_of(options, "ca-file"), path_of(options, "client-cert")
  entry.client_key = path_of(options, "client-key")
  entry.store = store
  return entry
end

-- ---- a person ----

local function paste(client, redirect_uri)
  local url, state = client:authorize_url { redirect_uri = redirect_uri }
  io.stderr:write("Open this address in a browser, on any machine, and agree:\n\n  ", terminal.clean(url), "\n\n",
    "The browser then goes to an address that begins with ", terminal.clean(redirect_uri), "\n",
    "and may not find it. That is normal: copy that address from the browser.\n")
  local callback = terminal.ask "The address"
  -- What was pasted may be a code, which is a secret: no message quotes it.
  while not callback:find "[?&]code=" and not callback:find "[?&]error=" do
    terminal.warn("That is not the address: it begins with %s, and has code= or error= after a question mark. "
      .. "Paste all of it.", redirect_uri)
    callback = terminal.ask "The address"
  end
  fail.unless(client:exchange(callback, { state = state, redirect_uri = redirect_uri }))
end

local function log_in(options, settings)
  local ironclad = require "ironclad"
  local uri = options["redirect-uri"] or DEFAULT_URI
  local over_ssh = os.getenv "SSH_CONNECTION" ~= nil and not options.web
  if options.paste or over_ssh or not pcall(require, "ironclad.listener") then
    local client = ironclad.connect(settings)
    paste(client, uri)
    return client
  end
  terminal.say "The browser asks for your consent now."
  settings.redirect_uri = options["redirect-uri"]
  return fail.unless(ironclad.login(settings))
end

-- ---- the check ----

-- What gives each option of an entry.
local function given_by(options)
  local secret = "the client secret"
  for _, name in ipairs { "secret-stdin", "secret-command", "secret-env" } do
    if options[name] then secret = "--" .. name end
  end
  return { instance = "--instance", client_id = "--client-id", client_secret = secret, as_user = "--as",
    scopes = "--scopes", ca_file = "--ca-file", client_cert = "--client-cert", client_key = "--client-key" }
end

-- The options of the connection, which is not in the file yet.
local function settings_of(name, entry, options)
  local sources = given_by(options)
  local function explain(message)
    return (message:gsub("^[%w_]+", function(option) return sources[option] end))
  end
  -- A secret that is fetched later may not be there yet.
  local later = options["no-check"] and not entry.grant and type(entry.client_secret) == "table"
  local settings, problem = named.resolve(entry, { name = name, client_secret = later and "later" or nil }, "/")
  terminal.check_signal() -- it may have ended the command that prints the secret
  if not settings then fail.usage("%s", explain(problem)) end
  require("ironclad.client").open(nil, settings, explain)
  -- A token that is already there would be used, whatever the secret is.
  if not entry.grant then settings.store = nil end
  return settings
end

-- Scopes that were asked for, and that the token does not have.
local function missing_scopes(entry, about)
  local missing, has = {}, mistake.set(type(about.scopes) == "table" and about.scopes or {})
  for _, scope in ipairs(entry.scopes or {}) do
    if not has[scope] then missing[#missing + 1] = scope end
  end
  return missing
end

local function check(name, entry, options, settings)
  local client = entry.grant and log_in(options, settings) or require("ironclad").connect(settings)
  if options["no-check"] then return end
  local about = require("ironclad.command.whoami").show(client, name, { table = terminal.is "output" })
  local missing = missing_scopes(entry, about)
  if #missing > 0 then
    terminal.warn("These scopes are missing: %s. An administrator adds them to the app.", table.concat(missing, ", "))
  end
end

-- A connection that does not work must not replace one that does.
local function check_first(...)
  local fine, problem = pcall(check, ...)
  if fine then return end
  if fail.is(problem) and problem.err and not problem.cancelled then
    problem.message = problem.message .. "; the connection is not saved (--no-check saves it without a check)"
  end
  error(problem, 0)
end

function login.run(words, options)
  if words[2] then fail.usage("login takes one name, got %q too", words[2]) end
  for _, pair in ipairs { { "web", "service" }, { "paste", "service" }, { "secret-stdin", "secret-command" },
    { "secret-stdin", "secret-env" }, { "secret-command", "secret-env" } } do
    if options[pair[1]] and options[pair[2]] then fail.usage("--%s and --%s: give one of them", pair[1], pair[2]) end
  end
  -- Nothing is asked when the answers could not be kept.
  local list, unread = named.list()
  if not list then fail.usage("%s", unread) end
  local current, store = connection.current(), token_file()
  local instance = instance_of(options)
  local name = name_of(words, instance)
  local entry = entry_of(options, instance, store)
  local settings = settings_of(name, entry, options)
  if entry.grant or not options["no-check"] then check_first(name, entry, options, settings) end
  local done, problem = named.change(function(connections)
    connections[name] = entry
    return true
  end)
  if not done then
    terminal.check_signal() -- it ends the wait for a lock
    fail.failed("%s", problem)
  end
  terminal.say("Saved as %q in %s.", name, named.path())
  if #list == 0 or not current then connection.choose(name) end
end

return login
