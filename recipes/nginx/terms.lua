-- A gate in front of a site (terms.conf). A signed-in user who has accepted the latest terms is let through. Otherwise
-- the terms are shown, with a box to tick and a button. The acceptance is recorded with the address, the browser and
-- the time. The page needs no script. When Clickwrap cannot be asked, no user is let through.
--
--   gate()      in access_by_lua of every location that it guards
--   answer()    the location /terms, where the page's form goes
--   webhook()   the location /terms/events, where Clickwrap reports new versions (Settings, Integrations)
--
-- Two shared dictionaries: `terms` has the users who have accepted, and loses the oldest when it is full. `terms_kept`
-- has the acceptances on their way and the key of the forms, and loses nothing.

local ironclad = require "ironclad"
local json = ironclad.json

local GROUP = os.getenv "IRONCLAD_TERMS_GROUP" or "terms"
local CACHE = 300      -- seconds for which a user who has accepted is let through without asking Clickwrap again
local FORM_AGE = 86400 -- seconds for which a page can be sent
-- Seconds in which Clickwrap must have answered. Then the user is asked to try again.
local DEADLINE = tonumber(os.getenv "IRONCLAD_TERMS_DEADLINE" or 15)
-- The statuses of Clickwrap that refuse what was sent, whenever it is sent again.
local REFUSED = { [400] = true, [404] = true, [409] = true, [410] = true, [422] = true }

local kept = ngx.shared.terms_kept
local clickwrap = ironclad.clickwrap.from_env():cache_in(ngx.shared.terms)

local terms = {}

--- Who is signed in: the signer's id, or nil. Here it is the user of nginx's auth_basic, which must be on.
function terms.user() return ngx.var.remote_user end

--- The values of the tokens in the contracts' texts, or nil. They become part of the texts' HTML. Whether Clickwrap
-- escapes them is not documented; the frame that shows a text runs no script in any case.
function terms.render_data(_user) return nil end

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local function escaped(text) return (tostring(text):gsub("[&<>\"']", entities)) end
terms.escaped = escaped

-- Only this page's own style and form; each text is in a separate frame.
local POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; form-action 'self'; "
  .. "frame-ancestors 'none'; base-uri 'none'"

local function send_page(status, body)
  ngx.status = status
  ngx.header["Content-Type"] = "text/html; charset=utf-8"
  ngx.header["Cache-Control"] = "no-store"
  ngx.header["Content-Security-Policy"] = POLICY
  ngx.header["Referrer-Policy"] = "same-origin"
  if status == 503 then ngx.header["Retry-After"] = "10" end
  ngx.print('<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Terms</title>\n',
    '<meta name="viewport" content="width=device-width">\n',
    "<style>body { font: 1rem/1.5 sans-serif; max-width: 45rem; margin: 2rem auto; padding: 0 1rem } ",
    "iframe { width: 100%; height: 18rem; border: 1px solid #888 } .message { color: #b00 }</style>\n", body,
    "</html>\n")
  return ngx.exit(status)
end

-- The key that signs the forms is made once, by the first worker that needs it. A reload keeps it.
local function form_key()
  if not kept:get "form key" then
    local file = assert(io.open("/dev/urandom", "rb"))
    kept:safe_add("form key", assert(file:read(32)))
    file:close()
  end
  return assert(kept:get "form key", "lua_shared_dict terms_kept is too small")
end

local function signature(text) return ngx.encode_base64(ngx.hmac_sha1(form_key(), text)) end

-- A form's token says who was shown which versions, and has the key of the acceptance. It cannot be forged.
local function make_token(user, shown)
  local text = ngx.encode_base64(json.encode { user = user, group = GROUP, versions = shown.versions,
    render_id = shown.render_id, time = ngx.time(), key = ngx.var.request_id })
  return text .. "." .. signature(text)
end

local function read_token(user, token)
  local text, mac = tostring(token):match "^([%w+/=]+)%.([%w+/=]+)$"
  -- Both are signed again, so that the time of the comparison reveals nothing about the signature.
  if not text or signature(mac) ~= signature(signature(text)) then return nil end
  local claims = json.decode(ngx.decode_base64(text))
  if claims.user ~= user or claims.group ~= GROUP or ngx.time() - claims.time > FORM_AGE then return nil end
  return claims
end

-- The path of this site to continue to. Browsers read "//host" and "/\host" as another site.
local function own_path(path)
  if type(path) == "string" and path:find "^/[^/\\]" and not path:find "[%c\\]" then return path end
  return "/"
end

local function form(token, path, inside)
  return ('<form method="post" action="/terms">\n<input type="hidden" name="token" value="%s">\n'
    .. '<input type="hidden" name="next" value="%s">\n%s\n</form>\n'):format(escaped(token), escaped(path), inside)
end

-- A contract's text may hold anything that its authors wrote, and values of the user's: the frame runs no scripts and
-- has no part in this site. Nil for a contract without a text: nobody may accept what could not be read.
local function contract_part(contract)
  if not contract.html or contract.html == "" then return nil end
  local title = escaped(contract.title or contract.key or contract.id)
  local change = contract.change_summary
  local summary = type(change) == "string" and change ~= "" and "<p>What has changed: " .. escaped(change) .. "</p>\n"
    or ""
  return ('<h2>%s</h2>\n%s<iframe sandbox title="%s" srcdoc="%s"></iframe>\n'):format(title, summary, title,
    escaped(contract.html))
