-- The sandbox's Clickwrap: exports of activity to CSV.
local local_ironclad = require "spec.support.local_ironclad"

local must = local_ironclad.must
local sandbox, cw

setup(function()
  sandbox = local_ironclad.start { clock = "2026-01-31T09:00:00Z", seed = 7 }
  cw = sandbox:clickwrap { rate_limit = false, max_retries = 0 }
  local terms = must(cw.acceptance:load_json { gkey = "terms" })
  must(cw.acceptance:send_sync { sig = "jane@example.com", et = "agreed", vid = terms.versions[1],
    cus = { plan = "pro", first_name = "Jane" }, tm = true })
end)
teardown(function() sandbox:stop() end)

-- The first two lines of an export.
local function exported(query)
  local job = must(cw.activity:export_csv(query))
  sandbox:advance(10)
  local links = must(cw.activity:get_csv_export(job.id)).links
  return must(cw:download(links[1])):match "^([^\r\n]*)\r?\n([^\r\n]*)"
end

describe("an export to CSV", function()
  it("has the columns that are asked for, beside those that it always has", function()
    local activity = must(cw.activity:list()).data[1]
    for _, case in ipairs {
      { "event_type", "id,signer_id,created_time,event_type", "agreed" },
      { "id,signer_id,created_time", "id,signer_id,created_time", nil },
      { "site, id", "id,signer_id,created_time,site", ("%d"):format(activity.site) },
      { "no_such_field", "id,signer_id,created_time,no_such_field", "" },
    } do
      local head, row = exported { fields = case[1] }
      assert.are.equal(case[2], head)
      local expected = { activity.id, activity.signer_id, activity.created_time, case[3] }
      assert.are.equal(table.concat(expected, ","), row)
    end
    local head, row = exported { fields = "custom_data" }
    assert.are.equal("id,signer_id,created_time,custom_data", head)
    assert.is_truthy(row:find('""plan"":""pro""', 1, true), row)
  end)

  it("has the usual columns when nothing is asked for", function()
    assert.are.equal("id,signer_id,event_type,contract,version,group,created_time", (exported {}))
  end)
end)
