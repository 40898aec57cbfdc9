-- A journal of what has been started and done: one line for each step, written at once. A line that was truncated, by a
-- kill or a full disk, has no "." at its end and is ignored.
local json = require("ironclad").json

local Journal = {}
Journal.__index = Journal

--- A text in the form of the journal: on one line, as JSON when it has control characters.
local function on_one_line(text)
  return text:find '[%c]' and json.encode(text):gsub("\127", "\\u007f") or text:find '^"' and json.encode(text) or text
end
Journal.on_one_line = on_one_line

-- The last step of an item and what was noted with it (nil: nothing); nil when it was never started.
function Journal:last(item)
  local line = self.lines[on_one_line(item)]
  if line then return line.step, line.note end
end

function Journal:write(item, step, note)
  local key = on_one_line(item)
  assert(self.file:write(("\n%s\t%s\t%s\t."):format(step, note and on_one_line(note) or "", key)))
  self.lines[key] = { step = step, note = note }
end

return function(path)
  local self = setmetatable({ lines = {} }, Journal)
  local old, problem, code = io.open(path, "rb")
  if not old and code ~= 2 then error(problem, 0) end -- ENOENT: no such file
  for text in old and old:lines() or function() end do
    local step, note, item = text:match "^(%a+)\t([^\t]*)\t(.*)\t%.$"
    if step then self.lines[item] = { step = step, note = note ~= "" and note or nil } end
  end
  if old then old:close() end
  self.file = assert(io.open(path, "ab"))
  self.file:setvbuf "no"
  return self
end
