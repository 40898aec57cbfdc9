-- The shared list in a headless Neovim, and what is Neovim's own.
local host = require "spec.support.host"
local host_neovim = require "spec.support.neovim"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

local scene = host.scene()
teardown(scene.stop)

-- Runs Lua source in Neovim, where `client` is one of the sandbox -> what it prints with say(…), and the status.
local function neovim(source)
  return host_neovim.run(scene.folder, ([[
    local settings = dofile %q
    local ironclad = require "ironclad"
    local client = ironclad.connect(settings.connection)
    local uv = vim.uv or vim.loop
    local function list(options) return client.workflows:list({ pageSize = 1 }, options) end
    client.workflows:list { pageSize = 1 } -- the token
  ]]):format(scene.folder .. "/settings.lua") .. source)
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
      for _ = 1, 100 do
        if ticks <= 3 then require("ironclad.calls.run").sleep(client, 0.1) end
      end
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

  for _, event in ipairs { "VimLeavePre", "VimLeave" } do
    it("end leaves no task waiting, either: " .. event, function()
      prints("nil\ttask\nmapped\t2\ncallback\t1\n", ([[
        local run = require "ironclad.calls.run"
        local task = ironclad.spawn(function()
          run.sleep(client, 0.05)
          return #list().list == 1 and "task"
        end)
        vim.api.nvim_create_autocmd(%q, { callback = function()
          say(task.results or nil, task:wait())
          say("mapped", #client:map({ 1, 2 }, function() return list() end))
          list { callback = function(page) say("callback", #page.list) end }
          ironclad.run()
        end })
        vim.cmd "qa!"
      ]]):format(event))
    end)
  end

  -- The program of "waiting" ends only when a timer of Neovim has run.
  it("timers run while a program prints a secret, and the screen does not get its messages", function()
    local connections, file = scene.folder .. "/connections.json", scene.folder .. "/ticked"
    local function entry(text)
      return { instance = "na1", token = { command = { "sh", "-c", text } } }
    end
    peer.write_file(connections, ironclad.json.encode {
      waiting = entry(("until [ -e '%s' ]; do sleep 0.02; done; echo words for people >&2; echo a token"):format(file)),
      failing = entry "printf 'no key\\a\\n\\n' >&2; echo a secret; exit 2",
      missing = { instance = "na1", token = { command = { "/nonexistent/program" } } },
    })
    peer.shell("chmod 600 " .. connections)
    prints("ironclad.client (https://na1.ironcladapp.com)\n"
      .. "token: sh ended with status 2: no key \n"
      .. "token: /nonexistent/program cannot be run: it is no program that can be executed\n", ([[
      vim.env.IRONCLAD_CONFIG = %q
      local timer = uv.new_timer()
      timer:start(1, 0, function() io.open(%q, "w"):close() end)
      say(ironclad.connect "waiting")
      for _, name in ipairs { "failing", "missing" } do
        local _, problem = pcall(ironclad.connect, name)
        say((problem:match "token: .*"))
      end
      vim.cmd "qa!"
    ]]):format(connections, file))
  end)
end)
