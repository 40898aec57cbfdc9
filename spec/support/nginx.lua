-- A real nginx, in its own folder.
local peer = require "spec.support.peer"

local nginx = {}

local CONFIGURATION = [[
%modules
%user
worker_processes %workers;
pid nginx.pid;
error_log error.log info;
%main
events { worker_connections %connections; }
http {
  access_log off;
  client_max_body_size 0;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  %http
}
]]

-- Where Debian has nginx's modules.
local MODULES = "/usr/lib/nginx/modules/"
local LUA_MODULES = ("load_module %sndk_http_module.so; load_module %sngx_http_lua_module.so;"):format(MODULES, MODULES)

-- The path of nginx, or nil.
function nginx.program()
  local path, status = peer.shell 'PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v nginx'
  return status == 0 and path:match "%S+" or nil
end

-- Another process may take the free port before nginx opens it: then the next one is tried.
local function start(folder, values)
  for _ = 1, 20 do
    values.port = peer.free_port()
    -- Twice, because `http` and `main` may hold names themselves.
    local text = CONFIGURATION:gsub("%%(%l+)", values):gsub("%%(%l+)", values)
    peer.write_file(folder .. "/nginx.conf", text)
    local output, status = peer.shell(("%s %s -p %s -c nginx.conf"):format(values.environment, nginx.program(),
      peer.quoted(folder)))
    if status == 0 then return values.port end
    if not output:find "Address already in use" then error("nginx: " .. output) end
  end
  error "nginx: no port"
end

-- The shell command that ends the nginx with the id $id, and returns when it has ended. The daemon overlooks a signal
-- that comes while it still starts, so it is sent until the daemon has ended. A process that has ended is still there
-- until its parent, now the first process, asks for its status.
nginx.END = "while kill $id 2>/dev/null && ! grep -q '^State:.Z' /proc/$id/status 2>/dev/null; do sleep 0.02; done"

-- Starts nginx with `options.http` in its http block and `options.main` outside, where %port is the port that it is to
-- listen on and %name is options.values.name. options.lua loads the Lua module, with this process's paths;
-- options.workers (1), options.connections (4096), options.environment (words before the command).
-- -> { folder =, port =, error_log = function, signal = function(name), workers = function -> process ids, stop = }.
-- It also ends when this process ends.
function nginx.start(options)
  local folder = options.folder or peer.temporary_folder()
  local values = {
    folder = folder, modules = options.lua and LUA_MODULES or "",
    -- Without this, the workers of an nginx that root starts run as the user nobody, who may not read this folder.
    user = peer.shell "id -u":match "^0%s*$" and "user root;" or "",
    workers = tostring(options.workers or 1), connections = tostring(options.connections or 4096),
    main = options.main or "", environment = options.environment or "",
    http = (options.lua and ("lua_package_path %q; lua_package_cpath %q;\n"):format(package.path, package.cpath) or "")
      .. options.http,
  }
  for name, value in pairs(options.values or {}) do values[name] = value end
  local port = start(folder, values)
  -- nginx returns before its daemon has written its id.
  peer.until_succeeds("[ -s " .. peer.quoted(folder .. "/nginx.pid") .. " ]")
  local guard = assert(io.popen(("unset LD_PRELOAD; cd %s; id=$(cat nginx.pid); cat >/dev/null; %s"):format(
    peer.quoted(folder), nginx.END), "w"))
  local self = { folder = folder, port = port }
  function self.error_log() return peer.read_file(folder .. "/error.log") end
  function self.signal(name) peer.shell(("kill -%s $(cat %s/nginx.pid)"):format(name, peer.quoted(folder))) end
  function self.workers() return peer.shell(("pgrep -P $(cat %s/nginx.pid)"):format(peer.quoted(folder))) end
  function self.stop()
    guard:close()
    if not options.folder then peer.remove_folder(folder) end
  end
  return self
end

-- The body of what curl gets -> text, status of curl.
function nginx.get(server, path, arguments)
  local output, status = peer.shell(("curl -sS -m 60 %s http://127.0.0.1:%d%s"):format(arguments or "", server.port,
    path))
  return output, status
end

-- Starts curl -> a client that may leave before its answer, with :leave(); :body() waits for the answer.
function nginx.start_get(server, path, arguments)
  local pipe = io.popen(("unset LD_PRELOAD; echo $$; exec curl -sS -m 60 %s http://127.0.0.1:%d%s 2>&1"):format(
    arguments or "", server.port, path))
  local id = pipe:read "*l"
  local client = {}
  function client.body()
    local text = pipe:read "*a"
    pipe:close()
    return text
  end
  function client.leave()
    assert(select(2, peer.shell("kill " .. id)) == 0, "curl has ended before")
    return client.body()
  end
  return client
end

return nginx
