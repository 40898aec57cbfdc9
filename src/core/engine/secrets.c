#include "core/engine/secrets.h"
#include "core/base/redact.h"
#include "core/engine/token_queue.h"
#include <string.h>

static size_t secrets_redact(const ic_call *call, char *text, size_t length) {
    const ic_settings *settings = &call->connection->settings;
    const ic_token *token = ic_token_queue_token(call);
    const char *const secrets[] = {settings->client_secret,
                                   settings->token,
                                   settings->refresh_token,
                                   call->request.sensitive,
                                   call->connection->proxy_password,
                                   call->connection->shared.password,
                                   settings->shared_key,
                                   token ? token->access_token : NULL,
                                   token ? token->refresh_token : NULL};
    return ic_redact(text, length, secrets, sizeof secrets / sizeof *secrets);
}

void ic_secrets_redact(const ic_call *call, char *text) {
    if (text) text[secrets_redact(call, text, strlen(text))] = '\0';
}

void ic_secrets_redact_buf(const ic_call *call, ic_buf *bytes) {
    if (bytes->length) bytes->length = secrets_redact(call, bytes->data, bytes->length);
}
