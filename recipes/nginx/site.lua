-- The pages of the site (nginx.conf). While a request waits for Ironclad, its worker serves other requests.

local ironclad = require "ironclad"

local TEMPLATE = "NDA" -- part of the name of the workflow design that the form launches
local DOCUMENT = os.getenv "IRONCLAD_SITE" .. "/../nda.docx"
local STEPS = { "Review", "Sign", "Archive", "Complete" }

-- Where Ironclad reaches the location /events. Without it the page asks for the workflows every 30 seconds.
local WEBHOOK_URL = os.getenv "IRONCLAD_WEBHOOK_URL"
if WEBHOOK_URL == "" then WEBHOOK_URL = nil end

local operations = { "workflow_schemas:list", "workflows:launch", "workflows:list" }
for _, name in ipairs(WEBHOOK_URL and { "webhooks:list", "webhooks:create", "webhooks:update" } or {}) do
  table.insert(operations, name)
end

-- All workers share one token. Ironclad's rate limits are for the whole company, so each worker uses its share.
local client = ironclad.from_env {
  store = ironclad.store.shared_dict "ironclad",
  rate_share = 1 / ngx.worker.count(),
  scopes = ironclad.scopes_for(operations),
}

-- Ironclad's events only say that something has changed: the pages then ask for the workflows again.
local events = ngx.shared.events
local receiver = client.webhooks:receiver {
  seen = "shared:events",
  on = { ["*"] = function() events:incr("revision", 1, 0) end },
  on_error = function(event, err) ngx.log(ngx.ERR, tostring(event or "an event was refused"), ": ", tostring(err)) end,
}

-- One worker registers the webhook when nginx starts.
local function register(premature)
  if premature then return end
  local webhook, err, did = client.webhooks:ensure { targetURL = WEBHOOK_URL, events = { "*" } }
  ngx.log(ngx.NOTICE, "the webhook: ", webhook and did.action or tostring(err))
end
if WEBHOOK_URL and ngx.worker.id() == 0 then ngx.timer.at(0, register) end

local site = {}

local PAGE = [[
<!doctype html>
<title>NDAs</title>
<style>body { font: 1rem/1.5 sans-serif; max-width: 40rem; margin: 2rem auto }</style>
<h1>NDAs</h1>
<form method="post" action="/launch">
  <label>Counterparty <input name="counterparty" required maxlength="200"></label> <button>Launch an NDA</button>
</form>
<div id="workflows">Loading…</div>
<script>
  const place = document.getElementById("workflows");
  let shown, loaded = 0;
  async function update() {
    try {
      const revision = await (await fetch("/revision")).text();
      if (revision !== shown || Date.now() - loaded > 30000) {
        place.innerHTML = await (await fetch("/workflows")).text();
        shown = revision, loaded = Date.now();
      }
    } catch (problem) {
      place.textContent = "This page is out of date: " + problem.message;
    }
    setTimeout(update, 1000);
  }
  update();
</script>
]]

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function escaped(text) return (tostring(text):gsub('[&<>"]', entities)) end

-- The page says what went wrong; the details go to the log.
local function fail(err)
  ngx.log(ngx.ERR, tostring(err))
  ngx.status = err.kind == "rate_limited" and 503 or 502
  ngx.say("<p>Ironclad did not answer as it should: ", escaped(err.message or err), "</p>")
end

function site.page() ngx.print(PAGE) end

--- The active workflows by step, as a part of the page.
function site.workflows()
  local page, err = client.workflows:list { pageSize = 100 }
  if not page then return fail(err) end
  local by_step = {}
  for _, workflow in ipairs(page.list) do
    by_step[workflow.step] = by_step[workflow.step] or {}
    table.insert(by_step[workflow.step], workflow)
  end
  for _, step in ipairs(STEPS) do
    if by_step[step] then ngx.say("<h2>", step, "</h2><ul>") end
    for _, workflow in ipairs(by_step[step] or {}) do
      ngx.say("<li>", escaped(workflow.ironcladId), " ", escaped(workflow.title), "</li>")
    end
    if by_step[step] then ngx.say "</ul>" end
  end
end

--- Takes an event of Ironclad's webhook.
function site.event() receiver:nginx() end

--- A number that grows with each event.
function site.revision() ngx.print(events:get "revision" or 0) end

local template

-- The design to launch, and its attribute for the document; looked up once per worker.
local function find_template()
  if template then return template end
  local schemas, err = client.workflow_schemas:list()
  if not schemas then return nil, err end
  for _, schema in ipairs(schemas.list) do
    for name, attribute in pairs(schema.name:find(TEMPLATE, 1, true) and schema.schema or {}) do
      if attribute.type == "array" and attribute.elementType.type == "document" then
        template = { id = schema.id, document = name }
      end
    end
  end
  if not template then return nil, { message = "no design with " .. TEMPLATE .. " in its name takes a document" } end
  return template
end

-- A page of another site must not launch anything through the browser of someone who can reach this site. nginx.conf
-- has already refused requests for any other Host.
local function is_own(headers)
  return not headers.origin or headers.origin:match "^https?://(.*)$" == headers.host
end

--- Launches, and goes back to the page.
function site.launch()
  if ngx.req.get_method() ~= "POST" then return ngx.redirect("/", 303) end
  if not is_own(ngx.req.get_headers()) then return ngx.exit(403) end
  ngx.req.read_body()
  local counterparty = ngx.req.get_post_args().counterparty
  if type(counterparty) ~= "string" or not counterparty:find "%S" then
    ngx.status = 400
    return ngx.say "<p>Who is the counterparty?</p>"
  end
  local design, problem = find_template()
  if not design then return fail(problem) end
  local workflow, err = client.workflows:launch {
    template = design.id,
    attributes = { counterpartyName = counterparty, [design.document] = { ironclad.file(DOCUMENT) } },
  }
  if not workflow then return fail(err) end
  ngx.log(ngx.NOTICE, "launched ", workflow.ironcladId)
  return ngx.redirect("/", 303)
end

return site
