/* A key and a self-signed certificate for one sandbox. */
#ifndef IC_SANDBOX_CERTIFICATE_H
#define IC_SANDBOX_CERTIFICATE_H

#include <stdbool.h>

typedef struct ic_certificate {
    char *key, *certificate; /* PEM; owned */
} ic_certificate;

/* Makes one, valid for a year from yesterday, for localhost, 127.0.0.1, ::1 and `host` (a name or an address,
 * or NULL). false: OpenSSL failed. */
bool ic_certificate_make(ic_certificate *certificate, const char *host);
void ic_certificate_free(ic_certificate *certificate);

#endif
