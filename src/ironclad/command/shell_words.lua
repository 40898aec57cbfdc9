--- Splits a text into words as a shell does (POSIX, 2.2 Quoting): at blanks, except in single or double quotes and
-- after a backslash. Nothing is expanded.

local ESCAPED_IN_QUOTES = '["\\$`]'

-- The text in double quotes that begins at `first`, and where it continues; nil without a closing quote.
local function double_quoted(text, first)
  local parts, i = {}, first
  while i <= #text do
    local char = text:sub(i, i)
    if char == '"' then return table.concat(parts), i + 1 end
    if char == "\\" and text:find("^" .. ESCAPED_IN_QUOTES, i + 1) then
      i = i + 1
      char = text:sub(i, i)
    end
    parts[#parts + 1] = char
    i = i + 1
  end
end

-- The next piece of a word at `i`, and where the text continues; nil and what is missing.
local function piece(text, i)
  local char = text:sub(i, i)
  if char == "'" then
    local close = text:find("'", i + 1, true)
    if not close then return nil, "the closing ' is missing" end
    return text:sub(i + 1, close - 1), close + 1
  elseif char == '"' then
    local inner, after = double_quoted(text, i + 1)
    if not inner then return nil, 'the closing " is missing' end
    return inner, after
  elseif char == "\\" then
    if i == #text then return nil, "nothing follows the last backslash" end
    return text:sub(i + 1, i + 1), i + 2
  end
  local plain = text:match("^[^%s'\"\\]+", i)
  return plain, i + #plain
end

--- The words of a text; nil and what is wrong with it.
return function(text)
  local words, i = {}, text:find "%S"
  while i do
    local word = ""
    while i <= #text and not text:find("^%s", i) do
      local part, after = piece(text, i)
      if not part then return nil, after end
      word, i = word .. part, after
    end
    words[#words + 1] = word
    i = text:find("%S", i)
  end
  return words
end
