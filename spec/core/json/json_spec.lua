-- JSON and Lua values, both ways: what comes back unharmed, and what is refused with its path.
local ironclad = require "ironclad"
local json, null, array, file = ironclad.json, ironclad.null, ironclad.array, ironclad.file

-- Only Lua 5.3 and later have integers.
local number_type, to_integer = rawget(math, "type"), rawget(math, "tointeger")
local max_integer, min_integer = rawget(math, "maxinteger"), rawget(math, "mininteger")
local replacement = "\239\191\189" -- U+FFFD

-- The message of the error that encode(value) throws, without the place in the script.
local function refusal(value)
  local done, message = pcall(json.encode, value)
  assert.is_false(done)
  return (message:gsub("^[^:]+:%d+: ", ""))
end

-- A table in a table in a table …, `depth` deep.
local function nested(depth)
  local value = {}
  for _ = 2, depth do
    value = { x = value }
  end
  return value
end

describe("json", function()
  describe("comes back as it was", function()
    for _, text in ipairs {
      "null", "true", "false", '""', '"text"', '"Verträge €"', '"\\"\\\\\\b\\f\\n\\r\\t\\u0001/"',
      "0", "-0", "-1.5", "0.1", "0.30000000000000004", "123456789012345", "1000000000000000", "9007199254740992",
      "-9007199254740992", "9.007199254740994e+15", "1e+100",
      "[]", "{}", "[[],{}]", "[null,null]", '{"a":[]}', '{"":{"":1}}',
      '[1,"two",true,[null],{"three":3}]', '{"a key":{"b":[{"c":null}]}}',
    } do
      it(text, function()
        assert.equal(text, json.encode(json.decode(text)))
      end)
    end

    it("a large list", function()
      local items = {}
      for i = 1, 1000 do
        items[i] = { i }
      end
      local text = json.encode(items)
      assert.equal(text, json.encode(json.decode(text)))
      assert.equal(1000, #json.decode(text))
    end)
  end)

  describe("decode", function()
    it("makes the values of Lua", function()
      local value, err =
        json.decode '{"s":"x","n":1.5,"t":true,"f":false,"list":[10,20],"object":{"k":"v"},"none":null}'
      assert.is_nil(err)
      assert.equal("x", value.s)
      assert.equal(1.5, value.n)
      assert.is_true(value.t)
      assert.is_false(value.f)
      assert.equal(10, value.list[1])
      assert.equal(2, #value.list)
      assert.equal("v", value.object.k)
      assert.equal(null, value.none)
      assert.is_nil(value.missing)
      assert.is_nil(getmetatable(value.object))
    end)

    it("answers a bare null, which is true in a condition, and a bare false", function()
      assert.equal(null, json.decode "null")
      assert.is_truthy(null)
      assert.equal("userdata", type(null))
      assert.is_false((json.decode "false"))
    end)

    it("has the null of lua-cjson", function()
      local found, cjson = pcall(require, "cjson")
      if found then assert.equal(cjson.null, null) end
    end)

    it("lets the last of two equal names win", function()
      assert.equal(2, json.decode('{"a":1,"a":2}').a)
    end)

    it("skips a byte order mark and white space", function()
      assert.equal(1, json.decode("\239\187\191 \t\r\n[ 1 ]\n")[1])
    end)

    it("makes integers of integral numbers, where Lua has them", function()
      local value = json.decode "[1,1.0,-3e2,9007199254740992,1.5,1e20,-0,9007199254740994.0]"
      local types = { "integer", "integer", "integer", "integer", "float", "float", "float", "float" }
      for i, wanted in ipairs(types) do
        assert.equal("number", type(value[i]))
        if number_type then assert.equal(wanted, number_type(value[i])) end
      end
      assert.equal(-300, value[3])
      assert.equal(-math.huge, 1 / value[7])
    end)

    it("keeps what no number holds as a string of its digits", function()
      for _, digits in ipairs {
        "9223372036854775808", "-9223372036854775809", "18446744073709551615", "1e400", "-1E+999", ("9"):rep(100),
      } do
        assert.equal(digits, json.decode("[" .. digits .. "]")[1])
      end
    end)

    it("keeps all 64 bits of an integer: as one where Lua has them, otherwise as its digits", function()
      for _, digits in ipairs {
        "9007199254740993", "-9007199254740993", "1618065507111835497", "576460752303423488", "-576460752303423489",
        "9223372036854775807", "-9223372036854775808",
      } do
        local value = json.decode("[" .. digits .. "]")[1]
        assert.equal(digits, tostring(value))
        assert.equal(number_type and "integer" or nil, number_type and number_type(value))
        assert.equal(number_type and "[" .. digits .. "]" or '["' .. digits .. '"]', json.encode { value })
      end
    end)

    it("keeps NUL, in names too", function()
      local value = json.decode '{"a\\u0000b":"c\\u0000d","a\\u0000c":1,"a":2,"\\u0000":[]}'
      assert.equal("c\0d", value["a\0b"])
      assert.equal(1, value["a\0c"])
      assert.equal(2, value.a)
      assert.equal(0, #value["\0"])
      assert.equal('{"x\\u0000y":"\\u0000"}', json.encode { ["x\0y"] = "\0" })
    end)

    it("keeps texts that come again apart from those that look like them", function()
      local items, texts = {}, {}
      for i = 1, 3000 do
        local text = ("t"):rep(i % 40) .. i % 17 .. ("e"):rep(i % 5)
        texts[i] = text
        items[i] = ('{"%s":"%s"}'):format(text, texts[math.floor(i / 2)] or "")
      end
      for i, item in ipairs(json.decode("[" .. table.concat(items, ",") .. "]")) do
        assert.equal(texts[math.floor(i / 2)] or "", item[texts[i]])
      end
    end)

    it("keeps texts apart that differ in one byte, of any length", function()
      for length = 1, 40 do
        local text = ("abcdefghij"):rep(4):sub(1, length)
        for at = 1, length do
          local other = text:sub(1, at - 1) .. "#" .. text:sub(at + 1)
          local texts = { text, other, text, other, text:sub(1, -2), text .. "x", text, other }
          assert.same(texts, json.decode('["' .. table.concat(texts, '","') .. '"]'), text)
        end
      end
    end)

    it("keeps texts apart that are looked up at the same place", function()
      for _, form in ipairs { "%06d", "%06dX the end is the same", "The beginning is the same X%06d", "%06dX%06d" } do
        local texts = {}
        for i = 1, 20000 do texts[i] = form:format(i, i * 7) end
        assert.same(texts, json.decode('["' .. table.concat(texts, '","') .. '"]'))
      end
      for byte = 35, 91 do -- one byte again and again: only the length differs
        for first = 1, 40 do
          local texts = {}
          for length = 1, 40 do
            texts[2 * length - 1], texts[2 * length] = string.char(byte):rep(first), string.char(byte):rep(length)
          end
          assert.same(texts, json.decode('["' .. table.concat(texts, '","') .. '"]'))
        end
      end
    end)

    it("never cuts a text", function()
      local value = json.decode '{"\\ud800":"\\udc00x\\ud83d\\ude00"}'
      assert.equal(replacement .. "x\240\159\152\128", value[replacement])
      assert.equal("a" .. replacement .. "b", json.decode '"a\255b"')
    end)

    it("returns what is wrong with a text, and where", function()
      for text, wrong in pairs {
        [""] = "expected a value, found the end at byte 1",
        ["<html>"] = "expected a value, found '<' at byte 1",
        ["[1,]"] = "expected a value, found ']' at byte 4",
        ["[1"] = "expected ',' or ']', found the end at byte 3",
        ["[1] x"] = "expected nothing after the value, found 'x' at byte 5",
        ['{"a" 1}'] = "expected ':', found '1' at byte 6",
        ["{a=1}"] = "expected a name in double quotes, found 'a' at byte 2",
        ["[01]"] = "expected ',' or ']', found '1' at byte 3",
        ["[1.]"] = "expected a digit after the decimal point, found ']' at byte 4",
        ['"\\x"'] = "after a backslash, found 'x' at byte 3",
        ['"\n"'] = "expected control characters to be escaped, found byte 0x0A at byte 2",
        ["[1]\0"] = "expected nothing after the value, found byte 0x00 at byte 4",
        [("["):rep(513) .. ("]"):rep(513)] = "nested deeper than 512 at byte 513",
      } do
        local value, err = json.decode(text)
        assert.is_nil(value)
        assert.is_truthy(tostring(err):find(wrong, 1, true), tostring(err))
      end
    end)

    it("goes 512 deep", function()
      local text = ("["):rep(512) .. ("]"):rep(512)
      assert.equal(text, json.encode(json.decode(text)))
    end)

    it("refuses millions of values before it builds any", function()
      local value, err = json.decode("[" .. ("1,"):rep(2000000) .. "1]")
      assert.is_nil(value)
      assert.is_truthy(tostring(err):find("more than 2000000 values", 1, true))
    end)

    it("throws for what is no string", function()
      assert.is_false(pcall(json.decode))
      assert.is_false(pcall(json.decode, 1))
      assert.is_false(pcall(json.decode, {}))
    end)
  end)

  describe("encode", function()
    it("tells lists from objects", function()
      assert.equal("{}", json.encode {})
      assert.equal("[]", json.encode(array {}))
      assert.equal("[1,2]", json.encode { 1, 2 })
      assert.equal("[1,2]", json.encode(array { 1, 2 }))
      assert.equal("[[],{}]", json.encode { array(), {} })
      assert.equal("[null,1]", json.encode { null, 1 })
      local filled_backwards = {}
      for i = 5, 1, -1 do
        filled_backwards[i] = i
      end
      assert.equal("[1,2,3,4,5]", json.encode(filled_backwards))
      local emptied = json.decode "[1]"
      emptied[1] = nil
      assert.equal("[]", json.encode(emptied))
    end)

    it("writes integral numbers as integers, and every number in full", function()
      assert.equal("[3,-7,100,9007199254740991]", json.encode { 3.0, -7, 1e2, 9007199254740991 })
      assert.equal("[0.1,0.30000000000000004,1e+300]", json.encode { 0.1, 0.1 + 0.2, 1e300 })
      for _, value in ipairs { 1 / 3, 2 ^ 53 + 2, 2 ^ -1074, 123456.789, -1e15 } do
        assert.equal(value, json.decode(json.encode(value)))
      end
    end)

    it("writes all 64 bits of an integer", function()
      if not number_type then return end
      assert.equal("[9223372036854775807,-9223372036854775808]", json.encode { max_integer, min_integer })
      assert.equal("[9007199254740993]", json.encode { to_integer(2 ^ 53) + 1 })
    end)

    it("runs no code of the tables it reads", function()
      local function fail()
        error "a metamethod ran"
      end
      local value = setmetatable({ id = 1 }, { __index = fail, __pairs = fail, __len = fail, __tostring = fail })
      assert.equal('{"id":1}', json.encode(value))
      assert.equal('[{"id":1}]', json.encode { value })
    end)

    it("writes the same table twice, but never a cycle", function()
      local shared = { 1 }
      assert.equal("[[1],[1]]", json.encode { shared, shared })
      local cycle = { list = { {} } }
      cycle.list[1].back = cycle
      assert.equal("list[1].back: the table contains itself", refusal(cycle))
    end)

    it("names the first place of a cycle, wherever it closes", function()
      for outside = 0, 20 do
        for inside = 1, 20 do
          local first = { before = { 1 } }
          local last = first
          for _ = 2, inside do
            last.x = {}
            last = last.x
          end
          last.x = first
          local value = first
          for _ = 1, outside do value = { x = value } end
          assert.equal("x" .. (".x"):rep(outside + inside - 1) .. ": the table contains itself", refusal(value))
        end
      end
    end)

    it("finds a cycle before its many values are too many", function()
      local cycle = {}
      for i = 1, 400000 do cycle[i] = true end
      cycle[#cycle + 1] = cycle
      assert.equal("[400001]: the table contains itself", refusal(cycle))
    end)

    -- Texts are copied in pieces of several sizes.
    it("writes every character at every place of a text of any length", function()
      local written = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\0"] = "\\u0000", ["\31"] = "\\u001f",
        [" "] = " ", ["\127"] = "\127", ["é"] = "é", ["€"] = "€", ["😀"] = "😀" }
      local letters = ("abcdefghijklmnopqrstuvwxyz"):rep(3)
      for length = 0, 50 do
        local before = letters:sub(1, length)
        assert.equal('"' .. before .. '"', json.encode(before))
        for behind = 0, 20 do
          for character, text in pairs(written) do
            local after = letters:sub(1, behind)
            local found = json.encode(before .. character .. after)
            if found ~= '"' .. before .. text .. after .. '"' then
              assert.equal('"' .. before .. text .. after .. '"', found)
            end
          end
        end
      end
    end)

    it("finds invalid UTF-8 at every place of a text of any length", function()
      for length = 0, 50 do
        for behind = 0, 20 do
          local message = refusal(("a"):rep(length) .. "\255" .. ("b"):rep(behind))
          if message ~= ("value: the text holds invalid UTF-8 at byte %d"):format(length + 1) then
            assert.equal("", message)
          end
        end
      end
    end)

    it("writes names that come again, of any length and number", function()
      local rows = {}
      for i = 1, 4 do
        rows[i] = { [""] = i }
        for name = 1, 1000 do
          rows[i][("n"):rep(name % 60) .. name] = i
        end
      end
      assert.same(rows, json.decode(json.encode(rows)))
    end)

    it("goes 512 deep", function()
      assert.equal(511 * #'{"x":}' + 2, #json.encode(nested(512)))
      local message = refusal(nested(513))
      assert.is_truthy(message:find "^x%.x%.x%..*: nested deeper than 512$")
      assert.is_true(#message < 300)
    end)

    it("refuses millions of values", function()
      local row, rows = {}, {}
      for i = 1, 2000 do
        row[i] = true
      end
      for i = 1, 2000 do
        rows[i] = row
      end
      assert.equal("[1000][1000]: more than 2000000 values", refusal(rows))
    end)

    local path_of = {
      ["attributes.lines[3]: a value of type function cannot be written as JSON"] = {
        attributes = { lines = { 1, {}, print } },
      },
      ["a.b: a value of type thread cannot be written as JSON"] = { a = { b = coroutine.create(function() end) } },
      ["[2]: a value of type userdata cannot be written as JSON"] = { 1, io.stdout },
      ["value: a value of type function cannot be written as JSON"] = print,
      ["n[1]: NaN cannot be written as JSON"] = { n = { 0 / 0 } },
      ["n: infinity cannot be written as JSON"] = { n = -math.huge },
      ["name: the text holds invalid UTF-8 at byte 3"] = { name = "ab\255" },
      ["name: the text holds invalid UTF-8 at byte 1"] = { name = "\237\160\128" },
      ["a: a key holds invalid UTF-8 at byte 1"] = { a = { ["\255"] = 1 } },
      ['["odd key"].x["1a"]: NaN cannot be written as JSON'] = { ["odd key"] = { x = { ["1a"] = 0 / 0 } } },
      ["lines: neither a list nor an object: [2] is missing"] = { lines = { 1, nil, 3 } },
      ["lines: neither a list nor an object: [1] is missing"] = { lines = { [7] = 1 } },
      ["lines: neither a list nor an object: 0 is a key"] = { lines = { [0] = 1 } },
      ["lines: neither a list nor an object: 1.5 is a key"] = { lines = { [1.5] = 1 } },
      ["lines: neither a list nor an object: a boolean is a key"] = { lines = { [true] = 1 } },
      ["lines: neither a list nor an object: it has names and numbers as keys"] = { lines = { 1, 2, x = 3 } },
      ["lines: marked as an array, but it has names as keys"] = { lines = array { x = 1 } },
      ["[1]: neither a list nor an object: [1] is missing"] = { array { [2] = 1 } },
      ["draft[1]: a file is not allowed here"] = { draft = { file "nda.docx" } },
    }
    for message, value in pairs(path_of) do
      it("refuses by path: " .. message:gsub("%c", "?"), function()
        assert.equal(message, refusal(value))
      end)
    end

    it("names the script's own line", function()
      local _, message = pcall(function()
        return #json.encode { print }
      end)
      assert.is_truthy(message:find "json_spec%.lua:%d+: %[1%]: ")
    end)

    it("wants a value", function()
      assert.is_false(pcall(json.encode))
      assert.equal("value: a value of type nil cannot be written as JSON", refusal(nil))
    end)
  end)
end)

describe("array", function()
  it("marks and returns the table, or a new one", function()
    local list = { 1 }
    assert.equal(list, array(list))
    assert.equal("[]", json.encode(array()))
    assert.equal("[]", json.encode(array(nil)))
    assert.equal(getmetatable(array()), getmetatable(json.decode "[]"))
    assert.is_false(pcall(array, 1))
  end)
end)

describe("file", function()
  it("is a table of what it was given", function()
    assert.equal("nda.docx", file("nda.docx").path)
    local given = { data = "\0any bytes\255", filename = "a.pdf", content_type = "application/pdf" }
    local made = file(given)
    assert.are_not.equal(given, made)
    for name, value in pairs(given) do
      assert.equal(value, made[name])
    end
    assert.is_nil(made.path)
  end)

  it("prints shortly", function()
    assert.equal("ironclad.file (drafts/nda.docx)", tostring(file "drafts/nda.docx"))
    assert.equal("ironclad.file (a.pdf)", tostring(file { data = ("x"):rep(1000), filename = "a.pdf" }))
    assert.equal("ironclad.file (data)", tostring(file { data = "x" }))
  end)

  it("refuses what it cannot be", function()
    for wrong, given in pairs {
      ["unknown field 'filname' (did you mean 'filename'?)"] = { path = "x", filname = "y" },
      ["unknown field 'colour' (known: path, data, filename, content_type)"] = { path = "x", colour = "red" },
      ["expected named fields, got a number as a name"] = { "nda.docx" },
      ["exactly one of path and data is needed"] = {},
      ["exactly one of path and data is needed "] = { path = "x", data = "y" },
      ["path must be a string, not a number"] = { path = 1 },
      ["data must be a string, not a table"] = { data = {} },
      ["path is empty"] = "",
      ["path holds a NUL character"] = "a\0b",
      ["path holds control characters: give a filename"] = "a\nb",
      ["filename holds control characters"] = { data = "x", filename = "a\r\nb" },
      ["content_type holds control characters"] = { data = "x", content_type = "a\nb" },
      ["content_type is empty"] = { data = "x", content_type = "" },
    } do
      local done, message = pcall(file, given)
      assert.is_false(done)
      assert.is_truthy(message:find("file: " .. wrong:gsub(" $", ""), 1, true), message)
    end
    assert.is_false(pcall(file))
    assert.is_false(pcall(file, 1))
    assert.equal("a\nb", file({ path = "a\nb", filename = "ab" }).path)
  end)
end)
