--- Reading back: which of the versions that were sent are stored as accepted.
--
-- With an API token: from the signer's activity (REST). An activity is the one that was sent when it has the key of the
-- acceptance in its custom data. An earlier acceptance of the same version is not mistaken for it, even if the clocks
-- differ. When the script named only a group, the acceptance may have been stored before a contract got a new version:
-- then the activity counts for its contract, whatever its version.
--
-- Without a token there is no activity to read, only what the Activity API answers to anyone who has the site's id: the
-- version that the signer accepted last (/retrieve), or in test mode whether the latest major version is accepted
-- (/latest, because /retrieve does not know test mode). An earlier acceptance of the same version looks the same.

local action = require "ironclad.clickwrap.action"
local activities = require "ironclad.clickwrap.activities"
local common = require "ironclad.clickwrap.common"
local moment = require "ironclad.base.moment"

local read_back = {}

-- Whether an activity is of the acceptance: of its key, its mode and its event. The filter has asked for the event; an
-- activity that does not name one is accepted.
local function is_ours(self, activity)
  local custom = type(activity) == "table" and activity.custom_data
  if type(custom) ~= "table" or custom[action.KEY] ~= self.key then return false end
  local is_test = tostring(custom[action.TEST]) == "true" -- whatever type Clickwrap gives it
  if is_test ~= (self.test == true) then return false end
  return type(activity.event_type) ~= "string" or activity.event_type == self.event_type
end

-- Notes in `seen` which of the wanted versions an activity accepts.
local function notice(self, seen, activity)
  if not is_ours(self, activity) then return end
  for i, one in ipairs(self.wanted) do
    if not seen[i] and (self.any_version or activity.version == one.version)
      and (not one.contract or common.text_of(activity.contract) == one.contract) then
      seen[i] = activity
    end
  end
end

-- Looks through the signer's activity.
local function look_at_activity(self, since, requests)
  local site, err, response = common.find(self.cw, self.label, requests())
  if err then return nil, err, response end
  local filter = "event_type==" .. self.event_type
  -- Whether an activity has the time when it was stored, or the one that was sent with it, is not documented.
  if since and self.time then since = math.min(since, self.time) end
  if since then filter = filter .. " and created_time>=" .. common.day_before(self.cw, since) end
  local seen = {}
  local read
  read, err, response = activities.each(self.cw, self.label, site, self.signer, { filter = filter }, requests,
    function(activity)
      notice(self, seen, activity)
      return #read_back.missing(self.wanted, seen) == 0
    end)
  -- Clickwrap may not know the signer yet: the first action of a signer creates it.
  if not read and err.kind == "not_found" then return seen end
  if not read then return nil, err, response end
  return seen, nil, response
end

local function contracts_of(wanted)
  local contracts = {}
  for i, one in ipairs(wanted) do contracts[i] = one.contract end
  return #contracts == #wanted and table.concat(contracts, ",") or nil
end

local function look_at_versions(self, requests)
  local id = self.test and "get-the-latest-versions-signed" or "get-retrieve-contracts-by-signer-1"
  local answer, err, response = self.cw:call(id, {
    query = { sig = self.signer, cid = contracts_of(self.wanted), tm = self.test },
  }, requests())
  if err then return nil, err, response end
  if type(answer) ~= "table" then
    return nil, common.failure(self.label, "protocol", "Clickwrap answered no table of versions"), response
  end
  local stored = {} -- version id or contract id -> true
  for contract, version in pairs(answer) do
    if self.test then stored[contract] = version == true else stored[version] = true end
  end
  local seen = {}
  for i, one in ipairs(self.wanted) do
    seen[i] = stored[self.test and one.contract or one.version] and {} or nil
  end
  return seen, nil, response
end

local Reader = {}
Reader.__index = Reader

--- Looks once.
-- @param since Unix time: nothing was sent before it; or nil
-- @param requests from action.requests
-- @return { [number in wanted] = the activity, or {} without a token }; nil and an error
function Reader:look(since, requests)
  if self.by_activity then return look_at_activity(self, since, requests) end
  return look_at_versions(self, requests)
end

--- A reader of one acceptance.
-- @param act from action.read
-- @param wanted its versions
-- @param key the acceptance's key
function read_back.reader(cw, label, act, wanted, key)
  return setmetatable({ cw = cw, label = label, signer = act.signer, test = act.test, event_type = act.body.et,
    time = act.body.ts and moment.read(act.body.ts) / 1000, wanted = wanted, any_version = not act.wanted, key = key,
    by_activity = common.has_token(cw) }, Reader)
end

--- The versions that have not been seen, as a list like `wanted`.
function read_back.missing(wanted, seen)
  local missing = {}
  for i, one in ipairs(wanted) do
    if not seen[i] then missing[#missing + 1] = one end
  end
  return missing
end

return read_back
