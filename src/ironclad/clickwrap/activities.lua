--- Reading a signer's activity, page after page.

local common = require "ironclad.clickwrap.common"

local activities = {}

local PAGE, MOST_PAGES = 100, 1000 -- activities, pages

-- What one page answers -> its activities; nil, an error and the response
local function page_of(cw, label, arguments, options)
  local answer, err, response = cw:call("get_sites-site-id-signers-id-signer-id-activity", arguments, options)
  if err then
    err.operation = label
    return nil, err, response
  end
  if type(answer) ~= "table" or type(answer.data) ~= "table" then
    return nil, common.failure(label, "protocol", "Clickwrap answered no list of activity"), response
  end
  return answer, nil, response
end

--- Passes each activity of a signer to a function, in Clickwrap's order. One that moves to a later page meanwhile,
-- because another is stored, comes twice.
-- @param site from common.find
-- @param query { filter =, expand = }
-- @param requests from action.requests
-- @param visit function(activity) -> true to end
-- @return true, nil, response: it has ended, or has seen all of them; nil, an error and the response
function activities.each(cw, label, site, signer, query, requests, visit)
  local before
  for page = 1, MOST_PAGES do
    local answer, err, response = page_of(cw, label, { path = { site_id = site.id, signer_id = signer },
      query = { filter = query.filter, expand = query.expand, page = page, per_page = PAGE } }, requests())
    if not answer then return nil, err, response end
    local first = type(answer.data[1]) == "table" and answer.data[1].id or nil
    if first ~= nil and first == before then
      return nil, common.failure(label, "protocol", "Clickwrap answered the same activity again and again"), response
    end
    before = first
    for _, activity in ipairs(answer.data) do
      if visit(activity) then return true, nil, response end
    end
    if answer.has_more ~= true or #answer.data == 0 then return true, nil, response end
  end
  return nil, common.failure(label, "protocol", "the signer has more than %d activities", PAGE * MOST_PAGES)
end

return activities
