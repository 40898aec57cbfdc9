-- W6: how many MB of JSON a second ironclad.json and lua-cjson decode and encode with this Lua: json.lua ROUNDS. In
-- each round each of them does the same work once, one after the other. Prints lua-cjson's median speed, and the median
-- of our speed divided by lua-cjson's in the same round; first for decoding, then for encoding.
package.path = "./?.lua;" .. package.path
local cjson = require "cjson"
local ironclad = require "ironclad"

local ROUNDS, TIMES = tonumber(arg[1]), 80

local text = require("spec.bench.site").page(0, 100)
local value = assert(ironclad.json.decode(text))
local other = cjson.decode(text)

local function speed(fn, argument)
  collectgarbage()
  local began = os.clock()
  for _ = 1, TIMES do fn(argument) end
  return #text * TIMES / (os.clock() - began) / 1e6
end

local function median(numbers)
  table.sort(numbers)
  local middle = (#numbers + 1) / 2
  return (numbers[math.floor(middle)] + numbers[math.ceil(middle)]) / 2
end

local function compare(ours, argument, theirs, their_argument)
  local speeds, ratios = {}, {}
  for round = 1, ROUNDS do
    local mine = speed(ours, argument)
    speeds[round] = speed(theirs, their_argument)
    ratios[round] = mine / speeds[round]
  end
  print(median(speeds), median(ratios))
end

compare(ironclad.json.decode, text, cjson.decode, text)
compare(ironclad.json.encode, value, cjson.encode, other)
