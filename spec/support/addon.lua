-- Checks the settings for the Lua language server in a folder: config.json, which makes the folder an addon, or
-- .luarc.json. The file must be JSON, and the files that it names must exist.
--   lua spec/support/addon.lua FOLDER FILE   ends with an error when something is wrong
-- dofile returns the function: its result is true, or nil and what is wrong.
local ironclad = require "ironclad"

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then file:close() end
  return text
end

-- The types that a folder must have: the files that library/ consists of, or nil and the one that is missing.
local function missing_types(folder)
  for _, name in ipairs { "ironclad.lua", "ironclad/sandbox.lua" } do
    local text = read(folder .. "/" .. name)
    if not (text and text:find("^%-%-%-@meta")) then return ("%s/%s has no types"):format(folder, name) end
  end
end

local function check(folder, name)
  local path = folder .. "/" .. name
  local text = read(path)
  if not text then return nil, path .. " is missing" end
  local settings, err = ironclad.json.decode(text)
  if err or type(settings) ~= "table" then return nil, ("%s is not a JSON object: %s"):format(path, tostring(err)) end
  -- An addon's types are in library/ beside its config.json; .luarc.json names the folder.
  local places = settings["workspace.library"] or { "library" }
  for _, place in ipairs(places) do
    local wrong = missing_types(folder .. "/" .. place)
    if wrong then return nil, wrong end
  end
  if name == "config.json" then
    local found = false
    for _, word in ipairs(settings.words or {}) do
      found = found or ('local ironclad = require "ironclad"'):find(word) ~= nil
    end
    if not found then return nil, path .. ": no word recognises a script that uses the module" end
    if type(settings.name) ~= "string" or type(settings.settings) ~= "table" then
      return nil, path .. ": name or settings is missing"
    end
  end
  return true
end

if arg and arg[0] and arg[0]:find "addon%.lua$" then assert(check(arg[1], arg[2])) end
return check
