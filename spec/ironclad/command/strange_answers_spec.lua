-- Answers that are not as documented: every operation and subcommand ends with a message or prints what it can.
local command = require "spec.support.command"
local ironclad = require "ironclad"
local names = require "ironclad.command.names"
local peer = require "spec.support.peer"
local scene = require "spec.support.scene"

local folder

setup(function() folder = peer.temporary_folder() end)
teardown(function() peer.remove_folder(folder) end)
after_each(scene.stop)

local function of(server)
  return { IRONCLAD_INSTANCE = peer.url(server), IRONCLAD_TOKEN = scene.TOKEN, IRONCLAD_AS_USER = "a@b.example" }
end

local answers = { "[]", "[null]", "5", '"x"', "null", "true", '{"list":["x",[1],null,true,{"id":5}]}',
  '{"list":5,"count":"x"}', '{"list":[{"id":"a","name":{},"schema":[1],"properties":5,"lastUpdated":6}]}',
  '{"id":5,"ironcladId":7,"title":8,"name":[1],"step":{},"status":1,"email":5,"scopes":7,"displayName":[1]}',
  '{"Resources":[1,{"id":3,"members":5}],"totalResults":"x","jobStatus":5,"jobId":6,"asyncJobId":7,"scopes":[1,{}]}',
  '{"id":[1],"schema":5,"attributes":7,"properties":[1],"attachments":[1],"recordTypes":[1],"events":5,"targetURL":6}',
  '{"id":"x","attachments":{"a":5},"properties":{"p":5},"attributes":{"a":5},"schema":{"a":7,"b":{"type":"array"}}}' }

-- Each operation and helper, each form, and the other subcommands that read answers.
local function all_words()
  local list = {}
  for _, resource in ipairs(names.resources) do
    local words = names.words_to(resource)
    for _, entry in ipairs(names.operations(resource)) do
      list[#list + 1] = command.words(words .. " " .. names.shown(entry.name), command.arguments_of(entry))
    end
    for name in pairs(names.helpers[resource] or {}) do
      local _, _, helper = names.operation(resource, names.shown(name))
      list[#list + 1] = helper and command.words(words .. " " .. names.shown(name),
        command.arguments_of(nil, helper), helper.waits and "--wait 0.01" or "")
    end
  end
  for _, form in ipairs { "--csv", "--table", "--json", "--jsonl", "--columns id,name", "--csv=id,name" } do
    for _, words in ipairs { "records list", "workflows list", "users list", "workflows get x", "api GET /x" } do
      list[#list + 1] = command.words(words, form)
    end
  end
  for _, words in ipairs { "whoami", "doctor", "describe", "describe x", "download x --to " .. folder,
    "download --records x --to " .. folder, "changes records --state " .. folder .. "/state",
    "changes workflows --csv --state " .. folder .. "/state.csv", "export audit_log --wait 0.01",
    "workflows launch x y=1", "records create type=a name=b z=1", "records list --columns nmae",
    "workflows list --columns nmae", "workflows set x a=1", "records set x p=1" } do
    list[#list + 1] = command.words(words)
  end
  return list
end

for _, answer in ipairs(answers) do
  it("no command fails in itself after " .. answer, function()
    local list = all_words()
    for i, result in ipairs(command.run_all(list, of(scene.answering { peer.json(answer) }))) do
      local words = table.concat(list[i], " ") .. ": " .. result.err
      assert.is_nil(result.err:find "internal error", words)
      assert.is_nil(result.err:find "attempt to", words)
      assert.is_nil(result.err:find "bad argument", words)
    end
    peer.shell("rm -f " .. folder .. "/state*")
  end)
end

it("a document without a right name is downloaded, and so are the others", function()
  local list = peer.json('{"signaturePacketDocuments":[7,{"key":8},{"filename":5,"key":"k"},'
    .. '{"filename":"b","key":"l"}]}')
  local file = peer.answer(200, { "Content-Type: application/pdf" }, "bytes")
  local out, err, status = command.run(("download w1 --to %s/got"):format(folder),
    of(scene.answering { list, file, file }))
  assert.same({ ("%s/got/k\n%s/got/b\n"):format(folder, folder), "", 0 }, { out, err, status })
end)

it("an item that is no object is a value", function()
  local server = scene.answering { peer.json '{"page":0,"pageSize":20,"count":3,"list":[5,{"id":"x"},null]}' }
  local out, err = command.run("records list --csv", of(server))
  assert.same({ "id,value\r\n,5\r\nx,\r\n,\r\n", "" }, { out, err })
end)

it("`api` prints JSON for JSON, and any other text as it is", function()
  for _, case in ipairs { { '"text"', '"text"\n' }, { '"text"', '"text"\n', " --json" },
    { "123456789012345678901234567890", '"123456789012345678901234567890"\n' },
    { '"a\\nb"', '"a\\nb"\n', " --jsonl" } } do
    local out = command.run("api GET /x" .. (case[3] or ""), of(scene.answering { peer.json(case[1]) }))
    assert.equal(case[2], out)
    assert.is_string(ironclad.json.decode(out))
  end
  local text = peer.answer(200, { "Content-Type: text/csv" }, "a,b\r\n1,2")
  assert.equal("a,b\r\n1,2", (command.run("api GET /x", of(scene.answering { text }))))
end)
