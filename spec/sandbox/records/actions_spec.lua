-- The sandbox's contract actions, and the contract status computed from dates, renewal and the clock.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"
local peer = require "spec.support.peer"

local must, refused = local_ironclad.must, local_ironclad.refused

local sandbox, client

-- The clock is fixed at 2026-03-01.
setup(function() sandbox, client = local_ironclad.start { clock = "2026-03-01T00:00:00Z" } end)
teardown(function() sandbox:stop() end)

local types = {
  effectiveDate = "date", agreementDate = "date", expirationDate = "date", standard_initialTermLength = "duration",
  standard_renewalType = "string", standard_renewalTermLength = "duration", standard_renewalsRemaining = "number",
  standard_terminatedDate = "date", standard_terminationEffectiveDate = "date", standard_supersededDate = "date",
  standard_supersessionEffectiveDate = "date", standard_terminatingRecordId = "string",
  standard_undoObligationAction = "string", seats = "number",
}

local function properties(values)
  local all = {}
  for name, value in pairs(values) do all[name] = { type = types[name], value = value } end
  return all
end

local function create(values)
  return must(client.records:create { type = "contract", name = "x", properties = properties(values or {}) })
end

local function run(record, action, values)
  return client.records:run_action(record.id, { type = action, properties = values and properties(values) })
end

local function read(record) return must(client.records:get(record.id)) end
local function status_of(record) return read(record).contractStatus end

-- Properties of a record, and the status they give.
local statuses = {
  { { standard_renewalType = "Other" }, "indeterminate unknown" },
  { { agreementDate = "2025-01-01" }, "active active", event = "2025-01-01" },
  { { effectiveDate = "2026-03-02" }, "inactive activating", event = "2026-03-02", remaining = "P1D",
    message = "Activating on Mar 2, 2026" },
  { { agreementDate = "2025-01-01", effectiveDate = "2026-04-01" }, "inactive activating" },
  { { agreementDate = "2025-01-01", expirationDate = "2026-03-27" }, "active expiring", event = "2026-03-27",
    remaining = "P26D", message = "Expiring on Mar 27, 2026" },
  { { expirationDate = "2026-03-01" }, "inactive inactive", event = "2026-03-01", message = "Expired on Mar 1, 2026" },
  { { agreementDate = "2025-03-15", standard_initialTermLength = "P1Y" }, "active expiring", event = "2026-03-15" },
  { { agreementDate = "2025-02-28", standard_initialTermLength = "P1Y" }, "inactive inactive" },
  { { agreementDate = "2025-01-31", standard_initialTermLength = "P1Y1M1D" }, "inactive inactive",
    event = "2026-03-01" },
  { { agreementDate = "2020-01-01", standard_renewalType = "Evergreen" }, "active evergreen", event = "2020-01-01" },
  { { agreementDate = "2020-01-01", expirationDate = "2021-01-01", standard_renewalType = "Auto-Renew",
    standard_renewalTermLength = "P1Y" }, "active auto-renewing", event = "2027-01-01",
    message = "Auto-renewing on Jan 1, 2027" },
  { { agreementDate = "2020-01-01", expirationDate = "2024-01-01", standard_renewalType = "Auto-Renew",
    standard_renewalTermLength = "P1Y", standard_renewalsRemaining = 2 }, "inactive inactive", event = "2026-01-01" },
  { { agreementDate = "2020-01-01", expirationDate = "2021-01-01", standard_renewalType = "Auto-Renew" },
    "inactive inactive" },
  { { agreementDate = "2020-01-01", expirationDate = "2021-01-01", standard_renewalType = "None",
    standard_renewalTermLength = "P9Y" }, "inactive inactive" },
  { { agreementDate = "2020-01-01", standard_terminationEffectiveDate = "2026-03-05" }, "active terminating",
    remaining = "P4D", message = "Terminating on Mar 5, 2026" },
  { { agreementDate = "2020-01-01", standard_terminationEffectiveDate = "2026-01-05" }, "inactive inactive",
    message = "Terminated on Jan 5, 2026" },
  { { agreementDate = "2020-01-01", standard_supersessionEffectiveDate = "2026-03-05" }, "active superseding" },
}

describe("the status of a contract", function()
  for i, case in ipairs(statuses) do
    it(("is %s (%d)"):format(case[2], i), function()
      local status = create(case[1]).contractStatus
      assert.are.equal(case[2], status.status .. " " .. status.enhancedStatus)
      if case.event then assert.are.equal(case.event .. "T00:00:00.000Z", status.eventDate) end
      if case.message then assert.are.equal(case.message, status.message) end
      assert.are.equal(case.remaining, case.remaining and status.remainingDuration)
    end)
  end
end)

