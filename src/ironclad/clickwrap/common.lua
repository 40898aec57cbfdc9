--- What the functions for acceptance share: a connection's site, what they remember of it, ids and errors.

local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local journal = require "ironclad.clickwrap.journal"
local moment = require "ironclad.base.moment"
local site = require "ironclad.clickwrap.site"

local common = {}

--- The events of activities that Clickwrap documents. There are others: any text can be one.
common.events = { "agreed", "disagreed", "displayed", "visited", "updated", "sent" }

-- Connection -> what the functions for acceptance remember of it:
--   journal     the journal in memory (journal.lua)
--   cache       the cache of cw:accepted (cache.lua), and `store`, where it is kept
--   reads_back  whether a signer's activity could be read
--   ahead       seconds by which Clickwrap's clock is ahead of this machine's
local states = setmetatable({}, { __mode = "k" })

--- The state of a connection.
function common.state(cw)
  local state = states[cw]
  if not state then
    state = { journal = journal.memory(), ahead = 0 }
    states[cw] = state
  end
  return state
end

--- Whether the connection has an API token, so that REST can be asked.
function common.has_token(cw) return core.describe(cw.connection).has_token end

--- The site's access id; nil when it has to be looked up (common.find).
function common.access_id(cw) return core.describe(cw.connection).site_access_id end

--- The site, looked up once: afterwards the access id is known. Needs a token.
-- @param options those of the requests, or nil
-- @return the site's table, whose `id` is used in paths of REST; nil, an error and the response
function common.find(cw, label, options)
  local found, err, response = site.find(cw, options)
  if found then return found end
  err.operation = label
  return nil, err, response
end

--- Notes Clickwrap's clock from a response.
function common.note_clock(cw, response)
  local time = moment.read_http(response and response.headers and response.headers.date)
  if time then common.state(cw).ahead = time / 1000 - os.time() end
end

--- A day in Clickwrap's time, as 2026-01-31, that is certainly before a time of this machine's.
function common.day_before(cw, time)
  return os.date("!%Y-%m-%d", math.floor(math.max(0, time + common.state(cw).ahead - 24 * 3600)))
end

--- The text of an id, which is a number in some answers and a key in others; nil for anything else.
function common.text_of(id)
  if type(id) == "table" then id = id.id end -- expanded
  if type(id) == "number" then return id % 1 == 0 and math.abs(id) <= 2 ^ 53 and ("%d"):format(id) or nil end
  return type(id) == "string" and id or nil
end

local function number_of(id) return id:find "^%d+$" and tonumber(id) or nil end

--- Whether an id stands before another: numbers by their size, and texts behind them. Any list of ids has one order, as
-- the journal of an acceptance needs it.
function common.before(a, b)
  local first, second = number_of(a), number_of(b)
  if first and second and first ~= second then return first < second end
  if (first == nil) ~= (second == nil) then return second == nil end
  return a < b
end

--- The keys of a table, which are contract ids, in order.
function common.sorted_ids(contracts)
  local ids = {}
  for contract in pairs(contracts) do ids[#ids + 1] = contract end
  table.sort(ids, common.before)
  return ids
end

--- An error about an answer that is well formed and still useless.
function common.failure(label, kind, message, ...)
  return Error.new { kind = kind, operation = label, outcome = "not_done", retryable = false, attempts = 1,
    message = message:format(...) }
end

--- Checks an answer that has a value for each contract of a group.
-- @param kind the type of the values
-- @param problem what is wrong with another answer, and problem_of with a value of one contract (%s)
-- @return the answer, err, response. An answer without any contract is the error "not_found". An answer such as
--   { ok = true } is no table of contracts, whose ids are numbers
function common.by_contract(label, answer, response, group, kind, problem, problem_of)
  if type(answer) ~= "table" then return nil, common.failure(label, "protocol", problem), response end
  for contract, value in pairs(answer) do
    if type(contract) ~= "string" or not contract:find "^%d+$" then
      return nil, common.failure(label, "protocol", problem), response
    end
    if type(value) ~= kind then
      return nil, common.failure(label, "protocol", problem_of, tostring(contract)), response
    end
  end
  if next(answer) == nil then
    return nil, common.failure(label, "not_found",
      "group %s has no published contracts, or does not exist in this site", tostring(group)), response
  end
  return answer, nil, response
end

--- The versions of a group that are published now.
-- @return { [contract id] = version id }, err, response. A group without any is the error "not_found"
function common.published(cw, label, group, options)
  local query = { [type(group) == "number" and "gid" or "gkey"] = group }
  local answer, err, response = cw:call("get-the-latest-published-versions-for-a-group-1", { query = query }, options)
  if err then
    err.operation = label
    return nil, err, response
  end
  return common.by_contract(label, answer, response, group, "string", "Clickwrap answered no table of versions",
    "Clickwrap answered no version for contract %s")
end

return common
