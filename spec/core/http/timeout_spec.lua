-- Which time ran out: an error names its option.
local scene = require "spec.support.scene"

after_each(scene.stop)

local HANG, STALL = { { "read" }, { "hang" } }, { { "read" }, { "send", "HTTP/1.1 200 OK\r\n" }, { "hang" } }

-- Each: what runs out first; options; the script of the server.
for _, row in ipairs {
  { "timeout", { timeout = 0.2 }, HANG },
  { "timeout", { timeout = 0.2, deadline = 60, connect_timeout = 60 }, STALL },
  { "deadline", { deadline = 0.2, timeout = 60 }, HANG },
  { "deadline", { deadline = 0.2, timeout = 60, connect_timeout = 0.1 }, STALL },
} do
  local option, options, script = row[1], row[2], row[3]
  it(("%s is named when it runs out, of %s"):format(option, (table.concat(script[2], " "):gsub("%c+", " "))), function()
    local client = scene.connect(scene.serve { connections = { script } }, options)
    local err = scene.assert_error("timeout", client.workflows:get "w1")
    assert.is_truthy(err.message:find(("(option %s)"):format(option), 1, true), err.message)
    assert.are.equal(1, select(2, err.message:gsub("option", "")))
  end)
end

-- The handshake of TLS belongs to connecting, and this server begins none.
for _, row in ipairs {
  { "connect_timeout", { connect_timeout = 0.2, timeout = 60 } },
  { "connect_timeout", { connect_timeout = 0.2, timeout = 60, deadline = 60 } },
  { "timeout", { connect_timeout = 60, timeout = 0.2 } },
  { "deadline", { connect_timeout = 60, timeout = 60, deadline = 0.2 } },
} do
  local option, options = row[1], row[2]
  it(option .. " is named when it runs out while connecting", function()
    local client = scene.connect(scene.serve { connections = { { { "hang" } } } }, options, "https")
    local err = scene.assert_error("timeout", client.workflows:get "w1")
    assert.is_truthy(err.message:find(("(option %s)"):format(option), 1, true), err.message)
    assert.are.equal("not_done", err.outcome)
  end)
end
