--- What everything public that is not an operation takes, returns and does: for the reference, ironclad.help and the
-- types for editors. A spec fails until a new public function is here.

local manual = {}

--- Methods that are not operations: their arguments, and what they do. The key is the label of the method; "*" is every
-- kind of resource.
local helpers = {
  ["*:refresh"] = { "arguments", "reads the resource again into the same table, and returns it" },
  ["workflows:launch_and_wait"] = { "body, options", "launches and waits for the workflow" },
  ["workflows:wait_launch"] = { "job, options", "waits for the workflow of `launch_async`" },
  ["workflow_schemas:find"] = { "title, options",
    "the template with that title, a part of it or its id; an error names those that exist" },
  ["scim.users:find_by_email"] = { "email, options", "the user with that e-mail address, or nil" },
  ["user:deactivate"] = { "options", "removes the right to log in; workflows of the user continue to wait for them" },
  ["group:add_members"] = { "users, options", "adds users, given as tables or ids" },
  ["group:remove_members"] = { "users, options", "removes users" },
  ["records:changes"] = { "{ state =, since =, … }",
    "iterates over what is new or changed since the last run: [changes](changes.md)" },
  ["workflows:changes"] = { "{ state =, since =, … }",
    "iterates over what is new or changed, in every status: [changes](changes.md)" },
  ["entities:changes"] = { "{ state =, since =, … }",
    "iterates over what is new or changed since the last run: [changes](changes.md)" },
  ["obligations:changes"] = { "{ state =, since =, … }",
    "iterates over what is new or changed since the last run: [changes](changes.md)" },
  ["webhooks:receiver"] = { "options", "takes the requests of a webhook: verifies them, and calls the functions "
    .. "in `on`" },
  ["webhooks:ensure"] = { "{ targetURL =, events = }",
    "makes sure that a webhook with these events is registered and enabled; also returns what it did" },
  ["webhooks:verifier"] = { "options", "verifies requests with the key that it fetches" },
  ["workflows:wait"] = { "id, { step =, status = }", "waits until the workflow has reached a step or has a status" },
  ["exports:create_and_wait"] = { "body, options", "starts an export and waits until it can be downloaded" },
  ["exports:wait"] = { "job, options", "waits until it can be downloaded" },
  ["records:create_download_urls_and_wait"] = { "body, options", "asks for download links and waits for them" },
  ["records:wait_download_urls"] = { "job, options", "waits for the links of `create_download_urls`" },
  ["records:smart_import_and_wait"] = { "body, options", "imports a document and waits for its predictions" },
  ["records:wait_import"] = { "import, options", "waits for the predictions of `smart_import`" },
  ["activity:export_csv_and_wait"] = { "arguments, options", "starts a CSV export and waits for its links" },
  ["activity:wait_csv_export"] = { "job, options", "waits for the links of `export_csv`" },
  ["evidence:create_and_wait"] = { "body, options", "starts an export and waits until it is finished" },
  ["evidence:wait"] = { "job, options", "waits until it is finished; the table of an export is then up to date" },
  ["workflow:wait"] = { "{ step =, status = }",
    "waits until this workflow has reached a step or has a status; its table is then up to date" },
  ["export:wait"] = { "options", "waits until this export can be downloaded" },
  ["workflow:pending_approvals"] = { "options",
    "who may approve now: a list of `{ role, displayName, order, assignees }`" },
  ["workflow:records"] = { "options", "the records that the workflow has made" },
  ["workflow:set"] = { "values, { comment = }",
    "changes attributes, given as plain values; `ironclad.null` removes an attribute" },
  ["record:set"] = { "values, options",
    "changes properties, given as plain values; `ironclad.null` removes a property" },
  ["record:property"] = { "name", "the plain value of a property" },
  ["record:plain"] = { "", "all values as one flat table, such as a row of a database" },
}
for _, kind in ipairs { "entity", "obligation" } do
  for _, name in ipairs { "set", "property", "plain" } do
    helpers[kind .. ":" .. name] = helpers["record:" .. name]
  end
