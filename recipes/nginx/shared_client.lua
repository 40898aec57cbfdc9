-- The client of shared.lua and shared_cron.lua. They share a token because they ask for the same scopes.
local ironclad = require "ironclad"

return ironclad.from_env {
  shared = os.getenv "REDIS_URL",
  rate_share = 1 / 8, -- of each process, while Redis cannot be reached
  scopes = ironclad.scopes_for { "workflow_schemas:list", "workflows:launch", "workflows:list", "workflows:get",
    "webhooks:list", "webhooks:create", "webhooks:update" },
}
