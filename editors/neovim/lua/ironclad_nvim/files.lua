--- Choosing a file of a contract, and where it is saved.

local view = require "ironclad_nvim.view"

local files = {}

local function save(chosen, fetch)
  local name = vim.fn.fnamemodify(chosen.filename, ":t")
  vim.ui.input({ prompt = "Save as: ", default = name, completion = "file" }, function(path)
    if not path or path == "" then return end
    view.start(function()
      fetch(chosen, vim.fn.fnamemodify(path, ":p"))
      view.notify("saved %s", path)
    end)
  end)
end

--- Asks which file, and where to, and fetches it in the background.
-- @param list of tables with `filename`
-- @param fetch function(chosen, path)
function files.choose(list, fetch)
  if #list == 0 then return view.notify "there is no document" end
  vim.ui.select(list, { prompt = "Download", format_item = function(file) return file.filename end }, function(chosen)
    if chosen then save(chosen, fetch) end
  end)
end

return files
