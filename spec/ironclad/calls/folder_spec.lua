-- Downloads into a folder: their names, and what is there already.
local core = require "ironclad.core"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local play = scene.player()

setup(play.setup)
teardown(play.teardown)

local function fetch(disposition)
  play.serve(peer.answer(200, { disposition and "Content-Disposition: " .. disposition }, "%PDF"))
  local where = play.folder .. "/"
  local path, err = play.client.workflows:download_document("w1", "key", { to = where })
  assert.is_nil(err)
  assert.are.equal(where, path:sub(1, #where))
  return path:sub(#where + 1)
end

after_each(function()
  scene.stop()
  peer.shell("rm -rf " .. play.folder .. "/* " .. play.folder .. "/.??*")
end)

describe("the name of a file in a folder", function()
  local function named(name) return ('attachment; filename="%s"'):format(name) end
  for disposition, name in pairs {
    -- Long names, with what may be an extension.
    [named("x." .. ("e"):rep(250))] = "x." .. ("e"):rep(198),
    [named(("x"):rep(250) .. ".docx")] = ("x"):rep(195) .. ".docx",
    [named("x" .. ("ü"):rep(150) .. ".pdf")] = "x" .. ("ü"):rep(97) .. ".pdf",
    [named(("x"):rep(250) .. "." .. ("ü"):rep(50))] = ("x"):rep(200),
    [named("x." .. ("€"):rep(100))] = "x." .. ("€"):rep(65),
    [named("x" .. (". "):rep(150) .. "y")] = "x",
    [named(("\128"):rep(250) .. ".pdf")] = ("\128"):rep(196) .. ".pdf",
    [named("\195" .. ("\128"):rep(250) .. ".pdf")] = "\195" .. ("\128"):rep(195) .. ".pdf",
    ['attachment; filename="a.pdf"'] = "a.pdf",
    ["attachment;FileName=a.pdf"] = "a.pdf",
    ['filename="a.pdf"'] = "a.pdf",
    ['attachment; filename="x.pdf"; filename*=UTF-8\'\'%e2%82%ac.pdf'] = "€.pdf",
    ["attachment; filename*=utf-8'en'a%zz.pdf"] = "a%zz.pdf",
    ["attachment; filename*=iso-8859-1''%e9.pdf; filename=a.pdf"] = "a.pdf",
    ['attachment; filename="a\\"b.pdf"'] = "a_b.pdf",
    ['attachment; filename="..\\\\..\\\\x.pdf"'] = "x.pdf",
    ['attachment; filename="../../.x.pdf"'] = "x.pdf",
    ['attachment; filename=""; other="b.pdf"'] = "key",
    ['attachment; filename=".."'] = "key",
    ['attachment; filename="unclosed'] = "key",
    ["attachment"] = "key",
    -- The parameter of another name, and the text of another parameter.
    ['attachment; xfilename="other.pdf"'] = "key",
    ['attachment; name="; filename=other.pdf"; filename="a.pdf"'] = "a.pdf",
    -- Characters that a terminal obeys, or that turn the text around.
    ['attachment; filename="a\27[31m.pdf"'] = "a_[31m.pdf",
    ['attachment; filename="a\194\155\194\133.pdf"'] = "a__.pdf",
    ['attachment; filename="a\226\128\174fdp.exe"'] = "a_fdp.exe",
    ['attachment; filename="a\226\129\166b\226\128\143.pdf"'] = "a_b_.pdf",
  } do
    it(("is %s for %s"):format(name, disposition:gsub("%c", "?")), function()
      assert.are.equal(name, fetch(disposition))
    end)
  end
end)

describe("what is in the folder already", function()
  for what, make in pairs {
    ["a file"] = "printf mine > key",
    ["a file that nobody may read"] = "printf mine > key && chmod 0 key",
    ["a folder"] = "mkdir key",
    ["a link to nowhere"] = "ln -s nowhere key",
    ["a pipe"] = "mkfifo key",
  } do
    it(("is not replaced: %s"):format(what), function()
      peer.shell(("cd %s && %s && mv key key.pdf"):format(play.folder, make))
      local function look() return (peer.shell(("cd %s && stat -c %%i:%%F:%%s key.pdf"):format(play.folder))) end
      local before = look()
      assert.are.equal("key (2).pdf", fetch 'attachment; filename="key.pdf"')
      assert.are.equal("key (3).pdf", fetch 'attachment; filename="key.pdf"')
      assert.are.equal(before, look())
      assert.are.equal("%PDF", peer.read_file(play.folder .. "/key (3).pdf"))
      assert.are.equal("3\n", (peer.shell("ls -A " .. play.folder .. " | wc -l")))
    end)
  end

  it("is not replaced by a rename either, which tells why it failed", function()
    local from, to = play.folder .. "/from", play.folder .. "/to"
    peer.write_file(from, "new")
    peer.write_file(to, "old")
    assert.is_false(core.disk.rename_to_new(from, to))
    assert.are.equal("old", peer.read_file(to))
    local done, message = core.disk.rename_to_new(from, play.folder .. "/none/to")
    assert.is_nil(done)
    assert.are.equal(("cannot write %s/none/to: No such file or directory"):format(play.folder), message)
    assert.is_true(core.disk.rename_to_new(from, play.folder .. "/other"))
    assert.are.equal("new", peer.read_file(play.folder .. "/other"))
    assert.is_nil(io.open(from))
  end)
end)