end

-- Values and filters: what each function takes, and what it returns.
local comparison = { "property, value", "a formula; the value is a text, number, boolean or date" }
local ordered = { "property, value", "a formula; the value is a number or a date" }
local several = { "formula, formula, …", "a formula; also from one list" }
local functions = {
  ironclad = {
    money = { "currency, amount", 'such as `ironclad.money("USD", 5000)`; fields `currency`, `amount`' },
    date = { "…", "a day, from year, month and day, a Lua time, a table of `os.date`, or ISO 8601 text; text with a "
      .. "time is a point in time; fields `year`, `month`, `day`" },
    duration = { "fields", 'from `{ years =, months =, weeks =, days = }`, or from text such as `"P1Y2M"`' },
    address = { "fields", "from `{ lines = { … }, locality =, region =, postcode =, country = }`" },
  },
  ["ironclad.filter"] = {
    Equals = comparison, NotEqual = comparison, Contains = { "property, text", "a formula" },
    IsEmpty = { "property", "a formula" }, IsNotEmpty = { "property", "a formula" },
    LessThan = ordered, LessThanOrEqual = ordered, GreaterThan = ordered, GreaterThanOrEqual = ordered,
    And = several, Or = several, Date = { "…", "a day; takes what `ironclad.date` takes" },
    Today = { "", "the current day at Ironclad" },
    RelativeDate = { "[date,] count, unit",
      'the day that is `count` of `"days"`, `"weeks"`, `"months"` or `"years"` after a date, or after today' },
  },
  ["ironclad.clickwrap.filter"] = {
    eq = { "field, value", "equal" }, ne = { "field, value", "not equal" }, gt = { "field, value", "greater" },
    ge = { "field, value", "greater or equal" }, lt = { "field, value", "less" },
    le = { "field, value", "less or equal" },
    And = { "filter, filter, …", "all of the filters; also from one list" },
  },
  ["ironclad.scim_filter"] = {
    eq = { "attribute, value", "equal" }, ne = { "attribute, value", "not equal" },
    co = { "attribute, text", "contains" }, sw = { "attribute, text", "starts with" },
    ew = { "attribute, text", "ends with" }, gt = { "attribute, value", "greater" },
    ge = { "attribute, value", "greater or equal" }, lt = { "attribute, value", "less" },
    le = { "attribute, value", "less or equal" }, pr = { "attribute", "present" },
    any = { "attribute, filter", "the filter is true for one of the attribute's values" },
    And = { "filter, filter, …", "all of the filters; also from one list" },
    Or = { "filter, filter, …", "one of the filters; also from one list" },
    Not = { "filter", "the filter is false" },
  },
}

manual.helpers, manual.functions = helpers, functions

