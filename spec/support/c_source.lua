--- Reads C sources, for the lints of functions and of layers. It relies on clang-format: a function starts in the first
-- column and ends with a "}" there.

local c_source = {}

-- The file's text with comments, strings, characters and preprocessor lines blanked; lines keep their numbers.
function c_source.code_of(path)
  local file = assert(io.open(path))
  local text = "\n" .. file:read "a"
  file:close()
  local function blank(part) return (part:gsub("[^\n]", " ")) end
  local out, at = {}, 1
  while true do
    local from = text:find("[/\"'#]", at)
    if not from then break end
    local char, to = text:sub(from, from), nil
    if char == "/" then
      if text:sub(from, from + 1) == "/*" then
        to = select(2, text:find("*/", from + 2, true))
      elseif text:sub(from, from + 1) == "//" then
        to = text:find("\n", from, true) - 1
      end
    elseif char == "#" then
      if text:sub(at, from - 1):match "\n[ \t]*$" then
        to = from
        repeat to = text:find("\n", to + 1, true) until text:sub(to - 1, to - 1) ~= "\\"
        to = to - 1
      end
    else
      to = from + 1
      while text:sub(to, to) ~= char do to = to + (text:sub(to, to) == "\\" and 2 or 1) end
    end
    out[#out + 1] = text:sub(at, from - 1)
    out[#out + 1] = to and blank(text:sub(from, to)) or char
    at = (to or from) + 1
  end
  return table.concat(out):sub(2) .. text:sub(at)
end

-- The functions that a file defines or declares, in its order: name, line, private, body (nil: a declaration).
function c_source.functions_of(path)
  local functions, head, body, first, number = {}, nil, nil, nil, 0
  for line in c_source.code_of(path):gmatch "([^\n]*)\n" do
    number = number + 1
    if body then
      if line:match "^}" then body = nil else body[#body + 1] = line end
    elseif head or line:match "^[%a_]" then
      first = head and first or number
      head = head and head .. " " .. line or line
      if head:match "[{;]" then
        local start = head:match "^[^{;=]*":gsub("__attribute__%s*%b()", "")
        local name = start:match "([%w_]+)%("
        body = head:match "{" and not head:match "}" and {} or nil
        if name then
          functions[#functions + 1] =
            { name = name, line = first, private = start:match "%f[%w]static%f[%W]" ~= nil, body = body }
        end
        head = nil
      end
    end
  end
  return functions
end

return c_source
