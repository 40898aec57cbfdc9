--- Clickwrap's answers, in one shape. Some come as {data = {…}}, others without it, and its documents disagree on
-- which. So `data` is removed where it is the only field, and once: evidence and exports have a field `data`
-- of their own. Lists keep it. A failure may come with status 200, as {error = text}.

local core = require "ironclad.core"
local Error = require "ironclad.base.error"

local answers = {}

local array = getmetatable(core.array {})

local function only_field(value, name)
  return rawget(value, name) ~= nil and next(value, next(value)) == nil
end

-- The links of an export may come beside `error`, by Clickwrap's document: then they are not all.
local LINKS = "get_extract-evidence-id-urls"

local function is_failure(entry, value)
  if entry.answer ~= "json" or rawget(value, "error") == nil or value.error == core.null then return false end
  return only_field(value, "error") or (entry.id == LINKS and type(value.error) == "string" and value.error ~= "")
end

--- The answer of an operation as scripts get it.
-- @return the answer; nil and an error when it is one
function answers.unwrapped(label, entry, value)
  if type(value) ~= "table" then return value end
  local content = entry.content
  if content and content.items and content.field then
    -- The document of upsert-a-signer shows both forms.
    return getmetatable(value) == array and { [content.field] = value } or value
  end
  if is_failure(entry, value) then
    local said = type(value.error) == "table" and value.error.message or value.error
    return nil, Error.new { kind = "invalid_state", message = ("Clickwrap answered with an error: %s"):format(
      (tostring(said):gsub("%c", " "))), operation = label, outcome = entry.reads and "not_done" or "unknown",
      retryable = false, attempts = 1, status = 200 }
  end
  if only_field(value, "data") and type(value.data) == "table" then return value.data end
  return value
end

return answers
