/* Links with which a signer or viewer opens a packet. Only for Ironclad's own signature provider. */
#include "listener/html.h"
#include "sandbox/base/values.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/sign_links.h"
#include "sandbox/workflows/sign_status.h"
#include <string.h>

static bool recipient_refuse(ic_exchange *x, const char *code, const char *param, const char *message) {
    ic_reply_error(x, 400, code, param, "%s", message);
    return false;
}

static bool recipient_check_packet(ic_exchange *x, const ic_packet *packet) {
    if (strcmp(packet->design->provider, "Ironclad Signature") != 0)
        return recipient_refuse(x, "INVALID_STATE", NULL,
                                "Recipient URLs are exclusive to Ironclad Signature.");
    return packet->sent ||
           recipient_refuse(x, "INVALID_STATE", NULL, "The signature request has not been sent.");
}

static bool recipient_check_signer(ic_exchange *x, const ic_packet *packet) {
    const char *role = ic_json_string(x->body, "roleName");
    if (!role)
        return recipient_refuse(x, "MISSING_PARAM", "roleName", "missing required property 'roleName'");
    const ic_signer *signer = ic_packet_signer(packet, role);
    if (!signer) {
        ic_reply_error(x, 404, "NOT_FOUND", "roleName", "no signer has the role '%s'", role);
        return false;
    }
    if (signer->signature == IC_SIGNATURE_SIGNED)
        return recipient_refuse(x, "INVALID_STATE", NULL, "This signer has signed already.");
    return true;
}

static bool recipient_check_viewer(ic_exchange *x) {
    const cJSON *email = ic_json_member(x->body, "email");
    if (!email) return recipient_refuse(x, "MISSING_PARAM", "email", "missing required property 'email'");
    return ic_value_fits("email", email) ||
           recipient_refuse(x, "INVALID_PARAM", "email", "this is not an e-mail address");
}

static void recipient_reply_link(ic_exchange *x, const ic_sign_link *link) {
    if (!link) {
        ic_reply_no_memory(x);
        return;
    }
    ic_buf url = {0};
    ic_buf_printf(&url, "%s" IC_SIGN_PATH "?r=%s&s=%s", x->company->url, link->recipient, link->session);
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "url", ic_buf_text(&url));
    ic_reply_json(x, 201, answer);
    ic_buf_free(&url);
}

void ic_recipient_urls_create(ic_exchange *x) {
    ic_workflow *workflow = ic_exchange_signing(x, true);
    if (!workflow || !recipient_check_packet(x, workflow->packet)) return;
    bool viewer = strcmp(ic_json_string(x->body, "type"), "viewer") == 0;
    const char *role = viewer ? NULL : ic_json_string(x->body, "roleName");
    if (viewer ? recipient_check_viewer(x) : recipient_check_signer(x, workflow->packet))
        recipient_reply_link(x, ic_sign_link_new(x->company, workflow, role, NULL, false));
}

/* A host with optional scheme and port, without wildcards. */
static bool recipient_is_frame_ancestor(const char *text) {
    const char *host = strstr(text, "://");
    host = host ? host + 3 : text;
    return *host && *host != ':' && strlen(text) <= IC_FRAME_ANCESTOR_MAX &&
           !strpbrk(text, "*\"'<> \t\r\n;,") && !strpbrk(host, "/?#@");
}

void ic_recipient_urls_create_embedded(ic_exchange *x) {
    ic_workflow *workflow = ic_exchange_signing(x, true);
    if (!workflow) return;
    const char *ancestor = ic_json_string(x->body, "frameAncestor"),
               *role = ic_json_string(x->body, "roleName");
    bool once = !cJSON_IsTrue(ic_json_member(x->body, "allowMultipleUsages"));
    if (!recipient_is_frame_ancestor(ancestor))
        recipient_refuse(
            x, "INVALID_PARAM", "frameAncestor",
            "frameAncestor must be a hostname, with a scheme or port if need be, without wildcards");
    else if (recipient_check_packet(x, workflow->packet) && recipient_check_signer(x, workflow->packet))
        recipient_reply_link(x, ic_sign_link_new(x->company, workflow, role, ancestor, once));
}
