--- Actions of the Activity API: what a script says about a person and some terms, as the body of `send`.
--
-- A script gives these fields; the others are those of the method (accept.lua, signers.lua):
--
--   signer            the person's id: a text or a whole number. Any characters; it is encoded where it is sent
--   group             the key of a group (a text) or its id (a number)
--   versions          the versions that were shown: { [contract id] = version id }, or a list of version ids
--   terms             what cw:terms returned: stands for group, versions and render_id
--   render_id         of cw:terms, when the terms had render data
--   render_data       the render data, to be kept with the action
--   custom            a table of your own fields, to be kept with the action
--   connection        what is known of the person's browser: the fields of Clickwrap's connection_data (below)
--   time              when it happened: ISO 8601, Unix seconds, or an ironclad.date with a time
--   test              true: test mode, whose actions can be deleted in the web app
--   execution_method  such as "click_to_accept"
--   confirmation_email  true: Clickwrap sends the person an e-mail
--   extra             further fields, by the short names of the Activity API, such as { slo = "checkout" }
--
-- Source: Clickwrap's reference of /send and its parameters; Ironclad's document of the Activity API.

local copy = require "ironclad.base.copy"
local common = require "ironclad.clickwrap.common"
local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"
local moment = require "ironclad.base.moment"
local run = require "ironclad.calls.run"
local values = require "ironclad.values.values"

local action = {}

--- The fields of custom data that hold the key of an acceptance, and, in test mode only, true: an activity does not say
-- in which mode it was recorded.
action.KEY, action.TEST = "acceptance_key", "acceptance_test"

-- Fields of connection_data -> their names in `send`.
local connection_names = {
  remote_address = "addr", user_agent = "bua", page_title = "pat", page_url = "pau", page_domain = "pad",
  page_path = "pap", page_query = "paq", hostname = "hn", referrer = "ref", browser_timezone = "btz",
  browser_locale = "bl", operating_system = "os", environment = "env", screen_color_depth = "scd",
  screen_resolution = "res",
}

--- The names of the fields above.
action.fields = { "signer", "group", "versions", "terms", "render_id", "render_data", "custom", "connection", "time",
  "test", "execution_method", "confirmation_email", "extra" }

--- The options that are passed on to each request.
action.call_options = { "timeout", "max_retries", "headers" }

-- Fields that are sent as they are -> their type and their names in `send`.
local plain_fields = {
  render_id = { "string", "rdid" }, render_data = { "table", "rnd" }, test = { "boolean", "tm" },
  execution_method = { "string", "em" }, confirmation_email = { "boolean", "cnf" },
}

-- The arguments in which a script gives the fields that the request has under these names.
local given_names = { vid = "versions", cid = "versions", cus = "custom", sig = "signer", gkey = "group", gid = "group",
  ts = "time" }
for name, field in pairs(plain_fields) do given_names[field[2]] = name end
for name, field in pairs(connection_names) do given_names[field] = "connection." .. name end

-- What each method sets itself: the event, and that the answer is JSON and not an image.
local set_names = mistake.set { "et", "server_side", "_srv", "sid", "site_id" }

-- Whether a number is whole, and exact on every Lua.
local function is_whole(given) return given % 1 == 0 and math.abs(given) <= 2 ^ 53 end

--- The text of a signer's id. It is also part of paths of the REST API.
function action.signer(label, given)
  if type(given) == "number" and is_whole(given) then given = ("%d"):format(given) end
  if type(given) ~= "string" or given == "" then
    mistake.raise(label, "signer: expected the id of a person, got %s",
      given == "" and "an empty string" or mistake.type_of(given))
  end
  if given:find "[%z\1-\31\127]" then mistake.raise(label, "signer: must not hold control characters") end
  if given == "." or given == ".." then mistake.raise(label, 'signer: must not be "." or ".."') end
  if not pcall(core.json.encode, given) then mistake.raise(label, "signer: is not UTF-8") end
  return given
end

--- Whether a number can be the id of a group.
function action.is_group_id(number) return is_whole(number) and number > 0 end

--- The key of a group, or its id as a number.
function action.group(label, given)
  if type(given) == "number" and action.is_group_id(given) then return given end
  if type(given) ~= "string" or given == "" then
    mistake.raise(label, "group: expected the key of a group or its id, got %s",
      given == "" and "an empty string" or mistake.type_of(given))
  end
  return given
end

-- The text of an id, which is sent in lists separated by commas.
local function identifier(label, what, given)
  if type(given) == "number" and is_whole(given) then given = ("%d"):format(given) end
  if type(given) ~= "string" or given == "" or given:find "[,%s]" then
    mistake.raise(label, "%s: expected an id without commas and spaces, got %s", what, mistake.shown(given))
  end
  return given
