--- ironclad completion SHELL: a script that completes the command's words, made from the catalog.

local commands = require "ironclad.command.commands"
local fail = require "ironclad.command.fail"
local flags = require "ironclad.command.flags"
local terminal = require "ironclad.command.terminal"

local completion = { flags = {} }

completion.help = [[
  bash  ironclad completion bash > ~/.local/share/bash-completion/completions/ironclad
  zsh   ironclad completion zsh > "${fpath[1]}/_ironclad"
  fish  ironclad completion fish > ~/.config/fish/completions/ironclad.fish]]

-- All that is completed: { words = what may follow, text = what it does } by the words before it.
local function flags_of(list)
  local words = {}
  for _, flag in ipairs(list) do
    if flags.shown(flag) then words[#words + 1] = "--" .. flag[1] end
  end
  return words
end

-- Calls visit(path, words): `path` is "" for the first word, "workflows" for its operations, "workflows list" for the
-- arguments of an operation.
local function each_place(visit)
  local names = require "ironclad.command.names"
  local operation = require "ironclad.command.operation"
  local first = {}
  for _, command in ipairs(commands) do first[#first + 1] = command.name end
  for _, resource in ipairs(names.resources) do first[#first + 1] = names.shown(resource) end
  visit("", first)
  for _, command in ipairs(commands) do
    local words = flags_of(require("ironclad.command." .. command.name).flags)
    if command.name == "completion" then words = { "bash", "zsh", "fish" } end
    if command.name == "help" then words = first end
    if command.name == "clickwrap" then
      words = { "accepted", "terms", "history" }
      for _, resource in ipairs(names.clickwrap) do words[#words + 1] = names.shown(resource) end
    end
    visit(command.name, words)
  end
  for _, resource in ipairs(names.resources) do
    local operations = names.operation_words(resource)
    visit(names.shown(resource), operations)
    for _, word in ipairs(operations) do
      local _, entry, helper = names.operation(resource, word)
      local described = entry or names.takes(helper)
      local words = {}
      for _, list in ipairs(described and { described.fields, described.query } or {}) do
        for _, field in ipairs(list) do
          for _, choice in ipairs(field.choices or {}) do words[#words + 1] = field.name .. "=" .. choice end
          if not field.choices and not field.name:find "[:.]" then words[#words + 1] = field.name .. "=" end
        end
      end
      for _, word_of_flag in ipairs(flags_of(operation.flags(described, helper))) do
        words[#words + 1] = word_of_flag
      end
      visit(names.shown(resource) .. " " .. word, words)
    end
  end
end

-- A case of sh for each place.
local function cases(indent)
  local lines = {}
  each_place(function(path, words)
    lines[#lines + 1] = ("%s'%s') words='%s' ;;"):format(indent, path, table.concat(words, " "))
  end)
  return table.concat(lines, "\n")
end

local BASH = [==[
# Completion of ironclad for bash, made by `ironclad completion bash`.
_ironclad() {
    local word=${COMP_WORDS[COMP_CWORD]} path='' words='' i seen=0
    # bash takes "=" for a word of its own.
    local line=${COMP_LINE:0:COMP_POINT} last
    last=${line##*[[:space:]]}
    for ((i = 1; i < COMP_CWORD && seen < 2; i++)); do
        case ${COMP_WORDS[i]} in
            -c | --connection | --as | --timeout | --deadline) ((i++)) ;;
            -*) ;;
            *) path="${path:+$path }${COMP_WORDS[i]}"; ((seen++)) ;;
        esac
    done
    case $path in
%s
        *) case ${path%% *} in
%s
        esac ;;
    esac
    if [[ $last == *=@* || $last == @* ]]; then
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "${last#*@}"))
        return
    fi
    COMPREPLY=($(compgen -W "$words" -- "$last"))
    if [[ $last == *=* ]]; then COMPREPLY=("${COMPREPLY[@]#"${last%%=*}="}"); fi
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
    [[ -n ${COMPREPLY[0]} ]] || COMPREPLY=($(compgen -f -- "$word"))
}
complete -F _ironclad ironclad
]==]

local ZSH = [==[
#compdef ironclad
# Completion of ironclad for zsh, made by `ironclad completion zsh`.
_ironclad() {
    local place='' words_of='' word seen=0 skip=0
    for word in ${words[2,CURRENT-1]}; do
        if ((skip)); then skip=0; continue; fi
        case $word in
            -c|--connection|--as|--timeout|--deadline) skip=1 ;;
            -*) ;;
            *) if ((seen < 2)); then place="${place:+$place }$word"; ((seen++)); fi ;;
        esac
    done
    _ironclad_words "$place"
    if [[ $PREFIX == *=@* ]]; then
        compset -P '*@'
        _files
        return
    fi
    local -a with without
    for word in ${=reply_words}; do
        if [[ $word == *= ]]; then without+=("$word"); else with+=("$word"); fi
    done
    compadd -- $with
    compadd -S '' -- $without
    [[ -n $reply_words ]] || _files
}
_ironclad_words() {
    local words=''
    case $1 in
%s
        *) case ${1%% *} in
%s
        esac ;;
    esac
    reply_words=$words
}
if [[ $funcstack[1] == _ironclad ]]; then _ironclad "$@"; else compdef _ironclad ironclad; fi
]==]

-- The cases of subcommands, for what follows their first arguments.
local function command_cases(indent)
  local lines = {}
  each_place(function(path, words)
    for _, command in ipairs(commands) do
      if command.name == path then
        lines[#lines + 1] = ("%s'%s') words='%s' ;;"):format(indent, path, table.concat(words, " "))
      end
    end
  end)
  return table.concat(lines, "\n")
end

local function fish()
  local lines = { "# Completion of ironclad for fish, made by `ironclad completion fish`.",
    "function __ironclad_at", "    set -l words (commandline -opc)", "    set -e words[1]", "    set -l path",
    "    set -l skip 0", "    for word in $words", "        if test $skip = 1; set skip 0; continue; end",
    "        switch $word", "            case -c --connection --as --timeout --deadline; set skip 1",
    "            case '-*'", "            case '*'; test (count $path) -lt 2; and set path $path $word", "        end",
    "    end", '    test "$path" = "$argv"; and return 0',
    '    test (count $path) -gt 1 -a "$path[1]" = "$argv"; and contains -- "$argv" $__ironclad_commands', "end" }
  local names = {}
  for _, command in ipairs(commands) do names[#names + 1] = command.name end
  lines[#lines + 1] = "set -g __ironclad_commands " .. table.concat(names, " ")
  each_place(function(path, words)
    if #words > 0 then
      lines[#lines + 1] = ("complete -c ironclad -n '__ironclad_at %s' -f -a '%s'"):format(path,
        table.concat(words, " "))
    end
  end)
  return table.concat(lines, "\n") .. "\n"
end

local function filled(template)
  local first, second = cases("        "), command_cases("            ")
  local parts = { first, second }
  local i = 0
  return (template:gsub("\n%%s", function()
    i = i + 1
    return "\n" .. parts[i]
  end))
end

local shells = {
  bash = function() return filled(BASH) end,
  zsh = function() return filled(ZSH) end,
  fish = fish,
}

function completion.run(words)
  local shell = shells[words[1] or ""]
  if words[2] then fail.usage("completion takes one shell, got %q too", words[2]) end
  if not shell then
    fail.usage("expected bash, zsh or fish%s", words[1] and (", got %q"):format(words[1]) or "")
  end
  terminal.write(shell())
end

--- Calls visit(path, words) for every place that is completed.
completion.each_place = each_place

return completion
