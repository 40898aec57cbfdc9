-- A real redis-server of a spec's own, on a unix socket in a temporary folder, or on a port.
local peer = require "spec.support.peer"

local redis = {}
local Server = {}
Server.__index = Server

local function must_run(command, ...)
  local output, status = peer.shell("(" .. command:format(...) .. ")")
  if status ~= 0 then error(command:format(...) .. "\n" .. output, 2) end
  return (output:gsub("%s+$", ""))
end

-- Starts redis-server -> whether it answers; false: a port that it needs was taken.
local function launch(self)
  must_run("rm -f %s/log; %s redis-server %s/redis.conf --daemonize yes", self.folder, self.preload, self.folder)
  local taken = must_run("for try in $(seq 1000); do %s ping 2>/dev/null | grep -qE 'PONG|NOAUTH' && exit 0; " ..
    "grep -s 'Failed listening on port' %s/log && exit 0; sleep 0.02; done; cat %s/log; exit 1", self.client,
    self.folder, self.folder)
  if taken ~= "" then return false end
  self.pid = peer.read_file(self.folder .. "/pid"):match "%d+"
  return true
end

-- Starts the server again, after a kill. Returns once it answers.
function Server:run()
  if not launch(self) then error("another program has the port of " .. self.address, 2) end
end

-- Chooses a port, which no other spec gets until the server is stopped -> the lines of redis.conf about it.
local function choose_port(self, login, tls)
  -- A node of a cluster also listens on the port 10,000 above.
  local port
  repeat
    if self.held then self.held:release() end
    port, self.held = peer.hold_port()
  until port <= 55535
  self.address = ("%s://%s127.0.0.1:%d"):format(tls and "rediss" or "redis", login, port)
  if not tls then return "port " .. port end
  return ("port 0\ntls-port %d\ntls-cert-file %s\ntls-key-file %s\ntls-auth-clients no"):format(port, tls.cert, tls.key)
end

-- options: port (true: on a free TCP port), tls ({cert =, key =}: that port is for TLS), password, persistent (true:
-- every write is on disk), preload (a library for LD_PRELOAD), and lines, more lines of redis.conf.
function redis.start(options)
  options = options or {}
  local folder = peer.temporary_folder()
  local preload = options.preload and "LD_PRELOAD=" .. options.preload or ""
  local self = setmetatable({ folder = folder, preload = preload }, Server)
  local lines = {
    "dir " .. folder, "logfile " .. folder .. "/log", "pidfile " .. folder .. "/pid", 'save ""',
    "unixsocket " .. folder .. "/redis.sock", "bind 127.0.0.1",
  }
  local login = options.password and ":" .. options.password .. "@" or ""
  self.address = ("unix://%s%s/redis.sock"):format(login, folder)
  self.client = ("redis-cli -s %s/redis.sock"):format(folder)
  if options.password then
    lines[#lines + 1] = "requirepass " .. options.password
    self.client = ("REDISCLI_AUTH=%s %s"):format(options.password, self.client)
  end
  if options.persistent then lines[#lines + 1] = "appendonly yes\nappendfsync always" end
  for _, line in ipairs(options.lines or {}) do lines[#lines + 1] = line end
  repeat -- until no other program has the port, or that of the cluster's nodes
    local port = options.port and choose_port(self, login, options.tls) or "port 0"
    -- The last line of a name counts: one of the options.
    peer.write_file(folder .. "/redis.conf", port .. "\n" .. table.concat(lines, "\n") .. "\n")
  until launch(self)
  return self
end

-- Sends a command by redis-cli -> its output.
function Server:command(text) return must_run("%s %s", self.client, text) end

function Server:signal(name) must_run("kill -%s %s", name, self.pid) end

-- Kills the server, and returns when it has ended. It may stay as a zombie until init collects it.
function Server:kill()
  must_run("kill -KILL %s 2>/dev/null; while grep -q '^State:.[^Z]' /proc/%s/status 2>/dev/null; do sleep 0.01; done",
    self.pid, self.pid)
end

function Server:stop()
  self:kill()
  if self.held then self.held:release() end
  peer.remove_folder(self.folder)
end

return redis
