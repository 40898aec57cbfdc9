---@meta ironclad
-- The types of the module `ironclad`, for the Lua language server. Made by `make reference`; do not edit it.

---@class ironclad
---@field _NAME string
---@field _VERSION string
---@field _DESCRIPTION string
---@field clickwrap ironclad.Clickwrap
---@field null lightuserdata JSON null. It counts as true in a condition: compare with `x == ironclad.null`.
---@field scopes ironclad.Scope[] The known scopes: a list of `{ scope =, label =, grants = }`.
local ironclad = {}

---@class ironclad.Scope
---@field scope string
---@field label string
---@field grants string[]

---@class ironclad.File: ironclad.FileOptions
---@class ironclad.Filter
---@class ironclad.Store
---@class ironclad.Property
---@field type string
---@field value any
---@class ironclad.Iterator
---@field count? integer The number of all items, after the first page
---@field error? ironclad.Error
---@class ironclad.Task
---@class ironclad.Mailbox
---@class ironclad.CsvWriter
---@class ironclad.Progress
---@class ironclad.Receiver
---@class ironclad.Inbox
---@class ironclad.ClickwrapWebhook
---@class ironclad.Verifier
---@class ironclad.Event
---@field id string
---@field name? string
---@field payload table
---@field companyID string
---@field webhookID string
---@field timestamp string
---@class ironclad.Changes
---@field error? ironclad.Error
---@class ironclad.Clickwrap
---@overload fun(options: ironclad.ClickwrapOptions|string): ironclad.ClickwrapClient

---@alias ironclad.ErrorKind
---| "auth" # Ironclad refused the token, or gave none
---| "permission" # The user or the token may not do this
---| "not_found" # What the id names does not exist, or is not visible to this user
---| "invalid_request" # Ironclad refused what was sent
---| "invalid_state" # The resource is in a state that does not allow this
---| "conflict" # The request contradicts another change, or what exists already
---| "rate_limited" # The limit of requests per minute is reached, or Ironclad asked for a wait that passes the `deadline`
---| "server" # Ironclad failed
---| "network" # The connection could not be opened, or it broke
---| "timeout" # There was no answer in time
---| "tls" # The certificate or the TLS connection was refused
---| "protocol" # The answer is not what Ironclad promises
---| "cancelled" # The script or its host cancelled the call
---| "too_large" # The answer is larger than the limit
---| "io" # A file or a system call of this machine failed
---| "store" # The token store or the shared Redis failed
---| "job_failed" # A job has failed at Ironclad
---| "signature" # A request was not signed by Ironclad, or its signature cannot be checked
---| "memory" # This process is out of memory

---@class ironclad.Error
---@field kind ironclad.ErrorKind What has happened
---@field message string Text for people
---@field operation? string The operation, as workflows:get
---@field outcome "not_done"|"unknown" unknown: it may have happened, so look before you repeat it
---@field retryable boolean Whether the same call may succeed later
---@field attempts integer How often it was sent
---@field status? integer The status of the answer
---@field code? string Ironclad's code
---@field param? string The parameter that is wrong
---@field request_id? string Ironclad's id of the request
---@field attempt_id? string What the last attempt has sent as X-Request-Id
---@field retry_after? number Seconds to wait
---@field step? string Of a signature: the check that failed
---@field key? string Of an acceptance: its key
---@field seen? ironclad.AcceptanceEvidence Of an acceptance: the evidence of a part
---@field missing? string[] Of an acceptance: the contracts that were not seen
---@field job? table Of a wait: the last known state of the job or workflow

---@class ironclad.HookEvent
---@field operation? string The operation, as workflows:get
---@field method? string The HTTP method
---@field url? string The address, without secrets
---@field attempt? integer The number of the attempt, from 1
---@field status? integer on_response, on_retry: the status of the answer; nil without one
---@field error? string on_response, on_retry: the kind of the failure, or nil
---@field seconds? number on_response: how long the attempt took; on_retry and on_wait: how long it waits
---@field attempt_id? string What the attempt sends as X-Request-Id; nil when it goes to another host
---@field request_id? string on_response: Ironclad's id of the request
---@field reason? string on_wait: budget, in_flight, retry_after or shared
---@field bucket? string on_wait: the rate bucket
---@field lost? integer Events before it that were dropped

