--- cw:accept: records that a person has accepted terms, and returns the evidence that Clickwrap has stored.
--
-- Clickwrap has no idempotency keys, and the answer of /send is only a receipt. So each acceptance has a key in its
-- custom data, and counts as made when the signer's activity shows it (read_back.lua):
--
--   in the journal?  read back until all are seen, or until `settle` seconds after it was sent: it was not stored
--   write it down    journal:claim; no other process sends it now
--   read back        unless the key is new: another process may have sent it, and deleted it from the journal
--   send             what is missing, by /send/sync; when that answers 404, by /send
--   read back        until all are seen: delete it from the journal, return the evidence
--                    at the deadline: nil and an error with outcome "unknown"; it stays in the journal
--
-- docs/acceptance.md, "When an acceptance is sent again", lists what can still go wrong.

local accepted = require "ironclad.clickwrap.accepted"
local action = require "ironclad.clickwrap.action"
local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local journals = require "ironclad.clickwrap.journal"
local mistake = require "ironclad.base.mistake"
local read_back = require "ironclad.clickwrap.read_back"
local run = require "ironclad.calls.run"
local send = require "ironclad.clickwrap.send"
local common = require "ironclad.clickwrap.common"

local DEADLINE, SETTLE = 30, 60 -- seconds
local MOST_CLAIMS = 100 -- claims; after each one that another process has won, this one waits
local FIRST_PAUSE, GROWTH, LONGEST_PAUSE = 0.25, 1.5, 5 -- seconds, factor, seconds
local LAST_LOOK = 1 -- second before the deadline

local own_arguments = { "key", "journal", "settle", "deadline", "callback" }

local function fail(self, kind, outcome, message, cause)
  cause = cause or {}
  local fields = { kind = kind, message = message, operation = self.label, outcome = outcome,
    -- The same call is safe to repeat only with a key that the script gave.
    retryable = self.own_key, attempts = math.max(1, cause.attempts or 0), key = self.key, status = cause.status,
    code = cause.code, request_id = cause.request_id, attempt_id = cause.attempt_id, retry_after = cause.retry_after }
  if outcome == "unknown" or next(self.seen) then fields.seen, fields.missing = self:evidence(), self:missing_ids() end
  return nil, Error.new(fields)
end

-- An error of a request, with the key.
local function pass_on(self, err, outcome)
  err.operation, err.key = self.label, self.key
  err.outcome = outcome or err.outcome
  if outcome == "unknown" then err.retryable = self.own_key end
  if outcome == "unknown" or next(self.seen) then err.seen, err.missing = self:evidence(), self:missing_ids() end
  return nil, err
end

local Acceptance = {}
Acceptance.__index = Acceptance

function Acceptance:missing() return read_back.missing(self.wanted, self.seen) end

function Acceptance:missing_ids()
  local ids = {}
  for i, one in ipairs(self:missing()) do ids[i] = one.contract or one.version end
  return ids
end

--- The evidence of what has been seen.
function Acceptance:evidence()
  local evidence = { signer = self.act.signer, group = self.act.group, key = self.key, test = self.act.test,
    versions = {}, activities = {}, found = self.found,
    read_from = self.reader.by_activity and "activity" or self.act.test and "latest" or "retrieve" }
  for i, one in ipairs(self.wanted) do
    local activity = self.seen[i]
    if activity then
      local contract = common.text_of(activity.contract) or one.contract or one.version
      evidence.versions[contract] = common.text_of(activity.version) or one.version
      if activity.id ~= nil then table.insert(evidence.activities, activity) end
      -- ISO 8601 in UTC: the later text is the later time.
      local time = activity.created_time
      if type(time) == "string" and (not evidence.time or time > evidence.time) then evidence.time = time end
    end
  end
  return evidence
end

-- The seconds that are left.
function Acceptance:left() return self.deadline - self.seconds end

-- The options of the next requests. When the time is over they still get the shortest deadline that a request can
-- have: then they end with the error "timeout".
function Acceptance:requests(seconds)
  return action.requests(self.given, math.max(run.LEAST, seconds or self:left()))
end

-- Counts the time of requests.
function Acceptance:timed(fn, ...)
  local before = core.monotonic()
  local value, err, response = fn(...)
  self.seconds = self.seconds + core.monotonic() - before
  common.note_clock(self.cw, response)
  return value, err, response
end

-- Reads back once. A key of the script's may have been used for a part long before the claim that the journal knows, so
-- the first look goes through everything.
-- @param since Unix time of the first claim that is known, or nil
-- -> true when all are seen, false when not; nil and an error
function Acceptance:look(since)
  if self.own_key and not self.looked_at_all then since = nil end
  local seen, err = self:timed(self.reader.look, self.reader, since, self:requests())
  if err then return nil, err end
  self.looked_at_all = self.looked_at_all or not since
  for i, activity in pairs(seen) do self.seen[i] = activity end
  return #self:missing() == 0
end

