#include "core/base/redact.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SHORTEST 6

/* How many bytes of `at` are the secret, any of its bytes percent-encoded or not; 0: it is not there. */
static size_t redact_match(const char *at, const char *secret) {
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

static void redact_one(char *text, const char *secret) {
    if (!secret || strlen(secret) < SHORTEST) return;
    for (char *at = text; *at; at++) {
        size_t length = redact_match(at, secret);
        if (!length) continue;
        memset(at, '*', 3);
        memmove(at + 3, at + length, strlen(at + length) + 1);
        at += 2;
    }
}

void ic_redact(char *text, const char *const *secrets, size_t count) {
    for (size_t i = 0; i < count; i++)
        redact_one(text, secrets[i]);
}
