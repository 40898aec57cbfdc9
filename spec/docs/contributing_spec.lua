-- The code blocks of CONTRIBUTING.md, and the lines for a shell of docs/performance.md. Lua runs. C is what a change
-- would add: it is added to a copy of its file and compiled. Lines for a shell build, start debuggers and measure for
-- minutes: what they name must exist. Those of a release run on a copy.
local guide = require "spec.support.guide"
local peer = require "spec.support.peer"

local contributing = peer.read_file "CONTRIBUTING.md"

-- Compiles a file of the tree, without an output. `changes`: { [path] = { place, text, after = } }: a copy of each file
-- has the text before its first `place`, or after it; without a place the file is the text -> the compiler's messages.
local function compile(file, changes)
  local folder = peer.temporary_folder()
  for path, change in pairs(changes) do
    local text = change[2]
    if change[1] then
      local old = peer.read_file("src/" .. path)
      local first, last = old:find(change[1], 1, true)
      assert(first, change[1] .. " is not in " .. path)
      local place = change.after and last or first - 1
      text = old:sub(1, place) .. text .. old:sub(place + 1)
    end
    peer.shell("mkdir -p " .. folder .. "/" .. path:match "^(.*)/")
    peer.write_file(folder .. "/" .. path, text)
  end
  local copy = folder .. "/" .. file
  local output, status = peer.shell(("${CC:-cc} -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror -fsyntax-only "
    .. "-I%s -Isrc $(pkg-config --cflags libcurl libcjson libcrypto) %s"):format(folder,
      peer.shell("test -e " .. copy .. " && echo " .. copy):match "%S+" or "src/" .. file))
  peer.remove_folder(folder)
  assert(status ~= 0 or output == "", output)
  return output
end

