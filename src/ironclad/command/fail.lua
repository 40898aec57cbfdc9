--- How a subcommand ends early: by raising one of these tables. ironclad.command.main prints the message and exits with
-- the status.

local Error = require "ironclad.base.error"

local fail = {}

-- Exit statuses: done; failed; wrong use, or cancelled; needs a login.
fail.DONE, fail.FAILED, fail.USAGE, fail.LOGIN = 0, 1, 2, 4

local Failure = { __name = "ironclad.command.failure" }

function Failure:__tostring() return self.message or "" end

local function raise(status, message, ...)
  if select("#", ...) > 0 then message = message:format(...) end
  error(setmetatable({ status = status, message = message }, Failure), 0)
end

--- The command was used wrongly.
function fail.usage(message, ...) raise(fail.USAGE, message, ...) end

--- The end of a message about a wrong word: the word that was probably meant.
-- @param nearest that word; nil: none is near, and the text is empty
function fail.meant(nearest) return nearest and ("; did you mean %s?"):format(nearest) or "" end

--- Something failed that is not the user's mistake.
function fail.failed(message, ...) raise(fail.FAILED, message, ...) end

--- There is no usable login.
function fail.login(message, ...) raise(fail.LOGIN, message, ...) end

--- The reader of the output has closed the pipe: ends without a message.
function fail.closed() raise(fail.DONE) end

--- The person cancelled.
-- @param err the error of the call that was cancelled, or nil
function fail.cancelled(err) error(setmetatable({ status = fail.USAGE, err = err, cancelled = true }, Failure), 0) end

-- Whether the tokens are not available. An error of kind `store` may also be about the state of changes.
local function needs_login(err)
  return err.kind == "auth" or (err.kind == "store" and not tostring(err.operation):find ":changes$")
end

--- Raises an error of the library. A value is passed through: fail.unless(client.workflows:get(id)).
function fail.unless(value, err)
  if err == nil then return value end
  if getmetatable(err) ~= Error then raise(fail.FAILED, "%s", tostring(err)) end
  if err.kind == "cancelled" then fail.cancelled(err) end
  local status = needs_login(err) and fail.LOGIN or fail.FAILED
  error(setmetatable({ status = status, message = tostring(err), err = err }, Failure), 0)
end

--- Whether an error value is one of these.
function fail.is(value) return getmetatable(value) == Failure end

return fail
