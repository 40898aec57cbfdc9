-- Exports: jobs and their files.
return function(t)
  for _, body in ipairs {
    { exportType = "workflow_activities", exportFormat = "CSV", startDate = "2020-01-01", endDate = "2031-01-01" },
    { exportType = "audit_log", exportFormat = "JSON" },
    { exportType = "audit_log", signedUrlEnabled = true },
  } do
    t:play("exports: " .. body.exportType, function()
      local job = t:ok("export", { body = body })
      t:refused("export-job-download", 400, { path = { job.jobId } })
      t:ok("export-job", { path = { job.jobId } })
      t:pass_time(600)
      local done = t:ok("export-job", { path = { job.jobId } })
      assert(done.jobStatus == "done", "the job never ends")
      t:ok("export-job-download", { path = { job.jobId } })
    end)
  end
  t:play("exports: wrong ones", function()
    t:refused("export", 400, { body = { exportType = "everything" } })
    t:refused("export", 400, { body = { exportType = "audit_log", exportFormat = "PDF" } })
    t:refused("export", 400, { body = { exportType = "audit_log", startDate = "soon" } })
    t:refused("export-job", 400, { path = { "nope" } })
    t:refused("export-job-download", 400, { path = { "nope" } })
  end)
end
