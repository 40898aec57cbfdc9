-- ironclad.csv: rows of files as people have them, and files that spreadsheets read.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

describe("ironclad.csv", function()
  local folder
  setup(function() folder = peer.temporary_folder() end)
  teardown(function() peer.remove_folder(folder) end)

  local function rows(text, options)
    local path = folder .. "/in.csv"
    peer.write_file(path, text)
    local list = {}
    for row, line in ironclad.csv.rows(path, options) do list[#list + 1] = { row, line } end
    return list
  end

  local cases = {
    { "a,b\r\n1,2\r\n", { { a = "1", b = "2" }, 2 } },
    { "\239\187\191a;b\n1;2,5\n", { { a = "1", b = "2,5" }, 2 } },
    { "a\tb\n1\t2", { { a = "1", b = "2" }, 2 } },
    { 'a,b\n"x ""y""\nz",2\n\n3,4\n', { { a = 'x "y"\nz', b = "2" }, 2 }, { { a = "3", b = "4" }, 5 } },
    { "a,b\n1\n", { { a = "1", b = "" }, 2 } },
    { 'a\n"x"', { { a = "x" }, 2 } },
    { 'a,b\n"",\n', { { a = "", b = "" }, 2 } },
    { 'a\n""\n\n""', { { a = "" }, 2 }, { { a = "" }, 4 } },
    { 'a\n"x"\n"y"\r', { { a = "x" }, 2 }, { { a = "y" }, 3 } },
    { "", nil },
  }
  for i, case in ipairs(cases) do
    it("reads rows with their lines: " .. i, function()
      local expected = {}
      for k = 2, #case do expected[k - 1] = case[k] end
      assert.same(expected, rows(case[1]))
    end)
  end

  it("reads rows that do not fit into one read", function()
    local parts = { "a,b\r\n" }
    for n = 1, 30000 do parts[#parts + 1] = ('%d,"line\r\n%d"\r\n'):format(n, n) end
    local list = rows(table.concat(parts))
    assert.equal(30000, #list)
    for n = 1, 30000, 997 do assert.same({ { a = tostring(n), b = "line\r\n" .. n }, 2 * n }, list[n]) end
  end)

  it("names the line of what is no CSV", function()
    for _, case in ipairs { { 'a\n1\n"open\n', "line 3: a quote is not closed" }, { 'a\n"x"y\n', "line 2: text after" },
      { 'a\n"x"y', "line 2: text after" }, { '"x"y', "line 1: text after" }, { 'a,b\n1,"2"3', "line 2: text after" },
      { "a\n1,2\n", "line 2: 2 fields, but 1 names" }, { "a,b,a\n1,2,3\n", 'line 1: two columns are called "a"' } } do
      local fine, problem = pcall(rows, case[1])
      assert.is_false(fine)
      assert.matches(case[2], problem)
    end
  end)

  it("writes what it reads, and protects spreadsheets", function()
    local path = folder .. "/out.csv"
    local out = assert(ironclad.csv.writer(path, { columns = { "a", "b" }, bom = true }))
    out:write { a = "=HYPERLINK(1)", b = 'x "y", z' }
    out:write { "-5", "+49 30" }
    out:write { a = -5, b = true }
    assert.is_true(out:close())
    assert.equal("\239\187\191a,b\r\n'=HYPERLINK(1),\"x \"\"y\"\", z\"\r\n-5,'+49 30\r\n-5,true\r\n",
      peer.read_file(path))
    assert.equal('x "y", z', rows(peer.read_file(path))[1][1].b)
  end)

  it("continues after a line with too many fields, and not after one that has no end", function()
    local path = folder .. "/in.csv"
    peer.write_file(path, 'a,b\n1,2,3\n4,5\n"6,7\n8,9\n')
    local next_row = ironclad.csv.rows(path)
    local fine, problem = pcall(next_row)
    assert.is_false(fine)
    assert.equal(path .. ", line 2: 3 fields, but 2 names in the first line", problem)
    local row, line = next_row()
    assert.same({ a = "4", b = "5" }, row)
    assert.equal(3, line)
    fine, problem = pcall(next_row)
    assert.is_false(fine)
    assert.equal(path .. ", line 4: a quote is not closed", problem)
    assert.is_nil(next_row())
  end)

  it("names text in UTF-16", function()
    for _, mark in ipairs { "\255\254", "\254\255" } do
      assert.error_matches(function() rows(mark .. "a\0,\0b\0") end, "line 1: the text is UTF%-16; save it")
    end
  end)

  it("leaves JSON null empty, as nil", function()
    local texts = {}
    local out = ironclad.csv.writer(function(text) texts[#texts + 1] = text end,
      { columns = { "a", "b", "c" }, header = false })
    out:write { a = ironclad.null, c = false }
    assert.equal(",,false\r\n", table.concat(texts))
  end)

  it("writes a row of one empty field so that it is read as one", function()
    local texts = {}
    local out = ironclad.csv.writer(function(text) texts[#texts + 1] = text end, { columns = { "a" } })
    out:write { a = "" }:write { a = ironclad.null }:write { a = "x" }
    assert.equal('a\r\n""\r\n""\r\nx\r\n', table.concat(texts))
    assert.same({ { { a = "" }, 2 }, { { a = "" }, 3 }, { { a = "x" }, 4 } }, rows(table.concat(texts)))
  end)

  it("writes other separators, no header, and formulas when asked", function()
    local texts = {}
    local out = ironclad.csv.writer(function(text) texts[#texts + 1] = text end,
      { columns = { "a" }, separator = ";", formulas = true, header = false })
    out:write({ "=1;2" }):write { "x,y" }
    assert.equal('"=1;2"\r\nx,y\r\n', table.concat(texts))
  end)

  it("writes the digits that read back as the same number", function()
    for _, number in ipairs { 1234567890123.45, 1e15, 9007199254740991, 0.1, 1 / 3, 1e300, 5, -2.5, 2 ^ -1074 } do
      local text = ironclad.csv.field(number)
      assert.equal(number, tonumber(text), text)
      assert.equal(ironclad.json.encode(number), text)
    end
    assert.equal("5", ironclad.csv.field(5.0))
    local beyond = ironclad.json.decode "9007199254740993" -- an integer, or its digits
    assert.equal("9007199254740993", ironclad.csv.field(beyond))
  end)

  it("writes what has a text of its own, and protects it", function()
    assert.equal("2026-01-31", ironclad.csv.field(ironclad.date(2026, 1, 31)))
    assert.equal("USD 5000", ironclad.csv.field(ironclad.money("USD", 5000)))
    assert.equal("'=A1", ironclad.csv.field(ironclad.address { lines = { "=A1" } }))
    assert.equal("=A1", ironclad.csv.field(ironclad.address { lines = { "=A1" } }, { formulas = true }))
  end)

  it("reads and writes every separator", function()
    for _, separator in ipairs { ",", ";", "\t", "|", "^", "]", "-", "%", ".", " ", "x" } do
      local texts, row = {}, { a = "1" .. separator .. "2", b = "y\n" .. separator, c = "z" }
      local out = ironclad.csv.writer(function(text) texts[#texts + 1] = text end,
        { columns = { "a", "b", "c" }, separator = separator })
      out:write(row)
      assert.same({ { row, 2 } }, rows(table.concat(texts), { separator = separator }))
    end
  end)

  it("says that a file cannot be read", function()
    for path, problem in pairs { ["/tmp"] = "Is a directory", ["/proc/self/mem"] = "Input/output error" } do
      for _, given in ipairs { path, assert(io.open(path, "rb")) } do
        local fine, message = pcall(ironclad.csv.rows, given)
        assert.is_false(fine)
        assert.equal(("%s, line 1: cannot be read: %s"):format(given == path and path or "CSV", problem), message)
        if given ~= path then given:close() end
      end
    end
  end)

  it("says that the byte order mark cannot be written", function()
    local full = assert(io.open("/dev/full", "wb"))
    full:setvbuf "no"
    local out, message = ironclad.csv.writer(full, { columns = { "a" }, bom = true, header = false })
    full:close()
    assert.is_nil(out)
    assert.matches("No space left", message)
  end)

  it("refuses wrong separators and truth values wherever they are given", function()
    local none = folder .. "/none.csv"
    local calls = {
      ["ironclad.csv.field"] = function(options) return ironclad.csv.field("a", options) end,
      ["ironclad.csv.rows"] = function(options) return ironclad.csv.rows("/dev/null", options) end,
      ["ironclad.csv.writer"] = function(options)
        options.columns = { "a" }
        return ironclad.csv.writer(none, options)
      end,
    }
    for label, call in pairs(calls) do
      for _, case in ipairs { { true, "one character, got a boolean" }, { 5, "one character, got a number" },
        { "", 'one character that is no quote or line end, got ""' }, { ";;", 'got ";;"' }, { "\n", 'got "\\u000A"' },
        { "\r", 'got "\\u000D"' }, { '"', 'got """' }, { "\0", 'got "\\u0000"' } } do
        local fine, message = pcall(call, { separator = case[1] })
        assert.is_false(fine)
        assert.is_truthy(message:find(label .. ": separator: expected", 1, true), message)
        assert.is_truthy(message:find(case[2], 1, true), message)
      end
      local fine, message = pcall(call, { seperator = ";" })
      assert.is_false(fine)
      local expected = label .. ': seperator: unknown option; did you mean "separator"?'
      assert.is_truthy(message:find(expected, 1, true), message)
    end
    for option, labels in pairs { formulas = { "ironclad.csv.field", "ironclad.csv.writer" },
      bom = { "ironclad.csv.writer" }, header = { "ironclad.csv.writer" } } do
      for _, label in ipairs(labels) do
        local fine, message = pcall(calls[label], { [option] = "no" })
        assert.is_false(fine)
        local expected = ("%s: %s: expected true or false, got a string"):format(label, option)
        assert.is_truthy(message:find(expected, 1, true), message)
      end
    end
    assert.is_nil(io.open(none))
  end)

  it("refuses values that have no text", function()
    local out = ironclad.csv.writer(function() end, { columns = { "tags" } })
    for _, value in ipairs { {}, { "a" }, ironclad.array { "a" }, print, coroutine.create(print) } do
      local got = "expected a text, number, boolean or a value such as ironclad.date, got a " .. type(value)
      for label, call in pairs { ["ironclad.csv.writer: write: tags: "] = function() out:write { tags = value } end,
        ["ironclad.csv.field: "] = function() ironclad.csv.field(value) end } do
        local fine, message = pcall(call)
        assert.is_false(fine)
        assert.is_truthy(message:find("csv_spec.lua:%d+: "), message)
        assert.is_truthy(message:find(label .. got, 1, true), message)
      end
    end
  end)

  it("refuses wrong arguments at the script's line", function()
    for _, case in ipairs {
      { function() ironclad.csv.writer(5, { columns = {} }) end, "expected a path, an open file or a function, got a" },
      { function() ironclad.csv.writer("x", { columns = { {} } }) end, "columns: 1: expected a name, got a table" },
      { function() ironclad.csv.writer("x", { columns = { "a", "a" } }) end, 'columns: two are called "a"' },
      { function() ironclad.csv.writer("x") end, "options: expected a table, got nil" },
      { function() ironclad.csv.field("x", true) end, "options: expected a table, got a boolean" },
      { function() ironclad.csv.rows(3) end, "csv_spec.lua:%d+: ironclad.csv.rows: expected a path" },
      { function() ironclad.csv.rows("x", { columns = "a" }) end, "csv_spec.lua:%d+: .*a list of names" },
      { function() ironclad.csv.rows("x", { columns = { "a", 2 } }) end, "columns: 2: expected a name, got a number" },
      { function() ironclad.csv.rows("x", { columns = { "a", "a" } }) end, 'columns: two are called "a"' },
      { function() ironclad.csv.rows("x", { separator = 1 }) end, "separator: expected one character, got a number" },
      { function() ironclad.csv.rows "/nowhere/x.csv" end, "/nowhere/x.csv: No such file" },
      { function() ironclad.csv.writer("x", {}) end, "columns: expected a list of names" },
      { function() ironclad.csv.writer("x", { colums = {} }) end, 'did you mean "columns"' },
    } do
      local fine, problem = pcall(case[1])
      assert.is_false(fine)
      assert.matches(case[2], problem)
    end
  end)
end)

describe("ironclad.json.encode with options", function()
  it("sorts keys, and breaks lines", function()
    local value = { b = { 1, "x" }, a = ironclad.null, c = {}, d = ironclad.array {},
      e = ironclad.date(2026, 1, 31) }
    assert.equal('{"a":null,"b":[1,"x"],"c":{},"d":[],"e":"2026-01-31T00:00:00Z"}',
      ironclad.json.encode(value, { sort = true }))
    assert.equal('{\n  "a": null,\n  "b": [\n    1,\n    "x"\n  ],\n  "c": {},\n  "d": [],\n'
      .. '  "e": "2026-01-31T00:00:00Z"\n}', ironclad.json.encode(value, { pretty = true }))
  end)

  it("refuses what JSON cannot hold, and unknown options", function()
    assert.error_matches(function() ironclad.json.encode({ 1, print }, { pretty = true }) end, "function")
    assert.error_matches(function() ironclad.json.encode({}, { prety = true }) end, 'did you mean "pretty"')
    local loop = {}
    loop[1] = loop
    assert.error_matches(function() ironclad.json.encode(loop, { sort = true }) end, "%[1%]: the table contains itself")
  end)

  -- Each is written as without options, or refused with the same message.
  it("takes every table as json.encode alone does", function()
    local gap = ironclad.array {}
    gap[3], gap[1] = 3, 1
    local named = ironclad.array { 1 }
    named.x = 2
    local function raise() error "called" end
    local function bare(text) return (text:gsub("^%S-%.lua:%d+: ", ""):gsub("%s", "")) end
    for i, value in ipairs { gap, named, { 1, nil, 3 }, { 1, x = 2 }, { [0] = 0, 1 }, { [1.5] = 1 }, { [true] = 1 },
      { ironclad.file { data = "secret" } }, ironclad.file { data = "secret" }, ironclad.array { [2] = "b" },
      setmetatable({ 1, 2 }, { __len = function() return 0 end }),
      setmetatable({ 1 }, { __index = raise, __len = raise }),
      setmetatable({}, { __index = { 1, 2 }, __len = function() return 2 end }),
      setmetatable({ a = 1 }, { __pairs = function() return next, { b = 2 } end, __index = raise }),
      setmetatable({ 1 }, { __metatable = "hidden", __as_text = function() return "text" end }),
      setmetatable({ a = 1 }, { __metatable = "hidden" }), setmetatable({ a = 1 }, { __as_text = "text" }),
      setmetatable({ 1 }, { __as_number = function() return "12" end }),
      setmetatable({ 1 }, { __index = getmetatable }) } do
      local fine, plain = pcall(ironclad.json.encode, { x = value })
      for _, options in ipairs { { sort = true }, { pretty = true }, { sort = true, pretty = true } } do
        local same, styled = pcall(ironclad.json.encode, { x = value }, options)
        assert.equal(fine, same, i .. tostring(styled))
        assert.equal(bare(plain), bare(styled), i)
      end
    end
  end)
end)

describe("ironclad.progress", function()
  local function drawn(fn, options)
    local texts = {}
    local given = { terminal = true, columns = 60, file = { write = function(_, ...)
      for _, text in ipairs { ... } do texts[#texts + 1] = text end
    end, flush = function() end } }
    for name, value in pairs(options or {}) do given[name] = value end
    fn(ironclad.progress("Downloading", given))
    return table.concat(texts)
  end

  it("draws a bar, and removes it", function()
    local text = drawn(function(bar)
      bar(10, 10)
      bar:finish "done\27[31m"
    end)
    assert.equal("\rDownloading [########################] 10 of 10\27[K\r\27[Kdone␛[31m\n", text)
  end)

  it("shows bytes, failures and unknown totals, and fits its line", function()
    assert.matches("1.5 KiB", drawn(function(bar) bar(1536) end, { unit = "bytes" }))
    assert.matches("3 of 5, 2 failed", drawn(function(bar) bar(3, 5, 2) end))
    local narrow = drawn(function(bar) bar(3, 5) end, { columns = 10 })
    assert.equal("\rDownload…\27[K", narrow)
  end)

  it("draws nothing where there is no terminal", function()
    assert.equal("", drawn(function(bar)
      bar(1, 2)
      bar:finish "done"
    end, { terminal = false }))
  end)
end)
