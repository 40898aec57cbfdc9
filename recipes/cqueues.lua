-- Calls in another event loop, here the one of cqueues: it waits for the mailbox together with everything else.
local cqueues = require "cqueues"
local ironclad = require "ironclad"

local client, loop, mailbox = ironclad.from_env(), cqueues.new(), ironclad.mailbox()

for _, status in ipairs { "active", "completed" } do
  ironclad.spawn(function() print(status, ironclad.must(client.workflows:list { status = status }).count) end)
end
loop:wrap(function()
  while mailbox:dispatch() > 0 do cqueues.poll(mailbox) end
end)
assert(loop:loop())
