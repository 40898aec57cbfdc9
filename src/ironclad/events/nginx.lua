--- A receiver in nginx: content_by_lua_block { receiver:nginx() }. Bodies of more than client_max_body_size (nginx's
-- default: 1 MiB) are refused by nginx itself.

-- luacheck: globals ngx

local nginx = {}

local MOST = 1024 * 1024 -- bytes of a body
local LOOK = 1 -- seconds between two checks of the inbox, which another worker may have filled

-- The body of the request; nil and the status of the answer.
local function read_body()
  local length = tonumber(ngx.var.http_content_length)
  if length and length > MOST then return nil, 413 end
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if body then return body end
  -- nginx has put a body that is larger than client_body_buffer_size into a file.
  local path = ngx.req.get_body_file()
  local file = path and io.open(path, "rb")
  if not file then return path and nil or "", path and 503 end
  body = file:read(MOST + 1) or ""
  file:close()
  return body
end

local function ignore() end

--- Takes the request that nginx is serving, and answers it.
function nginx.serve(receiver)
  -- With lua_check_client_abort on, a client that goes away would end the handler in the middle.
  ngx.on_abort(ignore)
  local body, status = read_body()
  local text = ""
  if body then
    status, text = receiver:handle(ngx.req.get_headers(0), body,
      { method = ngx.req.get_method(), query = ngx.var.args })
  end
  ngx.status = status
  ngx.header.content_type = "text/plain"
  ngx.print(text)
end

-- Handles what is due in the inbox, and sleeps until more is due. One such timer runs in each worker.
local function work(premature, receiver)
  if premature then return end
  local fine, count, soon = pcall(receiver.work, receiver, { limit = 100 * receiver.consumers })
  if not fine then ngx.log(ngx.ERR, "ironclad: the inbox: ", count) end
  local pause = fine and math.max(0.01, math.min(soon or LOOK, LOOK)) or LOOK
  receiver.waking = ngx.timer.at(pause, work, receiver)
end

--- Arranges that the inbox of a receiver is worked on, in timers of this worker.
function nginx.work_in_background(receiver)
  local started, problem = ngx.timer.at(0, work, receiver)
  if not started then ngx.log(ngx.ERR, "ironclad: the inbox cannot be worked on: ", problem) end
  -- An event that has just arrived is handled at once.
  function receiver.on_kept() ngx.timer.at(0, function() receiver:work { limit = 1 } end) end
end

return nginx
