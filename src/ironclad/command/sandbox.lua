--- ironclad sandbox [-- COMMAND…]: a local Ironclad, for as long as a command runs.

local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local terminal = require "ironclad.command.terminal"

local sandbox = { stop = true, flags = {
  { "port", value = "N", kind = "count", most = 65535, text = "The port (default: any free one)" },
  { "seed", value = "N", kind = "count", text = "The same number gives the same ids (default: random)" },
  { "clock", value = "TIME", text = "Start at this time, and stop the clock" },
  { "fixtures", value = "FILE", text = "Start with the company in FILE" },
  { "job-seconds", value = "N", kind = "seconds", text = "How long jobs take (default: 1)" },
  { "no-tls", text = "Plain http" },
} }

sandbox.help = [[
With COMMAND, the command runs with IRONCLAD_INSTANCE and the other variables of the sandbox, and without those of any
other connection. The sandbox ends with it; the exit status is the command's. Without COMMAND, lines for a shell are
printed, and the sandbox runs until Ctrl-C.
`ironclad-sandbox --help` has more options and the controls.

  ironclad sandbox -- ironclad workflows list
  ironclad sandbox -- sh]]

local function start(options)
  local found, module = pcall(require, "ironclad.sandbox")
  if not found then fail.failed("%s", tostring(module)) end
  local given = { port = options.port or 0, seed = options.seed, clock = options.clock, fixtures = options.fixtures,
    job_seconds = options["job-seconds"] }
  if options["no-tls"] then given.tls = false end
  local fine, started, message = pcall(module.start, given)
  if not fine then
    local text = tostring(started):gsub("^sandbox: ", ""):gsub("^option '([%l_]+)'", function(name)
      return "--" .. name:gsub("_", "-")
    end)
    fail.usage("%s", text)
  end
  if not started then fail.failed("%s", message) end
  return started
end

-- The folder of this command's file. A shell on the sandbox finds the command there, if it is not on its PATH.
local function own_folder()
  local folder = arg and (arg[0] or ""):match "^(.*)/[^/]+$" or "."
  if folder:sub(1, 1) == "/" then return folder end
  return (os.getenv "PWD" or ".") .. "/" .. folder
end

-- The environment of a command, for core.terminal.run.
local function environment(started)
  local set, lines = require("ironclad.sandbox.environment").of(started)
  for _, pair in ipairs(set) do lines[#lines + 1] = pair[1] .. "=" .. pair[2] end
  for _, line in ipairs { "no_proxy=127.0.0.1", "NO_PROXY=127.0.0.1",
    ("PATH=%s:%s"):format(os.getenv "PATH" or "/usr/bin:/bin", own_folder()) } do
    lines[#lines + 1] = line
  end
  return lines
end

local function run_until_interrupted(started)
  io.stderr:write(terminal.clean(started:info(), true), "\n")
  terminal.write(require("ironclad.sandbox.environment").lines(started))
  terminal.flush()
  local client = started:connect { rate_limit = false }
  local run = require "ironclad.calls.run"
  while not core.terminal.caught() do run.sleep(client, 3600) end
  return fail.DONE
end

function sandbox.run(words, options)
  local started = start(options)
  local fine, status, problem = pcall(function()
    if not words[1] then return run_until_interrupted(started) end
    return core.terminal.run(words, environment(started))
  end)
  started:stop()
  if not fine then error(status, 0) end
  if not status then fail.failed("%s: %s", words[1], problem) end
  return status
end

return sandbox
