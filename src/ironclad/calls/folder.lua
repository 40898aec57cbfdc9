--- The option `to = "folder/"`: a download gets the name that the server gives it, made safe, in a folder that exists.
--
-- The engine writes the file under a temporary name in the folder. When it is complete it gets its name. A file that is
-- there already is not replaced: the name then gets a number, as in "nda (2).pdf".

local core = require "ironclad.core"
local Error = require "ironclad.base.error"

local folder = {}

local LONGEST = 200 -- bytes of a name; file systems take 255, and "(2)" may follow

local function decoded(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- The name in a Content-Disposition (RFC 6266): filename* in UTF-8, otherwise filename.
local function disposition_name(value)
  local extended = value:match "[fF][iI][lL][eE][nN][aA][mM][eE]%*%s*=%s*[uU][tT][fF]%-8'[^']*'([^;%s]+)"
  if extended then return decoded(extended) end
  local quoted = value:match '[fF][iI][lL][eE][nN][aA][mM][eE]%s*=%s*"(.-[^\\])"'
  if quoted then return (quoted:gsub("\\(.)", "%1")) end
  return value:match "[fF][iI][lL][eE][nN][aA][mM][eE]%s*=%s*([^;%s\"]+)"
end

--- A name that is safe as the name of a file: without folders, control characters, and a dot or spaces at its ends. Nil
-- when nothing is left.
function folder.safe_name(name)
  name = name:match "[^\\/]*$"
  name = name:gsub("[%z\1-\31\127<>:\"|?*]", "_"):gsub("^[%s.]+", ""):gsub("[%s.]+$", "")
  if #name > LONGEST then
    local extension = name:match "%.%w+$" or ""
    name = name:sub(1, LONGEST - #extension):gsub("[\192-\255][\128-\191]*$", "") .. extension
  end
  return name ~= "" and name or nil
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

-- The path of a new file of that name in the folder.
local function free_path(where, name)
  local path, number = where .. name, 1
  local stem, extension = name:match "^(.+)(%.%w+)$"
  while exists(path) do
    number = number + 1
    path = ("%s%s (%d)%s"):format(where, stem or name, number, extension or "")
  end
  return path
end

--- Where a download into a folder goes first.
-- @param to the folder; ends with "/"
-- @param path the path parameters of the operation, or nil. The last one (the document's key, the attachment's) is the
--   name of a file that the server gives none: Ironclad's answer to download_document has no name
-- @return { folder =, temporary = a path in it, fallback = a name }
function folder.place(to, path)
  return { folder = to, temporary = ("%s.ironclad-%s.part"):format(to, core.random_hex(8)),
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
  local path = free_path(place.folder, safe)
  local done, message = os.rename(place.temporary, path)
  if done then return path end
  os.remove(place.temporary)
  return nil, Error.new { kind = "io", message = message, outcome = "not_done", retryable = false, attempts = 1 }
end

--- Gives a file in a folder another name, made safe. A file that has it already is not replaced.
-- @return the path; the old one when it cannot be renamed
function folder.rename(path, where, name)
  local safe = folder.safe_name(name)
  if not safe or path == where .. safe then return path end
  local wanted = free_path(where, safe)
  return os.rename(path, wanted) and wanted or path
end

return folder
