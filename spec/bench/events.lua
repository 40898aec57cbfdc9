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
  options.verifier.fetched, options.verifier.pause = math.huge, 60 -- it must not try to fetch another
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

local RATE, SECONDS, SENDERS = 500, 6, 4

-- Requests for curl's --config, each with its own headers and body.
local function write_requests(path, port, list, number)
  local lines = {}
  for i, one in ipairs(list) do
    peer.write_file(("%s/body-%d-%d"):format(folder, number, i), one.body)
    if i > 1 then lines[#lines + 1] = "next" end
    lines[#lines + 1] = ('url = "http://127.0.0.1:%d/hook"'):format(port)
    lines[#lines + 1] = 'silent\noutput = "/dev/null"\nwrite-out = "%{http_code}\\n"'
    for name, value in pairs(one.headers) do
      lines[#lines + 1] = ('header = "%s: %s"'):format(name, value:gsub('"', '\\"'))
    end
    lines[#lines + 1] = ('data-binary = "@%s/body-%d-%d"'):format(folder, number, i)
  end
  peer.write_file(path, table.concat(lines, "\n"))
end

local function bench_nginx()
  local list = {}
  for i = 1, RATE * SECONDS do list[i] = event("event-" .. i, 4096) end
  local key = signer.sign(list).rsa2048
  peer.write_file(folder .. "/key.pem", key)
  local site = nginx.start {
    lua = true, values = { key = folder .. "/key.pem", inbox = folder .. "/inbox" }, connections = 8192,
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
          verifier = verifier, company = "c1", seen = "shared:events",
          on = { ["*"] = function() count = count + 1 end },
        }
      }
      server {
        listen 127.0.0.1:%port backlog=4096;
        location = /ping { content_by_lua_block { ngx.say "pong" } }
        location = /count { content_by_lua_block { ngx.say(count) } }
        location = /hook { content_by_lua_block { receiver:nginx() } }
      }
    ]],
  }
  -- Each program sends one request after the other, at its share of the rate.
  local senders = {}
  for i = 1, SENDERS do
    local part, path = {}, ("%s/requests-%d"):format(folder, i)
    for at = i, #list, SENDERS do part[#part + 1] = list[at] end
    write_requests(path, site.port, part, i)
    senders[i] = ("curl --rate %d/s -K %s 2>/dev/null &"):format(RATE / SENDERS, peer.quoted(path))
  end
  local began = tonumber((peer.shell "date +%s%N"))
  local events = io.popen(("unset LD_PRELOAD; { %s wait; date +%%s%%N; } | sort | uniq -c"):format(
    table.concat(senders, " ")))
  local pings = io.popen(("unset LD_PRELOAD; curl -sS --rate 100/s -w '%%{time_total}\n' -o /dev/null "
    .. "'http://127.0.0.1:%d/ping?[1-%d]'"):format(site.port, 100 * SECONDS))
  local times = {}
  for line in pings:read("*a"):gmatch "%S+" do times[#times + 1] = tonumber(line) * 1000 end
  pings:close()
  local output = events:read "*a"
  local ended = output:match "%d%d%d%d%d%d%d%d%d%d+"
  local right = output:match "(%d+) 200\n" or 0
  events:close()
  local seconds = (tonumber(ended) - began) / 1e9
  table.sort(times)
  say("nginx      %d events, %d answered 200, %s handled, %.0f a second (500); /ping p50 %.2f ms, p99 %.2f ms (10)",
    #list, right, nginx.get(site, "/count"):match "%d+", #list / seconds, times[math.ceil(#times * 0.5)],
    times[math.ceil(#times * 0.99)])
  site.stop()
end

local fine, problem = xpcall(function()
  bench_verify()
  bench_forgeries()
  bench_nginx()
end, debug.traceback)
peer.remove_folder(folder)
if not fine then error(problem, 0) end
