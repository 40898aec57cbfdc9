--- Runs the command `ironclad` in specs: with pipes, or in a pseudo-terminal (script of bsdutils).
local core = require "ironclad.core"
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

--- Starts a sandbox, whose jobs are done at once.
-- @param more environment variables besides
-- @return it, the environment that points the command at it, and a client of it
function command.start_sandbox(more)
  local sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true, job_seconds = 0 })
  return sandbox, command.of_sandbox(sandbox, more), sandbox:connect { rate_limit = false }
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

-- Runs the command once for each line of arg[1], which is a list of words in JSON; what it prints is marked.
local MANY = [[
local core, main = require "ironclad.core", require "ironclad.command.main"
for line in io.lines(arg[1]) do
  local status = main((core.json.decode(line)))
  io.stdout:flush()
  for _, file in ipairs { io.stdout, io.stderr } do file:write("\1", status, "\2") end
end
]]

--- Runs the command many times in one process, which is faster.
-- @param list lists of words
-- @param given environment variables by name
-- @return a list of { out =, err =, status = }
function command.run_all(list, given)
  local folder, lines = peer.temporary_folder(), {}
  for i, words in ipairs(list) do lines[i] = core.json.encode(core.array(words)) .. "\n" end
  peer.write_file(folder .. "/words", table.concat(lines))
  peer.write_file(folder .. "/many.lua", MANY)
  peer.shell(("%s %s %s/many.lua %s/words < /dev/null > %s/out 2> %s/err"):format(environment(given),
    process.interpreter(), folder, folder, folder, folder))
  local results = {}
  for _, name in ipairs { "out", "err" } do
    local i = 0
    for text, status in peer.read_file(folder .. "/" .. name):gmatch "(.-)\1(%d+)\2" do
      i = i + 1
      results[i] = results[i] or {}
      results[i][name], results[i].status = text, tonumber(status)
    end
    assert(i == #list, ("%d of %d ran: %s"):format(i, #list, peer.read_file(folder .. "/err")))
  end
  peer.remove_folder(folder)
  return results
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
    -- A command that never shows it is ended.
    local line = "tries=0; until grep -qF -e %s %s; do kill -0 $! || break; tries=$((tries + 1)); "
      .. "[ $tries -lt 1000 ] || { kill $!; break; }; sleep 0.05; done; printf %%s %s >&3"
    typing[#typing + 1] = line:format(quoted(step[1]), step.file or folder .. "/out", quoted(step[2]))
  end
  peer.shell(("cd %s; mkfifo in; : > out; export preload; script -qfec 'sh run' /dev/null < in > out 2>&1 &\n"
    .. "exec 3> in; %s\nwait $!; exec 3>&-"):format(folder, #typing > 0 and table.concat(typing, "\n") or ":"))
  local out = peer.read_file(folder .. "/out"):gsub("\r\n", "\n")
  local status = tonumber(peer.read_file(folder .. "/status"))
  peer.remove_folder(folder)
  return out, status
end

-- An argument by its type.
local samples = { number = "1", integer = "1", boolean = "true", date = "2026-01-01", file = "@recipes/nda.docx",
  object = "{}", email = "a@b.example" }

--- The words that an operation needs: ids, and required arguments.
-- @param entry the operation, or nil
-- @param helper otherwise one of ironclad.command.names.helpers
function command.arguments_of(entry, helper)
  local list = {}
  entry = entry or require("ironclad.command.names").takes(helper)
  if entry and entry.name:find "^launch" then
    return { "template=Mutual NDA", "counterpartyName=A", 'draft:=[{"url":"https://example.test/nda.docx"}]' }
  end
  if not entry then
    for word in (helper.words or ""):gmatch "%S+" do
      list[#list + 1] = word == "NAME=VALUE…" and "name=x" or word == "EMAIL" and "a@b.example" or "x"
    end
    if helper.name == "wait" and helper.resource == "workflows" then list[#list + 1] = "--step=Complete" end
    return list
  end
  if entry.name == "upload_signed_document" then list[1] = "fully_signed=true" end
  for _ in ipairs(entry.path_parameters) do list[#list + 1] = "x" end
  for _, fields in ipairs { entry.fields, entry.query } do
    for _, field in ipairs(fields) do
      local open = field.name == "attributes" and field.type == "object"
      -- Of several keys one is required: gkey.
      if field.required and not field.fill and not open or field.name == "gkey" then
        local value = field.choices and field.choices[1] or samples[field.type] or "x"
        list[#list + 1] = ("%s=%s"):format(field.name, value)
      end
    end
  end
  return list
end

--- A list of words from texts, which are split at spaces, and lists.
function command.words(...)
  local list = {}
  for _, part in ipairs { ... } do
    if type(part) == "string" then
      for word in part:gmatch "%S+" do list[#list + 1] = word end
    else
      for _, word in ipairs(part) do list[#list + 1] = word end
    end
  end
  return list
end

return command
