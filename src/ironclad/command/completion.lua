--- ironclad completion SHELL: a script that lets a shell ask this command what may come next
-- (ironclad.command.complete).

local fail = require "ironclad.command.fail"
local terminal = require "ironclad.command.terminal"

local completion = { flags = {} }

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

completion.help = [[
  bash  ironclad completion bash > ~/.local/share/bash-completion/completions/ironclad
  zsh   ironclad completion zsh > "${fpath[1]}/_ironclad"
  fish  ironclad completion fish > ~/.config/fish/completions/ironclad.fish

The scripts run `ironclad completion words -- WORD…`, which prints what the last word may be: a line each, with a tab
and what it does; and a line `:files` where the name of a file may come, after @ or =.]]

-- bash divides words at "=", ":" and "@", too (COMP_WORDBREAKS), so they are put together again as they were typed. A
-- reply replaces what follows the last "=" or ":" only; readline keeps "@" with the text behind it.
local BASH = [==[
# Completion of ironclad for bash, made by `ironclad completion bash`.
_ironclad() {
    local line=${COMP_LINE:0:COMP_POINT} words=() piece rest i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        rest=${line#"${line%%[![:space:]]*}"}
        piece=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || piece=$rest
        if ((i == 0)) || [[ $rest != "$line" ]]; then
            words+=("$piece")
        else
            words[${#words[@]} - 1]+=$piece
        fi
        line=${rest#"$piece"}
    done
    local current=${words[${#words[@]} - 1]} word files='' head='' breaks=''
    for piece in = :; do [[ $COMP_WORDBREAKS != *"$piece"* ]] || breaks+=$piece; done
    if [[ -n $breaks && $current == *["$breaks"]* ]]; then head=${current%"${current##*["$breaks"]}"}; fi
    COMPREPLY=()
    while IFS= read -r word; do
        if [[ $word == :files ]]; then files=1; continue; fi
        word=${word%%$'\t'*}
        [[ $word == "$current"* ]] || continue
        word=${word#"$head"}
        [[ $word != *[!a-zA-Z0-9_=,.:@/+%-]* ]] || printf -v word %q "$word"
        COMPREPLY+=("$word")
    done < <("${words[0]/#\~/$HOME}" completion words -- "${words[@]:1}" 2>/dev/null)
    if [[ -n $files ]]; then
        [[ $current =~ ^([^=]*=)?@? ]]
        local before=${BASH_REMATCH[0]} path
        while IFS= read -r path; do
            [[ ! -d $path ]] || path+=/
            printf -v word %q "$path"
            word=$before$word
            COMPREPLY+=("${word#"$head"}")
        done < <(compgen -f -- "${current#"$before"}")
    fi
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=/] ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -F _ironclad ironclad
]==]

local ZSH = [==[
#compdef ironclad
# Completion of ironclad for zsh, made by `ironclad completion zsh`.
_ironclad() {
    local line word files
    local -a closed open given
    given=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
    for line in "${(@f)$(${(Q)~words[1]} completion words -- "${given[@]}" 2>/dev/null)}"; do
        [[ -n $line ]] || continue
        if [[ $line == :files ]]; then files=1; continue; fi
        word=${${line%%$'\t'*}//:/\\:}
        if [[ $word == *= ]]; then
            open+=("$word:${line#*$'\t'}")
        else
            closed+=("$word:${line#*$'\t'}")
        fi
    done
    (($#closed)) && _describe -t words word closed
    (($#open)) && _describe -t arguments argument open -S ''
    if [[ -n $files ]]; then
        compset -P '[^=]#='
        compset -P '@'
        _files
    fi
}
if [[ $funcstack[1] == _ironclad ]]; then _ironclad "$@"; else compdef _ironclad ironclad; fi
]==]

local FISH = [==[
# Completion of ironclad for fish, made by `ironclad completion fish`.
function __ironclad_words
    set -l given (commandline -opc)
    set -l current (commandline -ct)
    for line in (command $given[1] completion words -- $given[2..] "$current" 2>/dev/null)
        if test "$line" = :files
            set -l head (string match -r -- '^(?:[^=]*=)?@?' "$current")
            for path in (__fish_complete_path (string sub -s (math (string length -- "$head") + 1) -- "$current"))
                echo -- "$head$path"
            end
        else
            echo -- "$line"
        end
    end
end
complete -c ironclad -f -a '(__ironclad_words)'
]==]

local shells = { bash = BASH, zsh = ZSH, fish = FISH }

-- Prints what the last word may be.
local function print_words(words)
  local list, files = require("ironclad.command.complete").candidates(words)
  for _, candidate in ipairs(list) do
    terminal.write(terminal.clean(candidate[1]), "\t", terminal.clean(candidate[2] or ""), "\n")
  end
  if files then terminal.write ":files\n" end
end

function completion.run(words)
  if words[1] == "words" and words[2] then return print_words { unpack(words, 2) } end
  if words[2] then fail.usage("completion takes one shell, got %q too", words[2]) end
  if not shells[words[1] or ""] then
    fail.usage("expected bash, zsh or fish%s", words[1] and (", got %q"):format(words[1]) or "")
  end
  terminal.write(shells[words[1]])
end

return completion
