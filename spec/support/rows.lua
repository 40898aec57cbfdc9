--- Records of a scripted server, page by page, for specs of the command.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

local rows = {}

rows.PAGE = 100 -- rows on a page

--- The answers of the pages of `count` records. Each has one of seven properties.
-- @param text one more field of each, or nil
function rows.answers(count, text)
  local answers = {}
  for page = 0, math.ceil(count / rows.PAGE) - 1 do
    local list = ironclad.array {}
    for i = page * rows.PAGE + 1, math.min(count, (page + 1) * rows.PAGE) do
      list[#list + 1] = { id = "r" .. i, ironcladId = "IC-" .. i, name = ('Row %d, "quoted"\nin two lines'):format(i),
        properties = { ["p" .. i % 7] = { type = "number", value = i } }, text = text }
    end
    answers[#answers + 1] = peer.json(ironclad.json.encode { page = page, pageSize = rows.PAGE, count = count,
      list = list })
  end
  return answers
end

return rows
