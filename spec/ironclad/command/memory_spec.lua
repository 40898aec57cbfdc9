-- The memory of a list does not grow with its rows, in any form of output.
local command = require "spec.support.command"
local peer = require "spec.support.peer"
local process = require "spec_process"
local rows = require "spec.support.rows"
local scene = require "spec.support.scene"

-- A sanitizer and valgrind keep what was freed. The two kinds of Lua are enough.
local measured = (_VERSION == "Lua 5.4" or rawget(_G, "jit")) and not os.getenv "IRONCLAD_SPEC_SLOW"
  and (os.getenv "LD_PRELOAD" or "") == "" and io.open "/proc/self/status"

local FEW, MANY = 1000, 10000
local MOST = 2048 -- KiB that ten times the rows may add to the peak of resident memory; they are 5,000 KiB of JSON

local TEXT = ("text "):rep(80)

-- Runs the command, then says how much memory its process had at most.
local PROGRAM = [[
local status = require "ironclad.command.main" (arg)
for line in io.lines "/proc/self/status" do
  local kib = line:match "^VmHWM:%s*(%d+)"
  if kib then io.stderr:write("peak ", kib, "\n") end
end
os.exit(status, true)
]]

local describe_memory = measured and describe or pending

describe_memory("the memory of a list stays the same", function()
  local folder, answers

  setup(function()
    folder = peer.temporary_folder()
    peer.write_file(folder .. "/program.lua", PROGRAM)
    answers = { [FEW] = rows.answers(FEW, TEXT), [MANY] = rows.answers(MANY, TEXT) }
  end)
  teardown(function() peer.remove_folder(folder) end)
  after_each(scene.stop)

  -- The peak in KiB, and the number of lines printed.
  local function peak(words, count)
    local server = scene.answering(answers[count])
    local given = command.environment { IRONCLAD_INSTANCE = peer.url(server), IRONCLAD_TOKEN = scene.TOKEN,
      IRONCLAD_AS_USER = "a@b.example" }
    local out, status = peer.shell(("%s %s %s/program.lua records list --all %s 2>%s/err | wc -l; cat %s/err"):format(
      given, process.interpreter(), folder, words, folder, folder))
    assert.equal(0, status, out)
    local lines, kib = out:match "^%s*(%d+)\npeak (%d+)\n$"
    assert.is_not_nil(kib, out)
    assert.is_true(tonumber(lines) >= count, out)
    return tonumber(kib)
  end

  for _, words in ipairs { "", "--table", "--csv=id,name", "--csv", "--jsonl", "--json" } do
    it("as " .. (words == "" and "tab-separated values" or words), function()
      local few, many = peak(words, FEW), peak(words, MANY)
      assert.is_true(many - few <= MOST, ("%d KiB with %d rows, %d with %d"):format(few, FEW, many, MANY))
    end)
  end
end)
