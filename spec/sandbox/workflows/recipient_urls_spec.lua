-- The sandbox's links for signers and viewers, and the page that they lead to.
local local_ironclad = require "spec.support.local_ironclad"

local COMPANY, COUNTERPARTY = "Company Signer", "Counterparty Signer"
local must, refused = local_ironclad.must, local_ironclad.refused
local in_sign, sent = local_ironclad.in_sign, local_ironclad.sent
local consulting, signatures = local_ironclad.consulting, local_ironclad.signatures

local sandbox, client

setup(function()
  sandbox, client = local_ironclad.start { clock = "2026-03-02T09:00:00Z", job_seconds = 60 }
end)
teardown(function() sandbox:stop() end)

describe("links for recipients", function()
  local function url_of(answer, _, response)
    assert.are.equal(201, response.status)
    return answer.url:match "^(.*)%?r=[%x%-]+&s=[%x%-]+$"
  end

  it("are made after the packet has been sent", function()
    local workflow = in_sign(client)
    local signer = { type = "signer", roleName = COMPANY }
    refused({ 400, "INVALID_STATE" }, client.workflows:create_recipient_url(workflow.id, signer))
    must(client.workflows:send_signature_request(workflow.id))
    assert.are.equal(sandbox.url .. "/sign", url_of(client.workflows:create_recipient_url(workflow.id, signer)))
    url_of(client.workflows:create_recipient_url(workflow.id, { type = "viewer", email = "cc@example.org" }))
    signer.frameAncestor = "https://app.example.com:8443"
    url_of(client.workflows:create_embeddable_recipient_url(workflow.id, signer))
  end)

  -- Opens a page, or sends its form -> status, the page, and the whole answer.
  local function browse(verb, url, form)
    local headers = form and { "Content-Type: application/x-www-form-urlencoded" }
    return local_ironclad.raw(sandbox, verb .. " " .. url:sub(#sandbox.url + 1), headers, form)
  end

  local function link(workflow, body)
    local embedded = body.frameAncestor ~= nil
    local method = client.workflows[embedded and "create_embeddable_recipient_url" or "create_recipient_url"]
    return must(method(client.workflows, workflow.id, body)).url
  end

  it("lead to a page on which signers sign", function()
    local workflow = sent(client, { counterpartyName = "<Acme>" })
    local url = link(workflow, { type = "signer", roleName = COMPANY })
    local status, page = browse("GET", url)
    assert.are.equal(200, status)
    assert.is_truthy(page:find("Mutual NDA with &lt;Acme&gt;", 1, true))
    assert.are.equal("viewed", signatures(client, workflow)[COMPANY])
    local form = url:match "%?(.*)$"
    assert.are.equal(400, (browse("POST", sandbox.url .. "/sign", form .. "&decision=think")))
    assert.are.equal(200, (browse("POST", sandbox.url .. "/sign", form .. "&decision=sign")))
    assert.are.same({ [COMPANY] = "signed", [COUNTERPARTY] = "sent" }, signatures(client, workflow))
    assert.are.equal(409, (browse("POST", sandbox.url .. "/sign", form .. "&decision=sign")))
    form = link(workflow, { type = "signer", roleName = COUNTERPARTY }):match "%?(.*)$"
    assert.are.equal(200, (browse("POST", sandbox.url .. "/sign", form .. "&decision=decline")))
    assert.are.equal("declined", signatures(client, workflow)[COUNTERPARTY])
  end)

  it("show viewers the page without its form", function()
    local workflow = sent(client)
    local status, page = browse("GET", link(workflow, { type = "viewer", email = "cc@example.org" }))
    assert.are.same({ 200, nil }, { status, page:find("<form", 1, true) })
    assert.are.equal("sent", signatures(client, workflow)[COMPANY])
    assert.are.equal(404, (browse("GET", sandbox.url .. "/sign?r=x&s=y")))
    assert.are.equal(404, (browse("GET", sandbox.url .. "/sign")))
    assert.are.equal(404, (browse("POST", sandbox.url .. "/sign", "r=x")))
    assert.are.equal(400, (browse("POST", sandbox.url .. "/sign")))
  end)

  it("open in frames of their ancestor only, and once", function()
    local workflow = sent(client)
    local body = { type = "signer", roleName = COMPANY, frameAncestor = "https://app.example.com" }
    local url = link(workflow, body)
    local _, _, answer = browse("GET", url)
    assert.is_truthy(answer:find("frame-ancestors https://app.example.com\r\n", 1, true))
    assert.are.equal(404, (browse("GET", url)))
    body.allowMultipleUsages = true
    url = link(workflow, body)
    assert.are.same({ 200, 200 }, { (browse("GET", url)), (browse("GET", url)) })
    _, _, answer = browse("GET", link(workflow, { type = "signer", roleName = COMPANY }))
    assert.is_truthy(answer:find("frame-ancestors 'none'\r\n", 1, true))
  end)

  it("are refused otherwise", function()
    local workflow = sent(client)
    local function ask(body, embedded)
      local path = "/public/api/v1/workflows/" .. workflow.id .. "/signatures/recipient-urls"
      return client:request("POST", path .. (embedded and "/embedded" or ""), { body = body })
    end
    refused({ 400, "INVALID_PARAM", "type" }, ask { type = "guest" })
    refused({ 400, "MISSING_PARAM", "roleName" }, ask { type = "signer" })
    refused({ 404, "NOT_FOUND", "roleName" }, ask { type = "signer", roleName = "Nobody" })
    refused({ 400, "MISSING_PARAM", "email" }, ask { type = "viewer" })
    refused({ 400, "INVALID_PARAM", "email" }, ask { type = "viewer", email = "nobody" })
    refused({ 400, "MISSING_PARAM", "frameAncestor" }, ask({ type = "signer", roleName = COMPANY }, true))
    for _, ancestor in ipairs { "https://*.example.com", "*", "", "https://", "https://a.example/x", "a b" } do
      refused({ 400, "INVALID_PARAM", "frameAncestor" },
        ask({ type = "signer", roleName = COMPANY, frameAncestor = ancestor }, true))
    end
    refused({ 400, "INVALID_PARAM", "type" },
      ask({ type = "viewer", roleName = COMPANY, frameAncestor = "example.com" }, true))
    workflow = consulting(client)
    must(client.workflows:send_signature_request(workflow.id))
    refused({ 400, "INVALID_STATE" }, ask { type = "signer", roleName = COMPANY })
  end)
end)
