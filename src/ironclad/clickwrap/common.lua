--- What the functions for acceptance share: a connection's site, what they remember of it, ids and errors.

local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local journal = require "ironclad.clickwrap.journal"
local site = require "ironclad.clickwrap.site"

local common = {}

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
-- @return the site's table, whose `id` stands in paths of REST; nil, an error and the response
function common.find(cw, label)
  local found, err, response = site.find(cw)
  if found then return found end
  err.operation = label
  return nil, err, response
end

local months = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11,
  Dec = 12 }

-- The Unix time of an HTTP date (RFC 9110, 5.6.7), or nil. Days are counted from 1 March of the year 0.
local function unix_time(date)
  local day, month, year, hour, minute, second = date:match "^%a+, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$"
  if not day or not months[month] then return nil end
  local shifted = (months[month] + 9) % 12
  local years = year - (shifted >= 10 and 1 or 0)
  local days = years * 365 + math.floor(years / 4) - math.floor(years / 100) + math.floor(years / 400)
    + math.floor((shifted * 153 + 2) / 5) + day - 1 - 719468
  return ((days * 24 + hour) * 60 + minute) * 60 + second
end

--- Notes Clickwrap's clock from a response.
function common.note_clock(cw, response)
  local date = response and response.headers and response.headers.date
  local time = type(date) == "string" and unix_time(date)
  if time then common.state(cw).ahead = time - os.time() end
end

--- A day in Clickwrap's time, as 2026-01-31, that is certainly before a time of this machine's.
function common.day_before(cw, time)
  return os.date("!%Y-%m-%d", math.floor(math.max(0, time + common.state(cw).ahead - 24 * 3600)))
end

--- The text of an id, which is a number in some answers and a key in others; nil for anything else.
function common.text_of(id)
  if type(id) == "table" then id = id.id end -- expanded
  if type(id) == "number" then return ("%d"):format(id) end
  return type(id) == "string" and id or nil
end

local function by_number(a, b)
  local first, second = tonumber(a), tonumber(b)
  if first and second and first ~= second then return first < second end
  return a < b
end

--- The keys of a table, which are contract ids, in order.
function common.sorted_ids(contracts)
  local ids = {}
  for contract in pairs(contracts) do ids[#ids + 1] = contract end
  table.sort(ids, by_number)
  return ids
end

--- An error about an answer that is well formed and still of no use.
function common.failure(label, kind, message, ...)
  return Error.new { kind = kind, operation = label, outcome = "not_done", retryable = false, attempts = 1,
    message = message:format(...) }
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
  if type(answer) ~= "table" then
    return nil, common.failure(label, "protocol", "Clickwrap answered no table of versions"), response
  end
  for contract, version in pairs(answer) do
    if type(contract) ~= "string" or type(version) ~= "string" then
      return nil, common.failure(label, "protocol", "Clickwrap answered no version for contract %s",
        tostring(contract)), response
    end
  end
  if next(answer) == nil then
    return nil, common.failure(label, "not_found",
      "group %s has no published contracts, or does not exist in this site", tostring(group)), response
  end
  return answer, nil, response
end

return common
