-- Filters of Clickwrap's lists.
local ironclad = require "ironclad"

local f = ironclad.clickwrap.filter

describe("ironclad.clickwrap.filter", function()
  for text, filter in pairs {
    ["event_type==agreed"] = f.eq("event_type", "agreed"),
    ["signer_id==jane@example.com"] = f.eq("signer_id", "jane@example.com"),
    ["contract!=282"] = f.ne("contract", 282),
    ["test_mode==false"] = f.eq("test_mode", false),
    ["created_time>=2020-10-14"] = f.ge("created_time", "2020-10-14"),
    ["created_time>=2026-10-14T00:00:00Z"] = f.ge("created_time", ironclad.date(2026, 10, 14)),
    ["a<1 and b<=2 and c>3"] = f.And(f.lt("a", 1), f.le("b", 2), f.gt("c", 3)),
    ["a==1"] = f.And { f.eq("a", 1) },
    ["custom_data.plan==pro"] = f.eq("custom_data.plan", "pro"),
    -- What could change the expression is quoted.
    ['signer_id=="jane doe"'] = f.eq("signer_id", "jane doe"),
    ['signer_id=="x and event_type==agreed"'] = f.eq("signer_id", "x and event_type==agreed"),
    ['signer_id=="a\\"b\\\\c"'] = f.eq("signer_id", 'a"b\\c'),
    ['signer_id=="and"'] = f.eq("signer_id", "and"),
    ['signer_id=="AND"'] = f.eq("signer_id", "AND"),
    ['signer_id=="Null"'] = f.eq("signer_id", "Null"),
    ['signer_id==""'] = f.eq("signer_id", ""),
    ['signer_id=="é"'] = f.eq("signer_id", "é"),
  } do
    it("writes " .. text, function() assert.are.equal(text, tostring(filter)) end)
  end

  for message, fn in pairs {
    ["eq: expected the name of a field, got nil"] = function() f.eq() end,
    ['eq: "a==b" is not the name of a field'] = function() f.eq("a==b", 1) end,
    ["ge: expected a text, number, boolean or date, got a table"] = function() f.ge("a", {}) end,
    ["eq: expected a text, number, boolean or date, got a number"] = function() f.eq("a", 0 / 0) end,
    ["eq: the text holds a control character"] = function() f.eq("a", "x\n") end,
    ["eq: the text is not UTF%-8"] = function() f.eq("a", "x\255") end,
    ["eq: too many arguments: also got a number"] = function() f.eq("a", 1, 2) end,
    ["And: expected filters"] = function() f.And() end,
    ["And: 2: expected a filter .* got a string"] = function() f.And(f.eq("a", 1), "b==2") end,
    [" has no Or"] = function() return f.Or end,
  } do
    it("refuses: " .. message, function()
      local fine, text = pcall(fn)
      assert.is_false(fine)
      assert.matches("filter_spec.lua:%d+: ironclad.clickwrap.filter.*" .. message, text)
    end)
  end
end)
