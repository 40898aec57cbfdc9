-- Every code block of the documents is run by a spec, or is in a short list of exceptions.
local guide = require "spec.support.guide"
local peer = require "spec.support.peer"

-- "PATH LANGUAGE" -> the file that runs these blocks.
local run_by = {
  ["README.md lua"] = "spec/docs/readme_spec.lua", ["docs/neovim.md vim"] = "spec/hosts/neovim_guide.lua",
  ["docs/neovim.md lua"] = "spec/hosts/neovim_guide.lua",
  ["docs/nginx.md nginx"] = "spec/hosts/nginx_guide.lua", ["docs/nginx.md ini"] = "spec/hosts/nginx_guide.lua",
  ["docs/command.md sh"] = "spec/ironclad/command/listen_spec.lua",
  ["docs/connecting.md json"] = "spec/docs/blocks_spec.lua",
  ["docs/acceptance.md sh"] = "spec/docs/acceptance_spec.lua",
  ["docs/shared.md redis"] = "spec/docs/shared_spec.lua",
  ["CONTRIBUTING.md lua"] = "spec/docs/contributing_spec.lua",
  ["CONTRIBUTING.md c"] = "spec/docs/contributing_spec.lua",
}
for _, name in ipairs { "connecting", "contracts", "files", "limits", "concurrency" } do
  run_by[("docs/%s.md lua"):format(name)] = "spec/docs/readme_spec.lua"
end
for _, name in ipairs { "acceptance", "changes", "clickwrap", "events", "sandbox", "shared" } do
  run_by[("docs/%s.md lua"):format(name)] = ("spec/docs/%s_spec.lua"):format(name)
end

-- "PATH LANGUAGE" -> why no spec runs these blocks. spec/docs/contributing_spec.lua checks that what they name exists.
local exceptions = {
  ["CONTRIBUTING.md sh"] = "they build, run suites and start debuggers: minutes",
  ["docs/performance.md sh"] = "a benchmark takes minutes of a machine that does nothing else",
  ["docs/architecture.md "] = "they are diagrams",
}

local DOCUMENTS = "README.md CONTRIBUTING.md CHANGELOG.md recipes/README.md docs/*.md"

-- "PATH LANGUAGE" -> the line of the first such block. Blocks of the language console are looked at line by line below.
local function blocks()
  local found = {}
  for path in peer.shell("ls " .. DOCUMENTS):gmatch "%S+" do
    for _, block in ipairs(guide.blocks(path)) do
      local key = path .. " " .. block.language
      if block.language ~= "console" then found[key] = found[key] or block.line end
    end
  end
  return found
end

describe("the documents' code blocks", function()
  local found = blocks()

  it("are each run by a spec, or have a reason", function()
    for key, line in pairs(found) do
      assert.is_truthy(run_by[key] or exceptions[key], ("%s, line %d: no spec runs it"):format(key, line))
    end
    for _, list in ipairs { run_by, exceptions } do
      for key in pairs(list) do assert.is_truthy(found[key], key .. ": there is no such block") end
    end
  end)

  it("are named by the spec that runs them", function()
    for key, file in pairs(run_by) do
      assert.is_truthy(peer.read_file(file):find(key:match "^%S+", 1, true), file .. " does not name " .. key)
    end
  end)

  -- Lines of the command are run by readme_spec.lua.
  it("have targets of make that exist", function()
    for path in peer.shell("ls " .. DOCUMENTS):gmatch "%S+" do
      for _, block in ipairs(guide.texts(path, "console")) do
        for line in block:gmatch "%$ ([^\n]*)" do
          local make = line:match "^(make [^#]*)" or line:match "^sudo (make [^#]*)"
          assert.is_truthy(make or line:find "^ironclad ", path .. ": " .. line)
          if make then
            local output, status = peer.shell(make .. " -n")
            assert.equal(0, status, output)
          end
        end
      end
    end
  end)
end)

describe("docs/connecting.md", function()
  it("has a file of connections that is one", function()
    local folder = peer.temporary_folder()
    finally(function() peer.remove_folder(folder) end)
    peer.write_file(folder .. "/connections.json", guide.texts("docs/connecting.md", "json")[1])
    local output = peer.lua(guide.environment { IRONCLAD_CONFIG = folder .. "/connections.json" } .. [[
      local entry = require("ironclad.connections.named").list()[1]
      print(entry.name, entry.instance, entry.command)
      print(select(2, require("ironclad.connections.named").load "acme"))
    ]])
    assert.matches("^acme\tna1\ttrue\n[^\n]*client_secret: [^\n]*pass", output)
  end)
end)
