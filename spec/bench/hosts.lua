-- `make bench-hosts`: measures nginx, Neovim and plain Lua against a server over TLS (another nginx) that answers after
-- 200 ms, or at once. Prints each figure beside its goal; nothing here fails.
local host = require "spec.support.host"
local nginx = require "spec.support.nginx"
local peer = require "spec.support.peer"

local CALLS, DELAY = 200, 0.2

local folder = peer.temporary_folder()
local certificate = peer.certificate(folder, "upstream")

-- The delay is a path's last part, in milliseconds: /public/api/v1/workflows/200.
local upstream = nginx.start {
  lua = true, values = { cert = certificate.cert, key = certificate.key }, connections = 8192,
  http = [[
    keepalive_requests 1000000;
    server {
      listen 127.0.0.1:%port ssl backlog=4096;
      ssl_certificate %cert;
      ssl_certificate_key %key;
      location / { content_by_lua_block {
        local delay = tonumber(ngx.var.uri:match "/(%d+)$") or 0
        if delay > 0 then ngx.sleep(delay / 1000) end
        ngx.header.content_type = "application/json"
        ngx.print('{"id":"w1","step":"Review"}')
      } }
    }
  ]],
}
local url = "https://127.0.0.1:" .. upstream.port

local connection = {
  instance = url, token = "t", as_user = false, ca_file = certificate.cert, rate_limit = false, max_in_flight = CALLS,
  http_version = "1.1",
}
peer.write_file(folder .. "/settings.lua", "return " .. host.quoted(connection))

local site = nginx.start {
  lua = true, values = { settings = folder .. "/settings.lua" }, connections = 8192,
  http = [[
    keepalive_requests 1000000;
    init_worker_by_lua_block { client = require("ironclad").connect(dofile "%settings") }
    server {
      listen 127.0.0.1:%port backlog=4096;
      location = /ping { content_by_lua_block { ngx.say "pong" } }
      location = /call { content_by_lua_block { ngx.say(client.workflows:get(ngx.var.arg_ms or "200").id) } }
    }
  ]],
}
local worker = site.workers():match "%d+"

local function say(...) print(string.format(...)) end

local function milliseconds() return tonumber((peer.shell "date +%s%N")) / 1e6 end

