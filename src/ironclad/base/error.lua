--- Errors: what the world did, as a table. Fields: kind, message, operation, outcome ("not_done" or "unknown": it may
-- have happened, look before repeating), retryable, attempts, and where known status, code, param, request_id,
-- retry_after (seconds). They print and concatenate as text.

local Error = { __name = "ironclad.error" }
Error.__index = Error

--- Makes an error of a plain table of its fields.
function Error.new(fields)
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

--- Any error as a text, whatever its own __tostring does.
function Error.text_of(problem)
  local fine, text = pcall(tostring, problem)
  return fine and type(text) == "string" and text or "an error that cannot be printed"
end

return Error
