--- Sending an action: by /send/sync, which answers when the action is stored; or by /send when that is not found.
--
-- /send/sync is in no document of Ironclad's; the Clickwrap destination of Segment uses it. Both are sent with
-- server_side: the answer is JSON, not an image. Both are ONCE in the catalog: the module never sends either again by
-- itself.

local send = {}

--- Sends an action.
-- @param body from action.body
-- @param options those of the request; the deadline is that of both
-- @return the answer, err, response
function send.recorded(cw, label, body, options)
  local value, err, response = cw:call("send-sync", { body = body }, options)
  if err and err.status == 404 then
    local taken = response and response.seconds or 0
    if options.deadline then options.deadline = math.max(0.001, options.deadline - taken) end
    value, err, response = cw:call("send-contracts-signedaccepted-by-signer", { body = body }, options)
  end
  if err then err.operation = label end
  return value, err, response
end

return send