end

local function titles(contracts)
  local list = {}
  for i, contract in ipairs(contracts) do list[i] = contract.title or contract.key or contract.id end
  return table.concat(list, ", ")
end

local function away(err)
  ngx.log(ngx.ERR, tostring(err))
  return send_page(503, "<h1>Please try again</h1>\n<p>We cannot find out right now whether you have accepted our "
    .. "terms.</p>\n")
end

-- Shows the terms with a new form.
local function show(user, path, status, message)
  local shown, err = clickwrap:terms(GROUP, { render_data = terms.render_data(user), deadline = DEADLINE })
  if not shown then return away(err) end
  local parts = { "<h1>Our terms</h1>\n" }
  if message then parts[#parts + 1] = ('<p class="message" role="alert">%s</p>\n'):format(escaped(message)) end
  for _, contract in ipairs(shown.contracts) do
    local part = contract_part(contract)
    if not part then return away(("contract %s has no text that can be shown"):format(contract.id)) end
    parts[#parts + 1] = part
  end
  local sentence = shown.acceptance_language or "I agree to {{contracts}}."
  sentence = escaped(sentence:gsub("{{%s*contracts%s*}}", function() return titles(shown.contracts) end))
  parts[#parts + 1] = form(make_token(user, shown), path, ('<p><label><input type="checkbox" name="agree" value="yes" '
    .. 'required> %s</label></p>\n<button>Accept</button>'):format(sentence))
  return send_page(status, table.concat(parts))
end

--- Lets a user through, or shows the terms.
function terms.gate()
  local user = terms.user()
  if not user then return ngx.exit(401) end
  local state, err = clickwrap:accepted(user, GROUP, { cache = CACHE, deadline = DEADLINE })
  if not state then return away(err) end
  if state.accepted then return end
  local is_page = ngx.req.get_method() == "GET"
  return show(user, is_page and own_path(ngx.var.request_uri) or "/", 403)
end

-- What is recorded of the user's browser.
local function connection()
  local headers = ngx.req.get_headers()
  -- A header that came twice is a table; one that is not UTF-8 cannot be recorded.
  local function text(value) return type(value) == "string" and pcall(json.encode, value) and value or nil end
  return { remote_address = ngx.var.remote_addr, user_agent = text(headers.user_agent),
    page_url = text(("%s://%s%s"):format(ngx.var.scheme, ngx.var.http_host or ngx.var.host, ngx.var.request_uri)),
    page_domain = text(ngx.var.host), browser_locale = text(headers.accept_language) }
end

-- The same form again, and so the same key: the acceptance is read back before it is sent again.
local function offer_again(err, token, path)
  ngx.log(ngx.ERR, tostring(err))
  local said = err.outcome == "unknown" and "We do not know yet whether your acceptance has been stored."
    or "Your acceptance has not been stored."
  return send_page(503, "<h1>Please try again</h1>\n<p>" .. said .. "</p>\n"
    .. form(token, path, '<input type="hidden" name="agree" value="yes">\n<button>Try again</button>'))
end

--- Records an acceptance, and continues to the page that the user wanted.
function terms.answer()
  local user = terms.user()
  if not user then return ngx.exit(401) end
  if ngx.req.get_method() ~= "POST" then return ngx.redirect("/", 303) end
  -- A browser that goes away, such as after a second click, does not stop this: what was accepted is recorded.
  ngx.on_abort(function() end)
  ngx.req.read_body()
  local given = ngx.req.get_post_args(10) or {} -- nil when the form is not in memory
  local path, claims = own_path(given.next), read_token(user, given.token)
  if not claims then return show(user, path, 400, "This page is out of date. Please accept again.") end
  if given.agree ~= "yes" then return show(user, path, 400, "Please tick the box to accept.") end
  local evidence, err = clickwrap:accept {
    signer = user, group = GROUP, versions = claims.versions, render_id = claims.render_id, key = claims.key,
    journal = kept, deadline = DEADLINE, time = ngx.time(), execution_method = "click_to_accept",
    connection = connection(),
  }
  if evidence then
    ngx.log(ngx.NOTICE, "accepted by ", user, ", key ", evidence.key)
    return ngx.redirect(path, 303)
  end
  -- Clickwrap refuses it, for example because a version has been withdrawn since it was shown. The same form would be
  -- refused again.
  if err.outcome == "not_done" and REFUSED[err.status] then
    ngx.log(ngx.ERR, tostring(err))
    return show(user, path, 409, "Our terms may have changed meanwhile. Please accept again.")
  end
  return offer_again(err, given.token, path)
end

-- New terms are asked for as soon as Clickwrap reports them. Without this, a user who is let through is asked after
-- CACHE seconds.
local token = os.getenv "IRONCLAD_TERMS_WEBHOOK_TOKEN"
local receiver = token and ironclad.webhook.clickwrap({ token = token, clickwrap = clickwrap }):receiver {
  on = { ["*"] = function(event) ngx.log(ngx.NOTICE, tostring(event)) end },
}

--- Takes the events of Clickwrap's webhook.
function terms.webhook()
  if not receiver then return ngx.exit(404) end
  return receiver:nginx()
end

return terms
