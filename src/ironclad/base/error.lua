--- Errors that calls return. Fields:
--
--   kind        what happened, as "not_found" or "timeout"; docs/reference.md lists the kinds
--   message     text for people
--   operation   the operation, as "workflows:get"
--   outcome     "not_done", or "unknown": it may have happened, so look before you repeat it
--   retryable   whether the same call may succeed later
--   attempts    how often it was sent
--   status, code, param, request_id, retry_after (seconds), job: where they are known
--   attempt_id  what the last attempt has sent as X-Request-Id; request_id is Ironclad's own
--
-- Errors print and concatenate as one line of text.

local mistake = require "ironclad.base.mistake"

local Error = { __name = "ironclad.error" }
Error.__index = Error

--- Turns a table of fields into an error. Its message may quote what a server or a script has said.
function Error.new(fields)
  if type(fields.message) == "string" then fields.message = mistake.printable(fields.message) end
  return setmetatable(fields, Error)
end

--- "workflows:get: Ironclad answered 404 NOT_FOUND: … [not_found, request 1a2b]"
function Error:__tostring()
  local about = { self.kind }
  if self.outcome == "unknown" then about[#about + 1] = "outcome unknown: it may have happened" end
  if (self.attempts or 0) > 1 then about[#about + 1] = ("%d attempts"):format(self.attempts) end
  if self.request_id then about[#about + 1] = "request " .. self.request_id end
  return ("%s%s [%s]"):format(self.operation and self.operation .. ": " or "", self.message, table.concat(about, ", "))
end

function Error.__concat(left, right)
  return tostring(left) .. tostring(right)
end

--- The text of any error value. Never raises, even when the value's __tostring does.
function Error.text_of(problem)
  local fine, text = pcall(tostring, problem)
  return fine and type(text) == "string" and text or "an error that cannot be printed"
end

return Error
