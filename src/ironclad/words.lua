--- What each operation and each argument is, in English: for the help of the command, the reference, ironclad.help and
-- the types for editors. Sources: Ironclad's OpenAPI documents. The sentence of an operation is in operations.def.

local words = {}

local fields = {
  Operations = "The SCIM operations: { op =, path =, value = }",
  active = "Whether the user may log in",
  actorDetails = "Whether the answer has details of the people",
  addChildren = "Records that become children",
  addLinks = "Records to link",
  addProperties = "Properties to add or change, by name",
  addPropertiesToAmend = "Properties that this amendment changes",
  addUsersToWorkflow = "Whether the people that the comment mentions are added to the workflow",
  addressAsObject = "Whether addresses are objects instead of text",
  allowMultipleUsages = "Whether the link works more than once",
  assigned = "The new signer: { type =, … }",
  attachment = "The file",
  attributes = "The fields of the template's launch form, by name",
  children = "Records that are children",
  client_id = "The app's client id",
  client_secret = "The app's client secret",
  code = "The code of the redirect",
  comment = "The text of the comment",
  count = "The size of a page",
  creator = "Who does it; only for legacy tokens",
  displayName = "The name that people see",
  email = "An e-mail address",
  endDate = "The last day",
  events = "The events, as workflow_launched; * for all",
  excludedAttributes = "Attributes that the answer leaves out",
  exportConfigs = "More settings of the report",
  exportFormat = "The format of the file",
  exportType = "The report",
  filter = "A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)",
  form = "The form whose fields are read",
  frameAncestor = "The page that embeds the link",
  fully_signed = "Whether everyone has signed",
  grant_type = "The OAuth grant",
  hydrateEntities = "Whether entities are in the answer with their values",
  identifiers = "Ids of records",
  importId = "The id of the smart import",
  lastUpdated = "Only items that were changed since this time",
  links = "Linked records",
  members = "The members: { value = user's id }",
  metadata = "What the file is",
  modelTier = "Which model answers",
  name = "The name",
  newRecordTypeDisplayName = "The name of a new record type",
  newRecordTypeId = "The id of a new record type",
  notifyAt = "When it is sent",
  obligationTypeKey = "The types of the obligation",
  page = "The number of the page, from 0",
  pageSize = "Items on a page, up to 100",
  parent = "The record that is the parent",
  parentId = "The id of the parent record",
  password = "The user's password",
  properties = "The properties, by name",
  propertiesToAmend = "Properties that this amendment changes",
  query = "The question",
  reason = "Why",
  recordId = "The id of a record",
  recordType = "The type of the new record",
  redirect_uri = "Where the browser comes back to",
  refresh_token = "The refresh token",
  relationshipTypeKey = "The types of the relationship",
  reminder = "When signers are reminded; null for never",
  removeChildren = "Records that are no longer children",
  removeLinks = "Records to unlink",
  removeParent = "Whether the parent is removed",
  removeProperties = "Names of properties to remove",
  removePropertiesToAmend = "Properties that this amendment no longer changes",
  repliedToActivityFeedMessageId = "The id of the comment that this one answers",
  requestType = "Requests to roles or to users",
  response_type = "Always `code`",
  roleName = "The name of the role",
  schemas = "The SCIM schemas",
  scope = "The scopes",
  setParent = "The record that becomes the parent",
  signaturePacketDocumentKeys = "The keys of the documents, in order",
  signedUrlEnabled = "Whether the file is fetched by a link",
  sortDirection = "The order",
  sortField = "What the items are sorted by",
  startDate = "The first day",
  startIndex = "The number of the first item, from 1",
  state = "A text that nobody can guess",
  status = "The status",
  targetURL = "Where events are sent",
  template = "The template: its id, or to launch its title",
  title = "The person's title",
  type = "The type",
  types = "Record types",
  updates = "The changes: { action =, path =, value = }",
  ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] = "SCIM's enterprise attributes",
  ["urn:ietf:params:scim:schemas:extension:ironclad:2.0:User"] = "Ironclad's own attributes of a user",
  useDefaultValues = "Whether fields without a value get the template's defaults",
  user = "Who acts; only for legacy tokens",
  userId = "The id of a user",
  userName = "The name that the user logs in with, an e-mail address",
  userTimezone = "The time zone of the person who asks",
}

local function sentence(name) return (name:gsub("[_-]", " "):gsub("^%l", string.upper)) end

local verbs = { get = "Reads", list = "Lists", create = "Makes", update = "Changes", delete = "Deletes",
  publish = "Publishes", send = "Sends", render = "Renders", download = "Downloads", export = "Exports",
  retrieve = "Reads", load = "Loads", upsert = "Makes or changes", restore = "Restores", upload = "Uploads",
  clone = "Copies", archive = "Archives", capture = "Captures", status = "Reads the status of" }

-- Of an operation of Clickwrap, which has no sentence: "list_signers" of the resource sites is "Lists signers."
local function made(entry)
  local verb, rest = (entry.name or entry.id):match "^(%l+)_?(.*)$"
  local object = rest ~= "" and rest or entry.resource or ""
  return ("%s %s."):format(verbs[verb] or sentence(verb or ""), (object:gsub("_", " ")))
end

--- What an operation does; and that nothing but the navigation of Ironclad's reference names it.
function words.operation(entry)
  local text = entry.text or made(entry)
  return entry.unconfirmed and text .. " Unconfirmed: its path is a guess." or text
end

--- What an argument is, without a full stop.
function words.field(name) return fields[name] or sentence(name) end

--- Whether an argument has words of its own.
function words.has_field(name) return fields[name] ~= nil end

return words
