-- Loaded before every spec (busted --helper). It searches for secrets in everything that this process prints, raises or
-- returns as an error, and in what its child processes print. A text with a secret fails the test at that place.
-- Secrets are those that a client is given, and every token and code that a scripted server or the sandbox gives out.
-- spec/run also looks through the output of each suite, including the C tests.
local Error = require "ironclad.base.error"
local core = require "ironclad.core"
local peer = require "spec.support.peer"
local scopes = require "ironclad.connections.scopes"
require "ironclad.base.mistake" -- loaded first: it keeps the original pcall, which adds no frame of a script

local no_secrets = { checked = 0 }
local secrets = {}
local unguarded_pcall = pcall

-- The sandbox prints this one on purpose when it starts.
local public = { ["sandbox-secret-not-for-production"] = true }

-- How the access tokens, refresh tokens and codes of the sandbox begin.
local of_sandbox = { "sandbox%-token%-%x", "sandbox%-refresh%-%x", "sandbox%-code%-%x" }

local function remember(text)
  if type(text) ~= "string" or #text < 6 or public[text] then return end
  if text == text:sub(1, 1):rep(#text) then return end -- one letter repeated: it may occur in any text
  secrets[text] = true
end

local function check(text, where)
  if type(text) ~= "string" then return end
  no_secrets.checked = no_secrets.checked + 1
  for secret in pairs(secrets) do
    if text:find(secret, 1, true) then error("a secret is shown in what is " .. where, 3) end
  end
  for _, pattern in ipairs(of_sandbox) do
    if text:find(pattern) then error("a secret of the sandbox is shown in what is " .. where, 3) end
  end
end

local function check_all(where, ...)
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    local fine, text = unguarded_pcall(tostring, value)
    check(fine and text or nil, where)
  end
end

-- Wrapped in the core, not in ironclad.connect, so that a mistake is still reported at the script's line.
local connect = core.connect
function core.connect(options, ...)
  if type(options) == "table" then
    remember(options.client_secret)
    remember(options.token)
    remember(options.refresh_token)
  end
  return connect(options, ...)
end

local json = peer.json
function peer.json(text, ...)
  for _, name in ipairs { "access_token", "refresh_token" } do
    for token in text:gmatch('"' .. name .. '":"([^"]+)"') do remember(token) end
  end
  return json(text, ...)
end

local shell = peer.shell
function peer.shell(command, secret)
  local output, status = shell(command)
  if not secret then check(output, "printed by a child") end
  return output, status
end

local new = Error.new
function Error.new(fields)
  local err = new(fields)
  for _, value in pairs(fields) do check(value, "an error") end
  check(tostring(err), "an error")
  return err
end

local real_print, write = print, io.write
-- luacheck: push ignore 121 122
function print(...)
  check_all("printed", ...)
  return real_print(...)
end

function io.write(...)
  check_all("printed", ...)
  return write(...)
end

local warnings = scopes.warnings
function scopes.warnings(...)
  local texts = warnings(...)
  for _, text in ipairs(texts) do check(text, "logged") end
  return texts
end

local real_stderr = io.stderr
io.stderr = setmetatable({}, {
  __index = function(_, name)
    return function(_, ...)
      if name == "write" then check_all("printed", ...) end
      return real_stderr[name](real_stderr, ...)
    end
  end,
})

local real_resume = coroutine.resume

local function checked(fine, ...)
  if not fine then check_all("raised", ...) end
  return fine, ...
end

function pcall(...) return checked(unguarded_pcall(...)) end

function coroutine.resume(...) return checked(real_resume(...)) end
-- luacheck: pop

no_secrets.remember, no_secrets.check, no_secrets.unguarded_pcall = remember, check, unguarded_pcall
package.loaded["spec.support.no_secrets"] = no_secrets

require "spec.support.leftovers"

return no_secrets
