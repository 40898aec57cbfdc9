-- The sandbox's Clickwrap: contracts and their versions keep what the REST API's document lets a request set.
local local_ironclad = require "spec.support.local_ironclad"

local must = local_ironclad.must
local sandbox, cw, site

setup(function()
  sandbox = local_ironclad.start { clock = "2026-01-31T09:00:00Z", seed = 7 }
  cw = sandbox:clickwrap { rate_limit = false, max_retries = 0 }
  site = must(cw.sites:list()).data[1].id
end)
teardown(function() sandbox:stop() end)

-- A new contract with a published version.
local function published()
  local contract = must(cw.sites:create_contract(site, { title = "Cookies", body = "<p>Yes</p>" }))
  must(cw.contracts:publish_latest_version(contract.id))
  return contract.id
end

local function field(changes)
  local all = { name = "age", type = "text", assignment_value = "signer" }
  for name, value in pairs(changes) do all[name] = value or nil end
  return { all }
end

-- Whether what was read has all that was set. A form field gets an id.
local function assert_has(set, read)
  for name, value in pairs(set) do
    local found = read[name]
    if name == "fields" then
      found = {}
      for i, item in ipairs(read.fields) do
        found[i] = {}
        for key, member in pairs(item) do found[i][key] = key ~= "id" and member or nil end
      end
    end
    assert.are.same(value, found, name)
  end
end

local of_contract = {
  title = "Terms of rent", public = true, shared = true, key = "rent", description = "For tenants",
  classification = "rental", clm_record_sync = { enabled = false, record_type = "contract" },
  countries = { "de", "at" }, locales = { "de-de" }, tags = { "house" }, language_direction = "rtl",
  used_in = { "embedded_contract", "legal_center" }, render_data = { Who = "you" },
}
local of_version = {
  editor_version = "classic", scheduled_time = "2027-01-01T00:00:00Z", effective_time = "2027-02-01T00:00:00Z",
  effective_until_time = "2028-01-01T00:00:00Z", title = "Terms of rent", body = "<p>Pay</p>",
  change_summary = "First", notify_signers = true, render_data = { Who = "you" }, body_language = "de",
  fields = field { label = "Age", required = true, default_value = "18", read_only = true, persona = "tenant",
    is_trigger = true, trigger_field = "other", trigger_match_value = "x" },
}

describe("a contract", function()
  it("keeps every field that it is made with, and so does its first version", function()
    local body = {}
    for _, set in ipairs { of_contract, of_version } do
      for name, value in pairs(set) do body[name] = value end
    end
    local made = must(cw.sites:create_contract(site, body))
    assert_has(of_contract, made)
    assert_has(of_contract, must(cw.contracts:get(made.id)))
    assert_has(of_version, must(cw.contracts:get_latest_version(made.id)))
  end)

  it("is used in what the document names, and nothing else", function()
    local made, err = cw.sites:create_contract(site, { title = "A" }, { extra = {
      body = { used_in = { "legal_center", "a_drawer" } },
    } })
    assert.is_nil(made)
    assert.are.equal(400, err.status)
    assert.is_truthy(err.message:find("a_drawer", 1, true), err.message)
  end)
end)

describe("a version", function()
  it("keeps every field that it is made or changed with", function()
    local contract = published()
    local made = must(cw.contracts:create_version(contract, of_version))
    assert_has(of_version, made)
    assert_has(of_version, must(cw.versions:get(made.id)))
    local other = { title = "Other", body = "<p>Other</p>", fields = field { label = "Other" } }
    assert_has(other, must(cw.versions:update(made.id, other)))
    assert_has(other, must(cw.versions:get(made.id)))
  end)

  it("that is a draft can become major, and minor again", function()
    local contract = published()
    local before = must(cw.contracts:get_published_version(contract))
    local draft = must(cw.contracts:create_version(contract, { title = "More" }))
    assert.are.equal("1.1", draft.full_version_number)
    local major = must(cw.versions:update(draft.id, { title = "More", is_major_version = true }))
    assert.are.equal("2.0", major.full_version_number)
    assert.is_true(major.is_major_version)
    assert.are.equal(draft.id, major.major_version)
    local minor = must(cw.versions:update(draft.id, { title = "More", is_major_version = false }))
    assert.are.equal("1.1", minor.full_version_number)
    assert.is_false(minor.is_major_version)
    assert.are.equal(before.id, minor.major_version)
  end)

  it("that is the first is major, whatever a change says", function()
    local contract = must(cw.sites:create_contract(site, { title = "First" }))
    local first = must(cw.contracts:get_latest_version(contract.id))
    assert.are.equal("1.0", must(cw.versions:update(first.id, { is_major_version = false })).full_version_number)
  end)

  it("refuses a form field that the document does not allow", function()
    local contract = published()
    local draft = must(cw.contracts:create_version(contract, { title = "More" }))
    for _, changes in ipairs { { name = false }, { type = false }, { assignment_value = false }, { type = "poem" },
      { assignment_value = "nobody" }, { name = 1 }, { required = "yes" }, { label = 1 } } do
      for _, ask in ipairs {
        function(body) return cw.versions:update(draft.id, body) end,
        function(body) return cw.contracts:update_version(contract, 1, body) end,
        function(body) return cw.contracts:create_version(published(), body) end,
        function(body) return cw.sites:create_contract(site, body) end,
      } do
        local value, err = ask { title = "More", fields = field(changes) }
        assert.is_nil(value)
        assert.are.equal(400, err.status)
        assert.is_truthy(err.message:find(next(changes), 1, true), err.message)
      end
    end
    local value, err = cw.versions:update(draft.id, { fields = { "age" } })
    assert.is_nil(value)
    assert.are.equal(400, err.status)
    assert.is_nil(must(cw.versions:get(draft.id)).fields)
  end)
end)
