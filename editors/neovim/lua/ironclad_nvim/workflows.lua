--- The list of workflows: ironclad://CONNECTION/workflows/STATUS.

local lists = require "ironclad_nvim.lists"

local workflows = { opens = "workflow", starts_at = lists.FIRST }

--- The statuses that the argument may be. None is "active", as at Ironclad.
workflows.arguments = { "active", "paused", "completed", "cancelled", "all" }

function workflows.read(self)
  local status = self.argument == "" and "active" or self.argument
  local arguments = { status = status ~= "all" and status or { "active", "paused", "completed", "cancelled" } }
  return lists.read(self, self.client.workflows, arguments, "Workflows, " .. status, function(workflow)
    return { workflow.ironcladId or workflow.id or "?", status == "all" and workflow.status or workflow.step or "",
      workflow.title or "" }
  end)
end

workflows.actions = lists.actions

return workflows
