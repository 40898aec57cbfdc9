-- The cache of cw:accepted: what counts, for how long, and what is forgotten.
local cache = require "ironclad.clickwrap.cache"

local VALUE = { accepted = true, missing = {}, versions = { ["282"] = "v" } }

describe("the cache of accepted terms", function()
  local store, kept
  local function put(signer, group, seconds)
    local _, marks = kept:get(signer, group)
    kept:put(signer, group, VALUE, marks, seconds or 1000)
  end
  local function has(signer, group) return kept:get(signer, group) ~= nil end

  before_each(function()
    store = cache.memory()
    kept = cache.new(store, "site")
    for _, signer in ipairs { "jane", "joe" } do
      for _, group in ipairs { "terms", "orders" } do put(signer, group) end
    end
  end)

  local function all()
    local list = {}
    for _, signer in ipairs { "jane", "joe" } do
      for _, group in ipairs { "terms", "orders" } do
        if has(signer, group) then list[#list + 1] = signer .. " " .. group end
      end
    end
    return list
  end

  it("returns what was put, as a table of its own", function()
    local value = kept:get("jane", "terms")
    assert.are.same(VALUE, value)
    value.accepted = false
    assert.is_true(kept:get("jane", "terms").accepted)
    assert.is_nil(kept:get("jim", "terms"))
  end)

  for what, row in pairs {
    ["a signer"] = { { "jane" }, { "joe terms", "joe orders" } },
    ["a group"] = { { nil, "terms" }, { "jane orders", "joe orders" } },
    ["a signer's entry for a group"] = { { "jane", "terms" }, { "jane orders", "joe terms", "joe orders" } },
    everything = { {}, {} },
  } do
    it("forgets " .. what, function()
      kept:forget(row[1][1], row[1][2])
      assert.are.same(row[2], all())
    end)
  end

  it("has an entry for as long as the script says", function()
    put("jim", "terms", 0)
    assert.is_false(has("jim", "terms"))
    assert.is_true(has("jane", "terms"))
  end)

  it("does not keep what was asked before a group was forgotten", function()
    local _, marks = kept:get("jim", "terms")
    kept:forget(nil, "terms")
    kept:put("jim", "terms", VALUE, marks, 1000)
    assert.is_false(has("jim", "terms"))
  end)

  it("does not keep what was asked before a signer was forgotten", function()
    for _, group in ipairs { false, "terms", "other" } do
      local _, before = kept:get("jim", "terms")
      kept:forget("jim", group or nil)
      kept:put("jim", "terms", VALUE, before, 1000)
      assert.is_false(has("jim", "terms"))
    end
    put("jim", "terms")
    assert.is_true(has("jim", "terms"))
  end)

  it("forgets in a store that takes no more", function()
    for _, forgotten in ipairs { { "jane" }, { "jane", "terms" }, { nil, "terms" }, {} } do
      put("jane", "terms")
      store.set = function() return false, "no memory" end
      kept:forget(forgotten[1], forgotten[2])
      store.set = nil
      assert.is_false(has("jane", "terms"))
    end
  end)

  it("does not believe an entry whose mark was lost", function()
    store:delete "site\nmark\nsite"
    assert.are.same({}, all())
    put("jane", "terms")
    assert.are.same({ "jane terms" }, all())
  end)

  it("keeps sites apart in one store", function()
    assert.is_nil((cache.new(store, "another"):get("jane", "terms")))
  end)

  it("keeps nothing in a store that holds nothing", function()
    local full = { get = function() end, add = function() return false, "no memory" end, set = function() end,
      delete = function() end }
    local empty = cache.new(full, "site")
    local value, marks = empty:get("jane", "terms")
    assert.is_nil(value)
    assert.is_nil(marks)
    empty:put("jane", "terms", VALUE, marks, 1000)
  end)

  it("in memory holds a bounded number, and those last used longest", function()
    store = cache.memory(20)
    kept = cache.new(store, "site")
    put("jane", "terms")
    put("joe", "terms")
    for i = 1, 100 do
      put("signer " .. i, "terms")
      if i % 5 == 0 then assert.is_true(has("jane", "terms"), i) end
    end
    local count = 0
    for _, half in ipairs { store.young, store.old } do
      for _ in pairs(half) do count = count + 1 end
    end
    assert.is_true(count <= 41, count)
    assert.is_false(has("joe", "terms"))
    assert.is_true(has("signer 100", "terms"))
  end)
end)
