-- Never run: a chunk that uses every part of the language that the module's files use. A Lua that compiles it to the
-- same bytes has the same bytecode (src/lua/chunks.c).
local a, b, c = ..., 1, 2.5
local t = { a, b, c, x = "text", [a] = nil, -7, 1e300, 255, 65536,
  "a longer text that is not kept among the short ones" }
local function f(x, y, ...)
  if x == nil or not y and x ~= "text" then return ... end
  while x < 10 or x >= 3.5 do
    x = x + 1 - y * 2 / 3 % 4 ^ 5
    if x > 100 then break end
  end
  repeat
    local up = x .. y .. a
    t[up], t.x, t[1] = b, #t, -x
  until up == "" or x <= c
  for i = 1, #t, 2 do t[i] = function() return i, f(t[i]) end end
  for key, value in pairs(t) do
    a = key and value or false
    t[key] = select("#", ...) > 0 and { ... } or true
  end
  return t:method(x, "y", 3), f(...)
end
t.f, t.g = f, function(...) return f(1, ...) end
return (f(a, b)), t
