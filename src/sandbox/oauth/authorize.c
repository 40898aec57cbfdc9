/* The consent page of the authorization code grant, and its redirects. Source of redirects and errors:
 * Ironclad's OAuth 2.0 document. Ironclad does not document its page; this one is the sandbox's own. */
#include "core/catalog/scopes.h"
#include "listener/html.h"
#include "sandbox/oauth/consent.h"
#include "sandbox/oauth/handlers.h"
#include "sandbox/oauth/tokens.h"
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

static void authorize_refuse(ic_exchange *x, const ic_refusal *refusal) {
    if (refusal->status == 500)
        ic_reply_no_memory(x);
    else
        ic_reply_oauth_error(x, refusal->status, refusal->error, refusal->description);
}

/* Redirects the browser to the app, with a code or an error. */
static void authorize_redirect(ic_exchange *x, ic_consent *consent, ic_user *user, const char *error) {
    ic_buf location = {0};
    if (ic_consent_answer(x->company, consent, user, error, &location))
        ic_reply_redirect(x, &location);
    else
        ic_reply_no_memory(x);
    ic_buf_free(&location);
}

/* --- the page --- */

static void authorize_add_scopes(ic_buf *page, const char *list) {
    ic_buf_puts(page, list ? "<ul>\n" : "<p>It asks for all scopes.</p>\n");
    for (const char *at = list; at && *at;) {
        char name[128];
        size_t length = strcspn(at, " ");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        const ic_scope *scope = ic_scope_find(name);
        ic_buf_puts(page, length ? "<li>" : "");
        if (scope) ic_html_text(page, scope->label);
        ic_buf_puts(page, scope ? ": " : "");
        ic_html_text(page, name);
        ic_buf_puts(page, length ? "</li>\n" : "");
        at += length + (at[length] == ' ');
    }
    ic_buf_puts(page, list ? "</ul>\n" : "");
}

static void authorize_add_users(ic_buf *page, const ic_company *company) {
    ic_buf_puts(page, "<p><label>You are <select name=\"user\">\n");
    for (size_t i = 0; i < company->users.count; i++) {
        const ic_user *user = company->users.items[i];
        ic_buf_printf(page, "<option value=\"%s\">", user->id);
        ic_html_text(page, user->display_name);
        ic_buf_puts(page, ", ");
        ic_html_text(page, user->email);
        ic_buf_puts(page, "</option>\n");
    }
    ic_buf_puts(page, "</select></label></p>\n");
}

static void authorize_write_page(ic_buf *page, const ic_company *company, const ic_consent *consent) {
    ic_html_begin(page, company->display_name);
    ic_buf_puts(page, "<p>The app <b>");
    ic_html_text(page, consent->app->name);
    ic_buf_puts(page, "</b> asks to act in your name. Your answer is sent to <b>");
    ic_html_text(page, consent->redirect_uri);
    ic_buf_puts(page, "</b>.</p>\n");
    authorize_add_scopes(page, consent->scope);
    ic_buf_printf(page,
                  "<form method=\"post\" action=\"" IC_AUTHORIZE_PATH "\">\n"
                  "<input type=\"hidden\" name=\"nonce\" value=\"%s\">\n",
                  consent->nonce);
    authorize_add_users(page, company);
    ic_buf_puts(page, "<p><button name=\"decision\" value=\"allow\">Allow</button>\n"
                      "<button name=\"decision\" value=\"deny\">Deny</button></p>\n</form>\n"
                      "<p>This is a sandbox: there is no password.</p>\n");
}

void ic_authorize_ask(ic_exchange *x) {
    ic_refusal refusal;
    const char *query = strchr(x->target, '?');
    ic_consent *consent = ic_consent_ask(x->company, query ? query + 1 : NULL, &refusal);
    if (!consent) {
        authorize_refuse(x, &refusal);
    } else if (refusal.error) {
        authorize_redirect(x, consent, NULL, refusal.error);
    } else {
        ic_buf page = {0};
        authorize_write_page(&page, x->company, consent);
        ic_reply_html(x, &page);
        ic_buf_free(&page);
    }
}

/* --- the user's answer --- */

void ic_authorize_decide(ic_exchange *x) {
    if (!ic_form_read(x) || !x->has_fields) {
        ic_reply_oauth_error(x, 400, "invalid_request", "the request's body cannot be read");
        return;
    }
    const char *nonce = ic_form_text(x, "nonce"), *decision = ic_form_text(x, "decision"),
               *person = ic_form_text(x, "user");
    ic_consent *consent = nonce ? ic_consent_by_nonce(x->company, nonce) : NULL;
    ic_user *user = person ? ic_company_user(x->company, person) : NULL;
    if (!consent)
        ic_reply_oauth_error(x, 400, "invalid_request", "this page has been answered already, or is too old");
    else if (decision && strcmp(decision, "deny") == 0)
        authorize_redirect(x, consent, NULL, "access_denied");
    else if (!decision || strcmp(decision, "allow") != 0)
        ic_reply_oauth_error(x, 400, "invalid_request", "decision must be 'allow' or 'deny'");
    else if (!user)
        ic_reply_oauth_error(x, 400, "invalid_request", "no such user in this company");
    else
        authorize_redirect(x, consent, user, NULL);
}
