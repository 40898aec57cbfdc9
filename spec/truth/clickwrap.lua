-- Ironclad Clickwrap: the Activity API, and everything of the REST API.
local http = require "spec.support.http"

local NONE = "000000000000000000000000"
local SIGNER = "jane.doe+1@example.com"

local function form(fields)
  local parts = {}
  for name, value in pairs(fields) do
    parts[#parts + 1] = name .. "=" .. http.escaped(tostring(value))
  end
  return { raw = table.concat(parts, "&"), headers = { "Content-Type: application/x-www-form-urlencoded" } }
end

-- Clickwrap's ids are whole numbers, which some Luas would print as 1.0.
local function id_of(thing) return type(thing.id) == "number" and ("%d"):format(thing.id) or thing.id end

local function ask(t)
  local sid = t.clickwrap.site_access_id
  local published = t:ok("get-the-latest-published-versions-for-a-group-1", { query = { sid = sid, gkey = "terms" } })
  local contract = next(published)
  t:ok("get-the-latest-published-versions-for-a-group-1", { query = { sid = sid, cid = contract } })
  t:refused("get-the-latest-published-versions-for-a-group-1", 400, { query = { sid = sid } })
  t:refused("get-the-latest-published-versions-for-a-group-1", 400, { query = { gkey = "terms" } })
  t:refused("get-the-latest-published-versions-for-a-group-1", 404, { query = { sid = sid, gkey = "nope" } })
  local asked = { sid = sid, gkey = "terms", sig = SIGNER }
  t:ok("get-the-latest-versions-signed", { query = asked })
  t:refused("get-the-latest-versions-signed", 400, { query = { sid = sid, gkey = "terms" } })
  t:ok("latest-by-form", form(asked))
  t:refused("latest-by-form", 400, form { sid = sid, sig = SIGNER })
  t:ok("get-retrieve-contracts-by-signer-1", { query = { sid = sid, sig = SIGNER } })
  t:refused("get-retrieve-contracts-by-signer-1", 400, { query = { sid = sid } })
  t:ok("retrieve-by-form", form { sid = sid, sig = SIGNER, cid = contract })
  t:refused("retrieve-by-form", 400, form { sid = "wrong", sig = SIGNER })
end

local function load(t)
  local sid = t.clickwrap.site_access_id
  t:ok("retrieve-native-app-snapshot-parameters", { query = { sid = sid, gkey = "terms" } })
  t:ok("retrieve-native-app-snapshot-parameters", { query = { site_id = sid, group_key = "terms" } })
  t:refused("retrieve-native-app-snapshot-parameters", 404, { query = { sid = sid, gkey = "newsletter" } })
  t:ok("load-json-by-post", { body = { sid = sid, gkey = "terms", rnd = { CompanyName = "Acme" }, _srv = true } })
  t:refused("load-json-by-post", 400, { raw = "{" })
  t:ok("retrieve-group-html", { query = { sid = sid, gkey = "terms" } })
  t:refused("retrieve-group-html", 400, { query = { sid = sid } })
end

local function send(t)
  local sid = t.clickwrap.site_access_id
  local terms = t:ok("retrieve-native-app-snapshot-parameters", { query = { sid = sid, gkey = "terms" } })
  local function action(changes)
    local all = { sid = sid, sig = SIGNER, et = "agreed", vid = table.concat(terms.versions, ","), gkey = "terms",
      server_side = true, cus = { first_name = "Jane", plan = "pro" }, addr = "203.0.113.7" }
    for name, value in pairs(changes or {}) do all[name] = value or nil end
    return all
  end
  for _, id in ipairs { "send-contracts-signedaccepted-by-signer", "send-sync" } do
    t:ok(id, { body = action() })
    t:ok(id, { body = action { et = "disagreed" } })
    t:ok(id, { body = action { et = "displayed", sig = false } })
    t:ok(id, { body = action { et = "updated", vid = false } })
    t:refused(id, 400, { body = action { et = false } })
    t:refused(id, 422, { body = action { vid = NONE } })
  end
  t:ok("send-contracts-signedaccepted-by-signer", { body = action { server_side = false } })
  local query = { sid = sid, sig = "q", et = "agreed", vid = terms.versions[1] }
  t:ok("send-by-query", { query = query })
  query.server_side = "true"
  t:ok("send-by-query", { query = query })
  t:refused("send-by-query", 400, { query = { sid = sid, et = "agreed" } })
  t:refused("send-sync", 400, { raw = "[]" })
  t:pass_time(2)
  ask(t)
end

-- All of the query's parameters that lists have.
local lists = {
  { "get_sites" }, { "get_groups" }, { "get_contracts" }, { "list-all-signers-1" }, { "get_activity" },
  { "list-all-signers", true }, { "get_sites-site-id-groups", true }, { "get_sites-site-id-contract", true },
  { "list-all-site-memberships", true },
}

local function sites(t)
  local site = t:ok("get_sites").data[1]
  local here = { id_of(site) }
  for _, list in ipairs(lists) do
    local path = list[2] and here or nil
    for _, query in ipairs { {}, { page = 1, per_page = 1 }, { page = 9 }, { filter = "id!=nothing" },
      { sort = "-created_time" } } do
      t:ok(list[1], { path = path, query = query })
    end
    t:refused(list[1], 400, { path = path, query = { filter = "what is this" } })
    t:refused(list[1], 400, { path = path, query = { page = 0 } })
    t:refused(list[1], 401, { path = path, token = "wrong" })
    if path then t:refused(list[1], 404, { path = { "1" } }) end
  end
  t:ok("retrieve-a-site", { path = here })
  t:refused("retrieve-a-site", 404, { path = { "1" } })
  t:ok("export-fields", { path = here })
  t:refused("export-fields", 404, { path = { "1" } })
  t:ok("update-a-user", { path = { here[1], "2" }, body = { role = "admin", permissions = { publish = true } } })
  t:refused("update-a-user", 404, { path = { here[1], "99" }, body = { role = "admin" } })
  t:refused("update-a-user", 400, { path = { here[1], "2" }, body = { role = "king" } })
  t:ok("retrieve-user-memberships-for-an-account", { path = { "1" } })
  t:refused("retrieve-user-memberships-for-an-account", 400, { path = { "9" } })
  t:ok("update-your-account-details", { path = { "1" }, body = { name = "Larkspur" } })
  t:refused("update-your-account-details", 403, { path = { "9" }, body = { name = "Larkspur" } })
end

local function groups(t)
  local group = t:ok("get_groups", { query = { expand = "contracts" } }).data[1]
  local here = { id_of(group) }
  t:ok("get-group", { path = here })
  t:ok("get-group", { path = here, query = { expand = "contracts" } })
  t:refused("get-group", 404, { path = { "1" } })
  t:ok("patch_groups-group-id", { path = here, body = { name = "Our terms", contracts = group.contracts } })
  t:refused("patch_groups-group-id", 400, { path = here, body = { contracts = { 1 } } })
  t:ok("post_groups-group-id-publish", { path = here })
  t:refused("post_groups-group-id-publish", 404, { path = { "1" } })
  local other = t:ok("get_groups").data[2]
  t:ok("delete_groups-group-id", { path = { id_of(other) } })
  t:refused("delete_groups-group-id", 404, { path = { id_of(other) } })
end

local function contracts(t)
  local site = id_of(t:ok("get_sites").data[1])
  local function create(changes)
    local body = { title = "Cookies", body = "<p>Yes</p>", key = "cookies", is_major_version = true }
    for name, value in pairs(changes or {}) do body[name] = value or nil end
    return { path = { site }, body = body }
  end
  local contract = t:ok("post_sites-site-id-contract", create {
    fields = { { name = "age", type = "text", assignment_value = "signer" } },
  })
  local here = { id_of(contract) }
  t:ok("post_sites-site-id-contract", create { key = false })
  t:refused("post_sites-site-id-contract", 400, create())
  t:refused("post_sites-site-id-contract", 400, create { title = false })
  t:ok("get_contracts-contract-id", { path = here, query = { expand = "latest_version" } })
  t:refused("get_contracts-contract-id", 404, { path = { "1" } })
  t:refused("get_contracts-contract-id-versions-published", 404, { path = here })
  local version = t:ok("get_contracts-contract-id-versions-latest", { path = here })
  t:refused("get_contracts-contract-id-versions-latest", 404, { path = { "1" } })
  t:ok("delete_versions-version-id-fields-field-id", { path = { version.id, version.fields[1].id } })
  t:refused("delete_versions-version-id-fields-field-id", 404, { path = { version.id, NONE } })
  local file = { { name = "file", filename = "terms.html", data = "<p>From a file for {{Who}}</p>" } }
  t:ok("upload-version-file", { path = { version.id }, parts = file })
  t:refused("upload-version-file", 400, { path = { version.id }, parts = { { name = "type", data = "html" } } })
  t:ok("get_versions-version-id", { path = { version.id } })
  t:refused("get_versions-version-id", 404, { path = { NONE } })
  t:ok("patch_versions-version-id", { path = { version.id }, body = { title = "Cookies!" } })
  t:refused("post_contracts-contract-id-versions", 400, { path = here, body = { title = "Too early" } })
  t:ok("publish-latest-version", { path = here })
  t:refused("publish-latest-version", 400, { path = here })
  t:refused("patch_versions-version-id", 400, { path = { version.id }, body = { title = "Too late" } })
  t:ok("patch_contracts-contract-id-versions-version-number", { path = { here[1], "1" },
    body = { effective_time = "2026-02-01T00:00:00Z" } })
  t:refused("patch_contracts-contract-id-versions-version-number", 404, { path = { here[1], "7" }, body = {
    title = "x",
  } })
  t:ok("get_contracts-contract-id-versions-published", { path = here })
  t:ok("render-published-version", { path = here, body = { render_data = { Who = "you" } } })
  t:refused("render-published-version", 404, { path = { "1" }, body = {} })
  t:refused("post_contracts-contract-id-restore", 400, { path = here })
  local draft = t:ok("post_contracts-contract-id-versions", { path = here, body = { title = "More", body = "<p/>" } })
  t:ok("publish-version", { path = { here[1], draft.id } })
  t:refused("publish-version", 400, { path = { here[1], draft.id } })
  t:refused("publish-version", 404, { path = { here[1], NONE } })
  t:ok("post_contracts-contract-id-restore", { path = here })
end

local function signers(t)
  local site = { id_of(t:ok("get_sites").data[1]) }
  t:ok("upsert-a-signer", { path = site, body = { signer_id = "new one", name = "New", additional_attributes = {
    city = "Ulm",
  } } })
  t:ok("upsert-a-signer", { path = site, body = { signers = { { signer_id = "a/b" }, { signer_id = "new one" } } } })
  t:refused("upsert-a-signer", 422, { path = site, body = { name = "Nobody" } })
  for _, id in ipairs { "new one", "a/b", SIGNER } do t:ok("retrieve-a-signer-by-signer-id", { path = { id } }) end
  t:refused("retrieve-a-signer-by-signer-id", 404, { path = { "nobody" } })
  t:ok("update-a-signer-by-signer-id", { path = { "a/b" }, body = { title = "Ms" } })
  t:refused("update-a-signer-by-signer-id", 400, { path = { "nobody" }, body = { title = "Ms" } })
  local activity = { site[1], SIGNER }
  for _, query in ipairs { { filter = "event_type==agreed" }, { expand = "contract,version" } } do
    t:ok("get_sites-site-id-signers-id-signer-id-activity", { path = activity, query = query })
  end
  t:refused("get_sites-site-id-signers-id-signer-id-activity", 404, { path = { "1", SIGNER } })
  t:ok("delete-activity-by-signer-id", { path = { "q" } })
  t:refused("delete-activity-by-signer-id", 404, { path = { "nobody" } })
  t:ok("delete-a-signer", { path = { "a/b" } })
  t:refused("delete-a-signer", 404, { path = { "a/b" } })
end

local function activity(t)
  local lean = { filter = "event_type==agreed", no_count = "true", lean = "true" }
  local one = t:ok("get_activity", { query = lean }).data[1]
  t:ok("get_activity-activity-id", { path = { one.id } })
  t:refused("get_activity-activity-id", 404, { path = { NONE } })
  t:ok("get_activity-activity-id-record", { path = { one.id } })
  t:refused("get_activity-activity-id-record", 404, { path = { NONE } })
  local session = { path = { one.batch }, query = { signer_id = one.signer_id } }
  t:ok("get_activity-record-session-session-id", session)
  t:refused("get_activity-record-session-session-id", 404, { path = { "1" }, query = session.query })
  local export = t:ok("export-activity-to-csv", { query = { filter = "event_type==agreed" } }).data
  t:refused("export-activity-to-csv", 400, { query = { filter = "==" } })
  t:ok("retrieve-status-on-activity-to-csv", { path = { export.id } })
  t:refused("retrieve-status-on-activity-to-csv", 404, { path = { NONE } })
  local evidence = t:ok("post_extract-evidence", { body = { start_date = "2020-01-01T00:00:00Z" } })
  t:refused("post_extract-evidence", 400, { body = { start_date = "yesterday" } })
  t:ok("get_extract-evidence-id-urls", { path = { evidence.id } }) -- too early: an error with status 200
  t:pass_time(2)
  t:ok("retrieve-status-on-activity-to-csv", { path = { export.id } })
  t:ok("get_extract-evidence")
  t:refused("get_extract-evidence", 400, { query = { page = 0 } })
  t:ok("get_extract-evidence-id", { path = { evidence.id } })
  t:refused("get_extract-evidence-id", 404, { path = { NONE } })
  t:ok("get_extract-evidence-id-urls", { path = { evidence.id } })
  t:refused("get_extract-evidence-id-urls", 404, { path = { NONE } })
end

local function locations(t)
  local web = { location_type = "web", name = "Sign up", key = "signup", capture_url = "https://shop.example/signup" }
  local made = t:ok("post_locations", { body = web })
  local here = { made.id }
  t:ok("post_locations", { body = { location_type = "mobile_app", name = "App", key = "app", application_id = "x",
    application_name = "X" } })
  t:refused("post_locations", 409, { body = web })
  t:refused("post_locations", 422, { body = { name = "Sign up" } })
  t:ok("get_locations")
  t:refused("get_locations", 400, { query = { page = 0 } })
  t:ok("get_locations-id", { path = here })
  t:refused("get_locations-id", 404, { path = { NONE } })
  t:ok("patch_locations-id", { path = here, body = { name = "Signing up", key = "signing-up" } })
  t:refused("patch_locations-id", 404, { path = { NONE }, body = { name = "x" } })
  local other
  for _, id in ipairs { "publish-location", "clone-location", "archive-location" } do
    other = t:ok(id, { path = id == "archive-location" and { other } or here }).data.id
    t:refused(id, 404, { path = { NONE } })
  end
  t:refused("patch_locations-id", 400, { path = here, body = { key = "later" } })
  local snapshot = t:ok("post_locations-id-snapshots-capture", { path = here }).data
  t:refused("post_locations-id-snapshots-capture", 404, { path = { NONE } })
  local one = { here[1], snapshot.id }
  t:refused("get_locations-id-snapshots-snapshotid-record", 400, { path = one })
  t:pass_time(2)
  t:ok("get_locations-id-snapshots", { path = here })
  t:refused("get_locations-id-snapshots", 404, { path = { NONE } })
  t:ok("get_locations-id-snapshots-snapshotid", { path = one })
  t:refused("get_locations-id-snapshots-snapshotid", 404, { path = { here[1], NONE } })
  t:ok("get_locations-id-snapshots-snapshotid-record", { path = one })
  t:ok("get_locations-id-snapshots-record-timestamp", { path = { here[1], "2099-01-01T00:00:00+00:00" } })
  t:refused("get_locations-id-snapshots-record-timestamp", 404, { path = { here[1], "2001-01-01T00:00:00+00:00" } })
  t:refused("get_locations-id-snapshots-record-timestamp", 400, { path = { here[1], "then" } })
  t:ok("post_locations-id-snapshots-snapshotid-archive", { path = one, body = { archived_reason = "old" } })
  t:refused("post_locations-id-snapshots-snapshotid-archive", 404, { path = { here[1], NONE }, body = {} })
  t:ok("delete-location", { path = { other } })
  t:refused("delete-location", 404, { path = { other } })
end

local function others(t)
  local site = { id_of(t:ok("get_sites").data[1]) }
  local request = t:ok("create-a-new-request-2", { path = site, body = { name = "NDA", signers = {
    { signer_id = SIGNER },
  } } })
  t:refused("create-a-new-request-2", 404, { path = { "1" }, body = {} })
  t:ok("get-request", { path = { request.id } })
  t:refused("get-request", 404, { path = { NONE } })
  t:ok("send-request", { path = { request.id } })
  t:refused("send-request", 404, { path = { NONE } })
  t:ok "status"
  for _, wrong in ipairs { { client_id = "clickwrap" }, { client_id = "clickwrap", client_secret = "wrong" } } do
    t:refused("createregenerate-access-token", wrong.client_secret and 401 or 400, { body = wrong })
  end
  -- Too many without a site or a token, which also refuses what refuses nobody.
  t.sandbox:clickwrap_settings { limits = { ["clickwrap:service"] = 1 } }
  t:send("status")
  t:refused("status", 429)
  t.sandbox:clickwrap_settings { limits = { ["clickwrap:service"] = 0 } }
  t:ok("remove-a-site", { path = site })
  t:refused("remove-a-site", 404, { path = site })
  t.clickwrap.api_token = t:ok("createregenerate-access-token", { body = {
    client_id = "clickwrap", client_secret = t.clickwrap.api_token,
  } }).access_token
  t:ok "get_groups"
end

return function(t)
  t.clickwrap = t.sandbox:clickwrap_settings()
  t:play("asking", ask)
  t:play("loading", load)
  t:play("sending", send)
  t:play("sites", sites)
  t:play("groups", groups)
  t:play("contracts", contracts)
  t:play("signers", signers)
  t:play("activity", activity)
  t:play("locations", locations)
  t:play("what is left of Clickwrap", others)
end
