--- What a client does about its token: the authorization code grant in two halves, asking what the token is,
-- forgetting it.
-- Ironclad's OpenAPI document (oauth-authorize, oauth-token); RFC 6749, 4.1.

local core = require "ironclad.core"
local Error = require "ironclad.error"
local run = require "ironclad.run"

local auth = {}

local DEFAULT_SCOPE = "scim.users.readUsers"

local function failure(kind, code, message)
  return Error.new {
    kind = kind, code = code, message = message, operation = "oauth-authorize", outcome = "not_done", retryable = false,
    attempts = 0,
  }
end

local function check_options(label, options, known)
  if type(options) ~= "table" then
    error(("%s: options: expected a table, got %s"):format(label, type(options)), 3)
  end
  for name, value in pairs(options) do
    if not known[name] then
      local names = {}
      for candidate in pairs(known) do names[#names + 1] = candidate end
      local nearest = core.nearest(tostring(name), names)
      error(("%s: %s: unknown option%s"):format(label, tostring(name),
        nearest and ('; did you mean "%s"?'):format(nearest) or ""), 3)
    end
    local wanted = known[name]
    if type(value) ~= wanted and not (name == "scopes" and type(value) == "string") then
      error(("%s: %s: expected a %s, got a %s"):format(label, name, wanted, type(value)), 3)
    end
  end
end

local function joined(scopes)
  local text = type(scopes) == "table" and table.concat(scopes, " ") or scopes
  if text == "" or (" " .. text .. " "):find(" " .. DEFAULT_SCOPE .. " ", 1, true) then return text end
  return text .. " " .. DEFAULT_SCOPE
end

local function must_be_personal(label, client)
  local about = core.describe(client.connection)
  if about.grant ~= "authorization_code" then
    error(('%s: connect with grant = "authorization_code"'):format(label), 3)
  end
  return about
end

--- Where to send a person's browser, so that Ironclad asks them for consent.
-- @param options redirect_uri (registered with the app; the same again in exchange), state (128 random bits unless
-- given),
--   scopes (a list or one text; the client's unless given)
-- @return the URL, and the state, to be kept with the person's session and given to exchange
function auth.authorize_url(client, options)
  check_options("authorize_url", options, { redirect_uri = "string", state = "string", scopes = "table" })
  local about = must_be_personal("authorize_url", client)
  if not options.redirect_uri then error("authorize_url: redirect_uri: missing", 2) end
  local state = options.state or core.random_hex(16)
  local query = {
    response_type = "code", client_id = about.client_id, redirect_uri = options.redirect_uri, state = state,
    scope = options.scopes and joined(options.scopes) or about.scopes,
  }
  local request = client:call("oauth-authorize", { query = query }, { dry_run = true })
  return request.url, state
end

local function decoded(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function parameters_of(url)
  local parameters = {}
  local query = url:gsub("#.*", ""):match "%?(.*)" or ""
  for name, value in query:gmatch "([^&=]+)=?([^&]*)" do parameters[decoded(name)] = decoded(value) end
  return parameters
end

local refusals = {
  access_denied = "the person declined, or may not consent for this company",
  invalid_scope = "one scope that the app or the company lacks fails them all: leave it out of `scopes` "
    .. "(default_scope = false leaves out the added " .. DEFAULT_SCOPE .. ")",
}

--- Reads what the redirect brought.
-- @return the code; or nil and an error
local function code_of(callback, options)
  if not callback:find "[/?]" then return callback end
  local given = parameters_of(callback)
  if not options.state then
    error("exchange: state: missing; give the one that authorize_url returned, so that a forged callback is refused", 3)
  end
  if not core.same(given.state or "", options.state) then
    return nil, failure("auth", "state",
      "the state of this callback is not the one that was sent: it does not answer this login")
  end
  if given.error then
    local said = given.error_description and (" (" .. given.error_description .. ")") or ""
    local advice = refusals[given.error] and "; " .. refusals[given.error] or ""
    return nil, failure("auth", given.error, ("Ironclad refused the login: %s%s%s"):format(given.error, said, advice))
  end
  if not given.code or given.code == "" then
    return nil, failure("protocol", nil, "this callback has neither a code nor an error")
  end
  return given.code
end

--- Trades the code that the redirect brought for the client's token, which is in the store before this returns.
-- @param callback the URL that the browser was sent to (or its path and query), or the code alone
-- @param options state (as authorize_url returned it; wanted with a URL), redirect_uri (the same as then)
-- @return true; or nil and an error
function auth.exchange(client, callback, options)
  if type(callback) ~= "string" or callback == "" then
    error(("exchange: expected the callback's URL or a code, got %s"):format(type(callback)), 2)
  end
  check_options("exchange", options or {}, { redirect_uri = "string", state = "string" })
  must_be_personal("exchange", client)
  if not (options and options.redirect_uri) then error("exchange: redirect_uri: missing", 2) end
  local code, err = code_of(callback, options)
  if not code then return nil, err end
  -- A code can be spent once: first of all the store must be fit to keep what it is traded for.
  local _, unfit = run.finish(core.errand(client.connection, "prepare"))
  if unfit then return nil, unfit end
  local value, problem, response = run.finish(core.errand(client.connection, "exchange", code, options.redirect_uri))
  if problem then return nil, problem, response end
  return value, nil, response
end

--- Who the token is, for which company, with which scopes, and for how long: the best test of a connection.
-- @return { user =, company =, scopes =, expires_in = seconds or nil }; or nil and an error
function auth.check(client)
  local user, err, response = client.oauth:userinfo()
  if not user then return nil, err, response end
  local company = client.oauth:company_info()
  local answer = { user = user, company = company, scopes = user.scopes }
  if core.describe(client.connection).grant ~= "token" then
    local token = run.finish(core.errand(client.connection, "inspect"))
    answer.expires_in = token and token.expires_in
  end
  return answer
end

--- Forgets the token, in the store too. Ironclad has no revocation: a copy elsewhere stays good until it expires.
-- @return true; or nil and an error
function auth.logout(client)
  return run.finish(core.errand(client.connection, "forget"))
end

return auth
