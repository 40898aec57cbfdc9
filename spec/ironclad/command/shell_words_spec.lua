-- Splitting a text into words as a shell does.
local shell_words = require "ironclad.command.shell_words"

local cases = {
  { "", {} },
  { " \t ", {} },
  { "pass show ironclad", { "pass", "show", "ironclad" } },
  { "  a\tb\nc  ", { "a", "b", "c" } },
  { "/x/pr.sh --fields=a,b", { "/x/pr.sh", "--fields=a,b" } },
  { "pass show 'my ironclad/acme'", { "pass", "show", "my ironclad/acme" } },
  { [[a "b c" d]], { "a", "b c", "d" } },
  { [[a"b 'c"'d "e']], { [[ab 'cd "e]] } },
  { "'' x \"\"", { "", "x", "" } },
  { [[a\ b \'c\' \\]], { "a b", "'c'", "\\" } },
  { [["a\"b\\c\$d\`e\f"]], { [[a"b\c$d`e\f]] } },
  { [['a\b']], { [[a\b]] } },
  { "$HOME ~ *", { "$HOME", "~", "*" } },
  { "it's", nil, "the closing ' is missing" },
  { 'a "b', nil, 'the closing " is missing' },
  { [[a "b\"]], nil, 'the closing " is missing' },
  { "a\\", nil, "nothing follows the last backslash" },
}

for _, case in ipairs(cases) do
  it("splits " .. case[1]:gsub("%s", " "), function()
    local words, wrong = shell_words(case[1])
    assert.same(case[2], words)
    assert.equal(case[3], wrong)
  end)
end
