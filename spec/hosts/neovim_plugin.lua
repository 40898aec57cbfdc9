-- The plugin editors/neovim in a headless Neovim, from its folder and as `make neovim` installs it.
local command = require "spec.support.command"
local host = require "spec.support.host"
local ironclad = require "ironclad"
local neovim = require "spec.support.neovim"
local peer = require "spec.support.peer"

local scene = host.scene()
teardown(scene.stop)

local here = peer.shell("pwd"):match "[^\n]+"
local sandbox = scene.sandbox

-- What scripts share: keys, the text of the buffer, waiting for it.
local TOOLS = [[
  local said = {}
  vim.notify = function(text) said[#said + 1] = text end
  local function shown() return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") end
  local function told() return table.concat(said, "\n") end
  -- Says the word once the pattern is in the buffer or in a notification; otherwise what is there.
  local function expect(word, pattern)
    local there = vim.wait(20000, function() return shown():find(pattern) or told():find(pattern) end)
    say(there and word or "NOT " .. word .. ": " .. shown() .. "\n" .. told())
  end
  -- Called before the first view. Once the plugin says that it does something, answers come only when Neovim ends.
  local function hold_answers()
    local ends, run, notify = false, require "ironclad.calls.run", vim.notify
    local finish = run.finish
    vim.api.nvim_create_autocmd("VimLeavePre", { callback = function() ends = true end })
    vim.notify = function(text)
      notify(text)
      if not text:find "…$" then return end
      vim.schedule(function() vim.cmd "qa!" end)
      run.finish = function(...)
        while not ends do coroutine.yield() end
        return finish(...)
      end
    end
  end
  local function press(keys)
    vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(keys, true, true, true), "xt", false)
  end
]]

-- Runs a script with the plugin's folder on 'runtimepath'.
-- @param options as those of neovim.run; home: the folder of HOME; connection: false leaves the environment without
local function run(source, options)
  options = options or {}
  return neovim.run(options.home or scene.folder, TOOLS .. source .. "\nvim.cmd 'qa!'", {
    arguments = options.arguments or "-u NORC --cmd " .. peer.quoted("set rtp^=" .. here .. "/editors/neovim"),
    environment = command.environment(options.connection ~= false and command.of_sandbox(sandbox) or nil) .. " "
      .. (options.environment or ""),
    paths = options.paths,
  })
end

local function prints(expected, source, options)
  local output, status = run(source, options)
  assert.are.equal(0, status, output)
  assert.are.equal(expected, (output:gsub("\r", "")))
end

-- A file of named connections -> its variable.
local function named(connections)
  local path = scene.folder .. "/connections.json"
  peer.write_file(path, ironclad.json.encode(connections))
  peer.shell("chmod 600 " .. path)
  return "IRONCLAD_CONFIG=" .. path
end

