--- cw:accepted: whether a signer has accepted the latest terms of a group; and its cache (cache.lua).

local action = require "ironclad.clickwrap.action"
local cache = require "ironclad.clickwrap.cache"
local mistake = require "ironclad.base.mistake"
local common = require "ironclad.clickwrap.common"
local task = require "ironclad.loop.task"
local run = require "ironclad.calls.run"

local accepted = {}

-- The cache; nil while the site's access id has not been looked up yet.
local function cache_of(cw)
  local state, id = common.state(cw), common.access_id(cw)
  if not id then return nil end
  state.cache = state.cache or cache.new(state.store or cache.memory(), id)
  return state.cache
end

-- The name of a group in the cache. Test mode has separate names.
local function cache_name(group, test) return (test and "test " or "live ") .. tostring(group) end

-- { [contract id] = whether its latest major version is accepted }, err, response
local function latest(cw, label, signer, group, test, requests)
  local query, versions = { sig = signer, tm = test }, nil
  if type(group) == "number" then -- /latest knows keys and contracts only
    local unknown, reply
    versions, unknown, reply = common.published(cw, label, group, requests())
    if unknown then return nil, unknown, reply end
    query.cid = table.concat(common.sorted_ids(versions), ",")
  else
    query.gkey = group
  end
  local answer, err, response = cw:call("get-the-latest-versions-signed", { query = query }, requests())
  if err then return nil, err, response end
  local problem = "Clickwrap did not say whether contract %s is accepted"
  local contracts
  contracts, err = common.by_contract(label, answer, response, group, "boolean",
    "Clickwrap answered no table of contracts", problem)
  for contract in pairs(contracts and versions or {}) do
    if contracts[contract] == nil then return nil, common.failure(label, "protocol", problem, contract), response end
  end
  return contracts, err, response
end

--- Asks Clickwrap, without the cache.
-- @param requests from action.requests
-- @return { accepted =, missing =, versions = }, err, response
function accepted.ask(cw, label, signer, group, test, requests)
  local contracts, err, response = latest(cw, label, signer, group, test, requests)
  if err then
    err.operation = label
    return nil, err, response
  end
  local ids, missing = common.sorted_ids(contracts), {}
  for _, contract in ipairs(ids) do
    if not contracts[contract] then missing[#missing + 1] = contract end
  end
  local last, problem
  last, problem, response = cw:call("get-retrieve-contracts-by-signer-1",
    { query = { sig = signer, cid = table.concat(ids, ",") } }, requests())
  if problem then
    problem.operation = label
    return nil, problem, response
  end
  local versions = {}
  for _, contract in ipairs(ids) do
    local version = type(last) == "table" and last[contract]
    -- true: a revision, which has no id here. false and null: none.
    if type(version) == "string" or version == true then versions[contract] = version end
  end
  return { accepted = #missing == 0, missing = missing, versions = versions }, nil, response
end

local own_options = { "cache", "test", "deadline", "callback" }

--- Whether a signer has accepted the latest terms of a group: the latest major version of each contract.
-- @param signer the person's id
-- @param group the group's key
-- @param options
--     cache     seconds for which the answer "accepted" is kept and not asked again (0). Any other answer is not kept
--     test      whether acceptances of test mode count
--     timeout, deadline, max_retries, headers, callback  as in any call
-- @return function() -> { accepted = boolean, missing = list of the ids of contracts still to be accepted, versions =
--   { [contract id] = the version that was accepted last } }, err
function accepted.accepted(cw, signer, group, options)
  local label = "accepted"
  options = options == nil and {} or options
  mistake.check_options(label, options, mistake.set(own_options, action.call_options))
  signer, group = action.signer(label, signer), action.group(label, group)
  local seconds, test = options.cache or 0, options.test
  if type(seconds) ~= "number" or not (seconds >= 0 and seconds <= run.LONGEST) then
    mistake.raise(label, "cache: expected a number of seconds, got %s", mistake.value_of(seconds))
  end
  action.check_boolean(label, "test", test)
  action.check_deadline(label, options.deadline)
  action.check_call_options(cw, label, options)
  local name = cache_name(group, test)
  return function()
    local kept, marks = cache_of(cw), nil
    if kept and seconds > 0 then
      local value, now = kept:get(signer, name)
      if value then return value end
      marks = now
    end
    local answer, err, response = accepted.ask(cw, label, signer, group, test,
      action.requests(options, options.deadline))
    if err then return nil, err, response end
    if answer.accepted and marks then kept:put(signer, name, answer, marks, seconds) end
    return answer, nil, response
  end
end

--- Forgets what cw:accepted has kept: of a signer, of a group, of a signer and a group, or with neither everything.
-- @param what { signer =, group = } or nil
-- @return true; nil and an error when the site has to be looked up for that, and cannot be
function accepted.forget(cw, what)
  local label = "forget"
  run.check_client(label, cw)
  what = what == nil and {} or what
  mistake.check_options(label, what, mistake.set { "signer", "group" }, "argument")
  local signer = what.signer ~= nil and action.signer(label, what.signer) or nil
  local group = what.group ~= nil and action.group(label, what.group) or nil
  if not cache_of(cw) then
    local found, err = common.find(cw, label)
    if not found then return nil, err end
  end
  local kept = cache_of(cw)
  if group then
    kept:forget(signer, cache_name(group, false))
    kept:forget(signer, cache_name(group, true))
  else
    kept:forget(signer)
  end
  return true
end

--- The same of a signer, after something was recorded of that person. A store of the script's own that raises an error
-- must not hide that it was recorded.
function accepted.forget_signer(cw, signer) task.pcall(accepted.forget, cw, { signer = signer }) end

--- Keeps what cw:accepted finds in a store that others share, such as all workers of nginx.
-- @param store ngx.shared.NAME, or a table with get, set, add and delete like it
function accepted.cache_in(cw, store)
  local objection = cache.objection(store)
  if objection then mistake.raise("cache_in", objection) end
  local state = common.state(cw)
  state.store, state.cache = store, nil
  return cw
end

return accepted
