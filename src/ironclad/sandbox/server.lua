--- A local Ironclad to develop and test against: `require("ironclad.sandbox").start{ port = 0, tls = true }`.
-- It runs on its own thread in this process. Everything it creates is kept in memory until it stops.
local core = require "ironclad.sandbox.core"
local ironclad_core = require "ironclad.core"
local json = ironclad_core.json
local mistake = require "ironclad.base.mistake"
local names = require "ironclad.base.names"

local Sandbox = {}
Sandbox.__name = "ironclad.sandbox"

local function check_options(name, opts, ...)
  local label = "sandbox:" .. name
  mistake.check_surplus(label, ...)
  if opts ~= nil and type(opts) ~= "table" then
    mistake.raise(label, "expected a table of options, got %s", mistake.type_of(opts))
  end
end

--- The options of `ironclad.connect` and `ironclad.login` for this sandbox. `opts` overrides them. With a static
-- `token`, the client id and secret are left out. With a user's token, `as_user` is left out unless `opts` has it.
function Sandbox:options(opts, ...)
  check_options("options", opts, ...)
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

--- Connects to the sandbox with `self:options(opts)`.
function Sandbox:connect(opts, ...)
  check_options("connect", opts, ...)
  return require("ironclad").connect(self:options(opts))
end

--- A client of the sandbox's Clickwrap. `opts` are options of `ironclad.clickwrap`, which override the sandbox's;
-- false leaves one out.
function Sandbox:clickwrap(opts, ...)
  check_options("clickwrap", opts, ...)
  local about = self:clickwrap_settings()
  local settings = {
    activity_host = about.url, rest_host = about.url, site_access_id = about.site_access_id,
    api_token = about.api_token, ca_file = self.ca_file,
  }
  for name, value in pairs(opts or {}) do settings[name] = value or nil end
  return require("ironclad").clickwrap(settings)
end

--- Closes all connections and removes the certificate. Calling it again does nothing.
function Sandbox:stop()
  self.server:stop()
end

-- The controls are methods, sandbox:NAME{ … }, for what a client of the API cannot do:
--   time      advance(seconds), clock(time)
--   tokens    expire_tokens, revoke_tokens, revoke_refresh_tokens, consent{ url =, user =, allow = }
--   clickwrap clickwrap_settings{ … }, clickwrap_publish{ contract =, major = }, clickwrap_edit,
--             clickwrap_add_contract, clickwrap_publish_group, clickwrap_webhook{ url =, token = },
--             clickwrap_test_webhook(id), clickwrap_sign{ request =, signer = }
--   people    approve{ workflow = … }, sign{ workflow = … }
--   answers   fail{ status =, times =, … }, faults, clear_faults, latency(seconds), rate_limits{ limits = },
--             max_page_size(size)
--   the log   requests, clear_requests
--   webhooks  deliveries, delivery_status, clear_deliveries; hold_deliveries, release_deliveries{ ids =, reverse = },
--             delay_deliveries(seconds), duplicate_deliveries(copies), deliveries_at_once(count), redeliver(id),
--             send_event{ event =, payload =, forge =, … }, rotate_webhook_key,
--             call_provider{ url =, operation =, forge = }
-- `ironclad-sandbox --help` and the page /_sandbox of the sandbox list them with their parameters. Over HTTP they are
-- POST /_sandbox/NAME with a JSON object. An argument that is not a table is the first parameter: sandbox:advance(60).
-- A wrong argument throws.
local controls = core.actions()

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
  if not answer then mistake.raise("sandbox", "%s: %s", action.name, message) end
  if answer ~= "" then return json.decode(answer) end
end

