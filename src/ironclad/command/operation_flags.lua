--- The options of an operation, which its help shows too.

local connection = require "ironclad.command.connection"
local names = require "ironclad.command.names"
local output = require "ironclad.command.output"
local request = require "ironclad.command.request"

local operation_flags = {}

local of_bodies = {
  { "body", value = "@FILE", empty = true, text = "The JSON body, or its rest: @FILE, @- or JSON text" },
}
local of_lists = {
  { "all", text = "Walk over all pages" },
  { "limit", value = "N", kind = "count", least = 1, text = "At most N items (default: 30)" },
}
local of_records = {
  { "expiring", value = "TIME", empty = true, text = "Only those that expire within this time, as 90d or 6m" },
}
local of_files = {
  { "output", short = "o", value = "PATH", text = "Where the file goes: a path, a FOLDER/, or - for standard output" },
}
local of_waits = {
  { "step", value = "STEP", choices = { "Review", "Sign", "Archive", "Complete" },
    text = "Wait for this step: Review, Sign, Archive or Complete" },
  { "status", value = "STATUS", choices = { "active", "paused", "completed", "cancelled" },
    text = "Wait for this status" },
  { "wait", value = "SECONDS", kind = "seconds", least = 0.001, text = "The longest time to wait" },
  { "interval", value = "SECONDS", kind = "seconds", least = 0.001,
    text = "The first pause between two questions (default: 1)" },
}

local function add_all(list, more)
  for _, flag in ipairs(more) do list[#list + 1] = flag end
end

--- Whether an operation answers a list.
function operation_flags.is_list(entry)
  return entry and entry.content and entry.content.items and entry.name:find "^list"
end

--- The options that any operation or helper may have.
function operation_flags.all()
  local list = {}
  for _, flags in ipairs { connection.flags, output.flags, of_bodies, request.flags, of_lists, of_records, of_files,
    of_waits } do
    add_all(list, flags)
  end
  return list
end

--- The options of an operation, or of a helper.
-- @param entry the operation; of a helper the one whose arguments it takes, or nil
-- @param helper one of names.helpers, or nil
function operation_flags.of(entry, helper)
  local list, resource = {}, (helper or entry).resource
  add_all(list, names.is_clickwrap(resource) and connection.clickwrap_flags or connection.flags)
  add_all(list, output.flags)
  if entry and entry.body ~= "none" then add_all(list, of_bodies) end
  add_all(list, request.flags)
  if operation_flags.is_list(entry) and not helper then add_all(list, of_lists) end
  if entry and entry.id == "list-all-records" then add_all(list, of_records) end
  if entry and entry.answer == "bytes" then add_all(list, of_files) end
  if helper and helper.waits then
    for _, flag in ipairs(of_waits) do
      if not (helper.job and (flag[1] == "step" or flag[1] == "status")) then list[#list + 1] = flag end
    end
  end
  return list
end

return operation_flags
