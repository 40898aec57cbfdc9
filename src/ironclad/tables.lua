--- The tables that functions take and return, as far as they are neither options of a call nor resources: for the types
-- for editors, the reference and ironclad.help. ironclad.manual has the functions. A spec compares the options with
-- those that the functions accept.
--
-- Each is { its class in the types (without "ironclad."), like = a class whose fields it has too, of = the functions
-- that take it, from = the functions that return it, fields = { { name, type in LuaCATS, what it is }, … } }. A field
-- whose text begins with "Required" must be given.

local WAITS = {
  { "timeout", "number", "Seconds for the whole wait (default: 3600; for a workflow none)" },
  { "interval", "number", "Seconds of the first pause; each pause is longer than the one before (default: 1)" },
  { "on_progress", "fun(answer: table, seconds: number)", "Called after each look" },
  { "callback", "fun(value: any, err: ironclad.Error?, response: ironclad.Response?)", "The call does not wait" },
  { "as_user", "string|table", "Whom the requests act as" },
  { "headers", "table<string, string>", "More headers of the requests" },
  { "max_retries", "integer", "How often a request is sent again" },
}

local ACTION = {
  { "signer", "string|integer", "The person's id" },
  { "group", "string|integer", "The key of a group, or its id as a number" },
  { "versions", "table<string, string>|string[]", "What was shown: `{ [contract id] = version id }`, or version ids" },
  { "terms", "ironclad.Terms", "What `cw:terms` returned, instead of `group` and `versions`" },
  { "render_id", "string", "The `render_id` of the terms that were shown" },
  { "render_data", "table<string, string>", "The values of the texts' tokens" },
  { "custom", "table", "Your own fields, kept with the record" },
  { "connection", "ironclad.AcceptanceConnection", "What is known of the browser" },
  { "time", "string|number|ironclad.Date", "When it happened: ISO 8601, Unix seconds, or a date with a time (default: "
    .. "now)" },
  { "test", "boolean", "Whether it is of test mode (default: false)" },
  { "execution_method", "string", "How the person agreed" },
  { "confirmation_email", "boolean", "Whether Clickwrap sends the person an e-mail" },
  { "extra", "table", "More parameters of the Activity API, by their short names" },
  { "timeout", "number", "Seconds for one attempt of a request" },
  { "max_retries", "integer", "How often a request is sent again" },
  { "headers", "table<string, string>", "More headers of the requests" },
}

local DEADLINE = { "deadline", "number|false", "Seconds for everything; false: no limit" }
local CALLBACK = { "callback", "function", "Called with the results: the call does not wait" }
local TEST = { "test", "boolean", "Whether it is about test mode (default: false)" }

