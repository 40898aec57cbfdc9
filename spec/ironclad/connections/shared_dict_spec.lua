-- The token store in one of nginx's shared dictionaries, with a dictionary that is played.
local peer = require "spec.support.peer"

describe("a token store in a shared dictionary", function()
  it("keeps its lock for longer than a refresh may take, so that no refresh token is sent twice", function()
    local source = peer.read_file "src/core/engine/token_work.c"
    local longest = tonumber(source:match "#define REFRESH_TIMEOUT (%d+)")
    local output, status = peer.lua [[
      local seconds
      local dictionary = { safe_add = function(_, _, _, given) seconds = given return true end }
      ngx = { shared = { tokens = dictionary }, now = os.time, worker = { pid = function() return 1 end } }
      assert(require "ironclad.connections.shared_dict" "tokens".lock "key")
      print(seconds)
    ]]
    assert.equal(0, status, output)
    assert.is_true(tonumber(output) > longest, output)
  end)
end)
