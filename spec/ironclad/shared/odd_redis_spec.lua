-- Something else than a Redis, or a broken one, at the place of the shared Redis: calls go on without it or end with
-- their deadline, and the process lives.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local fine = pcall(require, "ironclad.redis")
local describe_redis = fine and describe or pending

local HANG = { "hang" }
-- What a call may end with that waits for an answer of Redis until its deadline.
local PASSING = { timeout = true, store = true, rate_limited = true }
local replies = {
  ["replies that nobody asked for"] = { { "repeat", "+OK\r\n", 10000 }, HANG },
  ["a reply too many"] = { { "repeat", "$5\r\n\0\1\2\3\4\r\n", 3 }, HANG },
  ["lists too many"] = { { "repeat", "*1\r\n:1\r\n", 1000 }, HANG },
  ["errors without end"] = { { "repeat", "-ERR no\r\n", 1000 }, HANG },
  ["the errors of a Redis with a password"] = { { "repeat", "-NOAUTH Authentication required.\r\n", 100 }, HANG },
  ["a Redis that is loading"] = { { "repeat", "-LOADING x\r\n", 100 }, HANG },
  ["a list of two billion items"] = { { "send", "*2147483647\r\n" }, { "repeat", ":1\r\n", 20000 }, HANG },
  ["lists in lists"] = { { "repeat", "*1\r\n", 200000 }, HANG },
  ["a text of 100 GB"] = { { "send", "$99999999999\r\n" }, HANG },
  ["a text of a negative length"] = { { "send", "$-5\r\n" }, HANG },
  ["a number that is none"] = { { "send", ":abc\r\n" }, HANG },
  ["half a reply"] = { { "send", "*3\r\n$3\r\nab" }, { "close" } },
  ["another protocol"] = { { "send", "HTTP/1.1 400 Bad Request\r\n\r\n" }, HANG },
  ["noise"] = { { "repeat", "\0\1\2\255", 100000 } },
  ["silence"] = { HANG },
  ["nothing"] = { { "close" } },
}

after_each(scene.stop)

describe_redis("at the place of the shared Redis", function()
  for name, script in pairs(replies) do
    it("stands " .. name, function()
      local scripts = {}
      for i = 1, 8 do scripts[i] = script end
      local redis = scene.serve { connections = scripts }
      local server = scene.answering { peer.json '{"access_token":"t","expires_in":3600,"id":"w1"}' }
      for _, settings in ipairs { { token = scene.TOKEN }, { client_id = "id", client_secret = "a secret" } } do
        settings.instance, settings.as_user = peer.url(server), false
        settings.max_retries, settings.deadline = 0, 0.5
        settings.shared = "redis://127.0.0.1:" .. redis:port() .. "/0"
        local value, err = ironclad.connect(settings).workflows:get "w1"
        assert.is_truthy(value and value.id == "w1" or PASSING[err.kind], tostring(err))
        assert.are.equal("not_done", err and err.outcome or "not_done")
      end
    end)
  end
end)
