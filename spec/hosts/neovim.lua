-- The shared list in a headless Neovim, and what is Neovim's own.
local host = require "spec.support.host"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

local scene = host.scene()
teardown(scene.stop)

-- Runs Lua source in Neovim -> what it prints with say(…), and the status. One that hangs is killed: 137.
local function neovim(source, options)
  local file = scene.folder .. "/script.lua"
  peer.write_file(file, host.paths() .. ([[
    local settings = dofile %q
    local ironclad = require "ironclad"
    local client = ironclad.connect(settings.connection)
    local uv = vim.uv or vim.loop
    local function say(...)
      local words = {}
      for i = 1, select("#", ...) do words[i] = tostring((select(i, ...))) end
      io.stdout:write(table.concat(words, "\t"), "\n")
      io.stdout:flush()
    end
    local function list(options) return client.workflows:list({ pageSize = 1 }, options) end
    client.workflows:list { pageSize = 1 } -- the token
  ]]):format(scene.folder .. "/settings.lua") .. source)
  return peer.shell(("HOME=%s timeout -s KILL %d nvim --headless -u NONE -i NONE -c %s </dev/null"):format(
    peer.quoted(scene.folder), options and options.seconds or 60, peer.quoted("luafile " .. file)))
end

describe("Neovim", function()
  local text = neovim [[
    io.stdout:write(require("spec.hosts.shared").run(settings))
    io.stdout:flush()
    vim.cmd "qa!"
  ]]
  for _, result in ipairs(host.results(text)) do
    it(result.name, function() assert.is_true(result.ok, result.text) end)
  end
end)

