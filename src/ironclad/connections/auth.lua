--- Methods of a client that concern its token: authorize_url and exchange (the authorization code grant), check,
-- logout. Sources: Ironclad's OpenAPI document (oauth-authorize, oauth-token); RFC 6749, section 4.1.

local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local mistake = require "ironclad.base.mistake"
local percent = require "ironclad.base.percent"
local run = require "ironclad.calls.run"

local auth = {}

local DEFAULT_SCOPE = "scim.users.readUsers"

local function failure(kind, code, message)
  return Error.new {
    kind = kind, code = code, message = message, operation = "oauth-authorize", outcome = "not_done", retryable = false,
    attempts = 0,
  }
end

local function check_auth_options(label, options, known)
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
  local fault = mistake.list_fault(list)
  if fault then mistake.raise("authorize_url", "scopes: expected a list of scopes: %s", fault) end
  for i, scope in ipairs(list) do
    if type(scope) ~= "string" or (type(asked) == "table" and scope:find "%s") or scope:find "," then
      mistake.raise("authorize_url", "scopes[%d]: expected a scope, got %s", i,
        type(scope) == "string" and "a string with a space or a comma" or mistake.value_of(scope))
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

--- The URL at which Ironclad asks a person for consent: send their browser there. Needs a client with grant =
-- "authorization_code".
-- @param options
--   redirect_uri: registered with the app; must be given to exchange, too
--   state: a text that cannot be guessed (default: 128 random bits)
--   scopes: a list, or one text with spaces (default: those of the client)
-- @return the URL; and the state, to keep with the person's session for exchange
function auth.authorize_url(client, options)
  run.check_client("authorize_url", client)
  check_auth_options("authorize_url", options, { redirect_uri = "string", state = "string", scopes = "table" })
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

-- The parameters of a URL or a query: name -> value; and the name of one that occurs twice, or nil.
local function parameters_of(url)
  local parameters, twice = {}, nil
  local text = url:gsub("#.*", "")
  local query = text:match "%?(.*)" or text
  for encoded, value in query:gmatch "([^&=]+)=?([^&]*)" do
    local name = percent.decode_form(encoded)
    if parameters[name] then twice = twice or name else parameters[name] = percent.decode_form(value) end
  end
  return parameters, twice
end

local refusals = {
  access_denied = "the person declined, or may not consent for this company",
  invalid_scope = "if the app or the company lacks one scope, none is granted: leave that one out of `scopes` "
    .. "(default_scope = false leaves out the added " .. DEFAULT_SCOPE .. ")",
}

-- Whether a text is the URL of a callback, its path and query, or its query; otherwise it is a bare code.
local function is_callback(text)
  if text:find("?", 1, true) or text:find "^/" or text:find "^%a+://" then return true end
  return text:find "^code=" or text:find "^state=" or text:find "^error="
end

-- The code from the redirect; nil and an error.
local function code_of(callback, options, about)
  if not is_callback(callback) then
    if options.state then
      mistake.raise("exchange",
        "state: give it together with the callback's URL or query, which has the state that it is compared with")
    end
    return callback
  end
  local given, twice = parameters_of(callback)
  if not options.state or options.state == "" then
    mistake.raise("exchange",
      "state: missing; give the one that authorize_url returned, so that a forged callback is refused")
  end
  -- The state is checked first: any web page can send a browser to the redirect URI, and must not be able to end this
  -- login.
  if not given.state or twice == "state" or not core.same(given.state, options.state) then
    return nil, failure("auth", "state",
      "the state of this callback is not the one that was sent: it does not answer this login")
  end
  -- RFC 6749, 3.1, forbids it: an attacker may have added the second.
  if twice then return nil, failure("protocol", nil, ("this callback has the parameter %s twice"):format(twice)) end
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

-- Calls fn(...). With the option `callback` it runs in the background, and the task is returned.
local function in_background_or_now(client, options, fn, ...)
  local callback = options and options.callback
  if callback then return run.aside(client, callback, fn, ...) end
  return fn(...)
end

local function exchange_code(client, code, redirect_uri)
  -- A code can be used only once: check first that the store can keep the token.
  local _, unfit = run.finish(run.internal(client, "prepare"))
  if unfit then return nil, unfit end
  local value, problem, response = run.finish(run.internal(client, "exchange", code, redirect_uri))
  if problem then return nil, problem, response end
  return value, nil, response
end

--- Exchanges the code from the redirect for the client's token. The token is saved in the store before this returns.
-- @param callback the URL that the browser was redirected to (or its path and query), or only the code
-- @param options
--   redirect_uri: the same as for authorize_url
--   state: what authorize_url returned; required with a URL, not allowed with only a code
--   callback: function(value, err); exchange returns a task at once
-- @return true; nil and an error
function auth.exchange(client, callback, options)
  run.check_client("exchange", client)
  if type(callback) ~= "string" or callback == "" then
    mistake.raise("exchange", "expected the callback's URL or a code, got %s",
      callback == "" and "an empty string" or mistake.type_of(callback))
  end
  check_auth_options("exchange", options or {}, { redirect_uri = "string", state = "string", callback = "function" })
  local about = must_be_personal("exchange", client)
  if not (options and options.redirect_uri) then mistake.raise("exchange", "redirect_uri: missing") end
  local code, err = code_of(callback, options, about)
  if not code then return in_background_or_now(client, options, function() return nil, err end) end
  return in_background_or_now(client, options, exchange_code, client, code, options.redirect_uri)
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

--- Who the token is for, its company, its scopes and its remaining lifetime. The best test of a connection.
-- @param options callback: function(value, err)
-- @return { user =, company =, scopes =, expires_in = seconds or nil }; nil and an error
function auth.check(client, options)
  run.check_client("check", client)
  check_auth_options("check", options or {}, { callback = "function" })
  return in_background_or_now(client, options, ask_who, client)
end

local function forget(client) return run.finish(run.internal(client, "forget")) end

--- Deletes the token, also from the store. Ironclad cannot revoke tokens: a copy of the token works until it expires.
-- @param options callback: function(value, err)
-- @return true; nil and an error
function auth.logout(client, options)
  run.check_client("logout", client)
  check_auth_options("logout", options or {}, { callback = "function" })
  return in_background_or_now(client, options, forget, client)
end

return auth