--- Everything else: { the call, its types in LuaCATS ("name: type, …-> type, …"), what it does }. In sections, with a
-- text before the calls.
manual.sections = {
  { title = "Connecting", calls = {
    { "ironclad.connect", "options: ironclad.ConnectOptions|string -> ironclad.Client",
      "A client, from a table of options or the name of a connection. It opens nothing: the first call fetches a "
      .. "token. A wrong or unknown option raises an error." },
    { "ironclad.from_env", "options?: ironclad.ConnectOptions -> ironclad.Client",
      "A client of the connection that the environment describes: `IRONCLAD_INSTANCE`, `IRONCLAD_CLIENT_ID`, "
      .. "`IRONCLAD_CLIENT_SECRET`, `IRONCLAD_SCOPES`, `IRONCLAD_AS_USER`, `IRONCLAD_TOKEN`, "
      .. "`IRONCLAD_REFRESH_TOKEN`, `IRONCLAD_CA_FILE`, `IRONCLAD_CLIENT_CERT`, `IRONCLAD_CLIENT_KEY`, "
      .. "`IRONCLAD_CLIENT_KEY_PASSWORD`. The options override them." },
    { "ironclad.login", "options: ironclad.LoginOptions|string -> ironclad.Client?, ironclad.Error?",
      "A client for the person who logs in with a browser. Also takes `redirect_uri` "
      .. "(`http://localhost:8765/callback`), `browser` (true, false or a function that gets the address) and "
      .. "`timeout` (180 seconds for the person)." },
    { "ironclad.scopes_for", "operations: string[] -> string[]",
      "The scopes that calls need, as `workflows:launch`, `records:each`, `workflow:set`, `client:describe` or "
      .. "`event:resource`; an empty list when they need none. `client:call` and `client:request` raise an error: "
      .. "name the operations that they are given." },
    { "ironclad.store.file", "path: string -> ironclad.Store",
      "A token store in a file that only this user can read." },
    { "ironclad.store.shared_dict", "name: string -> ironclad.Store",
      "A token store in a shared dictionary of nginx, for all workers." },
    { "ironclad.info", "-> ironclad.Info",
      "The versions of this build: `version`, `libcurl`, `tls`, `cjson`, `http2`." },
    { "ironclad.stats", "-> ironclad.Stats",
      "What this process has done, by all clients together, and does now: [counts](limits.md)." },
    { "ironclad.operations", "-> ironclad.Operation[]",
      "The catalog: a list of all operations with their parameters, scopes and rate buckets." },
    { "ironclad.help", "name?: string, write?: fun(line: string)",
      "Prints what an operation, a function, an option or an error kind is: `ironclad.help \"records:list\"`." },
  } },
  { title = "Values of every kind", calls = {
    { "ironclad.must", "value?: T, err?: ironclad.Error -> T", "The value; raises the error's text." },
    { "ironclad.file", "given: string|ironclad.FileOptions -> ironclad.File",
      "A file to send: a path, or `{ path =, data =, filename =, content_type = }` with either `path` or `data`." },
    { "ironclad.array", "list?: T[] -> T[]",
      "Marks a table as a list and returns it: an empty one is then sent as `[]`." },
    { "ironclad.sha256", "subject: string|ironclad.File -> string?, ironclad.Error?",
      "The SHA-256 as hexadecimal text." },
    { "ironclad.json.encode", "value: any, style?: ironclad.JsonStyle -> string",
      "The JSON text of a value. `pretty` breaks lines, `sort` sorts the keys (as `pretty` does)." },
    { "ironclad.json.decode", "text: string -> any, ironclad.Error?",
      "The value of a JSON text. null is `ironclad.null`; lists are marked as by `ironclad.array`." },
    { "ironclad.csv.rows", "path: string|file*, options?: ironclad.CsvRowsOptions -> (fun(): table<string, string>, "
      .. "integer), string[]",
      "The rows of a CSV file as tables by the names in its first line, and the number of the line. Finds the "
      .. "separator, skips a byte order mark. Raises an error with the line for text that is not CSV." },
    { "ironclad.csv.writer", "target: string|file*|fun(text: string), options: ironclad.CsvWriterOptions -> "
      .. "ironclad.CsvWriter?, string?",
      "Writes CSV. Text that a spreadsheet would run as a formula gets an apostrophe before it, unless `formulas`." },
    { "ironclad.csv.field", "value: any, options?: ironclad.CsvFieldOptions -> string", "A value as a field of CSV." },
    { "writer:write", "row: table -> ironclad.CsvWriter?, string?",
      "Writes a row: by the names of the columns, or a list." },
    { "writer:close", "-> boolean?, string?", "Ends the file." },
    { "ironclad.progress", "label: string, options?: ironclad.ProgressOptions -> ironclad.Progress",
      "A bar on standard error, on a terminal only. It can be an `on_progress`: `bar(done, total, failed)`." },
    { "bar:finish", "text?: string", "Removes the bar; prints a line in its place." },
  } },
  { title = "Many calls at once", calls = {
    { "ironclad.spawn", "fn: function, ...: any -> ironclad.Task",
      "Starts `fn(...)` as a task. While a call in it waits, other tasks run. Not in PUC Lua 5.1." },
    { "ironclad.run", "fn?: function, ...: any -> any",
      "Waits for all tasks. With `fn`, starts it first; returns what it returns." },
    { "ironclad.mailbox", "-> ironclad.Mailbox", "For an event loop of the script's own." },
    { "task:wait", "-> any", "Waits for the task; returns what it returned, or raises its error." },
    { "task:cancel", "", "Cancels the call that the task waits for." },
    { "mailbox:pollfd", "-> integer", "The descriptor to poll." },
    { "mailbox:events", "-> string", "What to poll it for: `r`." },
    { "mailbox:timeout", "-> number?", "Seconds after which `dispatch` must be called in any case." },
    { "mailbox:dispatch", "-> integer", "Resumes the tasks that are ready; the number of those that have not ended." },
  } },
  { title = "A client", calls = {
    { "client:call", "operation: string, arguments?: ironclad.CallArguments, options?: ironclad.CallOptions -> any, "
      .. "ironclad.Error?, ironclad.Response?",
      "Any operation, by Ironclad's name or the module's: `client:call(\"retrieve-a-workflow\", { path = { id = … } "
      .. "})`." },
    { "client:request", "method: string, path: string, options?: ironclad.RequestOptions -> any, ironclad.Error?, "
      .. "ironclad.Response?",
      "Any request to the connection's host. Also takes `body` and `files`." },
    { "client:download", "url: string|table, options?: ironclad.DownloadOptions -> string?, ironclad.Error?, "
      .. "ironclad.Response?",
      "A file by its link, from any host, without the token." },
    { "client:map", "source: any[]|function, fn: function, options?: ironclad.MapOptions -> table, table, table",
      "Calls `fn(item, index)` for each item, several at once. Results and errors by index, and the errors as a list "
      .. "of `{ index =, error = }`." },
    { "client:with", "options: ironclad.WithOptions -> ironclad.Client",
      "The same client with other `as_user`, `timeout`, `deadline`, `max_retries`, `headers`; the connection is "
      .. "shared." },
    { "client:describe", "options?: ironclad.CallbackOptions -> ironclad.Description?, ironclad.Error?",
      "The templates, record types and properties of the company. It prints as text." },
    { "client:check", "options?: ironclad.CallbackOptions -> ironclad.Check?, ironclad.Error?",
      "Who the token is for: `user`, `company`, `scopes`, `expires_in` (seconds)." },
    { "client:authorize_url", "options: ironclad.AuthorizeOptions -> string, string",
      "The address at which a person consents, and the state to keep." },
    { "client:exchange", "callback: string, options: ironclad.ExchangeOptions -> boolean?, ironclad.Error?",
      "Exchanges what the browser came back with for the client's token." },
    { "client:logout", "options?: ironclad.CallbackOptions -> boolean?, ironclad.Error?",
      "Deletes the token, also from the store." },
    { "iterator:close", "", "Ends an iterator early, and cancels its request." },
  } },
  { title = "Events", calls = {
    { "ironclad.webhook.unwrap", "headers: table, raw_body: string, public_key: string -> ironclad.Event?, "
      .. "ironclad.Error?",
      "Verifies a request of a webhook, and returns its event." },
    { "ironclad.webhook.verify", "headers: table, raw_body: string, public_key: string -> boolean?, ironclad.Error?",
      "Verifies a request without parsing its event." },
    { "ironclad.webhook.verify_request", "headers: table, raw_body: string, public_key: string, options?: "
      .. "ironclad.RequestVerification -> table?, ironclad.Error?",
      "Verifies a request of Ironclad to a signature provider of your own; unconfirmed: "
      .. "[events](events.md#requests-to-a-signature-provider). Returns the members of its header." },
    { "ironclad.webhook.clickwrap", "options: ironclad.ClickwrapWebhookOptions -> ironclad.ClickwrapWebhook",
      "A webhook of Clickwrap, whose events carry a token: an object with `unwrap` and `receiver`." },
    { "verifier:unwrap", "headers: table, raw_body: string -> ironclad.Event?, ironclad.Error?",
      "As `ironclad.webhook.unwrap`, with the key that the verifier fetches and renews." },
    { "verifier:verify", "headers: table, raw_body: string -> boolean?, ironclad.Error?",
      "As `ironclad.webhook.verify`, with that key." },
    { "verifier:verify_request", "headers: table, raw_body: string, options?: ironclad.RequestVerification -> "
      .. "table?, ironclad.Error?",
      "As `ironclad.webhook.verify_request`, with that key." },
    { "receiver:handle", "headers: table, body: string, about?: ironclad.RequestAbout -> integer, string",
      "Takes one request; the status and the body of the answer." },
    { "receiver:work", "options?: ironclad.WorkOptions -> integer, number?",
      "Handles the events of the inbox that are due: `limit` at most, `consumers` at once, for ever with `follow`." },
    { "receiver:stop", "", "Ends `receiver:work{ follow = true }`." },
    { "receiver:inbox", "-> ironclad.Inbox", "The inbox of the receiver." },
    { "inbox:list", "-> ironclad.InboxEvent[]?, string?", "The events of an inbox, the oldest first." },
    { "inbox:retry", "id: string -> boolean?, string?", "Makes an event due now, also a dead one." },
    { "inbox:remove", "id: string -> boolean?, string?", "Removes an event for good." },
    { "clickwrap_webhook:unwrap", "headers: table, raw_body: string, about?: ironclad.RequestAbout -> "
      .. "ironclad.Event?, ironclad.Error?",
      "Checks a request of Clickwrap's webhook, and returns its event." },
    { "clickwrap_webhook:receiver", "options: ironclad.ReceiverOptions -> ironclad.Receiver",
      "Takes the requests of Clickwrap's webhook, as `webhooks:receiver` does." },
    { "receiver:nginx", "", "Takes the request that nginx is serving." },
    { "receiver:serve", "options?: ironclad.ServeOptions|integer -> any",
      "Serves the webhook from this machine, for development." },
    { "event:resource", "client?: ironclad.Client, options?: ironclad.CallOptions -> table?, ironclad.Error?",
      "The workflow, record or obligation that the event is about." },
    { "changes:done", "", "Marks the last item as handled." },
    { "changes:follow", "options?: ironclad.FollowOptions -> ironclad.Changes",
      "Makes the loop run for ever: it sleeps after the last change, and looks again." },
    { "changes:close", "", "Ends the loop." },
  } },
  { title = "A client of Clickwrap", calls = {
    { "ironclad.clickwrap", "options: ironclad.ClickwrapOptions|string -> ironclad.ClickwrapClient",
      "A client of Clickwrap, from a table of options or the name of a connection. It opens nothing." },
    { "ironclad.clickwrap.from_env", "options?: ironclad.ClickwrapOptions -> ironclad.ClickwrapClient",
      "A client of the connection that the environment describes: `IRONCLAD_CLICKWRAP_ENVIRONMENT` and others." },
    { "cw:check", "options?: ironclad.CallbackOptions -> table?, ironclad.Error?",
      "The best test of a connection: its site." },
    { "cw:site", "options?: ironclad.CallbackOptions -> ironclad.Site?, ironclad.Error?", "The connection's site." },
    { "cw:terms", "group: string, options?: ironclad.TermsOptions -> ironclad.Terms?, ironclad.Error?",
      "The terms of a group that must be shown now: `contracts`, `versions`, `render_id`, and with the option "
      .. "`signer` whether they are `required`." },
    { "cw:accept", "arguments: ironclad.AcceptArguments -> ironclad.AcceptanceEvidence?, ironclad.Error?",
      "Records that a person accepts terms, and returns the evidence that was read back: "
      .. "[acceptance](acceptance.md)." },
    { "cw:accepted", "signer: string|integer, group: string|integer, options?: ironclad.AcceptedOptions -> "
      .. "ironclad.AcceptedState?, ironclad.Error?",
      "Whether a person has accepted the latest terms: `accepted`, `missing`, `versions`. The option `cache` says "
      .. "for how many seconds the answer is kept." },
    { "cw:forget", "what?: ironclad.ForgetArguments -> boolean?, ironclad.Error?",
      "Drops what `cw:accepted` has kept." },
    { "cw:cache_in", "store: table -> ironclad.ClickwrapClient",
      "Keeps what `cw:accepted` finds in a shared dictionary of nginx's." },
    { "cw:history", "signer: string|integer, options?: ironclad.HistoryOptions -> ironclad.Activity[]?, "
      .. "ironclad.Error?",
      "What Clickwrap has stored of a person." },
    { "cw:decline", "arguments: ironclad.ActionArguments -> boolean?, ironclad.Error?",
      "Records that a person declines terms." },
    { "cw:displayed", "arguments: ironclad.ActionArguments -> boolean?, ironclad.Error?",
      "Records that a person has seen terms." },
    { "cw:visited", "arguments: ironclad.ActionArguments -> boolean?, ironclad.Error?",
      "Records that a person has opened a page with terms." },
    { "cw:sent", "arguments: ironclad.ActionArguments -> boolean?, ironclad.Error?",
      "Records that a person was sent terms." },
    { "cw:update_signer", "signer: string|integer, changes: table, options?: ironclad.UpdateSignerOptions -> "
      .. "boolean?, ironclad.Error?",
      "Changes what Clickwrap knows of a person, such as `name` and `email`." },
  } },
}

