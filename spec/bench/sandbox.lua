-- `make bench-sandbox`: time and memory of the sandbox, and of libmicrohttpd alone. The servers run on the first
-- processor, the client on the last. Arguments: the folder of the benchmark's programs, and a number (default 1) by
-- which the counts of records (100,000) and workflows (10,000) are divided.
local ironclad = require "ironclad"
local http = require "spec.support.http"

local programs, divisor = arg[1], tonumber(arg[2]) or 1
local RECORDS, WORKFLOWS = 100000 / divisor, 10000 / divisor
local CONNECTIONS = 8

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local function pipe(command)
  local output = assert(io.popen(command, "r"))
  local text = output:read "*a"
  output:close()
  return text
end

local last = tonumber((pipe "nproc")) - 1
local ticks = tonumber((pipe "getconf CLK_TCK"))
local folder = pipe('mktemp -d "${TMPDIR:-/tmp}/ironclad-bench.XXXXXX"'):gsub("%s+$", "")

-- Starts a server on the first processor -> its first line, and a function that ends it. The server also ends when its
-- standard input does, and so when this process ends.
local function start(command)
  local fifo = folder .. "/said"
  os.remove(fifo)
  pipe("mkfifo " .. fifo)
  local input = assert(io.popen(("exec taskset -c 0 %s > %s"):format(command, fifo), "w"))
  local output = assert(io.open(fifo, "r"))
  return output:read "*l", function()
    input:close()
    output:close()
  end
end

-- Seconds of processor time that a process has had.
local function processor_seconds(id)
  local user, system = read_file(("/proc/%d/stat"):format(id)):match "%) %S+ (.+)$":match(
    ("%S+ "):rep(10) .. "(%d+) (%d+)")
  return (user + system) / ticks
end

local function resident_mb(id) return read_file(("/proc/%d/status"):format(id)):match "VmRSS:%s*(%d+)" / 1024 end

local LINE = "%-46s %8s %10s %12s %10s %10s"
print(LINE:format("", "requests", "a second", "CPU us each", "median ms", "p99 ms"))

-- Asks a server -> median in milliseconds.
local function measure(server, what, request, count, connections)
  local path = folder .. "/request"
  local file = assert(io.open(path, "wb"))
  file:write(request)
  file:close()
  local before = processor_seconds(server.id)
  local figures = pipe(("taskset -c %d %s/load %d %d %d %s"):format(last, programs, server.port,
    connections or CONNECTIONS, count, path))
  local seconds, median, p99, failed = figures:match "(%S+) (%S+) (%S+) (%d+)"
  local used = processor_seconds(server.id) - before
  print(LINE:format(what, ("%d"):format(count), ("%.0f"):format(count / seconds), ("%.0f"):format(used / count * 1e6),
    median, p99) .. (failed ~= "0" and "  " .. failed .. " REFUSED" or ""))
  return tonumber(median)
end

local function kept(bytes) return (bytes:gsub("Connection: close", "Connection: keep-alive")) end

---------------------------------------------------------------------------------------------------------------

local line, stop_bare = start(programs .. "/bare_httpd")
local bare = {}
bare.id, bare.port = line:match "(%d+) (%d+)"
measure(bare, "libmicrohttpd alone: GET", kept(http.request("GET", "/")), 50000 / divisor)

local stop_sandbox
line, stop_sandbox = start(("%s spec/bench/sandbox_server.lua"):format(arg[-1]))
local sandbox = {}
sandbox.id, sandbox.port, sandbox.client_id, sandbox.client_secret, sandbox.as_user =
  line:match "(%d+) (%d+) (%S+) (%S+) (%S+)"
print(("the sandbox, empty: %.0f MB"):format(resident_mb(sandbox.id)))

local asked = ironclad.json.encode {
  grant_type = "client_credentials", client_id = sandbox.client_id, client_secret = sandbox.client_secret,
}
local grant = http.send(tonumber(sandbox.port),
  http.request("POST", "/oauth/token", { "Content-Type: application/json" }, asked))
local headers = {
  "Authorization: Bearer " .. ironclad.json.decode(grant.body).access_token, "x-as-user-email: " .. sandbox.as_user,
}

local function request(method, path, body, content_type)
  local lines = { headers[1], headers[2], body and "Content-Type: " .. (content_type or "application/json") }
  return kept(http.request(method, "/public/api/v1" .. path, lines, body))
end

local record = ironclad.json.encode {
  type = "contract", name = "Contract ########",
  properties = {
    counterpartyName = { type = "string", value = "Northwind Optics" },
    counterpartyEmail = { type = "email", value = "contracts@northwind.example" },
    agreementDate = { type = "date", value = "2026-01-20T00:00:00Z" },
    contractValue = { type = "monetary_amount", value = { currency = "USD", amount = 100000 } },
    seats = { type = "number", value = 12 },
  },
}
local launch, form = http.multipart {
  { name = "data", data = ironclad.json.encode {
    template = "5f595f76c4fc9b3571413c3a",
    attributes = { counterpartyName = "Acme ########", draft = { { file = "draft" } } },
  } },
  { name = "draft", filename = "nda.pdf", data = "%PDF-1.4\n" .. ("x"):rep(2000) },
}
measure(sandbox, "create a record", request("POST", "/records", record), RECORDS)
print(("the sandbox, %d records: %.0f MB"):format(RECORDS, resident_mb(sandbox.id)))
measure(sandbox, "launch a workflow with a document of 2 kB",
  request("POST", "/workflows", launch, form:match "^Content%-Type: (.*)$"), WORKFLOWS)
local loaded = resident_mb(sandbox.id)
print(("the sandbox, %d records and %d workflows: %.0f MB"):format(RECORDS, WORKFLOWS, loaded))

local newest = http.send(tonumber(sandbox.port),
  (request("GET", "/workflows?pageSize=1"):gsub("keep%-alive", "close")))
local id = ironclad.json.decode(newest.body).list[1].id
local small = 20000 / divisor
measure(sandbox, "GET /oauth/userinfo", kept(http.request("GET", "/oauth/userinfo", headers)), small)
measure(sandbox, "GET a record", request("GET", "/records/IC-100"), small)
measure(sandbox, "GET a workflow", request("GET", "/workflows/" .. id), small)

local pages = 1000 / divisor
measure(sandbox, "100 records, first page", request("GET", "/records?pageSize=100"), pages, 1)
measure(sandbox, "100 records, last page", request("GET", ("/records?pageSize=100&page=%d"):format(RECORDS / 100 - 1)),
  pages, 1)
measure(sandbox, "100 records by name", request("GET", "/records?pageSize=100&sortField=name&sortDirection=ASC"),
  pages, 1)
measure(sandbox, "100 records by type and change",
  request("GET", "/records?pageSize=100&types=contract&lastUpdated=2020-01-01T00:00:00Z"), pages, 1)
measure(sandbox, "100 records by a formula that all satisfy",
  request("GET", "/records?pageSize=100&filter=" .. http.escaped "Equals([seats], 12)"), math.max(pages / 100, 3), 1)
measure(sandbox, "100 workflows, first page", request("GET", "/workflows?pageSize=100"), pages, 1)
measure(sandbox, "100 workflows, last page",
  request("GET", ("/workflows?pageSize=100&page=%d"):format(WORKFLOWS / 100 - 1)), pages, 1)

print(("the sandbox at the end: %.0f MB"):format(resident_mb(sandbox.id)))
stop_sandbox()
stop_bare()
os.execute("rm -rf " .. folder)
