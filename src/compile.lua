-- Run by make with the Lua that the rock is built for: compiles the module's Lua files, and prints them as the C source
-- of the table in src/lua/chunks.h. A start then does not compile them.
--
-- lua5.4 src/compile.lua _VERSION ironclad/client.lua …
local wanted = table.remove(arg, 1)

assert(_VERSION == wanted, "another Lua")

local function bytes(text)
  local numbers = {}
  for i = 1, #text do numbers[i] = text:byte(i) end
  return table.concat(numbers, ",")
end

-- The array `name` with a file's bytecode. The chunk keeps its line numbers.
local function print_array(name, source, chunk_name)
  local chunk = string.dump(assert((loadstring or load)(source, chunk_name))) -- luacheck: ignore
  print(("static const unsigned char %s[] = {%s};"):format(name, bytes(chunk)))
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

print '#include "lua/chunks.h"'
local rows = {}
for i, path in ipairs(arg) do
  local module = path:gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
  local array = "chunk_" .. i
  print_array(array, read("src/" .. path), "@" .. path)
  rows[i] = ('{"%s", %s, sizeof %s},'):format(module, array, array)
end
print_array("probe", read "src/probe.lua", "=probe")
print(("static const char probe_source[] = {%s, 0};"):format(bytes(read "src/probe.lua")))
print(("const ic_chunk ic_chunks[] = {%s{0}};"):format(table.concat(rows)))
print 'const ic_chunk ic_chunks_probe[] = {{"probe", probe, sizeof probe}};'
print 'const char *const ic_chunks_probe_source = probe_source;'