end

local function by_contract(a, b) return common.before(a.contract, b.contract) end

-- Raises a mistake when two of the versions have the same id. It would be stored twice.
local function check_repeats(label, wanted, field)
  local known = {}
  for _, one in ipairs(wanted) do
    if known[one[field]] then mistake.raise(label, "versions: %s %s is given twice", field, one[field]) end
    known[one[field]] = true
  end
end

--- The versions as a list of { contract = id or nil, version = id }, those with a contract sorted by it.
-- @param given { [contract id] = version id }, or a list of version ids
function action.wanted(label, given)
  if type(given) ~= "table" then
    mistake.raise(label, "versions: expected a table, got %s", mistake.type_of(given))
  end
  local wanted = {}
  -- Contract ids are large numbers or texts: a table with [1] is a list, as far as all its keys are 1 to n.
  if #given > 0 then
    for contract in pairs(given) do
      if type(contract) ~= "number" or contract > #given then
        mistake.raise(label, "versions: expected { [contract id] = version id } or a list of version ids, got both")
      end
    end
    local fault = mistake.list_fault(given)
    if fault then mistake.raise(label, "versions: expected a list of version ids: %s", fault) end
    for i, version in ipairs(given) do
      wanted[i] = { version = identifier(label, ("versions[%d]"):format(i), version) }
    end
    check_repeats(label, wanted, "version")
  else
    for contract, version in pairs(given) do
      wanted[#wanted + 1] = { contract = identifier(label, "versions: contract", contract),
        version = identifier(label, ("versions[%s]"):format(tostring(contract)), version) }
    end
    table.sort(wanted, by_contract)
    check_repeats(label, wanted, "contract")
  end
  if #wanted == 0 then mistake.raise(label, "versions: expected at least one, got none") end
  return wanted
end

local function object(label, name, given)
  if type(given) ~= "table" or #given > 0 then
    mistake.raise(label, "%s: expected a table of fields, got %s", name,
      type(given) == "table" and "a list" or mistake.type_of(given))
  end
  return given
end

local function add_connection(label, body, given)
  object(label, "connection", given)
  local objection = mistake.unknown(given, connection_names, "field of connection")
  if objection then mistake.raise(label, "connection." .. objection) end
  for name, value in pairs(given) do
    if type(value) ~= "string" then
      mistake.raise(label, "connection.%s: expected a text, got %s", name, mistake.type_of(value))
    end
    body[connection_names[name]] = value
  end
end

-- A larger number counts milliseconds: as seconds it would be the year 5138.
local LARGEST_SECOND = 1e11

local function time_of(label, given)
  if type(given) == "number" and given >= 0 and given < LARGEST_SECOND then
    return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(given))
  end
  if values.kind(given) == "date" then given = tostring(given) end
  if type(given) == "string" and given:find("T", 1, true) and moment.read(given) then return given end
  mistake.raise(label, "time: expected ISO 8601 or Unix seconds, got %s",
    type(given) == "number" and tostring(given) or mistake.shown(given))
end

local function custom_of(label, given)
  local custom = {}
  for name, value in pairs(object(label, "custom", given or {})) do
    if name == action.KEY then mistake.raise(label, "custom.%s: is set by the argument `key`", name) end
    if name == action.TEST then mistake.raise(label, "custom.%s: is set by the argument `test`", name) end
    custom[name] = value
  end
  return custom
end

-- The fields of cw:terms's result that an action takes.
local function with_terms(label, given)
  local terms = given.terms
  if terms == nil then return given end
  if type(terms) ~= "table" or type(terms.versions) ~= "table" then
    mistake.raise(label, "terms: expected what cw:terms returned, got %s", mistake.type_of(terms))
  end
  local filled = copy.of(given)
  for ours, theirs in pairs { group = "key", versions = "versions", render_id = "render_id" } do
    if given[ours] ~= nil then mistake.raise(label, "%s: is in `terms` already", ours) end
    filled[ours] = terms[theirs]
  end
  return filled
end

local function add_extra(label, body, extra)
  for name, value in pairs(object(label, "extra", extra)) do
    if set_names[name] then mistake.raise(label, "extra.%s: is set by the method itself", name) end
    if given_names[name] then mistake.raise(label, "extra.%s: is given as %s", name, given_names[name]) end
    body[name] = value
  end
end

