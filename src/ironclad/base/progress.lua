--- ironclad.progress: a progress bar on standard error. It is shown only on a terminal.

local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"
local screen = require "ironclad.base.screen"

local STANDARD_ERROR = 2
local PAUSE = 0.1 -- seconds of processor time between two drawings; the first and the last are always drawn
local BAR = 24    -- columns at most

local Progress = { __name = "ironclad.progress" }
Progress.__index = Progress

local units = { "B", "KiB", "MiB", "GiB", "TiB" }

local function amount(number, unit)
  if unit ~= "bytes" then return ("%d"):format(number) end
  local power = 1
  while number >= 1024 and power < #units do number, power = number / 1024, power + 1 end
  return (power == 1 and "%d %s" or "%.1f %s"):format(number, units[power])
end

-- The line for a state of the work, without the line end.
local function line_of(self, done, total, failed)
  local known = type(total) == "number" and total > 0
  local text = known and ("%s of %s"):format(amount(done, self.unit), amount(total, self.unit))
    or amount(done, self.unit)
  if failed and failed > 0 then text = ("%s, %d failed"):format(text, failed) end
  local width = self.columns() - 1
  local left = math.min(BAR, width - screen.width(self.label) - screen.width(text) - 4)
  if known and left >= 4 then
    local full = math.floor(left * math.min(1, done / total))
    text = ("[%s%s] %s"):format(("#"):rep(full), (" "):rep(left - full), text)
  end
  return screen.cut(self.label .. " " .. text, width)
end

--- Draws the bar: progress(done, total, failed). `total` may be nil.
function Progress:__call(done, total, failed)
  if not self.shown then return end
  local now = os.clock()
  self.line = line_of(self, done, total, failed)
  if self.drawn and now - self.drawn < PAUSE and done ~= total then return end
  self.drawn = now
  self.file:write("\r", self.line, "\27[K")
  self.file:flush()
end

--- Removes the bar.
-- @param text a line to print in its place, or nil
function Progress:finish(text)
  if not self.shown then return end
  if self.drawn then self.file:write "\r\27[K" end
  if text then self.file:write(screen.clean(text), "\n") end
  self.file:flush()
  self.drawn = nil
end

mistake.need_object(Progress, Progress, "bar", { "finish" })
Progress.finish = mistake.guard(Progress.finish)

local known = mistake.set { "unit", "file", "terminal", "columns" }

--- A progress bar. It is called with how much is done, the total or nil, and how many failed, so it can be the
-- `on_progress` of a call, a wait or a map.
-- @param label what is being done, as "Downloading"
-- @param options
--   unit      "bytes" shows KiB and MiB; otherwise numbers are shown as they are
--   file      where it is shown (io.stderr)
--   terminal  whether it is shown (whether standard error is a terminal)
--   columns   the width of the line (that of the terminal)
-- @return the bar: bar(done, total, failed), bar:finish(text)
return function(label, options)
  if type(label) ~= "string" then
    mistake.raise("ironclad.progress", "expected a text, got %s", mistake.type_of(label))
  end
  options = options or {}
  mistake.check_options("ironclad.progress", options, known)
  local shown = options.terminal
  if shown == nil then shown = core.terminal.is_terminal(STANDARD_ERROR) and os.getenv "TERM" ~= "dumb" end
  local columns = options.columns
  return setmetatable({
    label = screen.clean(label), unit = options.unit, file = options.file or io.stderr, shown = shown,
    columns = function() return columns or screen.columns(STANDARD_ERROR) end,
  }, Progress)
end
