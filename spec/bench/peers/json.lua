-- Prints how many MB of JSON a second this Lua decodes and encodes: ironclad.json, lua-cjson.
package.path = "./?.lua;" .. package.path
local cjson = require "cjson"
local ironclad = require "ironclad"

local text = require("spec.bench.site").page(0, 100)
local value = assert(ironclad.json.decode(text))
local other = cjson.decode(text)

local function speed(fn, argument)
  local times, best = 40, 0
  for _ = 1, 9 do
    collectgarbage()
    local began = os.clock()
    for _ = 1, times do fn(argument) end
    best = math.max(best, #text * times / (os.clock() - began) / 1e6)
  end
  return best
end

print(speed(ironclad.json.decode, text), speed(cjson.decode, text), speed(ironclad.json.encode, value),
  speed(cjson.encode, other))
