-- Logs a person in and prints who it is. The first time, a browser opens and asks for consent. The token is kept in a
-- file, so that no browser is needed the next time.
--
-- Reads its connection from IRONCLAD_INSTANCE, IRONCLAD_CLIENT_ID, IRONCLAD_CLIENT_SECRET (and IRONCLAD_CA_FILE, for
-- your own certificate). IRONCLAD_REDIRECT_URI is the redirect URI on this machine that is registered with the app
-- (default: http://localhost:8765/callback). IRONCLAD_STORE is the file.

local ironclad = require "ironclad"
local must = ironclad.must

local state = os.getenv "XDG_STATE_HOME" or (os.getenv "HOME" or ".") .. "/.local/state"

local options = {
  instance = os.getenv "IRONCLAD_INSTANCE",
  client_id = os.getenv "IRONCLAD_CLIENT_ID",
  client_secret = os.getenv "IRONCLAD_CLIENT_SECRET",
  ca_file = os.getenv "IRONCLAD_CA_FILE",
  grant = "authorization_code",
  scopes = ironclad.scopes_for { "workflows:list", "records:list" },
  store = ironclad.store.file(os.getenv "IRONCLAD_STORE" or state .. "/ironclad/tokens.json"),
}

local function log_in()
  for _, name in ipairs { "IRONCLAD_INSTANCE", "IRONCLAD_CLIENT_ID", "IRONCLAD_CLIENT_SECRET" } do
    if not os.getenv(name) then error(name .. " is not set", 0) end
  end
  local client = ironclad.connect(options)
  local who, err = client:check()
  if err and err.kind == "auth" then
    options.redirect_uri = os.getenv "IRONCLAD_REDIRECT_URI"
    client = must(ironclad.login(options))
    who, err = client:check()
  end
  must(who, err)
  print(("Logged in to %s as %s <%s>, %s."):format(options.instance, who.user.displayName, who.user.email,
    who.user.companyName))
end

local fine, problem = pcall(log_in)
if not fine then
  io.stderr:write("login: ", tostring(problem), "\n")
  os.exit(1, true)
end
