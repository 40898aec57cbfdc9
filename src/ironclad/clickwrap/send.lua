--- Sending an action: by /send/sync, which answers when the action is stored; or by /send when that is not found.
--
-- /send/sync is in no document of Ironclad's; the Clickwrap destination of Segment uses it. Both are sent with
-- server_side: the answer is JSON, not an image. Both are ONCE in the catalog: the module never sends either again by
-- itself.

local send = {}

--- Sends an action.
-- @param body from action.body
-- @param requests from action.requests
-- @return the answer, err, response
function send.recorded(cw, label, body, requests)
  local value, err, response = cw:call("send-sync", { body = body }, requests())
  if err and err.status == 404 then
    value, err, response = cw:call("send-contracts-signedaccepted-by-signer", { body = body }, requests())
  end
  if err then err.operation = label end
  return value, err, response
end

return send
