--- A local Ironclad to develop and test against: `require("ironclad.sandbox").start{ port = 0, tls = true }`.
-- It serves on a thread of its own, in this process. State is real, and gone when it stops.
local httpd = require "ironclad.httpd"

local Sandbox = {}
Sandbox.__index = Sandbox
Sandbox.__name = "ironclad.sandbox"

--- A client of the sandbox: `ironclad.connect` with everything filled in; `opts` wins, and a static `token` of its
-- own goes without the client's id and secret.
function Sandbox:connect(opts)
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
  return require("ironclad").connect(settings)
end

--- Ends all connections and removes the certificate. May be called again.
function Sandbox:stop()
  self.server:stop()
end

--- Every token handed out so far is from now on answered with 401 "token has expired".
function Sandbox:expire_tokens()
  self.server:expire_tokens()
end

--- The same with "token has been revoked".
function Sandbox:revoke_tokens()
  self.server:revoke_tokens()
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

--- Starts a sandbox. Options: port (0: any free one), host ("127.0.0.1"), tls (true), token_seconds (21600),
-- max_body (bytes, 64 MiB), log (a file to append a line to for each request), client_id, client_secret.
-- Answers an object with url, instance, port, client_id, client_secret, as_user (the e-mail of a user who may do
-- everything), ca_file (nil without TLS) and the methods above; nil and a message when it cannot listen. An
-- unknown option is thrown.
function M.start(opts)
  local ok, server, message = pcall(httpd.start, opts)
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
