--- Text on a terminal: its width, and the removal of everything that a terminal would execute.

local lazy = require "ironclad.base.lazy"
local core = require "ironclad.core"

local screen = {}

local REPLACEMENT = "\239\191\189" -- U+FFFD

local widths -- loaded for the first text that is not ASCII

-- The columns of a code point.
local function columns_of(code)
  if code < 0x0300 then return 1 end
  widths = widths or lazy.load "ironclad.base.widths"
  local low, high = 1, #widths
  while low <= high do
    local middle = math.floor((low + high) / 2)
    local range = widths[middle]
    if code < range[1] then
      high = middle - 1
    elseif code > range[2] then
      low = middle + 1
    else
      return range[3]
    end
  end
  return 1
end

-- The code point of a character in UTF-8.
local function code_of(character)
  local first = character:byte()
  if first < 0x80 then return first end
  local code = first % (first >= 0xF0 and 8 or first >= 0xE0 and 16 or 32)
  for i = 2, #character do code = code * 64 + character:byte(i) % 64 end
  return code
end

local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"

-- Whether bytes are one character in UTF-8: the right number of bytes, in the shortest form, and not a surrogate.
local function is_character(bytes)
  local first, size = bytes:byte(), #bytes
  if first < 0x80 then return size == 1 end
  if first < 0xE0 then return size == 2 end
  local second = bytes:byte(2) or 0
  if first < 0xF0 then
    return size == 3 and not (first == 0xE0 and second < 0xA0) and not (first == 0xED and second > 0x9F)
  end
  return size == 4 and not (first == 0xF0 and second < 0x90) and not (first == 0xF4 and second > 0x8F)
end

-- Characters that change the direction of the text around them, and could make a line read differently.
local function turns(code) return (code >= 0x202A and code <= 0x202E) or (code >= 0x2066 and code <= 0x2069) end

local function harmless(bytes)
  if not is_character(bytes) then return REPLACEMENT end
  local code = code_of(bytes)
  if code == 0x2028 or code == 0x2029 then return " " end -- separators of lines and of paragraphs
  return (code >= 0x80 and code < 0xA0 or turns(code)) and REPLACEMENT or bytes
end

-- A control character as U+2400 and so on, the picture of it, which is one column wide.
local function picture(control)
  local byte = control:byte()
  return "\226\144" .. string.char(byte == 127 and 0xA1 or 0x80 + byte)
end

--- A text without control characters, bytes that are not UTF-8, and marks of direction, so that a terminal only shows
-- it. Each is replaced by a character that is visible. Line ends and tabs become spaces.
-- @param lines whether line ends and tabs are kept
function screen.clean(text, lines)
  if not text:find "[%c\128-\255]" then return text end
  if lines then
    text = text:gsub("\r\n", "\n"):gsub("[%z\1-\8\11-\31\127]", picture)
  else
    text = text:gsub("%s*[\r\n]+%s*", " "):gsub("\t", " "):gsub("[%z\1-\31\127]", picture)
  end
  if not text:find "[\128-\255]" then return text end
  -- First bytes that begin no character, then characters and incomplete ones, then continuation bytes without a
  -- character.
  text = text:gsub("[\192\193\245-\255][\128-\191]*", REPLACEMENT):gsub("[\194-\244][\128-\191]*", harmless)
  text = text:gsub("^[\128-\191]+", function(stray) return REPLACEMENT:rep(#stray) end)
  return (text:gsub("([%z\1-\127])([\128-\191]+)", function(before, stray)
    return before .. REPLACEMENT:rep(#stray)
  end))
end

--- How many columns a clean text takes.
function screen.width(text)
  if not text:find "[\128-\255]" then return #text end
  local width = 0
  for character in text:gmatch(CHARACTER) do width = width + columns_of(code_of(character)) end
  return width
end

--- A clean text cut to a number of columns, with "…" at the end when something was cut.
function screen.cut(text, columns)
  if #text <= columns or screen.width(text) <= columns then return text end
  if columns < 1 then return "" end
  local kept, width = {}, 0
  for character in text:gmatch(CHARACTER) do
    width = width + columns_of(code_of(character))
    if width > columns - 1 then break end
    kept[#kept + 1] = character
  end
  return table.concat(kept) .. "…"
end

--- A clean text, with spaces up to a number of columns.
function screen.fill(text, columns)
  local missing = columns - screen.width(text)
  return missing > 0 and text .. (" "):rep(missing) or text
end

--- The width of the terminal at a descriptor: from the terminal, else from COLUMNS, else 80.
function screen.columns(descriptor)
  local columns = core.terminal.columns(descriptor) or tonumber(os.getenv "COLUMNS" or "")
  return columns and columns >= 1 and columns or 80
end

return screen
