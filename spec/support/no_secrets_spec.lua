-- Tests the check for secrets in all specs (spec/support/no_secrets.lua).
local ironclad = require "ironclad"
local scene = require "spec.support.scene"

-- A run without the helper has no guard, and nothing to test here.
local guard = package.loaded["spec.support.no_secrets"]
local describe_guard = guard and describe or pending

describe_guard("the guard against secrets", function()
  local SECRET = "a secret of the guard's own spec"

  setup(function() ironclad.connect { instance = "na1", client_id = "i", client_secret = SECRET, as_user = false } end)
  after_each(scene.stop)

  local leaks = {
    { "prints", function() print("it is " .. SECRET) end },
    { "writes", function() io.write("it is " .. SECRET) end },
    { "raises", function() pcall(error, "it is " .. SECRET) end },
    { "makes an error of", function() require("ironclad.base.error").new { kind = "auth", message = SECRET } end },
  }
  for _, case in ipairs(leaks) do
    it("sees what " .. case[1] .. " one", function()
      local before = guard.checked
      assert.is_false((guard.unguarded_pcall(case[2])))
      assert.is_true(guard.checked > before)
    end)
  end

  it("knows what the sandbox hands out", function()
    local sandbox = require("ironclad.sandbox").start { port = 0, tls = false }
    local client = sandbox:connect { allow_http = true, grant = "authorization_code", client_id = sandbox.client_id }
    local redirect_uri = "http://localhost/callback"
    local url, state = client:authorize_url { redirect_uri = redirect_uri }
    local callback = sandbox:consent { url = url }
    local tokens = {}
    local asking = sandbox:connect {
      allow_http = true, grant = "authorization_code",
      store = { load = function() end, save = function(_, token) tokens[#tokens + 1] = token end },
    }
    assert(asking:exchange(callback, { state = state, redirect_uri = redirect_uri }))
    sandbox:stop()
    for _, secret in ipairs { callback, tokens[1].access_token, tokens[1].refresh_token } do
      assert.is_false((guard.unguarded_pcall(print, secret)))
    end
  end)
end)
