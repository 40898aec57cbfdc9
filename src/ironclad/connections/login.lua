--- Logging in at a terminal: the authorization code grant with the person's browser and a listener on this machine for
-- the redirect. Sources: RFC 8252, section 7.3; Ironclad's OpenAPI document (oauth-authorize, oauth-token).

local lazy = require "ironclad.base.lazy"
local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local mistake = require "ironclad.base.mistake"

local DEFAULT_URI = "http://localhost:8765/callback"
local SECONDS = 180
local LABEL = "ironclad.login"

local listening_hosts = { localhost = "localhost", ["127.0.0.1"] = "127.0.0.1", ["[::1]"] = "::1" }

local function failure(kind, message)
  return Error.new {
    kind = kind, message = message, operation = "oauth-authorize", outcome = "not_done", retryable = false,
    attempts = 0,
  }
end

-- Where to listen for a redirect URI; nil and a message.
local function address_of(uri)
  if type(uri) ~= "string" then return nil, "expected a string, got " .. type(uri) end
  local host, port, path = uri:match "^http://([^/:?#%[]+):(%d+)(.*)$"
  if not host then host, port, path = uri:match "^http://(%[[^/?#%]]+%]):(%d+)(.*)$" end
  if not listening_hosts[host] or tonumber(port) > 65535 or path:find "[?#%s%c]" or path:find "^[^/]" then
    return nil, ("expected http at localhost, 127.0.0.1 or [::1], with a port and a path, as in %s; got %s"):format(
      DEFAULT_URI, uri)
  end
  return { host = host, port = tonumber(port), path = path }
end

-- Splits the options into those of the login and those of the connection.
local function take_options(options)
  local login = { redirect_uri = DEFAULT_URI, browser = true, timeout = SECONDS }
  local connection = { grant = "authorization_code" }
  local own, known = { "redirect_uri", "browser", "timeout" }, {}
  for _, name in ipairs(core.options "connect") do known[name] = true end
  for name, value in pairs(options) do
    local nearest = not known[name] and login[name] == nil and core.nearest(tostring(name), own)
    if nearest then
      mistake.raise(LABEL, "%s: unknown option%s", tostring(name), mistake.meant(nearest))
    end
    if login[name] ~= nil then login[name] = value else connection[name] = value end
  end
  local kind = type(login.browser)
  if kind ~= "boolean" and kind ~= "function" then
    mistake.raise(LABEL, "browser: expected true, false or a function, got a %s", kind)
  end
  if type(login.timeout) ~= "number" or not (login.timeout > 0 and login.timeout <= 86400) then
    mistake.raise(LABEL, "timeout: expected a number of seconds up to 86400, got %s",
      mistake.value_of(login.timeout))
  end
  if connection.grant ~= "authorization_code" or connection.token then
    mistake.raise(LABEL, 'a login needs grant = "authorization_code", and no static token')
  end
  local address, objection = address_of(login.redirect_uri)
  if not address then mistake.raise(LABEL, "redirect_uri: %s", objection) end
  login.address = address
  return login, connection
end

-- The module with the listener; nil and a message in a build without libmicrohttpd.
local function load_listener()
  local found, module = pcall(require, "ironclad.listener")
  if found then return module end
  if tostring(module):find("module 'ironclad.listener' not found", 1, true) then
    return nil, "this build of ironclad has no listener for the redirect: install libmicrohttpd with its headers "
      .. "(libmicrohttpd-dev on Debian), then build and install ironclad again"
  end
  return nil, tostring(module)
end

local function start_listener(module, login)
  local address = login.address
  local listener, message = module.listen_callback {
    host = listening_hosts[address.host], port = address.port, path = address.path == "" and "/" or address.path,
    seconds = login.timeout,
  }
  if not listener then
    return nil, failure("io", ("%s; the redirect URI %s needs that port: end the program that uses it, or register "
      .. "another URI with the app and give it as redirect_uri"):format(message, login.redirect_uri))
  end
  return listener
end

local function print_url(url)
  io.stderr:write("To log in to Ironclad, open this address in a browser on this machine:\n  ", url, "\n")
  io.stderr:flush()
end

local function show_url(listener, browser, url)
  if type(browser) == "function" then
    browser(url)
  elseif not browser or not listener:open_browser(url) then
    print_url(url)
  end
end

-- Waits for the redirect of this login. Returns true; nil and an error.
local function await_redirect(client, listener, login)
  local address = login.address
  local uri = ("http://%s:%d%s"):format(address.host, listener:port(), address.path)
  local url, state = client:authorize_url { redirect_uri = uri }
  show_url(listener, login.browser, url)
  while true do
    local callback = listener:wait()
    if callback then
      local done, err = client:exchange(callback, { state = state, redirect_uri = uri })
      if done then
        listener:answer(200, "You are logged in", "You can close this window and go back to where you came from.")
        return true
      elseif err.code ~= "state" then
        listener:answer(400, "You are not logged in", err.message)
        return nil, err
      end
      listener:answer(400, "This is not the login that was started", "Go back to the page of the login that is open.")
    elseif callback == nil then
      return nil, failure("timeout", ("nobody has answered the login at %s within %g seconds"):format(uri,
        login.timeout))
    elseif listener:browser_failed() then
      print_url(url)
    end
  end
end

--- Logs a person in with their browser, and keeps the token in the connection's store. Not in nginx.
-- @param options those of ironclad.connect for the authorization code grant (or the name of a connection), and:
--   redirect_uri: registered with the app; http on localhost, 127.0.0.1 or [::1] with a port, where 0 means any free
--     port (http://localhost:8765/callback)
--   browser: true opens one, false prints the address to stderr, a function is called with the address (true)
--   timeout: how many seconds the person has (180). This is not the timeout of the connection's calls
-- @return a client; nil and an error: auth (declined or refused), timeout, io (the port is taken), or that of a call
return function(options, ...)
  mistake.check_surplus(LABEL, ...)
  if type(options) == "string" then options = { name = options } end
  if type(options) ~= "table" then
    mistake.raise(LABEL, "expected a table of options or the name of a connection, got %s", mistake.type_of(options))
  elseif ngx and ngx.get_phase then
    mistake.raise(LABEL, "is for a person at a terminal; in nginx use client:authorize_url and client:exchange")
  end
  local login, connection = take_options(options)
  local module, missing = load_listener()
  if not module then mistake.raise(LABEL, "%s", missing) end
  local client = lazy.load("ironclad.client").open(LABEL, connection)
  if core.describe(client.connection).grant ~= "authorization_code" then
    mistake.raise(LABEL, 'the connection is not for grant = "authorization_code"')
  end
  local listener, problem = start_listener(module, login)
  if not listener then return nil, problem end
  -- Ctrl-C raises its error in this pcall. The port must be freed then.
  local fine, done, err = pcall(await_redirect, client, listener, login)
  listener:close()
  if not fine then error(done, 0) end
  if not done then return nil, err end
  return client
end
