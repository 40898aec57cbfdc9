-- The recipe that runs a site in nginx.
local ironclad = require "ironclad"
local names = require "ironclad.base.names"
local nginx = require "spec.support.nginx"
local peer = require "spec.support.peer"

describe("recipes/nginx runs a site", function()
  local RUN = "recipes/nginx/run.sh "
  local WITH_SANDBOX = "recipes/support/with_sandbox.sh " .. RUN
  local folder, running
  before_each(function() folder = peer.temporary_folder() end)
  after_each(function() -- a test that failed has not stopped its site
    if running then running.stop() end
    peer.remove_folder(folder)
  end)

  local function command(words, variables)
    return ("unset LD_PRELOAD; exec env TMPDIR=%s LUA=%s %s %s 2>&1"):format(peer.quoted(folder),
      peer.quoted(peer.interpreter()), variables or "", words)
  end

  -- Starts the site -> { port =, lines = what it said, up to the address, stop = function }.
  local function start_site(words, variables, kind)
    local site = { port = peer.free_port(), lines = {} }
    local pipe = io.popen("echo $$; " .. command(words .. site.port .. (kind or ""), variables))
    local process = pipe:read "*l"
    repeat
      local line = assert(pipe:read "*l", "the site did not start: " .. table.concat(site.lines, "\n"))
      table.insert(site.lines, line)
    until line:find "^The site: "
    function site.stop()
      running = nil
      peer.shell("kill " .. process)
      local rest = pipe:read "*a"
      pipe:close()
      return rest
    end
    running = site
    return site
  end

  it("with a form that launches, for its own host and origin alone", function()
    local site = start_site(WITH_SANDBOX)
    assert.matches("Launch an NDA", (nginx.get(site, "/")))
    assert.matches("<h2>Review</h2><ul>", (nginx.get(site, "/workflows")))

    local status = "-o /dev/null -w '%{http_code}' "
    local post = status .. "--data-urlencode counterparty='Tom & \"Co\" <x>'"
    assert.are.equal("303", (nginx.get(site, "/launch", post)))
    assert.matches("Tom &amp; &quot;Co&quot; &lt;x&gt;", (nginx.get(site, "/workflows")))
    assert.are.equal("403", (nginx.get(site, "/launch", post .. " -H 'Origin: https://elsewhere.example'")))
    assert.are.equal("403", (nginx.get(site, "/launch", post .. " -H 'Origin: null'")))
    assert.are.equal("400", (nginx.get(site, "/launch", status .. "-d counterparty=")))
    assert.are.equal("303", (nginx.get(site, "/launch", status)))
    local own = ("localhost:%d"):format(site.port)
    assert.are.equal("303", (nginx.get(site, "/launch", post .. (" -H 'Host: %s' -H 'Origin: http://%s'"):format(own,
      own))))
    -- The name of another site that leads to this address: a page of it has that host and that origin.
    local rebound = (" -H 'Host: elsewhere.example:%d'"):format(site.port)
    assert.are.equal("421", (nginx.get(site, "/workflows", status .. rebound)))
    assert.are.equal("421", (nginx.get(site, "/launch", post .. rebound .. (
      " -H 'Origin: http://elsewhere.example:%d'"):format(site.port))))
    site.stop()
    assert.are.equal("", (peer.shell("ls -A " .. peer.quoted(folder))))
  end)

  it("with a page for Prometheus: the numbers of each worker", function()
    local site = start_site(WITH_SANDBOX)
    assert.matches("<h2>Review</h2>", (nginx.get(site, "/workflows")))
    -- The worker that has answered the page above writes its numbers now and then: at last those after that call.
    local page = peer.eventually(function()
      local text, calls = nginx.get(site, "/metrics"), 0
      for count in text:gmatch 'ironclad_calls_total{worker="%d"} (%d+)\n' do calls = calls + count end
      local busy = text:find 'ironclad_pending{worker="%d"} [1-9]' or text:find 'ironclad_in_flight{worker="%d"} [1-9]'
      return calls > 0 and not busy and text, text
    end)
    assert.matches("# TYPE ironclad_in_flight gauge\nironclad_in_flight{worker=\"%d\"} 0\n", page)
    assert.matches('ironclad_waits_total{worker="%d",bucket="records:read",reason="budget"} 0\n', page)
    assert.matches('ironclad_wait_seconds_total{worker="%d",bucket="records:read"} 0\n', page)
    assert.matches('# TYPE ironclad_shared_connected gauge\nironclad_shared_connected{worker="%d"} 0\n', page)
    local stats = ironclad.stats()
    assert.matches('# TYPE ironclad_shared_kept gauge\nironclad_shared_kept{worker="%d"} 0\n', page)
    stats.waits, stats.shared.connected, stats.shared.kept = nil, nil, nil
    for _, field in ipairs(names.sorted(stats)) do
      if field ~= "shared" then assert.is_truthy(page:find("\nironclad_" .. field, 1, true), field) end
    end
    for field in pairs(stats.shared) do
      assert.is_truthy(page:find(("\nironclad_shared_%s_total{"):format(field), 1, true), field)
    end
    for line in page:gmatch "[^\n]+" do
      assert.is_truthy(line:find "^# " or line:find "^[%l_]+{[^{}]*} [%d.]+$", line)
    end
    site.stop()
  end)

  it("whose page is told of events that Ironclad delivers", function()
    local site = start_site(WITH_SANDBOX)
    -- The sandbox delivers to the site what happens after the site has registered its webhook.
    peer.until_succeeds(("grep -q 'the webhook: ' %s/*/error.log"):format(peer.quoted(folder)))
    local before = tonumber((nginx.get(site, "/revision")))
    assert.are.equal("303", (nginx.get(site, "/launch", "-o /dev/null -w '%{http_code}' -d counterparty=Acme")))
    peer.eventually(function() return tonumber((nginx.get(site, "/revision"))) > before end)
    assert.are.equal("401", (nginx.get(site, "/events", "-o /dev/null -w '%{http_code}' -d '{}'")))
    site.stop()
  end)

  it("against a sandbox of its own, whatever company is in the environment", function()
    local company = require("ironclad.sandbox").start { port = 0, tls = false }
    local variables = ("IRONCLAD_INSTANCE=%s IRONCLAD_CLIENT_ID=%s IRONCLAD_CLIENT_SECRET=%s IRONCLAD_AS_USER=%s")
      :format(company.instance, company.client_id, company.client_secret, company.as_user)
    local site = start_site(WITH_SANDBOX, variables)
    local said = table.concat(site.lines, "\n")
    assert.matches("\nThe instance: https://127%.0%.0%.1:%d+, Larkspur Instruments\n", said)
    assert.matches("\nThe user: Jane Doe <jane%.doe@example%.com>\n", said)
    assert.are.equal("303", (nginx.get(site, "/launch", "-o /dev/null -w '%{http_code}' -d counterparty=Acme")))
    site.stop()
    assert.are.same({}, company:requests())

    site = start_site(RUN, variables)
    assert.is_truthy(site.lines[1]:find("The instance: " .. company.instance .. ", ", 1, true))
    assert.are.equal("303", (nginx.get(site, "/launch", "-o /dev/null -w '%{http_code}' -d counterparty=Acme")))
    site.stop()
    assert.is_true(#company:requests() > 0)
    company:stop()
  end)

  it("whose workers share a Redis with a script that cron starts", function()
    local site = start_site(WITH_SANDBOX, nil, " shared")
    assert.matches("\nThe Redis: unix:///", table.concat(site.lines, "\n"))
    local page = peer.eventually(function() -- the cron script launches, and its events are handled
      local text = nginx.get(site, "/")
      local handled = tonumber(text:match "(%d+) events handled")
      return handled and handled > 0 and text, text
    end)
    assert.matches("%d+ active workflows\n", page)
    assert.matches("cron: launched IC%-%d+; this process fetched %d tokens", site.stop())
    assert.are.equal("", (peer.shell("ls -A " .. peer.quoted(folder))))
  end)

  it("says that its port is taken, and no address", function()
    local other = require("ironclad.sandbox").start { port = 0, tls = false }
    local output, status = peer.shell("(" .. command(WITH_SANDBOX .. other.port) .. ")")
    assert.are.equal(1, status)
    assert.matches("nginx did not start at 127%.0%.0%.1:%d+; for another port: make site PORT=", output)
    assert.is_nil(output:find("The site:", 1, true))
    assert.are.equal("", (peer.shell("ls -A " .. peer.quoted(folder))))
    other:stop()
  end)
end)
