--- The host's loop: how calls and tasks wait here. Each loop is a table with
--
--   name                     "plain", "nginx" or "neovim"
--   wait(call, task, sink)   returns when the call may have a notice; "interrupted" when the user wants to cancel it.
--                            task: task.current(); sink: whether the call has a sink
--   drive(call)              optional: wait outside a task, where the thread may run the engine meanwhile; "done" when
--                            the call is done
--   objection()              why nothing can wait here, and the kind of the error then ("cancelled" unless given); or
--                            nil
--   configure(folder)        optional: takes the option socket_dir
--   spawn(on_failure, fn, …) starts a task (ironclad.loop.task)
--   current()                the task that is running, or nil
--   await_turn(owner)        waits until it may be one's turn (ironclad.loop.turn); false where nothing can wait
--   await_any(tasks)         returns when one of the tasks may have ended
--   join(task)               returns when the task has ended
--   finish_all()             returns when all tasks have ended
--   failed(task)             called for a failed task that is not waited for
--   take_failure()           returns the first failed task, or nil
--   report()                 reports all other failed tasks

local lazy = require "ironclad.base.lazy"
local mistake = require "ironclad.base.mistake"

local loop = {}

local names = { "neovim", "nginx", "plain" }

local function is_here(name)
  if name == "nginx" then return ngx and ngx.get_phase end
  -- Threads that Neovim starts have no main loop, and no in_fast_event.
  if name == "neovim" then return vim and vim.api and vim.in_fast_event and (vim.uv or vim.loop) end
  return true
end

--- The loop with a name.
-- @param name one of the names; nil: the host's own loop
-- @return the loop; nil and a message when this host has no loop of that name
function loop.choose(name)
  if name == nil then return loop.here() end
  for _, known in ipairs(names) do
    if known == name and is_here(name) then return lazy.load("ironclad.loop." .. name) end
    if known == name then return nil, ("loop: this process does not run in %q"):format(name) end
  end
  return nil, ("loop: expected one of %s, got %s%s"):format(table.concat(names, ", "), mistake.shown(name),
    type(name) == "string" and mistake.did_you_mean(name, names) or "")
end

--- The host's own loop.
function loop.here()
  for _, name in ipairs { "nginx", "neovim" } do
    if is_here(name) then return lazy.load("ironclad.loop." .. name) end
  end
  return lazy.load "ironclad.loop.plain"
end

--- Whether what never ends by itself must end now: nginx ends this worker, after a reload for example.
function loop.is_ending() return is_here "nginx" and ngx.worker.exiting() or false end

return loop
