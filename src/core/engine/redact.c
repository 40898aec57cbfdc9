#include "core/engine/redact.h"
#include "core/engine/token_queue.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SHORTEST 6

/* How many bytes of `at` are the secret, any of its bytes percent-encoded or not; 0: it is not there. */
static size_t match(const char *at, const char *secret) {
    const char *begin = at;
    for (; *secret; secret++) {
        char encoded[4];
        snprintf(encoded, sizeof encoded, "%%%02X", (unsigned char)*secret);
        if (*at == *secret)
            at++;
        else if (strncasecmp(at, encoded, 3) == 0)
            at += 3;
        else
            return 0;
    }
    return (size_t)(at - begin);
}

static void cut(char *text, const char *secret) {
    if (!secret || strlen(secret) < SHORTEST) return;
    for (char *at = text; *at; at++) {
        size_t length = match(at, secret);
        if (!length) continue;
        memset(at, '*', 3);
        memmove(at + 3, at + length, strlen(at + length) + 1);
        at += 2;
    }
}

void ic_redact(const ic_call *call, char *text) {
    const ic_settings *settings = &call->connection->settings;
    const ic_token_entry *entry = call->token_entry;
    const char *const secrets[] = {settings->client_secret,
                                   settings->token,
                                   settings->refresh_token,
                                   call->request.sensitive,
                                   entry ? entry->token.access_token : NULL,
                                   entry ? entry->token.refresh_token : NULL};
    for (size_t i = 0; text && i < sizeof secrets / sizeof *secrets; i++)
        cut(text, secrets[i]);
}
