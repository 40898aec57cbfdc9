--- ironclad whoami: the user, the company and the scopes of the connection.

local columns = require "ironclad.command.columns"
local connection = require "ironclad.command.connection"
local fail = require "ironclad.command.fail"
local output = require "ironclad.command.output"
local request = require "ironclad.command.request"
local terminal = require "ironclad.command.terminal"

local whoami = { flags = { { "scopes", text = "Show the scopes, too" } } }
for _, list in ipairs { connection.flags, output.flags, request.flags } do
  for _, flag in ipairs(list) do whoami.flags[#whoami.flags + 1] = flag end
end

--- The columns that it may print.
whoami.columns = { "connection", "instance", "user", "email", "company", "grant", "expires_in", "scopes" }

local function duration(seconds)
  if seconds < 120 then return ("%.0f s"):format(seconds) end
  return seconds < 7200 and ("%.0f min"):format(seconds / 60) or ("%.0f h"):format(seconds / 3600)
end

--- Prints who a client is.
-- @return what client:check() answered
function whoami.show(client, name, options)
  local about = fail.unless(client:check())
  local describe = require("ironclad.core").describe(client.connection)
  local scopes = type(about.scopes) == "table" and about.scopes or nil
  local row = {
    connection = name or "the environment", instance = describe.origin, user = about.user.displayName,
    email = about.user.email, company = about.company.companyDisplayName or about.user.companyName,
    grant = describe.grant, expires_in = about.expires_in and math.floor(about.expires_in),
    scopes = options.scopes and scopes or (scopes and #scopes),
  }
  if output.form(options) ~= "table" then
    output.value(options, row)
    return about
  end
  terminal.write(terminal.clean(("%s <%s>, %s\n"):format(tostring(row.user), tostring(row.email),
    tostring(row.company)), true))
  terminal.write(terminal.clean(("at %s, by %s (%s)\n"):format(row.instance,
    name and "the connection " .. name or row.connection, row.grant), true))
  if about.expires_in then terminal.write(("The token is valid for %s.\n"):format(duration(about.expires_in))) end
  if scopes then
    local count = #scopes == 1 and "1 scope" or #scopes .. " scopes"
    local hint = "; `ironclad whoami --scopes` lists them."
    terminal.write("It has ", count, options.scopes and ":" or hint, "\n")
    for _, scope in ipairs(options.scopes and scopes or {}) do
      terminal.write("  ", terminal.clean(tostring(scope)), "\n")
    end
  end
  return about
end

function whoami.run(words, options)
  if words[1] then fail.usage("whoami takes no argument, got %q", words[1]) end
  columns.check(options, whoami.columns)
  local client, name = connection.open(options)
  if options["dry-run"] then return request.preview(client, "oauth:userinfo", {}) end
  whoami.show(client, name, options)
end

return whoami
