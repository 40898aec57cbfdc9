--- Runs the command `ironclad` in specs: with pipes, or in a pseudo-terminal (script of bsdutils).
local peer = require "spec.support.peer"
local process = require "spec_process"

local command = {}

local quoted = peer.quoted

-- The words that run the command with this Lua, and this build.
local function program()
  return process.interpreter() .. " " .. quoted(peer.built "bin/ironclad")
end
command.program = program

-- The environment as words for env(1): none of the caller's connection.
local function environment(given)
  local words = { "env -u IRONCLAD_INSTANCE -u IRONCLAD_CLIENT_ID -u IRONCLAD_CLIENT_SECRET -u IRONCLAD_AS_USER",
    "-u IRONCLAD_CA_FILE -u IRONCLAD_CONFIG -u NO_COLOR -u CLICOLOR_FORCE -u SSH_CONNECTION TERM=xterm",
    'LD_PRELOAD="$preload"' }
  for name, value in pairs(given or {}) do words[#words + 1] = name .. "=" .. quoted(value) end
  return table.concat(words, " ")
end
command.environment = environment

--- The environment that points the command at a sandbox.
function command.of_sandbox(sandbox, more)
  local given = { IRONCLAD_INSTANCE = sandbox.instance, IRONCLAD_CLIENT_ID = sandbox.client_id,
    IRONCLAD_CLIENT_SECRET = sandbox.client_secret, IRONCLAD_AS_USER = sandbox.as_user,
    IRONCLAD_CA_FILE = sandbox.ca_file, IRONCLAD_CONFIG = "/nowhere/connections.json" }
  for name, value in pairs(more or {}) do given[name] = value end
  return given
end

--- Runs the command with pipes.
-- @param words the arguments, as a shell reads them
-- @param given environment variables by name
-- @param input what standard input is (nothing)
-- @return standard output, standard error, the exit status
function command.run(words, given, input)
  local folder = peer.temporary_folder()
  peer.write_file(folder .. "/in", input or "")
  local _, status = peer.shell(("%s %s %s < %s/in > %s/out 2> %s/err"):format(environment(given), program(), words,
    folder, folder, folder))
  local out, err = peer.read_file(folder .. "/out"), peer.read_file(folder .. "/err")
  peer.remove_folder(folder)
  return out, err, status
end

--- Runs a shell line in which $ironclad is the command with that environment.
-- @return the output of the line, and its status
function command.shell(line, given)
  return peer.shell(("ironclad=%s; %s"):format(quoted(environment(given) .. " " .. program()),
    (line:gsub("%$ironclad", "eval $ironclad"))))
end

--- Runs the command in a pseudo-terminal of some columns.
-- @param steps a list of { what the terminal shows first, what is then typed }; with `file`, what that file
--   has first
-- @return what the terminal gets, with "\n" as line ends; and the exit status
function command.terminal(words, given, columns, steps)
  local folder = peer.temporary_folder()
  peer.write_file(folder .. "/run", ("trap : INT; stty cols %d rows 40; %s %s %s; echo $? > %s/status\n"):format(
    columns or 80, environment(given), program(), words, folder))
  local typing = {}
  for _, step in ipairs(steps or {}) do
    local line = "until grep -qF -e %s %s; do kill -0 $! || break; sleep 0.05; done; printf %%s %s >&3"
    typing[#typing + 1] = line:format(quoted(step[1]), step.file or folder .. "/out", quoted(step[2]))
  end
  peer.shell(("cd %s; mkfifo in; : > out; export preload; script -qfec 'sh run' /dev/null < in > out 2>&1 &\n"
    .. "exec 3> in; %s\nwait $!; exec 3>&-"):format(folder, #typing > 0 and table.concat(typing, "\n") or ":"))
  local out = peer.read_file(folder .. "/out"):gsub("\r\n", "\n")
  local status = tonumber(peer.read_file(folder .. "/status"))
  peer.remove_folder(folder)
  return out, status
end

return command
