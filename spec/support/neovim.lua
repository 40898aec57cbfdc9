-- A headless Neovim that runs Lua source.
local host = require "spec.support.host"
local peer = require "spec.support.peer"

local neovim = {}

-- What scripts use to print: say(…), tab-separated, a line each.
local SAY = [[
  local function say(...)
    local words = {}
    for i = 1, select("#", ...) do words[i] = tostring((select(i, ...))) end
    io.stdout:write(table.concat(words, "\t"), "\n")
    io.stdout:flush()
  end
]]

-- Runs Lua source in Neovim, whose HOME is the folder -> what it prints with say(…), and the status. One that hangs is
-- killed: 137.
-- @param options arguments: words for nvim, default "-u NONE"; environment: words such as "A=b"; seconds; paths: false
--   leaves the build off the module's paths
function neovim.run(folder, source, options)
  options = options or {}
  local file = folder .. "/script.lua"
  peer.write_file(file, (options.paths == false and "" or host.paths()) .. SAY .. source)
  local words = { "env -u XDG_DATA_HOME -u XDG_CONFIG_HOME", options.paths == false
    and "-u LUA_PATH -u LUA_CPATH" or "",
    "HOME=" .. peer.quoted(folder), options.environment or "", "timeout -s KILL", options.seconds or 60,
    "nvim --headless -i NONE", options.arguments or "-u NONE", "-c", peer.quoted("luafile " .. file), "</dev/null" }
  return peer.shell(table.concat(words, " "))
end

return neovim
