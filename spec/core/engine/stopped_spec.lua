-- A process that is stopped (SIGSTOP) for longer than its calls may take. The answers that came meanwhile are read, and
-- what was not answered ends soon.
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

after_each(scene.stop)

local SOURCE = [[
  local ironclad = require "ironclad"
  local urls = { ... }
  local function comment(client, options) client.workflows:create_comment("w1", { comment = "seen" }, options) end
  local calls = {
    read = { limit = "timeout", start = function(client, options) client.workflows:get("w1", options) end },
    change = { limit = "timeout", start = comment },
    deadline = { limit = "deadline", start = comment },
  }
  for _, url in ipairs(urls) do
    local client = ironclad.connect {
      instance = url, token = "static-token", as_user = false, max_retries = 0, ca_file = %q, rate_limit = false,
    }
    for name, one in pairs(calls) do
      one.start(client, { [one.limit] = 4, callback = function(value, err)
        print(url, name .. " " .. (value and "good" or err.kind .. " " .. err.outcome))
      end })
    end
  end
  ironclad.run()
]]

local folder, files
setup(function()
  folder = peer.temporary_folder()
  files = peer.certificate(folder, "server")
end)
teardown(function() peer.remove_folder(folder) end)

-- What the calls to a server returned, in order.
local function returned(output, url)
  local results = {}
  for where, result in output:gmatch "(%S+)\t([^\n]+)" do
    if where == url then results[#results + 1] = result end
  end
  table.sort(results)
  return results
end

local GOOD = { "change good", "deadline good", "read good" }
local ENDED = { "change timeout unknown", "deadline timeout unknown", "read timeout not_done" }

-- Stops a process with three calls to each of four servers, two of which answer meanwhile -> what the calls to each
-- returned.
local function stop_and_continue()
  local servers, urls, results = {}, {}, {}
  for _, last_step in ipairs { "answer", "hang" } do
    for _, scheme in ipairs { "http", "https" } do
      local server = scene.serve {
        answers = { scene.GOOD }, connections = { { { "read" }, { "gate" }, { last_step } } },
        tls = scheme == "https" and files or nil,
      }
      servers[#servers + 1], urls[#urls + 1] = server, peer.url(server, scheme)
    end
  end
  local id, ended = peer.start_lua(SOURCE:format(files.cert), {}, urls[1], urls[2], urls[3], urls[4])
  for _, server in ipairs(servers) do server:await(3) end
  peer.shell("kill -STOP " .. id)
  for _, server in ipairs(servers) do
    for _ = 1, 3 do server:release() end
  end
  peer.shell("sleep 4.2; kill -CONT " .. id)
  local output = ended()
  for i, url in ipairs(urls) do results[i] = returned(output, url) end
  return results
end

-- The stop may come in the moment between the engine's look at the clock and libcurl's, so it is tried again.
it("answers that came meanwhile are read, and what was not answered ends", function()
  local results
  for _ = 1, 3 do
    results = stop_and_continue()
    scene.stop()
    if table.concat(results[1]) == table.concat(GOOD) and table.concat(results[2]) == table.concat(GOOD) then break end
  end
  assert.are.same({ GOOD, GOOD, ENDED, ENDED }, results)
end)
