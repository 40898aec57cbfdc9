--- A local Ironclad to develop and test against: `require("ironclad.sandbox").start{ port = 0, tls = true }`.
-- It serves on a thread of its own, in this process. State is real, and gone when it stops.
local httpd = require "ironclad.httpd"

local Sandbox = {}
Sandbox.__index = Sandbox
Sandbox.__name = "ironclad.sandbox"

--- What `ironclad.connect` and `ironclad.login` want for the sandbox; `opts` wins. A static `token` goes without the
-- client's id and secret, and a person's token acts as that person unless `opts` says otherwise.
function Sandbox:options(opts)
  local settings = {
    instance = self.instance,
    client_id = self.client_id,
    client_secret = self.client_secret,
    as_user = self.as_user,
    ca_file = self.ca_file,
  }
  for name, value in pairs(opts or {}) do
    settings[name] = value
  end
  if settings.token then
    settings.client_id, settings.client_secret = nil, nil
  end
  if settings.grant == "authorization_code" or settings.refresh_token then settings.as_user = opts.as_user end
  return settings
end

--- A client of the sandbox, by these options.
function Sandbox:connect(opts)
  return require("ironclad").connect(self:options(opts))
end

--- Ends all connections and removes the certificate. May be called again.
function Sandbox:stop()
  self.server:stop()
end

--- Every access token handed out so far is from now on answered with 401 "token has expired".
function Sandbox:expire_tokens()
  self.server:expire_tokens()
end

--- The same with "token has been revoked".
function Sandbox:revoke_tokens()
  self.server:revoke_tokens()
end

--- Every refresh token handed out so far is from now on answered with 403 "refresh token is invalid".
function Sandbox:revoke_refresh_tokens()
  self.server:revoke_refresh_tokens()
end

--- Moves the sandbox's time forward by these seconds, whether it runs or stands still: tokens and codes expire, jobs
-- get done, dates pass.
function Sandbox:advance(seconds)
  if type(seconds) ~= "number" or not (seconds >= 0 and seconds <= 1e9) then
    error("sandbox: advance: expected seconds, 0 or more", 2)
  end
  self.server:advance(seconds)
end

--- Plays the person in a browser who opens an authorize URL of this sandbox and answers, without any HTTP.
-- @param answer url, user (e-mail or id; the first one), allow (true)
-- @return the URL that the browser is sent to, with code and state or with error and state; nil and a message when the
--   page would show a refusal instead
function Sandbox:consent(answer)
  if type(answer) ~= "table" or type(answer.url) ~= "string" then
    error("sandbox: consent: expected { url =, user =, allow = }", 2)
  end
  return self.server:consent(answer.url, answer.user, answer.allow ~= false)
end

--- The requests since the start or the last clear_requests(), oldest first (the last 100,000):
-- { method=, path= (with the query), status=, operation= (operationId, or nil), as_user= (or nil) }.
function Sandbox:requests()
  return self.server:requests()
end

function Sandbox:clear_requests()
  self.server:clear_requests()
end

--- What it holds, as lines of text.
function Sandbox:info()
  return self.server:info()
end

Sandbox.__close = Sandbox.stop

function Sandbox:__tostring()
  return "ironclad.sandbox (" .. self.url .. ")"
end

local M = {}

-- The core of the sandbox takes a list as one text with spaces.
local function joined(name, value)
  if type(value) ~= "table" then return value end
  for _, item in ipairs(value) do
    if type(item) ~= "string" or item:find "%s" then
      error(("sandbox: option '%s' must be a list of words"):format(name), 3)
    end
  end
  return table.concat(value, " ")
end

--- Starts a sandbox. Options: port (0: any free one), host ("127.0.0.1"), tls (true), token_seconds (21600),
-- code_seconds (600), job_seconds (1: what an export or another job takes), clock (ISO 8601: its time begins there and
-- stands still, but for advance(); otherwise it is this machine's), seed (a number: the same one gives the same ids,
-- codes and secrets; otherwise they never repeat), max_body (bytes, 64 MiB; what is large goes to a file in TMPDIR that
-- vanishes with it), log (a file to append a line to for each request), client_id, client_secret, redirect_uris (a
-- list: those registered beside http at this machine, whose every port and path is), scopes (a list: those that the
-- company has licensed; all known ones).
-- Answers an object with url, instance, port, client_id, client_secret, other_client_id and other_client_secret (of
-- an app that may use the client credentials grant only), as_user (the e-mail of a user who may do everything),
-- ca_file (nil without TLS) and the methods above; nil and a message when it cannot listen. An unknown option is
-- thrown.
function M.start(opts)
  local given = opts
  if type(opts) == "table" then
    given = {}
    for name, value in pairs(opts) do given[name] = value end
    given.redirect_uris = joined("redirect_uris", opts.redirect_uris)
    given.scopes = joined("scopes", opts.scopes)
  end
  local ok, server, message = pcall(httpd.start, given)
  if not ok then
    error(server, 2) -- a mistake in the options
  elseif not server then
    return nil, message
  end
  local sandbox = server:facts()
  sandbox.instance = sandbox.url
  sandbox.server = server -- collected with the sandbox, which ends it
  return setmetatable(sandbox, Sandbox)
end

return M
