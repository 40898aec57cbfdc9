-- `make bench-files`: uploads a large file and downloads it to a file and to a function. Prints the speed, and how much
-- more memory that takes than a small file. The service is a sandbox in a process of its own, over TLS.
-- Arguments: the file's size in MiB, and the Lua that runs the sandbox.
local size, interpreter = ...
local MEBIBYTE = 1024 * 1024
local bytes = size * MEBIBYTE

local ironclad = require "ironclad"

local function pipe(command)
  local output = assert(io.popen(command, "r"))
  local text = output:read "*a"
  output:close()
  return text
end

-- The most memory that this process has had, in MiB.
local function peak()
  for line in io.lines "/proc/self/status" do
    local kib = line:match "^VmHWM:%s*(%d+)"
    if kib then return kib / 1024 end
  end
end

local function now() return tonumber((pipe "date +%s.%N")) end

local SERVER = [[
package.path, package.cpath = %q, %q
local sandbox = assert(require("ironclad.sandbox").start { max_body = %.0f })
for _, name in ipairs { "url", "client_id", "client_secret", "as_user", "ca_file" } do print(sandbox[name]) end
io.stdout:flush()
io.read() -- until the process that started it ends
]]

local folder = pipe('mktemp -d "${TMPDIR:-/tmp}/ironclad-bench.XXXXXX"'):gsub("%s+$", "")
local script = assert(io.open(folder .. "/server.lua", "w"))
script:write(SERVER:format(package.path, package.cpath, bytes + MEBIBYTE))
script:close()
pipe("mkfifo " .. folder .. "/said")
local server = assert(io.popen(("exec %s %s/server.lua > %s/said"):format(interpreter, folder, folder), "w"))
local said = assert(io.open(folder .. "/said", "r"))
local options = { instance = said:read "*l", client_id = said:read "*l", client_secret = said:read "*l",
  as_user = said:read "*l", ca_file = said:read "*l" }
said:close()

local client = ironclad.connect(options)
local workflow = ironclad.must(client.workflows:get "IC-2").id
local big, small, back = folder .. "/big.pdf", folder .. "/small.pdf", folder .. "/back.pdf"
pipe(("head -c 1000000 /dev/urandom > %s; truncate -s %.0f %s"):format(big, bytes, big))
pipe(("head -c 1000000 %s > %s"):format(big, small))

local function newest_key()
  local documents = ironclad.must(client.workflows:get_documents(workflow)).signaturePacketDocuments
  return documents[#documents].key
end

local function same(path) return (pipe(("cmp %s %s 2>&1"):format(path, back))) == "" end

-- Each way: its name, and a function that takes the file.
local ways = {
  { "up", function(path)
    ironclad.must(client.workflows:upload_document(workflow, "draft", {
      attachment = ironclad.file(path), metadata = { comment = { message = "new" } },
    }))
  end },
  { "down to a file", function(path)
    ironclad.must(client.workflows:download_document(workflow, newest_key(), { to = back }))
    assert(same(path))
  end },
  { "down to a function", function(path)
    local file = assert(io.open(back, "wb"))
    ironclad.must(client.workflows:download_document(workflow, newest_key(), {
      to = function(piece) assert(file:write(piece)) end,
    }))
    file:close()
    assert(same(path))
  end },
}

local function run()
  for _, way in ipairs(ways) do way[2](small) end
  local start = peak()
  for _, way in ipairs(ways) do
    local began = now()
    way[2](big)
    print(("%-20s %5d MiB in %6.1f s, %5.1f MiB of memory above the start"):format(way[1], size, now() - began,
      math.max(0, peak() - start)))
  end
end

local fine, problem = pcall(run)
server:close()
pipe("rm -rf " .. folder)
if not fine then error(problem, 0) end
