-- A journal of what has been begun and done: a line for each step, written at once. A line that a kill or a full disk
-- has cut off has no "." at its end, and does not count.
local Journal = {}
Journal.__index = Journal

-- The last step of an item and what was noted with it (nil: nothing); nil when it was never begun.
function Journal:last(item)
  local line = self.lines[item]
  if line then return line.step, line.note end
end

function Journal:write(item, step, note)
  local line = ("\n%s\t%s\t%s\t."):format(step, note or "", item)
  assert(self.file:write(line))
  self.lines[item] = { step = step, note = note }
end

return function(path)
  local self = setmetatable({ lines = {} }, Journal)
  local old = io.open(path, "rb")
  for text in old and old:lines() or function() end do
    local step, note, item = text:match "^(%a+)\t([^\t]*)\t(.*)\t%.$"
    if step then self.lines[item] = { step = step, note = note ~= "" and note or nil } end
  end
  if old then old:close() end
  self.file = assert(io.open(path, "ab"))
  self.file:setvbuf "no"
  return self
end
