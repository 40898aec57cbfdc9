--- ironclad download ID…: the documents of workflows and the attachments of records, into a folder, under the names
-- that Ironclad gives them.

local connection = require "ironclad.command.connection"
local core = require "ironclad.core"
local fail = require "ironclad.command.fail"
local request = require "ironclad.command.request"
local sorted_names = require("ironclad.base.names").sorted
local terminal = require "ironclad.command.terminal"

local download = { flags = {
  { "to", value = "FOLDER", text = "The folder; it is made when it is missing (default: .)" },
  { "records", text = "The ids are those of records: download their attachments" },
  { "signed", text = "Only signed copies of records" },
} }
for _, list in ipairs { connection.flags, request.flags } do
  for _, flag in ipairs(list) do download.flags[#download.flags + 1] = flag end
end

download.help = [[
ID is a workflow's (IC-12), or with --records a record's; - reads ids from standard input, one a line. A readable id of
a record works, too. A file that is there already is not replaced: the name gets a number.

  ironclad records list --columns id --all | ironclad download --records --signed --to archive -]]

-- The ids of the command line, and of standard input.
local function ids_of(words)
  local i, from_input = 0, nil
  return function()
    while true do
      if from_input then
        local line = terminal.read "*l"
        if line and line:match "%S" then return line:match "^%s*(%S+)" end
        if not line then from_input = nil end
      else
        i = i + 1
        if words[i] ~= "-" then return words[i] end
        from_input = true
      end
    end
  end
end

-- Runs a download, and prints where the file is. Returns whether it succeeded.
local function keep(folder, name, fetch)
  local bar = require("ironclad.base.progress")(terminal.clean(name), { unit = "bytes" })
  local path, err = fetch { to = folder, on_progress = bar }
  bar:finish()
  if not path then
    if err.kind == "cancelled" then fail.cancelled(err) end
    terminal.warn("ironclad: %s: %s", name, tostring(err))
    return false
  end
  -- The answer about a workflow's document has no name: it is in the list of documents.
  local wanted = require("ironclad.calls.folder").rename(path, folder, name)
  terminal.write(terminal.clean(wanted), "\n")
  return true
end

-- The name of a file of an answer, which may be null.
local function name_of(file, key) return type(file.filename) == "string" and file.filename or key end

local function documents_of(answer)
  local list = {}
  for _, name in ipairs { "signaturePacketDocuments", "excludedFromSignaturePacketDocuments" } do
    for _, document in ipairs(type(answer[name]) == "table" and answer[name] or {}) do
      if type(document) == "table" and type(document.key) == "string" then list[#list + 1] = document end
    end
  end
  return list
end

local function workflow(client, id, folder)
  local answer, err = client.workflows:get_documents(id)
  if not answer then return nil, err end
  local fine, list = true, documents_of(answer)
  for _, document in ipairs(list) do
    fine = keep(folder, name_of(document, document.key), function(options)
      return client.workflows:download_document(id, document.key, nil, options)
    end) and fine
  end
  if #list == 0 then terminal.say("%s has no documents", id) end
  return fine
end

local function record(client, id, folder, options)
  local found, err = client.records:get(id)
  if not found then return nil, err end
  local fine, count = true, 0
  local attachments = type(found.attachments) == "table" and found.attachments or {}
  for _, key in ipairs(sorted_names(attachments)) do
    if type(attachments[key]) == "table" and (not options.signed or key == "signedCopy") then
      count = count + 1
      fine = keep(folder, name_of(attachments[key], key), function(call)
        return client.records:download_attachment(found.id, key, nil, call)
      end) and fine
    end
  end
  if count == 0 then terminal.say("%s has no %s", id, options.signed and "signed copy" or "attachments") end
  return fine
end

-- The first request for each id: what is downloaded is in its answer.
local function preview(words, options)
  local client = connection.open(options)
  local label = (options.records or options.signed) and "records:get" or "workflows:get_documents"
  for id in ids_of(words) do request.preview(client, label, { id }) end
end

function download.run(words, options)
  if not words[1] then fail.usage "expected an ID, as in `ironclad download IC-12`" end
  for _, id in ipairs(words) do
    if id == "" then fail.usage "expected an ID, got an empty one" end
  end
  if options["dry-run"] then return preview(words, options) end
  local folder = (options.to or "."):gsub("/+$", "") .. "/"
  if folder == "/" and options.to ~= "/" then folder = "./" end
  local done, why = core.terminal.make_folder(folder)
  if not done then fail.failed("%s: %s", folder, why) end
  local client, all_fine = connection.open(options), true
  for id in ids_of(words) do
    local fine, err
    if options.records or options.signed then
      fine, err = record(client, id, folder, options)
    else
      fine, err = workflow(client, id, folder)
    end
    if err then
      if err.kind ~= "not_found" and err.kind ~= "permission" then fail.unless(nil, err) end
      terminal.warn("ironclad: %s: %s", id, tostring(err))
    end
    all_fine = all_fine and fine == true
  end
  return all_fine and fail.DONE or fail.FAILED
end

return download
