#include "token.h"
#include "alloc.h"
#include "clock.h"
#include "flow.h"
#include "text.h"
#include <curl/curl.h>
#include <math.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* A token is not used in the last minute of its life, nor in its last tenth when it is short-lived. */
#define MARGIN 60.0
/* No token is believed to live longer, whatever its answer says. */
#define LONGEST (30.0 * 86400)

static bool fetch(ic_engine *engine, ic_slot *slot, ic_connection *connection, ic_error *error);
static void on_fetched(void *engine, ic_call *call);

static ic_slot *slot_of(ic_engine *engine, const char *key) {
    for (ic_slot *slot = engine->slots; slot; slot = slot->next)
        if (strcmp(slot->key, key) == 0) return slot;
    ic_slot *slot = ic_calloc(1, sizeof *slot);
    if (!slot || !(slot->key = ic_strdup(key))) {
        ic_free(slot);
        return NULL;
    }
    slot->next = engine->slots;
    engine->slots = slot;
    return slot;
}

static void forget(ic_slot *slot) {
    ic_free_secret(slot->access_token);
    slot->access_token = NULL;
}

const char *ic_token_for(ic_engine *engine, ic_call *call, double now) {
    ic_error error = {0};
    if (call->connection->settings.token) return call->connection->settings.token;
    if (!call->slot) call->slot = slot_of(engine, call->connection->token_key);
    ic_slot *slot = call->slot;
    if (slot && slot->access_token && now < slot->expires) {
        call->token_generation = slot->generation;
        return slot->access_token;
    }
    if (!slot) ic_error_memory(&error);
    if (slot && (slot->fetch || fetch(engine, slot, call->connection, &error))) {
        call->state = IC_STATE_WAIT_TOKEN;
        ic_list_append(&slot->waiters, call);
        return NULL;
    }
    ic_flow_fail(engine, call, &error);
    ic_error_clear(&error);
    return NULL;
}

void ic_token_refused(ic_call *call) {
    if (call->slot && call->slot->generation == call->token_generation) forget(call->slot);
}

bool ic_token_renewable(const ic_call *call) {
    return call->slot != NULL;
}

void ic_slots_free(ic_slot *slots) {
    while (slots) {
        ic_slot *next = slots->next;
        forget(slots);
        ic_free(slots->key);
        ic_free(slots);
        slots = next;
    }
}

/* A call of the engine's own, whose end is on_fetched. It is bounded by the connection's timeout and retries,
 * not by the deadline of whichever call happened to be first. */
static bool fetch(ic_engine *engine, ic_slot *slot, ic_connection *connection, ic_error *error) {
    ic_call *call = ic_call_new(NULL, connection);
    if (!call) {
        ic_error_memory(error);
        return false;
    }
    if (!ic_token_request(connection, &call->request, error)) {
        ic_call_release(call);
        return false;
    }
    call->on_done = on_fetched;
    call->owner = slot;
    slot->fetch = call;
    ic_flow_start(engine, call);
    ic_call_release(call);
    return true;
}

static void keep(ic_slot *slot, ic_call *call, ic_error *error) {
    double seconds = 0;
    char *token = ic_token_read(call->value.tree, &seconds, error);
    if (!token) return;
    forget(slot);
    slot->access_token = token;
    slot->generation++;
    slot->expires = call->started + seconds - fmin(MARGIN, seconds / 10);
}

static void on_fetched(void *engine, ic_call *call) {
    ic_slot *slot = call->owner;
    ic_error error = {0};
    slot->fetch = NULL;
    if (call->error.kind != IC_OK)
        ic_error_copy(&error, &call->error);
    else
        keep(slot, call, &error);
    /* Those that join while this list is served belong to the next fetch. */
    ic_list waiters = slot->waiters;
    slot->waiters = (ic_list){0};
    for (ic_call *waiter = waiters.first; waiter; waiter = waiter->next)
        waiter->list = &waiters;
    for (ic_call *waiter; (waiter = waiters.first);) {
        ic_list_remove(waiter);
        if (error.kind == IC_OK)
            ic_flow_advance(engine, waiter);
        else
            ic_flow_fail(engine, waiter, &error);
    }
    ic_error_clear(&error);
}

