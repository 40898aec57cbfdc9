-- Downloads to files and functions, and Ctrl-C during one.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local play = scene.player()

setup(play.setup)
teardown(play.teardown)

describe("a download", function()
  local bytes = ("0123456789abcdef\0\r\n"):rep(200000)

  it("goes to a file, which gets its name when it is whole", function()
    play.serve(peer.answer(200, {}, bytes))
    local path = play.folder .. "/whole.bin"
    assert.equal(path, (play.client.workflows:download_document("id", "k", { to = path })))
    assert.equal(bytes, peer.read_file(path))
    assert.are.equal("identity", play.sent().headers["accept-encoding"])
  end)

  it("goes to a function, piece by piece", function()
    play.serve(peer.answer(200, {}, bytes))
    local pieces = {}
    assert.is_true((play.client.workflows:download_document("id", "k",
      { to = function(piece) pieces[#pieces + 1] = piece end })))
    assert.equal(bytes, table.concat(pieces))
  end)

  it("goes to a function that makes calls of its own", function()
    play.serve(peer.answer(200, {}, ("x"):rep(3000000)))
    local length, calls = 0, 0
    ironclad.must(play.client.workflows:download_document("id", "k", {
      to = function(piece)
        length = length + #piece
        if calls < 3 then
          calls = calls + 1
          assert.equal(3000000, #ironclad.must(play.client.workflows:download_document("id", "other")))
        end
      end,
    }))
    assert.equal(3000000, length)
  end)

  it("ends with the function's error", function()
    play.serve(peer.answer(200, {}, bytes))
    local mine = {}
    local fine, problem = pcall(function()
      play.client.workflows:download_document("id", "k", { to = function() error(mine) end })
    end)
    assert.is_false(fine)
    assert.equal(mine, problem)
  end)

  it("that ends early leaves no file", function()
    play.server:stop()
    play.server = peer.start { connections = { { { "read" }, { "send",
      "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhalf" } } } }
    play.client = ironclad.connect { instance = peer.url(play.server), token = "t", max_retries = 0 }
    local path = play.folder .. "/broken.bin"
    local value, err = play.client.workflows:download_document("id", "k", { to = path })
    assert.is_nil(value)
    assert.equal("network", err.kind)
    local listing = peer.shell("ls -A " .. peer.quoted(play.folder))
    assert.is_nil(listing:find("broken", 1, true))
  end)

  it("that does not reach the disk does not replace the file that was there", function()
    local path = play.folder .. "/synced.bin"
    peer.write_file(path, "before")
    play.serve(peer.answer(200, {}, "after"))
    local output, status = peer.lua([[
      local url, path = ...
      local client = require "ironclad".connect { instance = url, token = "t", as_user = false, max_retries = 0 }
      local value, err = client.workflows:download_document("id", "k", { to = path })
      print(value, err.kind, err.message)
    ]], { preload = peer.built "failing_sync.so" }, peer.url(play.server), path)
    assert.equal(0, status, output)
    assert.equal(("nil\tio\tcannot write %s: Input/output error\n"):format(path), output)
    assert.equal("before", peer.read_file(path))
    os.remove(path)
    assert.equal("", (peer.shell("ls -A " .. peer.quoted(play.folder) .. " | grep part || true")))
  end)

  it("that is refused does not change the file that was there", function()
    play.serve(peer.json('{"code":"NOT_FOUND","message":"no such document"}', 400))
    local path = play.folder .. "/kept.bin"
    peer.write_file(path, "before")
    local _, err = play.client.workflows:download_document("id", "k", { to = path })
    assert.equal("not_found", err.kind)
    assert.equal("before", peer.read_file(path))
  end)

  it("follows a symbolic link, and does not replace a pipe or a folder", function()
    play.serve(peer.answer(200, {}, "new"))
    peer.write_file(play.folder .. "/target", "old")
    peer.shell("ln -s target " .. play.folder .. "/link; mkfifo " .. play.folder .. "/pipe")
    assert.equal(play.folder .. "/link", (play.client.workflows:download_document("id", "k", { to = play.folder
      .. "/link" })))
    assert.equal("new", peer.read_file(play.folder .. "/target"))
    for _, place in ipairs { "/pipe", "" } do
      local _, err = play.client.workflows:download_document("id", "k", { to = play.folder .. place })
      assert.equal("io", err.kind)
    end
    assert.equal("", (peer.shell("test -p " .. play.folder .. "/pipe && test -L " .. play.folder
      .. "/link || echo changed")))
  end)

  it("keeps the permissions of the file that it replaces", function()
    play.serve(peer.answer(200, {}, "new"))
    local path = play.folder .. "/private.bin"
    peer.write_file(path, "old")
    for _, mode in ipairs { "600", "640", "444" } do
      peer.shell(("chmod %s %s"):format(mode, path))
      assert.equal(path, (play.client.workflows:download_document("id", "k", { to = path })))
      assert.equal("new", peer.read_file(path))
      assert.equal(mode .. "\n", (peer.shell("stat -c %a " .. path)))
    end
  end)

  it("gets the permissions that the umask gives, and no more than the replaced file had", function()
    play.serve(peer.answer(200, {}, "new"))
    local output = peer.lua([[
      local url, folder = ...
      local client = require("ironclad").connect { instance = url, token = "t", as_user = false }
      for _, name in ipairs { "fresh", "wide" } do
        assert(client.workflows:download_document("id", "k", { to = folder .. "/" .. name }))
      end
    ]], { before = ("umask 077; touch %s/wide; chmod 666 %s/wide"):format(play.folder, play.folder) },
      peer.url(play.server), play.folder)
    assert.equal("", output)
    assert.equal("600\n600\n", (peer.shell(("cd %s && stat -c %%a fresh wide && rm fresh wide"):format(play.folder))))
  end)

  it("to a folder is an error that says so", function()
    play.serve(peer.answer(200, {}, "new"))
    local _, err = play.client.workflows:download_document("id", "k", { to = play.folder })
    assert.equal("io", err.kind)
    assert.equal(("cannot write %s: it is a folder; give the path of a file"):format(play.folder), err.message)
  end)

  it("follows a relative link and a link to a link, but not a link to itself", function()
    play.serve(peer.answer(200, {}, "new"))
    peer.shell(("cd %s && mkdir -p deep && ln -sf deep/inner one && ln -sf ../one deep/two && ln -sf deep/two three"
      .. " && ln -sf circle circle"):format(play.folder))
    assert.equal(play.folder .. "/three", (play.client.workflows:download_document("id", "k", { to = play.folder
      .. "/three" })))
    assert.equal("new", peer.read_file(play.folder .. "/deep/inner"))
    local _, err = play.client.workflows:download_document("id", "k", { to = play.folder .. "/circle" })
    assert.equal("io", err.kind)
    assert.matches("Too many levels of symbolic links", err.message)
  end)

  -- Only root can give files away.
  local is_root = peer.shell "id -u" == "0\n"
  local declare = is_root and it or pending
  declare("does not follow a link into another user's folder, nor another user's link", function()
    play.serve(peer.answer(200, {}, "new"))
    peer.shell(("cd %s && mkdir -p theirs && chown 65534 theirs && ln -sf theirs/file into && ln -sf mine link"
      .. " && chown -h 65534 link"):format(play.folder))
    for name, why in pairs { into = "it is a link into another user's folder", link = "it is another user's link" } do
      local path = play.folder .. "/" .. name
      local _, err = play.client.workflows:download_document("id", "k", { to = path })
      assert.equal("io", err.kind)
      assert.equal(("cannot write %s: %s"):format(path, why), err.message)
    end
    assert.equal("", (peer.shell(("cd %s && ls -A theirs; ls mine 2>/dev/null"):format(play.folder)):gsub("\n$", "")))
  end)

  it("to a folder that does not exist is an io error", function()
    play.serve(peer.answer(200, {}, bytes))
    local _, err = play.client.workflows:download_document("id", "k", { to = "/nowhere/at/all.bin" })
    assert.equal("io", err.kind)
    assert.matches("/nowhere/at/all.bin: No such file", err.message)
  end)

  it("larger than max_body is refused when it would be kept in memory", function()
    play.serve(peer.answer(200, {}, bytes))
    play.client = ironclad.connect { instance = peer.url(play.server), token = "t", max_body = 1000 }
    local _, err = play.client.workflows:download_document("id", "k")
    assert.equal("too_large", err.kind)
    assert.is_true((play.client.workflows:download_document("id", "k", { to = function() end })))
  end)
end)

describe("Ctrl-C", function()
  it("ends a waiting script at once", function()
    local half = scene.serve { connections = { { { "read" }, { "send",
      "HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 9\r\n\r\nhalf" }, { "hang" } } } }
    local begun = play.folder .. "/begun"
    -- The script makes a file when it has received the first half and waits for the rest.
    peer.write_file(play.folder .. "/script.lua", ([[
      package.path, package.cpath = %q, %q
      local client = require("ironclad").connect { instance = %q, token = "t", as_user = false }
      client.workflows:download_document("id", "key", { to = function() io.open(%q, "w"):close() end })
    ]]):format(package.path, package.cpath, peer.url(half), begun))
    local output, status = peer.shell(([[
      LD_PRELOAD=$preload timeout 100 %s %s/script.lua & watcher=$!
      until [ -e %s ] || ! kill -0 $watcher; do sleep 0.05; done
      kill -INT $(pgrep -P $watcher); wait $watcher
    ]]):format(require("spec_process").interpreter(), play.folder, begun))
    assert.equal(1, status, output)
    assert.matches("interrupted!", output)
  end)
end)
