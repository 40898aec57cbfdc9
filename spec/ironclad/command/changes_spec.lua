-- ironclad changes: an item is handled when it has been printed, in whatever form.
local command = require "spec.support.command"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

local sandbox, client, given, folder, state
local number, COUNT = 0, nil

setup(function()
  sandbox, given, client = command.start_sandbox()
  folder = peer.temporary_folder()
  COUNT = client.records:list { pageSize = 1 }.count
end)
teardown(function()
  sandbox:stop()
  peer.remove_folder(folder)
end)
before_each(function()
  number = number + 1
  state = (" --state %s/%d.state "):format(folder, number)
end)
after_each(function()
  sandbox:clear_faults()
  sandbox:max_page_size(0)
end)

-- Adds the ids that a text has to a set -> how many the set has then.
local function add_ids(ids, text)
  for id in text:gmatch "IC%-%d+" do
    if not ids[id] then ids[id], ids.count = true, (ids.count or 0) + 1 end
  end
  return ids.count or 0
end

local function rest() return (command.run("changes records --columns ironcladId" .. state, given)) end

local forms = { "", "--json", "--table", "--csv", "--csv=ironcladId,name", "--columns ironcladId" }

describe("ironclad changes loses nothing", function()
  for _, form in ipairs(forms) do
    it("that could not be written " .. form, function()
      local out, status = command.shell("$ironclad changes records" .. state .. form .. " 2>&1 > /dev/full", given)
      assert.same({ "ironclad: cannot write the output: No space left on device\n", 1 }, { out, status })
      assert.equal(COUNT, add_ids({}, rest()))
    end)

    it("after an error in the middle " .. form, function()
      sandbox:max_page_size(5)
      sandbox:fail { status = 400, path = "/public/api/v1/records", after = 2, times = 50 }
      local out, err, status = command.run("changes records" .. state .. form, given)
      assert.equal(1, status)
      assert.matches("records:list: Ironclad answered 400", err)
      if form == "--json" then assert(ironclad.json.decode(out)) end
      local ids = {}
      assert.is_true(add_ids(ids, out) > 0, out)
      sandbox:clear_faults()
      local after = rest()
      for id in after:gmatch "IC%-%d+" do assert.is_nil(ids[id], id) end
      assert.equal(COUNT, add_ids(ids, after))
      assert.equal("", rest())
    end)

    it("when it ends well " .. form, function()
      assert.equal(COUNT, add_ids({}, (command.run("changes records" .. state .. form, given))))
      assert.equal("", rest())
    end)
  end

  it("when the state cannot be saved at the end", function()
    assert.matches("%S", rest())
    assert(client.records:create { type = "mutualNDA", name = "A new one", properties = {} })
    COUNT = COUNT + 1
    local out, status = command.shell("(trap '' XFSZ; ulimit -f 0; $ironclad changes records --table" .. state
      .. "2>&1 | cat; exit $?)", given)
    assert.equal(0, status)
    assert.matches("A new one", out)
    assert.matches("ironclad: [^\n]*cannot write[^\n]*File too large", out)
    assert.equal(1, add_ids({}, rest()))
  end)

  it("after Ctrl-C before a table is printed", function()
    sandbox:max_page_size(5)
    sandbox:fail { how = "delay", seconds = 60, path = "/public/api/v1/records", after = 2, done = true }
    local before = #sandbox:requests()
    local pipe = io.popen(("preload=$LD_PRELOAD; unset LD_PRELOAD; %s %s changes records --table%s "
      .. "2>&1 & echo $!; wait $!; echo status $?"):format(command.environment(given), command.program(), state))
    local process = pipe:read "*l"
    peer.eventually(function() return #sandbox:requests() > before + 3 end)
    peer.shell("kill -INT " .. process)
    local out = pipe:read "*a"
    pipe:close()
    assert.matches("^ironclad: cancelled[^\n]*\nstatus 2\n$", out)
    sandbox:clear_faults()
    assert.equal(COUNT, add_ids({}, rest()))
  end)
end)

describe("ironclad changes --follow", function()
  it("prints each item at once, on a terminal too", function()
    for _, form in ipairs { "", "--columns ironcladId", "--csv=ironcladId,name" } do
      number = number + 1
      local words = ("changes records --state %s/%d.state --follow --every 60 %s"):format(folder, number, form)
      local out, status = command.terminal(words, given, 80, { { "IC-22", "\3" } })
      assert.equal(2, status, out)
      local ids = {}
      assert.is_true(add_ids(ids, out) > 0, out)
      state = (" --state %s/%d.state "):format(folder, number)
      assert.equal(COUNT, add_ids(ids, rest()))
    end
  end)

  it("prints CSV in a pipe", function()
    local line = "$ironclad changes records --follow --csv=ironcladId%s| head -n 2"
    assert.matches("^ironcladId\r\nIC%-%d+\r\n$", (command.shell(line:format(state), given)))
  end)

  it("refuses forms that end", function()
    for _, form in ipairs { "--json", "--table", "--csv" } do
      local out, err, status = command.run("changes records --follow " .. form .. state, given)
      assert.same({ "", "ironclad: --follow prints lines: --jsonl, --columns or --csv=COLUMNS\n", 2 },
        { out, err, status })
    end
  end)
end)
