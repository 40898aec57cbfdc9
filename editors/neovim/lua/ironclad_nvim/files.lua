--- Choosing a file of a contract, and where it is saved.

local view = require "ironclad_nvim.view"
local work = require "ironclad_nvim.work"

local files = {}

local function name_of(file) return file.filename or file.key or "?" end

-- Calls save(path), unless a file is there that the user wants to keep.
local function ask_about(path, save)
  if vim.fn.getftype(path) == "" or vim.fn.isdirectory(path) == 1 then return save(path) end
  local prompt = ("%s is there already"):format(vim.fn.fnamemodify(path, ":t"))
  vim.ui.select({ "replace it", "keep it" }, { prompt = prompt }, function(_, number)
    if number == 1 then save(path) end
  end)
end

local function ask_where(chosen, fetch)
  local name = vim.fn.fnamemodify(name_of(chosen), ":t")
  vim.ui.input({ prompt = "Save as: ", default = name, completion = "file" }, function(given)
    if not given or given == "" then return end
    ask_about(vim.fn.fnamemodify(given, ":p"), function(path)
      work.start("saving " .. name, function() view.notify("saved %s", fetch(chosen, path)) end)
    end)
  end)
end

--- Asks which file, and where to, and fetches it in the background.
-- @param list of tables with `key`, and `filename` or not
-- @param fetch function(chosen, path) -> the path of the file. For a folder that exists, `path` ends with "/"
function files.choose(list, fetch)
  if #list == 0 then return view.notify "there is no document" end
  vim.ui.select(list, { prompt = "Download", format_item = name_of }, function(chosen)
    if chosen then ask_where(chosen, fetch) end
  end)
end

return files
