-- Iterators that several tasks share: each item is given once, to one of them, and no page is skipped.
local ironclad = require "ironclad"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then return end -- it has no tasks

after_each(scene.stop)

local SIZE = 2

-- Page number `n` (from 1) of a list with that many pages.
local function page(n, pages)
  local list = {}
  for i = (n - 1) * SIZE + 1, n * SIZE do list[#list + 1] = ('{"id":"w%03d"}'):format(i) end
  return peer.json(('{"page":%d,"pageSize":%d,"count":%d,"list":[%s]}'):format(n - 1, SIZE, pages * SIZE,
    table.concat(list, ",")))
end

local function pages(count, last)
  local answers = {}
  for n = 1, count do answers[n] = page(n, count) end
  if last then answers[count] = last end
  return answers
end

local function play(answers, options)
  local server = scene.answering(answers)
  return server, scene.connect(server, options)
end

-- Lets tasks take from the iterator until it ends, and call per_item, unless nil, for each item. Returns the sorted ids
-- that they got, joined, and how each task ended.
local function share(iterator, tasks, per_item)
  local ids, ends = {}, {}
  for t = 1, tasks do
    ironclad.spawn(function()
      local fine, message = pcall(function()
        for item in iterator do
          ids[#ids + 1] = item.id
          if per_item then per_item() end
        end
      end)
      ends[t] = fine and "end" or message
    end)
  end
  ironclad.run()
  table.sort(ids)
  return table.concat(ids, " "), ends
end

local function numbered(count)
  local ids = {}
  for i = 1, count do ids[i] = ("w%03d"):format(i) end
  return table.concat(ids, " ")
end

describe("an iterator that tasks share", function()
  for _, slow in ipairs { false, true } do
    it("gives every item once" .. (slow and ", also to tasks that wait between items" or ""), function()
      local server, client = play(pages(8))
      local _, other = play { scene.GOOD }
      local ids, ends = share(client.workflows:each { pageSize = SIZE }, 5, slow and function()
        assert(other.workflows:get "w1")
      end)
      assert.are.equal(numbered(8 * SIZE), ids)
      assert.are.same({ "end", "end", "end", "end", "end" }, ends)
      local asked = {}
      for i, request in ipairs(server:requests()) do asked[i] = request.target:match "page=(%d+)" end
      assert.are.equal("0 1 2 3 4 5 6 7", table.concat(asked, " "))
    end)
  end

  it("raises the error of a page in each task that waits for it", function()
    local _, client = play(pages(3, peer.json('{"code":"FORBIDDEN","message":"no"}', 403)))
    local iterator = client.workflows:each { pageSize = SIZE }
    local ids, ends = share(iterator, 3)
    assert.are.equal(numbered(2 * SIZE), ids)
    local message = tostring(iterator.error)
    assert.is_truthy(message:find "FORBIDDEN")
    assert.are.same({ message, message, message }, ends)
  end)

  it("ends in each task when one closes it", function()
    local server = scene.serve { connections = { { { "read" }, { "hang" } } } }
    local client = scene.connect(server)
    local iterator = client.workflows:each { pageSize = SIZE }
    local ends = {}
    for t = 1, 3 do
      ironclad.spawn(function() ends[t] = tostring(iterator()) end)
    end
    server:await(1)
    iterator:close()
    ironclad.run()
    assert.are.same({ "nil", "nil", "nil" }, ends)
  end)

  it("goes on in the others when the task that turned the page fails with its item", function()
    local _, client = play(pages(4))
    local iterator, got = client.workflows:each { pageSize = SIZE }, {}
    local function take(fails)
      for item in iterator do
        got[#got + 1] = item.id
        if fails then error "failed" end
      end
    end
    local failing = ironclad.spawn(take, true)
    ironclad.spawn(take)
    assert.is_false(pcall(failing.wait, failing))
    ironclad.run()
    table.sort(got)
    assert.are.equal(numbered(4 * SIZE), table.concat(got, " "))
  end)

  it("cannot be called outside of tasks while one waits for a page", function()
    local server = scene.serve { connections = { { { "read" }, { "hang" } } } }
    local client = scene.connect(server)
    local iterator = client.workflows:each {}
    ironclad.spawn(function() return iterator() end)
    scene.assert_mistake("workflows:each: another task waits for its next page", function() iterator() end)
    iterator:close()
    ironclad.run()
  end)

  it("cannot be called by a hook while its page is on the way", function()
    local iterator, message
    local _, client = play(pages(2), {
      on_response = function()
        local fine, problem = pcall(iterator)
        message = not fine and problem
      end,
    })
    iterator = client.workflows:each { pageSize = SIZE }
    assert.are.equal("w001", iterator().id)
    assert.is_truthy(message:find("workflows:each: its next page is on the way", 1, true), message)
  end)
end)
