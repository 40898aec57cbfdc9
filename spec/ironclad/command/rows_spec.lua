-- Many rows through the command: each form prints every one of them once, in Ironclad's order, page by page.
local command = require "spec.support.command"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local rows = require "spec.support.rows"
local scene = require "spec.support.scene"

local ROWS = 2050

local answers = rows.answers(ROWS)

after_each(scene.stop)

-- What the command prints, and the server that it asked.
local function run(words)
  local server = scene.answering(answers)
  local out, err, status = command.run("records list " .. words, { IRONCLAD_INSTANCE = peer.url(server),
    IRONCLAD_TOKEN = scene.TOKEN, IRONCLAD_AS_USER = "a@b.example" })
  assert.are.same({ 0, "" }, { status, err })
  return out, server
end

-- What the command prints of all rows.
local function listed(words)
  local out, server = run("--all " .. words)
  assert.are.equal(#answers, #server:requests())
  return out
end

-- Checks that the pattern finds the number of each row in its turn.
local function check(out, pattern)
  local count = 0
  for number in out:gmatch(pattern) do
    count = count + 1
    assert.are.equal(count, tonumber(number))
  end
  assert.are.equal(ROWS, count)
end

describe("thousands of rows", function()
  for words, count in pairs { [""] = 30, ["pageSize=100"] = 30, ["page=0 pageSize=100"] = 30,
    ["pageSize=100 --limit 120"] = 120, ["pageSize=100 --all"] = ROWS } do
    it("end after 30, unless something else is said: " .. words, function()
      assert.are.equal(count, select(2, run(words .. " --jsonl"):gsub("\n", "")))
    end)
  end

  it("as tab-separated values", function() check(listed "", "\n?IC%-(%d+)\t[^\n]*\n") end)
  it("as a table", function() check(listed "--table", "\nIC%-(%d+) ") end)
  it("as lines of JSON", function() check(listed "--jsonl", '"id":"r(%d+)"[^\n]*') end)
  it("as JSON", function()
    local list = assert(ironclad.json.decode((listed "--json")))
    assert.are.equal(ROWS, #list)
    assert.are.equal("r" .. ROWS, list[ROWS].id)
  end)
  for words in pairs { ["--csv"] = 1, ["--csv id,name"] = 1 } do
    it("as " .. words, function()
      local path = os.tmpname()
      peer.write_file(path, (listed(words)))
      local count = 0
      for row in ironclad.csv.rows(path) do
        count = count + 1
        assert.are.same({ "r" .. count, ('Row %d, "quoted"\nin two lines'):format(count) }, { row.id, row.name })
      end
      assert.are.equal(ROWS, count)
      os.remove(path)
    end)
  end
end)