-- Methods that return one member of the answer instead of a table.
local BARE = {
  -- The URL that the browser is redirected to; nil and a message when the page would show an error instead.
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

--- Describes the sandbox in lines of text: its address, client id and secret, users and templates.
function Sandbox:info()
  return self.server:info()
end

-- The pauses between two checks of the deliveries, in seconds: the first, and the longest.
local FIRST_PAUSE, LONGEST_PAUSE = 0.001, 0.02

-- Lets this state's tasks run meanwhile, one of which may be the receiver. Plain Lua 5.1 has no tasks that wait.
local function pause(client, seconds)
  local run, loop = require "ironclad.calls.run", client.loop
  if loop.name ~= "plain" or loop.current() or require("ironclad.loop.task").count() == 0 then
    return run.sleep(client, seconds)
  end
  local task = loop.spawn(nil, run.sleep, client, seconds)
  loop.join(task)
  return true
end

local function settle(self, timeout)
  local client, began, step = nil, ironclad_core.monotonic(), FIRST_PAUSE
  while true do
    local status = self:delivery_status()
    if status.settled then return status end
    if ironclad_core.monotonic() - began >= timeout then
      return nil, ("deliveries: not settled after %g seconds"):format(timeout)
    end
    client = client or self:connect()
    local rested, err = pause(client, step)
    if not rested then return nil, tostring(err) end
    step = math.min(step * 2, LONGEST_PAUSE)
  end
end

--- Waits until no delivery is being sent or due: each that is left is held, or waits for a later time of the sandbox's
-- clock. Other tasks run meanwhile.
-- @param timeout seconds of real time; default: 30
-- @return what delivery_status answers; nil and a message after the timeout
local function settle_deliveries(self, timeout)
  if timeout ~= nil and (type(timeout) ~= "number" or timeout < 0 or timeout ~= timeout) then
    mistake.raise("sandbox", "settle_deliveries: expected seconds, got %s", mistake.type_of(timeout))
  end
  return settle(self, timeout or 30)
end

Sandbox.__close = Sandbox.stop

function Sandbox:__tostring()
  return "ironclad.sandbox (" .. self.url .. ")"
end

local methods = {}
for name in pairs(Sandbox) do
  if not name:find "^__" then methods[#methods + 1] = name end
end
mistake.need_object(Sandbox, Sandbox, "sandbox", methods)
mistake.guard_all(Sandbox)
Sandbox.settle_deliveries = settle_deliveries
mistake.need_object(Sandbox, Sandbox, "sandbox", { "settle_deliveries" })
Sandbox.settle_deliveries = mistake.guard_waiting(Sandbox.settle_deliveries)
names.strict("the sandbox", Sandbox, { ca_file = true })
Sandbox.__index = Sandbox

local M = {}

-- Options of start() that call the control of the same name -> the control's parameter.
local BEHAVIOUR = { rate_limits = "limits", latency = "seconds", max_page_size = "size" }

-- The C code takes a list as one string, separated by spaces.
local function joined(name, value)
  if type(value) ~= "table" then return value end
  local fault = mistake.list_fault(value)
  if fault then mistake.raise("sandbox", "option '%s' must be a list of words: %s", name, fault) end
  for _, item in ipairs(value) do
    if type(item) ~= "string" or item:find "%s" then
      mistake.raise("sandbox", "option '%s' must be a list of words", name)
    end
  end
  return table.concat(value, " ")
end

--- The built-in company as JSON text: a starting point for a file for the option `fixtures`. Dates may be relative to
-- now, in days: "+45d", "-10d".
function M.fixtures()
  return core.fixtures()
end

--- Starts a sandbox. Options:
--   port            0 (default): any free port
--   host            "127.0.0.1" (default): name or address to listen on; other machines reach any but a loopback one
--   tls             true (default): https with a certificate made at the start; false: plain http
--   clock           ISO 8601: its time starts there and only advance() moves it; default: the time of this machine
--   seed            a number: the same seed gives the same ids, codes and secrets; default: they are random
--   fixtures        a JSON file with the company to start with, in the form of fixtures()
--   token_seconds   21600 (default): lifetime of an access token
--   code_seconds    600 (default): lifetime of an authorization code
--   job_seconds     1 (default): duration of an export or another job, and of the Archive step
--   import_credits  1000 (default): smart imports that the company has paid for
--   max_body        67108864 (default): bytes in a request's body; large ones are kept in a temporary file in TMPDIR
--   rate_limits, latency, max_page_size   as set by these controls: true or a table; seconds; a number
--   client_id, client_secret              of its first app
--   clickwrap_port  0 (default): any free port; that of its Clickwrap, whose address is `clickwrap_url`
--   redirect_uris   a list: registered redirect URIs; http on this machine, any port and path, always is
--   scopes          a list: scopes that the company has licensed; default: all
--   deliver_to      which webhooks are sent events: "local" (default), those whose target is on this machine; "any";
--                   "none"
--   deliver_ca_file certificates (PEM) that verify https targets; default: the system's
--   log             a file: one line is appended for each request
-- It answers under the names of this machine (localhost and so on) and under `host`, and refuses requests that other
-- web pages send.
-- An unknown or wrong option throws.
-- @return an object with the methods above and the fields url, instance, port, client_id, client_secret,
--   other_client_id and other_client_secret (of an app that may use the client credentials grant only), as_user (the
--   e-mail of a user who may do everything) and ca_file (nil without TLS); nil and a message when it cannot listen or a
--   file cannot be read
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
  local ok, server, message = pcall(core.start, given)
  if not ok then
    mistake.raise(nil, server) -- a wrong option
  elseif not server then
    return nil, message
  end
  local sandbox = server:facts()
  sandbox.instance = sandbox.url
  sandbox.server = server -- when the sandbox is collected, so is the server, which stops it
  setmetatable(sandbox, Sandbox)
  for name, value in pairs(behaviour) do
    ok, message = pcall(Sandbox[name], sandbox, { [BEHAVIOUR[name]] = value })
    if not ok then
      sandbox:stop()
      error(message, 0)
    end
  end
  return sandbox
end

return mistake.guard_all(mistake.need_dot(M, "ironclad.sandbox"))
