--- cw:terms: the terms of a group that must be shown now.

local accepted = require "ironclad.clickwrap.accepted"
local action = require "ironclad.clickwrap.action"
local mistake = require "ironclad.base.mistake"
local common = require "ironclad.clickwrap.common"

local own_options = { "signer", "render_data", "texts", "test", "deadline", "callback" }

local MOST_LOADS = 3 -- of the group, when versions are published meanwhile

local entities = { lt = "<", gt = ">", quot = '"', apos = "'", amp = "&", ["#39"] = "'", ["#x27"] = "'",
  ["#34"] = '"', ["#x2F"] = "/", ["#47"] = "/" }

-- The live service answers the HTML of a version with its markup escaped ("&lt;h1&gt;"). HTML that has a tag is not.
local function unescaped(html)
  if html:find("<", 1, true) or not html:find("&lt;", 1, true) then return html end
  return (html:gsub("&(#?%w+);", entities))
end

-- The version with its text. With render data it is the published version, which may have been replaced since the
-- group was loaded.
local function version_of(cw, contract, render_data, asked)
  if render_data then
    return cw:call("render-published-version", { path = { contract_id = contract.id },
      body = { render_data = render_data } }, asked)
  end
  return cw:call("get_versions-version-id", { path = { version_id = contract.version } }, asked)
end

-- Adds the texts. -> an error, or nil; and whether a contract has another version now
local function add_texts(cw, label, terms, options, requests)
  for _, contract in ipairs(terms.contracts) do
    local version, err = version_of(cw, contract, options.render_data, requests())
    if err then
      err.operation = label
      return err, false
    end
    if type(version) ~= "table" then version = {} end
    local is_own = not options.render_data or version.id == contract.version
    if not is_own and type(version.id) == "string" then
      return common.failure(label, "invalid_state", "contract %s got a new version again and again", contract.id), true
    end
    contract.html = is_own and type(version.body) == "string" and unescaped(version.body) or nil
  end
end

local function add_required(cw, label, terms, options, requests)
  local answer, err = accepted.ask(cw, label, action.signer(label, options.signer), terms.key, options.test,
    requests)
  if err then return err end
  terms.required, terms.missing = not answer.accepted, answer.missing
  local missing = mistake.set(answer.missing)
  for _, contract in ipairs(terms.contracts) do contract.required = missing[contract.id] or false end
end

local function render_arguments(group, data)
  return { body = { gkey = group, rnd = data, et = "load", _srv = true } }
end

local function load(cw, group, options, asked)
  if options.render_data == nil then
    return cw:call("retrieve-native-app-snapshot-parameters", { query = { gkey = group } }, asked)
  end
  return cw:call("acceptance:render_json", render_arguments(group, options.render_data), asked)
end

-- Clickwrap may answer null for what a group or contract does not have.
local function text(value) return type(value) == "string" and value or nil end

-- The contracts of a loaded group, in its order; nil when the answer is none.
local function contracts_of(loaded)
  local data = type(loaded) == "table" and loaded.contract_data
  if type(data) ~= "table" or type(loaded.contracts) ~= "table" then return nil end
  local contracts = {}
  for _, given in ipairs(loaded.contracts) do
    local id = common.text_of(given)
    local about = id and data[id]
    local version = type(about) == "table" and text(about.published_version)
    if not version or not version:find "^[^,%s]+$" then return nil end
    contracts[#contracts + 1] = { id = id, version = version, title = text(about.title),
      key = text(about.key), change_summary = text(about.change_summary) }
  end
  return contracts
end

local function check(cw, label, group, options)
  mistake.check_options(label, options, mistake.set(own_options, action.call_options))
  if type(group) ~= "string" or group == "" then
    mistake.raise(label, "group: expected the key of a group, got %s",
      group == "" and "an empty string" or mistake.type_of(group))
  end
  if options.signer ~= nil then action.signer(label, options.signer) end
  action.check_boolean(label, "test", options.test)
  action.check_boolean(label, "texts", options.texts)
  action.check_deadline(label, options.deadline)
  action.check_call_options(cw, label, options)
  local data = options.render_data
  if data ~= nil and (type(data) ~= "table" or #data > 0) then
    mistake.raise(label, "render_data: expected a table of fields, got %s",
      type(data) == "table" and "a list" or mistake.type_of(data))
  end
  local objection = data ~= nil and action.objection(cw, "acceptance:render_json", render_arguments(group, data), {})
  if objection then mistake.raise(label, (objection:gsub("^body%.rnd", "render_data"):gsub("^body%.gkey", "group"))) end
end

-- The terms without what a signer has to accept; nil, an error, the response, and whether they must be loaded again
-- because a contract has got a new version meanwhile.
local function loaded_terms(cw, label, group, options, requests)
  local loaded, err, response = load(cw, group, options, requests())
  if err then
    err.operation = label
    return nil, err, response
  end
  local contracts = contracts_of(loaded)
  if not contracts then
    return nil, common.failure(label, "protocol", "Clickwrap answered no group with contracts"), response
  end
  if #contracts == 0 then
    return nil, common.failure(label, "not_found", "group %s has no published contracts", group), response
  end
  local terms = { key = group, group = loaded.group, contracts = contracts, versions = {},
    html = text(loaded.contract_html), acceptance_language = text(loaded.acceptance_language),
    render_id = text(loaded.render_id), legal_center_url = text(loaded.legal_center_url) }
  for _, contract in ipairs(contracts) do terms.versions[contract.id] = contract.version end
  local texts = options.texts
  if texts == nil then texts = common.has_token(cw) end
  if not texts then return terms, nil, response end
  local problem, is_replaced = add_texts(cw, label, terms, options, requests)
  if problem then return nil, problem, response, is_replaced end
  return terms, nil, response
end

local function terms_of(cw, label, group, options)
  local requests = action.requests(options, options.deadline)
  local terms, err, response, is_replaced
  for _ = 1, MOST_LOADS do
    terms, err, response, is_replaced = loaded_terms(cw, label, group, options, requests)
    if not is_replaced then break end
  end
  if not terms then return nil, err, response end
  local problem = options.signer ~= nil and add_required(cw, label, terms, options, requests) or nil
  if problem then return nil, problem, response end
  return terms, nil, response
end

--- The terms of a group.
-- @param group the group's key
-- @param options
--     render_data  the values of the contracts' tokens, as { CompanyName = "Acme" }
--     signer       a person's id: also ask whether this person has to accept
--     texts        whether the text of each contract is fetched, which needs an API token. By default when there is one
--     test, timeout, deadline, max_retries, headers, callback  as for cw:accepted
-- @return function() -> { key =, group = id, contracts = list in the group's order of { id =, version =, title =,
--   key =, change_summary =, html = its text }, versions = { [contract id] = version id }, html = Clickwrap's own HTML
--   of the contracts, acceptance_language =, render_id =, legal_center_url = }, err. With a signer also `required`
--   (whether something must be accepted), `missing` (the ids of those contracts), and `required` of each contract.
--   The HTML is what the site's owners wrote, with the render data: it is not safe on a page that has secrets
return function(cw, group, options)
  options = options == nil and {} or options
  check(cw, "terms", group, options)
  return function() return terms_of(cw, "terms", group, options) end
end
