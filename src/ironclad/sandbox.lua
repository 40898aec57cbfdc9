--- A local Ironclad to develop and test against: `require("ironclad.sandbox").start{ port = 0, tls = true }`.
-- It serves on a thread of its own, in this process. State is real, and gone when it stops.
local httpd = require "ironclad.httpd"
local json = require("ironclad.core").json

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

-- The controls are the methods that make happen what does not happen by itself, sandbox:NAME{ … }:
--   time      advance(seconds), clock(time)
--   tokens    expire_tokens, revoke_tokens, revoke_refresh_tokens, consent{ url =, user =, allow = }
--   people    approve{ workflow = … }, sign{ workflow = … }
--   answers   fail{ status =, times =, … }, faults, clear_faults, latency(seconds), rate_limits{ limits = },
--             max_page_size(size)
--   the log   requests, clear_requests; deliveries, clear_deliveries (of webhooks)
-- The server has the table of them with their parameters and what they do: `ironclad-sandbox --help` prints it, a
-- browser shows it at the sandbox's /_sandbox, and over HTTP they are POST /_sandbox/NAME with a JSON object. What is
-- no table is the first parameter: sandbox:advance(60). A mistake is thrown.
local controls = httpd.actions()

local function control(self, action, arguments)
  if arguments == nil then
    arguments = {}
  elseif type(arguments) ~= "table" and action.first then
    arguments = { [action.first] = arguments }
  end
  local ok, text = pcall(json.encode, arguments)
  local answer, message
  if ok then
    answer, message = self.server:control(action.name, text == "[]" and "{}" or text)
  else
    message = text
  end
  if not answer then error(("sandbox: %s: %s"):format(action.name, message), 3) end
  if answer ~= "" then return json.decode(answer) end
end

-- Where the answer is one thing, the method gives it bare.
local BARE = {
  -- The URL that the browser is sent to; nil and a message when the page would show a refusal instead.
  consent = function(answer) return answer.location, answer.refused end,
  requests = function(answer) return answer.list end,
  deliveries = function(answer) return answer.list end,
}

for _, action in ipairs(controls) do
  Sandbox[action.name] = function(self, arguments)
    local answer = control(self, action, arguments)
    if BARE[action.name] then return BARE[action.name](answer) end
    return answer
  end
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

-- Options that a method sets, by the name of its parameter.
local BEHAVIOUR = { rate_limits = "limits", latency = "seconds", max_page_size = "size" }

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

--- The company that a sandbox starts with, as JSON text: a file for the option `fixtures` can be made from it. Dates
-- may be said as days from now: "+45d", "-10d".
function M.fixtures()
  return httpd.fixtures()
end

--- Starts a sandbox. Options:
--   port            0: any free one
--   host            "127.0.0.1": name or address to listen at; any that is not this machine's own is heard by others
--   tls             true
--   clock           ISO 8601: its time begins there and stands still, but for advance(); otherwise it is this machine's
--   seed            a number: the same one gives the same ids, codes and secrets; otherwise they never repeat
--   fixtures        a JSON file with the company to start with, in the form that fixtures() gives
--   token_seconds   21600: how long an access token lives
--   code_seconds    600: how long an authorization code is good
--   job_seconds     1: what an export or another job takes, and the Archive step
--   import_credits  1000: for how many smart imports the company has paid
--   max_body        bytes, 64 MiB; what is large goes to a file in TMPDIR that vanishes with the sandbox
--   rate_limits, latency, max_page_size   as the methods of these names set them: true or a table, seconds, a number
--   client_id, client_secret              of its app
--   redirect_uris   a list: those registered beside http at this machine, whose every port and path is
--   scopes          a list: those that the company has licensed; all known ones
--   log             a file to append a line to for each request
-- An unknown or wrong option is thrown.
-- @return an object with url, instance, port, client_id, client_secret, other_client_id and other_client_secret (of an
--   app that may use the client credentials grant only), as_user (the e-mail of a user who may do everything), ca_file
--   (nil without TLS) and the methods above; nil and a message when it cannot listen, or what is wrong in a file
function M.start(opts)
  local given, behaviour = opts, {}
  if type(opts) == "table" then
    given = {}
    for name, value in pairs(opts) do
      if BEHAVIOUR[name] then behaviour[name] = value else given[name] = value end
    end
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
  setmetatable(sandbox, Sandbox)
  for name, value in pairs(behaviour) do
    ok, message = pcall(Sandbox[name], sandbox, { [BEHAVIOUR[name]] = value })
    if not ok then
      sandbox:stop()
      error(message, 2)
    end
  end
  return sandbox
end

return M
