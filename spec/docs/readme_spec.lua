-- The examples of the README and of the guides run as they stand: Lua, and the lines of the command.
local command = require "spec.support.command"
local guide = require "spec.support.guide"
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

-- Guides with specs of their own: acceptance, changes, clickwrap, events, neovim, nginx, sandbox, shared.
for _, path in ipairs { "README.md", "docs/connecting.md", "docs/contracts.md", "docs/files.md", "docs/limits.md",
  "docs/concurrency.md" } do
  describe(path, function()
    local sandbox, folder
    setup(function()
      sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true })
      folder = peer.temporary_folder()
      peer.shell(("ln -s $PWD/recipes %s/recipes"):format(folder))
    end)
    teardown(function()
      sandbox:stop()
      peer.remove_folder(folder)
    end)

    local printed = {}
    for i in ipairs(guide.texts(path, "lua")) do printed[i] = "" end
    guide.examples(it, path, printed, {
      never = "not launched", environment = function() return guide.environment(sandbox) end,
      folder = function() return folder end,
    })
  end)
end

-- How GitHub calls the place of a heading: "Options of ironclad.connect" -> "options-of-ironcladconnect".
local function anchor(heading)
  local text = heading:lower():gsub("[^%w%s_%-]", "")
  return (text:gsub("%s", "-"))
end

