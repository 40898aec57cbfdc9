#include "sandbox/webhooks/provider.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/digest.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include "sandbox/base/build.h"
#include "sandbox/webhooks/outbox.h"
#include "sandbox/webhooks/signature.h"
#include <string.h>

static const struct operation {
    const char *name, *method;
    bool of_one; /* its path has the request's id and the operation's name */
} operations[] = {
    {"initiate", "POST", false}, {"status", "GET", true},   {"cancel", "POST", true},
    {"remind", "POST", true},    {"document", "GET", true},
};

static const struct operation *provider_operation(const char *name) {
    size_t i = 0;
    while (strcmp(operations[i].name, name) != 0)
        i++;
    return &operations[i];
}

static void provider_print_url(ic_buf *out, const struct operation *operation,
                               const ic_provider_request *request) {
    size_t length = strlen(request->url);
    while (length && request->url[length - 1] == '/')
        length--; /* as Ironclad does */
    ic_buf_add(out, request->url, length);
    if (operation->of_one) ic_buf_printf(out, "/%s/%s", request->id, operation->name);
}

/* --- the body --- */

static void provider_print_json(ic_buf *out, const char *name, const char *value) {
    cJSON *body = cJSON_CreateObject();
    if (name) ic_put_text(body, name, value);
    char *text = ic_json_print(body);
    if (text)
        ic_buf_puts(out, text);
    else
        out->failed = true;
    ic_json_text_free(text);
    cJSON_Delete(body);
}

static void provider_print_part(ic_buf *out, const char *name, const char *more) {
    ic_buf_printf(out, "--" IC_PROVIDER_BOUNDARY "\r\nContent-Disposition: form-data; name=\"%s\"%s\r\n\r\n",
                  name, more);
}

static void provider_print_body(ic_buf *out, const struct operation *operation,
                                const ic_provider_request *request) {
    if (strcmp(operation->name, "initiate") == 0) {
        provider_print_part(out, "body", "\r\nContent-Type: application/json");
        provider_print_json(out, "signatureRequestId", request->id);
        ic_buf_puts(out, "\r\n");
        provider_print_part(out, "document", "; filename=\"contract.pdf\"\r\nContent-Type: application/pdf");
        ic_buf_puts(out, "%PDF-1.4\r\n--" IC_PROVIDER_BOUNDARY "--\r\n");
    } else if (strcmp(operation->name, "remind") == 0) {
        provider_print_json(out, "roleName", request->role);
    } else if (strcmp(operation->method, "POST") == 0) {
        provider_print_json(out, NULL, NULL);
    }
}

/* --- the header --- */

/* Its members beyond those of the delivery. */
typedef struct header {
    char digest[IC_SHA256_HEX]; /* of the body */
    const char *path;
    ic_time_text time;
} header;

/* Prints the members in the order of their names. `signature` NULL: what is signed. NULL: no memory. Freed
 * with ic_json_text_free. */
static char *provider_print_header(const ic_delivery *delivery, const header *about, const char *signature) {
    cJSON *members = cJSON_CreateObject();
    ic_put_text(members, "bodySha256", about->digest);
    ic_put_text(members, "encoding", "base64");
    ic_put_text(members, "method", delivery->method);
    ic_put_text(members, "nonce", delivery->nonce);
    ic_put_text(members, "path", about->path);
    ic_put_text(members, "signAlgorithm", delivery->algorithm);
    if (signature) ic_put_text(members, "signature", signature);
    ic_put_text(members, "timestamp", about->time.text);
    char *text = ic_json_print(members);
    cJSON_Delete(members);
    return text;
}

static bool provider_is_forged(const ic_provider_request *request, const char *how) {
    return request->forgery && strcmp(request->forgery, how) == 0;
}

/* Sets the delivery's header. false: no memory. */
static bool provider_sign(ic_company *company, ic_delivery *delivery, const char *path,
                          const ic_provider_request *request) {
    header about = {.path = path, .time = ic_time_print(ic_company_now(company))};
    ic_error error = {0};
    delivery->fixed = true;
    if (provider_is_forged(request, "unsigned")) return (delivery->verification = ic_strdup("")) != NULL;
    bool digested = ic_sha256(delivery->body, strlen(delivery->body), about.digest, &error);
    ic_error_clear(&error);
    char *signed_text = digested ? provider_print_header(delivery, &about, NULL) : NULL;
    char *signature =
        signed_text ? ic_text_sign(company, signed_text, provider_is_forged(request, "key")) : NULL;
    if (provider_is_forged(request, "path")) about.path = "/";
    if (provider_is_forged(request, "body") && *delivery->body) delivery->body[0] ^= 1;
    char *text = signature ? provider_print_header(delivery, &about, signature) : NULL;
    delivery->verification = ic_strdup(text);
    ic_json_text_free(signed_text);
    ic_json_text_free(text);
    ic_free(signature);
    return delivery->verification != NULL;
}

/* --- sending --- */

/* A signed delivery that is not in the outbox yet. NULL: no memory. */
static ic_delivery *provider_delivery(ic_company *company, const ic_provider_request *request,
                                      const char *url, const char *body) {
    const struct operation *operation = provider_operation(request->operation);
    const ic_webhook *provider = ic_provider_at(company, request->url);
    ic_delivery *delivery =
        provider && url && body ? ic_delivery_new(company, provider, operation->name, NULL, body) : NULL;
    ic_url parts = {0};
    if (delivery && ic_url_split(url, false, &parts) == IC_URL_GOOD) {
        delivery->method = operation->method;
        ic_free(delivery->target);
        delivery->target = ic_strdup(url);
        if (delivery->target && provider_sign(company, delivery, parts.path ? parts.path : "/", request)) {
            ic_url_free(&parts);
            return delivery;
        }
    }
    ic_url_free(&parts);
    if (delivery) ic_delivery_free(delivery);
    return NULL;
}

const ic_delivery *ic_provider_send(ic_company *company, const ic_provider_request *request) {
    const struct operation *operation = provider_operation(request->operation);
    ic_buf url = {0}, body = {0};
    provider_print_url(&url, operation, request);
    provider_print_body(&body, operation, request);
    ic_buf_puts(&body, ""); /* an empty text, not NULL */
    ic_delivery *delivery = provider_delivery(company, request, ic_buf_text(&url), ic_buf_text(&body));
    ic_buf_free(&url);
    ic_buf_free(&body);
    return delivery && ic_outbox_add(company, delivery, true) ? delivery : NULL;
}
