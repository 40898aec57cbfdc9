-- The Lua language server, where it is on PATH: what it says of a script that uses the module.
-- Its report: https://luals.github.io/wiki/diagnosis-report
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

local language_server = {}

local function with_path(path) return ("PATH=%s; "):format(path and peer.quoted(path) or '"$PATH"') end

-- Whether it is on PATH. `path`: another PATH, for a program that stands in for it.
function language_server.is_there(path)
  local _, status = peer.shell(with_path(path) .. "command -v lua-language-server")
  return status == 0
end

-- The names that its report calls undefined, as a list of messages with their lines. Older versions write the report
-- only when there is something in it, and say so otherwise.
local function read_report(report, output)
  if not report then
    assert(output:find("no problems found", 1, true), "the language server has failed: " .. output)
    return {}
  end
  local names = {}
  for uri, found in pairs(assert(ironclad.json.decode(report))) do
    for _, problem in ipairs(found) do
      if tostring(uri):find "/script%.lua$" and problem.code == "undefined-field" then
        names[#names + 1] = ("%d: %s"):format(problem.range.start.line + 1, problem.message)
      end
    end
  end
  return names
end

-- The fields and methods of a script that the types in library/ do not have. Raises an error when the language server
-- does not answer.
function language_server.unknown_names(script, path)
  local folder = peer.temporary_folder()
  local checked, report = folder .. "/checked", folder .. "/check.json"
  peer.shell("mkdir " .. checked)
  peer.write_file(checked .. "/script.lua", script)
  peer.write_file(checked .. "/.luarc.json", ironclad.json.encode {
    ["runtime.version"] = "Lua 5.4", ["workspace.checkThirdParty"] = false,
    ["workspace.library"] = { peer.shell("pwd"):gsub("%s+$", "") .. "/library" },
  })
  local command = "timeout 120 lua-language-server --check=%s --checklevel=Warning --check_format=json"
    .. " --check_out_path=%s --logpath=%s"
  local output = peer.shell(with_path(path) .. command:format(checked, report, folder))
  local file = io.open(report, "rb")
  local text = file and file:read "*a"
  if file then file:close() end
  peer.remove_folder(folder)
  return read_report(text, output)
end

return language_server
