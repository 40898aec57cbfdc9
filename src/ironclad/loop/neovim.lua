--- Waiting in Neovim, with one poll handle on the mailbox's descriptor. Tasks and callbacks are resumed from
-- vim.schedule, so that they may use all of vim.api. Outside a task, a call waits in vim.wait: the screen is redrawn,
-- timers and tasks continue, and Ctrl-C cancels the call. In a fast event (:help vim.in_fast_event) nothing can wait,
-- and a call returns an error.

local core = require "ironclad.core"
local task = require "ironclad.loop.task"

local uv = vim.uv or vim.loop
local unpack = rawget(_G, "unpack") or table.unpack -- luacheck: ignore 143

local neovim = { name = "neovim" }

-- Milliseconds of one vim.wait, which is repeated: Neovim 0.7 reports Ctrl-C only at the end of a wait.
local SLICE = 200

-- The poll handle on the mailbox's descriptor. Kept in the Lua state: libuv refuses a second handle on a descriptor
-- (EEXIST), and the module's files may be loaded again.
local kept = core.kept()
kept.neovim = kept.neovim or { handle = nil, descriptor = nil, leaving = false, scheduled = false }
local poll = kept.neovim

local function turn()
  poll.scheduled = false
  task.turn()
end

local function schedule()
  if poll.scheduled then return end
  poll.scheduled = true
  vim.schedule(turn)
end

task.on_ready = schedule

-- Called by libuv, in a fast event: no code of the script runs here.
local function on_notice()
  if task.collect() then schedule() end -- also when the only work is a question to a token store
end

local function ignore()
  if poll.handle and not poll.handle:is_closing() then poll.handle:close() end
  poll.handle, poll.descriptor = nil, nil
end

local function leave()
  poll.leaving = true
  ignore()
end

local function listen()
  local current = core.descriptor()
  if poll.descriptor == current then return end
  ignore()
  poll.handle, poll.descriptor = assert(uv.new_poll(current)), current
  poll.handle:start("r", on_notice)
  poll.handle:unref() -- so that Neovim can exit
end

-- Listens for as long as Neovim runs. While it exits, only a wait listens.
local function listen_from_now_on()
  if not poll.leaving then listen() end
end

local function watch_for_leaving()
  if poll.watched then return end
  poll.watched = true
  vim.api.nvim_create_autocmd("VimLeavePre", { callback = leave, desc = "ironclad: stops waiting" })
end
if vim.in_fast_event() then vim.schedule(watch_for_leaving) else watch_for_leaving() end

--- Why nothing can wait here, or nil.
function neovim.objection()
  if vim.in_fast_event() and not task.current() then
    return "nothing can wait in a fast event of Neovim: use vim.schedule, or give the call a callback"
  end
end

-- Returns whether Ctrl-C was pressed before finished() was true.
local function wait_until(finished)
  local fine, why
  repeat
    listen() -- again each time: while Neovim exits, a wait inside this one has ended the listening
    fine, why = vim.wait(SLICE, finished, SLICE)
  until fine or why == -2
  if poll.leaving then ignore() end
  return not fine
end

--- Returns when the call may have a notice; "interrupted" after Ctrl-C.
function neovim.wait(call, mine)
  listen_from_now_on()
  if mine then
    task.await(call, mine)
  elseif wait_until(function() return call:news() end) then
    return "interrupted"
  end
end

neovim.current, neovim.await_turn = task.current, task.await_turn

--- Runs fn(...) as a task. In a fast event, the task starts when the event has ended.
function neovim.spawn(on_failure, fn, ...)
  local mine = task.new(neovim, on_failure)
  listen_from_now_on()
  if not vim.in_fast_event() then return task.start(mine, fn, ...) end
  local arguments = { n = select("#", ...), ... }
  vim.schedule(function() task.start(mine, fn, unpack(arguments, 1, arguments.n)) end)
  return mine
end

local function must_wait(finished)
  local objection = neovim.objection() -- vim.wait in a fast event ends Neovim
  if objection then error(objection, 0) end
  if wait_until(finished) then
    task.cancel_all()
    error("interrupted", 0)
  end
end

function neovim.await_any(list)
  if task.current() then return task.await_any(list) end
  must_wait(function()
    for _, other in ipairs(list) do
      if other.done then return true end
    end
    return false
  end)
end

function neovim.join(other)
  while not other.done do neovim.await_any { other } end
end

function neovim.finish_all()
  must_wait(function() return task.count() == 0 end)
end

function neovim.failed(other)
  vim.schedule(function()
    if not other.awaited then vim.notify("ironclad: a task failed: " .. other.trace, vim.log.levels.ERROR) end
  end)
end

function neovim.take_failure() end

function neovim.report() end

return neovim
