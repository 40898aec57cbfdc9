--- Writes and syncs files (fsync) without blocking the host. fsync takes milliseconds. In nginx, threads of this module
-- wait for it, and the worker serves other requests meanwhile. Elsewhere the process waits.

local core = require "ironclad.core"

-- luacheck: globals ngx

local disk = {}

local LOOK = 0.001 -- seconds between two checks of a job

-- The phases of nginx in which ngx.sleep may be called.
local waiting = { rewrite = true, access = true, content = true, timer = true }

local function perform(task, path, text)
  if not rawget(_G, "ngx") or not waiting[ngx.get_phase()] then return core.disk[task](path, text) end
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