-- Reads back until all are seen, `enough()` says that this will not happen, or the time is over.
-- -> true; false, nil and the last request's error if it failed; nil and an error
function Acceptance:watch(since, enough)
  local pause = FIRST_PAUSE
  while true do
    local last = enough and enough()
    local all, err = self:look(since)
    if all then return true end
    if err and not err.retryable then return nil, err end
    if last and not err then return false end
    local rest = run.pause_after(err, pause)
    -- Shortened at random by up to a quarter, so that many waiting processes do not ask at the same moment.
    rest = rest * (1 - tonumber(core.random_hex(2), 16) / 2 ^ 18)
    -- A pause that Clickwrap has asked for is not shortened.
    local longest = self:left() - LAST_LOOK
    if not err and rest > longest and longest >= FIRST_PAUSE then rest = longest end
    if rest >= self:left() then return false, nil, err end
    local rested, cancelled = run.sleep(self.cw, rest)
    if not rested then return nil, cancelled end
    self.seconds, pause = self.seconds + rest, math.min(pause * GROWTH, LONGEST_PAUSE)
  end
end

function Acceptance:finish(found)
  self.found = found
  self.journal:done(self.entry)
  accepted.forget_signer(self.cw, self.act.signer)
  return self:evidence()
end

function Acceptance:unknown(cause, words)
  return fail(self, cause and cause.kind or "timeout", "unknown", ("%s; after %g s it could not be read back, so it is "
    .. "not known to be stored. Repeat the call with key = %q: it reads back before it sends"):format(words,
    self.deadline, self.key), cause)
end

-- Claims the next round. When the acceptance has been sent before, waits until it is seen, or `settle` seconds have
-- passed since then. -> the number of the round that is claimed; false: all are seen; nil and an error
function Acceptance:claim()
  for _ = 1, MOST_CLAIMS do
    local round, since, unreadable = self.journal:last(self.entry)
    if unreadable then return fail(self, "store", "not_done", "the journal: " .. unreadable) end
    if round then
      -- If the clock was set back, this time is in the future: then it counts from now.
      local from = math.min(since, os.time())
      self.since = math.min(self.since or from, from)
      -- Both are whole seconds that have begun: `settle` is over when they differ by more.
      local function settled() return os.time() - from > math.ceil(self.settle) end
      local all, err, trouble = self:watch(self.since, settled)
      if all then return false end
      if err then return pass_on(self, err, "unknown") end
      if trouble or not settled() then
        return self:unknown(trouble, ("it was sent %.0f s ago, and is sent again only when it is not seen for %g s")
          :format(os.time() - from, self.settle))
      end
    end
    local mine = (round or 0) + 1
    self.claimed, self.claimed_at = os.time(), core.monotonic()
    local won, message = self.journal:claim(self.entry, mine)
    if won then return mine end
    if won == nil then return fail(self, "store", "not_done", "the journal: " .. tostring(message)) end
  end
  return fail(self, "store", "not_done", ("the journal refused %d claims in a row"):format(MOST_CLAIMS))
end

-- The time is over before it was sent.
function Acceptance:too_late()
  self.journal:done(self.entry)
  return fail(self, "timeout", "not_done", ("the deadline of %g s was over before it was sent"):format(self.deadline))
end

-- The seconds in which it may be sent: `settle` seconds after the claim another process may send it. The monotonic
-- clock is exact, and may stand still while the machine sleeps; the other one counts whole seconds, and may be set.
function Acceptance:left_to_send()
  local passed = math.max(core.monotonic() - self.claimed_at, math.abs(os.time() - self.claimed))
  return math.min(self:left(), math.ceil(self.settle) - passed)
end

-- Waits while the rate limits hold it back, if there is time; it is not claimed meanwhile.
-- -> whether it must be claimed again; false and an error
function Acceptance:held_back(err)
  local pause = err.kind == "rate_limited" and err.retry_after
  if not pause or pause >= self:left() then return false, err end
  local rested, cancelled = run.sleep(self.cw, pause)
  if not rested then return false, cancelled end
  self.seconds = self.seconds + pause
  return true
end

-- Sends what is missing, and reads it back. -> the evidence; nil and an error; or nil: it was not sent, and must be
-- claimed again
function Acceptance:send()
  local since = os.time()
  local body = action.body(self.act, self:missing(), self.key)
  local _, err = self:timed(send.recorded, self.cw, self.label, body, self:requests(self:left_to_send()))
  if err and err.outcome ~= "unknown" then
    self.journal:done(self.entry)
    local again, problem = self:held_back(err)
    if again then return nil end
    return pass_on(self, problem, "not_done")
  end
  local all, problem, trouble = self:watch(math.min(self.since or since, since))
  if all then return self:finish(false) end
  if problem then return pass_on(self, problem, "unknown") end
  if err then return self:unknown(err, "no clear answer came (" .. tostring(err.message) .. ")") end
  return self:unknown(trouble, "Clickwrap answered that it has it" .. (trouble and ", and reading it back failed ("
    .. tostring(trouble.message) .. ")" or ""))
end

