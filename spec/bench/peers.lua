-- `make bench`: the module beside plain C on libcurl and cJSON, lua-curl, lua-http, lua-cjson and the program curl, and
-- nginx as the server over TLS. In each round every program runs once, one after the other, so that what else the
-- machine does meets all alike. A figure is the median over the rounds of the ratio to plain C in the same round.
--
--   luajit spec/bench/peers.lua [--only=get,many-2] [--rounds=5] [--json]
local host = require "spec.support.host"
local peer = require "spec.support.peer"
local site = require "spec.bench.site"

local rounds, only, as_json = 5, nil, false
for _, word in ipairs(arg) do
  rounds = tonumber(word:match "^%-%-rounds=(%d+)$") or rounds
  only = word:match "^%-%-only=(.+)$" or only
  as_json = as_json or word == "--json"
end

local folder = peer.temporary_folder()
local FILE = 128 * 1024 * 1024 -- bytes
local server = site.start { folder = folder, pages = 210, slow = 0.05, file = FILE }
peer.shell(("head -c %d /dev/urandom > %s/upload"):format(FILE, folder))

-- The options for each version of HTTP, and the paths of what is installed for each Lua.
for _, version in ipairs { "1.1", "2" } do
  local options = {}
  for name, value in pairs(server.options) do options[name] = value end
  options.http_version = version == "1.1" and version or nil
  peer.write_file(folder .. "/options-" .. version, "return " .. host.quoted(options))
end

-- The paths are set by the shell that starts the program: no other program runs between.
local function ours(lua, work, count, version, in_flight)
  local abi = lua == "luajit" and "luajit" or lua:gsub("lua", "")
  local build = peer.shell("pwd"):match "%S+" .. "/build/" .. abi
  local variables = lua == "lua5.4" and "_5_4" or ""
  return ("LUA_PATH%s='%s/?.lua;%s/?/init.lua;;' LUA_CPATH%s='%s/installed/?.so;%s/?.so;;' "
    .. "%s spec/bench/peers/ironclad.lua %s %s/options-%s %s %s"):format(variables, build, build, variables, build,
    build, lua, work, folder, version, count, in_flight or "")
end

local plain = peer.built "bench/plain"
local function c(work, count, version, in_flight)
  return ("%s %s %s %s %s %s %s"):format(plain, work, server.url, server.ca_file, count, version, in_flight or "")
end
local function lua_curl(work, count, version)
  return ("luajit spec/bench/peers/lua_curl.lua %s %s %s %s %s"):format(work, server.url, server.ca_file, count,
    version)
end
local function lua_http(work, count, version, in_flight)
  return ("luajit spec/bench/peers/lua_http.lua %s %s %s %s %s %s"):format(work, server.url, server.ca_file, count,
    version, in_flight or "")
end
local function curl(count, version, in_flight)
  return ("curl -sS --http%s -Z --parallel-max %d --cacert %s -H 'Authorization: Bearer x' -o /dev/null "
    .. "'%s/public/api/v1/workflows/w1?[1-%d]'"):format(version, in_flight, server.ca_file, server.url, count)
end
local upload, download = folder .. "/upload", folder .. "/download"

local function of_pages(name, what, by)
  return { name, what, by, c("pages", 200, "2"), { "Lua 5.4", ours("lua5.4", "pages", 200, "2") },
    { "LuaJIT", ours("luajit", "pages", 200, "2") }, { "lua-curl", lua_curl("pages", 200, "2") } }
end

