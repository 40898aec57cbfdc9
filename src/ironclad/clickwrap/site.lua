--- The site of a connection. The Activity API requires its public access id, and the paths below /sites require its
-- number. With a token both are looked up in GET /sites, once.

local copy = require "ironclad.base.copy"
local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local run = require "ironclad.calls.run"

local site = {}

local MOST_PAGES = 100 -- of 100 sites

local function failure(kind, message)
  return Error.new { kind = kind, message = message, operation = "sites:list", outcome = "not_done",
    retryable = false, attempts = 1 }
end

-- Whether it has what the table of a site needs.
local function is_site(value)
  return type(value) == "table" and (type(value.id) == "number" or type(value.id) == "string")
    and type(value.access_id) == "string"
end

-- All sites of the token; nil and an error. The deadline in the options is for all pages.
local function all_sites(client, options)
  local sites, page, known = {}, 1, {}
  local left = run.left(options.deadline)
  while true do
    local arguments = { page = page, per_page = 100, timeout = options.timeout, max_retries = options.max_retries,
      deadline = left() }
    local answer, err, response = client.sites:list(arguments)
    if err then return nil, err, response end
    local list = type(answer) == "table" and answer.data
    if type(list) ~= "table" then return nil, failure("protocol", "Clickwrap answered no list of sites"), response end
    local before = #sites
    for _, one in ipairs(list) do
      if not is_site(one) then
        return nil, failure("protocol", "Clickwrap answered a site without an id"), response
      end
      if not known[one.access_id] then sites[#sites + 1] = one end
      known[one.access_id] = true
    end
    if answer.has_more ~= true or page == MOST_PAGES or #sites == before then return sites end
    page = page + 1
  end
end

local function named(sites)
  local texts = {}
  for i, one in ipairs(sites) do
    if i > 5 then texts[i] = "…" break end
    texts[i] = ("%s (%s)"):format(type(one.name) == "string" and one.name or "?", one.access_id)
  end
  return table.concat(texts, ", ")
end

-- The one of the sites that the connection means; nil and an error.
local function choose(sites, wanted)
  if not wanted and #sites == 1 then return sites[1] end
  for _, one in ipairs(wanted and sites or {}) do
    if one.access_id == wanted then return one end
  end
  if #sites == 0 then return nil, failure("invalid_state", "the token sees no site") end
  if wanted then
    return nil, failure("invalid_state",
      ("the token sees no site with the access id %s; it sees %s"):format(wanted, named(sites)))
  end
  return nil, failure("invalid_state",
    ("the token sees %d sites; give the site_access_id of one: %s"):format(#sites, named(sites)))
end

--- The site's table.
-- @param options of the requests: timeout, deadline, max_retries; or nil
-- @return it; nil, an error and the response
function site.find(client, options)
  local known = rawget(client, "known_site")
  if known then return known end
  local about = core.describe(client.connection)
  local sites, err, response = all_sites(client, options or {})
  if not sites then return nil, err, response end
  local found
  found, err = choose(sites, about.site_access_id)
  if not found then return nil, err end
  if not about.site_access_id then
    local connection, objection = core.for_site(client.connection, tostring(found.access_id))
    if not connection then return nil, failure("invalid_state", objection) end
    client.connection = connection
  end
  rawset(client, "known_site", found)
  return found
end

-- The field of an operation that has the site access id, and the name of the table that it is in.
local function field_of(entry)
  for _, field in ipairs(entry.query) do
    if field.site then return field.name, "query" end
  end
  for _, field in ipairs(entry.fields) do
    if field.site then return field.name, "body" end
  end
end

-- Whether the arguments need the connection's site access id.
local function is_wanted(entry, arguments)
  local name, place = field_of(entry)
  local given = arguments[place]
  if not name or (given ~= nil and type(given) ~= "table") then return false end
  return not given or (given[name] == nil and given.site_id == nil), name, place
end

--- Whether GET /sites must be asked before the call can be made.
function site.must_look(client, entry, arguments)
  if arguments.dry_run or not is_wanted(entry, arguments) then return false end
  return core.describe(client.connection).site_access_id == nil
end

--- Adds the connection's site access id to the arguments of a call.
function site.add(client, entry, arguments)
  local wanted, name, place = is_wanted(entry, arguments)
  local id = wanted and core.describe(client.connection).site_access_id
  if id then arguments[place] = copy.with(arguments[place], name, id) end
end

return site
