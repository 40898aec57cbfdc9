-- The sandbox's exports: jobs and the files they make.
local ironclad = require "ironclad"
local local_ironclad = require "spec.support.local_ironclad"

local must = local_ironclad.must

local sandbox, client

setup(function() sandbox, client = local_ironclad.start { clock = "2026-03-01T12:00:00Z", job_seconds = 30 } end)
teardown(function() sandbox:stop() end)

-- Sends the body without the client's checks -> the results of the call.
local function ask(body) return client:request("POST", "/public/api/v1/exports", { body = body }) end

local function refused(message, value, err)
  assert.is_nil(value)
  assert.are.equal(400, err.status)
  assert.is_truthy(err.message:find(message, 1, true), err.message)
end

-- Starts an export, waits for it and downloads it -> the results of the download.
local function export(body)
  local job = must(ask(body))
  sandbox:advance(30)
  return client.exports:download(job.jobId)
end

-- The rows of a JSON export with this value in a column.
local function rows(body, column, value)
  body.exportFormat = "JSON"
  local found = {}
  for _, row in ipairs(ironclad.json.decode(must(export(body)))) do
    if row[column] == value then found[#found + 1] = row end
  end
  return found
end

describe("an export", function()
  it("is pending, then running, then done", function()
    local job = must(client.exports:create { exportType = "audit_log" })
    local function status() return must(client.exports:get(job.jobId)).jobStatus end
    assert.are.same({ "pending", "pending" }, { job.jobStatus, status() })
    refused("the job is pending", client.exports:download(job.jobId))
    sandbox:advance(10)
    assert.are.equal("running", status())
    sandbox:advance(19.9)
    refused("the job is running", client.exports:download(job.jobId))
    sandbox:advance(0.1)
    assert.are.equal("done", status())
    must(client.exports:download(job.jobId))
  end)

  it("fails when it cannot be made", function()
    local job = must(ask { exportType = "workflow_activities", exportConfigs = { metadataProperties = { "nowhere" } } })
    sandbox:advance(30)
    assert.are.equal("failed", must(client.exports:get(job.jobId)).jobStatus)
    refused("the job is failed", client.exports:download(job.jobId))
  end)

  it("is a file with a name", function()
    local day = "2026%-03%-%d%d"
    for format, expected in pairs { CSV = { "text/csv", "csv" }, JSON = { "application/json", "json" } } do
      local _, _, response = export { exportType = "audit_log", exportFormat = format }
      assert.are.equal(expected[1], response.headers["content-type"])
      assert.is_truthy(response.headers["content-disposition"]:find(
        ('^attachment; filename="audit_log_%s%%.%s"$'):format(day, expected[2])))
    end
  end)

  it("can be downloaded by a signed link", function()
    local job = must(ask { exportType = "audit_log", signedUrlEnabled = true })
    sandbox:advance(30)
    local answer = must(client:request("GET", ("/public/api/v1/exports/%s/download"):format(job.jobId)))
    local port, target = answer.signedUrl:match "^http://127%.0%.0%.1:(%d+)(/.*)$"
    assert.are_not.equal(sandbox.port, tonumber(port))
    local status, body = local_ironclad.raw({ port = tonumber(port) }, "GET " .. target)
    assert.are.equal(200, status)
    assert.is_truthy(body:find "^timestamp,category,event,actor,target,status\r\n")
    assert.are.equal(body, must(client.exports:download(job.jobId))) -- the client follows it
  end)

  local wrong = {
    { { exportType = "everything" }, "exportType" },
    { {}, "exportType" },
    { { exportType = "audit_log", exportFormat = "PDF" }, "exportFormat" },
    { { exportType = "audit_log", startDate = "soon" }, "startDate" },
    { { exportType = "audit_log", endDate = "2026-02-30" }, "endDate" },
    { { exportType = "audit_log", startDate = "2026-02-02", endDate = "2026-02-01" }, "after" },
    { { exportType = "audit_log", signedUrlEnabled = "yes" }, "signedUrlEnabled" },
    { { exportType = "audit_log", other = 1 }, "other" },
    { { exportType = "audit_log", exportConfigs = { metadataProperties = { "x" } } }, "metadataProperties" },
    { { exportType = "audit_log", exportConfigs = { eventCategories = "x" } }, "eventCategories" },
    { { exportType = "audit_log", exportConfigs = { eventCategories = { "x" } } }, "category: x" },
    { { exportType = "workflow_activities", exportConfigs = { includeCommentDetail = 1 } }, "includeCommentDetail" },
    { { exportType = "workflow_activities", exportConfigs = { metadataProperties = { 1 } } }, "metadataProperties" },
  }
  for i, case in ipairs(wrong) do
    it(("is refused for its %s (%d)"):format(case[2], i), function() refused(case[2], ask(case[1])) end)
  end

  it("is found by its id only", function()
    local message = "Could not retrieve job status. Please verify the job id and try again."
    refused(message, client.exports:get "nope")
    refused(message, client.exports:download "nope")
  end)
end)

describe("the export of workflow activities", function()
  it("has the history of each workflow", function()
    local started = must(client.workflows:get "IC-1").created
    local workflow = must(local_ironclad.launch(client, { counterpartyName = 'Hi, "Bob"\r\n' }))
    must(client.workflows:create_comment(workflow.id, { comment = "first, of all" }))
    sandbox:advance(60)
    must(client.workflows:create_comment(workflow.id, { comment = "second" }))
    local body = { exportType = "workflow_activities", exportConfigs = {
      metadataProperties = { "counterpartyName", "mutual" }, includeCommentDetail = true,
    } }
    local all, names = rows(body, "workflowId", workflow.id), {}
    for _, row in ipairs(all) do names[row.activity] = (names[row.activity] or 0) + 1 end
    assert.are.same({ 1, 1, 2 }, { names.workflow_launched, names.document_added, names.comment_added })
    assert.is_true(names.approval_requested >= 1)
    assert.is_true(#rows(body, "activity", "signature_collected") > 0)
    assert.are.same({ "workflow_launched", workflow.ironcladId, workflow.title, 'Hi, "Bob"\r\n', sandbox.as_user },
      { all[1].activity, all[1].ironcladId, all[1].workflowName, all[1].counterpartyName, all[1].actor })
    assert.are.equal("second", all[#all].detail)
    for i = 2, #all do assert.is_true(all[i - 1].timestamp <= all[i].timestamp) end
    body.exportConfigs.includeCommentDetail = false
    assert.are.equal(ironclad.null, rows(body, "activity", "comment_added")[1].detail)
    body.startDate = must(client.workflows:get(workflow.id)).lastUpdated
    assert.are.equal(1, #rows(body, "workflowId", workflow.id))
    body.startDate, body.endDate = started, started
    for _, row in ipairs(rows(body, "ironcladId", "IC-1")) do assert.are.equal(started, row.timestamp) end
    assert.are.equal("workflow_launched", rows(body, "ironcladId", "IC-1")[1].activity)
  end)

  it("is CSV by default", function()
    local text = must(export { exportType = "workflow_activities",
      exportConfigs = { metadataProperties = { "counterpartyName" } } })
    local head, first = text:match "^(.-)\r\n(.-)\r\n"
    assert.are.equal("workflowId,ironcladId,workflowName,template,activity,timestamp,actor,detail,counterpartyName",
      head)
    assert.is_truthy(first:find("^%x+,IC%-1,"), first)
    assert.is_truthy(text:find('"Hi, ""Bob""\r\n"', 1, true))
  end)
end)

describe("the export of the audit log", function()
  it("has changes and refused requests with their users", function()
    local record = must(client.records:create { type = "contract", name = "x", properties = {} })
    must(client.records:get(record.id))
    client.records:delete(record.id, { as_user = "tom.becker@example.com" })
    must(client.records:delete(record.id))
    local path = "/public/api/v1/records/" .. record.id
    local found = rows({ exportType = "audit_log" }, "target", path)
    assert.are.equal(2, #found)
    assert.are.same({ "integration_errors", "delete-a-record", "tom.becker@example.com", "403" },
      { found[1].category, found[1].event, found[1].actor, found[1].status })
    assert.are.same({ "records", "delete-a-record", sandbox.as_user, "204" },
      { found[2].category, found[2].event, found[2].actor, found[2].status })
    local some = { exportType = "audit_log", exportConfigs = { eventCategories = { "integration_errors" } } }
    assert.are.equal(1, #rows(some, "target", path))
    assert.are.equal(0, #rows({ exportType = "audit_log", endDate = "2020-01-01" }, "target", path))
  end)
end)