-- The versions to accept when the script names only a group.
local function published_versions(self)
  local versions, err = self:timed(common.published, self.cw, self.label, self.act.group, self:requests()())
  if err then return nil, err end
  return action.wanted(self.label, versions)
end

-- Versions as one text, which is the same in whatever order they were given.
local function versions_of(wanted)
  local versions = {}
  for i, one in ipairs(wanted) do versions[i] = one.version end
  table.sort(versions)
  return table.concat(versions, ",")
end

-- The acceptance in the journal: a key may be used again for another person, other terms or in the other mode.
local function entry_of(self)
  local terms = self.act.group and tostring(self.act.group) or versions_of(self.act.wanted)
  if self.act.test then terms = "test " .. terms end
  return table.concat({ common.access_id(self.cw) or "", self.act.signer, terms, self.key }, "\n")
end

-- Claims the acceptance, and reads back what may have been sent. -> true: it must be sent; false: all are seen; nil and
-- an error
local function claim_and_look(self)
  local round, problem = self:claim()
  if problem then return nil, problem end
  if not round then return false end
  -- If reading back has never worked on this connection, it must work before anything is sent: the token may lack the
  -- permission.
  if self.own_key or not self.reader.by_activity or not common.state(self.cw).reads_back then
    local all
    all, problem = self:look(self.since)
    if all then return false end
    if problem and round == 1 then self.journal:done(self.entry) end
    if problem then return pass_on(self, problem, round == 1 and "not_done" or "unknown") end
    common.state(self.cw).reads_back = true
  end
  return true
end

local function accept(self)
  local err
  if common.has_token(self.cw) then
    local _
    _, err = self:timed(common.find, self.cw, self.label, self:requests()())
    if err then return pass_on(self, err, "not_done") end
  end
  self.entry = entry_of(self)
  if not self.act.wanted then
    self.wanted, err = published_versions(self)
    if err then return pass_on(self, err) end
  end
  self.reader = read_back.reader(self.cw, self.label, self.act, self.wanted, self.key)
  local evidence
  repeat
    local to_send, problem = claim_and_look(self)
    if problem then return nil, problem end
    if not to_send then return self:finish(true) end
    if self:left() < run.LEAST then return self:too_late() end
    if self:left_to_send() > 0 then evidence, err = self:send() end
  until evidence or err
  return evidence, err
end

local function seconds_of(label, given, name, default)
  local value = given[name]
  if value == nil then return default end
  if type(value) ~= "number" or not (value >= run.LEAST and value <= run.LONGEST) then
    mistake.raise(label, "%s: expected a number of seconds from %g to %d, got %s", name, run.LEAST, run.LONGEST,
      mistake.value_of(value))
  end
  return value
end

--- Records that a person has accepted terms.
-- @param given the fields of action.lua; `group`, `versions` or `terms` is required. With a group alone, the versions
--   that are published now. And:
--     key        names this acceptance, such as an order's number: with the same key it is made once. Default: random
--     journal    where it is written down while it is on its way (journal.lua). Default: in memory
--     settle     seconds after which an acceptance that was sent and is not seen counts as not stored (60)
--     deadline   seconds for everything (30)
--     callback   function(evidence, err): the call does not wait
-- @return function() -> the evidence: { signer =, group =, key =, test =, versions = { [contract id] = version id },
--   activities = list of Clickwrap's activities, time = of the last, found = true when it was stored before this call,
--   read_from = "activity", or without a token "retrieve" or "latest", where activities is empty and time nil };
--   nil and an error, which has `key`. When its outcome is "unknown", `seen` is the evidence of a part, and `missing`
--   lists the contracts that were not seen
return function(cw, given)
  local label = "accept"
  local act = action.read(label, given, "agreed", own_arguments)
  if not act.wanted and not act.group then
    mistake.raise(label, "group: missing; expected group, versions or terms")
  end
  if act.test and act.wanted and not act.wanted[1].contract and not common.has_token(cw) then
    mistake.raise(label, "versions: expected { [contract id] = version id } for test mode without an API token, got a "
      .. "list: it can only be asked about contracts")
  end
  if given.key ~= nil and (type(given.key) ~= "string" or given.key == "") then
    mistake.raise(label, "key: expected a text, got %s",
      given.key == "" and "an empty string" or mistake.type_of(given.key))
  end
  if given.key and given.key:find "[%z\1-\31\127]" then
    mistake.raise(label, "key: must not hold control characters") -- it might come back as another text
  end
  local self = setmetatable({
    cw = cw, label = label, given = given, act = act, wanted = act.wanted or {}, seen = {}, seconds = 0,
    own_key = given.key ~= nil, key = given.key or core.random_hex(16),
    journal = given.journal == nil and common.state(cw).journal or journals.of(label, given.journal),
    settle = seconds_of(label, given, "settle", SETTLE), deadline = seconds_of(label, given, "deadline", DEADLINE),
  }, Acceptance)
  action.check(cw, label, act, given, self.key)
  return function() return accept(self) end
end
