--- The environment variables that point a program at a sandbox, and at nothing else: what `ironclad-sandbox`,
-- `ironclad sandbox` and recipes/support/with_sandbox.sh set and remove.

local named = require "ironclad.connections.named"

local environment = {}

-- What belongs to a company, beside the options of a connection: the file of connections, and what the recipes and the
-- guides read.
local company = { "IRONCLAD_CONFIG", "IRONCLAD_STORE", "IRONCLAD_REDIRECT_URI", "IRONCLAD_WEBHOOK_URL",
  "IRONCLAD_TERMS_GROUP", "IRONCLAD_TERMS_WEBHOOK_TOKEN", "REDIS_URL" }

--- The variables of a sandbox.
-- @return a list of { name, value } of those to set, and a list of the names of those to remove
function environment.of(sandbox)
  local clickwrap = sandbox:clickwrap_settings()
  local set = {
    { "IRONCLAD_INSTANCE", sandbox.instance }, { "IRONCLAD_CLIENT_ID", sandbox.client_id },
    { "IRONCLAD_CLIENT_SECRET", sandbox.client_secret }, { "IRONCLAD_AS_USER", sandbox.as_user },
    { "IRONCLAD_CLICKWRAP_SITE", clickwrap.site_access_id }, { "IRONCLAD_CLICKWRAP_TOKEN", clickwrap.api_token },
    { "IRONCLAD_CLICKWRAP_ACTIVITY_HOST", clickwrap.url }, { "IRONCLAD_CLICKWRAP_REST_HOST", clickwrap.url },
  }
  if sandbox.ca_file then set[#set + 1] = { "IRONCLAD_CA_FILE", sandbox.ca_file } end
  local remove, known = {}, {}
  for _, pair in ipairs(set) do known[pair[1]] = true end
  local function add(name)
    if not known[name] then remove[#remove + 1] = name end
    known[name] = true
  end
  for _, place in pairs(named.variables) do
    for _, name in pairs(place) do add(name) end
  end
  for _, name in ipairs(company) do add(name) end
  table.sort(remove)
  return set, remove
end

local function quoted(value) return "'" .. value:gsub("'", "'\\''") .. "'" end

--- The same as lines for a POSIX shell. The last line, and no other, begins with "unset".
function environment.lines(sandbox)
  local set, remove = environment.of(sandbox)
  local lines = {}
  for i, pair in ipairs(set) do lines[i] = ("export %s=%s\n"):format(pair[1], quoted(pair[2])) end
  return table.concat(lines) .. "unset " .. table.concat(remove, " ") .. "\n"
end

return environment