describe("the guides", function()
  local DOCUMENTS = "README.md CONTRIBUTING.md CHANGELOG.md recipes/README.md docs/*.md"

  it("are linked from the README", function()
    local readme = peer.read_file "README.md"
    for path in peer.shell("ls docs/*.md"):gmatch "%S+" do
      assert.is_truthy(readme:find("(" .. path .. ")", 1, true), path)
    end
  end)

  it("name every recipe", function()
    local listed = peer.read_file "recipes/README.md"
    for path in peer.shell("cd recipes; ls *.lua nginx/*.lua"):gmatch "%S+" do
      assert.is_truthy(listed:find("(" .. path .. ")", 1, true), path)
    end
  end)

  it("have links to files that exist", function()
    local files = {}
    for path in peer.shell("ls " .. DOCUMENTS):gmatch "%S+" do
      for link in peer.read_file(path):gmatch "%]%(([^)#:]+)[^):]*%)" do
        files[#files + 1] = (path:match "^(.*/)[^/]*$" or "") .. link
      end
    end
    assert.is_true(#files > 100)
    local missing = peer.shell("for file in " .. table.concat(files, " ") .. "; do test -e $file || echo $file; done")
    assert.equal("", missing)
  end)

  it("have links to headings that exist", function()
    for path in peer.shell("ls " .. DOCUMENTS):gmatch "%S+" do
      for target, place in peer.read_file(path):gmatch "%]%(([%w_./]*)#([^)]+)%)" do
        local folder = path:match "^(.*/)[^/]*$" or ""
        local text = peer.read_file(target == "" and path or (folder .. target):gsub("%w+/%.%./", ""))
        local found = false
        for heading in ("\n" .. text):gmatch "\n#+ ([^\n]*)" do found = found or anchor(heading) == place end
        assert.is_true(found, ("%s: %s#%s"):format(path, target, place))
      end
    end
  end)

  it("have commands that run", function()
    local sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true, job_seconds = 0 })
    local here = peer.shell("pwd"):match "[^\n]+"
    local folder = peer.temporary_folder()
    local lines = { "set -e", "cd " .. folder, "ln -s " .. here .. "/recipes recipes",
      "ironclad() { " .. command.program() .. ' "$@"; }' }
    local function add(line)
      lines[#lines + 1] = "echo '+ '" .. peer.quoted(line)
      lines[#lines + 1] = line:gsub("IC%-1 %-%-step", "IC-1 --wait 60 --step")
    end
    for path in peer.shell "ls docs/*.md README.md recipes/README.md":gmatch "%S+" do
      for _, block in ipairs(guide.texts(path, "console")) do
        for line in block:gmatch "%$ (ironclad [^\n]*)" do add(line) end
      end
    end
    local before = #lines
    for line in peer.shell "make -n demo":gmatch "echo '  (ironclad [^\n]*)'" do add(line) end
    assert.equal(before + 2 * 3, #lines) -- what the demo says can be tried next
    peer.write_file(folder .. "/run", table.concat(lines, "\n") .. "\n")
    local output, status = peer.shell(command.environment(command.of_sandbox(sandbox)) .. " sh " .. folder .. "/run")
    sandbox:stop()
    peer.remove_folder(folder)
    assert.equal(0, status, output)
  end)
end)

describe("the sandbox's command", function()
  for _, options in ipairs { "", "--no-tls" } do
    it("prints lines that point a recipe at it: " .. options, function()
      local lua = require("spec_process").interpreter()
      local folder = peer.temporary_folder()
      local output, status = peer.shell(([[
        (cd %s; export LD_PRELOAD=$preload
        %s %s/src/sandbox/ironclad-sandbox %s > lines & sandbox=$!
        until grep -q IRONCLAD_CA_FILE lines; do kill -0 $sandbox || exit 9; sleep 0.05; done
        eval "$(grep -E '^(export|unset) ' lines)"
        cd %s; %s recipes/launch_nda.lua; status=$?
        kill $sandbox; wait $sandbox; exit $status)
      ]]):format(folder, lua, "$OLDPWD", options, "$OLDPWD", lua))
      peer.remove_folder(folder)
      assert.equal(0, status, output)
      assert.matches("the same SHA%-256", output)
    end)
  end
end)

describe("recipes/launch_nda.lua", function()
  local function run(changes)
    local sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true })
    local words = { 'env LD_PRELOAD="$preload"' }
    for name, value in pairs {
      IRONCLAD_INSTANCE = changes.instance or sandbox.url, IRONCLAD_CLIENT_ID = sandbox.client_id,
      IRONCLAD_CLIENT_SECRET = changes.secret or sandbox.client_secret, IRONCLAD_AS_USER = sandbox.as_user,
      IRONCLAD_CA_FILE = changes.ca_file or sandbox.ca_file,
    } do
      words[#words + 1] = name .. "=" .. peer.quoted(value)
    end
    words[#words + 1] = require("spec_process").interpreter() .. " recipes/launch_nda.lua " .. (changes.arguments or "")
    local output, status = peer.shell(table.concat(words, " "))
    local requests = sandbox:requests()
    sandbox:stop()
    return output, status, requests
  end

  it("launches, has approved, and finds its document unharmed", function()
    local output, status, requests = run {}
    assert.equal(0, status, output)
    assert.matches("Approved as Legal.-Approved as Finance.-now in Sign", output)
    assert.matches(ironclad.sha256(ironclad.file "recipes/nda.docx"), output)
    local launches = 0
    for _, request in ipairs(requests) do
      if request.operation == "launch-a-new-workflow" then launches = launches + 1 end
    end
    assert.equal(1, launches)
  end)

  local failures = {
    { "a wrong secret", { secret = "another secret" }, "check client_id, client_secret and instance" },
    { "a certificate that is not trusted", { ca_file = "/etc/ssl/certs/ca-certificates.crt" }, "option.- ca_file" },
    { "a template that is not there", { arguments = "recipes/nda.docx 'no such template'" }, "no template has" },
    { "a document that is not there", { arguments = "/nowhere/nda.docx" }, "cannot read /nowhere/nda.docx" },
  }
  for _, case in ipairs(failures) do
    it("prints the error and exits 1 for " .. case[1], function()
      local output, status = run(case[2])
      assert.equal(1, status, output)
      assert.matches(case[3], output)
      assert.is_nil(output:find("stack traceback", 1, true))
    end)
  end
end)