describe("Neovim's own", function()
  local function prints(expected, source)
    local output, status = neovim(source)
    assert.are.equal(0, status, output)
    assert.are.equal(expected, (output:gsub("\r", "")))
  end

  it("loop is found by itself, and goes on while the main chunk waits", function()
    prints("true\ttrue\n", [[
      local ticks = 0
      local timer = uv.new_timer()
      timer:start(0, 5, function() ticks = ticks + 1 end)
      require("ironclad.calls.run").sleep(client, 0.3)
      say(client.loop.name == "neovim", ticks > 3)
      vim.cmd "qa!"
    ]])
  end)

  it("functions may be used in callbacks and tasks", function()
    prints("1\tfalse\n1\tfalse\n", [[
      list { callback = function(page) say(vim.api.nvim_get_current_buf(), vim.in_fast_event()) end }
      ironclad.run()
      ironclad.spawn(function()
        list()
        say(vim.api.nvim_get_current_buf(), vim.in_fast_event())
      end)
      ironclad.run()
      vim.cmd "qa!"
    ]])
  end)

  it("reload of the module's files leaves every call an answer", function()
    prints("1\t1\t1\t1\n", [[
      local told
      list { callback = function(page) told = #page.list end }
      local task = ironclad.spawn(function() return #list().list end)
      for name in pairs(package.loaded) do
        if name:find "^ironclad" then package.loaded[name] = nil end
      end
      local again = require "ironclad"
      local newer = again.connect(settings.connection)
      say(#newer.workflows:list({ pageSize = 1 }).list, #list().list, task:wait(), (function()
        again.run()
        return told
      end)())
      vim.cmd "qa!"
    ]])
  end)

  it("fast events get an error, and may have a callback", function()
    prints("nil\tcancelled\tnot_done\n1\n", [[
      local done
      uv.new_timer():start(0, 0, function()
        local value, err = list()
        say(value, err.kind, err.outcome)
        list { callback = function(page)
          say(#page.list)
          done = true
        end }
      end)
      vim.wait(20000, function() return done end, 5)
      vim.cmd "qa!"
    ]])
  end)

  it("fast events let nobody wait for tasks, either", function()
    prints("true\ttrue\ttrue\t1\n", [[
      local said
      uv.new_timer():start(0, 0, function()
        local task = ironclad.spawn(list)
        local function refuses(...)
          local fine, message = pcall(...)
          return not fine and message:find("nothing can wait in a fast event", 1, true) ~= nil
        end
        said = { refuses(task.wait, task), refuses(ironclad.run), refuses(client.map, client, { 1 }, list), task }
      end)
      vim.wait(20000, function() return said end, 5)
      say(said[1], said[2], said[3], #said[4]:wait().list)
      vim.cmd "qa!"
    ]])
  end)

  it("screen hears of a callback's error, and its loop does not", function()
    prints("true\n", [[
      local told
      vim.notify = function(text, level) told = text:find("as meant", 1, true) and level == vim.log.levels.ERROR end
      list { callback = function() error "as meant" end }
      vim.wait(20000, function() return told end, 5)
      say(told ~= nil and told)
      vim.cmd "qa!"
    ]])
  end)

  it("Ctrl-C cancels what the main chunk waits for", function()
    local result, file = scene.folder .. "/result", scene.folder .. "/wait.lua"
    peer.write_file(file, host.paths() .. ([[
      local client = require("ironclad").connect(dofile(%q).connection)
      local value, err = require("ironclad.calls.run").sleep(client, 600)
      local out = io.open(%q, "w")
      out:write(tostring(value), " ", err and err.kind)
      out:close()
      vim.cmd "qa!"
    ]]):format(scene.folder .. "/settings.lua", result))
    -- In a terminal. Ctrl-C is typed again and again, because one that comes before the wait is lost.
    local command = ("nvim -u NONE -i NONE -c %s"):format(peer.quoted("luafile " .. file))
    peer.shell(("for i in $(seq 100); do sleep 0.3; [ ! -s %s ] || break; printf '\\003'; done | "
      .. "HOME=%s TERM=xterm timeout -s KILL 60 script -qec %s /dev/null"):format(peer.quoted(result),
      peer.quoted(scene.folder), peer.quoted(command)))
    assert.are.equal("nil cancelled", peer.read_file(result))
  end)

  for _, row in ipairs {
    { "at once", "" },
    { "while connections are made", "vim.wait(5)" },
    { "while calls wait", "vim.wait(50)" },
  } do
    it("end comes in the middle of calls: " .. row[1], function()
      prints("", [[
        for _ = 1, 30 do
          list { callback = function() end }
          ironclad.spawn(function() require("ironclad.calls.run").sleep(client, 100) end)
        end
      ]] .. row[2] .. "\nvim.cmd 'qa!'")
    end)
  end

  it("end leaves no call waiting: one made in VimLeave blocks, and answers", function()
    prints("1\n", [[
      vim.api.nvim_create_autocmd("VimLeave", { callback = function() say(#list().list) end })
      vim.cmd "qa!"
    ]])
  end)

  it("runtimepath and checkhealth know it after make neovim", function()
    local folder = scene.folder .. "/site"
    peer.write_file(scene.folder .. "/connections.json", ironclad.json.encode {
      ["one"] = scene.sandbox:options {},
      ["two"] = { instance = "na1", token = { command = { "false" } } },
    })
    assert.are.equal("", (peer.shell("chmod 600 " .. scene.folder .. "/connections.json; make -s neovim NVIM_DIR="
      .. peer.quoted(folder))))
    local report = peer.shell(("IRONCLAD_CONFIG=%s/connections.json HOME=%s timeout -s KILL 60 nvim --headless -u NONE "
      .. "-i NONE --cmd 'set rtp+=%s' -c 'checkhealth ironclad' -c 'w! %s/report' -c 'qa!'; cat %s/report"):format(
      scene.folder, scene.folder, folder, scene.folder, scene.folder))
    assert.matches("ironclad %d+%.%d+%.%d+ for LuaJIT", report)
    assert.matches("libcurl %d+%.%d+", report)
    assert.matches("one: https://127.0.0.1:%d+, its token is good for %d+ h", report)
    assert.matches("two: its secret is printed by a command, which is not run here", report)
    assert.is_nil(report:find(scene.sandbox.client_secret, 1, true))
  end)

  it("plugin browses contracts", function()
    local client = scene.sandbox:connect()
    local workflow = ironclad.must(client.workflows:launch {
      template = "5f595f76c4fc9b3571413c3a",
      attributes = { counterpartyName = "Browsed Corp", draft = { ironclad.file { data = "%PDF-browsed",
        filename = "nda.pdf" } } },
    })
    prints("listed\nopened\nattribute\ncommented\napproved\nsaved\nerror\nquit\n", [[
      package.loaded.ironclad.from_env = function() return client end
      vim.opt.runtimepath:append "editors/neovim"
      vim.cmd "runtime plugin/ironclad.lua"
      local said = {}
      vim.notify = function(text) said[#said + 1] = text end
      vim.ui.select = function(items, _, on_choice) on_choice(items[1]) end
      vim.ui.input = function(options, on_answer)
        on_answer(options.prompt == "Comment: " and "from\nNeovim" or settings.folder .. "/browsed.pdf")
      end
      local function shown() return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") end
      local function until_shown(word, pattern)
        local there = vim.wait(20000, function()
          return shown():find(pattern) or table.concat(said, "\n"):find(pattern)
        end)
        say(there and word or shown() .. table.concat(said, "\n"))
      end
      local function press(keys) vim.api.nvim_feedkeys(vim.keycode and vim.keycode(keys)
        or vim.api.nvim_replace_termcodes(keys, true, true, true), "xt", false) end

      vim.cmd "Ironclad workflows"
      until_shown("listed", "Browsed Corp")
      vim.fn.search "Browsed Corp"
      press "<CR>"
      until_shown("opened", "Approvals")
      until_shown("attribute", "counterpartyName: Browsed Corp")
      press "c"
      until_shown("commented", "from Neovim")
      press "a"
      until_shown("approved", ": approved")
      press "d"
      until_shown("saved", "Ironclad: saved ")
      vim.cmd "Ironclad nonsense"
      until_shown("error", "unknown: nonsense")
      press "q"
      say(shown():find "Attributes" and "still there" or "quit")
      vim.cmd "qa!"
    ]])
    assert.are.equal("%PDF-browsed", peer.read_file(scene.folder .. "/browsed.pdf"))
    assert.matches("approved", ironclad.json.encode(ironclad.must(client.workflows:get_approvals(workflow))))
  end)
end)
