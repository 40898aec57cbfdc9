--- ironclad clickwrap …: Clickwrap, the acceptance of legal terms.
--
--   ironclad clickwrap accepted SIGNER GROUP     whether a signer has accepted the current terms (status 0, else 1)
--   ironclad clickwrap terms GROUP               the contracts of a group that are published now
--   ironclad clickwrap history SIGNER            what a signer has accepted
--   ironclad clickwrap RESOURCE OPERATION …      every operation of Clickwrap's REST API

local connection = require "ironclad.command.connection"
local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local flags = require "ironclad.command.flags"
local output = require "ironclad.command.output"
local terminal = require "ironclad.command.terminal"

local clickwrap = { flags = {
  { "dry-run", refused = "this changes nothing, and asks for several things one after the other; `ironclad clickwrap "
    .. "RESOURCE OPERATION --dry-run` prints a request" },
} }
for _, list in ipairs { connection.clickwrap_flags, output.flags } do
  for _, flag in ipairs(list) do clickwrap.flags[#clickwrap.flags + 1] = flag end
end

clickwrap.help = [[
  ironclad clickwrap accepted SIGNER GROUP   whether a signer has accepted the current terms: exit status 0, otherwise 1
  ironclad clickwrap terms GROUP             the terms that are published now
  ironclad clickwrap history SIGNER          what a signer has accepted

The connection is -c NAME, or IRONCLAD_CLICKWRAP_ENVIRONMENT, IRONCLAD_CLICKWRAP_SITE and IRONCLAD_CLICKWRAP_TOKEN.]]

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local function open(options)
  local ironclad = require "ironclad"
  local given = { timeout = options.timeout, deadline = options.deadline, name = options.connection }
  if given.name then
    local fine, client = pcall(ironclad.clickwrap, given)
    terminal.check_signal() -- it may have ended the command that prints the token
    return fine and client or error(client, 0)
  end
  if (os.getenv "IRONCLAD_CLICKWRAP_SITE" or "") == "" and (os.getenv "IRONCLAD_CLICKWRAP_TOKEN" or "") == "" then
    fail.login "no connection: set IRONCLAD_CLICKWRAP_ENVIRONMENT, IRONCLAD_CLICKWRAP_SITE and IRONCLAD_CLICKWRAP_TOKEN"
  end
  return ironclad.clickwrap.from_env(given)
end

-- The current version that a signer has accepted, or why not.
local function accepted(client, words, options)
  if #words ~= 2 then fail.usage "expected SIGNER GROUP" end
  local answer, err = client:accepted(words[1], words[2])
  if answer == nil then fail.unless(nil, err) end
  output.value(options, answer)
  local yes = answer == true or type(answer) == "table" and answer.accepted ~= false
  return yes and fail.DONE or fail.FAILED
end

local function terms(client, words, options)
  if #words ~= 1 then fail.usage "expected GROUP" end
  local value, err = client:terms(words[1])
  output.value(options, fail.unless(value, err))
end

local function history(client, words, options)
  if #words ~= 1 then fail.usage "expected SIGNER" end
  local value, err = client:history(words[1])
  output.value(options, fail.unless(value, err))
end

--- The words that are no resources.
clickwrap.actions = { "accepted", "terms", "history" }

local actions = { accepted = accepted, terms = terms, history = history }

local function run_action(word, words)
  local known = { { "help", short = "h", hidden = true } }
  for _, flag in ipairs(clickwrap.flags) do known[#known + 1] = flag end
  local options, rest = flags.parse(words, known)
  if options.help then return require("ironclad.command.help").run { "clickwrap" } end
  output.form(options)
  return actions[word](open(options), rest, options)
end

--- Runs the words after `clickwrap`.
function clickwrap.dispatch(words)
  local names = require "ironclad.command.names"
  local first, others = flags.leading(words, require("ironclad.command.operation_flags").all())
  local word = others[1]
  if not word or first[1] == "--help" or first[1] == "-h" then
    return require("ironclad.command.help").run { "clickwrap" }
  end
  if actions[word] then return run_action(word, flags.joined(others, 1, first)) end
  local resource, taken = names.resource(others, "clickwrap")
  if not resource then
    local candidates = { unpack(clickwrap.actions) }
    for _, name in ipairs(names.clickwrap) do candidates[#candidates + 1] = name end
    local nearest = core.nearest(word, candidates)
    fail.usage("clickwrap has no resource %q%s; `ironclad clickwrap` lists them", word, fail.meant(nearest))
  end
  local name = others[taken + 1]
  if not name or name == "--help" or name == "-h" then
    return require("ironclad.command.help").resource(resource)
  end
  local rest = flags.joined(others, taken + 1, first)
  table.insert(rest, 1, name)
  return require("ironclad.command.operation").run(resource, rest, open)
end

return clickwrap
