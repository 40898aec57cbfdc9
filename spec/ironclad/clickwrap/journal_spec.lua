-- Journals of acceptances: who may send, across tasks, processes and ends of processes.
local action = require "ironclad.clickwrap.action"
local core = require "ironclad.core"
local journal = require "ironclad.clickwrap.journal"
local peer = require "spec.support.peer"

-- The functions of nginx's shared dictionaries that are used here.
local function dictionary()
  local values = {}
  return {
    safe_add = function(_, name, value)
      if values[name] ~= nil then return false, "exists" end
      values[name] = value
      return true
    end,
    get = function(_, name) return values[name] end,
    delete = function(_, name) values[name] = nil end,
  }
end

-- The versions are part of what names an acceptance in the journal: another order would be another acceptance.
describe("the versions of an acceptance", function()
  it("have one order, in whatever order they were given", function()
    local ids = { "1", "2", "9", "10", "10.5", "100", "0x3", "1e1", "1x", "9x", "x" }
    for shift = 0, 49 do
      local versions, contracts = {}, {}
      for i = 1, #ids do
        local id = ids[(i * (shift % (#ids - 1) + 1) + shift) % #ids + 1]
        versions[id] = "v"
        collectgarbage "step"
      end
      for i, one in ipairs(action.wanted("accept", versions)) do contracts[i] = one.contract end
      assert.are.equal("1 2 9 10 100 0x3 10.5 1e1 1x 9x x", table.concat(contracts, " "))
    end
  end)
end)

describe("a journal", function()
  local folder
  before_each(function() folder = peer.temporary_folder() end)
  after_each(function() peer.remove_folder(folder) end)

  for kind, make in pairs {
    ["in memory"] = function() return journal.memory() end,
    ["in a folder"] = function() return journal.of("accept", folder) end,
    ["in a dictionary"] = function() return journal.of("accept", dictionary()) end,
  } do
    it(kind .. " gives each round to one, and remembers the last", function()
      local one, key = make(), "site\njane\nterms\n/../ a key"
      assert.is_nil(one:last(key))
      assert.is_true(one:claim(key, 1))
      assert.is_false(one:claim(key, 1))
      local round, time = one:last(key)
      assert.are.equal(1, round)
      assert.is_true(math.abs(os.time() - time) < 60)
      assert.is_true(one:claim(key, 2))
      assert.is_false(one:claim(key, 2))
      assert.are.equal(2, (one:last(key)))
      assert.is_nil(one:last "another")
      one:done(key)
      assert.is_nil(one:last(key))
      assert.is_false(one:claim(key, 2))
    end)
  end

  it("in a folder is read by the next process, and a line that was cut off is none", function()
    assert.is_true(journal.of("accept", folder):claim("k", 1))
    local path = peer.shell("ls " .. peer.quoted(folder)):match "%S+"
    local bytes = peer.read_file(folder .. "/" .. path)
    peer.write_file(folder .. "/" .. path, bytes .. "\n2 1764")
    local later = journal.of("accept", folder)
    assert.are.equal(1, (later:last "k"))
    assert.is_true(later:claim("k", 2))
    assert.are.equal(2, (later:last "k"))
  end)

  it("in a folder does not count a mark that was cut off, also when the next line ends it", function()
    assert.is_true(journal.of("accept", folder):claim("k", 1))
    local path = folder .. "/" .. peer.shell("ls " .. peer.quoted(folder)):match "%S+"
    peer.write_file(path, peer.read_file(path):sub(1, -4))
    local later = journal.of("accept", folder)
    assert.is_nil(later:last "k")
    assert.is_true(later:claim("k", 1))
    assert.are.equal(1, (later:last "k"))
  end)

  it("in a folder gives no claim whose file somebody deletes meanwhile: it is claimed anew", function()
    local one, append = journal.of("accept", folder), core.disk.append
    core.disk.append = function(...)
      local written, message = append(...)
      one:done "k"
      return written, message
    end
    finally(function() core.disk.append = append end)
    assert.is_false(one:claim("k", 1))
    core.disk.append = append
    assert.is_true(one:claim("k", 1))
  end)

  it("in a folder is on the disk, with its name, before it gives a claim", function()
    local append, given = core.disk.append, nil
    core.disk.append = function(...)
      given = { ... }
      return nil, "the disk is full"
    end
    finally(function() core.disk.append = append end)
    local won, message = journal.of("accept", folder):claim("k", 1)
    assert.are.same({ nil, "the disk is full" }, { won, message })
    assert.is_true(given[3])
  end)

  it("in a folder lets one of many processes through", function()
    local source = [[
      local journal = require("ironclad.clickwrap.journal").of("accept", (...))
      local won = 0
      for round = 1, 50 do
        if journal:claim("k", round) then won = won + 1 end
      end
      print(won)
    ]]
    local ends, won = {}, 0
    for i = 1, 4 do ends[i] = select(2, peer.start_lua(source, {}, folder)) end
    for i = 1, 4 do
      local output, status = ends[i]()
      assert.are.equal(0, status, output)
      won = won + tonumber(output)
    end
    assert.are.equal(50, won)
  end)

  it("that cannot be written or read says so", function()
    local missing = journal.of("accept", folder .. "/missing")
    local won, message = missing:claim("k", 1)
    assert.is_nil(won)
    assert.matches("No such file", message)
    assert.is_nil(missing:last "k")
    peer.write_file(folder .. "/missing", "") -- since then
    local _, _, unreadable = missing:last "k"
    assert.matches("Not a directory", unreadable)
    local full = dictionary()
    full.safe_add = function() return false, "no memory" end
    won, message = journal.of("accept", full):claim("k", 1)
    assert.is_nil(won)
    assert.are.equal("the shared dictionary: no memory", message)
  end)

  for given, words in pairs {
    [42] = "journal: expected the path of a folder, a shared dictionary or a journal, got a number",
    [""] = "journal: expected the path of a folder, a shared dictionary or a journal, got an empty string",
    ["/dev/null"] = 'journal: expected the path of a folder, "/dev/null" is a file',
    [{ claim = print }] = "journal: expected the methods claim, last and done; it has no last",
  } do
    it("is not " .. tostring(type(given)) .. ": " .. words, function()
      local fine, message = pcall(journal.of, "accept", given)
      assert.is_false(fine)
      assert.is_truthy(message:find("accept: " .. words, 1, true), message)
    end)
  end

  it("may be the script's own", function()
    local told = {}
    local own = { claim = function(_, key, round) told[#told + 1] = key .. " " .. round return true end,
      last = function(_, key) told[#told + 1] = key return 2, 1000 end,
      done = function(_, key) told[#told + 1] = "done " .. key end }
    local wrapped = journal.of("accept", own)
    assert.is_true(wrapped:claim("key", 3))
    assert.are.same({ 2, 1000 }, { wrapped:last "key" })
    wrapped:done "key"
    assert.are.same({ "key 3", "key", "done key" }, told)
  end)

  it("may be the script's own, whose functions raise errors, or return nothing", function()
    local function fail() error("the disk is full", 0) end
    local wrapped = journal.of("accept", { claim = fail, last = fail, done = fail })
    assert.are.same({ nil, "the disk is full" }, { wrapped:claim("key", 1) })
    assert.are.same({ nil, nil, "the disk is full" }, { wrapped:last "key" })
    wrapped:done "key"
    local function nothing() end
    wrapped = journal.of("accept", { claim = nothing, last = nothing, done = nothing })
    assert.are.same({ nil, "claim returned nothing" }, { wrapped:claim("key", 1) })
    assert.are.same({ n = 3 }, { n = select("#", wrapped:last "key") })
    wrapped = journal.of("accept", { claim = nothing, last = function() return "1" end, done = nothing })
    assert.are.same({ nil, nil, "last returned no round and time" }, { wrapped:last "key" })
  end)
end)
