--- What a client does about its token: the authorization code grant in two halves, asking what the token is,
-- forgetting it.
-- Ironclad's OpenAPI document (oauth-authorize, oauth-token); RFC 6749, 4.1.

local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local mistake = require "ironclad.base.mistake"
local run = require "ironclad.calls.run"

local auth = {}

local DEFAULT_SCOPE = "scim.users.readUsers"

local function failure(kind, code, message)
  return Error.new {
    kind = kind, code = code, message = message, operation = "oauth-authorize", outcome = "not_done", retryable = false,
    attempts = 0,
  }
end

local function check_options(label, options, known)
  mistake.check_options(label, options, known)
  for name, value in pairs(options) do
    local wanted = known[name]
    if type(value) ~= wanted and not (name == "scopes" and type(value) == "string") then
      mistake.raise(label, "%s: expected a %s, got a %s", name, wanted, type(value))
    end
  end
end

local function joined(asked, with_default)
  local list = type(asked) == "table" and asked or { asked }
  for i, scope in ipairs(list) do
    if type(scope) ~= "string" or (type(asked) == "table" and scope:find "%s") or scope:find "," then
      mistake.raise("authorize_url", "scopes[%d]: expected a scope", i)
    end
  end
  local text = table.concat(list, " ")
  if not with_default then return text end
  if text == "" or (" " .. text .. " "):find(" " .. DEFAULT_SCOPE .. " ", 1, true) then return text end
  return text .. " " .. DEFAULT_SCOPE
end

local function must_be_personal(label, client)
  local about = core.describe(client.connection)
  if about.grant ~= "authorization_code" then
    mistake.raise(label, 'connect with grant = "authorization_code"')
  end
  return about
end

