-- The examples of docs/sandbox.md run as they stand.
local guide = require "spec.support.guide"

describe("docs/sandbox.md", function()
  guide.examples(it, "docs/sandbox.md", {
    "POST\t/oauth/token\t200\n.*GET\t/public/api/v1/workflows\t503\n",
    "pending\t1\t[^\n]+\n1\n2\n$",
  })
end)
