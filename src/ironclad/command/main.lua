--- The command `ironclad`: finds the subcommand, runs it, and turns failures into a message and an exit status.

local commands = require "ironclad.command.commands"
local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local flags = require "ironclad.command.flags"
local output = require "ironclad.command.output"
local terminal = require "ironclad.command.terminal"

local SIGINT = 2

local function find(name)
  for _, command in ipairs(commands) do
    if command.name == name then return command end
  end
end

local function unknown(word, first)
  local names = require "ironclad.command.names"
  local candidates = names.resource_words()
  for _, command in ipairs(commands) do candidates[#candidates + 1] = command.name end
  local nearest = core.nearest(word, candidates)
  if not nearest and first[1] then
    fail.usage("there is no command %q; the options of a command go after it, as in `ironclad COMMAND %s`", word,
      table.concat(first, " "))
  end
  fail.usage("there is no command %q%s; `ironclad help` lists them", word, fail.meant(nearest))
end

local function run_command(command, words)
  local module = require("ironclad.command." .. command.name)
  if module.dispatch then return module.dispatch(words) end
  local known = { { "help", short = "h", hidden = true } }
  for _, flag in ipairs(module.flags) do known[#known + 1] = flag end
  if not flags.find(known, "dry-run") then
    known[#known + 1] = { "dry-run", refused = command.name .. " sends nothing to Ironclad" }
  end
  local options, rest, before = flags.parse(words, known, module.stop)
  if options.help then return require("ironclad.command.help").command(command) end
  output.form(options)
  return module.run(rest, options, before)
end

-- Runs options without a command.
local function without_command(first, known)
  for _, option in ipairs(first) do
    if option == "--version" then return terminal.write("ironclad ", core.version, "\n") end
    if option == "--help" or option == "-h" then break end
    if flags.find(known, option:match "^%-%-?([^=]+)") then
      fail.usage("the command is missing, as in `ironclad -c NAME workflows list`; `ironclad help` lists them")
    end
    fail.usage("unknown option %s; `ironclad help` explains", option)
  end
  return require("ironclad.command.help").overview()
end

local function dispatch(words)
  -- Options before the command belong to it: `ironclad -c acme workflows list`.
  local known = (words[1] or ""):find "^%-" and require("ironclad.command.operation_flags").all() or {}
  local first, rest = flags.leading(words, known)
  local word = rest[1]
  if not word then return without_command(first, known) end
  local command = find(word)
  if command then return run_command(command, flags.joined(rest, 1, first)) end
  local names = require "ironclad.command.names"
  local resource, taken = names.resource(rest)
  if not resource then unknown(word, first) end
  local operation = rest[taken + 1]
  if not operation or operation == "--help" or operation == "-h" then
    return require("ironclad.command.help").resource(resource)
  end
  local given = flags.joined(rest, taken + 1, first)
  table.insert(given, 1, operation)
  return require("ironclad.command.operation").run(resource, given)
end

-- ---- what goes wrong ----

local function advice(err)
  for _, kind in ipairs(core.error_kinds()) do
    if kind.name == err.kind and kind.advice ~= "Nothing" then return kind.advice end
  end
end

local function report_cancelled(problem)
  local err = problem.err
  if not err then
    terminal.warn("ironclad: cancelled%s", terminal.change())
  elseif err.outcome == "unknown" then
    terminal.warn("ironclad: cancelled. The request was sent, so it may have been carried out: look before you "
      .. "repeat it")
  else
    terminal.warn "ironclad: cancelled. Nothing was changed by the request that was running"
  end
end

-- A message without line ends, which %q writes after a backslash.
local function one_line(text) return (text:gsub("\\\n", "\\n"):gsub("[\r\n]+", " ")) end

-- A mistake with the label of a method, "records:each: …", as this command calls it: "records list: …".
local function in_words(text)
  local resource, name, rest = text:match "^([%a_.]+):([%a_]+): (.*)$"
  local names = require "ironclad.command.names"
  rest = rest and rest:gsub("%(extra = .- sends fields", "(`ironclad api` sends fields")
  if not resource or not (names.resource { resource } or names.is_clickwrap(resource)) then return text end
  return ("%s %s: %s"):format(names.words_to(resource), names.shown((name:gsub("^each", "list"))), rest)
end

-- An error raised as text: a mistake in the arguments, which the library found; or a fault of the command itself.
local function report_text(text)
  if text:find "^[^\n]-%.lua:%d+: " and not text:find "^[^\n]-/bin/ironclad:" then
    terminal.warn("ironclad: internal error: %s", text)
    return fail.FAILED
  end
  terminal.warn("ironclad: %s", one_line(in_words(text:gsub("^%S-/bin/ironclad:%d+: ", ""))))
  return fail.USAGE
end

local function report(problem)
  if not fail.is(problem) then return report_text(tostring(problem)) end
  if problem.cancelled then
    report_cancelled(problem)
    local signal = core.terminal.caught()
    return signal and signal ~= SIGINT and 128 + signal or fail.USAGE
  end
  if problem.message then
    local usage = problem.status == fail.USAGE
    terminal.warn("ironclad: %s", usage and one_line(problem.message) or problem.message)
    if problem.err and terminal.is "messages" then
      local text = advice(problem.err)
      if text then terminal.warn("%s.", text) end
    end
    if problem.status == fail.LOGIN and problem.err then
      terminal.say "`ironclad login NAME` logs in, `ironclad doctor` looks for the reason."
    end
  end
  return problem.status
end

-- Ctrl-C cancels the call that is waited for, so that its error says what may have happened.
local function hold_signals()
  core.terminal.catch_signals()
  require("ironclad.loop.plain").interrupted = function() return core.terminal.caught() ~= nil end
end

-- Runs in a coroutine, so that mistakes which the library raises have no position: they are the user's, and there is no
-- script.
local function protected(words)
  return coroutine.wrap(function()
    local fine, problem = xpcall(function()
      local status = dispatch(words)
      terminal.flush()
      return status
    end, function(problem)
      if fail.is(problem) or not os.getenv "IRONCLAD_TRACEBACK" then return problem end
      return debug.traceback(tostring(problem), 2)
    end)
    return fine, problem
  end)()
end

--- Runs the command.
-- @param words the arguments
-- @return the exit status
return function(words)
  terminal.hold_descriptors()
  -- A script under `run` gets signals as in plain Lua.
  local first = words[1]
  if first ~= "run" then hold_signals() end
  io.stdout:setvbuf "full"
  local fine, result = protected(words)
  if fine then return type(result) == "number" and result or fail.DONE end
  pcall(io.stdout.flush, io.stdout)
  return report(result)
end
