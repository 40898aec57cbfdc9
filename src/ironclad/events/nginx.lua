--- A receiver in nginx: content_by_lua_block { receiver:nginx() }. Bodies of more than client_max_body_size (nginx's
-- default: 1 MiB) are refused by nginx itself.

-- luacheck: globals ngx

local nginx = {}

local MOST = 1024 * 1024 -- bytes of a body
local LOOK = 1 -- seconds between two checks of the inbox, which another worker may have filled
local STUCK = 3600 -- seconds; work that has not ended by then was ended by nginx in the middle

-- The body of the request; nil and the status of the answer.
local function read_body()
  local length = tonumber(ngx.var.http_content_length)
  if length and length > MOST then return nil, 413 end
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if body then return body end
  -- nginx has put a body that is larger than client_body_buffer_size into a file.
  local path = ngx.req.get_body_file()
  if not path then return "" end
  local file = io.open(path, "rb")
  if not file then return nil, 503 end
  local problem
  body, problem = file:read(MOST + 1)
  file:close()
  if problem then return nil, 503 end
  return body or ""
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

-- Handles what is due in the inbox. In each worker only one timer does so at a time.
local function work(premature, receiver)
  local now = ngx.now()
  if premature or (receiver.working_since and now < receiver.working_since + STUCK) then return end
  receiver.working_since = now
  local fine, count, soon = pcall(receiver.work, receiver, { limit = 100 * receiver.consumers })
  receiver.working_since = nil
  if not fine then return ngx.log(ngx.ERR, "ironclad: the inbox: ", count) end
  if soon and soon < LOOK then ngx.timer.at(math.max(0.01, soon), work, receiver) end
end

--- Arranges that the inbox of a receiver is worked on, in timers of this worker. nginx drops a timer when too many are
-- running (lua_max_running_timers) or pending. Of one that repeats, it drops only one run.
function nginx.work_in_background(receiver)
  ngx.timer.at(0, work, receiver)
  local started, problem = ngx.timer.every(LOOK, work, receiver)
  if not started then ngx.log(ngx.ERR, "ironclad: the inbox cannot be worked on: ", problem) end
  -- An event that has just arrived is handled at once.
  function receiver.on_kept() ngx.timer.at(0, function() receiver:work { limit = 1 } end) end
end

return nginx
