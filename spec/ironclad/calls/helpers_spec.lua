-- The small functions of the module.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"

local folder

setup(function() folder = peer.temporary_folder() end)
teardown(function() peer.remove_folder(folder) end)

describe("helpers", function()
  it("scopes_for lists each scope once, by either name, and both where either may be right", function()
    assert.same({ "public.workflows.createWorkflows", "public.records.createComments",
      "public.workflows.createComments" },
      ironclad.scopes_for { "workflows:launch", "launch-a-new-workflow", "workflows:create_comment" })
    local fine, message = pcall(ironclad.scopes_for, { "workflows:lunch" })
    assert.is_false(fine)
    assert.matches('did you mean "workflows:launch"', message)
  end)

  it("sha256 digests texts and files", function()
    local path = folder .. "/digest"
    peer.write_file(path, "abc")
    local wanted = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert.equal(wanted, ironclad.sha256 "abc")
    assert.equal(wanted, ironclad.sha256(ironclad.file(path)))
    assert.equal(wanted, ironclad.sha256(ironclad.file { data = "abc" }))
    peer.shell("mkfifo " .. folder .. "/pipe")
    for odd, message in pairs {
      ["/nowhere/x"] = "No such file", [folder] = "not a regular file", [folder .. "/pipe"] = "not a regular file",
    } do
      local value, err = ironclad.sha256(ironclad.file(odd))
      assert.is_nil(value)
      assert.equal("io", err.kind)
      assert.matches(message, err.message)
    end
  end)

  it("refuse arguments that they would ignore", function()
    local date, filter = ironclad.date, ironclad.filter
    for name, call in pairs {
      ["ironclad.connect"] = function() ironclad.connect({}, {}) end,
      ["ironclad.from_env"] = function() ironclad.from_env({}, {}) end,
      ["ironclad.login"] = function() ironclad.login({}, {}) end,
      ["ironclad.scopes_for"] = function() ironclad.scopes_for({}, "workflows:get") end,
      ["ironclad.file"] = function() ironclad.file("a.docx", "b.docx") end,
      ["ironclad.array"] = function() ironclad.array({}, 1) end,
      ["ironclad.operations"] = function() ironclad.operations "workflows" end,
      ["ironclad.json.encode"] = function() ironclad.json.encode({}, { sort = true }, {}) end,
      ["ironclad.json.decode"] = function() ironclad.json.decode("{}", 1) end,
      ["ironclad.sha256"] = function() ironclad.sha256("a", "b") end,
      ["ironclad.store.file"] = function() ironclad.store.file("a", "b") end,
      ["ironclad.money"] = function() ironclad.money("USD", 1, 2) end,
      ["ironclad.date"] = function() date(2026, 1, 31, 12) end,
      ["ironclad.duration"] = function() ironclad.duration("P1Y", 1) end,
      ["ironclad.filter.Equals"] = function() filter.Equals("a", "b", "c") end,
      ["ironclad.filter.IsEmpty"] = function() filter.IsEmpty("a", "b") end,
      ["ironclad.scim_filter.eq"] = function() ironclad.scim_filter.eq("a", "b", "c") end,
    } do
      local fine, message = pcall(call)
      assert.is_false(fine, name)
      assert.matches(("^[^\n]*helpers_spec.lua:%%d+: %s: too many arguments"):format((name:gsub("%.", "%%."))), message)
    end
    assert.are.equal("{}", ironclad.json.encode({}, nil, { "a response" }))
  end)

  it("name the table in which options of a named connection stand", function()
    local fine, message = pcall(function() ironclad.connect("acme", { as_user = "jane" }) end)
    assert.is_false(fine)
    assert.matches('helpers_spec.lua:%d+: ironclad.connect: options stand in one table with the name: '
      .. '{ name = "acme", … }', message)
  end)

  it("must gives the value, whatever it is", function()
    assert.is_false(ironclad.must(false))
    assert.equal(1, ironclad.must(1, nil))
  end)

  it("info says where the keys of TLS connections are written", function()
    local output = peer.lua('print(require("ironclad").info().tls_key_log)',
      { environment = "SSLKEYLOGFILE=/nowhere/keys" })
    assert.equal("/nowhere/keys\n", output)
  end)

  it("connect says it in the log", function()
    local output = peer.lua([[
      local options = { instance = "na1", token = "t", as_user = false }
      options.log = function(text, level) print(level, text) end
      require("ironclad").connect(options)
    ]], { environment = "SSLKEYLOGFILE=/nowhere/keys" })
    assert.equal("warning\tSSLKEYLOGFILE is set: libcurl writes the keys of TLS connections to /nowhere/keys\n", output)
  end)

  it("info says what this is made of", function()
    local info = ironclad.info()
    assert.equal("ironclad " .. info.version, ironclad._VERSION)
    assert.matches("^%d+%.%d+", info.libcurl)
    assert.is_nil(info.tls_key_log)
  end)
end)
