-- HTTP/1.1 requests exactly as a spec writes them, and the answers exactly as they came: nothing is checked or added.
local plain_socket = require "plain_socket"

local http = {}

local function unchunked(bytes)
  local pieces, at = {}, 1
  while true do
    local digits, first = bytes:match("^(%x+)[^\r\n]*\r\n()", at)
    local size = digits and tonumber(digits, 16)
    if not size or size == 0 then return table.concat(pieces) end
    pieces[#pieces + 1] = bytes:sub(first, first + size - 1)
    at = first + size + 2
  end
end

-- An answer's bytes -> { status =, headers = {[name in lower case] = value}, body =, bytes = (all) }; nil when they are
-- not an HTTP answer.
function http.parse(bytes)
  local status, at = bytes:match "^HTTP/1%.1 (%d%d%d)[^\r\n]*\r\n()"
  if not status then return nil end
  if status == "100" then return http.parse(bytes:match "\r\n\r\n(.*)$") end
  local head, body = bytes:match("^(.-\r\n)\r\n(.*)$", at)
  if not head then
    head, body = "", bytes:match("^\r\n(.*)$", at)
  end
  local headers = {}
  for name, value in head:gmatch "([^:\r\n]+):%s*([^\r\n]*)" do headers[name:lower()] = value end
  if headers["transfer-encoding"] == "chunked" then body = unchunked(body) end
  return { status = tonumber(status), headers = headers, body = body or "", bytes = bytes }
end

-- The bytes of a request. `headers` is a list of whole lines; Host, Connection and Content-Length are added.
function http.request(method, target, headers, body)
  local lines = { ("%s %s HTTP/1.1"):format(method, target), "Host: localhost", "Connection: close" }
  for _, header in ipairs(headers or {}) do lines[#lines + 1] = header end
  if body or method ~= "GET" then lines[#lines + 1] = "Content-Length: " .. #(body or "") end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")
end

-- Sends bytes on a new connection -> the answer; nil and a message.
function http.send(port, bytes)
  local socket, why = plain_socket.connect(port)
  if not socket then return nil, why end
  socket:send(bytes) -- an answer may come before all is sent
  local answer, _, fault = socket:receive()
  socket:close()
  local parsed = http.parse(answer)
  if not parsed then return nil, fault or "no answer of HTTP: " .. answer end
  return parsed
end

local function escaped(text)
  return (text:gsub("[^%w%-._~]", function(char) return ("%%%02X"):format(char:byte()) end))
end
http.escaped = escaped

-- A table as a query, names in order: "?a=1&b=2"; "" for none.
function http.query(parameters)
  local pairs_of = {}
  for name, value in pairs(parameters or {}) do
    pairs_of[#pairs_of + 1] = escaped(name) .. "=" .. escaped(tostring(value))
  end
  table.sort(pairs_of)
  return #pairs_of > 0 and "?" .. table.concat(pairs_of, "&") or ""
end

-- A list of { name =, data =, filename = (or nil), content_type = (or nil) } as a multipart body -> body, header line.
function http.multipart(parts)
  local boundary, pieces = "----spec-boundary-7d1e", {}
  for _, part in ipairs(parts) do
    pieces[#pieces + 1] = ('--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n%s\r\n%s\r\n'):format(boundary,
      part.name, part.filename and ('; filename="%s"'):format(part.filename) or "",
      part.content_type and ("Content-Type: %s\r\n"):format(part.content_type) or "", part.data)
  end
  pieces[#pieces + 1] = ("--%s--\r\n"):format(boundary)
  return table.concat(pieces), "Content-Type: multipart/form-data; boundary=" .. boundary
end

return http
