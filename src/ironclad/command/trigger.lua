--- ironclad trigger EVENT [NAME=VALUE…]: a sandbox sends an event to its webhooks.

local connection = require "ironclad.command.connection"
local fail = require "ironclad.command.fail"
local flags = require "ironclad.command.flags"
local mistake = require "ironclad.base.mistake"
local output = require "ironclad.command.output"
local request = require "ironclad.command.request"
local terminal = require "ironclad.command.terminal"
local typed = require "ironclad.command.typed"

local trigger = { flags = {} }
local of_output = { flags.find(output.flags, "json"), flags.find(output.flags, "jsonl") }
for _, list in ipairs { connection.flags, of_output, request.flags } do
  for _, flag in ipairs(list) do trigger.flags[#trigger.flags + 1] = flag end
end

trigger.help = [[
NAME=VALUE are fields of the event's payload. Only a sandbox on this machine is asked: Ironclad itself sends events when
something happens.

  ironclad trigger workflow_launched workflowID=6b0ceb96f4408252d4953ac6]]

-- The events of Ironclad, from the catalog.
local function events()
  local list = {}
  for _, field in ipairs(select(2, require("ironclad.calls.catalog").find "webhooks:create").fields) do
    for _, choice in ipairs(field.name == "events" and field.choices or {}) do
      if choice ~= "*" then list[#list + 1] = choice end
    end
  end
  return list
end

function trigger.run(words, options, before)
  local event, known = words[1], events()
  if not event then fail.usage "expected an EVENT, as in `ironclad trigger workflow_launched`" end
  if not mistake.set(known)[event] then
    fail.usage("there is no event %q%s", event, mistake.did_you_mean(event, known))
  end
  local payload, seen = nil, {}
  for i = 2, #words do
    local name, text, is_json = typed.split(words[i])
    if not name or i > before then fail.usage("expected NAME=VALUE, got %q", words[i]) end
    typed.once(seen, name)
    payload = payload or {}
    typed.put(payload, name, typed.read(name, text, is_json))
  end
  local client = connection.open(options)
  local is_sandbox, origin = connection.is_sandbox(client)
  if not is_sandbox then
    fail.usage("trigger is for a sandbox on this machine, and the connection is to %s", origin)
  end
  local body = { event = event, payload = payload }
  local call = { body = body, dry_run = options["dry-run"] }
  local answer, err = client:request("POST", "/_sandbox/send_event", call)
  if call.dry_run then return request.print(answer, err) end
  fail.unless(answer, err)
  terminal.note_change()
  if type(answer) == "table" and (options.json or options.jsonl) then return output.value(options, answer) end
  terminal.say("%s was sent", event)
end

return trigger
