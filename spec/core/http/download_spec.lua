-- Downloads to files and functions, and Ctrl-C during one.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local folder, server, client

local function serve(...)
  server, client = scene.play(...)
  return client
end

local function sent() return scene.last(server) end

setup(function() folder = peer.temporary_folder() end)
teardown(function()
  scene.stop()
  peer.remove_folder(folder)
end)

describe("a download", function()
  local bytes = ("0123456789abcdef\0\r\n"):rep(200000)

  it("goes to a file, which gets its name when it is whole", function()
    serve(peer.answer(200, {}, bytes))
    local path = folder .. "/whole.bin"
    assert.equal(path, (client.workflows:download_document("id", "k", { to = path })))
    assert.equal(bytes, peer.read_file(path))
    assert.are.equal("identity", sent().headers["accept-encoding"])
  end)

  it("goes to a function, piece by piece", function()
    serve(peer.answer(200, {}, bytes))
    local pieces = {}
    assert.is_true((client.workflows:download_document("id", "k",
      { to = function(piece) pieces[#pieces + 1] = piece end })))
    assert.equal(bytes, table.concat(pieces))
  end)

  it("goes to a function that makes calls of its own", function()
    serve(peer.answer(200, {}, ("x"):rep(3000000)))
    local length, calls = 0, 0
    ironclad.must(client.workflows:download_document("id", "k", {
      to = function(piece)
        length = length + #piece
        if calls < 3 then
          calls = calls + 1
          assert.equal(3000000, #ironclad.must(client.workflows:download_document("id", "other")))
        end
      end,
    }))
    assert.equal(3000000, length)
  end)

  it("ends with the function's error", function()
    serve(peer.answer(200, {}, bytes))
    local mine = {}
    local fine, problem = pcall(function()
      client.workflows:download_document("id", "k", { to = function() error(mine) end })
    end)
    assert.is_false(fine)
    assert.equal(mine, problem)
  end)

  it("that ends early leaves no file", function()
    server:stop()
    server = peer.start { connections = { { { "read" }, { "send",
      "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhalf" } } } }
    client = ironclad.connect { instance = peer.url(server), token = "t", max_retries = 0 }
    local path = folder .. "/broken.bin"
    local value, err = client.workflows:download_document("id", "k", { to = path })
    assert.is_nil(value)
    assert.equal("network", err.kind)
    local listing = peer.shell("ls -A " .. peer.quoted(folder))
    assert.is_nil(listing:find("broken", 1, true))
  end)

  it("that is refused does not change the file that was there", function()
    serve(peer.json('{"code":"NOT_FOUND","message":"no such document"}', 400))
    local path = folder .. "/kept.bin"
    peer.write_file(path, "before")
    local _, err = client.workflows:download_document("id", "k", { to = path })
    assert.equal("not_found", err.kind)
    assert.equal("before", peer.read_file(path))
  end)

  it("follows a symbolic link, and does not replace a pipe or a folder", function()
    serve(peer.answer(200, {}, "new"))
    peer.write_file(folder .. "/target", "old")
    peer.shell("ln -s target " .. folder .. "/link; mkfifo " .. folder .. "/pipe")
    assert.equal(folder .. "/link", (client.workflows:download_document("id", "k", { to = folder .. "/link" })))
    assert.equal("new", peer.read_file(folder .. "/target"))
    for _, place in ipairs { "/pipe", "" } do
      local _, err = client.workflows:download_document("id", "k", { to = folder .. place })
      assert.equal("io", err.kind)
    end
    assert.equal("", (peer.shell("test -p " .. folder .. "/pipe && test -L " .. folder .. "/link || echo changed")))
  end)

  it("keeps the permissions of the file that it replaces", function()
    serve(peer.answer(200, {}, "new"))
    local path = folder .. "/private.bin"
    peer.write_file(path, "old")
    for _, mode in ipairs { "600", "640", "444" } do
      peer.shell(("chmod %s %s"):format(mode, path))
      assert.equal(path, (client.workflows:download_document("id", "k", { to = path })))
      assert.equal("new", peer.read_file(path))
      assert.equal(mode .. "\n", (peer.shell("stat -c %a " .. path)))
    end
  end)

  it("gets the permissions that the umask gives, and no more than the replaced file had", function()
    serve(peer.answer(200, {}, "new"))
    local output = peer.lua([[
      local url, folder = ...
      local client = require("ironclad").connect { instance = url, token = "t", as_user = false }
      for _, name in ipairs { "fresh", "wide" } do
        assert(client.workflows:download_document("id", "k", { to = folder .. "/" .. name }))
      end
    ]], { before = ("umask 077; touch %s/wide; chmod 666 %s/wide"):format(folder, folder) }, peer.url(server), folder)
    assert.equal("", output)
    assert.equal("600\n600\n", (peer.shell(("cd %s && stat -c %%a fresh wide && rm fresh wide"):format(folder))))
  end)

  it("to a folder is an error that says so", function()
    serve(peer.answer(200, {}, "new"))
    local _, err = client.workflows:download_document("id", "k", { to = folder })
    assert.equal("io", err.kind)
    assert.equal(("cannot write %s: it is a folder; give the path of a file"):format(folder), err.message)
  end)

  it("follows a relative link and a link to a link, but not a link to itself", function()
    serve(peer.answer(200, {}, "new"))
    peer.shell(("cd %s && mkdir -p deep && ln -sf deep/inner one && ln -sf ../one deep/two && ln -sf deep/two three"
      .. " && ln -sf circle circle"):format(folder))
    assert.equal(folder .. "/three", (client.workflows:download_document("id", "k", { to = folder .. "/three" })))
    assert.equal("new", peer.read_file(folder .. "/deep/inner"))
    local _, err = client.workflows:download_document("id", "k", { to = folder .. "/circle" })
    assert.equal("io", err.kind)
    assert.matches("Too many levels of symbolic links", err.message)
  end)

  -- Only root can give files away.
  local is_root = peer.shell "id -u" == "0\n"
  local declare = is_root and it or pending
  declare("does not follow a link into another user's folder, nor another user's link", function()
    serve(peer.answer(200, {}, "new"))
    peer.shell(("cd %s && mkdir -p theirs && chown 65534 theirs && ln -sf theirs/file into && ln -sf mine link"
      .. " && chown -h 65534 link"):format(folder))
    for name, why in pairs { into = "it is a link into another user's folder", link = "it is another user's link" } do
      local path = folder .. "/" .. name
      local _, err = client.workflows:download_document("id", "k", { to = path })
      assert.equal("io", err.kind)
      assert.equal(("cannot write %s: %s"):format(path, why), err.message)
    end
    assert.equal("", (peer.shell(("cd %s && ls -A theirs; ls mine 2>/dev/null"):format(folder)):gsub("\n$", "")))
  end)

  it("to a folder that does not exist is an io error", function()
    serve(peer.answer(200, {}, bytes))
    local _, err = client.workflows:download_document("id", "k", { to = "/nowhere/at/all.bin" })
    assert.equal("io", err.kind)
    assert.matches("/nowhere/at/all.bin: No such file", err.message)
  end)

  it("larger than max_body is refused when it would be kept in memory", function()
    serve(peer.answer(200, {}, bytes))
    client = ironclad.connect { instance = peer.url(server), token = "t", max_body = 1000 }
    local _, err = client.workflows:download_document("id", "k")
    assert.equal("too_large", err.kind)
    assert.is_true((client.workflows:download_document("id", "k", { to = function() end })))
  end)
end)

describe("Ctrl-C", function()
  it("ends a waiting script at once", function()
    local half = scene.serve { connections = { { { "read" }, { "send",
      "HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 9\r\n\r\nhalf" }, { "hang" } } } }
    local begun = folder .. "/begun"
    -- The script makes a file when it has received the first half and waits for the rest.
    peer.write_file(folder .. "/script.lua", ([[
      package.path, package.cpath = %q, %q
      local client = require("ironclad").connect { instance = %q, token = "t", as_user = false }
      client.workflows:download_document("id", "key", { to = function() io.open(%q, "w"):close() end })
    ]]):format(package.path, package.cpath, peer.url(half), begun))
    local output, status = peer.shell(([[
      LD_PRELOAD=$preload timeout 100 %s %s/script.lua & watcher=$!
      until [ -e %s ] || ! kill -0 $watcher; do sleep 0.05; done
      kill -INT $(pgrep -P $watcher); wait $watcher
    ]]):format(require("spec_process").interpreter(), folder, begun))
    assert.equal(1, status, output)
    assert.matches("interrupted!", output)
  end)
end)
