--- What the views of lists share: pages of items, one in a line.

local text = require "ironclad_nvim.text"
local view = require "ironclad_nvim.view"

local lists = {}

local PAGE = 50

--- The line of the first item.
lists.FIRST = 3

--- Reads the pages that are shown.
-- @param resource client.workflows or client.records
-- @param arguments of its `list`
-- @param title of the first line
-- @param columns function(item) -> a row of texts, the first of which is the id
-- @return lines and items, as a view's `read` returns them
function lists.read(self, resource, arguments, title, columns)
  local rows, total = {}, 0
  for page = 0, (self.pages or 1) - 1 do
    arguments.page, arguments.pageSize = page, PAGE
    local answer = view.must(resource:list(arguments))
    total = answer.count
    for _, item in ipairs(answer.list or {}) do rows[#rows + 1] = columns(item) end
  end
  self.all_shown = #rows >= (total or 0)
  local lines, items = { ("%s: %s"):format(text.line(title), text.counted(#rows, total)), "" }, {}
  for i, line in ipairs(text.columns(rows)) do
    lines[lists.FIRST + i - 1] = line
    items[lists.FIRST + i - 1] = rows[i][1]
  end
  return lines, items
end

lists.actions = { more = { "show more of the list", function(self)
  if self.all_shown then return view.notify "all are shown" end
  self.pages = (self.pages or 1) + 1
  self:refresh()
end } }

return lists
