-- A browser for contracts. In the list <CR> opens a workflow; in a workflow `a` approves, `c` comments, `d` downloads a
-- document; in both `r` refreshes and `q` closes. Every call runs in a task (ironclad.spawn), so the editor is never
-- blocked. Errors are shown as notifications.

local ironclad = require "ironclad"

local must = ironclad.must

local browser = {}

local PAGE = 100 -- the number of workflows listed, at most

local one

local function client()
  local name = vim.g.ironclad_connection
  one = one or (name and ironclad.connect(name) or ironclad.from_env())
  return one
end

local function notify_error(problem) vim.notify("Ironclad: " .. tostring(problem), vim.log.levels.ERROR) end

-- Runs fn(...) in the background; an error is shown as a notification.
local function start(fn, ...)
  ironclad.spawn(function(...)
    local fine, problem = pcall(fn, ...)
    if not fine then notify_error(problem) end
  end, ...)
end

-- Text on one line: line breaks become spaces.
local function line_of(value)
  local text = type(value) == "table" and vim.inspect(value) or tostring(value)
  return (text:gsub("%s*\n%s*", " "))
end

-- Shows a buffer of that name. `keys` maps keys to functions, which are run in the background.
local function show(name, keys)
  local buffer = vim.fn.bufnr("^" .. name .. "$")
  if buffer < 0 then
    buffer = vim.api.nvim_create_buf(true, true)
    vim.api.nvim_buf_set_name(buffer, name)
    vim.bo[buffer].filetype = "ironclad"
    for key, fn in pairs(keys) do
      vim.keymap.set("n", key, function() start(fn) end, { buffer = buffer, nowait = true })
    end
    vim.keymap.set("n", "q", "<Cmd>bwipeout<CR>", { buffer = buffer, nowait = true })
  end
  vim.api.nvim_win_set_buf(0, buffer)
  return buffer
end

local function fill(buffer, lines)
  if not vim.api.nvim_buf_is_valid(buffer) then return end -- it was closed while its lines were fetched
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, vim.tbl_map(line_of, lines))
  vim.bo[buffer].modifiable = false
end

local function add(lines, ...) lines[#lines + 1] = string.format(...) end

local function lines_of(workflow)
  local lines = { ("%s  %s"):format(workflow.ironcladId, workflow.title), ("%s, %s"):format(workflow.step,
    workflow.status), "", "Attributes" }
  local names = vim.tbl_keys(workflow.attributes or {})
  table.sort(names)
  for _, name in ipairs(names) do add(lines, "  %s: %s", name, line_of(workflow.attributes[name])) end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "Approvals"
  for _, group in ipairs(must(client().workflows:get_approvals(workflow)).approvalGroups) do
    for _, reviewer in ipairs(group.reviewers) do add(lines, "  %s: %s", reviewer.displayName, reviewer.status) end
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "Comments"
  for _, comment in ipairs(must(client().workflows:list_comments(workflow)).list) do
    local author = type(comment.author) == "table" and comment.author.displayName
    add(lines, "  %s: %s", author or "?", line_of(comment.commentMessage))
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "a approve  c comment  d download  r read again  q close"
  return lines
end

-- The functions below ask the user, and continue in a task of their own when there is an answer.

local function approve(workflow, read)
  local pending = must(workflow:pending_approvals())
  if #pending == 0 then return vim.notify "Ironclad: nobody is left to approve" end
  vim.ui.select(pending, {
    prompt = "Approve as", format_item = function(approval) return approval.displayName end,
  }, function(chosen)
    start(function()
      if not chosen then return end
      must(workflow:update_approval(chosen.role, { status = "approved" }))
      vim.notify("Ironclad: approved as " .. chosen.displayName)
      read()
    end)
  end)
end

local function comment(workflow, read)
  vim.ui.input({ prompt = "Comment: " }, function(text)
    start(function()
      if not text or text == "" then return end
      must(workflow:create_comment { comment = text })
      read()
    end)
  end)
end

local function save(workflow, document)
  local name = vim.fn.fnamemodify(document.filename, ":t")
  vim.ui.input({ prompt = "Save as: ", default = name, completion = "file" }, function(path)
    start(function()
      if not path or path == "" then return end
      must(workflow:download_document(document.key, { to = vim.fn.fnamemodify(path, ":p") }))
      vim.notify("Ironclad: saved " .. path)
    end)
  end)
end

local function download(workflow)
  local documents, all = must(workflow:get_documents()), {}
  for _, list in ipairs { documents.signaturePacketDocuments, documents.excludedFromSignaturePacketDocuments } do
    vim.list_extend(all, list)
  end
  if #all == 0 then return vim.notify "Ironclad: there is no document" end
  vim.ui.select(all, { prompt = "Download", format_item = function(document) return document.filename end },
    function(chosen)
      if chosen then save(workflow, chosen) end
    end)
end

local function open_workflow(id)
  local workflow, buffer
  local function read()
    workflow = must(client().workflows:get(id))
    fill(buffer, lines_of(workflow))
  end
  buffer = show("ironclad://workflow/" .. id, {
    a = function() approve(workflow, read) end,
    c = function() comment(workflow, read) end,
    d = function() download(workflow) end,
    r = read,
  })
  read()
end

local function open_workflows()
  local ids, buffer = {}, nil
  local function read()
    local lines = {}
    ids = {}
    for _, workflow in ipairs(must(client().workflows:list { pageSize = PAGE }).list) do
      ids[#ids + 1] = workflow.id
      add(lines, "%-8s %-10s %s", workflow.ironcladId, workflow.step, workflow.title)
    end
    fill(buffer, lines)
  end
  buffer = show("ironclad://workflows", {
    ["<CR>"] = function()
      local id = ids[vim.api.nvim_win_get_cursor(0)[1]]
      if id then open_workflow(id) end
    end,
    r = read,
  })
  read()
end

--- Opens the view named by `:Ironclad`.
function browser.open(what)
  if what ~= "workflows" then return notify_error(("unknown: %s; try :Ironclad workflows"):format(what)) end
  start(open_workflows)
end

return browser
