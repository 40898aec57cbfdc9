---@meta ironclad.sandbox
-- The types of the module `ironclad.sandbox`. Made by `make reference`; do not edit it.

---@class ironclad.SandboxModule
local module = {}

---@class ironclad.Sandbox
---@field url string Its address
---@field instance string The same, for ironclad.connect
---@field port integer
---@field client_id string
---@field client_secret string
---@field other_client_id string Of an app that may use client credentials only
---@field other_client_secret string
---@field as_user string The e-mail address of a user who may do everything
---@field ca_file? string Its certificate; nil without TLS
---@field clickwrap_url string The address of its Clickwrap
local sandbox = {}

---@class ironclad.SandboxOptions
---@field port? integer The port; 0 (the default): any free one
---@field host? string The name or address to listen on (default: 127.0.0.1)
---@field tls? boolean https with a certificate made at the start (the default), or plain http
---@field clock? string ISO 8601: its time starts there, and only `advance` moves it (default: this machine's time)
---@field seed? integer The same seed gives the same ids, codes and secrets (default: they are random)
---@field fixtures? string A JSON file with the company to start with
---@field token_seconds? number The lifetime of an access token (default: 21600)
---@field code_seconds? number The lifetime of an authorization code (default: 600)
---@field job_seconds? number How long an export or another job takes, and the step Archive (default: 1)
---@field import_credits? integer Smart imports that the company has paid for (default: 1000)
---@field max_body? integer Bytes in the body of a request (default: 67108864)
---@field rate_limits? boolean|table As the control of that name
---@field latency? number As the control of that name
---@field max_page_size? integer As the control of that name
---@field client_id? string Of its first app
---@field client_secret? string Of its first app
---@field clickwrap_port? integer The port of its Clickwrap; 0 (the default): any free one
---@field redirect_uris? string[] Registered redirect URIs; http on this machine always is one
---@field scopes? string[] The scopes that the company has licensed (default: all)
---@field deliver_to? "local"|"any"|"none" Which webhooks are sent events (default: those on this machine)
---@field deliver_ca_file? string Certificates that verify https targets (default: the system's)
---@field log? string A file: a line is added for each request

---Starts a local Ironclad in this process, which answers at `url`.
---@param options? ironclad.SandboxOptions
---@return ironclad.Sandbox?
---@return string?
function module.start(options) end

---The company that it starts with, as JSON: a beginning for a file of your own.
---@return string
function module.fixtures() end

---A client of the sandbox.
---@param options? ironclad.ConnectOptions
---@return ironclad.Client
function sandbox:connect(options) end

---A client of its Clickwrap.
---@param options? ironclad.ClickwrapOptions
---@return ironclad.ClickwrapClient
function sandbox:clickwrap(options) end

---The options that `connect` uses.
---@param options? ironclad.ConnectOptions
---@return ironclad.ConnectOptions
function sandbox:options(options) end

---Describes it: its address, client id and secret, users and templates.
---@return string
function sandbox:info() end

---Waits until no delivery of a webhook is being sent or due, at most 30 seconds.
---@param timeout? number
---@return table?
---@return string?
function sandbox:settle_deliveries(timeout) end

---Ends it.
function sandbox:stop() end

---Ends the lifetime of all access tokens: they are answered with 401 "token has expired".
---@return any
function sandbox:expire_tokens() end

---Revokes all access tokens: they are answered with 401 "token has been revoked".
---@return any
function sandbox:revoke_tokens() end

---Revokes all refresh tokens: they are answered with 403 "refresh token is invalid".
---@return any
function sandbox:revoke_refresh_tokens() end

---Acts as a person who opens an authorize URL of this sandbox in a browser and decides: as that user (e-mail or id; default: the first one), and with `allow` (default: true). Answers `location`, where the browser is redirected to, with code and state or with error and state; or `refused` with the text of the page that refuses the request.
---@param given? { url: string, user?: string, allow?: boolean }|string
---@return any
function sandbox:consent(given) end

---Moves the sandbox's time forward, whether it runs or is stopped: tokens and codes expire, and jobs finish. Answers `now`.
---@param given? { seconds: number }|number
---@return any
function sandbox:advance(given) end

---Answers `now`, and `runs`. With a time (ISO 8601, not before now) it first sets the clock, which then stops.
---@param given? { time?: string }|string
---@return any
function sandbox:clock(given) end

---Answers `list`: the requests since the start or the last clear_requests, oldest first (the last 100,000, or fewer if they are long). Each has method, path (with the query), status, and, if known, operation (operationId) and as_user.
---@return any
function sandbox:requests() end

---Clears the list of requests.
---@return any
function sandbox:clear_requests() end

---Delays every answer by `seconds` of real time, without delaying other requests. Answers `seconds`.
---@param given? { seconds?: number }|number
---@return any
function sandbox:latency(given) end

---Limits the number of items in a page of a list, whatever the request asks for (0: no limit). Answers `size`.
---@param given? { size?: integer }|integer
---@return any
function sandbox:max_page_size(given) end

---Answers `list`: the deliveries of events to enabled webhooks, in the order in which they are sent (at least the last 5,000). Each has id (of the event), event, webhook (its id), url, headers, body (text), state, attempts, and, if known, status (of the last answer), error (why none came) and next (when it is sent again). The states are pending, held, sending, delivered, failed (after the last retry), dropped (its webhook was disabled or deleted) and not_sent (its target is not on this machine).
---@return any
function sandbox:deliveries() end

---Answers how many deliveries are in each state, `settled` (whether none is being sent or due), and, if any waits for its time, `next` and `next_in` (seconds).
---@return any
function sandbox:delivery_status() end

---Clears the list of deliveries; those that are still to be sent are not sent.
---@return any
function sandbox:clear_deliveries() end

---Holds all deliveries to come until release_deliveries.
---@return any
function sandbox:hold_deliveries() end

---Sends what is held, in its order or in reverse, and holds nothing any more. With `ids` (of events) it sends only these, in this order. Answers `released`, their number.
---@param given? { ids?: string[], reverse?: boolean }|string[]
---@return any
function sandbox:release_deliveries(given) end

---Sends each delivery `seconds` after its event, by the sandbox's clock. Answers `seconds`.
---@param given? { seconds?: number }|number
---@return any
function sandbox:delay_deliveries(given) end

---Sends each delivery `copies` times (default: once). Answers `copies`.
---@param given? { copies?: integer }|integer
---@return any
function sandbox:duplicate_deliveries(given) end

---How many deliveries one webhook may get at the same time (default: 1, so that they arrive in order). Answers `count`.
---@param given? { count?: integer }|integer
---@return any
function sandbox:deliveries_at_once(given) end

---Sends the delivery of that event again, unchanged, `times` times (default: once); with `at_once` without waiting for other deliveries.
---@param given? { id: string, times?: integer, at_once?: boolean }|string
---@return any
function sandbox:redeliver(given) end

---Sends an event of any name and payload to the webhooks that want it, or to one (id, or its table). Answers `deliveries`, their number. To one webhook it can differ from Ironclad's: `id` of the event; `body` instead of the envelope; `companyID`, `webhookID` in the envelope; `algorithm` (sha256) and `encoding` (base64) of the signature; `pretty`: the body has white space, which the signed text has not. `forge` says how it is forged: key (signed with another key), signature (one bit of it is changed), body, event_id, nonce (changed after signing), unsigned (no verification header). It then answers `id`.
---@param given? { event: string, payload?: table, webhook?: any, id?: string, body?: string, companyID?: string, webhookID?: string, algorithm?: string, encoding?: string, pretty?: boolean, forge?: string }|string
---@return any
function sandbox:send_event(given) end

---Replaces the key pair that signs deliveries. What has been delivered stays as it was.
---@return any
function sandbox:rotate_webhook_key() end

---Sends a request to a signature provider of one's own at `url`, once: initiate, status, cancel, remind or document, for the signature request `id`. Its header X-Ironclad-Request-Signature is a guess, because Ironclad's page on it is known in part only. `forge`: key (signed with another key), body, path (changed after signing), unsigned. Answers `id`, that of the delivery.
---@param given? { url: string, operation: string, id?: string, roleName?: string, forge?: string }|string
---@return any
function sandbox:call_provider(given) end

---Sets the rate limits: true for Ironclad's published ones, false for none, or an object from buckets (and "company", over all buckets) to requests a minute. Answers of a bucket with a limit have X-RateLimit headers; requests over the limit get 429 with Retry-After. Answers the present `limits`.
---@param given? { limits?: any }|any
---@return any
function sandbox:rate_limits(given) end

---Makes the next answers fail: `times` of them (default: 1), after the first `after` (default: 0), for an operation (operationId, or as in Lua, workflows:list), a method, or paths with that prefix. Without an operation or path, token requests do not fail. `how`: "status" (default: an Ironclad error with `status`, default 500, and `message`), "html" (an HTML page, default 502), "close" (no answer), "cut" (half an answer), "malformed" (truncated JSON), "empty" (no body), "delay" (1 second late, or `seconds`; `seconds` also delays the other kinds). `retry_after` adds that header. The operation is done for the last four kinds, and for the others with `done`.
---@param given? { how?: string, status?: integer, times?: integer, after?: integer, operation?: string, method?: string, path?: string, message?: string, retry_after?: integer, seconds?: number, done?: boolean }|string
---@return any
function sandbox:fail(given) end

---Answers `list`: the faults that are still to come.
---@return any
function sandbox:faults() end

---Removes all faults.
---@return any
function sandbox:clear_faults() end

---How Clickwrap behaves: seconds of the sandbox's time until what /send received is stored; whether there is a /send/sync; how many accepted requests are not stored; whether it answers at all; seconds for which a signature request can be signed after it was sent; its limits by bucket ("clickwrap:rest", …; 0: none). Answers its url, site_access_id, api_token and these settings, with `waiting` and `refused`.
---@param given? { store_seconds?: number, sync?: boolean, lose?: integer, away?: boolean, request_seconds?: number, limits?: table }|number
---@return any
function sandbox:clickwrap_settings(given) end

---Publishes a new version of a contract (its key or id), minor unless `major`; an existing draft first. Answers the version.
---@param given? { contract: any, major?: boolean, title?: string, body?: string, change_summary?: string }|any
---@return any
function sandbox:clickwrap_publish(given) end

---Changes a contract's draft, or begins one. Answers the version.
---@param given? { contract: any, major?: boolean, title?: string, body?: string, change_summary?: string }|any
---@return any
function sandbox:clickwrap_edit(given) end

---Publishes a group (its key or id). Answers it.
---@param given? { group: any }|any
---@return any
function sandbox:clickwrap_publish_group(given) end

---Adds a new contract with a published version to a group, and publishes the group. Answers the contract.
---@param given? { group: any, key: string, title: string, body?: string }|any
---@return any
function sandbox:clickwrap_add_contract(given) end

---Sets up an integration that gets events of Clickwrap, by POST or GET, with a token in Pactsafe-Webhook-Token. Answers its id.
---@param given? { url: string, token?: string, method?: string, events?: string[] }|string
---@return any
function sandbox:clickwrap_webhook(given) end

---Sends a test event to an integration (the id that clickwrap_webhook answered).
---@param given? { id: string }|string
---@return any
function sandbox:clickwrap_test_webhook(given) end

---A signer (signer_id) signs a signature request that was sent: accepts the published versions of its contracts. Answers the request.
---@param given? { request: string, signer: string }|string
---@return any
function sandbox:clickwrap_sign(given) end

---Acts as the reviewers of a workflow (id, or its table): the one with that role (id or name) approves, or all of them do, in order. The user (e-mail or id) must have the role; default: the first user who has it. Answers `step`, the workflow's step afterwards, and `roles` that have approved.
---@param given? { workflow: any, role?: string, user?: string }|any
---@return any
function sandbox:approve(given) end

---Acts as the signers of a workflow (id, or its table) whose packet has been sent: the one with that role (its name) signs, or with all = true all of them do, in order. With `status` they view or decline it instead. Answers `step`, the workflow's step afterwards, and `signers`, the names of their roles.
---@param given? { workflow: any, role?: string, all?: boolean, status?: string }|any
---@return any
function sandbox:sign(given) end

return module
