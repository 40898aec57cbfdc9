-- The works of the benchmark with lua-curl and lua-cjson, as one would write them: get|pages URL CA COUNT VERSION.
local cjson = require "cjson"
local curl = require "curl"

local work, url, ca_file, count, version = arg[1], arg[2], arg[3], tonumber(arg[4]), arg[5]

local chunks = {}
local easy = curl.easy_init()
easy:setopt(curl.OPT_CAINFO, ca_file)
if version ~= "2" then easy:setopt(curl.OPT_HTTP_VERSION, 2) end -- CURL_HTTP_VERSION_1_1; libcurl's default is 2
easy:setopt(curl.OPT_HTTPHEADER, { "Authorization: Bearer a-token-as-long-as-those-of-the-service-0123",
  "Accept: application/json", "Expect:" })
easy:setopt(curl.OPT_WRITEFUNCTION, function(text)
  chunks[#chunks + 1] = text
  return #text
end)

local function get(path)
  chunks = {}
  easy:setopt(curl.OPT_URL, url .. path)
  assert(easy:perform())
  return cjson.decode(table.concat(chunks))
end

if work == "pages" then
  local records = 0
  for page = 0, count - 1 do
    for _, record in ipairs(get("/public/api/v1/records?page=" .. page .. "&pageSize=100").list) do
      if record.properties.counterpartyName.value then records = records + 1 end
    end
  end
  assert(records == count * 100)
else
  for _ = 1, count do assert(get("/public/api/v1/workflows/w1").id == "w1") end
end