local RUNNING = { agreementDate = "2025-01-01", expirationDate = "2026-06-30" }
local RENEWING = {
  agreementDate = "2025-01-01", expirationDate = "2026-06-30", standard_renewalType = "Auto-Renew",
  standard_renewalTermLength = "P6M",
}
local TERMINATION = { standard_terminatedDate = "2026-03-01", standard_terminationEffectiveDate = "2026-03-31" }
local SUPERSESSION = { standard_supersededDate = "2026-03-01", standard_supersessionEffectiveDate = "2026-03-31" }

-- A record's properties, an action with its properties, the resulting status and values.
local moves = {
  { {}, "activate", { standard_renewalType = "None" }, "active", { effectiveDate = "2026-03-01T00:00:00.000Z" } },
  { {}, "activate", { standard_renewalType = "Evergreen", seats = 3 }, "evergreen", { seats = 3 } },
  { { agreementDate = "2020-01-01" }, "activate", { standard_renewalType = "Auto-Renew", expirationDate = "2026-04-01",
    standard_renewalTermLength = "P1Y" }, "auto-renewing",
    { expirationDate = "2026-04-01T00:00:00.000Z" } },
  { {}, "activate", { standard_renewalType = "None", effectiveDate = "2027-01-01" }, "activating" },
  { RUNNING, "terminate", TERMINATION, "terminating",
    { standard_terminationEffectiveDate = "2026-03-31T00:00:00.000Z" } },
  { RUNNING, "supersede", SUPERSESSION, "superseding" },
  { RUNNING, "extend", { standard_renewalTermLength = "P1Y" }, "extending",
    { expirationDate = "2027-06-30T00:00:00.000Z" } },
  { { agreementDate = "2025-01-01", expirationDate = "2026-08-31", standard_renewalTermLength = "P6M",
    standard_renewalsRemaining = 2 }, "extend", {}, "extending",
    { expirationDate = "2027-02-28T00:00:00.000Z", standard_renewalsRemaining = 1 } },
  { RENEWING, "cancelAutoRenewal", nil, "expiring", { standard_renewalType = "None" } },
  { RENEWING, "editRenewal", { standard_renewalType = "Evergreen" }, "evergreen" },
}

-- A record's properties, an action with its properties, the error.
local wrong = {
  { {}, "dance", {}, "INVALID_PARAM", "type" },
  { {}, "activate", nil, "MISSING_PARAM", "properties.standard_renewalType" },
  { {}, "activate", { standard_renewalType = "Sometimes" }, "INVALID_PARAM", "properties.standard_renewalType" },
  { { standard_renewalType = "Other" }, "terminate", TERMINATION, "INVALID_STATE", "type" },
  { RUNNING, "terminate", {}, "MISSING_PARAM", "properties.standard_terminatedDate" },
  { RUNNING, "terminate", { standard_terminatedDate = "2026-03-01" }, "MISSING_PARAM",
    "properties.standard_terminationEffectiveDate" },
  { RUNNING, "terminate", { standard_terminatedDate = "soon", standard_terminationEffectiveDate = "2026-03-01" },
    "INVALID_PARAM", "properties.standard_terminatedDate" },
  { RUNNING, "extend", {}, "MISSING_PARAM", "properties.standard_renewalTermLength" },
  { RUNNING, "extend", { expirationDate = "2026-03-01" }, "INVALID_PARAM", "properties.expirationDate" },
  { { agreementDate = "2025-01-01" }, "extend", { standard_renewalTermLength = "P1Y" }, "INVALID_STATE", "type" },
  { RUNNING, "extend", { standard_renewalTermLength = "1 year" }, "INVALID_PARAM",
    "properties.standard_renewalTermLength" },
  { RUNNING, "cancelAutoRenewal", nil, "INVALID_STATE", "type" },
  { RENEWING, "cancelAutoRenewal", { seats = 1 }, "INVALID_PARAM", "properties.seats" },
  { { standard_renewalType = "Other" }, "editRenewal", { standard_renewalType = "None" }, "INVALID_STATE", "type" },
  { RUNNING, "undo", { standard_undoObligationAction = "terminate" }, "INVALID_STATE",
    "properties.standard_undoObligationAction" },
  { RUNNING, "undo", {}, "MISSING_PARAM", "properties.standard_undoObligationAction" },
}

