-- HTTP/2 in front of a server that speaks HTTP/1.1: nginx, in a folder of its own.
local peer = require "spec.support.peer"

local h2 = {}

local CONFIGURATION = [[
%user
worker_processes 1;
pid nginx.pid;
error_log error.log;
events { worker_connections 256; }
http {
  access_log off;
  client_max_body_size 0;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {
    listen 127.0.0.1:%port ssl http2;
    ssl_certificate %cert;
    ssl_certificate_key %key;
    location / {
      proxy_pass %upstream;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
    }
  }
}
]]

-- The path of nginx, or nil.
function h2.program()
  local path, status = peer.shell 'PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v nginx'
  return status == 0 and path:match "%S+" or nil
end

-- Asked for a free port and then for that one, nginx may find it taken: the next one is tried.
local function start(folder, values)
  for _ = 1, 20 do
    values.port = peer.free_port()
    peer.write_file(folder .. "/nginx.conf", (CONFIGURATION:gsub("%%(%w+)", values)))
    local output, status = peer.shell(("%s -p %s -c nginx.conf"):format(values.program, peer.quoted(folder)))
    if status == 0 then return values.port end
    if not output:find "Address already in use" then error("nginx: " .. output) end
  end
  error "nginx: no port"
end

-- Starts nginx before `upstream` (http://host:port) -> {url =, ca_file =, stop = function}. What it has started ends
-- with this process, too.
function h2.start(upstream)
  local folder = peer.temporary_folder()
  local files = peer.certificate(folder, "nginx")
  local root = peer.shell "id -u":match "^0%s*$"
  local port = start(folder, {
    program = h2.program(),
    -- The workers of a root's nginx would be nobody, who may not look into this folder.
    user = root and "user root;" or "",
    cert = files.cert, key = files.key, upstream = upstream,
  })
  local guard = assert(io.popen(
    ("unset LD_PRELOAD; cd %s; id=$(cat nginx.pid); cat >/dev/null; kill $id; "
      .. "while kill -0 $id 2>/dev/null; do sleep 0.02; done"):format(peer.quoted(folder)), "w"))
  return {
    url = "https://127.0.0.1:" .. port,
    ca_file = files.cert,
    stop = function()
      guard:close()
      peer.remove_folder(folder)
    end,
  }
end

return h2
