-- The types of a body's fields: a wrong one is a mistake that names the field, and nothing is sent.
local ironclad = require "ironclad"
local scene = require "spec.support.scene"

local server, client

setup(function()
  server = scene.answering { scene.GOOD }
  client = scene.connect(server)
end)
teardown(scene.stop)

local FILE = ironclad.file { data = "x", filename = "a.pdf" }

-- Each row: a name, the call, a part of the message.
local mistakes = {
  { "a number for a text", function() client.workflows:create_comment("w", { comment = 5 }) end,
    "workflows:create_comment: comment: expected a string, got a number" },
  { "a table for a text", function() client.workflows:create_comment("w", { comment = {} }) end,
    "comment: expected a string, got a table" },
  { "a list for a text", function() client.webhooks:create { events = { "*" }, targetURL = { "https://a" } } end,
    "targetURL: expected a string, got a list" },
  { "a boolean for a text", function() client.webhooks:create { events = { "*" }, targetURL = true } end,
    "targetURL: expected a string, got a boolean" },
  { "a number for a comment", function() client.workflows:pause("w", { comment = 5 }) end,
    "comment: expected a string or { message = … }, got a number" },
  { "a comment without its text", function() client.workflows:cancel("w", { comment = { mesage = "m" } }) end,
    "comment: expected a string or { message = … }, got a table" },
  { "a text for a truth value", function()
    client.scim.users:create { userName = "a@b.example", name = { givenName = "A", familyName = "B" }, active = "yes" }
  end, "active: expected true or false, got a string" },
  { "the name of a file in `files`", function()
    client:call("records:upload_attachment", { path = { "r", "exhibit" }, files = { attachment = "nda.pdf" } })
  end, "files.attachment: expected ironclad.file(…), got a string" },
  { "a number in `files`", function()
    client:call("records:upload_attachment", { path = { "r", "exhibit" }, files = { attachment = 5 } })
  end, "files.attachment: expected ironclad.file(…), got a number" },
  { "the name of a file in the `files` of a raw request", function()
    client:request("POST", "/x", { files = { attachment = "nda.pdf" } })
  end, "files.attachment: expected ironclad.file(…), got a string" },
  { "the name of a file for an operation that takes JSON", function()
    client:call("workflows:create_comment", { path = { "w" }, body = { comment = "c" }, files = { a = "x.pdf" } })
  end, "files.a: expected ironclad.file(…), got a string" },
}

-- Each row: a name, and a call that is sent.
local good = {
  { "a comment as a text", function(options) return client.workflows:pause("w", { comment = "c" }, options) end },
  { "a comment as a table", function(options)
    return client.workflows:pause("w", { comment = { message = "c", addUsersToWorkflow = true } }, options)
  end },
  { "a date for a text", function(options)
    return client.workflows:create_comment("w", { comment = ironclad.date(2026, 1, 31) }, options)
  end },
  { "null for any type", function(options)
    return client.records:update("r", { name = ironclad.null, type = ironclad.null }, options)
  end },
  { "a file", function(options)
    return client:call("records:upload_attachment", { path = { "r", "exhibit" }, files = { attachment = FILE } },
      options)
  end },
}

describe("a body", function()
  for _, case in ipairs(mistakes) do
    it("is refused with " .. case[1], function()
      scene.assert_mistake(case[3], case[2])
      assert.are.equal(0, #server:requests())
    end)
  end

  for _, case in ipairs(good) do
    it("takes " .. case[1], function()
      local value, err = case[2] { dry_run = true }
      assert.is_nil(err)
      assert.is_table(value)
    end)
  end
end)
