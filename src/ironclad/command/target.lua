--- Where -o puts an answer. It is checked before anything is sent: otherwise a change would be carried out, or a report
-- waited for, whose answer cannot be kept.

local core = require "ironclad.core"
local fail = require "ironclad.command.fail"

local target = {}

--- Refuses a path at which no file can be written.
-- @param path that of --output: a file, a folder with "/" at its end, "-" or nil
function target.check(path)
  if not path or path == "-" then return end
  local in_folder = path:find "/$"
  local itself = not in_folder and io.open(path .. "/.", "rb")
  if itself then
    itself:close()
    fail.usage("--output: %s is a folder; for a file in it, give %s/", path, path)
  end
  local done, why = core.disk.check_new(in_folder and path .. core.random_hex(8) or path)
  if done then return end
  fail.usage("--output: %s", in_folder and ("cannot write into %s: %s"):format(path, why:match "[^:]*$":sub(2)) or why)
end

return target
