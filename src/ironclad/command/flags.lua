--- The options of a command line. An option is a table:
--
--   { "json", text = "…" }                             --json
--   { "connection", short = "c", value = "NAME", … }   --connection NAME, --connection=NAME, -c NAME
--   { "field", value = "…", many = true }              may be given more than once: a list
--   { "csv", value = "COLUMNS", optional = true }      --csv, --csv=a,b; or --csv a,b, with a comma
--   hidden = true                                      not in the help
--   refused = "…"                                      there is no such option: why, and what to do; also hidden
--   choices = {…}                                      the values that the completion offers; list = true: several
--   empty = true                                       an empty value is for what uses it
--   kind = "seconds", "count" or "day"                 a number or a whole number from `least` to `most`, or a day

local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local mistake = require "ironclad.base.mistake"
local values = require("ironclad.base.lazy") "ironclad.values.values"

local flags = {}

--- The option of a list with a name, or with a letter; nil: there is none.
function flags.find(known, name)
  for _, flag in ipairs(known) do
    if flag[1] == name or flag.short == name then return flag end
  end
end

--- Whether an option is in the help, the manual pages and the completion.
function flags.shown(flag) return not flag.hidden and not flag.refused end

-- Refuses a word that begins with "-" and is no option.
local function unknown(known, word)
  local names, nearest = {}, nil
  for _, flag in ipairs(known) do
    if flags.shown(flag) then names[#names + 1] = flag[1] end
  end
  if word:find "^%-%-" then nearest = core.nearest(word:match "^%-%-([^=]*)", names) end
  fail.usage("unknown option %s%s", word:find "^%-%-" and word:match "^[^=]*" or word,
    nearest and fail.meant("--" .. nearest) or "; a text or an id that begins with - goes after --")
end

local LARGEST = 2 ^ 53 -- whole numbers up to this one are exact

local readers = {
  seconds = function(flag, text)
    local number = values.number(text)
    if not number or number < (flag.least or 0) or number > (flag.most or math.huge) then
      local range = flag.most and (" from %.14g to %.14g"):format(flag.least or 0, flag.most)
      fail.usage("--%s: expected a number of seconds%s, got %q", flag[1],
        range or flag.least and (" from %g"):format(flag.least) or "", text)
    end
    return number
  end,
  count = function(flag, text)
    local number = values.number(text)
    local least, most = flag.least or 0, flag.most
    if not number or number < least or number % 1 ~= 0 or number > (most or LARGEST) then
      local range = most and (" from %d to %d"):format(least, most) or least > 0 and " from " .. least or ""
      fail.usage("--%s: expected a whole number%s, got %q", flag[1], range, text)
    end
    return number
  end,
  day = function(flag, text)
    if not text:find "^%d%d%d%d%-%d%d%-%d%d$" or not values.make.date(text) then
      fail.usage("--%s: expected a day, as 2026-01-31, got %q", flag[1], text)
    end
    return text
  end,
}

-- One of the choices, in any case; a list is checked by what uses it.
local function choice_of(flag, text)
  for _, choice in ipairs(flag.choices) do
    if choice:lower() == text:lower() then return choice end
  end
  fail.usage("--%s: expected one of %s, got %q%s", flag[1], table.concat(flag.choices, ", "), text,
    mistake.did_you_mean(text, flag.choices))
end

local function set(options, flag, value)
  if type(value) == "string" and not value:find "%S" and not (flag.kind or flag.choices or flag.empty) then
    fail.usage("--%s needs a value: --%s %s", flag[1], flag[1], flag.value)
  end
  if flag.choices and not flag.list then value = choice_of(flag, value) end
  if readers[flag.kind] and type(value) == "string" then value = readers[flag.kind](flag, value) end
  if flag.many then
    options[flag[1]] = options[flag[1]] or {}
    table.insert(options[flag[1]], value)
  else
    options[flag[1]] = value
  end
end

-- Whether the next word is the value of an option whose value may be left out.
local function is_optional_value(next_word)
  return next_word and next_word:find(",", 1, true) and not next_word:find "^%-" and not next_word:find "="
end

-- The value of an option that takes one: what follows "=" or the letter, otherwise the next word.
local function value_of(flag, given, next_word)
  if given then return given, false end
  if flag.optional then
    local follows = is_optional_value(next_word)
    return follows and next_word or true, follows
  end
  if not next_word then fail.usage("--%s needs a value: --%s %s", flag[1], flag[1], flag.value) end
  return next_word, true
end

--- Splits off the options that stand before the first other word, with their values.
-- @param known the options that may have a value
-- @return a list of those words, and a list of the rest
function flags.leading(words, known)
  local first, rest, i = {}, {}, 1
  while words[i] and words[i]:find "^%-." do
    first[#first + 1] = words[i]
    local flag, next_word = flags.find(known, words[i]:match "^%-%-?(.+)$"), words[i + 1]
    if flag and flag.value and next_word and (not flag.optional or is_optional_value(next_word)) then
      i = i + 1
      first[#first + 1] = next_word
    end
    i = i + 1
  end
  for j = i, #words do rest[#rest + 1] = words[j] end
  return first, rest
end

--- The words after the first `count`, with leading options before them.
function flags.joined(words, count, first)
  local list = {}
  for _, word in ipairs(first) do list[#list + 1] = word end
  for i = count + 1, #words do list[#list + 1] = words[i] end
  return list
end

--- Splits words into options and the rest.
-- @param known a list of options
-- @param stop whether the first word that is not an option ends the options (for `sandbox COMMAND …`)
-- @return a table of options by name, a list of the other words, and the number of those before "--"
function flags.parse(words, known, stop)
  local options, rest, i, before = {}, {}, 1, nil
  while words[i] do
    local word = words[i]
    local name, given = word:match "^%-%-([^=]+)=?(.*)$"
    if name and not word:find("=", 1, true) then given = nil end
    if not name and #word > 1 and not word:find "^%-%d" then name, given = word:match "^%-(%a)(.*)$" end
    if given == "" and not word:find "^%-%-" then given = nil end
    if word == "--" then
      before = #rest
      for j = i + 1, #words do rest[#rest + 1] = words[j] end
      break
    elseif not name or word == "-" then
      rest[#rest + 1] = word
      if stop then
        for j = i + 1, #words do rest[#rest + 1] = words[j] end
        break
      end
    else
      local flag = flags.find(known, name)
      -- Behind the letter of an option without a value there is nothing: -help is not -h.
      if not flag or (given and not flag.value and not word:find "^%-%-") then unknown(known, word) end
      if flag.refused then fail.usage("--%s: %s", flag[1], flag.refused) end
      if flag.value then
        local value, used = value_of(flag, given, words[i + 1])
        if used then i = i + 1 end
        set(options, flag, value)
      elseif given then
        fail.usage("--%s takes no value", flag[1])
      else
        set(options, flag, true)
      end
    end
    i = i + 1
  end
  return options, rest, before or #rest
end

--- The lines of the help about options.
-- @return a list of { "-c, --connection NAME", text }
function flags.describe(known)
  local list = {}
  for _, flag in ipairs(known) do
    if flags.shown(flag) then
      local value = flag.value and (flag.optional and ("[=%s]"):format(flag.value) or " " .. flag.value) or ""
      list[#list + 1] = { (flag.short and "-" .. flag.short .. ", " or "    ") .. "--" .. flag[1] .. value, flag.text }
    end
  end
  return list
end

return flags
