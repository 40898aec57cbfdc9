-- User-Agent: once in each request, with what the option puts before it.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local OURS = "ironclad-lua/" .. ironclad.info().version

after_each(scene.stop)

-- What the server got as User-Agent with the last request. Several fields are joined.
local function sent(server)
  local list = server:requests()
  return list[#list].headers["user-agent"]
end

describe("User-Agent", function()
  it("is the module's, after that of the option", function()
    local server = scene.answering { scene.GOOD }
    for _, case in ipairs { { nil, OURS }, { "recipe/1", "recipe/1 " .. OURS } } do
      local client = scene.connect(server, { user_agent = case[1] })
      for _ = 1, 2 do -- the second is sent with the handle of the first
        scene.assert_good(client.workflows:get "w1")
        assert.equal(case[2], sent(server))
      end
      ironclad.must(client.workflows:create_comment("w1", { comment = "seen" }))
      assert.equal(case[2], sent(server))
      ironclad.must(client:download(peer.url(server) .. "/file"))
      assert.equal(case[2], sent(server))
    end
  end)

  it("that the script gives is sent instead", function()
    local server = scene.answering { scene.GOOD }
    scene.assert_good(scene.connect(server):with({ headers = { ["user-AGENT"] = "mine" } }).workflows:get "w1")
    assert.equal("mine", sent(server))
  end)

  it("is sent through a proxy too", function()
    local server = scene.answering { scene.GOOD }
    local client = scene.connect(server, { proxy = peer.url(server) })
    scene.assert_good(client.workflows:get "w1")
    assert.equal(OURS, sent(server))
    local list = server:requests()
    assert.matches("^http://", list[#list].target)
  end)
end)