-- What every client has, those of Clickwrap too.
local function shared_calls()
  local shared = {}
  for _, section in ipairs(manual.sections) do
    for _, call in ipairs(section.calls) do
      local name = call[1]:match "^client:(%l+)$"
      if name == "call" or name == "request" or name == "download" or name == "map" or name == "with" then
        local signature = call[2]:gsub("ironclad%.Client%f[^%a]", "ironclad.ClickwrapClient")
        -- Without the example, which is an operation of the other product's client.
        shared[#shared + 1] = { "cw:" .. name, signature, (call[3]:gsub(": `client:.*$", ".")) }
      end
    end
  end
  return shared
end
for _, section in ipairs(manual.sections) do
  if section.title == "A client of Clickwrap" then
    for _, call in ipairs(shared_calls()) do table.insert(section.calls, call) end
  end
end

--- The sandbox (require "ironclad.sandbox") without its controls, which have their own descriptions.
manual.sandbox = {
  { "ironclad.sandbox.start", "options?: ironclad.SandboxOptions -> ironclad.Sandbox?, string?",
    "Starts a local Ironclad in this process, which answers at `url`." },
  { "ironclad.sandbox.fixtures", "-> string",
    "The company that it starts with, as JSON: a beginning for a file of your own." },
  { "sandbox:connect", "options?: ironclad.ConnectOptions -> ironclad.Client", "A client of the sandbox." },
  { "sandbox:clickwrap", "options?: ironclad.ClickwrapOptions -> ironclad.ClickwrapClient",
    "A client of its Clickwrap." },
  { "sandbox:options", "options?: ironclad.ConnectOptions -> ironclad.ConnectOptions",
    "The options that `connect` uses." },
  { "sandbox:info", "-> string", "Describes it: its address, client id and secret, users and templates." },
  { "sandbox:settle_deliveries", "timeout?: number -> table?, string?",
    "Waits until no delivery of a webhook is being sent or due, at most 30 seconds." },
  { "sandbox:stop", "", "Ends it." },
}

--- The options of its start: { name, type in LuaCATS, what it is }.
manual.sandbox_options = {
  { "port", "integer", "The port; 0 (the default): any free one" },
  { "host", "string", "The name or address to listen on (default: 127.0.0.1)" },
  { "tls", "boolean", "https with a certificate made at the start (the default), or plain http" },
  { "clock", "string", "ISO 8601: its time starts there, and only `advance` moves it (default: this machine's time)" },
  { "seed", "integer", "The same seed gives the same ids, codes and secrets (default: they are random)" },
  { "fixtures", "string", "A JSON file with the company to start with" },
  { "token_seconds", "number", "The lifetime of an access token (default: 21600)" },
  { "code_seconds", "number", "The lifetime of an authorization code (default: 600)" },
  { "job_seconds", "number", "How long an export or another job takes, and the step Archive (default: 1)" },
  { "import_credits", "integer", "Smart imports that the company has paid for (default: 1000)" },
  { "max_body", "integer", "Bytes in the body of a request (default: 67108864)" },
  { "rate_limits", "boolean|table", "As the control of that name" },
  { "latency", "number", "As the control of that name" },
  { "max_page_size", "integer", "As the control of that name" },
  { "client_id", "string", "Of its first app" }, { "client_secret", "string", "Of its first app" },
  { "clickwrap_port", "integer", "The port of its Clickwrap; 0 (the default): any free one" },
  { "redirect_uris", "string[]", "Registered redirect URIs; http on this machine always is one" },
  { "scopes", "string[]", "The scopes that the company has licensed (default: all)" },
  { "deliver_to", '"local"|"any"|"none"', "Which webhooks are sent events (default: those on this machine)" },
  { "deliver_ca_file", "string", "Certificates that verify https targets (default: the system's)" },
  { "log", "string", "A file: a line is added for each request" },
}

--- The fields of the module that are not functions.
manual.values = {
  { "null", "lightuserdata", "JSON null. It counts as true in a condition: compare with `x == ironclad.null`." },
  { "scopes", "ironclad.Scope[]", "The known scopes: a list of `{ scope =, label =, grants = }`." },
}

--- The fields of the tables that come back.
manual.fields = require "ironclad.fields"

--- The hooks, and the fields of the events that they get.
manual.hooks = {
  { "operation", "string", "The operation, as workflows:get" }, { "method", "string", "The HTTP method" },
  { "url", "string", "The address, without secrets" }, { "attempt", "integer", "The number of the attempt, from 1" },
  { "status", "integer", "on_response, on_retry: the status of the answer; nil without one" },
  { "error", "string", "on_response, on_retry: the kind of the failure, or nil" },
  { "seconds", "number", "on_response: how long the attempt took; on_retry and on_wait: how long it waits" },
  { "attempt_id", "string", "What the attempt sends as X-Request-Id; nil when it goes to another host" },
  { "request_id", "string", "on_response: Ironclad's id of the request" },
  { "reason", "string", "on_wait: budget, in_flight, retry_after or shared" },
  { "bucket", "string", "on_wait: the rate bucket" }, { "lost", "integer", "Events before it that were dropped" },
}

--- The fields of an error.
manual.error_fields = {
  { "kind", "ironclad.ErrorKind", "What has happened" }, { "message", "string", "Text for people" },
  { "operation", "string", "The operation, as workflows:get" },
  { "outcome", '"not_done"|"unknown"', "unknown: it may have happened, so look before you repeat it" },
  { "retryable", "boolean", "Whether the same call may succeed later" },
  { "attempts", "integer", "How often it was sent" }, { "status", "integer", "The status of the answer" },
  { "code", "string", "Ironclad's code" }, { "param", "string", "The parameter that is wrong" },
  { "request_id", "string", "Ironclad's id of the request" },
  { "attempt_id", "string", "What the last attempt has sent as X-Request-Id" },
  { "retry_after", "number", "Seconds to wait" },
  { "step", "string", "Of a signature: the check that failed" },
  { "key", "string", "Of an acceptance: its key" },
  { "seen", "ironclad.AcceptanceEvidence", "Of an acceptance: the evidence of a part" },
  { "missing", "string[]", "Of an acceptance: the contracts that were not seen" },
  { "job", "table", "Of a wait: the last known state of the job or workflow" },
}

return manual