static cJSON *grant(const ic_settings *settings, bool with_client) {
    cJSON *body = cJSON_CreateObject();
    bool whole = body && cJSON_AddStringToObject(body, "grant_type", "client_credentials");
    if (whole && with_client)
        whole = cJSON_AddStringToObject(body, "client_id", settings->client_id) &&
                cJSON_AddStringToObject(body, "client_secret", settings->client_secret);
    if (whole && settings->scopes && *settings->scopes)
        whole = cJSON_AddStringToObject(body, "scope", settings->scopes) != NULL;
    if (whole) return body;
    cJSON_Delete(body);
    return NULL;
}

/* The tree as application/x-www-form-urlencoded, freed like ic_json_print's text. */
static char *as_form(const cJSON *body) {
    ic_buf form = {0};
    const cJSON *field = NULL;
    cJSON_ArrayForEach(field, body) {
        ic_buf_printf(&form, "%s%s=", form.length ? "&" : "", field->string);
        ic_percent_encode(&form, field->valuestring, strlen(field->valuestring));
    }
    const char *text = ic_buf_text(&form);
    char *copy = text ? cJSON_malloc(form.length + 1) : NULL;
    if (copy) memcpy(copy, text, form.length + 1);
    if (form.data) explicit_bzero(form.data, form.length);
    ic_buf_free(&form);
    return copy;
}

/* RFC 7617: base64 of "id:secret". */
static char *basic(const ic_settings *settings) {
    ic_buf pair = {0};
    ic_buf_printf(&pair, "%s:%s", settings->client_id, settings->client_secret);
    char *encoded = pair.failed ? NULL : ic_malloc(6 + 4 * ((pair.length + 2) / 3) + 1);
    if (encoded) {
        memcpy(encoded, "Basic ", 6);
        EVP_EncodeBlock((unsigned char *)encoded + 6, (const unsigned char *)pair.data, (int)pair.length);
    }
    if (pair.data) explicit_bzero(pair.data, pair.length);
    ic_buf_free(&pair);
    return encoded;
}

static void free_secret_tree(cJSON *tree) {
    cJSON *secret = ic_json_member(tree, "client_secret");
    if (secret) explicit_bzero(secret->valuestring, strlen(secret->valuestring));
    cJSON_Delete(tree);
}

bool ic_token_request(const ic_connection *connection, ic_request *request, ic_error *error) {
    const ic_settings *settings = &connection->settings;
    const char *how = settings->token_auth ? settings->token_auth : "json";
    bool by_header = strcmp(how, "basic") == 0, form = strcmp(how, "form") == 0;
    cJSON *body = grant(settings, !by_header);
    request->operation = ic_operation_by_id("oauth-token");
    request->method = IC_POST;
    request->answer = IC_ANSWER_JSON;
    request->bucket = IC_BUCKET_NONE;
    request->repeatable = true; /* asking again for a token of this grant spends nothing */
    request->anonymous = true;
    request->secret = true;
    request->target = ic_strdup(request->operation->path);
    request->body = !body ? NULL : form ? as_form(body) : ic_json_print(body);
    request->content_type = form ? "application/x-www-form-urlencoded" : NULL;
    if (by_header) request->authorization = basic(settings);
    free_secret_tree(body);
    if (request->target && request->body && (request->authorization || !by_header)) return true;
    ic_error_memory(error);
    return false;
}

/* Absent: for as long as it is accepted. A number, or one written as text; nothing longer than LONGEST. */
static bool read_lifetime(const cJSON *tree, double *seconds) {
    const cJSON *field = ic_json_member(tree, "expires_in");
    char *end = NULL;
    *seconds = LONGEST;
    if (!field || cJSON_IsNull(field)) return true;
    if (cJSON_IsNumber(field))
        *seconds = field->valuedouble;
    else if (cJSON_IsString(field))
        *seconds = strtod(field->valuestring, &end);
    else
        return false;
    if ((end && (end == field->valuestring || *end)) || !(*seconds > 0)) return false;
    *seconds = fmin(*seconds, LONGEST);
    return true;
}

char *ic_token_read(const cJSON *tree, double *seconds, ic_error *error) {
    const char *token = ic_json_string(tree, "access_token");
    if (!token || !*token || !ic_header_safe(token)) {
        ic_error_set(error, IC_ERR_PROTOCOL, "the token endpoint answered without an access_token");
        return NULL;
    }
    if (!read_lifetime(tree, seconds)) {
        ic_error_set(error, IC_ERR_PROTOCOL,
                     "the token endpoint answered with an expires_in that is no lifetime");
        return NULL;
    }
    char *copy = ic_strdup(token);
    if (!copy) ic_error_memory(error);
    return copy;
}
