--- :checkhealth ironclad: the module, the connection of the environment, the named connections, and their tokens. When
-- a connection has no stored token, one is fetched, which shows that the connection works. No command is run to get a
-- secret.

local health = {}

--- How many seconds a connection has to show that it works.
health.seconds = 10

-- Neovim 0.7 has the module "health"; later ones vim.health, with other names.
local function reporter()
  local api = vim.health or require "health"
  return {
    start = api.start or api.report_start, ok = api.ok or api.report_ok, info = api.info or api.report_info,
    warn = api.warn or api.report_warn, error = api.error or api.report_error,
  }
end

local function check_module(report)
  report.start "ironclad: the module"
  local fine, ironclad = pcall(require("ironclad_nvim.connection").module)
  if not fine then
    local hint = "build it for Neovim's Lua (make neovim, or LUA=luajit), and put it on 'runtimepath' or package.cpath"
    local foreign = tostring(ironclad):find("undefined symbol", 1, true)
    report.error((foreign and "core.so is for another Lua: " or "not found: ") .. tostring(ironclad), { hint })
    return nil
  end
  local info = ironclad.info()
  report.ok(("%s for %s"):format(ironclad._VERSION, jit and jit.version or _VERSION))
  report.ok(("libcurl %s, %s, cJSON %s"):format(info.libcurl, info.tls, info.cjson))
  if not info.http2 then report.info "libcurl has no HTTP/2: HTTP/1.1 is used" end
  return ironclad
end

local function duration(seconds)
  if seconds < 120 then return ("%d s"):format(seconds) end
  return seconds < 7200 and ("%d min"):format(seconds / 60) or ("%d h"):format(seconds / 3600)
end

-- What is known about the client's token; nil and what is wrong.
local function inspect(client)
  local run = require "ironclad.calls.run"
  local token, problem
  local task = require("ironclad").spawn(function() token, problem = run.finish(run.internal(client, "inspect")) end)
  local _, why = vim.wait(health.seconds * 1000, function() return token or problem end)
  task:cancel()
  if token or problem then return token, problem end
  return nil, why == -2 and "interrupted" or ("no answer within %g seconds"):format(health.seconds)
end

-- Reports whether a connection works.
-- @param title how it is called
-- @param connect function() -> a client; raises an error
local function check_token(report, title, connect)
  local fine, client = pcall(connect)
  if not fine then return report.error(("%s: %s"):format(title, client)) end
  local about = require("ironclad.core").describe(client.connection)
  if about.grant == "token" then return report.ok(("%s: %s, with a token of its own"):format(title, about.origin)) end
  local token, err = inspect(client)
  if not token then
    report.warn(("%s: %s: %s"):format(title, about.origin, tostring(err)))
  else
    local left = token.expires_in
    report.ok(("%s: %s, its token is valid%s"):format(title, about.origin, left and " for " .. duration(left) or ""))
  end
end

local function check_environment(report, ironclad)
  report.start "ironclad: the connection of the environment"
  if (os.getenv "IRONCLAD_INSTANCE" or "") == "" then return report.info "IRONCLAD_INSTANCE is not set" end
  check_token(report, "environment", ironclad.from_env)
end

local function check_named(report, ironclad)
  report.start "ironclad: named connections"
  local list, message = require("ironclad.connections.named").list()
  if not list or #list == 0 then
    report.info(message or "there are none")
    return report.info "`ironclad login NAME` in a terminal makes one"
  end
  for _, entry in ipairs(list) do
    if entry.command then
      report.info(entry.name .. ": its secret is printed by a command, which is not run here")
    else
      check_token(report, entry.name, function() return ironclad.connect(entry.name) end)
    end
  end
end

-- The connection that :Ironclad uses.
local function check_choice(report)
  report.start "ironclad: what :Ironclad uses"
  local connection = require "ironclad_nvim.connection"
  local fine, name = pcall(connection.name)
  if not fine then return report.warn(tostring(name)) end
  if not vim.tbl_contains(connection.names(), name) then
    return report.error(("g:ironclad_connection is %q, and there is no such connection"):format(name))
  end
  report.ok(connection.title(name))
end

--- Writes the report. Neovim calls it.
function health.check()
  local report = reporter()
  local ironclad = check_module(report)
  if not ironclad then return end
  check_environment(report, ironclad)
  check_named(report, ironclad)
  check_choice(report)
end

return health
