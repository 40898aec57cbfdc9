--- The methods of a Clickwrap connection about people and the terms that they accept.

local accepted = require "ironclad.clickwrap.accepted"
local mistake = require "ironclad.base.mistake"
local run = require "ironclad.calls.run"
local signers = require "ironclad.clickwrap.signers"

local methods = {
  accept = require "ironclad.clickwrap.accept",
  accepted = accepted.accepted,
  cache_in = accepted.cache_in,
  forget = accepted.forget,
  terms = require "ironclad.clickwrap.terms",
}
for name, method in pairs(signers) do methods[name] = method end

-- Methods that wait -> the place of the argument that may have a callback. Their files have functions that check the
-- arguments and return a function that does the work.
local places = { accept = 1, accepted = 3, terms = 2, decline = 1, displayed = 1, visited = 1, sent = 1,
  update_signer = 3, history = 2 }

local function waiting(name, prepare, place)
  return function(cw, ...)
    run.check_client(name, cw)
    mistake.check_surplus(name, select(place + 1, ...))
    local options = select(place, ...)
    local work = prepare(cw, ...)
    local callback = options and options.callback
    if callback == nil then return work() end
    if type(callback) ~= "function" then
      mistake.raise(name, "callback: expected a function, got %s", mistake.type_of(callback))
    end
    return run.aside(cw, callback, work)
  end
end

for name, place in pairs(places) do methods[name] = waiting(name, methods[name], place) end

return methods
