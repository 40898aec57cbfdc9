--- The loop of the host: how a call waits here. Each has the same functions:
--   wait(call): returns when there may be news of the call; "interrupted" when the user wants it cancelled
--   objection(): why nothing can wait here, and the kind of error that it makes ("cancelled"); or nil
--   spawn(on_failure, fn, ...): a task (ironclad.task); current(): the one that is running, or nil
--   await_any(tasks): returns when one of them may have ended; join(task): when it has; finish_all(): when all have
--   failed(task): nobody waits for this task, which has failed; take_failure(): the first such, report(): tells of all

local mistake = require "ironclad.base.mistake"

local loop = {}

local names = { "neovim", "nginx", "plain" }

local function is_here(name)
  if name == "nginx" then return ngx and ngx.get_phase end
  -- Threads that Neovim starts have no main loop, and no in_fast_event.
  if name == "neovim" then return vim and vim.api and vim.in_fast_event and (vim.uv or vim.loop) end
  return true
end

--- The loop by its name, or the host's own.
-- @param name one of the names, or nil
-- @return the loop; nil and what is wrong with the name
function loop.choose(name)
  if name == nil then return loop.here() end
  for _, known in ipairs(names) do
    if known == name and is_here(name) then return require("ironclad.loop." .. name) end
    if known == name then return nil, ("loop: %q is not where this runs"):format(name) end
  end
  return nil, ("loop: expected one of %s, got %s%s"):format(table.concat(names, ", "),
    type(name) == "string" and ("%q"):format(name) or mistake.type_of(name),
    type(name) == "string" and mistake.did_you_mean(name, names) or "")
end

--- The host's own loop.
function loop.here()
  for _, name in ipairs { "nginx", "neovim" } do
    if is_here(name) then return require("ironclad.loop." .. name) end
  end
  return require "ironclad.loop.plain"
end

return loop
