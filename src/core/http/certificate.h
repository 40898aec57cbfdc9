/* The dates of the certificates that a server sends in a TLS handshake, for the message about one that has
 * expired. libcurl does not report them. */
#ifndef IC_CERTIFICATE_H
#define IC_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ic_certificate {
    bool invalid;                 /* one certificate of the chain is not valid now: */
    double not_before, not_after; /* Unix time */
} ic_certificate;

/* Reads a handshake message as the records hold it (RFC 8446, 4.4.2; RFC 5246, 7.4.2). When it is a
 * Certificate message, looks for the first certificate that is not valid at `now` (Unix time) and fills
 * `found`. Any other message leaves `found` unchanged. */
void ic_certificate_read(const unsigned char *message, size_t length, double now, ic_certificate *found);
/* Whether a handshake message is a Certificate message. */
bool ic_certificate_is_message(const unsigned char *message, size_t length);
/* Writes "it expired on 2026-01-31 10:00:00 UTC" or "it is not valid before …"; "" when none is invalid. */
void ic_certificate_describe(const ic_certificate *certificate, double now, char *text, size_t size);

#endif