--- Checks the arguments of a method that records an action.
-- @param given the table of arguments
-- @param event_type such as "agreed"
-- @param own list of the method's own arguments
-- @param anonymous whether the signer may be missing
-- @return { signer =, group =, wanted = (or nil), custom =, test =, body = without versions and custom data }
function action.read(label, given, event_type, own, anonymous)
  mistake.check_options(label, given, mistake.set(action.fields, action.call_options, own or {}), "argument")
  given = with_terms(label, given)
  local body = { et = event_type, server_side = true }
  if given.extra ~= nil then add_extra(label, body, given.extra) end
  for name, field in pairs(plain_fields) do
    local value = given[name]
    if value ~= nil and type(value) ~= field[1] then
      mistake.raise(label, "%s: expected a %s, got %s", name, field[1], mistake.type_of(value))
    end
    body[field[2]] = value
  end
  if given.render_data ~= nil then object(label, "render_data", given.render_data) end
  if given.connection ~= nil then add_connection(label, body, given.connection) end
  if given.time ~= nil then body.ts = time_of(label, given.time) end
  if given.signer ~= nil or not anonymous then body.sig = action.signer(label, given.signer) end
  if given.group ~= nil then
    local group = action.group(label, given.group)
    body[type(group) == "number" and "gid" or "gkey"] = group
  end
  return {
    signer = body.sig, group = given.group, test = given.test, body = body, custom = custom_of(label, given.custom),
    wanted = given.versions ~= nil and action.wanted(label, given.versions) or nil,
  }
end

--- The body of `send` for some of the action's versions, with custom data.
-- @param wanted list from action.wanted; nil: the action is about no version
-- @param key the key of an acceptance, or nil
function action.body(self, wanted, key)
  local body, versions, contracts = copy.of(self.body), {}, {}
  for i, one in ipairs(wanted or {}) do
    versions[i], contracts[i] = one.version, one.contract
  end
  if #versions > 0 then body.vid = table.concat(versions, ",") end
  -- The lists are parallel, so contracts are sent only when the contract of each version is known.
  if #contracts > 0 and #contracts == #versions then body.cid = table.concat(contracts, ",") end
  local custom = copy.with(self.custom, action.KEY, key)
  if key and self.test then custom[action.TEST] = true end
  if next(custom) ~= nil then body.cus = custom end
  return body
end

--- Why a request cannot be sent: the message of the mistake, without the operation's name; nil: it can be.
-- @param operation such as "acceptance:load_json"
-- @param arguments as for cw:call
-- @param given the arguments of the method, which may have options of calls
function action.objection(cw, operation, arguments, given)
  local options = action.requests(given)()
  options.dry_run = true
  local fine, problem = pcall(cw.call, cw, operation, arguments, options)
  if fine then return nil end
  local _, last = tostring(problem):find(operation .. ": ", 1, true)
  if not last then error(problem, 0) end
  return tostring(problem):sub(last + 1)
end

--- Raises a mistake for options that no call can have.
function action.check_call_options(cw, label, given)
  if given.timeout == nil and given.max_retries == nil and given.headers == nil then return end
  local objection = action.objection(cw, "acceptance:get_latest", { query = { sig = "x", gkey = "x" } }, given)
  if objection then mistake.raise(label, objection) end
end

--- Raises a mistake for a value that is not true, false or nil.
function action.check_boolean(label, name, value)
  if value == nil or type(value) == "boolean" then return end
  mistake.raise(label, "%s: expected a boolean, got %s", name, mistake.type_of(value))
end

--- Checks everything that the request will hold, before anything is done. Raises a mistake for what cannot be sent.
function action.check(cw, label, self, given, key)
  local text = action.objection(cw, "acceptance:send_sync", { body = action.body(self, self.wanted, key) }, given)
  if not text then return end
  text = text:gsub("^body%.(%w+)", function(name) return given_names[name] or "extra." .. name end)
  text = text:gsub("^custom%." .. action.KEY, "key"):gsub("^([%w_]+: unknown field.*)$", "extra.%1")
    :gsub(" %(extra = .*$", "")
  mistake.raise(label, text)
end

--- Raises a mistake for a deadline that no call can have.
function action.check_deadline(label, deadline)
  if deadline == nil or deadline == false then return end
  if type(deadline) == "number" and deadline >= run.LEAST and deadline <= run.LONGEST then return end
  mistake.raise(label, "deadline: expected a number of seconds from %g to %d, or false for none, got %s", run.LEAST,
    run.LONGEST, mistake.value_of(deadline))
end

--- The options of the requests of a method, whose deadline is for all of them.
-- @param given the arguments of the method
-- @param deadline seconds from now on; false: none; nil: each request has the connection's
-- @return function() -> the options of the next request
function action.requests(given, deadline)
  local left = run.left(deadline)
  return function()
    local options = { deadline = left() }
    for _, name in ipairs(action.call_options) do options[name] = given[name] end
    return options
  end
end

return action
