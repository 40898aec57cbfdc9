-- recipes/acceptance_report.lua as it stands, against the sandbox's Clickwrap.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

describe("recipes/acceptance_report.lua", function()
  local sandbox, clickwrap, folder
  setup(function()
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false, clock = "2026-01-31T09:00:00Z" })
    clickwrap = sandbox:clickwrap()
    folder = peer.temporary_folder()
  end)
  teardown(function()
    sandbox:stop()
    peer.remove_folder(folder)
  end)

  -- Runs the recipe -> what it wrote to stdout, what to stderr, its status.
  local function run_against(about, ...)
    local source = ("local given = { IRONCLAD_CLICKWRAP_TOKEN = %q, IRONCLAD_CLICKWRAP_ACTIVITY_HOST = %q, "
      .. "IRONCLAD_CLICKWRAP_REST_HOST = %q }\nos.getenv = function(name) return given[name] end\n"
      .. "local out = %q\nio.stdout = assert(io.open(out, 'wb')) io.output(io.stdout)\n"
      .. "arg = { ... }\ndofile 'recipes/acceptance_report.lua'\nio.stdout:close()\n"):format(about.api_token,
        about.url, about.url, folder .. "/csv")
    local said, status = peer.lua(source, {}, ...)
    return peer.read_file(folder .. "/csv"), said, status
  end
  local function run(...) return run_against(sandbox:clickwrap_settings(), ...) end

  local function accept(signer, options)
    local arguments = { signer = signer, group = "terms" }
    for name, value in pairs(options or {}) do arguments[name] = value end
    return ironclad.must(clickwrap:accept(arguments))
  end

  it("lists who accepted what between two days, with progress", function()
    accept 'Jane "J", Doe'
    sandbox:advance(24 * 3600)
    local evidence = accept("joe@example.com", { connection = { remote_address = "203.0.113.7",
      user_agent = "Lynx\n2" } })
    ironclad.must(clickwrap:displayed { signer = "joe@example.com", group = "terms" })
    sandbox:advance(24 * 3600)
    accept "too late"

    local csv, said, status = run("2026-01-31", "2026-02-02")
    assert.are.equal(0, status, said)
    local lines = {}
    for line in csv:gmatch "(.-)\r\n" do lines[#lines + 1] = line end
    assert.are.equal("time,signer,contract,title,version,address,browser,activity,mode", lines[1])
    assert.are.equal(5, #lines, csv)
    assert.matches('\n2026%-01%-31T[^,]*,"Jane ""J"", Doe",%d+,Privacy Policy,1%.0,,,%x+,live\r\n', csv)
    assert.is_truthy(csv:find(',203.0.113.7,"Lynx\n2",' .. evidence.activities[1].id, 1, true), csv)
    assert.is_nil(csv:find("too late", 1, true))
    assert.matches("4 acceptances written\n$", said)
  end)

  it("tells acceptances in test mode from others, as far as that is known", function()
    sandbox:advance(24 * 3600)
    local day = sandbox:clock().now:sub(1, 10)
    accept("by the module", { test = true })
    accept "by the module"
    for _, test in ipairs { true, false } do
      ironclad.must(clickwrap.acceptance:send_sync { sig = "by others, " .. tostring(test), et = "agreed", tm = test,
        vid = ironclad.must(clickwrap:terms "terms").contracts[1].version })
    end
    local csv, said, status = run(day)
    assert.are.equal(0, status, said)
    local modes = {}
    for signer, mode in csv:gmatch '\n[^,]+,"?(by [%w, ]+)"?,%d+,[^\n]*,(%l*)\r' do
      modes[#modes + 1] = signer .. ": " .. mode
    end
    assert.are.same({ "by the module: test", "by the module: test", "by the module: live", "by the module: live",
      "by others, true: test", "by others, false: " }, modes, csv)
  end)

  it("leaves empty what Clickwrap answers as null, and lets no text be a formula", function()
    local null, answers = ironclad.null, {}
    local function answer(fields)
      local activity = { id = "a" .. #answers + 1, signer_id = "=1+1", event_type = "agreed",
        created_time = "2026-01-31T09:00:00.000Z",
        contract = { id = 282, title = "Terms" }, version = { id = "v1", title = null, full_version_number = null },
        custom_data = null, connection_data = null }
      for name, value in pairs(fields) do activity[name] = value end
      answers[#answers + 1] = activity
    end
    answer {}
    answer { contract = null, version = null, signer_id = null }
    answer { contract = 282, version = "v1", custom_data = { acceptance_key = null },
      connection_data = { remote_address = null, user_agent = "@SUM(1)" } }
    local server = peer.start { connections = { { { "read" }, { "answer" }, { "loop" } } }, answers = {
      peer.json(ironclad.json.encode { data = answers, has_more = false }), peer.json '{"test_mode":null}',
    } }
    local about = { api_token = "a token", url = peer.url(server) }
    local csv, said, status = run_against(about, "2026-01-01", "2026-02-01")
    server:stop()
    assert.are.equal(0, status, said)
    local line = "2026-01-31T09:00:00.000Z,%s,a%d,\r\n"
    assert.are.equal("time,signer,contract,title,version,address,browser,activity,mode\r\n"
      .. line:format("'=1+1,282,Terms,v1,,", 1) .. line:format(",,,,,", 2) .. line:format("'=1+1,282,,v1,,'@SUM(1)", 3),
      csv)
  end)

  it("is told which days it wants", function()
    for _, days in ipairs { {}, { "yesterday" }, { "2026-02-01", "2026-01-01" },
      { "2026-01-01", "2026-02-31" }, { "2026-13-01" }, { "2026-01-01", "" } } do
      local csv, said, status = run(days[1], days[2])
      assert.are.equal(1, status)
      assert.matches("usage: lua acceptance_report%.lua FROM", said)
      assert.are.equal("", csv)
    end
  end)
end)
