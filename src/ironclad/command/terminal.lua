--- What the command writes: its output to standard output, messages to standard error.

local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local screen = require "ironclad.base.screen"

local terminal = {}

local INPUT, OUTPUT, MESSAGES = 0, 1, 2
local EPIPE = 32

terminal.clean = screen.clean

local is_terminal = {}

--- Whether a descriptor is a terminal: "input", "output" or "messages".
function terminal.is(name)
  local descriptor = ({ input = INPUT, output = OUTPUT, messages = MESSAGES })[name]
  if is_terminal[descriptor] == nil then is_terminal[descriptor] = core.terminal.is_terminal(descriptor) end
  return is_terminal[descriptor]
end

local function variable(name)
  local value = os.getenv(name)
  return value ~= nil and value ~= ""
end

--- Whether output is coloured (https://no-color.org; CLICOLOR_FORCE as in BSD's ls).
function terminal.colored(name)
  if variable "NO_COLOR" then return false end
  local forced = os.getenv "CLICOLOR_FORCE"
  if forced and forced ~= "" and forced ~= "0" then return true end
  return terminal.is(name or "output") and os.getenv "TERM" ~= "dumb"
end

local codes = { bold = "1", dim = "2", red = "31", green = "32", yellow = "33" }

--- A clean text in a colour, where the output is coloured.
function terminal.paint(text, color, name)
  if not terminal.colored(name) then return text end
  return ("\27[%sm%s\27[0m"):format(codes[color], text)
end

--- How many columns a line of output has.
function terminal.columns() return screen.columns(OUTPUT) end

local EBADF = 9
local held = {} -- files that stand for closed descriptors
local input_of  -- the argument that standard input was read for
local changed   -- whether a request that may change something has been carried out

--- Makes sure that the descriptors of standard input, output and error are open. Otherwise the next file or socket
-- would get the number of one that the caller has closed, and what is printed would go there. Reading and writing what
-- stands for it fails.
function terminal.hold_descriptors()
  input_of, changed = nil, false
  for _, file in ipairs { io.stdin, io.stdout, io.stderr } do
    local _, _, number = file:seek("cur", 0)
    if number == EBADF then held[#held + 1] = io.open("/dev/null", file == io.stdin and "wb" or "rb") end
  end
end

--- Ends the command when a signal has arrived. It comes before the message about a read, a write or an open that
-- failed: the signal has interrupted it.
function terminal.check_signal()
  if core.terminal.caught() then fail.cancelled() end
end

--- Notes that a request that may change something has been carried out. What ends the command after that says so:
-- otherwise somebody would repeat it.
function terminal.note_change() changed = true end

--- The end of a message about what is not the request itself.
function terminal.change() return changed and "; the request was carried out" or "" end

--- Reads standard input.
-- @param format "*l" or "*a", as file:read takes it
-- @param name the argument that it is read for, or nil
-- @return the text; nil at the end
function terminal.read(format, name)
  local text, problem = io.stdin:read(format)
  terminal.check_signal()
  if problem then fail.failed("%scannot read standard input: %s", name and name .. ": " or "", problem) end
  return text
end

--- Reads all of standard input for an argument. Refuses a second argument, which would get nothing.
function terminal.read_for(name)
  if input_of then fail.usage("%s: @- was given for %s already; standard input is read once", name, input_of) end
  input_of = name
  return terminal.read("*a", name)
end

local function check(done, message, number)
  if done then return end
  terminal.check_signal()
  if number == EPIPE then fail.closed() end
  fail.failed("cannot write the output: %s%s", tostring(message), terminal.change())
end

--- Writes to standard output. Ends the command when the reader has closed the pipe, or when the output cannot be
-- written.
function terminal.write(...)
  check(io.stdout:write(...))
  terminal.check_signal()
end

function terminal.flush() check(io.stdout:flush()) end

--- Writes a line for people to standard error, without control characters. Always shown, and after what was printed
-- before.
function terminal.warn(message, ...)
  if select("#", ...) > 0 then message = message:format(...) end
  io.stdout:flush() -- when it fails, so does the last one, which says so
  io.stderr:write(screen.clean(message, true), "\n")
end

--- The same, only when standard error is a terminal.
function terminal.say(message, ...)
  if terminal.is "messages" then terminal.warn(message, ...) end
end

--- Asks a question on the terminal.
-- @param default what an empty answer means; nil: the question is asked again
-- @return the answer
function terminal.ask(question, default)
  while true do
    io.stderr:write(screen.clean(question), default and default ~= "" and (" [%s]"):format(screen.clean(default)) or "",
      ": ")
    io.stderr:flush()
    local answer = io.stdin:read "*l"
    if not answer or core.terminal.caught() then
      io.stderr:write "\n"
      fail.cancelled()
    end
    answer = answer:match "^%s*(.-)%s*$"
    if answer ~= "" then return answer end
    if default then return default end
  end
end

--- Asks for a secret, which is not shown.
function terminal.ask_hidden(question)
  while true do
    local answer, why = core.terminal.read_hidden(question .. " (not shown): ")
    if not answer and why == "cancelled" then fail.cancelled() end
    if not answer then fail.failed("cannot ask for a secret: %s", why) end
    answer = answer:match "^%s*(.-)%s*$"
    if answer ~= "" then return answer end
  end
end

--- Asks for one of a list of choices: { word, text }. Returns the word.
function terminal.choose(question, choices)
  for i, choice in ipairs(choices) do
    io.stderr:write(("  %d  %s\n"):format(i, screen.clean(choice[2])))
  end
  while true do
    local answer = terminal.ask(question, "1")
    local choice = answer:find "^%d+$" and choices[tonumber(answer)]
    if choice then return choice[1] end
    for _, other in ipairs(choices) do
      if other[1] == answer then return answer end
    end
    io.stderr:write(("Please answer 1 to %d.\n"):format(#choices))
  end
end

return terminal
