-- Tables on a narrow terminal, with characters of every width: `wc -L` measures them, which asks the C library.
local command = require "spec.support.command"
local peer = require "spec.support.peer"
local screen = require "ironclad.base.screen"

-- Texts whose characters take no column, one, or two: combining marks, wide characters, emoji and what modifies them,
-- scripts with marks above and below, from right to left, invisible characters, and Hangul in parts.
local texts = {
  "e\204\129e\204\129 cafe\204\129", "日本語の契約書", "한국어 계약",
  "\225\132\146\225\133\161\225\134\171 parts", "👍🏽 🇩🇪 👩‍💻 ok", "❤️ ✅ ⭐ 🟢 🪪",
  "שָׁלוֹם \226\128\143עולם", "العَقْد \216\156x", "สวัสดี ที่นี่",
  "हिन्दी अनुबंध", "বাংলা চুক্তি",
  "தமிழ் ஒப்பந்தம்", "ខ្មែរ កិច្ចសន្យា",
  "မြန်မာ", "zero\226\128\139width\226\129\160joined\239\187\191", "ｆｕｌｌ　ｗｉｄｔｈ",
  "ﾊﾝｶｸ", "Ελληνικά, русский", "𠀀𠀁 𝒳", "…—“”",
}

-- The columns that each line of a text takes.
local function measured(lines)
  local folder, widths = peer.temporary_folder(), {}
  for i, line in ipairs(lines) do peer.write_file(("%s/%04d"):format(folder, i), line .. "\n") end
  -- The last line is the total.
  local out, status = peer.shell(("cd %s; LC_ALL=C.UTF-8 wc -L *"):format(folder))
  assert.equal(0, status, out)
  for width in out:gmatch "(%d+) %d%d%d%d\n" do widths[#widths + 1] = tonumber(width) end
  if #lines == 1 then widths[1] = tonumber(out:match "%d+") end
  assert.equal(#lines, #widths)
  peer.remove_folder(folder)
  return widths
end

it("characters have the width that the C library gives them", function()
  local list = {}
  for _, text in ipairs(texts) do
    list[#list + 1] = text
    for columns = 1, 9 do list[#list + 1] = screen.cut(text, columns) end
  end
  for i, width in ipairs(measured(list)) do assert.equal(width, screen.width(list[i]), list[i]) end
  for _, text in ipairs(texts) do
    for columns = 1, 30 do
      assert.is_true(screen.width(screen.cut(text, columns)) <= columns)
      assert.is_true(screen.width(screen.fill(screen.cut(text, columns), columns)) == columns)
    end
  end
end)

describe("on a terminal of 20 columns", function()
  local sandbox, client, given

  setup(function()
    sandbox, given, client = command.start_sandbox()
    for _, text in ipairs(texts) do
      assert(client.records:create { type = "mutualNDA", name = text, properties = { counterpartyName = text } })
    end
  end)
  teardown(function() sandbox:stop() end)

  -- The lines that a terminal shows, without colours.
  local function shown(words, columns)
    local out, status = command.terminal(words, given, columns or 20)
    assert.equal(0, status, out)
    local lines = {}
    for line in out:gsub("\27%[[%d;]*m", ""):gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
    return lines
  end

  it("a table fits, and its columns stand below each other", function()
    for _, columns in ipairs { 20, 33 } do
      local lines, before = shown("records list --all --columns name,ironcladId,counterpartyName", columns), {}
      assert.is_true(#lines > #texts)
      for i, width in ipairs(measured(lines)) do
        assert.is_true(width <= columns, lines[i])
        -- What is left of the second column.
        before[i] = lines[i]:match(i == 1 and "^(.*)IRON" or "^(.*)IC%-%d+")
        assert.is_not_nil(before[i], lines[i])
      end
      local widths = measured(before)
      for i, width in ipairs(widths) do assert.equal(widths[1], width, lines[i]) end
    end
  end)

  it("the fields of one answer fit", function()
    local record = client.records:list { pageSize = 1, page = 0 }.list[1]
    for _, words in ipairs { "records get " .. record.id, "workflows get IC-2" } do
      local lines = shown(words)
      for i, width in ipairs(measured(lines)) do assert.is_true(width <= 20, lines[i]) end
    end
  end)

  it("help has no line of blanks, and wraps its texts", function()
    for _, words in ipairs { "help", "help login", "workflows", "workflows launch --help" } do
      local long = 0
      for _, line in ipairs(shown(words)) do
        assert.is_nil(line:find "%s$", words .. ": " .. line)
        if line:find "^    [^ ]" and line:find "[^ ] " then long = math.max(long, screen.width(line)) end
      end
      assert.is_true(long <= 20, words .. " " .. long)
    end
  end)

  it("a note stands below the table", function()
    local lines = shown("records list --limit 2", 80)
    assert.equal(4, #lines)
    assert.matches("^IRONCLADID", lines[1])
    assert.matches("^2 of %d+; %-%-all prints all", lines[4])
  end)
end)
