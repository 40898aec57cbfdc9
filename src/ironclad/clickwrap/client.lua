--- Clients of Clickwrap, which ironclad.clickwrap returns. They have call, request, download and map as those of
-- ironclad.connect, a table for each resource (docs/reference.md), and the methods below.

local client = require "ironclad.client"
local core = require "ironclad.core"
local mistake = require "ironclad.base.mistake"
local run = require "ironclad.calls.run"
local site = require "ironclad.clickwrap.site"
require "ironclad.clickwrap.kinds"

local methods = {}

-- Does fn(client), in the background with the option `callback`.
local function now_or_aside(label, self, options, fn)
  run.check_client(label, self)
  if options == nil then return fn(self) end
  mistake.check_options(label, options, { callback = true })
  if options.callback == nil then return fn(self) end
  if type(options.callback) ~= "function" then
    mistake.raise(label, "callback: expected a function, got %s", mistake.type_of(options.callback))
  end
  return run.aside(self, options.callback, fn, self)
end

--- The connection's site: the one with its site_access_id, or the only one that the token sees. It is looked up once,
-- with the token. Its `id` goes into paths: cw.sites:list_groups(cw:site()).
-- @param options callback: function(value, err)
-- @return the site's table; nil and an error
function methods.site(self, options) return now_or_aside("site", self, options, site.find) end

local function check(self)
  local found, err, response = site.find(self)
  if not found then return nil, err, response end
  return { site = found, site_access_id = core.describe(self.connection).site_access_id }
end

--- The best test of a connection with a token: its site.
-- @param options callback: function(value, err)
-- @return { site =, site_access_id = }; nil and an error
function methods.check(self, options) return now_or_aside("check", self, options, check) end

-- The methods that other modules have.
local elsewhere = { site = "ironclad.clickwrap.client", check = "ironclad.clickwrap.client" }
for _, name in ipairs { "accept", "accepted", "cache_in", "decline", "displayed", "forget", "history", "sent", "terms",
  "update_signer", "visited" } do
  elsewhere[name] = "ironclad.clickwrap.acceptance"
end

methods.class = client.class {
  name = "ironclad.clickwrap", product = "clickwrap", place = "clickwrap",
  elsewhere = elsewhere,
  text = function(about)
    return ("%s, %s%s"):format(about.activity_origin, about.origin,
      about.site_access_id and ", site " .. about.site_access_id or "")
  end,
  hosts = function(options)
    local hosts = {}
    for _, name in ipairs { "activity_host", "rest_host", "environment" } do hosts[#hosts + 1] = options[name] end
    return hosts
  end,
}

return methods
