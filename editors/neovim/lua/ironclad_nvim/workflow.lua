--- One workflow: ironclad://CONNECTION/workflow/ID.

local files = require "ironclad_nvim.files"
local text = require "ironclad_nvim.text"
local view = require "ironclad_nvim.view"
local work = require "ironclad_nvim.work"

local workflow = { opens = "record" }

local function add_attributes(lines, found)
  local schema, rows = found.schema or {}, {}
  for name, value in pairs(found.attributes or {}) do
    local shown = text.value(value, schema[name])
    if shown then rows[#rows + 1] = { text.label(name, schema[name]), shown } end
  end
  vim.list_extend(lines, { "", "Attributes" })
  vim.list_extend(lines, text.table(rows))
end

-- Of a reviewer or an approval.
local function name_of(approval) return approval.displayName or approval.role or "?" end

local function add_approvals(lines, approvals)
  local rows = {}
  for _, group in ipairs(approvals.approvalGroups or {}) do
    for _, reviewer in ipairs(group.reviewers or {}) do
      rows[#rows + 1] = { name_of(reviewer), reviewer.status or "?" }
    end
  end
  if #rows == 0 then return end
  vim.list_extend(lines, { "", "Approvals" })
  vim.list_extend(lines, text.table(rows))
end

local function add_comments(lines, comments)
  if not comments or #comments == 0 then return end
  vim.list_extend(lines, { "", "Comments" })
  for _, comment in ipairs(comments) do
    local author = type(comment.author) == "table" and comment.author.displayName or "?"
    lines[#lines + 1] = text.line(("  %s  %s"):format(author, text.time(comment.timestamp)))
    for line in tostring(comment.commentMessage or ""):gmatch "[^\r\n]+" do
      lines[#lines + 1] = "    " .. text.line(line)
    end
  end
end

-- The records that the workflow has made; <CR> opens one.
local function add_records(lines, items, ids)
  if type(ids) ~= "table" or #ids == 0 then return end
  vim.list_extend(lines, { "", "Records" })
  for _, id in ipairs(ids) do
    lines[#lines + 1] = "  " .. text.line(id)
    items[#lines] = tostring(id)
  end
end

function workflow.read(self)
  local found = view.must(self.client.workflows:get(self.argument))
  self.subject = found
  local lines, items = {}, {}
  lines[1] = text.line(("%s  %s"):format(found.ironcladId or found.id or self.argument, found.title or ""))
  lines[2] = ("  %s, %s, changed %s"):format(text.line(found.step or "?"), text.line(found.status or "?"),
    text.time(found.lastUpdated))
  add_attributes(lines, found)
  add_approvals(lines, view.must(found:get_approvals()))
  add_comments(lines, view.must(found:list_comments { pageSize = 100 }).list)
  add_records(lines, items, found.recordIds)
  return lines, items
end

-- The functions below ask the user, and continue in a new task when there is an answer.

local function ask_who(self, pending)
  vim.ui.select(pending, { prompt = "Approve as", format_item = name_of }, function(chosen)
    if not chosen then return end
    work.start("approving as " .. name_of(chosen), function()
      view.must(self.subject:update_approval(chosen.role, { status = "approved" }))
      view.notify("approved as %s", name_of(chosen))
      self:refresh()
    end)
  end)
end

local function approve(self)
  view.start(function()
    local pending = view.must(self.subject:pending_approvals())
    if #pending == 0 then return view.notify "nobody is left to approve" end
    ask_who(self, pending)
  end)
end

local unsent = {} -- id of a workflow -> the comment that was not sent, to be offered again

local function comment(self)
  local subject = self.subject
  vim.ui.input({ prompt = "Comment: ", default = unsent[subject.id] }, function(given)
    if not given or given == "" then return end
    work.start("commenting", function()
      view.must(subject:create_comment { comment = given })
      unsent[subject.id] = nil
      view.notify "commented"
      self:refresh()
    end, function() unsent[subject.id] = given end)
  end)
end

local function download(self)
  view.start(function()
    local documents, all = view.must(self.subject:get_documents()), {}
    for _, name in ipairs { "signaturePacketDocuments", "excludedFromSignaturePacketDocuments" } do
      vim.list_extend(all, documents[name] or {})
    end
    files.choose(all, function(chosen, path)
      return view.must(self.subject:download_document(chosen.key, { to = path }))
    end)
  end)
end

-- An action that needs the workflow, which may not have been read yet, or may not exist.
local function with_subject(fn)
  return function(self)
    if self.subject then fn(self) else view.notify "the workflow has not been read" end
  end
end

workflow.actions = {
  approve = { "approve as one of the roles", with_subject(approve) },
  comment = { "comment", with_subject(comment) },
  download = { "download a document", with_subject(download) },
}

return workflow
