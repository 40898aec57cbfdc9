-- `make bench-instructions`: how many instructions the module executes for a GET, a page, a byte of JSON and a start.
-- valgrind's callgrind counts those of both threads. Unlike times, the numbers of two runs differ by 1 % at most, even
-- on a busy machine. Prints TAP: a number that is more than 10 % above the one kept in instructions.txt fails.
--
-- `lua5.4 spec/bench/instructions.lua keep` writes the numbers of this run to that file. A commit that raises one says
-- why.
local host = require "spec.support.host"
local peer = require "spec.support.peer"
local site = require "spec.bench.site"

local KEPT = "spec/bench/instructions.txt"
local TOLERANCE = 0.10

-- Each is a script, in which `times` is how often it does the work and `connect()` opens a client. The difference
-- between two numbers of times leaves out what is done once. `per` is what the work is divided by.
local works = {
  { name = "start", what = "a start with one GET", once = true, source = [[
    assert(connect().workflows:get "w1")
  ]] },
  { name = "get", what = "a GET of 2 kB", few = 20, many = 220, source = [[
    local client = connect()
    for _ = 1, times do assert(client.workflows:get "w1") end
  ]] },
  { name = "page", what = "a page of 100 records", few = 4, many = 24, source = [[
    local count = 0
    for record in connect().records:each { limit = times * 100 } do
      if record.properties.counterpartyName then count = count + 1 end
    end
    assert(count == times * 100)
  ]] },
  { name = "decode", what = "a byte decoded", few = 2, many = 22, per = #site.page(0, 100), source = [[
    local decode, text = require("ironclad").json.decode, require("spec.bench.site").page(0, 100)
    for _ = 1, times do assert(decode(text)) end
  ]] },
  { name = "encode", what = "a byte encoded", few = 2, many = 22, per = #site.page(0, 100), source = [[
    local json, text = require("ironclad").json, require("spec.bench.site").page(0, 100)
    local value = json.decode(text)
    for _ = 1, times do json.encode(value) end
  ]] },
}

-- What is installed has the Lua files as bytecode (src/lua/chunks.h).
local installed = package.cpath:match "^[^;]+":gsub("%?%.so$", "installed/?.so")

local folder = peer.temporary_folder()
local server = site.start { folder = folder, pages = 32 }

-- The instructions of one run, and 0 for the work that is done `times` times.
local function count(work, times)
  local script = folder .. "/work.lua"
  peer.write_file(script, ([[
    package.cpath = %q .. ";" .. package.cpath
    local times = %d
    local function connect() return require("ironclad").connect(%s) end
  ]] .. work.source):format(installed, times, host.quoted(server.options)))
  local output, status = peer.shell(("valgrind --tool=callgrind --callgrind-out-file=/dev/null %s %s"):format(
    peer.interpreter(), peer.quoted(script)))
  local collected = tonumber(output:match "Collected : (%d+)")
  if status ~= 0 or not collected then error(output) end
  return collected
end

local function measure(work)
  if work.once then return count(work, 1) end
  return (count(work, work.many) - count(work, work.few)) / (work.many - work.few) / (work.per or 1)
end

local function read_kept()
  local kept = {}
  for name, number in peer.read_file(KEPT):gmatch "(%l+) ([%d.]+)" do kept[name] = tonumber(number) end
  return kept
end

local function number(value) return (value < 1000 and "%.1f" or "%.0f"):format(value) end

local fine, problem = xpcall(function()
  local kept, lines, over = read_kept(), {}, false
  print("1.." .. #works)
  for i, work in ipairs(works) do
    local found, before = measure(work), kept[work.name]
    local grown = before and found / before - 1 or 0
    local good = grown <= TOLERANCE
    over = over or not good
    lines[i] = work.name .. " " .. number(found)
    print(("# shown: %-24s %12s instructions, %12s kept, %+.1f %%"):format(work.what, number(found),
      number(before or 0), grown * 100))
    print(("%s %d - %s executes at most 10 %% more instructions than kept"):format(good and "ok" or "not ok", i,
      work.what))
  end
  if arg[1] == "keep" then peer.write_file(KEPT, table.concat(lines, "\n") .. "\n") end
  return over and arg[1] ~= "keep"
end, debug.traceback)
server.stop()
peer.remove_folder(folder)
if not fine then error(problem, 0) end
os.exit(problem and 1 or 0, true)
