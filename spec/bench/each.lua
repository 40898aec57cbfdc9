-- `make bench-each`: the memory of a process that iterates over 100,000 records (or the number given), after the first
-- 1,000 and at the end; and the same for a loop that reads page by page.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

local total = tonumber(arg[1]) or 100000

local sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true })
local client = sandbox:connect { rate_limit = false }
local held = ironclad.must(client.records:list()).count
for number = held + 1, total do
  ironclad.must(client.records:create {
    type = "contract", name = "Contract " .. number,
    properties = { counterpartyName = { type = "string", value = "Northwind Optics" },
      agreementDate = { type = "date", value = "2026-01-20T00:00:00Z" } },
  })
end

local walk = [[
  local ironclad = require "ironclad"
  local how, instance, id, secret, user, ca_file = ...
  local client = ironclad.connect { instance = instance, client_id = id, client_secret = secret, as_user = user,
    ca_file = ca_file, rate_limit = false }
  local function resident()
    collectgarbage() collectgarbage()
    local file = assert(io.open("/proc/self/status", "rb"))
    local size = file:read("*a"):match "VmRSS:%s*(%d+)"
    file:close()
    return size / 1024
  end
  local count, after_first = 0, nil
  local function one()
    count = count + 1
    if count == 1000 then after_first = resident() end
  end
  local began = os.clock()
  if how == "each" then
    for record in client.records:each {} do one(record) end
  else
    local page, number = nil, 0
    repeat
      page = ironclad.must(client.records:list { page = number, pageSize = 100 })
      for _, record in ipairs(page.list) do one(record) end
      number = number + 1
    until #page.list == 0
  end
  local at_end = resident()
  print(("%-6s %8d records   after 1,000: %6.2f MB   at the end: %6.2f MB   grown: %5.2f MB   CPU: %.1f s"):format(how,
    count, after_first, at_end, at_end - after_first, os.clock() - began))
]]
for _, how in ipairs { "each", "list" } do
  io.write((peer.lua(walk, { seconds = 600 }, how, sandbox.url, sandbox.client_id, sandbox.client_secret,
    sandbox.as_user, sandbox.ca_file)))
end
sandbox:stop()