-- The options that methods of Clickwrap pass on to each request, and the given ones.
local function with_requests(...)
  local fields = { ... }
  for _, field in ipairs(ACTION) do
    local name = field[1]
    if name == "timeout" or name == "max_retries" or name == "headers" then fields[#fields + 1] = field end
  end
  fields[#fields + 1] = CALLBACK
  return fields
end

local tables = {
  -- values and files
  { "FileOptions", of = { "ironclad.file" }, fields = {
    { "path", "string", "The path of the file; this or `data`" },
    { "data", "string", "The bytes of the file" },
    { "filename", "string", "The name that Ironclad gets (default: that of the path)" },
    { "content_type", "string", "The media type" },
  } },
  { "JsonStyle", of = { "ironclad.json.encode" }, fields = {
    { "pretty", "boolean", "Whether there are line ends and spaces (default: false)" },
    { "sort", "boolean", "Whether keys are sorted (default: as `pretty`)" },
  } },
  { "CsvRowsOptions", of = { "ironclad.csv.rows" }, fields = {
    { "separator", "string", "One character (default: it is found)" },
    { "columns", "string[]", "The names of the columns, for a file without a line of names" },
  } },
  { "CsvWriterOptions", of = { "ironclad.csv.writer" }, fields = {
    { "columns", "string[]", "Required: the names of the columns" },
    { "separator", "string", "One character (default: a comma)" },
    { "bom", "boolean", "Whether the file begins with a byte order mark (default: false)" },
    { "formulas", "boolean", "Whether texts that a spreadsheet would run stay as they are (default: false)" },
    { "header", "boolean", "Whether the first line has the names (default: true)" },
  } },
  { "CsvFieldOptions", of = { "ironclad.csv.field" }, fields = {
    { "separator", "string", "One character (default: a comma)" },
    { "formulas", "boolean", "Whether a text that a spreadsheet would run stays as it is (default: false)" },
  } },
  { "ProgressOptions", of = { "ironclad.progress" }, fields = {
    { "unit", '"bytes"', "Shows numbers as KiB and MiB" },
    { "file", "file*", "Where the bar is shown (default: standard error)" },
    { "terminal", "boolean", "Whether the bar is shown (default: whether standard error is a terminal)" },
    { "columns", "integer", "The width of the line (default: that of the terminal)" },
  } },

  { "Money", from = { "ironclad.money" }, fields = {
    { "currency", "string", "The currency, as USD" }, { "amount", "number|string", "The amount" },
  } },
  { "Date", from = { "ironclad.date" }, fields = {
    { "year", "integer", "The year" }, { "month", "integer", "The month" }, { "day", "integer", "The day" },
    { "hour", "integer?", "The hour, of a point in time" }, { "minute", "integer?", "The minute" },
    { "second", "number?", "The second" },
  } },
  { "Duration", from = { "ironclad.duration" }, fields = {
    { "years", "integer?", "How many years" }, { "months", "integer?", "How many months" },
    { "weeks", "integer?", "How many weeks" }, { "days", "integer?", "How many days" },
  } },
  { "Address", from = { "ironclad.address" }, fields = {
    { "lines", "string[]?", "The lines above the place" }, { "locality", "string?", "The place" },
    { "region", "string?", "The region" }, { "postcode", "string?", "The postcode" },
    { "country", "string?", "The country" },
  } },

  -- clients
  { "LoginOptions", like = "ConnectOptions", of = { "ironclad.login" }, fields = {
    { "redirect_uri", "string", "The redirect URI of the app (default: http://localhost:8765/callback)" },
    { "browser", "boolean|fun(url: string)", "Opens a browser (true, the default), prints the address (false), or "
      .. "gets it" },
    { "timeout", "number", "Seconds that the person has (default: 180)" },
  } },
  { "Operation", from = { "ironclad.operations" }, fields = {
    { "id", "string", "Ironclad's name, the operationId" },
    { "resource", "string?", "The resource, as records" }, { "name", "string?", "The method, as list" },
    { "text", "string", "What it does" },
    { "product", '"clm"|"clickwrap"', "The product" }, { "service", "string", "The API" },
    { "source", "string", "What says that it exists" },
    { "unconfirmed", "true?", "Its path is a guess" },
    { "method", "string", "The HTTP method" }, { "path", "string", "The path, with {placeholders}" },
    { "path_parameters", "string[]", "The names of the placeholders" },
    { "query", "ironclad.OperationField[]", "The parameters of the query" },
    { "body", "string", "The kind of the body; none, json or another" },
    { "fields", "ironclad.OperationField[]", "The fields of the body" },
    { "answer", "string", "The kind of the answer" }, { "content", "table?", "What in the answer is a resource" },
    { "paging", "string", "How its pages are counted" },
    { "scopes", "string[]", "The scopes that it needs" },
    { "scopes_any", "true?", "One of the scopes is enough" }, { "reads", "true?", "A POST that only reads" },
    { "repeatable", "boolean", "Whether it is sent again after a failure" },
    { "bucket", "string", "The rate-limit bucket" },
  } },
  { "OperationField", from = { "ironclad.operations" }, fields = {
    { "name", "string", "The name" }, { "type", "string", "The type" },
    { "required", "true?", "It must be given" }, { "list", "true?", "It takes a list" },
    { "choices", "string[]?", "The values that it takes" },
    { "default", "string?", "What the service uses without it" },
    { "refers", "string?", "What it refers to: a record or a template, whose table it takes" },
  } },
  { "Info", from = { "ironclad.info" }, fields = {
    { "version", "string", "The version of the module" }, { "libcurl", "string", "The version of libcurl" },
    { "tls", "string", "The TLS library of libcurl, with its version" },
    { "cjson", "string", "The version of cJSON" }, { "http2", "boolean", "Whether libcurl has HTTP/2" },
    { "tls_key_log", "string?", "The file that TLS keys are written to" },
  } },
  { "Stats", from = { "ironclad.stats" }, fields = {
    { "calls", "integer", "Calls that were started" }, { "failed", "integer", "Calls that ended with an error" },
    { "requests", "integer", "Requests that were sent, those for tokens too" },
    { "retries", "integer", "Those among them that were retries" },
    { "tokens", "integer", "Tokens that were fetched or renewed" },
    { "in_flight", "integer", "Requests under way now" }, { "pending", "integer", "Calls that are not done now" },
    { "waits", "table<string, ironclad.Waits>", "How often calls waited, by rate-limit bucket" },
    { "shared", "ironclad.SharedStats", "Of the shared Redis" },
  } },
  { "Waits", from = { "ironclad.stats" }, fields = {
    { "budget", "integer", "Waits for a rate-limit permit" },
    { "in_flight", "integer", "Waits because too many requests were under way" },
    { "retry_after", "integer", "Waits that Ironclad asked for" },
    { "seconds", "number", "How long they took together" },
  } },
  { "SharedStats", from = { "ironclad.stats" }, fields = {
    { "connected", "integer", "Connections to Redis now" }, { "opened", "integer", "Connections that were opened" },
    { "lost", "integer", "Connections that were lost" }, { "blocks", "integer", "Blocks of permits" },
    { "permits", "integer", "The permits in them" }, { "returned", "integer", "Permits that came back unused" },
    { "alone", "integer", "How often a limit went on without Redis" },
    { "locks", "integer", "Locks of tokens that were taken" },
    { "commands", "integer", "Commands for events and states" },
    { "kept", "integer", "Events that are kept now until they are handled" },
    { "again", "integer", "What Redis had lost and was told again" },
  } },
  { "Description", from = { "client:describe" }, fields = {
    { "templates", "ironclad.WorkflowSchema[]", "The templates" },
    { "record_types", "table<string, table>", "The record types, by id" },
    { "properties", "table<string, table>", "The properties of records, by name" },
  } },
  { "WorkflowSchema", from = { "client:describe", "workflow_schemas:find" }, fields = {
    { "id", "string", "The id of the template" }, { "name", "string", "Its title" },
    { "schema", "table<string, table>", "The fields of its launch form, by name" },
  } },
  { "Check", from = { "client:check" }, fields = {
    { "user", "table", "The user whom the calls act as" }, { "company", "table", "The company" },
    { "scopes", "string[]", "The scopes of the token" },
    { "expires_in", "number?", "Seconds until the token ends" },
  } },
  { "Response", from = { "client:call", "cw:call" }, fields = {
    { "status", "integer?", "The status of the answer" },
    { "headers", "table<string, string>?", "The headers of the answer, by name in lower case" },
    { "request_id", "string?", "Ironclad's id of the request" },
    { "attempt_id", "string?", "What the last attempt has sent as X-Request-Id" },
    { "attempts", "integer", "How often the request was sent" },
    { "seconds", "number", "How long the call took" },
  } },
  { "CallArguments", of = { "client:call", "cw:call" }, fields = {
    { "path", "table", "The parameters of the path: by name, or in their order" },
    { "query", "table", "The query" },
    { "body", "any", "The JSON body" },
    { "files", "table", "Files to send, by the names of their fields" },
    { "to", "string|function", "Where a file goes" },
  } },
  { "RequestOptions", like = "CallOptions", of = { "client:request", "cw:request" }, fields = {
    { "query", "table", "The query" },
    { "body", "any", "The JSON body" },
    { "files", "table", "Files to send, by the names of their fields" },
  } },
  { "DownloadOptions", of = { "client:download", "cw:download" }, fields = {
    { "to", "string|fun(chunk: string)", "Where the file goes: a path, a folder with a / at its end, or a function" },
    { "on_progress", "fun(done: number, total: number?)", "Called while the file is transferred" },
    { "timeout", "number", "Seconds for one attempt" },
    { "deadline", "number", "Seconds for everything" },
    { "max_retries", "integer", "How often the request is sent again" },
    CALLBACK,
    { "dry_run", "boolean", "Returns the request instead of sending it" },
  } },
  { "MapOptions", of = { "client:map", "cw:map" }, fields = {
    { "concurrency", "integer", "How many items are under way at once (default: 16)" },
    { "stop_on_error", "boolean", "Whether no item is begun after the first error (default: false)" },
    { "on_progress", "fun(done: integer, total: integer?, failed: integer)", "Called after each item" },
    { "callback", "fun(results: table, errors: table, list: table)", "Called at the end: map does not wait" },
  } },
  { "WithOptions", of = { "client:with", "cw:with" }, fields = {
    { "as_user", "string|table", "Whom the calls act as; not for Clickwrap" },
    { "timeout", "number", "Seconds for one attempt" },
    { "deadline", "number", "Seconds for a call with its waits and retries" },
    { "max_retries", "integer", "How often a call is sent again" },
    { "headers", "table<string, string>", "More headers of the requests" },
  } },
  { "CallbackOptions", of = { "client:describe", "client:check", "client:logout", "cw:check", "cw:site" }, fields = {
    { "callback", "function", "Called with the results: the call does not wait" },
  } },
  { "AuthorizeOptions", of = { "client:authorize_url" }, fields = {
    { "redirect_uri", "string", "Required: where the browser comes back to; registered with the app" },
    { "state", "string", "A text that nobody can guess (default: a random one)" },
    { "scopes", "string|string[]", "The scopes to ask for (default: those of the client)" },
  } },
  { "ExchangeOptions", of = { "client:exchange" }, fields = {
    { "redirect_uri", "string", "Required: the one of `authorize_url`" },
    { "state", "string", "The one that `authorize_url` returned" },
    CALLBACK,
  } },

  -- jobs and workflows
  { "WaitOptions", of = { "exports:wait", "workflows:wait_launch", "records:wait_download_urls", "records:wait_import",
    "activity:wait_csv_export", "evidence:wait", "export:wait" }, fields = WAITS },
  { "StartOptions", like = "WaitOptions", of = { "workflows:launch_and_wait", "exports:create_and_wait",
    "records:create_download_urls_and_wait", "records:smart_import_and_wait", "activity:export_csv_and_wait",
    "evidence:create_and_wait" }, fields = {
    { "query", "table", "The query of the request that starts the job" },
    { "extra", "table", "`{ query =, body = }`: parameters and fields that the catalog does not know" },
    { "deadline", "number", "Seconds for the request that starts the job" },
  } },
  { "WorkflowWaitOptions", like = "WaitOptions", of = { "workflows:wait", "workflow:wait" }, fields = {
    { "step", '"Review"|"Sign"|"Archive"|"Complete"', "The step to wait for, or one past it; this or `status`" },
    { "status", '"active"|"paused"|"completed"|"cancelled"', "The status to wait for" },
  } },
  { "FindOptions", of = { "workflow_schemas:find" }, fields = {
    CALLBACK,
    { "dry_run", "boolean", "Returns the first request instead of sending it" },
  } },
  { "WorkflowSetOptions", like = "CallOptions", of = { "workflow:set" }, fields = {
    { "comment", "string", "A text that explains the change" },
  } },
  { "PendingApproval", from = { "workflow:pending_approvals" }, fields = {
    { "role", "string", "The id of the role, as `update_approval` takes it" },
    { "displayName", "string", "The name of the role" },
    { "order", "integer", "The place of its group" },
    { "assignees", "table[]", "Who may approve" },
  } },

  -- changes
  { "ChangesOptions", of = { "records:changes", "workflows:changes", "entities:changes", "obligations:changes" },
    fields = {
      { "state", "string|table", 'Required: the path of the file that says what was handled; `"shared"` or '
        .. '`"shared:NAME"`; or a table of functions' },
      { "since", "string|ironclad.Date", 'Where the first run begins: ISO 8601 text, a date, or `"now"` (default: '
        .. "everything)" },
      { "overlap", "number", "Seconds: how late a change may become visible in the list (default: 300)" },
      { "reconcile", "boolean", "Whether what has gone is given too (default: false)" },
    } },
  { "Gone", from = { "records:changes", "workflows:changes", "entities:changes", "obligations:changes" }, fields = {
    { "id", "string", "The id of what has gone, with `reconcile`" }, { "gone", "true", "Tells it from what is there" },
  } },
  { "FollowOptions", of = { "changes:follow" }, fields = {
    { "every", "number", "Seconds between two looks (default: 60)" },
    { "on_error", "fun(err: ironclad.Error)", "Called when a look fails with a temporary error" },
  } },

  -- events
  { "ReceiverOptions", of = { "clickwrap_webhook:receiver" }, fields = {
    { "on", "table<string, function>", 'Required: functions `function(event, client)` by the names of events; `"*"` is '
      .. "for all others" },
    { "when", "fun(event: ironclad.Event): boolean", "Whether an event is wanted; others are ignored" },
    { "seen", "string|table", "Where handled events are remembered (default: memory; with an inbox a file in it)" },
    { "inbox", "string|table", 'A folder, or `"shared"`: events are kept there, and handled after the answer' },
    { "consumers", "integer", "How many events of the inbox are handled at once, in nginx by each worker "
      .. "(default: 1)" },
    { "tries", "integer", "How often an event of the inbox is tried (default: 10)" },
    { "pause", "number", "Seconds before the second try; the pauses double (default: 10)" },
    { "on_error", "fun(event: ironclad.Event?, err: any)", "Called when a function, `seen` or `inbox` has failed" },
    { "strict", "boolean", "Whether unknown names of events are refused (default: true)" },
  } },
  { "IroncladReceiverOptions", like = "ReceiverOptions", of = { "webhooks:receiver" }, fields = {
    { "company", "string|false", "The company whose events are accepted (default: the token's); false: any" },
    { "verifier", "ironclad.Verifier", "A verifier to share between receivers" },
  } },
  { "VerifierOptions", of = { "webhooks:verifier" }, fields = {
    { "key", "string", "The key to begin with, in PEM (default: it is fetched)" },
  } },
  { "EnsureOptions", of = { "webhooks:ensure" }, fields = {
    { "targetURL", "string", "Required: where events are sent" },
    { "events", "string[]", 'Required: the names of events; `{ "*" }` for all' },
    { "strict", "boolean", "Whether unknown names of events are refused (default: true)" },
  } },
  { "EnsureResult", from = { "webhooks:ensure" }, fields = {
    { "action", '"created"|"updated"|"enabled"|"unchanged"', "What was done" },
    { "reason", "string?", "Who had disabled the webhook, and when" },
  } },
  { "RequestVerification", of = { "ironclad.webhook.verify_request", "verifier:verify_request" }, fields = {
    { "method", "string", "The method of the request, as it came" },
    { "path", "string", "The path of the request, as it came" },
    { "max_age", "number|false", "Seconds between the timestamp and now (default: 300); false: any" },
    { "signed_text", "fun(fields: table, raw_body: string): string?, string?", "Returns the text that is signed, or "
      .. "nil and a message" },
  } },
  { "RequestAbout", of = { "receiver:handle", "clickwrap_webhook:unwrap" }, fields = {
    { "method", "string", "The method of the request" },
    { "path", "string", "The path" },
    { "query", "string", "The text after the ? of the address" },
  } },
  { "WorkOptions", of = { "receiver:work" }, fields = {
    { "limit", "integer", "How many events at most" },
    { "consumers", "integer", "How many events are handled at once (default: the receiver's)" },
    { "follow", "boolean", "Whether it runs until `receiver:stop()` (default: false)" },
  } },
  { "ServeOptions", of = { "receiver:serve" }, fields = {
    { "port", "integer", "Where it listens (default: 8080); 0: any free port" },
    { "host", "string", "The address to listen on (default: 127.0.0.1)" },
    { "log", "false|fun(line: string)", "Called with a line for each request (default: it is printed); false: not" },
    { "on_listen", "function", "Called when it listens, with a server: `server:port()`, `:url()`, `:stop()`" },
    { "on_request", "fun(status: integer, request: table)", "Called after each answer" },
  } },
  { "InboxEvent", from = { "inbox:list" }, fields = {
    { "id", "string", "The id of the event; of a damaged file its name" },
    { "event", "table?", "The event as it came; nil of a damaged file" },
    { "state", '"waiting"|"dead"', "Whether it waits, or was given up" },
    { "tries", "integer", "How often it was tried" }, { "error", "string?", "Why the last try failed" },
    { "received", "number", "When it came, in seconds" }, { "next_try", "number", "When it is due, in seconds" },
  } },
  { "ClickwrapWebhookOptions", of = { "ironclad.webhook.clickwrap" }, fields = {
    { "token", "string|false", "Required: the secret of the web app; false: requests are not checked" },
    { "clickwrap", "ironclad.ClickwrapClient", "The client that forgets what it has kept when there are new terms" },
  } },

  -- acceptance
  { "TermsOptions", of = { "cw:terms" }, fields = with_requests(
    { "signer", "string|integer", "A person's id: also says whether this person has to accept" },
    { "render_data", "table<string, string>", "The values of the texts' tokens" },
    { "texts", "boolean", "Whether the texts are fetched (default: whether there is an API token)" }, TEST, DEADLINE) },
  { "Terms", from = { "cw:terms" }, fields = {
    { "contracts", "ironclad.TermsContract[]", "The contracts, in the group's order" },
    { "versions", "table<string, string>", "`{ [contract id] = version id }`: what is shown" },
    { "key", "string", "The key of the group" }, { "group", "integer", "The id of the group" },
    { "render_id", "string", "Names this rendering" },
    { "acceptance_language", "string", "The sentence beside the box" },
    { "html", "string", "Clickwrap's own HTML of all contracts" },
    { "legal_center_url", "string?", "The public page of the texts" },
    { "required", "boolean?", "With `signer`: whether the person still has to accept" },
    { "missing", "string[]?", "With `signer`: the ids of the contracts to be accepted" },
  } },
  { "TermsContract", from = { "cw:terms" }, fields = {
    { "id", "string", "The id of the contract" }, { "version", "string", "The id of its version" },
    { "title", "string", "The title" }, { "key", "string", "The key" },
    { "change_summary", "string?", "What has changed" }, { "html", "string?", "The text, with an API token" },
    { "required", "boolean?", "With `signer`: whether the person still has to accept it" },
  } },
  { "ActionArguments", of = { "cw:decline", "cw:displayed", "cw:visited", "cw:sent" }, fields = (function()
    local fields = {}
    for i, field in ipairs(ACTION) do fields[i] = field end
    fields[#fields + 1], fields[#fields + 2] = DEADLINE, CALLBACK
    return fields
  end)() },
  { "AcceptArguments", like = "ActionArguments", of = { "cw:accept" }, fields = {
    { "key", "string", "Names this acceptance: with the same key it is made once (default: a random one)" },
    { "journal", "string|table", "Where the acceptance is written down while it is on its way (default: memory)" },
    { "settle", "number", "Seconds until an acceptance that is not seen counts as not stored (default: 60)" },
  } },
  { "AcceptanceConnection", of = { "cw:accept" }, fields = {
    { "remote_address", "string", "The IP address" }, { "user_agent", "string", "The browser" },
    { "page_title", "string", "The title of the page" }, { "page_url", "string", "The URL of the page" },
    { "page_domain", "string", "Its domain" }, { "page_path", "string", "Its path" },
    { "page_query", "string", "Its query" }, { "hostname", "string", "The host of the page" },
    { "referrer", "string", "The page that led to it" },
    { "browser_timezone", "string", "The time zone of the browser" },
    { "browser_locale", "string", "The language of the browser" },
    { "operating_system", "string", "The operating system" },
    { "environment", "string", "The environment that the application runs in" },
    { "screen_color_depth", "string", "The color depth of the screen" },
    { "screen_resolution", "string", "The resolution of the screen" },
  } },
  { "AcceptanceEvidence", from = { "cw:accept" }, fields = {
    { "signer", "string", "The person's id" }, { "group", "string|integer|nil", "The group" },
    { "key", "string", "The key of the acceptance" }, { "test", "boolean", "Whether it is of test mode" },
    { "versions", "table<string, string>", "`{ [contract id] = version id }`: what was accepted" },
    { "activities", "ironclad.Activity[]", "Clickwrap's records, one for each contract; empty without an API token" },
    { "time", "string?", "When the last of them was made" },
    { "found", "boolean", "Whether it was stored before this call" },
    { "read_from", '"activity"|"retrieve"|"latest"', "What it was read back from" },
  } },
  { "AcceptedOptions", of = { "cw:accepted" }, fields = with_requests(
    { "cache", "number", "Seconds for which the answer \"accepted\" is kept (default: 0)" }, TEST, DEADLINE) },
  { "AcceptedState", from = { "cw:accepted" }, fields = {
    { "accepted", "boolean", "Whether the latest terms are accepted" },
    { "missing", "string[]", "The ids of the contracts to be accepted" },
    { "versions", "table<string, string>", "The version of each contract that was accepted last" },
  } },
  { "ForgetArguments", of = { "cw:forget" }, fields = {
    { "signer", "string|integer", "A person's id" }, { "group", "string|integer", "The key or the id of a group" },
  } },
  { "HistoryOptions", of = { "cw:history" }, fields = with_requests(
    { "event", "string", 'An event, such as `"agreed"` (default: all)' },
    { "since", "string|ironclad.Date", "A day or a time in ISO 8601, or a date (default: everything)" },
    { "limit", "integer", "How many activities at most" },
    { "expand", "string", "What is put instead of an id" }, DEADLINE) },
  { "UpdateSignerOptions", of = { "cw:update_signer" }, fields = with_requests(TEST, DEADLINE) },
}

-- By class.
for _, entry in ipairs(tables) do tables[entry[1]] = entry end

--- The tables that a function takes, or returns.
-- @param role "of" or "from"
-- @param label the function's name in ironclad.manual
-- @return a list of them
function tables.about(role, label)
  local found = {}
  for _, entry in ipairs(tables) do
    for _, name in ipairs(entry[role] or {}) do
      if name == label then found[#found + 1] = entry end
    end
  end
  return found
end

return tables
