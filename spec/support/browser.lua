-- A real browser without a window: Debian's chromium-headless-shell, over the DevTools protocol on two pipes, where
-- messages end with a zero byte. Pages are used as a person uses them, with the mouse. Scripts of pages are off unless
-- a spec asks for them.
--
--   local browser = browser.start()
--   local page = browser:page { user = "jane", password = "secret" }
--   page:open "http://127.0.0.1:8080/"     -> the status of the answer
--   page:click "button"                     waits for the next page, if the click leads to one
--   page:text(), page:count "iframe", page:attribute("a", "href"), page:checked "input"
--
-- The browser ends with browser:stop() or with this process. A missing browser is an error, not a skipped test:
-- `.ci/deps test` installs it.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

local json = ironclad.json

local Browser, Page = {}, {}
Browser.__index, Page.__index = Browser, Page

local browser = {}

local SECONDS = 600 -- a browser that lives longer is killed

-- The next message, or nil at the end.
local function receive(self)
  local bytes = {}
  while true do
    local byte = self.from:read(1)
    if not byte then return nil end
    if byte == "\0" then return assert(json.decode(table.concat(bytes))) end
    bytes[#bytes + 1] = byte
  end
end

-- Reads messages until `wanted(message)` is true. Events are counted on the way.
local function await(self, wanted)
  while true do
    local message = receive(self)
    if not message then error("the browser has ended:\n" .. peer.read_file(self.folder .. "/log"), 0) end
    local page = self.pages[message.sessionId]
    if page and message.method then page:notice(message) end
    if wanted(message) then return message end
  end
end

-- Sends a command -> its result.
function Browser:command(method, parameters, session)
  self.last = self.last + 1
  local id = self.last
  self.to:write(json.encode { id = id, method = method, params = parameters or {}, sessionId = session }, "\0")
  self.to:flush()
  local answer = await(self, function(message) return message.id == id end)
  if answer.error then error(method .. ": " .. answer.error.message, 0) end
  return answer.result
end

function browser.start()
  local program = peer.shell "command -v chromium-headless-shell || command -v chromium":match "%S+"
  if not program then error("no chromium-headless-shell: install it with `.ci/deps test`", 0) end
  local folder = peer.temporary_folder()
  -- The sandbox of Chromium needs a user who is not root; the pages are the spec's own.
  local guard = assert(io.popen(("unset LD_PRELOAD; cd %s && mkfifo to from && (exec timeout -s KILL %d %s "
    .. "--no-sandbox --disable-gpu --remote-debugging-pipe --user-data-dir=profile --no-first-run "
    .. "--disable-background-networking about:blank 3<to 4>from >log 2>&1) & cat >/dev/null"):format(
    peer.quoted(folder), SECONDS, program), "w"))
  repeat until peer.shell("test -p " .. folder .. "/from && echo yes"):find "yes"
  local self = setmetatable({ folder = folder, guard = guard, last = 0, pages = {},
    to = assert(io.open(folder .. "/to", "wb")), from = assert(io.open(folder .. "/from", "rb")) }, Browser)
  return self
end

function Browser:stop()
  pcall(self.command, self, "Browser.close")
  while receive(self) do end -- until it has ended
  self.to:close()
  self.from:close()
  self.guard:close()
  peer.remove_folder(self.folder)
end

-- A new page, with its own cookies.
function Browser:page(options)
  local context = self:command "Target.createBrowserContext".browserContextId
  local target = self:command("Target.createTarget", { url = "about:blank", browserContextId = context }).targetId
  local session = self:command("Target.attachToTarget", { targetId = target, flatten = true }).sessionId
  local page = setmetatable({ browser = self, session = session, loads = 0, requests = {} }, Page)
  self.pages[session] = page
  page:command "Page.enable"
  page:command "Network.enable"
  page:command "DOM.enable"
  page:command("Emulation.setScriptExecutionDisabled", { value = not options.scripts })
  if options.user then
    page:command("Network.setExtraHTTPHeaders", { headers = {
      Authorization = "Basic " .. browser.base64(options.user .. ":" .. options.password),
    } })
  end
  return page
end

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

function browser.base64(bytes)
  local text = {}
  for at = 1, #bytes, 3 do
    local a, b, c = bytes:byte(at, at + 2)
    local value = a * 65536 + (b or 0) * 256 + (c or 0)
    for place = 0, 3 do
      local digit = math.floor(value / 64 ^ (3 - place)) % 64 + 1
      text[#text + 1] = (place == 2 and not b or place == 3 and not c) and "=" or DIGITS:sub(digit, digit)
    end
  end
  return table.concat(text)
end

function Page:command(method, parameters) return self.browser:command(method, parameters, self.session) end

-- Events: the status of a document, the end of its loading, and the requests for others.
function Page:notice(message)
  local about = message.params
  if message.method == "Network.responseReceived" and about.type == "Document" then
    self.status, self.headers = about.response.status, about.response.headers
  elseif message.method == "Page.loadEventFired" then
    self.loads = self.loads + 1
  elseif message.method == "Network.requestWillBeSent" then
    table.insert(self.requests, about.request.method .. " " .. about.request.url)
  end
end

-- Waits for the next page after the nth.
function Page:await_load(before)
  if self.loads == before then await(self.browser, function() return self.loads > before end) end
end

function Page:open(url)
  local before = self.loads
  self:command("Page.navigate", { url = url })
  self:await_load(before)
  return self.status
end

local function node(self, selector)
  local root = self:command "DOM.getDocument".root.nodeId
  local found = self:command("DOM.querySelector", { nodeId = root, selector = selector }).nodeId
  return found ~= 0 and found or error("no element " .. selector .. " in\n" .. self:html(), 0)
end

function Page:count(selector)
  local root = self:command "DOM.getDocument".root.nodeId
  return #self:command("DOM.querySelectorAll", { nodeId = root, selector = selector }).nodeIds
end

function Page:html()
  local root = self:command "DOM.getDocument".root.nodeId
  return self:command("DOM.getOuterHTML", { nodeId = root }).outerHTML
end

function Page:url() return self:command "Page.getFrameTree".frameTree.frame.url end

function Page:attribute(selector, name)
  local list = self:command("DOM.getAttributes", { nodeId = node(self, selector) }).attributes
  for i = 1, #list, 2 do
    if list[i] == name then return list[i + 1] end
  end
end

-- A JavaScript expression in the page, for specs that check what the methods above do not show.
function Page:evaluate(expression)
  local answer = self:command("Runtime.evaluate", { expression = expression, returnByValue = true })
  if answer.exceptionDetails then error(expression .. ": " .. answer.exceptionDetails.text, 0) end
  return answer.result.value
end

-- Clicks with the mouse in the middle of an element. `leads`: the click leads to another page, and it is waited for.
function Page:click(selector, leads)
  local id = node(self, selector)
  self:command("DOM.scrollIntoViewIfNeeded", { nodeId = id })
  local quad = self:command("DOM.getBoxModel", { nodeId = id }).model.content
  local x, y = (quad[1] + quad[5]) / 2, (quad[2] + quad[6]) / 2
  local before = self.loads
  for _, kind in ipairs { "mousePressed", "mouseReleased" } do
    self:command("Input.dispatchMouseEvent", { type = kind, x = x, y = y, button = "left", clickCount = 1 })
  end
  if leads then self:await_load(before) end
end

return browser