---@class ironclad.ConnectOptions
---@field instance? string Ironclad's host, as `na1.ironcladapp.com` or as a URL, or a short name: `na1`, `eu1`, `demo`, `preview` (default: required)
---@field client_id? string The app's client id (default: required without `token`)
---@field client_secret? string The app's client secret (default: required without `token`)
---@field scopes? string|string[] The scopes to ask for (default: none is sent)
---@field default_scope? boolean Whether `scim.users.readUsers` is added to `scopes`. Ironclad needs it to look up the acting user (default: true)
---@field token_auth? "json"|"form"|"basic" How the client id and secret are sent to the token endpoint (default: json)
---@field grant? "client_credentials"|"authorization_code" The OAuth grant. With `refresh_token` it is `authorization_code` (default: client_credentials)
---@field token? string A bearer token, instead of `client_id` and `client_secret`
---@field refresh_token? string A person's first refresh token, used where the store has no newer one
---@field store? string|ironclad.Store|table Where tokens are kept: `"memory"`, `"shared"` (the default with `shared`), a path, or a table such as `ironclad.store.file` makes (default: memory)
---@field name? string Separates the tokens of connections that are otherwise equal. Without a host: a named connection
---@field shared? string The address of a Redis that machines share: `redis://user:password@host:6379/0`, `rediss://…` or `unix:///path/of/socket`
---@field shared_prefix? string How the keys in the shared Redis begin (default: ironclad)
---@field shared_key? string Encrypts tokens in the shared Redis: 32 bytes as 64 hexadecimal digits or as base64
---@field shared_client_cert? string A PEM file with the certificate that the shared Redis asks for (mutual TLS)
---@field shared_client_key? string The PEM file with its private key, which has no password (default: in `shared_client_cert`)
---@field as_user? string|false E-mail or id of the user to act as (default: required with client credentials)
---@field timeout? number Time for one attempt. Calls that transfer a file have no such limit (seconds) (default: 60)
---@field connect_timeout? number Time to open a connection (seconds) (default: 10)
---@field deadline? number|false Time for a whole call with its waits and retries. Calls that transfer a file have none by default (seconds) (default: 300)
---@field max_retries? integer How often a call is sent again (retries) (default: 3)
---@field max_in_flight? integer How many requests to one host run at once (requests) (default: 32)
---@field rate_limit? boolean Whether Ironclad's published limits are kept, by waiting (default: true)
---@field rate_share? number The share of the limits that this process may use (share) (default: 1)
---@field max_body? number The largest answer that is kept in memory (bytes) (default: 67108864)
---@field ca_file? string A file of certificates to trust (default: the system's)
---@field ca_path? string A folder of certificates to trust
---@field client_cert? string A PEM file with the certificate that the server asks for (mutual TLS)
---@field client_key? string The PEM file with its private key (default: in `client_cert`)
---@field client_key_password? string The password of that key
---@field proxy? string|false The URL of a proxy (default: that of the environment)
---@field no_proxy? string Hosts that need no proxy, separated by commas (default: that of the environment)
---@field allow_http? boolean Whether plain http may go to other hosts than this machine (default: false)
---@field http_version? "1.1"|"2" The version of HTTP; 2 where the server has it, and never for files (default: 2 for reads at once, otherwise 1.1)
---@field user_agent? string Put before the module's own `User-Agent`
---@field on_request? function Called with an event when an attempt has been sent
---@field on_response? function Called with an event when an attempt was answered or has failed
---@field on_retry? function Called with an event before an attempt is repeated
---@field on_wait? function Called with an event when a call has to wait
---@field log? function Called with the lines of the log: `log(text, level)`
---@field loop? string How calls wait: `plain`, `nginx` or `neovim` (default: that of the host)
---@field socket_dir? string The folder of the engine's socket, in nginx (default: a folder under TMPDIR)

---@class ironclad.ClickwrapOptions
---@field name? string Separates the tokens of connections that are otherwise equal. Without a host: a named connection
---@field shared? string The address of a Redis that machines share: `redis://user:password@host:6379/0`, `rediss://…` or `unix:///path/of/socket`
---@field shared_prefix? string How the keys in the shared Redis begin (default: ironclad)
---@field shared_client_cert? string A PEM file with the certificate that the shared Redis asks for (mutual TLS)
---@field shared_client_key? string The PEM file with its private key, which has no password (default: in `shared_client_cert`)
---@field site_access_id? string The site's public access id, which the Activity API wants. With a token that sees one site it is looked up (default: found with `api_token`)
---@field api_token? string The token of an API key, for the REST API. It has the rights of its user
---@field environment? "production"|"demo" Which of Clickwrap's hosts are used (default: required without both hosts)
---@field activity_host? string The host of the Activity API, or its URL (default: that of `environment`)
---@field rest_host? string The host of the REST API, or its URL (default: that of `environment`)
---@field timeout? number Time for one attempt. Calls that transfer a file have no such limit (seconds) (default: 60)
---@field connect_timeout? number Time to open a connection (seconds) (default: 10)
---@field deadline? number|false Time for a whole call with its waits and retries. Calls that transfer a file have none by default (seconds) (default: 300)
---@field max_retries? integer How often a call is sent again (retries) (default: 3)
---@field max_in_flight? integer How many requests to one host run at once (requests) (default: 32)
---@field rate_limit? boolean Whether Ironclad's published limits are kept, by waiting (default: true)
---@field rate_share? number The share of the limits that this process may use (share) (default: 1)
---@field max_body? number The largest answer that is kept in memory (bytes) (default: 67108864)
---@field ca_file? string A file of certificates to trust (default: the system's)
---@field ca_path? string A folder of certificates to trust
---@field client_cert? string A PEM file with the certificate that the server asks for (mutual TLS)
---@field client_key? string The PEM file with its private key (default: in `client_cert`)
---@field client_key_password? string The password of that key
---@field proxy? string|false The URL of a proxy (default: that of the environment)
---@field no_proxy? string Hosts that need no proxy, separated by commas (default: that of the environment)
---@field allow_http? boolean Whether plain http may go to other hosts than this machine (default: false)
---@field http_version? "1.1"|"2" The version of HTTP; 2 where the server has it, and never for files (default: 2 for reads at once, otherwise 1.1)
---@field user_agent? string Put before the module's own `User-Agent`
---@field on_request? function Called with an event when an attempt has been sent
---@field on_response? function Called with an event when an attempt was answered or has failed
---@field on_retry? function Called with an event before an attempt is repeated
---@field on_wait? function Called with an event when a call has to wait
---@field log? function Called with the lines of the log: `log(text, level)`
---@field loop? string How calls wait: `plain`, `nginx` or `neovim` (default: that of the host)
---@field socket_dir? string The folder of the engine's socket, in nginx (default: a folder under TMPDIR)

---@class ironclad.CallOptions
---@field as_user? string|false E-mail or id of the user to act as (default: required with client credentials)
---@field timeout? number Time for one attempt. Calls that transfer a file have no such limit (seconds) (default: 60)
---@field deadline? number|false Time for a whole call with its waits and retries. Calls that transfer a file have none by default (seconds) (default: 300)
---@field max_retries? integer How often a call is sent again (retries) (default: 3)
---@field to? string|fun(chunk: string) Where the answer's bytes go: a file, written beside its name first, or a function that is called with chunks
---@field on_progress? function Called while a file is transferred: `on_progress(done, total)`
---@field callback? function `callback(value, err, response)`: the call does not wait
---@field query? table Query parameters of an operation with a body
---@field extra? table `{ query =, body = }`: parameters and fields that the catalog does not know
---@field headers? table More headers of the request, by name
---@field dry_run? boolean Returns the request instead of sending it (default: `false`)

---@class ironclad.FileOptions
---@field path? string The path of the file; this or `data`
---@field data? string The bytes of the file
---@field filename? string The name that Ironclad gets (default: that of the path)
---@field content_type? string The media type

---@class ironclad.JsonStyle
---@field pretty? boolean Whether there are line ends and spaces (default: false)
---@field sort? boolean Whether keys are sorted (default: as `pretty`)

---@class ironclad.CsvRowsOptions
---@field separator? string One character (default: it is found)
---@field columns? string[] The names of the columns, for a file without a line of names

---@class ironclad.CsvWriterOptions
---@field columns string[] Required: the names of the columns
---@field separator? string One character (default: a comma)
---@field bom? boolean Whether the file begins with a byte order mark (default: false)
---@field formulas? boolean Whether texts that a spreadsheet would run stay as they are (default: false)
---@field header? boolean Whether the first line has the names (default: true)

---@class ironclad.CsvFieldOptions
---@field separator? string One character (default: a comma)
---@field formulas? boolean Whether a text that a spreadsheet would run stays as it is (default: false)

---@class ironclad.ProgressOptions
---@field unit? "bytes" Shows numbers as KiB and MiB
---@field file? file* Where the bar is shown (default: standard error)
---@field terminal? boolean Whether the bar is shown (default: whether standard error is a terminal)
---@field columns? integer The width of the line (default: that of the terminal)

---@class ironclad.Money
---@field currency string The currency, as USD
---@field amount number|string The amount

---@class ironclad.Date
---@field year integer The year
---@field month integer The month
---@field day integer The day
---@field hour integer? The hour, of a point in time
---@field minute integer? The minute
---@field second number? The second

---@class ironclad.Duration
---@field years integer? How many years
---@field months integer? How many months
---@field weeks integer? How many weeks
---@field days integer? How many days

---@class ironclad.Address
---@field lines string[]? The lines above the place
---@field locality string? The place
---@field region string? The region
---@field postcode string? The postcode
---@field country string? The country

---@class ironclad.LoginOptions: ironclad.ConnectOptions
---@field redirect_uri? string The redirect URI of the app (default: http://localhost:8765/callback)
---@field browser? boolean|fun(url: string) Opens a browser (true, the default), prints the address (false), or gets it
---@field timeout? number Seconds that the person has (default: 180)

---@class ironclad.Operation
---@field id string Ironclad's name, the operationId
---@field resource string? The resource, as records
---@field name string? The method, as list
---@field text string What it does
---@field product "clm"|"clickwrap" The product
---@field service string The API
---@field source string What says that it exists
---@field unconfirmed true? Its path is a guess
---@field method string The HTTP method
---@field path string The path, with {placeholders}
---@field path_parameters string[] The names of the placeholders
---@field query ironclad.OperationField[] The parameters of the query
---@field body string The kind of the body; none, json or another
---@field fields ironclad.OperationField[] The fields of the body
---@field answer string The kind of the answer
---@field content table? What in the answer is a resource
---@field paging string How its pages are counted
---@field scopes string[] The scopes that it needs
---@field scopes_any true? One of the scopes is enough
---@field reads true? A POST that only reads
---@field repeatable boolean Whether it is sent again after a failure
---@field bucket string The rate-limit bucket

---@class ironclad.OperationField
---@field name string The name
---@field type string The type
---@field required true? It must be given
---@field list true? It takes a list
---@field choices string[]? The values that it takes
---@field default string? What the service uses without it
---@field refers string? What it refers to: a record or a template, whose table it takes

---@class ironclad.Info
---@field version string The version of the module
---@field libcurl string The version of libcurl
---@field tls string The TLS library of libcurl, with its version
---@field cjson string The version of cJSON
---@field http2 boolean Whether libcurl has HTTP/2
---@field tls_key_log string? The file that TLS keys are written to

---@class ironclad.Stats
---@field calls integer Calls that were started
---@field failed integer Calls that ended with an error
---@field requests integer Requests that were sent, those for tokens too
---@field retries integer Those among them that were retries
---@field tokens integer Tokens that were fetched or renewed
---@field in_flight integer Requests under way now
---@field pending integer Calls that are not done now
---@field waits table<string, ironclad.Waits> How often calls waited, by rate-limit bucket
---@field shared ironclad.SharedStats Of the shared Redis

---@class ironclad.Waits
---@field budget integer Waits for a rate-limit permit
---@field in_flight integer Waits because too many requests were under way
---@field retry_after integer Waits that Ironclad asked for
---@field seconds number How long they took together

---@class ironclad.SharedStats
---@field connected integer Connections to Redis now
---@field opened integer Connections that were opened
---@field lost integer Connections that were lost
---@field blocks integer Blocks of permits
---@field permits integer The permits in them
---@field returned integer Permits that came back unused
---@field alone integer How often a limit went on without Redis
---@field locks integer Locks of tokens that were taken
---@field commands integer Commands for events and states
---@field kept integer Events that are kept now until they are handled
---@field again integer What Redis had lost and was told again

---@class ironclad.Description
---@field templates ironclad.WorkflowSchema[] The templates
---@field record_types table<string, table> The record types, by id
---@field properties table<string, table> The properties of records, by name

---@class ironclad.WorkflowSchema
---@field id string The id of the template
---@field name string Its title
---@field schema table<string, table> The fields of its launch form, by name

---@class ironclad.Check
---@field user table The user whom the calls act as
---@field company table The company
---@field scopes string[] The scopes of the token
---@field expires_in number? Seconds until the token ends

---@class ironclad.Response
---@field status integer? The status of the answer
---@field headers table<string, string>? The headers of the answer, by name in lower case
---@field request_id string? Ironclad's id of the request
---@field attempt_id string? What the last attempt has sent as X-Request-Id
---@field attempts integer How often the request was sent
---@field seconds number How long the call took

---@class ironclad.CallArguments
---@field path? table The parameters of the path: by name, or in their order
---@field query? table The query
---@field body? any The JSON body
---@field files? table Files to send, by the names of their fields
---@field to? string|function Where a file goes

---@class ironclad.RequestOptions: ironclad.CallOptions
---@field query? table The query
---@field body? any The JSON body
---@field files? table Files to send, by the names of their fields

---@class ironclad.DownloadOptions
---@field to? string|fun(chunk: string) Where the file goes: a path, a folder with a / at its end, or a function
---@field on_progress? fun(done: number, total: number?) Called while the file is transferred
---@field timeout? number Seconds for one attempt
---@field deadline? number Seconds for everything
---@field max_retries? integer How often the request is sent again
---@field callback? function Called with the results: the call does not wait
---@field dry_run? boolean Returns the request instead of sending it

---@class ironclad.MapOptions
---@field concurrency? integer How many items are under way at once (default: 16)
---@field stop_on_error? boolean Whether no item is begun after the first error (default: false)
---@field on_progress? fun(done: integer, total: integer?, failed: integer) Called after each item
---@field callback? fun(results: table, errors: table, list: table) Called at the end: map does not wait

---@class ironclad.WithOptions
---@field as_user? string|table Whom the calls act as; not for Clickwrap
---@field timeout? number Seconds for one attempt
---@field deadline? number Seconds for a call with its waits and retries
---@field max_retries? integer How often a call is sent again
---@field headers? table<string, string> More headers of the requests

---@class ironclad.CallbackOptions
---@field callback? function Called with the results: the call does not wait

---@class ironclad.AuthorizeOptions
---@field redirect_uri string Required: where the browser comes back to; registered with the app
---@field state? string A text that nobody can guess (default: a random one)
---@field scopes? string|string[] The scopes to ask for (default: those of the client)

---@class ironclad.ExchangeOptions
---@field redirect_uri string Required: the one of `authorize_url`
---@field state? string The one that `authorize_url` returned
---@field callback? function Called with the results: the call does not wait

---@class ironclad.WaitOptions
---@field timeout? number Seconds for the whole wait (default: 3600; for a workflow none)
---@field interval? number Seconds of the first pause; each pause is longer than the one before (default: 1)
---@field on_progress? fun(answer: table, seconds: number) Called after each look
---@field callback? fun(value: any, err: ironclad.Error?, response: ironclad.Response?) The call does not wait
---@field as_user? string|table Whom the requests act as
---@field headers? table<string, string> More headers of the requests
---@field max_retries? integer How often a request is sent again

---@class ironclad.StartOptions: ironclad.WaitOptions
---@field query? table The query of the request that starts the job
---@field extra? table `{ query =, body = }`: parameters and fields that the catalog does not know
---@field deadline? number Seconds for the request that starts the job

---@class ironclad.WorkflowWaitOptions: ironclad.WaitOptions
---@field step? "Review"|"Sign"|"Archive"|"Complete" The step to wait for, or one past it; this or `status`
---@field status? "active"|"paused"|"completed"|"cancelled" The status to wait for

---@class ironclad.FindOptions
---@field callback? function Called with the results: the call does not wait
---@field dry_run? boolean Returns the first request instead of sending it

---@class ironclad.WorkflowSetOptions: ironclad.CallOptions
---@field comment? string A text that explains the change

---@class ironclad.PendingApproval
---@field role string The id of the role, as `update_approval` takes it
---@field displayName string The name of the role
---@field order integer The place of its group
---@field assignees table[] Who may approve

---@class ironclad.ChangesOptions
---@field state string|table Required: the path of the file that says what was handled; `"shared"` or `"shared:NAME"`; or a table of functions
---@field since? string|ironclad.Date Where the first run begins: ISO 8601 text, a date, or `"now"` (default: everything)
---@field overlap? number Seconds: how late a change may become visible in the list (default: 300)
---@field reconcile? boolean Whether what has gone is given too (default: false)

---@class ironclad.Gone
---@field id string The id of what has gone, with `reconcile`
---@field gone true Tells it from what is there

---@class ironclad.FollowOptions
---@field every? number Seconds between two looks (default: 60)
---@field on_error? fun(err: ironclad.Error) Called when a look fails with a temporary error

---@class ironclad.ReceiverOptions
---@field on table<string, function> Required: functions `function(event, client)` by the names of events; `"*"` is for all others
---@field when? fun(event: ironclad.Event): boolean Whether an event is wanted; others are ignored
---@field seen? string|table Where handled events are remembered (default: memory; with an inbox a file in it)
---@field inbox? string|table A folder, or `"shared"`: events are kept there, and handled after the answer
---@field consumers? integer How many events of the inbox are handled at once, in nginx by each worker (default: 1)
---@field tries? integer How often an event of the inbox is tried (default: 10)
---@field pause? number Seconds before the second try; the pauses double (default: 10)
---@field on_error? fun(event: ironclad.Event?, err: any) Called when a function, `seen` or `inbox` has failed
---@field strict? boolean Whether unknown names of events are refused (default: true)

---@class ironclad.IroncladReceiverOptions: ironclad.ReceiverOptions
---@field company? string|false The company whose events are accepted (default: the token's); false: any
---@field verifier? ironclad.Verifier A verifier to share between receivers

---@class ironclad.VerifierOptions
---@field key? string The key to begin with, in PEM (default: it is fetched)

---@class ironclad.EnsureOptions
---@field targetURL string Required: where events are sent
---@field events string[] Required: the names of events; `{ "*" }` for all
---@field strict? boolean Whether unknown names of events are refused (default: true)

---@class ironclad.EnsureResult
---@field action "created"|"updated"|"enabled"|"unchanged" What was done
---@field reason string? Who had disabled the webhook, and when

---@class ironclad.RequestVerification
---@field method? string The method of the request, as it came
---@field path? string The path of the request, as it came
---@field max_age? number|false Seconds between the timestamp and now (default: 300); false: any
---@field signed_text? fun(fields: table, raw_body: string): string?, string? Returns the text that is signed, or nil and a message

---@class ironclad.RequestAbout
---@field method? string The method of the request
---@field path? string The path
---@field query? string The text after the ? of the address

---@class ironclad.WorkOptions
---@field limit? integer How many events at most
---@field consumers? integer How many events are handled at once (default: the receiver's)
---@field follow? boolean Whether it runs until `receiver:stop()` (default: false)

---@class ironclad.ServeOptions
---@field port? integer Where it listens (default: 8080); 0: any free port
---@field host? string The address to listen on (default: 127.0.0.1)
---@field log? false|fun(line: string) Called with a line for each request (default: it is printed); false: not
---@field on_listen? function Called when it listens, with a server: `server:port()`, `:url()`, `:stop()`
---@field on_request? fun(status: integer, request: table) Called after each answer

---@class ironclad.InboxEvent
---@field id string The id of the event; of a damaged file its name
---@field event table? The event as it came; nil of a damaged file
---@field state "waiting"|"dead" Whether it waits, or was given up
---@field tries integer How often it was tried
---@field error string? Why the last try failed
---@field received number When it came, in seconds
---@field next_try number When it is due, in seconds

---@class ironclad.ClickwrapWebhookOptions
---@field token string|false Required: the secret of the web app; false: requests are not checked
---@field clickwrap? ironclad.ClickwrapClient The client that forgets what it has kept when there are new terms

---@class ironclad.TermsOptions
---@field signer? string|integer A person's id: also says whether this person has to accept
---@field render_data? table<string, string> The values of the texts' tokens
---@field texts? boolean Whether the texts are fetched (default: whether there is an API token)
---@field test? boolean Whether it is about test mode (default: false)
---@field deadline? number|false Seconds for everything; false: no limit
---@field timeout? number Seconds for one attempt of a request
---@field max_retries? integer How often a request is sent again
---@field headers? table<string, string> More headers of the requests
---@field callback? function Called with the results: the call does not wait

---@class ironclad.Terms
---@field contracts ironclad.TermsContract[] The contracts, in the group's order
---@field versions table<string, string> `{ [contract id] = version id }`: what is shown
---@field key string The key of the group
---@field group integer The id of the group
---@field render_id string Names this rendering
---@field acceptance_language string The sentence beside the box
---@field html string Clickwrap's own HTML of all contracts
---@field legal_center_url string? The public page of the texts
---@field required boolean? With `signer`: whether the person still has to accept
---@field missing string[]? With `signer`: the ids of the contracts to be accepted

---@class ironclad.TermsContract
---@field id string The id of the contract
---@field version string The id of its version
---@field title string The title
---@field key string The key
---@field change_summary string? What has changed
---@field html string? The text, with an API token
---@field required boolean? With `signer`: whether the person still has to accept it

---@class ironclad.ActionArguments
---@field signer? string|integer The person's id
---@field group? string|integer The key of a group, or its id as a number
---@field versions? table<string, string>|string[] What was shown: `{ [contract id] = version id }`, or version ids
---@field terms? ironclad.Terms What `cw:terms` returned, instead of `group` and `versions`
---@field render_id? string The `render_id` of the terms that were shown
---@field render_data? table<string, string> The values of the texts' tokens
---@field custom? table Your own fields, kept with the record
---@field connection? ironclad.AcceptanceConnection What is known of the browser
---@field time? string|number|ironclad.Date When it happened: ISO 8601, Unix seconds, or a date with a time (default: now)
---@field test? boolean Whether it is of test mode (default: false)
---@field execution_method? string How the person agreed
---@field confirmation_email? boolean Whether Clickwrap sends the person an e-mail
---@field extra? table More parameters of the Activity API, by their short names
---@field timeout? number Seconds for one attempt of a request
---@field max_retries? integer How often a request is sent again
---@field headers? table<string, string> More headers of the requests
---@field deadline? number|false Seconds for everything; false: no limit
---@field callback? function Called with the results: the call does not wait

---@class ironclad.AcceptArguments: ironclad.ActionArguments
---@field key? string Names this acceptance: with the same key it is made once (default: a random one)
---@field journal? string|table Where the acceptance is written down while it is on its way (default: memory)
---@field settle? number Seconds until an acceptance that is not seen counts as not stored (default: 60)

---@class ironclad.AcceptanceConnection
---@field remote_address? string The IP address
---@field user_agent? string The browser
---@field page_title? string The title of the page
---@field page_url? string The URL of the page
---@field page_domain? string Its domain
---@field page_path? string Its path
---@field page_query? string Its query
---@field hostname? string The host of the page
---@field referrer? string The page that led to it
---@field browser_timezone? string The time zone of the browser
---@field browser_locale? string The language of the browser
---@field operating_system? string The operating system
---@field environment? string The environment that the application runs in
---@field screen_color_depth? string The color depth of the screen
---@field screen_resolution? string The resolution of the screen

---@class ironclad.AcceptanceEvidence
---@field signer string The person's id
---@field group string|integer|nil The group
---@field key string The key of the acceptance
---@field test boolean Whether it is of test mode
---@field versions table<string, string> `{ [contract id] = version id }`: what was accepted
---@field activities ironclad.Activity[] Clickwrap's records, one for each contract; empty without an API token
---@field time string? When the last of them was made
---@field found boolean Whether it was stored before this call
---@field read_from "activity"|"retrieve"|"latest" What it was read back from

---@class ironclad.AcceptedOptions
---@field cache? number Seconds for which the answer "accepted" is kept (default: 0)
---@field test? boolean Whether it is about test mode (default: false)
---@field deadline? number|false Seconds for everything; false: no limit
---@field timeout? number Seconds for one attempt of a request
---@field max_retries? integer How often a request is sent again
---@field headers? table<string, string> More headers of the requests
---@field callback? function Called with the results: the call does not wait

---@class ironclad.AcceptedState
---@field accepted boolean Whether the latest terms are accepted
---@field missing string[] The ids of the contracts to be accepted
---@field versions table<string, string> The version of each contract that was accepted last

---@class ironclad.ForgetArguments
---@field signer? string|integer A person's id
---@field group? string|integer The key or the id of a group

---@class ironclad.HistoryOptions
---@field event? string An event, such as `"agreed"` (default: all)
---@field since? string|ironclad.Date A day or a time in ISO 8601, or a date (default: everything)
---@field limit? integer How many activities at most
---@field expand? string What is put instead of an id
---@field deadline? number|false Seconds for everything; false: no limit
---@field timeout? number Seconds for one attempt of a request
---@field max_retries? integer How often a request is sent again
---@field headers? table<string, string> More headers of the requests
---@field callback? function Called with the results: the call does not wait

---@class ironclad.UpdateSignerOptions
---@field test? boolean Whether it is about test mode (default: false)
---@field deadline? number|false Seconds for everything; false: no limit
---@field timeout? number Seconds for one attempt of a request
---@field max_retries? integer How often a request is sent again
---@field headers? table<string, string> More headers of the requests
---@field callback? function Called with the results: the call does not wait

---@class ironclad.Activity
---@field uuid? string A unique id
---@field version? string|table The version
---@field custom_data? table Your own fields
---@field connection_data? table What was known of the browser
---@field site? integer|table The site
---@field account? integer|table The account
---@field signer_id? string The id of the signer
---@field group? integer|table The group
---@field contract? integer|table The contract
---@field event_type? string The event: agreed, disagreed, displayed, visited, updated or sent
---@field batch? string The id that activities of one request share
---@field created_time? string When it was made
---@field id string The id
local K_activity = {}

---Reads one activity.
---@param arguments? ironclad.Activity.Get.Query
---@param options? ironclad.CallOptions
---@return ironclad.Activity? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_activity:get(arguments, options) end

---Downloads the record of one activity as a PDF.
---@param arguments? ironclad.Activity.DownloadRecord.Query
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_activity:download_record(arguments, options) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.Activity? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_activity:refresh(arguments) end

---@class ironclad.ClickwrapGroup
---@field id integer The id
---@field account? integer|table The account
---@field site? integer|table The site
---@field created_by? integer The user who made it
---@field created_time? string When it was made
---@field updated_by? integer The user who changed it last
---@field updated_time? string When it changed last
---@field deleted? boolean Whether it was deleted
---@field deleted_by? integer The user who deleted it
---@field deleted_time? string When it was deleted
---@field published? boolean Whether it is published
---@field published_by? integer The user who published it
---@field published_time? string When it was published
---@field paused? boolean Whether it is paused
---@field paused_by? integer The user who paused it
---@field paused_time? string When it was paused
---@field pending_changes? boolean Whether there are changes that are not published
---@field name? string The name
---@field key? string The key, a name for programs
---@field description? string A description for people
---@field tags? string[] Tags
---@field type? "browsewrap"|"clickwrap"|"form"|"policy" The type
---@field style? "floating"|"full"|"scroll"|"checkbox"|"combined"|"embedded" How the group is shown
---@field custom_styles? string CSS of your own
---@field rendered_by_user? boolean Whether the user renders it
---@field expect_agreed_click? boolean Whether a click that agrees is expected
---@field expect_disagreed? boolean Whether the event disagreed is expected
---@field container_selector? string The CSS selector of the element that holds the terms
---@field signer_id_selector? string The CSS selector of the field with the id of the signer
---@field form_selector? string The CSS selector of the form
---@field block_submission? boolean Whether the form is blocked until the signer agrees
---@field force_scroll? boolean Whether the signer must scroll to the end
---@field auto_run? boolean Whether it runs without a call
---@field display_all? boolean Whether all contracts are displayed
---@field alert_message? string The text of the alert
---@field acceptance_language? string The text with which a signer agrees
---@field confirmation_email? boolean Whether the signer is sent a confirmation by e-mail
---@field hide_record_summary? boolean Whether the summary of the record is hidden
---@field opt_out_language? string The text to opt out
---@field target_jurisdictions? string[] The jurisdictions that it is for
---@field target_selector? string The CSS selector of the target
---@field position? "auto"|"left"|"right"|"center" The position on the page
---@field open_legal_center? boolean Whether the legal center opens
---@field always_visible? boolean Whether it is always visible
---@field badge_text? string The text of the badge
---@field instructions? string The instructions for signers
---@field protected_url? boolean Whether the URL is protected
---@field redirect_url? string The URL that the signer is sent to
---@field contracts? any[] The contracts, in order
---@field validate_unique_classifications? string[] The classifications that are checked to be unique
---@field dynamic? boolean Whether the texts have placeholders that `render_data` fills
---@field render_data? table Values for the placeholders of the texts, by name
---@field notification_email? string The e-mail address for notifications
---@field published_endpoint? string Where it is published
---@field snapshots_enabled? boolean Whether snapshots are taken
---@field snapshot_config? string The configuration of snapshots
---@field snapshot? table The settings of snapshots
---@field snapshot_locations? string[] The locations of which snapshots are taken
---@field is_associated_with_location? boolean Whether a location belongs to it
---@field download_contracts? boolean Whether contracts can be downloaded
local K_clickwrap_group = {}

---Reads a group.
---@param arguments? ironclad.Groups.Get.Query
---@param options? ironclad.CallOptions
---@return ironclad.ClickwrapGroup? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_clickwrap_group:get(arguments, options) end

---Changes a group.
---@param body? ironclad.Groups.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.ClickwrapGroup? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_clickwrap_group:update(body, options) end

---Deletes a group.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_clickwrap_group:delete(arguments, options) end

---Publishes a group.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.ClickwrapGroup? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_clickwrap_group:publish(arguments, options) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.ClickwrapGroup? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_clickwrap_group:refresh(arguments) end

---@class ironclad.Contract
---@field id integer The id
---@field account? integer|table The account
---@field site? integer|table The site
---@field created_by? integer The user who made it
---@field created_time? string When it was made
---@field updated_by? integer The user who changed it last
---@field updated_time? string When it changed last
---@field deleted? boolean Whether it was deleted
---@field deleted_by? integer The user who deleted it
---@field deleted_time? string When it was deleted
---@field archived? boolean Whether it is archived
---@field archived_by? integer The user who archived it
---@field archived_time? string When it was archived
---@field published? boolean Whether it is published
---@field published_by? integer The user who published it
---@field published_time? string When it was published
---@field protected? boolean Whether it is protected
---@field private? boolean Whether it is private
---@field public? boolean Whether it is public
---@field shared? boolean Whether it is shared
---@field title? string The title
---@field key? string The key, a name for programs
---@field description? string A description for people
---@field classification? string The classification of the contract
---@field clm_record_sync? table Whether acceptances become records: { enabled =, record_type = }
---@field countries? string[] The countries
---@field locales? string[] The locales
---@field download_endpoint? string Where it can be downloaded
---@field type? "html"|"pdf" The type
---@field tags? string[] Tags
---@field latest_version? string|table The id of the latest version
---@field published_version? string|table The id of the published version
---@field render_data? table Values for the placeholders of the texts, by name
---@field language_direction? "auto"|"rtl" The direction of the text
---@field used_in? string[] Where it is used
local K_contract = {}

---Reads a contract.
---@param arguments? ironclad.Contracts.Get.Query
---@param options? ironclad.CallOptions
---@return ironclad.Contract? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_contract:get(arguments, options) end

---Publishes the latest deprecated version of a contract again.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Contract? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_contract:restore(arguments, options) end

---Makes a draft version of a contract.
---@param body ironclad.Contracts.CreateVersion.Body
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_contract:create_version(body, options) end

---Reads the latest version of a contract, which may be a draft.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_contract:get_latest_version(arguments, options) end

---Reads the published version of a contract.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_contract:get_published_version(arguments, options) end

---Renders the published version of a contract with render data.
---@param body? ironclad.Contracts.RenderPublishedVersion.Body
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_contract:render_published_version(body, options) end

---Publishes the latest version of a contract.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_contract:publish_latest_version(arguments, options) end

---Publishes a version of a contract.
---@param version_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_contract:publish_version(version_id, arguments, options) end

---Changes a version of a contract, named by its number.
---@param version_number string|table
---@param body? ironclad.Contracts.UpdateVersion.Body
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_contract:update_version(version_number, body, options) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.Contract? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_contract:refresh(arguments) end

---@class ironclad.Entity
---@field id string The id
---@field ironcladId? string The id that people read
---@field name? string The name
---@field status? "ACTIVE"|"INACTIVE" The status
---@field properties? table<string, ironclad.Property> The properties by name
---@field namedTypeIds? string[] The types of the relationship
---@field parentId? string The id of the parent
---@field lastUpdated? string When it changed last
local K_entity = {}

---Reads an entity.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Entity? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_entity:get(arguments, options) end

---Changes an entity; `set` is simpler.
---@param body? ironclad.Entities.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.Entity? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_entity:update(body, options) end

---Deletes an entity.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_entity:delete(arguments, options) end

---all values as one flat table, such as a row of a database
---@return table<string, string|number|boolean>
function K_entity:plain() end

---the plain value of a property
---@param name string
---@return any
function K_entity:property(name) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.Entity? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_entity:refresh(arguments) end

---changes properties, given as plain values; `ironclad.null` removes a property
---@param values table<string, any>
---@param options? ironclad.CallOptions
---@return ironclad.Entity? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_entity:set(values, options) end

---@class ironclad.Evidence
---@field id string The id
---@field job_name? string The name of the job
---@field status? "pending"|"scheduled"|"started"|"success"|"failed" The status
---@field source? "manual"|"cron"|"api" What made it
---@field account? integer The account
---@field site? integer The site
---@field created_by? integer The user who made it
---@field active? boolean Whether it is under way
---@field message? string A message about it
---@field created_time? string When it was made
---@field updated_time? string When it changed last
---@field data? table What it was made for, and what came of it
---@field retry_count? integer How often it was tried again
local K_evidence = {}

---Reads the state of an export of evidence.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Evidence? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_evidence:get(arguments, options) end

---Gives the links to the files of an export of evidence.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_evidence:get_urls(arguments, options) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.Evidence? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_evidence:refresh(arguments) end

---waits until it is finished; the table of an export is then up to date
---@param job string|table
---@param options? ironclad.WaitOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_evidence:wait(job, options) end

---@class ironclad.Export
---@field jobId string The id of the job
---@field jobStatus? "pending"|"running"|"done"|"failed" How far it is
local K_export = {}

---Tells how far a report is.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Export? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_export:get(arguments, options) end

---Downloads a report.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_export:download(arguments, options) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.Export? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_export:refresh(arguments) end

---waits until this export can be downloaded
---@param options? ironclad.WaitOptions
---@return ironclad.Export? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_export:wait(options) end

---@class ironclad.Group
---@field id string The id
---@field displayName? string The name
---@field externalId? string The id in another directory
---@field members? table[] The members: `value`, `display`
---@field meta? table When it was made and changed
---@field schemas? string[] The SCIM schemas
local K_group = {}

---Reads a group.
---@param arguments? ironclad.ScimGroups.Get.Query
---@param options? ironclad.CallOptions
---@return ironclad.Group? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_group:get(arguments, options) end

---Adds and removes members of a group by SCIM operations.
---@param body ironclad.ScimGroups.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.Group? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_group:update(body, options) end

---Replaces all values of a group.
---@param body ironclad.ScimGroups.Replace.Body
---@param options? ironclad.CallOptions
---@return ironclad.Group? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_group:replace(body, options) end

---Deletes a group.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_group:delete(arguments, options) end

---adds users, given as tables or ids
---@param users table|string
---@param options? ironclad.CallOptions
---@return ironclad.Group? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_group:add_members(users, options) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.Group? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_group:refresh(arguments) end

---removes users
---@param users table|string
---@param options? ironclad.CallOptions
---@return ironclad.Group? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_group:remove_members(users, options) end

---@class ironclad.Location
---@field account? integer The account
---@field archived? boolean Whether it is archived
---@field archived_reason? string Why it was archived
---@field created_by? integer The user who made it
---@field created_time? string When it was made
---@field description? string A description for people
---@field id string The id
---@field key? string The key, a name for programs
---@field last_acceptance? string When the last acceptance was
---@field name? string The name
---@field published? boolean Whether it is published
---@field published_by? integer The user who published it
---@field published_time? string When it was published
---@field site? integer The site
---@field status? string The status
---@field updated_by? integer The user who changed it last
---@field updated_time? string When it changed last
---@field capture_attempts? integer How often a snapshot was tried
---@field capture_url? string The page of which snapshots are taken
---@field error_message? string Why the last snapshot failed
---@field frequency? "daily"|"weekly"|"monthly"|"never" How often snapshots are taken
---@field location_type? "web"|"mobile_app" The type of the location
---@field platform? "desktop"|"ios"|"android" The platform
---@field application_id? string The id of the mobile app
---@field application_name? string The name of the mobile app
---@field mobile_os? "ios"|"android" The operating system of the mobile app
local K_location = {}

---Reads a snapshot location.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Location? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_location:get(arguments, options) end

---Changes a snapshot location.
---@param body? ironclad.Locations.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.Location? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_location:update(body, options) end

---Deletes a snapshot location. Unconfirmed: its path is a guess.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_location:delete(arguments, options) end

---Publishes a snapshot location. Unconfirmed: its path is a guess.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Location? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_location:publish(arguments, options) end

---Copies a snapshot location. Unconfirmed: its path is a guess.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Location? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_location:clone(arguments, options) end

---Archives a snapshot location. Unconfirmed: its path is a guess.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Location? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_location:archive(arguments, options) end

---Lists the snapshots of a location.
---@param arguments? ironclad.Locations.ListSnapshots.Query
---@param options? ironclad.CallOptions
---@return { data: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_location:list_snapshots(arguments, options) end

---Lists the snapshots of a location. Iterates over all pages.
---@param arguments? ironclad.Locations.ListSnapshots.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function K_location:each_snapshots(arguments, options) end

---Takes a snapshot of a location now.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_location:capture_snapshot(arguments, options) end

---Reads a snapshot.
---@param snapshotId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_location:get_snapshot(snapshotId, arguments, options) end

---Archives a snapshot.
---@param snapshotId string|table
---@param body? ironclad.Locations.ArchiveSnapshot.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_location:archive_snapshot(snapshotId, body, options) end

---Downloads the record of a snapshot as a PDF.
---@param snapshotId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_location:download_snapshot_record(snapshotId, arguments, options) end

---Downloads the record of the snapshot of a time.
---@param timestamp string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_location:download_record_at(timestamp, arguments, options) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.Location? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_location:refresh(arguments) end

---@class ironclad.Obligation
---@field id string The id
---@field ironcladId? string The id that people read
---@field name? string The name
---@field namedTypeIds? string[] The types of the obligation
---@field parentReadableId? string The id that people read of the record that it belongs to
---@field parentRecordName? string The name of that record
---@field properties? table<string, ironclad.Property> The properties by name
---@field lastUpdated? string When it changed last
local K_obligation = {}

---Reads an obligation.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Obligation? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_obligation:get(arguments, options) end

---Changes an obligation; `set` is simpler.
---@param body? ironclad.Obligations.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.Obligation? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_obligation:update(body, options) end

---all values as one flat table, such as a row of a database
---@return table<string, string|number|boolean>
function K_obligation:plain() end

---the plain value of a property
---@param name string
---@return any
function K_obligation:property(name) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.Obligation? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_obligation:refresh(arguments) end

---changes properties, given as plain values; `ironclad.null` removes a property
---@param values table<string, any>
---@param options? ironclad.CallOptions
---@return ironclad.Obligation? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_obligation:set(values, options) end

---@class ironclad.Record
---@field id string The id
---@field ironcladId? string The id that people read
---@field type? string The record type
---@field name? string The name
---@field properties? table<string, ironclad.Property> The properties by name (`record:property`: plain values)
---@field attachments? table<string, table> The attachments by key: `filename`, `contentType`, `href`
---@field links? table[] Linked records
---@field parentId? string The id of the parent
---@field parentLinkType? "amendment"|"obligation" What the record is to its parent
---@field childIds? string[] The ids of the children
---@field lastUpdated? string When it changed last
---@field contractStatus? table The status of the contract: `status`, `eventDate`
---@field source? table Where it comes from: `type`, `workflowId`
---@field amendments? table[] Amendments
local K_record = {}

---Reads a record.
---@param arguments? ironclad.Records.Get.Query
---@param options? ironclad.CallOptions
---@return ironclad.Record? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_record:get(arguments, options) end

---Replaces all values of a record.
---@param body ironclad.Records.Replace.Body
---@param options? ironclad.CallOptions
---@return ironclad.Record? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_record:replace(body, options) end

---Deletes a record.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_record:delete(arguments, options) end

---Changes some values of a record; `set` is simpler.
---@param body? ironclad.Records.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.Record? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_record:update(body, options) end

---Uploads an attachment of a record.
---@param key string|table
---@param body ironclad.Records.UploadAttachment.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_record:upload_attachment(key, body, options) end

---Downloads an attachment of a record.
---@param key string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_record:download_attachment(key, arguments, options) end

---Deletes an attachment of a record.
---@param key string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_record:delete_attachment(key, arguments, options) end

---Runs a contract action, such as a renewal or a termination.
---@param body ironclad.Records.RunAction.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_record:run_action(body, options) end

---all values as one flat table, such as a row of a database
---@return table<string, string|number|boolean>
function K_record:plain() end

---the plain value of a property
---@param name string
---@return any
function K_record:property(name) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.Record? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_record:refresh(arguments) end

---changes properties, given as plain values; `ironclad.null` removes a property
---@param values table<string, any>
---@param options? ironclad.CallOptions
---@return ironclad.Record? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_record:set(values, options) end

---@class ironclad.Request
---@field id string The id
---@field name? string The name
---@field contracts? integer[] The contracts
---@field signers? any[] The signers
---@field fields? any[] The form fields
---@field render_data? table Values for the placeholders of the texts, by name
---@field redirect_url? string The URL that the signer is sent to
local K_request = {}

---Reads a signature request.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Request? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_request:get(arguments, options) end

---Sends a signature request to its signer.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Request? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_request:send(arguments, options) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.Request? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_request:refresh(arguments) end

---@class ironclad.Signer
---@field uuid? string A unique id
---@field _id? string An internal id
---@field account? integer|table The account
---@field site? integer|table The site
---@field name? string The name
---@field email? string The e-mail address
---@field email_hash? string The digest of the e-mail address
---@field mobile_number? string The signer's mobile number
---@field company_name? string The name of the signer's company
---@field title? string The person's title
---@field sendable? boolean Whether e-mails can be sent
---@field deliverable? table Whether e-mails have arrived
---@field created_time? string When it was made
---@field updated_time? string When it changed last
---@field latest_activity_time? string When the last activity was
---@field additional_attributes? table More about the signer, by name
---@field last_action? string The event of the last activity
---@field last_downloaded_time? string When the record was downloaded last
---@field last_downloaded_by? integer The user who downloaded it last
---@field source? "manual"|"import"|"api"|"smartpact" What made it
---@field notify? boolean Whether the signer gets e-mails about new versions
---@field amber_road? table The result of a check by Amber Road
---@field signer_id string The id of the signer
---@field test_mode? boolean Whether it is a signer of test mode
local K_signer = {}

---Reads a signer.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Signer? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_signer:get(arguments, options) end

---Changes a signer.
---@param body? ironclad.Signers.Update.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_signer:update(body, options) end

---Deletes a signer.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_signer:delete(arguments, options) end

---Deletes the activity of a signer.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_signer:delete_activity(arguments, options) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.Signer? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_signer:refresh(arguments) end

---@class ironclad.Site
---@field acceptance_language? string The text with which a signer agrees
---@field access_id? string The site access id
---@field account? integer|table The account
---@field adoption_level? "laggard"|"majority"|"early_adopter"|"innovator"|"ironclad_clickwrap"|"ironclad_clickwrap_v2"|"internal_sandbox"|"growth"|"professional"|"enterprise"|"legal_centers" The plan
---@field approval_order? boolean Whether approvals have an order
---@field base_publish_url? string Where its files are published
---@field company_information? table The details of the company
---@field created_by? integer The user who made it
---@field created_time? string When it was made
---@field deleted? boolean Whether it was deleted
---@field deleted_by? integer The user who deleted it
---@field deleted_time? string When it was deleted
---@field disabled? boolean Whether it is disabled
---@field email_allow_override? boolean Whether e-mails may have another sender
---@field email_display_name? string The name that e-mails come from
---@field email_reply_address? string The address that answers to e-mails go to
---@field enable_allowed_domains? boolean Whether only some domains may use it
---@field enforce_limits? boolean Whether limits are enforced
---@field first_acceptance_time? string When the first acceptance was
---@field id integer The id
---@field key? string The key, a name for programs
---@field legal_center_url? string The public page of the texts
---@field locale? string The language
---@field mobile_acceptance_language? string The text with which a signer agrees on a mobile device
---@field mobile_friendly? boolean Whether it suits mobile devices
---@field name? string The name
---@field primary? boolean Whether it is the main site of the account
---@field require_signer_verification? boolean Whether signers are verified
---@field sandbox? boolean Whether it is for tests
---@field time_zone? string The time zone
---@field updated_by? integer The user who changed it last
---@field updated_time? string When it changed last
---@field url? string The address
---@field verified? boolean Whether it is verified
---@field verified_time? string When it was verified
local K_site = {}

---Lists the activity of a signer on a site.
---@param signer_id string|table
---@param arguments? ironclad.Sites.ListSignerActivity.Query
---@param options? ironclad.CallOptions
---@return { data: ironclad.Activity[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_site:list_signer_activity(signer_id, arguments, options) end

---Lists the activity of a signer on a site. Iterates over all pages.
---@param signer_id string|table
---@param arguments? ironclad.Sites.ListSignerActivity.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Activity
function K_site:each_signer_activity(signer_id, arguments, options) end

---Lists the signers of a site.
---@param arguments? ironclad.Sites.ListSigners.Query
---@param options? ironclad.CallOptions
---@return { data: ironclad.Signer[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_site:list_signers(arguments, options) end

---Lists the signers of a site. Iterates over all pages.
---@param arguments? ironclad.Sites.ListSigners.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Signer
function K_site:each_signers(arguments, options) end

---Makes signers, or changes those that exist.
---@param body? ironclad.Sites.UpsertSigners.Body
---@param options? ironclad.CallOptions
---@return { data: ironclad.Signer[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_site:upsert_signers(body, options) end

---Reads a site.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Site? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_site:get(arguments, options) end

---Deletes a site.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_site:delete(arguments, options) end

---Lists the users of a site.
---@param arguments? ironclad.Sites.ListMemberships.Query
---@param options? ironclad.CallOptions
---@return { data: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_site:list_memberships(arguments, options) end

---Lists the users of a site. Iterates over all pages.
---@param arguments? ironclad.Sites.ListMemberships.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function K_site:each_memberships(arguments, options) end

---Changes what a user may do on a site.
---@param user_id string|table
---@param body? ironclad.Sites.UpdateMembership.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_site:update_membership(user_id, body, options) end

---Lists the contracts of a site.
---@param arguments? ironclad.Sites.ListContracts.Query
---@param options? ironclad.CallOptions
---@return { data: ironclad.Contract[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_site:list_contracts(arguments, options) end

---Lists the contracts of a site. Iterates over all pages.
---@param arguments? ironclad.Sites.ListContracts.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Contract
function K_site:each_contracts(arguments, options) end

---Makes a contract.
---@param body ironclad.Sites.CreateContract.Body
---@param options? ironclad.CallOptions
---@return ironclad.Contract? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_site:create_contract(body, options) end

---Lists the groups of a site.
---@param arguments? ironclad.Sites.ListGroups.Query
---@param options? ironclad.CallOptions
---@return { data: ironclad.ClickwrapGroup[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_site:list_groups(arguments, options) end

---Lists the groups of a site. Iterates over all pages.
---@param arguments? ironclad.Sites.ListGroups.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.ClickwrapGroup
function K_site:each_groups(arguments, options) end

---Lists the fields that an export may have.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_site:get_export_fields(arguments, options) end

---Makes a signature request.
---@param body? ironclad.Sites.CreateRequest.Body
---@param options? ironclad.CallOptions
---@return ironclad.Request? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_site:create_request(body, options) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.Site? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_site:refresh(arguments) end

---@class ironclad.User
---@field id string The id
---@field userName? string The name to log in with, an e-mail address
---@field name? table The name: `givenName`, `familyName`
---@field active? boolean Whether the user may log in
---@field title? string The person's title
---@field emails? table[] The e-mail addresses
---@field meta? table When it was made and changed
---@field schemas? string[] The SCIM schemas
---@field ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]? table SCIM's enterprise attributes
---@field ["urn:ietf:params:scim:schemas:extension:ironclad:2.0:User"]? table Ironclad's own attributes of a user
local K_user = {}

---Reads a user.
---@param arguments? ironclad.ScimUsers.Get.Query
---@param options? ironclad.CallOptions
---@return ironclad.User? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_user:get(arguments, options) end

---Changes a user by SCIM operations.
---@param body? ironclad.ScimUsers.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.User? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_user:update(body, options) end

---Replaces all values of a user.
---@param body ironclad.ScimUsers.Replace.Body
---@param options? ironclad.CallOptions
---@return ironclad.User? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_user:replace(body, options) end

---Deletes a user.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_user:delete(arguments, options) end

---removes the right to log in; workflows of the user continue to wait for them
---@param options? ironclad.CallOptions
---@return ironclad.User? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_user:deactivate(options) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.User? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_user:refresh(arguments) end

---@class ironclad.Version
---@field id string The id
---@field account? integer|table The account
---@field site? integer|table The site
---@field contract? integer|table The contract
---@field version_number? integer The number of the major version
---@field minor_version_number? integer The number of the minor version
---@field full_version_number? string Both numbers, as 2.1
---@field is_major_version? boolean Whether earlier acceptances became out of date
---@field major_version? string|table The id of the major version
---@field created_by? integer The user who made it
---@field created_time? string When it was made
---@field updated_by? integer The user who changed it last
---@field updated_time? string When it changed last
---@field editor_version? "classic"|"override_classic"|"2_0" The version of the editor of the text
---@field deleted? boolean Whether it was deleted
---@field deleted_by? integer The user who deleted it
---@field deleted_time? string When it was deleted
---@field published? boolean Whether it is published
---@field published_by? integer The user who published it
---@field published_time? string When it was published
---@field scheduled_time? string When it is published
---@field scheduled_by? integer The user who scheduled it
---@field effective_time? string When it comes into effect
---@field deprecated_time? string When another version took its place
---@field effective_until_time? string When it ends
---@field title? string The title
---@field body? string The text, as HTML
---@field protected? boolean Whether it is protected
---@field location? string Where the file is
---@field download_endpoint? string Where it can be downloaded
---@field type? "html"|"pdf" The type
---@field dynamic? boolean Whether the texts have placeholders that `render_data` fills
---@field status? "draft"|"translating"|"published"|"deprecated" The status
---@field processing? boolean Whether the file is being processed
---@field pages? integer How many pages it has
---@field change_summary? string What has changed, for signers
---@field notify_signers? boolean Whether signers were told of it by e-mail
---@field text? string[] The text of the pages
---@field fields? any[] The form fields
---@field tokens? string[] The placeholders of the text
---@field render_data? table Values for the placeholders of the texts, by name
---@field merge_fields? string[] The fields of the text
---@field merge_data? table The values of these fields
---@field thumbnail_location? string Where a picture of it is
---@field classification? string The classification of the contract
---@field countries? string[] The countries
---@field locales? string[] The locales
---@field tags? string[] Tags
---@field language_direction? string The direction of the text
---@field body_language? string The language of the text
local K_version = {}

---Reads a version.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_version:get(arguments, options) end

---Changes a version.
---@param body? ironclad.Versions.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_version:update(body, options) end

---Replaces the text of a version by a file.
---@param body ironclad.Versions.Upload.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_version:upload(body, options) end

---Deletes a form field of a version.
---@param field_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_version:delete_field(field_id, arguments, options) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_version:refresh(arguments) end

---@class ironclad.Webhook
---@field id string The id
---@field targetURL? string Where events are sent
---@field events? string[] The events
---@field status? "enabled"|"disabled"|"disabledBySystem" The status
---@field companyId? string The company
---@field tags? string[] How it was made
---@field consecutiveFailureCount? integer Deliveries in a row that failed
---@field firstConsecutiveFailure? string When the first of them failed
---@field statusLastUpdatedAt? string When the status changed
---@field statusLastUpdatedBy? string Who changed the status
local K_webhook = {}

---Reads a webhook.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Webhook? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_webhook:get(arguments, options) end

---Changes a webhook.
---@param body? ironclad.Webhooks.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.Webhook? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_webhook:update(body, options) end

---Deletes a webhook.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_webhook:delete(arguments, options) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.Webhook? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_webhook:refresh(arguments) end

---@class ironclad.Workflow
---@field id string The id
---@field ironcladId? string The id that people read, as IC-12
---@field title? string The title
---@field template? string The id of the template
---@field step? "Review"|"Sign"|"Archive"|"Complete" The step
---@field status? "active"|"paused"|"completed"|"cancelled" The status
---@field attributes? table<string, any> The fields of the launch form, by name
---@field schema? table<string, table> The types of the attributes, by name
---@field created? string When it was launched
---@field lastUpdated? string When it changed last
---@field creator? table Who launched it
---@field roles? table[] The roles and their people
---@field approvals? table How far the approvals are: `state`
---@field signatures? table How far the signatures are: `state`
---@field recordIds? string[] The records that it has made
---@field isComplete? boolean Whether it is complete
---@field isCancelled? boolean Whether it was cancelled
---@field isRevertibleToReview? boolean Whether it can go back to Review
local K_workflow = {}

---Reads a workflow.
---@param arguments? ironclad.Workflows.Get.Query
---@param options? ironclad.CallOptions
---@return ironclad.Workflow? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:get(arguments, options) end

---Reads the approvals of a workflow, with their groups and roles.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:get_approvals(arguments, options) end

---Lists the approval requests that a workflow has had.
---@param arguments? ironclad.Workflows.ListApprovalRequests.Query
---@param options? ironclad.CallOptions
---@return { list: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:list_approval_requests(arguments, options) end

---Lists the approval requests that a workflow has had. Iterates over all pages.
---@param arguments? ironclad.Workflows.ListApprovalRequests.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function K_workflow:each_approval_requests(arguments, options) end

---Approves as a role, or takes the approval back; in the step Review.
---@param roleId string|table
---@param body ironclad.Workflows.UpdateApproval.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:update_approval(roleId, body, options) end

---Lists the turns of a workflow.
---@param arguments? ironclad.Workflows.ListTurnHistory.Query
---@param options? ironclad.CallOptions
---@return { list: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:list_turn_history(arguments, options) end

---Lists the turns of a workflow. Iterates over all pages.
---@param arguments? ironclad.Workflows.ListTurnHistory.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function K_workflow:each_turn_history(arguments, options) end

---Reads how far signing is.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:get_sign_status(arguments, options) end

---Sends the contract to its signers.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:send_signature_request(arguments, options) end

---Schedules the sending to the signers.
---@param body ironclad.Workflows.ScheduleSignatureRequest.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:schedule_signature_request(body, options) end

---Changes a scheduled sending.
---@param body? ironclad.Workflows.UpdateScheduledSignatureRequest.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:update_scheduled_signature_request(body, options) end

---Cancels a scheduled sending.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:delete_scheduled_signature_request(arguments, options) end

---Calls a signature request back.
---@param body ironclad.Workflows.CancelSignatureRequest.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:cancel_signature_request(body, options) end

---Assigns another signer, or changes an external signer's name or e-mail.
---@param signerRoleName string|table
---@param body ironclad.Workflows.UpdateSigner.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:update_signer(signerRoleName, body, options) end

---Removes a signer.
---@param signerRoleName string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:delete_signer(signerRoleName, arguments, options) end

---Reminds a signer by e-mail.
---@param signerRoleName string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:remind_signer(signerRoleName, arguments, options) end

---Reads the signers, and whether they have signed.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:get_signers(arguments, options) end

---Makes a link at which a signer or viewer opens the signature request.
---@param body ironclad.Workflows.CreateRecipientUrl.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:create_recipient_url(body, options) end

---Makes a link to the signature request that a page may embed.
---@param body ironclad.Workflows.CreateEmbeddableRecipientUrl.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:create_embeddable_recipient_url(body, options) end

---Uploads a document that was signed elsewhere.
---@param body ironclad.Workflows.UploadSignedDocument.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:upload_signed_document(body, options) end

---Lists the people of a workflow.
---@param arguments? ironclad.Workflows.ListParticipants.Query
---@param options? ironclad.CallOptions
---@return { list: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:list_participants(arguments, options) end

---Lists the people of a workflow. Iterates over all pages.
---@param arguments? ironclad.Workflows.ListParticipants.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function K_workflow:each_participants(arguments, options) end

---Assigns a role of a workflow to a user.
---@param roleName string|table
---@param body ironclad.Workflows.UpdateRoleAssignment.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:update_role_assignment(roleName, body, options) end

---Lists the users who may have a role of a workflow.
---@param roleName string|table
---@param arguments? ironclad.Workflows.ListEligibleAssignees.Query
---@param options? ironclad.CallOptions
---@return { list: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:list_eligible_assignees(roleName, arguments, options) end

---Lists the users who may have a role of a workflow. Iterates over all pages.
---@param roleName string|table
---@param arguments? ironclad.Workflows.ListEligibleAssignees.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function K_workflow:each_eligible_assignees(roleName, arguments, options) end

---Takes a workflow back to the step Review.
---@param body? ironclad.Workflows.RevertToReview.Body
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:revert_to_review(body, options) end

---Cancels a workflow.
---@param body ironclad.Workflows.Cancel.Body
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:cancel(body, options) end

---Pauses a workflow.
---@param body ironclad.Workflows.Pause.Body
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:pause(body, options) end

---Resumes a paused workflow.
---@param body ironclad.Workflows.Resume.Body
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:resume(body, options) end

---Comments on a workflow.
---@param body ironclad.Workflows.CreateComment.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:create_comment(body, options) end

---Lists the comments on a workflow.
---@param arguments? ironclad.Workflows.ListComments.Query
---@param options? ironclad.CallOptions
---@return { list: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:list_comments(arguments, options) end

---Lists the comments on a workflow. Iterates over all pages.
---@param arguments? ironclad.Workflows.ListComments.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function K_workflow:each_comments(arguments, options) end

---Reads one comment.
---@param commentId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:get_comment(commentId, arguments, options) end

---Changes attributes of a workflow in the step Review; `set` is simpler.
---@param body ironclad.Workflows.UpdateAttributes.Body
---@param options? ironclad.CallOptions
---@return ironclad.Workflow? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:update_attributes(body, options) end

---Reads the documents of a workflow, in and outside the signature packet.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:get_documents(arguments, options) end

---Chooses the documents of the signature packet, and their order.
---@param body ironclad.Workflows.UpdateSignaturePacket.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:update_signature_packet(body, options) end

---Uploads a document, or a new version of one.
---@param attributeId string|table
---@param body ironclad.Workflows.UploadDocument.Body
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:upload_document(attributeId, body, options) end

---Downloads a document.
---@param key string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:download_document(key, arguments, options) end

---Lists the e-mail threads of a workflow.
---@param arguments? ironclad.Workflows.ListEmails.Query
---@param options? ironclad.CallOptions
---@return { list: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:list_emails(arguments, options) end

---Lists the e-mail threads of a workflow. Iterates over all pages.
---@param arguments? ironclad.Workflows.ListEmails.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function K_workflow:each_emails(arguments, options) end

---Reads one e-mail thread.
---@param emailThreadId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:get_email(emailThreadId, arguments, options) end

---Downloads an attachment of an e-mail.
---@param emailThreadId string|table
---@param attachmentId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:download_email_attachment(emailThreadId, attachmentId, arguments, options) end

---who may approve now: a list of `{ role, displayName, order, assignees }`
---@param options? ironclad.CallOptions
---@return ironclad.PendingApproval[]? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:pending_approvals(options) end

---the records that the workflow has made
---@param options? ironclad.CallOptions
---@return ironclad.Record[]? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:records(options) end

---reads the resource again into the same table, and returns it
---@param arguments? table
---@return ironclad.Workflow? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:refresh(arguments) end

---changes attributes, given as plain values; `ironclad.null` removes an attribute
---@param values table<string, any>
---@param options? ironclad.WorkflowSetOptions
---@return ironclad.Workflow? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:set(values, options) end

---waits until this workflow has reached a step or has a status; its table is then up to date
---@param options ironclad.WorkflowWaitOptions
---@return ironclad.Workflow? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function K_workflow:wait(options) end

---@class ironclad.Workflows.Launch.Body
---@field template string|table The template, by its id; to launch, also by its title
---@field attributes table|table The fields of the template's launch form, by name
---@field creator? table Who does it; only for legacy tokens

---@class ironclad.Workflows.Launch.Query
---@field useDefaultValues? boolean Whether fields without a value get the template's defaults (default: false)

---@class ironclad.Workflows.List.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0 (default: 0)
---@field pageSize? integer Items on a page, up to 100 (default: 20)
---@field hydrateEntities? boolean Whether entities are in the answer with their values (default: false)
---@field status? "active"|"paused"|"completed"|"cancelled"|("active"|"paused"|"completed"|"cancelled")[]|string The status (default: active)
---@field template? string|table The template, by its id; to launch, also by its title
---@field lastUpdated? string Only items that were changed since this time
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)

---@class ironclad.Workflows.List.Each: ironclad.Workflows.List.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Workflows.LaunchAsync.Body
---@field template string|table The template, by its id; to launch, also by its title
---@field attributes table|table The fields of the template's launch form, by name
---@field creator? table Who does it; only for legacy tokens

---@class ironclad.Workflows.LaunchAsync.Query
---@field useDefaultValues? boolean Whether fields without a value get the template's defaults (default: false)

---@class ironclad.Workflows.Get.Query: ironclad.CallOptions
---@field hydrateEntities? boolean Whether entities are in the answer with their values (default: false)

---@class ironclad.Workflows.ListApprovalRequests.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0 (default: 0)
---@field pageSize? integer Items on a page, up to 100 (default: 20)
---@field actorDetails? boolean Whether the answer has details of the people (default: false)
---@field requestType? "role"|"user" Requests to roles or to users (default: user)

---@class ironclad.Workflows.ListApprovalRequests.Each: ironclad.Workflows.ListApprovalRequests.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Workflows.UpdateApproval.Body
---@field user? table Who acts; only for legacy tokens
---@field status "approved"|"pending" The status

---@class ironclad.Workflows.ListTurnHistory.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0 (default: 0)
---@field pageSize? integer Items on a page, up to 100 (default: 20)

---@class ironclad.Workflows.ListTurnHistory.Each: ironclad.Workflows.ListTurnHistory.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Workflows.ScheduleSignatureRequest.Body
---@field notifyAt string When it is sent
---@field reminder? table When signers are reminded; null for never

---@class ironclad.Workflows.UpdateScheduledSignatureRequest.Body
---@field notifyAt? string When it is sent
---@field reminder? table When signers are reminded; null for never

---@class ironclad.Workflows.CancelSignatureRequest.Body
---@field reason string Why

---@class ironclad.Workflows.UpdateSigner.Body
---@field reason string Why
---@field assigned table The new signer: { type =, … }

---@class ironclad.Workflows.CreateRecipientUrl.Body
---@field type "signer"|"viewer" The type
---@field roleName? string The name of the role
---@field email? string An e-mail address

---@class ironclad.Workflows.CreateEmbeddableRecipientUrl.Body
---@field type "signer" The type
---@field roleName string The name of the role
---@field frameAncestor string The page that embeds the link
---@field allowMultipleUsages? boolean Whether the link works more than once

---@class ironclad.Workflows.UploadSignedDocument.Body
---@field attachment ironclad.File The file
---@field metadata? table What the file is
---@field fully_signed? boolean Whether everyone has signed

---@class ironclad.Workflows.ListParticipants.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0 (default: 0)
---@field pageSize? integer Items on a page, up to 100 (default: 20)
---@field email? string An e-mail address

---@class ironclad.Workflows.ListParticipants.Each: ironclad.Workflows.ListParticipants.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Workflows.UpdateRoleAssignment.Body
---@field userId string The id of a user

---@class ironclad.Workflows.ListEligibleAssignees.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0 (default: 0)
---@field pageSize? integer Items on a page, up to 100 (default: 20)

---@class ironclad.Workflows.ListEligibleAssignees.Each: ironclad.Workflows.ListEligibleAssignees.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Workflows.RevertToReview.Body
---@field user? table Who acts; only for legacy tokens

---@class ironclad.Workflows.Cancel.Body
---@field comment string|table The text of the comment

---@class ironclad.Workflows.Pause.Body
---@field comment string|table The text of the comment

---@class ironclad.Workflows.Resume.Body
---@field comment string|table The text of the comment

---@class ironclad.Workflows.CreateComment.Body
---@field creator? table Who does it; only for legacy tokens
---@field comment string The text of the comment
---@field addUsersToWorkflow? boolean Whether the people that the comment mentions are added to the workflow
---@field repliedToActivityFeedMessageId? string The id of the comment that this one answers

---@class ironclad.Workflows.ListComments.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0 (default: 0)
---@field pageSize? integer Items on a page, up to 100 (default: 20)

---@class ironclad.Workflows.ListComments.Each: ironclad.Workflows.ListComments.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Workflows.UpdateAttributes.Body
---@field updates any[] The changes: { action =, path =, value = }
---@field comment? string The text of the comment

---@class ironclad.Workflows.UpdateSignaturePacket.Body
---@field signaturePacketDocumentKeys any[] The keys of the documents, in order

---@class ironclad.Workflows.UploadDocument.Body
---@field attachment ironclad.File The file
---@field metadata table What the file is

---@class ironclad.Workflows.ListEmails.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0 (default: 0)
---@field pageSize? integer Items on a page, up to 100 (default: 20)

---@class ironclad.Workflows.ListEmails.Each: ironclad.Workflows.ListEmails.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Of.Workflows
local R_workflows = {}

---Launches a workflow from a template.
---@param body ironclad.Workflows.Launch.Body
---@param options? ironclad.CallOptions
---@return ironclad.Workflow? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:launch(body, options) end

---Lists workflows; only active ones unless `status` says otherwise.
---@param arguments? ironclad.Workflows.List.Query
---@param options? ironclad.CallOptions
---@return { list: ironclad.Workflow[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:list(arguments, options) end

---Lists workflows; only active ones unless `status` says otherwise. Iterates over all pages.
---@param arguments? ironclad.Workflows.List.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Workflow
function R_workflows:each(arguments, options) end

---Launches a workflow in the background, which is better with large files.
---@param body ironclad.Workflows.LaunchAsync.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:launch_async(body, options) end

---Tells how far a launch in the background is.
---@param asyncJobId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return { workflow: ironclad.Workflow }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:get_launch_status(asyncJobId, arguments, options) end

---Reads a workflow.
---@param id string|table
---@param arguments? ironclad.Workflows.Get.Query
---@param options? ironclad.CallOptions
---@return ironclad.Workflow? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:get(id, arguments, options) end

---Reads the approvals of a workflow, with their groups and roles.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:get_approvals(id, arguments, options) end

---Lists the approval requests that a workflow has had.
---@param id string|table
---@param arguments? ironclad.Workflows.ListApprovalRequests.Query
---@param options? ironclad.CallOptions
---@return { list: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:list_approval_requests(id, arguments, options) end

---Lists the approval requests that a workflow has had. Iterates over all pages.
---@param id string|table
---@param arguments? ironclad.Workflows.ListApprovalRequests.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function R_workflows:each_approval_requests(id, arguments, options) end

---Approves as a role, or takes the approval back; in the step Review.
---@param id string|table
---@param roleId string|table
---@param body ironclad.Workflows.UpdateApproval.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:update_approval(id, roleId, body, options) end

---Lists the turns of a workflow.
---@param id string|table
---@param arguments? ironclad.Workflows.ListTurnHistory.Query
---@param options? ironclad.CallOptions
---@return { list: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:list_turn_history(id, arguments, options) end

---Lists the turns of a workflow. Iterates over all pages.
---@param id string|table
---@param arguments? ironclad.Workflows.ListTurnHistory.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function R_workflows:each_turn_history(id, arguments, options) end

---Reads how far signing is.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:get_sign_status(id, arguments, options) end

---Sends the contract to its signers.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:send_signature_request(id, arguments, options) end

---Schedules the sending to the signers.
---@param id string|table
---@param body ironclad.Workflows.ScheduleSignatureRequest.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:schedule_signature_request(id, body, options) end

---Changes a scheduled sending.
---@param id string|table
---@param body? ironclad.Workflows.UpdateScheduledSignatureRequest.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:update_scheduled_signature_request(id, body, options) end

---Cancels a scheduled sending.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:delete_scheduled_signature_request(id, arguments, options) end

---Calls a signature request back.
---@param id string|table
---@param body ironclad.Workflows.CancelSignatureRequest.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:cancel_signature_request(id, body, options) end

---Assigns another signer, or changes an external signer's name or e-mail.
---@param id string|table
---@param signerRoleName string|table
---@param body ironclad.Workflows.UpdateSigner.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:update_signer(id, signerRoleName, body, options) end

---Removes a signer.
---@param id string|table
---@param signerRoleName string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:delete_signer(id, signerRoleName, arguments, options) end

---Reminds a signer by e-mail.
---@param id string|table
---@param signerRoleName string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:remind_signer(id, signerRoleName, arguments, options) end

---Reads the signers, and whether they have signed.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:get_signers(id, arguments, options) end

---Makes a link at which a signer or viewer opens the signature request.
---@param id string|table
---@param body ironclad.Workflows.CreateRecipientUrl.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:create_recipient_url(id, body, options) end

---Makes a link to the signature request that a page may embed.
---@param id string|table
---@param body ironclad.Workflows.CreateEmbeddableRecipientUrl.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:create_embeddable_recipient_url(id, body, options) end

---Uploads a document that was signed elsewhere.
---@param id string|table
---@param body ironclad.Workflows.UploadSignedDocument.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:upload_signed_document(id, body, options) end

---Lists the people of a workflow.
---@param id string|table
---@param arguments? ironclad.Workflows.ListParticipants.Query
---@param options? ironclad.CallOptions
---@return { list: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:list_participants(id, arguments, options) end

---Lists the people of a workflow. Iterates over all pages.
---@param id string|table
---@param arguments? ironclad.Workflows.ListParticipants.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function R_workflows:each_participants(id, arguments, options) end

---Assigns a role of a workflow to a user.
---@param id string|table
---@param roleName string|table
---@param body ironclad.Workflows.UpdateRoleAssignment.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:update_role_assignment(id, roleName, body, options) end

---Lists the users who may have a role of a workflow.
---@param id string|table
---@param roleName string|table
---@param arguments? ironclad.Workflows.ListEligibleAssignees.Query
---@param options? ironclad.CallOptions
---@return { list: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:list_eligible_assignees(id, roleName, arguments, options) end

---Lists the users who may have a role of a workflow. Iterates over all pages.
---@param id string|table
---@param roleName string|table
---@param arguments? ironclad.Workflows.ListEligibleAssignees.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function R_workflows:each_eligible_assignees(id, roleName, arguments, options) end

---Takes a workflow back to the step Review.
---@param id string|table
---@param body? ironclad.Workflows.RevertToReview.Body
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:revert_to_review(id, body, options) end

---Cancels a workflow.
---@param id string|table
---@param body ironclad.Workflows.Cancel.Body
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:cancel(id, body, options) end

---Pauses a workflow.
---@param id string|table
---@param body ironclad.Workflows.Pause.Body
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:pause(id, body, options) end

---Resumes a paused workflow.
---@param id string|table
---@param body ironclad.Workflows.Resume.Body
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:resume(id, body, options) end

---Comments on a workflow.
---@param id string|table
---@param body ironclad.Workflows.CreateComment.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:create_comment(id, body, options) end

---Lists the comments on a workflow.
---@param id string|table
---@param arguments? ironclad.Workflows.ListComments.Query
---@param options? ironclad.CallOptions
---@return { list: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:list_comments(id, arguments, options) end

---Lists the comments on a workflow. Iterates over all pages.
---@param id string|table
---@param arguments? ironclad.Workflows.ListComments.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function R_workflows:each_comments(id, arguments, options) end

---Reads one comment.
---@param id string|table
---@param commentId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:get_comment(id, commentId, arguments, options) end

---Changes attributes of a workflow in the step Review; `set` is simpler.
---@param id string|table
---@param body ironclad.Workflows.UpdateAttributes.Body
---@param options? ironclad.CallOptions
---@return ironclad.Workflow? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:update_attributes(id, body, options) end

---Reads the documents of a workflow, in and outside the signature packet.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:get_documents(id, arguments, options) end

---Chooses the documents of the signature packet, and their order.
---@param id string|table
---@param body ironclad.Workflows.UpdateSignaturePacket.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:update_signature_packet(id, body, options) end

---Uploads a document, or a new version of one.
---@param id string|table
---@param attributeId string|table
---@param body ironclad.Workflows.UploadDocument.Body
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:upload_document(id, attributeId, body, options) end

---Downloads a document.
---@param id string|table
---@param key string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:download_document(id, key, arguments, options) end

---Lists the e-mail threads of a workflow.
---@param id string|table
---@param arguments? ironclad.Workflows.ListEmails.Query
---@param options? ironclad.CallOptions
---@return { list: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:list_emails(id, arguments, options) end

---Lists the e-mail threads of a workflow. Iterates over all pages.
---@param id string|table
---@param arguments? ironclad.Workflows.ListEmails.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function R_workflows:each_emails(id, arguments, options) end

---Reads one e-mail thread.
---@param id string|table
---@param emailThreadId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:get_email(id, emailThreadId, arguments, options) end

---Downloads an attachment of an e-mail.
---@param id string|table
---@param emailThreadId string|table
---@param attachmentId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:download_email_attachment(id, emailThreadId, attachmentId, arguments, options) end

---@class ironclad.Workflows.ChangesOptions: ironclad.ChangesOptions, ironclad.Workflows.List.Query

---iterates over what is new or changed, in every status: [changes](changes.md)
---@param options ironclad.Workflows.ChangesOptions
---@return ironclad.Changes|fun(): ironclad.Workflow|ironclad.Gone
function R_workflows:changes(options) end

---launches and waits for the workflow
---@param body ironclad.Workflows.LaunchAsync.Body
---@param options? ironclad.StartOptions
---@return ironclad.Workflow? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:launch_and_wait(body, options) end

---waits until the workflow has reached a step or has a status
---@param id string|table
---@param options ironclad.WorkflowWaitOptions
---@return ironclad.Workflow? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:wait(id, options) end

---waits for the workflow of `launch_async`
---@param job string|table
---@param options? ironclad.WaitOptions
---@return ironclad.Workflow? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflows:wait_launch(job, options) end

---@class ironclad.WorkflowSchemas.List.Query: ironclad.CallOptions
---@field form? string The form whose fields are read (default: launch)

---@class ironclad.WorkflowSchemas.List.Each: ironclad.WorkflowSchemas.List.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.WorkflowSchemas.Get.Query: ironclad.CallOptions
---@field form? string The form whose fields are read (default: launch)

---@class ironclad.Of.WorkflowSchemas
local R_workflow_schemas = {}

---Lists the templates, with the fields of their launch forms.
---@param arguments? ironclad.WorkflowSchemas.List.Query
---@param options? ironclad.CallOptions
---@return { list: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflow_schemas:list(arguments, options) end

---Lists the templates, with the fields of their launch forms. Iterates over the items.
---@param arguments? ironclad.WorkflowSchemas.List.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function R_workflow_schemas:each(arguments, options) end

---Reads the fields of a template's launch form.
---@param id string|table
---@param arguments? ironclad.WorkflowSchemas.Get.Query
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflow_schemas:get(id, arguments, options) end

---the template with that title, a part of it or its id; an error names those that exist
---@param title string
---@param options? ironclad.FindOptions
---@return ironclad.WorkflowSchema? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_workflow_schemas:find(title, options) end

---@class ironclad.Records.List.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0 (default: 0)
---@field pageSize? integer Items on a page, up to 100 (default: 20)
---@field hydrateEntities? boolean Whether entities are in the answer with their values (default: false)
---@field types? string|string[] Record types
---@field lastUpdated? string Only items that were changed since this time
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)
---@field sortField? "agreementDate"|"name"|"lastUpdated" What the items are sorted by (default: agreementDate)
---@field sortDirection? "ASC"|"DESC" The order (default: DESC)
---@field addressAsObject? boolean Whether addresses are objects instead of text (default: false)

---@class ironclad.Records.List.Each: ironclad.Records.List.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Records.Create.Body
---@field type string The type
---@field name string The name
---@field properties table The properties, by name
---@field links? any[]|table Linked records
---@field parent? table|table The record that is the parent
---@field propertiesToAmend? table Properties that this amendment changes
---@field children? any[]|table Records that are children

---@class ironclad.Records.Create.Query
---@field addressAsObject? boolean Whether addresses are objects instead of text (default: false)

---@class ironclad.Records.CreateDownloadUrls.Body
---@field identifiers any[]|table Ids of records
---@field type "latestSignedCopy" The type

---@class ironclad.Records.GetImportPredictions.Query: ironclad.CallOptions
---@field recordId? string|table The id of a record
---@field importId? string The id of the smart import

---@class ironclad.Records.SmartImport.Body
---@field attachment ironclad.File The file
---@field recordType? string The type of the new record (default: imported)
---@field newRecordTypeId? string The id of a new record type
---@field newRecordTypeDisplayName? string The name of a new record type

---@class ironclad.Records.SmartImportInto.Body
---@field attachment ironclad.File The file
---@field recordType? string The type of the new record (default: imported)
---@field newRecordTypeId? string The id of a new record type
---@field newRecordTypeDisplayName? string The name of a new record type

---@class ironclad.Records.Get.Query: ironclad.CallOptions
---@field hydrateEntities? boolean Whether entities are in the answer with their values (default: false)
---@field addressAsObject? boolean Whether addresses are objects instead of text (default: false)

---@class ironclad.Records.Replace.Body
---@field type string The type
---@field name string The name
---@field properties table The properties, by name
---@field parent? table|table The record that is the parent
---@field propertiesToAmend? table Properties that this amendment changes
---@field children? any[]|table Records that are children

---@class ironclad.Records.Replace.Query
---@field addressAsObject? boolean Whether addresses are objects instead of text (default: false)

---@class ironclad.Records.Update.Body
---@field type? string The type
---@field name? string The name
---@field addProperties? table Properties to add or change, by name
---@field removeProperties? any[] Names of properties to remove
---@field addLinks? any[]|table Records to link
---@field removeLinks? any[]|table Records to unlink
---@field setParent? table|table The record that becomes the parent
---@field addChildren? any[]|table Records that become children
---@field removeParent? boolean Whether the parent is removed
---@field removeChildren? any[]|table Records that are no longer children
---@field addPropertiesToAmend? table Properties that this amendment changes
---@field removePropertiesToAmend? any[] Properties that this amendment no longer changes

---@class ironclad.Records.Update.Query
---@field addressAsObject? boolean Whether addresses are objects instead of text (default: false)

---@class ironclad.Records.UploadAttachment.Body
---@field attachment ironclad.File The file
---@field metadata table What the file is

---@class ironclad.Records.UploadAttachment.Query
---@field addressAsObject? boolean Whether addresses are objects instead of text (default: false)

---@class ironclad.Records.RunAction.Body
---@field type "activate"|"terminate"|"supersede"|"extend"|"cancelAutoRenewal"|"editRenewal"|"undo" The type
---@field properties? table The properties, by name

---@class ironclad.Records.Export.Query: ironclad.CallOptions
---@field types? string|string[] Record types
---@field properties? string|string[] The properties, by name

---@class ironclad.Of.Records
local R_records = {}

---Lists records.
---@param arguments? ironclad.Records.List.Query
---@param options? ironclad.CallOptions
---@return { list: ironclad.Record[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:list(arguments, options) end

---Lists records. Iterates over all pages.
---@param arguments? ironclad.Records.List.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Record
function R_records:each(arguments, options) end

---Makes a record.
---@param body ironclad.Records.Create.Body
---@param options? ironclad.CallOptions
---@return ironclad.Record? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:create(body, options) end

---Asks for download links to the signed copies of many records.
---@param body ironclad.Records.CreateDownloadUrls.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:create_download_urls(body, options) end

---Reads the download links when they are ready.
---@param jobId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:get_download_urls(jobId, arguments, options) end

---Reads what a smart import has found in a document.
---@param arguments? ironclad.Records.GetImportPredictions.Query
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:get_import_predictions(arguments, options) end

---Uploads a document, and makes a record with what Ironclad finds in it.
---@param body ironclad.Records.SmartImport.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:smart_import(body, options) end

---Uploads one more document to a smart import.
---@param importId string|table
---@param body ironclad.Records.SmartImportInto.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:smart_import_into(importId, body, options) end

---Reads a record.
---@param id string|table
---@param arguments? ironclad.Records.Get.Query
---@param options? ironclad.CallOptions
---@return ironclad.Record? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:get(id, arguments, options) end

---Replaces all values of a record.
---@param id string|table
---@param body ironclad.Records.Replace.Body
---@param options? ironclad.CallOptions
---@return ironclad.Record? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:replace(id, body, options) end

---Deletes a record.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:delete(id, arguments, options) end

---Changes some values of a record; `set` is simpler.
---@param id string|table
---@param body? ironclad.Records.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.Record? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:update(id, body, options) end

---Reads the record types and the properties of the company.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:get_schema(arguments, options) end

---Uploads an attachment of a record.
---@param id string|table
---@param key string|table
---@param body ironclad.Records.UploadAttachment.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:upload_attachment(id, key, body, options) end

---Downloads an attachment of a record.
---@param id string|table
---@param key string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:download_attachment(id, key, arguments, options) end

---Deletes an attachment of a record.
---@param id string|table
---@param key string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:delete_attachment(id, key, arguments, options) end

---Runs a contract action, such as a renewal or a termination.
---@param id string|table
---@param body ironclad.Records.RunAction.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:run_action(id, body, options) end

---Downloads records as a spreadsheet (XLSX).
---@param arguments? ironclad.Records.Export.Query
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:export(arguments, options) end

---@class ironclad.Records.ChangesOptions: ironclad.ChangesOptions, ironclad.Records.List.Query

---iterates over what is new or changed since the last run: [changes](changes.md)
---@param options ironclad.Records.ChangesOptions
---@return ironclad.Changes|fun(): ironclad.Record|ironclad.Gone
function R_records:changes(options) end

---asks for download links and waits for them
---@param body ironclad.Records.CreateDownloadUrls.Body
---@param options? ironclad.StartOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:create_download_urls_and_wait(body, options) end

---imports a document and waits for its predictions
---@param body ironclad.Records.SmartImport.Body
---@param options? ironclad.StartOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:smart_import_and_wait(body, options) end

---waits for the links of `create_download_urls`
---@param job string|table
---@param options? ironclad.WaitOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:wait_download_urls(job, options) end

---waits for the predictions of `smart_import`
---@param import string|table
---@param options? ironclad.WaitOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_records:wait_import(import, options) end

---@class ironclad.Webhooks.Create.Body
---@field events ("*"|"workflow_launched"|"workflow_updated"|"workflow_cancelled"|"workflow_completed"|"workflow_approval_status_changed"|"workflow_attribute_updated"|"workflow_comment_added"|"workflow_comment_removed"|"workflow_comment_updated"|"workflow_comment_reaction_added"|"workflow_comment_reaction_removed"|"workflow_counterparty_invite_sent"|"workflow_counterparty_invite_revoked"|"workflow_documents_added"|"workflow_documents_removed"|"workflow_documents_updated"|"workflow_documents_renamed"|"workflow_document_edited"|"workflow_changed_turn"|"workflow_paused"|"workflow_resumed"|"workflow_signature_packet_cancelled"|"workflow_signature_packet_document_moved"|"workflow_signature_packet_fully_signed"|"workflow_signature_packet_sent"|"workflow_signature_packet_signatures_collected"|"workflow_signature_packet_signer_first_viewed"|"workflow_signature_packet_signer_viewed"|"workflow_signature_packet_uploaded"|"workflow_signer_added"|"workflow_signer_removed"|"workflow_signer_reassigned"|"workflow_step_updated"|"workflow_roles_assigned"|"record_contract_status_changed"|"workflow_deleted"|"obligation_created"|"obligation_status_changed"|"obligation_due_date_changed"|"obligation_assignee_changed"|"obligation_updated"|"obligations_extraction_completed")[] The events, as workflow_launched; * for all
---@field targetURL string Where events are sent
---@field status? "enabled"|"disabled" The status (default: enabled)

---@class ironclad.Webhooks.List.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0 (default: 0)
---@field pageSize? integer Items on a page, up to 100 (default: 20)

---@class ironclad.Webhooks.List.Each: ironclad.Webhooks.List.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Webhooks.Update.Body
---@field events? ("*"|"workflow_launched"|"workflow_updated"|"workflow_cancelled"|"workflow_completed"|"workflow_approval_status_changed"|"workflow_attribute_updated"|"workflow_comment_added"|"workflow_comment_removed"|"workflow_comment_updated"|"workflow_comment_reaction_added"|"workflow_comment_reaction_removed"|"workflow_counterparty_invite_sent"|"workflow_counterparty_invite_revoked"|"workflow_documents_added"|"workflow_documents_removed"|"workflow_documents_updated"|"workflow_documents_renamed"|"workflow_document_edited"|"workflow_changed_turn"|"workflow_paused"|"workflow_resumed"|"workflow_signature_packet_cancelled"|"workflow_signature_packet_document_moved"|"workflow_signature_packet_fully_signed"|"workflow_signature_packet_sent"|"workflow_signature_packet_signatures_collected"|"workflow_signature_packet_signer_first_viewed"|"workflow_signature_packet_signer_viewed"|"workflow_signature_packet_uploaded"|"workflow_signer_added"|"workflow_signer_removed"|"workflow_signer_reassigned"|"workflow_step_updated"|"workflow_roles_assigned"|"record_contract_status_changed"|"workflow_deleted"|"obligation_created"|"obligation_status_changed"|"obligation_due_date_changed"|"obligation_assignee_changed"|"obligation_updated"|"obligations_extraction_completed")[] The events, as workflow_launched; * for all
---@field targetURL? string Where events are sent
---@field status? "enabled"|"disabled" The status

---@class ironclad.Of.Webhooks
local R_webhooks = {}

---Makes a webhook.
---@param body ironclad.Webhooks.Create.Body
---@param options? ironclad.CallOptions
---@return ironclad.Webhook? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_webhooks:create(body, options) end

---Lists webhooks.
---@param arguments? ironclad.Webhooks.List.Query
---@param options? ironclad.CallOptions
---@return { list: ironclad.Webhook[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_webhooks:list(arguments, options) end

---Lists webhooks. Iterates over all pages.
---@param arguments? ironclad.Webhooks.List.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Webhook
function R_webhooks:each(arguments, options) end

---Reads a webhook.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Webhook? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_webhooks:get(id, arguments, options) end

---Changes a webhook.
---@param id string|table
---@param body? ironclad.Webhooks.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.Webhook? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_webhooks:update(id, body, options) end

---Deletes a webhook.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_webhooks:delete(id, arguments, options) end

---Reads the public key that events are signed with.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_webhooks:get_verification_key(arguments, options) end

---makes sure that a webhook with these events is registered and enabled; also returns what it did
---@param options ironclad.EnsureOptions
---@return ironclad.Webhook? value
---@return ironclad.Error? err
---@return ironclad.EnsureResult? did
function R_webhooks:ensure(options) end

---takes the requests of a webhook: verifies them, and calls the functions in `on`
---@param options ironclad.IroncladReceiverOptions
---@return ironclad.Receiver
function R_webhooks:receiver(options) end

---verifies requests with the key that it fetches
---@param options? ironclad.VerifierOptions
---@return ironclad.Verifier
function R_webhooks:verifier(options) end

---@class ironclad.Exports.Create.Body
---@field exportType "workflow_activities"|"audit_log" The report
---@field startDate? string The first day
---@field endDate? string The last day
---@field exportFormat? "CSV"|"JSON" The format of the file (default: CSV)
---@field signedUrlEnabled? boolean Whether the file is fetched by a link (default: false)
---@field exportConfigs? table More settings of the report

---@class ironclad.Of.Exports
local R_exports = {}

---Starts a report.
---@param body ironclad.Exports.Create.Body
---@param options? ironclad.CallOptions
---@return ironclad.Export? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_exports:create(body, options) end

---Tells how far a report is.
---@param jobId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Export? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_exports:get(jobId, arguments, options) end

---Downloads a report.
---@param jobId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_exports:download(jobId, arguments, options) end

---starts an export and waits until it can be downloaded
---@param body ironclad.Exports.Create.Body
---@param options? ironclad.StartOptions
---@return ironclad.Export? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_exports:create_and_wait(body, options) end

---waits until it can be downloaded
---@param job string|table
---@param options? ironclad.WaitOptions
---@return ironclad.Export? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_exports:wait(job, options) end

---@class ironclad.Entities.ListRelationshipTypes.Each: ironclad.CallOptions
---@field limit? integer How many items at most (default: all)

---@class ironclad.Entities.List.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0 (default: 0)
---@field pageSize? integer Items on a page, up to 100 (default: 20)
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)
---@field sortField? "name"|"lastUpdated" What the items are sorted by (default: name)
---@field sortDirection? "ASC"|"DESC" The order (default: DESC)

---@class ironclad.Entities.List.Each: ironclad.Entities.List.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Entities.Create.Body
---@field name string The name
---@field relationshipTypeKey? any[] The types of the relationship
---@field status? "ACTIVE"|"INACTIVE" The status (default: ACTIVE)
---@field properties? table The properties, by name
---@field parent? table|table The record that is the parent
---@field removeParent? boolean Whether the parent is removed

---@class ironclad.Entities.Update.Body
---@field name? string The name
---@field relationshipTypeKey? any[] The types of the relationship
---@field status? "ACTIVE"|"INACTIVE" The status
---@field addProperties? table Properties to add or change, by name
---@field removeProperties? any[] Names of properties to remove
---@field setParent? table|table The record that becomes the parent
---@field removeParent? boolean Whether the parent is removed

---@class ironclad.Of.Entities
local R_entities = {}

---Lists the types of relationships to entities.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return table[]? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_entities:list_relationship_types(arguments, options) end

---Lists the types of relationships to entities. Iterates over the items.
---@param arguments? ironclad.Entities.ListRelationshipTypes.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function R_entities:each_relationship_types(arguments, options) end

---Lists entities.
---@param arguments? ironclad.Entities.List.Query
---@param options? ironclad.CallOptions
---@return { list: ironclad.Entity[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_entities:list(arguments, options) end

---Lists entities. Iterates over all pages.
---@param arguments? ironclad.Entities.List.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Entity
function R_entities:each(arguments, options) end

---Makes an entity.
---@param body ironclad.Entities.Create.Body
---@param options? ironclad.CallOptions
---@return ironclad.Entity? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_entities:create(body, options) end

---Reads an entity.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Entity? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_entities:get(id, arguments, options) end

---Changes an entity; `set` is simpler.
---@param id string|table
---@param body? ironclad.Entities.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.Entity? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_entities:update(id, body, options) end

---Deletes an entity.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_entities:delete(id, arguments, options) end

---@class ironclad.Entities.ChangesOptions: ironclad.ChangesOptions, ironclad.Entities.List.Query

---iterates over what is new or changed since the last run: [changes](changes.md)
---@param options ironclad.Entities.ChangesOptions
---@return ironclad.Changes|fun(): ironclad.Entity|ironclad.Gone
function R_entities:changes(options) end

---@class ironclad.Obligations.List.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0 (default: 0)
---@field pageSize? integer Items on a page, up to 100 (default: 20)
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)
---@field sortField? "name"|"lastUpdated" What the items are sorted by (default: name)
---@field sortDirection? "ASC"|"DESC" The order (default: DESC)

---@class ironclad.Obligations.List.Each: ironclad.Obligations.List.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Obligations.Create.Body
---@field name string The name
---@field properties? table The properties, by name (default: {})
---@field obligationTypeKey any[] The types of the obligation
---@field parentId string|table The id of the parent record

---@class ironclad.Obligations.Update.Body
---@field name? string The name
---@field addProperties? table Properties to add or change, by name
---@field removeProperties? any[] Names of properties to remove
---@field obligationTypeKey? any[] The types of the obligation

---@class ironclad.Of.Obligations
local R_obligations = {}

---Lists obligations.
---@param arguments? ironclad.Obligations.List.Query
---@param options? ironclad.CallOptions
---@return { list: ironclad.Obligation[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_obligations:list(arguments, options) end

---Lists obligations. Iterates over all pages.
---@param arguments? ironclad.Obligations.List.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Obligation
function R_obligations:each(arguments, options) end

---Makes an obligation.
---@param body ironclad.Obligations.Create.Body
---@param options? ironclad.CallOptions
---@return ironclad.Obligation? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_obligations:create(body, options) end

---Reads an obligation.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Obligation? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_obligations:get(id, arguments, options) end

---Changes an obligation; `set` is simpler.
---@param id string|table
---@param body? ironclad.Obligations.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.Obligation? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_obligations:update(id, body, options) end

---@class ironclad.Obligations.ChangesOptions: ironclad.ChangesOptions, ironclad.Obligations.List.Query

---iterates over what is new or changed since the last run: [changes](changes.md)
---@param options ironclad.Obligations.ChangesOptions
---@return ironclad.Changes|fun(): ironclad.Obligation|ironclad.Gone
function R_obligations:changes(options) end

---@class ironclad.Search.Conversational.Body
---@field query string The question
---@field modelTier? "ultrafast"|"fast"|"standard"|"powerful" Which model answers
---@field userTimezone? string The time zone of the person who asks

---@class ironclad.Of.Search
local R_search = {}

---Answers a question about the contracts in words.
---@param body ironclad.Search.Conversational.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_search:conversational(body, options) end

---@class ironclad.Of.Oauth
local R_oauth = {}

---Reads the company of the token.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_oauth:company_info(arguments, options) end

---Reads the user of the token.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_oauth:userinfo(arguments, options) end

---@class ironclad.ScimUsers.List.Query: ironclad.CallOptions
---@field startIndex? integer The number of the first item, from 1 (default: 1)
---@field count? integer The size of a page (default: 25)
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)
---@field excludedAttributes? string|string[] Attributes that the answer leaves out

---@class ironclad.ScimUsers.List.Each: ironclad.ScimUsers.List.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.ScimUsers.Create.Body
---@field schemas? any[] The SCIM schemas (default: ["urn:ietf:params:scim:schemas:core:2.0:User"])
---@field userName string The name that the user logs in with, an e-mail address
---@field name table The name
---@field title? string The person's title
---@field password? string The user's password
---@field active? boolean Whether the user may log in (default: true)
---@field ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]? table SCIM's enterprise attributes
---@field ["urn:ietf:params:scim:schemas:extension:ironclad:2.0:User"]? table Ironclad's own attributes of a user

---@class ironclad.ScimUsers.Create.Query
---@field excludedAttributes? string|string[] Attributes that the answer leaves out

---@class ironclad.ScimUsers.Get.Query: ironclad.CallOptions
---@field excludedAttributes? string|string[] Attributes that the answer leaves out

---@class ironclad.ScimUsers.Update.Body
---@field schemas? any[] The SCIM schemas (default: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"])
---@field Operations? any[] The SCIM operations: { op =, path =, value = }

---@class ironclad.ScimUsers.Update.Query
---@field excludedAttributes? string|string[] Attributes that the answer leaves out

---@class ironclad.ScimUsers.Replace.Body
---@field schemas? any[] The SCIM schemas (default: ["urn:ietf:params:scim:schemas:core:2.0:User"])
---@field userName string The name that the user logs in with, an e-mail address
---@field name table The name
---@field title? string The person's title
---@field password? string The user's password
---@field active? boolean Whether the user may log in (default: true)
---@field ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]? table SCIM's enterprise attributes
---@field ["urn:ietf:params:scim:schemas:extension:ironclad:2.0:User"]? table Ironclad's own attributes of a user

---@class ironclad.ScimUsers.Replace.Query
---@field excludedAttributes? string|string[] Attributes that the answer leaves out

---@class ironclad.Of.ScimUsers
local R_scim_users = {}

---Lists users.
---@param arguments? ironclad.ScimUsers.List.Query
---@param options? ironclad.CallOptions
---@return { Resources: ironclad.User[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_scim_users:list(arguments, options) end

---Lists users. Iterates over all pages.
---@param arguments? ironclad.ScimUsers.List.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.User
function R_scim_users:each(arguments, options) end

---Makes a user.
---@param body ironclad.ScimUsers.Create.Body
---@param options? ironclad.CallOptions
---@return ironclad.User? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_scim_users:create(body, options) end

---Reads a user.
---@param userId string|table
---@param arguments? ironclad.ScimUsers.Get.Query
---@param options? ironclad.CallOptions
---@return ironclad.User? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_scim_users:get(userId, arguments, options) end

---Changes a user by SCIM operations.
---@param userId string|table
---@param body? ironclad.ScimUsers.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.User? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_scim_users:update(userId, body, options) end

---Replaces all values of a user.
---@param userId string|table
---@param body ironclad.ScimUsers.Replace.Body
---@param options? ironclad.CallOptions
---@return ironclad.User? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_scim_users:replace(userId, body, options) end

---Deletes a user.
---@param userId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_scim_users:delete(userId, arguments, options) end

---the user with that e-mail address, or nil
---@param email string
---@param options? ironclad.CallOptions
---@return ironclad.User? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_scim_users:find_by_email(email, options) end

---@class ironclad.ScimGroups.List.Query: ironclad.CallOptions
---@field startIndex? integer The number of the first item, from 1 (default: 1)
---@field count? integer The size of a page (default: 25)
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)
---@field excludedAttributes? string|string[] Attributes that the answer leaves out

---@class ironclad.ScimGroups.List.Each: ironclad.ScimGroups.List.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.ScimGroups.Create.Body
---@field schemas? any[] The SCIM schemas (default: ["urn:ietf:params:scim:schemas:core:2.0:Group"])
---@field displayName string The name that people see
---@field members? any[] The members: { value = user's id }

---@class ironclad.ScimGroups.Create.Query
---@field excludedAttributes? string|string[] Attributes that the answer leaves out

---@class ironclad.ScimGroups.Get.Query: ironclad.CallOptions
---@field excludedAttributes? string|string[] Attributes that the answer leaves out

---@class ironclad.ScimGroups.Update.Body
---@field schemas? any[] The SCIM schemas (default: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"])
---@field Operations any[] The SCIM operations: { op =, path =, value = }

---@class ironclad.ScimGroups.Update.Query
---@field excludedAttributes? string|string[] Attributes that the answer leaves out

---@class ironclad.ScimGroups.Replace.Body
---@field schemas? any[] The SCIM schemas (default: ["urn:ietf:params:scim:schemas:core:2.0:Group"])
---@field displayName string The name that people see
---@field members? any[] The members: { value = user's id }

---@class ironclad.ScimGroups.Replace.Query
---@field excludedAttributes? string|string[] Attributes that the answer leaves out

---@class ironclad.Of.ScimGroups
local R_scim_groups = {}

---Lists groups.
---@param arguments? ironclad.ScimGroups.List.Query
---@param options? ironclad.CallOptions
---@return { Resources: ironclad.Group[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_scim_groups:list(arguments, options) end

---Lists groups. Iterates over all pages.
---@param arguments? ironclad.ScimGroups.List.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Group
function R_scim_groups:each(arguments, options) end

---Makes a group.
---@param body ironclad.ScimGroups.Create.Body
---@param options? ironclad.CallOptions
---@return ironclad.Group? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_scim_groups:create(body, options) end

---Reads a group.
---@param groupId string|table
---@param arguments? ironclad.ScimGroups.Get.Query
---@param options? ironclad.CallOptions
---@return ironclad.Group? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_scim_groups:get(groupId, arguments, options) end

---Adds and removes members of a group by SCIM operations.
---@param groupId string|table
---@param body ironclad.ScimGroups.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.Group? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_scim_groups:update(groupId, body, options) end

---Replaces all values of a group.
---@param groupId string|table
---@param body ironclad.ScimGroups.Replace.Body
---@param options? ironclad.CallOptions
---@return ironclad.Group? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_scim_groups:replace(groupId, body, options) end

---Deletes a group.
---@param groupId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return true? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_scim_groups:delete(groupId, arguments, options) end

---@class ironclad.ScimSchemas.List.Each: ironclad.CallOptions
---@field limit? integer How many items at most (default: all)

---@class ironclad.Of.ScimSchemas
local R_scim_schemas = {}

---Lists the SCIM schemas.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return { Resources: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_scim_schemas:list(arguments, options) end

---Lists the SCIM schemas. Iterates over the items.
---@param arguments? ironclad.ScimSchemas.List.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function R_scim_schemas:each(arguments, options) end

---Reads a SCIM schema.
---@param schemaId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_scim_schemas:get(schemaId, arguments, options) end

---@class ironclad.Client
---@field workflows ironclad.Of.Workflows
---@field workflow_schemas ironclad.Of.WorkflowSchemas
---@field records ironclad.Of.Records
---@field webhooks ironclad.Of.Webhooks
---@field exports ironclad.Of.Exports
---@field entities ironclad.Of.Entities
---@field obligations ironclad.Of.Obligations
---@field search ironclad.Of.Search
---@field oauth ironclad.Of.Oauth
---@field scim { users: ironclad.Of.ScimUsers, groups: ironclad.Of.ScimGroups, schemas: ironclad.Of.ScimSchemas }

---@class ironclad.Acceptance.GetPublished.Query: ironclad.CallOptions
---@field sid string The site access id
---@field gkey? string The key of the group
---@field cid? string The ids of contracts, separated by commas
---@field gid? integer The id of the group, a number

---@class ironclad.Acceptance.GetLatest.Query: ironclad.CallOptions
---@field sid string The site access id
---@field sig string The id of the signer
---@field gkey? string The key of the group
---@field cid? string The ids of contracts, separated by commas
---@field tm? boolean Whether it is for a test

---@class ironclad.Acceptance.GetLatestByForm.Body
---@field sid string The site access id
---@field sig string The id of the signer
---@field gkey? string The key of the group
---@field cid? string The ids of contracts, separated by commas
---@field tm? boolean Whether it is for a test

---@class ironclad.Acceptance.Retrieve.Query: ironclad.CallOptions
---@field sid string The site access id
---@field sig string The id of the signer
---@field cid? string The ids of contracts, separated by commas

---@class ironclad.Acceptance.RetrieveByForm.Body
---@field sid string The site access id
---@field sig string The id of the signer
---@field cid? string The ids of contracts, separated by commas

---@class ironclad.Acceptance.LoadJson.Query: ironclad.CallOptions
---@field sid string The site access id
---@field gkey? string The key of the group
---@field site_id? string The long name of `sid`
---@field group_key? string The long name of `gkey`
---@field slo? string The key of the snapshot location

---@class ironclad.Acceptance.RenderJson.Body
---@field sid string The site access id
---@field gkey string The key of the group
---@field rnd? table Values for the placeholders of the texts, by name
---@field et? string The event: agreed, disagreed, displayed, visited, updated or sent
---@field _srv? boolean The short name of `server_side`
---@field _lib? string The name of the client library
---@field _libv? string The version of the client library

---@class ironclad.Acceptance.LoadHtml.Query: ironclad.CallOptions
---@field sid string The site access id
---@field gkey string The key of the group

---@class ironclad.Acceptance.Send.Body
---@field sid string The site access id
---@field sig? string The id of the signer
---@field et string The event: agreed, disagreed, displayed, visited, updated or sent
---@field vid? string The ids of versions, separated by commas, in the order of `cid`
---@field cid? string The ids of contracts, separated by commas
---@field gid? integer The id of the group, a number
---@field gkey? string The key of the group
---@field em? string How the signer agreed (execution method)
---@field cus? table Custom data
---@field rnd? table Values for the placeholders of the texts, by name
---@field rdid? string The render_id of the texts that were shown
---@field cnf? boolean Whether the signer is sent a confirmation by e-mail
---@field tm? boolean Whether it is for a test
---@field slo? string The key of the snapshot location
---@field pat? string The title of the page
---@field pau? string The URL of the page
---@field pad? string The domain of the page
---@field pap? string The path of the page
---@field paq? string The query of the page
---@field pae? string The parameter `pae` of the page; its meaning is not documented
---@field hn? string The host of the page
---@field ref? string The page that led to this one
---@field addr? string The signer's IP address
---@field bua? string The user agent of the browser
---@field btz? string The time zone of the browser
---@field bl? string The language of the browser
---@field os? string The operating system
---@field env? string The environment that the application runs in
---@field scd? string The color depth of the screen
---@field res? string The resolution of the screen
---@field uid? string The id of the user
---@field rev? string The revisions
---@field srid? string The id of the signature request
---@field dyn? boolean The short name of `dynamic`
---@field xt? boolean Whether the contract is an external one
---@field xtu? string The URL of an external contract
---@field ts? string The time of the event
---@field server_side? boolean Whether a server records it; otherwise the answer is an image (default: true)
---@field _srv? boolean The short name of `server_side`
---@field _ct? boolean For the vendor's own libraries
---@field _noerr? boolean Whether errors are kept silent
---@field _lib? string The name of the client library
---@field _libv? string The version of the client library

---@class ironclad.Acceptance.SendByQuery.Query: ironclad.CallOptions
---@field sid string The site access id
---@field sig? string The id of the signer
---@field et string The event: agreed, disagreed, displayed, visited, updated or sent
---@field vid? string The ids of versions, separated by commas, in the order of `cid`
---@field cid? string The ids of contracts, separated by commas
---@field gid? integer The id of the group, a number
---@field gkey? string The key of the group
---@field em? string How the signer agreed (execution method)
---@field cus? string Custom data
---@field rnd? string Values for the placeholders of the texts, by name
---@field rdid? string The render_id of the texts that were shown
---@field cnf? boolean Whether the signer is sent a confirmation by e-mail
---@field tm? boolean Whether it is for a test
---@field slo? string The key of the snapshot location
---@field pat? string The title of the page
---@field pau? string The URL of the page
---@field pad? string The domain of the page
---@field pap? string The path of the page
---@field paq? string The query of the page
---@field pae? string The parameter `pae` of the page; its meaning is not documented
---@field hn? string The host of the page
---@field ref? string The page that led to this one
---@field addr? string The signer's IP address
---@field bua? string The user agent of the browser
---@field btz? string The time zone of the browser
---@field bl? string The language of the browser
---@field os? string The operating system
---@field env? string The environment that the application runs in
---@field scd? string The color depth of the screen
---@field res? string The resolution of the screen
---@field uid? string The id of the user
---@field rev? string The revisions
---@field srid? string The id of the signature request
---@field dyn? boolean The short name of `dynamic`
---@field xt? boolean Whether the contract is an external one
---@field xtu? string The URL of an external contract
---@field ts? string The time of the event
---@field server_side? boolean Whether a server records it; otherwise the answer is an image (default: true)
---@field _srv? boolean The short name of `server_side`
---@field _ct? boolean For the vendor's own libraries
---@field _noerr? boolean Whether errors are kept silent
---@field _lib? string The name of the client library
---@field _libv? string The version of the client library

---@class ironclad.Acceptance.SendSync.Body
---@field sid string The site access id
---@field sig? string The id of the signer
---@field et string The event: agreed, disagreed, displayed, visited, updated or sent
---@field vid? string The ids of versions, separated by commas, in the order of `cid`
---@field cid? string The ids of contracts, separated by commas
---@field gid? integer The id of the group, a number
---@field gkey? string The key of the group
---@field em? string How the signer agreed (execution method)
---@field cus? table Custom data
---@field rnd? table Values for the placeholders of the texts, by name
---@field rdid? string The render_id of the texts that were shown
---@field cnf? boolean Whether the signer is sent a confirmation by e-mail
---@field tm? boolean Whether it is for a test
---@field slo? string The key of the snapshot location
---@field pat? string The title of the page
---@field pau? string The URL of the page
---@field pad? string The domain of the page
---@field pap? string The path of the page
---@field paq? string The query of the page
---@field pae? string The parameter `pae` of the page; its meaning is not documented
---@field hn? string The host of the page
---@field ref? string The page that led to this one
---@field addr? string The signer's IP address
---@field bua? string The user agent of the browser
---@field btz? string The time zone of the browser
---@field bl? string The language of the browser
---@field os? string The operating system
---@field env? string The environment that the application runs in
---@field scd? string The color depth of the screen
---@field res? string The resolution of the screen
---@field uid? string The id of the user
---@field rev? string The revisions
---@field srid? string The id of the signature request
---@field dyn? boolean The short name of `dynamic`
---@field xt? boolean Whether the contract is an external one
---@field xtu? string The URL of an external contract
---@field ts? string The time of the event
---@field server_side? boolean Whether a server records it; otherwise the answer is an image (default: true)
---@field _srv? boolean The short name of `server_side`
---@field _ct? boolean For the vendor's own libraries
---@field _noerr? boolean Whether errors are kept silent
---@field _lib? string The name of the client library
---@field _libv? string The version of the client library

---@class ironclad.Of.Acceptance
local R_acceptance = {}

---Gives the versions that must be accepted now, of a group or a contract.
---@param arguments? ironclad.Acceptance.GetPublished.Query
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_acceptance:get_published(arguments, options) end

---Says of each contract whether the signer has accepted its latest version.
---@param arguments? ironclad.Acceptance.GetLatest.Query
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_acceptance:get_latest(arguments, options) end

---Does the same as get_latest, with the arguments in the body instead of the URL.
---@param body ironclad.Acceptance.GetLatestByForm.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_acceptance:get_latest_by_form(body, options) end

---Gives the versions that the signer accepted last.
---@param arguments? ironclad.Acceptance.Retrieve.Query
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_acceptance:retrieve(arguments, options) end

---Does the same as retrieve, with the arguments in the body instead of the URL.
---@param body ironclad.Acceptance.RetrieveByForm.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_acceptance:retrieve_by_form(body, options) end

---Reads a group with its contracts, their texts and the parameters of snapshots.
---@param arguments? ironclad.Acceptance.LoadJson.Query
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_acceptance:load_json(arguments, options) end

---Reads a group as load_json does, with render data in its texts.
---@param body ironclad.Acceptance.RenderJson.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_acceptance:render_json(body, options) end

---Reads a group as HTML.
---@param arguments? ironclad.Acceptance.LoadHtml.Query
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_acceptance:load_html(arguments, options) end

---Records an event, such as an acceptance; it is stored later.
---@param body ironclad.Acceptance.Send.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_acceptance:send(body, options) end

---Does the same as send, with the arguments in the URL.
---@param arguments? ironclad.Acceptance.SendByQuery.Query
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_acceptance:send_by_query(arguments, options) end

---Records an event, and answers when it is stored.
---@param body ironclad.Acceptance.SendSync.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_acceptance:send_sync(body, options) end

---@class ironclad.Sites.ListSignerActivity.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0
---@field per_page? integer Items on a page
---@field expand? string What is put instead of an id, up to two levels deep
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)

---@class ironclad.Sites.ListSignerActivity.Each: ironclad.Sites.ListSignerActivity.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Sites.ListSigners.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0
---@field per_page? integer Items on a page
---@field expand? string What is put instead of an id, up to two levels deep
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)
---@field sort? string The field that items are sorted by; with a minus sign, descending
---@field fields? string The fields that the answer has; of a version, its form fields
---@field no_count? boolean Whether the answer lacks the total, which is faster
---@field lean? boolean Whether items are left unexpanded, which is faster

---@class ironclad.Sites.ListSigners.Each: ironclad.Sites.ListSigners.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Sites.UpsertSigners.Body
---@field signer_id? string The id of the signer
---@field test_mode? boolean Whether it is a signer of test mode
---@field signers? any[] The signers
---@field name? string The name
---@field email? string An e-mail address
---@field mobile_number? string The signer's mobile number
---@field company_name? string The name of the signer's company
---@field title? string The person's title
---@field additional_attributes? table More about the signer, by name
---@field notify? boolean Whether the signer gets e-mails about new versions (default: true)

---@class ironclad.Sites.List.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0
---@field per_page? integer Items on a page
---@field expand? string What is put instead of an id, up to two levels deep
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)
---@field sort? string The field that items are sorted by; with a minus sign, descending
---@field fields? string The fields that the answer has; of a version, its form fields
---@field no_count? boolean Whether the answer lacks the total, which is faster
---@field lean? boolean Whether items are left unexpanded, which is faster

---@class ironclad.Sites.List.Each: ironclad.Sites.List.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Sites.ListMemberships.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0
---@field per_page? integer Items on a page
---@field expand? string What is put instead of an id, up to two levels deep
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)

---@class ironclad.Sites.ListMemberships.Each: ironclad.Sites.ListMemberships.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Sites.UpdateMembership.Body
---@field default? boolean Whether the site is the user's default
---@field role? "member"|"admin"|"owner" The role on the site
---@field permissions? table The permissions on the site: { create =, edit =, publish =, … }

---@class ironclad.Sites.ListContracts.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0
---@field per_page? integer Items on a page
---@field expand? string What is put instead of an id, up to two levels deep
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)
---@field sort? string The field that items are sorted by; with a minus sign, descending
---@field fields? string The fields that the answer has; of a version, its form fields
---@field includeArchived? boolean Whether archived contracts are in the list (default: false)

---@class ironclad.Sites.ListContracts.Each: ironclad.Sites.ListContracts.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Sites.CreateContract.Body
---@field title string The person's title
---@field public? boolean Whether it is public (default: false)
---@field shared? boolean Whether it is shared
---@field key? string The key, a name for programs
---@field description? string A description for people
---@field classification? string The classification of the contract
---@field clm_record_sync? table Whether acceptances become records: { enabled =, record_type = }
---@field countries? any[] The countries
---@field locales? any[] The locales
---@field tags? any[] Tags
---@field language_direction? "auto"|"rtl" The direction of the text
---@field used_in? ("embedded_contract"|"standardized_contract"|"personalized_contract"|"legal_center")[] Where it is used
---@field is_major_version? boolean Whether earlier acceptances become out of date
---@field editor_version? "classic"|"override_classic"|"2_0" The version of the editor of the text
---@field scheduled_time? string When the version is published
---@field effective_time? string When the version comes into effect
---@field effective_until_time? string When the version ends
---@field body? string The text, as HTML
---@field change_summary? string What has changed, for signers
---@field notify_signers? boolean Whether signers are told of the version by e-mail
---@field fields? any[] The fields that the answer has; of a version, its form fields
---@field render_data? table Values for the placeholders of the texts, by name
---@field body_language? string The language of the text

---@class ironclad.Sites.ListGroups.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0
---@field per_page? integer Items on a page
---@field expand? string What is put instead of an id, up to two levels deep
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)
---@field sort? string The field that items are sorted by; with a minus sign, descending
---@field fields? string The fields that the answer has; of a version, its form fields

---@class ironclad.Sites.ListGroups.Each: ironclad.Sites.ListGroups.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Sites.CreateRequest.Body
---@field name? string The name
---@field contracts? any[] The contracts, in order
---@field signers? any[] The signers
---@field fields? any[] The fields that the answer has; of a version, its form fields
---@field render_data? table Values for the placeholders of the texts, by name
---@field redirect_url? string The URL that the signer is sent to

---@class ironclad.Of.Sites
local R_sites = {}

---Lists the activity of a signer on a site.
---@param site_id string|table
---@param signer_id string|table
---@param arguments? ironclad.Sites.ListSignerActivity.Query
---@param options? ironclad.CallOptions
---@return { data: ironclad.Activity[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_sites:list_signer_activity(site_id, signer_id, arguments, options) end

---Lists the activity of a signer on a site. Iterates over all pages.
---@param site_id string|table
---@param signer_id string|table
---@param arguments? ironclad.Sites.ListSignerActivity.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Activity
function R_sites:each_signer_activity(site_id, signer_id, arguments, options) end

---Lists the signers of a site.
---@param site_id string|table
---@param arguments? ironclad.Sites.ListSigners.Query
---@param options? ironclad.CallOptions
---@return { data: ironclad.Signer[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_sites:list_signers(site_id, arguments, options) end

---Lists the signers of a site. Iterates over all pages.
---@param site_id string|table
---@param arguments? ironclad.Sites.ListSigners.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Signer
function R_sites:each_signers(site_id, arguments, options) end

---Makes signers, or changes those that exist.
---@param site_id string|table
---@param body? ironclad.Sites.UpsertSigners.Body
---@param options? ironclad.CallOptions
---@return { data: ironclad.Signer[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_sites:upsert_signers(site_id, body, options) end

---Lists sites.
---@param arguments? ironclad.Sites.List.Query
---@param options? ironclad.CallOptions
---@return { data: ironclad.Site[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_sites:list(arguments, options) end

---Lists sites. Iterates over all pages.
---@param arguments? ironclad.Sites.List.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Site
function R_sites:each(arguments, options) end

---Reads a site.
---@param site_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Site? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_sites:get(site_id, arguments, options) end

---Deletes a site.
---@param site_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_sites:delete(site_id, arguments, options) end

---Lists the users of a site.
---@param site_id string|table
---@param arguments? ironclad.Sites.ListMemberships.Query
---@param options? ironclad.CallOptions
---@return { data: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_sites:list_memberships(site_id, arguments, options) end

---Lists the users of a site. Iterates over all pages.
---@param site_id string|table
---@param arguments? ironclad.Sites.ListMemberships.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function R_sites:each_memberships(site_id, arguments, options) end

---Changes what a user may do on a site.
---@param site_id string|table
---@param user_id string|table
---@param body? ironclad.Sites.UpdateMembership.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_sites:update_membership(site_id, user_id, body, options) end

---Lists the contracts of a site.
---@param site_id string|table
---@param arguments? ironclad.Sites.ListContracts.Query
---@param options? ironclad.CallOptions
---@return { data: ironclad.Contract[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_sites:list_contracts(site_id, arguments, options) end

---Lists the contracts of a site. Iterates over all pages.
---@param site_id string|table
---@param arguments? ironclad.Sites.ListContracts.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Contract
function R_sites:each_contracts(site_id, arguments, options) end

---Makes a contract.
---@param site_id string|table
---@param body ironclad.Sites.CreateContract.Body
---@param options? ironclad.CallOptions
---@return ironclad.Contract? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_sites:create_contract(site_id, body, options) end

---Lists the groups of a site.
---@param site_id string|table
---@param arguments? ironclad.Sites.ListGroups.Query
---@param options? ironclad.CallOptions
---@return { data: ironclad.ClickwrapGroup[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_sites:list_groups(site_id, arguments, options) end

---Lists the groups of a site. Iterates over all pages.
---@param site_id string|table
---@param arguments? ironclad.Sites.ListGroups.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.ClickwrapGroup
function R_sites:each_groups(site_id, arguments, options) end

---Lists the fields that an export may have.
---@param site_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_sites:get_export_fields(site_id, arguments, options) end

---Makes a signature request.
---@param site_id string|table
---@param body? ironclad.Sites.CreateRequest.Body
---@param options? ironclad.CallOptions
---@return ironclad.Request? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_sites:create_request(site_id, body, options) end

---@class ironclad.Accounts.ListMembers.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0
---@field per_page? integer Items on a page
---@field expand? string What is put instead of an id, up to two levels deep
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)
---@field sort? string The field that items are sorted by; with a minus sign, descending
---@field fields? string The fields that the answer has; of a version, its form fields
---@field no_count? boolean Whether the answer lacks the total, which is faster
---@field lean? boolean Whether items are left unexpanded, which is faster

---@class ironclad.Accounts.ListMembers.Each: ironclad.Accounts.ListMembers.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Accounts.Update.Body
---@field name? string The name
---@field key? string The key, a name for programs
---@field email_display_name? string The name that e-mails come from
---@field email_reply_address? string The address that answers to e-mails go to
---@field company_information? table The details of the company
---@field billing? table The details for billing
---@field subscription? table The subscription of the account
---@field usage? table The usage of the account
---@field password_security? table The rules for passwords

---@class ironclad.Of.Accounts
local R_accounts = {}

---Lists the users of the account.
---@param account_id string|table
---@param arguments? ironclad.Accounts.ListMembers.Query
---@param options? ironclad.CallOptions
---@return { data: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_accounts:list_members(account_id, arguments, options) end

---Lists the users of the account. Iterates over all pages.
---@param account_id string|table
---@param arguments? ironclad.Accounts.ListMembers.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function R_accounts:each_members(account_id, arguments, options) end

---Changes the account.
---@param account_id string|table
---@param body? ironclad.Accounts.Update.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_accounts:update(account_id, body, options) end

---@class ironclad.Groups.List.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0
---@field per_page? integer Items on a page
---@field expand? string What is put instead of an id, up to two levels deep
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)
---@field sort? string The field that items are sorted by; with a minus sign, descending
---@field fields? string The fields that the answer has; of a version, its form fields

---@class ironclad.Groups.List.Each: ironclad.Groups.List.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Groups.Get.Query: ironclad.CallOptions
---@field expand? string What is put instead of an id, up to two levels deep

---@class ironclad.Groups.Update.Body
---@field name? string The name
---@field key? string The key, a name for programs
---@field description? string A description for people
---@field tags? any[] Tags
---@field type? "browsewrap"|"clickwrap"|"form"|"policy" The type
---@field style? "floating"|"full"|"scroll"|"checkbox"|"combined"|"embedded" How the group is shown
---@field custom_styles? string CSS of your own
---@field rendered_by_user? boolean Whether the user renders it
---@field expect_agreed_click? boolean Whether a click that agrees is expected
---@field expect_disagreed? boolean Whether the event disagreed is expected
---@field container_selector? string The CSS selector of the element that holds the terms
---@field signer_id_selector? string The CSS selector of the field with the id of the signer
---@field form_selector? string The CSS selector of the form
---@field block_submission? boolean Whether the form is blocked until the signer agrees (default: true)
---@field force_scroll? boolean Whether the signer must scroll to the end (default: false)
---@field auto_run? boolean Whether it runs without a call (default: true)
---@field display_all? boolean Whether all contracts are displayed (default: true)
---@field alert_message? string The text of the alert
---@field acceptance_language? string The text with which a signer agrees
---@field confirmation_email? boolean Whether the signer is sent a confirmation by e-mail (default: false)
---@field hide_record_summary? boolean Whether the summary of the record is hidden (default: false)
---@field opt_out_language? string The text to opt out
---@field target_jurisdictions? any[] The jurisdictions that it is for
---@field target_selector? string The CSS selector of the target
---@field position? "auto"|"left"|"right"|"center" The position on the page
---@field open_legal_center? boolean Whether the legal center opens (default: true)
---@field always_visible? boolean Whether it is always visible (default: false)
---@field badge_text? string The text of the badge
---@field instructions? string The instructions for signers
---@field protected_url? boolean Whether the URL is protected
---@field redirect_url? string The URL that the signer is sent to
---@field contracts? any[] The contracts, in order
---@field validate_unique_classifications? any[] The classifications that are checked to be unique
---@field dynamic? boolean Whether the texts have placeholders that `render_data` fills (default: false)
---@field render_data? table Values for the placeholders of the texts, by name
---@field notification_email? string The e-mail address for notifications
---@field snapshots_enabled? boolean Whether snapshots are taken
---@field snapshot_config? string The configuration of snapshots
---@field snapshot? table The settings of snapshots
---@field snapshot_locations? any[] The locations of which snapshots are taken
---@field download_contracts? boolean Whether contracts can be downloaded (default: false)

---@class ironclad.Of.Groups
local R_groups = {}

---Lists groups.
---@param arguments? ironclad.Groups.List.Query
---@param options? ironclad.CallOptions
---@return { data: ironclad.ClickwrapGroup[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_groups:list(arguments, options) end

---Lists groups. Iterates over all pages.
---@param arguments? ironclad.Groups.List.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.ClickwrapGroup
function R_groups:each(arguments, options) end

---Reads a group.
---@param group_id string|table
---@param arguments? ironclad.Groups.Get.Query
---@param options? ironclad.CallOptions
---@return ironclad.ClickwrapGroup? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_groups:get(group_id, arguments, options) end

---Changes a group.
---@param group_id string|table
---@param body? ironclad.Groups.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.ClickwrapGroup? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_groups:update(group_id, body, options) end

---Deletes a group.
---@param group_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_groups:delete(group_id, arguments, options) end

---Publishes a group.
---@param group_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.ClickwrapGroup? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_groups:publish(group_id, arguments, options) end

---@class ironclad.Contracts.List.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0
---@field per_page? integer Items on a page
---@field expand? string What is put instead of an id, up to two levels deep
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)
---@field sort? string The field that items are sorted by; with a minus sign, descending
---@field fields? string The fields that the answer has; of a version, its form fields
---@field includeArchived? boolean Whether archived contracts are in the list (default: false)

---@class ironclad.Contracts.List.Each: ironclad.Contracts.List.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Contracts.Get.Query: ironclad.CallOptions
---@field fields? string The fields that the answer has; of a version, its form fields
---@field expand? string What is put instead of an id, up to two levels deep
---@field includeArchived? boolean Whether archived contracts are in the list (default: false)

---@class ironclad.Contracts.CreateVersion.Body
---@field title string The person's title
---@field is_major_version? boolean Whether earlier acceptances become out of date
---@field editor_version? "classic"|"override_classic"|"2_0" The version of the editor of the text
---@field scheduled_time? string When the version is published
---@field effective_time? string When the version comes into effect
---@field effective_until_time? string When the version ends
---@field body? string The text, as HTML
---@field change_summary? string What has changed, for signers
---@field notify_signers? boolean Whether signers are told of the version by e-mail
---@field fields? any[] The fields that the answer has; of a version, its form fields
---@field render_data? table Values for the placeholders of the texts, by name
---@field body_language? string The language of the text

---@class ironclad.Contracts.RenderPublishedVersion.Body
---@field render_data? table Values for the placeholders of the texts, by name

---@class ironclad.Contracts.UpdateVersion.Body
---@field title? string The person's title
---@field is_major_version? boolean Whether earlier acceptances become out of date
---@field editor_version? "classic"|"override_classic"|"2_0" The version of the editor of the text
---@field scheduled_time? string When the version is published
---@field effective_time? string When the version comes into effect
---@field effective_until_time? string When the version ends
---@field body? string The text, as HTML
---@field change_summary? string What has changed, for signers
---@field notify_signers? boolean Whether signers are told of the version by e-mail
---@field fields? any[] The fields that the answer has; of a version, its form fields
---@field render_data? table Values for the placeholders of the texts, by name
---@field body_language? string The language of the text

---@class ironclad.Of.Contracts
local R_contracts = {}

---Lists contracts.
---@param arguments? ironclad.Contracts.List.Query
---@param options? ironclad.CallOptions
---@return { data: ironclad.Contract[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_contracts:list(arguments, options) end

---Lists contracts. Iterates over all pages.
---@param arguments? ironclad.Contracts.List.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Contract
function R_contracts:each(arguments, options) end

---Reads a contract.
---@param contract_id string|table
---@param arguments? ironclad.Contracts.Get.Query
---@param options? ironclad.CallOptions
---@return ironclad.Contract? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_contracts:get(contract_id, arguments, options) end

---Publishes the latest deprecated version of a contract again.
---@param contract_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Contract? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_contracts:restore(contract_id, arguments, options) end

---Makes a draft version of a contract.
---@param contract_id string|table
---@param body ironclad.Contracts.CreateVersion.Body
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_contracts:create_version(contract_id, body, options) end

---Reads the latest version of a contract, which may be a draft.
---@param contract_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_contracts:get_latest_version(contract_id, arguments, options) end

---Reads the published version of a contract.
---@param contract_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_contracts:get_published_version(contract_id, arguments, options) end

---Renders the published version of a contract with render data.
---@param contract_id string|table
---@param body? ironclad.Contracts.RenderPublishedVersion.Body
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_contracts:render_published_version(contract_id, body, options) end

---Publishes the latest version of a contract.
---@param contract_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_contracts:publish_latest_version(contract_id, arguments, options) end

---Publishes a version of a contract.
---@param contract_id string|table
---@param version_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_contracts:publish_version(contract_id, version_id, arguments, options) end

---Changes a version of a contract, named by its number.
---@param contract_id string|table
---@param version_number string|table
---@param body? ironclad.Contracts.UpdateVersion.Body
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_contracts:update_version(contract_id, version_number, body, options) end

---@class ironclad.Versions.Update.Body
---@field title? string The person's title
---@field is_major_version? boolean Whether earlier acceptances become out of date
---@field editor_version? "classic"|"override_classic"|"2_0" The version of the editor of the text
---@field scheduled_time? string When the version is published
---@field effective_time? string When the version comes into effect
---@field effective_until_time? string When the version ends
---@field body? string The text, as HTML
---@field change_summary? string What has changed, for signers
---@field notify_signers? boolean Whether signers are told of the version by e-mail
---@field fields? any[] The fields that the answer has; of a version, its form fields
---@field render_data? table Values for the placeholders of the texts, by name
---@field body_language? string The language of the text

---@class ironclad.Versions.Upload.Body
---@field file ironclad.File The file with the text
---@field type? string The type

---@class ironclad.Of.Versions
local R_versions = {}

---Reads a version.
---@param version_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_versions:get(version_id, arguments, options) end

---Changes a version.
---@param version_id string|table
---@param body? ironclad.Versions.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.Version? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_versions:update(version_id, body, options) end

---Replaces the text of a version by a file.
---@param version_id string|table
---@param body ironclad.Versions.Upload.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_versions:upload(version_id, body, options) end

---Deletes a form field of a version.
---@param version_id string|table
---@param field_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_versions:delete_field(version_id, field_id, arguments, options) end

---@class ironclad.Signers.List.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0
---@field per_page? integer Items on a page
---@field expand? string What is put instead of an id, up to two levels deep
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)
---@field sort? string The field that items are sorted by; with a minus sign, descending
---@field fields? string The fields that the answer has; of a version, its form fields
---@field no_count? boolean Whether the answer lacks the total, which is faster
---@field lean? boolean Whether items are left unexpanded, which is faster

---@class ironclad.Signers.List.Each: ironclad.Signers.List.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Signers.Update.Body
---@field name? string The name
---@field email? string An e-mail address
---@field mobile_number? string The signer's mobile number
---@field company_name? string The name of the signer's company
---@field title? string The person's title
---@field additional_attributes? table More about the signer, by name
---@field notify? boolean Whether the signer gets e-mails about new versions (default: true)

---@class ironclad.Of.Signers
local R_signers = {}

---Lists signers.
---@param arguments? ironclad.Signers.List.Query
---@param options? ironclad.CallOptions
---@return { data: ironclad.Signer[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_signers:list(arguments, options) end

---Lists signers. Iterates over all pages.
---@param arguments? ironclad.Signers.List.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Signer
function R_signers:each(arguments, options) end

---Reads a signer.
---@param signer_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Signer? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_signers:get(signer_id, arguments, options) end

---Changes a signer.
---@param signer_id string|table
---@param body? ironclad.Signers.Update.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_signers:update(signer_id, body, options) end

---Deletes a signer.
---@param signer_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_signers:delete(signer_id, arguments, options) end

---Deletes the activity of a signer.
---@param signer_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_signers:delete_activity(signer_id, arguments, options) end

---@class ironclad.Activity.List.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0
---@field per_page? integer Items on a page
---@field expand? string What is put instead of an id, up to two levels deep
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)
---@field no_count? boolean Whether the answer lacks the total, which is faster
---@field lean? boolean Whether items are left unexpanded, which is faster

---@class ironclad.Activity.List.Each: ironclad.Activity.List.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Activity.Get.Query: ironclad.CallOptions
---@field expand? string What is put instead of an id, up to two levels deep

---@class ironclad.Activity.DownloadRecord.Query: ironclad.CallOptions
---@field filename? string The name that the file is given

---@class ironclad.Activity.DownloadSessionRecord.Query: ironclad.CallOptions
---@field signer_id string The id of the signer

---@class ironclad.Activity.ExportCsv.Query: ironclad.CallOptions
---@field filter? string|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)
---@field fields? string The fields that the answer has; of a version, its form fields
---@field no_count? boolean Whether the answer lacks the total, which is faster
---@field lean? boolean Whether items are left unexpanded, which is faster

---@class ironclad.Of.Activity
local R_activity = {}

---Lists activity: acceptances and other events of signers.
---@param arguments? ironclad.Activity.List.Query
---@param options? ironclad.CallOptions
---@return { data: ironclad.Activity[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_activity:list(arguments, options) end

---Lists activity: acceptances and other events of signers. Iterates over all pages.
---@param arguments? ironclad.Activity.List.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Activity
function R_activity:each(arguments, options) end

---Reads one activity.
---@param activity_id string|table
---@param arguments? ironclad.Activity.Get.Query
---@param options? ironclad.CallOptions
---@return ironclad.Activity? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_activity:get(activity_id, arguments, options) end

---Downloads the record of one activity as a PDF.
---@param activity_id string|table
---@param arguments? ironclad.Activity.DownloadRecord.Query
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_activity:download_record(activity_id, arguments, options) end

---Downloads the record of a session as a PDF.
---@param session_id string|table
---@param arguments? ironclad.Activity.DownloadSessionRecord.Query
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_activity:download_session_record(session_id, arguments, options) end

---Starts an export of activity to CSV.
---@param arguments? ironclad.Activity.ExportCsv.Query
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_activity:export_csv(arguments, options) end

---Reads the state of an export of activity to CSV.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_activity:get_csv_export(id, arguments, options) end

---starts a CSV export and waits for its links
---@param arguments? ironclad.Activity.ExportCsv.Query
---@param options? ironclad.StartOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_activity:export_csv_and_wait(arguments, options) end

---waits for the links of `export_csv`
---@param job string|table
---@param options? ironclad.WaitOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_activity:wait_csv_export(job, options) end

---@class ironclad.Evidence.Create.Body
---@field start_date string The first day
---@field end_date? string The last day; default: today
---@field sort? string The field that items are sorted by; with a minus sign, descending
---@field filter? table|ironclad.Filter A formula that the items fulfil (`ironclad.filter`; for SCIM `ironclad.scim_filter`)
---@field select? table The fields that are exported
---@field standard_all? boolean Whether all standard fields are exported
---@field connection_all? boolean Whether all fields of the connection are exported
---@field custom_all? boolean Whether all custom fields are exported
---@field export_types? any[] What is exported: clickwrap_activities, clickwrap_activities_as_pdfs

---@class ironclad.Evidence.List.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0
---@field per_page? integer Items on a page

---@class ironclad.Evidence.List.Each: ironclad.Evidence.List.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Of.Evidence
local R_evidence = {}

---Starts an export of evidence.
---@param body ironclad.Evidence.Create.Body
---@param options? ironclad.CallOptions
---@return ironclad.Evidence? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_evidence:create(body, options) end

---Lists exports of evidence.
---@param arguments? ironclad.Evidence.List.Query
---@param options? ironclad.CallOptions
---@return { data: ironclad.Evidence[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_evidence:list(arguments, options) end

---Lists exports of evidence. Iterates over all pages.
---@param arguments? ironclad.Evidence.List.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Evidence
function R_evidence:each(arguments, options) end

---Reads the state of an export of evidence.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Evidence? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_evidence:get(id, arguments, options) end

---Gives the links to the files of an export of evidence.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_evidence:get_urls(id, arguments, options) end

---starts an export and waits until it is finished
---@param body ironclad.Evidence.Create.Body
---@param options? ironclad.StartOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_evidence:create_and_wait(body, options) end

---waits until it is finished; the table of an export is then up to date
---@param job string|table
---@param options? ironclad.WaitOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_evidence:wait(job, options) end

---@class ironclad.Locations.List.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0
---@field per_page? integer Items on a page

---@class ironclad.Locations.List.Each: ironclad.Locations.List.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Locations.Create.Body
---@field capture_url? string The page of which snapshots are taken
---@field frequency? "daily"|"weekly"|"monthly"|"never" How often snapshots are taken
---@field location_type? "web"|"mobile_app" The type of the location
---@field platform? "desktop"|"ios"|"android" The platform of a location on the web
---@field application_id? string The id of the mobile app
---@field application_name? string The name of the mobile app
---@field mobile_os? "ios"|"android" The operating system of the mobile app
---@field description? string A description for people
---@field key? string The key, a name for programs
---@field name? string The name

---@class ironclad.Locations.Update.Body
---@field capture_url? string The page of which snapshots are taken
---@field frequency? "daily"|"weekly"|"monthly"|"never" How often snapshots are taken
---@field location_type? "web"|"mobile_app" The type of the location
---@field platform? "desktop"|"ios"|"android" The platform of a location on the web
---@field application_id? string The id of the mobile app
---@field application_name? string The name of the mobile app
---@field mobile_os? "ios"|"android" The operating system of the mobile app
---@field description? string A description for people
---@field key? string The key, a name for programs
---@field name? string The name

---@class ironclad.Locations.ListSnapshots.Query: ironclad.CallOptions
---@field page? integer The number of the page, from 0
---@field per_page? integer Items on a page

---@class ironclad.Locations.ListSnapshots.Each: ironclad.Locations.ListSnapshots.Query
---@field limit? integer How many items at most (default: all)

---@class ironclad.Locations.ArchiveSnapshot.Body
---@field archived_reason? string Why it is archived

---@class ironclad.Of.Locations
local R_locations = {}

---Lists snapshot locations.
---@param arguments? ironclad.Locations.List.Query
---@param options? ironclad.CallOptions
---@return { data: ironclad.Location[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_locations:list(arguments, options) end

---Lists snapshot locations. Iterates over all pages.
---@param arguments? ironclad.Locations.List.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): ironclad.Location
function R_locations:each(arguments, options) end

---Makes a snapshot location.
---@param body? ironclad.Locations.Create.Body
---@param options? ironclad.CallOptions
---@return ironclad.Location? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_locations:create(body, options) end

---Reads a snapshot location.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Location? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_locations:get(id, arguments, options) end

---Changes a snapshot location.
---@param id string|table
---@param body? ironclad.Locations.Update.Body
---@param options? ironclad.CallOptions
---@return ironclad.Location? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_locations:update(id, body, options) end

---Deletes a snapshot location. Unconfirmed: its path is a guess.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_locations:delete(id, arguments, options) end

---Publishes a snapshot location. Unconfirmed: its path is a guess.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Location? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_locations:publish(id, arguments, options) end

---Copies a snapshot location. Unconfirmed: its path is a guess.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Location? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_locations:clone(id, arguments, options) end

---Archives a snapshot location. Unconfirmed: its path is a guess.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Location? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_locations:archive(id, arguments, options) end

---Lists the snapshots of a location.
---@param id string|table
---@param arguments? ironclad.Locations.ListSnapshots.Query
---@param options? ironclad.CallOptions
---@return { data: table[], count?: integer, page?: integer, pageSize?: integer }? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_locations:list_snapshots(id, arguments, options) end

---Lists the snapshots of a location. Iterates over all pages.
---@param id string|table
---@param arguments? ironclad.Locations.ListSnapshots.Each
---@param options? ironclad.CallOptions
---@return ironclad.Iterator|fun(): table
function R_locations:each_snapshots(id, arguments, options) end

---Takes a snapshot of a location now.
---@param id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_locations:capture_snapshot(id, arguments, options) end

---Reads a snapshot.
---@param id string|table
---@param snapshotId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_locations:get_snapshot(id, snapshotId, arguments, options) end

---Archives a snapshot.
---@param id string|table
---@param snapshotId string|table
---@param body? ironclad.Locations.ArchiveSnapshot.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_locations:archive_snapshot(id, snapshotId, body, options) end

---Downloads the record of a snapshot as a PDF.
---@param id string|table
---@param snapshotId string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_locations:download_snapshot_record(id, snapshotId, arguments, options) end

---Downloads the record of the snapshot of a time.
---@param id string|table
---@param timestamp string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return string? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_locations:download_record_at(id, timestamp, arguments, options) end

---@class ironclad.Of.Requests
local R_requests = {}

---Reads a signature request.
---@param request_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Request? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_requests:get(request_id, arguments, options) end

---Sends a signature request to its signer.
---@param request_id string|table
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return ironclad.Request? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_requests:send(request_id, arguments, options) end

---@class ironclad.Service.CreateToken.Body
---@field client_id string The app's client id
---@field client_secret string The app's client secret

---@class ironclad.Of.Service
local R_service = {}

---Says whether the REST API is up.
---@param arguments? ironclad.CallOptions
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_service:status(arguments, options) end

---Makes an access token, or replaces the one that exists.
---@param body ironclad.Service.CreateToken.Body
---@param options? ironclad.CallOptions
---@return any? value
---@return ironclad.Error? err
---@return ironclad.Response? response
function R_service:create_token(body, options) end

---@class ironclad.ClickwrapClient
---@field acceptance ironclad.Of.Acceptance
---@field sites ironclad.Of.Sites
---@field accounts ironclad.Of.Accounts
---@field groups ironclad.Of.Groups
---@field contracts ironclad.Of.Contracts
---@field versions ironclad.Of.Versions
---@field signers ironclad.Of.Signers
---@field activity ironclad.Of.Activity
---@field evidence ironclad.Of.Evidence
---@field locations ironclad.Of.Locations
---@field requests ironclad.Of.Requests
---@field service ironclad.Of.Service

---@class ironclad.Progress
local bar = {}

---@class ironclad.Changes
local changes = {}

---@class ironclad.ClickwrapWebhook
local clickwrap_webhook = {}

---@class ironclad.Client
local client = {}

---@class ironclad.ClickwrapClient
local cw = {}

---@class ironclad.Event
local event = {}

---@class ironclad.Inbox
local inbox = {}

---@class ironclad.Iterator
local iterator = {}

---@class ironclad.Mailbox
local mailbox = {}

---@class ironclad.Receiver
local receiver = {}

---@class ironclad.Task
local task = {}

---@class ironclad.Verifier
local verifier = {}

---@class ironclad.CsvWriter
local writer = {}

ironclad.json = {}

ironclad.csv = {}

ironclad.store = {}

ironclad.clickwrap = {}

ironclad.webhook = {}

---A client, from a table of options or the name of a connection. It opens nothing: the first call fetches a token. A wrong or unknown option raises an error.
---@param options ironclad.ConnectOptions|string
---@return ironclad.Client
function ironclad.connect(options) end

---A client of the connection that the environment describes: `IRONCLAD_INSTANCE`, `IRONCLAD_CLIENT_ID`, `IRONCLAD_CLIENT_SECRET`, `IRONCLAD_SCOPES`, `IRONCLAD_AS_USER`, `IRONCLAD_TOKEN`, `IRONCLAD_REFRESH_TOKEN`, `IRONCLAD_CA_FILE`, `IRONCLAD_CLIENT_CERT`, `IRONCLAD_CLIENT_KEY`, `IRONCLAD_CLIENT_KEY_PASSWORD`. The options override them.
---@param options? ironclad.ConnectOptions
---@return ironclad.Client
function ironclad.from_env(options) end

---A client for the person who logs in with a browser. Also takes `redirect_uri` (`http://localhost:8765/callback`), `browser` (true, false or a function that gets the address) and `timeout` (180 seconds for the person).
---@param options ironclad.LoginOptions|string
---@return ironclad.Client?
---@return ironclad.Error?
function ironclad.login(options) end

---The scopes that calls need, as `workflows:launch`, `records:each`, `workflow:set`, `client:describe` or `event:resource`; an empty list when they need none. `client:call` and `client:request` raise an error: name the operations that they are given.
---@param operations string[]
---@return string[]
function ironclad.scopes_for(operations) end

---A token store in a file that only this user can read.
---@param path string
---@return ironclad.Store
function ironclad.store.file(path) end

---A token store in a shared dictionary of nginx, for all workers.
---@param name string
---@return ironclad.Store
function ironclad.store.shared_dict(name) end

---The versions of this build: `version`, `libcurl`, `tls`, `cjson`, `http2`.
---@return ironclad.Info
function ironclad.info() end

---What this process has done, by all clients together, and does now: [counts](limits.md).
---@return ironclad.Stats
function ironclad.stats() end

---The catalog: a list of all operations with their parameters, scopes and rate buckets.
---@return ironclad.Operation[]
function ironclad.operations() end

---Prints what an operation, a function, an option or an error kind is: `ironclad.help "records:list"`.
---@param name? string
---@param write? fun(line: string)
function ironclad.help(name, write) end

---The value; raises the error's text.
---@generic T
---@param value? T
---@param err? ironclad.Error
---@return T
function ironclad.must(value, err) end

---A file to send: a path, or `{ path =, data =, filename =, content_type = }` with either `path` or `data`.
---@param given string|ironclad.FileOptions
---@return ironclad.File
function ironclad.file(given) end

---Marks a table as a list and returns it: an empty one is then sent as `[]`.
---@generic T
---@param list? T[]
---@return T[]
function ironclad.array(list) end

---The SHA-256 as hexadecimal text.
---@param subject string|ironclad.File
---@return string?
---@return ironclad.Error?
function ironclad.sha256(subject) end

---The JSON text of a value. `pretty` breaks lines, `sort` sorts the keys (as `pretty` does).
---@param value any
---@param style? ironclad.JsonStyle
---@return string
function ironclad.json.encode(value, style) end

---The value of a JSON text. null is `ironclad.null`; lists are marked as by `ironclad.array`.
---@param text string
---@return any
---@return ironclad.Error?
function ironclad.json.decode(text) end

---The rows of a CSV file as tables by the names in its first line, and the number of the line. Finds the separator, skips a byte order mark. Raises an error with the line for text that is not CSV.
---@param path string|file*
---@param options? ironclad.CsvRowsOptions
---@return (fun(): table<string, string>, integer)
---@return string[]
function ironclad.csv.rows(path, options) end

---Writes CSV. Text that a spreadsheet would run as a formula gets an apostrophe before it, unless `formulas`.
---@param target string|file*|fun(text: string)
---@param options ironclad.CsvWriterOptions
---@return ironclad.CsvWriter?
---@return string?
function ironclad.csv.writer(target, options) end

---A value as a field of CSV.
---@param value any
---@param options? ironclad.CsvFieldOptions
---@return string
function ironclad.csv.field(value, options) end

---Writes a row: by the names of the columns, or a list.
---@param row table
---@return ironclad.CsvWriter?
---@return string?
function writer:write(row) end

---Ends the file.
---@return boolean?
---@return string?
function writer:close() end

---A bar on standard error, on a terminal only. It can be an `on_progress`: `bar(done, total, failed)`.
---@param label string
---@param options? ironclad.ProgressOptions
---@return ironclad.Progress
function ironclad.progress(label, options) end

---Removes the bar; prints a line in its place.
---@param text? string
function bar:finish(text) end

---Starts `fn(...)` as a task. While a call in it waits, other tasks run. Not in PUC Lua 5.1.
---@param fn function
---@param ... any
---@return ironclad.Task
function ironclad.spawn(fn, ...) end

---Waits for all tasks. With `fn`, starts it first; returns what it returns.
---@param fn? function
---@param ... any
---@return any
function ironclad.run(fn, ...) end

---For an event loop of the script's own.
---@return ironclad.Mailbox
function ironclad.mailbox() end

---Waits for the task; returns what it returned, or raises its error.
---@return any
function task:wait() end

---Cancels the call that the task waits for.
function task:cancel() end

---The descriptor to poll.
---@return integer
function mailbox:pollfd() end

---What to poll it for: `r`.
---@return string
function mailbox:events() end

---Seconds after which `dispatch` must be called in any case.
---@return number?
function mailbox:timeout() end

---Resumes the tasks that are ready; the number of those that have not ended.
---@return integer
function mailbox:dispatch() end

---Any operation, by Ironclad's name or the module's: `client:call("retrieve-a-workflow", { path = { id = … } })`.
---@param operation string
---@param arguments? ironclad.CallArguments
---@param options? ironclad.CallOptions
---@return any
---@return ironclad.Error?
---@return ironclad.Response?
function client:call(operation, arguments, options) end

---Any request to the connection's host. Also takes `body` and `files`.
---@param method string
---@param path string
---@param options? ironclad.RequestOptions
---@return any
---@return ironclad.Error?
---@return ironclad.Response?
function client:request(method, path, options) end

---A file by its link, from any host, without the token.
---@param url string|table
---@param options? ironclad.DownloadOptions
---@return string?
---@return ironclad.Error?
---@return ironclad.Response?
function client:download(url, options) end

---Calls `fn(item, index)` for each item, several at once. Results and errors by index, and the errors as a list of `{ index =, error = }`.
---@param source any[]|function
---@param fn function
---@param options? ironclad.MapOptions
---@return table
---@return table
---@return table
function client:map(source, fn, options) end

---The same client with other `as_user`, `timeout`, `deadline`, `max_retries`, `headers`; the connection is shared.
---@param options ironclad.WithOptions
---@return ironclad.Client
function client:with(options) end

---The templates, record types and properties of the company. It prints as text.
---@param options? ironclad.CallbackOptions
---@return ironclad.Description?
---@return ironclad.Error?
function client:describe(options) end

---Who the token is for: `user`, `company`, `scopes`, `expires_in` (seconds).
---@param options? ironclad.CallbackOptions
---@return ironclad.Check?
---@return ironclad.Error?
function client:check(options) end

---The address at which a person consents, and the state to keep.
---@param options ironclad.AuthorizeOptions
---@return string
---@return string
function client:authorize_url(options) end

---Exchanges what the browser came back with for the client's token.
---@param callback string
---@param options ironclad.ExchangeOptions
---@return boolean?
---@return ironclad.Error?
function client:exchange(callback, options) end

---Deletes the token, also from the store.
---@param options? ironclad.CallbackOptions
---@return boolean?
---@return ironclad.Error?
function client:logout(options) end

---Ends an iterator early, and cancels its request.
function iterator:close() end

---Verifies a request of a webhook, and returns its event.
---@param headers table
---@param raw_body string
---@param public_key string
---@return ironclad.Event?
---@return ironclad.Error?
function ironclad.webhook.unwrap(headers, raw_body, public_key) end

---Verifies a request without parsing its event.
---@param headers table
---@param raw_body string
---@param public_key string
---@return boolean?
---@return ironclad.Error?
function ironclad.webhook.verify(headers, raw_body, public_key) end

---Verifies a request of Ironclad to a signature provider of your own; unconfirmed: [events](events.md#requests-to-a-signature-provider). Returns the members of its header.
---@param headers table
---@param raw_body string
---@param public_key string
---@param options? ironclad.RequestVerification
---@return table?
---@return ironclad.Error?
function ironclad.webhook.verify_request(headers, raw_body, public_key, options) end

---A webhook of Clickwrap, whose events carry a token: an object with `unwrap` and `receiver`.
---@param options ironclad.ClickwrapWebhookOptions
---@return ironclad.ClickwrapWebhook
function ironclad.webhook.clickwrap(options) end

---As `ironclad.webhook.unwrap`, with the key that the verifier fetches and renews.
---@param headers table
---@param raw_body string
---@return ironclad.Event?
---@return ironclad.Error?
function verifier:unwrap(headers, raw_body) end

---As `ironclad.webhook.verify`, with that key.
---@param headers table
---@param raw_body string
---@return boolean?
---@return ironclad.Error?
function verifier:verify(headers, raw_body) end

---As `ironclad.webhook.verify_request`, with that key.
---@param headers table
---@param raw_body string
---@param options? ironclad.RequestVerification
---@return table?
---@return ironclad.Error?
function verifier:verify_request(headers, raw_body, options) end

---Takes one request; the status and the body of the answer.
---@param headers table
---@param body string
---@param about? ironclad.RequestAbout
---@return integer
---@return string
function receiver:handle(headers, body, about) end

---Handles the events of the inbox that are due: `limit` at most, `consumers` at once, for ever with `follow`.
---@param options? ironclad.WorkOptions
---@return integer
---@return number?
function receiver:work(options) end

---Ends `receiver:work{ follow = true }`.
function receiver:stop() end

---The inbox of the receiver.
---@return ironclad.Inbox
function receiver:inbox() end

---The events of an inbox, the oldest first.
---@return ironclad.InboxEvent[]?
---@return string?
function inbox:list() end

---Makes an event due now, also a dead one.
---@param id string
---@return boolean?
---@return string?
function inbox:retry(id) end

---Removes an event for good.
---@param id string
---@return boolean?
---@return string?
function inbox:remove(id) end

---Checks a request of Clickwrap's webhook, and returns its event.
---@param headers table
---@param raw_body string
---@param about? ironclad.RequestAbout
---@return ironclad.Event?
---@return ironclad.Error?
function clickwrap_webhook:unwrap(headers, raw_body, about) end

---Takes the requests of Clickwrap's webhook, as `webhooks:receiver` does.
---@param options ironclad.ReceiverOptions
---@return ironclad.Receiver
function clickwrap_webhook:receiver(options) end

---Takes the request that nginx is serving.
function receiver:nginx() end

---Serves the webhook from this machine, for development.
---@param options? ironclad.ServeOptions|integer
---@return any
function receiver:serve(options) end

---The workflow, record or obligation that the event is about.
---@param client? ironclad.Client
---@param options? ironclad.CallOptions
---@return table?
---@return ironclad.Error?
function event:resource(client, options) end

---Marks the last item as handled.
function changes:done() end

---Makes the loop run for ever: it sleeps after the last change, and looks again.
---@param options? ironclad.FollowOptions
---@return ironclad.Changes
function changes:follow(options) end

---Ends the loop.
function changes:close() end

---A client of the connection that the environment describes: `IRONCLAD_CLICKWRAP_ENVIRONMENT` and others.
---@param options? ironclad.ClickwrapOptions
---@return ironclad.ClickwrapClient
function ironclad.clickwrap.from_env(options) end

---The best test of a connection: its site.
---@param options? ironclad.CallbackOptions
---@return table?
---@return ironclad.Error?
function cw:check(options) end

---The connection's site.
---@param options? ironclad.CallbackOptions
---@return ironclad.Site?
---@return ironclad.Error?
function cw:site(options) end

---The terms of a group that must be shown now: `contracts`, `versions`, `render_id`, and with the option `signer` whether they are `required`.
---@param group string
---@param options? ironclad.TermsOptions
---@return ironclad.Terms?
---@return ironclad.Error?
function cw:terms(group, options) end

---Records that a person accepts terms, and returns the evidence that was read back: [acceptance](acceptance.md).
---@param arguments ironclad.AcceptArguments
---@return ironclad.AcceptanceEvidence?
---@return ironclad.Error?
function cw:accept(arguments) end

---Whether a person has accepted the latest terms: `accepted`, `missing`, `versions`. The option `cache` says for how many seconds the answer is kept.
---@param signer string|integer
---@param group string|integer
---@param options? ironclad.AcceptedOptions
---@return ironclad.AcceptedState?
---@return ironclad.Error?
function cw:accepted(signer, group, options) end

---Drops what `cw:accepted` has kept.
---@param what? ironclad.ForgetArguments
---@return boolean?
---@return ironclad.Error?
function cw:forget(what) end

---Keeps what `cw:accepted` finds in a shared dictionary of nginx's.
---@param store table
---@return ironclad.ClickwrapClient
function cw:cache_in(store) end

---What Clickwrap has stored of a person.
---@param signer string|integer
---@param options? ironclad.HistoryOptions
---@return ironclad.Activity[]?
---@return ironclad.Error?
function cw:history(signer, options) end

---Records that a person declines terms.
---@param arguments ironclad.ActionArguments
---@return boolean?
---@return ironclad.Error?
function cw:decline(arguments) end

---Records that a person has seen terms.
---@param arguments ironclad.ActionArguments
---@return boolean?
---@return ironclad.Error?
function cw:displayed(arguments) end

---Records that a person has opened a page with terms.
---@param arguments ironclad.ActionArguments
---@return boolean?
---@return ironclad.Error?
function cw:visited(arguments) end

---Records that a person was sent terms.
---@param arguments ironclad.ActionArguments
---@return boolean?
---@return ironclad.Error?
function cw:sent(arguments) end

---Changes what Clickwrap knows of a person, such as `name` and `email`.
---@param signer string|integer
---@param changes table
---@param options? ironclad.UpdateSignerOptions
---@return boolean?
---@return ironclad.Error?
function cw:update_signer(signer, changes, options) end

---Any operation, by Ironclad's name or the module's.
---@param operation string
---@param arguments? ironclad.CallArguments
---@param options? ironclad.CallOptions
---@return any
---@return ironclad.Error?
---@return ironclad.Response?
function cw:call(operation, arguments, options) end

---Any request to the connection's host. Also takes `body` and `files`.
---@param method string
---@param path string
---@param options? ironclad.RequestOptions
---@return any
---@return ironclad.Error?
---@return ironclad.Response?
function cw:request(method, path, options) end

---A file by its link, from any host, without the token.
---@param url string|table
---@param options? ironclad.DownloadOptions
---@return string?
---@return ironclad.Error?
---@return ironclad.Response?
function cw:download(url, options) end

---Calls `fn(item, index)` for each item, several at once. Results and errors by index, and the errors as a list of `{ index =, error = }`.
---@param source any[]|function
---@param fn function
---@param options? ironclad.MapOptions
---@return table
---@return table
---@return table
function cw:map(source, fn, options) end

---The same client with other `as_user`, `timeout`, `deadline`, `max_retries`, `headers`; the connection is shared.
---@param options ironclad.WithOptions
---@return ironclad.ClickwrapClient
function cw:with(options) end

---from `{ lines = { … }, locality =, region =, postcode =, country = }`
---@param fields any
---@return ironclad.Address
function ironclad.address(fields) end

---a day, from year, month and day, a Lua time, a table of `os.date`, or ISO 8601 text; text with a time is a point in time; fields `year`, `month`, `day`
---@param ... any
---@return ironclad.Date
function ironclad.date(...) end

---from `{ years =, months =, weeks =, days = }`, or from text such as `"P1Y2M"`
---@param fields any
---@return ironclad.Duration
function ironclad.duration(fields) end

---such as `ironclad.money("USD", 5000)`; fields `currency`, `amount`
---@param currency any
---@param amount any
---@return ironclad.Money
function ironclad.money(currency, amount) end

ironclad.clickwrap.filter = {}

---all of the filters; also from one list
---@param filter any
---@param ... any
---@return ironclad.Filter
function ironclad.clickwrap.filter.And(filter, ...) end

---equal
---@param field any
---@param value any
---@return ironclad.Filter
function ironclad.clickwrap.filter.eq(field, value) end

---greater or equal
---@param field any
---@param value any
---@return ironclad.Filter
function ironclad.clickwrap.filter.ge(field, value) end

---greater
---@param field any
---@param value any
---@return ironclad.Filter
function ironclad.clickwrap.filter.gt(field, value) end

---less or equal
---@param field any
---@param value any
---@return ironclad.Filter
function ironclad.clickwrap.filter.le(field, value) end

---less
---@param field any
---@param value any
---@return ironclad.Filter
function ironclad.clickwrap.filter.lt(field, value) end

---not equal
---@param field any
---@param value any
---@return ironclad.Filter
function ironclad.clickwrap.filter.ne(field, value) end

ironclad.filter = {}

---a formula; also from one list
---@param formula any
---@param ... any
---@return ironclad.Filter
function ironclad.filter.And(formula, ...) end

---a formula
---@param property any
---@param text any
---@return ironclad.Filter
function ironclad.filter.Contains(property, text) end

---a day; takes what `ironclad.date` takes
---@param ... any
---@return ironclad.Filter
function ironclad.filter.Date(...) end

---a formula; the value is a text, number, boolean or date
---@param property any
---@param value any
---@return ironclad.Filter
function ironclad.filter.Equals(property, value) end

---a formula; the value is a number or a date
---@param property any
---@param value any
---@return ironclad.Filter
function ironclad.filter.GreaterThan(property, value) end

---a formula; the value is a number or a date
---@param property any
---@param value any
---@return ironclad.Filter
function ironclad.filter.GreaterThanOrEqual(property, value) end

---a formula
---@param property any
---@return ironclad.Filter
function ironclad.filter.IsEmpty(property) end

---a formula
---@param property any
---@return ironclad.Filter
function ironclad.filter.IsNotEmpty(property) end

---a formula; the value is a number or a date
---@param property any
---@param value any
---@return ironclad.Filter
function ironclad.filter.LessThan(property, value) end

---a formula; the value is a number or a date
---@param property any
---@param value any
---@return ironclad.Filter
function ironclad.filter.LessThanOrEqual(property, value) end

---a formula; the value is a text, number, boolean or date
---@param property any
---@param value any
---@return ironclad.Filter
function ironclad.filter.NotEqual(property, value) end

---a formula; also from one list
---@param formula any
---@param ... any
---@return ironclad.Filter
function ironclad.filter.Or(formula, ...) end

---the day that is `count` of `"days"`, `"weeks"`, `"months"` or `"years"` after a date, or after today
---@overload fun(count: any, unit: any): ironclad.Filter
---@param date any
---@param count any
---@param unit any
---@return ironclad.Filter
function ironclad.filter.RelativeDate(date, count, unit) end

---the current day at Ironclad
---@return ironclad.Filter
function ironclad.filter.Today() end

ironclad.scim_filter = {}

---all of the filters; also from one list
---@param filter any
---@param ... any
---@return ironclad.Filter
function ironclad.scim_filter.And(filter, ...) end

---the filter is false
---@param filter any
---@return ironclad.Filter
function ironclad.scim_filter.Not(filter) end

---one of the filters; also from one list
---@param filter any
---@param ... any
---@return ironclad.Filter
function ironclad.scim_filter.Or(filter, ...) end

---the filter is true for one of the attribute's values
---@param attribute any
---@param filter any
---@return ironclad.Filter
function ironclad.scim_filter.any(attribute, filter) end

---contains
---@param attribute any
---@param text any
---@return ironclad.Filter
function ironclad.scim_filter.co(attribute, text) end

---equal
---@param attribute any
---@param value any
---@return ironclad.Filter
function ironclad.scim_filter.eq(attribute, value) end

---ends with
---@param attribute any
---@param text any
---@return ironclad.Filter
function ironclad.scim_filter.ew(attribute, text) end

---greater or equal
---@param attribute any
---@param value any
---@return ironclad.Filter
function ironclad.scim_filter.ge(attribute, value) end

---greater
---@param attribute any
---@param value any
---@return ironclad.Filter
function ironclad.scim_filter.gt(attribute, value) end

---less or equal
---@param attribute any
---@param value any
---@return ironclad.Filter
function ironclad.scim_filter.le(attribute, value) end

---less
---@param attribute any
---@param value any
---@return ironclad.Filter
function ironclad.scim_filter.lt(attribute, value) end

---not equal
---@param attribute any
---@param value any
---@return ironclad.Filter
function ironclad.scim_filter.ne(attribute, value) end

---present
---@param attribute any
---@return ironclad.Filter
function ironclad.scim_filter.pr(attribute) end

---starts with
---@param attribute any
---@param text any
---@return ironclad.Filter
function ironclad.scim_filter.sw(attribute, text) end

return ironclad