-- `by`: what is compared, "wall" or "cpu" (seconds) or "memory" (MB). The first program is plain C.
local works = {
  { "start", "W1 start, one GET, exit", "wall", c("get", 1, "2"), { "Lua 5.4", ours("lua5.4", "start", 1, "2") },
    { "LuaJIT", ours("luajit", "start", 1, "2") }, { "lua-curl", lua_curl("get", 1, "2") } },
  { "get", "W2 4,000 GETs in turn", "cpu", c("get", 4000, "2"), { "Lua 5.4", ours("lua5.4", "get", 4000, "2") },
    { "LuaJIT", ours("luajit", "get", 4000, "2") }, { "lua-curl", lua_curl("get", 4000, "2") },
    { "lua-http", lua_http("get", 4000, "2") } },
  of_pages("pages", "W3 200 pages of 100 records", "cpu"),
  of_pages("paging", "W3 the same by the clock", "wall"),
  of_pages("memory", "W3 its peak memory, MB", "memory"),
  { "many-1.1", "W4 1,000 GETs, 32 at once, HTTP/1.1", "wall", c("many", 1000, "1.1", 32),
    { "Lua 5.4", ours("lua5.4", "many", 1000, "1.1", 32) }, { "LuaJIT", ours("luajit", "many", 1000, "1.1", 32) },
    { "lua-http", lua_http("many", 1000, "1.1", 32) }, { "curl", curl(1000, "1.1", 32) } },
  { "many-2", "W4 1,000 GETs, 32 at once, HTTP/2", "wall", c("many", 1000, "2", 32),
    { "Lua 5.4", ours("lua5.4", "many", 1000, "2", 32) }, { "LuaJIT", ours("luajit", "many", 1000, "2", 32) },
    { "lua-http", lua_http("many", 1000, "2", 32) }, { "curl", curl(1000, "2", 32) } },
  { "up", "W5 128 MB up", "cpu", c("up", upload, "1.1"), { "Lua 5.4", ours("lua5.4", "up", upload, "1.1") } },
  { "down", "W5 128 MB down", "cpu", c("down", download, "1.1"),
    { "Lua 5.4", ours("lua5.4", "down", download, "1.1") } },
  { "slow", "W7 1,000 answers after 50 ms, 64 at once", "wall", c("slow", 1000, "1.1", 64),
    { "Lua 5.4", ours("lua5.4", "slow", 1000, "1.1", 64) } },
}

local function median(numbers)
  table.sort(numbers)
  local middle = (#numbers + 1) / 2
  return (numbers[math.floor(middle)] + numbers[math.ceil(middle)]) / 2
end

-- What a run takes: seconds of wall time and CPU, to a millisecond, or MB at most.
local function run(command, by)
  if by == "memory" then command = "/usr/bin/time -f 'kilobytes %M' sh -c " .. peer.quoted(command) end
  local output, status = peer.shell("TIMEFORMAT='seconds %3R %3U %3S' bash -c " .. peer.quoted("time " .. command))
  local wall, user, system = output:match "seconds ([%d.]+) ([%d.]+) ([%d.]+)%s*$"
  if status ~= 0 or not wall then error(command .. "\n" .. output) end
  if by == "memory" then return output:match "kilobytes (%d+)" / 1024 end
  return by == "wall" and tonumber(wall) or user + system
end

local results = {}

local function measure(name, what, by, base, ...)
  local programs, ratios, values = { ... }, {}, {}
  for round = 1, rounds do
    local reference = run(base, by)
    values[round] = reference
    for i, program in ipairs(programs) do
      ratios[i] = ratios[i] or {}
      ratios[i][round] = run(program[2], by) / reference
    end
  end
  local row = { name = name, what = what, by = by, plain_c = median(values), ratios = {} }
  for i, program in ipairs(programs) do
    row.ratios[#row.ratios + 1] = { program = program[1], ratio = median(ratios[i]) }
  end
  results[#results + 1] = row
end

local function measure_json()
  for _, program in ipairs { { "Lua 5.4", "lua5.4" }, { "LuaJIT", "luajit" } } do
    local command = ours(program[2], "", "", "2"):gsub("ironclad%.lua .*$", "json.lua " .. 3 * rounds)
    local output, status = peer.shell(command)
    if status ~= 0 then error(output) end
    local numbers = output:gmatch "%S+"
    for _, what in ipairs { "decode", "encode" } do
      results[#results + 1] = { name = "json", what = ("W6 %s, times lua-cjson's speed"):format(what), by = "speed",
        plain_c = tonumber(numbers()), ratios = { { program = program[1], ratio = tonumber(numbers()) } } }
    end
  end
end

local function is_wanted(name) return not only or ("," .. only .. ","):find("," .. name .. ",", 1, true) end

local fine, problem = xpcall(function()
  for _, work in ipairs(works) do
    if is_wanted(work[1]) then measure((table.unpack or unpack)(work)) end -- luacheck: ignore
  end
  if is_wanted "json" then measure_json() end
end, debug.traceback)
server.stop()
peer.remove_folder(folder)
if not fine then error(problem, 0) end

if as_json then
  print(require("ironclad").json.encode(results))
  return
end
local units = { wall = "s", cpu = "s of CPU", memory = "MB", speed = "MB/s" }
for _, row in ipairs(results) do
  local texts = {}
  for i, one in ipairs(row.ratios) do texts[i] = ("%s %.2f"):format(one.program, one.ratio) end
  print(("%-42s %s %8.3f %-8s   times that: %s"):format(row.what, row.by == "speed" and "lua-cjson" or "plain C ",
    row.plain_c, units[row.by], table.concat(texts, ", ")))
end
