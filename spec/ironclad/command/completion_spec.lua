-- The completion: what may come next, compared with the tables that the options come from; and the scripts in real
-- shells, which are asked as a person asks them.
local command = require "spec.support.command"
local commands = require "ironclad.command.commands"
local complete = require "ironclad.command.complete"
local flags = require "ironclad.command.flags"
local names = require "ironclad.command.names"
local operation_flags = require "ironclad.command.operation_flags"
local peer = require "spec.support.peer"

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local function sorted(list)
  table.sort(list)
  return list
end

-- The options of a table as they are written, and --help.
local function options_in(known)
  local list = { "--help" }
  for _, flag in ipairs(known) do
    if flags.shown(flag) then list[#list + 1] = "--" .. flag[1] end
  end
  return sorted(list)
end

-- The candidates for the last word of a line, and whether files may come.
local function offered(...)
  local list, files = complete.candidates(command.words(...))
  local words = {}
  for i, candidate in ipairs(list) do words[i] = candidate[1] end
  return sorted(words), files
end

-- Every operation and helper: { words = { "workflows", "list" }, entry =, helper =, known = its options }.
local function each_operation()
  local list = {}
  for _, product in ipairs { names.resources, names.clickwrap } do
    for _, resource in ipairs(product) do
      for _, word in ipairs(names.operation_words(resource)) do
        local _, entry, helper = names.operation(resource, word)
        local described = entry or names.takes(helper)
        list[#list + 1] = { words = command.words(names.words_to(resource), word), described = described,
          known = operation_flags.of(described, helper) }
      end
    end
  end
  return list
end

-- Whether all words of a list are in another one.
local function assert_has(list, words, label)
  local has = {}
  for _, word in ipairs(list) do has[word] = true end
  for _, word in ipairs(words) do assert.is_true(has[word], label .. ": " .. word) end
end

describe("what may come next", function()
  it("is every subcommand, resource and operation", function()
    local first = offered { "" }
    for _, entry in ipairs(commands) do assert_has(first, { entry.name }, "ironclad") end
    assert_has(first, names.resource_words(), "ironclad")
    for _, resource in ipairs(names.resources) do
      assert.same(sorted(names.operation_words(resource)), (offered(names.words_to(resource), { "" })))
    end
    assert_has(offered("clickwrap", { "" }), { "accepted", "terms", "history", unpack(names.clickwrap) }, "clickwrap")
    assert.same(sorted(names.operation_words "scim.users"), (offered("scim users", { "" })))
    assert.same(sorted(names.operation_words "scim.users"), (offered("-c x --as y users", { "" })))
    assert.same(sorted(names.operation_words "scim.users"), (offered("--limit 1 users", { "" })))
    assert.same(sorted(names.operation_words "sites"), (offered("clickwrap -c x sites", { "" })))
    assert.same(sorted(names.operation_words "sites"), (offered("help clickwrap sites", { "" })))
  end)

  it("is every option that a subcommand takes", function()
    for _, entry in ipairs(commands) do
      local expected = options_in(require("ironclad.command." .. entry.name).flags)
      assert.same(expected, (offered(entry.name == "clickwrap" and "clickwrap terms" or entry.name, "--")), entry.name)
    end
  end)

  it("is every option and argument that an operation takes", function()
    local count = 0
    for _, it in ipairs(each_operation()) do
      local label = table.concat(it.words, " ")
      assert.same(options_in(it.known), (offered(it.words, "--")), label)
      for _, list in ipairs(it.described and { it.described.fields, it.described.query } or {}) do
        local ids = ("x "):rep(#it.described.path_parameters)
        local all = offered(it.words, ids, { "" })
        for _, field in ipairs(list) do
          if field.choices then
            for _, choice in ipairs(field.choices) do assert_has(all, { field.name .. "=" .. choice }, label) end
          elseif not field.name:find "[.:]" then
            assert_has(all, { field.name .. "=" }, label)
          end
          count = count + 1
        end
      end
    end
    assert.is_true(count > 300)
  end)

  it("is the value of an option", function()
    local steps = { "Archive", "Complete", "Review", "Sign" }
    assert.same(steps, (offered("workflows wait IC-1 --step", { "" })))
    assert.same({ "--step=Archive", "--step=Complete", "--step=Review", "--step=Sign" },
      (offered("workflows wait IC-1 --step=")))
    assert_has(offered("records list --columns id,"), { "id,name", "id,properties" }, "columns")
    assert_has(offered("whoami --csv=user,"), { "--csv=user,email" }, "columns")
    assert_has(offered("listen --events workflow_launched,"), { "workflow_launched,workflow_completed" }, "events")
    assert.same({ "GET", "DELETE" }, { offered("api", { "" })[2], offered("api", { "" })[1] })
  end)

  it("is the name of a file only where one may come", function()
    for _, line in ipairs { { "run", { "" } }, { "download --to", { "" } }, { "download --to=x" },
      { "workflows launch draft=@x" }, { "records create --body", { "" } }, { "man", { "" } } } do
      assert.is_true(select(2, offered(unpack(line))), line[1])
    end
    for _, line in ipairs { { "workflows", { "" } }, { "workflows list", { "" } }, { "whoami", { "" } },
      { "records list --limit", { "" } }, { "login --as", "jane@x" } } do
      assert.is_false(select(2, offered(unpack(line))) or false, line[1])
    end
  end)

  it("is the name of a connection", function()
    local folder = peer.temporary_folder()
    peer.write_file(folder .. "/c.json", '{"acme":{"instance":"na1"},"bee":{"instance":"eu1"}}')
    peer.shell("chmod 600 " .. folder .. "/c.json")
    local given = { IRONCLAD_CONFIG = folder .. "/c.json" }
    for _, words in ipairs { "switch ''", "-c ''", "logout ''", "workflows list -c ''", "whoami --connection ''" } do
      local out = command.run("completion words -- " .. words, given)
      assert.equal("acme\tna1\nbee\teu1\n", out, words)
    end
    peer.remove_folder(folder)
  end)

  it("is nothing after a word that is wrong", function()
    for _, words in ipairs { "nosuch", "workflows nosuch", "clickwrap nosuch" } do
      assert.same({}, (offered(words, "--")), words)
    end
  end)
end)

-- ---- real shells ----

-- What is asked of each shell: lines, and what is offered.
local asked = {
  { "ironclad who", { "whoami" } }, { "ironclad workflows pa", { "pause" } },
  { "ironclad -c acme records li", { "list" } },
  { "ironclad clickwrap versions upl", { "upload" } }, { "ironclad completion ", { "bash", "fish", "zsh" } },
  { "ironclad scopes workflows:get_si", { "workflows:get_sign_status", "workflows:get_signers" } },
  { "ironclad workflows list status=", { "status=active", "status=cancelled", "status=completed", "status=paused" } },
  { "ironclad workflows list status=active,p", { "status=active,paused" } },
  { 'ironclad workflows launch "Mutual NDA" draft=@nd', { "draft=@nda.docx", "draft=@ndb.docx" } },
  { "ironclad download --to=nd", { "--to=nda.docx", "--to=ndb.docx" } },
  { "ironclad run nda", { "nda.docx" } },
}
for _, entry in ipairs(commands) do
  local known = options_in(require("ironclad.command." .. entry.name).flags)
  local words = entry.name == "clickwrap" and "clickwrap terms" or entry.name
  asked[#asked + 1] = { ("ironclad %s --"):format(words), known }
end
for _, words in ipairs { "workflows wait", "records list", "clickwrap sites list" } do
  for _, it in ipairs(each_operation()) do
    if table.concat(it.words, " ") == words then
      asked[#asked + 1] = { ("ironclad %s --"):format(words), options_in(it.known) }
    end
  end
end

-- The shells ask the command in the same way on every Lua: once is enough.
local describe_shells = _VERSION == "Lua 5.4" and describe or pending

describe_shells("the script for", function()
  local folder

  setup(function()
    folder = peer.temporary_folder()
    for _, shell in ipairs { "bash", "zsh", "fish" } do
      local out, err, status = command.run("completion " .. shell, {})
      assert.equal(0, status, err)
      peer.write_file(("%s/%s"):format(folder, shell == "zsh" and "_ironclad" or shell), out)
    end
    local lines = {}
    for i, one in ipairs(asked) do lines[i] = one[1] .. "\n" end
    peer.write_file(folder .. "/lines", table.concat(lines))
    peer.shell(("touch %s/nda.docx %s/ndb.docx; mkdir %s/bin"):format(folder, folder, folder))
    -- The command as the scripts find it. What is preloaded here is preloaded there, and not in the shells.
    peer.write_file(folder .. "/bin/ironclad", ('#!/bin/sh\nexec %s %s "$@"\n'):format(command.environment {},
      command.program()))
    peer.shell(("chmod +x %s/bin/ironclad"):format(folder))
  end)
  teardown(function() peer.remove_folder(folder) end)

  -- Runs a shell script in the folder with the command on the PATH.
  local function in_folder(script)
    peer.write_file(folder .. "/script", script)
    local _, status = peer.shell(('cd %s; : > out; export preload HOME=$PWD PATH=$PWD/bin:$PATH TERM=xterm; '
      .. 'timeout 120 sh script > log 2>&1'):format(folder))
    assert.equal(0, status, peer.read_file(folder .. "/log"):sub(-2000))
  end

  local function has(program) return select(2, peer.shell("command -v " .. program)) == 0 end

  -- Compares the answers, which are lines of words that end with a line "--END--".
  local function check(text)
    local i = 0
    for answer in text:gmatch "(.-)%-%-END%-%-\n" do
      i = i + 1
      local words = {}
      for word in answer:gmatch "[^\n\t]+[^\n]*" do words[#words + 1] = word:match "^[^\t]+" end
      assert.same(asked[i][2], sorted(words), asked[i][1])
    end
    assert.equal(#asked, i)
  end

  it("bash", function()
    peer.write_file(folder .. "/rc", [==[
      PS1= PS2=
      source ./bash
      bind 'set completion-query-items 0'
      bind 'set page-completions off'
      bind 'set enable-bracketed-paste off'
      # Instead of the list that a person sees, everything that is offered is put into the line.
      bind '"\C-t": insert-completions'
      ask() { printf '%s\n' "$READLINE_LINE" >> out; READLINE_LINE= READLINE_POINT=0; }
      bind -x '"\C-b": ask'
      echo ready >> out
    ]==])
    in_folder [==[
      mkfifo in
      script -qfec 'bash --rcfile rc -i' /dev/null < in &
      exec 3> in
      wait_for() { until [ "$(wc -l < out)" -ge "$1" ]; do kill -0 $! || exit 1; sleep 0.02; done; }
      wait_for 1
      n=1
      while IFS= read -r line; do
        n=$((n + 1))
        printf '%s\024\002' "$line" >&3
        wait_for $n
      done < lines
      printf 'exit\r' >&3
      exec 3>&-
      wait
    ]==]
    local i, answers = 0, {}
    for line in peer.read_file(folder .. "/out"):gsub("^ready\n", ""):gmatch "([^\n]*)\n" do
      i = i + 1
      -- What was typed before the last word, and what of that word stays: up to "=" or ":".
      local before, last = asked[i][1]:match "^(.* )(.*)$"
      local head = last:match "^.*[=:]" or ""
      assert.equal(before .. head, line:sub(1, #before + #head))
      for word in line:sub(#before + #head + 1):gmatch "%S+" do answers[#answers + 1] = head .. word .. "\n" end
      answers[#answers + 1] = "--END--\n"
    end
    check(table.concat(answers))
  end)

  it("zsh", function()
    if not has "zsh" then return pending "zsh is not installed" end
    peer.write_file(folder .. "/rc", [==[
      PROMPT= RPROMPT=
      fpath=($PWD $fpath)
      autoload -Uz compinit
      compinit -u -d $PWD/dump
      setopt no_list_beep no_beep
      # Instead of the list that a person sees, what matches is written to a file.
      compadd() {
        if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
        local -a hits
        builtin compadd -A hits "$@"
        (($#hits)) && print -rl -- $hits >> $PWD/out
        return 1
      }
      ask() { zle complete-word; print -r -- "--END--" >> $PWD/out; BUFFER=; print -r -- "ASKED" }
      zle -N ask
      bindkey '^I' ask
    ]==])
    peer.write_file(folder .. "/ask.zsh", [==[
      zmodload zsh/zpty
      zpty z zsh -f -i
      zpty -w z 'source ./rc; print -r -- "REA""DY"'
      zpty -r -m z x '*READY*' || exit 1
      while IFS= read -r line; do
        zpty -w -n z "$line"$'\t'
        zpty -r -m z x '*ASKED*' || exit 1
      done < lines
      zpty -d z
    ]==])
    in_folder "zsh -f ask.zsh"
    -- compsys is told what stands before the name of a file, and offers the name.
    local i = 0
    check((peer.read_file(folder .. "/out"):gsub("(.-)%-%-END%-%-\n", function(answer)
      i = i + 1
      local head = asked[i][2][1]:match "^(.*=@?)nd%a%.docx$" or ""
      return answer:gsub("[^\n]+", function(word) return head .. word end) .. "--END--\n"
    end)))
  end)

  it("fish", function()
    if not has "fish" then return pending "fish is not installed" end
    in_folder [==[
      fish --no-config -c 'source fish; while read -l line; complete -C "$line"; echo "--END--"; end < lines' > out
    ]==]
    check(peer.read_file(folder .. "/out"))
  end)
end)

it("`ironclad completion` refuses what is no shell", function()
  local _, err, status = command.run("completion tcsh", {})
  assert.equal(2, status)
  assert.matches('expected bash, zsh or fish, got "tcsh"', err)
end)
