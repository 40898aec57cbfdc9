--- The option `to = "folder/"`: a download gets the name that the server gives it, made safe, in a folder that exists.
--
-- The engine writes the file under a temporary name in the folder. When it is complete it gets its name. A file that is
-- there already is not replaced: the name then gets a number, as in "nda (2).pdf".

local core = require "ironclad.core"
local Error = require "ironclad.base.error"
local percent = require "ironclad.base.percent"

local folder = {}

local LONGEST = 200 -- bytes of a name; file systems take 255, and "(2)" may follow
local LONGEST_EXTENSION = 20 -- bytes, with the dot; a longer one is cut like the rest of the name

-- The value of a parameter of a Content-Disposition; nil without one.
-- @param name a pattern, in lower case
local function parameter(value, name)
  name = "[;%s]" .. name:gsub("%l", function(letter) return ("[%s%s]"):format(letter, letter:upper()) end) .. "%s*=%s*"
  local _, at = value:find(name)
  while at do
    local _, quotes = value:sub(1, at):gsub('"', "")
    if quotes % 2 == 0 then -- it is not in the quotes of another parameter
      return value:match('^"([^"]*)"', at + 1) or value:match("^[^;%s\"]+", at + 1)
    end
    _, at = value:find(name, at + 1)
  end
end

-- The name in a Content-Disposition (RFC 6266): filename* in UTF-8, otherwise filename.
local function disposition_name(value)
  value = ";" .. value:gsub("\\(.)", function(escaped) return escaped == '"' and "_" or escaped end)
  local extended = parameter(value, "filename%*")
  extended = extended and extended:match "^[uU][tT][fF]%-8'[^']*'(.+)"
  return extended and percent.decode(extended) or parameter(value, "filename")
end

-- What may not be in a name: what some system forbids, and characters that a terminal obeys or that turn the text
-- around (C1 controls, and U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069).
local function harmless(name)
  return (name:gsub("[%z\1-\31\127<>:\"|?*]", "_"):gsub("\194[\128-\159]", "_")
    :gsub("\226\128[\142\143\168-\174]", "_"):gsub("\226\129[\166-\169]", "_"))
end

--- A name that is safe as the name of a file: without folders, control characters, and a dot or spaces at its ends. Nil
-- when nothing is left.
function folder.safe_name(name)
  name = harmless(name:match "[^\\/]*$"):gsub("^[%s.]+", ""):gsub("[%s.]+$", "")
  if #name > LONGEST then
    local extension = name:match "%.%w+$" or ""
    if #extension > LONGEST_EXTENSION then extension = "" end
    -- The last character may be cut.
    name = name:sub(1, LONGEST - #extension):gsub("[\192-\255][\128-\191]?[\128-\191]?[\128-\191]?$", "")
      :gsub("[%s.]+$", "") .. extension
  end
  return name ~= "" and name or nil
end

-- Gives a file a name that nothing in the folder has.
-- @return the name; nil and why
local function rename_to_new(path, where, name)
  local wanted, number = name, 1
  local stem, extension = name:match "^(.+)(%.%w+)$"
  while true do
    local done, message = core.disk.rename_to_new(path, where .. wanted)
    if done then return wanted end
    if done == nil then return nil, message end
    number = number + 1
    wanted = ("%s (%d)%s"):format(stem or name, number, extension or "")
  end
end

--- Where a download into a folder goes first.
-- @param to the folder; ends with "/"
-- @param path the path parameters of the operation, or nil. The last one (the document's key, the attachment's) is the
--   name of a file that the server gives none: Ironclad's answer to download_document has no name
-- @return { folder =, temporary = a path in it, fallback = a name }
function folder.place(to, path)
  local where = core.disk.absolute(to, true) or to
  return { folder = to, where = where, temporary = ("%s.ironclad-%s.part"):format(where, core.random_hex(8)),
    fallback = type(path) == "table" and path[#path] or "download" }
end

--- Gives a downloaded file its name.
-- @param place what folder.place returned
-- @return the path; nil and an error
function folder.finish(place, response)
  local headers = response and response.headers or {}
  local given = headers["content-disposition"]
  if type(given) == "table" then given = given[1] end
  local name = given and disposition_name(given)
  local safe = name and folder.safe_name(name) or folder.safe_name(place.fallback) or "download"
  local chosen, message = rename_to_new(place.temporary, place.where, safe)
  if chosen then return place.folder .. chosen end
  os.remove(place.temporary)
  return nil, Error.new { kind = "io", message = message, outcome = "not_done", retryable = false, attempts = 1 }
end

--- Gives a file in a folder another name, made safe. A file that has it already is not replaced.
-- @return the path; the old one when it cannot be renamed
function folder.rename(path, where, name)
  local safe = folder.safe_name(name)
  if not safe or path == where .. safe then return path end
  local chosen = rename_to_new(path, where, safe)
  return chosen and where .. chosen or path
end

return folder