describe("the Neovim plugin", function()
  it("loads nothing at the start, and maps no key", function()
    prints("2\t0\n", [[
      local loaded = 0
      for name in pairs(package.loaded) do
        if name:find "^ironclad" then loaded = loaded + 1 end
      end
      local keys = vim.tbl_filter(function(map) return (map.rhs or "") .. (map.desc or "") ~= "" and
        not map.lhs:find "^<Plug>" and (map.rhs or map.desc):lower():find "ironclad" end, vim.api.nvim_get_keymap "n")
      say(vim.fn.exists ":Ironclad", loaded + #keys)
    ]])
  end)

  it("shows, approves, comments on and downloads a contract", function()
    local client = sandbox:connect()
    local workflow = ironclad.must(client.workflows:launch {
      template = "5f595f76c4fc9b3571413c3a",
      attributes = { counterpartyName = "Browsed Corp", draft = { ironclad.file { data = "%PDF-browsed",
        filename = "nda.pdf" } }, mutual = true, contractValue = ironclad.money("USD", 1234567.5),
        agreementDate = ironclad.date(2030, 1, 31), term = ironclad.duration { years = 2 } },
    })
    prints("listed\nopened\ntext\nmoney\nday\nyes or no\nlength\ncommented\napproved\nsaved\nwhere\nkeys\n"
      .. "closed\n", [[
      vim.ui.select = function(items, _, on_choice) on_choice(items[1]) end
      vim.ui.input = function(options, on_answer)
        on_answer(options.prompt == "Comment: " and "from\nNeovim" or target)
      end
      target = vim.env.HOME .. "/browsed.pdf"
      vim.cmd "Ironclad workflows"
      expect("listed", "Browsed Corp")
      vim.fn.search "Browsed Corp"
      press "<CR>"
      expect("opened", "Approvals")
      expect("text", "Counterparty Name +Browsed Corp")
      expect("money", "Value of the Deal +USD 1,234,567.50")
      expect("day", "Agreement Date +31 Jan 2030\n")
      expect("yes or no", "Mutual +yes\n")
      expect("length", "Term +2 years\n")
      press "c"
      expect("commented", "Comments\n  Jane Doe  .- UTC\n    from\n    Neovim")
      press "a"
      expect("approved", ": approved as ")
      press "d"
      expect("saved", "Ironclad: saved .*/browsed.pdf")
      target = vim.env.HOME .. "/files"
      vim.fn.mkdir(target)
      press "d"
      expect("where", "Ironclad: saved .*/files/.")
      press "?"
      expect("keys", "a +approve as one of the roles\n.*q +close\n")
      press "q"
      press "q"
      say(shown():find "Attributes" and "still there" or "closed")
    ]])
    assert.are.equal("%PDF-browsed", peer.read_file(scene.folder .. "/browsed.pdf"))
    assert.matches("approved", ironclad.json.encode(ironclad.must(client.workflows:get_approvals(workflow))))
  end)

  it("replaces a file only when told so", function()
    prints("asked\tmine\nsaved\tmine\tfalse\n", [[
      local target, answer, asked = vim.env.HOME .. "/notes.pdf", 2, nil
      vim.fn.writefile({ "mine" }, target)
      vim.ui.select = function(items, options, on_choice)
        local about_the_file = options.prompt:find "notes.pdf is there already"
        local number = about_the_file and answer or 1
        on_choice(items[number], number)
        asked = asked or about_the_file
      end
      vim.ui.input = function(_, on_answer) on_answer(target) end
      vim.cmd "Ironclad workflow IC-2"
      vim.wait(20000, function() return shown():find "Approvals" end)
      press "d"
      vim.wait(20000, function() return asked or told() ~= "" end)
      say(asked and "asked", vim.fn.readfile(target)[1])
      answer = 1
      press "d"
      vim.wait(20000, function() return told():find "saved" end)
      say("saved", asked and "mine", vim.fn.readfile(target)[1] == "mine")
    ]])
  end)

  it("offers a comment again that was not sent", function()
    sandbox:fail { status = 422, operation = "workflows:create_comment", message = "not now" }
    prints("\nfailed\nmy words\ncommented\n\n", [[
      local given = "my words"
      vim.ui.input = function(options, on_answer)
        say(options.default or "")
        on_answer(given)
      end
      vim.cmd "Ironclad workflow IC-3"
      vim.wait(20000, function() return shown():find "Approvals" end)
      press "c"
      expect("failed", "not now")
      vim.cmd "edit"
      vim.wait(20000, function() return shown():find "Approvals" end)
      press "c"
      expect("commented", "Ironclad: commented")
      given = nil
      press "c"
    ]])
  end)

  for _, row in ipairs {
    { "c", "commenting", "commented" }, { "a", "approving as .-", "approved as " },
    { "d", "saving n.pdf", "saved .*/last.pdf" },
  } do
    it("does what it was asked to do before Neovim ends: " .. row[2], function()
      ironclad.must(sandbox:connect().workflows:launch { template = "5f595f76c4fc9b3571413c3a", attributes = {
        counterpartyName = "Last Corp", draft = { ironclad.file { data = "%PDF-last", filename = "n.pdf" } } } })
      prints("done\n", ([[
        vim.ui.select = function(items, _, on_choice) on_choice(items[1]) end
        vim.ui.input = function(_, on_answer) on_answer(vim.env.HOME .. "/last.pdf") end
        hold_answers()
        vim.cmd "Ironclad workflows"
        vim.wait(20000, function() return shown():find "Last Corp" end)
        vim.fn.search "Last Corp"
        press "<CR>"
        vim.wait(20000, function() return shown():find "Approvals" end)
        vim.api.nvim_create_autocmd("VimLeave", { callback = function()
          say(told():find "Neovim ends when this is done: %s.*Ironclad: %s" and "done" or told())
        end })
        press %q
        vim.wait(20000, function() return false end)
      ]]):format(row[2], row[3], row[1]))
      os.remove(scene.folder .. "/last.pdf")
    end)
  end

  it("shows until somebody has read it what could not be done before Neovim ended", function()
    sandbox:fail { status = 422, operation = "workflows:create_comment", message = "not now" }
    prints("workflows:create_comment: Ironclad answered 422 INVALID_STATE: not now\n", [[
      vim.ui.input = function(_, on_answer) on_answer "too late" end
      hold_answers()
      vim.api.nvim_list_uis = function() return { {} } end
      vim.fn.confirm = function(text) say(text:match "^Ironclad: (.*: not now)" or text) end
      vim.cmd "Ironclad workflow IC-3"
      vim.wait(20000, function() return shown():find "Approvals" end)
      press "c"
      vim.wait(20000, function() return false end)
    ]])
  end)

  it("shows null as missing", function()
    local answers = {}
    for i, text in ipairs {
      '{"id":"w1","ironcladId":null,"title":null,"step":null,"status":null,"lastUpdated":null,"recordIds":[null,"r1"],'
        .. '"attributes":{"a":null,"price":{"currency":"USD","amount":null},"b":[null,1]},"schema":{"a":null}}',
      '{"approvalGroups":[{"reviewers":null},{"reviewers":[{"displayName":null,"role":"legal","status":null}]}]}',
      '{"list":[{"author":null,"timestamp":null,"commentMessage":null}]}',
      '{"signaturePacketDocuments":null,"excludedFromSignaturePacketDocuments":[{"key":"k","filename":null}]}',
      '{"list":[{"id":"r1","ironcladId":null,"type":null,"name":null}],"count":null}',
      '{"id":"r1","ironcladId":null,"name":null,"type":null,"properties":{"x":null},"attachments":{"a":null,'
        .. '"b":{"filename":null}}}',
      '{"properties":null,"recordTypes":null,"attachments":null}',
    } do answers[i] = peer.json(text) end
    local server = peer.start { answers = answers, connections = { { { "read" }, { "answer" }, { "loop" } } } }
    finally(function() server:stop() end)
    prints("workflow\ndocument k\nlist\nrecord\ndocument b\n", [[
      local offered
      vim.ui.select = function(items, options) offered = "document " .. options.format_item(items[1]) end
      vim.cmd "Ironclad workflow w1"
      expect("workflow", "^w1 +\n  %?, %?, changed %?\n\nAttributes\n  B +1\n  Price  Currency: USD\n\n"
        .. "Approvals\n  legal  %?\n\nComments\n  %?  %?\n\nRecords\n  r1$")
      press "d"
      vim.wait(20000, function() return offered end)
      say(offered)
      offered = nil
      vim.cmd "Ironclad records"
      expect("list", "^Records: 1\n\n  r1$")
      vim.cmd "Ironclad record r1"
      expect("record", "^r1 *\n *\n\nProperties\n\nAttachments\n  B  b$")
      press "d"
      vim.wait(20000, function() return offered end)
      say(offered)
    ]], { connection = false, environment = "IRONCLAD_INSTANCE=" .. peer.url(server) .. " IRONCLAD_TOKEN=x" })
  end)

  it("shows records, and the rest of a long list", function()
    local client = sandbox:connect { rate_limit = false }
    local numbers = {}
    for i = 1, 55 do numbers[i] = i end
    local _, failures = client:map(numbers, function(i)
      return ironclad.must(client.records:create { type = "mutualNDA", name = "Listed " .. i,
        properties = { counterpartyName = "Acme", agreementDate = ironclad.date(2030, 1, 31) } })
    end)
    assert.is_nil(next(failures))
    prints("first page\nall\nrecord\nday\n", [[
      vim.cmd "Ironclad records mutualNDA"
      expect("first page", "^Records, mutualNDA: 50 of %d+\n")
      press "m"
      expect("all", "^Records, mutualNDA: %d+\n")
      vim.fn.search "Listed 7$"
      press "<CR>"
      expect("record", "Listed 7\n  Mutual NDA\n")
      expect("day", "Agreement Date +31 Jan 2030\n")
    ]])
  end)

  it("reads a buffer again, and keeps what it had when that fails", function()
    prints("there\nfailed\tstill there\nagain\n", [[
      vim.cmd "edit ironclad:///workflow/IC-1"
      expect("there", "Attributes")
      local client = require("ironclad_nvim.connection").client ""
      local request = rawget(client.workflows, "get")
      local view = require "ironclad_nvim.view"
      local kind = require "ironclad_nvim.workflow"
      local read = kind.read
      kind.read = function() error("no network", 0) end
      press "r"
      vim.wait(20000, function() return told():find "no network" end)
      say(told():find "no network" and "failed", shown():find "Attributes" and "still there")
      kind.read = read
      vim.cmd "edit"
      expect("again", "Attributes")
    ]])
  end)

  it("shows what is wrong", function()
    prints("unknown\nstatus\nid\nnot there\nno view\nnot an address\n", [[
      vim.cmd "Ironclad nonsense"
      expect("unknown", "there is no :Ironclad nonsense; try one of connect, help")
      vim.cmd "Ironclad workflows done"
      expect("status", 'there is no status "done": expected one of active')
      vim.cmd "Ironclad workflow"
      expect("id", "needs an id")
      vim.cmd "Ironclad workflow IC-9999"
      expect("not there", "^Not read\n\n  workflows:get: .*not_found")
      vim.cmd "enew"
      press "<Plug>(ironclad-approve)"
      expect("no view", "is not one of :Ironclad")
      vim.cmd "edit ironclad:///nothing/at/all"
      expect("not an address", "not an address of Ironclad's")
    ]])
  end)

  -- Neovim clears a message that an autocommand of :edit shows, so the buffer must say what is wrong.
  it("says in the buffer what is wrong with its connection or its name, and reads it when that is mended", function()
    prints("instance\nsecret\nfile\nno connection\naddress\nfalse\nmended\n", [[
      local function shows(word, pattern)
        local there = vim.wait(20000, function() return shown():find(pattern) end)
        say(there and word or "NOT " .. word .. ": " .. shown())
      end
      local instance, secret = vim.env.IRONCLAD_INSTANCE, vim.env.IRONCLAD_CLIENT_SECRET
      local ca_file = vim.env.IRONCLAD_CA_FILE
      vim.env.IRONCLAD_INSTANCE = "na99"
      vim.cmd "Ironclad"
      shows("instance", "^Not read\n\n  ironclad.from_env: .*na99.*\n\n  :edit reads it again$")
      vim.env.IRONCLAD_INSTANCE, vim.env.IRONCLAD_CLIENT_SECRET = instance, nil
      press "r"
      shows("secret", "^Not read\n\n  ironclad.from_env: .*client_secret")
      vim.env.IRONCLAD_CLIENT_SECRET, vim.env.IRONCLAD_CA_FILE = secret, "/nonexistent"
      vim.cmd "edit"
      shows("file", "^Not read\n\n  ironclad.from_env: .*cannot read /nonexistent")
      vim.cmd "edit ironclad://nobody/records"
      shows("no connection", "^Not read\n\n  ironclad.connect: cannot read /nonexistent")
      vim.cmd "edit ironclad:///nothing/at/all"
      shows("address", "^Not read\n\n  ironclad:///nothing/at/all is not an address of Ironclad's")
      for _, key in ipairs { "a", "c", "d", "m", "<CR>" } do press(key) end
      say(vim.bo.modifiable)
      vim.env.IRONCLAD_CA_FILE = ca_file
      vim.cmd "Ironclad"
      shows("mended", "^Workflows, active")
    ]], { environment = "IRONCLAD_CONFIG=/nonexistent" })
  end)

  it("cancels a reading that nobody waits for any more", function()
    local server = peer.start { connections = { { { "read" }, { "hang" } } } }
    finally(function() server:stop() end)
    prints("1\n1\n0\n", [[
      local ironclad = require "ironclad"
      local function says_pending(count)
        vim.wait(20000, function() return ironclad.stats().pending == count end)
        say(ironclad.stats().pending)
      end
      vim.cmd "Ironclad workflow w1"
      says_pending(1)
      for _ = 1, 3 do press "r" end
      vim.cmd "edit"
      says_pending(1)
      press "q"
      says_pending(0)
    ]], { connection = false, environment = "IRONCLAD_INSTANCE=" .. peer.url(server) .. " IRONCLAD_TOKEN=x" })
  end)

  it("completes subcommands and their arguments", function()
    prints("connect help record records workflow workflows\nworkflow workflows\npaused\nan operation\none\n", [[
      local function completed(line) say(table.concat(vim.fn.getcompletion(line, "cmdline"), " ")) end
      completed "Ironclad "
      say(table.concat(require("ironclad_nvim").complete("w", "vertical Ironclad w"), " "))
      completed "Ironclad workflows p"
      say(vim.tbl_contains(vim.fn.getcompletion("Ironclad help workflows:list_c", "cmdline"), "workflows:list_comments")
        and "an operation")
      completed "Ironclad connect o"
    ]], { environment = named { one = { instance = "na1", token = "x" } } })
  end)

  it("opens a window when a modifier says so", function()
    prints("1\t2\t2\n", [[
      local function windows() return #vim.api.nvim_tabpage_list_wins(0) end
      vim.cmd "silent Ironclad records"
      local first = windows()
      vim.cmd "vertical Ironclad workflows"
      say(first, windows(), (vim.cmd "tab Ironclad workflow IC-1" or true) and vim.fn.tabpagenr "$")
    ]])
  end)

  it("explains names of the module", function()
    prints("records:list\nan option\n", [[
      vim.cmd "Ironclad help records:list"
      expect("records:list", "^client.records:list%(arguments%)\n  Lists records")
      vim.cmd "Ironclad help deadline"
      expect("an option", "^deadline, an option of")
    ]])
  end)

  it("leaves its keys out when told so, and takes others", function()
    prints("0\t1\n", [[
      vim.g.no_ironclad_maps = 1
      vim.cmd "autocmd FileType ironclad nmap <buffer> R <Plug>(ironclad-refresh)"
      vim.cmd "Ironclad records"
      say(vim.fn.mapcheck("a", "n") == "" and 0, vim.fn.maparg("R", "n"):find "refresh" and 1)
    ]])
  end)

  it("uses the connection that is chosen, and a view keeps its own", function()
    prints("the first\nchosen\nironclad://two/workflows\nthe second\nironclad:///workflow/IC-2\nunknown\n", [[
      vim.cmd "Ironclad workflows"
      expect("the first", "^Workflows, active")
      local first = vim.api.nvim_get_current_buf()
      vim.cmd "Ironclad connect two"
      expect("chosen", "two is used from now on")
      vim.cmd "Ironclad workflows"
      say(vim.api.nvim_buf_get_name(0))
      expect("the second", "^Workflows, active")
      vim.cmd("buffer " .. first)
      vim.fn.search "IC-2 "
      press "<CR>"
      say(vim.api.nvim_buf_get_name(0))
      vim.cmd "Ironclad connect three"
      expect("unknown", 'there is no connection "three"')
    ]], { environment = named { two = sandbox:options {} } })
  end)

  it("says what to do without a connection", function()
    prints("told\n", [[
      vim.cmd "Ironclad"
      expect("told", "no connection: run `ironclad login`")
    ]], { connection = false, environment = "IRONCLAD_CONFIG=/nonexistent/connections.json" })
  end)
end)

describe("the Neovim plugin's installation", function()
  it("is a folder for any plugin manager, which finds the module in the tree", function()
    prints("listed\n", [[
      vim.cmd "Ironclad"
      expect("listed", "^Workflows, active")
    ]], { paths = false })
  end)

  it("is a package by make neovim, which says what it does", function()
    local home = scene.folder .. "/home"
    local site = home .. "/.local/share/nvim/site/pack/ironclad/start/ironclad"
    local output, status = peer.shell(("mkdir %s && HOME=%s XDG_DATA_HOME= make -s neovim"):format(home, home))
    assert.equal(0, status, output)
    assert.equal(("The module and the plugin for Neovim are in %s\nRestart Neovim, then: :Ironclad, :help ironclad, "
      .. ":checkhealth ironclad. To remove them, remove that folder.\n"):format(site), output)
    prints("listed\nhelp\nits reference\n" .. site .. "/lua/ironclad/core.so\n", [[
      vim.cmd "Ironclad"
      expect("listed", "^Workflows, active")
      vim.cmd "help ironclad"
      expect("help", "This plugin lists, reads")
      vim.cmd "help ironclad-records:list"
      local line = vim.fn.getline "."
      say(line:find("*ironclad-records:list*", 1, true) and "its reference")
      say(vim.api.nvim_get_runtime_file("lua/ironclad/core.so", false)[1])
    ]], { paths = false, arguments = "-u NORC", home = home })
  end)
end)

describe(":checkhealth ironclad", function()
  local function report(environment_words, options)
    local output = run([[
      vim.cmd "checkhealth ironclad"
      say(shown())
    ]], { environment = environment_words, connection = options and options.connection, paths = options and
      options.paths, arguments = options and options.arguments })
    assert.is_nil(output:find(sandbox.client_secret, 1, true))
    return output
  end

  it("sees the environment's connection and the named ones", function()
    local output = report(named {
      one = sandbox:options {}, two = { instance = "na1", token = { command = { "false" } } },
    })
    assert.matches("ironclad %d+%.%d+%.%d+ for LuaJIT", output)
    assert.matches("libcurl %d+%.%d+", output)
    assert.matches("OK:? environment: https://127.0.0.1:%d+, its token is valid for %d+ h", output)
    assert.matches("OK:? one: https://127.0.0.1:%d+, its token is valid for %d+ h", output)
    assert.matches("two: its secret is printed by a command, which is not run here", output)
    assert.matches("what :Ironclad uses[^\n]*\n *%- OK:? the environment's connection", output)
  end)

  it("does not wait for long", function()
    local server = peer.start { connections = { { { "read" }, { "hang" } } } }
    finally(function() server:stop() end)
    assert.matches("no answer\tthe rest\t0\n", (run([[
      require("ironclad.health").seconds = 0.1
      vim.cmd "checkhealth ironclad"
      vim.wait(20000, function() return require("ironclad").stats().pending == 0 end)
      say(shown():find "WARNING:? environment: http://[%w.:]+: no answer within 0.1 seconds" and "no answer" or shown(),
        shown():find "what :Ironclad uses" and "the rest", require("ironclad").stats().pending)
    ]], { environment = "IRONCLAD_INSTANCE=" .. peer.url(server) })))
  end)

  it("says that there is none", function()
    local output = report("IRONCLAD_CONFIG=/nonexistent/connections.json", { connection = false })
    assert.matches("IRONCLAD_INSTANCE is not set", output)
    assert.matches("`ironclad login NAME` in a terminal makes one", output)
    assert.matches("WARNING:? no connection", output)
  end)

  it("says what is missing without the module", function()
    local folder = scene.folder .. "/alone"
    peer.shell(("mkdir %s && cp -r editors/neovim/. %s"):format(folder, folder))
    local output = report("", { paths = false, arguments = "-u NORC --cmd " .. peer.quoted("set rtp^=" .. folder) })
    assert.matches("ERROR:? not found: the module ironclad cannot be loaded", output)
    assert.matches("make neovim", output)
  end)
end)

describe("the help for Neovim", function()
  it("has no link without a tag, and no tag twice", function()
    local folder = scene.folder .. "/doc"
    peer.shell(("mkdir %s && cp editors/neovim/doc/ironclad.txt %s"):format(folder, folder))
    local output, status = peer.shell(("nvim --headless -u NONE -i NONE -c 'helptags %s' -c 'qa!'"):format(folder))
    assert.equal("", output)
    assert.equal(0, status)
    local tags = {}
    for tag in peer.read_file(folder .. "/tags"):gmatch "([^\t\n]+)\t[^\n]*" do tags[tag] = true end
    local text = peer.read_file(folder .. "/ironclad.txt")
    for link in text:gmatch "|([^|%s]+)|" do
      if link:find "ironclad" then assert.is_truthy(tags[link], link) end
    end
    for line in text:gmatch "[^\n]+" do assert.is_true(#line <= 80, line) end
  end)
end)
