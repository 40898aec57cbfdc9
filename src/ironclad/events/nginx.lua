--- A receiver in nginx: content_by_lua_block { receiver:nginx() }. Bodies of more than client_max_body_size (nginx's
-- default: 1 MiB) are refused by nginx itself.

-- luacheck: globals ngx

local nginx = {}

local MOST = 1024 * 1024 -- bytes of a body
local LOOK = 1 -- seconds between two checks of the inbox, which another worker may have filled
local EVENTS = 100 -- that a timer handles before another one continues, so that nginx can free its memory
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

-- A consumer: a timer that handles what is due in the inbox, one event after the other. In each worker there are no
-- more than the receiver's `consumers` at a time. receiver.slots says since when each works.
local function consume(premature, receiver)
  local now, slots, free = ngx.now(), receiver.slots, nil
  for i = 1, receiver.consumers do
    if not free and (not slots[i] or now >= slots[i] + STUCK) then free = i end
  end
  if premature or not free then return end
  slots[free] = now
  local fine, count, soon = pcall(receiver.work, receiver, { limit = EVENTS, consumers = 1 })
  slots[free] = nil
  if not fine then return ngx.log(ngx.ERR, "ironclad: the inbox: ", count) end
  -- One timer is enough for the next event that is due.
  if soon and soon < LOOK and not receiver.awaits then
    receiver.awaits = ngx.timer.at(math.max(0.01, soon), receiver.look)
  end
end

--- Arranges that the inbox of a receiver is worked on, in timers of this worker. nginx drops a timer when too many are
-- running (lua_max_running_timers) or pending. Of one that repeats, it drops only one run.
function nginx.work_in_background(receiver)
  receiver.slots = {}
  function receiver.look()
    receiver.awaits = false
    for _ = 1, receiver.consumers do ngx.timer.at(0, consume, receiver) end
  end
  ngx.timer.at(0, receiver.look)
  local started, problem = ngx.timer.every(LOOK, receiver.look)
  if not started then ngx.log(ngx.ERR, "ironclad: the inbox cannot be worked on: ", problem) end
  -- An event that has just arrived is handled at once, unless all consumers are busy.
  function receiver.on_kept() ngx.timer.at(0, consume, receiver) end
end

return nginx
