-- HTTP/2 frames as bytes, for servers that send wrong ones (RFC 9113; header fields: RFC 7541).
local faulty_proxy = require "spec_faulty_proxy"
local scene = require "spec.support.scene"

local frames = {
  NO_ERROR = 0, PROTOCOL_ERROR = 1, INTERNAL_ERROR = 2, REFUSED_STREAM = 7, CANCEL = 8, ENHANCE_YOUR_CALM = 11,
}

local DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7

local function bytes_of(number, count)
  local bytes = {}
  for i = count, 1, -1 do
    bytes[i] = string.char(number % 256)
    number = math.floor(number / 256)
  end
  return table.concat(bytes)
end

local function frame(kind, flags, stream, payload)
  return bytes_of(#payload, 3) .. string.char(kind, flags) .. bytes_of(stream, 4) .. payload
end

-- What a server sends first: its settings, and the acknowledgement of the client's.
frames.settings = frame(SETTINGS, 0, 0, "") .. frame(SETTINGS, 1, 0, "")

-- `fields` is a list of {name, value}, with ":status" among them; `last`: nothing follows in this stream.
function frames.headers(stream, fields, last)
  local block = {}
  for _, field in ipairs(fields) do -- literal fields without indexing, with new names (RFC 7541, 6.2.2)
    block[#block + 1] = "\0" .. string.char(#field[1]) .. field[1] .. string.char(#field[2]) .. field[2]
  end
  return frame(HEADERS, last and 5 or 4, stream, table.concat(block))
end

function frames.data(stream, bytes, last) return frame(DATA, last and 1 or 0, stream, bytes) end
function frames.reset(stream, code) return frame(RST_STREAM, 0, stream, bytes_of(code, 4)) end
-- Streams after `last_stream` have not been processed.
function frames.goaway(last_stream, code) return frame(GOAWAY, 0, 0, bytes_of(last_stream, 4) .. bytes_of(code, 4)) end

-- Starts a server that sends, on each connection, `answers(stream)` for each request, and a proxy with TLS before it
-- -> the server, the proxy. Both end with their test: the server by scene.stop, the proxy by its `stop`.
function frames.serve(files, answers)
  local script = { { "frames" }, { "send", frames.settings .. answers(1) } }
  for stream = 3, 9, 2 do
    script[#script + 1] = { "frames" }
    script[#script + 1] = { "send", answers(stream) }
  end
  script[#script + 1] = { "hang" }
  local server = scene.serve { connections = { script } }
  return server, faulty_proxy.start { port = server:port(), cert = files.cert, key = files.key, alpn = "h2" }
end

return frames
