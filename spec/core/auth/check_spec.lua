-- What client:check() says about a token, client:logout(), and refusals for lack of a scope.
local ironclad = require "ironclad"
local grant = require "spec.support.grant"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local GOOD = scene.GOOD

after_each(scene.stop)

describe("check and logout", function()
  it("say who the token is, and forget it", function()
    local server = scene.answering {
      grant.pair("access-1", "refresh-1", ',"scope":"a b"'),
      peer.json '{"email":"jane@example.com","scopes":["a","b"]}',
      peer.json '{"companyName":"Larkspur"}',
    }
    local kept = {}
    local client = grant.connect(server, { refresh_token = "refresh-0", store = {
      load = function(key) return kept[key] end,
      save = function(key, token) kept[key] = token end,
    } })
    local about = ironclad.must(client:check())
    assert.equal("jane@example.com", about.user.email)
    assert.equal("Larkspur", about.company.companyName)
    assert.same({ "a", "b" }, about.scopes)
    assert.is_true(about.expires_in > 20000 and about.expires_in <= 21600)
    assert.is_truthy(next(kept))
    assert.is_true((client:logout()))
    assert.is_nil(next(kept))
  end)

  it("answer what says nothing of that as an error", function()
    for _, text in ipairs { "null", "5", '"jane"' } do
      local client = scene.connect(scene.answering { peer.json(text) })
      scene.assert_error("protocol", client:check())
    end
  end)

  it("know of a static token only who it is", function()
    local server = scene.answering { peer.json '{"email":"jane@example.com","scopes":[]}', peer.json "{}" }
    local client = ironclad.connect { instance = peer.url(server), token = "t" }
    assert.is_nil(ironclad.must(client:check()).expires_in)
    assert.is_true((client:logout()))
  end)
end)

describe("logout", function()
  it("elsewhere is not undone, and a failed one takes nobody's login away", function()
    local kept, fault = {}, nil
    local custom = {
      load = function(key) return kept[key] end,
      save = function(key, token)
        if fault then error(fault) end
        kept[key] = token
      end,
    }
    local server = scene.answering { grant.pair("access-1", "refresh-1"), GOOD, grant.EXPIRED, GOOD }
    local client = grant.connect(server, { store = custom, name = "one" })
    ironclad.must(client:exchange("c", { redirect_uri = "x:" }))
    scene.assert_good(client.workflows:get "w1")
    local key = next(kept)
    fault = "sealed"
    local _, err = client:logout()
    assert.equal("store", err.kind)
    fault = nil
    kept[key] = { access_token = "access-9", refresh_token = "refresh-9", expires_at = os.time() + 3600 }
    client.workflows:get "w1"
    assert.equal("refresh-9", kept[key].refresh_token)
    kept[key] = nil -- another process logs out
    _, err = client.workflows:get "w1"
    if err then assert.matches("nobody has logged in", err.message) end
    assert.is_nil(kept[key])
  end)
end)

describe("a refusal for lack of a scope", function()
  it("names those that the token lacks", function()
    local server = scene.answering {
      grant.pair("access-1", "refresh-1", ',"scope":"public.records.readRecords"'),
      peer.json('{"code":"FORBIDDEN"}', 403),
    }
    local client = grant.connect(server, { refresh_token = "refresh-0" })
    local _, err = client.workflows:get "w1"
    assert.equal("permission", err.kind)
    assert.matches("needs the scope public.workflows.readWorkflows", err.message)
    assert.matches("the token lacks public.workflows.readWorkflows", err.message)
    _, err = client.records:get "r1"
    assert.is_nil(err.message:find("lacks", 1, true))
  end)

  it("of a grant lists what was asked for", function()
    local server = scene.answering { peer.json('{"error":"invalid_scope"}', 400) }
    local client = ironclad.connect {
      instance = peer.url(server), client_id = "id", client_secret = grant.SECRET, as_user = false,
        scopes = { "public.search.conversational" },
    }
    local _, err = client.workflows:get "w1"
    assert.matches("if the app or the company lacks one scope, none is granted", err.message)
    assert.matches("default_scope = false", err.message)
    assert.matches("asked for: public.search.conversational scim.users.readUsers", err.message)
  end)
end)
