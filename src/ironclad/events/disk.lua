--- Writes and syncs files (fsync) without blocking the host. fsync takes milliseconds. In nginx, threads of this module
-- wait for it, and the worker serves other requests meanwhile. Elsewhere the process waits.

local core = require "ironclad.core"
local nginx = require("ironclad.base.lazy") "ironclad.loop.nginx"

-- luacheck: globals ngx

local disk = {}

local LOOK = 0.001 -- seconds between two checks of a job

local function perform(task, path, text)
  if not rawget(_G, "ngx") or not nginx.can_wait() then return core.disk[task](path, text) end
  local job, problem = core.disk.begin(task, path, text)
  if not job then return nil, problem end
  while true do
    local done, why = job:result()
    if done then return true end
    if done == false then return nil, why end
    ngx.sleep(LOOK)
  end
end

--- Writes a file: when it returns true, the file is whole and on the disk.
-- @return true; nil and why
function disk.write(path, text) return perform("write", path, text) end

--- Removes a file. When it returns true, the removal is on the disk too.
-- @return true; nil and why
function disk.remove(path) return perform("remove", path) end

return disk
