#include "core/engine/secrets.h"
#include "core/base/redact.h"
#include "core/engine/token_queue.h"

void ic_secrets_redact(const ic_call *call, char *text) {
    const ic_settings *settings = &call->connection->settings;
    const ic_token *token = ic_token_queue_token(call);
    const char *const secrets[] = {settings->client_secret,
                                   settings->token,
                                   settings->refresh_token,
                                   call->request.sensitive,
                                   token ? token->access_token : NULL,
                                   token ? token->refresh_token : NULL};
    if (text) ic_redact(text, secrets, sizeof secrets / sizeof *secrets);
}
