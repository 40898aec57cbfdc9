--- The buffers. The name of a buffer is an address, ironclad://CONNECTION/KIND/ARGUMENT, so that :edit reads it again.
-- Each kind is a module ironclad_nvim.KIND with
--
--   read(view)   -> lines, and what they stand for: line number -> an argument for `opens`. It runs in a task, and
--                raises errors
--   opens        the kind of view that <CR> opens, or nil
--   starts_at    the line where the cursor begins, or nil
--   actions      name -> { text for the help, function(view) }
--
-- Calls run in tasks (ironclad.spawn), so that the editor is never blocked. Errors are shown as notifications.

local connection = require "ironclad_nvim.connection"
local text = require "ironclad_nvim.text"

local view = {}
view.__index = view

--- The kinds of views.
view.kinds = { "workflows", "workflow", "records", "record" }

local views = {} -- by buffer

function view.notify(message, ...) vim.notify("Ironclad: " .. message:format(...)) end

--- The text of an error, without the position in this plugin's files, which a mistake begins with.
function view.text_of(problem) return (tostring(problem):gsub("^%S*ironclad_nvim/[%w_]+%.lua:%d+: ", "")) end

--- Shows an error as a notification.
function view.fail(problem) vim.notify("Ironclad: " .. view.text_of(problem), vim.log.levels.ERROR) end

--- The value of a call, in which null is missing (text.without_null); raises its error as it is.
function view.must(value, err)
  if err ~= nil then error(err, 0) end
  return text.without_null(value)
end

--- Runs fn(...) in the background. Raises an error when the module cannot be loaded.
-- @return the task
function view.start(fn, ...)
  return connection.module().spawn(function(...)
    local fine, problem = pcall(fn, ...)
    if not fine then view.fail(problem) end
  end, ...)
end

