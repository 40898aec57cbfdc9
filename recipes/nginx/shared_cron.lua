-- The job that cron would start from time to time on another machine: launches an NDA with the shared token and within
-- the shared limits. `make site-shared` starts it every five seconds against a sandbox.
local ironclad = require "ironclad"

local client = dofile(os.getenv "IRONCLAD_SITE" .. "/shared_client.lua")
local workflow = ironclad.must(client.workflows:launch {
  template = "Mutual NDA",
  attributes = { counterpartyName = "Acme", draft = { ironclad.file(os.getenv "IRONCLAD_SITE" .. "/../nda.docx") } },
})
print(("cron: launched %s; this process fetched %d tokens"):format(workflow.ironcladId, ironclad.stats().tokens))
