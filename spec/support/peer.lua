-- Servers that play a script (spec_peer), and what is needed around them: answers, certificates, folders and
-- child processes. The steps of a script are in spec/support/peer_server.c.
local spec_peer = require "spec_peer"
local process = require "spec_process"

local peer = {
  fork_run = process.fork_run,
  interpreter = process.interpreter,
  free_port = process.free_port,
  hold_port = process.hold_port,
  refused_port = process.refused_port,
}

-- peer.start{ connections = {script, …}, answers = {bytes, …}, tls = {cert =, key =, max_version =, clients =} }
-- `clients` is a file of CA certificates: clients must show a certificate that one of these has signed. -> server, with
-- :port(), :requests(), :connections(), :await(n), :release(), :stop(). A request is {method =, target =, headers =
-- {[name in lower case] = value}, body =, connection = index}.
peer.start = spec_peer.start

function peer.url(server, scheme) return (scheme or "http") .. "://127.0.0.1:" .. server:port() end

-- The bytes of an answer. `headers` is a list of whole lines; Content-Length is added.
function peer.answer(status, headers, body)
  local lines = { "HTTP/1.1 " .. status .. " Status" }
  for _, line in ipairs(headers or {}) do
    lines[#lines + 1] = line
  end
  lines[#lines + 1] = "Content-Length: " .. #(body or "")
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")
end

function peer.json(text, status, headers)
  local lines = { "Content-Type: application/json" }
  for _, line in ipairs(headers or {}) do
    lines[#lines + 1] = line
  end
  return peer.answer(status or 200, lines, text)
end

function peer.quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

-- Runs a shell command -> its output, both streams, and its status. Libraries that are preloaded in this process (a
-- sanitizer, for example) are not preloaded in the programs that it starts; their names are in $preload.
local function shell_pipe(command)
  local prelude = "preload=$LD_PRELOAD; unset LD_PRELOAD; "
  local pipe = assert(io.popen(prelude .. "{ " .. command .. "\n} 2>&1; printf '\\n%d' $?", "r"))
  return pipe, function()
    local text = pipe:read "*a"
    pipe:close()
    local output, status = text:match "^(.*)\n(%d+)$"
    return output, tonumber(status)
  end
end

-- `secret`: true when the output may hold secrets, because it is what is sent or what is in a spec's own file.
function peer.shell(command)
  local _, ended = shell_pipe(command)
  return ended()
end

-- Waits until check() returns something, for as long as a busy machine may need for it -> what it returns. After nil or
-- false, check() may return what there is instead, for the error.
function peer.eventually(check)
  local value, instead
  for _ = 1, 1000 do
    value, instead = check()
    if value then return value end
    peer.shell "sleep 0.02"
  end
  error("it did not happen" .. (instead and ": " .. tostring(instead) or ""), 2)
end

-- Waits likewise until a shell command succeeds.
function peer.until_succeeds(command)
  peer.eventually(function()
    local output, status = peer.shell(command)
    return status == 0, ("%s: %s"):format(command, output)
  end)
end

-- The same as words of a shell script, which ends with the status 99 if the command never succeeds.
function peer.waiting(command)
  return ("tries=0; until %s; do tries=$((tries + 1)); [ $tries -lt 1000 ] || { echo %s >&2; exit 99; }; "
    .. "sleep 0.05; done"):format(command, peer.quoted("it did not happen: " .. command))
end

local function must_run(command)
  local output, status = peer.shell(command)
  if status ~= 0 then error(command .. "\n" .. output, 2) end
  return output
end

function peer.temporary_folder()
  local path = must_run 'mktemp -d "${TMPDIR:-/tmp}/spec.XXXXXX"'
  return (path:gsub("%s+$", ""))
end

function peer.remove_folder(path) must_run("rm -rf " .. peer.quoted(path)) end

function peer.read_file(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read "*a"
  file:close()
  return bytes
end

function peer.write_file(path, bytes)
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
end

-- A new self-signed certificate in `folder` -> {cert = path, key = path}. `options.names` as in subjectAltName
-- (default: this machine's); `options.expired`: whether it is valid no more.
function peer.certificate(folder, name, options)
  options = options or {}
  local files = { cert = folder .. "/" .. name .. ".pem", key = folder .. "/" .. name .. ".key" }
  must_run(table.concat({
    "cd " .. peer.quoted(folder),
    "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ironclad-spec -keyout " .. name
      .. ".key -out " .. name .. ".csr -addext subjectAltName=" .. (options.names or "DNS:localhost,IP:127.0.0.1"),
    ("sign() { openssl x509 -req -in %s.csr -signkey %s.key -copy_extensions copy -out %s.pem $*; }"):format(name, name,
      name),
    -- OpenSSL 3.4 refuses negative days, and has the other options.
    options.expired and "{ sign -days -1 || sign -not_before 20200101000000Z -not_after 20200102000000Z; }"
      or "sign -days 2",
  }, " && "))
  return files
end

-- The file of that name in the folder of spec_peer's binary.
function peer.built(name)
  for template in package.cpath:gmatch "[^;]+" do
    local path = template:gsub("%?", "spec_peer")
    local file = io.open(path, "rb")
    if file then
      file:close()
      return (path:gsub("[^/]*$", "") .. name)
    end
  end
  error "spec_peer is not on package.cpath"
end

local function with_paths(source)
  return ("package.path, package.cpath = %q, %q\n"):format(package.path, package.cpath) .. source
end

-- The shell command that runs Lua source in a new process of this Lua, with this process's paths, after a line with
-- the process's id. A process that takes longer than `options.seconds` is killed, which is status 137.
-- `options.preload` is a library for LD_PRELOAD, `options.environment` one more variable ("NAME=value"), and
-- `options.before` a shell command that runs first. The other arguments are the source's `...`, as strings.
local function lua_command(source, options, ...)
  local words = {
    "printf %s " .. peer.quoted(with_paths(source)) .. " |",
    "timeout -s KILL " .. (options.seconds or 120),
    "sh -c " .. peer.quoted(("echo $$; %s exec env \"$@\""):format(options.before and options.before .. ";" or ""))
      .. " sh",
    -- After what is preloaded already, because a sanitizer must be first.
    'LD_PRELOAD="$preload' .. (options.preload and "${preload:+:}" .. options.preload or "") .. '"',
    options.environment and peer.quoted(options.environment) or "",
    peer.quoted(process.interpreter()) .. " -",
  }
  for _, argument in ipairs { ... } do
    words[#words + 1] = peer.quoted(tostring(argument))
  end
  return table.concat(words, " ")
end

-- Runs that command -> output, status.
function peer.lua(source, options, ...)
  local output, status = peer.shell(lua_command(source, options or {}, ...))
  return (output:gsub("^%d+\n", "")), status
end

-- Starts it -> the process's id, a function that waits for its end -> the rest of its output, status, and a function
-- that waits for its next line -> the line.
function peer.start_lua(source, options, ...)
  local pipe, ended = shell_pipe(lua_command(source, options or {}, ...))
  return tonumber(pipe:read "*l"), ended, function() return pipe:read "*l" end
end

-- Runs Lua source in a new state in this process, and closes it -> the text that it returned.
function peer.new_state(source) return process.new_state(with_paths(source)) end

return peer
