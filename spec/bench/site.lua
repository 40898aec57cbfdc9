-- What the benchmarks read: a workflow of about 2 kB, and pages of 100 records each. nginx serves them as files over
-- TLS, with HTTP/1.1 or HTTP/2 as the client wishes, so that the server costs little.
local nginx = require "spec.support.nginx"
local peer = require "spec.support.peer"

local site = {}

local RECORDS = 100 -- on a page

--- The JSON of a workflow.
function site.workflow(id)
  local attributes, roles = {}, {}
  for i = 1, 14 do
    attributes[i] = ('"attribute%d":{"type":"string","value":"A value of an attribute, number %d"}'):format(i, i)
  end
  for i = 1, 8 do
    roles[i] = ('{"id":"role%d","displayName":"Role %d","assignees":[{"userId":"user%d","email":"u%d@example.com"}]}')
      :format(i, i, i, i)
  end
  return ('{"id":"%s","ironcladId":"IC-%s","title":"Mutual NDA with Acme Corporation","step":"Review",'
    .. '"status":"active","isComplete":false,"created":"2026-01-20T08:00:00.000Z","attributes":{%s},"roles":[%s]}')
    :format(id, id, table.concat(attributes, ","), table.concat(roles, ","))
end

--- The JSON of a page of records.
-- @param number the page, from 0
-- @param count the number of all records
function site.page(number, count)
  local list = {}
  for i = 1, RECORDS do
    local id = number * RECORDS + i
    list[i] = ('{"id":"record-%08d","ironcladId":"IC-%d","name":"Contract with Acme Corporation %d","type":"contract",'
      .. '"lastUpdated":"2026-01-20T08:%02d:00.000Z","contractStatus":{"status":"Active"},'
      .. '"source":{"type":"Workflow","id":"workflow-%08d"},"links":[],"childIds":[],"properties":{'
      .. '"counterpartyName":{"type":"string","value":"Acme Corporation %d"},'
      .. '"agreementDate":{"type":"date","value":"2026-01-20T00:00:00Z"},'
      .. '"contractValue":{"type":"monetary_amount","value":{"currency":"USD","amount":%d.5}},'
      .. '"renews":{"type":"boolean","value":%s},'
      .. '"notes":{"type":"string","value":"Signed \\"as is\\" by caf\u{e9} owners"}}}')
      :format(id, id, id, id % 60, id, id, id * 10, tostring(id % 2 == 0))
  end
  return ('{"page":%d,"pageSize":%d,"count":%d,"list":[%s]}'):format(number, RECORDS, count, table.concat(list, ","))
end

--- Starts the server.
-- @param options folder: an existing folder for its files; pages: the number of pages of records; slow: seconds after
--   which workflows/slow answers (needs nginx's Lua module); file: the size in bytes of a file to download
-- @return { url =, port =, ca_file =, options = what ironclad.connect needs, stop = function() }
function site.start(options)
  local folder, api = options.folder, options.folder .. "/files/public/api/v1"
  local certificate = peer.certificate(folder, "site")
  peer.shell(("mkdir -p %s/workflows %s/pages"):format(api, api))
  peer.write_file(api .. "/workflows/w1", site.workflow "w1")
  for number = 0, options.pages - 1 do
    peer.write_file(api .. "/pages/" .. number, site.page(number, options.pages * RECORDS))
  end
  peer.shell(("head -c %d /dev/zero > %s/big"):format(options.file or 0, folder .. "/files"))
  local server = nginx.start {
    lua = options.slow ~= nil,
    values = { cert = certificate.cert, key = certificate.key, files = folder .. "/files" }, connections = 16384,
    http = [[
      keepalive_requests 100000000;
      keepalive_timeout 600s;
      http2_max_concurrent_streams 128;
      open_file_cache max=4096 inactive=600s;
      default_type application/json;
      server {
        listen 127.0.0.1:%port ssl http2 backlog=4096;
        ssl_certificate %cert;
        ssl_certificate_key %key;
        root %files;
        location = /public/api/v1/records/r1/attachments/signedCopy {
          if ($request_method = POST) { return 200 '{"id":"r1"}'; }
          default_type application/octet-stream;
          alias %files/big;
        }
        ]] .. (options.slow and [[location = /public/api/v1/workflows/slow { content_by_lua_block {
          ngx.sleep(]] .. options.slow .. [[)
          ngx.print '{"id":"w1"}'
        } }]] or "") .. [[
        location = /public/api/v1/records { try_files /public/api/v1/pages/$arg_page =404; }
      }
    ]],
  }
  local url = "https://127.0.0.1:" .. server.port
  return {
    url = url, port = server.port, ca_file = certificate.cert, stop = server.stop,
    options = {
      instance = url, token = "a-token-as-long-as-those-of-the-service-0123", as_user = false,
      ca_file = certificate.cert, rate_limit = false,
    },
  }
end

return site
