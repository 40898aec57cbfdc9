--- :checkhealth ironclad, in Neovim: the versions of the library, the named connections, and their tokens. When a
-- connection has no stored token, one is fetched, which shows that the connection works. No command is run to get a
-- secret.

local health = {}

-- Neovim 0.7 has the module "health"; later ones vim.health, with other names.
local function reporter()
  local api = vim.health or require "health"
  return {
    start = api.start or api.report_start, ok = api.ok or api.report_ok, info = api.info or api.report_info,
    warn = api.warn or api.report_warn, error = api.error or api.report_error,
  }
end

local function check_library(report)
  report.start "ironclad: the library"
  local fine, ironclad = pcall(require, "ironclad")
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

local function check_token(report, ironclad, name)
  local run = require "ironclad.calls.run"
  local fine, client = pcall(ironclad.connect, name)
  if not fine then return report.error(("%s: %s"):format(name, client)) end
  local about = require("ironclad.core").describe(client.connection)
  if about.grant == "token" then return report.ok(("%s: %s, with a token of its own"):format(name, about.origin)) end
  local token, err = run.finish(run.internal(client, "inspect"))
  if not token then
    report.warn(("%s: %s: %s"):format(name, about.origin, tostring(err)))
  else
    local left = token.expires_in
    report.ok(("%s: %s, its token is good%s"):format(name, about.origin, left and " for " .. duration(left) or ""))
  end
end

local function check_connections(report, ironclad)
  report.start "ironclad: named connections"
  local list, message = require("ironclad.connections.named").list()
  if not list then return report.info(message) end
  for _, entry in ipairs(list) do
    if entry.command then
      report.info(entry.name .. ": its secret is printed by a command, which is not run here")
    else
      check_token(report, ironclad, entry.name)
    end
  end
end

function health.check()
  local report = reporter()
  local ironclad = check_library(report)
  if ironclad then check_connections(report, ironclad) end
end

return health