describe("the C of CONTRIBUTING.md", function()
  local blocks = guide.texts("CONTRIBUTING.md", "c")

  -- Each block, with the other lines that its section names, in the place that the section gives.
  local HANDLER = contributing:match '`(X%("count%-workflow%-participants"[^`]*)`'
  local ERROR = contributing:match "`({423, [^`]*})"
  local compiled = {
    function(block)
      return compile("core/catalog/catalog.c", {
        ["core/catalog/operations/clauses.def"] = { nil, block },
        ["core/catalog/operations.def"] = { '#include "core/catalog/operations/workflows.def"\n',
          '#include "core/catalog/operations/clauses.def"\n' },
      })
    end,
    function(block)
      return compile("core/catalog/catalog.c", {
        ["core/catalog/operations/workflows.def"] = { "OPERATION(", block },
      })
    end,
    function(block)
      return compile("sandbox/workflows/participants.c", {
        ["sandbox/workflows/participants.c"] = { "/* --- participants --- */\n", block, after = true },
        ["sandbox/workflows/handlers.h"] = { "IC_WORKFLOWS_ROUTES(X) \\\n", HANDLER .. " \\\n", after = true },
      })
    end,
    function(block)
      return compile("core/catalog/settings.c", { ["core/catalog/options.def"] = { "// clang-format on", block } })
    end,
    function(block)
      return compile("core/http/answer_error.c", {
        ["core/base/error_kinds.def"] = { "KIND(ARGUMENT", block },
        ["core/http/answer_error.c"] = { "{400, 499, NULL", ERROR .. "," },
      })
    end,
  }

  it("is compiled here", function() assert.equal(#compiled, #blocks) end)

  for number, with in ipairs(compiled) do
    it("compiles in its place: " .. number, function()
      assert.equal("", with(blocks[number]))
      -- The compiler has read it.
      assert.matches("typo", with("typo " .. blocks[number]))
    end)
  end
end)

-- The commands of a shell block: each line without its comment, with the lines that continue it.
local function commands(block)
  local found = {}
  for line in block:gsub("\\\n%s*", ""):gmatch "[^\n]+" do
    for command in (line:gsub("%s+#.*", "") .. " && "):gmatch "%s*(.-) && " do found[#found + 1] = command end
  end
  return found
end

local function is_release(block) return block:find "^old=" ~= nil end

local makefile = peer.read_file "Makefile"
local suites = {}
for name in peer.read_file("spec/run"):match("\nsuites='(.-)\n'"):gmatch "\n%s+(%S+)" do suites[#suites + 1] = name end

-- What the program at build/… is made from.
local function has_source(path)
  local name = path:match "^build/[^/]*/test/(.*)$"
  return name and peer.shell(("ls spec/*/%s.c"):format(name)):find("%.c\n$") ~= nil
end

local function has_file(path) return peer.shell("ls " .. path):find "^%S+\n$" ~= nil end

local function check_all(command, pattern, check)
  for word in command:gmatch(pattern) do assert.is_true(check(word), word .. " does not exist: " .. command) end
end

-- First word of a command -> a check of its other words.
local checks = {}
function checks.make(command)
  check_all(command:gsub('%u+="[^"]*"', "") .. " ", "%f[^%s](%l[^%s=]*)%s", function(word)
    return ("\n" .. makefile):find("\n" .. word:gsub("%-", "%%-") .. ":") ~= nil or has_source(word)
  end)
end
checks["spec/run"] = function(command)
  check_all(command:gsub("'", ""), " (%S+)", function(pattern)
    for _, name in ipairs(suites) do
      if name:find("^" .. pattern:gsub("%-", "%%-"):gsub("%*", ".*") .. "$") then return true end
    end
    return false
  end)
end
checks["eval"] = function(command) checks.make(command:match '^eval "%$%((.*)%)"$') end
checks["lua5.4"] = function(command) check_all(command, "%f[^%s](spec/[%w_/.]+%.lua)", has_file) end
checks.valgrind = function(command) check_all(command, "build/%S+", has_source) end
function checks.gdb(command)
  check_all(command, "build/%S+", has_source)
  check_all(command, "'break ([%w_]+)'", function(name)
    return peer.shell(("grep -rlE '^[a-z].*%s\\(' src/core --include=*.c"):format(name)):find "%.c\n$" ~= nil
  end)
end
function checks.callgrind_annotate() end
checks["for"] = function(command)
  check_all(command:match "^for spec in (.*); do$", "%S+", function(word)
    return has_file("spec/" .. word .. "_spec.lua")
  end)
end
function checks.done() end

local function check(command)
  local program = command:match "^%s*(%S+)"
  if program:find "^build/" then return assert.is_true(has_source(program), command) end
  local found = checks[program]
  assert.is_truthy(found, "there is no check for: " .. command)
  found(command)
end

describe("the lines for a shell", function()
  it("name what exists", function()
    local count = 0
    for _, path in ipairs { "CONTRIBUTING.md", "docs/performance.md" } do
      for _, block in ipairs(guide.texts(path, "sh")) do
        if not is_release(block) then
          for _, command in ipairs(commands(block)) do
            count = count + 1
            check(command)
          end
        end
      end
    end
    assert.is_true(count > 25)
  end)

  it("are refused when they name what does not", function()
    for _, command in ipairs { "make tset", "make LUA=5.4 test-biuld", "spec/run core lint",
      "build/core/test/test_none", 'eval "$(make -s enw)"', "lua5.4 spec/no_spec.lua",
      "gdb -ex 'break none' build/core/test/engine/test_budget", "valgrind build/core/test/test_none",
      "for spec in docs/none; do", "rm -rf build" } do
      assert.has_error(function() check(command) end)
    end
  end)

  it("name the works of the benchmark", function()
    local works = peer.read_file "spec/bench/peers.lua"
    local named = peer.read_file("docs/performance.md"):match "%-%-only=[^#\n]*# ([^\n]*)"
    for name in named:gmatch "[^, ]+" do
      local found = works:find('\n  { "' .. name .. '"', 1, true) or works:find('of_pages("' .. name .. '"', 1, true)
        or works:find('is_wanted "' .. name .. '"', 1, true)
      assert.is_truthy(found, name)
    end
  end)

  it("make the files of a release", function()
    local folder = peer.temporary_folder()
    finally(function() peer.remove_folder(folder) end)
    local lines
    for _, block in ipairs(guide.texts("CONTRIBUTING.md", "sh")) do
      if is_release(block) then lines = block end
    end
    peer.shell("cp *.rockspec README.md " .. folder)
    -- The folder is no repository.
    -- The folder is no repository.
    peer.write_file(folder .. "/release", 'git() { mv "$2" "$3"; }\n' .. lines)
    local old, new = lines:match "^old=(%S+) new=(%S+)"
    local output, status = peer.shell(("cd %s && sh -e release && rm release && ! grep -F %s *"):format(folder, old))
    assert.equal(0, status, output)
    for _, rock in ipairs { "ironclad", "ironclad-sandbox" } do
      local rockspec = peer.read_file(("%s/%s-%s-1.rockspec"):format(folder, rock, new))
      assert.is_truthy(rockspec:find(new, 1, true))
    end
  end)
end)

describe("the suites", function()
  it("are all in the table of CONTRIBUTING.md", function()
    local known = {}
    for cell in contributing:gmatch "\n| ([^|]*`[^|]*) |" do
      local whole
      for name in cell:gmatch "`([^`]*)`" do
        local pattern = name:gsub("%-", "%%-"):gsub("%.", "%%."):gsub("…", ".*")
        -- Behind `sandbox-5.4`, `-tsan` is sandbox-tsan, and `-asan` sandbox-5.4-asan.
        if name:find "^%-" then
          known[#known + 1] = whole:match "^[^%%]+" .. pattern
          known[#known + 1] = whole .. pattern
        else
          known[#known + 1], whole = pattern, pattern
        end
      end
    end
    for _, suite in ipairs(suites) do
      local found = false
      for _, pattern in ipairs(known) do found = found or suite:find("^" .. pattern .. "$") ~= nil end
      assert.is_true(found, suite .. " is in no row")
    end
  end)
end)

describe("the Lua of CONTRIBUTING.md", function()
  local examples = guide.texts("CONTRIBUTING.md", "lua")

  it("is a spec that passes, an example that runs, a scene for an operation, and a subcommand", function()
    assert.equal(4, #examples)
    local folder = peer.temporary_folder()
    finally(function() peer.remove_folder(folder) end)
    local file = folder .. "/example_spec.lua"
    peer.write_file(file, examples[1])
    local interpreter = require("spec_process").interpreter()
    local output, status = peer.shell(('LD_PRELOAD="$preload" %s $(command -v busted) --output=TAP %s'):format(
      interpreter, file))
    assert.equal(0, status, output)
    assert.matches("ok 1 %- a 404 is not_found", output)
    assert.matches("^workflow IC%-1 [^\n]*\nnil\t[^\n]*503", (peer.lua(examples[2])))
    local load = rawget(_G, "loadstring") or load
    assert.is_truthy(load(examples[3]))
    local subcommand = assert(load(examples[4]))()
    assert.same({ "function", "connection" }, { type(subcommand.run), subcommand.flags[1][1] })
  end)
end)