-- The nth part of sorted numbers.
local function part(numbers, share)
  table.sort(numbers)
  return numbers[math.max(1, math.ceil(#numbers * share))] or 0 / 0
end

-- `count` requests at once -> milliseconds until all were answered, how many were right.
local function storm(count, query)
  local began = milliseconds()
  local output = peer.shell(("curl -sS -m 60 -Z --parallel-immediate --parallel-max %d "
    .. "'http://127.0.0.1:%d/call?%s&[1-%d]'"):format(math.min(count, 300), site.port, query, count))
  return milliseconds() - began, select(2, output:gsub("w1\n", ""))
end

-- Runs a script in plain Lua -> the numbers that it prints.
local function plain(source)
  local output = peer.lua([[
    local ironclad = require "ironclad"
    local client = ironclad.connect(dofile(...))
    local function wall()
      local pipe = io.popen "date +%s%N"
      local now = pipe:read "*n" / 1e6
      pipe:close()
      return now
    end
    local function map(count, concurrency, id)
      local list = {}
      for i = 1, count do list[i] = id end
      local began = wall()
      local results = client:map(list, function(item) return client.workflows:get(item) end,
        { concurrency = concurrency })
      assert(#results == count)
      return wall() - began
    end
  ]] .. source, {}, folder .. "/settings.lua")
  local numbers = {}
  for number in output:gmatch "%S+" do numbers[#numbers + 1] = tonumber(number) or error(output) end
  return (table.unpack or unpack)(numbers) -- luacheck: ignore
end

local function bench_nginx()
  local cold, warm = plain(("print(map(%d, %d, '200'), map(%d, %d, '200'))"):format(CALLS, CALLS, CALLS, CALLS))
  say("plain Lua  %d calls of 200 ms over TLS at once: cold %.0f ms, warm %.0f ms (the baseline)", CALLS, cold, warm)
  storm(CALLS, "ms=0")
  for _, name in ipairs { "cold", "warm", "warm" } do
    local pings = io.popen(("unset LD_PRELOAD; curl -sS --rate 200/s -w '%%{time_total}\n' -o /dev/null "
      .. "'http://127.0.0.1:%d/ping?[1-150]'"):format(site.port))
    local wall, right = storm(CALLS, "ms=200")
    local times = {}
    for line in pings:read("*a"):gmatch "%S+" do times[#times + 1] = tonumber(line) * 1000 end
    pings:close()
    say("nginx      %d calls at once, %s: %.0f ms, %d right (wanted warm: %.0f ms); "
      .. "/ping p50 %.1f ms, p99 %.1f ms (10 ms)", CALLS, name, wall, right, 2 * DELAY * 1000,
      part(times, 0.5), part(times, 0.99))
  end
end

local function bench_neovim()
  local script = folder .. "/bench.lua"
  peer.write_file(script, host.paths() .. ([[
    local ironclad = require "ironclad"
    local client = ironclad.connect(dofile %q)
    local uv = vim.uv or vim.loop
    local function round(count, id)
      local late, last, began = 0, uv.hrtime(), uv.hrtime()
      local timer = uv.new_timer()
      timer:start(5, 5, function()
        local now = uv.hrtime()
        late, last = math.max(late, (now - last) / 1e6 - 5), now
      end)
      for _ = 1, count do ironclad.spawn(function() assert(client.workflows:get(id)) end) end
      ironclad.run()
      timer:stop()
      timer:close()
      return (uv.hrtime() - began) / 1e6, late
    end
    local function size()
      collectgarbage() collectgarbage()
      local open = 0
      for _ in vim.loop.fs_scandir_next, vim.loop.fs_scandir "/proc/self/fd" do open = open + 1 end
      return uv.resident_set_memory() / 1024 / 1024, open
    end
    local wall, late = round(50, "200")
    for _ = 1, 5 do round(200, "0") end
    local before, open = size()
    for _ = 1, 10 do round(200, "0") end
    local after, still = size()
    io.stdout:write(("%%f %%f %%f %%f %%d %%d\n"):format(wall, late, before, after, open, still))
    vim.cmd "qa!"
  ]]):format(folder .. "/settings.lua"))
  local output = peer.shell(("HOME=%s timeout -s KILL 120 nvim --headless -u NONE -i NONE -c %s </dev/null"):format(
    folder, peer.quoted("luafile " .. script)))
  local wall, late, before, after, open, still = output:match "(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)"
  if not wall then error(output) end
  say("Neovim     50 calls of 200 ms over TLS: %.0f ms, a 5 ms timer late by %.1f ms at most (10 ms)", wall, late)
  say("Neovim     2,000 calls: memory %.1f -> %.1f MB, descriptors %d -> %d", before, after, open, still)
end

local function bench_throughput()
  local ours = plain "map(100, 32, '0') print(map(1000, 32, '0'))"
  local began = milliseconds()
  peer.shell(("curl -sS -Z --parallel-max 32 --cacert %s -o /dev/null '%s/public/api/v1/workflows/0?[1-1000]'"):format(
    certificate.cert, url))
  local curl = milliseconds() - began
  say("plain Lua  client:map of 1,000, 32 at once: %.0f ms; curl --parallel: %.0f ms; %.2f of its speed (0.5)", ours,
    curl, curl / ours)
end

local function bench_idle()
  local cpu = plain [[
    client.workflows:get "0"
    local began = os.clock()
    client.workflows:get("3000")
    print((os.clock() - began) * 1000)
  ]]
  say("plain Lua  one call that waits for 3 s: %.1f ms of CPU", cpu)
end

local function size_of(process)
  local status = peer.read_file("/proc/" .. process .. "/status")
  local open = peer.shell("ls /proc/" .. process .. "/fd | wc -l")
  return status:match "VmRSS:%s*(%d+)" / 1024, tonumber(open)
end

local function bench_leaks()
  for _ = 1, 4 do storm(1000, "ms=0") end
  local before, open = size_of(worker)
  local right = 0
  for _ = 1, 10 do right = right + select(2, storm(1000, "ms=0")) end
  local after, still = size_of(worker)
  say("nginx      10,000 calls, %d right: memory %.1f -> %.1f MB, descriptors %d -> %d", right, before, after, open,
    still)
end

local fine, problem = xpcall(function()
  bench_nginx()
  bench_neovim()
  bench_throughput()
  bench_idle()
  bench_leaks()
end, debug.traceback)
site.stop()
upstream.stop()
peer.remove_folder(folder)
if not fine then error(problem, 0) end
