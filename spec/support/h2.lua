-- HTTP/2 in front of a server that speaks HTTP/1.1: nginx, in its own folder.
local nginx = require "spec.support.nginx"
local peer = require "spec.support.peer"

local h2 = {}

local SERVER = [[
  server {
    listen 127.0.0.1:%port ssl http2;
    ssl_certificate %cert;
    ssl_certificate_key %key;
    %more
    location / {
      proxy_pass %upstream;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
    }
  }
]]

-- The path of nginx, or nil.
h2.program = nginx.program

-- Starts nginx before `upstream` (http://host:port), with those directives more -> {url =, ca_file =, stop = function}.
-- It also ends when this process ends.
function h2.start(upstream, more)
  local folder = peer.temporary_folder()
  local files = peer.certificate(folder, "nginx")
  local server = nginx.start {
    folder = folder, http = SERVER, connections = 256,
    values = { cert = files.cert, key = files.key, upstream = upstream, more = more or "" },
  }
  return {
    url = "https://127.0.0.1:" .. server.port,
    ca_file = files.cert,
    stop = function()
      server.stop()
      peer.remove_folder(folder)
    end,
  }
end

return h2
