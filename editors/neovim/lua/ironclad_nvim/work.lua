--- What the user has asked for and Ironclad has not done yet: approvals, comments, downloads. Neovim ends only when it
-- is done, and an error that comes then is shown until somebody has read it.

local view = require "ironclad_nvim.view"

local work = {}

local going = {} -- { what =, task = } -> true
local leaving, failures = false, {}

--- Runs fn() in the background. An error is shown as a notification.
-- @param what it does, such as "approving as Legal"
-- @param on_failure function(), or nil
function work.start(what, fn, on_failure)
  local mine = { what = what }
  going[mine] = true
  view.notify("%s…", what)
  mine.task = view.start(function()
    local fine, problem = pcall(fn)
    going[mine] = nil
    if fine then return end
    if leaving then failures[#failures + 1] = view.text_of(problem) else view.fail(problem) end
    if on_failure then on_failure() end
  end)
end

local function finish_all()
  local list, names = vim.tbl_keys(going), {}
  for i, mine in ipairs(list) do names[i] = mine.what end
  view.notify("Neovim ends when this is done: %s. CTRL-C cancels it", table.concat(names, ", "))
  vim.cmd "redraw"
  for _, mine in ipairs(list) do
    -- After Ctrl-C, which raises an error, the call has been cancelled, and the task ends soon.
    if not pcall(mine.task.wait, mine.task) then pcall(mine.task.wait, mine.task) end
  end
end

-- Neovim removes its screen soon after this.
local function show_failures()
  for _, failure in ipairs(failures) do
    if #vim.api.nvim_list_uis() > 0 then
      vim.fn.confirm("Ironclad: " .. failure, "&OK")
    else
      view.fail(failure)
    end
  end
end

vim.api.nvim_create_autocmd("VimLeavePre", {
  group = vim.api.nvim_create_augroup("ironclad_work", {}),
  desc = "Ironclad: finishes what was asked for",
  callback = function()
    if vim.v.dying > 0 or not next(going) then return end
    leaving = true
    finish_all()
    show_failures()
  end,
})

return work
