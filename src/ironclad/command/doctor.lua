--- ironclad doctor: checks the library, the clock, the connection, the token, the scopes and the limits, and says what
-- to do about each.

local connection = require "ironclad.command.connection"
local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local moment = require "ironclad.base.moment"
local named = require "ironclad.connections.named"
local terminal = require "ironclad.command.terminal"

local doctor = { flags = { { "dry-run", refused = "doctor changes nothing, and its checks build on each other" } } }
for _, flag in ipairs(connection.flags) do doctor.flags[#doctor.flags + 1] = flag end

doctor.help = "Exit status 0 when everything is well, 1 when something is wrong, 4 when a login is needed."

local CLOCK_SECONDS = 120 -- from this difference on, OAuth and TLS may fail

local marks = { ok = { "ok  ", "green" }, note = { "note", "yellow" }, wrong = { "bad ", "red" } }

-- Prints a finding, and what to do about it.
local function report(state, text, advice)
  local mark = marks[state]
  terminal.write(terminal.paint(mark[1], mark[2]), "  ", terminal.clean(text), "\n")
  if advice then terminal.write("      ", terminal.clean(advice), "\n") end
end

local function check_library()
  local info = core.info()
  report("ok", ("ironclad %s for %s, libcurl %s, %s, cJSON %s"):format(info.version,
    rawget(_G, "jit") and rawget(_G, "jit").version or _VERSION, info.libcurl, info.tls, info.cjson))
  if not info.http2 then report("note", "this libcurl has no HTTP/2", "HTTP/1.1 is used, which works") end
  if info.tls_key_log then
    report("note", "SSLKEYLOGFILE is set: libcurl writes the keys of all TLS connections to " .. info.tls_key_log,
      "Unset it, unless you are looking at the traffic yourself")
  end
  if not pcall(require, "ironclad.listener") then
    report("note", "built without the listener: `ironclad login --web` cannot wait for the browser",
      "`ironclad login --paste` works; or install libmicrohttpd, and install ironclad again")
  end
end

local function check_environment()
  for _, name in ipairs { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" } do
    local value = os.getenv(name)
    if value and value ~= "" then
      report("note", ("%s is set: requests go through %s"):format(name, (value:gsub("//[^/@]*@", "//…@"))))
      return
    end
  end
end

local function check_clock(response)
  local theirs = moment.read_http(response and response.headers and response.headers.date)
  if not theirs then return end
  local off = os.time() - math.floor(theirs / 1000)
  if math.abs(off) <= CLOCK_SECONDS then return report("ok", "the clock agrees with Ironclad's") end
  report("wrong", ("the clock is %d seconds %s Ironclad's"):format(math.abs(off), off > 0 and "ahead of" or "behind"),
    "Set the clock of this machine, best by NTP")
end

local function check_limits(response)
  local headers = response and response.headers or {}
  local limit, left = headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"]
  if limit and left then
    report("ok", ("rate limit: %s of %s calls a minute are left"):format(tostring(left), tostring(limit)))
  else
    report("ok", "rate limits: the published ones are kept")
  end
end

local function advice_for(err)
  for _, kind in ipairs(core.error_kinds()) do
    if kind.name == err.kind then return kind.advice end
  end
end

-- Ctrl-C is no finding.
local function end_if_cancelled(err)
  if err.kind == "cancelled" then fail.cancelled(err) end
end

-- The most common tasks, and the operation that each needs.
local common = { { "list workflows", "workflows:list" }, { "launch workflows", "workflows:launch" },
  { "read templates", "workflow_schemas:list" }, { "list records", "records:list" } }

local function check_scopes(scopes)
  if type(scopes) ~= "table" then return report("note", "Ironclad does not say which scopes the token has") end
  local has = {}
  for _, scope in ipairs(scopes) do has[scope] = true end
  local cannot = {}
  for _, pair in ipairs(common) do
    for _, scope in ipairs(require("ironclad").scopes_for { pair[2] }) do
      if not has[scope] then cannot[#cannot + 1] = ("%s (%s)"):format(pair[1], scope) end
    end
  end
  if #cannot == 0 then return report("ok", ("the token has %d scopes"):format(#scopes)) end
  report("note", "the token cannot " .. table.concat(cannot, ", "),
    "If it should, add these scopes to the app and to the connection; `ironclad scopes OPERATION` names them")
end

-- Where the connection comes from; or the status to exit with.
local function check_source(options)
  local fine, name = pcall(connection.source, options)
  if not fine then
    if not fail.is(name) then error(name, 0) end
    report("wrong", name.message)
    return nil, name.status
  end
  local path = named.path()
  report("ok", name and ("connection %q of %s"):format(name, path or "?") or "connection: the environment")
  return true
end

-- What to do about a shared Redis that does not answer as expected, by words of the message.
local shared_advice = {
  { "NOAUTH", "Give its user and password in `shared`: redis://user:password@host:6379/0" },
  { "WRONGPASS", "Correct the user and the password in `shared`" },
  { "NOPERM", "Give the user the rights that docs/shared.md names (ACL SETUSER)" },
  { "user executing the script", "Give the user the rights that docs/shared.md names (ACL SETUSER)" },
  { "OOM", "Its memory is full: raise maxmemory" },
  { "READONLY", "It is a replica: name the server that takes writes" },
  { "MISCONF", "It cannot write to its disk: make room there, or correct its folder" },
  { "version 6", "Install Redis 6 or later" },
  { "not supported", "Name one server" },
  { "cannot be reached", "Start Redis, or correct the address in `shared`; a firewall may be between" },
  { "did not answer", "Look at its load, and at the network between" },
}

local function advice_for_shared(message)
  for _, pair in ipairs(shared_advice) do
    if message:find(pair[1], 1, true) then return pair[2] end
  end
end

local FAR = 0.05 -- seconds of a round trip, which every block of permits and every event needs

local function check_shared_clock(reply, begin, ended)
  local theirs = tonumber(reply[1]) + tonumber(reply[2]) / 1e6
  local off = (begin + ended) / 2 - theirs
  if math.abs(off) <= CLOCK_SECONDS then return end
  report("note", ("the clock is %.0f seconds %s the shared Redis's"):format(math.abs(off),
    off > 0 and "ahead of" or "behind"), "Set both by NTP. What machines share goes by Redis's clock, and still works")
end

local function check_shared_settings(info)
  local function field(name) return info:match("[\r\n]" .. name .. ":([^\r\n]*)") end
  local policy = field "maxmemory_policy"
  if policy and policy ~= "noeviction" then
    report("note", ("the shared Redis may drop keys when its memory is full (maxmemory-policy %s)"):format(policy),
      "Set maxmemory-policy noeviction: tokens and events must not be dropped")
  end
  if field "aof_enabled" == "0" then
    report("note", "the shared Redis does not write every change to its disk",
      "Set appendonly yes, when it keeps a person's token or an inbox")
  end
  return field "redis_version"
end

-- Writes what the module writes, and removes it: strings, hashes, sorted sets and streams.
local WRITE = [[
if redis.replicate_commands then redis.replicate_commands() end
for _, command in ipairs { { 'set', KEYS[1], '1' }, { 'hset', KEYS[1], 'a', '1' }, { 'zadd', KEYS[1], 1, 'a' },
  { 'xadd', KEYS[1], '*', 'a', '1' } } do
  redis.call(unpack(command)) -- the first one fails when the memory is full, because nothing was written before it
  redis.call('del', KEYS[1])
end
return 1
]]

-- Seconds that the shared Redis has for an answer. A call waits longer, because a Redis may be starting again.
local PATIENCE = 2

-- The shared Redis, when the connection has one. -> whether it works
local function check_shared(client)
  local shared = require "ironclad.shared.redis"
  if not shared.prefix(client) then return true end
  local _, err = shared.script(client, WRITE, { "doctor" }, nil, PATIENCE)
  local begin = core.wall_time()
  local reply, info
  if not err then reply, err = shared.command(client, { "TIME" }, PATIENCE) end
  local ended = core.wall_time()
  if not err then info, err = shared.command(client, { "INFO" }, PATIENCE) end
  if err then
    end_if_cancelled(err)
    report("wrong", tostring(err), advice_for_shared(tostring(err)))
    return false
  end
  local version = check_shared_settings("\n" .. info)
  report("ok", ("the shared Redis, version %s, answers in %.1f ms"):format(version or "?", (ended - begin) * 1000))
  if ended - begin > FAR then
    report("note", "the shared Redis is far away", "Use one in the same network as the machines")
  end
  check_shared_clock(reply, begin, ended)
  return true
end

local function check_connection(client)
  local about, err = client:check()
  if err then
    end_if_cancelled(err)
    report("wrong", tostring(err), advice_for(err))
    return err.kind == "auth" and fail.LOGIN or fail.FAILED
  end
  report("ok", ("acts as %s <%s> of %s"):format(tostring(about.user.displayName), tostring(about.user.email),
    tostring(about.company.companyDisplayName or about.user.companyName)))
  if about.expires_in then
    report("ok", ("the token is valid for %.0f minutes, and is renewed by itself"):format(about.expires_in / 60))
  end
  check_scopes(about.scopes)
  local _, refused, response = client.workflows:list { pageSize = 1 }
  if refused then
    end_if_cancelled(refused)
    report("note", tostring(refused), advice_for(refused))
  end
  check_clock(response)
  check_limits(response)
  return fail.DONE
end

function doctor.run(words, options)
  if words[1] then fail.usage("doctor takes no argument, got %q", words[1]) end
  check_library()
  check_environment()
  local known, status = check_source(options)
  if not known then return status end
  local fine, client = pcall(connection.open, options)
  if not fine then
    if fail.is(client) and client.cancelled then error(client, 0) end
    report("wrong", fail.is(client) and client.message or tostring(client))
    return fail.is(client) and client.status or fail.FAILED
  end
  report("ok", "instance " .. core.describe(client.connection).origin)
  local shared = check_shared(client)
  local state = check_connection(client)
  return state == fail.DONE and not shared and fail.FAILED or state
end

return doctor
