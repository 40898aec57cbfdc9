--- Choosing a file of a contract, and where it is saved.

local view = require "ironclad_nvim.view"

local files = {}

local function name_of(file) return file.filename or file.key or "?" end

local function save(chosen, fetch)
  local name = vim.fn.fnamemodify(name_of(chosen), ":t")
  vim.ui.input({ prompt = "Save as: ", default = name, completion = "file" }, function(path)
    if not path or path == "" then return end
    view.start(function()
      view.notify("saved %s", fetch(chosen, vim.fn.fnamemodify(path, ":p")))
    end)
  end)
end

--- Asks which file, and where to, and fetches it in the background.
-- @param list of tables with `key`, and `filename` or not
-- @param fetch function(chosen, path) -> the path of the file. For a folder that exists, `path` ends with "/"
function files.choose(list, fetch)
  if #list == 0 then return view.notify "there is no document" end
  vim.ui.select(list, { prompt = "Download", format_item = name_of }, function(chosen)
    if chosen then save(chosen, fetch) end
  end)
end

return files
