/* The page of a recipient URL: the contract, and two buttons. The page is the sandbox's own, because
 * Ironclad's is not documented. */
#include "core/base/alloc.h"
#include "listener/html.h"
#include "sandbox/workflows/sign_links.h"
#include "sandbox/workflows/signing.h"
#include <stdio.h>
#include <string.h>

/* --- links --- */

static void sign_link_free(ic_sign_link *link) {
    ic_free(link->role);
    ic_free(link->frame_ancestor);
    ic_free(link);
}

const ic_sign_link *ic_sign_link_new(ic_company *company, ic_workflow *workflow, const char *role,
                                     const char *frame_ancestor, bool once) {
    ic_array *links = &company->sign_links;
    ic_sign_link *link = ic_calloc(1, sizeof *link);
    if (!link) return NULL;
    link->workflow = workflow;
    link->once = once;
    link->role = ic_strdup(role);
    link->frame_ancestor = ic_strdup(frame_ancestor);
    ic_new_uuid(company, link->recipient);
    ic_new_uuid(company, link->session);
    if (!role != !link->role || !frame_ancestor != !link->frame_ancestor || !ic_array_push(links, link)) {
        sign_link_free(link);
        return NULL;
    }
    if (links->count > IC_SIGN_LINKS_MAX) IC_ARRAY_FREE_FIRST(links, 1, ic_sign_link *, sign_link_free);
    return link;
}

void ic_sign_links_free(ic_company *company) {
    IC_ARRAY_FREE_ALL(&company->sign_links, ic_sign_link *, sign_link_free);
}

/* NULL: answered with an error. */
static ic_sign_link *sign_link_find(ic_exchange *x, const char *recipient, const char *session) {
    for (size_t i = 0; recipient && session && i < x->company->sign_links.count; i++) {
        ic_sign_link *link = x->company->sign_links.items[i];
        if (strcmp(link->recipient, recipient) == 0 && strcmp(link->session, session) == 0) return link;
    }
    ic_reply_error(x, 404, "NOT_FOUND", NULL, "this link leads nowhere");
    return NULL;
}

/* --- the page --- */

static ic_signer *sign_link_signer(const ic_sign_link *link) {
    const ic_packet *packet = link->workflow->packet;
    return link->role && packet ? ic_packet_signer(packet, link->role) : NULL;
}

static bool sign_page_may_sign(const ic_sign_link *link) {
    const ic_workflow *workflow = link->workflow;
    const ic_signer *signer = sign_link_signer(link);
    return signer && workflow->step == IC_STEP_SIGN && workflow->status == IC_STATUS_ACTIVE &&
           (signer->signature == IC_SIGNATURE_SENT || signer->signature == IC_SIGNATURE_VIEWED);
}

static void sign_page_write_form(ic_buf *page, const ic_sign_link *link) {
    ic_buf_printf(page,
                  "<form method=\"post\" action=\"" IC_SIGN_PATH "\">\n"
                  "<input type=\"hidden\" name=\"r\" value=\"%s\">\n"
                  "<input type=\"hidden\" name=\"s\" value=\"%s\">\n"
                  "<p><button name=\"decision\" value=\"sign\">Sign</button>\n"
                  "<button name=\"decision\" value=\"decline\">Decline</button></p>\n</form>\n",
                  link->recipient, link->session);
}

static void sign_page_write_signers(ic_buf *page, const ic_packet *packet) {
    ic_buf_puts(page, "<ul>\n");
    for (size_t i = 0; packet && i < packet->signers.count; i++) {
        const ic_signer *signer = packet->signers.items[i];
        ic_buf_puts(page, "<li>");
        ic_html_text(page, signer->name);
        ic_buf_puts(page, ", ");
        ic_html_text(page, signer->role_name);
        ic_buf_printf(page, ": %s</li>\n", ic_signature_names[signer->signature]);
    }
    ic_buf_puts(page, "</ul>\n");
}

static void sign_page_write(ic_exchange *x, const ic_sign_link *link) {
    ic_buf page = {0};
    ic_html_begin(&page, link->workflow->title);
    sign_page_write_signers(&page, link->workflow->packet);
    if (sign_page_may_sign(link)) sign_page_write_form(&page, link);
    ic_buf_puts(&page, "<p>This is a sandbox: nothing here binds anybody.</p>\n");
    if (link->frame_ancestor)
        snprintf(x->frame_ancestor, sizeof x->frame_ancestor, "%s", link->frame_ancestor);
    ic_reply_html(x, &page);
    ic_buf_free(&page);
}

void ic_sign_page_show(ic_exchange *x) {
    ic_sign_link *link = sign_link_find(x, ic_exchange_query(x, "r"), ic_exchange_query(x, "s"));
    if (!link) return;
    if (link->once && link->used) {
        ic_reply_error(x, 404, "NOT_FOUND", NULL, "this link has been used");
        return;
    }
    link->used = true;
    if (sign_page_may_sign(link))
        ic_packet_sign(x->company, link->workflow, sign_link_signer(link), IC_SIGNATURE_VIEWED);
    sign_page_write(x, link);
}

void ic_sign_page_decide(ic_exchange *x) {
    if (!ic_form_read(x) || !x->has_fields) {
        ic_reply_error(x, 400, "INVALID_PARAM", "body", "the request's body cannot be read");
        return;
    }
    const char *decision = ic_form_text(x, "decision");
    const ic_sign_link *link = sign_link_find(x, ic_form_text(x, "r"), ic_form_text(x, "s"));
    bool sign = decision && strcmp(decision, "sign") == 0;
    if (!link) return;
    if (!sign && (!decision || strcmp(decision, "decline") != 0)) {
        ic_reply_error(x, 400, "INVALID_PARAM", "decision", "decision must be 'sign' or 'decline'");
    } else if (!sign_page_may_sign(link)) {
        ic_reply_error(x, 409, "INVALID_STATE", NULL, "there is nothing to sign here now");
    } else {
        const char *refusal = ic_packet_sign(x->company, link->workflow, sign_link_signer(link),
                                             sign ? IC_SIGNATURE_SIGNED : IC_SIGNATURE_DECLINED);
        if (refusal)
            ic_reply_no_memory(x);
        else
            sign_page_write(x, link);
    }
}
