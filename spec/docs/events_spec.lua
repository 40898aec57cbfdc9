-- The examples of docs/events.md run as they stand.
local guide = require "spec.support.guide"

describe("docs/events.md", function()
  guide.examples(it, "docs/events.md", {
    "listening at .-launched: workflow IC%-%d+ \"Mutual NDA with Acme\" Review\n",
    "200\treceived\n\nfailed: event .-the database is down\nfailed: .-\tdead\t2\t.-the database is down",
    "created\tnil\nunchanged\tnil\nenabled\tit was disabled at [^\n]+\n$",
    "workflow_completed\t[^\n]+\nnil\tsignature\tsignature\n$",
    "POST\nnil\tbody\nnil\t[^\n]+%[signature%]\n$",
  })
end)
