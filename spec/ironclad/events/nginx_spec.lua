-- The body of a request that nginx has put into a file. The specs of nginx itself are in spec/hosts.
local nginx = require "ironclad.events.nginx"
local peer = require "spec.support.peer"

describe("a body that nginx has put into a file", function()
  local folder
  setup(function() folder = peer.temporary_folder() end)
  teardown(function()
    rawset(_G, "ngx", nil)
    peer.remove_folder(folder)
  end)

  -- Serves a request whose body is in the file -> what the receiver was given, the answer's status.
  local function served(path)
    local given
    local ngx = { var = {}, header = {}, on_abort = function() end, print = function() end, req = {
      read_body = function() end, get_body_data = function() end, get_body_file = function() return path end,
      get_headers = function() return {} end, get_method = function() return "POST" end } }
    rawset(_G, "ngx", ngx)
    nginx.serve { handle = function(_, _, body)
      given = body
      return 200, ""
    end }
    rawset(_G, "ngx", nil)
    return given, ngx.status
  end

  it("is handled", function()
    for _, body in ipairs { "{}", "", ("x"):rep(100000) } do
      peer.write_file(folder .. "/body", body)
      assert.same({ body, 200 }, { served(folder .. "/body") })
    end
  end)

  it("is asked for again when it cannot be read", function()
    for _, path in ipairs { folder, "/proc/self/mem", folder .. "/none" } do
      local given, status = served(path)
      assert.is_nil(given)
      assert.equal(503, status)
    end
  end)
end)
