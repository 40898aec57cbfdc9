-- The works of the benchmark with lua-http and lua-cjson: get|many URL CA COUNT VERSION IN_FLIGHT. Each of those in
-- flight keeps its connection; over HTTP/2 they share one.
local cjson = require "cjson"
local client = require "http.client"
local cqueues = require "cqueues"
local headers = require "http.headers"
local tls = require "http.tls"

local work, url, ca_file, count, version, in_flight = arg[1], arg[2], arg[3], tonumber(arg[4]), arg[5], tonumber(arg[6])

local context = tls.new_client_context()
local store = require("openssl.x509.store").new()
store:add(ca_file)
context:setStore(store)

local function connect()
  local host, port = url:match "^https://(.-):(%d+)$"
  return assert(client.connect {
    host = host, port = tonumber(port), tls = true, ctx = context, version = tonumber(version),
  })
end

local authority = url:match "^https://(.*)$"

local function get(connection)
  local stream = assert(connection:new_stream())
  local request = headers.new()
  request:append(":method", "GET")
  request:append(":scheme", "https")
  request:append(":authority", authority)
  request:append(":path", "/public/api/v1/workflows/w1")
  request:append("authorization", "Bearer a-token-as-long-as-those-of-the-service-0123")
  request:append("accept", "application/json")
  assert(stream:write_headers(request, true))
  assert(assert(stream:get_headers()):get ":status" == "200")
  assert(cjson.decode(assert(stream:get_body_as_string())).id == "w1")
end

local function get_in_turn(connection)
  while count > 0 do
    count = count - 1
    get(connection)
  end
end

local loop = cqueues.new()
local shared
for _ = 1, work == "many" and in_flight or 1 do
  loop:wrap(function()
    if version == "2" then
      shared = shared or connect()
      get_in_turn(shared)
    else
      get_in_turn(connect())
    end
  end)
end
assert(loop:loop())
