-- The pages of the site (nginx.conf). While a request waits for Ironclad, its worker serves other requests.

local ironclad = require "ironclad"

local TEMPLATE = "NDA" -- part of the name of the workflow design that the form launches
local DOCUMENT = os.getenv "IRONCLAD_SITE" .. "/../nda.docx"
local STEPS = { "Review", "Sign", "Archive", "Complete" }

-- All workers share one token. Ironclad's rate limits are for the whole company, so each worker uses its share.
local client = ironclad.from_env {
  store = ironclad.store.shared_dict "ironclad",
  rate_share = 1 / ngx.worker.count(),
  scopes = ironclad.scopes_for { "workflow_schemas:list", "workflows:launch", "workflows:list" },
}

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
  async function update() {
    try {
      place.innerHTML = await (await fetch("/workflows")).text();
    } catch (problem) {
      place.textContent = "This page is out of date: " + problem.message;
    }
    setTimeout(update, 3000);
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
