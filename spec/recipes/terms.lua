-- recipes/nginx/terms.lua as it stands: a real nginx, a real browser, and the sandbox's Clickwrap. The suite `browser`
-- of spec/run runs it.
local browsers = require "spec.support.browser"
local ironclad = require "ironclad"
local nginx = require "spec.support.nginx"
local peer = require "spec.support.peer"

local GROUP, PASSWORD, SECRET = "terms", "open sesame", "the secret of the web app"
local BOX, BUTTON = "input[type=checkbox]", "button"

local sandbox, clickwrap, site, variables, browser

-- Starts nginx with the recipe's own configuration -> { url =, error_log =, stop = }.
local function start_site(environment, workers)
  local folder = peer.temporary_folder()
  peer.shell("mkdir " .. folder .. "/html")
  peer.write_file(folder .. "/html/index.html", "<h1>Inside</h1>")
  peer.write_file(folder .. "/html/deep.html", "<h1>Deep inside</h1>")
  local users = {}
  for i = 1, 11 do users[i] = ("user%d:{PLAIN}%s\n"):format(i, PASSWORD) end
  peer.write_file(folder .. "/users", table.concat(users))
  peer.write_file(folder .. "/local.conf", ("lua_package_path %q;\nlua_package_cpath %q;\n"):format(package.path,
    package.cpath))
  local words = {}
  for name, value in pairs(environment) do words[#words + 1] = name .. "=" .. peer.quoted(value) end
  local port, output, status
  repeat -- another process may take the free port before nginx opens it
    port = peer.free_port()
    local text = peer.read_file "recipes/nginx/terms.conf":gsub("127%.0%.0%.1:8080", "127.0.0.1:" .. port)
    peer.write_file(folder .. "/nginx.conf",
      (workers and text:gsub("worker_processes %d", "worker_processes " .. workers) or text))
    output, status = peer.shell(("IRONCLAD_SITE=$PWD/recipes/nginx TMPDIR=%s %s %s -p %s -c nginx.conf -g %s"):format(
      folder, table.concat(words, " "), nginx.program(), folder,
      peer.quoted(peer.shell "id -u":match "^0%s*$" and "user root;" or "")))
  until not output:find "Address already in use"
  assert(status == 0, output)
  local self = { url = "http://127.0.0.1:" .. port, port = port, folder = folder }
  function self.error_log() return peer.read_file(folder .. "/error.log") end
  function self.stop()
    peer.shell(("id=$(cat %s/nginx.pid); %s"):format(folder, nginx.END))
    peer.remove_folder(folder)
  end
  return self
end

-- What curl gets as a user -> the body, and the status as text.
local function get(user, path, arguments)
  local output = nginx.get(site, path, ("-u %s:%s -w '\\n%%{http_code}' %s"):format(user, peer.quoted(PASSWORD),
    arguments or ""))
  local body, status = output:match "^(.*)\n(%d+)$"
  return body, status
end

local function token_of(page) return page:match 'name="token" value="([^"]*)"' end

local function post(user, fields)
  local words = { "-o /dev/null" }
  for name, value in pairs(fields) do
    words[#words + 1] = "--data-urlencode " .. peer.quoted(name .. "=" .. value)
  end
  return select(2, get(user, "/terms", table.concat(words, " ")))
end

local function agreed(user)
  return ironclad.must(clickwrap:history(user, { event = "agreed" }))
end

local function count_events() return select(2, site.error_log():gsub("event %S+ version_published", "")) end

-- Publishes a new version of a contract of the group, and waits until the gate has been told.
local function publish(is_major, body)
  local before = count_events()
  sandbox:clickwrap_publish { contract = "terms-of-service", major = is_major, body = body or "<p>New</p>" }
  peer.eventually(function() return count_events() > before end)
end

-- Waits until Clickwrap has received a request for a path with that in it.
local function await_request(path)
  peer.eventually(function()
    for _, request in ipairs(sandbox:requests()) do
      if request.path:find(path, 1, true) then return true end
    end
  end)
end

-- Somebody reports new terms -> the status of the answer.
local function report(token)
  return (nginx.get(site, "/terms/events", ("-o /dev/null -w '%%{http_code}' -H %s -d %s"):format(
    peer.quoted("Pactsafe-Webhook-Token: " .. token), peer.quoted '{"id":"made up","event_type":"version_published"}')))
end

setup(function()
  sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false })
  clickwrap = sandbox:clickwrap()
  local about = sandbox:clickwrap_settings()
  variables = {
    IRONCLAD_TERMS_GROUP = GROUP, IRONCLAD_TERMS_WEBHOOK_TOKEN = SECRET, IRONCLAD_TERMS_DEADLINE = "6",
    IRONCLAD_CLICKWRAP_SITE = about.site_access_id, IRONCLAD_CLICKWRAP_TOKEN = about.api_token,
    IRONCLAD_CLICKWRAP_ACTIVITY_HOST = about.url, IRONCLAD_CLICKWRAP_REST_HOST = about.url,
  }
  site = start_site(variables)
  sandbox:clickwrap_webhook { url = site.url .. "/terms/events", token = SECRET }
  browser = browsers.start()
end)
teardown(function()
  if browser then browser:stop() end
  if site then site.stop() end
  if sandbox then sandbox:stop() end
end)

