#include "core/http/certificate.h"
#include <openssl/asn1.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <time.h>

#define CERTIFICATE_MESSAGE 11 /* the handshake type */

/* What is left of a message while it is read. */
typedef struct cursor {
    const unsigned char *at;
    size_t left;
} cursor;

/* Reads a length of `width` bytes. False: it is longer than what is left. */
static bool certificate_length(cursor *input, size_t width, size_t *length) {
    if (input->left < width) return false;
    *length = 0;
    for (; width; width--, input->at++, input->left--)
        *length = *length << 8 | *input->at;
    return *length <= input->left;
}

static void certificate_skip(cursor *input, size_t count) {
    input->at += count;
    input->left -= count;
}

static bool certificate_time(const ASN1_TIME *time, double *seconds) {
    struct tm parts;
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return false;
    *seconds = (double)timegm(&parts);
    return true;
}

/* Whether the certificate can be read and is not valid now. */
static bool certificate_is_invalid(cursor encoded, double now, ic_certificate *found) {
    ic_certificate read = {.invalid = false};
    X509 *certificate = d2i_X509(NULL, &encoded.at, (long)encoded.left);
    if (certificate && certificate_time(X509_get0_notBefore(certificate), &read.not_before) &&
        certificate_time(X509_get0_notAfter(certificate), &read.not_after))
        read.invalid = now < read.not_before || now > read.not_after;
    X509_free(certificate);
    if (read.invalid) *found = read;
    return read.invalid;
}

bool ic_certificate_is_message(const unsigned char *message, size_t length) {
    return length && *message == CERTIFICATE_MESSAGE;
}

void ic_certificate_read(const unsigned char *message, size_t length, double now, ic_certificate *found) {
    cursor input = {message, length};
    size_t size;
    if (!ic_certificate_is_message(message, length)) return;
    certificate_skip(&input, 1);
    if (!certificate_length(&input, 3, &size) || size != input.left || size < 4) return;
    /* TLS 1.3 begins with a context, which a server leaves empty; TLS 1.2 with the length of the whole list.
     */
    bool extended =
        input.at[0] == 0 && ((size_t)input.at[1] << 16 | (size_t)input.at[2] << 8 | input.at[3]) + 4 == size;
    if (extended) certificate_skip(&input, 1);
    if (!certificate_length(&input, 3, &size)) return;
    while (certificate_length(&input, 3, &size)) {
        if (certificate_is_invalid((cursor){input.at, size}, now, found)) return;
        certificate_skip(&input, size);
        if (!extended) continue;
        if (!certificate_length(&input, 2, &size)) return;
        certificate_skip(&input, size);
    }
}

void ic_certificate_describe(const ic_certificate *certificate, double now, char *text, size_t size) {
    bool expired = now > certificate->not_after;
    time_t seconds = (time_t)(expired ? certificate->not_after : certificate->not_before);
    struct tm parts;
    char date[48];
    *text = '\0';
    if (!certificate->invalid || !gmtime_r(&seconds, &parts)) return;
    if (!strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S UTC", &parts)) return;
    snprintf(text, size, "%s %s", expired ? "it expired on" : "it is not valid before", date);
}
