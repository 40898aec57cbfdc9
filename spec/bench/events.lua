-- `make bench-events`: what the verification of an event costs, how many forgeries are refused, and how nginx
-- answers others while it receives events. Prints each figure beside its goal; nothing here fails. The argument is the
-- folder of the program verify.
local ironclad = require "ironclad"
local nginx = require "spec.support.nginx"
local peer = require "spec.support.peer"
local signer = require "spec.support.signer"

local programs = (...) or arg[1]
local folder = peer.temporary_folder()

local function say(...) print(string.format(...)) end

-- An event whose body has about that many bytes.
local function event(id, size)
  local body = ('{"companyID":"c1","payload":{"event":"workflow_updated","workflowID":"w1","text":"%s"},'
    .. '"timestamp":"2026-03-01T09:00:00.000Z","webhookID":"h1"}')
  return { id = id, nonce = "0123456789abcdef0123456789abcdef", body = body:format(("x"):rep(size - #body)) }
end

-- Microseconds of CPU that one call takes.
local function cost(count, fn)
  for _ = 1, 100 do fn() end
  collectgarbage()
  local began = os.clock()
  for _ = 1, count do fn() end
  return (os.clock() - began) / count * 1e6
end

local COUNT = 5000

local function bench_verify()
  local one = event("0b8a2f5e-7d0c-4c0e-9b1f-3f6f0c1d2e3a", 4096)
  local key = signer.sign({ one }).rsa2048
  local bytes = one.signature
  peer.write_file(folder .. "/key.pem", key)
  peer.write_file(folder .. "/signature.b64", bytes)
  peer.write_file(folder .. "/text", one.id .. one.body .. one.nonce)
  peer.shell(("cd %s && openssl base64 -d -A -in signature.b64 -out signature"):format(peer.quoted(folder)))
  local output = peer.shell(("cd %s && %s key.pem signature text %d"):format(peer.quoted(folder),
    peer.quoted(programs .. "/verify"), COUNT))
  local operation, whole = output:match "(%S+) (%S+)"
  operation, whole = tonumber(operation) or error(output), tonumber(whole)
  local verify = cost(COUNT, function() assert(ironclad.webhook.verify(one.headers, one.body, key)) end)
  local unwrap = cost(COUNT, function() assert(ironclad.webhook.unwrap(one.headers, one.body, key)) end)
  local spaced = { id = one.id, nonce = one.nonce, body = one.body:gsub(",", ", "), parsed = true }
  signer.sign { spaced }
  local again = cost(COUNT, function() assert(ironclad.webhook.verify(spaced.headers, spaced.body, key)) end)
  say("libcrypto  an RSA operation: %.1f us; the verification of 4 KB: %.1f us", operation, whole)
  say("verify     4 KB: %.1f us, %.1f beyond the RSA operation (100)", verify, verify - operation)
  say("unwrap     4 KB: %.1f us, %.1f beyond the RSA operation (100)", unwrap, unwrap - operation)
  say("verify     4 KB, as JSON.stringify of the body: %.1f us, %.1f beyond the RSA operation (100)", again,
    again - operation)
end

-- A receiver without a service behind it, whose key is given.
local function receiver_of(key, options)
  local client = ironclad.connect { instance = "http://127.0.0.1:9", token = "t", as_user = false }
  options.verifier, options.company = client.webhooks:verifier { key = key }, "c1"
  options.verifier.key.fetched, options.verifier.key.pause = math.huge, 60 -- it must not try to fetch another
  return client.webhooks:receiver(options)
end

local function bench_forgeries()
  local one, count = event("forged", 4096), 20000
  local real = {}
  for i = 1, count / 10 do real[i] = event("real-" .. i, 4096) end
  local list = { one }
  for i, other in ipairs(real) do list[i + 1] = other end
  local key = signer.sign(list).rsa2048
  local handled = 0
  local receiver = receiver_of(key, { on = { ["*"] = function() handled = handled + 1 end } })
  -- The costly kinds of forgery: bytes that nobody has signed, and the signature of another event.
  local noise = signer.headers("x", (one.headers["X-Ironclad-Webhook-Verification"]:gsub('signature":"........',
    'signature":"AAAAAAAA')))
  local refused, next_real = 0, 0
  local began = os.clock()
  for i = 1, count do
    local headers = i % 2 == 0 and noise or one.headers
    local body = i % 2 == 0 and one.body or one.body:gsub("w1", "w2")
    if receiver:handle(headers, body) == 401 then refused = refused + 1 end
    if i % 10 == 0 then
      next_real = next_real + 1
      receiver:handle(real[next_real].headers, real[next_real].body)
    end
  end
  local seconds = os.clock() - began
  say("receiver   %d forgeries of 4 KB refused, %d of %d events handled in %.2f s of CPU: %.0f a second (10000)",
    refused, handled, next_real, seconds, refused / seconds)
end

local RATE, SECONDS, CONNECTIONS = 500, 6, 16

-- The requests of the events, as the program load reads them.
local function write_requests(path, list)
  local parts = { "requests\n" }
  for _, one in ipairs(list) do
    local lines = { "POST /hook HTTP/1.1", "Host: localhost", "Content-Length: " .. #one.body }
    for name, value in pairs(one.headers) do lines[#lines + 1] = name .. ": " .. value end
    local request = table.concat(lines, "\r\n") .. "\r\n\r\n" .. one.body
    parts[#parts + 1] = #request .. "\n" .. request
  end
  peer.write_file(path, table.concat(parts))
end

-- nginx with one worker, whose receiver has seen nothing yet. `more` is Lua source with more of its options. /count
-- answers how many events it has handled, and the worker's seconds of CPU.
local function start_nginx(more)
  return nginx.start {
    lua = true, values = { key = folder .. "/key.pem", more = more or "" }, connections = 8192,
    http = [[
      keepalive_requests 1000000;
      lua_shared_dict events 20m;
      init_worker_by_lua_block {
        local client = require("ironclad").connect { instance = "http://127.0.0.1:9", token = "t", as_user = false }
        local file = io.open "%key"
        local verifier = client.webhooks:verifier { key = file:read "*a" }
        file:close()
        count = 0
        receiver = client.webhooks:receiver {
          verifier = verifier, company = "c1", seen = "shared:events", %more
          on = { ["*"] = function() count = count + 1 end },
        }
      }
      server {
        listen 127.0.0.1:%port backlog=4096;
        location = /ping { content_by_lua_block { ngx.say "pong" } }
        location = /count { content_by_lua_block { ngx.say(count, " ", os.clock()) } }
        location = /hook { content_by_lua_block { receiver:nginx() } }
        location = /read { content_by_lua_block { ngx.req.read_body() ngx.req.get_headers() ngx.say "read" } }
      }
    ]],
  }
end

local function count_of(site)
  local count, clock = nginx.get(site, "/count"):match "(%d+) (%S+)"
  return tonumber(count), tonumber(clock)
end

-- The output of the program load -> the events in a second, the 99th percentile of an answer's time in milliseconds,
-- how many answers were not 2xx.
local function figures_of(output, count)
  local seconds, _, p99, failed = output:match "(%S+) (%S+) (%S+) (%d+)%s*$"
  return count / (tonumber(seconds) or error(output)), tonumber(p99), tonumber(failed)
end

local function load_command(site, path, count, rate)
  return ("unset LD_PRELOAD; %s %d %d %d %s %s"):format(peer.quoted(programs .. "/load"), site.port, CONNECTIONS, count,
    peer.quoted(path), rate or "")
end

-- Pings, one after the other, 100 a second -> the median and the 99th percentile in milliseconds.
local function ping(site, seconds)
  local pings = io.popen(("unset LD_PRELOAD; curl -sS --rate 100/s -w '%%{time_total}\n' -o /dev/null "
    .. "'http://127.0.0.1:%d/ping?[1-%d]'"):format(site.port, 100 * seconds))
  local times = {}
  for line in pings:read("*a"):gmatch "%S+" do times[#times + 1] = tonumber(line) * 1000 end
  pings:close()
  table.sort(times)
  return times[math.ceil(#times * 0.5)], times[math.ceil(#times * 0.99)]
end

-- Pings beside events at the rate, and alone.
local function bench_rate(path, count)
  local site = start_nginx()
  local _, alone = ping(site, SECONDS)
  local events = io.popen(load_command(site, path, count, RATE))
  local p50, p99 = ping(site, SECONDS)
  local rate, slowest, failed = figures_of(events:read "*a", count)
  events:close()
  local handled = count_of(site)
  say("nginx      %d events, %d handled, %d refused, %.0f a second (500), answered within %.2f ms (p99)", count,
    handled, failed, rate, slowest)
  say("           /ping meanwhile: p50 %.2f ms, p99 %.2f ms (10); without events: p99 %.2f ms", p50, p99, alone)
  site.stop()
end

-- As fast as one worker can, beside requests that are only read.
local function bench_capacity(path, count)
  local site = start_nginx()
  local _, before = count_of(site)
  local rate, _, failed = figures_of(peer.shell(load_command(site, path, count)), count)
  local handled, after = count_of(site)
  local text = peer.read_file(path):gsub("POST /hook", "POST /read")
  peer.write_file(path .. "-read", text)
  peer.shell(load_command(site, path .. "-read", count))
  local _, last = count_of(site)
  say("           as fast as one worker can: %.0f events a second, %d handled, %d refused", rate, handled, failed)
  say("           an event takes %.0f us of CPU, a request that is only read %.0f us", (after - before) / count * 1e6,
    (last - after) / count * 1e6)
  site.stop()
end

-- With an inbox on the disk, as fast as the disk takes them.
local function bench_inbox(path, count)
  local site = start_nginx [[inbox = "%folder/inbox",]]
  local events = io.popen(load_command(site, path, count))
  local p50, p99 = ping(site, SECONDS)
  local rate, slowest, failed = figures_of(events:read "*a", count)
  events:close()
  say("           with an inbox on the disk: %.0f events a second, %d refused, answered within %.2f ms (p99)", rate,
    failed, slowest)
  say("           /ping meanwhile: p50 %.2f ms, p99 %.2f ms", p50, p99)
  site.stop()
end

local function bench_nginx()
  local list, path = {}, folder .. "/requests"
  for i = 1, RATE * SECONDS do list[i] = event("event-" .. i, 4096) end
  peer.write_file(folder .. "/key.pem", signer.sign(list).rsa2048)
  write_requests(path, list)
  bench_rate(path, #list)
  bench_capacity(path, #list)
  bench_inbox(path, #list)
end

local fine, problem = xpcall(function()
  bench_verify()
  bench_forgeries()
  bench_nginx()
end, debug.traceback)
peer.remove_folder(folder)
if not fine then error(problem, 0) end
