--- The subcommands of :Ironclad.

local connection = require "ironclad_nvim.connection"
local view = require "ironclad_nvim.view"

local ironclad_nvim = {}

local function one_word(words, name)
  if words[2] then error((":Ironclad %s takes one argument, got %d"):format(name, #words), 0) end
  return words[1]
end

local function needed(word, name, what)
  if not word then error((":Ironclad %s needs %s"):format(name, what), 0) end
  return word
end

-- Chooses the connection of new views, and shows their workflows.
local function use(name)
  local names = connection.names()
  if not vim.tbl_contains(names, name) then
    error(("there is no connection %q; `ironclad login` in a terminal makes one"):format(name), 0)
  end
  connection.choose(name)
  view.notify("%s is used from now on", connection.title(name))
end

local function ask_which()
  local names = connection.names()
  if #names == 0 then error("there is no connection; `ironclad login` in a terminal makes one", 0) end
  vim.ui.select(names, { prompt = "Connection", format_item = connection.title }, function(chosen)
    if chosen then use(chosen) end
  end)
end

-- Shows what ironclad.help prints about a name, in a new window.
local function show_help(name)
  local lines = {}
  connection.module().help(name, function(line) lines[#lines + 1] = line end)
  vim.cmd "new"
  local buffer = vim.api.nvim_get_current_buf()
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].buftype, vim.bo[buffer].bufhidden, vim.bo[buffer].modifiable = "nofile", "wipe", false
  vim.api.nvim_win_set_height(0, math.min(#lines, 15))
  vim.keymap.set("n", "q", "<Cmd>bwipeout<CR>", { buffer = buffer, nowait = true })
end

local function starting_with(start, names)
  return vim.tbl_filter(function(name) return name ~= "" and name:sub(1, #start) == start end, names)
end

-- name -> { run(words, mods), complete() -> names }
local subcommands = {
  workflows = {
    run = function(words, mods)
      local status = one_word(words, "workflows")
      local known = require("ironclad_nvim.workflows").arguments
      if status and not vim.tbl_contains(known, status) then
        error(("there is no status %q: expected one of %s"):format(status, table.concat(known, ", ")), 0)
      end
      view.open("workflows", status, mods)
    end,
    complete = function() return require("ironclad_nvim.workflows").arguments end,
  },
  workflow = { run = function(words, mods)
    view.open("workflow", needed(one_word(words, "workflow"), "workflow", "an id, such as IC-12"), mods)
  end },
  records = { run = function(words, mods) view.open("records", one_word(words, "records"), mods) end },
  record = { run = function(words, mods)
    view.open("record", needed(one_word(words, "record"), "record", "an id, such as IC-12"), mods)
  end },
  connect = {
    run = function(words)
      local name = one_word(words, "connect")
      if name then use(name) else ask_which() end
    end,
    complete = function() return connection.names() end,
  },
  help = {
    run = function(words) show_help(one_word(words, "help")) end,
    complete = function()
      connection.module()
      return require("ironclad.topics").names()
    end,
  },
}

local function names() return vim.fn.sort(vim.tbl_keys(subcommands)) end

--- Runs :Ironclad.
-- @param words the arguments; none: "workflows"
-- @param mods command modifiers, such as "vertical"
function ironclad_nvim.run(words, mods)
  local rest = vim.list_slice(words, 2)
  local subcommand = subcommands[words[1] or "workflows"]
  if not subcommand then
    return view.fail(("there is no :Ironclad %s; try one of %s"):format(words[1], table.concat(names(), ", ")))
  end
  local fine, problem = pcall(subcommand.run, rest, mods)
  if not fine then view.fail(problem) end
end

--- The completion of :Ironclad.
-- @param start the beginning of the word to complete
-- @param line the command line
function ironclad_nvim.complete(start, line)
  local before = vim.split(vim.trim(line:sub(1, #line - #start)), "%s+")
  -- Modifiers may come before the command.
  while before[1] and not before[1]:find "^Iron" do table.remove(before, 1) end
  if #before <= 1 then return starting_with(start, names()) end
  local subcommand = #before == 2 and subcommands[before[2]]
  if not subcommand or not subcommand.complete then return {} end
  local fine, list = pcall(subcommand.complete)
  return fine and starting_with(start, list) or {}
end

return ironclad_nvim