describe("the gate, in a browser without scripts", function()
  it("shows the terms, refuses without the box, and lets through after it", function()
    local page = browser:page { user = "user1", password = PASSWORD }
    assert.are.equal(403, page:open(site.url .. "/deep.html"))
    assert.are.same({ 2, 1, 1 }, { page:count "iframe[sandbox]", page:count(BOX), page:count(BUTTON) })

    -- The browser itself refuses, and sends nothing.
    page:click(BUTTON)
    assert.are.same({ "GET " .. site.url .. "/deep.html" }, page.requests)
    assert.are.same({}, agreed "user1")

    page:click(BOX)
    page:click(BUTTON, true)
    assert.are.same({ 200, site.url .. "/deep.html" }, { page.status, page:url() })
    assert.matches("Deep inside", page:html())
    assert.are.same({ "POST " .. site.url .. "/terms", "GET " .. site.url .. "/deep.html" },
      { page.requests[2], page.requests[3] })
    assert.are.equal(200, page:open(site.url .. "/"))
  end)

  it("records the person's address, browser and time, once for each contract", function()
    local list = agreed "user1"
    assert.are.equal(2, #list)
    for _, activity in ipairs(list) do
      assert.are.equal("127.0.0.1", activity.connection_data.remote_address)
      assert.matches("HeadlessChrome", activity.connection_data.user_agent)
      assert.matches("/terms$", activity.connection_data.page_url)
      assert.matches("^%x+$", activity.custom_data.acceptance_key)
      assert.matches("^%d%d%d%d%-", activity.created_time)
    end
  end)

  it("refuses a form that comes without the box all the same", function()
    local page = browser:page { user = "user2", password = PASSWORD }
    page:open(site.url .. "/")
    local before = page.loads
    page:evaluate "document.querySelector('form').submit()" -- does not ask the browser's own check
    page:await_load(before)
    assert.are.equal(400, page.status)
    assert.matches('role="alert">Please tick the box to accept%.<', page:html())
    assert.are.same({}, agreed "user2")
    page:click(BOX)
    page:click(BUTTON, true)
    assert.are.same({ 200, site.url .. "/" }, { page.status, page:url() })
  end)

  it("does not show a minor version again, and shows a major one", function()
    publish(false)
    local page = browser:page { user = "user1", password = PASSWORD }
    assert.are.equal(200, page:open(site.url .. "/"))

    publish(true)
    assert.are.equal(403, page:open(site.url .. "/deep.html"))
    page:click(BOX)
    page:click(BUTTON, true)
    assert.are.same({ 200, site.url .. "/deep.html" }, { page.status, page:url() })
    assert.are.equal(4, #agreed "user1")
  end)

  it("offers the same form again when nothing is known, and records it once", function()
    sandbox:clickwrap_settings { sync = false, store_seconds = 600 }
    local page = browser:page { user = "user6", password = PASSWORD }
    page:open(site.url .. "/deep.html")
    page:click(BOX)
    page:click(BUTTON, true)
    assert.are.equal(503, page.status)
    assert.matches("do not know yet whether your acceptance has been stored", page:html())
    sandbox:advance(601) -- Clickwrap stores it
    page:click(BUTTON, true)
    assert.are.same({ 200, site.url .. "/deep.html" }, { page.status, page:url() })
    assert.are.equal(2, #agreed "user6")
    sandbox:clickwrap_settings { sync = true, store_seconds = 0 }
  end)

  it("shows texts that no script of theirs leaves", function()
    publish(true, '<h1>Text</h1><script>parent.document.title = "taken"</script><img src=x onerror="top.taken = 1">')
    local page = browser:page { user = "user3", password = PASSWORD, scripts = true }
    assert.are.equal(403, page:open(site.url .. "/"))
    assert.are.same({ "Terms", "undefined" }, { page:evaluate "document.title", page:evaluate "typeof taken" })
    assert.are.equal(2, page:evaluate "document.querySelectorAll('iframe').length")
  end)
end)

describe("the gate", function()
  it("believes no form but its own, for that user", function()
    local page, status = get("user4", "/deep.html")
    assert.are.equal("403", status)
    local token = token_of(page)
    for name, row in pairs {
      ["another user's"] = { "user5", { token = token, agree = "yes" } },
      ["a changed one"] = { "user4", { token = token:gsub("^..", "AA"), agree = "yes" } },
      ["a changed signature"] = { "user4", { token = token .. "A", agree = "yes" } },
      ["none"] = { "user4", { agree = "yes" } },
      ["no box"] = { "user4", { token = token } },
      ["another box"] = { "user4", { token = token, agree = "no" } },
    } do
      assert.are.equal("400", post(row[1], row[2]), name)
    end
    assert.are.same({ {}, {} }, { agreed "user4", agreed "user5" })
    assert.are.equal("303", post("user4", { token = token, agree = "yes", next = "/deep.html" }))
  end)

  it("records a form once, however often and however fast it comes", function()
    local token = token_of((get("user5", "/")))
    local command = ("curl -sS -m 60 -o /dev/null -w '%%{http_code} ' -u user5:%s --data-urlencode %s -d agree=yes "
      .. "http://127.0.0.1:%d/terms"):format(peer.quoted(PASSWORD), peer.quoted("token=" .. token), site.port)
    local output = peer.shell(("(%s & %s & %s & %s & wait)"):format(command, command, command, command))
    assert.are.equal("303 303 303 303 ", output)
    assert.are.equal("303", post("user5", { token = token, agree = "yes" }))
    assert.are.equal(2, #agreed "user5")
  end)

  it("loses and doubles nothing when its worker is killed between sending and reading back", function()
    local token = token_of((get("user9", "/")))
    sandbox:clear_requests()
    sandbox:fail { path = "/send/sync", how = "delay", seconds = 30 }
    local form = ("curl -sS -m 60 -o /dev/null -u user9:%s --data-urlencode %s -d agree=yes http://127.0.0.1:%d/terms"):
      format(peer.quoted(PASSWORD), peer.quoted("token=" .. token), site.port)
    local waiting = io.popen(form .. " 2>&1; echo $?")
    await_request "/send/sync"
    peer.shell(("kill -9 $(pgrep -P $(cat %s/nginx.pid))"):format(peer.quoted(site.folder)))
    assert.matches("52\n$", waiting:read "*a") -- curl: an empty reply
    waiting:close()
    assert.are.equal("303", post("user9", { token = token, agree = "yes" })) -- by another worker
    assert.are.equal(2, #agreed "user9")
    assert.are.equal("200", select(2, get("user9", "/")))
  end)

  it("records what was sent by a browser that has gone away, such as at the first of two clicks", function()
    local token = token_of((get("user3", "/")))
    sandbox:clear_requests()
    -- After the claim, before it is sent.
    sandbox:fail { operation = "get_sites-site-id-signers-id-signer-id-activity", how = "delay", seconds = 2 }
    local first = nginx.start_get(site, "/terms", ("-o /dev/null -u user3:%s --data-urlencode %s -d agree=yes"):format(
      peer.quoted(PASSWORD), peer.quoted("token=" .. token)))
    await_request "/activity"
    first.leave()
    assert.are.equal("303", post("user3", { token = token, agree = "yes" }))
    assert.are.equal(2, #agreed "user3")
  end)

  it("goes on to a path of its own, and to no other site", function()
    local token = token_of((get("user7", "/")))
    for path, target in pairs {
      ["/deep.html?a=1"] = "/deep.html?a=1", ["//evil.example/"] = "/", ["https://evil.example/"] = "/",
      ["/\\evil.example"] = "/", ["/\t/evil.example"] = "/", ["javascript:alert(1)"] = "/", [""] = "/",
    } do
      local output = nginx.get(site, "/terms", ("-o /dev/null -D - -u user7:%s --data-urlencode %s --data-urlencode %s "
        .. "-d agree=yes"):format(peer.quoted(PASSWORD), peer.quoted("token=" .. token), peer.quoted("next=" .. path)))
      local found = output:match "\nLocation: ([^\r\n]*)"
      assert.are.equal(target, (found:gsub("^http://127%.0%.0%.1:%d+", "")), path)
    end
  end)

  it("takes a form with a long path, and refuses one that is longer than any path", function()
    local path = "/" .. ("\195\169"):rep(3500) -- 21 KB in the form
    local token = token_of((get("user10", "/")))
    assert.are.equal("303", post("user10", { token = token, agree = "yes", next = path }))
    local folder = peer.temporary_folder()
    peer.write_file(folder .. "/form", "agree=yes&x=" .. ("x"):rep(200 * 1024))
    assert.are.equal("413", select(2, get("user10", "/terms", "-o /dev/null -d @" .. folder .. "/form")))
    peer.remove_folder(folder)
  end)

  it("keeps its worker free for others while it waits for Clickwrap", function()
    local settings = { IRONCLAD_TERMS_DEADLINE = "50" }
    for name, value in pairs(variables) do settings[name] = settings[name] or value end
    local one, user = start_site(settings, 1), "-o /dev/null -w '%{http_code}' -u user8:" .. peer.quoted(PASSWORD)
    sandbox:clear_requests()
    sandbox:fail { path = "/latest", how = "delay", seconds = 50 }
    local waiting = nginx.start_get(one, "/", user)
    await_request "/latest"
    assert.are.equal("303", (nginx.get(one, "/terms", user))) -- no form: to the page with one
    waiting.leave() -- an error if it has been answered
    one.stop()
  end)

  it("asks the user to try again when Clickwrap does not answer in time", function()
    local settings = { IRONCLAD_TERMS_DEADLINE = "0.5" }
    for name, value in pairs(variables) do settings[name] = settings[name] or value end
    local hasty = start_site(settings, 1)
    for _, path in ipairs { "/latest", "/load/json" } do
      sandbox:fail { path = path, how = "delay", seconds = 55 } -- curl gives up after 60
      local output = nginx.get(hasty, "/", ("-o /dev/null -w '%%{http_code}' -u user11:%s -m 30"):format(
        peer.quoted(PASSWORD)))
      assert.are.equal("503", output)
    end
    hasty.stop()
    sandbox:clear_faults()
  end)

  it("offers the same form again when nothing was sent", function()
    local token = token_of((get("user11", "/")))
    sandbox:fail { operation = "get_sites-site-id-signers-id-signer-id-activity", status = 403 }
    local page, status = get("user11", "/terms", "--data-urlencode " .. peer.quoted("token=" .. token)
      .. " -d agree=yes -d next=/deep.html")
    assert.are.equal("503", status)
    assert.is_truthy(page:find("Your acceptance has not been stored.", 1, true))
    assert.is_truthy(page:find('name="next" value="/deep.html"', 1, true))
    assert.are.equal(token, token_of(page))
    assert.are.same({}, agreed "user11")
  end)

  it("shows the terms of this moment when Clickwrap refuses those that were shown", function()
    local form = { token = token_of((get("user11", "/"))), agree = "yes" }
    sandbox:fail { operation = "send-sync", status = 422 }
    local page, status = get("user11", "/terms", "--data-urlencode " .. peer.quoted("token=" .. form.token)
      .. " -d agree=yes -d next=/deep.html")
    assert.are.equal("409", status)
    assert.is_truthy(page:find("Please accept again.", 1, true))
    assert.is_truthy(page:find('name="next" value="/deep.html"', 1, true))
    assert.are_not.equal(form.token, token_of(page))
    assert.are.same({}, agreed "user11")
  end)

  it("lets nobody accept a contract whose text it cannot show", function()
    publish(false, "")
    local page, status = get("user11", "/")
    assert.are.equal("503", status)
    assert.is_nil(token_of(page))
    assert.matches("contract %d+ has no text that can be shown", site.error_log())
    publish(false)
  end)

  it("is shown by one command, against a sandbox of its own", function()
    local port, folder = peer.free_port(), peer.temporary_folder()
    local pipe = io.popen(("echo $$; unset LD_PRELOAD; exec env TMPDIR=%s LUA=%s recipes/support/with_sandbox.sh "
      .. "recipes/nginx/run.sh %d terms 2>&1"):format(folder, peer.quoted(peer.interpreter()), port))
    local process = pipe:read "*l"
    repeat local line = assert(pipe:read "*l") until line:find "^The site: "
    local status = nginx.get({ port = port }, "/", "-o /dev/null -w '%{http_code}' -u jane:terms")
    peer.shell("kill " .. process)
    pipe:read "*a"
    pipe:close()
    assert.are.equal("403", status)
    assert.are.equal("", (peer.shell("ls -A " .. folder)))
    peer.remove_folder(folder)
  end)

  it("escapes what is in the address", function()
    local page = get("user8", "'/x%22%3E%3Cscript%3E?a=%22%3E%3Cscript%3Ealert(1)%3C/script%3E'")
    assert.is_nil(page:find("<script", 1, true), page)
  end)

  it("records a browser's headers as far as they are UTF-8", function()
    local token = token_of((get("user8", "/")))
    local status = nginx.get(site, "/terms", ("-o /dev/null -w '%%{http_code}' -u user8:%s --data-urlencode %s "
      .. "-d agree=yes -H %s -H 'Accept-Language: de'"):format(peer.quoted(PASSWORD), peer.quoted("token=" .. token),
        peer.quoted "User-Agent: \255\254"))
    assert.are.equal("303", status)
    local about = agreed("user8")[1].connection_data
    assert.are.same({ "de", "127.0.0.1" }, { about.browser_locale, about.remote_address })
    assert.is_nil(about.user_agent)
  end)

  it("wants a password, also for the form", function()
    for _, path in ipairs { "/", "/terms" } do
      assert.are.equal("401", (nginx.get(site, path, "-o /dev/null -w '%{http_code}'")))
    end
  end)

  it("does not believe an event without the secret", function()
    assert.are.equal("401", report "guessed")
  end)

  it("lets in who is known to have accepted when Clickwrap is away, and nobody else", function()
    assert.are.equal("200", select(2, get("user4", "/")))
    sandbox:stop()
    sandbox = nil
    assert.are.equal("200", select(2, get("user4", "/")))
    local page, status = get("user11", "/")
    assert.are.equal("503", status)
    assert.matches("cannot find out right now", page)
    assert.are.equal("200", report(SECRET))
    assert.are.equal("503", select(2, get("user4", "/")))
  end)
end)