--- Where to send a person's browser, so that Ironclad asks them for consent.
-- @param options redirect_uri (registered with the app; the same again in exchange), state (128 random bits unless
-- given),
--   scopes (a list or one text; the client's unless given)
-- @return the URL, and the state, to be kept with the person's session and given to exchange
function auth.authorize_url(client, options)
  run.check_client("authorize_url", client)
  check_options("authorize_url", options, { redirect_uri = "string", state = "string", scopes = "table" })
  local about = must_be_personal("authorize_url", client)
  if not options.redirect_uri then mistake.raise("authorize_url", "redirect_uri: missing") end
  if options.state == "" then mistake.raise("authorize_url", "state: must not be empty") end
  local state = options.state or core.random_hex(16)
  local query = {
    response_type = "code", client_id = about.client_id, redirect_uri = options.redirect_uri, state = state,
    scope = options.scopes and joined(options.scopes, about.default_scope) or about.scopes,
  }
  local request = client:call("oauth-authorize", { query = query }, { dry_run = true })
  return request.url, state
end

local function decoded(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function parameters_of(url)
  local parameters = {}
  local text = url:gsub("#.*", "")
  local query = text:match "%?(.*)" or text
  for name, value in query:gmatch "([^&=]+)=?([^&]*)" do
    name = decoded(name)
    -- RFC 6749, 3.1: none may come twice; the second might be somebody else's.
    if parameters[name] then return nil end
    parameters[name] = decoded(value)
  end
  return parameters
end

local refusals = {
  access_denied = "the person declined, or may not consent for this company",
  invalid_scope = "one scope that the app or the company lacks fails them all: leave it out of `scopes` "
    .. "(default_scope = false leaves out the added " .. DEFAULT_SCOPE .. ")",
}

--- Reads what the redirect brought.
-- @return the code; or nil and an error
-- Whether it is a callback's URL, its path and query or its query alone, and not a bare code.
local function is_callback(text)
  if text:find("?", 1, true) or text:find "^/" or text:find "^%a+://" then return true end
  return text:find "^code=" or text:find "^state=" or text:find "^error="
end

local function code_of(callback, options, about)
  if not is_callback(callback) then
    if options.state then
      mistake.raise("exchange",
        "state: goes with the callback's URL or query, which holds the state to compare it with")
    end
    return callback
  end
  local given = parameters_of(callback)
  if not given then return nil, failure("protocol", nil, "this callback holds a parameter twice") end
  if not options.state or options.state == "" then
    mistake.raise("exchange",
      "state: missing; give the one that authorize_url returned, so that a forged callback is refused")
  end
  if not given.state or not core.same(given.state, options.state) then
    return nil, failure("auth", "state",
      "the state of this callback is not the one that was sent: it does not answer this login")
  end
  if given.error then
    local said = given.error_description and (" (" .. given.error_description .. ")") or ""
    local advice = refusals[given.error] and "; " .. refusals[given.error] or ""
    local asked = given.error == "invalid_scope" and about.scopes and "; asked for: " .. about.scopes or ""
    return nil, failure("auth", given.error,
      ("Ironclad refused the login: %s%s%s%s"):format(given.error, said, advice, asked))
  end
  if not given.code or given.code == "" then
    return nil, failure("protocol", nil, "this callback has neither a code nor an error")
  end
  return given.code
end

-- With the option `callback` fn(...) goes on in the background, and the task is returned.
local function perform(client, options, fn, ...)
  local callback = options and options.callback
  if callback then return run.aside(client, callback, fn, ...) end
  return fn(...)
end

local function trade(client, code, redirect_uri)
  -- A code can be spent once: first of all the store must be fit to keep what it is traded for.
  local _, unfit = run.finish(run.internal(client, "prepare"))
  if unfit then return nil, unfit end
  local value, problem, response = run.finish(run.internal(client, "exchange", code, redirect_uri))
  if problem then return nil, problem, response end
  return value, nil, response
end

--- Trades the code that the redirect brought for the client's token, which is in the store before this returns.
-- @param callback the URL that the browser was sent to (or its path and query), or the code alone
-- @param options state (as authorize_url returned it; wanted with a URL), redirect_uri (the same as then), callback
--   (a function that is given what is returned otherwise)
-- @return true; or nil and an error
function auth.exchange(client, callback, options)
  run.check_client("exchange", client)
  if type(callback) ~= "string" or callback == "" then
    mistake.raise("exchange", "expected the callback's URL or a code, got %s",
      callback == "" and "an empty string" or mistake.type_of(callback))
  end
  check_options("exchange", options or {}, { redirect_uri = "string", state = "string", callback = "function" })
  local about = must_be_personal("exchange", client)
  if not (options and options.redirect_uri) then mistake.raise("exchange", "redirect_uri: missing") end
  local code, err = code_of(callback, options, about)
  if not code then return perform(client, options, function() return nil, err end) end
  return perform(client, options, trade, client, code, options.redirect_uri)
end

local function ask_who(client)
  local user, err, response = client.oauth:userinfo()
  if not user then return nil, err, response end
  local company, refusal, refused = client.oauth:company_info()
  if not company then return nil, refusal, refused end
  if type(user) ~= "table" or type(company) ~= "table" then
    return nil, Error.new { kind = "protocol", message = "Ironclad did not answer who the token is",
      operation = "check", outcome = "not_done", retryable = false, attempts = 1 }, response
  end
  local answer = { user = user, company = company, scopes = user.scopes }
  if core.describe(client.connection).grant ~= "token" then
    local token = run.finish(run.internal(client, "inspect"))
    answer.expires_in = token and token.expires_in
  end
  return answer
end

--- Who the token is, for which company, with which scopes, and for how long: the best test of a connection.
-- @param options callback
-- @return { user =, company =, scopes =, expires_in = seconds or nil }; or nil and an error
function auth.check(client, options)
  run.check_client("check", client)
  check_options("check", options or {}, { callback = "function" })
  return perform(client, options, ask_who, client)
end

local function forget(client) return run.finish(run.internal(client, "forget")) end

--- Forgets the token, in the store too. Ironclad has no revocation: a copy elsewhere stays good until it expires.
-- @param options callback
-- @return true; or nil and an error
function auth.logout(client, options)
  run.check_client("logout", client)
  check_options("logout", options or {}, { callback = "function" })
  return perform(client, options, forget, client)
end

return auth
