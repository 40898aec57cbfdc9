#include "core/engine/secrets.h"
#include "core/base/redact.h"
#include "core/engine/token_entry.h"
#include <string.h>

static size_t secrets_redact(const ic_call *call, char *text, size_t length) {
    ic_connection *connection = call->connection;
    const ic_settings *settings = &connection->settings;
    const ic_token *token = ic_token_entry_token(call);
    const char *const secrets[] = {settings->client_secret,
                                   settings->token,
                                   settings->refresh_token,
                                   call->request.sensitive,
                                   connection->proxy_password,
                                   connection->shared.password,
                                   settings->shared_key,
                                   settings->client_key_password,
                                   token ? token->access_token : NULL,
                                   token ? token->refresh_token : NULL};
    size_t count = sizeof secrets / sizeof *secrets;
    if (call->request.sensitive) return ic_redact(text, length, secrets, count);
    if (!connection->redactor || !ic_redactor_is_of(connection->redactor, secrets, count)) {
        ic_redactor_free(connection->redactor);
        connection->redactor = ic_redactor_new(secrets, count);
    }
    return ic_redactor_apply(connection->redactor, text, length);
}

void ic_secrets_redact(const ic_call *call, char *text) {
    if (text) text[secrets_redact(call, text, strlen(text))] = '\0';
}

void ic_secrets_redact_buf(const ic_call *call, ic_buf *bytes) {
    if (bytes->length) bytes->length = secrets_redact(call, bytes->data, bytes->length);
}