local function encoded(part)
  return (part:gsub("[^%w._-]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

local function decoded(part)
  return (part:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- The parts of an address: the connection's name ("" for the environment's), the kind, the argument ("" for none).
local function parts_of(address)
  local name, kind, argument = address:match "^ironclad://([^/]*)/(%l+)/?([^/]*)$"
  if not kind or not vim.tbl_contains(view.kinds, kind) then return nil end
  return decoded(name), kind, decoded(argument)
end

-- Command modifiers that ask for a window: ":vertical Ironclad records".
local places = { "vertical", "tab", "aboveleft", "leftabove", "belowright", "rightbelow", "topleft", "botright" }

-- Whether one of the modifiers asks for a window; the others are ":silent" and similar.
local function wants_window(mods)
  for word in mods:gmatch "%a+" do
    if vim.tbl_contains(places, word) then return true end
  end
  return false
end

local function set_lines(buffer, lines)
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].modified = false
end

-- Shows why the view was not read, in the buffer unless there are lines from an earlier reading. (Neovim clears a
-- notification of the autocommand BufReadCmd.)
function view:not_read(problem)
  if self.filled then return view.fail(problem) end
  set_lines(self.buffer, { "Not read", "", "  " .. text.line(view.text_of(problem)), "", "  :edit reads it again" })
end

-- Shows what was read. In a list, the cursor begins at the first item.
function view:fill(lines, items)
  local begins = not self.filled and self.kind.starts_at
  self.items, self.filled = items or {}, true
  set_lines(self.buffer, lines)
  if begins and lines[begins] and vim.api.nvim_get_current_buf() == self.buffer then
    vim.api.nvim_win_set_cursor(0, { begins, 0 })
  end
end

-- Cancels the reading that is under way, if there is one.
function view:stop()
  self.reading = self.reading + 1
  if self.task then self.task:cancel() end
  self.task = nil
end

--- Reads the view again. An earlier reading that has not ended is cancelled.
function view:refresh()
  self:stop()
  local mine = self.reading
  local function read()
    if self.name and not self.client then self.client = connection.client(self.name) end
    return self.kind.read(self)
  end
  local started, task = pcall(view.start, function()
    local fine, lines, items = pcall(read)
    if mine ~= self.reading then return end
    if fine then self:fill(lines, items) else self:not_read(lines) end
  end)
  if started then self.task = task else self:not_read(task) end
end

local function prepare(buffer)
  vim.bo[buffer].buftype = "nofile"
  vim.bo[buffer].bufhidden = "hide"
  vim.bo[buffer].swapfile = false
  vim.bo[buffer].modeline = false -- the text is Ironclad's
  vim.bo[buffer].filetype = "ironclad"
  vim.api.nvim_create_autocmd("BufWipeout", { buffer = buffer, once = true, callback = function()
    views[buffer]:stop()
    views[buffer] = nil
  end })
end

-- The kind of a buffer whose name is wrong.
local function no_kind(address)
  return { actions = {}, read = function() error(address .. " is not an address of Ironclad's", 0) end }
end

local last_read -- the view that view.read has made last

--- Fills the buffer with what is at its name. For the autocommand BufReadCmd.
function view.read(buffer)
  local address = vim.api.nvim_buf_get_name(buffer)
  local name, kind, argument = parts_of(address)
  if views[buffer] then views[buffer]:stop() else prepare(buffer) end
  views[buffer] = setmetatable({
    buffer = buffer, name = name, argument = argument, items = {}, reading = 0,
    kind = kind and require("ironclad_nvim." .. kind) or no_kind(address),
  }, view)
  last_read = views[buffer]
  set_lines(buffer, { "…" })
  last_read:refresh()
end

--- Shows a view in the current window, and reads it, also when its buffer is there already.
-- @param kind one of view.kinds
-- @param argument text, or nil
-- @param mods command modifiers, such as "vertical", or nil. With one for a window, the view gets its own window
-- @param name of the connection; default: the one for new views
function view.open(kind, argument, mods, name)
  local address = ("ironclad://%s/%s%s"):format(encoded(name or connection.name()), kind,
    argument and "/" .. encoded(argument) or "")
  mods = mods or ""
  last_read = nil
  vim.cmd(("%s %s %s"):format(mods, wants_window(mods) and "split" or "edit", vim.fn.fnameescape(address)))
  local shown = views[vim.api.nvim_get_current_buf()]
  if shown and shown ~= last_read then shown:refresh() end
end

local own_actions = {
  refresh = { "read it again", view.refresh },
  close = { "close", function(self) vim.cmd("bwipeout " .. self.buffer) end },
  help = { "this help", function(self) self:help() end },
  open = { "open what is in this line", function(self)
    local item = self.items[vim.api.nvim_win_get_cursor(0)[1]]
    if item then view.open(self.kind.opens, item, nil, self.name) end
  end },
}

-- What an action does in this view; nil when it has none of that name.
function view:action(name)
  if name == "open" and not self.kind.opens then return nil end
  return own_actions[name] or self.kind.actions[name]
end

--- Does the action of <Plug>(ironclad-NAME) in the current buffer.
function view.act(name)
  local self = views[vim.api.nvim_get_current_buf()]
  if not self then return view.fail "this buffer is not one of :Ironclad" end
  local action = self:action(name)
  if not action then return view.notify("there is nothing to %s here", name) end
  action[2](self)
end

-- The keys of the view: lists of { key, what it does }, for those mapped to one of its actions.
local function keys_of(self)
  local rows = {}
  for _, map in ipairs(vim.api.nvim_buf_get_keymap(self.buffer, "n")) do
    local name = (map.rhs or ""):match "^<Plug>%(ironclad%-(%l+)%)$"
    local action = name and self:action(name)
    if action then rows[#rows + 1] = { map.lhs, action[1] } end
  end
  return rows
end

--- Shows the keys in a floating window, which any of q, ? and <Esc> closes.
function view:help()
  local lines = text.table(keys_of(self))
  lines[#lines + 1] = ""
  lines[#lines + 1] = "  :help ironclad"
  local width = 0
  for _, line in ipairs(lines) do width = math.max(width, vim.fn.strdisplaywidth(line)) end
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable, vim.bo[buffer].bufhidden = false, "wipe"
  vim.api.nvim_open_win(buffer, true, { relative = "cursor", row = 1, col = 0, width = width + 2, height = #lines,
    style = "minimal", border = "rounded" })
  for _, key in ipairs { "q", "?", "<Esc>" } do
    vim.keymap.set("n", key, "<Cmd>close<CR>", { buffer = buffer, nowait = true })
  end
end

return view