describe("an action on a contract", function()
  for i, case in ipairs(moves) do
    it(("%s leads to %s (%d)"):format(case[2], case[4], i), function()
      local record = create(case[1])
      local answer = must(run(record, case[2], case[3]))
      assert.are.same({ type = case[2], properties = case[3] and properties(case[3]) }, answer)
      local changed = read(record)
      assert.are.equal(case[4], changed.contractStatus.enhancedStatus)
      for name, value in pairs(case[5] or {}) do
        assert.are.same({ type = types[name], value = value }, changed.properties[name])
      end
    end)
  end

  for i, case in ipairs(wrong) do
    it(("%s is refused with %s (%d)"):format(case[2], case[4], i), function()
      local record = create(case[1])
      local body = { type = case[2], properties = case[3] and properties(case[3]) }
      refused({ 400, case[4], case[5] },
        client:request("POST", ("/public/api/v1/records/%s/actions"):format(record.id), { body = body }))
      assert.are.same(record, read(record))
    end)
  end

  it("changes with time", function()
    local other, mine = local_ironclad.start { clock = "2026-03-01T00:00:00Z" }
    client, mine = mine, client
    local record = create(RUNNING)
    must(run(record, "terminate", TERMINATION))
    other:advance(30 * 86400)
    assert.are.same({ "inactive", "Terminated on Mar 31, 2026" },
      { status_of(record).status, status_of(record).message })
    refused({ 400, "INVALID_STATE", "type" }, run(record, "terminate", TERMINATION))
    client = mine
    other:stop()
  end)

  it("can be undone, the latest first", function()
    local record = create(RENEWING)
    local expected = read(record).properties
    must(run(record, "cancelAutoRenewal"))
    must(run(record, "terminate", TERMINATION))
    local function undo(action) return run(record, "undo", { standard_undoObligationAction = action }) end
    refused({ 400, "INVALID_STATE", "properties.standard_undoObligationAction" }, undo "cancelAutoRenewal")
    must(client.records:update(record.id, { addProperties = properties { seats = 7 } }))
    must(undo "terminate")
    assert.are.equal("expiring", status_of(record).enhancedStatus)
    must(undo "undo")
    assert.are.equal("terminating", status_of(record).enhancedStatus)
    must(undo "undo")
    must(undo "cancelAutoRenewal")
    local again = read(record)
    assert.are.equal("auto-renewing", again.contractStatus.enhancedStatus)
    expected.seats = { type = "number", value = 7 } -- what was no action's stays
    assert.are.same(expected, again.properties)
    refused({ 400, "INVALID_STATE", "properties.standard_undoObligationAction" }, undo "terminate")
  end)

  it("activates a contract only once", function()
    local record = create()
    must(run(record, "activate", { standard_renewalType = "None" }))
    refused({ 400, "INVALID_STATE", "type" }, run(record, "activate", { standard_renewalType = "None" }))
    must(run(record, "undo", { standard_undoObligationAction = "activate" }))
    assert.is_nil(next(read(record).properties))
    must(run(record, "activate", { standard_renewalType = "None" }))
  end)

  it("may name the record that ended it", function()
    local record, successor = create(RUNNING), create()
    local values = { standard_terminatedDate = "2026-03-01", standard_terminationEffectiveDate = "2026-03-31",
      standard_terminatingRecordId = local_ironclad.NOBODY }
    refused({ 400, "INVALID_PARAM", "properties.standard_terminatingRecordId" }, run(record, "terminate", values))
    values.standard_terminatingRecordId = successor.id
    must(run(record, "terminate", values))
  end)

  it("needs a company with obligations", function()
    local company = ironclad.json.decode(require("ironclad.sandbox").fixtures())
    company.company.entitlements.obligations = { name = "Obligations", description = "", type = "boolean",
      value = false }
    local folder = peer.temporary_folder()
    peer.write_file(folder .. "/company.json", ironclad.json.encode(company))
    local other, its = local_ironclad.start { fixtures = folder .. "/company.json" }
    local err = refused({ 404, "NOT_FOUND" }, its.records:run_action("IC-1", { type = "cancelAutoRenewal" }))
    assert.is_truthy(err.message:find "no obligations found")
    other:stop()
    peer.remove_folder(folder)
  end)

  it("needs a user who may edit records, or a token of the company", function()
    local record = create(RUNNING)
    refused({ 403, "FORBIDDEN" }, client.records:run_action(record.id,
      { type = "extend", properties = properties { standard_renewalTermLength = "P1Y" } },
      { as_user = "tom.becker@example.com" }))
    refused({ 404, "NOT_FOUND" }, client.records:run_action(local_ironclad.NOBODY, { type = "cancelAutoRenewal" }))
    local company = local_ironclad.connect(sandbox, { as_user = false })
    must(company.records:run_action(record.id,
      { type = "extend", properties = properties { standard_renewalTermLength = "P1Y" } }))
  end)
end)
