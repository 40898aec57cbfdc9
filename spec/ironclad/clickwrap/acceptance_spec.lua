-- Acceptance against the sandbox's Clickwrap, from the terms to the evidence, and what can go wrong on the way.
local ironclad = require "ironclad"
local journals = require "ironclad.clickwrap.journal"
local peer = require "spec.support.peer"
local run = require "ironclad.calls.run"
local scene = require "spec.support.scene"

local must = ironclad.must

describe("acceptance", function()
  local sandbox, cw, folder, number
  setup(function()
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false })
    folder = peer.temporary_folder()
    number = 0
  end)
  teardown(function()
    sandbox:stop()
    peer.remove_folder(folder)
  end)

  local signer
  before_each(function()
    sandbox:clickwrap_settings { sync = true, store_seconds = 0, lose = 0, away = false }
    cw = sandbox:clickwrap { max_retries = 0 }
    number = number + 1
    signer = "signer " .. number
  end)

  local function accept(changes)
    local arguments = { signer = signer, group = "terms" }
    for name, value in pairs(changes or {}) do arguments[name] = value or nil end -- false: without
    return cw:accept(arguments)
  end

  local function is_accepted() return must(cw:accepted(signer, "terms")).accepted end

  local function agreed(whose) return must(cw:history(whose or signer, { event = "agreed" })) end

  for name, settings in pairs {
    ["at once"] = { sync = true }, ["later, by /send"] = { sync = false, store_seconds = 0.4 },
  } do
    it("goes from the terms to the evidence, stored " .. name, function()
      sandbox:clickwrap_settings(settings)
      assert.is_false(is_accepted())
      local terms = must(cw:terms("terms", { signer = signer }))
      assert.is_true(terms.required)
      assert.are.equal(2, #terms.contracts)
      assert.matches("<h1>Terms of Service</h1>", terms.contracts[1].html)

      local evidence = must(accept { terms = terms, group = false, custom = { plan = "pro" } })
      assert.are.same(terms.versions, evidence.versions)
      assert.are.equal(2, #evidence.activities)
      for _, activity in ipairs(evidence.activities) do
        assert.are.same({ signer, "agreed", "pro", evidence.key }, { activity.signer_id, activity.event_type,
          activity.custom_data.plan, activity.custom_data.acceptance_key })
      end
      assert.are.equal(evidence.activities[2].created_time, evidence.time)
      local pdf = folder .. "/evidence.pdf"
      must(evidence.activities[1]:download_record { to = pdf })
      assert.matches("^%%PDF", peer.read_file(pdf))

      assert.is_true(is_accepted())
      assert.is_false(must(cw:terms("terms", { signer = signer, texts = false })).required)
      assert.are.same(terms.versions, must(cw:accepted(signer, "terms")).versions)
    end)
  end

  it("is asked for again after a major version, not after a minor one", function()
    must(accept())
    sandbox:clickwrap_publish { contract = "terms-of-service", body = "<p>A typing error less</p>" }
    assert.is_true(is_accepted())
    local version = sandbox:clickwrap_publish { contract = "terms-of-service", major = true, body = "<p>New</p>" }
    local state = must(cw:accepted(signer, "terms"))
    assert.are.same({ false, { tostring(version.contract) } }, { state.accepted, state.missing })
    must(accept())
    assert.is_true(is_accepted())
  end)

  it("is of the versions that were shown, also when newer ones have been published since", function()
    local terms = must(cw:terms("terms", { texts = false }))
    sandbox:clickwrap_publish { contract = "privacy-policy", major = true }
    local value, err = accept { group = false, terms = terms }
    -- Clickwrap may take it or refuse it. It must not become an acceptance of what was not shown.
    if value then
      assert.are.same(terms.versions, value.versions)
    else
      assert.are.equal("not_done", err.outcome)
    end
    assert.is_false(is_accepted())
  end)

  it("with a group and a key is made once, whatever has been published since", function()
    local order = { key = "order " .. signer, custom = { plan = "pro" } }
    local first = must(accept(order))
    for _, major in ipairs { false, true } do
      must(sandbox:clickwrap_publish { contract = "terms-of-service", title = "Newer", body = "<p>x</p>",
        major = major })
      local again = must(accept(order))
      assert.are.same({ true, first.time, first.versions }, { again.found, again.time, again.versions })
    end
    assert.are.equal(2, #agreed())
    assert.is_false(is_accepted())
    assert.is_false(must(accept { key = "another " .. signer }).found)
    assert.is_true(is_accepted())
  end)

  it("is not made when it was not stored, and is stored once when it is repeated", function()
    sandbox:clickwrap_settings { lose = 1 }
    local sleep = run.sleep
    run.sleep = function() return true end -- the pauses count and take no time
    local value, err = accept { key = "order" }
    run.sleep = sleep
    scene.assert_error("timeout", value, err)
    assert.are.equal("unknown", err.outcome)
    assert.is_false(is_accepted())
    assert.are.equal(2, #must(accept { key = "order", settle = 0.5, deadline = 20 }).activities)
    assert.are.equal(2, #agreed())
  end)

  for _, how in ipairs { "cut", "empty", "malformed" } do
    it("is made once when the answer is lost: " .. how, function()
      sandbox:fail { path = "/send/sync", how = how }
      local evidence = must(accept { key = "order" })
      assert.are.equal(2, #evidence.activities)
      assert.are.equal(2, #agreed())
    end)
  end

  it("is made once by two at once with one key, in one process and in two", function()
    sandbox:clickwrap_settings { sync = false, store_seconds = 0.3 }
    local source = [[
      local site, token, url, folder, signer = ...
      local ironclad = require "ironclad"
      local cw = ironclad.clickwrap { site_access_id = site, api_token = token, activity_host = url, rest_host = url }
      ironclad.must(cw:accept { signer = signer, group = "terms", key = "order", journal = folder })
    ]]
    local about = sandbox:clickwrap_settings()
    local ends = {}
    for i = 1, 3 do
      ends[i] = select(2, peer.start_lua(source, {}, about.site_access_id, about.api_token, about.url, folder, signer))
    end
    if pcall(ironclad.spawn, function() end) then -- not in Lua 5.1
      for _ = 1, 3 do ironclad.spawn(function() must(accept { key = "order", journal = folder }) end) end
      ironclad.run()
    end
    for i = 1, 3 do
      local output, status = ends[i]()
      assert.are.equal(0, status, output)
    end
    assert.are.equal(2, #agreed())
  end)

  it("may be made again with another key", function()
    must(accept { key = "order 1" })
    must(accept { key = "order 2" })
    must(accept())
    assert.are.equal(6, #agreed())
  end)

  it("takes any signer, and 10 kB of custom data", function()
    local long = ("é \"<b>&"):rep(1280)
    for _, id in ipairs { "jane doe", "a/b", "a/../b", "jane@example.com", "Žofie 日本", "50%&?#+", "..." } do
      signer = id
      local evidence = must(accept { custom = { text = long } })
      assert.are.same({ id, long }, { evidence.activities[1].signer_id, evidence.activities[1].custom_data.text })
      assert.is_true(is_accepted())
    end
  end)

  it("is refused, with a clear error, for what is not there", function()
    local function refused(kind, words, value, err)
      scene.assert_error(kind, value, err)
      assert.are.equal("not_done", err.outcome)
      assert.is_truthy(tostring(err):lower():find(words, 1, true), tostring(err))
    end
    refused("not_found", "trems", accept { group = "trems" })
    refused("not_found", "trems", cw:terms "trems")
    refused("not_found", "trems", cw:accepted(signer, "trems"))
    refused("not_found", "newsletter", accept { group = "newsletter" })
    local draft = sandbox:clickwrap_edit { contract = "newsletter-terms" }
    refused("invalid_request", "published",
      accept { group = false, versions = { [tostring(draft.contract)] = draft.id } })
    refused("invalid_request", "version", accept { group = false, versions = { "000000000000000000000000" } })
    assert.are.same({}, agreed())
  end)

  it("renders data without letting them be markup", function()
    sandbox:clickwrap_publish { contract = "terms-of-service", body = "<p>For {{name}}</p>" }
    local data = { name = '<script>alert("x")</script> & co' }
    local terms = must(cw:terms("terms", { render_data = data }))
    assert.are.equal("<p>For &lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; co</p>", terms.contracts[1].html)
    local evidence = must(accept { group = false, terms = terms, render_data = data })
    assert.are.equal(2, #evidence.activities)
  end)

  it("is not known when Clickwrap is away: nil and an error", function()
    must(accept())
    assert.is_true(must(cw:accepted(signer, "terms", { cache = 60 })).accepted)
    sandbox:clickwrap_settings { away = true }
    assert.is_true(must(cw:accepted(signer, "terms", { cache = 60 })).accepted)
    local other = sandbox:clickwrap { max_retries = 0, timeout = 0.5 }
    for _, call in ipairs { "accepted", "terms" } do
      local value, err
      if call == "terms" then value, err = other:terms "terms" else value, err = other:accepted(signer, "terms") end
      assert.is_nil(value)
      assert.is_table(err)
    end
    local value, err = other:accept { signer = signer, group = "terms" }
    assert.is_nil(value)
    assert.are.equal("not_done", err.outcome)
  end)

  it("without a token is known by its versions", function()
    local public = sandbox:clickwrap { api_token = false }
    local evidence = must(public:accept { signer = signer, group = "terms" })
    assert.are.equal("retrieve", evidence.read_from)
    assert.is_true(must(public:accept { signer = signer, group = "terms" }).found)
    assert.are.equal(2, #agreed())
  end)

  it("in test mode is apart", function()
    must(accept { test = true })
    assert.is_false(is_accepted())
    assert.is_true(must(cw:accepted(signer, "terms", { test = true })).accepted)
  end)

  it("has a history of everything", function()
    local terms = must(cw:terms("terms", { texts = false }))
    for _, method in ipairs { "sent", "visited", "displayed", "decline" } do
      must(cw[method](cw, { signer = signer, terms = terms }))
    end
    must(accept())
    local counts = {}
    for _, activity in ipairs(must(cw:history(signer))) do
      counts[activity.event_type] = (counts[activity.event_type] or 0) + 1
    end
    assert.are.same({ sent = 2, visited = 2, displayed = 2, disagreed = 2, agreed = 2 }, counts)
    assert.are.equal(3, #must(cw:history(signer, { limit = 3 })))
  end)

  it("changes a signer only by update_signer", function()
    must(accept { custom = { name = "Jane", plan = "free" } })
    must(accept { custom = { name = "Joan", plan = "pro" } })
    local known = must(cw.signers:get(signer))
    assert.are.same({ "Jane", "free" }, { known.name, known.additional_attributes.plan })
    must(cw:update_signer(signer, { name = "Joan", email = "joan@example.com" }))
    known = must(cw.signers:get(signer))
    assert.are.same({ "Joan", "joan@example.com" }, { known.name, known.email })
  end)

  it("goes on with other work meanwhile, in a task or with a callback", function()
    sandbox:clickwrap_settings { sync = false, store_seconds = 0.2 }
    local evidence, err
    accept { callback = function(...) evidence, err = ... end }
    assert.is_nil(evidence)
    ironclad.run()
    assert.is_nil(err)
    assert.are.equal(2, #evidence.activities)
    assert.is_true(run.sleep(cw, 0))
  end)
end)

-- A key may be used for a part again after days. What reads back for a claim looks at the days since that claim.
describe("acceptance with a key of which a part is old", function()
  local sandbox, cw, old, new
  setup(function()
    sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = false,
      clock = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - 10 * 24 * 3600) })
    cw = sandbox:clickwrap { max_retries = 0 }
    local versions = must(cw:terms("terms", { texts = false })).versions
    for contract, version in pairs(versions) do
      if not old then old = { [contract] = version } else new = { [contract] = version } end
    end
  end)
  teardown(function() sandbox:stop() end)

  local function both()
    local versions = {}
    for _, part in ipairs { old, new } do
      for contract, version in pairs(part) do versions[contract] = version end
    end
    return versions
  end

  local function assert_once(signer)
    local times = {}
    for _, activity in ipairs(must(cw:history(signer, { event = "agreed" }))) do
      times[tostring(activity.contract)] = (times[tostring(activity.contract)] or 0) + 1
    end
    assert.are.same({ [next(old)] = 1, [next(new)] = 1 }, times)
  end

  -- What the journal says of the acceptance of both -> whether the new part is stored by then.
  for name, is_stored in pairs {
    ["was sent by a process that was killed"] = true, ["was not stored when it was sent"] = false,
  } do
    it("does not send that part again when the rest " .. name, function()
      local signer, journal, taken = name, journals.memory(), nil
      must(cw:accept { signer = signer, versions = old, key = "order" })
      sandbox:advance(10 * 24 * 3600)
      local later = sandbox:clickwrap { max_retries = 0 } -- knows nothing of the earlier clock
      -- Somebody else's claim, which counts no more.
      local own = {
        claim = function(_, key, round) return journal:claim(key, round) end,
        done = function(_, key) return journal:done(key) end,
        last = function(_, key)
          if not taken then
            taken = true
            assert.is_true(journal:claim(key, 1))
            journal.entries[key].time = os.time() - 100
            if is_stored then
              must(later:accept { signer = signer, versions = new, key = "order", journal = journals.memory() })
            end
          end
          return journal:last(key)
        end,
      }
      local evidence = must(later:accept { signer = signer, versions = both(), key = "order", journal = own })
      assert.are.same({ both(), is_stored }, { evidence.versions, evidence.found })
      assert_once(signer)
    end)
  end
end)
